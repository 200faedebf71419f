"""How is a table given to others? As CSV or as an XLSX workbook, every cell a text that no spreadsheet computes.

A cell that begins like a formula gets an apostrophe in front, and so does what follows a semicolon, at which some
spreadsheets part a CSV. The same rows give the same bytes: no clock, no names of whoever made it. What the table is,
where it comes from and what it leaves out stands beside it: in a sheet `README` of a workbook, in a file
`NAME.README.txt` beside a CSV.

Source: RFC 4180; OWASP, CSV injection.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from truceline.errors import InputError, one_line, quoted
from truceline.store.disk import write_whole

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a cell begins with that some spreadsheet computes."""

MOST_CELL = 32_000
"""Characters of a cell: a workbook holds no more than 32,767."""

MOST_SHEET_ROWS = 1_048_576
SUFFIXES = (".csv", ".xlsx")
_PARTED = re.compile(r"(;\s*)([=+@-])")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_STAMP = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")


def check_out(path: Path) -> None:
    """Refuse, before anything is worked out, a table that could not be written.

    Raises:
        InputError: no such kind of table.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"`--out`: expected a name that ends in {' or '.join(SUFFIXES)}, got {quoted(path.name)}")


def write_sheet(path: Path, head: Sequence[str], rows: Sequence[Sequence[object]], readme: Sequence[str]) -> None:
    """Write a table, whole or not at all.

    Args:
        path: ends in `.csv` or `.xlsx`.
        head: names of the columns.
        rows: each as long as `head`; None = an empty cell.
        readme: lines that say what the table is.

    Raises:
        InputError: no such kind of table, or more rows than a workbook holds. StoreError: the disk refuses.
    """
    check_out(path)
    if path.suffix.lower() == ".csv":
        write_whole(path, csv_of([head, *rows]))
        write_whole(path.with_name(f"{path.stem}.README.txt"), ("\n".join(readme) + "\n").encode())
        return
    if len(rows) + 1 > MOST_SHEET_ROWS:
        raise InputError(f"a workbook holds {MOST_SHEET_ROWS} rows, got {len(rows) + 1}: write a .csv")
    write_whole(path, book_of({"list": [head, *rows], "README": [[line] for line in readme]}))


def cell(value: object) -> str:
    """A value as the text of a cell: one line, printable, and never a formula.

    >>> cell("=1+1"), cell("a; =1+1"), cell(None), cell(-5)
    ("'=1+1", "a; '=1+1", '', "'-5")
    """
    text = "" if value is None else str(value)
    clean = one_line(text, MOST_CELL)  # looked at afterwards: what it drops may stand before a formula
    is_formula = text.startswith(FORMULA) or clean.startswith(FORMULA)
    return ("'" if is_formula else "") + _PARTED.sub(r"\1'\2", clean)


def csv_of(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV in UTF-8."""
    out = io.StringIO()
    csv.writer(out).writerows([[cell(value) for value in row] for row in rows])
    return out.getvalue().encode()


def book_of(sheets: Mapping[str, Iterable[Sequence[object]]]) -> bytes:
    """Sheets by name as a workbook; the same sheets give the same bytes."""
    from openpyxl import Workbook  # noqa: PLC0415  # slow, and only a workbook needs it
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            made = [WriteOnlyCell(sheet, cell(value)) for value in row]
            for one in made:
                one.data_type = "s"
            sheet.append(made)
    held = io.BytesIO()
    book.save(held)
    return _without_clock(held)


def _without_clock(made: io.BytesIO) -> bytes:
    """The same workbook without the time of its making."""
    out = io.BytesIO()
    with zipfile.ZipFile(made) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            data = before.read(name)
            data = _STAMP.sub(b"", data) if name == "docProps/core.xml" else data
            after.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
