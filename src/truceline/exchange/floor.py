"""Is this a cell no finer than what may ever be said? The one function that every door asks.

A cell is an H3 index of resolution 5 (about 253 km²) or coarser, written in the one way: 15 small hexadecimal digits,
every digit that its resolution does not need a 7. What is finer is refused, never rounded to the cell that holds it:
whoever wrote it has to name an area. There is no exception, and none can be agreed.

The same is written in SQL as constraints of both databases (`store.cells`); a test holds the two together.

Source: H3, "H3Index Bit Layout" and "Cell": the twelve base cells that are pentagons have no children of digit 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

from truceline.errors import SubmissionError, quoted

FINEST = 5
"""No cell finer than this resolution of H3 is accepted anywhere."""

MOST_CELLS = 2_000
"""So many cells in one list: more than twice what a country of 185,000 km² has at the finest resolution."""

CELL = re.compile(r"(?<![0-9a-f])8[0-9a-f]{14}(?![0-9a-f])")
PATTERN = f"^8[0-{FINEST}][0-9a-f]{{13}}$"
"""The floor as a pattern: the second digit of a cell is its resolution."""

Cell = Annotated[str, msgspec.Meta(pattern=PATTERN, description="H3 cell of resolution 5 or coarser.")]
"""A cell in the shape of a body: the schema refuses a finer one before anything looks at it."""

PENTAGONS = frozenset({4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117})
"""Base cells that are pentagons."""


def is_cell(text: str) -> bool:
    """Whether a text is an H3 cell of any resolution, written the one way.

    >>> is_cell("852d8a9bfffffff"), is_cell("852d8a9b04fffff"), is_cell("852D8A9BFFFFFFF")
    (True, False, False)
    """
    if not CELL.fullmatch(text):
        return False
    bits = int(text, 16)
    digits = [bits >> 3 * (14 - i) & 7 for i in range(15)]
    resolution, base = bits >> 52 & 15, bits >> 45 & 127
    if bits >> 56 != 8 or base > 121 or 7 in digits[:resolution]:
        return False
    if base in PENTAGONS and next((digit for digit in digits[:resolution] if digit), 0) == 1:
        return False
    return all(digit == 7 for digit in digits[resolution:])


def resolution_of(cell: str) -> int:
    """The resolution that a cell says it has, 0 to 15; 0 is the coarsest.

    >>> resolution_of("852d8a9bfffffff")
    5
    """
    return int(cell, 16) >> 52 & 15


def check_cell(cell: str) -> None:
    """Refuse an H3 cell that is finer than resolution 5, or that is no cell, or carries more than its resolution says.

    Raises:
        SubmissionError: it is finer, or no cell; the message never repeats a finer one.

    >>> check_cell("852d8a9bfffffff")
    >>> check_cell("892d8a9b04fffff")
    Traceback (most recent call last):
    truceline.errors.SubmissionError: a cell of resolution 9: expected 5 or coarser
    """
    if not CELL.fullmatch(cell):
        raise SubmissionError("expected an H3 cell: 15 hexadecimal digits, the first of them 8")
    if resolution_of(cell) > FINEST:
        raise SubmissionError(f"a cell of resolution {resolution_of(cell)}: expected {FINEST} or coarser")
    if not is_cell(cell):
        raise SubmissionError(f"expected an H3 cell, got {quoted(cell)}")


def check_cells(cells: Sequence[str], field: str = "cells", *, may_lack: bool = False) -> None:
    """Refuse a list of cells that is not one: each no finer than the floor, each once, sorted.

    Args:
        cells: as they are said.
        field: how the message calls the list.
        may_lack: whether it may be empty.

    Raises:
        SubmissionError: one is finer or no cell, or the list is not in the one order.
    """
    if not cells and not may_lack:
        raise SubmissionError(f"`{field}`: expected one cell or more")
    if len(cells) > MOST_CELLS:
        raise SubmissionError(f"`{field}`: expected at most {MOST_CELLS} cells, got {len(cells)}")
    for cell in cells:
        try:
            check_cell(cell)
        except SubmissionError as error:
            raise SubmissionError(f"`{field}`: {error.faults[0]}") from None
    if list(cells) != sorted(set(cells)):
        raise SubmissionError(f"`{field}`: expected the cells sorted, each once")


def listed(cells: Iterable[str]) -> tuple[str, ...]:
    """Cells in the one order, each once.

    >>> listed(["852d8aaffffffff", "852d8a9bfffffff", "852d8aaffffffff"])
    ('852d8a9bfffffff', '852d8aaffffffff')
    """
    return tuple(sorted(set(cells)))
