"""From pairs and rulings to incidents: the laws of merging and splitting."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.evidence.incidents import (
    DIFFERENT,
    SAME,
    Found,
    Incident,
    Pair,
    Ruling,
    count_of,
    disagreements,
    incidents_of,
    incidents_of_matches,
)

IDS = "abcdefg"
CHANCES = st.sampled_from([0.05, 0.2, 0.5, 0.69, 0.7, 0.9, 1.0])
PAIRS = st.lists(
    st.tuples(st.sampled_from(list(combinations(IDS, 2))), CHANCES), unique_by=lambda one: one[0], max_size=21
).map(lambda found: [Pair(a, b, p) for (a, b), p in found])
RULINGS = st.lists(
    st.builds(
        lambda ab, says, index: Ruling(ab[0], ab[1], says, index),
        st.sampled_from(list(combinations(IDS, 2))), st.sampled_from([SAME, DIFFERENT]), st.integers(0, 9),
    ),
    max_size=6,
)  # fmt: skip


def reports(found: Found) -> list[tuple[str, ...]]:
    """The reports of each incident."""
    return [one.reports for one in found.incidents]


@given(PAIRS, RULINGS)
def test_incidents_part_the_reports(pairs: list[Pair], rulings: list[Ruling]) -> None:
    """Every report tells of exactly one incident, which is called by its smallest report."""
    found = incidents_of(IDS, pairs, rulings)
    assert sorted(one for incident in found.incidents for one in incident.reports) == list(IDS)
    assert all(incident.id == min(incident.reports) for incident in found.incidents)


@given(PAIRS, RULINGS, st.randoms(use_true_random=False))
def test_the_order_of_pairs_and_rulings_does_not_matter(pairs: list[Pair], rulings: list[Ruling], chance) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  # a Random of hypothesis
    """Two machines that read the same record in another order count the same incidents."""
    first = incidents_of(IDS, pairs, rulings)
    chance.shuffle(pairs)
    chance.shuffle(rulings)
    assert incidents_of(reversed(IDS), pairs, rulings) == first


@given(PAIRS, RULINGS)
def test_every_ruling_that_holds_is_obeyed(pairs: list[Pair], rulings: list[Ruling]) -> None:
    """People overrule the model: *same* joins and *different* keeps apart, also through third reports."""
    found = incidents_of(IDS, pairs, rulings)
    of, beaten = found.of(), [one.beaten for one in found.contradictions]
    for ruling in rulings:
        if ruling not in beaten:
            assert (of[ruling.a] == of[ruling.b]) == (ruling.says == SAME)


@given(PAIRS, RULINGS)
def test_a_beaten_ruling_was_said_no_later(pairs: list[Pair], rulings: list[Ruling]) -> None:
    """Of two rulings that contradict, the later entry of the record wins."""
    for one in incidents_of(IDS, pairs, rulings).contradictions:
        assert one.beaten.index <= one.by.index


@given(PAIRS, st.sampled_from(list(combinations(IDS, 2))))
def test_a_split_that_is_taken_back_restores_the_incidents(pairs: list[Pair], ab: tuple[str, str]) -> None:
    """Splitting and merging again erases nothing: the incidents are those of the merge alone."""
    merge = [Ruling(*ab, SAME, 1)]
    there_and_back = [*merge, Ruling(*ab, DIFFERENT, 2), Ruling(*ab, SAME, 3)]
    assert reports(incidents_of(IDS, pairs, there_and_back)) == reports(incidents_of(IDS, pairs, merge))


def test_a_merge_by_people_never_parts_what_the_model_joined() -> None:
    """Who adds a report to an incident that the model hardly knows it from does not lose the others of it."""
    pairs = [Pair("a", "b", 0.99)]
    assert reports(incidents_of("abc", pairs, [Ruling("b", "c", SAME, 1)])) == [("a", "b", "c")]


@given(PAIRS, RULINGS, st.sets(st.sampled_from(IDS)))
def test_counts_are_intervals_and_a_part_counts_no_more(
    pairs: list[Pair], rulings: list[Ruling], part: set[str]
) -> None:
    """No world has more incidents than *high* or fewer than *low*, and a part of the reports tells of no more."""
    found = incidents_of(IDS, pairs, rulings)
    low, high = count_of(found)
    assert 1 <= low <= high == len(found.incidents)
    some_low, some_high = count_of(found, part)
    assert some_low <= some_high <= min(high, len(part))
    assert some_low <= low


@given(PAIRS)
def test_pairs_and_unresolved_are_told_once(pairs: list[Pair]) -> None:
    """A pair is either within an incident or open between two; none is both, and no unlikely one is open."""
    found = incidents_of(IDS, pairs)
    of = found.of()
    assert all(of[one.a] == of[one.b] for one in found.pairs)
    assert all(of[one.a] != of[one.b] and one.probability >= 0.2 for one in found.unresolved)


def test_one_weak_link_does_not_chain_two_incidents() -> None:
    """Two groups of three that one likely pair connects stay two: the mean over all their pairs decides."""
    groups = [Pair(a, b, 0.99) for trio in ("abc", "def") for a, b in combinations(trio, 2)]
    found = incidents_of("abcdef", [*groups, Pair("c", "d", 0.95)])
    assert reports(found) == [("a", "b", "c"), ("d", "e", "f")]
    assert [(one.a, one.b) for one in found.unresolved] == [("c", "d")]
    assert count_of(found) == (1, 2)


def test_a_pair_that_cannot_be_one_counts_against_joining() -> None:
    """A wide report between two days of fighting joins one of them, never both: the days are surely two."""
    found = incidents_of("abc", [Pair("a", "b", 0.99), Pair("b", "c", 0.98)])
    assert reports(found) == [("a", "b"), ("c",)]


def test_different_beats_a_certain_pair_and_leaves_the_queue() -> None:
    """What people decided is not asked again."""
    found = incidents_of("ab", [Pair("a", "b", 0.99)], [Ruling("a", "b", DIFFERENT, 4)])
    assert reports(found) == [("a",), ("b",)]
    assert found.unresolved == ()


def test_a_contradiction_through_a_third_report_is_reported() -> None:
    """That a = b and b = c cannot stand beside a later a != c; the last of the two equalities to be read gives way."""
    found = incidents_of(
        "abc", [], [Ruling("a", "b", SAME, 1), Ruling("b", "c", SAME, 2), Ruling("a", "c", DIFFERENT, 3)]
    )
    assert [(one.beaten.a, one.beaten.b, one.by.index) for one in found.contradictions] == [("a", "b", 3)]
    assert reports(found) == [("a",), ("b", "c")]


def test_many_rulings_are_held_in_time() -> None:
    """Sixteen rulings of sixty-four reports are 32,000 pairs: a case asks for them whenever it is judged."""
    ids = [f"{i:04}" for i in range(1_024)]
    rulings = [
        Ruling(a, b, SAME if group % 2 else DIFFERENT, group)
        for group in range(16)
        for i, a in enumerate(ids[group * 64 : group * 64 + 64])
        for b in ids[group * 64 + i + 1 : group * 64 + 64]
    ]
    found = incidents_of(ids, [], rulings)
    assert (len(found.incidents), found.contradictions) == (8 * 64 + 8, ())


def test_disagreements_name_who_says_what() -> None:
    """What reports of one incident differ in is shown with its reports; silence contradicts nobody."""
    rows: dict[str, dict[str, Any]] = {
        "a": {"killed": "3", "weapon": "mortar"},
        "b": {"killed": "5"},
        "c": {"killed": "3", "weapon": None},
    }
    found = disagreements(Incident("a", ("a", "b", "c")), rows)
    assert found == {"killed": {"3": ["a", "c"], "5": ["b"]}}


def test_incidents_of_another_method_are_counted_alike() -> None:
    """An event and an episode that are left to people are one incident in one world and two in the other."""
    assert count_of(incidents_of_matches({"a": ("a", "b"), "c": ("c",)}, [("a", "c")])) == (1, 2)


@pytest.mark.parametrize("ids", ["", "a"])
def test_nothing_and_one_report(ids: str) -> None:
    """An empty table has no incident, one report tells of one."""
    assert count_of(incidents_of(ids, [])) == (len(ids), len(ids))
