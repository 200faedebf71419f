"""How is one engine measured? In a process of its own, on one core, after a warm-up, best and median of a few runs.

1. `ask` starts `python -m bench.measure` with a task and waits: memory and threads of one engine touch no other.
2. The process pins itself to one core and calls `work` of the module that the task names.
3. `work` warms up, calls `timed`, and returns what it found, its seconds and its peak memory.
4. The asker compares what was found (`agree`) before it prints a single time.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS",
        "RAYON_NUM_THREADS", "TOKIO_WORKER_THREADS",
    ),
    "1",
)  # fmt: skip
LIMIT_S = 1_800
RUNS, LEAST_S, MOST_RUNS = 5, 1.0, 25
"""Every engine is run at least five times and for a second, at most 25 times."""

PATIENCE_S = 6.0
"""An engine is not run again once its runs took this long together; the number of runs is written down."""

Task = Mapping[str, Any]
Result = dict[str, Any]
Ask = Callable[[Task], Result]


class DisagreementError(Exception):
    """Two engines gave different answers: no time is worth printing."""


class EngineError(Exception):
    """An engine did not come to an end."""


def ask(task: Task) -> Result:
    """Have a task done in a process of its own.

    Args:
        task: `bench`, the module whose `work` does it, and what that asks for.

    Raises:
        EngineError: the process failed or took too long.
    """
    command = [sys.executable, "-m", "bench.measure", json.dumps(dict(task))]
    try:
        done = subprocess.run(  # noqa: S603  # this program itself, with a task of its own
            command,
            env={**os.environ, **ONE_THREAD},
            cwd=Path(__file__).parent.parent,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise EngineError(f"{_said(task)}: not done within {LIMIT_S} s") from late
    if done.returncode:
        raise EngineError(f"{_said(task)}: exit {done.returncode}\n{done.stderr.strip()[-2000:]}")
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def timed(run: Callable[[], Any], *, runs: int = RUNS, most: int = MOST_RUNS) -> tuple[list[float], Any]:
    """Run at least `runs` times; seconds of each run, and what the last one returned.

    The answer of a run is dropped before the next begins, so that the peak of memory is that of one run.
    """
    seconds: list[float] = []
    answer = None
    while len(seconds) < most and (len(seconds) < runs or sum(seconds) < LEAST_S):
        if sum(seconds) > PATIENCE_S:
            break
        answer = None
        gc.collect()
        start = time.perf_counter()
        answer = run()
        seconds.append(time.perf_counter() - start)
    return seconds, answer


def figures(seconds: list[float], rows: int) -> dict[str, Any]:
    """Rows, seconds and rows per second as they are written down."""
    best = min(seconds)
    return {
        "rows": rows,
        "runs": len(seconds),
        "seconds_best": short(best),
        "seconds_median": short(statistics.median(seconds)),
        "rows_per_second": int(short(rows / best)),
    }


def short(value: float) -> float:
    """Four figures: the others are noise."""
    return float(f"{value:.4g}")


def agree(what: str, answers: Mapping[str, tuple[int, str]]) -> None:
    """Check that all engines found the same pairs.

    Args:
        what: the benchmark, for the message.
        answers: engine to count and checksum of its pairs.

    Raises:
        DisagreementError: they did not.
    """
    if len(set(answers.values())) > 1:
        found = "; ".join(f"{name} found {count:,} pairs ({total})" for name, (count, total) in answers.items())
        raise DisagreementError(f"{what}: the engines disagree, so no time is shown: {found}")


def _said(task: Task) -> str:
    return " ".join(str(value) for value in task.values())


def _main(text: str) -> None:
    """Do one task and print its result as the last line."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    task = json.loads(text)
    print(json.dumps(import_module(f"bench.{task['bench']}").work(task)))


if __name__ == "__main__":
    _main(sys.argv[1])
