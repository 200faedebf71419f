"""What does a file of areas hold? Cells of the floor, a group and a day, and nothing else: else it is refused whole.

CSV, JSON, Parquet and GeoJSON. The fields that are known are the only ones: a column more is refused, whatever is in
it, since a precision, a second geometry or a note may hold what the cells do not. A geometry of GeoJSON is none, or the
outline of its cell as this program writes it, and is never read as a place.

Nothing is rounded, and nothing of a refused file is kept.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from truceline.desk.coarse import check_coarse
from truceline.desk.exchanged import AreaShown
from truceline.errors import Fault, InputError, SubmissionError, quoted, raise_all, text_of
from truceline.exchange.floor import check_cell, listed
from truceline.exchange.partition import outline_of
from truceline.span import utc_text

FIELDS = ("group", "day", "cell")
MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS = 20_000
_DIGITS = 7


@dataclass(frozen=True)
class Row:
    """One line of a file: a group, a day, a cell; an empty cell = the group is nowhere."""

    group: str
    day: str
    cell: str
    line: int


@dataclass(frozen=True)
class Listed:
    """The area of one group on one day, as a file has it."""

    group: str
    day: str
    cells: tuple[str, ...]

    @property
    def body(self) -> dict[str, Any]:
        """The body of a statement of it."""
        return {"group": self.group, "day": self.day, "cells": list(self.cells)}


class _Json(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    group: str
    day: str
    cells: list[str]


def read_areas(data: bytes, name: str) -> list[Listed]:
    """Read a file of areas.

    Args:
        data: its bytes, at most 4 MiB.
        name: of the file, for messages.

    Returns:
        By group and day, sorted.

    Raises:
        InputError: every fault of the file: a field that is not known, a cell finer than the floor, a position.
    """
    if len(data) > MOST_BYTES:
        raise InputError(Fault(f"expected at most {MOST_BYTES} bytes of areas, got {len(data)}", name))
    try:
        rows = list(_rows(data, name))
    except (msgspec.DecodeError, RecursionError, csv.Error, pa.ArrowException, OSError):
        raise InputError(Fault("expected CSV, JSON, Parquet or GeoJSON with group, day and cell", name)) from None
    except SubmissionError as error:
        raise InputError(Fault(error.faults[0].message, name)) from None
    if len(rows) > MOST_ROWS:
        raise InputError(Fault(f"expected at most {MOST_ROWS} cells, got {len(rows)}", name))
    raise_all((fault for row in rows for fault in _faults(row, name)), InputError)
    if not rows:
        raise InputError(Fault("holds no area", name))
    found: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        found.setdefault((row.group, row.day), set()).update([row.cell] if row.cell else [])
    return [Listed(group, day, listed(cells)) for (group, day), cells in sorted(found.items())]


def _rows(data: bytes, name: str) -> Iterator[Row]:
    if data[:4] == b"PAR1":
        return _of_parquet(data, name)
    if data.lstrip()[:1] in (b"{", b"["):
        document = msgspec.json.decode(data)
        is_geo = isinstance(document, dict) and "type" in document
        return _of_geojson(document, name) if is_geo else _of_json(data)
    return _of_csv(data, name)


def _of_csv(data: bytes, name: str) -> Iterator[Row]:
    table = csv.reader(io.StringIO(text_of(data, name)), strict=True)
    head = [one.strip() for one in next(table, [])]
    _check_fields(head, FIELDS, name)
    for number, row in enumerate(table, 2):
        if not row:
            continue
        if len(row) != len(head):
            raise InputError(Fault(f"expected {len(head)} columns, got {len(row)}", name, number))
        values = dict(zip(head, row, strict=True))
        yield Row(values["group"], values["day"], values["cell"], number)


def _of_json(data: bytes) -> Iterator[Row]:
    try:
        found = msgspec.json.decode(data, type=list[_Json] | _Json)
    except msgspec.ValidationError:
        raise SubmissionError("expected objects of `group`, `day` and `cells`, and nothing else in them") from None
    for number, one in enumerate(found if isinstance(found, list) else [found], 1):
        for cell in one.cells or [""]:
            yield Row(one.group, one.day, cell, number)


def _of_parquet(data: bytes, name: str) -> Iterator[Row]:
    file = pq.ParquetFile(pa.BufferReader(data))
    schema = file.schema_arrow
    _check_fields(schema.names, FIELDS, name)
    if file.metadata.num_rows > MOST_ROWS or b"geo" in (schema.metadata or {}):
        raise InputError(Fault(f"expected at most {MOST_ROWS} cells, and no column of shapes", name))
    for field in schema:
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)) or field.metadata:
            raise InputError(Fault("expected text, and nothing said of the column beside it", name, 0, field.name))
    for number, row in enumerate(file.read().to_pylist(), 1):
        if None in row.values():
            raise InputError(Fault("a value is missing", name, number))
        yield Row(row["group"], row["day"], row["cell"], number)


def _of_geojson(document: Mapping[str, Any], name: str) -> Iterator[Row]:
    _check_fields(document, ("type", "features"), name)
    features = document["features"]
    if document["type"] != "FeatureCollection" or not isinstance(features, list):
        raise InputError(Fault("expected a FeatureCollection", name))
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict):
            raise InputError(Fault("expected a Feature", name, number))
        _check_fields(feature, ("type", "properties", "geometry"), name, number)
        properties = feature["properties"]
        if feature["type"] != "Feature" or not isinstance(properties, dict):
            raise InputError(Fault("expected a Feature with properties", name, number))
        _check_fields(properties, FIELDS, name, number)
        values = [properties[field] for field in FIELDS]
        if not all(isinstance(value, str) for value in values):
            raise InputError(Fault("expected texts as `group`, `day` and `cell`", name, number))
        row = Row(values[0], values[1], values[2], number)
        faults = list(_faults(row, name))
        raise_all(faults, InputError)
        if feature["geometry"] is not None and feature["geometry"] != (geometry_of(row.cell) if row.cell else None):
            raise InputError(Fault("the geometry is not the outline of its cell: leave it null", name, number))
        yield row


def _check_fields(found: Iterable[Any], wanted: tuple[str, ...], name: str, line: int = 0) -> None:
    got = list(found)
    strange = [one for one in got if one not in wanted]
    missing = [one for one in wanted if one not in got]
    if strange or missing or len(set(got)) < len(got):
        told = f"{quoted(strange[0])} is not known" if strange else f"expected {', '.join(wanted)}, each once"
        raise InputError(Fault(f"{told}: an area is {', '.join(wanted)}, and nothing else", name, line))


def _faults(row: Row, name: str) -> Iterator[Fault]:
    try:
        if row.cell:
            check_cell(row.cell)
        check_coarse([row.group, row.day])
    except SubmissionError as error:
        yield Fault(error.faults[0].message, name, row.line)


# -- writing -----------------------------------------------------------------------------------------------------------


def geometry_of(cell: str) -> dict[str, Any]:
    """The outline of a cell as GeoJSON, in degrees, longitude before latitude, closed, to 1e-7 degree."""
    ring = [[round(float(x), _DIGITS), round(float(y), _DIGITS)] for x, y in shapely.get_coordinates(outline_of(cell))]
    return {"type": "Polygon", "coordinates": [ring]}


def feature_of(cell: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A cell as a feature; its geometry says no more than its name."""
    return {"type": "Feature", "properties": {"cell": cell, **properties}, "geometry": geometry_of(cell)}


def one_shape(cells: Iterable[str]) -> dict[str, Any]:
    """The union of some cells as one GeoJSON geometry, on the grid of 1e-7 degree."""
    parts = [shapely.geometry.shape(geometry_of(cell)) for cell in cells]
    made: dict[str, Any] = msgspec.json.decode(shapely.to_geojson(shapely.normalize(shapely.union_all(parts))))
    return made


def written_areas(shown: Iterable[AreaShown], suffix: str) -> bytes:
    """Standing areas as a file that `read_areas` reads again, its fields and no others.

    Args:
        shown: what somebody is shown.
        suffix: `.geojson` or `.csv`.

    Raises:
        InputError: another suffix.
    """
    rows = [(one.group, utc_text(one.at - 1)[:10], cell) for one in shown for cell in one.cells]
    if suffix == ".csv":
        made = io.StringIO()
        csv.writer(made, lineterminator="\n").writerows([FIELDS, *rows])
        return made.getvalue().encode()
    if suffix != ".geojson":
        raise InputError(f"expected a file ending in .geojson or .csv, got {quoted(suffix)}")
    features = [feature_of(cell, {"group": group, "day": day}) for group, day, cell in rows]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features}) + b"\n"
