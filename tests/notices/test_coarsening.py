"""A level takes fields away: below `exact` no name, no words, no hour, and a place no finer than its square."""

from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from truceline.group import Sight
from truceline.notices.coarsening import Disc, Row, counts, row
from truceline.notices.model import LEVELS, Consent, Draft, plot


class Grid:
    """Squares of 0.05 and 0.25 degree, and two regions."""

    def town(self, lon_deg: float, lat_deg: float, accuracy_m: int) -> Disc:
        """The middle of the square."""
        return Disc(round(lon_deg / 0.05) * 0.05, round(lat_deg / 0.05) * 0.05, 5_000 + accuracy_m // 1_000 * 1_000)

    def cell(self, lon_deg: float, lat_deg: float, accuracy_m: int) -> Disc:
        """The middle of the square."""
        return Disc(round(lon_deg / 0.25) * 0.25, round(lat_deg / 0.25) * 0.25, 20_000 + accuracy_m // 1_000 * 1_000)

    def region(self, lon_deg: float, lat_deg: float) -> str:
        """East and west."""
        return "EAST" if lon_deg >= 36.8 else "WEST" if lat_deg < 80 else ""

    def region_of(self, area: str) -> str:
        """By the code."""
        return area[:4] if area[:4] in ("EAST", "WEST") else ""


SITE = Draft("site", "Hospital of Umm Khalid", "behind the bakery", "35.1318, 36.7578", "2019-12-01T13:47", "",
             (Consent("ru"),), "hospital", owner="who", contact="+963", address="street", note="secret")  # fmt: skip
TRIP = Draft("movement", "Convoy", "", "35.11, 36.71; 35.12, 36.72; 35.41, 36.91", "2020-01-05", "2020-01-06",
             (Consent("ru"),), "convoy", ("EAST-1",), callsign="UN-1")  # fmt: skip


def shown(one: Draft, level: str) -> Row | None:
    """A notice at a level."""
    read = plot(one, "UTC")
    exact = [Disc(lon, lat, 1) for lon, lat in zip(read.lon_deg, read.lat_deg, strict=True)]
    return row(one, read, LEVELS[level], Grid(), ref="REF", exact=exact)


def test_each_level_says_less_than_the_one_before() -> None:
    """Field by field: what is told at a level was told at the one above it, or is coarser."""
    told = {level: msgspec.to_builtins(found) if (found := shown(SITE, level)) else {} for level in LEVELS}
    fields = [set(told[level]) - {"regions"} for level in LEVELS]
    assert all(finer >= coarser for finer, coarser in pairwise(fields))
    assert told["count"] == {}
    assert "discs" not in told["region"] and told["region"]["regions"] == ("WEST",)
    assert [told[level]["discs"][0]["radius_m"] for level in ("exact", "town", "cell")] == [1, 5_000, 20_000]


def test_nothing_of_the_desk_and_below_exact_no_name_and_no_hour() -> None:
    """Contacts are in no row; names, words and hours in none that is coarser than the position itself."""
    for level in LEVELS:
        text = str(msgspec.to_builtins(shown(SITE, level)))
        assert not any(word in text for word in ("who", "+963", "street", "secret"))
        if level != "exact":
            assert not any(word in text for word in ("Khalid", "bakery", "13:47", "36.7578"))


@given(st.floats(36.726, 36.774), st.floats(35.126, 35.174), st.sampled_from(["town", "cell", "region"]))
def test_whatever_lies_in_one_square_is_told_alike(lon: float, lat: float, level: str) -> None:
    """No number of notices of one place averages to it."""
    one = msgspec.structs.replace(SITE, where=f"{lat:.6f}, {lon:.6f}")
    other = msgspec.structs.replace(SITE, where="35.150000, 36.750000")
    assert shown(one, level) == shown(other, level)


def test_a_route_is_told_as_the_squares_that_it_passes() -> None:
    """Points of one square are one disc, in the order of the route; a call sign is no more than exact."""
    town = shown(TRIP, "town")
    assert town is not None and len(town.discs) == 2 and town.callsign == "" and town.areas == ("EAST-1",)
    region = shown(TRIP, "region")
    assert region is not None and region.regions == ("WEST", "EAST") and region.areas == ()


def test_counts_are_by_region_and_kind() -> None:
    """A route counts in each region that it touches; what lies nowhere known is counted too."""
    away = msgspec.structs.replace(SITE, where="85.1318, 10.7578")
    found = counts([(one, plot(one, "UTC")) for one in (SITE, SITE, TRIP, away)], Grid())
    assert found == {"-": {"site": 1}, "EAST": {"movement": 1}, "WEST": {"movement": 1, "site": 2}}


def test_the_levels_are_those_of_the_place_ladder() -> None:
    """Finest first, and none is left out."""
    assert list(LEVELS.values()) == [Sight.AS_REPORTED, Sight.TOWN, Sight.CELL, Sight.REGION, Sight.COUNT]
