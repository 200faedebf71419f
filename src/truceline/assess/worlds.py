"""What would the answer be in each reading of an open word? The same report, judged once for every reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from truceline.agreement.model import Agreement
from truceline.agreement.signed import fields_with_readings, reading_name, readings_of
from truceline.agreement.standing import Standing
from truceline.assess import spec
from truceline.assess.spec import Law
from truceline.evidence.schema import Observation
from truceline.verdict import Answer, Reason


@dataclass(frozen=True)
class Reading:
    """One reading of one word, and the answer in it.

    Attributes:
        word: the open word, the clause with several versions, or `TERM.field`.
        name: how the reading is called.
    """

    word: str
    name: str
    answer: Answer


def side_by_side(report: Observation, term_id: str, law: Law) -> list[Reading]:
    """The answers of a term in each reading of each word that leaves it open; empty where none does.

    A word is listed where its readings differ; of several open words each is varied alone, the others stay open.
    """
    whole = spec.judge(report, term_id, law).covered
    if not whole.why & Reason.OPEN_WORD.bit:
        return []
    found = []
    for word in open_words(law.standing.agreement):
        answers = [
            Reading(word, reading_name(one), spec.judge(report, term_id, in_reading(law, word, i)).covered)
            for i, one in enumerate(readings_of(law.standing.agreement, word))
        ]
        if len({one.answer.value for one in answers}) > 1 or len({one.answer.why for one in answers}) > 1:
            found += answers
    return found


def open_words(agreement: Agreement) -> Iterator[str]:
    """Every word, clause and field that can be read in several ways, in the order of the text."""
    words = [*agreement.words]
    for term in agreement.terms.values():
        words += [term.id] if term.versions else []
    words += [key for key, _ in fields_with_readings(agreement)]
    yield from (word for word in words if len(readings_of(agreement, word)) > 1)


def in_reading(law: Law, word: str, index: int) -> Law:
    """The law with one word read in one way."""
    before = law.standing
    chosen = (*(pair for pair in before.readings.chosen if pair[0] != word), (word, index))
    readings = replace(before.readings, chosen=chosen)
    return replace(law, standing=Standing(before.agreement, before.acts, before.known_at, readings, before.seen))
