"""How does a witness speak HTTP? As C2SP tlog-witness asks for, and so that nobody can hold it up.

    POST /add-checkpoint                     a request to cosign
    GET  /                                   who this is and what it saw, as plain text
    GET  /logs/<SHA-256 of origin>/checkpoint   the newest cosigned note, whole
    GET  /evidence                           forks, and notes whose proof failed

A request has to arrive whole within a time limit, however slowly its bytes drip; a body has a largest size, and there
are so many connections at a time and no more. Requests are not logged. It speaks plain HTTP: cosignatures carry their
own proof; for the world outside it stands behind a server that speaks TLS.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from truceline.errors import StoreError
from truceline.record.policy import read_policy
from truceline.witness.cosign import JSON, Witness
from truceline.witness.rules import MOST_BODY, TEXT, Answer, refusal

_LENGTH = re.compile(r"[0-9]{1,9}", re.ASCII)
_NOTE = re.compile(r"/logs/([0-9a-f]{64})/checkpoint", re.ASCII)
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: 1\r\n\r\n"


@dataclass(frozen=True)
class Config:
    """How a witness runs.

    Attributes:
        key: file of its key.
        state: folder of its state.
        logs: a policy (C2SP tlog-policy) whose `log` lines say which logs it knows.
        most_connections: at a time; the next one is told to come again.
        request_s: within so many seconds a request has to arrive whole and its answer be taken.
        now: gives the UTC second.
    """

    key: Path
    state: Path
    logs: Path
    most_connections: int = 64
    request_s: float = 10.0
    now: Callable[[], int] = lambda: int(time.time())


def serve(config: Config, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Run a witness until interrupted.

    Args:
        config: its key, state and logs.
        host: address to listen on.
        port: 0 = a free one.
        announce: told the address once it answers.

    Raises:
        VerificationError: the witness is retired, or its clock went back.
        StoreError: the port cannot be had.
    """
    with opened(config) as witness:
        server = bound(witness, host, port, most_connections=config.most_connections, request_s=config.request_s)
        try:
            announce(server.url)
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()


def opened(config: Config) -> contextlib.closing[Witness]:
    """The witness of a configuration, to be closed.

    Raises:
        InputError: the policy is none, or names no log.
        VerificationError: the witness is retired, its clock went back, or a log has its key.
    """
    try:
        data = config.logs.read_bytes()
    except OSError as error:
        raise StoreError(f"{config.logs}: cannot be read: {error.strerror}") from None
    return contextlib.closing(Witness(config.key, config.state, read_policy(data, str(config.logs)), config.now))


def bound(
    witness: Witness, host: str, port: int, *, most_connections: int = 64, request_s: float = 10.0
) -> WitnessServer:
    """A server bound to a port, not yet answering.

    Raises:
        StoreError: the port cannot be had.
    """
    try:
        return WitnessServer((host, port), witness, most_connections=most_connections, request_s=request_s)
    except OSError as error:
        raise StoreError(f"{host}:{port}: cannot be had: {error.strerror}") from None


class WitnessServer(ThreadingHTTPServer):
    """A thread for each connection, up to a number; a watch that closes those that are too slow.

    INVARIANT: `_until` holds every open connection, with the time at which it is closed whatever it does.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], witness: Witness, *, most_connections: int, request_s: float) -> None:
        """Bind; nothing is answered yet."""
        self.witness, self.request_s = witness, request_s
        self._most = most_connections
        self._until: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self.server_address[:2]
        name = host.decode() if isinstance(host, bytes | bytearray) else host
        return f"http://{f'[{name}]' if ':' in name else name}:{port}"

    def grant(self, connection: socket.socket) -> None:
        """Give a connection its time for one more request."""
        with self._lock:
            if connection in self._until:
                self._until[connection] = time.monotonic() + self.request_s

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # the library's types
        """Take a connection, or send it away when there are too many."""
        with self._lock:
            is_free = len(self._until) < self._most
            if is_free:
                self._until[request] = time.monotonic() + self.request_s
        if is_free:
            super().process_request(request, client_address)
            return
        with contextlib.suppress(OSError):
            request.settimeout(0.2)
            request.sendall(_BUSY)
        self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401  # the library's type
        """Forget a connection, and close it."""
        with self._lock:
            self._until.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Close what is too slow; the library calls this between requests, and several times a second."""
        now = time.monotonic()
        with self._lock:
            late = [connection for connection, until in self._until.items() if until < now]
            for connection in late:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a connection that broke off is nobody's fault here."""
        del request, client_address


class _Handler(BaseHTTPRequestHandler):
    """One connection; several requests one after another."""

    protocol_version = "HTTP/1.1"
    server_version = "truceline"
    sys_version = ""
    server: WitnessServer

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.request_s)

    def handle_one_request(self) -> None:
        self.server.grant(self.connection)
        super().handle_one_request()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
        del format, args

    def do_POST(self) -> None:  # the name is the library's
        """A request to cosign."""
        length = self.headers.get_all("Content-Length") or []
        if self.headers.get("Transfer-Encoding") or len(length) != 1 or not _LENGTH.fullmatch(length[0]):
            self._refuse(411, "expected one Content-Length")
        elif int(length[0]) > MOST_BODY:
            self._refuse(413, f"expected at most {MOST_BODY} bytes")
        elif self.path != "/add-checkpoint":
            self._refuse(404, "expected /add-checkpoint")
        else:
            body = self.rfile.read(int(length[0]))
            if len(body) < int(length[0]):
                self.close_connection = True
                return
            self._answer(self.server.witness.add_checkpoint(body))

    def do_GET(self) -> None:  # the name is the library's
        """Something to read."""
        witness = self.server.witness
        if self.headers.get("Content-Length", "0") != "0" or self.headers.get("Transfer-Encoding"):
            self._refuse(400, "expected no body")
        elif self.path == "/":
            self._answer(Answer(200, TEXT, witness.status().encode()))
        elif self.path == "/evidence":
            self._answer(Answer(200, JSON, witness.evidence()))
        else:
            found = _NOTE.fullmatch(self.path)
            note = witness.newest(found[1]) if found else None
            self._answer(refusal(404, "nothing here") if note is None else Answer(200, TEXT, note))

    def _refuse(self, status: int, why: str) -> None:
        """Refuse what cannot be read to its end, and hang up."""
        self.close_connection = True
        self._answer(refusal(status, why))

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)
