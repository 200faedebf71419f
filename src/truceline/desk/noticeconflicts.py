"""Which notices stand in one another's way, or in that of a zone? For the notification desk alone.

A conflict tells of two notices whose owners may not know of one another: nobody but the desk is told. It names ids,
zones and hours, and repeats no position. It is no advice to strike, releases nothing and changes nothing by itself: the
desk speaks with the owners, and they change their notices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from truceline import LAW
from truceline.agreement.model import Agreement
from truceline.assess import spec
from truceline.assess.place import Placed
from truceline.desk.noticeroom import NoticeRoom, is_desk
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError
from truceline.notices.deconflict import NOTE, Conflict, Fenced, conflicts
from truceline.notices.model import Plotted
from truceline.notices.tracks import FLYING
from truceline.span import utc_text
from truceline.verdict import NO


@dataclass(frozen=True)
class Shown:
    """A conflict as the desk is told it.

    Attributes:
        code: a key of `notices.deconflict.CONFLICTS`.
        sentence: what it says.
        value: +1 surely, 0 cannot be decided.
        notice: id of the notice; of the one.
        other: id of the other notice; empty = a zone.
        zone: id of the zone; empty = none.
        since, until: RFC 3339, `..` = always.
    """

    code: str
    sentence: str
    value: int
    notice: str
    other: str
    zone: str
    since: str
    until: str


def conflicts_shown(room: NoticeRoom, viewer: Viewer) -> list[Shown]:
    """The conflicts of all notices that stand or wait.

    Raises:
        AccessError: somebody else than the desk asks.
    """
    _check(viewer)
    read = standing(room)
    return [_shown(one, read) for one in conflicts(read, fences_of(room))]


def conflicts_answer(room: NoticeRoom, viewer: Viewer) -> dict[str, Any]:
    """The answer of `truceline notify conflicts --json`; its schema is in `docs/reference/json`."""
    return {"conflicts": [vars(one) for one in conflicts_shown(room, viewer)], "note": NOTE, "law": LAW}


def standing(room: NoticeRoom) -> list[Plotted]:
    """The notices of the book whose trail has not ended, as numbers."""
    kept, _ = room.kept()
    ended = {one for one, found in room.course.notices.items() if found.trail.end is not None}
    read = (room.plotted(one, held) for one, held in kept.items() if one not in ended)
    return [one for one in read if one is not None]


def fences_of(room: NoticeRoom) -> list[Fenced]:
    """The drawn zones of the text, as notices are held against them; whole units of the gazetteer are none."""
    bench = room.room.bench
    return fences(bench.agreement, Placed(bench.agreement.zones, bench.atlas))


def fences(agreement: Agreement, placed: Placed) -> list[Fenced]:
    """The drawn zones of an agreement, each of their parts with its height and time."""
    tree, found = agreement.acts, []
    banned = {
        zone
        for term in agreement.terms.values()
        if term.kind == "prohibit" and not term.overrides and any(tree.is_kind(FLYING, cls) != NO for cls in term.does)
        for zone in term.where
    }
    for key in agreement.zones:
        for zone, ids in spec.layers((key,), agreement.zones):
            ground = placed.ground(ids)
            if ground.shape is not None and not ground.codes:
                found.append(Fenced(key, ground.shape, key in banned, zone.low_m, zone.high_m, zone.start, zone.end))
    return found


def _check(viewer: Viewer) -> None:
    if not is_desk(viewer):
        raise AccessError(REFUSED)


def _shown(one: Conflict, read: Sequence[Plotted]) -> Shown:
    other = read[one.other].id if one.other >= 0 else ""
    return Shown(
        one.code, one.sentence, one.value, read[one.notice].id, other, one.zone, utc_text(one.since),
        utc_text(one.until),
    )  # fmt: skip
