"""Was a notified route kept? For `notify road`: reads a route and the places heard of a convoy, asks `notices.roads`.

A route is GeoJSON: each line is a segment, with the properties `id`, `from`, `until` and `within_m`. The answer names
segments and times, and rows by their number; it repeats no position.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from truceline import LAW
from truceline.atlas import Atlas, Feature, read_features
from truceline.canon import sha256
from truceline.desk.files import ALIAS_TABLES, detect, open_mapping, read_bytes, shipped
from truceline.errors import Fault, InputError, quoted, raise_all
from truceline.evidence import readers
from truceline.evidence.aliases import read_aliases
from truceline.evidence.places import Placer
from truceline.evidence.reading import Manner
from truceline.evidence.schema import SCHEMA
from truceline.notices.roads import MOST_WIDTH_M, Segment, check_route, followed
from truceline.precision import Precision
from truceline.span import parse_instant, utc_text

WIDTH_M = 100
"""So far to either side of its line a segment reaches where it does not say."""

Row = dict[str, Any]


def road_answer(
    route: Path, places: Sequence[Path], *, mapping: Path | None = None, tz: str = "UTC", gap_s: int = 900
) -> Row:
    """Hold the places heard of a convoy against its route.

    Args:
        route: GeoJSON of lines.
        places: files of evidence; only rows with a place and an exact second count.
        mapping: which column means what, for tables that have no format of their own.
        tz: zone of times without an offset.
        gap_s: places further apart have a gap between them, seconds.

    Returns:
        The answer of `truceline notify road --json`; its schema is in `docs/reference/json`.

    Raises:
        InputError: a file is refused; the message has file, line and field and repeats no position.
    """
    if not 1 <= gap_s <= 86_400:
        raise InputError(f"`--gap-s`: expected 1..86400 seconds, got {quoted(gap_s)}")
    data = read_bytes(route)
    segments = read_route(data, route.name, tz)
    table = pa.concat_tables([SCHEMA.empty_table(), *(_read(path, mapping, tz) for path in places)])
    at, lon, lat, radius = heard(table)
    found = followed(segments, at, lon, lat, radius, gap_s=gap_s)
    return {
        "route": {"file": route.name, "sha256": sha256(data)}, "places": len(at), "gap_s": gap_s,
        "segments": [
            {
                "segment": one.id, "from": utc_text(one.start), "until": utc_text(one.end), "within_m": one.within_m,
                "state": kept.state, "first": _time(kept.first), "last": _time(kept.last), "late": kept.late,
            }
            for one, kept in zip(segments, found.segments, strict=True)
        ],
        "deviations": [
            {"at": utc_text(int(at[row])), "value": value}
            for row, value in zip(found.deviations, found.values, strict=True)
        ],
        "gaps": [{"after": utc_text(a), "until": utc_text(b)} for a, b in found.gaps], "law": LAW,
    }  # fmt: skip


def read_route(data: bytes, name: str, tz: str) -> list[Segment]:
    """Read a route.

    Raises:
        InputError: every fault of the file, with the number of the segment and its field.
    """
    features, faults, found = read_features(data, name), [], []
    for number, one in enumerate(features, 1):
        try:
            found.append(_segment(one, number, tz))
        except InputError as error:
            faults += [Fault(fault.message, name, number, fault.field) for fault in error.faults]
    raise_all(faults, InputError)
    check_route(found, name)
    return found


def _segment(one: Feature, number: int, tz: str) -> Segment:

    if one.geometry is None or shapely.get_type_id(one.geometry) != 1:
        raise InputError(Fault("expected a line", field="geometry"))
    wide = one.properties.get("within_m", WIDTH_M)
    if not isinstance(wide, int) or isinstance(wide, bool) or not 1 <= wide <= MOST_WIDTH_M:
        raise InputError(Fault(f"expected whole metres 1..{MOST_WIDTH_M}, got {quoted(wide)}", field="within_m"))
    hours = []
    for field in ("from", "until"):
        try:
            hours.append(parse_instant(str(one.properties.get(field) or ""), tz))
        except InputError as error:
            raise InputError(Fault(error.faults[0].message, field=field)) from None
    points = tuple((float(x), float(y)) for x, y in shapely.get_coordinates(one.geometry))
    return Segment(str(one.properties.get("id") or f"segment-{number}"), points, wide, hours[0], hours[1])


def _read(path: Path, mapping: Path | None, tz: str) -> pa.Table:
    own: Mapping[str, Any] = open_mapping(mapping) or {}
    kind = detect(path, has_mapping=bool(own))
    if kind not in readers.READERS:
        raise InputError(Fault(f"expected places with their time, got {quoted(kind)}", path.name, 1))
    files, now = shipped(), int(time.time())
    aliases = read_aliases({one: files[f"{one}.csv"] for one in ALIAS_TABLES})
    manner = Manner(tz, Precision(), aliases, Placer(Atlas(), Precision()), now, now, mapping=own)
    with path.open("rb") as file:
        read = readers.read(kind, file, path.name, manner)
    if not read.table.num_rows:
        raise InputError(Fault("holds no place with its time", path.name))
    return read.table.cast(SCHEMA)


def heard(table: pa.Table) -> tuple[Any, Any, Any, Any]:
    """The rows that are discs and true for one minute at the most: second, longitude, latitude, radius; by time."""
    place = table.column("impact").combine_chunks()
    if isinstance(place, pa.ChunkedArray):
        place = pa.concat_arrays(place.chunks) if place.num_chunks else pa.array([], place.type)
    parts = [np.asarray(pc.fill_null(pc.struct_field(place, n), 0), np.int64) for n in ("lon_e7", "lat_e7", "radius_m")]
    start, end = (np.asarray(table.column(name), np.int64) for name in ("start", "end"))
    is_disc = np.asarray(pc.fill_null(pc.equal(pc.struct_field(place, "kind"), "disc"), False))
    rows = np.flatnonzero(is_disc & (end - start <= 60))
    rows = rows[np.argsort(start[rows], kind="stable")]
    return start[rows], parts[0][rows], parts[1][rows], parts[2][rows]


def _time(second: int | None) -> str | None:
    return None if second is None else utc_text(second)
