"""Who sends this request? The one way from a request to a `Viewer`.

- A program signs its requests (`desk.signing`); the body that arrives has to be the one that it signed.
- A person has a session, whose id is in a cookie (`desk.sessions`). What changes anything has to come from a page of
  ours: it says a token that only such a page can know, and the browser says that it comes from here.
- Whoever shows neither is the public. Wrong or expired credentials are answered 401, whatever was asked for.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Annotated, Literal

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from starlette.responses import Response

from truceline.desk.sessions import Door, Entered, glance, inside
from truceline.desk.settings import LOCAL, Settings
from truceline.desk.signing import Headers, Shown, signed_by
from truceline.desk.viewers import PUBLIC, REFUSED, Viewer
from truceline.errors import AccessError, ConfirmError

ARRIVING, TRACE = "truceline.arriving", "truceline.trace"
"""Where the front leaves the body of a request that is on its way, and what it knows of the request."""

CSRF = "X-Truceline-CSRF"
"""The header in which a page of a session says its token."""

_LONG_AGO = datetime.fromtimestamp(0, UTC)
_READS = ("GET", "HEAD", "OPTIONS")
_VIEWER, _ENTERED = "truceline.viewer", "truceline.entered"
_FORGED = f"expected a request of a page of this service, with the header {CSRF}"


async def viewer_of(request: Request) -> Viewer:
    """Whoever sends a request.

    Raises:
        CredentialsError: with credentials that are not, or no longer, good.
    """
    known: Viewer | None = request.scope.get(_VIEWER)
    if known is None:
        known = request.scope[_VIEWER] = await _found(request)
    return known


Asked = Annotated[Viewer, Depends(viewer_of)]
"""What a route takes to know who asks."""


async def _found(request: Request) -> Viewer:
    if "signature-input" in request.headers or "signature" in request.headers:
        return await _program(request)
    token = request.cookies.get(cookie_name(request.app.state.service.settings))
    if not token:
        return PUBLIC
    service = request.app.state.service
    given = service.state, service.settings, service.now(), token
    entered = glance(*given)
    if entered is None:
        entered = await run_sync(inside, *given)
    request.scope[_ENTERED] = entered
    return entered.viewer


async def _program(request: Request) -> Viewer:
    """The program that signed a request; its body is checked as it arrives."""
    service = request.app.state.service
    trace = request.scope.get(TRACE)  # it knows a HEAD that a route answers as a GET
    shown = Shown(trace.method if trace else request.method, _url(request), Headers(
        [(name.decode("ascii", "replace"), value.decode("latin-1")) for name, value in request.scope["headers"]]
    ))  # fmt: skip
    viewer, digests = await run_sync(signed_by, service.state, service.settings, service.now(), shown)
    arriving = request.scope.get(ARRIVING)
    if arriving is not None:
        arriving.watched_by(digests.take)
    else:  # a body that was signed and taken away on the way is another body, too
        digests.take(b"", True)
    return viewer


def _url(request: Request) -> str:
    """The whole address as a program wrote it: behind a proxy that ends TLS, by the origin of the service."""
    scope = request.scope
    host, origin = request.headers.get("host", ""), request.app.state.service.settings.origin
    secure, _, own = origin.partition("://")
    scheme = secure if host == own else scope["scheme"]
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    return f"{scheme}://{host}{(scope.get('raw_path') or scope['path'].encode()).decode('latin-1')}{query}"


# -- persons -----------------------------------------------------------------------------------------------------------


def entered_of(request: Request) -> Entered:
    """The session of a request whose viewer was found.

    Raises:
        AccessError: it has none: it is the public's, or a program's.
    """
    found = entered_if_any(request)
    if found is None:
        raise AccessError(REFUSED)
    return found


def entered_if_any(request: Request) -> Entered | None:
    """The session of a request whose viewer was found; None for the public, and for a program."""
    found: Entered | None = request.scope.get(_ENTERED)
    return found


def check_source(request: Request) -> None:
    """Let go on a request that changes something only where a page of ours made it, or a program signed it.

    Raises:
        ConfirmError: the browser was made to send it from elsewhere, or cannot say that it was not.
    """
    entered = entered_if_any(request)
    if entered is None or request.method in _READS:
        return
    check_origin(request)
    if not hmac.compare_digest(request.headers.get(CSRF, "").encode(), entered.csrf.encode()):
        raise ConfirmError(_FORGED)


async def check_form(request: Request) -> None:
    """Let go on a form that somebody inside sent from a page of ours: it brings what the page said to bring.

    Raises:
        ConfirmError: as `check_source`.
    """
    entered = entered_if_any(request)
    if entered is None:
        return
    check_origin(request)
    given: object = request.headers.get(CSRF, "")
    if not given:
        form = await request.form()
        request.scope["fastapi_middleware_astack"].push_async_callback(form.close)  # whatever comes of it
        given = form.get("csrf", "")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), entered.csrf.encode()):
        raise ConfirmError(_FORGED)


def check_origin(request: Request) -> None:
    """Let go on what the browser says comes from a page of ours.

    Raises:
        ConfirmError: it comes from elsewhere, or nothing is said of it.
    """
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if origin == "null" and site == "same-origin":  # what browsers say of a form where a page tells no referrer
        return
    is_ours = origin == door_of(request).origin if origin is not None else site is not None
    if not is_ours or site not in (None, "same-origin"):
        raise ConfirmError(_FORGED)


def door_of(request: Request) -> Door:
    """Where and when a request comes in. Without an origin in the settings the service answers on this machine only."""
    service = request.app.state.service
    origin = service.settings.origin
    if not origin:
        host = request.headers.get("host", "")
        origin = f"http://{host}" if host.rpartition(":")[0] in LOCAL or host in LOCAL else "http://localhost"
    return Door(service.state, service.settings, origin, service.now())


# -- the cookie --------------------------------------------------------------------------------------------------------


def cookie_name(settings: Settings) -> str:
    """How the cookie of a session is called: browsers keep one of this name for this host alone, and only by TLS."""
    return "__Host-truceline" if settings.is_https else "truceline"


def token_of(request: Request) -> str:
    """What the cookie says; empty = there is none."""
    return request.cookies.get(cookie_name(request.app.state.service.settings), "")


def keep(response: Response, entered: Entered, settings: Settings) -> None:
    """Leave the id of a session with the browser."""
    response.set_cookie(
        cookie_name(settings), entered.token, max_age=settings.session_s, path="/", secure=settings.is_https,
        httponly=True, samesite="strict",
    )  # fmt: skip


def part(response: Response, settings: Settings) -> None:
    """Take it back."""
    take_back(response, cookie_name(settings), settings, "strict")


def take_back(response: Response, name: str, settings: Settings, samesite: Literal["lax", "strict"]) -> None:
    """Have a browser forget a cookie, in words that do not tell the time: the same refusal is the same bytes."""
    response.set_cookie(
        name, max_age=0, expires=_LONG_AGO, path="/", secure=settings.is_https, httponly=True, samesite=samesite
    )  # fmt: skip


def refuse(response: Response, settings: Settings) -> None:
    """Say how to come with credentials that are good, and take back those that are not."""
    response.headers["WWW-Authenticate"] = 'Signature realm="truceline", sign-in="/sign-in"'
    part(response, settings)
