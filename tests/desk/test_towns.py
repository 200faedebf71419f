"""A region told as its town or cell: it holds the place, and says no more than the square of the grid."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from truceline.assess.spots import Spots
from truceline.desk.towns import CELL_GRID, TOWN_GRID, as_cell, as_town, drawn, towns_of
from truceline.space import Region, distance_m, outline

LON, LAT = st.integers(-1_790_000_000, 1_790_000_000), st.integers(-800_000_000, 800_000_000)
RADIUS = st.sampled_from([0, 500, 2_000, 5_000, 20_000, 50_000])


@given(LON, LAT, RADIUS)
def test_a_town_holds_its_place(lon: int, lat: int, radius: int) -> None:
    """Whatever is shown coarser is shown larger: the place never lies outside of it."""
    fine = Region("disc", lon, lat, radius)
    for coarse in (as_town(fine), as_cell(fine)):
        away = distance_m(lon / 1e7, lat / 1e7, (coarse.lon_e7 or 0) / 1e7, (coarse.lat_e7 or 0) / 1e7)
        assert away + radius <= coarse.radius_m


@given(
    st.tuples(st.integers(-3_000, 3_000), st.integers(-1_500, 1_500)),
    st.tuples(st.floats(-0.49, 0.49), st.floats(-0.49, 0.49)), RADIUS, st.booleans(),
)  # fmt: skip
def test_all_places_of_one_square_are_told_alike(
    at: tuple[int, int], off: tuple[float, float], radius: int, is_town: bool
) -> None:
    """How large the disc is must not say how far the place lies from the point of the grid."""
    grid, show = (TOWN_GRID, as_town) if is_town else (CELL_GRID, as_cell)
    (x, y), (dx, dy) = at if is_town else (at[0] // 5, at[1] // 5), off
    middle = Region("disc", x * grid, y * grid, radius)
    beside = Region("disc", x * grid + round(dx * grid), y * grid + round(dy * grid), radius)
    assert show(middle) == show(beside)


def test_units_and_words_without_a_place_stay_as_they_are() -> None:
    """They are no finer than a unit already."""
    for region in (Region("area", areas=("SY-HL",)), Region("outside"), Region("none")):
        assert as_town(region) == as_cell(region) == region
    coded = Region("area", 366512345, 359312345, areas=("SY-HL",))
    assert as_town(coded) == Region("area", areas=("SY-HL",)), "the point that a source codes a unit by stays behind"


@pytest.mark.long
@given(st.lists(st.tuples(LON, LAT, RADIUS, st.sampled_from(["", "SY"])), min_size=1, max_size=30))
def test_many_at_once_are_told_as_each_alone(rows: list[tuple[int, int, int, str]]) -> None:
    """The arrays say the same as the one rule."""
    regions = [Region("disc", lon, lat, radius, country=code) for lon, lat, radius, code in rows]
    regions += [
        Region("area", areas=("SY-HL",)), Region("none"),
        Region("sector", 366512345, 359312345, near_m=3_000, far_m=9_000, from_deg=0, to_deg=30),
    ]  # fmt: skip
    towns, codes = towns_of(Spots.of_regions(regions))
    assert [towns[code] for code in codes] == [as_town(region) for region in regions]
    assert len(set(towns)) == len(towns)
    assert np.unique(codes).tolist() == list(range(len(towns)))


@given(LON, st.integers(-700_000_000, 700_000_000), st.sampled_from([5_000, 6_000, 20_000]))
def test_what_is_drawn_of_a_disc_holds_it(lon: int, lat: int, radius: int) -> None:
    """A polygon of few corners is drawn about the disc, never inside it."""
    region = Region("disc", lon, lat, radius)
    whole = outline(region)
    assert shapely.covers(drawn([region])[0], whole)
