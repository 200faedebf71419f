"""Which zones do the benchmarks judge? Seeded sets on integer coordinates, the same on every machine.

A coordinate is a whole number of 1e-7 degree, kept in shapely as a float64 that equals it; so every engine is given the
same numbers and has to give the same answers, edges included. Sets are kept in a cache folder outside the repository.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Column = npt.NDArray[Any]
Shape = shapely.Geometry

UNIT = 10_000_000
"""Units of a coordinate in one degree."""

WEST, EAST, SOUTH, NORTH = 355_000_000, 425_000_000, 320_000_000, 375_000_000
"""The country: longitude 35.5 to 42.5, latitude 32 to 37.5."""

START, END = 1_456_531_200, 1_488_153_600
"""The year of the truce in seconds since 1970: 2016-02-27 to 2017-02-27."""

METRES_PER_DEGREE = 111_195.0
SEED = 20160227
EDITION = 1
"""Changes when the sets change, so that an old cache is not taken for a new one."""


@dataclass(frozen=True)
class Zones:
    """A set of zones.

    Attributes:
        name: what the set is called.
        shapes: polygons and multipolygons `(z,)`, float64 coordinates that are whole numbers of 1e-7 degree.
        bands: lowest and highest altitude in metres `(z, 2)`, both ends included.
        spans: first second and the second after the last `(z, 2)`.
    """

    name: str
    shapes: npt.NDArray[np.object_]
    bands: Longs
    spans: Longs

    @property
    def vertices(self) -> int:
        """How many vertices all shapes have together."""
        return int(shapely.get_num_coordinates(self.shapes).sum())

    def arrow(self) -> pa.Table:
        """The set as a table: `zone`, `wkb`, `low_m`, `high_m`, `start_s`, `end_s`."""
        return pa.table(
            {
                "zone": pa.array(np.arange(len(self.shapes), dtype=np.int32)),
                "wkb": pa.array(shapely.to_wkb(self.shapes).tolist(), pa.binary()),
                "low_m": self.bands[:, 0],
                "high_m": self.bands[:, 1],
                "start_s": self.spans[:, 0],
                "end_s": self.spans[:, 1],
            }
        )


def zones(name: str) -> Zones:
    """The set of a name: `irregular`, `circles`, `huge`, or `circles-N` for N circles."""
    path = cache_folder() / f"zones-{name}-{SEED}-{EDITION}.parquet"
    if not path.exists():
        print(f"  making the zones `{name}`", flush=True)
        made = make(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        pq.write_table(made.arrow(), part)
        part.replace(path)
    table = pq.read_table(path)
    return Zones(
        name=name,
        shapes=shapely.from_wkb(table["wkb"].to_numpy()),
        bands=np.stack([table["low_m"].to_numpy(), table["high_m"].to_numpy()], axis=1),
        spans=np.stack([table["start_s"].to_numpy(), table["end_s"].to_numpy()], axis=1),
    )


def make(name: str, count: int | None = None) -> Zones:
    """Make a set anew; `count` overrides how many zones it has."""
    kind, _, size = name.partition("-")
    draw, usual = _KINDS[kind]
    rng = np.random.default_rng([SEED, *name.encode()])
    number = count or int(size or usual)
    shapes = np.array([_valid(rng, draw) for _ in range(number)], dtype=object)
    return Zones(name=name, shapes=shapes, bands=_bands(rng, number), spans=_spans(rng, number))


def cache_folder() -> Path:
    """Where sets are kept: never inside the repository."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "truceline-bench"


def _valid(rng: np.random.Generator, draw: Callable[[np.random.Generator], Shape]) -> Shape:
    """Draw until the shape, rounded to whole units, is valid: rounding can make a border touch itself."""
    for _ in range(100):
        shape = shapely.transform(draw(rng), np.rint)
        if shapely.is_valid(shape):
            return shape
    raise AssertionError("no valid shape in 100 draws")


def _irregular(rng: np.random.Generator) -> Shape:
    """A noisy area 5 to 60 km across, 50 to 400 vertices; three in ten with a hole, one in ten with an island."""
    radius = np.exp(rng.uniform(np.log(2_500), np.log(22_000)))
    centre = _centre(rng)
    noise = _harmonics(rng, int(rng.integers(50, 401)))
    hole = 0.6 * float(noise.min())
    kind = rng.random()
    holes = []
    if kind < 0.3:
        holes.append(_ring(centre, radius * hole * _harmonics(rng, int(rng.integers(20, 80))) / 1.6))
    area = shapely.Polygon(_ring(centre, radius * noise), holes)
    if kind < 0.9:
        return area
    small = 0.4 * radius
    away = centre + np.array([(2.0 * radius + 2.0 * small) * UNIT / METRES_PER_DEGREE / _shrink(centre), 0.0])
    return shapely.MultiPolygon([area, shapely.Polygon(_ring(away, small * _harmonics(rng, 60)))])


def _circle(rng: np.random.Generator) -> Shape:
    """A circle of 64 vertices, radius 1 to 10 km."""
    radius = np.exp(rng.uniform(np.log(1_000), np.log(10_000)))
    return shapely.Polygon(_ring(_centre(rng), np.full(64, radius)))


def _huge(rng: np.random.Generator) -> Shape:
    """An area 100 to 250 km across whose border is rough at every scale, 50,000 to 100,000 vertices."""
    radius = rng.uniform(48_000, 110_000)
    count = int(rng.integers(50_000, 100_001))
    ring = _ring(_centre(rng), radius * _fractal(rng, count))
    # Two shears bend the plane without tearing it, so that the area is not the star of its centre.
    for axis in (0, 1):
        wave = rng.uniform(2, 4) * np.pi / (radius * UNIT / METRES_PER_DEGREE)
        ring[:, axis] += 0.35 / wave * np.sin(ring[:, 1 - axis] * wave + rng.uniform(0, 6))
    return shapely.Polygon(ring)


_KINDS: dict[str, tuple[Callable[[np.random.Generator], Shape], int]] = {
    "irregular": (_irregular, 200),
    "circles": (_circle, 10_000),
    "huge": (_huge, 12),
}


def _centre(rng: np.random.Generator) -> Floats:
    return np.array([rng.uniform(WEST, EAST), rng.uniform(SOUTH, NORTH)])


def _shrink(centre: Floats) -> float:
    """How much shorter a degree of longitude is than one of latitude."""
    return float(np.cos(np.radians(centre[1] / UNIT)))


def _ring(centre: Floats, radii_m: Floats) -> Floats:
    """A ring about a centre, its radii at even angles; it cannot cross itself."""
    angle = np.linspace(0, 2 * np.pi, len(radii_m), endpoint=False)
    reach = radii_m * (UNIT / METRES_PER_DEGREE)
    x = centre[0] + reach * np.cos(angle) / _shrink(centre)
    y = centre[1] + reach * np.sin(angle)
    return np.stack([x, y], axis=1)


def _harmonics(rng: np.random.Generator, count: int) -> Floats:
    """Noise about 1, between 0.4 and 1.6, whole over the circle."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    wave = np.arange(2, 14)
    phase, size = rng.uniform(0, 2 * np.pi, len(wave)), rng.uniform(0.3, 1.0, len(wave)) / wave
    noise = (size * np.cos(np.outer(angle, wave) + phase)).sum(axis=1)
    return np.asarray(np.clip(1 + noise + rng.uniform(-0.06, 0.06, count), 0.4, 1.6))


def _fractal(rng: np.random.Generator, count: int) -> Floats:
    """Noise about 1 whose roughness is alike at every scale (power falls with the frequency)."""
    frequency = np.arange(1, count // 2 + 1)
    power = frequency**-1.05 * np.exp(1j * rng.uniform(0, 2 * np.pi, len(frequency)))
    noise = np.fft.irfft(np.concatenate([[0], power]), count)
    return np.asarray(np.clip(1 + 0.25 * noise / np.abs(noise).max(), 0.5, 1.5))


def _bands(rng: np.random.Generator, count: int) -> Longs:
    """Altitude: six zones in ten from the ground to the top of the sky, the others a layer of it."""
    low = rng.choice([-500, -500, 0, 150, 600, 3_000], count)
    high = np.where(
        low == -500, rng.choice([32_000, 32_000, 3_000], count), low + rng.choice([500, 3_000, 9_000], count)
    )
    return np.stack([low, high], axis=1).astype(np.int64)


def _spans(rng: np.random.Generator, count: int) -> Longs:
    """Validity: half the zones the whole year, the others 30 to 200 days of it."""
    whole = rng.random(count) < 0.5
    length = rng.integers(30, 201, count) * 86_400
    start = np.where(whole, START, START + (rng.random(count) * (END - START - length)).astype(np.int64))
    return np.stack([start, np.where(whole, END, start + length)], axis=1).astype(np.int64)
