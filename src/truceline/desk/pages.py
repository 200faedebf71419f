"""What may this reader see of a case? Fills the report page, every place through the place ladder, and writes it.

Nothing finer than the reader's sight enters a `Picture`: the page only draws what it is given.
"""

from __future__ import annotations

import os
import shutil
import subprocess  # a PNG is painted by the browser of the system
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from truceline import RULE_VERSION
from truceline.agreement.model import Agreement
from truceline.assess import assessment
from truceline.assess.answers import Rows
from truceline.assess.assessment import ANY
from truceline.assess.ground import Ground
from truceline.assess.incidents import Bands
from truceline.assess.place import Placed
from truceline.assess.replay import Change, Shift
from truceline.atlas import Atlas
from truceline.course import Course
from truceline.desk.runs import Outcome
from truceline.desk.towns import as_town
from truceline.errors import InputError, StoreError, quoted
from truceline.evidence.schema import Observation
from truceline.group import Sight, may_see, role_of
from truceline.report.page import render, render_what_if
from truceline.report.picture import (
    Entry,
    Land,
    Names,
    Picture,
    Rings,
    Shifted,
    TermCount,
    TermLine,
    WhatIf,
    Window,
    ZoneMark,
)
from truceline.report.supposed import HIGH, WIDE
from truceline.space import Geometry, Region, in_degrees, outline
from truceline.span import DAY_S, FAR_AHEAD, LONG_AGO, Span, civil_days, day_span, local_text, parse_instant
from truceline.store.disk import write_whole
from truceline.verdict import UNKNOWN, YES, reasons_of

LANGUAGES = ("en", "ar", "ru")
SIMPLER = 20_000
"""Tolerance of drawn outlines, in 1e-7 degree: about 200 m. Pages are drawn from these, answers never."""

COMMON_SOURCES = ("reports", "ucdp")
"""Sources whose words for a place are no finer than a town, and whose publishers are public."""

PAINTED = 2
"""Pixels of a PNG to one of the page, each way."""


def write_all(outcome: Outcome, folder: Path) -> list[Path]:
    """Write the secretariat's page in every language, and `index.html` in English."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = picture_of(outcome, reader="secretariat", cut_off="")
    files = []
    for lang in LANGUAGES:
        data = render(picture, lang).encode()
        files.append(folder / f"{lang}.html")
        write_whole(files[-1], data)
        if lang == "en":
            write_whole(folder / "index.html", data)
    return files


def write_one(
    outcome: Outcome, path: Path, *, lang: str, reader: str, cut_off: str, withheld: frozenset[str] = frozenset()
) -> int:
    """Write one page; gives its size in bytes.

    Args:
        outcome: what was judged.
        path: where.
        lang: `en`, `ar` or `ru`.
        reader: `secretariat`, `party:ID` or `public`.
        cut_off: time text; empty = after everything.
        withheld: ids of reports whose use for this reader nobody has consented to.

    Raises:
        InputError: no such language, or no such reader.
    """
    _check_lang(lang)
    kind, _, party = reader.partition(":")
    known = outcome.bench.agreement.parties
    if (kind == "party" and party not in known) or (kind != "party" and reader not in ("secretariat", "public")):
        raise InputError(f"`--for`: expected secretariat, public or party:ID, got {quoted(reader)}")
    data = render(picture_of(outcome, reader=reader, cut_off=cut_off, withheld=withheld), lang).encode()
    write_whole(path, data)
    return len(data)


def check_picture(path: Path, lang: str) -> None:
    """Refuse, before anything is judged, a picture that could not be written.

    Raises:
        InputError: no such language, no such kind of picture, or no browser to paint it.
    """
    _check_lang(lang)
    if path.suffix.lower() not in (".png", ".html"):
        raise InputError(f"`--picture`: expected a name that ends in .png or .html, got {quoted(path.name)}")
    if path.suffix.lower() == ".png" and browser() is None:
        raise InputError(
            f"`--picture`: Chromium paints a PNG and is not here: expected a name that ends in .html, "
            f"got {quoted(path.name)}"
        )


def write_what_if(outcome: Outcome, change: Change, path: Path, *, zone: str, asked: str, lang: str) -> int:
    """Write the picture of a what-if, whole or not at all; gives its size in bytes.

    Args:
        outcome: what was judged as it is.
        change: what would be judged otherwise.
        path: a `.png` of `PAINTED` times `WIDE` by `HIGH` pixels, or the same as one `.html` file.
        zone: id of the zone that is supposed.
        asked: what is supposed, as it is typed.
        lang: `en`, `ar` or `ru`.
    """
    check_picture(path, lang)
    page = render_what_if(what_if_picture(outcome, change, zone, asked), lang)
    data = painted(page) if path.suffix.lower() == ".png" else page.encode()
    write_whole(path, data)
    return len(data)


def what_if_picture(outcome: Outcome, change: Change, zone: str, asked: str) -> WhatIf:
    """Zones and counts of a what-if: no report is on it, so nothing of one can be too fine."""
    agreement, everything = outcome.bench.agreement, change.totals[ANY]
    polygons, is_withheld = _outline_of(outcome.assessed.law.placed, zone)
    names = names_of(agreement.zones[zone].names, zone)
    return WhatIf(
        case=agreement.title, zone=ZoneMark(zone, names, polygons, (), is_withheld, "", ()),
        supposed=_outline_of(change.dockets[1].law.placed, zone)[0], asked=asked,
        others=tuple(mark for mark in _zones(outcome) if mark.id != zone), lands=tuple(lands_of(outcome.bench.atlas)),
        any=_shifted("", everything), months=tuple(_shifted(name, one) for name, one in change.by_month.items()),
        reader="secretariat", tz=agreement.tz, known_at=outcome.known_at,
    )  # fmt: skip


def _outline_of(placed: Placed, zone: str) -> tuple[tuple[Rings, ...], bool]:
    """The outline of a zone as a page of the case draws it, none of what was never published; whether it was not."""
    ground = placed.ground((zone,))
    return () if ground.shape is None or ground.is_withheld else rings_of(ground.shape), ground.is_withheld


def _shifted(name: str, one: Shift) -> Shifted:
    return Shifted(name, one.surely, one.possibly)


def browser() -> str | None:
    """The Chromium of the system; None where there is none."""
    return shutil.which("chromium") or shutil.which("google-chrome")


def painted(page: str) -> bytes:
    """A page of `WIDE` by `HIGH` as a PNG of `PAINTED` times as many pixels. It runs no script and fetches nothing.

    Raises:
        StoreError: the browser painted nothing.
    """
    with tempfile.TemporaryDirectory() as room:
        source, shot = Path(room, "page.html"), Path(room, "page.png")
        source.write_text(page, encoding="utf-8")
        options = [
            "--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
            f"--user-data-dir={room}/profile", f"--force-device-scale-factor={PAINTED}", f"--window-size={WIDE},{HIGH}",
            f"--screenshot={shot}", *(["--no-sandbox"] if os.geteuid() == 0 else []),  # root has no sandbox
        ]  # fmt: skip
        try:
            subprocess.run([str(browser()), *options, source.as_uri()], capture_output=True, check=False, timeout=90)  # noqa: S603  # a page of ours
            return shot.read_bytes()
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StoreError(f"Chromium painted no picture: {type(error).__name__}") from None


def _check_lang(lang: str) -> None:
    if lang not in LANGUAGES:
        raise InputError(f"`--lang`: expected one of {', '.join(LANGUAGES)}, got {quoted(lang)}")


@dataclass(frozen=True)
class _Row:
    """One assessed report with the columns of its source that a judge does not read."""

    index: int
    report: Observation
    source: Mapping[str, Any]


def picture_of(outcome: Outcome, *, reader: str, cut_off: str, withheld: frozenset[str] = frozenset()) -> Picture:
    """Everything on the page of a reader, reduced to what the reader may see."""
    agreement, assessed = outcome.bench.agreement, outcome.assessed
    end = parse_instant(cut_off, agreement.tz) if cut_off else int(assessed.columns.end.max(initial=0))
    since = end - DAY_S
    rows = list(_rows(outcome))
    entries = [None if row.report.id in withheld else _entry(outcome, row, reader, end) for row in rows]
    shown = tuple(sorted((e for e in entries if e is not None), key=lambda e: (e.start, e.id)))
    seen = np.array([row.index for row, e in zip(rows, entries, strict=True) if e is not None], np.int64)
    counts = assessment.counts(assessed, ANY, seen)
    return Picture(
        case=agreement.title, agreement_id=agreement.id, text_status=agreement.text_status, reader=reader,
        tz=agreement.tz, cut_off=end, since=since, known_at=outcome.known_at, readings=agreement.readings,
        entries=shown, terms=tuple(_term_counts(outcome, seen)), any=(counts.surely, counts.possibly, counts.no),
        previous=_within(outcome, seen, since - DAY_S, since), withheld_entries=len(entries) - len(shown),
        lands=tuple(lands_of(outcome.bench.atlas)), zones=tuple(_zones(outcome)), windows=tuple(_windows(outcome)),
        agreement_hash=agreement.canonical_hash, rule_version=RULE_VERSION,
        evidence=tuple((e.file, e.table.num_rows, e.rejected.num_rows, e.sha256) for e in outcome.evidence),
        sources=tuple(sorted({str(row.source["licence"]) for row in rows if row.source["licence"]})),
        settle=tuple((s.reason, s.alone) for s in assessment.settle(assessed)) if reader == "secretariat" else (),
        findings=outcome.findings, incidents=_incidents(outcome, seen) if reader == "secretariat" else None,
    )  # fmt: skip


def _incidents(outcome: Outcome, seen: Rows) -> tuple[int, int] | None:
    """How many incidents the entries tell of; None where nobody looked for reports of one."""
    if not outcome.told.incidents and not outcome.told.unresolved:
        return None
    band = Bands(outcome.assessed, outcome.told).all(seen)
    return band.low, band.high


def _rows(outcome: Outcome) -> Iterator[_Row]:
    tables = [part.table for part in outcome.evidence if part.table.num_rows]
    index = {key: i for i, key in enumerate(outcome.assessed.ids)}
    seen: set[str] = set()
    for row in pa.concat_tables(tables).to_pylist() if tables else []:
        if row["id"] in index and row["id"] not in seen:
            seen.add(row["id"])
            yield _Row(index[row["id"]], outcome.assessed.reports[index[row["id"]]], row)


def _within(outcome: Outcome, seen: Rows, start: int, end: int) -> tuple[int, int, int]:
    """Answers to *any* of reports that surely happened in a period."""
    columns = outcome.assessed.columns
    inside = seen[(columns.start[seen] >= start) & (columns.end[seen] <= end)]
    counts = assessment.counts(outcome.assessed, ANY, inside)
    return counts.surely, counts.possibly, counts.no


# -- entries ---------------------------------------------------------------------------------------------------------


def _entry(outcome: Outcome, row: _Row, reader: str, cut_off: int) -> Entry | None:
    report, source = row.report, row.source
    tree = outcome.bench.agreement.acts
    is_presence = any(tree.is_kind(act, "presence") == YES for act in report.acts)
    sight = may_see(
        reader,
        "withdrawal" if is_presence else "incident",
        age_s=cut_off - report.end,
        is_published=is_published(source, cut_off, outcome.bench.agreement.tz),
    )
    is_inside = reader == "secretariat"
    is_common = source["source"] in COMMON_SOURCES
    is_closed = source["may_export"] is False and not is_inside  # terms of the source: its rows are not passed on
    if sight < Sight.TOWN or is_closed:
        return None
    region = report.impact if sight == Sight.AS_REPORTED else as_town(report.impact)
    start, end = (
        (report.start, report.end) if role_of(reader) != "public" else civil_bounds(report, outcome.bench.agreement.tz)
    )
    answer = outcome.assessed.answers[ANY]
    terms = _lines(outcome, row.index)
    return Entry(
        id=report.id, kind=report.kind, start=start, end=end, when=_when(outcome, row, reader),
        where=(source["place_text"] or "") if is_inside or is_common else "", extent=region.kind,
        polygons=_drawn(outcome, region),
        actor=report.actor.text, target=report.target.text, act=source["act_text"] or "", weapon=source["weapon"] or "",
        toll=_toll(source), asserted_by=(source["asserted_by"] or "") if is_inside or is_common else "",
        publisher=source["publisher"] or "",
        url=source["url"] if source["url"] and (is_inside or is_common) else "",
        note=(source["note"] or "") if is_inside else "",
        any=int(answer.value[row.index]), supported=int(outcome.assessed.supported[row.index]), terms=terms,
        settle=_settle(outcome, row.index) if reader == "secretariat" else (), is_protected=report.is_protected,
        group=outcome.assessed.groups[row.index],
    )  # fmt: skip


def is_published(source: Mapping[str, Any], cut_off: int, tz: str) -> bool:
    """Whether a source's page carried it by the cut-off; a date that cannot be read, or lies later, does not count."""
    if source["published"]:
        try:
            return parse_instant(str(source["published"]), tz) <= cut_off
        except InputError:
            return False
    return bool(source["url"]) or source["source"] == "ucdp"


def civil_bounds(report: Observation, tz: str) -> tuple[int, int]:
    """The whole civil days that a report touches, in UTC seconds: what the public sees of its time."""
    days = list(civil_days(Span(report.start, report.end), tz))
    whole = day_span(days[0], tz).joined(day_span(days[-1], tz))
    return whole.start, whole.end


def _when(outcome: Outcome, row: _Row, reader: str) -> str:
    """The time as the source gave it; the public sees the day."""
    tz, source = outcome.bench.agreement.tz, row.source
    text = str(source["time_text"] or local_text(row.report.start, tz))
    if role_of(reader) == "public":
        text = " to ".join(dict.fromkeys(part[:10] for part in text.split(" to ")))
    return f"{text} ({source['time_precision']})" if source["time_precision"] else text


def _toll(source: Mapping[str, Any]) -> str:
    low, high = source["killed_low"], source["killed_high"]
    best = source["killed_best"]
    if best is not None:
        return str(best) if low == high else f"{best} ({low}..{high})"
    if low is None and high is None:
        return ""
    return str(low) if low == high else f"{'' if low is None else low}..{'' if high is None else high}"


def _lines(outcome: Outcome, index: int) -> tuple[TermLine, ...]:
    assessed, terms = outcome.assessed, outcome.bench.agreement.terms
    lines = []
    for term in assessed.prohibitions:
        value = int(assessed.answers[term].value[index])
        beside = {name: int(values[term][index]) for name, values in assessed.beside.items()}
        reasons = tuple(r.value for r in reasons_of(int(assessed.answers[term].why[index])))
        differing = {name: other for name, other in beside.items() if other != value}
        note = assessment.note_of(assessed, index, term)
        lines.append(TermLine(term, terms[term].text, value, reasons, differing, note))
    return tuple(sorted(lines, key=lambda line: line.covered == -1))


def _settle(outcome: Outcome, index: int) -> tuple[str, ...]:
    mask = 0
    for term in outcome.assessed.prohibitions:
        mask |= int(outcome.assessed.answers[term].why[index])
    return tuple(reason.value for reason in reasons_of(mask))


def _term_counts(outcome: Outcome, seen: Rows) -> Iterator[TermCount]:
    """Totals of what the reader sees: hidden reports must not leak by counts."""
    assessed, terms = outcome.assessed, outcome.bench.agreement.terms
    for term in assessed.prohibitions:
        counts = assessment.counts(assessed, term, seen)
        beside = {
            name: (other.surely, other.possibly, other.no)
            for name, values in assessed.beside.items()
            if (other := assessment.Counts.of(values[term][seen])) != counts
        }
        yield TermCount(
            term, terms[term].kind, terms[term].text, counts.surely, counts.possibly, counts.no,
            assessment.reasons(assessed, term, seen), beside,
        )  # fmt: skip


# -- the map ---------------------------------------------------------------------------------------------------------


def _drawn(outcome: Outcome, region: Region) -> tuple[Rings, ...]:
    if region.kind != "area":
        shape = outline(region)
        return () if shape is None else rings_of(shape)
    shapes = outcome.bench.atlas.shapes
    return tuple(ring for code in region.areas if code in shapes for ring in rings_of(shapes[code]))


def rings_of(shape: Geometry) -> tuple[Rings, ...]:
    """Rings of a shape for drawing, simplified to about 200 m and rounded to 4 decimals."""
    simple = shapely.simplify(shape, SIMPLER) if shapely.get_num_coordinates(shape) > 400 else shape
    found: list[Rings] = []
    for polygon in shapely.get_parts(in_degrees(simple)):
        if shapely.get_type_id(polygon) != 3:
            found.append((_points(polygon),))
            continue
        holes = [shapely.get_interior_ring(polygon, i) for i in range(shapely.get_num_interior_rings(polygon))]
        found.append(tuple(_points(ring) for ring in (shapely.get_exterior_ring(polygon), *holes)))
    return tuple(found)


def _points(line: Geometry) -> tuple[tuple[float, float], ...]:
    step = max(1, int(shapely.get_num_coordinates(line)) // 720)
    points = [(round(float(x), 4), round(float(y), 4)) for x, y in shapely.get_coordinates(line)]
    return tuple(points[::step] + ([points[-1]] if step > 1 else []))


def lands_of(atlas: Atlas) -> Iterator[Land]:
    """The land below a map: the countries around, and those of the case with their largest units."""
    for code, shape in sorted(atlas.basemap.items()):
        yield Land(code, 0, False, names_of(atlas.names.get(code), code), rings_of(shape))
    for unit in atlas.gazetteer:
        code = atlas.gazetteer.code(unit.code)
        if unit.level <= 1 and code in atlas.shapes:
            yield Land(unit.code, unit.level, True, names_of(unit.names, unit.code), rings_of(atlas.shapes[code]))


def _zones(outcome: Outcome) -> Iterator[ZoneMark]:
    agreement, atlas, placed = outcome.bench.agreement, outcome.bench.atlas, outcome.assessed.law.placed
    used = terms_by_place(agreement)
    for zone_id, terms in used.items():
        zone = agreement.zones[zone_id]
        ground = placed.ground((zone_id,))
        drawn = () if ground.shape is None or is_country(ground, atlas) else rings_of(ground.shape)
        by = "; ".join(sorted({atlas.drawn_by[line] for line in _line_ids(outcome, zone_id) if line in atlas.drawn_by}))
        yield ZoneMark(zone_id, names_of(zone.names, zone_id), drawn, (), ground.is_withheld, by, tuple(terms))
    for line, points in sorted(atlas.lines.items()):
        if line in used:
            continue
        line_points = tuple((round(float(x), 4), round(float(y), 4)) for x, y in points)
        yield ZoneMark(
            line, names_of(atlas.names.get(line), line), (), line_points, False, atlas.drawn_by.get(line, ""), ()
        )


def terms_by_place(agreement: Agreement) -> dict[str, list[str]]:
    """The zones and lines of which terms speak, each with the ids of those terms, in the order of the text."""
    used: dict[str, list[str]] = {}
    for term in agreement.terms.values():
        for where in term.where:
            used.setdefault(where, []).append(term.id)
    return used


def is_country(ground: Ground, atlas: Atlas) -> bool:
    """Whether a zone is whole countries: it is named and not drawn."""
    return bool(ground.codes) and all(len(atlas.gazetteer.chain(code)) == 1 for code in ground.codes)


def _line_ids(outcome: Outcome, zone_id: str) -> set[str]:
    zone = outcome.bench.agreement.zones[zone_id]
    return {zone.line} if zone.line else {line for part in zone.parts for line in _line_ids(outcome, part)}


def names_of(names: Names | None, fallback: str) -> Names:
    """Names, with an English one in any case."""
    return {"en": fallback, **(names or {})}


# -- the timeline ----------------------------------------------------------------------------------------------------


def _windows(outcome: Outcome) -> Iterator[Window]:
    """When prohibitions were in force; those that never were are left out, those alike are drawn once."""
    seen: dict[Course, list[str]] = {}
    agreement, standing = outcome.bench.agreement, outcome.assessed.law.standing
    for term in agreement.terms.values():
        if term.kind == "prohibit" and not term.overrides:
            seen.setdefault(standing.window(term.id), []).append(term.id)
    for course, terms in seen.items():
        spans: dict[int, list[tuple[int, int]]] = {YES: [], UNKNOWN: []}
        for start, end, answer in zip(course.at, (*course.at[1:], FAR_AHEAD), course.answers, strict=True):
            if answer.value in spans:
                spans[answer.value].append((max(start, LONG_AGO), end))
        if spans[YES] or spans[UNKNOWN]:
            name = ", ".join(terms)
            yield Window(name, {"en": name}, tuple(spans[YES]), tuple(spans[UNKNOWN]))
