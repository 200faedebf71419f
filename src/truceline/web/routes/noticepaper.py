"""What stands in one another's way, and what does a recipient's list look like on paper? By HTTP.

Conflicts are told to the notification desk alone: one tells of two notices whose owners may not know of one another. A
list on paper holds what the list of its recipient holds, and is marked as its copy.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from truceline.desk.audits import note
from truceline.desk.noticeconflicts import conflicts_answer
from truceline.desk.noticelists import list_for, list_shown
from truceline.desk.noticeroom import NoticeRoom, is_desk
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError
from truceline.report.noticelist import render_list
from truceline.web.parts import Here, answer, gate

router = APIRouter(tags=["notices"])

PAPER: dict[int | str, dict[str, Any]] = {
    200: {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}}
}
OFFLINE = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; form-action 'none'; base-uri 'none'"
"""What a page may do that is printed: nothing is fetched and nothing runs."""


class NoticeConflict(BaseModel):
    """Two things that stand in one another's way: +1 surely, 0 cannot be decided."""

    code: str
    sentence: str
    value: Literal[0, 1]
    notice: str
    other: str
    zone: str
    since: str
    until: str


class NoticeConflicts(BaseModel):
    """Conflicts, the sure ones first, and what a conflict is not."""

    conflicts: list[NoticeConflict]
    note: str
    law: str


@router.get("/api/v1/notices/conflicts", response_model=NoticeConflicts)
def notices_conflicts(request: Request, viewer: Annotated[Viewer, gate("notice", "keep")], service: Here) -> Response:
    """Name what stands in one another's way: notices, and zones of the text."""
    note(service.state, viewer, service.now(), "notice", "conflicts")
    return answer(conflicts_answer(_room(request), viewer))


@router.get("/api/v1/notices/paper", responses=PAPER, response_class=Response)
def notices_paper(
    request: Request,
    viewer: Annotated[Viewer, gate("notice", "read")],
    service: Here,
    party: Annotated[
        str, Query(pattern="^[A-Za-z0-9._-]{0,64}$", description="For the desk: whose list; empty = one's own.")
    ] = "",
    lang: Annotated[Literal["en", "ar", "ru"], Query(description="Of the page.")] = "en",
) -> Response:
    """Make the list of a recipient as a page for the printer, with its hash, its mark and its receipt."""
    room = _room(request)
    whose = party if party and is_desk(viewer) else viewer.party
    if not whose or (party and party != whose) or whose not in room.text.parties:
        raise AccessError(REFUSED)
    note(service.state, viewer, service.now(), "notice", "hand-over", about=whose)
    title = room.text.title.get(lang) or room.text.id
    page = render_list(list_shown(list_for(room, whose)), lang, title=title, tz=room.text.tz)
    headers = {"Content-Security-Policy": OFFLINE, "Cache-Control": "no-store"}
    return Response(page, 200, headers, media_type="text/html; charset=utf-8")


def _room(request: Request) -> NoticeRoom:
    found: NoticeRoom = request.app.state.service.notices
    return found
