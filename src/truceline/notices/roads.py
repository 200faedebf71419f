"""Was a notified route kept, segment by segment? A road as a line with a width, and the hours of each segment.

A place that was heard of the convoy says for every segment whether it lies on it in its hours: +1 the whole disc within
the width, -1 wholly beside it, else 0. From that a segment is

    used       a place surely on it in its hours
    perhaps    a place of which it cannot be decided
    unused     heard all along its hours, and never on it
    unheard    not heard all along its hours: what lies in a gap is not drawn in, so nothing is said

A place that lies on no segment surely, in whatever hours of the route, is a deviation; +1 surely beside all of them, 0
not surely on one. Whether a deviation breaks anything is for the terms to say: a convoy may have been turned away.

Distances are measured in a plane about each place, true to a thousandth within 100 km, and what lies within that of an
edge, or within 1 m, is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from truceline.errors import Fault, InputError, quoted
from truceline.space import BAND_M, UNITS_PER_DEGREE, metres_per_degree
from truceline.verdict import NO, UNKNOWN, YES, Values

USED, PERHAPS, UNUSED, UNHEARD = "used", "perhaps", "unused", "unheard"
GAP_S: Final = 900
"""Places of a convoy further apart than this many seconds have a gap between them."""

OFF: Final = 1e-3
MOST_WIDTH_M, MOST_POINTS, MOST_SEGMENTS = 10_000, 10_000, 1_000
_Numbers = NDArray[np.float64]
_Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Segment:
    """A stretch of road with its hours.

    Attributes:
        id: its name.
        points_deg: longitude and latitude of its points, in order.
        within_m: so far to either side it reaches.
        start, end: UTC seconds: it is notified from, until.
    """

    id: str
    points_deg: tuple[tuple[float, float], ...]
    within_m: int
    start: int
    end: int


@dataclass(frozen=True)
class Kept:
    """What is said of one segment.

    Attributes:
        segment: its id.
        state: `used`, `perhaps`, `unused` or `unheard`.
        first, last: UTC seconds of the first and last place that is not surely beside it in its hours; None = none.
        late: whether a place lies surely on it outside its hours.
    """

    segment: str
    state: str
    first: int | None
    last: int | None
    late: bool


@dataclass(frozen=True)
class Followed:
    """What is said of a route.

    Attributes:
        segments: one by one, in their order.
        deviations: `(r,)` rows of places that lie on no segment surely, by time.
        values: `(r,)` +1 surely beside every segment, 0 not surely on one.
        gaps: stretches of time within the hours of the route in which nothing was heard.
    """

    segments: tuple[Kept, ...]
    deviations: tuple[int, ...]
    values: tuple[int, ...]
    gaps: tuple[tuple[int, int], ...]


def check_route(segments: Sequence[Segment], name: str = "") -> None:
    """Refuse a route that cannot be one; every fault at once.

    Args:
        segments: of the route.
        name: of the file, for messages; they never repeat a position.

    Raises:
        InputError: no segment, one twice, of less than two points, of no width, or that ends before it begins.
    """
    faults = [] if 0 < len(segments) <= MOST_SEGMENTS else [Fault(f"expected 1..{MOST_SEGMENTS} segments", name)]
    seen: set[str] = set()
    for number, one in enumerate(segments, 1):
        if one.id in seen:
            faults.append(Fault(f"segment {quoted(one.id)} stands twice", name, number, "id"))
        seen.add(one.id)
        if not 2 <= len(one.points_deg) <= MOST_POINTS:
            faults.append(Fault(f"expected 2..{MOST_POINTS} points", name, number, "geometry"))
        if not 1 <= one.within_m <= MOST_WIDTH_M:
            faults.append(Fault(f"expected 1..{MOST_WIDTH_M}, got {quoted(one.within_m)}", name, number, "within_m"))
        if one.end <= one.start:
            faults.append(Fault("ends before it begins", name, number, "until"))
        if not all(-180 <= x <= 180 and -85 <= y <= 85 for x, y in one.points_deg):
            faults.append(Fault("a point is out of range", name, number, "geometry"))
    if faults:
        raise InputError(*faults)


def on_segment(segment: Segment, lon_e7: _Rows, lat_e7: _Rows, radius_m: _Rows) -> Values:
    """Whether places lie within the width of a segment, whatever the hour: `(n,)` +1, 0, -1.

    Args:
        segment: the segment.
        lon_e7: `(n,)` longitude, 1e-7 degree.
        lat_e7: `(n,)` latitude.
        radius_m: `(n,)` how far each place may be off.
    """
    away = distance_m(np.array(segment.points_deg), lon_e7 / UNITS_PER_DEGREE, lat_e7 / UNITS_PER_DEGREE)
    sure = away * (1 + OFF) + radius_m + BAND_M <= segment.within_m
    clear = away * (1 - OFF) - radius_m - BAND_M > segment.within_m
    return np.where(sure, YES, np.where(clear, NO, UNKNOWN)).astype(np.int8)


def distance_m(line_deg: _Numbers, lon_deg: _Numbers, lat_deg: _Numbers) -> _Numbers:
    """How far points lie from a line that is straight in longitude and latitude: `(n,)` metres, true to a thousandth.

    >>> line = np.array([[36.0, 35.0], [37.0, 35.0]])
    >>> distance_m(line, np.array([36.5]), np.array([35.1])).round().tolist()
    [11094.0]
    """
    east, north = metres_per_degree(np.asarray(lat_deg, np.float64))
    best = np.full(len(lon_deg), np.inf)
    for (x1, y1), (x2, y2) in pairwise(line_deg):
        ax, ay = (x1 - lon_deg) * east, (y1 - lat_deg) * north
        dx, dy = (x2 - x1) * east, (y2 - y1) * north
        along = np.clip(-(ax * dx + ay * dy) / np.maximum(dx * dx + dy * dy, 1e-12), 0.0, 1.0)
        best = np.minimum(best, np.hypot(ax + along * dx, ay + along * dy))
    return best


def followed(
    segments: Sequence[Segment], at_s: _Rows, lon_e7: _Rows, lat_e7: _Rows, radius_m: _Rows, *, gap_s: int = GAP_S
) -> Followed:  # fmt: skip
    """Hold the places that were heard of a convoy against its route.

    Args:
        segments: of the route, in their order.
        at_s: `(n,)` UTC second of each place; they rise.
        lon_e7: `(n,)` longitude, 1e-7 degree.
        lat_e7: `(n,)` latitude.
        radius_m: `(n,)` how far each place may be off.
        gap_s: places further apart have a gap between them, seconds.
    """
    check_route(segments)
    start, end = min(one.start for one in segments), max(one.end for one in segments)
    lies = [on_segment(one, lon_e7, lat_e7, radius_m) for one in segments]
    kept = tuple(_kept(one, at_s, value, gap_s) for one, value in zip(segments, lies, strict=True))
    best = np.max(np.stack(lies), axis=0) if len(at_s) else np.zeros(0, np.int8)
    beside = np.flatnonzero((best < YES) & (at_s >= start) & (at_s < end))
    return Followed(
        kept, tuple(beside.tolist()), tuple((-best[beside]).tolist()), tuple(gaps(at_s, (start, end), gap_s))
    )


def _kept(segment: Segment, at_s: _Rows, value: Values, gap_s: int) -> Kept:
    timely = (at_s >= segment.start) & (at_s < segment.end)
    near = at_s[timely & (value >= UNKNOWN)]
    late = bool((value[~timely] == YES).any())
    first, last = (int(near[0]), int(near[-1])) if len(near) else (None, None)
    if (value[timely] == YES).any():
        return Kept(segment.id, USED, first, last, late)
    if len(near):
        return Kept(segment.id, PERHAPS, first, last, late)
    is_heard = not gaps(at_s, (segment.start, segment.end), gap_s)
    return Kept(segment.id, UNUSED if is_heard else UNHEARD, None, None, late)


def gaps(at_s: _Rows, hours: tuple[int, int], gap_s: int = GAP_S) -> list[tuple[int, int]]:
    """The stretches of some hours in which nothing was heard for longer than `gap_s` seconds.

    >>> gaps(np.array([0, 100, 2_000]), (0, 2_100))
    [(100, 2000)]
    """
    inside = at_s[(at_s >= hours[0]) & (at_s < hours[1])]
    before, after = at_s[at_s < hours[0]][-1:], at_s[at_s >= hours[1]][:1]
    first = before if len(before) and (not len(inside) or inside[0] - before[0] <= gap_s) else [hours[0]]
    last = after if len(after) and (not len(inside) or after[0] - inside[-1] <= gap_s) else [hours[1] - 1]
    marks = np.concatenate([first, inside, last]).astype(np.int64)
    far = np.flatnonzero(np.diff(marks) > gap_s)
    return [(max(int(marks[i]), hours[0]), min(int(marks[i + 1]), hours[1])) for i in far.tolist()]
