"""What of the publication path is shown, and to whom? What is public, to all; matters, to whom they concern; numbers.

It decides nothing: `desk.publication` does.
"""

from __future__ import annotations

from typing import Any

from truceline.agreement.model import Agreement
from truceline.desk.entries import Shelf
from truceline.desk.publication import Course, Matter, Withheld, course_of
from truceline.desk.publishing import LIFTED, PUBLIC, said_of
from truceline.desk.viewers import Viewer
from truceline.span import utc_text
from truceline.store.case import Case


def concerns(matter: Matter, viewer: Viewer, course: Course, text: Agreement) -> bool:
    """Whether a matter is shown to somebody: the secretariat, those concerned, who decides, and who drafted it."""
    if viewer.role == "secretariat":
        return True
    if viewer.role != "party" or not viewer.party:
        return False
    body = text.parties.get(matter.body)
    deciding = {matter.body, *(body.members if body else ())}
    return viewer.party in {*matter.to, *deciding, course.entry_at(matter.of).by}


def matters_of(case: Case, viewer: Viewer, after: int = -1) -> list[Matter]:
    """The matters that are shown to somebody, in the order of their drafts."""
    course = course_of(case)
    found = sorted((one for one in list(course.matters.values()) if one.of > after), key=lambda one: one.of)
    text = course.in_force if found else None
    return [one for one in found if text is not None and concerns(one, viewer, course, text)]


def matter_shown(one: Matter) -> dict[str, Any]:
    """A matter as plain values."""
    return {
        "of": one.of, "stage": one.stage, "step": one.step, "began": utc_text(one.began), "since": utc_text(one.since),
        "body": one.body, "about": list(one.about), "to": list(one.to), "text": one.text,
        "comment": one.comment or None, "due": utc_text(one.due) if one.comment else None,
        "remarks": [{"party": party, "entry": index} for party, index in sorted(one.remarks.items())],
        "silent": list(one.silent), "decided": list(one.decided), "code": one.code, "reason": one.reason,
    }  # fmt: skip


def withheld_shown(one: Withheld) -> dict[str, Any]:
    """How much is not public."""
    return {
        "withheld": {"number": len(one.ages_days), "ages_days": list(one.ages_days)},
        "unpublished": {"number": len(one.unpublished_days), "ages_days": list(one.unpublished_days)},
    }  # fmt: skip


def published_shown(case: Case, viewer: Viewer, after: int = -1, limit: int | None = None) -> list[dict[str, Any]]:
    """What was made public after an index, publication by publication; the dissent of a finding is printed in it."""
    course, shelf = course_of(case), Shelf(case, viewer)
    found = [one for one in list(course.matters.values()) if one.stage in (PUBLIC, LIFTED) and one.step > after]
    made = []
    for matter in sorted(found, key=lambda one: one.step)[:limit]:
        said = said_of(course.entry_at(matter.step).body)
        made.append({
            "publication": matter.step, "at": utc_text(matter.since), "by": matter.body, "stage": matter.stage,
            "texts": dict(said.texts), "reason": said.reason,
            "entries": [shelf.shown(shelf.said(index)) for index in said.about],
        })  # fmt: skip
    return made
