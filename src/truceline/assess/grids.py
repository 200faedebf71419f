"""How is a grid laid over zones? Their edges, the size of its cells, and the classes of radii that share one.

The size of cells and the classes decide how fast an answer comes, never which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from truceline.assess import nearness
from truceline.space import BAND_M, UNITS_PER_DEGREE, Floats, Geometry, Ints, areal

MOST_GRID_M = 100_000
"""Discs of a greater radius are too rare for a grid of their own."""

FINE = 0.25
"""A limit below this share of a cell says nothing about a whole cell: its edges are always asked."""

MOST_CELLS = 1 << 23
MOST_WINDOWS = 1 << 24
"""Cells around all zones, one by one: what cells say of thousands of zones on one spot must have room too."""

MOST_CLASSES = 8
LEAST_CLASS_M = 511
"""Radii up to here share a class where there are many: too small to say something about a whole cell."""

FINEST, COARSEST = 10, 26
POLAR_DEG = 84.0
NS_ROW, NS_FAR, NS_EDGE, NS_NEAR = 6.0, 12e-6, 12.0, 4.0
NS_TOUCH, NS_SKIP, NS_STATE, NS_CELL, NS_WINDOW = 15.0, 3.0, 30.0, 1.0, 20.0
"""What one step of each kind costs, in nanoseconds, measured on one machine; only their ratios matter."""

Shorts = NDArray[np.int32]


@dataclass(frozen=True)
class Edges:
    """The edges of zones.

    Attributes:
        flat: `(m, 4)` x1, y1, x2, y2 in 1e-7 degree.
        of_zone: `(z + 1)` where those of each zone begin.
        boxes: `(z, 4)` west, south, east, north of each zone; zeros for one without edges.
        longest: greatest extent of an edge in either direction, in 1e-7 degree; 0 = no edge.
        length: sum of the extents of all edges in both directions.
    """

    flat: Shorts
    of_zone: Ints
    boxes: Ints
    longest: int
    length: int

    @classmethod
    def of(cls, shapes: Sequence[Geometry | None], *, compiled: bool = False) -> Edges:
        """The edges of polygons and multipolygons on the grid; of None and of empty ones there are none.

        Args:
            shapes: `(z,)` the zones.
            compiled: whether to do it with numba; the result is the same.
        """
        if len(shapes) == 0:
            return cls(np.empty((0, 4), np.int32), np.zeros(1, np.int64), np.empty((0, 4), np.int64), 0, 0)
        _, xy, (of_ring, *outer) = shapely.to_ragged_array(_areal(shapes), include_z=False)
        of_zone = np.arange(len(of_ring), dtype=np.int64)
        for offsets in outer:  # of the rings of each polygon, of the polygons of each zone
            of_zone = of_zone[offsets]
        if not compiled:
            return cls._made(np.round(xy).astype(np.int32), of_ring.astype(np.int64), of_zone)
        from truceline.assess.kernels import laying as loops  # noqa: PLC0415  # numba is imported only when it is used

        flat, starts, boxes, (longest, length) = loops.edges_of(
            np.ascontiguousarray(xy, np.float64), of_ring.astype(np.int64), of_zone
        )
        return cls(flat, starts, boxes, int(longest), int(length))

    @classmethod
    def _made(cls, xy: Shorts, of_ring: Ints, of_zone: Ints) -> Edges:
        flat = np.hstack([xy[:-1], xy[1:]])
        is_edge = np.ones(len(xy), bool)
        is_edge[of_ring[1:] - 1] = False  # from the last vertex of a ring to the first of the next
        is_edge = is_edge[:-1] & (flat[:, :2] != flat[:, 2:]).any(axis=1)
        before = np.concatenate([[0], np.cumsum(is_edge)])
        starts = before[np.minimum(of_ring[of_zone], len(is_edge))].astype(np.int64)
        flat = flat[is_edge]
        extent = np.abs(flat[:, 2:].astype(np.int64) - flat[:, :2])
        boxes = np.zeros((len(starts) - 1, 4), np.int64)
        there = np.flatnonzero(np.diff(starts))
        if len(there):
            boxes[there, :2] = np.minimum.reduceat(flat[:, :2], starts[there])
            boxes[there, 2:] = np.maximum.reduceat(flat[:, :2], starts[there])
        return cls(flat, starts, boxes, int(extent.max(initial=0)), int(extent.sum()))

    @cached_property
    def there(self) -> Ints:
        """`(t, 4)` the boxes of the zones that have edges."""
        return self.boxes[np.diff(self.of_zone) > 0]


def _areal(shapes: Sequence[Geometry | None]) -> NDArray[np.object_]:
    made = np.empty(len(shapes), object)
    made[:] = shapes
    odd = np.flatnonzero(~np.isin(shapely.get_type_id(made), (3, 6)))
    made[odd] = [areal(shapes[i]) for i in odd.tolist()]
    return made


@dataclass(frozen=True)
class Grid:
    """One grid: for points, or for discs whose limits lie between two.

    Attributes:
        corner: x and y of its corner, 1e-7 degree.
        shift: a cell is 2**shift wide.
        columns, rows: how many cells.
        least, limit: of the discs, metres; negative = points.
    """

    corner: tuple[int, int]
    shift: int
    columns: int
    rows: int
    least: float
    limit: float

    @cached_property
    def east(self) -> tuple[Floats, Floats]:
        """Least and greatest length of a degree of longitude for the discs of each row of cells, metres."""
        low = (self.corner[1] + (np.arange(self.rows) << self.shift) - 2) / UNITS_PER_DEGREE
        high = low + ((1 << self.shift) + 4) / UNITS_PER_DEGREE
        return nearness.band_of(low, high, np.full(self.rows, max(self.limit, 0.0)))

    @property
    def reach(self) -> tuple[Ints, int]:
        """How far a limit reaches: in longitude for each row of cells, and in latitude, 1e-7 degree."""
        if self.limit < 0:
            return np.zeros(self.rows, np.int64), 0
        return reach_of(self.limit, self.east[0])

    @property
    def is_fine(self) -> bool:
        """Whether the limit is too small to say something about a whole cell."""
        return self.limit < FINE * (1 << self.shift) / UNITS_PER_DEGREE * nearness.LEAST_NORTH_M


def reach_of(limit: float, least_east: Floats) -> tuple[Ints, int]:
    """How far a limit in metres reaches, in 1e-7 degree: `(n,)` in longitude, and in latitude."""
    metres = limit + float(nearness.slack_m(np.asarray(limit)))
    across = np.ceil(metres / np.maximum(least_east, 1.0) * UNITS_PER_DEGREE).astype(np.int64) + 1
    return across, int(np.ceil(metres / nearness.LEAST_NORTH_M * UNITS_PER_DEGREE)) + 1


def reach_between(limit: float, south: int, north: int) -> tuple[int, int]:
    """How far a limit in metres reaches from points between two latitudes: in longitude at most, and in latitude.

    All but the limit are in 1e-7 degree.
    """
    low, high = (np.asarray(lat / UNITS_PER_DEGREE) for lat in (south, north))
    least, _ = nearness.band_of(low, high, np.asarray(2 * limit))
    across, up = reach_of(limit, least)
    return int(across), up


def grid_for(edges: Edges, rows: int, least: float, limit: float, shift: int | None = None) -> Grid:
    """The grid for some zones: around all that their edges reach, with cells of the size that costs least.

    Args:
        edges: of the zones.
        rows: how many rows will be asked.
        least: least limit of the discs, metres; negative = points.
        limit: greatest limit.
        shift: size of a cell; None = by the rule of `shift_for`.
    """
    west, south = edges.there[:, :2].min(axis=0)
    east_end, north = edges.there[:, 2:].max(axis=0)
    reach_x, reach_y = reach_between(limit, int(south), int(north)) if limit >= 0 else (0, 0)
    left, low = int(west) - reach_x - 4, int(south) - reach_y - 4
    wide, high = int(east_end) + reach_x + 4 - left, int(north) + reach_y + 4 - low
    chosen = shift_for(edges, rows, (wide, high), max(reach_x, reach_y)) if shift is None else shift
    while ((wide >> chosen) + 1) * ((high >> chosen) + 1) > 4 * MOST_CELLS:
        chosen += 1
    return Grid((left, low), chosen, (wide >> chosen) + 1, (high >> chosen) + 1, least, limit)


def shift_for(edges: Edges, rows: int, extent: tuple[int, int], reach: int) -> int:
    """The size of cells that costs least: laying fine cells against asking the edges of coarse ones.

    An edge touches about one cell per cell width of its length and of its reach. A row asks an edge as often as the
    cells that have to ask it cover the extent: all that it touches or, where discs are wider than cells, those about as
    far away as the discs are wide, since the nearer ones are near as a whole. Both are sums over all edges, for each
    size from `FINEST` to `COARSEST`; grids of more than `MOST_CELLS` cells, or with more than
    `MOST_WINDOWS` of them around the zones, are left out.

    Args:
        edges: of the zones.
        rows: how many rows will be asked.
        extent: width and height of the grid, 1e-7 degree.
        reach: how far the discs reach beyond an edge, 1e-7 degree.
    """
    length, count, zones = float(edges.length), len(edges.flat), len(edges.there)
    width = edges.there[:, 2] - edges.there[:, 0] + 2.0 * reach
    height = edges.there[:, 3] - edges.there[:, 1] + 2.0 * reach
    area, sides = float(width @ height), float(width.sum() + height.sum())
    costs = {}
    for shift in range(FINEST, COARSEST + 1):
        size = float(1 << shift)
        cells = (extent[0] / size + 1) * (extent[1] / size + 1)
        windows = area / (size * size) + 2 * sides / size + 4 * zones
        if (cells > MOST_CELLS or windows > MOST_WINDOWS) and shift < COARSEST:
            continue
        beside = 1 + 2 * reach / size
        near, ns_edge = length / size * beside + count * beside * beside, NS_NEAR if reach else NS_EDGE
        ring, lay = near, near * NS_TOUCH
        if reach > FINE * size:
            ring = 2 * length / size + count * min(beside * beside, 1 + 4 * reach / size)
            lay = near * NS_SKIP + ring * NS_STATE
        asked = min(ring * size * size / (float(extent[0]) * extent[1]), count)
        ask = NS_ROW + NS_FAR * (cells + windows) + ns_edge * asked  # a row waits longer for larger tables
        costs[shift] = lay + cells * NS_CELL + windows * NS_WINDOW + rows * ask
    return min(costs, key=lambda shift: (costs[shift], shift))


@dataclass(frozen=True)
class Laid:
    """Grids one behind the other, as `kernels` wants them."""

    grids: Ints
    cells: tuple[Shorts, ...]
    most: int
    east: tuple[Floats, Floats]


def lay(edges: Edges, grids: Sequence[Grid]) -> Laid:
    """Lay grids over zones."""
    from truceline.assess.kernels import laying as loops  # noqa: PLC0415  # numba is imported only when it is used

    numbers, starts, entries, east = [], [], [], []
    cell, row, entry, used = 0, 0, 0, 0
    store = np.empty(((2 * len(edges.flat) + 1024) * len(grids), 4), np.int32)
    for grid in grids:
        limits = (-1.0, -1.0) if grid.is_fine else (grid.least, grid.limit)
        first, said, store, used = loops.lay(
            edges.flat,
            edges.of_zone,
            edges.boxes,
            (*grid.corner, grid.shift),
            grid.columns,
            limits,
            (*grid.east, *grid.reach),
            store,
            used,
        )
        numbers.append([*grid.corner, grid.shift, grid.columns, grid.rows, cell, row])
        starts.append(first[:-1] + np.int32(entry) if entry else first[:-1])
        entries.append(said)
        east.append(grid.east)
        cell, row, entry = cell + grid.columns * grid.rows, row + grid.rows, entry + len(said)
    starts.append(np.array([entry], np.int32))
    behind, said = np.concatenate(starts), entries[0] if len(entries) == 1 else np.concatenate(entries)
    least, greatest = (np.concatenate(lengths) for lengths in zip(*east, strict=True))
    most = int(loops.most_of(behind))
    return Laid(np.array(numbers, np.int64), (behind, said, store[:used]), most, (least, greatest))


def classes_of(radius: Shorts) -> tuple[tuple[tuple[float, float], ...], NDArray[np.int8]]:
    """Classes of limits for the radii there are, and the class of each radius: one each if few, else doubling."""
    seen = np.zeros(MOST_GRID_M + 2, bool)
    seen[radius] = True
    seen[MOST_GRID_M + 1] = False
    there = np.flatnonzero(seen)
    class_of = np.full(MOST_GRID_M + 2, -1, np.int8)
    if len(there) <= MOST_CLASSES:
        groups = np.arange(len(there))
    else:
        _, groups = np.unique(np.floor(np.log2(np.maximum(there, LEAST_CLASS_M))), return_inverse=True)
    class_of[there] = groups
    made = [there[groups == group] for group in range(int(groups.max(initial=-1)) + 1)]
    return tuple((float(one[0]) + BAND_M, float(one[-1]) + BAND_M) for one in made), class_of


def left_out_of(lon: Shorts, lat: Shorts, radius: Shorts) -> Ints:
    """Rows that no grid takes: too wide, or reaching over the antimeridian or towards a pole."""
    high = np.abs(lat) > (POLAR_DEG - 2.0) * UNITS_PER_DEGREE
    far = np.abs(lon) > 170 * UNITS_PER_DEGREE
    rows = np.flatnonzero(high | far | (radius > MOST_GRID_M))
    return rows.astype(np.int64)
