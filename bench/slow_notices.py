"""Notices looked at one at a time, plainly: what `notices.checks` does on arrays has to say the same.

Distances are chords in plain arithmetic, borders are asked point by point, and each site is held against every other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import shapely

from truceline.errors import InputError
from truceline.notices.checks import (
    BORDER_M,
    COARSE_M,
    DUPLICATE_M,
    MOST_DUPLICATE_M,
    Ground,
    Meant,
)
from truceline.notices.model import DEGREE_M, SITE, Draft, Plotted, plot
from truceline.space import E2, SEMI_MAJOR_M

Found = tuple[int, str, int]
"""Number of the notice, code, and its one number; 0 where it has none."""

PLACED = ("coarse", "unknown-place", "far", "swapped", "outside", "duplicate")
"""The codes that a map is needed for: those that are written on arrays."""


def placed(drafts: Sequence[Draft], ground: Ground) -> list[Found]:
    """What a map says of notices that can be read, one after the other."""
    found: list[Found] = []
    before: list[tuple[tuple[float, float, float], float]] = [
        (_point(lon, lat), off)
        for lon, lat, off in zip(
            ground.standing.lon_deg.tolist(), ground.standing.lat_deg.tolist(), ground.standing.accuracy_m.tolist(),
            strict=True,
        )
    ]  # fmt: skip
    for number, one in enumerate(drafts):
        try:
            read = plot(one, ground.tz)
        except InputError:
            continue
        if not read.lon_deg:
            continue
        found += _one(number, one, read, ground)
        if one.kind == SITE:
            point, off = _point(read.lon_deg[0], read.lat_deg[0]), float(read.accuracy_m)
            near = [
                away
                for other, other_off in before
                if (away := math.dist(point, other)) <= min(max(DUPLICATE_M, off, other_off), MOST_DUPLICATE_M)
            ]
            found += [(number, "duplicate", round(min(near)))] if near else []
            before.append((point, off))
    return sorted(found)


def _one(number: int, one: Draft, read: Plotted, ground: Ground) -> list[Found]:
    found: list[Found] = []
    if one.kind == SITE and read.accuracy_m > COARSE_M:
        found.append((number, "coarse", read.accuracy_m))
    at = list(zip(read.lon_deg, read.lat_deg, strict=True))
    meant = ground.places.meant(one.place) if one.place.strip() else ()
    if one.place.strip() and not meant:
        found.append((number, "unknown-place", 0))
    away = _beyond(at, meant, read.accuracy_m)
    is_inside = _inside(at, ground, read.accuracy_m)
    turned = [(lat, lon) for lon, lat in at]
    can_turn = all(abs(lon) <= 90 for lon, _ in at)
    if meant:
        is_turned = can_turn and (away > 0 or not is_inside) and _beyond(turned, meant, read.accuracy_m) == 0
    else:
        is_turned = can_turn and not is_inside and _inside(turned, ground, read.accuracy_m)
    if is_turned:
        found.append((number, "swapped", 0))
    elif meant and away > 0:
        found.append((number, "far", math.ceil(away / 1_000)))
    if not is_inside:
        found.append((number, "outside", 0))
    return found


def _beyond(at: Sequence[tuple[float, float]], meant: Sequence[Meant], off: int) -> float:
    best = math.inf
    for lon, lat in at:
        for place in meant:
            if place.area is None:
                away = math.dist(_point(lon, lat), _point(place.lon_deg, place.lat_deg)) - place.reach_m - off
            else:
                point = shapely.Point(round(lon * 1e7), round(lat * 1e7))
                away = shapely.distance(place.area, point) / 1e7 * DEGREE_M - off
            best = min(best, max(0.0, float(away)))
    return best


def _inside(at: Sequence[tuple[float, float]], ground: Ground, off: int) -> bool:
    if ground.country is None:
        return True
    reach = (off + BORDER_M) / DEGREE_M * 1e7
    points = [shapely.Point(round(lon * 1e7), round(lat * 1e7)) for lon, lat in at]
    return all(
        shapely.contains(ground.country, one) or shapely.distance(ground.country, one) <= reach for one in points
    )


def _point(lon_deg: float, lat_deg: float) -> tuple[float, float, float]:
    """Earth-centred, in metres."""
    lon, lat = math.radians(lon_deg), math.radians(lat_deg)
    n = SEMI_MAJOR_M / math.sqrt(1.0 - E2 * math.sin(lat) ** 2)
    return (
        n * math.cos(lat) * math.cos(lon), n * math.cos(lat) * math.sin(lon), n * (1.0 - E2) * math.sin(lat)
    )  # fmt: skip
