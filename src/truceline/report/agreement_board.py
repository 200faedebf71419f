"""What does the board of obligations show? Each duty with its clock, why it stands so, and what would settle it.

Two sides of one obligation stand beside one another, in the order of their ids, in the same size. Swapping two ids in
the text swaps their places and changes nothing else. Nothing here says whose fault anything is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from truceline.report.agreement import Told, second
from truceline.report.agreement_terms import Reader, is_time
from truceline.span import DAY_S

STAGES: Final = ("due", "blocked", "unknown", "lapsed", "met", "dormant", "over")
"""Where a duty stands, in the order in which it is told: what can still be done comes first."""

_MET = frozenset({"fulfilled", "fulfilled-late", "repaired"})
_LAPSED = frozenset({"breached", "repairing", "unrepaired"})
_OVER = frozenset({"void", "waived", "suspended"})
_OTHERS = ("done", "fulfilled", "accepted", "agree", "complies")
"""Words of a condition that speak of what somebody else has to do."""

_LEFT_OUT = frozenset({"id", "source", "tag", "text", "note", "line", "modality", "words", "versions"})


@dataclass(frozen=True)
class Clock:
    """A deadline in one reading, seen from a moment.

    Attributes:
        reading: its name; empty where there is only one.
        latest: UTC second; `earliest` differs where the trigger is not exact.
        is_sure: there surely is one.
        left: in words how long is left, or how long ago it passed.
    """

    reading: str
    earliest: int
    latest: int
    is_sure: bool
    is_over: bool
    left: Markup


@dataclass(frozen=True)
class Owed:
    """One duty of one bearer, at a moment.

    Attributes:
        told: as the interface told it.
        stage: one of `STAGES`.
        what: the deed in words.
        set_by: what sets it going, in words; None = it stands by itself.
        others: what it waits for of the other side, in words.
    """

    told: Told
    stage: str
    what: Markup | None
    set_by: Markup | None
    clocks: tuple[Clock, ...]
    since: int | None
    until: int | None
    reasons: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def term(self) -> str:
        """The id of its term."""
        return str(self.told["term"])

    @property
    def bearer(self) -> str:
        """Who owes it."""
        return str(self.told["bearer"])


@dataclass(frozen=True)
class Pair:
    """An obligation that two or more owe alike, or towards one another: who owes it, by id, and what of it."""

    terms: tuple[str, ...]
    how: str
    sides: tuple[tuple[str, tuple[Owed, ...]], ...]


def owed_of(board: Told, terms: Told, reader: Reader) -> tuple[Owed, ...]:
    """Every duty of a board, in the order of the text, then of the bearers' ids.

    Args:
        board: as the interface told it.
        terms: the terms as data.
        reader: of the language of the page.
    """
    at = second(board["at"]) or 0
    known = {one["id"]: one for one in terms["terms"]}
    order = {key: n for n, key in enumerate(known)}
    found = [_owed(one, known, at, reader) for one in board["duties"]]
    return tuple(sorted(found, key=lambda one: (order.get(one.term, len(order)), one.bearer, one.since or 0)))


def _owed(one: Told, known: Mapping[str, Told], at: int, reader: Reader) -> Owed:
    term, trigger = known[one["term"]], one["trigger"]
    body = term["body"]
    when = body.get("on", body.get("after"))
    others = tuple(dict.fromkeys(_waits_for(when, one["bearer"], known)))
    return Owed(
        one, stage_of(one, others), reader.owed(one["does"]), None if when is None else reader.condition(when),
        tuple(_clocks(one["readings"], at, reader)),
        None if trigger is None else second(trigger["from"]), None if trigger is None else second(trigger["until"]),
        tuple(one["reasons"]), others,
    )  # fmt: skip


def stage_of(one: Told, others: Sequence[str]) -> str:
    """Where a duty stands.

    Args:
        one: as the interface told it.
        others: whose acts it waits for before it is owed.
    """
    states = frozenset(one["states"])
    counterpart = one["counterpart"]
    is_waiting = counterpart is not None and counterpart["value"] != 1
    if states == {"dormant"}:
        return "blocked" if others else "dormant"
    if states <= _OVER:
        return "over"
    if states <= _MET:
        return "met"
    if states <= _LAPSED:
        return "lapsed"
    if states == {"active"}:
        return "blocked" if is_waiting else "due"
    return "unknown"


def _waits_for(value: Any, bearer: str, known: Mapping[str, Told]) -> Iterable[str]:  # noqa: ANN401  # plain values
    """Whose acts a condition speaks of that are not the bearer's own."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            if key in _OTHERS:
                yield from (who for who in _doers(one, known) if who != bearer)
            yield from _waits_for(one, bearer, known)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _waits_for(one, bearer, known)


def _doers(value: Any, known: Mapping[str, Told]) -> Iterable[str]:  # noqa: ANN401  # plain values
    if isinstance(value, Mapping):
        by = value.get("by")
        return [str(by)] if isinstance(by, str) else []
    if isinstance(value, str) and value in known:
        who = known[value]["who"]
        return who["ids"] if who is not None else []
    return [value] if isinstance(value, str) else []


def _clocks(readings: Sequence[Told], at: int, reader: Reader) -> Iterable[Clock]:
    for one in readings:
        latest = second(one["deadline"])
        if latest is None:
            continue
        earliest = second(one["deadline_earliest"])
        name = "" if one["name"] is None or is_time(one["name"]) else one["name"]
        yield Clock(
            name, latest if earliest is None else earliest, latest, one["deadline_surely"] is not False,
            latest < at, _left(latest - at, reader),
        )  # fmt: skip


def _left(seconds: int, reader: Reader) -> Markup:
    """How long is left, or how long ago it passed, in at most two units."""
    say, count, far = reader.words.say, reader.words.count, abs(seconds)
    days, hours, minutes = far // DAY_S, far % DAY_S // 3_600, far % 3_600 // 60
    said = []
    if days:
        said.append(count("{n} day", "{n} days", days))
    if hours and days < 10:
        said.append(count("{n} hour", "{n} hours", hours))
    if not days and (minutes or not hours):
        said.append(count("{n} minute", "{n} minutes", minutes))
    length = Markup(" ").join(said)
    return say("{length} left", length=length) if seconds >= 0 else say("passed {length} ago", length=length)


# -- two sides of one obligation ---------------------------------------------------------------------------------------


def pairs_of(owed: Sequence[Owed], terms: Told, actors: Iterable[str]) -> tuple[Pair, ...]:
    """Obligations that more than one owes alike, that are to be done together, or that are alike for each side.

    Args:
        owed: the duties.
        terms: the terms as data.
        actors: ids of the actors of the text.
    """
    groups = _groups(terms["terms"], frozenset(actors))
    found = []
    for how, ids in groups:
        mine = [one for one in owed if one.term in ids]
        bearers = sorted({one.bearer for one in mine})
        if len(bearers) > 1:
            sides = tuple((who, tuple(one for one in mine if one.bearer == who)) for who in bearers)
            found.append(Pair(tuple(ids), how, sides))
    return tuple(found)


def _groups(terms: Sequence[Told], actors: frozenset[str]) -> list[tuple[str, list[str]]]:
    """Ids of duties that belong beside one another, each once: done together, of one form, or one owed by several."""
    duties = {one["id"]: one for one in terms if one["kind"] == "require"}
    names = frozenset(one["id"] for one in terms)
    forms = {key: _form(one["body"], actors, names) for key, one in duties.items()}
    found: list[tuple[str, list[str]]] = []
    taken: set[str] = set()
    for key, one in duties.items():
        if key in taken:
            continue
        together = [k for k, other in duties.items() if _are_together(one["body"], other["body"])]
        alike = [k for k in duties if forms[k] == forms[key] and (k == key or not _share(one, duties[k]))]
        how, ids = ("together", together) if len(together) > 1 else ("alike" if len(alike) > 1 else "same", alike)
        taken.update(ids)
        found.append((how, ids))
    return found


def _are_together(one: Told, other: Told) -> bool:
    return "together" in one and "together" in other and one.get("on") == other.get("on")


def _share(one: Told, other: Told) -> bool:
    """Whether two terms bind one actor by name."""
    return bool(_bound(one) & _bound(other))


def _bound(one: Told) -> frozenset[str]:
    return frozenset(one["who"]["ids"] if one["who"] is not None else ())


def _form(body: Told, actors: frozenset[str], names: frozenset[str]) -> str:
    """What a term says, whoever and whichever other term it names."""

    def bare(value: Any, key: str) -> Any:  # noqa: ANN401  # plain values
        if isinstance(value, Mapping):
            return {k: bare(v, k) for k, v in value.items() if k not in _LEFT_OUT}
        if isinstance(value, list | tuple):
            return [bare(one, key) for one in value]
        if key in ("do", "request") or not isinstance(value, str):
            return value
        return "an actor" if value in actors else "a term" if value in names else value

    return json.dumps(bare(body, ""), sort_keys=True)


# -- counts ------------------------------------------------------------------------------------------------------------


def counts_of(owed: Sequence[Owed]) -> dict[str, int]:
    """How many stand where, in the order of `STAGES`."""
    return {stage: sum(one.stage == stage for one in owed) for stage in STAGES}
