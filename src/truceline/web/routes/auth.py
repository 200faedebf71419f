"""How does a person enter, confirm and leave? Passkeys, sessions and a provider, by HTTP.

What a browser is asked for entering is the same for everybody, and whatever is wrong gets the same answer. The page of
a session says its token (`csrf`) in the header X-Truceline-CSRF beside every change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from truceline.desk import sessions
from truceline.desk.sessions import Entered
from truceline.desk.viewers import PUBLIC, REFUSED, Viewer
from truceline.errors import AccessError
from truceline.span import utc_text
from truceline.web.parts import Gate, Here, Sent, answer, count, gate
from truceline.web.viewing import check_origin, door_of, entered_of, keep, part, token_of

router = APIRouter(tags=["access"])


Bytes = Annotated[str, Field(pattern="^[A-Za-z0-9_-]*$", max_length=16_384, description="base64url, no padding.")]


class Answered(Sent):
    """What an authenticator answered; the names are the standard's."""

    clientDataJSON: Bytes  # noqa: N815  # the name is the standard's, here and below
    attestationObject: Bytes | None = None  # noqa: N815
    authenticatorData: Bytes | None = None  # noqa: N815
    signature: Bytes | None = None
    userHandle: Bytes | None = None  # noqa: N815
    transports: list[Annotated[str, Field(pattern="^[a-z-]{1,32}$")]] = Field(default=[], max_length=16)
    publicKey: Bytes | None = None  # noqa: N815
    publicKeyAlgorithm: Literal[-8, -7, -257] | None = None  # noqa: N815


class Credential(Sent):
    """What a browser gives for a passkey, as JSON (WebAuthn level 3, `toJSON`)."""

    id: Bytes
    rawId: Bytes  # noqa: N815  # the name is the standard's
    type: Literal["public-key"]
    response: Answered
    authenticatorAttachment: Literal["platform", "cross-platform"] | None = None  # noqa: N815  # as above
    clientExtensionResults: Sent = Sent()  # noqa: N815  # none is asked for

    @property
    def plain(self) -> dict[str, Any]:
        """As plain values, without what is not said."""
        return self.model_dump(include={"id", "rawId", "type", "response"}, exclude_none=True)


class SignIn(Sent):
    """The answer of a passkey."""

    credential: Credential


class Code(Sent):
    """An invitation."""

    code: str = Field(pattern="^[A-Za-z0-9_-]{1,100}$")


class Enrol(Code):
    """An invitation and the passkey that was made for it."""

    credential: Credential


class Options(BaseModel):
    """What `navigator.credentials` is asked for, as JSON."""

    publicKey: dict[str, Any]  # noqa: N815  # the name is the standard's


class SessionShown(BaseModel):
    """Who holds a session; without one, the role `public` and nothing else."""

    account: str
    role: str
    party: str
    label: str
    fresh_until: str | None
    ends: str | None
    csrf: str


class OpenSessionShown(BaseModel):
    """One session of an account."""

    handle: str
    begun: str
    seen: str
    is_this: bool


class Sessions(BaseModel):
    """The sessions of an account, newest first."""

    items: list[OpenSessionShown]


class Fresh(BaseModel):
    """Until when the passkey counts as used just now."""

    fresh_until: str


@dataclass(frozen=True)
class _Door(Gate):
    """The gate where people come in: who they were until now does not matter."""

    async def __call__(self, request: Request) -> Viewer:  # type: ignore[override]  # nobody is asked who it is
        """Whoever comes.

        Raises:
            ConfirmError: a page from elsewhere made the browser ask. ProblemError: 429, it has asked too much.
        """
        count(request, "", self.cost)
        if request.method == "POST":
            check_origin(request)
        return PUBLIC


DOOR = Depends(_Door("session", "use"))
USE = gate("session", "use")
Whoever = Annotated[Viewer, DOOR]
Known = Annotated[Viewer, USE]


# -- entering ----------------------------------------------------------------------------------------------------------


@router.post("/auth/sign-in/options", response_model=Options)
def sign_in_options(viewer: Whoever, request: Request) -> Response:
    """Ask what a browser needs for entering with a passkey: the same for everybody, known or not."""
    del viewer
    return answer({"publicKey": sessions.sign_in_options(door_of(request))}, law=False)


@router.post("/auth/sign-in", response_model=SessionShown)
def sign_in(viewer: Whoever, request: Request, body: SignIn) -> Response:
    """Enter with a passkey: a session begins, and the one that the browser had ends."""
    del viewer
    return _begun(request, sessions.sign_in(door_of(request), body.credential.plain, token_of(request)))


@router.post("/auth/enrol/options", response_model=Options)
def enrol_options(viewer: Whoever, request: Request, body: Code) -> Response:
    """Ask what a browser needs for making the passkey of an invitation."""
    del viewer
    return answer({"publicKey": sessions.enrol_options(door_of(request), body.code)}, law=False)


@router.post("/auth/enrol", response_model=SessionShown)
def enrol(viewer: Whoever, request: Request, body: Enrol) -> Response:
    """Redeem an invitation with a passkey: it is used up, and a session begins."""
    del viewer
    entered = sessions.enrol(door_of(request), body.code, body.credential.plain, token_of(request))
    return _begun(request, entered)


# -- inside ------------------------------------------------------------------------------------------------------------


@router.get("/auth/session", response_model=SessionShown)
async def read_session(viewer: Known, request: Request) -> Response:
    """Who am I, and which token does a page of this session say?"""
    if not viewer.account or viewer.is_machine:
        shown = {"account": viewer.account, "role": viewer.role, "party": viewer.party, "label": "",
                 "fresh_until": None, "ends": None, "csrf": ""}  # fmt: skip
        return answer(shown, law=False)
    return answer(_shown(request, entered_of(request)), law=False)


@router.post("/auth/confirm/options", response_model=Options)
async def confirm_options(viewer: Known, request: Request) -> Response:
    """Ask what a browser needs for confirming with a passkey of the account; a program has none."""
    del viewer
    made = await run_sync(sessions.confirm_options, door_of(request), entered_of(request))
    return answer({"publicKey": made}, law=False)


@router.post("/auth/confirm", response_model=Fresh)
async def confirm(viewer: Known, request: Request, body: SignIn) -> Response:
    """Confirm with a passkey: for some minutes it counts as used just now."""
    del viewer
    until = await run_sync(sessions.confirm, door_of(request), entered_of(request), body.credential.plain)
    return answer({"fresh_until": utc_text(until)}, law=False)


@router.post("/auth/sign-out", status_code=204, response_class=Response)
async def sign_out(viewer: Known, request: Request, service: Here) -> Response:
    """Leave: the session ends."""
    del viewer
    await run_sync(sessions.leave, service.state, entered_of(request), service.now())
    response = Response(status_code=204)
    part(response, service.settings)
    return response


@router.get("/auth/sessions", response_model=Sessions)
async def list_sessions(viewer: Known, request: Request, service: Here) -> Response:
    """List my sessions."""
    entered = entered_of(request)
    found = await run_sync(sessions.own, service.state, viewer)
    items = [
        {"handle": one.handle, "begun": utc_text(one.made_at), "seen": utc_text(one.seen_at),
         "is_this": one.handle == entered.session.handle}
        for one in found
    ]  # fmt: skip
    return answer({"items": items}, law=False)


@router.delete("/auth/sessions", status_code=204, response_class=Response)
async def end_sessions(viewer: Known, request: Request, service: Here) -> Response:
    """End every session of mine, this one too."""
    entered_of(request)
    await run_sync(sessions.leave_all, service.state, viewer, service.now())
    response = Response(status_code=204)
    part(response, service.settings)
    return response


@router.delete("/auth/sessions/{handle}", status_code=204, response_class=Response)
async def end_session(
    viewer: Known, request: Request, service: Here, handle: Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
) -> Response:
    """End one session of mine."""
    entered_of(request)
    if not await run_sync(sessions.leave_other, service.state, viewer, handle, service.now()):
        raise AccessError(REFUSED)
    return Response(status_code=204)


def _begun(request: Request, entered: Entered) -> Response:
    response = answer(_shown(request, entered), law=False)
    keep(response, entered, request.app.state.service.settings)
    return response


def _shown(request: Request, entered: Entered) -> dict[str, Any]:
    settings, one = request.app.state.service.settings, entered.session
    ends = min(one.seen_at + settings.session_idle_s, one.made_at + settings.session_s)
    return {
        "account": entered.account.id, "role": entered.account.role, "party": entered.account.party,
        "label": entered.account.label, "fresh_until": utc_text(one.fresh_until) if one.fresh_until else None,
        "ends": utc_text(ends), "csrf": entered.csrf,
    }  # fmt: skip
