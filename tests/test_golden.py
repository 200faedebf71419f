"""The worked examples of the design, row by row; the rows themselves stand in `tests/cases/golden.yaml`."""

from __future__ import annotations

from tests.case_files import FOLDER, cases_of

ROWS = 28
DEVIATIONS: set[int] = set()


def test_every_worked_example_is_there() -> None:
    """The golden answers are what the design promises; a row that is missing is a promise nobody checks."""
    assert {case.row for case in cases_of(FOLDER / "golden.yaml")} == set(range(1, ROWS + 1))


def test_a_row_that_comes_out_otherwise_is_named() -> None:
    """Where the build answers otherwise than the design, an ADR says why: the rows for which that holds are these."""
    assert {case.row for case in cases_of(FOLDER / "golden.yaml") if case.deviates} == DEVIATIONS
