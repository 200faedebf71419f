"""The engines that are measured, ours and its peers: every one is asked the same question in the same way."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

import numpy as np

from bench.rows import Rows
from bench.zones import Column, Zones


@dataclass(frozen=True)
class Found:
    """The pairs an engine found: row `row[i]` lies in or on the edge of zone `zone[i]`, at its altitude and time."""

    row: Column
    zone: Column


class Engine(Protocol):
    """What is measured; `prepare` and `run` are timed together, `load` is not."""

    def load(self, rows: Rows) -> None:
        """Take the rows; only an engine that is a store may do more than remember them, and its `NOTE` says so."""

    def prepare(self, zones: Zones) -> None:
        """Take the zones and build what makes the search fast."""

    def run(self) -> Found:
        """Find all pairs: `intersects`, edges included, within the band and the span of the zone."""


@dataclass(frozen=True)
class Entry:
    """Where an engine is found.

    Attributes:
        module: the module that has the class `Peer`.
        needs: what must be importable, `module` or `module:name`.
        options: what the class is made with.
    """

    module: str
    needs: str
    options: dict[str, str]


OURS = "truceline"
ENGINES: dict[str, Entry] = {
    OURS: Entry("bench.ours", "truceline.assess.join", {}),
    "truceline-sorted": Entry("bench.ours", "truceline.assess.join:SortedRows", {"path": "sorted"}),
    "truceline-numpy": Entry("bench.ours", "truceline.assess.join", {"engine": "numpy"}),
    "sedonadb": Entry("bench.peers.sedona", "sedonadb", {}),
    "shapely": Entry("bench.peers.shapely_tree", "shapely", {}),
    "duckdb": Entry("bench.peers.duck", "duckdb_extension_spatial", {}),
    "geopandas": Entry("bench.peers.geopandas_sjoin", "geopandas", {}),
    "polars-st": Entry("bench.peers.polars_sjoin", "polars_st", {}),
    "postgis": Entry("bench.peers.postgis", "bench.peers.postgis", {}),
}
PEERS = ("sedonadb", "shapely", "duckdb", "polars-st", "geopandas")
"""The peers that need no server."""
SERVERS = ("postgis",)


def is_there(name: str) -> bool:
    """Whether an engine can be imported here."""
    module, _, attribute = ENGINES[name].needs.partition(":")
    try:
        return hasattr(import_module(module), attribute) if attribute else find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def engine(name: str) -> Engine:
    """The engine of a name, made but not yet loaded."""
    entry = ENGINES[name]
    made: Engine = import_module(entry.module).Peer(**entry.options)
    return made


def note(name: str) -> str:
    """What a reader of the figures has to know about an engine."""
    return str(getattr(import_module(ENGINES[name].module), "NOTE", ""))


def fitting(found: Found, rows: Rows, zones: Zones) -> Found:
    """The pairs whose altitude and time fit the zone: what a peer does that is slower with both in its join."""
    altitude, time = rows.altitude_m[found.row], rows.time_s[found.row]
    fits = (altitude >= zones.bands[found.zone, 0]) & (altitude <= zones.bands[found.zone, 1])
    fits &= (time >= zones.spans[found.zone, 0]) & (time < zones.spans[found.zone, 1])
    return Found(found.row[fits], found.zone[fits])


def checksum(found: Found) -> str:
    """A sum over the pairs that does not depend on their order: 16 hexadecimal digits."""
    total = np.uint64(0)
    step = 1_000_000
    with np.errstate(over="ignore"):
        for start in range(0, len(found.row), step):
            row = found.row[start : start + step].astype(np.uint64)
            mixed = row * np.uint64(0x9E3779B97F4A7C15)
            zone = found.zone[start : start + step].astype(np.uint64)
            mixed += (zone + np.uint64(1)) * np.uint64(0xC2B2AE3D27D4EB4F)
            for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
                mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
            total += (mixed ^ (mixed >> np.uint64(31))).sum(dtype=np.uint64)
    return f"{int(total):016x}"
