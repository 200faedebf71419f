"""Declared strikes in prose: what a line says, when and where, what is rejected, and the real releases."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.bench import NOW, manner
from truceline.errors import InputError
from truceline.evidence import strikes
from truceline.evidence.readers import Start, kind_of
from truceline.evidence.reading import Found, Read, RowFault
from truceline.evidence.schema import hash_table
from truceline.span import parse_instant

HEAD = "date,country,location,number,manually_edited,description,line"
LINE = "- Near Ar Raqqah, one strike destroyed two oil pump jacks."
PLACES = {"Ar Raqqah": ("city", "SY"), "Manbij": ("town", "SY"), "Hit": ("town", "IQ")}


class Places:
    """A list of three places, one of them twice under one name."""

    def find(
        self, text: str, *, near: tuple[float, float] | None = None, most: int = 5  # noqa: ARG002  # as the protocol
    ) -> list[Found]:  # fmt: skip
        """Those of exactly this name."""
        if text == "Waleed":
            return [Found(f"x:{c}", text, 38.9, 33.4, "village", c) for c in ("SY", "IQ")]
        if text == "Al Baghdadi":
            return [Found("x:2", "Baghdad", 44.4, 33.3, "city", "SY", score=955)]
        kind, country = PLACES.get(text, ("", ""))
        return [Found("x:1", text, 39.0, 35.9, kind, country)] if kind else []

    def sure(self, text: str, *, near: tuple[float, float] | None = None) -> Found | None:  # noqa: ARG002  # likewise
        """The only one of this name."""
        found = self.find(text)
        return found[0] if len(found) == 1 else None


def row(line: str = LINE, date: str = "10/17/2016", country: str = "Syria", number: str = "1", **more: str) -> str:
    """A row of the CSV."""
    return f'{date},{country},{more.get("location", "Ar Raqqah")},{number},,{more.get("description", "")},"{line}"'


def read(*lines: str, found: bool = True) -> Read:
    """What a file of these lines says."""
    finder = Places() if found else None
    return strikes.read(io.BytesIO("\n".join(lines).encode()), "s", replace(manner(), finder=finder))


def one_of(*lines: str, found: bool = True) -> dict[str, Any]:
    """Its only row."""
    made = read(*lines, found=found)
    assert made.rejected.to_pylist() == []
    (only,) = made.table.to_pylist()
    return dict(only)


# -- what a line says ------------------------------------------------------------------------------------------------

LINES = {
    LINE: "near Ar Raqqah: 1 strike: destroyed 2 oil pump jacks",
    "Near Hit one strike produced inconclusive results.": "near Hit: 1 strike: had inconclusive results",
    "- Near Hit in Al Anbar Province, an airstrike had no effect": "near Hit: 1 airstrike: had no effect",
    "- In Tikrit, 17 airstrikes struck an ISIL building, two ISIL bridges and a roadblock.":
        "in Tikrit: 17 airstrikes: struck 1 ISIL building; struck 2 ISIL bridges; struck 1 roadblock",
    "Near Al Hasakah and Dayr Az Zawr, one strike destroyed 283 ISIL vehicles.":
        "near Al Hasakah and Dayr Az Zawr: 1 strike: destroyed 283 ISIL vehicles",
    "In the vicinity of Mosul, more than 20 airstrikes engaged several tactical units.":
        "near Mosul: 21+ airstrikes: engaged 2+ tactical units",
    "North of Mosul, a dozen coalition airstrikes hit a bridge.":
        "towards Mosul: 12 coalition airstrikes: hit 1 bridge",
    "Near At Tanf, two strikes cratered an ISIL-used road.": "near At Tanf: 2 strikes: cratered 1 ISIL-used road",
    "- Near Mosul, one strike engaged a command and control node, and destroyed a vehicle; and suppressed a mortar.":
        "near Mosul: 1 strike: engaged 1 command and control node; destroyed 1 vehicle; suppressed 1 mortar",
    "Near Sinjar, two airstrikes struck a petroleum, oil, and lubricants facility and denied ISIL access to terrain.":
        "near Sinjar: 2 airstrikes: struck 1 petroleum, oil, and lubricants facility; denied ISIL access to terrain",
    "Near Bayji, an airstrike struck land features denying ISIL an advantage, destroying a boat.":
        "near Bayji: 1 airstrike: struck land features; denied ISIL an advantage; destroyed 1 boat",
    "Near Kisik, one airstrike struck and suppressed an ISIL heavy machine gun.":
        "near Kisik: 1 airstrike: struck 1 ISIL heavy machine gun; suppressed 1 ISIL heavy machine gun",
    "Near Hit, one strike destroyed 13 vehicles and damaged another.":
        "near Hit: 1 strike: destroyed 13 vehicles; damaged 1 vehicles",
    "Near Haditha, one strike destroyed and ISIL bunker.": "near Haditha: 1 strike: destroyed ISIL bunker",
    "Near Mosul, two strikes destroyed a bridge. A strike, as defined here, means one or more kinetic events.":
        "near Mosul: 2 strikes: destroyed 1 bridge",
    "Near Ramadi, an airstrike on ISIL fighters was reported as ineffective.":
        "near Ramadi: 1 airstrike: not read: 7 words",
    "- 5 strikes near Hama destroyed a bridge.": "near Hama: 5 strikes: destroyed 1 bridge",
    "One strike near Homs hit a hospital.": "near Homs: 1 strike: hit 1 hospital",
    "- 12 km west of Hama, one strike hit a cache.": "12 km towards Hama: 1 strike: hit 1 cache",
    "Near Kisik, two strikes struck a unit an destroyed a tunnel, and an two ISIL mortars.":
        "near Kisik: 2 strikes: struck 1 unit; destroyed 1 tunnel; destroyed 2 ISIL mortars",
    "Near Hit, one strike destroyed a vehicle of Ahmad Hassan, tel 0991 234 567.":
        "near Hit: 1 strike: not read: 8 words",
}  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), LINES.items())
def test_a_line_is_read_into_place_number_and_effects(line: str, expected: str) -> None:
    """The compact form says where, how many and what: nothing that the prose does not."""
    assert str(strikes.declared(line)) == expected


@pytest.mark.parametrize(
    "line",
    ["- Nothing to report.", "- Near Mosul, strikes destroyed a bridge.", "Near, one strike", "One strike.",
     "- ", "Near Mosul, one hundred", "Near " + "x" * 400 + ", one strike hit a bridge.", "\x00" * 50],
)  # fmt: skip
def test_a_line_without_a_place_or_a_number_is_a_fault(line: str) -> None:
    """What no rule reads is rejected with its reason; nobody is struck by a guess."""
    with pytest.raises(RowFault) as fault:
        strikes.declared(line)
    assert fault.value.field == "line"


@given(
    st.text(max_size=200) | st.sampled_from(list(LINES)).flatmap(lambda t: st.integers(0, len(t)).map(lambda n: t[n:]))
)
def test_no_line_raises_anything_else(line: str) -> None:
    """Cut, foreign or hostile: a declaration or a fault of its row."""
    try:
        made = strikes.declared(line)
    except RowFault:
        return
    assert made.places
    assert made.low is None or made.high is None or made.low <= made.high


def test_a_long_line_of_blanks_costs_no_time() -> None:
    """A line is bounded before any rule looks at it."""
    line = "Near Mosul, one strike hit a bridge." + " " * 100_000 + "Near Hit, one strike hit a bridge."
    assert read(HEAD, row(line)).rejected.to_pylist()[0]["reason"].startswith("expected at most 4000")


# -- rows ------------------------------------------------------------------------------------------------------------


def test_a_declaration_is_an_admission_of_who_struck() -> None:
    """Actor and speaker are the declarer; the enemy is whom the line names; the number of strikes is counted."""
    made = one_of(HEAD, row("- Near Ar Raqqah, three strikes destroyed two ISIL oil pump jacks.", number="3"))
    assert (made["id"], made["source"], made["line"]) == ("strikes:2016-10-17:isufbqdrpdbxjvz", "strikes", 2)
    assert (made["actor"], made["target"], made["act"]) == (["coal"], ["isil"], ["air-strike"])
    assert (made["asserted_by"], made["count_low"], made["count_high"]) == ("US-led coalition", 3, 3)
    assert made["note"] == "near Ar Raqqah: 3 strikes: destroyed 2 ISIL oil pump jacks"
    assert made["may_export"]


def test_a_line_that_names_no_enemy_leaves_the_target_open() -> None:
    """That all strikes were meant for one enemy is not in the words of the line."""
    assert one_of(HEAD, row())["target_mode"] == "unknown"


@pytest.mark.parametrize(
    ("line", "kind", "radius_m"),
    [
        ("Near Ar Raqqah, one strike", "disc", 16_000), ("In Ar Raqqah, one strike", "disc", 8_000),
        ("Near Manbij, one strike", "disc", 10_000), ("North of Manbij, one strike", "disc", 25_000),
        ("Near Manbij and Ar Raqqah, one strike", "hull", 16_000), ("Near Nowhere, one strike", "area", 0),
        ("Near Manbij and Nowhere, one strike", "area", 0), ("12 km north of Manbij, one strike", "disc", 18_200),
        ("Near Waleed, one strike", "disc", 4_000), ("Near Al Baghdadi, one strike", "area", 0),
    ],
)  # fmt: skip
def test_near_is_twice_the_disc_and_an_unknown_name_the_country(line: str, kind: str, radius_m: int) -> None:
    """A name that is only alike, or not surely known, is never guessed; a distance that is told bounds it."""
    impact = one_of(HEAD, row(f"{line} hit a bridge."))["impact"]
    assert (impact["kind"], impact["radius_m"], impact["country"]) == (kind, radius_m, "SY")
    assert impact["areas"] == (["SY"] if kind == "area" else [])


def test_a_place_of_another_country_than_stated_is_both_countries() -> None:
    """Place or heading is wrong, and nobody says which: neither is thrown away."""
    made = one_of(HEAD, row("Near Hit, one strike hit a bridge."))
    assert (made["impact"]["areas"], made["impact"]["country"]) == (["IQ", "SY"], "")
    assert made["place_precision"] == "country"
    assert "contradict: IQ or SY" in made["note"]


def test_a_place_beside_the_stated_province_is_both_provinces() -> None:
    """Near Hama in Homs Province: one of the two is wrong; a place of that name inside the province would be it."""
    line = "Near Hama in Homs Province, one strike hit a bridge."
    made = strikes.read(io.BytesIO(f"{HEAD}\n{row(line)}".encode()), "s", manner()).table.to_pylist()[0]
    assert (made["impact"]["areas"], made["place_precision"]) == (["SY-HI", "SY-HM"], "unit")


def test_a_stated_country_is_asked_for_its_own_places() -> None:
    """The lists of a case know one country; a release names places of another."""
    line = "Near Mosul, one strike hit a bridge."
    made = strikes.read(io.BytesIO("\n".join([HEAD, row(line, country="Iraq")]).encode()), "s", manner())
    assert made.table.to_pylist()[0]["impact"]["kind"] == "disc"


def test_without_a_list_of_places_all_is_the_country() -> None:
    """The reader works without a gazetteer, only less finely; an unknown country is nowhere."""
    assert one_of(HEAD, row(), found=False)["impact"]["areas"] == ["SY"]
    assert one_of(HEAD, row(country="Atlantis"), found=False)["impact"]["kind"] == "none"


def test_a_date_is_the_day_of_the_release_and_the_one_before() -> None:
    """The column does not say which of the two it is; releases tell of strikes up to their own morning."""
    made = one_of(HEAD, row())
    days = [parse_instant(day, "Asia/Damascus") for day in ("2016-10-16", "2016-10-18")]
    assert [made["start"], made["end"], made["time_precision"]] == [*days, "release"]


def test_what_somebody_coded_otherwise_is_noted_and_changes_nothing() -> None:
    """The prose is the source; a disagreement is shown, not hidden."""
    made = one_of(HEAD, row(number="7", location="Raqqa"))
    assert (made["count_low"], made["count_high"]) == (1, 1)
    assert made["note"].endswith("| coded as 7 | coded at Raqqa")


def test_a_row_whose_line_holds_two_declarations_takes_its_own() -> None:
    """Two bullets on one line stand in two rows: each is read once."""
    both = "- Near Hit, one strike hit a bridge.    vNear Mosul, seven strikes hit a cache."
    made = read(HEAD, row(both, description="strike hit a bridge."), row(both, description="strikes hit a cache."))
    assert [(r["place_text"], r["count_low"]) for r in made.table.to_pylist()] == [("near Hit", 1), ("near Mosul", 7)]
    assert read(HEAD, row(both, description="something else")).rejected.num_rows == 1


@pytest.mark.parametrize(
    ("kind", "acts"),
    [("strike", ["air-strike"]), ("airstrike", ["air-strike"]), ("drone strike", ["air-strike"]),
     ("rocket artillery strike", ["artillery", "rocket"])],
)  # fmt: skip
def test_the_kind_of_strike_decides_the_act(kind: str, acts: list[str]) -> None:
    """Artillery is not an air strike because the same office declares it."""
    assert one_of(HEAD, row(f"Near Manbij, one {kind} hit a bridge."))["act"] == acts


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("1/2/2016", "date"), ("17/10/2016", "date"), ("", "date"), ("02/30/2016", "date"), ("0016-01-01", "date"),
        ("01/01/2031", "date"), ("10.17.2016", "date"),
    ],
)  # fmt: skip
def test_a_bad_or_ambiguous_date_rejects_its_row(text: str, field: str) -> None:
    """1/2/2016 may be two days; a strike of the future is refused."""
    made = read(HEAD, row(), row(date=text), row())
    assert (made.table.num_rows, made.rejected.num_rows) == (2, 1)
    (bad,) = made.rejected.to_pylist()
    assert (bad["line"], bad["field"]) == (3, field)


PROSE = f"""
Oct. 17, 2016
SOUTHWEST ASIA, Oct. 17, 2016 - On Oct. 16, coalition forces conducted strikes.

Syria
{LINE}
* Near Manbij, more than 20 drone strikes engaged
  four ISIL supply routes.
Iraq:
- Near Hit in Al Anbar Province, several rocket artillery strikes had inconclusive results.
- nothing to see here

October 15, 2016
Strikes in Syria
Near Ar Raqqah, two strikes hit a bridge. Near Manbij, a strike hit another.
"""


def test_prose_is_read_under_its_headings() -> None:
    """Dates and countries stand above the bullets; "on Oct. 16" is that day, a heading that or the one before."""
    made = read(PROSE)
    rows = made.table.to_pylist()
    assert [r["id"].split(":")[1] for r in rows] == ["2016-10-17"] * 3 + ["2016-10-15"] * 2
    assert [r["impact"]["country"] for r in rows] == ["SY", "SY", "IQ", "SY", "SY"]
    assert [(r["end"] - r["start"]) // 86_400 for r in rows] == [1, 1, 1, 2, 2]
    assert [(r["count_low"], r["count_high"]) for r in rows][1:3] == [(21, None), (2, None)]
    assert rows[1]["note"] == "near Manbij: 21+ drone strikes: engaged 4 ISIL supply routes"
    assert [(r["line"], r["field"]) for r in made.rejected.to_pylist()] == [(11, "line")]


def test_a_bullet_without_a_date_above_it_is_rejected() -> None:
    """When it was is not for the reader to guess."""
    made = read("Syria", LINE)
    assert [(r["line"], r["field"]) for r in made.rejected.to_pylist()] == [(2, "date")]


def test_a_row_is_named_by_what_it_says() -> None:
    """Two files of one day never collide, the same words twice do not either, and prose and table agree."""
    other = "- Near Manbij, one strike hit a bridge."
    one, two = (read(HEAD, row(line)).table.column("id").to_pylist() for line in (LINE, other))
    assert one != two
    twice = read(HEAD, row(), row(other), row()).table.column("id").to_pylist()
    assert twice == [one[0], two[0], f"{one[0]}:2"]
    prose = read("Oct. 17, 2016", "Syria:", other, LINE.replace("- ", "* ")).table.column("id").to_pylist()
    assert prose == [two[0], one[0]]


@pytest.mark.parametrize(
    "line",
    ["- 12 tanks were seen", "Coalition aircraft conducted strikes near Homs.",
     "Strikes hit a hospital near Homs City.", "On Oct. 12, strikes hit Idlib and a strike fell near Homs.",
     "- “several” strikes"],
)  # fmt: skip
def test_no_line_that_tells_of_strikes_is_silent_or_a_heading(line: str) -> None:
    """What is not read is rejected with its line; the lines below keep their own heading."""
    made = read("Oct. 17, 2016", "Syria", "", line, "", LINE)
    assert [r["line"] for r in made.rejected.to_pylist()] == [4]
    (only,) = made.table.to_pylist()
    assert (only["impact"]["country"], only["time_text"]) == ("SY", "2016-10-17")


@pytest.mark.parametrize(
    "bad", ["Feb. 30, 2016", "17 October 2016", "10/18/2016", "Ooctober 3, 2016", "On Feb. 30, 2016"]
)
def test_below_a_bad_date_nothing_keeps_the_earlier_one(bad: str) -> None:
    """A strike is rejected rather than dated by a heading that is not its own."""
    made = read("Oct. 17, 2016", "Syria", LINE, bad, LINE, "Oct. 15, 2016", LINE)
    assert [(r["line"], r["field"]) for r in made.rejected.to_pylist()] == [(4, "date"), (5, "date")]
    assert [r["time_text"] for r in made.table.to_pylist()] == ["2016-10-17", "2016-10-15"]


def test_a_number_of_a_telephone_enters_no_row() -> None:
    """What prose holds beside strikes is counted, not kept."""
    line = "Near Manbij, one strike hit a bridge. Call 0991-234-567 or Ahmad."
    made = one_of(HEAD, row(line, location="+963 991 234567"))
    assert "991" not in "".join(map(str, made.values()))
    assert "not read: 4 words" in made["note"]


def test_a_table_that_was_cut_off_loses_its_last_row_alone() -> None:
    """The rows above the cut are whole; a quote that opens far above the end is no cut."""
    made = read(HEAD, row(), '10/18/2016,Syria,,1,,,"- Near Man')
    assert (made.table.num_rows, [(r["line"], r["field"]) for r in made.rejected.to_pylist()]) == (1, [(3, "line")])
    with pytest.raises(InputError, match="not CSV"):
        read(HEAD, '10/18/2016,Syria,,1,,,"- Near Man', *[row().replace('"', "")] * 5)


# -- whole files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["\n".join([HEAD, row()]), PROSE.strip(), f"Oct. 17, 2016\n{LINE}\n"], ids=["csv", "prose", "short prose"]
)
def test_both_shapes_are_recognised(text: str) -> None:
    """By their first lines; other files are not taken for them."""
    assert kind_of(Start("s.csv" if text.startswith("date") else "s.txt", text.encode())) == "strikes"
    assert not strikes.fits(Start("s.csv", b"date,country,fatalities\n"))
    assert not strikes.fits(Start("s.jsonl", f'{{"note": "x"}}\n{LINE}\n'.encode()))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n\n", PROSE.encode("utf-16"), PROSE.replace("Raqqah", "Raqqah\x92").encode("latin-1"),
        f"{HEAD};x\n{row()}".replace(",", ";").encode(), f'{HEAD}\n"10/17/2016,"x'.encode(), b"- near \xff\xfe",
        b"[" * 100_000, gzip.compress(PROSE.encode())[:-9], b"\x1f\x8b" + b"\0" * 50, b"\0" * 10_000,
        f"{HEAD}\n".encode() + b'"' + b"x" * 300_000,
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_in_one_line(data: bytes) -> None:
    """Wrong encoding, semicolons, cut archives, binary: one line, or no row at all."""
    try:
        made = strikes.read(io.BytesIO(data), "s", manner())
    except InputError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert made.table.num_rows == 0


def test_gzip_and_a_byte_order_mark_change_nothing() -> None:
    """The same rows hash the same however they were packed."""
    data = "\n".join([HEAD, row()]).encode()
    hashes = {
        hash_table(strikes.read(io.BytesIO(one), "s", manner()).table)
        for one in (data, gzip.compress(data), b"\xef\xbb\xbf" + data, data.replace(b"\n", b"\r\n"))
    }
    assert len(hashes) == 1


def test_rejected_lines_never_hold_more_than_a_piece_of_the_text() -> None:
    """A fault is one short line, whatever the row held."""
    (bad,) = read(HEAD, row("near \x1b[31m" + "nobody " * 100)).rejected.to_pylist()
    assert len(bad["reason"]) < 120
    assert "\x1b" not in bad["reason"]


# -- the real releases -----------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_the_declared_strikes_of_two_years_are_read(data: Path) -> None:
    """5,531 lines, none rejected; every number agrees with the column that somebody coded by hand."""
    with (data / "centcom" / "airstrikes_2014_2016.csv").open("rb") as file:
        made = strikes.read(file, "airstrikes.csv", manner())
    rows = made.table.to_pylist()
    assert (len(rows), made.rejected.num_rows) == (5_531, 0)
    assert sum("coded as" in r["note"] for r in rows) == 0
    assert sum("not read" in r["note"] for r in rows) == 19
    regions = Counter((r["impact"]["kind"], r["impact"]["country"]) for r in rows)
    assert (regions["area", ""], sum(n for (kind, _), n in regions.items() if kind == "area")) == (8, 959)
    assert Counter(tuple(r["target"]) for r in rows) == {("isil",): 5_442, (): 89}
    assert all(r["start"] < r["end"] <= NOW and r["act"] == ["air-strike"] for r in rows)
