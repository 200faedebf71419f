"""`truceline duplicates`: the JSON against its schema, the tables for people, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator

from truceline.cli import duplicates
from truceline.errors import TrucelineError

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / "agreements" / "syria-2016" / "reports.jsonl"
SCHEMA = ROOT / "docs" / "reference" / "json" / "duplicates.schema.json"


def run(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.callback()(lambda: None)
    duplicates.add_to(app)
    app([str(arg) for arg in ["duplicates", *args]], standalone_mode=False)
    return capsys.readouterr().out


def answered(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Its JSON, held against the schema."""
    made: dict[str, Any] = json.loads(run([*args, "--json"], capsys))
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(made)
    return made


def test_the_answer_on_the_shipped_reports_is_as_its_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Pairs with probability and incidents with all their reports, for another program."""
    made = answered([REPORTS], capsys)
    held = [one for incident in made["incidents"] for one in incident["reports"]]
    assert len(held) == len(set(held)) == made["reports"] == 226
    assert all(0.0 <= one["probability"] <= 1.0 and one["a"] < one["b"] for one in made["pairs"])


def test_the_same_answer_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is drawn by lot: two runs print the same bytes."""
    assert run([REPORTS, "--json"], capsys) == run([REPORTS, "--json"], capsys)


def test_why_and_queue_answer_people(capsys: pytest.CaptureFixture[str]) -> None:
    """A pair is explained line by line, and the queue says what would settle each doubtful pair."""
    first = answered([REPORTS], capsys)["pairs"][0]
    shown = run([REPORTS, "--why", first["a"], first["b"]], capsys)
    assert "taken as one incident" in shown
    assert "bits" in shown
    assert answered([REPORTS, "--why", first["a"], first["b"]], capsys)["why"]["is_one"] is True
    assert "what would settle it" in run([REPORTS, "--queue"], capsys)


@pytest.mark.shared
def test_windows_count_their_matches(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files behind one `--taxonomy` are taken as taxonomies too, whatever the shell made of them."""
    folder = data / "meltt"
    args = [*sorted(folder.glob("crash*.csv")), "--method", "windows", "--km", 4, "--days", 2, "--taxonomy"]
    args += sorted(folder.glob("tax_*.csv"))
    assert "34 matches: 26 of events, 8 of episodes; 55 removed; 6 pairs" in run(args, capsys)
    made = answered(args, capsys)
    assert len(made["incidents"]) == 140


def test_what_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that does not exist, and a method that nobody knows: one line each."""
    with pytest.raises(TrucelineError):
        run([tmp_path / "none.jsonl"], capsys)
    with pytest.raises(TrucelineError):
        run([REPORTS, "--method", "magic"], capsys)
