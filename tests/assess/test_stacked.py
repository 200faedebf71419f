"""Zones stacked on one spot: how many pairs of a report and a zone are alive at a time? The answers stay the same."""

from __future__ import annotations

import random
import tracemalloc

import numpy as np
import pytest

from tests.assess.test_join import needs_numba
from truceline.agreement.model import Zone
from truceline.assess import grids, join
from truceline.assess.join import Join, Pairs
from truceline.assess.place import Placed
from truceline.assess.spots import Spots
from truceline.assess.where import count
from truceline.atlas import Atlas
from truceline.evidence.schema import Observation
from truceline.space import Geometry, Region, disc

STACKED, ROWS, AT_ONCE = 60, 2_000, 10_000
BYTES = Pairs.room(1).row.itemsize + Pairs.room(1).zone.itemsize + Pairs.room(1).value.itemsize


def zone(number: int) -> Zone:
    """A square of a degree, a little larger than the one before."""
    over = number * 1e-4
    return Zone(f"z{number}", 0, polygon=((36, 35), (37 + over, 35), (37 + over, 36 + over), (36, 36 + over)))


def regions(n: int) -> list[Region]:
    """Discs inside all the squares but some near an edge, some far away, and a few that no grid takes."""
    rng = random.Random(n)
    radii = [0, 900, 900, 900, 150_000]
    return [disc(rng.uniform(35.999, 36.9), rng.uniform(35.1, 35.9), radii[i % len(radii)]) for i in range(n)]


@pytest.fixture(params=["numpy", pytest.param("numba", marks=needs_numba)])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both engines, with a bound so low that a test reaches it."""
    monkeypatch.setenv("TRUCELINE_ENGINE", request.param)
    monkeypatch.setattr(join, "AT_ONCE", AT_ONCE)
    return str(request.param)


def stacked() -> list[Geometry | None]:
    """The squares on the grid."""
    placed = Placed({one.id: one for one in map(zone, range(STACKED))}, Atlas())
    return [placed.ground((key,)).shape for key in placed.zones]


def test_parts_are_small_and_make_the_whole(engine: str) -> None:
    """Pairs of one part are at most so many, however many zones lie on one spot; a row is never split."""
    spots = Spots.of_regions(regions(ROWS))
    made = Join(stacked(), engine=engine)
    discs, points = (spots.lon_e7, spots.lat_e7, spots.radius_m), (spots.lon_e7, spots.lat_e7)
    for whole, parts in (
        (made.judge(*discs), list(made.judge_in_parts(*discs))),
        (made.locate(*points), list(made.locate_in_parts(*points))),
    ):
        assert len(whole) > 10 * AT_ONCE
        assert max(map(len, parts)) <= AT_ONCE
        rows = [set(part.row.tolist()) for part in parts]
        assert sum(map(len, rows)) == len(set.union(*rows))
        again = Pairs.joined(parts)
        again = again.take(np.argsort(again.row * STACKED + again.zone))
        assert np.array_equal(whole.row, again.row)
        assert np.array_equal(whole.zone, again.zone)
        assert np.array_equal(whole.value, again.value)


@pytest.mark.long
@needs_numba
def test_the_count_needs_less_than_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted by zone: the peak stays below the pairs themselves, which it once was a multiple of."""
    monkeypatch.setenv("TRUCELINE_ENGINE", "numba")
    monkeypatch.setattr(join, "AT_ONCE", AT_ONCE)
    monkeypatch.setattr(grids, "MOST_WINDOWS", 50_000)
    zones = {one.id: (one.id, one) for one in map(zone, range(200))}
    reports = [Observation(f"o{i}", 0, 1, impact=region) for i, region in enumerate(regions(3_000))]
    whole = list(count(reports[:100], zones, Atlas()))  # what is imported or compiled does not count
    assert all(one.naive > 90 and one.surely and one.possibly for one in whole)
    tracemalloc.start()
    try:
        made = list(count(reports, zones, Atlas()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.9 * sum(one.naive for one in made) * BYTES


@pytest.mark.parametrize("bound", [1 << 24, 50_000])
def test_cells_say_only_so_much_of_a_stack(bound: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells are coarser where each would speak of hundreds of zones: what they say has to have room too."""
    monkeypatch.setattr(grids, "MOST_WINDOWS", bound)
    edges = grids.Edges.of(stacked())
    grid = grids.grid_for(edges, 10_000_000, -1.0, -1.0)
    cells = ((edges.there[:, 2:] - edges.there[:, :2]) / float(1 << grid.shift) + 2).prod(axis=1).sum()
    assert cells <= bound
    assert bound > 1 << 20 or cells > bound / 10
