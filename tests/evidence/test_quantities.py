"""Quantities: what the words of three languages say of a number, and the laws that hold for every text."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from truceline.evidence.quantities import MOST, VAGUE, Interval, interval, leading, number, printed

UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
TEXTS: list[tuple[str, Interval | None]] = [
    ("more than 350", (351, None)), ("at least 12", (12, None)), ("350+", (350, None)), ("350 or more", (350, None)),
    ("between 20 and 30", (20, 30)), ("20-30", (20, 30)), ("20 – 30", (20, 30)), ("from 20 to 30", (20, 30)),
    ("five or six", (5, 6)), ("up to 100", (None, 100)), ("fewer than 5", (None, 4)), ("< 5", (None, 4)),
    ("no more than 5", (None, 5)), ("over two dozen", (25, None)), ("exactly 7", (7, 7)), ("1,200", (1_200, 1_200)),
    ("about 40", (36, 44)), ("~40", (36, 44)), ("about 3", (2, 4)), ("about 20 to 30", (18, 33)),
    ("nearly 40", (36, 40)),
    ("dozens", (24, None)), ("several", (2, None)), ("hundreds of", (200, None)), ("a dozen", (12, 12)), ("no", (0, 0)),
    ("three hundred and fifty", (350, 350)), ("two thousand three hundred and one", (2_301, 2_301)),
    ("?", (None, None)),
    ("более 350", (351, None)), ("не менее 12", (12, None)), ("от 20 до 30", (20, 30)), ("до 100", (None, 100)),
    ("двадцать пять", (25, 25)), ("сто двадцать пять", (125, 125)), ("несколько", (2, None)), ("около 40", (36, 44)),
    ("أكثر من ٣٥٠", (351, None)), ("على الأقل ١٢", (12, None)), ("بين ٢٠ و٣٠", (20, 30)), ("حوالي 40", (36, 44)),
    ("خمسة وعشرون", (25, 25)), ("مئة وخمسة وعشرون", (125, 125)), ("عشرات", (20, None)), ("عدة", (2, None)),
]  # fmt: skip
NONSENSE = [
    "", " ", "many, many", "1.5", "1,20", "1.200", "-3", "350²", "0x10", "1e9", "NaN", "inf", "30-20", "one two",
    "ten five",
    "hundred", "and", "two hundred and", "more than", "more than more than 3", "more than 20 to 30", "fewer than 0",
    "9" * 17,
    "overtly 3", "1\x002", "one " * 1_000, "5" * 200, "½", "Ⅷ",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_words_of_three_languages_are_intervals(text: str, expected: Interval) -> None:
    """More than 350 is 351 or more: an open end stays open, a vague word is never narrower than it can mean."""
    assert interval(text) == interval(f"  {text.upper()} ") == expected


@pytest.mark.parametrize("text", NONSENSE)
def test_what_is_no_number_is_understood_as_nothing(text: str) -> None:
    """A guess would become evidence; what is not understood stays that."""
    assert interval(text) is None


@given(st.one_of(st.none(), st.integers(0, MOST)), st.one_of(st.none(), st.integers(0, MOST)))
@example(0, 0)
@example(None, 0)
def test_a_printed_interval_is_read_as_the_same(low: int | None, high: int | None) -> None:
    """Notes and tables hold intervals as text: nothing may be lost on the way."""
    if low is not None and high is not None and high < low:
        low, high = high, low
    assert interval(printed(low, high)) == (low, high)


WORDS = [
    *VAGUE,
    *UNITS,
    *TENS,
    *"more than at least up to about between and or to - + < > ~ 1 20 350 ١٢ до более أكثر من".split(),
]


@given(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join) | st.text(max_size=40))
def test_no_text_turns_an_interval_round(text: str) -> None:
    """Whatever is written, the low end is not above the high one, and nothing is raised."""
    found = interval(text)
    if found is not None:
        low, high = found
        assert low is None or high is None or 0 <= low <= high
        assert (low or 0) <= MOST + 1


@given(st.integers(0, 99))
def test_numbers_in_words_up_to_ninety_nine(value: int) -> None:
    """Every number that a release writes out in words, with and without a hyphen."""
    teens = {17: "seventeen", 18: "eighteen", 19: "nineteen"}
    if value < 20:
        text = teens.get(value) or UNITS[value]
    else:
        text = TENS[value // 10 - 2] + (f"-{UNITS[value % 10]}" if value % 10 else "")
    assert number(text) == number(text.replace("-", " ")) == value


@given(st.integers(1, 999), st.integers(1, 999))
def test_the_wider_word_holds_the_narrower(low: int, more: int) -> None:
    """About n holds n, *at least n* holds *more than n*, 20 to 30 holds both of its ends."""
    about, least, over = interval(f"about {low}"), interval(f"at least {low}"), interval(f"more than {low}")
    assert about is not None and about[0] is not None and about[1] is not None and about[0] < low < about[1] + 1
    assert least == (low, None)
    assert over == (low + 1, None)
    assert interval(f"{low} to {low + more}") == (low, low + more)


def test_the_number_at_the_beginning_of_a_text_is_told_apart() -> None:
    """Effects of a strike are counted things: the count is the longest beginning that is one."""
    assert leading("two dozen oil pump jacks") == ((24, 24), "oil pump jacks")
    assert leading("more than 20 vehicles") == ((21, None), "vehicles")
    assert leading("land features") == (None, "land features")
    assert leading("") == (None, "")
