"""`truceline place`: the JSON against its schema, the answer for people, and what it refuses."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator

from tests.evidence.bench import SHIPPED
from truceline.cli import place
from truceline.desk import naming
from truceline.errors import InputError
from truceline.evidence.names import COLUMNS

SCHEMA = Path(__file__).parents[1] / "docs" / "reference" / "json" / "place.schema.json"
PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "find-a-place.md"


@pytest.fixture(scope="module", autouse=True)
def lists_read_once() -> Iterator[None]:
    """The lists are the same in most tests: they are read once and not for each call."""
    read, kept = naming._asked_of, {}

    def asked_of(lists: Sequence[Path], countries: Sequence[str], agreement: Path | None) -> Any:  # noqa: ANN401
        key = (tuple(lists), tuple(countries), agreement)
        if key not in kept:
            kept[key] = read(lists, countries, agreement)
        return kept[key]

    naming._asked_of = asked_of  # a fixture of a module has no monkeypatch
    yield
    naming._asked_of = read


def run(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.callback()(lambda: None)
    place.add_to(app)
    app([str(arg) for arg in ["place", *args]], standalone_mode=False)
    return capsys.readouterr().out


def answered(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Its JSON, held against the schema."""
    made: dict[str, Any] = json.loads(run([*args, "--json"], capsys))
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(made)
    return made


@pytest.mark.parametrize("text", ["Hirbinifsah", "Harb Bebsi", "Herbnafse", "حربنفسه", "Хирбинифса"])
def test_the_village_of_2016_comes_first_in_every_spelling(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The purpose of the command; the mishearing alone is ambiguous and says so."""
    one = answered([text], capsys)["names"][0]
    assert one["candidates"][0]["id"] == "geonames:169886"
    assert one["candidates"][0]["read_back"] == "did you mean Hirbinifsah, village, 10 km W of Ar Rastan?"
    assert one["answer"] == ("ambiguous" if text == "Harb Bebsi" else "sure")


def test_two_of_one_name_are_ambiguous_until_it_is_said_where(capsys: pytest.CaptureFixture[str]) -> None:
    """By a position or by a name; the answer of nobody is a guess."""
    made = answered(["Suran"], capsys)
    assert (made["names"][0]["answer"], made["region"]) == ("ambiguous", None)
    for near in ("36.75,35.13", "Hama"):
        made = answered(["Suran", "--near", near], capsys)
        assert made["near"] == {"lon": pytest.approx(36.75, abs=0.02), "lat": 35.13}
        assert made["names"][0]["candidates"][0]["unit"] == "SY-HM"
        assert made["names"][0]["answer"] == "sure"


def test_words_about_a_place_give_their_region(capsys: pytest.CaptureFixture[str]) -> None:
    """Near, between, a bare name that is a governorate too, and a governorate by name."""
    near = answered(["near Ar Raqqah"], capsys)
    assert (near["relation"], near["region"]["kind"], near["region"]["radius_m"]) == ("near", "disc", 16_000)
    assert len(answered(["between Hama and Homs"], capsys)["names"]) == 2
    assert answered(["Homs"], capsys)["region"]["said"] == "region: the whole of Homs (governorate)"
    unit = answered(["Rif Dimashq"], capsys)
    assert (unit["names"][0]["sure"], unit["region"]["areas"]) == ("unit:SY-RD", ["SY-RD"])


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "did you mean Homs, governorate, or Homs, city? the name alone is the governorate"),
     ("ar", "هل تقصد حمص، محافظة، أم حمص، مدينة؟ الاسم وحده يعني محافظة"),
     ("ru", "вы имеете в виду: Хомс, мухафаза, или Хомс, город? одно название: мухафаза")],
)  # fmt: skip
def test_a_city_and_its_governorate_are_said_once(lang: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence, the mark and the region mean the same: the unit, until somebody says that it is the city."""
    made = answered(["Homs", "--lang", lang], capsys)
    assert (made["names"][0]["sure"], made["names"][0]["said"]) == ("unit:SY-HI", said)
    assert made["region"]["areas"] == ["SY-HI"]
    city = answered(["Homs city"], capsys)
    assert (city["names"][0]["said"], city["region"]["kind"]) == (
        "did you mean Homs, city, 140 km N of Damascus?", "disc",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", " ", "-", "near", "village of", "قرب", "близ", "=1+1", "\x00", "(" * 5_000])
def test_words_without_a_name_are_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody can be asked about a place that nobody named."""
    with pytest.raises(InputError, match="expected a name such as `Hama`"):
        run(["--", text], capsys)


def test_what_lies_near_is_asked_about_first(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the name is not sure, a less alike one within 50 km comes before one far away, and its way is shown."""
    near = answered(["Harb Bebsi", "--near", "40.65,37.07", "--most", "8"], capsys)["names"][0]
    ways = [one["km"] for one in near["candidates"]]
    assert [km > 50 for km in ways] == sorted(km > 50 for km in ways)
    assert ways[0] <= 50
    assert " km" in run(["Harb Bebsi", "--near", "40.65,37.07"], capsys)
    assert answered(["Harb Bebsi"], capsys)["names"][0]["candidates"][0]["km"] is None


def test_positions_are_coarse(capsys: pytest.CaptureFixture[str]) -> None:
    """Two decimals, in JSON and on the screen: no finer than the shipped case."""
    for one in answered(["Homs", "--near", "36.123456,35.123456"], capsys)["names"][0]["candidates"]:
        assert (round(one["lon"], 2), round(one["lat"], 2)) == (one["lon"], one["lat"])
    assert "123456" not in run(["Homs", "--near", "36.123456,35.123456"], capsys)


def test_none_found_is_said_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    """No error: that nothing sounds alike is an answer."""
    assert answered(["Qqwzx"], capsys)["names"][0]["answer"] == "none"
    assert "none found: nothing in" in run(["Qqwzx"], capsys)


def test_people_see_the_answer_and_what_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    """A table of candidates, then one sentence; a sure one is marked."""
    shown = run(["Harb Bebsi", "--most", "2"], capsys)
    assert "ambiguous: `Harb Bebsi` is not surely any one of these; ask: did you mean Hirbinifsah" in shown
    assert "->" not in shown
    shown = run(["Herbnafse", "--lang", "ar"], capsys)
    assert "->" in shown
    assert "هل تقصد حربنفسه، قرية" in shown


def test_a_list_of_ones_own_is_searched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two files of the same name in two folders are two lists."""
    lists = []
    for folder, name in (("a", "Mardanum"), ("b", "Zubaydanum")):
        (tmp_path / folder).mkdir()
        lists.append(tmp_path / folder / "own.csv")
        lists[-1].write_text(",".join(COLUMNS) + f"\nown:{folder},{name},,,,35.5,36.5,village,SY,,made up\n")
    for name in ("Mardanum", "Zubaydanum"):
        made = answered([name, "--names", lists[0], "--names", lists[1]], capsys)
        assert made["names"][0]["answer"] == "sure"


def test_an_agreement_brings_its_own_list(capsys: pytest.CaptureFixture[str]) -> None:
    """The list beside the text is read; another country's names come instead where asked for."""
    made = answered(["Khan Touman", "--agreement", SHIPPED / "agreement.yaml"], capsys)
    assert made["names"][0]["sure"] == "own:khan-tuman"
    made = answered(["Beyrouth", "--country", "LB"], capsys)
    assert made["names"][0]["candidates"][0]["name"] == "Beirut"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--near", "36.75,x"], "`--near`: expected LON,LAT in degrees such as `36.75,35.13`, got `x`"),
        (["--near", "nan,1"], "`--near`: expected LON in -180..180 and LAT in -90..90"),
        (["--near", "36.75,135.13"], "are LON and LAT swapped?"),
        (["--near", "1,2,3"], "`--near`: expected LON,LAT in degrees"),
        (
            ["--near", "Suran"],
            "`--near`: expected LON,LAT in degrees or the name of one place; `Suran` can mean several",
        ),
        (["--country", "syria"], "`--country`: expected a two-letter code such as `SY`, got `syria`"),
        (["--country", "ZZ"], "`--country`: GeoNames has no place of 500 people in `ZZ`"),
        (["--lang", "fr"], "expected a language of en, ar, ru, got `fr`"),
        (["--names", "/nowhere/own.csv"], "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(
    args: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each option that is wrong is named with what was expected."""
    with pytest.raises(InputError) as caught:
        run(["Homs", *args], capsys)
    assert len(caught.value.faults) == 1
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["\x00a", "\u202e" * 50 + "b", "a" * 100_000, "'; DROP TABLE", "=cmd()"])
def test_any_text_is_answered(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters, marks of direction, very long texts: an answer, and none of it on the screen."""
    made = answered([text], capsys)
    assert len(json.dumps(made)) < 20_000
    shown = run([text], capsys)
    assert "\x00" not in shown
    assert "\u202e" not in shown


def test_the_page_shows_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command of the how-to whose output stands beneath it prints just that."""
    text = PAGE.read_text(encoding="utf-8")
    shown = 0
    for part in text.split("```sh\ntruceline place ")[1:]:
        command, _, rest = part.partition("\n```\n\n```text\n")
        output = rest.partition("```")[0]
        import shlex

        printed = [line.rstrip() for line in run(shlex.split(command), capsys).splitlines() if line.strip()]
        assert [line.rstrip() for line in output.splitlines() if line.strip()] == printed, command
        shown += 1
    assert shown >= 3


def test_importing_the_command_is_light() -> None:
    """`truceline --help` answers at once: the lists wait until the command runs."""
    import subprocess

    code = "import sys, truceline.cli.place; sys.exit('numpy' in sys.modules or 'rapidfuzz' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
