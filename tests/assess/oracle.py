"""A slow second opinion on places: densified edges and `pyproj.Geod`, and random shapes to ask it about."""

from __future__ import annotations

import math

import numpy as np
import shapely
from pyproj import Geod

from truceline.agreement.model import Zone
from truceline.areas import Gazetteer
from truceline.assess.place import Placed
from truceline.atlas import Atlas
from truceline.space import Floats, Geometry, Region, checked_polygon, in_degrees

GEOD = Geod(ellps="WGS84")
Rng = np.random.Generator


def drawn(shapes: dict[str, Geometry]) -> Placed:
    """Zones by id, drawn in degrees."""
    atlas = Atlas(Gazetteer(), {key: checked_polygon(shape, key) for key, shape in shapes.items()})
    return Placed({key: Zone(key, 0, annex=(key,)) for key in shapes}, atlas)


def metres(lon: Floats | float, lat: Floats | float, lon2: float, lat2: float) -> Floats:
    """Geodesic distances from many points to one."""
    lon, lat = np.atleast_1d(lon), np.atleast_1d(lat)
    _, _, length = GEOD.inv(lon, lat, np.full(len(lon), lon2), np.full(len(lon), lat2))
    return np.asarray(length)


def edges_of(shape: Geometry) -> Floats:
    """`(m, 4)` edges of every ring, on the grid, in degrees."""
    found = []
    for part in shapely.get_parts(shape):
        for ring in [part.exterior, *part.interiors]:
            xy = shapely.get_coordinates(ring)
            found.append(np.hstack([xy[:-1], xy[1:]]))
    return np.vstack(found)


def edge_distance_m(shape: Geometry, lon: float, lat: float) -> float:
    """Least geodesic distance of a point to the edges of a shape, each straight in longitude/latitude.

    Every edge is sampled ever more finely around its nearest sample until a step is below a millimetre.
    """
    edges = edges_of(shape)
    low, high = np.zeros(len(edges)), np.ones(len(edges))
    best = np.full(len(edges), math.inf)
    for points in (257, 33, 33, 33, 33, 33):
        t = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, points)[None, :]
        x = edges[:, None, 0] + t * (edges[:, None, 2] - edges[:, None, 0])
        y = edges[:, None, 1] + t * (edges[:, None, 3] - edges[:, None, 1])
        d = metres(x.ravel(), y.ravel(), lon, lat).reshape(t.shape)
        at, step = d.argmin(axis=1), (high - low) / (points - 1)
        best = np.minimum(best, d.min(axis=1))
        nearest = t[np.arange(len(t)), at]
        step_m = step * np.hypot(edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1]) * 112_000.0
        keep = best - step_m <= best.min()
        edges, best = edges[keep], best[keep]
        low, high = np.clip(nearest - step, 0, 1)[keep], np.clip(nearest + step, 0, 1)[keep]
    return float(best.min())


def disc_value(shape: Geometry, region: Region, slack_m: float = 0.05) -> int | None:
    """What a disc against a zone must answer; None where it is too near to say."""
    assert region.lon_e7 is not None
    assert region.lat_e7 is not None
    lon, lat = region.lon_e7 / 1e7, region.lat_e7 / 1e7
    gap = edge_distance_m(in_degrees(checked_polygon(shape, "oracle")), lon, lat) - region.radius_m
    if gap < 1 - slack_m:
        return 0
    if gap <= 1 + slack_m:
        return None
    return 1 if shapely.covers(shape, shapely.Point(lon, lat)) else -1


def random_polygon(rng: Rng, lon: float, lat: float, size_m: float) -> Geometry:
    """A polygon around a place: star-shaped, stretched, with a hole or a second part, edges up to the whole size."""
    n = int(rng.integers(3, 14))
    angle = np.sort(rng.uniform(0, 2 * math.pi, n)) if n > 4 else np.arange(n) * 2 * math.pi / n + rng.uniform(0, 1)
    reach = size_m * rng.uniform(0.25, 1.0, n)
    east = reach * np.cos(angle) * rng.choice([1.0, 1.0, 8.0, 0.2])
    north = reach * np.sin(angle)
    x = lon + east / (111_320 * math.cos(math.radians(lat)))
    y = np.clip(lat + north / 111_000, -84.0, 84.0)
    ring = np.round(np.stack([x, y], axis=1), 7)
    shape = shapely.make_valid(shapely.Polygon(ring))
    shape = shapely.MultiPolygon([p for p in shapely.get_parts(shape) if isinstance(p, shapely.Polygon)])
    if rng.random() < 0.4:
        hole = shapely.Polygon(
            lon + (ring - [lon, lat]) * [0.3, 0] + (ring - [lon, lat]) * [0, 0.3] - [lon, 0] + [0, lat]
        )
        shape = shapely.difference(shape, shapely.make_valid(hole)) if hole.is_valid else shape
    if rng.random() < 0.4:
        other = shapely.box(*(np.array([lon, lat, lon, lat]) + np.array([0.011, 0.007, 0.019, 0.013]) * size_m / 1000))
        shape = shapely.union(shape, other)
    parts = [
        p for p in shapely.get_parts(shapely.make_valid(shape)) if isinstance(p, shapely.Polygon) and p.area > 1e-12
    ]
    return shapely.MultiPolygon(parts)


def random_disc(rng: Rng, shape: Geometry) -> Region:
    """A disc near the edge of a shape: often one whose edge nearly touches, sometimes far, sometimes a point."""
    edges = edges_of(shape)
    a, b, c, d = edges[rng.integers(len(edges))]
    t = rng.uniform()
    lon, lat = a + t * (c - a), b + t * (d - b)
    away = float(rng.choice([0.0, 5.0, 100.0, 2_000.0, 25_000.0, 100_000.0]) * rng.uniform(0.2, 1.0))
    x, y, _ = GEOD.fwd(lon, lat, rng.uniform(0, 360), away)
    lon_e7, lat_e7 = round(float(np.clip(x, -179.9, 179.9)) * 1e7), round(float(np.clip(y, -84, 84)) * 1e7)
    gap = edge_distance_m(shape, lon_e7 / 1e7, lat_e7 / 1e7)
    near = max(0.0, gap + float(rng.choice([-3, -2, -1, 0, 1, 3, 50, -50, -0.3 * gap, 0.3 * gap])))
    return Region("disc", lon_e7, lat_e7, min(round(near), 100_000))
