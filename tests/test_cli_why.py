"""`why` and `ask` on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.answers import valid
from truceline import LAW
from truceline.assess.proof import sealed
from truceline.cli import why as command
from truceline.desk import add_shipped_reports, demo_case, runs, why
from truceline.errors import VerificationError
from truceline.store.folder import CaseFolder

app = typer.Typer()
command.add_to(app)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped case."""
    folder = tmp_path_factory.mktemp("why") / "case"
    add_shipped_reports(demo_case(folder))
    return folder


@pytest.fixture(scope="module", autouse=True)
def judged_once() -> Iterator[None]:
    """The case is judged once, whatever is asked of it."""
    kept: dict[str, runs.Outcome] = {}
    judge = runs.judge_case

    def once(case: CaseFolder, asked: runs.Asked, **more: Any) -> runs.Outcome:  # noqa: ANN401  # those of `judge_case`
        key = repr((case.where, asked))
        if key not in kept:
            kept[key] = judge(case, asked, **more)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "judge_case", once)
        patch.setattr(why, "judge_case", once)
        yield


@pytest.fixture(scope="module")
def report(case: Path) -> str:
    """A report with open verdicts."""
    asked = json.loads(CliRunner().invoke(app, ["ask", str(case), "--json"]).stdout)["asked"]
    found: str = asked[0]["reports"][0]
    return found


def test_why_prints_a_tree_and_two_worlds(case: Path, report: str) -> None:
    """In plain words: each question, the lines it rests on, and how it could be otherwise."""
    done = CliRunner().invoke(app, ["why", str(case), report], catch_exceptions=False)
    assert "a world with a breach" in done.stdout
    assert "line " in done.stdout
    assert done.stdout.rstrip().endswith(LAW)


def test_a_tree_that_was_written_holds(case: Path, report: str, tmp_path: Path) -> None:
    """What `--out` writes, `--check` replays; one changed value is refused, as for every proof."""
    file = tmp_path / "tree.json"
    done = CliRunner().invoke(app, ["why", str(case), report, "--out", str(file), "--json"], catch_exceptions=False)
    valid("why", done.stdout)
    valid("why", CliRunner().invoke(app, ["why", "--check", str(file), "--json"], catch_exceptions=False).stdout)
    assert "holds" in CliRunner().invoke(app, ["why", "--check", str(file)], catch_exceptions=False).stdout
    proof = json.loads(file.read_text())["proof"]
    root = next(iter(proof["trees"].values()))
    proof["table"][root]["value"] = 1 if proof["table"][root]["value"] < 1 else -1
    file.write_text(json.dumps(sealed(proof)))
    with pytest.raises(VerificationError, match="does not hold"):
        CliRunner().invoke(app, ["why", "--check", str(file)], catch_exceptions=False)


def test_ask_writes_a_letter(case: Path) -> None:
    """A request in words, and as JSON of its schema."""
    assert valid("ask", CliRunner().invoke(app, ["ask", str(case), "--to", "gov", "--json"]).stdout)["to"] == "gov"
    for lang in ("en", "ar", "ru"):
        done = CliRunner().invoke(app, ["ask", str(case), "--lang", lang], catch_exceptions=False)
        assert LAW in done.stdout
