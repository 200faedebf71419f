"""Is a prohibition kept, alleged to be broken, or found to be? For every bearer, at a moment.

A report makes it alleged and no more; only a signed finding makes a breach.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from truceline.agreement.duties import PROHIBITION, event_of, traits_of
from truceline.agreement.machine import Happening, States
from truceline.agreement.model import Term
from truceline.agreement.standing import Standing
from truceline.assess.obligations import Reported, bearers, edges, moment
from truceline.course import Course, all_courses
from truceline.span import Span
from truceline.verdict import NO, YES


@dataclass(frozen=True)
class Ban:
    """A prohibition for one bearer at a moment.

    Attributes:
        surely, possibly: so many reports tell of a breach by the bearer, if they are true.
    """

    term: str
    bearer: str
    states: States
    surely: int = 0
    possibly: int = 0
    moved_by: tuple[str, ...] = ()


def bans(standing: Standing, at: int, reported: Reported | None = None) -> list[Ban]:
    """Every prohibition for every bearer; a report alone is no breach, and only a finding makes one."""
    found = []
    for term in standing.agreement.terms.values():
        if term.kind == "prohibit" and not term.overrides:
            found += [_ban(standing, term, bearer, at, reported or {}) for bearer in bearers(standing, term)]
    return found


def _ban(standing: Standing, term: Term, bearer: str, at: int, reported: Reported) -> Ban:
    told = [one for one in reported.get(f"{term.id}:{bearer}", ()) if one[1] <= at]
    happened = [Happening("begin", t.span, t.is_sure) for t in list(edges(_binds(standing, term, bearer), at))[:1]]
    marks = [a.at for a in standing.findings if term.is_named(a.term, a.at)]
    happened += [Happening("report", Span(start, end), value == YES) for _, start, end, value in _telling(told, marks)]
    moved = []
    for act in standing.findings:
        is_about = term.is_named(act.term, act.at) and act.against and standing.is_of_side(act)
        if (
            is_about
            and standing.agreement.group.belongs(act.against, bearer) == YES
            and (e := event_of(act, PROHIBITION))
        ):
            happened.append(Happening(e, moment(act.at), standing.is_of_body(act)))
            moved.append(act.id)
    for act in standing.suspensions(term):
        happened.append(Happening(act.act, moment(act.at)))
    happened += [Happening("end", moment(one)) for one in _over(standing, term)]
    states = PROHIBITION.run(happened, at=at + 1, traits=traits_of(term))
    sure = sum(value == YES for *_, value in told)
    return Ban(term.id, bearer, states, sure, len(told) - sure, tuple(moved))


def _binds(standing: Standing, term: Term, bearer: str) -> Course:
    """While a term is in force and binds a bearer, who may have accepted later."""
    window = standing.window(term.id)
    if term.who is None or not term.who.status:
        return window
    party = standing.agreement.parties.get(bearer)
    is_side = party is not None and party.kind == "side"
    return all_courses([window, standing.status(bearer, term.who.status, is_umbrella=is_side)])


def _telling(told: Sequence[tuple[str, int, int, int]], marks: Iterable[int]) -> list[tuple[str, int, int, int]]:
    """The reports that can move a prohibition: between two findings the first sure and the first possible one."""
    found: dict[tuple[int, int, int], tuple[str, int, int, int]] = {}
    edges = sorted(marks)
    for one in told:
        key = (sum(at <= one[1] for at in edges), sum(at < one[2] for at in edges), one[3])
        found.setdefault(key, one)
    return list(found.values())


def _over(standing: Standing, term: Term) -> list[int]:
    """When a prohibition ends: its window closes after it was open, other than by a suspension."""
    course = standing.window(term.id)
    return [
        at
        for at, answer, before in zip(course.at[1:], course.answers[1:], course.answers, strict=False)
        if answer.value == NO and before.value == YES and answer.note != "suspended"
    ][-1:]
