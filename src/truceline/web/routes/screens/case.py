"""One case on the screen: a report with all that is told of it, a finding, and a request for what would settle it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query
from starlette.responses import HTMLResponse, Response

from truceline.desk.coarse import check_coarse
from truceline.errors import AccessError, SubmissionError
from truceline.group import DESK, may_do
from truceline.report import case as report
from truceline.report import case_request as asking
from truceline.report.case_ground import axis_of, drawn_of, table_rows
from truceline.report.case_tree import tree_of
from truceline.report.page import web_address
from truceline.report.served import OWN_NAMES
from truceline.span import utc_text
from truceline.verdict import NO, UNKNOWN, YES
from truceline.web.routes import reading, reading_one, reading_record, record
from truceline.web.routes.reading import Key
from truceline.web.routes.reading_record import Index
from truceline.web.showing import Showing, look

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

Show = Annotated[Showing, look("assessment", "explain", cost=20)]
Ask = Annotated[Showing, look("statement", "submit", cost=20)]
AskForm = Annotated[Showing, look("statement", "submit", cost=20, takes="page")]
Party = Annotated[str, Query(max_length=64, description="An actor of the text.")]
Reasons = Annotated[list[str], Query(max_length=20, description="What is asked about; repeat. None = everything.")]
Words = Annotated[str, Form(max_length=asking.MOST_TEXT)]

SIGNS = {YES: "yes", UNKNOWN: "open", NO: "no"}
MOST_ENTRIES = 100
MOST_FINDINGS = 1_000


class _Case:
    """What the interface answers about one report to whoever looks."""

    def __init__(self, show: Showing, key: str) -> None:
        """Ask about a report; an address without one is refused with the first answer."""
        self.show, self.key = show, key

    async def told(self, route: Any, known_at: str | None = None) -> dict[str, Any]:  # noqa: ANN401  # a route
        """What a route of the report answers."""
        show = self.show
        then = show.known_at if known_at is None else known_at
        return show.told(await route(show.who, self.key, then))

    async def agreement(self) -> dict[str, Any]:
        """The text, of the same state."""
        show = self.show
        return show.told(await reading_record.agreement(show.who, show.known_at))

    async def units(self) -> dict[str, Any]:
        """The units by code."""
        show = self.show
        told = show.told(await reading_record.units(show.who, show.known_at))
        return {one["code"]: one for one in told["items"]}

    def address(self, tail: str = "") -> str:
        """The address at which a program is told the same."""
        query = f"?{urlencode({'known_at': self.show.known_at})}" if self.show.known_at else ""
        return f"/api/v1/assessments/{quote(self.key, safe='')}{tail}{query}"


# -- the case ----------------------------------------------------------------------------------------------------------


@router.get("/case/{id}")
async def case_page(show: Show, id: Key) -> Response:  # noqa: A002  # how the address calls it
    """One report: its terms, why, where and when, who says so, each side's answer, the log, and the proof."""
    case = _Case(show, id)
    told = await case.told(reading.assessment)
    why, incident, trail, ground = [
        await case.told(one) for one in (reading.why, reading_one.incident, reading_one.trail, reading_one.ground)
    ]
    agreement, units = await case.agreement(), await case.units()
    start, end = (report.second(told[name]) or 0 for name in ("from", "until"))
    terms = report.terms_of(why, agreement, start)
    matter = [one for one in terms if one.value != NO]
    drawn = drawn_of(ground, terms, told["any"], show.words)
    parties = {one["id"]: one for one in agreement["parties"]}
    values = {
        "report": told, "why": why, "whole": why["whole"], "incident": incident, "trail": trail, "agreement": agreement,
        "start": start, "end": end, "matter": matter, "others": [one for one in terms if one.value == NO],
        "places": report.place_words(told, units, show.words), "drawn": drawn, "axis": axis_of(start, end, terms),
        "zones": table_rows(ground, terms), "tags": {key.zone.id: key.tag for key in drawn.keys if key.tag},
        "signs": SIGNS, "second": report.second, "said_time": report.said_time,
        "names_of": lambda one: report.names_of(parties, one), "own_names": OWN_NAMES,
        "authentic": _authentic(show, agreement), "term_anchor": lambda one: one.name,
        "since_known": report.second((trail["known_since"] or {}).get("at")), "address": web_address(told["url"] or ""),
        "toll": _toll(told["killed"]), "sides": report.sides_of(trail, parties),
        "drafts": report.drafts_of(trail, show.viewer.party, _clock(show)),
        "trees": _trees(why["whole"], matter), "may_ask": may_do(show.viewer.role, "statement", "submit"),
        "asked": asking.askable(terms, is_inside=why["whole"] is not None), "bundle": _bundle(trail),
        **await _since(case, told, trail),
    }  # fmt: skip
    return await show.page("case", show.say("Report {id}", id=told["id"]), values, downloads=_downloads(case, values))


def _clock(show: Showing) -> int:
    """Now, by the clock of the record: deadlines are its own."""
    snapshots = show.service.snapshots
    return snapshots.moment(snapshots.current()).at


def _downloads(case: _Case, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    say = case.show.say
    return [
        (say("Why (JSON)"), case.address("/why")), (say("The report (JSON)"), case.address()),
        (say("The log (JSON)"), case.address("/trail")), (say("The map (GeoJSON)"), case.address("/ground")),
        (say("The bundle"), values["bundle"]),
    ]  # fmt: skip


def _bundle(trail: Mapping[str, Any]) -> str:
    """The address of a bundle of the entries that carry the page."""
    entries = [one["entry"] for one in trail["entries"]][:MOST_ENTRIES]
    return f"/api/v1/record/bundle?{urlencode([('entries', one) for one in entries])}"


def _authentic(show: Showing, agreement: Mapping[str, Any]) -> tuple[str, ...]:
    """The languages that the record calls authentic, as far as this state of it knows."""
    told = show.told(record.entries(show.viewer, show.service, limit=MOST_ENTRIES, type="wording"))
    known = [one for one in told["items"] if one["entry"] <= agreement["known_at"]["index"]]
    return report.authentic_languages(known, agreement["canonical_sha256"])


def _trees(whole: Mapping[str, Any] | None, matter: Sequence[report.TermView]) -> dict[str, Any]:
    """The tree of each term that matters, for who keeps the case."""
    if whole is None:
        return {}
    table, roots = whole["proof"]["table"], whole["proof"]["trees"]
    return {one.id: tree_of(table, roots[one.id]) for one in matter if one.id in roots}


async def _since(case: _Case, then: Mapping[str, Any], trail: Mapping[str, Any]) -> dict[str, Any]:
    """What is otherwise now, where an older state is looked at."""
    if not case.show.known_at:
        return {"now": None, "changes": [], "later": []}
    try:
        now = await case.told(reading.assessment, "")
        log = (await case.told(reading_one.trail, ""))["log"]
    except AccessError:
        return {"now": None, "changes": [], "later": []}
    later = [one for one in log if one["entry"] > trail["known_at"]["index"]]
    return {"now": now, "changes": report.changed(then, now), "later": later}


def _toll(killed: Mapping[str, Any]) -> str:
    low, best, high = killed["low"], killed["best"], killed["high"]
    if best is not None and (low, high) in ((None, None), (best, best)):
        return str(best)
    span = f"{'' if low is None else low}..{'' if high is None else high}"
    return f"{best} ({span})" if best is not None else str(low) if low == high else span


# -- a finding ---------------------------------------------------------------------------------------------------------


@router.get("/finding/{index}")
async def finding_page(show: Annotated[Showing, look("finding", "read", cost=5)], index: Index) -> Response:
    """What a body signed, with its standard, its dissent in the same size, and what corrects it."""
    told = show.told(await reading_record.finding(show.who, index, show.known_at))
    agreement = show.told(await reading_record.agreement(show.who, show.known_at))
    every = reading_record.FindingsPage.model_validate({"limit": MOST_FINDINGS, "known_at": show.known_at})
    found = show.told(await reading_record.findings(show.who, every))["items"]
    parties = {one["id"]: one for one in agreement["parties"]}
    terms = {one["id"]: one for one in agreement["terms"]}
    bundle = f"/api/v1/record/bundle?entries={index}"
    beside = [one for one in found if one["index"] != index and set(one["about"]) & set(told["about"])]
    values = {
        "finding": told, "term": terms.get(told["term"] or ""), "second": report.second,
        "names_of": lambda one: report.names_of(parties, one),
        "is_own": _is_own(told, parties),
        "sides": sorted((one for one in beside if _is_own(one, parties)), key=lambda one: (one["body"], one["index"])),
        "later": [one for one in found if index in one["about"]],
        "earlier": [one for one in found if one["index"] in told["about"]],
        "bundle": bundle,
    }  # fmt: skip
    downloads = [(show.say("The finding (JSON)"), f"/api/v1/findings/{index}"), (show.say("The bundle"), bundle)]
    return await show.page("finding", show.say("Finding {n}", n=f"#{index}"), values, downloads=downloads)


def _is_own(finding: Mapping[str, Any], parties: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a side holds it for itself: no body of several, or one that these signatures do not bind."""
    return not finding["joint"] or not parties.get(finding["body"], {}).get("members")


# -- a request for information -----------------------------------------------------------------------------------------


@router.get("/case/{id}/request")
async def request_page(
    show: Ask,
    id: Key,  # noqa: A002  # how the address calls it
    to: Party = "",
    by: Party = "",
    ask: Reasons = [],  # noqa: B006  # FastAPI copies it
) -> Response:
    """What would settle a case, as questions to somebody."""
    return await _request(show, id, to, by, ask, {})


@router.post("/case/{id}/request")
async def request_draft(  # noqa: PLR0917  # the form
    show: AskForm,
    id: Key,  # noqa: A002  # how the address calls it
    to: Annotated[str, Form(max_length=64)],
    by: Annotated[str, Form(max_length=64)],
    en: Words = "",
    ar: Words = "",
    ru: Words = "",
    ask: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006  # FastAPI copies it
) -> Response:
    """The questions as a draft that is signed elsewhere: the service signs nothing."""
    return await _request(show, id, to, by, ask, {"en": en, "ar": ar, "ru": ru})


async def _request(  # noqa: PLR0917  # the fields of the form
    show: Showing, key: str, to: str, by: str, ask: Sequence[str], texts: Mapping[str, str]
) -> Response:  # fmt: skip
    case = _Case(show, key)
    told, why, trail = [await case.told(one) for one in (reading.assessment, reading.why, reading_one.trail)]
    agreement = await case.agreement()
    terms = report.terms_of(why, agreement, report.second(told["from"]) or 0)
    open_ = asking.askable(terms, is_inside=why["whole"] is not None)
    chosen = {reason: of for reason, of in open_.items() if not ask or reason in ask}
    first, rest = asking.addressees(told, agreement)
    parties = {one["id"]: one for one in agreement["parties"]}
    to = to if to in parties else asking.addressed(told, agreement)
    signers = _signers(show, agreement)
    by = by if by in signers else next(iter(signers), "")
    written = dict(texts) or asking.letters(told, agreement, to, chosen, _days(told))
    made, trouble = None, ""
    if texts and by:
        made = asking.statement(
            told, trail, by=by, to=to, texts=written, at=utc_text(show.service.now()),
            where=str(show.request.base_url).rstrip("/"),
        )  # fmt: skip
        try:
            check_coarse(list(written.values()))
        except SubmissionError as error:
            made, trouble = None, str(error)
    values = {
        "report": told, "open_reasons": open_, "chosen": chosen, "first": first, "rest": rest, "to": to, "by": by,
        "signers": signers, "texts": written, "made": made, "trouble": trouble, "own_names": OWN_NAMES,
        "names_of": lambda one: report.names_of(parties, one), "desk": DESK,
    }  # fmt: skip
    title = show.say("Request for information about report {id}", id=told["id"])
    return await show.page("request", title, values, has_known_at=False)


def _days(told: Mapping[str, Any]) -> str:
    return told["when"] or f"{told['from'][:10]} .. {told['until'][:10]}"


def _signers(show: Showing, agreement: Mapping[str, Any]) -> list[str]:
    """In whose name whoever looks can have a request signed: its party; for who speaks for none, the guarantors."""
    if show.viewer.party:
        return [show.viewer.party]
    guarantors = sorted(one["id"] for one in agreement["parties"] if one["kind"] == "guarantor")
    return [DESK, *guarantors] if show.viewer.role == "secretariat" else guarantors
