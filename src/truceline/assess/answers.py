"""Answers as columns: the algebra of `verdict`, on `(n,)` values and `(n,)` masks of reasons.

Each function equals its namesake for single answers, row by row; notes are not carried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truceline.verdict import NO, UNKNOWN, YES, Answer, Masks, Reason, Values

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Answers:
    """A column of answers.

    Attributes:
        value: `(n,)` -1, 0, +1.
        why: `(n,)` masks of reasons; 0 unless the value is 0.
    """

    value: Values
    why: Masks

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.value)

    def take(self, rows: Rows) -> Answers:
        """The answers of some rows."""
        return Answers(self.value[rows], self.why[rows])

    @classmethod
    def same(cls, answer: Answer, n: int) -> Answers:
        """One answer for all rows."""
        return cls(np.full(n, answer.value, np.int8), np.full(n, answer.why, np.uint32))

    @classmethod
    def gathered(cls, answers: Sequence[Answer], codes: Rows) -> Answers:
        """The answer of each row's code."""
        value = np.array([a.value for a in answers], np.int8)
        why = np.array([a.why for a in answers], np.uint32)
        return cls(value[codes], why[codes])


def both(columns: Iterable[Answers]) -> Answers:
    """`and`, row by row."""
    return _least(list(columns), np.minimum.reduce)


def either(columns: Iterable[Answers]) -> Answers:
    """`or`, row by row."""
    return _least(list(columns), np.maximum.reduce)


def denied(column: Answers) -> Answers:
    """`not`, row by row."""
    return Answers((-column.value).astype(np.int8), column.why)


def agreed(columns: Sequence[Answers], otherwise: Reason) -> Answers:
    """Common answer of alternatives, row by row; 0 where they differ."""
    values = np.stack([c.value for c in columns])
    why = np.bitwise_or.reduce(np.stack([c.why for c in columns]))
    has_yes, has_no = (values == YES).any(axis=0), (values == NO).any(axis=0)
    alike = (values == values[0]).all(axis=0) & (values[0] != UNKNOWN)
    why = np.where((has_yes & has_no) | (why == 0), why | np.uint32(otherwise.bit), why)
    return Answers(np.where(alike, values[0], UNKNOWN).astype(np.int8), np.where(alike, 0, why).astype(np.uint32))


def renamed(column: Answers, old: Reason, new: Reason) -> Answers:
    """One reason called by another name."""
    has = (column.why & np.uint32(old.bit)) > 0
    why = np.where(has, (column.why & ~np.uint32(old.bit)) | np.uint32(new.bit), column.why)
    return Answers(column.value, why.astype(np.uint32))


def _least(columns: list[Answers], rule: Callable[[Values], Values]) -> Answers:
    value = rule(np.stack([c.value for c in columns]))
    why = np.bitwise_or.reduce(np.stack([c.why for c in columns]))
    return Answers(value.astype(np.int8), np.where(value == UNKNOWN, why, 0).astype(np.uint32))
