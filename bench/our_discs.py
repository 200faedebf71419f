"""Our own answer about discs: `judge`, index build included."""

from __future__ import annotations

from bench.zones import Column, Zones
from truceline.assess import join

NOTE = "geodesic, on integer coordinates"


def judge(zones: Zones, lon_e7: Column, lat_e7: Column, radius_m: Column) -> tuple[Column, Column, Column]:
    """Row, zone and value of every disc that does not surely lie outside."""
    pairs = join.Join(list(zones.shapes), rows=len(lon_e7), threads=1).judge(lon_e7, lat_e7, radius_m)
    return pairs.row, pairs.zone, pairs.value
