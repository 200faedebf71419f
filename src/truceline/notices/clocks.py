"""Who has to acknowledge a notice, by when, and what happens when nobody does? One table of states, and a clock.

    waiting ──► acknowledged ◄─► denied        by the recipient: signed, or told to the desk
       │  ▲          │
       ▼  │          ▼
    escalated     withdrawn                    by the desk: the time is over; the owner no longer consents
    standing ──► removed | expired             of the notice as a whole

The clock of a recipient begins when the record holds the notice for it, and is the shorter the less time there is. What
is late is escalated in two steps: to the joint body, then to the guarantors. A late receipt is still a receipt.

Nothing here asks a clock: `now` is an argument. Decided by the order of the record and by its own times.

Source: docs/adr/0023-notices.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from truceline.errors import SubmissionError, quoted

NOTIFIED = "notified"
ACKNOWLEDGED, DENIED, ESCALATED, WITHDRAWN = "acknowledged", "denied", "escalated", "withdrawn"
REMOVED, EXPIRED = "removed", "expired"
WAITING: Final = "waiting"

BY_RECIPIENT: Final = (ACKNOWLEDGED, DENIED)
BY_DESK: Final = (ESCALATED, WITHDRAWN, REMOVED, EXPIRED)
OF_ONE: Final = (ACKNOWLEDGED, DENIED, ESCALATED, WITHDRAWN)
"""What is said of one recipient; the others are said of the notice as a whole."""

SAID: Final = (*BY_RECIPIENT, *BY_DESK)
NEXT: Final[Mapping[str, tuple[str, ...]]] = {
    WAITING: (ACKNOWLEDGED, DENIED, ESCALATED, WITHDRAWN),
    ESCALATED: (ACKNOWLEDGED, DENIED, ESCALATED, WITHDRAWN),
    ACKNOWLEDGED: (DENIED, WITHDRAWN),
    DENIED: (ACKNOWLEDGED, WITHDRAWN),
    WITHDRAWN: (),
}
"""How it stands with a recipient, and what can be said next. Who is notified again after `withdrawn` waits again."""

ACKNOWLEDGE_S: Final[Mapping[str, int]] = {"": 72 * 3_600, "48h": 24 * 3_600, "24h": 12 * 3_600, "emergency": 3_600}
"""Lead of a notice (empty: a site) to the seconds in which each recipient acknowledges it."""

TO: Final = ("", "body", "guarantors")
"""Level of an escalation to whom it is told."""

MOST_LEVEL: Final = len(TO) - 1


@dataclass(frozen=True)
class Word:
    """One thing that the record holds about a notice.

    Attributes:
        index: of its entry.
        at: UTC second at which the record held it.
        what: `notified`, or one of `SAID`.
        parties: recipients that it is said of; none = the notice as a whole.
        is_signed: the recipient itself signed it; otherwise the desk says what it was told.
        level: of an escalation, 1 or 2.
    """

    index: int
    at: int
    what: str
    parties: tuple[str, ...] = ()
    is_signed: bool = False
    level: int = 0


@dataclass(frozen=True)
class Answer:
    """How it stands with one recipient of a notice.

    Attributes:
        state: a key of `NEXT`.
        since: UTC second of the word that brought it there; `index`: of its entry.
        notified: UTC second from which its clock runs.
        due: UTC second by which it acknowledges.
        is_signed: it signed its acknowledgement or denial itself.
        level: of the last escalation; 0 = none.
    """

    party: str
    state: str
    since: int
    index: int
    notified: int
    due: int
    is_signed: bool = False
    level: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it still has to answer."""
        return self.state in (WAITING, ESCALATED)

    def left_s(self, now: int) -> int:
        """Seconds until it is due; less than 0 = since so long it is late."""
        return self.due - now


@dataclass(frozen=True)
class Trail:
    """Everything that the record holds about one notice.

    Attributes:
        lead: a key of `ACKNOWLEDGE_S`.
        words: in the order of the record.
        answers: by recipient, in the order in which they were notified.
        end: the word that ended it; None = it stands.
    """

    lead: str
    words: tuple[Word, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)
    end: Word | None = None

    def check(self, word: Word) -> None:
        """Refuse what cannot be said now: the table above.

        Raises:
            SubmissionError: it is not its turn.
        """
        if self.end is not None:
            raise SubmissionError(f"`of`: the notice was {self.end.what} in entry {self.end.index}")
        if word.what in (REMOVED, EXPIRED):
            return
        for party in word.parties:
            found = self.answers.get(party)
            if word.what == NOTIFIED:
                if found is not None and found.state != WITHDRAWN:
                    raise SubmissionError(f"`to`: {quoted(party)} was notified already")
                continue
            if found is None:
                raise SubmissionError(f"`party`: {quoted(party)} is no recipient of it")
            if word.what not in NEXT[found.state]:
                raise SubmissionError(f"`what`: {quoted(word.what)} does not follow {found.state}")
            if word.what == ESCALATED and not found.level < word.level <= MOST_LEVEL:
                raise SubmissionError(f"`level`: expected {found.level + 1} to {MOST_LEVEL}, got {word.level}")

    def after(self, word: Word) -> Trail:
        """The trail with one more word, which `check` let through."""
        if word.what in (REMOVED, EXPIRED):
            return replace(self, words=(*self.words, word), end=word)
        answers = dict(self.answers)
        for party in word.parties:
            answers[party] = _after(answers.get(party), party, word, self.lead)
        return replace(self, words=(*self.words, word), answers=answers)


def _after(before: Answer | None, party: str, word: Word, lead: str) -> Answer:
    if word.what == NOTIFIED or before is None:
        return Answer(party, WAITING, word.at, word.index, word.at, word.at + ACKNOWLEDGE_S[lead])
    made = replace(before, state=word.what, since=word.at, index=word.index, is_signed=word.is_signed)
    return replace(made, level=word.level) if word.what == ESCALATED else made


def trail_of(lead: str, words: Iterable[Word]) -> Trail:
    """The trail of words that the record took."""
    made = Trail(lead)
    for word in words:
        made = made.after(word)
    return made


@dataclass(frozen=True)
class Step:
    """What the desk has to say now.

    Attributes:
        what: `escalated` or `expired`.
        party: whom an escalation is about; empty = the notice as a whole.
        level: of an escalation.
    """

    what: str
    party: str = ""
    level: int = 0


def due(trail: Trail, until: int, now: int) -> list[Step]:
    """What the desk has to say of a notice now: that it expired, or who is late.

    Args:
        trail: of the notice.
        until: UTC second at which it ends.
        now: UTC second.

    Returns:
        Nothing of a notice that ended; `expired` alone of one that is over; else each recipient that is late by one
        more whole time than it was escalated for.
    """
    if trail.end is not None:
        return []
    if now >= until:
        return [Step(EXPIRED)]
    found = []
    for one in trail.answers.values():
        if one.is_open:
            level = min(late_by(one, now), MOST_LEVEL)
            found += [Step(ESCALATED, one.party, level)] if level > one.level else []
    return found


def late_by(one: Answer, now: int) -> int:
    """How many whole times that it had to acknowledge have passed; 0 = it is not late."""
    return max(0, (now - one.notified) // max(one.due - one.notified, 1))


def was_known(trail: Trail, at: int) -> Sequence[str]:
    """Recipients that had acknowledged a notice by a second, and to whom it was not withdrawn; none after its end."""
    if trail.end is not None and trail.end.at <= at:
        return ()
    cut = trail_of(trail.lead, (word for word in trail.words if word.at <= at))
    return [one.party for one in cut.answers.values() if one.state == ACKNOWLEDGED]
