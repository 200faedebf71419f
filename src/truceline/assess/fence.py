"""Does a shape hold a point, and does its edge come near to a disc? One shape, with numpy and shapely.

The engine of small cases and of everything odd; `kernels` gives the same answers faster.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from truceline.assess import nearness
from truceline.space import BAND_M, UNITS_PER_DEGREE, Bools, Floats, Geometry, Ints, areal

PIECE = 200_000
"""Pairs of a disc and an edge that are looked at together: bounds the memory."""

DISCS = 20_000
Whole = Ints | NDArray[np.int32]


class Fence:
    """The edge of a shape, asked by many discs."""

    def __init__(self, shape: Geometry) -> None:
        """Keep the shape, which is on the grid."""
        self.shape = areal(shape)
        shapely.prepare(self.shape)

    def holds(self, lon: Whole, lat: Whole) -> Bools:
        """Whether each point lies inside or on the edge; decided on whole numbers of 1e-7 degree."""
        return shapely.intersects_xy(self.shape, lon.astype(float), lat.astype(float))

    def contains(self, lon: Whole, lat: Whole) -> Bools:
        """Whether each point lies inside, not on the edge."""
        return shapely.contains_xy(self.shape, lon.astype(float), lat.astype(float))

    def is_boxed(self, lon: Whole, lat: Whole) -> Bools:
        """Whether each point lies in the box around the shape."""
        left, low, right, high = shapely.bounds(self.shape)
        boxed: Bools = (lon >= left) & (lon <= right) & (lat >= low) & (lat <= high)
        return boxed

    def asked(self, lon: Whole, lat: Whole, radius: NDArray[np.int32]) -> tuple[Bools, Bools]:
        """Whether the shape holds each centre, and whether its edge comes nearer than the radius and 1 m.

        Args:
            lon: `(n,)` longitude of the centre, 1e-7 degree.
            lat: `(n,)` latitude.
            radius: `(n,)` metres.
        """
        held, near = np.zeros(len(lon), bool), np.zeros(len(lon), bool)
        boxed = np.flatnonzero(self.is_boxed(lon, lat))
        held[boxed] = self.holds(lon[boxed], lat[boxed])
        close = np.flatnonzero(self._is_close(lon, lat, radius))
        for at in range(0, len(close), DISCS):
            rows = close[at : at + DISCS]
            x, y = lon[rows] / UNITS_PER_DEGREE, lat[rows] / UNITS_PER_DEGREE
            near[rows] = self._is_near(x, y, radius[rows].astype(np.float64) + BAND_M)
        return held, near

    @cached_property
    def _edges(self) -> tuple[Floats, shapely.STRtree]:
        """`(m, 4)` degrees of every edge, and a tree over their boxes."""
        edges = []
        for ring in shapely.get_parts(shapely.boundary(self.shape)):
            xy = shapely.get_coordinates(ring) / UNITS_PER_DEGREE
            edges.append(np.hstack([xy[:-1], xy[1:]]))
        flat = np.vstack(edges) if edges else np.zeros((0, 4))
        flat = flat[(flat[:, 0] != flat[:, 2]) | (flat[:, 1] != flat[:, 3])]
        low, high = np.minimum(flat[:, :2], flat[:, 2:]), np.maximum(flat[:, :2], flat[:, 2:])
        return flat, shapely.STRtree(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))

    def _is_close(self, lon: Whole, lat: Whole, radius: NDArray[np.int32]) -> Bools:
        """Whether a disc can reach the box around the shape at all, this side of the antimeridian or beyond it."""
        left, low, right, high = shapely.bounds(self.shape) / UNITS_PER_DEGREE
        x, y = lon / UNITS_PER_DEGREE, lat / UNITS_PER_DEGREE
        dx, dy = box_of(y, radius.astype(np.float64) + BAND_M)
        beside = np.zeros(len(lon), bool)
        for turn in (0.0, -360.0, 360.0):
            beside |= (x + turn + dx >= left) & (x + turn - dx <= right)
        beside &= (y + dy >= low) & (y - dy <= high)
        return beside

    def _is_near(self, lon: Floats, lat: Floats, limit: Floats) -> Bools:
        """Whether the edge comes nearer to a point than its limit; `(n,)` degrees and metres."""
        flat, tree = self._edges
        near = np.zeros(len(lon), bool)
        dx, dy = box_of(lat, limit)
        least, most = nearness.band_of(lat, lat, limit)
        for turn, rows in ((0.0, np.ones(len(lon), bool)), (-360.0, lon + dx > 180.0), (360.0, lon - dx < -180.0)):
            chosen = np.flatnonzero(rows)  # over the antimeridian a disc is asked on both sides of the map
            x, y = lon[chosen] + turn, lat[chosen]
            boxes = shapely.box(x - dx[chosen], y - dy[chosen], x + dx[chosen], y + dy[chosen])
            disc_of, edge_of = tree.query(boxes)
            for at in range(0, len(disc_of), PIECE):
                d, e = chosen[disc_of[at : at + PIECE]], edge_of[at : at + PIECE]
                todo = ~near[d]
                _look((lon + turn, lat, limit), (least, most), d[todo], flat[e[todo]], near)
        return near


def box_of(lat: Floats, limit: Floats) -> tuple[Floats, Floats]:
    """How far a limit reaches in longitude and in latitude; rather too far.

    Args:
        lat: `(n,)` latitude, degrees.
        limit: `(n,)` metres.

    Returns:
        `(n,)` degrees of longitude and of latitude.
    """
    metres = limit + nearness.slack_m(limit)
    least, _ = nearness.band_of(lat, lat, limit)
    dx = np.where(least > 1.0, metres / np.maximum(least, 1.0), 360.0)
    return np.minimum(dx, 360.0) + 1e-6, metres / nearness.LEAST_NORTH_M + 1e-6


def _look(
    discs: tuple[Floats, Floats, Floats], east: tuple[Floats, Floats], disc: Ints, edges: Floats, near: Bools
) -> None:
    """Note the discs that one of their edges comes nearer to than their limit: by two planes, else by the definition.

    Args:
        discs: `(n,)` longitude and latitude in degrees, and limit in metres.
        east: `(n,)` least and greatest length of a degree of longitude.
        disc: `(p,)` index of the disc of each pair.
        edges: `(p, 4)` its edge.
        near: `(n,)` in and out; a disc that is near by one edge is not asked about another.
    """
    lon, lat, limit = (column[disc] for column in discs)
    x1, y1, x2, y2 = edges.T
    hit, clear = nearness.sure_of(x1 - lon, y1 - lat, x2 - lon, y2 - lat, limit, *(length[disc] for length in east))
    near[disc[hit]] = True
    open_ = np.flatnonzero(~clear & ~near[disc])
    if len(open_):
        found = nearness.comes_near(lon[open_], lat[open_], x1[open_], y1[open_], x2[open_], y2[open_], limit[open_])
        near[disc[open_[found]]] = True
