"""What people report, from its arrival to the record: nothing leads back to them, nothing they hold can be tested."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from tests.clock import Clock
from tests.evidence.bench import SHIPPED
from truceline import desk
from truceline.desk import batches, closed, drawer, intake, keyring, originals, persons, triage
from truceline.desk.charters import new_charter
from truceline.desk.coarse import check_coarse
from truceline.desk.consent import consents_of
from truceline.desk.custody import chains_of
from truceline.desk.drawer import Media, Report
from truceline.desk.files import Bench
from truceline.desk.holdings import CaseHoldings
from truceline.desk.intake import Given, Room
from truceline.desk.jobs import Later
from truceline.desk.receipts import printed, random_letters, read_receipt
from truceline.desk.runs import bench_of_case
from truceline.desk.settings import Settings
from truceline.desk.triage import Decision
from truceline.errors import InputError, StoreError, SubmissionError, VerificationError
from truceline.record.audit import Trust, audit
from truceline.span import parse_instant
from truceline.store.case import Case
from truceline.store.folder import CaseFolder
from truceline.store.source import FolderSource
from truceline.store.state import intake as rows
from truceline.store.state import open_state

START = parse_instant("2026-11-24T10:30", "UTC")
DAY = 86_400
WORDS = "Three shells fell on the bakery of Umm Khalid"
CONTACT = "+963 944 555 019"
PHOTO = b"\xff\xd8\xff\xe0 the bakery, from a phone" * 40_000
GIVEN = Given(WORDS, "Hirbnafseh", "yesterday at 14:00", "shelling", contact=CONTACT)
CANARIES = (b"bakery", b"Umm Khalid", b"944 555", b"944555", b"Hirbnafseh", "قصف".encode(), b"zz-canary")


@pytest.fixture(scope="module")
def _case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("intake")
    before = os.environ["TRUCELINE_CONFIG"]
    os.environ["TRUCELINE_CONFIG"] = str(folder / "config")
    desk.init_case(folder / "case", SHIPPED / "agreement.yaml", new_charter("intake"), known_at=START - DAY).close()
    os.environ["TRUCELINE_CONFIG"] = before
    return folder


@pytest.fixture
def folder(_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case, and the vault and keys of the machine that keeps it."""
    shutil.copytree(_case, tmp_path / "all")
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "all" / "config"))
    return tmp_path / "all"


@pytest.fixture
def clock() -> Clock:
    """The clock of the record."""
    return Clock(START)


@pytest.fixture(scope="module")
def bench(_case: Path) -> Bench:
    """The agreement of that case, with its lists of places: read once."""
    case = CaseFolder.open(_case / "case")
    found = bench_of_case(case)
    case.close()
    return found


@pytest.fixture
def room(folder: Path, clock: Clock, bench: Bench) -> Iterator[Room]:
    """The intake desk of that case; afterwards the record is audited."""
    case, state = CaseFolder.open(folder / "case"), open_state(folder / "case")
    made = Room(state, case, Settings(intake_least=2), clock=clock)
    made._bench = (len(case.entries()), bench)
    yield made
    state.close()
    case.close()
    assert audit(FolderSource(folder / "case" / "record"), Trust()).faults == []


def one_of(room: Room, receipt: str) -> tuple[str, Report]:
    """The report of a receipt."""
    secret = read_receipt(receipt)
    assert secret is not None
    with drawer.opened(room.state, room.log) as held:
        one = held.id_of(secret)
        return one, held.read(one)


def taken(room: Room, given: Given = GIVEN, decision: Decision | None = None) -> tuple[str, str]:
    """A report that came in, was confirmed and taken: its receipt and its id."""
    receipt = intake.receive(room, given).receipt
    intake.answered(room, receipt, 1)
    one = one_of(room, receipt)[0]
    triage.take(room, one, decision or Decision())
    return receipt, one


def kept_photo(data: bytes = PHOTO) -> Media:
    """A photo that came with a report."""
    incoming = originals.Incoming()
    for at in range(0, len(data), 100_000):
        incoming.take(data[at : at + 100_000])
    return Media(incoming.keep(), "photo")


def bytes_of(*folders: Path) -> bytes:
    """Every byte below, names included."""
    return b"".join(
        path.relative_to(top).as_posix().encode() + b"\n" + path.read_bytes()
        for top in folders for path in sorted(top.rglob("*")) if path.is_file()
    )  # fmt: skip


# -- coming in ---------------------------------------------------------------------------------------------------------


def test_a_report_from_its_arrival_to_the_record(room: Room, clock: Clock) -> None:
    """Received, read back, confirmed, taken, in a batch: each step shows to whoever has the receipt as one of four."""
    received = intake.receive(room, GIVEN)
    assert [(o.when, o.precision) for o in received.options] == [("2026-11-23T14:00", "hour")]
    assert intake.follow(room, received.receipt) == "received"
    intake.answered(room, received.receipt, 1)
    one, report = one_of(room, received.receipt)
    assert (report.state, report.chosen.places, report.day) == ("confirmed", ("geonames:169886",), START // DAY * DAY)
    assert intake.follow(room, received.receipt) == "under review"
    row = triage.take(room, one, Decision(actor="Syrian government", note="Shells; the oven stands."))
    assert row["place"] == {"name_en": "Hirbinifsah", "lon": 36.62, "lat": 34.94, "radius_m": 2000}
    taken(room, replace_of(GIVEN, words="Two more fell on the school there"))
    made = batches.batch(room)
    assert (made.rows, made.entry) == (2, 2)
    assert intake.follow(room, received.receipt) == "included in a batch"
    table = next(table for _, table in room.case.tables())
    found = {r["act_text"]: r for r in table.to_pylist()}["shelling"]
    assert (found["source"], found["reporter_withheld"], found["asserted_by"]) == ("intake", True, "intake desk")
    assert {r["note"] for r in table.to_pylist()} == {"Shells; the oven stands.", None}
    assert found["language"] is None


def replace_of(given: Given, **changes: Any) -> Given:  # noqa: ANN401  # any field
    """Something else that is said."""
    return msgspec.structs.replace(given, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"words": ""}, "got nothing"), ({"words": " \u202e\x00\n"}, "got nothing"),
        ({"words": "a" * 3_001}, "at most 3000"), ({"words": "я" * 1_000_000}, "at most 3000"),
        ({"place": "b" * 201}, "`place`"), ({"contact": "c" * 201}, "`contact`"), ({"time": "d" * 201}, "`time`"),
        ({"act": "murder"}, "`act`"), ({"lang": "fr"}, "`lang`"), ({"consent": ("sell",)}, "`consent`"),
        ({"channel": "fax"}, "`channel`"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_and_not_repeated(room: Room, changes: dict[str, Any], words: str) -> None:
    """A fault names the field and nothing of what stood in it; nothing is kept."""
    with pytest.raises(InputError, match=re.escape(words)) as refused:
        intake.receive(room, replace_of(GIVEN, **changes))
    assert not any(value in str(refused.value) for value in ("murder", "sell", "fax", "aaa", "bbb", "яяя"))
    assert not drawer.is_there(room.log)


def test_what_no_reader_sees_is_not_kept(room: Room) -> None:
    """Overrides of direction, NULs, tags and half characters vanish; line ends and the joiners of Persian stay."""
    odd = "fell\u202e on\x00 it\u2066 \U000e0041at\ud800 2\u200d!\r\nnext  line\u2028می\u200cشود"
    receipt = intake.receive(room, Given(odd)).receipt
    assert one_of(room, receipt)[1].words == "fell on it at 2\u200d!\n\nnext line\nمی\u200cشود"


def test_zero_and_silence_keep_the_words_as_they_are(room: Room) -> None:
    """Nothing is decided for anybody; what is undecided is taken only when the desk gives it a time."""
    quiet = intake.receive(room, GIVEN).receipt
    denied = intake.receive(room, GIVEN).receipt
    intake.answered(room, denied, 0)
    for receipt, state in ((quiet, "asked"), (denied, "confirmed")):
        one, report = one_of(room, receipt)
        assert (report.state, report.place, report.chosen.places) == (state, "Hirbnafseh", ())
        with pytest.raises(InputError, match="no time is confirmed"):
            triage.take(room, one, Decision())
        row = triage.take(room, one, Decision(when="2026-11-20", precision="days", until="2026-11-24"))
        assert row["place"] == {"place_precision": "country"}


def test_an_answer_counts_once_and_only_where_it_was_asked(room: Room) -> None:
    """A second answer, one beyond the options and one to no question change nothing, and say nothing."""
    receipt = intake.receive(room, GIVEN).receipt
    intake.answered(room, receipt, 7)
    assert one_of(room, receipt)[1].state == "asked"
    intake.answered(room, receipt, 1)
    intake.answered(room, receipt, 0)
    assert one_of(room, receipt)[1].answer == 0
    plain = intake.receive(room, Given("planes over us")).receipt
    intake.answered(room, plain, 1)
    assert one_of(room, plain)[1].answer is None
    intake.answered(room, printed(os.urandom(16)), 1)
    intake.answered(room, "nothing", 1)


# -- the hotline -------------------------------------------------------------------------------------------------------


def called(room: Room, text: str, message: str = "", number: str = CONTACT) -> intake.Heard:
    """What a caller hears."""
    given = Given(text, channel="hotline", contact=number)
    return intake.heard(room, given, message or hashlib.sha256(text.encode()).hexdigest())


def test_a_caller_is_asked_back_and_answers_by_number(room: Room) -> None:
    """The whole conversation over separate messages; the digits may be those of any script."""
    first = called(room, "Shelling in Hirbnafseh yesterday at 14:00, three wounded")
    assert first.received is not None
    assert [o.places for o in first.received.options] == [("geonames:169886",)]
    assert called(room, "١").what == "answer"
    one, report = one_of(room, first.received.receipt)
    assert (report.state, report.answer, report.channel) == ("confirmed", 0, "hotline")
    assert persons.show(intake.contact_of(one)).contact == CONTACT


def test_the_same_message_twice_is_one_report(room: Room) -> None:
    """A provider that hears no answer sends again; the receipt is the same, and nothing is there twice."""
    first, again = (called(room, "قصف على حربنفسه أمس الساعة 2 ظهرا", "SM1") for _ in range(2))
    assert first.received is not None
    assert again.received is not None
    assert first.received.receipt == again.received.receipt
    assert called(room, "قصف على حربنفسه أمس الساعة 2 ظهرا", "SM2").received != first.received
    assert len(triage.queue(room)[0]) == 2
    assert len(persons.listed()) == 2


def test_a_number_gets_one_answer_whatever_was_asked(room: Room) -> None:
    """Whoever finds a phone learns nothing by sending a number: not that there was a report, nor where it was."""
    assert called(room, "1").what == "answer"
    called(room, "Shelling in Hirbnafseh yesterday at 14:00, three wounded")
    assert (called(room, "9"), called(room, "1"), called(room, "1"), called(room, "0", number="")) == (
        intake.Heard("answer"),
    ) * 4
    assert called(room, "hello?") == called(room, "") == intake.Heard("help")


def test_questions_end_with_their_day(room: Room, clock: Clock) -> None:
    """A number that is sent a day later is the answer to nothing."""
    first = called(room, "Shelling in Hirbnafseh yesterday at 14:00, three wounded")
    clock.at += DAY
    batches.tick(room)
    called(room, "1")
    assert first.received is not None
    assert one_of(room, first.received.receipt)[1].state == "asked"


# -- receipts ----------------------------------------------------------------------------------------------------------


def test_a_receipt_is_read_as_people_type_it() -> None:
    """Lower case, blanks, no dashes, letters for digits, digits of other scripts; a bit more or less is none."""
    secret = bytes(range(200, 216))
    text = printed(secret)
    for typed in (text, text.lower(), text.replace("-", ""), text.replace("-", " "), f"  {text}\n",
                  text.replace("0", "o").replace("1", "l"), "".join(_arabic(c) for c in text)):  # fmt: skip
        assert read_receipt(typed) == secret
    for wrong in ("", text[:-1], text + "0", text[:-1] + "Z", "x" * 10_000, "\u202e", text.replace("-", "/")):
        assert read_receipt(wrong) is None


def _arabic(c: str) -> str:
    return chr(0x660 + int(c)) if c.isdigit() else c


def test_wrong_receipts_get_one_answer(room: Room) -> None:
    """What never was, what is no receipt and what was deleted look the same."""
    assert intake.follow(room, printed(bytes(16))) == ""
    receipt = intake.receive(room, GIVEN).receipt
    assert intake.delete(room, receipt)
    for wrong in (receipt, printed(bytes(16)), "nothing", ""):
        assert (intake.follow(room, wrong), intake.delete(room, wrong), intake.withdraw(room, wrong)) == ("", 0, 0)


def test_what_is_joined_shares_the_fate_of_the_other(room: Room) -> None:
    """A second message of one telling becomes no row of its own, and its photo belongs to the row of the first."""
    _, first = taken(room)
    photo = kept_photo()
    second = intake.receive(room, replace_of(GIVEN, words="the same again", media=(photo,))).receipt
    with pytest.raises(InputError):
        triage.join(room, first, first)
    triage.join(room, one_of(room, second)[0], first)
    assert intake.follow(room, second) == "under review"
    taken(room)
    assert batches.batch(room).rows == 2
    assert intake.follow(room, second) == "included in a batch"
    chain = chains_of(room.case, "UTC")[photo.original]
    assert chain[0].custody.about == (one_row(room, first),)


def one_row(room: Room, one: str) -> str:
    """The row of a report."""
    with drawer.opened(room.state, room.log) as held:
        return held.read(one).row


# -- triage ------------------------------------------------------------------------------------------------------------


def test_a_rejected_report_leaves_its_reason_and_nothing_else(room: Room) -> None:
    """Words, photo and contact are destroyed; whoever has the receipt reads `closed`."""
    photo = kept_photo()
    receipt = intake.receive(room, replace_of(GIVEN, media=(photo,))).receipt
    one, _ = one_of(room, receipt)
    with pytest.raises(InputError, match="reason"):
        triage.reject(room, one, " ")
    triage.reject(room, one, "a test of the line")
    report = one_of(room, receipt)[1]
    assert report == Report("rejected", report.day, reason="a test of the line")
    assert (persons.listed(), originals.is_kept(photo.original)) == ([], False)
    assert intake.follow(room, receipt) == "closed"
    with pytest.raises(InputError):
        triage.show(room, one)


def test_the_closed_pathway_is_taken_by_its_act_and_by_the_desk(room: Room) -> None:
    """Sexual violence and harm to children enter no table and no list; a commitment is all that is ever seen."""
    told = intake.receive(room, Given("zz-canary one", act="sexual-violence", contact=CONTACT)).receipt
    later = intake.receive(room, Given("zz-canary two", act="arson")).receipt
    one, _ = one_of(room, later)
    assert [row["id"] for row in triage.queue(room)[0]] == [one]
    with pytest.raises(InputError, match="takes the closed pathway"):
        triage.take(room, one, Decision(act="against-children", when="2026-11-20", precision="day"))
    triage.close(room, one)
    assert (triage.queue(room)[0], intake.follow(room, told), intake.follow(room, later)) == (
        [], "under review", "under review",
    )  # fmt: skip
    assert sorted(json.loads(closed.show(found.id))["words"] for found in closed.listed()[0]) == [
        "zz-canary one", "zz-canary two",
    ]  # fmt: skip
    assert intake.contact_of(one_of(room, told)[0])
    assert intake.delete(room, told)
    assert len(closed.listed()[0]) == 1
    assert persons.listed() == []
    assert closed.commit(room.case, now=room.clock)[1] == []


@pytest.mark.parametrize(
    ("note", "is_held"),
    [
        ("Three shells hit a market building.", False),
        ("Call 0944 555 019 about it", True),
        ("write to a@example.org", True),
        ("٠٩٤٤ ٥٥٥ ٠١٩", True),
        ("He said: three shells fell on the bakery, no more.", True),
        ("of Umm Khalid there is no sign", False),
    ],
)
def test_a_note_that_names_or_quotes_is_held_back(room: Room, note: str, is_held: bool) -> None:
    """A number, an address, a run of the reporter's own words: none of them gets into a table."""
    one, _ = one_of(room, intake.receive(room, GIVEN).receipt)
    row = triage.take(room, one, Decision(note=note, when="2026-11-23", precision="day"))
    assert row["note"] == (triage.HELD_BACK if is_held else note)


def test_a_note_is_held_back_when_the_desk_says_so_or_when_it_names_the_reporter(room: Room) -> None:
    """The program cannot tell a name: but it knows how this reporter is reached."""
    given = replace_of(GIVEN, contact="Abu Samir, at the mill")
    one, _ = one_of(room, intake.receive(room, given).receipt)
    when = {"when": "2026-11-23", "precision": "day"}
    assert triage.take(room, one, Decision(note="samir saw it", **when))["note"] == triage.HELD_BACK  # type: ignore[arg-type]
    assert triage.take(room, one, Decision(note="It burnt.", is_named=True, **when))["note"] == triage.HELD_BACK  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Decision(actor="Abu Samir"), "`actor`"),
        (Decision(target="my cousin"), "`target`"),
        (Decision(weapon="a big one"), "`weapon`"),
        (Decision(place="nowhere"), "`place`"),
        (Decision(act="magic"), "`act`"),
        (Decision(when="soon"), "`start`"),
        (Decision(when="2031"), "future"),
        (Decision(grade="Z9"), "`grade`"),
        (Decision(note="x" * 1_001), "`note`"),
        (Decision(when="2026-11-23", until="2026-11-22"), "`end`"),
    ],
)
def test_a_row_that_the_reader_refuses_is_refused_at_once(room: Room, decision: Decision, words: str) -> None:
    """Nothing is taken that would break its batch; a name that nobody knows could be a person's."""
    receipt = intake.receive(room, GIVEN).receipt
    intake.answered(room, receipt, 1)
    one, _ = one_of(room, receipt)
    with pytest.raises(InputError, match=words) as refused:
        triage.take(room, one, decision)
    assert "Samir" not in str(refused.value)
    assert one_of(room, receipt)[1].state == "confirmed"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("near Hirbnafseh", {"name_en": "Hirbinifsah", "lon": 36.62, "lat": 34.94, "radius_m": 4000}),
        ("countryside of Hama", {"name_en": "Ḩamāh", "areas": ["SY-HM"]}),
        ("10 km north of Hama", {"name_en": "Ḩamāh", "radius_m": 19_000}),
        ("road from Homs to Hama", {"place_precision": "country"}),
        ("between Hama and Homs", {"radius_m": 30_666}),
    ],
)
def test_a_place_is_as_wide_as_its_words(room: Room, place: str, expected: dict[str, Any]) -> None:
    """What was confirmed is the name; what stood about it still counts."""
    _, one = taken(room, replace_of(GIVEN, place=place))
    with drawer.opened(room.state, room.log) as held:
        found = json.loads(held.read(one).line)["place"]
    assert {key: found.get(key) for key in expected} == expected


# -- batches -----------------------------------------------------------------------------------------------------------


def test_batches_come_at_windows_and_not_with_too_few(room: Room, clock: Clock) -> None:
    """One window, one batch; too few wait, but not for ever; nobody chooses the moment by sending more."""
    taken(room)
    with pytest.raises(SubmissionError, match="1 wait"):
        batches.batch(room)
    taken(room)
    assert batches.due(room).is_due
    batches.batch(room)
    taken(room)
    taken(room)
    with pytest.raises(SubmissionError, match="from 2026-11-25T00:00:00Z on"):
        batches.batch(room)
    assert batches.tick(room) is None
    clock.at += DAY
    made = batches.tick(room)
    assert made is not None
    assert made.rows == 2
    clock.at += DAY
    taken(room)
    assert batches.tick(room) is None
    clock.at += 7 * DAY
    late = batches.tick(room)
    assert late is not None
    assert late.rows == 1


def tables_of(room: Room) -> list[int]:
    """How many rows each table of the record has."""
    return [table.num_rows for _, table in room.case.tables()]


def refused_rows(room: Room) -> set[str]:
    """Which rows the record says consent was refused for."""
    return {one.statement.body["about"] for one in room.case.said("consent") if not one.statement.body["is_given"]}


def test_a_withdrawal_brings_no_report_with_it(room: Room, clock: Clock) -> None:
    """Whoever withdraws, or makes somebody withdraw, does not get a batch of one new report out of it."""
    first, _ = taken(room)
    second, _ = taken(room)
    batches.batch(room)
    _, lone = taken(room)
    for receipt in (first, second):
        intake.withdraw(room, receipt)
    clock.at += DAY
    assert batches.due(room) == batches.Due(1, 2, True, START // DAY * DAY + DAY, False, True)
    assert batches.batch(room) == batches.Batch(None, 6, 0)
    assert (tables_of(room), len(refused_rows(room))) == ([2], 2)
    with drawer.opened(room.state, room.log) as held:
        assert held.read(lone).state == "taken"
    taken(room)
    with pytest.raises(SubmissionError, match="from 2026-11-26T00:00:00Z on"):
        batches.batch(room)  # one a window, whatever is in it
    clock.at += DAY
    assert batches.batch(room).rows == 2


@pytest.mark.parametrize("act", [intake.withdraw, intake.delete])
def test_what_is_withdrawn_is_not_said_alone(room: Room, clock: Clock, act: Callable[[Room, str], bool]) -> None:
    """Who saw a phone at work on a day finds no row of that day: it waits for others, some windows at most."""
    receipts = [taken(room)[0] for _ in range(4)]
    batches.batch(room)
    act(room, receipts[0])
    taken(room)
    taken(room)
    clock.at += DAY
    assert batches.batch(room).rows == 2
    assert (tables_of(room), refused_rows(room)) == ([4, 2], set())
    act(room, receipts[1])
    clock.at += DAY
    assert batches.batch(room) == batches.Batch(None, 6, 0)
    assert len(refused_rows(room)) == 2
    act(room, receipts[2])
    for _ in range(batches.PATIENCE - 1):
        clock.at += DAY
        assert batches.tick(room) is None
    clock.at += DAY
    assert batches.tick(room) == batches.Batch(None, 3, 0)
    assert not batches.due(room).pending


def test_a_batch_that_was_interrupted_is_gone_on_with(room: Room, clock: Clock) -> None:
    """After the table and before what belongs to it: nothing is said twice, nothing is left out."""
    photo = kept_photo()
    taken(room, replace_of(GIVEN, media=(photo,), consent=("share",)))
    taken(room)
    with pytest.MonkeyPatch.context() as patched:
        whole, calls = room.write, []

        def breaks(drafts: Any) -> Any:  # noqa: ANN401  # as the function it stands for
            calls.append(drafts)
            if len(calls) == 2:
                raise StoreError("the disk is full")
            return whole(drafts)

        patched.setattr(room, "write", breaks)
        with pytest.raises(StoreError):
            batches.batch(room)
    clock.at += DAY
    made = batches.batch(room)
    assert (made.rows, made.entry, made.entries) == (0, None, 2)
    assert len(list(room.case.tables())) == 1
    assert len(room.case.said("custody")) == len(room.case.said("consent")) == 1


def test_the_service_waits_for_its_windows_and_never_ends(room: Room, clock: Clock) -> None:
    """The job makes the batch when it is due, says what keeps it from that, and looks again when a window begins."""
    told: list[str] = []

    class Work:
        def tell(self, doing: str, *_: int) -> None:
            told.append(doing)

    def run() -> float:
        with pytest.raises(Later) as later:
            batches.window(SimpleNamespace(intake=room), Work())
        return later.value.after_s

    assert run() == batches.EVERY_S
    taken(room)
    taken(room)
    run()
    assert len(list(room.case.tables())) == 1
    taken(room)
    taken(room)
    clock.at = (START // DAY + 1) * DAY - 60
    assert run() == 60
    clock.at += 60
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(room, "write", lambda _: (_ for _ in ()).throw(StoreError("the disk is full")))
        run()
    run()
    assert len(list(room.case.tables())) == 2
    waiting = "waiting for the next window"
    away = "no batch could be made: the case cannot be reached at this moment"
    assert told == [waiting, waiting, waiting, away, waiting]


def test_the_batches_of_the_closed_pathway_come_without_reports(room: Room, clock: Clock) -> None:
    """Where the host wants it: one a week from the first on, so that none of them tells of a report."""
    batches.tick(room)
    assert len(room.case.said("commitment")) == 0
    room.settings = Settings(closed_weekly=True)
    for _ in range(3):
        batches.tick(room)
    clock.at += 7 * DAY
    batches.tick(room)
    assert len(room.case.said("commitment")) == 2


def test_many_who_report_at_once_lose_nothing(room: Room) -> None:
    """Threads of a service and another process of the same machine share the vault: each waits for its turn."""
    receipts: list[str] = []

    def report(number: int) -> None:
        receipt = intake.receive(room, replace_of(GIVEN, words=f"report number {number}")).receipt
        intake.answered(room, receipt, 1)
        receipts.append(receipt)

    threads = [Thread(target=report, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sorted(one_of(room, receipt)[1].words for receipt in receipts)
    assert found == sorted(f"report number {number}" for number in range(12))
    assert {row["state"] for row in triage.queue(room)[0]} == {"confirmed"}
    assert len(persons.listed()) == 12


def test_consent_is_recorded_obeyed_and_withdrawn(room: Room, clock: Clock) -> None:
    """Without a word nobody else sees an account; withdrawn before the batch none is given, after it all is refused."""
    shared, one = taken(room, replace_of(GIVEN, consent=("publish", "share")))
    silent, other = taken(room, replace_of(GIVEN, consent=("share",)))
    intake.withdraw(room, silent)
    batches.batch(room)
    table = [table for _, table in room.case.tables()]
    rows_of = {one: one_row(room, one), other: one_row(room, other)}
    held = consents_of(room.case, "UTC")
    assert held.withheld(table, "party:gov", clock.at) == {rows_of[other]}
    intake.withdraw(room, shared)
    clock.at += batches.PATIENCE * DAY
    assert batches.batch(room) == batches.Batch(None, 3, 0)
    held = consents_of(room.case, "UTC")
    assert held.withheld(table, "party:gov", clock.at) == set(rows_of.values()) == held.withheld(table, "public", 0)
    assert not batches.due(room).is_due


def test_deletion_before_and_after_the_batch(room: Room, clock: Clock) -> None:
    """Before, nothing was ever there; after, the row stays, refused for every use, and the photo is destroyed."""
    gone, _ = taken(room)
    photo = kept_photo()
    receipt, one = taken(room, replace_of(GIVEN, media=(photo,), consent=("share",)))
    taken(room)
    intake.delete(room, gone)
    assert batches.batch(room).rows == 2
    row = one_row(room, one)
    assert intake.delete(room, receipt)
    assert (originals.is_kept(photo.original), intake.contact_of(one)) == (False, "")
    assert intake.follow(room, receipt) == "closed"
    clock.at += batches.PATIENCE * DAY
    batches.batch(room)
    assert intake.follow(room, receipt) == ""
    assert not any(
        consents_of(room.case, "UTC").may_use(row, use, at=clock.at) for use in ("share", "publish", "refer")
    )
    chain = chains_of(room.case, "UTC")[photo.original]
    assert [link.custody.event for link in chain] == ["received", "destroyed"]
    with drawer.opened(room.state, room.log) as held:
        assert one not in held.safe.ids()


def test_a_damaged_report_stands_in_the_way_of_no_other(room: Room) -> None:
    """It is named, left out, and can be deleted by its receipt."""
    receipt, one = taken(room)
    taken(room)
    taken(room)
    rows.put(room.state, [(one, b"?" * drawer.BOX)])
    assert triage.queue(room)[1] == [one]
    assert batches.batch(room).rows == 2
    assert intake.follow(room, receipt) == "received"
    with pytest.raises(VerificationError):
        triage.show(room, one)
    assert intake.delete(room, receipt)
    assert triage.queue(room)[1] == []


def test_a_full_desk_takes_no_more(room: Room, folder: Path) -> None:
    """The number is bounded, whoever sends; nothing is kept of what is refused."""
    room.settings = Settings(intake_most=1)
    intake.receive(room, GIVEN)
    with pytest.raises(StoreError, match="no more reports"):
        intake.receive(room, GIVEN)
    assert len(persons.listed()) == 1


# -- who looks for what ------------------------------------------------------------------------------------------------


def test_the_database_alone_says_nothing(room: Room, folder: Path) -> None:
    """No word, no state, no time, no order; boxes of one length, whatever they hold; without the vault, noise."""
    sizes = ("x", "ш" * 3_000)
    ids = [one_of(room, intake.receive(room, Given(words)).receipt)[0] for words in (*sizes, *map(str, range(30)))]
    database = sqlite3.connect(folder / "case" / "service" / "state.sqlite")
    found = database.execute("select * from intake_report").fetchall()
    (made,) = database.execute("select sql from sqlite_master where name = 'intake_report'").fetchone()
    database.close()
    assert "WITHOUT ROWID" in made
    assert {len(box) for _, box in found} == {drawer.BOX + 28}
    assert [one for one, _ in found] == sorted(ids) != ids
    assert all(len(one) == 16 for one in ids)
    assert not any(word in bytes_of(folder / "case" / "service") for word in ("шшш".encode(), b'"words"', b'"day"'))
    shutil.rmtree(folder / "config" / "vault")
    assert triage.queue(room) == ([], [])
    with drawer.opened(room.state, room.log, is_made=True) as held:
        assert held.all().whole == {}


def test_a_change_does_not_show_which_report_it_was(room: Room, folder: Path) -> None:
    """Beside the one that changes others are sealed anew: a copy of the database from before tells no one apart."""
    receipts = [intake.receive(room, GIVEN).receipt for _ in range(20)]
    with drawer.opened(room.state, room.log) as held:
        before = {one: held.box(one) for one in held.boxes()}
    intake.answered(room, receipts[0], 1)
    with drawer.opened(room.state, room.log) as held:
        changed = [one for one in held.boxes() if held.box(one) != before[one]]
        assert all(held.read(one).words == WORDS for one in changed)
    assert len(changed) >= drawer.STIRRED


def test_a_deleted_report_is_deleted_in_every_copy_of_the_database(room: Room, folder: Path, tmp_path: Path) -> None:
    """Its key lies in the vault alone: a backup of the database that is put back brings nothing back."""
    receipt = intake.receive(room, GIVEN).receipt
    one, _ = one_of(room, receipt)
    box = rows.get(room.state, one)
    assert box is not None
    intake.delete(room, receipt)
    rows.put(room.state, [(one, box)])
    assert triage.queue(room) == ([], [])
    assert intake.follow(room, receipt) == ""


def test_nothing_of_a_reporter_lies_outside_the_vault(room: Room, folder: Path, clock: Clock) -> None:
    """Every byte of the case and of the vault, names of files included, searched for what was said and by whom."""
    photo = kept_photo()
    arabic = Given("قصف على المخبز zz-canary", "Hirbnafseh", "yesterday 14:00", contact=CONTACT, media=(photo,))
    taken(room, arabic)
    receipt, _ = taken(room)
    called(room, "Shelling in Hirbnafseh yesterday at 14:00, the bakery of Umm Khalid")
    batches.batch(room)
    everything = bytes_of(folder)
    for canary in (*CANARIES, PHOTO[:40], PHOTO[-40:], receipt.encode(), receipt.replace("-", "").encode()):
        assert canary not in everything, canary


def test_a_seized_photo_is_not_found_in_the_record(room: Room, folder: Path) -> None:
    """Neither by its hash, whatever it is hashed with, nor by its size, its type or its time."""
    photo = kept_photo()
    taken(room, replace_of(GIVEN, media=(photo,)))
    taken(room)
    batches.batch(room)
    said = b"".join(entry.entry.data for entry in room.case.entries())
    digests = [hashlib.new(name, PHOTO) for name in ("sha256", "sha1", "md5", "sha512", "sha3_256", "blake2b")]
    for digest in digests:
        for form in (digest.digest(), digest.hexdigest().encode()):
            assert form not in said
            assert form not in bytes_of(folder)
    assert originals.salted(hashlib.sha256(PHOTO).hexdigest(), b"") != photo.original
    body = room.case.said("custody")[0].statement.body
    assert body == {
        "about": body["about"], "at": "2026-11-24", "bytes": 0, "event": "received", "handler": "intake desk",
        "is_salted": True, "original": photo.original, "what": "photo",
    }  # fmt: skip
    assert str(len(PHOTO)).encode() not in said
    again = kept_photo()
    assert again.original != photo.original, "the same photo twice has two names"
    (one, other) = sorted((folder / "config" / "vault" / "originals").glob("*.bytes"))
    assert one.stat().st_size == other.stat().st_size == 2 * (1 << 20) + 2 * 16


def test_a_seized_report_is_not_found_in_the_record(room: Room, folder: Path) -> None:
    """The words of a phone, and each line and table that can be made of them, hash to nothing that the record holds."""
    receipts = [taken(room)[0] for _ in range(3)]
    batches.batch(room)
    said = b"".join(entry.entry.data for entry in room.case.entries())
    table = next(table for _, table in room.case.tables())
    evidence = room.case.said("evidence")[0].statement.body
    for receipt in receipts:
        _, report = one_of(room, receipt)
        guess = json.loads(report.line) | {"id": "in-" + "a" * 28}
        lines = [msgspec.json.encode(guess), json.dumps(guess).encode(), WORDS.encode()]
        for line in lines:
            assert hashlib.sha256(line).hexdigest().encode() not in said
            assert hashlib.sha256(line + b"\n").hexdigest() != evidence["sha256"]
        assert report.row not in said.decode("latin-1").split('"sha256"')[0]
    told = {value for row in table.to_pylist() for value in row.values() if isinstance(value, str)}
    assert not told & {WORDS, "Hirbnafseh", "yesterday at 14:00"}
    ids = [row["id"] for row in table.to_pylist()]
    assert all(re.fullmatch("in-[a-z]{28}", one) for one in ids)
    assert len(set(ids)) == 3


def test_no_id_by_chance_is_taken_for_a_position() -> None:
    """An id in hexadecimal digits looked like a fine cell once in 256 times, and its batch was refused by chance."""
    for _ in range(3_000):
        check_coarse({"about": [f"in-{random_letters(28)}"] * 2, "file": f"{batches.FILE}{random_letters(14)}.jsonl"})


def test_rows_stand_in_an_order_by_chance(room: Room, clock: Clock) -> None:
    """Neither order nor ids follow the order of arrival: over some batches each place was had by others."""
    places: list[list[int]] = []
    for _ in range(6):
        for hour in range(4):
            taken(room, replace_of(GIVEN, time=f"2026-11-20 1{hour}:00"))
        batches.batch(room)
        clock.at += DAY
    for _, table in room.case.tables():
        starts = [row["start"] for row in table.to_pylist()]
        places.append([sorted(starts).index(start) for start in starts])
    assert len({tuple(one) for one in places}) > 1
    assert any(one != sorted(one) for one in places)


def test_no_moment_of_arrival_is_kept(room: Room, clock: Clock) -> None:
    """Two reports of one day, hours apart, leave the same but for what they say."""
    clock.at = START
    early = one_of(room, intake.receive(room, Given("planes over us")).receipt)[1]
    clock.at = START + 9 * 3600 + 17
    late = one_of(room, intake.receive(room, Given("planes over us")).receipt)[1]
    assert early == late


def test_panic_takes_the_reports_with_it(room: Room, folder: Path) -> None:
    """With the keys the boxes are noise; the queue is empty, and no receipt leads anywhere."""
    receipt = intake.receive(room, GIVEN).receipt
    kept_photo()
    called(room, "Shelling in Hirbnafseh yesterday at 14:00, three wounded")
    assert keyring.panic().left == ()
    assert list((folder / "config").rglob("*.key")) == []
    assert (intake.follow(room, receipt), triage.queue(room)) == ("", ([], []))


def test_a_vault_without_its_key_says_nothing_to_anybody(room: Room, folder: Path) -> None:
    """A key that is lost is a fault of the house, not an answer to whoever has a receipt."""
    receipt = intake.receive(room, GIVEN).receipt
    (key,) = (folder / "config" / "vault").glob("intake-*/vault.key")
    key.unlink()
    for ask in (lambda: intake.follow(room, receipt), lambda: triage.queue(room), lambda: intake.receive(room, GIVEN)):
        with pytest.raises(StoreError, match="its key is missing"):
            ask()


def test_how_a_reporter_is_reached_is_deleted_alone(room: Room) -> None:
    """The holder of the vault forgets the person; the report stays, and nobody can be asked any more."""
    receipt = intake.receive(room, GIVEN).receipt
    one, _ = one_of(room, receipt)
    assert triage.show(room, one)["can_be_reached"]
    assert persons.show(intake.contact_of(one)).about == (one,)
    persons.delete(intake.contact_of(one))
    assert (triage.show(room, one)["can_be_reached"], triage.show(room, one)["words"]) == (False, WORDS)


def test_the_vault_serves_two_cases_without_mixing_them(room: Room, folder: Path, clock: Clock) -> None:
    """One desk, two records: the drawer of one says nothing of the other."""
    receipt = intake.receive(room, GIVEN).receipt
    desk.init_case(folder / "second", SHIPPED / "agreement.yaml", new_charter("second"), known_at=START).close()
    case, state = CaseFolder.open(folder / "second"), open_state(folder / "second")
    second = Room(state, case, clock=clock)
    assert (intake.follow(second, receipt), triage.queue(second)) == ("", ([], []))
    own = intake.receive(second, GIVEN).receipt
    assert len(triage.queue(second)[0]) == len(triage.queue(room)[0]) == 1
    assert intake.follow(room, own) == ""
    state.close()
    case.close()


def test_every_change_of_state_is_in_the_table(room: Room) -> None:
    """What the table does not list is refused, whatever asks for it."""
    for state, ends in drawer.MOVES.items():
        report = Report(state, 0)
        for other in drawer.MOVES:
            if other in ends:
                assert report.moved(other).state == other
            else:
                with pytest.raises(InputError, match="cannot become"):
                    report.moved(other)


def test_a_row_of_intake_is_known_to_the_holdings(room: Room) -> None:
    """Rulings, custody and consent can speak of it like of any other."""
    _, one = taken(room)
    taken(room)
    batches.batch(room)
    assert CaseHoldings(room.case).unknown([one_row(room, one)]) == []
    assert isinstance(room.case, Case)
