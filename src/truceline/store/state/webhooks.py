"""Who wants to be told of what, and what was told already? Hooks, and their deliveries in the order of each hook.

A delivery holds an index and a type, never a body. The secrets by which deliveries are signed are not here: they follow
from a key of the machine (`desk.webhooks`), and a hook has only what tells its secret from that of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import RowMapping

from truceline.store.state.base import Number, State, meta

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"
STATES = (WAITING, DELIVERED, DEAD)

hooks = Table(
    "webhook", meta,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("events", Text, nullable=False),  # with blanks between
    Column("scheme", Text, nullable=False),
    Column("check", Text, nullable=False),
    Column("since", Number, nullable=False),
    Column("made_at", Number, nullable=False),
    Column("off", Text, nullable=False),
    Column("dead", Integer, nullable=False),
)  # fmt: skip
deliveries = Table(
    "delivery", meta,
    Column("id", Text, primary_key=True),
    Column("hook", Text, nullable=False),
    Column("number", Number, nullable=False),
    Column("event", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Number, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Float(53), nullable=False),
    Column("status", Integer, nullable=False),
    Column("error", Text, nullable=False),
)  # fmt: skip
Index("delivery_order", deliveries.c.hook, deliveries.c.number, unique=True)
Index("delivery_once", deliveries.c.hook, deliveries.c.event, deliveries.c.about, unique=True)
Index("delivery_waiting", deliveries.c.state, deliveries.c.hook, deliveries.c.number)
seen = Table(
    "webhook_seen", meta,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("entries", Number, nullable=False),
    Column("judged", Number, nullable=False),
)  # fmt: skip

behind = Table(
    "webhook_behind", meta,
    Column("hook", Text, primary_key=True),
    Column("entry", Number, nullable=False),
)  # fmt: skip
"""Hooks for which too much waits: from which entry on each is told when there is room again."""


@dataclass(frozen=True)
class Hook:
    """Where somebody wants to be told.

    Attributes:
        id: random.
        account: whose it is.
        url: of the receiver.
        events: types of what it wants to be told.
        scheme: how deliveries are signed.
        check: hash of its secret, to know it by.
        since: index of the first entry that it is told of.
        made_at: UTC second.
        off: why nothing is sent there any more; empty = something is.
        dead: how many deliveries in a row were given up.
    """

    id: str
    account: str
    url: str
    events: tuple[str, ...]
    scheme: str
    check: str
    since: int
    made_at: int
    off: str = ""
    dead: int = 0


@dataclass(frozen=True)
class Delivery:
    """Something to tell a hook.

    Attributes:
        id: random: the receiver knows by it what comes twice.
        hook: its id.
        event: its type; `about`: of what, so that nothing is told twice.
        body: as it is sent, each time alike.
        at: UTC second at which it was queued.
        number: in the order of the hook; given when it is queued.
        state: one of `STATES`.
        attempts: how often it was sent.
        due_at: UTC second before which it is not sent again.
        status: of the last answer; 0 = there was none.
        error: why the last attempt failed; empty = it did not.
    """

    id: str
    hook: str
    event: str
    about: str
    body: str
    at: int
    number: int = 0
    state: str = WAITING
    attempts: int = 0
    due_at: float = 0.0
    status: int = 0
    error: str = ""


# -- hooks -----------------------------------------------------------------------------------------------------------


def add(state: State, hook: Hook, *, most: int) -> bool:
    """Keep a hook, unless the account has so many already; tell whether it was kept."""
    with state.begin() as db:
        state.in_turn(db)
        if db.scalars(select(func.count()).where(hooks.c.account == hook.account)).one() >= most:
            return False
        db.execute(insert(hooks).values({**vars(hook), "events": " ".join(hook.events)}))
    return True


def of_account(state: State, account: str) -> list[Hook]:
    """The hooks of an account, the oldest first."""
    with state.read() as db:
        asked = select(hooks).where(hooks.c.account == account).order_by(hooks.c.made_at, hooks.c.id)
        return [_hook(row) for row in db.execute(asked).mappings()]


def active(state: State) -> list[Hook]:
    """The hooks to which something is sent."""
    with state.read() as db:
        return [_hook(row) for row in db.execute(select(hooks).where(hooks.c.off == "")).mappings()]


def find(state: State, hook: str) -> Hook | None:
    """A hook by its id; None = there is none."""
    with state.read() as db:
        row = db.execute(select(hooks).where(hooks.c.id == hook)).mappings().first()
    return None if row is None else _hook(row)


def drop(state: State, hook: str) -> None:
    """Forget a hook, and everything that it was told."""
    with state.begin() as db:
        db.execute(delete(deliveries).where(deliveries.c.hook == hook))
        db.execute(delete(behind).where(behind.c.hook == hook))
        db.execute(delete(hooks).where(hooks.c.id == hook))


def turn_off(state: State, hook: str, why: str) -> None:
    """Send nothing there any more; what waits is given up."""
    with state.begin() as db:
        _turn_off(db, hook, why)


def _turn_off(db: Connection, hook: str, why: str) -> None:
    db.execute(update(hooks).where(hooks.c.id == hook).values(off=why))
    waits = (deliveries.c.hook == hook, deliveries.c.state == WAITING)
    db.execute(update(deliveries).where(*waits).values(state=DEAD, error=why))


# -- deliveries ------------------------------------------------------------------------------------------------------


def cursor(state: State) -> tuple[int, int] | None:
    """Of how many entries, and of which state that was judged, hooks were told; None = of nothing yet."""
    with state.read() as db:
        row = db.execute(select(seen.c.entries, seen.c.judged)).first()
    return None if row is None else (int(row.entries), int(row.judged))


def queue(
    state: State, told: Iterable[Delivery], *, upto: tuple[int, int] | None, most_waiting: int, first: int | None = None
) -> set[str]:
    """Queue what is to be told, and note of how much that is, at once: nothing is told twice, and nothing is left out.

    Args:
        state: the memory of the service.
        told: in the order of each hook.
        upto: of so many entries, and of which state that was judged, hooks have been told then; None = as before.
        most_waiting: where so much waits for a hook, nothing more is queued.
        first: index of the first entry that is told of: such a hook is told from there on later; None = not at all.

    Returns:
        The hooks for which something was queued.
    """
    lines: dict[str, _Line] = {}
    with state.begin() as db:
        state.in_turn(db)
        for one in told:
            line = lines.get(one.hook) or lines.setdefault(one.hook, _line(db, one.hook))
            if line.waits >= most_waiting:
                if first is not None:
                    state.add_once(db, behind, {"hook": one.hook, "entry": first})
            elif state.add_once(db, deliveries, {**vars(one), "number": line.last + 1}):
                line.last, line.waits, line.is_new = line.last + 1, line.waits + 1, True
        if upto is not None:
            values = {"entries": upto[0], "judged": upto[1]}
            if not db.execute(update(seen).values(values)).rowcount:
                db.execute(insert(seen).values(one=1, **values))
    return {hook for hook, line in lines.items() if line.is_new}


def behind_of(state: State) -> dict[str, int]:
    """The hooks for which too much waited: from which entry on each is still to be told."""
    with state.read() as db:
        return {row.hook: int(row.entry) for row in db.execute(select(behind.c.hook, behind.c.entry))}


def go_on(state: State, hook: str, entry: int | None) -> None:
    """A hook that was behind was told of what came before an entry; None = of everything."""
    asked = delete(behind) if entry is None else update(behind).values(entry=entry)
    with state.begin() as db:
        db.execute(asked.where(behind.c.hook == hook))


def waits_for(state: State, hook: str) -> int:
    """How much waits for a hook."""
    with state.read() as db:
        return _line(db, hook).waits


@dataclass
class _Line:
    """How far the deliveries of a hook have come."""

    last: int
    waits: int
    is_new: bool = False


def _line(db: Connection, hook: str) -> _Line:
    of_hook = deliveries.c.hook == hook
    last = db.scalar(select(func.max(deliveries.c.number)).where(of_hook))
    waits = db.scalars(select(func.count()).where(of_hook, deliveries.c.state == WAITING)).one()
    return _Line(-1 if last is None else int(last), waits)


def next_of(state: State, hook: str) -> Delivery | None:
    """What is to be sent to a hook next: nothing overtakes; None = nothing waits."""
    waits = (deliveries.c.hook == hook, deliveries.c.state == WAITING)
    with state.read() as db:
        row = db.execute(select(deliveries).where(*waits).order_by(deliveries.c.number).limit(1)).mappings().first()
    return None if row is None else Delivery(**row)


def hooks_waiting(state: State) -> list[str]:
    """The hooks for which something waits."""
    with state.read() as db:
        return list(db.scalars(select(deliveries.c.hook).where(deliveries.c.state == WAITING).distinct()))


def delivered(state: State, one: Delivery, status: int) -> None:
    """It was taken."""
    with state.begin() as db:
        values = {"state": DELIVERED, "attempts": one.attempts + 1, "status": status, "error": ""}
        db.execute(update(deliveries).where(deliveries.c.id == one.id).values(values))
        db.execute(update(hooks).where(hooks.c.id == one.hook).values(dead=0))


def failed(state: State, one: Delivery, *, status: int, error: str, due_at: float | None, most_dead: int) -> None:
    """It was not taken.

    Args:
        state: the memory of the service.
        one: what was sent.
        status: of the answer; 0 = there was none.
        error: why.
        due_at: when it is sent again; None = it is given up.
        most_dead: a hook of which so many in a row were given up is turned off.
    """
    values = {"attempts": one.attempts + 1, "status": status, "error": error}
    values |= {"state": DEAD} if due_at is None else {"due_at": due_at}
    with state.begin() as db:
        db.execute(update(deliveries).where(deliveries.c.id == one.id).values(values))
        if due_at is None:
            db.execute(update(hooks).where(hooks.c.id == one.hook).values(dead=hooks.c.dead + 1))
            if (db.scalar(select(hooks.c.dead).where(hooks.c.id == one.hook)) or 0) >= most_dead:
                _turn_off(db, one.hook, f"{most_dead} deliveries in a row were given up")


def listed(state: State, hook: str, *, before: int | None, limit: int) -> Sequence[Delivery]:
    """What a hook was told, the newest first; only what came before a number, where one is given."""
    asked = select(deliveries).where(deliveries.c.hook == hook)
    if before is not None:
        asked = asked.where(deliveries.c.number < before)
    with state.read() as db:
        return [
            Delivery(**row) for row in db.execute(asked.order_by(deliveries.c.number.desc()).limit(limit)).mappings()
        ]


def forget(state: State, before: int) -> int:
    """Drop what was delivered or given up and queued before a moment; how many."""
    ended = (deliveries.c.state != WAITING, deliveries.c.at < before)
    with state.begin() as db:
        return int(db.execute(delete(deliveries).where(*ended)).rowcount)


def _hook(row: RowMapping) -> Hook:
    return Hook(**{**row, "events": tuple(row["events"].split())})
