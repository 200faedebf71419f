"""Which cases of misuse are open, and where is one asked about: attacks launched from a zone that protects?

Computed anew whenever it is asked, from what reports allege. It is answered on the record: by an `answer` of whoever is
alleged to have fired, or a `finding` of the body, to the entry that holds the report.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from truceline import LAW
from truceline.assess.misuse import misuses, protecting
from truceline.desk.runs import Outcome
from truceline.span import utc_text
from truceline.verdict import UNKNOWN, YES

OPENED = {YES: "misuse case opened", UNKNOWN: "question raised"}
"""By whether the origin lies in the zone: a case is open where it surely does; else a question is raised."""

STANDS = "The zone protects as before: a case of misuse changes nothing that is owed to it or to anybody in it."
"""Stands beside every case, in every output."""


def answer_of(outcome: Outcome) -> dict[str, Any]:
    """The answer of `truceline misuse --json`: its schema is in `docs/reference/json`."""
    assessed = outcome.assessed
    agreement = outcome.bench.agreement
    entries = _with_origin(outcome)
    found_rows = assessed.columns.rows_of(set(entries))
    by_id = {assessed.ids[row]: assessed.reports[row] for row in found_rows}
    cases = [
        {
            "case": f"misuse:{one.report}:{one.zone}", "status": OPENED[one.answer.value], "report": one.report,
            "zone": one.zone, "terms": list(one.terms), "origin_in_zone": one.answer.value,
            "reasons": [reason.value for reason in one.answer.reasons],
            "from": utc_text(by_id[one.report].start), "until": utc_text(by_id[one.report].end),
            "alleged": list(by_id[one.report].actor.ids), "entry": entries[one.report],
        }
        for one in misuses(assessed, [int(row) for row in found_rows])
    ]  # fmt: skip
    return {
        "agreement": agreement.id, "observations": len(assessed.reports),
        "zones": [{"zone": z, "terms": list(t)} for z, t in protecting(agreement, assessed.law.placed).items()],
        "cases": cases, "zone_stands": STANDS, "law": LAW,
    }  # fmt: skip


def _with_origin(outcome: Outcome) -> dict[str, int]:
    """Ids of the reports that say where an act came from, and the entry that holds each; 0 = it is in no record."""
    found: dict[str, int] = {}
    silent = pa.array(["none", "outside"])
    for part in outcome.evidence:
        kinds = pc.struct_field(part.table.column("origin"), "kind")
        is_told = pc.fill_null(pc.invert(pc.is_in(kinds, value_set=silent)), False)
        told = part.table.filter(pc.and_(is_told, pc.is_valid(kinds)))
        found.update(dict.fromkeys(told.column("id").to_pylist(), part.index))
    return found
