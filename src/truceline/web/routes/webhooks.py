"""Who wants to be told of what? Webhooks by HTTP: everybody sees and changes those of its own account alone."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from truceline.desk import webhooks
from truceline.desk.audits import note
from truceline.desk.viewers import Viewer
from truceline.span import utc_text
from truceline.store.state.webhooks import WAITING, Delivery, Hook
from truceline.web.parts import Here, Limit, Sent, answer, gate
from truceline.web.patterns import URL

router = APIRouter(tags=["webhooks"])

Name = Annotated[str, Path(pattern="^w-[0-9a-f]{16}$", description="Id of a webhook.")]
Managing = Annotated[Viewer, gate("webhook", "manage")]
Before = Annotated[int | None, Query(ge=0, le=2**53, description="Only what was queued before this number.")]


class HookShown(BaseModel):
    """A webhook; `off`: why nothing is sent there any more, null = something is."""

    id: str
    url: str
    events: list[str]
    scheme: str
    since: int
    made: str
    off: str | None


class Hooks(BaseModel):
    """Your webhooks, the oldest first."""

    items: list[HookShown]
    law: str


class NewHook(Sent):
    """Where you want to be told, and of what."""

    url: str = Field(pattern=URL, max_length=2_000, description="Address of the receiver: https.")
    events: list[Literal["entry", "publication", "assessment", "approval"]] = Field(min_length=1, max_length=10)
    scheme: Literal["hmac-sha256", "ed25519"] = "hmac-sha256"


class MadeHook(HookShown):
    """The webhook, and by what its deliveries are checked: a secret is shown this once."""

    key: str
    law: str


class DeliveryShown(BaseModel):
    """Something that was sent, or will be: `waiting`, `delivered` or `dead`."""

    id: str
    number: int
    event: str
    at: str
    state: str
    attempts: int
    due: str | None
    status: int | None
    error: str


class Deliveries(BaseModel):
    """What a webhook was told, the newest first; `next` is the `before` of the next page, null = none."""

    items: list[DeliveryShown]
    next: int | None
    law: str


class Queued(BaseModel):
    """The id of the delivery that was queued."""

    delivery: str
    law: str


class KeyShown(BaseModel):
    """The public key by which deliveries of the scheme `ed25519` are checked."""

    key: str
    law: str


class Dropped(BaseModel):
    """The webhook that is no more."""

    id: str
    law: str


def shown(one: Hook) -> dict[str, Any]:
    """A webhook as it is shown; its secret is not."""
    return {
        "id": one.id, "url": one.url, "events": list(one.events), "scheme": one.scheme, "since": one.since,
        "made": utc_text(one.made_at), "off": one.off or None,
    }  # fmt: skip


def told(one: Delivery) -> dict[str, Any]:
    """A delivery as it is shown."""
    is_due = one.state == WAITING and one.due_at > 0
    return {
        "id": one.id, "number": one.number, "event": one.event, "at": utc_text(one.at), "state": one.state,
        "attempts": one.attempts, "due": utc_text(int(one.due_at)) if is_due else None, "status": one.status or None,
        "error": one.error,
    }  # fmt: skip


@router.get("/api/v1/webhooks", response_model=Hooks)
def own_webhooks(viewer: Managing, service: Here) -> Response:
    """List your webhooks."""
    return answer({"items": [shown(one) for one in webhooks.listed(service, viewer)]})


@router.get("/api/v1/webhooks/key", response_model=KeyShown)
def webhook_key(viewer: Managing, service: Here) -> Response:
    """The public key of the service, for deliveries of the scheme `ed25519`."""
    del viewer
    return answer({"key": webhooks.public_key(service)})


@router.post("/api/v1/webhooks", response_model=MadeHook, status_code=201)
def add_webhook(viewer: Managing, service: Here, body: NewHook) -> Response:
    """Make a webhook; it is told of what comes from now on."""
    one, key = webhooks.add(service, viewer, body.url, body.events, body.scheme)
    note(service.state, viewer, service.now(), "webhook", "add", about=one.id)
    return answer({**shown(one), "key": key}, status=201)


@router.delete("/api/v1/webhooks/{name}", response_model=Dropped)
def drop_webhook(viewer: Managing, service: Here, name: Name) -> Response:
    """Forget a webhook, and what it was told."""
    webhooks.drop(service, viewer, name)
    note(service.state, viewer, service.now(), "webhook", "drop", about=name)
    return answer({"id": name})


@router.post("/api/v1/webhooks/{name}/test", response_model=Queued, status_code=202)
def try_webhook(viewer: Managing, service: Here, name: Name) -> Response:
    """Send something that tells of nothing, to see whether it arrives."""
    return answer({"delivery": webhooks.try_out(service, viewer, name)}, status=202)


@router.get("/api/v1/webhooks/{name}/deliveries", response_model=Deliveries)
def webhook_deliveries(
    viewer: Managing, service: Here, name: Name, before: Before = None, limit: Limit = 100
) -> Response:  # fmt: skip
    """What a webhook was told, and what came of it."""
    found = webhooks.deliveries(service, viewer, name, before=before, limit=limit)
    after = found[-1].number if len(found) == limit and found[-1].number > 0 else None
    return answer({"items": [told(one) for one in found], "next": after})
