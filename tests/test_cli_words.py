"""`truceline statements` and `truceline timeline`: tables, the JSON against its schemas, and bad questions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli import AGREEMENT, REPORTS, TEXT, answer, here, told
from truceline import LAW
from truceline.desk import words_asked

FILES = (AGREEMENT, REPORTS)
PERIOD = ("--from", "2016-09-12T19:00", "--until", "2016-09-19T19:00")


@pytest.fixture(scope="module", autouse=True)
def judged_once() -> Iterator[None]:
    """The shipped files are read and judged once, whatever is asked of them; all else as ever."""
    kept: dict[str, words_asked.Opened] = {}
    opened = words_asked.opened

    def once(*files: Any, tell: Any = None, **more: Any) -> words_asked.Opened:  # noqa: ANN401  # those of `opened`
        if str(files[0]) != str(AGREEMENT):
            return opened(*files, tell=tell, **more)
        key = repr((files, more))
        if key not in kept:
            kept[key] = opened(*files, tell=tell, **more)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words_asked, "opened", once)
        yield


def test_statements_answer_as_their_schemas_say() -> None:
    """All claims, the log and what came of commitments, of the shipped files."""
    made = answer("statements", "statements", *FILES)
    assert made["doors"] == {"statements": 31, "reports": 100}
    log = answer("statements-log", "statements", *FILES, "--log", "--at", "2016-10-07")
    assert {one["answered"]["state"] for one in log["log"] if one["answered"]} == {"answered", "unanswered", "unknown"}
    came = answer("statements-followed", "statements", *FILES, "--followed")
    assert {one["verdict"] for one in came["followed"]} >= {"contradicted", "overtaken", "kept", "kept as text"}


@pytest.mark.long
def test_a_timeline_answers_as_its_schemas_say() -> None:
    """Words above acts, who was first, and indicators."""
    made = answer("timeline", "timeline", *FILES, "--from", "2016-09-01", "--until", "2016-09-30")
    assert [one["actor"] for one in made["actors"]] == sorted(one["actor"] for one in made["actors"])
    first = answer("timeline-first", "timeline", *FILES, *PERIOD, "--first", "--of", "gov", "--of", "opp")
    assert [one["column"] for one in first["answers"]] == ["alleged", "reported", "breach"]
    counted = answer("timeline-indicators", "timeline", *FILES, "--indicators", "--start", "2016-04-20", "--days", "60")
    assert counted["label"] == "indicator, not finding"


@pytest.mark.long
def test_a_case_answers_like_its_files(tmp_path: Path) -> None:
    """The folder holds the claims with its text; a claim on the record stands beside them."""
    folder, body = tmp_path / "case", tmp_path / "claim.json"
    answer("init", "init", folder, "--agreement", AGREEMENT)
    kept, alone = (answer("statements", "statements", what) for what in (folder, AGREEMENT))
    assert kept == alone
    body.write_text(json.dumps({"kind": "warning", "words": "Not without limit.", "speaker": "A minister"}))
    code, _, err = here("submit", folder, "--type", "claim", "--body", body, "--by", "desk")
    assert (code, err) == (0, "")
    made = answer("statements", "statements", folder, "--door", "record")
    assert [(one["words"], one["door"], one["flags"]) for one in made["claims"]] == [
        ("Not without limit.", "record", [])
    ]


def test_tables_are_read_by_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Every side at one size; the words as somebody's; the sentence of what words are not, and the line of the law."""
    code, out, _ = told(capsys, ["statements", *FILES, "--door", "statements"])
    assert code == 0
    assert "“" in out
    assert "lendman-11: said by 2016-06-20, carried again from 2016-07-11 on: 21 days later" in out
    assert out.rstrip().endswith(f"words are no evidence: no answer rests on them\n{LAW}")
    _, out, _ = told(capsys, ["timeline", *FILES, *PERIOD, "--first", "--of", "gov", "--of", "opp"])
    assert "possibly, which cannot be decided: " in out
    assert "Who was first excuses nobody." in out
    assert "2016-09-19T16:00:00Z" in out
    _, out, _ = told(capsys, ["timeline", *FILES, "--indicators"])
    assert out.startswith("indicator, not finding")
    assert "nobody is recorded to have watched" in out


def test_bad_claims_of_a_file_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Kept and flagged, or rejected with line, field and reason."""
    file = tmp_path / "more.jsonl"
    rows = [
        {"id": "x-1", "speaker": "A", "date": "2016-07-14", "reported": "2016-07-13", "content": "One."},
        {"id": "x-2", "date": "2016-07-14", "content": "Two.", "of": ["atlantis"]},
        {"id": "x-2", "content": "Again."},
    ]
    file.write_text("\n".join([*map(json.dumps, rows), "not JSON"]))
    made = answer("statements", "statements", *FILES, "--file", file)
    flags = {one["id"]: one["flags"] for one in made["claims"] if one["flags"]}
    assert flags == {
        "x-1": ["said after it was reported", "speaker in no table"],
        "x-2": ["no speaker", "unknown actor"],
    }
    assert [(one["line"], one["field"]) for one in made["rejected"]] == [(3, "id"), (4, "claim")]
    _, out, _ = told(capsys, ["statements", *FILES, "--file", file])
    assert "rejected: more.jsonl:3: id: stands in this file twice" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["statements", "--kind", "lie"], "`--kind`: expected one of"),
        (["statements", "--door", "window"], "`--door`: expected one of"),
        (["statements", "--of", "atlantis"], "expected an actor of the agreement, got `atlantis`"),
        (["statements", "--from", "soon"], "expected a date or time"),
        (["statements", "--log", "--followed"], "two questions"),
        (["timeline", "--first", "--indicators"], "two questions"),
        (["timeline", "--of", "atlantis"], "expected an actor of the agreement, got `atlantis`"),
        (["timeline", "--first", "--of", "gov", "--of", "gov-air"], "are one side"),
        (["timeline", "--first", "--term", "F99"], "expected a term"),
        (["timeline", "--from", "2016-09-19", "--until", "2016-09-01"], "is not after"),
        (["timeline", "--indicators", "--days", "0"], "expected 1 to 366"),
    ],
)
def test_bad_questions_get_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    """One line, and no table."""
    command, *rest = arguments
    file = tmp_path / "claims.jsonl"
    file.write_text(json.dumps({"id": "x-1", "speaker": "A", "date": "2016-07-14", "content": "One."}))
    code, out, err = told(capsys, [command, TEXT, "--file", file, *rest])
    assert (code, out) == (3, "")
    assert message in err
    assert err.count("\n") == 1
