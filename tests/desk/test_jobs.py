from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.store.cluster import cluster
from truceline.desk.jobs import (
    INNER,
    KEPT_S,
    KINDS,
    LANES,
    OUTWARD,
    OWN_KEPT_S,
    Kind,
    Later,
    QueueJobs,
    Runner,
    ThreadJobs,
    Work,
    job,
    open_jobs,
)
from truceline.desk.service import Service
from truceline.errors import AWAY, AccessError, InputError, StoreError
from truceline.store.state import jobs as rows
from truceline.store.state.base import State, open_state

LONG_S = 20.0
SERVICE = cast(Service, object())
Enter = Callable[..., None]


@pytest.fixture(params=["folder", "server"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a case may lie, without one."""
    return cluster().url(cluster().database()) if request.param == "server" else str(tmp_path)


@pytest.fixture
def state(where: str) -> Iterator[State]:
    """An empty memory of a service."""
    made = open_state(where)
    yield made
    made.close()


@pytest.fixture
def enter() -> Iterator[Enter]:
    """Enters a kind of job for one test."""
    names: list[str] = []

    def add(run: Callable[..., Any], name: str = "work", *, attempts: int = 5, lane: str = INNER) -> None:
        names.append(name)
        job(name, attempts=attempts, first_s=0.01, lane=lane)(run)

    yield add
    for name in names:
        KINDS.pop(name)


@pytest.fixture
def running(state: State, where: str) -> Iterator[Runner]:
    """Jobs of two threads, begun."""
    made = open_jobs(SERVICE, state, where)
    made.start()
    yield made
    assert made.stop(LONG_S)


def idle(service: Service, work: Work) -> None:
    """Does nothing."""


def given(service: Service, work: Work, n: int) -> dict[str, int]:
    """Gives back what it was given."""
    return {"n": n}


def ended(made: Runner, one: str) -> rows.Job:
    """A job when it has ended."""
    pause = threading.Event()
    for _ in range(int(LONG_S / 0.01)):
        found = made.status(one)
        if found.ended_at is not None:
            return found
        pause.wait(0.01)
    raise AssertionError(f"job is still {found.state} after {LONG_S} s")


def test_a_job_runs_with_what_it_was_given_and_its_result_is_kept(running: Runner, enter: Enter) -> None:
    """Whoever asks later finds what came of it."""

    def run(service: Service, work: Work, n: int) -> dict[str, int | bool]:
        return {"double": 2 * n, "is_ours": service is SERVICE}

    enter(run)
    found = ended(running, running.defer("work", job_owner="ana", n=21))
    assert (found.state, found.result, found.owner) == ("done", {"double": 42, "is_ours": True}, "ana")
    assert found.attempts == 1 and not found.error


def test_a_fault_of_what_was_given_fails_at_once_in_its_own_words(running: Runner, enter: Enter) -> None:
    """A file that cannot be read cannot be read the second time either."""

    def run(service: Service, work: Work) -> None:
        raise InputError("expected a table, got a poem")

    enter(run)
    found = ended(running, running.defer("work"))
    assert (found.state, found.error, found.attempts) == ("failed", "expected a table, got a poem", 1)


def test_a_passing_fault_is_tried_again_until_it_passes(running: Runner, enter: Enter) -> None:
    """A store that is out of reach for a moment loses no work."""
    seen: list[int] = []

    def run(service: Service, work: Work) -> dict[str, int]:
        seen.append(work.job.attempts)
        if len(seen) < 3:
            raise StoreError("out of reach")
        return {"after": len(seen)}

    enter(run)
    found = ended(running, running.defer("work"))
    assert (found.state, found.result, seen) == ("done", {"after": 3}, [1, 2, 3])


def test_a_job_is_given_up_after_its_attempts_and_says_no_value(running: Runner, enter: Enter) -> None:
    """What a fault of the program says may hold somebody's words: only its kind is kept."""

    def run(service: Service, work: Work) -> None:
        raise KeyError("a name that is nobody's business")

    enter(run, attempts=3)
    found = ended(running, running.defer("work"))
    assert (found.state, found.attempts, found.error) == ("failed", 3, "a fault of the program (KeyError)")


def test_a_job_tells_nothing_of_the_disk(running: Runner, enter: Enter) -> None:
    """Where the case lies, and what the database says, is for the log: a party may ask after its own jobs."""

    def run(service: Service, work: Work) -> None:
        raise StoreError("/srv/case/journal: No space left on device")

    enter(run, attempts=1)
    assert ended(running, running.defer("work")).error == AWAY


def test_each_wait_is_twice_the_last_up_to_the_longest() -> None:
    """Back-off: nobody hammers on a door that stays shut."""
    kind = Kind("x", lambda: None, attempts=9, first_s=2.0, most_s=30.0)
    for attempts, whole in ((1, 2.0), (2, 4.0), (3, 8.0), (4, 16.0), (5, 30.0), (60, 30.0)):
        assert whole / 2 <= kind.wait_s(attempts) <= whole


def test_of_two_waiting_jobs_with_one_key_one_is_enough(state: State, where: str, enter: Enter) -> None:
    """A hundred new entries ask for one new assessment."""
    enter(idle)
    made = open_jobs(SERVICE, state, where)
    assert len({made.defer("work", job_key="assess") for _ in range(100)}) == 1
    assert made.defer("work") != made.defer("work")
    assert rows.counts(state) == {"queued": 3, "running": 0, "done": 0, "failed": 0}


def test_no_two_jobs_with_one_key_run_at_once(state: State, where: str, enter: Enter) -> None:
    """The one that came while the other ran begins when that one has ended."""
    at_once, most, turn = 0, 0, threading.Lock()
    began, go_on = threading.Event(), threading.Event()

    def run(service: Service, work: Work) -> None:
        nonlocal at_once, most
        with turn:
            at_once += 1
            most = max(most, at_once)
        began.set()
        assert go_on.wait(LONG_S)
        with turn:
            at_once -= 1

    enter(run)
    made = open_jobs(SERVICE, state, where)
    made.start()
    first = made.defer("work", job_key="k")
    assert began.wait(LONG_S)
    second = made.defer("work", job_key="k")
    assert second != first
    go_on.set()
    assert ended(made, second).state == "done" and most == 1
    assert made.stop(LONG_S)


def test_what_waits_for_others_holds_up_nothing_here(running: Runner, enter: Enter) -> None:
    """However many machines of others hang, the work of the desk goes on."""
    go_on = threading.Event()

    def hang(service: Service, work: Work) -> None:
        assert go_on.wait(LONG_S)

    enter(hang, "hang", lane=OUTWARD)
    enter(given)
    hung = [running.defer("hang") for _ in range(2 * LANES[OUTWARD])]
    assert ended(running, running.defer("work", n=1)).state == "done"
    go_on.set()
    assert {ended(running, one).state for one in hung} == {"done"}


def test_waiting_jobs_and_interrupted_ones_survive_a_restart(where: str, enter: Enter) -> None:
    """What was accepted is done, by whichever process."""
    enter(given)
    before = open_state(where)
    waiting, cut_off = (open_jobs(SERVICE, before, where).defer("work", n=n) for n in (1, 2))
    rows.begin(before, cut_off)  # the process ends here
    before.close()
    after = open_state(where)
    made = open_jobs(SERVICE, after, where)
    made.start()
    assert [ended(made, one).result for one in (waiting, cut_off)] == [{"n": 1}, {"n": 2}]
    assert made.stop(LONG_S)
    after.close()


def test_a_job_that_ends_the_service_each_time_is_given_up(state: State, where: str, enter: Enter) -> None:
    """Otherwise the service could never come back."""
    enter(idle, attempts=2)
    one = open_jobs(SERVICE, state, where).defer("work")
    for _ in range(2):
        assert rows.begin(state, one) is not None
        open_jobs(SERVICE, state, where).recover()
    found = open_jobs(SERVICE, state, where).status(one)
    assert (found.state, found.error) == ("failed", "the service ended while it ran")


def test_a_job_that_goes_on_later_uses_up_no_attempt(running: Runner, enter: Enter) -> None:
    """Waiting is no failure."""
    seen: list[int] = []

    def run(service: Service, work: Work) -> None:
        seen.append(work.job.attempts)
        if len(seen) < 4:
            raise Later(0.01)

    enter(run, attempts=1)
    assert ended(running, running.defer("work")).state == "done"
    assert seen == [1, 1, 1, 1]


def test_stopping_begins_nothing_more_and_waits_for_what_runs(state: State, where: str, enter: Enter) -> None:
    """A job sees that it should end; one that waits stays where it is."""
    began = threading.Event()

    def run(service: Service, work: Work) -> dict[str, bool]:
        began.set()
        while not work.is_ending:
            threading.Event().wait(0.005)
        return {"saw": True}

    enter(run)
    made = open_jobs(SERVICE, state, where)
    made.start()
    given = [made.defer("work") for _ in range(LANES[INNER] + 1)]
    assert began.wait(LONG_S)
    assert made.stop(LONG_S)
    found = [made.status(one) for one in given]
    done = [one.result for one in found if one.state == "done"]
    assert 1 <= len(done) <= LANES[INNER]
    assert done == [{"saw": True}] * len(done)
    assert {one.state for one in found if one.state != "done"} == {"queued"}


def test_progress_is_told_and_nothing_of_it_after_the_end(running: Runner, enter: Enter) -> None:
    """Whoever waits sees how far it is."""
    told, go_on = threading.Event(), threading.Event()

    def run(service: Service, work: Work) -> None:
        work.tell("rows", 3, 10)
        told.set()
        assert go_on.wait(LONG_S)
        work.tell("rows", 10, 10)

    enter(run)
    one = running.defer("work")
    assert told.wait(LONG_S)
    found = running.status(one)
    assert (found.state, found.doing, found.done, found.of) == ("running", "rows", 3, 10)
    go_on.set()
    assert ended(running, one).done == 10


def test_what_nobody_knows_is_no_job(running: Runner) -> None:
    """A kind that does not exist is a fault of the program; an id that does not is nobody's."""
    with pytest.raises(ValueError, match="no kind of job"):
        running.defer("poem")
    with pytest.raises(AccessError):
        running.status("0" * 32)


def test_old_jobs_are_forgotten_and_waiting_ones_never(
    state: State, where: str, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory does not grow for ever: what the service did for itself is kept for an hour, the rest for a month."""
    enter(idle)
    made = open_jobs(SERVICE, state, where)
    own, theirs, waiting = made.defer("work"), made.defer("work", job_owner="ana"), made.defer("work")
    for one in (own, theirs):
        made.run(one)
    end = made.status(theirs).ended_at
    assert end is not None
    for after, left in ((0.0, 3), (OWN_KEPT_S + 1, 2), (KEPT_S + 1, 1)):
        monkeypatch.setattr(made, "clock", lambda now=end + after: now)
        made.tidy()
        assert sum(rows.counts(state).values()) == left
    assert made.status(waiting).state == "queued"


def test_each_place_has_its_own_way_to_hand_out_work(state: State, where: str) -> None:
    """Beside a folder there is no server to ask; on PostgreSQL procrastinate hands out."""
    wanted = QueueJobs if where.startswith("postgresql:") else ThreadJobs
    made = open_jobs(SERVICE, state, where)
    assert isinstance(made, wanted)
    assert made.stop(LONG_S)


@pytest.mark.parametrize("where", ["server"], indirect=True)
def test_work_goes_on_when_the_database_was_away(state: State, where: str, enter: Enter) -> None:
    """The service returns by itself: every connection is cut while it waits for work."""
    enter(given)
    made = open_jobs(SERVICE, state, where)
    made.start()
    assert ended(made, made.defer("work", n=1)).state == "done"
    name = where.partition("@/")[2].partition("?")[0]
    cut = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
    assert cluster().sql(f"{cut} and datname = '{name}'")
    assert ended(made, made.defer("work", n=2)).result == {"n": 2}
    assert made.stop(LONG_S)


def test_tables_of_an_older_procrastinate_are_brought_up() -> None:
    """Made step by step by its own scripts, they end the same as made at once."""
    from importlib import resources

    from truceline.store.server import queue

    found = []
    for is_old in (True, False):
        name = cluster().database()
        state = open_state(cluster().url(name))
        if is_old:
            steps = sorted((resources.files("procrastinate.sql") / "migrations").iterdir(), key=lambda one: one.name)
            old = [one for one in steps if one.name.endswith(".sql") and one.name < "03.00"]
            with state.begin() as db:
                queue._applied.create(db)
            for one in old:
                with state.begin() as db:
                    queue._run(db, one.read_text(encoding="utf-8"))
                    db.execute(queue._applied.insert().values(name=one.name))
        queue.prepare(state)
        queue.prepare(state)
        listed = (
            "select proname || pg_get_function_arguments(p.oid) from pg_proc p"
            " join pg_namespace n on n.oid = pronamespace where nspname = 'truceline_service' order by 1"
        )
        applied = "select name from truceline_service.queue_applied order by 1"
        found.append([cluster().sql(one, database=name) for one in (listed, applied)])
        state.close()
    assert found[0] == found[1] and found[0][1]
