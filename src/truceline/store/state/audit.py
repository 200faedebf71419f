"""Who read or changed what? Rows that are only ever added, each with the hash of the one before it.

A row that was changed, taken out or put in between shows. That the newest rows were cut off shows only to whoever noted
the last hash before. No payload, no address, no name of a person is in them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Column, Connection, LargeBinary, Table, Text, event, insert, select

from truceline.canon import canonical, sha256
from truceline.errors import Fault
from truceline.store.state.base import SCHEMA, Number, State, meta

audit = Table(
    "audit", meta,
    Column("index", Number, primary_key=True, autoincrement=False),
    Column("at", Number, nullable=False),
    Column("account", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)  # fmt: skip

_NEVER = (
    "create trigger audit_never_{0} before {0} on audit begin select raise(abort, 'an audit is only added to'); end"
)
_SERVER = (
    f"create or replace function {SCHEMA}.never() returns trigger language plpgsql as "
    "$$begin raise exception 'an audit is only added to'; end$$",
    f"create trigger never before update or delete or truncate on {SCHEMA}.audit "
    f"for each statement execute function {SCHEMA}.never()",
)


@event.listens_for(audit, "after_create")
def _guard(_table: Table, connection: Connection, **_: object) -> None:
    """Let the database itself refuse a change of what is only added to."""
    is_file = connection.dialect.name == "sqlite"
    for line in [_NEVER.format(what) for what in ("update", "delete")] if is_file else _SERVER:
        connection.exec_driver_sql(line)


START = bytes(32)
"""What stands in the place of the hash before the first row."""


@dataclass(frozen=True)
class Noted:
    """A row of the audit.

    Attributes:
        index: counted from 0.
        at: UTC second.
        account: id; empty for the public.
        role: one of `group.ROLES`; `host` for the command line of the machine that keeps the case.
        resource: such as `box`.
        action: such as `read`.
        about: an index of the record or a random id; never a value.
        hash: over this row and the hash of the one before.
    """

    index: int
    at: int
    account: str
    role: str
    resource: str
    action: str
    about: str
    hash: bytes = b""


def hash_of(row: Noted, before: bytes) -> bytes:
    """The hash of a row: SHA-256 over the hash before it and the canonical JSON of its values."""
    values = [row.index, row.at, row.account, row.role, row.resource, row.action, row.about]
    return bytes.fromhex(sha256(before + canonical(values)))


def note(state: State, at: int, *, account: str, role: str, resource: str, action: str, about: str = "") -> Noted:
    """Add a row; durable when it returns as far as the database is."""
    with state.begin() as db:
        state.in_turn(db)
        last = db.execute(select(audit.c.index, audit.c.hash).order_by(audit.c.index.desc()).limit(1)).first()
        index, before = (0, START) if last is None else (last[0] + 1, last[1])
        row = Noted(index, at, account, role, resource, action, about)
        made = Noted(index, at, account, role, resource, action, about, hash_of(row, before))
        db.execute(insert(audit).values(**vars(made)))
    return made


def rows(state: State, *, after: int = -1, limit: int = 1_000) -> list[Noted]:
    """The rows behind an index, in order."""
    asked = select(audit).where(audit.c.index > after).order_by(audit.c.index).limit(limit)
    with state.read() as db:
        return [Noted(**row._mapping) for row in db.execute(asked)]


def faults(found: Iterable[Noted], *, first: int = 0, before: bytes = START) -> list[Fault]:
    """What is wrong with rows in order: a gap, or a row that is not the one that was written.

    Args:
        found: the rows.
        first: index of the first of them.
        before: the hash of the row before that.
    """
    wrong, expected = [], first
    for row in found:
        if row.index != expected:
            wrong.append(Fault(f"row {expected} is missing", "audit"))
        elif row.hash != hash_of(row, before):
            wrong.append(Fault(f"row {row.index} is not the one that was written, or one before it is gone", "audit"))
        expected, before = row.index + 1, row.hash
    return wrong
