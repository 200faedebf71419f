"""Serve the pages of a case on this machine only: files, read-only, nothing else.

The web application comes later; this shows the report pages in a browser.
"""

from __future__ import annotations

from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from truceline.errors import StoreError

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class _Pages(SimpleHTTPRequestHandler):
    """Files of one folder, with strict headers; requests are not logged."""

    server_version = "truceline"
    sys_version = ""

    def end_headers(self) -> None:
        """Add the strict headers."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path: object) -> None:
        """Refuse: there is no listing."""
        del path
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
        """Log nothing: addresses of readers are nobody's business."""
        del format, args


def serve(folder: Path, port: int, announce: Callable[[str], None]) -> None:
    """Serve a folder on 127.0.0.1 until interrupted.

    Args:
        folder: the pages.
        port: 0 = a free one; one that is taken is replaced by a free one.
        announce: told the address once it answers.

    Raises:
        StoreError: no port can be had.
    """
    until_stopped(bound(folder, port), announce)


def until_stopped(server: ThreadingHTTPServer, announce: Callable[[str], None]) -> None:
    """Answer until interrupted; the address is announced first."""
    host, port = server.server_address[:2]
    announce(f"http://{host!s}:{port}/")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def bound(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server bound to a port of 127.0.0.1, not yet answering.

    Raises:
        StoreError: no port can be had.
    """

    def handler(*args: object) -> _Pages:
        return _Pages(*args, directory=str(folder))  # type: ignore[arg-type]  # the library passes its own arguments

    for candidate in dict.fromkeys((port, 0)):
        try:
            return ThreadingHTTPServer(("127.0.0.1", candidate), handler)
        except OSError:
            continue
    raise StoreError("no port can be had on 127.0.0.1")
