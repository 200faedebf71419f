"""How is a map of cells drawn? Each patch whole, told by its hatch and its mark; nothing finer than a cell.

A patch is a cell, or the cells that the partition names together. Five ways to stand, none of them a colour alone: both
sides name it (filled, a diamond), only the one or only the other does (hatched one way or the other, half a square on
the one or the other side: of one ink, of one weight), one of them disputes it (crossed, a cross), nobody names it any
more (an outline, a ring). The two sides have no colour and mirror one another. Nothing is drawn here but land and
cells: no incident, no flight, no place of a report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import shapely

from truceline.report.extents import shape_of
from truceline.report.frame import Frame
from truceline.report.language import Words
from truceline.report.map import Ground, Sheet, sheet_of
from truceline.report.picture import Land
from truceline.space import Geometry

WIDTH: Final = 760.0
ASPECT: Final = 0.74
PAD: Final = 0.2
LEAST_SHARE: Final = 0.05
"""A governorate that holds less of a patch is not named with it."""

MARK, MOST_MARK, LEAST_MARK = 0.2, 14.0, 3.0
"""A mark is so large beside its patch, and at most and at least so many units of the drawing; a smaller one is none."""

Outline = Callable[[str], Geometry]
"""Gives the outline of a cell as a polygon in degrees, longitude before latitude."""


@dataclass(frozen=True)
class Patch:
    """Cells that stand alike and are named together.

    Attributes:
        key: the first of its cells; `cells`: all of them, sorted.
        stands: how it stands; empty = nobody spoke of it.
    """

    key: str
    cells: tuple[str, ...]
    stands: str = ""


@dataclass(frozen=True)
class Drawn:
    """A patch on the paper.

    Attributes:
        faces: the outline of each of its cells; `edge`: of all of them together.
        x, y: where its mark stands, in the middle of one of its cells; `size`: of the mark, 0 = none is drawn.
    """

    patch: Patch
    faces: str
    edge: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class CellMap:
    """A map of cells: the ground, the patches that somebody spoke of, and the others of the partition."""

    sheet: Sheet
    patches: tuple[Drawn, ...]
    others: tuple[Drawn, ...]


def cell_map(
    patches: Sequence[Patch],
    outline: Outline,
    lands: Sequence[Land],
    words: Words,
    *,
    others: Sequence[Patch] = (),
    beside: Sequence[Patch] = (),
) -> CellMap | None:
    """Draw cells on their ground.

    Args:
        patches: that somebody spoke of.
        outline: gives the outline of a cell.
        lands: the base map.
        words: of the language.
        others: of which nobody spoke: drawn as far as they lie on the paper whole.
        beside: of maps that stand beside this one: all of them are drawn at one scale, in one window.

    Returns:
        None where there is neither a cell nor land of the case.
    """
    shapes = [[outline(cell) for cell in one.cells] for one in patches]
    own = [shape_of(land.polygons) for land in lands if land.is_own and land.polygons]
    body = [cell for shape in shapes for cell in shape] + [outline(cell) for one in beside for cell in one.cells] or own
    if not body:
        return None
    frame = Frame.around(shapely.union_all(body), WIDTH, PAD if shapes else 0.03, aspect=ASPECT)
    sheet = sheet_of("cells", frame, Ground(lands, (), (), words), ())
    drawn = tuple(_drawn(frame, one, shape) for one, shape in zip(patches, shapes, strict=True))
    free = ((one, [outline(cell) for cell in one.cells]) for one in others)
    kept = tuple(_drawn(frame, one, shape) for one, shape in free if _is_on(frame, shape))
    return CellMap(sheet, drawn, kept)


def _is_on(frame: Frame, shape: Sequence[Geometry]) -> bool:
    return bool(shapely.covers(frame.box, shapely.union_all(shape)))


def _drawn(frame: Frame, patch: Patch, shape: Sequence[Geometry]) -> Drawn:
    whole = shapely.union_all(shape)
    middle = shapely.centroid(whole)
    seat = min(shape, key=lambda cell: shapely.distance(shapely.centroid(cell), middle))
    size = round(min(float(shapely.area(frame.on_paper(whole))) ** 0.5 * MARK, MOST_MARK), 1)
    spot = shapely.centroid(frame.on_paper(seat))
    x, y = (0.0, 0.0) if shapely.is_empty(spot) else (shapely.get_x(spot), shapely.get_y(spot))
    faces = "".join(frame.path(cell) for cell in shape) if len(shape) > 1 else ""
    return Drawn(patch, faces, frame.path(whole), round(x, 1), round(y, 1), size if size >= LEAST_MARK else 0.0)


def units_of(
    patches: Iterable[Patch], outline: Outline, lands: Sequence[Land]
) -> dict[str, tuple[Land, ...]]:  # fmt: skip
    """The governorates in which each patch lies, by its key: the one that holds most of it first."""
    units = [
        (land, shapely.make_valid(shape_of(land.polygons)))
        for land in lands
        if land.is_own and land.level == 1 and land.polygons
    ]
    tree = shapely.STRtree([shape for _, shape in units])
    found: dict[str, tuple[Land, ...]] = {}
    for one in patches:
        shape = shapely.union_all([outline(cell) for cell in one.cells])
        near = [units[at] for at in sorted(tree.query(shape, predicate="intersects").tolist())] if units else []
        shares = [(shapely.area(shapely.intersection(shape, unit)) / shapely.area(shape), land) for land, unit in near]
        named = sorted((pair for pair in shares if pair[0] >= LEAST_SHARE), key=lambda pair: (-pair[0], pair[1].code))
        found[one.key] = tuple(land for _, land in named)
    return found
