"""One report, explained: every term factor by factor, who stands behind it, which incident it is of, how it was placed.

The answer of `assess --show`. No coordinates: the region is told by its kind and size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from truceline import LAW
from truceline.assess import assessment, spec, worlds
from truceline.assess.fault import fault_of
from truceline.assess.incidents import Told, incidents_of
from truceline.assess.support import Support, Weighing, Witness
from truceline.desk.runs import Outcome
from truceline.errors import InputError, quoted
from truceline.evidence.schema import Observation
from truceline.verdict import Answer


def show(outcome: Outcome, report_id: str) -> dict[str, Any]:
    """One report against every prohibition, factor by factor: why an answer is what it is.

    Raises:
        InputError: no such report was judged.
    """
    assessed = outcome.assessed
    found = assessed.columns.rows_of({report_id})
    if not len(found):
        raise InputError(f"no report {quoted(report_id)} was judged")
    index = int(found[0])
    report = assessed.reports[index]
    whole = spec.judge_any(report, assessed.law)
    terms = {term: _of_term(outcome, index, report, term) for term in assessed.prohibitions}
    return {
        "observation": report.id, "any": whole.value, "reasons": _codes(whole), "protected": report.is_protected,
        "fault": str(fault_of(report, assessed.law)), "terms": terms,
        "support": _support(outcome, report_id, index), "incident": _incident(outcome, report_id),
        "place": _place(outcome, report, report_id),
        "settled_by": [reason.settled_by for reason in whole.reasons], "law": LAW,
    }  # fmt: skip


def _of_term(outcome: Outcome, index: int, report: Observation, term: str) -> dict[str, Any]:
    assessed = outcome.assessed
    verdict = spec.judge(report, term, assessed.law)
    return {
        "covered": verdict.covered.value, "supported": int(assessed.supported[index]),
        "reasons": _codes(verdict.covered),
        "factors": {name: {"value": a.value, "reasons": _codes(a)} for name, a in verdict.factors.items()},
        "beside": {name: int(values[term][index]) for name, values in assessed.beside.items()},
        "note": assessment.note_of(assessed, index, term) or None,
        "readings": [
            {"word": r.word, "name": r.name, "covered": r.answer.value, "reasons": _codes(r.answer)}
            for r in worlds.side_by_side(report, term, assessed.law)
        ],
    }  # fmt: skip


def _support(outcome: Outcome, report_id: str, index: int) -> dict[str, Any]:
    """Who says the same, with which grades, and what the terms ask for."""
    weighing = outcome.weighing
    if weighing is None:
        return {
            "value": int(outcome.assessed.supported[index]),
            "needs": None,
            "lines": [],
            "others": [],
            "admission": False,
        }
    needs = weighing.needs
    told = _weighed(outcome, weighing, report_id)
    return {
        "value": int(outcome.assessed.supported[index]),
        "needs": {"lines": needs.lines, "grade": needs.grade, "independent": needs.independent,
                  "admission": needs.admission},
        "lines": [{"line": line or None, "grade": grade} for line, grade in told.lines],
        "others": [{"line": line or None, "grade": grade} for line, grade in told.others],
        "admission": told.is_admitted,
    }  # fmt: skip


def _weighed(outcome: Outcome, weighing: Weighing, report_id: str) -> Support:
    """The support of one report, worked out again with its lines; of one that stands alone, too."""
    mine = next((r for r in outcome.told.incidents.values() if report_id in r), (report_id,))
    witnesses: dict[str, tuple[int, Witness]] = {}
    for part in outcome.evidence:
        table = part.table
        for row in table.filter(pc.is_in(table.column("id"), _ids(mine))).to_pylist():
            witnesses.setdefault(str(row["id"]), (0, weighing.witness(row)))
    return replace(weighing, incidents=(mine,)).weigh(report_id, witnesses)


def _ids(reports: tuple[str, ...]) -> Any:  # noqa: ANN401  # an array of texts
    return pa.array(sorted(reports), pa.string())


def _incident(outcome: Outcome, report_id: str) -> dict[str, Any] | None:
    """The incident that several reports tell of; None for a report that nobody has joined to another."""
    told = outcome.told
    open_ = sorted({other for pair in told.unresolved if report_id in pair for other in pair if other != report_id})
    key = told.of_report.get(report_id)
    if key is None and not open_:
        return None
    found = incidents_of(outcome.assessed, Told({key: told.incidents[key]})) if key is not None else []
    covered = found[0].covered if found else {}
    return {
        "id": key or report_id, "reports": list(told.incidents[key]) if key else [report_id],
        "undecided_with": open_,
        "covered": {term: {"value": a.value, "reasons": _codes(a)} for term, a in covered.items()},
        "supported": found[0].supported if found else None,
    }  # fmt: skip


def _place(outcome: Outcome, report: Observation, report_id: str) -> dict[str, Any]:
    """From the words of the source to a region: which words, which precision, how large."""
    region = report.impact
    row = next((row for part in outcome.evidence for row in _rows(part.table, report_id)), {})
    return {
        "text": row.get("place_text"), "precision": row.get("place_precision"), "region": region.kind,
        "radius_m": region.radius_m or None, "areas": list(region.areas), "country": region.country or None,
        "ruled": outcome.places.get(report_id),
    }  # fmt: skip


def _rows(table: Any, report_id: str) -> list[dict[str, Any]]:  # noqa: ANN401  # a table
    found: list[dict[str, Any]] = table.filter(pc.equal(table.column("id"), report_id)).to_pylist()
    return found


def _codes(answer: Answer) -> list[str]:
    return [reason.value for reason in answer.reasons]
