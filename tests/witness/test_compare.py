"""Gossip by hand: checkpoints of several holders side by side; what is not compared is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli_table import answer, truceline
from tests.record.foreign.logs import LOG, OTHER_LOG, WITNESSES, SmallLog
from tests.witness.world import forked
from truceline.errors import InputError
from truceline.record.checkpoint import check_fork, read_fork
from truceline.witness.rules import compare

HELD = SmallLog(300)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The log, and no witnesses."""
    path = tmp_path / "logs.policy"
    path.write_text(f"log {LOG.verifier.vkey}\nquorum none\n")
    return path


def notes(folder: Path, *held: bytes) -> list[Path]:
    """What each of several holders hands over, in a file."""
    paths = [folder / f"of-{name}.checkpoint" for name in "abcdefg"[: len(held)]]
    for path, data in zip(paths, held, strict=True):
        path.write_bytes(data)
    return paths


def test_a_fork_shown_to_two_holders_is_found_and_written_as_evidence(tmp_path: Path, policy: Path) -> None:
    """Attack 1 without a network: exit code 6, and a file that anybody who knows the log can check."""
    one, two, later = notes(
        tmp_path, HELD.note(witnesses=WITNESSES[:1]), forked(300).note(witnesses=WITNESSES[1:2]), SmallLog(301).note()
    )
    asked = ["witness", "compare", "--policy", policy, one, two, later, "--out", tmp_path / "evidence"]
    found = answer("witness-compare", *asked, code=6)
    assert found["compared"] == 2
    assert [left["file"] for left in found["not_compared"]] == [str(later)]
    (file,) = found["files"]
    assert Path(file).parent == tmp_path / "evidence"
    check_fork(read_fork(Path(file).read_bytes()), LOG.verifier)
    said = truceline(*asked, code=6).stdout
    assert f"FORK: {file}" in said
    assert "no other note of log.example/ceasefire has its size 301" in said


def test_one_history_is_no_fork_and_leaves_nothing_behind(tmp_path: Path, policy: Path) -> None:
    """Other witnesses on one checkpoint, other sizes, notes of strangers: exit code 0, each accounted for."""
    given = notes(
        tmp_path, HELD.note(witnesses=WITNESSES[:2]), HELD.note(witnesses=WITNESSES[2:]), SmallLog(7).note(),
        HELD.note(log=OTHER_LOG), SmallLog(300, origin="log.example/another").note(), b"noise",
    )  # fmt: skip
    asked = ["witness", "compare", *given, "--policy", policy, "--out", tmp_path / "evidence"]
    found = answer("witness-compare", *asked)
    assert (found["compared"], found["files"]) == (2, [])
    assert [left["file"] for left in found["not_compared"]] == [str(path) for path in given[2:]]
    assert all(left["why"] for left in found["not_compared"])
    assert truceline(*asked).stdout.endswith("no fork was found\n")
    assert not (tmp_path / "evidence").exists()


def test_without_a_log_to_believe_nothing_is_compared(tmp_path: Path) -> None:
    """An empty policy must not end in a calm answer."""
    (path,) = notes(tmp_path, HELD.note())
    none = tmp_path / "none.policy"
    none.write_text("quorum none\n")
    with pytest.raises(InputError, match="one or more logs"):
        compare({"a": HELD.note()}, [])
    told = truceline("witness", "compare", path, "--policy", none, "--out", tmp_path / "evidence", code=3)
    assert told.stderr.count("\n") == 1


def test_evidence_holds_no_lines_of_strangers(tmp_path: Path) -> None:
    """Anybody can add signature lines to a note; they prove nothing, and do not go into what is handed on."""
    held = {"a": HELD.note(witnesses=WITNESSES), "b": forked(300).note(log=LOG)}
    (fork,) = compare(held, [LOG.verifier]).forks
    parts = json.loads(fork.data)
    assert all(part.count("\u2014") == 1 for part in (parts["first"], parts["second"]))
