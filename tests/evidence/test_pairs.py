"""Blocking and comparison: what can be a pair at all, and that nothing is lost by not asking all with all."""

from __future__ import annotations

import io
from itertools import combinations
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence.bench import bench, lines, manner
from truceline.errors import InputError
from truceline.evidence import pairs, reports
from truceline.evidence.pairs import Reach, Sheet, found_pairs, paired
from truceline.evidence.schema import region_row, table_of
from truceline.space import NOWHERE, Region, disc
from truceline.span import DAY_S

START = 1_456_531_200
SYRIA = Region("area", areas=("SY",), country="SY")
IDLIB = Region("area", areas=("SY-ID",), country="SY")
HAMA = Region("area", areas=("SY-HM",), country="SY")
REGIONS = (
    disc(36.65, 35.93, 500), disc(36.66, 35.93, 500), disc(36.9, 35.93, 2000), disc(36.65, 35.93, 25_000), SYRIA, IDLIB,
    HAMA, Region("outside"), NOWHERE,
)  # fmt: skip
ROW: dict[str, Any] = {
    "source": "reports", "kind": "incident", "start": START, "end": START + DAY_S, "impact": region_row(REGIONS[0]),
    "place_text": "Madeup", "act": ["shelling"], "act_text": "shelling", "target_text": "market", "asserted_by": "A",
}  # fmt: skip
ROWS = st.lists(
    st.builds(
        lambda start, long_s, region, kind, place: {
            "start": START + start, "end": START + start + long_s, "impact": region_row(region), "kind": kind,
            "place_text": place,
        },
        st.integers(0, 6 * DAY_S), st.sampled_from([60, 3600, DAY_S, 5 * DAY_S, 40 * DAY_S]), st.sampled_from(REGIONS),
        st.sampled_from(["incident", "ledger"]), st.sampled_from(["Madeup", "Elsewhere", None]),
    ),
    max_size=9,
)  # fmt: skip


def table(*changes: dict[str, Any]) -> pa.Table:
    """Observations `r0`, `r1`, ...; each is `ROW` with changes."""
    return table_of({**ROW, "id": f"r{i}", **change} for i, change in enumerate(changes))


def found(rows: pa.Table, reach: Reach | None = None) -> dict[tuple[str, str], dict[str, str]]:
    """Each pair with its levels by name."""
    law = bench().agreement
    made = paired(Sheet(rows, bench().atlas), law.acts, law.group, reach or Reach())
    ids = rows.column("id").to_pylist()
    return {(ids[a], ids[b]): made.told(at) for at, (a, b) in enumerate(zip(made.left, made.right, strict=True))}


@given(ROWS)
@settings(max_examples=30)
def test_a_pair_is_found_whatever_else_is_in_the_table(rows: list[dict[str, Any]]) -> None:
    """Blocking loses no pair and finds none twice: the whole table gives what each two rows alone give.

    Rows wider than a month are held against rows as wide alone, in both.
    """
    whole = table(*rows)
    alone: dict[tuple[str, str], dict[str, str]] = {}
    for a, b in combinations(range(len(rows)), 2):
        alone |= found(whole.take([a, b]))
    assert found(whole) == alone


@given(ROWS, st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, Any]], chance: Any) -> None:  # noqa: ANN401  # a Random of hypothesis
    """The same rows have the same probabilities in any order."""
    whole, law = table(*rows), bench().agreement
    order = list(range(len(rows)))
    chance.shuffle(order)
    shuffled = whole.take(pa.array(order, pa.int64()))
    assert found_pairs(shuffled, law.acts, law.group) == found_pairs(whole, law.acts, law.group)


def test_a_count_over_a_period_is_never_an_incident() -> None:
    """However alike they are: one is a sum, the other an act."""
    assert found(table({}, {"kind": "ledger", "act": ["count"]})) == {}


def test_two_counts_are_one_when_their_periods_agree_to_a_day() -> None:
    """Two counts of the first day, one of them with the morning after, and one of the whole week."""
    count = {"kind": "ledger", "act": ["count"], "act_text": "violation count", "impact": region_row(SYRIA)}
    rows = table(count, {**count, "end": START + 2 * DAY_S}, {**count, "end": START + 7 * DAY_S})
    assert list(found(rows)) == [("r0", "r1")]


def test_two_rows_of_one_coded_data_set_are_two_events() -> None:
    """Its coders hold an event once; the same row from another source is a pair."""
    rows = table({"source": "ucdp"}, {"source": "ucdp"}, {"source": "acled"})
    assert list(found(rows)) == [("r0", "r2"), ("r1", "r2")]


@pytest.mark.parametrize("change", [{"kind": "track"}, {"kind": "fire"}, {"kind": "impediment"}, {"negative": True}])
def test_what_tells_of_no_incident_is_no_pair(change: dict[str, Any]) -> None:
    """A position, a hot pixel, a closed road and *nothing was heard* are evidence, and no report of an attack."""
    assert found(table({}, change)) == {}


def test_rows_that_could_be_one_row_share_its_probability() -> None:
    """Two events of one data set are as like a third: neither is it with certainty, and together they are."""
    rows = [
        {"source": "ucdp", "killed_low": 2, "killed_high": 2},
        {"source": "acled", "killed_low": 2, "killed_high": 2},
    ]
    law = bench().agreement
    alone = found_pairs(table(*rows), law.acts, law.group)[0].probability
    shared = [one.probability for one in found_pairs(table(rows[0], *rows), law.acts, law.group)]
    assert len(shared) == 2
    assert all(one < alone and one <= 0.5 for one in shared)


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({}, "named"), ({"place_text": "Elsewhere"}, "touches"), ({"impact": region_row(REGIONS[5])}, "named"),
        ({"impact": region_row(REGIONS[5]), "place_text": None}, "holds"),
        ({"impact": region_row(REGIONS[4])}, "country"), ({"impact": region_row(NOWHERE)}, "named"),
        ({"impact": region_row(disc(36.75, 35.93, 500)), "place_text": None}, "near"),
    ],
)  # fmt: skip
def test_levels_of_place(change: dict[str, Any], level: str) -> None:
    """Place is compared by regions first and by name where regions meet."""
    assert found(table({}, change))[("r0", "r1")]["place"] == level


@pytest.mark.parametrize("region", [disc(37.5, 35.93, 500), HAMA, Region("outside"), NOWHERE])
def test_places_that_cannot_be_one_are_no_pair(region: Region) -> None:
    """Far apart, in another governorate, at sea, or nowhere: no pair, whatever the name."""
    assert found(table({}, {"impact": region_row(region), "place_text": "Elsewhere"})) == {}


@pytest.mark.parametrize(
    ("start", "end", "level"),
    [
        (0, DAY_S, "same"), (0, 2 * DAY_S, "same"), (0, 4 * DAY_S, "within"), (DAY_S, 2 * DAY_S, "next"),
        (3600, 7200, "within"), (DAY_S + 7200, DAY_S + 10_800, "meets"), (2 * DAY_S - 60, 3 * DAY_S, "next"),
    ],
)  # fmt: skip
def test_levels_of_time(start: int, end: int, level: str) -> None:
    """Intervals as wide as the words: the same day, an hour within it, hours after it, the day after."""
    assert found(table({}, {"start": START + start, "end": START + end}))[("r0", "r1")]["time"] == level


def test_a_day_between_two_days_parts_them_unless_more_is_asked_for() -> None:
    """Two strikes two days apart are two; who wants them looked at says `--days 2`."""
    rows = table({}, {"start": START + 2 * DAY_S, "end": START + 3 * DAY_S})
    assert found(rows) == {}
    assert found(rows, Reach(days=2.0))[("r0", "r1")]["time"] == "next"


def test_a_denial_is_held_against_what_it_denies() -> None:
    """A report marked as denied tells of the same event; the mark in brackets is no other act."""
    raw = lines({"act": "hospital hit"}, {"act": "hospital hit (denied)"})
    read = reports.read(io.BytesIO(b"".join(raw)), "reports.jsonl", manner())
    assert found(read.table)[("r-0", "r-1")]["act"] == "same"


def test_the_empty_table_has_no_pair() -> None:
    """Nothing in, nothing out."""
    law = bench().agreement
    assert found_pairs(table(), law.acts, law.group) == []


def test_reports_too_vague_to_be_told_apart_are_refused_before_memory_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand reports of *somewhere in the country, that day* make half a million pairs: a bound, one line."""
    monkeypatch.setattr(pairs, "MOST_PAIRS", 100_000)
    law = bench().agreement
    with pytest.raises(InputError, match="narrow `--km`"):
        found_pairs(table(*[{"impact": region_row(SYRIA)}] * 1000), law.acts, law.group)
