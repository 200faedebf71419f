"""Who was first: bounds against an enumeration of every world, and what may never be said."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.assess.whofirst import NEVER_S, Answer, Event, follows, who_first, within
from truceline.verdict import NO, UNKNOWN, YES, Reason

SIDES = ("a", "b", "c")
COLUMN = "reported"

EVENTS = st.lists(
    st.builds(
        lambda start, long, sides, value: (start, start + long, sides, value),
        st.integers(0, 5), st.integers(1, 3),
        st.dictionaries(st.sampled_from(SIDES), st.sampled_from((YES, UNKNOWN)), max_size=2),
        st.sampled_from((YES, UNKNOWN, NO)),
    ),
    max_size=4,
)  # fmt: skip


def _events(rows: list[tuple[int, int, dict[str, int], int]]) -> list[Event]:
    return [Event(f"e{n}", s, e, sides, {COLUMN: value}) for n, (s, e, sides, value) in enumerate(rows)]


def _worlds(events: list[Event]) -> Iterator[dict[str, int]]:
    """Every world: whether each event was, when, and which of its sides did it; to each side's first second."""
    choices = []
    for one in events:
        ways: list[tuple[int, frozenset[str]] | None] = []
        if one.value[COLUMN] != YES:
            ways.append(None)
        if one.value[COLUMN] != NO:
            sure = frozenset(side for side, value in one.sides.items() if value == YES)
            open_ = [side for side, value in one.sides.items() if value == UNKNOWN]
            for picked in product((False, True), repeat=len(open_)):
                did = sure | {side for side, is_in in zip(open_, picked, strict=True) if is_in}
                ways += [(second, did) for second in range(one.start, one.end)]
        choices.append(ways)
    for world in product(*choices):
        happened = [way for way in world if way is not None]
        yield {side: min((at for at, did in happened if side in did), default=NEVER_S) for side in SIDES}


def _is_first(firsts: dict[str, int], side: str) -> bool:
    return firsts[side] < NEVER_S and all(firsts[side] < firsts[other] for other in SIDES if other != side)


@given(EVENTS)
def test_a_sign_is_given_only_where_all_worlds_agree(rows: list[tuple[int, int, dict[str, int], int]]) -> None:
    """*Surely* means in every world that the reports allow, and *surely not* means in none."""
    events = _events(rows)
    worlds = [(_is_first(w, side), side) for w in _worlds(events) for side in SIDES]
    for one in who_first(events, SIDES, COLUMN).firsts:
        told = {is_first for is_first, side in worlds if side == one.side}
        assert one.value == UNKNOWN or told == {one.value == YES}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4), st.sampled_from(SIDES)), max_size=6))
def test_what_all_worlds_agree_on_is_said(rows: list[tuple[int, int, str]]) -> None:
    """Where every event is sure and of one side, the bounds are exact: a 0 means that worlds do differ."""
    events = _events([(start, start + long, {side: YES}, YES) for start, long, side in rows])
    worlds = list(_worlds(events))
    for one in who_first(events, SIDES, COLUMN).firsts:
        told = {_is_first(world, one.side) for world in worlds}
        assert one.value == (UNKNOWN if len(told) == 2 else YES if told == {True} else NO)
        assert bool(one.reasons) == (one.value == UNKNOWN)


def _told(answer: Answer, names: dict[str, str]) -> dict[str, tuple[object, ...]]:
    return {names[f.side]: (f.value, f.earliest, f.latest, f.reasons, f.rests_on) for f in answer.firsts}


@given(EVENTS)
def test_swapping_the_sides_mirrors_the_answer(rows: list[tuple[int, int, dict[str, int], int]]) -> None:
    """Nothing depends on the name of a side or on its place in the question."""
    swap = {"a": "b", "b": "a", "c": "c"}
    events = _events(rows)
    other = [Event(e.id, e.start, e.end, {swap[s]: v for s, v in e.sides.items()}, e.value) for e in reversed(events)]
    plain = _told(who_first(events, SIDES, COLUMN), {s: s for s in SIDES})
    assert _told(who_first(other, ("b", "a", "c"), COLUMN), swap) == plain


@given(EVENTS, st.integers(0, 4), st.integers(0, 2))
def test_narrowing_an_interval_never_flips_a_sign(
    rows: list[tuple[int, int, dict[str, int], int]], at: int, cut: int
) -> None:
    """A better time may turn a 0 into a sign; it takes none back."""
    events = _events(rows)
    if at >= len(events) or events[at].end - events[at].start <= cut:
        return
    narrow = [*events]
    narrow[at] = Event("n", events[at].start + cut, events[at].end, events[at].sides, events[at].value)
    before, after = (who_first(some, SIDES, COLUMN) for some in (events, narrow))
    for one, other in zip(before.firsts, after.firsts, strict=True):
        assert one.value in (UNKNOWN, other.value)


def test_at_the_same_second_nobody_is_first() -> None:
    """What is simultaneous is no sequence."""
    events = [Event("x", 5, 6, {"a": YES}, {COLUMN: YES}), Event("y", 5, 6, {"b": YES}, {COLUMN: YES})]
    answer = who_first(events, ("a", "b"), COLUMN)
    assert [one.value for one in answer.firsts] == [NO, NO]
    assert answer.someone == YES


def test_someone_surely_where_it_is_not_known_who() -> None:
    """A strike by one side or the other: each possibly, somebody surely."""
    event = Event("x", 5, 6, {"a": UNKNOWN, "b": UNKNOWN}, {COLUMN: YES}, is_of_these=True)
    answer = who_first([event], ("a", "b"), COLUMN)
    assert [one.value for one in answer.firsts] == [UNKNOWN, UNKNOWN]
    assert all(Reason.ACTOR in one.reasons for one in answer.firsts)
    assert answer.someone == YES


def test_nothing_reported_is_nobody_first() -> None:
    """Without any event nobody was, and nobody is said to have been."""
    answer = who_first([], ("a", "b"), COLUMN)
    assert ([one.value for one in answer.firsts], answer.someone) == ([NO, NO], NO)


def test_what_may_lie_outside_the_period_decides_nothing() -> None:
    """An event dated to the whole day on which a term starts may have been before it."""
    event = Event("x", 0, 100, {"a": YES}, {COLUMN: YES})
    answer = who_first(within([event], 50, 200), ("a", "b"), COLUMN)
    assert answer.firsts[0].value == UNKNOWN
    assert Reason.TIME in answer.firsts[0].reasons
    assert answer.someone == UNKNOWN


@pytest.mark.parametrize(("one", "other", "value"), [((0, 5), (5, 6), NO), ((5, 6), (0, 5), YES), ((0, 6), (4, 9), 0)])
def test_order_of_two(one: tuple[int, int], other: tuple[int, int], value: int) -> None:
    """Two intervals that touch in no second have an order; all others have none."""
    assert follows(Event("x", *one, {}, {}), Event("y", *other, {}, {})) == value
