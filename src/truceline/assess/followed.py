"""What came of a commitment? Later acts that keep, break or overtake it, each with a verdict and its reason.

What is expected of a claim stands in a table with a source for each row (`follow.csv`); of a calm or a truce that was
announced for a time, and a place, it is that those whom it binds do not attack there and then. Each later report is
held against that, three-valued as everywhere: an interval that straddles the end of a window is 0 `time`, a place that
reaches across is 0 `place`, a speaker who is not known is 0 `actor`. Nothing is kept by silence: where no report tells
of a breach the answer is 0 `no coverage`.

What somebody means (good faith, sovereignty) is text and never computed. A report is no breach of anything, and no
answer here is a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from truceline.agreement.standing import Standing
from truceline.assess.columns import Columns
from truceline.assess.events import is_act, is_one_of
from truceline.assess.place import Placed
from truceline.errors import Fault, InputError, csv_rows, quoted, raise_all
from truceline.evidence.schema import Named, Observation
from truceline.evidence.statements import WORDED, Claim, When, when_of
from truceline.space import BAND_M, NOWHERE, Region, distance_m
from truceline.verdict import NEVER, NO, SURE, UNKNOWN, YES, Answer, Reason, both, either, reasons_of, undecided

HAPPENS, UNDER_WAY, LATER, OVERTAKEN, DISPUTED, TEXT, CALM = (
    "happens", "under-way", "later", "overtaken", "disputed", "text", "calm",
)  # fmt: skip
EXPECTS: Final = (HAPPENS, UNDER_WAY, LATER, OVERTAKEN, DISPUTED, TEXT)
"""What a row of `follow.csv` expects: that an act happens in the time of the claim, or after it was said; that it is
under way while it is said, with the report of its beginning; a later act that belongs to it; that something overtook
it; that another source says otherwise; or nothing, for it is kept as text."""

KEPT, BROKEN, LATE, CONTRADICTED, OPEN = "kept", "broken", "overtaken", "contradicted", "cannot be decided"
NOT_COMPUTED = "kept as text"
VERDICTS: Final = (KEPT, BROKEN, LATE, CONTRADICTED, DISPUTED, OPEN, NOT_COMPUTED)
ATTACK: Final = ("attack",)
PROMISES: Final = ("commitment", "extension")
UNITS_S: Final[Mapping[str, int]] = {"hours": 3600, "days": 86_400}
MOST_ACTS: Final = 100
COLUMNS: Final = ("claim", "expects", "ids", "at", "what", "source", "tag")


@dataclass(frozen=True)
class Expected:
    """One row of what is expected of a claim.

    Attributes:
        ids: of reports, or of claims that tell of it.
        at: when, where no report tells of it.
        what: what it was, then.
        source: why this row stands here.
    """

    expects: str
    ids: tuple[str, ...] = ()
    at: When = field(default_factory=When)
    what: str = ""
    source: str = ""
    tag: str = ""


@dataclass(frozen=True)
class Act:
    """A later act, and what it does to the claim.

    Attributes:
        id: of the report or claim; empty = `what` says it.
        does: `keeps`, `breaks`, `overtakes`, `contradicts`, `disputes`, `follows`.
        value: +1 surely, 0 possibly, if what is reported is true.
        why: `within` its time, `after` its time, `before` it can have been, `stands` beside it, `in the window`.
    """

    id: str
    does: str
    value: int
    start: int
    end: int
    why: str
    reasons: tuple[Reason, ...] = ()
    what: str = ""
    source: str = ""


@dataclass(frozen=True)
class Followed:
    """What came of a claim.

    Attributes:
        verdict: one of `VERDICTS`.
        value: +1 kept, -1 broken, overtaken or contradicted, 0 cannot be decided; None = not computed.
        window: the time it speaks of; None = none is stated.
        acts: by time.
        more: so many later acts are not listed.
    """

    claim: str
    verdict: str
    value: int | None
    reasons: tuple[Reason, ...] = ()
    window: tuple[int, int] | None = None
    acts: tuple[Act, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class Later:
    """What later acts are looked for in.

    Attributes:
        reports: `(n,)`; `columns`: the same.
        rows: id of a report to its row.
        claims: by id.
        places: where what a claim speaks of is, as far as it is known and may be told.
        expected: by claim.
    """

    reports: Sequence[Observation]
    columns: Columns
    rows: Mapping[str, int]
    claims: Mapping[str, Claim]
    standing: Standing
    placed: Placed
    places: Mapping[str, Region] = field(default_factory=dict)
    expected: Mapping[str, Sequence[Expected]] = field(default_factory=dict)


def read_expected(data: bytes, tz: str, name: str = "follow.csv") -> dict[str, list[Expected]]:
    """Read what is expected of claims; empty = nothing.

    Raises:
        InputError: a column is missing, a row expects nothing that is known, or a time is none.
    """
    found: dict[str, list[Expected]] = {}
    faults: list[Fault] = []
    for line, row in csv_rows(data, name, COLUMNS):
        at = when_of(row["at"], tz)
        if row["expects"] not in EXPECTS:
            told = f"expected one of {', '.join(EXPECTS)}, got {quoted(row['expects'])}"
            faults.append(Fault(told, name, line, "expects"))
        if at.text and not at.is_known:
            faults.append(Fault(f"expected a time, got {quoted(at.text)}", name, line, "at"))
        ids = tuple(part.strip() for part in row["ids"].split(";") if part.strip())
        one = Expected(row["expects"], ids, at, row["what"], row["source"], row["tag"])
        found.setdefault(row["claim"], []).append(one)
    raise_all(faults, InputError)
    return found


def window_of(one: Claim) -> tuple[int, int] | None:
    """The time a claim speaks of: as stated, or a number of hours or days from its start; None = none is stated.

    >>> due = When("from 5 s", 5, 6)
    >>> window_of(Claim("c", "extension", "truce", "", due=due, count_low=2, count_high=2, unit="hours"))
    (5, 7205)
    """
    if one.due.since is None or one.due.until is None:
        return None
    long = UNITS_S.get(one.unit)
    if long and one.count_low and one.count_low == one.count_high and one.due.until - one.due.since <= 60:
        return one.due.since, one.due.since + one.count_low * long
    return one.due.since, one.due.until


def followed(one: Claim, later: Later) -> Followed | None:
    """What came of a claim; None where nothing is expected of it.

    Args:
        one: the claim.
        later: what is looked through.
    """
    rows = later.expected.get(one.id, ())
    window = window_of(one)
    if any(row.expects == TEXT for row in rows):
        return Followed(one.id, NOT_COMPUTED, None, window=window)
    acts = [act for row in rows for act in _of_row(one, row, later)]
    is_calm = one.kind in PROMISES and one.door != "statements" and not any(row.expects == HAPPENS for row in rows)
    if is_calm and window is not None and window[1] - window[0] > 60:
        acts += _breaking(one, window, later)
    if not rows and one.kind not in PROMISES:
        return None
    acts.sort(key=lambda act: (act.start, act.end, act.id, act.does))
    verdict, value, reasons = _verdict(acts)
    return Followed(one.id, verdict, value, reasons, window, tuple(acts[:MOST_ACTS]), max(0, len(acts) - MOST_ACTS))


def _verdict(acts: Sequence[Act]) -> tuple[str, int, tuple[Reason, ...]]:
    """The word for all acts together: what is sure comes before what is possible, what breaks before what keeps."""
    sure = {act.does for act in acts if act.value == YES}
    if "keeps" in sure and not sure & {"breaks", "contradicts"}:
        return KEPT, YES, ()
    for does, verdict in (("breaks", BROKEN), ("contradicts", CONTRADICTED), ("overtakes", LATE)):
        if does in sure:
            return verdict, NO, ()
    reasons = tuple(dict.fromkeys(reason for act in acts for reason in act.reasons))
    if any(act.does == "disputes" for act in acts):
        return DISPUTED, UNKNOWN, reasons or (Reason.CORROBORATION,)
    return OPEN, UNKNOWN, reasons or (Reason.NO_COVERAGE,)


# -- one row -----------------------------------------------------------------------------------------------------------


def _of_row(one: Claim, row: Expected, later: Later) -> list[Act]:
    """What the acts that a row names do to a claim."""
    found = []
    for key, start, end in _told(row, later):
        does, value, why = _does(one, row.expects, start, end)
        reasons = (Reason.TIME,) if value == UNKNOWN and row.expects != DISPUTED else ()
        found.append(Act(key, does, value, start, end, why, reasons, row.what if not key else "", row.source))
    return found


def _told(row: Expected, later: Later) -> Iterable[tuple[str, int, int]]:
    """The acts of a row with their times: those that may be told of."""
    for key in row.ids:
        if key in later.rows:
            at = later.rows[key]
            yield key, int(later.columns.start[at]), int(later.columns.end[at])
        elif key in later.claims:
            claim = later.claims[key]
            when = claim.due if claim.due.is_known else claim.said
            if when.since is not None and when.until is not None:
                yield key, when.since, when.until
    if row.at.since is not None and row.at.until is not None:
        yield "", row.at.since, row.at.until


def _does(one: Claim, expects: str, start: int, end: int) -> tuple[str, int, str]:
    """What an act at some second of an interval does: the word, +1 or 0, and where it lies."""
    if expects == DISPUTED:
        return "disputes", UNKNOWN, "stands"
    if expects == LATER:
        return "follows", YES, "after"
    if expects == UNDER_WAY:
        said = one.said.until
        if said is None:
            return "contradicts", UNKNOWN, "stands"
        return _sign("contradicts", "keeps", start >= said, end <= (one.said.since or said), "before")
    if expects == OVERTAKEN:
        said = one.said.until if one.is_coarse else one.said.since
        return ("overtakes", YES, "after") if said is not None and start >= said else ("overtakes", UNKNOWN, "stands")
    window = window_of(one)
    if window is None:
        after = one.said.until
        slack = 0 if one.is_coarse else 86_400
        return ("keeps", YES, "after") if after is not None and start >= after - slack else ("keeps", UNKNOWN, "stands")
    if window[0] <= start and end <= window[1]:
        return "keeps", UNKNOWN if one.is_coarse else YES, "within"
    if start >= window[1]:
        return "overtakes", YES, "after"
    return "keeps", UNKNOWN, "stands"


def _sign(bad: str, good: str, is_bad: bool, is_good: bool, why: str) -> tuple[str, int, str]:
    return (bad, YES, why) if is_bad else (good, YES, "within") if is_good else (bad, UNKNOWN, "stands")


# -- a calm ------------------------------------------------------------------------------------------------------------


def _breaking(one: Claim, window: tuple[int, int], later: Later) -> list[Act]:
    """Reports of attacks, there and then, by whom a calm binds: each breaks it, surely or possibly, if it is true."""
    columns, since = later.columns, window[0]
    bound = tuple(dict.fromkeys((*one.against, *one.of))) if one.against else one.of
    if not bound:
        return []
    rows = np.flatnonzero((columns.start < window[1]) & (columns.end > since))
    found = []
    for row in rows.tolist():
        report = later.reports[row]
        if report.kind in WORDED or report.id == one.id:
            continue
        start, end = int(columns.start[row]), int(columns.end[row])
        answer = both([
            is_act(report.acts, ATTACK, later.standing),
            _by(report, bound, later.standing),
            SURE if since <= start and end <= window[1] and not one.is_coarse else undecided(Reason.TIME),
            _there(report.impact, later.places.get(one.id, NOWHERE), later.placed),
        ])  # fmt: skip
        if answer.value > NO:
            reasons = tuple(reasons_of(answer.why))
            found.append(Act(report.id, "breaks", answer.value, start, end, "in the window", reasons))
    return found


def _by(report: Observation, bound: Sequence[str], standing: Standing) -> Answer:
    ways: list[Named] = [report.actor, report.target] if report.unordered else [report.actor]
    each = [is_one_of(named, bound, standing) for named in ways]
    if len(each) == 1 or each[0].value == each[1].value:
        return each[0]
    return undecided(Reason.ACTOR)


def _there(where: Region, place: Region, placed: Placed) -> Answer:
    """Whether what happened somewhere happened in a place: +1, -1, or 0 `place`; the same named place is one place."""
    if place.kind in ("none", "outside") or where.kind == "none":
        return undecided(Reason.PLACE)
    if where == place:
        return SURE
    if place.areas:
        return either(placed.compare_area(where, code) for code in place.areas)
    apart = _apart_m(where, place)
    if apart is None:
        return undecided(Reason.PLACE)
    if apart > where.radius_m + place.radius_m + BAND_M:
        return NEVER
    return SURE if apart + where.radius_m <= place.radius_m - BAND_M else undecided(Reason.PLACE)


def _apart_m(one: Region, other: Region) -> float | None:
    """Metres between the middles of two discs; None where one is none."""
    ends = [one.lon_e7, one.lat_e7, other.lon_e7, other.lat_e7]
    if one.kind != "disc" or other.kind != "disc" or None in ends:
        return None
    lon, lat, other_lon, other_lat = (float(end or 0) / 1e7 for end in ends)
    return distance_m(lon, lat, other_lon, other_lat)
