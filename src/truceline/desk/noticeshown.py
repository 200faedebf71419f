"""What may somebody see of notices? The desk all, an owner its own, a recipient its row, the secretariat the record.

Plain values, ready for JSON and for pages. A recipient sees as much of a notice as its owner consented to, and of its
course what the record says to everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from truceline.desk.notebook import Kept
from truceline.desk.noticelists import row_for
from truceline.desk.noticeroom import NoticeRoom, account_of, is_desk, is_own
from truceline.desk.notification import Noticed
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError
from truceline.group import Sight
from truceline.notices import checks, clocks
from truceline.notices.checks import Remark, told
from truceline.notices.clocks import BY_RECIPIENT
from truceline.span import utc_text

WAITING: Final = "waiting"
STANDING: Final = "standing"
DAMAGED: Final = "damaged"
READERS: Final = ("notices", "host", "party", "monitor")


def answers_shown(noticed: Noticed | None, now: int) -> list[dict[str, Any]]:
    """How it stands with each recipient: state, since when, when it is due, by how long it is late."""
    return [
        {
            "party": one.party, "state": one.state, "since": utc_text(one.since), "entry": one.index,
            "due": utc_text(one.due), "left_s": one.left_s(now), "is_open": one.is_open, "is_signed": one.is_signed,
            "level": one.level, "told": clocks.TO[one.level],
        }
        for one in (noticed.trail.answers.values() if noticed else ())
    ]  # fmt: skip


def trail_shown(noticed: Noticed | None) -> list[dict[str, Any]]:
    """What the record says of a notice, word by word."""
    return [
        {
            "entry": word.index, "at": utc_text(word.at), "what": word.what, "parties": list(word.parties),
            "is_signed": word.is_signed, "level": word.level,
        }
        for word in (noticed.trail.words if noticed else ())
    ]  # fmt: skip


def state_of(noticed: Noticed | None) -> str:
    """`waiting`, `standing`, `removed` or `expired`."""
    if noticed is None:
        return WAITING
    return noticed.trail.end.what if noticed.trail.end else STANDING


def notices_shown(
    room: NoticeRoom, viewer: Viewer, *, state: str = "", offset: int = 0, limit: int | None = None
) -> list[dict[str, Any]]:
    """The notices that somebody may see, and as much of each as he may.

    Args:
        room: of the notification desk.
        viewer: who asks: the desk sees everything; an owner its own; a recipient its row; the secretariat what the
            record says; everybody else nothing.
        state: only those that have come so far; empty = all.
        offset: so many are passed over.
        limit: so many at the most; None = all.

    Returns:
        Plain values, those that wait first, then the newest: `id`, `kind`, `state`, `since`, `until`, `lead`, `entry`,
        `answers`, `trail`, `may` (what this viewer can do next); `draft` and `consents` for desk and owner; `row` for a
        recipient.
    """
    ids = ids_shown(room, viewer, state)
    kept, _ = room.kept() if viewer.role != "secretariat" else ({}, set())
    course = room.course
    end = None if limit is None else offset + limit
    return [_shown(room, viewer, one, kept.get(one), course.notices.get(one)) for one in ids[offset:end]]


def ids_shown(room: NoticeRoom, viewer: Viewer, state: str = "") -> list[str]:
    """Ids of the notices that somebody may see, in the order in which they are shown."""
    course = room.course
    if viewer.role == "secretariat":
        found = list(reversed(course.notices))
        return [one for one in found if state in ("", state_of(course.notices[one]))]
    if viewer.role not in READERS:
        return []
    kept, damaged = room.kept()
    chosen = [one for one, held in kept.items() if _may_see(held, course.notices.get(one), viewer)]
    if state:
        chosen = [one for one in chosen if state_of(course.notices.get(one)) == state]
    chosen += sorted(damaged) if is_desk(viewer) and state in ("", DAMAGED) else []
    entries = {one: noticed.index for one in chosen if (noticed := course.notices.get(one)) is not None}
    return sorted(chosen, key=lambda one: (one in entries, -entries.get(one, 0), one))


def _may_see(held: Kept, noticed: Noticed | None, viewer: Viewer) -> bool:
    """Whether a notice is somebody's own, or was made known to whom he speaks for, finer than as a number."""
    if is_own(held, viewer):
        return True
    if noticed is None or noticed.trail.end is not None or not viewer.party:
        return False
    return any(consent.to == viewer.party and consent.sight > Sight.COUNT for consent in held.draft.to)


def _shown(room: NoticeRoom, viewer: Viewer, one: str, held: Kept | None, noticed: Noticed | None) -> dict[str, Any]:
    if viewer.role == "secretariat":
        return _of_record(one, noticed, room.now())
    if held is None:
        return {"id": one, "state": DAMAGED, "kind": "", "entry": None}
    if is_own(held, viewer):
        return _of_owner(one, held, noticed, room, viewer)
    row = msgspec.to_builtins(row_for(room, one, held, viewer.party))
    return {**_of_record(one, noticed, room.now()), "row": row, "may": _may_receive(noticed, viewer)}


def notice_shown(room: NoticeRoom, viewer: Viewer, one: str) -> dict[str, Any]:
    """One notice, as `notices_shown` shows it, with what a check finds now for whoever may change it.

    Raises:
        AccessError: there is none that this viewer may see.
    """
    kept, damaged = room.kept() if viewer.role != "secretariat" else ({}, set())
    held, noticed = kept.get(one), room.course.notices.get(one)
    if viewer.role == "secretariat":
        may = noticed is not None
    else:
        may = is_desk(viewer) and one in damaged
        may |= held is not None and viewer.role in READERS and _may_see(held, noticed, viewer)
    if not may:
        raise AccessError(REFUSED)
    found = _shown(room, viewer, one, held, noticed)
    if held is not None and "draft" in found and found["state"] == WAITING:
        looked = checks.check([held.draft], room.held_against(kept), [one])[0]
        found["remarks"] = remarks_shown(told(looked.remarks, is_desk=is_desk(viewer)))
    return found


def remarks_shown(remarks: Sequence[Remark]) -> list[dict[str, Any]]:
    """Remarks as plain values."""
    return [
        {"code": r.code, "weight": r.weight, "about": r.about, "values": dict(r.values), "other": r.other}
        for r in remarks
    ]


def _of_record(one: str, noticed: Noticed | None, now: int) -> dict[str, Any]:
    first = noticed.first if noticed else None
    return {
        "id": one, "kind": first.kind if first else "", "state": state_of(noticed),
        "since": first.since if first else "",
        "until": first.until if first else "", "lead": first.lead if first else "",
        "entry": noticed.index if noticed else None, "at": utc_text(noticed.at) if noticed else "",
        "answers": answers_shown(noticed, now), "trail": trail_shown(noticed), "may": [],
    }  # fmt: skip


def _of_owner(one: str, held: Kept, noticed: Noticed | None, room: NoticeRoom, viewer: Viewer) -> dict[str, Any]:
    draft, now = held.draft, room.now()
    shown = _of_record(one, noticed, now)
    if noticed is None:
        shown |= {"kind": draft.kind, "since": draft.since, "until": draft.until, "lead": draft.lead}
    state = state_of(noticed)
    is_of_desk = is_desk(viewer)
    may = ["consent", "revoke", "remove"] if state in (WAITING, STANDING) else ["remove"]
    accepted = [code for code in held.accepted if is_of_desk or code not in checks.DESK_ONLY]
    may += ["confirm"] if state == WAITING and is_of_desk and held.entered_by != account_of(viewer) else []
    return {
        **shown, "draft": msgspec.to_builtins(msgspec.structs.replace(draft, to=())),
        "consents": [
            {"to": c.to, "level": c.level, "since": utc_text(c.since) if c.since else None,
             "ended": utc_text(c.ended) if c.ended else None}
            for c in draft.to
        ],
        "entered": utc_text(held.entered_at), "entered_by": held.entered_by if is_of_desk else "",
        "confirmed_by": held.confirmed_by if is_of_desk else "", "accepted": accepted, "may": may,
    }  # fmt: skip


def _may_receive(noticed: Noticed | None, viewer: Viewer) -> list[str]:
    answer = noticed.trail.answers.get(viewer.party) if noticed else None
    return [what for what in BY_RECIPIENT if answer is not None and what in clocks.NEXT[answer.state]]
