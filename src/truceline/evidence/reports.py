"""What does a file of reports say? One line is one report by one source, as JSON.

The format of the shipped case: what was said, not what happened; several reports of one incident disagree, on purpose.
Counts over a period are their issuer's claims and statements are words: neither is an act, both are kept.

A line whose `source` is `intake` is what the intake desk took from a person: its act is one of the tree, its reporter
is withheld, and nothing is done with it that nobody consented to.

Source: `agreements/syria-2016/README.md`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, BinaryIO, Literal

import msgspec

from truceline.acts import ActTree
from truceline.errors import Fault, InputError, quoted
from truceline.evidence.aliases import ActAlias, PlaceAlias
from truceline.evidence.forms import LICENCE as COLLECTED
from truceline.evidence.places import Spot
from truceline.evidence.readers import Start
from truceline.evidence.reading import Manner, Read, RowFault, Rows, is_harm, lines_of, opened
from truceline.evidence.schema import ONE, Named, region_row
from truceline.evidence.sources import is_grade
from truceline.group import RESERVED
from truceline.space import MOST_RADIUS_M, NOWHERE, Region, quantise
from truceline.span import Span, civil_day, day_span, hours_span, parse_span

PRECISIONS = ("exact", "hour", "day", "days", "month")
LICENCE = "facts compiled for this project"
INTAKE = "intake"
_TREE = ActTree({})


People = Annotated[int, msgspec.Meta(ge=0, le=(1 << 31) - 1)]
Number = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]


class _Place(msgspec.Struct):
    name_reported: str | None = None
    name_en: str | None = None
    governorate: str | None = None
    lat: float | None = None
    lon: float | None = None
    place_precision: str | None = None
    radius_m: Annotated[int, msgspec.Meta(ge=0, le=MOST_RADIUS_M)] | None = None
    areas: tuple[str, ...] = ()


class _Count(msgspec.Struct):
    low: Number | None = None
    high: Number | None = None
    unit: str | None = None


class _Killed(msgspec.Struct):
    low: People | None = None
    high: People | None = None


class _Report(msgspec.Struct):
    id: str
    kind: str
    act: str
    start: str
    precision: str
    end: str | None = None
    place: _Place | None = None
    actor_claimed: str | None = None
    target_claimed: str | None = None
    weapon: str | None = None
    count: _Count | None = None
    killed: _Killed | None = None
    claimed_by: str | None = None
    publisher: str | None = None
    url: str | None = None
    published: str | None = None
    language: str | None = None
    note: str | None = None
    grade: str | None = None
    chain: tuple[str, ...] = ()
    original: str | None = None
    source: Literal["reports", "intake"] = "reports"


def fits(start: Start) -> bool:
    """Whether the first line of a file is a report of this format."""
    try:
        msgspec.json.decode(start.line, type=_Report)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def read(file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read a file of reports.

    Args:
        file: the JSONL file, plain or gzip.
        name: the file's name for messages.
        manner: clock, precision table, aliases and places of the agreement.

    Raises:
        InputError: the file is not UTF-8, or mostly nonsense.
    """
    rows = Rows(name)
    for number, line in enumerate(lines_of(opened(file, name), name), 1):
        if not line.strip():
            continue
        row_id = ""
        try:
            report = _decoded(line)
            row_id = report.id
            rows.take(_row(report, number, manner))
        except RowFault as fault:
            rows.reject(number, row_id, fault)
    if not rows.count and not rows.rejected:
        raise InputError(Fault("the file holds no report", name))
    return rows.read()


def _decoded(line: str) -> _Report:
    try:
        return msgspec.json.decode(line, type=_Report)
    except msgspec.ValidationError as error:
        field = str(error).partition("`$.")[2].rstrip("`") or "report"
        raise RowFault(field, str(error)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise RowFault("report", f"not JSON: {error}") from None


def _row(report: _Report, line: int, manner: Manner) -> dict[str, Any]:
    when = _when(report, manner)
    alias = manner.aliases.act(report.act)
    weapon, narrower = manner.aliases.weapon(report.weapon)
    is_intake = report.source == INTAKE
    told = _told(report, manner) if is_intake else _acts(alias, narrower)
    acts = ("count",) if report.kind == "ledger" else told
    may_be_force = not told or any(manner.tree.is_force(act) for act in told)  # an unknown act may be one of force
    if may_be_force and manner.is_ahead(when):
        raise RowFault("start", f"an act of force dated in the future is refused: {report.start}")
    actor, target = manner.aliases.who(report.actor_claimed), manner.aliases.who(report.target_claimed)
    if is_intake and report.target_claimed in RESERVED:
        target = Named((report.target_claimed,), ONE, text=report.target_claimed)
    place, counted, killed = report.place or _Place(), report.count or _Count(), report.killed or _Killed()
    is_protected = (alias is not None and alias.is_protected) or is_harm(acts, target.ids, manner.tree)
    if not report.id.strip():
        raise RowFault("id", "expected an id, got nothing")
    return {
        "id": report.id, "source": report.source, "source_id": report.id,
        "licence": COLLECTED if is_intake else LICENCE, "may_export": True, "reporter_withheld": is_intake or None,
        "line": line, "kind": report.kind, "start": when.start, "end": when.end, "lasts": when.lasts,
        "time_text": " to ".join(t for t in (report.start, report.end) if t), "tz": manner.tz,
        "time_precision": report.precision, "impact": region_row(_impact(place, manner)),
        "place_text": place.name_en or place.name_reported, "place_precision": place.place_precision,
        "actor": list(actor.ids), "actor_mode": actor.mode, "actor_umbrella": actor.is_umbrella,
        "actor_text": report.actor_claimed, "target": list(target.ids), "target_mode": target.mode,
        "target_umbrella": target.is_umbrella, "target_text": report.target_claimed, "unordered": False,
        "act": list(acts), "act_text": report.act, "weapon": weapon or report.weapon, "count_low": counted.low,
        "count_high": counted.high, "count_unit": counted.unit, "killed_low": killed.low, "killed_high": killed.high,
        "protected": is_protected, "asserted_by": report.claimed_by,
        "publisher": report.publisher, "url": report.url, "published": report.published, "language": report.language,
        "note": report.note, "known_at": manner.known_at, "grade": _grade(report), "chain": list(report.chain) or None,
        "original": report.original,
    }  # fmt: skip


def _grade(report: _Report) -> str | None:
    if report.grade is not None and not is_grade(report.grade):
        raise RowFault("grade", f"expected an Admiralty grade such as `C2`, got {quoted(report.grade)}")
    return report.grade


def _when(report: _Report, manner: Manner) -> Span:
    hours = manner.precision.hours
    if report.precision not in (*PRECISIONS, *hours):
        known = ", ".join((*PRECISIONS, *hours))
        raise RowFault("precision", f"expected one of {known}, got {quoted(report.precision)}")
    try:
        first = parse_span(report.start, manner.tz)
        last = parse_span(report.end, manner.tz) if report.end else first
        if last.end <= first.start:
            raise RowFault("end", f"ends before it begins: {quoted(report.end)} < {quoted(report.start)}")
        is_bare = "T" not in report.start and " " not in report.start.strip()
        if report.precision in ("exact", "hour") and is_bare:
            return _whole_days(first, manner.tz).joined(_whole_days(last, manner.tz))  # no clock time was given
        if report.precision == "exact":
            return Span(first.start, max(last.start, first.end), lasts=True) if last.start > first.start else first
        if report.precision in hours:
            ends = [
                hours_span(civil_day(t, manner.tz), *hours[report.precision], manner.tz)
                for t in (first.start, last.start)
            ]
            return ends[0].joined(ends[1])
        if report.precision == "hour":
            return Span(first.start - manner.precision.hour_slack_s, last.start + manner.precision.hour_slack_s)
        whole = _whole_days(first, manner.tz).joined(_whole_days(last, manner.tz))
        return _whole_months(whole, manner.tz) if report.precision == "month" else whole
    except InputError as error:
        raise RowFault("end" if report.end and quoted(report.end) in str(error) else "start", str(error)) from None


def _whole_days(span: Span, tz: str) -> Span:
    """The civil days that a text touches; midnight at the end of a day is still that day."""
    first, last = civil_day(span.start, tz), civil_day(span.end - 1, tz)
    if last < first:
        last = first + timedelta(days=1)
    return day_span(first, tz).joined(day_span(last, tz))


def _whole_months(span: Span, tz: str) -> Span:
    """The civil months that a span touches."""
    months = [f"{civil_day(second, tz):%Y-%m}" for second in (span.start, span.end - 1)]
    return parse_span(months[0], tz).joined(parse_span(months[1], tz))


def _acts(alias: ActAlias | None, narrower: str) -> tuple[str, ...]:
    if alias is None or not alias.act:
        return ()
    return (narrower,) if narrower and _TREE.is_kind(narrower, alias.act) == 1 else (alias.act,)


def _told(report: _Report, manner: Manner) -> tuple[str, ...]:
    """The act that the intake desk says: one of the tree, or none."""
    if report.act and report.act not in manner.tree:
        raise RowFault("act", f"expected an act of the agreement, got {quoted(report.act)}")
    return (report.act,) if report.act else ()


def _impact(place: _Place, manner: Manner) -> Region:
    if place.areas or place.radius_m is not None:
        return _stated(place, manner)
    alias = manner.aliases.place(place.name_en) or PlaceAlias("", ())
    country = _country(manner)
    if alias.kind == "sea":
        return Region("outside")
    if alias.kind == "border":
        return NOWHERE
    lines = [area.removeprefix("line:") for area in alias.areas if area.startswith("line:")]
    if lines and lines[0] in manner.placer.atlas.lines:
        points = [quantise(*xy) for xy in manner.placer.atlas.lines[lines[0]].tolist()]
        return Region("line", points_e7=tuple(v for point in points for v in point), country=country)
    if place.place_precision and manner.precision.word("reports", place.place_precision) is None:
        raise RowFault("place.place_precision", f"the precision table has no word for {quoted(place.place_precision)}")
    word = (
        alias.kind
        if alias.kind in manner.precision.places
        else manner.precision.word("reports", place.place_precision or "")
    )
    names = ((1, place.governorate),) if place.governorate else ()
    areas = tuple(a for a in alias.areas if not a.startswith("line:")) if place.lat is None or place.lon is None else ()
    try:
        return manner.placer.region(Spot(word or "country", place.lon, place.lat, names, country, areas))
    except InputError as error:
        raise RowFault("place", str(error)) from None


def _stated(place: _Place, manner: Manner) -> Region:
    """A region that the line states itself: units, or a point and how far about it."""
    country = _country(manner)
    unknown = [code for code in place.areas if code not in manner.placer.atlas.gazetteer]
    if unknown:
        raise RowFault("place.areas", f"expected units of the agreement, got {quoted(unknown[0])}")
    if place.areas:
        return manner.placer.region(Spot("", areas=place.areas, country=country))
    if place.lon is None or place.lat is None:
        raise RowFault("place.radius_m", "expected a position to go with it")
    try:
        return Region("disc", *quantise(place.lon, place.lat), radius_m=place.radius_m or 0, country=country)
    except InputError as error:
        raise RowFault("place", str(error)) from None


def _country(manner: Manner) -> str:
    """The country of the case, if it has one."""
    atlas = manner.placer.atlas
    countries = [unit.code for unit in atlas.gazetteer if unit.level == 0 and unit.code not in atlas.basemap]
    return countries[0] if len(countries) == 1 else ""
