"""How is a region told to somebody who may not see it as it was reported? As a disc about a point of a fixed grid.

The grid is fixed, so that no number of reports of one place averages to it. The disc holds all of the region, and how
large it is follows from the size of the region and from the grid alone: wherever in a square of the grid a region
lies, the same disc is told of it, and nobody learns more than the square.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from truceline.assess.spots import Spots
from truceline.space import UNITS_PER_DEGREE, Region, distance_m, in_degrees, metres_per_degree, outline

TOWN_M = 5_000
"""A place shown as its town is at least a disc of this radius."""

TOWN_GRID = 500_000
"""Points about which such discs are drawn: every 0.05 degree, in 1e-7 degree."""

CELL_M = 20_000
"""A place shown as its cell is at least a disc of this radius: larger than a cell of H3 resolution 5."""

CELL_GRID = 2_500_000
"""Points about which cells are drawn: every 0.25 degree."""

DRAWN = ("disc", "hull", "sector", "line")
"""Kinds of regions that are finer than a unit."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Points about which regions are told.

    Attributes:
        step: between two points, in 1e-7 degree.
        least_m: radius of the smallest disc.
    """

    step: int
    least_m: int

    def disc(self, x: int, y: int, size_m: int, country: str) -> Region:
        """The disc that holds every region of a size whose middle lies in the square of the point `(x, y)`."""
        radius = max(self.least_m, math.ceil((size_m + _reach_m(y, self.step)) / 1_000) * 1_000)
        return Region("disc", x * self.step, y * self.step, radius, country=country)


TOWNS, CELLS = Grid(TOWN_GRID, TOWN_M), Grid(CELL_GRID, CELL_M)


def as_town(region: Region) -> Region:
    """A region no finer than a town: all but units become a disc that holds all of it."""
    return _coarse(region, TOWNS)


def as_cell(region: Region) -> Region:
    """A region no finer than a cell."""
    return _coarse(region, CELLS)


def towns_of(spots: Spots) -> tuple[list[Region], Ints]:
    """`as_town` of many regions: the distinct ones, and each row's index among them."""
    lon, lat = (np.rint(axis / TOWN_GRID).astype(np.int64) for axis in (spots.lon_e7, spots.lat_e7))
    odd = [as_town(region) for region in spots.regions]
    keys = np.stack([lon, lat, spots.radius_m, spots.country], axis=1).astype(np.int64)
    keys[spots.odd >= 0] = 0
    keys = np.column_stack([keys, spots.odd])
    sample, codes = np.unique(keys, axis=0, return_inverse=True)
    made: dict[Region, int] = {}
    to = []
    for x, y, radius, code, other in sample.tolist():
        region = odd[other] if other >= 0 else TOWNS.disc(x, y, radius, spots.countries[code])
        to.append(made.setdefault(region, len(made)))
    return list(made), np.array(to, np.int64)[codes.reshape(-1)]


def without_point(region: Region) -> Region:
    """A unit without the point that a source codes it by: it stands for the unit, and says nothing of a place in it."""
    return region if region.lon_e7 is None and region.lat_e7 is None else replace(region, lon_e7=None, lat_e7=None)


def units_alike(spots: Spots) -> Spots:
    """The same regions, those of one unit as one."""
    made: dict[Region, int] = {}
    to = [made.setdefault(without_point(one), len(made)) for one in spots.regions]
    odd = np.where(spots.odd < 0, -1, np.array([*to, 0], np.int32)[spots.odd]).astype(np.int32)
    return replace(spots, odd=odd, regions=tuple(made))


def _coarse(region: Region, grid: Grid) -> Region:
    if region.kind not in DRAWN:
        return without_point(region)
    if region.kind == "disc" and region.lon_e7 is not None and region.lat_e7 is not None:
        centre, size_m = (region.lon_e7, region.lat_e7), region.radius_m
    else:
        shape = outline(region)
        if shape is None:
            return Region("none")
        middle = shapely.centroid(shape)
        centre = round(float(shapely.get_x(middle))), round(float(shapely.get_y(middle)))
        corners = shapely.get_coordinates(in_degrees(shape))
        size_m = max(math.ceil(distance_m(centre[0] / 1e7, centre[1] / 1e7, float(x), float(y))) for x, y in corners)
    x, y = (int(np.rint(axis / grid.step)) for axis in centre)
    return grid.disc(x, y, size_m, region.country)


@lru_cache(maxsize=4_096)
def _reach_m(y: int, step: int) -> float:
    """From a point of a grid to the farthest corner of its square."""
    half = step / 2e7
    lat = y * step / 1e7
    return max(distance_m(0.0, lat, half, min(max(lat + side, -90.0), 90.0)) for side in (-half, half))


CORNERS = 24
"""Of the polygon that is drawn about a disc; it holds all of the disc."""


def drawn(regions: Sequence[Region]) -> NDArray[np.object_]:
    """`(n,)` polygons on the grid of coordinates that hold discs: for maps and for files, never for verdicts."""
    lon, lat, radius = (
        np.array([getattr(one, name) or 0 for one in regions], np.float64) for name in ("lon_e7", "lat_e7", "radius_m")
    )
    _, per_lat = metres_per_degree(lat / UNITS_PER_DEGREE)
    # A degree of longitude is shortest at the edge that lies nearest to a pole.
    poleward = np.minimum(np.abs(lat) / UNITS_PER_DEGREE + radius / 100_000, 89.0)
    per_lon, _ = metres_per_degree(poleward)
    turn = np.linspace(0, 2 * np.pi, CORNERS + 1)
    wide = radius * 1.002 / np.cos(np.pi / CORNERS)
    x = lon[:, None] + np.sin(turn) * (wide / per_lon)[:, None] * UNITS_PER_DEGREE
    y = lat[:, None] + np.cos(turn) * (wide / per_lat)[:, None] * UNITS_PER_DEGREE
    return np.asarray(shapely.polygons(np.round(np.stack([x, y], axis=-1))), dtype=object)
