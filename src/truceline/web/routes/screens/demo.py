"""Who would you like to be? The roles of a demonstration, and nothing where the service is none."""

from __future__ import annotations

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Form
from starlette.responses import HTMLResponse, Response

from truceline.desk import demo
from truceline.desk.viewers import REFUSED
from truceline.errors import AccessError
from truceline.web.showing import Showing, look
from truceline.web.viewing import check_origin, door_of, keep, part, token_of

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

PUBLIC = "public"


@router.get("/demo")
async def demo_page(show: Annotated[Showing, look("situation", "read")]) -> Response:
    """The roles that can be taken."""
    _check(show)
    agreement = show.service.snapshots.current().agreement
    parts = [
        {"name": one.name, "role": one.role, "party": one.party,
         "names": dict(agreement.parties[one.party].names) if one.party else {}}
        for one in demo.parts_of(agreement)
    ]  # fmt: skip
    return await show.page("demo", show.say("Take a role"), {"parts": parts}, has_known_at=False)


@router.post("/demo", status_code=303)
async def demo_take(
    show: Annotated[Showing, look("situation", "read", takes="page")],
    role: Annotated[str, Form(max_length=60, pattern="^[a-z]+(:[a-z0-9-]+)?$")],
    to: Annotated[str, Form(max_length=60, pattern="^/[a-z-]*(/[a-z-]+)?$")] = "/",
) -> Response:
    """Take a role, and go on to a screen; the public's is taken by leaving the others."""
    _check(show)
    check_origin(show.request)
    door, settings = door_of(show.request), show.service.settings
    response = Response(status_code=303, headers={"Location": f"{to}?lang={show.lang}"})
    if role == PUBLIC:
        part(response, settings)
        return response
    parts = demo.parts_of(show.service.snapshots.current().agreement)
    entered = await run_sync(demo.enter, door, parts, role, token_of(show.request))
    keep(response, entered, settings)
    return response


@router.get("/tour")
async def tour_page(show: Annotated[Showing, look("situation", "read")]) -> Response:
    """Five minutes through the demonstration."""
    _check(show)
    return await show.page("tour", show.say("Five-minute tour"), {}, has_known_at=False)


def _check(show: Showing) -> None:
    if not show.service.settings.demo:
        raise AccessError(REFUSED)
