"""SedonaDB: its spatial join, one partition, altitude and time in the join condition, where it filters best."""

from __future__ import annotations

import pyarrow as pa
import sedonadb

from bench.peers import Found
from bench.rows import Rows
from bench.zones import Zones

NOTE = "one partition; altitude and time as a filter of the spatial join"
QUERY = """
SELECT r.row, z.zone
FROM (SELECT row, altitude_m, time_s, ST_Point(x, y) AS g FROM observed) AS r
JOIN (SELECT zone, low_m, high_m, start_s, end_s, ST_GeomFromWKB(wkb) AS g FROM zones) AS z
  ON ST_Intersects(z.g, r.g)
 AND r.altitude_m >= z.low_m AND r.altitude_m <= z.high_m AND r.time_s >= z.start_s AND r.time_s < z.end_s
"""


class Peer:
    """One context with one partition."""

    def __init__(self) -> None:
        """Connect; the settings are those of one thread."""
        self._context = sedonadb.connect()
        pa.table(self._context.sql("SET datafusion.execution.target_partitions = 1"))

    def load(self, rows: Rows) -> None:
        """Show the rows to the context; nothing is copied."""
        self._context.create_data_frame(rows.arrow()).to_view("observed", overwrite=True)

    def prepare(self, zones: Zones) -> None:
        """Show the zones to the context; the index is built inside the join."""
        self._context.create_data_frame(zones.arrow()).to_view("zones", overwrite=True)

    def run(self) -> Found:
        """Run the join and take its pairs."""
        answer = pa.table(self._context.sql(QUERY))
        return Found(answer["row"].to_numpy(), answer["zone"].to_numpy())
