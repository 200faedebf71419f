"""The compiled loops that lay a grid over zones.

A cell says of each zone that reaches it one of three things: every disc in it lies within (`WITHIN`), the edge comes
near to every disc in it (`NEAR`), or ask these edges (`ASK`). A zone that a cell does not mention is clear of it.
Coordinates are whole numbers of 1e-7 degree.
"""

# ruff: noqa: PLR0917  # compiled loops take their arrays by place

from __future__ import annotations

import numpy as np

from truceline.assess.kernels.common import (
    LATTICE,
    NEAR,
    NOWHERE_M,
    WITHIN,
    Bytes,
    Floats,
    Long,
    Longs,
    Shorts,
    compiled,
    inlined,
    nearness,
)

FAR_M = 1e6
SLIGHT_M = 1e-9
FURTHEST = 1 << 40
SAMPLE = 8
"""One edge in so many is taken first: where it is near to a whole cell, the others need not be looked at."""


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


@compiled
def edges_of(xy: Floats, of_ring: Longs, of_zone: Longs) -> tuple[Shorts, Longs, Longs, Longs]:
    """The edges of rings; see `grids.Edges`.

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
