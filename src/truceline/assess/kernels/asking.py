"""The compiled loops that ask a grid for points and discs.

Inside or outside is decided by integers alone: the sign of a product says on which side of an edge a point lies, and
products fit in 64 bits because no edge is longer than 100 degrees (`Join.MOST_EDGE`). Nearness to an edge is decided by
`nearness`. Coordinates are whole numbers of 1e-7 degree.
"""

# ruff: noqa: PLR0917  # compiled loops take their arrays by place

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from truceline import space
from truceline.assess.kernels.common import (
    ASK,
    LATTICE,
    WITHIN,
    Floats,
    Long,
    Longs,
    Shorts,
    Words,
    compiled,
    inlined,
    nearness,
)

BLOCK = 2048
"""So many rows are taken step by step together: the memory that one step asks for is there when the next begins."""

GLANCE = 64
"""So many edges are looked at before it is asked whether one of them was near."""

LINES = 16
"""So many lines of memory, of four edges each, are called for before the edges of a disc are looked at."""

VALUE = np.array([-1, 1, 0], np.int8)
"""Of a point outside, inside, and on the edge, in the order of `_inside`."""


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
