"""When did a condition of an agreement hold, on this evidence? For `truceline condition`: opens, asks `assess.seen`.

A condition `consecutive` is shown day by day and reading by reading, under the simplifications that the text states and
in full; any other as a course in time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from truceline import LAW
from truceline.agreement.history import History, Standing
from truceline.agreement.model import Term
from truceline.assess.consecutive import Counted, Rule, rule_of
from truceline.assess.days import Run
from truceline.assess.events import MANY
from truceline.assess.place import Placed
from truceline.assess.seen import Seen
from truceline.course import Course
from truceline.desk import runs
from truceline.desk.decided import People, as_ruled, people_of
from truceline.desk.files import Bench, Evidence, Tell, open_agreement, read_evidence
from truceline.desk.runs import Asked, agreement_row, evidence_row
from truceline.errors import Fault, InputError, quoted
from truceline.evidence.schema import SCHEMA
from truceline.span import DAY_S, FAR_AHEAD, LONG_AGO, Span, parse_instant, utc_text
from truceline.store.opened import is_case, named, open_case
from truceline.verdict import YES, reasons_of

FIELDS = ("is", "on", "if")
"""Where the condition of a term stands, the first that it has."""

Row = dict[str, Any]


def ask_condition(
    what: str | Path, term_id: str, evidence: Sequence[Path], asked: Asked, *, areas: Sequence[Path] = (),
    tell: Tell | None = None,
) -> Row:  # fmt: skip
    """Ask when a condition held.

    Args:
        what: the text of an agreement, or a case (folder, or URL of its database).
        term_id: a `define`, or a term whose `is`, `on` or `if` is a condition.
        evidence: files; none are needed with a case folder.
        asked: `since` is when counting begins instead of what the text says, `until` ends it.
        areas: further files of areas.
        tell: told `(what, done, all)` as the work goes on.

    Returns:
        The answer of `truceline condition --json`; its schema is in `docs/reference/json`.

    Raises:
        InputError: no such term, no condition in it, or a file is refused.
    """
    bench, parts, known_at, people = _opened(what, evidence, asked, areas, tell)
    agreement = bench.agreement
    term, condition = _condition_of(bench, term_id, Path(named(str(what))).name)
    until = parse_instant(asked.until, agreement.tz) if asked.until else None
    since = parse_instant(asked.since, agreement.tz) if asked.since else None
    if since is not None and until is not None and until <= since:
        raise InputError(f"`--until` is not after `--from`: {quoted(asked.until)} <= {quoted(asked.since)}")
    table = as_ruled(_table(parts, known_at if is_case(what) else None), people.places)
    seen = Seen(table, agreement, Placed(agreement.zones, bench.atlas), people.told.of_report)
    standing = History(agreement, [act for part in parts for act in part.acts], seen).as_known(known_at)
    if tell:
        tell("days", 0, 1)
    answer = {
        "agreement": agreement_row(agreement), "id": term.id,
        "from": None if since is None else utc_text(since), "until": None if until is None else utc_text(until),
        "known_at": None if known_at is None else utc_text(known_at), "observations": table.num_rows,
        "warnings": list(bench.warnings), "evidence": [evidence_row(part) for part in parts], "law": LAW,
    }  # fmt: skip
    if isinstance(condition, Mapping) and "consecutive" in condition:
        return {**answer, **_consecutive(seen, condition, standing, since, until)}
    at = _last_moment(table, until)
    return {**answer, **_course(standing.begun(condition), at, since, until), "kind": "course"}


# -- what is asked ---------------------------------------------------------------------------------------------------


def _opened(
    what: str | Path, evidence: Sequence[Path], asked: Asked, areas: Sequence[Path], tell: Tell | None
) -> tuple[Bench, tuple[Evidence, ...], int | None, People]:
    """Agreement and evidence, the second as known at, and what people decided about the reports."""
    if is_case(what):
        if evidence:
            raise InputError("a case folder has its own evidence: leave out the files, or `truceline add` them")
        case = open_case(what)
        known_at, upto = runs.known_of(case, asked.known_at, runs.bench_of_case(case).agreement.tz)
        bench = runs.bench_of_case(case, areas, upto)
        return bench, runs.evidence_of(case, bench, upto), known_at, people_of(case, upto)
    if not evidence:
        raise InputError("name the files of evidence, or a case folder in place of the agreement")
    if asked.known_at.startswith("#"):
        raise InputError("`--known-at #index` needs a case folder: files alone have no record")
    bench, parts = open_agreement(Path(what), areas), []
    for number, path in enumerate(evidence):
        if tell:
            tell(f"reading {path.name}", number, len(evidence))
        parts.append(read_evidence(path, bench))
    known_at = parse_instant(asked.known_at, bench.agreement.tz) if asked.known_at else None
    return bench, tuple(parts), known_at, People()


def _condition_of(bench: Bench, term_id: str, what: str) -> tuple[Term, Any]:
    term = bench.agreement.terms.get(term_id)
    if term is None:
        known = [t.id for t in bench.agreement.terms.values() if t.kind == "define"]
        raise InputError(Fault(f"no term {quoted(term_id)}: conditions are {', '.join(known) or 'none'}", what))
    found = next((term.body[key] for key in FIELDS if term.body.get(key) is not None), None)
    if found is None:
        fault = f"term {quoted(term_id)}: expected a condition in `is`, `on` or `if`, got none"
        raise InputError(Fault(fault, what, term.line))
    return term, found


def _table(parts: Sequence[Evidence], seen_by: int | None) -> pa.Table:
    """All rows that were known then, each id once."""
    kept, _, _ = runs.chosen_rows(tuple(parts), LONG_AGO, FAR_AHEAD, seen_by)
    wanted = set(kept.column("id").to_pylist())
    tables = [SCHEMA.empty_table()]
    for part in sorted(parts, key=lambda e: (e.index, e.sha256)):
        rows = []
        for row, key in enumerate(part.table.column("id").to_pylist()):
            if key in wanted:
                wanted.discard(key)
                rows.append(row)
        tables.append(part.table.take(pa.array(rows, pa.int64())).cast(SCHEMA))
    return pa.concat_tables(tables).sort_by("id")


def _last_moment(table: pa.Table, until: int | None) -> int:
    """The last second of which the evidence, or the question, speaks."""
    if until is not None:
        return until - 1
    return max(table.column("end").to_pylist(), default=1) - 1


# -- answers ---------------------------------------------------------------------------------------------------------


def _consecutive(
    seen: Seen, condition: Mapping[str, Any], standing: Standing, since: int | None, until: int | None
) -> Row:
    """A condition `consecutive`: every reading, day by day."""
    rule = rule_of(condition, standing)
    if since is not None:
        rule = replace(rule, begins=utc_text(since))
    starts = [since] if since is not None else seen.days.starts(rule, standing)
    course = seen.days.course(rule, standing)
    counted = [one for start in starts for one in seen.days.counted(rule, standing, start, until)]
    end = max((_end(one.full) for one in counted), default=0)
    return {
        "kind": "consecutive", "days": rule.days, "word": rule.word or None, "zones": list(rule.zones),
        "between": list(rule.between), "counting_from": [utc_text(start) for start in starts],
        "from": utc_text(starts[0]) if starts else None,
        "horizon": None if rule.horizon_s is None else _duration(rule.horizon_s),
        "coverage": None if rule.least is None else str(rule.least),
        "simplifications": {
            "counting": "exact-day" if rule.is_exact else None, "coverage": "assumed" if rule.is_assumed else None,
        },
        "readings": [_reading(one, rule) for one in counted],
        **_course(course, end, None, None),
    }  # fmt: skip


def _reading(counted: Counted, rule: Rule) -> Row:
    stated, full, days = counted.stated, counted.full, rule.days
    reached = stated.reached(stated.surely, days)
    course = counted.course(full)
    now = course.during(Span(_end(full), _end(full) + 1))
    return {
        "name": counted.name, "counting_from": utc_text(counted.start), "nth": days,
        "seventh_day": _date(stated, reached),
        "since": None if reached is None else utc_text(int(stated.calendar.marks[reached + 1])),
        "run": _rows(stated),
        "full": {
            "seventh_day_surely": _date(full, full.reached(full.surely, days)),
            "seventh_day_possibly": _date(full, full.reached(full.possibly, days)),
            "days": _rows(full),
        },
        "value_now": now.value, "reasons": _codes(now.why),
    }  # fmt: skip


def _duration(seconds: int) -> str:
    return f"PT{seconds}S" if seconds % DAY_S else f"P{seconds // DAY_S}D"


def _end(run: Run) -> int:
    """The second at which the last day that was looked at is over."""
    return int(run.calendar.marks[-1]) if run.calendar.days else 0


def _date(run: Run, day: int | None) -> str | None:
    return None if day is None else run.calendar.date(day).isoformat()


def _rows(run: Run) -> list[Row]:
    """The days of a count."""
    goods = run.goods
    return [
        {
            "day": run.calendar.date(i).isoformat(), "good": int(goods.good[i]), "deaths": int(goods.deaths[i, 0]),
            "deaths_at_most": _most(int(goods.deaths[i, 1])), "events": int(goods.surely[i]),
            "events_at_most": int(goods.events[i]), "run_surely": int(run.surely[i]),
            "run_possibly": int(run.possibly[i]), "reset": bool(run.resets[i]), "reasons": _codes(int(goods.why[i])),
        }
        for i in range(run.calendar.days)
    ]  # fmt: skip


def _most(value: int) -> int | None:
    return None if value >= MANY else value


def _course(course: Course, at: int, since: int | None, until: int | None) -> Row:
    """A course as its intervals, and what it is at a moment."""
    first, last = LONG_AGO if since is None else since, FAR_AHEAD if until is None else until
    intervals = []
    for start, end, answer in zip(course.at, (*course.at[1:], FAR_AHEAD), course.answers, strict=True):
        if start < last and first < end:
            intervals.append(
                {
                    "from": utc_text(max(start, first)), "until": utc_text(min(end, last)), "value": answer.value,
                    "reasons": _codes(answer.why), "note": answer.note or None,
                }
            )  # fmt: skip
    now = course.during(Span(at, at + 1))
    true = [a for a, answer in zip(course.at, course.answers, strict=True) if answer.value == YES]
    return {
        "course": intervals, "now": utc_text(at), "value_now": now.value, "reasons_now": _codes(now.why),
        "since": utc_text(true[0]) if true and true[0] > LONG_AGO else None,
    }  # fmt: skip


def _codes(why: int) -> list[str]:
    return [reason.value for reason in reasons_of(why)]
