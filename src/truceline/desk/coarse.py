"""Does something hold a fine position, however it is written: in a geometry, a field, a cell, or in words?

What is found is refused, never rounded: who wrote it has to name an area instead. Made for statements of any language;
digits of other scripts, look-alike letters and unseen characters are read as what they stand for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

from truceline.errors import SubmissionError, quoted
from truceline.exchange.floor import CELL, check_cell, is_cell

__all__ = ["CELL", "SHORT", "Known", "check_cell", "check_cellless", "check_coarse"]

_FINE_KEYS = frozenset(
    "geometry coordinates coords coord lat lon lng long latitude longitude mgrs utm geohash pluscode olc position "
    "precision radiusm bearingdeg wkt wkb geojson point polygon linestring gps location northing easting".split()
)
_NUMBER, _END = r"[-+]?\d{1,3}[.,]\d{2,}", r"(?!\d|[.,]\d)"
_BETWEEN = r"\s*(?:°|deg(?:rees)?\b)?\s*[NSEW]?\s*[,;/|&\s]+\s*[NSEW]?\s*"
_PAIR = re.compile(rf"(?<![\d.,])({_NUMBER}){_BETWEEN}({_NUMBER}){_END}", re.IGNORECASE)
_MOMENT = re.compile(r"(?:0?[1-9]|1[0-2])[.,](?:19|20)\d\d|(?:[01]?\d|2[0-3])[.,][0-5]\d")
"""A month or a time of day, written with a point: two of them are no position."""

_LATIN = "[A-HJ-NP-Za-hj-np-z]"
_MONTH = "(?!MAR|MAY|JUN|NOV|DEC|FEB|SEP|JAN|APR|JUL|AUG)"
_DASH = r"[\s./_-]*"
_FINE_TEXT = tuple(
    re.compile(text, re.IGNORECASE if is_any else 0)
    for text, is_any in (
        # decimal degrees: one number that says what it is, or that is finer than any cell by itself
        (r"(?<![\d.,/])[-+]?(?!\d{1,3}[.,](?:19|20)\d\d(?!\d))\d{1,3}[.,]\d{4,}(?![\d]|[.,]\d)", True),
        (r"\b(?:lat|lon|lng|latitude|longitude|long|широт\w*|долгот\w*|خط|عرض|طول)\b\W{0,6}\d{1,3}[.,]\d{2,}", True),
        (r"\d{1,3}[.,]\d{2,}\s*(?:°(?!\s*[CF]\b)|deg(?:rees)?\b)", True),
        (r"(?<![\d.,])\d{1,3}[.,]\d{2,}\s?[NSEW]\b|\b[NSEW]\s?\d{1,3}[.,]\d{2,}", False),
        (
            r"\d{1,3}[.,]\d{2,}\s?(?:с\.?\s?ш|в\.?\s?д|شمال|شرق|north|east)|(?:شمال|شرق|north|east)\s?\d{1,3}[.,]\d{2,}",
            True,
        ),
        (r"(?<![\d.,])\d{1,3}[.,]\d{3,}\s+(?:and|و|и)\s*\d{1,3}[.,]\d{3,}", True),
        (r"(?<!\d)[-+]?\d{7,9}\s?[,;]\s?[-+]?(?!(?:19|20)\d{6}\b)\d{7,10}(?!\d)", True),
        # degrees, minutes
        (r"\d{1,3}\s*°\s*\d{1,2}", True),
        (r"\d{1,3}\s*(?:d|deg|degrees|градус\w*|درجة)\s*\d{1,2}\s*(?:['\u2032\u2019]|m\b|m\d|min|мин|دقيقة)", True),
        (r"(?<![\d:-])\d{1,3}[ :-]\d{1,2}[ :-]\d{1,2}(?:[.,]\d+)?\s?[NSEW]\b", False),
        (r"(?<!\d)\d{4,6}(?:[.,]\d+)?\s?[NS]\W{0,3}\d{5,7}(?:[.,]\d+)?\s?[EW]\b", True),
        # grids and codes
        (rf"\b\d{{1,2}}[C-HJ-NP-X]{_DASH}{_LATIN}{{2}}{_DASH}\d{{2,5}}[\s._-]?\d{{2,5}}\b", True),
        (rf"\b\d{{1,2}}{_DASH}{_MONTH}[C-HJ-NP-X]{_DASH}[A-HJ-NP-Z]{{2}}{_DASH}\d{{2,5}}[\s._-]?\d{{2,5}}\b", False),
        (rf"\b\d{{1,2}}{_MONTH}[C-HJ-NP-X][A-HJ-NP-Z]{{2}}\d{{2}}\b", False),
        (r"\b\d{1,2}\s?[C-HJ-NP-X]\W{1,3}[1-8]\d\d[ ,.']?\d{3}\s?m?E?[\s,;/]+\d[ ,.']?\d{3}[ ,.']?\d{3}\b", True),
        (r"(?<!\d)[1-8]\d{5}(?:[.,]\d+)?\s?m?\s?E?[\s,;/]+\d{7}(?!\d)", True),
        (
            r"(?<![A-Z0-9])(?=[\d]*[CFGHJMPQRVWX])[2-9CFGHJMPQRVWX]{4}(?:[2-9CFGHJMPQRVWX]{4})?\+[2-9CFGHJMPQRVWX]{2,7}"
            r"(?![A-Z0-9])",
            True,
        ),
        (r"(?<![A-Z0-9])[2-9CFGHJMPQRVWX]{6}(?:00|[2-9CFGHJMPQRVWX]{2})\+", True),
        (r"\b[A-R]{2}\d{2}[a-x]{2}(?:\d{2})*\b", False),
        (r"geohash\W{0,12}[0-9b-hjkmnp-z]{5,12}|///\w+\.\w+\.\w+", True),
        (r"maps\.google|google\.\w+/maps|goo\.gl/maps|maps\.app\.goo|yandex\.\w+/maps", True),
        (r"openstreetmap\.org|osm\.org|w3w\.co|geohash\.org|wikimapia\.org", True),
        # shapes
        (r"(?:Point|Polygon|LineString)\s*(?:Z|M|ZM)?\s*\(|coordinates\W{0,3}[\[:=]", True),
        (r"(?<![0-9a-f])(?:01|00)0[1-7]0000[02]0[0-9a-f]{32}", True),
    )
)
_CELL_TEXT = re.compile(r"(?<![0-9a-z])(?:0x)?0?(8[0-9a-f]{14})(?![0-9a-z])", re.IGNORECASE)
_PARTED = re.compile(r"(?<![0-9a-z])[0-9a-f]{1,14}(?:[\s_.:-][0-9a-f]{1,14})+(?![0-9a-z])", re.IGNORECASE)
_DIGEST = re.compile(r"[0-9a-f]{64}")
"""A SHA-256: of many in a row, some digits look like a position by chance, and the entry would be refused at random."""

_WHOLE = re.compile(r"(?<!\d)\d{18,19}(?!\d)")


Known = Callable[[Sequence[str]], Collection[str]]
"""Gives those of some texts that are ids of reports."""


def check_coarse(value: Any, known: Known | None = None) -> None:  # noqa: ANN401  # any JSON value is meant
    """Refuse fine positions, wherever they are written: in a geometry, in a field, in words.

    What people spell out in words, or describe by what stands there, nobody can find by rules.

    Args:
        value: any JSON value.
        known: which texts are ids of reports, for those can look like cells and like degrees; asked only where
            something would be refused. None = none are.

    Raises:
        SubmissionError: something in it is one.
    """
    texts: list[str] = []
    keys: list[str] = []
    _gather(value, texts, keys)
    try:
        _check_all(texts, keys)
    except SubmissionError:
        ids = set(known([text for text in dict.fromkeys(texts) if _ID.fullmatch(text)])) if known is not None else ()
        if not ids:
            raise
        _check_all([text for text in texts if text not in ids], keys)


def check_cellless(texts: Sequence[str]) -> None:
    """Refuse words that name a cell, of any resolution: where not even an area may be told.

    Args:
        texts: the words of one statement.

    Raises:
        SubmissionError: a cell is in one of them, or in parts over two; the message never repeats it.
    """
    for text in (*texts, " ".join(texts)):
        if next(_cells(_plain(text)), None) is not None:
            raise SubmissionError("a text names a cell: this tells that there was a list, never what is in it")


_ID = re.compile(r"[A-Za-z0-9:_-]{1,100}")
"""An id that may be spared: what has a point, a comma or a sign of degrees in it is looked at, whoever calls it one."""


def _check_all(texts: Sequence[str], keys: Sequence[str]) -> None:
    for text in (*keys, *texts, "; ".join(texts)):  # joined: two halves may stand in two fields
        (_check_short if len(text) <= SHORT else _check_text)(text)


def _check_text(text: str) -> None:
    plain = _plain(text)
    if any(pattern.search(plain) for pattern in _FINE_TEXT) or any(map(_is_position, _PAIR.finditer(plain))):
        raise SubmissionError("a text holds what looks like a position: name an area instead")
    for cell in _cells(plain):
        check_cell(cell)


SHORT = 32
"""Fields, ids and dates are seen again and again: that a text no longer than this is sound is remembered."""

_check_short = lru_cache(maxsize=4_096)(_check_text)


def _is_fine_key(key: str) -> bool:
    return re.sub(r"[\W_]", "", _plain(key)).lower() in _FINE_KEYS


_is_fine_short = lru_cache(maxsize=4_096)(_is_fine_key)


def _gather(value: Any, texts: list[str], keys: list[str]) -> None:  # noqa: ANN401  # any JSON value is meant
    """Every text and every key of a value; what is a position by its key is refused at once."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if (_is_fine_short if len(key) <= SHORT else _is_fine_key)(key):
                raise SubmissionError(f"`{quoted(key)[1:-1]}`: fine positions do not enter the record: name an area")
            keys.append(key)
            _gather(inner, texts, keys)
    elif isinstance(value, list | tuple):
        for inner in value:
            _gather(inner, texts, keys)
    elif isinstance(value, str) and not _DIGEST.fullmatch(value):
        texts.append(value)


_SIGNS = str.maketrans(
    {
        **dict.fromkeys("º˚⁰ᵒ", "°"), **dict.fromkeys("´`ʹ′″’”“", "'"), **dict.fromkeys("٫·∙⋅", "."),
        **dict.fromkeys("،٬‚", ","), **dict.fromkeys("−–—‐‑", "-"),
    }
)  # fmt: skip
_ALIKE = str.maketrans("АВСЕНКМОРТХУЅΑΒΕΖΗΚΜΝΡΤΧΥ", "ABCEHKMOPTXYSABEZHKMNPTXY")
"""Letters of other alphabets that look like Latin ones."""

_UNSEEN = ("Cf", "Mn", "Me")
_POINT = re.compile(r"(?<=\d)\s*(?:point|dot|comma|запятая|точка|целых|فاصلة|نقطة)\s*(?=\d)", re.IGNORECASE)
_LETTER_O = re.compile(r"(?<=\d)[oO](?=[\d.,])|(?<=[.,])[oO](?=\d)")
_LETTER_L = re.compile(r"(?<=[\d.,])[lI|](?=[\d.,])")
_SPREAD = re.compile(r"(?<!\S)\d(?: ?[.,]? \d){3,40}(?!\S)")
_GAP = re.compile(r"(?<=\d)\s?\.\s?(?=\d{2,}\b)")


def _plain(text: str) -> str:
    """A text without the disguises that Unicode has for digits, letters and blanks."""
    folded = text.translate(_SIGNS)
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded).translate(_SIGNS)
        folded = "".join(_digit(c) for c in folded if unicodedata.category(c) not in _UNSEEN)
    seen = " ".join(folded.split())
    spread = _SPREAD.sub(lambda found: found[0].replace(" ", ""), _POINT.sub(".", seen))
    return _LETTER_L.sub("1", _LETTER_O.sub("0", _GAP.sub(".", spread))).translate(_ALIKE)


def _digit(c: str) -> str:
    return str(unicodedata.decimal(c)) if c.isdecimal() else c


def _is_position(pair: re.Match[str]) -> bool:
    """Whether two decimals side by side can be degrees: within range, and not two months or two times of day."""
    one, two = (abs(float(text.replace(",", "."))) for text in pair.groups())
    if one > 180 or two > 180 or min(one, two) > 90:
        return False
    return not all(_MOMENT.fullmatch(text.lstrip("+-")) for text in pair.groups())


def _cells(text: str) -> Iterator[str]:
    """What can be an H3 cell in a text: as it is written, in parts, or as one whole number."""
    yield from (found[1].lower() for found in _CELL_TEXT.finditer(text))
    for found in _PARTED.finditer(text):
        parts = re.split(r"[\s_.:-]", found[0].lower())
        for at in range(len(parts)):
            joined = "".join(parts[at : at + 15]).removeprefix("0")[:15]
            if CELL.fullmatch(joined) and is_cell(joined):
                yield joined
    yield from (cell for found in _WHOLE.finditer(text) if is_cell(cell := f"{int(found[0]):x}"))
