"""What does the record say to its readers? Findings, the agreement and its zones, who owes what, reports of one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from truceline.desk.viewers import REFUSED
from truceline.desk.views import texts
from truceline.desk.views.kept import Kept, kept_of
from truceline.desk.views.told import FindingFilter, finding_row, findings_asked
from truceline.errors import AccessError
from truceline.span import utc_text
from truceline.web.asking import GEO, Who, kept, whoever
from truceline.web.patterns import KNOWN_AT, TIME
from truceline.web.routes import reading_shown as shown
from truceline.web.routes.reading import DEAR, SAME, KnownAt, Limit
from truceline.web.routes.record import Behind

router = APIRouter(tags=["reading"])

Index = Annotated[int, Path(ge=0, le=2**53, description="Index of the entry.")]
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the values of a text, or of its bytes.")]
OfText = Annotated[
    str, Query(pattern="^[0-9a-f]{64}$", description="SHA-256 of the values of a text, or of its bytes.")
]
Lang = Annotated[str, Query(max_length=3, description="Wording of this language only; empty = of every language.")]


class FindingsAsked(BaseModel):
    """Which findings are asked for."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    holds: Literal["", "breach", "no-breach", "undecided", "explained", "repaired"] = ""
    term: str = Field("", max_length=80, description="Id of the term that it speaks of.")
    against: str = Field("", max_length=80, description="Of whose conduct; parts are meant too.")
    body: str = Field("", max_length=80, description="Who holds it.")
    since: str = Field("", alias="from", pattern=TIME, description="Only those known from then on.")
    until: str = Field("", pattern=TIME, description="Only those known before.")

    @property
    def filter(self) -> FindingFilter:
        """The same for the desk."""
        return FindingFilter(**self.model_dump(include=set(FindingsAsked.model_fields)))


class FindingsThen(FindingsAsked):
    """The same, of an older state of the record."""

    known_at: str = Field("", pattern=KNOWN_AT, description="A time, or `#INDEX` of the record; empty = the newest.")


class FindingsPage(FindingsThen):
    """The same, page by page."""

    after: int = Field(-1, ge=-1, le=2**53, description="Only what comes after this index of the record.")
    limit: int = Field(100, ge=1, le=1_000, description="How many at the most.")


class Findings(BaseModel):
    """A page of findings."""

    filter: dict[str, Any]
    total: int
    items: list[shown.FindingShown]
    next: str | None
    known_at: shown.KnownAt
    law: str


class Finding(shown.FindingShown):
    """One finding."""

    known_at: shown.KnownAt
    law: str


class TextShown(BaseModel):
    """A text of the agreement, as an entry of the record."""

    entry: int
    at: str
    since: str
    file: str
    sha256: str
    canonical_sha256: str
    replaces: str | None
    languages: list[str]
    signed_by: list[str]


class PartyShown(BaseModel):
    """An actor of the text."""

    id: str
    kind: str
    side: str | None
    part_of: str | None
    members: list[str]
    names: dict[str, str]


class SelectorShown(BaseModel):
    """Whom a term means."""

    ids: list[str]
    status: str | None


class TermShown(BaseModel):
    """One rule of the text, in its words."""

    id: str
    kind: str
    line: int
    who: SelectorShown | None
    to: SelectorShown | None
    does: list[str]
    where: list[str]
    instrument: str | None
    source: str | None
    withheld: bool
    protective: bool
    text: dict[str, str]


class ZoneShown(BaseModel):
    """A zone of the text; `from` and `until` where it exists for a time only."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    names: dict[str, str]
    terms: list[str]
    withheld: bool
    units: list[str]
    union: list[str]
    low_m: int | None
    high_m: int | None
    since: str | None = Field(alias="from")
    until: str | None


class AgreementShown(BaseModel):
    """The agreement: its texts, whom it binds, its terms and zones."""

    id: str
    title: dict[str, str]
    tz: str
    text_status: str | None
    canonical_sha256: str
    languages: list[str]
    readings: dict[str, str]
    sources: dict[str, str]
    texts: list[TextShown]
    parties: list[PartyShown]
    terms: list[TermShown]
    zones: list[ZoneShown]
    known_at: shown.KnownAt
    law: str


class UnitShown(BaseModel):
    """A unit of the gazetteer."""

    code: str
    level: int
    parent: str | None
    names: dict[str, str]
    has_shape: bool


class Units(BaseModel):
    """The units that the text is about."""

    items: list[UnitShown]
    next: None
    known_at: shown.KnownAt
    law: str


class FileShown(BaseModel):
    """A file that lies beside the text."""

    name: str
    sha256: str
    size: int


class TextWhole(TextShown):
    """A text, byte for byte."""

    text: str
    files: list[FileShown]
    known_at: shown.KnownAt
    law: str


class Difference(BaseModel):
    """What changed from one text to another: in words, in terms, and with what consequence."""

    old: dict[str, str]
    new: dict[str, str]
    same: bool
    words: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    consequences: list[dict[str, Any]]
    known_at: shown.KnownAt
    law: str


class Board(BaseModel):
    """Who owes what at a moment."""

    agreement: dict[str, Any]
    rule_version: str
    tz: str
    at: str
    duties: list[dict[str, Any]]
    prohibitions: list[dict[str, Any]]
    allegations: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    warnings: list[str]
    known_at: shown.KnownAt
    law: str


class PairShown(BaseModel):
    """Two reports of which nobody has decided whether they tell of one incident, and in what they differ."""

    probability: float
    differ: list[str]
    a: shown.AssessmentShown
    b: shown.AssessmentShown


class Duplicates(BaseModel):
    """A page of pairs, the likeliest first."""

    total: int
    items: list[PairShown]
    next: str | None
    known_at: shown.KnownAt
    law: str


# -- findings ----------------------------------------------------------------------------------------------------------


def _told_at(index: int, at: int) -> dict[str, Any]:
    return {"index": index, "at": utc_text(at)}


@router.get("/api/v1/findings", response_model=Findings, responses=SAME)
async def findings(
    who: Annotated[Who, whoever("finding", "read")],
    asked: Annotated[FindingsPage, Query()],
) -> Response:
    """Findings that whoever asks may see, by index of their entries: to the public what was made public."""
    asks = await who.about(asked.known_at)
    snapshot = asks.snapshot
    found = findings_asked(snapshot.told, who.viewer.reader, asked.filter, snapshot.agreement)
    page = [one for one in found if one.index > asked.after]
    has_more = len(page) > asked.limit
    value = {
        "filter": asked.filter.plain(), "total": len(found),
        "items": [finding_row(one, who.viewer.reader) for one in page[: asked.limit]],
    }  # fmt: skip
    following = str(page[asked.limit - 1].index) if has_more else None
    return asks.told(value, next=following, known_at=_told_at(snapshot.told.size - 1, snapshot.told.at))


@router.get("/api/v1/findings/{index}", response_model=Finding, responses=SAME)
async def finding(  # the signature is the query
    who: Annotated[Who, whoever("finding", "read")],
    index: Index,
    known_at: KnownAt = "",
) -> Response:
    """One finding, if whoever asks may see it."""
    asks = await who.about(known_at)
    told = asks.snapshot.told
    found = told.finding(index, who.viewer.reader, asks.snapshot.agreement.group)
    if found is None:
        raise AccessError(REFUSED)
    return asks.told(finding_row(found, who.viewer.reader), known_at=_told_at(told.size - 1, told.at))


# -- the agreement -----------------------------------------------------------------------------------------------------


@router.get("/api/v1/agreement", response_model=AgreementShown, responses=SAME)
async def agreement(who: Annotated[Who, whoever("agreement", "read")], known_at: KnownAt = "") -> Response:
    """The agreement in force, and every text before it."""
    asks = await who.about(known_at)
    key = ("agreement", asks.snapshot.agreement.canonical_hash, len(asks.snapshot.told.texts))
    return await asks.kept(key, lambda: kept_of(msgspec.json.encode(texts.agreement_row(asks.snapshot))))


@router.get("/api/v1/agreement/units", response_model=Units, responses=SAME)
async def units(who: Annotated[Who, whoever("agreement", "read")], known_at: KnownAt = "") -> Response:
    """The units of the gazetteer, with their names: what filters and places speak of."""
    asks = await who.about(known_at)

    def made() -> Kept:
        """The units that whoever asks is told."""
        items = texts.units_rows(asks.snapshot, who.service.case, is_public=asks.is_public)
        return kept_of(msgspec.json.encode({"items": items}))

    return asks.reply(await kept(who.service, ("units", *asks.grounds), made), next=None)


@router.get("/api/v1/agreement/texts/{sha256}", response_model=TextWhole, responses=SAME)
async def agreement_text(who: Annotated[Who, whoever("agreement", "read")], sha256: Digest) -> Response:
    """A text of the agreement, byte for byte."""
    asks = await who.about()
    return await asks.worked_out(lambda: texts.text_of(asks.snapshot, who.service.case, sha256))


@router.get("/api/v1/agreement/diff", response_model=Difference, responses=SAME)
async def agreement_diff(  # the signature is the query
    who: Annotated[Who, whoever("agreement", "read", cost=50)],
    old: OfText,
    new: OfText,
    lang: Lang = "",
) -> Response:
    """What changed from one text to another, and what follows from it."""
    asks = await who.about()
    return await asks.kept(
        ("diff", old, new, lang),
        lambda: kept_of(msgspec.json.encode(texts.difference(asks.snapshot, who.service.case, (old, new), lang))),
    )


@router.get(
    "/api/v1/agreement/zones",
    responses={200: {"content": {GEO: {"schema": {"type": "object"}}}, "description": "GeoJSON"}, **SAME},
    response_class=Response,
)
async def agreement_zones(
    who: Annotated[Who, whoever("agreement", "read", cost=50)],
    known_at: KnownAt = "",
) -> Response:
    """The zones of the text as GeoJSON, with the shapes that were published with it; without a shape where none was."""
    asks = await who.about(known_at)

    def drawn() -> Kept:
        """The zones, drawn."""
        zones = texts.zones_of(asks.snapshot, who.service.case, is_public=asks.is_public)
        value = {"type": "FeatureCollection", "features": texts.zone_features(zones)}
        return kept_of(msgspec.json.encode(value))

    return await asks.kept(("zones", *asks.grounds), drawn, media_type=GEO)


# -- for members -------------------------------------------------------------------------------------------------------


@router.get("/api/v1/obligations", response_model=Board, responses=SAME)
async def obligations(  # the signature is the query
    who: Annotated[Who, whoever("obligation", "read", cost=DEAR)],
    at: Annotated[str, Query(pattern=TIME, description="At this moment; empty = now.")] = "",
    of: Annotated[str, Query(max_length=80, description="Only what this actor owes; empty = all.")] = "",
    known_at: KnownAt = "",
) -> Response:
    """Who owes what at a moment, by the reports that whoever asks may see."""
    asks = await who.about(known_at)
    told = await asks.room("obligations", asks.known, asks.reading, at, of)
    return asks.told(told, known_at=_told_at(asks.known - 1, asks.snapshot.told.at))


@router.get("/api/v1/duplicates", response_model=Duplicates, responses=SAME)
async def duplicates(  # the signature is the query
    who: Annotated[Who, whoever("duplicate", "review", cost=50)],
    after: Behind = -1,
    limit: Limit = 50,
) -> Response:
    """Pairs of reports on which a person has to decide, the likeliest first."""
    asks = await who.about()
    view, pairs = await asks.view(), await asks.room("duplicates")

    def told() -> Kept:
        """The pairs on which a person decides."""
        page = pairs[after + 1 : after + 1 + limit]
        items = []
        for a, b, probability in page:
            one, other = view.plain(a), view.plain(b)
            items.append({"probability": probability, "differ": _differ(one, other), "a": one, "b": other})
        return kept_of(msgspec.json.encode({"total": len(pairs), "items": items}))

    made = await run_sync(told)
    following = str(after + limit) if after + 1 + limit < len(pairs) else None
    return asks.reply(made, next=following)


def _differ(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The fields in which two reports do not say the same."""
    names = ("kind", "from", "until", "place", "act", "actor", "target", "weapon", "killed")
    return [name for name in names if one[name] != other[name]]
