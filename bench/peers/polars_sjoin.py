"""polars-st: `sjoin`, then altitude and time on its pairs."""

from __future__ import annotations

import polars as pl
import polars_st as st
import shapely

from bench.peers import Found
from bench.rows import Rows
from bench.zones import Zones

NOTE = "one thread; sjoin with `intersects`, then altitude and time on the pairs"


class Peer:
    """Two frames and `sjoin`."""

    def load(self, rows: Rows) -> None:
        """Remember the rows."""
        self._rows = rows

    def prepare(self, zones: Zones) -> None:
        """Make the frame of the zones; `sjoin` builds its index itself."""
        wkb = pl.Series("wkb", shapely.to_wkb(zones.shapes).tolist(), dtype=pl.Binary)
        columns = {
            "low_m": zones.bands[:, 0], "high_m": zones.bands[:, 1],
            "start_s": zones.spans[:, 0], "end_s": zones.spans[:, 1],
        }  # fmt: skip
        frame = pl.DataFrame({"wkb": wkb, **columns}).with_row_index("zone")
        self._frame = frame.select("zone", *columns, st.from_wkb("wkb").alias("geometry"))

    def run(self) -> Found:
        """Join, then filter."""
        rows = self._rows
        frame = pl.DataFrame({
            "x": rows.lon_e7, "y": rows.lat_e7, "altitude_m": rows.altitude_m, "time_s": rows.time_s,
        }).with_row_index("row")  # fmt: skip
        place = pl.concat_arr(pl.col("x").cast(pl.Float64), pl.col("y").cast(pl.Float64))
        frame = frame.select("row", "altitude_m", "time_s", st.point(place).alias("geometry"))
        pairs = st.st(frame).sjoin(self._frame, how="inner", predicate="intersects").filter(
            pl.col("altitude_m").is_between("low_m", "high_m"),
            pl.col("time_s") >= pl.col("start_s"),
            pl.col("time_s") < pl.col("end_s"),
        )  # fmt: skip
        return Found(pairs["row"].to_numpy(), pairs["zone"].to_numpy())
