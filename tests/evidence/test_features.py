"""Drawn features by a mapping: points, lines and surfaces of GeoJSON, GeoPackage and GeoParquet."""

from __future__ import annotations

import gzip
import io
import json
import struct
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from tests.evidence.bench import manner
from truceline.errors import InputError
from truceline.evidence import features, readers
from truceline.evidence.features import drawn_region
from truceline.evidence.mapping import read_mapping
from truceline.evidence.readers import Start
from truceline.evidence.reading import Manner, Read, RowFault
from truceline.space import Region
from truceline.span import utc_text

TEXT = """\
mapping: 1
source: drone-unit
country: SY
precision: site
fields: {id: ref, start: seen, act: what, radius: {column: within, unit: km}}
"""
SEEN = {"ref": "a", "seen": "2016-03-05T14:30+02:00", "what": "shelling", "within": None}
POINT = {"type": "Point", "coordinates": [36.6, 35.8]}
SQUARE = {"type": "Polygon", "coordinates": [[[36.6, 35.8], [36.7, 35.8], [36.7, 35.9], [36.6, 35.9], [36.6, 35.8]]]}
ROAD = {"type": "LineString", "coordinates": [[36.6, 35.8], [36.7, 35.9], [36.8, 35.9]]}
needs_gis = pytest.mark.skipif(find_spec("pyogrio") is None, reason="needs the extra `gis`")


def by(text: str = TEXT, **changes: Any) -> Manner:  # noqa: ANN401  # whatever a mapping says
    """How to read by a mapping; each change replaces a key of it."""
    return replace(manner(), mapping={**read_mapping(text.encode(), "m.yaml"), **changes})


def feature(geometry: dict[str, Any] | None, number: int = 0, **change: Any) -> dict[str, Any]:  # noqa: ANN401
    """A feature that tells of a shelling."""
    return {"type": "Feature", "properties": {**SEEN, "ref": f"r{number}", **change}, "geometry": geometry}


def collection(*geometries: dict[str, Any] | None) -> bytes:
    """A document of features."""
    return json.dumps(
        {"type": "FeatureCollection", "features": [feature(one, n) for n, one in enumerate(geometries)]}
    ).encode()


def read(data: bytes, how: Manner | None = None) -> Read:
    """What the reader makes of a file."""
    return features.read(io.BytesIO(data), "f", how or by())


def geoparquet(*geometries: dict[str, Any] | None, meta: dict[str, Any] | None = None) -> bytes:
    """The same as a table with WKB."""
    rows = [{**SEEN, "ref": f"r{n}", "geometry": None if one is None else shapely.from_geojson(json.dumps(one)).wkb}
            for n, one in enumerate(geometries)]  # fmt: skip
    table = pa.Table.from_pylist(rows, pa.schema([*((name, pa.string()) for name in SEEN), ("geometry", pa.binary())]))
    geo = meta or {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), sink)
    made: bytes = sink.getvalue().to_pybytes()
    return made


def geopackage(
    folder: Path, *geometries: dict[str, Any], layers: tuple[str, ...] = ("seen",), crs: str = "EPSG:4326"
) -> bytes:
    """The same as a GeoPackage."""
    import numpy as np
    import pyogrio

    wkb = np.array([shapely.from_geojson(json.dumps(one)).wkb for one in geometries], dtype=object)
    columns = [
        np.array([f"r{n}" if name == "ref" else SEEN[name] or "" for n in range(len(wkb))], object) for name in SEEN
    ]
    file = folder / "made.gpkg"
    for layer in layers:
        pyogrio.raw.write(
            file,
            wkb,
            columns,
            list(SEEN),
            layer=layer,
            driver="GPKG",
            crs=crs,
            append=file.exists(),
            geometry_type="Unknown",
        )
    return file.read_bytes()


# -- shapes ----------------------------------------------------------------------------------------------------------


def test_a_point_is_as_wide_as_its_word_or_its_radius() -> None:
    """The word of the mapping, unless the feature states a radius of its own."""
    word, own = read(
        json.dumps(
            {"type": "FeatureCollection", "features": [feature(POINT, 0), feature(POINT, 1, within=1.25)]}
        ).encode()
    ).table.to_pylist()
    assert (word["impact"]["radius_m"], own["impact"]["radius_m"]) == (500, 1_250)
    assert (word["id"], word["start"], word["act"]) == ("drone-unit:r0", 1_457_181_000, ["shelling"])


def test_a_line_stays_the_line_that_it_draws() -> None:
    """A road or a front, on the grid."""
    (row,) = read(collection(ROAD)).table.to_pylist()
    assert (row["impact"]["kind"], row["impact"]["points_e7"][:2]) == ("line", [366_000_000, 358_000_000])
    assert len(row["impact"]["points_e7"]) == 6


coordinates = st.tuples(st.floats(-3, 3), st.floats(-3, 3))


@given(st.floats(-170, 170), st.floats(-80, 80), st.lists(coordinates, min_size=3, max_size=8))
def test_the_disc_of_a_surface_holds_all_of_it_and_little_more(
    lon: float, lat: float, around: list[tuple[float, float]]
) -> None:
    """Every point of its edge is inside by another geodesic; a disc about its box would be no smaller."""
    shape = shapely.MultiPoint([(lon + x, lat + y) for x, y in around]).convex_hull
    if shapely.get_type_id(shape) != 3:
        return
    disc = drawn_region(shape)
    assert isinstance(disc, Region)
    assert disc.lon_e7 is not None
    assert disc.lat_e7 is not None
    edge = shapely.get_coordinates(shapely.segmentize(shape, 0.1))
    n = len(edge)
    _, _, metres = Geod(ellps="WGS84").inv([disc.lon_e7 / 1e7] * n, [disc.lat_e7 / 1e7] * n, edge[:, 0], edge[:, 1])
    assert max(metres) <= disc.radius_m
    assert disc.radius_m <= max(metres) * 1.001 + 60


def test_the_disc_of_a_square_is_half_its_diagonal() -> None:
    """0.1 degree north and east at 35.85 N: half of 14.3 km."""
    (row,) = read(collection(SQUARE)).table.to_pylist()
    _, _, diagonal = Geod(ellps="WGS84").inv(36.6, 35.8, 36.7, 35.9)
    assert diagonal / 2 <= row["impact"]["radius_m"] <= diagonal / 2 + 25


@pytest.mark.parametrize(
    ("geometry", "field"),
    [
        ({"type": "GeometryCollection", "geometries": [POINT]}, "geometry"),
        ({"type": "Point", "coordinates": []}, "geometry"),
        ({"type": "Point", "coordinates": ["a", 1]}, "geometry"),
        ({"type": "Point"}, "geometry"),
        ({"type": "Point", "coordinates": [36.6, 95.123456]}, "latitude"),
        ({"type": "Point", "coordinates": [35.2, 39.912345]}, "longitude, latitude"),
        ({"type": "LineString", "coordinates": [[1, 1]]}, "geometry"),
        ({"type": "Polygon", "coordinates": [[[1, 1], [2, 2]]]}, "geometry"),
        ({"type": "Circle"}, "geometry"),
        ({"type": "Polygon", "coordinates": [[[-170, 1], [170, 1], [170, 2], [-170, 1]]]}, "geometry"),
        ({"type": "LineString", "coordinates": [[1, 1], [1, 200]]}, "geometry"),
        ({"type": "Polygon", "coordinates": []}, "geometry"),
    ],
)
def test_a_shape_that_cannot_be_is_rejected_alone(geometry: dict[str, Any], field: str) -> None:
    """With its number and field, without its coordinate; the features around it are taken."""
    found = read(collection(POINT, geometry, ROAD))
    (row,) = found.rejected.to_pylist()
    assert (found.table.num_rows, row["line"], row["field"]) == (2, 2, field)
    assert "12345" not in row["reason"]


def test_a_feature_that_draws_nothing_is_where_its_columns_say() -> None:
    """Here they say nothing: the stated country."""
    (row,) = read(collection(None)).table.to_pylist()
    assert (row["impact"]["kind"], row["impact"]["areas"]) == ("area", ["SY"])


# -- formats ---------------------------------------------------------------------------------------------------------


def by_lines(*geometries: dict[str, Any] | None, mark: str = "") -> bytes:
    """A feature on each line."""
    return "".join(mark + json.dumps(feature(one, n)) + "\n" for n, one in enumerate(geometries)).encode()


def test_every_format_says_the_same() -> None:
    """A document, lines, lines with the mark of RFC 8142, and a table."""
    whole = read(collection(POINT, SQUARE, ROAD, None)).table
    for data in (
        by_lines(POINT, SQUARE, ROAD, None), by_lines(POINT, SQUARE, ROAD, None, mark="\x1e"),
        geoparquet(POINT, SQUARE, ROAD, None), gzip.compress(collection(POINT, SQUARE, ROAD, None)),
    ):  # fmt: skip
        assert read(data).table.equals(whole)


@needs_gis
def test_a_geopackage_says_the_same(tmp_path: Path) -> None:
    """Read through GDAL, some rows at a time."""
    assert read(geopackage(tmp_path, POINT, SQUARE, ROAD)).table.equals(read(collection(POINT, SQUARE, ROAD)).table)


@needs_gis
def test_a_layer_is_chosen_and_never_guessed(tmp_path: Path) -> None:
    """Of two layers the mapping names one."""
    data = geopackage(tmp_path, POINT, layers=("seen", "heard"))
    with pytest.raises(InputError, match="`seen`, `heard`"):
        read(data)
    assert read(data, by(layer="heard")).table.num_rows == 1


@needs_gis
def test_another_reference_system_is_refused(tmp_path: Path) -> None:
    """Metres of a map are no degrees: a point would lie in the sea off Africa."""
    with pytest.raises(InputError, match="EPSG:32637"):
        read(geopackage(tmp_path, POINT, crs="EPSG:32637"))
    meta = {"primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "crs": {"id": {"code": 32637}}}}}
    with pytest.raises(InputError, match="reference system"):
        read(geoparquet(POINT, meta=meta))
    document = json.loads(collection(POINT))
    document["crs"] = {"type": "name", "properties": {"name": "EPSG:32637"}}
    with pytest.raises(InputError, match="crs"):
        read(json.dumps(document).encode())


def test_a_table_without_geometries_is_placed_by_its_columns() -> None:
    """Parquet of anybody, with longitude and latitude as columns."""
    rows = [{**SEEN, "ref": f"r{n}", "x": 36.6, "y": 35.8} for n in range(3)]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    how = by(TEXT.replace("{id: ref,", "{id: ref, lon: x, lat: y,"))
    found = read(sink.getvalue().to_pybytes(), how).table
    assert [row["radius_m"] for row in found.column("impact").to_pylist()] == [500, 500, 500]


TYPED = "mapping: 1\nsource: x\ntz: Asia/Damascus\nfields: {start: seen}\n"


@needs_gis
def test_the_times_of_a_geopackage_are_read(tmp_path: Path) -> None:
    """A DateTime of a GeoPackage is of UTC: that moment, and no row is lost for its offset."""
    import numpy as np
    import pyogrio

    wkb = np.array([shapely.Point(36.6, 35.8).wkb] * 2, dtype=object)
    seen = np.array(["2016-03-05T10:30:00", "2016-03-05T10:30:20"], "datetime64[ms]")
    file = tmp_path / "made.gpkg"
    pyogrio.raw.write(file, wkb, [seen], ["seen"], driver="GPKG", crs="EPSG:4326", geometry_type="Unknown")
    found = read(file.read_bytes(), by(TYPED))
    assert found.rejected.num_rows == 0, found.rejected.to_pylist()
    assert [utc_text(second)[11:19] for second in found.table.column("start").to_pylist()] == ["10:30:00", "10:30:20"]


@pytest.mark.parametrize(
    ("kind", "value", "first", "seconds"),
    [
        (pa.timestamp("us", "UTC"), datetime(2016, 3, 5, 10, 30, tzinfo=UTC), "2016-03-05T10:30:00Z", 60),
        (pa.timestamp("ns", "Asia/Damascus"), datetime(2016, 3, 4, 22, 0, 30, tzinfo=UTC), "2016-03-04T22:00:30Z", 1),
        (pa.timestamp("us", "UTC"), datetime(2016, 3, 5, tzinfo=UTC), "2016-03-05T00:00:00Z", 60),
        (pa.timestamp("us"), datetime(2016, 3, 5, 10, 30, 0, 500), "2016-03-05T08:30:00Z", 1),
        (pa.date32(), date(2016, 3, 5), "2016-03-04T22:00:00Z", 86_400),
    ],
    ids=["utc", "zone", "midnight utc", "no zone", "day"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["", "%d/%m/%Y"])
def test_the_times_of_a_table_are_read(kind: pa.DataType, value: date, first: str, seconds: int, form: str) -> None:
    """Typed days and times are no texts in any form."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"seen": pa.array([value], kind)}), sink)
    found = read(sink.getvalue().to_pybytes(), by(TYPED, **({"date_format": form} if form else {})))
    assert found.rejected.num_rows == 0, found.rejected.to_pylist()
    (row,) = found.table.to_pylist()
    assert (utc_text(row["start"]), row["end"] - row["start"]) == (first, seconds)


def test_a_kind_of_geometry_that_is_no_text_is_not_repeated() -> None:
    """It can hold a position."""
    (row,) = read(collection({"type": [36.612345, 35.8]})).rejected.to_pylist()
    assert "12345" not in row["reason"]


def test_without_a_mapping_such_files_are_areas() -> None:
    """With one they are evidence: the readers ask for nothing else."""
    for data in (collection(POINT), by_lines(POINT), geoparquet(POINT), b"SQLite format 3\0" + b"\0" * 80):
        assert readers.kind_of(Start("f", data, has_mapping=True)) == "features"
        assert readers.kind_of(Start("f", data)) != "features"


# -- hostile files ---------------------------------------------------------------------------------------------------


def nested(depth: int) -> dict[str, Any]:
    """A collection in a collection in a collection ..."""
    found: dict[str, Any] = POINT
    for _ in range(depth):
        found = {"type": "GeometryCollection", "geometries": [found]}
    return found


DEEP = b'{"type":"GeometryCollection","geometries":[' * 10_000 + json.dumps(POINT).encode() + b"]}" * 10_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"type": "FeatureCollection"}',
        b'{"type": "Topology", "features": []}',
        b"PAR1" + b"\0" * 20,
        b'{"type":"FeatureCollection","features":' + b"[" * 10_000,
        b'{"type":"FeatureCollection","features":[' + DEEP + b"]}",
        b"SQLite format 3\0" + b"\0" * 2_000,
        collection(POINT)[:-20],
        b"\xff\xfe" + b"a\0" * 99,
        collection(POINT).replace(b'"seen"', b'"when"'),
        geoparquet(POINT, meta={"primary_column": "x"}),
    ],
    ids=[
        "nothing",
        "brace",
        "list",
        "no features",
        "topology",
        "no parquet",
        "deep",
        "deep geometry",
        "no sqlite",
        "cut",
        "utf-16",
        "no property",
        "no geo",
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(data: bytes) -> None:
    """An InputError of one line, and never another error or a crash."""
    with pytest.raises(InputError) as error:
        read(data)
    assert len(str(error.value).splitlines()) == 1


def test_a_deep_feature_on_a_line_is_rejected_alone() -> None:
    """Ten thousand levels cost their line."""
    deep = b'{"type":"Feature","properties":{},"geometry":' + DEEP + b"}\n"
    found = read(by_lines(POINT) + deep + by_lines(ROAD).replace(b'"r0"', b'"r9"'))
    assert (found.table.num_rows, [row["line"] for row in found.rejected.to_pylist()]) == (2, [2])


def deep_wkb(kind: int, depth: int) -> bytes:
    """Binary geometries of a kind in one another, by the thousand."""
    return struct.pack("<BII", 1, kind, 1) + struct.pack("<BII", 1, 7, 1) * depth + struct.pack("<BIdd", 1, 1, 0, 0)


@pytest.mark.parametrize(
    "wkb",
    [
        deep_wkb(7, 200_000),
        deep_wkb(6, 200_000),
        deep_wkb(4, 1),
        b"",
        b"\x01",
        b"\x01\x01\x00\x00\x00",
        struct.pack("<BII", 1, 3, 0xFFFFFFFF),
        struct.pack("<BII", 1, 6, 0xFFFFFFFF),
        struct.pack("<BII", 1, 2, 0x7FFFFFFF),
        b"\x07" * 40,
        struct.pack("<BIdd", 1, 1, float("nan"), float("nan")),
    ],
    ids=[
        "deep",
        "deep in parts",
        "foreign part",
        "nothing",
        "a byte",
        "no point",
        "rings",
        "parts",
        "points",
        "noise",
        "nan",
    ],
)
def test_a_broken_or_nested_binary_geometry_rejects_its_row(wkb: bytes) -> None:
    """GEOS ends the program over deep ones: they never come to it."""
    found = features._from_wkb(wkb)  # the table would hide which row it was
    if not isinstance(found, RowFault):
        with pytest.raises(RowFault):
            drawn_region(found)


@given(st.binary(max_size=80), st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 15, 1001, 3006, 0x80000001, 0x20000003]))
def test_no_binary_geometry_ends_the_program(rest: bytes, kind: int) -> None:
    """Whatever the bytes are: a geometry or a fault of the row."""
    found = features._from_wkb(b"\x01" + struct.pack("<I", kind) + rest)
    assert isinstance(found, RowFault | shapely.Geometry)


@pytest.mark.parametrize(
    "shape",
    [
        POINT,
        SQUARE,
        ROAD,
        {"type": "MultiPoint", "coordinates": [[1, 1], [2, 2]]},
        {"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"]]},
        {"type": "MultiLineString", "coordinates": [ROAD["coordinates"]]},
        {"type": "Point", "coordinates": [1, 2, 3]},
    ],
)
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("flavor", ["iso", "extended"])
def test_every_plain_binary_geometry_is_read(shape: dict[str, Any], order: int, flavor: Any) -> None:  # noqa: ANN401
    """Both byte orders, both ways to say that there is a height, and a code of the reference system."""
    made = shapely.from_geojson(json.dumps(shape))
    wkb = shapely.to_wkb(
        shapely.set_srid(made, 4326), byte_order=order, flavor=flavor, include_srid=flavor == "extended"
    )
    found = features._from_wkb(wkb)
    assert not isinstance(found, RowFault)
    assert shapely.equals(found, shapely.force_2d(made))
