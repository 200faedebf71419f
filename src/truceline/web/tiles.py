"""Serve a record as static tiles (C2SP tlog-tiles), straight out of its folder: for mirrors, monitors and verifiers.

Read-only. Entries, hashes and checkpoints; files that entries name are not offered, and sealed bodies never are.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from truceline.errors import StoreError, TrucelineError
from truceline.record.log import Storage
from truceline.store.export import CHECKPOINT, static_file

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
SLOW_S = 15
"""A client that is silent for so many seconds is hung up on."""

LONGEST_S = 60.0
"""After so many seconds any client is."""

MOST_AT_ONCE = 64
_NAME = re.compile(r"/(checkpoint|tile/[0-9a-z./]{1,64})", re.ASCII)


def serve(store: Storage, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until interrupted.

    Args:
        store: where the record is kept; nothing is written to it.
        host: address to listen on.
        port: 0 = a free one.
        announce: told the address once it answers.

    Raises:
        StoreError: the port cannot be had.
    """
    server = bound(store, host, port)
    taken, found = server.server_address[:2]
    announce(f"http://{taken!s}:{found}/")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def bound(store: Storage, host: str, port: int) -> ThreadingHTTPServer:
    """A server that holds its port and does not answer yet.

    Raises:
        StoreError: the port cannot be had.
    """

    class Handler(_Tiles):
        """The handler of this one record."""

        kept = store

    try:
        return _Server((host, port), Handler)
    except OSError as error:
        raise StoreError(f"{host}:{port}: cannot be listened on: {error.strerror}") from None


class _Server(ThreadingHTTPServer):
    """Threads that die with the program: so many at once, and none for ever."""

    daemon_threads = True
    request_queue_size = MOST_AT_ONCE

    def __init__(self, *given: Any) -> None:  # noqa: ANN401  # the library's types
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._open: dict[Any, float] = {}
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # the library's types
        """Serve a connection in a thread; one too many is hung up on."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        self._open[request] = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # the library's types
        """What such a thread does."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.pop(request, None)
            self._free.release()

    def service_actions(self) -> None:
        """Now and then: hang up on whoever is here for too long; a reader that needs more comes again."""
        over = time.monotonic() - LONGEST_S
        for request, begun in list(self._open.items()):
            if begun < over:
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # the library's types
        """A reader that hangs up is no event, and its address is nobody's business."""
        del request, client_address


class _Tiles(BaseHTTPRequestHandler):
    """GET and HEAD of the names that C2SP tlog-tiles knows."""

    kept: Storage
    server_version, sys_version = "truceline", ""
    protocol_version = "HTTP/1.1"
    timeout = SLOW_S

    def do_GET(self) -> None:  # the name is the library's
        """Answer a file, or 404."""
        self._answer(has_body=True)

    def do_HEAD(self) -> None:  # the name is the library's
        """The same without the bytes."""
        self._answer(has_body=False)

    def _answer(self, *, has_body: bool) -> None:
        named = _NAME.fullmatch(self.path)
        try:
            data = None if named is None else static_file(self.kept, named[1])
        except TrucelineError:
            self._reply(500, b"damaged\n", "text/plain; charset=utf-8", has_body=has_body)
            return
        if data is None or named is None:
            self._reply(404, b"no such file\n", "text/plain; charset=utf-8", has_body=has_body)
            return
        is_head = named[1] == CHECKPOINT
        kind = "text/plain; charset=utf-8" if is_head else "application/octet-stream"
        self._reply(200, data, kind, has_body=has_body, keep="no-store" if is_head else "public, max-age=31536000")

    def _reply(self, status: int, data: bytes, kind: str, *, has_body: bool, keep: str = "no-store") -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "Cache-Control": keep, "Content-Type": kind}.items():
            self.send_header(name, value)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if has_body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
        """Log nothing: addresses of readers are nobody's business."""
        del format, args
