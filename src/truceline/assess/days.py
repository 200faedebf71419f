"""Which civil days were good, surely and possibly, and how many in a row?

A day is *surely good* when the rule surely holds on it and enough of it was watched; *surely bad* when it surely does
not hold; else 0 with its reasons. Two run lengths are kept: days surely good in a row, and the most days in a row that
can all have been good. An event of which only `[d1, d2]` is known breaks every run that holds `d1` to `d2`, wherever in
it the event was; so the second length is that of the longest stretch into which no such event falls whole.

For a bound on events, or on deaths, the same: a stretch is impossible when more falls whole into some part of it than
its days can take (Hall's condition for intervals). A reset sets both lengths to 0; the day in which it falls is not
whole and counts for neither, unless the reset is its first second.

Nothing here is a float: shares and bounds are fractions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from truceline.assess.calendar import Calendar
from truceline.assess.events import MANY, Events
from truceline.errors import InputError, quoted
from truceline.verdict import NO, UNKNOWN, YES, Answer, Masks, Reason, Values

Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Bound:
    """What a day can take: a day is good while it holds no more than this.

    Attributes:
        low: surely no more is allowed than what was surely measured allows.
        high: this much is allowed at the most; None = nobody can say how much.
        is_of_deaths: people killed are counted, not events.
    """

    low: int
    high: int | None
    is_of_deaths: bool = False


@dataclass(frozen=True)
class Goods:
    """Every day of a calendar, judged.

    Attributes:
        good: `(days,)` +1 surely good, -1 surely bad, 0 cannot be decided.
        why: `(days,)` reasons of the days at 0.
        low, high: `(days,)` least and most that was counted, events or deaths; `MANY` and more = no upper bound.
        surely: `(days,)` events that surely fall on the day.
        events: `(days,)` events that surely or possibly do.
        deaths: `(days, 2)` least and most killed.
        floor: `(days,)` first day with which a stretch that ends on this day, and can be all good, may begin;
            one more than the day itself when there is none.
    """

    good: Values
    why: Masks
    low: Longs
    high: Longs
    surely: Longs
    events: Longs
    deaths: Longs
    floor: Longs


@dataclass(frozen=True)
class Run:
    """Good days in a row.

    Attributes:
        calendar: the days.
        goods: each of them.
        surely: `(days,)` how many days, this one the last, are surely good in a row.
        possibly: `(days,)` how many at the most can all have been good.
        resets: `(days,)` whether the count was set to 0 on the day.
    """

    calendar: Calendar
    goods: Goods
    surely: Longs
    possibly: Longs
    resets: Bools

    def reached(self, lengths: Longs, days: int) -> int | None:
        """The first day on which a run was so long; None = never."""
        found = np.flatnonzero(lengths >= days)
        return int(found[0]) if len(found) else None


def runs(calendar: Calendar, goods: Goods, resets: list[int]) -> Run:
    """Count good days in a row.

    Args:
        calendar: the days.
        goods: each of them.
        resets: seconds at which the count was set to 0.
    """
    n = calendar.days
    first, is_reset = np.zeros(n, np.int64), np.zeros(n, np.bool_)
    for at in resets:
        day = int(calendar.number(np.array([at], np.int64))[0])
        if 0 <= day < n:
            is_reset[day] = True
            begins = day if int(calendar.marks[day]) == at else day + 1
            first[day:] = np.maximum(first[day:], begins)
    surely, possibly, here = np.zeros(n, np.int64), np.zeros(n, np.int64), 0
    for day in range(n):
        here = max(here, int(first[day]))
        if goods.good[day] != YES:
            here = max(here, day + 1)
        surely[day] = max(day + 1 - here, 0)
        possibly[day] = max(day + 1 - max(int(goods.floor[day]), int(first[day])), 0)
    return Run(calendar, goods, surely, possibly, is_reset)


def bounded(events: Events, bound: Bound, calendar: Calendar, watched: Bools) -> Goods:
    """Days on which no more happened than a bound.

    Args:
        events: what is counted.
        bound: how much a day can take.
        calendar: the days.
        watched: `(days,)` whether enough of the day was seen: without that no day is surely good.
    """
    first, last = calendar.number(events.start), calendar.number(events.end - 1)
    near = (last >= 0) & (first < calendar.days)
    loads = _Loads(events.take(near), first[near], last[near], calendar.days)
    low, high = loads.low(bound), loads.high(bound)
    good = np.where(low > (MANY if bound.high is None else bound.high), NO, UNKNOWN).astype(np.int8)
    good = np.where((high <= bound.low) & watched, YES, good).astype(np.int8)
    why = np.where(watched, 0, Reason.NO_COVERAGE.bit).astype(np.uint32)
    why |= np.where(high > bound.low, loads.why(bound), 0).astype(np.uint32)
    return Goods(
        good, np.where(good == UNKNOWN, why, 0).astype(np.uint32), low, high, loads.low(Bound(0, 0)),
        loads.spread(np.ones(len(loads.first))),
        np.stack([loads.low(Bound(0, 0, True)), loads.high(Bound(0, 0, True))], axis=1),
        _floors(loads, bound, good),
    )  # fmt: skip


def at_least(events: Events, least: int, calendar: Calendar, watched: Bools) -> Goods:
    """Days on which so many events happened, or more; a day without coverage is never surely short of them."""
    found = bounded(events, Bound(least - 1, least - 1), calendar, watched)
    good = np.asarray(-found.good, np.int8)
    return Goods(
        good, np.asarray(found.why), found.low, found.high, found.surely, found.events, found.deaths, floors_of(good)
    )  # fmt: skip


def both_of(one: Goods, other: Goods) -> Goods:
    """Days that are good by two rules over the same events."""
    good = np.minimum(one.good, other.good)
    why = np.where(good == UNKNOWN, one.why | other.why, 0).astype(np.uint32)
    return replace(one, good=good, why=why, floor=np.maximum(one.floor, other.floor))


def answered(answers: list[Answer], calendar: Calendar, watched: Bools | None = None) -> Goods:
    """Days on which an answer is given as it is: a finding, a condition of another kind."""
    value = np.array([a.value for a in answers], np.int8).reshape(calendar.days)
    why = np.array([a.why for a in answers], np.uint32).reshape(calendar.days)
    if watched is not None:
        why |= np.where((value != NO) & ~watched, Reason.NO_COVERAGE.bit, 0).astype(np.uint32)
        value = np.where(watched, value, np.minimum(value, UNKNOWN)).astype(np.int8)
    nothing = np.zeros(calendar.days, np.int64)
    return Goods(
        value, why, nothing, nothing, nothing, nothing, np.zeros((calendar.days, 2), np.int64), floors_of(value)
    )


def floors_of(good: Values) -> Longs:
    """Where a stretch can begin when a day is judged by itself alone: after the last day that is surely bad."""
    days = np.arange(len(good), dtype=np.int64)
    return np.maximum.accumulate(np.where(good == NO, days + 1, 0)) if len(good) else days


def share_of(value: object, most: int | None = None) -> Fraction:
    """A share as the text writes it, exactly: 0.25 is a quarter.

    Args:
        value: 0 or more, as plain values.
        most: it is no more than that; None = it may be any.

    Raises:
        InputError: it is no such number.

    >>> share_of(0.1), share_of("2/3"), share_of(1)
    (Fraction(1, 10), Fraction(2, 3), Fraction(1, 1))
    """
    try:
        found = Fraction(repr(value) if isinstance(value, float) else str(value))
    except (ValueError, ZeroDivisionError):
        found = Fraction(-1)
    if found < 0 or (most is not None and found > most):
        wanted = "0 or more" if most is None else f"from 0 to {most}"
        raise InputError(f"expected a share such as `0.25`, {wanted}, got {quoted(value)}")
    return found


def whole_of(value: object) -> int:
    """A whole number of a condition `count`.

    Raises:
        InputError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"`count`: expected a whole number, got {quoted(value)}")
    return value


@dataclass(frozen=True)
class _Loads:
    """Events as numbers of days: what weighs on which day, surely and possibly."""

    events: Events
    first: Longs
    last: Longs
    days: int

    def weights(self, bound: Bound) -> tuple[Longs, Longs]:
        """What each event weighs at the least and at the most."""
        if bound.is_of_deaths:
            return np.where(self.events.value == YES, self.events.low, 0), self.events.high
        return np.where(self.events.value == YES, 1, 0).astype(np.int64), np.ones(len(self.first), np.int64)

    def spread(self, weights: NDArray[np.generic]) -> Longs:
        """`(days,)` weights, each on every day that its event may touch."""
        change = np.zeros(self.days + 1, np.int64)
        np.add.at(change, np.maximum(self.first, 0), weights.astype(np.int64))
        np.add.at(change, np.minimum(self.last + 1, self.days), -weights.astype(np.int64))
        return np.asarray(np.cumsum(change)[: self.days], np.int64)

    def high(self, bound: Bound) -> Longs:
        """`(days,)` the most that can have happened on each day, as far as is told."""
        return self.spread(self.weights(bound)[1])

    def low(self, bound: Bound) -> Longs:
        """`(days,)` the least: of the publisher who surely tells most."""
        weight, made = self.weights(bound)[0], np.zeros(self.days, np.int64)
        touches = (self.first == self.last) | (self.events.lasts & (not bound.is_of_deaths))
        for line in self.events.lines:
            made = np.maximum(made, self.spread(np.where(touches & (self.events.line == line), weight, 0)))
        return made

    def why(self, bound: Bound) -> Masks:
        """`(days,)` reasons for which the number of a day is open."""
        least, most = self.weights(bound)
        masks = self.events.why.copy()
        masks |= np.where((self.first != self.last) & ~self.events.lasts, Reason.TIME.bit, 0).astype(np.uint32)
        masks |= np.where(bound.is_of_deaths & (least != most) & (masks == 0), Reason.ACT.bit, 0).astype(np.uint32)
        made = np.zeros(self.days, np.uint32)
        for bit in (reason.bit for reason in Reason):
            has = self.spread((masks & np.uint32(bit)) > 0)
            made |= np.where(has > 0, bit, 0).astype(np.uint32)
        if bound.high != bound.low and bound.high is None:
            made |= np.uint32(Reason.NO_COVERAGE.bit)
        # Publishers who may tell of one event, or a bound that is itself not known: what was done is open.
        return np.where(made == 0, Reason.ACT.bit, made).astype(np.uint32)


def _floors(loads: _Loads, bound: Bound, good: Values) -> Longs:
    """`(days,)` the first day with which a stretch that ends here can begin and be all good."""
    floor = floors_of(good)
    if bound.high is None:
        return floor
    least = loads.weights(bound)[0]
    for line in loads.events.lines:
        mine = (loads.events.line == line) & (least > 0) & (loads.first >= 0) & (loads.last < loads.days)
        if not bound.is_of_deaths:
            mine &= ~loads.events.lasts | (loads.first == loads.last)
        one_day = ~loads.events.lasts[mine]
        heavy = np.where(one_day & (least[mine] > bound.high), MANY, least[mine])
        floor = np.maximum(floor, _impossible(loads.first[mine], loads.last[mine], heavy, bound.high, loads.days))
    return floor


def _impossible(first: Longs, last: Longs, weight: Longs, most: int, days: int) -> Longs:
    """`(days,)` one more than the last start from which on a stretch that ends here holds more than it can take."""
    floor, held = np.zeros(days, np.int64), np.zeros(days, np.int64)
    order = np.argsort(last, kind="stable")
    ends = np.searchsorted(last[order], np.arange(days + 1))
    here = 0
    for day in range(days):
        some = order[ends[day] : ends[day + 1]]
        if len(some):
            np.add.at(held, first[some], weight[some])
            inside = np.cumsum(held[: day + 1][::-1])[::-1]
            room = most * np.arange(day + 1, 0, -1)
            broken = np.flatnonzero(inside > room)
            here = max(here, int(broken[-1]) + 1 if len(broken) else 0)
        floor[day] = here
    return floor
