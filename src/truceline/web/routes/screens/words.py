"""The screen of words and acts: one line of time for each actor, the log, who was first, indicators, sittings.

Everything is what the interface answers to whoever looks. A claim stands in a block of its own with its speaker, and
no word that one side has for another stands outside quotation marks.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from starlette.responses import HTMLResponse, Response

from truceline.desk.acts_told import LONG_DAYS, MOST_DAYS
from truceline.desk.first_told import OF_SIDES
from truceline.desk.sittings import SITTING
from truceline.desk.statements_told import LOGGED
from truceline.group import may_do
from truceline.report import words_page as drawn
from truceline.report.ledger import labels
from truceline.report.voice import set_apart
from truceline.report.words_page import Spot
from truceline.span import civil_day, parse_instant
from truceline.verdict import YES
from truceline.web.asking import snapshot_of
from truceline.web.patterns import DAY, TIME
from truceline.web.routes import sittings, words
from truceline.web.routes.screens.ledger import known_of, names_of
from truceline.web.showing import Showing, look

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

YEAR = timedelta(days=365)
MOST_MONTHS = 36
MOST_LATER = 6
FEW = 3
"""Among fewer lines what may be of each of them stays with them."""

From = Annotated[str, Query(alias="from", pattern=DAY, description="First civil day; empty = as far as it goes.")]
Until = Annotated[str, Query(pattern=DAY, description="Last civil day; empty = as far as it goes.")]
Claims = Annotated[Showing, look("claim", "read", cost=5)]


@router.get("/words")
async def words_page(show: Claims, since: From = "", until: Until = "") -> Response:
    """Words and acts of each actor on one scale."""
    whole = show.told(await words.words_claims(show.who, "", "", "", "", show.known_at))
    if not since and not until:
        since, until = _first_year(whole["claims"], whole["tz"])
    told = show.told(await words.words_timeline(show.who, since, until, None, show.known_at))
    values = {
        **await _common(show, since, until), **_lines(told, since, until), "told": told,
        "months": _months(whole["claims"], since, until),
    }  # fmt: skip
    asked = urlencode({key: value for key, value in (("from", since), ("until", until)) if value} | known_of(show))
    downloads = [
        ("JSON", f"/api/v1/words/timeline?{asked}"), (f"JSON · {show.say('Words')}", f"/api/v1/words/claims?{asked}"),
    ]  # fmt: skip
    return await show.page("words", show.say("Words and acts"), values, downloads=downloads, is_wide=True)


@router.get("/words/log")
async def words_log_page(
    show: Claims, since: From = "", until: Until = "", kind: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Proposals, warnings, ultimatums, requests and replies, by date."""
    told = show.told(await words.words_log(show.who, since, until, "", kind, "", show.known_at))
    asked = {"from": since, "until": until, "kind": kind, **known_of(show)}
    values = {**await _common(show, since, until), "told": told, "kinds": LOGGED, "kind": kind}
    query = urlencode({key: value for key, value in asked.items() if value})
    return await show.page("words-log", show.say("Log of words"), values,
                           downloads=[("JSON", f"/api/v1/words/log?{query}")], is_wide=True)  # fmt: skip


@router.get("/words/first")
async def words_first_page(
    show: Claims, since: From = "", until: Until = "",
    side: Annotated[list[str] | None, Query(max_length=12)] = None,
) -> Response:  # fmt: skip
    """Who was first in a period, as far as it can be put in order; and the end, as each side states it."""
    sides = sorted({one for one in side or () if one})
    told = show.told(await words.words_first(show.who, since, until, sides, "", show.known_at))
    claims = show.told(await words.words_claims(show.who, "", "", "", "", show.known_at))["claims"]
    snapshot = await snapshot_of(show.service, show.known_at, show.viewer)
    choices = sorted(key for key, one in snapshot.agreement.parties.items() if one.kind in OF_SIDES)
    values = {
        **await _common(show, since, until), "told": told, "choices": choices, "chosen": sides,
        "numbers": {one["id"]: one["id"] for one in claims},
    }  # fmt: skip
    query = urlencode({"from": since, "until": until, "side": sides, **known_of(show)}, doseq=True)
    return await show.page("words-first", show.say("Who was first"), values,
                           downloads=[("JSON", f"/api/v1/words/first?{query}")], is_wide=True)  # fmt: skip


@router.get("/words/indicators")
async def words_indicators_page(
    show: Claims,
    start: Annotated[str, Query(pattern=TIME)] = "",
    days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = LONG_DAYS,
) -> Response:
    """What is told of supply, recruitment, borders, rearming, regrouping and areas, before and after a start."""
    told = show.told(await words.words_indicators(show.who, start, days, None, show.known_at))
    claims = show.told(await words.words_claims(show.who, "", "", "", "", show.known_at))["claims"]
    topics: dict[str, list[dict[str, Any]]] = {}
    for one in told["indicators"]:
        topics.setdefault(one["topic"], []).append(one)
    values = {
        **await _common(show, "", ""), "told": told, "topics": topics, "start": start, "days": days,
        "numbers": {one["id"] for one in claims},
    }  # fmt: skip
    query = urlencode({"days": days, **({"start": start} if start else {}), **known_of(show)})
    return await show.page("words-indicators", show.say("Indicators"), values,
                           downloads=[("JSON", f"/api/v1/words/indicators?{query}")], is_wide=True)  # fmt: skip


@router.get("/words/claim/{id}")
async def words_claim_page(show: Claims, id: Annotated[str, Path(min_length=1, max_length=200)]) -> Response:  # noqa: A002
    """One claim, with its second sources and what was done later."""
    told = show.told(await words.words_claim(show.who, id, show.known_at))
    one = told["claim"]
    values = {**await _common(show, "", ""), "one": one, "around": _around(one, show)}
    return await show.page("words-claim", f"{show.words.word('claim kind', one['kind'])} {one['id']}", values)


@router.get("/words/sittings")
async def sittings_page(show: Annotated[Showing, look(SITTING, "read")]) -> Response:
    """Sittings of joint bodies."""
    told = show.told(sittings.sittings(show.viewer, show.service))
    values = {**await _common(show, "", ""), "told": told}
    return await show.page("words-sittings", show.say("Sittings of a joint body"), values,
                           downloads=[("JSON", "/api/v1/sittings")], has_known_at=False)  # fmt: skip


# -- shaping -----------------------------------------------------------------------------------------------------------


async def _common(show: Showing, since: str, until: str) -> dict[str, Any]:
    """What each page of this screen reads."""
    snapshot = await snapshot_of(show.service, show.known_at, show.viewer)
    tz = snapshot.agreement.tz
    return {
        "on": lambda text: _civil(text, tz).isoformat(), "label": labels(names_of(snapshot, show), show.words),
        "voiced": set_apart, "most_later": MOST_LATER,
        "period": {key: value for key, value in (("from", since), ("until", until)) if value},
        "has_sittings": may_do(show.viewer.role, SITTING, "read"),
    }  # fmt: skip


def _first_year(claims: Sequence[Mapping[str, Any]], tz: str) -> tuple[str, str]:
    """The first year in which something was said; all of it where that is less. Empty where nothing has a time."""
    starts = [one["said"]["from"] for one in claims if one["said"]["from"]]
    if not starts:
        return "", ""
    first = civil_day(parse_instant(min(starts), "UTC"), tz)
    return first.isoformat(), (first + YEAR).isoformat()


def _lines(told: Mapping[str, Any], since: str, until: str) -> dict[str, Any]:
    """The lines as they are drawn and listed; who is no actor of the text has the last."""
    tz = told["tz"]
    claims = {one["id"]: one for row in told["actors"] for one in row["words"]}
    claims |= {one["id"]: one for one in told["others"]}
    numbers = drawn.numbered(list(claims.values()))
    loose = _of_anybody(told["actors"])
    rows = [
        {**row, "acts": [act for act in row["acts"] if act["id"] not in loose]} for row in told["actors"]
    ]  # fmt: skip
    if told["others"] or loose:
        rows.append({
            "actor": "", "words": told["others"], "acts": list(loose.values()), "signed": [], "more": 0,
        })  # fmt: skip
    for row in rows:
        row["total"] = len(row["acts"]) + len(row["signed"])
    spots = [
        (
            row["actor"],
            [_spot(one["id"], when, "word", str(numbers[one["id"]])) for one in row["words"] if (when := _time(one))],
            [*(_spot(act["id"], act, drawn.look_of(act)) for act in row["acts"]),
             *(_spot(act["id"], {"from": act["at"], "until": act["at"]}, "signed") for act in row["signed"])],
        )
        for row in rows
    ]  # fmt: skip
    first = date.fromisoformat(since) if since else _civil(told["from"], tz)
    last = date.fromisoformat(until) if until else max(_civil(told["until"], tz), first)
    for row in rows:
        row["words"] = sorted(row["words"], key=lambda one: numbers[one["id"]])
        row["acts"] = [{**act, "days": _days(act, tz)} for act in row["acts"]]
    return {
        "sheet": drawn.sheet(spots, first, last, tz), "by": {row["actor"]: row for row in rows}, "numbers": numbers,
        "said": len(claims), "named": len(told["actors"]),
        "total": len({act["id"] for row in rows for act in (*row["acts"], *row["signed"])}),
    }  # fmt: skip


def _of_anybody(lines: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The acts that may be of each actor and are surely of none: whose they are is not said, so they stand apart."""
    if len(lines) < FEW:
        return {}
    held = [{act["id"]: act for act in row["acts"] if act["is_actor"] != YES} for row in lines]
    return {key: act for key, act in held[0].items() if all(key in one for one in held)}


def _time(one: Mapping[str, Any]) -> Mapping[str, str] | None:
    """When a claim stands on its line: when it was said, else reported, else due; None = no time is stated."""
    return next((one[name] for name in ("said", "reported", "due") if one[name]["from"]), None)


def _civil(text: str | None, tz: str) -> date:
    """The civil day of a UTC time; the first day of the epoch where there is none."""
    return civil_day(parse_instant(text, "UTC"), tz) if text else date(1970, 1, 1)


def _spot(key: str, when: Mapping[str, Any], look: str, label: str = "") -> Spot:
    start = parse_instant(when["from"], "UTC")
    return Spot(key, start, max(parse_instant(when["until"], "UTC"), start + 1), look, label)


def _days(act: Mapping[str, Any], tz: str) -> int:
    """So many civil days an act may be of."""
    start, end = parse_instant(act["from"], "UTC"), parse_instant(act["until"], "UTC")
    return (civil_day(end - 1, tz) - civil_day(start, tz)).days + 1


def _months(claims: Sequence[Mapping[str, Any]], since: str, until: str) -> Sequence[tuple[str, str, str, bool]]:
    """The months in which something was said: name, first and last day, and whether it is the one that is shown."""
    starts = {one["said"]["from"][:7] for one in claims if one["said"]["from"]}
    found = []
    for name in sorted(starts)[:MOST_MONTHS]:
        year, month = map(int, name.split("-"))
        bounds = (f"{name}-01", f"{name}-{monthrange(year, month)[1]:02}")
        found.append((name, *bounds, bounds == (since, until)))
    return found


def _around(one: Mapping[str, Any], show: Showing) -> dict[str, str]:
    """Two weeks around a claim; nothing where it has no time."""
    if not one["said"]["from"]:
        return {}
    tz = show.service.snapshots.current().agreement.tz
    start = civil_day(parse_instant(one["said"]["from"], "UTC"), tz)
    end = civil_day(parse_instant(one["said"]["until"], "UTC") - 1, tz)
    week = timedelta(days=7)
    return {"from": (start - week).isoformat(), "until": (end + week).isoformat()}
