"""`truceline read`: the JSON against its schema, what is written, what is refused, and formulas that do nothing."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import typer
from jsonschema import Draft202012Validator

from tests.evidence.bench import SHIPPED, ged, lines
from truceline import LAW
from truceline.cli import read
from truceline.desk.files import detect
from truceline.errors import InputError
from truceline.evidence.schema import REJECTED, SCHEMA, table_of

SCHEMA_FILE = Path(__file__).parents[1] / "docs" / "reference" / "json" / "read.schema.json"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A small release: two rows taken, one rejected whose id is a formula."""
    path = tmp_path / "GEDEvent_v24_0_3.csv"
    path.write_bytes(b"".join(ged({}, {"id": "=1+1"}, {"where_prec": "4", "date_end": "2016-03-07", "date_prec": "2"})))
    return path


def run(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.callback()(lambda: None)
    read.add_to(app)
    app([str(arg) for arg in ["read", *args]], standalone_mode=False)
    return capsys.readouterr().out


def answered(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Its JSON, held against the schema."""
    made: dict[str, Any] = json.loads(run([*args, "--json"], capsys))
    Draft202012Validator(json.loads(SCHEMA_FILE.read_text())).validate(made)
    return made


def test_the_answer_says_what_a_file_holds(events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, rejected rows with line and field, precision, days, version, licence: before anybody judges it."""
    (one,) = answered([events], capsys)["files"]
    assert (one["kind"], one["rows"], one["rejected"]) == ("ucdp", 2, 1)
    assert [(row["line"], row["field"]) for row in one["rejected_rows"]] == [(3, "id")]
    assert one["place_precision"] == [
        {"precision": "where_prec 1", "rows": 1},
        {"precision": "where_prec 4", "rows": 1},
    ]
    assert one["regions"] == [{"kind": "area", "rows": 1}, {"kind": "disc", "rows": 1}]
    assert (one["first_day"], one["last_day"]) == ("2016-03-05", "2016-03-07")
    assert one["versions"] == [{"version": "24.0.3", "rows": 2}]
    assert one["may_export"] == {"yes": 2, "no": 0, "not_stated": 0}


def test_several_files_are_told_apart_and_summed(events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The kind of each is found by its first bytes."""
    made = answered([events, SHIPPED / "reports.jsonl"], capsys)
    assert [one["kind"] for one in made["files"]] == ["ucdp", "reports"]
    assert (made["rows"], made["rejected"]) == (228, 1)
    assert made["law"] == LAW


def test_what_is_written_is_read_again(events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--out` is a table of observations like any other; `--rejected` has every rejected row."""
    out, rejected = tmp_path / "rows.parquet", tmp_path / "rejected.parquet"
    answered([events, "--out", out, "--rejected", rejected], capsys)
    (one,) = answered([out], capsys)["files"]
    assert (one["kind"], one["rows"], one["rejected"]) == ("observations", 2, 0)
    assert pq.read_table(rejected).schema.names == REJECTED.names
    assert not list(tmp_path.glob("*.half"))


def test_a_formula_in_a_rejected_row_does_nothing(
    events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody opens the list in a spreadsheet: a cell that begins like a formula begins with an apostrophe there."""
    out = tmp_path / "rejected.csv"
    run([events, "--rejected", out], capsys)
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [(row["line"], row["field"]) for row in rows] == [("3", "id")]
    events.write_bytes(events.read_bytes().replace(b"=1+1", b"7001"))
    bad = events.with_name("=cmd.csv")
    events.rename(bad)
    run([bad, "--as", "ucdp", "--rejected", out], capsys)
    (row,) = csv.DictReader(out.read_text(encoding="utf-8").splitlines())
    assert row["file"] == "'=cmd.csv"


def closed_rows(path: Path) -> Path:
    """A table whose rows may not be passed on."""
    row = {"id": "a", "source": "acled", "start": 1456531200, "end": 1456617600, "act": ["attack"], "kind": "incident"}
    pq.write_table(table_of([{**row, "may_export": False, "licence": "own key only"}]), path)
    return path


def test_rows_that_may_not_be_passed_on_are_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The terms of a source bind whoever reads it; `--local` is the reader's own word that nothing is passed on."""
    file, out = closed_rows(tmp_path / "acled.parquet"), tmp_path / "out.parquet"
    with pytest.raises(InputError, match=r"1 rows may not be passed on \(own key only\)"):
        run([file, "--out", out], capsys)
    assert not out.exists()
    answered([file, "--out", out, "--local"], capsys)
    assert pq.read_table(out).num_rows == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--out", "rows.xlsx"], "--out"), (["--rejected", "r.txt"], "--rejected"), (["--as", "nonsense"], "no kind"),
        (["--as", "areas"], "expected evidence"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_one_clear_line(
    events: Path, capsys: pytest.CaptureFixture[str], args: list[str], message: str
) -> None:
    """Before a long file is read, and without a traceback."""
    with pytest.raises(InputError, match=message) as error:
        run([events, *args], capsys)
    assert len(str(error.value).splitlines()) == 1


def test_people_see_the_first_rejected_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of many faults shows ten of them, and says how many there are."""
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"".join(lines({}, *({"start": ""} for _ in range(30)))))
    shown = run([path], capsys)
    assert "1 rows taken, 30 rejected" in shown
    assert "the first 10 of 30" in shown
    assert LAW in shown


def test_the_how_to_shows_what_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line of output on the page is printed for its made-up rows."""
    page = (SCHEMA_FILE.parents[2] / "how-to" / "read-without-judging.md").read_text(encoding="utf-8")
    block = page.partition("```text\n")[2].partition("```")[0]
    monkeypatch.chdir(tmp_path)
    rows = [{"latitude": "36.8"}, {"best": "7"}, {"id": "9001"}, {"id": "7004", "latitude": "north"}]
    Path("GEDEvent_v24_1.csv").write_bytes(b"".join(ged(*rows)))
    told = {" ".join(line.split()) for line in run(["GEDEvent_v24_1.csv"], capsys).splitlines()}
    shown = [" ".join(line.split()) for line in block.splitlines() if line.strip("─. ")]
    assert len(shown) == 10
    assert [line for line in shown if line not in told] == []


def test_the_columns_that_are_written_are_those_of_the_schema(
    events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another program that reads the table finds what the reference says."""
    run([events, "--out", tmp_path / "rows.parquet"], capsys)
    assert pq.read_schema(tmp_path / "rows.parquet").names == SCHEMA.names


def test_importing_the_command_is_light() -> None:
    """`truceline --help` answers at once: numpy and the rest wait until the command runs."""
    import subprocess

    code = "import sys, truceline.cli.read as c; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("id,where_prec\n1,2\n".encode("utf-16"), "looks like UTF-16: save it as UTF-8"),
        ("id,where_prec\n1,2\n".encode("utf-16-le"), "looks like UTF-16: save it as UTF-8"),
        (b"id;where_prec;lat\n1;2;3,5\n", "parted by `;`: name its columns with `--mapping`, or save it with commas"),
    ],
)
def test_a_table_of_another_shape_is_told_what_to_do(tmp_path: Path, data: bytes, why: str) -> None:
    """A spreadsheet saves so by default; "not a kind of file" helps nobody who made it."""
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(InputError, match=why):
        detect(tmp_path / "a.csv")
