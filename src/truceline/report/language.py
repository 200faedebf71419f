"""How is it said in English, Arabic, Russian? Catalogues, plural forms, and the one filter that keeps texts apart.

`Words.apart` puts every date, number, id and piece of foreign text into a `<bdi>` with its own direction and, where it
can be told from the script, its language; nothing enters a sentence of the page without it. The catalogues are compiled
in memory from the `.po` files of `truceline.words`. No clock, no locale of the machine.

Source: Unicode UAX 9 for directions; CLDR for plural forms and names of weekdays.
"""

from __future__ import annotations

import gettext
import io
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Final

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

from truceline.errors import InputError, quoted
from truceline.report.closed import CLOSED
from truceline.span import FAR_AHEAD, LONG_AGO, civil_day, local_text, utc_text
from truceline.verdict import NO, UNKNOWN, YES

LANGUAGES: Final = ("en", "ar", "ru")

_STRAY = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])
"""Marks that turn text round: ours are elements, those of others are dropped."""

_LETTERS = re.compile(r"[A-Za-z]{3}")
_WORD = re.compile(r"[^\W\d_]{3}")
_ID = re.compile(r"\S*\d\S*|\S{20,}")
_SHORT = re.compile(r"[\d\-:., +\u00a0]{1,20}( UTC)?|\S{1,16}", re.ASCII)
"""Numbers, dates and ids: never broken over two lines."""

_FIGURE = re.compile(r"[+\u2212-]?\d+(?:[-:/.,]\d+)+|[+\u2212-]\d+|#\d+|[A-Za-z]+\d\w*|\d+[A-Za-z]+")
"""What a sentence that is written from the right turns round: dates, times, signed numbers, ids."""

_PRECISE = re.compile(r"(?P<text>.*) \((?P<word>[a-z]+)\)")
_SEPARATOR = {"en": ",", "ar": ",", "ru": "\u00a0"}


class Words:
    """Everything that a page says in one language.

    Attributes:
        lang: `en`, `ar` or `ru`.
        dir: `ltr` or `rtl`.
    """

    def __init__(self, lang: str, tz: str = "UTC") -> None:
        """Take a language and the zone of the civil clock.

        Raises:
            InputError: no such language.
        """
        if lang not in LANGUAGES:
            raise InputError(f"expected a language of {', '.join(LANGUAGES)}, got {quoted(lang)}")
        self.lang, self.tz = lang, tz
        self.dir = "rtl" if lang == "ar" else "ltr"
        self._catalogue = catalogue(lang)

    def say(self, text: str, **values: object) -> Markup:
        """A sentence of the page; every value in it is kept apart."""
        return self._filled(self._catalogue.gettext(text), values)

    def count(self, one: str, many: str, n: int, **values: object) -> Markup:
        """A sentence with a number, in the plural form of the language; `{n}` is the number."""
        return self._filled(self._catalogue.ngettext(one, many, n), {"n": n, **values})

    def word(self, context: str, text: str) -> Markup:
        """What a value of a closed list is called; one that the list does not hold is shown as it is, kept apart.

        >>> print(Words("ru").word("reason", "place"), Words("ru").word("kind", "<b>"))
        место <bdi dir="ltr" class="k">&lt;b&gt;</bdi>
        """
        english = CLOSED[context].get(text)
        return self.apart(text) if english is None else escape(self._catalogue.pgettext(context, english))

    def answer(self, value: int) -> Markup:
        """What a value of *covered* is called: -1 is "not covered by this term", and nothing else."""
        return {
            YES: self.say("surely covered, if true"),
            UNKNOWN: self.say("cannot be decided"),
            NO: self.say("not covered by this term"),
        }[value]

    def support(self, value: int) -> Markup:
        """What a value of *supported* is called."""
        return {
            YES: self.say("supported as the terms require"),
            UNKNOWN: self.say("cannot be decided"),
            NO: self.say("not supported as the terms require"),
        }[value]

    def apart(self, value: object) -> Markup:
        """Keep a date, number, id or piece of foreign text apart from the text around it: the one filter.

        >>> print(Words("ar").apart("2016-02-27"), Words("en").apart("حلب"))
        <bdi dir="ltr" class="k">2016-02-27</bdi> <bdi dir="rtl" lang="ar">حلب</bdi>
        """
        if isinstance(value, Markup):
            return value
        text = self.number(value) if isinstance(value, int) else " ".join(str(value).translate(_STRAY).split())
        turn, lang = _direction(text), self._foreign(text)
        of = Markup(' lang="{}"').format(lang) if lang else Markup(' class="k"') if _SHORT.fullmatch(text) else ""
        return Markup('<bdi dir="{}"{}>{}</bdi>').format(turn, of, text)

    def number(self, n: int) -> str:
        """A whole number in western digits."""
        return f"{n:,}".replace(",", _SEPARATOR[self.lang])

    def name(self, names: Mapping[str, str]) -> Markup:
        """A name in the page's language; in English, with a mark that says so, where it has none."""
        text = names.get(self.lang) or names.get("en", "")
        if not _WORD.search(text):
            return self.apart(text)
        if self.lang == "en" or names.get(self.lang):
            return self._running(text)
        return Markup('<span lang="en" dir="ltr">{}</span> <span class="tongue">{}</span>').format(text, "EN")

    def moment(self, second: int) -> Markup:
        """An instant on the civil clock and in UTC."""
        if not LONG_AGO < second < FAR_AHEAD:
            return self.apart("..")
        local = local_text(second, self.tz)
        both = Markup('<time datetime="{}">{}</time>').format(utc_text(second), self.apart(local[:16]))
        zone = Markup("{} {}").format(self.apart(self.tz), self.apart(f"UTC{local[16:]}"))
        return Markup('{} <span class="quiet">{}</span> <span class="quiet">= {}</span>').format(
            both, zone, self.apart(self.utc(second))
        )

    def civil(self, second: int) -> Markup:
        """An instant on the civil clock, without its zone."""
        return self.apart(local_text(second, self.tz)[:16] if LONG_AGO < second < FAR_AHEAD else "..")

    @staticmethod
    def utc(second: int) -> str:
        """An instant in UTC, to the minute."""
        text = utc_text(second)
        return text if text == ".." else f"{text[:10]} {text[11:16]} UTC"

    def interval(self, start: int, end: int) -> Markup:
        """The half-open interval in UTC; a second interval on the same day without repeating the day."""
        first, last = self.utc(start), self.utc(end)
        short = last[11:] if first[:10] == last[:10] else last
        return self.apart(f"{first.removesuffix(' UTC')} – {short}")

    def day(self, day: date) -> Markup:
        """A civil day with the name of its weekday."""
        weekday = format_date(day, "EEEE", locale=self.lang)
        return Markup('{} <span class="quiet">{}</span>').format(self.apart(day.isoformat()), weekday)

    def days(self, start: int, end: int) -> Markup:
        """The civil days that an interval touches."""
        first, last = civil_day(start, self.tz), civil_day(end - 1, self.tz)
        return self.day(first) if first == last else Markup("{} – {}").format(self.day(first), self.day(last))

    def when(self, text: str) -> Markup:
        """A time as its source gave it: `2016-02-26 to 2016-02-27 (days)`; what is not of that form stands as it is."""
        match = _PRECISE.fullmatch(text)
        if not match:
            return self.apart(text)
        dates = Markup(" – ").join(self.apart(part) for part in match["text"].split(" to "))
        return Markup("{} ({})").format(dates, self.word("precision", match["word"]))

    def _running(self, text: str) -> Markup:
        """Words of the page's own language; in one that is written from the right, with their figures kept apart.

        >>> print(Words("ar")._running("من الساعة 19:00"), Words("ru")._running("с 19:00"))
        من الساعة <bdi dir="ltr" class="k">19:00</bdi> с 19:00
        """
        if self.dir == "ltr":
            return escape(text)
        parts, last = [], 0
        for figure in _FIGURE.finditer(text):
            parts += [escape(text[last : figure.start()]), self.apart(figure[0])]
            last = figure.end()
        return Markup("").join([*parts, escape(text[last:])])

    def _filled(self, text: str, values: Mapping[str, object]) -> Markup:
        return escape(text).format(**{key: self.apart(value) for key, value in values.items()})

    def _foreign(self, text: str) -> str:
        """The language of a text as far as its script tells it; empty when it is the page's, or an id."""
        if any("ARABIC LETTER" in unicodedata.name(c, "") for c in text):
            return "" if self.lang == "ar" else "ar"
        if any("CYRILLIC" in unicodedata.name(c, "") for c in text):
            return "" if self.lang == "ru" else "ru"
        own = text.removesuffix(" UTC")  # a time is a time in every language, and is never broken over two lines
        return "en" if self.lang != "en" and _LETTERS.search(own) and not _ID.fullmatch(own) else ""


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(lang: str) -> gettext.NullTranslations:
    """The catalogue of a language, compiled in memory from its files; English is the language of the keys."""
    found = gettext.NullTranslations()
    if lang == "en":
        return found
    for name in sorted(catalogue_files(lang), reverse=True):
        compiled = io.BytesIO()
        write_mo(compiled, read_po(io.BytesIO(catalogue_files(lang)[name]), locale=lang))
        compiled.seek(0)
        made = gettext.GNUTranslations(compiled)
        made.add_fallback(found)
        found = made
    return found


def catalogue_files(lang: str) -> Mapping[str, bytes]:
    """The files of a catalogue by name: one for each part of what is said, no sentence in two of them."""
    folder = resources.files("truceline.words").joinpath(lang, "LC_MESSAGES")
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.name.endswith(".po")}


def plain(text: str) -> str:
    """A text of the page without its elements, for a drawing, a title or the running head.

    What was kept apart by an element is kept apart by marks: U+2066 or U+2067 before it, U+2069 behind.

    >>> plain(Markup('up to <bdi dir="ltr">2016-10-03</bdi>'))
    'up to \u20662016-10-03\u2069'
    """
    if not isinstance(text, Markup):
        return str(text)
    marked = re.sub(r'<bdi dir="(ltr|rtl)"[^>]*>', lambda m: "\u2066" if m[1] == "ltr" else "\u2067", str(text))
    return Markup(marked.replace("</bdi>", "\u2069")).striptags()  # noqa: S704  # was Markup before


def _direction(text: str) -> str:
    """Direction of the first letter that has one; left to right for numbers and signs."""
    for letter in text:
        turn = unicodedata.bidirectional(letter)
        if turn in ("L", "R", "AL"):
            return "ltr" if turn == "L" else "rtl"
    return "ltr"
