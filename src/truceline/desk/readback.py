"""What did they mean? Words about a place and a time, turned into a question with numbered answers.

A caller writes "Harb Bebsi, yesterday at 2"; the lists of places and the calendar give what that can mean, and the
caller chooses. Nothing is decided for anybody: who answers 0, or not at all, leaves the words as they are.

Source: in 2016 the village Hirbinifsah was logged as "Harb Bebsi" and attributed to the wrong governorate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec

from truceline.desk.naming import place_in
from truceline.evidence.moments import Moment, moments
from truceline.evidence.names import RIVALS, SAME, Names, Place, country_of
from truceline.evidence.places import Placer, Spot
from truceline.evidence.reading import Found
from truceline.evidence.whereabouts import AT, SETTLED, is_bare, place_words, region_of_words
from truceline.space import Region

MOST_OPTIONS: Final = 4
"""More numbered answers than this nobody reads on a small screen."""

ALIKE: Final = 650
"""A name that is less like the one that was written is not asked about."""

MOST_NAME: Final = 60
"""What is longer is no name, though one may stand in it."""

_PLACES, _TIMES = 2, 2
_MOST_LOOKUPS, _LONGEST = 60, 3
_LEAST_LONE: Final = 960
"""In running text a word that no preposition announces has to be this much alike: most words are no places."""

_WORD: Final = re.compile(r"[^\W\d_][^\s\d,.;:!?()،؛؟\"«»]*")
_BEFORE: Final = frozenset(
    "in at near of from on around towards village town city into over"
    " في قرب من على بين نحو قرية بلدة مدينة ريف حي ناحية منطقة"
    " в на около возле под у из близ село селе деревня деревне город городе поселок посёлок районе".split()
)
"""Words behind which a place is named."""

_JOINED: Final = "بلو"
"""Arabic prepositions of one letter, written together with the name."""


class Option(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer that can be chosen.

    Attributes:
        places: ids of the lists: one, or two for "between X and Y"; none = the words about the place stay as they are.
        when: a time text; empty = the words about the time stay as they are.
        precision: of the time: `hour`, `day`, or a part of the day.
    """

    places: tuple[str, ...] = ()
    when: str = ""
    precision: str = ""


def options_of(place: str, time: str, names: Names, *, now: int, tz: str) -> tuple[Option, ...]:
    """What words about a place and a time can mean, the likeliest first.

    Args:
        place: such as "near Hirbnafsa"; empty = nothing was said.
        time: such as "yesterday at 2 pm".
        names: the lists of places.
        now: UTC second at which it was said.
        tz: the zone of the civil clock.

    Returns:
        At most `MOST_OPTIONS`; none where neither is understood.
    """
    where = _places(place, names)[:_PLACES]
    when = moments(time, now=now, tz=tz, most=_TIMES) if time.strip() else ()
    if not where and not when:
        return ()
    each = ((ids, moment) for moment in when or (Moment("", ""),) for ids in where or ((),))
    return tuple(Option(ids, moment.text, moment.precision) for ids, moment in islice(each, MOST_OPTIONS))


def _places(text: str, names: Names) -> list[tuple[str, ...]]:
    """The ids that words about a place can mean."""
    if not text.strip() or is_bare(text):
        return []
    words = place_words(text)
    if len(words.names) > 1:
        sure = [names.sure(name) for name in words.names]
        return [tuple(one.id for one in sure if one is not None)] if all(sure) else []
    found = _asked_about(words.names[0], names) if len(words.names[0]) <= MOST_NAME else []
    if not found and (inner := place_in_text(text, names)) not in ("", text):
        found = _asked_about(place_words(inner).names[0], names)
    return [(one.id,) for one in found]


def _asked_about(name: str, names: Names) -> list[Found]:
    """The places that somebody is asked about: the sure one, with the unit of its very name; else the most alike."""
    found = names.find(name, most=RIVALS)
    sure = names.decided(name, found)
    if sure is None:
        return [one for one in found if one.score >= ALIKE]
    return [sure, *(one for one in found if one.kind.startswith("unit:") and one.score == sure.score == SAME)]


def said(option: Option, names: Names, lang: str) -> str:
    """The place of an option in words; empty = it has none, or the lists do not hold it any more."""
    known = [names.places[one] for one in option.places if one in names.places]
    return "; ".join(place_in(one, names, lang) for one in known)


# -- words within words ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Piece:
    start: int
    end: int
    score: int
    is_announced: bool


def place_in_text(text: str, names: Names) -> str:
    """The words about a place within running text, such as those of a text message; empty = none are found.

    The name has to be one that the lists surely know; what stands before it ("near", "5 km north of") comes along.
    """
    pieces = list(islice(_pieces(text, names), _MOST_LOOKUPS))
    if not pieces:
        return ""
    announced = [one for one in pieces if one.is_announced]
    if announced:  # the first is the place, what follows says where that lies: "the village Hirbnafsa west of Rastan"
        return _with_relation(text, min(announced, key=lambda one: (one.start, -one.end)))
    return _with_relation(text, max(pieces, key=lambda one: (one.score, one.end - one.start, -one.start)))


def _pieces(text: str, names: Names) -> Iterator[_Piece]:
    """Runs of one to three words that are surely a place; those behind a preposition first."""
    words = list(_WORD.finditer(text))
    plain = [one[0].casefold() for one in words]
    starts = sorted(range(len(words)), key=lambda i: not (i and plain[i - 1] in _BEFORE))
    tried = 0
    for i in starts:
        is_announced = bool(i) and plain[i - 1] in _BEFORE
        if plain[i] in _BEFORE:
            continue
        for last in range(min(i + _LONGEST, len(words)) - 1, i - 1, -1):
            tried += 1
            if tried > _MOST_LOOKUPS:
                return
            found, begin = _sure(text, words[i].start(), words[last].end(), names)
            if found is not None and (is_announced or found.score >= _LEAST_LONE):
                yield _Piece(begin, words[last].end(), found.score, is_announced)


def _sure(text: str, start: int, end: int, names: Names) -> tuple[Found | None, int]:
    """The place that a run of words surely is, and where its name begins: not with a preposition of one letter."""
    found = names.sure(text[start:end])
    if found is None and text[start] in _JOINED and end - start > 3:
        return names.sure(text[start + 1 : end]), start + 1
    return found, start


def _with_relation(text: str, best: _Piece) -> str:
    """The name with the words before it that say where from it: the longest that are understood."""
    name = text[best.start : best.end]
    starts = [one.start() for one in re.finditer(r"\S+", text[: best.start])][-6:]
    for start in starts:
        words = place_words(text[start : best.end])
        if words.relation != AT and words.names == (name,):
            return text[start : best.end]
    return name


# -- what was chosen, on the ground ------------------------------------------------------------------------------------


class _Chosen:
    """A `Finder` for which each name means the place that was chosen."""

    def __init__(self, chosen: Sequence[Found], names: tuple[str, ...]) -> None:
        self._of = dict(zip(names, chosen, strict=False))
        self._first = chosen[0]

    def find(self, text: str, *, near: tuple[float, float] | None = None, most: int = 5) -> Sequence[Found]:
        del near, most
        return [self._of.get(text, self._first)]

    def sure(self, text: str, *, near: tuple[float, float] | None = None) -> Found | None:
        del near
        return self._of.get(text, self._first)


def region_of(words: str, places: Sequence[str], names: Names, placer: Placer) -> Region | None:
    """Everywhere that words can mean when their names mean these places.

    Args:
        words: such as "near Hirbnafsa".
        places: ids of the lists, one for each name.
        names: the lists.
        placer: precision table and units.

    Returns:
        None where no place was chosen, or where the words have no bound.
    """
    known = [names.places[one] for one in places if one in names.places]
    if not known or len(known) != len(places):
        return None
    if known[0].is_unit:
        code = known[0].id.removeprefix("unit:")
        return placer.region(Spot("", areas=(code,), country=country_of(placer.atlas, code)))
    taken = place_words(words)
    if len(known) == 1 and (len(taken.names) != 1 or taken.relation in (AT, SETTLED)):
        one = known[0]
        return placer.region(Spot(one.kind, one.lon_deg, one.lat_deg, country=one.country))
    return region_of_words(words, _Chosen([_found(one, names) for one in known], taken.names), placer)


def _found(place: Place, names: Names) -> Found:
    unit = names.unit_of(place)
    return Found(
        place.id, place.name, place.lon_deg, place.lat_deg, place.kind, place.country, unit, SAME, place.name
    )  # fmt: skip
