"""When can words mean? "Yesterday at 2 pm", "28.2.2016", "مساء الجمعة": times as people say them, in three languages.

What can mean several times gives several, the likeliest first; nothing is chosen here, somebody is asked. Nothing that
begins after the words were said: they tell of what has happened. What is not understood gives nothing.

The steps of `moments`, repeated at their lines: 1 one script for digits and letters, 2 days, 3 hours of the clock or
parts of a day, 4 both together, 5 nothing in the future.

Source: the calendar of Gregory in English, Russian, and both Arabic series of months (of the Levant and of Egypt).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from truceline.errors import InputError
from truceline.precision import HOURS
from truceline.span import civil_day, parse_span

MOST_TEXT: Final = 400
"""Words about a time are no longer than so many letters."""

MOST_DAYS: Final = 400
"""So many days at the most can have been counted back in words."""


@dataclass(frozen=True)
class Moment:
    """One time that words can mean.

    Attributes:
        text: a time text on the clock of the zone: `2016-02-28T14:00`, or `2016-02-28`.
        precision: `hour`, `day`, or the word for a part of the day in the precision table.
    """

    text: str
    precision: str


_MONTHS: Final = (
    ("jan(?:uary)?", "январ[ья]", "كانون الثاني", "يناير"), ("feb(?:ruary)?", "феврал[ья]", "شباط", "فبراير"),
    ("mar(?:ch)?", "марта?", "اذار", "مارس"), ("apr(?:il)?", "апрел[ья]", "نيسان", "ابريل"),
    ("may", "ма[йя]", "ايار", "مايو"), ("june?", "июн[ья]", "حزيران", "يونيو"), ("july?", "июл[ья]", "تموز", "يوليو"),
    ("aug(?:ust)?", "августа?", "اب", "اغسطس"), ("sept?(?:ember)?", "сентябр[ья]", "ايلول", "سبتمبر"),
    ("oct(?:ober)?", "октябр[ья]", "تشرين الاول", "اكتوبر"), ("nov(?:ember)?", "ноябр[ья]", "تشرين الثاني", "نوفمبر"),
    ("dec(?:ember)?", "декабр[ья]", "كانون الاول", "ديسمبر"),
)  # fmt: skip
"""The names of months, January first."""

_WEEKDAYS: Final = (
    ("monday", "mon", "понедельник", "الاثنين", "الاتنين"), ("tuesday", "tue", "вторник", "الثلاثاء"),
    ("wednesday", "wed", "сред", "الاربعاء"), ("thursday", "thu", "четверг", "الخميس"),
    ("friday", "fri", "пятниц", "الجمعه"), ("saturday", "sat", "суббот", "السبت"),
    ("sunday", "sun", "воскресень", "الاحد"),
)  # fmt: skip

_BACK: Final[tuple[tuple[str, int], ...]] = (
    (r"day before yesterday|позавчера|اول (?:من )?امس|اول امبارح|قبل امس", 2),
    (r"yesterday|вчера|امس|البارحه|مبارح", 1),
    (r"today|just now|сегодня|сейчас|только что|اليوم|الان|هلق", 0),
)
"""Words for a day, and how many days ago that was; the longer ones first."""

_AGO: Final = re.compile(
    r"(\d{1,3}) (?:days? ago|дн\w+ назад|день назад|суток назад)|(?:قبل|منذ) (\d{1,3}) (?:ايام|يوم\w*)"
)
_LAST_NIGHT: Final = re.compile(r"last night|прошлой ночью|ليله امس|الليله الماضيه|امس ليلا|امس بالليل")
_PARTS: Final[Mapping[str, str]] = {
    "morning": r"morning|утром|утра|صباحا?|الصبح|فجرا?|الفجر",
    "afternoon": r"afternoon|дн[её]м|после обеда|после полудня|ظهرا?|الظهر|عصرا?|العصر",
    "evening": r"evening|tonight|вечером|вечера|مساء|المسا|المساء|مغرب|المغرب",
    "night": r"night|ночью|ночи|ليلا|بالليل|الليل",
}
"""The words of the precision table for the parts of a day, and how people say them."""

_AM: Final = r"a\.?m\.?|утра|ночи|صباحا?|الصبح|فجرا?|ص"
_PM: Final = r"p\.?m\.?|дня|вечера|ظهرا?|الظهر|عصرا?|مساء|المساء|ليلا|م"
_HALF: Final = rf"(?: ?(?P<half>{_AM}|{_PM})(?!\w))"
_AT: Final = r"(?:(?<!\w)(?:at|around|about|около|в)|الساعه) ?"
_OCLOCK: Final = r"(?: ?(?:o'?clock|h(?:rs|ours?)?|час\w*)(?!\w))"
_CLOCKS: Final = tuple(
    re.compile(words)
    for words in (
        rf"(?<![\d:.])(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?!\d)(?::\d{{2}})?{_HALF}?",
        rf"(?<![\d:.])(?P<hour>\d{{1,2}}){_OCLOCK}?{_HALF}",
        rf"{_AT}(?P<hour>\d{{1,2}})(?![\d:.])",
        rf"(?<![\d:.])(?P<hour>\d{{1,2}}){_OCLOCK}",
    )
)
"""How an hour of the clock is said, the surest ways first."""

_FIXED: Final = ((re.compile(r"(?<!\w)(?:at )?noon|полдень|منتصف النهار"), 12),
                 (re.compile(r"midnight|полночь|منتصف الليل"), 0))  # fmt: skip

_ISO: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)(?:t(?=\d))?")
_DMY: Final = re.compile(r"(?<!\d)(\d{1,2})[./-](\d{1,2})[./-]((?:19|20)?\d\d)(?!\d)")
_DM: Final = re.compile(r"(?<![\d:.])(\d{1,2})[/.](\d{1,2})(?![\d:]|[/.]\d)")
_NAMES: Final = "|".join(name for names in _MONTHS for name in names)
_DAY_MONTH: Final = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|-?го|-?е)?(?: of)? ({_NAMES})(?!\w)(?:/\w+)?\.?,? ?((?:19|20)\d\d)?"
)
_MONTH_DAY: Final = re.compile(rf"(?<!\w)({_NAMES})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])(?:,? ((?:19|20)\d\d))?")

_MARKS: Final = ("Mn", "Cf")
_SAME: Final = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ـ": None, "ё": "е", "٫": ".", "،": ","}
)


def moments(words: str, *, now: int, tz: str, most: int = 3) -> tuple[Moment, ...]:
    """Everything that words about a time can mean.

    Args:
        words: such as "yesterday at 2 pm"; other words may stand around them.
        now: UTC second at which they were said.
        tz: the zone whose clock they go by.
        most: so many at most.

    Returns:
        The likeliest first; none where nothing is understood, or only what lies ahead.

    >>> [one.text for one in moments("yesterday around 2", now=1456700000, tz="Asia/Damascus")]
    ['2016-02-28T14:00', '2016-02-28T02:00']
    >>> moments("soon", now=1456700000, tz="Asia/Damascus")
    ()
    """
    text, today = _plain(words), civil_day(now, tz)  # 1
    days, rest = _days(text, today)  # 2
    found = [one for one in dict.fromkeys(_joined(days, rest, text, today)) if _is_past(one, now, tz)]  # 3, 4, 5
    return tuple(found[:most])


def _plain(words: str) -> str:
    """One form for the digits of every script, for letters that are written in several ways, and for blanks."""
    folded = unicodedata.normalize("NFKC", words[:MOST_TEXT]).casefold().translate(_SAME)
    seen = (
        str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded if unicodedata.category(c) not in _MARKS
    )
    return " ".join("".join(seen).split())


def _days(text: str, today: date) -> tuple[list[date], str]:
    """The days that a text can mean, and the rest of it, in which no day stands any more."""
    for pattern, made in ((_ISO, _of_iso), (_DMY, _of_numbers), (_DAY_MONTH, _of_name), (_MONTH_DAY, _of_turned)):
        found = pattern.search(text)
        days = list(made(found, today)) if found else []
        if found and days:
            return days, _without(text, found)
    if found := _AGO.search(text):
        back = int(found[1] or found[2])
        return [today - timedelta(days=back)] if back <= MOST_DAYS else [], _without(text, found)
    for pattern_text, back in _BACK:
        if found := re.search(rf"(?<!\w)(?:{pattern_text})(?!\w)", text):
            return [today - timedelta(days=back)], _without(text, found)
    for number, names in enumerate(_WEEKDAYS):
        if found := re.search(rf"(?<!\w)(?:{'|'.join(names)})\w{{0,4}}(?!\w)", text):
            back = (today.weekday() - number) % 7
            last = today - timedelta(days=back or 7)
            return [today, last] if not back else [last], _without(text, found)
    if found := _DM.search(text):
        days = list(_of_numbers(found, today))
        if days:
            return days, _without(text, found)
    return [], text


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _of_iso(found: re.Match[str], today: date) -> Iterator[date]:
    del today
    yield from _made(int(found[1]), int(found[2]), int(found[3]))


def _of_numbers(found: re.Match[str], today: date) -> Iterator[date]:
    """Day and month in two numbers: the day first, as is usual; then the other way round, if that is a date too."""
    year = found[3] if found.re is _DMY else ""
    one, other = int(found[1]), int(found[2])
    for month, day in dict.fromkeys(((other, one), (one, other))):
        yield from _dated(day, month, year, today)


def _of_name(found: re.Match[str], today: date) -> Iterator[date]:
    yield from _dated(int(found[1]), _month(found[2]), found[3] or "", today)


def _of_turned(found: re.Match[str], today: date) -> Iterator[date]:
    yield from _dated(int(found[2]), _month(found[1]), found[3] or "", today)


def _month(name: str) -> int:
    return next(n for n, names in enumerate(_MONTHS, 1) if any(re.fullmatch(one, name) for one in names))


def _dated(day: int, month: int, year: str, today: date) -> Iterator[date]:
    """A day of a month; without a year, the last one that was."""
    if year:
        yield from _made(int(year) + (2000 if len(year) == 2 else 0), month, day)
        return
    past = [one for back in range(9) for one in _made(today.year - back, month, day) if one <= today]  # 29 February
    yield from past[:1]


def _made(year: int, month: int, day: int) -> Iterator[date]:
    try:
        yield date(year, month, day)
    except ValueError:
        return


def _joined(days: list[date], rest: str, text: str, today: date) -> Iterator[Moment]:
    """Steps 3 and 4: a clock time on each day; else a part of each day; else the whole day."""
    clocks = list(_clocks(rest))
    if clocks:
        for day in days or (today, today - timedelta(days=1)):
            yield from (Moment(f"{day}T{hour:02}:{minute:02}", "hour") for hour, minute in clocks)
        return
    if _LAST_NIGHT.search(text):
        yield Moment(f"{today - timedelta(days=1)}", "evening")
        yield Moment(f"{today}", "night")
        return
    part = next((name for name, words in _PARTS.items() if re.search(rf"(?<!\w)(?:{words})(?!\w)", rest)), "")
    yield from (Moment(f"{day}", part or "day") for day in (days or ([today] if part else [])))


def _clocks(text: str) -> Iterable[tuple[int, int]]:
    """Hours and minutes that a text can mean, the likelier half of the day first."""
    for pattern, hour in _FIXED:
        if pattern.search(text):
            return [(hour, 0)]
    for pattern in _CLOCKS:
        for found in pattern.finditer(text):
            parts = found.groupdict()
            hour, minute = int(parts["hour"]), int(parts.get("minute") or 0)
            if hour < 24 and minute < 60:
                return [(one, minute) for one in _halves(hour, parts.get("half") or "")]
    return []


def _halves(hour: int, half: str) -> list[int]:
    if hour > 12 or hour == 0:
        return [hour]
    if half and re.fullmatch(_AM, half):
        return [hour % 12]
    if half == "ليلا":  # at night: before midnight as well as after it
        return [hour % 12 + 12, hour % 12] if 7 <= hour < 12 else [hour % 12]
    if half:
        return [hour % 12 + 12]
    by_day, by_night = (hour % 12 + 12, hour % 12) if hour < 7 or hour == 12 else (hour, hour + 12)
    return [by_day, by_night]


def _is_past(one: Moment, now: int, tz: str) -> bool:
    """Whether a time had begun when the words were said, and is one that the clock showed."""
    try:
        begins = f"{one.text}T{HOURS[one.precision][0]:02}" if one.precision in HOURS else one.text
        return parse_span(begins, tz).start <= now
    except InputError:
        return False
