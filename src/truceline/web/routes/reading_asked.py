"""What can a reader ask that has to be worked out? A zone that lies elsewhere, two sides' lists, what a place is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import shapely
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from truceline.desk.naming import placed_by
from truceline.desk.reconcile import Reconciled
from truceline.desk.viewers import Viewer
from truceline.desk.views import pages
from truceline.desk.views.asked_zone import Supposed
from truceline.desk.views.view import LADDER
from truceline.errors import InputError, UnknownError
from truceline.evidence.places import Placer
from truceline.group import role_of
from truceline.space import checked_polygon
from truceline.web.asking import Who, whoever
from truceline.web.parts import Here, Sent, answer, gate
from truceline.web.patterns import TIME
from truceline.web.routes import reading_shown as shown
from truceline.web.routes.reading import DEAR, SAME, KnownAt

router = APIRouter(tags=["reading"])

MOST_VERTICES = 10_000
Position = Annotated[list[float], Field(min_length=2, max_length=3)]
Ring = Annotated[list[Position], Field(min_length=4)]


class Polygon(Sent):
    """A polygon of GeoJSON: longitude before latitude, in degrees."""

    type: Literal["Polygon"]
    coordinates: Annotated[list[Ring], Field(min_length=1)]


class MultiPolygon(Sent):
    """Several polygons of GeoJSON."""

    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Annotated[list[Ring], Field(min_length=1)]], Field(min_length=1)]


class SupposedZone(Sent):
    """What is supposed of one zone; what is left out stays as it is."""

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_extra={
            "anyOf": [
                {"required": ["geometry"], "properties": {"geometry": {"type": "object"}}},
                {"required": ["from"], "properties": {"from": {"minLength": 4}}},
                {"required": ["until"], "properties": {"until": {"minLength": 4}}},
                {"required": ["ceiling_m"], "properties": {"ceiling_m": {"type": "integer"}}},
            ],
        },
    )  # fmt: skip

    zone: str = Field(min_length=1, max_length=80, description="Id of a zone of the text.")
    geometry: Polygon | MultiPolygon | None = Field(None, description="Its shape, of at most 10,000 vertices.")
    since: str = Field("", alias="from", pattern=TIME, description="In force from then on.")
    until: str = Field("", pattern=TIME, description="In force until then.")
    ceiling_m: int | None = Field(None, description="Its ceiling, metres above mean sea level.")


class Pair(BaseModel):
    """A number before and after."""

    before: int
    after: int


class Shift(BaseModel):
    """Totals before and after; *possibly* never includes *surely*."""

    surely: Pair
    possibly: Pair


class Named(Shift):
    """The same of one part."""

    name: str


class ChangedShown(BaseModel):
    """One answer that would not be what it is."""

    observation: str
    term: str
    before: int
    after: int
    reasons_before: list[str]
    reasons_after: list[str]


class Inside(Shift):
    """How many reports lie within the zone, by place, time and height alone."""

    outside: Pair


class WhatIf(BaseModel):
    """Past reports, not a prediction: what would be answered otherwise, of what whoever asks may see."""

    truceline: str
    rule_version: str
    agreement: dict[str, Any]
    zone: str
    sight: str
    observations: int
    inside: Inside
    any: Shift
    terms: dict[str, Shift]
    by_month: list[Named]
    by_act: list[Named]
    by_side: list[Named]
    changed: list[ChangedShown]
    more: int
    known_at: shown.KnownAt
    law: str


class Lists(BaseModel):
    """The lists of two sides beside one another; whoever swaps them gets the same with `a` and `b` swapped."""

    model_config = ConfigDict(populate_by_name=True)

    agreement: dict[str, Any]
    title: dict[str, str]
    rule_version: str
    tz: str
    since: str | None = Field(alias="from")
    until: str | None
    reader: str
    matching: dict[str, Any]
    a: dict[str, Any]
    b: dict[str, Any]
    together: int
    pairs: list[dict[str, Any]]
    only_a: list[dict[str, Any]]
    only_b: list[dict[str, Any]]
    open_a: list[dict[str, Any]]
    open_b: list[dict[str, Any]]
    counting: dict[str, Any]
    totals: dict[str, Any] | None
    left_out: int
    warnings: list[str]
    known_at: shown.KnownAt
    law: str


class PlaceNamed(BaseModel):
    """One name and what it can mean."""

    name: str
    answer: str
    sure: str | None
    said: str
    candidates: list[dict[str, Any]]


class Places(BaseModel):
    """Which places words can mean, and how each is read back."""

    text: str
    relation: str
    near: dict[str, float] | None
    places: int
    names: list[PlaceNamed]
    region: dict[str, Any] | None
    law: str


@router.post("/api/v1/what-if", response_model=WhatIf)
async def what_if(
    who: Annotated[Who, whoever("what-if", "ask", cost=DEAR)],
    supposed: SupposedZone,
    known_at: KnownAt = "",
) -> Response:
    """What would be answered otherwise if a zone lay elsewhere, or were in force at another time or to another height.

    Worked out of what whoever asks may see, as finely as it may see it: of towns, where it is shown towns.
    """
    if supposed.geometry is None and not supposed.since and not supposed.until and supposed.ceiling_m is None:
        raise InputError("nothing is supposed: expected `geometry`, `from`, `until` or `ceiling_m`")
    asks = await who.about(known_at)
    shape = None if supposed.geometry is None else await run_sync(shape_of, supposed.geometry, supposed.zone)
    asked = Supposed(supposed.zone, shape, supposed.since, supposed.until, supposed.ceiling_m)
    told = await asks.room("what_if", asks.reading, asked)
    return answer({**told, "sight": LADDER[role_of(who.viewer.reader)], "known_at": pages.known_at(asks.snapshot)})


@router.get("/api/v1/reconcile", response_model=Lists, responses=SAME)
async def reconcile(  # noqa: PLR0917  # the signature is the query
    who: Annotated[Who, whoever("ledger", "reconcile", cost=DEAR)],
    a: Annotated[str, Query(min_length=1, max_length=80, description="One side: an actor of the text.")],
    b: Annotated[str, Query(min_length=1, max_length=80, description="The other side.")],
    since: Annotated[str, Query(alias="from", pattern=TIME, description="Only what can have happened from then.")] = "",
    until: Annotated[str, Query(pattern=TIME, description="Only what can have happened before.")] = "",
    known_at: KnownAt = "",
) -> Response:
    """What two sides say happened, matched: on both lists, on one, and where several could fit."""
    asks = await who.about(known_at)
    told = await asks.room("reconcile", asks.reading, Reconciled(a, b, since, until, reader=who.viewer.reader))
    return asks.told({**told, "reader": role_of(who.viewer.reader)})


@router.get("/api/v1/places", response_model=Places)
async def places(  # noqa: PLR0917  # the signature is the query
    viewer: Annotated[Viewer, gate("place", "find", cost=20)],
    service: Here,
    text: Annotated[str, Query(min_length=1, max_length=120, description="A name, or words such as `near X`.")],
    near: Annotated[str, Query(max_length=80, description="The name of a place nearby; never a position.")] = "",
    lang: Annotated[Literal["en", "ar", "ru"], Query(description="The language to read back in.")] = "en",
    most: Annotated[int, Query(ge=1, le=20, description="So many candidates for each name.")] = 5,
) -> Response:
    """Which places words can mean, and how each is read back to whoever named it."""
    if any(letter.isdigit() for letter in near):
        raise UnknownError("`near`: expected the name of a place")
    bench = service.snapshots.current().bench_of(viewer.reader)

    def found() -> dict[str, Any]:
        """The places, read back."""
        names = bench.finder.names  # type: ignore[attr-defined]  # a bench of a case finds by `naming.Lists`
        placer = Placer(bench.atlas, bench.agreement.precision)
        return placed_by(text, names, placer, near=near, most=most, lang=lang)

    return answer(await run_sync(found))


def shape_of(geometry: Polygon | MultiPolygon, zone: str) -> bytes:
    """The shape on the grid, as bytes.

    Raises:
        InputError: it is no polygon that a zone can have.
    """
    rings = geometry.coordinates if isinstance(geometry, Polygon) else [r for one in geometry.coordinates for r in one]
    if sum(map(len, rings)) > MOST_VERTICES:
        raise InputError(f"`geometry`: expected at most {MOST_VERTICES} vertices")
    try:
        shape = shapely.force_2d(shapely.from_geojson(msgspec.json.encode(geometry.model_dump())))
    except shapely.errors.ShapelyError:
        raise InputError("`geometry`: expected closed rings of positions in degrees") from None
    made: bytes = shapely.to_wkb(checked_polygon(shape, zone))
    return made
