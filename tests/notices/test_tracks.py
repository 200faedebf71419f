"""Tracks against zones with floors and ceilings: the fast answer equals a slow one, and what is open stays open."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import slow_tracks
from truceline.assess.flown import flown
from truceline.errors import InputError
from truceline.evidence.aircraft import read
from truceline.evidence.aliases import Aliases
from truceline.evidence.reading import Manner
from truceline.notices import tracks
from truceline.notices.tracks import (
    AMSL,
    BAROMETRIC,
    GNSS,
    UNSTATED,
    Lies,
    Limits,
    Positions,
    counted,
    flights,
    gaps,
    heights,
    inside,
    lies,
    positions_of,
    slack_m,
    stays,
)  # fmt: skip
from truceline.precision import Precision
from truceline.span import FAR_AHEAD, LONG_AGO
from truceline.verdict import Reason

SQUARE = shapely.box(360_000_000, 350_000_000, 361_000_000, 351_000_000)
"""A tenth of a degree, on the grid."""

IN, OUT, EDGE = (360_500_000, 350_500_000), (365_000_000, 355_000_000), (360_000_000, 350_500_000)


def made(
    *places: tuple[int, int], at: list[int] | None = None, craft: list[int] | None = None, low: int = 900,
    high: int = 1_100, datum: int = AMSL, is_flying: bool = True, callsign: list[int] | None = None,
) -> Positions:  # fmt: skip
    """Positions of one aircraft ten seconds apart, but for what is said."""
    n = len(places)
    lon, lat = (np.array([p[i] for p in places], np.int32) for i in (0, 1))
    whole = np.full(n, 0, np.int32)
    return Positions(
        np.array(craft or [0] * n, np.int32), np.array(at or list(range(0, 10 * n, 10)), np.int64), lon, lat,
        np.full(n, 300, np.int32), whole + np.int32(low), whole + np.int32(high), np.full(n, datum, np.int8),
        np.full(n, is_flying), np.array(callsign or [0] * n, np.int32), np.arange(n, dtype=np.int64),
        ("a", "b", "c"), ("", "MERCY1", "X9"),
    )  # fmt: skip


def stayed(positions: Positions, limits: Limits | None = None, gap_s: int = 60) -> list[slow_tracks.Stay]:
    """The stays in the square."""
    return slow_tracks.as_rows(flown(positions, [SQUARE], limits or Limits.of([None]), gap_s)[1])


def test_one_entry_for_one_stay() -> None:
    """Out, in, in, out: entered once, between the last position outside and the first inside."""
    (one,) = stayed(made(OUT, IN, IN, OUT))
    assert (one.value, one.fresh, one.most) == (1, 1, 1)
    assert (one.entered_after, one.entered_by, one.left_after, one.left_by) == (0, 10, 20, 30)
    assert not one.gap_before and not one.gap_after


def test_two_entries_when_it_was_surely_outside_between() -> None:
    """One breach for each zone and entry (corner case 16)."""
    positions = made(OUT, IN, OUT, IN)
    assert counted(flown(positions, [SQUARE], Limits.of([None]))[1]) == (2, 2)
    assert [one.left_by for one in stayed(positions)] == [20, FAR_AHEAD]


def test_nothing_is_drawn_in_over_a_gap() -> None:
    """In, two hours of silence, in: one entry surely, two at the most, and the second is not surely its own."""
    positions = made(OUT, IN, IN, at=[0, 10, 7_210])
    found = flown(positions, [SQUARE], Limits.of([None]))[1]
    assert counted(found) == (1, 2)
    first, second = slow_tracks.as_rows(found)
    assert (first.gap_after, first.left_by) == (True, FAR_AHEAD)
    assert (second.fresh, second.gap_before, second.entered_after) == (0, True, LONG_AGO)


def test_a_gap_with_both_ends_outside_is_no_entry_and_no_absence() -> None:
    """What lies in a gap is 0, wherever its ends lie."""
    positions = made(OUT, OUT, at=[0, 7_200])
    pairs, found = flown(positions, [SQUARE], Limits.of([None]))
    assert len(found) == 0
    assert [(gap.after, gap.until) for gap in gaps(positions)] == [(0, 7_200)]
    assert inside(positions, pairs, "a", 0, (0, 7_200)) == 0
    assert inside(positions, pairs, "nobody", 0, (0, 7_200)) == 0


def test_heard_all_along_and_outside_is_no() -> None:
    """Positions without a gap that are all outside are the only no."""
    positions = made(OUT, OUT, IN, OUT)
    pairs, _ = flown(positions, [SQUARE], Limits.of([None]))
    assert [inside(positions, pairs, "a", 0, span) for span in ((0, 11), (15, 25), (0, 31))] == [-1, 1, 1]


def test_a_position_that_may_lie_beyond_the_edge_is_undecided() -> None:
    """A disc of 300 m on the edge is neither in nor out: possibly an entry, never surely."""
    (one,) = stayed(made(OUT, EDGE, OUT))
    assert (one.value, one.entered_by, one.left_after) == (0, FAR_AHEAD, LONG_AGO)


@pytest.mark.parametrize(
    ("low", "high", "datum", "expected"),
    [
        (900, 1_100, AMSL, 1), (1_950, 2_050, AMSL, 0), (2_001, 2_100, AMSL, -1), (100, 400, AMSL, -1),
        (400, 600, AMSL, 0), (0, 0, UNSTATED, 0), (1_000, 1_200, GNSS, 1), (1_800, 1_900, GNSS, 0),
        (1_900, 2_000, AMSL, 1), (1_200, 1_250, BAROMETRIC, 0), (4_000, 4_100, BAROMETRIC, -1),
        (2_050, 2_100, BAROMETRIC, 0),
    ],
)  # fmt: skip
def test_heights_by_their_datum(low: int, high: int, datum: int, expected: int) -> None:
    """A band of 500 to 2,000 m above the sea: of another datum only what is surely in or out has a sign."""
    positions = made(IN, low=low, high=high, datum=datum)
    zero = np.zeros(1, np.int64)
    assert heights(positions, Limits.of([(500, 2_000)]), zero, zero).tolist() == [expected]


def test_pressure_altitude_and_satellite_altitude_are_never_taken_for_one_another() -> None:
    """Between every two data there is slack, both ways alike; within one there is none."""
    kinds = (BAROMETRIC, GNSS, AMSL)
    for one in kinds:
        for other in kinds:
            assert int(slack_m(one, other, 3_000)) == int(slack_m(other, one, 3_000))
            assert (int(slack_m(one, other, 3_000)) == 0) == (one == other)


def test_an_unknown_altitude_is_undecided_only_where_there_is_a_band() -> None:
    """Altitude unknown: 0 (corner case 14), with its reason; a zone from the ground to any height asks none."""
    positions = made(IN, datum=UNSTATED)
    pairs = lies(
        positions, Limits.of([(0, 2_000), None]), np.array([0, 0]), np.array([0, 1], np.int32), np.ones(2, np.int8)
    )
    assert pairs.value.tolist() == [0, 1]
    assert pairs.why.tolist() == [Reason.ALTITUDE.bit, 0]


def test_on_the_ground_is_in_no_airspace() -> None:
    """A machine that stands on an airfield inside the zone does not fly there."""
    assert stayed(made(IN, IN, is_flying=False)) == []


def test_a_zone_holds_only_while_it_is_there() -> None:
    """The second after its last is too late."""
    positions = made(IN, IN, IN)
    (one,) = stayed(positions, Limits.of([None], spans=[(10, 20)]))
    assert (one.first, one.last, one.entered_after, one.left_by) == (1, 1, 0, 20)


def test_flights_end_with_the_ground_a_silence_or_another_callsign() -> None:
    """Three flights of one machine; a position without a callsign belongs to that heard before it."""
    positions = made(*[OUT] * 7, at=[0, 10, 20, 30, 40, 9_000, 9_010], callsign=[0, 1, 0, 2, 2, 0, 2])
    flown_ = flights(positions)
    assert [(positions.callsigns[c]) for c in flown_.callsign.tolist()] == ["MERCY1", "X9", "X9"]
    assert list(zip(flown_.first.tolist(), flown_.last.tolist(), strict=True)) == [(0, 2), (3, 4), (5, 6)]
    grounded = replace(positions, is_flying=np.array([True, True, False, True, True, True, True]))
    assert flights(grounded).off_after.tolist() == [LONG_AGO, 20, LONG_AGO]
    assert flights(grounded).of_row.tolist() == [0, 0, -1, 1, 1, 2, 2]


@st.composite
def flown_about(draw: st.DrawFn) -> tuple[Positions, Limits]:
    """Positions about the square, near its edges too, and three zones with bands and times."""
    n = draw(st.integers(1, 40))
    spot = st.sampled_from([359_900_000, 359_966_000, 360_000_000, 360_034_000, 360_500_000, 361_000_000, 361_200_000])
    shift = st.integers(-40_000, 40_000)
    lon = [draw(spot) + draw(shift) for _ in range(n)]
    lat = [draw(spot) - 10_000_000 + draw(shift) for _ in range(n)]
    step = draw(st.lists(st.sampled_from([0, 1, 30, 60, 61, 4_000]), min_size=n, max_size=n))
    craft = np.sort(np.array(draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)), np.int32))
    low = np.array(draw(st.lists(st.integers(-100, 3_000), min_size=n, max_size=n)), np.int32)
    positions = Positions(
        craft, np.cumsum(step).astype(np.int64), np.array(lon, np.int32), np.array(lat, np.int32),
        np.array(draw(st.lists(st.sampled_from([0, 75, 300, 2_000]), min_size=n, max_size=n)), np.int32), low,
        low + np.int32(180), np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), np.int8),
        np.array(draw(st.lists(st.sampled_from([True, True, True, False]), min_size=n, max_size=n))),
        np.zeros(n, np.int32), np.arange(n, dtype=np.int64), ("a", "b", "c"),
    )  # fmt: skip
    return positions, Limits.of([None, (0, 1_500), (500, 2_000)], draw(st.sampled_from([AMSL, GNSS, BAROMETRIC])),
                                [(None, None), (None, 100), (40, None)])  # fmt: skip


def is_that_of_the_walk(drawn: tuple[Positions, Limits]) -> None:
    """Every column of every stay, against a walk that is written from the rules, position by position."""
    positions, limits = drawn
    near = [{row: at for row in range(len(positions)) if (at := slow_tracks.place(positions, SQUARE, row)) >= 0}] * 3
    found = flown(positions, [SQUARE] * 3, limits, engine="numpy")[1]
    assert slow_tracks.as_rows(found) == slow_tracks.stays(positions, limits, near)


@given(flown_about())
@settings(max_examples=50, deadline=None)
def test_the_fast_answer_is_the_slow_one(drawn: tuple[Positions, Limits]) -> None:
    """Whatever was heard."""
    is_that_of_the_walk(drawn)


@pytest.mark.long
@given(flown_about())
@settings(max_examples=3_000, deadline=None)
def test_the_fast_answer_is_the_slow_one_three_thousand_times(drawn: tuple[Positions, Limits]) -> None:
    """The same, for longer."""
    is_that_of_the_walk(drawn)


@given(flown_about())
@settings(max_examples=40, deadline=None)
def test_an_altitude_that_is_not_told_turns_no_answer_round(drawn: tuple[Positions, Limits]) -> None:
    """Knowing less may turn a sign into 0 and never into the other sign."""
    positions, limits = drawn
    row = np.repeat(np.arange(len(positions)), 3)
    zone = np.tile(np.arange(3), len(positions))
    known = heights(positions, limits, row, zone)
    unknown = heights(replace(positions, datum=np.zeros(len(positions), np.int8)), limits, row, zone)
    assert ((unknown == 0) | (unknown == known)).all()


def test_positions_come_from_the_common_schema_in_order() -> None:
    """Rows in any order, with both kinds of altitude, on the ground, and without a place."""
    text = (
        "icao24,time,lat,lon,baroaltitude,geoaltitude,lastposupdate,onground,callsign\n"
        "abc123,1473940020,35.5,36.5,,1200,,false,M1\nabc123,1473940000,35.4,36.5,1000,,,false,M1\n"
        "abc123,1473940010,35.45,36.5,,,,true,\n"
    )
    manner = Manner("UTC", Precision(), Aliases(), None, 1_900_000_000, 1_900_000_000)  # type: ignore[arg-type]
    table = read(io.BytesIO(text.encode()), "t.csv", manner).table
    found = positions_of(table)
    assert found.at_s.tolist() == [1473940000, 1473940010, 1473940020]
    assert [tracks.DATUMS[d] for d in found.datum.tolist()] == ["barometric", "unstated", "gnss"]
    assert found.is_flying.tolist() == [True, False, True]
    assert [found.callsigns[c] for c in found.callsign.tolist()] == ["M1", "", "M1"]


def test_a_table_of_something_else_is_refused() -> None:
    """One line that names the column."""
    with pytest.raises(InputError, match="column `source_id` is missing"):
        positions_of(pa.table({"kind": ["track"]}))


def test_no_position_no_stay() -> None:
    """Of nothing there is nothing, whoever asks."""
    empty = tracks.none()
    nothing = np.zeros(0, np.int64)
    pairs = Lies(nothing, nothing, np.zeros(0, np.int8), np.zeros(0, np.uint32))
    assert len(stays(empty, pairs)) == len(flights(empty)) == len(gaps(empty)) == 0
    assert counted(stays(empty, pairs)) == (0, 0)
    assert len(flown(empty, [SQUARE, None], Limits.of([None, None]))[1]) == 0
