"""Late, seldom, steady: when an area may be said, and what of it is shown."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.errors import SubmissionError
from truceline.exchange.areas import DELAY_S, ROUND_S, Stated, check_times, round_end, standing, steadied

CELLS = st.lists(st.sampled_from("abcd"), unique=True).map(lambda one: tuple(sorted(one)))
HISTORY = st.lists(CELLS, min_size=1, max_size=8)


def stated(index: int, at: int, cells: tuple[str, ...] = ("a",), by: str = "us", group: str = "g") -> Stated:
    """A statement of a day that was over long before."""
    return Stated(index, at, group, by, cells, at - 2 * DELAY_S)


def slowly(lists: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The rule cell by cell: it stays as it is until two statements in a row say otherwise."""
    found = []
    for cell in "abcd":
        said = [cell in one for one in lists]
        is_shown = said[0]
        for before, now in pairwise(said):
            if before == now:
                is_shown = now
        found += [cell] if is_shown else []
    return tuple(found)


@given(HISTORY)
def test_what_is_shown_is_steady(lists: list[tuple[str, ...]]) -> None:
    """The same as the rule read cell by cell."""
    assert steadied(lists) == slowly(lists)


@given(HISTORY, st.integers(0, 60), st.integers(0, 60))
def test_nothing_changes_within_a_round(lists: list[tuple[str, ...]], day: int, other: int) -> None:
    """Two looks in one round see the same: whoever looks every day learns no more than who looks once in seven."""
    ones = [stated(n, n * ROUND_S + 5 * 86_400, cells) for n, cells in enumerate(lists)]
    first, second = (standing(ones, begin=0, now=one * 86_400) for one in (day, other))
    if day // 7 == other // 7:
        assert first == second


@given(HISTORY)
def test_the_order_in_which_statements_are_read_is_nothing(lists: list[tuple[str, ...]]) -> None:
    """It goes by their place in the record."""
    ones = [stated(n, n * ROUND_S, cells) for n, cells in enumerate(lists)]
    now = (len(lists) + 2) * ROUND_S
    assert standing(ones, begin=0, now=now) == standing(ones[::-1], begin=0, now=now)


def test_shown_since_the_end_of_the_round_in_which_it_settled() -> None:
    """The second of a change is that of a round, never that of a statement."""
    ones = [stated(1, 86_400, ("a",)), stated(2, 9 * 86_400, ("a", "b")), stated(3, 17 * 86_400, ("a", "b"))]
    (one,) = standing(ones, begin=0, now=30 * 86_400)
    assert (one.cells, one.since, one.until, one.stated) == (("a", "b"), 3 * ROUND_S, 5 * ROUND_S, 3)
    assert standing(ones, begin=0, now=ROUND_S - 1) == []


def test_speakers_and_groups_do_not_hold_one_another_up() -> None:
    """Seven days for each speaker and each group, to the second."""
    before = [stated(1, 10 * 86_400)]
    check_times(stated(2, 17 * 86_400), before)
    check_times(stated(2, 11 * 86_400, by="ru"), before)
    check_times(stated(2, 11 * 86_400, group="h"), before)
    with pytest.raises(SubmissionError, match="once in 7 days"):
        check_times(stated(2, 17 * 86_400 - 1), before)


def test_a_day_is_told_72_hours_after_it_is_over() -> None:
    """To the second."""
    check_times(Stated(1, DELAY_S, "g", "us", (), 0), [])
    with pytest.raises(SubmissionError, match="72 hours"):
        check_times(Stated(1, DELAY_S - 1, "g", "us", (), 0), [])


def test_rounds_are_counted_from_the_beginning() -> None:
    """And the first is over after seven days."""
    assert [round_end(at, 100) for at in (0, 100, 100 + ROUND_S - 1, 100 + ROUND_S)] == [100, 100, 100, 100 + ROUND_S]
