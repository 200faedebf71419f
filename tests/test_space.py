"""Places: discs against `pyproj.Geod`, shapes against shapely in a plane, units by code, strips beside a line."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer

from tests.assess.oracle import GEOD, disc_value, drawn, edge_distance_m, metres, random_disc, random_polygon
from truceline.agreement.model import Zone
from truceline.areas import Gazetteer, Unit
from truceline.assess.place import Placed
from truceline.atlas import Atlas
from truceline.errors import InputError
from truceline.space import (
    NOWHERE,
    Floats,
    Geometry,
    Region,
    beside_line,
    checked_polygon,
    disc,
    distance_m,
    geodesic_m,
    in_degrees,
    on_grid,
    outline,
    quantise,
)
from truceline.verdict import Reason

SQUARE = shapely.box(36.0, 35.0, 37.0, 36.0)
WITH_HOLE = shapely.difference(SQUARE, shapely.box(36.4, 35.4, 36.6, 35.6))
EAST = shapely.box(37.0, 35.0, 38.0, 36.0)


def value(placed: Placed, region: Region, *zones: str) -> int:
    """The answer alone."""
    return placed.compare(region, zones).value


def centred(rng: np.random.Generator) -> tuple[Geometry, float]:
    """A random polygon at a latitude of the range that is promised."""
    lat = float(rng.choice([-70, -45, -20, 0, 15, 35, 52, 70]) + rng.uniform(-1, 1) * 0.9)
    lon = float(rng.uniform(-60, 60))
    return random_polygon(rng, lon, lat, float(rng.choice([800, 20_000, 300_000]))), lat


def check_discs(seed: int, polygons: int, discs: int) -> int:
    """Ask for discs near polygons and compare with the oracle; gives the number that had a sign or a sure 0."""
    rng = np.random.default_rng(seed)
    decided = 0
    for _ in range(polygons):
        shape, _ = centred(rng)
        try:
            placed = drawn({"z": shape})
        except InputError:
            continue  # rounding to the grid made it touch itself
        grid = in_degrees(placed.atlas.shapes["z"])
        for _ in range(discs):
            region = random_disc(rng, grid)
            expected = disc_value(grid, region)
            decided += expected is not None
            got = value(placed, region, "z")
            assert expected is None or got == expected, (seed, shapely.to_wkt(grid, rounding_precision=7), region)
    return decided


@pytest.mark.parametrize("seed", range(6))
def test_discs_equal_the_geodesic_oracle(seed: int) -> None:
    """A sign means that every metre of the disc is where it says; within 1 m of an edge nobody decides."""
    assert check_discs(seed, 12, 10) > 60


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_discs_equal_the_geodesic_oracle(seed: int) -> None:
    """The same for thousands of discs."""
    assert check_discs(seed, 60, 20) > 800


@pytest.mark.parametrize(
    "point", [(36.0, 35.0), (36.5, 35.0), (37.0, 36.0), (36.4, 35.4), (36.5, 35.4), (36.0, 35.123)]
)
@pytest.mark.parametrize("radius_m", [0, 1, 5_000])
def test_a_point_on_the_border_is_unknown(point: tuple[float, float], radius_m: int) -> None:
    """On the border a place is on neither side."""
    assert drawn({"z": WITH_HOLE}).compare(disc(*point, radius_m), ("z",)).reasons == (Reason.PLACE,)


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (disc(36.2, 35.2, 1_000), 1), (disc(36.5, 35.5, 1_000), -1), (disc(36.5, 35.5, 30_000), 0),
        (disc(36.2, 35.2, 400_000), 0), (disc(30.0, 35.2, 1_000), -1), (Region("outside"), -1), (NOWHERE, 0),
    ],
)  # fmt: skip
def test_discs_inside_outside_in_the_hole_and_around_everything(region: Region, expected: int) -> None:
    """A hole is outside; a disc that swallows the hole or the zone is neither."""
    assert value(drawn({"z": WITH_HOLE}), region, "z") == expected


def test_two_adjoining_zones_are_united_before_judging() -> None:
    """An imprecise place across the common border is surely in one of the two."""
    placed, across = drawn({"w": SQUARE, "e": EAST}), disc(37.0, 35.5, 5_000)
    assert [value(placed, across, *zones) for zones in (("w",), ("e",), ("w", "e"))] == [0, 0, 1]
    assert value(placed, disc(37.0, 35.0, 5_000), "w", "e") == 0


def test_a_disc_over_the_antimeridian_is_not_surely_outside() -> None:
    """The zone begins 11 m to the east of the centre; the map's edge is no edge of the earth."""
    placed = drawn({"z": shapely.box(-180.0, -1.0, -179.0, 1.0)})
    assert value(placed, disc(179.9999, 0.0, 5_000), "z") == 0


# -- units by code ---------------------------------------------------------------------------------------------------


def units() -> Placed:
    """A country of two governorates, one with two districts; drawn zones and units of another list beside them."""
    book = [
        Unit("C", 0, "", "a"), Unit("W", 1, "C", "a"), Unit("E", 1, "C", "a"), Unit("WN", 2, "W", "a"),
        Unit("WS", 2, "W", "a"), Unit("ALIEN", 2, "GONE", "b"), Unit("WEST", 1, "C", "b"),
    ]  # fmt: skip
    shapes = {
        "C": shapely.union(SQUARE, EAST), "W": SQUARE, "E": EAST, "WN": shapely.box(36, 35.5, 37, 36),
        "WS": shapely.box(36, 35, 37, 35.5), "ALIEN": shapely.box(36.2, 35.2, 36.4, 35.4), "WEST": SQUARE,
        "spot": shapely.box(36.7, 35.7, 36.8, 35.8), "far": shapely.box(40, 35, 41, 36),
    }  # fmt: skip
    gazetteer = Gazetteer(book, same_as={"WEST": "W"})
    atlas = Atlas(gazetteer, {gazetteer.code(k): checked_polygon(s, k) for k, s in shapes.items()})
    zones = {u.code: Zone(u.code, 0, codes=(u.code,)) for u in book}
    zones |= {key: Zone(key, 0, annex=(key,)) for key in ("spot", "far")}
    zones["both"] = Zone("both", 0, codes=("W",), annex=("far",))
    zones["w-or-far"] = Zone("w-or-far", 0, parts=("W", "far"))
    zones["w-or-e"] = Zone("w-or-e", 0, parts=("W", "E"))
    zones["secret"] = Zone("secret", 0, is_withheld=True)
    zones["w-or-secret"] = Zone("w-or-secret", 0, parts=("W", "secret"))
    zones["lost"] = Zone("lost", 0, annex=("no-such-shape",))
    return Placed(zones, atlas)


UNITS = units()


@pytest.mark.parametrize(
    ("area", "zone", "expected"),
    [
        ("W", "W", 1), ("WN", "W", 1), ("W", "WN", 0), ("W", "E", -1), ("WN", "WS", -1), ("WN", "C", 1), ("C", "E", 0),
        ("WEST", "W", 1), ("WN", "WEST", 1), ("ALIEN", "W", 1), ("ALIEN", "E", -1), ("ALIEN", "WN", -1),
        ("WS", "ALIEN", 0),
        ("W", "spot", 0), ("WN", "spot", 0), ("E", "spot", -1), ("W", "far", -1), ("NOBODY", "W", 0), ("W", "lost", 0),
        ("W", "w-or-e", 1), ("C", "w-or-e", 0), ("WN", "w-or-secret", 1), ("E", "w-or-secret", 0),
    ],
)  # fmt: skip
def test_named_areas_compare_by_code_and_by_shape_between_lists(area: str, zone: str, expected: int) -> None:
    """Inside one list the code decides; between lists, and for drawn zones, the drawn edge."""
    assert value(UNITS, Region("area", areas=(area,)), zone) == expected


@pytest.mark.parametrize(("area", "expected"), [("W", 1), ("E", -1)])
def test_a_union_of_a_unit_and_a_drawn_zone_still_compares_by_code(area: str, expected: int) -> None:
    """A unit lies in itself, whatever else is united with it; its neighbour does not."""
    assert value(UNITS, Region("area", areas=(area,)), "w-or-far") == expected


def test_a_zone_of_a_unit_and_a_drawn_shape_holds_both() -> None:
    """The text lists two; dropping one silently turns a covered place into one not covered."""
    assert value(UNITS, disc(36.5, 35.5, 100), "both") == 1
    assert value(UNITS, Region("area", areas=("W",)), "both") == 1


def test_a_withheld_zone_is_unknown_for_that_reason_even_from_the_sea() -> None:
    """Where nobody published the map nobody can be told that he was outside it."""
    for region in (disc(36.5, 35.5, 10), Region("outside"), NOWHERE, Region("area", areas=("E",))):
        assert UNITS.compare(region, ("secret",)).reasons == (Reason.WITHHELD_TEXT,)
    assert value(UNITS, disc(36.5, 35.5, 10), "w-or-secret") == 1


def test_several_units_are_alternatives() -> None:
    """A name that fits two units decides only what is the same in both."""
    assert value(UNITS, Region("area", areas=("WN", "WS")), "W") == 1
    assert value(UNITS, Region("area", areas=("WN", "E")), "W") == 0
    assert value(UNITS, Region("area", areas=("WN", "WS")), "E") == -1


# -- cut to the country ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "zone", "cut", "uncut"),
    [
        (disc(36.05, 35.75, 10_000), "WN", 1, 0),  # across the outer border, which is the zone's too
        (disc(38.05, 35.5, 10_000), "W", -1, -1), (disc(38.05, 35.5, 10_000), "E", 1, 0),
        (disc(37.0, 35.5, 5_000), "W", 0, 0), (disc(39.0, 35.5, 5_000), "E", 0, -1),
        (disc(37.0, 35.5, 300_000), "C", 1, 0),
        (disc(36.05, 35.75, 10_000), "spot", -1, -1), (disc(39.9, 35.5, 20_000), "far", 0, 0),
    ],
)  # fmt: skip
def test_a_disc_is_cut_to_the_stated_country(region: Region, zone: str, cut: int, uncut: int) -> None:
    """A report that says *in this country* cannot mean the other side of its border."""
    assert value(UNITS, replace(region, country="C"), zone) == cut
    assert value(UNITS, region, zone) == uncut


@pytest.mark.parametrize("seed", range(3))
def test_the_cut_only_ever_decides_and_never_reverses(seed: int) -> None:
    """Stating the country narrows a region: a 0 may become a sign, and no sign the other."""
    rng = np.random.default_rng(seed)
    for _ in range(150):
        region = disc(rng.uniform(35.8, 38.2), rng.uniform(34.8, 36.2), int(rng.choice([0, 500, 5_000, 40_000])))
        for zone in ("W", "E", "WN", "spot"):
            uncut, cut = value(UNITS, region, zone), value(UNITS, replace(region, country="C"), zone)
            inside = shapely.intersects(
                shapely.union(SQUARE, EAST), shapely.Point((region.lon_e7 or 0) / 1e7, (region.lat_e7 or 0) / 1e7)
            )
            assert uncut in (0, cut) or not inside, (region, zone)


# -- lines, sectors, hulls -------------------------------------------------------------------------------------------


def plane(shape: Geometry, lon: float, lat: float) -> Geometry:
    """A shape in metres around a place: azimuthal equidistant, edges densified first."""
    crs = CRS.from_proj4(f"+proj=aeqd +lat_0={lat} +lon_0={lon} +ellps=WGS84")
    there = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    dense = shapely.segmentize(shape, 0.001)
    return shapely.transform(dense, lambda xy: np.stack(there.transform(xy[:, 0], xy[:, 1]), axis=-1))


def planar_value(region: Geometry, zone: Geometry, slack_m: float) -> int | None:
    """What shapely says in the plane; None nearer to the edge than the slack."""
    gap = shapely.distance(shapely.boundary(zone), region)
    if shapely.dwithin(shapely.boundary(zone), region, 0.0):
        inner = shapely.intersection(region, shapely.buffer(shapely.boundary(zone), slack_m))
        deep = shapely.difference(region, shapely.buffer(zone, slack_m))
        held = shapely.intersection(region, shapely.buffer(zone, -slack_m))
        return 0 if not shapely.is_empty(deep) and not shapely.is_empty(held) and not shapely.is_empty(inner) else None
    if gap < 1 + slack_m:
        return None
    return 1 if shapely.covers(zone, region) else -1


def sector_in_plane(near_m: float, far_m: float, first: float, last: float) -> Geometry:
    """An annular sector about the origin of the plane: bearings and ranges are true there."""
    bearing = np.radians(np.linspace(first, last, 721))
    arc = np.stack([np.sin(bearing), np.cos(bearing)], axis=1)
    return shapely.Polygon(np.vstack([arc * far_m, arc[::-1] * near_m if near_m else [[0.0, 0.0]]]))


@pytest.mark.parametrize("seed", range(4))
def test_sectors_equal_shapely_in_a_plane(seed: int) -> None:
    """An observer's range and bearing is everywhere between both ranges and both bearings."""
    rng = np.random.default_rng(seed)
    counts = {1: 0, -1: 0, 0: 0}
    for _ in range(60):
        lat, lon = float(rng.uniform(-60, 60)), float(rng.uniform(-50, 50))
        size = float(rng.choice([1_500, 6_000]))
        zone = random_polygon(
            rng, lon + rng.uniform(-1, 1) * size / 80_000, lat + rng.uniform(-1, 1) * size / 111_000, size
        )
        first, near = float(rng.uniform(0, 360)), int(rng.choice([0, 200, 900]))
        last, far = first + float(rng.uniform(2, 170)), near + int(rng.uniform(50, 2_500))
        post = quantise(lon, lat)
        region = Region("sector", *post, near_m=near, far_m=far, from_deg=first, to_deg=last)
        expected = planar_value(sector_in_plane(near, far, first, last), plane(zone, post[0] / 1e7, post[1] / 1e7), 1.0)
        if expected is not None:
            got = value(drawn({"z": zone}), region, "z")
            assert got == expected, (seed, region, shapely.to_wkt(zone, rounding_precision=7))
            counts[got] += 1
    assert min(counts.values()) > 0


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_hulls_and_lines_equal_shapely_in_a_plane(seed: int) -> None:
    """*Between X and Y* is the hull of both discs; a road is its line."""
    rng = np.random.default_rng(seed)
    counts = {1: 0, -1: 0, 0: 0}
    for _ in range(60 if seed else 30):
        lat, lon, size = float(rng.uniform(-60, 60)), float(rng.uniform(-50, 50)), float(rng.choice([3_000, 12_000]))
        zone = random_polygon(rng, lon + rng.uniform(-1, 1) * size / 80_000, lat, size)
        a = quantise(lon, lat)
        b = quantise(lon + rng.uniform(-1, 1) * 0.02, lat + rng.uniform(-1, 1) * 0.02)
        radius = int(rng.choice([100, 700]))
        ends = [plane(shapely.Point(p[0] / 1e7, p[1] / 1e7), a[0] / 1e7, a[1] / 1e7) for p in (a, b)]
        hull = shapely.convex_hull(shapely.MultiPolygon([shapely.buffer(e, radius, quad_segs=180) for e in ends]))
        road = plane(shapely.LineString(np.array([a, b]) / 1e7), a[0] / 1e7, a[1] / 1e7)
        for kind, shape in (("hull", hull), ("line", road)):
            region = Region(kind, radius_m=radius if kind == "hull" else 0, points_e7=(*a, *b))
            expected = planar_value(shape, plane(zone, a[0] / 1e7, a[1] / 1e7), 1.5)
            if expected is not None:
                got = value(drawn({"z": zone}), region, "z")
                assert got == expected, (seed, region, shapely.to_wkt(zone, rounding_precision=7))
                counts[got] += 1
    assert min(counts.values()) > 0


def test_a_sector_across_north_is_the_narrow_one() -> None:
    """*From 350 to 10 degrees, clockwise* is 20 degrees wide, as the doc of `Region` says."""
    over = Region("sector", *quantise(36.5, 35.5), near_m=100, far_m=1_000, from_deg=350.0, to_deg=10.0)
    plain = replace(over, to_deg=370.0)
    a, b = outline(over), outline(plain)
    assert a is not None
    assert b is not None
    assert shapely.area(shapely.symmetric_difference(a, b)) < 1e-6 * shapely.area(b)


def test_shapes_are_cut_to_the_country_without_failing() -> None:
    """Hulls, sectors and lines that cross or only touch the border give an answer, never an error."""
    rng = np.random.default_rng(5)
    for _ in range(40):
        a = quantise(36.0 + rng.uniform(-0.05, 0.05), 35.2 + rng.uniform(-0.1, 0.1))
        b = quantise(36.0 + rng.uniform(-0.05, 0.05), 35.2 + rng.uniform(-0.1, 0.1))
        shapes = [
            Region("hull", radius_m=500, points_e7=(*a, *b)), Region("hull", radius_m=0, points_e7=(*a, *a)),
            Region("line", points_e7=(*a, *b)), Region("line", points_e7=(360000000, 352000000, 360000000, 353000000)),
            Region("line", points_e7=(360000000, 352000000, 359000000, 352000000)),
            Region("sector", *a, near_m=100, far_m=4_000, from_deg=10.0, to_deg=100.0),
            Region("hull", radius_m=0, points_e7=(*a, *b)),
        ]  # fmt: skip
        for region in shapes:
            for zone in ("W", "E", "WS", "spot"):
                uncut, cut = value(UNITS, region, zone), value(UNITS, replace(region, country="C"), zone)
                assert not {uncut, cut} >= {1, -1}, (region, zone)


# -- strips beside a line --------------------------------------------------------------------------------------------

ROAD = np.array([[37.10, 36.24], [37.13, 36.245], [37.16, 36.238], [37.19, 36.25]])


def widths(points: Floats, strip: Geometry, side: str) -> Floats:
    """Geodesic distances from the line to the far edge of a strip, along the normal at the middles of its pieces."""
    found = []
    edge = shapely.boundary(in_degrees(strip))
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        lon, lat = (x1 + x2) / 2, (y1 + y2) / 2
        along, _, _ = GEOD.inv(x1, y1, x2, y2)
        normal = next(b for b in (along + 90, along - 90) if (math.cos(math.radians(b)) > 0) == (side == "north"))
        ray = [GEOD.fwd(lon, lat, normal, d)[:2] for d in np.linspace(5, 20_000, 4_000)]
        hit = shapely.intersection(edge, shapely.LineString(ray))
        nearest = min(float(metres(x, y, lon, lat)[0]) for x, y in shapely.get_coordinates(hit))
        found.append(nearest)
    return np.array(found)


@pytest.mark.parametrize("within_m", [500, 1_000, 2_500, 3_500])
@pytest.mark.parametrize("side", ["north", "south"])
def test_a_strip_is_as_wide_as_the_text_says(side: str, within_m: int) -> None:
    """1,000 m north of the road are 1,000 m, to the metre, measured on the ellipsoid."""
    assert np.abs(widths(ROAD, beside_line(ROAD, side, within_m), side) - within_m).max() < 1.0


@pytest.mark.parametrize("within_m", [500, 3_500])
def test_the_strips_of_both_sides_touch_along_the_line_and_do_not_overlap(within_m: int) -> None:
    """North and south of a road meet on it; nobody stands on both sides."""
    north, south = (beside_line(ROAD, side, within_m) for side in ("north", "south"))
    line = on_grid(shapely.LineString(ROAD))
    assert shapely.area(shapely.intersection(north, south)) < 1e-5 * shapely.area(north)
    for strip in (north, south):
        assert (
            shapely.hausdorff_distance(line, shapely.intersection(shapely.boundary(strip), shapely.buffer(line, 20)))
            < 30
        )


def test_discs_north_of_the_road_are_in_the_northern_strip_only() -> None:
    """A one-sided strip: the other side of the road is outside, the road itself undecided."""
    atlas = Atlas(lines={"road": ROAD})
    placed = Placed({s: Zone(s, 0, line="road", side=s, within_m=1_000) for s in ("north", "south")}, atlas)
    lon, lat = ROAD[0] * 0.5 + ROAD[1] * 0.5
    for away, expected in ((500, (1, -1)), (-500, (-1, 1)), (0, (0, 0)), (1_000, (0, -1)), (1_100, (-1, -1))):
        x, y, _ = GEOD.fwd(lon, lat, 0, away)
        assert (value(placed, disc(x, y, 20), "north"), value(placed, disc(x, y, 20), "south")) == expected


def test_a_strip_beside_a_long_line_is_as_exact_as_promised() -> None:
    """*Off by less than 0.1 % for lines up to 100 km*: a slanted line of 95 km in the north of the case."""
    line = np.array([[37.0, 36.0], [37.3, 36.2], [37.35, 36.8]])
    strip, (lon, lat) = beside_line(line, "east", 10_000), (37.35, 36.8)
    x1, y1 = line[1]
    along, _, _ = GEOD.inv(x1, y1, lon, lat)
    t = 0.97
    here = (x1 + t * (lon - x1), y1 + t * (lat - y1))
    ray = [GEOD.fwd(*here, along + 90, d)[:2] for d in np.linspace(5, 12_000, 6_000)]
    hit = shapely.intersection(shapely.boundary(in_degrees(strip)), shapely.LineString(ray))
    width = min(float(metres(x, y, *here)[0]) for x, y in shapely.get_coordinates(hit))
    assert abs(width - 10_000) < 10


def test_a_side_that_a_line_does_not_have_is_refused() -> None:
    """A road due north has no northern side; a coin toss must not become a zone."""
    with pytest.raises(InputError):
        beside_line(np.array([[37.0, 36.0], [37.0, 36.1]]), "north", 500)


# -- distances and shapes that are refused ---------------------------------------------------------------------------


def test_geodesic_length_of_a_chord_is_within_its_bound() -> None:
    """What decides near an edge is a bound; it must hold against an independent geodesic, up to 100 km and beyond."""
    rng = np.random.default_rng(1)
    lat, lon, azimuth = rng.uniform(-80, 80, 4_000), rng.uniform(-180, 180, 4_000), rng.uniform(0, 360, 4_000)
    length = 10 ** rng.uniform(-1, 6.2, 4_000)
    x, y, _ = GEOD.fwd(lon, lat, azimuth, length)
    from truceline.space import chord_m

    chord = chord_m(lon, lat, np.asarray(x), np.asarray(y))
    for end in (lat, np.asarray(y)):
        found, bound = geodesic_m(chord, end)
        wrong = np.abs(found - length) > bound + 1e-6
        assert not wrong.any(), (length[wrong][:3], (np.abs(found - length) / bound)[wrong][:3], lat[wrong][:3])
    assert float(bound[length < 100_000].max()) < 0.05


def test_distance_equals_the_geodesic() -> None:
    """The one-pair form, against pyproj."""
    for lat in (-60.0, 0.0, 36.0):
        assert distance_m(36.0, lat, 36.2, lat + 0.3) == pytest.approx(
            GEOD.inv(36.0, lat, 36.2, lat + 0.3)[2], abs=0.01
        )


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "crosses itself"), (shapely.Point(0, 0),
        "expected a polygon"),
        (shapely.Polygon(), "expected a polygon"), (shapely.Polygon([(0, 0), (1, 0), (1, 95)]), "out of range"),
        (shapely.Polygon([(0, 0), (1, 0), (1, 86)]), "85 degrees"), (shapely.Polygon([(-179, 0), (179, 0),
        (179, 1)]), "antimeridian"),
        (shapely.Polygon([(0, 0), (1e-9, 0), (0, 1e-9)]), "zone `z`"), (shapely.Polygon([(0, 0), (1, 1),
        (2, 2)]), "zone `z`"),
    ],
)  # fmt: skip
def test_a_zone_that_is_none_is_refused_by_name(shape: Geometry, words: str) -> None:
    """A map that contradicts itself must not decide anything."""
    with pytest.raises(InputError, match="zone `z`") as error:
        checked_polygon(shape, "z")
    assert words in str(error.value)


@pytest.mark.parametrize(("lon", "lat"), [(181, 0), (0, 90.1), (float("nan"), 0), (0, float("inf")), (-1e300, 0)])
def test_a_position_off_the_earth_is_refused_and_not_repeated(lon: float, lat: float) -> None:
    """The message says which and never repeats a fine position."""
    with pytest.raises(InputError, match="out of range"):
        quantise(lon, lat)
    with pytest.raises(InputError) as error:
        quantise(36.123456, 95.123456)
    assert "95.12" not in str(error.value)


def test_the_oracle_itself_knows_a_square() -> None:
    """Who watches the watchman: a distance that can be looked up."""
    assert edge_distance_m(SQUARE, 36.5, 34.9) == pytest.approx(GEOD.inv(36.5, 34.9, 36.5, 35.0)[2], abs=0.01)
