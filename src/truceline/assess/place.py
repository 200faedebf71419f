"""Does everywhere a report can mean lie within the zone, outside it, or neither?

+1 the whole region lies within, -1 none of it does, 0 otherwise, and always 0 nearer than 1 m to an edge. Named
areas are compared by code; geometry decides only between gazetteers and for drawn zones. A region with a stated country
is cut to that country where its shape is known.

Inside or outside is decided on whole numbers of 1e-7 degree. Distances are geodesic: a plane decides what is clear of
the edge by a proven margin, the chord through the ellipsoid the rest (`space.geodesic_m`).

The steps of `Placed.compare`, repeated at their lines: 1 withheld or no place, 2 by code, 3 cut to the country, 4
discs, 5 shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from truceline.agreement.model import Zone
from truceline.atlas import Atlas
from truceline.space import (
    BAND_M,
    Floats,
    Geometry,
    Ints,
    Region,
    beside_line,
    checked_polygon,
    distance_m,
    ecef,
    geodesic_m,
    metres_per_degree,
    outline,
)
from truceline.verdict import NO, SURE, UNKNOWN, YES, Answer, Reason, Values, alike, any_of, undecided

Bools = NDArray[np.bool_]
DISC_CHUNK = 200_000
EARTH_M = 6_300_000.0
UNPLACED = undecided(Reason.PLACE)


@dataclass(frozen=True)
class Ground:
    """The place of a zone, or of the union of several.

    Attributes:
        codes: units of the gazetteer among its parts.
        shape: union of all its parts, on the grid; None = no part has a shape.
        drawn: union of the parts that are no units; None = all are units.
        is_withheld: a part was never published.
        is_missing: a part is in no file of areas.
    """

    codes: tuple[str, ...]
    shape: Geometry | None
    drawn: Geometry | None = None
    is_withheld: bool = False
    is_missing: bool = False


@dataclass
class Placed:
    """Zones by id on the shapes of an atlas; every comparison is worked out once and kept."""

    zones: Mapping[str, Zone]
    atlas: Atlas
    _grounds: dict[tuple[str, ...], Ground] = field(default_factory=dict, repr=False)
    _answers: dict[tuple[Region, tuple[str, ...]], Answer] = field(default_factory=dict, repr=False)
    _fences: dict[tuple[tuple[str, ...], str], tuple[Fence | None, Fence | None]] = field(
        default_factory=dict, repr=False
    )

    def ground(self, zones: Sequence[str]) -> Ground:
        """The united place of some zones."""
        key = tuple(sorted(set(zones)))
        if key not in self._grounds:
            found = [self._ground(self.zones[zone]) for zone in key]
            self._grounds[key] = _united(found)
        return self._grounds[key]

    def compare(self, region: Region, zones: Sequence[str]) -> Answer:
        """Whether a region lies within the union of zones: +1, -1, or 0 with `place` or `withheld text`."""
        return self.compare_all([region], zones)[0]

    def compare_area(self, region: Region, area: str) -> Answer:
        """Whether a region lies within a zone of the agreement or a unit of the gazetteer; an unknown area is 0."""
        if area in self.zones:
            return self.compare(region, (area,))
        key = (f"admin:{area}",)
        self._grounds.setdefault(key, self.ground_of_codes((area,)))
        return self._compare([region], key)[0]

    def compare_all(self, regions: Sequence[Region], zones: Sequence[str]) -> list[Answer]:
        """`compare` for many regions; discs go together."""
        key = tuple(sorted(set(zones)))
        new = [region for region in dict.fromkeys(regions) if (region, key) not in self._answers]
        for region, answer in zip(new, self._compare(new, key), strict=True):
            self._answers[(region, key)] = answer
        return [self._answers[(region, key)] for region in regions]

    def _compare(self, regions: Sequence[Region], key: tuple[str, ...]) -> list[Answer]:
        ground = self.ground(key)
        values = np.full(len(regions), UNKNOWN, np.int8)
        discs: dict[str, list[int]] = {}
        for i, region in enumerate(regions):
            simple = self._simple(region, ground)  # 1, 2
            if simple is not None:
                values[i] = simple
            elif region.kind == "disc":
                discs.setdefault(self._cut_of(region), []).append(i)
            else:
                values[i] = self._shaped(region, ground, key)  # 3, 5
        for country, chosen in discs.items():
            values[chosen] = self._discs([regions[i] for i in chosen], key, country)  # 3, 4
        return [self._answer(int(value), ground) for value in values]

    def _simple(self, region: Region, ground: Ground) -> int | None:
        """What needs no geometry; None = geometry decides."""
        if region.kind == "none":
            return UNKNOWN
        if region.kind == "outside":
            return NO
        if region.kind == "area":
            return self._by_code(region, ground)
        return UNKNOWN if ground.shape is None and not ground.codes else None

    def _by_code(self, region: Region, ground: Ground) -> int | None:
        """Units against units; None where the lists do not say, and where drawn parts could change the answer."""
        if not ground.codes:
            return None
        compare = self.atlas.gazetteer.compare
        each = [any_or_none([compare(area, code) for code in ground.codes]) for area in region.areas]
        if any(value is None for value in each):
            return None
        value = alike(value for value in each if value is not None)
        if value == YES or ground.drawn is None:
            return value
        shape = self._shape(region)
        beside = UNKNOWN if shape is None else _relation(shape, ground.drawn)
        return value if beside == NO else YES if beside == YES else None

    def ground_of_codes(self, codes: tuple[str, ...]) -> Ground:
        """The place of some units."""
        key = ("admin", *codes)
        if key not in self._grounds:
            known = [self.atlas.gazetteer.code(code) for code in codes]
            shapes = [self.atlas.shapes[code] for code in known if code in self.atlas.shapes]
            shape = (
                None if not shapes else shapes[0] if len(shapes) == 1 else shapely.union_all(np.array(shapes, object))
            )
            self._grounds[key] = Ground(codes, shape, is_missing=len(shapes) < len(codes))
        return self._grounds[key]

    def _cut_of(self, region: Region) -> str:
        code = self.atlas.gazetteer.code(region.country)
        return code if region.country and code in self.atlas.shapes else ""

    def _fence(self, key: tuple[str, ...], country: str) -> tuple[Fence | None, Fence | None]:
        """What a region must stay clear of to be within, and to be outside; None = nothing there."""
        if (key, country) not in self._fences:
            shape = self.ground(key).shape
            if not country:
                fence = None if shape is None else Fence(shape)
                self._fences[(key, "")] = (fence, fence)
            else:
                whole = self.atlas.shapes[country]
                rest = whole if shape is None else shapely.difference(whole, shape)
                inside = None if shape is None else shapely.intersection(whole, shape)
                self._fences[(key, country)] = (_fence_of(rest), _fence_of(inside))
        return self._fences[(key, country)]

    def _discs(self, regions: Sequence[Region], key: tuple[str, ...], country: str) -> Values:
        rest, inside = self._fence(key, country)
        centres = np.array([(r.lon_e7, r.lat_e7) for r in regions], dtype=np.int64)
        radii = np.array([r.radius_m for r in regions], dtype=np.float64)
        if not country:
            if inside is None:
                return np.zeros(len(regions), np.int8)
            holds, near = inside.holds(centres), inside.is_near(centres, radii)
            return np.where(near, UNKNOWN, np.where(holds, YES, NO)).astype(np.int8)
        free_of_rest = _is_clear(rest, centres, radii)
        free_of_zone = _is_clear(inside, centres, radii)
        value = np.where(free_of_rest & ~free_of_zone, YES, np.where(free_of_zone & ~free_of_rest, NO, UNKNOWN))
        return value.astype(np.int8)

    def _shaped(self, region: Region, ground: Ground, key: tuple[str, ...]) -> int:
        """Areas, lines, sectors and hulls against what is drawn."""
        shape = self._shape(region)
        if shape is None or ground.shape is None:
            return UNKNOWN
        country = self._cut_of(region)
        if country and region.kind != "area":
            return _cut_relation(shapely.intersection(shape, self.atlas.shapes[country]), *self._fence(key, country))
        return _relation(shape, ground.shape)

    def _shape(self, region: Region) -> Geometry | None:
        if region.kind != "area":
            return outline(region)
        ground = self.ground_of_codes(region.areas)
        return None if ground.is_missing else ground.shape

    def _answer(self, value: int, ground: Ground) -> Answer:
        if value == YES:
            return SURE
        if ground.is_withheld:
            return undecided(Reason.WITHHELD_TEXT)
        if value == NO and not ground.is_missing:
            return Answer(NO)
        return UNPLACED

    def _ground(self, zone: Zone) -> Ground:
        if zone.is_withheld:
            return Ground((), None, is_withheld=True)
        if zone.parts:
            return self.ground(zone.parts)
        units = [self.ground_of_codes(zone.codes)] if zone.codes else []
        if units or zone.annex:
            return _united([*units, *(_drawn(self.atlas.shapes.get(key)) for key in zone.annex)])
        if zone.polygon:
            return _drawn(checked_polygon(shapely.Polygon(zone.polygon), zone.id))
        points = self.atlas.lines.get(zone.line)
        return _drawn(None if points is None else beside_line(points, zone.side, zone.within_m))


class Fence:
    """The edge of a shape, asked by many discs: does it hold their centre, does its edge come near?"""

    def __init__(self, shape: Geometry) -> None:
        """Keep the shape, on the grid."""
        self.shape = shape
        shapely.prepare(self.shape)

    def holds(self, centres: Ints) -> Bools:
        """Whether each centre `(n, 2)` on the grid lies inside or on the edge; decided on whole numbers."""
        return shapely.intersects_xy(self.shape, centres[:, 0].astype(float), centres[:, 1].astype(float))

    @cached_property
    def _edges(self) -> tuple[Floats, shapely.STRtree]:
        """`(m, 4)` degrees of every edge, and a tree over their boxes."""
        edges = []
        for ring in shapely.get_parts(shapely.boundary(shapely.MultiPolygon(_polygons(self.shape)))):
            xy = shapely.get_coordinates(ring) / 1e7
            edges.append(np.hstack([xy[:-1], xy[1:]]))
        flat = np.vstack(edges) if edges else np.zeros((0, 4))
        boxes = shapely.box(
            np.minimum(flat[:, 0], flat[:, 2]), np.minimum(flat[:, 1], flat[:, 3]),
            np.maximum(flat[:, 0], flat[:, 2]), np.maximum(flat[:, 1], flat[:, 3]),
        )  # fmt: skip
        return flat, shapely.STRtree(boxes)

    def is_near(self, centres: Ints, radii: Floats) -> Bools:
        """Whether the edge comes nearer to a centre than its radius and 1 m.

        Args:
            centres: `(n, 2)` on the grid.
            radii: `(n,)` metres.
        """
        flat, tree = self._edges
        lon, lat = centres[:, 0] / 1e7, centres[:, 1] / 1e7
        reach = (radii + BAND_M) * 1.001 + 1.0
        high = np.minimum(np.abs(lat) + reach / 110_000.0, 89.0)
        east, _ = metres_per_degree(high)
        dx, dy = reach / east, reach / 110_000.0
        near = np.zeros(len(lon), bool)
        for shift, rows in ((0.0, np.ones(len(lon), bool)), (-360.0, lon + dx > 180.0), (360.0, lon - dx < -180.0)):
            chosen = np.flatnonzero(rows)  # over the antimeridian a disc is asked on both sides of the map
            x, y = lon[chosen] + shift, lat[chosen]
            boxes = shapely.box(x - dx[chosen], y - dy[chosen], x + dx[chosen], y + dy[chosen])
            disc_of, edge_of = tree.query(boxes)
            self._mark(
                near, chosen[disc_of], lon=lon[chosen][disc_of] + shift, lat=lat, radii=radii, edges=flat[edge_of]
            )
        return near

    @staticmethod
    def _mark(near: Bools, discs: Ints, *, lon: Floats, lat: Floats, radii: Floats, edges: Floats) -> None:
        """Mark the discs that one of their edges comes near to, in pieces of bounded size."""
        for at in range(0, len(discs), DISC_CHUNK):
            here = slice(at, at + DISC_CHUNK)
            todo = ~near[discs[here]]
            d = discs[here][todo]
            near[d[_edge_near(lon[here][todo], lat[d], radii[d], edges[here][todo])]] = True


def _edge_near(lon: Floats, lat: Floats, radii: Floats, edges: Floats) -> Bools:
    """Whether each edge comes nearer than radius + 1 m to its point; a plane first, the ellipsoid where that is close.

    The plane is true to scale at the point. At a distance d its error is below `4 d / R (1 + tan lat)` of d: the scale
    of a parallel changes by tan(lat) per radian, that of a meridian by less than 1 %.
    """
    east, north = metres_per_degree(lat)
    ax, ay = (edges[:, 0] - lon) * east, (edges[:, 1] - lat) * north
    bx, by = (edges[:, 2] - lon) * east, (edges[:, 3] - lat) * north
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.clip(np.where(length2 > 0, -(ax * dx + ay * dy) / length2, 0.0), 0.0, 1.0)
    plane = np.hypot(ax + t * dx, ay + t * dy)
    limit = radii + BAND_M
    share = 4.0 * limit / EARTH_M * (1.0 + np.tan(np.radians(np.abs(lat)))) + 1e-3
    hit = plane < limit * (1.0 - share)
    close = np.flatnonzero(~hit & (plane < limit * (1.0 + share)))
    if len(close):
        length, bound = _least_geodesic(
            lon[close], lat[close], edges[close], t=t[close], length_m=np.sqrt(length2[close]), limit=limit[close]
        )
        hit[close] = length - bound < limit[close]
    return hit


def _least_geodesic(
    lon: Floats, lat: Floats, edges: Floats, *, t: Floats, length_m: Floats, limit: Floats
) -> tuple[Floats, Floats]:
    """Least geodesic distance of points to edges that are straight in longitude/latitude, and its bound, metres.

    Golden-section search for the nearest place around the plane's answer `t`; the squared chord is convex there.
    """
    centre = ecef(lon, lat)
    around = (0.1 * limit + 100.0) / np.maximum(length_m, 1e-9)
    low, high = np.clip(t - around, 0.0, 1.0), np.clip(t + around, 0.0, 1.0)

    def chord(at: Floats) -> Floats:
        x = edges[:, 0] + at * (edges[:, 2] - edges[:, 0])
        y = edges[:, 1] + at * (edges[:, 3] - edges[:, 1])
        length: Floats = np.linalg.norm(ecef(x, y) - centre, axis=1)
        return length

    ratio = (np.sqrt(5.0) - 1) / 2
    for _ in range(60):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        left = chord(a) < chord(b)
        high, low = np.where(left, b, high), np.where(left, low, a)
    least = np.minimum(chord((low + high) / 2), np.minimum(chord(low), chord(high)))
    return geodesic_m(least, lat)


def _relation(shape: Geometry, zone: Geometry) -> int:
    """+1 within, -1 disjoint, 0 otherwise or nearer than 1 m to an edge."""
    edge = shapely.boundary(shape) if shapely.get_dimensions(shape) == 2 else shape
    if shapely.get_dimensions(shape) == 1:
        near = _edges_near(shape, shapely.boundary(zone))
        return (
            UNKNOWN
            if near
            else YES
            if shapely.covers(zone, shape)
            else NO
            if shapely.disjoint(zone, shape)
            else UNKNOWN
        )
    if shapely.disjoint(shape, zone):
        return UNKNOWN if _edges_near(edge, shapely.boundary(zone)) else NO
    if shapely.covers(zone, shape):
        return UNKNOWN if _edges_near(edge, shapely.boundary(zone)) else YES
    return UNKNOWN


def _cut_relation(shape: Geometry, rest: Fence | None, inside: Fence | None) -> int:
    """A region cut to its country: +1 clear of the rest of the country, -1 clear of the zone, 0 otherwise."""
    if shapely.is_empty(shape):
        return UNKNOWN
    free_of_rest, free_of_zone = (fence is None or _relation(shape, fence.shape) == NO for fence in (rest, inside))
    return UNKNOWN if free_of_rest == free_of_zone else YES if free_of_rest else NO


def _edges_near(a: Geometry, b: Geometry) -> bool:
    """Whether two edges come nearer than 1 m: their nearest points in a plane true to scale, measured geodesically."""
    low, high = shapely.bounds(a)[[1, 3]] / 1e7
    east, north = metres_per_degree(np.array([(low + high) / 2]))
    scale = np.array([east[0], north[0]]) / 1e7
    plane_a, plane_b = (shapely.transform(s, lambda xy: xy * scale) for s in (a, b))
    if shapely.distance(plane_a, plane_b) > 10.0:
        return False
    (x1, y1), (x2, y2) = shapely.get_coordinates(shapely.shortest_line(plane_a, plane_b)) / scale / 1e7
    return distance_m(x1, y1, x2, y2) < BAND_M


def _is_clear(fence: Fence | None, centres: Ints, radii: Floats) -> Bools:
    if fence is None:
        return np.ones(len(centres), bool)
    return ~fence.holds(centres) & ~fence.is_near(centres, radii)


def _fence_of(shape: Geometry | None) -> Fence | None:
    parts = [] if shape is None else _polygons(shape)
    return Fence(shapely.MultiPolygon(parts)) if parts else None


def _polygons(shape: Geometry) -> list[shapely.Polygon]:
    """The polygons of a shape; slivers below a square centimetre and stray points are left out."""
    parts = shapely.get_parts(shape)
    return [part for part in parts if isinstance(part, shapely.Polygon) and shapely.area(part) > 1]


def _united(grounds: Sequence[Ground]) -> Ground:
    if len(grounds) == 1:
        return grounds[0]
    return Ground(
        codes=tuple(code for ground in grounds for code in ground.codes),
        shape=_union([ground.shape for ground in grounds]),
        drawn=_union([ground.drawn for ground in grounds]),
        is_withheld=any(ground.is_withheld for ground in grounds),
        is_missing=any(ground.is_missing for ground in grounds),
    )


def _union(shapes: Sequence[Geometry | None]) -> Geometry | None:
    found = [shape for shape in shapes if shape is not None]
    return shapely.union_all(np.array(found, dtype=object)) if found else None


def _drawn(shape: Geometry | None) -> Ground:
    return Ground((), shape, shape, is_missing=shape is None)


def any_or_none(values: Sequence[int | None]) -> int | None:
    """`or` where some answers are open: +1 wins over an open one, an open one over the rest."""
    if YES in values:
        return YES
    return None if None in values else any_of(value for value in values if value is not None)
