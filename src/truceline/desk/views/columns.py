"""How does a map get every report at once? The rows that a reader sees and asks for, as columns of small numbers.

They are those of the list, in its order, and each number is what the list says of the row: as fine as the reader is
shown it, and no finer. A dictionary holds what some of these rows say and nothing else: what only hidden rows say is
in none.

    bytes 0..3    `TLC1`
    bytes 4..7    length of the head, in bytes; little-endian, as everything here
    head          JSON, padded with spaces to a multiple of four
    columns       one after another, each from a multiple of four: `offset` from the end of the head
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from truceline import LAW
from truceline.agreement.model import Agreement
from truceline.desk.towns import DRAWN
from truceline.desk.views.asked import Filter, chosen
from truceline.desk.views.view import DISCS, SIGHTS, View
from truceline.group import Sight
from truceline.space import Region
from truceline.span import FAR_AHEAD, LONG_AGO

MAGIC: Final = b"TLC1"
NONE: Final = 0xFFFFFFFF
"""A time without a bound, or a row without a disc."""

TYPES: Final = {"i4": "i32", "u4": "u32", "u2": "u16", "u1": "u8"}

Rows = NDArray[np.int64]
Column = NDArray[Any]


def packed(view: View, one: Filter, agreement: Agreement, *, with_ids: bool = False) -> bytes:
    """The rows that a reader sees and asks for, as columns.

    Args:
        view: what it sees.
        one: the filter.
        agreement: for the names of the filter.
        with_ids: the ids too, each on a line, after the columns: `ids` of the head says where.

    Raises:
        InputError: the filter names what the text does not know, or a time that is none.
    """
    rows = chosen(view, one, agreement)
    epoch = _epoch(view, rows)
    columns: dict[str, Column] = {**_discs(view, rows), **_times(view, rows, epoch)}
    tables: dict[str, list[Any]] = {}
    for name, table, of, codes in _coded(view, rows):
        tables[table], columns[name] = _shortened(codes, of)
    head = {"count": len(rows), "epoch": epoch, "filter": one.plain(), **tables, "law": LAW}
    return _joined(head, columns, "\n".join(view.sheet.ids.take(rows).to_pylist()).encode() if with_ids else None)


def _shortened(codes: Column, of: Callable[[int], Any]) -> tuple[list[Any], Column]:
    """What the rows say, each thing once, in the order in which they first say it; and each row's place among that.

    INVARIANT: rows that are not shown shift codes, and nothing of that is left here.
    """
    used, first, short = np.unique(codes, return_index=True, return_inverse=True)
    to, told = np.zeros(len(used), np.int64), dict[bytes, Any]()
    places: dict[bytes, int] = {}
    for at in np.argsort(first, kind="stable").tolist():
        value = of(int(used[at]))
        key = msgspec.json.encode(value)
        to[at] = places.setdefault(key, len(places))
        told.setdefault(key, value)
    found = to[short.reshape(-1)] if len(used) else short
    return list(told.values()), found.astype("<u2" if len(told) <= 1 << 16 else "<u4")


def _coded(view: View, rows: Rows) -> list[tuple[str, str, Any, Column]]:
    """Columns of what many rows say alike: name, name of its table, what a code stands for, and the codes."""
    sheet, sights = view.sheet, list(SIGHTS)
    kinds, kind = sheet.coded("kind")
    level = view.seen.level[rows]
    return [
        ("answer", "answers", view.answers, view.verdict[rows]),
        ("act", "acts", lambda code: list(sheet.doings[code]), sheet.numbers("acts")[rows]),
        ("actor", "actors", lambda code: list(sheet.names[code].ids), sheet.numbers("actor")[rows]),
        ("unit", "units", lambda code: list(sheet.units[code]), _first_alike(sheet.units)[sheet.numbers("town")[rows]]),
        ("sight", "sights", lambda code: SIGHTS[sights[code]], np.array([sights.index(s) for s in Sight])[level]),
        ("kind", "kinds", lambda code: kinds[code] or "incident", kind[rows]),
    ]


def _first_alike(units: Sequence[Any]) -> Column:
    """For each town the first one of the same units."""
    first: dict[Any, int] = {}
    return np.array([first.setdefault(tuple(one), at) for at, one in enumerate(units)] or [0], np.int64)


def _epoch(view: View, rows: Rows) -> int:
    """The second from which the others are counted: the first one with a bound."""
    start, end = view.start[rows], view.end[rows]
    known = np.concatenate([start[start > LONG_AGO], end[end < FAR_AHEAD]])
    return max(int(known.min()), int(known.max()) - NONE + 1) if len(known) else 0


def _times(view: View, rows: Rows, epoch: int) -> dict[str, Column]:
    start, end = view.start[rows] - epoch, view.end[rows] - epoch
    return {
        "from": np.where((start < 0) | (start >= NONE), NONE, start).astype("<u4"),
        "until": np.where((end < 0) | (end >= NONE), NONE, end).astype("<u4"),
    }


def _discs(view: View, rows: Rows) -> dict[str, Column]:
    """Where each row is shown, as `View.place` has it; what is no disc there has none here."""
    sheet, level = view.sheet, view.seen.level[rows]
    found = _numbers(sheet.towns)[sheet.numbers("town")[rows]]
    found[level < Sight.CELL] = (0, 0, NONE)
    exact = np.flatnonzero(level == Sight.AS_REPORTED)
    if len(exact):
        spots, at = sheet.spots.take(rows[exact]), np.zeros(len(exact), np.int64)
        own = np.stack([spots.lon_e7, spots.lat_e7, spots.radius_m], axis=1).astype(np.int64)
        is_odd = spots.odd >= at
        own[is_odd] = _numbers(spots.regions)[spots.odd[is_odd]]
        found[exact] = own
    kinds = zip(("lon_e7", "lat_e7", "radius_m"), ("<i4", "<i4", "<u4"), strict=True)
    return {name: np.ascontiguousarray(found[:, at]).astype(kind) for at, (name, kind) in enumerate(kinds)}


def _numbers(regions: Sequence[Region]) -> NDArray[np.int64]:
    """`(n, 3)` longitude, latitude and radius of regions; without a radius where one is no disc."""
    known = [
        (one.lon_e7, one.lat_e7, one.radius_m)
        if one.kind in DRAWN and one.kind in DISCS and one.lon_e7 is not None and one.lat_e7 is not None
        else (0, 0, NONE)
        for one in regions
    ]
    return np.array(known or [(0, 0, NONE)], np.int64)


def _joined(head: dict[str, Any], columns: dict[str, Column], ids: bytes | None) -> bytes:
    told, parts, offset = [], [], 0
    for name, column in columns.items():
        data = column.tobytes()
        told.append({"name": name, "type": TYPES[column.dtype.str[1:]], "offset": offset})
        parts.append(data + bytes(-len(data) % 4))
        offset += len(parts[-1])
    if ids is not None:
        head = {**head, "ids": {"offset": offset, "length": len(ids)}}
        parts.append(ids)
    text = msgspec.json.encode({**head, "columns": told})
    text += b" " * (-len(text) % 4)
    return b"".join([MAGIC, len(text).to_bytes(4, "little"), text, *parts])
