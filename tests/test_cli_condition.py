"""`truceline condition`: the JSON against its schema, the table for people, and what it refuses."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator

from tests.assess.test_seen import report, watch
from tests.desk.test_conditions import TEXT, write_rows
from truceline import LAW
from truceline.cli import condition
from truceline.errors import TrucelineError

SCHEMA = Path(__file__).parents[1] / "docs" / "reference" / "json" / "condition.schema.json"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A small agreement and ten days of evidence: one attack on the fourth day, all days watched."""
    text = tmp_path / "agreement.yaml"
    text.write_bytes(TEXT)
    rows = [report("a", 3, killed_low=2, killed_best=2, killed_high=2), watch(-28, 9)]
    return text, write_rows(tmp_path / "rows.parquet", rows)


def run(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.callback()(lambda: None)
    condition.add_to(app)
    app([str(arg) for arg in ["condition", *args]], standalone_mode=False)
    return capsys.readouterr().out


def answered(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Its JSON, held against the schema."""
    made: dict[str, Any] = json.loads(run([*args, "--json"], capsys))
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(made)
    return made


def test_readings_have_a_name_and_a_day(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks from another program finds each reading by name, with the N-th good day or null."""
    made = answered([files[0], "quiet2", files[1]], capsys)
    assert [(one["name"], one["seventh_day"]) for one in made["readings"]] == [
        ("none", "2016-03-02"), ("half", "2016-03-02"), ("day findings", None),
    ]  # fmt: skip
    assert made["readings"][0]["since"] == "2016-03-02T22:00:00Z"
    assert made["law"] == LAW


def test_another_start_is_counted_from(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """`--from` in the middle of a day: the next day is day 1."""
    made = answered([files[0], "quiet2", files[1], "--from", "2016-03-03T19:00"], capsys)
    assert made["readings"][0]["run"][0]["day"] == "2016-03-04"
    assert made["readings"][0]["seventh_day"] == "2016-03-06"


def test_another_condition_is_a_course(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """A condition that counts no days is shown as its intervals, with reasons."""
    made = answered([files[0], "calm", files[1], "--from", "2016-03-02"], capsys)
    assert made["kind"] == "course"
    assert made["course"][0] == {
        "from": "2016-03-01T22:00:00Z", "until": "2016-03-03T22:00:00Z", "value": 1, "reasons": [], "note": None,
    }  # fmt: skip
    assert "readings" not in made


def test_people_see_days_as_marks(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """A row of marks for each reading, good, not good, open, and the law beneath."""
    shown = run([files[0], "quiet2", files[1]], capsys)
    assert "##|#.### ###" in shown
    assert "simplifications stated by the text: counting: exact-day, coverage: assumed" in shown
    assert LAW in shown
    course = run([files[0], "calm", files[1]], capsys)
    assert "does not hold" in course
    assert LAW in course


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["no-such"], "no term `no-such`"),
        (["bare"], "expected a condition in `is`, `on` or `if`"),
        (["quiet2", "--from", "2016-03-03", "--until", "2016-03-02"], "`--until` is not after `--from`"),
        (["quiet2", "--known-at", "#1"], "needs a case folder"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str], args: list[str], message: str
) -> None:
    """An unknown condition, a term without one, a time that ends before it begins."""
    with pytest.raises(TrucelineError) as caught:
        run([files[0], args[0], files[1], *args[1:]], capsys)
    assert message in str(caught.value.faults[0])


def test_evidence_is_asked_for(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Without evidence nothing can be answered; the message says what to name."""
    with pytest.raises(TrucelineError, match="name the files of evidence"):
        run([files[0], "quiet2"], capsys)


def test_importing_the_command_is_light() -> None:
    """`truceline --help` answers at once: numpy and the rest wait until the command runs."""
    import subprocess

    code = "import sys, truceline.cli.condition as c; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
