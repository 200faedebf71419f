from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli_table import truceline
from tests.store.cluster import cluster
from tests.test_cli import answer
from truceline import LAW, desk
from truceline.store.state import open_state


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped case with the memory of a service."""
    folder = tmp_path_factory.mktemp("backup") / "case"
    desk.demo_case(folder).close()
    open_state(folder).close()
    return folder


@pytest.mark.long
def test_there_and_back_on_the_command_line(case: Path, tmp_path: Path) -> None:
    """Each step prints what its schema says."""
    made = answer("backup", "backup", case, tmp_path / "file", "--check")
    assert made["size"] == 2 and made["state"] is True and made["law"] == LAW
    assert made["checked"]["holds"] is True
    back = answer("restore", "restore", tmp_path / "file", tmp_path / "restored")
    assert (back["root"], back["size"], back["law"]) == (made["root"], made["size"], LAW)
    assert answer("verify", "verify", tmp_path / "restored")["holds"] is True


def test_it_is_said_in_words(case: Path, tmp_path: Path) -> None:
    """What is in it, how to know it again, and what is not in it."""
    done = truceline("backup", case, tmp_path / "file", "--check")
    assert "record, evidence and the memory of the service, 2 entries" in done.stdout
    assert "SHA-256" in done.stdout and "The private keys are not in it" in done.stdout
    assert "brought back into a temporary folder and verified" in done.stdout
    back = truceline("restore", tmp_path / "file", tmp_path / "restored", "--no-witnesses")
    assert "2 entries, root" in back.stdout and "Verified: " in back.stdout
    assert "warning: accounts are as they were" in back.stderr


def test_from_a_folder_into_a_database(case: Path, tmp_path: Path) -> None:
    """A URL stands wherever a folder can; its password is not repeated."""
    truceline("backup", case, tmp_path / "file")
    word = "secret-word"
    url = cluster().url(cluster().database(), password=word)
    done = truceline("restore", tmp_path / "file", url)
    assert word not in done.stdout + done.stderr
    again = answer("backup", "backup", url, tmp_path / "again")
    assert again["size"] == 2 and word not in str(again)


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ("backup nowhere file", 7, "not a case folder"),
        ("backup {case} {case}/case.json", 7, "something lies there already"),
        ("restore {case}/case.json restored", 6, "cannot be unpacked"),
        ("restore nowhere restored", 3, "no such file"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_code(
    asked: str, code: int, said: str, case: Path, tmp_path: Path
) -> None:  # fmt: skip
    """As documented for every command."""
    arguments = [
        one if "/" in one or n == 0 else str(tmp_path / one) for n, one in enumerate(asked.format(case=case).split())
    ]
    done = truceline(*arguments, code=code)
    assert said in done.stderr and len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
