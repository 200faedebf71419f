"""What is an answer? Three values, and for every *cannot be decided* its reasons.

-1 no, 0 cannot be decided, +1 yes. `and` is the minimum, `or` the maximum, `not` the minus sign, for one value and for
arrays alike (Kleene's strong logic). A covered -1 is printed "not covered by this term", never "allowed".

Source: Kleene 1952, Introduction to Metamathematics, section 64.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

NO: Final = -1
UNKNOWN: Final = 0
YES: Final = 1

Values = NDArray[np.int8]
Masks = NDArray[np.uint32]


class Reason(Enum):
    """The closed list of reasons for a 0. Each is one bit, so that a set of reasons is a number."""

    PLACE = "place"
    TIME = "time"
    ACTOR = "actor"
    TARGET = "target"
    ACT = "act"
    ALTITUDE = "altitude"
    OPEN_WORD = "open word"
    WITHHELD_TEXT = "withheld text"
    DISPUTED_DESIGNATION = "disputed designation"
    ORDER_UNKNOWN = "order unknown"
    NO_COVERAGE = "no coverage"
    AWAITING_ANSWER = "awaiting answer"
    CORROBORATION = "corroboration"
    NOT_YET_JUDGED = "kind not yet judged"

    @property
    def bit(self) -> int:
        """The reason as one bit of a mask."""
        return _BIT[self]

    @property
    def meaning(self) -> str:
        """One sentence for a reader: what is not known."""
        return _MEANING[self]

    @property
    def settled_by(self) -> str:
        """What would settle it: the fields or the act to ask for."""
        return _SETTLED_BY[self]


_BIT = {reason: 1 << i for i, reason in enumerate(Reason)}
_MEANING = {
    Reason.PLACE: "the place is known only to an area that reaches across the edge of the zone",
    Reason.TIME: "the time is known only to an interval in which the answer changes",
    Reason.ACTOR: "who acted, or in which direction, is not known",
    Reason.TARGET: "what or who was the target is not known, or is mixed",
    Reason.ACT: "what was done is not known",
    Reason.ALTITUDE: "the altitude is not known, or reaches across the edge of the zone",
    Reason.OPEN_WORD: "a word of the text has more than one reading, and they differ here",
    Reason.WITHHELD_TEXT: "the text or the map that decides this was never published",
    Reason.DISPUTED_DESIGNATION: "whether the group is excluded is disputed, or rests on one list only",
    Reason.ORDER_UNKNOWN: "which of two events came first is not known",
    Reason.NO_COVERAGE: "nobody could have seen it",
    Reason.AWAITING_ANSWER: "an exception was invoked and the body has not decided it",
    Reason.CORROBORATION: "fewer independent lines of evidence than the terms require",
    Reason.NOT_YET_JUDGED: "this kind of term or condition is not judged yet",
}
_SETTLED_BY = {
    Reason.PLACE: "impact: a finer place",
    Reason.TIME: "start, end: a finer time",
    Reason.ACTOR: "actor: who acted",
    Reason.TARGET: "target: what was hit, and whose it was",
    Reason.ACT: "act: what was done",
    Reason.ALTITUDE: "low_m, high_m: the altitude",
    Reason.OPEN_WORD: "the parties: an agreed reading of the word",
    Reason.WITHHELD_TEXT: "the parties: the text or the map",
    Reason.DISPUTED_DESIGNATION: "the guarantors: a common designation",
    Reason.ORDER_UNKNOWN: "start, end: the order of two events",
    Reason.NO_COVERAGE: "coverage: who could have seen it",
    Reason.AWAITING_ANSWER: "the competent body: its answer",
    Reason.CORROBORATION: "line, grade: a second independent source",
    Reason.NOT_YET_JUDGED: "nothing: a later version judges this",
}


def mask_of(reasons: Iterable[Reason]) -> int:
    """Fold reasons into one mask; 0 = no reason."""
    mask = 0
    for reason in reasons:
        mask |= reason.bit
    return mask


def reasons_of(mask: int) -> tuple[Reason, ...]:
    """Unfold a mask into its reasons, in the order of the closed list.

    >>> [r.value for r in reasons_of(mask_of([Reason.TIME, Reason.PLACE]))]
    ['place', 'time']
    """
    return tuple(reason for reason in Reason if mask & reason.bit)


def all_of(values: Iterable[int]) -> int:
    """Answer `and`: the minimum; +1 of nothing.

    >>> all_of([YES, UNKNOWN]), all_of([UNKNOWN, NO]), all_of([])
    (0, -1, 1)
    """
    return min(values, default=YES)


def any_of(values: Iterable[int]) -> int:
    """Answer `or`: the maximum; -1 of nothing.

    >>> any_of([UNKNOWN, NO]), any_of([YES, UNKNOWN]), any_of([])
    (0, 1, -1)
    """
    return max(values, default=NO)


def alike(values: Iterable[int]) -> int:
    """Answer for alternatives of which one is true: their common answer, 0 where they differ or there is none.

    >>> alike([YES, YES]), alike([YES, NO]), alike([])
    (1, 0, 0)
    """
    found = set(values)
    return found.pop() if len(found) == 1 else UNKNOWN


@dataclass(frozen=True)
class Answer:
    """One value with its reasons.

    Attributes:
        value: -1 no, 0 cannot be decided, +1 yes.
        why: mask of reasons; 0 unless the value is 0.
        note: a remark for the reader, such as "lapsed"; never decides anything.
    """

    value: int
    why: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        """INVARIANT: a 0 has a reason, a sign has none."""
        if (self.value == UNKNOWN) != bool(self.why):
            raise ValueError(f"an answer of {self.value} with reasons {[r.value for r in self.reasons]}")

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons, in the order of the closed list."""
        return reasons_of(self.why)


SURE = Answer(YES)
NEVER = Answer(NO)


def undecided(*reasons: Reason) -> Answer:
    """An answer of 0 for these reasons."""
    return Answer(UNKNOWN, mask_of(reasons))


def both(answers: Iterable[Answer]) -> Answer:
    """`and` of factors: the minimum, with exactly the reasons of the factors at 0, and none if any factor is -1.

    >>> both([SURE, undecided(Reason.TIME), undecided(Reason.PLACE)]).reasons
    (<Reason.PLACE: 'place'>, <Reason.TIME: 'time'>)
    >>> both([undecided(Reason.TIME), NEVER])
    Answer(value=-1, why=0, note='')
    """
    gathered = list(answers)
    value = all_of(a.value for a in gathered)
    return Answer(value, _union(gathered) if value == UNKNOWN else 0, _notes(gathered, value))


def either(answers: Iterable[Answer]) -> Answer:
    """`or` of answers: the maximum, with the reasons of those at 0 when it is 0."""
    gathered = list(answers)
    value = any_of(a.value for a in gathered)
    return Answer(value, _union(gathered) if value == UNKNOWN else 0, _notes(gathered, value))


def agreed(answers: Iterable[Answer], otherwise: Reason) -> Answer:
    """Common answer of alternatives of which one is true; where signs differ, 0 for `otherwise`.

    Alternatives that are all 0 keep their own reasons; a mix of a 0 with a sign has the reasons of the 0 and, where
    signs differ from one another, `otherwise` too.
    """
    gathered = list(answers)
    values = {a.value for a in gathered}
    if len(values) == 1 and UNKNOWN not in values:
        return Answer(values.pop(), 0, _notes(gathered, gathered[0].value))
    why = _union(gathered)
    if {YES, NO} <= values or not why:
        why |= otherwise.bit
    return Answer(UNKNOWN, why)


def denied(answer: Answer) -> Answer:
    """`not` of an answer; the reasons stay."""
    return Answer(-answer.value, answer.why, answer.note)


def _union(answers: Iterable[Answer]) -> int:
    mask = 0
    for answer in answers:
        mask |= answer.why
    return mask


def _notes(answers: Iterable[Answer], value: int) -> str:
    return "; ".join(dict.fromkeys(a.note for a in answers if a.note and a.value == value))
