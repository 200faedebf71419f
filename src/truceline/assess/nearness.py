"""Does the edge of a zone come nearer to a point than a limit? The one definition, and what may be decided without it.

`comes_near` is the definition: the nearest place of the edge, its chord to the point, the geodesic length of that
chord, less the bound of its error. It is costly, so `sure_of` decides what is clear by two planes: on a band of
latitudes that holds every path as short as the limit, a degree has a least and a greatest length. A plane of the least
lengths measures too short, one of the greatest too long, and what is beyond the limit in the first or within it in the
second needs no ellipsoid.

Every function takes arrays, or single numbers inside a compiled loop, and uses only + - * / floor and the square root:
the same bits on every machine and from both engines.
"""

# ruff: noqa: PLR0917  # compiled loops pass numbers by place

from __future__ import annotations

import numpy as np

from truceline.space import Bools, Floats, chord_m, geodesic_m, metres_per_degree

LEAST_NORTH_M = 110_500.0
"""A degree of latitude is nowhere shorter."""

MOST_NORTH_M = 111_800.0
"""A degree of latitude is nowhere longer."""

SLACK_M = 1e-3
_CUBIC = 4e-17
_STEPS = 60
_GOLDEN = 0.6180339887498949


def slack_m(limit: Floats) -> Floats:
    """How far beyond a limit the definition may still say *near*: twice the bound of the error, and a millimetre."""
    return SLACK_M + _CUBIC * limit * limit * limit


def band_of(low_deg: Floats, high_deg: Floats, limit: Floats) -> tuple[Floats, Floats]:
    """Least and greatest length of a degree of longitude near the points between two latitudes.

    Args:
        low_deg: southernmost latitude of the points.
        high_deg: their northernmost latitude.
        limit: metres; a path from one of the points that is no longer stays within the band.

    Returns:
        metres per degree of longitude, least and greatest.
    """
    reach = (limit + 1.0) / LEAST_NORTH_M
    south, north = low_deg - reach, high_deg + reach
    far = np.minimum(np.maximum(np.abs(south), np.abs(north)), 90.0)
    close = np.maximum(np.maximum(south, -north), 0.0)
    least, _ = metres_per_degree(far)
    most, _ = metres_per_degree(close)
    return np.maximum(least, 0.0) * (1.0 - 1e-12), most * (1.0 + 1e-12)


def plane_m2(ax: Floats, ay: Floats, bx: Floats, by: Floats) -> Floats:
    """Square of the distance of the origin to the segment from a to b in a plane."""
    dx, dy = bx - ax, by - ay
    along = np.minimum(np.maximum(-(ax * dx + ay * dy) / np.maximum(dx * dx + dy * dy, 1e-30), 0.0), 1.0)
    x, y = ax + along * dx, ay + along * dy
    return x * x + y * y


def sure_of(
    ax: Floats, ay: Floats, bx: Floats, by: Floats, limit: Floats, least_east: Floats, most_east: Floats
) -> tuple[Bools, Bools]:
    """Whether an edge is surely near, and whether it is surely clear, by the two planes.

    Args:
        ax: degrees of longitude from the point to one end of the edge.
        ay: degrees of latitude to it.
        bx: degrees of longitude to the other end.
        by: degrees of latitude to it.
        limit: metres.
        least_east: least length of a degree of longitude on the band of `limit`.
        most_east: its greatest length there.
    """
    longest2 = plane_m2(ax * most_east, ay * MOST_NORTH_M, bx * most_east, by * MOST_NORTH_M)
    shortest2 = plane_m2(ax * least_east, ay * LEAST_NORTH_M, bx * least_east, by * LEAST_NORTH_M)
    near, clear = limit - SLACK_M, limit + slack_m(limit)
    return longest2 < near * near, shortest2 > clear * clear


def comes_near(lon: Floats, lat: Floats, x1: Floats, y1: Floats, x2: Floats, y2: Floats, limit: Floats) -> Bools:
    """Whether an edge comes nearer to a point than a limit, or may: its geodesic distance less the bound of its error.

    Args:
        lon: longitude of the point, degrees.
        lat: its latitude.
        x1: longitude of one end of the edge, which is straight in longitude and latitude.
        y1: its latitude.
        x2: longitude of the other end.
        y2: its latitude.
        limit: metres.
    """
    east, north = metres_per_degree(lat)
    ax, ay, dx, dy = (x1 - lon) * east, (y1 - lat) * north, (x2 - x1) * east, (y2 - y1) * north
    length2 = np.maximum(dx * dx + dy * dy, 1e-30)
    middle = np.minimum(np.maximum(-(ax * dx + ay * dy) / length2, 0.0), 1.0)
    around = (0.1 * limit + 100.0) / np.sqrt(length2)
    low, high = np.maximum(middle - around, 0.0), np.minimum(middle + around, 1.0)
    a, b = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_a = chord_m(lon, lat, x1 + a * (x2 - x1), y1 + a * (y2 - y1))
    at_b = chord_m(lon, lat, x1 + b * (x2 - x1), y1 + b * (y2 - y1))
    for _ in range(_STEPS):
        left = (at_a < at_b) * 1.0
        right = 1.0 - left
        low, high = low * left + a * right, b * left + high * right
        kept, kept_m = a * left + b * right, at_a * left + at_b * right
        fresh = (high - _GOLDEN * (high - low)) * left + (low + _GOLDEN * (high - low)) * right
        fresh_m = chord_m(lon, lat, x1 + fresh * (x2 - x1), y1 + fresh * (y2 - y1))
        a, b = fresh * left + kept * right, kept * left + fresh * right
        at_a, at_b = fresh_m * left + kept_m * right, kept_m * left + fresh_m * right
    ends = np.minimum(
        chord_m(lon, lat, x1 + low * (x2 - x1), y1 + low * (y2 - y1)),
        chord_m(lon, lat, x1 + high * (x2 - x1), y1 + high * (y2 - y1)),
    )
    length, bound = geodesic_m(np.minimum(np.minimum(at_a, at_b), ends), lat)
    return length - bound < limit
