"""Two tasks about the order of events, a million each: how fast, beside DuckDB, with equal answers first?

1. `unprovoked`: attacks with no attack by the other side within the hour before.
2. `ungranted`: requests with no grant of their key within 24 hours.

Times fall on whole minutes, so that the same second and exactly the limit happen often. Both engines are given the same
integers, ours as arrays, DuckDB as tables that are filled before the clock starts; both sort inside the clock. Counts
and a checksum of the rows found are compared before any time is shown; DuckDB's join (`ASOF`) is itself held against
plain SQL (`NOT EXISTS`) on some thousand rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import peers
from bench.machine import peak_mb
from bench.measure import Ask, DisagreementError, Result, Task, agree, figures, short, timed
from bench.zones import SEED
from truceline.assess import stateful

Longs = npt.NDArray[np.int64]
TASKS = ("unprovoked", "ungranted")
MOST_ROWS, WARM, COMPARED = 1_000_000, 30_000, 4_000
HOUR_S, DAY_S, MINUTE_S, KEYS = 3_600, 86_400, 60, 20_000
VARIANTS = ("truceline-numpy",)
NEEDS = {"duckdb": "duckdb"}
NOTE = "one thread; an ASOF join over tables of its own, which are filled before the clock starts"

# ruff: noqa: S608  # the queries are made of the numbers above

JOINS = {
    "unprovoked": "SELECT a.row FROM events a ASOF LEFT JOIN events b ON a.other = b.side AND a.t > b.t "
    f"WHERE b.t IS NULL OR a.t - b.t > {HOUR_S}",
    "ungranted": "SELECT q.row FROM requests q ASOF LEFT JOIN grants g ON q.key = g.key AND q.t <= g.t "
    f"WHERE g.t IS NULL OR g.t - q.t > {DAY_S}",
}
PLAIN = {
    "unprovoked": "SELECT a.row FROM events a WHERE NOT EXISTS "
    f"(SELECT 1 FROM events b WHERE a.side <> b.side AND b.t < a.t AND b.t >= a.t - {HOUR_S})",
    "ungranted": "SELECT q.row FROM requests q WHERE NOT EXISTS "
    f"(SELECT 1 FROM grants g WHERE g.key = q.key AND g.t BETWEEN q.t AND q.t + {DAY_S})",
}


@dataclass(frozen=True)
class Events:
    """Attacks with their side, and requests and grants with their key; seconds on whole minutes."""

    time: Longs
    side: npt.NDArray[np.int8]
    request: Longs
    request_key: Longs
    grant: Longs
    grant_key: Longs


def events(count: int) -> Events:
    """Seeded events: a side acts about once an hour, a key is granted about once a day."""
    rng = np.random.default_rng(SEED)

    def minutes(most_s: int) -> Longs:
        return rng.integers(0, max(most_s // MINUTE_S, 1), count) * MINUTE_S

    keys = max(KEYS * count // MOST_ROWS, 1)
    asked_s = count // keys * DAY_S
    time, side = minutes(count * HOUR_S // 2), rng.integers(0, 2, count).astype(np.int8)
    request, grant = minutes(asked_s), minutes(asked_s)
    return Events(time, side, request, rng.integers(0, keys, count), grant, rng.integers(0, keys, count))


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """Both tasks, at a million rows at most; the same in every mode."""
    del mode
    return {f"stateful.{task}": partial(bench, task, rows=min(rows, MOST_ROWS), ask=ask) for task in TASKS}


def bench(name: str, *, rows: int, ask: Ask, others: Sequence[str] = ("duckdb",)) -> Result:
    """Measure one task.

    Raises:
        DisagreementError: an engine found other rows than ours; nothing was printed but the progress.
    """
    there = [engine for engine in (*VARIANTS, *others) if _is_there(engine)]
    done: dict[str, Result] = {}
    for number, engine in enumerate((peers.OURS, *there), 1):
        print(f"  {number} of {len(there) + 1}  stateful.{name}: {engine}, {rows:,} rows", flush=True)
        done[engine] = ask({"bench": "stateful", "task": name, "engine": engine, "rows": rows})
    agree(f"stateful.{name}, {rows:,} rows", {e: (one["found"], one["checksum"]) for e, one in done.items()})
    ours = done[peers.OURS]
    entry: dict[str, Any] = {"rows": rows, "found": ours["found"], "checksum": ours["checksum"]}
    entry["ours"] = ours["figures"]
    entry["variants"] = {engine: done[engine]["figures"] for engine in there if engine in VARIANTS}
    entry["peers"] = {
        engine: done[engine]["figures"]
        | {"ratio": short(done[engine]["figures"]["seconds_best"] / ours["figures"]["seconds_best"]), "note": NOTE}
        for engine in there
        if engine not in VARIANTS
    }
    best = min(entry["peers"], key=lambda e: float(entry["peers"][e]["seconds_best"]), default=None)
    entry["best_exact_peer"] = best
    entry["ratio_to_best_exact_peer"] = None if best is None else entry["peers"][best]["ratio"]
    entry["absent_peers"] = [engine for engine in others if engine not in there]
    return entry


def work(task: Task) -> Result:
    """Measure one engine on one task, in a process of its own."""
    name, made = str(task["task"]), events(task["rows"])
    if task["engine"] == "duckdb":
        compare(name)
        run = of_duckdb(name, made)
    else:
        engine = "numpy" if task["engine"] in VARIANTS else "auto"
        ours(name, events(WARM), engine)
        run = partial(ours, name, made, engine)
    seconds, found = timed(run)
    total = peers.checksum(peers.Found(np.sort(found).astype(np.int32), np.zeros(len(found), np.int32)))
    return {
        "found": len(found), "checksum": total, "figures": figures(seconds, task["rows"]) | {"peak_mb": peak_mb()},
    }  # fmt: skip


def ours(name: str, made: Events, engine: str) -> Longs:
    """The rows that our functions find."""
    if name == "unprovoked":
        return np.flatnonzero(stateful.unprovoked(made.time, made.side, HOUR_S, engine=engine))
    values = stateful.ungranted(made.request, made.request_key, made.grant, made.grant_key, within_s=DAY_S)
    return np.flatnonzero(values > 0)


def of_duckdb(name: str, made: Events, sql: str = "") -> Callable[[], Longs]:
    """A function that asks DuckDB, which has the arrays as tables of its own.

    Of arrays that it is only shown it does not know the number of rows, and joins them by a nested loop.
    """
    import duckdb  # noqa: PLC0415  # a peer that not every installation has
    import pyarrow as pa  # noqa: PLC0415

    link, rows = duckdb.connect(config={"threads": 1}), np.arange(len(made.time), dtype=np.int64)
    tables = {
        "events": {"row": rows, "t": made.time, "side": made.side, "other": 1 - made.side},
        "requests": {"row": rows, "t": made.request, "key": made.request_key},
        "grants": {"t": made.grant, "key": made.grant_key},
    }
    for table, columns in tables.items():
        link.register("given", pa.table(columns))
        link.execute(f"CREATE TABLE {table} AS SELECT * FROM given")
    link.execute("SET asof_loop_join_threshold = 0")
    return lambda: np.asarray(link.execute(sql or JOINS[name]).fetchnumpy()["row"], np.int64)


def compare(name: str) -> None:
    """Hold DuckDB's join against plain SQL on some rows.

    Raises:
        DisagreementError: they find other rows.
    """
    few = events(COMPARED)
    joined, plain = (np.sort(of_duckdb(name, few, sql)()) for sql in (JOINS[name], PLAIN[name]))
    if not np.array_equal(joined, plain):
        raise DisagreementError(f"stateful.{name}: DuckDB's ASOF join is not what its plain SQL says")


def _is_there(engine: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec(NEEDS.get(engine, "numpy")) is not None
