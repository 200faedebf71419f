"""Which reports lie within one zone, while it was in force and at its height? Asked again on every move of a corner.

A zone holds a report as `spec` holds it against the zones of a term, by place, time and height alone: no act, no actor
and no condition is asked. Places that many reports share are asked once; after a move only those are asked again that
the ground between the old and the new line can reach. The answers are those of a full recompute.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from truceline.agreement.model import Zone
from truceline.assess import spec
from truceline.assess.columns import Columns
from truceline.assess.place import Key, Placed
from truceline.assess.shelf import Shelf
from truceline.evidence.schema import Observation
from truceline.space import Bools, Geometry, Ints
from truceline.span import FAR_AHEAD, LONG_AGO
from truceline.verdict import NO, UNKNOWN, YES, Values

MARGIN_E7 = 2
"""Ground that changes is taken so much larger on each side, in 1e-7 degree."""

FEW = 500
"""So many places are asked anew sooner than it is found out which of them have to be."""

MOST_TIMES = 8
"""Times of validity whose answers are kept."""


Bound = tuple[int | None, int | None, int | None, int | None]
"""Floor, ceiling, first second and the second after the last of a zone; None = it has none."""

NO_BOUND: Bound = (None, None, None, None)


@dataclass(frozen=True)
class Held:
    """How reports lie to a zone.

    Attributes:
        place: `(k,)` how each distinct place lies to it: +1 within, 0 cannot be decided, -1 outside.
        codes: `(n,)` the place of each report.
        bound: of time and height, where all of the zone has one.
        bounded: `(n,)` whether each report falls within that; None = it has none.
        apart: `(n,)` the whole answer, where parts of the zone have bounds of their own.
    """

    place: Values
    codes: Ints
    bound: Bound = NO_BOUND
    bounded: Values | None = None
    apart: Values | None = None

    @cached_property
    def value(self) -> Values:
        """`(n,)` how each report lies to the zone, by place, time and height."""
        if self.apart is not None:
            return self.apart
        mine: Values = self.place[self.codes]
        return mine if self.bounded is None else np.minimum(mine, self.bounded)


@dataclass(frozen=True)
class _Anchor:
    """A shape for which every place was asked."""

    placed: Placed
    shape: Geometry
    place: Values


class Yard:
    """Reports, ready to be asked about zones."""

    def __init__(self, columns: Columns, placed: Placed) -> None:
        """Gather the distinct places.

        Args:
            columns: the reports.
            placed: the zones as they are.
        """
        self.columns, self.placed = columns, placed
        sample, self.codes = columns.spots.distinct()
        self.spots = columns.spots.take(sample)
        self._held: dict[str, Held] = {}
        self._anchors: dict[str, _Anchor] = {}
        self._places: dict[Key, Values] = {}
        self._times: OrderedDict[tuple[int | None, int | None], Values] = OrderedDict()

    def __len__(self) -> int:
        """Number of reports."""
        return len(self.columns)

    def as_it_is(self, zone_id: str) -> Held:
        """How the reports lie to a zone of the text; worked out once."""
        if zone_id not in self._held:
            self._held[zone_id] = self._of(zone_id, self.placed.zones, self._place_of)
        return self._held[zone_id]

    def nowhere(self) -> Held:
        """How they lie to a zone that there is not yet: outside."""
        return Held(np.full(len(self.spots), NO, np.int8), self.codes)

    def supposed(self, zone: Zone, shape: Geometry | None = None) -> Held:
        """How they lie to a zone that is otherwise.

        Args:
            zone: as it is to be; its id may be new, if it has a shape.
            shape: its new shape on the grid, as `space.checked_polygon` gives it; None = where it was.
        """
        placed = self._settled.moved(zone, shape)
        if shape is None:
            return self._of(zone.id, placed.zones, self._place_of)
        place = self._moved(zone.id, placed, shape)
        return self._of(zone.id, placed.zones, lambda _: place)

    # -- place, time, height -------------------------------------------------------------------------------------------

    def _of(self, zone_id: str, zones: Mapping[str, Zone], place_of: Callable[[Key], Values]) -> Held:
        layers = list(spec.layers((zone_id,), zones))
        held = [self._layer(zone, place_of(tuple(sorted(ids)))) for zone, ids in layers]
        if len(held) < 2:
            return held[0] if held else self.nowhere()
        place, apart = (np.maximum.reduce(many) for many in ([h.place for h in held], [h.value for h in held]))
        return Held(place, self.codes, apart=apart)

    def _layer(self, zone: Zone, place: Values) -> Held:
        """Zones of one time and one height."""
        bounds = [one for one in (self._time(zone), self._height(zone)) if one is not None]
        bounded = np.minimum.reduce(bounds) if bounds else None
        has_band = zone.low_m is not None and zone.high_m is not None
        band = (zone.low_m, zone.high_m) if has_band else (None, None)
        return Held(place, self.codes, (*band, zone.start, zone.end), bounded)

    def _time(self, zone: Zone) -> Values | None:
        """`(n,)` whether each report falls into the time of a zone; None = it is always there."""
        if zone.start is None and zone.end is None:
            return None
        key = (zone.start, zone.end)
        if key not in self._times:
            self._times[key] = during(self.columns, zone)
            while len(self._times) > MOST_TIMES:
                self._times.popitem(last=False)
        return self._times[key]

    def _height(self, zone: Zone) -> Values | None:
        """`(n,)` whether each report lies in the band of a zone; None = it has none."""
        if zone.low_m is None or zone.high_m is None:
            return None
        of_band = [
            spec.height(Observation("", 0, 1, low_m=low, high_m=high), zone).value for low, high in self.columns.bands
        ]
        found: Values = np.array(of_band, np.int8)[self.columns.band]
        return found

    def _place_of(self, ids: Key) -> Values:
        """`(k,)` how each place lies to some zones as they are, united."""
        if ids not in self._places:
            self._places[ids] = self._asked(self.placed, ids)
        return self._places[ids]

    def _asked(self, placed: Placed, ids: Key, chosen: Ints | None = None) -> Values:
        spots = self.spots if chosen is None else self.spots.take(chosen)
        must, may = (words[:, 0] & np.uint64(1) for words in placed.masks(spots, [ids]))
        return np.where(must, YES, np.where(may, UNKNOWN, NO)).astype(np.int8)

    # -- one shape after another ---------------------------------------------------------------------------------------

    def _moved(self, zone_id: str, placed: Placed, shape: Geometry) -> Values:
        """`(k,)` how each place lies to a zone that has another shape."""
        ids = (zone_id,)
        anchor = self._anchors.get(zone_id) or self._first(zone_id)
        if anchor is None:
            made = self._asked(placed, ids)
            self._anchors[zone_id] = _Anchor(placed, shape, made)
            return made
        near = self._reached(anchor, placed, shape, ids)
        if len(near) == len(self.spots):
            return self._asked(placed, ids)
        made = anchor.place.copy()
        if len(near):
            made[near] = self._asked(placed, ids, near)
        return made

    def _first(self, zone_id: str) -> _Anchor | None:
        """The zone as it is, where it has a shape that is known whole."""
        if zone_id not in self.placed.zones:
            return None
        ground = self.placed.ground((zone_id,))
        if ground.shape is None or ground.is_open:
            return None
        self._anchors[zone_id] = _Anchor(self.placed, ground.shape, self._place_of((zone_id,)))
        return self._anchors[zone_id]

    def _reached(self, anchor: _Anchor, placed: Placed, shape: Geometry, ids: Key) -> Ints:
        """The places that what changed of the ground can reach; those that are no discs all, for they are few."""
        found = [self._odd]
        for number, country in enumerate(self.spots.countries):
            rows = self._rows_of(number)
            if len(rows) <= FEW:
                found.append(rows)
                continue
            pairs: list[tuple[Geometry | None, Geometry | None]] = [(anchor.shape, shape)]
            if self.placed.has_shape(country):
                old, new = (one.cut(ids, country) or (None, None) for one in (anchor.placed, placed))
                pairs = list(zip(old, new, strict=True))
            boxes = [_changed(before, after) for before, after in pairs]
            found += [rows[self._shelf(number).near(box)] for box in boxes if box is not None]
        return np.unique(np.concatenate(found))

    @cached_property
    def _odd(self) -> Ints:
        return np.flatnonzero(self.spots.odd >= 0)

    @cached_property
    def _settled(self) -> Placed:
        """The zones as they are, with the shapes of places that are no discs: no move works them out again."""
        for region in self.spots.regions:
            self.placed.shape_of(region)
        return self.placed

    @cached_property
    def _by_country(self) -> dict[int, Ints]:
        return {}

    def _rows_of(self, number: int) -> Ints:
        if number not in self._by_country:
            self._by_country[number] = np.flatnonzero((self.spots.odd < 0) & (self.spots.country == number))
        return self._by_country[number]

    @cached_property
    def _shelves(self) -> dict[int, Shelf]:
        return {}

    def _shelf(self, number: int) -> Shelf:
        if number not in self._shelves:
            one = self.spots.take(self._rows_of(number))
            self._shelves[number] = Shelf(one.lon_e7, one.lat_e7, one.radius_m)
        return self._shelves[number]

    # -- whose line is it ----------------------------------------------------------------------------------------------

    def nearest(self, places: Ints, edges: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> Ints:
        """The nearest of some edges to some places, by its number; -1 for a place that is no disc.

        Args:
            places: `(m,)` indexes of distinct places.
            edges: ends, 1e-7 degree.
        """
        found = np.full(len(places), -1, np.int64)
        discs = np.flatnonzero(self.spots.odd[places] < 0)
        if not len(discs) or not edges:
            return found
        line = np.array(edges, np.float64)
        across = np.cos(np.radians(line[..., 1].mean() / 1e7))
        tree = shapely.STRtree(np.asarray(shapely.linestrings(line * (across, 1.0))))
        at = places[discs]
        points = shapely.points(self.spots.lon_e7[at] * across, self.spots.lat_e7[at].astype(np.float64))
        asked, edge = tree.query_nearest(points, all_matches=True)
        best = np.full(len(discs), len(edges), np.int64)
        np.minimum.at(best, asked, edge)  # of edges that are equally near the first
        found[discs] = best
        return found


def during(columns: Columns, zone: Zone) -> Values:
    """`(n,)` whether each report falls into the time of a zone: as `spec` says, an act that lasts by its best piece."""
    first = LONG_AGO + 1 if zone.start is None else zone.start
    last = FAR_AHEAD if zone.end is None else zone.end
    start, end = columns.start, columns.end
    if columns.lasts is not None:
        start = np.where(columns.lasts & (zone.start is not None), np.maximum(start, first), start)
        end = np.where(columns.lasts & (zone.end is not None), np.minimum(end, last), end)
    apart: Bools = (end <= first) | (start >= last) | (end <= start)
    within: Bools = (start >= first) & (end <= last)
    return np.where(apart, NO, np.where(within, YES, UNKNOWN)).astype(np.int8)


def _changed(before: Geometry | None, after: Geometry | None) -> tuple[int, int, int, int] | None:
    """The box of what one shape covers and the other does not, a trifle too large; None = there is nothing.

    What differs is bounded by lines that only one of the two has.
    """
    lines = np.concatenate([_lines_of(before), _lines_of(after)])
    order = np.lexsort(lines.T)
    lines = lines[order]
    same = (lines[1:] == lines[:-1]).all(axis=1)
    alone = ~(np.append(same, False) | np.append(False, same))
    if not alone.any():
        return None
    xy = lines[alone].reshape(-1, 2)
    (west, south), (east, north) = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
    return west - MARGIN_E7, south - MARGIN_E7, east + MARGIN_E7, north + MARGIN_E7


def _lines_of(shape: Geometry | None) -> Ints:
    """`(e, 4)` the lines of a shape, each from its lesser end."""
    if shape is None or shapely.is_empty(shape):
        return np.zeros((0, 4), np.int64)
    rings = shapely.get_rings(np.asarray(shapely.get_parts(shape)))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    points = np.rint(xy).astype(np.int64)
    ends: Ints = np.hstack([points[:-1], points[1:]])[ring[1:] == ring[:-1]]
    turned = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    ends[turned] = ends[turned][:, [2, 3, 0, 1]]
    return ends
