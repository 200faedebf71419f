"""A whole assessment, 24 terms x 200 zones: place, time, actor, act, exceptions. How many observations a second?

No peer does this task. What is compared first is the tally of the compiled loops with that of the arrays, on fewer
rows, and the clock covers everything from coded columns to totals with reasons.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import numpy as np

from bench.law import columns_of, law_over, size_of
from bench.machine import peak_mb
from bench.measure import Ask, DisagreementError, Result, Task, short, timed
from bench.rows import Rows, observations
from bench.zones import zones
from truceline.assess import bulk
from truceline.assess.docket import Docket
from truceline.assess.spec import Law

SET = "irregular"
COMPARED = 50_000
VARIANTS = {"points": 0, "discs": 1_000}
"""Radius of every report, metres."""


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """One benchmark, the same in every mode; its figure is that of points, discs stand beside it."""
    del mode
    return {"assess.24x200": partial(bench, rows=rows, ask=ask)}


def bench(*, rows: int, ask: Ask) -> Result:
    """Measure the whole assessment.

    Raises:
        DisagreementError: the two engines count otherwise.
    """
    made: Result = {"rows": rows}
    for number, (name, radius_m) in enumerate(VARIANTS.items(), 1):
        print(f"  {number} of {len(VARIANTS)}  assess.24x200: {name}, {rows:,} rows", flush=True)
        figures = ask({"bench": "assess", "rows": rows, "radius_m": radius_m})
        made["ours" if name == "points" else name] = figures
        print(f"  {name:8} {figures['rows_per_s'] / 1e6:.1f} M rows/s  {figures['peak_mb']:.0f} MB", flush=True)
    return made


def work(task: Task) -> Result:
    """Measure in a process of its own."""
    area = zones(SET)
    law, rows = law_over(area), observations(task["rows"], area)
    compare("assess.24x200", law, rows.part(0, min(len(rows), COMPARED)), task["radius_m"])
    columns = columns_of(rows, task["radius_m"])

    def judged() -> bulk.Tally:
        columns.places.clear()
        return bulk.tally(Docket.of_columns(columns, law))

    seconds, found = timed(judged)
    best, median = short(min(seconds)), short(float(np.median(seconds)))
    return {
        "rows": len(rows), "seconds_best": best, "seconds_median": median, "runs": len(seconds),
        "rows_per_s": short(len(rows) / best), "law": size_of(area), "peak_mb": peak_mb(),
        "surely": int(found.counts[-1, 2]), "possibly": int(found.counts[-1, 1]),
    }  # fmt: skip


def compare(what: str, law: Law, rows: Rows, radius_m: int) -> None:
    """Check that both engines count the same.

    Raises:
        DisagreementError: they do not.
    """
    tallies = []
    for engine in ("numpy", "numba"):
        os.environ["TRUCELINE_ENGINE"] = engine
        tallies.append(bulk.tally(Docket.of_columns(columns_of(rows, radius_m), law)))
    one, other = tallies
    if not (np.array_equal(one.counts, other.counts) and np.array_equal(one.reasons, other.reasons)):
        raise DisagreementError(f"{what}: the engines count otherwise")
