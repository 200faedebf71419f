"""What is answered to whoever reads? The situation, lists and single rows, as JSON, page by page.

A page is part of one view: its cursor names the view by its mark and the last id that was shown, and nothing else.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from truceline.assess.assessment import ANY
from truceline.desk.snapshots import Snapshot
from truceline.desk.views import counted
from truceline.desk.views.asked import EVERYTHING, Filter, Totals, chosen, matching, totals_of
from truceline.desk.views.kept import Kept, kept_of
from truceline.desk.views.told import finding_row
from truceline.desk.views.view import LADDER, View
from truceline.errors import ConflictError
from truceline.group import Sight, may_see
from truceline.span import utc_text

Rows = NDArray[np.int64]

ORDERS = ("id", "newest", "oldest")
"""By id; or by when a report begins, as it is shown, and then by id."""

MOST_CURSOR = 600
_NO_CURSOR = "`after`: expected what `next` of the page before says"


def known_at(snapshot: Snapshot) -> dict[str, Any]:
    """As of which entry of the record an answer is, and its time."""
    return {"index": snapshot.index, "at": utc_text(snapshot.at)}


# -- cursors -----------------------------------------------------------------------------------------------------------


def cursor_of(mark: str, key: str) -> str:
    """Where a page ended: in which view, behind which id."""
    return base64.urlsafe_b64encode(f"{mark}~{key}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[str, str]:
    """The view and the id of a cursor.

    Raises:
        ConflictError: it is none of ours: the list has to be begun again.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        mark, tilde, key = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition("~")
    except (binascii.Error, ValueError):
        raise ConflictError(_NO_CURSOR) from None
    if not tilde or len(mark) != 24 or len(text) > MOST_CURSOR:
        raise ConflictError(_NO_CURSOR)
    return mark, key


# -- assessments -------------------------------------------------------------------------------------------------------


def listed(
    view: View, snapshot: Snapshot, one: Filter, *, after: str, limit: int, order: str = "id"
) -> Kept:  # fmt: skip
    """A page of the rows that a reader sees and asks for.

    Args:
        view: what it sees.
        snapshot: for the text.
        one: the filter.
        after: the id behind which the page begins; empty = at the first.
        limit: so many at the most.
        order: one of `ORDERS`.

    Raises:
        ConflictError: by time, `after` is no row that the reader sees.
    """
    rows, first = _ordered(view, snapshot, one, after, order)
    page = rows[first : first + limit]
    items = b",".join(view.encoded(page)) if len(page) else b""
    head = msgspec.json.encode({"filter": one.plain(), "total": len(rows)})[:-1]
    more = first + limit < len(rows)
    following = cursor_of(view.mark, view.sheet.ids[int(page[-1])].as_py()) if more else ""
    return kept_of(head + b',"items":[' + items + b"]}", following)


def _ordered(view: View, snapshot: Snapshot, one: Filter, after: str, order: str) -> tuple[Rows, int]:
    """All rows that are asked for, in order, and at which of them the page begins."""
    if order == "id":
        rows = chosen(view, one, snapshot.agreement)
        at = view.sheet.at(after) if after else 0
        is_it = bool(after) and at < len(view.sheet) and view.sheet.ids[at].as_py() == after
        return rows, int(np.searchsorted(rows, at + 1 if is_it else at)) if after else 0
    by_time, place = view.by_time
    rows = by_time if one == EVERYTHING else by_time[matching(view, one, snapshot.agreement)[by_time]]
    row = view.row(after) if after else None
    if after and row is None:
        raise ConflictError(_NO_CURSOR)
    if order == "newest":
        return rows[::-1], 0 if row is None else int(np.searchsorted(-place[rows[::-1]], -place[row], side="right"))
    return rows, 0 if row is None else int(np.searchsorted(place[rows], place[row], side="right"))


def facets(view: View, snapshot: Snapshot, one: Filter) -> Kept:
    """What the list can be narrowed by, and how many rows each choice would give."""
    found = counted.listed_facets(counted.facets_of(view, one, snapshot.agreement))
    total = int(np.count_nonzero(matching(view, one, snapshot.agreement)))
    return kept_of(msgspec.json.encode({"filter": one.plain(), "total": total, "facets": found}))


def timeline(view: View, snapshot: Snapshot, one: Filter, *, step: int) -> Kept:
    """When the rows were that a reader sees and asks for."""
    bars = counted.bars_of(view, one, snapshot.agreement, step=step)
    return kept_of(msgspec.json.encode({"filter": one.plain(), "tz": view.tz, **bars.plain()}))


def single(view: View, key: str) -> Kept | None:
    """One row, if the reader sees it."""
    row = view.row(key)
    return None if row is None else kept_of(view.encoded([row])[0])


# -- situation ---------------------------------------------------------------------------------------------------------


def situation(
    view: View, snapshot: Snapshot, one: Filter, *, not_public: Mapping[str, Any], duties: Mapping[str, Any] | None
) -> Kept:
    """How things stand, for a reader.

    Args:
        view: what it sees.
        snapshot: of which state.
        one: of which rows.
        not_public: how many findings are not public.
        duties: what is owed; None = the reader is not told.
    """
    agreement = snapshot.agreement
    asked = matching(view, one, agreement)
    low, high = view.joined.among(asked)
    told = totals_of(view, asked)
    shown = snapshot.told.shown(view.reader, agreement.group)
    value = {
        "agreement": {
            "id": agreement.id, "title": dict(agreement.title), "text_status": agreement.text_status or None,
            "canonical_sha256": agreement.canonical_hash, "tz": agreement.tz,
        },
        "reader": view.role, "sight": LADDER[view.role], "filter": one.plain(), **_totals_row(told, snapshot),
        "incidents": {"at_least": low, "at_most": high},
        "findings": {
            "shown": len(shown), "public": sum(each.published is not None for each in shown),
            "newest": [finding_row(each, view.reader) for each in reversed(shown[-3:])], **not_public,
        },
        "forces": view.forces, "sites": _sites(view), "obligations": duties,
        "left_out": dict(view.sheet.never) if view.is_inside else None,
        "warnings": list(snapshot.warnings) if view.is_inside else [],
    }  # fmt: skip
    return kept_of(msgspec.json.encode(value))


def _totals_row(told: Totals, snapshot: Snapshot) -> dict[str, Any]:
    terms = snapshot.agreement.terms
    return {
        "reports": told.reports, "supported": told.supported, "protected": told.protected, "groups": told.groups,
        "any": {**told.terms[ANY], "reasons": told.reasons[ANY]},
        "terms": [
            {"term": term, "kind": terms[term].kind, "text": dict(terms[term].text), **band,
             "reasons": told.reasons[term]}
            for term, band in told.terms.items() if term != ANY
        ],
    }  # fmt: skip


def _sites(view: View) -> dict[str, int] | None:
    """Notified sites: a number for each unit of level 1, where the ladder gives a number."""
    return dict(view.sheet.sites) if may_see(view.reader, "site") == Sight.COUNT else None
