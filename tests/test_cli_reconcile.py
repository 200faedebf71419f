"""`truceline reconcile`: the JSON against its schema, the table for people, the files it writes, and bad questions."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator

from tests.evidence.bench import SHIPPED
from truceline import LAW
from truceline.cli import reconcile
from truceline.errors import InputError

SCHEMA = Path(__file__).parents[1] / "docs" / "reference" / "json" / "reconcile.schema.json"
FILES = (SHIPPED / "agreement.yaml", SHIPPED / "reports.jsonl")
LEDGERS = ("--ledgers", SHIPPED / "ledgers.csv")


def run(args: Sequence[object]) -> None:
    """Run the command; what it prints is captured by the test."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.callback()(lambda: None)
    reconcile.add_to(app)
    app([str(arg) for arg in ["reconcile", *args]], standalone_mode=False)


def answered(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Its JSON, held against the schema."""
    run([*args, "--json"])
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(made)
    return made


@pytest.mark.parametrize(("sides", "more"), [(("gov", "opp"), ()), (("ru", "tr"), LEDGERS)])
def test_the_answer_is_what_its_schema_promises(
    sides: tuple[str, str], more: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """Two pairs of sides of the shipped case, with the published totals and without."""
    made = answered([*FILES, "--a", sides[0], "--b", sides[1], *more], capsys)
    assert (made["a"]["party"], made["b"]["party"], made["law"]) == (*sides, LAW)
    assert (made["totals"] is None) == (not more)


def test_a_person_reads_tables_and_the_law(capsys: pytest.CaptureFixture[str]) -> None:
    """Lists, both rules on both lists, the sums that do not hold, and whose claim a count is."""
    run([*FILES, "--a", "ru", "--b", "tr", *LEDGERS])
    out = capsys.readouterr().out
    for told in ("list of", "Both counting rules, applied to both lists", "82", "93", "0 of 82", "its issuer's claim"):
        assert told in out
    assert out.rstrip().endswith(LAW)
    assert "%" not in out


def test_the_page_and_the_table_are_written_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside JSON they are told on standard error, so that scripts read on."""
    page, out = tmp_path / "p.html", tmp_path / "t.xlsx"
    run([*FILES, "--a", "gov", "--b", "opp", "--page", page, "--lang", "ar", "--out", out, "--json"])
    told = capsys.readouterr()
    json.loads(told.out)
    assert f"Page: {page}" in told.err
    assert f"Table: {out}" in told.err
    assert 'dir="rtl"' in page.read_text("utf-8")
    assert out.read_bytes()[:2] == b"PK"


def test_what_leaves_the_house_is_for_the_public_unless_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """A screen is the secretariat's; a page and a table are the public's, or whoever is named."""
    sides, out = ("--a", "gov", "--b", "opp"), ("--out", tmp_path / "t.csv")
    for more, reader in (((), "secretariat"), (out, "public"), ((*out, "--for", "party:gov"), "party:gov")):
        assert answered([*FILES, *sides, *more], capsys)["reader"] == reader


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--b", "opp"], "`--a`: expected a party"), (["--a", "gov"], "`--b`: expected a party"),
        (["--a", "gov", "--b", "opp", "--out", "t.pdf"], "`--out`"),
        (["--a", "gov", "--b", "opp", "--page", "p.html", "--lang", "fr"], "expected a language"),
        (["--a", "gov", "--b", "gov"], "two sides"), (["--a", "gov", "--b", "x"], "`--b`: expected a party"),
    ],
)  # fmt: skip
def test_bad_questions_get_one_line(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 3 by its kind, and nothing printed or written."""
    with pytest.raises(InputError, match=message) as error:
        run([*FILES, *args])
    assert error.value.exit_code == 3
    assert len(str(error.value).splitlines()) == 1
    assert capsys.readouterr().out == ""


def test_heavy_imports_wait(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` of any command must not load a spreadsheet library."""
    before = set(sys.modules)
    run(["--help"])
    assert "reconcile" in capsys.readouterr().out
    assert not {name for name in set(sys.modules) - before if name.startswith("openpyxl")}


DOCS = Path(__file__).parents[1] / "docs" / "how-to" / "reconcile-two-ledgers.md"


def test_the_how_to_shows_what_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Each line of output on the page is printed by the command above it."""
    monkeypatch.chdir(DOCS.parents[2])
    blocks = re.findall(r"```sh\n([^\n]*)\n```\n\n```text\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 2
    for command, shown in blocks:
        run(command.split()[2:])
        told = {" ".join(line.split()) for line in capsys.readouterr().out.splitlines()}
        lines = [" ".join(line.split()) for line in shown.splitlines()]
        assert [line for line in lines if line.strip("─.") and line not in told] == []
