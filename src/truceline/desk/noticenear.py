"""Is a report near a site that was made known, and who had acknowledged it by then? Told beside the assessment.

It changes no verdict. Who is told what:

- the notification desk: which notice it is;
- a recipient who may see the site as a town or finer: that one of its list lies in the town that it is told of the
  report; what it sees of either alone it sees no better by this;
- everybody else, the secretariat too: nothing. Whoever can bring in reports would find by them where sites are that
  nobody may tell it. How many stand in each governorate it is told whatever happens there.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import numpy as np

from truceline.desk.noticeroom import NoticeRoom, is_desk
from truceline.desk.notification import Noticed, span_of
from truceline.desk.snapshots import Snapshots
from truceline.desk.towns import TOWN_GRID
from truceline.desk.viewers import Viewer
from truceline.desk.views.view import View
from truceline.group import Sight
from truceline.notices.checks import Standing
from truceline.notices.clocks import was_known
from truceline.notices.model import SITE
from truceline.notices.near import NEAR_M, near
from truceline.space import UNITS_PER_DEGREE
from truceline.span import utc_text

MOST: Final = 1_000


def near_shown(
    room: NoticeRoom, viewer: Viewer, view: View, reports: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Reports near sites that had been made known and acknowledged, as somebody may know it.

    Args:
        room: of the notification desk.
        viewer: who asks.
        view: what is seen of the reports: by the desk what the secretariat sees, by a recipient its own view.
        reports: ids; None = all that are seen.

    Returns:
        Plain values, at most `MOST`: `report`, `near` (+1 surely, 0 cannot be decided), `within_m`, `notified`,
        `acknowledged` (recipients that had done so before it can have happened), `notice`; to the desk `category` too.
    """
    if viewer.role == "party" and viewer.party:
        return _in_town(room, viewer, view, reports)
    if not is_desk(viewer):
        return []
    table, sheet = view.sheet.table, view.sheet
    rows = _rows(view, reports)
    kept, _ = room.kept()
    known = {one: noticed for one, noticed in room.course.notices.items() if noticed.first.kind == SITE}
    read = [made for one in known if one in kept and (made := room.plotted(one, kept[one])) is not None]
    sites, spots = Standing.of(read), sheet.spots.take(rows)
    discs = np.flatnonzero(spots.odd < 0)
    lon, lat = (axis[discs] / UNITS_PER_DEGREE for axis in (spots.lon_e7, spots.lat_e7))
    found = list[dict[str, Any]]()
    for i, j, value in near(lon, lat, spots.radius_m[discs].astype(np.float64), sites):
        row, one = int(rows[discs[i]]), sites.ids[j]
        start, end = (int(table.column(name)[row].as_py()) for name in ("start", "end"))
        shown = _shown(room, known[one], str(table.column("id")[row].as_py()), value, (start, end))
        if shown is not None:
            found.append({**shown, "category": kept[one].draft.category, "notice": one})
        if len(found) == MOST:
            break
    return found


def near_of_case(room: NoticeRoom, viewer: Viewer, reports: Collection[str] | None = None) -> list[dict[str, Any]]:
    """The same of a case that no service judges: everything is judged first."""
    snapshots = Snapshots(room.case.where, room.case)
    try:
        return near_shown(room, viewer, snapshots.view(snapshots.refresh(), "secretariat"), reports)
    finally:
        snapshots.close()


def _rows(view: View, reports: Collection[str] | None) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    listed = np.flatnonzero(view.listed)
    if reports is None:
        return listed
    ids = view.sheet.table.column("id").to_pylist()
    return np.array([row for row in listed.tolist() if ids[row] in reports], np.int64)


def _shown(room: NoticeRoom, noticed: Noticed, report: str, value: int, when: tuple[int, int]) -> dict[str, Any] | None:
    """What is told of one report and one site; None where the notice was not there, or had ended, or nobody had it."""
    since, until = span_of(noticed.first, room.text.tz)
    start, end = when
    ended = noticed.trail.end
    if noticed.at >= end or since >= end or until <= start or (ended is not None and ended.at <= start):
        return None
    return {
        "report": report, "near": value, "within_m": NEAR_M, "notified": utc_text(noticed.at),
        "acknowledged": sorted(was_known(noticed.trail, start)),
    }  # fmt: skip


def _in_town(
    room: NoticeRoom, viewer: Viewer, view: View, reports: Collection[str] | None
) -> list[dict[str, Any]]:  # fmt: skip
    """Reports told as a town to a recipient who has a site in that town on its list."""
    kept, _ = room.kept()
    towns: dict[tuple[int, int], list[str]] = {}
    for one, noticed in room.course.notices.items():
        held = kept.get(one)
        consent = next((c for c in held.draft.to if c.to == viewer.party), None) if held is not None else None
        read = room.plotted(one, held) if held is not None else None
        if consent is None or read is None or consent.sight < Sight.TOWN or noticed.first.kind != SITE:
            continue
        at = tuple(round(axis * UNITS_PER_DEGREE / TOWN_GRID) for axis in (read.lon_deg[0], read.lat_deg[0]))
        towns.setdefault((at[0], at[1]), []).append(one)
    table, found = view.sheet.table, list[dict[str, Any]]()
    for row in _rows(view, reports).tolist() if towns else ():
        if view.seen.level[row] < Sight.TOWN:
            continue
        region = view.sheet.towns[int(table.column("town")[row].as_py())]
        square = (round((region.lon_e7 or 0) / TOWN_GRID), round((region.lat_e7 or 0) / TOWN_GRID))
        start, end = (int(table.column(name)[row].as_py()) for name in ("start", "end"))
        for one in towns.get(square, ()) if region.kind == "disc" else ():
            shown = _shown(room, room.course.notices[one], str(table.column("id")[row].as_py()), 0, (start, end))
            if shown is not None and viewer.party in shown["acknowledged"]:
                found.append({**shown, "notice": one, "within_m": None, "in_town": True})
        if len(found) >= MOST:
            break
    return found[:MOST]
