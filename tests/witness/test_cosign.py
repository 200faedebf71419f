"""A witness without HTTP: one history of each log, remembered before it is said, and evidence of every other."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.clock import Clock
from tests.conftest import ROOT
from tests.record.foreign.logs import LOG, NOW, OTHER_LOG, SmallLog, cosigned
from tests.witness.world import forked, made, request, seeds, witness
from truceline.canon import sha256
from truceline.errors import InputError, StoreError, VerificationError
from truceline.record.checkpoint import Checkpoint, check_fork, open_checkpoint, read_fork
from truceline.record.note import Signer, read_note, signed
from truceline.record.tree import EMPTY_ROOT
from truceline.witness import state as state_module
from truceline.witness.cosign import Witness, export_forks, new_witness
from truceline.witness.key import WitnessKey
from truceline.witness.rules import MOST_BODY, forks_among
from truceline.witness.state import forks_in

Where = tuple[Path, Path]
S, M, L = SmallLog(5), SmallLog(300), SmallLog(1_000)


@pytest.fixture
def where(tmp_path: Path) -> Where:
    """Key and state of a new witness."""
    return made(tmp_path)


def accepted(found: Witness, old: int, log: SmallLog) -> bytes:
    """The witness cosigns; its line holds."""
    answer = found.add_checkpoint(request(old, log))
    assert answer.status == 200, answer
    whole = log.note() + answer.body
    assert list(open_checkpoint(whole, LOG.verifier, [found.verifier]).times) == [found.verifier]
    return answer.body


def one_history(found: Witness) -> None:
    """All that was cosigned is the beginning of the one log, and grows in order."""
    sizes = [read_note(note).text.split("\n")[1] for note in found.cosigned(LOG.name)]
    assert sizes == sorted(sizes, key=int)
    assert not forks_among([*found.cosigned(LOG.name), *(SmallLog(int(size)).note() for size in sizes)], [LOG.verifier])


def test_a_growing_log_is_cosigned(where: Where) -> None:
    """The usual way, from the empty tree on: each checkpoint with a proof from the one before."""
    clock = Clock(NOW)
    with witness(where, clock) as found:
        old = 0
        for size in (0, 1, 5, 256, 300, 1_000):
            clock.at += 1
            accepted(found, old, SmallLog(size))
            old = size
        one_history(found)
        assert len(found.cosigned(LOG.name)) == 6
        newest = found.newest(sha256(LOG.name.encode()))
        assert newest is not None
        assert open_checkpoint(newest, LOG.verifier, [found.verifier]).times == {found.verifier: clock.at}
        assert "size 1000" in found.status()


def test_answers_of_the_specification(where: Where) -> None:
    """Every status that C2SP tlog-witness names, each for its reason."""
    with witness(where) as found:
        accepted(found, 0, M)
        foreign = Checkpoint("elsewhere.example", 5, S.root).text
        elsewhere = cosigned(foreign, log=Signer("elsewhere.example", b"E" * 32))
        cases = {
            "unknown log": (request(300, L, note=elsewhere), 404),
            "other key": (request(300, L, note=L.note(log=OTHER_LOG)), 403),
            "spoiled signature": (request(300, L).replace(b"\n1000\n", b"\n1001\n"), 403),
            "old above new": (request(1_001, L), 400),
            "wrong old": (request(5, L), 409),
            "no proof": (b"old 300\n\n" + L.note(), 422),
            "another proof": (request(299, L).replace(b"old 299", b"old 300"), 422),
            "proof from nothing": (request(299, L).replace(b"old 299", b"old 0"), 409),
        }
        for name, (body, status) in cases.items():
            assert found.add_checkpoint(body).status == status, name
        answer = found.add_checkpoint(request(0, L))
        assert answer == (409, "text/x.tlog.size", b"300\n")
        accepted(found, 300, L)


GARBAGE = {
    "nothing": b"",
    "zeros": bytes(1_000),
    "no old": b"\n\n" + S.note(),
    "leading zero": request(0, S).replace(b"old 0", b"old 00"),
    "negative": request(0, S).replace(b"old 0", b"old -1"),
    "beyond 2**63": request(0, S).replace(b"old 0", b"old 9223372036854775808"),
    "a line of no base64": b"old 0\n!!!!\n\n" + S.note(),
    "a short hash": b"old 0\nAAAA\n\n" + S.note(),
    "64 hashes": b"old 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + S.note(),
    "carriage returns": request(0, S).replace(b"\n", b"\r\n"),
    "no signature": b"old 0\n\n" + S.checkpoint.text.encode(),
    "too long": b"old 0\n\n" + b"a" * MOST_BODY,
    "half a character": b"old 0\n\n\xe2\x80" + S.note(),
    "size 0, other root": b"old 0\n\n" + S.note().replace(b"\n5\n", b"\n0\n"),
}


@pytest.mark.parametrize("name", sorted(GARBAGE))
def test_garbage_is_refused_and_changes_nothing(where: Where, name: str) -> None:
    """What is no request gets 400, and the witness goes on as before."""
    with witness(where) as found:
        assert found.add_checkpoint(GARBAGE[name]).status == 400
        accepted(found, 0, S)


def test_same_size_other_root_is_refused_and_kept(where: Where, tmp_path: Path) -> None:
    """Two roots of one size convince anybody: both notes are kept whole, and can be handed over as a file."""
    with witness(where) as found:
        accepted(found, 0, M)
        answer = found.add_checkpoint(request(300, forked(300)))
        assert (answer.status, answer.body) == (409, b"300\n")
        (path,) = export_forks(forks_in(where[1]), tmp_path / "evidence")  # while it runs
        check_fork(read_fork(path.read_bytes()), LOG.verifier)
        assert b'"forks":[{' in found.evidence()
        one_history(found)
    with witness(where) as again:
        assert len(again.forks()) == 1
    where[0].unlink()
    assert len(forks_in(where[1])) == 1
    with pytest.raises(StoreError):
        forks_in(tmp_path)


def test_a_fork_of_the_past_is_caught_too(where: Where) -> None:
    """A second root for a size that was cosigned long ago is evidence, whatever old size came with it."""
    with witness(where, clock := Clock(NOW)) as found:
        accepted(found, 0, M)
        clock.at += 1
        accepted(found, 300, L)
        assert found.add_checkpoint(request(0, forked(300))).status == 409
        (fork,) = found.forks()
        check_fork(fork, LOG.verifier)


def test_a_failed_proof_is_kept_until_it_is_explained(where: Where) -> None:
    """A signed note with a bad proof is kept; once a good proof for the same tree came, it is dropped."""
    with witness(where, clock := Clock(NOW)) as found:
        accepted(found, 0, S)
        bad = b"old 5\n\n" + L.note()
        assert [found.add_checkpoint(bad).status for _ in range(3)] == [422] * 3
        assert len(found.failed()) == 1
        clock.at += 1
        accepted(found, 5, L)
        assert found.failed() == []


def test_a_failed_note_becomes_half_of_a_fork(where: Where) -> None:
    """The other branch came first, and its proof did not hold; the true tree of its size completes the proof."""
    with witness(where, clock := Clock(NOW)) as found:
        accepted(found, 0, S)
        clock.at += 1
        lie = forked(300, at=2)
        assert found.add_checkpoint(request(5, lie)).status == 422
        accepted(found, 5, M)
        (fork,) = found.forks()
        check_fork(fork, LOG.verifier)


def test_what_failed_is_bounded(where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever replays signed notes with bad proofs fills no disk: the oldest go."""
    monkeypatch.setattr(state_module, "MOST_FAILED", 3)
    with witness(where) as found:
        accepted(found, 0, S)
        for size in range(6, 14):
            assert found.add_checkpoint(b"old 5\n\n" + SmallLog(size).note()).status == 422
        sizes = [read_note(note).text.split("\n")[1] for note in found.failed()]
        assert sizes == ["11", "12", "13"]


def test_signatures_of_strangers_are_not_kept(where: Where) -> None:
    """Anybody can add lines to a note; they would fill the disk and prove nothing."""
    stranger = Signer("stranger.example", b"x" * 32)
    text = S.checkpoint.text
    note = signed(text, [LOG.sign(text), stranger.sign(text)])
    with witness(where) as found:
        assert found.add_checkpoint(request(0, S, note=note)).status == 200
        (kept,) = found.cosigned(LOG.name)
        assert b"stranger" not in kept


def test_a_fork_offered_to_two_witnesses_is_found_by_gossip(tmp_path: Path) -> None:
    """Attack 1: each witness sees one history; the notes they hold, laid side by side, are the proof."""
    with witness(made(tmp_path, "w.example/a", 1)) as a, witness(made(tmp_path, "w.example/b", 2)) as b:
        accepted(a, 0, M)
        assert b.add_checkpoint(request(0, forked(300))).status == 200
        (fork,) = forks_among([*a.cosigned(LOG.name), *b.cosigned(LOG.name), b"noise"], [LOG.verifier])
        check_fork(fork, LOG.verifier)
        (seen,) = b.cosigned(LOG.name)
        heard = a.heard(seen)
        assert heard is not None
        check_fork(heard, LOG.verifier)
        assert len(a.forks()) == 1
        with pytest.raises(VerificationError):
            a.heard(M.note(log=OTHER_LOG))


def test_a_head_rolled_back_is_refused(where: Where) -> None:
    """Attack 3: a log restored from a backup offers what it had; the witness says where it stood."""
    with witness(where, clock := Clock(NOW)) as found:
        accepted(found, 0, L)
        clock.at += 1
        assert found.add_checkpoint(request(0, M)) == (409, "text/x.tlog.size", b"1000\n")
        assert found.add_checkpoint(request(1_000, M)).status == 400
        assert found.add_checkpoint(request(300, M)).status == 409
        one_history(found)


def test_a_replay_gives_the_same_line_and_then_a_newer_time(where: Where) -> None:
    """Asked again for the same tree it says it again; within the second without a write."""
    with witness(where, clock := Clock(NOW)) as found:
        first = accepted(found, 0, M)
        before = where[0].with_name("witness.key.marker").read_bytes()
        assert accepted(found, 300, M) == first
        assert where[0].with_name("witness.key.marker").read_bytes() == before
        clock.at += 60
        assert accepted(found, 300, M) != first
        assert len(found.cosigned(LOG.name)) == 1


def test_racing_requests_leave_one_history(where: Where) -> None:
    """Attack 10: many threads push two branches at once; exactly one linear history is cosigned."""
    branches = [[SmallLog(size) for size in (50, 100, 300)], [forked(size) for size in (50, 100, 300)]]
    answers: list[tuple[int, bytes]] = []

    def push(found: Witness, branch: list[SmallLog]) -> None:
        for _ in range(4):
            old = 0
            for log in branch:
                answers.append((found.add_checkpoint(request(old, log)).status, log.note()))
                old = log.size

    with witness(where) as found:
        threads = [threading.Thread(target=push, args=(found, branches[n % 2])) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        yes = [note for status, note in answers if status == 200]
        assert yes
        assert not forks_among(yes, [LOG.verifier])
        sizes = [int(read_note(note).text.split("\n")[1]) for note in found.cosigned(LOG.name)]
        assert sizes == sorted(set(sizes))
        assert not forks_among(found.cosigned(LOG.name), [LOG.verifier])


def test_looking_up_and_keeping_are_one_step(where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two branches meet between the check and the keeping: the second is not let in before the first is kept."""
    meeting, real = threading.Barrier(2), state_module.State.keep_cosigned

    def slow(self: state_module.State, note: bytes, at: int) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(0.2)
        real(self, note, at)

    monkeypatch.setattr(state_module.State, "keep_cosigned", slow)
    with witness(where) as found:
        bodies = [request(0, M), request(0, forked(300))]
        threads = [threading.Thread(target=found.add_checkpoint, args=(body,)) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(found.cosigned(LOG.name)) == 1
        assert len(found.forks()) == 1


# -- stopped, lost, restored -----------------------------------------------------------------------------------------

KILL = """
import os, sys
from pathlib import Path
from tests.witness.world import SmallLog, request, witness
from truceline.witness import key, state
which, where = sys.argv[1], (Path(sys.argv[2]), Path(sys.argv[3]))
put = key.WitnessKey.put_marker
def killed(self, marker):
    if which == "after":
        put(self, marker)
    os._exit(9)
with witness(where) as found:
    assert found.add_checkpoint(request(0, SmallLog(5))).status == 200
    key.WitnessKey.put_marker = killed
    found.add_checkpoint(request(5, SmallLog(300)))
"""


@pytest.mark.parametrize("which", ["before", "after"])
def test_killed_between_keeping_and_answering(where: Where, which: str) -> None:
    """Attack 9: it kept what it never said; started again it names that size, and a fork of it gets nothing."""
    path = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
    done = subprocess.run(
        [sys.executable, "-c", KILL, which, *map(str, where)],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    with witness(where) as found:
        assert found.add_checkpoint(request(5, forked(301))) == (409, "text/x.tlog.size", b"300\n")
        assert found.add_checkpoint(request(300, forked(300))).status == 409
        accepted(found, 300, M)
        one_history(found)


def test_lost_state_retires_the_witness(where: Where) -> None:
    """The key without its state could cosign anything: it never cosigns again."""
    with witness(where) as found:
        accepted(found, 0, M)
    shutil.rmtree(where[1])
    with pytest.raises(VerificationError, match="retired") as refused, witness(where):
        pass
    assert len(str(refused.value).splitlines()) == 1


def test_the_state_of_another_witness_retires(where: Where, tmp_path: Path) -> None:
    """A fresh state in the place of the old one, or that of a neighbour, is not this witness's memory."""
    other = made(tmp_path, "w.example/other", 3)
    shutil.rmtree(where[1])
    shutil.copytree(other[1], where[1])
    with pytest.raises(VerificationError, match="state of another witness"), witness(where):
        pass


def test_a_state_restored_from_a_backup_retires(where: Where, tmp_path: Path) -> None:
    """The marker beside the key knows how far the state had come."""
    with witness(where, clock := Clock(NOW)) as found:
        accepted(found, 0, S)
    shutil.copytree(where[1], tmp_path / "backup")
    clock.at += 1
    with witness(where, clock) as found:
        accepted(found, 5, M)
    shutil.rmtree(where[1])
    shutil.copytree(tmp_path / "backup", where[1])
    with pytest.raises(VerificationError, match="older than the marker"), witness(where, clock):
        pass


def test_another_branch_of_the_state_retires(where: Where, tmp_path: Path) -> None:
    """As many cosignatures as the marker says, but others: a copy went another way."""
    with witness(where) as found:
        accepted(found, 0, S)
    with sqlite3.connect(where[1] / "witness.sqlite") as db:
        db.execute("update meta set chain = ?", ("0" * 64,))
    db.close()
    with pytest.raises(VerificationError, match="older than the marker"), witness(where):
        pass


@pytest.mark.parametrize("what", ["marker gone", "marker damaged", "head damaged", "key readable", "key damaged"])
def test_damage_is_found_at_the_start(where: Where, what: str) -> None:
    """Nothing that the witness stands on is believed unread."""
    with witness(where) as found:
        accepted(found, 0, S)
    key, marker = where[0], where[0].with_name("witness.key.marker")
    if what == "marker gone":
        marker.unlink()
    elif what == "marker damaged":
        marker.write_bytes(marker.read_bytes()[:-9])
    elif what == "key readable":
        key.chmod(0o644)
    elif what == "key damaged":
        key.write_bytes(b"{}")
    else:
        with sqlite3.connect(where[1] / "witness.sqlite") as db:
            (note,) = db.execute("select note from head").fetchone()
            db.execute("update head set note = ?", (note.replace(b"\n5\n", b"\n4\n"),))
        db.close()
    with pytest.raises((VerificationError, InputError)) as refused, witness(where):
        pass
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("way", ["state", "marker"])
def test_a_witness_that_cannot_keep_does_not_cosign(where: Where, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, saved or not: no line leaves, and nothing is cosigned until it was opened again."""

    def fails(*_given: object) -> None:
        raise StoreError("no space left")

    with witness(where) as found:
        accepted(found, 0, S)
        with monkeypatch.context() as patch:
            if way == "state":
                patch.setattr(state_module.State, "keep_cosigned", fails)
            else:
                patch.setattr(WitnessKey, "put_marker", fails)
            assert found.add_checkpoint(request(5, M)).status == 503
        assert found.add_checkpoint(request(5, M)).status == 503
    with witness(where) as again:
        accepted(again, 300 if way == "marker" else 5, M)
        one_history(again)


def test_two_processes_of_one_key_do_not_run(where: Where) -> None:
    """Two memories of one key would be two witnesses under one name."""
    with witness(where), pytest.raises(StoreError, match="another"), witness(where):
        pass


# -- clock and keys --------------------------------------------------------------------------------------------------


def test_a_clock_that_went_back_is_refused(where: Where) -> None:
    """Attack 15: a cosignature never bears an earlier time than one before it, neither running nor started anew."""
    with witness(where, clock := Clock(NOW)) as found:
        accepted(found, 0, S)
        clock.at -= 1
        assert found.add_checkpoint(request(5, M)).status == 503
        clock.at += 1
        accepted(found, 5, M)
    with pytest.raises(VerificationError, match="clock went back"), witness(where, Clock(NOW - 1)):
        pass


def test_a_log_with_the_key_of_the_witness_is_refused(where: Where) -> None:
    """Attack 16: one key for two purposes."""
    secret = seeds(100)(32)
    with pytest.raises(VerificationError, match="one key under two names"):
        Witness(*where, [Signer("log.example/own", secret).verifier], Clock(NOW))


def test_a_key_is_never_written_over(where: Where, tmp_path: Path) -> None:
    """Neither the key nor the state of a witness can be lost by making another."""
    before = where[0].read_bytes()
    for key, state in ((where[0], tmp_path / "new"), (tmp_path / "new.key", where[1])):
        with pytest.raises(StoreError, match="there already"):
            new_witness(key, state, "w.example/second", os.urandom)
    assert where[0].read_bytes() == before
    assert where[0].stat().st_mode & 0o077 == 0


def test_the_empty_tree_has_one_root(where: Where) -> None:
    """A checkpoint of size 0 needs the root of nothing, and nothing continues from elsewhere."""
    with witness(where) as found:
        text = Checkpoint(LOG.name, 0, EMPTY_ROOT).text
        assert found.add_checkpoint(b"old 0\n\n" + cosigned(text)).status == 200
        assert found.add_checkpoint(b"old 0\n" + b"A" * 43 + b"=\n\n" + S.note()).status == 422
