"""When may a standing area be said, and what of it is shown? Late, seldom, and not for every step over a border.

    late      a statement tells of days that are over for 72 hours or more
    seldom    whoever speaks of a group speaks of it once in seven days; and what is shown of a group changes at the
              ends of rounds of seven days only, counted from the beginning of the record, whoever spoke when
    steady    a cell is shown once two statements in a row name it, and no longer once two in a row do not: a group that
              goes to and fro over the edge of a cell is not seen to do so

All of it is decided by the record's own times: the same on every machine. Nothing here knows an agreement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from truceline.errors import SubmissionError, quoted
from truceline.span import utc_text

DELAY_S = 72 * 3600
"""From the end of the day that a statement tells of until it may be said."""

ROUND_S = 7 * 86_400
"""Between two statements of one speaker about one group, and between two changes of what is shown of it."""


@dataclass(frozen=True)
class Stated:
    """One statement of where a group stands.

    Attributes:
        index: of its entry.
        at: UTC second at which the record had it.
        group: whose area.
        by: who says it.
        cells: sorted; none = nowhere.
        until: UTC second at which the day that it tells of was over.
    """

    index: int
    at: int
    group: str
    by: str
    cells: tuple[str, ...]
    until: int


@dataclass(frozen=True)
class Standing:
    """What is shown of one group, as one speaker says it.

    Attributes:
        cells: sorted.
        since: UTC second at which this was first shown.
        until: UTC second of the next end of a round, before which it does not change.
        index: of the newest statement it rests on.
        at: UTC second up to which that statement tells.
        stated: how many statements it rests on.
    """

    group: str
    by: str
    cells: tuple[str, ...]
    since: int
    until: int
    index: int
    at: int
    stated: int


def check_times(new: Stated, before: Iterable[Stated]) -> None:
    """Refuse a statement that comes too soon, after what it tells of or after the one before, or that goes back.

    Args:
        new: as it would be taken; `at` is the second of the clock of the log.
        before: every statement that the record holds.

    Raises:
        SubmissionError: it comes too soon, and the message says from when it may be said; or it tells of a day that
            is no later than that of the statement before.
    """
    if new.at < new.until + DELAY_S:
        raise SubmissionError(f"`day`: told 72 hours after it is over: not before {utc_text(new.until + DELAY_S)}")
    own = [one for one in before if (one.group, one.by) == (new.group, new.by)]
    if not own:
        return
    last = max(one.at for one in own)
    if new.at < last + ROUND_S:
        when = utc_text(last + ROUND_S)
        raise SubmissionError(f"`group`: {quoted(new.by)} speaks of it once in 7 days: not before {when}")
    if new.until <= max(one.until for one in own):
        raise SubmissionError("`day`: expected a later day than that of the statement before")


def round_end(at: int, begin: int) -> int:
    """The end of the newest round that is over at a second; `begin` before the first is.

    >>> round_end(10 * 86_400, 0) // 86_400
    7
    """
    return begin + max(at - begin, 0) // ROUND_S * ROUND_S


def steadied(lists: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What is shown after some statements of one speaker about one group, in their order.

    >>> steadied([["a"], ["a", "b"]]), steadied([["a"], ["a", "b"], ["b"]]), steadied([["a"], ["b"], ["b"]])
    (('a',), ('a', 'b'), ('b',))
    """
    if not lists:
        return ()
    shown, last = set(lists[0]), set(lists[0])
    for one in lists[1:]:
        now = set(one)
        shown = (shown & (now | last)) | (now & last)
        last = now
    return tuple(sorted(shown))


def standing(stated: Iterable[Stated], *, begin: int, now: int) -> list[Standing]:
    """What is shown of each group at a moment, by speaker.

    Args:
        stated: every statement, in any order.
        begin: UTC second at which the record began.
        now: UTC second.

    Returns:
        Sorted by group and speaker. A group of which nothing was said before the end of the newest round is not there.
    """
    end = round_end(now, begin)
    known: dict[tuple[str, str], list[Stated]] = {}
    for one in sorted(stated, key=lambda one: one.index):
        if one.at < end:
            known.setdefault((one.group, one.by), []).append(one)
    found = []
    for (group, by), ones in sorted(known.items()):
        cells = [one.cells for one in ones]
        shown, first = steadied(cells), len(ones)
        while first > 1 and steadied(cells[: first - 1]) == shown:
            first -= 1
        since = _shown_from(ones[first - 1].at, begin)
        found.append(Standing(group, by, shown, since, end + ROUND_S, ones[-1].index, ones[-1].until, len(ones)))
    return found


def _shown_from(at: int, begin: int) -> int:
    """The end of the round in which something was said: what is said at an end is shown at the next."""
    return round_end(at, begin) + ROUND_S
