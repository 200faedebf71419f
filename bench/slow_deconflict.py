"""Do notices stand in one another's way? The same as `notices.deconflict`, pair by pair and without a tree.

Every notice is held against every other and every zone, whatever lies between them: a box that is left out by mistake
would show. Distances are those of the same plane, since how far that plane is off is part of the rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from truceline.notices import deconflict
from truceline.notices.deconflict import OFF, RULES, Conflict, Fenced
from truceline.notices.model import FLIGHT, MOVEMENT, REPAIR, SITE, Plotted
from truceline.space import BAND_M, UNITS_PER_DEGREE, Geometry
from truceline.span import FAR_AHEAD, LONG_AGO

FAR_DEG = 1.0
"""Whatever lies so far apart in the plane, 70 km and more here, is in nobody's way."""


def conflicts(notices: Sequence[Plotted], zones: Sequence[Fenced] = ()) -> list[Conflict]:
    """Every conflict, pair by pair."""
    shapes = [_shape(one) for one in notices]
    flat = [shapely.transform(zone.shape, lambda xy: deconflict._plane(xy / UNITS_PER_DEGREE)) for zone in zones]
    found = list(_between(notices, shapes))
    for number, (one, shape) in enumerate(zip(notices, shapes, strict=True)):
        for zone, drawn in zip(zones, flat, strict=True):
            found += _with_zone(number, one, shape, zone, drawn)
    return found


def _shape(one: Plotted) -> Geometry:
    made: Geometry = deconflict._drawn([one])[0]
    return made


def _away(one: Geometry, other: Geometry) -> float:
    """Metres between two shapes of the plane, where they come nearest."""
    (x1, y1), (x2, y2) = shapely.get_coordinates(shapely.shortest_line(one, other))
    lat = math.asin(math.tanh(math.radians((y1 + y2) / 2)))
    return math.radians(math.hypot(x2 - x1, y2 - y1)) * deconflict.EARTH_M * math.cos(lat)


def _hours(one: Plotted) -> tuple[int, int]:
    return (LONG_AGO, FAR_AHEAD) if one.kind == SITE else (one.when.start, one.when.end)


def _between(notices: Sequence[Plotted], shapes: Sequence[Geometry]) -> Iterator[Conflict]:
    moving = [i for i, one in enumerate(notices) if one.kind != SITE]
    for i in moving:
        far = np.asarray(shapely.distance(shapes[i], np.array(shapes, object))) > FAR_DEG
        for j, other in enumerate(notices):
            rule = RULES.get((notices[i].kind, other.kind))
            if rule is None or far[j] or i == j or (notices[i].kind == other.kind and i > j):
                continue
            code, near_m = rule
            metres = _away(shapes[i], shapes[j])
            off = notices[i].accuracy_m + other.accuracy_m
            value = 1 if metres * (1 + OFF) + off + BAND_M <= near_m else 0
            if metres * (1 - OFF) - off - BAND_M > near_m:
                continue
            if code == "crossing":
                value = min(value, deconflict._same_height(notices[i], other))
            since = max(_hours(notices[i])[0], _hours(other)[0])
            until = min(_hours(notices[i])[1], _hours(other)[1])
            if value >= 0 and since < until:
                yield Conflict(code, i, j, "", value, since, until)


def _with_zone(number: int, one: Plotted, shape: Geometry, zone: Fenced, flat: Geometry) -> Iterator[Conflict]:
    margin = one.accuracy_m + BAND_M
    edge = _away(shapely.boundary(flat), shape) if shapely.distance(flat, shape) < FAR_DEG else math.inf
    if not shapely.intersects(flat, shape) and edge * (1 - OFF) > margin:
        return
    depths = [
        _away(shapely.boundary(flat), shapely.Point(xy))
        for xy in shapely.get_coordinates(shape)
        if shapely.contains(flat, shapely.Point(xy))
    ]
    value = 1 if depths and max(depths) * (1 - OFF) > margin else 0
    since = max(_hours(one)[0], LONG_AGO if zone.start is None else zone.start)
    until = min(_hours(one)[1], FAR_AHEAD if zone.end is None else zone.end)
    if since >= until:
        return
    if one.kind == SITE:
        if edge * (1 - OFF) <= margin:
            yield Conflict("edge", number, -1, zone.id, 1, since, until)
    elif one.kind == FLIGHT and zone.bans_flight:
        best = min(value, deconflict._in_band(one, zone))
        if best >= 0:
            yield Conflict("banned-zone", number, -1, zone.id, best, since, until)
    elif one.kind in (MOVEMENT, REPAIR):
        yield Conflict("zone-crossed", number, -1, zone.id, value, since, until)
