"""When? Half-open UTC intervals, and the civil days and hours they come from.

A `Span` is what a time text can mean: `[start, end)` in whole seconds since 1970-01-01T00:00Z. A date is the whole
civil day of its zone, summer time included; a local hour that the clock shows twice spans both; one that it skips is a
fault. The rules of the zones come from the pinned `tzdata` package, never from the machine.

Source: IANA time zone database; RFC 3339; ISO 8601 for durations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from truceline.errors import InputError, quoted

DAY_S = 86_400
MOST_DURATION_S = 200 * 366 * DAY_S
LONG_AGO = -(1 << 40)
FAR_AHEAD = 1 << 40
"""Instants before and after all others, in seconds; they stand for *no beginning* and *no end*."""

_MOMENT = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d{2})(-(?P<day>\d{2})([T ](?P<hour>\d{2})"
    r"(:(?P<minute>\d{2})(:(?P<second>\d{2})(\.\d+)?)?)?(?P<offset>Z|[+-]\d{2}:?\d{2})?)?)?)?"
)
_DURATION = re.compile(r"P(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)S)?)?")


@dataclass(frozen=True, order=True)
class Span:
    """What a time can be: `[start, end)`, UTC seconds; `start < end` always.

    Attributes:
        start: the earliest possible second.
        end: the first second that is too late.
        lasts: the act went on through the whole span; otherwise it happened somewhere within it.
    """

    start: int
    end: int
    lasts: bool = False

    def __post_init__(self) -> None:
        """INVARIANT: a span is never empty."""
        if self.end <= self.start:
            raise InputError(f"a time ends before it begins: {utc_text(self.end)} <= {utc_text(self.start)}")

    def joined(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end), self.lasts and other.lasts)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Load a time zone from the pinned `tzdata` package.

    Raises:
        InputError: no such zone.
    """
    parts = name.split("/")
    if not all(re.fullmatch(r"[A-Za-z0-9_+-]+", part) for part in parts):
        raise InputError(f"unknown time zone {quoted(name)}: expected a name such as `Asia/Damascus`")
    try:
        with resources.files("tzdata.zoneinfo").joinpath(*parts).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError):
        raise InputError(f"unknown time zone {quoted(name)}: expected a name such as `Asia/Damascus`") from None


def day_span(day: date, tz: str) -> Span:
    """The whole civil day of a zone: 23, 24 or 25 hours.

    >>> s = day_span(date(2016, 3, 25), "Asia/Damascus")   # summer time began at midnight
    >>> utc_text(s.start), (s.end - s.start) // 3600
    ('2016-03-24T22:00:00Z', 23)
    """
    return Span(_day_start(day, tz), _day_start(day + timedelta(days=1), tz))


def hours_span(day: date, first: int, last: int, tz: str) -> Span:
    """Civil hours `[first, last)` of a day, such as those of a signed table for *evening*; 24 = the end of the day.

    >>> s = hours_span(date(2016, 9, 19), 18, 24, "Asia/Damascus")
    >>> utc_text(s.start), utc_text(s.end)
    ('2016-09-19T15:00:00Z', '2016-09-19T21:00:00Z')
    """
    whole = day_span(day, tz)
    marks = [datetime(day.year, day.month, day.day, hour, tzinfo=zone(tz)) for hour in (first, last) if 0 < hour < 24]
    cuts = [int(mark.timestamp()) for mark in marks]
    start = cuts[0] if first > 0 else whole.start
    return Span(start, cuts[-1] if last < 24 else whole.end)


def civil_day(second: int, tz: str) -> date:
    """The civil day in which a second lies."""
    return datetime.fromtimestamp(second, zone(tz)).date()


def civil_days(span: Span, tz: str) -> Iterator[date]:
    """The civil days that a span touches, in order."""
    day, last = civil_day(span.start, tz), civil_day(span.end - 1, tz)
    while day <= last:
        yield day
        day += timedelta(days=1)


def parse_span(text: str, tz: str) -> Span:
    """Read a time text as everything it can mean.

    A year, month or date is the whole civil period; a time to the hour, minute or second is that hour, minute or
    second; without an offset the clock of `tz` is meant.

    Args:
        text: such as `2016-02`, `2016-02-27`, `2016-02-27T19:00`, `2016-02-27T19:00+03:00`.
        tz: name of the zone for texts without an offset.

    Raises:
        InputError: not a time, or an hour that the clock of `tz` skipped.

    >>> s = parse_span("2016-02-27", "Asia/Damascus")
    >>> utc_text(s.start), utc_text(s.end)
    ('2016-02-26T22:00:00Z', '2016-02-27T22:00:00Z')
    """
    match = _MOMENT.fullmatch(text.strip())
    if not match:
        raise InputError(f"expected a date or time such as `2016-02-27T19:00`, got {quoted(text)}")
    part = {key: int(value) for key, value in match.groupdict().items() if value and key != "offset"}
    if not 1900 <= part["year"] <= 2200:
        raise InputError(f"expected a year 1900..2200, got {quoted(text)}")
    try:
        if "day" not in part:
            return _period(part, tz)
        day = date(part["year"], part["month"], part["day"])
        return _clock(day, part, match["offset"], tz) if "hour" in part else day_span(day, tz)
    except (ValueError, OverflowError) as error:
        raise InputError(f"expected a date or time such as `2016-02-27T19:00`, got {quoted(text)}: {error}") from None


def parse_instant(text: str, tz: str) -> int:
    """Read a time text as the first second it can mean: how deadlines and starts of terms are written.

    >>> utc_text(parse_instant("2016-09-12T19:00", "Asia/Damascus"))
    '2016-09-12T16:00:00Z'
    """
    return parse_span(text, tz).start


def parse_duration(text: str) -> int:
    """Read an ISO 8601 duration of weeks, days, hours, minutes, seconds as elapsed seconds.

    >>> parse_duration("PT48H"), parse_duration("P2D")
    (172800, 172800)
    """
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise InputError(f"expected a duration such as `PT48H` or `P2D`, got {quoted(text)}")
    n = {key: int(value or 0) for key, value in match.groupdict().items()}
    seconds = ((n["w"] * 7 + n["d"]) * 24 + n["h"]) * 3600 + n["m"] * 60 + n["s"]
    if seconds > MOST_DURATION_S:
        raise InputError(f"expected a duration of at most 200 years, got {quoted(text)}")
    return seconds


def utc_text(second: int) -> str:
    """Write a second as RFC 3339 in UTC; *no beginning* and *no end* as `..`."""
    if not LONG_AGO < second < FAR_AHEAD:
        return ".."
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_text(second: int, tz: str) -> str:
    """Write a second on the clock of a zone, to the minute, with its offset."""
    return datetime.fromtimestamp(second, zone(tz)).isoformat(" ", "minutes")


def _day_start(day: date, tz: str) -> int:
    """First second of a civil day. Where midnight is skipped, the clock's jump; where it comes twice, the first."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone(tz)).timestamp())


def _period(part: dict[str, int], tz: str) -> Span:
    year, month = part["year"], part.get("month")
    if month is None:
        return Span(_day_start(date(year, 1, 1), tz), _day_start(date(year + 1, 1, 1), tz))
    following = date(year + month // 12, month % 12 + 1, 1)
    return Span(_day_start(date(year, month, 1), tz), _day_start(following, tz))


def _clock(day: date, part: dict[str, int], offset: str | None, tz: str) -> Span:
    long_s = 1 if "second" in part else 60 if "minute" in part else 3600
    hour = part["hour"]
    naive = datetime(day.year, day.month, day.day, hour % 24, part.get("minute", 0), part.get("second", 0))
    if hour == 24 and not part.get("minute") and not part.get("second"):
        naive += timedelta(days=1)
    elif hour > 23:
        raise ValueError("hour must be in 0..24")
    if offset:
        start = int(naive.replace(tzinfo=UTC).timestamp()) - _offset_s(offset)
        return Span(start, start + long_s)
    first = naive.replace(tzinfo=zone(tz))
    seconds = sorted({int(first.timestamp()), int(first.replace(fold=1).timestamp())})
    if len(seconds) == 2 and datetime.fromtimestamp(seconds[0], zone(tz)).replace(tzinfo=None) != naive:
        raise ValueError(f"the clock of {tz} skipped this hour")
    return Span(seconds[0], seconds[-1] + long_s)


def _offset_s(offset: str) -> int:
    if offset == "Z":
        return 0
    digits = offset[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 18 or minutes > 59:
        raise ValueError(f"no such offset {offset}")
    return (1 if offset[0] == "+" else -1) * (hours * 3600 + minutes * 60)
