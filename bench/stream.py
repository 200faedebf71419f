"""Observations that arrive in micro-batches of 1,000: how many a second, how late is the slowest, and is it the batch?

The place part of a stream: the zones are prepared once, before the clock starts, as a service does it; each batch is
timed alone. The pairs of all batches together must be those of one large batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bench import peers
from bench.machine import peak_mb
from bench.measure import Ask, DisagreementError, Result, Task, short
from bench.rows import observations
from bench.whatif import against_shapely
from bench.zones import zones

SET = "irregular"
BATCH = 1_000
MOST_ROWS = 300_000


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """One benchmark, the same in every mode."""
    del mode
    return {"stream.1000": lambda: bench(rows=min(rows, MOST_ROWS), ask=ask)}


def bench(*, rows: int, ask: Ask) -> Result:
    """Measure the stream.

    Raises:
        DisagreementError: the stream did not find what one batch finds, or not what the peer finds.
    """
    raced = against_shapely(
        {"bench": "stream", "rows": rows}, "stream.1000", f"{rows:,} rows", ask=ask,
        figure="seconds_best", note="the tree and the prepared zones are kept",
    )  # fmt: skip
    return {"rows": rows, "batch": BATCH, **raced}


def work(task: Task) -> Result:
    """Measure one engine, in a process of its own."""
    area = zones(SET)
    rows = observations(task["rows"], area)
    engine = peers.engine(task["engine"])
    engine.load(rows)
    engine.prepare(area)
    whole = engine.run()
    seconds, parts = [], []
    for first in range(0, len(rows), BATCH):
        batch = rows.part(first, first + BATCH)
        begin = time.perf_counter()
        engine.load(batch)
        found = engine.run()
        seconds.append(time.perf_counter() - begin)
        parts.append(peers.Found(found.row + first, found.zone))
    joined = _joined(parts)
    if peers.checksum(joined) != peers.checksum(whole):
        raise DisagreementError(f"{task['engine']}: the stream is not the batch")
    total, late = sum(seconds), float(np.quantile(seconds, 0.99))
    speed = {"seconds_best": short(total), "seconds_p99": short(late), "rows_per_second": int(short(len(rows) / total))}
    return {
        "pairs": len(joined.row),
        "checksum": peers.checksum(joined),
        "figures": speed | {"rows": len(rows), "peak_mb": peak_mb()},
    }


def _joined(parts: list[peers.Found]) -> peers.Found:
    columns: list[Any] = [np.concatenate([getattr(part, name) for part in parts]) for name in ("row", "zone")]
    return peers.Found(columns[0], columns[1])
