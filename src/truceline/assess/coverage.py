"""Who could have seen it? The share of every civil day and area that somebody watched, and who let nobody in.

Silence is not compliance: where nobody could look, nothing is known. What counts, and nothing else does:

- a row that is `negative` ("we looked and saw nothing") watches its whole interval and its whole region;
- a row that `lasts` and names its `coverage` (a post, a patrol, a sensor) does so too, whatever it saw;
- a row with `access_denied` takes its whole interval away from every place that its region can touch, whatever others
  say: nobody was let in; its `actor` is who denied it.

An incident at an unknown moment watches nothing: that somebody saw it says nothing of the hours beside it.

The share of a day is counted in cells and seconds, without any float: the cells of a zone are the units directly below
those that it consists of, each counted once and alike (a drawn zone, or a unit without parts, is one cell), and the
seconds are those of the civil day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from truceline.assess.calendar import Calendar
from truceline.assess.place import Placed
from truceline.assess.relation import relation
from truceline.assess.spots import mask
from truceline.errors import InputError, quoted
from truceline.evidence.schema import Observation, observations
from truceline.space import Geometry, Region
from truceline.verdict import NO, YES

Longs = NDArray[np.int64]


@dataclass(frozen=True)
class Watch:
    """What was watched of a zone, day by day.

    Attributes:
        seen: `(days,)` watched cell-seconds.
        denied: `(days,)` cell-seconds to which nobody was let in.
        whole: `(days,)` all cell-seconds.
        deniers: for some days, who let nobody in.
    """

    seen: Longs
    denied: Longs
    whole: Longs
    deniers: dict[int, tuple[str, ...]]

    def reaches(self, least: Fraction) -> NDArray[np.bool_]:
        """`(days,)` whether the share watched is at least so much; yes of nothing asked."""
        return np.asarray(self.seen * least.denominator >= self.whole * least.numerator, np.bool_)

    def falls_short(self, least: Fraction) -> NDArray[np.bool_]:
        """`(days,)` whether so much was denied that the share cannot have been reached."""
        return np.asarray((self.whole - self.denied) * least.denominator < self.whole * least.numerator, np.bool_)

    def share(self, day: int) -> Fraction:
        """The share of one day that was watched."""
        return Fraction(int(self.seen[day]), max(int(self.whole[day]), 1))


@dataclass
class Coverage:
    """The rows of a table that say who could have seen something."""

    table: pa.Table
    placed: Placed

    @cached_property
    def rows(self) -> list[tuple[Observation, bool]]:
        """The rows that count, and whether each says that nobody was let in."""
        table = self.table
        denied, named = mask(table.column("access_denied")), pc.fill_null(table.column("coverage"), "")
        watching = mask(table.column("negative")) | (mask(table.column("lasts")) & mask(pc.not_equal(named, "")))
        found = np.flatnonzero(denied | watching)
        return list(zip(observations(table.take(pa.array(found))), denied[found].tolist(), strict=True))

    def watch(self, zones: Sequence[str], calendar: Calendar) -> Watch:
        """What was watched of the union of zones, on each day; without zones, of nowhere in particular: one cell.

        Args:
            zones: ids of zones.
            calendar: the days.
        """
        cells, marks = self._cells(zones), calendar.marks
        whole = np.diff(marks) * len(cells)
        seen, denied = np.zeros(calendar.days, np.int64), np.zeros(calendar.days, np.int64)
        deniers: dict[int, tuple[str, ...]] = {}
        for cell in cells:
            shut = [(r.start, r.end) for r, is_denied in self.rows if is_denied and self._touches(r.impact, cell)]
            open_ = [(r.start, r.end) for r, is_denied in self.rows if not is_denied and self._holds(r.impact, cell)]
            surely_shut = [(r.start, r.end) for r, d in self.rows if d and self._holds(r.impact, cell)]
            seen += _seconds(_without(_union(open_), _union(shut)), marks)
            denied += _seconds(_union(surely_shut), marks)
        for report, is_denied in self.rows:
            if is_denied and any(self._touches(report.impact, cell) for cell in cells):
                first, last = calendar.number(np.array([report.start, report.end - 1], np.int64))
                for day in range(max(int(first), 0), min(int(last) + 1, calendar.days)):
                    deniers[day] = tuple(sorted({*deniers.get(day, ()), *report.actor.ids}))
        return Watch(seen, denied, whole, deniers)

    # -- cells -------------------------------------------------------------------------------------------------------

    def _cells(self, zones: Sequence[str]) -> list[str]:
        """Cells of the zones: `unit:CODE`, or `zone:ID` for what is drawn."""
        cells: dict[str, None] = {}
        for zone in known_zones(zones, self.placed):
            ground = self.placed.ground((zone,))
            if not ground.codes or ground.drawn:
                cells[f"zone:{zone}"] = None
                continue
            for code in ground.codes:
                below = [unit.code for unit in self.placed.atlas.gazetteer if self._is_below(unit.parent, code)]
                cells.update((f"unit:{one}", None) for one in below or [code])
        return list(cells) or ["anywhere:"]

    def _is_below(self, parent: str, code: str) -> bool:
        gazetteer = self.placed.atlas.gazetteer
        return bool(parent) and gazetteer.code(parent) == gazetteer.code(code)

    def _holds(self, region: Region, cell: str) -> bool:
        """Whether a region surely holds a whole cell."""
        kind, _, key = cell.partition(":")
        if kind == "unit" and region.kind == "area":
            return any(self.placed.atlas.gazetteer.compare(key, area) == YES for area in region.areas)
        shape, outer = self._shape(cell), self.placed.shape_of(region)
        return shape is not None and outer is not None and relation(shape, outer) == YES

    def _touches(self, region: Region, cell: str) -> bool:
        """Whether a region may touch a cell; yes where nobody can say."""
        kind, _, key = cell.partition(":")
        if kind == "unit":
            return self.placed.compare_area(region, key).value != NO
        return kind != "zone" or self.placed.compare(region, (key,)).value != NO

    def _shape(self, cell: str) -> Geometry | None:
        kind, _, key = cell.partition(":")
        if kind == "unit":
            return self.placed.shape_of(Region("area", areas=(key,)))
        return self.placed.ground((key,)).shape if kind == "zone" else None


def known_zones(zones: Sequence[str], placed: Placed) -> Sequence[str]:
    """The zones that a condition names.

    Raises:
        InputError: the agreement has no such zone.
    """
    for zone in zones:
        if zone not in placed.zones:
            raise InputError(f"unknown zone {quoted(zone)} in `in` of a condition")
    return zones


def _union(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that do not touch, in order."""
    made: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return made


def _without(spans: list[tuple[int, int]], holes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans less holes, both in order."""
    made = []
    for start, end in spans:
        here = start
        for first, last in holes:
            if last <= here or first >= end:
                continue
            if first > here:
                made.append((here, first))
            here = max(here, last)
        if here < end:
            made.append((here, end))
    return made


def _seconds(spans: list[tuple[int, int]], marks: Longs) -> Longs:
    """`(days,)` seconds of the spans in each day."""
    made = np.zeros(len(marks) - 1, np.int64)
    for start, end in spans:
        made += np.maximum(np.minimum(marks[1:], end) - np.maximum(marks[:-1], start), 0)
    return made
