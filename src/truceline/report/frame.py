"""Where on the paper? One window of the map: its projection, its paths, its scale bar, and the room for its labels.

Plate carrée with the true width of a degree at the middle of the window, so that a disc is drawn round and of its true
size. Positions leave this module as distances on the paper, never as degrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from truceline.space import Geometry, metres_per_degree

SIMPLER_PX = 0.3
"""Outlines are drawn to within this distance on the paper."""


@dataclass(frozen=True)
class Frame:
    """A window of the earth on the paper.

    Attributes:
        west, south, east, north: degrees.
        width: of the paper, in units of the drawing.
    """

    west: float
    south: float
    east: float
    north: float
    width: float

    @classmethod
    def around(cls, shape: Geometry, width: float, pad: float, aspect: float = 0.0) -> Frame:
        """The window around a shape, with `pad` of its longer side on each side; `aspect` is height by width."""
        west, south, east, north = shapely.bounds(shape)
        wide = math.cos(math.radians((south + north) / 2))
        half_x, half_y = (east - west) * wide / 2, (north - south) / 2
        room = max(half_x, half_y) * 2 * pad
        half_x, half_y = half_x + room, half_y + room
        if aspect:
            half_x, half_y = max(half_x, half_y / aspect), max(half_y, half_x * aspect)
        x, y = (west + east) / 2, (south + north) / 2
        return cls(x - half_x / wide, y - half_y, x + half_x / wide, y + half_y, width)

    @property
    def _ratio(self) -> float:
        east_m, north_m = metres_per_degree(np.float64((self.south + self.north) / 2))  # type: ignore[arg-type]  # one
        return float(east_m / north_m)

    @property
    def height(self) -> float:
        """Of the paper, in units of the drawing."""
        return round(self.width * (self.north - self.south) / ((self.east - self.west) * self._ratio), 1)

    @property
    def metres_per_unit(self) -> float:
        """How many metres one unit of the drawing is, in the middle of the window."""
        east_m, _ = metres_per_degree(np.float64((self.south + self.north) / 2))  # type: ignore[arg-type]  # one value
        return float(east_m) * (self.east - self.west) / self.width

    @property
    def box(self) -> Geometry:
        """The window as a shape in degrees."""
        return shapely.box(self.west, self.south, self.east, self.north)

    def on_paper(self, shape: Geometry) -> Geometry:
        """A shape in degrees as a shape on the paper, y downwards, cut to the window."""
        return shapely.clip_by_rect(
            shapely.transform(shape, self._project), -2.0, -2.0, self.width + 2.0, self.height + 2.0
        )

    def path(self, shape: Geometry) -> str:
        """A shape in degrees as the path of a drawing; empty when nothing of it lies in the window."""
        simple = shapely.simplify(self.on_paper(shape), SIMPLER_PX)
        return "".join(_steps(part) for part in shapely.get_parts(simple) if not shapely.is_empty(part))

    def middle(self, shape: Geometry) -> tuple[float, float]:
        """A place on the paper well inside a shape."""
        drawn = self.on_paper(shape)
        if shapely.is_empty(drawn):
            return self.width / 2, self.height / 2
        if isinstance(drawn, (shapely.Polygon, shapely.MultiPolygon)):
            spot = shapely.get_point(shapely.maximum_inscribed_circle(drawn, tolerance=2.0), 0)
        elif isinstance(drawn, (shapely.LineString, shapely.MultiLineString)):
            spot = shapely.line_interpolate_point(drawn, 0.5, normalized=True)
        else:
            spot = shapely.centroid(drawn)
        return round(float(shapely.get_x(spot)), 1), round(float(shapely.get_y(spot)), 1)

    def inside(self, shape: Geometry, step: float = 9.0) -> list[tuple[float, float]]:
        """Spots on the paper inside a shape, those nearest to its middle first."""
        drawn, (x, y) = self.on_paper(shape), self.middle(shape)
        if shapely.is_empty(drawn):
            return []
        west, north, east, south = shapely.bounds(drawn)
        xs, ys = np.meshgrid(np.arange(west, east, step), np.arange(north, south, step))
        grid = np.column_stack([xs.ravel(), ys.ravel()])
        found = grid[shapely.contains_xy(drawn, grid)].tolist()
        spots = sorted(((px, py) for px, py in found), key=lambda spot: math.dist(spot, (x, y)))
        return [(x, y), *spots[:400]]

    def scale(self) -> tuple[int, float]:
        """A length for the scale bar: whole kilometres or a fraction in metres, and its length on the paper.

        Returns:
            Metres, and units of the drawing.
        """
        target = self.metres_per_unit * self.width / 5
        power = 10 ** math.floor(math.log10(target))
        metres = max(step * power for step in (1, 2, 5) if step * power <= target)
        return int(metres), round(metres / self.metres_per_unit, 1)

    def _project(self, lonlat: NDArray[Any]) -> NDArray[Any]:
        return np.column_stack(
            [
                (lonlat[:, 0] - self.west) / (self.east - self.west) * self.width,
                (self.north - lonlat[:, 1]) / (self.north - self.south) * self.height,
            ]
        )


@dataclass
class Room:
    """The paper that is taken. INVARIANT: what `take` gives out overlaps nothing that was taken before."""

    width: float
    height: float
    _taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def find(self, wide: float, high: float, spots: Iterable[tuple[float, float]]) -> tuple[float, float] | None:
        """Take the first of the spots (centres) where a box finds room; None when there is none."""
        for x, y in spots:
            if self.take(x, y, wide, high):
                return round(x, 1), round(y, 1)
        return None

    def keep_free(self, x: float, y: float, wide: float, high: float) -> None:
        """Let nothing stand on a box around a centre, whatever stands there already."""
        self._taken.append((x - wide / 2, y - high / 2, x + wide / 2, y + high / 2))

    def take(self, x: float, y: float, wide: float, high: float) -> bool:
        """Take a box around a centre, unless it is taken or leaves the paper."""
        box = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
        if box[0] < 0 or box[1] < 0 or box[2] > self.width or box[3] > self.height:
            return False
        if any(box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in self._taken):
            return False
        self._taken.append(box)
        return True


def around(x: float, y: float, steps: Sequence[float] = (0, 14, 26, 40)) -> Iterable[tuple[float, float]]:
    """The spots where a label for `(x, y)` may stand, best first."""
    for step in steps:
        if not step:
            yield x, y
            continue
        for dx, dy in ((0, 1), (0, -1), (1.6, 0), (-1.6, 0), (1.6, 1), (-1.6, 1), (1.6, -1), (-1.6, -1)):
            yield x + dx * step, y + dy * step


def _steps(part: Geometry) -> str:
    if isinstance(part, shapely.Polygon):
        return "".join(f"{_run(ring, 1)}Z" for ring in (part.exterior, *part.interiors))
    if isinstance(part, shapely.LineString):
        return _run(part, 0)
    return "" if isinstance(part, shapely.Point) else "".join(_steps(piece) for piece in shapely.get_parts(part))


def _run(line: Geometry, drop: int) -> str:
    points = np.round(shapely.get_coordinates(line), 1).tolist()
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in points[: len(points) - drop])
