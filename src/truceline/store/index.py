"""What can be found faster than by reading the whole record? A projection in SQLite, thrown away at any doubt.

It holds nothing that the files do not say. `verify` makes it anew and compares.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from truceline.errors import StoreError
from truceline.store.cells import CellRow, check_sql

VERSION = 2
"""2: with the cells that entries name. One of another version is begun anew."""
_TABLES = f"""
create table if not exists entry (
  "index" integer primary key, type text not null, "by" text not null, sequence integer not null,
  leaf text not null, known_at integer
);
create table if not exists cell (
  "index" integer not null, field text not null,
  cell integer not null constraint coarse check (typeof(cell) = 'integer' and {check_sql()}),
  primary key ("index", field, cell)
) without rowid;
create table if not exists state (one integer primary key check (one = 1), data blob not null);
"""
Row = tuple[int, str, str, int, str, int | None]
"""Index, type, submitter, sequence, leaf hash, second at which it is known to have been in the log."""


class Index:
    """The index beside a log."""

    def __init__(self, path: Path) -> None:
        """Open it, or begin it anew when it is damaged or of another version."""
        self.path = path
        self._open: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let go of the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def state(self) -> bytes | None:
        """The state of the register that was kept last; None when none is, or the index is damaged."""
        try:
            with self._used() as db:
                found = db.execute("select data from state").fetchone()
        except StoreError:
            self._give_up()
            return None
        return found[0] if found is not None and isinstance(found[0], bytes) else None

    def put_state(self, data: bytes) -> None:
        """Keep a state of the register; a damaged index is thrown away instead: it never stops a log."""
        try:
            with self._used() as db:
                db.execute("insert or replace into state values (1, ?)", (data,))
        except StoreError:
            self._give_up()

    def rows(self) -> list[Row]:
        """Every entry, by index."""
        with self._used() as db:
            return list(db.execute('select * from entry order by "index"'))

    def holds(self, index: int) -> bool:
        """Whether an entry is in it."""
        with self._used() as db:
            return db.execute('select 1 from entry where "index" = ?', (index,)).fetchone() is not None

    def put_rows(self, rows: Iterable[Row]) -> None:
        """Add entries."""
        with self._used() as db:
            db.executemany("insert or replace into entry values (?, ?, ?, ?, ?, ?)", rows)

    def cells(self) -> list[CellRow]:
        """The cells that entries name openly, in order; the database keeps none that is finer than the floor."""
        with self._used() as db:
            return list(db.execute('select * from cell order by "index", field, cell'))

    def put_cells(self, rows: Iterable[CellRow]) -> None:
        """Add cells of entries.

        Raises:
            StoreError: the database refuses one: it is finer than the floor.
        """
        with self._used() as db:
            db.executemany("insert or replace into cell values (?, ?, ?)", rows)

    def throw_away(self) -> None:
        """Begin anew."""
        self.close()
        for name in (self.path.name, f"{self.path.name}-wal", f"{self.path.name}-shm"):
            (self.path.parent / name).unlink(missing_ok=True)

    def _give_up(self) -> None:
        """Throw it away if the disk lets us; if not, it is thrown away another time."""
        with suppress(OSError):
            self.throw_away()

    @contextmanager
    def _used(self) -> Iterator[sqlite3.Connection]:
        try:
            if self._open is None:
                self._open = self._begun()
            with self._open:
                yield self._open
        except (sqlite3.Error, UnicodeDecodeError) as error:  # damaged text is no error of the database's own
            self.close()
            raise StoreError(f"{self.path}: {error}: delete it, it is made anew") from None

    def _begun(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, check_same_thread=False)
        try:
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")
            version = db.execute("pragma user_version").fetchone()[0]
            if version not in (0, VERSION):
                db.close()
                self.throw_away()
                return self._begun()
            db.executescript(_TABLES)
            db.execute(f"pragma user_version = {VERSION}")
        except (sqlite3.Error, UnicodeDecodeError):
            db.close()
            raise
        return db
