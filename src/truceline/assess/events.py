"""Which reports does a condition over evidence count, and how surely? Act x pair x place, one answer for each report.

Everything here is asked as `covered` is: *if the report is true*. Whether it is supported is asked elsewhere. A report
that says "we looked and saw nothing" is no event; nor is one that only says who looked, or that nobody was let in. What
is imprecise stays in with value 0 and its reasons; time is left to whoever counts, as the report's interval.

Two reports of one publisher are two events, as the publisher counts them; two reports of two publishers may be one. So
no event is counted twice as *surely*: the sure number is that of the publisher who has most. Reports that are known to
tell of one incident are one event: 0 where one of them is surely none of what is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from truceline.agreement.history import Standing
from truceline.assess.columns import Columns
from truceline.assess.coverage import known_zones
from truceline.assess.place import Placed
from truceline.assess.spec import SOMEBODY, height, layers, tells_of_act, zone_course
from truceline.assess.spots import ints, mask, words
from truceline.errors import InputError, quoted
from truceline.evidence.schema import JOINT, NOBODY, UNNAMED, Named, Observation
from truceline.group import RESERVED, SETTLEMENT
from truceline.verdict import (
    NEVER,
    NO,
    SURE,
    UNKNOWN,
    YES,
    Answer,
    Masks,
    Reason,
    Values,
    agreed,
    both,
    either,
    undecided,
)

Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]
MANY = 1 << 40
"""More people than a report can name: how many were killed is not stated."""


@dataclass(frozen=True)
class Wanted:
    """Which reports a condition counts.

    Attributes:
        acts: classes of acts, one of which it must be.
        between: two sides, one of which acts on the other, in either direction; empty = not asked.
        by: who acts, one of these; empty = not asked.
        to: towards whom, one of these; empty = not asked.
        zones: where, united; empty = anywhere.
    """

    acts: tuple[str, ...]
    between: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Events:
    """Reports that surely or possibly are what a condition counts.

    Attributes:
        start, end: `(n,)` UTC seconds; it happened somewhere within, or went on throughout.
        lasts: `(n,)`.
        value: `(n,)` +1 surely what is counted, 0 possibly.
        why: `(n,)` reasons of those at 0.
        low, best, high: `(n,)` people killed; `MANY` where the most is not stated.
        line: `(n,)` number of the publisher.
    """

    start: Longs
    end: Longs
    lasts: Bools
    value: Values
    why: Masks
    low: Longs
    best: Longs
    high: Longs
    line: Longs

    def __len__(self) -> int:
        """How many."""
        return len(self.start)

    def take(self, rows: Any) -> Events:  # noqa: ANN401  # numbers or claims
        """Some of them."""
        return Events(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @property
    def lines(self) -> list[int]:
        """The publishers."""
        return [int(one) for one in np.unique(self.line)]


def events_of(  # noqa: PLR0917  # a table, its columns, and what they are asked
    table: pa.Table,
    columns: Columns,
    wanted: Wanted,
    standing: Standing,
    placed: Placed,
    incident: Mapping[str, str] | None = None,
) -> Events:
    """The reports that are, or may be, what a condition counts.

    Args:
        table: of `evidence.schema.SCHEMA`.
        columns: the same as columns.
        wanted: what is counted.
        standing: the agreement, and how umbrellas are read.
        placed: its zones.
        incident: report to the incident that it tells of beside others.
    """
    known_zones(wanted.zones, placed)
    what = _distinct(columns.acts, [is_act(acts, wanted.acts, standing) for acts in columns.doings])
    who = _pairs(columns, wanted, standing)
    rows = np.flatnonzero((np.minimum(what[0], who[0]) != NO) & is_event(table))
    where = _places(columns.take(rows), wanted.zones, placed)
    there = where[0] != NO
    rows, where = rows[there], (where[0][there], where[1][there])
    value = np.minimum(np.minimum(what[0][rows], who[0][rows]), where[0])
    why = np.where(value == UNKNOWN, what[1][rows] | who[1][rows] | where[1], 0).astype(np.uint32)
    low, best, high = _killed(table, rows)
    events = Events(
        columns.start[rows], columns.end[rows], mask(table.column("lasts"))[rows], value, why, low, best, high,
        _publishers(table)[rows],
    )  # fmt: skip
    if not incident:
        return events
    aside = np.where(what[0] == NO, Reason.ACT.bit, np.where(who[0] == NO, Reason.ACTOR.bit, Reason.PLACE.bit))
    tells = np.array([tells_of_act(acts) for acts in columns.doings], bool)[columns.acts]
    return _once(events, rows, _together(table, incident), np.where(tells, aside, 0))


def _together(table: pa.Table, incident: Mapping[str, str]) -> list[list[int]]:
    """The rows of each incident of which several are in the table, in its order."""
    found: dict[str, list[int]] = {}
    known = pc.is_in(table.column("id"), pa.array(sorted(incident), pa.string())).combine_chunks()
    for row in np.flatnonzero(np.asarray(known)).tolist():
        found.setdefault(incident[table.column("id")[row].as_py()], []).append(row)
    return [rows for rows in found.values() if len(rows) > 1]


def _once(events: Events, rows: Longs, together: list[list[int]], aside: NDArray[Any]) -> Events:
    """Each incident once: as wide as its reports are, and 0 where they differ or one of them is none of it."""
    at = {int(row): i for i, row in enumerate(rows)}
    made = {name: getattr(events, name).copy() for name in events.__dataclass_fields__}
    kept = np.ones(len(events), bool)
    for reports in together:
        here = [at[row] for row in reports if row in at]
        if not here:
            continue
        first = here[0]
        why = int(np.bitwise_or.reduce(events.why[here]))
        for row in reports:
            why |= 0 if row in at else int(aside[row])
        made["start"][first], made["end"][first] = events.start[here].min(), events.end[here].max()
        made["lasts"][first] = events.lasts[here].all() and len({*events.start[here]}) == len({*events.end[here]}) == 1
        made["value"][first], made["why"][first] = (UNKNOWN, why) if why else (YES, 0)
        made["low"][first], made["high"][first] = events.low[here].min(), events.high[here].max()
        made["best"][first], made["line"][first] = events.best[here].max(), events.line[here].min()
        kept[here[1:]] = False
    return Events(**made).take(kept)


def is_event(table: pa.Table) -> Bools:
    """`(n,)` whether a row tells of an event; not one that only says who looked and saw nothing, or was kept out."""
    is_watch = mask(table.column("lasts")) & mask(pc.not_equal(pc.fill_null(table.column("coverage"), ""), ""))
    says_no_act = mask(pc.equal(pc.fill_null(pc.list_value_length(table.column("act")), 0), 0))
    return ~mask(table.column("negative")) & ~((is_watch | mask(table.column("access_denied"))) & says_no_act)


def _killed(table: pa.Table, rows: Longs) -> tuple[Longs, Longs, Longs]:
    """Least, best and most killed; a best that lies outside of the other two widens them."""
    low, best, high = (
        ints(pc.fill_null(pc.cast(table.column(f"killed_{name}"), pa.int64()), -1))[rows]
        for name in ("low", "best", "high")
    )
    told = np.where(best >= 0, best, np.maximum(low, 0))
    least = np.where(low >= 0, np.minimum(low, told), np.where(best >= 0, best, 0))
    most = np.where(high >= 0, np.maximum(high, told), np.where(best >= 0, best, MANY))
    return least, told, most


def _publishers(table: pa.Table) -> Longs:
    """A number for every source and publisher."""
    source, publisher = (words(pc.fill_null(table.column(name), ""))[1] for name in ("source", "publisher"))
    codes = np.unique(source * (int(publisher.max(initial=0)) + 1) + publisher, return_inverse=True)[1]
    return np.asarray(codes, np.int64)


# -- act, who, where -------------------------------------------------------------------------------------------------


def is_act(acts: Sequence[str], classes: Sequence[str], standing: Standing) -> Answer:
    """Whether an act is of one of the classes; every act that the report can mean is asked.

    A class that no tree of acts holds is asked in vain: then it is 0 for every act that is of no other.
    """
    tree = standing.agreement.acts
    if not acts:
        return undecided(Reason.ACT)
    values = [
        max(tree.is_kind(act, cls) if cls in tree else UNKNOWN for cls in classes) if act in tree else UNKNOWN
        for act in acts
    ]
    return agreed([undecided(Reason.ACT) if v == UNKNOWN else Answer(v) for v in values], otherwise=Reason.ACT)


def is_one_of(named: Named, actors: Sequence[str], standing: Standing, *, as_target: bool = False) -> Answer:
    """Whether those whom a report names are, or belong to, one of some actors.

    Of joint actors one suffices; a target must be so whole. An umbrella counts as its side, unless umbrellas are read
    strictly: then it is 0.
    """
    reason = Reason.TARGET if as_target else Reason.ACTOR
    if named.mode == NOBODY and not as_target:
        return NEVER
    if named.mode in (UNNAMED, NOBODY):
        return undecided(reason)
    each = [_belongs(one, named, actors, standing, reason) for one in named.ids]
    return either(each) if named.mode == JOINT and not as_target else agreed(each, otherwise=reason)


def _belongs(one: str, named: Named, actors: Sequence[str], standing: Standing, reason: Reason) -> Answer:
    if one == SOMEBODY:
        return undecided(reason)  # two who are not known need not be the same
    if one in actors:
        is_doubted = named.is_umbrella and standing.readings.umbrella == "strict"
        return undecided(reason) if is_doubted else SURE
    if one in RESERVED:
        return undecided(reason) if one == SETTLEMENT else NEVER
    group = standing.agreement.group
    if one not in group.parties:
        return undecided(reason)
    known = group.parties.keys() | RESERVED
    belongs = max(group.belongs(one, actor) if actor in known else UNKNOWN for actor in actors)
    if belongs == YES and named.is_umbrella and standing.readings.umbrella == "strict":
        return undecided(reason)
    return undecided(reason) if belongs == UNKNOWN else Answer(belongs)


def is_pair(actor: Named, target: Named, wanted: Wanted, standing: Standing, *, unordered: bool) -> Answer:
    """Whether a report is about those whom a condition asks for; a pair without direction is asked both ways."""
    ways = [(actor, target), (target, actor)] if unordered else [(actor, target)]
    return agreed([_one_way(a, b, wanted, standing) for a, b in ways], otherwise=Reason.ACTOR)


def _one_way(actor: Named, target: Named, wanted: Wanted, standing: Standing) -> Answer:
    def by(ids: Sequence[str]) -> Answer:
        return is_one_of(actor, ids, standing) if ids else SURE

    def to(ids: Sequence[str]) -> Answer:
        return is_one_of(target, ids, standing, as_target=True) if ids else SURE

    answers = [by(wanted.by), to(wanted.to)]
    if wanted.between:
        one, other = wanted.between
        answers.append(either([both([by((one,)), to((other,))]), both([by((other,)), to((one,))])]))
    return both(answers)


def _pairs(columns: Columns, wanted: Wanted, standing: Standing) -> tuple[Values, Masks]:
    """`is_pair` for every report, asked once for every distinct pair."""
    names, n = columns.names, max(len(columns.names), 1)
    turned = np.zeros(len(columns), np.int64) if columns.unordered is None else columns.unordered.astype(np.int64)
    keys, codes = np.unique((columns.actor.astype(np.int64) * n + columns.target) * 2 + turned, return_inverse=True)
    each = [
        is_pair(names[int(key) // 2 // n], names[int(key) // 2 % n], wanted, standing, unordered=bool(key % 2))
        for key in keys
    ]
    return _distinct(codes, each)


def _distinct(codes: NDArray[Any], each: Sequence[Answer]) -> tuple[Values, Masks]:
    value, why = np.array([a.value for a in each], np.int8), np.array([a.why for a in each], np.uint32)
    return value[codes], why[codes]


def _places(columns: Columns, zones: tuple[str, ...], placed: Placed) -> tuple[Values, Masks]:
    """Whether each report lies in the united zones, at their height and in their time."""
    n = len(columns)
    if not zones:
        return np.ones(n, np.int8), np.zeros(n, np.uint32)
    each = []
    for zone, ids in layers(zones, placed.zones):
        must, may = placed.masks(columns.spots, [ids])
        surely, possibly = ((words[:, 0] & np.uint64(1)) > 0 for words in (must, may))
        value = np.where(surely, YES, np.where(possibly, UNKNOWN, NO)).astype(np.int8)
        factors = [(value, np.where(value == UNKNOWN, placed.why(ids).bit, 0).astype(np.uint32))]
        if zone.low_m is not None:
            heights = [height(Observation("", 0, 1, low_m=low, high_m=high), zone) for low, high in columns.bands]
            factors.append(_distinct(columns.band, heights))
        if zone.start is not None or zone.end is not None:
            factors.append(zone_course(zone).over(columns.start, columns.end))
        each.append(_joined(factors, np.minimum))
    return _joined(each, np.maximum)


def _joined(parts: Sequence[tuple[Values, Masks]], rule: Callable[[Values, Values], Values]) -> tuple[Values, Masks]:
    value, why = parts[0]
    for other, more in parts[1:]:
        value, why = rule(value, other), why | more
    return value, np.where(value == UNKNOWN, why, 0).astype(np.uint32)


# -- what a text asks for --------------------------------------------------------------------------------------------


def texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401  # plain values
    """A word or a list of words."""
    if value is None:
        return ()
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else (str(value),)


def wanted_of(act: Any, fields: Mapping[str, Any]) -> Wanted:  # noqa: ANN401  # plain values
    """Which reports a condition counts, from its fields `by`, `to`, `between`, `in`.

    Raises:
        InputError: it names no act, or not two sides.
    """
    if not texts(act):
        raise InputError(f"a condition over evidence: expected an act, got {quoted(act)}")
    sides = two_sides(fields.get("between"))
    return Wanted(texts(act), sides, texts(fields.get("by")), texts(fields.get("to")), texts(fields.get("in")))


def two_sides(value: Any) -> tuple[str, ...]:  # noqa: ANN401  # plain values
    """The two of `between`; empty = it is not asked.

    Raises:
        InputError: they are not two.
    """
    found = texts(value)
    if len(found) not in (0, 2):
        raise InputError(f"`between`: expected two sides, got {quoted(', '.join(found))}")
    return found


def sides_of_guarantors(standing: Standing) -> tuple[str, ...]:
    """The two sides for which the guarantors stand; none where the text names no two."""
    sides = dict.fromkeys(p.side for p in standing.agreement.parties.values() if p.kind == "guarantor" and p.side)
    return tuple(sides) if len(sides) == 2 else ()


def exact(events: Events, day_of: Callable[[Longs], Longs]) -> Events:
    """`counting: exact-day`: only what surely is counted and is dated to one civil day; deaths as best known."""
    found = events.take((events.value == YES) & (day_of(events.start) == day_of(events.end - 1)))
    return replace(found, low=found.best, high=found.best, line=np.zeros(len(found), np.int64))
