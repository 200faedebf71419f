"""Who is who at a moment, and who is called excluded, accepted or bound by whom? By identity and by listed name.

Identity is not a name: a renamed group stays the same actor. A merger or a split passes on neither acceptance nor
exclusion by itself; what the text leaves open is shown as a question and never answered. Nothing here says who may be
attacked: absence from a list removes no protection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from truceline.agreement.history import History, Readings, Standing
from truceline.agreement.model import Agreement, Fact
from truceline.agreement.statuses import speaks_for_all
from truceline.span import LONG_AGO, Span, civil_day
from truceline.verdict import NO, YES, Answer

MEANING: Mapping[str, str] = {
    "agreed": "on a list that all accept, or called excluded by all guarantors or by the text itself",
    "disputed": "called excluded by one and listed as accepting by another, or on a list under another name",
    "one-sided": "called excluded by one alone",
    "not listed": "called excluded by nobody",
}
STATES = tuple(MEANING)
READINGS = ("identity", "name")
STATUSES = ("excluded", "bound")
COUNTED = "counted"
"""A dated fact `status: counted, of: GUARANTOR, as: NUMBER`: how many accepting groups it says there are."""


@dataclass(frozen=True)
class Named:
    """A name or an alias that an actor carries or carried: `[start, end)` in UTC seconds."""

    text: str
    is_alias: bool
    start: int
    end: int
    source: str
    tag: str


@dataclass(frozen=True)
class Rename:
    """A name given up for another: the same actor before and after."""

    before: str
    after: str
    at: int
    source: str
    tag: str


@dataclass(frozen=True)
class Change:
    """A merger (`merged`) or a split (`split`) in which an actor has a part."""

    what: str
    of: str
    into: tuple[str, ...]
    at: int
    source: str
    tag: str


@dataclass(frozen=True)
class Listing:
    """That somebody calls an actor excluded.

    Attributes:
        issuer: who says it; empty = the text itself.
        of: the actor that is named: this one, or one that it is part of.
        name: the name on the list; empty when the list does not say.
        is_in_force: at the moment asked for; otherwise it ended before.
    """

    issuer: str
    of: str
    name: str
    start: int
    end: int
    source: str
    tag: str
    is_in_force: bool


@dataclass(frozen=True)
class Acceptance:
    """That an actor has accepted: attested by a guarantor, or recorded of itself (`by` empty)."""

    by: str
    of: str
    start: int
    source: str
    tag: str


@dataclass(frozen=True)
class Designation:
    """One actor at one moment, as known at another.

    Attributes:
        names: names and aliases that it carries then.
        renames: names that it gave up before, oldest first.
        changes: mergers and splits before, in which it has a part.
        listings: who calls it excluded, or did before.
        state: one of `STATES`.
        accepted: who says that it has accepted.
        answers: reading (`identity`, `name`) to status (`excluded`, `bound`) to answer.
        questions: what the text leaves open about it.
    """

    actor: str
    kind: str
    side: str
    names: tuple[Named, ...]
    renames: tuple[Rename, ...]
    changes: tuple[Change, ...]
    listings: tuple[Listing, ...]
    state: str
    accepted: tuple[Acceptance, ...]
    answers: Mapping[str, Mapping[str, Answer]]
    questions: tuple[str, ...]

    @property
    def is_recorded(self) -> bool:
        """Whether anything is recorded of it beyond its being an actor of the text."""
        return bool(self.names or self.renames or self.changes or self.listings or self.accepted)


@dataclass(frozen=True)
class Lists:
    """The accepting groups by which guarantors list them: actors to the guarantors that do.

    Attributes:
        guarantors: all of them, in the order of the text.
        listed: actor to the guarantors on whose list it stands, in the same order.
        claims: guarantor to how many groups it says there are, as its own words have it.
    """

    guarantors: tuple[str, ...]
    listed: Mapping[str, tuple[str, ...]]
    claims: Mapping[str, str]

    @property
    def parts(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """Every combination of guarantors that lists somebody, all of them first, to whom it lists."""
        found: dict[tuple[str, ...], tuple[str, ...]] = {self.guarantors: ()}
        for guarantor in self.guarantors:
            found[(guarantor,)] = ()
        for actor, by in self.listed.items():
            found[by] = (*found.get(by, ()), actor)
        return found


def designations(history: History, at: int, known_at: int | None = None) -> tuple[Designation, ...]:
    """Every actor of the text at a moment, by both readings of a designation.

    Args:
        history: the text and its signed acts.
        at: UTC second.
        known_at: as known then; None = everything that is known.
    """
    umbrella = history.agreement.readings["umbrella"]
    standings = {reading: history.as_known(known_at, Readings(umbrella, reading)) for reading in READINGS}
    return tuple(designation(actor, standings, at) for actor in history.agreement.parties)


def designation(actor: str, standings: Mapping[str, Standing], at: int) -> Designation:
    """One actor at a moment.

    Args:
        actor: its id.
        standings: what stood, for each of `READINGS`.
        at: UTC second.
    """
    standing = standings["identity"]
    agreement = standing.agreement
    chain = agreement.group.chain(actor)
    facts = [fact for fact in agreement.facts if fact.start <= at]
    answers = {
        reading: {status: one.status(actor, status).during(Span(at, at + 1)) for status in STATUSES}
        for reading, one in standings.items()
    }
    listings, accepted = listings_of(facts, chain, at), acceptances_of(facts, chain, standing, at)
    names, renames = names_of(facts, actor, at), renames_of(facts, actor)
    changes = changes_of(facts, actor)
    party = agreement.parties[actor]
    return Designation(
        actor, party.kind, agreement.group.side(actor), names, renames, changes, listings,
        state_of(agreement, listings, accepted, answers), accepted, answers,
        (
            *_of_names(actor, names, listings, agreement.tz), *_of_changes(actor, changes, standing, at),
            *_of_lists(agreement, actor, listings, accepted),
        ),
    )  # fmt: skip


def names_of(facts: Iterable[Fact], actor: str, at: int) -> tuple[Named, ...]:
    """The names and aliases that an actor carries at a moment."""
    return tuple(
        Named(f.value, f.what == "alias", f.start, f.end, f.source, f.tag)
        for f in facts
        if f.what in ("name", "alias") and f.of == actor and f.start <= at < f.end
    )


def renames_of(facts: Iterable[Fact], actor: str) -> tuple[Rename, ...]:
    """Where a name ends and another begins, oldest first; aliases are no new names."""
    names = sorted((f for f in facts if f.what == "name" and f.of == actor), key=lambda f: (f.start, f.end, f.value))
    found = []
    for new in names:
        old = [f for f in names if f.end <= new.start and f.value != new.value]
        if old and new.start > LONG_AGO:
            found.append(Rename(max(old, key=lambda f: f.end).value, new.value, new.start, new.source, new.tag))
    return tuple(found)


def changes_of(facts: Iterable[Fact], actor: str) -> tuple[Change, ...]:
    """The mergers and splits in which an actor has a part, oldest first."""
    found = [
        Change(f.what, f.of, f.actors, f.start, f.source, f.tag)
        for f in facts
        if f.what in ("merged", "split") and (f.of == actor or actor in f.actors)
    ]
    return tuple(sorted(found, key=lambda c: (c.at, c.of)))


def listings_of(facts: Iterable[Fact], chain: Iterable[str], at: int) -> tuple[Listing, ...]:
    """Who calls an actor, or what it is part of, excluded at a moment or did before."""
    ids = set(chain)
    found = [
        Listing(f.by, f.of, f.value, f.start, f.end, f.source, f.tag, at < f.end)
        for f in facts
        if f.what == "excluded" and f.of in ids
    ]
    return tuple(sorted(found, key=lambda one: (one.start, one.issuer, one.name)))


def acceptances_of(facts: Iterable[Fact], chain: Iterable[str], standing: Standing, at: int) -> tuple[Acceptance, ...]:
    """Who says at a moment that an actor, or what it is part of, has accepted."""
    ids = set(chain)
    found = [
        Acceptance(f.by, f.of, f.start, f.source, f.tag)
        for f in facts
        if f.what == "accepted" and f.of in ids and at < f.end
    ]
    found += [
        Acceptance("", signer, act.at, act.id, "")
        for act in standing.acts
        if act.act == "accept" and act.at <= at
        for signer in act.by
        if signer in ids
    ]
    return tuple(sorted(found, key=lambda one: (one.start, one.by, one.of)))


def state_of(
    agreement: Agreement,
    listings: Iterable[Listing],
    accepted: Iterable[Acceptance],
    answers: Mapping[str, Mapping[str, Answer]],
) -> str:
    """How far a designation is shared: one of `STATES`, as `MEANING` says."""
    now = [one for one in listings if one.is_in_force]
    if not now:
        return "not listed"
    issuers = {one.issuer for one in now}
    if answers["identity"]["excluded"].value != answers["name"]["excluded"].value:
        return "disputed"
    if is_common(agreement, issuers):
        return "agreed"
    attesting = {one.by for one in accepted} & agreement.guarantors
    return "disputed" if any(attesting - {issuer} for issuer in issuers) else "one-sided"


def is_common(agreement: Agreement, issuers: Iterable[str]) -> bool:
    """Whether all accept it when these say it.

    So it is for the text itself, a list, a body of all guarantors, and all guarantors together. Who is named as an
    issuer and is no actor of the text is a list too: all signed the text that names it.
    """
    said, guarantors = set(issuers), agreement.guarantors
    return any(speaks_for_all(agreement, issuer) for issuer in said) or (bool(guarantors) and guarantors <= said)


def lists_of(agreement: Agreement, at: int) -> Lists:
    """On whose lists of accepting groups each group stands at a moment."""
    guarantors = tuple(actor for actor in agreement.parties if actor in agreement.guarantors)
    now = [fact for fact in agreement.facts if fact.start <= at < fact.end]
    said = {(f.of, f.by) for f in now if f.what == "accepted" and f.by in guarantors and f.of not in guarantors}
    listed = {
        actor: tuple(guarantor for guarantor in guarantors if (actor, guarantor) in said)
        for actor in agreement.parties
        if any((actor, guarantor) in said for guarantor in guarantors)
    }
    return Lists(guarantors, listed, {f.of: f.value for f in now if f.what == COUNTED and f.of in guarantors})


# -- what the text leaves open -----------------------------------------------------------------------------------------


def _of_names(actor: str, names: Iterable[Named], listings: Sequence[Listing], tz: str) -> list[str]:
    """A list that has other names than the one an actor carries; the end of the last listing."""
    carried = {one.text for one in names if not one.is_alias}
    now = [one for one in listings if one.is_in_force]
    found = []
    for issuer in dict.fromkeys(one.issuer for one in now):
        listed = dict.fromkeys(one.name for one in now if one.issuer == issuer and one.name)
        if listed and carried and not carried & set(listed):
            called = ", ".join(sorted(carried))
            found.append(f"`{issuer}` lists {', '.join(listed)}; `{actor}` is then called {called}: is it meant?")
    if listings and not now:
        last = max(one.end for one in listings)
        issuers = _ids(dict.fromkeys(one.issuer for one in listings if one.end == last))
        found.append(f"the listing by {issuers} ended {_day(last, tz)}: that changes a list, not a text that names it")
    return found


def _of_changes(actor: str, changes: Iterable[Change], standing: Standing, at: int) -> list[str]:
    """What a merger or a split may or may not have passed on: a question, for each status that was there."""
    found = []
    for change in changes:
        day = _day(change.at, standing.agreement.tz)
        if change.of != actor:
            found += [_inherited(change, actor, state, day) for state in _passed(change, actor, standing, at)]
        elif change.what == "merged":
            found.append(f"`{actor}` merged into {_ids(change.into)} {day}: does it still act by itself?")
        else:
            found.append(f"`{actor}` split into {_ids(change.into)} {day}: does it go on beside them?")
    return found


def _passed(change: Change, actor: str, standing: Standing, at: int) -> list[str]:
    """The statuses that another surely or perhaps had before a change, and that an actor does not surely have now."""
    before = Span(max(change.at - 1, LONG_AGO), max(change.at, LONG_AGO + 1))
    found = []
    for status in ("accepted", "excluded"):
        had = standing.status(change.of, status).during(before).value
        if had != NO and standing.status(actor, status).during(Span(at, at + 1)).value != YES:
            found.append(status if had == YES else f"perhaps {status}")
    return found


def _inherited(change: Change, actor: str, state: str, day: str) -> str:
    verb = "merged into" if change.what == "merged" else "split into"
    return f"`{change.of}`, {state}, {verb} `{actor}` {day}: that passes nothing on by itself; does the text?"


def _of_lists(
    agreement: Agreement, actor: str, listings: Iterable[Listing], accepted: Iterable[Acceptance]
) -> list[str]:
    """An acceptance that one guarantor alone attests; one beside an exclusion that all accept."""
    by, found = {one.by for one in accepted}, []
    attesting = sorted(by & agreement.guarantors)
    if accepted and by <= agreement.guarantors and not agreement.guarantors <= by:
        found.append(f"only {_ids(attesting)} lists `{actor}` as accepting: is it bound?")
    issuers = {one.issuer for one in listings if one.is_in_force}
    if attesting and is_common(agreement, issuers):
        found.append(f"`{actor}` is listed both as excluded and as accepting: which counts?")
    return found


def _ids(actors: Iterable[str]) -> str:
    return ", ".join(f"`{one}`" for one in actors)


def _day(second: int, tz: str) -> str:
    """The civil day of a change; empty where its time is not stated."""
    return f"on {civil_day(second, tz)}" if second > LONG_AGO else "at a time that is not stated"
