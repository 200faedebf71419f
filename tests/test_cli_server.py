"""Every command answers alike for a case in a folder and for the same case in PostgreSQL, and never says a password."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.bench import lines
from tests.store.cluster import cluster
from tests.test_cli import told
from truceline import desk
from truceline.desk.charters import new_charter

TEXT = Path(__file__).parent / "agreement" / "terms-example.yaml"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """One demonstration case, on its fixed clock and keys, in a folder and in a database; and a file of reports."""
    room = tmp_path_factory.mktemp("both")
    text = room / "agreement.yaml"
    text.write_bytes(TEXT.read_bytes())
    reports = room / "reports.jsonl"
    reports.write_bytes(b"".join(lines({}, {}, {"id": "r-far", "start": "2016-09-14"}, {"start": "soon"})))
    database = cluster().database()
    places = (str(room / "case"), cluster().url(database, password="s3cret"))  # noqa: S106  # it must not be seen again
    for where in places:
        desk.init_case(where, text, new_charter("both", is_demo=True)).close()
    return *places, reports


def answers(
    both: tuple[str, str, Path], capsys: pytest.CaptureFixture[str], words: Sequence[object]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The JSON of a command for the folder and for the database; CASE stands for either."""
    found = []
    for where in both[:2]:
        code, out, err = told(capsys, [where if word == "CASE" else word for word in (*words, "--json")])
        assert code == 0, err
        assert "s3cret" not in out + err
        found.append(json.loads(out))
    return found[0], found[1]


COMMANDS = (
    ("add", "CASE", "FILE"),
    ("add", "CASE", "FILE"),
    ("assess", "CASE"),
    ("rule", "CASE", "same", "r-0", "r-1", "--reason", "two people read both"),
    ("duplicates", "CASE", "--keep"),
    ("assess", "CASE", "--show", "r-0"),
    ("why", "CASE", "r-0"),
    ("duplicates", "CASE"),
    ("obligations", "CASE", "--at", "2016-09-15T12:00"),
    ("reconcile", "CASE", "--a", "us", "--b", "ru"),
    ("designations", "CASE", "--at", "2016-09-15T12:00"),
    ("agreement", "held", "CASE"),
    ("misuse", "CASE"),
    ("rulings", "CASE"),
    ("record", "show", "CASE"),
    ("record", "show", "CASE", "3"),
    ("record", "show", "CASE", "--refused"),
    ("record", "proof", "CASE", "2"),
    ("record", "checkpoint", "CASE"),
    ("custody", "show", "CASE"),
)


@pytest.mark.long
def test_every_command_answers_alike_wherever_a_case_is_kept(
    both: tuple[str, str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Read or written, to the last byte: the record, its proofs, and what is computed from it."""
    for words in COMMANDS:
        folder, server = answers(both, capsys, [both[2] if word == "FILE" else word for word in words])
        assert folder == server, words


@pytest.mark.long
def test_what_is_written_is_alike_wherever_a_case_is_kept(
    both: tuple[str, str, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Tiles, offline bundles and reports: whoever is given them cannot tell where the case lies."""
    for kind, where in zip(("folder", "server"), both[:2], strict=True):
        out = tmp_path / kind
        out.mkdir()
        for words in (
            ["record", "export", where, out / "tiles", "--blobs"],
            ["report", where, "-o", out / "report.html"],
            ["bundle", where, 1, "-o", out / "bundle.zip"],
        ):
            code, said, fault = told(capsys, words)
            assert code == 0, fault
            assert "s3cret" not in said + fault
    kept = [
        {path.relative_to(tmp_path / kind).as_posix(): path.read_bytes() for path in (tmp_path / kind).rglob("*")
         if path.is_file()}
        for kind in ("folder", "server")
    ]  # fmt: skip
    assert kept[0] == kept[1]
    assert len(kept[0]) > 5


def test_a_case_in_a_database_is_verified_as_a_case(
    both: tuple[str, str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """What a folder has beside it, its index and the newest answers, can be made again; all else is checked alike."""
    answers(both, capsys, ["add", "CASE", both[2]])
    answers(both, capsys, ["assess", "CASE"])
    folder, server = answers(both, capsys, ["verify", "CASE", "--recompute"])
    assert folder["checked"].pop("index rows", None) == folder["size"]
    folder["not_checked"].remove("assessments.parquet: not part of the record")
    assert folder == server
    assert (server["kind"], server["holds"]) == ("case", True)


@pytest.mark.long
def test_a_database_becomes_a_case_by_init_and_by_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record of one's own, and the shipped case with its pages; a second case does not go into the first."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    own = cluster().url(cluster().database())
    code, out, fault = told(capsys, ["init", own, "--agreement", TEXT, "--json"])
    assert code == 0, fault
    assert json.loads(out)["origin"].startswith("truceline.local/")
    code, _, fault = told(capsys, ["init", own, "--agreement", TEXT])
    assert (code, "expected a database without a record" in fault) == (7, True)
    code, _, fault = told(capsys, ["keys", "show", own])
    assert code == 0, fault
    code, _, fault = told(capsys, ["run", own, "--no-serve", "--pages", tmp_path / "pages"])
    assert "a case of your own lies here" in fault
    shipped = cluster().url(cluster().database())
    code, _, fault = told(capsys, ["run", shipped, "--no-serve", "--pages", tmp_path / "pages"])
    assert code == 0, fault
    assert len(list((tmp_path / "pages").glob("*.html"))) >= 3
