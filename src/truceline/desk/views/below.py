"""What lies below the answers on one report? Two worlds of what is open, when a term was in force, whom it came by.

Plain values for whoever explains a verdict. Whom they may be told to, `room` and the routes settle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from truceline.assess.worlds_fixed import Fixed, worlds, worlds_in
from truceline.desk.runs import Outcome
from truceline.span import FAR_AHEAD, LONG_AGO, utc_text
from truceline.verdict import UNKNOWN, YES, Answer, Reason, mask_of


def worlds_row(factors: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the answer would be if an open factor were yes, and if it were no: of each of them by itself."""
    known = {
        name: Answer(one["value"], mask_of(Reason(code) for code in one["reasons"])) for name, one in factors.items()
    }
    return [_fixed_row(one) for one in worlds(known)]


def _fixed_row(one: Fixed) -> dict[str, Any]:
    return {"condition": one.condition, "yes": _answer_row(one.yes), "no": _answer_row(one.no)}


def tree_rows(proof: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The same for each open question at the bottom of each tree."""
    trees: Mapping[str, str] = proof["trees"]
    return {term: [_fixed_row(one) for one in worlds_in(proof["table"], root)] for term, root in trees.items()}


TOLD_BY = ("source", "asserted_by", "chain", "grade", "publisher", "url", "licence", "reporter_withheld")


def told_by(outcome: Outcome, key: str) -> list[dict[str, Any]]:
    """Through whom a report came, as its rows say it: for who keeps the case."""
    found = []
    for part in outcome.evidence:
        rows = part.table.filter(pc.equal(part.table.column("id"), key)).select(list(TOLD_BY)).to_pylist()
        found += [{"entry": part.index, **row} for row in rows]
    return found


def _answer_row(answer: Answer) -> dict[str, Any]:
    return {"value": answer.value, "reasons": [reason.value for reason in answer.reasons]}


def window_row(outcome: Outcome, term: str) -> dict[str, list[list[str | None]]]:
    """When a term was surely, and when only possibly, in force: half-open intervals; None = without a bound."""
    course = outcome.assessed.law.standing.window(term)
    found: dict[int, list[list[str | None]]] = {YES: [], UNKNOWN: []}
    for start, end, answer in zip(course.at, (*course.at[1:], FAR_AHEAD), course.answers, strict=True):
        if answer.value in found:
            bounds = (None if start <= LONG_AGO else utc_text(start), None if end >= FAR_AHEAD else utc_text(end))
            found[answer.value].append(list(bounds))
    return {"surely": found[YES], "possibly": found[UNKNOWN]}


def entry_of(outcome: Outcome, key: str) -> int | None:
    """By which entry of the record a report came; None = by none."""
    found = [one.index for one in outcome.evidence if pc.any(pc.equal(one.table.column("id"), key)).as_py()]
    return min(found, default=None)
