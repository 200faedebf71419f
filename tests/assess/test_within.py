"""How reports lie to one zone: as `spec` holds each of them, whatever is asked again and whatever is not."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.assess.worlds import Maker, law_of
from truceline.agreement.model import Zone
from truceline.assess import spec
from truceline.assess.columns import Columns
from truceline.assess.place import Placed
from truceline.assess.within import Yard
from truceline.evidence.schema import Observation
from truceline.space import Geometry, checked_polygon
from truceline.span import Span
from truceline.verdict import both, either

REPORTS = 80


def of_spec(report: Observation, zone_id: str, placed: Placed) -> int:
    """One report and one zone, as the meaning has it: slow, one by one; an act that lasts by its best piece."""
    groups = spec.layers((zone_id,), placed.zones)
    cuts = {at for zone, _ in groups for at in (zone.start, zone.end) if at is not None} if report.lasts else set()
    marks = [report.start, *sorted(at for at in cuts if report.start < at < report.end), report.end]
    pieces = []
    for first, last in pairwise(marks):
        piece = replace(report, start=first, end=last, lasts=False)
        span = Span(first, last)
        pieces.append(
            either([
                both([placed.compare(piece.impact, ids), spec.exists(zone, span), spec.height(piece, zone)])
                for zone, ids in groups
            ])
        )  # fmt: skip
    return either(pieces).value


def world(seed: int) -> tuple[list[Observation], Columns, Placed]:
    """Reports of every kind of region, and zones of every kind."""
    maker = Maker("awkward", seed)
    made = [maker.report(i) for i in range(REPORTS)]
    return made, Columns.of_reports(made), law_of("awkward", maker.signed(REPORTS), "side", "identity").placed


WORLDS = {seed: world(seed) for seed in (0, 1)}
YARDS = {seed: Yard(columns, placed) for seed, (_, columns, placed) in WORLDS.items()}


@st.composite
def shapes(draw: st.DrawFn) -> Geometry:
    """A rectangle over the zones of the worlds, sometimes with a hole, sometimes in two."""
    x, y = draw(st.floats(35.9, 38.0)), draw(st.floats(34.0, 36.8))
    w = draw(st.floats(0.02, 0.8))
    shape: Geometry = shapely.box(x, y, x + w, y + 1.3 * w)
    kind = draw(st.integers(0, 2))
    if kind == 1:
        shape = shapely.difference(shape, shapely.box(x + 0.3 * w, y + 0.3 * w, x + 0.6 * w, y + 0.6 * w))
    if kind == 2:
        shape = shapely.union(shape, shapely.box(x + 1.5 * w, y, x + 2 * w, y + w))
    return checked_polygon(shape, "moved")


@pytest.mark.parametrize("seed", WORLDS)
def test_zones_as_they_are(seed: int) -> None:
    """Drawn, named by unit, beside a line, united, withheld, with a band, with a time."""
    reports, _, placed = WORLDS[seed]
    for zone_id in placed.zones:
        value = YARDS[seed].as_it_is(zone_id).value
        assert value.tolist() == [of_spec(report, zone_id, placed) for report in reports], zone_id


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), seed=st.sampled_from(sorted(WORLDS)))
def test_a_zone_that_is_otherwise(data: st.DataObject, seed: int) -> None:
    """Any shape, time and ceiling, one move after another: what was asked before changes no answer."""
    reports, columns, placed = WORLDS[seed]
    zone = data.draw(st.sampled_from([*placed.zones.values(), Zone("new", 0)]))
    if data.draw(st.booleans()):
        start = int(data.draw(st.sampled_from(columns.start.tolist())))
        zone = replace(zone, start=start, end=data.draw(st.sampled_from([None, start + 86_400, start + 86_400 * 90])))
    if data.draw(st.booleans()):
        zone = replace(zone, low_m=-1_000, high_m=data.draw(st.integers(0, 6_000)))
    shape = data.draw(shapes() if zone.id == "new" else st.one_of(st.none(), shapes()))
    moved = placed.moved(zone, shape)
    held = YARDS[seed].supposed(zone, shape)
    fresh = Placed(moved.zones, moved.atlas)
    assert held.value.tolist() == [of_spec(report, zone.id, fresh) for report in reports]


def test_a_corner_that_moves_a_little_asks_little() -> None:
    """Of three thousand places about a square, those at its other end are not asked again."""
    rng = np.random.default_rng(0)
    _, columns, placed = WORLDS[0]
    some = np.zeros(3_000, np.int64)
    spread = replace(
        columns.spots.take(some), odd=np.full(3_000, -1, np.int32), country=np.zeros(3_000, np.int16),
        lon_e7=rng.integers(360_000_000, 380_000_000, 3_000).astype(np.int32),
        lat_e7=rng.integers(340_000_000, 360_000_000, 3_000).astype(np.int32),
        radius_m=np.full(3_000, 2_000, np.int32),
    )  # fmt: skip
    wide = replace(columns.take(some), spots=spread, reports=None, ids=None, pairs=None, places=[])
    yard = Yard(wide, placed)
    rest = [(36.2, 35.6), (36.2, 34.2), (37.8, 34.2), (37.8, 35.8), (36.4, 35.8)]
    first, other = (
        checked_polygon(shapely.Polygon([*rest, (36.2, north)]), "new") for north in (35.8, 35.85)
    )  # fmt: skip
    asked: list[int] = []
    whole = Placed.masks

    def counted(self: Placed, spots: object, layers: object) -> object:
        asked.append(len(spots))  # type: ignore[arg-type]  # columns of regions
        return whole(self, spots, layers)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Placed, "masks", counted)
        yard.supposed(Zone("new", 0), first)
        value = yard.supposed(Zone("new", 0), other).value
    assert asked[0] == 3_000
    assert 0 < asked[1] < 300
    assert value.tolist() == Yard(wide, placed).supposed(Zone("new", 0), other).value.tolist()


def test_every_change_is_put_down_to_the_nearest_line() -> None:
    """By distance on the ground, not in degrees; what is no disc, to none."""
    _, columns, placed = WORLDS[0]
    yard = Yard(columns, placed)
    places = np.arange(len(yard.spots))
    edges = [((362_000_000, 342_000_000), (362_000_000, 358_000_000)), ((378_000_000, 342_000_000),) * 2]
    found = yard.nearest(places, edges)
    for place, edge in zip(places.tolist(), found.tolist(), strict=True):
        if yard.spots.odd[place] >= 0:
            assert edge == -1
            continue
        point = shapely.Point(yard.spots.lon_e7[place] * 0.82, yard.spots.lat_e7[place])
        apart = [point.distance(shapely.LineString([(x * 0.82, y) for x, y in one])) for one in edges]
        assert edge == int(np.argmin(apart))


TAKEN_UP = """
from truceline.assess.kernels import SMALL, is_compiled, take_up
told = [is_compiled(1)]
for rows in (SMALL - 1, SMALL):
    take_up(rows)
    told.append(is_compiled(1))
print(*told)
"""


@pytest.mark.parametrize(("engine", "told"), [("auto", "False False True"), ("numpy", "False False False")])
def test_where_many_reports_are_at_hand_a_few_are_asked_with_compiled_loops(
    engine: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that has judged nothing yet, as the one that answers a hand: it asks a thousand of 350,000 places."""
    monkeypatch.setenv("TRUCELINE_ENGINE", engine)
    done = subprocess.run([sys.executable, "-c", TAKEN_UP], capture_output=True, text=True, check=True)
    assert done.stdout.split() == told.split()
