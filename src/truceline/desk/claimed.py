"""What does a party, or the desk, put on the record of what somebody said? One statement of type `claim`, and no act.

A claim that is recorded is a claim: it accepts nothing, extends nothing, ends nothing, and reports nothing. Whoever
wants to act says so by a statement of type `act`. What is wrong with a claim is named and flagged when it is shown; it
is refused only where it holds no words, is of no kind, or says where something is.
"""

from __future__ import annotations

from typing import Any

import msgspec

from truceline.errors import SubmissionError, quoted
from truceline.evidence.statements import (
    CHECKABLE,
    KINDS,
    MOST_ITEMS,
    MOST_WORDS,
    OF_RECORD,
    SAYS,
    TOPICS,
    Claim,
    Known,
    Second,
    flagged,
    when_of,
)

CLAIM = "claim"
MOST_TEXT = 500


class Claimed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What somebody said, as whoever signs this has it from a source.

    Attributes:
        kind: one of `evidence.statements.KINDS`.
        words: what was said, in the words of whoever signs this.
        speaker, office: who said it; `actors`: ids of those for whom it was said.
        said, reported, due: time texts, or two joined by ` to `.
        of, against, terms: ids of the text: whose act is meant, to or against whom, about which terms.
        quotation: the words themselves; `lang`: their language; `original`: the words as they were said, where
            `is_translation`.
        ledgers: published counts that it cites, as `issuer/first/last/number`.
        seconds: second sources, each with what it says.
        same_as, to: id of another claim: of the same words, or the one that this answers.
        asks: `publish:ID`, `designate:ID`, or a word.
    """

    kind: str
    words: str
    speaker: str = ""
    office: str = ""
    actors: tuple[str, ...] = ()
    said: str = ""
    reported: str = ""
    due: str = ""
    of: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    quotation: str = ""
    lang: str = ""
    original: str = ""
    is_translation: bool = False
    ledgers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    segment: str = ""
    state: str = ""
    checkable: str = "unstated"
    check_how: str = ""
    seconds: tuple[Second, ...] = ()
    status: str = ""
    note: str = ""
    same_as: str = ""
    to: str = ""
    asks: str = ""
    source: str = ""
    url: str = ""


def check_claim(body: Claimed) -> None:
    """Refuse what is no claim; a claim with a fault is taken, and flagged where it is shown.

    Raises:
        SubmissionError: no words, too many, or a word that is in none of the closed lists.
    """
    for name, value, most in (("words", body.words, MOST_WORDS), ("quotation", body.quotation, MOST_WORDS)):
        if len(value) > most or (name == "words" and not value.strip()):
            raise SubmissionError(f"`{name}`: expected words, at most {most} characters")
    for name, value, known in (("kind", body.kind, KINDS), ("checkable", body.checkable, CHECKABLE)):
        if value not in known:
            raise SubmissionError(f"`{name}`: expected one of {', '.join(known)}, got {quoted(value)}")
    for one in body.seconds:
        if one.says not in SAYS:
            raise SubmissionError(f"`seconds`: expected one of {', '.join(SAYS)}, got {quoted(one.says)}")
    for topic in body.topics:
        if topic not in TOPICS:
            raise SubmissionError(f"`topics`: expected {', '.join(TOPICS)}, got {quoted(topic)}")
    lists = (body.actors, body.of, body.against, body.terms, body.ledgers, body.seconds)
    if any(len(some) > MOST_ITEMS for some in lists):
        raise SubmissionError(f"expected at most {MOST_ITEMS} of each")
    for name in ("speaker", "office", "said", "reported", "due", "check_how", "status", "note", "source", "url"):
        if len(getattr(body, name)) > MOST_TEXT:
            raise SubmissionError(f"`{name}`: expected at most {MOST_TEXT} characters")


def claim_of(body: Claimed, index: int, by: str, known: Known) -> Claim:
    """A recorded claim as any other, flagged like any other; its source is the entry.

    Args:
        body: what the entry says.
        index: of the entry.
        by: who put it there.
        known: what it is held against.
    """
    given: dict[str, Any] = {name: getattr(body, name) for name in body.__struct_fields__}
    given |= {name: when_of(given[name], known.tz) for name in ("said", "reported", "due")}
    given["source"] = body.source or f"put on the record by {by}"
    one = Claim(id=f"entry-{index}", stated_kind=body.kind, door=OF_RECORD, entry=index, **given)
    return flagged(one, known)
