"""The precision table is part of the signed text: its numbers are those of the design; others change findings."""

from __future__ import annotations

import pytest

from truceline.precision import PLACES, Precision


@pytest.mark.parametrize(
    ("word", "radius_m"),
    [("exact", 100), ("within-100m", 200), ("street", 500), ("landmark", 500), ("village", 2_000), ("town", 5_000),
     ("city", 8_000), ("about-25km", 25_000)],
)  # fmt: skip
def test_the_radii_are_those_of_the_semantics(word: str, radius_m: int) -> None:
    """Each number stands in the design; another number is another agreement."""
    assert PLACES[word] == radius_m


@pytest.mark.parametrize(
    ("source", "code", "word"),
    [("ucdp", "2", "about-25km"), ("ucdp", "3", "unit:2"), ("ucdp", "4", "unit:1"), ("ucdp", "5", "country"),
     ("ucdp", "6", "country"), ("ucdp", "7", "outside"), ("acled", "2", "about-25km"), ("acled", "3", "unit:1"),
     ("reports", "governorate", "unit:1"), ("ucdp", "8", None), ("nobody", "1", None)],
)  # fmt: skip
def test_a_code_means_what_the_table_says_or_nothing(source: str, code: str, word: str | None) -> None:
    """An unknown code must not be guessed at."""
    assert Precision().word(source, code) == word


def test_two_tables_do_not_share_their_numbers() -> None:
    """One agreement's amendment must not reach into another's text."""
    one = Precision()
    assert isinstance(one.places, dict)
    one.places["village"] = 1
    assert Precision().places["village"] == 2_000
