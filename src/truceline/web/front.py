"""What happens to a request before a route sees it, and to an answer before it leaves? One layer, in this order.

1. The address and the headers are not too long; the host is one of ours.    414, 431, 400, 421
2. The path is plain text, and a route answers it in this way.               422, 404, 405
3. Whoever asks has not asked too much.                                      429
4. The query is plain text, of parameters that the route knows.              422
5. The body is of a type that is taken, not too large, in time; JSON has one meaning.   415, 413, 408, 422, 503
6. Not too many are in work already.                                         503
7. The route answers, or fails: every failure is a problem, every fault of the program is logged by its place.

Every answer gets the id of its request and the headers of `web.headers`. Who asks is found out by the route's gate.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from truceline.desk.settings import Settings
from truceline.desk.viewers import REFUSED
from truceline.errors import AccessError, CredentialsError
from truceline.web.answering import Answering, Arriving, GoneError, Held, Whole
from truceline.web.clean import check_path, json_of, parameters
from truceline.web.headers import Headers
from truceline.web.limits import BODIES, READS, WORDS, Body, Rates, check_type
from truceline.web.operation import QUIET, Operation
from truceline.web.parts import TRACE, ProblemError, Trace
from truceline.web.problems import response_of
from truceline.web.refusals import as_page
from truceline.web.table import NO_GATE, Found, Table
from truceline.web.viewing import ARRIVING, refuse

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
CREDENTIALS = frozenset({b"authorization", b"cookie", b"signature-input"})
ONCE = frozenset({b"host", b"content-length", b"content-type", b"content-encoding", b"authorization", b"origin"})
"""Headers that stand there once: two programs could take two of them for two things."""

GONE = 499
"""The status that is logged when whoever asked has gone."""


class Front:
    """The one layer around the routes of an application."""

    def __init__(self, inner: ASGIApp, *, app: FastAPI, settings: Settings, operation: Operation, rates: Rates) -> None:
        """Stand before an application.

        Args:
            inner: calls the route that was found.
            app: whose routes there are.
            settings: of the service.
            operation: counts and logs.
            rates: of those who ask.
        """
        self._inner, self._app, self._settings, self._operation, self._rates = inner, app, settings, operation, rates
        self._headers, self._names = Headers(settings), frozenset(settings.names)
        self._held = Held(settings)
        signed = {settings.hotline_header.lower().encode()} if settings.hotline_scheme else set()
        self._credentials = CREDENTIALS | signed
        self._table: Table | None = None

    def prepare(self) -> Table:
        """Read the routes off the application, once."""
        if self._table is None:
            self._table = Table(self._app)
        return self._table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app.router.lifespan(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "other"
        trace = Trace(secrets.token_hex(8), method, time.perf_counter())
        answering = Answering(send, self._headers, trace)
        try:
            await self._answer(scope, receive, answering, trace)
        except Exception as error:
            await self._failed(self._charged(error, trace), answering, trace, scope)
        finally:
            if answering.arriving is not None:
                answering.arriving.let_go()
            self._operation.answered(trace)

    async def _answer(self, scope: Scope, receive: Receive, answering: Answering, trace: Trace) -> None:
        headers = self._headers_of(scope)  # 1
        answering.arriving = _arriving(headers, receive, self._settings, self._held)
        found, values = self._found(scope, trace)  # 2
        self._count(scope, headers, found, trace)  # 3
        if found is None:
            raise AccessError(REFUSED)
        if scope["query_string"]:
            parameters(scope["query_string"], found.names, found.many)  # 4
        taking = await self._taken(scope, headers, found, answering, trace)  # 5
        if taking is None:
            raise GoneError
        is_quiet = found.template in QUIET
        if self._operation.in_work >= self._settings.most_at_once and not is_quiet:  # 6
            raise _busy()
        inner = dict(scope)
        inner.update({
            "app": self._app, "router": self._app.router, "route": found.route, "endpoint": found.endpoint,
            "path_params": values, "truceline.call": found.app, TRACE: trace,
            ARRIVING: taking if taking is not _NO_BODY else None,
        })  # fmt: skip
        if scope["method"] == "HEAD":  # the headers that a GET would have
            inner["method"], answering.is_head = "GET", True
        self._operation.in_work += not is_quiet
        if answering.arriving is not None and not is_quiet:
            answering.arriving.on_wait = self._away
        try:
            await self._inner(inner, taking if taking is not _NO_BODY else receive, answering)  # 7
        finally:
            self._operation.in_work -= not is_quiet

    @contextmanager
    def _away(self) -> Iterator[None]:
        """A request whose body is waited for is not in work: who sends slowly takes no place from the others.

        Raises:
            ProblemError: 503, there is none when it comes back.
        """
        self._operation.in_work -= 1
        try:
            yield
        finally:
            self._operation.in_work += 1
        if self._operation.in_work > self._settings.most_at_once:
            raise _busy()

    def _headers_of(self, scope: Scope) -> dict[bytes, bytes]:
        """The headers by name, once the address and they themselves are of a bearable length."""
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > self._settings.most_url:
            raise ProblemError(414, f"expected an address of at most {self._settings.most_url} bytes")
        given = scope["headers"]
        if len(given) > self._settings.most_headers:
            raise ProblemError(431, f"expected at most {self._settings.most_headers} headers")
        if sum(len(name) + len(value) for name, value in given) > self._settings.most_header_bytes:
            raise ProblemError(431, f"expected headers of at most {self._settings.most_header_bytes} bytes")
        found: dict[bytes, bytes] = {}
        for name, value in given:
            if name in found and name in ONCE:
                raise ProblemError(400, f"expected one header `{name.decode()}`")
            found[name] = value
        if _host_of(found.get(b"host", b"")) not in self._names:
            raise ProblemError(421, "not the host of this service")
        return found

    def _found(self, scope: Scope, trace: Trace) -> tuple[Found | None, dict[str, Any]]:
        """The route and the values in its path; None where no route answers the path."""
        check_path(scope["path"], scope.get("raw_path") or b"")
        found, values, methods = self.prepare().find(scope["path"], scope["method"])
        if found is None and methods:
            raise ProblemError(405, "not asked in this way", headers={"Allow": ", ".join(sorted(methods))})
        trace.route = found.template if found else ""
        return found, values

    def _count(self, scope: Scope, headers: Mapping[bytes, bytes], found: Found | None, trace: Trace) -> None:
        """Count the request; of whoever shows credentials the gate does it, once it knows the account."""
        is_quiet, client = found is not None and found.template in QUIET, scope.get("client")
        trace.key = self._rates.key_of(client[0] if client else "", "health" if is_quiet else "")
        if is_quiet:
            return
        if found is None or found.gate is NO_GATE or self._credentials.isdisjoint(headers):
            trace.is_counted = True
            self._rates.spend(trace.key, "", scope["method"], found.gate.cost if found else 1)

    def _charged(self, error: Exception, trace: Trace) -> Exception:
        """A failure before any gate counted the request is the address's; so are credentials that are not good.

        Returns:
            The failure; that too much was asked, where it was.
        """
        try:
            if trace.key and not trace.is_counted:
                trace.is_counted = True
                self._rates.spend(trace.key, "", trace.method)
            if isinstance(error, CredentialsError):
                self._rates.note_try(trace.key)
        except ProblemError as refused:
            return error if isinstance(error, GoneError | ClientDisconnect) else refused
        return error

    async def _taken(
        self, scope: Scope, headers: Mapping[bytes, bytes], found: Found, answering: Answering, trace: Trace
    ) -> Receive | None:
        """The body as the route takes it; None when whoever sent it has gone."""
        arriving = answering.arriving
        if arriving is None or scope["method"] in READS:
            return _NO_BODY
        kind = _kind_of(found, headers)
        most, rate = getattr(self._settings, kind.most), getattr(self._settings, kind.rate)
        arriving.take(most, rate, is_kept=kind.is_kept, whose=trace.key)
        check_type(_text(headers, b"content-type"), _text(headers, b"content-encoding"), kind)
        if kind.is_streamed:
            return arriving
        data = await arriving.whole()
        if data and "application/json" in kind.types:
            json_of(data)
        return None if data is None else Whole(data, arriving)

    async def _failed(self, error: Exception, answering: Answering, trace: Trace, scope: Scope) -> None:
        """A failure as a problem, or as a page, while there is somebody to tell."""
        if isinstance(error, GoneError | ClientDisconnect):
            trace.status = GONE
            return
        said = response_of(answering.trouble or error)
        self._operation.refused(said.name)
        if said.status_code == 500:
            self._operation.fault(error, trace)
        if answering.is_begun:  # half of an answer cannot be taken back: the server closes the connection on it
            trace.status = 500
            raise error
        said = as_page(said, scope["path"], scope["query_string"], *_wanted(scope))
        if said.status_code == 401:
            refuse(said, self._settings)
        if said.status_code != 408:  # whoever was too slow is not waited for again
            await answering.drain()
        await said({"type": "http", "method": "GET"}, _no_body, answering)


def _busy() -> ProblemError:
    return ProblemError(503, "too many requests are in work", name="busy", headers={"Retry-After": "1"})


async def _no_body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


_NO_BODY: Receive = _no_body


def _arriving(headers: Mapping[bytes, bytes], receive: Receive, settings: Settings, held: Held) -> Arriving | None:
    """The body of a request, if it brings one."""
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        raise ProblemError(400, "expected a length in digits")
    if not int(length) and b"transfer-encoding" not in headers:
        return None
    return Arriving(receive, int(length), settings, held)


def _wanted(scope: Scope) -> tuple[str, str]:
    """What is said of the kind and the language of the answer."""
    found = dict(scope["headers"])
    return _text(found, b"accept"), _text(found, b"accept-language")


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _kind_of(found: Found, headers: Mapping[bytes, bytes]) -> Body:
    """What a route takes: JSON unless its gate says something else."""
    takes = found.gate.takes or "json"
    is_words = takes == "report" and _text(headers, b"content-type").strip().lower().startswith(WORDS.types[0])
    return WORDS if is_words else BODIES[takes]


def _host_of(header: bytes) -> str:
    """The name in a Host header, without the port."""
    text = header.decode("latin-1").lower()
    if text.startswith("["):
        return text[: text.find("]") + 1]
    return text.rsplit(":", 1)[0] if ":" in text else text
