"""Where is a log kept on a server? In tables of PostgreSQL that the program can add to and cannot change.

The same promises as those of the files (`store.files`): what returned is durable. Beyond them:

- One sequencer. Its session holds an advisory lock, and every write goes through that session and asks whether the lock
  is still held: a connection that was lost is a lock that was lost, and nothing is written through another one.
- The head moves by compare-and-swap: each head is a row of its own, and two successors of one head are one too many.
- The role that the program runs as may not change or delete what is the truth; `writer` refuses a role that may.

Readers need no lock, and cannot write.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.exc import SQLAlchemyError

from truceline.canon import sha256
from truceline.errors import StoreError, VerificationError, one_line, quoted
from truceline.record.log import Refused
from truceline.record.register import Register
from truceline.record.tiles import ENTRIES, WIDTH, bundle_of, parse_path
from truceline.record.tree import leaf_hash
from truceline.store.files import cosignature_path
from truceline.store.server import tables as t
from truceline.store.server.link import address, engine, place, told

AT_ONCE = 1_024
"""So many entries are fetched at a time."""

_LOCK = (0x54434C4E, 1)
_TAKE = sql(f"select pg_try_advisory_lock({_LOCK[0]}, {_LOCK[1]})")
_RELEASE = sql(f"select pg_advisory_unlock({_LOCK[0]}, {_LOCK[1]})")
_HELD = sql(  # two numbers of our own are put in
    "select exists (select from pg_locks where locktype = 'advisory' and granted and pid = pg_backend_pid()"  # noqa: S608
    " and database = (select oid from pg_database where datname = current_database())"
    f" and classid = {_LOCK[0]} and objid = {_LOCK[1]} and objsubid = 2)"
)
_ADD = sql(
    f'insert into {t.SCHEMA}.entry ("index", bytes, leaf)'  # noqa: S608  # a name of our own
    " select cast(:first as bigint) + n - 1, b, l"
    " from unnest(cast(:bytes as bytea[]), cast(:leaves as bytea[])) with ordinality as given (b, l, n)"
)
_DESTROY = sql(f"select {t.SCHEMA}.destroy_blob(:digest)")
_KNOWN = sql(f"select version_num from {t.SCHEMA}.alembic_version")  # noqa: S608  # a name of our own
_DURABLE = sql("select name from pg_settings where name in ('fsync', 'full_page_writes') and setting <> 'on'")
_MAY_CHANGE = sql(
    "select n from unnest(cast(:names as text[])) as given (n)"
    " where has_any_column_privilege(n, 'update') or has_table_privilege(n, 'delete, truncate, trigger')"
)


class ServerStore:
    """A log in PostgreSQL, and the tables of a case beside it.

    INVARIANT: everything of the log is written through `_session`, and only while that session holds the lock.
    """

    def __init__(self, url: str) -> None:
        """Look into a database.

        Raises:
            StoreError: it cannot be reached, or its tables are not those of this version.
        """
        self._url = address(url)
        self.where = place(self._url)
        self._readers = engine(self._url, is_reader=True)
        weakref.finalize(self, self._readers.dispose)  # whoever forgets to close it leaves no connection open
        self._session: Connection | None = None
        self._is_together = False
        self._turn = threading.RLock()
        self._check_version()

    def _check_version(self) -> None:
        try:
            with told(self._url), self._readers.connect() as connection:
                is_there = connection.scalar(select(func.to_regclass(f"{t.SCHEMA}.alembic_version")))
                version = connection.scalar(_KNOWN) if is_there else None
        except StoreError:
            self.close()
            raise
        if version != t.VERSION:
            self.close()
            got = "none" if version is None else f"version {quoted(version)}"
            raise StoreError(
                f"{self.where}: expected the tables of version {t.VERSION}, got {got}: "
                "its owner makes them with `python -m truceline.store.server`"
            )

    @contextmanager
    def writer(self) -> Iterator[None]:
        """The lock of the one writer: held as long as its session lives.

        Raises:
            StoreError: another writer holds it; or what is written here would not be durable, or could be changed.
        """
        wires = engine(self._url, is_reader=False)
        try:
            with told(self._url):
                session = wires.connect()
            try:
                self._check_session(session)
                self._session = session
                try:
                    yield
                finally:
                    self._session = None
                    self._release(session)
            finally:
                with told(self._url):
                    session.invalidate()  # the session ends, and with it the lock, if it is still held
                    session.close()
        finally:
            wires.dispose()

    def _check_session(self, session: Connection) -> None:
        names = [f"{t.SCHEMA}.{name}" for name in t.TRUTH]
        with told(self._url), session.begin():
            may = session.execute(_MAY_CHANGE, {"names": names}).scalars().all()
            loose = session.execute(_DURABLE).scalars().all()
            is_first = session.scalar(_TAKE)
        if may:
            who = quoted(self._url.username or "")
            raise StoreError(f"{self.where}: the role {who} may change {may[0]}: expected one that can only add")
        if loose:
            raise StoreError(f"{self.where}: `{loose[0]}` is off: what is written there is not durable")
        if not is_first:
            raise StoreError(f"{self.where}: another writer is at work here")

    def _release(self, session: Connection) -> None:
        """Give the lock back at once: the server may take a moment to see that a session has ended."""
        with suppress(SQLAlchemyError):  # of a session that is lost there is nothing to give back
            session.rollback()
            session.execute(_RELEASE)
            session.commit()

    def close(self) -> None:
        """Let go of the connections of readers."""
        self._readers.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with told(self._url), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction of the one writer; durable when it was left without an error."""
        with self._turn, told(self._url):
            session = self._session
            if session is None:
                raise StoreError(f"{self.where}: nothing is written without the lock of the one writer")
            if self._is_together:
                yield session
                return
            with session.begin():
                if not self._is_held(session):
                    raise StoreError(f"{self.where}: the lock of the one writer was lost, with its connection")
                yield session

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write everything inside in one transaction: durable when it was left without an error, all of it or none."""
        with self._turn, self._writing():
            self._is_together = True
            try:
                yield
            finally:
                self._is_together = False

    def _is_held(self, session: Connection) -> bool:
        return bool(session.scalar(_HELD))

    # -- beside the log ------------------------------------------------------------------------------------------------

    @contextmanager
    def _beside(self) -> Iterator[Connection]:
        """A transaction of its own, without the lock: whatever is written so stands alone, under a name of its own."""
        wires = engine(self._url, is_reader=False)
        try:
            with told(self._url), wires.begin() as connection:
                yield connection
        finally:
            wires.dispose()

    def evidence_names(self) -> list[str]:
        """The names of the files of tables of evidence, sorted."""
        with self._reading() as db:
            return list(db.scalars(select(t.evidence_file.c.name).order_by(t.evidence_file.c.name)))

    def evidence_file(self, name: str) -> bytes | None:
        """The bytes of a file of a table of evidence, as they lie there; None when there is none."""
        with self._reading() as db:
            return db.scalar(select(t.evidence_file.c.bytes).where(t.evidence_file.c.name == name))

    def put_evidence_file(self, name: str, data: bytes) -> None:
        """Keep one; the database refuses bytes of another hash than its name says. The same again is no change."""
        with self._beside() as db:
            db.execute(insert_once(t.evidence_file).values(name=name, bytes=data).on_conflict_do_nothing())

    def projection(self, name: str) -> bytes | None:
        """What was computed and kept under a name; None when nothing was."""
        with self._reading() as db:
            return db.scalar(select(t.projection.c.bytes).where(t.projection.c.name == name))

    def put_projection(self, name: str, data: bytes) -> None:
        """Keep what was computed, in the place of what stood there."""
        with self._beside() as db:
            kept = insert_once(t.projection).values(name=name, bytes=data)
            db.execute(kept.on_conflict_do_update(index_elements=["name"], set_={"bytes": data}))

    # -- head and notes ------------------------------------------------------------------------------------------------

    def head(self) -> bytes | None:
        """The newest checkpoint; None before the first."""
        with self._reading() as db:
            return db.scalar(select(t.head.c.note).order_by(t.head.c.seq.desc()).limit(1))

    def swap_head(self, old: bytes | None, new: bytes) -> None:
        """Put a new head in place of the old one: the next row, which only one can insert.

        Raises:
            StoreError: another head stands there: somebody else writes.
        """
        size = int(new.split(b"\n", 2)[1])
        with self._writing() as db:
            newest = db.execute(select(t.head.c.seq, t.head.c.note).order_by(t.head.c.seq.desc()).limit(1)).first()
            if (None if newest is None else newest.note) != old:
                raise StoreError(f"{self.where}: another head stands there: another writer is at work")
            seq = 0 if newest is None else newest.seq + 1
            db.execute(insert(t.head).values(seq=seq, size=size, note=new))

    def note(self, size: int) -> bytes | None:
        """The checkpoint of a size."""
        with self._reading() as db:
            return db.scalar(select(t.note.c.bytes).where(t.note.c.size == size))

    def put_note(self, size: int, data: bytes) -> None:
        """Keep a checkpoint; the same again is no change.

        Raises:
            StoreError: another one of this size stands there.
        """
        with self._writing() as db:
            db.execute(insert_once(t.note).values(size=size, bytes=data).on_conflict_do_nothing())
            if db.scalar(select(t.note.c.bytes).where(t.note.c.size == size)) != data:
                raise StoreError(f"{self.where}: note {size}: other bytes stand there already")

    def notes(self, since: int = 0) -> list[int]:
        """The sizes of the checkpoints of `since` entries and more, ascending."""
        with self._reading() as db:
            size = t.note.c.size
            return list(db.scalars(select(size).where(size >= since).order_by(size)))

    def cosignatures(self, size: int) -> list[str]:
        """The cosignature lines on the checkpoint of a size."""
        with self._reading() as db:
            found = t.cosignature.c
            return list(db.scalars(select(found.line).where(found.size == size).order_by(found.key)))

    def noted_from(self, size: int, most: int = AT_ONCE) -> dict[int, bytes]:
        """The checkpoints of `size` entries and more with the cosignatures on them, by size ascending: so many."""
        notes, lines = t.note.c, t.cosignature.c
        asked = select(notes.size, notes.bytes).where(notes.size >= size).order_by(notes.size).limit(most)
        with self._reading() as db:
            found: dict[int, bytes] = {row[0]: row[1] for row in db.execute(asked)}
            beside = select(lines.size, lines.line).where(lines.size.between(size, max(found, default=size)))
            for row in db.execute(beside.order_by(lines.size, lines.key)):
                if row[0] in found:
                    found[row[0]] += row[1].encode()
        return found

    def put_cosignature(self, size: int, line: str) -> None:
        """Keep one cosignature line: the first of each key, which says the earliest time."""
        key = cosignature_path(size, line).rpartition(".")[2]
        row = {"size": size, "key": key, "line": f"{line.rstrip()}\n"}
        with self._writing() as db:
            db.execute(insert_once(t.cosignature).values(row).on_conflict_do_nothing())

    # -- entries -------------------------------------------------------------------------------------------------------

    def durable(self) -> int:
        """How many entries are durable.

        Raises:
            VerificationError: one among them is missing.
        """
        with self._reading() as db:
            count, last = db.execute(select(func.count(), func.max(t.entry.c.index))).one()
        if count and last != count - 1:
            raise VerificationError(f"{self.where}: entry {last} is there, {last + 1 - count} before it are missing")
        return int(count)

    def append(self, first: int, entries: Sequence[bytes]) -> None:
        """Keep entries from index `first` on: all of them, or none; durable on return.

        Raises:
            StoreError: that is not the next index, the lock was lost, or the server refuses.
        """
        with self._writing() as db:
            last = db.scalar(select(func.max(t.entry.c.index)))
            expected = 0 if last is None else last + 1
            if first != expected:
                raise StoreError(f"{self.where}: expected the entry {expected} next, got {first}")
            leaves = [leaf_hash(data) for data in entries]
            db.execute(_ADD, {"first": first, "bytes": list(entries), "leaves": leaves})

    def entries(self, first: int, last: int) -> Iterator[bytes]:
        """The entries from `first` to before `last`, some at a time; no connection is held in between."""
        for at in range(first, last, AT_ONCE):
            expected = at
            for index, data, leaf in self.rows(at, min(at + AT_ONCE, last)):
                if index != expected:
                    break
                if leaf_hash(data) != leaf:
                    raise VerificationError(f"{self.where}: entry {index}: its bytes are not those that were hashed")
                yield data
                expected += 1
            if expected < min(at + AT_ONCE, last):
                raise VerificationError(f"{self.where}: entry {expected} is missing")

    def rows(self, first: int, last: int) -> list[tuple[int, bytes, bytes]]:
        """Index, bytes and leaf hash of the entries that are there, as they lie there."""
        found = t.entry.c
        asked = select(found.index, found.bytes, found.leaf).where(found.index >= first, found.index < last)
        with self._reading() as db:
            return [(row[0], row[1], row[2]) for row in db.execute(asked.order_by(found.index))]

    def settle(self, size: int) -> None:
        """Entries are kept once, so there is nothing to drop."""

    # -- tiles and blobs -----------------------------------------------------------------------------------------------

    def tile(self, path: str) -> bytes:
        """A full tile; a bundle is made of the entries themselves.

        Raises:
            VerificationError: it is missing.
        """
        level, n, _ = parse_path(path)
        if level == ENTRIES:
            return bundle_of(list(self.entries(n * WIDTH, (n + 1) * WIDTH)))
        found = self.tile_there(path)
        if found is None:
            raise VerificationError(f"{self.where}: {path}: is missing")
        return found

    def tile_there(self, path: str) -> bytes | None:
        """A full tile of hashes as it lies there; None when there is none."""
        with self._reading() as db:
            return db.scalar(select(t.tile.c.bytes).where(t.tile.c.path == path))

    def put_tiles(self, files: Mapping[str, bytes]) -> None:
        """Keep full tiles; entries are there already, and bundles of them are not kept a second time.

        Raises:
            VerificationError: another tile of that name stands there.
        """
        rows = [{"path": path, "bytes": data} for path, data in files.items() if parse_path(path)[0] != ENTRIES]
        if not rows:
            return
        with self._writing() as db:
            db.execute(insert_once(t.tile).on_conflict_do_nothing(), rows)
            asked = select(t.tile.c.path, t.tile.c.bytes).where(t.tile.c.path.in_([row["path"] for row in rows]))
            for path, data in db.execute(asked):
                if data != files[path]:
                    raise VerificationError(f"{self.where}: {path}: other hashes stand there than its entries have")

    def blob(self, digest: str) -> bytes:
        """The bytes of this SHA-256, checked.

        Raises:
            VerificationError: they are missing or others.
        """
        data = self.blob_there(digest)
        if data is None:
            raise VerificationError(f"{self.where}: blob {digest}: is missing")
        if sha256(data) != digest:
            raise VerificationError(f"{self.where}: blob {digest}: not the bytes that were put there")
        return data

    def blob_there(self, digest: str) -> bytes | None:
        """A blob as it lies there; None when there is none."""
        with self._reading() as db:
            return db.scalar(select(t.blob.c.bytes).where(t.blob.c.sha256 == bytes.fromhex(digest)))

    def has_blob(self, digest: str) -> bool:
        """Whether they are here."""
        with self._reading() as db:
            asked = select(t.blob.c.sha256).where(t.blob.c.sha256 == bytes.fromhex(digest))
            return db.scalar(asked) is not None

    def put_blob(self, digest: str, data: bytes) -> None:
        """Keep them; the database refuses bytes of another hash."""
        with self._writing() as db:
            row = {"sha256": bytes.fromhex(digest), "bytes": data}
            db.execute(insert_once(t.blob).values(row).on_conflict_do_nothing())

    def drop_blob(self, digest: str) -> None:
        """Destroy them. Until VACUUM the table, and longer the server's log and backups, may keep the bytes."""
        with self._writing() as db:
            db.execute(_DESTROY, {"digest": bytes.fromhex(digest)})

    # -- what is not the truth -----------------------------------------------------------------------------------------

    def refuse(self, refused: Sequence[Refused]) -> None:
        """Note what was refused."""
        rows = [{"at": one.at, "leaf": one.leaf, "why": one_line(one.why)} for one in refused]
        with self._writing() as db:
            db.execute(insert(t.refusal), rows)

    def refused(self) -> list[dict[str, object]]:
        """What was refused, in order."""
        found = t.refusal.c
        with self._reading() as db:
            rows = db.execute(select(found.at, found.leaf, found.why).order_by(found.id)).all()
        return [{"at": row.at, "leaf": row.leaf, "why": row.why} for row in rows]

    def state(self) -> bytes | None:
        """The state of the register that was kept last."""
        with self._reading() as db:
            return db.scalar(select(t.state.c.data))

    def put_state(self, data: bytes) -> None:
        """Keep a state of the register, and the keys of the parties as others may want to look them up."""
        register = Register.load(data)
        keys = [
            {"id": name, "party": one.party, "public": one.public, "start": one.start, "end": one.end,
             "contested_from": one.contested_from}
            for name, one in register.keys.items()
        ]  # fmt: skip
        row = {"size": register.size, "data": data}
        with self._writing() as db:
            kept = insert_once(t.state).values(one=1, **row)
            db.execute(kept.on_conflict_do_update(index_elements=["one"], set_=row))
            db.execute(delete(t.party_key))
            if keys:
                db.execute(insert(t.party_key), keys)
