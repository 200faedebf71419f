"""Notices against names, borders, one another and the calendar: arrays say what the slow reference says."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.notices import as_found
from bench.slow_notices import placed
from truceline.notices.checks import ASKED, CODES, REFUSED, Checked, Ground, Meant, Standing, check, told
from truceline.notices.model import STALE_S, Consent, Draft, plot
from truceline.space import on_grid
from truceline.span import parse_instant, utc_text

NOW = parse_instant("2020-01-01", "UTC")
COUNTRY = on_grid(shapely.box(35.0, 32.0, 42.0, 37.0))
HAMA, HOMS = Meant(36.7578, 35.1318, 10_000), Meant(36.7137, 34.7324, 20_000)
PROVINCE = Meant(36.9, 35.2, 0, on_grid(shapely.box(36.2, 34.8, 38.0, 35.7)))


class Known:
    """Two towns, a province, two places of one name; one unit and one zone."""

    def meant(self, words: str) -> Sequence[Meant]:
        """By name."""
        return {"Hama": (HAMA,), "Homs": (HOMS,), "Either": (HAMA, HOMS), "Hama province": (PROVINCE,)}.get(words, ())

    def is_area(self, code: str) -> bool:
        """By code."""
        return code in ("SY-HM", "zone-1")


GROUND = Ground(Known(), COUNTRY, frozenset({"ru", "us"}), Standing(), NOW, "UTC")
GOOD = Draft("site", "Hospital", "Hama", "35.1318, 36.7578", "2019-12-01", "", (Consent("ru"),), "hospital")
TRIP = Draft("movement", "Convoy", "", "35.1318, 36.7578; 35.20, 36.80", "2020-01-05", "2020-01-06", (Consent("ru"),),
             lead="48h")  # fmt: skip


def codes(one: Draft, ground: Ground = GROUND) -> list[str]:
    """Codes of what was found of one notice."""
    return [remark.code for remark in check([one], ground)[0].remarks]


@pytest.mark.parametrize(("changed", "found"), [
    ({}, []),
    ({"where": "36.7578, 35.1318"}, ["swapped"]),
    ({"place": "Homs"}, ["far"]),
    ({"place": "Either"}, []),
    ({"place": "Hama province", "where": "35.6001, 37.9001"}, []),
    ({"place": "Hama province", "where": "35.8001, 37.9001"}, ["far"]),
    ({"place": "Nowhere"}, ["unknown-place"]),
    ({"place": ""}, ["no-place"]),
    ({"where": "39.1318, 36.7578", "place": ""}, ["no-place", "swapped", "outside"]),
    ({"where": "43.1318, 36.7578", "place": ""}, ["no-place", "outside"]),
    ({"where": "36.9961, 41.9999", "place": "Nowhere"}, ["unknown-place"]),
    ({"where": "37.0061, 41.9999", "place": "Nowhere"}, ["unknown-place"]),
    ({"where": "37.1061, 41.9999", "place": "Nowhere"}, ["unknown-place", "outside"]),
    ({"where": "35.13, 36.75"}, ["coarse"]),
    ({"since": "2019-06-01"}, ["stale"]),
    ({"since": "2020-02-01"}, ["ahead"]),
    ({"since": "2019-01-01", "until": "2019-12-31"}, ["over"]),
    ({"what": "  "}, ["unnamed"]),
    ({"to": ()}, ["nobody"]),
    ({"to": (Consent("ru", "count"),)}, ["nobody"]),
    ({"to": (Consent("atlantis"),)}, ["stranger"]),
    ({"where": ""}, ["nowhere"]),
    ({"where": "35.1, 36.7; 35.2, 36.8"}, ["nowhere", "coarse"]),
    ({"where": "hereabouts"}, ["unread"]),
    ({"since": "soon"}, ["unread"]),
    ({"kind": "war"}, ["shape"]),
    ({"areas": ("SY-XX",)}, ["unknown-area"]),
])  # fmt: skip
def test_what_is_wrong_with_a_site(changed: dict[str, object], found: list[str]) -> None:
    """One change, and its remark; nothing where nothing is wrong."""
    assert codes(msgspec.structs.replace(GOOD, **changed)) == found


@pytest.mark.parametrize(("lead", "since", "found"), [
    ("48h", "2020-01-03T00:00", []), ("48h", "2020-01-02T23:59", ["late"]), ("24h", "2020-01-02T00:00", []),
    ("24h", "2020-01-01T23:59", ["late"]), ("emergency", "2020-01-01T00:01", ["unreasoned"]),
])  # fmt: skip
def test_the_lead_time_that_is_stated_is_held_to_the_second(lead: str, since: str, found: list[str]) -> None:
    """Who has less time than he says chooses less, or says why it is an emergency."""
    assert codes(msgspec.structs.replace(TRIP, lead=lead, since=since)) == found
    if lead == "emergency":
        assert codes(msgspec.structs.replace(TRIP, lead=lead, since=since, reason="wounded")) == []


def test_a_movement_that_is_over_is_refused() -> None:
    """Nothing is made known after the fact."""
    assert codes(msgspec.structs.replace(TRIP, since="2019-12-01", until="2019-12-02")) == ["over"]


def test_two_sites_at_one_place_may_be_one() -> None:
    """The later of two of one file, and one that stands already; the desk alone is told."""
    near = msgspec.structs.replace(GOOD, what="Clinic", where="35.1320, 36.7580")
    first, second = check([GOOD, near], GROUND)
    assert first.remarks == ()
    assert [(one.code, one.values, one.other) for one in second.remarks] == [("duplicate", {"metres": 29}, "#1")]
    stands = Ground(Known(), COUNTRY, GROUND.recipients, Standing.of([plot(GOOD, "UTC", "abc")]), NOW, "UTC")
    found = check([near], stands)[0]
    assert [one.other for one in found.remarks] == ["abc"]
    assert told(found.remarks, is_desk=False) == []
    assert check([GOOD], stands, ["abc"])[0].remarks == (), "no site is a double of itself"


def test_inexact_sites_are_doubles_from_farther_away() -> None:
    """As far as the less exact one may be off, and never farther than half a kilometre."""
    far = msgspec.structs.replace(GOOD, where="35.1358, 36.7578")
    assert codes(far, _standing(GOOD)) == []
    assert codes(msgspec.structs.replace(far, accuracy_m=600), _standing(GOOD)) == ["duplicate", "coarse"]


def _standing(*sites: Draft) -> Ground:
    standing = Standing.of([plot(one, "UTC", f"s{i}") for i, one in enumerate(sites)])
    return Ground(Known(), COUNTRY, GROUND.recipients, standing, NOW, "UTC")


WHERE = st.builds(
    lambda lat, lon, digits: f"{lat:.{digits}f}, {lon:.{digits}f}",
    st.one_of(st.floats(34.5, 35.5), st.floats(30, 43)), st.one_of(st.floats(36.5, 37.0), st.floats(30, 43)),
    st.integers(2, 6),
)  # fmt: skip
SITES = st.builds(
    lambda place, where, accuracy: msgspec.structs.replace(GOOD, place=place, where=where, accuracy_m=accuracy),
    st.sampled_from(["Hama", "Homs", "Either", "Hama province", "Nowhere", ""]),
    st.one_of(WHERE, st.sampled_from(["35.1318, 36.7578", "35.1325, 36.7578", "35.1340, 36.7590"])),
    st.sampled_from([0, 0, 150, 800]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(SITES, min_size=1, max_size=25), st.lists(SITES, max_size=5))
def test_arrays_say_what_the_slow_reference_says(sites: list[Draft], before: list[Draft]) -> None:
    """Every remark that a map is needed for, of every notice."""
    ground = _standing(*before)
    assert as_found(check(sites, ground)) == placed(sites, ground)


@settings(max_examples=30, deadline=None)
@given(st.lists(SITES, min_size=1, max_size=12))
def test_a_notice_alone_is_told_what_it_is_told_among_others(sites: list[Draft]) -> None:
    """Only doubles depend on the others."""

    def but(found: Checked) -> list[object]:
        return [(one.code, one.values) for one in found.remarks if one.code != "duplicate"]

    together = check(sites, GROUND)
    assert [but(one) for one in together] == [but(check([one], GROUND)[0]) for one in sites]


def test_thousands_at_one_place_end() -> None:
    """Whoever sends the same site thousands of times gets an answer."""
    found = check([GOOD] * 3_000, GROUND)
    assert sum(bool(one.asked) for one in found) == 2_999


def test_every_code_is_refused_or_asked_and_no_remark_repeats_a_position() -> None:
    """What a sentence is filled with are whole numbers and short texts."""
    assert set(CODES.values()) == {REFUSED, ASKED}
    for where in ("36.7578, 35.1318", "34.9999, 36.1111", "hereabouts 36.7"):
        for remark in check([msgspec.structs.replace(GOOD, where=where)], GROUND)[0].remarks:
            assert not any(part in str(remark.values) for part in ("36.7", "35.1", "34.9"))


def test_without_a_drawn_country_nothing_is_outside() -> None:
    """What nobody drew cannot be left."""
    bare = Ground(Known(), None, GROUND.recipients, Standing(), NOW, "UTC")
    assert codes(msgspec.structs.replace(GOOD, where="65.0001, 10.0001", place="Nowhere"), bare) == ["unknown-place"]


def test_an_empty_list_is_checked() -> None:
    """Nothing of nothing; and a site is stale one second after its time."""
    assert check([], GROUND) == []
    assert isinstance(Standing.of([]).lon_deg, np.ndarray)
    looked = utc_text(NOW - STALE_S)
    assert codes(msgspec.structs.replace(GOOD, since=looked)) == []
