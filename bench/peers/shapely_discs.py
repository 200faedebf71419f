"""shapely 2 on discs: one plane for all, the scale of the plane at each point, prepared `dwithin` and `contains_xy`.

The plane is UTM zone 37, made for 36 to 42 degrees east. It keeps angles, so one factor at each point turns metres on
the ellipsoid into metres of the plane; zones and points are projected once. That is the fastest form that is right to
within a few metres: a plane for each zone would project most points several times.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from bench.zones import UNIT, Column, Zones

NOTE = "UTM zone 37 with the scale at each point; STRtree with the box of the disc, prepared dwithin and contains_xy"
CHUNK = 250_000
EDGE_M = 1.0
"""The edge itself is a band of a metre to both sides: who comes nearer than radius and this cannot be decided."""

Floats = npt.NDArray[np.float64]
Answers = tuple[Column, Column, Column]


def judge(zones: Zones, lon_e7: Column, lat_e7: Column, radius_m: Column) -> Answers:
    """Row, zone and value of every disc that does not surely lie outside."""
    plane = Transformer.from_crs("EPSG:4326", "EPSG:32637", always_xy=True)
    shapes = shapely.transform(zones.shapes, lambda xy: np.stack(plane.transform(*(xy.T / UNIT)), axis=1))
    edges = shapely.boundary(shapes)
    shapely.prepare(shapes)
    shapely.prepare(edges)
    tree = shapely.STRtree(shapes)
    parts = []
    for start in range(0, len(lon_e7), CHUNK):
        cut = slice(start, start + CHUNK)
        x, y = plane.transform(lon_e7[cut] / UNIT, lat_e7[cut] / UNIT)
        reach = (radius_m[cut] + EDGE_M) * _scale(x, lat_e7[cut])
        row, zone, value = _chunk(tree, (shapes, edges), (x, y), reach)
        parts.append((row + start, zone, value))
    row, zone, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    return row, zone, value


def _chunk(tree: shapely.STRtree, drawn: tuple[Column, Column], at: tuple[Floats, Floats], reach: Floats) -> Answers:
    """One chunk: candidates by box, then zone by zone, so that each prepared zone stays at hand."""
    (shapes, edges), (x, y) = drawn, at
    row, zone = tree.query(shapely.box(x - reach, y - reach, x + reach, y + reach))
    order = np.argsort(zone, kind="stable")
    row, zone = row[order], zone[order]
    points = np.asarray(shapely.points(x, y))
    value = np.full(len(row), -1, np.int8)
    bounds = np.searchsorted(zone, np.arange(len(shapes) + 1))
    for number in np.flatnonzero(np.diff(bounds)):
        cut = slice(bounds[number], bounds[number + 1])
        some = row[cut]
        near = shapely.dwithin(edges[number], points[some], reach[some])
        inside = shapely.contains_xy(shapes[number], x[some], y[some])
        value[cut] = np.where(near, 0, np.where(inside, 1, -1))
    found = value >= 0
    return row[found], zone[found], value[found]


def _scale(x: Floats, lat_e7: Column) -> Floats:
    """The scale of UTM at a point: metres of the plane for one metre on the ellipsoid.

    Source: J. P. Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395 (1987), p. 61, formula 8-11
    written in easting; its next term is below 1e-8 here.
    """
    lat = np.radians(lat_e7 / UNIT)
    eccentric = 0.00669438 / (1 - 0.00669438)
    radius = 6_378_137.0 / np.sqrt(1 - 0.00669438 * np.sin(lat) ** 2)
    away = (x - 500_000.0) / (0.9996 * radius)
    return np.asarray(0.9996 * (1 + (1 + eccentric * np.cos(lat) ** 2) * away**2 / 2))
