"""What is in force at a moment, as known at a moment?

`History` holds the text and the signed acts. `as_known` gives a `Standing`: every window, acceptance and designation
as a `Course` in time, as it was known then, under one choice of readings.
"""

from __future__ import annotations

from collections.abc import Iterable

from truceline.agreement.model import Agreement, SignedAct
from truceline.agreement.signed import checked_act, read_act
from truceline.agreement.standing import Standing
from truceline.agreement.statuses import Readings, Seen
from truceline.span import FAR_AHEAD, Span
from truceline.verdict import Answer

__all__ = ["History", "Readings", "Seen", "Standing", "checked_act", "read_act"]


class History:
    """The text and its signed acts: asked for what was in force, as known then."""

    def __init__(self, agreement: Agreement, acts: Iterable[SignedAct] = (), seen: Seen | None = None) -> None:
        """Keep the acts in the order in which they became known, and the evidence for conditions over it."""
        self.agreement = agreement
        self.acts = tuple(sorted(acts, key=lambda act: (act.known_at, act.id)))
        self.seen = seen

    def as_known(self, known_at: int | None = None, readings: Readings | None = None) -> Standing:
        """Everything that stood in the record at `known_at` (UTC seconds; None = everything)."""
        known = FAR_AHEAD if known_at is None else known_at
        shown = readings or Readings.of(self.agreement)
        return Standing(self.agreement, tuple(a for a in self.acts if a.known_at <= known), known, shown, self.seen)

    def in_force(self, at: int, known_at: int | None = None) -> dict[str, Answer]:
        """Whether each term is in force at a second, as known at another.

        Returns:
            Term id to answer: +1 in force, -1 not, 0 cannot be decided, with reasons and a note such as "lapsed".
        """
        standing = self.as_known(known_at)
        moment = Span(at, at + 1)
        return {term_id: standing.window(term_id).during(moment) for term_id in self.agreement.terms}
