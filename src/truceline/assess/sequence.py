"""Did another report come earlier than this one, or follow it? Three-valued, one report among all, found by its time.

`earlier: {act, by: target, to: actor, within: PT1H, near_m: 5000}` asks whether a report of such an act, by whom this
one calls its target, on whom it calls its actor, lies before it by more than no time and at most an hour, and at most
5 km from it. `followed` asks the same of what came after.

- Time is whole seconds. What happened in the same second is neither earlier nor later; exactly the limit is within.
- Where the intervals leave open which came first, it is 0 `order unknown`; where only the limit is open, 0 `time`.
- Distances run between the discs around both regions: within when the farthest places are, beyond when the nearest
  are; nearer than 1 m to the limit, or without a place, 0 `place`.
- A pair without direction is asked both ways: where they differ, 0 `actor`.
- A report is never its own. One that saw nothing is none.
- Nothing found is not nothing there: the world outside the record is open, so the answer is then 0 `no coverage`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from truceline.agreement.history import Standing
from truceline.assess.columns import Columns
from truceline.assess.events import is_act, is_event, is_one_of, texts
from truceline.assess.place import Placed
from truceline.errors import InputError, quoted
from truceline.evidence.schema import Named, Observation
from truceline.space import BAND_M, Region, distance_m
from truceline.span import parse_duration
from truceline.verdict import NEVER, NO, SURE, Answer, Reason, agreed, both, either, undecided

WORDS = ("earlier", "followed")
SLACK: Final = 1.001
"""A disc drawn around a shape is wider than the shape by this, so that no error of a distance makes it too small."""

Disc = tuple[float, float, float]


@dataclass(frozen=True)
class Link:
    """What a condition asks of the other report.

    Attributes:
        acts: classes of acts; empty = any.
        by: `actor`, `target` (of this report), or ids; empty = anybody.
        to: likewise.
        within_s: at most so many seconds between the two.
        near_m: at most so far; None = anywhere.
    """

    acts: tuple[str, ...]
    by: tuple[str, ...]
    to: tuple[str, ...]
    within_s: int
    near_m: int | None

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Link:
        """Read the fields.

        Raises:
            InputError: no `within`, or a distance that is none.
        """
        near = fields.get("near_m")
        if near is not None and (isinstance(near, bool) or not isinstance(near, int) or near < 0):
            raise InputError(f"`near_m`: expected whole metres, got {quoted(near)}")
        if not fields.get("within"):
            raise InputError("`earlier`, `followed`: expected `within`, such as `PT1H`")
        return cls(
            texts(fields.get("act")), texts(fields.get("by")), texts(fields.get("to")),
            parse_duration(str(fields["within"])), near,
        )  # fmt: skip


@dataclass
class Sequenced:
    """The reports of a table in the order of their time, to be asked about one of them at a time.

    Attributes:
        table: of `evidence.schema.SCHEMA`.
        columns: the same as columns.
        standing: the agreement, and how umbrellas are read.
        placed: shapes of units.
    """

    table: pa.Table
    columns: Columns
    standing: Standing
    placed: Placed
    _discs: dict[Region, Disc | None] = field(default_factory=dict, repr=False)

    def related(self, word: str, fields: Mapping[str, Any], report: Observation) -> Answer:
        """Whether another report came `earlier` than one, or `followed` it.

        Args:
            word: `earlier` or `followed`.
            fields: what is asked of the other: `act`, `by`, `to`, `within`, `near_m`, alone or below the word.
            report: the one.

        Returns:
            +1 surely one did; 0 one may have (`order unknown`, `time`, `place`, `actor`, `target`, `act`), and
            `no coverage` where none is told of; -1 never, since the world outside the record is open.
        """
        given = fields[word] if isinstance(fields.get(word), Mapping) else fields
        link, is_after = Link.of(given), word == "followed"
        found = [self.link(report, other, link, is_after=is_after) for other in self.near(report, link, is_after)]
        return either([*(a for a in found if a.value != NO), undecided(Reason.NO_COVERAGE)])

    def near(self, report: Observation, link: Link, is_after: bool) -> list[Observation]:
        """The reports whose interval can lie within the limit before, or after, another's."""
        low = report.start + 1 if is_after else report.start - link.within_s
        high = report.end - 1 + link.within_s if is_after else report.end - 2
        order, starts, reach = self._by_time
        first = int(np.searchsorted(reach, low, side="right"))
        last = int(np.searchsorted(starts, high, side="right"))
        rows = order[first:last]
        rows = np.sort(rows[self.columns.end[rows] > low])
        values = self.columns.values
        return [other for other in (values[int(row)] for row in rows) if other.id != report.id]

    @cached_property
    def _by_time(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Rows that saw something by their start, these starts, and the latest end up to each."""
        rows = np.flatnonzero(is_event(self.table))
        order = rows[np.argsort(self.columns.start[rows], kind="stable")]
        ends = self.columns.end[order]
        return order, self.columns.start[order], np.maximum.accumulate(ends) if len(ends) else ends

    # -- two reports -------------------------------------------------------------------------------------------------

    def link(self, report: Observation, other: Observation, link: Link, *, is_after: bool) -> Answer:
        """Whether another report is what a condition asks for, seen from one report."""
        ways = [report]
        if report.unordered:
            ways.append(replace(report, actor=report.target, target=report.actor))
        return both([
            order(other, report, link.within_s) if not is_after else order(report, other, link.within_s),
            is_act(other.acts, link.acts, self.standing) if link.acts else SURE,
            agreed([self._people(way, other, link) for way in ways], otherwise=Reason.ACTOR),
            SURE if link.near_m is None else self.distance(report.impact, other.impact, link.near_m),
        ])  # fmt: skip

    def _people(self, report: Observation, other: Observation, link: Link) -> Answer:
        ways = [(other.actor, other.target)] + ([(other.target, other.actor)] if other.unordered else [])
        each = [
            both([
                self._meant(actor, link.by, report, as_target=False),
                self._meant(target, link.to, report, as_target=True),
            ])
            for actor, target in ways
        ]  # fmt: skip
        return agreed(each, otherwise=Reason.ACTOR)

    def _meant(self, named: Named, ids: Sequence[str], report: Observation, *, as_target: bool) -> Answer:
        """Whether somebody is whom `by` or `to` names; *actor* and *target* are those of the report that asks."""
        if not ids:
            return SURE
        wanted: list[str] = []
        for one in ids:
            own = {"actor": report.actor, "target": report.target}.get(one)
            if own is None:
                wanted.append(one)
            elif own.mode != "one":
                return undecided(Reason.TARGET if one == "target" else Reason.ACTOR)
            else:
                wanted += own.ids
        return is_one_of(named, wanted, self.standing, as_target=as_target)

    def distance(self, one: Region, other: Region, near_m: int) -> Answer:
        """Whether two regions lie at most so far apart."""
        a, b = self._disc(one), self._disc(other)
        if a is None or b is None:
            return undecided(Reason.PLACE)
        apart = distance_m(a[0], a[1], b[0], b[1])
        if apart + a[2] + b[2] <= near_m - BAND_M:
            return SURE
        return NEVER if apart - a[2] - b[2] > near_m + BAND_M else undecided(Reason.PLACE)

    def _disc(self, region: Region) -> Disc | None:
        """A disc that surely holds a region; None = its place is not known."""
        if region not in self._discs:
            self._discs[region] = self._around(region)
        return self._discs[region]

    def _around(self, region: Region) -> Disc | None:
        if region.kind == "disc" and region.lon_e7 is not None and region.lat_e7 is not None:
            return region.lon_e7 / 1e7, region.lat_e7 / 1e7, float(region.radius_m)
        shape = None if region.kind in ("outside", "none") else self.placed.shape_of(region)
        if shape is None or shapely.is_empty(shape):
            return None
        west, south, east, north = (float(edge) / 1e7 for edge in shapely.bounds(shape))
        lon, lat = (west + east) / 2, (south + north) / 2
        corners = [distance_m(lon, lat, x, y) for x in (west, east) for y in (south, north)]
        return lon, lat, max(corners) * SLACK + BAND_M


def order(first: Observation, second: Observation, within_s: int) -> Answer:
    """Whether one report came before another, by at most so many seconds.

    A report that does not last happened at one second of its interval; of one that lasts any second will do.

    >>> at = lambda start, end: Observation("o", start, end)
    >>> order(at(0, 1), at(3600, 3601), 3600).value, order(at(0, 1), at(3601, 3602), 3600).value
    (1, -1)
    >>> order(at(5, 6), at(5, 6), 3600).value, order(at(0, 10), at(5, 15), 3600).reasons
    (-1, (<Reason.ORDER_UNKNOWN: 'order unknown'>,))
    """
    is_before = _apart(first, second, 1, None)
    is_within = _apart(first, second, 1, within_s)
    if is_within == NO:
        return NEVER
    if is_within > 0:
        return SURE
    return undecided(Reason.TIME if is_before > 0 else Reason.ORDER_UNKNOWN)


def _apart(first: Observation, second: Observation, least: int, most: int | None) -> int:
    """Whether the seconds from one report to another are surely, possibly or surely not in `least..most`."""
    shortest, longest = second.start - (first.end - 1), (second.end - 1) - first.start
    far = longest if most is None else most
    if longest < least or shortest > far:
        return NO
    if first.lasts and not second.lasts:
        # of the first any second will do: for every second of the other there must be one of it
        return 1 if second.start - first.start >= least and second.end - first.end <= far else 0
    if second.lasts and not first.lasts:
        return 1 if second.end - first.end >= least and second.start - first.start <= far else 0
    if first.lasts and second.lasts:
        return 1
    return 1 if shortest >= least and longest <= far else 0
