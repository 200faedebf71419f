"""Which words are one side's about another, and how do they stand on a page? Inside quotation marks, and nowhere else.

A list for each language, kept by people and tried against every text of ours and every template. What somebody else
said is told in words of ours where it may not be printed; where such words keep one of a side's own, that word is set
in quotation marks, whoever's it is. A list finds what is on it: it is a net, and no judge of what is fair.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

LOADED: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"terroris|\bregimes?\b|militant|\brebel|aggress|\bliberat|occupier|\boccupation|martyr|massacre|atrocit|puppet"
        r"|so-called|\bthugs?\b|guilt|culprit|perpetrat|\benem(?:y|ies)\b|barbar|heroic|butcher|\bblam(?:e|ed|ing)\b"
        r"|\bvillain|innocent|genocid|\bstooge|jihadi|extremis|\bfanatic|treacher|betray|\bslaughter|\bcriminals?\b"
        r"|propagand|\bclich[eé]|cynical|\bprovocat|hypocri|\bblatant|\bheinous|\bcoward|\bphony\b|\bhavens?\b",
        re.IGNORECASE,
    ),
    "ar": re.compile(
        "إرهاب|ارهاب|النظام السوري|عدوان|شهيد|شهداء|مجزر|تحرير|احتلال|عميل|عملاء|ميليشي|العدو|مجرم|بطول|غاشم|مرتزق"
        "|متطرف|متشدد|تكفير|خائن|خيانة|استفزاز|دعائي|المتمردين|متمردون|همجي|وحشي"
    ),
    "ru": re.compile(
        r"террор|боевик|агресс|каратель|бандит|марионет|освободител|освобождённ.* (?:город|район|территор)|оккуп"
        r"|резн[яиюе]\b|\bвраг|преступн|геро[йия]|так называем|наёмник|наемник|виновн|\bрежима\b|\bрежимом\b"
        r"|экстремист|мятежник|повстанц|предател|вероломн|провокац|варвар|пропаганд|цинич|лицемер|джихадист",
        re.IGNORECASE,
    ),
}  # fmt: skip
"""Words of one side about another, or of a judge who knows already."""

OPEN, CLOSE = "“", "”"
_QUOTED: Final = re.compile('“[^“”]*”|«[^«»]*»|"[^"]*"|‘[^‘’]*’')


def unquoted(text: str) -> str:
    """A text without what stands in quotation marks."""
    return _QUOTED.sub(" ", text)


def loaded_in(text: str, lang: str = "") -> list[str]:
    """The loaded words of a text that stand outside quotation marks; of one language, or of all.

    >>> loaded_in("they call them “terrorists”"), loaded_in("the terrorists left")
    ([], ['terrorists'])
    """
    rest = unquoted(text)
    lists = [LOADED[lang]] if lang else list(LOADED.values())
    return [word for pattern in lists for word in (_whole(rest, *found.span()) for found in pattern.finditer(rest))]


def set_apart(text: str) -> str:
    """A text that tells what somebody said, with every loaded word in quotation marks that stands in none.

    >>> set_apart("It counts them as terrorist, and says “the regime” too.")
    'It counts them as “terrorist”, and says “the regime” too.'
    """
    made, at = [], 0
    for quoted in _QUOTED.finditer(text):
        made += [_marked(text[at : quoted.start()]), quoted[0]]
        at = quoted.end()
    return "".join((*made, _marked(text[at:])))


def _marked(text: str) -> str:
    """A text outside quotation marks, with marks around each loaded word."""
    spans = sorted({_bounds(text, *found.span()) for pattern in LOADED.values() for found in pattern.finditer(text)})
    made, at = [], 0
    for start, end in spans:
        if start >= at:
            made += [text[at:start], OPEN, text[start:end], CLOSE]
            at = end
    return "".join((*made, text[at:]))


def _whole(text: str, start: int, end: int) -> str:
    left, right = _bounds(text, start, end)
    return text[left:right]


def _bounds(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole words of which a match is a part."""
    while start > 0 and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and text[end].isalpha():
        end += 1
    return start, end
