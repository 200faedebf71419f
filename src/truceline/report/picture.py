"""What does a page show? The values, already reduced to what its reader may see; `page` only draws them.

`desk` fills a `Picture` from the store, the agreement and the assessments, having passed every place through the place
ladder (`group.may_see`). Nothing finer than the reader's sight is ever in a `Picture`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Rings = tuple[tuple[tuple[float, float], ...], ...]
"""Closed rings of `(longitude, latitude)` degrees, outer ring first, holes after it; one entry per ring."""

Names = Mapping[str, str]
"""Language (`en`, `ar`, `ru`) to text; English is always there."""


@dataclass(frozen=True)
class Land:
    """A unit or neighbour of the base map.

    Attributes:
        code: of the gazetteer.
        level: 0 for a country, 1 for a governorate.
        is_own: inside the country of the case; neighbours are drawn fainter.
        polygons: one entry per polygon.
    """

    code: str
    level: int
    is_own: bool
    names: Names
    polygons: tuple[Rings, ...]


@dataclass(frozen=True)
class ZoneMark:
    """A zone of the agreement, or one of its lines.

    Attributes:
        polygons: empty for a withheld zone: it is listed, never drawn.
        line: for a road or a front; `(longitude, latitude)` degrees.
        drawn_by: who drew it, when it is not in the signed text; empty otherwise.
        terms: ids of the terms that speak of it.
    """

    id: str
    names: Names
    polygons: tuple[Rings, ...]
    line: tuple[tuple[float, float], ...]
    is_withheld: bool
    drawn_by: str
    terms: tuple[str, ...]


@dataclass(frozen=True)
class TermLine:
    """One term that an observation was held against.

    Attributes:
        id: of the term, or `any` for *some term*.
        words: the term's words by language.
        covered: -1, 0 or +1 under the reading shown.
        reasons: codes of the closed list, for a 0.
        beside: the other readings, `strict` or `name`, to their value, where they differ.
        note: such as "lapsed".
    """

    id: str
    words: Names
    covered: int
    reasons: tuple[str, ...]
    beside: Mapping[str, int]
    note: str


@dataclass(frozen=True)
class Entry:
    """One report by one source.

    Attributes:
        start: earliest second (UTC); end: first second too late.
        when: the time as the source gave it, with its precision, on the civil clock.
        where: the place as the reader may see it.
        extent: `disc`, `area`, `line`, `sector`, `hull`, `outside` or `none`.
        polygons: everywhere it can have been, as the reader may see it; empty when there is nothing to draw.
        actor, target, act, weapon: the words of the source; empty = not said.
        toll: killed as stated, such as "10" or "20..21"; empty = not said.
        any: -1, 0, +1 for *some term covers it*.
        supported: -1, 0, +1.
        terms: what it was held against, those with a value above -1 first.
        settle: what would settle it, already redacted for the reader.
        is_protected: harm to civilians, hospitals, schools or aid.
        group: `bound`, `excluded`, `mixed` or `other`: whom the pair belongs to, so that totals can be split.
    """

    id: str
    kind: str
    start: int
    end: int
    when: str
    where: str
    extent: str
    polygons: tuple[Rings, ...]
    actor: str
    target: str
    act: str
    weapon: str
    toll: str
    asserted_by: str
    publisher: str
    url: str
    note: str
    any: int
    supported: int
    terms: tuple[TermLine, ...]
    settle: tuple[str, ...]
    is_protected: bool
    group: str


@dataclass(frozen=True)
class TermCount:
    """Totals of one term over all entries of the page."""

    id: str
    kind: str
    words: Names
    surely: int
    possibly: int
    no: int
    reasons: Mapping[str, int]
    beside: Mapping[str, tuple[int, int, int]]


@dataclass(frozen=True)
class Window:
    """When something was in force, for the timeline: spans of UTC seconds that are sure or possible."""

    id: str
    names: Names
    sure: tuple[tuple[int, int], ...]
    possible: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Picture:
    """Everything on the page.

    Attributes:
        case: title of the case by language.
        text_status: such as `reconstructed`.
        reader: `secretariat`, `party:ID` or `public`.
        tz: zone of the civil clock; `cut_off`: UTC second at which the page ends; entries are those before it.
        since: UTC second of the cut-off before it, for *this period against the previous*.
        known_at: UTC second as known at which everything was computed; None = everything known.
        readings: which reading is shown, e.g. `{"umbrella": "side", "designation": "identity"}`.
        entries: by start, then id.
        previous: counts `(surely, possibly, no)` of the period before `since` of equal length.
        withheld_entries: how many entries the reader may not see.
        agreement_hash, rule_version, evidence: what it was computed from (file name, rows, rejected, hash).
        sources: acknowledgements that licences ask for.
        findings: signed findings that the record held then.
        incidents: least and most incidents that the entries tell of; None = nobody looked for reports of one.
    """

    case: Names
    agreement_id: str
    text_status: str
    reader: str
    tz: str
    cut_off: int
    since: int
    known_at: int | None
    readings: Mapping[str, str]
    entries: tuple[Entry, ...]
    terms: tuple[TermCount, ...]
    any: tuple[int, int, int]
    previous: tuple[int, int, int]
    withheld_entries: int
    lands: tuple[Land, ...]
    zones: tuple[ZoneMark, ...]
    windows: tuple[Window, ...]
    agreement_hash: str
    rule_version: str
    evidence: tuple[tuple[str, int, int, str], ...]
    sources: tuple[str, ...] = ()
    settle: tuple[tuple[str, int], ...] = ()
    findings: int = 0
    incidents: tuple[int, int] | None = None


@dataclass(frozen=True)
class Shifted:
    """Counts of one month, or of all, before and after; *possibly* never includes *surely*.

    Attributes:
        name: the month (UTC), such as `2016-02`.
    """

    name: str
    surely: tuple[int, int]
    possibly: tuple[int, int]


@dataclass(frozen=True)
class WhatIf:
    """Everything on the picture of a what-if: zones and counts, no report and no place of one.

    Attributes:
        case: title of the case by language.
        zone: the zone as it is; without outline where its map was never published.
        supposed: its outline as supposed; equal to that of `zone` where only its time or height differs.
        asked: what is supposed, as it is typed.
        others: the other zones and lines.
        any: counts over all months.
        months: in order; a month without reports may be absent.
        reader: who may see counts of everything: `secretariat`.
        known_at: UTC second as known at which everything was computed; None = everything known.
    """

    case: Names
    zone: ZoneMark
    supposed: tuple[Rings, ...]
    asked: str
    others: tuple[ZoneMark, ...]
    lands: tuple[Land, ...]
    any: Shifted
    months: tuple[Shifted, ...]
    reader: str
    tz: str
    known_at: int | None
