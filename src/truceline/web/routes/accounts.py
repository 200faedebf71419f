"""Who is given access? Accounts by HTTP, for the secretariat; every change needs a passkey that was used just now."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from truceline.desk import accounts
from truceline.desk.accounts import LABEL, SPEAKING
from truceline.desk.audits import note
from truceline.desk.sessions import require_fresh
from truceline.desk.viewers import Viewer
from truceline.web.parts import Here, Sent, answer, gate

router = APIRouter(tags=["access"])

Name = Annotated[str, Path(pattern="^a-[0-9a-f]{16}$", description="Id of an account.")]
KeyName = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Id of a key.")]
Managing = Annotated[Viewer, gate("account", "manage")]


class MachineKeyShown(BaseModel):
    """A key of a program."""

    id: str
    made: str


class AccountShown(BaseModel):
    """An account: a function, never a person's name."""

    id: str
    role: str
    party: str
    label: str
    is_disabled: bool
    made: str
    passkeys: int
    keys: list[MachineKeyShown]
    is_invited: bool


class Accounts(BaseModel):
    """Every account, oldest first."""

    items: list[AccountShown]
    law: str


class NewAccount(Sent):
    """What an account is to be."""

    model_config = ConfigDict(json_schema_extra={
        "oneOf": [
            {"properties": {"role": {"enum": list(SPEAKING)}, "party": {"minLength": 1}}, "required": ["party"]},
            {"properties": {"role": {"not": {"enum": list(SPEAKING)}}, "party": {"const": ""}}},
        ],
    })  # fmt: skip

    role: Literal["mirror", "hotline", "monitor", "party", "mediator", "intake", "notices", "secretariat"]
    label: str = Field(pattern=LABEL, description="A function, such as `liaison 2`; never the name of a person.")
    party: str = Field(default="", max_length=64, description="The actor of the text for whom it speaks.")


class Made(AccountShown):
    """The account as it is now."""

    law: str


class Invite(Sent):
    """How to invite."""

    is_lost: bool = Field(default=False, description="Its passkeys and sessions open nothing from now on.")


class Invited(BaseModel):
    """An invitation: the code is shown once and kept nowhere."""

    code: str
    lasts_s: int
    law: str


class NewKey(Sent):
    """The public key of a program."""

    public: str = Field(pattern="^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$", description="Ed25519, 32 bytes in base64.")


class Subject(Sent):
    """Who somebody is to the provider."""

    subject: str = Field(pattern="^[!-~]{1,255}$", description="What the provider calls them (`sub`).")


@router.get("/api/v1/accounts", response_model=Accounts)
def list_accounts(viewer: Managing, service: Here) -> Response:
    """List the accounts."""
    note(service.state, viewer, service.now(), "account", "read")
    return answer({"items": accounts.listed(service.state)})


@router.post("/api/v1/accounts", response_model=Made, status_code=201)
def add_account(viewer: Managing, service: Here, body: NewAccount) -> Response:
    """Make an account that nobody can enter yet."""
    require_fresh(viewer, service.now())
    actors = accounts.actors_of(service.case)
    one = accounts.add(
        service.state, viewer, service.now(), body.role, body.label, party=body.party, actors=actors
    )  # fmt: skip
    return answer(accounts.shown(service.state, one), status=201)


@router.post("/api/v1/accounts/{name}/invitation", response_model=Invited)
def invite_account(viewer: Managing, service: Here, name: Name, body: Invite) -> Response:
    """Give an invitation to make a passkey; the one before it ends."""
    require_fresh(viewer, service.now())
    lasts_s = service.settings.invitation_s
    code = accounts.invite(service.state, viewer, service.now(), name, lasts_s=lasts_s, is_lost=body.is_lost)
    return answer({"code": code, "lasts_s": lasts_s})


@router.post("/api/v1/accounts/{name}/disable", response_model=Made)
def disable_account(viewer: Managing, service: Here, name: Name) -> Response:
    """Let an account enter no more."""
    require_fresh(viewer, service.now())
    accounts.disable(service.state, viewer, service.now(), name)
    return _shown(service, name)


@router.post("/api/v1/accounts/{name}/keys", response_model=Made, status_code=201)
def add_account_key(viewer: Managing, service: Here, name: Name, body: NewKey) -> Response:
    """Let a program sign its requests as an account."""
    require_fresh(viewer, service.now())
    taken = accounts.taken_keys(service.case)
    accounts.add_key(service.state, viewer, service.now(), name, body.public, taken=taken)
    return _shown(service, name, status=201)


@router.delete("/api/v1/accounts/{name}/keys/{key}", response_model=Made)
def drop_account_key(viewer: Managing, service: Here, name: Name, key: KeyName) -> Response:
    """Let a program enter no more."""
    require_fresh(viewer, service.now())
    accounts.drop_key(service.state, viewer, service.now(), name, key)
    return _shown(service, name)


@router.post("/api/v1/accounts/{name}/subject", response_model=Made)
def provide_account(viewer: Managing, service: Here, name: Name, body: Subject) -> Response:
    """Let the holder of an identity at the provider enter as an account."""
    require_fresh(viewer, service.now())
    issuer = service.settings.oidc_issuer
    accounts.provide(service.state, viewer, service.now(), name, issuer=issuer, subject=body.subject)
    return _shown(service, name)


@router.delete("/api/v1/accounts/{name}/subject", response_model=Made)
def unprovide_account(viewer: Managing, service: Here, name: Name) -> Response:
    """Let nobody enter as an account by the provider any more."""
    require_fresh(viewer, service.now())
    accounts.unprovide(service.state, viewer, service.now(), name)
    return _shown(service, name)


def _shown(service: Here, name: str, status: int = 200) -> Response:
    return answer(accounts.shown(service.state, accounts.found(service.state, name)), status=status)
