"""Two releases of one data set: what appeared, vanished, moved, was recoded, and whose deaths changed?

Rows are the same by their id. The steps of `compare`, repeated at their lines:

1. A row that only the old release has vanished; one that only the new one has appeared. One that a reader rejected in
   the other release did neither: it is listed apart, with the reason.
2. A row moved when its coded point lies a metre or more from where it lay; whether the region it is judged by changed
   too is said beside the distance, because the point of a district is a stand-in.
3. Every other field that differs was recoded, but for the deaths, which are counted apart. Columns of the source that
   no observation has (`deaths_a`, `adm_2`) are compared beside them where both releases have them; upper and lower case
   are one there. Of free text it is told that it differs, and no word of it.
4. A row of both releases is asked for when its old or its new interval starts within the bounds. A row belongs to the
   civil year in which its old interval starts (a row that appeared: its new one). UCDP rows that span a year start on
   1 January: this is a year, never a day.

Nothing says which release is right, and positions are never repeated: a distance and the words of the source are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyproj import Geod

from truceline.evidence.reading import Read
from truceline.evidence.schema import SCHEMA
from truceline.space import BAND_M, UNITS_PER_DEGREE
from truceline.span import FAR_AHEAD, LONG_AGO, civil_day, day_span

FIELDS: Mapping[str, tuple[str, ...]] = {
    "kind": ("kind",), "time": ("start", "end", "lasts"), "time_precision": ("time_precision",),
    "place": ("place_text",), "place_precision": ("place_precision",), "region": ("impact",), "origin": ("origin",),
    "altitude": ("low_m", "high_m"), "actor": ("actor_text", "actor", "actor_mode"),
    "target": ("target_text", "target", "target_mode"), "direction": ("unordered",), "act": ("act_text", "act"),
    "weapon": ("weapon",), "callsign": ("callsign",), "count": ("count_low", "count_high", "count_unit"),
    "killed_low": ("killed_low",), "killed_best": ("killed_best",), "killed_high": ("killed_high",),
    "civilians_killed": ("civilians_killed",), "protected": ("protected",), "told_by": ("asserted_by", "chain"),
    "publisher": ("publisher", "url"), "grade": ("grade",), "negative": ("negative",), "coverage": ("coverage",),
    "access": ("access_denied", "impediment"), "sensor": ("sensor",), "language": ("language",),
    "published": ("published",), "original": ("original",), "note": ("note",),
}  # fmt: skip
"""What is compared, in the order in which it is told, and the columns that it is compared by."""

DEATHS = ("killed_low", "killed_best", "killed_high", "civilians_killed")
APART = ("id", "source", "source_id", "source_version", "licence", "may_export", "line", "time_text", "tz",
         "actor_umbrella", "target_umbrella", "reporter_withheld", "known_at")  # fmt: skip
"""Columns that are not compared: they say of which release and file a row is, or follow from others."""

MORE_DEATHS = ("deaths_a", "deaths_b", "deaths_unknown")
"""Further columns of a source that tell of people killed."""

KINDS = ("moved", "recoded", "deaths")
_POINT = ("lon_e7", "lat_e7")
_APART = "\x1f"

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Row = dict[str, Any]


@dataclass(frozen=True)
class Changes:
    """What differs between two releases.

    Attributes:
        vanished: rows that only the old release has.
        appeared: rows that only the new release has.
        refused: rows of one release that the reader rejected in the other, each with the reason.
        changed: rows of both that differ: distance, fields with the old and the new words.
        same: how many rows of both do not differ.
        years: counts for each civil year.
        fields: how many rows differ in each field, in the order of `FIELDS`.
    """

    vanished: Sequence[Row]
    appeared: Sequence[Row]
    refused: Sequence[Row]
    changed: Sequence[Row]
    same: int
    years: Sequence[Row]
    fields: Sequence[Row]


def compare(
    old: Read, new: Read, tz: str, since: int = LONG_AGO, until: int = FAR_AHEAD,
    *, more: tuple[pa.Table, pa.Table] | None = None, silent: Collection[str] = (),
) -> Changes:  # fmt: skip
    """Compare two releases, row by row, by their ids.

    Args:
        old: the earlier release, as its reader gives it.
        new: the later one.
        tz: zone of civil days and years.
        since: only rows that start from this second (UTC) on, in either release.
        until: only rows that start before it, in either release.
        more: of each release, `id` and further columns of texts; None = there are none.
        silent: those of them of which nothing is repeated.
    """
    before, after = _asked(old.table, new.table, since, until), new.table
    common = pc.index_in(before.column("id"), value_set=after.column("id").combine_chunks())
    is_common = np.asarray(pc.is_valid(common))
    gone = before.filter(pa.array(~is_common))
    come = after.filter(pc.invert(pc.is_in(after.column("id"), value_set=old.table.column("id").combine_chunks())))
    come = _within(come, since, until)
    vanished, lost = _apart(gone, new.rejected, "new", tz)  # 1
    appeared, gained = _apart(come, old.rejected, "old", tz)
    one, other = before.filter(pa.array(is_common)), after.take(common.drop_null())
    if more is not None:
        one, other = _beside(one, more[0]), _beside(other, more[1])
    changed = _changed(one, other, tz, silent)
    return Changes(
        vanished, appeared, [*lost, *gained], changed, one.num_rows - len(changed),
        _years(before, appeared, vanished, changed, tz), _fields(changed),
    )  # fmt: skip


def _asked(old: pa.Table, new: pa.Table, since: int, until: int) -> pa.Table:
    """The old rows that start within the bounds, or whose new ones do."""  # 4
    here = _within(new, since, until).column("id").combine_chunks()
    start = old.column("start")
    is_within = pc.and_(pc.greater_equal(start, since), pc.less(start, until))
    return old.filter(pc.or_(is_within, pc.is_in(old.column("id"), value_set=here)))


def _within(table: pa.Table, since: int, until: int) -> pa.Table:
    start = table.column("start")
    return table.filter(pc.and_(pc.greater_equal(start, since), pc.less(start, until)))


def _apart(rows: pa.Table, rejected: pa.Table, where: str, tz: str) -> tuple[list[Row], list[Row]]:
    """Rows that the other release does not have, and those of them that its reader rejected."""
    reasons = {row["id"]: row for row in rejected.to_pylist() if row["id"]}
    missing, refused = [], []
    for row in rows.to_pylist():
        told = _told(row, tz)
        found = reasons.get(row["id"])
        if found is None:
            missing.append(told)
        else:
            refused.append(
                {
                    **told,
                    "in": where,
                    "rejected_line": found["line"],
                    "field": found["field"],
                    "reason": found["reason"],
                }
            )
    return missing, refused


def _told(row: Mapping[str, Any], tz: str) -> Row:
    """A row by name: enough to find it, and no position."""
    return {
        "id": row["id"], "line": row["line"], "first_day": civil_day(row["start"], tz).isoformat(),
        "last_day": civil_day(row["end"] - 1, tz).isoformat(), "place": row["place_text"],
        "place_precision": row["place_precision"], "actor": row["actor_text"], "target": row["target_text"],
        "killed_best": row["killed_best"],
    }  # fmt: skip


# -- rows of both ----------------------------------------------------------------------------------------------------


def _changed(old: pa.Table, new: pa.Table, tz: str, silent: Collection[str]) -> list[Row]:
    """The rows that differ; both tables have the same rows in the same order."""
    if not old.num_rows:
        return []
    km, is_moved = _distance_km(old, new)  # 2
    further = [name for name in old.column_names if name not in SCHEMA.names and name in new.column_names]
    watched = {**FIELDS, **{name: (name,) for name in further}}
    differs = {name: _differs(old, new, columns) for name, columns in watched.items()}  # 3
    is_other = np.logical_or.reduce([is_moved, *differs.values()])
    places = np.flatnonzero(is_other)
    before, after = (table.take(pa.array(places)).to_pylist() for table in (old, new))
    found = []
    for place, one, other in zip(places.tolist(), before, after, strict=True):
        fields = [
            {
                "field": name,
                "old": None if name in silent else _words(one, name, watched[name]),
                "new": None if name in silent else _words(other, name, watched[name]),
            }
            for name, which in differs.items()
            if which[place]
        ]
        moved = bool(is_moved[place])
        is_death = [field["field"] in (*DEATHS, *MORE_DEATHS) for field in fields]
        what = {"moved": moved, "recoded": not all(is_death), "deaths": any(is_death)}
        found.append(
            {
                "id": one["id"], "line": one["line"], "new_line": other["line"],
                "first_day": civil_day(one["start"], tz).isoformat(), "what": [kind for kind in KINDS if what[kind]],
                "km": round(float(km[place]), 3) if moved else None,
                "region_changed": bool(differs["region"][place]) or (moved and one["impact"]["kind"] != "area"),
                "fields": fields,
            }
        )  # fmt: skip
    return found


def _beside(table: pa.Table, more: pa.Table) -> pa.Table:
    """The rows with further columns beside them; null where a row has none."""
    at = pc.index_in(table.column("id"), value_set=more.column("id").combine_chunks())
    found = more.take(at.combine_chunks())
    for name in more.column_names:
        if name not in SCHEMA.names:
            table = table.append_column(name, found.column(name))
    return table


def _distance_km(old: pa.Table, new: pa.Table) -> tuple[NDArray[np.float64], Bools]:
    """How far each coded point moved, geodesic on WGS 84, and whether it is a metre or more; no point: 0 and no."""
    points = [_region(table.column("impact"), name) for name in _POINT for table in (old, new)]
    has = np.asarray(pc.and_(pc.is_valid(points[0]), pc.is_valid(points[1])))
    lon, other_lon, lat, other_lat = (
        pc.fill_null(point, 0).to_numpy(zero_copy_only=False).astype(np.float64) / UNITS_PER_DEGREE for point in points
    )
    _, _, metres = Geod(ellps="WGS84").inv(lon, lat, other_lon, other_lat)
    far = np.where(has, metres, 0.0)
    return far / 1_000, far >= BAND_M


def _region(column: pa.ChunkedArray, name: str) -> pa.Array:
    return pc.struct_field(column, name).combine_chunks()


def _differs(old: pa.Table, new: pa.Table, columns: Sequence[str]) -> Bools:
    """Whether any of some columns says something else `(n,)`; the point of a region is no part of this."""
    found = np.zeros(old.num_rows, bool)
    for name in columns:
        for a, b in zip(_plain(old.column(name)), _plain(new.column(name)), strict=True):
            if name not in SCHEMA.names:
                a, b = pc.utf8_lower(a), pc.utf8_lower(b)  # noqa: PLW2901  # the same texts
            is_none = pc.xor(pc.is_null(a), pc.is_null(b))
            found |= np.asarray(pc.or_(is_none, pc.fill_null(pc.not_equal(a, b), False)))
    return found


def _plain(column: pa.ChunkedArray) -> Iterator[pa.Array]:
    """A column as columns of plain values that can be compared; an empty list and none are the same."""
    kind = column.type
    if pa.types.is_struct(kind):
        for field in kind:
            if field.name not in _POINT:
                yield from _plain(pc.struct_field(column, field.name))
    elif pa.types.is_list(kind):
        texts = pc.cast(column, pa.list_(pa.string()))
        yield pc.fill_null(pc.binary_join(texts, _APART), "").combine_chunks()
    else:
        yield column.combine_chunks()


def _words(row: Mapping[str, Any], name: str, columns: Sequence[str]) -> str | None:
    """A field in the words of the source, or what they were read as; None = nothing is said."""
    if name == "time":
        return row["time_text"] or f"{row['start']}..{row['end']}"
    if name in ("region", "origin"):
        return _region_words(row["impact" if name == "region" else "origin"])
    values = [row[column] for column in columns]
    if name in ("actor", "target", "act"):
        said, ids = values[0], ", ".join(values[1] or ())
        return f"{said} ({ids})" if said and ids else said or ids or None
    texts = [", ".join(value) if isinstance(value, list) else str(value) for value in values if value not in (None, [])]
    return "; ".join(dict.fromkeys(texts)) or None


def _region_words(region: Mapping[str, Any] | None) -> str | None:
    """What a region is, without a position."""
    if region is None:
        return None
    size = {
        "disc": f" {region['radius_m']} m", "hull": f" {region['radius_m']} m",
        "sector": f" {region['near_m']}..{region['far_m']} m", "area": f" {', '.join(region['areas'] or ())}",
    }.get(region["kind"], "")  # fmt: skip
    country = f" in {region['country']}" if region["country"] else ""
    return f"{region['kind']}{size}{country}"


# -- counts ----------------------------------------------------------------------------------------------------------


def _years(
    before: pa.Table, appeared: Sequence[Row], vanished: Sequence[Row], changed: Sequence[Row], tz: str
) -> list[Row]:
    """What happened to the rows of each civil year."""  # 4
    counts = {year: {"old": n} for year, n in _rows_by_year(before, tz)}
    listed = [("appeared", appeared), ("vanished", vanished)]
    listed += [(kind, [row for row in changed if kind in row["what"]]) for kind in KINDS]
    for name, rows in listed:
        for row in rows:
            year = counts.setdefault(int(row["first_day"][:4]), {})
            year[name] = year.get(name, 0) + 1
    names = ("old", *(name for name, _ in listed))
    return [{"year": year, **{name: counts[year].get(name, 0) for name in names}} for year in sorted(counts)]


def _rows_by_year(table: pa.Table, tz: str) -> Iterator[tuple[int, int]]:
    if not table.num_rows:
        return
    start = table.column("start").to_numpy()
    first, last = (civil_day(int(second), tz).year for second in (start.min(), start.max()))
    years = range(first, last + 1)
    marks = [day_span(date(year, 1, 1), tz).start for year in years]
    found = np.bincount(np.searchsorted(marks, start, side="right") - 1, minlength=len(marks))
    yield from ((year, int(n)) for year, n in zip(years, found, strict=True) if n)


def _fields(changed: Sequence[Row]) -> list[Row]:
    counts = dict.fromkeys(FIELDS, 0)
    for row in changed:
        for field in row["fields"]:
            counts[field["field"]] = counts.get(field["field"], 0) + 1
    return [{"field": name, "rows": count} for name, count in counts.items() if count]
