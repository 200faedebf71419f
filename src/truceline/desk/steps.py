"""May this step of the publication path be taken now? What a log asks of it before it takes it.

Beside the rules of `desk.publication`, which anybody can ask of the record again, it asks what only its keeper can:
that whoever is concerned can read the draft and nobody else, and that what becomes public has the consent it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from truceline.desk.consent import PUBLISH, Consents, consents_of
from truceline.desk.publication import HEARD, Course, course_of, heard_of
from truceline.desk.publishing import COMMENT, LIFTED, PUBLIC, PUBLICATION, Publication, said_of
from truceline.errors import ConflictError, SubmissionError, quoted
from truceline.group import DESK
from truceline.record.entry import Entry
from truceline.record.register import Register
from truceline.record.seal import Box
from truceline.store.case import TEXTS, Case

CONSENT = "consent"
MOST_AHEAD = 10_000
"""So many entries are remembered before it is looked up which of them the case shows by now."""


class Accounts(Protocol):
    """What a case holds of what persons told, looked up by id."""

    def reports(self, words: Collection[str]) -> dict[str, bool]:
        """Those words that are ids of reports; whether each is a person's account."""


class PublicationPath:
    """The publication path of a case that is written to."""

    def __init__(self, case: Case, now: Callable[[], int], accounts: Accounts) -> None:
        """Take a case.

        Args:
            case: as it is kept.
            now: the clock of its log.
            accounts: which of its reports need consent.
        """
        self._case, self._now, self._accounts = case, now, accounts
        self._ahead: dict[int, Entry] = {}
        self._consents: tuple[tuple[int, int], Consents] = ((0, 0), Consents())

    def check(self, entry: Entry, register: Register) -> None:
        """Refuse a step that may not be taken now.

        Raises:
            SubmissionError: it is not the turn of this step, not by these signers, or consent is lacking.
            ConflictError: what decides on it comes just before it, in the same batch: it is taken a moment later.
        """
        self._ahead[register.size] = entry  # INVARIANT: the last one checked at an index is the one that was taken
        if len(self._ahead) > MOST_AHEAD:
            self._forget(len(self._case.entries()))
        if entry.statement.type != PUBLICATION or entry.statement.body is None:
            return  # a draft: nobody is bound by it
        one = heard_of(register.size, entry, register.signers(entry), self._now())
        course = self._course(register)
        course.check(one)
        said = said_of(one.body)
        if said.stage == COMMENT:
            self._check_readers(said, course, register)
        elif said.stage in (PUBLIC, LIFTED):
            self._check_consent(said, course)

    def _course(self, register: Register) -> Course:
        """The course with what this batch was given before, which the case does not show yet."""
        read = course_of(self._case)
        self._forget(read.size)
        ahead = {i: one for i, one in self._ahead.items() if i < register.size}
        for kind in {one.statement.type for one in ahead.values()}.intersection((*TEXTS, CONSENT)):
            raise ConflictError(f"`{kind}` comes just before this step, and it goes by it: hand it in again")
        made, now = read.copy(), self._now()
        new = {i: heard_of(i, one, register.signers(one), now) for i, one in sorted(ahead.items())}
        made.entry_at = lambda index: new[index] if index in new else read.entry_at(index)
        for one in new.values():
            if one.type in HEARD:
                made.take(one)
        return made

    def _forget(self, size: int) -> None:
        """What the case shows by now."""
        self._ahead = {i: one for i, one in self._ahead.items() if i >= size}

    def _check_readers(self, said: Publication, course: Course, register: Register) -> None:
        """Who is asked can read the draft; nobody else can, but those who decide and write it."""
        text = course.entry_at(said.text or said.of)
        body = course.in_force.group.parties[said.body]
        wraps = set(self._wraps(text.box))
        keys = {party: set(register.readers([party])) for party in register.sets}
        blind = [party for party in said.to if keys.get(party) and not keys[party] & wraps]
        allowed = {*said.to, DESK, text.by, said.body, *body.members}
        strangers = wraps - {key for party in allowed for key in keys.get(party, ())}
        if blind or strangers:
            who = f"{quoted(blind[0])} cannot read it" if blind else "somebody else can read it"
            raise SubmissionError(f"`text`: expected a draft for those concerned and who decides, no others: {who}")

    def _wraps(self, digest: str) -> Iterator[str]:
        store = self._case.store
        if store.has_blob(digest):
            yield from msgspec.json.decode(store.blob(digest), type=Box).wraps

    def _check_consent(self, said: Publication, course: Course) -> None:
        named = {index: set(_words(course.entry_at(index).body)) for index in said.about}
        reports = self._accounts.reports({word for words in named.values() for word in words})
        consents, now = self._consents_of(course) if reports else Consents(), self._now()
        for index, words in named.items():
            for one in words & reports.keys():
                if not consents.may_use(one, PUBLISH, at=now, is_account=reports[one]):
                    raise SubmissionError(f"`about`: entry {index} names a report without consent to publish it")

    def _consents_of(self, course: Course) -> Consents:
        """What was said of consent, read again when more was said."""
        as_of = (len(self._case.said(CONSENT)), course.text)
        if self._consents[0] != as_of:
            self._consents = (as_of, consents_of(self._case, course.in_force.tz))
        return self._consents[1]


def _words(value: Any) -> Iterator[str]:  # noqa: ANN401  # any JSON value
    """Every text in plain values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)
