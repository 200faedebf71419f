"""What became of the work that nobody waited for? Jobs by HTTP: one's own, and for the secretariat all of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from truceline.desk.audits import note
from truceline.desk.uploads import rejected_rows
from truceline.desk.viewers import Viewer
from truceline.span import utc_text
from truceline.store.state.jobs import Job
from truceline.web.parts import Here, Limit, answer, gate

router = APIRouter(tags=["jobs"])

Name = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of a job.")]
Reading = Annotated[Viewer, gate("job", "read")]
Behind = Annotated[int, Query(ge=0, le=2**53, description="So many rows are passed over.")]


class Progress(BaseModel):
    """How far a job has come: what it is at, and how much of how much is done; 0 of 0 = it does not say."""

    doing: str
    done: int
    of: int


class JobShown(BaseModel):
    """A job: `queued`, `running`, `done` or `failed`."""

    id: str
    name: str
    state: str
    attempts: int
    progress: Progress
    queued_at: str
    due_at: str
    ended_at: str | None
    result: dict[str, Any] | None
    error: str
    law: str


class RejectedRow(BaseModel):
    """A row that was not taken: where, which, and why."""

    file: str
    line: int
    id: str | None
    field: str | None
    reason: str


class RejectedRows(BaseModel):
    """Rows that were not taken, in the order of the file; `next` is the `after` of the next page, null = none."""

    items: list[RejectedRow]
    next: int | None
    law: str


def shown(one: Job) -> dict[str, Any]:
    """A job as it is shown; what it was given is not."""
    return {
        "id": one.id, "name": one.name, "state": one.state, "attempts": one.attempts,
        "progress": {"doing": one.doing, "done": one.done, "of": one.of},
        "queued_at": utc_text(int(one.queued_at)), "due_at": utc_text(int(one.due_at)),
        "ended_at": None if one.ended_at is None else utc_text(int(one.ended_at)),
        "result": one.result, "error": one.error,
    }  # fmt: skip


@router.get("/api/v1/jobs/{name}", response_model=JobShown)
def job_status(viewer: Reading, service: Here, name: Name) -> Response:
    """How a job is doing."""
    return answer(shown(service.jobs.seen_by(viewer, name)))


@router.get("/api/v1/jobs/{name}/rejected", response_model=RejectedRows)
def job_rejected(viewer: Reading, service: Here, name: Name, after: Behind = 0, limit: Limit = 100) -> Response:
    """The rows of an uploaded file that were not taken, for whoever uploaded it."""
    items, has_more = rejected_rows(service, viewer, name, after=after, limit=limit)
    note(service.state, viewer, service.now(), "job", "read", about=name)
    return answer({"items": items, "next": after + limit if has_more else None})
