"""Who starts the service again when it dies? A small parent that holds its port and nothing else.

    supervisor ◄──port──► service      over a pair of sockets, which is also the leash
        │  it dies: again, with the same port, each time after a longer wait, and not for ever
        │  SIGTERM: handed on; what does not end in time is killed
        ╰─ the supervisor dies: the leash is cut, the service ends in good order

Connections that come while no service is there wait in the queue of the port. The parent reads no settings and opens no
case: the service tells it the few numbers it needs, with the port.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from types import FrameType

FIRST_S, MOST_S = 0.2, 15.0
LONG_S = 60.0
"""A service that ran for so long was well: the waits begin anew."""

KILL_S = 15.0
"""After `drain_s`, for what a service still has to write."""

HOPELESS = frozenset({2, 3, 4, 5, 6})
"""Exit codes of what another start would not cure: options, settings, an agreement, a record that does not hold."""

_MOST_MESSAGE = 4_096


@dataclass(frozen=True)
class Policy:
    """How a service is looked after.

    Attributes:
        drain_s: seconds it may take for requests in work when it is told to end.
        most: deaths within `window_s` seconds that are borne.
        window_s: see there.
    """

    drain_s: float = 20.0
    most: int = 20
    window_s: float = 300.0


@dataclass
class Restarts:
    """How long to wait before the next start, and when to give up.

    >>> restarts, policy = Restarts(), Policy(most=3)
    >>> [restarts.wait(policy, 1, ran_s=0.1, now=now) for now in (0.0, 1.0, 2.0, 3.0)]
    [0.2, 0.4, 0.8, None]
    >>> restarts.wait(policy, 6, ran_s=0.1, now=900.0) is None
    True
    """

    _deaths: list[float] = field(default_factory=list)
    _next_s: float = FIRST_S

    def wait(self, policy: Policy, code: int, *, ran_s: float, now: float) -> float | None:
        """Seconds until the next start; None = it is given up.

        Args:
            policy: how many deaths are borne.
            code: exit code of the service; negative for a signal.
            ran_s: how long it ran.
            now: seconds, by any clock that does not go back.
        """
        if code in HOPELESS:
            return None
        self._deaths = [*(at for at in self._deaths if now - at < policy.window_s), now]
        if len(self._deaths) > policy.most:
            return None
        wait_s = FIRST_S if ran_s >= LONG_S else self._next_s
        self._next_s = min(MOST_S, wait_s * 2)
        return wait_s


class Supervisor:
    """Keeps one service running."""

    def __init__(self, command: list[str]) -> None:
        """Nothing runs yet; `command` starts a service whose standard input is its leash."""
        self._command, self._policy, self._restarts = command, Policy(), Restarts()
        self._line: socket.socket | None = None
        self._stopped = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._killer: threading.Timer | None = None

    def run(self) -> int:
        """Keep it running until told to stop; the exit code of all of it."""
        before = {one: signal.signal(one, self._stop) for one in (signal.SIGTERM, signal.SIGINT)}
        try:
            return self._kept()
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
            if self._killer is not None:
                self._killer.cancel()
            if self._line is not None:
                self._line.close()

    def _kept(self) -> int:
        while True:
            begun = time.monotonic()
            code = self._once()
            if self._stopped.is_set():
                return 0 if code in (0, -signal.SIGTERM) else 1
            now = time.monotonic()
            wait_s = self._restarts.wait(self._policy, code, ran_s=now - begun, now=now)
            if wait_s is None:
                _tell("given up", "error", code=code)
                return code if code > 0 else 1
            _tell("died", "warning", code=code, again_in_s=wait_s)
            if self._stopped.wait(wait_s):
                return 0

    def _once(self) -> int:
        """Start it and wait for its end; its exit code."""
        leash, its = socket.socketpair()
        with leash:
            with its:
                child = subprocess.Popen(self._command, stdin=its.fileno())  # noqa: S603  # the caller's own program
            self._child = child
            if self._stopped.is_set():  # told to stop while it was being started
                self._end(child)
            with contextlib.suppress(OSError):  # it died before it said anything
                self._meet(leash)
            return child.wait()

    def _meet(self, leash: socket.socket) -> None:
        """Hand over the port, or be handed it; learn how to look after it."""
        lines = [] if self._line is None else [self._line.fileno()]
        socket.send_fds(leash, [b"port"], lines)
        said, given, _, _ = socket.recv_fds(leash, _MOST_MESSAGE, 1)
        if given:
            self._line = socket.socket(fileno=given[0])
        if said:
            self._policy = Policy(**json.loads(said))

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopped.set()
        if self._child is not None:
            self._end(self._child)

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        """Tell it to end, and kill it when it does not."""
        child.send_signal(signal.SIGTERM)
        if self._killer is None:
            self._killer = threading.Timer(self._policy.drain_s + KILL_S, child.kill)
            self._killer.daemon = True
            self._killer.start()


def met(policy: Policy, listen: Callable[[], socket.socket]) -> socket.socket:
    """The port of a service, as the service asks its supervisor for it, over standard input.

    Args:
        policy: told to the supervisor.
        listen: opens the port, when the supervisor does not hold it yet.
    """
    leash = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    _, given, _, _ = socket.recv_fds(leash, _MOST_MESSAGE, 1)
    line = socket.socket(fileno=given[0]) if given else listen()
    socket.send_fds(leash, [json.dumps(asdict(policy)).encode()], [] if given else [line.fileno()])
    threading.Thread(target=_watch, args=(leash,), name="truceline leash", daemon=True).start()
    return line


def _watch(leash: socket.socket) -> None:
    """End this process in good order when its supervisor is gone."""
    with contextlib.suppress(OSError):
        while leash.recv(64):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


def _tell(event: str, level: str, **values: object) -> None:
    """A line like those of the service."""
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    print(json.dumps({**values, "event": event, "level": level, "timestamp": at}), file=sys.stderr, flush=True)
