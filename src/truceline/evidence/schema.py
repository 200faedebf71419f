"""What is an observation? One schema for everything seen, heard or declared, and its rejected rows.

An observation says what one source said, never what happened. Where a source is silent the field is null; where it is
imprecise the region and the interval are as wide as its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import pyarrow as pa

from truceline.canon import hash_columns, hash_value, sha256
from truceline.space import NOWHERE, Region

REGION = pa.struct(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("lon_e7", pa.int32()),
        pa.field("lat_e7", pa.int32()),
        pa.field("radius_m", pa.int32()),
        pa.field("areas", pa.list_(pa.string())),
        pa.field("points_e7", pa.list_(pa.int32())),
        pa.field("near_m", pa.int32()),
        pa.field("far_m", pa.int32()),
        pa.field("from_deg", pa.float64()),
        pa.field("to_deg", pa.float64()),
        pa.field("country", pa.string()),
    ]
)
"""A `space.Region` as a column."""

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("source_id", pa.string()),
        pa.field("source_version", pa.string()),
        pa.field("licence", pa.string()),
        pa.field("may_export", pa.bool_()),
        pa.field("line", pa.int32()),
        pa.field("kind", pa.string()),
        pa.field("start", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
        pa.field("lasts", pa.bool_()),
        pa.field("time_text", pa.string()),
        pa.field("tz", pa.string()),
        pa.field("time_precision", pa.string()),
        pa.field("impact", REGION),
        pa.field("origin", REGION),
        pa.field("place_text", pa.string()),
        pa.field("place_precision", pa.string()),
        pa.field("low_m", pa.int32()),
        pa.field("high_m", pa.int32()),
        pa.field("actor", pa.list_(pa.string())),
        pa.field("actor_mode", pa.string()),
        pa.field("actor_umbrella", pa.bool_()),
        pa.field("actor_text", pa.string()),
        pa.field("target", pa.list_(pa.string())),
        pa.field("target_mode", pa.string()),
        pa.field("target_umbrella", pa.bool_()),
        pa.field("target_text", pa.string()),
        pa.field("unordered", pa.bool_()),
        pa.field("act", pa.list_(pa.string())),
        pa.field("act_text", pa.string()),
        pa.field("weapon", pa.string()),
        pa.field("callsign", pa.string()),
        pa.field("count_low", pa.int64()),
        pa.field("count_high", pa.int64()),
        pa.field("count_unit", pa.string()),
        pa.field("killed_low", pa.int32()),
        pa.field("killed_best", pa.int32()),
        pa.field("killed_high", pa.int32()),
        pa.field("civilians_killed", pa.int32()),
        pa.field("protected", pa.bool_()),
        pa.field("asserted_by", pa.string()),
        pa.field("publisher", pa.string()),
        pa.field("url", pa.string()),
        pa.field("chain", pa.list_(pa.string())),
        pa.field("grade", pa.string()),
        pa.field("negative", pa.bool_()),
        pa.field("coverage", pa.string()),
        pa.field("access_denied", pa.bool_()),
        pa.field("language", pa.string()),
        pa.field("reporter_withheld", pa.bool_()),
        pa.field("published", pa.string()),
        pa.field("note", pa.string()),
        pa.field("known_at", pa.int64()),
        pa.field("impediment", pa.string()),
        pa.field("sensor", pa.string()),
        pa.field("original", pa.string()),
    ]
)

LATER = ("impediment", "sensor", "original")
"""Columns that tables of earlier versions do not have: absent = null, and a hash is made without them where all are."""

REJECTED = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("id", pa.string()),
        pa.field("field", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
    ]
)

ONE, EITHER, JOINT, UNNAMED, NOBODY = "one", "either", "joint", "unknown", "none"
MODES = (ONE, EITHER, JOINT, UNNAMED, NOBODY)
"""How the ids of an actor or target belong together. `unknown`: the report names nobody; `none`: there was nobody."""


@dataclass(frozen=True)
class Named:
    """Who, as far as a text says it.

    Attributes:
        ids: actor ids of the agreement, or reserved targets.
        mode: one of `MODES`.
        is_umbrella: the text names a side as a whole ("rebels").
        text: the words of the source.
    """

    ids: tuple[str, ...] = ()
    mode: str = UNNAMED
    is_umbrella: bool = False
    text: str = ""


@dataclass(frozen=True)
class Observation:
    """One report by one source: what was said. The fields that a judge reads; the rest stays in the table.

    Attributes:
        start: earliest second; `end`: first second too late (UTC).
        lasts: it went on through the whole interval; otherwise it happened somewhere within.
        impact: everywhere it can have taken effect.
        origin: everywhere it can have come from.
        low_m: lowest altitude in metres above mean sea level; None = not stated.
        unordered: a pair of sides whose direction is not known.
        acts: ids of acts; several = one of them, none = not known which.
        count_low: so many at least, of what the act speaks of (persons, weapons); None = not stated.
        count_high: so many at most.
    """

    id: str
    start: int
    end: int
    kind: str = "incident"
    lasts: bool = False
    impact: Region = NOWHERE
    origin: Region = NOWHERE
    low_m: int | None = None
    high_m: int | None = None
    actor: Named = Named()
    target: Named = Named()
    unordered: bool = False
    acts: tuple[str, ...] = ()
    callsign: str = ""
    is_protected: bool = False
    known_at: int = 0
    count_low: int | None = None
    count_high: int | None = None


@dataclass(frozen=True)
class Rejected:
    """A row that was not taken, and why."""

    file: str
    line: int
    id: str
    field: str
    reason: str


def region_row(region: Region) -> dict[str, Any]:
    """A region as a row of `REGION`."""
    return {**vars(region), "areas": list(region.areas), "points_e7": list(region.points_e7)}


def region_of(row: Mapping[str, Any] | None) -> Region:
    """A row of `REGION` as a region; null is *no place stated*."""
    if row is None:
        return NOWHERE
    given = {f.name: row[f.name] for f in fields(Region) if row.get(f.name) is not None}
    given["areas"], given["points_e7"] = tuple(given.get("areas", ())), tuple(given.get("points_e7", ()))
    return Region(**given)


def table_of(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows of plain values as a table of `SCHEMA`; fields that a row does not have are null."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=SCHEMA)


def rejected_table(rows: Iterable[Rejected]) -> pa.Table:
    """Rejected rows as a table of `REJECTED`."""
    return pa.Table.from_pylist([asdict(row) for row in rows], schema=REJECTED)


def observations(table: pa.Table) -> Iterator[Observation]:
    """The rows of a table as values for the judge, one at a time."""
    for row in table.to_pylist():
        yield observation_of(row)


def observation_of(row: Mapping[str, Any]) -> Observation:
    """One row as a value for the judge."""
    return Observation(
        id=row["id"], start=row["start"], end=row["end"], kind=row["kind"] or "incident", lasts=bool(row["lasts"]),
        impact=region_of(row["impact"]), origin=region_of(row["origin"]), low_m=row["low_m"], high_m=row["high_m"],
        actor=_named(row, "actor"), target=_named(row, "target"), unordered=bool(row["unordered"]),
        acts=tuple(row["act"] or ()), callsign=row["callsign"] or "", is_protected=bool(row["protected"]),
        known_at=row["known_at"] or 0, count_low=row["count_low"], count_high=row["count_high"],
    )  # fmt: skip


def hash_table(table: pa.Table) -> str:
    """Hash a table of observations by its rows, without the time of import: the same file hashes the same tomorrow."""
    unsaid = [name for name in LATER if name in table.column_names and table.column(name).null_count == table.num_rows]
    return under_salt(hash_columns(table.drop_columns(["known_at", *unsaid])), salt_of(table))


def hash_rejected(table: pa.Table) -> str:
    """Hash the rows of a file that were not taken."""
    return under_salt(hash_value(table.to_pylist()), salt_of(table))


SALT = b"salt"
"""Under this name of the metadata of a table stands the salt of its hash, where it has one."""


def salted(table: pa.Table, salt: str) -> pa.Table:
    """A table whose hash nobody can compute from its rows alone; an empty salt changes nothing."""
    return table.replace_schema_metadata({SALT: salt.encode()}) if salt else table


def salt_of(holder: pa.Table | pa.Schema) -> str:
    """The salt of a table; empty where it has none."""
    metadata = (holder.schema if isinstance(holder, pa.Table) else holder).metadata or {}
    salt: bytes = metadata.get(SALT, b"")
    return salt.decode()


def under_salt(digest: str, salt: str) -> str:
    """A hash that nobody can compute who does not have the salt.

    >>> under_salt("ab", "") == "ab", under_salt("ab", "01") == under_salt("ab", "02")
    (True, False)
    """
    return sha256(f"{salt}\n{digest}".encode()) if salt else digest


def _named(row: Mapping[str, Any], what: str) -> Named:
    ids = tuple(row[what] or ())
    mode = row[f"{what}_mode"] or (ONE if len(ids) == 1 else EITHER if ids else UNNAMED)
    return Named(ids, mode, bool(row[f"{what}_umbrella"]), row[f"{what}_text"] or "")
