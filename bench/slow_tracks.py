"""When did aircraft enter and leave zones? The same as `notices.tracks`, one position and one zone at a time.

Written from the rules and not from the code: places by shapely and geodesic distances of pyproj, stays by a walk with
its state in words. Too slow for anything but a reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from truceline.assess.fence import Fence
from truceline.notices import tracks
from truceline.notices.tracks import Limits, Positions
from truceline.space import BAND_M, UNITS_PER_DEGREE, Geometry, distance_m
from truceline.span import FAR_AHEAD, LONG_AGO


@dataclass(frozen=True, order=True)
class Stay:
    """One piece of a stay, as `tracks.Stays` has it column by column."""

    zone: int
    first: int
    last: int
    value: int
    fresh: int
    most: int
    entered_after: int
    entered_by: int
    left_after: int
    left_by: int
    gap_before: bool
    gap_after: bool


def height(positions: Positions, limits: Limits, row: int, zone: int) -> int:
    """Whether a position lies within the height of a zone: +1, 0, -1."""
    if not positions.is_flying[row]:
        return -1
    if not limits.has_band[zone]:
        return 1
    mine, other = int(positions.datum[row]), int(limits.datum[zone])
    if mine == tracks.UNSTATED:
        return 0
    low, high = int(positions.low_m[row]), int(positions.high_m[row])
    off = 0
    if mine != other:
        if tracks.BAROMETRIC in (mine, other):
            off += int(np.ceil(tracks.PRESSURE_M + tracks.WARMTH * max(abs(low), abs(high))))
        if tracks.GNSS in (mine, other):
            off += tracks.GEOID_M
    low, high = low - off, high + off
    floor, ceiling = int(limits.low_m[zone]), int(limits.high_m[zone])
    has_floor = floor > 0
    if low > ceiling or (has_floor and high < floor):
        return -1
    return 1 if high <= ceiling and (low >= floor or not has_floor) else 0


def place(positions: Positions, shape: Geometry | None, row: int) -> int:
    """Whether a disc lies within a shape: +1, -1, or 0 where its edge is nearer than the radius and 1 m."""
    if shape is None or shapely.is_empty(shape):
        return -1
    x, y = float(positions.lon_e7[row]), float(positions.lat_e7[row])
    point = shapely.Point(x, y)
    lat = y / UNITS_PER_DEGREE
    scale = np.array([np.cos(np.radians(lat)), 1.0])
    limit = int(positions.radius_m[row]) + BAND_M
    flat = shapely.transform(shape, lambda xy: (xy - (x, y)) * scale)
    near = shapely.shortest_line(shapely.Point(0, 0), shapely.boundary(flat))
    (_, _), (dx, dy) = shapely.get_coordinates(near)
    away = distance_m(x / UNITS_PER_DEGREE, lat, (x + dx / scale[0]) / UNITS_PER_DEGREE, (y + dy) / UNITS_PER_DEGREE)
    if away < limit:
        return 0
    return 1 if shapely.contains(shape, point) else -1


def places(positions: Positions, shapes: Sequence[Geometry | None]) -> list[dict[int, int]]:
    """`place` of every position and every zone but -1, by shapely in the same arithmetic as the place join."""
    near: list[dict[int, int]] = []
    for shape in shapes:
        if shape is None:
            near.append({})
            continue
        held, edge = Fence(shape).asked(positions.lon_e7, positions.lat_e7, positions.radius_m)
        near.append({int(row): 0 if edge[row] else 1 for row in np.flatnonzero(held | edge)})
    return near


def value_of(positions: Positions, limits: Limits, row: int, zone: int, at: int) -> int:
    """Whether a position lies in a zone by place (`at`), height and time."""
    is_there = limits.start[zone] <= positions.at_s[row] < limits.end[zone]
    return min(at, height(positions, limits, row, zone), 1 if is_there else -1)


def stays(
    positions: Positions, limits: Limits, places: Sequence[dict[int, int]], gap_s: int = tracks.GAP_S
) -> list[Stay]:
    """The stays of aircraft in zones.

    Args:
        positions: the positions.
        limits: of the zones.
        places: of each zone the positions that are not surely outside its edges, with 0 or +1.
        gap_s: positions further apart have a gap between them, seconds.
    """
    found: list[Stay] = []
    for zone, near in enumerate(places):
        values = {row: value_of(positions, limits, row, zone, at) for row, at in near.items()}
        held = {row: value for row, value in values.items() if value >= 0}
        for run in _runs(positions, held):
            found += _pieces(positions, zone, run, held, gap_s)
    return sorted(found)


def _runs(positions: Positions, held: dict[int, int]) -> Iterator[list[int]]:
    """Rows that follow one another in the track of one aircraft."""
    run: list[int] = []
    for row in sorted(held):
        if run and (row != run[-1] + 1 or positions.craft[row] != positions.craft[run[-1]]):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _pieces(positions: Positions, zone: int, run: list[int], held: dict[int, int], gap_s: int) -> Iterator[Stay]:
    at, craft, n = positions.at_s, positions.craft, len(positions)
    pieces: list[list[int]] = []
    for row in run:
        if not pieces or at[row] - at[row - 1] > gap_s:
            pieces.append([])
        pieces[-1].append(row)
    for number, piece in enumerate(pieces):
        first, last = piece[0], piece[-1]
        sure = [row for row in piece if held[row] == 1]
        runs = sum(1 for i, row in enumerate(piece) if held[row] == 1 and (i == 0 or held[piece[i - 1]] != 1))
        has_before = first > 0 and craft[first - 1] == craft[first]
        has_after = last + 1 < n and craft[last + 1] == craft[last]
        is_fresh, is_end = number == 0, number == len(pieces) - 1
        yield Stay(
            zone, first, last, 1 if sure else 0, 1 if is_fresh else 0, max(runs, 1),
            int(at[first - 1]) if is_fresh and has_before else LONG_AGO,
            int(at[sure[0]]) if sure else FAR_AHEAD, int(at[sure[-1]]) if sure else LONG_AGO,
            int(at[last + 1]) if is_end and has_after else FAR_AHEAD,
            not has_before or bool(at[first] - at[first - 1] > gap_s),
            not has_after or bool(at[last + 1] - at[last] > gap_s),
        )  # fmt: skip


def as_rows(found: tracks.Stays) -> list[Stay]:
    """The fast answer in the form of the slow one."""
    names = ("zone", "first", "last", "value", "fresh", "most", "entered_after", "entered_by", "left_after", "left_by",
             "gap_before", "gap_after")  # fmt: skip
    return sorted(Stay(*values) for values in zip(*(getattr(found, name).tolist() for name in names), strict=True))
