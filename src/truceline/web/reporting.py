"""Who may report, and for whom does a hotline speak? The gates of intake, and the intake desk behind them.

Nobody who reports is asked who it is; a session that comes along is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyio.to_thread import run_sync
from fastapi import Depends, Request

from truceline.desk.intake import Room
from truceline.desk.readback import Option, said
from truceline.desk.settings import Settings
from truceline.desk.viewers import PUBLIC, Viewer, require
from truceline.report.intake import Meant
from truceline.web.hotline import MOST_NAME, check_provider
from truceline.web.parts import TRACE, Gate, Trace, count
from truceline.web.viewing import Asked

URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
IMAGES = "image/png, image/jpeg, video/mp4, audio/ogg"


@dataclass(frozen=True)
class Open(Gate):
    """The gate of whoever reports: nobody is asked who it is, and a session that comes along is not looked at."""

    async def __call__(self, request: Request) -> Viewer:  # type: ignore[override]  # nobody is asked who it is
        """The public.

        Raises:
            ProblemError: 429, it has asked too much.
        """
        count(request, "", self.cost)
        require(PUBLIC, self.resource, self.action)
        return PUBLIC


@dataclass(frozen=True)
class Line(Gate):
    """The gate of the hotline: a program that signs its requests, or the provider by a signature of its own."""

    async def __call__(self, request: Request, viewer: Asked) -> Viewer:
        """The hotline.

        Raises:
            CredentialsError: the provider's signature is not good. AccessError: nobody signed it.
            ProblemError: 429.
        """
        settings: Settings = request.app.state.service.settings
        shown = request.headers.get(settings.hotline_header, "") if settings.hotline_scheme else ""
        if shown:
            viewer = await _provider(request, settings, shown)
        trace: Trace = request.scope[TRACE]
        trace.role = viewer.role
        count(request, viewer.account, self.cost)
        require(viewer, self.resource, self.action)
        return viewer


async def _provider(request: Request, settings: Settings, shown: str) -> Viewer:
    query = f"?{request.url.query}" if request.url.query else ""
    url = f"{settings.origin}{request.url.path}{query}"
    await run_sync(check_provider, settings, url, shown, await request.body())
    return Viewer("provider", "hotline", is_machine=True)


def is_open(action: str, takes: str = "", cost: int = 1) -> Any:  # noqa: ANN401  # what FastAPI's Depends gives
    """The gate of a route for whoever reports."""
    return Depends(Open("report", action, takes, cost))


def room_of(request: Request) -> Room:
    """The intake desk of the service."""
    found: Room = request.app.state.service.intake
    return found


def meant(room: Room, options: Sequence[Option], lang: str) -> list[Meant]:
    """What words about place and time can mean, in words."""
    return [Meant(said(one, room.names, lang), one.when, one.precision) for one in options]


def form_of(required: Sequence[str] = (), *, files: str = "", **fields: Mapping[str, Any]) -> dict[str, Any]:
    """How a form is described.

    Args:
        required: names of fields that it has to have.
        files: name of the field of photos and recordings; empty = none come with it.
        fields: what its short fields hold, beside that they are texts; others that come with them are not read.
    """
    texts: dict[str, Any] = {name: {"type": "string", **more} for name, more in fields.items()}
    schema: dict[str, Any] = {
        "type": "object", "properties": texts, "required": list(required),
        "additionalProperties": {"type": "string"}, "propertyNames": {"minLength": 1, "maxLength": MOST_NAME},
    }  # fmt: skip
    content: dict[str, Any] = {URLENCODED: {"schema": schema}}
    if files:
        media = {"type": "array", "items": {"type": "string", "format": "binary"}}
        content[MULTIPART] = {
            "schema": {**schema, "properties": {**texts, files: media}}, "encoding": {files: {"contentType": IMAGES}},
        }  # fmt: skip
    return {"requestBody": {"required": bool(required), "content": content}}
