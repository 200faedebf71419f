"""shapely 2: a tree over the zones, altitude and time on the candidates, then prepared `intersects_xy` by zone."""

from __future__ import annotations

import numpy as np
import shapely

from bench.peers import Found, fitting
from bench.rows import Rows
from bench.zones import Column, Zones

NOTE = "STRtree over the zones, rows in chunks of a million; altitude and time are tried before the geometry"
CHUNK = 1_000_000


class Peer:
    """The tree and the prepared zones."""

    def load(self, rows: Rows) -> None:
        """Remember the rows."""
        self._rows = rows

    def prepare(self, zones: Zones) -> None:
        """Build the tree; prepare copies of the zones, so that no run finds them prepared."""
        self._zones = zones
        self._shapes = shapely.from_wkb(shapely.to_wkb(zones.shapes))
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)

    def run(self) -> Found:
        """Chunk by chunk."""
        parts = [self._chunk(start) for start in range(0, len(self._rows), CHUNK)]
        return Found(np.concatenate([row for row, _ in parts]), np.concatenate([zone for _, zone in parts]))

    def _chunk(self, start: int) -> tuple[Column, Column]:
        rows = self._rows.part(start, start + CHUNK)
        x, y = rows.lon_e7.astype(np.float64), rows.lat_e7.astype(np.float64)
        row, zone = self._tree.query(shapely.points(x, y))
        found = fitting(Found(row, zone), rows, self._zones)
        row, zone = found.row, found.zone
        order = np.argsort(zone, kind="stable")
        row, zone = row[order], zone[order]
        x, y = x[row], y[row]
        keep = np.zeros(len(row), bool)
        bounds = np.searchsorted(zone, np.arange(len(self._shapes) + 1))
        for number in np.flatnonzero(np.diff(bounds)):
            cut = slice(bounds[number], bounds[number + 1])
            keep[cut] = shapely.intersects_xy(self._shapes[number], x[cut], y[cut])
        return row[keep] + start, zone[keep]
