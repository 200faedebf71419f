"""Who read a restricted body, and who changed accounts, approvals and logins? Noted here, in one chain of rows.

A row names an account, what it did, and an index of the record or a random id; never a body, an address or a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from truceline.desk.viewers import Viewer
from truceline.errors import Fault
from truceline.store.state import State, audit

HOST = Viewer(role="host")
"""The command line of the machine that keeps the case."""

_AT_ONCE = 10_000


@dataclass(frozen=True)
class Chain:
    """Whether the rows are those that were written.

    Attributes:
        rows: how many there are.
        head: hash of the newest, to be noted elsewhere: that rows behind it were cut off shows by nothing else.
        faults: what is wrong.
    """

    rows: int
    head: str
    faults: tuple[Fault, ...]


def note(state: State, viewer: Viewer, now: int, resource: str, action: str, *, about: object = "") -> None:
    """Note what somebody read or changed.

    Args:
        state: of the service.
        viewer: who.
        now: UTC second.
        resource: as in `group.may_do`.
        action: likewise.
        about: an index of the record or a random id; never a value.
    """
    audit.note(state, now, account=viewer.account, role=viewer.role, resource=resource, action=action, about=str(about))


def rows(state: State, *, after: int = -1, limit: int = 1_000) -> list[dict[str, Any]]:
    """The rows behind an index, as they are shown."""
    return [{**vars(row), "hash": row.hash.hex()} for row in audit.rows(state, after=after, limit=limit)]


def every(state: State, after: int = -1) -> Iterator[dict[str, Any]]:
    """Every row behind an index, some at a time."""
    while some := rows(state, after=after, limit=_AT_ONCE):
        yield from some
        after = some[-1]["index"]


def chain(state: State) -> Chain:
    """Go through every row, some at a time."""
    found, count, before = list[Fault](), 0, audit.START
    after = -1
    while some := audit.rows(state, after=after, limit=_AT_ONCE):
        found += audit.faults(some, first=after + 1, before=before)
        count, after, before = count + len(some), some[-1].index, some[-1].hash
    return Chain(count, before.hex(), tuple(found))
