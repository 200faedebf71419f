"""Which entry of one side's list and which of the other's can speak of the same event? One to one, or undecided.

Two lists of reports, compared by place, time, act, who is accused and what was hit, as wide as their words. An entry is
matched with another only where both fit closely and neither fits anybody else; several that fit are listed and never
chosen from. Nothing is weighed, and neither list comes first: whoever swaps them gets the same pairs swapped.

The steps of `match`, repeated at their lines:
    0 entries that were decided to tell of one incident, where each list has one of them
    1 candidates: every pair that place, time, act and persons do not rule out
    2 of those that fit closely and do not accuse two different actors: each the other's only one; a denial counts
      among them, so that a list that both tells of an event and denies it is never matched by one of the two
    3 of those that fit closely and accuse two different actors: the same among what is left
    4 what is left and has a candidate is undecided; what has none stands on one list only

Source: the design's *Evidence*, Two ledgers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from typing import Final

import numpy as np
import shapely

from truceline.acts import ActTree
from truceline.atlas import Atlas
from truceline.errors import InputError
from truceline.evidence.schema import EITHER, NOBODY, UNNAMED, Named
from truceline.group import RESERVED, Group
from truceline.space import BAND_M, Geometry, Region, distance_m, outline
from truceline.span import DAY_S
from truceline.verdict import NO, UNKNOWN, YES

NEAR_E7 = 1_000
"""Edges nearer than this, in 1e-7 degree, are not told apart: at least 1 m anywhere below 84 degrees."""

LEAST_NORTH_M = 110_500
"""A degree of latitude is nowhere shorter, in metres."""

MOST_PAIRS = 1_000_000
"""So many pairs of overlapping times are compared; more want a shorter period."""

UNSAID: Final = Named()
"""Nobody is named."""

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Rule:
    """How narrow the words of two entries must be before they fit closely: the signed precision table's own words.

    Attributes:
        widest_m: radius of the wider place: that of *about 25 km*.
        finest_level: level of the wider unit: 2 = a district, or finer.
        longest_s: length of the wider interval.
    """

    widest_m: int = 25_000
    finest_level: int = 2
    longest_s: int = 3 * DAY_S


@dataclass(frozen=True)
class Item:
    """One entry of a list.

    Attributes:
        id: of the report, or of the entry of the record.
        start: earliest second, UTC; `end`: first second too late.
        denies: it says that the event did not happen, or that those who are accused did not do it.
        is_own: whoever says it tells of its own conduct.
        killed: fewest and most people killed; None = not stated.
        count: lowest and highest of a number that is stated, likewise.
        unit: of what; empty = no number.
    """

    id: str
    start: int
    end: int
    place: Region
    acts: tuple[str, ...] = ()
    actor: Named = UNSAID
    target: Named = UNSAID
    unordered: bool = False
    denies: bool = False
    killed: tuple[int | None, int | None] = (None, None)
    count: tuple[int | None, int | None] = (None, None)
    unit: str = ""
    is_own: bool = False


@dataclass(frozen=True)
class Alike:
    """How two entries lie to one another; each field +1 they agree, -1 they cannot both be so, 0 not known.

    Attributes:
        place, time: +1 = one lies in the other, and the wider is narrow enough by the rule; -1 = apart.
        act: +1 = the same, or a kind of the other; -1 = of no common class, or two sides that each tell of a deed of
            its own.
        means: -1 = two kinds of one class, such as an air strike and shelling.
        actor: who is accused. target: what was hit. happened: whether it happened, or they did it.
        killed, count: -1 = the numbers exclude one another.
    """

    place: int
    time: int
    act: int
    means: int
    actor: int
    target: int
    happened: int
    killed: int
    count: int

    @property
    def is_possible(self) -> bool:
        """Whether both can speak of one event. Another actor and another target is another act: an exchange of fire."""
        return NO not in (self.place, self.time, self.act) and not self.actor == self.target == NO

    @property
    def is_close(self) -> bool:
        """Whether place and time fit as closely as the rule asks."""
        return self.is_possible and self.place == self.time == YES

    def of(self, value: int) -> tuple[str, ...]:
        """The fields of a value, in their order."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) == value)


FACTORS: Final = tuple(f.name for f in fields(Alike))


@dataclass(frozen=True)
class Pair:
    """Two entries that speak of one event."""

    a: Item
    b: Item
    alike: Alike

    @property
    def is_contested(self) -> bool:
        """Whether both speak of it and disagree on anything."""
        return bool(self.alike.of(NO))


@dataclass(frozen=True)
class Matching:
    """Two lists, matched.

    Attributes:
        pairs: in the order of time.
        open_a: entries of A that are not matched, to the ids of those of B that can speak of the same event.
        open_b: the same of B.
        crowded: ids of entries in `open_a` and `open_b` that fit closely to several, or to one that is matched.
        only_a, only_b: entries of which the other list cannot speak.
    """

    pairs: tuple[Pair, ...]
    open_a: Mapping[str, tuple[str, ...]]
    open_b: Mapping[str, tuple[str, ...]]
    crowded: frozenset[str]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


Edges = dict[tuple[int, int], Alike]


class Fit:
    """Compares entries with one atlas, one group, one tree of acts and one rule."""

    def __init__(self, atlas: Atlas, group: Group, tree: ActTree, rule: Rule | None = None) -> None:
        """Take what is compared by; places that were compared once are kept."""
        self.atlas, self.group, self.tree, self.rule = atlas, group, tree, rule or Rule()
        self._places: dict[tuple[Region, Region], int] = {}
        self._shapes: dict[Region, Geometry | None] = {}

    def compare(self, a: Item, b: Item) -> Alike:
        """How two entries lie to one another; the same whichever comes first."""
        act, means = self.acts(a.acts, b.acts)
        actor = UNKNOWN if a.unordered or b.unordered or a.denies or b.denies else self.who(a.actor, b.actor)
        if a.is_own and b.is_own and actor == NO:
            act = NO
        same_unit = bool(a.unit) and a.unit == b.unit
        return Alike(
            place=self.place(a.place, b.place), time=self.time((a.start, a.end), (b.start, b.end)),
            act=act, means=means, actor=actor, target=self.who(a.target, b.target),
            happened=YES if a.denies == b.denies else NO,
            killed=_numbers(a.killed, b.killed), count=_numbers(a.count, b.count) if same_unit else UNKNOWN,
        )  # fmt: skip

    def can_be_one(self, a: Item, b: Item) -> bool:
        """Whether two entries can speak of one event; most that cannot are told by their places alone."""
        return self.place(a.place, b.place) != NO and self.compare(a, b).is_possible

    # -- time and place ------------------------------------------------------------------------------------------------

    def time(self, a: tuple[int, int], b: tuple[int, int]) -> int:
        """Whether two half-open intervals lie apart (-1), or one in the other and neither too long (+1)."""
        if a[1] <= b[0] or b[1] <= a[0]:
            return NO
        wide, narrow = sorted((a, b), key=lambda s: s[0] - s[1])
        is_within = wide[0] <= narrow[0] and narrow[1] <= wide[1]
        return YES if is_within and wide[1] - wide[0] <= self.rule.longest_s else UNKNOWN

    def place(self, a: Region, b: Region) -> int:
        """Whether two regions lie apart (-1), or one in the other and neither is too wide (+1).

        Two discs of which each holds the other's middle count as one in the other: two lists have two points for a
        town.
        """
        if a.kind == b.kind == "disc" and _is_far_north(a, b):
            return NO
        found = self._places.get((a, b), self._places.get((b, a)))
        if found is None:
            found = self._places[a, b] = self._place(a, b)
        return found

    def _place(self, a: Region, b: Region) -> int:
        kinds = {a.kind, b.kind}
        if "none" in kinds:
            return UNKNOWN
        if "outside" in kinds:
            return NO if "area" in kinds else UNKNOWN
        if a == b:
            return YES if self.is_narrow(a) or a.kind == "line" else UNKNOWN
        if kinds == {"area"}:
            return self._areas(a, b)
        return self._discs(a, b) if kinds == {"disc"} else self._drawn(a, b)

    def is_narrow(self, region: Region) -> bool:
        """Whether a place is narrow enough to fit closely."""
        if region.kind == "area":
            units = [self.atlas.gazetteer.unit(code) for code in region.areas]
            return all(unit is not None and unit.level >= self.rule.finest_level for unit in units)
        reach = {"disc": region.radius_m, "hull": region.radius_m, "sector": region.far_m}.get(region.kind)
        return reach is not None and reach <= self.rule.widest_m

    def _areas(self, a: Region, b: Region) -> int:
        inner, outer = (
            [self.atlas.gazetteer.compare(x, y) for x, y in pairs]
            for pairs in (product(a.areas, b.areas), product(b.areas, a.areas))
        )
        if None in inner or None in outer:
            return self._drawn(a, b)
        if all(value == NO for value in (*inner, *outer)):
            return NO
        for held, holder in ((a, b), (b, a)):
            if self.is_narrow(holder) and all(self._held(code, holder) for code in held.areas):
                return YES
        return UNKNOWN

    def _held(self, code: str, holder: Region) -> bool:
        return any(self.atlas.gazetteer.compare(code, other) == YES for other in holder.areas)

    def _discs(self, a: Region, b: Region) -> int:
        small, large = sorted((a.radius_m, b.radius_m))
        apart_m = distance_m(*_degrees(a), *_degrees(b))
        if apart_m > small + large + BAND_M:
            return NO
        is_within = apart_m + small < large - BAND_M or apart_m < small - BAND_M or apart_m == 0
        return YES if is_within and large <= self.rule.widest_m else UNKNOWN

    def _drawn(self, a: Region, b: Region) -> int:
        shapes = self._shape(a), self._shape(b)
        if shapes[0] is None or shapes[1] is None:
            return UNKNOWN
        if shapely.distance(*shapes) > NEAR_E7:
            return NO
        for held, holder, region in ((shapes[0], shapes[1], b), (shapes[1], shapes[0], a)):
            if self.is_narrow(region) and shapely.covers(holder, held):
                return YES if shapely.distance(shapely.boundary(holder), held) > NEAR_E7 else UNKNOWN
        return UNKNOWN

    def _shape(self, region: Region) -> Geometry | None:
        if region not in self._shapes:
            self._shapes[region] = self._shape_of(region)
        return self._shapes[region]

    def _shape_of(self, region: Region) -> Geometry | None:
        if region.kind != "area":
            return outline(region)
        found = [self.atlas.shapes.get(self.atlas.gazetteer.code(code)) for code in region.areas]
        if any(shape is None for shape in found):
            return None  # a unit without a shape can reach anywhere
        return shapely.union_all(found)

    # -- acts and persons ----------------------------------------------------------------------------------------------

    def acts(self, a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
        """Whether two entries can speak of one act, and whether by the same means; each of several can be meant."""
        if not a or not b:
            return UNKNOWN, UNKNOWN
        found = [max(self.tree.is_kind(x, y), self.tree.is_kind(y, x)) for x, y in product(a, b)]
        if YES in found:
            is_one = len(a) == len(b) == 1
            return (YES, YES) if is_one else (UNKNOWN, UNKNOWN)
        if UNKNOWN in found:
            return UNKNOWN, UNKNOWN
        common = any(self.tree.classes(x) & self.tree.classes(y) for x, y in product(a, b))
        return (UNKNOWN, NO) if common else (NO, UNKNOWN)

    def who(self, a: Named, b: Named) -> int:
        """Whether two namings can mean one actor or target.

        A word for a whole side, and a target such as *civilians* beside a named group, decide nothing.
        """
        if UNNAMED in (a.mode, b.mode) or not (a.ids or a.mode == NOBODY) or not (b.ids or b.mode == NOBODY):
            return UNKNOWN
        if NOBODY in (a.mode, b.mode):
            return YES if a.mode == b.mode else NO
        if set(a.ids) == set(b.ids):
            return YES
        if a.is_umbrella or b.is_umbrella or RESERVED.intersection((*a.ids, *b.ids)):
            return UNKNOWN
        if all(self._related(x, y) == NO for x, y in product(a.ids, b.ids)):
            return NO
        if EITHER in (a.mode, b.mode):
            return UNKNOWN
        held = (all(any(self._related(x, y) == YES for y in m.ids) for x in n.ids) for n, m in ((a, b), (b, a)))
        return YES if any(held) else UNKNOWN

    def _related(self, x: str, y: str) -> int:
        return max(self.group.belongs(x, y), self.group.belongs(y, x))


def match(
    a: Iterable[Item],
    b: Iterable[Item],
    fit: Fit,
    tell: Tell | None = None,
    *,
    decided: Mapping[str, str] | None = None,
) -> Matching:
    """Match two lists; see the steps at the head of this module.

    Args:
        a: entries of one side; ids are unique.
        b: entries of the other.
        fit: what they are compared by.
        tell: told `(what, done, all)` as the work goes on.
        decided: id of an entry to the incident of which people, or a search they trust, say that it tells.

    Raises:
        InputError: more pairs of overlapping times than `MOST_PAIRS`.
    """
    ours, theirs = in_order(a), in_order(b)
    given = _decided(ours, theirs, fit, decided or {})  # 0
    edges = candidates(ours, theirs, fit, tell) | given  # 1
    close = _without({at: alike for at, alike in edges.items() if alike.is_close}, given)
    taken = given | _only_ones({at: alike for at, alike in close.items() if alike.actor != NO})  # 2
    taken |= _only_ones(_without(close, taken))  # 3
    pairs = tuple(sorted((Pair(ours[i], theirs[j], alike) for (i, j), alike in taken.items()), key=_when))
    open_a, open_b = (_open(ours, theirs, edges, taken), _open(theirs, ours, _turned(edges), _turned(taken)))  # 4
    fitting = {ours[i].id for i, _ in close} | {theirs[j].id for _, j in close}  # of those that are not decided
    paired_a, paired_b = ({pair.a.id for pair in pairs}, {pair.b.id for pair in pairs})
    return Matching(
        pairs=pairs, open_a=open_a, open_b=open_b, crowded=frozenset(fitting.intersection((*open_a, *open_b))),
        only_a=tuple(i.id for i in ours if i.id not in open_a and i.id not in paired_a),
        only_b=tuple(i.id for i in theirs if i.id not in open_b and i.id not in paired_b),
    )  # fmt: skip


def in_order(items: Iterable[Item]) -> tuple[Item, ...]:
    """Entries in the order of time, then of their ids."""
    return tuple(sorted(items, key=lambda i: (i.start, i.end, i.id)))


def candidates(a: Sequence[Item], b: Sequence[Item], fit: Fit, tell: Tell | None = None) -> Edges:
    """Every pair that can speak of one event, by the places of both in their lists."""
    starts, ends = np.array([i.start for i in b], np.int64), np.array([i.end for i in b], np.int64)
    found: Edges = {}
    looked = 0
    for i, one in enumerate(a):
        if tell is not None and i % 200 == 0:
            tell("matching", i, len(a))
        overlap = np.flatnonzero((starts < one.end) & (ends > one.start))
        looked += len(overlap)
        if looked > MOST_PAIRS:
            raise InputError(
                f"over {MOST_PAIRS} pairs of entries overlap in time: ask for less with --from and --until"
            )
        for j in overlap.tolist():
            if fit.can_be_one(one, b[j]):
                found[i, j] = fit.compare(one, b[j])
    return found


def _decided(a: Sequence[Item], b: Sequence[Item], fit: Fit, decided: Mapping[str, str]) -> Edges:
    """Pairs of one decided incident of which each list has one entry alone."""
    places: list[dict[str, list[int]]] = [{}, {}]
    for held, items in zip(places, (a, b), strict=True):
        for i, one in enumerate(items):
            if one.id in decided:
                held.setdefault(decided[one.id], []).append(i)
    alone = [key for key, found in places[0].items() if len(found) == len(places[1].get(key, ())) == 1]
    pairs = [(places[0][key][0], places[1][key][0]) for key in alone]
    return {(i, j): fit.compare(a[i], b[j]) for i, j in pairs}


def _only_ones(edges: Edges) -> Edges:
    """Pairs of which each is the other's only one."""
    ours, theirs = Counter(i for i, _ in edges), Counter(j for _, j in edges)
    return {(i, j): alike for (i, j), alike in edges.items() if ours[i] == theirs[j] == 1}


def _without(edges: Edges, taken: Edges) -> Edges:
    """The pairs of which neither is taken."""
    ours, theirs = {i for i, _ in taken}, {j for _, j in taken}
    return {(i, j): alike for (i, j), alike in edges.items() if i not in ours and j not in theirs}


def _when(pair: Pair) -> tuple[int, int, list[str]]:
    """Order of pairs, the same whichever list comes first."""
    return min(pair.a.start, pair.b.start), min(pair.a.end, pair.b.end), sorted((pair.a.id, pair.b.id))


def _turned(edges: Edges) -> Edges:
    return {(j, i): alike for (i, j), alike in edges.items()}


def _open(own: Sequence[Item], other: Sequence[Item], edges: Edges, taken: Edges) -> dict[str, tuple[str, ...]]:
    """Entries that are not matched and have candidates, in the order of their list, with these."""
    held: dict[int, list[int]] = {}
    for i, j in edges:
        held.setdefault(i, []).append(j)
    done = {i for i, _ in taken}
    return {own[i].id: tuple(other[j].id for j in sorted(held[i])) for i in sorted(held) if i not in done}


def clusters(items: Sequence[Item], is_linked: Callable[[Item, Item], bool]) -> list[list[Item]]:
    """Put together what is linked, and what is linked with that; only entries whose times overlap are asked for."""
    ordered = in_order(items)
    least = list(range(len(ordered)))
    for i, j in _overlapping(ordered):
        if is_linked(ordered[i], ordered[j]):
            a, b = _root(least, i), _root(least, j)
            least[max(a, b)] = min(a, b)
    held: dict[int, list[Item]] = {}
    for i, item in enumerate(ordered):
        held.setdefault(_root(least, i), []).append(item)
    return list(held.values())


def _overlapping(items: Sequence[Item]) -> Iterator[tuple[int, int]]:
    starts = np.array([i.start for i in items], np.int64)
    looked = 0
    for i, one in enumerate(items):
        until = int(np.searchsorted(starts, one.end))
        looked += until - i
        if looked > MOST_PAIRS:
            raise InputError(
                f"over {MOST_PAIRS} pairs of entries overlap in time: ask for less with --from and --until"
            )
        yield from ((i, j) for j in range(i + 1, until))


def _root(least: list[int], i: int) -> int:
    while least[i] != i:
        least[i] = least[least[i]]
        i = least[i]
    return i


def _numbers(a: tuple[int | None, int | None], b: tuple[int | None, int | None]) -> int:
    """Whether two ranges of one number exclude one another (-1), or both state the same (+1)."""
    if a == (None, None) or b == (None, None):
        return UNKNOWN
    for (_, high), (low, _) in ((a, b), (b, a)):
        if high is not None and low is not None and high < low:
            return NO
    return YES if a == b and a[0] == a[1] else UNKNOWN


def _degrees(region: Region) -> tuple[float, float]:
    return (region.lon_e7 or 0) / 1e7, (region.lat_e7 or 0) / 1e7


def _is_far_north(a: Region, b: Region) -> bool:
    """Whether two discs are surely apart by their latitudes: no path is shorter than that along the meridian."""
    north_e7 = abs((a.lat_e7 or 0) - (b.lat_e7 or 0))
    return north_e7 * LEAST_NORTH_M > (a.radius_m + b.radius_m + 1) * 10_000_000
