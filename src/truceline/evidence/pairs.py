"""Which two reports can be of one incident, and how alike are they? Pairs by region and interval, never all with all.

Two reports are a pair when their regions and intervals, each as wide as its source's words, meet or come as near as a
stated reach. Everything else is apart. How alike a pair is, is told by levels: for each comparison one small number,
which `likeness` weighs. Nothing here knows a name of a place, a party or a report.

The steps of `paired`, repeated at their lines: 1 rows that share a day, or that are both wider than a month, 2 of
those the ones whose boxes touch, 3 exact time and place, 4 pairs that can never be one: a count over a period and an
incident, counts over different periods, two rows of one coded data set.

Source: I. P. Fellegi, A. B. Sunter, A Theory for Record Linkage, 1969: comparison vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from truceline.acts import ActTree
from truceline.atlas import Atlas
from truceline.errors import InputError
from truceline.evidence.incidents import Pair
from truceline.evidence.likeness import (
    COMPARISONS,
    DECIMALS,
    Levels,
    Model,
    Side,
    act_level,
    actor_level,
    name_level,
    shipped_models,
    target_level,
    text_key,
    weapon_level,
)
from truceline.group import Group
from truceline.space import chord_m, metres_per_degree
from truceline.span import DAY_S

HOUR_S = 3600
NO_REPORT = frozenset({"track", "fire", "impediment"})
"""Kinds of rows that no incident is told by: what a sensor measured, and that nobody could look. Nor do observations
that nothing was there.
"""

WIDE_S = 31 * DAY_S
"""An interval wider than this says so little of the day that it is held against intervals as wide alone."""

FINE_M = 15_000
"""A region within a disc of this radius is a place; a wider one is a district, a province or a country."""

CODED = frozenset({"ucdp", "acled", "strikes"})
"""Sources whose coders hold an event once: two rows of one of them are two events, by their own word."""

CHUNK = 512
MOST_PAIRS = 20_000_000
LEAST = 0.01
"""Pairs that are less likely are not told."""

OFTEN = 0.05
LEAST_OFTEN = 10
"""A place is named often when more than so great a share of the rows, and more than so many, name it."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
T = TypeVar("T", bound=Hashable)
FINE, COARSE, COUNTRY, OUTSIDE, NOWHERE = range(5)
"""How much a region says: a place, a part of a country, a country, outside all land, nothing."""


@dataclass(frozen=True)
class Reach:
    """How far apart two reports may lie and still be held against each other.

    Attributes:
        km: kilometres between the edges of their regions.
        days: days between the ends of their intervals.
    """

    km: float = 10.0
    days: float = 1.0


@dataclass(frozen=True)
class Paired:
    """Pairs of rows and their levels.

    Attributes:
        left: `(n,)` row of the table.
        right: `(n,)` another row, always a later one.
        levels: for each of `COMPARISONS` an array `(n,)` of indices of its levels.
    """

    left: Ints
    right: Ints
    levels: dict[str, Levels] = field(default_factory=dict)

    def told(self, at: int) -> dict[str, str]:
        """The levels of one pair by name."""
        return {name: COMPARISONS[name][int(levels[at])] for name, levels in self.levels.items()}


class Sheet:
    """The columns of a table of observations as arrays, each text once."""

    def __init__(self, table: pa.Table, atlas: Atlas | None = None) -> None:
        """Take the columns; with an atlas, named areas have their shapes."""
        self.count = table.num_rows
        self.start = _numbers(table, "start")
        self.end = _numbers(table, "end")
        self.texts = {name: table.column(name).to_pylist() for name in ("kind", "source", "act_text", "place_text")}
        self.issuer = table.column("asserted_by").to_pylist()
        self.page = table.column("url").to_pylist()
        self.weapon = [weapon or "" for weapon in table.column("weapon").to_pylist()]
        self.acts = [tuple(acts or ()) for acts in table.column("act").to_pylist()]
        self.actor, self.target = (_sides(table, name) for name in ("actor", "target"))
        self.is_count = np.array([kind == "ledger" for kind in self.texts["kind"]], dtype=np.bool_)
        self.is_word = np.array([acts == ("statement",) for acts in self.acts], dtype=np.bool_)
        is_none = table.column("negative").to_pylist()
        self.tells = np.array(
            [kind not in NO_REPORT and not none for kind, none in zip(self.texts["kind"], is_none, strict=True)],
            dtype=np.bool_,
        )
        self.source = _coded(self.texts["source"])
        self.is_coded = np.array([source in CODED for source in self.texts["source"]], dtype=np.bool_)
        self.numbers = _amounts(table)
        self.unit = table.column("count_unit").to_pylist()
        self._place(table.column("impact").to_pylist(), atlas)

    def _place(self, regions: Sequence[dict[str, Any] | None], atlas: Atlas | None) -> None:
        """Grain, box, centre and radius of each region, each different region worked out once."""
        known: dict[tuple[Any, ...], int] = {}
        spots: list[_Spot] = []
        which = np.empty(len(regions), dtype=np.int64)
        for row, region in enumerate(regions):
            key = _region_key(region)
            if key not in known:
                known[key] = len(spots)
                spots.append(_spot(region, atlas))
            which[row] = known[key]
        self.spots, self.spot = spots, which
        self.grain = np.array([spot.grain for spot in spots], dtype=np.int64)[which] if spots else which
        boxes = np.array([spot.box for spot in spots], dtype=np.float64).reshape(-1, 4)
        self.box: Floats = boxes[which]
        centres = np.array([spot.centre for spot in spots], dtype=np.float64).reshape(-1, 3)
        self.centre: Floats = centres[which]


@dataclass(frozen=True)
class _Spot:
    """A region for pairing: `box` in degrees (west, south, east, north), `centre` lon, lat in degrees, radius in m."""

    grain: int
    box: tuple[float, float, float, float] = (-180.0, -90.0, 180.0, 90.0)
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)
    codes: tuple[str, ...] = ()
    shape: shapely.Geometry | None = None


def found_pairs(
    table: pa.Table,
    acts: ActTree,
    group: Group,
    *,
    reach: Reach = Reach(),
    atlas: Atlas | None = None,
    models: Mapping[str, Model] | None = None,
) -> list[Pair]:
    """All pairs of a table that may be of one incident, each with its probability; by id.

    Args:
        table: observations, in `schema.SCHEMA`; ids are unique.
        acts: which act is a kind of which.
        group: who belongs to whom.
        reach: how far apart two reports may lie.
        atlas: shapes of named areas; None = an area meets whatever may lie in it.
        models: `reports` and `coded`; None = those that ship with the program.

    Returns:
        Pairs of at least `LEAST`; pairs that are not listed cannot be one, or hardly.
    """
    sheet = Sheet(table, atlas)
    made = paired(sheet, acts, group, reach)
    chance = probabilities(sheet, made, models or shipped_models())
    ids = table.column("id").to_pylist()
    found = []
    for at in np.flatnonzero(chance >= LEAST):
        a, b = sorted((ids[made.left[at]], ids[made.right[at]]))
        found.append(Pair(a, b, float(chance[at]), made.told(int(at))))
    return sorted(found)


def probabilities(sheet: Sheet, made: Paired, models: Mapping[str, Model]) -> Floats:
    """Probability of each pair `(n,)`, rounded to 4 decimals.

    Between two coded data sets at most one row of the one is the event of a row of the other, so the rows that could
    be it share the probability: each odds is held against the sum of all.
    """
    is_coded = sheet.is_coded[made.left], sheet.is_coded[made.right]
    bits = np.where(is_coded[0] | is_coded[1], models["coded"].bits(made.levels), models["reports"].bits(made.levels))
    odds = np.exp2(np.clip(bits, -60, 60))
    rivals = odds.copy()
    both = np.flatnonzero(is_coded[0] & is_coded[1])
    for mine, other in ((made.left, made.right), (made.right, made.left)):
        keys = mine[both] * (sheet.source.max(initial=0) + 1) + sheet.source[other[both]]
        _, inverse = np.unique(keys, return_inverse=True)
        sums = np.bincount(inverse, odds[both]) if len(both) else odds[both]
        rivals[both] = np.maximum(rivals[both], sums[inverse] if len(both) else sums)
    return np.asarray(np.round(odds / (1 + rivals), DECIMALS), dtype=np.float64)


def paired(sheet: Sheet, acts: ActTree, group: Group, reach: Reach = Reach()) -> Paired:
    """All pairs of a table that can be of one incident, with their levels."""
    left, right = _neighbours(sheet, reach)
    time = _time(sheet, left, right, reach)
    place = _place(sheet, left, right, reach)
    keep = (time >= 0) & (place >= 0)  # 3
    left, right = left[keep], right[keep]
    levels = {"time": time[keep], "place": place[keep], **_said(sheet, left, right, acts, group)}
    return Paired(left, right, levels)


def _neighbours(sheet: Sheet, reach: Reach) -> tuple[Ints, Ints]:
    """Rows whose days and boxes meet and that can be one; each pair once, in order.

    Raises:
        InputError: there are more than `MOST_PAIRS`.
    """
    slack = int(reach.days * DAY_S)
    is_wide = sheet.end - sheet.start > WIDE_S
    first = sheet.start // DAY_S
    last = (sheet.end - 1 + slack) // DAY_S
    margin = reach.km / 50.0  # degrees; generous, step 3 measures
    boxes = shapely.box(
        sheet.box[:, 0] - margin, sheet.box[:, 1] - margin, sheet.box[:, 2] + margin, sheet.box[:, 3] + margin
    )
    parts: list[Ints] = [np.empty((2, 0), dtype=np.int64)]
    total = 0
    for day, rows in chain(
        _by_day(first, last, ~is_wide & sheet.tells), [(None, np.flatnonzero(is_wide & sheet.tells))]
    ):  # 1
        for found in _touching(boxes, rows):
            keep = _can_be_one(sheet, found[0], found[1])  # 4
            if day is not None:  # each pair on the first day that both can lie in
                keep &= np.maximum(first[found[0]], first[found[1]]) == day
            parts.append(found[:, keep])
            total += int(keep.sum())
            if total > MOST_PAIRS:
                raise InputError(
                    f"over {MOST_PAIRS} pairs of reports meet: so many say so little of place and time that they "
                    "cannot be told apart; ask about fewer, or narrow `--km` and `--days`"
                )
    every = np.concatenate(parts, axis=1)
    order = np.lexsort((every[1], every[0]))
    return every[0][order], every[1][order]


def _by_day(first: Ints, last: Ints, mask: Bools) -> Iterator[tuple[int, Ints]]:
    """Each day with the rows that can lie in it, in order."""
    rows = np.flatnonzero(mask)
    spread = (last[rows] - first[rows] + 1).astype(np.int64)
    each = np.repeat(rows, spread)
    begins = np.repeat(np.cumsum(spread) - spread, spread)
    days = first[each] + (np.arange(len(each)) - begins)
    order = np.lexsort((each, days))
    days, each = days[order], each[order]
    cuts = np.flatnonzero(np.diff(days)) + 1
    for part, day in zip(np.split(each, cuts), days[np.concatenate(([0], cuts))] if len(days) else [], strict=False):
        if len(part) > 1:
            yield int(day), part


def _touching(boxes: NDArray[Any], rows: Ints) -> Iterator[Ints]:
    """Pairs `(2, n)` of rows whose boxes touch, some hundred rows at a time: bounds the memory."""
    if len(rows) < 2:
        return
    mine = boxes[rows]
    tree = shapely.STRtree(mine)  # 2
    for begin in range(0, len(rows), CHUNK):
        a, b = tree.query(mine[begin : begin + CHUNK])
        later = a + begin < b
        yield np.stack([rows[a[later] + begin], rows[b[later]]])


def _can_be_one(sheet: Sheet, left: Ints, right: Ints) -> Bools:
    """Whether two rows can be one at all: what no likeness outweighs."""
    mixed = sheet.is_count[left] != sheet.is_count[right]
    shift = np.abs(sheet.start[left] - sheet.start[right]) + np.abs(sheet.end[left] - sheet.end[right])
    other_period = sheet.is_count[left] & sheet.is_count[right] & (shift > DAY_S + HOUR_S)
    one_set = sheet.is_coded[left] & (sheet.source[left] == sheet.source[right])
    return np.asarray(~(mixed | other_period | one_set), dtype=np.bool_)


def _time(sheet: Sheet, left: Ints, right: Ints, reach: Reach) -> Levels:
    """Level of time; -1 = apart."""
    starts, ends = (np.stack([column[left], column[right]]) for column in (sheet.start, sheet.end))
    shared = ends.min(axis=0) - starts.max(axis=0)
    narrow = (ends - starts).min(axis=0)
    whole = ends.max(axis=0) - starts.min(axis=0)
    is_count = sheet.is_count[left]
    begins = np.abs(starts[0] - starts[1]) <= 6 * HOUR_S
    is_clock = narrow <= 6 * HOUR_S  # a clock time, a few hours beside the other's interval
    made = np.select(
        [
            (shared > 0) & (2 * shared >= whole) & (begins | ~is_count),
            (shared > 0) & (2 * shared >= narrow) & (whole <= 8 * DAY_S),
            (shared > 0) | (is_clock & (shared > -6 * HOUR_S)),
            shared > -reach.days * DAY_S,
        ],
        [3, 2, 1, 0],
        -1,
    )
    return made.astype(np.int8)


def _place(sheet: Sheet, left: Ints, right: Ints, reach: Reach) -> Levels:
    """Level of place; -1 = apart."""
    grain = np.stack([sheet.grain[left], sheet.grain[right]])
    low, high = grain.min(axis=0), grain.max(axis=0)
    gap_m = _gaps_m(sheet, left, right)
    named = _same_name(sheet, left, right) & (low != COUNTRY) & (high != COUNTRY)
    often = _often(sheet)[left] | _often(sheet)[right]
    meets = _areas_meet(sheet, left, right, (low == COARSE) & (high == COARSE) | (low == FINE) & (high == COARSE))
    both_fine = (low == FINE) & (high == FINE)
    apart = (both_fine & (gap_m > reach.km * 1000)) | ((high == COARSE) & ~meets)
    apart |= (high == OUTSIDE) & (low != OUTSIDE)
    made = np.select(
        [apart, named & ~often, named, both_fine & (gap_m <= 0), high == COARSE, high == OUTSIDE, both_fine],
        [-1, 5, 4, 3, 2, 2, 0],
        1,
    )
    made[(high == NOWHERE) & ~named] = -1  # neither says where: nothing holds them together
    return made.astype(np.int8)


def _gaps_m(sheet: Sheet, left: Ints, right: Ints) -> Floats:
    """Metres between the edges of two fine regions; 0 or less = they meet."""
    a, b = sheet.centre[left], sheet.centre[right]
    chord = chord_m(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    return np.asarray(chord - a[:, 2] - b[:, 2], dtype=np.float64)


def _same_name(sheet: Sheet, left: Ints, right: Ints) -> Bools:
    names = [text_key(name) for name in sheet.texts["place_text"]]
    return np.asarray(by_value(names, left, right, name_level) == 1, dtype=np.bool_)


def _often(sheet: Sheet) -> Bools:
    codes = _coded([text_key(name) for name in sheet.texts["place_text"]])
    told = np.bincount(codes)[codes] if len(codes) else codes
    return np.asarray(told > max(LEAST_OFTEN, OFTEN * sheet.count), dtype=np.bool_)


def _areas_meet(sheet: Sheet, left: Ints, right: Ints, asked: Bools) -> Bools:
    """Whether two regions, one of them a named area or a wide disc, share a point; True where nothing is known."""
    met = np.ones(len(left), dtype=np.bool_)
    rows = np.flatnonzero(asked)
    keys = sheet.spot[left[rows]] * len(sheet.spots) + sheet.spot[right[rows]]
    unique, inverse = np.unique(keys, return_inverse=True)
    count = max(len(sheet.spots), 1)
    answers = np.array(
        [_spots_meet(sheet.spots[int(key) // count], sheet.spots[int(key) % count]) for key in unique], dtype=np.bool_
    )
    if len(rows):
        met[rows] = answers[inverse]
    return met


def _spots_meet(a: _Spot, b: _Spot) -> bool:
    if a.codes and b.codes and set(a.codes) & set(b.codes):
        return True
    if a.codes and b.codes and (a.shape is None or b.shape is None):
        return False
    shapes = [spot.shape if spot.shape is not None else shapely.box(*spot.box) for spot in (a, b)]
    return bool(shapely.intersects(shapes[0], shapes[1]))


def _said(sheet: Sheet, left: Ints, right: Ints, acts: ActTree, group: Group) -> dict[str, Levels]:
    """The levels of everything but time and place."""
    count, word = sheet.is_count[left], sheet.is_word[left] & sheet.is_word[right]
    deeds = list(zip(sheet.acts, [text_key(text) for text in sheet.texts["act_text"]], strict=True))
    act = by_value(deeds, left, right, lambda a, b: act_level(a, b, acts))
    actor = by_value(sheet.actor, left, right, lambda a, b: actor_level(a, b, group))
    actor[word] = np.array([4, 5, 5, 6], dtype=np.int8)[actor[word]]
    is_period = act == COMPARISONS["act"].index("counts")
    actor[is_period] = COMPARISONS["actor"].index("counts")
    kinds = _coded(sheet.texts["kind"])
    issuer = by_value(
        [(text_key(a), b or "") for a, b in zip(sheet.issuer, sheet.page, strict=True)], left, right, _issuer
    )
    units = _coded([text_key(unit) for unit in sheet.unit])
    amounts = _near(sheet.numbers["count"], left, right)
    amounts[(units[left] != units[right]) | count] = 1  # two counts differ by their rules; other units tell nothing
    killed = _near(sheet.numbers["killed"], left, right)
    killed[count] = 1
    kind = np.where(kinds[left] == kinds[right], 2, np.where(act == 1, 1, 0)).astype(np.int8)
    issuer[is_period] = 1  # who counts is what two counts of one period differ by
    return {
        "kind": kind, "act": act, "actor": actor,
        "target": by_value(sheet.target, left, right, lambda a, b: target_level(a, b, group)),
        "weapon": by_value(sheet.weapon, left, right, weapon_level), "count": amounts, "killed": killed,
        "issuer": issuer,
    }  # fmt: skip


def _issuer(a: tuple[str, str], b: tuple[str, str]) -> int:
    if a[1] and a[1] == b[1]:
        return 3
    if not a[0] or not b[0]:
        return 1
    return 2 if a[0] == b[0] else 0


def _near(amounts: Ints, left: Ints, right: Ints) -> Levels:
    """Level of two numbers as intervals `(n, 2)`, -1 = not stated; near when they meet or differ by half at most."""
    a, b = amounts[left], amounts[right]
    unsaid = (a < 0).any(axis=1) | (b < 0).any(axis=1)
    over, under = np.maximum(a[:, 0], b[:, 0]), np.minimum(a[:, 1], b[:, 1])
    near = (over <= under) | (2 * over <= 3 * under) | (over - under <= 1)
    return np.select([unsaid, (a == b).all(axis=1), near], [1, 3, 2], 0).astype(np.int8)


def by_value(values: Sequence[T], left: Ints, right: Ints, judge: Callable[[T, T], int]) -> Levels:
    """Ask `judge` once for each different pair of values, in either order, and spread its answers over all pairs."""
    index: dict[T, int] = {}
    codes = np.array([index.setdefault(value, len(index)) for value in values], dtype=np.int64)
    distinct = list(index)
    if not len(left):
        return np.empty(0, dtype=np.int8)
    a, b = codes[left], codes[right]
    keys, inverse = np.unique(np.minimum(a, b) * len(distinct) + np.maximum(a, b), return_inverse=True)
    answers = [judge(distinct[int(key) // len(distinct)], distinct[int(key) % len(distinct)]) for key in keys]
    return np.array(answers, dtype=np.int8)[inverse]


def _coded(values: Sequence[Any]) -> Ints:
    index: dict[Any, int] = {}
    return np.array([index.setdefault(value, len(index)) for value in values], dtype=np.int64)


def _numbers(table: pa.Table, name: str) -> Ints:
    return np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=np.int64)


def _sides(table: pa.Table, name: str) -> list[Side]:
    columns = (table.column(f"{name}{suffix}").to_pylist() for suffix in ("", "_mode", "_text"))
    return [Side(tuple(ids or ()), mode or "", text_key(text)) for ids, mode, text in zip(*columns, strict=True)]


def _amounts(table: pa.Table) -> dict[str, Ints]:
    """Numbers as intervals `(n, 2)`; -1 = not stated; an open end is as far as the other."""
    made = {}
    for name in ("count", "killed"):
        low, high = (table.column(f"{name}_{end}").to_pylist() for end in ("low", "high"))
        pairs = [(a if a is not None else b, b if b is not None else a) for a, b in zip(low, high, strict=True)]
        made[name] = np.array([(-1, -1) if a is None else (a, b) for a, b in pairs], dtype=np.int64).reshape(-1, 2)
    return made


def _region_key(region: dict[str, Any] | None) -> tuple[Any, ...]:
    if region is None:
        return ()
    return tuple(tuple(value) if isinstance(value, list) else value for value in region.values())


def _spot(region: dict[str, Any] | None, atlas: Atlas | None) -> _Spot:
    """A region for pairing."""
    kind = region["kind"] if region else "none"
    if region is None or kind == "none":
        return _Spot(NOWHERE)
    if kind == "outside":
        return _Spot(OUTSIDE)
    if kind == "area":
        return _area(tuple(region["areas"] or ()), region["country"] or "", atlas)
    points = region["points_e7"] or [region["lon_e7"], region["lat_e7"]]
    lons, lats = np.array(points[0::2]) / 1e7, np.array(points[1::2]) / 1e7
    radius = float(region["far_m"] or region["radius_m"] or 0)
    middle = ((lons.min() + lons.max()) / 2, (lats.min() + lats.max()) / 2)
    reach = chord_m(np.array([middle[0]]), np.array([middle[1]]), lons[:1], lats[:1])[0] + radius
    east, north = metres_per_degree(np.array([middle[1]]))
    dx, dy = float(reach / max(east[0], 1.0)), float(reach / north[0])
    box = (middle[0] - dx, middle[1] - dy, middle[0] + dx, middle[1] + dy)
    grain = FINE if reach <= FINE_M else COARSE
    return _Spot(grain, tuple(float(v) for v in box), (float(middle[0]), float(middle[1]), float(reach)))  # type: ignore[arg-type]


def _area(codes: tuple[str, ...], country: str, atlas: Atlas | None) -> _Spot:
    """A named area; an area that is the whole stated country says little more than nothing."""
    if country and country in codes:
        return _Spot(COUNTRY, codes=codes)
    found = [atlas.shapes[code] for code in codes if code in atlas.shapes] if atlas is not None else []
    if not found or len(found) < len(codes):
        return _Spot(COARSE, codes=codes)
    shape = shapely.transform(shapely.union_all(found), lambda xy: xy / 1e7)
    west, south, east, north = shapely.bounds(shape)
    return _Spot(COARSE, (float(west), float(south), float(east), float(north)), codes=codes, shape=shape)
