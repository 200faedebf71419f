"""How a service ends, and how it lives through a database that goes away."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import anyio
import httpx
import pytest
from msgspec.structs import replace

from tests.evidence.bench import SHIPPED
from tests.store.cluster import Cluster, absent
from tests.web import trial
from tests.web.asking import WAIT_S, Served
from tests.web.conftest import WIDE
from truceline import desk
from truceline.desk.charters import new_charter
from truceline.desk.service import LEAST_S, Service
from truceline.desk.settings import Settings
from truceline.errors import StoreError
from truceline.web import running, supervisor
from truceline.web.app import App, make_app
from truceline.web.operation import Handed, new_log

REQUEST = b"GET /trial/slow HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Running:
    """`running.run` in a thread of this process, with the routes of the trial."""

    def __init__(self, folder: Path, settings: Settings, patched: pytest.MonkeyPatch) -> None:
        """Start it."""
        self.log = io.StringIO()
        self.line = running.listening(replace(settings, port=0))
        self.port = self.line.getsockname()[1]
        self.servers: list[running._Server] = []
        patched.setattr(running, "make_app", self._made)
        patched.setattr(running, "_Server", self._kept)
        answering = threading.Event()
        self.thread = threading.Thread(
            target=running.run, args=(str(folder), settings, self.line, answering.set, self.log)
        )
        self.thread.start()
        assert answering.wait(WAIT_S)

    def _made(self, service: Service, out: io.StringIO) -> App:
        app = make_app(service, out)
        app.include_router(trial.router)
        return app

    def _kept(self, *given: object) -> running._Server:
        self.servers.append(_REAL(*given))  # type: ignore[arg-type]  # what `run` gives
        return self.servers[-1]

    def connect(self) -> socket.socket:
        """A connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S)

    def stop(self) -> None:
        """Tell it to end, as a signal would."""
        self.servers[-1].handle_exit(signal.SIGTERM, None)


_REAL = running._Server


class Judged:
    """A service whose first answers come when the test says so."""

    def __init__(self) -> None:
        """There are none yet; what is asked for is noted."""
        self.snapshots, self.is_there, self.asked = self, False, threading.Event()

    def current(self) -> None:
        """As `Snapshots.current`."""
        self.asked.set()
        if not self.is_there:
            raise StoreError("the first answers are being worked out")


def test_what_stays_is_looked_through_for_garbage_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first answers on: each time would be a pause in which nobody gets a receipt."""
    monkeypatch.setattr(running, "SETTLE_S", 0.01)
    gc.unfreeze()  # whatever a program in this process before froze
    service, before = Judged(), gc.get_freeze_count()
    with running.settled(cast(Service, service)):
        assert service.asked.wait(WAIT_S)
        assert gc.get_freeze_count() == before
        service.is_there = True
        end = time.monotonic() + WAIT_S
        while gc.get_freeze_count() <= before + 10_000:
            assert time.monotonic() < end
            time.sleep(0.01)
    assert gc.get_freeze_count() == 0
    with running.settled(cast(Service, Judged())):
        pass  # one that ends before its first answers ends at once


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Holds the slow route until it is set."""
    opened = threading.Event()

    class Opened:
        """An event of a thread, awaited."""

        async def wait(self) -> None:
            """Until it is set."""
            while not opened.is_set():
                await anyio.sleep(0.01)

    class Entered:
        """Notes that somebody came."""

        def set(self) -> None:
            """Somebody came."""
            entered.set()

    entered = threading.Event()
    trial.Gates.opened, trial.Gates.entered = Opened(), Entered()  # type: ignore[assignment]  # as far as it is used
    opened.entered = entered  # type: ignore[attr-defined]  # the tests wait for it
    yield opened
    opened.set()
    trial.Gates.opened = trial.Gates.entered = None


@pytest.fixture
def folder(shipped_case: Path, tmp_path: Path) -> Path:
    """A case of the test's own."""
    return Path(shutil.copytree(shipped_case, tmp_path / "case"))


def rest(line: socket.socket) -> bytes:
    """Everything until the server hangs up."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while piece := line.recv(65_536):
            found += piece
    return found


def test_what_is_in_work_is_finished(folder: Path, held: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told to stop: no new connection, the answer in work is given whole, everything is let go of."""
    one = Running(folder, WIDE, monkeypatch)
    with one.connect() as line:
        line.sendall(REQUEST)
        assert held.entered.wait(WAIT_S)  # type: ignore[attr-defined]  # see the fixture
        one.stop()
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            try:
                one.connect().close()
            except ConnectionRefusedError:
                break
            time.sleep(0.02)
        else:
            pytest.fail("it goes on taking connections")
        assert one.thread.is_alive()
        held.set()
        answer = rest(line)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer
    one.thread.join(WAIT_S)
    assert not one.thread.is_alive()
    told = [json.loads(line)["event"] for line in one.log.getvalue().splitlines()]
    assert told == ["started", "request", "stopping", "stopped"]
    Service.open(str(folder)).close()  # nobody holds the case any more


def test_what_takes_too_long_is_broken_off(
    folder: Path, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request cannot keep a service from ending."""
    one = Running(folder, replace(WIDE, drain_s=1.0), monkeypatch)
    with one.connect() as line:
        line.sendall(REQUEST)
        assert held.entered.wait(WAIT_S)  # type: ignore[attr-defined]  # see the fixture
        one.stop()
        one.thread.join(WAIT_S)
        assert not one.thread.is_alive()
        assert b"200" not in rest(line)


def test_all_that_ends_has_one_deadline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a supervisor would kill in the middle is let go of before: jobs get what is left, a verifier little."""
    given: list[float] = []
    never = threading.Event()
    with Service.open(str(folder), replace(Settings(), judging="asked")) as service:
        end = service.jobs.stop

        def stop(within_s: float) -> bool:
            given.append(within_s)
            return end(within_s)

        monkeypatch.setattr(service.jobs, "stop", stop)
        service._verifier = threading.Thread(target=never.wait, daemon=True)
        service._verifier.start()
        begun = time.monotonic()
        service.close(begun + 3.0)
        took_s = time.monotonic() - begun
    never.set()
    assert took_s < 3.0
    assert len(given) == 1 and LEAST_S <= given[0] < 3.0
    assert running.WRITE_S < supervisor.KILL_S


def test_what_is_no_request_is_not_logged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: garbage without end fills no disk; a request fills one line."""
    one = Running(folder, WIDE, monkeypatch)
    with Handed(new_log("info", one.log)).at_work():
        for _ in range(20):
            with one.connect() as line:
                line.sendall(b"\x00 garbage\r\n\r\n")
                assert rest(line).startswith(b"HTTP/1.1 400")
    with one.connect() as line:
        line.sendall(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert rest(line).startswith(b"HTTP/1.1 404")
    one.stop()
    one.thread.join(WAIT_S)
    told = [json.loads(line)["event"] for line in one.log.getvalue().splitlines()]
    assert told == ["started", "request", "stopping", "stopped"]


def test_two_services_do_not_share_a_case(folder: Path) -> None:
    """One process writes; the second is told so."""
    with Service.open(str(folder)), pytest.raises(StoreError, match="another writer"):
        Service.open(str(folder))


def test_a_machine_without_the_keys_serves_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a party runs of its own: everything can be read and verified there, nothing written."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "host"))
    desk.init_case(tmp_path / "case", SHIPPED / "agreement.yaml", new_charter("own")).close()
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "party"))
    with Service.open(str(tmp_path / "case")) as service:
        assert not service.is_writer
        told = {one.name: one for one in service.health.checks()}
        assert told["writer"].is_well
        with pytest.raises(StoreError, match="no keys of the log"):
            service.append(b"", {})


# -- a database that goes away ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A database server that this module may stop."""
    if absent():
        pytest.skip(absent())
    one = Cluster()
    yield one
    one._end()


def until(url: str, status: int, within_s: float = 60.0) -> httpx.Response:
    """The readiness of a service once it has a status."""
    end, found = time.monotonic() + within_s, None
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            found = httpx.get(f"{url}/health/ready", timeout=WAIT_S)
            if found.status_code == status:
                return found
        time.sleep(0.1)
    raise AssertionError(f"expected {status}: {found and found.text}")


@pytest.mark.long
def test_a_database_goes_away_and_comes_back(server: Cluster) -> None:
    """The service stays: not ready, 503 with Retry-After where the database is needed; and well again by itself."""
    where = server.url(server.database())
    desk.demo_case(where).close()
    with Served(where) as one:
        until(one.url, 200)
        pid = json.loads(one.lines[-1])["pid"]
        server.crash()
        found = until(one.url, 503)
        told = {check["name"]: check for check in found.json()["checks"]}
        assert told["store"]["said"] == "out of reach"
        assert found.headers["retry-after"] == "5"
        assert httpx.get(f"{one.url}/health/live", timeout=WAIT_S).status_code == 200
        server.start()
        until(one.url, 200)
        assert json.loads(one.lines[-1])["pid"] == pid
        assert one.stop() == 0
        assert all(line.startswith("{") for line in one.said)


@pytest.mark.long
def test_a_service_waits_for_its_database(server: Cluster) -> None:
    """Begun before its database: it is started again until there is one."""
    where = server.url(server.database())
    desk.demo_case(where).close()
    server.crash()
    with Served(where, is_awaited=False) as one:
        try:
            end = time.monotonic() + WAIT_S
            while not any('"died"' in line for line in one.said) and time.monotonic() < end:
                time.sleep(0.05)
        finally:
            server.start()
        one.wait()
        until(one.url, 200)
