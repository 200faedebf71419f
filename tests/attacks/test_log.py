"""Attacks 1 to 15 of the design: on the tree, the head, the files, the host's word, and time."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.attacks.world import clock, copied, flipped, sampled, told, within, writing
from tests.clock import Clock
from tests.conftest import ROOT
from tests.read_once import signatures_verified_once, texts_read_once
from tests.record.foreign.logs import LOG, NOW, WITNESSES, SmallLog
from tests.store.storages import KEYS, Feed, Place, Promised, begun, place, statement
from tests.store.storages import NOW as TICKS
from tests.store.storages import key as key_of
from tests.witness.world import forked, made, policy, request, served, witness
from truceline.canon import sha256
from truceline.desk import files, records, verifying
from truceline.desk.charters import keys_of
from truceline.desk.cosigners import ask
from truceline.desk.records import Draft
from truceline.errors import StoreError, SubmissionError, VerificationError
from truceline.record.audit import Audit, Trust, audit
from truceline.record.checkpoint import check_fork, open_checkpoint
from truceline.record.entry import Cited, sign, written
from truceline.record.log import Log, Submission, Taken
from truceline.record.note import Signer
from truceline.record.policy import read_policy
from truceline.record.proof import read_proof
from truceline.record.receipt import open_receipt
from truceline.record.tiles import bundle_of, entries_of, entries_path, tile_path
from truceline.record.tree import leaf_hash
from truceline.store.disk import locked
from truceline.store.files import MAGIC, FileStore, frame, journal_path, note_path
from truceline.store.folder import CaseFolder
from truceline.store.source import FolderSource
from truceline.witness.fetch import WebFetch
from truceline.witness.rules import forks_among

M = SmallLog(300)
NEWEST = f"logs/{sha256(LOG.name.encode())}/checkpoint"


@pytest.fixture(scope="module", autouse=True)
def _text_is_read_once() -> Iterator[None]:
    """It is the same text in all of these tests."""
    with texts_read_once(files, verifying):
        yield


@pytest.fixture
def _signatures_are_verified_once() -> Iterator[None]:
    """Records of the same 250 entries are opened and audited again and again: each signature is verified once."""
    with signatures_verified_once():
        yield


def seen_by_two(tmp_path: Path, second: SmallLog) -> list[bytes]:
    """What two witnesses show over HTTP after each was offered a log."""
    notes = []
    for name, log in (("a", M), ("b", second)):
        with witness(made(tmp_path, f"w.example/{name}", ord(name))) as one, served(one) as server:
            url = f"http://127.0.0.1:{server.server_port}"
            assert name in ask(log.note(), policy([(name, one.verifier, url)]), lambda _old: ()).lines
            with closing(WebFetch(url)) as web:
                found = web(NEWEST, 100_000)
            assert found is not None
            notes.append(found)
    return notes


def test_attack_01_a_fork_offered_to_two_witnesses(tmp_path: Path) -> None:
    """Each witness sees one history of one size; what they show over HTTP, laid side by side, is the proof."""
    (fork,) = within(20, lambda: forks_among(seen_by_two(tmp_path / "lie", forked(300)), [LOG.verifier]))
    check_fork(fork, LOG.verifier)
    assert within(20, lambda: forks_among(seen_by_two(tmp_path / "true", M), [LOG.verifier])) == []


def test_attack_02_the_same_size_with_another_root(tmp_path: Path) -> None:
    """A witness that cosigned one root answers 409 to another of that size, and keeps both notes as evidence."""
    with witness(made(tmp_path)) as one:
        assert one.add_checkpoint(request(0, M)).status == 200
        assert one.add_checkpoint(request(300, M)).status == 200  # control: the same again
        assert one.forks() == []
        answer = within(10, lambda: one.add_checkpoint(request(300, forked(300))))
        assert (answer.status, answer.body) == (409, b"300\n")
        (fork,) = one.forks()
        check_fork(fork, LOG.verifier)


def test_attack_03_a_head_rolled_back_from_a_backup(small_case: Path, tmp_path: Path) -> None:
    """The head alone is told by the checkpoints beyond it, the whole folder by a checkpoint that a reader kept."""
    now, backup = copied(small_case, tmp_path / "now"), copied(small_case, tmp_path / "backup")
    case = CaseFolder.open(now)
    for n in range(3):
        records.append(case, [Draft("allegation", {"text": f"later {n}"}, "us")], clock)
    kept, old = case.store.head() or b"", (backup / "record/head").read_bytes()
    case.store.close()
    assert told(now, Trust(since=old)).holds
    assert told(now, Trust(since=kept)).answer["checked"]["continuations"] == 1
    whole = told(backup, Trust(since=kept))
    assert not whole.holds
    assert "head: None: went back: you saw 9 entries, it shows 6" in whole.text
    (now / "record/head").write_bytes(old)
    assert "went back: it says 6 entries, checkpoints of up to 9 lie here" in told(now).text
    with witness(made(tmp_path)) as one:
        assert one.add_checkpoint(request(0, M)).status == 200
        assert one.add_checkpoint(request(0, SmallLog(200))).status == 409
        assert one.add_checkpoint(request(300, SmallLog(200))).status == 400


# -- files -----------------------------------------------------------------------------------------------------------


def classes(case: Path) -> dict[str, str]:
    """One file of each class, by its class."""
    record, found = case / "record", CaseFolder.open(case)
    size = int((record / "head").read_bytes().split(b"\n")[1])
    sealed = next(said.statement.sealed for said in found.entries() if said.statement.sealed is not None)
    text = found.info.agreement_sha256
    found.store.close()
    tables = sorted(path.name for path in (case / "evidence").iterdir())
    cosignature = next((record / note_path(size)).parent.glob(f"{size:03d}.*"))
    return {
        "case.json": "case.json", "head": "record/head", "note": f"record/{note_path(size)}",
        "cosignature": cosignature.relative_to(case).as_posix(), "journal": f"record/{journal_path(256)}",
        "bundle": f"record/{entries_path(0)}", "tile": f"record/{tile_path(0, 0)}",
        "blob": f"record/blobs/{text[:2]}/{text}", "box": f"record/blobs/{sealed.box[:2]}/{sealed.box}",
        "evidence": f"evidence/{next(name for name in tables if 'rejected' not in name)}",
        "rejected": f"evidence/{next(name for name in tables if 'rejected' in name)}",
    }  # fmt: skip


CLASSES = ("case.json", "head", "note", "cosignature", "journal", "bundle", "tile", "blob", "box", "evidence",
           "rejected")  # fmt: skip
BESIDE = frozenset({"case.json", "blob", "box", "evidence", "rejected"})
"""Files that lie beside the log, and are the same beside a short one."""


def spoil(case: Path, kind: str, most: int) -> None:
    """Flip one bit at sampled places of one file, and have each found and named."""
    name = classes(case)[kind]
    path = case / name
    good = path.read_bytes()
    for n, at in enumerate(sampled(len(good), most)):
        path.write_bytes(flipped(good, at, n % 8))
        found = told(case)
        assert not found.holds, f"bit {n % 8} of byte {at} of {name} was not found"
        short = name.removeprefix("record/")
        is_named = any(short == file or short.startswith(f"{file}.") for file in found.files)
        assert is_named or name in found.text, f"byte {at} of {name}: {found.text[:600]}"
    path.write_bytes(good)
    assert told(case).holds


@pytest.mark.parametrize("kind", CLASSES)
def test_attack_04_one_bit_flipped_in_each_class_of_file(
    kind: str, small_case: Path, case_with_bundle: Path, tmp_path: Path
) -> None:
    """`verify` finds a bit that was flipped anywhere, and names the file."""
    spoil(copied(small_case if kind in BESIDE else case_with_bundle, tmp_path / "case"), kind, 8)


@pytest.mark.long
@pytest.mark.parametrize("kind", CLASSES)
def test_attack_04_at_every_97th_byte(kind: str, case_with_bundle: Path, tmp_path: Path) -> None:
    """The same at every 97th byte."""
    spoil(copied(case_with_bundle, tmp_path / "case"), kind, 10**9)


@pytest.mark.parametrize("kind", [entries_path(200), tile_path(0, 255), tile_path(1, 0), tile_path(0, 256)])
def test_attack_04_in_a_record_with_tiles_above_tiles(kind: str, large_record: Path) -> None:
    """A tile of level 1, the tiles below it, and the bundles below those: each is named."""
    trust = Trust(with_signatures=False)
    path = large_record / kind
    good = path.read_bytes()
    assert told(large_record, trust).holds
    try:
        for at in sampled(len(good), 2):
            path.write_bytes(flipped(good, at, 3))
            found = told(large_record, trust)
            assert kind in found.files, found.text[:500]
    finally:
        path.write_bytes(good)


@pytest.mark.long
def test_attack_04_in_the_index(small_case: Path, tmp_path: Path) -> None:
    """The index is compared with the record and made anew; the state of the register in it is believed by its hash."""
    case = copied(small_case, tmp_path / "case")
    with closing(CaseFolder.open(case).store) as store, store.writer():
        log = Log(store, keys_of(CaseFolder(case).charter()), clock)
        register = log.register.dump()
        store.put_state(register)
    rows = rows_of(case)
    path = case / "record/index.sqlite"
    good, rebuilt = path.read_bytes(), 0
    for n, at in enumerate(sampled(len(good), 25)):
        for side in ("-wal", "-shm"):
            path.with_name(path.name + side).unlink(missing_ok=True)
        path.write_bytes(flipped(good, at, n % 8))
        found = told(case)
        assert found.holds, found.text
        rebuilt += "rebuilt" in [what for _, what in found.remarks]
        assert rows_of(case) == rows, f"byte {at}"
        with closing(FileStore(case / "record")) as store, store.writer():
            log = within(10, lambda store=store: Log(store, keys_of(CaseFolder(case).charter()), clock))  # type: ignore[misc]
            assert log.register.dump() == register, f"byte {at}"
    assert rebuilt


@pytest.mark.parametrize("size", ["-3", "+3", " 3", "1_0", "03", "\u0663", "", str(2**63), "9" * 400, "9" * 9_000])
def test_attack_04_a_head_of_an_odd_size(size: str, small_case: Path, tmp_path: Path) -> None:
    """A negative size once was an endless path; whatever stands there, the head is named, at once."""
    case = copied(small_case, tmp_path / "case")
    head = case / "record/head"
    lines = head.read_bytes().split(b"\n")
    head.write_bytes(b"\n".join([lines[0], size.encode(), *lines[2:]]))
    assert "head" in told(case).files
    with pytest.raises(VerificationError):
        within(10, lambda: CaseFolder.open(case))


def test_attack_04_strange_names_among_the_checkpoints(small_case: Path, tmp_path: Path) -> None:
    """What is no checkpoint by its name is listed as no part of the record, and disturbs nobody."""
    case = copied(small_case, tmp_path / "case")
    for name in ("x\u00b2/123", "foo/007", "x001/x002/x/003", "x000/004"):
        path = case / "record/notes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    found = told(case)
    assert found.holds, found.text
    assert found.unchecked.count("not part of the record") == 4
    with writing(CaseFolder.open(case)) as log:
        assert log.size == 6


def rows_of(case: Path) -> list[object]:
    """What the index says."""
    with closing(FileStore(case / "record")) as store:
        return list(store.index.rows())


def edited(data: bytes, index: int) -> bytes:
    """A bundle with one entry whose words are others."""
    entries = list(entries_of(data, 256))
    entries[index] = entries[index].replace(b"payload", b"Payload", 1)
    return bundle_of(entries)


def test_attack_05_entry_bytes_edited_and_tiles_untouched(case_with_bundle: Path, tmp_path: Path) -> None:
    """Every entry is hashed again against its tile; a copy planted beside a bundle is not read in its place."""
    case = copied(case_with_bundle, tmp_path / "case")
    assert told(case).holds
    path = case / "record" / entries_path(0)
    good = path.read_bytes()
    path.write_bytes(edited(good, 100))
    found = told(case)
    assert "record/tile/entries/000: 100: was altered: its bytes are not those that the log signed for" in found.text
    with pytest.raises(VerificationError, match="was altered"):
        CaseFolder.open(case)
    path.write_bytes(good)
    planted = b"".join(frame(data) for data in entries_of(edited(good, 100), 256))
    (case / "record" / journal_path(0)).write_bytes(MAGIC + planted)
    opened = CaseFolder.open(case)
    assert [said.entry.data for said in opened.entries()[:256]] == list(entries_of(good, 256))
    opened.store.close()
    assert f"record/{journal_path(0)}: not part of the record" in told(case).unchecked


def test_attack_06_entry_and_leaf_hash_edited_under_the_old_root(case_with_bundle: Path, tmp_path: Path) -> None:
    """Bundle and tile agree with one another, and not with the root that the log signed."""
    case = copied(case_with_bundle, tmp_path / "case")
    path, tile = case / "record" / entries_path(0), case / "record" / tile_path(0, 0)
    path.write_bytes(edited(path.read_bytes(), 100))
    leaves = tile.read_bytes()
    leaf = leaf_hash(entries_of(path.read_bytes(), 256)[100])
    tile.write_bytes(leaves[: 100 * 32] + leaf + leaves[101 * 32 :])
    found = told(case)
    assert "the log signed another root for 276 entries than these have" in found.text
    tile.write_bytes(leaves)
    path.write_bytes((case_with_bundle / "record" / entries_path(0)).read_bytes())
    assert told(case).holds


@pytest.mark.parametrize("kind", [*CLASSES[1:], "policy"])
def test_attack_07_a_file_is_deleted(kind: str, case_with_bundle: Path, tmp_path: Path) -> None:
    """Whatever is deleted is missed and named: by the entry, the tree, the clock, or the quorum."""
    case = copied(case_with_bundle, tmp_path / "case")
    trust = Trust()
    if kind == "policy":
        charter = CaseFolder(case).charter()
        text = f"log {charter.log}\nwitness w {WITNESSES[0].verifier.vkey}\nquorum w\n"
        trust = Trust(read_policy(text.encode()))
        with closing(FileStore(case / "record")) as store:
            note = (store.head() or b"").decode().partition("\n\n")[0] + "\n"
            line = WITNESSES[0].sign(note, NOW)
            before = set((case / "record/notes").rglob("*.*"))
            store.put_cosignature(276, line)
        (path,) = set((case / "record/notes").rglob("*.*")) - before
        assert told(case, trust).holds
    else:
        path = case / classes(case)[kind]
    path.unlink()
    if kind == "head":
        with pytest.raises(StoreError, match="its record has no head"):
            CaseFolder.open(case)
    found = told(case, trust)
    assert not found.holds
    assert any(word in found.text for word in ("missing", "no head", "not dated by the log's clock", "is not met"))


# -- the writer ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_signatures_are_verified_once")
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_attack_08_a_checkpoint_signed_before_it_is_durable(
    error: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever sync the disk refuses, nothing was signed that was not durable, and opened again the log holds."""
    signed: list[int] = []
    sign_it, sync = Signer.sign, os.fsync
    stores: list[FileStore] = []

    def signing(self: Signer, text: str, at: int | None = None) -> str:
        size = int(text.split("\n")[1])
        if stores:
            assert stores[-1]._durable is not None, "signed while nobody knows what is durable"
            assert size <= stores[-1]._durable
        signed.append(size)
        return sign_it(self, text, at)

    monkeypatch.setattr(Signer, "sign", signing)
    where, promised, refused = place("files", tmp_path), Promised(), 0
    with where.log() as log:
        promised.take(log.append(Feed(log.register).some(250)))
    for n in range(1, 40):
        left = [n]

        def failing(handle: int, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise OSError(error, os.strerror(error))
            sync(handle)

        with closing(FileStore(tmp_path / "record")) as store, store.writer():
            log = begun(store)
            stores.append(store)
            with monkeypatch.context() as patch:
                patch.setattr(os, "fsync", failing)
                try:
                    promised.take(within(10, lambda log=log: log.append(Feed(log.register).some(3))))  # type: ignore[misc]
                except StoreError:
                    refused += 1
            stores.clear()
        with where.log() as log:
            promised.check(log)
        if left[0] > 0:
            break
    assert refused > 5, "the disk was never asked"
    assert where.audit().size > 253


KILLED = """
import os, sys
from pathlib import Path
from contextlib import closing
from tests.read_once import signatures_verified_once
from tests.store.storages import NOW, Feed, begun
from truceline.store.files import FileStore
once = signatures_verified_once()
once.__enter__()
NOW.at = int(sys.argv[2])
with closing(FileStore(Path(sys.argv[3]))) as store, store.writer():
    begun(store)  # what every child then knows: which signatures hold
for line in sys.stdin:
    folder, n = line.split()
    child = os.fork()
    if not child:
        left = int(n)
        def counted(real):
            def call(*args, **named):
                global left
                left -= 1
                if not left:
                    if real is os_write:
                        real(args[0], bytes(args[1])[: len(args[1]) // 2])  # half of it, and dead
                    os.kill(os.getpid(), 9)
                return real(*args, **named)
            return call
        store = FileStore(Path(folder))
        with store.writer():
            log = begun(store)
            os_write = os.write
            os.write, os.fsync, os.replace = counted(os.write), counted(os.fsync), counted(os.replace)
            Path.replace = counted(Path.replace)
            for one in log.append(Feed(log.register).some(10)):
                os_write(1, b"ack %d %s\\n" % (one.index, one.leaf.hex().encode()))
        os_write(1, b"whole\\n")
        os._exit(0)
    os.waitpid(child, 0)
    os.write(1, b"end\\n")
"""


@pytest.mark.usefixtures("_signatures_are_verified_once")
def test_attack_09_kill_9_at_every_step_of_the_batch(tmp_path: Path) -> None:
    """Killed at the n-th write, sync or rename, for every n: what was acknowledged is there, and the record holds."""
    base = Place(str(tmp_path / "base"), tmp_path / "base")
    with base.log() as log:
        log.append(Feed(log.register).some(250))
    program = subprocess.Popen(
        [sys.executable, "-c", KILLED, "x", str(TICKS.at), str(copied(tmp_path / "base", tmp_path / "same"))],
        cwd=ROOT, text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert program.stdin is not None
    assert program.stdout is not None
    TICKS.at += 100
    try:
        for n in range(1, 100):
            folder = copied(tmp_path / "base", tmp_path / f"n{n}")
            program.stdin.write(f"{folder} {n}\n")
            said: list[str] = []
            while (line := within(20, program.stdout.readline)) != "end\n":
                assert line, "the program died"
                said.append(line)
            where = Place(str(folder), folder)
            with where.log() as log:
                kept = [leaf_hash(data).hex() for data in log.storage.entries(0, log.size)]
                for ack in said:
                    if ack.startswith("ack"):
                        assert kept[int(ack.split()[1])] == ack.split()[2]
                assert all(isinstance(one, Taken) for one in log.append(Feed(log.register).some(1)))
            where.audit()
            shutil.rmtree(folder)
            if said and said[-1] == "whole\n":
                break
    finally:
        program.stdin.close()
        program.wait(10)
        program.stdout.close()
    assert n > 15, "the batch has more steps than were met"


def test_attack_10_two_sequencers_at_once(tmp_path: Path) -> None:
    """The second does not get the lock; and were there none, compare-and-swap lets one head follow another."""
    where = place("files", tmp_path)
    lock = tmp_path / "record/writer.lock"
    with where.log(), pytest.raises(StoreError, match="another writer is at work"), locked(lock):
        pass
    with closing(where.open()) as one, closing(where.open()) as two:
        logs = Log(one, KEYS, TICKS), Log(two, KEYS, TICKS)
        feed = Feed(logs[0].register).some(2)
        assert all(isinstance(answer, Taken) for answer in logs[0].append(feed))
        with pytest.raises((StoreError, VerificationError)):
            within(10, lambda: logs[1].append(Feed(logs[1].register, "south").some(2)))
        with pytest.raises(StoreError, match="another head stands there"):
            two.swap_head(b"another", b"head")
    assert where.audit().size == 3
    with where.log() as log:
        assert isinstance(log.append(Feed(log.register, "south").some(1))[0], Taken)


# -- the host's word -------------------------------------------------------------------------------------------------


def test_attack_11_a_promise_issued_and_the_entry_dropped(tmp_path: Path) -> None:
    """The receipt is a checkpoint that the log signed: a record without the entry does not continue it."""
    where = place("files", tmp_path)
    with where.log() as log:
        log.append(Feed(log.register).some(3))
    backup = Place(str(copied(tmp_path / "record", tmp_path / "other")), tmp_path / "other")
    with where.log() as log:
        (taken,) = log.append(Feed(log.register, "south").some(1))
    assert isinstance(taken, Taken)
    index, promise = open_receipt(taken.receipt, taken.leaf, KEYS.log.verifier)
    assert promise.deadline == promise.promised + 60
    since = read_proof(taken.receipt).checkpoint
    assert audited(tmp_path / "record", Trust(since=since)).checked["continuations"] == 1
    assert "went back: you saw 5 entries, it shows 4" in str(audited(backup.folder, Trust(since=since)).faults[0])
    with backup.log() as log:
        log.append(Feed(log.register).some(1))
        assert leaf_hash(next(iter(log.storage.entries(index, index + 1)))) != taken.leaf
    assert "is not the record you saw" in str(audited(backup.folder, Trust(since=since)).faults[0])


def audited(folder: Path | None, trust: Trust) -> Audit:
    """An audit of a record within a time."""
    assert folder is not None
    return within(20, lambda: audit(FolderSource(folder), trust))


def test_attack_12_a_host_that_refuses_one_party(tmp_path: Path) -> None:
    """Who leaves one out can take none after it: the sequence shows the gap; an honest host lists what it refused."""
    where = place("files", tmp_path)
    with where.log() as log:
        feed = Feed(log.register, "south")
        hidden, after = feed.some(2)
        (refused,) = log.append([after])
        assert isinstance(refused, SubmissionError)
        assert "`sequence`: 1 leaves a gap: expected 0 from `south`" in str(refused)
        (listed,) = log.storage.refused()  # type: ignore[attr-defined]
        assert listed["leaf"] == leaf_hash(after.data).hex()
        assert "leaves a gap" in str(listed["why"])
        assert all(isinstance(one, Taken) for one in log.append([hidden, after]))  # control
    where.audit()


def test_attack_13_a_signed_entry_replayed(small_case: Path, tmp_path: Path) -> None:
    """Into another log, a second time, or under another text: refused by origin, by sequence, by the text's hash."""
    case = CaseFolder.open(copied(small_case, tmp_path / "case"))
    entry, beside = records.prepare(case, Draft("allegation", {"text": "once"}, "us"), clock)
    with place("files", tmp_path).log() as other:
        (refused,) = other.append([Submission(entry, beside)])
        assert "`log`: made for `truceline.local/attacked" in str(refused)
    assert within(10, lambda: records.submit(case, entry, beside, clock)).index == 6
    with pytest.raises(SubmissionError, match="`sequence`: 1 stands in the log already"):
        records.submit(case, entry, beside, clock)
    place_ = records.place_of(case, clock)
    one = statement(place_.register, "us", type="allegation", body={"text": "x"}, under="0" * 64)
    with pytest.raises(SubmissionError, match="`under`: made for the text 000000000000, in force is"):
        records.submit(case, sign(written(one), place_.keys("us", "")), {}, clock)
    case.store.close()


def test_attack_14_a_time_before_or_after_the_cited_checkpoint(tmp_path: Path) -> None:
    """A submitter's own time stays a claim: one that cannot be is remarked, by the checkpoints around the entry."""
    where = place("files", tmp_path)
    with where.log() as log:
        seen = open_checkpoint(log.head, KEYS.log.verifier).checkpoint
        for claims in (TICKS.at, TICKS.at - 86_400, TICKS.at + 86_400, None):
            one = statement(log.register, "north", claims=claims, cites=Cited(seen.root.hex(), seen.size))
            assert isinstance(log.append([Submission(sign(written(one), [key_of("north")]))])[0], Taken)
        future = statement(log.register, "north", cites=Cited("1" * 64, 99))
        (refused,) = log.append([Submission(sign(written(future), [key_of("north")]))])
        assert "`cites`: no checkpoint of size 99 was published" in str(refused)
        other = statement(log.register, "north", cites=Cited("1" * 64, seen.size))
        (refused,) = log.append([Submission(sign(written(other), [key_of("north")]))])
        assert "`cites`: another root" in str(refused)
    found = where.audit()
    assert [(remark.index, remark.what) for remark in found.remarks] == [(2, "misdated"), (3, "misdated")]
    assert "cites a checkpoint of" in found.remarks[0].why
    assert "was in the log at" in found.remarks[1].why


def test_attack_15_a_witness_clock_a_day_off(tmp_path: Path) -> None:
    """A cosignature from the future is refused by its reader; a witness whose clock went back cosigns no more."""
    late = Clock(NOW + 86_400)
    with witness(made(tmp_path), late) as one:
        whole = policy([("w", one.verifier, "")])
        note = M.note() + one.add_checkpoint(request(0, M)).body
        assert whole.check(note, now=NOW + 86_400).times == {"w": NOW + 86_400}
        with pytest.raises(VerificationError, match="cosignature of `w` lies 86400 s ahead: at most 300 s"):
            whole.check(note, now=NOW)
        late.at = NOW
        answer = one.add_checkpoint(request(300, SmallLog(1_000)))
        assert answer.status == 503
        assert b"the clock went back" in answer.body
        with served(one) as server:
            asked = within(10, lambda: ask(
                SmallLog(300).note(), policy([("w", one.verifier, f"http://127.0.0.1:{server.server_port}")]),
                lambda _old: (), now=NOW - 7 * 86_400,
            ))  # fmt: skip
            assert not asked.lines
            assert asked.failed["w"]
