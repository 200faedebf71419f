"""Killed, cut off from power, refused by the disk: at any moment; what was acknowledged is there afterwards."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.store.cluster import cluster
from tests.store.storages import KEYS, NOW, Feed, Place, Promised, begun, place
from truceline.errors import StoreError
from truceline.record.log import Log, Submission
from truceline.store.files import FileStore

SEED = 20160227


# -- kill -9 ---------------------------------------------------------------------------------------------------------


class Victims:
    """The program of `killed.py`, and the children of it that are killed."""

    def __init__(self) -> None:
        """Start it."""
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.store.killed"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, bufsize=1,
        )  # fmt: skip

    def run(self, where: str, seed: int, kill: Callable[[int, random.Random], None]) -> dict[int, bytes]:
        """Let one append, kill it, and give what it had told as acknowledged."""
        program, chance = self._program, random.Random(seed)
        assert program.stdin is not None
        program.stdin.write(f"{seed} {NOW.at} {where}\n")
        NOW.at += 100_000
        pid = int(self._line().removeprefix("pid "))
        acknowledged: dict[int, bytes] = {}

        def heard(line: str) -> str:
            word, _, rest = line.partition(" ")
            assert word in ("open", "ack", "stop", "end"), line
            if word == "ack":
                index, leaf = rest.split()
                assert acknowledged.setdefault(int(index), bytes.fromhex(leaf)).hex() == leaf
            return word

        if chance.random() < 0.8:
            # However slow the machine is: so many lines first, and then a moment that nobody chose.
            for _ in range(chance.choice((1, 1, 2, 6, 40, 200))):
                heard(self._line())
        time.sleep(chance.random() * 0.06)
        kill(pid, chance)
        while heard(self._line()) != "end":
            pass
        return acknowledged

    def _line(self) -> str:
        assert self._program.stdout is not None
        line = self._program.stdout.readline().strip()
        assert line, "the program ended by itself"
        return line

    def close(self) -> None:
        """End it."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.close()
        self._program.wait(10)
        self._program.stdout.close()


@pytest.fixture
def victims() -> Iterator[Victims]:
    """Children to kill."""
    made = Victims()
    yield made
    made.close()


def kill(pid: int, _chance: random.Random) -> None:
    """Nothing of the program runs any more from here on."""
    os.kill(pid, signal.SIGKILL)


def kill_server(pid: int, chance: random.Random) -> None:
    """The program, or the server process that works for it, or the whole server as a power cut would."""
    way = chance.choice(("program", "backend", "server"))
    if way == "backend":
        with suppress(ProcessLookupError):
            for (backend,) in cluster().sql("select pid from pg_locks where locktype = 'advisory'"):
                os.kill(int(str(backend)), signal.SIGKILL)
        time.sleep(chance.random() * 0.03)
    elif way == "server":
        cluster().crash()
        cluster().start()
    with suppress(ProcessLookupError):  # it may have ended by itself, for want of a server
        os.kill(pid, signal.SIGKILL)


def reopened(where: Place, use: Callable[[Log], None]) -> None:
    """Open the log as soon as the dead one's lock is free: the server has to notice first that nobody is there."""
    end = time.monotonic() + 20
    while True:
        try:
            with where.log() as log:
                use(log)
            return
        except StoreError as error:
            if time.monotonic() > end or not ("another writer" in str(error) or "connection" in str(error)):
                raise
            time.sleep(0.01)


def killed(runs: int, kind: str, tmp_path: Path, victims: Victims, *, seed: int = SEED) -> int:
    """Kill so many; after each, nothing is lost, the audit finds nothing, and the log goes on. Gives what was told."""
    told, promised, where = 0, Promised(), place(kind, tmp_path)
    for n in range(runs):
        if n % 10 == 0:
            promised, where = Promised(), place(kind, tmp_path / str(n))
            with where.log():
                pass
        acknowledged = victims.run(where.where, seed + n, kill if kind == "files" else kill_server)
        told += len(acknowledged)
        for index, leaf in acknowledged.items():
            assert promised.leaves.setdefault(index, leaf) == leaf, f"entry {index} was acknowledged twice"

        def use(log: Log, promised: Promised = promised) -> None:
            promised.check(log)
            promised.take(log.append(Feed(log.register).some(1)))

        reopened(where, use)
        where.audit()
    return told


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path, victims: Victims) -> None:
    """Killed 10 times at moments nobody chose."""
    assert killed(10, "files", tmp_path, victims) > 100


def test_a_killed_writer_or_server_loses_nothing_that_was_acknowledged(tmp_path: Path, victims: Victims) -> None:
    """The program, the process that works for it, or all of PostgreSQL."""
    assert killed(4, "server", tmp_path, victims) > 25


@pytest.mark.long
def test_a_writer_killed_a_thousand_times_loses_nothing(tmp_path: Path, victims: Victims) -> None:
    """The same, until it would be luck no more."""
    assert killed(1_000, "files", tmp_path, victims, seed=1) > 10_000


@pytest.mark.long
def test_a_server_killed_fifty_times_loses_nothing(tmp_path: Path, victims: Victims) -> None:
    """The same for PostgreSQL."""
    assert killed(50, "server", tmp_path, victims, seed=1) > 500


# -- power cuts, and disks that refuse -------------------------------------------------------------------------------


class Death(BaseException):
    """The program ends here; nothing of it runs any more but what Python unwinds."""


class Disk:
    """What of a folder is there after a power cut: what was synced; of the rest, what chance left of it.

    The contents of a file are safe once the file was synced, its name once its folder was. A sync that failed has
    thrown the pages away that were not written: reading still shows them, and a later sync does not write them.
    """

    def __init__(self, root: Path, chance: random.Random) -> None:
        """Everything that lies there now is safe."""
        self.root, self._chance = root, chance
        self.left, self.way = 0, ""
        self._real = os.fsync
        self._held: dict[int, int] = {}
        self._bytes: dict[int, bytes] = {}
        self._lost: set[int] = set()
        self._names: dict[Path, dict[str, int]] = {}
        for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
            self._names[folder] = self._listed(folder)
            for path in folder.iterdir():
                if path.is_file():
                    self._bytes[path.stat().st_ino] = path.read_bytes()

    def fsync(self, handle: int) -> None:
        """In the place of `os.fsync`: refuses, or ends the program, at the call that was chosen."""
        path = Path(f"/proc/self/fd/{handle}").readlink()
        found = os.fstat(handle)
        self.left -= 1
        if self.left == 0:
            if self.way == "killed":
                raise Death
            if not stat.S_ISDIR(found.st_mode):
                self._lost.add(found.st_ino)
                self._hold(path)
            raise OSError(errno.EIO, "Input/output error")
        if self.root not in (path, *path.parents):
            return
        if stat.S_ISDIR(found.st_mode):
            self._names[path] = self._listed(path)
        elif found.st_ino not in self._lost:
            self._hold(path)
            self._bytes[found.st_ino] = path.read_bytes()

    def _hold(self, path: Path) -> None:
        """Keep a file open, so that no other is given its number."""
        number = path.stat().st_ino
        if number not in self._held:
            self._held[number] = os.open(path, os.O_RDONLY)

    def _listed(self, folder: Path) -> dict[str, int]:
        for path in folder.iterdir():
            self._hold(path)
        return {path.name: path.stat().st_ino for path in folder.iterdir()}

    def cut(self, target: Path) -> Path:
        """Lay down what a power cut leaves; chance decides of what was never synced."""
        self._lay(self.root, target)
        return target

    def _lay(self, folder: Path, target: Path) -> None:
        target.mkdir(parents=True)
        safe, now = self._names.get(folder, {}), self._listed(folder)
        for name in sorted(safe.keys() | now.keys()):
            chosen = self._chance.choice((safe.get(name), now.get(name)))
            if chosen is None or name.startswith("index.sqlite") or name == "writer.lock":
                continue
            if (folder / name).is_dir():
                self._lay(folder / name, target / name)
            else:
                (target / name).write_bytes(self._left_of(chosen))

    def _left_of(self, number: int) -> bytes:
        safe = self._bytes.get(number, b"")
        size = os.fstat(self._held[number]).st_size if number in self._held else 0
        now = os.pread(self._held[number], size, 0) if size else safe
        if number in self._lost or not now.startswith(safe):
            return safe
        return now[: self._chance.randint(len(safe), len(now))]

    def close(self) -> None:
        """Let go of the files."""
        for handle in self._held.values():
            os.close(handle)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of 252 entries, to be copied: the next batches cross the border of a tile."""
    where = place("files", tmp_path_factory.mktemp("base"))
    with where.log() as log:
        log.append(Feed(log.register).some(251))
    assert where.folder is not None
    return where.folder


def steps(log: Log) -> Iterator[list[Submission]]:
    """Three batches: with a file, across the border of a tile, and one more."""
    feed = Feed(log.register)
    yield [feed.next(blob=b"a file"), feed.next()]
    yield feed.some(8)
    yield feed.some(2)


def tried(folder: Path, promised: Promised) -> bool:
    """Append the batches until something fails; what was signed is noted, kept or not. Whether all went well."""
    try:
        with closing(FileStore(folder)) as store, store.writer():
            real = store.put_note
            store.put_note = lambda size, data: (promised.note(data), real(size, data))[1]  # type: ignore[method-assign,func-returns-value]
            log = begun(store)
            for batch in steps(log):
                promised.take(log.append(batch))
    except (StoreError, Death):
        return False
    return True


@pytest.mark.long
@pytest.mark.parametrize(
    ("way", "is_cut"), [("killed", False), ("killed", True), ("refuses", False), ("refuses", True)]
)
def test_nothing_is_signed_that_is_not_durable(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, *, is_cut: bool
) -> None:
    """At each sync the disk refuses or the program dies; opened again or after a power cut, the log holds its word."""
    chance, n, went_well = random.Random(SEED), 0, False
    while not went_well:
        n += 1
        folder = tmp_path / f"{n}"
        shutil.copytree(base, folder)
        disk, promised = Disk(folder, chance), Promised()
        disk.left, disk.way = n, way
        with monkeypatch.context() as patch, closing(disk):
            patch.setattr(os, "fsync", disk.fsync)
            went_well = tried(folder, promised)
            if is_cut:
                folder = disk.cut(tmp_path / f"{n}-at-once")
            else:
                disk.left = 0
                assert tried(folder, promised), "opened again it goes on"
                folder = disk.cut(tmp_path / f"{n}-later")
        check_left(folder, promised)
    assert n > 20, "every sync of three batches was to fail once"


def check_left(folder: Path, promised: Promised) -> None:
    """Opened after the cut: nothing lost, nothing signed twice, nothing an auditor would name."""
    where = Place(str(folder), folder)
    with where.log() as log:
        promised.check(log)
        promised.take(log.append(Feed(log.register).some(1)))
    where.audit()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_in_the_midst_of_a_frame_loses_nothing(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Half a frame is written, then no more: nothing of the batch was promised, and the rest is cut off."""
    real = os.write
    for n in range(1, 8):
        folder, promised, left = tmp_path / f"{n}", Promised(), [n]
        shutil.copytree(base, folder)

        def write(handle: int, data: bytes | memoryview, left: list[int] = left) -> int:
            left[0] -= 1
            if left[0] == 0:
                raise OSError(code, os.strerror(code))
            return real(handle, data[: max(1, len(data) // 2)] if len(data) > 9 else data)

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write)
            assert not tried(folder, promised)
        with closing(FileStore(folder)) as store, store.writer():
            promised.check(Log(store, KEYS, NOW))
        check_left(folder, promised)


def test_short_writes_are_written_on(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operating system may take a part of what it is given, and say so."""
    folder, promised, real = tmp_path / "record", Promised(), os.write
    shutil.copytree(base, folder)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, data: real(handle, data[:97]))
        assert tried(folder, promised)
    check_left(folder, promised)
