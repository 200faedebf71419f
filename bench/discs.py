"""Discs of mixed radius x zones, three-valued: how fast, beside shapely, and are the answers those of the ellipsoid?

The peer works on a plane (`bench/peers/shapely_discs.py`), so near the limit its answer may differ from ours, which
is geodesic. Every difference is measured with pyproj on the ellipsoid: further than 1 m and the error of the plane from
the limit there must be none, and if there is one, no time is shown.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import geodesic
from bench.machine import peak_mb
from bench.measure import Ask, DisagreementError, Result, Task, figures, short, timed
from bench.rows import observations, radii
from bench.zones import Column, zones

VARIANTS = ("mixed", "continuous")
SET = "irregular"
WARM = 20_000
ENGINES = {"truceline": "bench.our_discs", "shapely": "bench.peers.shapely_discs"}
OUTSIDE = -1

Longs = npt.NDArray[np.int64]
Answers = Mapping[str, Column]


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """One benchmark for each way in which radii are drawn."""
    del mode
    return {f"disc.{variant}": partial(bench, variant, rows=rows, ask=ask) for variant in VARIANTS}


def bench(variant: str, *, rows: int, ask: Ask) -> Result:
    """Measure discs of one kind of radii.

    Raises:
        DisagreementError: an answer of ours or of the peer is wrong beyond what its plane explains.
    """
    done: dict[str, Result] = {}
    with tempfile.TemporaryDirectory() as room:
        for number, engine in enumerate(ENGINES, 1):
            print(f"  {number} of {len(ENGINES)}  disc.{variant}: {engine}, {rows:,} rows", flush=True)
            kept = str(Path(room) / f"{engine}.npz")
            done[engine] = ask({"bench": "discs", "radii": variant, "engine": engine, "rows": rows, "kept": kept})
            done[engine]["kept"] = kept
        print("  comparing the answers", flush=True)
        compared = compare(variant, rows, done["truceline"]["kept"], done["shapely"]["kept"])
    if compared["wrong"]:
        raise DisagreementError(
            f"disc.{variant}: {compared['wrong']:,} of {compared['different']:,} differences lie further from the "
            f"limit than {geodesic.WORDS}, so no time is shown"
        )
    ours, peer = done["truceline"]["figures"], done["shapely"]["figures"]
    ratio = short(peer["seconds_best"] / ours["seconds_best"])
    return {
        "rows": rows,
        "zones": done["truceline"]["zones"],
        "pairs": done["truceline"]["pairs"],
        "ours": ours,
        "peers": {"shapely": peer | {"note": done["shapely"]["note"], "ratio": ratio}},
        "compared": compared,
        "best_exact_peer": "shapely",
        "ratio_to_best_exact_peer": ratio,
    }


def compare(variant: str, rows: int, mine: str, theirs: str) -> dict[str, Any]:
    """How many answers differ, and how many of those differ where the limit is far away.

    Args:
        variant: how the radii were drawn.
        rows: how many there are.
        mine: file of our answers.
        theirs: file of the peer's.
    """
    row, zone, differs = _different(np.load(mine), np.load(theirs))
    points, discs = observations(rows, zones(SET)), radii(rows, variant)
    far = geodesic.is_far(
        zones(SET).shapes, zone=zone, lon_e7=points.lon_e7[row], lat_e7=points.lat_e7[row], radius_m=discs[row]
    )
    return {"answers": differs, "different": len(row), "wrong": int(far.sum())}


def _different(mine: Answers, theirs: Answers) -> tuple[Longs, Longs, int]:
    """Row and zone of every pair with two answers, and how many pairs have an answer other than outside."""
    keys, values = [], []
    for found in (mine, theirs):
        key = found["row"].astype(np.int64) << 32 | found["zone"].astype(np.int64)
        order = np.argsort(key)
        keys.append(key[order])
        values.append(found["value"][order])
    every = np.union1d(keys[0], keys[1])
    said = []
    for key, value in zip(keys, values, strict=True):
        at = np.minimum(np.searchsorted(key, every), max(len(key) - 1, 0))
        said.append(np.where(key[at] == every, value[at], OUTSIDE))
    other = every[said[0] != said[1]]
    return other >> 32, other & 0xFFFFFFFF, len(every)


def work(task: Task) -> Result:
    """Measure one engine, in a process of its own; its answers are left in a file."""
    area = zones(SET)
    points, discs = observations(task["rows"], area), radii(task["rows"], task["radii"])
    module = import_module(ENGINES[task["engine"]])
    warm = slice(0, WARM)
    module.judge(area, points.lon_e7[warm], points.lat_e7[warm], discs[warm])
    seconds, found = timed(lambda: module.judge(area, points.lon_e7, points.lat_e7, discs))
    peak = peak_mb()
    row, zone, value = found
    np.savez(task["kept"], row=row, zone=zone, value=value)
    return {
        "zones": len(area.shapes),
        "pairs": len(row),
        "figures": figures(seconds, len(points)) | {"peak_mb": peak},
        "note": module.NOTE,
    }
