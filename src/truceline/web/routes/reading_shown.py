"""In what form is a case told to its readers? The models of the answers, for the description of the interface."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from truceline.web.routes.record import KnownAt as KnownAt  # noqa: PLC0414  # a model of these answers too


class _Shown(BaseModel):
    """A part of an answer; `from` is a word of Python, and is told as what it is."""

    model_config = ConfigDict(populate_by_name=True)


class Names(BaseModel):
    """A name or a text by language."""

    model_config = ConfigDict(extra="allow")


class Band(_Shown):
    """How many answers: `at_most` are surely or possibly covered, and each reason of those in between by its name."""

    surely: int
    at_most: int
    not_covered: int
    reasons: dict[str, int]


class TermBand(Band):
    """The answers to one prohibition."""

    term: str
    kind: str
    text: dict[str, str]


class Counted(BaseModel):
    """How many, and the age of each in whole days, oldest first."""

    number: int
    ages_days: list[int]


class PublishedShown(BaseModel):
    """By which entry something was made public, when, and which later findings correct it."""

    entry: int
    at: str
    corrected_by: list[int]


class DissentShown(BaseModel):
    """Who of a body does not agree, and why."""

    by: str
    text: str


class FindingShown(_Shown):
    """A finding as a body signed it, with its dissent. No program writes one."""

    index: int
    id: str
    at: str
    by: list[str]
    body: str
    joint: bool
    holds: str
    term: str | None
    against: str | None
    standard: str
    text: str
    about: list[int]
    of: str | None
    since: str | None = Field(alias="from")
    until: str | None
    dissent: list[DissentShown]
    under: str | None
    state: str
    published: PublishedShown | None


class FindingsTold(BaseModel):
    """The findings that are shown, the newest of them, and how many are not public."""

    shown: int
    public: int
    newest: list[FindingShown]
    withheld: Counted
    unpublished: Counted


class IncidentsTold(BaseModel):
    """How many incidents the reports tell of: if all that may be one are one, and if none is."""

    at_least: int
    at_most: int


class ForcesTold(BaseModel):
    """Reports of forces that are not listed: for a party how many a term surely, possibly, or does not cover."""

    reports: int
    inside: int | None
    possibly: int | None
    not_covered: int | None


class DutiesTold(BaseModel):
    """How many duties are active, and how many are broken, at a moment."""

    at: str
    active: int
    breached: int


class AgreementTold(BaseModel):
    """Which text was judged by."""

    id: str
    title: dict[str, str]
    text_status: str | None
    canonical_sha256: str
    tz: str


class LeftOut(BaseModel):
    """Reports that are told to nobody, by reason; only who keeps the case is told how many."""

    terms: int
    site: int
    closed: int


class Situation(BaseModel):
    """How things stand, as far as whoever asks may see."""

    agreement: AgreementTold
    reader: str
    sight: str
    filter: dict[str, Any]
    reports: int
    supported: int
    protected: int
    groups: dict[str, int]
    any: Band
    terms: list[TermBand]
    incidents: IncidentsTold
    findings: FindingsTold
    forces: ForcesTold
    sites: dict[str, int] | None
    obligations: DutiesTold | None
    left_out: LeftOut | None
    warnings: list[str]
    known_at: KnownAt
    law: str


class OriginPlace(BaseModel):
    """From where something came, as finely as it is shown."""

    sight: str
    region: str
    lon: float | None
    lat: float | None
    radius_m: int | None
    points: list[list[float]]
    range_m: list[int] | None
    bearing_deg: list[float] | None


class Place(OriginPlace):
    """A place as finely as it is shown: a disc in degrees and metres, units by their codes, or a shape."""

    text: str | None
    units: list[str]
    zones: list[str] = Field(description="Zones in which it may lie, as finely as it is shown.")


class Who(BaseModel):
    """Who, as a report says it."""

    ids: list[str]
    mode: str
    text: str | None


class Killed(BaseModel):
    """How many were killed, as a report says it."""

    low: int | None
    best: int | None
    high: int | None


class AssessmentShown(_Shown):
    """One report, and what the program computes of it: never a finding."""

    id: str
    since: str = Field(alias="from")
    until: str
    when: str | None
    precision: str | None
    kind: str
    act: list[str]
    act_text: str | None
    weapon: str | None
    actor: Who
    target: Who
    unordered: bool
    place: Place
    origin: OriginPlace | None
    killed: Killed
    civilians_killed: int | None
    any: int
    terms: dict[str, int]
    reasons: dict[str, list[str]]
    supported: int
    protected: bool
    group: str
    source: str
    publisher: str | None
    licence: str | None
    asserted_by: str | None
    url: str | None
    incident: str | None
    told_by: int = Field(description="So many reports that are shown tell of the same incident, this one among them.")
    note: str | None


class Assessments(BaseModel):
    """A page of reports; `total` counts those that whoever asks may see and asks for."""

    filter: dict[str, Any]
    total: int
    items: list[AssessmentShown]
    next: str | None
    known_at: KnownAt
    law: str


class FacetShown(BaseModel):
    """One choice of a facet, and how many reports the list would have."""

    key: str
    reports: int


class FacetsShown(BaseModel):
    """What the list can be narrowed by, each under all of the filter but itself; the most frequent choice first."""

    term: list[FacetShown]
    value: list[FacetShown]
    supported: list[FacetShown]
    protected: list[FacetShown]
    group: list[FacetShown]
    act: list[FacetShown]
    actor: list[FacetShown]
    zone: list[FacetShown]
    unit: list[FacetShown]
    kind: list[FacetShown]


class Facets(BaseModel):
    """How many reports each choice would give."""

    filter: dict[str, Any]
    total: int
    facets: FacetsShown
    known_at: KnownAt
    law: str


class ByAnswer(BaseModel):
    """Reports by their answer."""

    surely: int
    open: int
    not_covered: int


class Bar(_Shown):
    """Reports of some civil days: known to lie within them, or touching them, which may also be of other days."""

    since: str = Field(alias="from")
    until: str
    within: ByAnswer
    touching: ByAnswer


class Timeline(_Shown):
    """Reports over time, a bar for so many civil days; bars without reports are left out."""

    filter: dict[str, Any]
    tz: str
    step_days: int
    since: str = Field(alias="from")
    until: str
    newest: str | None = Field(
        description="The newest day of a report that a term covers or may cover, else of any; of all that are shown."
    )
    bars: list[Bar]
    known_at: KnownAt
    law: str


class Assessment(AssessmentShown):
    """One report."""

    known_at: KnownAt
    law: str


class Factor(BaseModel):
    """One condition of a term: yes, no, or unknown with its reasons."""

    value: int
    reasons: list[str]


class ReadingShown(BaseModel):
    """The answer if an open word were read so."""

    word: str
    name: str
    covered: int
    reasons: list[str]


class TwoWorlds(BaseModel):
    """What the answer would be if one open condition were yes, and if it were no; the others stay as they are."""

    condition: str
    yes: Factor
    no: Factor


class InForceShown(BaseModel):
    """When a term was surely, and when only possibly, in force: from and until; null = without a bound."""

    surely: list[list[str | None]]
    possibly: list[list[str | None]]


class TermWhy(BaseModel):
    """Why a term covers a report, or does not."""

    covered: int
    supported: int
    reasons: list[str]
    factors: dict[str, Factor]
    beside: dict[str, int]
    note: str | None
    readings: list[ReadingShown]
    worlds: list[TwoWorlds]
    window: InForceShown


class Why(BaseModel):
    """Why; who stands behind the report, what would settle it and the proof are for who keeps the case."""

    observation: str
    any: int
    reasons: list[str]
    protected: bool
    supported: int
    terms: dict[str, TermWhy]
    whole: dict[str, Any] | None
    known_at: KnownAt
    law: str


class CaseShown(BaseModel):
    """Which case this is, and how whoever asks sees it."""

    title: str
    origin: str
    is_demo: bool
    agreement: AgreementTold
    reader: str
    party: str | None
    sight: str
    size: int
    known_at: KnownAt
    law: str
