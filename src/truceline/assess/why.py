"""Why is a verdict what it is? Every question below it, down to the fact, as plain values that others can replay.

A tree is a table: each question (a list such as `["actor", ["F2"], [start, end, way, piece]]`, written as JSON) has a
rule, the questions that the rule is applied to, and an answer, or its steps in time. Values come from `spec` and from
the standing; where the steps of a text are plain enough they are opened down to dated facts and signed acts, and where
they are not, the answer stands as an honest leaf under `given`. `checker.py` shares no code with this, and replays it.

The last number of a moment: way -1 a pair without direction, 0 as reported, 1 turned round; 1 lasts, 2 a piece of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any

import msgspec

from truceline.agreement.conditions import OF_THE_REPORT, of_time
from truceline.agreement.model import JUDGED_KINDS, Fact, Selector, Term, Zone
from truceline.agreement.statuses import dated
from truceline.assess import spec
from truceline.assess.asked import of_the_report
from truceline.assess.spec import Law
from truceline.canon import canonical
from truceline.course import Course, all_courses, any_course, combined, not_course
from truceline.errors import InputError, TrucelineError
from truceline.evidence.schema import JOINT, NOBODY, UNNAMED, Named, Observation
from truceline.span import Span, parse_instant
from truceline.verdict import NEVER, NO, SURE, UNKNOWN, YES, Answer, Reason, agreed, both, denied, either, undecided

ANY = "any"
FACTORS = ("text", "time", "place", "altitude", "act", "actor", "target", "condition", "exception")
HOLDS = ("text", "time", "place", "altitude", "purpose", "actor", "target", "invoked", "granted", "taken back")
COURSES = frozenset(
    "window define done when not any-of readings moment instrument "
    "status own rule side accepted excluded marked".split()
)
DATED = ("accepted", "excluded", "marked")
WORDS = frozenset("at from until done accepted all both any not readings".split())
"""Words of a condition that are opened; a condition with any other is a leaf."""

Plain = Any
Found = Answer | Course
Moment = tuple[int, int, int, int]
Rule = Callable[[Iterable[Answer]], Answer]


class _Shut(Exception):  # noqa: N818  # a turn of the walk, no fault
    """What a tree does not open: the answer stands as it is."""


@dataclass(frozen=True)
class Tree:
    """One or more trees over a shared table of questions.

    Attributes:
        table: question to its rule, the questions below, what is cited, and its answer or steps.
        given: question to the answer that no rule of the tree opens.
        roots: term id, or `any`, to the question at its root.
        marks: where an act that lasts is cut, by the terms that cut it.
    """

    table: Mapping[str, Any]
    given: Mapping[str, Any]
    roots: Mapping[str, str]
    marks: Mapping[str, list[int]]

    def answer(self, term_id: str) -> tuple[int, list[str]]:
        """Value and reasons at the root of a tree."""
        root = self.table[self.roots[term_id]]
        return root["value"], root["why"]


def why_of(report: Observation, term_id: str, law: Law) -> Tree:
    """The tree of one report against one term, or against `any`."""
    return why_all(report, (term_id,), law)


def why_all(report: Observation, term_ids: Iterable[str], law: Law) -> Tree:
    """The trees of one report against some terms; what they share stands once."""
    maker = _Maker(report, law)
    moment = (report.start, report.end, -1 if report.unordered else 0, int(report.lasts))
    roots = {}
    for term_id in term_ids:
        roots[term_id] = _key("any", moment) if term_id == ANY else _key("covered", [term_id], moment)
        maker.ask(roots[term_id])
    table = _reached(maker.table, roots.values())
    return Tree(table, {q: row for q, row in maker.given.items() if q in table}, roots, maker.marks)


def _reached(table: Mapping[str, Any], roots: Iterable[str]) -> dict[str, Any]:
    """What the roots rest on: a question below an answer that was not opened after all is left out."""
    found: dict[str, Any] = {}
    ahead = list(roots)
    while ahead:
        q = ahead.pop()
        if q not in found:
            found[q] = table[q]
            ahead += table[q]["of"]
    return found


def _key(*parts: Plain) -> str:
    return canonical(msgspec.to_builtins(parts)).decode()


def _whys(answer: Answer) -> list[str]:
    return [reason.value for reason in answer.reasons]


def _as_target(answers: Iterable[Answer]) -> Answer:
    (answer,) = answers
    return spec._as_target(answer)


def _direction(answers: Iterable[Answer]) -> Answer:
    joined = agreed(answers, otherwise=Reason.ACTOR)
    if joined.why & Reason.TARGET.bit:
        return Answer(UNKNOWN, joined.why & ~Reason.TARGET.bit | Reason.ACTOR.bit)
    return joined


def _opened(reason: Reason, answers: Iterable[Answer]) -> Answer:
    (answer,) = answers
    return answer if answer.value == NO else undecided(reason)


RULES: Mapping[str, Rule] = {
    "all": both,
    "any": either,
    "not": lambda answers: denied(next(iter(answers))),
    "none": lambda answers: denied(either(answers)),
    "target": _as_target,
    "direction": _direction,
    "open world": partial(_opened, Reason.TIME),
    "members unknown": partial(_opened, Reason.ACTOR),
    **{f"same {reason.value}": partial(agreed, otherwise=reason) for reason in Reason},
}


@dataclass
class _Maker:
    """Asks every question once."""

    report: Observation
    law: Law
    table: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    marks: dict[str, list[int]] = field(default_factory=dict)
    _kept: dict[str, Found] = field(default_factory=dict)
    _factors: dict[tuple[Any, ...], Mapping[str, Answer]] = field(default_factory=dict)

    def ask(self, q: str) -> Found:
        if q not in self._kept:
            self._kept[q] = self._answer(q, *msgspec.json.decode(q))
        return self._kept[q]

    def _answer(self, q: str, kind: str, *args: Any) -> Found:  # noqa: ANN401
        true = _plain(self._expected(kind, args))
        try:
            rule, of, cites, found = self._worked_out(kind, args)
        except (_Shut, TrucelineError):
            rule, of, cites, found = "given", [], [], true
        found = _plain(found)
        if rule == "given" or (true is not None and found != true):
            found = true if true is not None else found
            rule, of, cites = "given", [], []
            self.given[q] = _row(found)
        if found is None:
            raise InputError(f"no answer to `{q}`")
        shown = (
            {"steps": _row(found)}
            if isinstance(found, Course)
            else dict(zip(("value", "why"), _row(found), strict=True))
        )
        self.table[q] = {"rule": rule, "of": of, "by": cites, **shown}
        return found

    def _worked_out(self, kind: str, args: tuple[Any, ...]) -> tuple[str, list[str], list[str], Found | None]:
        if kind in ("lies", "told"):
            return "given", [], [], None
        if kind in COURSES:
            if kind == "moment":
                return "leaf", [], [], Course.window(parse_instant(args[0], self._text.tz))
            if kind in DATED:
                course, cites = self._dated(kind, args)
                return "leaf", [], cites, course
            rule, of = _Timely(self.law).below(kind, *args)
            courses = [self.ask(q) for q in of]
            return rule, of, [], combined([c for c in courses if isinstance(c, Course)], RULES[rule])
        leaf = self._leaf(kind, args)
        if leaf is not None:
            return "leaf", [], [], leaf
        rule, of = self._below(kind, *args)
        answers = [self.ask(q) for q in of]
        if rule == "during":
            timely = [one for one in answers if isinstance(one, Course)]
            return rule, of, [], timely[0].during(Span(*args[1][:2]))
        return rule, of, [], RULES[rule]([a for a in answers if isinstance(a, Answer)])

    # -- what the engine says -----------------------------------------------------------------------------------------

    def _expected(self, kind: str, args: tuple[Any, ...]) -> Found | None:
        if kind in COURSES:
            return self._expected_course(kind, args)
        if kind == "lies":
            region = self.report.origin if args[1] == "origin" else self.report.impact
            return self.law.placed.compare(region, args[0])
        if kind == "told":
            return of_the_report(self._seen(args[1]), args[0], self.law)
        if kind == "any":
            return spec.judge_any(self._seen(args[0]), self.law)
        if kind == "covered":
            return both(spec._factors_of(self._seen(args[1]), self._terms(args[0]), self.law).values())
        if kind == "holds":
            return spec.holds(self._seen(args[1]), self._text.terms[args[0]], self.law)
        if kind == "granted":
            seen, permit = self._seen(args[1]), self._text.terms[args[0]]
            return spec._granted(seen, permit, Span(seen.start, seen.end), self.law)
        if kind == "invoked":
            return spec.invocation(self._seen(args[1]), self._text.terms[args[0]], self.law)
        if kind in FACTORS and self._text.terms[args[0][0]].kind == "prohibit":
            key = (tuple(args[0]), tuple(args[1]))
            if key not in self._factors:
                self._factors[key] = spec._factors(self._seen(args[1]), self._terms(args[0]), self.law)
            return self._factors[key][kind]
        return None

    def _expected_course(self, kind: str, args: tuple[Any, ...]) -> Course | None:
        standing = self.law.standing
        if kind == "status":
            return standing.status(args[1], args[0], is_umbrella=args[2])
        known: Mapping[str, Callable[[Any], Course]] = {
            "window": standing.window, "define": standing.definition, "done": standing.done, "when": standing.condition,
            "not": lambda a: not_course(standing.begun(a)), "any-of": lambda a: standing.condition({"any": a}),
            "accepted": standing.accepted, "excluded": standing.excluded,
        }  # fmt: skip
        return known[kind](args[0]) if kind in known else None

    @property
    def _text(self) -> Any:  # noqa: ANN401  # `Agreement`
        return self.law.standing.agreement

    def _terms(self, ids: Iterable[str]) -> tuple[Term, ...]:
        return tuple(self._text.terms[i] for i in ids)

    def _seen(self, c: Moment) -> Observation:
        """The report at a moment, in one of the ways in which it can be meant."""
        start, end, way, lasting = c
        seen = replace(self.report, start=start, end=end, lasts=lasting == 1, unordered=way < 0)
        return replace(seen, actor=seen.target, target=seen.actor) if way == 1 else seen

    # -- what a question about the report rests on ---------------------------------------------------------------------

    def _ways(self, c: Moment) -> list[Moment]:
        if c[2] >= 0:
            return [c]
        found = spec.directions(self._seen(c), self.law)
        turned = [one.actor == self.report.target and one.target == self.report.actor for one in found]
        if len(found) == 2:
            return [(c[0], c[1], 0, c[3]), (c[0], c[1], 1, c[3])]
        return [(c[0], c[1], int(turned[0] and self.report.actor != self.report.target), c[3])]

    def _below(self, kind: str, a: Any, c: Any = (), *more: Any) -> tuple[str, list[str]]:  # noqa: ANN401
        if kind == "any":
            return "same actor", [_key("some", w) for w in self._ways(a)]
        if kind == "some":
            return "any", [_key("covered", group, a) for group in groups_of(self.law)]
        if kind in ("all of", "as target"):
            return ("all", a) if kind == "all of" else ("target", [_key("all of", a)])
        if kind == "if":
            return "during", [a]
        ids = a if isinstance(a, list) else [a]
        term = self._text.terms[ids[0]]
        if kind == "covered":
            return self._covered(term, ids, c)
        rules: Mapping[str, Callable[[], tuple[str, list[str]]]] = {
            "direction": lambda: ("direction", [_key("way", ids, w) for w in self._ways(c)]),
            "both ways": lambda: ("same actor", [_key(more[0], ids, w) for w in self._ways(c)]),
            "way": lambda: ("all", [_key("actor", ids, c), _key("target", ids, c)]),
            "time": lambda: ("during", [_key("window", ids[0])]),
            "place": lambda: self._place(ids, c),
            "altitude": lambda: self._altitude(ids),
            "act": lambda: (
                "same act",
                [_key("kind of", x, term.does) for x in self.report.acts] or [_key("open", "act")],
            ),
            "actor": lambda: self._whom("actor", term.who, c),
            "target": lambda: self._whom("target", term.to, c),
            "condition": lambda: self._conditions(term, ids, c),
            "unless": lambda: ("not", [_key("all of", self._asked(term.unless, c))]),
            "exception": lambda: ("none", self._permits("except_", ids[0], c)),
            "taken back": lambda: ("none", self._permits("overrides", ids[0], c)),
            "holds": lambda: self._holds(term, c),
            "purpose": lambda: self._purpose(term, c),
            "granted": lambda: self._granted(term, c),
        }
        if kind not in rules:
            raise _Shut
        return rules[kind]()

    def _covered(self, term: Term, ids: list[str], c: Moment) -> tuple[str, list[str]]:
        if term.kind not in JUDGED_KINDS:
            return "any", []
        if term.kind == "define":
            return "all", [_key("time", ids, c)]
        if c[3] == 1:
            marks = [piece.start for piece in spec.cut(self._seen(c), self._terms(ids), self.law)]
            self.marks[_key(*ids)] = [*marks, c[1]]
            return "any", [_key("covered", ids, (a, b, c[2], 2)) for a, b in pairwise([*marks, c[1]])]
        ways = self._ways(c)
        if term.kind == "permit":
            return "same actor", [_key("holds", term.id, w) for w in ways]
        if len(ways) == 1:
            return "all", [_key(name, ids, ways[0]) for name in FACTORS]
        rest = [_key("both ways", ids, c, name) for name in FACTORS if name not in ("actor", "target")]
        return "all", [_key("direction", ids, c), *rest]

    def _conditions(self, term: Term, ids: list[str], c: Moment) -> tuple[str, list[str]]:
        return "all", self._asked(term.only_if, c) + ([_key("unless", ids, c)] if term.unless else [])

    def _asked(self, condition: Plain, c: Moment) -> list[str]:
        """What a condition asks: of the time, and of the report."""
        rest, told = of_time(condition), []
        if isinstance(condition, dict):
            words = {k: v for k, v in condition.items() if k in OF_THE_REPORT - {"notice"}}
            told = [_key("told", words, c)] if words else []
        return ([_key("if", self._when(rest), c)] if rest is not None else []) + told

    def _permits(self, name: str, term_id: str, c: Moment) -> list[str]:
        return [
            _key("holds", t.id, c)
            for t in sorted(self._text.terms.values(), key=lambda t: t.id)
            if term_id in getattr(t, name)
        ]

    def _holds(self, permit: Term, c: Moment) -> tuple[str, list[str]]:
        invoked = self.ask(_key("invoked", permit.id, c))
        if isinstance(invoked, Answer) and invoked.value == NO:
            return "all", [_key("invoked", permit.id, c)]
        single = ("invoked", "granted", "purpose")
        asked = [_key(name, permit.id if name in single else [permit.id], c) for name in HOLDS]
        return "all", asked + ([_key("unless", [permit.id], c)] if permit.unless else [])

    def _purpose(self, permit: Term, c: Moment) -> tuple[str, list[str]]:
        act = self.ask(_key("act", [permit.id], c))
        by_notice = isinstance(permit.only_if, dict) and "notice" in permit.only_if
        is_open = isinstance(act, Answer) and act.value == UNKNOWN
        return "any" if by_notice and is_open else "all", [_key("act", [permit.id], c), _key("all of", [])]

    def _granted(self, permit: Term, c: Moment) -> tuple[str, list[str]]:
        made = [
            a for a in self.law.standing.acts if a.act == "answer" and a.term == permit.id and a.of == self.report.id
        ]
        if made:
            raise _Shut
        if permit.ask:
            return "all", [_key("open", Reason.AWAITING_ANSWER.value)]
        return "all", self._asked(permit.only_if, c)

    def _place(self, ids: list[str], c: Moment) -> tuple[str, list[str]]:
        at = self._text.terms[ids[0]].at
        layers = [
            [_key("lies", zones, at), _key("exists", start, end, c)] for _, start, end, zones in self._layers(ids)
        ]
        if len(layers) < 2:
            return "all", [q for layer in layers for q in layer]
        heights = [_key("height", alt) for alt, *_ in self._layers(ids)]
        return "any", [_key("all of", [*layer, height]) for layer, height in zip(layers, heights, strict=True)]

    def _altitude(self, ids: list[str]) -> tuple[str, list[str]]:
        layers = self._layers(ids)
        return "all", [_key("height", layers[0][0])] if len(layers) == 1 else []

    def _layers(self, ids: list[str]) -> list[tuple[list[int] | None, int | None, int | None, list[str]]]:
        zones = [z for term in self._terms(ids) for z in term.where]
        found = spec.layers(zones, self._text.zones)
        made = [
            (
                [z.low_m, z.high_m] if z.low_m is not None and z.high_m is not None else None,
                z.start,
                z.end,
                sorted(leaves),
            )
            for z, leaves in found
        ]
        return sorted(made, key=lambda layer: _key(*layer[:3]))

    def _whom(self, kind: str, wanted: Selector | None, c: Moment) -> tuple[str, list[str]]:
        if wanted is None:
            return "all", []
        seen = self._seen(c)
        named = spec.narrowed(seen, self.law) if kind == "actor" else seen.target
        if named.mode == UNNAMED or (named.mode == NOBODY and kind == "target"):
            return "all", [_key("open", kind)]
        if named.mode == NOBODY:
            return "any", []
        below = [
            _key("all of" if kind == "actor" else "as target", self._meant(x, named, wanted, c)) for x in named.ids
        ]
        return ("any" if kind == "actor" and named.mode == JOINT else f"same {kind}"), below

    def _meant(self, actor: str, named: Named, wanted: Selector, c: Moment) -> list[str]:
        asked = [_key("named", actor, wanted.ids)]
        if wanted.status and spec.is_party(actor, self.law):
            asked.append(_key("if", _key("status", wanted.status, actor, self.law.is_umbrella(actor, named)), c))
        return asked

    def _leaf(self, kind: str, args: tuple[Any, ...]) -> Answer | None:
        """What the report, the actors and the tree of acts answer by themselves; None = it rests on other questions."""
        if kind == "open":
            return undecided(Reason(args[0]))
        if kind == "text":
            return undecided(Reason.WITHHELD_TEXT) if self._text.terms[args[0][0]].is_withheld else SURE
        if kind == "kind of":
            return spec.done(replace(self.report, acts=(args[0],)), tuple(args[1]), self.law)
        if kind == "exists":
            return spec.exists(replace(_ANYWHERE, start=args[0], end=args[1]), Span(*args[2][:2]))
        if kind == "height":
            low, high = args[0] or (None, None)
            return spec.height(self.report, replace(_ANYWHERE, low_m=low, high_m=high))
        if kind == "named":
            return spec.meant_by_name(args[0], Selector(tuple(args[1])), self.law)
        if kind == "invoked":
            signed = spec.invocation(self._seen(args[1]), replace(self._text.terms[args[0]], only_if=None), self.law)
            return replace(signed, note="")
        return None

    # -- what a question in time rests on ------------------------------------------------------------------------------

    def _when(self, plain: Plain) -> str:
        return _Timely(self.law).when(plain)

    def _dated(self, kind: str, args: tuple[Any, ...]) -> tuple[Course, list[str]]:
        """A status from dated facts and signed acts, and what is cited for it."""
        what, actor = args if kind == "marked" else (kind, args[0])
        chain = self._text.group.chain(actor)
        facts = [f for f in self._text.facts if f.what == what and f.of in chain]
        cites = [cite(f) for f in facts]
        said = any_course([_doubted(f) if kind != "marked" and self._is_apart(f, facts) else dated(f) for f in facts])
        if kind != "accepted":
            return said, cites
        acts = [a for a in self.law.standing.acts if a.act in ("accept", "withdraw") and set(chain).intersection(a.by)]
        signed = any_course([said, *(Course.window(a.at) for a in acts if a.act == "accept")])
        left = Course.steps([(a.at, SURE if a.act == "withdraw" else NEVER) for a in acts])
        return all_courses([signed, not_course(left)]), [*cites, *(f"act {a.id}" for a in acts)]

    def _is_apart(self, fact: Fact, facts: Iterable[Fact]) -> bool:
        """Whether one guarantor alone says so."""
        guarantors = self._text.guarantors
        sayers = {f.by for f in facts if f.of == fact.of and f.start < fact.end and fact.start < f.end}
        return fact.by in guarantors and fact.of not in guarantors and not guarantors <= sayers


@dataclass(frozen=True)
class _Timely:
    """What a window, a condition or a status of the text rests on."""

    law: Law

    def when(self, plain: Plain) -> str:
        """The question that a condition asks."""
        if isinstance(plain, bool) or not isinstance(plain, str | int):
            return _key("when", plain)
        name, agreement = str(plain), self.law.standing.agreement
        term = agreement.terms.get(name)
        if term is None:
            return _key("moment", name) if name not in agreement.words else _key("when", {"word": name})
        return _key("define" if term.kind == "define" else "done", name)

    def below(self, kind: str, a: Any, b: str = "", wide: bool = False) -> tuple[str, list[str]]:  # noqa: ANN401
        if kind in ("status", "own", "rule", "side"):
            return self._status(kind, a, b, wide)
        agreement = self.law.standing.agreement
        term = agreement.terms.get(a) if isinstance(a, str) else None
        if kind == "window" and term is not None:
            return "all", [_key("define", a)] if term.kind == "define" else self._window(term)
        if kind == "instrument":
            return ("all" if agreement.instruments[a].is_adopted else "any"), []
        if kind == "define" and term is not None:
            if "is" not in term.body:
                raise _Shut
            return "all", [self.when(term.body.get("is"))]
        if kind == "done" and term is not None:
            owed = self.when(term.body["on"]) if term.body.get("on") is not None else _key("window", a)
            return ("any", []) if term.kind == "power" else ("open world", [owed])
        each = [self.when(x) for x in (a if isinstance(a, list) else [] if a is None else [a])]
        if kind == "when" and isinstance(a, dict):
            return "all", self._words(a)
        return {"not": "not", "any-of": "any", "readings": "same open word", "when": "all"}[kind], each

    def _window(self, term: Term) -> list[str]:
        whole = self.law.standing.agreement.instruments.get(term.instrument)
        first, last = term.begins, term.ends
        if whole is not None and term.during is None:
            first, last = whole.begins if first is None else first, whole.ends if last is None else last
        asked = [_key("instrument", term.instrument)] if whole is not None else []
        asked += [self.when(first)] if first is not None else []
        asked += [_key("not", last)] if last is not None else []
        return asked + ([self.when(term.during)] if term.during is not None else [])

    def _words(self, fields: Mapping[str, Plain]) -> list[str]:
        if set(fields) - WORDS:
            raise _Shut
        turn = {"until": "not", "all": "when", "both": "when", "any": "any-of"}
        return [
            self.when(fields[k]) if k in ("at", "from") else _key(turn.get(k, k), fields[k]) for k in sorted(fields)
        ]

    def _status(self, kind: str, a: Any, b: str, wide: bool) -> tuple[str, list[str]]:  # noqa: ANN401
        standing, group = self.law.standing, self.law.standing.agreement.group
        rules = standing.agreement.status_rules
        if kind == "rule" and isinstance(a, dict):
            if len(a) != 1:
                raise _Shut
            ((word, items),) = a.items()
            below = [_key("rule", x, b, wide) for x in (items if isinstance(items, list) else [items])]
            return {"not": "none", "any": "any"}.get(word, "all"), below
        if kind == "rule":
            return "all", [_key("status", a, b, wide)]
        if kind == "side":
            side = group.side(a) or a
            return "any", [_key("accepted", x) for x in (side, *sorted(group.parts(side)))]
        if wide and standing.readings.umbrella == "strict":
            return "members unknown", [_key("side", b)]
        if kind == "status" and not wide and (parts := sorted(group.parts(b))):
            return "same actor", [_key("own", a, x, False) for x in (b, *parts)]
        if a in ("accepted", "excluded"):
            if wide:
                return ("all", [_key("side", b)]) if a == "accepted" else ("any", [])
            return "all", [_key(a, b)]
        if a in rules or a == "bound":
            rule = rules.get(a, {"all": ["accepted", {"not": ["excluded", "expelled", "withdrawn"]}]})
            return "all", [_key("rule", rule, b, wide)]
        return ("any", []) if wide else ("all", [_key("marked", a, b)])


# -- plain values ------------------------------------------------------------------------------------------------------

_ANYWHERE = Zone("", 0)


def cite(fact: Fact) -> str:
    """Where a dated fact stands."""
    return f"line {fact.line}" if fact.line else f"record {fact.source}"


def _doubted(fact: Fact) -> Course:
    course, open_ = dated(fact), undecided(Reason.DISPUTED_DESIGNATION)
    return Course(course.at, tuple(open_ if answer.value == YES else answer for answer in course.answers))


def _plain(found: Found | None) -> Found | None:
    """An answer or a course without its remarks, which decide nothing."""
    if isinstance(found, Answer):
        return replace(found, note="")
    return None if found is None else all_courses([Course(found.at, tuple(replace(a, note="") for a in found.answers))])


def _row(found: Found | None) -> list[Any]:
    if isinstance(found, Course):
        return [[at, a.value, _whys(a)] for at, a in zip(found.at, found.answers, strict=True)]
    return [] if found is None else [found.value, _whys(found)]


def groups_of(law: Law) -> list[list[str]]:
    """The prohibitions that `any` unites before judging, by id."""
    return [[term.id for term in group] for group in law.alike]
