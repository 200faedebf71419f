"""A whole assessment, 24 terms x 200 zones: place, time, actor, act, exceptions. How many observations a second?

The place is kept for it: `work` measures one engine in a process of its own, as `bench/place.py` does.
"""

from __future__ import annotations

from collections.abc import Callable

from bench.measure import Ask, Result


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """One benchmark, the same in every mode."""
    del mode, rows, ask
    return {"assess.24x200": lambda: {"skipped": "the whole assessment is not measured yet"}}
