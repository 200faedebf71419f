"""How do bytes come in and go out? Bodies capped and in time; answers with what every answer carries.

A client that sends too slowly, or takes nothing, is let go of: it holds no place that others need.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

from starlette.types import Message, Receive, Send

from truceline.desk.settings import Settings
from truceline.web.headers import Headers
from truceline.web.parts import ProblemError, Trace

WRITE_S = 60.0
"""A client that takes nothing for so long is let go of."""

SMALL = 65_536
"""What fits into the buffers of a connection: nobody is waited for."""

SHARES = 8
"""Of what may be in memory nobody takes more than such a part, or than one statement."""

DRAIN_BYTES, DRAIN_S = 1024 * 1024, 2.0
"""Of a body that is refused so much is still taken, so that whoever sends it gets to read the answer."""


class GoneError(Exception):
    """Whoever asked takes no answer any more."""


class Held:
    """How much of all bodies together is in memory: so that many that are allowed each are not too much.

    Attributes:
        size: bytes.
    """

    def __init__(self, settings: Settings) -> None:
        """Nothing is."""
        self._most, self._share = settings.most_held, max(settings.most_held // SHARES, settings.most_statement)
        self.size = 0
        self._of: Counter[bytes] = Counter()

    def take(self, size: int, whose: bytes) -> None:
        """So much more of somebody: an address, or an account.

        Raises:
            ProblemError: 503, there is no room for it.
        """
        if self.size + size > self._most or self._of[whose] + size > self._share:
            raise ProblemError(503, "too much is being sent at once", name="busy", headers={"Retry-After": "5"})
        self.size += size
        self._of[whose] += size

    def give(self, size: int, whose: bytes) -> None:
        """So much less."""
        self.size -= size
        self._of[whose] -= size
        if not self._of[whose]:
            del self._of[whose]


Wait = Callable[[], AbstractContextManager[None]]
"""Is around every wait for a piece of a body."""

Watch = Callable[[bytes, bool], None]
"""Is told a piece of a body, and whether it is the last; raises to refuse the body."""


class Arriving:
    """A body on its way: capped, and in time.

    Attributes:
        is_whole: everything has arrived.
        size: bytes so far.
        trouble: why it was refused on its way; a framework that reads it may tell it as something else.
    """

    def __init__(self, receive: Receive, length: int, settings: Settings, held: Held) -> None:
        """Nothing has arrived yet.

        Args:
            receive: gives the pieces.
            length: as announced; 0 = it was not.
            settings: of the service: how long a body may take.
            held: counts what is in memory of all of them.
        """
        self._receive, self._length = receive, length
        self._first_s, self._rate = settings.body_s, settings.body_rate
        self._begun, self._most = time.monotonic(), 0
        self.size, self.is_whole = 0, False
        self.trouble: Exception | None = None
        self._watch: Watch | None = None
        self._all, self._own, self._whose, self._is_kept = held, 0, b"", False
        self.on_wait: Wait | None = None

    def watched_by(self, watch: Watch) -> None:
        """Let somebody see each piece before it is handed on."""
        self._watch = watch

    def take(self, most: int, rate: int, *, is_kept: bool, whose: bytes) -> None:
        """Say how much is taken.

        Args:
            most: bytes of it.
            rate: so many bytes in a second earn it more time.
            is_kept: it stays in memory.
            whose: stands for the address that sends it.

        Raises:
            ProblemError: 413, when more were announced.
        """
        self._most, self._rate, self._is_kept, self._whose = most, rate, is_kept, whose
        if self._length > most:
            raise _too_large(most)

    def known(self, rate: int, account: str) -> None:
        """Whoever sends it is known: so few bytes in a second do."""
        self._rate = min(self._rate, rate)
        if not self._own:
            self._whose = account.encode()

    def let_go(self) -> None:
        """Nothing of it is in memory any more."""
        self._all.give(self._own, self._whose)
        self._own = 0

    async def __call__(self) -> Message:
        """The next piece, as the framework asks for it.

        Raises:
            ProblemError: 413 when it is too large, 408 when it is too slow.
        """
        if self.is_whole:
            return await self._receive()  # the end of the connection is told here, whenever it comes
        try:
            return await self._piece()
        except Exception as error:
            self.trouble = error
            raise

    async def _piece(self) -> Message:
        end = self._begun + self._first_s + self.size / self._rate
        try:
            message = await self._next(max(0.001, end - time.monotonic()))
        except TimeoutError:
            raise ProblemError(408, "the body did not arrive in time") from None
        if message["type"] != "http.request":
            self.is_whole = True
            return message
        size = len(message.get("body", b""))
        self.size += size
        self.is_whole = not message.get("more_body", False)
        if self.size > self._most:
            raise _too_large(self._most)
        if self._is_kept:
            self._all.take(size, self._whose)
            self._own += size
        if self._watch is not None:
            self._watch(message.get("body", b""), self.is_whole)
        return message

    async def _next(self, within_s: float) -> Message:
        """What comes next; while it is waited for, nobody works."""
        if self.on_wait is None:
            async with asyncio.timeout(within_s):
                return await self._receive()
        with self.on_wait():
            async with asyncio.timeout(within_s):
                return await self._receive()

    async def whole(self) -> bytes | None:
        """All of it; None when whoever sent it has gone.

        Raises:
            ProblemError: as above.
        """
        pieces = []
        while not self.is_whole:
            message = await self()
            if message["type"] != "http.request":
                return None
            pieces.append(message.get("body", b""))
        return b"".join(pieces)

    async def drain(self) -> None:
        """Take what still comes and throw it away, within bounds."""
        end, left = time.monotonic() + DRAIN_S, DRAIN_BYTES
        while not self.is_whole and left > 0 and (wait := end - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(wait):
                    message = await self._receive()
            except TimeoutError:
                return
            self.is_whole = message["type"] != "http.request" or not message.get("more_body", False)
            left -= len(message.get("body", b""))


class Whole:
    """A body that was read already, handed on in one piece."""

    def __init__(self, data: bytes, after: Receive) -> None:
        """`after` is asked for what comes then: the end of the connection."""
        self._data, self._after, self._is_given = data, after, False

    def watched_by(self, watch: Watch) -> None:
        """Let somebody see it."""
        watch(self._data, True)

    def known(self, rate: int, account: str) -> None:
        """It is here already."""

    async def drain(self) -> None:
        """Nothing of it still comes."""

    async def __call__(self) -> Message:
        """The body, then what comes after it."""
        if self._is_given:
            return await self._after()
        self._is_given = True
        return {"type": "http.request", "body": self._data, "more_body": False}


class Answering:
    """Sends an answer, with what every answer carries.

    Attributes:
        is_begun: its status has left.
        is_head: only its headers are wanted.
        arriving: the body of the request, where it brings one.
    """

    def __init__(self, send: Send, headers: Headers, trace: Trace) -> None:
        """Nothing has left yet."""
        self._send, self._headers, self._trace = send, headers, trace
        self.is_begun = self.is_head = False
        self.arriving: Arriving | None = None

    async def __call__(self, message: Message) -> None:
        """Send a piece.

        Raises:
            GoneError: nobody takes it.
        """
        if message["type"] == "http.response.start":
            await self._send(self._begun(message))
            return
        if self.is_head:
            message = {**message, "body": b""}
        if len(message.get("body", b"")) < SMALL and not message.get("more_body"):
            await self._send(message)
            return
        try:
            async with asyncio.timeout(WRITE_S):
                await self._send(message)
        except TimeoutError:
            raise GoneError from None

    def _begun(self, message: Message) -> Message:
        self.is_begun, self._trace.status = True, message["status"]
        given = list(message.get("headers", ()))
        given += self._headers.added(given)
        given.append((b"x-request-id", self._trace.id.encode()))
        if self.arriving is not None and not self.arriving.is_whole:
            given.append((b"connection", b"close"))  # what still comes is not the next request
        return {**message, "headers": given}

    @property
    def trouble(self) -> Exception | None:
        """Why the body of the request was refused on its way."""
        return None if self.arriving is None else self.arriving.trouble

    async def drain(self) -> None:
        """Let a body that nobody wants any more run out, within bounds."""
        if self.arriving is not None:
            await self.arriving.drain()


def _too_large(most: int) -> ProblemError:
    return ProblemError(413, f"expected a body of at most {most} bytes")
