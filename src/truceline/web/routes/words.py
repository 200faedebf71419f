"""What was said, and what was done? Claims, the dated log, and both on one line of time for each actor, over HTTP.

A claim is words: no answer of this interface rests on one, and every answer here says so. Acts are told as everywhere
else: reports as finely as whoever asks may see them, and signed acts of entries that it may read.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from truceline import LAW
from truceline.desk.acts_told import LONG_DAYS, MOST_DAYS, AskedIndicators, AskedTimeline
from truceline.desk.areas_told import area_changes
from truceline.desk.first_told import AskedFirst
from truceline.desk.statements_told import NO_EVIDENCE, Asking
from truceline.desk.viewers import REFUSED
from truceline.errors import AccessError, InputError
from truceline.span import DAY_S, day_span, parse_instant
from truceline.web.asking import Asks, Who, whoever
from truceline.web.patterns import DAY, TIME
from truceline.web.routes import reading_shown as shown
from truceline.web.routes.reading import SAME, KnownAt

router = APIRouter(tags=["words"])

Day = Annotated[str, Query(pattern=DAY, description="A civil day; empty = no bound.")]
Actor = Annotated[str, Query(max_length=80, description="Id of an actor; empty = all.")]
Kind = Annotated[str, Query(max_length=20, description="Kind of the claims; empty = all.")]
Key = Annotated[str, Path(min_length=1, max_length=200, description="Id of the claim.")]


class WhenShown(BaseModel):
    """A time as it is stated; null = not stated, or it cannot be read."""

    model_config = ConfigDict(populate_by_name=True)

    text: str | None
    since: str | None = Field(alias="from")
    until: str | None
    basis: str | None


class SpeakerShown(BaseModel):
    """Who speaks, in which office, and for which actors of the text."""

    name: str
    office: str
    kind: str
    actors: list[str]


class QuotationShown(BaseModel):
    """The words themselves."""

    text: str
    lang: str
    is_translation: bool
    original: str | None


class SecondShown(BaseModel):
    """A second source, and whether it says the same."""

    publisher: str
    url: str
    published: str
    says: Literal["agree", "partly", "contradict", "unstated"]
    what: str


class ClaimShown(BaseModel):
    """A claim; `is_evidence` is always false."""

    model_config = ConfigDict(extra="allow")

    id: str
    kind: str
    stated_kind: str
    words: str | None
    words_withheld: bool
    speaker: SpeakerShown
    said: WhenShown
    reported: WhenShown
    due: WhenShown
    quotation: QuotationShown | None
    of: list[str]
    against: list[str]
    terms: list[str]
    checkable: str
    check_how: str
    seconds: list[SecondShown]
    status: str
    note: str
    door: str
    source: str | None
    url: str | None
    flags: list[str]
    entry: int | None
    is_evidence: Literal[False]


class Claims(BaseModel):
    """Claims, oldest first; `rejected`: lines that hold none, told to the secretariat."""

    tz: str
    claims: list[ClaimShown]
    more: int
    doors: dict[str, int]
    flagged: int
    rejected: list[dict[str, Any]]
    warnings: list[str]
    evidence: str
    known_at: shown.KnownAt
    law: str


class LogAnswer(BaseModel):
    """Whether what was asked for was answered, and how old it is, in days."""

    state: Literal["answered", "unanswered", "unknown"]
    by: str | None
    how: str | None
    at: str | None
    least_days: int | None
    most_days: int | None


class LoggedClaim(ClaimShown):
    """A claim of the log; `answered` is null where it waits for no answer."""

    answered: LogAnswer | None


class Log(BaseModel):
    """Proposals, warnings, ultimatums, requests, replies, and what was agreed or ended, oldest first."""

    tz: str
    at: str
    log: list[LoggedClaim]
    more: int
    evidence: str
    known_at: shown.KnownAt
    law: str


class FirstEvent(BaseModel):
    """Something that is said of a side: when it can have been, and whether it follows the one before it."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    since: str = Field(alias="from")
    until: str
    by: str | None
    is_claim: bool
    is_side: int
    alleged: int | None
    reported: int | None
    breach: int | None
    reasons: list[str]
    after_the_one_before: int | None


class FirstSide(BaseModel):
    """A side with its sequence, oldest first."""

    side: str
    names: dict[str, str]
    number: int
    more: int
    events: list[FirstEvent]


class FirstAnswer(BaseModel):
    """Whether a side was first: +1 surely, 0 cannot be decided, -1 surely not."""

    side: str
    value: int
    told: Literal["surely", "possibly", "no"]
    reasons: list[str]
    earliest: str | None
    latest: str | None
    rests_on: list[str]
    more: int
    by: list[str]


class FirstColumn(BaseModel):
    """The answer in one column: alleged, reported or breach."""

    column: Literal["alleged", "reported", "breach"]
    someone: int
    sides: list[FirstAnswer]


class EndShown(BaseModel):
    """When something ended, as a side states it (`claim`) or as the text has it."""

    basis: Literal["claim", "text", "version"]
    by: list[str]
    name: str | None
    at: dict[str, str]
    term: str | None
    claim: ClaimShown | None


class WhoFirst(BaseModel):
    """Who was first in a period: to be first is a moment and no measure."""

    model_config = ConfigDict(populate_by_name=True)

    tz: str
    since: str | None = Field(alias="from")
    until: str | None
    term: str | None
    sides: list[FirstSide]
    answers: list[FirstColumn]
    ends: list[EndShown]
    evidence: str
    known_at: shown.KnownAt
    law: str


class LaterAct(BaseModel):
    """A later act, and what it does to the words."""

    model_config = ConfigDict(populate_by_name=True)

    id: str | None
    what: str | None
    does: str
    value: int
    why: str
    reasons: list[str]
    since: str = Field(alias="from")
    until: str
    is_claim: bool
    source: str | None


class Came(BaseModel):
    """What came of a claim: a verdict with its reasons, and the later acts it rests on."""

    verdict: str
    value: int | None
    reasons: list[str]
    window: list[str] | None
    acts: list[LaterAct]
    more: int


class FollowedClaim(ClaimShown):
    """A claim, and what came of it; null = nothing is expected of it."""

    followed: Came | None


class OneClaim(BaseModel):
    """One claim, and what came of it."""

    claim: FollowedClaim
    evidence: str
    known_at: shown.KnownAt
    law: str


class Follow(Came):
    """What came of one claim."""

    claim: ClaimShown


class AllFollowed(BaseModel):
    """What came of every claim of which something is expected."""

    tz: str
    followed: list[Follow]
    evidence: str
    known_at: shown.KnownAt
    law: str


class ActShown(BaseModel):
    """A report that names the actor: +1 surely, 0 possibly; covered and supported as in the lists."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    since: str = Field(alias="from")
    until: str
    acts: list[str]
    text: str | None
    by: str | None
    is_actor: int
    covered: int
    supported: int
    reasons: list[str]
    lasts: bool
    protected: bool


class SignedShown(BaseModel):
    """An act on the record that the actor signed."""

    id: str
    act: str
    at: str
    of: str | None
    term: str | None
    by: list[str]


class ActorLine(BaseModel):
    """One actor: what was said for it, what reports say that it did, what it signed."""

    actor: str
    names: dict[str, str]
    kind: str
    words: list[FollowedClaim]
    acts: list[ActShown]
    signed: list[SignedShown]
    more: int


class ActorLines(BaseModel):
    """Words and acts of each actor over a period, by id, on one scale; `others`: claims of nobody of the text."""

    model_config = ConfigDict(populate_by_name=True)

    tz: str
    since: str | None = Field(alias="from")
    until: str | None
    actors: list[ActorLine]
    others: list[ClaimShown]
    evidence: str
    known_at: shown.KnownAt
    law: str


class Indicator(BaseModel):
    """Reports and claims of one topic, before and after: `[surely, surely or possibly]`; side null = of all."""

    topic: str
    side: str | None
    before: list[int]
    after: list[int]


class ToldOf(BaseModel):
    """One report or claim that counts."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    topic: str
    since: str = Field(alias="from")
    until: str
    value: int
    by: str | None
    is_claim: bool
    sides: dict[str, int]
    units: list[str]
    segment: str | None
    state: str | None
    is_bound: int | None
    bound: str | None


class WatchedShown(BaseModel):
    """Cell-seconds that were watched in a window, of all; null = not told, or nobody says."""

    days: int
    told_days: int
    watched: int | None
    whole: int | None


class CellsMoved(BaseModel):
    """Cells that came to an area and left it; null = none of it was shown at one end. Said in `stated` of `rounds`."""

    gained: int | None
    lost: int | None
    stated: int
    rounds: int


class AreaChanged(BaseModel):
    """What moved of the area of one group, as one speaker says it."""

    group: str
    by: str
    before: CellsMoved
    after: CellsMoved


class AreaChanges(BaseModel):
    """What moved of the areas that were exchanged, in numbers of cells alone."""

    model_config = ConfigDict(populate_by_name=True)

    since: str = Field(alias="from")
    start: str
    until: str | None
    groups: list[AreaChanged]


class Indicators(BaseModel):
    """Indicators, and no finding: they count what is told, with who could have looked."""

    model_config = ConfigDict(populate_by_name=True)

    label: str
    tz: str
    start: str
    days: int
    since: str = Field(alias="from")
    until: str
    indicators: list[Indicator]
    told: list[ToldOf]
    more: int
    watched: dict[str, WatchedShown]
    areas: AreaChanges | None = Field(description="null = areas are not for whoever asks.")
    evidence: str
    known_at: shown.KnownAt
    law: str


async def ask(asks: Asks, what: str, *values: Any) -> Any:  # noqa: ANN401  # plain values
    """Ask the workroom of words, as whoever asks."""
    return await asks.room("words", asks.known, asks.reading, what, *values)


@router.get("/api/v1/words/claims", response_model=Claims, responses=SAME)
async def words_claims(  # noqa: PLR0917  # the signature is the query
    who: Annotated[Who, whoever("claim", "read", cost=5)],
    since: Annotated[str, Query(alias="from", pattern=DAY)] = "",
    until: Day = "",
    actor: Actor = "",
    kind: Kind = "",
    known_at: KnownAt = "",
) -> Response:
    """Claims with their second sources and status; `until` is the last day. None of them is evidence."""
    asks = await who.about(known_at)
    told = await ask(asks, "claims", Asking(since, until, actor, kind))
    return asks.told(_lawless(told))


@router.get("/api/v1/words/claims/{id}", response_model=OneClaim, responses=SAME)
async def words_claim(
    who: Annotated[Who, whoever("claim", "read", cost=5)],
    id: Key,  # noqa: A002  # how the address calls it
    known_at: KnownAt = "",
) -> Response:
    """One claim, if whoever asks may see it."""
    asks = await who.about(known_at)
    found = await ask(asks, "claim", id)
    if found is None:
        raise AccessError(REFUSED)
    return asks.told({"claim": {"followed": None, **found}, "evidence": NO_EVIDENCE})


@router.get("/api/v1/words/log", response_model=Log, responses=SAME)
async def words_log(  # noqa: PLR0917  # the signature is the query
    who: Annotated[Who, whoever("claim", "read", cost=5)],
    since: Annotated[str, Query(alias="from", pattern=DAY)] = "",
    until: Day = "",
    actor: Actor = "",
    kind: Kind = "",
    at: Annotated[str, Query(pattern=DAY, description="The day to whose end ages run; empty = now.")] = "",
    known_at: KnownAt = "",
) -> Response:
    """Proposals, warnings, ultimatums, requests and replies by date; what waits for an answer shows its age."""
    asks = await who.about(known_at)
    second = day_span(_day(at), asks.snapshot.agreement.tz).end - 1 if at else _now(asks)
    return asks.told(_lawless(await ask(asks, "log", second, Asking(since, until, actor, kind))))


@router.get("/api/v1/words/followed", response_model=AllFollowed, responses=SAME)
async def words_followed(who: Annotated[Who, whoever("claim", "read", cost=20)], known_at: KnownAt = "") -> Response:
    """What came of commitments and of what was said to be under way: later acts, a verdict, and its reasons."""
    asks = await who.about(known_at)
    return asks.told(_lawless(await ask(asks, "followed")))


@router.get("/api/v1/words/timeline", response_model=ActorLines, responses=SAME)
async def words_timeline(
    who: Annotated[Who, whoever("claim", "read", cost=20)],
    since: Annotated[str, Query(alias="from", pattern=DAY)] = "",
    until: Day = "",
    actor: Annotated[list[str] | None, Query(max_length=12, description="An actor; again for more.")] = None,
    known_at: KnownAt = "",
) -> Response:
    """Words above and acts below, for each actor alike, on one scale of time; `until` is the last day."""
    asks = await who.about(known_at)
    return asks.told(_lawless(await ask(asks, "timeline", AskedTimeline(since, until, tuple(actor or ())))))


@router.get("/api/v1/words/indicators", response_model=Indicators, responses=SAME)
async def words_indicators(
    who: Annotated[Who, whoever("claim", "read", cost=50)],
    start: Annotated[str, Query(pattern=TIME, description="Empty = when a prohibition first came into force.")] = "",
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="Length of each window, in days.")] = LONG_DAYS,
    side: Annotated[list[str] | None, Query(max_length=12, description="An actor; again for more.")] = None,
    known_at: KnownAt = "",
) -> Response:
    """Supply, recruitment, borders, rearming, regrouping, front line, areas: before and after a start. No finding."""
    asks = await who.about(known_at)
    told = await ask(asks, "indicators", AskedIndicators(start, days, tuple(side or ())))
    first = parse_instant(told["start"], "UTC")
    areas = partial(area_changes, asks.service.case, asks.viewer, first, days * DAY_S, asks.reading.moment.published_by)
    return asks.told({**_lawless(told), "areas": await run_sync(areas)})


@router.get("/api/v1/words/first", response_model=WhoFirst, responses=SAME)
async def words_first(  # noqa: PLR0917  # the signature is the query
    who: Annotated[Who, whoever("claim", "read", cost=20)],
    since: Annotated[str, Query(alias="from", pattern=TIME)] = "",
    until: Annotated[str, Query(pattern=TIME)] = "",
    side: Annotated[list[str] | None, Query(max_length=12, description="An actor; again for more.")] = None,
    term: Annotated[str, Query(max_length=80, description="A term that forbids something; empty = any.")] = "",
    known_at: KnownAt = "",
) -> Response:
    """Who was first, side by side: alleged, reported, supported; surely, possibly, or not; and the end as each says."""
    asks = await who.about(known_at)
    told = await ask(asks, "first", AskedFirst(since, until, tuple(side or ()), term))
    return asks.told(_lawless(told))


# -- what a question means ---------------------------------------------------------------------------------------------


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("expected a day such as 2016-03-01") from None


def _now(asks: Asks) -> int:
    """The state that is looked at, or now."""
    moment = asks.service.snapshots.moment(asks.snapshot)
    return moment.at if moment.known_at is None else moment.known_at


def _lawless(told: dict[str, Any]) -> dict[str, Any]:
    """An answer without the sentence that every answer ends with."""
    assert told["law"] == LAW  # noqa: S101  # it is set once, at the end
    return {key: value for key, value in told.items() if key != "law"}
