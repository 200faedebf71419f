"""A mirror takes nothing on trust, keeps what proves a lie, and goes on where it was stopped."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.clock import Clock
from tests.record.foreign.logs import LOG, NOW, OTHER_LOG, WITNESSES, SmallLog
from tests.witness.world import forked, hostile, policy
from truceline.errors import StoreError, TrucelineError, VerificationError
from truceline.record.checkpoint import check_fork, open_checkpoint, read_fork
from truceline.record.note import COSIGNATURE, Signer
from truceline.record.policy import Policy
from truceline.record.tiles import TileTree, parse_path
from truceline.witness.fetch import WebFetch
from truceline.witness.mirror import Mirrored, follow, mirror

SIZES = (1, 255, 256, 257, 600, 1_023)
OPEN = policy([])
COSIGNER = Signer("mirror.example/m", b"m" * 32, COSIGNATURE)


class Served:
    """A log that is served, whole or spoiled; it counts what it was asked for."""

    def __init__(self, log: SmallLog, note: bytes = b"") -> None:
        """Serve a log."""
        self.log, self.note, self.asked = log, note or log.note(), list[str]()
        self.spoil: dict[str, Callable[[bytes], bytes | None]] = {}
        self.stop_after = 10**9

    def __call__(self, name: str, most: int) -> bytes | None:
        """A file."""
        del most
        self.asked.append(name)
        if len(self.asked) > self.stop_after:
            raise StoreError("the line is dead")
        data: bytes | None = self.note if name == "checkpoint" else None
        if name != "checkpoint":
            level, n, width = parse_path(name)
            below = self.log.size if level <= 0 else len(self.log.levels[level])
            data = self.log.tile(name) if n * 256 + width <= below else None
        if data is not None and name in self.spoil:
            data = self.spoil[name](data)
        return data


@cache
def log_of(size: int) -> SmallLog:
    """The log of a size."""
    return SmallLog(size)


def run(source: Served | str | Path, folder: Path, whom: Policy = OPEN, **rest: object) -> Mirrored:
    """One round."""
    return mirror(source, folder, whom, **{"now": Clock(NOW), **rest})  # type: ignore[arg-type]


def holds(folder: Path, log: SmallLog) -> None:
    """The mirror holds this log, every file of it, and nothing is left over."""
    made = open_checkpoint((folder / "checkpoint").read_bytes(), LOG.verifier).checkpoint
    assert made == log.checkpoint
    for name, data in log.files.items():
        assert (folder / name).read_bytes() == data, name
    assert not (folder / "coming").exists()
    assert not list(folder.rglob("*.half"))


def evidence(folder: Path) -> list[dict[str, str]]:
    """What was kept, but for the proofs of forks."""
    files = sorted((folder / "evidence").glob("*.json")) if (folder / "evidence").exists() else []
    found = [json.loads(path.read_bytes()) for path in files]
    return [one for one in found if "kind" in one]


def flipped(data: bytes) -> bytes:
    """One bit in the middle the other way."""
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_mirror_follows_a_growing_log(tmp_path: Path) -> None:
    """From nothing over the borders of tiles; what it has it never asks for again."""
    before = 0
    for size in SIZES:
        source = Served(log_of(size))
        done = run(source, tmp_path)
        assert (done.size, done.before) == (size, before)
        holds(tmp_path, log_of(size))
        assert not any(parse_path(name)[1] < before // 256 for name in source.asked[1:] if "/0/" in name)
        before = size
    assert run(Served(log_of(1_023)), tmp_path).before == 1_023
    assert not (tmp_path / "tile/0/000.p").exists()


def test_a_mirror_of_a_mirror(tmp_path: Path) -> None:
    """What a mirror keeps is a log that others can mirror, from the folder itself."""
    run(Served(log_of(600)), tmp_path / "a")
    run(tmp_path / "a", tmp_path / "b")
    holds(tmp_path / "b", log_of(600))


NEW = [name for name in log_of(600).files if name not in log_of(257).files]


@pytest.mark.parametrize("start", [0, 257])
@pytest.mark.parametrize("victim", sorted({*NEW, "checkpoint"}))
def test_one_flipped_bit_anywhere_is_refused(tmp_path: Path, victim: str, start: int) -> None:
    """Attack 4: entries, tiles, checkpoint; the mirror keeps what it had, says which file, and heals afterwards."""
    if start:
        run(Served(log_of(start)), tmp_path)
    source = Served(log_of(600))
    source.spoil[victim] = flipped
    with pytest.raises(VerificationError):
        run(source, tmp_path)
    if start:
        holds(tmp_path, log_of(start))
    else:
        assert not (tmp_path / "checkpoint").exists()
    if victim != "checkpoint":
        (found,) = evidence(tmp_path)
        assert found["kind"] == "tampering"
        assert found["offered"].encode() == log_of(600).note()
    run(Served(log_of(600)), tmp_path)
    holds(tmp_path, log_of(600))


def test_entries_and_tiles_altered_together_are_refused(tmp_path: Path) -> None:
    """Attack 6: entries and hashes that fit together, under the old root: no root comes out that was signed."""
    with pytest.raises(VerificationError, match="another root"):
        run(Served(forked(600, at=300), note=log_of(600).note()), tmp_path)
    with pytest.raises(VerificationError, match="another root"):
        run(Served(forked(257), note=log_of(257).note()), tmp_path)


def test_an_entry_that_we_hold_already_may_not_change(tmp_path: Path) -> None:
    """Only the old part of a bundle is altered: no new hash depends on it, and it would be stored all the same."""
    run(Served(log_of(257)), tmp_path)
    source = Served(log_of(600))
    source.spoil["tile/entries/001"] = lambda _: forked(600, at=256).tile("tile/entries/001")
    with pytest.raises(VerificationError, match="that we hold already"):
        run(source, tmp_path)
    holds(tmp_path, log_of(257))


@pytest.mark.parametrize("at", [7, 256, 258])
def test_a_log_that_does_not_continue_is_refused(tmp_path: Path, at: int) -> None:
    """Another history, signed: both notes are kept, the old one is what is shown."""
    run(Served(log_of(257)), tmp_path)
    with pytest.raises(VerificationError):
        run(Served(forked(600, at=at)), tmp_path) if at < 257 else run(
            Served(forked(600, at=at), note=log_of(600).note()), tmp_path
        )
    holds(tmp_path, log_of(257))
    (found,) = evidence(tmp_path)
    assert found["own"].encode() == log_of(257).note()


def test_a_fork_is_kept_as_a_proof(tmp_path: Path) -> None:
    """Attack 2: same size, other root: the evidence convinces anybody."""
    run(Served(log_of(257)), tmp_path)
    for _ in range(3):
        with pytest.raises(VerificationError, match="has lied"):
            run(Served(forked(257)), tmp_path)
    (path,) = (tmp_path / "evidence").glob("fork-257-*.json")
    check_fork(read_fork(path.read_bytes()), LOG.verifier)
    assert len(list((tmp_path / "evidence").iterdir())) == 2
    holds(tmp_path, log_of(257))


def test_a_rollback_is_refused(tmp_path: Path) -> None:
    """Attack 3: a smaller tree than the one we hold."""
    run(Served(log_of(600)), tmp_path)
    with pytest.raises(VerificationError, match="went back"):
        run(Served(log_of(257)), tmp_path)
    (found,) = evidence(tmp_path)
    assert (found["kind"], found["offered"].encode()) == ("rollback", log_of(257).note())
    holds(tmp_path, log_of(600))


def test_quorum_and_key_are_asked_for(tmp_path: Path) -> None:
    """An unwitnessed checkpoint, or one of another key, is not taken."""
    whom = policy([(name, one.verifier, "") for name, one in zip("abc", WITNESSES, strict=True)], 2)
    for note in (log_of(5).note(witnesses=WITNESSES[:1]), log_of(5).note(log=OTHER_LOG, witnesses=WITNESSES)):
        with pytest.raises(VerificationError):
            run(Served(log_of(5), note=note), tmp_path, whom)
    assert not (tmp_path / "checkpoint").exists()
    done = run(Served(log_of(5), note=log_of(5).note(witnesses=WITNESSES[:2])), tmp_path, whom)
    assert done.times == {"a": NOW, "b": NOW}


@pytest.mark.parametrize("stop_after", range(1, 10))
def test_a_mirror_that_is_stopped_goes_on(tmp_path: Path, stop_after: int) -> None:
    """Wherever the line broke: what came is used, and the outcome is the same."""
    source = Served(log_of(1_023))
    source.stop_after = stop_after
    with pytest.raises(StoreError):
        run(source, tmp_path)
    assert not (tmp_path / "checkpoint").exists()
    again = Served(log_of(1_023))
    run(again, tmp_path)
    holds(tmp_path, log_of(1_023))
    assert not set(again.asked[1:]) & set(source.asked[1 : stop_after - 1])


def test_what_was_left_and_is_wrong_does_not_hold_a_mirror_up(tmp_path: Path) -> None:
    """What lies in `coming` is hashed again; damaged, it is fetched anew, and no tampering is alleged."""
    source = Served(log_of(1_023))
    source.stop_after = 6
    with pytest.raises(StoreError):
        run(source, tmp_path)
    for path in (tmp_path / "coming").rglob("*"):
        if path.is_file():
            path.write_bytes(flipped(path.read_bytes()))
    run(Served(log_of(1_023)), tmp_path)
    holds(tmp_path, log_of(1_023))
    assert evidence(tmp_path) == []


def test_a_stop_while_files_are_put_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moved by half: the old checkpoint still holds, and the next round completes it."""
    run(Served(log_of(257)), tmp_path)
    real, left = Path.replace, [4]

    def failing(path: Path, target: Path) -> Path:
        if "coming" in target.parts or "coming" not in path.parts:
            return real(path, target)
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "no space left")
        return real(path, target)

    with monkeypatch.context() as patch, pytest.raises(StoreError):
        patch.setattr(Path, "replace", failing)
        run(Served(log_of(1_023)), tmp_path)
    assert open_checkpoint((tmp_path / "checkpoint").read_bytes(), LOG.verifier).checkpoint.size == 257
    tree = TileTree(lambda name: (tmp_path / name).read_bytes(), 257)
    assert tree.root() == log_of(257).root
    run(Served(log_of(1_023)), tmp_path)
    holds(tmp_path, log_of(1_023))


def test_a_damaged_mirror_says_so(tmp_path: Path) -> None:
    """Its own tiles must give its own root before anything is built on them."""
    run(Served(log_of(257)), tmp_path)
    path = tmp_path / "tile/0/001.p/1"
    path.write_bytes(flipped(path.read_bytes()))
    with pytest.raises(StoreError, match="this mirror is damaged"):
        run(Served(log_of(600)), tmp_path)


def test_missing_files_are_no_tampering(tmp_path: Path) -> None:
    """A log that lacks a file may have it in a minute; a partial tile that is gone is cut from the full one."""
    source = Served(log_of(600))
    source.spoil["tile/entries/001"] = lambda _: None
    with pytest.raises(StoreError, match="is missing there"):
        run(source, tmp_path)
    assert evidence(tmp_path) == []
    grown = Served(log_of(1_023), note=log_of(600).note())
    for name in ("tile/0/002.p/88", "tile/entries/002.p/88", "tile/1/000.p/2"):
        grown.spoil[name] = lambda data: data if data == b"" else None
    grown.spoil["tile/1/000.p/2"] = lambda data: data
    run(grown, tmp_path)
    holds(tmp_path, log_of(600))


def test_a_mirror_cosigns(tmp_path: Path) -> None:
    """After all is verified, once for each checkpoint, never back in time."""
    clock = Clock(NOW)
    done = run(Served(log_of(257)), tmp_path, now=clock, cosigner=COSIGNER)
    note = (tmp_path / "checkpoint").read_bytes()
    assert open_checkpoint(note, LOG.verifier, [COSIGNER.verifier]).times == {COSIGNER.verifier: NOW}
    clock.at += 50
    assert run(Served(log_of(257), note=note), tmp_path, now=clock, cosigner=COSIGNER).line == done.line
    assert (tmp_path / "checkpoint").read_bytes() == note
    with pytest.raises(VerificationError, match="clock went back"):
        run(Served(log_of(600)), tmp_path, now=Clock(NOW - 1), cosigner=COSIGNER)
    assert run(Served(log_of(600)), tmp_path, now=clock, cosigner=COSIGNER).line != done.line
    with pytest.raises(VerificationError, match="one key under two names"):
        run(Served(log_of(600)), tmp_path, cosigner=Signer("m.example", LOG.secret, COSIGNATURE))


def test_following_goes_on_after_a_failed_round(tmp_path: Path) -> None:
    """A dead line and a lie are said; the next round is made all the same, after the wait."""
    dead = Served(log_of(257))
    dead.stop_after = 0
    sources = [dead, Served(log_of(257)), Served(forked(257)), Served(log_of(600))]
    rounds, said, slept = iter(sources), list[Mirrored | TrucelineError](), list[float]()
    follow(
        lambda: run(next(rounds), tmp_path), every_s=60, sleep=slept.append, said=said.append, rounds=4,
    )  # fmt: skip
    assert slept == [60, 60, 60]
    assert [type(one).__name__ for one in said] == ["StoreError", "Mirrored", "VerificationError", "Mirrored"]
    holds(tmp_path, log_of(600))


def test_one_mirror_at_a_time(tmp_path: Path) -> None:
    """Two programs do not write into one mirror."""
    met: list[str] = []

    class Nested(Served):
        def __call__(self, name: str, most: int) -> bytes | None:
            if name == "checkpoint":
                try:
                    run(log_source, tmp_path)
                except StoreError as error:
                    met.append(str(error))
            return super().__call__(name, most)

    log_source = Served(log_of(5))
    run(Nested(log_of(5)), tmp_path)
    assert len(met) == 1


# -- over the web ----------------------------------------------------------------------------------------------------


@contextmanager
def web(source: Served, *, packed: bool = False) -> Iterator[str]:
    """The files over HTTP; bundles packed on demand."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            data = source(self.path.removeprefix("/log/"), 0)
            self.send_response(404 if data is None else 200)
            body = data or b""
            if packed and "entries" in self.path:
                body = gzip.compress(body)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/log/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("packed", [False, True])
def test_a_mirror_over_http(tmp_path: Path, packed: bool) -> None:
    """One connection for all files; bundles may come packed."""
    with web(Served(log_of(600)), packed=packed) as url:
        run(url, tmp_path)
    holds(tmp_path, log_of(600))


def test_files_that_are_too_large_or_too_slow(tmp_path: Path) -> None:
    """Nothing more is read than was asked for, packed or not, and a file that drips is given up."""
    flood = b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 300_000
    with hostile(lambda line: line.sendall(flood)) as url, pytest.raises(StoreError, match="more than"):
        run(url, tmp_path)
    with web(Served(log_of(5), note=bytes(1_001))) as url, contextlib.closing(WebFetch(url)) as fetch:
        assert fetch("checkpoint", 1_001) == bytes(1_001)
        with pytest.raises(StoreError, match="more than"):
            fetch("checkpoint", 1_000)
    over = gzip.compress(bytes(100_001))
    bomb = gzip.compress(bytes(50_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    head_over = head.replace(b"%d" % len(bomb), b"%d" % len(over))
    slow = b"HTTP/1.1 200 OK\r\n"
    for answer, why in ((head + bomb, "more than"), (head_over + over, "more than"), (slow, "no answer")):
        with (
            hostile(lambda line, answer=answer: line.sendall(answer)) as url,  # type: ignore[misc]
            contextlib.closing(WebFetch(url, file_s=0.3)) as fetch,
            pytest.raises(StoreError, match=why),
        ):
            fetch("checkpoint", 100_000)
