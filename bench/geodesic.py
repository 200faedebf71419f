"""Who is right where two engines differ about a disc? The distance to the edge on the ellipsoid, by pyproj."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Geod

from bench.zones import UNIT, Column, Shape

Floats = npt.NDArray[np.float64]

EDGE_M = 1.0
PLANE_M, PLANE_SHARE = 1.0, 2e-4
"""How far the plane of the peer may be off: an edge bends by a metre, its scale changes by 2e-4 over 25 km."""

WORDS = "1 m, and 1 m and 0.02 % of the radius for the plane"
MOST = 50_000
STEPS = 40
WGS84 = Geod(ellps="WGS84")


def is_far(shapes: Column, *, zone: Column, lon_e7: Column, lat_e7: Column, radius_m: Column) -> npt.NDArray[np.bool_]:
    """Whether the edge of a zone is further from the limit of a disc than the bound: then both cannot be right.

    Args:
        shapes: of the zones `(z,)`.
        zone: which zone is asked about `(n,)`.
        lon_e7: centre of the disc, longitude in 1e-7 degree `(n,)`.
        lat_e7: and latitude `(n,)`.
        radius_m: radius of the disc `(n,)`.
    """
    if len(zone) > MOST:
        return np.ones(len(zone), bool)  # so many differences are no matter of rounding
    away = distance_m(shapes, zone=zone, lon=lon_e7 / UNIT, lat=lat_e7 / UNIT)
    return np.asarray(np.abs(away - radius_m) > EDGE_M + PLANE_M + PLANE_SHARE * radius_m)


def distance_m(shapes: Column, *, zone: Column, lon: Floats, lat: Floats) -> Floats:
    """Geodesic distance from points to the edges of zones, in metres `(n,)`.

    An edge is straight in longitude and latitude. The edges that can be nearest are chosen on a plane at the point that
    is good to 2 %; each of them is searched by golden section.
    """
    edges = {number: _edges(shapes[number]) for number in np.unique(zone)}
    picked, owner = [], []
    for index, number in enumerate(zone):
        ends = edges[number]
        plane = _plane_m(ends, lon[index], lat[index])
        some = np.flatnonzero(plane <= plane.min() * 1.04 + 1)
        picked.append(ends[some])
        owner.append(np.full(len(some), index))
    if not picked:
        return np.zeros(0)
    ends, of = np.concatenate(picked), np.concatenate(owner)
    found = np.full(len(zone), np.inf)
    np.minimum.at(found, of, _nearest_m(ends, lon[of], lat[of]))
    return found


def _edges(shape: Shape) -> Floats:
    """The edges of a shape `(e, 4)` in degrees: from longitude, latitude to longitude, latitude."""
    rings = [shapely.get_coordinates(ring) / UNIT for ring in shapely.get_rings(shapely.get_parts(shape))]
    return np.concatenate([np.hstack([ring[:-1], ring[1:]]) for ring in rings])


def _plane_m(ends: Floats, lon: float, lat: float) -> Floats:
    """Distance to each edge on a plane at the point."""
    size = np.array([111_320 * np.cos(np.radians(lat)), 110_950])
    start, stop = (ends[:, :2] - (lon, lat)) * size, (ends[:, 2:] - (lon, lat)) * size
    along = stop - start
    share = np.clip(-(start * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-9), 0, 1)
    return np.asarray(np.hypot(*(start + share[:, None] * along).T))


def _nearest_m(ends: Floats, lon: Floats, lat: Floats) -> Floats:
    """Least geodesic distance to each edge, by golden section over its length."""
    low, high = np.zeros(len(ends)), np.ones(len(ends))
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        nearer = _at(ends, left, lon, lat) < _at(ends, right, lon, lat)
        low, high = np.where(nearer, low, left), np.where(nearer, right, high)
    shares = (low, np.zeros(len(ends)), np.ones(len(ends)))
    return np.asarray(np.minimum.reduce([_at(ends, share, lon, lat) for share in shares]))


def _at(ends: Floats, share: Floats, lon: Floats, lat: Floats) -> Floats:
    """Geodesic distance to the point at a share of each edge."""
    at = ends[:, :2] + share[:, None] * (ends[:, 2:] - ends[:, :2])
    return np.asarray(WGS84.inv(lon, lat, at[:, 0], at[:, 1])[2])
