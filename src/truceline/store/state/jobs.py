"""Which work is waiting, running or done? One row for each job, so that it survives a restart.

A row holds what the job was given and what came of it: names and numbers, never a body, a person or a secret.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    Integer,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import RowMapping

from truceline.store.state.base import State, meta

QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"
STATES = (QUEUED, RUNNING, DONE, FAILED)

table = Table(
    "job", meta,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("args", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("queued_at", Float(53), nullable=False),
    Column("due_at", Float(53), nullable=False),
    Column("ended_at", Float(53)),
    Column("done", Integer, nullable=False),
    Column("of", Integer, nullable=False),
    Column("doing", Text, nullable=False),
    Column("result", Text),
    Column("error", Text, nullable=False),
)  # fmt: skip
Index("job_due", table.c.state, table.c.due_at)
Index(
    "job_queued_key", table.c.key, unique=True,
    sqlite_where=text("state = 'queued' and key <> ''"), postgresql_where=text("state = 'queued' and key <> ''"),
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One piece of work.

    Attributes:
        id: random; who does not own the job cannot guess it.
        name: of its kind, as `desk.jobs` knows it.
        owner: id of the account that asked for it; empty = the service itself.
        key: of two waiting jobs with one key one is enough, and no two of them run at once; empty = no such rule.
        args: what it was given.
        state: one of `STATES`.
        attempts: how often it was begun.
        queued_at, due_at, ended_at: UTC seconds; `ended_at` is None until it has ended.
        done, of, doing: how far it has come, of how much, at what.
        result: what came of it; None before.
        error: why it failed last; empty = it did not.
    """

    id: str
    name: str
    owner: str
    key: str
    args: Mapping[str, Any]
    state: str
    attempts: int
    queued_at: float
    due_at: float
    ended_at: float | None
    done: int
    of: int
    doing: str
    result: Mapping[str, Any] | None
    error: str


def add(state: State, name: str, args: Mapping[str, Any], *, owner: str, key: str, now: float, due_at: float) -> str:
    """Queue a job; where one with its key is waiting already, that one is enough.

    Returns:
        The id of the job that will do the work.
    """
    made = secrets.token_hex(16)
    row = {
        "id": made, "name": name, "owner": owner, "key": key, "args": json.dumps(dict(args)), "state": QUEUED,
        "attempts": 0, "queued_at": now, "due_at": due_at, "ended_at": None, "done": 0, "of": 0, "doing": "",
        "result": None, "error": "",
    }  # fmt: skip
    with state.begin() as db:
        if key:
            state.in_turn(db)
        waiting = _waiting(db, key)
        if waiting is not None:
            return waiting
        db.execute(insert(table).values(row))
    return made


def _waiting(db: Connection, key: str) -> str | None:
    """The job that waits with a key."""
    return db.scalar(select(table.c.id).where(table.c.key == key, table.c.state == QUEUED)) if key else None


def due(state: State, now: float, without: Iterable[str]) -> list[tuple[str, str]]:
    """Ids and keys of the jobs that may begin, but for some kinds, the longest due first."""
    is_due = (table.c.state == QUEUED, table.c.due_at <= now, table.c.name.not_in(list(without)))
    asked = select(table.c.id, table.c.key).where(*is_due)
    with state.read() as db:
        return [(row.id, row.key) for row in db.execute(asked.order_by(table.c.due_at, table.c.queued_at).limit(100))]


def next_due(state: State, after: float, without: Iterable[str]) -> float | None:
    """When the next waiting job that is not due yet will be, but for some kinds; None = none waits."""
    is_ahead = (table.c.state == QUEUED, table.c.due_at > after, table.c.name.not_in(list(without)))
    asked = select(func.min(table.c.due_at)).where(*is_ahead)
    with state.read() as db:
        found: float | None = db.scalar(asked)
    return found


def begin(state: State, job: str) -> Job | None:
    """Take a waiting job, for one worker alone; None when it waits no more."""
    fresh = {"state": RUNNING, "attempts": table.c.attempts + 1, "done": 0, "of": 0, "doing": ""}
    with state.begin() as db:
        taken = db.execute(update(table).where(table.c.id == job, table.c.state == QUEUED).values(fresh))
    return find(state, job) if taken.rowcount == 1 else None


def tell(state: State, job: str, *, done: int, of: int, doing: str) -> None:
    """Note how far a running job has come."""
    with state.begin() as db:
        db.execute(
            update(table).where(table.c.id == job, table.c.state == RUNNING).values(done=done, of=of, doing=doing)
        )


def finish(state: State, job: str, result: Mapping[str, Any], now: float) -> None:
    """A running job is done."""
    _end(state, job, DONE, now, result=json.dumps(dict(result)), error="")


def fail(state: State, job: str, error: str, now: float) -> None:
    """A running job has failed, for good."""
    _end(state, job, FAILED, now, error=error)


def _end(state: State, job: str, how: str, now: float, **values: Any) -> None:  # noqa: ANN401  # columns
    with state.begin() as db:
        db.execute(update(table).where(table.c.id == job).values(state=how, ended_at=now, **values))


def again(state: State, job: str, error: str, *, due_at: float, now: float, attempts: int) -> bool:
    """A running job is tried again later; where one with its key waits already, that one does the work instead.

    Args:
        state: the memory of the service.
        job: its id.
        error: why it failed; empty = it only waits.
        due_at: when it is tried again.
        now: for one that is not.
        attempts: how many of its attempts are used up.

    Returns:
        Whether it waits now.
    """
    with state.begin() as db:
        key = db.scalar(select(table.c.key).where(table.c.id == job)) or ""
        if key:
            state.in_turn(db)
        if _waiting(db, key) is None:
            values = {"state": QUEUED, "due_at": due_at, "error": error, "attempts": attempts}
            db.execute(update(table).where(table.c.id == job).values(values))
            return True
    fail(state, job, f"{error or 'not finished'}; another one like it is waiting", now)
    return False


def interrupted(state: State) -> list[Job]:
    """The jobs that were running when the service ended: nobody else runs jobs of this case."""
    with state.read() as db:
        return [_job(row) for row in db.execute(select(table).where(table.c.state == RUNNING)).mappings()]


def queued(state: State) -> list[Job]:
    """The jobs that wait, the longest due first."""
    asked = select(table).where(table.c.state == QUEUED).order_by(table.c.due_at, table.c.queued_at)
    with state.read() as db:
        return [_job(row) for row in db.execute(asked).mappings()]


def find(state: State, job: str) -> Job | None:
    """A job by its id; None = there is none."""
    with state.read() as db:
        row = db.execute(select(table).where(table.c.id == job)).mappings().first()
    return None if row is None else _job(row)


def counts(state: State) -> dict[str, int]:
    """How many jobs are in each state."""
    with state.read() as db:
        found = {row[0]: int(row[1]) for row in db.execute(select(table.c.state, func.count()).group_by(table.c.state))}
    return {name: found.get(name, 0) for name in STATES}


def forget(state: State, *, own_before: float, others_before: float) -> int:
    """Drop jobs that have ended; how many.

    Args:
        state: the memory of the service.
        own_before: those of the service itself that ended before this second.
        others_before: those that somebody asked for.
    """
    is_own, ended = table.c.owner == "", table.c.ended_at
    old = or_(and_(is_own, ended < own_before), and_(not_(is_own), ended < others_before))
    with state.begin() as db:
        return int(db.execute(delete(table).where(ended.is_not(None), old)).rowcount)


def _job(row: RowMapping) -> Job:
    values = {name: row[name] for name in table.c.keys()}  # noqa: SIM118  # names of columns, not columns
    values["args"] = json.loads(values["args"])
    values["result"] = None if values["result"] is None else json.loads(values["result"])
    return Job(**values)
