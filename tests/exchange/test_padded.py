"""Padded lists: of one length, bound to where they are said, and never finer than the floor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.errors import SubmissionError
from truceline.exchange.padded import SLOTS, cells_of, length, padded

CELLS = [f"852d8{n:02x}3fffffff" for n in range(0, 128)]
HERE = {"slots": 256, "log": "example/log", "of": 12, "by": "north"}


def good(cells: list[str]) -> list[str]:
    """Those of some texts that are cells, sorted."""
    from truceline.exchange.floor import is_cell

    return sorted({one for one in cells if is_cell(one)})


@given(st.sets(st.sampled_from(good(CELLS))))
def test_every_list_is_as_long_and_comes_back(cells: set[str]) -> None:
    """The length is that of the places, whatever is in them; an empty list is a list."""
    data = padded(sorted(cells), **HERE)  # type: ignore[arg-type]
    assert len(data) == length(**HERE)  # type: ignore[arg-type]
    assert cells_of(data, **HERE) == tuple(sorted(cells))  # type: ignore[arg-type]


@pytest.mark.parametrize("other", [{"of": 13}, {"by": "south"}, {"log": "example/lag"}, {"slots": 1_024}])
def test_a_list_of_elsewhere_is_none(other: dict[str, object]) -> None:
    """Whoever takes a list to another exchange, or says it under another name, has no list there."""
    data = padded(good(CELLS)[:3], **HERE)  # type: ignore[arg-type]
    with pytest.raises(SubmissionError, match="no list"):
        cells_of(data, **{**HERE, **other})  # type: ignore[arg-type]


def test_a_finer_cell_goes_in_by_no_way() -> None:
    """Neither when it is written nor when it is read: refused, never rounded, and never repeated."""
    fine, cell = "862d8a9b7ffffff", good(CELLS)[0]
    for wrong in ([fine], [cell, cell], [cell[:-1] + "e"], ["36.20,37.16"], sorted([cell, fine])):
        with pytest.raises(SubmissionError) as refused:
            padded(wrong, **HERE)  # type: ignore[arg-type]
        assert "36.20" not in str(refused.value)
        assert fine not in str(refused.value)
    data = padded([cell], **HERE)  # type: ignore[arg-type]
    for new in (fine, "0" * 14 + "1", "x" * 15):
        with pytest.raises(SubmissionError):
            cells_of(data.replace(cell.encode(), new.encode()), **HERE)  # type: ignore[arg-type]


def test_a_list_has_one_way_to_be_written() -> None:
    """Cells after what fills it up, one place more, one less, another number of places: none is a list."""
    cell = good(CELLS)[0]
    data = padded([cell], **HERE)  # type: ignore[arg-type]
    head, body = data.split(b"\n")[:2]
    for wrong in (
        head + b"\n" + b"0" * 15 + cell.encode() + body[30:] + b"\n", data + b"0" * 15, data[:-16] + b"\n", data[:-1],
        data.replace(b'"slots":256', b'"slots":257'),
    ):  # fmt: skip
        with pytest.raises(SubmissionError):
            cells_of(wrong, **HERE)  # type: ignore[arg-type]


def test_only_common_numbers_of_places_are_taken() -> None:
    """A number that fits one list would tell its length; more cells than places are refused."""
    for slots in (0, 37, 255, 2_001):
        with pytest.raises(SubmissionError, match="places"):
            padded([], slots=slots, log="l", of=1, by="north")
    assert all(len(padded([], slots=n, log="l", of=1, by="north")) > n * 15 for n in SLOTS)
