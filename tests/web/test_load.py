"""Many submit while many read; the service and the database are killed in between: what was promised is not lost."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.store.cluster import cluster
from tests.web.asking import Served
from tests.web.authenticator import signed_in
from tests.web.crowd import Answers, Member, crowd, members, read_all, submit_all
from truceline.record.note import Verifier
from truceline.record.receipt import open_receipt
from truceline.store.opened import open_case
from truceline.store.state import open_state

PATH = "/api/v1/statements"
READS = ("/api/v1/situation", "/api/v1/assessments?limit=50", "/api/v1/record", "/api/v1/findings")
LOOSE: dict[str, Any] = {
    "reads_a_minute": 10**9, "reads_account": 10**9, "writes_a_minute": 10**9, "writes_account": 10**9,
    "refused_a_minute": 10**6,
}  # fmt: skip


@dataclass
class Party:
    """What a test under load needs.

    Attributes:
        where: the case.
        served: the service over it.
        people: who submit.
        headers: of the session of each.
    """

    where: str
    served: Served
    people: list[Member]
    headers: dict[str, dict[str, str]]


@pytest.fixture
def party(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Party]:
    """A case of 16 parties, 92 in the long test, served from either store, each with somebody who is signed in."""
    where = str(tmp_path / "case")
    if request.param == "postgresql":
        where = cluster().url(cluster().database())
    case, people = crowd(where, 92 if request.node.originalname.startswith("test_five_hundred") else 16)
    case.close()
    with ExitStack() as left:
        served = left.enter_context(Served(where, **LOOSE))
        client = left.enter_context(served.client())
        state = open_state(where)
        left.callback(state.close)
        headers = {
            one.party: signed_in(client, "party", one.party, state=state).headers for one in people
        }  # fmt: skip
        wait_ready(client)
        yield Party(where, served, people, headers)


def wait_ready(client: httpx.Client) -> None:
    """Until the service has its first answers."""
    end = time.monotonic() + 60
    while client.get("/health/ready").status_code != 200:
        assert time.monotonic() < end, client.get("/health/ready").text
        time.sleep(0.1)


def both(party: Party, *, rate: float, seconds: float, readers: int) -> tuple[Answers, Answers]:
    """Submissions and reads at once."""

    async def run() -> tuple[Answers, Answers]:
        submitted = submit_all(
            party.served.url, party.people, rate=rate, seconds=seconds, path=PATH, headers=party.headers
        )
        read = read_all(party.served.url, itertools.cycle(READS), readers=readers, seconds=seconds)
        return await asyncio.gather(submitted, read)

    return asyncio.run(run())


def check_nothing_lost(party: Party, submitted: Answers) -> None:
    """Every receipt is one for the entry that stands there, and each party's sequence has come as far as it said."""
    case = open_case(party.where)
    try:
        entries, log = case.entries(), Verifier.parse(case.charter().log)
        for given in submitted.receipts:
            index = int(str(given["entry"]))
            leaf = bytes.fromhex(str(given["leaf"]))
            assert open_receipt(str(given["receipt"]).encode(), leaf, log)[0] == index
            assert case.register().lines[entries[index].statement.by].next > entries[index].statement.sequence
        kept = {one.party: one for one in members(case)}
        assert {one.party: one.sequence for one in party.people} == {p: kept[p].sequence for p in kept}
        assert len({int(str(given["entry"])) for given in submitted.receipts}) == len(submitted.receipts)
    finally:
        case.close()


def while_many_submit(party: Party, *, rate: float, seconds: float, happens: Callable[[], None]) -> Answers:
    """Let something happen when a third of the time is over."""

    async def run() -> Answers:
        at_work = asyncio.create_task(
            submit_all(party.served.url, party.people, rate=rate, seconds=seconds, path=PATH, headers=party.headers)
        )
        await asyncio.sleep(seconds / 3)
        await asyncio.to_thread(happens)
        return await at_work

    return asyncio.run(run())


@pytest.mark.long
@pytest.mark.parametrize("party", ["files", "postgresql"], indirect=True)
def test_many_submit_and_everything_dies_once(party: Party) -> None:
    """What was acknowledged is there, what was not is sent again; the service comes back by itself, from each death."""
    quiet, read = both(party, rate=80, seconds=5, readers=10)
    assert set(quiet.statuses) == {201}, quiet.statuses
    assert set(read.statuses) == {200}, read.statuses
    before = child_of(party.served.process.pid)
    killed = while_many_submit(party, rate=60, seconds=6, happens=lambda: os.kill(before, signal.SIGKILL))
    assert child_of(party.served.process.pid) != before
    quiet.receipts += killed.receipts
    if party.where.startswith("postgresql"):
        quiet.receipts += while_many_submit(party, rate=60, seconds=6, happens=power_cut).receipts
    assert len(quiet.receipts) > 6 * len(party.people)
    assert party.served.stop() == 0
    check_nothing_lost(party, quiet)


def power_cut() -> None:
    """The database loses its memory, and is started again."""
    cluster().crash()
    cluster().start()


@pytest.mark.long
@pytest.mark.parametrize("party", ["files", "postgresql"], indirect=True)
def test_five_hundred_a_second_for_five_minutes(party: Party) -> None:
    """The rate is held, nothing is lost, and the memory of the service does not grow with the record.

    How soon receipts come is printed, not tested: it depends on what else the machine does.
    """
    rate, seconds, memory = 500, 300, list[float]()

    async def run() -> Answers:
        at_work = asyncio.create_task(
            submit_all(party.served.url, party.people, rate=rate, seconds=seconds, path=PATH, headers=party.headers)
        )
        while not at_work.done():
            memory.append(memory_mb(child_of(party.served.process.pid)))
            await asyncio.wait([at_work], timeout=10)
        return await at_work

    found = asyncio.run(run())
    p50, p99 = (1_000 * found.percentile(share) for share in (0.5, 0.99))
    held = len(found.receipts) / seconds
    print(f"\n{party.where[:10]}: {held:.0f} a second, p50 {p50:.0f} ms, p99 {p99:.0f} ms, MB {memory[::5]}")
    assert set(found.statuses) == {201}
    assert len(found.receipts) > 0.9 * rate * seconds
    third = len(memory) // 3
    assert max(memory[-third:]) < 1.5 * max(memory[third : 2 * third])
    assert party.served.stop() == 0
    check_nothing_lost(party, found)


def memory_mb(pid: int) -> float:
    """What a process holds in memory."""
    found = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    return round(int(found[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20)


def child_of(pid: int) -> int:
    """The process that a supervisor watches."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        if found:
            return int(found[0])
        time.sleep(0.05)
    raise AssertionError("the supervisor has no child")
