"""What is at the address itself? How things stand on a day: one sentence, a map, the newest, the days before.

For whoever comes it says what is public of the case, too: how many findings were made public, how many are withheld and
for how long, and where to report something. Everything is what the interface answers to the same viewer.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response

from truceline.desk.views import drawn
from truceline.desk.views.asked import Filter, chosen
from truceline.errors import InputError, StoreError
from truceline.group import may_do, role_of
from truceline.report import map as map_
from truceline.report import today as shown
from truceline.report.ledger import labels
from truceline.report.map import Map
from truceline.report.reconcile import holdings
from truceline.report.voice import set_apart
from truceline.span import civil_day, day_span, utc_text
from truceline.web.asking import snapshot_of, view_of
from truceline.web.patterns import DAY
from truceline.web.routes import reading, reading_days, reading_record, words
from truceline.web.routes.reading import AskedOver, AskedPage, AskedThen
from truceline.web.routes.reading_record import FindingsPage
from truceline.web.routes.screens.ledger import FORMS, file_of, known_of, names_of
from truceline.web.showing import Showing, look

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

LISTED, OWED = 25, 8
EARLIEST, LATEST = date(1900, 3, 1), date(2200, 11, 30)
"""Days that have a month before them and some days behind, in the years that a time text can say."""

HISTORIC = timedelta(days=30)
"""A case whose newest report lies longer ago than this is looked back on: its newest day is shown, not today."""


@router.get("/")
async def today(
    show: Annotated[Showing, look("situation", "read", cost=5)],
    day: Annotated[str, Query(pattern=DAY, description="A civil day; empty = the newest.")] = "",
) -> Response:
    """How things stand on a day, as whoever looks may see it; and what is public of the case."""
    try:
        snapshot = await snapshot_of(show.service, show.known_at, show.viewer)
    except StoreError:  # nothing was worked out yet
        return await show.page("early", show.say("Today"), {"title_of": show.service.case.charter().title})
    known = show.known_at
    tz, moment = snapshot.agreement.tz, show.service.snapshots.moment(snapshot)
    cut_off = moment.at if moment.known_at is None else min(moment.at, moment.known_at)
    whole = show.told(await reading.timeline(show.who, AskedOver.model_validate({"known_at": known})))
    at = _shown_day(day, whole["newest"], civil_day(cut_off, tz))
    one, before = ({**_period(one), "known_at": known} for one in (at, at - timedelta(days=1)))
    here = show.told(await reading.situation(show.who, AskedThen.model_validate(one)))
    listed = show.told(
        await reading.assessments(show.who, AskedPage.model_validate({**one, "order": "newest", "limit": LISTED}))
    )
    last = at if day else max(at, min(at + timedelta(days=3), civil_day(cut_off, tz)))
    strip = {"from": (last - timedelta(days=shown.DAYS - 1)).isoformat(), "until": _next(last), "known_at": known}
    over = show.told(await reading.timeline(show.who, AskedOver.model_validate({**strip, "step": "1"})))
    watched = show.told(await reading_days.coverage(show.who, last.isoformat(), shown.DAYS, known))
    columns = shown.strip(over["bars"], watched["days"], last, at)
    signed = show.told(
        await reading_record.findings(
            show.who, FindingsPage.model_validate({"until": _next(at), "known_at": known, "limit": 1000})
        )
    )
    in_force = show.told(await reading_days.in_force(show.who, known))
    values: dict[str, Any] = {
        "day": at, "day_text": day, "here": here, "before": show.told(
            await reading.situation(show.who, AskedThen.model_validate(before))
        ),
        "listed": listed, "newest": whole["newest"], "strip": columns, "watched": watched,
        "seen": shown.seen_of(watched["days"][_at(last, at)]),
        "seen_before": shown.seen_of(watched["days"][max(_at(last, at) - 1, 0)]),
        "claims": await _said(show, at.isoformat()),
        "voiced": set_apart, "findings": list(reversed(signed["items"])), "count_findings": signed["total"],
        "documents": shown.in_force_on(in_force["items"], at, tz), "owed": await _owed(show, at),
        "map": await _map(show, one), "label": labels(names_of(snapshot, show), show.words), "period": _period(at),
        "period_query": urlencode({**_period(at), **known_of(show)}),
        "holds": holdings(show.words), "previous": at - timedelta(days=1), "next": at + timedelta(days=1),
        "is_last": at >= civil_day(cut_off, tz), "paper": shown, "high": shown.HIGH, "lane": shown.LANE,
        "most_drawn": drawn.MOST_DRAWN,
    }  # fmt: skip
    downloads = [(label, file_of("assessments", form, {**_period(at), **known_of(show)})) for label, form in FORMS]
    return await show.page("today", show.say("Today"), values, scripts=["today.js"], downloads=downloads,
                           is_wide=True)  # fmt: skip


async def _said(show: Showing, day: str) -> list[dict[str, Any]]:
    """The claims said, reported or due on a day."""
    told = show.told(await words.words_claims(show.who, day, day, "", "", show.known_at))
    return list(told["claims"])


def _shown_day(asked: str, newest: str | None, now: date) -> date:
    """The day that is asked for; else today, or the newest of a case that one looks back on."""
    if asked:
        try:
            day = date.fromisoformat(asked)
        except ValueError:
            raise InputError("`day`: expected a day such as 2016-03-01") from None
        if not EARLIEST <= day <= LATEST:
            raise InputError(f"`day`: expected a day from {EARLIEST} to {LATEST}")
        return day
    last = now if newest is None else date.fromisoformat(newest)
    return last if now - last > HISTORIC else now


def _period(day: date) -> dict[str, str]:
    """A civil day as bounds of a filter."""
    return {"from": day.isoformat(), "until": _next(day)}


def _next(day: date) -> str:
    return (day + timedelta(days=1)).isoformat()


def _at(last: date, day: date) -> int:
    """Place of a day among the days of the strip."""
    return max(shown.DAYS - 1 - (last - day).days, 0)


async def _map(show: Showing, period: dict[str, str]) -> Map:
    """The reports of a day where each is shown to be."""
    snapshot = await snapshot_of(show.service, show.known_at, show.viewer)
    view = await view_of(show.service, snapshot, show.viewer)

    def made() -> Map:
        """Drawn."""
        rows = chosen(view, Filter(since=period["from"], until=period["until"]), snapshot.agreement)
        spots = drawn.spots_of(view, rows[: drawn.MOST_DRAWN], snapshot.bench_of(view.reader).atlas)
        is_public = role_of(show.viewer.reader) == "public"
        lands, zones = drawn.ground_of(snapshot, show.service.case, is_public=is_public)
        return map_.draw_of(spots, lands, zones, show.words)

    return await run_sync(made)


async def _owed(show: Showing, day: date) -> dict[str, Any] | None:
    """What is due at the end of a day, for members; None for everybody else."""
    if not may_do(show.viewer.role, "obligation", "read"):
        return None
    snapshot = await snapshot_of(show.service, show.known_at, show.viewer)
    end = day_span(day, snapshot.agreement.tz).end - 1
    at = min(end, show.service.snapshots.moment(snapshot).at)
    mine = show.viewer.party if show.viewer.role == "party" else ""
    told = show.told(await reading_record.obligations(show.who, utc_text(at), mine, show.known_at))
    asked = [one for one in told["allegations"] if {"asked", "unanswered"} & set(one["states"])]
    active = [one for one in told["duties"] if "active" in one["states"]]
    return {
        "at": told["at"], "allegations": told["allegations"], "asked": asked,
        "open": [one for one in told["allegations"] if not {"decided", "withdrawn"} & set(one["states"])],
        "active": active, "breached": [one for one in told["duties"] if one["states"] == ["breached"]],
        "next": sorted(active, key=lambda one: (_deadline(one) or "9", one["term"], one["bearer"]))[:OWED],
        "deadline": _deadline,
    }  # fmt: skip


def _deadline(duty: dict[str, Any]) -> str:
    """The latest deadline of the reading that is shown first; empty where there is none."""
    found = [one["deadline"] for one in duty["readings"] if one["deadline"]]
    return found[0] if found else ""
