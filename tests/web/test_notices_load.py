"""Many acknowledge at once while many read: each receipt comes soon, and each is in the record once."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.store.cluster import cluster
from tests.web.asking import Served
from tests.web.authenticator import signed_in
from tests.web.crowd import Member, Wire, crowd, members
from tests.web.test_load import LOOSE, wait_ready
from truceline.desk.notification import ACKNOWLEDGEMENT, course_of
from truceline.record.entry import SCHEMA, Cited, Statement, sign, written
from truceline.record.tree import leaf_hash
from truceline.store.opened import open_case
from truceline.store.state import open_state

NOTICES = "/api/v1/notices"
PARTIES, AT_ONCE = 16, 60
SITE = {"kind": "repair", "what": "Pump", "areas": ["SY-HM"], "lead": "24h"}
READS = (f"{NOTICES}/counts", "/api/v1/situation", "/api/v1/record")


@dataclass
class Day:
    """A served case in which every party is a recipient of every notice.

    Attributes:
        ids: of the notices.
        headers: of the session of somebody of each party.
    """

    where: str
    served: Served
    people: list[Member]
    headers: Mapping[str, Mapping[str, str]]
    ids: list[str] = field(default_factory=list)


def day(where: str, count: int, parties: int, left: ExitStack) -> Day:
    """A case with so many notices, served."""
    case, people = crowd(where, parties)
    case.close()
    served = left.enter_context(Served(where, **LOOSE))
    client = left.enter_context(served.client())
    state = open_state(where)
    left.callback(state.close)
    desk = signed_in(client, "notices", "", state=state)
    headers = {one.party: signed_in(client, "party", one.party, state=state).headers for one in people}
    wait_ready(client)
    made = Day(where, served, people, headers)
    begins = time.time() + 3 * 86_400
    when = {"since": _utc(begins), "until": _utc(begins + 3_600)}
    to = [{"to": one.party} for one in people]
    for number in range(count):
        given = {"notice": {**SITE, **when, "what": f"Pump {number}", "to": to}, "sent": f"n-{number}"}
        answer = client.post(NOTICES, json=given, headers=dict(desk.headers))
        assert answer.status_code == 201, answer.text
        made.ids.append(answer.json()["id"])
    return made


def _utc(second: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Day]:
    """Few parties and few notices."""
    with ExitStack() as left:
        yield day(str(tmp_path / "case"), 6, 4, left)


@pytest.fixture(params=["files", "postgresql"])
def many(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Day]:
    """Many of both, on either store."""
    where = str(tmp_path / "case")
    if request.param == "postgresql":
        where = cluster().url(cluster().database())
    with ExitStack() as left:
        yield day(where, 150, PARTIES, left)


def signed(one: Member, kind: str, body: dict[str, str]) -> bytes:
    """Its next statement, of any type."""
    made = Statement((), body, one.party, Cited(), None, one.origin, one.previous, SCHEMA, None, one.sequence, kind, "")
    data = sign(written(made), [one.key])
    one.sequence, one.previous = one.sequence + 1, leaf_hash(data).hex()
    return data


async def acknowledge_all(made: Day, rate: float, *, is_signed: bool) -> list[float]:
    """Let every party acknowledge every notice, together so many a second; how long each took."""
    every, found = len(made.people) / rate, list[float]()
    began = time.monotonic()

    async def one_party(number: int, one: Member) -> None:
        wire, at = Wire(made.served.url, made.headers[one.party]), began + number * every / len(made.people)
        for notice in made.ids:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            asked = time.monotonic()
            if is_signed:
                body = {"of": notice, "party": one.party, "what": "acknowledged"}
                data, path, kind = signed(one, ACKNOWLEDGEMENT, body), "/api/v1/statements", "application/octet-stream"
            else:
                data, path, kind = b"{}", f"{NOTICES}/{notice}/acknowledgements", "application/json"
            status, answer = await wire.ask("POST", path, data, kind)
            found.append(time.monotonic() - asked)
            assert status == 201, (status, answer[:300])
            assert json.loads(answer)["entry"]
            at += every
        await wire.close()

    await asyncio.gather(*(one_party(number, one) for number, one in enumerate(made.people)))
    return found


async def _reads(url: str, seconds: float) -> None:
    """Somebody who reads: four pages a second."""
    wire, end = Wire(url), time.monotonic() + seconds
    for path in itertools.cycle(READS):
        if time.monotonic() >= end:
            break
        status, answer = await wire.ask("GET", path)
        assert status == 200, (status, answer[:300])
        await asyncio.sleep(0.25)
    await wire.close()


def run(made: Day, rate: float, readers: int, *, is_signed: bool) -> list[float]:
    """Acknowledge and read at once; then everything is in the record, once."""

    async def both() -> list[float]:
        seconds = len(made.people) * len(made.ids) / rate
        reading = [asyncio.create_task(_reads(made.served.url, seconds)) for _ in range(readers)]
        found = await acknowledge_all(made, rate, is_signed=is_signed)
        await asyncio.gather(*reading)
        return found

    found = asyncio.run(both())
    case = open_case(made.where)
    try:
        course = course_of(case)
        for one in made.ids:
            answers = course.notices[one].trail.answers.values()
            assert {(a.party, a.state, a.is_signed) for a in answers} == {
                (one.party, "acknowledged", is_signed) for one in made.people
            }
        assert len(case.said(ACKNOWLEDGEMENT)) == len(made.ids) * len(made.people)
        assert {one.party for one in members(case)} == {one.party for one in made.people}
    finally:
        case.close()
    return found


def p99(seconds: list[float]) -> float:
    """So long the slowest of a hundred took."""
    return sorted(seconds)[int(len(seconds) * 0.99)]


@pytest.mark.long
def test_every_acknowledgement_is_taken_once(few: Day) -> None:
    """From all parties at once, with readers beside them: none is lost, none is twice."""
    run(few, 40, 4, is_signed=False)


@pytest.mark.long
@pytest.mark.parametrize("is_signed", [False, True], ids=["told", "signed"])
def test_an_acknowledgement_takes_a_quarter_of_a_second(many: Day, is_signed: bool) -> None:
    """At 60 a second, with ten readers of four pages a second: 99 of 100 have their receipt within 250 ms."""
    found = run(many, AT_ONCE, 10, is_signed=is_signed)
    print(f"p50 {sorted(found)[len(found) // 2] * 1000:.0f} ms, p99 {p99(found) * 1000:.0f} ms of {len(found)}")
    assert p99(found) <= 0.25
