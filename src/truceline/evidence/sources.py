"""Who speaks through a source, and how reliable is it? One line for all who repeat one another or speak for one party.

A table beside the agreement, each row with its source. A *line* is what counts when sources are counted: everybody
whose words come from the same mouth is one line, whoever printed them. A source that only gathers what others say has
no line of its own. The letter is the Admiralty grade of the source, A to F; F = reliability cannot be judged. What the
table does not know is a line of its own, graded F.

Source: STANAG 2511; the design's *Semantics*, Evidence needed for *surely*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from truceline.errors import Fault, InputError, csv_rows, quoted, raise_all
from truceline.evidence.aliases import key

COLUMNS = ("text", "line", "party", "letter", "relays", "source", "tag")
LETTERS, NUMBERS = "ABCDEF", "123456"
RELAYS = ""
"""The line of whoever only gathers what others say."""


def is_grade(text: str) -> bool:
    """Whether a text is an Admiralty grade.

    >>> is_grade("C2"), is_grade("G2"), is_grade("C")
    (True, False, False)
    """
    return len(text) == 2 and text[0] in LETTERS and text[1] in NUMBERS


@dataclass(frozen=True)
class Mouth:
    """Whose words a source gives.

    Attributes:
        line: all of one line count once; empty = it only relays others.
        party: actor of the agreement for whom it speaks; empty = for none.
        letter: Admiralty grade of the source, `A` to `F`.
    """

    line: str
    party: str = ""
    letter: str = "F"


@dataclass(frozen=True)
class Sources:
    """The table of one case; keys are texts as `aliases.key` writes them."""

    mouths: Mapping[str, Mouth] = field(default_factory=dict)

    def mouth(self, text: str) -> Mouth:
        """Whose words a name stands for.

        >>> Sources().mouth("A Stranger")
        Mouth(line='a stranger', party='', letter='F')
        """
        return self.mouths.get(key(text)) or Mouth(key(text))

    def of_row(self, row: Mapping[str, Any]) -> Mouth:
        """Whose words a report gives: those of whoever said it first, not of whoever printed it."""
        chain = row.get("chain") or ()
        return self.mouth(str((chain[0] if chain else None) or row.get("asserted_by") or row.get("publisher") or ""))


def read_sources(data: bytes, name: str = "sources.csv") -> Sources:
    """Read a table of sources.

    Args:
        data: the bytes of a CSV file with `COLUMNS`; empty = nothing is known of any source.
        name: for messages.

    Raises:
        InputError: a column is missing, a letter is none, or a text stands twice.
    """
    faults: list[Fault] = []
    mouths: dict[str, Mouth] = {}
    for line, row in csv_rows(data, name, COLUMNS):
        text, mouth = key(row["text"]), _mouth(row)
        if not text or text in mouths:
            told = f"stands in the table twice: {quoted(row['text'])}" if text else "expected a name, got nothing"
            faults.append(Fault(told, name, line, "text"))
        if mouth.letter not in LETTERS or len(mouth.letter) != 1:
            faults.append(Fault(f"expected a letter A to F, got {quoted(mouth.letter)}", name, line, "letter"))
        mouths[text] = mouth
    raise_all(faults, InputError)
    return Sources(mouths)


def _mouth(get: Mapping[str, str]) -> Mouth:
    line = RELAYS if get["relays"].lower() == "true" else key(get["line"] or get["text"])
    return Mouth(line, get["party"], get["letter"].upper() or "F")
