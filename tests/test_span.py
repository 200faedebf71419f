"""When: civil days with summer time, doubled and skipped hours, half-open spans; against `zoneinfo` as oracle."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.errors import InputError
from truceline.span import (
    FAR_AHEAD,
    LONG_AGO,
    Span,
    civil_day,
    civil_days,
    day_span,
    parse_duration,
    parse_instant,
    parse_span,
    utc_text,
)

DAMASCUS = "Asia/Damascus"
ZONES = st.sampled_from((DAMASCUS, "UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"))
DAYS = st.dates(date(1940, 1, 1), date(2035, 12, 31))


def utc(text: str) -> int:
    """The second of a UTC text."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        (date(2016, 3, 24), "2016-03-23T22:00", 24),
        (date(2016, 3, 25), "2016-03-24T22:00", 23),
        (date(2016, 9, 12), "2016-09-11T21:00", 24),
        (date(2016, 10, 27), "2016-10-26T21:00", 25),
        (date(2016, 10, 28), "2016-10-27T22:00", 24),
        (date(1969, 7, 20), "1969-07-19T21:00", 24),
    ],
)
def test_a_civil_day_of_damascus_has_the_hours_its_clock_had(day: date, start: str, hours: int) -> None:
    """A date in a report is the whole local day; summer time made some of 2016 shorter or longer."""
    span = day_span(day, DAMASCUS)
    assert (span.start, (span.end - span.start) // 3600) == (utc(start), hours)


def test_an_hour_that_the_clock_shows_twice_spans_both() -> None:
    """In October 2016 an hour came twice: a report of it may mean either, so the span holds both."""
    span = parse_span("2016-10-27T23:30", DAMASCUS)
    assert (span.start, span.end) == (utc("2016-10-27T20:30"), utc("2016-10-27T21:31"))
    assert parse_span("2016-10-27T23:30+02:00", DAMASCUS).start == utc("2016-10-27T21:30")


@pytest.mark.parametrize("text", ["2016-03-25T00:00", "2016-03-25T00:30", "2016-03-25T00"])
def test_an_hour_that_the_clock_skipped_is_refused(text: str) -> None:
    """A time that never was cannot be the time of an act; guessing one would move a verdict."""
    with pytest.raises(InputError, match="skipped"):
        parse_span(text, DAMASCUS)


@given(DAYS, ZONES)
def test_days_follow_one_another_without_gap_or_overlap(day: date, tz: str) -> None:
    """Half-open days: every second belongs to exactly one of them."""
    if tz == "Pacific/Apia" and day in (date(2011, 12, 29), date(2011, 12, 30)):
        return  # the clock jumped over the 30th
    today, tomorrow = day_span(day, tz), day_span(day + timedelta(days=1), tz)
    assert today.end == tomorrow.start
    assert civil_day(today.start, tz) == civil_day(today.end - 1, tz) == day
    assert list(civil_days(today, tz)) == [day]


@given(st.datetimes(datetime(1940, 1, 1), datetime(2035, 1, 1)), ZONES)  # a clock's face has no zone
def test_a_minute_is_what_the_zone_says_it_is(naive: datetime, tz: str) -> None:
    """Read back through the system's own zone rules, each span names the minute that was written."""
    text = naive.strftime("%Y-%m-%dT%H:%M")
    try:
        span = parse_span(text, tz)
    except InputError:
        local = naive.replace(tzinfo=ZoneInfo(tz), second=0, microsecond=0)
        assert local.astimezone(UTC).astimezone(ZoneInfo(tz)).replace(tzinfo=None) != local.replace(tzinfo=None)
        return
    for second in (span.start, span.end - 1):
        assert datetime.fromtimestamp(second, ZoneInfo(tz)).strftime("%Y-%m-%dT%H:%M") == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT48H", 172_800), ("P2D", 172_800), ("P1W", 604_800), ("P1DT1H1M1S", 90_061), ("PT0S", 0)],
)
def test_durations_are_elapsed_seconds(text: str, seconds: int) -> None:
    """48 hours are 48 hours, whatever the clocks do meanwhile."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "48H", "P1M", "P1Y", "PT1.5H", "P-1D", "pt48h", "PT48H ", "P1D2H"])
def test_other_durations_are_refused(text: str) -> None:
    """A month has no length in seconds, and a guess would move a deadline."""
    with pytest.raises(InputError):
        parse_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "16-02-27", "2016-13", "2016-02-30", "2016-02-27T25:00", "2016-02-27T24:01", "2016-02-27T19:60",
        "2016-02-27T19:00+19:00", "2016-02-27T19:00+3", "0000", "9999-12-31", "9999", "2016-02-27T", "27.02.2016",
        "2016-02-27T19:00Z[UTC]", "2016-W08",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    """A typing error must never become a moment."""
    with pytest.raises(InputError):
        parse_span(text, DAMASCUS)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "Asia/../UTC", "/UTC", "Asia", "UTC\n"])
def test_unknown_zones_are_refused(name: str) -> None:
    """Only the pinned zones; never a path, never the machine's own."""
    with pytest.raises(InputError, match="unknown time zone"):
        parse_span("2016-02-27", name)


def test_midnight_at_the_end_of_a_day_is_the_start_of_the_next() -> None:
    """`24:00` is how agreements write the end of a day."""
    assert parse_instant("2016-02-26T24:00", DAMASCUS) == parse_instant("2016-02-27T00:00", DAMASCUS)


def test_a_span_that_ends_before_it_begins_cannot_be_built() -> None:
    """An empty span would be within everything and overlap nothing."""
    for end in (5, 4):
        with pytest.raises(InputError, match="ends before it begins"):
            Span(5, end)


def test_no_beginning_and_no_end_are_written_as_dots() -> None:
    """The two instants that stand for *always* are not dates and must not be printed as such."""
    assert (utc_text(LONG_AGO), utc_text(FAR_AHEAD), utc_text(-1)) == ("..", "..", "1969-12-31T23:59:59Z")


@pytest.mark.parametrize("tz", ["America/New_York", "Asia/Tokyo", ""])
def test_times_do_not_depend_on_the_machine(tz: str) -> None:
    """Two parties on two continents must read the same second out of the same text."""
    code = (
        "from datetime import date\nfrom truceline.span import *\ns = parse_span('2016-10-27T23:30', 'Asia/Damascus')\n"
        "print(s.start, s.end, day_span(date(2016, 3, 25), 'Asia/Damascus').start)"
    )
    env = {**os.environ, "TZ": tz, "PYTHONTZPATH": ""}
    made = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    span = parse_span("2016-10-27T23:30", DAMASCUS)
    assert made.split() == [str(span.start), str(span.end), str(utc("2016-03-24T22:00"))]
