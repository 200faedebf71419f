"""One writer for everybody in a service: rules as the record stands, receipts at once, and on again after a fault."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.evidence.bench import NOW, SHIPPED, lines
from tests.read_once import texts_read_once
from tests.store.cluster import OWNER, cluster
from tests.store.storages import KINDS
from truceline import desk
from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.desk import cosigners, files, gate, keyring, records, runs
from truceline.desk import sequencer as sequencers
from truceline.desk.charters import new_charter
from truceline.desk.health import Health
from truceline.desk.records import Draft, Place
from truceline.desk.sequencer import Sequencer
from truceline.desk.service import Service
from truceline.errors import StoreError, SubmissionError, TrucelineError, VerificationError
from truceline.evidence.reading import Read
from truceline.record.audit import Trust, audit
from truceline.record.charter import Valid
from truceline.record.entry import SigningKey, countersign, key_id, read_entry, sign
from truceline.record.log import Taken
from truceline.record.note import COSIGNATURE, Signer, Verifier, check_note, read_note
from truceline.record.receipt import open_receipt
from truceline.record.register import Line, Register
from truceline.record.tree import leaf_hash
from truceline.store.case import Case, Store
from truceline.store.entries import Record
from truceline.store.opened import open_case
from truceline.store.writer import Limits

PARTIES = ("us", "ru")
ALLEGATION = {"text": "shelling of the market", "terms": ["F2"]}
PATIENT = Limits(wait_s=0.5)
"""What is submitted within half a second is one batch."""
QUICK = Limits(wait_s=0.002)
WITNESS = Signer("witness.example", bytes([7] * 32), COSIGNATURE)
SOON_S = 20.0
COPIES = count(1)
"""Numbers of the databases that are copied."""


@pytest.fixture(scope="module", autouse=True)
def _text_is_read_once() -> Iterator[None]:
    """It is the same text in all of these tests."""
    with texts_read_once(files, runs):
        yield


@pytest.fixture(scope="module")
def _text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped text with two parties that sign."""
    folder = tmp_path_factory.mktemp("sequencer") / "text"
    shutil.copytree(SHIPPED, folder)
    return folder / "agreement.yaml"


@pytest.fixture(scope="module")
def _files(_text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of the desk, us and ru in a folder; it is copied."""
    return kept(str(tmp_path_factory.mktemp("founded") / "case"), _text)


@pytest.fixture(scope="module")
def _database(_text: Path) -> str:
    """The same in a database, which is a template of others."""
    name = cluster().database()
    kept(cluster().url(name), _text)
    return name


@pytest.fixture(params=["files", pytest.param("server", marks=pytest.mark.long)])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """A copy of it, in either store; afterwards its record is audited whole."""
    if request.param == "files":
        where = str(shutil.copytree(request.getfixturevalue("_files"), tmp_path / "case"))
    else:
        base = request.getfixturevalue("_database")
        name = f"{base}_{next(COPIES)}"
        cluster().sql(f"create database {name} template {base} owner {OWNER}")
        where = cluster().url(name)
    yield from audited(where)


@pytest.fixture
def folder(_files: Path, tmp_path: Path) -> Iterator[Case]:
    """The same in a folder."""
    yield from audited(str(shutil.copytree(_files, tmp_path / "case")))


def audited(where: str) -> Iterator[Case]:
    """A case that is opened, and audited at the end."""
    made = open_case(where)
    yield made
    assert audit(made.source(), Trust()).faults == []
    made.close()


def kept(where: str, text: Path, policy: str = "") -> Path:
    """Where a case lies that was founded and left."""
    founded(where, text, policy).close()
    return Path(where)


def founded(where: str, text: Path, policy: str = "") -> Case:
    """A case whose keys this machine holds."""
    sets = [keyring.key_set(party) for party in PARTIES]
    return desk.init_case(where, text, new_charter("served", parties=sets, policy=policy), known_at=NOW)


def signed(case: Case, drafts: Sequence[Draft], place: Place | None = None) -> list[tuple[bytes, dict[str, bytes]]]:
    """Drafts as they are signed elsewhere, one after another."""
    place = place or records.place_of(case)
    found = []
    for draft in drafts:
        data, beside = place.signed(draft)
        place.ahead[draft.by] = Line(read_entry(data).statement.sequence + 1, leaf_hash(data).hex())
        found.append((data, beside))
    return found


def answer(future: Future[Taken]) -> int | str:
    """The index of an entry, or why it was refused."""
    try:
        return future.result(SOON_S).index
    except TrucelineError as error:
        return str(error)


def allegations(count: int, by: str = "us") -> list[Draft]:
    """Some of them, each another."""
    return [Draft("allegation", {**ALLEGATION, "text": f"shelling {i}"}, by) for i in range(count)]


# -- what is taken -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", KINDS, indirect=True)
def test_many_submit_at_once_and_each_is_answered_in_its_order(case: Case) -> None:
    """Two parties in two threads: every receipt holds, each party's entries stand as it sent them, and readers see."""
    log = Verifier.parse(case.charter().log)
    sent = {by: signed(case, allegations(60, by)) for by in PARTIES}
    answers: dict[str, list[Future[Taken]]] = {}
    with Sequencer(case, limits=QUICK) as sequencer:

        def send(by: str) -> None:
            answers[by] = [sequencer.submit(*one) for one in sent[by]]

        threads = [threading.Thread(target=send, args=(by,)) for by in PARTIES]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = {by: [future.result(SOON_S) for future in answers[by]] for by in PARTIES}
        for by in PARTIES:
            indexes = [one.index for one in taken[by]]
            assert indexes == sorted(indexes)
            for one, (data, _) in zip(taken[by], sent[by], strict=True):
                assert open_receipt(one.receipt, leaf_hash(data), log)[0] == one.index
                assert case.entries()[one.index].entry.data == data
    assert len(case.said("allegation")) == 120
    assert sorted(i for by in PARTIES for i in (one.index for one in taken[by])) == list(range(2, 122))


def test_one_that_is_refused_hurts_no_other_of_its_batch(folder: Case) -> None:
    """Each is told its own reason, and what was refused is noted."""
    place = records.place_of(folder)
    good = signed(folder, allegations(1))[0]
    fine = signed(folder, [Draft("allegation", {"text": "at 36.2021, 37.1343"}, "ru")])[0]
    stale = signed(folder, allegations(1))[0]
    unnamed = signed(folder, [Draft("act", {"act": "accept", "at": "2016-09-12"}, "ru", {"act.txt": b"x"})])[0]
    with Sequencer(folder, limits=PATIENT) as sequencer:
        futures = [sequencer.submit(*one) for one in (good, fine, stale, (unnamed[0], {}), (b"{}", {}))]
        answers = [answer(future) for future in futures]
    assert answers[0] == 2
    for said, why in zip(
        answers[1:], ("position", "stands in the log already", "not handed over", "not an entry"), strict=True
    ):
        assert why in str(said)
    noted = [str(row["why"]) for row in folder.store.refused()]
    assert ["position" in why for why in noted] == [True, False, False]
    assert not any("already" in why for why in noted)  # what is in the log was sent once more
    assert place.head.size == 2


def under_another_text(case: Case) -> tuple[tuple[bytes, dict[str, bytes]], Place]:
    """The text amended by both parties, and the place of what is said after it."""
    name, files = case.text().body["file"], case.agreement_files()
    place = records.place_of(case)
    assert place.text is not None
    files[name] = files[name].replace(b"for: PT48H", b"for: PT72H")
    text = load(files[name], name)
    draft = records.text_draft(text, name, files, replaces=place.text.canonical_hash)
    data, beside = place.signed(Draft(draft.type, draft.body, "us", draft.files))
    data = countersign(read_entry(data), place.keys("ru", "")[0])
    line = Line(read_entry(data).statement.sequence + 1, leaf_hash(data).hex())
    return (data, beside), replace(place, text=text, ahead={"us": line})


def test_an_amendment_binds_what_follows_it_in_the_same_batch(case: Case) -> None:
    """What was made for the old text is refused one place after the new one, and not one place before."""
    (old,), (older,) = signed(case, allegations(1, "ru")), signed(case, allegations(1))
    amended, later = under_another_text(case)
    follows = signed(case, allegations(1), later)[0]
    with Sequencer(case, limits=PATIENT) as sequencer:
        futures = [sequencer.submit(*one) for one in (amended, follows, old, older)]
        answers = [answer(future) for future in futures]
        assert answers[:2] == [2, 3]
        assert "made for the text" in str(answers[2])
        assert "stands in the log already" in str(answers[3])  # whose place it is comes first
    said = case.entries()
    assert (said[2].statement.type, said[3].statement.under) == (
        "amendment",
        said[2].statement.body["canonical_sha256"],
    )
    assert len(said) == 4


def test_an_amendment_that_is_refused_binds_nobody(case: Case) -> None:
    """Its signatures hold, its files were not handed over: the text in force is the one before."""
    (old,) = signed(case, allegations(1, "ru"))
    (data, _), later = under_another_text(case)
    follows = signed(case, allegations(1), later)[0]
    with Sequencer(case, limits=QUICK) as sequencer:
        answers = [answer(sequencer.submit(*one)) for one in ((data, {}), old, follows)]
    assert "to come with the statement" in str(answers[0])
    assert answers[1] == 2
    assert "made for the text" in str(answers[2]) or "leaves a gap" in str(answers[2])


def table_of(case: Case, path: Path) -> Draft:
    """The entry of a table of reports, whose rows are kept already."""
    read = desk.read_evidence(path, desk.bench_of_case(case), known_at=NOW)
    kept = case.keep_table(Read(read.table, read.rejected))
    return Draft("evidence", {"file": path.name, "kind": "reports", "sha256": read.sha256, **kept})


def ruling(*reports: str) -> Draft:
    """That some reports tell of one incident."""
    return Draft("ruling", {"what": "same", "reports": list(reports), "reason": "two people read both"})


def test_what_a_case_holds_is_known_one_entry_later(case: Case, tmp_path: Path) -> None:
    """A ruling may speak of reports whose table came before it in the same batch, and of no others."""
    path = tmp_path / "reports.jsonl"
    path.write_bytes(b"".join(lines({}, {})))
    place = records.place_of(case)
    early = signed(case, [ruling("r-0", "r-1")])[0]
    table, good = signed(case, [table_of(case, path), ruling("r-0", "r-1")], place)
    wrong = signed(case, [ruling("r-0", "r-9")], place)[0]
    with Sequencer(case, limits=PATIENT) as sequencer:
        futures = [sequencer.submit(*one) for one in (early, table, good, wrong)]
        answers = [answer(future) for future in futures]
    assert answers[1:3] == [2, 3]
    assert "r-0" in str(answers[0])
    assert "r-9" in str(answers[3])


def test_submissions_read_no_record_again(folder: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text is loaded once, and of the entries that are there none is read for one that comes."""
    records.append(folder, allegations(300), lambda: NOW)
    loaded, read = [], []

    def counted(data: bytes, name: str) -> Agreement:
        loaded.append(name)
        return load(data, name)

    monkeypatch.setattr(gate, "load", counted)
    gate._loaded.cache_clear()
    sent = signed(folder, allegations(100, "ru"))
    real = Record.data

    def noted(self: Record, index: int) -> bytes:
        read.append(index)
        return real(self, index)

    with Sequencer(folder, limits=QUICK) as sequencer:
        monkeypatch.setattr(Record, "data", noted)
        for one in sent:
            sequencer.submit(*one)
        sequencer.ask(lambda log: log.size).result(SOON_S)
    assert loaded == ["agreement.yaml"]
    assert len(read) <= 1
    assert len(folder.entries()) == 402


# -- everything in the service goes through it -------------------------------------------------------------------------


def again(case: Case) -> Case:
    """The same case as another program opens it."""
    return open_case(cluster().url(case.where.rpartition("/")[2]) if "://" in case.where else case.where)


def through(case: Case) -> object:
    """Its writer, asked for anew."""
    return case.through


@pytest.mark.parametrize("case", KINDS, indirect=True)
def test_whatever_the_desk_does_goes_through_the_one_writer(case: Case, tmp_path: Path) -> None:
    """Files, assessments, statements of every kind: while it is served, nobody else can write, and nobody has to."""
    path = tmp_path / "reports.jsonl"
    path.write_bytes(b"".join(lines({}, {"start": "soon"})))
    with Sequencer(case, limits=QUICK) as sequencer:
        assert through(case) is sequencer
        added = desk.add_files(case, [path])
        assert (added[0].sequence, added[0].rows) == (2, 1)
        made = desk.record_assessment(case, desk.assessment_body(case, desk.assess_case(case, desk.Asked())))
        assert made == 3
        assert records.submit(case, *signed(case, allegations(1))[0]).index == 4
        assert [one.index for one in sequencer.append(allegations(2, "ru"))] == [5, 6]
        with pytest.raises(SubmissionError, match="position"):
            records.append(case, [Draft("allegation", {"text": "at 36.2021, 37.1343"}, "us")])
        other = again(case)
        with pytest.raises(StoreError, match="another writer is at work"):
            records.append(other, allegations(1))
        assert len(other.entries()) == 7
        other.close()
    assert through(case) is None
    assert records.append(case, allegations(1), lambda: NOW)[0].index == 7


def test_the_end_finishes_what_was_accepted_and_takes_no_more(folder: Case) -> None:
    """Whoever was told that it waits is answered; whoever comes then is told that it is over."""
    sequencer = Sequencer(folder, limits=Limits(wait_s=60))
    futures = [sequencer.submit(*one) for one in signed(folder, allegations(5))]
    assert sequencer.waiting() == 5
    sequencer.stop()
    assert [future.result(0).index for future in futures] == [2, 3, 4, 5, 6]
    with pytest.raises(StoreError, match="was stopped"):
        sequencer.submit(b"", {})


def test_who_comes_when_too_much_waits_is_refused_at_once(folder: Case) -> None:
    """It holds no more than it was told to."""
    sent = signed(folder, allegations(3))
    with Sequencer(folder, limits=Limits(wait_s=60, most_waiting=2)) as sequencer:
        futures = [sequencer.submit(*one) for one in sent[:2]]
        with pytest.raises(StoreError, match="try again later"):
            sequencer.submit(*sent[2])
    assert [future.result(0).index for future in futures] == [2, 3]


def test_only_who_holds_the_keys_of_the_log_serves_it(
    folder: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On another machine a case is read; and of two services on one case the second does not start."""
    with Sequencer(folder), pytest.raises(StoreError, match="another writer is at work"):
        Sequencer(again(folder))
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "elsewhere"))
    with pytest.raises(StoreError, match="only its keeper writes this record"):
        Sequencer(folder)
    assert folder.through is None


def test_its_clock_never_goes_back(folder: Case) -> None:
    """A machine whose clock is set back still dates no checkpoint before the one before it."""
    seconds = iter([NOW + 100, NOW + 50, NOW + 10, *[NOW] * 100])
    with Sequencer(folder, now=lambda: next(seconds), limits=QUICK) as sequencer:
        for draft in allegations(3):
            sequencer.append([draft])
    assert {said.known_at for said in folder.entries()[2:]} == {NOW + 100}


# -- who is told -------------------------------------------------------------------------------------------------------


def until(holds: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.01)


def test_listeners_are_told_of_every_entry_once_and_one_that_fails_hurts_nobody(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    """What they are told are ranges without gaps, up to the last entry, also when the service ends."""
    told: list[tuple[int, int]] = []

    def failing(_first: int, _size: int) -> None:
        raise RuntimeError("the test says no")

    with Sequencer(case, limits=QUICK) as sequencer:
        sequencer.on_new(failing)
        sequencer.on_new(lambda first, size: told.append((first, size)))
        for by in PARTIES:
            sequencer.append(allegations(3, by))
        until(lambda: told and told[-1][1] == 8)
        sequencer.submit(*signed(case, allegations(1))[0])
    assert [index for first, size in told for index in range(first, size)] == list(range(2, 9))
    assert "a listener to new entries failed" in caplog.text


def test_a_listener_reads_what_it_is_told_of(folder: Case) -> None:
    """It is told after the head was published, in a thread that may ask the service for anything."""
    seen: list[str] = []

    def read(first: int, size: int) -> None:
        seen.extend(said.statement.by for said in folder.entries()[first:size])
        if size == 3:
            records.append(folder, allegations(1, "ru"))

    with Sequencer(folder, limits=QUICK) as sequencer:
        sequencer.on_new(read)
        sequencer.append(allegations(1))
        until(lambda: len(seen) == 2)
    assert seen == ["us", "ru"]


@pytest.fixture(scope="module")
def _witnessed(_text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case whose record names a witness that can be asked; it is copied."""
    policy = f"witness w {WITNESS.verifier.vkey} http://127.0.0.1:9/\nquorum w\n"
    return kept(str(tmp_path_factory.mktemp("witnessed") / "case"), _text, policy)


@pytest.fixture
def witnessed(_witnessed: Path, tmp_path: Path) -> Iterator[Case]:
    """A copy of it."""
    yield from audited(str(shutil.copytree(_witnessed, tmp_path / "case")))


def test_no_receipt_waits_for_a_witness(witnessed: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The witness says nothing until the end; then it cosigns the newest checkpoint, and that is kept."""
    may_answer, asked = threading.Event(), []

    def ask(note: bytes, _policy: object, proof: Callable[[int], object], **_more: object) -> cosigners.Asked:
        if threading.current_thread().name == "truceline writer":
            return cosigners.Asked({}, {}, {})  # it is shown the head, before anything is written
        asked.append(proof(1))
        assert may_answer.wait(SOON_S)
        line = WITNESS.sign(read_note(note).text, NOW)
        return cosigners.Asked({"w": line}, {"w": NOW}, {})

    monkeypatch.setattr(cosigners, "ask", ask)
    with Sequencer(witnessed, limits=QUICK, every_s=0.0) as sequencer:
        until(lambda: asked)
        for draft in allegations(4):
            sequencer.append([draft])
        until(lambda: len(witnessed.entries()) == 6)
        may_answer.set()
        until(lambda: len(witnessed.store.cosignatures(6)) == 2)
    note = (witnessed.store.note(6) or b"") + "".join(witnessed.store.cosignatures(6)).encode()
    assert check_note(read_note(note), [WITNESS.verifier])[WITNESS.verifier] == NOW
    assert len(asked) <= 6


def test_a_witness_that_is_away_costs_its_cosignature_and_nothing_else(witnessed: Case) -> None:
    """Nobody listens at its address; what is missing can be recorded through the same writer."""
    with Sequencer(witnessed, limits=QUICK) as sequencer:
        assert [one.index for one in sequencer.append(allegations(3))] == [2, 3, 4]
        found = records.cosign_case(witnessed)
        assert found is not None
        assert (found.times, found.is_met, list(found.failed)) == ({}, False, ["w"])
    assert [said.statement.body["is_back"] for said in witnessed.said("absence")] == [False]


def test_a_state_that_somebody_wrote_gives_him_no_key(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    """What is kept so that a log opens quickly is checked against the entries; where it differs they are read again."""
    stranger = SigningKey.of_seed(bytes([9]) * 32)
    forged = case.register().copy()
    forged.keys[key_id(stranger.public)] = Valid("us", stranger.public, 1)
    with case.store.writer():
        case.store.put_state(forged.dump())
    (real, _), *_ = signed(case, allegations(1))
    payload = read_entry(real).payload
    with Sequencer(case, limits=QUICK) as sequencer:
        assert isinstance(answer(sequencer.submit(sign(payload, [stranger]), {})), str)
        assert answer(sequencer.submit(real, {})) == 2
    assert key_id(stranger.public) not in Register.load(case.store.state() or b"").keys
    assert "they are read again" in caplog.text


class Told:
    """A witness that answers what it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It cosigns at first."""
        self.answer = "yes"
        monkeypatch.setattr(cosigners, "ask", self.ask)

    def ask(self, note: bytes, *_: object, **_more: object) -> cosigners.Asked:
        """As the real one."""
        if self.answer == "yes":
            return cosigners.Asked({"w": WITNESS.sign(read_note(note).text, NOW)}, {"w": NOW}, {})
        against = frozenset({"w"} if self.answer.startswith("says") else ())
        return cosigners.Asked({}, {}, {"w": self.answer}, against)


MORE = "says it saw size 90, which is more than 2: a fork, a rollback, or a lie"


def test_nothing_is_signed_where_a_witness_saw_more(witnessed: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that went back is not gone on with: no head, no receipt; unless a person found the witness wrong."""
    Told(monkeypatch).answer = MORE
    head = witnessed.store.head()
    with pytest.raises(VerificationError, match=r"witness w says it saw size 90.*nothing is signed here"):
        Sequencer(witnessed, limits=QUICK)
    assert witnessed.store.head() == head
    assert witnessed.through is None
    with Sequencer(witnessed, limits=QUICK, overruled=["w"]) as sequencer:
        assert sequencer.append(allegations(1))[0].index == 2
        until(lambda: sequencer.seen.missing)
        assert sequencer.seen.against == ()


def test_after_a_fault_the_witnesses_are_shown_the_head_again(witnessed: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that went over to an older copy of itself comes back with less: no receipt is given on top of it."""
    told, real, stores = Told(monkeypatch), witnessed.fresh, list[object]()

    def fresh() -> Any:  # noqa: ANN401  # a store, or what stands before one
        stores.append(real() if stores else Failing(real(), is_saved=False))
        return stores[-1]

    monkeypatch.setattr(witnessed, "fresh", fresh)
    sent = signed(witnessed, allegations(1))[0]
    with Sequencer(witnessed, limits=QUICK) as sequencer:
        assert "the test says no" in str(answer(sequencer.submit(*sent)))
        told.answer = MORE
        assert "witness w says it saw size 90" in str(answer(sequencer.submit(*sent)))
        assert "nothing is signed here" in sequencer.fault
        told.answer = "yes"
        assert answer(sequencer.submit(*sent)) == 2


def test_a_witness_that_stays_away_is_entered_and_so_is_that_it_is_back(
    witnessed: Case, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once each, however often it is asked; health and log hear of it, and nobody waits for it."""
    told = Told(monkeypatch)
    told.answer = "no answer within 5 s"
    monkeypatch.setattr(sequencers, "ASK_AGAIN_S", 0.01)
    monkeypatch.setattr(sequencers, "SAID_EVERY_S", 0.0)
    with Sequencer(witnessed, limits=QUICK, every_s=0.01, absent_s=0.05) as sequencer:
        until(lambda: witnessed.said("absence"))
        assert (dict(sequencer.seen.missing), sequencer.seen.is_met, sequencer.seen.met_s) == (
            {"w": "no answer within 5 s"}, False, None,
        )  # fmt: skip
        told.answer = "yes"
        until(lambda: len(witnessed.said("absence")) == 2)
        until(lambda: sequencer.seen.is_met)
        assert sequencer.seen.met_s is not None
        sequencer.append(allegations(1))
        until(lambda: witnessed.store.cosignatures(len(witnessed.entries()))[1:])
    assert [one.statement.body["is_back"] for one in witnessed.said("absence")] == [False, True]
    assert {one.statement.body["witness"] for one in witnessed.said("absence")} == {"w"}
    assert caplog.text.count("witness w: no answer within 5 s") == 1


def test_a_witness_that_sees_another_record_meanwhile_is_told_of(
    witnessed: Case, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It can be a lie, so it stops nothing that runs; whoever asks for the health of the service reads it."""
    told = Told(monkeypatch)
    with Sequencer(witnessed, limits=QUICK, every_s=0.0) as sequencer:
        health = Health(cast(Service, SimpleNamespace(is_writer=True, sequencer=sequencer)))
        until(lambda: sequencer.seen.is_met)
        told.answer = MORE
        sequencer.append(allegations(1))
        until(lambda: sequencer.seen.against)
        assert sequencer.seen.against == ("w",)
        (check,) = health._witnesses()
        assert (check.is_well, check.said) == (
            False, "w saw another record, or more of this one: do not go on with it",
        )  # fmt: skip
        told.answer = "yes"
        sequencer.append(allegations(1))
        until(lambda: sequencer.seen.is_met)
        (check,) = health._witnesses()
        assert (check.is_well, check.said) == (True, "enough of them cosigned: 0 s ago")
    assert "ERROR" in caplog.text


# -- after a fault -----------------------------------------------------------------------------------------------------


class Failing:
    """A store that refuses its first append, before or after it kept the entries."""

    def __init__(self, store: Store, *, is_saved: bool) -> None:
        """Stand before a store."""
        self._store, self._is_saved, self._left = store, is_saved, 1

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # any method of a store
        """The method, made to fail."""
        real = getattr(self._store, name)

        def append(*given: Any) -> object:  # noqa: ANN401  # any arguments
            self._left -= 1
            if self._left:
                return real(*given)
            if self._is_saved:
                real(*given)
            raise StoreError("the disk: the test says no")

        return append if name == "append" else real


@pytest.mark.parametrize("is_saved", [False, True])
def test_after_a_fault_of_the_disk_it_goes_on_over_fresh_storage(
    case: Case, is_saved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody was promised anything; what was kept all the same is in the log, once, and what comes next is taken."""
    real = case.fresh
    stores: list[object] = []

    def fresh() -> Any:  # noqa: ANN401  # a store, or what stands before one
        stores.append(real() if stores else Failing(real(), is_saved=is_saved))
        return stores[-1]

    monkeypatch.setattr(case, "fresh", fresh)
    sent = signed(case, allegations(3))
    with Sequencer(case, limits=PATIENT) as sequencer:
        lost = [answer(future) for future in [sequencer.submit(*one) for one in sent]]
        assert lost == ["the disk: the test says no"] * 3
        assert sequencer.fault == "the disk: the test says no"
        answers = [answer(future) for future in [sequencer.submit(*one) for one in sent]]
        if is_saved:
            assert all("stands in the log already" in str(one) for one in answers)
        else:
            assert answers == [2, 3, 4]
        assert sequencer.append(allegations(1, "ru"))[0].index == 5
        assert sequencer.fault == ""
    assert len(stores) == 2
    assert len(case.said("allegation")) == 4


def test_after_a_crash_of_the_database_it_goes_on(_text: Path) -> None:
    """While it is away everybody is told so; nothing that was acknowledged is lost, and nobody has to lend a hand."""
    made = founded(cluster().url(cluster().database()), _text)
    with Sequencer(made, limits=QUICK) as sequencer:
        first = sequencer.append(allegations(2))
        cluster().crash()
        try:
            sent = [("us", b"{}"), ("ru", b"{}")]
            for _ in sent:
                with pytest.raises(StoreError):
                    sequencer.submit(b"{}", {}).result(SOON_S)
            assert sequencer.fault
        finally:
            cluster().start()

        def is_back() -> bool:
            with contextlib.suppress(StoreError):
                return bool(sequencer.append(allegations(1, "ru")))
            return False

        until(is_back)
        taken = sequencer.append(allegations(1))
    entries = made.entries()
    assert [leaf_hash(entries[one.index].entry.data) for one in (*first, *taken)] == [
        one.leaf for one in (*first, *taken)
    ]
    assert audit(made.source(), Trust()).faults == []
    made.close()
