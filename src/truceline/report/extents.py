"""Which reports share a place? Entries of exactly the same extent are one heap, drawn once, with its count.

A heap is everywhere its reports can have been: the shape is never reduced to a point, and what is known only to a whole
unit of the base map is counted on that unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import shapely

from truceline.report.picture import Land, Names, Rings
from truceline.report.totals import Totals, covered
from truceline.space import Geometry, metres_per_degree

NOT_DRAWN = ("outside", "none")


class Placed(Protocol):
    """What is drawn of a report: everywhere it can have been, and its answer."""

    @property
    def where(self) -> str:
        """The place as the reader may see it."""

    @property
    def extent(self) -> str:
        """Kind of the extent."""

    @property
    def polygons(self) -> tuple[Rings, ...]:
        """Everywhere it can have been; empty when there is nothing to draw."""

    @property
    def any(self) -> int:
        """-1, 0, +1 for *some term covers it*."""

    @property
    def is_protected(self) -> bool:
        """Harm to civilians, hospitals, schools or aid."""


@dataclass(frozen=True)
class Spot:
    """A report on a map, and nothing else of it; the attributes are those of `Placed`."""

    where: str
    extent: str
    polygons: tuple[Rings, ...]
    any: int
    is_protected: bool


@dataclass(frozen=True)
class Heap:
    """Reports of one extent.

    Attributes:
        extent: kind of the extent, one of those of `Entry`.
        unit: the unit of the base map that the extent is; None for every other shape.
        shape: in degrees; None where there is nothing to draw.
        where: the places as the sources call them, without repetition, in order.
        names: of the unit.
    """

    extent: str
    unit: Land | None
    shape: Geometry | None
    totals: Totals
    where: tuple[str, ...]

    @property
    def names(self) -> Names:
        """Names of the unit; empty for every other shape."""
        return self.unit.names if self.unit else {}


def heaps(entries: Iterable[Placed], lands: Sequence[Land]) -> list[Heap]:
    """Gather entries by their extent, most reports first; those without a place come last."""
    units = {land.polygons: land for land in lands if land.is_own and land.polygons}
    found: dict[tuple[str, tuple[Rings, ...]], list[Placed]] = {}
    for entry in entries:
        kind = entry.extent if entry.polygons or entry.extent in NOT_DRAWN else "none"
        found.setdefault((kind, entry.polygons), []).append(entry)
    made = [_heap(kind, polygons, members, units) for (kind, polygons), members in found.items()]
    return sorted(made, key=lambda h: (h.shape is None, -h.totals.all, h.where))


def shape_of(polygons: Sequence[Rings]) -> Geometry:
    """Polygons and lines as one shape in degrees; what is not closed is a line, a single position a point."""
    return shapely.union_all([_part(rings) for rings in polygons])


def kilometres_across(shape: Geometry) -> float:
    """The longer side of the box around a shape."""
    west, south, east, north = shapely.bounds(shape)
    east_m, north_m = metres_per_degree((south + north) / 2)
    return float(max((east - west) * east_m, (north - south) * north_m)) / 1000


def rounded_km(kilometres: float) -> str:
    """Kilometres as a reader wants them: two figures, one below a kilometre.

    >>> rounded_km(9.97), rounded_km(0.2), rounded_km(412.0)
    ('10', '0.2', '410')
    """
    if kilometres < 1:
        return f"{kilometres:.1f}" if kilometres >= 0.1 else "< 0.1"
    digits = len(str(round(kilometres))) - 2
    return str(int(round(kilometres, -digits))) if digits >= 0 else str(round(kilometres))


def _heap(
    kind: str, polygons: tuple[Rings, ...], members: Sequence[Placed], units: dict[tuple[Rings, ...], Land]
) -> Heap:
    where = tuple(sorted({e.where for e in members if e.where}))
    shape = shape_of(polygons) if polygons and kind not in NOT_DRAWN else None
    return Heap(kind, units.get(polygons) if shape is not None else None, shape, covered(members), where)


def _part(rings: Rings) -> Geometry:
    outer = rings[0]
    if len(outer) >= 4 and outer[0] == outer[-1]:
        return shapely.make_valid(shapely.Polygon(outer, rings[1:]))
    return shapely.LineString(outer) if len(set(outer)) > 1 else shapely.Point(outer[0])
