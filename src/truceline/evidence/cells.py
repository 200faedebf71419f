"""What does a table say, cell by cell? Rows of CSV and Parquet one at a time; numbers, days, positions read strictly.

Nothing is guessed: `1/2/2016` is no day, `36,6` is no number, and a position whose two numbers stand in each other's
place is told to be so and never turned round. No message repeats a coordinate.
"""

from __future__ import annotations

import csv
import math
import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from truceline.atlas import Atlas
from truceline.errors import Fault, InputError, one_line, quoted
from truceline.evidence.reading import BATCH, FREE_UNPACKED, MOST_LINE, MOST_UNPACKED, RowFault, Rows, lines_of, opened
from truceline.evidence.schema import region_row
from truceline.space import MOST_RADIUS_M, UNITS_PER_DEGREE, Region, quantise

DELIMITERS = (",", ";", "\t", "|")
MOST_COLUMNS = 2_000
MOST_DEGREES = 1e6
NEAR_E7 = 2_500_000
"""About 25 km beyond a border a town may well be told of: nothing there is called swapped."""

MOST_ROWS = 20_000_000
"""A table of more rows is refused: a few bytes of Parquet can claim any number of them."""

_NUMBER = re.compile(r"[-+]?(\d{1,18}(\.\d{0,20})?|\.\d{1,20})([eE][-+]?\d{1,2})?", re.ASCII)
_SERIAL = re.compile(r"[1-9]\d{4}(\.\d+)?", re.ASCII)
_SLASHED = re.compile(r"\d{1,4}[/.]\d{1,2}[/.]\d{1,4}|\d{1,2}-\d{1,2}-\d{2,4}")
_UNTOLD = frozenset(("", "nan", "null", "none", "nat"))
_LONGEST_UNTOLD = 4

Record = Mapping[str, Any]
"""Column to cell: text, or a plain value where the format has types of its own."""


# -- tables ----------------------------------------------------------------------------------------------------------


def columns_of(line: str) -> frozenset[str]:
    """The names in a header line, by the delimiter that divides it into most."""
    return max((frozenset(_header(line, mark)) for mark in DELIMITERS), key=_size)


def records(
    file: BinaryIO, rows: Rows, wanted: Collection[str], *, what: str, delimiter: str = "", header: int = 1
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file, one at a time; a row of too many cells, or with a stray quote, is rejected here.

    Args:
        file: plain or gzip, UTF-8 with or without a byte order mark.
        rows: of the file; rejected rows are noted there.
        wanted: columns that must be there.
        what: how a message calls such a file.
        delimiter: between cells; empty = the one that finds most of the wanted columns.
        header: line of the names, from 1.

    Yields:
        Line of the file, and column to text, stripped.

    Raises:
        InputError: a column is missing or stands there twice, or it is no CSV.
    """
    lines = lines_of(opened(file, rows.name), rows.name)
    above, head = _head(lines, header, rows.name)
    mark = delimiter or max(DELIMITERS, key=lambda one: len(set(wanted) & set(_header(head, one))))
    names = _header(head, mark)
    check_names(names, wanted, rows.name, what=what, line=above)
    for line, found in _split(lines, mark, len(names), above, rows):
        if any(found):
            yield line, {name: cell.strip() for name, cell in zip(names, found, strict=False)}


def _split(lines: Iterator[str], mark: str, width: int, above: int, rows: Rows) -> Iterator[tuple[int, list[str]]]:
    """The cells of each record and its last line. A line that begins none is rejected, and what it swallowed read."""
    taken = _Lines(lines, rows.name)
    reader = csv.reader(taken, delimiter=mark, strict=True)
    line = above
    while True:
        taken.begin()
        try:
            found = next(reader, None)
            fault = None if found is None else _misfit(found, width, len(taken.record))
        except csv.Error as error:
            found, fault = [], RowFault("row", f"not CSV, perhaps a stray quote: {error}")
        if found is None:
            return
        if fault is not None:
            rows.reject(line + 1, "", fault)
            taken.take_back()
        line += len(taken.record)
        if fault is None:
            yield line, found


def _misfit(found: list[str], width: int, lines: int) -> RowFault | None:
    """Why cells are no record: too many of them, or another number than columns over several lines."""
    if lines > 1 and len(found) != width:
        return RowFault("row", f"expected {width} cells, got {len(found)} on {lines} lines, perhaps a stray quote")
    if len(found) > width and any(cell.strip() for cell in found[width:]):
        return RowFault("row", f"expected {width} cells, got {len(found)}")
    return None


class _Lines:
    """Lines, of which those of the record at hand can be taken back."""

    def __init__(self, lines: Iterator[str], name: str) -> None:
        self.record: list[str] = []
        self._lines, self._name = lines, name
        self._ahead: deque[str] = deque()
        self._size = self._again = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._size > MOST_LINE:
            raise csv.Error(f"a record of over {MOST_LINE} characters")
        line = self._ahead.popleft() if self._ahead else next(self._lines)
        self.record.append(line)
        self._size += len(line)
        return line

    def begin(self) -> None:
        """The next line begins a record."""
        self.record.clear()
        self._size = 0

    def take_back(self) -> None:
        """All lines of the record but its first are still to be read.

        Raises:
            InputError: so much was read again that the quotes of the file mean nothing.
        """
        again, self.record = self.record[1:], self.record[:1]
        self._ahead.extendleft(reversed(again))
        self._again += sum(map(len, again))
        if self._again > FREE_UNPACKED:
            raise InputError(Fault("not CSV: its quotes do not end where its cells do", self._name))


def _head(lines: Iterator[str], header: int, name: str) -> tuple[int, str]:
    """The line of names, and how many lines lie above the first row."""
    for number, line in enumerate(lines, 1):
        is_hint = number == 1 and re.fullmatch(r"sep=.\s*", line)  # how one spreadsheet tells another its delimiter
        if number >= header and line.strip() and not is_hint:
            return number, line
    raise InputError(Fault("expected a line of column names, got nothing", name))


def _size(names: frozenset[str]) -> int:
    return len(names)


def _header(line: str, mark: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=mark), [])]
    except csv.Error:
        return []


def check_names(names: Sequence[str], wanted: Collection[str], file: str, *, what: str, line: int = 0) -> None:
    """Refuse a table that lacks a column, has one twice, or has too many.

    Raises:
        InputError: which.
    """
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(Fault(f"not {what}: missing the columns {', '.join(map(quoted, missing))}", file, line))
    twice = [name for name in wanted if names.count(name) > 1]
    if twice:
        raise InputError(Fault(f"the columns {', '.join(map(quoted, twice))} stand in it twice", file, line))
    if len(names) > MOST_COLUMNS:
        raise InputError(Fault(f"expected at most {MOST_COLUMNS} columns, got {len(names)}", file, line))


def parquet_names(file: BinaryIO, name: str) -> tuple[str, ...]:
    """Columns of a Parquet file, which is left at its beginning.

    Raises:
        InputError: it is none.
    """
    try:
        found = tuple(pq.read_schema(file).names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(Fault(f"not Parquet: {one_line(str(error), 120)}", name)) from None
    file.seek(0)
    return found


def batches(file: BinaryIO, name: str, wanted: Collection[str], *, what: str) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The rows of a Parquet file, some at a time, of the wanted columns that it has.

    Yields:
        Number of the first row, from 1, and the rows.

    Raises:
        InputError: it is no Parquet, or claims more rows or bytes than a table of evidence has.
    """
    try:
        given = pq.ParquetFile(file)
        meta = given.metadata
        size = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
        if meta.num_rows > MOST_ROWS or size > MOST_UNPACKED:
            raise InputError(Fault(f"expected at most {MOST_ROWS} rows, {MOST_UNPACKED} bytes unpacked", name))
        first = 1
        for batch in given.iter_batches(BATCH, columns=[one for one in given.schema_arrow.names if one in wanted]):
            yield first, batch
            first += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(Fault(f"not {what}: {one_line(str(error), 120)}", name)) from None


def parquet_records(
    file: BinaryIO, name: str, wanted: Collection[str], *, what: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a Parquet file, one at a time; times are cut to microseconds."""
    for first, batch in batches(file, name, wanted, what=what):
        try:
            table = pa.table({field.name: cut(batch.column(field.name)) for field in batch.schema})
            yield from enumerate(table.to_pylist(), first)
        except (pa.ArrowException, ValueError) as error:
            raise InputError(Fault(f"not {what}: {one_line(str(error), 120)}", name)) from None


def cut(column: pa.Array) -> pa.Array:
    """A column as plain values can hold it: times cut to microseconds, and those with a zone in UTC."""
    kind = column.type
    if not pa.types.is_timestamp(kind):
        return column
    return column.cast(pa.timestamp("us", "UTC" if kind.tz else None), safe=False)


# -- cells -----------------------------------------------------------------------------------------------------------


def text(record: Record, column: str) -> str:
    """What a cell says, as text; empty where it says nothing.

    Raises:
        RowFault: it holds a NUL, or more than text.
    """
    value = record.get(column)
    if type(value) is str:  # by far the most cells
        if "\0" in value:
            raise RowFault(column, "expected text, got a NUL byte")
        found = value.strip()
        return "" if len(found) <= _LONGEST_UNTOLD and found.lower() in _UNTOLD else found
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict | bytes):
        kind = {list: "a list", dict: "an object"}.get(type(value), "bytes")
        raise RowFault(column, f"expected a text or a number, got {kind}")
    return "" if value != value else str(value)  # noqa: PLR0124  # what is not itself is no number


def exact(record: Record, column: str, *, decimal: str = ".") -> Fraction | None:
    """A number as it is written, exactly; None where the cell is empty.

    Args:
        record: the row.
        column: of the cell.
        decimal: mark of the decimals in texts, `.` or `,`.

    Raises:
        RowFault: not a number, or not a finite one.

    >>> exact({"low": "1.5"}, "low")
    Fraction(3, 2)
    """
    value = record.get(column)
    if isinstance(value, float) and math.isfinite(value):
        return Fraction(repr(value))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        return Fraction(value)
    told = text(record, column)
    if not told:
        return None
    plain = _plain(told, decimal)
    if not _NUMBER.fullmatch(plain):
        kind = "a number with a decimal comma" if decimal == "," else "a number"
        raise RowFault(column, f"expected {kind}, got {quoted(told)}")
    return Fraction(plain)


def is_number(told: str, decimal: str = ".") -> bool:
    """Whether a text is written as a number.

    >>> is_number("1.5"), is_number("more than 350"), is_number("1.5", ",")
    (True, False, False)
    """
    return bool(_NUMBER.fullmatch(_plain(told, decimal)))


def _plain(told: str, decimal: str) -> str:
    """A number with a point; empty where the point would be another mark."""
    return told if decimal == "." else "" if "." in told else told.replace(",", ".")


def number(record: Record, column: str, low: int, high: int, *, decimal: str = ".") -> Fraction:
    """A number within bounds; a cell that is empty is a fault."""
    value = exact(record, column, decimal=decimal)
    if value is None or not low <= value <= high:
        raise RowFault(column, f"expected a number {low}..{high}, got {quoted(text(record, column) or 'nothing')}")
    return value


def count(record: Record, column: str, *, most: int = (1 << 31) - 1, decimal: str = ".") -> int | None:
    """A whole number from 0; None where the cell is empty."""
    value = exact(record, column, decimal=decimal)
    if value is None:
        return None
    if value.denominator != 1 or not 0 <= value <= most:
        raise RowFault(column, f"expected a whole number 0..{most}, got {quoted(text(record, column))}")
    return int(value)


def day(record: Record, column: str) -> date:
    """A civil day, year first.

    Raises:
        RowFault: no day, or one that can be read in two ways.
    """
    told = text(record, column)
    try:
        found = date.fromisoformat(told) if len(told) == 10 else None
    except ValueError:
        found = None
    if found is None or not 1900 <= found.year <= 2200:
        raise RowFault(column, unread_day(told))
    return found


def unread_day(told: str) -> str:
    """Why a text is no day.

    >>> unread_day("1/2/2016")
    'expected a day such as 2016-02-27, got `1/2/2016`, which can be read in two ways'
    """
    twice = ", which can be read in two ways" if _SLASHED.match(told) else ""
    return serial(told) or f"expected a day such as 2016-02-27, got {quoted(told) if told else 'nothing'}{twice}"


def serial(told: str) -> str:
    """Why a day is not read that is the number of a day in a spreadsheet; empty = it looks like none.

    >>> serial("42430"), serial("2016")
    ('expected a day such as 2016-02-27, got a bare serial number of a spreadsheet: format the column as a date', '')
    """
    why = "expected a day such as 2016-02-27, got a bare serial number of a spreadsheet: format the column as a date"
    return why if _SERIAL.fullmatch(told) else ""


# -- positions -------------------------------------------------------------------------------------------------------


def position(
    record: Record,
    lon_column: str,
    lat_column: str,
    *,
    atlas: Atlas | None = None,
    country: str = "",
    decimal: str = ".",
) -> tuple[float, float] | None:
    """Longitude and latitude in degrees (WGS 84); None where both cells are empty.

    Args:
        record: the row.
        lon_column: of the longitude.
        lat_column: of the latitude.
        atlas: with the shape of the country; None = it is not asked.
        country: code of the stated country; empty = none.
        decimal: mark of the decimals.

    Raises:
        RowFault: one is missing, out of range, or the two seem to stand in each other's place.
    """
    lon, lat = degrees(record, lon_column, decimal), degrees(record, lat_column, decimal)
    if lon is None and lat is None:
        return None
    if lon is None or lat is None:
        raise RowFault(lon_column if lon is None else lat_column, "expected a number of degrees, got nothing")
    here, turned = (lon, lat), (lat, lon)
    is_range = _in_range(*here)
    if is_range and (atlas is None or holds(atlas, country, here) is not False):
        return here
    if atlas is not None and _in_range(*turned) and holds(atlas, country, turned):
        why = f"seem to be swapped: the other way round the point lies in {quoted(country)}"
        raise RowFault(f"{lon_column}, {lat_column}", why)
    if not is_range:
        column, most = (lat_column, 90) if abs(lat) > 90 else (lon_column, 180)
        hint = ": are longitude and latitude swapped?" if _in_range(*turned) else ""
        raise RowFault(column, f"out of range: expected -{most}..{most} degrees{hint}")
    return here


def degrees(record: Record, column: str, decimal: str = ".") -> float | None:
    """A longitude or latitude as it stands; None where the cell is empty. No message repeats it."""
    value = record.get(column)
    if type(value) is float and abs(value) <= MOST_DEGREES:
        return value
    told = text(record, column)
    if decimal == "," and type(value) is str:
        told = "?" if "." in told else told.replace(",", ".")
    if told and not _NUMBER.fullmatch(told):
        raise RowFault(column, f"expected degrees such as 12{decimal}5")
    return float(told) if told else None


def disc_row(at: tuple[float, float], radius_m: int, country: str = "") -> dict[str, Any]:
    """`schema.region_row` of `space.disc`, for readers of millions of them.

    Raises:
        RowFault: a radius that no region has.
    """
    if not 0 <= radius_m <= MOST_RADIUS_M:
        raise RowFault("radius", f"expected a radius of 0..{MOST_RADIUS_M} m, got {quoted(radius_m)}")
    lon_e7, lat_e7 = quantise(*at)
    return {**_DISC, "lon_e7": lon_e7, "lat_e7": lat_e7, "radius_m": radius_m, "country": country}


_DISC = region_row(Region("disc", 0, 0))


def _in_range(lon: float, lat: float) -> bool:
    return abs(lon) <= 180 and abs(lat) <= 90


def holds(atlas: Atlas, country: str, at: tuple[float, float]) -> bool | None:
    """Whether a country holds a position in degrees; None just beyond its border, or without a shape of it."""
    shape = atlas.shapes.get(atlas.gazetteer.code(country)) if country else None
    if shape is None:
        return None
    shapely.prepare(shape)
    x, y = (round(deg * UNITS_PER_DEGREE) for deg in at)
    if shapely.contains_xy(shape, x, y):
        return True
    return None if shapely.dwithin(shape, shapely.Point(x, y), NEAR_E7) else False


def country_of(record: Record, column: str, atlas: Atlas) -> str:
    """Code of the country that a cell names, by name or by code; empty where it names none that is known."""
    told = text(record, column)
    unit = atlas.gazetteer.unit(told)
    return told if unit is not None and unit.level == 0 else atlas.gazetteer.find(told, 0) or ""


def units_of(record: Record, columns: Mapping[int, str]) -> tuple[tuple[int, str], ...]:
    """Names of the units of a row, by level."""
    return tuple((level, name) for level, column in columns.items() if (name := text(record, column)))


def whole(file: BinaryIO, name: str, most: int) -> bytes:
    """A file that has to be read in one piece, unpacked when it is gzip.

    Raises:
        InputError: it holds more than so many bytes.
    """
    parts, size = [], 0
    for part in opened(file, name):
        size += len(part)
        if size > most:
            raise InputError(Fault(f"expected at most {most} bytes, got more: give it line by line", name))
        parts.append(part)
    return b"".join(parts)
