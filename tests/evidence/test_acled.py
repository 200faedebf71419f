"""ACLED: what a code of place and time means, who acted, and that no row may ever be passed on."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from tests.evidence.bench import manner
from truceline.errors import InputError
from truceline.evidence import acled, readers
from truceline.evidence.acled import ACTS
from truceline.evidence.aliases import ActAlias, Aliases
from truceline.evidence.readers import Start
from truceline.evidence.reading import Manner, Read
from truceline.evidence.schema import JOINT, UNNAMED, Named
from truceline.span import utc_text

OLD = (
    "data_id iso event_id_cnty event_id_no_cnty event_date year time_precision event_type sub_event_type actor1 "
    "assoc_actor_1 inter1 actor2 assoc_actor_2 inter2 interaction region country admin1 admin2 admin3 location "
    "latitude longitude geo_precision source source_scale notes fatalities timestamp iso3"
).split()
NEW = (
    "event_id_cnty event_date year time_precision disorder_type event_type sub_event_type actor1 assoc_actor_1 inter1 "
    "actor2 assoc_actor_2 inter2 interaction civilian_targeting iso region country admin1 admin2 admin3 location "
    "latitude longitude geo_precision source source_scale notes fatalities tags timestamp"
).split()
EVENT = {
    "event_id_cnty": "SYR1001",
    "event_date": "05 March 2016",
    "time_precision": "1",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "Northern Army",
    "inter1": "1",
    "actor2": "Southern Front",
    "inter2": "2",
    "country": "Syria",
    "admin1": "Idleb",
    "admin2": "Ariha",
    "location": "Madeup",
    "latitude": "35.8",
    "longitude": "36.6",
    "geo_precision": "1",
    "source": "Made-up Monitor; Other Office",
    "source_scale": "Subnational",
    "notes": "made up, with a comma",
    "fatalities": "3",
    "timestamp": "1577836800",
}
ACTORS = {
    "northern army": Named(("gov",), "one"), "southern front": Named(("opp",), "one", True),
    "north or south": Named(("gov", "opp"), "either"),
}  # fmt: skip


def csv_of(*changes: dict[str, str], columns: list[str] = NEW, mark: str = ",") -> bytes:
    """An export of made-up events; each is `EVENT` with changes."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n", delimiter=mark)
    writer.writeheader()
    for n, change in enumerate(changes):
        writer.writerow({**EVENT, "event_id_cnty": f"SYR{1001 + n}", **change})
    return out.getvalue().encode()


def made(acts: dict[str, ActAlias] | None = None) -> Manner:
    """The shipped tables, with the made-up names known."""
    return replace(manner(), aliases=Aliases(actors=ACTORS, acts=acts or {}))


def read(data: bytes, by: Manner | None = None) -> Read:
    """What the reader makes of an export."""
    return acled.read(io.BytesIO(data), "a.csv", by or made())


def one(change: dict[str, str], by: Manner | None = None) -> dict[str, Any]:
    """The row of one event."""
    found = read(csv_of(change), by)
    assert found.rejected.num_rows == 0, found.rejected.to_pylist()
    (row,) = found.table.to_pylist()
    row_: dict[str, Any] = row
    return row_


def days(row: dict[str, Any]) -> tuple[str, str]:
    """First and last moment of a row."""
    return utc_text(row["start"])[:13], utc_text(row["end"])[:13]


@pytest.mark.parametrize("columns", [OLD, NEW], ids=["old", "new"])
@pytest.mark.parametrize("mark", [",", ";"])
def test_both_column_sets_and_delimiters_say_the_same(columns: list[str], mark: str) -> None:
    """An export of 2019 and one of 2024 are the same evidence."""
    found = read(csv_of({}, {"event_date": "2016-03-05"}, columns=columns, mark=mark))
    assert (found.table.num_rows, found.rejected.num_rows) == (2, 0)
    first, second = found.table.to_pylist()
    assert days(first) == days(second) == ("2016-03-04T22", "2016-03-05T22")
    assert (first["impact"]["radius_m"], first["act"], first["killed_best"]) == (5_000, ["attack"], 3)
    assert (first["asserted_by"], first["chain"]) == ("Made-up Monitor", ["Made-up Monitor", "Other Office"])


def test_no_row_may_be_exported() -> None:
    """The terms forbid it: every row says so, whatever it reports."""
    table = read(csv_of({}, {"event_type": "Riots", "sub_event_type": "Mob violence"}, {"geo_precision": "3"})).table
    assert table.column("may_export").to_pylist() == [False, False, False]
    assert "passed on" in table.column("licence")[0].as_py()


def test_a_town_a_part_of_a_region_and_a_region() -> None:
    """Geo precision 1, 2, 3 by the precision table: 5 km, 25 km, the governorate."""
    town, part, region = (one({"geo_precision": code})["impact"] for code in "123")
    assert (town["radius_m"], part["radius_m"]) == (5_000, 25_000)
    assert (region["kind"], region["areas"]) == ("area", ["SY-ID"])


def test_a_week_is_every_week_that_holds_the_day_and_a_month_the_month() -> None:
    """No source says which day its week begins on; February of 2016 has 29 days."""
    assert days(one({"time_precision": "2"})) == ("2016-02-27T22", "2016-03-11T22")
    assert days(one({"time_precision": "3", "event_date": "14 February 2016"})) == ("2016-01-31T22", "2016-02-29T22")


# -- who -------------------------------------------------------------------------------------------------------------


def test_a_battle_is_a_pair_without_a_direction() -> None:
    """Actor 1 of a battle is only the one that stands first in the row."""
    row = one({})
    assert (row["unordered"], row["actor"], row["target"], row["target_umbrella"]) == (True, ["gov"], ["opp"], True)


@pytest.mark.parametrize(
    ("kind", "sub", "act"),
    [("Explosions/Remote violence", "Shelling/artillery/missile attack", "shelling"),
     ("Explosions/Remote violence", "Air/drone strike", "air-strike"),
     ("Violence against civilians", "Attack", "attack"), ("Explosions/Remote violence", "Chemical weapon", "toxic")],
)  # fmt: skip
def test_one_sided_violence_is_by_actor_1(kind: str, sub: str, act: str) -> None:
    """The codebook puts whoever acts first there; the act is a word of the tree."""
    change = {"event_type": kind, "sub_event_type": sub, "actor2": "Civilians (Syria)", "inter2": "Civilians"}
    row = one(change)
    assert (row["unordered"], row["actor"], row["target"], row["act"]) == (False, ["gov"], ["civilians"], [act])
    assert row["protected"]


def test_civilians_are_known_by_their_code_in_both_column_sets() -> None:
    """7 in the old set, a word in the new one; neither needs an alias."""
    old = one({"actor2": "Civilians (Somewhere)", "inter2": "7"})
    assert old["target"] == ["civilians"]
    assert one({"actor2": "Teachers", "inter2": "Civilians"})["target"] == ["civilians"]


def test_force_against_protesters_is_by_whoever_met_them() -> None:
    """In protests the protesters stand first and the force second."""
    change = {
        "event_type": "Protests",
        "sub_event_type": "Excessive force against protesters",
        "actor1": "Protesters (Syria)",
        "inter1": "6",
        "actor2": "Northern Army",
    }
    row = one(change)
    assert (row["actor"], row["target"], row["protected"]) == (["gov"], ["civilians"], True)


def test_an_ally_that_no_alias_knows_is_somebody() -> None:
    """Who surely took part stays named; who may have is neither dropped nor guessed."""
    row = one({"assoc_actor_1": "Unheard-of Brigade"})
    assert (row["actor"], row["actor_mode"]) == (["gov", UNNAMED], JOINT)
    either = one({"actor1": "North or South", "assoc_actor_1": "Northern Army"})
    assert (either["actor"], either["actor_mode"]) == ([UNNAMED, "gov"], JOINT)
    assert one({"actor1": "Nobody knows", "assoc_actor_1": "Nor them"})["actor_mode"] == UNNAMED


# -- what ------------------------------------------------------------------------------------------------------------


def test_every_default_act_is_in_the_tree() -> None:
    """A slip would answer 0 for all rows of its kind."""
    for sub, acts in ACTS.items():
        assert all(act in manner().tree for act in acts), sub


def test_an_alias_of_the_agreement_wins_over_the_default() -> None:
    """The signers say what a word means to them."""
    by = made({"acled:armed clash": ActAlias("small-arms", False)})
    assert one({}, by)["act"] == ["small-arms"]


def test_a_word_that_is_not_known_is_no_act() -> None:
    """0 with reason `act`, never a guess."""
    assert one({"sub_event_type": "Other"})["act"] == []


def test_sexual_violence_enters_no_table() -> None:
    """It takes the closed pathway, whatever an alias of the agreement says; of the row nothing but its line is kept."""
    change = {"event_type": "Violence against civilians", "sub_event_type": "Sexual violence", "actor2": "X"}
    by = made({"acled:sexual violence": ActAlias("attack", False)})
    found = readers.read("acled", io.BytesIO(csv_of(change, {"event_id_cnty": "SYR99"})), "a.csv", by)
    assert found.table.num_rows == 1
    (row,) = found.rejected.to_pylist()
    assert (row["line"], row["id"], row["field"]) == (2, "", "act")
    assert "closed" in row["reason"]


def test_a_closed_row_with_other_faults_leaves_no_id() -> None:
    """It is told to be closed before anything else of it is looked at."""
    change = {"sub_event_type": "Sexual violence", "event_date": "soon"}
    (row,) = read(csv_of({}, change)).rejected.to_pylist()
    assert (row["line"], row["id"], row["field"]) == (3, "", "act")


# -- bad rows and files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event_date": "1/2/2016"}, "event_date"),
        ({"event_date": ""}, "event_date"),
        ({"event_date": "31 June 2016"}, "event_date"),
        ({"event_date": "2031-01-01"}, "event_date"),
        ({"time_precision": "4"}, "time_precision"),
        ({"geo_precision": ""}, "geo_precision"),
        ({"geo_precision": "0"}, "geo_precision"),
        ({"latitude": "95.123456"}, "latitude"),
        ({"longitude": "nan"}, "latitude"),
        ({"latitude": "35,812345"}, "latitude"),
        ({"latitude": "36.6", "longitude": "35.812345"}, "longitude, latitude"),
        ({"fatalities": "-1"}, "fatalities"),
        ({"fatalities": "9e12"}, "fatalities"),
        ({"fatalities": "several"}, "fatalities"),
        ({"notes": "a\0b"}, "notes"),
        ({"event_id_cnty": "1"}, "event_id_cnty"),
        ({"event_id_cnty": "SYR1001"}, "id"),
    ],
)
def test_a_bad_event_is_rejected_alone(change: dict[str, str], field: str) -> None:
    """With line, field and reason, and no coordinate in it; the rows around it are taken."""
    if change.get("longitude") == "nan":
        field = "longitude"
    found = read(csv_of({}, change, {}))
    (row,) = found.rejected.to_pylist()
    assert (found.table.num_rows, row["line"], row["field"]) == (2, 3, field)
    assert "12345" not in row["reason"]


def test_a_date_that_can_be_read_in_two_ways_is_told_to_be_so() -> None:
    """1 February or 2 January: nobody guesses."""
    (row,) = read(csv_of({"event_date": "1/2/2016"})).rejected.to_pylist()
    assert "two ways" in row["reason"]


def test_swapped_coordinates_are_suggested_and_not_turned() -> None:
    """The other way round lies in Syria: whoever sent the file has to say so."""
    found = read(csv_of({"latitude": "39.9", "longitude": "35.2"}, {"latitude": "38.5", "longitude": "35.0"}))
    reasons = [row["reason"] for row in found.rejected.to_pylist()]
    assert len(reasons) == 2
    assert all("swapped" in reason and "SY" in reason for reason in reasons)


@pytest.mark.parametrize(("lat", "lon"), [("36.2", "36.1"), ("33.9", "35.9"), ("52.5", "13.4")])
def test_a_point_abroad_is_taken_as_it_stands(lat: str, lon: str) -> None:
    """Just over the border, or anywhere that turning it round does not explain."""
    assert one({"latitude": lat, "longitude": lon})["impact"]["lat_e7"] == round(float(lat) * 1e7)


@pytest.mark.parametrize("column", ["event_date", "geo_precision", "actor1", "latitude"])
def test_a_missing_column_is_refused_by_name(column: str) -> None:
    """A table without it is another kind of table."""
    with pytest.raises(InputError, match=column):
        read(csv_of({}, columns=[one for one in NEW if one != column]))


def test_the_readers_know_an_export() -> None:
    """By its columns, with either delimiter."""
    assert readers.kind_of(Start("x.csv", csv_of({}, mark=";"))) == "acled"
    assert readers.kind_of(Start("x.csv", csv_of({}, columns=OLD))) == "acled"
