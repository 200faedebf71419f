"""Who read a restricted body, and who changed what? The audit, for the secretariat."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from truceline.desk import audits
from truceline.desk.viewers import Viewer
from truceline.span import utc_text
from truceline.web.parts import Here, Limit, answer, gate

router = APIRouter(tags=["access"])

Behind = Annotated[int, Query(ge=-1, le=2**53, description="Only rows behind this one.")]


class RowShown(BaseModel):
    """One row: who did what when; never what was read."""

    index: int
    at: str
    account: str
    role: str
    resource: str
    action: str
    about: str
    hash: str


class Rows(BaseModel):
    """Rows in order; each hash is over its row and the hash before it, so that a gap shows."""

    items: list[RowShown]
    next: str | None
    law: str


@router.get("/api/v1/audit", response_model=Rows)
def read_audit(
    viewer: Annotated[Viewer, gate("audit", "read")], service: Here, after: Behind = -1, limit: Limit = 100
) -> Response:
    """Read the audit; that it was read is a row of it, too."""
    found = audits.rows(service.state, after=after, limit=limit)
    audits.note(service.state, viewer, service.now(), "audit", "read")
    items = [{**row, "at": utc_text(row["at"])} for row in found]
    following = str(found[-1]["index"]) if len(found) == limit else None
    return answer({"items": items, "next": following})
