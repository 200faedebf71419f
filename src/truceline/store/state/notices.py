"""What lies in the desk's notice book? Sealed boxes under ids by chance: nothing here says what, whose, or where.

What is in a box only the vault of the desk can open (`desk.notebook`). `turn` counts the changes, so that whoever has
read the book reads only what changed since. INVARIANT: no turn is given twice, whatever is forgotten in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from truceline.store.state.base import Number, State, meta

notice = Table(
    "notice", meta,
    Column("id", Text, primary_key=True),
    Column("turn", Number, nullable=False, index=True),
    Column("box", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip

last_turn = Table(
    "notice_turn", meta,
    Column("one", SmallInteger, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
    Column("turn", Number, nullable=False),
)  # fmt: skip
"""The last turn that was given; it goes into no backup: the next one is above every box in any case."""

AT_ONCE = 500


def put(state: State, boxes: Mapping[str, bytes]) -> None:
    """Write boxes, all or none; one of an id that is there takes its place."""
    with state.begin() as db:
        state.in_turn(db)
        turn = _next_turn(state, db)
        ids = list(boxes)
        for first in range(0, len(ids), AT_ONCE):
            part = ids[first : first + AT_ONCE]
            db.execute(delete(notice).where(notice.c.id.in_(part)))
            db.execute(insert(notice), [{"id": one, "turn": turn, "box": boxes[one]} for one in part])


def _next_turn(state: State, db: Connection) -> int:
    """The turn after the last one, also where the box that bore the last one is gone."""
    db.execute(state.once(last_turn), [{"one": 1, "turn": 0}])
    found = (db.scalar(select(last_turn.c.turn)), db.scalar(select(func.max(notice.c.turn))))
    turn = max(int(one or 0) for one in found) + 1
    db.execute(update(last_turn).values(turn=turn))
    return turn


def get(state: State, one: str) -> bytes | None:
    """The box of an id; None when there is none."""
    with state.read() as db:
        return db.scalar(select(notice.c.box).where(notice.c.id == one))


def since(state: State, turn: int) -> tuple[int, int, list[tuple[str, bytes]]]:
    """What changed after a turn: how many boxes there are, the last turn, and ids with their boxes, by id."""
    with state.read() as db:
        count, last = db.execute(select(func.count(), func.max(notice.c.turn))).one()
        found = db.execute(select(notice.c.id, notice.c.box).where(notice.c.turn > turn).order_by(notice.c.id))
        return int(count), int(last or 0), [(str(one), bytes(box)) for one, box in found]


def drop(state: State, ids: Sequence[str]) -> None:
    """Forget boxes; nothing happens to those that are not there."""
    with state.begin() as db:
        for first in range(0, len(ids), AT_ONCE):
            db.execute(delete(notice).where(notice.c.id.in_(list(ids[first : first + AT_ONCE]))))


def count(state: State) -> int:
    """How many there are."""
    with state.read() as db:
        return int(db.scalar(select(func.count()).select_from(notice)) or 0)
