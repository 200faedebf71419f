"""Which of many discs can one zone meet? Rows kept in the order of the cells they lie in, taken zone by zone.

For what-if: the rows are sorted once, and a zone that moves looks only at the cells that it and the discs about it
reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from truceline.assess.grids import Shorts, classes_of, left_out_of, reach_between
from truceline.assess.join import Join, Pairs
from truceline.space import Geometry, Ints

PER_CELL = 8
"""About so many rows of one class of radii share a cell."""

COARSEST = 31


@dataclass(frozen=True)
class _Board:
    """The rows of one class of radii, sorted by cell.

    Attributes:
        limit: greatest limit of its discs, metres.
        corner: x and y of its corner, 1e-7 degree.
        shift: a cell is 2**shift wide.
        columns, rows: how many cells.
        starts: `(cells + 1)` where the rows of each cell begin.
        row: `(m,)` index of each among all rows.
    """

    limit: float
    corner: tuple[int, int]
    shift: int
    columns: int
    rows: int
    starts: Ints
    row: Ints

    def near(self, bounds: tuple[int, int, int, int]) -> list[Ints]:
        """The rows, a piece for every row of cells, whose discs can reach into a box; some that cannot among them."""
        left, low, right, high = bounds
        across, up = reach_between(self.limit, low, high)
        first = max((left - across - self.corner[0]) >> self.shift, 0)
        last = min((right + across - self.corner[0]) >> self.shift, self.columns - 1)
        bottom = max((low - up - self.corner[1]) >> self.shift, 0)
        top = min((high + up - self.corner[1]) >> self.shift, self.rows - 1)
        if first > last:
            return []
        starts = [r * self.columns for r in range(bottom, top + 1)]
        return [self.row[self.starts[at + first] : self.starts[at + last + 1]] for at in starts]


class Shelf:
    """Discs sorted by cell."""

    def __init__(self, lon_e7: Shorts, lat_e7: Shorts, radius_m: Shorts) -> None:
        """Sort the rows; see `Join.judge` for the columns."""
        self.columns = (lon_e7, lat_e7, radius_m)
        self._apart = left_out_of(*self.columns)
        self._boards: list[_Board] = []
        if len(lon_e7):
            self._sort()

    def near(self, bounds: tuple[int, int, int, int]) -> Ints:
        """Rows whose discs can reach into a box, each once; some that cannot among them.

        Args:
            bounds: west, south, east, north of the box, 1e-7 degree.
        """
        found = [self._apart, *(piece for board in self._boards for piece in board.near(bounds))]
        return np.concatenate(found)

    def judge(self, shapes: Sequence[Geometry]) -> Pairs:
        """The pairs of `Join(shapes).judge` on all rows; only those that the shapes can reach are asked."""
        boxes = [bounds_of(shape) for shape in shapes if not shapely.is_empty(shape)]
        if not boxes:
            return Pairs.none()
        rows = np.unique(np.concatenate([self.near(box) for box in boxes]))
        pairs = Join(shapes, rows=len(rows)).judge(*(column[rows] for column in self.columns))
        return Pairs(rows[pairs.row], pairs.zone, pairs.value)

    def _sort(self) -> None:
        lon, lat, radius = self.columns
        limited = np.where(np.isin(np.arange(len(lon)), self._apart), -1, radius) if len(self._apart) else radius
        classes, class_of = classes_of(limited[limited >= 0])
        number = np.where(limited >= 0, class_of[np.maximum(limited, 0)], -1)
        for i, (_, limit) in enumerate(classes):
            self._boards.append(_board(np.flatnonzero(number == i), lon, lat, limit))


def _board(rows: Ints, lon: Shorts, lat: Shorts, limit: float) -> _Board:
    x, y = lon[rows].astype(np.int64), lat[rows].astype(np.int64)
    corner = (int(x.min()), int(y.min()))
    wide, high = int(x.max()) - corner[0], int(y.max()) - corner[1]
    shift = 10
    while ((wide >> shift) + 1) * ((high >> shift) + 1) * PER_CELL > max(len(rows), PER_CELL) and shift < COARSEST:
        shift += 1
    columns, lines = (wide >> shift) + 1, (high >> shift) + 1
    cell = (((y - corner[1]) >> shift) * columns + ((x - corner[0]) >> shift)).astype(np.int32)
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(columns * lines + 1))
    return _Board(limit, corner, shift, columns, lines, starts, rows[order])


def bounds_of(shape: Geometry) -> tuple[int, int, int, int]:
    """West, south, east, north of a shape on the grid, 1e-7 degree."""
    west, south, east, north = (int(edge) for edge in shapely.bounds(shape))
    return west, south, east, north
