"""What is in force at a moment, as known at a moment?

`History` holds the text and the signed acts. `as_known` gives a `Standing`: every window, acceptance and designation
as a `Course` in time, as it was known then, under one choice of readings. A `Standing` decides nothing about reports.

Acts of the record are closed-world: what is not in the record as known then was not done. A deed outside it, such as
a withdrawal, is open-world: from the moment it is owed it may have been done, so it is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from truceline.agreement.model import SIGNED_ACTS, Agreement, Fact, SignedAct, Term
from truceline.course import Course, all_courses, any_course, combined, not_course
from truceline.errors import AgreementError, InputError
from truceline.span import FAR_AHEAD, LONG_AGO, Span, parse_duration, parse_instant
from truceline.verdict import NEVER, NO, SURE, YES, Answer, Reason, agreed, both, undecided

ALWAYS = Course.always(SURE)
NOT_EVER = Course.always(NEVER)
LATER_KIND = Course.always(undecided(Reason.NOT_YET_JUDGED))


@dataclass(frozen=True)
class Readings:
    """Which reading of the two open words of evidence is used.

    Attributes:
        umbrella: `side` (the umbrella counts as the side) or `strict` (0, reason `actor`).
        designation: `identity` (a renamed group is the same) or `name` (a list means the names on it).
    """

    umbrella: str = "side"
    designation: str = "identity"


class History:
    """The text and its signed acts: asked for what was in force, as known then."""

    def __init__(self, agreement: Agreement, acts: Iterable[SignedAct] = ()) -> None:
        """Keep the acts in the order in which they became known."""
        self.agreement = agreement
        self.acts = tuple(sorted(acts, key=lambda act: (act.known_at, act.id)))

    def as_known(self, known_at: int | None = None, readings: Readings | None = None) -> Standing:
        """Everything that stood in the record at `known_at` (UTC seconds; None = everything)."""
        known = FAR_AHEAD if known_at is None else known_at
        shown = readings or Readings(**self.agreement.readings)
        return Standing(self.agreement, tuple(a for a in self.acts if a.known_at <= known), known, shown)

    def in_force(self, at: int, known_at: int | None = None) -> dict[str, Answer]:
        """Whether each term is in force at a second, as known at another.

        Returns:
            Term id to answer: +1 in force, -1 not, 0 cannot be decided, with reasons and a note such as "lapsed".
        """
        standing = self.as_known(known_at)
        moment = Span(at, at + 1)
        return {term_id: standing.window(term_id).during(moment) for term_id in self.agreement.terms}


@dataclass
class Standing:
    """The agreement as known at one moment, under one choice of readings. Courses are worked out once and kept.

    Attributes:
        acts: the signed acts known then.
        known_at: UTC seconds.
    """

    agreement: Agreement
    acts: tuple[SignedAct, ...]
    known_at: int
    readings: Readings
    _kept: dict[tuple[str, ...], Course] = field(default_factory=dict, repr=False)
    _making: list[tuple[str, ...]] = field(default_factory=list, repr=False)

    # -- windows of terms ----------------------------------------------------------------------------------------

    def window(self, term_id: str) -> Course:
        """When a term is in force: from, until, while; its instrument's where it states none of its own."""
        return self._keep(("window", term_id), lambda: self._window(self.agreement.terms[term_id]))

    def _window(self, term: Term) -> Course:
        if term.kind == "define":
            return self.definition(term.id)
        begins, ends = term.begins, term.ends
        courses = []
        instrument = self.agreement.instruments.get(term.instrument)
        if instrument is not None:
            begins = instrument.begins if begins is None and term.during is None else begins
            ends = instrument.ends if ends is None and term.during is None else ends
            courses.append(self._instrument(instrument.id))
        if begins is not None:
            courses.append(self.begun(begins))
        if ends is not None:
            courses.append(not_course(self.begun(ends)))
        if term.during is not None:
            courses.append(self.condition(term.during))
        return all_courses(courses)

    def _instrument(self, key: str) -> Course:
        if not self.agreement.instruments[key].is_adopted:
            return Course.always(Answer(NO, note="never in force"))
        ends = [act.at for act in self.acts if act.act == "end" and act.of == key and self._may_end(key, act)]
        return Course.steps([(min(ends), Answer(NO, note="ended"))], before=SURE) if ends else ALWAYS

    def _may_end(self, instrument: str, act: SignedAct) -> bool:
        """Only whom a power names may end an instrument; without such a power, all guarantors together."""
        powers = [t for t in self.agreement.terms.values() if t.kind == "power" and _effect(t, "end") == instrument]
        guarantors = {p.id for p in self.agreement.parties.values() if p.kind == "guarantor"}
        return any(self._signed(t, act) for t in powers) if powers else bool(guarantors) and guarantors <= set(act.by)

    def definition(self, term_id: str) -> Course:
        """When a `define` holds; a moment holds from itself on."""
        term = self.agreement.terms[term_id]
        return self._keep(("define", term_id), lambda: self.begun(term.body.get("is")))

    def begun(self, when: Any) -> Course:  # noqa: ANN401  # a condition as plain values
        """Whether a moment has come: a time, the name of a term, or a condition."""
        if isinstance(when, str | int) and not isinstance(when, bool):
            return self._named(str(when))
        return self.condition(when)

    def _named(self, name: str) -> Course:
        term = self.agreement.terms.get(name)
        if term is None:
            return Course.window(parse_instant(name, self.agreement.tz))
        if term.kind == "define":
            return self.definition(name)
        return self.done(name)

    # -- conditions ----------------------------------------------------------------------------------------------

    def condition(self, when: Any) -> Course:  # noqa: ANN401  # a condition as plain values
        """A condition of the algebra as a course; words that are judged later are 0 `kind not yet judged`."""
        if when is None:
            return ALWAYS
        if isinstance(when, str | int):
            return self.begun(when)
        if isinstance(when, list):
            return all_courses([self.condition(item) for item in when])
        if not isinstance(when, dict):
            return LATER_KIND
        if "from" in when and "for" in when:
            return self._lapsing(when)
        known: Mapping[str, Callable[[Any], Course]] = {
            "at": self.begun,
            "from": self.begun,
            "until": lambda value: not_course(self.begun(value)),
            "done": self.done,
            "accepted": self.accepted,
            "all": self._all,
            "both": self._all,
            "any": lambda value: any_course([self.condition(item) for item in value]),
            "not": lambda value: not_course(self.condition(value)),
            "readings": self._readings,
        }
        return all_courses([known[key](value) if key in known else LATER_KIND for key, value in when.items()])

    def _all(self, value: Any) -> Course:  # noqa: ANN401  # plain values
        return all_courses([self.condition(item) for item in value])

    def _readings(self, value: Any) -> Course:  # noqa: ANN401  # plain values
        """Every reading is a possible world; where they differ the answer is 0 `open word`."""
        return combined([self.begun(item) for item in value], partial(agreed, otherwise=Reason.OPEN_WORD))

    def done(self, term_id: Any) -> Course:  # noqa: ANN401  # plain values
        """Whether what a term speaks of has been done: closed-world for a power, open-world for a duty."""
        term = self.agreement.terms.get(term_id) if isinstance(term_id, str) else None
        if term is None:
            return LATER_KIND
        if term.kind == "define":
            return self.definition(term.id)
        if term.kind == "power":
            made = self._jointly(term, [a for a in self.acts if a.act == "open" and a.of == term.id])
            return Course.window(made[0].at) if made else NOT_EVER
        return combined([self._owed(term)], _open_world)

    def _owed(self, term: Term) -> Course:
        trigger = term.body.get("on")
        return self.condition(trigger) if trigger is not None else self.window(term.id)

    def _signed(self, term: Term, act: SignedAct) -> bool:
        ids = term.who.ids if term.who else ()
        return not ids or any(self.agreement.group.signed_by(body, act.by) for body in ids)

    def _lapsing(self, when: Mapping[str, Any]) -> Course:
        """A window that lapses on silence: extended by signed acts, before the lapse or anew after it."""
        begun = self.begun(when["from"])
        starts = [at for at, answer in zip(begun.at, begun.answers, strict=True) if answer.value != NO]
        if not any(answer.value == YES for answer in begun.answers) or starts[0] == LONG_AGO:
            return begun
        worlds = [self._lapsing_from(start, when) for start in starts]
        return combined(worlds, partial(agreed, otherwise=Reason.OPEN_WORD))

    def _lapsing_from(self, start: int, when: Mapping[str, Any]) -> Course:
        windows = [(start, start + parse_duration(when["for"]))]
        for act in self._extensions(when.get("then")):
            until = act.until if act.until is not None else max(act.at, windows[-1][1]) + parse_duration(when["for"])
            if act.at <= windows[-1][1]:
                windows[-1] = (windows[-1][0], max(until, windows[-1][1]))
            elif until > act.at:
                windows.append((act.at, until))
        steps = [(start, SURE) for start, _ in windows] + [(end, Answer(NO, note="lapsed")) for _, end in windows]
        return Course.steps(steps)

    def _extensions(self, power: Any) -> list[SignedAct]:  # noqa: ANN401  # plain values
        term = self.agreement.terms.get(power) if isinstance(power, str) else None
        if term is None:
            return []
        made = [a for a in self.acts if a.act == "extend" and a.of in (term.id, _effect(term, "prolong"))]
        return self._jointly(term, made)

    def _jointly(self, term: Term, acts: Iterable[SignedAct]) -> list[SignedAct]:
        """Acts that bind whom a power names; alike acts signed one by one count from the last signature on."""
        signers: dict[tuple[str, str, int | None], tuple[str, ...]] = {}
        done: list[SignedAct] = []
        for act in sorted(acts, key=lambda a: (a.at, a.id)):
            key = (act.act, act.of, act.until)
            signers[key] = (*signers.get(key, ()), *act.by)
            joint = replace(act, by=signers[key])
            if self._signed(term, joint):
                done.append(joint)
                del signers[key]
        return done

    # -- parties -------------------------------------------------------------------------------------------------

    def status(self, actor: str, status: str, *, is_umbrella: bool = False) -> Course:
        """Whether an actor has a status in time: `bound`, `accepted`, `excluded`, or one the text defines."""
        key = (status, actor, "umbrella" if is_umbrella else "")
        return self._keep(key, lambda: self._named_status(actor, status, is_umbrella=is_umbrella))

    def _named_status(self, actor: str, status: str, *, is_umbrella: bool) -> Course:
        """Of an actor with parts: the common answer of all, since a report of the whole may mean a part."""
        if is_umbrella:
            return self._status(actor, status, is_umbrella=True)
        everybody = [self._own_status(a, status) for a in (actor, *self.agreement.group.parts(actor))]
        return combined(everybody, partial(agreed, otherwise=Reason.ACTOR))

    def _own_status(self, actor: str, status: str) -> Course:
        course = self._status(actor, status, is_umbrella=False)
        if self.readings.designation == "identity":
            return course
        return combined([course, self._unlisted(actor)], _doubted)

    def _status(self, actor: str, status: str, *, is_umbrella: bool) -> Course:
        if is_umbrella and self.readings.umbrella == "strict":
            return combined([self._side_accepted(actor)], _members_unknown)
        if status == "accepted":
            return self._side_accepted(actor) if is_umbrella else self.accepted(actor)
        if status == "excluded":
            return NOT_EVER if is_umbrella else self.excluded(actor)
        if status in self.agreement.status_rules:
            return self._rule(actor, self.agreement.status_rules[status], is_umbrella=is_umbrella)
        if status == "bound":
            rule = {"all": ["accepted", {"not": ["excluded", "expelled", "withdrawn"]}]}
            return self._rule(actor, rule, is_umbrella=is_umbrella)
        return NOT_EVER if is_umbrella else self._marked(actor, status)

    def _rule(self, actor: str, rule: Any, *, is_umbrella: bool) -> Course:  # noqa: ANN401  # plain values
        """A status defined by others; a list below `not` means *none of these*."""
        if isinstance(rule, str):
            return self.status(actor, rule, is_umbrella=is_umbrella)
        courses = []
        if not isinstance(rule, dict) or not set(rule) <= {"all", "any", "both", "not"}:
            return LATER_KIND
        for key, value in rule.items():
            items = [
                self._rule(actor, item, is_umbrella=is_umbrella)
                for item in (value if isinstance(value, list) else [value])
            ]
            if key == "not":
                courses.append(not_course(any_course(items)))
            else:
                courses.append(any_course(items) if key == "any" else all_courses(items))
        return all_courses(courses)

    def accepted(self, actor: Any) -> Course:  # noqa: ANN401  # plain values
        """From when an actor, or one it is part of, has accepted; a recorded acceptance is what counts."""
        if not isinstance(actor, str):
            return LATER_KIND
        return self._keep(("own acceptance", actor), lambda: self._accepted(self.agreement.group.chain(actor)))

    def _accepted(self, actors: Iterable[str]) -> Course:
        ids = set(actors)
        facts = [f for f in self.agreement.facts if f.what == "accepted" and f.of in ids]
        windows = [combined([_dated(f)], _disputed) if self._is_one_sided(f, facts) else _dated(f) for f in facts]
        windows += [Course.window(a.at) for a in self.acts if a.act == "accept" and ids.intersection(a.by)]
        whole = any_course(windows)
        moves = [a for a in self.acts if a.act in ("accept", "withdraw") and ids.intersection(a.by)]
        left = Course.steps([(a.at, SURE if a.act == "withdraw" else NEVER) for a in moves])
        return all_courses([whole, not_course(left)])

    def _side_accepted(self, side: str) -> Course:
        """From the first recorded acceptance of anybody on the side that an umbrella stands for."""
        group = self.agreement.group
        whole = group.side(side) or side
        return any_course([self.accepted(actor) for actor in (whole, *group.parts(whole))])

    def excluded(self, actor: str) -> Course:
        """When an actor is excluded: surely on a list all accept, disputed when only one guarantor says so."""
        chain = self.agreement.group.chain(actor)
        facts = [f for f in self.agreement.facts if f.what == "excluded" and f.of in chain]
        common = [self._listed(actor, f) for f in facts if not self._is_one_sided(f, facts)]
        doubted = [combined([_dated(f)], _disputed) for f in facts if self._is_one_sided(f, facts)]
        return any_course([*common, *doubted])

    def _is_one_sided(self, fact: Fact, facts: Iterable[Fact]) -> bool:
        """Said by one guarantor alone; said by all, or by the actor itself, it is common."""
        guarantors = {p.id for p in self.agreement.parties.values() if p.kind == "guarantor"}
        sayers = {f.by for f in facts if f.of == fact.of and f.start < fact.end and fact.start < f.end}
        return fact.by in guarantors and fact.of not in guarantors and not guarantors <= sayers

    def _listed(self, actor: str, fact: Fact) -> Course:
        """A listing; by name it means the names on it, and a name that is not on it is disputed."""
        course = _dated(fact)
        if self.readings.designation == "identity" or not fact.value:
            return course
        carried = self._carried(actor, fact.value)
        return course if carried is None else combined([course, carried], _by_name)

    def _carried(self, actor: str, name: str) -> Course | None:
        """When an actor carried a name; None where its names are not recorded."""
        names = [f for f in self.agreement.facts if f.what == "name" and f.of in self.agreement.group.chain(actor)]
        return any_course([_dated(f) for f in names if f.value == name]) if names else None

    def _unlisted(self, actor: str) -> Course:
        """By listed name: when an actor that a list means carries a name that is not on it."""
        chain = self.agreement.group.chain(actor)
        courses = []
        for fact in self.agreement.facts:
            if fact.what == "excluded" and fact.of in chain and fact.value:
                carried = self._carried(actor, fact.value)
                courses += [] if carried is None else [all_courses([_dated(fact), not_course(carried)])]
        return any_course(courses)

    def _marked(self, actor: str, status: str) -> Course:
        chain = self.agreement.group.chain(actor)
        return any_course([_dated(f) for f in self.agreement.facts if f.what == status and f.of in chain])

    def able(self, act: str, span: Span) -> tuple[str, ...] | None:
        """Who alone has the means for an act throughout a span; None unless a capability fact says so."""
        for fact in self.agreement.facts:
            holds = fact.what == "sole" and fact.start <= span.start and span.end <= fact.end
            if holds and self.agreement.acts.is_kind(act, fact.of) == YES:
                return fact.actors
        return None

    def _keep(self, key: tuple[str, ...], make: Callable[[], Course]) -> Course:
        if key not in self._kept:
            if key in self._making:
                raise AgreementError(f"`{key[1]}` leads back to itself")
            self._making.append(key)
            try:
                self._kept[key] = make()
            finally:
                self._making.pop()
        return self._kept[key]


def _dated(fact: Fact) -> Course:
    return (
        Course.window(fact.start, fact.end if fact.end < FAR_AHEAD else None)
        if fact.start > LONG_AGO
        else (Course.steps([(fact.end, NEVER)], before=SURE) if fact.end < FAR_AHEAD else ALWAYS)
    )


def _effect(term: Term, name: str) -> str:
    """What the effect of a power is on; empty when it has no such effect."""
    effect = term.body.get("effect")
    return str(effect[name]) if isinstance(effect, dict) and name in effect else ""


def _open_world(answers: Iterable[Answer]) -> Answer:
    """A deed is not done before it is owed, and from then on nobody recorded whether it was."""
    owed = both(answers)
    return owed if owed.value == NO else undecided(Reason.TIME)


def _members_unknown(answers: Iterable[Answer]) -> Answer:
    """Under `strict` an umbrella may hold members that never accepted."""
    accepted = both(answers)
    return accepted if accepted.value == NO else undecided(Reason.ACTOR)


def _disputed(answers: Iterable[Answer]) -> Answer:
    said = both(answers)
    return undecided(Reason.DISPUTED_DESIGNATION) if said.value == YES else said


def _doubted(answers: Iterable[Answer]) -> Answer:
    """Where it is disputed who an actor is, no status of it is decided."""
    status, unlisted = answers
    return undecided(Reason.DISPUTED_DESIGNATION) if unlisted.value == YES else status


def _by_name(answers: Iterable[Answer]) -> Answer:
    listed, carried = answers
    if listed.value != YES:
        return listed
    return SURE if carried.value == YES else undecided(Reason.DISPUTED_DESIGNATION)


def checked_act(act: SignedAct, agreement: Agreement) -> SignedAct:
    """Refuse a signed act by somebody, or about something, that the agreement does not know.

    Raises:
        InputError: an unknown signer, term, instrument or exception.
    """
    for signer in act.by:
        if signer not in agreement.parties:
            raise InputError(f"unknown actor `{signer}` in `by`")
    if not act.by:
        raise InputError("a signed act needs `by`")
    if act.act in ("extend", "open") and act.of not in agreement.terms:
        raise InputError(f"unknown term `{act.of}` in `of`")
    if act.act == "end" and act.of not in agreement.instruments:
        raise InputError(f"unknown instrument `{act.of}` in `of`")
    if act.act in ("invoke", "answer") and act.term not in agreement.terms:
        raise InputError(f"unknown term `{act.term}` in `term`")
    return act


def read_act(fields: Mapping[str, Any], tz: str, known_at: int) -> SignedAct:
    """Read one signed act from plain values; times are read on the clock of `tz`.

    Args:
        fields: `id`, `act`, `by`, `at`, and what else `SignedAct` knows; `known_at` may be left out.
        tz: zone for times without an offset.
        known_at: the time of import, for acts that do not say when they entered the record.

    Raises:
        InputError: a field is missing, unknown or not a time.
    """
    allowed = set(SignedAct.__dataclass_fields__)
    for key in fields:
        if key not in allowed:
            raise InputError(f"unknown field `{key}` of a signed act")
    if fields.get("act") not in SIGNED_ACTS:
        raise InputError(f"unknown signed act `{fields.get('act')}`")
    if "at" not in fields:
        raise InputError("a signed act needs `at`")
    by = fields.get("by", ())
    by = (by,) if isinstance(by, str) else by
    if not isinstance(by, list | tuple) or not all(isinstance(signer, str) for signer in by):
        raise InputError("`by`: expected an actor or a list of actors")
    if not isinstance(fields.get("is_yes", False), bool):
        raise InputError("`is_yes`: expected true or false")
    times = {
        k: parse_instant(str(fields[k]), tz) for k in ("at", "known_at", "start", "until") if fields.get(k) is not None
    }
    return SignedAct(
        id=str(fields.get("id", f"{fields['act']}-{fields['at']}")),
        act=str(fields["act"]),
        by=tuple(by),
        at=times["at"],
        known_at=times.get("known_at", known_at),
        start=times.get("start"),
        until=times.get("until"),
        is_yes=bool(fields.get("is_yes", False)),
        **{k: str(fields.get(k, "")) for k in ("of", "term", "area", "callsign", "to")},
    )
