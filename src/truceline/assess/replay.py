"""What if a zone lay elsewhere, or were in force at another time or to another height? Judged anew where that matters.

A `Replay` holds everything that was judged once. A zone that moves changes only the clusters of its layer that it
leaves or comes to; the reports that those can reach, and the few about which `spec` is asked, are judged again with the
same tables. A zone that gets another time or height makes other layers: the reports that it can reach are judged again
with tables of their own. Either way the answers are those of a full recompute.

A what-if is about zones and about what happened: who moved what when is not its subject, and it keeps no track.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from truceline.agreement.conditions import zones_counted
from truceline.agreement.model import Zone
from truceline.assess import bulk
from truceline.assess.answers import Answers
from truceline.assess.columns import Columns
from truceline.assess.docket import Docket
from truceline.assess.evidences import Evidences
from truceline.assess.fold import Sheet, place_of
from truceline.assess.grids import Shorts, reach_between
from truceline.assess.ground import Ground, Neighbours
from truceline.assess.place import Key, Placed
from truceline.assess.shelf import Shelf, bounds_of
from truceline.assess.spec import Law
from truceline.errors import InputError, quoted
from truceline.group import Group
from truceline.space import Bools, Geometry, Ints, outline
from truceline.verdict import UNKNOWN, YES, Reason, Values, reasons_of

Box = tuple[int, int, int, int]
Bits = NDArray[np.uint64]
ANY = "any"
SEVERAL, UNKNOWN_ONE = "several", "unknown"
NEAR_E7 = 1_000
"""Beyond this, in 1e-7 degree (11 m), no edge is near to a shape."""

NO_ROWS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Shift:
    """Totals of one question before and after; *possibly* never includes *surely*.

    Attributes:
        surely, possibly: before and after.
    """

    surely: tuple[int, int]
    possibly: tuple[int, int]


@dataclass(frozen=True)
class Changed:
    """One answer that is not what it was.

    Attributes:
        observation: id of the report.
        term: id of the term, or `any`.
        before, after: -1, 0, +1.
        reasons_before, reasons_after: why, where it is 0.
    """

    observation: str
    term: str
    before: int
    after: int
    reasons_before: tuple[Reason, ...]
    reasons_after: tuple[Reason, ...]


@dataclass(frozen=True)
class Change:
    """What a what-if changes.

    Attributes:
        rows: `(m,)` the reports that were judged again.
        dockets: these reports before and after.
        totals: term id, and `any`, to totals over all reports.
        by_month, by_act, by_side: totals of *any* for the month in which a report begins, for what was done, and for
            the side that is said to have done it.
    """

    rows: Ints
    dockets: tuple[Docket, Docket]
    totals: Mapping[str, Shift]
    by_month: Mapping[str, Shift]
    by_act: Mapping[str, Shift]
    by_side: Mapping[str, Shift]

    @cached_property
    def before(self) -> Mapping[str, Answers]:
        """Term id, and `any`, to `(m,)` answers before, with their reasons: worked out when they are asked for."""
        return self._answers(self.dockets[0])

    @cached_property
    def after(self) -> Mapping[str, Answers]:
        """The same after."""
        return self._answers(self.dockets[1])

    def _answers(self, docket: Docket) -> dict[str, Answers]:
        every = {term: bulk.judge_all(docket, term) for term in self.totals if term != ANY}
        return {**every, ANY: bulk.judge_any_all(docket)}

    @cached_property
    def differ(self) -> Mapping[str, Bools]:
        """Term id, and `any`, to `(m,)` whether an answer is not what it was; a reason that changes is a change."""
        return {
            term: (old.value != self.after[term].value) | (old.why != self.after[term].why)
            for term, old in self.before.items()
        }

    def changed(self) -> Iterator[Changed]:
        """Every answer that is not what it was, by report and then term."""
        ids = None if self.dockets[0].columns.ids is None else self.dockets[0].columns.ids()
        terms = sorted(term for term, one in self.differ.items() if one.any())
        some = np.flatnonzero(np.any([self.differ[term] for term in terms], axis=0)) if terms else NO_ROWS
        for i in some.tolist():
            row = int(self.rows[i])
            for term in terms:
                if self.differ[term][i]:
                    old, new = self.before[term], self.after[term]
                    yield Changed(
                        str(row) if ids is None else ids[i], term, int(old.value[i]), int(new.value[i]),
                        reasons_of(int(old.why[i])), reasons_of(int(new.why[i])),
                    )  # fmt: skip


class Replay:
    """Reports judged once, so that a changed zone costs only what it changes."""

    def __init__(self, columns: Columns, law: Law) -> None:
        """Judge everything.

        Args:
            columns: the reports.
            law: what stands, as known then, and where the zones lie.
        """
        self.law, self.columns = law, columns
        self.docket = Docket.of_columns(columns, law)
        self.sheet: Sheet = bulk.judged(self.docket).sheet
        self.any: Values = bulk.signs_any_all(self.docket)
        self._tally = bulk.tally(self.docket)
        self._held: dict[tuple[str, Key], tuple[Neighbours, dict[bytes, Geometry]]] = {}

    def hold(self, zone_id: str) -> None:
        """Prepare for moves of one zone, as a hand takes it up: what does not move is worked out once.

        Raises:
            InputError: no such zone.
        """
        self._zone(zone_id)
        for ids in self.sheet.tables.layers.ids:
            if zone_id in ids:
                self._take_up(zone_id, ids)
        _ = self._shelf, self._splits, self._others, self._asked

    # -- asked on every move -----------------------------------------------------------------------------------------

    def move(self, zone_id: str, shape: Geometry) -> Change:
        """What changes if a zone has another shape.

        Args:
            zone_id: id of a zone of the agreement.
            shape: polygon or multipolygon in whole 1e-7 degree, as `space.checked_polygon` gives it.

        Raises:
            InputError: no such zone.
        """
        zone = self._zone(zone_id)
        if zone.parts or zone.is_withheld or zone_id in self._counted:
            return self.amend(zone, shape)
        placed = self.law.placed.moved(zone, shape)
        law = replace(self.law, placed=placed)
        every = self.sheet.tables.layers.ids
        layers = [i for i, ids in enumerate(every) if zone_id in ids]
        reach = [cluster for i in layers for cluster in self._resettled(zone_id, every[i], placed, shape)]
        near = self._reached(placed, [every[i] for i in layers], reach)
        turned, *bits = self._turned(placed, layers, near)
        rows = np.union1d(turned, self._asked)
        before, after = self.docket.part(rows), self.docket.part(rows)
        words = [whole[rows] for whole in place_of(self.docket, every)]
        at = np.searchsorted(rows, turned)
        for whole, fresh in zip(words, bits, strict=True):
            for column, i in enumerate(layers):
                bit = np.uint64(i % 64)
                whole[at, i // 64] = (whole[at, i // 64] & ~(np.uint64(1) << bit)) | (fresh[:, column] << bit)
        after.law = law  # the same text, on other ground: the tables stay
        after.columns.places[:] = [(placed, every, (words[0], words[1]))]
        return self._change(rows, before, after)

    def amend(self, zone: Zone, shape: Geometry | None = None) -> Change:
        """What changes if a zone has another time of validity, another height, and, where it is given, another shape.

        Args:
            zone: the zone as it is to be; its id is one of the agreement.
            shape: its new shape on the grid; None = where it was.

        Raises:
            InputError: no such zone.
        """
        self._zone(zone.id)
        placed = self.law.placed.moved(zone, shape)
        agreement = replace(self.law.standing.agreement, zones=placed.zones)
        seen = self.law.standing.seen
        seen = replace(seen, agreement=agreement, placed=placed) if isinstance(seen, Evidences) else seen
        standing = replace(self.law.standing, agreement=agreement, seen=seen, _kept={}, _making=[])
        law = replace(self.law, standing=standing, placed=placed)
        if zone.id in self._counted:  # a condition counts there: it can change what is in force, for any report
            rows = np.arange(len(self.columns), dtype=np.int64)
            return self._change(rows, self.docket, Docket.of_columns(replace(self.columns, places=[]), law))
        touched = {zone.id, *(key for key, one in placed.zones.items() if zone.id in one.parts)}
        ids = [
            key for one in (self.law.placed, placed) for key in touched if key in one.zones for key in _leaves(one, key)
        ]
        keys = [(key,) for key in dict.fromkeys(ids)]
        _, old = self.law.placed.masks(self.columns.spots, keys)
        _, new = placed.masks(self.columns.spots, keys)
        near = np.flatnonzero((old | new).any(axis=1))
        rows = np.union1d(near, self._asked)
        part = self.columns.take(rows)
        return self._change(rows, self.docket.part(rows), Docket.of_columns(replace(part, places=[]), law))

    # -- which reports can it matter to ------------------------------------------------------------------------------

    def _zone(self, zone_id: str) -> Zone:
        zones = self.law.placed.zones
        if zone_id not in zones:
            known = ", ".join(sorted(zones)[:20])
            raise InputError(f"no zone {quoted(zone_id)} in the agreement: expected one of {known}")
        return zones[zone_id]

    def _resettled(self, zone_id: str, ids: Key, placed: Placed, shape: Geometry) -> list[Geometry]:
        """Give the moved zones the ground of a layer; the clusters that are gone, and those that are new."""
        neighbours, old = self._take_up(zone_id, ids)
        stays, made = neighbours.joined_by(shape)
        rest = [one for one in ids if one != zone_id]
        grounds = [self.law.placed.ground((one,)) for one in rest]
        if not any(ground.codes or ground.is_open for ground in grounds):
            placed.settle(ids, Ground((), (*stays, *made), (*stays, *made)))
        kept = {neighbours.key_of(cluster) for cluster in stays}
        return [*(cluster for key, cluster in old.items() if key not in kept), *made]

    def _take_up(self, zone_id: str, ids: Key) -> tuple[Neighbours, dict[bytes, Geometry]]:
        """The neighbours of a zone in a layer, and the clusters of the layer as it is."""
        if (zone_id, ids) not in self._held:
            others = [cluster for one in ids if one != zone_id for cluster in self.law.placed.ground((one,)).clusters]
            old = self.law.placed.ground(ids).clusters
            self._held[(zone_id, ids)] = Neighbours(others), {shapely.to_wkb(cluster): cluster for cluster in old}
        return self._held[(zone_id, ids)]

    def _turned(self, placed: Placed, layers: Sequence[int], rows: Ints) -> tuple[Ints, Bits, Bits]:
        """Those of some rows that lie otherwise to some layers than before, and `(m, layers)` how: surely, possibly."""
        every = self.sheet.tables.layers.ids
        new = self._masks(placed, [every[i] for i in layers], rows)
        differ = np.zeros(len(rows), bool)
        for whole, fresh in zip(place_of(self.docket, every), new, strict=True):
            for column, i in enumerate(layers):
                differ |= ((whole[rows, i // 64] >> np.uint64(i % 64)) & np.uint64(1)) != fresh[:, column]
        chosen = np.flatnonzero(differ)
        return rows[chosen], new[0][chosen], new[1][chosen]

    def _masks(self, placed: Placed, layers: Sequence[Key], rows: Ints) -> tuple[Bits, Bits]:
        """`(m, layers)` whether some reports lie within some layers surely, and possibly: 0 or 1.

        What is cut to no country is asked of the clusters in its reach alone.
        """
        spots = self.columns.spots
        if self._is_plain_alone:
            must, may = self._local(placed, layers, rows).masks(spots.take(rows), layers)
            return _bits(must, len(layers)), _bits(may, len(layers))
        made = np.zeros((len(rows), len(layers)), np.uint64), np.zeros((len(rows), len(layers)), np.uint64)
        plain = self._is_plain[rows]
        for chosen, ground in ((plain, self._local(placed, layers, rows[plain])), (~plain, placed)):
            if chosen.any():
                found = ground.masks(spots.take(rows[chosen]), layers)
                for whole, words in zip(made, found, strict=True):
                    whole[chosen] = _bits(words, len(layers))
        return made

    def _local(self, placed: Placed, layers: Sequence[Key], rows: Ints) -> Placed:
        """The zones of some layers that some plain discs can reach."""
        spots = self.columns.spots
        if not len(rows):
            return placed
        box = _box_of(spots.lon_e7[rows], spots.lat_e7[rows], int(spots.radius_m[rows].max()))
        made = Placed(placed.zones, placed.atlas)
        for ids in layers:
            whole = placed.ground(ids)
            bounds = shapely.bounds(np.array(whole.clusters, dtype=object)).reshape(-1, 4)
            meets = (bounds[:, :2] <= box[2:]).all(axis=1) & (bounds[:, 2:] >= box[:2]).all(axis=1)
            clusters = tuple(whole.clusters[i] for i in np.flatnonzero(meets)) or whole.clusters[:1]
            made.settle(ids, replace(whole, clusters=clusters))
        return made

    def _reached(self, placed: Placed, layers: Sequence[Key], shapes: Sequence[Geometry]) -> Ints:
        """Rows that changed clusters of some layers can reach, each once."""
        spots = self.columns.spots
        boxes = [bounds_of(shape) for shape in shapes if not shapely.is_empty(shape)]
        if not boxes:
            return NO_ROWS
        found = [self._plain[self._shelf.near(box)] for box in _apart(boxes)]
        for number, country in enumerate(spots.countries):
            cuts = [self._cut_box(placed, ids, country) for ids in layers] if number else []
            found += [self._cut_rows(number)[self._cut_shelf(number).near(cut)] for cut in cuts if cut is not None]
        found += [rows for box, rows in self._others if any(_meet(box, one) for one in boxes)]
        return found[0] if len(found) == 1 else np.unique(np.concatenate(found))

    def _cut_box(self, placed: Placed, ids: Key, country: str) -> Box | None:
        """The box in which the rest of a country or the zone in it is not what it was; None = nowhere."""
        old, new = (one.cut(ids, country) for one in (self.law.placed, placed))
        if old is None or new is None:
            return None
        differ = [shapely.symmetric_difference(_or_empty(a), _or_empty(b)) for a, b in zip(old, new, strict=True)]
        whole = shapely.total_bounds(np.array(differ, dtype=object))
        if np.isnan(whole).any():
            return None
        west, south, east, north = (int(edge) for edge in whole)
        return west - 2, south - 2, east + 2, north + 2

    @cached_property
    def _counted(self) -> frozenset[str]:
        """Zones in which a condition of the text counts events."""
        return zones_counted(self.law.standing.agreement)

    @cached_property
    def _asked(self) -> Ints:
        """Rows about which `spec` is asked: somebody spoke of an exception, or it cuts them otherwise."""
        pieces = self.sheet.asked.pieces
        rows = pieces if self.docket.of is None else self.docket.of[pieces]
        return np.unique(np.concatenate([rows, self.docket.whole])).astype(np.int64)

    @cached_property
    def _is_plain(self) -> Bools:
        """`(n,)` whether a report is a disc that is cut to no country whose shape is known."""
        spots = self.columns.spots
        uncut = np.array([not self.law.placed.has_shape(country) for country in spots.countries])
        made: Bools = (spots.odd < 0) & uncut[spots.country]
        return made

    @cached_property
    def _is_plain_alone(self) -> bool:
        return bool(self._is_plain.all())

    @cached_property
    def _plain(self) -> Ints:
        return np.flatnonzero(self._is_plain)

    @cached_property
    def _shelf(self) -> Shelf:
        return self._shelf_of(self._plain)

    def _shelf_of(self, rows: Ints) -> Shelf:
        spots = self.columns.spots
        return Shelf(spots.lon_e7[rows], spots.lat_e7[rows], spots.radius_m[rows])

    def _cut_rows(self, number: int) -> Ints:
        spots = self.columns.spots
        return np.flatnonzero((spots.odd < 0) & (spots.country == number))

    def _cut_shelf(self, number: int) -> Shelf:
        if number not in self._cut_shelves:
            self._cut_shelves[number] = self._shelf_of(self._cut_rows(number))
        return self._cut_shelves[number]

    @cached_property
    def _cut_shelves(self) -> dict[int, Shelf]:
        return {}

    @cached_property
    def _others(self) -> list[tuple[Box, Ints]]:
        """The box of every region that is no disc, and the rows that have it."""
        spots = self.columns.spots
        order = np.argsort(spots.odd, kind="stable")
        starts = np.searchsorted(spots.odd[order], np.arange(len(spots.regions) + 1))
        made = []
        for i, region in enumerate(spots.regions):
            shape = self.law.placed.shape_of(region) if region.kind == "area" else outline(region)
            if shape is not None and not shapely.is_empty(shape):
                west, south, east, north = bounds_of(shape)
                box = (west - NEAR_E7, south - NEAR_E7, east + NEAR_E7, north + NEAR_E7)
                made.append((box, order[starts[i] : starts[i + 1]]))
            elif region.kind == "area":  # a unit without a shape is compared by code
                made.append(((-(1 << 40), -(1 << 40), 1 << 40, 1 << 40), order[starts[i] : starts[i + 1]]))
        return made

    # -- what comes out ----------------------------------------------------------------------------------------------

    def _change(self, rows: Ints, before: Docket, after: Docket) -> Change:
        old, new = (_signs(one, self._tally.terms) for one in (before, after))
        counts = self._tally.counts
        totals = {
            term: _shifted(old[term], new[term], counts[i, 2], counts[i, 1]) for i, term in enumerate(self._tally.terms)
        }
        by = [self._split(codes, names, rows, old[ANY], new[ANY]) for codes, names in self._splits]
        return Change(rows, (before, after), totals, *by)

    def _split(self, codes: Ints, names: Sequence[str], rows: Ints, old: Values, new: Values) -> dict[str, Shift]:
        """Totals of *any* by a code of the reports."""
        n = len(names)
        key = (codes.ctypes.data, n)
        if key not in self._bases:
            self._bases[key] = [np.bincount(codes[self.any == v], minlength=n) for v in (YES, UNKNOWN)]
        mine = codes[rows]
        moved = [
            np.bincount(mine[new == v], minlength=n) - np.bincount(mine[old == v], minlength=n) for v in (YES, UNKNOWN)
        ]
        sure, open_ = self._bases[key]
        return {
            name: Shift((int(sure[i]), int(sure[i] + moved[0][i])), (int(open_[i]), int(open_[i] + moved[1][i])))
            for i, name in enumerate(names)
        }

    @cached_property
    def _bases(self) -> dict[tuple[int, int], list[Ints]]:
        return {}

    @cached_property
    def _splits(self) -> tuple[Split, Split, Split]:
        return splits_of(self.columns, self.law.standing.agreement.group)


Split = tuple[Ints, list[str]]
"""`(n,)` a code of each report, and what the codes are called."""


def splits_of(columns: Columns, group: Group) -> tuple[Split, Split, Split]:
    """Reports by the month (UTC) in which they begin, by what was done, and by the side that is said to have done it.

    Args:
        columns: the reports.
        group: who is part of whom.
    """
    months = columns.start.astype("datetime64[s]").astype("datetime64[M]")
    kinds, month = np.unique(months, return_inverse=True)
    acts = [_one(doing) for doing in columns.doings]
    sides = [
        _one(tuple(dict.fromkeys(group.side(one) or group.chain(one)[-1] for one in named.ids)))
        for named in columns.names
    ]
    return (
        (month.astype(np.int64), [str(kind) for kind in kinds]),
        _named(columns.acts, acts),
        _named(columns.actor, sides),
    )


def _box_of(lon: Shorts, lat: Shorts, radius_m: int) -> Box:
    """A box around discs, 1e-7 degree; over the antimeridian it is the whole world."""
    south, north = int(lat.min()), int(lat.max())
    across, up = reach_between(radius_m + 1.0, south, north)
    west, east = int(lon.min()) - across, int(lon.max()) + across
    if west < -1_800_000_000 or east > 1_800_000_000:
        return -(1 << 40), -(1 << 40), 1 << 40, 1 << 40
    return west, south - up, east, north + up


def _one(ids: Sequence[str]) -> str:
    return ids[0] if len(ids) == 1 else SEVERAL if ids else UNKNOWN_ONE


def _named(codes: np.ndarray[tuple[int], np.dtype[np.int32]], names: Sequence[str]) -> tuple[Ints, list[str]]:
    """Codes by name: several codes may share one."""
    found = sorted({names[code] for code in np.unique(codes)})
    place = {name: i for i, name in enumerate(found)}
    to = np.array([place.get(name, 0) for name in names] or [0], np.int64)
    return to[codes], found


def _signs(docket: Docket, terms: Sequence[str]) -> dict[str, Values]:
    every = {term: bulk.signs_all(docket, term) for term in terms if term != ANY}
    return {**every, ANY: bulk.signs_any_all(docket)}


def _shifted(old: Values, new: Values, surely: int, possibly: int) -> Shift:
    sure, open_ = (int((new == v).sum()) - int((old == v).sum()) for v in (YES, UNKNOWN))
    return Shift((int(surely), int(surely) + sure), (int(possibly), int(possibly) + open_))


def _leaves(placed: Placed, zone_id: str) -> list[str]:
    parts = placed.zones[zone_id].parts
    return [leaf for part in parts for leaf in _leaves(placed, part)] if parts else [zone_id]


def _meet(a: Box, b: Box) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def _bits(words: Bits, n: int) -> Bits:
    """`(m, n)` the first bits of words: 0 or 1."""
    numbers = np.arange(n)
    return (words[:, numbers // 64] >> (numbers % 64).astype(np.uint64)) & np.uint64(1)


def _apart(boxes: Sequence[Box]) -> list[Box]:
    """Boxes that do not meet, over the same ground and no less."""
    made: list[Box] = []
    for one in boxes:
        box = one
        while near := [other for other in made if _meet(box, other)]:
            made = [other for other in made if other not in near]
            west, south, east, north = zip(box, *near, strict=True)
            box = (min(west), min(south), max(east), max(north))
        made.append(box)
    return made


def _or_empty(shape: Geometry | None) -> Geometry:
    return shapely.Polygon() if shape is None else shape
