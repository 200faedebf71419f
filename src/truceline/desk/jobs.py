"""Who does the work that nobody waits for? Jobs: queued by name, done in the background, tried again when they fail.

A job is a row of the service's memory (`store.state.jobs`) and a function that stands under its name. Rows survive a
restart: what was waiting waits again, what was running begins again, and a job that ended the service every time it
ran is given up. Beside a case in a folder threads take their work from the rows (`ThreadJobs`); on PostgreSQL
procrastinate hands it out (`QueueJobs`). Both run the same functions, by the same rules, over the same rows.

1. `defer` writes the row. Of two waiting jobs with one key one is enough; no two with one key run at once.
2. A worker takes the row, for itself alone, and runs the function.
3. A fault of what was given (`TrucelineError` but `StoreError`) fails the job at once: it would fail every time.
4. Any other fault puts it back, each time for longer, until its attempts are used up.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError, StoreError, TrucelineError, one_line, told
from truceline.store.opened import is_server
from truceline.store.state import jobs as rows
from truceline.store.state.base import State
from truceline.store.state.jobs import Job

if TYPE_CHECKING:
    from truceline.desk.service import Service

PROGRESS_S = 0.5
"""How far a job has come is written down no more often than this."""

IDLE_S = 60.0
"""A worker that nobody wakes looks by itself."""

OWN_KEPT_S, KEPT_S, TIDY_EVERY = 3_600.0, 30 * 86_400.0, 200
"""So long the rows of jobs are kept that have ended: of the service's own, of others'; and after so many they are
looked through."""

INNER, OUTWARD = "inner", "outward"
LANES = {INNER: 2, OUTWARD: 4}
"""How many jobs of each lane run at once. What waits for machines of others has a lane of its own: however slow these
are, they hold up nothing here."""


class Work:
    """A job that runs, as its function sees it.

    Attributes:
        job: its row when it began.
    """

    def __init__(self, job: Job, state: State, is_ending: threading.Event) -> None:
        """Nothing was told yet."""
        self.job, self._state, self._is_ending = job, state, is_ending
        self._told = float("-inf")

    @property
    def is_last(self) -> bool:
        """Whether this is the last attempt."""
        return self.job.attempts >= KINDS[self.job.name].attempts

    @property
    def is_ending(self) -> bool:
        """Whether the service is being stopped: a job that can go on later says so by raising `Later`."""
        return self._is_ending.is_set()

    def tell(self, doing: str, done: int, of: int) -> None:
        """Note how far the job has come: what it is at, and how much of how much is done."""
        now = time.monotonic()
        if now - self._told >= PROGRESS_S or done >= of:
            self._told = now
            rows.tell(self._state, self.job.id, done=done, of=of, doing=one_line(doing, 80))


class Later(Exception):  # noqa: N818  # no fault: the job is not finished yet
    """Raised by a job that goes on later; it does not count as an attempt that failed."""

    def __init__(self, after_s: float = 0.0) -> None:
        """When to go on, in seconds from now."""
        super().__init__(f"later, in {after_s} s")
        self.after_s = after_s


Run = Callable[..., Mapping[str, Any] | None]
"""`(service, work, **args)`; gives what came of it, or nothing."""


@dataclass(frozen=True)
class Kind:
    """A kind of job.

    Attributes:
        name: under which it is queued.
        run: does it.
        attempts: how often it is begun before it is given up.
        first_s: wait after the first failure; each further wait is twice as long, up to `most_s`.
        lane: one of `LANES`.
    """

    name: str
    run: Run
    attempts: int
    first_s: float
    most_s: float
    lane: str = INNER

    def wait_s(self, attempts: int) -> float:
        """How long to wait after so many attempts."""
        return wait_s(attempts, self.first_s, self.most_s)


def wait_s(attempts: int, first_s: float, most_s: float, by: float = 2.0) -> float:
    """How long to wait after so many attempts: with a part by chance, so that not all come back at once.

    Args:
        attempts: how many have failed.
        first_s: seconds after the first; after each further one `by` times as many.
        most_s: the longest wait.
        by: how much longer.
    """
    whole = min(most_s, first_s * by ** max(0, min(attempts, 100) - 1))
    return whole * random.uniform(0.5, 1.0)  # noqa: S311  # no secret


KINDS: dict[str, Kind] = {}
"""Every kind of job that the program knows, by name."""


def job(
    name: str, *, attempts: int = 5, first_s: float = 2.0, most_s: float = 900.0, lane: str = INNER
) -> Callable[[Run], Run]:
    """Enter a function as a kind of job.

    Args:
        name: of the kind; no two have one.
        attempts: how often it is begun before it is given up.
        first_s: seconds to wait after the first failure.
        most_s: the longest wait.
        lane: one of `LANES`.
    """

    def enter(run: Run) -> Run:
        if name in KINDS:
            raise ValueError(f"two kinds of job are called {name}")
        KINDS[name] = Kind(name, run, attempts, first_s, most_s, lane)
        return run

    return enter


class Jobs(Protocol):
    """Where jobs are queued."""

    def defer(
        self,
        name: str,
        /,
        *,
        job_owner: str = "",
        job_key: str = "",
        job_after_s: float = 0.0,
        **args: Any,  # noqa: ANN401
    ) -> str:
        """Queue a job; see `Runner.defer`."""

    def status(self, job: str, /) -> Job:
        """A job by its id; see `Runner.status`."""

    def start(self) -> None:
        """Begin to work."""

    def stop(self, within_s: float) -> bool:
        """Begin nothing more, and wait for what runs; whether all of it ended in time."""


class Runner(ABC):
    """What all jobs share: rows, rules, and the end of each job.

    INVARIANT: a row is `running` only while a worker of this process runs it.
    """

    def __init__(self, service: Service, state: State, clock: Callable[[], float] = time.time) -> None:
        """Nothing runs yet.

        Args:
            service: given to every job.
            state: where the rows are.
            clock: gives the UTC second, also where the case has a clock of its own: jobs wait in real time.
        """
        self.service, self.state, self.clock = service, state, clock
        self.is_ending = threading.Event()
        self._ended = itertools.count(1)

    def defer(
        self,
        name: str,
        /,
        *,
        job_owner: str = "",
        job_key: str = "",
        job_after_s: float = 0.0,
        **args: Any,  # noqa: ANN401
    ) -> str:
        """Queue a job.

        Args:
            name: of its kind.
            job_owner: account that asked for it, and may see it.
            job_key: of two waiting jobs with one key one is enough; empty = every one is done.
            job_after_s: not before so many seconds.
            args: what it is given: names and numbers, which JSON can hold.

        Returns:
            Its id; where one with its key waits already, the id of that one.
        """
        if name not in KINDS:
            raise ValueError(f"no kind of job is called {name}")
        now = self.clock()
        made = rows.add(self.state, name, args, owner=job_owner, key=job_key, now=now, due_at=now + job_after_s)
        self._queued(made, KINDS[name].lane, job_key, job_after_s)
        return made

    def status(self, job: str, /) -> Job:
        """A job by its id.

        Raises:
            AccessError: there is none.
        """
        found = rows.find(self.state, job)
        if found is None:
            raise AccessError(REFUSED)
        return found

    def counts(self) -> dict[str, int]:
        """How many jobs there are of each state."""
        return rows.counts(self.state)

    def seen_by(self, viewer: Viewer, job: str) -> Job:
        """A job that somebody may see: its own; the secretariat sees all.

        Raises:
            AccessError: there is none, or it is somebody else's.
        """
        found = self.status(job)
        if viewer.role != "secretariat" and (not viewer.account or found.owner != viewer.account):
            raise AccessError(REFUSED)
        return found

    def recover(self) -> None:
        """Put back what ran when the service ended; give up what had its last attempt."""
        now, why = self.clock(), "the service ended while it ran"
        self.tidy()
        for one in rows.interrupted(self.state):
            kind = KINDS.get(one.name)
            if kind is None or one.attempts >= kind.attempts:
                rows.fail(self.state, one.id, why, now)
            else:
                rows.again(self.state, one.id, why, due_at=now, now=now, attempts=one.attempts)

    def tidy(self) -> None:
        """Forget jobs that ended long ago."""
        now = self.clock()
        rows.forget(self.state, own_before=now - OWN_KEPT_S, others_before=now - KEPT_S)

    def run(self, job: str) -> None:
        """Take a waiting job and run it to its end, whatever that is; nothing of it leaves this function.

        Raises:
            StoreError: the memory of the service is out of reach.
        """
        if next(self._ended) % TIDY_EVERY == 0:
            self.tidy()
        one = rows.begin(self.state, job)
        if one is None:
            return
        kind = KINDS.get(one.name)
        if kind is None:
            rows.fail(self.state, one.id, "this version of the program knows no such job", self.clock())
            return
        try:
            result = kind.run(self.service, Work(one, self.state, self.is_ending), **one.args)
        except Later as later:
            self._again(one, "", later.after_s, attempts=one.attempts - 1)
        except Exception as error:
            self._failed(one, kind, error)
        else:
            rows.finish(self.state, one.id, result or {}, self.clock())

    def _failed(self, one: Job, kind: Kind, error: Exception) -> None:
        why = said(error)
        is_final = isinstance(error, TrucelineError) and not isinstance(error, StoreError)
        if is_final or one.attempts >= kind.attempts:
            rows.fail(self.state, one.id, why, self.clock())
        else:
            self._again(one, why, kind.wait_s(one.attempts), attempts=one.attempts)

    def _again(self, one: Job, why: str, after_s: float, *, attempts: int) -> None:
        now = self.clock()
        if rows.again(self.state, one.id, why, due_at=now + after_s, now=now, attempts=attempts):
            self._queued(one.id, KINDS[one.name].lane, one.key, after_s)

    @abstractmethod
    def start(self) -> None:
        """Begin to work, with what an earlier process left."""

    @abstractmethod
    def stop(self, within_s: float) -> bool:
        """Begin nothing more, and wait for what runs.

        Returns:
            Whether all of it ended in time; what did not begins again when the service does.
        """

    @abstractmethod
    def _queued(self, job: str, lane: str, key: str, after_s: float, /) -> None:
        """Tell whoever hands out the work that a job waits."""


def said(error: Exception) -> str:
    """What is told of a failure: our own words in one line; of a fault of the program no more than its kind."""
    if isinstance(error, TrucelineError) and error.faults:
        return told(error)
    return f"a fault of the program ({type(error).__name__})"


class ThreadJobs(Runner):
    """Jobs done by threads of this process."""

    def __init__(self, service: Service, state: State, clock: Callable[[], float] = time.time) -> None:
        """Nothing runs yet."""
        super().__init__(service, state, clock)
        self._threads = [
            threading.Thread(target=self._work, args=(lane,), name=f"truceline job {lane} {n}", daemon=True)
            for lane, most in LANES.items()
            for n in range(most)
        ]
        self._turn = threading.Condition()
        self._busy: set[str] = set()
        self._keys: set[str] = set()

    def start(self) -> None:
        """Begin to work, with what an earlier process left."""
        self.recover()
        for thread in self._threads:
            thread.start()

    def stop(self, within_s: float) -> bool:
        """Begin nothing more, and wait for what runs; whether all of it ended in time."""
        self.is_ending.set()
        with self._turn:
            self._turn.notify_all()
        end = time.monotonic() + within_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _queued(self, *_: object) -> None:
        with self._turn:
            self._turn.notify_all()

    def _work(self, lane: str) -> None:
        while True:
            taken = self._next(lane)
            if taken is None:
                return
            job, key = taken
            try:
                self.run(job)
            except Exception:  # the memory of the service is out of reach: its row says *running* until a restart
                self.is_ending.wait(PROGRESS_S)
            finally:
                with self._turn:
                    self._busy.discard(job)
                    self._keys.discard(key)
                    self._turn.notify_all()

    def _next(self, lane: str) -> tuple[str, str] | None:
        """The next job for this worker; None when the service ends."""
        with self._turn:
            while not self.is_ending.is_set():
                try:
                    taken, wait_s = self._due(lane), self._wait_s(lane)
                except Exception:  # out of reach for a moment, as during a backup of the memory
                    taken, wait_s = None, PROGRESS_S
                if taken is not None:
                    self._busy.add(taken[0])
                    if taken[1]:
                        self._keys.add(taken[1])
                    return taken
                self._turn.wait(wait_s)
        return None

    def _due(self, lane: str) -> tuple[str, str] | None:
        free = (
            (job, key) for job, key in rows.due(self.state, self.clock(), _others(lane))
            if job not in self._busy and key not in self._keys
        )  # fmt: skip
        return next(free, None)

    def _wait_s(self, lane: str) -> float:
        """How long to wait for the next one that is due; one whose key is busy is told when that one ends."""
        at = rows.next_due(self.state, self.clock(), _others(lane))
        return IDLE_S if at is None else min(IDLE_S, max(0.01, at - self.clock()))


def _others(lane: str) -> list[str]:
    """The kinds of jobs that are not for a lane."""
    return [kind.name for kind in list(KINDS.values()) if kind.lane != lane]


class QueueJobs(Runner):
    """Jobs handed out by procrastinate, and done in this process."""

    def __init__(self, service: Service, state: State, url: str, clock: Callable[[], float] = time.time) -> None:
        """Nothing runs yet.

        Raises:
            StoreError: procrastinate is not installed, or the database refuses its tables.
        """
        super().__init__(service, state, clock)
        try:
            queue = import_module("truceline.store.server.queue")
        except ModuleNotFoundError as error:
            if error.name != "procrastinate":
                raise
            raise StoreError("jobs on PostgreSQL need more packages: pip install 'truceline[service]'") from None
        self._queue = queue.WorkQueue(
            url, state, run=self.run, recover=self.recover, waiting=self._waiting, lanes=LANES
        )

    def start(self) -> None:
        """Begin to work, with what an earlier process left."""
        self._queue.start()

    def stop(self, within_s: float) -> bool:
        """Begin nothing more, and wait for what runs; whether all of it ended in time."""
        self._queue.hold()  # before a job ends for it: else another would begin in its place
        self.is_ending.set()
        has_ended: bool = self._queue.stop(within_s)
        return has_ended

    def _queued(self, job: str, lane: str, key: str, after_s: float, /) -> None:
        self._queue.put(job, lane, key, after_s)

    def _waiting(self) -> list[tuple[str, str, str, float]]:
        now, lanes = self.clock(), {kind.name: kind.lane for kind in list(KINDS.values())}
        return [
            (one.id, lanes.get(one.name, INNER), one.key, max(0.0, one.due_at - now)) for one in rows.queued(self.state)
        ]


def open_jobs(service: Service, state: State, where: str) -> Runner:
    """The jobs of a case, wherever it is kept; they begin with `start`.

    Args:
        service: given to every job.
        state: the memory of the service.
        where: path or URL of the case.
    """
    return QueueJobs(service, state, where) if is_server(where) else ThreadJobs(service, state)
