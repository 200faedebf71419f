"""How does an answer change in time? A step function of `Answer`, asked over spans.

Windows of terms, acceptance of parties, designations: each is a `Course`. Asked over a span in which the act happened
at an unknown moment, the answer is the common one, else 0 with reason `time`. An act that lasts through its span is cut
at the steps by the judge (`cuts`), and each piece asked alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from truceline.span import LONG_AGO, Span
from truceline.verdict import NEVER, SURE, UNKNOWN, Answer, Masks, Reason, Values, agreed, both, denied, either


@dataclass(frozen=True)
class Course:
    """An answer for every second of history.

    Attributes:
        at: `(k,)` rising seconds; the first is `LONG_AGO`.
        answers: `(k,)` the answer from `at[i]` until `at[i + 1]`.
    """

    at: tuple[int, ...]
    answers: tuple[Answer, ...]

    def during(self, span: Span) -> Answer:
        """Common answer over a span in which the act happened somewhere; 0 `time` where it changes.

        >>> Course.window(0, 10).during(Span(5, 15)).reasons
        (<Reason.TIME: 'time'>,)
        """
        pieces = [
            answer
            for start, end, answer in zip(self.at, (*self.at[1:], None), self.answers, strict=True)
            if start < span.end and (end is None or span.start < end)
        ]
        return agreed(pieces, otherwise=Reason.TIME)

    def over(self, start: NDArray[np.int64], end: NDArray[np.int64]) -> tuple[Values, Masks]:
        """`during` for many spans at once: `(n,)` values and `(n,)` masks of reasons."""
        first = np.searchsorted(self._at, start, side="right") - 1
        last = np.searchsorted(self._at, end - 1, side="right") - 1
        counts = self._counts[last + 1] - self._counts[first]
        has_no, has_unknown, has_yes = (counts[:, i] > 0 for i in range(3))
        value = np.where(has_yes & ~has_no & ~has_unknown, 1, np.where(has_no & ~has_yes & ~has_unknown, -1, 0))
        bits = (self._bit_counts[last + 1] - self._bit_counts[first]) > 0
        why = (bits * (1 << np.arange(bits.shape[1], dtype=np.uint32))).sum(axis=1).astype(np.uint32)
        why |= np.where(has_yes & has_no, np.uint32(Reason.TIME.bit), np.uint32(0))
        return value.astype(np.int8), np.where(value == UNKNOWN, why, 0).astype(np.uint32)

    def cuts(self) -> tuple[int, ...]:
        """The seconds at which the answer changes."""
        return self.at[1:]

    @classmethod
    def always(cls, answer: Answer) -> Course:
        """One answer for all time."""
        return cls((LONG_AGO,), (answer,))

    @classmethod
    def steps(cls, steps: Iterable[tuple[int, Answer]], before: Answer = NEVER) -> Course:
        """The answer `before`, until each step changes it."""
        found = {LONG_AGO: before} | dict(sorted(steps, key=lambda step: step[0]))
        return _joined(tuple(found), tuple(found.values()))

    @classmethod
    def window(cls, start: int, end: int | None = None, *, after: Answer = NEVER) -> Course:
        """Yes in `[start, end)`, no before, `after` after."""
        steps = [(start, SURE)] if end is None or end > start else []
        return cls.steps([*steps, *([(end, after)] if end is not None else [])])

    @cached_property
    def _at(self) -> NDArray[np.int64]:
        return np.array(self.at, dtype=np.int64)

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        """`(k + 1, 3)` running number of pieces that say no, cannot be decided, yes."""
        rows = np.array([[a.value == v for v in (-1, 0, 1)] for a in self.answers], dtype=np.int64)
        return np.vstack([np.zeros((1, 3), np.int64), rows.cumsum(axis=0)])

    @cached_property
    def _bit_counts(self) -> NDArray[np.int64]:
        """`(k + 1, bits)` running number of pieces that carry each reason."""
        width = len(Reason)
        rows = np.array([[(a.why >> bit) & 1 for bit in range(width)] for a in self.answers], dtype=np.int64)
        return np.vstack([np.zeros((1, width), np.int64), rows.cumsum(axis=0)])


def all_courses(courses: Sequence[Course]) -> Course:
    """`and` at every second; yes of nothing."""
    return combined(courses, both)


def any_course(courses: Sequence[Course]) -> Course:
    """`or` at every second; no of nothing."""
    return combined(courses, either)


def not_course(course: Course) -> Course:
    """`not` at every second."""
    return Course(course.at, tuple(denied(a) for a in course.answers))


def combined(courses: Sequence[Course], rule: Callable[[Iterable[Answer]], Answer]) -> Course:
    """Apply a rule for answers at every second of several courses."""
    at = tuple(sorted({LONG_AGO}.union(*(c.at for c in courses))))
    columns = [_sampled(course, at) for course in courses]
    return _joined(at, tuple(rule([column[i] for column in columns]) for i in range(len(at))))


def _sampled(course: Course, at: tuple[int, ...]) -> list[Answer]:
    index = np.searchsorted(np.array(course.at, np.int64), np.array(at, np.int64), side="right") - 1
    return [course.answers[i] for i in index]


def _joined(at: tuple[int, ...], answers: tuple[Answer, ...]) -> Course:
    """Drop steps that change nothing."""
    keep = [i for i in range(len(at)) if i == 0 or answers[i] != answers[i - 1]]
    return Course(tuple(at[i] for i in keep), tuple(answers[i] for i in keep))
