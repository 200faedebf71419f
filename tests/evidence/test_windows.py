"""Windows of place, time and taxonomies: the replay of MELTT's data, and the laws of the method."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.bench import bench, lines, manner
from truceline.desk.duplicates import Search, find_duplicates
from truceline.evidence import reports
from truceline.evidence.reading import RowFault
from truceline.evidence.windows import Event, Windows, event_of, events_of, fit_of, matched, overlap, taxonomy_of

SHELLING = (("mortar", "shelling", "attack"),)
EVENT = Event("a:1", "a", 10.0, 10.0, 36.0, 35.0, SHELLING)
KINDS = st.sampled_from([(("x", "p"),), (("y", "p"),), (("z", "q"),), ((),)])
EVENTS = st.lists(
    st.builds(
        lambda dataset, day, lasts, lon, kinds: Event("", dataset, day, day + lasts, lon, 35.0, kinds),
        st.sampled_from("abc"), st.integers(0, 5).map(float), st.sampled_from([0.0, 0.0, 1.0]),
        st.sampled_from([36.0, 36.01, 36.03, 36.2]), KINDS,
    ),
    max_size=12,
).map(lambda events: [replace(one, id=f"{one.dataset}:{place}") for place, one in enumerate(events)])  # fmt: skip


@pytest.mark.shared
def test_the_published_result_of_meltt_is_reproduced(data: Path) -> None:
    """195 crashes of three data sets, 4 km and 2 days: every published number, exactly."""
    folder = data / "meltt"
    taxonomies = tuple(sorted(folder.glob("tax_*.csv")))
    answer = find_duplicates(sorted(folder.glob("crash_data*.csv")), Search(km=4, days=2, taxonomies=taxonomies))
    assert (answer["reports"], len(answer["incidents"])) == (195, 140)
    assert answer["matches"] == {"incidents": 34, "events": 26, "episodes": 8, "removed": 55}
    assert [one["incidents"] for one in answer["overlap"]] == [41, 5, 21, 4, 34, 4, 31]
    assert [len(one["datasets"]) for one in answer["overlap"]] == [1, 2, 3, 2, 1, 2, 1]
    assert len(answer["flagged"]) == 6
    assert answer["rejected"] == 0


@given(EVENTS)
def test_no_incident_holds_two_events_of_one_data_set(events: list[Event]) -> None:
    """A data set holds an event once: its own rows are never matched, and every event stands in one incident."""
    found = matched(events, Windows())
    for ids in found.incidents.values():
        datasets = [one.partition(":")[0] for one in ids]
        assert len(set(datasets)) == len(datasets)
    assert sorted(one for ids in found.incidents.values() for one in ids) == sorted(one.id for one in events)
    assert len(events) - len(found.incidents) == len(found.matches)


@given(EVENTS)
def test_matches_lie_within_the_windows_and_join_like_with_like(events: list[Event]) -> None:
    """No match reaches beyond the windows; an event and an episode are flagged, never matched."""
    of = {one.id: one for one in events}
    found = matched(events, Windows(km=2.0, days=1.0))
    for one in found.matches:
        a, b = of[one.kept], of[one.removed]
        assert abs(a.first_day - b.first_day) <= 1
        assert abs(a.last_day - b.last_day) <= 1
        assert abs(a.lon_deg - b.lon_deg) <= 0.0225  # 2 km at 35 degrees north
        assert a.is_episode == b.is_episode
    assert all(of[b].is_episode and not of[a].is_episode for a, b in found.flagged)


@given(KINDS, KINDS)
def test_the_fit_of_two_events_is_the_same_both_ways(
    a: tuple[tuple[str, ...], ...], b: tuple[tuple[str, ...], ...]
) -> None:
    """Which data set comes first does not change how alike two events are."""
    assert fit_of(a, b) == fit_of(b, a)


def test_the_lowest_fit_is_taken_first_and_each_event_once() -> None:
    """Two events compete for one: the one alike at the finer level gets it."""
    coarse = replace(EVENT, id="a:2", kinds=(("rocket", "shelling", "attack"),))
    found = matched([coarse, EVENT, replace(EVENT, id="b:1", dataset="b")], Windows())
    assert found.incidents["a:1"] == ("a:1", "b:1")
    assert found.incidents["a:2"] == ("a:2",)


def test_every_dimension_has_to_agree_at_some_level() -> None:
    """Alike in one dimension and at no level of another: two events."""
    assert fit_of([("a",), ("x", "p")], [("a",), ("y", "q")]) is None
    assert fit_of([("a",), ("x", "p")], [("a",), ("y", "p")]) == 0.5
    assert fit_of([("a",), ("x", "p")], [("a",), ("y", "p")], (1.0, 2.0)) == 1.0


def test_a_silent_dimension_agrees_at_the_coarsest_level_alone() -> None:
    """What nobody said does not part two events, and does not draw them together."""
    assert fit_of([()], [("x", "y", "p")]) == 1.0


def test_overlap_counts_each_combination_of_data_sets() -> None:
    """Who alone saw what, and what two saw."""
    events = [
        EVENT,
        replace(EVENT, id="b:1", dataset="b"),
        replace(EVENT, id="b:2", dataset="b", first_day=99, last_day=99),
    ]
    assert overlap(matched(events, Windows()), events) == {("a", "b"): 1, ("b",): 1}


def test_reports_are_data_sets_by_their_issuer_and_a_civil_day_is_one_day() -> None:
    """Two issuers of one shelling match by act, actor and weapon; a day of Damascus is no episode."""
    read = reports.read(io.BytesIO(b"".join(lines({"claimed_by": "A"}, {"claimed_by": "B"}))), "r", manner())
    events, unplaced = events_of(read.table, bench().agreement.acts, bench().agreement.group)
    assert not unplaced
    assert not any(event.is_episode for event in events)
    assert [len(ids) for ids in matched(events, Windows()).incidents.values()] == [2]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"latitude": "north"}, "latitude"), ({"latitude": "95"}, "latitude"), ({"longitude": "nan"}, "longitude"),
        ({"date": "1/2/2016"}, "date"), ({"enddate": "3"}, "enddate"), ({"color": "octarine"}, "color"),
    ],
)  # fmt: skip
def test_a_row_that_says_nothing_usable_is_rejected(change: dict[str, str], field: str) -> None:
    """A number, a day, a place or a category that nobody can read rejects its row, with the field."""
    row = {
        "dataset": "a",
        "event": "1",
        "date": "4",
        "enddate": "5",
        "latitude": "35",
        "longitude": "36",
        "color": "red",
    }
    taxonomies = {"color": taxonomy_of([["a", "red", "warm"]])}
    assert event_of(row, taxonomies).kinds == (("warm",),)
    with pytest.raises(RowFault) as fault:
        event_of({**row, **change}, taxonomies)
    assert fault.value.field == field
