"""The place join is exact: shapely on whole numbers for points, the ellipsoid for discs, and two engines that agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from truceline.assess.join import Join, Pairs, SortedRows
from truceline.space import Geometry

WEST, SOUTH, EAST, NORTH = 355_000_000, 320_000_000, 425_000_000, 375_000_000
Rings = NDArray[np.int64]
Points = NDArray[np.int64]
FULL = 1_000_000
GEOD = Geod(ellps="WGS84")


def same(a: Pairs, b: Pairs) -> None:
    """Pair for pair."""
    for one, other in ((a.row, b.row), (a.zone, b.zone), (a.value, b.value)):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)


def polygon(ring: Rings, *holes: Rings) -> Geometry:
    """A polygon on the grid."""
    return shapely.Polygon(ring.astype(float), [hole.astype(float) for hole in holes])


def star(rng: np.random.Generator, most: int = 60, size: int = 3_000_000) -> Geometry:
    """A star about some place: valid by its making, except where rounding folds it, which is drawn again."""
    while True:
        centre = np.array([rng.integers(WEST + size, EAST - size), rng.integers(SOUTH + size, NORTH - size)])
        n = int(rng.integers(3, most))
        angle = np.sort(rng.random(n)) * 2 * np.pi
        radius = size * (0.3 + 0.7 * rng.random(n))
        ring = np.round(np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None]).astype(np.int64)
        made = polygon(centre + ring, *([centre + ring // 3] if rng.random() < 0.3 else []))
        if shapely.is_valid(made) and shapely.area(made) > 0:
            return made


def stars(rng: np.random.Generator) -> list[Geometry]:
    """Overlapping zones, some with a hole, some of several parts."""
    made = [star(rng) for _ in range(60)]
    apart = [shapely.union_all([star(rng, size=500_000) for _ in range(6)], grid_size=1.0) for _ in range(10)]
    return made + apart


def lattice(rng: np.random.Generator) -> list[Geometry]:
    """Tiny zones whose vertices lie on the borders of cells, collinear as often as possible."""
    made: list[Geometry] = []
    while len(made) < 300:
        scale = int(rng.choice([1, 3, 100, 32_768, 65_536]))
        corner = np.array([WEST, SOUTH]) + (np.array([rng.integers(1, 1_000), rng.integers(1, 800)]) << 16)
        n = int(rng.integers(3, 12))
        angle = np.sort(rng.random(n)) * 2 * np.pi
        ring = np.round(np.stack([np.cos(angle), np.sin(angle)], 1) * rng.integers(2, 7, n)[:, None]).astype(np.int64)
        one = polygon(corner + ring * scale)
        if shapely.is_valid(one) and shapely.area(one) > 0:
            made.append(one)
    return made


def halves(rng: np.random.Generator) -> list[Geometry]:
    """Two zones that share one long noisy border."""
    x = np.linspace(WEST + 5e6, EAST - 5e6, 2_001).astype(np.int64)
    line = np.stack([x, 347_000_000 + rng.integers(-400_000, 400_000, len(x))], 1)
    top = np.array([[x[-1], NORTH - 1_000_000], [x[0], NORTH - 1_000_000]])
    bottom = np.array([[x[0], SOUTH + 1_000_000], [x[-1], SOUTH + 1_000_000]])
    return [polygon(np.vstack([line, top])), polygon(np.vstack([line[::-1], bottom]))]


def boxes(rng: np.random.Generator) -> list[Geometry]:
    """Rectangles along the axes, nested and side by side, with holes of one unit."""
    made = []
    for _ in range(100):
        x, y = int(rng.integers(WEST, EAST - 9_000_000)), int(rng.integers(SOUTH, NORTH - 9_000_000))
        w, h = int(rng.integers(2, 8_000_000)), int(rng.integers(2, 8_000_000))
        ring = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
        hole = np.array([[x + 1, y + 1], [x + 2, y + 1], [x + 2, y + 2], [x + 1, y + 2]])
        made.append(polygon(ring, *([hole] if w > 3 and h > 3 else [])))
    return made


SETS: dict[str, Callable[[np.random.Generator], list[Geometry]]] = {
    "stars": stars, "lattice": lattice, "halves": halves, "boxes": boxes,
}  # fmt: skip
SHIFTS = (12, 14, 16, 19)


def probes(shapes: list[Geometry], shift: int, rng: np.random.Generator, n: int) -> Points:
    """Where a join goes wrong, if it does: vertices, edges, one unit off, level with a vertex, borders of cells."""
    lines = shapely.get_parts(shapely.get_parts(shapely.boundary(np.array(shapes, object))))
    at = np.concatenate([shapely.get_coordinates(line)[:-1] for line in lines]).astype(np.int64)
    to = np.concatenate([shapely.get_coordinates(line)[1:] for line in lines]).astype(np.int64)
    chosen = rng.integers(0, len(at), max(n // 12, 1))
    a, b = at[chosen], to[chosen]
    divisor = np.maximum(np.gcd(*np.abs(b - a).T), 1)[:, None]
    on_edge = a + (b - a) // divisor * rng.integers(0, divisor + 1)
    close = np.round(a + (b - a) * rng.random((len(a), 1))).astype(np.int64)
    level = a + np.stack([rng.integers(-3_000_000, 3_000_000, len(a)), np.zeros(len(a), np.int64)], 1)
    above = a + np.stack([np.zeros(len(a), np.int64), rng.integers(-3_000_000, 3_000_000, len(a))], 1)
    free = np.stack([rng.integers(WEST, EAST, 2 * len(a)), rng.integers(SOUTH, NORTH, 2 * len(a))], 1)
    corner = np.array([at[:, 0].min() - 4, at[:, 1].min() - 4])
    border = corner + (((free[: len(a)] - corner) >> shift) << shift)
    near = a + rng.integers(-6, 7, a.shape) * rng.choice([1, 3, 100, 32_768], (len(a), 1))
    units = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    off = close + units[rng.integers(0, 4, len(close))]
    made = np.concatenate([a, on_edge, close, off, level, above, free, border, border - [1, 0], border - [0, 1], near])
    return made[:n]


def located_by_shapely(shapes: list[Geometry], lon: NDArray[np.int32], lat: NDArray[np.int32]) -> Pairs:
    """The oracle: candidates of a tree, `intersects_xy`, and `contains_xy` for what is not on the edge."""
    geometries = np.array(shapes, object)
    shapely.prepare(geometries)
    x, y = lon.astype(float), lat.astype(float)
    row, zone = shapely.STRtree(geometries).query(shapely.points(x, y))
    meets = shapely.intersects_xy(geometries[zone], x[row], y[row])
    inside = shapely.contains_xy(geometries[zone], x[row], y[row])
    order = np.lexsort([zone[meets], row[meets]])
    return Pairs(
        row[meets][order].astype(np.int64),
        zone[meets][order].astype(np.int32),
        inside[meets][order].astype(np.int8),
    )


def check_points(name: str, shift: int, seed: int, n: int) -> int:
    """One suite; gives how many points were on an edge."""
    rng = np.random.default_rng([seed, shift])
    shapes = SETS[name](rng)
    lon, lat = probes(shapes, shift, rng, n).astype(np.int32).T
    lon, lat = np.ascontiguousarray(lon), np.ascontiguousarray(lat)
    expected = located_by_shapely(shapes, lon, lat)
    same(Join(shapes, engine="numba", shift=shift).locate(lon, lat), expected)
    return int((expected.value == 0).sum())


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("name", SETS)
def test_points_are_where_shapely_says(name: str, shift: int) -> None:
    """Sixteen suites: vertices, edges, one unit off, borders of cells, holes, lattices."""
    assert check_points(name, shift, 1, 20_000) > 500


@pytest.mark.long
@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("name", SETS)
def test_a_million_points_are_where_shapely_says(name: str, shift: int) -> None:
    """The same sixteen suites with a million probes each."""
    assert check_points(name, shift, 2, FULL) > 20_000


# -- discs, limits, and everything odd -------------------------------------------------------------------------------

needs_numba = pytest.mark.skipif(
    find_spec("numba") is None, reason="numba is not installed: pip install truceline[fast]"
)
RADII = (0, 1, 30, 250, 1_000, 2_000, 5_000, 25_000, 100_000)
METRES = 0.0112
"""A unit of 1e-7 degree is nowhere longer."""

Discs = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def both(
    shapes: Sequence[Geometry | None], *columns: NDArray[Any], ask: str, rows: int = FULL, shift: int | None = None
) -> Pairs:
    """What both engines say; they say the same."""
    found = getattr(Join(shapes, engine="numba", rows=rows, shift=shift), ask)(*columns)
    same(found, getattr(Join(shapes, engine="numpy"), ask)(*columns))
    assert isinstance(found, Pairs)
    return found


def discs(shapes: list[Geometry], radii: NDArray[np.int32], rng: np.random.Generator, *, by: int = 5) -> Discs:
    """Discs anywhere, about vertices, and about places whose distance to a vertex is the radius and up to 5 m."""
    n = len(radii)
    corner = shapely.get_coordinates(np.array(shapes, object))
    at = corner[rng.integers(0, len(corner), n)]
    kind = rng.integers(0, 4, n)
    away = np.where(kind == 0, 0.0, radii + rng.integers(-by, by + 1, n) + np.where(kind == 1, 1.0, 0.0))
    x, y, _ = GEOD.fwd(at[:, 0] / 1e7, at[:, 1] / 1e7, rng.uniform(0, 360, n), np.abs(away))
    x = np.where(kind == 3, rng.integers(WEST, EAST, n), x * 1e7)
    y = np.where(kind == 3, rng.integers(SOUTH, NORTH, n), y * 1e7)
    lon, lat = np.round(x).astype(np.int32), np.round(y).astype(np.int32)
    return lon, lat, radii.astype(np.int32)


@needs_numba
@pytest.mark.parametrize("radius", RADII)
def test_both_engines_judge_discs_alike(radius: int) -> None:
    """Every class of radii, about vertices and at the radius and a few metres from them."""
    rng = np.random.default_rng([7, radius])
    shapes = stars(rng)
    found = both(shapes, *discs(shapes, np.full(1_500, radius), rng), ask="judge")
    assert (found.value == 0).sum() > 100


@needs_numba
@pytest.mark.parametrize("shift", (None, *(pytest.param(shift, marks=pytest.mark.long) for shift in (16, 18, 21, 25))))
def test_the_size_of_cells_decides_nothing_about_discs(shift: int | None) -> None:
    """Coarse or fine, one class of radii or many: the same pairs."""
    rng = np.random.default_rng(8)
    shapes = [*stars(rng)[:20], *boxes(rng)[:20], *lattice(rng)[:20]]
    for radii in (rng.choice(RADII[:7], 3_000), np.minimum(rng.exponential(2_500, 3_000), 20_000)):
        both(shapes, *discs(shapes, radii.astype(np.int32), rng), ask="judge", shift=shift)


@needs_numba
def test_order_threads_and_batches_decide_nothing() -> None:
    """Shuffled rows give the same pairs of the same rows; so do two threads, and rows asked piece by piece."""
    rng = np.random.default_rng(9)
    shapes = stars(rng)
    lon, lat, radius = discs(shapes, rng.choice(RADII[:8], 20_000).astype(np.int32), rng)
    for ask, columns in (("judge", (lon, lat, radius)), ("locate", (lon, lat))):
        whole = getattr(Join(shapes, engine="numba"), ask)(*columns)
        same(getattr(Join(shapes, engine="numba", threads=2), ask)(*columns), whole)
        join = Join(shapes, engine="numba", rows=100)
        parts = [
            (at, getattr(join, ask)(*(column[at : at + 700] for column in columns))) for at in range(0, 20_000, 700)
        ]
        same(Pairs.joined([Pairs(part.row + at, part.zone, part.value) for at, part in parts]), whole)
        order = rng.permutation(len(lon))
        moved = getattr(join, ask)(*(column[order] for column in columns))
        back = np.lexsort([moved.zone, order[moved.row]])
        same(Pairs(order[moved.row], moved.zone, moved.value).take(back), whole)


@needs_numba
@pytest.mark.parametrize("lat_deg", (-84, -60, 0, 60, 80, 84))
def test_both_engines_agree_at_every_latitude(lat_deg: int) -> None:
    """Near the poles a degree of longitude is short, and its length changes fast."""
    rng = np.random.default_rng([10, lat_deg + 90])
    middle = np.array([100_000_000, lat_deg * 10_000_000])
    made = [middle + rng.integers(-9_000_000, 9_000_000, 2) for _ in range(12)]
    square = np.array([[0, 0], [900_000, 100_000], [800_000, 900_000], [-100_000, 700_000]])
    shapes = [polygon(corner + square) for corner in made]
    lon, lat = (middle + rng.integers(-20_000_000, 20_000_000, (3_000, 2))).astype(np.int32).T
    both(shapes, lon.copy(), lat.copy(), rng.choice(RADII, 3_000).astype(np.int32), ask="judge")


@needs_numba
def test_discs_reach_over_the_antimeridian() -> None:
    """A zone on one side of the map is near to a disc on the other; both engines know it."""
    east = polygon(
        np.array([[1_790_000_000, 0], [1_799_999_990, 0], [1_799_999_990, 9_000_000], [1_790_000_000, 9_000_000]])
    )
    west = polygon(np.array([[-1_799_999_990, 0], [-1_790_000_000, 0], [-1_795_000_000, 9_000_000]]))
    rng = np.random.default_rng(11)
    side = rng.choice([-1, 1], 2_000)
    lon = (side * (1_800_000_000 - rng.integers(0, 3_000_000, 2_000))).astype(np.int32)
    lat = rng.integers(-1_000_000, 10_000_000, 2_000).astype(np.int32)
    radius = rng.choice(RADII, 2_000).astype(np.int32)
    found = both([east, west], lon, lat, radius, ask="judge")
    assert set(zip((side[found.row] > 0).tolist(), found.zone.tolist(), strict=True)) == {
        (True, 0), (False, 1), (True, 1), (False, 0),
    }  # fmt: skip


@needs_numba
def test_zones_around_the_whole_world_are_located() -> None:
    """Coordinates 360 degrees apart do not run out of bits."""
    ring = np.array([[0, 0], [5_000_000, 100_000], [4_000_000, 6_000_000], [100_000, 5_000_000]])
    corners = [[-1_799_000_000, -800_000_000], [1_790_000_000, 700_000_000], [0, 0], [1_200_000_000, -400_000_000]]
    shapes = [polygon(np.array(corner) + ring) for corner in corners]
    lon, lat = probes(shapes, 16, np.random.default_rng(12), 8_000).astype(np.int32).T
    for shift in (14, None):
        assert len(both(shapes, lon.copy(), lat.copy(), ask="locate", shift=shift)) > 1_000


def far_from_limit(shape: Geometry, discs: Discs, *, every: int = 40) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows, and for each the geodesic distance of its centre to the nearest of many points of the edge.

    Both ends of `every` pieces of each edge are measured, so that the true distance is at most half a piece less.
    """
    lines = shapely.get_parts(shapely.boundary(shape))
    dense = [
        np.concatenate([a + (b - a) * np.linspace(0, 1, every + 1)[:, None] for a, b in pairwise(line)])
        for line in (shapely.get_coordinates(one) for one in lines)
    ]
    edge = np.concatenate(dense) / 1e7
    least = np.full(len(discs[0]), np.inf)
    for row, (lon, lat) in enumerate(zip(discs[0] / 1e7, discs[1] / 1e7, strict=True)):
        _, _, metres = GEOD.inv(np.full(len(edge), lon), np.full(len(edge), lat), edge[:, 0], edge[:, 1])
        least[row] = metres.min()
    return np.arange(len(least)), least


def check_geodesic(n: int, seed: int, engine: str) -> int:
    """Discs against pyproj; gives how many were decided."""
    rng = np.random.default_rng(seed)
    decided = 0
    for shape in [star(rng, most=12, size=400_000) for _ in range(4)]:
        asked = discs([shape], rng.choice(RADII[:7], n // 4).astype(np.int32), rng, by=60)
        found = Join([shape], engine=engine).judge(*asked)
        said = np.full(len(asked[0]), -1)
        said[found.row] = found.value
        _, metres = far_from_limit(shape, asked)
        piece = 2 * 400_000 / 40 * METRES  # no edge is longer than the star is wide
        near, clear = metres < asked[2], metres > asked[2] + 2 + piece
        inside = shapely.contains_xy(shape, asked[0].astype(float), asked[1].astype(float))
        assert (said[near] == 0).all()
        assert (said[clear] == np.where(inside, 1, -1)[clear]).all()
        decided += int((near | clear).sum())
    return decided


@pytest.mark.parametrize("engine", ("numpy", pytest.param("numba", marks=needs_numba)))
def test_discs_are_where_the_ellipsoid_says(engine: str) -> None:
    """Beyond the band of a metre, and of what densifying an edge leaves open, pyproj says the same."""
    assert check_geodesic(400, 13, engine) > 200


@pytest.mark.long
@needs_numba
def test_many_discs_are_where_the_ellipsoid_says() -> None:
    """The same for 10^5 discs."""
    assert check_geodesic(100_000, 14, "numba") > 50_000


@needs_numba
def test_thousands_of_zones_on_one_cell() -> None:
    """More entries in a cell than rows in a block: nothing is lost, in order."""
    square = polygon(np.array([[WEST, SOUTH], [WEST + 999, SOUTH], [WEST + 999, SOUTH + 999], [WEST, SOUTH + 999]]))
    shapes = [square] * 5_000
    lon = np.array([WEST + 5, WEST, WEST + 5_000_000, WEST + 500], np.int32)
    lat = np.full(4, SOUTH + 7, np.int32)
    found = both(shapes, lon, lat, ask="locate")
    assert len(found) == 15_000
    assert np.array_equal(found.zone[:5_000], np.arange(5_000))
    assert (found.value == np.repeat([1, 0, 1], 5_000)).all()
    ten = np.full(4, 10, np.int32)
    judged = Join(shapes, engine="numba").judge(lon, lat, ten)
    few = both(shapes[:10], lon, lat, ten, ask="judge")
    assert np.array_equal(judged.row, np.repeat(few.row, 500))
    assert np.array_equal(judged.value, np.repeat(few.value, 500))


@needs_numba
def test_altitude_and_time_are_limits() -> None:
    """Both ends of a band count, the second after a span does not; the rows are the same in every store."""
    rng = np.random.default_rng(15)
    shapes: list[Geometry | None] = [*stars(rng), None, shapely.MultiPolygon([])]
    low = rng.integers(-100, 100, len(shapes))
    start = rng.integers(-50, 50, len(shapes))
    bands, spans = np.stack([low, low + 60], 1), np.stack([start, start + 40], 1)
    lon, lat = rng.integers(WEST, EAST, 4_000).astype(np.int32), rng.integers(SOUTH, NORTH, 4_000).astype(np.int32)
    altitude, time = rng.integers(-150, 200, 4_000).astype(np.int16), rng.integers(-80, 120, 4_000)
    found = Join(shapes, bands, spans, engine="numba").locate(lon, lat, altitude, time)
    same(Join(shapes, bands, spans, engine="numpy").locate(lon, lat, altitude, time), found)
    free = Join(shapes, engine="numpy").locate(lon, lat)
    inside = (altitude[free.row] >= low[free.zone]) & (altitude[free.row] <= low[free.zone] + 60)
    then = (time[free.row] >= start[free.zone]) & (time[free.row] < start[free.zone] + 40)
    same(free.take(np.flatnonzero(inside & then)), found)
    store = SortedRows(lon, lat, altitude, time)
    for engine in ("numba", "numpy"):
        kept = Join(shapes, bands, spans, engine=engine).locate_sorted(store)
        same(kept.take(np.lexsort((kept.zone, kept.row))), found)


@needs_numba
@pytest.mark.parametrize("name", SETS)
def test_sorted_rows_give_the_same_pairs(name: str) -> None:
    """Cell by cell, also for zones that lie partly or wholly beside the cells of the rows."""
    rng = np.random.default_rng(16)
    shapes = SETS[name](rng)
    lon, lat = probes(shapes, 14, rng, 20_000).astype(np.int32).T
    west = lon < np.median(lon)
    for some in (np.ones(len(lon), bool), west, west & (lat > np.median(lat)), np.arange(len(lon)) == 5):
        x, y = np.ascontiguousarray(lon[some]), np.ascontiguousarray(lat[some])
        kept = Join(shapes, engine="numba").locate_sorted(SortedRows(x, y))
        same(kept.take(np.lexsort((kept.zone, kept.row))), Join(shapes, engine="numba").locate(x, y))


@pytest.mark.parametrize("engine", ("numpy", pytest.param("numba", marks=needs_numba)))
def test_nothing_is_found_where_nothing_is(engine: str) -> None:
    """No rows, no zones, zones without area, rows far away: no pairs, and nobody minds."""
    one, none = np.array([WEST], np.int32), np.empty(0, np.int32)
    square = polygon(np.array([[0, 0], [9, 0], [9, 9], [0, 9]]))
    for shapes in ([], [None], [shapely.Polygon()], [square]):
        join = Join(shapes, engine=engine)
        for lon in (one, none, np.array([-(2**31)], np.int32), np.array([2**31 - 1], np.int32)):
            same(join.locate(lon, lon), Pairs.none())
            same(join.judge(lon, lon, np.zeros(len(lon), np.int32)), Pairs.none())
            same(join.locate_sorted(SortedRows(lon, lon)), Pairs.none())


@pytest.mark.parametrize("engine", ("numpy", pytest.param("numba", marks=needs_numba)))
def test_columns_are_cast_or_refused(engine: str) -> None:
    """Wider whole numbers that fit are taken, also with gaps between them; what does not fit is refused."""
    join = Join([polygon(np.array([[0, 0], [90, 0], [90, 90], [0, 90]]))], engine=engine)
    long = np.array([5, 7, 200], np.int64)
    same(join.locate(long, long), join.locate(long.astype(np.int32), long.astype(np.int32)))
    wide = np.stack([long, long], 1)
    same(join.judge(wide[:, 0], wide[:, 1], np.zeros(3, np.uint8)), join.judge(long, long, np.zeros(3, np.int64)))
    for columns, message in (
        ((long + 2**32, long), "within int32"),
        ((long.astype(float), long), "whole numbers"),
        ((long, long[:2]), "one length"),
        ((long, long, long + 40_000), "within int16"),
    ):
        with pytest.raises(ValueError, match=message):
            join.locate(*columns)
    for radius in (-1, 2_000_001):
        with pytest.raises(ValueError, match="radii"):
            join.judge(long, long, np.array([0, radius, 0]))


@needs_numba
def test_zones_with_very_long_edges_are_left_to_numpy() -> None:
    """Products of their extents would not fit in 64 bits."""
    big = polygon(np.array([[-1_700_000_000, -10], [1_700_000_000, 0], [0, 500_000_000]]))
    lon = np.array([0, 1_600_000_000, 0], np.int32)
    assert Join([big], engine="numba").locate(lon, np.array([5, 1, -100_000_000], np.int32)).row.tolist() == [0, 1]


def test_large_discs_are_judged_too() -> None:
    """Up to 2,000 km: no grid has them."""
    shapes = stars(np.random.default_rng(17))[:3]
    lon, lat = np.array([WEST, -WEST], np.int32), np.array([SOUTH, SOUTH], np.int32)
    found = Join(shapes).judge(lon, lat, np.full(2, 2_000_000, np.int32))
    assert found.row.tolist() == [0, 0, 0]
    assert (found.value == 0).all()
