"""What waits for a second person? Signed entries, held byte by byte until they are approved, refused or over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Column, LargeBinary, Row, Table, Text, case, delete, insert, select, update

from truceline.store.state.base import Number, State, meta

WAITING, APPROVED, TAKEN, REFUSED, EXPIRED, FAILED = "waiting", "approved", "taken", "refused", "expired", "failed"
"""How a held entry stands: `approved` until the record answered, then `taken` by it, or `failed`."""

MOST_LISTED = 1_000
"""So many are listed at once: those that wait come first."""

held = Table(
    "held", meta,
    Column("id", Text, primary_key=True),
    Column("leaf", LargeBinary, nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("files", LargeBinary, nullable=False),
    Column("parties", Text, nullable=False),  # ids of those that signed, with blanks between
    Column("account", Text, nullable=False),
    Column("made_at", Number, nullable=False),
    Column("expires", Number, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", Number, nullable=False),
    Column("note", Text, nullable=False),
    Column("index", Number, nullable=False),  # of the entry in the record; -1 = it is not there
)  # fmt: skip


@dataclass(frozen=True)
class Held:
    """An entry that waits, or waited.

    Attributes:
        id: random.
        leaf: its leaf hash.
        type: of the statement.
        entry: its bytes, as they were signed; only as `find` gives it.
        parties: that signed it.
        account: that submitted it.
        made_at: UTC second.
        expires: UTC second from which it is dropped.
        state: one of those above.
        decided_by: the account that approved or refused it; empty before, and when time did.
        decided_at: UTC second; 0 before.
        note: why it was refused, or why the record did not take it.
        index: of the entry in the record; -1 = it is not there.
        files: what came beside it, by hash; only as `find` gives it.
    """

    id: str
    leaf: bytes
    type: str
    entry: bytes
    parties: tuple[str, ...]
    account: str
    made_at: int
    expires: int
    state: str = WAITING
    decided_by: str = ""
    decided_at: int = 0
    note: str = ""
    index: int = -1
    files: Mapping[str, bytes] = field(default_factory=dict)


def hold(state: State, one: Held) -> Held:
    """Keep an entry; when the same one waits already, that one is given back."""
    row = {**vars(one), "parties": " ".join(one.parties), "files": msgspec.msgpack.encode(one.files)}
    with state.begin() as db:
        state.in_turn(db)
        found = db.execute(select(held).where(held.c.leaf == one.leaf, held.c.state == WAITING)).first()
        if found is None:
            db.execute(insert(held).values(**row))
    return one if found is None else _held(found)


def find(state: State, name: str) -> Held | None:
    """A held entry with its files."""
    with state.read() as db:
        found = db.execute(select(held).where(held.c.id == name)).first()
    return None if found is None else _held(found)


def listed(state: State, *, account: str = "", only: str = "") -> list[Held]:
    """Held entries without their bytes and files, oldest first: all that wait, and of the others the last.

    Args:
        state: where.
        account: only those that it submitted; empty = all.
        only: only of this state; empty = of any.
    """
    columns = [column for column in held.c if column.name not in ("entry", "files")]
    is_over = case((held.c.state == WAITING, 0), else_=1)
    asked = select(*columns).order_by(is_over, held.c.made_at.desc(), held.c.id.desc()).limit(MOST_LISTED)
    asked = asked.where(held.c.account == account) if account else asked
    asked = asked.where(held.c.state == only) if only else asked
    with state.read() as db:
        found = [_held(row) for row in db.execute(asked)]
    return sorted(found, key=lambda one: (one.made_at, one.id))


def move(state: State, name: str, before: str, after: str, **changes: str | int) -> bool:
    """Bring a held entry from one state to another; tell whether it was in that state: only one can do this.

    Args:
        state: where.
        name: of the held entry.
        before: its state.
        after: its state from now on.
        changes: `decided_by`, `decided_at`, `note`, `index`. What is over loses its files.
    """
    values = {**changes, "state": after, **({} if after in (WAITING, APPROVED) else {"files": _NONE})}
    with state.begin() as db:
        asked = update(held).where(held.c.id == name, held.c.state == before).values(**values)
        return bool(db.execute(asked).rowcount)


def expire(state: State, now: int) -> list[str]:
    """Drop what waited too long; give the ids."""
    asked = select(held.c.id).where(held.c.state == WAITING, held.c.expires <= now)
    with state.read() as db:
        over = list(db.scalars(asked))
    note = "nobody approved it in time"
    return [name for name in over if move(state, name, WAITING, EXPIRED, decided_at=now, note=note)]


def forget(state: State, before: int) -> int:
    """Drop what was decided or over before a moment; how many. What waits, or may have to be approved again, stays."""
    ended = (held.c.state.not_in((WAITING, APPROVED)), held.c.decided_at < before)
    with state.begin() as db:
        return int(db.execute(delete(held).where(*ended)).rowcount)


_NONE = msgspec.msgpack.encode({})


def _held(row: Row[tuple[object, ...]]) -> Held:
    found = dict(row._mapping)
    found["parties"] = tuple(found["parties"].split())
    found.setdefault("entry", b"")
    found["files"] = msgspec.msgpack.decode(found.get("files", _NONE), type=dict[str, bytes])
    return Held(**found)
