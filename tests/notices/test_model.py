"""What a notice says as numbers; what cannot be read is told without a word of it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.errors import InputError
from truceline.mgrs import to_mgrs
from truceline.notices.model import (
    KINDS,
    LEADS,
    SITE,
    STALE_S,
    Consent,
    Draft,
    plot,
    shape_faults,
    written_accuracy_m,
)
from truceline.space import distance_m

SITE_AT = Draft(SITE, "Central hospital", "Hama", "35.1318, 36.7578", "2019-12-01", "", (Consent("ru"),), "hospital")


@given(st.floats(35.7, 42.3), st.floats(32.3, 37.3))
def test_mgrs_and_degrees_mean_the_same_place(lon: float, lat: float) -> None:
    """A notice by radio in MGRS lies within two metres of the same notice in degrees."""
    degrees, grid = (
        plot(msgspec.structs.replace(SITE_AT, where=where), "UTC")
        for where in (f"{lat:.6f}, {lon:.6f}", to_mgrs(lon, lat))
    )
    assert distance_m(degrees.lon_deg[0], degrees.lat_deg[0], grid.lon_deg[0], grid.lat_deg[0]) < 2


def test_a_site_counts_until_it_is_stale() -> None:
    """Who says no end has one: half a year after somebody looked."""
    assert plot(SITE_AT, "UTC").when.end - plot(SITE_AT, "UTC").when.start == STALE_S


def test_a_route_keeps_the_order_of_its_points() -> None:
    """Points parted by semicolons or by lines."""
    one = Draft(
        "movement", "Convoy", where="35.1, 36.7; 35.2, 36.8\n35.3, 36.9", since="2020-01-05", until="2020-01-06"
    )
    assert plot(one, "UTC").lat_deg == (35.1, 35.2, 35.3)


@pytest.mark.parametrize("where", ["35.1318", "over there", "95.1, 36.7", "35.1, 36.7; ?", "37S ZZ 1 2"])
def test_what_is_no_position_is_told_without_it(where: str) -> None:
    """The message names the field and repeats nothing."""
    with pytest.raises(InputError) as told:
        plot(msgspec.structs.replace(SITE_AT, where=where), "UTC")
    assert "where" in str(told.value) and where not in str(told.value)


def test_an_end_before_its_beginning_is_refused() -> None:
    """In the time zone of the text."""
    with pytest.raises(InputError, match="until"):
        plot(Draft("repair", "Pump", where="35.1, 36.7", since="2020-01-05T10:00", until="2020-01-05T09:00"), "UTC")


@pytest.mark.parametrize(("where", "metres"), [
    ("35.13184, 36.75783", 2), ("35.1318, 36.76", 12), ("35, 36", 111_320), ("37S BU 957 899", 100),
])  # fmt: skip
def test_how_a_position_is_written_says_how_exact_it_is(where: str, metres: int) -> None:
    """Of two decimals the finer counts: tables drop the nought at the end."""
    assert written_accuracy_m(where) == metres


def test_nothing_prints_a_word_of_a_notice() -> None:
    """Logs and tracebacks print `repr`."""
    for one in (SITE_AT, plot(SITE_AT, "UTC", "abcd")):
        assert not any(word in f"{one!r} {one}" for word in ("Central", "Hama", "36.75", "ru"))


@pytest.mark.parametrize(("low", "high", "is_fault"), [
    (900, 500, True), (0, -1, True), (500, 500, False), (500, 900, False), (None, 500, False), (900, None, False),
])  # fmt: skip
def test_a_lowest_height_above_the_greatest_is_refused(low: int | None, high: int | None, is_fault: bool) -> None:
    """Heights turned round would be clear of every zone."""
    faults = shape_faults(Draft("flight", "UN1", low_m_amsl=low, high_m_amsl=high))
    assert [fault.field for fault in faults] == (["`low_m_amsl`"] if is_fault else [])


def test_what_is_too_much_is_told_by_its_field() -> None:
    """Every fault of the shape at once."""
    one = Draft("war", "x" * 300, category="gun", lead="1h", to=(Consent("ru"), Consent("ru")), replaces="?",
                accuracy_m=-1, areas=("a b",))  # fmt: skip
    assert {fault.field for fault in shape_faults(one)} == {
        "`kind`", "`what`", "`category`", "`lead`", "`to`", "`replaces`", "`accuracy_m`", "`areas`"
    }  # fmt: skip
    assert not shape_faults(SITE_AT)
    assert set(LEADS) == {"48h", "24h", "emergency"} and len(KINDS) == 5
