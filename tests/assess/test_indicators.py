"""Indicators: bands against every world, the same rule for every side, and no sum over sides."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from truceline.assess.indicators import ACTS, Told, indicators
from truceline.verdict import UNKNOWN, YES

START, LONG = 10, 5
SIDES = ("a", "b")

TOLD = st.lists(
    st.builds(
        lambda key, start, long, value, sides: Told(key, "supply", start, start + long, value, sides),
        st.sampled_from("uvwx"), st.integers(0, 18), st.integers(1, 4), st.sampled_from((YES, UNKNOWN)),
        st.dictionaries(st.sampled_from(SIDES), st.sampled_from((YES, UNKNOWN)), max_size=2),
    ),
    max_size=4, unique_by=lambda one: one.id,
)  # fmt: skip


def _counts(told: list[Told], side: str, first: int, last: int) -> set[int]:
    """How many there can be in a window, in every world: each at a second of its interval, of its kind or not."""
    ways = []
    for one in told:
        whose = {YES} if not side else {one.sides.get(side, -1)}
        can = {True} if one.value == YES else {True, False}
        own = {True} if whose == {YES} else {True, False} if whose == {UNKNOWN} else {False}
        seconds = range(one.start, one.end)
        ways.append({kind and his and first <= at < last for kind in can for his in own for at in seconds})
    return {sum(world) for world in product(*ways)}


@given(TOLD)
def test_a_band_holds_every_world_and_no_more(told: list[Told]) -> None:
    """*Surely* is what is there in every world, *at most* what can be there in one."""
    for one in indicators(told, SIDES, START, LONG):
        of = told if one.topic == "supply" else []
        for band, window in ((one.before, (START - LONG, START)), (one.after, (START, START + LONG))):
            worlds = _counts(of, one.side, *window)
            assert (band.surely, band.at_most) == (min(worlds), max(worlds))


@given(TOLD)
def test_every_side_is_counted_by_one_rule(told: list[Told]) -> None:
    """Swapped sides swap their rows, and the rows of anybody stay."""
    swap = {"a": "b", "b": "a", "": ""}
    turned = [
        Told(one.id, one.topic, one.start, one.end, one.value, {swap[s]: v for s, v in one.sides.items()})
        for one in told
    ]
    plain, other = (
        {(i.topic, i.side): (i.before, i.after) for i in indicators(some, SIDES, START, LONG)}
        for some in (told, turned)
    )
    assert {(topic, swap[side]): bands for (topic, side), bands in other.items()} == plain
    assert {topic for topic, _ in plain} == set(ACTS)
