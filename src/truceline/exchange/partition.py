"""Which cells of a country are named together, because too few people live in one of them? One table, published once.

In a desert one place lies in a cell, or none: a cell that is said there is a place. So cells are merged until each
block holds enough places, by a table and not by the coarser cells of H3, whose children stick out of them. The table is
made by a rule from the outline of the country and a list of its places, so that anybody makes the same; it is published
with the case, and never again: where two partitions overlap, less than a block could be told.

The rule:
    1 every cell of resolution 5 that the outline touches
    2 its weight: how many places of the list lie in it
    3 a cell with a place is a block; round by round, every cell of no block that touches one joins the block of the
      fewest cells that it touches (of equals: that began with the smallest cell), as the blocks were before the round
    4 while a block weighs less than the least weight: the lightest (of equals: of the fewest cells, then with the
      smallest cell) is joined to the block of the fewest cells that touches it (of equals: with the smallest cell)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec
import shapely

from truceline.canon import canonical
from truceline.errors import InputError, SubmissionError, quoted
from truceline.exchange.floor import FINEST, check_cells, resolution_of
from truceline.space import Geometry

PARTITION = "partition"
SCHEMA = "truceline/partition/1"
FILE = "partition.json"
LEAST = 2
"""A block weighs at least so much: so many places lie in it."""

MOST_BYTES = 4 * 1024 * 1024


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    blocks: list[list[str]]
    country: str
    least: int
    places: int
    schema: str


@dataclass(frozen=True)
class Partition:
    """The blocks of a country.

    Attributes:
        country: two-letter code, or whatever the case calls it.
        least: places in a block, at least; 0 = nothing was merged.
        places: how many places the rule was given.
        blocks: sorted cells, by the smallest of them.
    """

    country: str
    least: int
    places: int
    blocks: tuple[tuple[str, ...], ...]

    @property
    def cells(self) -> Mapping[str, int]:
        """Cell to the number of its block."""
        return {cell: number for number, block in enumerate(self.blocks) for cell in block}

    def check(self, cells: Iterable[str]) -> None:
        """Refuse cells that are not whole blocks.

        Raises:
            SubmissionError: one lies outside the partition, or a block is named in part.
        """
        named, known = set(cells), self.cells
        strange = named - known.keys()
        if strange:
            raise SubmissionError(f"`cells`: {len(strange)} are not of the partition that was published")
        parts = [number for number in {known[cell] for cell in named} if not named.issuperset(self.blocks[number])]
        if parts:
            raise SubmissionError(
                f"`cells`: {len(parts)} blocks of the partition are named in part: name all their cells"
            )

    def whole(self, cells: Iterable[str]) -> tuple[str, ...]:
        """The whole blocks in which some cells lie, sorted: what somebody offers instead of cells that are too few.

        Raises:
            SubmissionError: one lies outside the partition.
        """
        named, known = set(cells), self.cells
        if named - known.keys():
            raise SubmissionError(f"`cells`: {len(named - known.keys())} are not of the partition that was published")
        return tuple(sorted({cell for one in named for cell in self.blocks[known[one]]}))


def written(partition: Partition) -> bytes:
    """A partition as its file: the same bytes wherever it is made."""
    return canonical({
        "blocks": [list(block) for block in partition.blocks], "country": partition.country, "least": partition.least,
        "places": partition.places, "schema": SCHEMA,
    })  # fmt: skip


def read_partition(data: bytes) -> Partition:
    """A partition of a file.

    Raises:
        SubmissionError: it is none: other bytes than `written` gives, a cell twice, or finer than the floor.
    """
    if len(data) > MOST_BYTES:
        raise SubmissionError(f"a partition: expected at most {MOST_BYTES} bytes, got {len(data)}")
    try:
        read = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, RecursionError):
        raise SubmissionError("a partition: expected the file that `truceline area partition` writes") from None
    if read.schema != SCHEMA or not read.blocks or read.least < 0 or read.places < 0:
        raise SubmissionError(f"a partition: expected schema `{SCHEMA}` and blocks, got {quoted(read.schema)}")
    for block in read.blocks:
        check_cells(block, "blocks")
    if any(resolution_of(cell) != FINEST for block in read.blocks for cell in block):
        raise SubmissionError(f"a partition: expected cells of resolution {FINEST}")
    if sum(map(len, read.blocks)) != len({cell for block in read.blocks for cell in block}):
        raise SubmissionError("a partition: a cell is in two blocks")
    made = Partition(read.country, read.least, read.places, tuple(tuple(block) for block in read.blocks))
    if written(made) != data or any(a[0] > b[0] for a, b in pairwise(made.blocks)):
        raise SubmissionError("a partition: not written in the one way")
    return made


# -- making one --------------------------------------------------------------------------------------------------------


def partition(country: str, outline: Geometry, places: Sequence[tuple[float, float]], least: int = LEAST) -> Partition:
    """Make the partition of a country.

    Args:
        country: how it is called.
        outline: polygon or multipolygon in degrees, longitude before latitude, WGS 84.
        places: longitude, latitude of its places, in degrees; those outside the outline's cells do not count.
        least: places in a block; 0 = nothing is merged.

    Raises:
        InputError: the outline holds no cell.
    """
    cells = cells_in(outline)
    if not cells:
        raise InputError("the outline of the country holds no cell")
    weights = dict.fromkeys(cells, 0)
    for lon, lat in places:
        cell = cell_at(lon, lat)
        if cell in weights:
            weights[cell] += 1
    blocks = _merged(weights, least)
    return Partition(country, least, len(places), tuple(sorted(tuple(sorted(block)) for block in blocks)))


def _merged(weights: Mapping[str, int], least: int) -> list[set[str]]:
    """Steps 3 and 4."""
    if least == 0:
        return [{cell} for cell in weights]
    h3 = _h3()
    near = {cell: [one for one in h3.grid_disk(cell, 1) if one != cell and one in weights] for cell in sorted(weights)}
    of = _grown(weights, near)
    blocks: dict[str, set[str]] = {}
    for cell, name in of.items():
        blocks.setdefault(name, set()).add(cell)
    weight = {name: sum(weights[cell] for cell in block) for name, block in blocks.items()}
    stuck: set[str] = set()
    while True:
        light = [name for name in blocks if weight[name] < least and name not in stuck]
        if not light:
            return list(blocks.values())
        name = min(light, key=lambda one: (weight[one], len(blocks[one]), min(blocks[one])))
        beside = {of[one] for cell in blocks[name] for one in near[cell]} - {name}
        if not beside:
            stuck.add(name)  # an island of its own
            continue
        other = min(beside, key=lambda one: (len(blocks[one]), min(blocks[one])))
        blocks[other] |= blocks.pop(name)
        weight[other] += weight.pop(name)
        of |= dict.fromkeys(blocks[other], other)


def _grown(weights: Mapping[str, int], near: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Step 3: cell to the name of its block. Cells that no block reaches are one block for each of them."""
    of = {cell: cell for cell, weight in weights.items() if weight}
    sizes = dict.fromkeys(of, 1)
    while True:
        joins = {}
        for cell in near:
            beside = {of[one] for one in near[cell] if one in of} if cell not in of else set()
            if beside:
                joins[cell] = min(beside, key=lambda one: (sizes[one], one))
        if not joins:
            return of | {cell: cell for cell in near if cell not in of}
        of |= joins
        for name in joins.values():
            sizes[name] += 1


def cell_at(lon_deg: float, lat_deg: float) -> str:
    """The cell of resolution 5 that holds a point in degrees: for counting places, never for rounding what is said."""
    cell: str = _h3().latlng_to_cell(lat_deg, lon_deg, FINEST)
    return cell


def cells_in(outline: Geometry) -> set[str]:
    """Every cell of resolution 5 that a shape in degrees touches."""
    if shapely.is_empty(outline):
        return set()
    h3 = _h3()
    inside = set(h3.geo_to_cells(msgspec.json.decode(shapely.to_geojson(outline)), FINEST))
    xy = shapely.get_coordinates(shapely.segmentize(outline, 0.02))
    inside |= {cell_at(float(x), float(y)) for x, y in xy}
    around = {one for cell in inside for one in h3.grid_disk(cell, 1)}
    shapely.prepare(outline)
    return {cell for cell in around if shapely.intersects(outline, outline_of(cell))}


def outline_of(cell: str) -> shapely.Polygon:
    """The outline of a cell in degrees, longitude before latitude."""
    return shapely.Polygon([(lon, lat) for lat, lon in _h3().cell_to_boundary(cell)])


def area_km2(cells: Iterable[str]) -> float:
    """The area of some cells, square kilometres."""
    return float(sum(_h3().cell_area(cell, "km^2") for cell in cells))


def _h3() -> Any:  # noqa: ANN401  # a module
    import h3  # noqa: PLC0415  # most commands do not need it

    return h3
