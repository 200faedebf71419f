"""Notices against flights: callsign, hours, area, and how long ahead; what nobody heard stays open."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notices.test_tracks import OUT, made
from truceline.notices.matching import PERHAPS, UNUSED, USED, Announced, candidates, in_time, match, owed
from truceline.notices.tracks import flights
from truceline.span import LONG_AGO

DAY = 86_400


def state(callsign: str, heard: list[int], *, area: list[int] | None = None, start: int | None = 0) -> str:
    """What becomes of a notice of ten minutes when these callsigns are heard ten seconds apart."""
    positions = made(*[OUT] * len(heard), callsign=heard)
    flown = flights(positions)
    one = Announced("n", callsign, start, None if start is None else start + 600, -DAY)
    rows, called = candidates(positions, flown, one)
    lies = np.array(area or [1] * len(heard), np.int8)[rows]
    return match(one, flown, rows, called, lies).state


@pytest.mark.parametrize(
    ("callsign", "heard", "expected"),
    [
        ("MERCY1", [1, 1], USED), ("mercy 1", [1, 1], USED), ("MERCY1", [2, 2], UNUSED), ("MERCY1", [0, 0], PERHAPS),
        ("MERCY1", [0, 1], USED), ("", [2, 2], USED), ("MERCY1", [], UNUSED),
    ],
)  # fmt: skip
def test_by_callsign(callsign: str, heard: list[int], expected: str) -> None:
    """A callsign heard anywhere in a flight is that of the flight; one never heard leaves it open."""
    assert state(callsign, heard) == expected


def test_by_area_and_hours() -> None:
    """Outside the area or the hours it is another flight; on the edge of the area it is open."""
    assert state("MERCY1", [1, 1], area=[-1, 1]) == USED
    assert state("MERCY1", [1, 1], area=[-1, -1]) == UNUSED
    assert state("MERCY1", [1, 1], area=[-1, 0]) == PERHAPS
    assert state("MERCY1", [1, 1], start=11) == UNUSED
    assert state("MERCY1", [1, 1], start=None) == UNUSED


@pytest.mark.parametrize("lead", [0, 24 * 3_600, 48 * 3_600])
def test_lead_times_to_the_second(lead: int) -> None:
    """24 h, 48 h and an emergency: to the second in time, a second later not."""
    assert in_time(0, lead, lead + 10, lead) == 1
    assert in_time(1, lead, lead + 10, lead) == 0
    assert in_time(11, lead, lead + 10, lead) == -1
    assert in_time(0, lead, lead + 10) == 0


@given(st.integers(0, 10_000), st.integers(0, 5_000), st.integers(0, 20_000), st.integers(0, 20_000))
def test_hearing_the_take_off_turns_no_answer_round(given_at: int, lead: int, first: int, ground: int) -> None:
    """Narrowing when it began may turn a 0 into a sign and never flips one."""
    if ground >= first:
        return
    blind, known = in_time(given_at, lead, first), in_time(given_at, lead, first, ground)
    assert blind in (0, known)
    assert LONG_AGO < 0


def test_a_duty_is_kept_by_the_best_of_several_notices() -> None:
    """One given late and one in time: in time."""
    positions = made(OUT, OUT, OUT, callsign=[1, 1, 1], at=[100 * DAY, 100 * DAY + 10, 100 * DAY + 20])
    flown = flights(positions)
    notices = [Announced(name, "MERCY1", 0, 200 * DAY, given_at) for name, given_at in (("a", 100 * DAY), ("b", 0))]
    found = []
    for one in notices:
        rows, called = candidates(positions, flown, one)
        found.append(match(one, flown, rows, called, np.ones(len(rows), np.int8)))
    first = positions.at_s[flown.first]
    assert owed(notices[:1], found[:1], flown, first, DAY).tolist() == [-1]
    assert owed(notices, found, flown, first, DAY).tolist() == [0]
    assert owed([], [], flown, first, DAY).tolist() == [-1]
