"""`truceline exchange` as people meet it: what is printed, and what is refused in one line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_table import answer, truceline
from tests.desk.sealed_case import ALEPPO, HAMA, HOLDERS, IDLIB, SIDES
from tests.evidence.bench import SHIPPED
from truceline import LAW, desk
from truceline.desk import keyring
from truceline.desk.charters import new_charter
from truceline.desk.escrow import ROOM
from truceline.span import utc_text


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A case of two sides and three guarantors, whose keys all lie on this machine."""
    folder = tmp_path_factory.mktemp("exchange")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUCELINE_CONFIG", str(folder / "config"))
        sets = [keyring.key_set(party) for party in (*SIDES, *HOLDERS)]
        desk.init_case(folder / "case", SHIPPED / "agreement.yaml", new_charter("cli", parties=sets)).close()
        yield folder / "case"


def opening(case: Path, *more: object) -> list[object]:
    """A command that opens an exchange."""
    now = int(time.time())
    times = [utc_text(now + after) for after in (1_000, 2_000, 3_000)]
    named = [word for one in SIDES for word in ("--side", one)]
    named += [word for one in HOLDERS for word in ("--guarantor", one)]
    return [
        "exchange", "open", case, *named, "--by", "us", "--slots", 256, "--threshold", 2, "--commit-by", times[0],
        "--reveal-by", times[1], "--release-by", times[2], *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def of(case: Path) -> int:
    """An exchange that was opened."""
    index: int = answer("exchange-open", *opening(case))["entry"]
    return index


def test_what_people_read(case: Path, tmp_path: Path) -> None:
    """A table of all, one in full; both lists for a side once they are opened, and the line of the law."""
    of = answer("exchange-open", *opening(case))["entry"]
    cells = tmp_path / "ours.txt"
    cells.write_text(f"# ours\n{HAMA}\n{ALEPPO}\n")
    assert truceline("exchange", "commit", case, of, "--by", "us", "--cells", cells).stdout.startswith("Entry ")
    shown = truceline("exchange", "show", case, of).stdout
    assert "ru: committed not" in shown
    assert "Waits for ru until" in shown
    cells.write_text(f'["{IDLIB}"]')
    truceline("exchange", "commit", case, of, "--by", "ru", "--cells", cells)
    for side in SIDES:
        truceline("exchange", "reveal", case, of, "--by", side)
    assert truceline("exchange", "verify", case, of, "--open-as", "tr").stdout == "us: holds\nru: holds\n"
    for holder in ("tr", "un"):
        truceline("exchange", "release", case, of, "--by", holder)
    shown = truceline("exchange", "show", case, of, "--open-as", "ru").stdout
    assert f"us: 2 cells: {HAMA}, {ALEPPO}" in shown
    assert f"ru: 1 cells: {IDLIB}" in shown
    assert shown.endswith(f"{LAW}\n")
    assert "opened" in truceline("exchange", "show", case).stdout
    assert truceline("exchange", "forget", case, "--by", "ru").stdout == f"destroyed: {of}\n"
    assert truceline("exchange", "forget", case, "--by", "ru").stdout.startswith("nothing of an exchange")


WRONG_OPENINGS: list[tuple[list[object], int, str]] = [
    (["--threshold", 1], 5, "`threshold`"), (["--commit-by", "soon"], 3, "soon"), (["--slots", 40], 5, "`slots`"),
    (["--guarantor", "nobody"], 5, "`guarantors`"), (["--side", "tr"], 5, "`sides`"),
    (["--about", "nobody"], 5, "`about`"),
    (["--reveal-by", "2020-01-01"], 5, "`commit_by`"), (["--release-by", "2099-01-01"], 5, "days"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "code", "said"), WRONG_OPENINGS, ids=lambda value: str(value)[:30])
def test_an_opening_that_is_none_is_refused_in_one_line(case: Path, more: list[object], code: int, said: str) -> None:
    """Nothing is appended, and the line says which field."""
    before = len(answer("exchange-show", "exchange", "show", case)["exchanges"])
    error = truceline(*opening(case, *more), code=code).stderr
    assert error.count("\n") == 1
    assert said in error
    assert len(answer("exchange-show", "exchange", "show", case)["exchanges"]) == before


def test_what_is_no_step_is_refused_in_one_line(case: Path, of: int, tmp_path: Path) -> None:
    """By its exit code; nothing that a file held is repeated, and nothing of it is kept."""
    fine = tmp_path / "fine.txt"
    fine.write_text("892da963b07ffff\n")
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"\xff\xfe\x00")
    before = sorted(keyring.own_folder(ROOM).iterdir())
    for command, code in (
        (["commit", of, "--by", "ru", "--cells", fine], 5), (["commit", of, "--by", "ru", "--cells", bad], 3),
        (["commit", of, "--by", "ru"], 3), (["commit", of, "--by", "ru", "--empty", "--cells", fine], 3),
        (["commit", of, "--by", "tr", "--empty"], 3), (["commit", 1, "--by", "ru", "--empty"], 3),
        (["commit", of, "--by", "gov", "--empty"], 3), (["reveal", of, "--by", "ru"], 7),
        (["release", of, "--by", "tr"], 3),
        (["close", of, "--by", "us"], 3), (["challenge", of, "--by", "us"], 3), (["refuse", of, "--by", "tr"], 5),
        (["deny", of, "--by", "ru", "--entry", of], 5), (["show", 99], 3), (["show", of, "--open-as", "us"], 3),
        (["show", "--open-as", "us"], 3), (["verify", 99, "--open-as", "us"], 3),
    ):  # fmt: skip
        error = truceline("exchange", command[0], case, *command[1:], code=code).stderr
        assert error.count("\n") == 1, (command, error)
        assert "892da963b07ffff" not in error
    assert sorted(keyring.own_folder(ROOM).iterdir()) == before
