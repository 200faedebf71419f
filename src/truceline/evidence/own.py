"""What does a table of one's own hold? Observations in the common schema, as Parquet, each row checked like any other.

A table is not trusted more than a file of reports: regions, times and modes are checked, an act of force dated in the
future is refused, and the time of import replaces the one in the file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from truceline.errors import Fault, InputError, quoted
from truceline.evidence.reading import Manner, Read, RowFault, Rows, is_harm
from truceline.evidence.schema import MODES, SCHEMA, region_of
from truceline.space import KINDS, MOST_RADIUS_M, Region
from truceline.span import Span, parse_instant

_FIRST, _LAST = parse_instant("1900", "UTC"), parse_instant("2200", "UTC")


def read(data: bytes, name: str, manner: Manner) -> Read:
    """Read a Parquet table of observations.

    Args:
        data: the bytes of the file.
        name: the file's name for messages.
        manner: the time of import, and the latest moment at which an act of force may begin.

    Raises:
        InputError: not Parquet, or columns are missing or of another type.
    """
    try:
        given = pq.read_table(io.BytesIO(data))
        missing = [column for column in SCHEMA.names if column not in given.column_names]
        if missing:
            raise InputError(Fault(f"not a table of observations: missing the columns {', '.join(missing)}", name))
        table = given.select(SCHEMA.names).cast(SCHEMA)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise InputError(Fault(f"not a table of observations: {error}", name)) from None
    rows = Rows(name)
    for number, row in enumerate(table.to_pylist(), 1):
        row["line"] = row["line"] or number
        try:
            _check(row, manner)
            harm = is_harm(row["act"] or (), row["target"] or (), manner.tree)
            rows.take({**row, "known_at": manner.known_at, "protected": bool(row["protected"]) or harm})
        except RowFault as fault:
            rows.reject(number, str(row["id"] or ""), fault)
    return rows.read()


def _check(row: Mapping[str, Any], manner: Manner) -> None:
    if not row["id"]:
        raise RowFault("id", "expected an id, got nothing")
    start, end = row["start"], row["end"]
    if start is None or end is None or not _FIRST <= start < end <= _LAST:
        raise RowFault("end", "expected a time within 1900..2200 that ends after it begins")
    for what in ("actor", "target"):
        if row[f"{what}_mode"] not in (None, *MODES):
            raise RowFault(f"{what}_mode", f"expected one of {', '.join(MODES)}, got {quoted(row[f'{what}_mode'])}")
    for what in ("impact", "origin"):
        _check_region(region_of(row[what]), what)
    low, high = row["low_m"], row["high_m"]
    if low is not None and high is not None and high < low:
        raise RowFault("high_m", "expected a ceiling above the floor")
    acts = row["act"] or ()
    if (not acts or any(manner.tree.is_force(act) for act in acts)) and manner.is_ahead(Span(start, end)):
        raise RowFault("start", "an act of force dated in the future is refused")


def _check_region(region: Region, what: str) -> None:
    if region.kind not in KINDS:
        raise RowFault(what, f"expected a region of kind {', '.join(KINDS)}, got {quoted(region.kind)}")
    if region.kind in ("disc", "sector") and (region.lon_e7 is None or region.lat_e7 is None):
        raise RowFault(what, f"a {region.kind} needs a position")
    if region.lon_e7 is not None and not -1_800_000_000 <= region.lon_e7 <= 1_800_000_000:
        raise RowFault(what, "longitude out of range")
    if region.lat_e7 is not None and not -900_000_000 <= region.lat_e7 <= 900_000_000:
        raise RowFault(what, "latitude out of range")
    if not 0 <= region.radius_m <= MOST_RADIUS_M:
        raise RowFault(what, f"expected a radius of 0..{MOST_RADIUS_M} m, got {region.radius_m}")
    if region.kind == "area" and not region.areas:
        raise RowFault(what, "an area needs the code of a unit")
    if region.kind in ("line", "hull") and (len(region.points_e7) < 4 or len(region.points_e7) % 2):
        raise RowFault(what, f"a {region.kind} needs at least two points")
    if region.kind == "sector" and not 0 <= region.near_m < region.far_m <= MOST_RADIUS_M:
        raise RowFault(what, "a sector needs an outer range beyond its inner one")
    if not all(-360 <= bearing <= 720 for bearing in (region.from_deg, region.to_deg)):
        raise RowFault(what, "expected bearings of -360..720 degrees")
