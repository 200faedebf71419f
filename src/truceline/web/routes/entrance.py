"""What do browsers open where people enter? The pages, their files, and the way to a provider and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from truceline.desk import provider, sessions
from truceline.desk.settings import Settings
from truceline.desk.viewers import REFUSED
from truceline.errors import AccessError, CredentialsError
from truceline.report import entrance, served
from truceline.web.files import KINDS, files
from truceline.web.parts import Here
from truceline.web.routes.auth import Whoever
from truceline.web.viewing import door_of, keep, part, take_back, token_of

router = APIRouter(include_in_schema=True, tags=["pages"], default_response_class=HTMLResponse)

Lang = Annotated[str, Query(max_length=2, pattern="^(|en|ar|ru)$", description="en, ar or ru; empty = as the browser.")]
Mark = Annotated[str, Query(max_length=16, pattern="^[0-9a-f]*$", description="What is in it; empty = the newest.")]


@router.get(
    "/static/{name}", response_class=Response,
    responses={200: {"content": {kind: {} for kind in KINDS.values()}, "description": "The file"},
               304: {"description": "What is asked for is what whoever asks has"}},
)  # fmt: skip
async def static_file(
    viewer: Whoever, request: Request, name: Annotated[str, Path(max_length=64)], v: Mark = ""
) -> Response:
    """A file of a page: style, font, script or mark."""
    del viewer
    found = files().get(name)
    if found is None:
        raise AccessError(REFUSED)
    asked = request.headers
    return found.answer(accepts=asked.get("accept-encoding", ""), has=asked.get("if-none-match", ""), asked=v)


@router.get("/sign-in")
def sign_in_page(viewer: Whoever, request: Request, service: Here, lang: Lang = "") -> Response:
    """The page to sign in; for who is inside already, to confirm and to sign out."""
    del viewer
    tongue, settings = _tongue(request, lang), service.settings
    if not token_of(request):
        return HTMLResponse(entrance.sign_in_page(tongue, has_provider=bool(settings.oidc_issuer)))
    try:
        entered = sessions.inside(service.state, settings, service.now(), token_of(request))
    except CredentialsError:
        page = HTMLResponse(entrance.sign_in_page(tongue, has_provider=bool(settings.oidc_issuer)))
        part(page, settings)
        return page
    one = entered.account
    return HTMLResponse(entrance.inside_page(tongue, entrance.Inside(one.label, one.role, one.party, entered.csrf)))


@router.get("/enrol")
def enrol_page(viewer: Whoever, request: Request, lang: Lang = "") -> Response:
    """The page to make the passkey of an invitation."""
    del viewer
    return HTMLResponse(entrance.enrol_page(_tongue(request, lang)))


# -- a provider --------------------------------------------------------------------------------------------------------


@router.get("/auth/oidc/start", status_code=303, response_class=RedirectResponse, tags=["access"])
def provider_start(viewer: Whoever, request: Request, service: Here) -> Response:
    """Go to the provider of the host, where there is one."""
    del viewer
    if not service.settings.oidc_issuer:
        raise AccessError(REFUSED)
    url, secret = provider.way_out(door_of(request))
    response = RedirectResponse(url, 303)
    response.set_cookie(
        _cookie(service.settings), secret, max_age=provider.AWAY_S, path="/", secure=service.settings.is_https,
        httponly=True, samesite="lax",  # it comes back from the provider, which is another site
    )  # fmt: skip
    return response


@router.get(provider.CALLBACK, tags=["access"])
def provider_callback(  # noqa: PLR0917  # what providers put into the address
    viewer: Whoever, request: Request, service: Here,
    code: Annotated[str, Query(max_length=4_096)] = "",
    state: Annotated[str, Query(max_length=256)] = "",
    iss: Annotated[str, Query(max_length=512)] = "",
    error: Annotated[str, Query(max_length=512)] = "",
    error_description: Annotated[str, Query(max_length=2_048)] = "",
    error_uri: Annotated[str, Query(max_length=2_048)] = "",
    session_state: Annotated[str, Query(max_length=512)] = "",
    scope: Annotated[str, Query(max_length=2_048)] = "",
    authuser: Annotated[str, Query(max_length=512)] = "",
    hd: Annotated[str, Query(max_length=512)] = "",
    prompt: Annotated[str, Query(max_length=512)] = "",
) -> Response:  # fmt: skip
    """Come back from the provider; what it says beside code, state and issuer is not read."""
    del viewer, error, error_description, error_uri, session_state, scope, authuser, hd, prompt
    settings = service.settings
    if not settings.oidc_issuer:
        raise AccessError(REFUSED)
    secret = request.cookies.get(_cookie(settings), "")
    entered = provider.way_back(door_of(request), provider.Said(code, state, iss), secret, token_of(request))
    response = HTMLResponse(entrance.onward_page(_tongue(request, ""), "/sign-in"))
    take_back(response, _cookie(settings), settings, "lax")
    keep(response, entered, settings)
    return response


def _tongue(request: Request, lang: str) -> str:
    return served.spoken(lang, request.headers.get("accept-language", ""))


def _cookie(settings: Settings) -> str:
    return "__Host-truceline-way" if settings.is_https else "truceline-way"
