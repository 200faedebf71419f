"""A sitting on the command line: signed by both on their own machines, and listed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli_table import Table, answer, founded, seated, truceline
from tests.desk.test_sittings import AGREED, APART, body


@pytest.fixture(scope="module")
def _founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of desk, us and ru, each with a machine of its own; it is copied."""
    return founded(tmp_path_factory.mktemp("table"))


@pytest.fixture
def table(_founded: Path, tmp_path: Path) -> Iterator[Table]:
    """A copy of that case; afterwards the record holds."""
    with seated(Path(shutil.copytree(_founded, tmp_path / "t"))) as made:
        yield made


def recorded(table: Table, file: Path, *cosigners: str, code: int = 0) -> dict[str, Any]:
    """Sign the record of a sitting at the machine of us, others at theirs; hand it in at the desk."""
    entry = table.file("sitting.entry")
    table.at("us")
    signed = answer("sitting-record", "sitting", "record", table.case, file, "--by", "us", "-o", entry)
    assert (signed["entry"], signed["type"]) == (None, "sitting")
    for party in cosigners:
        table.at(party)
        answer("submit", "submit", table.case, "--entry", entry, "--cosign", party, "-o", entry)
    table.at("desk")
    if code:
        truceline("submit", table.case, "--entry", entry, code=code)
        return {}
    taken: dict[str, Any] = answer("submit", "submit", table.case, "--entry", entry)
    return taken


def test_two_machines_sign_one_sitting(table: Table) -> None:
    """What is agreed needs both keys; the list names both, and says what has no effect yet."""
    effect = {"term": "R1", "does": "extends"}
    file = table.file("sitting.json", body(decisions=[{**AGREED, "effects": [effect]}, APART]))
    assert truceline("sitting", "list", table.case).stdout.startswith("no sitting is recorded\n")
    recorded(table, file, code=5)
    recorded(table, file, "ru")
    (one,) = answer("sitting-list", "sitting", "list", table.case)["sittings"]
    assert (one["signed_by"], one["is_of_all"]) == (["ru", "us"], True)
    shown = truceline("sitting", "list", table.case, "--as", "us").stdout
    assert "agreed: Both read it" in shown
    assert "not agreed: To ask the parties" in shown
    assert "extends R1: no signed act of the record does so yet" in shown


@pytest.mark.parametrize("text", ["{", "[]", '{"body": "tf"}', json.dumps({**body(), "more": 1}), "[" * 100_000])
def test_a_file_that_is_no_sitting_is_refused(table: Table, text: str) -> None:
    """One line, and the exit code of a bad file."""
    file = table.file("bad.json")
    file.write_text(text, encoding="utf-8")
    table.at("us")
    done = truceline("sitting", "record", table.case, file, "--by", "us", code=3)
    assert "bad.json: not the record of a sitting" in done.stderr
