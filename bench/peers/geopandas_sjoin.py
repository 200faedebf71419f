"""geopandas: `sjoin`, then altitude and time on its pairs."""

from __future__ import annotations

import geopandas
import numpy as np

from bench.peers import Found, fitting
from bench.rows import Rows
from bench.zones import Zones

NOTE = "sjoin with `intersects`, then altitude and time on the pairs"


class Peer:
    """Two frames and `sjoin`."""

    def load(self, rows: Rows) -> None:
        """Remember the rows."""
        self._rows = rows

    def prepare(self, zones: Zones) -> None:
        """Make the frame of the zones; `sjoin` builds its index itself."""
        self._zones = zones
        self._frame = geopandas.GeoDataFrame(geometry=list(zones.shapes))

    def run(self) -> Found:
        """Join, then filter."""
        rows = self._rows
        places = geopandas.points_from_xy(rows.lon_e7.astype(np.float64), rows.lat_e7.astype(np.float64))
        pairs = geopandas.GeoDataFrame(geometry=places).sjoin(self._frame, how="inner", predicate="intersects")
        row, zone = pairs.index.to_numpy(), pairs["index_right"].to_numpy()
        return fitting(Found(row, zone), self._rows, self._zones)
