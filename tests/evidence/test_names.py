"""Names: every spelling of a place finds it, what can mean several is shown, words about a place become regions."""

from __future__ import annotations

import io
import json
import string
import time
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.bench import SHIPPED, bench
from truceline.atlas import read_atlas
from truceline.errors import InputError
from truceline.evidence.letters import MOST_SOUNDS, likeness, packed, plain, skeleton, sounds
from truceline.evidence.names import (
    COLUMNS,
    SAME,
    SAME_LEAD,
    SURE_LEAD,
    Names,
    Place,
    read_geonames,
    read_places,
    unit_places,
)
from truceline.evidence.places import Placer
from truceline.evidence.whereabouts import place_words, region_of_words

# Made up for these tests: two that sound alike, a pair of one name, a city, and one that nothing resembles.
MARDAN = Place("t:1", "Mardan", 36.50, 35.50, "village", "SY", spellings=("Mardān", "مردان", "Мардан"))
MARDIN = Place("t:2", "Mardin", 36.60, 35.50, "village", "SY")
TWIN_NORTH = Place("t:3", "Kafr Tallun", 36.50, 36.50, "town", "SY", population=7_000)
TWIN_SOUTH = Place("t:4", "Kafr Tallun", 36.50, 33.50, "town", "SY", population=900)
CITY = Place("t:5", "Zubaydah", 36.80, 35.10, "city", "SY", population=200_000, spellings=("الزبيدة", "Зубайда"))
LONELY = Place("t:6", "Hirbinifsah", 36.62, 34.94, "village", "SY", spellings=("حربنفسه",))
SIX = (MARDAN, MARDIN, TWIN_NORTH, TWIN_SOUTH, CITY, LONELY)
HEAD = ",".join(COLUMNS)

TEXTS = st.text(max_size=40) | st.text(alphabet=string.ascii_letters + "ابحخقكةهшхьй'‘- ", max_size=40)


def names(*places: Place) -> Names:
    """A list of the made-up places, or of some."""
    return Names(places or SIX)


@cache
def placer() -> Placer:
    """The units of the shipped case and its precision table."""
    return Placer(bench().atlas, bench().agreement.precision)


@cache
def shipped() -> Names:
    """The shipped list with the made-up places and the units of the case."""
    own = read_places((SHIPPED / "places-names.csv").read_bytes(), "places-names.csv")
    return Names([*unit_places(bench().atlas), *SIX[:5], *own], placer())


# -- sounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "alike",
    [
        ["Hirbinifsah", "Harbnafsé", "حربنفسه", "Хирбинифса", "hrbnfsh", "Ḩarb Nafsih"],
        ["Ar Raqqah", "Er-Rakka", "الرقة", "Эр-Ракка", "Raqqa", "al-Raqqa", "alrqt"],
        ["Ash Shaykh Miskīn", "Cheikh Meskine", "الشيخ مسكين", "Шейх-Мискин", "Shaikh Maskeen"],
        ["Dūmā", "Douma", "دوما", "Дума", "dwma"],
        ["Deir ez-Zor", "Dayr az Zawr", "دير الزور", "Дейр-эз-Зор"],
    ],
)
def test_spellings_of_one_name_have_one_skeleton(alike: list[str]) -> None:
    """English, French, Russian, raw consonants and Arabic itself: consonants in broad classes are the same."""
    assert len({skeleton(sounds(text)[0]) for text in alike}) == 1, [sounds(text) for text in alike]


@pytest.mark.parametrize(
    ("near", "far"),
    [
        (("Khan", "Han"), ("Khan", "Man")),
        (("Qadam", "Gadam"), ("Qadam", "Badam")),
        (("Dhiban", "Diban"), ("Dhiban", "Liban")),
        (("Hama", "Hamah"), ("Hama", "Hamal")),
        (("Bab", "Pap"), ("Bab", "Bal")),
        (("Suwayda", "Soueida"), ("Suwayda", "Salwada")),
        (("Nafse", "Nafsi"), ("Nafs", "Nafsi")),
    ],
)
def test_what_ears_confuse_is_nearer_than_what_they_do_not(near: tuple[str, str], far: tuple[str, str]) -> None:
    """A price that does not tell kh from m by less than kh from h is no model of hearing."""
    scores = [int(likeness(sounds(a)[0], packed([sounds(b)[0]]))[0]) for a, b in (near, far)]
    assert scores[0] > scores[1]


@given(TEXTS)
def test_any_text_has_sounds_of_bounded_length_and_is_most_like_itself(text: str) -> None:
    """Control characters, other scripts and nonsense: no crash, at most 32 sounds, and the whole score for itself."""
    rows = sounds(text)
    assert all(0 < len(row) <= MOST_SOUNDS for row in rows)
    assert plain(text) == plain(text.upper().lower()) or not text.isascii()
    for row in rows:
        if row.isascii():
            assert likeness(row, packed([row])).tolist() == [1000]


@given(TEXTS, TEXTS)
def test_likeness_is_the_same_both_ways_and_within_its_bounds(a: str, b: str) -> None:
    """Who is looked for and who is in the list must not matter."""
    for one in sounds(a):
        for other in sounds(b):
            there, back = likeness(one, packed([other])), likeness(other, packed([one]))
            assert there.tolist() == back.tolist()
            assert 0 <= there[0] <= 1000


def test_many_rows_are_priced_as_one_by_one() -> None:
    """The longest row of a batch must not change the price of the others."""
    rows = [row for place in SIX for text in (place.name, *place.spellings) for row in sounds(text)]
    together = likeness("mardan", packed(rows)).tolist()
    assert together == [int(likeness("mardan", packed([row]))[0]) for row in rows]


def test_letters_that_nobody_here_can_read_are_never_alike() -> None:
    """Two names in Chinese of equal length are not the same name; the same letters still are."""
    list_ = names(Place("t:9", "Homs", 36.7, 34.7, spellings=("霍姆斯",)))
    assert [one.score for one in list_.find("霍姆斯")] == [1000]
    assert list_.find("大马士") == []


# -- finding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Hirbinifsah", "Harb Bebsi", "Herbnafse", "حربنفسه", "Хирбинифса", "KHARBNAFSE"])
def test_the_village_of_2016_is_found_in_all_its_spellings(text: str) -> None:
    """In 2016 the hotline wrote it as "Harb Bebsi", and nobody found it."""
    assert names().find(text)[0].id == LONELY.id
    assert shipped().find(text)[0].id == "geonames:169886"


def test_a_mishearing_is_shown_and_not_sure() -> None:
    """It is most like the village, but two consonants are wrong: a person is asked."""
    assert names().sure("Harb Bebsi") is None
    assert names().sure("Herbnafse") is not None


def test_two_places_of_one_name_are_never_guessed() -> None:
    """Same letters, 330 km apart: both are shown, the larger first, none is sure."""
    found = names().find("Kafr Tallun")
    assert [one.id for one in found[:2]] == [TWIN_NORTH.id, TWIN_SOUTH.id]
    assert names().sure("Kafr Tallun") is None


def test_a_place_nearby_decides_between_equals_only() -> None:
    """What is said to lie near tells the twins apart; it never makes a less alike name the answer."""
    south = (36.6, 33.6)
    assert [one.id for one in names().find("Kafr Tallun", near=south)[:2]] == [TWIN_SOUTH.id, TWIN_NORTH.id]
    sure = names().sure("Kafr Tallun", near=south)
    assert sure is not None
    assert sure.id == TWIN_SOUTH.id
    assert names().sure("Mardan", near=south) is None


def test_a_near_namesake_is_no_answer_where_the_place_is_not_in_the_list() -> None:
    """Dibin is not Diban: the list may lack the place that was meant, and in a short name a vowel counts."""
    short = Place("t:8", "Dibin", 36.6, 35.5)
    assert names(short, CITY).sure("Diban") is None
    assert names(short, CITY).sure("Dibbin") is not None
    assert names(MARDIN, CITY).sure("Marjan") is None
    assert names(MARDIN, CITY).find("Marjan")[0].id == MARDIN.id


def test_an_i_at_the_end_makes_another_name() -> None:
    """Who comes from a town is called by it with an i, and so are other places: Baghdadi is not Baghdad."""
    town = Place("t:8", "Zubaydan", 36.6, 35.5)
    assert names(town).sure("Zubaydani") is None
    assert names(town).sure("Zubaydana") is not None


@given(st.permutations(SIX))
def test_the_order_of_a_list_changes_no_answer(order: list[Place]) -> None:
    """The same lists give the same answer to both parties."""
    for text in ("Mardan", "Kafr Tallun", "Harb Bebsi", "зубайда"):
        assert Names(order).find(text) == names().find(text)


@given(TEXTS)
def test_what_is_sure_is_first_and_ahead(text: str) -> None:
    """A sure answer leads all others by the margin; whatever is asked, nothing crashes."""
    found, sure = names().find(text, most=50), names().sure(text)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    if sure is not None:
        assert found[0] == sure
        lead = SAME_LEAD if sure.score == SAME else SURE_LEAD
        assert all(sure.score - one.score >= lead for one in found[1:])


def test_every_spelling_finds_its_place_with_the_whole_score() -> None:
    """Same letters are certain, and the answer says which spelling it was."""
    for place in SIX:
        for text in (place.name, *place.spellings):
            best = {one.id: one for one in names().find(text)}[place.id]
            assert (best.score, best.matched) == (1000, text)


def test_nothing_is_found_in_nothing() -> None:
    """No letters, no lists: no answer and no crash."""
    assert names().find("") == names().find("'—… ") == []
    assert Names(()).find("Homs") == []
    assert names().sure("") is None


def test_a_unit_of_that_name_about_a_city_is_no_rival() -> None:
    """Homs the city lies in Homs the governorate: the name of the city is sure, the governorate is shown."""
    homs = Place("t:7", "Homs", 36.7256, 34.7241, "city", "SY", population=700_000)
    list_ = Names([*unit_places(bench().atlas), homs], placer())
    assert [(one.id, one.unit) for one in list_.find("Homs")[:2]] == [("t:7", "SY-HI"), ("unit:SY-HI", "SY-HI")]
    assert list_.sure("Homs") is not None
    assert Names([*unit_places(bench().atlas), homs]).sure("Homs") is None  # without shapes nobody knows


# -- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "relation", "parts"),
    [
        ("Homs", "at", ("Homs",)),
        ("in Homs", "at", ("Homs",)),
        ("Near Ar Raqqah", "near", ("Ar Raqqah",)),
        ("قرب الرقة", "near", ("الرقة",)),
        ("близ Хомса", "near", ("Хомса",)),
        ("northern countryside of Hama", "around", ("Hama",)),
        ("Hama's northwestern countryside", "around", ("Hama",)),
        ("ريف حماة الشمالي", "around", ("حماة",)),
        ("в окрестностях Хомса", "around", ("Хомса",)),
        ("between Hama and Homs", "between", ("Hama", "Homs")),
        ("بين حماة وحمص", "between", ("حماة", "حمص")),
        ("между Хамой и Хомсом", "between", ("Хамой", "Хомсом")),
        ("Homs governorate", "unit:1", ("Homs",)),
        ("محافظة حمص", "unit:1", ("حمص",)),
        ("провинция Хомс", "unit:1", ("Хомс",)),
        ("district of Ariha", "unit:2", ("Ariha",)),
        ("Suran subdistrict", "unit:3", ("Suran",)),
        ("ناحية صوران", "unit:3", ("صوران",)),
        ("the city of Homs", "settled", ("Homs",)),
        ("г. Хомс", "settled", ("Хомс",)),
        ("12 km north of Hama", "towards", ("Hama",)),
        ("شمال حماة", "towards", ("حماة",)),
        ("севернее Хамы", "towards", ("Хамы",)),
        ("northern Aleppo", "part", ("Aleppo",)),
        ("northern Hama countryside", "around", ("Hama",)),
        ("southern Homs governorate", "unit:1", ("Homs",)),
        ("северная часть Хомса", "part", ("Хомса",)),
        ("3 km N of Hama", "towards", ("Hama",)),
        ("12 km from Hama", "towards", ("Hama",)),
        ("على بعد 12 كم من حماة", "towards", ("حماة",)),
        ("в 12 км от Хамы", "towards", ("Хамы",)),
        ("the road from Hama to Homs", "road", ("Hama", "Homs")),
        ("طريق من حماة إلى حمص", "road", ("حماة", "حمص")),
        ("дорога из Хамы в Хомс", "road", ("Хамы", "Хомс")),
        ("Hama or Homs", "either", ("Hama", "Homs")),
        ("حماة أو حمص", "either", ("حماة", "حمص")),
        ("Хама или Хомс", "either", ("Хама", "Хомс")),
    ],
)
def test_words_about_a_place_are_parted_from_its_name(text: str, relation: str, parts: tuple[str, ...]) -> None:
    """Three languages say near, about, between, in the unit of: the name is what remains."""
    made = place_words(text)
    assert (made.relation, made.names) == (relation, parts)


@given(TEXTS)
def test_any_words_are_taken_apart(text: str) -> None:
    """At least one name and two at most, in bounded time, whatever is written."""
    assert 1 <= len(place_words(text).names) <= 2


def test_long_words_are_taken_apart_in_bounded_time() -> None:
    """A text made to exhaust a pattern is cut before it is looked at."""
    start = time.perf_counter()
    place_words("north " * 100_000 + "x")
    place_words("a " * 100_000 + "countrysid")
    assert time.perf_counter() - start < 2


def test_near_is_twice_the_disc_and_between_is_the_hull() -> None:
    """The precision table of semantics.md, row by row."""
    at = region_of_words("Mardan village", shipped(), placer())
    near = region_of_words("near Mardan", shipped(), placer())
    hull = region_of_words("between Mardan and Zubaydah", shipped(), placer())
    assert at is not None
    assert near is not None
    assert hull is not None
    assert (at.kind, at.radius_m, at.country) == ("disc", 2_000, "SY")
    assert (near.kind, near.radius_m) == ("disc", 4_000)
    assert (hull.kind, hull.radius_m, hull.points_e7) == (
        "hull", 8_000, (365_000_000, 355_000_000, 368_000_000, 351_000_000),
    )  # fmt: skip


def test_the_countryside_is_the_district_or_the_next_larger_unit() -> None:
    """The shipped areas have no districts: then it is the governorate, never less."""
    about = region_of_words("countryside of Zubaydah", shipped(), placer())
    assert about is not None
    assert (about.kind, about.areas) == ("area", ("SY-HM",))


@pytest.mark.shared
def test_the_countryside_is_the_district_where_districts_are_known(data: Path) -> None:
    """With districts at hand the countryside of the village is its district, and a name they share is no rival."""
    file = data / "admin" / "syria_admin2.parquet"
    areas = {"areas.geojson": (SHIPPED / "areas.geojson").read_bytes(), file.name: file.read_bytes()}
    atlas = read_atlas(areas, (SHIPPED / "units.csv").read_bytes())
    finer = Placer(atlas, bench().agreement.precision)
    homs = Place("t:7", "Homs", 36.7256, 34.7241, "city", "SY", population=700_000)
    list_ = Names([*unit_places(atlas), homs, LONELY], finer)
    about = region_of_words("ريف حربنفسه", list_, finer)
    assert about is not None
    assert [atlas.gazetteer.unit(code).level for code in about.areas if atlas.gazetteer.unit(code)] == [2]  # type: ignore[union-attr]
    assert list_.sure("Homs") is not None


@pytest.mark.parametrize(
    ("text", "kind", "radius_m"),
    [("12 km from Mardan", "disc", 15_200), ("2 miles N of Mardan", "disc", 5_540), ("500 m off Mardan", "disc", 2_550),
     ("Mardan or Zubaydah", "hull", 8_000), ("northern Zubaydah", "area", 0)],
)  # fmt: skip
def test_a_distance_or_a_choice_bounds_a_region(text: str, kind: str, radius_m: int) -> None:
    """So far from a place is the disc of the place and a distance that may be rounded; one of two is both."""
    region = region_of_words(text, shipped(), placer())
    assert region is not None
    assert (region.kind, region.radius_m) == (kind, radius_m)


def test_the_road_between_two_places_has_no_region() -> None:
    """A road runs as it likes: the straight way between two places need not hold it."""
    assert region_of_words("road from Mardan to Zubaydah", shipped(), placer()) is None


def test_the_countryside_of_a_city_that_is_its_own_governorate_lies_about_it() -> None:
    """Damascus the governorate is the city: its countryside is Rif Dimashq too; that of Homs is Homs."""
    cities = [
        Place("t:8", "Damascus", 36.2913, 33.5102, "city", "SY", population=1_500_000),
        Place("t:7", "Homs", 36.7256, 34.7241, "city", "SY", population=700_000),
    ]
    list_ = Names([*unit_places(bench().atlas), *cities], placer())
    for text in ("Damascus countryside", "suburbs of Damascus"):
        region = region_of_words(text, list_, placer())
        assert region is not None
        assert set(region.areas) == {"SY-DI", "SY-RD"}
    region = region_of_words("Homs countryside", list_, placer())
    assert region is not None
    assert region.areas == ("SY-HI",)


@pytest.mark.parametrize("text", ["Rif Dimashq", "ريف دمشق", "Homs governorate", "Homs", "Губерния Хомс"])
def test_a_name_that_a_unit_bears_alone_is_the_unit(text: str) -> None:
    """A bare "Homs" is as wide as its word, and Rif Dimashq is no countryside but a governorate."""
    region = region_of_words(text, shipped(), placer())
    if text == "Губерния Хомс":
        assert region is None
    else:
        assert region is not None
        assert region.areas == (("SY-HI",) if "Homs" in text else ("SY-RD",))


@pytest.mark.parametrize(
    "text", ["Kafr Tallun", "near Kafr Tallun", "north of Zubaydah", "between Zubaydah and Qqq", ""]
)
def test_words_that_mean_no_one_place_have_no_region(text: str) -> None:
    """Two namesakes, a direction without an end, an unknown name: the reader falls back to the country."""
    assert region_of_words(text, shipped(), placer()) is None


@given(TEXTS | st.builds("{} {}".format, st.sampled_from(["near", "between a and", "ريف", "между", "rural"]), TEXTS))
def test_any_words_have_a_region_or_none(text: str) -> None:
    """Whatever is written, no crash; a region is one that can be drawn or named."""
    region = region_of_words(text, shipped(), placer())
    assert region is None or region.kind in ("disc", "area", "hull", "none")


def test_a_russian_case_is_no_other_place() -> None:
    """After a preposition the name ends otherwise; it is still the same place."""
    for text in ("близ Зубайды", "под Зубайдой", "около Зубайды"):
        region = region_of_words(text, shipped(), placer())
        assert region is not None
        assert region.radius_m == 16_000


# -- lists -----------------------------------------------------------------------------------------------------------


def row(**cells: str) -> bytes:
    """A list of one place with some cells changed."""
    fine = {
        "id": "own:1", "name_en": "Mardan", "lat": "35.5", "lon": "36.5", "kind": "village", "country": "SY",
        "source": "made up",
    }  # fmt: skip
    return (HEAD + "\n" + ",".join({**fine, **cells}.get(column, "") for column in COLUMNS) + "\n").encode()


def test_a_list_of_ones_own_is_read() -> None:
    """All names count as spellings, and those of three languages are shown in them."""
    made = read_places(row(name_ar="مردان", other="Merdan; Murdan"), "own.csv")[0]
    assert made.spellings == ("Mardan", "مردان", "Merdan", "Murdan")
    assert made.names == {"en": "Mardan", "ar": "مردان"}
    assert read_places(b"\xef\xbb\xbf" + row(), "own.csv")[0].name == "Mardan"


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"lat": "x"}, "own.csv:2: lat: expected degrees between -90 and 90, got no such number"),
        ({"lat": "nan"}, "own.csv:2: lat: expected degrees"),
        ({"lat": "inf"}, "own.csv:2: lat: expected degrees"),
        ({"lon": "9" * 400}, "own.csv:2: lon: expected degrees"),
        ({"lat": "136.5", "lon": "35.5"}, "are lat and lon swapped?"),
        ({"kind": "hamlet"}, "own.csv:2: kind: expected one of exact"),
        ({"country": "Syria"}, "own.csv:2: country: expected a two-letter code such as `SY`, got `Syria`"),
        ({"name_en": "--"}, "own.csv:2: name_en: expected a name"),
        ({"id": ""}, "own.csv:2: id: expected an id"),
        ({"name_en": "M\0n"}, "own.csv:2: name_en: expected printable text"),
        ({"other": "a\x1b[31m"}, "own.csv:2: other: expected printable text"),
    ],
)
def test_a_faulty_row_is_named(cells: dict[str, str], message: str) -> None:
    """Line, column, expected and got; a position is never repeated and never mended."""
    with pytest.raises(InputError) as caught:
        read_places(row(**cells), "own.csv")
    assert message in str(caught.value)
    assert "136" not in str(caught.value)


def test_all_faulty_rows_are_named_at_once() -> None:
    """Who mends a list of a thousand rows wants one list of faults."""
    with pytest.raises(InputError) as caught:
        read_places(row(kind="x") + row(lat="x").splitlines()[1] + b"\n", "own.csv")
    assert [fault.line for fault in caught.value.faults] == [2, 3]


@pytest.mark.parametrize(
    "data",
    [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", HEAD.encode() + b'\n"' + b"x" * 200_000],
)
def test_what_is_no_list_of_places_is_one_error(data: bytes) -> None:
    """Empty, other columns, not UTF-8, a cell without an end."""
    with pytest.raises(InputError):
        read_places(data, "own.csv")


def test_a_row_with_the_id_of_another_list_takes_the_place_over() -> None:
    """The case knows better what kind a place is; the spellings of both lists stay."""
    both = Names([Place("g:1", "Old", 36.0, 35.0, "town", "SY", population=9, spellings=("Olde",)), *read_places(
        row(id="g:1"), "own.csv")])  # fmt: skip
    assert [(one.name, one.kind, one.lat_deg) for one in both.find("Olde")] == [("Mardan", "village", 35.5)]


def test_geonames_are_read_by_country_and_size() -> None:
    """Both forms of the file; a place of unknown size is a town, whose disc is the wider one."""
    rows = [
        {
            "geonameid": n,
            "name": f"Name{n}",
            "latitude": 35.0,
            "longitude": 36.0,
            "countrycode": code,
            "population": people,
        }
        for n, code, people in ((1, "SY", 0), (2, "SY", 600), (3, "SY", 6_000), (4, "SY", 600_000), (5, "TR", 0))
    ]
    listed = read_geonames(json.dumps(rows).encode(), "g.json", ["SY"])
    assert [one.kind for one in listed] == ["town", "village", "town", "city"]
    assert read_geonames(json.dumps({str(r["geonameid"]): r for r in rows}).encode(), "g.json", ["SY"]) == listed


@pytest.mark.parametrize(
    "data",
    [b"", b"5", b"\xff", b"[" * 10_000, b'[{"geonameid": 1}]',
     b'[{"geonameid":1,"name":"A","latitude":95,"longitude":1,"countrycode":"SY"}]'],
)  # fmt: skip
def test_what_is_no_file_of_geonames_is_one_error(data: bytes) -> None:
    """Nonsense, deep nesting, a missing field, a position that is none: named, never a crash."""
    with pytest.raises(InputError):
        read_geonames(data, "g.json")


def test_the_shipped_list_is_read_and_coarse() -> None:
    """Five places with their source and tag, none finer than two decimals."""
    data = (SHIPPED / "places-names.csv").read_bytes()
    assert len(read_places(data, "places-names.csv")) == 5
    import csv

    for cells in csv.DictReader(io.StringIO(data.decode())):
        assert all(len(cells[column].partition(".")[2]) <= 2 for column in ("lat", "lon"))
        assert cells["source"]
        assert cells["tag"] in ("V", "S", "M")


# -- measured --------------------------------------------------------------------------------------------------------


@cache
def syria(data: Path) -> Names:
    """All places of GeoNames in Syria."""
    file = data / "geonames" / "places_syria.json"
    return Names(read_geonames(file.read_bytes(), file.name))


@pytest.mark.shared
def test_a_sample_of_spellings_held_out_finds_its_places(data: Path) -> None:
    """Each tenth spelling in three scripts, as if the list lacked it: 97 of 100 first, 98 among three, none wrong."""
    from bench.names import Tally, script_of, spellings

    tally = Tally()
    for place, text in [pair for pair in spellings(syria(data)) if script_of(pair[1]) != "other"][::10]:
        tally.add(("all",), syria(data), text, place.id, lambda one, other, p=place.id, t=text: (one, other) == (p, t))  # type: ignore[misc]
    count = tally.counts["all"]
    assert count["first"] >= 0.97 * count["n"]
    assert count["of_three"] >= 0.98 * count["n"]
    assert count["sure_wrong"] <= 0.002 * count["n"]


@pytest.mark.shared
def test_a_sample_where_the_place_is_missing_is_rarely_sure(data: Path) -> None:
    """Each tenth spelling, its place taken out: one in a hundred is sure, but for namesakes to the letter."""
    from bench.names import Tally, script_of, spellings

    tally = Tally()
    for place, text in [pair for pair in spellings(syria(data)) if script_of(pair[1]) != "other"][::10]:
        tally.add(("all",), syria(data), text, place.id, lambda one, _, p=place.id: one == p)  # type: ignore[misc]
    count = tally.counts["all"]
    assert count["sure_wrong"] - count["same_name"] <= 0.012 * count["n"]


@pytest.mark.long
@pytest.mark.shared
def test_mishearings_by_rule_find_their_places(data: Path) -> None:
    """Spellings in Latin letters, changed by every rule: 95 of 100 first at least, one in 200 sure and wrong."""
    from bench.names import misheard

    for rule, count in misheard(syria(data))["rates"].items():
        assert count["first"] >= 0.95 * count["n"], rule
        assert count["sure_wrong"] <= 0.005 * count["n"], rule


def test_the_examples_of_the_docstrings_hold() -> None:
    """They are what a reader sees first."""
    import doctest

    from truceline.evidence import letters, whereabouts
    from truceline.evidence import names as module

    assert Path(letters.__file__).exists()
    for one in (letters, module, whereabouts):
        assert doctest.testmod(one, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0
