"""What does a table of one's own hold? Observations in the common schema, as Parquet, each row checked like any other.

A table is not trusted more than a file of reports: regions, times and modes are checked, an act of force dated in the
future is refused, and the time of import replaces the one in the file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from truceline.errors import Fault, InputError, one_line, quoted
from truceline.evidence.readers import Start
from truceline.evidence.reading import Manner, Read, RowFault, Rows, is_harm
from truceline.evidence.schema import LATER, MODES, REGION, SCHEMA, region_of
from truceline.evidence.sources import is_grade
from truceline.space import KINDS, MOST_RADIUS_M, Region
from truceline.span import Span, parse_instant

EARLIEST_START = parse_instant("1900", "UTC")
"""The earliest second (UTC) at which an observation may begin."""

LATEST_END = parse_instant("2200", "UTC")
"""The latest second (UTC) before which an observation must have ended."""

_LISTS = ("actor", "target", "act", "chain")
_FREE_REGION = pa.struct([field.with_nullable(True) for field in REGION])
WITH_NULLS = pa.schema([pa.field(field.name, _FREE_REGION if field.type == REGION else field.type) for field in SCHEMA])
"""The schema with nulls allowed everywhere, as other programs write it: what a row lacks is a fault of that row."""


LICENCE = ""
"""Each row of a table says its own."""


def fits(start: Start) -> bool:
    """Whether a file is a Parquet table with the columns of observations."""
    return start.columns is not None and set(SCHEMA.names) - set(LATER) <= start.columns


def read(file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read a Parquet table of observations.

    Args:
        file: the Parquet file.
        name: the file's name for messages.
        manner: the time of import, and the latest moment at which an act of force may begin.

    Raises:
        InputError: not Parquet, or columns are missing or of another type.
    """
    try:
        given = pq.read_table(io.BytesIO(file.read()))
        missing = [column for column in SCHEMA.names if column not in (*given.column_names, *LATER)]
        if missing:
            raise InputError(Fault(f"not a table of observations: missing the columns {', '.join(missing)}", name))
        for column in LATER:
            if column not in given.column_names:
                given = given.append_column(column, pa.nulls(given.num_rows, SCHEMA.field(column).type))
        table = given.select(SCHEMA.names).cast(WITH_NULLS)
        broken = broken_texts(table)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise InputError(Fault(f"not a table of observations: {one_line(str(error), 200)}", name)) from None
    rows = Rows(name)
    for number, row in enumerate(_rows_of(table, broken), 1):
        try:
            if number - 1 in broken:
                raise broken[number - 1][1]
            row["line"] = row["line"] or number
            check_row(row, manner)
            harm = is_harm(row["act"] or (), row["target"] or (), manner.tree)
            rows.take({**row, "known_at": manner.known_at, "protected": bool(row["protected"]) or harm})
        except RowFault as fault:
            rows.reject(number, str(row["id"] or ""), fault)
    return rows.read()


def broken_texts(table: pa.Table) -> dict[int, tuple[str, RowFault]]:
    """Rows that hold a text which is not UTF-8: index of the row to its id, empty where that is broken, and the fault.

    Args:
        table: with a column `id`; all of its columns are looked at.

    Raises:
        ArrowInvalid: a column is damaged in another way.
    """
    faults: dict[int, RowFault] = {}
    for name in table.column_names:
        try:
            table.column(name).validate(full=True)
        except pa.ArrowInvalid:
            found = dict(_broken(table.column(name), name))
            if not found:
                raise
            faults = {**found, **faults}  # of a row, the first of its columns is told
    ids = {row: table.column("id")[row] for row, fault in faults.items() if fault.field != "id"}
    return {row: (str(ids[row].as_py() or "") if row in ids else "", faults[row]) for row in sorted(faults)}


def check_row(row: Mapping[str, Any], manner: Manner) -> None:
    """Refuse a row that can be no observation: the one rule, for tables of any size.

    Args:
        row: field to value; fields that are not judged may be absent.
        manner: the acts, and the latest moment at which an act of force may begin.

    Raises:
        RowFault: the field, and what was expected of it.
    """
    if not row["id"]:
        raise RowFault("id", "expected an id, got nothing")
    if row.get("source", "") is None:
        raise RowFault("source", "expected a source, got nothing")
    start, end = row["start"], row["end"]
    if start is None or end is None or not EARLIEST_START <= start < end <= LATEST_END:
        raise RowFault("end", "expected a time within 1900..2200 that ends after it begins")
    for what in _LISTS:
        _check_list(row.get(what), what, "a text")
    for what in ("actor", "target"):
        if row[f"{what}_mode"] not in (None, *MODES):
            raise RowFault(f"{what}_mode", f"expected one of {', '.join(MODES)}, got {quoted(row[f'{what}_mode'])}")
    for what in ("impact", "origin"):
        if row[what] is not None:
            _check_lists_of(row[what], what)
            _check_region(region_of(row[what]), what)
    if row.get("grade") and not is_grade(row["grade"]):
        raise RowFault("grade", f"expected an Admiralty grade such as `C2`, got {quoted(row['grade'])}")
    low, high = row["low_m"], row["high_m"]
    if low is not None and high is not None and high < low:
        raise RowFault("high_m", "expected a ceiling above the floor")
    acts = row["act"] or ()
    if (not acts or any(manner.tree.is_force(act) for act in acts)) and manner.is_ahead(Span(start, end)):
        raise RowFault("start", "an act of force dated in the future is refused")


def _rows_of(table: pa.Table, broken: Mapping[int, tuple[str, RowFault]]) -> Iterator[dict[str, Any]]:
    """The rows; of those with a broken text the id alone."""
    if not broken:
        yield from table.to_pylist()
        return
    begin = 0
    for row, (key, _) in broken.items():
        yield from table.slice(begin, row - begin).to_pylist()
        yield {"id": key}
        begin = row + 1
    yield from table.slice(begin).to_pylist()


def _broken(column: pa.ChunkedArray, name: str) -> Iterator[tuple[int, RowFault]]:
    for row, value in enumerate(column):
        try:
            value.as_py()
        except UnicodeDecodeError as error:
            yield row, RowFault(name, f"expected UTF-8, got the byte 0x{error.object[error.start]:02X}")


def _check_list(values: Sequence[Any] | None, what: str, item: str) -> None:
    for place, value in enumerate(values or (), 1):
        if value is None:
            raise RowFault(what, f"expected {item} at every place of the list, got nothing at place {place}")


def _check_lists_of(region: Mapping[str, Any], what: str) -> None:
    if region["kind"] is None:
        raise RowFault(what, f"expected a region of kind {', '.join(KINDS)}, got nothing")
    _check_list(region["areas"], what, "the code of a unit")
    _check_list(region["points_e7"], what, "a number")


def _check_region(region: Region, what: str) -> None:
    if region.kind not in KINDS:
        raise RowFault(what, f"expected a region of kind {', '.join(KINDS)}, got {quoted(region.kind)}")
    if region.kind in ("disc", "sector") and (region.lon_e7 is None or region.lat_e7 is None):
        raise RowFault(what, f"a {region.kind} needs a position")
    if region.lon_e7 is not None and not -1_800_000_000 <= region.lon_e7 <= 1_800_000_000:
        raise RowFault(what, "longitude out of range")
    if region.lat_e7 is not None and not -900_000_000 <= region.lat_e7 <= 900_000_000:
        raise RowFault(what, "latitude out of range")
    if not 0 <= region.radius_m <= MOST_RADIUS_M:
        raise RowFault(what, f"expected a radius of 0..{MOST_RADIUS_M} m, got {region.radius_m}")
    if region.kind == "area" and not region.areas:
        raise RowFault(what, "an area needs the code of a unit")
    if region.kind in ("line", "hull") and (len(region.points_e7) < 4 or len(region.points_e7) % 2):
        raise RowFault(what, f"a {region.kind} needs at least two points")
    if region.kind == "sector" and not 0 <= region.near_m < region.far_m <= MOST_RADIUS_M:
        raise RowFault(what, "a sector needs an outer range beyond its inner one")
    if not all(-360 <= bearing <= 720 for bearing in (region.from_deg, region.to_deg)):
        raise RowFault(what, "expected bearings of -360..720 degrees")
