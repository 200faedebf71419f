"""One zone is moved: how long until the pairs are right again? Equal to a full recompute, or no time is shown.

Rows are kept in their store: ours in the order of cells, the peer's in a tree of points; both are made before the clock
starts. The clock covers one move: the new index of the zone, its rows, and the new list of pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import shapely
from shapely import affinity

from bench import peers
from bench.machine import peak_mb
from bench.measure import Ask, DisagreementError, Result, Task, agree, short, timed
from bench.rows import Rows, observations
from bench.zones import SEED, UNIT, Column, Zones, zones
from truceline.assess import join

SET = "irregular"
SIZES = {"quick": {"350k": 350_000}, "all": {"350k": 350_000, "10m": 10_000_000}}
MOVES = 100
ENGINES = ("truceline", "shapely")
CHECKED = 5
"""How many of the moves are compared with a full recompute by the process itself; all are compared between engines."""


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """One benchmark for each size; a trial with fewer rows has fewer rows here too."""
    return {f"whatif.{name}": partial(bench, name, rows=min(size, rows), ask=ask) for name, size in SIZES[mode].items()}


def bench(name: str, *, rows: int, ask: Ask) -> Result:
    """Measure moves of one zone.

    Raises:
        DisagreementError: the pairs after a move are not those of a full recompute, or not the peer's.
    """
    if not peers.is_there("truceline-sorted"):
        return {"skipped": "there is no cell-sorted store yet"}
    raced = against_shapely(
        {"bench": "whatif", "rows": rows}, f"whatif.{name}", f"{rows:,} rows, {MOVES} moves", ask=ask,
        figure="seconds_median", note="a tree over the rows, asked for the moved zone",
    )  # fmt: skip
    return {"rows": rows, "moves": MOVES, **raced}


def against_shapely(task: Task, name: str, size: str, *, ask: Ask, figure: str, note: str) -> Result:
    """Measure us and the peer on one task, each in a process of its own.

    Args:
        task: what both do, but for the engine.
        name: of the benchmark.
        size: of the task, for the line that is printed before each engine.
        ask: hands a task to a process.
        figure: which of the figures the ratio is of.
        note: how the peer is used.

    Raises:
        DisagreementError: we did not find the pairs that the peer finds.
    """
    done = {}
    for number, engine in enumerate(ENGINES, 1):
        print(f"  {number} of {len(ENGINES)}  {name}: {engine}, {size}", flush=True)
        done[engine] = ask({**task, "engine": engine})
    agree(name, {engine: (one["pairs"], one["checksum"]) for engine, one in done.items()})
    ours, peer = done["truceline"]["figures"], done["shapely"]["figures"]
    ratio = short(peer[figure] / ours[figure])
    return {
        "ours": ours,
        "peers": {"shapely": peer | {"ratio": ratio, "note": note}},
        "best_exact_peer": "shapely",
        "ratio_to_best_exact_peer": ratio,
    }


def work(task: Task) -> Result:
    """Measure one engine, in a process of its own."""
    area = zones(SET)
    rows = observations(task["rows"], area)
    replay = _ours(rows) if task["engine"] == "truceline" else _peer(rows)
    whole = peers.engine(task["engine"])
    whole.load(rows)
    whole.prepare(area)
    before = whole.run()
    found, seconds, pairs, total = before, [], 0, 0
    for number, (zone, moved) in enumerate(_moves(area)):
        took, found = timed(partial(_replaced, before, zone, moved, replay), runs=1, most=2 if number == 0 else 1)
        seconds += took[-1:]
        pairs, total = pairs + len(found.row), total + int(peers.checksum(found), 16)
        if number < CHECKED:
            whole.prepare(_with(area, zone, moved))
            again = whole.run()
            if (len(again.row), peers.checksum(again)) != (len(found.row), peers.checksum(found)):
                raise DisagreementError(f"{task['engine']}: move {number} of zone {zone} is not the full recompute")
    best, median, late = (short(float(np.quantile(seconds, at))) for at in (0, 0.5, 0.99))
    speed = {"seconds_best": best, "seconds_median": median, "seconds_p99": late, "runs": len(seconds)}
    return {
        "pairs": pairs,
        "checksum": f"{total % 2**64:016x}",
        "figures": speed | {"rows": len(rows), "peak_mb": peak_mb()},
    }


def _moves(area: Zones) -> Iterator[tuple[int, Zones]]:
    """Zone and the set of it alone, moved by up to 20 km."""
    rng = np.random.default_rng([SEED, 4])
    for _ in range(MOVES):
        zone = int(rng.integers(len(area.shapes)))
        shape = affinity.translate(area.shapes[zone], *map(int, rng.integers(-UNIT // 5, UNIT // 5, 2)))
        alone = slice(zone, zone + 1)
        yield zone, Zones("moved", np.array([shape], dtype=object), area.bands[alone], area.spans[alone])


def _with(area: Zones, zone: int, moved: Zones) -> Zones:
    shapes = area.shapes.copy()
    shapes[zone] = moved.shapes[0]
    return Zones(area.name, shapes, area.bands, area.spans)


def _replaced(before: peers.Found, zone: int, moved: Zones, replay: Callable[[Zones], Column]) -> peers.Found:
    """All pairs after the move: those of the zone are new, the others stay."""
    row = replay(moved)
    stay = before.zone != zone
    new = np.full(len(row), zone, before.zone.dtype)
    return peers.Found(np.concatenate([before.row[stay], row]), np.concatenate([before.zone[stay], new]))


def _ours(rows: Rows) -> Callable[[Zones], Column]:
    store = join.SortedRows(rows.lon_e7, rows.lat_e7, rows.altitude_m, rows.time_s)

    def replay(moved: Zones) -> Column:
        return (
            join.Join(list(moved.shapes), bands=moved.bands, spans=moved.spans, rows=len(rows)).locate_sorted(store).row
        )

    return replay


def _peer(rows: Rows) -> Callable[[Zones], Column]:
    tree = shapely.STRtree(np.asarray(shapely.points(rows.lon_e7.astype(float), rows.lat_e7.astype(float))))

    def replay(moved: Zones) -> Column:
        row = tree.query(moved.shapes[0], predicate="intersects")
        return peers.fitting(peers.Found(row, np.zeros(len(row), np.int64)), rows, moved).row

    return replay
