"""What stood at a moment, as known then: every window, acceptance and designation as a course in time.

A `Standing` decides nothing about reports. Acts of the record are closed-world; a deed outside it, such as a
withdrawal, is open-world: from the moment it is owed it may have been done, so it is 0 until somebody shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from truceline.agreement.conditions import Conditions
from truceline.agreement.model import SignedAct, Term
from truceline.agreement.statuses import ALWAYS, effect_of
from truceline.course import Course, all_courses, not_course
from truceline.verdict import NO, SURE, Answer


@dataclass
class Standing(Conditions):
    """The agreement as known at one moment, under one choice of readings; see `Statuses` for what it holds."""

    def window(self, term_id: str) -> Course:
        """When a term is in force: from, until, while; its instrument's where it states none of its own."""
        return self._keep(("window", term_id), lambda: self._window(self.agreement.terms[term_id]))

    def _window(self, term: Term) -> Course:
        if term.kind == "define":
            return self.definition(term.id)
        return self._inside(term, self._in_versions(term, self._in_force))

    def _in_force(self, term: Term) -> Course:
        begins, ends = term.begins, term.ends
        courses = []
        instrument = self.agreement.instruments.get(term.instrument)
        if instrument is not None:
            begins = instrument.begins if begins is None and term.during is None else begins
            ends = instrument.ends if ends is None and term.during is None else ends
            courses.append(self.instrument(instrument.id))
        if begins is not None:
            courses.append(self.begun(begins))
        if ends is not None:
            courses.append(not_course(self.begun(ends)))
        if term.during is not None and not _is_simultaneous(term.during):
            courses.append(self.condition(term.during))
        if term.kind == "prohibit" and (trigger := term.body.get("on", term.body.get("after"))) is not None:
            courses.append(self.begun(trigger))
        if term.kind != "require":
            courses.append(self.unsuspended(term))
        return all_courses(courses)

    def unsuspended(self, term: Term) -> Course:
        """When a term is not suspended: only a body suspends, and never what protects civilians, aid or sites."""
        if term.is_protective:
            return ALWAYS
        acts = self.suspensions(term)
        cuts = sorted({at for act in acts for at in (act.at, act.until) if at is not None})
        steps = [(at, Answer(NO, note="suspended") if _is_suspended(acts, at) else SURE) for at in cuts]
        return Course.steps(steps, before=SURE) if steps else ALWAYS

    def suspensions(self, term: Term) -> list[SignedAct]:
        """The acts by which a body suspends and resumes a term, in order; none for what is never suspended."""
        if term.is_protective:
            return []
        made = [
            a for a in self.acts if a.act in ("suspend", "resume") and a.of in (term.id, term.instrument or term.id)
        ]
        return self.jointly(made, lambda act: self.may(act.act, act))

    def instrument(self, key: str) -> Course:
        """While an instrument is adopted and not ended; only a signed end act that names it ends it."""
        if not self.agreement.instruments[key].is_adopted:
            return Course.always(Answer(NO, note="never in force"))
        ends = [act.at for act in self.acts if act.act == "end" and act.of == key and self._may_end(key, act)]
        return Course.steps([(min(ends), Answer(NO, note="ended"))], before=SURE) if ends else ALWAYS

    def _may_end(self, instrument: str, act: SignedAct) -> bool:
        """Only whom a power names may end an instrument; without such a power, all guarantors together."""
        powers = [
            t
            for t in self.agreement.terms.values()
            if t.kind == "power" and effect_of(t, "end") in (instrument, "agreement")
        ]
        guarantors = self.agreement.guarantors
        return any(self.signed(t, act) for t in powers) if powers else bool(guarantors) and guarantors <= set(act.by)


def _is_simultaneous(during: Any) -> bool:  # noqa: ANN401  # plain values
    """Whether two terms rest on one another at once: then neither waits for the other."""
    return isinstance(during, dict) and during.get("simultaneous") is True


def _is_suspended(acts: Sequence[SignedAct], at: int) -> bool:
    """Whether a suspension runs at a moment: the latest end of those that overlap, or a resumption, ends it."""
    is_running = False
    for number, act in enumerate(acts):
        if act.act == "suspend" and act.at <= at and (act.until is None or at < act.until):
            is_running |= not any(later.act == "resume" and later.at <= at for later in acts[number + 1 :])
    return is_running
