"""The floor: one function and two databases refuse alike, and what H3 itself calls a cell is one."""

from __future__ import annotations

import sqlite3

import h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.errors import SubmissionError
from truceline.exchange.floor import FINEST, MOST_CELLS, check_cell, check_cells, is_cell, listed, resolution_of
from truceline.store.cells import check_sql

CELL = "852d8a9bfffffff"
PLACES = st.tuples(st.floats(-89, 89), st.floats(-180, 180))


def is_taken(text: str) -> bool:
    """Whether the one function takes it."""
    try:
        check_cell(text)
    except SubmissionError:
        return False
    return True


def in_sqlite(number: int) -> bool:
    """Whether the database takes it."""
    with sqlite3.connect(":memory:") as db:
        db.execute(f"create table cell (cell integer check ({check_sql()}))")
        try:
            db.execute("insert into cell values (?)", (number,))
        except sqlite3.IntegrityError:
            return False
    return True


@given(PLACES, st.integers(0, 15))
def test_a_cell_of_h3_is_taken_up_to_the_floor(at: tuple[float, float], resolution: int) -> None:
    """Every cell that the library gives is one here; finer than 5 none is taken, by nobody."""
    cell = h3.latlng_to_cell(*at, resolution)
    assert is_cell(cell)
    assert resolution_of(cell) == resolution
    assert is_taken(cell) == in_sqlite(int(cell, 16)) == (resolution <= FINEST)


@given(PLACES, st.integers(0, 8), st.lists(st.integers(0, 62), min_size=1, max_size=3, unique=True))
def test_a_flipped_bit_is_refused_where_the_library_knows_no_such_cell(
    at: tuple[float, float], resolution: int, bits: list[int]
) -> None:
    """No way to carry more than a cell under the name of one: function, database and library agree on every number."""
    number = int(h3.latlng_to_cell(*at, resolution), 16)
    for bit in bits:
        number ^= 1 << bit
    text = f"{number:015x}"
    known = len(text) == 15 and bool(h3.is_valid_cell(text))
    assert is_cell(text) == known
    assert is_taken(text) == in_sqlite(number) == (known and resolution_of(text) <= FINEST)


def test_pentagons_are_cells_and_their_missing_children_are_none() -> None:
    """Twelve cells of each resolution have five neighbours: the sixth child is a number that stands for nothing."""
    for resolution in range(FINEST + 1):
        for cell in h3.get_pentagons(resolution):
            assert is_taken(cell)
            assert in_sqlite(int(cell, 16))
            if resolution < FINEST:
                gone = (int(cell, 16) & ~(7 << 3 * (14 - resolution)) | 1 << 3 * (14 - resolution)) + (1 << 52)
                assert not h3.is_valid_cell(f"{gone:x}")
                assert not is_taken(f"{gone:x}")
                assert not in_sqlite(gone)


@pytest.mark.parametrize(
    "text", ["", "0", CELL.upper(), " " + CELL, CELL + "\n", "0" + CELL, "0x" + CELL, CELL[:-1],
             "8" * 15, "٨" * 15, "f" * 15]
)  # fmt: skip
def test_a_cell_is_written_in_one_way(text: str) -> None:
    """Another way to write it would be a second name for one area, or a place for something else."""
    assert not is_cell(text)
    assert not is_taken(text)


def test_a_list_is_written_in_one_way() -> None:
    """Sorted, each once, not endless: the order of a list says nothing."""
    other = h3.grid_ring(CELL, 1)[0]
    pair = list(listed([CELL, other, CELL]))
    check_cells(pair)
    check_cells([], may_lack=True)
    for cells in ([], pair[::-1], [CELL, CELL], [CELL] * (MOST_CELLS + 1)):
        with pytest.raises(SubmissionError, match="`cells`: expected"):
            check_cells(cells)


def test_a_message_never_repeats_a_finer_cell() -> None:
    """It ends in logs, and in the list of what was refused."""
    fine = h3.latlng_to_cell(36.2021, 37.1343, 9)
    with pytest.raises(SubmissionError, match="resolution 9") as told:
        check_cells([fine])
    assert fine not in str(told.value)
