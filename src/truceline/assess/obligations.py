"""Who owes what at a moment, by when, and has it been done? Duties in time.

One duty is followed for one bearer and one trigger. What the record alone can show is closed-world: it is done when the
record holds it. A deed outside the record is open-world: after its deadline without anybody's word it is either done or
not, so its states are two, with reason `no coverage`: silence is neither compliance nor a breach.

The steps, in order, and repeated at their lines: 1 bearers, 2 triggers, 3 deadlines in every reading, 4 what happened,
5 the table of states, 6 the question of reciprocity.

Source: the tables of `agreement.duties`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from truceline.agreement.check import partners
from truceline.agreement.conditions import is_of_record
from truceline.agreement.duties import DUTY, EFFORT, event_of, traits_of
from truceline.agreement.machine import Happening, States
from truceline.agreement.model import SignedAct, Term
from truceline.agreement.signed import reading_name, readings_of
from truceline.agreement.standing import Standing
from truceline.course import Course
from truceline.span import FAR_AHEAD, LONG_AGO, Span, civil_day, day_span, parse_duration
from truceline.verdict import NO, SURE, UNKNOWN, YES, Answer, Reason, undecided

Reported = Mapping[str, Sequence[tuple[str, int, int, int]]]
"""`TERM:ACTOR` to the reports that the term covers, if true: id, first second, second after the last, 0 or +1."""


@dataclass(frozen=True)
class Trigger:
    """What set a duty going, and when.

    Attributes:
        id: of the request, allegation, finding or report; empty for a moment of the text.
        span: when it can have happened.
        is_sure: it surely did.
        what: how it is told: `request`, `allegation`, `finding`, `reports`, `moment`, `breach of TERM`.
        count: so many reports, where reports alone tell of it.
    """

    id: str
    span: Span
    is_sure: bool = True
    what: str = "moment"
    count: int = 0


@dataclass(frozen=True)
class Deadline:
    """The last moment in one reading: `[earliest, latest]` UTC seconds, apart where the trigger is not exact.

    Attributes:
        is_sure: there surely is one; a deadline that begins with what others did may not be running yet.
    """

    reading: str
    earliest: int
    latest: int
    is_sure: bool = True


@dataclass(frozen=True)
class Duty:
    """One duty of one bearer after one trigger, at a moment.

    Attributes:
        states: every state it can be in.
        by_reading: name of each reading to the states under it; one entry where nothing has several readings.
        deadlines: one for each reading; empty = it has none, and silence never breaks it.
        why: mask of reasons where there are several states.
        moved_by: ids of the signed acts that moved it.
        asked: the condition of reciprocity, and whether it was met; None = there is none.
        procures: the third party that the bearer is to bring to act; empty for none.
    """

    term: str
    bearer: str
    trigger: Trigger | None
    states: States
    by_reading: Mapping[str, States] = field(default_factory=dict)
    deadlines: tuple[Deadline, ...] = ()
    why: int = 0
    moved_by: tuple[str, ...] = ()
    asked: Answer | None = None
    procures: str = ""

    @property
    def fault(self) -> str:
        """Whose the fault is, as far as this duty shows it: of a breach that is sure, its bearer's; else not said."""
        broken = self.states <= {"breached", "repairing", "unrepaired", "fulfilled-late", "repaired"}
        return f"one party: {self.bearer}" if broken else ""


def duties(standing: Standing, at: int, reported: Reported | None = None) -> list[Duty]:
    """Every duty of the text at a moment.

    Args:
        standing: the text and the acts, as known then.
        at: UTC second.
        reported: reports that a term covers, for duties that a breach sets going; None = none.
    """
    clock = Clock(standing, at, reported or {})
    return [
        duty
        for term in standing.agreement.terms.values()
        if term.kind == "require"
        for bearer in bearers(standing, term)  # 1
        for duty in clock.duties_of(term, bearer)
    ]


def bearers(standing: Standing, term: Term) -> tuple[str, ...]:
    """Whom a duty binds, one by one; where it says *bound* or *any*, every state and side that has accepted."""
    if term.who is not None and term.who.ids:
        return term.who.ids
    found = []
    for party in standing.agreement.parties.values():
        if party.kind in ("state", "side"):
            accepted = standing.status(party.id, "accepted", is_umbrella=party.kind == "side")
            if any(answer.value != NO for answer in accepted.answers):
                found.append(party.id)
    return tuple(found)


@dataclass(frozen=True)
class Clock:
    """Duties at a moment: `at` in UTC seconds."""

    standing: Standing
    at: int
    reported: Reported

    def duties_of(self, term: Term, bearer: str) -> Iterator[Duty]:
        """The duties of one bearer under one term: one for each trigger, or one that is dormant."""
        triggers = [one for one in self.triggers(term, bearer) if one.span.start <= self.at]  # 2
        if not triggers:
            states = frozenset({"void"}) if self._is_over(term) else DUTY.start
            yield Duty(
                term.id, bearer, None, states, {"": states}, procures=term.procure, asked=self._asked(term, bearer)
            )
        for trigger in triggers:
            yield self._duty(term, bearer, trigger)

    def _is_over(self, term: Term) -> bool:
        """Whether the instrument of a term was never adopted, or has ended."""
        key = term.instrument
        return bool(key) and self.standing.instrument(key).during(moment(self.at)).value == NO

    # -- 2 triggers --------------------------------------------------------------------------------------------------

    def triggers(self, term: Term, bearer: str) -> list[Trigger]:
        """What has set a duty going, in order; what only may have is not sure."""
        when = term.body.get("on", term.body.get("after"))
        found = [] if when is None else list(self._events(when, bearer))
        if when is None and not self._is_second(term):
            found = list(edges(self.standing.window(term.id), self.at))
        elif when is not None and not _is_event(when):
            found = list(edges(self.standing.condition(when), self.at))
        found += self._from_parents(term, bearer)
        found = [inside for t in found if (inside := self._in_force(term, self._clipped(term, t))) is not None]
        if term.is_withheld:
            found = [replace(t, is_sure=False) for t in found]
        return sorted(found, key=lambda t: (t.span.start, t.span.end, t.id))

    def _in_force(self, term: Term, trigger: Trigger) -> Trigger | None:
        """A trigger while the term is in force; one that may have been while it was not is not sure.

        Who is to accept owes that before anything is in force.
        """
        if term.body.get("do") == "accept":
            return trigger
        value = self.standing.window(term.id).during(trigger.span).value
        if value == NO:
            return None
        return trigger if value == YES else replace(trigger, is_sure=False)

    def _is_second(self, term: Term) -> bool:
        """Whether a duty is named in `else`: then it is owed where the first was not done, and not before."""
        return any(parent.body.get("else") == term.id for parent in self.standing.agreement.terms.values())

    def _clipped(self, term: Term, trigger: Trigger) -> Trigger:
        """A trigger that may have been at any time was not before its instrument began, as far as that is known."""
        known = self.standing.agreement.instruments.get(term.instrument)
        if trigger.span.start > LONG_AGO or known is None or known.begins is None:
            return trigger
        begun = [at for at, a in _steps(self.standing.begun(known.begins)) if a.value != NO]
        start = min(max(begun[0] if begun else LONG_AGO, LONG_AGO), trigger.span.end - 1)
        return replace(trigger, span=Span(start, trigger.span.end))

    def _events(self, when: Any, bearer: str) -> Iterator[Trigger]:  # noqa: ANN401  # plain values
        """Triggers that are acts of the record, or breaches: each is one; under `any`, each of each."""
        if not isinstance(when, dict):
            return
        if isinstance(when.get("any"), list):
            for one in when["any"]:
                yield from self._events(one, bearer)
            return
        spoken = self.standing.spoken
        if "request" in when:
            asked = [act for act in spoken("request", when, "request") if self._is_asked(act, bearer)]
            yield from (_said(act, "request") for act in asked)
        elif "answered" in when:
            yield from self._answered(when)
        elif "opened" in when:
            yield from (_said(act, "allegation") for act in spoken("allege", {}))
        elif "breach" in when:
            yield from self._breaches(str(when["breach"]), str(when.get("by", "")))

    def _is_asked(self, act: SignedAct, bearer: str) -> bool:
        """Whether a request is made to a bearer: to itself, to one it is part of, or to nobody in particular."""
        group = self.standing.agreement.group
        return act.to not in group.parties or max(group.belongs(bearer, act.to), group.belongs(act.to, bearer)) != NO

    def _answered(self, when: Mapping[str, Any]) -> Iterator[Trigger]:
        """An answer to an allegation, or so long without one."""
        late_s = parse_duration(str(when["or_elapsed"])) if "or_elapsed" in when else None
        for lodged in self.standing.spoken("allege", {}):
            replies = [a for a in self.standing.acts if a.act == "reply" and lodged.id in (a.of, *a.about)]
            times = [a.at for a in replies] + ([lodged.at + late_s] if late_s is not None else [])
            if times:
                yield Trigger(lodged.id, moment(min(times)), what="allegation")

    def _breaches(self, term_id: str, by: str) -> Iterator[Trigger]:
        """Findings that a term was broken; and reports of it, together, which only may be."""
        group, standing = self.standing.agreement.group, self.standing
        held = [a for a in standing.findings if a.holds == "breach" and a.term == term_id and standing.is_of_side(a)]
        mine = [a for a in held if not by or (a.against and group.belongs(a.against, by) == YES)]
        joint = {(a.of, a.against) for a in mine if standing.is_of_body(a) and a.at <= self.at}
        for act in mine:
            if standing.is_of_body(act) or (act.of, act.against) not in joint:  # else it is part of the joint one
                yield Trigger(act.id, moment(act.at), standing.is_of_body(act), f"breach of {term_id}")
        told = [one for one in self.reported.get(f"{term_id}:{by}", ()) if one[1] <= self.at]
        if told:
            first, last = min(one[1] for one in told), max(one[2] for one in told)
            yield Trigger(told[0][0], Span(first, last), False, f"reports of a breach of {term_id}", len(told))

    def _from_parents(self, term: Term, bearer: str) -> list[Trigger]:
        """A duty that another names in `else` begins where that one is refused, or its deadline passes.

        Who owed the first owes the second, for itself; who owed none of it, for everybody.
        """
        found = []
        for parent in self.standing.agreement.terms.values():
            if parent.body.get("else") == term.id and parent.id != term.id:
                owed = bearers(self.standing, parent)
                found += [t for one in owed if one == bearer or bearer not in owed for t in self._failures(parent, one)]
        return found

    def _failures(self, parent: Term, bearer: str) -> Iterator[Trigger]:
        for duty in self.duties_of(parent, bearer):
            refused = [a for a in self._acts(parent, bearer, duty.trigger) if a.act == "refuse"]
            yield from (_said(act, "refusal") for act in refused[:1])
            if not refused and duty.trigger is not None and "breached" in duty.states and duty.deadlines:
                span = Span(min(d.earliest for d in duty.deadlines), max(d.latest for d in duty.deadlines) + 1)
                yield Trigger(duty.trigger.id, span, duty.states == {"breached"}, f"{parent.id} not done in time")

    # -- 3 deadlines -------------------------------------------------------------------------------------------------

    def deadlines(self, term: Term, bearer: str, trigger: Trigger) -> tuple[Deadline, ...]:
        """The last moment in every reading of the text; a clock that stops runs on after a suspension."""
        found = [*self._by(term), *self._within(term, trigger)]
        if together := list(self._simultaneous(term, bearer, trigger)):
            found = [*(one for one in found if one.reading), *together]  # late only once the other has performed
        return tuple(self._stopped(term, trigger, one) for one in found)

    def _by(self, term: Term) -> Iterator[Deadline]:
        by = term.body.get("by")
        readings = by["readings"] if isinstance(by, dict) and "readings" in by else [] if by is None else [by]
        for version in term.versions:
            readings = [*readings, *([version["by"]] if "by" in version else [])]
        chosen = self.standing.taken(f"{term.id}.by", len(readings))
        for i, one in enumerate(readings):
            found = list(edges(self.standing.begun(one), FAR_AHEAD - 1)) if chosen in (None, i) else []
            for edge in found[:1]:
                name = reading_name(one) if len(readings) > 1 else ""
                yield Deadline(name, edge.span.start, edge.span.end - 1)

    def _within(self, term: Term, trigger: Trigger) -> Iterator[Deadline]:
        if trigger.span.start <= LONG_AGO:
            return  # owed for all time: there is no moment from which it could be late
        for name, allowed in self._allowed(term.body.get("within"), term):
            last = trigger.span.end - 1
            yield Deadline(name, self.later(trigger.span.start, allowed), self.later(last, allowed))

    def _allowed(self, within: Any, term: Term) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # plain values
        """How long is allowed, in every reading."""
        versions = [(str(v.get("name", i)), v["within"]) for i, v in enumerate(term.versions) if "within" in v]
        if versions:
            yield from versions
        elif isinstance(within, str) and within in self.standing.agreement.words:
            readings = readings_of(self.standing.agreement, within)
            adopted = [index for at, index in self.standing.adoptions(within) if at <= self.at]
            chosen = self.standing.taken(within, len(readings))
            only = chosen if chosen is not None else adopted[-1] if adopted else None
            for i, one in enumerate(readings):
                if only in (None, i) and isinstance(one, dict) and "within" in one:
                    yield reading_name(one), one["within"]
        elif within is not None:
            yield "", within

    def later(self, second: int, allowed: Any) -> int:  # noqa: ANN401  # plain values
        """The last second allowed: elapsed time, or the end of so many civil days after this one."""
        if isinstance(allowed, dict):
            tz = self.standing.agreement.tz
            return day_span(civil_day(second, tz) + timedelta(days=int(allowed["civil_days"])), tz).end - 1
        return second + parse_duration(str(allowed))

    def _simultaneous(self, term: Term, bearer: str, trigger: Trigger) -> Iterator[Deadline]:
        """To be done together: the late side is late only once the other has performed."""
        together = term.body.get("together")
        if together is None:
            return
        long_s = parse_duration(str(together["within"] if isinstance(together, dict) else together))
        done = [
            one
            for other, them in self._partners(term, bearer)
            for one in (*self.done(other, them, trigger), *self._unseen(other, them, trigger))
        ]
        if not done:
            return
        sure = [one.span for one in done if one.is_sure]
        last = min(span.end - 1 for span in sure) if sure else max(self.at, *(one.span.end for one in done))
        yield Deadline("", min(one.span.start for one in done) + long_s, last + long_s, bool(sure))

    def _partners(self, term: Term, bearer: str) -> list[tuple[Term, str]]:
        """What others owe at the same time: the other bearers of this duty, and of those that go with it."""
        if "together" not in term.body:
            return []
        both = [term, *partners(self.standing.agreement, term)]
        return [(one, them) for one in both for them in bearers(self.standing, one) if them != bearer]

    def _stopped(self, term: Term, trigger: Trigger, deadline: Deadline) -> Deadline:
        """A deadline, later by as long as the duty was suspended before it."""
        if term.clock == "runs":
            return deadline
        end, late_s = deadline.earliest, 0
        for start, until in self._suspended(term):
            stop = max(self.at, start) + 1 if until is None else until
            if trigger.span.start < stop and start < end + late_s:
                late_s += stop - max(start, trigger.span.start)
        return replace(deadline, earliest=deadline.earliest + late_s, latest=deadline.latest + late_s)

    def _suspended(self, term: Term) -> Iterator[tuple[int, int | None]]:
        """From when until when a duty is suspended; None = still."""
        course = self.standing.unsuspended(term)
        for start, stop, answer in zip(course.at, (*course.at[1:], None), course.answers, strict=True):
            if answer.value == NO:
                yield start, stop

    # -- 4 what happened ---------------------------------------------------------------------------------------------

    def done(self, term: Term, bearer: str, trigger: Trigger) -> list[Happening]:
        """What was done of a duty that a trigger set going.

        What was done before a moment of the text is done when it comes; what was done before a request answers another.
        """
        found = []
        for one in self.performed(term, bearer, trigger):
            start, end = trigger.span.end, one.span.end
            is_wide = start - trigger.span.start > 1
            if one.span.start >= start or (is_wide and not trigger.id and end > trigger.span.start):
                found.append(one)
            elif not trigger.id:
                found.append(replace(one, span=Span(start, max(end, start + 1))))
            elif end > trigger.span.start:
                found.append(replace(one, is_sure=one.is_sure and one.span.start >= trigger.span.start))
        return found

    def performed(self, term: Term, bearer: str, trigger: Trigger | None) -> list[Happening]:
        """When a duty was done: surely where the record or a neutral shows it, perhaps where its bearer says so."""
        found = []
        deed = term.body.get("do")
        named = [deed] if isinstance(deed, str) else []
        if named == ["accept"] and bearer:
            course = self.standing.status(bearer, "accepted", is_umbrella=self._is_side(bearer))
            found += [Happening("perform", t.span, t.is_sure) for t in edges(course, FAR_AHEAD - 1)]
        for power in (self.standing.agreement.terms[one] for one in named if one in self.standing.agreement.terms):
            if power.kind == "power":
                found += [Happening("perform", t.span) for t in edges(self.standing.done(power.id), FAR_AHEAD - 1)]
        for act in self._acts(term, bearer, trigger):
            if act.act == "confirm" and self.standing.is_neutral(act):
                found.append(Happening("perform", _when(act, trigger)))
            elif act.act == "perform":
                found.append(Happening("perform", _when(act), is_of_record(term)))
        return found

    def _unseen(self, term: Term, bearer: str, trigger: Trigger) -> list[Happening]:
        """A deed that is owed may have been done at any time since, though nobody says so.

        Not where a neutral says when it was done; and not before a body found that it was not.
        """
        start = trigger.span.start
        if is_of_record(term) or EFFORT in traits_of(term):
            return []
        if any(one.is_sure for one in self.done(term, bearer, trigger)):
            return []
        held = [a.at for a in self._findings(term, bearer, trigger) if a.holds == "breach" and a.at <= self.at]
        start = max([start, *(at + 1 for at in held)])
        return [Happening("perform", Span(start, self.at + 1), is_sure=False)] if start <= self.at else []

    def _findings(self, term: Term, bearer: str, trigger: Trigger) -> list[SignedAct]:
        """What the body holds of a duty of a bearer."""
        mine = [a for a in self.standing.findings if self._is_about(a, term, bearer, trigger)]
        return [a for a in mine if self.standing.is_of_body(a)]

    def _is_side(self, actor: str) -> bool:
        party = self.standing.agreement.parties.get(actor)
        return party is not None and party.kind == "side"

    def _acts(self, term: Term, bearer: str, trigger: Trigger | None) -> list[SignedAct]:
        """Acts about a duty: of this term, of this bearer, and of this trigger where they name one."""
        return [act for act in self.standing.acts if self._is_about(act, term, bearer, trigger)]

    def _is_about(self, act: SignedAct, term: Term, bearer: str, trigger: Trigger | None) -> bool:
        named = term.is_named(act.of, act.at) or term.is_named(act.term, act.at)
        if not named or not self._is_theirs(act, bearer):
            return False
        return trigger is None or not act.about or not trigger.id or trigger.id in act.about

    def _is_theirs(self, act: SignedAct, bearer: str) -> bool:
        """Whether an act is by a bearer, or says something of it; what names nobody says it of all."""
        group = self.standing.agreement.group
        if not bearer:
            return True
        if act.act in ("perform", "refuse"):
            return group.signed_by(bearer, act.by) or any(group.belongs(signer, bearer) == YES for signer in act.by)
        about = act.against or (act.to if act.act in ("confirm", "waive") else "")
        return not about or about not in group.parties or group.belongs(about, bearer) != NO

    def _happenings(self, term: Term, bearer: str, trigger: Trigger) -> list[tuple[Happening, str]]:
        found = [(Happening("trigger", trigger.span, trigger.is_sure), trigger.id)]
        after = trigger.span.start
        found += [(one, "") for one in self.done(term, bearer, trigger)]
        for act in self.standing.findings:
            mine = self._is_about(act, term, bearer, trigger) and self.standing.is_of_side(act)
            if mine and (event := event_of(act, DUTY)):
                found.append((Happening(event, moment(act.at), self.standing.is_of_body(act)), act.id))
        for act in self._acts(term, bearer, trigger):
            if act.act == "waive" and self._may_waive(act, term, trigger):
                found.append((Happening("waive", moment(act.at)), act.id))
        for start, stop in self._suspended(term):
            found.append((Happening("suspend", moment(start)), ""))
            found += [(Happening("resume", moment(stop)), "")] if stop is not None else []
        found += [(Happening("end", moment(at)), "") for at in self._ends(term, after)]
        return found

    def _may_waive(self, act: SignedAct, term: Term, trigger: Trigger) -> bool:
        """Only whom a duty is owed to gives it up: whom the term names, who asked for it, or the body."""
        group, owed = self.standing.agreement.group, term.to.ids if term.to is not None else ()
        asked = {signer for one in self.standing.acts if one.id == trigger.id for signer in one.by}
        own = any(group.belongs(signer, one) == YES for signer in act.by for one in (*owed, *asked))
        return own or self.standing.is_of_body(act)

    def _ends(self, term: Term, after: int) -> list[int]:
        """When a duty ends with its instrument, or with its own window."""
        course = self.standing.instrument(term.instrument) if term.instrument else None
        courses = [course] if course is not None else []
        if term.ends is not None or term.during is not None:
            courses.append(self.standing.window(term.id))
        return sorted(
            at
            for one in courses
            for at, answer, before in zip(one.at[1:], one.answers[1:], one.answers, strict=False)
            if answer.value == NO and before.value == YES and answer.note != "suspended" and at > after
        )[:1]

    # -- 5 states ----------------------------------------------------------------------------------------------------

    def _duty(self, term: Term, bearer: str, trigger: Trigger) -> Duty:
        happened = self._happenings(term, bearer, trigger)
        deadlines = self.deadlines(term, bearer, trigger)
        by_reading: dict[str, States] = {}
        is_shown = any(h.event == "perform" and h.is_sure for h, _ in happened)
        run = [_halved(h) for h in (*(h for h, _ in happened), *self._unseen(term, bearer, trigger))]
        for name in dict.fromkeys(one.reading for one in deadlines) or ("",):
            mine = [] if EFFORT in traits_of(term) else [one for one in deadlines if one.reading == name]
            passed = [self._passed(term, one, is_shown) for one in mine]
            by_reading[name] = DUTY.run([*run, *passed], at=2 * self.at + 1, traits=traits_of(term))  # 5
        states = frozenset().union(*by_reading.values())
        moved = tuple(dict.fromkeys(i for h, i in happened if i and i != trigger.id and h.span.start <= self.at))
        why = self._why(term, trigger, by_reading) if len(states) > 1 else 0
        asked = self._asked(term, bearer)  # 6
        return Duty(
            term.id, bearer, trigger, states, by_reading, deadlines, why, moved, asked=asked, procures=term.procure
        )

    def _passed(self, term: Term, deadline: Deadline, is_shown: bool) -> Happening:
        """A deadline that passed, after its second and before the next.

        Surely, where the record alone can show that the duty was done, or where it is shown when it was.
        """
        span = Span(2 * deadline.earliest + 1, 2 * deadline.latest + 2)
        is_sure = deadline.is_sure and (is_of_record(term) or is_shown) and not term.is_withheld
        return Happening("deadline-passed", span, is_sure)

    def _why(self, term: Term, trigger: Trigger, by_reading: Mapping[str, States]) -> int:
        why = 0
        if len(set(by_reading.values())) > 1:
            why |= Reason.OPEN_WORD.bit
        if term.is_withheld:
            why |= Reason.WITHHELD_TEXT.bit
        if not trigger.is_sure and trigger.count:
            why |= Reason.AWAITING_ANSWER.bit
        elif not trigger.is_sure or trigger.span.end - trigger.span.start > 1:
            why |= Reason.TIME.bit
        if any({"breached", "fulfilled", "active"} & states for states in by_reading.values()) and not is_of_record(
            term
        ):
            why |= Reason.NO_COVERAGE.bit
        return why or Reason.ORDER_UNKNOWN.bit

    def _asked(self, term: Term, bearer: str) -> Answer | None:
        """Whether the other side's part was done: asked, shown beside the duty, and deciding nothing."""
        if term.only_if is not None:
            return self.standing.condition(term.only_if).during(moment(self.at))
        others = self._partners(term, bearer)
        if not others:
            return None
        done = [one for other, them in others for one in self.performed(other, them, None) if one.span.start <= self.at]
        return SURE if any(one.is_sure for one in done) else undecided(Reason.NO_COVERAGE)


# -- small -----------------------------------------------------------------------------------------------------------


def _is_event(when: Any) -> bool:  # noqa: ANN401  # plain values
    if isinstance(when, dict) and isinstance(when.get("any"), list):
        return all(_is_event(one) for one in when["any"])
    return isinstance(when, dict) and bool({"request", "answered", "opened", "breach"}.intersection(when))


def _steps(course: Course) -> Iterator[tuple[int, Answer]]:
    return zip(course.at, course.answers, strict=True)


def edges(course: Course, at: int) -> Iterator[Trigger]:
    """The moments at which a course becomes yes, up to a second; where it is 0 before, it may have been then."""
    open_since: int | None = None
    for start, answer, before in zip(course.at, course.answers, (None, *course.answers), strict=False):
        if start > at:
            break
        was = NO if before is None else before.value
        if answer.value == YES and was != YES:
            first = max(start if open_since is None else open_since, LONG_AGO)
            yield Trigger("", Span(first, start + 1))
        if answer.value == NO and open_since is not None:
            yield Trigger("", Span(open_since, start), is_sure=False)
        open_since = (start if was == NO else open_since) if answer.value == UNKNOWN else None
    if open_since is not None:
        yield Trigger("", Span(open_since, max(at, open_since) + 1), is_sure=False)


def _said(act: SignedAct, what: str) -> Trigger:
    return Trigger(act.id, moment(act.at), what=what)


def _when(act: SignedAct, since: Trigger | None = None) -> Span:
    """When something was done that an act tells of: as it says, else when it was signed.

    Who confirms a deed and does not say when it was says that it had been done by then, since it was owed.
    """
    if act.start is None and act.act == "confirm" and since is not None:
        return Span(min(since.span.end, act.at), act.at + 1)
    start = act.start if act.start is not None else act.at
    return Span(start, max(start + 1, act.until if act.until is not None else start + 1))


def _halved(one: Happening) -> Happening:
    """A happening in half seconds, so that a deadline can pass between two seconds."""
    return replace(one, span=Span(2 * one.span.start, 2 * one.span.end - 1))


def moment(second: int) -> Span:
    """One second."""
    return Span(second, second + 1)
