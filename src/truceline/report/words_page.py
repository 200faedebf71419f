"""How are words and acts drawn? One strip for each actor, words above the line of time and acts below it, on one scale.

Every strip has the same width, the same days and the same size of mark, whatever stands in it; the height of those of
actors is that of the fullest among them, and those who are no actor of the text have one of their own below. A mark is
as long as the time that it may be of. What a strip has no room for is counted beside it and stands in the list. Strips
stand by the ids of the actors. Values only: the template draws them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from truceline.report.ledger import ticks_of
from truceline.report.timeline import CLASSES
from truceline.span import day_span
from truceline.verdict import YES

WIDE: Final = 960.0
NEAR_DAYS: Final = 92
"""Over so many days or fewer the mark of a statement has room for its number."""

ACT_WIDE, ACT_HIGH = 6.5, 6.5
NUMBERED, PLAIN = (18.0, 12.0), (6.5, 6.5)
"""Width and height of the mark of a statement: with its number, and without."""

GAP: Final = 2.0
MOST_WORDS, MOST_ACTS = 24, 24
"""Levels of marks above and below the line, at most."""

FOOT: Final = 17.0


@dataclass(frozen=True)
class Spot:
    """Something at a time.

    Attributes:
        start, end: UTC seconds, `[start, end)`.
        look: of its mark; `label`: in it.
    """

    key: str
    start: int
    end: int
    look: str
    label: str = ""


@dataclass(frozen=True)
class Mark:
    """A mark on the paper."""

    key: str
    x: float
    y: float
    wide: float
    high: float
    look: str
    label: str


@dataclass(frozen=True)
class Strip:
    """What one actor said and is said to have done.

    Attributes:
        line: distance of the line of time from the top.
        high: of the strip.
        untold: words and acts for which the paper had no room; they stand in the list.
    """

    actor: str
    line: float
    high: float
    words: tuple[Mark, ...]
    acts: tuple[Mark, ...]
    untold: int


@dataclass(frozen=True)
class Sheet:
    """All strips, and the axis of time; ticks are `(x, label)`."""

    first: date
    last: date
    wide: float
    strips: tuple[Strip, ...]
    ticks: tuple[tuple[float, str], ...]


def sheet(lanes: Sequence[tuple[str, Sequence[Spot], Sequence[Spot]]], first: date, last: date, tz: str) -> Sheet:
    """Draw the strips.

    Args:
        lanes: actor, its words, its acts.
        first: civil day on which the paper begins.
        last: civil day with which it ends.
        tz: zone of the days.
    """
    start, end = day_span(first, tz).start, day_span(last, tz).end

    def x(second: int) -> float:
        """Distance of a second from the left edge."""
        return round(WIDE * (min(max(second, start), end) - start) / (end - start), 1)

    is_near = (last - first).days < NEAR_DAYS
    word_wide, word_high = NUMBERED if is_near else PLAIN
    packed = [
        (actor, _packed(words, x, word_wide, MOST_WORDS), _packed(acts, x, ACT_WIDE, MOST_ACTS))
        for actor, words, acts in lanes
    ]
    above = max((_levels(words) for actor, words, _ in packed if actor), default=1)
    below = max((_levels(acts) for actor, _, acts in packed if actor), default=1)
    strips = []
    for actor, words, acts in packed:
        line = (above if actor else max(above, _levels(words))) * (word_high + GAP) + 3
        high = line + 4 + (below if actor else max(below, _levels(acts))) * (ACT_HIGH + GAP) + FOOT
        strips.append(Strip(
            actor, line, high,
            tuple(
                Mark(one.key, at, round(line - 3 - (level + 1) * (word_high + GAP) + GAP, 1), wide, word_high, one.look,
                     one.label if is_near else "")
                for one, level, at, wide in words if level >= 0
            ),
            tuple(
                Mark(one.key, at, round(line + 4 + level * (ACT_HIGH + GAP), 1), wide, ACT_HIGH, one.look, one.label)
                for one, level, at, wide in acts if level >= 0
            ),
            sum(level < 0 for _, level, _, _ in (*words, *acts)),
        ))  # fmt: skip
    ticks = tuple((x(day_span(day, tz).start), label) for day, label in ticks_of(first, last))
    return Sheet(first, last, WIDE, tuple(strips), ticks)


def _levels(packed: Sequence[tuple[Spot, int, float, float]]) -> int:
    """So many levels are used; one at least."""
    return max((level + 1 for _, level, _, _ in packed), default=1) or 1


def _packed(spots: Sequence[Spot], x: Any, least: float, most: int) -> list[tuple[Spot, int, float, float]]:  # noqa: ANN401
    """Each spot at the lowest level at which nothing else stands: spot, level (-1 = no room), x and width."""
    free: list[float] = []
    found = []
    for one in sorted(spots, key=lambda spot: (spot.start, spot.end, spot.key)):
        left = min(x(one.start), WIDE - least)
        wide = round(max(x(one.end) - left, least), 1)
        level = next((at for at, until in enumerate(free) if until + 1 <= left), len(free))
        if level >= most:
            found.append((one, -1, left, wide))
            continue
        if level == len(free):
            free.append(0.0)
        free[level] = left + wide
        found.append((one, level, left, wide))
    return found


def look_of(act: Mapping[str, Any]) -> str:
    """How the mark of a report looks: by what a prohibition makes of it; faint where it may be another actor's."""
    look = CLASSES[act["covered"]]
    return look if act["is_actor"] == YES else f"{look} words-shared"


def numbered(claims: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Ids of claims to their numbers on the page, by when they were said; what has no time comes last."""
    ordered = sorted(claims, key=lambda one: (one["said"]["from"] is None, one["said"]["from"] or "", one["id"]))
    return {one["id"]: number for number, one in enumerate(ordered, 1)}
