"""What does the ledger show? Assessments on one page and findings on another, narrowed and paged; both sides' lists.

What the program computes and what a body signs are never mixed: two addresses, and two looks. Everything is what the
interface answers to the same viewer; a filter that somebody may not see through finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from truceline.desk.snapshots import Snapshot
from truceline.errors import ConflictError
from truceline.group import RESERVED, may_do
from truceline.report import ledger as drawn
from truceline.report import reconcile as beside
from truceline.report.ledger import Names
from truceline.span import civil_day, parse_instant
from truceline.web.asking import snapshot_of
from truceline.web.patterns import TIME
from truceline.web.routes import reading, reading_asked, reading_record
from truceline.web.routes.reading import AskedOver, AskedPage, AskedThen
from truceline.web.routes.reading_record import FindingsPage
from truceline.web.showing import Lang, Showing, look

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

FORMS = (("CSV", "csv"), ("XLSX", "xlsx"), ("GeoJSON", "geojson"), ("GeoPackage", "gpkg"), ("Parquet", "parquet"))
PLACELESS = ("csv", "xlsx", "parquet")
"""Kinds of files for what has no place."""

TIMES = ("from", "until")


class LedgerAsked(AskedPage):
    """Which assessments are shown, and how."""

    lang: Lang = ""
    order: Any = Field("newest", pattern="^(id|newest|oldest)$", description="By id, or by when a report begins.")
    limit: int = Field(50, ge=1, le=200, description="How many on a page.")

    @property
    def asked(self) -> dict[str, Any]:
        """What is asked of the reports, as an address says it; nothing of the page."""
        told = self.model_dump(by_alias=True, exclude={"after", "limit", "order", "lang", "known_at"})
        return {name: _said(value) for name, value in told.items() if value not in ("", None)}


class LedgerFindings(FindingsPage):
    """Which findings are shown."""

    lang: Lang = ""

    @property
    def asked(self) -> dict[str, Any]:
        """What is asked of the findings, as an address says it."""
        told = self.model_dump(by_alias=True, exclude={"after", "limit", "lang", "known_at"})
        return {name: value for name, value in told.items() if value not in ("", None)}


def _said(value: Any) -> Any:  # noqa: ANN401  # a value of a filter
    return str(value).lower() if isinstance(value, bool) else value


@router.get("/ledger")
async def ledger(
    show: Annotated[Showing, look("assessment", "read", cost=3)], asked: Annotated[LedgerAsked, Query()]
) -> Response:
    """The assessments that whoever looks may see: facets with their numbers, reports over time, and the list."""
    known = {"known_at": show.known_at}
    one = asked.asked
    page = {"after": asked.after, "limit": asked.limit, "order": asked.order}
    try:
        listed = show.told(await reading.assessments(show.who, AskedPage.model_validate({**one, **known, **page})))
    except ConflictError:  # the list has moved on: it is begun again
        return RedirectResponse((await show.shell()).again(after=None), 303)
    timeless = {name: value for name, value in one.items() if name not in TIMES}
    facets = show.told(await reading.facets(show.who, AskedThen.model_validate({**one, **known})))
    over = show.told(await reading.timeline(show.who, AskedOver.model_validate({**timeless, **known})))
    snapshot = await snapshot_of(show.service, show.known_at, show.viewer)
    names = names_of(snapshot, show)
    brush = drawn.brush(over, *(_day(one.get(name, ""), snapshot.agreement.tz) for name in TIMES))
    values: dict[str, Any] = {
        "listed": listed, "rows": drawn.numbered(listed["items"]), "over": over, "brush": brush, "asked": asked,
        "filter": one, "facets": drawn.facets(facets["facets"], one, names, show.words),
        "label": drawn.labels(names, show.words), "titles": drawn.facet_titles(show.words), "first": drawn.FIRST,
        "has_two": _has_two(show), "wide": drawn.WIDE, "high": drawn.HIGH,
    }  # fmt: skip
    scripts = ["htmx.js", "brush.js"]
    downloads = [(label, file_of("assessments", form, {**one, **known_of(show)})) for label, form in FORMS]
    return await show.page("ledger", show.say("Ledger: assessments"), values, scripts=scripts, downloads=downloads,
                           is_wide=True)  # fmt: skip


@router.get("/ledger/findings")
async def ledger_findings(
    show: Annotated[Showing, look("finding", "read")], asked: Annotated[LedgerFindings, Query()]
) -> Response:
    """The findings that whoever looks may see, as bodies signed them; and how many are not public."""
    one = {**asked.asked, "known_at": show.known_at, "after": asked.after, "limit": asked.limit}
    told = show.told(await reading_record.findings(show.who, FindingsPage.model_validate(one)))
    situation = show.told(await reading.situation(show.who, AskedThen.model_validate({"known_at": show.known_at})))
    snapshot = await snapshot_of(show.service, show.known_at, show.viewer)
    values = {
        "told": told, "asked": asked, "filter": asked.asked, "not_public": situation["findings"],
        "names": names_of(snapshot, show), "label": drawn.labels(names_of(snapshot, show), show.words),
        "holds": beside.holdings(show.words), "has_two": _has_two(show),
        "terms": sorted({term.id for term in snapshot.agreement.terms.values()}),
        "actors": sorted(snapshot.agreement.parties),
        "bodies": sorted(one.id for one in snapshot.agreement.parties.values() if one.kind in ("body", "guarantor")),
    }  # fmt: skip
    downloads = [
        (label, file_of("findings", form, {**asked.asked, **known_of(show)}))
        for label, form in FORMS
        if form in PLACELESS
    ]
    return await show.page("findings", show.say("Ledger: findings"), values, scripts=["htmx.js"], downloads=downloads)


@router.get("/ledger/matched")
async def ledger_matched(  # the signature is the query
    show: Annotated[Showing, look("ledger", "reconcile", cost=5)],
    a: Annotated[str, Query(max_length=80, description="One side: an actor of the text.")] = "",
    b: Annotated[str, Query(max_length=80, description="The other side.")] = "",
    since: Annotated[str, Query(alias="from", pattern=TIME)] = "",
    until: Annotated[str, Query(pattern=TIME)] = "",
) -> Response:
    """What two sides say happened, matched entry by entry: on both lists, on one, contested."""
    snapshot = await snapshot_of(show.service, show.known_at, show.viewer)
    names = names_of(snapshot, show)
    choices = [(key, drawn.labels(names, show.words)("actor", key)) for key in sorted(snapshot.agreement.parties)]
    values: dict[str, Any] = {
        "a": a, "b": b, "since": since, "until": until, "choices": choices, "answer": None, "has_two": True,
    }  # fmt: skip
    downloads: list[tuple[str, str]] = []
    if a and b:
        told = show.told(await reading_asked.reconcile(show.who, a, b, since, until, show.known_at))
        values |= beside.view({**told, "known_at": told["known_at"]["at"]}, show.words)
        asked = {"a": a, "b": b, "from": since, "until": until, **known_of(show)}
        downloads = [("JSON", f"/api/v1/reconcile?{urlencode({k: v for k, v in asked.items() if v})}")]
    return await show.page("matched", show.say("Two lists beside one another"), values, downloads=downloads)


# -- shaping -----------------------------------------------------------------------------------------------------------


def names_of(snapshot: Snapshot, show: Showing) -> Names:
    """What the ids of a text are called, which is open to everybody, and the units that whoever looks is told of."""
    text, gazetteer = snapshot.agreement, snapshot.bench_of(show.viewer.reader).atlas.gazetteer
    return Names(
        {one.id: one.text for one in text.terms.values()},
        {**{key: {"en": key} for key in RESERVED}, **{one.id: one.names for one in text.parties.values()}},
        {one.id: one.names for one in text.zones.values()}, {unit.code: unit.names for unit in gazetteer},
    )  # fmt: skip


def _day(text: str, tz: str) -> date | None:
    """The civil day of a time of the filter, which the interface has taken."""
    return civil_day(parse_instant(text, tz), tz) if re.match(r"\d", text) else None


def _has_two(show: Showing) -> bool:
    """Whether the two lists are for whoever looks."""
    return may_do(show.viewer.role, "ledger", "reconcile")


def known_of(show: Showing) -> dict[str, str]:
    """As which time or entry is asked for, for an address."""
    return {"known_at": show.known_at} if show.known_at else {}


def file_of(what: str, form: str, asked: Mapping[str, Any]) -> str:
    """The address of a file of exactly what is asked for."""
    query = urlencode(asked)
    return f"/api/v1/{what}.{form}" + (f"?{query}" if query else "")
