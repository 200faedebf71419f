"""How does a name sound, whatever letters it is written in? Arabic, Cyrillic and Latin brought to one row of sounds.

A name that was heard, written down and transliterated comes in many spellings; they agree in their consonants far more
than in their vowels. `sounds` brings a name to a short row of sounds, `skeleton` keeps its consonants in broad classes,
`PRICES` says what it costs to take one sound for another. Nothing here knows a single place.

The steps of `sounds`, repeated at their lines: 1 marks and case, 2 letters of other scripts, 3 the article, 4 letters
that are one sound together, 5 weak ends, 6 doubled sounds.

Source: the BGN/PCGN, ISO 233 and French tables for Arabic and the Russian practical transcription, read side by side:
what they write differently is near.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

VOWELS: Final = "aeiou"
CONSONANTS: Final = "bptdkqgGxhsSzcjflmnrvTDwyEI"
"""Each sound one letter: G gh, x kh, S sh, c ch, j dzh, T and D the lisped t and d, E the t of a silent ending, I
the i that ends a word: it makes another name of it, as of Baghdad Baghdadi."""

SOUNDS: Final = CONSONANTS + VOWELS
UNKNOWN: Final = 127
"""Code of every letter of a script that is not known here."""

MOST_LETTERS: Final = 120
MOST_SOUNDS: Final = 32
"""A name is compared by so many sounds; what is longer is no name of a place."""

_BREAK: Final = "\ue000"
"""Stands before a letter that makes no sound together with the one before it."""

_ARABIC: Final[Mapping[str, str]] = {
    **dict(zip("ابتجحدرزسصضطعفقكلمنهوي", [*"abtj", _BREAK + "h", *"drzssdtafqklmn", _BREAK + "h", *"wy"], strict=True)),
    **dict(zip("ىپگڤکیڕڵۆێەھۇېہ", "apgvkyrloeahueh", strict=True)),
    "ث": "th", "خ": "kh", "ذ": "dh", "ش": "sh", "ظ": "dh", "غ": "gh", "ة": "ah", "چ": "ch", "ژ": "zh", "ء": "",
    "ٱ": "a", "ـ": "",
}  # fmt: skip
_CYRILLIC: Final[Mapping[str, str]] = {
    **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True)),
    **dict(zip("іәөүұҡқһҳїєґҷ", "iaouuqqhhyegj", strict=True)),
    "ё": "yo", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ь": "", "ю": "yu", "я": "ya",
    "џ": "j", "ғ": "gh", "ј": "y", "ӏ": "",
}  # fmt: skip
_LATIN: Final[Mapping[str, str]] = {
    "ə": "a", "ı": "i", "æ": "ae", "ø": "o", "œ": "o", "ß": "ss", "ł": "l", "đ": "dh", "þ": "th", "ð": "dh",
}  # fmt: skip
_MARKED: Final = str.maketrans(
    {"ğ": "gh", "ç": "ch", "š": "sh", "ž": "zh", "č": "ch", "ḫ": "kh", "ẖ": "kh", "ġ": "gh", "ṯ": "th", "ḏ": "dh"}
    | {"ǧ": "j", "ё": "yo", "й": "y", "ї": "yi"}
)
"""Letters whose mark is half of their meaning; every other mark is dropped."""

_LETTERS: Final = str.maketrans({**_ARABIC, **_CYRILLIC, **_LATIN})
_SILENT: Final = str.maketrans(dict.fromkeys("'`´‘’ʻʼʽʾʿˈˌʹ׳′\u200c\u200d\u200e\u200f", ""))
_TOGETHER: Final[tuple[tuple[str, str], ...]] = (
    ("shch", "S"), ("tsch", "c"), ("dsch", "j"), ("sch", "S"), ("tch", "c"), ("dzh", "j"), ("dj", "j"), ("dg", "j"),
    ("zh", "j"), ("sh", "S"), ("ch", "c"), ("kh", "x"), ("gh", "G"), ("th", "T"), ("dh", "D"), ("ph", "f"),
    ("ck", "k"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("c", "k"),
)  # fmt: skip
_PAIR: Final = re.compile("|".join(letters for letters, _ in _TOGETHER))
_SOUND_OF: Final = dict(_TOGETHER)
_ARTICLE: Final = re.compile(r"[aeiou]h?([lrnsztd]|sh|ch|th|dh|j|dj)")
_JOINED: Final = re.compile(r"(?:al|el)(?=[^eiou ].{2})")
_WORDS: Final = re.compile(r"[^\w\ue000]+|_+")
_TWICE: Final = re.compile(r"(?<!^)(.)\1+|^([aeiou])\2+")
_CLASSES: Final = str.maketrans(
    {"q": "k", "g": "k", "G": "k", "x": "h", "D": "d", "p": "b", "S": "s", "z": "s", "c": "s", "T": "t", "v": "f"}
    | dict.fromkeys(VOWELS + "wyEI", None)
)


def plain(text: str) -> str:
    """A name in plain Latin letters and single blanks, without case and marks; other scripts stay as they are.

    >>> plain("Ḩarbinafsah"), plain("حربنفسه"), plain("Дейр-эз-Зор")
    ('harbinafsah', 'hrbnfsh', 'deyr ez zor')
    """
    return _spelt(text).replace(_BREAK, "")


def _spelt(text: str) -> str:
    """The same, with a break before each h that is a letter of its own: s and h are not sh."""
    text = text[:MOST_LETTERS].casefold().translate(_MARKED).translate(_SILENT)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))  # 1
    text = re.sub(r"([\u0628-\u0647])\1", r"\1ا\1", text)  # written twice: a short vowel stands between
    text = re.sub(r"\b(?:و?ال)(?=\w{2})", "ال ", text)  # an Arabic article becomes a word of its own
    text = re.sub(r"(?<=\w)ة(?= \w)", "ت", text)  # spoken before another word
    return " ".join(_WORDS.sub(" ", text.translate(_LETTERS)).split())  # 2


def sounds(text: str) -> tuple[str, ...]:
    """The rows of sounds that a name can be: the first with what may be an article left out, if that leaves a name.

    Args:
        text: in any script; of a long one, the first `MOST_LETTERS` letters.

    Returns:
        One row or two, each of at most `MOST_SOUNDS` letters of `SOUNDS`, or of a script that is not known; none for
        a text without letters.

    >>> sounds("Ar-Raqqah"), sounds("الرقة"), sounds("Эр-Ракка")
    (('raqa',), ('rqa',), ('raka',))
    """
    return _rows(text[:MOST_LETTERS])


@lru_cache(maxsize=4096)
def _rows(text: str) -> tuple[str, ...]:
    words = _spelt(text).split(" ")
    kept = [word for i, word in enumerate(words) if not _is_article(word, words[i + 1 :])]  # 3
    rows = ["".join(map(_sounds_of, kept)), "".join(map(_sounds_of, words))]
    if len(words) == 1 and (joined := _JOINED.match(words[0])):
        rows = [_sounds_of(words[0][joined.end() :]), rows[1]]
    rows = [_TWICE.sub(r"\1\2", row)[:MOST_SOUNDS] for row in rows]  # 6
    return tuple(dict.fromkeys(row for row in rows if row))[: 1 if len(words) > 1 else 2]


def _is_article(word: str, after: list[str]) -> bool:
    """Whether a word is the article before the next one, with its l or with the sound that took its place."""
    found = _ARTICLE.fullmatch(word)
    return bool(found and after and (found[1] == "l" or after[0].startswith(found[1])))


def _sounds_of(word: str) -> str:
    word = re.sub(r"^rh", "gh", word)  # French
    word = _PAIR.sub(lambda found: _SOUND_OF[found[0]], word)  # 4
    word = re.sub(r"(?<=.{2})h$", "", word.replace(_BREAK, ""))  # 5: an ending that nobody hears
    word = re.sub(r"(?<=[^aeiou])t$", "E", word)  # 5: Arabic letters one by one: the t of the same ending
    return re.sub(r"(?<=.{2})i?[iy]$", "I", word)


def skeleton(row: str) -> str:
    """The consonants of a row of sounds, in classes broad enough for most mishearings.

    >>> [skeleton(sounds(name)[0]) for name in ("Hirbinifsah", "Kharbnafse", "حربنفسه")]
    ['hrbnfs', 'hrbnfs', 'hrbnfs']
    """
    return _TWICE.sub(r"\1\2", row.translate(_CLASSES)) or row


_FULL: Final = 100
_LEFT_OUT: Final[Mapping[str, int]] = {
    **dict.fromkeys(VOWELS, 20), "w": 35, "y": 30, "h": 45, "E": 15, "I": 60, "q": 75, "G": 80,
}  # fmt: skip
"""What it costs to leave a sound out, where that is less than a whole consonant."""

_NEAR: Final = """
ae 10 ai 15 ao 15 au 20 ei 5 eo 15 eu 20 iu 15 io 20 ou 5
wu 5 wo 10 wa 25 wv 10 we 25 yi 5 ye 10 ya 20 wf 50 yj 35 ij 35 wb 60
xh 15 xk 35 xG 40 hk 55 hG 55 hg 50 hE 20 Gg 10 Gk 45 Gq 45 Gr 45 qk 5 qg 20 kg 35 gj 30 jy 35 Gj 45
tT 15 td 50 tE 0 Ts 30 TS 60 Tz 50 dD 10 Dz 20 dz 55 sz 40 sS 35 sc 45 Sc 10 Sj 45 cj 45 ck 40 cx 30 ch 40 jz 45 ct 60
bp 10 bv 30 bf 55 pf 45 fv 10 mn 45 mb 65 lr 60 ln 65 nr 75 hf 70 aE 15 eE 15
iI 0 yI 0 eI 5 aI 15 oI 20 uI 20 EI 30 jI 35
"""
"""What it costs, in hundredths of a whole consonant, to hear one sound for another."""


def _prices() -> NDArray[np.int32]:
    table = np.full((128, 128), _FULL, dtype=np.int32)
    for sound in SOUNDS:
        for vowel in VOWELS if sound not in VOWELS else "":
            table[ord(sound), ord(vowel)] = table[ord(vowel), ord(sound)] = _FULL + 20
    pairs = _NEAR.split()
    for pair, price in zip(pairs[::2], pairs[1::2], strict=True):
        table[ord(pair[0]), ord(pair[1])] = table[ord(pair[1]), ord(pair[0])] = int(price)
    np.fill_diagonal(table, 0)
    table[UNKNOWN, UNKNOWN] = _FULL  # two letters that nobody here can read are not the same letter
    return table


PRICES: Final = _prices()
"""`(128, 128)` hundredths of a consonant, by the codes of two sounds."""

LEFT_OUT: Final = np.array([_LEFT_OUT.get(chr(code), _FULL) if code else 0 for code in range(128)], dtype=np.int32)
"""`(128,)` what it costs to leave a sound out or to add it; 0 for the filler at the end of a row."""


def packed(rows: list[str]) -> NDArray[np.uint8]:
    """Rows of sounds as `(n, MOST_SOUNDS)` codes, filled up with 0; letters of other scripts become `UNKNOWN`."""
    text = "".join(row[:MOST_SOUNDS].ljust(MOST_SOUNDS, "\0") for row in rows)
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").reshape(len(rows), MOST_SOUNDS)
    made: NDArray[np.uint8] = np.minimum(codes, UNKNOWN).astype(np.uint8)
    return made


def likeness(row: str, others: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How alike a row of sounds is to many others: weighted edit distance, whole numbers only.

    Args:
        row: sounds of the name that is looked for.
        others: `(n, MOST_SOUNDS)` as `packed` gives them.

    Returns:
        `(n,)` 0..1000: 1000 = the same sounds, 0 = nothing in common.
    """
    mine = packed([row])[0]
    mine = mine[mine > 0]
    others = others[:, : max(int((others > 0).sum(axis=1).max(initial=0)), 1)]
    added = LEFT_OUT[others]
    best = np.concatenate([np.zeros((len(others), 1), np.int64), np.cumsum(added, axis=1)], axis=1)
    for code in mine:
        last, best = best, np.empty_like(best)
        best[:, 0] = last[:, 0] + LEFT_OUT[code]
        swapped = last[:, :-1] + PRICES[code][others]
        kept = np.minimum(swapped, last[:, 1:] + LEFT_OUT[code])
        for j in range(others.shape[1]):
            best[:, j + 1] = np.minimum(kept[:, j], best[:, j] + added[:, j])
    weight = np.maximum(added.sum(axis=1), int(LEFT_OUT[mine].sum()))
    # the filler costs nothing to add and a whole sound to put in place of another, so the last column is the answer
    alike: NDArray[np.int64] = np.maximum(1000 - best[:, -1] * 1000 // np.maximum(weight, 1), 0)
    return alike
