"""What does a sheet of somebody's own report? CSV of any delimiter, and XLSX, read by a mapping.

A sheet is never computed: a cell that holds a formula or an error rejects its row, macros are not looked at. An XLSX
file is looked over before it is unpacked, its XML has no entities, and it is read row by row. A row or a cell that lies
beyond the limits, or that stands in it twice, refuses the file: nothing is lost in silence.

Source: RFC 4180; ECMA-376 (Office Open XML).
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError  # the name of an error; the parser is that of defusedxml

from truceline.errors import Fault, InputError, one_line, quoted
from truceline.evidence.cells import records
from truceline.evidence.mapped import Reader, reader_of
from truceline.evidence.mapping import Plan
from truceline.evidence.readers import Start
from truceline.evidence.reading import FREE_UNPACKED, MOST_RATIO, Manner, Read, RowFault, Rows

LICENCE = ""
"""The mapping says it."""

MOST_SHEET_ROWS = 1_048_576
MOST_SHEET_COLUMNS = 1_024
MOST_PARTS = 2_000
MOST_SHEET_BYTES = 1 << 30
MOST_SHARED_BYTES = 128 << 20
"""All XML of a workbook but its sheets: it is held in memory as a whole, above all the texts that cells share."""

UNREAD = "!"
"""The column of a row that cannot be read, in `cells_of`."""

_TYPES = "[Content_Types].xml"
_MOST_TYPES = 4 << 20
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_TEXTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_ZIP = b"PK\x03\x04"


def fits(start: Start) -> bool:
    """Whether a file is a sheet that came with a mapping: any text, or an XLSX workbook."""
    if not start.has_mapping:
        return False
    if start.head[:4] == _ZIP:
        return start.suffix in (".xlsx", ".xlsm") or b"xl/" in start.head
    return b"\0" not in start.head and start.line.lstrip()[:1] not in ("{", "[", "<")


def read(file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read a sheet by the mapping of the manner.

    Args:
        file: CSV (plain or gzip) or XLSX.
        name: the file's name for messages.
        manner: clock, precision table, aliases, places and the mapping.

    Raises:
        InputError: no mapping, a column that is not there, a workbook that is a bomb, or the file is mostly nonsense.
    """
    reader, rows = reader_of(manner, name), Rows(name)
    is_book = file.read(4) == _ZIP
    file.seek(0)
    for line, record in _of_book(file, rows, reader.plan) if is_book else _of_text(file, rows, reader.plan):
        _take(reader, rows, record, line)
    return rows.read()


@dataclass(frozen=True)
class _Bare:
    """A sheet with its names on the first line, and no mapping."""

    columns: tuple[str, ...]
    sheet: str = ""
    header: int = 1
    delimiter: str = ""


def cells_of(file: BinaryIO, name: str, wanted: Sequence[str], *, what: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a sheet without a mapping, one at a time: CSV, plain or gzip, or the one sheet of an XLSX workbook.

    Args:
        file: the bytes.
        name: of the file, for messages.
        wanted: columns that have to be there; others come along.
        what: how a message calls such a file.

    Yields:
        Line, and column to text: a day as `2026-11-24`. A row that cannot be read has one column, `UNREAD`: why.

    Raises:
        InputError: a column is missing or stands there twice, the workbook is a bomb, or it is neither.
    """
    is_book, rows = file.read(4) == _ZIP, Rows(name)
    file.seek(0)
    plan: Any = _Bare(tuple(wanted))
    if not is_book:
        yield from records(file, rows, wanted, what=what)
        yield from ((one.line, {UNREAD: one.reason}) for one in rows.rejected)
        return
    for line, cells in _of_book(file, rows, plan):
        unread = next((value.why for value in cells.values() if isinstance(value, _Unread)), "")
        yield line, {UNREAD: unread} if unread else {column: _text_of(value) for column, value in cells.items()}


def _text_of(value: Any) -> str:  # noqa: ANN401  # whatever a cell holds
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _of_text(file: BinaryIO, rows: Rows, plan: Plan) -> Iterator[tuple[int, dict[str, Any]]]:
    what = "the table of this mapping"
    return records(file, rows, plan.columns, what=what, delimiter=plan.delimiter, header=plan.header)


def _take(reader: Reader, rows: Rows, record: dict[str, Any], line: int) -> None:
    unread = next((column for column in reader.plan.columns if isinstance(record.get(column), _Unread)), "")
    reader.take(rows, record, line, RowFault(unread, record[unread].why) if unread else None)


# -- workbooks -------------------------------------------------------------------------------------------------------


class _Unread(str):
    """A cell that says nothing of its own.

    Attributes:
        why: what to do about it.
    """

    __slots__ = ()
    why = ""


class _Formula(_Unread):
    """A cell that is to be computed."""

    __slots__ = ()
    why = "a formula is never computed: save the sheet with its values"


class _Failed(_Unread):
    """A cell that could not be computed."""

    __slots__ = ()
    why = "an error of the spreadsheet, such as #REF!: correct the cell"


def _of_book(file: BinaryIO, rows: Rows, plan: Plan) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of one sheet of a workbook."""
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415  # a slow import, for workbooks only

    try:
        _look_over(file, rows.name)
        yield from _of_sheet(file, rows.name, plan)
    except (
        InvalidFileException, ParseError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, IndexError,
        AttributeError, OSError, EOFError, OverflowError, RecursionError, NotImplementedError,
    ) as error:  # fmt: skip  # what openpyxl lets through of a broken workbook
        raise InputError(Fault(_why_not(error), rows.name)) from None


def _why_not(error: BaseException) -> str:
    """Why a workbook is not read: the first cause, which openpyxl wraps in words of its own."""
    from defusedxml import DefusedXmlException  # noqa: PLC0415  # a slow import, for workbooks only

    first = error
    while not isinstance(first, DefusedXmlException) and (cause := first.__cause__ or first.__context__) is not None:
        first = cause
    if isinstance(first, DefusedXmlException):
        return "its XML defines entities: expected a plain workbook, got a bomb or a way to other files"
    return f"not a workbook that can be read: {one_line(str(first) or type(first).__name__, 120)}"


def _look_over(file: BinaryIO, name: str) -> None:
    """Refuse a bomb by what the directory of the archive says; no part is unpacked beyond that."""
    try:
        parts = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise InputError(Fault(f"not a workbook: {one_line(str(error), 120)}", name)) from None
    size = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if len(parts) > MOST_PARTS or size > MOST_SHEET_BYTES:
        raise InputError(Fault(f"unpacks to {size} bytes in {len(parts)} parts: expected a workbook, got a bomb", name))
    if size > FREE_UNPACKED and size > MOST_RATIO * max(packed, 1):
        what = f"unpacks to more than {MOST_RATIO} times its size: expected a workbook, got a bomb"
        raise InputError(Fault(what, name))
    if len({part.header_offset for part in parts}) < len(parts):
        raise InputError(Fault("its parts lie over one another: expected a workbook, got a bomb", name))
    held = _held(file, parts)
    if held > MOST_SHARED_BYTES:
        what = f"expected at most {MOST_SHARED_BYTES} bytes of texts that cells share, and of other XML, got {held}"
        raise InputError(Fault(what, name))
    file.seek(0)


def _held(file: BinaryIO, parts: list[zipfile.ZipInfo]) -> int:
    """Bytes of the parts that are held in memory as a whole: texts that cells share, and all XML but the sheets."""
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415  # a slow import, for workbooks only

    archive = zipfile.ZipFile(file)
    if archive.getinfo(_TYPES).file_size > _MOST_TYPES:
        raise ValueError(f"expected a part {_TYPES} of at most {_MOST_TYPES} bytes")
    kinds: dict[str, set[str]] = {}
    for one in fromstring(archive.read(_TYPES)).iter():
        kinds.setdefault(one.get("PartName", "")[1:], set()).add(one.get("ContentType", ""))
    return sum(
        part.file_size
        for part in parts
        if kinds.get(part.filename) != {_SHEET}
        and (part.filename.endswith((".xml", ".rels")) or _TEXTS in kinds.get(part.filename, ()))
    )


def _of_sheet(file: BinaryIO, name: str, plan: Plan) -> Iterator[tuple[int, dict[str, Any]]]:
    import openpyxl  # noqa: PLC0415  # a slow import, for workbooks only

    if not openpyxl.DEFUSEDXML:
        raise InputError(Fault("workbooks are read with the package `defusedxml`, which is switched off here", name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells of styles and links that it does not keep; none is read here
        book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False, keep_vba=False)
    names = [one.title for one in book.worksheets]
    if plan.sheet not in names and (plan.sheet or len(names) != 1):
        listed = ", ".join(quoted(one) for one in names[:10])
        raise InputError(Fault(f"expected `sheet` as one of {listed}, got {quoted(plan.sheet or 'nothing')}", name))
    columns: list[str] = []
    for line, row in _rows_of(book, plan.sheet or names[0], name):
        if line < plan.header:
            continue
        if not columns:
            columns = [_name(row.get(n)) for n in range(1, max(row) + 1)]
            _check_columns(columns, plan, name, line)
            continue
        yield line, {column: _value(row.get(n)) for n, column in enumerate(columns, 1) if column}
    if not columns:
        raise InputError(Fault("the sheet is empty", name))


def _rows_of(book: Any, title: str, name: str) -> Iterator[tuple[int, dict[int, dict[str, Any]]]]:  # noqa: ANN401
    """The rows of a sheet as they stand in its XML: number of the row, and its cells by their column.

    The rows that openpyxl gives out are those of a table without gaps: it passes over what lies beyond or out of order.

    Raises:
        InputError: a row or a cell beyond the limits, out of order, or twice.
    """
    from openpyxl.worksheet._reader import WorkSheetParser  # noqa: PLC0415  # a slow import, for workbooks only

    sheet, last = book[title], 0
    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source, sheet._shared_strings, epoch=book.epoch, date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )  # fmt: skip
        for line, cells in parser.parse():
            told = [cell for cell in cells if cell["value"] is not None]
            row = {cell["column"]: cell for cell in told}
            if not row:
                continue
            if not last < line <= MOST_SHEET_ROWS:
                what = f"row {line} stands after row {last}: expected rows 1..{MOST_SHEET_ROWS} in their order"
                raise InputError(Fault(what, name))
            if len(row) < len(told) or any(cell["row"] != line for cell in told):
                raise InputError(Fault("a cell stands in another row than it says, or twice", name, line))
            if not 1 <= min(row) <= max(row) <= MOST_SHEET_COLUMNS:
                raise InputError(Fault(f"expected columns 1..{MOST_SHEET_COLUMNS}, got {max(row)}", name, line))
            last = line
            yield line, row


def _name(cell: dict[str, Any] | None) -> str:
    return "" if cell is None or cell["value"] is None else str(cell["value"]).strip()


def _value(cell: dict[str, Any] | None) -> Any:  # noqa: ANN401  # whatever a cell holds
    if cell is None:
        return None
    kind = {"f": _Formula, "e": _Failed}.get(cell["data_type"])
    return cell["value"] if kind is None else kind(cell["value"])


def _check_columns(columns: list[str], plan: Plan, name: str, line: int) -> None:
    for what, found in (
        ("the sheet lacks the columns", [one for one in plan.columns if one not in columns]),
        ("these columns stand in it twice:", [one for one in plan.columns if columns.count(one) > 1]),
    ):
        if found:
            raise InputError(Fault(f"{what} {', '.join(map(quoted, found))}", name, line))
