"""When does a condition of the text hold? The algebra of conditions, each word with its exact three-valued rule.

A condition is a `Course` in time. Words of the record are closed-world: what is not in it as known then was not done.
Deeds outside it, and whatever only somebody could have seen, are open-world: 0 until it is shown. Words over evidence
are asked of `Seen`; without any they are 0 `no coverage`. Words about one report (`OF_THE_REPORT`) are asked by the
judge of that report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from truceline.agreement.check import is_time
from truceline.agreement.model import Agreement, SignedAct, Term
from truceline.agreement.signed import fields_with_readings, reading_name, reading_names, readings_of
from truceline.agreement.statuses import ALWAYS, LATER_KIND, NOT_EVER, Statuses, effect_of
from truceline.course import Course, all_courses, any_course, combined, not_course
from truceline.span import LONG_AGO, parse_duration, parse_instant
from truceline.verdict import NEVER, NO, SURE, UNKNOWN, YES, Answer, Reason, agreed, both, undecided

OF_THE_REPORT = frozenset({"notice", "earlier", "followed", "number"})
OF_THE_EVIDENCE = ("consecutive", "ratio", "rate", "count", "none", "coverage")
COUNTED = frozenset(
    "count rate ratio none coverage consecutive per within over in by to from at_least at_most between baseline "
    "counting days calendar that reset_by horizon act".split()
)
OWN: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(OF_THE_EVIDENCE, COUNTED),
    "within": frozenset({"of"}),
    "elapsed": frozenset({"of"}),
    "or_elapsed": frozenset({"of", "answered", "opened", "request", "by", "done"}),
    "k": frozenset({"of"}),
    "status": frozenset({"of"}),
    "finding": frozenset({"term", "of", "against", "by"}),
    "breach": frozenset({"by"}),
    "ask": frozenset({"by"}),
    "checkpoint": frozenset({"count_max"}),
    "request": frozenset({"by", "from", "or_elapsed"}),
    "opened": frozenset({"by", "or_elapsed"}),
    "answered": frozenset({"by", "or_elapsed"}),
}
"""Fields that belong to a word of a condition; all others beside it mean *and*."""

UNDEFINED = Course.always(undecided(Reason.OPEN_WORD))
OPEN_DEED = Course.always(undecided(Reason.NO_COVERAGE))
Plain = Any


def of_time(only_if: Plain) -> Plain:
    """What is left of a condition when the words about one report are taken out; None = nothing."""
    if isinstance(only_if, list):
        return [rest for item in only_if if (rest := of_time(item)) is not None] or None
    if not isinstance(only_if, dict):
        return only_if
    rest = {k: of_time(v) if k in ("all", "both") else v for k, v in only_if.items() if k not in OF_THE_REPORT}
    return {k: v for k, v in rest.items() if v is not None} or None


class Conditions(Statuses):
    """Conditions as courses, over what stood in the record then."""

    def condition(self, when: Plain) -> Course:
        """A condition as plain values: text is a moment or the name of a term, a list means all of them."""
        if when is None:
            return ALWAYS
        if isinstance(when, str | int) and not isinstance(when, bool):
            return self._named(str(when))
        if isinstance(when, list):
            return all_courses([self.condition(item) for item in when])
        if not isinstance(when, dict):
            return LATER_KIND
        if "from" in when and "for" in when:
            return self._lapsing(when)
        for word, rule in self._whole().items():
            if word in when:
                rest = {k: v for k, v in when.items() if k != word and k not in OWN.get(word, ())}
                own = {k: v for k, v in when.items() if k not in rest}
                return all_courses([rule(own), self.condition(rest)]) if rest else rule(own)
        known = self._words()
        return all_courses([known[key](value) if key in known else LATER_KIND for key, value in when.items()])

    def _counted(self, fields: Mapping[str, Plain]) -> Course:
        """A condition over evidence; with no evidence at hand nobody can say."""
        word = next(word for word in OF_THE_EVIDENCE if word in fields)
        return OPEN_DEED if self.seen is None else self.seen.course(word, fields, self)

    def _words(self) -> Mapping[str, Callable[[Plain], Course]]:
        """Words that stand alone: each beside others means *and*."""
        return {
            "at": self.begun,
            "from": self.begun,
            "after": self.begun,
            "until": lambda value: not_course(self.begun(value)),
            "before": lambda value: not_course(self.begun(value)),
            "done": self.done,
            "accepted": self.accepted,
            "fulfilled": self.fulfilled,
            "complies": self.complies,
            "published": self.published,
            "findings": self.repeated,
            "all": self.condition,
            "both": self.condition,
            "any": lambda value: any_course([self.condition(item) for item in _items(value)]),
            "not": lambda value: not_course(self.condition(value)),
            "readings": self._readings,
            "simultaneous": lambda _: ALWAYS,
        }

    def _whole(self) -> Mapping[str, Callable[[Mapping[str, Plain]], Course]]:
        """Words that rule the mapping in which they stand: the others beside them are theirs."""
        return {
            **dict.fromkeys(OF_THE_EVIDENCE, self._counted),
            "within": self._within,
            "elapsed": self._elapsed,
            "k": lambda fields: self._at_least(fields["k"], fields.get("of", ())),
            "at_least": lambda fields: self._at_least_of(fields["at_least"]),
            "status": lambda fields: self.status(str(fields.get("of", "")), str(fields["status"])),
            "finding": self._finding,
            "breach": self._breach,
            "ask": self._asked,
            "agree": self._agreed_on,
            "checkpoint": lambda fields: self._confirmed("checkpoint", fields),
            "consent": lambda fields: self._confirmed("consent", fields),
            "request": lambda fields: self._said("request", fields, "request"),
            "opened": lambda fields: self._said("allege", fields, ""),
            "answered": lambda fields: self._said("reply", fields, ""),
            "or_elapsed": self._elapsed,
        }

    # -- moments -----------------------------------------------------------------------------------------------------

    def begun(self, when: Plain) -> Course:
        """Whether a moment has come: a time, the name of a term, or a condition."""
        return self.condition(when)

    def _named(self, name: str) -> Course:
        term = self.agreement.terms.get(name)
        if term is None:
            return self._worded(name) if name in self.agreement.words else self._moment(name)
        return self.definition(name) if term.kind == "define" else self.done(name)

    def _moment(self, name: str) -> Course:
        return Course.window(parse_instant(name, self.agreement.tz))

    def definition(self, term_id: str) -> Course:
        """When a `define` holds; a moment holds from itself on."""
        term = self.agreement.terms[term_id]
        return self._keep(("define", term_id), lambda: self._inside(term, self._in_versions(term, self._defined)))

    def _defined(self, term: Term) -> Course:
        return self._withheld(term) or self.begun(term.body.get("is"))

    def _withheld(self, term: Term) -> Course | None:
        return Course.always(undecided(Reason.WITHHELD_TEXT)) if term.is_withheld else None

    def _inside(self, term: Term, course: Course) -> Course:
        """A course within the time in which this wording stands."""
        if term.since is not None:
            course = all_courses([course, Course.window(term.since)])
        if term.before is not None:
            replaced = Course.steps([(term.before, Answer(NO, note="replaced by an amendment"))], before=SURE)
            course = all_courses([course, replaced])
        return course

    def _in_versions(self, term: Term, make: Callable[[Term], Course]) -> Course:
        """A term in each of its published versions: where they differ the answer is 0 `open word`."""
        if not term.versions:
            return make(term)
        worlds = [NOT_EVER if one.get("absent") is True else make(in_version(term, one)) for one in term.versions]
        return self.side_by_side(term.id, worlds)

    def side_by_side(self, word: str, worlds: list[Course]) -> Course:
        """Readings of a word, as one course: the one that was adopted or chosen, else where they differ 0."""
        index = self.taken(word, len(worlds))
        if index is not None:
            return worlds[index]
        return combined([self._adopted(word, worlds)], lambda found: next(iter(found)))

    def taken(self, word: str, count: int) -> int | None:
        """Index of the reading that was chosen for this run, or that the text adopts; None = all."""
        chosen = dict(self.readings.chosen).get(word)
        adopted = self.agreement.words.get(word)
        if chosen is None and isinstance(adopted, dict) and adopted.get("adopted") not in (None, "none"):
            named = adopted["adopted"]
            names = reading_names(self.agreement, word)
            chosen = names.index(named) if named in names else int(named)
        return chosen if chosen is not None and 0 <= chosen < count else None

    def _adopted(self, word: str, worlds: list[Course]) -> Course:
        """All readings, until signed acts of all who amend the text adopt one."""
        whole = combined(worlds, partial(agreed, otherwise=Reason.OPEN_WORD))
        steps = self.adoptions(word)
        if not steps:
            return whole
        marks = [LONG_AGO, *(at for at, _ in steps)]
        courses = [whole, *(worlds[index] if index < len(worlds) else whole for _, index in steps)]
        pieces = []
        for i, course in enumerate(courses):
            inside = Course.steps([(marks[i], SURE)], before=NEVER) if i else ALWAYS
            ended = Course.window(marks[i + 1]) if i + 1 < len(marks) else NOT_EVER
            pieces.append(all_courses([course, inside, not_course(ended)]))
        return any_course(pieces)

    def adoptions(self, word: str) -> list[tuple[int, int]]:
        """From when which reading of a word is adopted: second and index, by the acts of all guarantors or a body."""
        names = [reading_name(one) for one in readings_of(self.agreement, word)]
        made = self.jointly([a for a in self.acts if a.act == "adopt" and a.of == word], self.is_of_body)
        return [(act.at, names.index(act.value)) for act in made if act.value in names]

    def _readings(self, value: Plain) -> Course:
        """Every reading is a possible world; where they differ the answer is 0 `open word`."""
        word = self._word_of(value)
        return self.side_by_side(word, [self.begun(_unnamed(item)) for item in _items(value)])

    def _word_of(self, readings: Plain) -> str:
        """`TERM.field` of the first readings that stand in a field; empty for others."""
        return next((key for key, found in fields_with_readings(self.agreement) if found is readings), "")

    def _worded(self, word: str) -> Course:
        """An open word used as a condition: each of its readings is one."""
        readings = readings_of(self.agreement, word)
        return self.side_by_side(word, [self.condition(_unnamed(one)) for one in readings]) if readings else UNDEFINED

    def _within(self, fields: Mapping[str, Plain]) -> Course:
        """From a moment on, for so long."""
        begun = self.begun(fields["of"]) if "of" in fields else ALWAYS
        return all_courses([begun, not_course(self.later(begun, str(fields["within"])))])

    def _elapsed(self, fields: Mapping[str, Plain]) -> Course:
        """So long after a moment; beside other words it is the *or* of them."""
        word = "elapsed" if "elapsed" in fields else "or_elapsed"
        rest = {k: v for k, v in fields.items() if k not in (word, "of")}
        begun = self.begun(fields["of"]) if "of" in fields else ALWAYS
        late = self.later(begun, str(fields[word]))
        return any_course([self.condition(rest), late]) if rest and word == "or_elapsed" else late

    def later(self, begun: Course, duration: str) -> Course:
        """A course, so much later: a duration, or an open word that is one."""
        if duration in self.agreement.words:
            readings = [
                one for one in readings_of(self.agreement, duration) if isinstance(one, dict) and "within" in one
            ]
            return self.side_by_side(duration, [self.later(begun, str(one["within"])) for one in readings])
        long_s = parse_duration(duration)
        return Course(tuple(at if at == LONG_AGO else at + long_s for at in begun.at), begun.answers)

    def _at_least_of(self, value: Plain) -> Course:
        if isinstance(value, dict) and "k" in value:
            return self._at_least(value["k"], value.get("of", ()))
        return LATER_KIND

    def _at_least(self, k: Plain, items: Plain) -> Course:
        """At least so many of some conditions."""
        courses = [self.condition(item) for item in _items(items)]
        return combined(courses, partial(at_least, int(k)))

    # -- the record --------------------------------------------------------------------------------------------------

    def done(self, what: Plain) -> Course:
        """Whether what a term speaks of has been done: closed-world for a power, open-world for a deed."""
        if isinstance(what, dict):
            return self._deed(what)
        term = self.agreement.terms.get(what) if isinstance(what, str) else None
        if term is None:
            return LATER_KIND
        if ("done", term.id) in self._making:
            return NOT_EVER  # each of them waits for the other
        return self._keep(("done", term.id), lambda: self._done(term))

    def _done(self, term: Term) -> Course:
        if term.kind == "define":
            return self.definition(term.id)
        if term.kind == "power":
            made = self.jointly(
                [a for a in self.acts if a.act in ("open", "perform", "expel") and a.of == term.id],
                lambda act: self.signed(term, act),
            )
            return Course.window(made[0].at) if made else NOT_EVER
        shown = self.shown(term)
        owed = self.owed(term)
        if is_of_record(term):
            return shown
        stated = [a for a in self.acts if self._shows(a, term) and a.start is not None]
        if stated:
            return confirmed(stated, undecided(Reason.TIME))
        return combined([owed, shown], _open_world)

    def shown(self, term: Term) -> Course:
        """From when it is shown that a duty was performed: by the record itself, a neutral, or a finding."""
        made = [a.at for a in self.acts if self._shows(a, term)]
        return Course.window(min(made)) if made else NOT_EVER

    def _shows(self, act: SignedAct, term: Term) -> bool:
        is_of = term.is_named(act.of, act.at)
        if act.act == "perform" and is_of:
            return is_of_record(term) and self.by_bearer(term, act)
        if act.act == "confirm" and is_of:
            return self.is_neutral(act)
        is_about = act.act == "finding" and (is_of or term.is_named(act.term, act.at))
        return is_about and act.holds in ("no-breach", "repaired") and self.is_of_body(act)

    def by_bearer(self, term: Term, act: SignedAct) -> bool:
        """Whether an act is its bearer's own: signed by whom the duty binds, or by a part of it."""
        if term.who is None or not term.who.ids:
            return True
        group = self.agreement.group
        return any(
            group.signed_by(bearer, act.by) or any(group.belongs(signer, bearer) == YES for signer in act.by)
            for bearer in term.who.ids
        )

    def is_neutral(self, act: SignedAct) -> bool:
        """Whether somebody confirms it who is no side: humanitarian, a monitor, or a body of the joint group."""
        parties = self.agreement.parties
        neutral = any(parties[signer].kind in ("humanitarian", "monitor") for signer in act.by if signer in parties)
        return neutral or self.is_of_body(act)

    def owed(self, term: Term) -> Course:
        """Whether a duty has been triggered."""
        trigger = term.body.get("on", term.body.get("after"))
        return self.condition(trigger) if trigger is not None else self.window(term.id)

    def _deed(self, what: Mapping[str, Plain]) -> Course:
        """Whether somebody did something outside the record: 0 until a neutral confirms it, and says when it was."""
        by, deed = str(what.get("by", "")), str(what.get("do", ""))
        acts = [a for a in self.acts if a.of == deed and (a.to == by or by in a.by)]
        sure = [a for a in acts if a.act == "confirm" and self.is_neutral(a)]
        return confirmed(sure, undecided(Reason.NO_COVERAGE)) if sure else OPEN_DEED

    def fulfilled(self, term_id: Plain) -> Course:
        """Whether a term is kept: as the last signed finding says; a duty that was shown to be done is."""
        term = self.agreement.terms.get(term_id) if isinstance(term_id, str) else None
        if term is None:
            return LATER_KIND
        found = self._found([a for a in self.findings if term.id in (a.term, a.of)], denied=False)
        return any_course([found, self.shown(term)]) if term.kind == "require" else found

    def complies(self, actor: Plain) -> Course:
        """Whether no finding in the strict past holds a breach by an actor that was not repaired or explained."""
        if not isinstance(actor, str):
            return LATER_KIND
        chain = set(self.agreement.group.above(actor))
        found = [a for a in self.findings if a.against and a.against in chain]
        steps: list[tuple[int, Answer]] = []
        broken: set[tuple[str, str]] = set()
        for act in sorted(found, key=lambda a: (a.at, a.id)):
            if self.is_of_body(act) and act.holds != "undecided":
                key = (act.term, act.of)
                broken = broken | {key} if act.holds == "breach" else broken - {key}
                steps.append((act.at + 1, NEVER if broken else SURE))
        return Course.steps(steps, before=SURE)

    def _found(self, found: Iterable[SignedAct], *, denied: bool) -> Course:
        """What the findings of bodies say, from each on; before the first nobody has said it."""
        steps = [
            (act.at, SURE if (act.holds == "breach") is denied else NEVER)
            for act in sorted(found, key=lambda a: (a.at, a.id))
            if self.is_of_body(act) and act.holds != "undecided"
        ]
        return Course.steps(steps, before=NEVER if denied else undecided(Reason.NO_COVERAGE))

    def _finding(self, fields: Mapping[str, Plain]) -> Course:
        """From a signed finding on: `finding` is what it holds; `term`, `of`, `against`, `by` narrow it."""
        wanted = str(fields["finding"])
        made = [
            act
            for act in self.findings
            if act.holds == wanted
            and all(str(fields[k]) == getattr(act, k) for k in ("term", "of", "against") if k in fields)
            and (self.agreement.group.signed_by(str(fields["by"]), act.by) if "by" in fields else self.is_of_body(act))
        ]  # fmt: skip
        return Course.window(min(act.at for act in made)) if made else NOT_EVER

    def _breach(self, fields: Mapping[str, Plain]) -> Course:
        """From a signed finding that a term was broken, by whom."""
        found = [a for a in self.findings if a.term == str(fields["breach"])]
        by = str(fields.get("by", ""))
        mine = [a for a in found if not by or (a.against and self.agreement.group.belongs(a.against, by) == YES)]
        return self._found(mine, denied=True)

    def repeated(self, word: Plain) -> Course:
        """Whether breaches were found often enough: each reading says how many in which time."""
        readings = readings_of(self.agreement, str(word)) or [word]
        worlds = [self._repeated(one) for one in readings]
        return self.side_by_side(str(word), worlds)

    def _repeated(self, reading: Plain) -> Course:
        if not isinstance(reading, dict) or "at_least" not in reading or "per" not in reading:
            return LATER_KIND
        per, least = parse_duration(str(reading["per"])), int(reading["at_least"])
        made = sorted(a.at for a in self.findings if a.holds == "breach" and self.is_of_body(a))
        marks = sorted({*made, *(at + per for at in made)})
        steps = [(at, SURE if sum(at - per < one <= at for one in made) >= least else NEVER) for at in marks]
        return Course.steps(steps)

    def _asked(self, fields: Mapping[str, Plain]) -> Course:
        """What a body answered to a question; until it answers, 0."""
        answers = [a for a in self.acts if a.act == "answer" and str(fields["ask"]) in (a.of, a.term)]
        by = fields.get("by")
        made = [a for a in answers if (self.agreement.group.signed_by(str(by), a.by) if by else self.is_of_body(a))]
        steps = [(a.at, SURE if a.is_yes else NEVER) for a in sorted(made, key=lambda a: (a.at, a.id))]
        return Course.steps(steps, before=undecided(Reason.AWAITING_ANSWER))

    def _agreed_on(self, fields: Mapping[str, Plain]) -> Course:
        """From the act by which a body agreed on something: a reset, an adopted reading."""
        acts = [a for a in self.acts if a.act in ("reset", "adopt", "open")]
        made = self.jointly(acts, lambda a: self.agreement.group.signed_by(str(fields["agree"]), a.by))
        return Course.window(made[0].at) if made else NOT_EVER

    def _confirmed(self, what: str, fields: Mapping[str, Plain]) -> Course:
        """While a neutral confirms that a checkpoint is there, or that people consent; before anybody does, 0."""
        made = [a for a in self.acts if a.act == "confirm" and a.of == what and str(fields[what]) in a.by]
        steps: list[tuple[int, Answer]] = []
        for act in made:
            steps.append((act.start if act.start is not None else act.at, SURE))
            steps += [(act.until, undecided(Reason.NO_COVERAGE))] if act.until is not None else []
        return Course.steps(steps, before=undecided(Reason.NO_COVERAGE))

    def _said(self, kind: str, fields: Mapping[str, Plain], key: str) -> Course:
        """From the first act of a kind on: a request, an allegation, a reply."""
        rest = {k: v for k, v in fields.items() if k in ("from", "or_elapsed", "of")}
        made = self.spoken(kind, fields, key)
        said = Course.window(min(a.at for a in made)) if made else NOT_EVER
        if "or_elapsed" in rest:
            lodged = self._said("allege", {}, "")
            said = any_course([said, self.later(lodged, str(rest["or_elapsed"]))])
        return (
            all_courses([said, self.begun(rest["from"])]) if "from" in rest and self._is_moment(rest["from"]) else said
        )

    def _is_moment(self, value: Plain) -> bool:
        """Whether a *from* means a moment; any other word is a place from which something is asked."""
        known = self.agreement.terms.keys() | self.agreement.words.keys()
        return not isinstance(value, str) or value in known or is_time(value, self.agreement.tz)

    def spoken(self, kind: str, fields: Mapping[str, Plain], key: str = "") -> list[SignedAct]:
        """The acts of a kind that a trigger means: of this, by these."""
        of, by = (str(fields.get(key, "")) if key else ""), fields.get("by")
        return [
            act
            for act in self.acts
            if act.act == kind and (not of or act.of == of)
            and (not by or any(self.agreement.group.belongs(signer, str(by)) == YES for signer in act.by))
        ]  # fmt: skip

    def published(self, instrument: Plain) -> Course:
        """From when everybody can read an instrument: as the text states, or from a signed act."""
        known = self.agreement.instruments.get(str(instrument))
        made = [a.at for a in self.acts if a.act == "publish" and a.of == str(instrument)]
        made += [known.published] if known is not None and known.published is not None else []
        return Course.window(min(made)) if made else NOT_EVER

    # -- windows that lapse ------------------------------------------------------------------------------------------

    def _lapsing(self, when: Mapping[str, Plain]) -> Course:
        """A window that lapses on silence: extended by signed acts, before the lapse or anew after it."""
        begun = self.begun(when["from"])
        starts = [at for at, answer in zip(begun.at, begun.answers, strict=True) if answer.value != NO]
        if not any(answer.value == YES for answer in begun.answers) or starts[0] == LONG_AGO:
            return begun
        worlds = [self._lapsing_from(start, when) for start in starts]
        whole = combined(worlds, partial(agreed, otherwise=Reason.OPEN_WORD))
        if len(starts) == 1:
            return whole
        open_ = next(answer for answer in begun.answers if answer.value == UNKNOWN)
        between = Course.window(starts[0], starts[-1] + parse_duration(when["for"]))  # or from any moment in between
        return combined([whole, between], partial(_unless_between, open_=open_))

    def _lapsing_from(self, start: int, when: Mapping[str, Plain]) -> Course:
        windows = [(start, start + parse_duration(when["for"]))]
        for act in self._extensions(when.get("then")):
            until = act.until if act.until is not None else max(act.at, windows[-1][1]) + parse_duration(when["for"])
            if act.at <= windows[-1][1]:
                windows[-1] = (windows[-1][0], max(until, windows[-1][1]))
            elif until > act.at:
                windows.append((act.at, until))
        steps = [(start, SURE) for start, _ in windows] + [(end, Answer(NO, note="lapsed")) for _, end in windows]
        return Course.steps(steps)

    def _extensions(self, power: Plain) -> list[SignedAct]:
        term = self.agreement.terms.get(power) if isinstance(power, str) else None
        if term is None:
            return []
        made = [a for a in self.acts if a.act == "extend" and a.of in (term.id, effect_of(term, "prolong"))]
        return self.jointly(made, lambda act: self.signed(term, act))

    def jointly(self, acts: Iterable[SignedAct], binds: Callable[[SignedAct], bool]) -> list[SignedAct]:
        """Acts that bind; alike acts signed one by one count from the last signature on."""
        signers: dict[tuple[str, str, int | None, str], tuple[str, ...]] = {}
        done: list[SignedAct] = []
        for act in sorted(acts, key=lambda a: (a.at, a.id)):
            key = (act.act, act.of, act.until, act.value)
            signers[key] = (*signers.get(key, ()), *act.by)
            joint = replace(act, by=signers[key])
            if binds(joint):
                done.append(joint)
                del signers[key]
        return done

    def window(self, term_id: str) -> Course:
        """When a term is in force; see `Standing`."""
        raise NotImplementedError


def confirmed(acts: Iterable[SignedAct], open_: Answer) -> Course:
    """From when a deed is done that neutrals confirm: who says when it was says that it was not before."""
    first = min(acts, key=lambda act: (act.until if act.until is not None else act.at, act.id))
    done = first.until if first.until is not None else first.at
    if first.start is None:
        return Course.steps([(done, SURE)], before=open_)
    return Course.steps([(first.start, open_), (max(done, first.start + 1), SURE)], before=NEVER)


def zones_counted(agreement: Agreement) -> frozenset[str]:
    """Zones in which conditions over evidence count, with the parts of unions: if one moves, the conditions change."""
    found: set[str] = set()
    ahead: list[Plain] = [term.body for term in agreement.terms.values()]
    while ahead:
        here = ahead.pop()
        if isinstance(here, list):
            ahead += here
        elif isinstance(here, dict):
            counts = [here, *(here[word] for word in OF_THE_EVIDENCE if isinstance(here.get(word), dict))]
            if any(word in here for word in OF_THE_EVIDENCE):
                found.update(str(zone) for one in counts for zone in _items(one.get("in", [])))
            ahead += here.values()
    while more := {part for zone in found if zone in agreement.zones for part in agreement.zones[zone].parts} - found:
        found |= more
    return frozenset(found)


def in_version(term: Term, version: Mapping[str, Plain]) -> Term:
    """A term as one of its published versions has it."""
    fields = {"from": "begins", "until": "ends", "while": "during"}  # `is` lies in the body
    changed = {fields[key]: value for key, value in version.items() if key in fields}
    rest = {k: v for k, v in version.items() if k not in ("name", "source", "text", "absent")}
    return replace(term, versions=(), body={**term.body, **rest}, **changed)


def is_of_record(term: Term) -> bool:
    """Whether only the record can show that a duty was performed: then what is not in it was not done."""
    if term.proof:
        return term.proof == "record"
    deed = term.body.get("do")
    deeds = deed if isinstance(deed, list) else [deed]
    return all(isinstance(one, str) and one in DEEDS_OF_RECORD for one in deeds)


DEEDS_OF_RECORD = frozenset(
    "accept ask-information inform-fully open-case determine nature scale threat refer-to-ministers agree-map "
    "exchange-areas explain-refusal give-reason give-notice open-centre publish-orders notify tell-members "
    "acknowledge publish answer".split()
)
"""Duties that consist in saying something to somebody: they are done when the record holds it, and not before."""


def at_least(k: int, answers: Iterable[Answer]) -> Answer:
    """Yes when so many surely hold, no when so many cannot, else 0 with the reasons of those that are open.

    >>> at_least(2, [SURE, SURE, NEVER]).value, at_least(2, [SURE, NEVER, NEVER]).value
    (1, -1)
    """
    gathered = list(answers)
    sure = sum(a.value == YES for a in gathered)
    open_ = [a for a in gathered if a.value == UNKNOWN]
    if sure >= k:
        return SURE
    return NEVER if sure + len(open_) < k else both(open_)


def _unless_between(answers: Iterable[Answer], open_: Answer) -> Answer:
    """What the earliest and the latest start say; where both say no, a start between them may not."""
    whole, between = answers
    return open_ if whole.value == NO and between.value == YES else whole


def _items(value: Plain) -> list[Plain]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _unnamed(reading: Plain) -> Plain:
    """A reading without its name, which decides nothing."""
    if not isinstance(reading, dict) or "name" not in reading:
        return reading
    rest = {k: v for k, v in reading.items() if k not in ("name", "source", "note")}
    return rest["is"] if set(rest) == {"is"} else rest


def _open_world(answers: Iterable[Answer]) -> Answer:
    """A deed is not done before it is owed; from then on it is when it is shown, and may be when it is not."""
    owed, shown = answers
    if owed.value == NO or shown.value == YES:
        return owed if owed.value == NO and shown.value != YES else shown
    return undecided(Reason.TIME)
