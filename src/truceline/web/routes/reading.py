"""What does a reader of the case get? The situation, the reports and why they were judged so, as far as each may see.

Every answer says as of which entry of the record it is. A list goes on by the cursor of its page before: when what is
shown has changed since, the answer is 409, and the list is begun again.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from truceline.desk.service import Service
from truceline.desk.snapshots import Snapshot
from truceline.desk.viewers import REFUSED, Viewer
from truceline.desk.views import pages
from truceline.desk.views.asked import Filter
from truceline.desk.views.kept import Kept, kept_of
from truceline.desk.views.view import LADDER
from truceline.errors import AccessError
from truceline.group import may_do, role_of
from truceline.web.asking import Who, kept, whoever
from truceline.web.parts import PROBLEM
from truceline.web.patterns import CURSOR, KNOWN_AT, TIME
from truceline.web.routes import reading_shown as shown

router = APIRouter(tags=["reading"])

MOVED: dict[int | str, dict[str, Any]] = {
    304: {"description": "What is asked for is what whoever asks has"},
    409: {
        "description": "The list has moved on since the page before",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
}
"""Answers of a list beside those of every route."""

SAME: dict[int | str, dict[str, Any]] = {304: MOVED[304]}

DEAR = 200
"""As how many requests a question counts that is worked out anew."""

KnownAt = Annotated[
    str,
    Query(
        alias="known_at", pattern=KNOWN_AT, description="As known then: a time, or `#INDEX` of the record; empty = now."
    ),
]  # fmt: skip
Limit = Annotated[int, Query(ge=1, le=1_000, description="How many at the most.")]
Key = Annotated[str, Path(min_length=1, max_length=200, description="Id of the report.")]


class Asked(BaseModel):
    """Which reports are asked for."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    term: str = Field("", max_length=80, description="Id of a prohibition, or `any`.")
    value: int | None = Field(None, ge=-1, le=1, description="The answer to the term, or to `any`.")
    supported: bool | None = Field(None, description="Whether it is supported as the terms require.")
    act: str = Field("", max_length=80, description="A class of acts; its kinds are meant too.")
    actor: str = Field("", max_length=80, description="Who is said to have done it.")
    group: Literal["", "bound", "excluded", "mixed", "other"] = Field("", description="Whom it is about.")
    zone: str = Field("", max_length=80, description="Id of a zone in which the place, as it is shown, may lie.")
    unit: str = Field("", max_length=40, description="Code of a unit in which it may lie.")
    since: str = Field("", alias="from", pattern=TIME, description="Only what can have happened from then on.")
    until: str = Field("", pattern=TIME, description="Only what can have happened before.")
    protected: bool | None = Field(None, description="Whether harm to whom humanitarian law protects is told of.")
    kind: str = Field("", max_length=40, description="Kind of the report, such as `incident`.")

    @property
    def filter(self) -> Filter:
        """The same for the desk."""
        return Filter(**self.model_dump())


class AskedThen(Asked):
    """The same, of an older state of the record."""

    known_at: str = Field("", pattern=KNOWN_AT, description="A time, or `#INDEX` of the record; empty = the newest.")

    @property
    def filter(self) -> Filter:
        """The same for the desk."""
        return Filter(**self.model_dump(exclude={"known_at"}))


class AskedPage(AskedThen):
    """The same, page by page."""

    after: str = Field("", pattern=CURSOR, description="`next` of the page before.")
    limit: int = Field(100, ge=1, le=1_000, description="How many at the most.")
    order: Literal["id", "newest", "oldest"] = Field("id", description="By id, or by when a report begins.")

    @property
    def filter(self) -> Filter:
        """The same for the desk."""
        return Filter(**self.model_dump(exclude={"known_at", "after", "limit", "order"}))


class AskedOver(AskedThen):
    """The same, over time."""

    step: Literal["", "1", "7", "28", "91", "364"] = Field(
        "", description="Civil days of a bar; empty = the fewest that give at most 400 bars."
    )

    @property
    def filter(self) -> Filter:
        """The same for the desk."""
        return Filter(**self.model_dump(exclude={"known_at", "step"}))


# -- routes ------------------------------------------------------------------------------------------------------------


@router.get("/api/v1/case", response_model=shown.CaseShown)
async def case(who: Annotated[Who, whoever("situation", "read")]) -> Response:
    """Which case this is, under which text, and how finely whoever asks sees it."""
    asks = await who.about()
    return await asks.kept(
        ("case", asks.snapshot.size, who.viewer.reader, who.viewer.party),
        lambda: kept_of(msgspec.json.encode(_case_row(who.service, asks.snapshot, who.viewer))),
    )


@router.get("/api/v1/situation", response_model=shown.Situation, responses=SAME)
async def situation(
    who: Annotated[Who, whoever("situation", "read")],
    asked: Annotated[AskedThen, Query()],
) -> Response:
    """How things stand: totals as bands, incidents, findings, and for members what is owed."""
    asks = await who.about(asked.known_at)
    view, snapshot, one = await asks.view(), asks.snapshot, asked.filter
    moment = who.service.snapshots.moment(snapshot)
    duties = None
    if may_do(who.viewer.role, "obligation", "read"):
        duties = await run_sync(who.service.snapshots.duties, snapshot, asks.reading)
    # The number of days for which findings have been withheld changes with the clock, not with the record.
    key = (
        "situation", view.mark, snapshot.ground, snapshot.told.size, one, moment.at // 60,
        duties and tuple(duties.items()),
    )  # fmt: skip
    return await asks.kept(
        key,
        lambda: pages.situation(view, snapshot, one, not_public=snapshot.told.not_public(moment.at), duties=duties),
        len(view.sheet),
    )


@router.get("/api/v1/assessments", response_model=shown.Assessments, responses=MOVED)
async def assessments(
    who: Annotated[Who, whoever("assessment", "read")],
    asked: Annotated[AskedPage, Query()],
) -> Response:
    """Reports and what the program computes of each, by id or by time; as finely as whoever asks may see them."""
    asks = await who.about(asked.known_at)
    view, snapshot, one = await asks.view(), asks.snapshot, asked.filter
    mark, after = pages.read_cursor(asked.after) if asked.after else (view.mark, "")
    if mark != view.mark:
        view = who.service.snapshots.marked(mark, who.viewer.reader)
    made = await kept(
        who.service, ("assessments", view.mark, snapshot.ground, one, after, asked.limit, asked.order),
        lambda: pages.listed(view, snapshot, one, after=after, limit=asked.limit, order=asked.order), len(view.sheet),
    )  # fmt: skip
    return asks.reply(made, next=made.after or None)


@router.get("/api/v1/facets", response_model=shown.Facets, responses=SAME)
async def facets(
    who: Annotated[Who, whoever("assessment", "read", cost=20)],
    asked: Annotated[AskedThen, Query()],
) -> Response:
    """What the list of reports can be narrowed by, and how many of those that are shown each choice would give."""
    asks = await who.about(asked.known_at)
    view, snapshot, one = await asks.view(), asks.snapshot, asked.filter
    return await asks.kept(("facets", view.mark, snapshot.ground, one), lambda: pages.facets(view, snapshot, one))


@router.get("/api/v1/timeline", response_model=shown.Timeline, responses=SAME)
async def timeline(
    who: Annotated[Who, whoever("assessment", "read", cost=20)],
    asked: Annotated[AskedOver, Query()],
) -> Response:
    """When the reports were that are shown and asked for, by civil days, each as finely as its time is known."""
    asks = await who.about(asked.known_at)
    view, snapshot, one = await asks.view(), asks.snapshot, asked.filter
    step = int(asked.step or 0)
    key = ("timeline", view.mark, snapshot.ground, one, step)
    return await asks.kept(key, lambda: pages.timeline(view, snapshot, one, step=step))


@router.get("/api/v1/assessments/{id}", response_model=shown.Assessment, responses=SAME)
async def assessment(  # the signature is the query
    who: Annotated[Who, whoever("assessment", "read")],
    id: Key,  # noqa: A002  # how the address calls it
    known_at: KnownAt = "",
) -> Response:
    """One report, if whoever asks may see it."""
    asks = await who.about(known_at)
    made = pages.single(await asks.view(), id)
    if made is None:
        raise AccessError(REFUSED)
    await asks.noted("read", id)
    return asks.reply(made)


@router.get("/api/v1/assessments/{id}/why", response_model=shown.Why, responses=SAME)
async def why(  # the signature is the query
    who: Annotated[Who, whoever("assessment", "explain", cost=50)],
    id: Key,  # noqa: A002  # how the address calls it
    known_at: KnownAt = "",
) -> Response:
    """Why a report was judged so: each condition yes, no or unknown, with its reasons."""
    asks = await who.about(known_at)
    view, snapshot = await asks.view(), asks.snapshot
    row = view.row(id)
    if row is None:
        raise AccessError(REFUSED)

    def explained() -> Kept:
        """Every term, condition by condition."""
        hidden = snapshot.hidden_from(who.viewer.reader)
        told = who.service.snapshots.ask("why", snapshot.judged, row, view.is_inside, hidden)
        whole = told if view.is_inside else None
        here = int(view.sheet.verdicts.supported[view.verdict[row]])  # by what is shown
        supported = told["support"]["value"] if view.is_inside else here
        names = ("observation", "any", "reasons", "protected", "terms")
        value = {**{name: told[name] for name in names}, "supported": supported, "whole": whole}
        return kept_of(msgspec.json.encode(value))

    await asks.noted("explain", id)
    return await asks.kept(("why", snapshot.judged, view.mark, row), explained)


def _case_row(service: Service, snapshot: Snapshot, viewer: Viewer) -> dict[str, Any]:
    charter, text = service.case.charter(), snapshot.agreement
    role = role_of(viewer.reader)
    return {
        "title": charter.title, "origin": charter.log.partition("+")[0], "is_demo": charter.is_demo,
        "agreement": {
            "id": text.id, "title": dict(text.title), "text_status": text.text_status or None,
            "canonical_sha256": text.canonical_hash, "tz": text.tz,
        },
        "reader": role, "party": viewer.party or None, "sight": LADDER[role], "size": snapshot.size,
    }  # fmt: skip
