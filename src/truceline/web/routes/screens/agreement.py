"""The agreement on the screen: words beside terms, changes, obligations, designations, and what a drafter looks at."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
import shapely
from fastapi import APIRouter, Depends, Query, Request
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, Response

from truceline.desk.viewers import Viewer
from truceline.desk.views import texts
from truceline.desk.views.kept import Kept, kept_of
from truceline.errors import InputError, one_line, quoted
from truceline.group import may_do
from truceline.report import agreement as report
from truceline.report import agreement_asked as asked
from truceline.report import agreement_board as board
from truceline.report import agreement_follows as follow
from truceline.report import agreement_lint as lint
from truceline.report import agreement_maps as maps
from truceline.report import agreement_names as names
from truceline.report.agreement_terms import Reader
from truceline.space import in_degrees
from truceline.web.asking import kept
from truceline.web.patterns import TIME
from truceline.web.routes import reading_agreement, reading_record, record
from truceline.web.routes.reading import DEAR
from truceline.web.showing import Showing, look

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

Show = Annotated[Showing, look("agreement", "read", cost=10)]
Typed = Annotated[str, Query(alias="at", max_length=40, description="A moment; empty = as of `known_at`, or now.")]

Digest = Annotated[str, Query(pattern="^(|[0-9a-f]{64})$", description="SHA-256 of the values of a text.")]
Actor = Annotated[str, Query(max_length=80, description="Only what this actor owes; empty = all.")]
Stage = Annotated[str, Query(max_length=20, description="Only what stands so; empty = all.")]
Members = Annotated[Showing, look("obligation", "read", cost=DEAR)]


async def _moment(at: Typed = "") -> str:
    """A moment that somebody typed.

    Raises:
        InputError: it is none.
    """
    if re.fullmatch(TIME, at.strip()) is None:
        raise InputError(f"`at`: expected a time such as 2016-09-12T19:00 or 2016-09-12, got {quoted(at)}")
    return at.strip()


At = Annotated[str, Depends(_moment)]

SIGNED = ("agreement", "amendment", "wording")
MOST_SIGNED = 1_000


async def _agreement(show: Showing) -> dict[str, Any]:
    """The agreement as the interface tells it."""
    return show.told(await reading_record.agreement(show.who, show.known_at))


async def _terms(show: Showing, at: str) -> dict[str, Any]:
    """Its terms as data."""
    ask = reading_agreement.agreement_terms
    return show.told(await ask(show.who, at, show.known_at))


@router.get("/agreement")
async def agreement_page(show: Show, at: At) -> Response:
    """The text beside its machine terms, with who signed what and who holds which text."""
    agreement, terms = await _agreement(show), await _terms(show, at)
    held = show.told(
        await reading_agreement.agreement_held(show.who, at, show.known_at)
    )  # fmt: skip
    drawn = await _sketches(show)
    named = report.named_of(agreement, terms)
    values = {
        "agreement": agreement, "at": report.second(terms["at"]), "asked_at": at, "named": named,
        "parts": report.parts_of(agreement, terms, drawn, show.words),
        "zones": report.zones_of(agreement, terms), "drawn": drawn,
        "words_open": report.open_words_of(terms, named, show.words), "held": report.held_of(held),
        "wordings": held["wordings"], "bits_second": report.second, "authentic": report.authentic_of(held["wordings"]),
        "signed": _signed(show, agreement), "may_see_board": _may(show.viewer),
    }  # fmt: skip
    downloads = [
        (show.say("The text, byte for byte (YAML)"), f"/api/v1/record/blobs/{agreement['texts'][-1]['sha256']}"),
        (show.say("The terms as data (JSON)"), _api(show, "/api/v1/agreement/terms", at=at)),
        (show.say("The zones (GeoJSON)"), _api(show, "/api/v1/agreement/zones")),
    ]
    return await show.page("agreement", show.say("Agreement"), values, downloads=downloads)


def _may(viewer: Viewer) -> bool:
    return may_do(viewer.role, "obligation", "read")


def _api(show: Showing, path: str, **asked: str) -> str:
    """The address at which a program is told what is on the screen."""
    said = {
        **{name: value for name, value in asked.items() if value},
        **({"known_at": show.known_at} if show.known_at else {}),
    }
    return f"{path}?{urlencode(said)}" if said else path


def _signed(show: Showing, agreement: dict[str, Any]) -> dict[str, Any]:
    """Who signed which text when, as far as this state of the record knows it."""
    upto, found = agreement["known_at"]["index"], []
    for kind in SIGNED:
        told = show.told(record.entries(show.viewer, show.service, limit=MOST_SIGNED, type=kind))
        found += [one for one in told["items"] if one["entry"] <= upto]
    keys = [one for one in show.told(record.record(show.viewer, show.service))["keys"] if one["since"] <= upto]
    return report.signatures_of(found, agreement, keys)


# -- changes -----------------------------------------------------------------------------------------------------------


@router.get("/agreement/changes")
async def changes_page(show: Show, a: Digest = "", b: Digest = "") -> Response:
    """What changed from one text of the record to another, in words and in terms, and what follows."""
    agreement, terms = await _agreement(show), await _terms(show, "")
    known = agreement["texts"]
    old, new = a or known[max(0, len(known) - 2)]["canonical_sha256"], b or known[-1]["canonical_sha256"]
    told = show.told(await reading_record.agreement_diff(show.who, old, new, ""))
    values = {
        "agreement": agreement, "named": report.named_of(agreement, terms), "texts": known, "old": old, "new": new,
        "found": report.changes_of(told, terms, agreement, show.words, show_link(show)),
        "may_see_board": _may(show.viewer), "bits_second": report.second, "follows": follow.follows,
    }  # fmt: skip
    path = f"/api/v1/agreement/diff?{urlencode({'old': old, 'new': new})}"
    downloads = [(show.say("What changed (JSON)"), path)]
    return await show.page("agreement-changes", show.say("Changes"), values, downloads=downloads)


# -- obligations -------------------------------------------------------------------------------------------------------


@router.get("/agreement/obligations")
async def obligations_page(show: Members, at: At, of: Actor = "", stage: Stage = "") -> Response:
    """Who owes what at a moment: due, met, lapsed, waiting for the other side, or not to be decided."""
    agreement, terms = await _agreement(show), await _terms(show, at)
    moment = at or (terms["at"] if show.known_at else "")
    told = show.told(
        await reading_record.obligations(show.who, moment, of, show.known_at)
    )  # fmt: skip
    named = report.named_of(agreement, terms)
    reader = Reader(show.words, named, show_link(show))
    owed = board.owed_of(told, terms, reader)
    shown = [one for one in owed if stage in ("", one.stage)]
    values = {
        "agreement": agreement, "named": named, "told": told, "at": report.second(told["at"]), "asked_at": at, "of": of,
        "stage": stage, "stages": board.STAGES, "counts": board.counts_of(owed), "owed": shown,
        "pairs": board.pairs_of(shown, terms, named.actors), "may_see_board": True, "bits_second": report.second,
        "bearers": sorted({one.bearer for one in owed} | ({of} if of else set())), "all": len(owed),
        "bans": sorted(told["prohibitions"], key=lambda one: (_order(terms, one["term"]), one["bearer"])),
    }  # fmt: skip
    downloads = [(show.say("The board (JSON)"), _api(show, "/api/v1/obligations", at=moment, of=of))]
    return await show.page("agreement-obligations", show.say("Obligations"), values, downloads=downloads, is_wide=True)


def show_link(show: Showing) -> str:
    """The address of the text, in this language and as known then."""
    return _api(show, "/agreement", lang=show.lang)


def _order(terms: dict[str, Any], key: str) -> int:
    return next((n for n, one in enumerate(terms["terms"]) if one["id"] == key), 0)


# -- designations ------------------------------------------------------------------------------------------------------


@router.get("/agreement/designations")
async def designations_page(show: Show, at: At) -> Response:
    """Who is called what, by whom, since when; disputes from both sides in equal size. Never where anybody is."""
    agreement = await _agreement(show)
    told = show.told(
        await reading_agreement.agreement_designations(show.who, at, show.known_at)
    )  # fmt: skip
    found = names.called_of(told)
    values = {
        "agreement": agreement, "named": report.actors_named(agreement), "told": told, "at": report.second(told["at"]),
        "asked_at": at, "found": found, "open": names.open_of(found), "sides_of": names.sides_of,
        "guarantors": told["lists"]["guarantors"], "dated": names.dated_of(told), "lists": names.lists_of(told),
        "claims": names.claims_of(told), "question": asked.question,
        "may_see_board": _may(show.viewer),
    }  # fmt: skip
    downloads = [(show.say("The designations (JSON)"), _api(show, "/api/v1/agreement/designations", at=at))]
    return await show.page("agreement-designations", show.say("Designations"), values, downloads=downloads)


# -- what a drafter looks at -------------------------------------------------------------------------------------------


@router.get("/agreement/lint")
async def lint_page(show: Show) -> Response:
    """What a drafter should look at in the text in force; for members, a form for a draft."""
    told = show.told(
        await reading_agreement.agreement_lint(show.who, show.known_at)
    )  # fmt: skip
    agreement = await _agreement(show)
    whole = show.told(
        await reading_record.agreement_text(show.who, agreement["texts"][-1]["sha256"]
        )
    )  # fmt: skip
    values = {**await _lint_values(show, told, whole["text"]), "draft": "", "is_draft": False}
    downloads = [(show.say("The remarks (JSON)"), _api(show, "/api/v1/agreement/lint"))]
    return await show.page("agreement-lint", show.say("Drafter's check"), values, downloads=downloads)


@router.post("/agreement/lint")
async def draft_page(
    show: Annotated[Showing, look("draft", "check", takes="draft", cost=20)], request: Request
) -> Response:
    """The same of a draft that is pasted or handed in as a file; nothing of it is kept."""
    async with request.form() as form:
        given, file = form.get("text", ""), form.get("file")
        data, name = (given if isinstance(given, str) else "").encode(), reading_agreement.DRAFT_NAME
        if isinstance(file, UploadFile) and file.filename:
            data, name = await file.read(), one_line(file.filename, 80)
    if not data.strip():
        raise InputError("paste the text of a draft, or choose a file")
    found = await reading_agreement.looked_at(show.service, data, name)
    text = data.decode("utf-8", "replace")
    told = {**reading_agreement.lint_row(found, name), "known_at": None}
    values = {**await _lint_values(show, told, text), "draft": text, "is_draft": True}
    return await show.page("agreement-lint", show.say("Drafter's check"), values, has_known_at=False)


async def _lint_values(show: Showing, told: dict[str, Any], text: str) -> dict[str, Any]:
    agreement = await _agreement(show)
    return {
        "told": told, "named": report.actors_named(agreement), "groups": lint.groups_of(told, text),
        "faults": lint.faults_of(told, text), "may_check": may_do(show.viewer.role, "draft", "check"),
        "most": show.service.settings.most_draft // 1024, "may_see_board": _may(show.viewer), "agreement": agreement,
    }  # fmt: skip


# -- drawings ----------------------------------------------------------------------------------------------------------


async def _sketches(show: Showing) -> dict[str, Any]:
    """A drawing for each zone that has a shape, as finely as it was published."""
    asks = await show.who.about(show.known_at)
    snapshot, is_public = asks.snapshot, asks.is_public

    def drawn() -> Kept:
        """The zones, drawn."""
        case = show.service.case
        zones = texts.zones_of(snapshot, case, is_public=is_public)
        atlas = texts.grounds_of(snapshot, case, is_public=is_public)
        lands = [maps.Land(False, 0, in_degrees(shape)) for _, shape in sorted(atlas.basemap.items())]
        lands += [
            maps.Land(True, unit.level, in_degrees(atlas.shapes[code])) for unit in atlas.gazetteer
            if unit.level <= 1 and (code := atlas.gazetteer.code(unit.code)) in atlas.shapes
        ]  # fmt: skip
        roads = [shapely.LineString(points) for _, points in sorted(atlas.lines.items())]
        return kept_of(msgspec.json.encode(maps.sketches(zones, lands, roads)))

    made = await kept(show.service, ("sketches", *asks.grounds), drawn)
    found: dict[str, Any] = msgspec.json.decode(made.content)
    return found
