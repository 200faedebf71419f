"""What is a recipient given, what is the public told, and whose copy leaked? Lists, counts, and their marks.

A list holds what its recipient's owners consented to, and is marked as its own (`notices.watermark`). It ends with its
hash and a receipt. Nothing of who was given what is kept: the marks are computed again when a copy is found.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from truceline import LAW
from truceline.canon import canonical
from truceline.desk.notebook import Kept
from truceline.desk.noticeroom import NoticeRoom, is_desk
from truceline.desk.viewers import Viewer
from truceline.errors import Fault, InputError, UnknownError, is_csv, quoted, text_of
from truceline.group import Sight
from truceline.mgrs import to_mgrs
from truceline.notices import watermark
from truceline.notices.coarsening import Disc, Row, counts, row
from truceline.notices.model import SITE, Consent, Draft, Plotted
from truceline.span import utc_text

COLUMNS: Final = (
    "ref", "kind", "category", "what", "place", "lon_deg", "lat_deg", "accuracy_m", "mgrs", "points", "areas",
    "regions", "since", "until", "callsign", "low_m_amsl", "high_m_amsl", "lead", "level",
)  # fmt: skip
"""The columns of a list as a table."""

MOST_LEAKED: Final = 100_000


@dataclass(frozen=True)
class Listed:
    """A list for one recipient.

    Attributes:
        party: whose it is.
        made_at: UTC second.
        rows: in the recipient's own order.
        ids: `(n,)` of the notices; never printed.
        counts: of what it is told only by number: region to kind to number.
        sha256: of the rows as canonical JSON.
        receipt: what the desk finds it by again.
    """

    party: str
    made_at: int
    rows: tuple[Row, ...]
    ids: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    sha256: str
    receipt: str


def list_for(room: NoticeRoom, party: str) -> Listed:
    """The list of a recipient, as it stands now: what was notified to it, and neither ended nor was withdrawn.

    Raises:
        UnknownError: the text knows no such actor.
    """
    if party not in room.text.parties:
        raise UnknownError(f"`party`: the text knows no {quoted(party)}")
    chosen = _standing_for(room, party)
    key = room.marks
    ids = [one for one, _, _, consent in chosen if consent.sight > Sight.COUNT]
    made = {one: _row(room, party, one, (draft, read), consent) for one, draft, read, consent in chosen}
    ordered = [ids[i] for i in watermark.order(key, party, ids)]
    rows = [(one, found) for one in ordered if (found := made[one]) is not None]
    told = counts(((draft, read) for _, draft, read, consent in chosen if consent.sight == Sight.COUNT), room.ground)
    now = room.now()
    digest = hashlib.sha256(canonical([msgspec.to_builtins(found) for _, found in rows])).hexdigest()
    return Listed(
        party, now, tuple(found for _, found in rows), tuple(one for one, _ in rows), told, digest,
        watermark.receipt(key, party, digest, now),
    )  # fmt: skip


def row_for(room: NoticeRoom, one: str, kept: Kept, party: str) -> Row | None:
    """A notice as one recipient is given it, marked; None where it is told a number at the most."""
    read = room.plotted(one, kept)
    consent = next((c for c in kept.draft.to if c.to == party), None)
    if read is None or consent is None:
        return None
    return _row(room, party, one, (kept.draft, read), consent)


def _standing_for(room: NoticeRoom, party: str) -> list[tuple[str, Draft, Plotted, Consent]]:
    """Notices that a recipient may know of now."""
    kept, _ = room.kept()
    found = []
    for one, noticed in room.course.notices.items():
        held = kept.get(one)
        if held is None or noticed.trail.end is not None:
            continue
        consent = next((c for c in held.draft.to if c.to == party and c.sight), None)
        read = room.plotted(one, held)
        if consent is not None and read is not None:
            found.append((one, held.draft, read, consent))
    return found


def _row(room: NoticeRoom, party: str, one: str, held: tuple[Draft, Plotted], consent: Consent) -> Row | None:
    """A notice as a recipient is given it; of its points the mark where they are told exactly."""
    (draft, read), key = held, room.marks
    points: list[tuple[float, float]] = []
    if consent.sight >= Sight.AS_REPORTED:
        at = list(zip(read.lon_deg, read.lat_deg, strict=True))
        points = watermark.marked(key, party, one, at, read.accuracy_m)
    exact = [Disc(lon, lat, watermark.printed_accuracy_m(read.accuracy_m)) for lon, lat in points]
    return row(draft, read, consent.sight, room.ground, ref=watermark.ref(key, party, one), exact=exact)


def id_of(room: NoticeRoom, party: str, ref: str) -> str:
    """The id of the notice that a recipient's list calls by a ref, or by its id; empty = there is none."""
    if ref in room.course.notices:
        return ref
    key = room.marks
    wanted = ref.strip().upper()
    known = (one for one, noticed in room.course.notices.items() if party in noticed.trail.answers)
    return next((one for one in known if watermark.ref(key, party, one) == wanted), "")


# -- counts ------------------------------------------------------------------------------------------------------------


def counts_shown(room: NoticeRoom, viewer: Viewer) -> dict[str, dict[str, int]]:
    """How many stand, by unit of level 1; `-` = in none. The desk is told of every kind, everybody else of sites alone.

    What moves is told to nobody by a count: one convoy in a governorate on a day is a convoy that can be waited for.
    """
    kept, _ = room.kept()
    standing = [
        (kept[one].draft, read)
        for one, noticed in room.course.notices.items()
        if one in kept and noticed.trail.end is None and (noticed.first.kind == SITE or is_desk(viewer))
        and (read := room.plotted(one, kept[one])) is not None
    ]  # fmt: skip
    return counts(standing, room.ground)


# -- on paper ----------------------------------------------------------------------------------------------------------


def list_shown(one: Listed) -> dict[str, Any]:
    """A list as plain values."""
    return {
        "party": one.party, "made_at": utc_text(one.made_at),
        "rows": [msgspec.to_builtins(found) for found in one.rows],
        "counts": {region: dict(kinds) for region, kinds in one.counts.items()}, "sha256": one.sha256,
        "receipt": one.receipt,
    }  # fmt: skip


def cells_of(one: Row) -> dict[str, str]:
    """A row as the cells of a table: of a route the first point, and all of them under `points`."""
    first = one.discs[0] if one.discs else None
    points = "; ".join(f"{disc.lat_deg:.6f}, {disc.lon_deg:.6f}" for disc in one.discs) if len(one.discs) > 1 else ""
    heights = {name: "" if value is None else str(value) for name, value in (
        ("low_m_amsl", one.low_m_amsl), ("high_m_amsl", one.high_m_amsl),
    )}  # fmt: skip
    return {
        "ref": one.ref, "kind": one.kind, "category": one.category, "what": one.what, "place": one.place,
        "lon_deg": f"{first.lon_deg:.6f}" if first else "", "lat_deg": f"{first.lat_deg:.6f}" if first else "",
        "accuracy_m": str(first.radius_m) if first else "", "mgrs": _mgrs(first) if one.level == "exact" else "",
        "points": points, "areas": " ".join(one.areas), "regions": " ".join(one.regions), "since": one.since,
        "until": one.until, "callsign": one.callsign, **heights, "lead": one.lead, "level": one.level,
    }  # fmt: skip


def list_csv(one: Listed) -> bytes:
    """A list as CSV: a header, its rows; then lines with its counts, its hash, its receipt and the line of the law."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(text) for name, text in cells_of(found).items()} for found in one.rows)
    for region, kinds in one.counts.items():
        for kind, number in kinds.items():
            out.write(f"# {region}: {kind}: {number}\n")
    out.write(f"# {one.party} {utc_text(one.made_at)} rows {len(one.rows)} sha256 {one.sha256}\n")
    out.write(f"# receipt {one.receipt}\n# {LAW}\n")
    return out.getvalue().encode()


def _mgrs(at: Disc | None) -> str:
    try:
        return to_mgrs(at.lon_deg, at.lat_deg) if at else ""
    except InputError:
        return ""


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return (
        f"'{text}"
        if text.startswith(("=", "+", "@", "\t", "\r")) or (text[:1] == "-" and not text[1:2].isdigit())
        else text
    )


# -- found again -------------------------------------------------------------------------------------------------------


def trace(room: NoticeRoom, data: bytes, name: str) -> list[watermark.Match]:
    """Whose copy a leaked list is, the likeliest first; see `notices.watermark`.

    Args:
        room: of the notification desk.
        data: a CSV with the columns `lon_deg` and `lat_deg`, or `ref`, or all of them; what begins with `#` is passed.
        name: of the file.

    Raises:
        InputError: it has none of these columns.
    """
    lines = [line for line in text_of(data, name).splitlines() if not line.startswith("#")]
    reader = csv.DictReader(lines[: MOST_LEAKED + 1])
    with is_csv(reader, name):
        leaked, refs = _leaked(reader, name)
    return trace_rows(room, leaked, refs)


def _leaked(reader: csv.DictReader[str], name: str) -> tuple[list[tuple[float, float]], list[str]]:
    """The positions and the refs of a leaked list."""
    if not {"lon_deg", "lat_deg"} <= set(reader.fieldnames or ()) and "ref" not in (reader.fieldnames or ()):
        raise InputError(Fault("expected the columns `lon_deg` and `lat_deg`, or `ref`", name, 1))
    leaked: list[tuple[float, float]] = []
    refs: list[str] = []
    for found in reader:
        refs += [found["ref"].strip()] if found.get("ref") else []
        try:
            leaked.append((float(found.get("lon_deg") or ""), float(found.get("lat_deg") or "")))
        except ValueError:
            continue
    return leaked, refs


def trace_rows(room: NoticeRoom, leaked: Sequence[tuple[float, float]], refs: Sequence[str]) -> list[watermark.Match]:
    """The same for positions and refs that were read already."""
    kept, _ = room.kept()
    read = {
        one: found for one, held in kept.items() if (found := room.plotted(one, held)) is not None and found.lon_deg
    }
    truth = watermark.Truth(
        tuple(read), np.array([one.lon_deg[0] for one in read.values()]),
        np.array([one.lat_deg[0] for one in read.values()]), np.array([one.accuracy_m for one in read.values()]),
    )  # fmt: skip
    told: dict[str, list[str]] = {}
    for one in kept:
        for consent in kept[one].draft.to:
            if one in read:
                told.setdefault(consent.to, []).append(one)
    return watermark.trace(room.marks, truth, leaked, told, refs)
