"""Which files wait in quarantine, whose are they, and what became of them? The files themselves lie beside, on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Table, Text, func, insert, select, update
from sqlalchemy.engine import RowMapping

from truceline.store.state.base import Number, State, meta

GIVEN, WAITING, TAKEN, REFUSED, ADDED, FAILED = "given", "waiting", "taken", "refused", "added", "failed"
STATES = (GIVEN, WAITING, TAKEN, REFUSED, ADDED, FAILED)
"""`given` by the desk itself, or offered and `waiting`; `taken` to be read, or `refused`; then `added`, or `failed`."""

OPEN = (GIVEN, WAITING, TAKEN)
"""Of these the file is still there."""

table = Table(
    "upload", meta,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", Number, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("at", Number, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("job", Text, nullable=False),
)  # fmt: skip


@dataclass(frozen=True)
class Upload:
    """A file that somebody sent.

    Attributes:
        id: random; the name under which the file lies in quarantine.
        owner: account that sent it.
        party: for whom that account speaks; empty for none.
        name: as it was given, made harmless.
        size: bytes; `sha256`: of them.
        at: UTC second at which it was whole.
        state: one of `STATES`.
        why: in words, where it was refused or failed.
        job: that reads it; empty = none does.
    """

    id: str
    owner: str
    party: str
    name: str
    size: int
    sha256: str
    at: int
    state: str
    why: str
    job: str


def add(state: State, upload: Upload, *, most_waiting: int) -> bool:
    """Keep the row of a file that is whole.

    Args:
        state: the memory of the service.
        upload: the row.
        most_waiting: how many offers of one account may wait.

    Returns:
        Whether it was kept: nobody fills the desk with offers.
    """
    with state.begin() as db:
        state.in_turn(db)
        if upload.state == WAITING:
            asked = select(func.count()).where(table.c.owner == upload.owner, table.c.state == WAITING)
            if db.scalars(asked).one() >= most_waiting:
                return False
        db.execute(insert(table).values(vars(upload)))
    return True


def find(state: State, upload: str) -> Upload | None:
    """A file by its id; None = there is none."""
    with state.read() as db:
        row = db.execute(select(table).where(table.c.id == upload)).mappings().first()
    return None if row is None else _upload(row)


def listed(
    state: State, *, owner: str | None = None, states: Sequence[str] = STATES, limit: int = 1000
) -> list[Upload]:
    """Files, the newest first.

    Args:
        state: the memory of the service.
        owner: of one account; None = of everybody.
        states: in one of these states.
        limit: how many at the most.
    """
    asked = select(table).where(table.c.state.in_(states)).order_by(table.c.at.desc(), table.c.id).limit(limit)
    if owner is not None:
        asked = asked.where(table.c.owner == owner)
    with state.read() as db:
        return [_upload(row) for row in db.execute(asked).mappings()]


def note_job(state: State, upload: str, job: str) -> None:
    """Note which job reads a file."""
    with state.begin() as db:
        db.execute(update(table).where(table.c.id == upload).values(job=job))


def move(state: State, upload: str, *, before: Sequence[str], after: str, why: str = "") -> bool:
    """Bring a file from one state to another, once.

    Args:
        state: the memory of the service.
        upload: its id.
        before: states in which it may be.
        after: the state in which it is then.
        why: in words.

    Returns:
        Whether it was in one of those states.
    """
    values = {"state": after, "why": why}
    with state.begin() as db:
        moved = db.execute(update(table).where(table.c.id == upload, table.c.state.in_(before)).values(values))
    return moved.rowcount == 1


def _upload(row: RowMapping) -> Upload:
    return Upload(**row)
