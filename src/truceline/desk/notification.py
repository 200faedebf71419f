"""What does the record hold of a notice, and who may say it? That it was given, to whom, and who acknowledged it.

`notification`: something was made known to these recipients, from then until then; of what it says the record holds a
salted commitment and nothing else. `acknowledgement`: what has become of it since, by the table of `notices.clocks`:
a recipient acknowledged or denied it, the desk escalated, withdrew, removed it, or it expired.

A recipient's own signature is evidence. What an account of it told the desk in its service the desk says, `told` by
that recipient: weaker, and shown as such. A party acknowledges for itself and for nobody else.

The contents lie in the desk's notice book (`desk.notebook`), outside the record. Source: docs/adr/0023-notices.md.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from truceline.agreement.model import Agreement
from truceline.errors import InputError, SubmissionError, quoted
from truceline.group import DESK
from truceline.notices.clocks import (
    BY_DESK,
    BY_RECIPIENT,
    ESCALATED,
    MOST_LEVEL,
    NOTIFIED,
    OF_ONE,
    SAID,
    Trail,
    Word,
)
from truceline.notices.model import KINDS, LEADS, SITE
from truceline.record.entry import Entry
from truceline.record.register import Register
from truceline.span import parse_span
from truceline.store.case import Case, Said

NOTIFICATION: Final = "notification"
ACKNOWLEDGEMENT: Final = "acknowledgement"
MOST_WHY: Final = 500
MOST_TO: Final = 40
_ID = re.compile("[a-p]{16}")
_HEX = re.compile("[0-9a-f]{64}")
_DOMAIN: Final = b"truceline/notice/v1\n"


class Notification(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something was made known ahead, so that it is spared.

    Attributes:
        commitment: salted, to all that it says: see `commitment_of`.
        kind: one of `notices.model.KINDS`.
        of: id of the notice, by chance. The same id again names further recipients of the same contents.
        to: actors of the text that it is made known to.
        since, until: time texts between which it counts.
        lead: a key of `notices.model.LEADS`; empty = a site.
        replaces: id of the notice that this one corrects.
    """

    commitment: str
    kind: str
    of: str
    since: str
    to: tuple[str, ...]
    until: str
    lead: str = ""
    replaces: str = ""


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What has become of a notice since.

    Attributes:
        of: its id.
        what: one of `notices.clocks.SAID`.
        party: the recipient that it is said of; empty = the notice as a whole.
        level: of an escalation: 1 to the joint body, 2 to the guarantors.
        why: of a denial, in words, without a place.
    """

    of: str
    what: str
    party: str = ""
    level: int = 0
    why: str = ""


def commitment_of(log: str, salt: bytes, contents: bytes) -> str:
    """A commitment to what a notice says: nobody can test a guess without the salt, and it holds in one record alone.

    Args:
        log: origin of the record.
        salt: 32 random bytes.
        contents: the notice as canonical JSON.
    """
    name = log.encode()
    return hashlib.sha256(_DOMAIN + len(name).to_bytes(8, "big") + name + salt + contents).hexdigest()


# -- what is refused ---------------------------------------------------------------------------------------------------


def check_notification(one: Notification, text: Agreement) -> None:
    """Refuse what is no notification.

    Raises:
        SubmissionError: a field says what it cannot mean.
    """
    for name, value, known in (("kind", one.kind, KINDS), ("lead", one.lead, ("", *LEADS))):
        if value not in known:
            raise SubmissionError(f"`{name}`: expected one of {', '.join(filter(None, known))}, got {quoted(value)}")
    if bool(one.lead) == (one.kind == SITE):
        raise SubmissionError("`lead`: expected of everything but a site, and of no site")
    if not _ID.fullmatch(one.of) or (one.replaces and (not _ID.fullmatch(one.replaces) or one.replaces == one.of)):
        raise SubmissionError("`of`, `replaces`: expected ids of notices, 16 letters, of two different ones")
    if not _HEX.fullmatch(one.commitment):
        raise SubmissionError("`commitment`: expected 64 hexadecimal digits")
    if not 1 <= len(one.to) <= MOST_TO or list(one.to) != sorted(set(one.to)):
        raise SubmissionError(f"`to`: expected 1 to {MOST_TO} recipients, sorted, each once")
    for party in one.to:
        if party not in text.parties:
            raise SubmissionError(f"`to`: the text knows no {quoted(party)}")
    span_of(one, text.tz)


def span_of(one: Notification, tz: str) -> tuple[int, int]:
    """From and until when a notification counts, UTC seconds.

    Raises:
        SubmissionError: a text is no time, or it ends before it begins.
    """
    try:
        since, until = parse_span(one.since, tz).start, parse_span(one.until, tz).end
    except InputError as error:
        raise SubmissionError(f"`since`, `until`: {error.faults[0]}") from None
    if until <= since:
        raise SubmissionError("`until`: expected an end after the beginning")
    return since, until


def check_acknowledgement(one: Acknowledgement, by: str, kind: str, signers: Sequence[str]) -> None:
    """Refuse what is no acknowledgement, or is another's to say.

    Args:
        one: as it is said.
        by: who says it.
        kind: what that one is, one of `group.KINDS` or `desk`.
        signers: who signed it.

    Raises:
        SubmissionError: a field says what it cannot mean, or somebody else has to say it.
    """
    if one.what not in SAID:
        raise SubmissionError(f"`what`: expected one of {', '.join(SAID)}, got {quoted(one.what)}")
    if not _ID.fullmatch(one.of):
        raise SubmissionError("`of`: expected the id of a notice, 16 letters of a to p")
    if bool(one.party) != (one.what in OF_ONE):
        raise SubmissionError(f"`party`: expected with {', '.join(OF_ONE)}, and only there")
    if bool(one.level) != (one.what == ESCALATED) or not 0 <= one.level <= MOST_LEVEL:
        raise SubmissionError(f"`level`: expected 1 to {MOST_LEVEL}, of an escalation and only there")
    if len(one.why) > MOST_WHY or (one.why and one.what not in BY_RECIPIENT):
        raise SubmissionError(f"`why`: expected at most {MOST_WHY} letters, of an acknowledgement or a denial")
    if one.what in BY_DESK and kind != DESK:
        raise SubmissionError(f"`what`: {quoted(one.what)} is for the desk to say")
    if one.what in BY_RECIPIENT and kind != DESK and (by != one.party or one.party not in signers):
        raise SubmissionError(f"`party`: {quoted(by)} acknowledges for itself alone")


# -- as the record tells it --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Noticed:
    """A notice as the record tells of it.

    Attributes:
        first: its first notification.
        index: of that entry; `at`: UTC second at which the record held it.
        trail: everything that was said of it.
    """

    first: Notification
    index: int
    at: int
    trail: Trail

    @property
    def recipients(self) -> tuple[str, ...]:
        """All that it was ever made known to."""
        return tuple(self.trail.answers)


@dataclass
class Course:
    """All notices of a record, kept up with it entry by entry.

    Attributes:
        notices: by id, in the order of the record.
        size: entries that were taken in.
    """

    notices: dict[str, Noticed] = field(default_factory=dict)
    size: int = 0

    def check(self, body: Notification | Acknowledgement, by: str, index: int) -> None:
        """Refuse what cannot be said now.

        Raises:
            SubmissionError: the notice is not there, or it is not the turn of this word.
        """
        found = self.notices.get(body.of)
        if isinstance(body, Notification) and found is None:
            if body.replaces and body.replaces not in self.notices:
                raise SubmissionError("`replaces`: the record holds no such notice")
            return
        if found is None:
            raise SubmissionError("`of`: the record holds no such notice")
        if isinstance(body, Notification) and _same(body) != _same(found.first):
            raise SubmissionError("`of`: a notice of this id says something else: what is corrected gets a new id")
        found.trail.check(word_of(body, by, index, 0))

    def take(self, body: Notification | Acknowledgement, by: str, index: int, at: int) -> None:
        """Take in what the record has taken."""
        word, found = word_of(body, by, index, at), self.notices.get(body.of)
        if found is None:
            if isinstance(body, Notification):
                self.notices[body.of] = Noticed(body, index, at, Trail(body.lead).after(word))
            return
        self.notices[body.of] = Noticed(found.first, found.index, found.at, found.trail.after(word))


def word_of(body: Notification | Acknowledgement, by: str, index: int, at: int) -> Word:
    """A statement as a word of the trail."""
    if isinstance(body, Notification):
        return Word(index, at, NOTIFIED, body.to)
    parties = (body.party,) if body.party else ()
    return Word(index, at, body.what, parties, is_signed=by == body.party, level=body.level)


def _same(one: Notification) -> tuple[str, ...]:
    """What no second notification of an id changes."""
    return one.commitment, one.kind, one.since, one.until, one.lead, one.replaces


def read(kind: str, body: Mapping[str, Any]) -> Notification | Acknowledgement:
    """The body of a statement that the record took."""
    if kind == NOTIFICATION:
        return msgspec.convert(body, Notification)
    return msgspec.convert(body, Acknowledgement)


def course_of(case: Case, before: Course | None = None) -> Course:
    """All notices of the record of a case.

    Args:
        case: the case.
        before: as it was; it is kept up to now and returned. None = from the beginning.
    """
    course, size = before or Course(), len(case.entries())
    found: list[Said] = []
    for kind in (NOTIFICATION, ACKNOWLEDGEMENT):
        said = case.said(kind)
        found += said[bisect_left(said.indexes, course.size) :]
    for one in sorted(found, key=lambda said: said.index):
        if one.index < size:
            body = read(one.statement.type, one.statement.body)
            course.take(body, one.statement.by, one.index, one.known_at)
    course.size = max(course.size, size)
    return course


class NoticePath:
    """What the record holds of notices, before one opened log: no word is taken out of its turn.

    INVARIANT: of what was checked at an index, the last was taken, if the register grew beyond it.
    """

    def __init__(self, case: Case) -> None:
        """Take a case; nothing of it is read before it is needed."""
        self._case = case
        self._course: Course | None = None
        self._ahead: dict[int, tuple[str, Notification | Acknowledgement]] = {}

    def check(self, entry: Entry, register: Register) -> None:
        """Refuse what cannot be said now; told of every entry.

        Raises:
            SubmissionError: it cannot.
        """
        one = entry.statement
        is_own = one.type in (NOTIFICATION, ACKNOWLEDGEMENT) and one.body is not None
        self._ahead.pop(register.size, None)
        if not is_own:
            return
        course = self._caught_up(register)
        body = read(one.type, one.body)
        course.check(body, one.by, register.size)
        self._ahead[register.size] = (one.by, body)

    def _caught_up(self, register: Register) -> Course:
        if self._course is None:
            self._course = course_of(self._case)
        for index in sorted(self._ahead):
            if index < register.size:
                by, body = self._ahead.pop(index)
                if index >= self._course.size:
                    self._course.take(body, by, index, 0)
                    self._course.size = index + 1
        return self._course
