"""Who starts the service again: for how long, how often, and what happens when the parent itself is gone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from truceline.web.supervisor import FIRST_S, HOPELESS, LONG_S, MOST_S, Policy, Restarts

SERVICE = """
import json, os, socket, sys, time
from truceline.web.supervisor import Policy, met
mode = sys.argv[1]
if mode == "hopeless":
    sys.exit(6)
if mode == "early" or (mode == "once" and not os.path.exists(sys.argv[2])):
    open(sys.argv[2], "a").write("x") if len(sys.argv) > 2 else None
    sys.exit(1)
line = met(Policy(drain_s=0.2, most=3, window_s=60.0), lambda: socket.create_server(("127.0.0.1", 0)))
print(json.dumps({"pid": os.getpid(), "port": line.getsockname()[1]}), flush=True)
if mode == "deaf":
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    other, _ = line.accept()
    said = other.recv(16)
    if said == b"die":
        os._exit(3 if mode == "refused" else 9)
    other.sendall(b"%d" % os.getpid())
    other.close()
"""
PARENT = """
import sys
from truceline.web import supervisor
supervisor.KILL_S = 0.5
sys.exit(supervisor.Supervisor([sys.executable, "-c", {service!r}, *sys.argv[1:]]).run())
"""


class Kept:
    """A supervisor over a service of the tests' own, in a process of its own."""

    def __init__(self, *mode: str) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", PARENT.format(service=SERVICE), *mode],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def next(self) -> dict[str, int]:
        """What the next service says."""
        assert self.process.stdout is not None
        found: dict[str, int] = json.loads(self.process.stdout.readline())
        return found

    def ask(self, port: int, what: bytes) -> bytes:
        """Say something to the service, and hear its answer."""
        import socket

        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(what)
            with contextlib.suppress(ConnectionError):
                return line.recv(16)
        return b""

    def end(self) -> tuple[int, list[dict[str, object]]]:
        """Its exit code, and what it told of deaths."""
        _, errors = self.process.communicate(timeout=20)
        told = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
        return self.process.returncode, told

    def close(self) -> None:
        """End everything."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def kept() -> Iterator[Callable[..., Kept]]:
    """Makes supervisors, and ends them."""
    made: list[Kept] = []

    def make(*mode: str) -> Kept:
        made.append(Kept(*mode))
        return made[-1]

    yield make
    for one in made:
        one.close()


def is_gone(pid: int, within_s: float = 10.0) -> bool:
    """Whether a process ends in time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_service_that_dies_is_started_again_on_its_port(kept: Callable[..., Kept]) -> None:
    """Whoever connects meanwhile waits, and is answered by the next one."""
    one = kept("well")
    first = one.next()
    one.ask(first["port"], b"die")
    assert one.ask(first["port"], b"hello") not in (b"", b"%d" % first["pid"])
    second = one.next()
    assert second["port"] == first["port"]
    os.kill(second["pid"], signal.SIGKILL)
    third = one.next()
    assert third["port"] == first["port"]
    one.process.send_signal(signal.SIGTERM)
    code, told = one.end()
    assert code == 0
    assert [(line["event"], line["code"]) for line in told] == [("died", 9), ("died", -9)]
    assert is_gone(third["pid"])


def test_it_gives_up_after_a_bound(kept: Callable[..., Kept]) -> None:
    """A service that cannot live is not started for ever; whoever looks after the machine is told."""
    one = kept("well")
    port = one.next()["port"]
    for _ in range(3):
        one.ask(port, b"die")
        one.next()
    one.ask(port, b"die")
    code, told = one.end()
    assert code == 9
    assert [line["event"] for line in told] == ["died"] * 3 + ["given up"]
    assert [line["again_in_s"] for line in told[:3]] == [0.2, 0.4, 0.8]


def test_what_no_start_cures_is_given_up_at_once(kept: Callable[..., Kept]) -> None:
    """A record that does not hold will not hold the next time either."""
    code, told = kept("hopeless").end()
    assert code == 6
    assert [line["event"] for line in told] == ["given up"]


def test_a_service_that_died_before_it_had_a_port(kept: Callable[..., Kept], tmp_path: Path) -> None:
    """Then the next one opens it."""
    one = kept("once", str(tmp_path / "been"))
    assert one.next()["port"] > 0
    one.process.send_signal(signal.SIGTERM)
    assert one.end()[0] == 0


def test_a_service_that_does_not_end_is_killed(kept: Callable[..., Kept]) -> None:
    """Told to stop, and deaf: after its time it is made to."""
    one = kept("deaf")
    pid = one.next()["pid"]
    time.sleep(0.2)
    one.process.send_signal(signal.SIGTERM)
    code, _ = one.end()
    assert code == 1
    assert is_gone(pid)


def test_a_service_ends_when_its_supervisor_is_gone(kept: Callable[..., Kept]) -> None:
    """Nobody is left that holds a case and that nobody looks after."""
    one = kept("well")
    pid = one.next()["pid"]
    one.process.kill()
    assert is_gone(pid)


def test_a_stop_while_it_waits_is_a_stop(kept: Callable[..., Kept]) -> None:
    """Between two starts, too."""
    one = kept("early")
    time.sleep(1.0)
    one.process.send_signal(signal.SIGTERM)
    assert one.end()[0] in (0, 1)  # 1 when it had given up already


# -- the policy alone ------------------------------------------------------------------------------------------------


def test_waits_grow_and_end() -> None:
    """Twice as long each time, never longer than the bound."""
    restarts, policy = Restarts(), Policy(most=20, window_s=1e9)
    waits = [restarts.wait(policy, 1, ran_s=0.0, now=float(n)) for n in range(21)]
    assert waits[:3] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]
    assert max(wait for wait in waits if wait is not None) == MOST_S
    assert waits[20] is None


def test_a_service_that_was_well_begins_anew() -> None:
    """A death after a good day is the first death."""
    restarts, policy = Restarts(), Policy(most=3, window_s=10.0)
    for now in (0.0, 1.0, 2.0):
        restarts.wait(policy, -9, ran_s=0.1, now=now)
    assert restarts.wait(policy, -9, ran_s=LONG_S, now=100.0) == FIRST_S


@pytest.mark.parametrize("code", sorted(HOPELESS))
def test_codes_that_are_hopeless(code: int) -> None:
    """What another start would not cure."""
    assert Restarts().wait(Policy(), code, ran_s=999.0, now=0.0) is None
