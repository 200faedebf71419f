"""Which benchmarks are run, and where is the result?

    python -m bench quick     a million rows, minutes; writes bench/results/quick.json
    python -m bench all       ten million rows and the curves; everything that needs no server; bench/results/all.json
    python -m bench servers   PostGIS in a private cluster of its own; bench/results/servers.json
    python -m bench service   what a service takes and how soon it answers; bench/results/service.json
    python -m bench notices   notices against names, borders and one another; tracks against zones; results/notices.json
    python -m bench real      real reports, fires, aircraft and zones, counted and drawn; bench/results/real.json
    python -m bench report    the table of docs/why/performance.md and its pictures, from the results

`--only NAME` runs the benchmarks whose names begin so and keeps the others' results. Exit 1: engines disagree, no time
of that benchmark is shown.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import report
from bench.machine import machine
from bench.measure import Ask, DisagreementError, EngineError, Result, ask

RESULTS = Path(__file__).parent / "results"
ROWS = {"quick": 1_000_000, "all": 10_000_000, "servers": 10_000_000, "service": 0, "notices": 0, "real": 0}
MODULES = {
    "quick": ("place", "discs", "whatif", "stream", "assess", "outofcore", "scale", "terms", "stateful", "record"),
    "all": ("place", "discs", "whatif", "stream", "assess", "outofcore", "scale", "terms", "stateful", "record"),
    "servers": ("servers",),
    "service": ("service",),
    "notices": ("notices", "tracks"),
    "real": ("real", "names", "reading"),
}
"""A module of a benchmark has `benches(mode, rows, ask)`: its names and what measures each."""

Bench = Callable[[], Result]


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Bench]:
    """All benchmarks of a mode, by name."""
    found: dict[str, Bench] = {}
    for name in MODULES[mode]:
        found |= importlib.import_module(f"bench.{name}").benches(mode, rows=rows, ask=ask)
    return found


def run(mode: str, *, folder: Path, ask: Ask = ask, only: str = "", rows: int = 0) -> int:
    """Run the benchmarks of a mode; show and write what was measured.

    Args:
        mode: one of `ROWS`.
        folder: where the results are written.
        ask: what has a task done.
        only: how the names of the wanted benchmarks begin.
        rows: how many rows, 0 = as many as the mode says.

    Returns:
        0, or 1 when engines disagree or one of them failed.
    """
    path = folder / f"{mode}.json"
    results: Result = json.loads(path.read_text(encoding="utf-8")) if only and path.exists() else {}
    results |= {"machine": machine(), "mode": mode}
    for name, bench in benches(mode, rows=rows or ROWS[mode], ask=ask).items():
        if not name.startswith(only):
            continue
        print(name, flush=True)
        start = time.perf_counter()
        try:
            results[name] = bench()
        except (DisagreementError, EngineError) as fault:
            print(f"{fault}", file=sys.stderr, flush=True)
            return 1
        print("\n".join(report.lines(name, results[name])))
        print(f"  done in {time.perf_counter() - start:.0f} s", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="the benchmarks, beside their peers")
    parser.add_argument("mode", choices=[*MODULES, "report"], nargs="?", default="quick")
    parser.add_argument("--only", default="", metavar="NAME", help="only benchmarks whose names begin so")
    parser.add_argument("--rows", default=0, type=int, metavar="N", help="as many rows, for a trial")
    parser.add_argument("--results", default=RESULTS, type=Path, metavar="FOLDER", help="where the results are written")
    asked = parser.parse_args()
    if asked.mode == "report":
        report.write(asked.results)
        return 0
    return run(asked.mode, folder=asked.results, only=asked.only, rows=asked.rows)


if __name__ == "__main__":
    sys.exit(main())
