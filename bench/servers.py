"""PostGIS, the peer that needs a server: a private cluster in a folder of its own, no port, ended with the benchmark.

`make bench-servers` installs it from Debian (`postgresql-15-postgis-3`); where it is absent, it is skipped by name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench import peers, place
from bench.measure import Ask, Result
from bench.peers import postgis


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """The place benchmark for each set, with PostGIS as the peer."""
    del mode
    return {f"place.{name}": partial(bench, name, rows=rows // FEWER.get(name, 1), ask=ask) for name in place.SETS}


FEWER = {"irregular": 10, "circles": 10, "huge": 10}
"""How many times fewer rows PostGIS is given, so that all three sets take minutes."""


def bench(name: str, *, rows: int, ask: Ask) -> Result:
    """Measure one set, or say why not."""
    absent = postgis.absent()
    if absent:
        return {"skipped": absent}
    return place.bench(name, rows=rows, ask=ask, others=["postgis"], variants=[peers.OURS + "-sorted"])
