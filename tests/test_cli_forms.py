"""`truceline forms`: the JSON against its schema, the table for people, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import typer
from jsonschema import Draft202012Validator

from truceline.cli import forms
from truceline.errors import EXIT_CODES, InputError
from truceline.evidence.questions import FORMS

SCHEMA = Path(__file__).parents[1] / "docs" / "reference" / "json" / "forms.schema.json"


def run(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.callback()(lambda: None)
    forms.add_to(app)
    app([str(arg) for arg in ["forms", *args]], standalone_mode=False)
    return capsys.readouterr().out


def test_seven_forms_are_written_and_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON names every file with its hash, and nothing else lies in the folder."""
    answer = json.loads(run(["--to", tmp_path / "field", "--lang", "ar, en", "--json"], capsys))
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(answer)
    assert [one["form"] for one in answer["files"]] == list(FORMS)
    assert answer["languages"] == ["ar", "en"]
    for one in answer["files"]:
        assert hashlib.sha256(Path(one["file"]).read_bytes()).hexdigest() == one["sha256"]
    assert {file.name for file in (tmp_path / "field").iterdir()} == {f"truceline-{name}.xlsx" for name in FORMS}


def test_people_see_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each form, with its title, file and number of questions."""
    out = run(["--to", tmp_path], capsys)
    assert "We looked, and there was nothing" in out
    assert f"7 files in {tmp_path}, languages: en, ar, ru" in out


def test_xforms_are_written_beside_the_workbooks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--xform` gives what a server of forms takes; without Java it says that nobody validated them."""
    monkeypatch.setattr("shutil.which", lambda _: None)
    answer = json.loads(run(["--to", tmp_path, "--lang", "en", "--xform", "--json"], capsys))
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(answer)
    assert [one["validated"] for one in answer["files"]] == [None, False] * 7
    assert all(Path(one["file"]).read_text(encoding="utf-8").startswith("<?xml") for one in answer["files"][1::2])


def test_without_the_extra_the_command_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An extra that is missing is no fault of the program, and workbooks need none."""
    for name in [name for name in sys.modules if name.startswith("pyxform")] + ["pyxform"]:
        monkeypatch.setitem(sys.modules, name, None)
    assert "7 files" in run(["--to", tmp_path], capsys)
    with pytest.raises(InputError, match="extra `forms`") as error:
        run(["--to", tmp_path, "--xform"], capsys)
    assert error.value.exit_code in EXIT_CODES
