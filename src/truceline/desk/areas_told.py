"""What moved of the areas that were exchanged, in two windows before and after a start? An indicator, never a finding.

Counts of cells alone: no cell is told here, for what stands beside these numbers are reports, and an area is never
joined to one. A group of whom nothing was said at one end of a window did not move for all that is known.
"""

from __future__ import annotations

from typing import Any

from truceline.desk.designated import moved_between
from truceline.desk.exchanged import AREA
from truceline.desk.viewers import Viewer
from truceline.exchange.designated import Moved
from truceline.group import may_do
from truceline.span import utc_text
from truceline.store.case import Case

Key = tuple[str, str]
WINDOWS = ("before", "after")


def area_changes(case: Case, viewer: Viewer, start: int, long_s: int, now: int) -> dict[str, Any] | None:
    """How many cells came to an area and left it, before and after a start, by group and speaker.

    Args:
        case: as it is kept.
        viewer: who asks.
        start: UTC second.
        long_s: length of each window in seconds; what of it is yet to come is not looked at.
        now: UTC second.

    Returns:
        Plain values: `from`, `start` and `until` (null = the second window has not begun), and `groups`, each with
        `group`, `by`, `before` and `after`: `gained` and `lost` in cells (null = no area of it was shown at one end),
        and its coverage: `stated` in so many of `rounds` of seven days. None where areas are not for this viewer.
    """
    if not may_do(viewer.role, AREA, "read"):
        return None
    ends = (start - long_s, min(start, now)), (start, min(start + long_s, now))
    windows = [_window(case, viewer, end, now) if end[0] < end[1] else {} for end in ends]
    rows = [
        {"group": key[0], "by": key[1], **{name: _row(of.get(key)) for name, of in zip(WINDOWS, windows, strict=True)}}
        for key in sorted({*windows[0], *windows[1]})
    ]  # fmt: skip
    until = utc_text(ends[1][1]) if ends[1][0] < ends[1][1] else None
    return {"from": utc_text(start - long_s), "start": utc_text(start), "until": until, "groups": rows}


def _window(case: Case, viewer: Viewer, window: tuple[int, int], now: int) -> dict[Key, tuple[Moved, bool]]:
    """What moved in a window, of whom anything was shown at an end of it; and whether it was at both."""
    changed, (then, after) = moved_between(case, viewer, window, now)
    both = then.keys() & after.keys()
    return {(one.group, one.by): (one, (one.group, one.by) in both) for one in changed}


def _row(found: tuple[Moved, bool] | None) -> dict[str, int | None]:
    if found is None:
        return {"gained": None, "lost": None, "stated": 0, "rounds": 0}
    one, is_known = found
    return {
        "gained": len(one.gained) if is_known else None, "lost": len(one.lost) if is_known else None,
        "stated": one.stated, "rounds": one.rounds,
    }  # fmt: skip
