"""How is work handed out where a case lies in PostgreSQL? By procrastinate, out of tables beside the service's memory.

What is to be done, and what came of it, are the rows of `store.state.jobs`; here is only their order and their locks.
So the tables of procrastinate can be lost: they are filled anew from the rows whenever the work begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from typing import Any

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ProcrastinateException
from sqlalchemy import Column, Connection, MetaData, Table, Text, insert, inspect, select
from sqlalchemy import text as sql

from truceline.errors import TrucelineError
from truceline.store.server.link import address
from truceline.store.state.base import SCHEMA, State

TASK = "truceline"
"""The one task: its argument is the id of a job."""

POLL_S = 1.0
"""A job whose time has come is noticed this late at the most: nothing tells of it."""

AGAIN_S = 2.0
"""So long it waits after the database was out of reach."""

SWEEP_S = 30.0
"""So often it looks for jobs that were noted while the database could not be told of them."""

Waiting = tuple[str, str, str, float]
"""A job that waits: its id, its lane, its key, and in how many seconds it may begin."""

_log = logging.getLogger(__name__)
_OWN_NAMES = sql(f"set local search_path = {SCHEMA}, pg_catalog")
_applied = Table("queue_applied", MetaData(schema=SCHEMA), Column("name", Text, primary_key=True))


class WorkQueue:
    """Hands out jobs to the threads of this process; one process at a time works at a case."""

    def __init__(
        self,
        url: str,
        state: State,
        *,
        run: Callable[[str], None],
        recover: Callable[[], None],
        waiting: Callable[[], Iterable[Waiting]],
        lanes: Mapping[str, int],
    ) -> None:
        """Make the tables that are missing; nothing is handed out yet.

        Args:
            url: of the database.
            state: the memory of the service, in the same database.
            run: does a job, by its id; it never fails.
            recover: told before the first job is handed out, and again when the database has been away: nothing runs.
            waiting: the jobs that wait, of which `run` may be asked.
            lanes: how many jobs of each lane are done at once.
        """
        prepare(state)
        self._run, self._recover, self._waiting, self._lanes = run, recover, waiting, lanes
        wires: dict[str, Any] = {
            "conninfo": address(url).set(drivername="postgresql").render_as_string(hide_password=False),
            "kwargs": {"options": f"-c search_path={SCHEMA}", "application_name": "truceline jobs"},
            "min_size": 1, "max_size": 4 * len(lanes), "timeout": 10.0,
        }  # fmt: skip
        self._state = state
        self._worker = App(connector=PsycopgConnector(**wires))
        self._worker.task(name=TASK)(self._run)
        self._putter = App(connector=SyncPsycopgConnector(**{**wires, "min_size": 0, "max_size": 4}))
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._is_ending = threading.Event()
        self._stop: Callable[[], object] | None = None

    def start(self) -> None:
        """Begin to hand out."""
        self._putter.open()
        self._thread.start()

    def hold(self) -> None:
        """Hand out nothing more."""
        self._is_ending.set()
        with contextlib.suppress(RuntimeError):  # its loop has ended already
            (self._stop or (lambda: None))()

    def stop(self, within_s: float) -> bool:
        """Wait for what runs, after `hold`; whether all of it ended in time."""
        if self._thread.is_alive():
            self._thread.join(within_s)
        self._putter.close()
        return not self._thread.is_alive()

    def put(self, job: str, lane: str, key: str, after_s: float) -> None:
        """Hand out a job once its time has come; one that the database cannot be told of now is swept up later."""
        task = self._putter.configure_task(
            TASK, queue=lane, lock=key or None, queueing_lock=job,
            schedule_in={"seconds": after_s} if after_s > 0 else None,
        )  # fmt: skip
        with contextlib.suppress(ProcrastinateException):
            task.defer(job=job)

    # -- the thread ----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Work until told to stop; when the database goes away, wait until it is back."""
        while not self._is_ending.is_set():
            try:
                asyncio.run(self._until_stopped())
            except asyncio.CancelledError:
                pass
            except (ProcrastinateException, TrucelineError, OSError) as error:
                _log.warning("jobs: the database is out of reach (%s)", type(error).__name__)
            self._is_ending.wait(AGAIN_S)

    async def _until_stopped(self) -> None:
        loop = asyncio.get_running_loop()
        async with self._worker.open_async():
            await asyncio.to_thread(self._fill)
            workers = [asyncio.create_task(self._work_on(lane, most)) for lane, most in self._lanes.items()]
            sweeper = asyncio.create_task(self._sweep())
            self._stop = lambda: loop.call_soon_threadsafe(_cancel, workers)
            if self._is_ending.is_set():
                _cancel(workers)
            try:
                await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._stop = None
                _cancel([*workers, sweeper])
                ended = await asyncio.gather(*workers, return_exceptions=True)  # each finishes the jobs that it runs
            for one in ended:
                if isinstance(one, Exception):
                    raise one

    async def _work_on(self, lane: str, most: int) -> None:
        await self._worker.run_worker_async(
            queues=[lane], concurrency=most, install_signal_handlers=False, delete_jobs="always",
            fetch_job_polling_interval=POLL_S, name=lane,
        )  # fmt: skip

    async def _sweep(self) -> None:
        """Hand out what waits and was not handed out."""
        while True:
            await asyncio.sleep(SWEEP_S)
            with contextlib.suppress(TrucelineError):
                await asyncio.to_thread(self._put_all)

    def _fill(self) -> None:
        """Begin with what the rows say, and nothing else: no other process works at this case."""
        self._recover()
        with self._state.begin() as db:
            db.execute(_OWN_NAMES)  # its triggers go by the names of tables alone
            db.execute(sql(f"delete from {SCHEMA}.procrastinate_jobs"))  # noqa: S608  # a name of our own
        self._put_all()

    def _put_all(self) -> None:
        for job, lane, key, after_s in self._waiting():
            self.put(job, lane, key, after_s)


def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Ask tasks to end, once: a second time they would leave what they are finishing."""
    for task in tasks:
        if not task.cancelling():
            task.cancel()


def prepare(state: State) -> None:
    """Make the tables of procrastinate, or bring them to its version.

    Raises:
        StoreError: the server refuses.
    """
    folder = resources.files("procrastinate.sql")
    steps = {one.name: one for one in folder.joinpath("migrations").iterdir() if one.name.endswith(".sql")}
    with state.begin() as db:
        state.in_turn(db)
        _applied.create(db, checkfirst=True)
        if not inspect(db).has_table("procrastinate_jobs", schema=SCHEMA):
            _run(db, folder.joinpath("schema.sql").read_text(encoding="utf-8"))
            db.execute(insert(_applied), [{"name": name} for name in sorted(steps)])
    with state.read() as db:
        missing = steps.keys() - set(db.scalars(select(_applied.c.name)))
    for name in sorted(missing):
        with state.begin() as db:  # each by itself: PostgreSQL uses no new value of a type before it is kept
            state.in_turn(db)
            if state.add_once(db, _applied, {"name": name}):
                _run(db, steps[name].read_text(encoding="utf-8"))


def _run(db: Connection, script: str) -> None:
    """Run a script of several statements in this transaction, its names in the schema of the service."""
    db.execute(_OWN_NAMES)
    wire: Any = db.connection.driver_connection
    wire.execute(script)
    db.execute(sql("set local search_path to default"))
