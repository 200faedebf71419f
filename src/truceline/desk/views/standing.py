"""What stood at a moment, for its readers? Whether each term was in force, and who was called what.

Read off what stood, as known then; nothing is decided here. What is in force is open to everybody; an act of the record
is named only to those who may read its entry.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from truceline.agreement import designations as names
from truceline.agreement.standing import Standing
from truceline.agreement.statuses import Readings
from truceline.course import Course
from truceline.desk.designations import designation_row, lists_row
from truceline.span import FAR_AHEAD, LONG_AGO, utc_text
from truceline.verdict import NO, YES

STATES: Final = ("in force", "not yet", "lapsed", "suspended", "never", "not in force", "undecided")
"""What a term can be at a moment. *Not in force* = what it waits for has not come, and no time is known for it."""

# -- which term is in force --------------------------------------------------------------------------------------------


def stand(course: Course, at: int) -> dict[str, Any]:
    """What a window is at a second, since when, and until when as far as that is known.

    Args:
        course: the window of a term.
        at: UTC second.

    Returns:
        `state` (one of `STATES`), `reasons` of an *undecided*, `note` such as "lapsed", its `from` and its `until`.

    >>> stand(Course.window(0, 10), 12)["state"], stand(Course.window(20), 12)["state"]
    ('lapsed', 'not yet')
    """
    here = max(i for i, start in enumerate(course.at) if start <= at)
    answer, values = course.answers[here], [one.value for one in course.answers]
    first, last = here, here
    while first and values[first - 1] == answer.value:
        first -= 1
    while last + 1 < len(values) and values[last + 1] == answer.value:
        last += 1
    return {
        "state": _state(course, here), "reasons": [one.value for one in answer.reasons], "note": answer.note or None,
        "from": _second(course.at[first]),
        "until": _second(course.at[last + 1]) if last + 1 < len(values) else None,
    }  # fmt: skip


def _state(course: Course, here: int) -> str:
    answer = course.answers[here]
    if answer.value != NO:
        return "in force" if answer.value == YES else "undecided"
    if answer.note in ("suspended", "never in force"):
        return "suspended" if answer.note == "suspended" else "never"
    if any(one.value != NO for one in course.answers[:here]):
        return "lapsed"
    return "not yet" if any(one.value != NO for one in course.answers[here + 1 :]) else "not in force"


def _second(second: int) -> str | None:
    return utc_text(second) if LONG_AGO < second < FAR_AHEAD else None


def stands_of(standing: Standing, at: int) -> dict[str, dict[str, Any]]:
    """Every term, and whether it is in force at a second.

    Args:
        standing: the text and its signed acts, as known then.
        at: UTC second.
    """
    return {key: stand(standing.window(key), at) for key in standing.agreement.terms}


# -- who is called what ------------------------------------------------------------------------------------------------


def designated(standing: Standing, at: int, entries: Collection[int] | None = None) -> dict[str, Any]:
    """Who is who at a second, by both readings of a designation.

    Args:
        standing: the text and its signed acts, as known then.
        at: UTC second.
        entries: indexes of the entries that whoever asks may read: of an acceptance by another act nothing is told
            but what follows from it; None = all.
    """
    umbrella = standing.readings.umbrella
    standings = {
        reading: replace(standing, readings=Readings(umbrella, reading), _kept={}, _making=[])
        for reading in names.READINGS
    }
    own = {act.id for act in standing.acts if not _is_open(act.id, entries)}
    actors = []
    for actor in standing.agreement.parties:
        row = designation_row(names.designation(actor, standings, at))
        row["accepted"] = [one for one in row["accepted"] if one["source"] not in own]
        actors.append(row)
    return {
        "reading": standing.agreement.readings["designation"], "actors": actors,
        "lists": lists_row(names.lists_of(standing.agreement, at)),
    }  # fmt: skip


def _is_open(act: str, entries: Collection[int] | None) -> bool:
    if entries is None:
        return True
    number = act.removeprefix("entry-")
    return number.isdecimal() and int(number) in entries
