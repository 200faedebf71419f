"""Which observations do the benchmarks judge? Seeded rows, the same on every machine and for every engine.

Rows come in blocks with seeds of their own, so the first rows of a long run are the rows of a short one, and making
them needs little memory beside the arrays themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from bench.zones import EAST, END, NORTH, SEED, SOUTH, START, UNIT, WEST, Zones

BLOCK = 1_000_000
TOWNS = 150

RADII_M = (0, 250, 500, 1_000, 2_000, 5_000, 25_000)
RADIUS_WEIGHTS = (0.10, 0.10, 0.20, 0.15, 0.20, 0.20, 0.05)
"""How often a report is how precise: a site, a street, a village, a town, about 25 km."""


@dataclass(frozen=True)
class Rows:
    """Observations.

    Attributes:
        lon_e7: longitude in 1e-7 degree `(n,)`.
        lat_e7: latitude in 1e-7 degree `(n,)`.
        altitude_m: altitude in metres `(n,)`.
        time_s: seconds since 1970 `(n,)`.
    """

    lon_e7: npt.NDArray[np.int32]
    lat_e7: npt.NDArray[np.int32]
    altitude_m: npt.NDArray[np.int16]
    time_s: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.lon_e7)

    def part(self, start: int, stop: int) -> Rows:
        """The rows from `start` up to `stop`."""
        cut = slice(start, stop)
        return Rows(self.lon_e7[cut], self.lat_e7[cut], self.altitude_m[cut], self.time_s[cut])

    def arrow(self) -> pa.Table:
        """The rows as a table, nothing copied but the row numbers: `row`, `x`, `y`, `altitude_m`, `time_s`."""
        return pa.table(
            {
                "row": np.arange(len(self), dtype=np.int32),
                "x": self.lon_e7,
                "y": self.lat_e7,
                "altitude_m": self.altitude_m,
                "time_s": self.time_s,
            }
        )


def observations(count: int, zones: Zones | None = None, *, first_block: int = 0) -> Rows:
    """Two thirds of the rows about towns, one third anywhere; with zones, one row in 500 on a vertex or one unit off.

    Args:
        count: how many rows.
        zones: the zones whose vertices some rows lie on: without them nobody would be asked about an edge.
        first_block: which block of `BLOCK` rows to begin with.
    """
    rows = Rows(
        np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int16), np.empty(count, np.int64)
    )
    corners = None if zones is None else shapely.get_coordinates(zones.shapes)
    for number, start in enumerate(range(0, count, BLOCK), first_block):
        _fill(rows.part(start, min(start + BLOCK, count)), number, corners)
    return rows


def _fill(rows: Rows, number: int, corners: npt.NDArray[np.float64] | None) -> None:
    """Fill one block in place; a block is always drawn whole, so that its first rows do not depend on its length."""
    towns = np.random.default_rng([SEED, 1])
    centre_x, centre_y = towns.uniform(WEST, EAST, TOWNS), towns.uniform(SOUTH, NORTH, TOWNS)
    weight = towns.pareto(1.2, TOWNS) + 0.1
    spread = towns.uniform(0.01, 0.12, TOWNS) * UNIT
    rng = np.random.default_rng([SEED, 2, number])
    town = rng.choice(TOWNS, BLOCK, p=weight / weight.sum())
    x = centre_x[town] + spread[town] * rng.standard_normal(BLOCK)
    y = centre_y[town] + spread[town] * rng.standard_normal(BLOCK)
    anywhere = rng.random(BLOCK) < 1 / 3
    x = np.where(anywhere, rng.uniform(WEST, EAST, BLOCK), x)
    y = np.where(anywhere, rng.uniform(SOUTH, NORTH, BLOCK), y)
    if corners is not None:
        some = np.flatnonzero(rng.random(BLOCK) < 0.002)
        on = corners[rng.integers(0, len(corners), len(some))]
        off = rng.integers(-1, 2, (len(some), 2)) * (rng.random((len(some), 1)) < 0.5)
        x[some], y[some] = (on + off).T
    aloft = rng.random(BLOCK) < 0.4
    altitude = np.where(aloft, rng.uniform(500, 11_000, BLOCK), rng.uniform(0, 1_500, BLOCK))
    time = rng.integers(START, END, BLOCK)
    size = len(rows)
    rows.lon_e7[:] = np.clip(np.rint(x), WEST, EAST)[:size]
    rows.lat_e7[:] = np.clip(np.rint(y), SOUTH, NORTH)[:size]
    rows.altitude_m[:] = altitude[:size]
    rows.time_s[:] = time[:size]


def radii(count: int, variant: str = "mixed") -> npt.NDArray[np.int32]:
    """Radii of discs in metres `(n,)`.

    Args:
        count: how many.
        variant: `mixed`, the radii of `RADII_M` by their weights, or `continuous`, 0 to 25 km, mostly small.
    """
    rng = np.random.default_rng([SEED, 3])
    if variant == "mixed":
        return rng.choice(np.array(RADII_M, np.int32), count, p=RADIUS_WEIGHTS)
    return np.minimum(rng.exponential(2_500, count), 25_000).astype(np.int32)
