"""How does a shape that is no disc lie to a zone: within, disjoint, or neither? Areas, sectors, hulls, lines."""

from __future__ import annotations

import numpy as np
import shapely

from truceline.space import BAND_M, Geometry, distance_m, metres_per_degree
from truceline.verdict import NO, UNKNOWN, YES


def relation(shape: Geometry, zone: Geometry) -> int:
    """+1 within, -1 disjoint, 0 otherwise or nearer than 1 m to an edge."""
    if shapely.disjoint(zone, shape):
        value = NO
    elif shapely.covers(zone, shape):
        value = YES
    else:
        return UNKNOWN
    edge = shapely.boundary(shape) if shapely.get_dimensions(shape) == 2 else shape
    return UNKNOWN if _edges_near(edge, shapely.boundary(zone)) else value


def cut_relation(shape: Geometry, rest: Geometry | None, inside: Geometry | None) -> int:
    """A region cut to its country: +1 clear of the rest of the country, -1 clear of the zone, 0 otherwise."""
    if shapely.is_empty(shape):
        return UNKNOWN
    free_of_rest, free_of_zone = (fence is None or relation(shape, fence) == NO for fence in (rest, inside))
    return UNKNOWN if free_of_rest == free_of_zone else YES if free_of_rest else NO


def _edges_near(a: Geometry, b: Geometry) -> bool:
    """Whether two edges come nearer than 1 m: their nearest points in a plane true to scale, measured geodesically."""
    low, high = shapely.bounds(a)[[1, 3]] / 1e7
    scale = np.array(metres_per_degree(np.asarray((low + high) / 2))) / 1e7
    plane_a, plane_b = (shapely.transform(s, lambda xy: xy * scale) for s in (a, b))
    if shapely.distance(plane_a, plane_b) > 10.0:
        return False
    (x1, y1), (x2, y2) = shapely.get_coordinates(shapely.shortest_line(plane_a, plane_b)) / scale / 1e7
    return distance_m(x1, y1, x2, y2) < BAND_M
