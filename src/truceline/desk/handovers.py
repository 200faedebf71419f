"""Who handed what kind of list to whom, in what format, for which period, and does the other side say so too?

The list itself never enters: no file comes with the statement, and it names no place, not even a cell, not to be stored
and not to be hashed (a list of places is guessed from its hash in a moment). A list of cells for days to come, signed
by one side and acknowledged by the other, would be a list of targets that both had cleared. Both sides give their own
reading of the period, in words and in time. Source: the list of 2016 was "through September" to one side, "for three
months" to the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from truceline.agreement.model import Agreement
from truceline.desk.coarse import check_cellless
from truceline.desk.entries import index_of
from truceline.desk.exchanged import day_end, text_in_force
from truceline.desk.viewers import Viewer, require
from truceline.errors import InputError, SubmissionError, quoted
from truceline.record.charter import read_body
from truceline.span import parse_span, utc_text
from truceline.store.case import Case

HANDOVER, ANSWER = "handover", "handover-answer"
KINDS = ("areas", "groups", "routes", "sites", "targets", "other")
SAYS = ("acknowledged", "denied")
MOST_WORDS = 280


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How one side reads the period of a list.

    Attributes:
        words: as it puts it, such as "through September".
        since, until: time texts; the period is from the first second of the one to the last of the other; empty = open.
    """

    words: str
    since: str = ""
    until: str = ""


class Handover(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """That a list was handed over; never the list.

    Attributes:
        kind: one of `KINDS`.
        to: who was given it: an actor of the text.
        day: ISO date on which it was handed over, by whom says it.
        format: in words: on paper, a table, names of areas.
        period: how whoever hands it over reads it.
        text: further words.
    """

    kind: str
    to: str
    day: str
    format: str
    period: Reading
    text: str = ""


class HandoverAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What whoever is named says to it.

    Attributes:
        to: index of the entry of the handover.
        says: `acknowledged` or `denied`.
        format: as the receiver found it; empty = as it was said.
        period: how the receiver reads the period; None = it does not say.
        text: further words.
    """

    to: int
    says: str
    format: str = ""
    period: Reading | None = None
    text: str = ""


@dataclass(frozen=True)
class PeriodShown:
    """A reading of a period: words, and UTC times; None = open, or not said."""

    words: str
    since: str | None
    until: str | None


@dataclass(frozen=True)
class AnswerShown:
    """An answer to a handover."""

    index: int
    by: str
    at: str
    says: str
    format: str
    period: PeriodShown | None
    text: str


@dataclass(frozen=True)
class HandoverShown:
    """A handover with what the other side said of it.

    Attributes:
        stands: `acknowledged`, `denied` or `unanswered`, by the newest answer.
        is_read_alike: whether both give the period the same times; None = the receiver gives none.
    """

    index: int
    by: str
    to: str
    at: str
    kind: str
    day: str
    format: str
    period: PeriodShown
    text: str
    stands: str
    is_read_alike: bool | None
    answers: tuple[AnswerShown, ...]


# -- what is refused ---------------------------------------------------------------------------------------------------


def check_handover(body: Handover, by: str, text: Agreement) -> None:
    """Refuse what is no handover.

    Raises:
        SubmissionError: to nobody or to oneself, of no known kind, a day or period that is none, or a cell in words.
    """
    if body.kind not in KINDS:
        raise SubmissionError(f"`kind`: expected one of {', '.join(KINDS)}, got {quoted(body.kind)}")
    if body.to not in text.parties or body.to == by:
        raise SubmissionError(f"`to`: expected another actor of the text, got {quoted(body.to)}")
    day_end(body.day, text.tz)
    _check_words(body.format, "format", is_needed=True)
    _check_words(body.text, "text")
    _check_period(body.period, text.tz)
    check_cellless([body.format, body.text, body.period.words])


def check_handed(day: str, tz: str, now: int) -> None:
    """Refuse a list that is yet to be handed over: what is logged has happened.

    Args:
        day: ISO date.
        tz: of the text.
        now: UTC second.

    Raises:
        SubmissionError: the day has not begun, or is none.
    """
    day_end(day, tz)
    if parse_span(day, tz).start > now:
        raise SubmissionError(f"`day`: expected a day on which a list was handed over, {quoted(day)} is yet to come")


def check_handover_answer(body: HandoverAnswer, tz: str) -> None:
    """Refuse what is no answer to a handover; whether there is one, and to whom, `areasteps` asks of the record.

    Raises:
        SubmissionError: it says neither of `SAYS`, its period is none, or a cell is in its words.
    """
    if body.says not in SAYS:
        raise SubmissionError(f"`says`: expected one of {', '.join(SAYS)}, got {quoted(body.says)}")
    _check_words(body.format, "format")
    _check_words(body.text, "text")
    if body.period is not None:
        _check_period(body.period, tz)
    check_cellless([body.format, body.text, "" if body.period is None else body.period.words])


def _check_words(words: str, field: str, *, is_needed: bool = False) -> None:
    if len(words) > MOST_WORDS or (is_needed and not words.strip()):
        raise SubmissionError(f"`{field}`: expected words, at most {MOST_WORDS} characters")


def _check_period(one: Reading, tz: str) -> None:
    _check_words(one.words, "words", is_needed=True)
    try:
        since, until = ((parse_span(when, tz) if when else None) for when in (one.since, one.until))
    except InputError as error:
        raise SubmissionError(f"`period`: {error.faults[0]}") from None
    if since is not None and until is not None and until.end <= since.start:
        raise SubmissionError("`period`: ends before it begins")


# -- what is shown -----------------------------------------------------------------------------------------------------


def handovers_shown(case: Case, viewer: Viewer) -> list[HandoverShown]:
    """Every handover, newest first, with what the other side said of it.

    Raises:
        AccessError: they are not for this viewer.
    """
    require(viewer, HANDOVER, "read")
    types, entries, tz = index_of(case).types, case.entries(), text_in_force(case).tz
    answers: dict[int, list[AnswerShown]] = {}
    for index in types.get(ANSWER, ()):
        said = entries[index]
        body: HandoverAnswer = read_body(said.statement.body, HandoverAnswer, ANSWER)
        period = None if body.period is None else _period(body.period, tz)
        at = utc_text(said.known_at)
        shown = AnswerShown(index, said.statement.by, at, body.says, body.format, period, body.text)
        answers.setdefault(body.to, []).append(shown)
    found = []
    for index in types.get(HANDOVER, ()):
        said = entries[index]
        one: Handover = read_body(said.statement.body, Handover, HANDOVER)
        own, period = answers.get(index, []), _period(one.period, tz)
        read = next((a.period for a in reversed(own) if a.period is not None), None)
        alike = None if read is None else (read.since, read.until) == (period.since, period.until)
        found.append(HandoverShown(
            index, said.statement.by, one.to, utc_text(said.known_at), one.kind, one.day, one.format, period, one.text,
            own[-1].says if own else "unanswered", alike, tuple(own),
        ))  # fmt: skip
    return found[::-1]


def _period(one: Reading, tz: str) -> PeriodShown:
    since = utc_text(parse_span(one.since, tz).start) if one.since else None
    until = utc_text(parse_span(one.until, tz).end) if one.until else None
    return PeriodShown(one.words, since, until)
