"""Tables given to others: nothing in them is computed by a spreadsheet, and the same rows give the same bytes."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.desk.sheets import FORMULA, MOST_CELL, book_of, cell, csv_of, write_sheet
from truceline.errors import InputError

HOSTILE = [
    "=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n@x", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x")',
    "a; =1+1", "＝1+1", "x\x00y", "\ud7ff", "a\nb", "a,b", '"', "x" * 40_000, "\u202egnp.exe",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(text: str) -> None:
    """A cell of somebody's words must not run anything on the machine of whoever opens it."""
    made = cell(text)
    assert not made.startswith(FORMULA)
    assert not made.lstrip().startswith(FORMULA)
    assert "; =" not in made
    assert made.isprintable() or made == ""
    assert len(made) <= MOST_CELL + 1


@given(st.text(max_size=60))
def test_a_cell_of_any_text_stays_a_text(text: str) -> None:
    """Whatever the text: read back from CSV it is one cell, and none that is computed."""
    ((made,),) = csv.reader(io.StringIO(csv_of([[text]]).decode() or "\n")) if cell(text) else [[""]]
    assert made == cell(text)
    assert not made.lstrip().startswith(FORMULA)


def test_a_workbook_holds_texts_only_and_its_readme(tmp_path: Path) -> None:
    """Every cell is a string, hostile ones too; the sheet beside the list says what it is."""
    path = tmp_path / "t.xlsx"
    write_sheet(path, ["=head", "n"], [[text, 5] for text in HOSTILE] + [[None, None]], ["what it is", "=law"])
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["list", "README"]
    cells = [one for sheet in book for row in sheet.iter_rows() for one in row if one.value is not None]
    assert {one.data_type for one in cells} == {"s"}
    assert [row[0].value for row in book["README"].iter_rows()] == ["what it is", "'=law"]
    with zipfile.ZipFile(path) as inside:
        assert not any(b"<f>" in inside.read(name) for name in inside.namelist())


def test_the_same_rows_give_the_same_bytes() -> None:
    """No clock and no machine in a workbook: two who export the same can compare by hash."""
    rows = {"list": [["a", "b"], ["1", "2"]], "README": [["x"]]}
    assert book_of(rows) == book_of(rows)
    with zipfile.ZipFile(io.BytesIO(book_of(rows))) as made:
        assert {info.date_time[0] for info in made.infolist()} == {1980}
        assert b"modified" not in made.read("docProps/core.xml")


def test_a_csv_has_its_readme_beside_it(tmp_path: Path) -> None:
    """What a table leaves out must be found with the table."""
    write_sheet(tmp_path / "t.csv", ["a"], [["=1"]], ["the law"])
    assert (tmp_path / "t.csv").read_bytes() == b"a\r\n'=1\r\n"
    assert (tmp_path / "t.README.txt").read_text() == "the law\n"


@pytest.mark.parametrize("name", ["t.txt", "t", "t.xls", "t.csv.exe"])
def test_no_other_kind_of_table_is_written(tmp_path: Path, name: str) -> None:
    """A name that promises another format gets one line, and no file."""
    with pytest.raises(InputError, match=r"\.csv or \.xlsx"):
        write_sheet(tmp_path / name, [], [], [])
    assert list(tmp_path.iterdir()) == []
