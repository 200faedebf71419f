"""Where? Coordinates as integers, regions as what a source's words can mean, distances with a bound.

Longitude before latitude, WGS 84, quantised once to 1e-7 degree (about 1 cm): every inside-or-outside is decided on
these integers. Edges are straight in longitude/latitude (RFC 7946), distances are geodesic. The geodesic distance is
computed from the straight chord through the ellipsoid, whose error is known (`CHORD_ERROR`); what lies within that
error or 1 m of an edge is decided by nobody.

Source: RFC 7946; WGS 84 (NIMA TR8350.2).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from truceline.errors import InputError, quoted

UNITS_PER_DEGREE: Final = 10_000_000
BAND_M: Final = 1.0
"""Nearer to an edge than this is 0: no source knows a place that well."""

SEMI_MAJOR_M: Final = 6_378_137.0
FLATTENING: Final = 1 / 298.257223563
E2: Final = FLATTENING * (2 - FLATTENING)
ROOT_OF_REST: Final = math.sqrt(1 - E2)
RADIANS: Final = math.pi / 180
_SINE: Final = (272.0, 210.0, 156.0, 110.0, 72.0, 42.0, 20.0, 6.0)
_COSINE: Final = (240.0, 182.0, 132.0, 90.0, 56.0, 30.0, 12.0, 2.0)
CHORD_ERROR: Final = 0.015
"""Share of the chord's correction that may be wrong: the radii of curvature differ by at most 1.0 %."""

LEAST_LEAN: Final = 0.17
"""A line within 10 degrees of a direction has no side in that direction."""

MOST_RADIUS_M: Final = 2_000_000
MOST_VERTICES: Final = 1_000_000

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Geometry = shapely.Geometry


@dataclass(frozen=True)
class Region:
    """Everywhere a report can mean. One of seven kinds; fields that a kind does not use stay at their defaults.

    Attributes:
        kind: `disc`, `area` (one or more units of the gazetteer), `hull` (of two discs), `sector` (seen from a post),
            `line` (a road, a front), `outside` (outside every land zone), `none` (no place stated).
        lon_e7: longitude of the centre, of the post, or of the coded point, in 1e-7 degree; None = no point.
        lat_e7: its latitude.
        radius_m: of the disc, and of both discs of a hull.
        areas: codes of the units, for `area`.
        points_e7: `(lon, lat, lon, lat, ...)` for `line` and for the two centres of a `hull`.
        near_m: inner range of the sector.
        far_m: outer range of the sector.
        from_deg: first bearing of the sector, clockwise from true north.
        to_deg: last bearing of the sector, clockwise from the first.
        country: code of the stated country, to which the region is cut; empty = not stated.
    """

    kind: str
    lon_e7: int | None = None
    lat_e7: int | None = None
    radius_m: int = 0
    areas: tuple[str, ...] = ()
    points_e7: tuple[int, ...] = ()
    near_m: int = 0
    far_m: int = 0
    from_deg: float = 0.0
    to_deg: float = 0.0
    country: str = ""


NOWHERE: Final = Region("none")
KINDS: Final = ("disc", "area", "hull", "sector", "line", "outside", "none")


def quantise(lon_deg: float, lat_deg: float) -> tuple[int, int]:
    """Bring a position to the grid, to the nearest 1e-7 degree.

    Raises:
        InputError: not finite or out of range; the message never repeats the position.

    >>> quantise(36.65, 35.93)
    (366500000, 359300000)
    """
    if not (math.isfinite(lon_deg) and -180 <= lon_deg <= 180):
        raise InputError(f"longitude out of range: expected -180..180, got {quoted(round(lon_deg, 1))}")
    if not (math.isfinite(lat_deg) and -90 <= lat_deg <= 90):
        raise InputError(f"latitude out of range: expected -90..90, got {quoted(round(lat_deg, 1))}")
    return round(lon_deg * UNITS_PER_DEGREE), round(lat_deg * UNITS_PER_DEGREE)


def disc(lon_deg: float, lat_deg: float, radius_m: int, country: str = "") -> Region:
    """Everywhere within `radius_m` metres of a point."""
    if not 0 <= radius_m <= MOST_RADIUS_M:
        raise InputError(f"radius out of range: expected 0..{MOST_RADIUS_M} m, got {quoted(radius_m)}")
    lon_e7, lat_e7 = quantise(lon_deg, lat_deg)
    return Region("disc", lon_e7, lat_e7, radius_m, country=country)


def on_grid(shape: Geometry) -> Geometry:
    """Quantise a geometry in degrees: its coordinates become whole numbers of 1e-7 degree."""
    return shapely.transform(shape, lambda xy: np.round(xy * UNITS_PER_DEGREE))


def in_degrees(shape: Geometry) -> Geometry:
    """The same geometry in degrees, for drawing."""
    return shapely.transform(shape, lambda xy: xy / UNITS_PER_DEGREE)


def checked_polygon(shape: Geometry, name: str) -> Geometry:
    """Quantise a polygon and refuse what is not one.

    Args:
        shape: polygon or multipolygon in degrees.
        name: how the message calls it.

    Raises:
        InputError: not a polygon, out of range, too many vertices, crosses itself, no area, or spans the antimeridian.
    """
    if shapely.get_type_id(shape) not in (3, 6) or shapely.is_empty(shape):
        kind = "nothing" if shape is None else type(shape).__name__
        got = f"an empty {kind}" if shape is not None and shapely.is_empty(shape) else kind
        raise InputError(f"zone {quoted(name)}: expected a polygon, got {got}")
    xy = shapely.get_coordinates(shape)
    if len(xy) > MOST_VERTICES:
        raise InputError(f"zone {quoted(name)}: expected at most {MOST_VERTICES} vertices, got {len(xy)}")
    if not np.isfinite(xy).all() or (np.abs(xy) > (180.0, 90.0)).any():
        raise InputError(f"zone {quoted(name)}: a vertex is out of range, expected -180..180 and -90..90")
    if any(np.ptp(shapely.bounds(part)[[0, 2]]) > 180 for part in shapely.get_parts(shape)):
        raise InputError(f"zone {quoted(name)}: spans the antimeridian; cut it there into two polygons")
    if np.abs(xy[:, 1]).max() > 85:
        raise InputError(f"zone {quoted(name)}: reaches beyond 85 degrees of latitude, where no zone is judged")
    grid = on_grid(shape)
    if not shapely.is_valid(grid):
        raise InputError(f"zone {quoted(name)}: {_invalid(grid)}")
    if shapely.area(grid) == 0:
        raise InputError(f"zone {quoted(name)}: encloses no area")
    return shapely.normalize(grid)


def areal(shape: Geometry | None) -> Geometry:
    """The part of a shape that has an area; slivers below a square centimetre and stray points are left out."""
    if shape is not None and shapely.get_type_id(shape) in (3, 6):
        return shape
    parts: Iterable[Geometry] = [] if shape is None else shapely.get_parts(shape)
    return shapely.MultiPolygon([part for part in _polygons(parts) if shapely.area(part) > 1])


def whole_part(shape: Geometry | None) -> Geometry | None:
    """`areal`, or None where nothing of it is left."""
    solid = areal(shape)
    return None if shapely.is_empty(solid) else solid


def _polygons(parts: Iterable[Geometry]) -> Iterator[shapely.Polygon]:
    for part in parts:
        if isinstance(part, shapely.Polygon):
            yield part
        elif isinstance(part, shapely.MultiPolygon):
            yield from part.geoms


def sin_cos(deg: Floats) -> tuple[Floats, Floats]:
    """Sine and cosine of degrees, to 1e-15: polynomials of + - * and floor, so that every machine gives the same bits.

    Args:
        deg: `(n,)` degrees, or one number.

    >>> [float(round(v, 15)) for v in sin_cos(np.float64(30.0))]
    [0.5, 0.866025403784439]
    """
    quarters = np.floor(deg / 90.0 + 0.5)
    x = (deg - quarters * 90.0) * RADIANS
    y = x * x
    s, c = x * _series(y, _SINE), _series(y, _COSINE)
    quarter = quarters - 4.0 * np.floor(quarters / 4.0)
    first, second, third, fourth = (
        (quarter == 0) * 1.0,
        (quarter == 1) * 1.0,
        (quarter == 2) * 1.0,
        (quarter == 3) * 1.0,
    )
    return s * first + c * second - s * third - c * fourth, c * first - s * second - c * third + s * fourth


def _series(y: Floats, divisors: tuple[float, ...]) -> Floats:
    """1 - y/a (1 - y/b (1 - y/c ...)), the innermost first: Taylor's series of sine over x, and of cosine."""
    total = y * 0.0
    for divisor in divisors:
        total = y / divisor * (1.0 - total)
    return 1.0 - total


def arc_sin(x: Floats) -> Floats:
    """Arc sine for x <= 0.2 (a chord of 2,500 km), to 1e-15; by its series, for the same reason as `sin_cos`."""
    y = x * x
    total = y * 0.0
    for k in range(14, 0, -1):
        odd = 2.0 * k - 1.0
        total = y * odd * odd / (2.0 * k * (2.0 * k + 1.0)) * (1.0 + total)
    return x * (1.0 + total)


def earth_centred(lon_deg: Floats, lat_deg: Floats) -> tuple[Floats, Floats, Floats]:
    """Earth-centred coordinates of points on the ellipsoid: three `(n,)` arrays, metres."""
    sin_lat, cos_lat = sin_cos(lat_deg)
    sin_lon, cos_lon = sin_cos(lon_deg)
    n = SEMI_MAJOR_M / np.sqrt(1.0 - E2 * sin_lat * sin_lat)
    return n * cos_lat * cos_lon, n * cos_lat * sin_lon, n * (1.0 - E2) * sin_lat


def chord_m(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Length of the straight chord through the ellipsoid between points in degrees: `(n,)` metres."""
    x1, y1, z1 = earth_centred(lon1, lat1)
    x2, y2, z2 = earth_centred(lon2, lat2)
    return np.sqrt((x2 - x1) * (x2 - x1) + (y2 - y1) * (y2 - y1) + (z2 - z1) * (z2 - z1))


def metres_per_degree(lat_deg: Floats) -> tuple[Floats, Floats]:
    """Length of a degree of longitude and of latitude at a latitude: two `(n,)` arrays, metres."""
    s, c = sin_cos(lat_deg)
    w = 1.0 - E2 * s * s
    root = np.sqrt(w)
    return SEMI_MAJOR_M / root * c * RADIANS, SEMI_MAJOR_M * (1.0 - E2) / (w * root) * RADIANS


def geodesic_m(chord: Floats, lat_deg: Floats) -> tuple[Floats, Floats]:
    """Geodesic length of a straight chord through the ellipsoid, and how far it can be wrong.

    Args:
        chord: `(n,)` metres, at most 2,500 km.
        lat_deg: `(n,)` latitude of one end.

    Returns:
        `(n,)` metres and `(n,)` bound of the error in metres: 0.3 mm at 25 km, 13 mm at 100 km.
    """
    s, _ = sin_cos(lat_deg)
    radius = SEMI_MAJOR_M * ROOT_OF_REST / (1.0 - E2 * s * s)
    length = 2.0 * radius * arc_sin(chord / (2.0 * radius))
    return length, (length - chord) * CHORD_ERROR + 1e-6


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Geodesic distance of two points in degrees, metres; within the bound of `geodesic_m`.

    >>> round(distance_m(36.0, 35.0, 36.0, 35.1))
    11094
    """
    a_lon, a_lat, b_lon, b_lat = (np.asarray(deg) for deg in (lon1, lat1, lon2, lat2))
    length, _ = geodesic_m(chord_m(a_lon, a_lat, b_lon, b_lat), (a_lat + b_lat) / 2)
    return float(length)


def outline(region: Region) -> Geometry | None:
    """Shape of a region on the grid, to within 0.2 m of its true edge; None where its kind has none of its own."""
    if region.kind == "disc":
        return _circle(region, region.radius_m)
    if region.kind == "hull":
        ends = [
            _around(region.points_e7[i] / 1e7, region.points_e7[i + 1] / 1e7, float(region.radius_m)) for i in (0, 2)
        ]
        return on_grid(shapely.convex_hull(shapely.MultiPoint(np.vstack(ends))))
    if region.kind == "sector":
        return _sector(region)
    if region.kind == "line":
        return shapely.LineString(np.array(region.points_e7, dtype=np.float64).reshape(-1, 2))
    return None


def _centre(region: Region) -> tuple[float, float]:
    if region.lon_e7 is None or region.lat_e7 is None:
        raise InputError(f"a {region.kind} needs a position")
    return region.lon_e7 / UNITS_PER_DEGREE, region.lat_e7 / UNITS_PER_DEGREE


def _circle(region: Region, radius_m: float) -> Geometry:
    lon, lat = _centre(region)
    return on_grid(shapely.Polygon(_around(lon, lat, radius_m)) if radius_m else shapely.Point(lon, lat))


def sweep_deg(region: Region) -> float:
    """Width of a sector in degrees, clockwise from its first bearing to its last; equal bearings are a full circle."""
    return (region.to_deg - region.from_deg) % 360 or 360.0


def _sector(region: Region) -> Geometry:
    sweep = sweep_deg(region)
    if sweep >= 360:
        whole = _circle(region, region.far_m)
        return shapely.difference(whole, _circle(region, region.near_m)) if region.near_m else whole
    lon, lat = _centre(region)
    first, last = region.from_deg, region.from_deg + sweep
    outer = _around(lon, lat, region.far_m, first, last)
    inner = _around(lon, lat, region.near_m, first, last)[::-1] if region.near_m else np.array([[lon, lat]])
    there, back = (_ray(lon, lat, bearing, region.near_m, region.far_m) for bearing in (last, first))
    return on_grid(shapely.Polygon(np.vstack([outer, there[::-1], inner, back])))


def _around(lon: float, lat: float, radius_m: float, first: float = 0.0, last: float = 360.0) -> Floats:
    """Points `(n, 2)` in degrees on an arc about a centre, close enough that the sagitta is at most 0.1 m."""
    from pyproj import Geod  # noqa: PLC0415  # a slow import that most commands do not need

    step = math.degrees(2 * math.acos(1 - min(0.1 / max(radius_m, 0.2), 0.5)))
    n = max(math.ceil((last - first) / step), 4) + 1
    bearing = np.linspace(first, last, n)
    x, y, _ = Geod(ellps="WGS84").fwd(np.full(n, lon), np.full(n, lat), bearing, np.full(n, radius_m))
    return np.stack([x, y], axis=-1)


def _ray(lon: float, lat: float, bearing_deg: float, near_m: float, far_m: float) -> Floats:
    """Points `(n, 2)` in degrees along a bearing, every 250 m, both ends left out."""
    from pyproj import Geod  # noqa: PLC0415  # a slow import that most commands do not need

    metres = np.linspace(near_m, far_m, max(math.ceil((far_m - near_m) / 250), 2))[1:-1]
    n = len(metres)
    x, y, _ = Geod(ellps="WGS84").fwd(np.full(n, lon), np.full(n, lat), np.full(n, bearing_deg), metres)
    return np.stack([x, y], axis=-1)


def beside_line(points_deg: Floats, side: str, within_m: float) -> Geometry:
    """The strip on one side of a line: all points within `within_m` metres of it on its `side`, with flat ends.

    Worked out in a transverse Mercator plane about the line's middle, then quantised: the quantised strip is the zone.
    The scale of that plane is off by less than 0.01 % within 90 km of its middle.

    Args:
        points_deg: `(n, 2)` longitude, latitude of the line.
        side: `north`, `south`, `east` or `west`.
        within_m: width of the strip.

    Raises:
        InputError: the line runs along the asked direction, so that it has no such side.
    """
    from pyproj import Proj  # noqa: PLC0415  # a slow import that most commands do not need

    lon_0, lat_0 = (points_deg.min(axis=0) + points_deg.max(axis=0)) / 2
    plane = Proj(proj="tmerc", ellps="WGS84", lon_0=lon_0, lat_0=lat_0)
    dense = shapely.get_coordinates(shapely.segmentize(shapely.LineString(points_deg), 0.005))
    xy = np.stack(plane(dense[:, 0], dense[:, 1]), axis=-1)
    along = xy[-1] - xy[0]
    towards = np.array({"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}[side])
    lean = float(np.array([-along[1], along[0]]) @ towards) / max(float(np.hypot(*along)), 1e-9)
    if abs(lean) < LEAST_LEAN:
        raise InputError(
            f"a line that runs {'north to south' if along[1] ** 2 > along[0] ** 2 else 'east to west'} "
            f"has no {side} side"
        )
    sign = 1 if lean > 0 else -1
    strip = shapely.buffer(
        shapely.LineString(xy), sign * within_m, quad_segs=64, cap_style="flat", join_style="round", single_sided=True
    )
    back = shapely.transform(strip, lambda p: np.stack(plane(p[:, 0], p[:, 1], inverse=True), axis=-1))
    return checked_polygon(back, f"{side} of a line")


def _invalid(grid: Geometry) -> str:
    reason = shapely.is_valid_reason(grid)
    at = reason[reason.find("[") + 1 : reason.find("]")].split() if "[" in reason else []
    near = f" near {float(at[0]) / 1e7:.1f}, {float(at[1]) / 1e7:.1f}" if len(at) == 2 else ""
    return ("crosses itself" if reason.startswith("Self-intersection") else reason.split("[")[0].lower()) + near


FLAT_KINDS = (1, 2, 3, 4, 5, 6)
"""Point, LineString, Polygon, and many of each, as WKB numbers them."""


def is_flat_wkb(wkb: bytes) -> bool:
    """Whether a geometry holds no nested collection: by the thousand they would end the program, not raise."""
    try:
        return _end_of(wkb, 0, FLAT_KINDS) <= len(wkb)
    except (struct.error, ValueError):
        return False


def _end_of(wkb: bytes, at: int, kinds: Collection[int]) -> int:
    """Where a geometry ends that begins at a byte; the parts of a collection are of its own simple kind.

    Raises:
        struct.error: it ends too early. ValueError: it is of another kind.
    """
    order = "<" if wkb[at : at + 1] == b"\x01" else ">"
    code: int = struct.unpack_from(f"{order}I", wkb, at + 1)[0]
    kind, extra = code & 0x1FFFFFFF, (code & 0x1FFFFFFF) // 1000
    size = 8 * (2 + bool(code & 0x80000000) + bool(code & 0x40000000) + (0, 1, 1, 2, 9)[min(extra, 4)])
    kind, at = kind % 1000, at + (9 if code & 0x20000000 else 5)  # EWKB brings the code of its reference system
    if kind not in kinds:
        raise ValueError(f"a geometry of kind {kind}")
    number: int
    if kind == 1:
        return at + size
    number, at = struct.unpack_from(f"{order}I", wkb, at)[0], at + 4
    if kind == 2:
        return at + number * size
    for _ in range(number):
        if kind == 3:
            at += 4 + struct.unpack_from(f"{order}I", wkb, at)[0] * size
        else:
            at = _end_of(wkb, at, (kind - 3,))
    return at
