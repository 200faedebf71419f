"""A map of cells: every patch whole, told without colour, and nothing of a place finer than a cell."""

from __future__ import annotations

import re

import shapely

from truceline.exchange.partition import outline_of
from truceline.report.cells import Patch, cell_map, units_of
from truceline.report.language import Words
from truceline.report.picture import Land

CELLS = ("852d8427fffffff", "852d8503fffffff", "852d8523fffffff")
NORTH = Land(
    "SY-N", 1, True, {"en": "North"}, ((((35.0, 35.2), (40.0, 35.2), (40.0, 38.0), (35.0, 38.0), (35.0, 35.2)),),)
)
SOUTH = Land(
    "SY-S", 1, True, {"en": "South"}, ((((35.0, 33.0), (40.0, 33.0), (40.0, 35.2), (35.0, 35.2), (35.0, 33.0)),),)
)


def test_nothing_is_drawn_of_nothing() -> None:
    """Neither a cell nor land: no map, and no empty one."""
    assert cell_map([], outline_of, [], Words("en")) is None
    assert cell_map([], outline_of, [NORTH], Words("en")) is not None


def test_a_patch_is_drawn_whole_with_each_of_its_cells() -> None:
    """One outline around all, one within for each; its mark lies in one of them."""
    made = cell_map([Patch(CELLS[0], CELLS, "a")], outline_of, [NORTH, SOUTH], Words("en"))
    assert made is not None
    (one,) = made.patches
    assert one.faces.count("M") == len(CELLS)
    assert one.edge.count("M") >= 1
    assert one.size > 0
    assert 0 < one.x < made.sheet.width
    assert 0 < one.y < made.sheet.height


def test_no_degree_is_on_the_paper() -> None:
    """Paths are distances on the paper: a place on the ground cannot be read off more exactly than a cell is drawn."""
    made = cell_map([Patch(cell, (cell,), "b") for cell in CELLS], outline_of, [NORTH], Words("en"))
    assert made is not None
    numbers = [float(text) for one in made.patches for text in re.findall(r"-?\d+(?:\.\d+)?", one.edge)]
    assert numbers
    assert all(round(number, 1) == number for number in numbers)
    assert max(map(abs, numbers)) > 180, "beyond what degrees can be"


def test_what_nobody_spoke_of_is_drawn_as_far_as_it_fits() -> None:
    """A cell of the partition beyond the edge of the paper is left out."""
    far = "853f1433fffffff"
    made = cell_map(
        [Patch(CELLS[0], CELLS[:1], "agreed")], outline_of, [NORTH], Words("en"),
        others=[Patch(far, (far,)), Patch(CELLS[0], CELLS[:1])],
    )  # fmt: skip
    assert made is not None
    assert [one.patch.key for one in made.others] == [CELLS[0]]


def test_maps_side_by_side_have_one_scale() -> None:
    """The larger area of one speaker makes the smaller one of another neither larger nor smaller."""
    patches = [Patch(cell, (cell,), "named") for cell in CELLS]
    alone = [cell_map([one], outline_of, [NORTH], Words("en"), beside=patches) for one in patches]
    frames = {(one.sheet.scale_m, one.sheet.scale_wide) for one in alone if one is not None}
    assert len(frames) == 1


def test_a_patch_is_named_by_the_units_that_hold_it() -> None:
    """The one that holds most of it first; one that holds hardly any of it is not named."""
    found = units_of([Patch(cell, (cell,)) for cell in CELLS], outline_of, [NORTH, SOUTH])
    for cell in CELLS:
        middle = shapely.centroid(outline_of(cell))
        assert found[cell][0].code == ("SY-N" if shapely.get_y(middle) > 35.2 else "SY-S")
