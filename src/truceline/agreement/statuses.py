"""Who is bound, who has accepted, who is excluded: every status of an actor as a course in time, as known then.

A status follows from dated facts of the text and from signed acts; by identity, or by listed name beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Protocol

from truceline.agreement.model import Agreement, Fact, SignedAct, Term
from truceline.course import Course, all_courses, any_course, combined, not_course
from truceline.errors import AgreementError
from truceline.span import FAR_AHEAD, LONG_AGO, Span
from truceline.verdict import NEVER, NO, SURE, YES, Answer, Reason, agreed, both, undecided

ALWAYS = Course.always(SURE)
NOT_EVER = Course.always(NEVER)
LATER_KIND = Course.always(undecided(Reason.NOT_YET_JUDGED))


@dataclass(frozen=True)
class Readings:
    """Which readings are used, where words can be read in several ways.

    Attributes:
        umbrella: `side` (the umbrella counts as the side) or `strict` (0, reason `actor`).
        designation: `identity` (a renamed group is the same) or `name` (a list means the names on it).
        chosen: index of the reading taken of an open word, of a clause with several versions, or of `TERM.field`; what
            is not chosen is evaluated in all its readings.
    """

    umbrella: str = "side"
    designation: str = "identity"
    chosen: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, agreement: Agreement) -> Readings:
        """The readings that the text shows first."""
        return cls(agreement.readings.get("umbrella", "side"), agreement.readings.get("designation", "identity"))


class Seen(Protocol):
    """What the evidence of a case says of a condition over it."""

    def course(self, word: str, fields: Mapping[str, Any], standing: Any) -> Course:  # noqa: ANN401  # `Standing`
        """When a condition such as `count`, `none`, `coverage` or `consecutive` holds.

        Args:
            word: the word that heads the condition.
            fields: the whole mapping in which it stands.
            standing: what stands, as known then.
        """
        ...


@dataclass
class Statuses:
    """The agreement as known at one moment, under one choice of readings. Courses are worked out once and kept.

    Attributes:
        acts: the signed acts known then.
        known_at: UTC seconds.
        seen: the evidence, for conditions over it; None = there is none to ask.
    """

    agreement: Agreement
    acts: tuple[SignedAct, ...]
    known_at: int
    readings: Readings
    seen: Seen | None = None
    _kept: dict[tuple[str, ...], Course] = field(default_factory=dict, repr=False)
    _making: list[tuple[str, ...]] = field(default_factory=list, repr=False)

    def status(self, actor: str, status: str, *, is_umbrella: bool = False) -> Course:
        """Whether an actor has a status in time: `bound`, `accepted`, `excluded`, or one the text defines."""
        key = (status, actor, "umbrella" if is_umbrella else "")
        return self._keep(key, lambda: self._named_status(actor, status, is_umbrella=is_umbrella))

    def _named_status(self, actor: str, status: str, *, is_umbrella: bool) -> Course:
        """Of an actor with parts: the common answer of all, since a report of the whole may mean a part."""
        if is_umbrella:
            return self._status(actor, status, is_umbrella=True)
        everybody = [self._own_status(a, status) for a in (actor, *self.agreement.group.parts(actor))]
        return combined(everybody, partial(agreed, otherwise=Reason.ACTOR))

    def _own_status(self, actor: str, status: str) -> Course:
        course = self._status(actor, status, is_umbrella=False)
        if self.readings.designation == "identity":
            return course
        return combined([course, self._unlisted(actor)], _doubted)

    def _status(self, actor: str, status: str, *, is_umbrella: bool) -> Course:
        if is_umbrella and self.readings.umbrella == "strict":
            return combined([self._side_accepted(actor)], _members_unknown)
        if status == "accepted":
            return self._side_accepted(actor) if is_umbrella else self.accepted(actor)
        if status == "excluded":
            return NOT_EVER if is_umbrella else self.excluded(actor)
        if status in self.agreement.status_rules:
            return self._rule(actor, self.agreement.status_rules[status], is_umbrella=is_umbrella)
        if status == "bound":
            rule = {"all": ["accepted", {"not": ["excluded", "expelled", "withdrawn"]}]}
            return self._rule(actor, rule, is_umbrella=is_umbrella)
        return NOT_EVER if is_umbrella else self._marked(actor, status)

    def _rule(self, actor: str, rule: Any, *, is_umbrella: bool) -> Course:  # noqa: ANN401  # plain values
        """A status defined by others; a list below `not` means *none of these*."""
        if isinstance(rule, str):
            return self.status(actor, rule, is_umbrella=is_umbrella)
        courses = []
        if not isinstance(rule, dict) or not set(rule) <= {"all", "any", "both", "not"}:
            return LATER_KIND
        for key, value in rule.items():
            items = [
                self._rule(actor, item, is_umbrella=is_umbrella)
                for item in (value if isinstance(value, list) else [value])
            ]
            if key == "not":
                courses.append(not_course(any_course(items)))
            else:
                courses.append(any_course(items) if key == "any" else all_courses(items))
        return all_courses(courses)

    def accepted(self, actor: Any) -> Course:  # noqa: ANN401  # plain values
        """From when an actor, or one it is part of, has accepted; a recorded acceptance is what counts."""
        if not isinstance(actor, str):
            return LATER_KIND
        return self._keep(("own acceptance", actor), lambda: self._accepted(self.agreement.group.chain(actor)))

    def _accepted(self, actors: Iterable[str]) -> Course:
        ids = set(actors)
        facts = [f for f in self.agreement.facts if f.what == "accepted" and f.of in ids]
        windows = [self._weighed(facts, dated, [f for f in facts if f.by in self.agreement.guarantors - {f.of}])]
        windows += [Course.window(a.at) for a in self.acts if a.act == "accept" and ids.intersection(a.by)]
        whole = any_course(windows)
        moves = [a for a in self.acts if a.act in ("accept", "withdraw") and ids.intersection(a.by)]
        left = Course.steps([(a.at, SURE if a.act == "withdraw" else NEVER) for a in moves])
        return all_courses([whole, not_course(left)])

    def _side_accepted(self, side: str) -> Course:
        """From the first recorded acceptance of anybody on the side that an umbrella stands for."""
        group = self.agreement.group
        whole = group.side(side) or side
        return any_course([self.accepted(actor) for actor in (whole, *group.parts(whole))])

    def excluded(self, actor: str) -> Course:
        """When an actor is excluded: surely on a list all accept, disputed when only one guarantor says so."""
        chain = self.agreement.group.chain(actor)
        facts = [f for f in self.agreement.facts if f.what == "excluded" and f.of in chain]
        alone = [f for f in facts if not speaks_for_all(self.agreement, f.by)]
        return self._weighed(facts, partial(self._listed, actor), alone)

    def _weighed(self, facts: Iterable[Fact], course_of: Callable[[Fact], Course], alone: Sequence[Fact]) -> Course:
        """What several say: sure where one says it for all, or while all guarantors say it, else disputed."""
        sure = [course_of(fact) for fact in facts if fact not in alone]
        said = [any_course([course_of(f) for f in alone if f.by == one]) for one in sorted(self.agreement.guarantors)]
        together = [all_courses(said)] if said else []
        return any_course([*sure, *together, *(combined([dated(fact)], _disputed) for fact in alone)])

    def _listed(self, actor: str, fact: Fact) -> Course:
        """A listing; by name it means the names on it, and a name that is not on it is disputed."""
        course = dated(fact)
        if self.readings.designation == "identity" or not fact.value:
            return course
        carried = self._carried(actor, fact.value)
        return course if carried is None else combined([course, carried], _by_name)

    def _carried(self, actor: str, name: str) -> Course | None:
        """When an actor carried a name; None where its names are not recorded."""
        names = [f for f in self.agreement.facts if f.what == "name" and f.of in self.agreement.group.chain(actor)]
        return any_course([dated(f) for f in names if f.value == name]) if names else None

    def _unlisted(self, actor: str) -> Course:
        """By listed name: when an actor that a list means carries a name that is not on it."""
        chain = self.agreement.group.chain(actor)
        listed = [f for f in self.agreement.facts if f.what == "excluded" and f.of in chain and f.value]
        named = [(f, carried) for f in listed if (carried := self._carried(actor, f.value)) is not None]
        meant = any_course([all_courses([dated(fact), carried]) for fact, carried in named])
        return all_courses([any_course([dated(fact) for fact, _ in named]), not_course(meant)])

    def _marked(self, actor: str, status: str) -> Course:
        chain = self.agreement.group.chain(actor)
        marks = [dated(f) for f in self.agreement.facts if f.what == status and f.of in chain]
        made = [a for a in self.acts if a.act in ("expel", "readmit") and a.of in chain and self.may(status, a)]
        moves = Course.steps([(a.at, SURE if a.act == "expel" else NEVER) for a in made])
        return any_course([*marks, moves] if status == "expelled" else marks)

    @cached_property
    def findings(self) -> tuple[SignedAct, ...]:
        """The findings, in order; alike ones that guarantors sign one by one are joint from the last signature on."""
        found = sorted((act for act in self.acts if act.act == "finding"), key=lambda act: (act.at, act.id))
        signers: dict[tuple[object, ...], tuple[str, ...]] = {}
        joined = []
        for act in found:
            joined.append(act)
            if not self.is_of_body(act):
                key = (act.holds, act.term, act.of, act.against, act.start, act.until)
                signers[key] = tuple(dict.fromkeys((*signers.get(key, ()), *act.by)))
                joint = replace(act, by=signers[key])
                joined += [joint] if self.is_of_body(joint) else []
        return tuple(joined)

    # -- who may act -------------------------------------------------------------------------------------------------

    def may(self, effect: str, act: SignedAct) -> bool:
        """Whether the signers of an act may bring about an effect.

        Only whom a power of the text names may; without such a power, a body of the joint group; without one, all
        guarantors together.
        """
        powers = [t for t in self.agreement.terms.values() if t.kind == "power" and _has_effect(t, effect, act.of)]
        if powers:
            return any(self.signed(term, act) for term in powers)
        return self.is_of_body(act)

    def is_of_body(self, act: SignedAct) -> bool:
        """Whether an act is signed by a body as its rule asks, or by all guarantors; no party acts as its own judge."""
        group, guarantors = self.agreement.group, self.agreement.guarantors
        bodies = [party.id for party in group.parties.values() if party.kind == "body" and not party.side]
        signed = any(group.signed_by(body, act.by) for body in bodies)
        return signed or (bool(guarantors) and guarantors <= set(act.by))

    def is_of_side(self, act: SignedAct) -> bool:
        """Whether a guarantor signs, for itself or with others; what any other party holds is its allegation."""
        return self.is_of_body(act) or bool(self.agreement.guarantors.intersection(act.by))

    def signed(self, term: Term, act: SignedAct) -> bool:
        """Whether an act is signed by whom a power names, unless its condition was surely not met then."""
        ids = term.who.ids if term.who else ()
        signed = not ids or any(self.agreement.group.signed_by(body, act.by) for body in ids)
        if not signed or term.only_if is None:
            return signed
        return self.condition(term.only_if).during(Span(act.at, act.at + 1)).value != NO

    def condition(self, when: Any) -> Course:  # noqa: ANN401  # plain values
        """A condition as a course; see `Conditions`."""
        raise NotImplementedError

    def able(self, act: str, span: Span) -> tuple[str, ...] | None:
        """Who alone has the means for an act throughout a span; None unless a capability fact says so."""
        for fact in self.agreement.facts:
            holds = fact.what == "sole" and fact.start <= span.start and span.end <= fact.end
            if holds and self.agreement.acts.is_kind(act, fact.of) == YES:
                return fact.actors
        return None

    def _keep(self, key: tuple[str, ...], make: Callable[[], Course]) -> Course:
        if key not in self._kept:
            if key in self._making:
                raise AgreementError(f"`{key[1]}` leads back to itself")
            self._making.append(key)
            try:
                self._kept[key] = make()
            finally:
                self._making.pop()
        return self._kept[key]


def speaks_for_all(agreement: Agreement, issuer: str) -> bool:
    """Whether all accept an exclusion that an issuer states: the text's own, a list's, a body's of all guarantors."""
    party, guarantors = agreement.parties.get(issuer), agreement.guarantors
    if party is None or party.kind == "list":
        return True
    return party.decides == "all" and bool(guarantors) and guarantors <= set(party.members)


def dated(fact: Fact) -> Course:
    """When a fact holds."""
    return (
        Course.window(fact.start, fact.end if fact.end < FAR_AHEAD else None)
        if fact.start > LONG_AGO
        else (Course.steps([(fact.end, NEVER)], before=SURE) if fact.end < FAR_AHEAD else ALWAYS)
    )


def effect_of(term: Term, name: str) -> str:
    """What the effect of a power is on; empty when it has no such effect."""
    effect = term.body.get("effect")
    return str(effect[name]) if isinstance(effect, dict) and name in effect else ""


def _has_effect(term: Term, effect: str, of: str) -> bool:
    """Whether a power brings about an effect: on this, or a status."""
    on = effect_of(term, effect)
    return (bool(on) and on in (of, "any")) or effect_of(term, "status") == effect


def _members_unknown(answers: Iterable[Answer]) -> Answer:
    """Under `strict` an umbrella may hold members that never accepted."""
    accepted = both(answers)
    return accepted if accepted.value == NO else undecided(Reason.ACTOR)


def _disputed(answers: Iterable[Answer]) -> Answer:
    said = both(answers)
    return undecided(Reason.DISPUTED_DESIGNATION) if said.value == YES else said


def _doubted(answers: Iterable[Answer]) -> Answer:
    """Where it is disputed who an actor is, no status of it is decided."""
    status, unlisted = answers
    return undecided(Reason.DISPUTED_DESIGNATION) if unlisted.value == YES else status


def _by_name(answers: Iterable[Answer]) -> Answer:
    listed, carried = answers
    if listed.value != YES:
        return listed
    return SURE if carried.value == YES else undecided(Reason.DISPUTED_DESIGNATION)
