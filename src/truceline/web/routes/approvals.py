"""What waits for a second person, and who approves it? By HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from truceline.desk import approvals
from truceline.desk.audits import note
from truceline.desk.handed import index_in
from truceline.desk.viewers import Viewer
from truceline.record.entry import read_entry
from truceline.web.parts import Here, Sent, answer, gate
from truceline.web.patterns import LINE

router = APIRouter(tags=["approvals"])

State = Literal["waiting", "approved", "taken", "refused", "expired", "failed"]
Name = Annotated[str, Path(pattern="^h-[0-9a-f]{16}$", description="Id of what waits.")]
Approving = Annotated[Viewer, gate("statement", "approve")]


class WaitingShown(BaseModel):
    """A statement that waits, or waited, for a second person."""

    id: str
    type: str
    leaf: str
    parties: list[str]
    account: str
    made: str
    expires: str
    state: State
    decided_by: str
    decided: str | None
    note: str
    index: int | None


class WholeShown(WaitingShown):
    """The same with the bytes that were signed (base64), what they say, and its files."""

    entry: str
    statement: dict[str, Any]
    files: dict[str, str]
    law: str


class Waiting(BaseModel):
    """What waits, or waited, oldest first."""

    items: list[WaitingShown]
    law: str


class HeldDecided(WaitingShown):
    """How it stands now."""

    law: str


class Why(Sent):
    """Why it is refused: one line."""

    why: str = Field(default="", max_length=300, pattern=LINE)


@router.get("/api/v1/approvals", response_model=Waiting)
def list_held(viewer: Approving, service: Here) -> Response:
    """List what waits or waited: all of it to the secretariat, to a party what it signed or submitted."""
    found = approvals.listed(service.state, viewer, service.now())
    return answer({"items": [approvals.shown(one) for one in found]})


@router.get("/api/v1/approvals/{name}", response_model=WholeShown)
def read_held(viewer: Approving, service: Here, name: Name) -> Response:
    """Read one of them whole: the bytes that were signed are what is approved."""
    found = approvals.found(service.state, viewer, name, service.now())
    note(service.state, viewer, service.now(), "approval", "read", about=name)
    return answer(approvals.shown(found, is_whole=True))


@router.post("/api/v1/approvals/{name}/approve", response_model=HeldDecided)
def approve_held(viewer: Approving, service: Here, name: Name) -> Response:
    """Approve it, with a passkey used just now, as another account than the one that submitted it; then it is taken."""

    def append(entry: bytes, files: Mapping[str, bytes]) -> int:
        before = index_in(service.case, read_entry(entry))  # an answer that was lost on the way is no second entry
        return before if before is not None else service.append(entry, files)

    made = approvals.approve(service.state, viewer, service.now(), name, append)
    return answer(approvals.shown(made))


@router.post("/api/v1/approvals/{name}/refuse", response_model=HeldDecided)
def refuse_held(viewer: Approving, service: Here, name: Name, body: Why) -> Response:
    """Refuse it, or take one's own back."""
    made = approvals.refuse(service.state, viewer, service.now(), name, body.why)
    return answer(approvals.shown(made))
