"""Does the area that a group gave for its own protection still protect it, or is it a list of targets by now?

It does no more once the group is expelled or the agreement has ended. Whoever shows such an area asks here first: where
there is a reason, and where that cannot be decided, it is shown to nobody, from that second on and whether or not it
was destroyed yet. `destroying` asks the same, and destroys what is certain alone.
"""

from __future__ import annotations

import threading
from functools import cached_property
from weakref import WeakKeyDictionary

from truceline.agreement.history import History
from truceline.agreement.standing import Standing
from truceline.desk.designations import acts_of_case
from truceline.desk.runs import bench_of_case
from truceline.span import Span
from truceline.store.case import Case
from truceline.verdict import NO, UNKNOWN, YES

EXPELLED, ENDED = "expelled", "ended"
BINDING = ("prohibit", "require")


class Fate:
    """Whether groups are expelled, and whether the agreement has ended, at a moment.

    Attributes:
        at: UTC second.
    """

    def __init__(self, standing: Standing, at: int) -> None:
        """Ask of a moment.

        Args:
            standing: the agreement as known.
            at: UTC second.
        """
        self.at = at
        self._standing, self._moment = standing, Span(at, at + 1)

    @cached_property
    def ended(self) -> int:
        """+1 every term that binds has lapsed, -1 one is in force or still to come, 0 it cannot be decided."""
        agreement, values, lapsed = self._standing.agreement, [], False
        for term in agreement.terms.values():
            if term.kind not in BINDING or term.before is not None:
                continue
            course = self._standing.window(term.id)
            ahead = [
                answer.value
                for start, answer in zip((*course.at[1:], self._moment.end), course.answers, strict=True)
                if start >= self._moment.end
            ]
            values.append(max(ahead, default=NO))
            lapsed = lapsed or any(answer.value == YES for answer in course.answers)
        if YES in values or not lapsed:
            return NO
        return UNKNOWN if UNKNOWN in values else YES

    def why(self, group: str) -> tuple[str, bool]:
        """Why the area of a group protects it no more; and whether that cannot be decided."""
        expelled = self._standing.status(group, EXPELLED).during(self._moment).value
        for value, why in ((expelled, EXPELLED), (self.ended, ENDED)):
            if value == YES:
                return why, False
        return "", UNKNOWN in (expelled, self.ended)

    def is_over(self, group: str) -> bool:
        """Whether the area of a group may be shown no more: it is over, or nobody can tell."""
        why, is_open = self.why(group)
        return bool(why) or is_open


_STANDINGS: WeakKeyDictionary[Case, tuple[int, Standing]] = WeakKeyDictionary()
_TURN = threading.Lock()


def fate_of(case: Case, at: int) -> Fate:
    """What became of the groups of a case at a moment, by all that its record holds.

    Args:
        case: as it is kept.
        at: UTC second.
    """
    size = len(case.entries())
    with _TURN:
        known, standing = _STANDINGS.get(case, (0, None))
        if standing is None or known != size:
            agreement = bench_of_case(case).agreement
            standing = History(agreement, acts_of_case(case, agreement.tz, size)).as_known(None)
            _STANDINGS[case] = size, standing
    return Fate(standing, at)
