"""How does a service run and end? One process owns the case and answers; told to stop, it finishes what it began.

1. It takes no more connections.
2. Requests in work are answered, within `drain_s`; what takes longer is broken off.
3. What was accepted for the record is written; then everything is let go of, all of it within `WRITE_S` more.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TextIO

import uvicorn

from truceline.desk.service import Service
from truceline.desk.settings import Settings
from truceline.errors import StoreError
from truceline.web.app import App, make_app
from truceline.web.operation import Handed
from truceline.web.wire import wire

STOPS = (signal.SIGTERM, signal.SIGINT)
BACKLOG = 2_048

WRITE_S = 10.0
"""After `drain_s`, for all that is still to be written: less than a supervisor waits (`supervisor.KILL_S`)."""


SETTLE_S = 1.0
"""So often it is looked whether the first answers are there."""


def listening(settings: Settings) -> socket.socket:
    """A socket that holds the port of a service.

    Raises:
        StoreError: the port cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise StoreError(f"{settings.host}:{settings.port}: cannot be listened on: {error.strerror}") from None


def url_of(line: socket.socket) -> str:
    """Where a socket is reached from this machine."""
    host, port = line.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def run(
    where: str, settings: Settings, line: socket.socket, announce: Callable[[], None], out: TextIO | None = None
) -> None:
    """Serve a case until told to stop.

    Args:
        where: path or URL of the case.
        settings: of the service.
        line: a socket that listens; it is closed at the end.
        announce: called once it answers.
        out: where the log goes; None = standard error.

    Raises:
        StoreError: the case cannot be opened. VerificationError: its record does not hold.
    """
    with contextlib.closing(line), Service.open(where, settings) as service:
        app = make_app(service, out)
        log = app.state.operation.log
        app.prepare()
        with Handed(log).at_work(), settled(service):
            service.start()
            log.info("started", store=service.name)
            server = _Server(config_of(app, settings), announce)
            server.run([line])
            log.info("stopping")
            service.close(server.told_s + settings.drain_s + WRITE_S)
    log.info("stopped")


@contextlib.contextmanager
def settled(service: Service) -> Iterator[None]:
    """What is there once the first answers are (texts, maps, rows) is not looked through for garbage again and again.

    To look through all of it takes a sixth of a second and more, in which nobody gets a receipt.
    """
    is_over = threading.Event()

    def settle() -> None:
        while not is_over.wait(SETTLE_S):
            with contextlib.suppress(StoreError):
                service.snapshots.current()
                gc.collect()
                gc.freeze()
                return

    thread = threading.Thread(target=settle, name="truceline settling", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        gc.unfreeze()


def config_of(app: App, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves an application: no log of its own, no WebSockets, our own treatment of connections."""
    return uvicorn.Config(
        app, http=wire(settings), loop="uvloop", ws="none", interface="asgi3", lifespan="off", log_config=None,
        log_level="error", access_log=False, server_header=False, proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies), timeout_keep_alive=settings.idle_s,
        timeout_graceful_shutdown=max(1, round(settings.drain_s)), backlog=BACKLOG,
    )  # fmt: skip


class _Server(uvicorn.Server):
    """Tells when it answers, and ends in good order: what comes after it has still to be done."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce, self.told_s = announce, math.inf

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """It is told to end: from now on the time counts that its supervisor gives it."""
        self.told_s = min(self.told_s, time.monotonic())
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        asyncio.get_running_loop().set_exception_handler(_unseen)
        self._announce()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals end the server, and are not raised again after it: uvicorn would die of them before we are done."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in STOPS}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def _unseen(_loop: asyncio.AbstractEventLoop, _context: dict[str, object]) -> None:
    """A fault outside of any request, such as a connection that broke: its words may name an address."""
