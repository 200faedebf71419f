"""What of the service's memory goes into a backup, and how does it come back? Tables, row by row, on any database.

Left out is what would open a door when it comes back: sessions, challenges, invitations that may have been used since;
and what belongs to one machine: its jobs, files in quarantine, and the count of its changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, insert, select

from truceline.errors import StoreError, quoted
from truceline.store.state.base import VERSION, State, meta

LEFT_OUT = frozenset({"session", "challenge", "invitation", "nonce", "job", "upload", "notice_turn", "version"})
AT_ONCE = 1_000

Rows = Iterator[Sequence[Any]]


def tables() -> tuple[str, ...]:
    """The tables that are copied, each after those it refers to."""
    return tuple(str(table.name) for table in meta.sorted_tables if table.name not in LEFT_OUT)


@contextmanager
def reading(state: State) -> Iterator[Connection]:
    """The memory as it is at one moment, however long it is read.

    Raises:
        StoreError: it cannot be read.
    """
    if state.is_file:
        with state.read() as db:
            yield db
        return
    with state.engine.connect().execution_options(isolation_level="REPEATABLE READ") as db:
        yield db


def rows_of(db: Connection, name: str) -> tuple[list[str], Rows]:
    """The columns of a table, and its rows."""
    table = meta.tables[f"{meta.schema}.{name}"]

    def rows() -> Rows:
        asked = select(table).order_by(*table.primary_key.columns)
        with db.execution_options(stream_results=True).execute(asked) as found:
            for row in found:
                yield tuple(row)

    return [str(column.name) for column in table.columns], rows()


def is_empty(state: State) -> bool:
    """Whether nothing is in any of these tables."""
    with state.read() as db:
        return not any(db.execute(select(meta.tables[f"{meta.schema}.{name}"]).limit(1)).first() for name in tables())


def fill(state: State, version: int, parts: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]) -> int:
    """Put rows into an empty memory, all of them or none; how many.

    Args:
        state: the memory; nothing is in it.
        version: of the tables that the rows come from.
        parts: name of a table, its columns, its rows.

    Raises:
        StoreError: another version, something is there already, or a table or column is not known.
    """
    if version != VERSION:
        raise StoreError(f"{state.where}: expected a memory of version {VERSION}, got {version}")
    if not is_empty(state):
        raise StoreError(f"{state.where}: expected an empty memory, for it would be mixed up")
    count = 0
    with state.begin() as db:
        for name, columns, rows in parts:
            table = meta.tables.get(f"{meta.schema}.{name}")
            if table is None or name in LEFT_OUT or not set(columns) <= set(table.columns.keys()):
                raise StoreError(f"{state.where}: no such table of the memory: {quoted(name)}")
            batch: list[dict[str, Any]] = []
            for row in rows:
                batch.append(dict(zip(columns, row, strict=True)))
                if len(batch) == AT_ONCE:
                    db.execute(insert(table), batch)
                    count, batch = count + len(batch), []
            if batch:
                db.execute(insert(table), batch)
                count += len(batch)
    return count
