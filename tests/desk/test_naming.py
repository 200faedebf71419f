"""Naming: the lists are read when they are asked for, and a place is read back in three languages."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.evidence.bench import SHIPPED, bench
from truceline.desk import naming
from truceline.errors import InputError
from truceline.evidence.names import Names, Place
from truceline.evidence.reading import Finder, Found

BIG = Place(
    "t:1", "Zubaydah", 36.80, 35.10, "city", "SY", population=200_000, spellings=("الزبيدة", "Зубайда", "زبەیدە")
)
SMALL = Place("t:2", "Mardan", 36.60, 35.10, "village", "SY", names={"ar": "مردان", "ru": "Мардан"})
NORTH = Place("t:3", "Kafr Tallun", 36.80, 35.30, "town", "SY", population=7_000)
BESIDE = Place("t:4", "Bustan", 36.801, 35.10, "site", "SY")


def names(*places: Place) -> Names:
    """A list of the made-up places, or of some."""
    return Names(places or (BIG, SMALL, NORTH, BESIDE))


def found(place: Place) -> Found:
    """A place as it is found."""
    return Found(place.id, place.name, place.lon_deg, place.lat_deg, place.kind)


@pytest.mark.parametrize(
    ("place", "lang", "said"),
    [
        (SMALL, "en", "did you mean Mardan, village, 18 km W of Zubaydah?"),
        (SMALL, "ar", "هل تقصد مردان، قرية، على بعد 18 كم غرب الزبيدة؟"),
        (SMALL, "ru", "вы имеете в виду: Мардан, деревня, 18 км к западу от г. Зубайда?"),
        (NORTH, "en", "did you mean Kafr Tallun, town, 22 km N of Zubaydah?"),
        (BESIDE, "en", "did you mean Bustan, place, 1 km E of Zubaydah?"),
        (BIG, "en", "did you mean Zubaydah, city?"),
    ],
)
def test_a_place_is_read_back_by_its_way_from_the_next_larger_one(place: Place, lang: str, said: str) -> None:
    """Who is on the telephone says yes or no to a distance and a direction; the largest place has no larger one."""
    assert naming.read_back(found(place), names(), lang) == said


@pytest.mark.parametrize(
    ("lon", "lat", "side"),
    [
        (36.80, 35.40, "N"), (37.10, 35.35, "NE"), (37.10, 35.10, "E"), (37.10, 34.85, "SE"), (36.80, 34.80, "S"),
        (36.50, 34.85, "SW"), (36.50, 35.10, "W"), (36.50, 35.35, "NW"),
    ],
)  # fmt: skip
def test_each_of_eight_directions_is_said(lon: float, lat: float, side: str) -> None:
    """North and back round: the direction is that of the place from the larger one, never the other way."""
    place = Place("t:9", "There", lon, lat)
    assert f" {side} of Zubaydah" in naming.read_back(found(place), names(BIG, place), "en")


def test_a_language_that_is_not_spoken_is_refused() -> None:
    """The three of the house, and no fourth by accident."""
    with pytest.raises(InputError, match="expected a language of en, ar, ru, got `fr`"):
        naming.read_back(found(BIG), names(), "fr")


def test_a_name_is_shown_in_the_letters_of_the_language() -> None:
    """A Kurdish spelling is in Arabic script and is not Arabic; without a spelling the name of the list stands."""
    assert naming.name_in(BIG, names(), "ar") == "الزبيدة"
    assert naming.name_in(NORTH, names(), "ru") == "Kafr Tallun"


def test_the_atlas_says_how_a_city_is_called() -> None:
    """The governorate about a city bears its name in all three languages, in the usual spelling."""
    lists = naming.finder_of(bench().atlas, bench().agreement.precision)
    hama = lists.find("Hama", most=1)[0]
    assert [naming.name_in(lists.names.places[hama.id], lists.names, lang) for lang in naming.LANGUAGES] == [
        "Hama", "حماة", "Хама",
    ]  # fmt: skip


def test_nothing_is_read_before_a_name_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of files with coordinates pays nothing for the lists."""
    read: list[tuple[str, ...]] = []

    def noted(countries: tuple[str, ...]) -> tuple[Place, ...]:
        read.append(countries)
        return ()

    monkeypatch.setattr(naming, "geonames", noted)
    finder: Finder = naming.finder_of(bench().atlas, bench().agreement.precision)
    assert read == []
    finder.find("Homs")
    finder.sure("Homs")
    assert read == [("SY",)]
    broken = naming.finder_of(bench().atlas, bench().agreement.precision, {"own.csv": b"no list"})
    with pytest.raises(InputError, match=r"own\.csv:1: expected the columns"):
        broken.find("Homs")


def test_the_names_of_syria_are_loaded_within_a_second() -> None:
    """The package holds 80 MB of names; only one country's are decoded."""
    naming.geonames.cache_clear()
    start = time.process_time()
    lists = naming.finder_of(bench().atlas, bench().agreement.precision)
    assert len(lists.names.places) > 300
    assert time.process_time() - start < 1


def test_no_country_is_no_places_and_an_unknown_one_too() -> None:
    """The whole world is never loaded by mistake; a country of a made-up case has no places."""
    assert naming.geonames(()) == ()
    assert naming.geonames(("RV",)) == ()


def test_the_file_of_the_package_is_read_however_it_is_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without blanks after colons, the whole file is decoded instead; a broken one is one error."""
    entry = '{"geonameid":1,"name":"A","latitude":1.0,"longitude":2.0,"countrycode":"%s","population":1}'
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "cities500.json"
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path)
    for text in ('{"1":%s,"2":%s}', '{"1": %s, "2": %s}'):
        naming.geonames.cache_clear()
        file.write_text(text % (entry % "SY", entry % "TR"))
        assert [place.country for place in naming.geonames(("SY",))] == ["SY"]
    for broken in ("", "{"):
        naming.geonames.cache_clear()
        file.write_text(broken)
        with pytest.raises(InputError):
            naming.geonames(("SY",))
    naming.geonames.cache_clear()


def test_a_list_of_ones_own_wins_over_geonames() -> None:
    """The shipped case knows the village of 2016 as a village and by its name in the press."""
    own = {naming.OWN_LIST: (SHIPPED / naming.OWN_LIST).read_bytes()}
    lists = naming.finder_of(bench().atlas, bench().agreement.precision, own)
    best = lists.sure("Herbnafse")
    assert best is not None
    assert (best.id, best.name, best.kind, best.unit) == ("geonames:169886", "Hirbinifsah", "village", "SY-HM")
    assert naming.read_back(best, lists.names, "en") == "did you mean Hirbinifsah, village, 10 km W of Ar Rastan?"


def test_the_question_is_answered_without_the_rest_of_the_desk() -> None:
    """Importing the lists brings no journal, no server and no geodesy."""
    code = "import sys, truceline.evidence.names; sys.exit('sqlite3' in sys.modules or 'pyproj' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
