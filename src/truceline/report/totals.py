"""How many? Answers counted over entries: all of them, by period, by group, by day of the report.

Covered and supported are counted apart and never together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Protocol

from truceline.report.picture import Entry, Picture
from truceline.span import civil_day
from truceline.verdict import NO, UNKNOWN, YES

GROUPS = ("bound", "excluded", "mixed", "other")


class Answered(Protocol):
    """A report with its answer."""

    @property
    def any(self) -> int:
        """-1, 0, +1 for *some term covers it*."""

    @property
    def is_protected(self) -> bool:
        """Harm to civilians, hospitals, schools or aid."""


@dataclass(frozen=True)
class Totals:
    """Answers of each sign.

    Attributes:
        surely: +1. possibly: 0. no: -1.
        protected: reports of harm to people or places that humanitarian law protects, whatever their answer.
    """

    surely: int
    possibly: int
    no: int
    protected: int = 0

    @property
    def all(self) -> int:
        """All that were answered."""
        return self.surely + self.possibly + self.no

    def of(self, value: int) -> int:
        """The number of one sign."""
        return {YES: self.surely, UNKNOWN: self.possibly, NO: self.no}[value]


@dataclass(frozen=True)
class Day:
    """The entries of one civil day, or of one interval of several days, for the list; each with its number."""

    first: date
    last: date
    start: int
    end: int
    entries: tuple[tuple[int, Entry], ...]


def covered(entries: Iterable[Answered]) -> Totals:
    """Count the answers to *some term covers it*."""
    return _totals((e.any, e.is_protected) for e in entries)


def supported(entries: Iterable[Entry]) -> Totals:
    """Count the answers to *the report is supported as the terms require*."""
    return _totals((e.supported, e.is_protected) for e in entries)


def period(picture: Picture) -> Totals:
    """Count the reports that surely fall into the period of the page, as `Picture.previous` counts the one before."""
    return covered(e for e in picture.entries if picture.since <= e.start and e.end <= picture.cut_off)


def by_group(entries: Sequence[Entry]) -> list[tuple[str, Totals]]:
    """Count by whom the reports are about; a group that nobody listed is counted as `other`."""
    known = [(e.group if e.group in GROUPS else "other", e) for e in entries]
    return [(group, covered(e for g, e in known if g == group)) for group in GROUPS]


def by_day(entries: Sequence[Entry], tz: str, before: int = 0) -> Iterator[Day]:
    """Entries by the civil days that they touch, in order of their first; an interval is a group of its own.

    Args:
        entries: by start, then id.
        tz: zone of the civil clock.
        before: how many entries of the page come before these; numbers go on from there.
    """
    keyed = sorted((((civil_day(e.start, tz), civil_day(e.end - 1, tz)), e) for e in entries), key=lambda item: item[0])
    numbered = [(days, (number, e)) for number, (days, e) in enumerate(keyed, before + 1)]
    for (first, last), found in groupby(numbered, key=lambda item: item[0]):
        members = tuple(member for _, member in found)
        yield Day(first, last, min(e.start for _, e in members), max(e.end for _, e in members), members)


def _totals(rows: Iterable[tuple[int, bool]]) -> Totals:
    found = list(rows)
    values = [value for value, _ in found]
    return Totals(values.count(YES), values.count(UNKNOWN), values.count(NO), sum(flag for _, flag in found))
