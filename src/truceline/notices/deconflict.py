"""Do notices stand in one another's way, or in that of a zone? Every conflict by its name; nothing else.

A conflict asks its owners to look again, and to speak with one another. It is no advice to strike, it releases nothing
and nobody, and where none is found nothing is allowed: humanitarian law applies whatever the answer.

Two notices are in conflict when they can be too near one another in the same hours, and at the same height where both
say one. +1 surely; 0 because of how far a position may be off, because a height is not said, or nearer to the limit
than a hundredth of the distance; what is surely clear is not listed. A site counts at any hour, also when its date has
passed: absence from a list removes no protection.

Distances are measured in one conformal plane, which is true to a hundredth at the lengths that count here.

Source: docs/adr/0024-tracks-and-flights.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from truceline.notices.model import FLIGHT, MOVEMENT, PAUSE, REPAIR, SITE, Plotted
from truceline.space import BAND_M, UNITS_PER_DEGREE, Geometry
from truceline.span import FAR_AHEAD, LONG_AGO
from truceline.verdict import UNKNOWN, YES

CONFLICTS: Final[Mapping[str, str]] = {
    "overflight": "a notified flight passes over a notified site, or near it",
    "overflight-convoy": "a notified flight passes over a notified movement, or near it, in the same hours",
    "overflight-work": "a notified flight passes over a repair or a local pause, or near it, in the same hours",
    "crossing": "two notified flights can be in one place at one height in the same hours",
    "same-road": "two notified movements can be on one stretch of road in the same hours",
    "road-work": "a notified movement passes a repair in the same hours",
    "banned-zone": "a notified flight passes through a zone in which a term forbids flights: only an exception of the "
    "text can except it",
    "zone-crossed": "a notified movement or repair lies in a zone that the terms speak of",
    "edge": "a notified site lies on the edge of a zone: by its position nobody can say in which zone it is",
}  # fmt: skip
"""Every conflict and what it says; none says who may do what."""

NOTE: Final = (
    "A conflict asks its owners to look again. It is no advice to strike and releases nothing; where none is listed "
    "nothing is allowed."
)
FLIGHT_M, ROAD_M, CROSSING_M = 1_000, 200, 5_000
"""So near one another is too near: a flight and what is on the ground, two things on a road, two flights."""

RULES: Final[Mapping[tuple[str, str], tuple[str, int]]] = {
    (FLIGHT, SITE): ("overflight", FLIGHT_M),
    (FLIGHT, MOVEMENT): ("overflight-convoy", FLIGHT_M),
    (FLIGHT, REPAIR): ("overflight-work", FLIGHT_M),
    (FLIGHT, PAUSE): ("overflight-work", FLIGHT_M),
    (FLIGHT, FLIGHT): ("crossing", CROSSING_M),
    (MOVEMENT, MOVEMENT): ("same-road", ROAD_M),
    (MOVEMENT, REPAIR): ("road-work", ROAD_M),
}
"""Which kinds can conflict, how it is called, and how near is too near, metres."""

EARTH_M: Final = 6_371_000.0
OFF: Final = 0.01
"""The plane is true to this share of a distance."""

PIECE_DEG: Final = 0.05
_Numbers = NDArray[np.float64]
_Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Fenced:
    """A zone, as notices are held against it.

    Attributes:
        id: of the zone.
        shape: polygon or multipolygon in whole 1e-7 degree.
        bans_flight: whether a term forbids flights in it.
        low_m, high_m: floor and ceiling, metres above mean sea level; None = it has none.
        start, end: UTC seconds between which it is there; None = always.
    """

    id: str
    shape: Geometry
    bans_flight: bool = False
    low_m: int | None = None
    high_m: int | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, order=True)
class Conflict:
    """Two things that stand in one another's way.

    Attributes:
        code: a key of `CONFLICTS`.
        notice: number of the notice among those that were given.
        other: number of the other notice; -1 where it is a zone.
        zone: id of the zone; empty where it is a notice.
        value: +1 surely, 0 cannot be decided.
        since, until: UTC seconds of the hours that both have.
    """

    code: str
    notice: int
    other: int
    zone: str
    value: int
    since: int
    until: int

    @property
    def sentence(self) -> str:
        """What it says."""
        return CONFLICTS[self.code]


def conflicts(notices: Sequence[Plotted], zones: Sequence[Fenced] = ()) -> list[Conflict]:
    """Hold notices against one another and against zones.

    Args:
        notices: read; one that has no point is known by the names of its areas, and held against those of others and
            of zones: 0.
        zones: what they are held against.

    Returns:
        Every conflict, the sure ones first.
    """
    ground = _Ground.of(notices)
    found = [*_between(notices, ground), *_by_name(notices), *_with_zones(notices, ground, zones)]
    found += _with_zones_by_name(notices, zones)
    return sorted(found, key=lambda one: (-one.value, one.since, one.code, one.notice, one.other, one.zone))


# -- the plane -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Ground:
    """Notices in the plane.

    Attributes:
        number: `(k,)` of each that has a place, among all.
        shape: `(k,)` its point or route.
        off_m: `(k,)` by how much it may be off.
        metre: `(k,)` how long a metre is in the plane there, at the most.
        start, end: `(k,)` UTC seconds.
    """

    number: _Rows
    shape: NDArray[np.object_]
    off_m: _Numbers
    metre: _Numbers
    start: _Rows
    end: _Rows

    @classmethod
    def of(cls, notices: Sequence[Plotted]) -> _Ground:
        """Put the notices that have a place into the plane."""
        number = np.array([i for i, one in enumerate(notices) if one.lon_deg], np.int64)
        there = [notices[i] for i in number.tolist()]
        lat = np.array([max(map(abs, one.lat_deg)) for one in there], np.float64)
        hours = np.array([_hours(one) for one in there], np.int64).reshape(-1, 2)
        return cls(
            number, _drawn(there), np.array([one.accuracy_m for one in there], np.float64), _metre(lat),
            hours[:, 0], hours[:, 1],
        )  # fmt: skip


def _hours(one: Plotted) -> tuple[int, int]:
    """Between which UTC seconds a notice counts; a site at any hour."""
    return (LONG_AGO, FAR_AHEAD) if one.kind == SITE else (one.when.start, one.when.end)


def _metre(lat_deg: _Numbers) -> _Numbers:
    """How long a metre is in the plane at a latitude, in its units."""
    made: _Numbers = np.degrees(1.0 / EARTH_M) / np.maximum(np.cos(np.radians(np.minimum(np.abs(lat_deg), 85.0))), 1e-3)
    return made


def _lat_of(y: _Numbers) -> _Numbers:
    """Latitude of a height in the plane, degrees."""
    made: _Numbers = np.degrees(np.arcsin(np.tanh(np.radians(y))))
    return made


def _plane(xy: _Numbers) -> _Numbers:
    """Degrees as points of the plane (Mercator's, of a sphere)."""
    lat = np.radians(np.clip(xy[:, 1], -85.0, 85.0))
    return np.stack([xy[:, 0], np.degrees(np.arctanh(np.sin(lat)))], axis=-1)


def _drawn(notices: Sequence[Plotted]) -> NDArray[np.object_]:
    """Each notice as a point or a route of short pieces, which are straight in longitude and latitude."""
    made = np.empty(len(notices), object)
    for i, one in enumerate(notices):
        if len(set(zip(one.lon_deg, one.lat_deg, strict=True))) > 1:
            xy = np.stack([one.lon_deg, one.lat_deg], axis=-1)
            made[i] = shapely.transform(shapely.segmentize(shapely.LineString(xy), PIECE_DEG), _plane)
    points = np.array([i for i, shape in enumerate(made) if shape is None], np.int64)
    if len(points):
        xy = np.array([(notices[i].lon_deg[0], notices[i].lat_deg[0]) for i in points.tolist()])
        made[points] = shapely.points(_plane(xy))
    return made


# -- notices against one another -------------------------------------------------------------------------------------


def _between(notices: Sequence[Plotted], ground: _Ground) -> Iterator[Conflict]:
    kinds = np.array([notices[i].kind for i in ground.number.tolist()])
    for (one, other), (code, near_m) in RULES.items():
        mine, theirs = np.flatnonzero(kinds == one), np.flatnonzero(kinds == other)
        if not len(mine) or not len(theirs):
            continue
        a, b = _near(ground, mine, theirs, near_m)
        kept = (a != b) if one != other else (a < b)
        kept &= np.maximum(ground.start[a], ground.start[b]) < np.minimum(ground.end[a], ground.end[b])
        a, b = a[kept], b[kept]
        yield from _told(notices, ground, code, (a, b, _values(ground, a, b, near_m)))


def _by_name(notices: Sequence[Plotted]) -> Iterator[Conflict]:
    """Notices of which one has no point, and that name one area in the same hours: whether they meet is open."""
    named: dict[str, list[int]] = {}
    for number, one in enumerate(notices):
        for area in dict.fromkeys(one.areas):
            named.setdefault(area, []).append(number)
    told: set[tuple[int, int]] = set()
    for members in named.values():
        for a in (i for i in members if not notices[i].lon_deg):
            told |= {(a, b) for b in members if a != b} | {(b, a) for b in members if a != b}
    for a, b in sorted(told):
        rule = RULES.get((notices[a].kind, notices[b].kind))
        if rule is None or (notices[a].kind == notices[b].kind and a > b):
            continue
        (start, end), (begun, over) = _hours(notices[a]), _hours(notices[b])
        since, until = max(start, begun), min(end, over)
        is_clear = rule[0] == "crossing" and _same_height(notices[a], notices[b]) < UNKNOWN
        if since < until and not is_clear:
            yield Conflict(rule[0], a, b, "", UNKNOWN, since, until)


def _near(ground: _Ground, mine: _Rows, theirs: _Rows, near_m: int) -> tuple[_Rows, _Rows]:
    """Pairs that may be too near one another; rather too many."""
    most_off = float(ground.off_m[theirs].max(initial=0.0))
    longest = float(ground.metre.max())
    reach = (near_m + ground.off_m[mine] + most_off + BAND_M) * (1 + 3 * OFF) * longest
    (parts, of), (others, whose) = _stretches(ground.shape[mine]), _stretches(ground.shape[theirs])
    i, j = shapely.STRtree(others).query(parts, predicate="dwithin", distance=reach[of])
    met = np.unique(of[i] * len(theirs) + whose[j])
    return mine[met // len(theirs)], theirs[met % len(theirs)]


def _stretches(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], _Rows]:
    """Points, and routes piece by piece; and of which shape each is: the box around a whole route is half a country."""
    lines = np.flatnonzero(shapely.get_type_id(shapes) == 1)
    others = np.flatnonzero(shapely.get_type_id(shapes) != 1)
    xy, of = shapely.get_coordinates(shapes[lines], return_index=True)
    same = np.flatnonzero(of[1:] == of[:-1])
    pieces = shapely.linestrings(np.stack([xy[same], xy[same + 1]], axis=1)) if len(same) else np.empty(0, object)
    return np.concatenate([shapes[others], pieces]), np.concatenate([others, lines[of[same]]])


def _values(ground: _Ground, a: _Rows, b: _Rows, near_m: int) -> _Rows:
    """`(p,)` +1 surely too near, 0 perhaps, -1 surely not."""
    away = away_m(ground.shape[a], ground.shape[b])
    off = ground.off_m[a] + ground.off_m[b]
    sure = away * (1 + OFF) + off + BAND_M <= near_m
    clear = away * (1 - OFF) - off - BAND_M > near_m
    return np.where(sure, 1, np.where(clear, -1, 0)).astype(np.int64)


def away_m(one: NDArray[np.object_], other: NDArray[np.object_]) -> _Numbers:
    """How far shapes of the plane lie apart, in metres of the place where they come nearest: `(n,)`."""
    if not len(one):
        return np.zeros(0)
    ends = shapely.get_coordinates(shapely.shortest_line(one, other)).reshape(-1, 2, 2)
    made: _Numbers = np.hypot(*(ends[:, 1] - ends[:, 0]).T) / _metre(_lat_of(ends[:, :, 1].mean(axis=1)))
    return made


def _told(
    notices: Sequence[Plotted], ground: _Ground, code: str, pairs: tuple[_Rows, _Rows, _Rows]
) -> Iterator[Conflict]:
    """The pairs that are in conflict; `pairs` are two rows of the ground and the value of each."""
    a, b, values = pairs
    since, until = np.maximum(ground.start[a], ground.start[b]), np.minimum(ground.end[a], ground.end[b])
    for i, j, value, first, last in zip(*(v.tolist() for v in (a, b, values, since, until)), strict=True):
        one, other = int(ground.number[i]), int(ground.number[j])
        best = min(value, _same_height(notices[one], notices[other])) if code == "crossing" else value
        if best >= UNKNOWN:
            yield Conflict(code, one, other, "", best, first, last)


def _same_height(one: Plotted, other: Plotted) -> int:
    """Whether two flights are at one height: +1, -1, or 0 where one of them does not say."""
    bands = (one.low_m_amsl, one.high_m_amsl, other.low_m_amsl, other.high_m_amsl)
    low, high, floor, ceiling = bands
    if low is None or high is None or floor is None or ceiling is None:
        return UNKNOWN
    return YES if low <= ceiling and floor <= high else -1


# -- notices against zones -------------------------------------------------------------------------------------------


def _with_zones(notices: Sequence[Plotted], ground: _Ground, zones: Sequence[Fenced]) -> Iterator[Conflict]:
    if not len(ground.number) or not zones:
        return
    flat = np.array([shapely.transform(zone.shape, lambda xy: _plane(xy / UNITS_PER_DEGREE)) for zone in zones])
    shapely.prepare(flat)
    # Zones are asked about notices, and not the other way round: what asks is prepared once, and zones are large.
    reach = (float(ground.off_m.max()) + BAND_M) * (1 + 3 * OFF) * float(ground.metre.max())
    z, i = shapely.STRtree(ground.shape).query(flat, predicate="dwithin", distance=reach)
    lines = np.asarray(shapely.boundary(flat))
    shapely.prepare(lines)
    edge = away_m(lines[z], ground.shape[i])
    is_in = np.asarray(shapely.intersects(flat[z], ground.shape[i]))
    deep = np.zeros(len(i))
    moves = np.flatnonzero([notices[int(ground.number[row])].kind != SITE for row in i.tolist()])
    deep[moves] = _depth_m(ground.shape[i[moves]], flat[z[moves]], lines[z[moves]])
    for at in range(len(i)):
        zone, row = zones[int(z[at])], int(i[at])
        one = notices[int(ground.number[row])]
        margin = float(ground.off_m[row]) + BAND_M
        value = YES if is_in[at] and deep[at] * (1 - OFF) > margin else UNKNOWN
        is_near = bool(is_in[at]) or bool(edge[at] * (1 - OFF) <= margin)
        code = _code(one, zone, is_on_edge=bool(edge[at] * (1 - OFF) <= margin)) if is_near else ""
        since = max(int(ground.start[row]), LONG_AGO if zone.start is None else zone.start)
        until = min(int(ground.end[row]), FAR_AHEAD if zone.end is None else zone.end)
        if not code or since >= until:
            continue
        best = YES if code == "edge" else min(value, _in_band(one, zone)) if code == "banned-zone" else value
        if best >= UNKNOWN:
            yield Conflict(code, int(ground.number[row]), -1, zone.id, best, since, until)


def _with_zones_by_name(notices: Sequence[Plotted], zones: Sequence[Fenced]) -> Iterator[Conflict]:
    """Notices without a point that name a zone: where in it they are nobody knows."""
    named: dict[str, list[Fenced]] = {}
    for zone in zones:
        named.setdefault(zone.id, []).append(zone)
    for number, one in enumerate(notices):
        for zone in (zone for area in dict.fromkeys(one.areas) for zone in named.get(area, ()) if not one.lon_deg):
            code = _code(one, zone, is_on_edge=False)
            since = max(_hours(one)[0], LONG_AGO if zone.start is None else zone.start)
            until = min(_hours(one)[1], FAR_AHEAD if zone.end is None else zone.end)
            is_clear = code == "banned-zone" and _in_band(one, zone) < UNKNOWN
            if code and since < until and not is_clear:
                yield Conflict(code, number, -1, zone.id, UNKNOWN, since, until)


def _depth_m(
    shape: NDArray[np.object_], zone: NDArray[np.object_], line: NDArray[np.object_]
) -> _Numbers:  # fmt: skip
    """How far the deepest corner of each shape lies within its zone, metres; 0 = none does. `line`: edges of zones."""
    xy, of = shapely.get_coordinates(shape, return_index=True)
    box = shapely.bounds(zone)[of]
    boxed = np.flatnonzero((xy >= box[:, :2]).all(axis=1) & (xy <= box[:, 2:]).all(axis=1))
    points, of = np.asarray(shapely.points(xy[boxed]), object), of[boxed]
    inside = np.flatnonzero(shapely.contains(zone[of], points))
    deep = np.zeros(len(shape))
    np.maximum.at(deep, of[inside], away_m(line[of[inside]], points[inside]))
    return deep


def _code(one: Plotted, zone: Fenced, *, is_on_edge: bool) -> str:
    """Which conflict a notice has with a zone that it reaches; empty = none."""
    if one.kind == SITE:
        return "edge" if is_on_edge else ""
    if one.kind == FLIGHT:
        return "banned-zone" if zone.bans_flight else ""
    return "zone-crossed" if one.kind in (MOVEMENT, REPAIR) else ""


def _in_band(one: Plotted, zone: Fenced) -> int:
    """Whether a flight is at the height of a zone: +1, -1, or 0 where it does not say and the zone has one."""
    if zone.low_m is None or zone.high_m is None:
        return YES
    if one.low_m_amsl is None or one.high_m_amsl is None:
        return UNKNOWN
    if zone.low_m <= one.low_m_amsl and one.high_m_amsl <= zone.high_m:
        return YES
    return -1 if one.high_m_amsl < zone.low_m or zone.high_m < one.low_m_amsl else UNKNOWN
