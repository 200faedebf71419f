"""What did a satellite see burn? NASA FIRMS detections of MODIS and VIIRS, as CSV (plain or gzip) or Parquet.

Place: the pixel, which is a disc of half the diagonal of `scan` x `track` about its centre. Time: the minute of the
pass, UTC. A detection says that something was hot and nothing about who or why: it is no act of anybody, so that no
term ever answers to it. Places that burn in all seasons (flares, kilns, refineries) are marked `PERSISTENT`; where a
file is too short to tell them, every other row says `TOO_SHORT`.

Source: NASA FIRMS, attribute tables of MODIS C6.1 and VIIRS 375 m, also for `type` (2 = other static land source).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from truceline.atlas import Atlas
from truceline.errors import Fault, InputError, quoted
from truceline.evidence import cells
from truceline.evidence.cells import Record
from truceline.evidence.readers import Start
from truceline.evidence.reading import BATCH, Manner, Read, RowFault, Rows
from truceline.space import quantise
from truceline.span import Span

LICENCE = "NASA FIRMS: free use, acknowledge NASA's Fire Information for Resource Management System"

NEEDED = "latitude longitude scan track acq_date acq_time satellite".split()
_READ = (*NEEDED, "instrument", "confidence", "version", "frp", "daynight", "type", "country")

KIND = "fire"
ACT = "observe"
"""What a sensor detected is no act of anybody; no prohibition falls on it."""

PERSISTENT = "persistent heat source"
"""How a row's `note` begins where the place burns in all seasons."""

TOO_SHORT = "span too short to tell persistent sources"
"""How a row's `note` ends where the file covers fewer days or months than the rule asks for."""

FIRST_BLOCK = 1_000
"""So many detections are looked at for longitude and latitude in each other's place."""

_SATELLITES = {
    "t": "Terra", "a": "Aqua", "n": "Suomi NPP", "1": "NOAA-20", "n20": "NOAA-20", "2": "NOAA-21", "n21": "NOAA-21",
}  # fmt: skip
_SOURCES = {"1": "volcano", "2": "static land source"}
_MOST_PIXEL_KM = 20

Ints = NDArray[np.int64]


# -- persistent heat sources -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HeatRule:
    """When a place is a persistent source: it burned on many days, and in many months of the year.

    A field burns after its harvest, in one season; a flare burns in all. The place is the cell of a detection with its
    eight neighbours, since a pixel's centre wanders by its own size.

    Attributes:
        cell_e7: side of a cell in 1e-7 degree; 0.01 degree is about 1 km.
        days: so many distinct days at least.
        months: in so many months of the calendar at least, of whatever years.
    """

    cell_e7: int = 100_000
    days: int = 5
    months: int = 4

    def cell(self, lon_e7: int, lat_e7: int) -> int:
        """The cell of a place: its column and row in one number."""
        column, row = (lon_e7 + 1_800_000_000) // self.cell_e7, (lat_e7 + 900_000_000) // self.cell_e7
        return (column + 1) * _COLUMNS + row + 1


HEAT = HeatRule()
_DAYS = 1 << 22  # more than the days from year 1 to 9999
_COLUMNS = 1 << 16  # more than the cells of 0.01 degree around a meridian
_STRIPE = 64


class Heat:
    """Gathers where it burned on which day, and tells the places that are persistent sources."""

    def __init__(self, rule: HeatRule = HEAT) -> None:
        """Begin with nothing."""
        self.rule = rule
        self._new: list[int] = []
        self._kept: Ints = np.zeros(0, np.int64)

    def add(self, lon_e7: int, lat_e7: int, day: date) -> None:
        """It burned here on a day. What was known before is kept once: many detections of one day cost nothing."""
        self._new.append(self.rule.cell(lon_e7, lat_e7) * _DAYS + day.toordinal())
        if len(self._new) >= 10 * BATCH:
            self._pack()

    def sources(self) -> frozenset[int]:
        """The cells that are persistent sources."""
        self._pack()
        cell, day = np.divmod(self._kept, _DAYS)
        column = cell // _COLUMNS
        found: list[int] = []
        for first in range(0, int(column[-1]) + 1 if len(column) else 0, _STRIPE):
            low, high = np.searchsorted(column, [first - 1, first + _STRIPE + 1])  # with a neighbour on both sides
            if low < high:
                found += self._of(cell[low:high], day[low:high], first)
        return frozenset(found)

    def can_tell(self) -> bool:
        """Whether the rule could be met at all: there are so many days and months."""
        self._pack()
        day = np.unique(self._kept % _DAYS)
        return len(day) >= self.rule.days and len(np.unique(_months(day))) >= self.rule.months

    def _of(self, cell: Ints, day: Ints, first: int) -> list[int]:
        """The sources among the cells of a stripe of columns."""
        around = [dx * _COLUMNS + dy for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        near = np.concatenate([cell + step for step in around])
        days = _distinct(near, np.tile(day, 9))
        months = _distinct(near, np.tile(_months(day), 9))
        each = np.unique(cell)
        column = each // _COLUMNS
        many = np.isin(each, days[0][days[1] >= self.rule.days])
        many &= np.isin(each, months[0][months[1] >= self.rule.months])
        found: list[int] = each[many & (column >= first) & (column < first + _STRIPE)].tolist()
        return found

    def _pack(self) -> None:
        if self._new:
            self._kept = np.union1d(self._kept, np.array(self._new, np.int64))
            self._new = []


def _distinct(key: Ints, value: Ints) -> tuple[Ints, Ints]:
    """Each key, and how many distinct values stand beside it."""
    pairs = np.unique(np.stack([key, value]), axis=1)
    return np.unique(pairs[0], return_counts=True)


def _months(day: Ints) -> Ints:
    """Month of the calendar, 0..11, of ordinal days."""
    since = (day - date(1970, 1, 1).toordinal()).astype("datetime64[D]").astype("datetime64[M]")
    return since.astype(np.int64) % 12


# -- reading ---------------------------------------------------------------------------------------------------------


def fits_columns(names: frozenset[str]) -> bool:
    """Whether a table of these columns is one of FIRMS."""
    return {"scan", "track", "acq_date", "acq_time", "satellite"} <= names


def fits(start: Start) -> bool:
    """Whether a file has the columns of FIRMS; with a mapping a Parquet table is somebody's own."""
    if start.columns is not None:
        return not start.has_mapping and fits_columns(start.columns)
    return fits_columns(cells.columns_of(start.line))


def read(file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read detections: once for the places that burn in all seasons, once for the rows.

    Args:
        file: CSV, plain or gzip, or Parquet; it is read twice.
        name: the file's name for messages.
        manner: the time of import and the places.

    Raises:
        InputError: a needed column is missing, the two of a position seem to be swapped, or it is mostly nonsense.
    """
    heat = _heat(file, name, manner)
    sources = heat.sources() if heat.can_tell() else None
    rows = Rows(name)
    for line, record in _records(file, rows):
        try:
            rows.take(_row(record, line, manner, sources))
        except RowFault as fault:
            rows.reject(line, "", fault)
    return rows.read()


def _records(file: BinaryIO, rows: Rows) -> Iterator[tuple[int, Record]]:
    what = "a file of FIRMS"
    file.seek(0)
    is_parquet = file.read(4) == b"PAR1"
    file.seek(0)
    if not is_parquet:
        yield from cells.records(file, rows, NEEDED, what=what)
        return
    cells.check_names(cells.parquet_names(file, rows.name), NEEDED, rows.name, what=what)
    yield from cells.parquet_records(file, rows.name, _READ, what=what)


def _heat(file: BinaryIO, name: str, manner: Manner) -> Heat:
    """Where it burned on which day."""
    heat = Heat()
    first: list[tuple[float, float]] = []
    for _, record in _records(file, Rows(name)):
        try:
            at = _point(record)
            heat.add(*quantise(*at), _day(record))
        except RowFault:
            continue  # told when the rows are read
        if len(first) < FIRST_BLOCK:
            first.append(at)
    _check_turned(first, name, manner.placer.atlas)
    return heat


def _check_turned(points: list[tuple[float, float]], name: str, atlas: Atlas) -> None:
    """Refuse a file whose longitudes seem to be its latitudes: none lies in the country, most do the other way round.

    A file of one country that is not the agreement's is taken, unless it mirrors it.
    """
    countries = [unit.code for unit in atlas.gazetteer if unit.level == 0 and unit.code not in atlas.basemap]
    if len(countries) != 1 or any(cells.holds(atlas, countries[0], at) is not False for at in points):
        return
    turned = sum(cells.holds(atlas, countries[0], (lat, lon)) is True for lon, lat in points)
    if 2 * turned > len(points):
        what = f"`latitude` and `longitude` seem to be swapped: no detection lies in {quoted(countries[0])}, and"
        raise InputError(Fault(f"{what} {turned} of the first {len(points)} do the other way round", name))


def _row(record: Record, line: int, manner: Manner, sources: frozenset[int] | None) -> dict[str, Any]:
    at = _point(record)
    lon_e7, lat_e7 = quantise(*at)
    day, minute = _day(record), _minute(record)
    start = int(datetime(day.year, day.month, day.day, *divmod(minute, 60), tzinfo=UTC).timestamp())
    when = Span(start, start + 60)
    if manner.is_ahead(when):
        raise RowFault("acq_date", f"a detection dated in the future: {day}")
    country = cells.country_of(record, "country", manner.placer.atlas)
    sensor = _sensor(record)
    told = f"{sensor} {day} {minute} {lon_e7} {lat_e7}"
    is_persistent = None if sources is None else HEAT.cell(lon_e7, lat_e7) in sources
    own_id = hashlib.sha256(told.encode()).hexdigest()[:20]
    return {
        "id": f"firms:{own_id}", "source": "firms", "source_version": cells.text(record, "version") or None,
        "licence": LICENCE, "may_export": True, "line": line, "kind": KIND, "start": when.start, "end": when.end,
        "lasts": False, "time_text": f"{day}T{minute // 60:02}:{minute % 60:02}Z", "tz": "UTC",
        "time_precision": "pass", "impact": cells.disc_row(at, radius_m(record), country),
        "place_precision": "pixel", "act": [ACT], "act_text": "active fire", "asserted_by": "NASA FIRMS",
        "publisher": "NASA FIRMS", "sensor": sensor, "note": _note(record, is_persistent),
        "known_at": manner.known_at,
    }  # fmt: skip


def radius_m(record: Record) -> int:
    """Half the diagonal of a pixel in metres, rounded up; exact.

    >>> radius_m({"scan": "1.9", "track": "1.4"})
    1181
    """
    return _half_diagonal_m(cells.text(record, "scan"), cells.text(record, "track"))


@lru_cache(maxsize=1 << 14)
def _half_diagonal_m(scan_km: str, track_km: str) -> int:
    """The same of two texts: a satellite has few sizes of pixels."""
    told = {"scan": scan_km, "track": track_km}
    scan, track = (cells.number(told, side, 0, _MOST_PIXEL_KM) * 1_000 for side in told)
    if not scan or not track:
        raise RowFault("scan" if not scan else "track", "expected the size of a pixel in km, got 0")
    square = (scan * scan + track * track) / 4
    root = math.isqrt(math.floor(square))
    return root if Fraction(root * root) >= square else root + 1


def _point(record: Record) -> tuple[float, float]:
    at = cells.position(record, "longitude", "latitude")
    if at is None:
        raise RowFault("latitude", "expected a number of degrees, got nothing")
    return at


def _day(record: Record) -> date:
    return cells.day({"acq_date": cells.text(record, "acq_date")[:10]}, "acq_date")


def _minute(record: Record) -> int:
    """Minute of the day, UTC: `745`, `0745`, `07:45`."""
    told = cells.text(record, "acq_time").removesuffix(".0")
    if not re.fullmatch(r"\d{1,4}|\d{1,2}:\d{2}", told, re.ASCII):
        raise RowFault("acq_time", f"expected a time such as 0745, got {quoted(told or 'nothing')}")
    hour, minute = divmod(int(told.replace(":", "")), 100)
    if hour > 23 or minute > 59:
        raise RowFault("acq_time", f"expected a time 0000..2359, got {quoted(told)}")
    return hour * 60 + minute


def _sensor(record: Record) -> str:
    satellite = cells.text(record, "satellite").removesuffix(".0")
    instrument = cells.text(record, "instrument") or "MODIS"
    return f"{instrument} {_SATELLITES.get(satellite.lower(), satellite)}".strip()


def _note(record: Record, is_persistent: bool | None) -> str:
    """What a reader has to know of a detection: whether the place always burns, and how sure the satellite was.

    Args:
        record: the detection.
        is_persistent: None = the file is too short to tell.
    """
    kind = cells.text(record, "type").removesuffix(".0")
    why = f": {_SOURCES[kind]}, says FIRMS" if kind in _SOURCES else ""
    told = [f"{PERSISTENT}{why}"] if is_persistent or why else []
    told += [f"confidence {said}"] if (said := cells.text(record, "confidence")) else []
    told += [f"{said} MW"] if (said := cells.text(record, "frp")) else []
    told += [TOO_SHORT] if is_persistent is None and not why else []
    return "; ".join(told)
