"""Times as people say them: what can mean several gives several, and nothing lies ahead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.errors import InputError
from truceline.evidence.moments import MOST_TEXT, moments
from truceline.precision import HOURS
from truceline.span import parse_span

TZ = "Asia/Damascus"
MONDAY = parse_span("2016-02-29T10:00", TZ).start


def told(words: str) -> list[str]:
    """The times that words can mean, on a Monday morning; beside the hour or the day, the part of the day."""
    return [
        one.text if one.precision in ("hour", "day") else f"{one.text} {one.precision}"
        for one in moments(words, now=MONDAY, tz=TZ)
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("yesterday at 2 pm", ["2016-02-28T14:00"]), ("yesterday at 2", ["2016-02-28T14:00", "2016-02-28T02:00"]),
        ("today 9 a.m.", ["2016-02-29T09:00"]), ("28.2.2016", ["2016-02-28"]), ("28-02-16", ["2016-02-28"]),
        ("2016-02-28 14:00", ["2016-02-28T14:00"]), ("2016-02-28T14:00", ["2016-02-28T14:00"]),
        ("28/02 at 14:30", ["2016-02-28T14:30"]), ("14:00 28.02.2016", ["2016-02-28T14:00"]),
        ("on friday", ["2016-02-26"]), ("monday", ["2016-02-29", "2016-02-22"]), ("3 days ago", ["2016-02-26"]),
        ("last night", ["2016-02-28 evening", "2016-02-29 night"]), ("this morning", ["2016-02-29 morning"]),
        ("Feb 28, 2016 3pm", ["2016-02-28T15:00"]), ("the 5th of may", ["2015-05-05"]), ("29 Feb", ["2016-02-29"]),
        ("at 14:00", ["2016-02-28T14:00"]), ("3/4", ["2015-04-03", "2015-03-04"]), ("midnight", ["2016-02-29T00:00",
         "2016-02-28T00:00"]), ("yesterday noon", ["2016-02-28T12:00"]),
        ("أمس الساعة 2 ظهرا", ["2016-02-28T14:00"]), ("٢٨ شباط ٢٠١٦ الساعة ١٤:٣٠", ["2016-02-28T14:30"]),
        ("مساء الجمعة", ["2016-02-26 evening"]), ("قبل 3 أيام", ["2016-02-26"]), ("28 آب 2015", ["2015-08-28"]),
        ("أول أمس", ["2016-02-27"]), ("أمس 8 م", ["2016-02-28T20:00"]), ("٥ كانون الثاني", ["2016-01-05"]),
        ("вчера вечером", ["2016-02-28 evening"]), ("в пятницу в 14 часов", ["2016-02-26T14:00"]),
        ("28 февраля в 3 часа ночи", ["2016-02-28T03:00"]), ("позавчера в 8 вечера", ["2016-02-27T20:00"]),
        ("5 мая 2015 года", ["2015-05-05"]), ("\u202e28.2.2016\u200f", ["2016-02-28"]),
        ("shelling in Hama yesterday 14.30, 3 wounded", ["2016-02-28T14:30"]),
    ],
)  # fmt: skip
def test_times_as_people_say_them(words: str, expected: list[str]) -> None:
    """In three languages, in the digits of two scripts; an hour that can be two is asked about, the likelier first."""
    assert told(words) == expected


@pytest.mark.parametrize(
    "words",
    ["", "soon", "hello", "30.02.2016", "mortar 120 mm", "market 12 was hit", "3 ابنية دمرت", "at 99", "25:61",
     "x" * 9_999, "99.99.9999", "today 23:00", "tonight", "tomorrow", "500 days ago", "29.2.2100", "\x00", "2017"],
)  # fmt: skip
def test_what_is_no_time_or_lies_ahead_gives_nothing(words: str) -> None:
    """A word that is no time is no time; what has not been cannot have been seen."""
    assert told(words) == []


def test_an_hour_that_the_clock_skipped_is_none() -> None:
    """Summer time began at midnight of 25 March 2016 in Damascus: half past midnight never was."""
    now = parse_span("2016-03-25T12:00", TZ).start
    assert moments("today 00:30", now=now, tz=TZ) == ()
    assert [one.text for one in moments("today 01:30", now=now, tz=TZ)] == ["2016-03-25T01:30"]


@given(st.text(max_size=MOST_TEXT + 20), st.integers(0, 2_000_000_000))
def test_every_answer_is_a_time_that_has_begun(words: str, now: int) -> None:
    """Whatever is said: each answer can be read again, and began no later than it was said."""
    found = moments(words, now=now, tz=TZ)
    assert len(found) <= 3
    for one in found:
        begins = f"{one.text}T{HOURS[one.precision][0]:02}" if one.precision in HOURS else one.text
        assert parse_span(begins, TZ).start <= now


@given(st.dates(), st.integers(0, 23), st.integers(0, 59))
def test_a_whole_date_with_a_clock_time_means_itself(day: object, hour: int, minute: int) -> None:
    """Written out as a computer would, it is read as it stands, where the clock showed it."""
    text = f"{day}T{hour:02}:{minute:02}"
    try:
        span = parse_span(text, TZ)
    except InputError:
        return
    found = [one.text for one in moments(text.replace("T", " "), now=span.start, tz=TZ)]
    assert found[:1] == [text] or hour == 12 or str(day) < "1900"
