"""How does the cost of a whole assessment grow with the terms of the law? A curve of ours alone, from 1 term to 1,000.

The law of `bench.law`, with as many prohibitions, exceptions and terms that take these back as its share of 24; 200
zones, points. Before the clock starts the answers of some rows, value and reasons, are compared with those of `spec`,
and the totals of more rows between the engines. The clock covers everything from coded columns to totals with reasons.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench.assess import SET, compare
from bench.law import columns_of, law_over, size_of
from bench.machine import peak_mb
from bench.measure import Ask, DisagreementError, Result, Task, figures, timed
from bench.rows import Rows, observations
from bench.scale import drawn
from bench.zones import zones
from truceline.assess import bulk, spec
from truceline.assess.docket import Docket
from truceline.assess.spec import Law

TERMS = {"quick": (1, 10, 100), "all": (1, 3, 10, 30, 100, 300, 1_000)}
MOST_ROWS = 1_000_000
COMPARED = 2_000
ANSWERS, LEAST = 6_000, 10
"""So many answers are compared with `spec`, and those of so many rows at least."""


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """One curve, at a million rows at most."""
    return {"scale.terms": partial(bench, TERMS[mode], rows=min(rows, MOST_ROWS), ask=ask)}


def bench(points: tuple[int, ...], *, rows: int, ask: Ask) -> Result:
    """Measure the curve.

    Raises:
        DisagreementError: `spec` or the other engine says otherwise.
    """
    curve = []
    for number, terms in enumerate(points, 1):
        print(f"  {number} of {len(points)}  scale.terms: {terms:,} terms, {rows:,} rows", flush=True)
        curve.append(ask({"bench": "terms", "terms": terms, "rows": rows}))
    return drawn("terms", curve)


def work(task: Task) -> Result:
    """Measure one point, in a process of its own."""
    area, terms = zones(SET), int(task["terms"])
    law, rows = law_over(area, terms), observations(task["rows"], area)
    compared = hold(law, rows.part(0, min(len(rows), max(ANSWERS // terms, LEAST))))
    compare("scale.terms", law, rows.part(0, min(len(rows), COMPARED)), 0)
    columns = columns_of(rows)

    def judged() -> bulk.Tally:
        columns.places.clear()
        return bulk.tally(Docket.of_columns(columns, law))

    seconds, found = timed(judged)
    return figures(seconds, len(rows)) | {
        "terms": terms, "law": size_of(area, terms), "compared": compared, "peak_mb": peak_mb(),
        "surely": int(found.counts[-1, 2]), "possibly": int(found.counts[-1, 1]),
    }  # fmt: skip


def hold(law: Law, rows: Rows) -> int:
    """Compare value and reasons of all prohibitions, and of *any*, with `spec`; gives the number of answers.

    Raises:
        DisagreementError: one of them differs.
    """
    columns = columns_of(rows)
    docket, reports = Docket.of_columns(columns, law), [columns.report(row) for row in range(len(rows))]
    bans = [term.id for term in law.terms.values() if term.kind == "prohibit"]
    made = {term: bulk.judge_all(docket, term) for term in bans} | {"any": bulk.judge_any_all(docket)}
    for term, fast in made.items():
        for row, report in enumerate(reports):
            slow = spec.judge_any(report, law) if term == "any" else spec.judge(report, term, law).covered
            if (int(fast.value[row]), int(fast.why[row])) != (slow.value, slow.why):
                raise DisagreementError(f"scale.terms: row {row} under `{term}` is judged otherwise by `spec`")
    return len(made) * len(reports)
