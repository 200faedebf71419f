"""Conflicts of notices with one another and with zones: all of them, by name, and none that allows anything."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import slow_deconflict
from truceline.notices.deconflict import CONFLICTS, NOTE, Conflict, Fenced, conflicts
from truceline.notices.model import FLIGHT, MOVEMENT, PAUSE, REPAIR, SITE, Plotted
from truceline.space import on_grid
from truceline.span import Span

HOUR = 3_600
ZONE = on_grid(shapely.box(36.0, 35.0, 36.2, 35.2))


def notice(
    kind: str, *points: tuple[float, float], start: int = 0, hours: int = 2, off_m: int = 10,
    band: tuple[int, int] | None = None,
) -> Plotted:  # fmt: skip
    """A notice of two hours from midnight."""
    lon, lat = zip(*points, strict=True)
    low, high = band or (None, None)
    return Plotted("n", kind, "", lon, lat, off_m, Span(start, start + hours * HOUR), low_m_amsl=low, high_m_amsl=high)


def told(*notices: Plotted, zones: tuple[Fenced, ...] = ()) -> list[tuple[str, int]]:
    """Code and value of each conflict."""
    return [(one.code, one.value) for one in conflicts(notices, zones)]


ACROSS = ((36.0, 35.1), (36.3, 35.1))


def test_a_flight_over_a_site_is_named() -> None:
    """Within a kilometre, surely or perhaps; two kilometres away not at all."""
    flight = notice(FLIGHT, *ACROSS)
    assert told(flight, notice(SITE, (36.1, 35.105))) == [("overflight", 1)]
    assert told(flight, notice(SITE, (36.1, 35.1085), off_m=200)) == [("overflight", 0)]
    assert told(flight, notice(SITE, (36.1, 35.12))) == []


def test_a_site_counts_after_its_date() -> None:
    """Absence from a list removes no protection."""
    assert told(notice(FLIGHT, *ACROSS, start=900 * HOUR), notice(SITE, (36.1, 35.1))) == [("overflight", 1)]


def test_two_flights_cross_only_in_the_same_hours_and_at_one_height() -> None:
    """A height that is not said leaves it open."""
    north = ((36.1, 35.0), (36.1, 35.3))
    low, high = (500, 1_500), (3_000, 4_000)
    assert told(notice(FLIGHT, *ACROSS, band=low), notice(FLIGHT, *north, band=low)) == [("crossing", 1)]
    assert told(notice(FLIGHT, *ACROSS, band=low), notice(FLIGHT, *north, band=high)) == []
    assert told(notice(FLIGHT, *ACROSS), notice(FLIGHT, *north, band=high)) == [("crossing", 0)]
    assert told(notice(FLIGHT, *ACROSS, band=low), notice(FLIGHT, *north, band=low, start=2 * HOUR)) == []


def test_movements_repairs_and_pauses() -> None:
    """Each pair of kinds by its own name."""
    road = notice(MOVEMENT, (36.0, 35.1), (36.2, 35.1))
    assert told(road, notice(MOVEMENT, (36.1, 35.1), (36.1, 35.0))) == [("same-road", 1)]
    assert told(road, notice(REPAIR, (36.1, 35.1001))) == [("road-work", 1)]
    assert told(notice(FLIGHT, *ACROSS), notice(PAUSE, (36.1, 35.1))) == [("overflight-work", 1)]


def test_a_flight_through_a_zone_that_bans_flights() -> None:
    """Only while the zone is there, and at its height."""
    ban = Fenced("z", ZONE, bans_flight=True, low_m=0, high_m=2_000)
    through = ((35.9, 35.1), (36.1, 35.1), (36.3, 35.1))
    assert told(notice(FLIGHT, *through, band=(500, 900)), zones=(ban,)) == [("banned-zone", 1)]
    assert told(notice(FLIGHT, *through), zones=(ban,)) == [("banned-zone", 0)]
    assert told(notice(FLIGHT, *through, band=(5_000, 6_000)), zones=(ban,)) == []
    later = Fenced("z", ZONE, bans_flight=True, start=10 * HOUR)
    assert told(notice(FLIGHT, *through), zones=(later,)) == []
    assert told(notice(FLIGHT, *through), zones=(Fenced("z", ZONE),)) == []


def test_a_site_on_the_edge_of_a_zone() -> None:
    """Nobody can say by its position in which zone it is; well inside there is nothing to say."""
    assert told(notice(SITE, (36.0, 35.1)), zones=(Fenced("z", ZONE),)) == [("edge", 1)]
    assert told(notice(SITE, (36.1, 35.1)), zones=(Fenced("z", ZONE),)) == []


def test_no_conflict_advises_or_releases() -> None:
    """The words are a closed list without any that authorise; the note says what a conflict is not."""
    said = " ".join([*CONFLICTS.values(), NOTE]).lower()
    assert not re.search(r"\b(allowed to|cleared|may strike|may be (?:struck|attacked)|free to|target|engage)\b", said)
    assert "no advice to strike" in said
    assert "nothing is allowed" in said


def test_what_is_known_by_name_alone_is_held_against_names() -> None:
    """One area, the same hours: whether they meet is open; another area, or no point and no area: nothing."""
    named = Plotted("n", FLIGHT, "", (), (), 0, Span(0, HOUR), areas=("SY-ID",))
    assert conflicts([named], [Fenced("z", ZONE, bans_flight=True)]) == []
    assert conflicts([], []) == []
    assert told(named, replace(named, id="m")) == [("crossing", 0)]
    assert told(named, replace(named, kind=PAUSE)) == [("overflight-work", 0)]
    assert told(named, replace(named, areas=("SY-HL",))) == []
    assert told(named, replace(named, when=Span(HOUR, 2 * HOUR))) == []


def test_a_site_that_is_known_by_name_counts_at_any_hour() -> None:
    """As one that has a point: its date is when it was looked at."""
    site = Plotted("s", SITE, "", (), (), 0, Span(0, HOUR), areas=("SY-ID",))
    later = Plotted("f", FLIGHT, "", (), (), 0, Span(900 * HOUR, 901 * HOUR), areas=("SY-ID",))
    found = conflicts([site, later])
    assert [(one.code, one.value, one.since, one.until) for one in found] == [("overflight", 0, 900 * HOUR, 901 * HOUR)]


def test_what_names_a_zone_and_has_no_point_is_held_against_it() -> None:
    """Where in it nobody knows: 0; not at other hours, not surely above it, and no zone that was not named."""
    zones = (Fenced("z", ZONE, bans_flight=True, low_m=0, high_m=2_000, start=0, end=HOUR), Fenced("other", ZONE))
    named = Plotted("n", FLIGHT, "", (), (), 0, Span(0, 2 * HOUR), areas=("z",))
    (found,) = conflicts([named], zones)
    assert (found.code, found.value, found.zone, found.until) == ("banned-zone", 0, "z", HOUR)
    assert told(replace(named, low_m_amsl=100, high_m_amsl=900), zones=zones) == [("banned-zone", 0)]
    assert told(replace(named, low_m_amsl=3_000, high_m_amsl=4_000), zones=zones) == []
    assert told(replace(named, when=Span(HOUR, 2 * HOUR)), zones=zones) == []
    assert told(replace(named, kind=REPAIR), zones=zones) == [("zone-crossed", 0)]


@st.composite
def notices(draw: st.DrawFn) -> list[Plotted]:
    """A few notices within a tenth of a degree."""
    spot = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda p: (36.0 + p[0] * 0.01, 35.0 + p[1] * 0.01))
    made = []
    for kind in draw(st.lists(st.sampled_from([SITE, SITE, FLIGHT, MOVEMENT, REPAIR, PAUSE]), min_size=1, max_size=8)):
        points = draw(st.lists(spot, min_size=1, max_size=3)) if kind in (FLIGHT, MOVEMENT) else [draw(spot)]
        band = draw(st.sampled_from([None, (500, 1_000), (3_000, 4_000)]))
        made.append(
            notice(
                kind,
                *points,
                start=draw(st.integers(0, 3)) * HOUR,
                off_m=draw(st.sampled_from([1, 100, 900])),
                band=band,
            )
        )
    return made


@given(notices())
@settings(max_examples=40, deadline=None)
def test_with_a_tree_as_without(made: list[Plotted]) -> None:
    """Every pair, against a reference that leaves none out."""
    zones = [Fenced("a", ZONE, bans_flight=True, low_m=0, high_m=2_000), Fenced("b", ZONE, start=HOUR, end=2 * HOUR)]
    assert sorted(conflicts(made, zones)) == sorted(slow_deconflict.conflicts(made, zones))


@pytest.mark.parametrize("code", CONFLICTS)
def test_every_conflict_says_what_it_is(code: str) -> None:
    """A code without a sentence helps nobody."""
    assert Conflict(code, 0, 1, "", 1, 0, 1).sentence
