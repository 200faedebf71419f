"""What else is there of one report? The others of its incident, what the record says of it, and where it can have been.

Beside `reading`, which gives the report and why it was judged so. Everything as finely as whoever asks may see it.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from truceline.desk.viewers import REFUSED
from truceline.desk.views.kept import Kept, kept_of
from truceline.desk.views.one import atlas_for, ground_of, incident_of, under
from truceline.desk.views.trail import about_of, trail_of
from truceline.desk.views.view import View
from truceline.errors import AccessError
from truceline.span import utc_text
from truceline.web.asking import GEO, Asks, Who, kept, whoever
from truceline.web.routes import reading_shown as shown
from truceline.web.routes.publication import MatterShown
from truceline.web.routes.reading import SAME, Key, KnownAt

router = APIRouter(tags=["reading"])


class Incident(BaseModel):
    """The reports that tell of one incident, as far as whoever asks may see, and in what they do not say the same."""

    incident: str | None
    reports: list[shown.AssessmentShown]
    more: int
    differ: list[str]
    maybe: list[str]
    known_at: shown.KnownAt
    law: str


class SaidShown(BaseModel):
    """One line of the log: `tie` is whether it surely is about the report, or only may be."""

    entry: int
    known_at: str
    at: str | None
    what: str
    tie: str
    by: list[str]
    to: str | None
    against: str | None
    text: str | None
    term: str | None
    act: str | None
    value: str | None
    dissent: list[shown.DissentShown]
    leaf: str | None


class SideShown(BaseModel):
    """Who is concerned, as what, and the entries of the log by which it has spoken: all sides in one form."""

    party: str
    roles: list[str]
    said: list[int]


class ProvedShown(BaseModel):
    """An entry on which this rests, and the hash of its leaf."""

    entry: int
    type: str
    by: str
    known_at: str
    leaf: str


class Trail(BaseModel):
    """What the record says of a report, as far as whoever asks may read it."""

    observation: str
    known_since: shown.KnownAt | None
    log: list[SaidShown]
    more: int
    sides: list[SideShown]
    drafts: list[MatterShown]
    entries: list[ProvedShown]
    known_at: shown.KnownAt
    law: str


async def _seen(asks: Asks, key: str) -> tuple[View, int]:
    """A report that whoever asks may see; the audit notes who sees it as it was made.

    Raises:
        AccessError: there is none for it.
    """
    view = await asks.view()
    row = view.row(key)
    if row is None:
        raise AccessError(REFUSED)
    await asks.noted("read", key)
    return view, row


@router.get("/api/v1/assessments/{id}/incident", response_model=Incident, responses=SAME)
async def incident(  # the signature is the query
    who: Annotated[Who, whoever("assessment", "read")],
    id: Key,  # noqa: A002  # how the address calls it
    known_at: KnownAt = "",
) -> Response:
    """The reports of one incident, and in what they disagree."""
    asks = await who.about(known_at)
    view, row = await _seen(asks, id)
    key = ("incident", view.mark, row)
    return await asks.kept(key, lambda: kept_of(msgspec.json.encode(incident_of(view, row))), len(view.sheet))


@router.get("/api/v1/assessments/{id}/trail", response_model=Trail, responses=SAME)
async def trail(  # the signature is the query
    who: Annotated[Who, whoever("assessment", "explain", cost=50)],
    id: Key,  # noqa: A002  # how the address calls it
    known_at: KnownAt = "",
) -> Response:
    """What the record says of a report: a dated log, what each side has said, drafts, and the entries to be proved."""
    asks = await who.about(known_at)
    (view, row), known = await _seen(asks, id), asks.known
    came_by = await asks.room("came_by", row)

    def told() -> bytes:
        """The log, read from the record."""
        about = about_of(view, row)
        found = trail_of(about, came_by, who.service.case, viewer=who.viewer, snapshot=asks.snapshot, known=known)
        return msgspec.json.encode({"observation": about.key, **found})

    made = kept_of(await run_sync(told))
    at = who.service.case.entries()[known - 1].known_at
    return asks.reply(made, known_at={"index": known - 1, "at": utc_text(at)})


@router.get(
    "/api/v1/assessments/{id}/ground",
    responses={200: {"content": {GEO: {"schema": {"type": "object"}}}, "description": "GeoJSON"}, **SAME},
    response_class=Response,
)
async def ground(  # the signature is the query
    who: Annotated[Who, whoever("assessment", "read", cost=50)],
    id: Key,  # noqa: A002  # how the address calls it
    known_at: KnownAt = "",
) -> Response:
    """Where a report can have been, the zones of the text and the land, as GeoJSON: an area, never a position."""
    asks = await who.about(known_at)
    view, row = await _seen(asks, id)
    snapshot, is_public = asks.snapshot, asks.is_public
    atlas = await run_sync(partial(atlas_for, snapshot, who.service.case, is_public=is_public))

    def beneath() -> Kept:
        """The zones and the land."""
        return kept_of(_listed(under(snapshot, who.service.case, atlas, is_public=is_public)))

    def drawn() -> Kept:
        """The report upon them."""
        return kept_of(
            b'{"type":"FeatureCollection","features":[%b,%b]}' % (_listed(ground_of(view, row, atlas)), base)
        )

    base = (await kept(who.service, ("under", *asks.grounds), beneath)).content
    return await asks.kept(("ground", view.mark, row, *asks.grounds), drawn, media_type=GEO)


def _listed(features: list[dict[str, Any]]) -> bytes:
    """Features as they stand in a collection, between commas."""
    return b",".join(map(msgspec.json.encode, features))
