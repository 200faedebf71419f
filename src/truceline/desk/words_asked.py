"""From a case, or an agreement and files, to its claims and the answers beside them: what the command line asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from truceline.assess.calendar import Calendar
from truceline.assess.coverage import Coverage
from truceline.assess.place import Placed
from truceline.desk.areas_told import area_changes
from truceline.desk.charters import clock_of
from truceline.desk.exchanged import text_in_force
from truceline.desk.files import Tell, open_agreement, read_evidence
from truceline.desk.judged import Judged, judged_of
from truceline.desk.runs import Asked, Outcome, assess_files, bench_of_case, evidence_of, judge_case, known_of
from truceline.desk.viewers import Viewer
from truceline.desk.words import Words, words_beside, words_of_case
from truceline.errors import InputError
from truceline.span import DAY_S, civil_day
from truceline.store.case import Case
from truceline.store.opened import is_case, open_case


@dataclass(frozen=True)
class Opened:
    """What was read: the claims, the answers, and the whole run."""

    words: Words
    judged: Judged
    outcome: Outcome


def opened(
    what: str | Path, evidence: Sequence[Path] = (), *, further: Sequence[Path] = (), known_at: str = "",
    tell: Tell | None = None,
) -> Opened:  # fmt: skip
    """Read a case, or an agreement with what lies beside it, and judge its reports.

    Args:
        what: a case (folder, or URL of its database), or the text of an agreement.
        evidence: with an agreement: files of evidence and signed acts.
        further: with an agreement: more files of claims.
        known_at: a time text, or `#index` of a case; empty = everything that is known.
        tell: told `(what, done, all)` as the work goes on.

    Raises:
        InputError: a case is given files, or a file is not what it should be.
    """
    asked = Asked(known_at=known_at)
    if is_case(what):
        case = _case(what, evidence, further)
        outcome = judge_case(case, asked, tell=tell)
        upto = known_of(case, known_at, outcome.bench.agreement.tz)[1]
        words = words_of_case(case, outcome.bench, [part.table for part in outcome.evidence], upto)
        return Opened(words, judged_of(outcome), outcome)
    bench = open_agreement(Path(what))
    parts = [read_evidence(file, bench) for file in evidence]
    outcome = assess_files(bench, parts, asked, tell)
    words = words_beside(Path(what), bench, [part.table for part in parts], further)
    return Opened(words, judged_of(outcome), outcome)


def worded(
    what: str | Path, evidence: Sequence[Path] = (), *, further: Sequence[Path] = (), known_at: str = ""
) -> Words:
    """The claims alone: nothing is judged, for they rest on no answer. The arguments are those of `opened`.

    Raises:
        InputError: as `opened`.
    """
    if is_case(what):
        case = _case(what, evidence, further)
        upto = known_of(case, known_at, bench_of_case(case).agreement.tz)[1]
        bench = bench_of_case(case, (), upto)
        return words_of_case(case, bench, [part.table for part in evidence_of(case, bench, upto)], upto)
    if known_at:
        raise InputError("`--known-at` needs a case folder: files alone have no record")
    bench = open_agreement(Path(what))
    return words_beside(Path(what), bench, [read_evidence(file, bench).table for file in evidence], further)


def _case(what: str | Path, evidence: Sequence[Path], further: Sequence[Path]) -> Case:
    if evidence or further:
        raise InputError("a case folder holds its own evidence and claims: use `truceline add` and `truceline submit`")
    return open_case(what)


def watched(one: Opened, start: int, days: int) -> dict[str, Any]:
    """Which share of each day before and after a start somebody watched, in cell-seconds, as `indicators_shown` asks.

    Args:
        one: what was read.
        start: UTC second.
        days: how many before it, and after.
    """
    tz, terms = one.words.tz, one.words.agreement.terms.values()
    zones = list(dict.fromkeys(zone for term in terms if term.kind == "prohibit" for zone in term.where))
    calendar = Calendar(civil_day(start, tz) - timedelta(days=days), 2 * days, tz)
    tables = [part.table for part in one.outcome.evidence if part.table.num_rows]
    placed = Placed(one.words.agreement.zones, one.outcome.bench.atlas)
    found = [Coverage(pa.concat_tables(tables), placed).watch(zones, calendar)] if tables else []
    return {
        "days": [
            {
                "day": calendar.date(at).isoformat(), "watched": int(found[0].seen[at]) if found else None,
                "whole": int(found[0].whole[at]) if found else None,
            }
            for at in range(calendar.days)
        ]
    }  # fmt: skip


def areas_of(what: str | Path, start: int, days: int, known_at: str = "") -> dict[str, Any] | None:
    """What moved of the areas that were exchanged, as whoever keeps the case is shown it; None where files have none.

    Args:
        what: a case, or the text of an agreement.
        start: UTC second.
        days: how many before it, and after.
        known_at: as `opened`.
    """
    if not is_case(what):
        return None
    case = open_case(what)
    known = known_of(case, known_at, text_in_force(case).tz)[0] if known_at else None
    now = clock_of(case.charter())() if known is None else known
    return area_changes(case, Viewer("", "secretariat"), start, days * DAY_S, now)
