"""Who was first, in a period, as somebody may see it? Sequences per side, alleged and assessed, and how each side ends.

What is worked out comes from `assess.whofirst`; here reports, allegations and counts become its events, no finer than
the reader sees them, and the answer is told with what it rests on. The end of an agreement is told as each side states
it, beside what the text says: a statement ends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from truceline import LAW
from truceline.agreement.model import Agreement
from truceline.assess.assessment import ANY, Assessed
from truceline.assess.commitments import COUNTED
from truceline.assess.events import is_one_of
from truceline.assess.whofirst import COLUMNS, Answer, Event, follows, who_first, within
from truceline.course import Course
from truceline.desk.judged import Judged
from truceline.desk.lists import safe_id
from truceline.desk.statements_told import NO_EVIDENCE, Lens, claim_row, seen
from truceline.desk.words import Words
from truceline.errors import InputError, UnknownError, quoted
from truceline.evidence.schema import Named
from truceline.evidence.statements import WORDED, Claim
from truceline.span import FAR_AHEAD, LONG_AGO, parse_duration, parse_instant, parse_span, utc_text
from truceline.verdict import NO, UNKNOWN, YES, Reason, reasons_of

ALLEGED, REPORTED, BREACH = COLUMNS
OF_SIDES: Final = ("state", "side", "guarantor")
MOST_EVENTS: Final = 300
MOST_SIDES: Final = 12
MOST_RESTS: Final = 12


@dataclass(frozen=True)
class AskedFirst:
    """What is asked.

    Attributes:
        since, until: time texts; what can have been in between counts. Empty = no bound.
        sides: ids of actors, none a part of another, and they alone are compared; none = every state, side and
            guarantor that may have done something is compared, and told is each of whom something surely is said.
        term: id of one term; empty = any that forbids something.
    """

    since: str = ""
    until: str = ""
    sides: tuple[str, ...] = ()
    term: str = ""


def who_first_shown(
    judged: Judged, words: Words, asked: AskedFirst | None = None, lens: Lens | None = None
) -> dict[str, Any]:
    """Who was first in a period: for each side its sequence, and the answer in each of three columns.

    Args:
        judged: the reports, with their answers.
        words: the claims of the case.
        asked: the period, the sides, the term.
        lens: who looks; None = whoever keeps the case.

    Returns:
        Plain values: `sides` (each with `events`, oldest first), `answers` (one for each column, each side with
        `value`, `reasons`, `earliest`, `latest`, `rests_on` and a `why` in words), `ends` (as each side states the
        end).

    Raises:
        InputError: no such actor or term, two that are one side, or a period that ends before it begins.
    """
    asked, lens = asked or AskedFirst(), lens or Lens()
    agreement = words.agreement
    since, until = period(asked.since, asked.until, agreement.tz)
    _check(asked, judged)
    claims = seen(words, lens)
    events = {
        **_of_reports(judged, asked, since, until, asked.sides),
        **{one.id: one for claim in claims if (one := _of_claim(claim, asked, judged, since)) is not None},
    }
    cut = within(list(events.values()), since, until)
    rivals = asked.sides or _sides_in(cut, agreement, UNKNOWN)  # INVARIANT: who only may have done it is a rival too
    sides = asked.sides or _sides_in(cut, agreement, YES)[:MOST_SIDES]
    cut = [one for one in cut if any(one.sides.get(side, NO) > NO for side in rivals) or one.is_of_these]
    cut.sort(key=lambda one: (one.start, one.end, one.id))
    return {
        "tz": agreement.tz, "from": _text(since), "until": _text(until), "term": asked.term or None,
        "sides": [_side_row(side, cut, agreement) for side in sides],
        "answers": [_answer_row(who_first(cut, rivals, column, told=sides), cut) for column in COLUMNS],
        "ends": ends_shown(words, judged.assessed, lens, since, until), "evidence": NO_EVIDENCE, "law": LAW,
    }  # fmt: skip


def period(since: str, until: str, tz: str) -> tuple[int, int]:
    """A period of two time texts: from the first second of the one to before the first second of the other.

    Raises:
        InputError: a text is no time, or it ends before it begins.
    """
    first = parse_span(since, tz).start if since else LONG_AGO
    last = FAR_AHEAD
    if until:
        end = parse_span(until, tz)
        last = end.end if "T" not in until else end.start  # a day is meant whole, a moment as its first second
    if last <= first:
        raise InputError(f"`--until` is not after `--from`: {quoted(until)} <= {quoted(since)}")
    return first, last


def _check(asked: AskedFirst, judged: Judged) -> None:
    agreement = judged.assessed.law.standing.agreement
    for side in asked.sides:
        if side not in agreement.parties:
            raise UnknownError(f"`--side`: expected an actor of the agreement, got {quoted(side)}")
    if len(asked.sides) > MOST_SIDES or len(set(asked.sides)) != len(asked.sides):
        raise InputError(f"`--side`: expected at most {MOST_SIDES}, each once")
    for side in asked.sides:
        others = [other for other in asked.sides if other != side and agreement.group.belongs(side, other) != NO]
        if others:
            raise InputError(f"`--side`: {quoted(side)} and {quoted(others[0])} are one side")
    if asked.term and asked.term not in judged.assessed.answers:
        raise UnknownError(f"`--term`: expected a term that forbids something, got {quoted(asked.term)}")


# -- events ------------------------------------------------------------------------------------------------------------


def _of_reports(
    judged: Judged, asked: AskedFirst, since: int, until: int, sides: Sequence[str]
) -> dict[str, Event]:  # fmt: skip
    """The reports of a period that a term covers, or may cover, as events."""
    assessed = judged.assessed
    answer = assessed.answers[asked.term or ANY]
    columns, standing = assessed.columns, assessed.law.standing
    rows = np.flatnonzero((answer.value >= UNKNOWN) & (columns.start < until) & (columns.end > since))
    wanted = tuple(sides) or tuple(
        one.id for one in standing.agreement.parties.values() if one.kind in OF_SIDES and not one.part_of
    )
    who: dict[Named, tuple[dict[str, int], bool]] = {}
    found: dict[str, Event] = {}
    for row in rows.tolist():
        report = assessed.reports[row]
        named = (report.actor, report.target) if report.unordered else (report.actor,)
        for one in named:
            if one not in who:
                did_it = {side: is_one_of(one, [side], standing).value for side in wanted}
                who[one] = did_it, is_one_of(one, wanted, standing).value == YES
        each = [who[one][0] for one in named]
        did = each[0] if len(each) == 1 else {s: _one_of_two(each[0][s], each[1][s]) for s in wanted}
        covered, supported = int(answer.value[row]), int(assessed.supported[row])
        why = tuple(reasons_of(int(answer.why[row])))
        start, end = int(columns.start[row]), int(columns.end[row])
        if report.lasts:  # what goes on was there from its first second in the period
            start = max(start, since)
            end = start + 1
        found[judged.shown[row]] = Event(
            judged.shown[row], start, end,
            {s: value for s, value in did.items() if value > NO},
            {**({} if report.kind in WORDED else {ALLEGED: YES}), REPORTED: covered, BREACH: min(covered, supported)},
            {REPORTED: why, BREACH: why if supported == YES else (*why, Reason.CORROBORATION)},
            is_of_these=all(who[one][1] for one in named),  # whichever end of a pair did it
            by=judged.speakers[row],
        )  # fmt: skip
    return found


def _one_of_two(one: int, other: int) -> int:
    """Whether a side of a pair without direction did it: surely only where both are of that side."""
    return one if one == other else UNKNOWN


def _of_claim(claim: Claim, asked: AskedFirst, judged: Judged, since: int) -> Event | None:
    """An allegation of a breach, or a count of violations, taken at its word: at some second up to when it was said.

    What alleges something else (that lists were not given, that somebody is not serious) names no term: no event.
    """
    is_count = claim.kind == "count" and claim.unit in COUNTED and bool(claim.count_low)
    of_breach = claim.kind == "allegation" and bool(claim.terms) and asked.term in ("", *claim.terms)
    if not claim.of or not (of_breach or (is_count and not asked.term)):
        return None
    standing = judged.assessed.law.standing
    when = claim.due if is_count and claim.due.is_known else claim.said
    if when.since is None or when.until is None:
        return None
    start = when.since if is_count else min(since if since > LONG_AGO else when.since, when.since)
    named = Named(tuple(one for one in claim.of if one in standing.agreement.parties), "joint")
    wanted = asked.sides or [
        one.id for one in standing.agreement.parties.values() if one.kind in OF_SIDES and not one.part_of
    ]
    if not named.ids:
        return None
    mode = "either" if is_count and len(named.ids) > 1 else "joint"
    named = Named(named.ids, "one" if len(named.ids) == 1 else mode)
    sides = {side: value for side in wanted if (value := is_one_of(named, [side], standing).value) > NO}
    if not sides:
        return None
    return Event(safe_id(claim.id), start, when.until, sides, {ALLEGED: YES}, by=claim.speaker, is_claim=True)


def _sides_in(events: Sequence[Event], agreement: Agreement, least: int) -> tuple[str, ...]:
    """The sides of whom something is said, surely (+1) or at least possibly (0), by their ids."""
    found = {side for one in events for side, value in one.sides.items() if value >= least}
    return tuple(sorted(side for side in found if side in agreement.parties))


# -- as it is told -----------------------------------------------------------------------------------------------------


def _side_row(side: str, events: Sequence[Event], agreement: Agreement) -> dict[str, Any]:
    own = [one for one in events if one.sides.get(side, NO) > NO]
    return {
        "side": side, "names": dict(agreement.parties[side].names), "number": len(own),
        "more": max(0, len(own) - MOST_EVENTS),
        "events": [
            {
                "id": one.id, "from": utc_text(one.start), "until": utc_text(one.end), "by": one.by or None,
                "is_claim": one.is_claim, "is_side": one.sides.get(side, NO),
                **{column: one.value.get(column) for column in COLUMNS},
                "reasons": [reason.value for reason in one.reasons.get(BREACH, ())],
                "after_the_one_before": None if at == 0 else follows(one, own[at - 1]),
            }
            for at, one in enumerate(own[:MOST_EVENTS])
        ],
    }  # fmt: skip


def _answer_row(answer: Answer, events: Sequence[Event]) -> dict[str, Any]:
    by_id = {one.id: one for one in events}
    return {
        "column": answer.column, "someone": answer.someone,
        "sides": [
            {
                "side": one.side, "value": one.value, "told": TOLD[one.value],
                "reasons": [reason.value for reason in one.reasons],
                "earliest": None if one.earliest is None else utc_text(one.earliest),
                "latest": None if one.latest is None else utc_text(one.latest),
                "rests_on": list(one.rests_on[:MOST_RESTS]), "more": max(0, len(one.rests_on) - MOST_RESTS),
                "by": sorted({by_id[key].by for key in one.rests_on[:MOST_RESTS] if by_id[key].by}),
            }
            for one in answer.firsts
        ],
    }  # fmt: skip


TOLD: Final = {YES: "surely", UNKNOWN: "possibly", NO: "no"}
"""How the value of a side is called: *possibly* is 0, with its reasons."""


# -- the end, as each side states it -----------------------------------------------------------------------------------


def ends_shown(
    words: Words, assessed: Assessed, lens: Lens, since: int = LONG_AGO, until: int = FAR_AHEAD
) -> list[dict[str, Any]]:
    """When something ended as each side states it, beside the text: ends that differ stand beside one another.

    Args:
        words: of the case.
        assessed: for what the text says.
        lens: who looks.
        since: UTC second; of a bounded period the ends in it are told, and in as much time after it.
        until: UTC second at which it is over.

    Returns:
        Plain values, by time: `by` (ids of actors; none = the text), `at` (from, until), `basis` (`claim`, `text`,
        `version`), the claim, and the term or instrument.
    """
    found: list[dict[str, Any]] = [
        {
            "basis": "claim", "by": list(one.actors), "name": one.speaker or None, "at": {
                "from": utc_text(when.since), "until": utc_text(when.until),
            },
            "term": None, "claim": claim_row(one, words, lens),
        }
        for one in seen(words, lens)
        if one.kind == "end" and (when := one.due if one.due.is_known else one.said).since is not None
        and when.until is not None
    ]  # fmt: skip
    found += _ends_of_text(words.agreement, assessed)
    last = until + (until - since) if since > LONG_AGO and until < FAR_AHEAD else until
    found = [row for row in found if since <= parse_instant(row["at"]["from"], "UTC") < last]
    return sorted(found, key=lambda row: (row["at"]["from"], row["at"]["until"], row["basis"], str(row["name"])))


def _ends_of_text(agreement: Agreement, assessed: Assessed) -> list[dict[str, Any]]:
    """When windows of the text end as it is known: those that states of the text alone give, and told versions."""
    standing, found = assessed.law.standing, list[dict[str, Any]]()
    for term in agreement.terms.values():
        if term.kind != "define" or not isinstance(term.body.get("is"), Mapping) or "from" not in term.body["is"]:
            continue
        found += [_end_row("text", term.id, at, None) for at in _stops(standing.window(term.id))]
    for term in agreement.terms.values():
        if term.kind == "prohibit" and term.ends is not None:
            found += [_end_row("text", term.id, at, None) for at in _stops(standing.window(term.id))]
        found += [
            _end_row("version", term.id, at, str(version.get("name", "")))
            for version in term.versions if (at := _end_of_version(version, agreement)) is not None
        ]  # fmt: skip
    return found


def _stops(course: Course) -> list[int]:
    """The seconds at which a course surely or possibly was, and surely is no more."""
    values = [answer.value for answer in course.answers]
    return [
        at for at, before, now in zip(course.at[1:], values, values[1:], strict=False)
        if before > NO and now == NO and LONG_AGO < at < FAR_AHEAD
    ]  # fmt: skip


def _end_of_version(version: Mapping[str, Any], agreement: Agreement) -> int | None:
    """When a told version of a window ends: a moment that the text defines, and a duration."""
    is_ = version.get("is")
    if not isinstance(is_, Mapping) or not isinstance(is_.get("for"), str):
        return None
    start = agreement.terms.get(str(is_.get("from", "")))
    moment = start.body.get("is") if start is not None else None
    if not isinstance(moment, Mapping) or not isinstance(moment.get("at"), str):
        return None
    return parse_instant(moment["at"], agreement.tz) + parse_duration(is_["for"])


def _end_row(basis: str, term: str, at: int, name: str | None) -> dict[str, Any]:
    return {
        "basis": basis,
        "by": [],
        "name": name,
        "at": {"from": utc_text(at), "until": utc_text(at + 1)},
        "term": term,
        "claim": None,
    }


def _text(second: int) -> str | None:
    return utc_text(second) if LONG_AGO < second < FAR_AHEAD else None
