"""Our own join, asked as every peer is: directly, over the cell-sorted store, or without the compiler."""

from __future__ import annotations

from typing import Any

from bench.peers import Found
from bench.rows import Rows
from bench.zones import Zones
from truceline.assess import join

NOTE = "integer coordinates as they come; `truceline-sorted` loads its cell-sorted store before the clock starts"


class Peer:
    """The join of `truceline.assess.join`, index build included."""

    def __init__(self, path: str = "direct", engine: str = "auto") -> None:
        """Take the path, `direct` or `sorted`, and the engine of the join."""
        self._path, self._engine = path, engine
        self._rows: Rows | None = None
        self._store: Any = None
        self._join: Any = None

    def load(self, rows: Rows) -> None:
        """Remember the rows; on the path `sorted` bring them into the order of their cells."""
        self._rows = rows
        if self._path == "sorted":
            self._store = join.SortedRows(rows.lon_e7, rows.lat_e7, rows.altitude_m, rows.time_s)

    def prepare(self, zones: Zones) -> None:
        """Build the index of the zones."""
        assert self._rows is not None
        self._join = join.Join(
            list(zones.shapes),
            bands=zones.bands,
            spans=zones.spans,
            rows=len(self._rows),
            engine=self._engine,
            threads=1,
        )

    def run(self) -> Found:
        """Locate every row."""
        assert self._rows is not None
        rows = self._rows
        if self._path == "sorted":
            pairs = self._join.locate_sorted(self._store)
        else:
            pairs = self._join.locate(rows.lon_e7, rows.lat_e7, rows.altitude_m, rows.time_s)
        return Found(pairs.row, pairs.zone)
