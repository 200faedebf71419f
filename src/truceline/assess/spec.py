"""What IS covered? One report held against one term: slow, short, and the meaning that everything faster must equal.

A report is covered when, if it is true, every factor of the term is met: time x place x altitude x act x actor x
target x conditions, and no exception holds. The answer is the least of the factors; a 0 has exactly the reasons of
the factors at 0, and none if any factor is -1.

The questions, in order, and repeated at their lines: 1 duties and powers have clocks, and no report covers them, 2 an
act that lasts is cut where the law changes, 3 a pair without direction is judged both ways, 4 the factors, 5 the
exceptions.

Source: the design's *Semantics*; Kleene 1952 for the three values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

from truceline.acts import ActTree
from truceline.agreement.conditions import of_time
from truceline.agreement.history import Standing
from truceline.agreement.model import JUDGED_KINDS, Selector, SignedAct, Term, Zone
from truceline.assess.asked import asks_of_report, given, notified, of_the_report, speaks_for
from truceline.assess.place import Placed
from truceline.canon import canonical
from truceline.course import Course
from truceline.evidence.schema import EITHER, JOINT, NOBODY, UNNAMED, Named, Observation
from truceline.group import CIVILIAN, RESERVED, SETTLEMENT
from truceline.span import FAR_AHEAD, LONG_AGO, Span, parse_duration
from truceline.verdict import NEVER, NO, SURE, UNKNOWN, YES, Answer, Reason, agreed, both, denied, either, undecided

SOMEBODY = "unknown"
"""Among alternatives: somebody whom the report does not name."""

NOT_BY_REPORT = "judged by its clock, not by one report"
NOT_AN_ACT = {
    "count": "a count over a period is its issuer's claim, not an incident",
    "statement": "a statement is not an act",
    "observe": "what a sensor detected, or a watch that saw nothing, is not an act",
}
"""Kinds of report that tell of no act, and why; only an act is an incident."""


class Events(Protocol):
    """The reports of a case, asked for one before or after another."""

    def related(self, word: str, fields: Mapping[str, Any], report: Observation, standing: Standing) -> Answer:
        """Whether some report tells of an event before (`earlier`) or after (`followed`) this one, as wanted."""
        ...


def tells_of_act(acts: Sequence[str]) -> bool:
    """Whether a report of such acts can be of an act: nobody knows which, or not all are words, counts or watches.

    >>> tells_of_act(("shelling",)), tells_of_act(()), tells_of_act(("count",))
    (True, True, False)
    """
    return not acts or any(act not in NOT_AN_ACT for act in acts)


@dataclass(frozen=True)
class Law:
    """All that a judge needs: what stands, as known then, where the zones lie, and what else was reported.

    Attributes:
        events: the reports of the case, for conditions on what came before or after; None = none are known.
    """

    standing: Standing
    placed: Placed
    events: Events | None = None

    def is_umbrella(self, actor: str, named: Named) -> bool:
        """Whether an actor of a name stands for its side; beside others only what is itself a side does."""
        party = self.standing.agreement.parties.get(actor)
        return named.is_umbrella and (len(named.ids) == 1 or (party is not None and party.kind == "side"))

    @cached_property
    def alike(self) -> list[tuple[Term, ...]]:
        """Prohibitions that differ only in their zones, together."""
        return alike_terms(self.terms.values(), self.standing)

    def sides(self, report: Observation, term: Term) -> Iterator[Course]:
        """The courses of every status that a term asks of those whom a report names."""
        for named in (report.actor, report.target):
            for actor in (*named.ids, *(capability(report, self) or ())):
                for selector in (term.who, term.to):
                    if selector is not None and selector.status:
                        yield self.standing.status(actor, selector.status, is_umbrella=self.is_umbrella(actor, named))

    @property
    def terms(self) -> Mapping[str, Term]:
        """The terms by id."""
        return self.standing.agreement.terms


@dataclass(frozen=True)
class Verdict:
    """The answers to the two questions, with the factors of the first.

    Attributes:
        covered: if the report is true, does the act fall under the term?
        supported: is the report itself supported as the terms require?
        factors: name of each factor to its answer.
    """

    covered: Answer
    supported: Answer
    factors: Mapping[str, Answer]


def judge(report: Observation, term_id: str, law: Law) -> Verdict:
    """Hold one report against one term.

    Args:
        report: what one source said.
        term_id: id of a term of the agreement.
        law: what stands, as known then.

    Returns:
        +1 covered, -1 not covered by this term, 0 cannot be decided, with reasons.
    """
    factors = _factors_of(report, (law.terms[term_id],), law)
    return Verdict(both(factors.values()), undecided(Reason.CORROBORATION), factors)


def judge_any(report: Observation, law: Law) -> Answer:
    """Whether some prohibition covers a report: alike terms united first, a pair without direction judged both ways."""
    groups = law.alike
    ways = directions(report, law)
    return agreed(
        [either(both(_factors_of(way, group, law).values()) for group in groups) for way in ways],
        otherwise=Reason.ACTOR,
    )


def alike_terms(terms: Iterable[Term], standing: Standing) -> list[tuple[Term, ...]]:
    """Prohibitions that differ only in their zones, together: their areas are united before judging.

    An act may suspend one of them, adopt a reading of one, or amend it: they are alike only while all stand alike.
    """
    everything = list(terms)
    groups: dict[tuple[bytes, Course, Course, Course], list[Term]] = {}
    for term in everything:
        if term.kind == "prohibit" and not term.overrides:
            rest = {
                k: v for k, v in term.body.items() if k not in ("id", "in", "source", "tag", "text", "words", "note")
            }
            permits = sorted(p.id for p in everything if term.id in p.except_)
            wording = [term.since, term.before, None if term.where and term.before is None else term.id]
            key = canonical([rest, permits, term.is_withheld, wording])
            only_if, unless = (standing.condition(of_time(one)) for one in (term.only_if, term.unless))
            groups.setdefault((key, standing.window(term.id), only_if, unless), []).append(term)
    return [tuple(group) for group in groups.values()]


def directions(report: Observation, law: Law) -> list[Observation]:
    """The one or two ways in which a report can be meant; a side without the means for the act is left out."""
    if not report.unordered:
        return [report]
    ways = [
        replace(report, unordered=False),
        replace(report, unordered=False, actor=report.target, target=report.actor),
    ]
    able = [way for way in ways if _can(way, law)]
    return able or ways


def _can(report: Observation, law: Law) -> bool:
    """Whether somebody among the named actors has the means; yes unless a capability fact says otherwise."""
    means = capability(report, law)
    return (
        means is None
        or report.actor.mode in (UNNAMED, NOBODY)
        or any(
            law.standing.agreement.group.belongs(actor, owner) != NO for actor in report.actor.ids for owner in means
        )
    )


def capability(report: Observation, law: Law) -> tuple[str, ...] | None:
    """Who alone has the means for every act the report can mean; None = no fact says so."""
    found = [law.standing.able(act, Span(report.start, report.end)) for act in report.acts]
    if not found or any(one is None for one in found):
        return None
    return tuple(dict.fromkeys(actor for one in found if one is not None for actor in one))


# -- one report against one term, or against alike terms together ----------------------------------------------------


def _factors_of(report: Observation, terms: tuple[Term, ...], law: Law) -> dict[str, Answer]:
    term = terms[0]
    if term.kind not in JUDGED_KINDS:  # 1
        return {"kind": Answer(NO, note=NOT_BY_REPORT)}
    if term.kind == "define":
        return {"time": law.standing.window(term.id).during(Span(report.start, report.end))}
    if report.lasts:  # 2
        pieces = [_factors_of(piece, terms, law) for piece in cut(report, terms, law)]
        return _best(pieces)
    ways = directions(report, law)
    if term.kind == "permit":
        return {"exception": agreed([holds(way, term, law) for way in ways], otherwise=Reason.ACTOR)}
    if len(ways) > 1:  # 3
        return _either_way([_factors(way, terms, law) for way in ways])
    return _factors(ways[0], terms, law)


def cut(report: Observation, terms: Iterable[Term], law: Law) -> list[Observation]:
    """An act that lasts, cut at every change of the law that can matter to it."""
    inside = sorted(at for at in set(changes(report, terms, law)) if report.start < at < report.end)
    marks = [report.start, *inside, report.end]
    return [replace(report, start=a, end=b, lasts=False) for a, b in pairwise(marks)]


def changes(report: Observation, terms: Iterable[Term], law: Law) -> Iterable[int]:
    """Every second at which a window, a status of those named, a zone, or what a notice announces changes."""
    for notice in (act for act in law.standing.acts if act.act == "notice"):
        yield from (at for at in (notice.start, notice.until) if at is not None)
        yield from (given(notice) + ahead for ahead in _leads(law))
    for term in with_exceptions(terms, law):
        yield from law.standing.window(term.id).cuts()
        for condition in (term.only_if, term.unless):
            yield from (
                law.standing.condition(of_time(condition)).cuts()
                if condition is not None and term.kind != "permit"
                else ()
            )
        for zone, _ in layers(term.where, law.standing.agreement.zones):
            yield from (at for at in (zone.start, zone.end) if at is not None)
        for course in law.sides(report, term):
            yield from course.cuts()
    for fact in law.standing.agreement.facts:
        if fact.what == "sole":
            yield from (fact.start, fact.end)


def with_exceptions(terms: Iterable[Term], law: Law) -> list[Term]:
    """Terms, the exceptions to them, and what takes those back."""
    found = {term.id: term for term in terms}
    ahead = list(found.values())
    while ahead:
        here = ahead.pop()
        for other in law.terms.values():
            if here.id in (*other.except_, *other.overrides) and other.id not in found:
                found[other.id] = other
                ahead.append(other)
    return list(found.values())


def _leads(law: Law) -> set[int]:
    """How long ahead notices are asked for, in seconds."""
    wanted = [term.only_if.get("notice") for term in law.terms.values() if isinstance(term.only_if, dict)]
    return {parse_duration(str(one["ahead"])) for one in wanted if isinstance(one, dict) and one.get("ahead")}


def _best(pieces: list[dict[str, Answer]]) -> dict[str, Answer]:
    """An act that lasts is covered when a piece of it is; the factors shown are those of the best piece."""
    answers = [both(piece.values()) for piece in pieces]
    whole = either(answers)
    if whole.value != UNKNOWN:
        return pieces[[a.value for a in answers].index(whole.value)]
    return {
        name: _seen([p[name] for p, a in zip(pieces, answers, strict=True) if a.value == UNKNOWN]) for name in pieces[0]
    }


def _seen(answers: list[Answer]) -> Answer:
    return either([a for a in answers if a.value == UNKNOWN] or answers)


def _either_way(ways: list[dict[str, Answer]]) -> dict[str, Answer]:
    """A pair without direction: who and towards whom become one factor, and what is open there is the actor."""
    pairs = [both([way["actor"], way["target"]]) for way in ways]
    joined = agreed(pairs, otherwise=Reason.ACTOR)
    if joined.value == UNKNOWN and joined.why & Reason.TARGET.bit:
        joined = Answer(UNKNOWN, joined.why & ~Reason.TARGET.bit | Reason.ACTOR.bit)
    rest = {
        name: agreed([way[name] for way in ways], otherwise=Reason.ACTOR)
        for name in ways[0]
        if name not in ("actor", "target")
    }
    return {**rest, "actor": joined, "target": SURE}


def _factors(report: Observation, terms: tuple[Term, ...], law: Law) -> dict[str, Answer]:  # 4
    term, span = terms[0], Span(report.start, report.end)
    zones = tuple(dict.fromkeys(zone for t in terms for zone in t.where))
    return {
        "text": undecided(Reason.WITHHELD_TEXT) if term.is_withheld else SURE,
        "time": law.standing.window(term.id).during(span),
        **_where(_as_of(report, term), zones, law),
        "act": done(report, term.does, law, term.tree),
        "actor": by_whom(report, term.who, law),
        "target": to_whom(report, term.to, law),
        "condition": _conditions(report, term, law),
        "exception": replace(denied(excused(report, term, law)), note=""),  # 5
    }


def _conditions(report: Observation, term: Term, law: Law) -> Answer:
    span = Span(report.start, report.end)
    return both([
        law.standing.condition(of_time(term.only_if)).during(span),
        of_the_report(report, term.only_if, law),
        _barred(report, term, law),
    ])  # fmt: skip


def _barred(report: Observation, term: Term, law: Law) -> Answer:
    """What a term says of *unless*."""
    if term.unless is None:
        return SURE
    asked = [of_the_report(report, term.unless, law)] if asks_of_report(term.unless) else []
    rest = of_time(term.unless)
    if rest is not None:
        asked.append(law.standing.condition(rest).during(Span(report.start, report.end)))
    return denied(both(asked))


def _as_of(report: Observation, term: Term) -> Observation:
    """A report as a term speaks of it: by where it took effect, or by where it came from."""
    return replace(report, impact=report.origin) if term.at == "origin" else report


# -- place and altitude ----------------------------------------------------------------------------------------------


def _where(report: Observation, zones: tuple[str, ...], law: Law) -> dict[str, Answer]:
    """Place and altitude: zones of one height and one time are united, others judged apart."""
    if not zones:
        return {"place": SURE, "altitude": SURE}
    groups = layers(zones, law.standing.agreement.zones)
    span = Span(report.start, report.end)
    if len(groups) == 1:
        zone, ids = groups[0]
        return {
            "place": both([law.placed.compare(report.impact, ids), exists(zone, span)]),
            "altitude": height(report, zone),
        }
    each = [both([law.placed.compare(report.impact, ids), exists(z, span), height(report, z)]) for z, ids in groups]
    return {"place": either(each), "altitude": SURE}


def layers(zones: Iterable[str], known: Mapping[str, Zone]) -> list[tuple[Zone, tuple[str, ...]]]:
    """Zones of the same height and the same time of validity, together."""
    groups: dict[tuple[int | None, ...], list[str]] = {}
    for zone_id in dict.fromkeys(leaf for whole in zones for leaf in _leaves(whole, known)):
        zone = known[zone_id]
        groups.setdefault((zone.low_m, zone.high_m, zone.start, zone.end), []).append(zone_id)
    return [(known[ids[0]], tuple(ids)) for ids in groups.values()]


def _leaves(zone_id: str, known: Mapping[str, Zone]) -> Iterator[str]:
    """The zones that a union consists of: each has its own height and time."""
    parts = known[zone_id].parts
    if not parts:
        yield zone_id
    for part in parts:
        yield from _leaves(part, known)


def exists(zone: Zone, span: Span) -> Answer:
    """Whether a zone exists at the time."""
    if zone.start is None and zone.end is None:
        return SURE
    return zone_course(zone).during(span)


def zone_course(zone: Zone) -> Course:
    """When a zone exists."""
    return Course.window(
        LONG_AGO + 1 if zone.start is None else zone.start, FAR_AHEAD if zone.end is None else zone.end
    )


def height(report: Observation, zone: Zone) -> Answer:
    """Whether the act lies in the zone's band of altitude; unknown altitude is 0 where there is a band."""
    if zone.low_m is None or zone.high_m is None:
        return SURE
    if report.low_m is None or report.high_m is None:
        return undecided(Reason.ALTITUDE)
    if zone.low_m <= report.low_m and report.high_m <= zone.high_m:
        return SURE
    return NEVER if report.high_m < zone.low_m or zone.high_m < report.low_m else undecided(Reason.ALTITUDE)


# -- act, actor, target ----------------------------------------------------------------------------------------------


def done(report: Observation, classes: tuple[str, ...], law: Law, tree: ActTree | None = None) -> Answer:
    """Whether the act falls under the classes of the term; each act that the report can mean is asked.

    `tree` is that of an old wording; None = that of the agreement.
    """
    tree = tree or law.standing.agreement.acts
    if not report.acts:
        return undecided(Reason.ACT)
    known = [act for act in report.acts if act in tree]
    values = [max(tree.is_kind(act, cls) for cls in classes) if classes else YES for act in known]
    each = [undecided(Reason.ACT) if v == UNKNOWN else Answer(v) for v in values]
    each += [undecided(Reason.ACT)] * (len(known) < len(report.acts))
    answer = agreed(each, otherwise=Reason.ACT)
    note = NOT_AN_ACT.get(report.acts[0], "") if answer.value == NO else ""
    return replace(answer, note=note) if note else answer


def by_whom(report: Observation, selector: Selector | None, law: Law) -> Answer:
    """Whether the actor is one whom the term binds; joint attackers are judged member by member."""
    if selector is None:
        return SURE
    named = narrowed(report, law)
    if named.mode == UNNAMED:
        return undecided(Reason.ACTOR)
    if named.mode == NOBODY:
        return Answer(NO, note="no bound actor possible")
    span = Span(report.start, report.end)
    each = [_is_meant(actor, named, selector, span, law) for actor in named.ids]
    return either(each) if named.mode == JOINT else agreed(each, otherwise=Reason.ACTOR)


def to_whom(report: Observation, selector: Selector | None, law: Law) -> Answer:
    """Whether the target is one whom the term protects; civilians alone are -1, and protected by humanitarian law."""
    if selector is None:
        return SURE
    named = report.target
    if named.mode in (UNNAMED, NOBODY):
        return undecided(Reason.TARGET)
    span = Span(report.start, report.end)
    each = [_as_target(_is_meant(target, named, selector, span, law)) for target in named.ids]
    return agreed(each, otherwise=Reason.TARGET)


def narrowed(report: Observation, law: Law) -> Named:
    """Actor of a report, narrowed by a capability fact: only those who have the means can have done it."""
    means = capability(report, law)
    if means is None:
        return report.actor
    if report.actor.mode == UNNAMED:
        return Named(means, EITHER, text=report.actor.text)
    if report.actor.mode == NOBODY:
        return report.actor
    group = law.standing.agreement.group
    able = tuple(a for a in report.actor.ids if a == SOMEBODY or any(group.belongs(a, owner) != NO for owner in means))
    if not able:
        return Named(text=report.actor.text)  # who is named cannot have done it: the report and the fact contradict
    return replace(report.actor, ids=able) if report.actor.mode == EITHER else report.actor


def _is_meant(actor: str, named: Named, selector: Selector, span: Span, law: Law) -> Answer:
    """Whether one actor or target is among those a selector means, with the status it asks for."""
    fixed = meant_by_name(actor, selector, law)
    if not selector.status or not is_party(actor, law):
        return fixed
    return both(
        [fixed, law.standing.status(actor, selector.status, is_umbrella=law.is_umbrella(actor, named)).during(span)]
    )


def is_party(actor: str, law: Law) -> bool:
    """Whether an id is an actor of the agreement: no civilian target, nobody unnamed, no id that it does not know."""
    return actor in law.standing.agreement.parties


def meant_by_name(actor: str, selector: Selector, law: Law) -> Answer:
    """Whether a selector's ids mean an actor; what it says of a status is not asked here."""
    if actor == SOMEBODY:
        return undecided(Reason.ACTOR)
    if actor in RESERVED:
        return _reserved(actor, selector)
    if actor not in law.standing.agreement.parties:
        return undecided(Reason.ACTOR)  # an id that the agreement does not know names nobody
    if not selector.ids:
        return SURE
    belongs = max(law.standing.agreement.group.belongs(actor, to) for to in selector.ids)
    return undecided(Reason.ACTOR) if belongs == UNKNOWN else Answer(belongs)


def _reserved(target: str, selector: Selector) -> Answer:
    if target in selector.ids:
        return SURE
    if target == SETTLEMENT:
        return undecided(Reason.TARGET)
    return Answer(NO, note="protected by humanitarian law") if target in CIVILIAN else NEVER


def _as_target(answer: Answer) -> Answer:
    """What is open about a target is called so."""
    if not answer.why & Reason.ACTOR.bit:
        return answer
    return Answer(UNKNOWN, answer.why & ~Reason.ACTOR.bit | Reason.TARGET.bit)


# -- exceptions ------------------------------------------------------------------------------------------------------


def excused(report: Observation, term: Term, law: Law) -> Answer:
    """Whether some exception to a term holds for this report."""
    return either(holds(report, permit, law) for permit in exceptions_to(term, law))


def exceptions_to(term: Term, law: Law) -> list[Term]:
    """The permits that name a term in their `except`."""
    return [permit for permit in law.terms.values() if term.id in permit.except_]


def holds(report: Observation, permit: Term, law: Law) -> Answer:
    """Whether an exception holds. Who relies on it brings it: -1 until invoked, then 0 until it is decided."""
    invoked = invocation(report, permit, law)
    if invoked.value == NO:
        return Answer(NO, note="not invoked")
    span = Span(report.start, report.end)
    taken_back = either(holds(report, other, law) for other in law.terms.values() if permit.id in other.overrides)
    return both([
        undecided(Reason.WITHHELD_TEXT) if permit.is_withheld else SURE,
        law.standing.window(permit.id).during(span),
        *_where(_as_of(report, permit), permit.where, law).values(),
        _purpose(report, permit, law),
        by_whom(report, permit.who, law),
        to_whom(report, permit.to, law),
        invoked,
        _granted(report, permit, span, law),
        _barred(report, permit, law),
        denied(taken_back),
    ])  # fmt: skip


def _purpose(report: Observation, permit: Term, law: Law) -> Answer:
    """Whether the act falls under the exception; a matching notice decides the purpose of a flight."""
    act = done(report, permit.does, law, permit.tree)
    by_notice = isinstance(permit.only_if, dict) and "notice" in permit.only_if
    return SURE if act.value == UNKNOWN and by_notice else act


def invocation(report: Observation, permit: Term, law: Law) -> Answer:
    """Whether an exception was invoked: by a signed statement about this report, or by a matching notice.

    An exception is its bearer's to invoke; what takes an exception back is anybody else's.
    """
    if permit.burden == "none":
        return SURE
    signed = [a for a in law.standing.acts if a.act == "invoke" and a.term == permit.id and a.of == report.id]
    said = [_may_invoke(act, permit, report, law) for act in signed]
    by_notice = isinstance(permit.only_if, dict) and isinstance(permit.only_if.get("notice"), dict)
    return either([*said, announced(report, permit, law)] if by_notice else said)


def _granted(report: Observation, permit: Term, span: Span, law: Law) -> Answer:
    """Whether the conditions of an invoked exception are met: by the body's answer where the term asks one."""
    answers = [
        act
        for act in law.standing.acts
        if act.act == "answer" and act.term == permit.id and act.of == report.id and law.standing.is_of_body(act)
    ]
    if answers:
        return SURE if answers[-1].is_yes else NEVER
    met = both([
        law.standing.condition(of_time(permit.only_if)).during(span),
        of_the_report(report, permit.only_if, law),
        announced(report, permit, law),
    ])  # fmt: skip
    if permit.ask and met.value != NO:
        return undecided(Reason.AWAITING_ANSWER)
    return met


def announced(report: Observation, permit: Term, law: Law) -> Answer:
    """Whether a notice in the record announces the act, where the exception asks for one."""
    wanted = permit.only_if.get("notice") if isinstance(permit.only_if, dict) else None
    if not isinstance(wanted, dict):
        return SURE
    return either(notified(report, notice, wanted, law) for notice in law.standing.acts if notice.act == "notice")


def _may_invoke(act: SignedAct, permit: Term, report: Observation, law: Law) -> Answer:
    """The bearer invokes an exception; what takes one back is anybody else's."""
    speaks = speaks_for(act, report, law)
    return denied(speaks) if permit.overrides else speaks
