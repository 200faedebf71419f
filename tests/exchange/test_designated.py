"""The map, cell by cell: agreed, one side's, disputed, neither's; swapping the sides mirrors all of it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from truceline.exchange.designated import Cell, Moved, Step, agreed, map_of, moved

SIDES = ("us", "ru")
OTHER = {"us": "ru", "ru": "us"}
CELLS = st.lists(st.sampled_from("abcd"), unique=True).map(lambda one: tuple(sorted(one)))


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    """A course of proposals, answers and versions, each in its place."""
    found: list[Step] = []
    for index in range(1, draw(st.integers(1, 12))):
        by, what = draw(st.sampled_from(SIDES)), draw(st.sampled_from(["propose", "propose", "answer", "version"]))
        before = [one for one in found if one.what == "propose" and one.by == OTHER[by]]
        if what == "answer" and before:
            of = draw(st.sampled_from(before)).cells
            yes = tuple(cell for cell in of if draw(st.booleans()))
            no = tuple(cell for cell in of if cell not in yes and draw(st.booleans()))
            found.append(Step(index, index, by, "answer", yes, no))
        elif what == "version":
            found.append(Step(index, index, by, "version", agreed(map_of(found, SIDES))))
        else:
            found.append(Step(index, index, by, "propose", draw(CELLS)))
    return found


def told(cells: list[Cell]) -> dict[str, str]:
    """Cell to how it stands."""
    return {one.cell: one.stands for one in cells}


def propose(index: int, by: str, cells: str) -> Step:
    """A proposal."""
    return Step(index, index, by, "propose", tuple(cells))


@given(steps())
def test_swapping_the_two_sides_mirrors_the_table(course: list[Step]) -> None:
    """What is a's is b's, and nothing else changes: not the order, not a word of the history."""
    swapped = [replace(one, by=OTHER[one.by]) for one in course]
    mirror = {"a": "b", "b": "a"}
    for one, other in zip(map_of(course, SIDES), map_of(swapped, SIDES), strict=True):
        assert other.cell == one.cell
        assert other.stands == mirror.get(one.stands, one.stands)
        assert set(other.holds) == {OTHER[side] for side in one.holds}
        assert set(other.denies) == {OTHER[side] for side in one.denies}
        assert [(h.index, OTHER[h.by], h.what) for h in one.history] == [(h.index, h.by, h.what) for h in other.history]
        assert other.is_signed == one.is_signed


@given(steps())
def test_naming_the_sides_in_the_other_order_only_renames_them(course: list[Step]) -> None:
    """Which side is called a is the order of the text, and decides nothing."""
    mirror = {"a": "b", "b": "a"}
    one, other = told(map_of(course, SIDES)), told(map_of(course, ("ru", "us")))
    assert other == {cell: mirror.get(stands, stands) for cell, stands in one.items()}


@given(steps())
def test_nothing_is_agreed_that_both_did_not_say(course: list[Step]) -> None:
    """Each side proposed it or agreed to it, and took it back with no later word."""
    for one in map_of(course, SIDES):
        if one.stands == "agreed":
            for side in SIDES:
                own = [said.what for said in one.history if said.by == side and said.what not in ("signed", "left out")]
                assert own[-1] in ("proposes", "agrees")


def test_the_ways_of_one_cell() -> None:
    """Proposed by one, disputed, agreed, withdrawn: as it stands after each."""
    course = [propose(1, "us", "a")]
    assert told(map_of(course, SIDES)) == {"a": "a"}
    course.append(Step(2, 2, "ru", "answer", (), ("a",)))
    assert told(map_of(course, SIDES)) == {"a": "disputed"}
    course.append(Step(3, 3, "ru", "answer", ("a",)))
    assert told(map_of(course, SIDES)) == {"a": "agreed"}
    course.append(propose(4, "us", "b"))
    assert told(map_of(course, SIDES)) == {"a": "neither", "b": "a"}, "an answer to what is withdrawn goes with it"
    course.append(propose(5, "ru", "ab"))
    assert told(map_of(course, SIDES)) == {"a": "b", "b": "agreed"}
    course.append(Step(6, 6, "ru", "version", ("b",)))
    (a, b) = map_of(course, SIDES)
    assert (a.is_signed, b.is_signed) == (False, True)
    assert [said.what for said in a.history] == ["proposes", "disputes", "agrees", "withdraws", "proposes"]


def test_what_both_proposed_stays_when_one_withdraws() -> None:
    """Then it is the other's alone: its own word does not hang on an answer."""
    course = [propose(1, "us", "a"), propose(2, "ru", "a"), propose(3, "us", "")]
    assert told(map_of(course, SIDES)) == {"a": "b"}


def test_what_moved_is_counted_with_its_coverage() -> None:
    """Regrouping is seen as areas that are new; where nobody spoke, that nothing moved says nothing."""
    then, now = {("jn", "us"): ("a", "b"), ("isil", "ru"): ("c",)}, {("jn", "us"): ("b", "c", "d")}
    assert moved(then, now, ("a", "c"), {("jn", "us"): (3, 4)}) == [
        Moved("isil", "ru", (), ("c",), 0, 1, 0, 0),
        Moved("jn", "us", ("c", "d"), ("a",), 1, 1, 3, 4),
    ]
