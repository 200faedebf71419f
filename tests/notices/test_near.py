"""Reports near notified sites: surely, not decidable, or not; the same as one pair after the other."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from truceline.notices.checks import Standing
from truceline.notices.near import NEAR_M, VAGUE_M, near
from truceline.space import Floats, distance_m

AT = st.tuples(st.floats(36.70, 36.80), st.floats(35.10, 35.20))
REPORTS = st.lists(st.tuples(AT, st.sampled_from([0, 50, 400, 900, 2_000, VAGUE_M, VAGUE_M + 1])), max_size=12)
SITES = st.lists(st.tuples(AT, st.sampled_from([1, 12, 300])), max_size=8)


def arrays(rows: list[tuple[tuple[float, float], int]]) -> tuple[Floats, Floats, Floats]:
    """Longitude, latitude and size."""
    found = np.array([(lon, lat, size) for (lon, lat), size in rows], np.float64).reshape(-1, 3)
    return found[:, 0], found[:, 1], found[:, 2]


@settings(deadline=None)
@given(REPORTS, SITES)
def test_arrays_say_what_each_pair_says(reports: list[tuple[tuple[float, float], int]],
                                        sites: list[tuple[tuple[float, float], int]]) -> None:  # fmt: skip
    """Surely where all of both lie within; not where none of either does."""
    wanted = []
    for i, (at, radius) in enumerate(reports):
        for j, (other, off) in enumerate(sites):
            away = distance_m(*at, *other)
            if radius <= VAGUE_M and away - radius - off <= NEAR_M:
                wanted.append((i, j, 1 if away + radius + off <= NEAR_M else 0))
    found = near(*arrays(reports), Standing(tuple(f"s{j}" for j in range(len(sites))), *arrays(sites)))
    assert list(found) == wanted


def test_a_vague_report_is_near_nothing() -> None:
    """Or it would be near everything; and without sites nothing is near."""
    site = Standing(("s",), np.array([36.75]), np.array([35.15]), np.array([1.0]))
    one = np.array([36.75]), np.array([35.15])
    assert list(near(*one, np.array([VAGUE_M + 1.0]), site)) == []
    assert list(near(*one, np.array([10.0]), site)) == [(0, 0, 1)]
    assert list(near(*one, np.array([10.0]), Standing())) == []
