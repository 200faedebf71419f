"""A convoy's route, segment by segment: used, perhaps, unused, unheard; and what lies beside all of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from truceline.desk.routes import road_answer
from truceline.errors import InputError
from truceline.notices.roads import PERHAPS, UNHEARD, UNUSED, USED, Followed, Segment, distance_m, followed

WEST = Segment("west", ((36.0, 35.0), (36.1, 35.0)), 200, 0, 3_600)
EAST = Segment("east", ((36.1, 35.0), (36.2, 35.0)), 200, 3_600, 7_200)
ROUTE = [WEST, EAST]
OFF_M = 111_000.0


def heard(*places: tuple[int, float, float], radius: int = 20) -> Followed:
    """Second, longitude and metres north of the road of each place."""
    at = np.array([p[0] for p in places], np.int64)
    lon = np.array([round(p[1] * 1e7) for p in places], np.int64)
    lat = np.array([round((35.0 + p[2] / OFF_M) * 1e7) for p in places], np.int64)
    return followed(ROUTE, at, lon, lat, np.full(len(at), radius, np.int64))


def states(found: Followed) -> list[str]:
    """Of the two segments."""
    return [one.state for one in found.segments]


def test_a_route_that_was_kept() -> None:
    """A place on each segment in its hours; nothing beside it."""
    found = heard((600, 36.05, 0), (4_000, 36.15, 50))
    assert states(found) == [USED, USED]
    assert found.deviations == ()


def test_a_place_near_the_edge_decides_nothing() -> None:
    """190 m off, known to 20 m, of 200 m: perhaps, and no deviation for sure."""
    found = heard((600, 36.05, 190), (4_000, 36.15, 50))
    assert states(found) == [PERHAPS, USED]
    assert found.values == (0,)


def test_a_place_a_kilometre_off_is_a_deviation() -> None:
    """Surely beside every segment, in the hours of the route."""
    found = heard((600, 36.05, 1_000), (4_000, 36.15, 50))
    assert (found.deviations, found.values) == ((0,), (1,))


def test_silence_is_not_absence() -> None:
    """Never heard in the hours: unheard; heard all along and elsewhere: unused."""
    assert states(heard((4_000, 36.15, 0))) == [UNHEARD, USED]
    everywhere = [(t, 36.15, 5_000.0) for t in range(0, 7_201, 600)]
    assert states(heard(*everywhere)) == [UNUSED, UNUSED]
    assert states(heard()) == [UNHEARD, UNHEARD]


def test_on_the_road_outside_its_hours_is_said() -> None:
    """East at the hour of the west: late or early, not unseen."""
    found = heard((600, 36.15, 0))
    assert found.segments[1].late
    assert found.segments[1].state == UNHEARD


def test_gaps_are_listed() -> None:
    """What lies between is not drawn in."""
    assert heard((600, 36.05, 0), (4_000, 36.15, 0)).gaps == ((600, 4_000), (4_000, 7_199))


@given(st.floats(35.0, 42.0), st.floats(32.0, 37.0), st.tuples(*[st.floats(-0.2, 0.2)] * 4))
@settings(max_examples=30, deadline=None)
def test_distances_are_true_to_a_thousandth(x: float, y: float, by: tuple[float, float, float, float]) -> None:
    """Against the geodesic distance to points close together on the line."""
    dx, dy, px, py = by
    t = np.linspace(0, 1, 2_001)
    _, _, away = Geod(ellps="WGS84").inv(x + t * dx, y + t * dy, np.full(len(t), x + px), np.full(len(t), y + py))
    found = distance_m(np.array([[x, y], [x + dx, y + dy]]), np.array([x + px]), np.array([y + py]))[0]
    assert found == pytest.approx(float(away.min()), rel=1.5e-3, abs=15)


def line(**properties: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
    """A segment as a feature."""
    shape = json.loads(shapely.to_geojson(shapely.LineString(WEST.points_deg)))
    given_ = {"id": "west", "from": "2016-09-20T10:00Z", "until": "2016-09-20T11:00Z", "within_m": 200} | properties
    return {"type": "Feature", "properties": given_, "geometry": shape}


def written(tmp_path: Path, *features: dict[str, Any]) -> Path:
    """A file of a route."""
    path = tmp_path / "route.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")
    return path


def test_from_files_to_the_answer(tmp_path: Path) -> None:
    """Places of any reader that gives a disc and a second; no position comes back."""
    track = tmp_path / "t.csv"
    track.write_text(
        "icao24,time,lat,lon,onground\n~00abc1,1474366000,35.0001,36.05,true\n~00abc1,1474368000,35.3,36.05,true\n",
        encoding="utf-8",
    )
    answer = road_answer(written(tmp_path, line(within_m=400)), [track])
    assert [one["state"] for one in answer["segments"]] == [USED]
    assert [one["value"] for one in answer["deviations"]] == [1]
    assert "36.05" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (line(within_m="wide"), "route.geojson:1: within_m"), (line(**{"from": "soon"}), "route.geojson:1: from"),
        (line(until="2016-09-20T09:00Z"), "route.geojson:1: until: ends before it begins"),
        (line() | {"geometry": {"type": "Point", "coordinates": [36, 35]}}, "route.geojson:1: geometry"),
    ],
)  # fmt: skip
def test_a_route_that_is_none_is_one_line(tmp_path: Path, feature: dict[str, Any], expected: str) -> None:
    """File, segment and field; never a position."""
    with pytest.raises(InputError) as caught:
        road_answer(written(tmp_path, feature), [])
    assert str(caught.value).startswith(expected)


def test_every_fault_of_a_route_at_once(tmp_path: Path) -> None:
    """A desk corrects a file once."""
    with pytest.raises(InputError) as caught:
        road_answer(written(tmp_path, line(within_m=0), line(**{"from": "x"})), [])
    assert len(caught.value.faults) == 2
