"""Which flight is the one that a notice announced, and was the notice given in time?

A notice matches a position where the callsign is the same, the second lies in the notified hours, and the place lies in
the notified area; a callsign that was not heard is 0. A notice is *used* when it matches surely, *perhaps used* when it
cannot be decided, else *unused*. A flight that no notice matches is not yet a breach: that is for the terms to say.

Lead times count from when a notice was given, and that is never before it was in the record. Whether it was given long
enough before take-off is 0 where nobody heard the take-off and a flight that began earlier would make it late.

It takes values: no agreement, no record, no clock of the machine.

Source: corner case 15 of the design; `notices.model.LEADS` for the kinds of lead time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from truceline.notices.model import LEADS
from truceline.notices.tracks import Flights, Ints, Positions
from truceline.span import LONG_AGO
from truceline.verdict import NO, UNKNOWN, YES, Values

USED, PERHAPS, UNUSED = "used", "perhaps used", "unused"
STATES: Final[Mapping[int, str]] = {YES: USED, UNKNOWN: PERHAPS, NO: UNUSED}


@dataclass(frozen=True)
class Announced:
    """A flight as a notice announces it.

    Attributes:
        id: of the notice.
        callsign: as notified, in any case; empty = it names none, and matches every flight.
        start, until: first second of the notified hours, and the second after the last; None = it names none.
        given: UTC second at which it was given: not before it was in the record.
        lead_s: so many seconds ahead it says that it was given; 0 = an emergency.
        area: code or zone; empty = it names none.
    """

    id: str
    callsign: str
    start: int | None
    until: int | None
    given: int
    lead_s: int = LEADS["24h"]
    area: str = ""


@dataclass(frozen=True)
class Match:
    """One notice against the flights.

    Attributes:
        notice: its id.
        value: +1 used, 0 perhaps, -1 unused.
        flights: those that it surely matches.
        perhaps: those of which it cannot be decided.
    """

    notice: str
    value: int
    flights: tuple[int, ...] = ()
    perhaps: tuple[int, ...] = ()

    @property
    def state(self) -> str:
        """The value in a word."""
        return STATES[self.value]


def plain_callsign(text: str) -> str:
    """A callsign without case and blanks, as it is compared.

    >>> plain_callsign(" Mercy 1 ")
    'MERCY1'
    """
    return "".join(text.split()).upper()


def candidates(positions: Positions, flown: Flights, notice: Announced) -> tuple[Ints, Values]:
    """The positions in the air that a notice can mean by callsign and hours, and whether it does: +1 or 0.

    Args:
        positions: the positions.
        flown: their flights; a callsign heard anywhere in a flight is that of the whole flight.
        notice: one that names no hours announces no flight.
    """
    if notice.start is None or notice.until is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int8)
    wanted = plain_callsign(notice.callsign)
    heard = [plain_callsign(text) for text in positions.callsigns]
    same = np.array([YES if not wanted or one == wanted else UNKNOWN if not one else NO for one in heard], np.int8)
    of_flight = same[flown.callsign] if len(flown) else np.zeros(0, np.int8)
    value = np.full(len(positions), NO, np.int8)
    there = flown.of_row >= 0
    value[there] = of_flight[flown.of_row[there]]
    value[(positions.at_s < notice.start) | (positions.at_s >= notice.until)] = NO
    rows = np.flatnonzero(value != NO)
    return rows, value[rows]


def match(notice: Announced, flown: Flights, rows: Ints, called: Values, area: Values) -> Match:
    """Which flights a notice announced.

    Args:
        notice: the notice.
        flown: the flights.
        rows: `(r,)` its candidates.
        called: `(r,)` whether it is their callsign.
        area: `(r,)` whether they lie in its area: +1, 0, -1.
    """
    value = np.minimum(called, area)
    sure = np.unique(flown.of_row[rows[value == YES]])
    maybe = np.setdiff1d(np.unique(flown.of_row[rows[value == UNKNOWN]]), sure)
    best = YES if len(sure) else UNKNOWN if len(maybe) else NO
    return Match(notice.id, best, tuple(sure.tolist()), tuple(maybe.tolist()))


def in_time(given: int, least_s: int, first_heard: int, off_after: int = LONG_AGO) -> int:
    """Whether a notice was given long enough before a flight began: +1, -1 surely late, 0 cannot be decided.

    The flight began at `first_heard` or before, and after it was heard on the ground.

    Args:
        given: UTC second at which it was given.
        least_s: so many seconds ahead it has to be.
        first_heard: UTC second of the first position in the air.
        off_after: last second on the ground; `LONG_AGO` = nobody heard it there.

    >>> in_time(0, 86_400, 86_399), in_time(0, 86_400, 90_000), in_time(0, 86_400, 90_000, 86_400)
    (-1, 0, 1)
    """
    if given + least_s > first_heard:
        return NO
    return YES if given + least_s <= off_after else UNKNOWN


def owed(notices: Sequence[Announced], matches: Sequence[Match], flown: Flights, first_s: Ints, least_s: int) -> Values:
    """Whether each flight was notified so long ahead, by any notice that may mean it: `(f,)` +1, 0, -1.

    Args:
        notices: the notices.
        matches: `match` of each.
        flown: the flights.
        first_s: `(f,)` UTC second of the first position of each.
        least_s: so many seconds ahead.
    """
    best = np.full(len(flown), NO, np.int8)
    for notice, found in zip(notices, matches, strict=True):
        for value, which in ((YES, found.flights), (UNKNOWN, found.perhaps)):
            for flight in which:
                timely = in_time(notice.given, least_s, int(first_s[flight]), int(flown.off_after[flight]))
                best[flight] = max(best[flight], min(value, timely))
    return best
