"""DuckDB with its spatial extension: the spatial join alone first, altitude and time afterwards.

With altitude or time in the join condition, or in a filter that the optimizer moves into it, DuckDB drops its spatial
join for a nested loop, even if they are asked of a materialized table expression; so they are asked of the pairs.
"""

from __future__ import annotations

import duckdb
from duckdb_extensions import import_extension

from bench.peers import Found, fitting
from bench.rows import Rows
from bench.zones import Zones

NOTE = "one thread; its spatial join, then altitude and time on the pairs"
QUERY = "SELECT r.row, z.zone FROM observed AS r JOIN zones AS z ON ST_Intersects(z.g, ST_Point(r.x, r.y))"


class Peer:
    """One connection in memory with one thread."""

    def __init__(self) -> None:
        """Connect and load the extension that the package brings, without the network."""
        self._link = duckdb.connect(config={"threads": 1})
        import_extension("spatial", con=self._link)
        self._link.load_extension("spatial")
        self._is_planned = False

    def load(self, rows: Rows) -> None:
        """Show the rows to the connection; nothing is copied."""
        self._rows = rows
        self._link.register("observed", rows.arrow())

    def prepare(self, zones: Zones) -> None:
        """Take the zones in; the index is built inside the join."""
        self._zones = zones
        self._link.register("given", zones.arrow())
        self._link.execute("CREATE OR REPLACE TABLE zones AS SELECT zone, ST_GeomFromWKB(wkb) AS g FROM given")

    def run(self) -> Found:
        """Run the join, then filter its pairs."""
        if not self._is_planned:
            plan = self._link.execute(f"EXPLAIN {QUERY}").fetchall()[0][1]
            assert "SPATIAL_JOIN" in plan, "DuckDB does not use its spatial join"
            self._is_planned = True
        answer = self._link.execute(QUERY).fetchnumpy()
        return fitting(Found(answer["row"], answer["zone"]), self._rows, self._zones)
