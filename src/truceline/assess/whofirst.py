"""Who was first? For each side the sequence of what it is said to have done, and what of it can be put in order.

A report gives an interval, not a second: where two intervals overlap nobody can say which came first, and the answer is
0 `order unknown`, never a guess. Three columns are asked, and never mixed:

- `alleged`: everything that somebody says of a side is taken at its word;
- `reported`: what a term covers if the report is true (`covered`);
- `breach`: what a term covers and what is supported as the terms require.

A side was *surely* first where its latest possible first lies before everybody else's earliest possible one; *possibly*
where some world has it so; and *someone surely* was where nobody's order is known but something surely happened. To be
first is a moment and no measure: it excuses nobody, and nothing is summed up over sides.

Source: the design's *Semantics*, Reciprocity ("order unknown"); `tests/assess/test_whofirst.py` enumerates worlds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from truceline.verdict import NO, UNKNOWN, YES, Reason

COLUMNS: Final = ("alleged", "reported", "breach")
"""The three questions, from what is merely said to what is supported."""

NEVER_S: Final = 1 << 60
"""Later than every second: nothing is sure to have happened at all."""


@dataclass(frozen=True)
class Event:
    """Something that is said to have happened, at one second of an interval.

    Attributes:
        id: of the report or the claim.
        start: first UTC second at which it can have been; `end`: first second too late.
        sides: side to +1 it surely did it, 0 possibly; a side that is not there surely did not.
        value: column to +1 it surely was, 0 possibly; a column that is not there: it was not.
        reasons: why it is 0, column by column.
        is_of_these: one of the sides that are asked about surely did it, whichever.
        by: who says so.
        is_claim: it rests on words alone, not on a report of an event.
    """

    id: str
    start: int
    end: int
    sides: Mapping[str, int]
    value: Mapping[str, int]
    reasons: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    is_of_these: bool = False
    by: str = ""
    is_claim: bool = False

    def of(self, side: str, column: str) -> int:
        """Whether a side did it, in a column: +1 surely, 0 possibly, -1 not."""
        return min(self.sides.get(side, NO), self.value.get(column, NO))


@dataclass(frozen=True)
class First:
    """Whether a side was first.

    Attributes:
        value: +1 surely before everybody else, 0 cannot be decided, -1 surely not.
        earliest: first UTC second at which its first can have been; None = nothing at all is said of it.
        latest: last UTC second of it; None = perhaps it did nothing.
        reasons: why it is 0.
        rests_on: ids of the events that decide it, in their order.
    """

    side: str
    value: int
    earliest: int | None
    latest: int | None
    reasons: tuple[Reason, ...]
    rests_on: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """Who was first, in one column.

    Attributes:
        someone: +1 somebody surely did something, 0 possibly, -1 nobody.
    """

    column: str
    firsts: tuple[First, ...]
    someone: int


def within(events: Sequence[Event], since: int, until: int) -> list[Event]:
    """The events that can have been in a period, cut to it; one that may lie outside is 0 `time` in every column.

    >>> e = Event("a", 0, 10, {"x": 1}, {"reported": 1})
    >>> [(one.start, one.value["reported"]) for one in within([e], 5, 20)]
    [(5, 0)]
    """
    found = []
    for one in events:
        if one.start >= until or one.end <= since:
            continue
        if since <= one.start and one.end <= until:
            found.append(one)
            continue
        reasons = {column: tuple(dict.fromkeys((*one.reasons.get(column, ()), Reason.TIME))) for column in one.value}
        found.append(replace(
            one, start=max(one.start, since), end=min(one.end, until), reasons=reasons, is_of_these=False,
            value={column: min(value, UNKNOWN) for column, value in one.value.items()},
        ))  # fmt: skip
    return found


def who_first(
    events: Sequence[Event], sides: Sequence[str], column: str, told: Sequence[str] | None = None
) -> Answer:  # fmt: skip
    """Who was first in one column, of events of one period.

    Args:
        events: in any order.
        sides: ids of all who are compared; none is a part of another.
        column: one of `COLUMNS`.
        told: those of them that are answered for; None = all.

    Returns:
        For each side told, in its order: +1 it surely was strictly before every other, 0 cannot be decided, -1 surely
        was not. At the same second nobody is first.

    >>> gov, opp = Event("g", 0, 5, {"gov": 1}, {"reported": 1}), Event("o", 3, 9, {"opp": 1}, {"reported": 1})
    >>> [(f.value, f.reasons) for f in who_first([gov, opp], ["gov", "opp"], "reported").firsts]
    [(0, (<Reason.ORDER_UNKNOWN: 'order unknown'>,)), (0, (<Reason.ORDER_UNKNOWN: 'order unknown'>,))]
    >>> late = Event("o", 5, 9, {"opp": 1}, {"reported": 1})
    >>> [f.value for f in who_first([gov, late], ["gov", "opp"], "reported").firsts]
    [1, -1]
    """
    own = {side: [one for one in events if one.of(side, column) > NO] for side in sides}
    low = {side: min((one.start for one in own[side]), default=NEVER_S) for side in sides}
    high = {
        side: min((one.end - 1 for one in own[side] if one.of(side, column) == YES), default=NEVER_S) for side in sides
    }
    firsts = tuple(_first(side, sides, own, low, high, column) for side in (sides if told is None else told))
    is_some = any(high[side] < NEVER_S for side in sides) or any(
        one.is_of_these and one.value.get(column, NO) == YES for one in events
    )
    return Answer(column, firsts, YES if is_some else UNKNOWN if any(own.values()) else NO)


def _first(  # noqa: PLR0917  # what was worked out for all sides
    side: str, sides: Sequence[str], own: Mapping[str, list[Event]], low: Mapping[str, int], high: Mapping[str, int],
    column: str,
) -> First:  # fmt: skip
    others = [other for other in sides if other != side]
    earliest, latest = low[side], high[side]
    rival_low = min((low[other] for other in others), default=NEVER_S)
    rival_high = min((high[other] for other in others), default=NEVER_S)
    if earliest == NEVER_S or earliest >= rival_high:
        value = NO
    elif latest < NEVER_S and latest < rival_low:
        value = YES
    else:
        value = UNKNOWN
    reasons = _why(side, others, own, column, rival_low=rival_low, latest=latest) if value == UNKNOWN else ()
    bound = min(latest, rival_high)
    rests = sorted(
        (one for name in sides for one in own[name] if one.start <= bound), key=lambda one: (one.start, one.end, one.id)
    )
    return First(
        side, value, None if earliest == NEVER_S else earliest, None if latest == NEVER_S else latest, reasons,
        tuple(dict.fromkeys(one.id for one in rests)),
    )  # fmt: skip


def _why(
    side: str, others: Sequence[str], own: Mapping[str, list[Event]], column: str, *, rival_low: int, latest: int
) -> tuple[Reason, ...]:  # fmt: skip
    """Why it cannot be decided: intervals overlap, or what may have come first is itself 0."""
    found: dict[Reason, None] = {}
    sure = [one for one in own[side] if one.of(side, column) == YES]
    if (
        sure
        and rival_low <= latest < NEVER_S
        and any(one.of(other, column) == YES and one.start <= latest for other in others for one in own[other])
    ):
        found[Reason.ORDER_UNKNOWN] = None
    for name in (side, *others):
        bound = latest if name != side else NEVER_S if not sure else latest
        for one in own[name]:
            if one.of(name, column) == UNKNOWN and one.start <= bound:
                found |= dict.fromkeys(one.reasons.get(column, ()))
                if one.sides.get(name, NO) == UNKNOWN:
                    found[Reason.ACTOR] = None
    return tuple(sorted(found or {Reason.ORDER_UNKNOWN: None}, key=lambda reason: reason.bit))


def follows(one: Event, other: Event) -> int:
    """Whether an event came after another: +1 surely, -1 surely not after it, 0 order unknown.

    >>> at = lambda start, end: Event("e", start, end, {}, {})
    >>> follows(at(5, 6), at(0, 5)), follows(at(0, 6), at(4, 9)), follows(at(0, 1), at(1, 2))
    (1, 0, -1)
    """
    if one.start > other.end - 1:
        return YES
    return NO if one.end - 1 <= other.start else UNKNOWN
