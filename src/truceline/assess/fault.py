"""Whose fault would it be, if the reports are true? One of a closed list of words, and never a percentage.

`one party`, `either of` some, `mutual`, `outside the agreement`, `no bound actor possible`, `unknown`. Which of two
came first is asked of their intervals: where these overlap the order is unknown, and it is only sure that somebody was
first.

Source: the design's *Semantics*, State machines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from truceline.assess import spec
from truceline.assess.spec import SOMEBODY, Law
from truceline.evidence.schema import JOINT, NOBODY, UNNAMED, Observation
from truceline.span import Span
from truceline.verdict import NO

ONE_PARTY, EITHER_OF, MUTUAL = "one party", "either of", "mutual"
OUTSIDE, NO_BOUND, UNKNOWN_FAULT = "outside the agreement", "no bound actor possible", "unknown"
FAULTS = (ONE_PARTY, EITHER_OF, MUTUAL, OUTSIDE, NO_BOUND, UNKNOWN_FAULT)


@dataclass(frozen=True)
class Fault:
    """A word of the list, and whom it speaks of.

    Attributes:
        kind: one of `FAULTS`.
        parties: ids, sorted; empty for words that speak of nobody.
    """

    kind: str
    parties: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As it is printed."""
        return f"{self.kind}: {', '.join(self.parties)}" if self.parties else self.kind


def fault_of(report: Observation, law: Law) -> Fault:
    """Whose act a report tells of, among those whom the agreement binds at that time."""
    if report.actor.mode == NOBODY and not report.unordered:
        return Fault(NO_BOUND)
    named: dict[str, None] = {}
    is_open = False
    for way in spec.directions(report, law):
        actor = spec.narrowed(way, law)
        is_open |= actor.mode == UNNAMED or SOMEBODY in actor.ids or not actor.ids
        named |= dict.fromkeys(one for one in actor.ids if spec.is_party(one, law))
    bound = sorted(one for one in named if _may_be_bound(one, report, law))
    if is_open:
        return Fault(UNKNOWN_FAULT)
    if not bound:
        return Fault(NO_BOUND if report.actor.mode == UNNAMED else OUTSIDE)
    if report.actor.mode == JOINT and not report.unordered:
        sides = {law.standing.agreement.group.side(one) or one for one in bound}
        return Fault(MUTUAL if len(sides) > 1 else ONE_PARTY, tuple(bound))
    if len(bound) == 1 and len(named) == 1:
        return Fault(ONE_PARTY, tuple(bound))
    return Fault(EITHER_OF, tuple(sorted(named)))


def _may_be_bound(actor: str, report: Observation, law: Law) -> bool:
    umbrella = law.is_umbrella(actor, report.actor) or law.is_umbrella(actor, report.target)
    bound = law.standing.status(actor, "bound", is_umbrella=umbrella)
    return bound.during(Span(report.start, report.end)).value != NO


def of_incident(faults: Sequence[Fault]) -> Fault:
    """The fault of one incident that several reports tell of: what all share, else either of those that all name.

    Where one report names nobody of the agreement, and another does, it is `unknown`.
    """
    told = set(faults)
    if len(told) == 1:
        return told.pop()
    if not all(one.parties for one in told) or not told:
        return Fault(UNKNOWN_FAULT)
    return Fault(EITHER_OF, tuple(sorted({party for one in told for party in one.parties})))


def of_several(faults: Iterable[Fault]) -> Fault:
    """The fault of several incidents together: mutual where each of two parties surely has one of its own.

    An incident that is nobody's of the agreement adds nothing to those that are somebody's.
    """
    gathered = list(faults)
    own = sorted({party for one in gathered if one.kind in (ONE_PARTY, MUTUAL) for party in one.parties})
    if len(own) > 1:
        return Fault(MUTUAL, tuple(own))
    return of_incident([one for one in gathered if one.kind not in (OUTSIDE, NO_BOUND)] or gathered)


@dataclass(frozen=True)
class First:
    """Who was first, as far as intervals tell.

    Attributes:
        surely: the party whose event came before every event of the others; empty = the order is unknown.
        possibly: parties that can have been first, sorted. Somebody surely was.
    """

    surely: str
    possibly: tuple[str, ...]


def first_of(events: Iterable[tuple[str, Span]]) -> First:
    """Which party was first.

    >>> first_of([("a", Span(0, 10)), ("b", Span(20, 30))])
    First(surely='a', possibly=('a',))
    >>> first_of([("a", Span(0, 10)), ("b", Span(5, 30))])
    First(surely='', possibly=('a', 'b'))
    """
    earliest: dict[str, tuple[int, int]] = {}
    for party, span in events:
        start, end = earliest.get(party, (span.start, span.end))
        earliest[party] = (min(start, span.start), min(end, span.end))
    if not earliest:
        return First("", ())
    latest_start = min(end for _, end in earliest.values())
    able = tuple(sorted(party for party, (start, _) in earliest.items() if start < latest_start))
    return First(able[0] if len(able) == 1 else "", able)
