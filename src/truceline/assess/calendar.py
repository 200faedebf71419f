"""Which civil days are there between two moments? Days of one zone by number, 23, 24 or 25 hours long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from truceline.span import Span, civil_day, day_span

Longs = NDArray[np.int64]
MOST_DAYS = 20_000
"""A calendar of more days than this is a mistake of the one who asks: some 55 years."""


@dataclass(frozen=True)
class Calendar:
    """The civil days of a zone from a first one on, by number.

    Attributes:
        first: day number 0.
        days: how many there are.
        tz: the zone.
    """

    first: date
    days: int
    tz: str

    @classmethod
    def over(cls, span: Span, tz: str) -> Calendar:
        """The days that a span touches, at most `MOST_DAYS`."""
        first, last = civil_day(span.start, tz), civil_day(span.end - 1, tz)
        return cls(first, min((last - first).days + 1, MOST_DAYS), tz)

    @cached_property
    def marks(self) -> Longs:
        """`(days + 1,)` the first second of each day, and the end of the last."""
        spans = [day_span(self.date(i), self.tz) for i in range(self.days)]
        return np.array([s.start for s in spans] + [s.end for s in spans[-1:]], np.int64)

    def date(self, number: int) -> date:
        """The date of a day."""
        return self.first + timedelta(days=number)

    def spans(self) -> Iterator[Span]:
        """The days in order, each as the span of its seconds."""
        for start, end in pairwise(self.marks.tolist()):
            yield Span(start, end)

    def number(self, seconds: Longs) -> Longs:
        """`(n,)` number of the day in which each second lies; -1 before the first, `days` after the last."""
        if not self.days:
            return np.full(len(seconds), -1, np.int64)
        return np.asarray(np.searchsorted(self.marks, seconds, side="right") - 1, np.int64)
