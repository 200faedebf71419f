"""The same as `spec`, over tables: factor by factor, each worked out once per distinct region, name or act.

`spec` is the meaning and the oracle; a random differential test holds the two equal, value and reasons. Exceptions
are sparse (somebody must have invoked them), so the rows that have one are asked of `spec` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from truceline.agreement.model import JUDGED_KINDS, Selector, Term
from truceline.assess import answers as col
from truceline.assess import spec
from truceline.assess.answers import Answers, Rows
from truceline.assess.spec import Law
from truceline.course import Course
from truceline.evidence.schema import JOINT, NOBODY, UNNAMED, Named, Observation
from truceline.verdict import NEVER, NO, SURE, UNKNOWN, Answer, Reason, undecided

T = TypeVar("T", bound=Hashable)


class Docket:
    """Reports prepared for judging: acts that last are cut, pairs without direction turned both ways, all once.

    Attributes:
        ways: `(w,)` every way in which a piece of a report can be meant.
        first, last: `(p,)` index of the first and the last way of each piece.
        of: `(p,)` index of the report of each piece.
    """

    def __init__(self, reports: Sequence[Observation], law: Law) -> None:
        """Cut and turn."""
        self.law, self.reports = law, reports
        terms = [term for term in law.terms.values() if term.kind in JUDGED_KINDS]
        self.ways: list[Observation] = []
        first, last, of = [], [], []
        for i, report in enumerate(reports):
            for piece in spec.cut(report, terms, law) if report.lasts else [report]:
                first.append(len(self.ways))
                self.ways += spec.directions(piece, law)
                last.append(len(self.ways) - 1)
                of.append(i)
        self.first, self.last, self.of = (np.array(x, np.int64) for x in (first, last, of))
        self.start = np.array([way.start for way in self.ways], np.int64)
        self.end = np.array([way.end for way in self.ways], np.int64)
        self._distinct: dict[str, tuple[list[Any], Rows, Rows]] = {}

    def __len__(self) -> int:
        """Number of ways."""
        return len(self.ways)

    def by(self, name: str, part: Callable[[Observation], T]) -> tuple[list[T], Rows, Rows]:
        """The distinct values of a part, each way's index among them, and a way that has each; found once per name."""
        if name not in self._distinct:
            index: dict[T, int] = {}
            codes = np.array([index.setdefault(part(way), len(index)) for way in self.ways], np.int64)
            sample = np.zeros(len(index), np.int64)
            sample[codes[::-1]] = np.arange(len(codes))[::-1]
            self._distinct[name] = (list(index), codes, sample)
        return self._distinct[name]

    def rejoined(self, pieces: Answers) -> Answers:
        """An act that lasts is covered when a piece of it is."""
        if len(pieces) == len(self.reports):
            return pieces
        starts = np.searchsorted(self.of, np.arange(len(self.reports)))
        value = np.maximum.reduceat(pieces.value, starts)
        why = np.bitwise_or.reduceat(np.where(pieces.value == UNKNOWN, pieces.why, 0).astype(np.uint32), starts)
        return Answers(value, np.where(value == UNKNOWN, why, 0).astype(np.uint32))


def judge_all(docket: Docket, term_id: str) -> Answers:
    """`spec.judge` for all reports of a docket: `(n,)` answers to *covered*."""
    term, n = docket.law.terms[term_id], len(docket.reports)
    if term.kind not in JUDGED_KINDS:
        return Answers.same(undecided(Reason.NOT_YET_JUDGED), n)
    if not n:
        return Answers.same(NEVER, 0)
    if term.kind == "define":
        return _defined(docket, term)
    if term.kind == "permit":
        each = _asked(docket, range(len(docket)), lambda way: spec.holds(way, term, docket.law), NEVER)
        return docket.rejoined(_alike_ways(docket, each))
    return docket.rejoined(_pairwise(docket, (term,)))


def judge_any_all(docket: Docket) -> Answers:
    """`spec.judge_any` for all reports of a docket: `(n,)` answers to *some prohibition covers it*."""
    groups = spec.alike_terms(docket.law.terms.values())
    if not groups or not docket.reports:
        return Answers.same(NEVER, len(docket.reports))
    each = col.either([col.both([*_rest(docket, group), *_sides(docket, group[0])]) for group in groups])
    starts, ends = docket.first, docket.last
    forth, back = docket.rejoined(each.take(starts)), docket.rejoined(each.take(ends))
    return col.agreed([forth, back], otherwise=Reason.ACTOR)


def _defined(docket: Docket, term: Term) -> Answers:
    start = np.array([r.start for r in docket.reports], np.int64)
    end = np.array([r.end for r in docket.reports], np.int64)
    return Answers(*docket.law.standing.window(term.id).over(start, end))


def _alike_ways(docket: Docket, each: Answers) -> Answers:
    """The common answer of both ways of a pair; that of the only way otherwise."""
    forth, back = each.take(docket.first), each.take(docket.last)
    joined, one = col.agreed([forth, back], otherwise=Reason.ACTOR), docket.first == docket.last
    value = np.where(one, forth.value, joined.value).astype(np.int8)
    return Answers(value, np.where(one, forth.why, joined.why).astype(np.uint32))


def _pairwise(docket: Docket, terms: tuple[Term, ...]) -> Answers:
    """Pairs without direction: actor and target as one factor, called *actor* where it is open."""
    pair = _alike_ways(docket, col.both(_sides(docket, terms[0])))
    called = col.renamed(pair, Reason.TARGET, Reason.ACTOR)
    one = docket.first == docket.last
    who = Answers(pair.value, np.where(one, pair.why, called.why).astype(np.uint32))
    return col.both([who, *(_alike_ways(docket, factor) for factor in _rest(docket, terms))])


def _rest(docket: Docket, terms: tuple[Term, ...]) -> list[Answers]:
    """Every factor but actor and target."""
    term, law = terms[0], docket.law
    later = undecided(Reason.NOT_YET_JUDGED) if spec.LATER_FIELDS.intersection(term.body) else SURE
    return [
        Answers.same(undecided(Reason.WITHHELD_TEXT) if term.is_withheld else SURE, len(docket)),
        Answers.same(later, len(docket)),
        _over(docket, law.standing.window(term.id)),
        *_place(docket, terms),
        _acts(docket, term.does),
        _conditions(docket, term),
        _exceptions(docket, term),
    ]


def _sides(docket: Docket, term: Term) -> list[Answers]:
    return [_named(docket, term.who, "actor"), _named(docket, term.to, "target")]


def _over(docket: Docket, course: Course) -> Answers:
    return Answers(*course.over(docket.start, docket.end))


def _acts(docket: Docket, classes: tuple[str, ...]) -> Answers:
    _, codes, sample = docket.by("acts", lambda way: way.acts)
    return Answers.gathered([spec.done(docket.ways[i], classes, docket.law) for i in sample], codes)


def _asked(docket: Docket, rows: Iterable[int], ask: Callable[[Observation], Answer], otherwise: Answer) -> Answers:
    """Some rows asked one by one, the others answered alike."""
    made = Answers.same(otherwise, len(docket))
    for i in rows:
        answer = ask(docket.ways[i])
        made.value[i], made.why[i] = answer.value, answer.why
    return made


def _conditions(docket: Docket, term: Term) -> Answers:
    standing = docket.law.standing
    checks = [_over(docket, standing.condition(term.only_if))]
    if term.unless is not None:
        checks.append(col.denied(_over(docket, standing.condition(term.unless))))
    return col.both(checks)


def _place(docket: Docket, terms: tuple[Term, ...]) -> list[Answers]:
    """Place and altitude; zones of several heights or times are one factor."""
    zones = tuple(dict.fromkeys(zone for t in terms for zone in t.where))
    if not zones:
        return []
    regions, codes, _ = docket.by("impact", lambda way: way.impact)
    _, bands, sample = docket.by("altitude", lambda way: (way.low_m, way.high_m))
    layers = []
    for zone, ids in spec.layers(zones, docket.law.standing.agreement.zones):
        place = Answers.gathered(docket.law.placed.compare_all(regions, ids), codes)
        if zone.start is not None or zone.end is not None:
            place = col.both([place, _over(docket, spec.zone_course(zone))])
        layers.append([place, Answers.gathered([spec.height(docket.ways[i], zone) for i in sample], bands)])
    return layers[0] if len(layers) == 1 else [col.either([col.both(layer) for layer in layers])]


def _named(docket: Docket, selector: Selector | None, what: str) -> Answers:
    """Actor or target: one column per distinct name, its status read off a course at each row's time."""
    if selector is None:
        return Answers.same(SURE, len(docket))
    part = (lambda way: spec.narrowed(way, docket.law)) if what == "actor" else (lambda way: way.target)
    distinct, codes, _ = docket.by(what, part)
    made = Answers.same(NEVER, len(docket))
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(distinct) + 1))
    for i, named in enumerate(distinct):
        rows = order[bounds[i] : bounds[i + 1]]
        answers = _one_name(docket, named, selector, what, rows)
        made.value[rows], made.why[rows] = answers.value, answers.why
    return made


def _one_name(docket: Docket, named: Named, selector: Selector, what: str, rows: Rows) -> Answers:
    reason = Reason.ACTOR if what == "actor" else Reason.TARGET
    if named.mode == UNNAMED or (named.mode == NOBODY and what == "target"):
        return Answers.same(undecided(reason), len(rows))
    if named.mode == NOBODY:
        return Answers.same(NEVER, len(rows))
    each = [_one_id(docket, actor, named, selector, rows) for actor in named.ids]
    if what == "target":
        each = [col.renamed(column, Reason.ACTOR, Reason.TARGET) for column in each]
        return col.agreed(each, otherwise=Reason.TARGET)
    return col.either(each) if named.mode == JOINT else col.agreed(each, otherwise=Reason.ACTOR)


def _one_id(docket: Docket, actor: str, named: Named, selector: Selector, rows: Rows) -> Answers:
    by_name = Answers.same(spec.meant_by_name(actor, selector, docket.law), len(rows))
    if not selector.status or not spec.is_party(actor, docket.law):
        return by_name
    course = docket.law.standing.status(actor, selector.status, is_umbrella=docket.law.is_umbrella(actor, named))
    return col.both([by_name, Answers(*course.over(docket.start[rows], docket.end[rows]))])


def _exceptions(docket: Docket, term: Term) -> Answers:
    """Not excused. Only rows for which somebody invoked an exception, or could have by a notice, are asked."""
    rows = sorted({i for permit in spec.exceptions_to(term, docket.law) for i in _candidates(docket, permit)})
    return col.denied(_asked(docket, rows, lambda way: spec.excused(way, term, docket.law), NEVER))


def _candidates(docket: Docket, permit: Term) -> list[int]:
    acts = docket.law.standing.acts
    if permit.burden == "none":
        return list(range(len(docket)))
    invoked = {act.of for act in acts if act.act == "invoke" and act.term == permit.id}
    rows = [i for i, way in enumerate(docket.ways) if way.id in invoked] if invoked else []
    if isinstance(permit.only_if, dict) and "notice" in permit.only_if and any(act.act == "notice" for act in acts):
        rows += [int(i) for i in np.flatnonzero(_acts(docket, permit.does).value != NO)]
    return rows
