"""What can be said of a day beside its reports? Which documents were in force, and which share of it somebody watched.

Silence is not compliance: where nobody could look, nothing is known. A reader is told of coverage no finer, and no
sooner, than the place ladder lets it (`group.may_see`): hours, posts and who denied access are for who keeps the case.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from truceline.agreement.standing import Standing
from truceline.assess.calendar import Calendar
from truceline.assess.coverage import Coverage, Watch
from truceline.assess.place import Placed
from truceline.assess.spots import mask
from truceline.course import Course
from truceline.desk.consent import Consents
from truceline.desk.runs import Outcome
from truceline.desk.views.sheet import Source
from truceline.desk.views.view import View
from truceline.evidence.schema import SCHEMA
from truceline.group import Sight, may_see
from truceline.span import FAR_AHEAD, LONG_AGO, utc_text
from truceline.verdict import UNKNOWN, YES

Spans = list[tuple[int, int]]


def in_force(standing: Standing) -> list[dict[str, Any]]:
    """Documents with the times at which a prohibition of theirs was in force, in the order of the text.

    Returns:
        For each its id, empty for terms of none; its title; its prohibitions; and spans of UTC times, surely in force,
        and surely or possibly. A document of which nothing ever was in force is left out.
    """
    agreement = standing.agreement
    found: dict[str, dict[str, Any]] = {}
    for term in agreement.terms.values():
        if term.kind != "prohibit" or term.overrides:
            continue
        surely, possibly = _spans(standing.window(term.id))
        if possibly:
            row = found.setdefault(term.instrument, {"terms": [], "surely": [], "possibly": []})
            row["terms"].append(term.id)
            row["surely"] += surely
            row["possibly"] += possibly
    return [
        {
            "instrument": key or None, "title": agreement.instruments[key].title if key else None,
            "terms": row["terms"], **{name: _told(row[name]) for name in ("surely", "possibly")},
        }
        for key, row in found.items()
    ]  # fmt: skip


def _spans(course: Course) -> tuple[Spans, Spans]:
    """When a course is surely, and surely or possibly, yes."""
    surely: Spans = []
    possibly: Spans = []
    for start, end, answer in zip(course.at, (*course.at[1:], FAR_AHEAD), course.answers, strict=True):
        surely += [(start, end)] if answer.value == YES else []
        possibly += [(start, end)] if answer.value in (YES, UNKNOWN) else []
    return surely, possibly


def _told(spans: Iterable[tuple[int, int]]) -> list[dict[str, str | None]]:
    """Spans that do not touch, in order, as times; None = without a bound."""
    made: Spans = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return [
        {"from": utc_text(start) if start > LONG_AGO else None, "until": utc_text(end) if end < FAR_AHEAD else None}
        for start, end in made
    ]


# -- coverage ----------------------------------------------------------------------------------------------------------


def coverage_of(
    outcome: Outcome, source: Source, view: View, consents: Consents, *, calendar: Calendar, placed: Placed
) -> dict[str, Any]:  # fmt: skip
    """Which share of each day somebody watched.

    Args:
        outcome: what was judged.
        source: the columns of its evidence.
        view: what the reader sees.
        consents: what nobody consents to is used for nothing.
        calendar: the days.
        placed: the zones on the ground, as the reader may know them.

    Returns:
        Days with the cell-seconds that were watched, to which access was denied, and all of them; None where the
        reader is not told yet. Who denied access, and how many reports say so, only for who keeps the case.
    """
    rows = _rows(view, consents)
    table = _table(source, rows)
    terms = outcome.bench.agreement.terms.values()
    zones = list(dict.fromkeys(z for t in terms if t.kind == "prohibit" for z in t.where))
    coverage = Coverage(table, placed)
    watch = coverage.watch(zones, calendar)
    hindered = pa.compute.invert(pc.is_null(table.column("impediment")))
    spans = [
        (start, end) for start, end, told in zip(
            *(table.column(name).to_pylist() for name in ("start", "end")), hindered.to_pylist(), strict=True
        ) if told
    ]  # fmt: skip
    days = [_day(at, calendar, watch, view) for at in range(calendar.days)]
    for at, day in enumerate(days):
        start, end = int(calendar.marks[at]), int(calendar.marks[at + 1])
        day["impediments"] = sum(s < end and e > start for s, e in spans) if view.is_inside else None
    return {"zones": zones, "reports": table.num_rows if view.is_inside else None, "days": days}


def _rows(view: View, consents: Consents) -> Any:  # noqa: ANN401  # rows of a sheet
    """The rows that coverage may be worked out of: none whose source or reporter does not want it."""
    shut = consents.withheld([view.sheet.table.select(["id", "reporter_withheld"])], view.reader, view.at)
    gone = {row for key in shut if (row := view.sheet.row(key)) is not None}
    every = np.arange(len(view.sheet))
    return view.sheet.numbers("row")[np.delete(every, sorted(gone))].astype(np.int64)


def _table(source: Source, rows: Any) -> pa.Table:  # noqa: ANN401  # rows of the outcome
    """Those of the rows that say who could have seen something, or what kept them from it."""
    says = np.zeros(len(rows), bool)
    for name in ("negative", "access_denied"):
        says |= mask(source.take(name, rows))
    says |= ~mask(pc.is_null(source.take("coverage", rows))) | ~mask(pc.is_null(source.take("impediment", rows)))
    return pa.table({name: source.take(name, rows[says]) for name in SCHEMA.names}, schema=SCHEMA)


def _day(at: int, calendar: Calendar, watch: Watch, view: View) -> dict[str, Any]:
    """One day, as far as the reader is told of it."""
    end = int(calendar.marks[at + 1])
    sight = may_see(view.reader, "coverage", age_s=view.at - end)
    if end > view.at or sight < Sight.COUNT:
        return {"day": _text(calendar.date(at)), "watched": None, "denied": None, "whole": None, "denied_by": None}
    return {
        "day": _text(calendar.date(at)), "watched": int(watch.seen[at]), "denied": int(watch.denied[at]),
        "whole": int(watch.whole[at]),
        "denied_by": list(watch.deniers.get(at, ())) if sight == Sight.AS_REPORTED else None,
    }  # fmt: skip


def _text(day: date) -> str:
    return day.isoformat()
