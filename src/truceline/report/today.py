"""What does a day look like? Which day of the agreement it is, and the days before it with who could have looked.

Values only, and each of them is one that the interface answers to the same reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from truceline.span import FAR_AHEAD, LONG_AGO, civil_day, day_span, parse_instant

DAYS: Final = 30
WIDE, HIGH, LANE = 900.0, 112.0, 16.0
"""The strip on the paper: its bars, and the lane of coverage below them."""

LOOKS: Final = ("surely", "open", "not_covered")
CLASSES: Final = {"surely": "yes", "open": "open", "not_covered": "no"}
Told = Mapping[str, Any]


@dataclass(frozen=True)
class Counted:
    """A document that is in force on a day.

    Attributes:
        id: of the document; empty for terms of none.
        title: in its own words.
        number: the day is day so-and-so of the time in which it has been in force without a break; from 1.
        is_sure: it is surely in force at some moment of the day.
    """

    id: str
    title: str
    number: int
    is_sure: bool


def in_force_on(items: Sequence[Told], day: date, tz: str) -> list[Counted]:
    """The documents that are in force on a day, or may be; the one in force longest first.

    Args:
        items: as `/api/v1/in-force` tells them.
        day: a civil day.
        tz: of the civil clock.
    """
    span = day_span(day, tz)
    found = []
    for one in items:
        for start, end in _spans(one["possibly"]):
            if start < span.end and end > span.start:
                begun = civil_day(start, tz) if start > LONG_AGO else day
                sure = any(s < span.end and e > span.start for s, e in _spans(one["surely"]))
                number = (day - begun).days + 1
                found.append(Counted(one["instrument"] or "", one["title"] or "", number, sure))
                break
    return sorted(found, key=lambda one: (-one.number, one.id))


def _spans(told: Sequence[Told]) -> Iterator[tuple[int, int]]:
    for one in told:
        yield (
            LONG_AGO if one["from"] is None else parse_instant(one["from"], "UTC"),
            FAR_AHEAD if one["until"] is None else parse_instant(one["until"], "UTC"),
        )


@dataclass(frozen=True)
class Seen:
    """Who could have looked on a day.

    Attributes:
        is_told: the reader is told of it.
        watched: whole percent that was watched, rounded down; `denied`: to which access was denied.
        by: who denied access; None = the reader is not told.
        impediments: reports of what kept observers from looking; None = the reader is not told.
    """

    is_told: bool = False
    watched: int = 0
    denied: int = 0
    by: tuple[str, ...] | None = None
    impediments: int | None = None

    @property
    def is_blind(self) -> bool:
        """Whether nobody is known to have looked at all."""
        return self.is_told and not self.watched


def seen_of(told: Told) -> Seen:
    """A day of `/api/v1/coverage`."""
    if told["whole"] is None:
        return Seen()
    whole = max(int(told["whole"]), 1)
    by = told["denied_by"]
    return Seen(
        True, told["watched"] * 100 // whole, told["denied"] * 100 // whole, None if by is None else tuple(by),
        told["impediments"],
    )  # fmt: skip


@dataclass(frozen=True)
class Box:
    """A part of a bar on the paper; one that is only touched is known to several days."""

    y: float
    high: float
    look: str
    is_touching: bool


@dataclass(frozen=True)
class Column:
    """One day of the strip.

    Attributes:
        x, wide: on the paper.
        within: reports known to be of the day, by answer; `touching`: that may also be of others.
        is_shown: it is the day that is shown.
    """

    day: date
    x: float
    wide: float
    boxes: tuple[Box, ...]
    within: Mapping[str, int]
    touching: Mapping[str, int]
    seen: Seen
    is_shown: bool
    is_named: bool

    @property
    def reports(self) -> int:
        """Reports of the day, or that may be of it."""
        return sum(self.within.values()) + sum(self.touching.values())


def strip(bars: Sequence[Told], watched: Sequence[Told], last: date, shown: date, days: int = DAYS) -> list[Column]:
    """The days up to a last one.

    Args:
        bars: of `/api/v1/timeline`, a bar for each day.
        watched: of `/api/v1/coverage`.
        last: the newest day.
        shown: the day that is shown.
        days: how many.
    """
    by_day = {one["from"]: one for one in bars}
    coverage = {one["day"]: seen_of(one) for one in watched}
    none = dict.fromkeys(LOOKS, 0)
    every = [last - timedelta(days=days - 1 - at) for at in range(days)]
    found = [by_day.get(day.isoformat(), {"within": none, "touching": none}) for day in every]
    most = max([sum(one["within"].values()) + sum(one["touching"].values()) for one in found] + [1])
    wide = WIDE / days
    return [
        Column(
            day, round(at * wide, 1), round(wide, 1), tuple(_boxes(one, most)), one["within"], one["touching"],
            coverage.get(day.isoformat(), Seen()), day == shown, at % 7 == (days - 1) % 7,
        )
        for at, (day, one) in enumerate(zip(every, found, strict=True))
    ]  # fmt: skip


def _boxes(one: Told, most: int) -> Iterator[Box]:
    y = HIGH
    for part in ("within", "touching"):
        for look in LOOKS:
            high = round((HIGH - 14) * one[part][look] / most, 1)
            if high:
                y -= high
                yield Box(round(y, 1), high, CLASSES[look], part == "touching")
