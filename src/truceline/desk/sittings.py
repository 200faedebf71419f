"""Who sat, on what, and what was agreed: the record of a sitting of a joint body, and what its decisions refer to?

A statement of type `sitting` holds who attended, the agenda, and what became of each item. What was agreed is one text
that every member signed; what was not agreed is marked as that, with each signer's own position in its own words.

INVARIANT: a decision is words. It changes no term: what changes one is a signed act, an amendment, a designation, a
finding or a signed map, and a decision can only refer to such an entry. Where it names an effect and refers to none,
nothing has that effect yet. What protects civilians, aid or notified sites no decision suspends or ends.
Source: docs/adr/0025-words-are-not-acts.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from truceline.agreement.model import Agreement
from truceline.desk.entries import Shelf, index_of
from truceline.desk.exchanged import text_in_force
from truceline.desk.viewers import Viewer, require
from truceline.errors import InputError, SubmissionError, one_line, quoted
from truceline.record.charter import read_body
from truceline.span import Span, parse_span, utc_text
from truceline.store.case import Case, Said

SITTING = "sitting"
PRESENT, ABSENT, OBSERVER = "present", "absent", "observer"
ATTENDED = (PRESENT, ABSENT, OBSERVER)
AGREED, NOT_AGREED = "agreed", "not-agreed"
STANDS = (AGREED, NOT_AGREED)
DOES = ("interprets", "extends", "suspends", "resumes", "ends", "resets", "amends", "designates")
"""What a decision says is to happen to a term or a document."""

RELEASES = ("suspends", "ends")
GIVES_EFFECT = ("act", "amendment", "designation", "finding", "map-version")
"""Types of entries that change what is owed; a sitting is none of them."""

MOST_WORDS, MOST_ITEMS, MOST_ACTORS = 1000, 50, 50
_MANY = ("signed_by", "attendance", "agenda", "decisions", "answers")


class Attended(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether an actor was there: one of `ATTENDED`. Never a person."""

    actor: str
    was: str


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An item of the agenda.

    Attributes:
        id: short, such as `1` or `2a`.
        text: in words.
        terms: ids of terms or documents that it is about.
    """

    id: str
    text: str
    terms: tuple[str, ...] = ()


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a member says to an item that was not agreed, in its own words; it signs the entry."""

    by: str
    text: str


class Effect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a decision says is to happen to a term.

    Attributes:
        term: id of a term or a document.
        does: one of `DOES`.
        entry: index of the signed entry by which it happens; 0 = none yet.
    """

    term: str
    does: str
    entry: int = 0


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What became of an item: one text that all members signed, or a text that was put and not agreed."""

    item: str
    text: str
    stands: str
    effects: tuple[Effect, ...] = ()
    positions: tuple[Position, ...] = ()


class Sitting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A sitting of a joint body.

    Attributes:
        body: an actor of the text that has members.
        since, until: time texts: from the first second of the one to the last of the other.
        attendance: every member, present or absent; others as observers.
        agenda: items in their order.
        decisions: in their order; an item without one was spoken of, and no more.
        text: further words.
    """

    body: str
    since: str
    until: str
    attendance: tuple[Attended, ...]
    agenda: tuple[Item, ...]
    decisions: tuple[Decision, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class EffectShown:
    """An effect with what gives it.

    Attributes:
        entry: that it refers to; None = none, or none that this viewer may read.
        type: of that entry; empty = likewise.
        is_given: whether that entry is of a type that changes what is owed.
        later: entries of such types that came after the sitting and name the term: to be looked at, no more.
    """

    term: str
    does: str
    entry: int | None
    type: str
    is_given: bool
    later: tuple[int, ...]


@dataclass(frozen=True)
class DecisionShown:
    """A decision, or a text that was not agreed."""

    item: str
    text: str
    stands: str
    positions: tuple[Position, ...]
    effects: tuple[EffectShown, ...]


@dataclass(frozen=True)
class AnsweredShown:
    """What somebody said to the record of a sitting afterwards."""

    index: int
    by: str
    at: str
    text: str


@dataclass(frozen=True)
class SittingShown:
    """A sitting as it is told.

    Attributes:
        index: of its entry; at: when it was recorded.
        signed_by: parties that signed it.
        is_of_all: whether it is signed as the body decides.
        is_early: its end lies after it was recorded: kept, and flagged.
    """

    index: int
    at: str
    by: str
    signed_by: tuple[str, ...]
    is_of_all: bool
    is_early: bool
    body: str
    since: str
    until: str
    attendance: tuple[Attended, ...]
    agenda: tuple[Item, ...]
    decisions: tuple[DecisionShown, ...]
    text: str
    answers: tuple[AnsweredShown, ...]


# -- what is refused ---------------------------------------------------------------------------------------------------


def check_sitting(body: Sitting, by: str, signers: Sequence[str], text: Agreement, size: int) -> None:
    """Refuse what is no record of a sitting.

    Args:
        body: of the statement.
        by: who says it.
        signers: parties that signed the entry.
        text: in force.
        size: entries of the record before it.

    Raises:
        SubmissionError: the body has no members, a member is missing among those who attended or not, a decision is of
            no item, is called agreed without the signature of all, or releases what protects civilians.
    """
    actor = text.parties.get(body.body)
    if actor is None or not actor.members:
        raise SubmissionError(f"`body`: expected a body of the text with members, got {quoted(body.body)}")
    if by != body.body and by not in actor.members:
        raise SubmissionError(f"`by`: expected a member of {quoted(body.body)}, got {quoted(by)}")
    span_of(body, text.tz)
    _check_words("text", body.text)
    _check_attendance(body, actor.members, text)
    _check_agenda(body, text)
    for one in body.decisions:
        _check_decision(one, body, signers, text, size)


def sitting_in(data: bytes, name: str) -> dict[str, Any]:
    """The body of a sitting out of a file of JSON, as it is signed.

    Raises:
        InputError: it is none.
    """
    try:
        found = msgspec.json.decode(data, type=Sitting)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"{one_line(name)}: not the record of a sitting: {one_line(str(error))}") from None
    body: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return body


def span_of(body: Sitting, tz: str) -> Span:
    """When it sat, UTC seconds.

    Raises:
        SubmissionError: a time text is none, or it ends before it begins.
    """
    try:
        start, end = parse_span(body.since, tz).start, parse_span(body.until, tz).end
    except InputError as error:
        raise SubmissionError(f"`since`, `until`: {error.faults[0]}") from None
    if end <= start:
        raise SubmissionError("`until`: the sitting ends before it begins")
    return Span(start, end)


def _check_words(field: str, words: str, *, is_needed: bool = False) -> None:
    if len(words) > MOST_WORDS or (is_needed and not words.strip()):
        raise SubmissionError(f"`{field}`: expected words, at most {MOST_WORDS} characters")


def _check_attendance(body: Sitting, members: Sequence[str], text: Agreement) -> None:
    told = [one.actor for one in body.attendance]
    if len(told) != len(set(told)) or len(told) > MOST_ACTORS:
        raise SubmissionError(f"`attendance`: expected each actor once, {MOST_ACTORS} at most")
    for one in body.attendance:
        if one.was not in ATTENDED or one.actor not in text.parties:
            raise SubmissionError(f"`attendance`: expected an actor of the text and one of {', '.join(ATTENDED)}, got "
                                  f"{quoted(one.actor)}: {quoted(one.was)}")  # fmt: skip
        if one.actor in members and one.was == OBSERVER:
            raise SubmissionError(f"`attendance`: {quoted(one.actor)} is a member: present or absent")
    missing = [member for member in members if member not in told]
    if missing:
        raise SubmissionError(f"`attendance`: not said of {', '.join(missing)}")


def _check_agenda(body: Sitting, text: Agreement) -> None:
    ids = [one.id for one in body.agenda]
    if not 0 < len(ids) <= MOST_ITEMS or len(ids) != len(set(ids)):
        raise SubmissionError(f"`agenda`: expected 1 to {MOST_ITEMS} items, each with an id of its own")
    for one in body.agenda:
        if not 0 < len(one.id) <= len("12.34.ab"):
            raise SubmissionError("`agenda`: expected an id of 1 to 8 characters")
        _check_words("agenda", one.text, is_needed=True)
        for term in one.terms:
            _check_term(term, text)


def _check_term(term: str, text: Agreement) -> None:
    if term not in text.terms and term not in text.instruments:
        raise SubmissionError(f"`term`: the text knows no {quoted(term)}")


def _check_decision(one: Decision, body: Sitting, signers: Sequence[str], text: Agreement, size: int) -> None:
    if one.item not in {item.id for item in body.agenda}:
        raise SubmissionError(f"`item`: the agenda has no {quoted(one.item)}")
    _check_words("decisions", one.text, is_needed=True)
    if one.stands not in STANDS:
        raise SubmissionError(f"`stands`: expected {' or '.join(STANDS)}, got {quoted(one.stands)}")
    if one.stands == AGREED:
        missing = [member for member in text.parties[body.body].members if member not in signers]
        if missing:
            raise SubmissionError(
                f"`stands`: item {quoted(one.item)} is called agreed, and is not signed by {', '.join(missing)}"
            )
        if one.positions:
            raise SubmissionError(f"`positions`: item {quoted(one.item)} is agreed: one text, signed by all")
    elif one.effects:
        raise SubmissionError(f"`effects`: item {quoted(one.item)} was not agreed: it has no effect")
    _check_positions(one, signers)
    for effect in one.effects:
        _check_effect(effect, text, size)


def _check_positions(one: Decision, signers: Sequence[str]) -> None:
    speakers = [position.by for position in one.positions]
    if len(speakers) != len(set(speakers)):
        raise SubmissionError(f"`positions`: item {quoted(one.item)}: each speaks once")
    for position in one.positions:
        _check_words("positions", position.text, is_needed=True)
        if position.by not in signers:
            raise SubmissionError(f"`positions`: {quoted(position.by)} does not sign: nobody speaks for another")


def _check_effect(effect: Effect, text: Agreement, size: int) -> None:
    _check_term(effect.term, text)
    if effect.does not in DOES:
        raise SubmissionError(f"`does`: expected one of {', '.join(DOES)}, got {quoted(effect.does)}")
    if not 0 <= effect.entry < size:
        raise SubmissionError(f"`entry`: expected an entry of the record, or none, got {effect.entry}")
    if effect.does in RELEASES and _is_protective(effect.term, text):
        raise SubmissionError(f"`does`: nothing {effect.does} {quoted(effect.term)}: it protects civilians or aid")


def _is_protective(key: str, text: Agreement) -> bool:
    """Whether a term protects, or a document with a term that does; of one without terms, whether any of the text does.

    A term that names no document may be of each.
    """
    if key in text.terms:
        return text.terms[key].is_protective
    terms = text.terms.values()
    own = [term for term in terms if term.instrument == key]
    return any(term.is_protective for term in terms if term.instrument in (key, "") or not own)


# -- what is shown -----------------------------------------------------------------------------------------------------


def sittings_shown(case: Case, viewer: Viewer) -> list[SittingShown]:
    """Every sitting, the latest first, with what its decisions refer to and what was said to it since.

    Of other entries nothing is told but of those that this viewer may read.

    Raises:
        AccessError: sittings are not for this viewer.
    """
    require(viewer, SITTING, "read")
    text, entries, shelf = text_in_force(case), case.entries(), Shelf(case, viewer)
    answers = _answers(case, shelf)
    found = []
    for index in index_of(case).types.get(SITTING, ()):
        said = entries[index]
        body: Sitting = read_body(said.statement.body, Sitting, SITTING)
        found.append(_shown(case, text, said, body, shelf=shelf, answers=tuple(answers.get(index, ()))))
    return sorted(found, key=lambda one: (one.since, one.index), reverse=True)


def _shown(
    case: Case, text: Agreement, said: Said, body: Sitting, *, shelf: Shelf, answers: tuple[AnsweredShown, ...]
) -> SittingShown:  # fmt: skip
    signers, span = case.register().signers(said.entry), span_of(body, text.tz)
    decisions = tuple(
        DecisionShown(
            one.item, one.text, one.stands, tuple(sorted(one.positions, key=lambda position: position.by)),
            tuple(_effect(case, effect, said.index, shelf) for effect in one.effects),
        )
        for one in body.decisions
    )  # fmt: skip
    return SittingShown(
        said.index, utc_text(said.known_at), said.statement.by, signers, text.group.signed_by(body.body, signers),
        span.end > said.known_at, body.body, utc_text(span.start), utc_text(span.end),
        tuple(sorted(body.attendance, key=lambda one: (ATTENDED.index(one.was), one.actor))), body.agenda, decisions,
        body.text, answers,
    )  # fmt: skip


def _effect(case: Case, one: Effect, index: int, shelf: Shelf) -> EffectShown:
    types, entries = index_of(case).types, case.entries()
    kind = entries[one.entry].statement.type if one.entry else ""
    later = tuple(
        at for what in GIVES_EFFECT for at in types.get(what, ())
        if at > index and at in shelf
        and one.term in (entries[at].statement.body.get("term"), entries[at].statement.body.get("of"))
    )  # fmt: skip
    entry = one.entry if one.entry and one.entry in shelf else None
    is_given = kind in GIVES_EFFECT  # that something gives it is a part of the decision; what it is may be for others
    return EffectShown(one.term, one.does, entry, "" if entry is None else kind, is_given, tuple(sorted(later)))


def _answers(case: Case, shelf: Shelf) -> dict[int, list[AnsweredShown]]:
    """What was said to an entry, where it is not sealed and this viewer may read it, by that entry."""
    found: dict[int, list[AnsweredShown]] = {}
    entries = case.entries()
    for index in index_of(case).types.get("answer", ()):
        said = entries[index]
        one = said.statement
        if one.sealed is None and index in shelf:
            shown = AnsweredShown(index, one.by, utc_text(said.known_at), str(one.body["text"]))
            found.setdefault(int(one.body["to"]), []).append(shown)
    return found


def sitting_row(one: SittingShown) -> dict[str, Any]:
    """A sitting as plain values, ready for JSON; every field is there, whether it says something or not."""
    return {
        **{key: value for key, value in vars(one).items() if key not in _MANY},
        "signed_by": list(one.signed_by),
        "attendance": [{"actor": a.actor, "was": a.was} for a in one.attendance],
        "agenda": [{"id": i.id, "text": i.text, "terms": list(i.terms)} for i in one.agenda],
        "decisions": [
            {
                "item": d.item, "text": d.text, "stands": d.stands,
                "positions": [{"by": p.by, "text": p.text} for p in d.positions],
                "effects": [{**vars(e), "later": list(e.later)} for e in d.effects],
            }
            for d in one.decisions
        ],
        "answers": [dict(vars(a)) for a in one.answers],
    }  # fmt: skip
