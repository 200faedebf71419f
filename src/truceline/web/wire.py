"""How does the server speak HTTP to whoever connects? As uvicorn does, and to nobody for ever.

uvicorn waits without end for the first byte and for the last header, and takes headers of any length. Here a head has
to arrive in time and within its bounds, and there are no more connections than the service can bear. What is no
request is answered with a problem, in the one form.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from truceline.desk.settings import Settings
from truceline.web import answering
from truceline.web.parts import PROBLEM, problem

SLACK = 4_096
"""Of a head that is not whole so much more is taken than the front allows, so that the front can say what is wrong."""


class Wire(HttpToolsProtocol):
    """One connection.

    INVARIANT: `_timer` runs while a head is awaited and only then; `_leaving` while bytes wait for whoever connected,
    and too many do, or the connection is to end with them.
    """

    def __init__(self, *given: Any, settings: Settings, **named: Any) -> None:  # noqa: ANN401  # the library's
        """A connection of a service with these settings."""
        super().__init__(*given, **named)
        self._settings = settings
        self._timer: asyncio.TimerHandle | None = None
        self._size, self._most_head = 0, settings.most_url + settings.most_header_bytes + SLACK
        self._leaving: asyncio.TimerHandle | None = None
        self._is_in_body, self._between = False, 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the library has it
        """Somebody connected."""
        super().connection_made(transport)
        if len(self.connections) > self._settings.most_connections:
            self._refuse(503)
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop()
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """More waits for whoever connected than fits: it has to be taken in time."""
        super().pause_writing()
        self._let_leave()

    def resume_writing(self) -> None:
        """It was taken."""
        super().resume_writing()
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def on_response_complete(self) -> None:
        """An answer is written; one that ends the connection is not waited for without end."""
        super().on_response_complete()
        self._let_end()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more is asked: what was not taken until now is not waited for."""
        self._hang_up() if self.transport.get_write_buffer_size() else super().timeout_keep_alive_handler()

    def on_message_begin(self) -> None:
        """The first byte of a request: its head has to follow in time."""
        super().on_message_begin()
        self._is_in_body = False
        self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the head; what stands behind a body is none, and nobody reads it."""
        if not self._is_in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._stop()
        self._is_in_body, self._between = True, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._between = 0
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        """Bytes; of a head that is not whole yet, and beside a body, no more than the front would let through."""
        self._size += len(data) if self._timer is not None else 0
        self._between += len(data)
        super().data_received(data)
        if self._timer is not None and self._size > self._most_head:
            self._refuse(431 if self.headers else 414)
        elif self._timer is None and self._is_in_body and self._between > self._most_head:
            self._refuse(431)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, and hang up."""
        del msg
        self._refuse(400)

    def _await_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self._settings.head_s, self._late)

    def _late(self) -> None:
        """The head did not come: whoever began one is told."""
        self._timer = None
        if not self.transport.is_closing():
            self._refuse(408) if self._size else self.transport.close()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._size = None, 0

    def _let_leave(self) -> None:
        """Whoever takes nothing is let go of, a moment after its answer was given up."""
        if self._leaving is None:
            self._leaving = self.loop.call_later(answering.WRITE_S + 1.0, self._hang_up)

    def _hang_up(self) -> None:
        """End the connection now; whatever still answers is told that nobody listens, and fails at nothing."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.abort()

    def _let_end(self) -> None:
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self._let_leave()

    def _refuse(self, status: int) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self._hang_up()  # into the middle of an answer nothing can be said
            return
        said = problem(status, _SAID[status])
        head = [
            STATUS_LINE[status], b"content-type: " + PROBLEM.encode(), b"\r\ncontent-length: ", b"%d" % len(said.body),
            b"\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n",
        ]  # fmt: skip
        self.transport.write(b"".join([*head, bytes(said.body)]))
        self.transport.close()
        self._let_end()


_SAID = {
    400: "the request is not one",
    408: "the request did not arrive in time",
    414: "the address is too long",
    431: "the headers are too long",
    503: "too many are connected",
}


def wire(settings: Settings) -> Any:  # noqa: ANN401  # what uvicorn takes for a protocol
    """The protocol of a service with these settings."""
    return partial(Wire, settings=settings)
