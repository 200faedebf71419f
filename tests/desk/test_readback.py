"""Words about a place and a time, read back: the village of 2016 is found by any spelling, and nothing is guessed."""

from __future__ import annotations

import pytest

from tests.evidence.bench import SHIPPED
from truceline.desk.files import open_agreement
from truceline.desk.readback import MOST_OPTIONS, options_of, place_in_text, region_of, said
from truceline.evidence.names import Names
from truceline.evidence.places import Placer
from truceline.span import parse_span

TZ = "Asia/Damascus"
NOW = parse_span("2016-02-29T10:00", TZ).start
VILLAGE = ("geonames:169886",)


@pytest.fixture(scope="module")
def names() -> Names:
    """The lists of the shipped case."""
    found: Names = open_agreement(SHIPPED / "agreement.yaml").finder.names  # type: ignore[attr-defined]  # as `Lists`
    return found


@pytest.mark.parametrize(
    "place", ["Hirbnafsa", "Hirbinifsah", "حربنفسه", "Хирбинифса", "Harb Bebsi", "near Hirbnafseh"]
)
def test_the_village_of_2016_is_read_back_first(names: Names, place: str) -> None:
    """Logged as "Harb Bebsi", and attributed to the wrong governorate: a caller would have said no, or yes."""
    first = options_of(place, "yesterday 14:00", names, now=NOW, tz=TZ)[0]
    assert (first.places, first.when, first.precision) == (VILLAGE, "2016-02-28T14:00", "hour")
    assert said(first, names, "en") == "Hirbinifsah, village, 10 km W of Ar Rastan"
    assert said(first, names, "ar") == "حربنفسه، قرية، على بعد 10 كم غرب الرستن"


def test_options_are_few_and_the_likeliest_come_first(names: Names) -> None:
    """Two places and two times are four answers; a city and the governorate of its name are two."""
    both = options_of("Harb Bebsi", "yesterday at 2", names, now=NOW, tz=TZ)
    assert len(both) == MOST_OPTIONS
    assert [(one.places == VILLAGE, one.when[-5:]) for one in both] == [
        (True, "14:00"), (False, "14:00"), (True, "02:00"), (False, "02:00"),
    ]  # fmt: skip
    city = options_of("Hama", "", names, now=NOW, tz=TZ)
    assert [said(one, names, "en") for one in city] == ["Hama, city, 45 km N of Homs", "Hama, governorate"]
    assert options_of("", "yesterday", names, now=NOW, tz=TZ)[0].places == ()
    assert options_of("between Hama and Homs", "", names, now=NOW, tz=TZ)[0].places[0] == city[0].places[0]


@pytest.mark.parametrize("place", ["", "near", "-", "zzzzqqq", "between Hama and zzzzqqq", "\u202e", "x" * 5_000])
def test_what_is_no_place_is_not_asked_about(names: Names, place: str) -> None:
    """Who is asked about a place that he never named answers yes to be rid of the question."""
    assert options_of(place, "soon", names, now=NOW, tz=TZ) == ()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Shelling in Hirbnafsa yesterday at 14:00, three wounded", "Hirbnafsa"),
        ("قصف على حربنفسه أمس الساعة 2 ظهرا", "حربنفسه"), ("قصف بحماة اليوم", "حماة"),
        ("обстрел в Хирбинифсе вчера в 14:00, трое раненых", "Хирбинифсе"),
        ("They bombed the hospital near Talbiseh this morning", "near Talbiseh"),
        ("helicopter 5 km north of Hama dropped barrels", "5 km north of Hama"),
        ("the village Hirbnafsa west of Rastan was hit", "Hirbnafsa"),
        ("planes over us now", ""), ("", ""), ("7 8 9", ""),
        ("The school was hit and many people are dead please help us we do not know where to go now", ""),
    ],
)  # fmt: skip
def test_a_place_is_found_within_a_message(names: Names, text: str, place: str) -> None:
    """A text message names its place among other words; where it names none, none is made up."""
    assert place_in_text(text, names) == place


def test_a_long_message_is_read_in_time(names: Names) -> None:
    """As many words as fit: the search is bounded, not the patience of whoever waits."""
    assert place_in_text("ba " * 1_000, names) == ""


def test_a_place_that_was_chosen_is_as_wide_as_the_words(names: Names) -> None:
    """Near is twice the disc, a distance is added, a side without one has no bound, and no choice gives nothing."""
    bench = open_agreement(SHIPPED / "agreement.yaml")
    placer = Placer(bench.atlas, bench.agreement.precision)

    def wide(words: str, *places: str) -> object:
        found = region_of(words, places, names, placer)
        return None if found is None else found.radius_m or found.areas

    assert wide("Hirbnafsa", *VILLAGE) == 2_000
    assert wide("near Hirbnafsa", *VILLAGE) == 4_000
    assert wide("5 km north of Hirbnafsa", *VILLAGE) == 7_500
    assert wide("north of Hirbnafsa", *VILLAGE) is None
    assert wide("Hama", "unit:SY-HM") == ("SY-HM",)
    assert (wide("Hama"), wide("Hama", "own:gone")) == (None, None)
