"""Which of many zones hold each of many points or discs: surely, or possibly? The place join.

A grid is laid over the zones, and every cell says of each zone that reaches it whether all discs in it lie within,
whether its edge comes near to all of them, or which edges have to be asked. So most rows cost one look at a cell.

Two engines give the same bytes: the compiled loops of `kernels`, and `fence` with numpy and shapely. The rows that
the first leaves out (discs of more than `MOST_GRID_M`, or that reach over the antimeridian or a pole; zones with an
edge longer than 100 degrees) always go to the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import shapely
from numpy.typing import NDArray

from truceline.assess.fence import Fence, box_of
from truceline.assess.grids import (
    FINEST,
    MOST_GRID_M,
    Edges,
    Grid,
    Laid,
    Shorts,
    classes_of,
    grid_for,
    lay,
    left_out_of,
)
from truceline.assess.kernels import is_compiled, patience
from truceline.space import BAND_M, MOST_RADIUS_M, UNITS_PER_DEGREE, Geometry, Ints, areal

SLIGHT_DEG = 1e-9
SAMPLE = 10_000
"""So many rows are counted to see how many each class of radii has."""

AT_ONCE = 1 << 21
"""About so many pairs of a row and a zone are alive together where pairs are handed out in parts: bounds the memory."""

MOST_MET, FEW = 10 * AT_ONCE, 1_000
"""numpy never takes more rows together than could meet so many zones, or than a few."""

Column = NDArray[Any]
"""Whole numbers; cast where they fit, refused where they do not."""

Columns = tuple[Column, ...]
Met = tuple[Ints, Ints]
"""Rows and zones whose boxes meet."""

Ask = Callable[[Columns, tuple[int, int], "Pairs", int], tuple[int, int]]
FOREVER = (np.iinfo(np.int64).min, np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Pairs:
    """Rows and zones that meet, by row and then zone; what is not listed lies outside.

    Attributes:
        row: `(p,)` index of the row.
        zone: `(p,)` index of the zone.
        value: `(p,)` +1 within, 0 cannot be decided (for points: exactly on the edge).
    """

    row: Ints
    zone: Shorts
    value: NDArray[np.int8]

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.row)

    @property
    def arrays(self) -> tuple[Ints, Shorts, NDArray[np.int8]]:
        """Row, zone and value."""
        return self.row, self.zone, self.value

    def take(self, chosen: slice | Ints) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.row[chosen], self.zone[chosen], self.value[chosen])

    @classmethod
    def room(cls, size: int) -> Pairs:
        """Room for pairs that are not there yet."""
        return cls(np.empty(size, np.int64), np.empty(size, np.int32), np.empty(size, np.int8))

    @classmethod
    def joined(cls, parts: Sequence[Pairs]) -> Pairs:
        """Pairs of several parts, one behind the other."""
        if len(parts) < 2:  # nothing to put together
            return parts[0] if parts else cls.none()
        return cls(*(np.concatenate(arrays) for arrays in zip(*(part.arrays for part in parts), strict=True)))

    @classmethod
    def none(cls) -> Pairs:
        """No pair."""
        return cls.room(0)


class SortedRows:
    """Rows kept in the order of the cells they lie in, to be located again and again: see `Join.locate_sorted`."""

    PER_CELL: ClassVar = 8
    """About so many rows share a cell."""

    def __init__(
        self,
        lon_e7: Column,
        lat_e7: Column,
        altitude_m: Column | None = None,
        time_s: Column | None = None,
    ) -> None:
        """Sort the rows; see `Join.locate` for the columns."""
        columns = _columns(lon_e7, lat_e7, altitude_m, time_s)
        x, y = columns[0].astype(np.int64), columns[1].astype(np.int64)
        n = len(x)
        corner = (int(x.min()), int(y.min())) if n else (0, 0)
        wide, high = (int(x.max()) - corner[0], int(y.max()) - corner[1]) if n else (0, 0)
        shift = FINEST
        while ((wide >> shift) + 1) * ((high >> shift) + 1) * self.PER_CELL > max(n, self.PER_CELL):
            shift += 1
        self.grid = Grid(corner, shift, (wide >> shift) + 1, (high >> shift) + 1, -1.0, -1.0)
        cell = (((y - corner[1]) >> shift) * self.grid.columns + ((x - corner[0]) >> shift)).astype(np.int32)
        self.row: Ints = np.argsort(cell, kind="stable")
        self.columns: Columns = tuple(column[self.row] for column in columns)
        counts = np.bincount(cell, minlength=self.grid.columns * self.grid.rows)
        self.begins: Ints = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.row)


class Join:
    """Zones, ready to be asked for points and discs."""

    MOST_EDGE: ClassVar = 1_000_000_000
    """A zone with a longer edge, 1e-7 degree, is left to numpy: products would not fit in 64 bits."""

    def __init__(
        self,
        shapes: Sequence[Geometry | None],
        bands: Ints | None = None,
        spans: Ints | None = None,
        *,
        rows: int = 1_000_000,
        engine: str = "auto",
        threads: int = 1,
        shift: int | None = None,
    ) -> None:
        """Keep the zones; grids are laid when they are first asked.

        Args:
            shapes: `(z,)` polygons or multipolygons in whole 1e-7 degree; None or empty = nowhere.
            bands: `(z, 2)` lowest and highest altitude in metres, both included; None = all.
            spans: `(z, 2)` first second and the second after the last; None = always.
            rows: about how many rows will be asked; decides the size of cells, never an answer.
            engine: `numba`, `numpy` or `auto`; decides no answer either.
            threads: how many to work with.
            shift: a cell is 2**shift wide; None = by rule.
        """
        self.shapes = list(shapes)
        self.rows, self.threads, self.shift = rows, threads, shift
        self.bands = _limits_of(bands, len(self.shapes))
        self.spans = _limits_of(spans, len(self.shapes))
        self._is_bounded = bands is not None or spans is not None
        wanted = is_compiled(rows, engine)
        with patience() if wanted else nullcontext():
            self.edges = Edges.of(self.shapes, compiled=wanted)
        self.is_compiled = wanted and self.edges.longest <= self.MOST_EDGE
        self._laid: dict[tuple[tuple[float, float], ...], Laid] = {}

    def locate(
        self,
        lon_e7: Column,
        lat_e7: Column,
        altitude_m: Column | None = None,
        time_s: Column | None = None,
    ) -> Pairs:
        """Which zones hold each point, exactly: +1 inside, 0 on the edge; decided on whole numbers.

        Args:
            lon_e7: `(n,)` longitude, 1e-7 degree.
            lat_e7: `(n,)` latitude.
            altitude_m: `(n,)` metres; None = 0 for all.
            time_s: `(n,)` seconds; None = 0 for all.

        Returns:
            every pair at once: where zones are stacked by the thousand, take `locate_in_parts`.

        Raises:
            ValueError: a column is no column of whole numbers, does not fit, or has another length.
        """
        return Pairs.joined(list(self._points(_columns(lon_e7, lat_e7, altitude_m, time_s), None)))

    def locate_in_parts(self, lon_e7: Column, lat_e7: Column) -> Iterator[Pairs]:
        """The pairs of `locate` in parts of about `AT_ONCE`; all pairs of a row are in one part."""
        yield from self._points(_columns(lon_e7, lat_e7, None, None), AT_ONCE)

    def _points(self, columns: Columns, most: int | None) -> Iterator[Pairs]:
        if not len(columns[0]) or not len(self.edges.flat):
            return
        if not self.is_compiled:
            yield from self._located(columns)
            return
        from truceline.assess.kernels import asking as loops  # noqa: PLC0415  # numba is imported only when it is used

        laid = self._lay(((-1.0, -1.0),), [1.0])
        grid = tuple(int(v) for v in laid.grids[0, :5])

        def ask(asked: Columns, chosen: tuple[int, int], out: Pairs, n: int) -> tuple[int, int]:
            found: tuple[int, int] = loops.ask_points(
                asked, chosen, grid, laid.cells, laid.most, self._when, out.arrays, n
            )
            return found

        yield from self._asked(ask, columns, None if most is None else max(most, laid.most))

    def locate_sorted(self, store: SortedRows) -> Pairs:
        """The pairs of `locate` for rows that were sorted before, in the order of the cells they lie in.

        Faster for zones that hold many of the rows, and for a few zones that hold few: only their cells are looked at.
        """
        if not len(store) or not len(self.edges.flat):
            return Pairs.none()
        if not self.is_compiled:
            found = Pairs.joined(list(self._located(store.columns)))
            return Pairs(store.row[found.row], found.zone, found.value)
        from truceline.assess.kernels import asking as loops  # noqa: PLC0415  # numba is imported only when it is used

        with patience():
            laid = lay(self.edges, [store.grid])
            out = Pairs.room(loops.held(store.begins, laid.cells[0]))
            grid = tuple(int(v) for v in laid.grids[0, :5])
            n = loops.walk((*store.columns, store.row), store.begins, grid, laid.cells, self._when, out.arrays)
        return out.take(slice(0, n))

    def judge(self, lon_e7: Column, lat_e7: Column, radius_m: Column) -> Pairs:
        """Which zones hold each disc: +1 the whole disc, 0 when the edge comes nearer than its radius and 1 m.

        Args:
            lon_e7: `(n,)` longitude of the centre, 1e-7 degree.
            lat_e7: `(n,)` latitude.
            radius_m: `(n,)` metres, 0 = a point; at most 2,000 km.

        Raises:
            ValueError: a radius is negative or greater, or a column is refused as by `locate`.
        """
        by_cell, left_out = self._discs(_discs(lon_e7, lat_e7, radius_m), None)
        found, others = Pairs.joined(list(by_cell)), Pairs.joined(list(left_out))
        return merged(found, others) if len(others) else found

    def judge_in_parts(self, lon_e7: Column, lat_e7: Column, radius_m: Column) -> Iterator[Pairs]:
        """The pairs of `judge` in parts of about `AT_ONCE`; all pairs of a row are in one part, rows need not rise."""
        for parts in self._discs(_discs(lon_e7, lat_e7, radius_m), AT_ONCE):
            yield from parts

    def _discs(self, discs: Columns, most: int | None) -> tuple[Iterable[Pairs], Iterable[Pairs]]:
        """Parts of the pairs that the cells tell, and of those of the rows that are left out."""
        lon, lat, radius = discs
        n = len(lon)
        if not n or not len(self.edges.flat):
            return (), ()
        if not self.is_compiled:
            return self._judged(discs, np.arange(n)), ()
        from truceline.assess.kernels import asking as loops  # noqa: PLC0415  # numba is imported only when it is used

        left_out = left_out_of(lon, lat, radius)
        asked = radius
        if len(left_out):
            asked = radius.copy()
            asked[left_out] = MOST_GRID_M + 1
        classes, class_of = classes_of(asked)
        if not classes:  # every row is left out
            return (), self._judged(discs, left_out)
        sample = class_of[asked[:: max(n // SAMPLE, 1)]]
        laid = self._lay(classes, [float(np.mean(sample == number)) for number in range(len(classes))])

        def ask(columns: Columns, chosen: tuple[int, int], out: Pairs, n: int) -> tuple[int, int]:
            found: tuple[int, int] = loops.ask_discs(
                columns, chosen, class_of, laid.grids, laid.cells, laid.most, laid.east, out.arrays, n
            )
            return found

        by_cell = self._asked(ask, (lon, lat, asked), None if most is None else max(most, laid.most))
        return by_cell, self._judged(discs, left_out) if len(left_out) else ()

    @cached_property
    def _when(self) -> Ints:
        """`(z, 4)` lowest and highest altitude, first and last second; empty = no zone has limits."""
        if not self._is_bounded:
            return np.empty((0, 4), np.int64)
        last = np.where(self.spans[:, 1:] > FOREVER[0], self.spans[:, 1:] - 1, FOREVER[0])
        return np.ascontiguousarray(np.hstack([self.bands, self.spans[:, :1], last]))

    # -- compiled ----------------------------------------------------------------------------------------------------

    def _lay(self, classes: tuple[tuple[float, float], ...], shares: Sequence[float]) -> Laid:
        """Grids for some classes of limits and their shares of the rows, one behind the other; laid once."""
        if classes not in self._laid:
            with patience():
                grids = [
                    grid_for(self.edges, max(int(self.rows * share), 1), low, high, self.shift)
                    for (low, high), share in zip(classes, shares, strict=True)
                ]
                self._laid[classes] = lay(self.edges, grids)
        return self._laid[classes]

    def _asked(self, ask: Ask, columns: Columns, most: int | None) -> Iterator[Pairs]:
        """Ask all rows, in as many parts as there are threads, or in parts of at most so many pairs; in order."""
        n = len(columns[0])
        if self.threads == 1 or most is not None:
            yield from filled(ask, columns, (0, n), most)
            return
        marks = [n * i // self.threads for i in range(self.threads + 1)]
        with ThreadPoolExecutor(self.threads) as pool:
            for parts in pool.map(lambda piece: list(filled(ask, columns, piece)), pairwise(marks)):
                yield from parts

    # -- numpy and shapely -------------------------------------------------------------------------------------------

    @cached_property
    def _fences(self) -> list[Fence | None]:
        return [None if shape is None or shapely.is_empty(areal(shape)) else Fence(shape) for shape in self.shapes]

    @cached_property
    def _tree(self) -> tuple[shapely.STRtree, Ints]:
        """The boxes of the zones that have edges, in degrees and a trifle too large, and the index of each."""
        west, south, east, north = (self.edges.there / UNITS_PER_DEGREE).T
        boxes = shapely.box(west - SLIGHT_DEG, south - SLIGHT_DEG, east + SLIGHT_DEG, north + SLIGHT_DEG)
        return shapely.STRtree(boxes), np.flatnonzero(np.diff(self.edges.of_zone))

    def _located(self, columns: Columns) -> Iterator[Pairs]:
        def met(first: int, last: int) -> Met:
            lon, lat = columns[0][first:last], columns[1][first:last]
            row, at = self._tree[0].query(shapely.points(lon / UNITS_PER_DEGREE, lat / UNITS_PER_DEGREE))
            return row, self._tree[1][at]

        for first, last, (row, zone) in self._chunks(len(columns[0]), met):
            lon, lat, altitude, time = (column[first:last] for column in columns)
            (low, high), (start, end) = self.bands[zone].T, self.spans[zone].T
            holds = (altitude[row] >= low) & (altitude[row] <= high) & (time[row] >= start) & (time[row] < end)
            found = [self._of_points(*pair, lon, lat) for pair in _by_zone(row[holds], zone[holds])]
            yield _ordered(found, first)

    def _of_points(self, zone: int, rows: Ints, lon: Shorts, lat: Shorts) -> Pairs:
        fence = self._fences[zone]
        assert fence is not None  # noqa: S101  # the tree has no others
        rows = rows[fence.holds(lon[rows], lat[rows])]
        return _of_zone(rows, zone, np.where(fence.contains(lon[rows], lat[rows]), 1, 0))

    def _judged(self, discs: Columns, chosen: Ints) -> Iterator[Pairs]:
        """Only some rows; the discs that reach over the antimeridian meet zones on both sides of the map."""

        def met(first: int, last: int) -> Met:
            lon, lat, radius = (column[chosen[first:last]] for column in discs)
            x, y = lon / UNITS_PER_DEGREE, lat / UNITS_PER_DEGREE
            dx, dy = box_of(y, radius + BAND_M)
            boxes = [shapely.box(x + t - dx, y - dy, x + t + dx, y + dy) for t in (0.0, -360.0, 360.0)]
            turns = [self._tree[0].query(box) for box in boxes]
            both = np.unique(np.hstack(turns), axis=1) if len(turns[1][0]) + len(turns[2][0]) else turns[0]
            return both[0], self._tree[1][both[1]]

        for first, last, (row, zone) in self._chunks(len(chosen), met):
            lon, lat, radius = (column[chosen[first:last]] for column in discs)
            one = _ordered([self._of_discs(*pair, lon, lat, radius) for pair in _by_zone(row, zone)])
            yield Pairs(chosen[first:last][one.row], one.zone, one.value)

    def _of_discs(self, zone: int, rows: Ints, lon: Shorts, lat: Shorts, radius: Shorts) -> Pairs:
        fence = self._fences[zone]
        assert fence is not None  # noqa: S101  # the tree has no others
        held, near = fence.asked(lon[rows], lat[rows], radius[rows])
        meets = held | near
        return _of_zone(rows[meets], zone, np.where(near[meets], 0, 1))

    def _chunks(self, n: int, met: Callable[[int, int], Met]) -> Iterator[tuple[int, int, Met]]:
        """Rows that are taken together, and the zones whose boxes they meet: fewer rows where these are many."""
        zones = max(len(self.shapes), 1)
        first, step = 0, max(AT_ONCE // zones, 1)
        while first < n:
            last = min(first + step, n)
            found = met(first, last)
            many = len(found[0])
            if many > AT_ONCE and last - first > 1:
                step = (last - first) // 2
                continue
            yield first, last, found
            first = last
            if many <= AT_ONCE // 2:
                step = max(min(2 * step, max(MOST_MET // zones, FEW)), step)


def filled(ask: Ask, columns: Columns, chosen: tuple[int, int], most: int | None = None) -> Iterator[Pairs]:
    """Ask some rows, with room for the pairs that grows when it is full.

    Args:
        ask: goes on from a row until the room is full.
        columns: of all rows.
        chosen: first row, and the row after the last.
        most: greatest number of pairs of a part, no fewer than one row can have; None = all pairs are one part.
    """
    first, last = chosen
    guess = (last - first) + (last - first) // 2 + 1024
    out = Pairs.room(guess if most is None else min(guess, most))
    at, n = first, 0
    while True:
        with patience():
            at, n = ask(columns, (at, last), out, n)
        if at == last:
            yield out.take(slice(0, n))
            return
        if len(out) == most:
            yield out.take(slice(0, n))
            out, n = Pairs.room(most), 0
            continue
        size = max(2 * len(out), int(n / max(at - first, 1) * (last - first) * 1.1)) + 1_000_000
        larger = Pairs.room(size if most is None else min(size, most))
        larger.row[:n], larger.zone[:n], larger.value[:n] = (array[:n] for array in out.arrays)
        out = larger


def merged(a: Pairs, b: Pairs) -> Pairs:
    """Pairs of different rows, in order."""
    at = np.searchsorted(a.row, b.row)
    return Pairs(np.insert(a.row, at, b.row), np.insert(a.zone, at, b.zone), np.insert(a.value, at, b.value))


def _of_zone(rows: Ints, zone: int, value: Ints) -> Pairs:
    return Pairs(rows.astype(np.int64), np.full(len(rows), zone, np.int32), value.astype(np.int8))


def _by_zone(row: Ints, zone: Ints) -> Iterator[tuple[int, Ints]]:
    """Each zone and its rows, rising."""
    order = np.lexsort([row, zone])
    row, zone = row[order], zone[order]
    there, first = np.unique(zone, return_index=True)
    yield from zip(there.tolist(), np.split(row, first[1:]), strict=False)  # of nothing there is still one empty piece


def _ordered(parts: Sequence[Pairs], first: int = 0) -> Pairs:
    """Pairs of several zones by row, counted from `first`, and then zone."""
    if not parts:
        return Pairs.none()
    whole = Pairs.joined(parts)
    order = np.argsort(whole.row, kind="stable")
    return Pairs(whole.row[order] + first, whole.zone[order], whole.value[order])


def _columns(lon_e7: Column, lat_e7: Column, altitude_m: Column | None, time_s: Column | None) -> Columns:
    """The columns of points, checked; see `Join.locate`."""
    lon, lat = _column(lon_e7, np.int32, "lon_e7"), _column(lat_e7, np.int32, "lat_e7")
    altitude = np.zeros(len(lon), np.int16) if altitude_m is None else _column(altitude_m, np.int16, "altitude_m")
    time = np.zeros(len(lon), np.int64) if time_s is None else _column(time_s, np.int64, "time_s")
    _same_length(lon=lon, lat=lat, altitude=altitude, time=time)
    return lon, lat, altitude, time


def _discs(lon_e7: Column, lat_e7: Column, radius_m: Column) -> Columns:
    """The columns of discs, checked; see `Join.judge`."""
    lon, lat = _column(lon_e7, np.int32, "lon_e7"), _column(lat_e7, np.int32, "lat_e7")
    radius = _column(radius_m, np.int32, "radius_m")
    _same_length(lon=lon, lat=lat, radius=radius)
    if len(radius) and (radius.min() < 0 or radius.max() > MOST_RADIUS_M):
        raise ValueError(f"expected radii of 0 to {MOST_RADIUS_M} m, got {radius.min()} to {radius.max()}")
    return lon, lat, radius


def _column(values: Column, dtype: type, name: str) -> Column:
    """Whole numbers as the loops want them; refused when they do not fit."""
    given = np.asarray(values)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise ValueError(f"expected `{name}` as whole numbers of shape (n,), got {given.dtype} of shape {given.shape}")
    kept: Column = np.ascontiguousarray(given, dtype)
    if kept.dtype != given.dtype and not np.array_equal(kept, given):
        raise ValueError(f"expected `{name}` within {np.dtype(dtype)}, got {given.min()} to {given.max()}")
    return kept


def _same_length(**columns: NDArray[Any]) -> None:
    if len({len(column) for column in columns.values()}) > 1:
        raise ValueError(f"expected columns of one length, got { ({name: len(of) for name, of in columns.items()}) }")


def _limits_of(given: Ints | None, n: int) -> Ints:
    made = np.tile(np.array(FOREVER, np.int64), (n, 1)) if given is None else np.asarray(given, np.int64)
    if made.shape != (n, 2):
        raise ValueError(f"expected limits of shape ({n}, 2), got {made.shape}")
    return np.ascontiguousarray(made)
