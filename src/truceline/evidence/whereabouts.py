"""Where can words about a place mean? "Near X", "countryside of X", "between X and Y", in three languages.

`place_words` parts the words from the names, `region_of_words` looks the names up and gives everywhere they can mean.
What has no bound ("north of X") and what can mean several places has no region: nothing is guessed.

Source: the precision table of the signed agreement.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import shapely

from truceline.evidence.names import RIVALS, SURE_LEAD, country_of, least_of
from truceline.evidence.places import Placer, Spot
from truceline.evidence.reading import Finder, Found
from truceline.space import MOST_RADIUS_M, UNITS_PER_DEGREE, Region, quantise

MOST_TEXT: Final = 200
"""Words about a place are no longer than so many letters."""

BESIDE_E7: Final = 50_000
"""Units whose outlines come within about half a kilometre adjoin: maps draw one border twice."""

DEGREE_M: Final = 111_195
"""Metres in a degree of latitude, for telling a city from a governorate."""

AT, SETTLED, NEAR, AROUND, BETWEEN, TOWARDS = "at", "settled", "near", "around", "between", "towards"
PART, ROAD, EITHER = "part", "road", "either"
"""How words place a report: at a name, at what they call a city or village, near it, in its countryside, between two,
in its northern part, at one of two, on the road from one to another, which runs as it likes and so has no region, or on
one side of a place, which has no bound unless a distance is told. Besides, `unit:LEVEL`: the unit of that name."""

_KM = (
    r"(?P<far>\d+(?:[.,]\d+)?) ?"
    r"(?P<unit>km|kilomet\w+|m|met\w+|miles?|كم|كلم|كيلومتر\w*|км|километр\w*|метр\w*)"
)
_METRES: Final = (("mi", 1_609), ("met", 1), ("метр", 1), ("m", 1), ("", 1_000))
"""How the word for a unit of length begins, and its metres; the first that fits."""

_SIDE = r"(?:(?:north|south|east|west|northern|southern|eastern|western|central|[ns]\w+-?(?:east|west)\w*)\s+)*"
_PHRASES: Final[tuple[tuple[str, str], ...]] = (
    (ROAD, r"(?:on )?(?:the )?(?:road|highway|route|way) (?:from|between) (?P<a>.+?) (?:to|and) (?P<b>.+)"),
    (ROAD, r"(?:ال)?طريق (?:من|بين) (?P<a>.+?) (?:(?:إلى|الى) |و\s?)(?P<b>.+)"),
    (ROAD, r"(?:на )?(?:дорог\w+|трасс\w+|шоссе) (?:из|от|между) (?P<a>.+?) (?:в|до|и) (?P<b>.+)"),
    (BETWEEN, r"(?:in )?between (?P<a>.+?) and (?P<b>.+)"),
    (BETWEEN, r"(?:ما )?بين (?P<a>.+?) و\s?(?P<b>.+)"),
    (BETWEEN, r"между (?P<a>.+?) и (?P<b>.+)"),
    (AROUND, rf"(?:the )?{_SIDE}(?:countryside|rural areas?|suburbs|outskirts) of (?P<a>.+)"),
    (AROUND, rf"(?P<a>.+?)(?:['’]s)? {_SIDE}(?:countryside|suburbs|outskirts)"),
    (AROUND, r"rural (?P<a>.+)"),
    (AROUND, r"(?:ال)?ريف (?P<a>.+?)(?: ال(?:شمالي|جنوبي|شرقي|غربي)(?: ال\w+)?)?"),
    (AROUND, r"(?:в )?(?:\w+ (?:части )?)?(?:сельск\w+ местност\w+|предместь\w+|пригород\w*|окрестност\w+) (?P<a>.+)"),
    (TOWARDS, rf"{_KM} (?:away )?(?:to the )?(?:{_SIDE}(?:north|south|east|west)[\w-]*|[NSEW]{{1,3}}) of (?P<a>.+)"),
    (TOWARDS, rf"{_KM} (?:away )?(?:from|off|outside|out of) (?P<a>.+)"),
    (TOWARDS, rf"(?:على بعد )?{_KM} (?:(?:شمال|جنوب|شرق|غرب)ي?(?: (?:شرق|غرب)ي?)?|من|عن) (?P<a>.+)"),
    (TOWARDS, rf"(?:в )?{_KM} (?:(?:к |на )?(?:север|юг|восток|запад)[\w-]* от|от|[\w-]+нее) (?P<a>.+)"),
    (TOWARDS, rf"(?:\d\S* ?(?:km|kilomet\w+|m|miles?) )?(?:to the )?{_SIDE}(?:north|south|east|west)\w* of (?P<a>.+)"),
    (TOWARDS, r"(?:شمال|جنوب|شرق|غرب)ي? (?:(?:شرق|غرب)ي? )?(?P<a>.+)"),
    (TOWARDS, r"(?:в \S+ км )?(?:северо|юго|север|юг|восто|запад)\S*нее (?P<a>.+)"),
    (NEAR, r"(?:near|close to|next to|(?:in )?the vicinity of|in the area of|vicinity of|around|outside) (?P<a>.+)"),
    (NEAR, r"(?:قرب|بالقرب من|بجوار|جوار|محيط|في محيط) (?P<a>.+)"),
    (NEAR, r"(?:близ|вблизи|около|возле|рядом с|недалеко от|под|в районе|у) (?P<a>.+)"),
    ("unit:1", r"(?:the )?(?:governorate|province|muhafazat) of (?P<a>.+)|(?P<b>.+) (?:governorate|province)"),
    ("unit:1", r"محافظة (?P<a>.+)"),
    ("unit:1", r"(?:провинци[яи]|мухафаз[аы]) (?P<a>.+)"),
    ("unit:3", r"(?:the )?(?:sub-?district|nahiya[ht]?) of (?P<a>.+)|(?P<b>.+) sub-?district|nahiya[ht]? (?P<c>.+)"),
    ("unit:3", r"ناحية (?P<a>.+)"),
    ("unit:2", r"(?:the )?district of (?P<a>.+)|(?P<b>.+) district"),
    ("unit:2", r"(?:منطقة|قضاء) (?P<a>.+)"),
    (SETTLED, r"(?:the )?(?:city|town|village) of (?P<a>.+)|(?P<b>.+) (?:city|town|village)"),
    (SETTLED, r"(?:مدينة|بلدة|قرية) (?P<a>.+)"),
    (EITHER, r"(?:either )?(?P<a>.+?) or (?P<b>.+)"),
    (EITHER, r"(?:إما )?(?P<a>.+?) أو (?P<b>.+)"),
    (EITHER, r"(?:или )?(?P<a>.+?) или (?P<b>.+)"),
    (SETTLED, r"(?:г\.|город\w*|н\. ?п\.|насел[её]нн\w+ пункт\w*|деревн\w+|пос[её]л\w+) ?(?P<a>.+)"),
)  # fmt: skip
_KNOWN: Final = tuple((relation, re.compile(words, re.IGNORECASE)) for relation, words in _PHRASES)
_CASES: Final = (
    ("ом", ""), ("ем", ""), ("а", ""), ("у", ""), ("е", ""), ("е", "а"), ("ой", "а"), ("ей", "я"), ("ы", "а"),
    ("и", "а"), ("и", "я"), ("у", "а"), ("ю", "я"), ("я", "ь"), ("ем", "ь"),
)  # fmt: skip
"""Endings of Russian cases and what the name ends in when it stands alone."""

_SIDED: Final = re.compile(
    r"(?:the )?(?:(?:(?:north|south)[ -]?)?(?:north|south|east|west)ern|central) (?P<a>\S.*)"
    r"|(?:северо-|юго-)?(?:северн|южн|восточн|западн|центральн)(?!ее )\w+ (?:част\w+ )?(?P<b>\S.*)",
    re.IGNORECASE,
)
"""The northern part of whatever follows."""

_AT_FIRST: Final = re.compile(r"^(?:in|at|на|в|во|في)\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Words:
    """Words about a place, taken apart.

    Attributes:
        relation: one of `at`, `settled`, `near`, `around`, `between`, `towards`, `part`, `either`, `road`,
            `unit:LEVEL`.
        names: one name, or two for `between`, `either` and `road`.
        away_m: the distance that is told; 0 = none is.
    """

    relation: str
    names: tuple[str, ...]
    away_m: int = field(default=0, repr=False)


def place_words(text: str) -> Words:
    """Take "near X", "countryside of X", "between X and Y" apart, in English, Arabic and Russian.

    >>> place_words("near Ar Raqqah"), place_words("بين حماة وحمص")
    (Words(relation='near', names=('Ar Raqqah',)), Words(relation='between', names=('حماة', 'حمص')))
    """
    text = " ".join(text[:MOST_TEXT].split()).strip(" .,;:")
    bare = _AT_FIRST.sub("", text)
    if sided := _SIDED.fullmatch(bare):
        inner = place_words(sided["a"] or sided["b"])
        return Words(PART, inner.names) if inner.relation == AT else inner  # the whole of it holds each of its sides
    for relation, words in _KNOWN:
        found = words.fullmatch(text) or words.fullmatch(bare)
        if found:
            parts = found.groupdict()
            away_m = _metres(parts.pop("far", None), parts.pop("unit", None))
            return Words(relation, tuple(name.strip() for name in parts.values() if name and name.strip()), away_m)
    return Words(AT, (bare,))


def _metres(number: str | None, unit: str | None) -> int:
    """A distance in whole metres, a tenth longer than told: people say round numbers."""
    if not number or not unit:
        return 0
    metres = next(value for word, value in _METRES if unit.casefold().startswith(word))
    return math.ceil(round(min(float(number.replace(",", ".")), 1e6) * metres * 1.1, 3))


def is_bare(text: str) -> bool:
    """Whether words about a place lack the place: "near", "village of"; no letters at all are no words either.

    >>> is_bare("near"), is_bare("-"), is_bare("Homs")
    (True, True, False)
    """
    plain = " ".join(text[:MOST_TEXT].split()).strip(" .,;:")
    made = place_words(f"{plain} Xx")
    is_word = made.names == ("Xx",) and (made.relation != AT or _AT_FIRST.fullmatch(f"{plain} ") is not None)
    return not any(c.isalpha() for c in plain) or is_word


def region_of_words(
    text: str, names: Finder, placer: Placer, *, near: tuple[float, float] | None = None
) -> Region | None:
    """Everywhere that words about a place can mean.

    Args:
        text: "Homs", "near Ar Raqqah", "countryside of Hama", "between Hama and Homs".
        names: finds places; `Manner.finder` of a reader.
        placer: precision table and units.
        near: longitude and latitude of a place that it lies near.

    Returns:
        None where a name is not known or can mean several, or where the words have no bound. A bare name that a
        settlement shares with the unit about it is the unit: the words do not say which.
    """
    words = place_words(text)
    code = _stated_unit(text, words, names, placer)
    if code is not None:
        return placer.region(Spot("", areas=(code,), country=country_of(placer.atlas, code))) if code else None
    found = [_meant(name, names, near) for name in words.names]
    places = [one for one in found if one is not None]
    if words.relation in (AT, PART) and (code := _unit(words.names[0], names, placer, 1)):
        best = names.find(words.names[0], near=near, most=1)
        if (places and places[0].unit == code) or (best and best[0].id == f"unit:{code}"):
            return placer.region(Spot("", areas=(code,), country=country_of(placer.atlas, code)))
    if len(places) < len(found) or words.relation == ROAD:
        return None
    if words.relation == TOWARDS:
        return _within(places[0], words.away_m, placer) if words.away_m else None
    if words.relation in (BETWEEN, EITHER):
        return _hull(places, placer)
    if words.relation in (AROUND, PART):
        return _about(places[0], placer)
    return _disc(places[0], placer, twice=words.relation == NEAR)


def _stated_unit(text: str, words: Words, names: Finder, placer: Placer) -> str | None:
    """Code of the unit that words state; empty = one that is not known, None = they state none."""
    whole = _unit(text, names, placer, 1) if words.relation == AROUND else None  # "Rif Dimashq" is a unit of its own
    if whole or not words.relation.startswith("unit:"):
        return whole
    return _unit(words.names[0], names, placer, int(words.relation.removeprefix("unit:"))) or ""


def _meant(name: str, names: Finder, near: tuple[float, float] | None) -> Found | None:
    """The one settlement that a name means, also where Russian has put it into another case."""
    forms = [name, *(name.removesuffix(end) + first for end, first in _CASES if name.endswith(end))]
    return next((one for form in forms if (one := names.sure(form, near=near)) is not None), None)


def _unit(text: str, names: Finder, placer: Placer, level: int) -> str | None:
    """Code of the one unit of a level that a name means; None where none or more than one can be meant."""
    units = placer.atlas.gazetteer
    if (code := units.find(text, level)) and code in units:
        return units.code(code)
    found = [one for one in names.find(text, most=3 * RIVALS) if one.kind == f"unit:{level}"]
    if not found or found[0].score < least_of(text) or any(found[0].score - o.score < SURE_LEAD for o in found[1:]):
        return None
    return found[0].id.removeprefix("unit:")


def _disc(one: Found, placer: Placer, *, twice: bool) -> Region:
    """The disc of a place, or for "near" twice its radius."""
    made = placer.region(Spot(one.kind, one.lon_deg, one.lat_deg, country=one.country))
    return replace(made, radius_m=made.radius_m * 2) if twice else made


def _within(one: Found, away_m: int, placer: Placer) -> Region | None:
    """The disc of a place with a distance about it; None where the precision table has no disc for it."""
    made = _disc(one, placer, twice=False)
    radius_m = made.radius_m + away_m
    return replace(made, radius_m=radius_m) if made.kind == "disc" and radius_m <= MOST_RADIUS_M else None


def _about(one: Found, placer: Placer) -> Region | None:
    """The district that holds a place; where no district is known, the next larger unit, else the country.

    A city that is a unit of its own has its countryside in the units that adjoin it.
    """
    point = quantise(one.lon_deg, one.lat_deg)
    code = placer.holding(point, 2) or placer.holding(point, 1) or one.country
    areas = (code, *_adjoining(one, code, placer))
    return placer.region(Spot("", one.lon_deg, one.lat_deg, country=one.country, areas=areas)) if code else None


def _adjoining(one: Found, code: str, placer: Placer) -> tuple[str, ...]:
    """The units of one level about a unit that is no larger than twice the disc of its city; none about others."""
    atlas = placer.atlas
    unit, shape = atlas.gazetteer.unit(code), atlas.shapes.get(atlas.gazetteer.code(code))
    if unit is None or shape is None or unit.level == 0:
        return ()
    square_m = shapely.area(shape) / UNITS_PER_DEGREE**2 * DEGREE_M**2 * math.cos(math.radians(one.lat_deg))
    if square_m > math.pi * _disc(one, placer, twice=True).radius_m ** 2:
        return ()
    codes = (atlas.gazetteer.code(other.code) for other in atlas.gazetteer if other.level == unit.level)
    shapes = {other: atlas.shapes[other] for other in codes if other in atlas.shapes}
    near = {other for other, one in shapes.items() if shapely.distance(one, shape) <= BESIDE_E7}
    return tuple(sorted(near - {atlas.gazetteer.code(code)}))


def _hull(places: Sequence[Found], placer: Placer) -> Region | None:
    """The hull of two discs, both with the larger radius; None where the precision table has no disc for one."""
    discs = [_disc(one, placer, twice=False) for one in places]
    if len(discs) != 2 or any(one.kind != "disc" for one in discs):
        return None
    points = [degrees for one in places for degrees in quantise(one.lon_deg, one.lat_deg)]
    countries = {one.country for one in places}
    return Region(
        "hull", radius_m=max(one.radius_m for one in discs), points_e7=tuple(points),
        country=places[0].country if len(countries) == 1 else "",
    )  # fmt: skip
