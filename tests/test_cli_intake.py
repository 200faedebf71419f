"""The intake desk on the command line: what waits is shown, decided on and entered; nothing steers a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli_table import answer, truceline
from tests.evidence.bench import SHIPPED
from truceline import desk
from truceline.desk import intake
from truceline.desk.audits import rows
from truceline.desk.charters import new_charter
from truceline.desk.drawer import BOX, Media, opened
from truceline.desk.intake import Given, Room
from truceline.desk.originals import Incoming
from truceline.desk.receipts import read_receipt
from truceline.store.folder import CaseFolder
from truceline.store.state import intake as boxes
from truceline.store.state import open_state

WORDS = "Shells fell on the bakery\x1b[31m of Umm Khalid\u202e, near the mill"
GIVEN = Given(WORDS, "Hirbnafseh", "2016-03-05 14:00", "shelling", contact="+963 944 555 019", consent=("share",))


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A case with a vault and keys of its own; afterwards the record holds."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("TRUCELINE_SERVICE_INTAKE_LEAST", "2")
    desk.init_case(tmp_path / "case", SHIPPED / "agreement.yaml", new_charter("intake")).close()
    yield tmp_path / "case"
    assert answer("verify", "verify", tmp_path / "case")["holds"]


def reported(case: Path, *given: Given) -> list[str]:
    """Ids of reports that came in and whose questions were answered."""
    with closing(CaseFolder.open(case)) as kept, closing(open_state(case)) as state:
        room, ids = Room(state, kept), []
        for one in given:
            receipt = intake.receive(room, one).receipt
            intake.answered(room, receipt, 1)
            with opened(state, room.log) as held:
                ids.append(held.id_of(read_receipt(receipt) or b""))
    return ids


@pytest.mark.long
def test_reports_are_listed_shown_taken_and_entered(case: Path) -> None:
    """From the queue to the batch; the words and how to reach their reporter stay with the desk."""
    first, second = reported(case, GIVEN, GIVEN)
    shown = answer("intake-show", "intake", "show", case, first)
    assert (shown["state"], shown["answer"], shown["can_be_reached"]) == ("confirmed", 1, True)
    assert answer("vault-show", "vault", "show", shown["person"])["contact"] == "+963 944 555 019"
    assert "944" not in str({**shown, "person": ""})
    row = answer("intake-decide", "intake", "take", case, first, "--actor", "Syrian government", "--killed", "1..3")[
        "row"
    ]
    assert (row["killed"], row["actor_claimed"]) == ({"low": 1, "high": 3}, "Syrian government")
    assert "1 wait: a batch has 2 at least" in truceline("intake", "batch", case, code=5).stderr
    assert truceline("intake", "take", case, second, "--note", "Umm knows", "--named").stdout.endswith("held back\n")
    listed = answer("intake-list", "intake", "list", case)
    assert ([r["state"] for r in listed["reports"]], listed["is_due"]) == (["taken", "taken"], True)
    assert answer("intake-batch", "intake", "batch", case) == {"entry": 2, "entries": 3, "rows": 2}
    assert answer("intake-list", "intake", "list", case)["reports"] == []
    rows = answer("intake-entered", "intake", "list", case, "--entered")["entered"]
    assert {one["id"] for one in rows} == {first, second}
    assert all(one["row"].startswith("in-") for one in rows)
    assert "bakery" in answer("intake-show", "intake", "show", case, first)["words"]
    assert "one in each window" in truceline("intake", "batch", case, code=5).stderr


def test_reports_are_joined_closed_and_rejected(case: Path) -> None:
    """Each decision says what became of the report; what makes no sense is refused in one line."""
    incoming = Incoming()
    incoming.take(b"\xff\xd8\xff" + bytes(1_000))
    given = Given("the same again", media=(Media(incoming.keep(), "photo"),))
    one, other, third, fourth = reported(case, GIVEN, given, GIVEN, GIVEN)
    assert truceline("intake", "join", case, other, one).stdout == f"{other}: joined to {one}\n"
    assert answer("intake-decide", "intake", "close", case, third)["decision"] == "close"
    assert len(answer("closed-list", "closed", "list")["reports"]) == 1
    assert "words are gone" in truceline("intake", "reject", case, fourth, "--reason", "a test").stdout
    for args in (("take", case, third), ("join", case, one, one), ("show", case, "0" * 16), ("reject", case, one,
                 "--reason", " "), ("take", case, one, "--killed", "some")):  # fmt: skip
        assert truceline("intake", *args, code=3).stderr.count("\n") == 1
    shown = truceline("intake", "show", case, other).stdout
    assert "photo: " in shown


def test_what_people_write_does_not_steer_the_terminal(case: Path) -> None:
    """Colours, turns of direction and cursor movements of a report are blanks on the screen of the desk."""
    (one,) = reported(case, GIVEN)
    shown = truceline("intake", "show", case, one).stdout
    assert "near the mill" in shown
    assert not any(mark in shown for mark in ("\x1b", "\u202e"))


def test_every_look_is_noted(case: Path) -> None:
    """The audit says that the host of the case came by, for what, and nothing of what he saw."""
    (one,) = reported(case, GIVEN)
    truceline("intake", "list", case)
    truceline("intake", "show", case, one)
    with closing(open_state(case)) as state:
        noted = [(row["role"], row["resource"], row["action"], row["about"]) for row in rows(state)]
    assert noted == [("host", "report", "list", ""), ("host", "report", "read", one)]


def test_a_damaged_report_is_named(case: Path) -> None:
    """Exit code 6; the others are listed."""
    (one, other) = reported(case, GIVEN, GIVEN)
    with closing(open_state(case)) as state:
        boxes.put(state, [(one, bytes(BOX))])
    done = truceline("intake", "list", case, code=6)
    assert other in done.stdout
    assert done.stderr == f"intake: damaged, and left out: {one}\n"


def test_panic_leaves_nothing_to_list(case: Path) -> None:
    """The keys of the drawer go with the vault."""
    reported(case, GIVEN)
    truceline("panic", "--yes")
    assert answer("intake-list", "intake", "list", case)["reports"] == []
