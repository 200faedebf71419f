"""What has this witness cosigned, and what has it caught? One SQLite file, durable before anything is answered.

    meta      which witness, how many cosignatures, the hash over all of them
    head      the newest cosigned note of each log
    kept      every cosigned note; and notes that a log signed and whose proof failed
    fork      two notes of one size with two roots: proof that a log has lied

Notes are kept whole but for signature lines of unknown keys, which anybody can add. What is kept is bounded: of each
log so many notes of a kind, the oldest go first; forks stay. A damaged head is found when the state is opened, for
then each is verified by this witness's own cosignature on it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from truceline.canon import sha256
from truceline.errors import StoreError, VerificationError
from truceline.record.checkpoint import Checkpoint, Fork, read_checkpoint
from truceline.record.note import Verifier, read_note
from truceline.store.disk import make_folder
from truceline.witness.key import NEW, Marker, WitnessKey
from truceline.witness.rules import Seen, time_of

FILE = "witness.sqlite"
VERSION = 1
MOST_COSIGNED = 1_000_000
MOST_FAILED = 1_000
MOST_FORKS = 1_000
COSIGNED, FAILED = "cosigned", "failed"

_TABLES = """
create table meta (one integer primary key check (one = 1), state text not null, vkey text not null,
  count integer not null, chain text not null);
create table head (origin text primary key, note blob not null);
create table kept (n integer primary key, origin text not null, size integer not null, kind text not null,
  digest text not null, at integer not null, note blob not null, unique (origin, kind, digest));
create index kept_by_size on kept (origin, size);
create table fork (n integer primary key, origin text not null, size integer not null, digest text not null,
  at integer not null, first blob not null, second blob not null, unique (origin, size));
"""


@dataclass(frozen=True)
class Head:
    """The newest cosigned note of a log.

    Attributes:
        note: whole, with this witness's cosignature.
        checkpoint: what it says.
        at: when it was cosigned, POSIX seconds.
    """

    note: bytes
    checkpoint: Checkpoint
    at: int

    @property
    def seen(self) -> Seen:
        """Its size and root."""
        return Seen(self.checkpoint.size, self.checkpoint.root)


class State:
    """The memory of a witness; its caller lets one thread in at a time.

    INVARIANT: what `keep_cosigned` was given is durable, here and in the marker, when it returns.
    """

    def __init__(self, folder: Path, key: WitnessKey) -> None:
        """Open the state that belongs to a key.

        Raises:
            VerificationError: it is missing, another, older than the marker, or damaged: the witness is retired.
        """
        self.path, self._key = folder / FILE, key
        self.heads: dict[str, Head] = {}
        if not self.path.is_file():
            raise VerificationError(f"{self.path}: is missing: this witness is retired: {NEW}")
        self._db = _connected(self.path)
        try:
            self._marker = self._checked()
        except BaseException:
            self._db.close()
            raise

    @classmethod
    def begin(cls, folder: Path, *, state: str, witness: Verifier) -> None:
        """Begin an empty state.

        Raises:
            StoreError: one is there already, or the disk refuses.
        """
        make_folder(folder)
        path = folder / FILE
        if path.exists():
            raise StoreError(f"{path}: is there already")
        db = _connected(path)
        try:
            db.executescript(_TABLES)
            db.execute(f"pragma user_version = {VERSION}")
            with db:
                db.execute("insert into meta values (1, ?, ?, 0, '')", (state, witness.vkey))
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {error}") from None
        finally:
            db.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @property
    def last(self) -> int:
        """Time of the last cosignature of all, POSIX seconds; 0 = none."""
        return max((self._marker.at, *(head.at for head in self.heads.values())))

    def _checked(self) -> Marker:
        """The marker, once state, key and marker were found to belong together."""
        marker, own = self._key.marker(), self._key.signer.verifier
        with self._used():
            version = self._db.execute("pragma user_version").fetchone()[0]
            if version != VERSION or self._db.execute("pragma quick_check").fetchone()[0] != "ok":
                raise VerificationError(f"{self.path}: damaged, or of another version: this witness is retired: {NEW}")
            state, vkey, count, chain = self._db.execute("select state, vkey, count, chain from meta").fetchone()
            if state != self._key.state or vkey != own.vkey:
                raise VerificationError(f"{self.path}: the state of another witness: this one is retired: {NEW}")
            if count < marker.count or (count == marker.count and chain != marker.chain):
                raise VerificationError(
                    f"{self.path}: older than the marker ({count} cosignatures, {marker.count} were given): "
                    f"this witness is retired: {NEW}"
                )
            for origin, note in self._db.execute("select origin, note from head"):
                made = read_checkpoint(read_note(note).text)
                if made.origin != origin:
                    raise VerificationError(f"{self.path}: the head of one log stands at another")
                self.heads[origin] = Head(note, made, time_of(note, own))
        at = max((marker.at, *(head.at for head in self.heads.values())))
        found = Marker(at, chain, count, state)
        if found != marker:  # stopped between the state and the marker
            self._key.put_marker(found)
        return found

    # -- what it keeps -------------------------------------------------------------------------------------------------

    def keep_cosigned(self, note: bytes, at: int) -> None:
        """Keep a cosigned note as the newest of its log; durable on return.

        Raises:
            StoreError: the disk refuses; whether it was kept is known only after the state was opened again.
        """
        made = read_checkpoint(read_note(note).text)
        count, chain = self._marker.count + 1, sha256(f"{self._marker.chain}\n".encode() + note)
        with self._used():
            self._keep(COSIGNED, made, note, at=at)
            self._db.execute("insert or replace into head values (?, ?)", (made.origin, note))
            self._settle(made)
            self._db.execute("update meta set count = ?, chain = ?", (count, chain))
            self._thin(made.origin, COSIGNED, MOST_COSIGNED)
        marker = Marker(at, chain, count, self._key.state)
        self._key.put_marker(marker)
        self._marker = marker
        self.heads[made.origin] = Head(note, made, at)

    def keep_failed(self, note: bytes, at: int) -> None:
        """Keep a note that the log signed and whose proof failed: it may be one half of a fork."""
        made = read_checkpoint(read_note(note).text)
        with self._used():
            self._keep(FAILED, made, note, at=at)
            self._thin(made.origin, FAILED, MOST_FAILED)

    def keep_fork(self, note: bytes, at: int) -> Fork | None:
        """Compare a note that the log signed with those kept; keep both when they are a fork.

        Returns:
            The fork, when there is one.
        """
        made = read_checkpoint(read_note(note).text)
        with self._used():
            for (other,) in self._db.execute(
                "select note from kept where origin = ? and size = ? order by kind", (made.origin, made.size)
            ):
                if read_checkpoint(read_note(other).text).root != made.root:
                    self._put_fork(made, other, note, at=at)
                    return Fork(other, note)
        return None

    def _keep(self, kind: str, made: Checkpoint, note: bytes, *, at: int) -> None:
        self._db.execute(
            "insert or replace into kept (origin, size, kind, digest, at, note) values (?, ?, ?, ?, ?, ?)",
            (made.origin, made.size, kind, sha256(made.text.encode()), at, note),
        )

    def _settle(self, made: Checkpoint) -> None:
        """What failed and has now been proved to be a beginning of this tree needs no suspicion any longer."""
        self._db.execute(
            "delete from kept where origin = ? and kind = ? and digest = ?",
            (made.origin, FAILED, sha256(made.text.encode())),
        )

    def _put_fork(self, made: Checkpoint, first: bytes, second: bytes, *, at: int) -> None:
        if self._db.execute("select count(*) from fork where origin = ?", (made.origin,)).fetchone()[0] < MOST_FORKS:
            self._db.execute(
                "insert or ignore into fork (origin, size, digest, at, first, second) values (?, ?, ?, ?, ?, ?)",
                (made.origin, made.size, sha256(made.text.encode()), at, first, second),
            )

    def _thin(self, origin: str, kind: str, most: int) -> None:
        self._db.execute(
            "delete from kept where origin = ?1 and kind = ?2 and n <= "
            "(select n from kept where origin = ?1 and kind = ?2 order by n desc limit 1 offset ?3)",
            (origin, kind, most),
        )

    # -- what it shows -------------------------------------------------------------------------------------------------

    def forks(self, most: int = MOST_FORKS) -> list[Fork]:
        """The forks that were caught, the first first."""
        with self._used():
            rows = self._db.execute("select first, second from fork order by n limit ?", (most,))
            return [Fork(first, second) for first, second in rows]

    def failed(self, most: int = MOST_FAILED) -> list[bytes]:
        """Notes that a log signed and whose proof failed; no proof of anything by themselves."""
        with self._used():
            rows = self._db.execute("select note from kept where kind = ? order by n limit ?", (FAILED, most))
            return [note for (note,) in rows]

    def cosigned(self, origin: str) -> Iterator[bytes]:
        """Every cosigned note of a log that is kept, by size."""
        with self._used():
            rows = self._db.execute(
                "select note from kept where origin = ? and kind = ? order by size, n", (origin, COSIGNED)
            ).fetchall()
        yield from (note for (note,) in rows)

    @contextmanager
    def _used(self) -> Iterator[None]:
        try:
            with self._db:
                yield
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from None


def forks_in(folder: Path) -> list[Fork]:
    """The forks in the state of a witness that runs, stands still, or is retired; nothing is changed.

    Raises:
        StoreError: there is no state, or it cannot be read.
    """
    path = folder / FILE
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        try:
            return [Fork(first, second) for first, second in db.execute("select first, second from fork order by n")]
        finally:
            db.close()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from None


def _connected(path: Path) -> sqlite3.Connection:
    """Open the file so that what was committed stays after a power cut."""
    try:
        db = sqlite3.connect(path, check_same_thread=False, timeout=5)
        db.execute("pragma journal_mode = delete")
        db.execute("pragma synchronous = extra")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from None
    return db
