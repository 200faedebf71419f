"""What does a condition ask of one report: the number it tells of, its neighbours in time, a notice that announces it?

Parts of `spec`, which alone decides what they mean for a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from truceline.agreement.conditions import OF_THE_REPORT
from truceline.agreement.model import SignedAct
from truceline.course import Course
from truceline.evidence.schema import JOINT, NOBODY, UNNAMED, Observation
from truceline.span import Span, parse_duration
from truceline.verdict import NEVER, NO, SURE, UNKNOWN, YES, Answer, Reason, agreed, both, either, undecided

if TYPE_CHECKING:
    from truceline.assess.spec import Law

NEIGHBOURS = ("earlier", "followed")
"""Words of a condition that ask for another event before or after the one a report tells of."""


def asks_of_report(condition: Any) -> bool:  # noqa: ANN401  # a condition as plain values
    """Whether a condition has words that are asked of one report: its number, or what came before or after."""
    return any((OF_THE_REPORT - {"notice"}).intersection(one) for one in joined(condition))


def of_the_report(report: Observation, condition: Any, law: Law) -> Answer:  # noqa: ANN401  # plain values
    """What a condition asks of one report: the number it tells of, and what came before or after it."""
    asked = []
    for one in joined(condition):
        if "number" in one:
            asked.append(number_of(report, one["number"]))
        for word in NEIGHBOURS:
            if word in one:
                events = law.events
                none = undecided(Reason.NO_COVERAGE)
                asked.append(none if events is None else events.related(word, one[word], report, law.standing))
    return both(asked)


def joined(condition: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401  # plain values
    """The mappings of a condition that mean *and*."""
    if isinstance(condition, dict):
        yield condition
        for key in ("all", "both"):
            yield from joined(condition.get(key))
    elif isinstance(condition, list):
        for item in condition:
            yield from joined(item)


def number_of(report: Observation, wanted: Mapping[str, Any]) -> Answer:
    """Whether the number a report tells of is `at_least` or `at_most` so many; 0 `act` where it does not say."""
    low, high = report.count_low, report.count_high
    asked = []
    if (least := wanted.get("at_least")) is not None:
        asked.append(SURE if low is not None and low >= least else NEVER if high is not None and high < least else None)
    if (most := wanted.get("at_most")) is not None:
        asked.append(SURE if high is not None and high <= most else NEVER if low is not None and low > most else None)
    return both(undecided(Reason.ACT) if one is None else one for one in asked)


# -- notices ---------------------------------------------------------------------------------------------------------


def notified(report: Observation, notice: SignedAct, wanted: Mapping[str, Any], law: Law) -> Answer:
    """Whether a notice in the record announces this act: to whom, how long ahead, and all that has to match."""
    checks = [speaks_for(notice, report, law)]
    if wanted.get("to") and notice.to not in (wanted["to"], *_members(str(wanted["to"]), law)):
        checks.append(NEVER)
    if wanted.get("ahead"):
        checks.append(_ahead(report, notice, parse_duration(str(wanted["ahead"]))))
    matches = wanted.get("matches") or ()
    if "time" in matches:
        if notice.start is None or notice.until is None:
            return NEVER  # a notice that names no hours announces no flight
        checks.append(Course.window(notice.start, notice.until).during(Span(report.start, report.end)))
    if "callsign" in matches:
        same = Answer(YES if report.callsign == notice.callsign else NO)
        checks.append(same if report.callsign else undecided(Reason.ACTOR))
    if "area" in matches:
        checks.append(law.placed.compare_area(report.impact, notice.area))
    return both(checks)


def _members(body: str, law: Law) -> tuple[str, ...]:
    party = law.standing.agreement.parties.get(body)
    return party.members if party else ()


def _ahead(report: Observation, notice: SignedAct, least_s: int) -> Answer:
    if report.start - given(notice) >= least_s:
        return SURE
    return NEVER if report.end - 1 - given(notice) < least_s else undecided(Reason.TIME)


def given(notice: SignedAct) -> int:
    """When a notice was given: not before it entered the record, whatever its signer says."""
    return max(notice.at, notice.known_at)


def speaks_for(act: SignedAct, report: Observation, law: Law) -> Answer:
    """Whether a signer is, or speaks for, the actor of the report; 0 `actor` while that is not known."""
    group, named = law.standing.agreement.group, report.actor
    if named.mode == UNNAMED:
        return undecided(Reason.ACTOR)
    if named.mode == NOBODY:
        return NEVER  # there was nobody to speak for
    values = [max(group.belongs(actor, by) for by in act.by) for actor in named.ids]
    each = [undecided(Reason.ACTOR) if value == UNKNOWN else Answer(value) for value in values]
    return either(each) if named.mode == JOINT else agreed(each, otherwise=Reason.ACTOR)
