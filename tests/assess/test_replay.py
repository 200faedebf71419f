"""A what-if is a full recompute that looks only where it has to: same answers, same totals, same reasons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from tests.assess.worlds import Maker, law_of
from truceline.agreement.model import Zone
from truceline.assess import bulk
from truceline.assess.answers import Answers
from truceline.assess.columns import Columns
from truceline.assess.docket import Docket
from truceline.assess.ground import Neighbours, clusters_of
from truceline.assess.place import Placed
from truceline.assess.replay import ANY, Change, Replay
from truceline.assess.spec import Law
from truceline.errors import InputError
from truceline.space import Geometry, checked_polygon
from truceline.verdict import UNKNOWN, YES

REPORTS = 80


def square(rng: np.random.Generator) -> Geometry:
    """A rectangle of up to 80 km somewhere over the zones of the worlds, sometimes with a hole, sometimes in two."""
    x, y, w = rng.uniform(35.9, 38.0), rng.uniform(34.0, 36.8), rng.uniform(0.05, 0.8)
    shape: Geometry = shapely.box(x, y, x + w, y + 1.3 * w)
    kind = rng.integers(3)
    if kind == 1:
        shape = shapely.difference(shape, shapely.box(x + 0.3 * w, y + 0.3 * w, x + 0.6 * w, y + 0.6 * w))
    if kind == 2:
        shape = shapely.union(shape, shapely.box(x + 1.5 * w, y, x + 2 * w, y + w))
    return checked_polygon(shape, "moved")


def answers_of(docket: Docket, term: str) -> Answers:
    """One column."""
    return bulk.judge_any_all(docket) if term == ANY else bulk.judge_all(docket, term)


def law_with(law: Law, placed: Placed) -> Law:
    """The same law with other zones, nothing kept of what was worked out."""
    agreement = replace(law.standing.agreement, zones=placed.zones)
    return Law(replace(law.standing, agreement=agreement, _kept={}, _making=[]), Placed(placed.zones, placed.atlas))


def check(change: Change, columns: Columns, old: Law, new: Law) -> int:
    """Compare a change with everything judged anew under the new law; gives how many answers changed."""
    before, after = (Docket.of_columns(replace(columns, places=[]), law) for law in (old, new))
    differ = 0
    for term, shift in change.totals.items():
        was, whole = answers_of(before, term), answers_of(after, term)
        value, why = was.value.copy(), was.why.copy()
        value[change.rows], why[change.rows] = change.after[term].value, change.after[term].why
        assert np.array_equal(value, whole.value), term
        assert np.array_equal(why, whole.why), term
        assert np.array_equal(change.before[term].value, was.value[change.rows])
        assert shift.surely == (int((was.value == YES).sum()), int((whole.value == YES).sum()))
        assert shift.possibly == (int((was.value == UNKNOWN).sum()), int((whole.value == UNKNOWN).sum()))
        differ += int(((was.value != whole.value) | (was.why != whole.why)).sum())
    for split in (change.by_month, change.by_act, change.by_side):
        for sign, name in ((YES, "surely"), (UNKNOWN, "possibly")):
            assert sum(getattr(one, name)[1] for one in split.values()) == int(
                (answers_of(after, ANY).value == sign).sum()
            )
    assert sum(1 for _ in change.changed()) == differ
    return differ


def world(name: str, seed: int) -> tuple[Columns, Law]:
    """Reports and a law."""
    maker = Maker(name, seed)
    made = [maker.report(i) for i in range(REPORTS)]
    return Columns.of_reports(made), law_of(name, maker.signed(REPORTS), "side", "identity")


@pytest.mark.long
@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("name", ["awkward", "shipped"])
def test_a_moved_zone_gives_what_a_full_recompute_gives(
    name: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discs, areas, lines and sectors, cut to a country or not, whatever zone moves wherever."""
    if engine == "numba":
        pytest.importorskip("numba")
    monkeypatch.setenv("TRUCELINE_ENGINE", engine)
    differ = 0
    columns, law = world(name, 0)
    replay, rng = Replay(columns, law), np.random.default_rng(0)
    for zone_id in list(law.placed.zones)[:: 3 if name == "shipped" else 1]:
        shape = square(rng)
        replay.hold(zone_id)
        change = replay.move(zone_id, shape)
        moved = law.placed.moved(law.placed.zones[zone_id], shape)
        differ += check(change, columns, law, law_with(law, moved))
    assert differ > (20 if name == "awkward" else -1)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_another_time_or_height_gives_what_a_full_recompute_gives(seed: int) -> None:
    """A zone that begins later, ends earlier, gets a ceiling, or all of it and another shape."""
    columns, law = world("awkward", 50 + seed)
    replay, rng = Replay(columns, law), np.random.default_rng(seed)
    differ = 0
    for zone in list(law.placed.zones.values())[:: 12 if seed == 0 else 1]:
        middle = int(np.median(columns.start))
        for made in (
            replace(zone, start=middle),
            replace(zone, end=middle),
            replace(zone, low_m=-1_000, high_m=int(rng.integers(0, 5_000))),
        ):
            for shape in (None, square(rng)) if seed else (None,):
                moved = law.placed.moved(made, shape)
                differ += check(replay.amend(made, shape), columns, law, law_with(law, moved))
    assert differ > 0


def test_a_zone_put_where_it_was_changes_nothing() -> None:
    """Neither a total nor a reason."""
    columns, law = world("awkward", 7)
    replay = Replay(columns, law)
    for zone_id, zone in law.placed.zones.items():
        shape = law.placed.ground((zone_id,)).shape
        if zone.parts or shape is None:
            continue
        change = replay.move(zone_id, shape)
        if not law.placed.ground((zone_id,)).codes:
            assert list(change.changed()) == []


def test_a_move_looks_only_at_the_reports_it_can_reach() -> None:
    """A square that moves a little is not judged against reports at the other end of the country."""
    columns, law = world("awkward", 3)
    drawn = next(zone for zone in law.placed.zones.values() if zone.polygon)
    shape = law.placed.ground((drawn.id,)).shape
    assert shape is not None
    replay = Replay(columns, law)
    change = replay.move(drawn.id, shapely.transform(shape, lambda xy: xy + 1_000.0))
    assert len(change.rows) < REPORTS / 2


def test_an_unknown_zone_is_refused() -> None:
    """With the zones that there are."""
    columns, law = world("awkward", 1)
    with pytest.raises(InputError, match="no zone `nowhere` in the agreement: expected one of"):
        Replay(columns, law).move("nowhere", square(np.random.default_rng(0)))
    with pytest.raises(InputError, match="no zone"):
        Replay(columns, law).amend(Zone("nowhere", 1))


@pytest.mark.parametrize("seed", range(30))
def test_neighbours_and_a_shape_make_the_clusters_of_all(seed: int) -> None:
    """One zone put among the others gives the clusters that all together give: same bytes."""
    rng = np.random.default_rng(seed)
    others = [square(rng) for _ in range(int(rng.integers(0, 12)))]
    shape = square(rng)
    stays, made = Neighbours(others).joined_by(shape)
    whole = clusters_of([*others, shape])
    assert sorted(map(shapely.to_wkb, [*stays, *made])) == sorted(map(shapely.to_wkb, whole))
    assert list(map(shapely.to_wkb, clusters_of([shape, *others[::-1]]))) == list(map(shapely.to_wkb, whole))
    for i, one in enumerate(whole):
        assert not any(shapely.intersects(one, other) for other in whole[i + 1 :])
