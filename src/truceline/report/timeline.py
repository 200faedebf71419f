"""What happened when, as far as it is known? Reports per civil day by answer, below what was in force.

A report that is known only to several days is a band over all of them, never a bar on one. Windows that are only
possible are hatched. Values only: the template draws them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from truceline.report.picture import Entry, Names, Picture, Window
from truceline.span import FAR_AHEAD, LONG_AGO, civil_day, day_span
from truceline.verdict import NO, UNKNOWN, YES

WIDTH = 760.0
LEFT = 34.0
RIGHT = 12.0
BARS = 130.0
MOST_BINS = 400
MOST_LANES = 60
CLASSES = {YES: "yes", UNKNOWN: "open", NO: "no"}


@dataclass(frozen=True)
class Box:
    """A rectangle on the paper.

    Attributes:
        look: its class.
        text: a number in it.
        is_touching: it counts what only touches what is asked for.
    """

    x: float
    y: float
    wide: float
    high: float
    look: str
    text: str = ""
    is_touching: bool = False


@dataclass(frozen=True)
class Row:
    """One window of an instrument or term: its label and its spans."""

    y: float
    names: Names
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class DayRow:
    """One day, or one step of several days, for the table."""

    first: date
    last: date
    counts: tuple[int, int, int]


@dataclass(frozen=True)
class Strip:
    """The timeline and the same as a table.

    Attributes:
        step: civil days of one bar.
        ticks: `(x, label)` of the axis of time; `levels`: `(y, number)` of the axis of counts.
        wide: bands of reports that are known only to several days, as boxes and as rows.
        left_out: reports in bands for which the paper had no room; they stand in the table.
    """

    height: float
    step: int
    rows: tuple[Row, ...]
    bars: tuple[Box, ...]
    bands: tuple[Box, ...]
    ticks: tuple[tuple[float, str], ...]
    levels: tuple[tuple[float, int], ...]
    top: float
    base: float
    days: tuple[DayRow, ...]
    wide: tuple[DayRow, ...]
    left_out: int


@dataclass(frozen=True)
class _Axis:
    """Days on the paper: `[first, last]` in steps of `step` days."""

    first: date
    last: date
    step: int

    @property
    def _days(self) -> int:
        return -(-((self.last - self.first).days + 1) // self.step) * self.step

    def x(self, days: float) -> float:
        """Distance on the paper of a number of days from the first."""
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(days, 0), self._days) / self._days

    def at(self, second: int, tz: str) -> float:
        """Distance on the paper of an instant, to the fraction of its civil day."""
        if not LONG_AGO < second < FAR_AHEAD:
            return self.x(0 if second < 0 else self._days)
        day = civil_day(second, tz)
        span = day_span(day, tz)
        return round(self.x((day - self.first).days + (second - span.start) / (span.end - span.start)), 1)

    def bin(self, day: date) -> int:
        """The step in which a day lies."""
        return (day - self.first).days // self.step

    def start(self, index: int) -> date:
        """The first day of a step."""
        return self.first + timedelta(days=index * self.step)


def draw(picture: Picture) -> Strip | None:
    """Draw the entries of a picture in time; None when there is none."""
    dated = [(civil_day(e.start, picture.tz), civil_day(e.end - 1, picture.tz), e) for e in picture.entries]
    if not dated:
        return None
    axis = _axis(min(first for first, _, _ in dated), max(last for _, last, _ in dated))
    whole = Counter((axis.bin(first), e.any) for first, last, e in dated if first == last)
    wide = Counter((first, last, e.any) for first, last, e in dated if first != last)
    rows = tuple(_rows(picture.windows, axis, picture.tz))
    top = (rows[-1].y + 22 if rows else 0) + 16
    base = top + BARS
    most = max((sum(whole[b, v] for v in CLASSES) for b, _ in whole), default=0)
    levels = levels_to(most)
    bands, lanes_high, left_out = _bands(wide, axis, base + 26)
    return Strip(
        height=round(base + 30 + lanes_high, 1), step=axis.step, rows=rows,
        bars=tuple(_bars(whole, axis, base, max(most, 1))), bands=bands,
        ticks=tuple(_ticks(axis)), levels=tuple((round(base - BARS * n / max(most, 1), 1), n) for n in levels),
        top=top, base=base, days=_day_rows(whole, axis), wide=_wide_rows(wide), left_out=left_out,
    )  # fmt: skip


def bands_of(entries: Sequence[Entry], tz: str) -> int:
    """How many entries are known only to more than one civil day."""
    return sum(civil_day(e.start, tz) != civil_day(e.end - 1, tz) for e in entries)


def _axis(first: date, last: date) -> _Axis:
    days = (last - first).days + 1
    step = next(s for s in (1, 7, 28, 91, 364, 3640, 36_400) if days <= s * MOST_BINS or s == 36_400)
    return _Axis(first, last, step)


def _rows(windows: Iterable[Window], axis: _Axis, tz: str) -> Iterable[Row]:
    y = 12.0
    for window in windows:
        boxes = []
        for look, spans in (("possible", window.possible), ("sure", window.sure)):
            for start, end in spans:
                x, to = axis.at(start, tz), axis.at(end, tz)
                if to > x:
                    boxes.append(Box(x, y + 5, round(to - x, 1), 8, look))
        if boxes:
            yield Row(y, window.names, tuple(boxes))
            y += 27


def _bars(whole: Counter[tuple[int, int]], axis: _Axis, base: float, most: int) -> Iterable[Box]:
    for index in sorted({b for b, _ in whole}):
        x, to, y = axis.x(index * axis.step), axis.x((index + 1) * axis.step), base
        gap = min(1.0, (to - x) / 5)
        for value in (YES, UNKNOWN, NO):
            high = BARS * whole[index, value] / most
            if high:
                y -= high
                yield Box(round(x + gap / 2, 1), round(y, 1), round(to - x - gap, 1), round(high, 1), CLASSES[value])


def _bands(wide: Counter[tuple[date, date, int]], axis: _Axis, top: float) -> tuple[tuple[Box, ...], float, int]:
    """Bands in lanes, each in the first lane where it finds room."""
    lanes: list[float] = []
    placed: list[tuple[int, float, float, int, int]] = []
    left_out = 0
    for (first, last, value), n in sorted(wide.items(), key=lambda item: (item[0][0], item[0][1], -item[0][2])):
        x, to = axis.x((first - axis.first).days), axis.x((last - axis.first).days + 1)
        lane = next((i for i, end in enumerate(lanes) if end + 1 <= x), len(lanes))
        if lane >= MOST_LANES:
            left_out += n
            continue
        lanes[lane : lane + 1] = [to]
        placed.append((lane, x, to, value, n))
    pitch = 11.0 if len(lanes) <= 20 else 220 / len(lanes)
    boxes = tuple(
        Box(
            round(x, 1), round(top + lane * pitch, 1), round(to - x, 1), round(pitch - 2, 1) if pitch > 3 else 2,
            CLASSES[value], str(n) if n > 1 and pitch >= 11 and to - x > 6 + 6 * len(str(n)) else "",
        )
        for lane, x, to, value, n in placed
    )  # fmt: skip
    return boxes, round(len(lanes) * pitch, 1), left_out


def levels_to(most: int) -> list[int]:
    """Round numbers for the axis of counts, from 0 to at most `most`."""
    if most < 1:
        return [0]
    power = 10 ** int(math.log10(most))
    step = next(s for s in (power // 5, power // 2, power, 2 * power, 5 * power) if s and most / s <= 4)
    return list(range(0, most + 1, step))


def _ticks(axis: _Axis) -> Iterable[tuple[float, str]]:
    """Months where there are many days, else days; no more than ten of them."""
    days = (axis.last - axis.first).days + 1
    if days > 45:
        months = sorted({(axis.first + timedelta(days=i)).replace(day=1) for i in range(0, days, 28)})
        every = -(-len(months) // 9)
        marks = [(m, m.isoformat()[:7]) for m in months if (m.year * 12 + m.month - 1) % every == 0]
    else:
        every = -(-days // 8)
        marks = [(d, d.isoformat()) for i in range(0, days, every) for d in [axis.first + timedelta(days=i)]]
    return [(round(axis.x((day - axis.first).days), 1), text) for day, text in marks if day >= axis.first]


def _day_rows(whole: Counter[tuple[int, int]], axis: _Axis) -> tuple[DayRow, ...]:
    return tuple(
        DayRow(
            axis.start(b), axis.start(b) + timedelta(days=axis.step - 1),
            (whole[b, YES], whole[b, UNKNOWN], whole[b, NO]),
        )
        for b in sorted({b for b, _ in whole})
    )  # fmt: skip


def _wide_rows(wide: Counter[tuple[date, date, int]]) -> tuple[DayRow, ...]:
    return tuple(
        DayRow(first, last, (wide[first, last, YES], wide[first, last, UNKNOWN], wide[first, last, NO]))
        for first, last in sorted({(first, last) for first, last, _ in wide})
    )
