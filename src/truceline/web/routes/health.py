"""Is the service there, can it do its work, and what has it done? Told to machines, with nothing of a case in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from truceline.desk.viewers import PUBLIC, Viewer
from truceline.web.parts import Gate, Here, answer, gate
from truceline.web.viewing import Asked

router = APIRouter(tags=["operation"])
TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""What Prometheus reads."""


class Live(BaseModel):
    """The process answers."""

    live: bool


class CheckShown(BaseModel):
    """One thing that the service needs: its name, whether it is well, and a word on it."""

    name: str
    is_well: bool
    said: str


class Ready(BaseModel):
    """Whether the service can do its work."""

    ready: bool
    checks: list[CheckShown]


@router.get("/health/live", response_model=Live)
async def live(viewer: Annotated[Viewer, gate("health", "read")]) -> Response:
    """Whether the process answers: one that does not is to be started anew."""
    del viewer
    return answer({"live": True}, law=False)


@router.get("/health/ready", response_model=Ready, responses={503: {"model": Ready, "description": "Not ready"}})
def ready(viewer: Annotated[Viewer, gate("health", "read")], service: Here) -> Response:
    """Whether the service can do its work: one that cannot is to be given no requests until it can."""
    del viewer
    checks = service.health.checks()
    is_ready = all(one.is_well for one in checks)
    body = {"ready": is_ready, "checks": checks}
    return answer(body, status=200 if is_ready else 503, headers={} if is_ready else {"Retry-After": "5"}, law=False)


@dataclass(frozen=True)
class _Near(Gate):
    """Lets programs of this machine through, too: those that collect metrics have no passkey."""

    async def __call__(self, request: Request, viewer: Asked) -> Viewer:
        """Whoever asks, if it may; what came through a proxy is of no machine."""
        client = request.client.host if request.client else ""
        is_handed_on = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "via"))
        if client in request.app.state.service.settings.metrics_to and not is_handed_on:
            return PUBLIC
        return await super().__call__(request, viewer)


@router.get(
    "/metrics", response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "In the text format"}},
)  # fmt: skip
def metrics(viewer: Annotated[Viewer, Depends(_Near("metrics", "read"))], request: Request) -> Response:
    """What the service has done, for Prometheus: only for programs of this machine, and for the secretariat."""
    del viewer
    return Response(request.app.state.operation.metrics(), media_type=TEXT)
