"""Where does each allegation stand, and who has said what about it? Unanswered is a fact, not guilt.

An allegation is followed by the acts that name it in `about`: acknowledged, asked, answered, assessed by each side for
itself, opened together. A side's own finding stays its own; only both together, or the body, agree or disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from truceline.agreement.duties import ALLEGATION
from truceline.agreement.machine import States
from truceline.agreement.model import SignedAct
from truceline.agreement.standing import Standing
from truceline.span import parse_duration
from truceline.verdict import YES

ASKED_S = 24 * 3_600
"""Seconds after which what was asked counts as unanswered, where the text does not say."""

OUTCOMES = {
    "no-breach": "finding-of-no-breach", "explained": "finding-of-explanation", "repaired": "finding-of-repair",
}  # fmt: skip
"""What the body may hold instead of a breach, and the event that it is."""


@dataclass(frozen=True)
class Allegation:
    """One allegation at a moment.

    Attributes:
        by: who lodged it.
        against: whom it accuses; empty = it does not say.
        at: UTC second of its lodging.
        states: every state it can be in.
        answers: ids of the replies; `assessed_by`: sides that signed a finding of their own about it.
        dissent: who of a body that decided did not agree.
    """

    id: str
    by: tuple[str, ...]
    against: str
    term: str
    at: int
    states: States
    answers: tuple[str, ...] = ()
    assessed_by: tuple[str, ...] = ()
    dissent: tuple[str, ...] = ()


def allegations(standing: Standing, at: int) -> list[Allegation]:
    """Every allegation that was lodged until a second, as known then, in the order of their lodging."""
    lodged = [act for act in standing.acts if act.act == "allege" and act.at <= at]
    return [_followed(standing, act, at) for act in sorted(lodged, key=lambda act: (act.at, act.id))]


def _followed(standing: Standing, lodged: SignedAct, at: int) -> Allegation:
    about = [a for a in standing.acts if lodged.id in (a.of, *a.about) and a.id != lodged.id and a.at <= at]
    events = sorted(_events(standing, lodged, about, at), key=lambda event: event[:2])
    states = ALLEGATION.start
    for _, _, event in events:
        states = ALLEGATION.step(states, event)
    own = dict(_own(standing, about))
    joint = [a for a in about if a.act == "finding" and standing.is_of_body(a)]
    return Allegation(
        lodged.id, lodged.by, lodged.against, lodged.term, lodged.at, states,
        tuple(a.id for a in about if a.act == "reply" and _is_of_accused(standing, lodged, a)), tuple(sorted(own)),
        tuple(sorted({one for act in joint for one in act.dissent})),
    )  # fmt: skip


def _events(standing: Standing, lodged: SignedAct, about: list[SignedAct], at: int) -> Iterator[tuple[int, int, str]]:
    """What happened: second, order within it, event.

    To ask is to acknowledge, to answer unasked is to be asked, to decide jointly is to assess first.
    """
    asked: list[int] = []
    for act in sorted(about, key=lambda a: (a.at, a.id)):
        if act.act == "acknowledge" and standing.is_of_body(act):
            yield act.at, 0, "acknowledge"
        elif act.act == "request":
            yield act.at, 0, "acknowledge"
            yield act.at, 1, "ask"
            asked.append(act.at)
        elif act.act == "reply" and _is_of_accused(standing, lodged, act):
            yield act.at, 0, "acknowledge"
            yield act.at, 1, "ask"
            yield act.at, 2, "reply"
        elif act.act == "withdraw" and set(act.by) & set(lodged.by):
            yield act.at, 9, "withdraw"
        elif act.act == "perform" and _refers(standing, act):
            yield act.at, 6, "refer"
        elif act.act == "finding":
            yield from _found(standing, act)
    wait_s = _answer_s(standing)
    yield from ((one + wait_s, 3, "deadline-passed") for one in asked if one + wait_s <= at)
    yield from _opened(standing, about)


def _is_of_accused(standing: Standing, lodged: SignedAct, reply: SignedAct) -> bool:
    """Whether the accused answers: itself, a part of it, or a guarantor that did not accuse it."""
    group = standing.agreement.group
    if not lodged.against:
        return not set(reply.by) & set(lodged.by)
    own = any(group.belongs(signer, lodged.against) == YES for signer in reply.by)
    return own or bool(standing.agreement.guarantors.intersection(reply.by) - set(lodged.by))


def _found(standing: Standing, act: SignedAct) -> Iterator[tuple[int, int, str]]:
    """A finding: of one side for itself it is an assessment, of the body a decision."""
    if standing.is_of_side(act):
        yield act.at, 4, "assess"
    if not standing.is_of_body(act):
        return
    yield act.at, 5, "opened-alike"
    if act.holds in OUTCOMES:
        yield act.at, 6, OUTCOMES[act.holds]
    yield act.at, 7, "decide"


def _own(standing: Standing, about: list[SignedAct]) -> Iterator[tuple[str, str]]:
    """The findings of guarantors, each for itself, the last of each."""
    for act in sorted(about, key=lambda a: (a.at, a.id)):
        if act.act == "finding" and not standing.is_of_body(act):
            yield from ((side, act.holds) for side in act.by if side in standing.agreement.guarantors)


def _opened(standing: Standing, about: list[SignedAct]) -> Iterator[tuple[int, int, str]]:
    """Both sides' assessments, opened together once both are there."""
    own = dict(_own(standing, about))
    if own and set(own) == set(standing.agreement.guarantors):
        last = max(a.at for a in about if a.act == "finding" and not standing.is_of_body(a))
        yield last, 5, "opened-alike" if len(set(own.values())) == 1 else "opened-apart"


def _refers(standing: Standing, act: SignedAct) -> bool:
    """Whether an act puts a case before those above the body."""
    term = standing.agreement.terms.get(act.of)
    return term is not None and term.body.get("do") == "refer-to-ministers" and standing.is_of_body(act)


def _answer_s(standing: Standing) -> int:
    """How long the text waits for an answer."""
    for term in standing.agreement.terms.values():
        when = term.body.get("on")
        if isinstance(when, dict) and "answered" in when and "or_elapsed" in when:
            return parse_duration(str(when["or_elapsed"]))
    return ASKED_S
