"""What does a reader learn of a day beside its reports? What was in force, and who could have looked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from truceline.desk.views.kept import Kept, kept_of
from truceline.errors import InputError
from truceline.span import civil_day, parse_instant
from truceline.web.asking import Who, whoever
from truceline.web.patterns import DAY
from truceline.web.routes import reading_shown as shown
from truceline.web.routes.reading import SAME, KnownAt

router = APIRouter(tags=["reading"])

MOST_DAYS = 400


class SpanShown(BaseModel):
    """A time; null = without a bound."""

    model_config = ConfigDict(populate_by_name=True)

    since: str | None = Field(alias="from")
    until: str | None


class DocumentShown(BaseModel):
    """A document of the agreement, and when a prohibition of it was in force."""

    instrument: str | None
    title: str | None
    terms: list[str]
    surely: list[SpanShown]
    possibly: list[SpanShown]


class InForce(BaseModel):
    """When the documents of the agreement were in force, as the answers have it."""

    tz: str
    items: list[DocumentShown]
    known_at: shown.KnownAt
    law: str


class DayWatched(BaseModel):
    """Cell-seconds of a civil day: watched, denied, all; null where whoever asks is not told, or not yet."""

    day: str
    watched: int | None
    denied: int | None
    whole: int | None
    denied_by: list[str] | None
    impediments: int | None


class CoverageShown(BaseModel):
    """Which share of each day somebody watched, of the zones that prohibitions speak of."""

    tz: str
    zones: list[str]
    reports: int | None
    days: list[DayWatched]
    known_at: shown.KnownAt
    law: str


@router.get("/api/v1/in-force", response_model=InForce, responses=SAME)
async def in_force(
    who: Annotated[Who, whoever("situation", "read", cost=20)],
    known_at: KnownAt = "",
) -> Response:
    """When the documents of the agreement were in force: surely, or possibly, as the answers have it."""
    asks = await who.about(known_at)
    snapshot, hidden = asks.snapshot, asks.snapshot.hidden_from(who.viewer.reader)

    def worked_out() -> Kept:
        """The documents."""
        items = who.service.snapshots.ask("in_force", snapshot.judged, hidden)
        return kept_of(msgspec.json.encode({"tz": snapshot.agreement.tz, "items": items}))

    return await asks.kept(("in force", snapshot.judged, hidden), worked_out)


@router.get("/api/v1/coverage", response_model=CoverageShown, responses=SAME)
async def coverage(  # the signature is the query
    who: Annotated[Who, whoever("situation", "read", cost=50)],
    day: Annotated[str, Query(pattern=DAY, description="The last civil day; empty = today.")] = "",
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="How many days, up to that one.")] = 30,
    known_at: KnownAt = "",
) -> Response:
    """Which share of each day somebody watched, and where access was denied; silence is not compliance."""
    asks = await who.about(known_at)
    snapshot, reading = asks.snapshot, asks.reading
    moment, tz = who.service.snapshots.moment(snapshot), snapshot.agreement.tz
    try:
        last = date.fromisoformat(day) if day else civil_day(moment.at, tz)
        first = last - timedelta(days=days - 1)
        parse_instant(first.isoformat(), tz)
    except (ValueError, OverflowError):
        raise InputError("`day`: expected a day such as 2016-03-01") from None

    def worked_out() -> Kept:
        """The days."""
        found = who.service.snapshots.ask("coverage", snapshot.judged, reading, first, days)
        return kept_of(msgspec.json.encode({"tz": tz, **found}))

    said = who.service.snapshots.current().told.size  # consent as it is known now, whatever state is looked at
    key = ("coverage", snapshot.judged, said, who.viewer.reader, first, days, moment.at // 3600)
    return await asks.kept(key, worked_out)
