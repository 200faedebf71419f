"""The whole interface, asked from its own description: no answer is outside it, and none is a fault."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from msgspec.structs import replace

from tests.web.asking import Served
from tests.web.authenticator import machine
from tests.web.conftest import WIDE
from tests.web.fuzzing import SignedRequest, ask, schema_of
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer
from truceline.group import ROLES
from truceline.store.state import open_state
from truceline.web.app import App, make_app
from truceline.web.viewing import viewer_of

SEED = 20160227
FOR_EVER = 2**40
AS = "X-Asks-As"
"""The header by which these tests say who asks."""

LOOSE: dict[str, Any] = {
    "reads_a_minute": 10**9, "reads_account": 10**9, "writes_a_minute": 10**9, "writes_account": 10**9,
    "refused_a_minute": 10**9,
}  # fmt: skip


def seed_of(request: pytest.FixtureRequest) -> int:
    """What everything that is made up follows from."""
    return int(request.config.getoption("--hypothesis-seed", None) or SEED)


def viewer(role: str) -> Viewer:
    """Somebody of a role, whose passkey was used just now."""
    if role == "public":
        return Viewer("", "public")
    party = {"party": "gov", "monitor": "gov"}.get(role, "")
    return Viewer(f"a-{ROLES.index(role):016x}", role, party, fresh_until=FOR_EVER)


@pytest.fixture(scope="module")
def app(shipped_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The application over a case that was judged; no job is done in the background, so that nobody is called."""
    folder = tmp_path_factory.mktemp("asked") / "case"
    shutil.copytree(shipped_case, folder)
    log = (folder.parent / "log").open("w+", encoding="utf-8")
    with log, Service.open(str(folder), replace(WIDE, **LOOSE)) as service:
        service.start()
        assert service.jobs.stop(30.0)
        service.snapshots.refresh()
        made = make_app(service, log)
        until_ready(lambda: all(one.is_well for one in service.health.checks()))
        viewers = {role: viewer(role) for role in ROLES}
        made.dependency_overrides[viewer_of] = lambda request: viewers[request.headers.get(AS, "public")]
        made.dependency_overrides[viewer_of].__annotations__["request"] = Request
        yield made
        log.seek(0)
        assert [line for line in log if '"event":"fault"' in line] == []


def asked_by(schema: Any, *roles: str) -> Any:  # noqa: ANN401  # the library's
    """Let one role after the other ask."""
    turns = itertools.cycle(roles)

    def as_next(context: Any, case: Any) -> Any:  # noqa: ANN401  # the library's
        case.headers[AS] = next(turns)
        return case

    schema.hook("map_case")(as_next)
    return schema


@pytest.mark.long
def test_whoever_asks_gets_what_is_described(app: App, request: pytest.FixtureRequest) -> None:
    """Every operation, at its bounds and beyond them, by the public, a party and the secretariat in turn."""
    schema = asked_by(schema_of(app.openapi(), seed=seed_of(request), app=app), "public", "party", "secretariat")
    found = ask(schema, "coverage", "fuzzing", examples=1)
    found.check()
    described = {
        f"{method.upper()} {path}"
        for path, one in app.openapi()["paths"].items()
        for method, asked in one.items()
        if "pages" not in asked.get("tags", ())
    }
    assert set(found.asked) == described
    assert found.statuses[200] > 100


@pytest.mark.long
@pytest.mark.parametrize("role", ROLES)
def test_every_role_gets_what_is_described(app: App, request: pytest.FixtureRequest, role: str) -> None:
    """The same as each role alone, with many examples, and stories in which one answer leads to the next question."""
    schema = asked_by(schema_of(app.openapi(), seed=seed_of(request) + 1, app=app), role)
    ask(schema, "coverage", "fuzzing", "stateful", examples=25).check()


@pytest.mark.long
@pytest.mark.parametrize("role", ["public", "party", "secretariat"])
def test_a_real_service_answers_as_described(another: Path, request: pytest.FixtureRequest, role: str) -> None:
    """Over the wire, with its limits in place but those of how often, and with its work in the background."""
    with Served(another, **LOOSE, judging="here") as served, served.client() as client:
        described = client.get("/openapi.json").json()
        until_ready(lambda: client.get("/health/ready").status_code == 200)
        schema = schema_of(described, seed=seed_of(request) + 2, url=served.url)
        if role != "public":
            with closing(open_state(str(another))) as state:
                program = machine(client, role, "gov" if role == "party" else "", state=state)
            schema.auth.set_from_requests(SignedRequest(program.key, lambda: int(time.time())))
        found = ask(schema, "coverage", "fuzzing", "stateful", examples=20)
        found.check()
        assert found.statuses[401] < sum(found.statuses.values()) / 10, "most requests were not let in"
        assert client.get("/health/live").status_code == 200
        assert [line for line in served.said if '"event":"fault"' in line] == []


def until_ready(is_ready: Callable[[], bool]) -> None:
    """Wait until the record is verified and judged."""
    end = time.monotonic() + 120
    while not is_ready():
        assert time.monotonic() < end, "it does not become ready"
        time.sleep(0.05)
