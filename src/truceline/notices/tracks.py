"""Where was each aircraft, and when was it in a zone, as far as it was heard? Positions in order, heights, stays.

A position is true in the second it was sent, and nothing is drawn in between two of them. Two positions that lie
further apart than `GAP_S` have a gap between them, and what lies in a gap is 0. A *stay* is an unbroken row of places
of one aircraft none of which is surely outside of a zone: the zone was entered once for it. A gap cuts a stay into
pieces, and whether the piece behind it is an entry of its own is 0.

Altitudes have a datum, and those of two are never compared as if they were of one. A pressure altitude is no height
above the sea, and a height above the ellipsoid is none either: `slack_m` says how far apart they can be, and what lies
within that is 0. An unknown altitude is 0 wherever a zone has a floor or a ceiling.

This module knows no agreement and draws no shape: `assess.flown` says of each position whether it lies in a zone.

Source: the evidence table of the design (aircraft); ICAO Doc 7488 for the standard atmosphere, Doc 8168 for what
temperature does to it; EGM2008 for the geoid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from truceline.errors import InputError
from truceline.span import FAR_AHEAD, LONG_AGO
from truceline.verdict import NO, UNKNOWN, YES, Reason, Values

GAP_S: Final = 60
"""Positions further apart than this many seconds have a gap between them."""

FLIGHT_S: Final = 1_800
"""After so many seconds of silence an aircraft is on another flight."""

UNSTATED, BAROMETRIC, GNSS, AMSL = 0, 1, 2, 3
DATUMS: Final = ("unstated", "barometric", "gnss", "amsl")
"""What an altitude is measured from: the standard pressure, the ellipsoid, the sea."""

GEOID_M: Final = 110
"""The geoid is nowhere further from the ellipsoid (EGM2008: -107 to +86 m)."""

PRESSURE_M: Final = 600
"""So much can the pressure of the day be worth: 950 to 1,060 hPa at the sea."""

WARMTH: Final = 0.12
"""So much of a pressure altitude can warm or cold air be worth: 30 degrees off the standard atmosphere."""

FLYING: Final = "fly"
COLUMNS: Final = ("kind", "source_id", "start", "impact", "low_m", "high_m", "act", "callsign", "sensor")

Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]
Bools = NDArray[np.bool_]
Masks = NDArray[np.uint32]


@dataclass(frozen=True)
class Positions:
    """Positions by aircraft and then by time.

    Attributes:
        craft: `(n,)` index into `crafts`.
        at_s: `(n,)` UTC second.
        lon_e7, lat_e7: `(n,)` degrees times 1e7.
        radius_m: `(n,)` how far off the place may be.
        low_m, high_m: `(n,)` lowest and highest altitude; 0 where `datum` is `UNSTATED`.
        datum: `(n,)` index into `DATUMS`.
        is_flying: `(n,)` whether it was in the air.
        callsign: `(n,)` index into `callsigns`; 0 = none was heard.
        row: `(n,)` row of the table it came from.
        crafts: addresses, or what else the source calls an aircraft.
        callsigns: the first is the empty one.
        placeless: rows that say of no place; they are no positions, and so are gaps.
    """

    craft: Shorts
    at_s: Ints
    lon_e7: Shorts
    lat_e7: Shorts
    radius_m: Shorts
    low_m: Shorts
    high_m: Shorts
    datum: NDArray[np.int8]
    is_flying: Bools
    callsign: Shorts
    row: Ints
    crafts: tuple[str, ...]
    callsigns: tuple[str, ...] = ("",)
    placeless: int = 0

    def __len__(self) -> int:
        """Number of positions."""
        return len(self.at_s)

    @property
    def is_first(self) -> Bools:
        """`(n,)` whether it is the first position of its aircraft."""
        if not len(self):
            return np.zeros(0, bool)
        return np.concatenate([[True], self.craft[1:] != self.craft[:-1]])

    def is_after_gap(self, gap_s: int = GAP_S) -> Bools:
        """`(n,)` whether nothing was heard of the aircraft for longer than `gap_s` seconds before."""
        first = self.is_first
        made = first.copy()
        made[1:] |= np.diff(self.at_s) > gap_s
        return made

    def take(self, rows: Ints) -> Positions:
        """Some of the positions; `rows` must rise."""
        columns = {
            name: getattr(self, name)[rows]
            for name in ("craft", "at_s", "lon_e7", "lat_e7", "radius_m", "low_m", "high_m", "datum", "is_flying",
                         "callsign", "row")
        }  # fmt: skip
        return replace(self, **columns)


def positions_of(table: pa.Table) -> Positions:
    """The positions in a table of the common schema of evidence: its rows of the kind `track` that are discs.

    Args:
        table: with the columns `COLUMNS`; other rows are passed over.

    Raises:
        InputError: a column is missing.

    >>> len(positions_of(pa.table({name: pa.array([], pa.string()) for name in COLUMNS})))
    0
    """
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise InputError(f"not a table of evidence: column `{missing[0]}` is missing")
    is_track = np.asarray(pc.fill_null(pc.equal(table.column("kind"), "track"), False))
    rows = np.flatnonzero(is_track)
    if not len(rows):
        return none()
    chosen = table if len(rows) == table.num_rows else table.take(pa.array(rows))
    return _columns(chosen.combine_chunks(), rows)


def none() -> Positions:
    """No position."""
    empty, small = np.zeros(0, np.int32), np.zeros(0, np.int8)
    long = np.zeros(0, np.int64)
    return Positions(
        empty, long, empty, empty, empty, empty, empty, small, np.zeros(0, bool), empty, long, ()
    )  # fmt: skip


def _columns(table: pa.Table, rows: Ints) -> Positions:
    place = table.column("impact").combine_chunks()
    lon, lat, radius = (pc.struct_field(place, name) for name in ("lon_e7", "lat_e7", "radius_m"))
    is_disc = np.asarray(pc.fill_null(pc.equal(pc.struct_field(place, "kind"), "disc"), False))
    there = np.flatnonzero(is_disc & np.asarray(pc.and_(pc.is_valid(lon), pc.is_valid(lat))))
    crafts, craft = _coded(table.column("source_id"))
    callsigns, callsign = _coded(table.column("callsign"), first="")
    at_s = _whole(table.column("start"))
    order = there[np.lexsort((rows[there], at_s[there], craft[there]))]

    def taken(values: Any) -> Shorts:  # noqa: ANN401  # Arrow carries no types
        """A column of numbers in the order of the positions."""
        return _whole(values)[order].astype(np.int32)

    return Positions(
        craft[order].astype(np.int32), at_s[order], taken(lon), taken(lat), taken(radius),
        taken(table.column("low_m")), taken(table.column("high_m")), _datums(table)[order], _is_flying(table)[order],
        callsign[order].astype(np.int32), rows[order], tuple(crafts), tuple(callsigns), len(rows) - len(there),
    )  # fmt: skip


def _datums(table: pa.Table) -> NDArray[np.int8]:
    """`(n,)` by the last word of `sensor`; unstated where no altitude is given."""
    texts, codes = _coded(table.column("sensor"))
    told = np.array([DATUMS.index(w) if (w := text.rpartition(" ")[2]) in DATUMS else UNSTATED for text in texts])
    given = np.asarray(pc.and_(pc.is_valid(table.column("low_m")), pc.is_valid(table.column("high_m"))))
    return np.where(given, told[codes], UNSTATED).astype(np.int8)


def _is_flying(table: pa.Table) -> Bools:
    """`(n,)` whether the row tells of a flight and of nothing else."""
    lists = table.column("act").combine_chunks()
    first = pc.list_element(lists, 0) if len(lists) and int(pc.min(pc.list_value_length(lists)).as_py() or 0) else None
    if first is None:
        return np.array([one == [FLYING] for one in lists.to_pylist()], bool)
    alone = pc.equal(pc.list_value_length(lists), 1)
    return np.asarray(pc.fill_null(pc.and_(alone, pc.equal(first, FLYING)), False))


def _coded(column: Any, first: str | None = None) -> tuple[list[str], Ints]:  # noqa: ANN401  # Arrow has no types
    """The distinct texts of a column, null as the empty one, and each row's index among them."""
    whole = pc.fill_null(column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column, "")
    coded = whole.dictionary_encode()
    texts = coded.dictionary.to_pylist()
    codes = np.asarray(coded.indices).astype(np.int64)
    if first is None or texts[:1] == [first]:
        return texts, codes
    kept = [first, *(text for text in texts if text != first)]
    to = np.array([kept.index(text) for text in texts] or [0], np.int64)
    return kept, to[codes] if len(codes) else codes


def _whole(column: Any) -> Ints:  # noqa: ANN401  # Arrow carries no types
    """Whole numbers, null as 0."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.asarray(pc.cast(pc.fill_null(whole, 0), pa.int64()))


# -- heights and times -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """How high and how long zones are.

    Attributes:
        low_m, high_m: `(z,)` floor and ceiling, both included; a floor of 0 or less is the ground.
        datum: `(z,)` what they are measured from, index into `DATUMS`.
        has_band: `(z,)` whether the zone has them; without, it reaches from the ground to any height.
        start, end: `(z,)` from which second and until which it is there.
    """

    low_m: Ints
    high_m: Ints
    datum: NDArray[np.int8]
    has_band: Bools
    start: Ints
    end: Ints

    @classmethod
    def of(
        cls,
        bands: Sequence[tuple[int, int] | None],
        datum: int = AMSL,
        spans: Sequence[tuple[int | None, int | None]] | None = None,
    ) -> Limits:
        """Limits of zones.

        Args:
            bands: floor and ceiling of each, metres; None = it has none.
            datum: what all of them are measured from.
            spans: first second and the second after the last of each; None = always.
        """
        times = spans if spans is not None else [(None, None)] * len(bands)
        return cls(
            np.array([band[0] if band else 0 for band in bands], np.int64),
            np.array([band[1] if band else 0 for band in bands], np.int64),
            np.full(len(bands), datum, np.int8), np.array([band is not None for band in bands], bool),
            np.array([LONG_AGO if a is None else a for a, _ in times], np.int64),
            np.array([FAR_AHEAD if b is None else b for _, b in times], np.int64),
        )  # fmt: skip

    def __len__(self) -> int:
        """Number of zones."""
        return len(self.low_m)


def slack_m(datum: Any, other: Any, altitude_m: Any) -> Any:  # noqa: ANN401  # a number or an array of them
    """How far an altitude of one datum can be off when it is held against another, metres; 0 for the same datum.

    Args:
        datum: of the altitude, index into `DATUMS`.
        other: of what it is held against.
        altitude_m: the altitude, its sign does not matter.

    >>> [int(slack_m(a, AMSL, 3_000)) for a in (AMSL, GNSS, BAROMETRIC)]
    [0, 110, 960]
    """
    is_pressure = (datum == BAROMETRIC) | (other == BAROMETRIC)
    is_ellipsoid = (datum == GNSS) | (other == GNSS)
    off = is_pressure * np.ceil(PRESSURE_M + WARMTH * np.abs(altitude_m)) + is_ellipsoid * GEOID_M
    return np.where(np.equal(datum, other), 0, off).astype(np.int64)


def heights(positions: Positions, limits: Limits, row: Ints, zone: Ints | Shorts) -> Values:
    """Whether positions lie within the height of zones: +1, -1, or 0 where the altitude or its datum leaves it open.

    A machine on the ground flies at no height: -1.

    Args:
        positions: the positions.
        limits: of the zones.
        row: `(p,)` index of a position.
        zone: `(p,)` index of a zone.
    """
    is_flying = positions.is_flying[row]
    made = np.where(is_flying, YES, NO).astype(np.int8)
    asked = np.flatnonzero(limits.has_band[zone] & is_flying)
    if not len(asked):
        return made
    r, z = row[asked], zone[asked]
    low, high, datum = positions.low_m[r], positions.high_m[r], positions.datum[r]
    floor, ceiling = limits.low_m.astype(np.int32)[z], limits.high_m.astype(np.int32)[z]
    off = _off(positions, limits)[limits.datum[z], r].astype(np.int32)
    is_grounded = floor <= 0
    within = (is_grounded | (low - off >= floor)) & (high + off <= ceiling)
    outside = (low - off > ceiling) | (~is_grounded & (high + off < floor))
    value = within.astype(np.int8) - outside.astype(np.int8)
    value[datum == UNSTATED] = UNKNOWN
    made[asked] = value
    return made


def _off(positions: Positions, limits: Limits) -> Shorts:
    """`(4, n)` how far each altitude can be off when it is held against each datum that a zone has; else 0."""
    made = np.zeros((len(DATUMS), len(positions)), np.int32)
    farthest = np.maximum(np.abs(positions.low_m), np.abs(positions.high_m))
    for other in np.unique(limits.datum).tolist():
        made[other] = slack_m(positions.datum, other, farthest)
    return made


def times(positions: Positions, limits: Limits, row: Ints, zone: Ints | Shorts) -> Values:
    """Whether a zone is there in the second of a position: +1 or -1."""
    made = np.full(len(row), YES, np.int8)
    asked = np.flatnonzero(((limits.start > LONG_AGO) | (limits.end < FAR_AHEAD))[zone])
    at, of = positions.at_s[row[asked]], zone[asked]
    made[asked] = np.where((at >= limits.start[of]) & (at < limits.end[of]), YES, NO)
    return made


# -- stays -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lies:
    """How positions lie to zones, by zone and then by position; what is not listed is surely outside.

    Attributes:
        row: `(p,)` index of the position.
        zone: `(p,)` index of the zone.
        value: `(p,)` +1 within by place, height and time, 0 cannot be decided.
        why: `(p,)` masks of reasons; 0 unless the value is 0.
    """

    row: Ints
    zone: Ints
    value: Values
    why: Masks

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.row)


def lies(positions: Positions, limits: Limits, row: Ints, zone: Shorts, place: Values) -> Lies:
    """How positions lie to zones by place, height and time.

    Args:
        positions: the positions.
        limits: of the zones.
        row: `(p,)` positions that do not lie surely beside the zone of the pair; each pair once.
        zone: `(p,)` zones.
        place: `(p,)` +1 surely within its edges, 0 not surely.
    """
    height, time = heights(positions, limits, row, zone), times(positions, limits, row, zone)
    value = np.minimum(np.minimum(place, height), time)
    kept = np.flatnonzero(value != NO)
    narrow = zone[kept].astype(np.uint16) if len(limits) <= 1 << 16 else zone[kept]
    is_by_row = bool((np.diff(row[kept]) >= 0).all())
    kept = kept[np.argsort(narrow, kind="stable") if is_by_row else np.lexsort((row[kept], narrow))]
    why = (place[kept] == UNKNOWN) * np.uint32(Reason.PLACE.bit)
    why |= (height[kept] == UNKNOWN) * np.uint32(Reason.ALTITUDE.bit)
    return Lies(row[kept], zone[kept].astype(np.int64), value[kept].astype(np.int8), why.astype(np.uint32))


@dataclass(frozen=True)
class Stays:
    """Pieces of stays in zones, by zone and then by position. Times are UTC seconds.

    Attributes:
        zone: `(s,)` index of the zone.
        first, last: `(s,)` first and last position that is not surely outside.
        value: `(s,)` +1 the aircraft surely was inside at one of them, 0 cannot be decided.
        fresh: `(s,)` +1 surely an entry of its own, 0 perhaps the same as the piece before, behind a gap.
        most: `(s,)` so many entries at the most.
        entered_after: `(s,)` last second in which it was surely outside; `LONG_AGO` = not heard.
        entered_by: `(s,)` first second in which it was surely inside; `FAR_AHEAD` = never surely.
        left_after: `(s,)` last second in which it was surely inside; `LONG_AGO` = never surely.
        left_by: `(s,)` first second in which it was surely outside again; `FAR_AHEAD` = not heard.
        gap_before, gap_after: `(s,)` whether the aircraft was not heard for a while before the first, after the last.
        begins: `(s + 1,)` where the pairs of each piece begin among the pairs.
    """

    zone: Ints
    first: Ints
    last: Ints
    value: Values
    fresh: Values
    most: Ints
    entered_after: Ints
    entered_by: Ints
    left_after: Ints
    left_by: Ints
    gap_before: Bools
    gap_after: Bools
    begins: Ints

    def __len__(self) -> int:
        """Number of pieces."""
        return len(self.zone)


def stays(positions: Positions, pairs: Lies, gap_s: int = GAP_S) -> Stays:
    """The stays of aircraft in zones, cut at gaps.

    Args:
        positions: the positions.
        pairs: how they lie to the zones.
        gap_s: positions further apart have a gap between them.
    """
    n = len(pairs)
    if not n:
        empty, small = np.zeros(0, np.int64), np.zeros(0, np.int8)
        flags = np.zeros(0, bool)
        return Stays(
            empty, empty, empty, small, small, empty, empty, empty, empty, empty, flags, flags, np.zeros(1, np.int64)
        )  # fmt: skip
    row, zone, sure = pairs.row, pairs.zone, pairs.value == YES
    is_first, is_cut = positions.is_first, positions.is_after_gap(gap_s)
    follows = np.concatenate([[False], (zone[1:] == zone[:-1]) & (row[1:] == row[:-1] + 1) & ~is_first[row[1:]]])
    begins = np.flatnonzero(~follows | is_cut[row])
    ends = np.append(begins[1:], n)
    first, last = row[begins], row[ends - 1]
    is_stay = ~follows[begins]
    next_is_same = np.append(~is_stay[1:], False)
    runs = sure & ~np.concatenate([[False], sure[:-1]])
    runs[begins] = sure[begins]
    number = np.add.reduceat(runs.astype(np.int64), begins)
    at = positions.at_s[row]
    by = np.minimum.reduceat(np.where(sure, at, FAR_AHEAD), begins)
    after = np.maximum.reduceat(np.where(sure, at, LONG_AGO), begins)
    before_s = positions.at_s[np.maximum(first - 1, 0)]
    size = len(positions)
    following = np.minimum(last + 1, size - 1)
    is_end = (last + 1 >= size) | is_first[following]
    return Stays(
        zone[begins], first, last, np.maximum.reduceat(pairs.value, begins).astype(np.int8),
        np.where(is_stay, YES, UNKNOWN).astype(np.int8), np.maximum(number, 1),
        np.where(is_stay & ~is_first[first], before_s, LONG_AGO), by, after,
        np.where(~is_end & ~next_is_same, positions.at_s[following], FAR_AHEAD),
        is_cut[first], is_end | is_cut[following], np.append(begins, n),
    )  # fmt: skip


def counted(found: Stays) -> tuple[int, int]:
    """How many entries there were: surely, and at the most."""
    if not len(found):
        return 0, 0
    whole = np.cumsum(found.fresh == YES)
    surely = np.unique(whole[found.value == YES])
    return len(surely), int(found.most.sum())


# -- flights and gaps ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flights:
    """Flights: positions in the air of one aircraft under one callsign, without a long silence. Times: UTC seconds.

    Attributes:
        first, last: `(f,)` first and last position.
        callsign: `(f,)` index into the callsigns of the positions; 0 = none was heard.
        off_after: `(f,)` last second in which the aircraft was heard on the ground before; `LONG_AGO` = not heard.
        of_row: `(n,)` the flight of each position; -1 = on the ground.
    """

    first: Ints
    last: Ints
    callsign: Shorts
    off_after: Ints
    of_row: Ints

    def __len__(self) -> int:
        """Number of flights."""
        return len(self.first)


def flights(positions: Positions, silence_s: int = FLIGHT_S) -> Flights:
    """Cut the positions of each aircraft into flights.

    A new flight begins after the ground, after a silence, and where another callsign is heard.

    Args:
        positions: the positions.
        silence_s: so many seconds without a position end a flight.
    """
    n = len(positions)
    if not n:
        empty = np.zeros(0, np.int64)
        return Flights(empty, empty, np.zeros(0, np.int32), empty, empty)
    heard = positions.callsign > 0
    stretch = np.cumsum(positions.is_after_gap(silence_s) | ~positions.is_flying, dtype=np.int64)
    named = _carried(positions.callsign, heard, stretch)
    is_new = np.concatenate([[True], stretch[1:] != stretch[:-1]])
    is_new[1:] |= (named[1:] != named[:-1]) & (named[1:] > 0) & (named[:-1] > 0)
    is_new[1:] |= ~positions.is_flying[:-1]
    number = np.cumsum(is_new) - 1
    begins = np.flatnonzero(is_new)
    ends = np.append(begins[1:], n) - 1
    flown = positions.is_flying[begins]
    to = np.where(flown, np.cumsum(flown) - 1, -1)
    first, last = begins[flown], ends[flown]
    behind = np.maximum(first - 1, 0)
    from_ground = (first > 0) & ~positions.is_first[first] & ~positions.is_flying[behind]
    off = np.where(from_ground, positions.at_s[behind], LONG_AGO)
    callsign = np.maximum.reduceat(named, begins)[flown].astype(np.int32)
    return Flights(first, last, callsign, off, to[number])


def _carried(callsign: Shorts, heard: Bools, stretch: Ints) -> Ints:
    """`(n,)` the callsign heard last within a stretch of positions; 0 before the first."""
    at = np.maximum.accumulate(np.where(heard, np.arange(len(heard)), -1))
    known = np.where(at >= 0, callsign[np.maximum(at, 0)], 0)
    same = (at >= 0) & (stretch[np.maximum(at, 0)] == stretch)
    return np.where(same, known, 0).astype(np.int64)


@dataclass(frozen=True)
class Gap:
    """A time in which nothing was heard of an aircraft; at both ends it was. UTC seconds."""

    craft: str
    after: int
    until: int


def gaps(positions: Positions, gap_s: int = GAP_S) -> list[Gap]:
    """The gaps of all aircraft: where each was then is 0 for every zone."""
    rows = np.flatnonzero(positions.is_after_gap(gap_s) & ~positions.is_first)
    return [
        Gap(positions.crafts[positions.craft[r]], int(positions.at_s[r - 1]), int(positions.at_s[r]))
        for r in rows.tolist()
    ]


def inside(
    positions: Positions, pairs: Lies, craft: str, zone: int, span: tuple[int, int], *, gap_s: int = GAP_S
) -> int:
    """Whether an aircraft was in a zone at some second of a span: +1, -1 heard all along and outside, else 0.

    Args:
        positions: the positions.
        pairs: how they lie to the zones.
        craft: the aircraft.
        zone: index of the zone.
        span: first second, and the second after the last.
        gap_s: positions further apart have a gap between them.
    """
    if craft not in positions.crafts:
        return UNKNOWN
    mine = np.flatnonzero(positions.craft == positions.crafts.index(craft))
    at = positions.at_s[mine]
    rows = mine[(at >= span[0]) & (at < span[1])]
    of_zone = pairs.zone == zone
    found = pairs.value[of_zone & np.isin(pairs.row, rows)]
    if (found == YES).any():
        return YES
    marks = np.concatenate([at[at < span[0]][-1:], at[(at >= span[0]) & (at < span[1])], at[at >= span[1]][:1]])
    is_heard = len(marks) and marks[0] <= span[0] and marks[-1] >= span[1] - 1 and (np.diff(marks) <= gap_s).all()
    return NO if is_heard and not len(found) else UNKNOWN
