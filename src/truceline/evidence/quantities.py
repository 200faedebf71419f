"""How many does a text mean? Words for a number as an interval: "more than 350" is 351 or more.

An interval is `(low, high)`, both ends included; None = open to that side. Where a word is vague, the table below says
what it stands for, and never less than it can mean: "dozens" is bounded from below alone. English, Arabic and Russian;
digits of any script. What is not understood is None as a whole, never a guess: `1.5`, `1,20`, `minus 3`.

The steps of `interval`, repeated at their lines: 1 a number, 2 a vague word, 3 a word before it ("at least"), 4 a word
after it ("or more"), 5 two ends ("20 to 30").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

Interval = tuple[int | None, int | None]

MOST = 10**15
"""The largest number that is understood: with what *about* adds, every reader of JSON still holds it exactly."""

MOST_TEXT = 120
ABOUT_TENTHS = 1
""""About 40" may be off by so many tenths of it, to both sides, and by 1 at least: 36 to 44."""

VAGUE: Mapping[str, Interval] = MappingProxyType({
    "no": (0, 0), "none": (0, 0), "нет": (0, 0), "ни одного": (0, 0), "لا أحد": (0, 0), "لا شيء": (0, 0),
    "some": (1, None), "a number of": (2, None), "a few": (2, None), "few": (2, None), "several": (2, None),
    "multiple": (2, None), "many": (2, None), "numerous": (2, None), "various": (2, None),
    "несколько": (2, None), "многочисленные": (2, None), "عدة": (2, None), "عدد من": (2, None), "بضعة": (2, None),
    "a couple": (2, 2), "a couple of": (2, 2), "a pair": (2, 2), "a pair of": (2, 2), "another": (1, 1),
    "tens": (20, None), "tens of": (20, None), "десятки": (20, None), "عشرات": (20, None), "العشرات": (20, None),
    "dozens": (24, None), "dozens of": (24, None), "scores": (40, None), "scores of": (40, None),
    "hundreds": (200, None), "hundreds of": (200, None), "сотни": (200, None), "مئات": (200, None),
    "thousands": (2_000, None), "thousands of": (2_000, None), "тысячи": (2_000, None), "آلاف": (2_000, None),
    "?": (None, None), "unknown": (None, None), "неизвестно": (None, None), "غير معروف": (None, None),
})  # fmt: skip
"""Vague words and what they stand for."""

MORE, LEAST, FEWER, MOST_OF, ABOUT, NEARLY, EXACTLY = "more", "least", "fewer", "most", "about", "nearly", "exactly"
_BEFORE = {
    MORE: "more than|over|above|greater than|in excess of|exceeding|>|более чем|более|больше|свыше"
    "|أكثر من|اكثر من|ما يزيد عن",
    LEAST: "at least|no fewer than|no less than|not less than|upwards of|a minimum of|minimum|>=|≥"
    "|не менее чем|не менее|по меньшей мере|как минимум|минимум|على الأقل|ما لا يقل عن|لا يقل عن",
    FEWER: "fewer than|less than|under|below|<|менее чем|менее|меньше|أقل من|اقل من",
    MOST_OF: "up to|at most|no more than|not more than|a maximum of|maximum|<=|≤|не более чем|не более|до|максимум"
    "|حتى|ما لا يزيد عن|لا يزيد عن|على الأكثر",
    ABOUT: "about|around|approximately|some|roughly|circa|ca.|c.|~|≈|около|примерно|приблизительно|حوالي|نحو|تقريبا",
    NEARLY: "nearly|almost|just under|close to|почти|ما يقارب|قرابة",
    EXACTLY: "exactly|a total of|ровно|всего|بالضبط",
}  # fmt: skip
_AFTER = {
    LEAST: r"\+|or more|and more|at least|at the least|or over|plus|или более|и более|أو أكثر|على الأقل|فأكثر",
    MOST_OF: "or fewer|or less|at most|at the most|или менее|أو أقل|على الأكثر",
    ABOUT: "or so|approximately|примерно|تقريبا",
}
_ENDS = (
    r"(?:between|между|بين) (?P<low>.+?) (?:and|и|و) ?(?P<high>.+)",
    r"(?:from |от |من )?(?P<low>.+?)(?: ?[-–—−] ?| to | до | إلى | الى )(?P<high>.+)",
    r"(?P<low>.+?) (?:or|или|أو) (?P<high>.+)",
)

_WORDS: Mapping[str, tuple[str, int]] = {
    word: (kind, value)
    for kind, values in {
        "z": {0: "zero ноль صفر"},
        "u": {
            1: "a an one один одна одно واحد واحدة", 2: "two два две اثنان اثنين اثنتان", 3: "three три ثلاثة ثلاث",
            4: "four четыре أربعة أربع", 5: "five пять خمسة خمس", 6: "six шесть ستة ست", 7: "seven семь سبعة سبع",
            8: "eight восемь ثمانية ثماني", 9: "nine девять تسعة تسع",
        },
        "t": {
            10: "ten десять عشرة عشر", 11: "eleven одиннадцать", 12: "twelve двенадцать", 13: "thirteen тринадцать",
            14: "fourteen четырнадцать", 15: "fifteen пятнадцать", 16: "sixteen шестнадцать",
            17: "seventeen семнадцать", 18: "eighteen восемнадцать", 19: "nineteen девятнадцать",
        },
        "T": {
            20: "twenty двадцать عشرون عشرين", 30: "thirty тридцать ثلاثون ثلاثين", 40: "forty сорок أربعون أربعين",
            50: "fifty пятьдесят خمسون خمسين", 60: "sixty шестьдесят ستون ستين", 70: "seventy семьдесят سبعون سبعين",
            80: "eighty восемьдесят ثمانون ثمانين", 90: "ninety девяносто تسعون تسعين",
        },
        "H": {
            100: "сто مئة مائة", 200: "двести مئتان مئتين", 300: "триста", 400: "четыреста", 500: "пятьсот",
            600: "шестьсот", 700: "семьсот", 800: "восемьсот", 900: "девятьсот",
        },
        "h": {100: "hundred"}, "k": {1_000: "thousand тысяча тысячи тысяч"}, "d": {12: "dozen"}, "&": {0: "and и و"},
    }.items()
    for value, words in values.items()
    for word in words.split()
}  # fmt: skip
"""Word to what kind of part of a number it is, and its value."""

_BELOW_100 = "(?:Tu|u&T|T|t|u)"
_BELOW_1000 = f"(?:(?:[ut]h|H)(?:&?{_BELOW_100})?|{_BELOW_100})"
_SHAPE = re.compile(f"z|ud|{_BELOW_1000}|(?:{_BELOW_1000})?k(?:&?{_BELOW_1000})?")
_DIGITS = re.compile(r"\d{1,16}|\d{1,3}(?:[,'’ ]\d{3}){1,4}")


@lru_cache(maxsize=4_096)
def interval(text: str) -> Interval | None:
    """What a text says of a number; None = it is not understood.

    >>> interval("more than 350"), interval("between 20 and 30"), interval("٣٥٠+"), interval("до 100")
    ((351, None), (20, 30), (350, None), (None, 100))
    >>> interval("about 40"), interval("dozens"), interval("?"), interval("a whole lot")
    ((36, 44), (24, None), (None, None), None)
    """
    return _interval(_plain(text)) if len(text) <= MOST_TEXT else None


def leading(text: str, most: int = 6) -> tuple[Interval | None, str]:
    """The longest beginning of a text that says a number, and the rest of the text.

    Args:
        text: such as `two dozen oil pump jacks`.
        most: so many words can belong to the number.

    >>> leading("two dozen oil pump jacks"), leading("oil tanks")
    (((24, 24), 'oil pump jacks'), (None, 'oil tanks'))
    """
    words = text.split()
    for end in range(min(most, len(words)), 0, -1):
        found = interval(" ".join(words[:end]))
        if found is not None:
            return found, " ".join(words[end:])
    return None, " ".join(words)


def printed(low: int | None, high: int | None) -> str:
    """An interval as text, which `interval` reads as the same interval.

    >>> printed(351, None), printed(20, 30), printed(7, 7), printed(None, 4), printed(None, None)
    ('351+', '20-30', '7', 'up to 4', '?')
    """
    if low is None:
        return "?" if high is None else f"up to {high}"
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"


def number(text: str) -> int | None:
    """A number in digits or words; None = it is none.

    >>> number("three hundred and fifty"), number("1,200"), number("двадцать пять"), number("1.5")
    (350, 1200, 25, None)
    """
    return _number(_plain(text)) if len(text) <= MOST_TEXT else None


def _number(text: str) -> int | None:
    if _DIGITS.fullmatch(text):
        value = int(re.sub(r"\D", "", text))
        return value if value <= MOST else None
    return _spelled(text.replace("-", " ").split())


def _interval(text: str) -> Interval | None:
    one = _number(text)
    if one is not None:  # 1
        return one, one
    if text in VAGUE:  # 2
        return VAGUE[text]
    for kind, (before, after) in _MARKS.items():
        found = (before and before.fullmatch(text)) or (after and after.fullmatch(text))  # 3 4
        bounds = _between(found["rest"]) if found else None
        if bounds is not None:
            return _bounded(kind, *bounds)
    return _between(text)


def _between(text: str) -> tuple[int, int] | None:
    """A number, or two ends of which the first is not the greater."""
    one = _number(text)
    if one is not None:
        return one, one
    for ends in _ENDS:  # 5
        found = re.fullmatch(ends, text)
        low, high = (_number(found["low"]), _number(found["high"])) if found else (None, None)
        if low is not None and high is not None and low <= high:
            return low, high
    return None


def _bounded(kind: str, low: int, high: int) -> Interval | None:
    """What a word before or after makes of the number it belongs to."""
    if kind in (ABOUT, EXACTLY):
        off = 0 if kind == EXACTLY else 1
        return max(low - off * _off(low), 0), high + off * _off(high)
    if low != high:
        return None  # "more than 20 to 30" says two things
    if kind == NEARLY:
        return max(low - _off(low), 0), high
    if kind == FEWER:
        return (None, low - 1) if low else None
    return {MORE: (low + 1, None), LEAST: (low, None), MOST_OF: (None, low)}[kind]


def _off(value: int) -> int:
    return max(1, -(-value * ABOUT_TENTHS // 10))


def _spelled(words: list[str]) -> int | None:
    """A number in words: their kinds in a row must have the shape of one number, then they are added up."""
    parts: list[tuple[str, int]] = []
    for word in words if len(words) <= 12 else ():
        is_joined = word not in _WORDS and word[:1] == "و"  # Arabic: *five and-twenty*
        part = _WORDS.get(word.removeprefix("و") if is_joined else word)
        if part is None:
            return None
        parts += [_WORDS["and"], part] if is_joined else [part]
    if not _SHAPE.fullmatch("".join(kind for kind, _ in parts)):
        return None
    total = here = 0
    for kind, value in parts:
        if kind == "k":
            total, here = total + max(here, 1) * value, 0
        else:
            here = here * value if kind in "hd" else here + value
    return total + here


def _plain(text: str) -> str:
    """Small letters, single blanks, western digits; numbers of other kinds, such as raised ones, stay as they are."""
    if text.isascii():
        return " ".join(text.lower().split())
    digits = (str(unicodedata.decimal(c)) if c.isdecimal() else c for c in unicodedata.normalize("NFC", text))
    return " ".join("".join(digits).replace("\u00a0", " ").replace("\u202f", " ").casefold().split())


def _mark(words: Iterable[str], *, is_before: bool) -> re.Pattern[str]:
    either = "|".join(words)
    before, after = rf"(?:{either})(?: |(?<=\W))(?P<rest>\S.*)", rf"(?P<rest>.*\S)(?: |(?=\W))(?:{either})"
    return re.compile(before if is_before else after)


_MARKS = {
    kind: (
        _mark(sorted(map(re.escape, _BEFORE[kind].split("|")), key=len, reverse=True), is_before=True)
        if kind in _BEFORE
        else None,
        _mark(_AFTER[kind].split("|"), is_before=False) if kind in _AFTER else None,
    )
    for kind in (LEAST, MORE, MOST_OF, FEWER, ABOUT, NEARLY, EXACTLY)
}
