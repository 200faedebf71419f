"""Files exactly as filtered, read back by GDAL, Arrow, openpyxl and a plain CSV reader; each says what it is."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.reader import House, house
from truceline import LAW
from truceline.desk import exports
from truceline.desk.exports import FORMS
from truceline.errors import StoreError
from truceline.web.routes import downloads

READERS = ("public", "north", "south", "mediator", "secretariat")
TABLES = ("csv", "xlsx")


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A case that no test changes."""
    with house(tmp_path_factory.mktemp("downloads") / "case") as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files are read back from."""
    return tmp_path_factory.mktemp("files")


def given_away(made: House, who: str, name: str, form: str, **query: str) -> bytes:
    """A file."""
    answer = made.ask(who, f"/api/v1/{name}.{form}", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == FORMS[form]
    assert answer.headers["content-length"] == str(len(answer.content))
    return answer.content


def rows_of(data: bytes, form: str) -> list[dict[str, Any]]:
    """The rows of a file, without the help of whoever wrote it."""
    if form == "csv":
        return [dict(row) for row in csv.DictReader(io.StringIO(data.decode()))]
    if form == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(data), read_only=True).worksheets[0]
        head, *rest = [[cell.value for cell in row] for row in sheet.iter_rows()]
        return [dict(zip(map(str, head), row, strict=True)) for row in rest]
    if form == "parquet":
        found: list[dict[str, Any]] = pq.read_table(io.BytesIO(data)).to_pylist()
        return found
    if form == "geojson":
        return [one["properties"] for one in json.loads(data)["features"]]
    with tempfile.NamedTemporaryFile(suffix=".gpkg") as file:
        file.write(data)
        file.flush()
        return layer_of(file.name, pyogrio.list_layers(file.name)[0][0])


def layer_of(path: str, layer: str) -> list[dict[str, Any]]:
    """The rows of a layer, as GDAL reads them."""
    meta, _, _, fields = pyogrio.raw.read(path, layer=layer)
    return [dict(zip(meta["fields"], row, strict=True)) for row in zip(*fields, strict=True)]


def about_of(data: bytes, form: str) -> str:
    """What a file says of itself."""
    if form == "csv":
        return next(csv.reader(io.StringIO(data.decode())))[-1]
    if form == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(data), read_only=True)["README"]
        return "\n".join(str(row[0].value) for row in sheet.iter_rows())
    if form == "parquet":
        return str(pq.read_schema(io.BytesIO(data)).metadata[b"truceline"], "utf-8")
    if form == "geojson":
        return json.dumps(json.loads(data)["about"])
    with tempfile.NamedTemporaryFile(suffix=".gpkg") as file:
        file.write(data)
        file.flush()
        return "\n".join(row["text"] for row in layer_of(file.name, "README"))


@settings(max_examples=25)
@given(
    st.sampled_from(READERS), st.sampled_from(sorted(FORMS)),
    st.dictionaries(st.sampled_from(["term", "act", "zone", "unit", "kind", "supported", "from", "actor"]), st.none()),
    st.data(),
)  # fmt: skip
def test_a_file_has_the_rows_of_the_list(
    open_house: House, who: str, form: str, names: dict[str, None], data: st.DataObject
) -> None:
    """INVARIANT: for the same reader and the same filter the ids of a file are those of the list, in its order."""
    values = {
        "term": ["calm", "back", "any"], "act": ["attack", "presence"], "zone": ["square", "strip"],
        "unit": ["XA-N", "XA-S"], "kind": ["incident", "track"], "supported": ["false"],
        "from": ["2024-06-10", "2024-07-01"], "actor": ["north", "south"],
    }  # fmt: skip
    query = {name: data.draw(st.sampled_from(values[name])) for name in names}
    rows = rows_of(given_away(open_house, who, "assessments", form, **query), form)
    assert [one["id"] for one in rows] == [one["id"] for one in open_house.rows(who, **query)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("who", ["public", "secretariat"])
def test_a_file_says_what_it_is(open_house: House, who: str, form: str) -> None:
    """The law, the filter, how finely places are shown, as of which entry, from whom and under which licence."""
    told = about_of(given_away(open_house, who, "assessments", form, term="calm", value="1"), form)
    index = open_house.get(who, "/api/v1/situation")["known_at"]["index"]
    for word in (LAW, "calm", "town and day" if who == "public" else "as reported", str(index), "CC BY 4.0", "reports"):
        assert word in told, word
    assert "not to be passed on" not in told
    empty = given_away(open_house, who, "assessments", form, kind="nothing")
    assert rows_of(empty, form) == []
    assert LAW in about_of(empty, form), "a file without rows carries the line too"


def test_gdal_reads_every_kind(open_house: House, folder: Path) -> None:
    """What QGIS and ogrinfo read them with; shapes lie where the list says, in degrees."""
    for form in FORMS:
        path = folder / f"gdal.{form}"
        path.write_bytes(given_away(open_house, "north", "assessments", form))
        if form == "parquet":  # this GDAL has no driver for it: Arrow stands for it
            table = pq.read_table(path)
            geo = json.loads(table.schema.metadata[b"geo"])
            assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
            shapes = shapely.from_wkb(table.column("geometry").to_pylist())
            rows = table.to_pylist()
        else:
            layer = pyogrio.list_layers(path)[0][0]
            meta, _, wkb, fields = pyogrio.raw.read(path, layer=layer)
            rows = [dict(zip(meta["fields"], row, strict=True)) for row in zip(*fields, strict=True)]
            shapes = None if form in TABLES else shapely.from_wkb(wkb)
            if form not in TABLES:
                assert "4326" in meta["crs"]
        assert len(rows) == len(open_house.rows("north"))
        if shapes is None:
            continue
        for row, shape in zip(rows, shapes, strict=True):
            if row["region"] == "disc":
                assert shapely.get_type_id(shape) == 3
                assert shapely.contains_xy(shape, row["lon"], row["lat"])
                west, south, east, north = shapely.bounds(shape)
                assert (north - south) * 111_000 >= 2 * row["radius_m"] * 0.99
                assert east > west


def test_a_geopackage_has_its_metadata_and_a_layer_that_says_it(open_house: House, folder: Path) -> None:
    """Whoever opens it in a GIS finds both."""
    path = folder / "meta.gpkg"
    path.write_bytes(given_away(open_house, "public", "assessments", "gpkg"))
    assert [name for name, _ in pyogrio.list_layers(path)] == ["assessments", "README"]
    info = pyogrio.read_info(path, layer="assessments")
    assert info["dataset_metadata"]["LAW"] == LAW
    assert LAW in info["layer_metadata"]["DESCRIPTION"]


@pytest.mark.parametrize("form", TABLES)
def test_no_cell_is_a_formula_and_numbers_are_numbers(open_house: House, form: str) -> None:
    """A report that says `=1+1` is text in every spreadsheet; -1 is a number."""
    rows = {one["id"]: one for one in rows_of(given_away(open_house, "secretariat", "assessments", form), form)}
    assert rows["formula"]["actor_text"] == "'=1+1"
    assert rows["formula"]["act_text"] == "'@SUM(A1)"
    assert rows["formula"]["note"] == "'+2; '=3"
    values = {str(one["any"]) for one in rows.values()}
    assert values <= {"-1", "0", "1"}
    assert "-1" in values
    if form == "xlsx":
        assert isinstance(rows["formula"]["any"], int)
        data = given_away(open_house, "secretariat", "assessments", form)
        sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize("form", FORMS)
def test_findings_as_a_file_are_those_of_the_list(open_house: House, form: str) -> None:
    """With the dissent in the row; of what is not public nothing."""
    for who in ("public", "north"):
        rows = rows_of(given_away(open_house, who, "findings", form), form)
        listed = open_house.get(who, "/api/v1/findings")["items"]
        assert [one["id"] for one in rows] == [one["id"] for one in listed]
        assert rows[0]["dissent"] == "south: It was not clear."
        assert LAW in about_of(given_away(open_house, who, "findings", form), form)
    assert rows_of(given_away(open_house, "north", "findings", form, holds="no-breach"), form) == []


@pytest.mark.parametrize("form", ["geojson", "gpkg", "parquet"])
def test_zones_as_a_file_are_those_of_the_text(open_house: House, form: str) -> None:
    """A zone that was never published has no shape."""
    data = given_away(open_house, "public", "agreement/zones", form)
    rows = {one["id"]: one for one in rows_of(data, form)}
    assert set(rows) == {"square", "strip", "secret"}
    assert rows["secret"]["withheld"]
    assert LAW in about_of(data, form)
    if form == "geojson":
        shapes = {one["id"]: one["geometry"] for one in json.loads(data)["features"]}
        assert shapes["secret"] is None
        assert shapes["square"]["type"] == "Polygon"


def test_a_kind_that_there_is_not_is_not_there(open_house: House) -> None:
    """Zones are in no table, and there is no other kind."""
    for path in ("assessments.txt", "agreement/zones.csv", "findings.", "assessments.CSV"):
        assert open_house.ask("public", f"/api/v1/{path}").status_code in (404, 422), path


def test_a_file_is_not_sent_again(open_house: House) -> None:
    """304 for its tag; another filter, kind or reader has another."""
    tags = set()
    for who, path in (("public", "assessments.csv"), ("public", "assessments.gpkg"), ("north", "assessments.csv"),
                      ("public", "assessments.csv?term=calm"), ("public", "findings.csv")):  # fmt: skip
        answer = open_house.ask(who, f"/api/v1/{path}")
        tags.add(answer.headers["etag"])
        again = open_house.ask(who, f"/api/v1/{path}", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert len(tags) == 5


def test_nothing_is_left_on_the_disk(
    open_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Neither of a file that was given away, nor of one that could not be written; and no place is held for either."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for form in FORMS:
        given_away(open_house, "secretariat", "assessments", form)
    assert list(tmp_path.iterdir()) == []

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setitem(exports._WRITERS, "csv", full)
        answer = open_house.ask("public", "/api/v1/assessments.csv")
        assert answer.status_code == 503
        assert "space" not in answer.text
    assert list(tmp_path.iterdir()) == []
    assert downloads._open._value == downloads.OPEN


def test_too_many_files_at_once_are_refused(open_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow readers of files keep nobody else from asking."""
    monkeypatch.setattr(downloads, "_open", threading.BoundedSemaphore(1))
    downloads._open.acquire()
    answer = open_house.ask("public", "/api/v1/assessments.csv")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    downloads._open.release()
    assert open_house.ask("public", "/api/v1/assessments.csv").status_code == 200


def test_a_workbook_that_cannot_hold_it_is_refused(open_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are never dropped in silence."""
    monkeypatch.setattr(exports, "MOST_SHEET_ROWS", 5)
    answer = open_house.ask("public", "/api/v1/assessments.xlsx")
    assert answer.status_code == 422
    assert ".csv" in answer.text


def test_without_gdal_a_geopackage_is_refused_and_nothing_else(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """It is a large package that a host may leave out."""

    def absent() -> None:
        raise StoreError("a GeoPackage needs more packages: pip install 'truceline[gis]'")

    monkeypatch.setattr(exports, "_pyogrio", absent)
    assert open_house.ask("public", "/api/v1/assessments.gpkg").status_code == 503
    assert open_house.ask("public", "/api/v1/assessments.geojson").status_code == 200
