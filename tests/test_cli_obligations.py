"""`truceline obligations`: the table, the JSON against its schema, and bad questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli import AGREEMENT, REPORTS, answer, told
from truceline import LAW


def test_the_answer_is_what_its_schema_promises() -> None:
    """Duties, prohibitions and allegations of the shipped agreement with the reports of the case."""
    made = answer("obligations", "obligations", AGREEMENT, REPORTS, "--at", "2016-09-15T12:00")
    assert made["at"] == "2016-09-15T09:00:00Z"
    duties = {(one["term"], one["bearer"]): one for one in made["duties"]}
    assert duties["F1", "gov"]["states"] == ["fulfilled"]
    assert [r["name"] for r in duties["F4-ru", "ru"]["readings"]] == ["six hours", "two days"]
    assert duties["R6a", "gov"]["reasons"] == ["no coverage"]
    assert duties["J1", "us"]["states"] == ["void"]
    bans = {(one["term"], one["bearer"]): one for one in made["prohibitions"]}
    assert bans["R1", "gov"]["states"] == ["ended"]
    assert bans["F4", "gov"]["protected"] is False
    assert bans["F7", "gov"]["protected"] is True


def test_a_lawyer_reads_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """One row for each reading, on the clock of the agreement, and the line of humanitarian law."""
    code, out, _ = told(capsys, ["obligations", AGREEMENT, "--at", "2016-09-15T12:00", "--of", "tf"])
    assert code == 0
    assert "at 2016-09-15 12:00 (Asia/Damascus)" in out
    assert "R14" in out
    assert "F1 " not in out
    assert out.rstrip().endswith(LAW)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "`--at`: expected a moment"),
        (["--at", "soon"], "expected a date or time"),
        (["--at", "2016-09-15", "--of", "nobody"], "expected an actor of the agreement, got `nobody`"),
        (["--at", "2016-09-15", "--known-at", "#1"], "needs a case folder"),
    ],
)
def test_bad_questions_get_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    """One line, exit code 3, and no table."""
    code, out, err = told(capsys, ["obligations", AGREEMENT, *arguments])
    assert (code, out) == (3, "")
    assert message in err
    assert err.count("\n") == 1


def test_signed_acts_in_a_file_move_a_duty(tmp_path: Path) -> None:
    """A request of the United Nations sets a duty going; granted in time it is fulfilled."""
    acts = tmp_path / "acts.jsonl"
    rows = [
        {"id": "q1", "act": "request", "by": "un", "at": "2016-03-05T08:00", "of": "access"},
        {"act": "perform", "by": "gov", "at": "2016-03-05T10:00", "of": "F7-grant", "about": ["q1"]},
    ]
    acts.write_text("\n".join(map(json.dumps, rows)) + "\n")
    made = answer("obligations", "obligations", AGREEMENT, acts, "--at", "2016-03-08", "--of", "gov")
    granted = next(one for one in made["duties"] if one["term"] == "F7-grant")
    assert (granted["states"], granted["trigger"]["id"]) == (["fulfilled"], "q1")
