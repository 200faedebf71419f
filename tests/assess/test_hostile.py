"""Hostile input through the faces that others see: refused in one line that gives no place away, or a reasoned 0."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from tests.evidence.bench import SHIPPED, ged
from truceline import cli
from truceline.agreement.model import Zone
from truceline.assess.join import Join
from truceline.assess.place import Placed
from truceline.atlas import MOST_BYTES, Atlas
from truceline.errors import InputError
from truceline.evidence.schema import SCHEMA
from truceline.space import MOST_RADIUS_M, MOST_VERTICES, Geometry, checked_polygon, disc
from truceline.verdict import Answer, Reason, undecided

Ring = list[list[Any]]
Run = Callable[..., tuple[int, str, str]]
RING: Ring = [[36.5, 35.7], [36.7, 35.7], [36.7, 35.9], [36.5, 35.9], [36.5, 35.7]]
NAN, INF = float("nan"), float("inf")
ENGINES = ("numba", "numpy")
FINE = re.compile(r"\d\.\d\d")
"""A number of more than one decimal: a place finer than 0.1 degree."""

MOST_MB = 1_500
REFUSED = 3


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in this process: exit code, what it printed, what it said."""

    def go(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["truceline", *(str(word) for word in words)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return go


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """One report in the middle of `RING`."""
    return rows(tmp_path, {})


def rows(folder: Path, *changes: dict[str, str]) -> Path:
    """A file of made-up UCDP rows."""
    path = folder / "reports.csv"
    path.write_bytes(b"".join(ged(*changes)))
    return path


def feature(coordinates: object, kind: str = "Polygon", **properties: object) -> dict[str, Any]:
    """A zone as GeoJSON; its id is `z` unless it is given."""
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties or {"id": "z"}, "geometry": geometry}


def text(*features: object) -> str:
    """A collection of features; NaN stands as Python writes it."""
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


def written(folder: Path, content: str | bytes) -> Path:
    """A file of zones."""
    path = folder / "zones.geojson"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def counted(out: str) -> list[tuple[int, int, int]]:
    """The three counts of each zone of `where --json`."""
    return [(z["naive"], z["surely"], z["possibly"]) for z in json.loads(out)["zones"]]


def is_refusal(line: str) -> bool:
    """One line, not a fault of ours, and no place finer than 0.1 degree."""
    return len(line.strip().splitlines()) == 1 and "fault of the program" not in line and not FINE.search(line)


def box(west: float, south: float, east: float, north: float, *holes: Ring) -> shapely.Polygon:
    """A rectangle in degrees."""
    return shapely.Polygon([(west, south), (east, south), (east, north), (west, north)], holes)


def wavy(vertices: int) -> shapely.Polygon:
    """A ring about the middle of Syria, as many vertices in all; the last is the first."""
    angle = np.linspace(0, 2 * np.pi, vertices - 1, endpoint=False)
    radius = 3 + 0.3 * np.sin(angle * 500)
    return shapely.Polygon(np.stack([37 + radius * np.cos(angle), 35 + radius * np.sin(angle)], 1))


# -- zones -----------------------------------------------------------------------------------------------------------

Faulty = dict[str, tuple[Callable[[], Any], str]]
FAULTY_SHAPES: Faulty = {
    "NaN": (lambda: shapely.Polygon([(36, 35), (37, NAN), (37, 36)]), "out of range"),
    "infinite": (lambda: shapely.Polygon([(36, 35), (37, INF), (37, 36)]), "out of range"),
    "beyond 180": (lambda: box(179, 0, 181, 1), "out of range"),
    "beyond the pole": (lambda: box(0, 80, 1, 91), "out of range"),
    "beyond 85": (lambda: box(0, 80, 1, 85.001), "85 degrees"),
    "antimeridian": (lambda: box(-179, 0, 179, 1), "cut it there"),
    "no vertex": (shapely.Polygon, "expected a polygon"),
    "a point": (lambda: shapely.Point(36, 35), "expected a polygon"),
    "nothing": (lambda: None, "expected a polygon"),
}
CROSSED_SHAPES: Faulty = {
    "bow tie": (lambda: shapely.Polygon([(36.1, 35.1), (37.1, 36.1), (37.1, 35.1), (36.1, 36.1)]), "crosses itself"),
    "no area": (lambda: shapely.Polygon([(36, 35), (37, 36), (38, 37)]), "crosses itself"),
    "smaller than the grid": (lambda: shapely.Polygon([(36, 35), (36 + 1e-8, 35), (36, 35 + 1e-8)]), "too few points"),
    "hole outside": (lambda: box(36, 35, 37, 36, [[5, 5], [6, 5], [6, 6]]), "hole lies outside"),
    "hole of all": (lambda: box(36, 35, 37, 36, [[36, 35], [37, 35], [37, 36], [36, 36]]), "crosses itself"),
    "spike": (
        lambda: shapely.Polygon([(36, 35), (37, 35), (37.5, 35), (37, 35), (37, 36), (36, 36)]),
        "crosses itself",
    ),
}


@pytest.mark.filterwarnings("ignore:invalid value encountered")  # shapely's own remark about NaN
@pytest.mark.parametrize("name", [*FAULTY_SHAPES, *CROSSED_SHAPES])
def test_a_shape_that_is_no_zone_is_refused_and_the_reason_said(name: str) -> None:
    """Whoever draws a zone has to know what to repair."""
    make, reason = {**FAULTY_SHAPES, **CROSSED_SHAPES}[name]
    with pytest.raises(InputError, match=reason) as refused:
        checked_polygon(make(), "z")
    assert len(str(refused.value).splitlines()) == 1
    if name in FAULTY_SHAPES:
        assert is_refusal(str(refused.value))


@pytest.mark.parametrize("name", CROSSED_SHAPES)
def test_a_refusal_gives_no_place_finer_than_a_tenth_of_a_degree(name: str) -> None:
    """The outline of a zone may be confidential, and logs are not."""
    with pytest.raises(InputError) as refused:
        checked_polygon(CROSSED_SHAPES[name][0](), "z")
    assert is_refusal(str(refused.value))


@pytest.mark.long
def test_a_vertex_given_twice_changes_nothing() -> None:
    """Drawing programs repeat vertices; the zone is the same."""
    twice = checked_polygon(
        shapely.Polygon([(36, 35), (36, 35), (37, 35), (37, 35), (37, 36), (36, 36), (36, 36)]), "z"
    )
    once = checked_polygon(box(36, 35, 37, 36), "z")
    x = np.array([360_000_000, 365_000_000, 370_000_000, 370_000_001], np.int32)
    y = np.full(4, 355_000_000, np.int32)
    for engine in ENGINES:
        found = [Join([one], engine=engine).judge(x, y, np.full(4, 100, np.int32)) for one in (once, twice)]
        assert [a.tolist() for a in found[0].arrays] == [a.tolist() for a in found[1].arrays]
        assert Join([twice], engine=engine).locate(x, y).value.tolist() == [0, 1, 0]


def test_a_zone_up_to_85_degrees_and_one_up_to_the_antimeridian_are_taken() -> None:
    """The limits themselves are within."""
    assert shapely.area(checked_polygon(box(0, 84, 1, 85), "z")) > 0
    assert shapely.area(checked_polygon(box(170, 0, 180, 1), "z")) > 0


def test_a_zone_cut_at_the_antimeridian_is_taken() -> None:
    """RFC 7946, 3.1.9: cut it there, into one MultiPolygon."""
    cut = shapely.MultiPolygon([box(179, 0, 180, 1), box(-180, 0, -179, 1)])
    assert shapely.area(checked_polygon(cut, "z")) > 0


def test_one_vertex_too_many_is_refused_before_any_work() -> None:
    """The limit is one million, the closing vertex with them."""
    with pytest.raises(InputError, match=f"at most {MOST_VERTICES} vertices, got {MOST_VERTICES + 1}") as refused:
        checked_polygon(wavy(MOST_VERTICES + 1), "z")
    assert is_refusal(str(refused.value))


MILLION = """
from pathlib import Path
import numpy as np
from tests.assess.test_hostile import wavy
from truceline.assess.join import Join
from truceline.space import checked_polygon
zone = checked_polygon(wavy(1_000_000), "z")
x = np.linspace(330_000_000, 410_000_000, 2_000).astype(np.int32)
pairs = Join([zone], engine="numpy").judge(x, np.full(2_000, 350_000_000, np.int32), np.full(2_000, 2_000, np.int32))
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(len(pairs), int(peak.split()[1]) // 1024)
"""


@pytest.mark.long
def test_a_zone_of_a_million_vertices_is_judged_in_bounded_memory() -> None:
    """As large as a zone may be: seconds, and less than `MOST_MB`."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", MILLION], cwd=root, capture_output=True, text=True, timeout=120, check=True
    )
    pairs, megabytes = (int(word) for word in done.stdout.split())
    assert 1_400 < pairs < 1_800  # about 6 of 8 degrees
    assert megabytes < MOST_MB


# -- files of zones --------------------------------------------------------------------------------------------------

DEEP = '{"type":"FeatureCollection","features":' + "[" * 100_000 + "]" * 100_000 + "}"
NESTED = (
    '{"type":"Feature","properties":{"id":"z"},"geometry":'
    + '{"type":"GeometryCollection","geometries":[' * 400
    + json.dumps({"type": "Polygon", "coordinates": [RING]})
    + "]}" * 400
    + "}"
)
NO_GEOMETRY = json.dumps({"type": "Feature", "properties": {"id": "z"}, "geometry": None})
FAULTY_FILES: dict[str, str | bytes] = {
    "NaN": text(feature([[[NAN, 35.7], *RING[1:]]])),
    "infinite": text(feature([[[INF, 35.7], *RING[1:]]])),
    "1e400": text(feature([RING])).replace("35.9", "1e400"),
    "a word for a number": text(feature([RING])).replace("36.7", '"east"'),
    "one coordinate": text(feature([[[36], [37], [38], [36]]])),
    "open ring": text(feature([RING[:-1]])),
    "no geometry": NO_GEOMETRY,
    "empty": b"",
    "not a collection": "[1, 2]",
    "features no list": json.dumps({"type": "FeatureCollection", "features": {"a": 1}}),
    "100,000 deep": DEEP,
    "400 collections deep": NESTED,
    "not UTF-8": text(feature([RING], id="QQ")).encode().replace(b"QQ", b"\xff\xfe"),
    "more behind it": text(feature([RING])) + "}",
}


@pytest.mark.parametrize("name", FAULTY_FILES)
def test_a_broken_file_of_zones_is_refused_in_one_line(name: str, run: Run, evidence: Path, tmp_path: Path) -> None:
    """Exit 3: their file, not our fault."""
    code, out, said = run("where", evidence, written(tmp_path, FAULTY_FILES[name]))
    assert (code, out) == (REFUSED, "")
    assert is_refusal(said)


def test_a_file_of_zones_beyond_the_limit_is_not_even_read(run: Run, evidence: Path, tmp_path: Path) -> None:
    """A sparse file of 64 MiB and a byte."""
    path = tmp_path / "zones.geojson"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    code, _, said = run("where", evidence, path)
    assert code == REFUSED
    assert is_refusal(said.replace(str(tmp_path), ""))
    assert str(MOST_BYTES) in said


@pytest.mark.parametrize("content", [[b"xx"], [None]])
def test_geoparquet_without_a_geometry_is_refused(
    content: list[bytes | None], run: Run, evidence: Path, tmp_path: Path
) -> None:
    """Bytes that are no WKB, and a null."""
    pq.write_table(pa.table({"geometry": pa.array(content, pa.binary())}), tmp_path / "zones.parquet")
    code, _, said = run("where", evidence, tmp_path / "zones.parquet")
    assert code == REFUSED
    assert is_refusal(said)


def test_no_zones_and_no_rows_are_no_fault(run: Run, evidence: Path, tmp_path: Path) -> None:
    """Nothing against nothing is nothing."""
    pq.write_table(pa.table({"geometry": pa.array([], pa.binary())}), tmp_path / "zones.parquet")
    pq.write_table(SCHEMA.empty_table(), tmp_path / "reports.parquet")
    zones = written(tmp_path, text(feature([RING])))
    assert counted(run("where", evidence, tmp_path / "zones.parquet", "--json")[1]) == []
    assert counted(run("where", evidence, written(tmp_path, text()), "--json")[1]) == []
    zones = written(tmp_path, text(feature([RING])))
    assert counted(run("where", tmp_path / "reports.parquet", zones, "--json")[1]) == [(0, 0, 0)]
    assert counted(run("where", rows(tmp_path), zones, "--json")[1]) == [(0, 0, 0)]


def test_zones_of_one_id_are_all_counted(run: Run, evidence: Path, tmp_path: Path) -> None:
    """The second is given a name of its own."""
    zones = written(tmp_path, text(feature([RING], id="a"), feature([RING], id="a")))
    assert counted(run("where", evidence, zones, "--json")[1]) == [(1, 1, 0)] * 2


def test_zones_named_as_the_program_names_them_are_all_counted(run: Run, evidence: Path, tmp_path: Path) -> None:
    """`zone-1` may be the id of the first and the name made for the second."""
    zones = written(tmp_path, text(feature([RING], id="zone-1"), feature([RING], id="zone-1")))
    assert counted(run("where", evidence, zones, "--json")[1]) == [(1, 1, 0)] * 2


def test_a_name_of_a_zone_cannot_steer_the_terminal(run: Run, evidence: Path, tmp_path: Path) -> None:
    """Files come from parties to a conflict."""
    code, out, _ = run("where", evidence, written(tmp_path, text(feature([RING], id="a\x1b[31mred\u202e"))))
    assert code == 0
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_zones_a_thousand_deep_on_one_spot_are_all_found(run: Run, evidence: Path, tmp_path: Path) -> None:
    """Each holds the report; none hides another."""
    stacked = written(tmp_path, text(*(feature([RING], id=f"s{i}") for i in range(1_000))))
    assert counted(run("where", evidence, stacked, "--json")[1]) == [(1, 1, 0)] * 1_000


@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=[pytest.mark.long] * (name == "numpy")) for name in ENGINES]
)
def test_zones_five_thousand_deep_are_all_found_by_either_engine(engine: str) -> None:
    """The pairs are as many as they are, in order, and room is made for them."""
    count, n = 5_000, 10
    shapes: list[Geometry] = [checked_polygon(box(36, 35, 37, 36), "z")] * count
    x, y = np.full(n, 365_000_000, np.int32), np.full(n, 355_000_000, np.int32)
    for pairs in (
        Join(shapes, engine=engine).locate(x, y),
        Join(shapes, engine=engine).judge(x, y, np.full(n, 2_000, np.int32)),
    ):
        assert len(pairs) == count * n
        assert (pairs.value == 1).all()
        assert np.array_equal(pairs.zone.reshape(n, count), np.tile(np.arange(count, dtype=np.int32), (n, 1)))


# -- reports ---------------------------------------------------------------------------------------------------------

BAD_ROWS = [
    *({"latitude": word} for word in ("nan", "inf", "-inf", "1e400", "90.0001", "north", "35,8")),
    *({"longitude": word} for word in ("nan", "inf", "180.0001", "-1e9")),
    {"date_start": "1899-12-31", "date_end": "1899-12-31"}, {"date_start": "2200-01-01", "date_end": "2200-01-01"},
    {"date_start": "9999-12-31", "date_end": "9999-12-31"}, {"date_start": "2016-03-05", "date_end": "2016-03-01"},
]  # fmt: skip


@pytest.mark.parametrize("row", BAD_ROWS, ids=lambda row: " ".join(row.values()))
def test_a_row_that_makes_no_sense_is_rejected_and_the_others_count(
    row: dict[str, str], run: Run, tmp_path: Path
) -> None:
    """One bad row spoils no file."""
    code, out, _ = run("where", rows(tmp_path, row, {}), written(tmp_path, text(feature([RING]))), "--json")
    assert (code, json.loads(out)["rejected"], counted(out)) == (0, 1, [(1, 1, 0)])


def test_times_before_1970_and_from_1900_on_count(run: Run, tmp_path: Path) -> None:
    """Seconds are negative then."""
    old = [{"date_start": f"{year}-01-02", "date_end": f"{year}-01-02"} for year in (1900, 1950, 1969)]
    zones = written(tmp_path, text(feature([RING])))
    assert counted(run("where", rows(tmp_path, *old), zones, "--json")[1]) == [(3, 3, 0)]
    bounded = run("where", rows(tmp_path, *old), zones, "--json", "--from", "1900-01-01", "--until", "1960-01-01")
    assert counted(bounded[1]) == [(2, 2, 0)]


def test_a_second_row_of_the_same_id_is_rejected(run: Run, tmp_path: Path) -> None:
    """An incident is not counted twice."""
    twice = rows(tmp_path, {"id": "7"}, {"id": "7"})
    _, out, _ = run("where", twice, written(tmp_path, text(feature([RING]))), "--json")
    assert (json.loads(out)["rejected"], counted(out)) == (1, [(1, 1, 0)])


@pytest.mark.parametrize("words", [
    ("--disc-m", "-1"), ("--disc-m", "1000001"), ("--disc-m", "2000001"), ("--disc-m", "9" * 30),
    ("--from", "1850-01-01"), ("--until", "2300-01-01"), ("--from", "2016-01-01", "--until", "2016-01-01"),
    ("--tz", "Mars/Base"), ("--name-field", "none"),
])  # fmt: skip
def test_an_option_out_of_its_bounds_is_refused(
    words: tuple[str, ...], run: Run, evidence: Path, tmp_path: Path
) -> None:
    """Exit 3 and one line."""
    code, _, said = run("where", evidence, written(tmp_path, text(feature([RING]))), *words)
    assert code == REFUSED
    assert is_refusal(said)


def test_the_widest_disc_is_possible_everywhere_and_sure_nowhere(run: Run, evidence: Path, tmp_path: Path) -> None:
    """1,000 km about a point of Syria reach the zone, and far more."""
    far = [[x + 5, y] for x, y in RING]
    zones = written(tmp_path, text(feature([RING], id="a"), feature([far], id="b")))
    assert counted(run("where", evidence, zones, "--json", "--disc-m", "1000000")[1]) == [(1, 0, 1), (0, 0, 1)]


def test_assess_takes_empty_and_nonsensical_evidence(run: Run, tmp_path: Path) -> None:
    """Nothing but rejected rows is an assessment of nothing."""
    agreement = SHIPPED / "agreement.yaml"
    pq.write_table(SCHEMA.empty_table(), tmp_path / "reports.parquet")
    for file, rejected in ((tmp_path / "reports.parquet", 0), (rows(tmp_path, *BAD_ROWS), len(BAD_ROWS))):
        code, out, _ = run("assess", agreement, file, "--json")
        assert code == 0
        (read,) = json.loads(out)["evidence"]
        assert (read["rows"], read["rejected"]) == (0, rejected)


@pytest.mark.parametrize("name", ["NaN", "1e400", "no geometry", "100,000 deep", "not a collection"])
def test_assess_refuses_broken_areas(name: str, run: Run, evidence: Path, tmp_path: Path) -> None:
    """The same reader stands behind `--areas`."""
    areas = written(tmp_path, FAULTY_FILES[name])
    code, _, said = run("assess", SHIPPED / "agreement.yaml", evidence, "--areas", areas)
    assert code == REFUSED
    assert is_refusal(said)


# -- the join and the places -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [-1, -(2**31), MOST_RADIUS_M + 1, 2**31 - 1])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_radius_out_of_bounds_is_refused_by_either_engine(engine: str, radius: int) -> None:
    """A negative one is no index from the end, and beyond 2,000 km no distance is bounded."""
    join = Join([checked_polygon(box(36, 35, 37, 36), "z")], engine=engine)
    at = np.array([365_000_000], np.int32)
    with pytest.raises((InputError, ValueError), match="radi"):
        join.judge(at, at, np.array([radius], np.int32))
    with pytest.raises(InputError, match="radius out of range"):
        disc(36.5, 35.5, radius)


@pytest.mark.parametrize("engine", ENGINES)
def test_columns_that_are_not_whole_numbers_of_one_length_are_refused(engine: str) -> None:
    """NaN has no place on the grid, and what does not fit in 32 bits must not wrap around."""
    join = Join([checked_polygon(box(36, 35, 37, 36), "z")], engine=engine)
    inside = np.array([365_000_000], np.int32)
    for lon in (np.array([NAN]), np.array([365_000_000 + 2**32]), np.array([365_000_000, 0], np.int32)):
        with pytest.raises((InputError, ValueError)):
            join.locate(lon, np.array([355_000_000], np.int32))
    assert join.locate(inside, np.array([355_000_000], np.int32)).value.tolist() == [1]


def test_both_engines_agree_on_the_widest_discs_and_the_ends_of_the_map() -> None:
    """Wide, polar and antimeridian rows leave the grid; nothing is lost on the way."""
    shapes = [checked_polygon(box(*edges), "z") for edges in ((36, 35, 37, 36), (179, -1, 180, 1), (0, 84, 90, 85))]
    lon, lat, radius = (
        column.ravel().astype(np.int32)
        for column in np.meshgrid(
            [-1_800_000_000, 365_000_000, 1_800_000_000], [-900_000_000, 0, 355_000_000, 845_000_000, 900_000_000],
            [0, 99_999, 100_000, 100_001, MOST_RADIUS_M],
        )
    )  # fmt: skip
    found = [Join(shapes, engine=engine).judge(lon, lat, radius) for engine in ENGINES]
    assert [a.tolist() for a in found[0].arrays] == [a.tolist() for a in found[1].arrays]
    over = (lon == -1_800_000_000) & (lat == 0) & (radius == 100_000)
    assert 1 in found[0].zone[np.isin(found[0].row, np.flatnonzero(over))]  # from the other side of the antimeridian


@pytest.mark.parametrize("engine", ENGINES)
def test_spans_before_1970_hold_their_first_second_and_not_their_last(engine: str) -> None:
    """From 1900 to 1970 and from there to 2200."""
    first, last = -2_208_988_800, 7_258_118_400
    join = Join([checked_polygon(box(36, 35, 37, 36), "z")] * 2, spans=np.array([[first, 0], [0, last]]), engine=engine)
    times = np.array([first - 1, first, -1, 0, last - 1, last])
    n = len(times)
    pairs = join.locate(np.full(n, 365_000_000, np.int32), np.full(n, 355_000_000, np.int32), None, times)
    assert list(zip(pairs.row.tolist(), pairs.zone.tolist(), strict=True)) == [(1, 0), (2, 0), (3, 1), (4, 1)]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_join_of_nothing_finds_nothing(engine: str) -> None:
    """No zone, an empty one, no row."""
    none, at = np.zeros(0, np.int32), np.zeros(3, np.int32)
    for shapes in ([], [None], [shapely.Polygon()]):
        assert len(Join(shapes, engine=engine).judge(at, at, at)) == 0
    assert len(Join([checked_polygon(box(-1, -1, 1, 1), "z")], engine=engine).locate(none, none)) == 0


@pytest.mark.parametrize("zone", [
    Zone("z", 0, annex=("never-drawn",)), Zone("z", 0, annex=("secret",), is_withheld=True), Zone("z", 0),
])  # fmt: skip
def test_a_zone_without_a_shape_is_a_reasoned_zero(zone: Zone) -> None:
    """Neither yes nor no: nobody knows where it lies, and the answer says why."""
    reason = Reason.WITHHELD_TEXT if zone.is_withheld else Reason.PLACE
    for where in (disc(36.5, 35.5, 0), disc(36.5, 35.5, MOST_RADIUS_M)):
        answer: Answer = Placed({"z": zone}, Atlas()).compare(where, ("z",))
        assert answer == undecided(reason)
