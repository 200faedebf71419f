"""Forty doors through which a fine area was tried: each is shut, each by what stands behind that door."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.desk.area_case import US, A, B, World, copied, made
from tests.store.cluster import ROLE, cluster
from tests.store.storages import place
from tests.web.asking import Client
from truceline.desk import records
from truceline.desk.areafiles import feature_of, read_areas
from truceline.desk.records import Draft
from truceline.desk.service import Service
from truceline.desk.settings import Settings
from truceline.errors import InputError, StoreError, SubmissionError
from truceline.record.entry import SCHEMA, Cited, SigningKey, Statement, sign, written
from truceline.record.tree import leaf_hash
from truceline.store.index import Index
from truceline.web.app import make_app

FINE = "892d8a9b04fffff"
"""A cell of resolution 9: a tenth of a square kilometre."""

HIDDEN = "852d8a9b04fffff"
"""The same digits under a head that says 5."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of five founders."""
    return made(tmp_path_factory.mktemp("doors"))


@pytest.fixture(scope="module")
def world(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A copy of it, on 8 March, with a map and a list of the other side: nothing of what is tried is ever taken."""
    found = copied(base, tmp_path_factory.mktemp("world") / "case")
    found.to("2016-03-08")
    said = [found.say("map-proposal", {"cells": [A]}, "ru"), found.say("handover", {**LIST, "to": "us"}, "ru")]
    assert said == [PROPOSED, HANDED]
    yield found
    assert len(found.case.said("area")) == 0
    found.case.close()


# -- what is said ------------------------------------------------------------------------------------------------------

AREA = {"group": "isil", "day": "2016-03-04", "cells": [A]}
LIST = {"kind": "targets", "to": "ru", "day": "2016-03-04", "format": "a table", "period": {"words": "a month"}}
PROPOSED, HANDED = 2, 3
"""Entries of the map that the other side proposed, and of the list that it handed over: what is answered is there."""

SHAPE = re.escape("Expected `str` matching regex '^8[0-5]")
NO_CELL = "expected an H3 cell, got"
LOOKS = "a text holds what looks like a position"
SAID: dict[str, tuple[str, Any, str]] = {
    "a finer cell": ("area", {**AREA, "cells": [FINE]}, SHAPE),
    "a finer cell of resolution 6": ("area", {**AREA, "cells": ["862d8a9b7ffffff"]}, SHAPE),
    "a finer cell behind a coarse head": ("area", {**AREA, "cells": [HIDDEN]}, NO_CELL),
    "a finer cell in capitals": ("area", {**AREA, "cells": [FINE.upper()]}, SHAPE),
    "a cell as a number in words": ("area", {**AREA, "cells": ["617794322222284799"]}, SHAPE),
    "a cell with a zero before it": ("area", {**AREA, "cells": ["0" + FINE]}, SHAPE),
    "a finer cell beside a coarse one": ("area", {**AREA, "cells": [A, FINE]}, SHAPE),
    "a geometry": ("area", {**AREA, "geometry": {"type": "Point", "coordinates": ["36.2", "37.1"]}},
                   "unknown field `geometry`"),
    "nested properties": ("area", {**AREA, "cells": [{"cell": A, "properties": {"lat": "36"}}]},
                          "Expected `str`, got `object`"),
    "a field of precision": ("area", {**AREA, "precision": "exact"}, "unknown field `precision`"),
    "a field of a radius": ("area", {**AREA, "radius_m": 100}, "unknown field `radius_m`"),
    "a field nobody knows": ("area", {**AREA, "hint": "c3Y4djJtM2s"}, "unknown field `hint`"),
    "words in Latin": ("area", {**AREA, "text": "their staff at 36.2021, 37.1343"}, LOOKS),
    "words in Arabic": ("area", {**AREA, "text": "المقر عند ٣٦٫٢٠٢١، ٣٧٫١٣٤٣"}, LOOKS),
    "words in Cyrillic": ("area", {**AREA, "text": "штаб: широта 36,2021, долгота 37,1343"}, LOOKS),
    "words with a grid": ("area", {**AREA, "text": "grid 37S BV 12345 67890"}, LOOKS),
    "words with a code": ("area", {**AREA, "text": "8G5F6V4X+2Q"}, LOOKS),
    "words with a finer cell": ("area", {**AREA, "text": f"within {FINE}"}, "a cell of resolution 9"),
    "words in degrees and minutes": ("area", {**AREA, "text": "36°12'07\"N 37°08'03\"E"}, LOOKS),
    "words parted in two fields": ("area", {**AREA, "group": "36.202", "text": "37.134"}, LOOKS),
    "the name of the group": ("area", {**AREA, "group": "36.2021,37.1343"}, LOOKS),
    "the day": ("area", {**AREA, "day": "36.2021,37.1343"}, LOOKS),
    "the map, proposed": ("map-proposal", {"cells": [FINE]}, SHAPE),
    "the map, in words": ("map-proposal", {"cells": [A], "text": "север 36.2021 с.ш."}, LOOKS),
    "the map, answered": ("map-answer", {"to": PROPOSED, "agrees": [FINE]}, SHAPE),
    "the map, disputed": ("map-answer", {"to": PROPOSED, "disputes": [HIDDEN]}, NO_CELL),
    "the map, signed": ("map-version", {"cells": [FINE]}, SHAPE),
    "a list with cells, however coarse": ("handover", {**LIST, "cells": [A]}, "unknown field `cells`"),
    "a list and what is in it": ("handover", {**LIST, "contents": ["36.2021, 37.1343"]}, "unknown field `contents`"),
    "a list, a cell in its words": ("handover", {**LIST, "text": f"of {A}"}, "a text names a cell"),
    "a list, its form": ("handover", {**LIST, "format": "positions such as ٣٦٫٢٠٢١، ٣٧٫١٣٤٣"}, LOOKS),
    "a list, its period": ("handover", {**LIST, "period": {"words": "широта 36,2021"}}, LOOKS),
    "a list, answered": ("handover-answer", {"to": HANDED, "says": "denied", "text": "not at 36.2021, 37.1343"}, LOOKS),
}  # fmt: skip


@pytest.mark.parametrize("door", SAID)
def test_no_statement_lets_a_fine_area_through(world: World, door: str) -> None:
    """Signed by a party, handed to the log of a case: refused there, and nothing of it is kept."""
    kind, body, why = SAID[door]
    size = len(world.case.entries())
    say = partial(world.both, cosigner="ru") if kind == "map-version" else world.say
    with pytest.raises(SubmissionError, match=why):
        say(kind, body, "us")
    assert len(world.case.entries()) == size
    kept = b"".join(path.read_bytes() for path in (world.path / "record").rglob("*") if path.is_file())
    assert FINE.encode() not in kept
    assert b"36.2021" not in kept


UNDER_SEAL = {
    "a finer cell behind a coarse head": NO_CELL, "words parted in two fields": "the text knows no group",
    "the name of the group": "the text knows no group", "the day": "expected a day such as",
}  # fmt: skip
"""What is refused for another reason once it is opened."""


@pytest.mark.parametrize("door", [door for door, (kind, _, _) in SAID.items() if kind == "area"])
def test_no_seal_lets_it_through_either(world: World, door: str) -> None:
    """The same under a seal that only the readers can open: the keeper is one of them, and reads it first."""
    _, body, why = SAID[door]
    group = "ahrar" if body["group"] == "isil" else body["group"]
    is_seen = why in (LOOKS, "a cell of resolution 9")
    why = UNDER_SEAL.get(door, why if is_seen else "not a statement of a standing area")
    with pytest.raises(SubmissionError, match=why):
        world.say("area", {**body, "group": group}, "ahrar", ("us", "desk"))


@pytest.mark.parametrize(("name", "data"), [("list.geojson", b"{}"), ("36.2021, 37.1343.txt", b"x")])
def test_no_file_comes_with_it(world: World, name: str, data: bytes) -> None:
    """A list is not handed over through the back of the statement that tells of it."""
    for kind, body in (("area", AREA), ("handover", LIST), ("map-proposal", {"cells": [A]})):
        with pytest.raises(SubmissionError, match=r"without files|looks like a position"):
            records.append(world.case, [Draft(kind, body, "us", {name: data})], world.now)


# -- what is read from a file ------------------------------------------------------------------------------------------


def parquet(columns: dict[str, Any], metadata: dict[bytes, bytes] | None = None) -> bytes:
    """A Parquet file."""
    table = pa.table(columns)
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata) if metadata else table, sink)
    return sink.getvalue()


def geojson(**changed: object) -> bytes:
    """A file of one cell, with changes to its feature."""
    feature = {**feature_of(A, {"group": "isil", "day": "2016-03-04"}), **changed}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


FIELDS = {"group": ["isil"], "day": ["2016-03-04"]}
POINT = {"type": "Point", "coordinates": [37.1343, 36.2021]}
BASE = {"cell": A, "group": "isil", "day": "2016-03-04"}
FILES: dict[str, bytes] = {
    "GeoJSON, a point": geojson(geometry=POINT),
    "GeoJSON, a small square": geojson(
        geometry={"type": "Polygon", "coordinates": [[[37, 36], [37.001, 36], [37.001, 36.001], [37, 36]]]}
    ),
    "GeoJSON, a vertex moved": geojson(
        geometry={"type": "Polygon", "coordinates": [[
            [x + 1e-6, y] for x, y in feature_of(A, {})["geometry"]["coordinates"][0]
        ]]}
    ),
    "GeoJSON, a collection": geojson(geometry={"type": "GeometryCollection", "geometries": [POINT]}),
    "GeoJSON, nested properties": geojson(properties={**BASE, "at": {"lat": 36.2021, "lon": 37.1343}}),
    "GeoJSON, a property of precision": geojson(properties={**BASE, "precision_m": 100}),
    "GeoJSON, a box": geojson(bbox=[37.1343, 36.2021, 37.1344, 36.2022]),
    "GeoJSON, an id": geojson(id="36.2021,37.1343"),
    "GeoJSON, a finer cell": geojson(properties={**BASE, "cell": FINE}, geometry=None),
    "GeoJSON, one of its own": geojson(geometry=None, properties={**BASE, "group": "36.2021, 37.1343"}),
    "CSV, two columns more": f"group,day,cell,lat,lon\nisil,2016-03-04,{A},36.2021,37.1343\n".encode(),
    "CSV, a column of precision": f"group,day,cell,precision\nisil,2016-03-04,{A},exact\n".encode(),
    "CSV, a finer cell": f"group,day,cell\nisil,2016-03-04,{FINE}\n".encode(),
    "CSV, a position for a cell": b'group,day,cell\nisil,2016-03-04,"36.2021,37.1343"\n',
    "CSV, a value beyond its columns": f"group,day,cell\nisil,2016-03-04,{A},36.2021\n".encode(),
    "JSON, cells of more than cells": json.dumps([{**FIELDS, "cells": [{"cell": A, "lat": 36}]}]).encode(),
    "JSON, a field more": json.dumps({**AREA, "wkt": "POINT(1 2)"}).encode(),
    "JSON, a finer cell": json.dumps({"group": "isil", "day": "2016-03-04", "cells": [HIDDEN]}).encode(),
    "Parquet, a column of shapes": parquet({**FIELDS, "cell": [A], "geometry": [b"\x01\x01\x00\x00\x00" + bytes(16)]}),
    "Parquet, a column of numbers": parquet({**FIELDS, "cell": [A], "lat": [36.2021]}),
    "Parquet, a finer cell": parquet({**FIELDS, "cell": [FINE]}),
    "Parquet, a cell as a number": parquet({**FIELDS, "cell": [int(FINE, 16)]}),
    "Parquet, a cell as a struct": parquet({**FIELDS, "cell": [{"cell": A, "lat": 36.2}]}),
    "Parquet, shapes said beside it": parquet({**FIELDS, "cell": [A]}, {b"geo": b'{"primary_column": "cell"}'}),
}  # fmt: skip


@pytest.mark.parametrize("door", FILES)
def test_no_file_of_areas_lets_it_through(door: str) -> None:
    """CSV, JSON, Parquet, GeoJSON: refused whole, in words that repeat no position."""
    with pytest.raises(InputError) as told:
        read_areas(FILES[door], "areas.file")
    assert "36.2021" not in str(told.value)
    assert FINE not in str(told.value)


def test_the_same_files_without_it_are_read() -> None:
    """The control: each reader reads, and the four give the same."""
    plain = [
        geojson(), geojson(geometry=None), f"group,day,cell\nisil,2016-03-04,{A}\n".encode(),
        json.dumps([{"group": "isil", "day": "2016-03-04", "cells": [A]}]).encode(), parquet({**FIELDS, "cell": [A]}),
    ]  # fmt: skip
    assert {one.cells for data in plain for one in read_areas(data, "areas")} == {(A,)}


# -- what is sent ------------------------------------------------------------------------------------------------------

SENT: dict[str, Any] = {
    "a finer cell": {**AREA, "cells": [FINE]},
    "a finer cell behind a coarse head": {**AREA, "cells": [HIDDEN]},
    "a geometry": {**AREA, "geometry": POINT},
    "nested": {**AREA, "cells": [{"cell": A}]},
    "a precision": {**AREA, "precision": 7},
    "words": {**AREA, "text": "٣٦٫٢٠٢١، ٣٧٫١٣٤٣"},
    "a cell as a number": {**AREA, "cells": [int(A, 16)]},
}


@pytest.fixture(scope="module")
def client(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A service over a copy of the case."""
    found = copied(base, tmp_path_factory.mktemp("served") / "case")
    found.case.close()
    with Service.open(str(found.path), Settings()) as service:
        asking = Client(make_app(service))
        yield asking
        asking.close()


@pytest.mark.parametrize("door", SENT)
def test_no_request_lets_it_through(client: Client, door: str) -> None:
    """Refused by the schema of the interface or behind it, with a problem that repeats nothing."""
    with client.seen_as(US):
        told = client.post("/api/v1/areas/check", json=SENT[door])
    assert told.status_code == 422, told.text
    assert FINE not in told.text
    assert "36.2021" not in told.text


def test_a_coarse_request_is_answered(client: Client) -> None:
    """The control; and the public may not even ask."""
    with client.seen_as(US):
        told = client.post("/api/v1/areas/check", json={**AREA, "cells": sorted([A, B])})
    assert told.status_code == 200, told.text
    assert told.json()["body"]["cells"] == sorted([A, B])
    assert client.post("/api/v1/areas/check", json=AREA).status_code == 404
    with client.seen_as(US):
        assert client.post("/api/v1/areas/check", json={**AREA, "group": "excluded"}).status_code == 409


# -- what is written by hand -------------------------------------------------------------------------------------------

ROWS = {"a finer cell": int(FINE, 16), "behind a coarse head": int(HIDDEN, 16), "no cell": 617, "below zero": -1}


@pytest.mark.parametrize("door", ROWS)
def test_sqlite_itself_refuses_it(world: World, door: str) -> None:
    """Whoever writes to the file past the program."""
    path = world.path / "record" / "index.sqlite"
    index = Index(path)
    index.cells()
    with closing(sqlite3.connect(path)) as db, pytest.raises(sqlite3.IntegrityError, match="coarse"):
        db.execute("insert into cell values (1, 'cells', ?)", (ROWS[door],))
    with pytest.raises(StoreError):
        index.put_cells([(1, "cells", ROWS[door])])
    with closing(sqlite3.connect(path)) as db:
        db.execute("insert into cell values (1, 'cells', ?)", (int(A, 16),))
        with pytest.raises(sqlite3.IntegrityError, match="coarse"):
            db.execute("update cell set cell = ?", (ROWS[door],))
    index.close()


def entry(kind: str, body: Any) -> bytes:  # noqa: ANN401  # any JSON value is meant
    """An entry that nobody checked."""
    one = Statement((), body, "us", Cited(), 0, "log", "", SCHEMA, None, 0, kind, "")
    return sign(written(one), [SigningKey.of_seed(bytes(32))])


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty record in PostgreSQL."""
    cluster()
    where = place("server", tmp_path_factory.mktemp("server"))
    return str(where.where.split("?")[0].rpartition("/")[2])


def add(database: str, index: int, data: bytes) -> None:
    """Write an entry by hand, as the role of the program."""
    leaf = leaf_hash(data).hex()
    line = f"insert into truceline.entry values ({index}, decode('{data.hex()}', 'hex'), decode('{leaf}', 'hex'))"  # noqa: S608
    cluster().sql(line, database=database, role=ROLE)


BY_HAND: dict[str, Callable[[str], object]] = {
    "a finer cell, in its table": lambda database: cluster().sql(
        f"insert into truceline.cell values (1, 'cells', {int(FINE, 16)})",  # noqa: S608
        database=database, role=ROLE,
    ),
    "a finer cell behind a coarse head": lambda database: cluster().sql(
        f"insert into truceline.cell values (1, 'cells', {int(HIDDEN, 16)})",  # noqa: S608
        database=database, role=ROLE,
    ),
    "an entry with a finer cell": lambda database: add(database, 900, entry("area", {**AREA, "cells": [FINE]})),
    "an entry with a number for a cell": lambda database: add(database, 900, entry("area", {**AREA, "cells": ["36"]})),
    "an entry with a geometry": lambda database: add(database, 900, entry("area", {**AREA, "geometry": "POINT(1 2)"})),
    "an entry of the map": lambda database: add(database, 900, entry("map-proposal", {"cells": [HIDDEN]})),
    "an entry of a list": lambda database: add(database, 900, entry("handover", {**LIST, "cells": [FINE]})),
}  # fmt: skip


@pytest.mark.parametrize("door", BY_HAND)
def test_postgresql_itself_refuses_it(database: str, door: str) -> None:
    """Whoever writes to the tables past the program, with its role."""
    import psycopg

    with pytest.raises(psycopg.errors.CheckViolation):
        BY_HAND[door](database)


def test_postgresql_takes_what_is_coarse_and_what_is_none_of_its_business(database: str) -> None:
    """The control: cells, bytes that are no entry, entries of other types."""
    for index, data in (
        (901, entry("area", AREA)),
        (902, b"\xff\x00 no entry"),
        (903, entry("act", {"geometry": "x"})),
    ):
        add(database, index, data)
    found = cluster().sql('select "index", cell from truceline.cell', database=database)
    assert found == [(901, int(A, 16))]


def test_they_are_forty_doors_and_more() -> None:
    """What was promised."""
    assert len(SAID) + len(FILES) + len(SENT) + len(ROWS) + len(BY_HAND) >= 40
