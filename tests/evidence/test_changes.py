"""Two releases: seeded edits are found, each as what it was; nothing else is."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence.bench import GED23, SPECIAL, file_of, ged, manner
from truceline.evidence import ucdp
from truceline.evidence.changes import APART, DEATHS, FIELDS, Changes, compare
from truceline.evidence.reading import Manner, Read
from truceline.evidence.schema import SCHEMA
from truceline.span import parse_instant

TZ = "Asia/Damascus"
EDITS: dict[str, tuple[dict[str, str], set[str]]] = {
    "moved": ({"latitude": "35.9"}, {"moved"}),
    "place_precision": ({"where_prec": "2"}, {"recoded"}),
    "time": ({"date_start": "2016-03-04"}, {"recoded"}),
    "target": ({"side_b": "IS"}, {"recoded"}),
    "act": ({"type_of_violence": "2"}, {"recoded"}),
    "killed_best": ({"best": "9"}, {"deaths"}),
    "killed_low": ({"low": ""}, {"deaths"}),
    "civilians_killed": ({"deaths_civilians": "2"}, {"deaths", "recoded"}),
    "told_by": ({"source_office": "Another Office"}, {"recoded"}),
    "note": ({"event_clarity": "2"}, {"recoded"}),
}
"""A field to an edit of a row, and what the row then is."""


@pytest.fixture(scope="module")
def by() -> Manner:
    """The same tables for every test."""
    return manner()


def read(rows: list[dict[str, str]], by: Manner, columns: list[str] | None = None) -> Read:
    """A release of made-up rows."""
    return ucdp.read(file_of(ged(*rows, columns=columns)), "g.csv", by)


def found(changes: Changes) -> dict[str, set[str]]:
    """Id of every changed row, without our prefix, and what it is."""
    return {row["id"].removeprefix("ucdp:"): set(row["what"]) for row in changes.changed}


@pytest.mark.parametrize("field", sorted(EDITS))
def test_one_edit_is_found_as_what_it_is(field: str, by: Manner) -> None:
    """A row is named with the field, the old words and the new ones."""
    edit, what = EDITS[field]
    made = compare(read([{}, {}], by), read([{}, edit], by), TZ)
    (row,) = made.changed
    assert (row["id"], set(row["what"]), made.same) == ("ucdp:7002", what, 1)
    if field == "moved":
        assert row["km"] == pytest.approx(11.09, abs=0.01)
        assert row["region_changed"]
        return
    (told,) = [one for one in row["fields"] if one["field"] == field]
    assert told["old"] != told["new"]


@settings(max_examples=30, deadline=None)
@given(
    plan=st.lists(st.sampled_from(["same", "gone", "new", *EDITS]), min_size=1, max_size=12),
    seed=st.integers(0, 9), columns=st.sampled_from([SPECIAL, GED23]),
)  # fmt: skip
def test_known_edits_are_found_and_nothing_else(plan: list[str], seed: int, columns: list[str], by: Manner) -> None:
    """In any order of rows and columns, with ids and dates written in another way: exactly what was edited."""
    old, new, truth = [], [], {}
    for i, what in enumerate(plan):
        key = str(8001 + i)
        if what != "new":
            old.append({"id": key})
        if what != "gone":
            edit = EDITS[what][0] if what in EDITS else {}
            dates = {name: f"{edit.get(name, '2016-03-05')} 00:00:00.000" for name in ("date_start", "date_end")}
            new.append({**edit, **dates, "id": f"{key}.0"})
        if what in EDITS:
            truth[key] = EDITS[what][1]
    random.Random(seed).shuffle(new)
    made = compare(read(old, by), read(new, by, columns), TZ)
    assert found(made) == truth
    assert [row["id"] for row in made.vanished] == [f"ucdp:{8001 + i}" for i, what in enumerate(plan) if what == "gone"]
    assert {row["id"] for row in made.appeared} == {f"ucdp:{8001 + i}" for i, what in enumerate(plan) if what == "new"}
    assert made.same == plan.count("same")


def test_a_release_and_itself_do_not_differ(by: Manner) -> None:
    """The same rows, other names of columns and versions: nothing to tell."""
    one = ucdp.read(file_of(ged({}, {}, columns=SPECIAL)), "ged231.csv", by)
    other = ucdp.read(file_of(ged({}, {}, columns=GED23)), "ged241.csv", by)
    made = compare(one, other, TZ)
    assert (made.same, made.changed, made.appeared, made.vanished) == (2, [], [], [])


def test_a_stand_in_that_moves_leaves_its_region(by: Manner) -> None:
    """The point of a governorate is nowhere in particular: it moved, and what the row is judged by did not."""
    old, new = ({"where_prec": "4", "latitude": latitude} for latitude in ("35.9", "35.6"))
    (row,) = compare(read([old], by), read([new], by), TZ).changed
    assert (row["what"], row["region_changed"]) == (["moved"], False)


def test_less_than_a_metre_is_no_move(by: Manner) -> None:
    """One release rounds what the other writes out."""
    assert compare(read([{}], by), read([{"latitude": "35.800004"}], by), TZ).changed == []
    assert compare(read([{}], by), read([{"latitude": "35.80002"}], by), TZ).changed[0]["km"] == 0.002


def test_a_row_that_was_rejected_did_not_vanish(by: Manner) -> None:
    """Its id stands in the new release; why it could not be read is told instead."""
    made = compare(read([{}], by), read([{"date_start": "1/2/2016"}], by), TZ)
    assert (made.vanished, made.appeared) == ([], [])
    (row,) = made.refused
    assert (row["id"], row["in"], row["field"], row["rejected_line"]) == ("ucdp:7001", "new", "date_start", 2)


def test_the_year_is_that_of_the_old_release(by: Manner) -> None:
    """Of a row that appeared, its own; a row that a release moved into another year is told where it was."""
    old = [{"id": "1"}, {"id": "2", "date_start": "2015-12-31"}, {"id": "3", "date_start": "2016-01-01",
            "date_end": "2016-12-31", "date_prec": "5"}]  # fmt: skip
    new = [{"id": "1", "date_start": "2015-03-05", "date_end": "2015-03-05"}, {"id": "4", "date_start": "2015-12-30"}]
    made = compare(read(old, by), read(new, by), TZ, parse_instant("2016", TZ), parse_instant("2017", TZ))
    assert [row["id"] for row in made.changed] == ["ucdp:1"]
    assert [row["id"] for row in made.vanished] == ["ucdp:3"]
    assert made.appeared == []
    assert made.years == [
        {"year": 2016, "old": 2, "appeared": 0, "vanished": 1, "moved": 0, "recoded": 1, "deaths": 0}
    ]  # fmt: skip


def test_a_row_that_a_release_moved_into_the_bounds_is_told(by: Manner) -> None:
    """Old in 2015, new in 2016, or the other way: who asks for 2016 has to hear of both."""
    old = [{"id": "1", "date_start": "2015-12-30", "date_end": "2015-12-30"}, {"id": "2"}, {"id": "3"}]
    new = [{"id": "1"}, {"id": "2", "date_start": "2015-12-30", "date_end": "2015-12-30"}, {"id": "3"}]
    made = compare(read(old, by), read(new, by), TZ, parse_instant("2016", TZ), parse_instant("2017", TZ))
    assert ([row["id"] for row in made.changed], made.same) == (["ucdp:1", "ucdp:2"], 1)
    assert (made.appeared, made.vanished) == ([], [])


def test_free_text_that_differs_is_told_without_its_words(by: Manner) -> None:
    """Numbers of sources and of parties in full; headlines may name people, and are long."""
    columns = ("number_of_sources", "gwnob", "source_headline")
    rows = [[dict(zip(columns, one, strict=True))] for one in (("1", "", "A"), ("2", "652", "B"))]
    tables = [ucdp.more_of(file_of(ged(*one, columns=GED23)), "g.csv") for one in rows]
    made = compare(
        read(rows[0], by, GED23), read(rows[1], by, GED23), TZ, more=(tables[0], tables[1]), silent=ucdp.TEXTS
    )
    told = {one["field"]: (one["old"], one["new"]) for one in made.changed[0]["fields"]}
    assert told == {"number_of_sources": ("1", "2"), "gwnob": (None, "652"), "source_headline": (None, None)}


def test_no_position_is_told(by: Manner) -> None:
    """A report of changes travels further than evidence: distances and words, no degrees."""
    made = compare(read([{}, {"id": "5"}], by), read([{"latitude": "35.123457", "where_prec": "2"}], by), TZ)
    told = json.dumps([made.changed, made.vanished])
    assert "35.12" not in told
    assert "351234" not in told


def test_every_column_is_compared_or_left_out_on_purpose() -> None:
    """A column that is added to the schema must not be forgotten here."""
    compared = {column for columns in FIELDS.values() for column in columns}
    assert compared | set(APART) == set(SCHEMA.names)
    assert not set(APART) & compared
    assert set(DEATHS) <= set(FIELDS)


def test_nothing_and_nothing_do_not_differ(by: Manner) -> None:
    """Empty releases are releases."""
    made = compare(read([], by), read([], by), TZ)
    assert (made.changed, made.years, made.same) == ([], [], 0)


@pytest.mark.shared
def test_seeded_edits_of_the_real_file_are_all_found(data: Path, by: Manner) -> None:
    """16,566 real rows, edited by known dice, shuffled, columns in another order: every row named, none too many."""
    raw = gzip.decompress((data / "ucdp" / "ged_syria_2016_2019.csv.gz").read_bytes())
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(raw.decode())))
    dice, new = random.Random(20160227), []
    truth: dict[str, set[str]] = {"vanished": set(), "moved": set(), "deaths": set(), "recoded": set()}
    for row in rows:
        key, made, roll = row["id"].removesuffix(".0"), {**row, "id": row["id"].removesuffix(".0")}, dice.random()
        if roll < 0.02:
            truth["vanished"].add(key)
            continue
        if roll < 0.04:
            made["longitude"] = f"{float(row['longitude']) + dice.choice((-1, 1)) * dice.uniform(0.001, 2):.6f}"
            truth["moved"].add(key)
        elif roll < 0.06:
            made["best"] = str(int(float(row["best"])) + 1)
            truth["deaths"].add(key)
        elif roll < 0.08:
            made["where_prec"] = "6" if row["where_prec"] != "6.0" else "4"
            truth["recoded"].add(key)
        new.append(made | {name: f"{row[name]} 00:00:00.000" for name in ("date_start", "date_end")})
    dice.shuffle(new)
    sink = io.StringIO()
    writer = csv.DictWriter(sink, sorted(new[0]))
    writer.writeheader()
    writer.writerows(new)
    old, later = (ucdp.read(io.BytesIO(file), "g.csv", by) for file in (raw, sink.getvalue().encode()))
    told = compare(old, later, TZ)
    got = found(told)
    assert {row["id"].removeprefix("ucdp:") for row in told.vanished} == truth["vanished"]
    refused = {row["id"].removeprefix("ucdp:") for row in told.refused}  # moved into the sea: perhaps swapped, it says
    assert refused <= truth["moved"] and len(refused) < 30
    for what in ("moved", "deaths", "recoded"):
        assert {key for key, whats in got.items() if what in whats} == truth[what] - refused, what
    assert told.same + len(got) + len(told.vanished) + len(refused) == 16_566
