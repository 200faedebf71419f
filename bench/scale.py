"""How does the cost grow with rows and with zones? Curves of our join alone; none may be worse than n log n.

More rows than `CHUNK` are streamed in chunks against one index, as a large archive is: memory stays that of one chunk.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np

from bench import peers
from bench.machine import peak_mb
from bench.measure import Ask, Result, Task, figures, short
from bench.rows import BLOCK, observations
from bench.zones import zones

CHUNK = 10 * BLOCK
ROWS = {"quick": (100_000, 300_000, 1_000_000), "all": (100_000, 1_000_000, 10_000_000, 100_000_000)}
ZONES = {"quick": (10, 100, 1_000, 10_000), "all": (10, 100, 1_000, 10_000, 100_000)}
RUNS = 3


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """A curve over rows and a curve over zones; a trial with fewer rows ends sooner."""
    most = rows if rows < max(ROWS["quick"]) else max(ROWS[mode])
    over_rows = [("irregular", count) for count in ROWS[mode] if count <= most]
    over_zones = [(f"circles-{count}", min(rows, 1_000_000)) for count in ZONES[mode]]
    return {
        "scale.rows": partial(bench, "rows", over_rows, ask=ask),
        "scale.zones": partial(bench, "zones", over_zones, ask=ask),
    }


def bench(axis: str, points: list[tuple[str, int]], *, ask: Ask) -> Result:
    """Measure one curve: its points, and the greatest slope between two of them on logarithmic axes (1 = linear)."""
    curve = []
    for number, (name, rows) in enumerate(points, 1):
        print(f"  {number} of {len(points)}  scale.{axis}: {name}, {rows:,} rows", flush=True)
        curve.append(ask({"bench": "scale", "zones": name, "rows": rows}))
    return drawn(axis, curve)


def drawn(axis: str, curve: list[Result]) -> Result:
    """A curve with its greatest slope."""
    slopes = [
        float(np.log(b["seconds_best"] / a["seconds_best"]) / np.log(b[axis] / a[axis])) for a, b in pairwise(curve)
    ]
    return {"axis": axis, "curve": curve, "steepest": short(max(slopes, default=0.0))}


def work(task: Task) -> Result:
    """Measure one point, in a process of its own."""
    area = zones(task["zones"])
    total = int(task["rows"])
    _once(task["zones"], 20_000)
    runs = RUNS if total <= CHUNK else 1
    measured = [_once(task["zones"], total) for _ in range(runs)]
    seconds, pairs = [one[0] for one in measured], measured[0][1]
    return figures(seconds, total) | {"zones": len(area.shapes), "pairs": pairs, "peak_mb": peak_mb()}


def _once(name: str, total: int) -> tuple[float, int]:
    """Seconds and pairs of all rows, chunk by chunk; making the rows is not timed."""
    area = zones(name)
    engine = peers.engine(peers.OURS)
    spent, pairs = 0.0, 0
    for start in range(0, total, CHUNK):
        rows = observations(min(CHUNK, total - start), area, first_block=start // BLOCK)
        begin = time.perf_counter()
        engine.load(rows)
        if start == 0:
            engine.prepare(area)
        pairs += len(engine.run().row)
        spent += time.perf_counter() - begin
    return spent, pairs
