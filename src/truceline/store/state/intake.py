"""What waits at the intake desk? Sealed boxes under random ids: nothing here says what, whose, when, or in which order.

What is in a box, and in which state it is, only the vault can open. A box is as long as every other. Rows lie by id and
not in the order in which they came; whoever writes one writes others anew beside it (`put`), in an order by chance, so
that neither the place of a row nor the number of its transaction tells which came last.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, LargeBinary, Table, Text, delete, func, insert, select

from truceline.store.state.base import State, meta

report = Table(
    "intake_report", meta,
    Column("id", Text, primary_key=True),
    Column("box", LargeBinary, nullable=False),
    sqlite_with_rowid=False,  # a row's number would be its turn
)  # fmt: skip


def put(state: State, boxes: Sequence[tuple[str, bytes]]) -> None:
    """Write boxes anew, all or none, in the order given.

    Args:
        state: the memory of the service.
        boxes: ids, each once, and what they hold now.
    """
    with state.begin() as db:
        db.execute(delete(report).where(report.c.id.in_([one for one, _ in boxes])))
        db.execute(insert(report), [{"id": one, "box": box} for one, box in boxes])


def get(state: State, one: str) -> bytes | None:
    """The box of an id; None when there is none."""
    with state.read() as db:
        return db.scalar(select(report.c.box).where(report.c.id == one))


def ids(state: State) -> list[str]:
    """Every id, sorted: the order says nothing."""
    with state.read() as db:
        return list(db.scalars(select(report.c.id).order_by(report.c.id)))


def near(state: State, one: str, most: int) -> list[str]:
    """Ids behind one, around the end: where that one is chosen by chance, so are they."""
    asked = select(report.c.id).order_by(report.c.id).limit(most)
    with state.read() as db:
        found = list(db.scalars(asked.where(report.c.id > one)))
        if len(found) < most:
            found += db.scalars(select(report.c.id).order_by(report.c.id).limit(most - len(found)))
    return list(dict.fromkeys(found))


def count(state: State) -> int:
    """How many there are."""
    with state.read() as db:
        return int(db.scalar(select(func.count()).select_from(report)) or 0)


def drop(state: State, one: str) -> None:
    """Forget a box; nothing happens when it is not there."""
    with state.begin() as db:
        db.execute(delete(report).where(report.c.id == one))
