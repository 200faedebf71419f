"""What is public, what waits for whom, and how much is withheld? The last is told to everybody, in numbers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from truceline.desk.charters import clock_of
from truceline.desk.publication import withheld
from truceline.desk.publications import matter_shown, matters_of, published_shown, withheld_shown
from truceline.desk.viewers import Viewer
from truceline.span import utc_text
from truceline.store.case import Case
from truceline.web.parts import Here, Limit, answer, gate
from truceline.web.routes.record import Behind, EntryShown, KnownAt

router = APIRouter(tags=["publication"])


class RemarkShown(BaseModel):
    """Who answered, and by which entry."""

    party: str
    entry: int


class MatterShown(BaseModel):
    """A draft, and how far it has come: `of` is the index of the draft, `text` of the one transmitted last."""

    of: int
    stage: str
    step: int
    began: str
    since: str
    body: str
    about: list[int]
    to: list[str]
    text: int
    comment: int | None
    due: str | None
    remarks: list[RemarkShown]
    silent: list[str]
    decided: list[int]
    code: str
    reason: str


class Matters(BaseModel):
    """A page of matters."""

    items: list[MatterShown]
    next: str | None
    known_at: KnownAt
    law: str


class PublicationShown(BaseModel):
    """A publication, and what it made public; `by` is whose decision it was."""

    publication: int
    at: str
    by: str
    stage: str
    texts: dict[str, str]
    reason: str
    entries: list[EntryShown]


class Publications(BaseModel):
    """A page of publications."""

    items: list[PublicationShown]
    next: str | None
    known_at: KnownAt
    law: str


class Counted(BaseModel):
    """How many, and the age of each in whole days, oldest first."""

    number: int
    ages_days: list[int]


class WithheldShown(BaseModel):
    """Findings that a body withholds, and findings that were signed and on which nobody decided."""

    withheld: Counted
    unpublished: Counted
    known_at: KnownAt
    law: str


@router.get("/api/v1/publications", response_model=Matters)
def publications(
    viewer: Annotated[Viewer, gate("publication", "review")], service: Here, after: Behind = -1, limit: Limit = 100
) -> Response:
    """The drafts that concern whoever asks, and how far each has come; of others nothing is told."""
    found = matters_of(service.case, viewer, after)
    has_more = len(found) > limit
    return answer({
        "items": [matter_shown(one) for one in found[:limit]], "next": str(found[limit - 1].of) if has_more else None,
        "known_at": _known_at(service.case),
    })  # fmt: skip


@router.get("/api/v1/published", response_model=Publications)
def published(
    viewer: Annotated[Viewer, gate("finding", "read")], service: Here, after: Behind = -1, limit: Limit = 100
) -> Response:
    """What was made public, with the dissent of each finding in it, and which later findings correct it."""
    found = published_shown(service.case, viewer, after, limit + 1)
    has_more = len(found) > limit
    return answer({
        "items": found[:limit], "next": str(found[limit - 1]["publication"]) if has_more else None,
        "known_at": _known_at(service.case),
    })  # fmt: skip


@router.get("/api/v1/withheld", response_model=WithheldShown)
def count_withheld(viewer: Annotated[Viewer, gate("withheld", "count")], service: Here) -> Response:
    """How many findings are not public, and for how long: never which, and never about whom."""
    del viewer
    case = service.case
    found = withheld_shown(withheld(case, clock_of(case.charter())()))
    return answer({**found, "known_at": _known_at(case)})


def _known_at(case: Case) -> dict[str, object]:
    """As of which entry an answer is."""
    return {"index": len(case.entries()) - 1, "at": utc_text(case.newest())}
