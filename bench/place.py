"""Observations x zones, exact, with altitude and time: how fast, beside the peers, at the same number of rows?

Each engine is given the same integers and builds its index inside the clock. A peer that is slow on a set is measured
at fewer rows, which the results state, and is compared with us at that number; nothing is scaled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bench import peers
from bench.machine import peak_mb
from bench.measure import Ask, Result, Task, agree, figures, short, timed
from bench.rows import observations
from bench.zones import zones

SETS = ("irregular", "circles", "huge")
VARIANTS = ("truceline-sorted", "truceline-numpy")
WARM, WARM_PEER = 20_000, 2_000
"""Rows of the warm-up; below 20,000 our join does not take its compiled loops."""

SLOW = {
    ("huge", "duckdb"): 40, ("huge", "geopandas"): 40, ("huge", "polars-st"): 40, ("circles", "truceline-numpy"): 10,
}  # fmt: skip
"""Set and engine: how many times fewer rows it is given, so that the whole takes minutes and not hours."""


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """One benchmark for each set; the same in every mode."""
    del mode
    return {f"place.{name}": partial(bench, name, rows=rows, ask=ask) for name in SETS}


def bench(
    name: str, *, rows: int, ask: Ask, others: Sequence[str] = peers.PEERS, variants: Sequence[str] = VARIANTS
) -> Result:
    """Measure one set of zones.

    Args:
        name: the set, one of `SETS`.
        rows: how many rows.
        ask: what has a task done, `measure.ask` but for tests.
        others: the peers.
        variants: other paths of ours.

    Raises:
        DisagreementError: an engine found other pairs than ours; nothing was printed but the progress.
    """
    there = [peer for peer in others if peers.is_there(peer)]
    variants = [variant for variant in variants if peers.is_there(variant)]
    sizes = {engine: rows // SLOW.get((name, engine), 1) for engine in (*variants, *there)}
    tasks = [(peers.OURS, size) for size in sorted({rows, *sizes.values()}, reverse=True)]
    tasks += list(sizes.items())
    done: dict[tuple[str, int], Result] = {}
    for number, (engine, size) in enumerate(tasks, 1):
        print(f"  {number} of {len(tasks)}  place.{name}: {engine}, {size:,} rows", flush=True)
        done[engine, size] = ask({"bench": "place", "zones": name, "engine": engine, "rows": size})
    for size in {size for _, size in tasks}:
        found = {engine: (one["pairs"], one["checksum"]) for (engine, at), one in done.items() if at == size}
        agree(f"place.{name}, {size:,} rows", found)
    return _entry(done, rows=rows, variants=variants, absent=[peer for peer in others if peer not in there])


def _entry(
    done: dict[tuple[str, int], Result], *, rows: int, variants: Sequence[str], absent: list[str]
) -> dict[str, Any]:
    """What is written down of one set."""
    ours = done[peers.OURS, rows]
    entry: dict[str, Any] = {key: ours[key] for key in ("zones", "vertices", "pairs", "checksum")}
    entry["rows"] = rows
    entry["ours"] = ours["figures"]
    entry["variants"] = {engine: one["figures"] for (engine, _), one in done.items() if engine in variants}
    entry["peers"] = {}
    for (engine, size), one in done.items():
        if engine in (peers.OURS, *variants):
            continue
        mine = done[peers.OURS, size]["figures"]["seconds_best"]
        entry["peers"][engine] = one["figures"] | {
            "note": one["note"],
            "ours_seconds_best": mine,
            "ratio": short(one["figures"]["seconds_best"] / mine),
        }
    full = {name: peer for name, peer in entry["peers"].items() if peer["rows"] == rows}
    best = min(full, key=lambda name: float(full[name]["seconds_best"]), default=None)
    entry["best_exact_peer"] = best
    entry["ratio_to_best_exact_peer"] = None if best is None else full[best]["ratio"]
    entry["absent_peers"] = absent
    return entry


def work(task: Task) -> Result:
    """Measure one engine on one set, in a process of its own."""
    area = zones(task["zones"])
    rows = observations(task["rows"], area)
    engine = peers.engine(task["engine"])
    engine.load(rows.part(0, WARM if task["engine"].startswith(peers.OURS) else WARM_PEER))
    engine.prepare(area)
    engine.run()
    engine.load(rows)

    def run() -> peers.Found:
        engine.prepare(area)
        return engine.run()

    seconds, found = timed(run)
    peak = peak_mb()
    memory = {} if task["engine"] in peers.SERVERS else {"peak_mb": peak}  # ours is only the client of a server
    return {
        "zones": len(area.shapes),
        "vertices": area.vertices,
        "pairs": len(found.row),
        "checksum": peers.checksum(found),
        "figures": figures(seconds, len(rows)) | memory,
        "note": peers.note(task["engine"]),
    }
