"""The compiled loops of the place join: a grid laid over zones, and points or discs asked of it.

Coordinates are whole numbers of 1e-7 degree. Inside or outside is decided by
integers alone: the sign of a product says on which side of an edge a point lies, and products fit in 64 bits because no
edge is longer than 100 degrees (`Join.MOST_EDGE`). Nearness to an edge is decided by `nearness`.

A cell says of each zone that reaches it one of three things: every disc in it lies within (`WITHIN`), the edge comes
near to every disc in it (`NEAR`), or ask these edges (`ASK`). A zone that a cell does not mention is clear of it.
"""

# ruff: noqa: PLR0917  # compiled loops take their arrays by place

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numba.extending import register_jitable
from numpy.typing import NDArray

from truceline import space
from truceline.assess import nearness as _nearness

WITHIN, NEAR, ASK = -1, -2, 0
LATTICE = 1e7
FAR_M = 1e6
SLIGHT_M = 1e-9
NOWHERE_M = 2_000_000_000
BLOCK = 2048
"""So many rows are taken step by step together: the memory that one step asks for is there when the next begins."""

GLANCE = 64
"""So many edges are looked at before it is asked whether one of them was near."""

SAMPLE = 8
"""One edge in so many is taken first: where it is near to a whole cell, the others need not be looked at."""

LINES = 16
"""So many lines of memory, of four edges each, are called for before the edges of a disc are looked at."""

FURTHEST = 1 << 40

VALUE = np.array([-1, 1, 0], np.int8)

nearness: Any = _nearness
"""Its functions take single numbers in here, where their types speak of arrays."""

Long: Any = np.int64
Longs = NDArray[np.int64]
Shorts = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

for _function in (
    space._series,
    space.sin_cos,
    space.arc_sin,
    space.earth_centred,
    space.chord_m,
    space.metres_per_degree,
    space.geodesic_m,
    nearness.slack_m,
    nearness.plane_m2,
    nearness.sure_of,
    nearness.comes_near,
):
    register_jitable(_function)

compiled: Any = njit(cache=True, nogil=True, error_model="numpy")
inlined: Any = njit(cache=True, nogil=True, error_model="numpy", inline="always")


# -- laying the grid -------------------------------------------------------------------------------------------------


@compiled
def _crosses(x1: int, y1: int, x2: int, y2: int, left: int, low: int, right: int, high: int) -> bool:
    """Whether an edge meets a rectangle."""
    if max(x1, x2) < left or min(x1, x2) > right or max(y1, y2) < low or min(y1, y2) > high:
        return False
    dx, dy = x2 - x1, y2 - y1
    a = dx * (low - y1) - dy * (left - x1)
    b = dx * (low - y1) - dy * (right - x1)
    c = dx * (high - y1) - dy * (left - x1)
    d = dx * (high - y1) - dy * (right - x1)
    return not ((a > 0 and b > 0 and c > 0 and d > 0) or (a < 0 and b < 0 and c < 0 and d < 0))


@inlined
def _apart(edge: tuple[int, int, int, int], middle: tuple[float, float], east: float, north: float) -> float:
    """Distance of a point to an edge in a plane, metres; `east` and `north`: metres for a unit."""
    x1, y1, x2, y2 = edge
    x, y = middle
    ax, ay, bx, by = (x1 - x) * east, (y1 - y) * north, (x2 - x) * east, (y2 - y) * north
    apart: float = np.sqrt(nearness.plane_m2(ax, ay, bx, by))
    return apart


@compiled
def _touch(
    edges: Longs,
    window: tuple[int, int, int, int],
    k: int,
    limits: tuple[float, float],
    rows: tuple[Floats, Floats, Longs, int],
    said: tuple[Bytes, Floats],
    found: tuple[Shorts, Shorts, Bytes, Floats],
    step: int,
) -> int:
    """Which cells each edge of one zone matters to; gives their number, or -1 when the arrays are full.

    Measured from the middle of each cell, half a diagonal from its farthest point, in one plane between the two of
    `nearness`, which measures at most by `least` too long and by `most` too short.

    Args:
        edges: `(m, 4)`, counted from the corner of the grid.
        window: first column, first row, columns, rows of the cells around the zone.
        k: a cell is 2**k wide.
        limits: least and greatest limit of the discs, metres.
        rows: for every row of the grid the least and the greatest length of a degree of longitude, and the reach in
            longitude; and the reach in latitude.
        said: `(columns * rows)` set to 1 where an edge is near to the whole cell; and a distance that some edge is
            nearer than, anywhere in the cell.
        found: out, index of the cell in the window, index of the edge, 1 where it may cross the cell, and its least
            distance.
        step: take each edge (1), or only some first, and only for what `said` says.
    """
    mark, nearest = said
    column, row, width, height = window
    up, half = rows[3], float(1 << k) / 2 + 1.0
    north = 0.5 * (nearness.LEAST_NORTH_M + nearness.MOST_NORTH_M) / LATTICE
    beyond, n = limits[1] + nearness.slack_m(limits[1]), 0
    for i in range(0, len(edges), step):
        x1, y1, x2, y2 = edges[i, 0], edges[i, 1], edges[i, 2], edges[i, 3]
        for r in range(max((min(y1, y2) - up - 2) >> k, row), min((max(y1, y2) + up + 2) >> k, row + height - 1) + 1):
            east = 0.5 * (rows[0][r] + rows[1][r]) / LATTICE
            least = (1.0 - 1e-9) * min(rows[0][r] / east, nearness.LEAST_NORTH_M / north) / LATTICE
            most = (1.0 + 1e-9) * max(rows[1][r] / east, nearness.MOST_NORTH_M / north) / LATTICE
            diagonal, low = half * np.sqrt(east * east + north * north), (r << k) - 1
            first, last = _across(edges[i], (low - up, low + (1 << k) + 2 + up), rows[2][r] + 2)
            for c in range(max(first >> k, column), min(last >> k, column + width - 1) + 1):
                at = (r - row) * width + c - column
                if mark[at]:
                    continue
                left = (c << k) - 1
                apart = _apart((x1, y1, x2, y2), (left + half, low + half), east, north)
                longest, shortest = most * (apart + diagonal), least * (apart - diagonal)
                nearest[at] = min(nearest[at], longest)
                mark[at] = longest < limits[0] - nearness.SLACK_M
                if step > 1 or mark[at] or shortest > min(beyond, nearest[at] + nearness.slack_m(nearest[at])):
                    continue
                if n >= len(found[0]):
                    return -1
                right, high = left + (1 << k) + 2, low + (1 << k) + 2
                reaches = shortest < SLIGHT_M and _crosses(x1, y1, x2, y2, left, low, right, high)
                found[0][n], found[1][n], found[2][n] = at, i, reaches
                found[3][n] = 0.0 if reaches else max(shortest, SLIGHT_M)
                n += 1
    return n


@inlined
def _across(edge: Longs, between: tuple[int, int], reach: int) -> tuple[int, int]:
    """First and last longitude that the part of an edge between two latitudes comes to, and its reach beyond."""
    x1, y1, x2, y2 = edge[0], edge[1], edge[2], edge[3]
    near, far = float(min(x1, x2)), float(max(x1, x2))
    if y1 != y2:
        slope = (x2 - x1) / (y2 - y1)
        a = x1 + (max(min(y1, y2), between[0]) - y1) * slope
        b = x1 + (min(max(y1, y2), between[1]) - y1) * slope
        near, far = max(near, min(a, b)), min(far, max(a, b))
    return Long(np.floor(near)) - reach, Long(np.ceil(far)) + reach


@inlined
def _turned(edge: tuple[int, int, int, int], window: tuple[int, int, int, int], k: int, parity: Bytes) -> None:
    """Note in which cells of each row an edge, its lower end first, passes the line through the lower left corners.

    A corner lies half a unit outside its cell. An odd number of edges to its left: it lies in the zone. Coordinates are
    doubled, so that corners are odd and vertices even; what lies exactly on an edge is taken to lie a trifle above.
    """
    x1, y1, x2, y2 = edge
    column, row, width, height = window
    dx, dy = x2 - x1, y2 - y1
    for r in range(max((y1 >> k) + 1, row), min(y2 >> k, row + height - 1) + 1):
        y = 2 * (r << k) - 1
        crossing = x1 + (0.5 * y - y1) * dx / dy
        c = max((Long(np.floor(crossing)) >> k) - 1, column)
        while c < column + width:
            hand = dx * (y - 2 * y1) - dy * (2 * (c << k) - 1 - 2 * x1)
            if hand < 0 or (hand == 0 and dx < 0):
                break
            c += 1
        if c < column + width:
            parity[(r - row) * width + c - column] ^= 1


@compiled
def _trace(
    edges: Shorts,
    grid: tuple[int, int, int],
    window: tuple[int, int, int, int],
    reach: tuple[Longs, int, int],
    said: tuple[Shorts, Bytes],
    found: tuple[Shorts, Shorts, Bytes, Floats],
) -> int:
    """Which cells each edge of one zone comes to, where an edge says nothing about a whole cell.

    Gives their number, or -1 when the arrays are full.

    Args:
        edges: `(m, 4)`.
        grid: x and y of its corner; a cell is 2**k wide.
        window: first column, first row, columns, rows of the cells around the zone.
        reach: in longitude for every row of the grid, the greatest of these, and in latitude.
        said: out, how many edges come to each cell; and see `_turned`.
        found: out, index of the cell in the window and index of the edge.
    """
    gx, gy, k = grid
    across, widest, up = reach
    count, parity = said
    cells, which = found[0], found[1]
    column, row, width, height = window
    n = 0
    for i in range(len(edges)):
        x1, y1 = Long(edges[i, 0]) - gx, Long(edges[i, 1]) - gy
        x2, y2 = Long(edges[i, 2]) - gx, Long(edges[i, 3]) - gy
        bottom, top = max((min(y1, y2) - up - 2) >> k, row), min((max(y1, y2) + up + 2) >> k, row + height - 1)
        first = max((min(x1, x2) - widest - 2) >> k, column)
        last = min((max(x1, x2) + widest + 2) >> k, column + width - 1)
        if n + last - first >= len(cells):
            return -1
        if y1 > y2:
            x1, y1, x2, y2 = x2, y2, x1, y1
        slope = (x2 - x1) / (y2 - y1) if y2 != y1 and bottom != top else 0.0
        for r in range(bottom, top + 1):
            if bottom != top and y1 != y2:
                a = x1 + (max(y1, (r << k) - 1 - up) - y1) * slope
                b = x1 + (min(y2, ((r + 1) << k) + 1 + up) - y1) * slope
                near, far = max(float(min(x1, x2)), min(a, b)), min(float(max(x1, x2)), max(a, b))
                first = max((Long(np.floor(near)) - 2 - across[r]) >> k, column)
                last = min((Long(np.ceil(far)) + 2 + across[r]) >> k, column + width - 1)
                if n + last - first >= len(cells):
                    return -1
            at = (r - row) * width - column
            for c in range(first, last + 1):
                count[at + c] += 1
                cells[n], which[n] = at + c, i
                n += 1
        if y1 >> k != y2 >> k:
            _turned((x1, y1, x2, y2), window, k, parity)
    return n


@compiled
def _stack(
    edges: Shorts,
    found: tuple[Shorts, Shorts, Bytes, Floats],
    n: int,
    count: Shorts,
    begin: Shorts,
    store: Shorts,
    at: int,
) -> int:
    """Copy the edges of each cell together after `_trace`; gives the end of the copy.

    Args:
        edges: `(m, 4)` of one zone.
        found: see `_trace`.
        n: number of incidences.
        count: how many edges come to each cell; lost.
        begin: out, for each cell where its head stands in the store; -1 = it has no edges.
        store: out, before the edges of a cell a head, see `lay`.
        at: where to begin in it.
    """
    cells, which = found[0], found[1]
    for c in range(len(count)):
        begin[c] = -1
        if count[c] > 0:
            begin[c] = at
            store[at, 0], store[at, 1], store[at, 2], store[at, 3] = 2 * count[c], count[c], 0, NOWHERE_M
            at, count[c] = at + 1 + count[c], at + 1
    for j in range(n):
        to = count[cells[j]]
        count[cells[j]] += 1
        for d in range(4):
            store[to, d] = edges[which[j], d]
    return at


@compiled
def _gather(
    edges: Shorts,
    found: tuple[Shorts, Shorts, Bytes, Floats],
    n: int,
    said: tuple[Bytes, Floats],
    places: tuple[Shorts, Shorts, Shorts],
    closest: Floats,
    store: Shorts,
    at: int,
) -> int:
    """Copy the edges of each cell together after `_touch`, those that may cross it first; gives the end of the copy.

    An edge that does not cross the cell, and to which some other edge is nearer everywhere in it, decides nothing.

    Args:
        edges: `(m, 4)` of one zone.
        found: see `_touch`.
        n: number of incidences.
        said: see `_touch`; a marked cell needs no edges.
        places: out, for each cell where its head stands in the store, -1 = it has no edges; the others are scratch.
        closest: scratch.
        store: out, see `_stack`.
        at: where to begin in it.
    """
    cells, which, crossing, shortest = found
    mark, nearest = said
    begin, ahead, beyond = places
    ahead[:] = 0
    beyond[:] = 0
    closest[:] = FAR_M
    for j in range(n):
        c = cells[j]
        if not mark[c] and shortest[j] <= nearest[c] + nearness.slack_m(nearest[c]):
            ahead[c] += crossing[j]
            beyond[c] += 1 - crossing[j]
            closest[c] = min(closest[c], shortest[j])
    for c in range(len(begin)):
        begin[c], cross, every = -1, ahead[c], ahead[c] + beyond[c]
        if every > 0:
            store[at, 0], store[at, 1] = 2 * cross, every
            store[at, 2], store[at, 3] = np.int32(np.floor(closest[c])), np.int32(np.ceil(nearest[c]))
            begin[c], ahead[c], beyond[c] = at, at + 1, at + 1 + cross
            at += 1 + every
    for j in range(n):
        c = cells[j]
        if mark[c] or shortest[j] > nearest[c] + nearness.slack_m(nearest[c]):
            continue
        if crossing[j]:
            to = ahead[c]
            ahead[c] += 1
        else:
            to = beyond[c]
            beyond[c] += 1
        for d in range(4):
            store[to, d] = edges[which[j], d]
    return at


@compiled
def _enter(
    zone: int,
    window: tuple[int, int, int, int],
    columns: int,
    said: tuple[Bytes, Bytes, Shorts],
    store: Shorts,
    entries: Shorts,
    kept: int,
    starts: Shorts,
) -> int:
    """Note what each cell says of a zone; gives the number of entries.

    Args:
        zone: its index.
        window: see `_touch`.
        columns: cells in a row of the grid.
        said: which cells are marked, see `_touch`; see `_turned`; and see `_stack`.
        store: the head before the edges of each cell receives the parity of its corner.
        entries: out, cell, zone, and what is said.
        kept: entries so far.
        starts: out, one more for each entry, one place behind its cell.
    """
    mark, parity, begin = said
    for r in range(window[3]):
        inside = 0
        for c in range(window[2]):
            at, cell = r * window[2] + c, (window[1] + r) * columns + window[0] + c
            inside ^= parity[at]
            if mark[at]:
                entries[kept, 2] = NEAR
            elif begin[at] >= 0:
                entries[kept, 2] = begin[at]
                store[begin[at], 0] += inside
            elif inside:
                entries[kept, 2] = WITHIN
            else:
                continue
            entries[kept, 0], entries[kept, 1] = cell, zone
            starts[cell + 1] += 1
            kept += 1
    return kept


@compiled
def _room(n: int) -> tuple[Shorts, Shorts, Bytes, Floats]:
    """Room for the incidences of `_touch`."""
    return np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.uint8), np.empty(n, np.float64)


@compiled
def _paper(n: int) -> tuple[Bytes, Bytes, Floats, Floats, Shorts, Shorts, Shorts]:
    """Scratch for the cells around one zone: parity, mark, nearest, closest, and three numbers."""
    return (
        np.empty(n, np.uint8), np.empty(n, np.uint8), np.empty(n, np.float64), np.empty(n, np.float64),
        np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32),
    )  # fmt: skip


@compiled
def _grown(array: Shorts, used: int, more: int) -> Shorts:
    """The same array with room for `more` rows behind those that are used."""
    if used + more <= len(array):
        return array
    larger = np.empty((max(used + more, 2 * len(array)), array.shape[1]), array.dtype)
    larger[:used] = array[:used]
    return larger


@compiled
def _moved(edges: Shorts, gx: int, gy: int) -> Longs:
    """The edges of a zone, counted from a corner."""
    moved = np.empty((len(edges), 4), np.int64)
    for i in range(len(edges)):
        moved[i, 0], moved[i, 1] = Long(edges[i, 0]) - gx, Long(edges[i, 1]) - gy
        moved[i, 2], moved[i, 3] = Long(edges[i, 2]) - gx, Long(edges[i, 3]) - gy
    return moved


@compiled
def _window(
    box: Longs, grid: tuple[int, int, int], reach: int, up: int, columns: int, rows: int
) -> tuple[int, int, int, int]:
    """The cells around a zone: first column, first row, number of columns and of rows."""
    gx, gy, k = grid
    column, row = max((box[0] - gx - reach - 3) >> k, 0), max((box[1] - gy - up - 3) >> k, 0)
    last, top = min((box[2] - gx + reach + 3) >> k, columns - 1), min((box[3] - gy + up + 3) >> k, rows - 1)
    return column, row, last - column + 1, top - row + 1


@compiled
def _lay_wide(
    mine: Shorts,
    grid: tuple[int, int, int],
    window: tuple[int, int, int, int],
    limits: tuple[float, float],
    rows: tuple[Floats, Floats, Longs, int],
    paper: tuple[Bytes, Bytes, Floats],
    found: tuple[Shorts, Shorts, Bytes, Floats],
) -> int:
    """`_touch` and `_turned` for one zone; gives the number of incidences, or -1 when the arrays are full."""
    parity, mark, nearest = paper
    moved = _moved(mine, grid[0], grid[1])
    nearest[:] = FAR_M
    _touch(moved, window, grid[2], limits, rows, (mark, nearest), found, SAMPLE)
    n: int = _touch(moved, window, grid[2], limits, rows, (mark, nearest), found, 1)
    for i in range(len(moved) if n >= 0 else 0):
        x1, y1, x2, y2 = moved[i, 0], moved[i, 1], moved[i, 2], moved[i, 3]
        if y1 < y2:
            _turned((x1, y1, x2, y2), window, grid[2], parity)
        elif y2 < y1:
            _turned((x2, y2, x1, y1), window, grid[2], parity)
    return n


@compiled
def lay(
    edges: Shorts,
    of_zone: Longs,
    boxes: Longs,
    grid: tuple[int, int, int],
    columns: int,
    limits: tuple[float, float],
    rows: tuple[Floats, Floats, Longs, int],
    store: Shorts,
    used: int,
) -> tuple[Shorts, Shorts, Shorts, int]:
    """Lay the grid over zones.

    Args:
        edges: `(m, 4)` x1, y1, x2, y2 of every edge.
        of_zone: `(z + 1)` where the edges of each zone begin.
        boxes: `(z, 4)` west, south, east, north of each zone.
        grid: x and y of its corner; a cell is 2**k wide.
        columns: cells in a row of the grid.
        limits: least and greatest limit of the discs, metres; not positive = no edge says anything about a whole cell.
        rows: see `_touch`.
        store: out, what other grids have stored already.
        used: how much of it.

    Returns:
        `(cells + 1)` where the entries of each cell begin; `(e, 2)` entries: a zone, and `WITHIN`, `NEAR`, or where its
        head stands in the store; `(s, 4)` the store: edges of one cell and zone, before them a head: how many of them
        may cross the cell (they come first), doubled, and 1 if its corner lies in the zone; how many there are; and
        metres, for every point of the cell: no edge is nearer than the first number, one is nearer than the second; and
        how much of it is used.
    """
    widest = rows[2].max() if len(rows[2]) else 0
    starts = np.zeros(columns * len(rows[0]) + 1, np.int32)
    entries, kept = np.empty((65_536, 3), np.int32), 0
    found, papers = _room(1 << 14), _paper(1 << 12)
    for zone in range(len(of_zone) - 1):
        mine = edges[of_zone[zone] : of_zone[zone + 1]]
        window = _window(boxes[zone], grid, widest, rows[3], columns, len(rows[0]))
        size = window[2] * window[3] if min(window[2], window[3]) > 0 else 0
        if size == 0 or len(mine) == 0:  # beside the grid, or nowhere
            continue
        papers = papers if size <= len(papers[0]) else _paper(2 * size)
        parity, mark, nearest, closest = papers[0][:size], papers[1][:size], papers[2][:size], papers[3][:size]
        begin, one, two = papers[4][:size], papers[5][:size], papers[6][:size]
        n = -1
        while n < 0:
            parity[:], mark[:], one[:] = 0, 0, 0
            if limits[1] > 0:
                n = _lay_wide(mine, grid, window, limits, rows, (parity, mark, nearest), found)
            else:
                n = _trace(mine, grid, window, (rows[2], widest, rows[3]), (one, parity), found)
            found = found if n >= 0 else _room(4 * len(found[0]))
        store = _grown(store, used, n + size)
        if limits[1] > 0:
            used = _gather(mine, found, n, (mark, nearest), (begin, one, two), closest, store, used)
        else:
            used = _stack(mine, found, n, one, begin, store, used)
        entries = _grown(entries, kept, size)
        kept = _enter(zone, window, columns, (mark, parity, begin), store, entries, kept, starts)
    return starts, _by_cell(entries[:kept], starts), store, used


@compiled
def _by_cell(entries: Shorts, starts: Shorts) -> Shorts:
    """Sort the entries by cell, counted one place behind it; within a cell they stay in the order of the zones."""
    total = 0
    for c in range(len(starts)):  # behind each cell where its own begin: the sorting moves it to where they end
        count, starts[c] = starts[c], total
        total += count
    ordered = np.empty((len(entries), 2), np.int32)
    ahead = 0
    for j in range(len(entries)):
        ahead = starts[entries[j, 0] + 1]
        starts[entries[j, 0] + 1] += 1
        ordered[ahead, 0], ordered[ahead, 1] = entries[j, 1], entries[j, 2]
    return ordered


@compiled
def most_of(starts: Shorts) -> int:
    """The greatest number of entries of a cell."""
    most = 0
    for c in range(len(starts) - 1):
        most = max(most, starts[c + 1] - starts[c])
    return most


# -- asking it -------------------------------------------------------------------------------------------------------


@inlined
def _inside(store: Shorts, first: int, last: int, parity: int, px: int, py: int, left: int, low: int) -> int:
    """Whether a point lies inside (1), outside (0) or exactly on an edge (2) of a zone.

    A walk from the corner of the cell, whose parity is known, up to the height of the point and then across to it: each
    edge on the way changes it. `left` and `low` are the corner, doubled.
    """
    on_edge = 0
    for j in range(first, last):
        x1, y1, x2, y2 = Long(store[j, 0]), Long(store[j, 1]), Long(store[j, 2]), Long(store[j, 3])
        dx, dy = x2 - x1, y2 - y1
        at = dx * (py - y1) - dy * (px - x1)
        on_edge |= (at == 0) & (min(x1, x2) <= px) & (px <= max(x1, x2)) & (min(y1, y2) <= py) & (py <= max(y1, y2))
        turn = 2 * at + dy * (2 * px - left)
        corner = turn - dx * (2 * py - low)
        lean = Long(dx > 0)
        above = turn + lean > 0
        parity ^= ((y1 <= py) != (y2 <= py)) & ((at + lean > 0) != above)
        parity ^= ((2 * x1 < left) != (2 * x2 < left)) & ((corner + lean > 0) != above)
    return 2 if on_edge else parity


@compiled
def _is_near(store: Shorts, first: int, last: int, px: int, py: int, limit: float, east: tuple[float, float]) -> bool:
    """Whether one of some edges comes nearer to a point than a limit; `east`: least and greatest length of a degree."""
    for j in range(first, last):
        x1, y1, x2, y2 = Long(store[j, 0]), Long(store[j, 1]), Long(store[j, 2]), Long(store[j, 3])
        hit, clear = nearness.sure_of(
            (x1 - px) / LATTICE, (y1 - py) / LATTICE, (x2 - px) / LATTICE, (y2 - py) / LATTICE, limit, east[0], east[1]
        )
        if hit:
            return True
        if not clear and nearness.comes_near(
            px / LATTICE, py / LATTICE, x1 / LATTICE, y1 / LATTICE, x2 / LATTICE, y2 / LATTICE, limit,
        ):  # fmt: skip
            return True
    return False


@compiled
def _glance(
    store: Shorts, first: int, last: int, px: int, py: int, scale: tuple[float, float], near2: float, far2: float
) -> int:
    """How some edges lie to a disc at first sight: one is surely within its limit (2), one may be (1), or none (0).

    Measured in one plane, without a division.

    Args:
        store: edges.
        first: the first of them.
        last: the one after the last.
        px: longitude of the point.
        py: its latitude.
        scale: metres for a unit of longitude and of latitude in the plane.
        near2: square of what is surely within the limit.
        far2: square of what is surely beyond it.
    """
    east, north = scale
    while first < last:
        sure, maybe = 0, 0
        for j in range(first, min(first + GLANCE, last)):
            ax, ay = (Long(store[j, 0]) - px) * east, (Long(store[j, 1]) - py) * north
            bx, by = (Long(store[j, 2]) - px) * east, (Long(store[j, 3]) - py) * north
            dx, dy = bx - ax, by - ay
            long2, along, beside = dx * dx + dy * dy, -(ax * dx + ay * dy), ax * dy - ay * dx
            ends2, beside2 = min(ax * ax + ay * ay, bx * bx + by * by), beside * beside
            between = (along > 0.0) & (along < long2)
            sure |= (ends2 < near2) | (between & (beside2 < near2 * long2))
            maybe |= (ends2 < far2) | (between & (beside2 < far2 * long2))
        if sure:
            return 2
        if maybe:
            return 1
        first += GLANCE
    return 0


@inlined
def _disc(
    x: int, y: int, limit: float, store: Shorts, head: int, corner: tuple[int, int], east: tuple[float, float]
) -> int:
    """How a disc lies to a zone that has to be asked: +1 within, 0 near its edge, -1 clear of it.

    The plane of a glance lies between the two of `nearness.sure_of`: it measures at most by `most` too short and by
    `least` too long, which widens the limit; what a glance leaves open is asked exactly.
    """
    middle, up = 0.5 * (east[0] + east[1]), 0.5 * (nearness.LEAST_NORTH_M + nearness.MOST_NORTH_M)
    least = min(east[0] / middle, nearness.LEAST_NORTH_M / up) * (1.0 - 1e-9)
    most = max(east[1] / middle, nearness.MOST_NORTH_M / up) * (1.0 + 1e-9)
    near, far = max(limit - nearness.SLACK_M, 0.0) / most, (limit + nearness.slack_m(limit)) / max(least, 1e-3)
    crossing, inside, first, last = store[head, 0] >> 1, store[head, 0] & 1, head + 1, head + 1 + store[head, 1]
    seen = _glance(store, first, last, x, y, (middle / LATTICE, up / LATTICE), near * near, far * far)
    if seen == 2 or (seen == 1 and _is_near(store, first, last, x, y, limit, east)):
        return 0
    return 1 if _inside(store, first, first + crossing, inside, x, y, corner[0], corner[1]) == 1 else -1


@compiled
def _sift(
    discs: tuple[Shorts, Shorts, Shorts],
    store: Shorts,
    out: tuple[Longs, Shorts, NDArray[np.int8]],
    opened: tuple[Longs, Shorts],
    m: int,
) -> int:
    """Decide the open discs that the head of their cell decides; gives how many stay open, their edges at hand."""
    kept, seen, radius = 0, 0, discs[2]
    for j in range(m):
        pair, head = opened[0][j], opened[1][j]
        limit = radius[out[0][pair]] + space.BAND_M
        count = store[head, 1]
        near, clear = store[head, 3] < limit - nearness.SLACK_M, store[head, 2] > limit + nearness.slack_m(limit)
        opened[0][kept], opened[1][kept] = pair, head
        if near:
            out[2][pair] = 0
        elif clear:
            out[2][pair] = 1 if store[head, 0] & 1 else -1
        else:
            kept += 1
            for line in range(head + 4, min(head + 1 + count, head + 4 * LINES), 4):
                seen ^= store[line, 0]
    opened[1][len(opened[1]) - 1] = seen
    return kept


@compiled
def _cells_of(
    lon: Shorts,
    lat: Shorts,
    chosen: tuple[int, int],
    grid: tuple[int, int, int, int, int],
    starts: Shorts,
    places: tuple[Longs, Shorts, Shorts],
) -> int:
    """Rows of a block whose cell says something; gives their number.

    Args:
        lon: `(n,)` longitude, 1e-7 degree.
        lat: `(n,)` latitude.
        chosen: first row, and the row after the last.
        grid: x and y of its corner, k, columns, rows.
        starts: where the entries of each cell begin.
        places: out, the row, its first entry, and the one after its last.
    """
    gx, gy, k, columns, rows = grid
    at, first, last = places
    m = 0
    for i in range(chosen[0], chosen[1]):
        column, row = (Long(lon[i]) - gx) >> k, (Long(lat[i]) - gy) >> k
        there = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        cell = (row * columns + column) * there
        at[m], first[m], last[m] = i, starts[cell], starts[cell + 1]
        m += there & (first[m] < last[m])
    return m


@compiled
def _list_points(
    points: tuple[Shorts, Shorts, NDArray[np.int16], Longs],
    places: tuple[Longs, Shorts, Shorts],
    todo: tuple[int, int],
    entries: Shorts,
    when: Longs,
    out: tuple[Longs, Shorts, NDArray[np.int8]],
    n: int,
    opened: tuple[Longs, Shorts],
) -> tuple[int, int, int]:
    """Write down what the cells of some rows say; gives the next of `places`, the number of pairs and of open ones.

    Args:
        points: lon, lat, altitude in metres, time in seconds.
        places: see `_cells_of`.
        todo: first of them, and the one after the last.
        entries: what cells say, see `lay`.
        when: `(z, 4)` lowest and highest altitude, first and last second, all included; empty = no zone has limits.
        out: row, zone and value of each pair.
        n: pairs so far.
        opened: out, the pairs whose edges have to be asked, and where their heads stand.
    """
    altitude, time = points[2], points[3]
    at, first, last = places
    out_row, out_zone, out_value = out
    open_at, open_head = opened
    bounded, m, r = len(when) > 0, 0, todo[0]
    seen = 0
    for j in range(todo[0], todo[1]):
        seen ^= entries[first[j], 0]
    open_head[len(open_head) - 1] = seen
    while r < todo[1] and n + last[r] - first[r] <= len(out_row) and m + last[r] - first[r] < len(open_at) - 1:
        i = at[r]
        a, t = (Long(altitude[i]), time[i]) if bounded else (0, 0)
        for j in range(first[r], last[r]):
            zone, said = entries[j, 0], entries[j, 1]
            out_row[n], out_zone[n], out_value[n] = i, zone, 1
            open_at[m], open_head[m] = n, said
            holds = True
            if bounded:
                holds = (a >= when[zone, 0]) & (a <= when[zone, 1]) & (t >= when[zone, 2]) & (t <= when[zone, 3])
            n += holds
            m += holds & (said >= ASK)
        r += 1
    return r, n, m


@compiled
def _fetch(store: Shorts, heads: Shorts, m: int) -> int:
    """Look at some heads all at once: what follows them is then at hand, and asking waits for nothing."""
    seen, last = 0, len(store) - 1
    for j in range(m):
        seen ^= store[heads[j], 2] ^ store[min(heads[j] + 4, last), 2]
    return seen


@compiled
def ask_points(
    points: tuple[Shorts, Shorts, NDArray[np.int16], Longs],
    chosen: tuple[int, int],
    grid: tuple[int, int, int, int, int],
    laid: tuple[Shorts, Shorts, Shorts],
    most: int,
    when: Longs,
    out: tuple[Longs, Shorts, NDArray[np.int8]],
    n: int,
) -> tuple[int, int]:
    """Ask which zones hold each point, on their edge or inside it.

    Args:
        points: lon, lat, altitude in metres, time in seconds.
        chosen: first row, and the row after the last.
        grid: x and y of its corner, k, columns, rows.
        laid: what `lay` gave for points.
        most: the greatest number of entries of a cell.
        when: see `_list_points`.
        out: row, zone and value (+1 inside, 0 on the edge) of each pair.
        n: pairs so far.

    Returns:
        The row to go on with, and the number of pairs; stops early when `out` is full.
    """
    lon, lat = points[0], points[1]
    gx, gy, k = grid[0], grid[1], grid[2]
    starts, entries, store = laid
    places = np.empty(BLOCK + 1, np.int64), np.empty(BLOCK + 1, np.int32), np.empty(BLOCK + 1, np.int32)
    opened = np.empty(2 * BLOCK + most + 2, np.int64), np.empty(2 * BLOCK + most + 2, np.int32)
    for start in range(chosen[0], chosen[1], BLOCK):
        found = _cells_of(lon, lat, (start, min(start + BLOCK, chosen[1])), grid, starts, places)
        done = 0
        while done < found:
            begin, before = n, done
            done, n, m = _list_points(points, places, (done, found), entries, when, out, n, opened)
            if done == before:
                return places[0][done], n
            opened[1][m] = _fetch(store, opened[1], m)
            for j in range(m):
                i, head = out[0][opened[0][j]], opened[1][j]
                x, y = Long(lon[i]), Long(lat[i])
                left, low = 2 * ((((x - gx) >> k) << k) + gx) - 1, 2 * ((((y - gy) >> k) << k) + gy) - 1
                inside = _inside(store, head + 1, head + 1 + store[head, 1], store[head, 0] & 1, x, y, left, low)
                out[2][opened[0][j]] = VALUE[inside]
            n = _without_no(out[0], out[1], out[2], begin, n)
    return chosen[1], n


@compiled
def _without_no(out_row: Longs, out_zone: Shorts, out_value: NDArray[np.int8], begin: int, end: int) -> int:
    """Close the gaps that pairs of value -1 leave; gives the new end."""
    n = begin
    for j in range(begin, end):
        out_row[n], out_zone[n], out_value[n] = out_row[j], out_zone[j], out_value[j]
        n += out_value[j] >= 0
    return n


@compiled
def _cells_of_discs(
    discs: tuple[Shorts, Shorts, Shorts],
    chosen: tuple[int, int],
    class_of: NDArray[np.int8],
    grids: Longs,
    starts: Shorts,
    places: tuple[Longs, Shorts, Shorts],
) -> int:
    """The same as `_cells_of` for discs, each in the grid of its class; see `ask_discs`."""
    lon, lat, radius = discs
    at, first, last = places
    m = 0
    for i in range(chosen[0], chosen[1]):
        grid = class_of[radius[i]]
        g = max(grid, 0)
        k, columns, rows = grids[g, 2], grids[g, 3], grids[g, 4]
        column, row = (Long(lon[i]) - grids[g, 0]) >> k, (Long(lat[i]) - grids[g, 1]) >> k
        there = (grid >= 0) & (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        cell = (grids[g, 5] + row * columns + column) * there
        at[m], first[m], last[m] = i, starts[cell], starts[cell + 1]
        m += there & (first[m] < last[m])
    return m


@compiled
def _list_discs(
    places: tuple[Longs, Shorts, Shorts],
    todo: tuple[int, int],
    entries: Shorts,
    out: tuple[Longs, Shorts, NDArray[np.int8]],
    n: int,
    opened: tuple[Longs, Shorts],
) -> tuple[int, int, int]:
    """The same as `_list_points` for discs, which have no altitude and no time."""
    at, first, last = places
    out_row, out_zone, out_value = out
    open_at, open_head = opened
    m, r = 0, todo[0]
    while r < todo[1] and n + last[r] - first[r] <= len(out_row) and m + last[r] - first[r] < len(open_at) - 1:
        for j in range(first[r], last[r]):
            said = entries[j, 1]
            out_row[n], out_zone[n], out_value[n] = at[r], entries[j, 0], said == WITHIN
            open_at[m], open_head[m] = n, said
            n += 1
            m += said >= ASK
        r += 1
    return r, n, m


@compiled
def ask_discs(
    discs: tuple[Shorts, Shorts, Shorts],
    chosen: tuple[int, int],
    class_of: NDArray[np.int8],
    grids: Longs,
    laid: tuple[Shorts, Shorts, Shorts],
    most: int,
    east: tuple[Floats, Floats],
    out: tuple[Longs, Shorts, NDArray[np.int8]],
    n: int,
) -> tuple[int, int]:
    """Ask which zones hold each disc, or may.

    Args:
        discs: lon, lat, radius in metres.
        chosen: first row, and the row after the last.
        class_of: radius in metres to the number of its grid; negative = left out.
        grids: `(g, 7)` of each grid: x and y of its corner, k, columns, rows, and where its cells begin in `laid`, its
            rows in `east`.
        laid: what `lay` gave for each grid, one behind the other.
        most: the greatest number of entries of a cell.
        east: for every row of each grid the least and greatest length of a degree of longitude.
        out: row, zone and value (+1 within, 0 cannot be decided) of each pair.
        n: pairs so far.

    Returns:
        The row to go on with, and the number of pairs; stops early when `out` is full.
    """
    lon, lat, radius = discs
    starts, entries, store = laid
    places = np.empty(BLOCK + 1, np.int64), np.empty(BLOCK + 1, np.int32), np.empty(BLOCK + 1, np.int32)
    opened = np.empty(2 * BLOCK + most + 2, np.int64), np.empty(2 * BLOCK + most + 2, np.int32)
    for start in range(chosen[0], chosen[1], BLOCK):
        found = _cells_of_discs(discs, (start, min(start + BLOCK, chosen[1])), class_of, grids, starts, places)
        done = 0
        while done < found:
            begin, before = n, done
            done, n, m = _list_discs(places, (done, found), entries, out, n, opened)
            if done == before:
                return places[0][done], n
            opened[1][m] = _fetch(store, opened[1], m)
            for j in range(_sift(discs, store, out, opened, m)):
                i = out[0][opened[0][j]]
                g, x, y = class_of[radius[i]], Long(lon[i]), Long(lat[i])
                gx, gy, k = grids[g, 0], grids[g, 1], grids[g, 2]
                row = (y - gy) >> k
                corner = 2 * ((((x - gx) >> k) << k) + gx) - 1, 2 * ((row << k) + gy) - 1
                width = east[0][grids[g, 6] + row], east[1][grids[g, 6] + row]
                value = _disc(x, y, radius[i] + space.BAND_M, store, opened[1][j], corner, width)
                out[2][opened[0][j]] = value
            n = _without_no(out[0], out[1], out[2], begin, n)
    return chosen[1], n


# -- rows kept in the order of cells ---------------------------------------------------------------------------------


@compiled
def held(begins: Longs, starts: Shorts) -> int:
    """How many pairs there are of a row and something that its cell says.

    Args:
        begins: `(cells + 1)` where the rows of each cell begin.
        starts: `(cells + 1)` where the entries of each cell begin.
    """
    n = 0
    for c in range(len(starts) - 1):
        n += (begins[c + 1] - begins[c]) * (starts[c + 1] - starts[c])
    return n


@compiled
def walk(
    points: tuple[Shorts, Shorts, NDArray[np.int16], Longs, Longs],
    begins: Longs,
    grid: tuple[int, int, int, int, int],
    laid: tuple[Shorts, Shorts, Shorts],
    when: Longs,
    out: tuple[Longs, Shorts, NDArray[np.int8]],
) -> int:
    """Ask which zones hold each point, cell by cell; gives the number of pairs.

    Args:
        points: lon, lat, altitude in metres, time in seconds, and row, sorted by cell.
        begins: `(cells + 1)` where the rows of each cell begin.
        grid: x and y of its corner, k, columns, rows.
        laid: what `lay` gave for points on this grid.
        when: see `_list_points`.
        out: row, zone and value of each pair, as many as `held`.
    """
    lon, lat, altitude, time, row = points
    gx, gy, k, columns = grid[0], grid[1], grid[2], grid[3]
    starts, entries, store = laid
    bounded, n = len(when) > 0, 0
    for c in range(len(starts) - 1):
        if starts[c] == starts[c + 1] or begins[c] == begins[c + 1]:
            continue
        left, low = 2 * (((c % columns) << k) + gx) - 1, 2 * (((c // columns) << k) + gy) - 1
        for j in range(starts[c], starts[c + 1]):
            zone, head, begin = entries[j, 0], entries[j, 1], n
            for i in range(begins[c], begins[c + 1]):
                out[0][n], out[1][n], out[2][n] = i, zone, 1
                holds = True
                if bounded:
                    holds = (altitude[i] >= when[zone, 0]) & (altitude[i] <= when[zone, 1])
                    holds &= (time[i] >= when[zone, 2]) & (time[i] <= when[zone, 3])
                n += holds
            for j2 in range(begin, n):
                i = out[0][j2]
                out[0][j2] = row[i]
                if head >= ASK:
                    x, y, parity = Long(lon[i]), Long(lat[i]), store[head, 0] & 1
                    out[2][j2] = VALUE[_inside(store, head + 1, head + 1 + store[head, 1], parity, x, y, left, low)]
            if head >= ASK:
                n = _without_no(out[0], out[1], out[2], begin, n)
    return n


# -- the edges of zones ----------------------------------------------------------------------------------------------


@compiled
def edges_of(xy: Floats, of_ring: Longs, of_zone: Longs) -> tuple[Shorts, Longs, Longs, Longs]:
    """The edges of rings; see `join.Edges`.

    Args:
        xy: `(v, 2)` vertices on the grid, the first of each ring repeated as its last.
        of_ring: `(r + 1)` where the vertices of each ring begin.
        of_zone: `(z + 1)` where the rings of each zone begin.

    Returns:
        `(m, 4)` edges; `(z + 1)` where those of each zone begin; `(z, 4)` box around each zone; greatest extent of an
        edge and sum of their extents.
    """
    flat, starts = np.empty((len(xy), 4), np.int32), np.empty(len(of_zone), np.int64)
    boxes, size = np.zeros((len(of_zone) - 1, 4), np.int64), np.zeros(2, np.int64)
    n = 0
    for zone in range(len(of_zone) - 1):
        starts[zone] = n
        left, low, right, high = FURTHEST, FURTHEST, -FURTHEST, -FURTHEST
        for ring in range(of_zone[zone], of_zone[zone + 1]):
            x1, y1 = 0, 0
            for i in range(of_ring[ring], of_ring[ring + 1]):
                x2, y2 = Long(np.rint(xy[i, 0])), Long(np.rint(xy[i, 1]))
                if i > of_ring[ring] and (x1 != x2 or y1 != y2):
                    flat[n, 0], flat[n, 1], flat[n, 2], flat[n, 3] = x1, y1, x2, y2
                    wide, tall = abs(x2 - x1), abs(y2 - y1)
                    size[0], size[1] = max(size[0], wide, tall), size[1] + wide + tall
                    left, low, right, high = min(left, x2), min(low, y2), max(right, x2), max(high, y2)
                    n += 1
                x1, y1 = x2, y2
        if n > starts[zone]:
            boxes[zone, 0], boxes[zone, 1], boxes[zone, 2], boxes[zone, 3] = left, low, right, high
    starts[len(of_zone) - 1] = n
    return flat[:n], starts, boxes, size


# -- bits ------------------------------------------------------------------------------------------------------------


@compiled
def set_bits(found: tuple[Longs, Shorts, NDArray[np.int8]], bit: Longs, must: Words, may: Words) -> None:
    """Set the bit of its zone for every pair.

    Args:
        found: row, zone, value.
        bit: bit of each zone.
        must: `(n, w)` bits of values of +1.
        may: `(n, w)` bits of values of +1 and 0.
    """
    row, zone, value = found
    for j in range(len(row)):
        i, at = row[j], bit[zone[j]]
        one = np.uint64(1) << np.uint64(at & 63)
        may[i, at >> 6] |= one
        if value[j] > 0:
            must[i, at >> 6] |= one
