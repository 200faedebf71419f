"""Sheets by a mapping: CSV and XLSX of anybody, read strictly, never computed; and the mapping, checked whole."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import zipfile
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.bench import manner
from truceline.errors import InputError
from truceline.evidence import cells, mapping, readers, sheet
from truceline.evidence.mapping import iso_day, pattern_of, plan_of, read_mapping
from truceline.evidence.readers import Start
from truceline.evidence.reading import Found, Manner, Read
from truceline.span import utc_text

TEXT = """\
mapping: 1
source: hotline
licence: the mission's own
may_export: false
country: Syria
precision: village
date_format: "%d/%m/%Y"
fields:
  id: Ref
  start: Date
  time: Hour
  lon: Longitude
  lat: Latitude
  act: What
  actor: {column: By, words: {regime: Syrian government}}
  killed_low: Killed
"""
HEAD = ["Ref", "Date", "Hour", "Longitude", "Latitude", "What", "By", "Killed"]
CALL = ["7", "05/03/2016", "14:30", "36.6", "35.8", "shelling", "regime", "2"]


def mapped(text: str = TEXT, **changes: Any) -> Manner:  # noqa: ANN401  # whatever a mapping says
    """How to read by a mapping; each change replaces a key of it."""
    return replace(manner(), mapping={**read_mapping(text.encode(), "m.yaml"), **changes})


def csv_of(*rows: dict[str, str], mark: str = ",") -> bytes:
    """A sheet of calls; each is `CALL` with changes and a number of its own."""
    each = [
        [{"Ref": str(7 + n), **row}.get(head, CALL[i]) for i, head in enumerate(HEAD)] for n, row in enumerate(rows)
    ]
    quoted = [[f'"{cell}"' if mark in cell else cell for cell in row] for row in [HEAD, *each]]
    return "\n".join(mark.join(row) for row in quoted).encode() + b"\n"


def read(data: bytes, by: Manner | None = None, name: str = "calls.csv") -> Read:
    """What the reader makes of a sheet."""
    return sheet.read(io.BytesIO(data), name, by or mapped())


def one(change: dict[str, str], by: Manner | None = None) -> dict[str, Any]:
    """The row of one call."""
    found = read(csv_of(change), by)
    assert found.rejected.num_rows == 0, found.rejected.to_pylist()
    (row,) = found.table.to_pylist()
    made: dict[str, Any] = row
    return made


def fault(change: dict[str, str], by: Manner | None = None) -> tuple[str, str]:
    """Field and reason of the only rejected row."""
    found = read(csv_of({"Ref": "1"}, change, {"Ref": "3"}), by)
    (row,) = found.rejected.to_pylist()
    assert (found.table.num_rows, row["line"]) == (2, 3)
    return row["field"], row["reason"]


# -- CSV -------------------------------------------------------------------------------------------------------------


def test_a_row_is_read_by_its_mapping() -> None:
    """Every field that the mapping names, in the words of the agreement."""
    row = one({})
    assert (row["id"], row["source"], row["may_export"], row["licence"]) == (
        "hotline:7",
        "hotline",
        False,
        "the mission's own",
    )
    assert (utc_text(row["start"]), row["end"] - row["start"]) == ("2016-03-05T12:30:00Z", 60)
    assert (row["impact"]["radius_m"], row["impact"]["country"]) == (2_000, "SY")
    assert (row["act"], row["actor"], row["killed_low"], row["line"]) == (["shelling"], ["gov"], 2, 2)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "wrap", [bytes, gzip.compress, lambda data: b"\xef\xbb\xbf" + data, lambda data: data.replace(b"\n", b"\r\n")]
)
def test_delimiter_packing_byte_order_mark_and_line_ends_do_not_matter(mark: str, wrap: Any) -> None:  # noqa: ANN401
    """The same sheet from four programs is the same evidence."""
    found = read(wrap(csv_of({}, {}, mark=mark)))
    assert found.table.equals(read(csv_of({}, {})).table)


def test_a_hint_of_the_delimiter_and_lines_above_the_header_are_passed_over() -> None:
    """`sep=;` is what one spreadsheet writes for another; a title stands above many tables."""
    assert read(b"sep=;\n" + csv_of({}, mark=";")).table.num_rows == 1
    found = read(b"Calls of March\n\n" + csv_of({}), mapped(header=3))
    assert found.table.column("line").to_pylist() == [4]


def test_a_day_without_a_form_is_ambiguous() -> None:
    """1/2/2016 is the first of February or the second of January."""
    by = mapped(TEXT.replace('date_format: "%d/%m/%Y"\n', ""))
    found = read(csv_of({"Date": "2016-03-05"}, {"Date": "1/2/2016"}), by)
    (row,) = found.rejected.to_pylist()
    assert (row["field"], "two ways" in row["reason"]) == ("Date", True)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"Date": "31/02/2016"}, "Date"),
        ({"Date": "2016-03-05"}, "Date"),
        ({"Date": ""}, "Date"),
        ({"Hour": "25:00"}, "Date"),
        ({"Hour": "noon"}, "Hour"),
        ({"Longitude": "36,612345"}, "Longitude"),
        ({"Latitude": "95.123456"}, "Latitude"),
        ({"Latitude": ""}, "Latitude"),
        ({"Longitude": "NaN"}, "Longitude"),
        ({"Killed": "a lot"}, "Killed"),
        ({"Killed": "-1"}, "Killed"),
        ({"Killed": "9e99"}, "Killed"),
        ({"Killed": "1e11"}, "Killed"),
        ({"Ref": ""}, "Ref"),
        ({"What": "a\0b"}, "What"),
        ({"Date": "05/03/2031"}, "start"),
        ({"Ref": "1"}, "id"),
        ({"Killed": "=1+1"}, "Killed"),
        ({"Date": "05/03/1016"}, "Date"),
    ],
)
def test_a_bad_row_is_rejected_alone(change: dict[str, str], column: str) -> None:
    """With its line and column, and without its coordinate; the rows around it are taken."""
    where, reason = fault(change)
    assert where == column
    assert "12345" not in reason
    assert "\n" not in reason


def test_swapped_coordinates_are_suggested_and_not_turned() -> None:
    """Inside the stated country only the other way round."""
    where, reason = fault({"Longitude": "35.2", "Latitude": "39.9"})
    assert (where, "swapped" in reason) == ("Longitude, Latitude", True)


def test_more_cells_than_columns_reject_the_row() -> None:
    """A comma inside a cell that was not quoted moves every cell behind it."""
    found = read(csv_of({}) + b"8,05/03/2016,14:30,36.6,35.8,shelling,regime,2,3\n")
    assert (found.table.num_rows, [row["reason"] for row in found.rejected.to_pylist()]) == (
        1,
        ["expected 8 cells, got 9"],
    )


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters='\n\r"'), max_size=12), max_size=10))
def test_no_line_ends_in_a_crash(cells: list[str]) -> None:
    """Whatever the cells are, a line is taken or rejected, and the one before it is taken."""
    found = read(csv_of({}) + ",".join(cells).encode() + b"\n")
    assert found.table.num_rows >= 1
    assert found.table.num_rows + found.rejected.num_rows <= 2


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n", b"a,b\n1,2\n", csv_of({}).replace(b"Date", b"Day"), b"Date," + csv_of({}), "Ref".encode("utf-16"),
     csv_of({}) + b"x" * (1 << 20) + b"\n"],
    ids=["nothing", "blank", "other table", "no column", "column twice", "utf-16", "long line"],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_in_one_line(data: bytes) -> None:
    """An InputError of one line, and never another error."""
    with pytest.raises(InputError) as error:
        read(data)
    assert len(str(error.value).splitlines()) == 1


def test_without_a_mapping_a_sheet_says_nothing() -> None:
    """Nobody guesses which column is the latitude."""
    with pytest.raises(InputError, match="needs a mapping"):
        read(csv_of({}), manner())
    assert readers.kind_of(Start("c.csv", csv_of({}), has_mapping=True)) == "sheet"
    assert readers.kind_of(Start("c.csv", csv_of({}))) is None


def test_a_stray_quote_costs_its_own_line() -> None:
    """Whether it stands after a cell or opens one that never ends: the lines below are read, with their numbers."""
    bad = b'8,"05/03/2016" x,14:30,36.6,35.8,shelling,regime,2\n9,"05/03/2016,14:30,36.6,35.8,shelling,regime,2\n'
    good = b"".join(csv_of({"Ref": ref}).partition(b"\n")[2] for ref in ("10", "11"))
    found = read(csv_of({}) + bad + good)
    assert found.rejected.column("line").to_pylist() == [3, 4]
    assert all("quote" in reason for reason in found.rejected.column("reason").to_pylist())
    assert [(row["line"], row["source_id"]) for row in found.table.to_pylist()] == [(2, "7"), (5, "10"), (6, "11")]


def test_a_cell_of_several_lines_is_one_record() -> None:
    """What is quoted as it should be is no stray quote."""
    found = read(csv_of({"What": "x"}, {}).replace(b",x,", b',"shelling\nat ""noon""",'))
    assert found.table.column("act_text").to_pylist() == ['shelling\nat "noon"', "shelling"]
    assert found.table.column("line").to_pylist() == [3, 4]


def test_quotes_that_never_fit_refuse_the_file_before_they_cost_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line opens a cell that goes on through all the others: what is read again is counted."""
    monkeypatch.setattr(cells, "FREE_UNPACKED", 1 << 20)
    with pytest.raises(InputError, match="quotes"):
        read(csv_of({}) + b'",x","\n' * 4_000)


def test_a_bare_serial_number_is_told_to_be_one() -> None:
    """42430 is 2016-03-01 in one spreadsheet and a day of 2020 in another."""
    by = mapped(TEXT.replace('date_format: "%d/%m/%Y"\n', ""))
    for how in (by, mapped()):
        assert "serial number" in read(csv_of({"Date": "42430"}), how).rejected.column("reason")[0].as_py()


# -- how many --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "ends"),
    [("more than 350", (351, None)), ("20-30", (20, 30)), ("dozens", (24, None)), ("7", (7, 7)), ("up to 4", (None, 4)),
     ("1,200", (1200, 1200)), ("?", (None, None)), ("", (None, None)), ("أكثر من ٣٥٠", (351, None))],
)  # fmt: skip
def test_one_column_says_both_ends_of_a_number(told: str, ends: tuple[int | None, int | None]) -> None:
    """A report with a vague number is a report: `killed` and `count` are intervals."""
    for what in ("killed", "count"):
        row = one({"Killed": told}, mapped(TEXT.replace("killed_low:", f"{what}:")))
        assert (row[f"{what}_low"], row[f"{what}_high"]) == ends


def test_a_column_of_one_end_takes_words_for_that_end() -> None:
    """Words for the other end are a fault, and so is a number in words where one has to be exact."""
    low, high, best = (
        mapped(TEXT.replace("killed_low:", f"{key}:")) for key in ("count_low", "count_high", "killed_best")
    )
    assert one({"Killed": "more than 350"}, low)["count_low"] == 351
    assert one({"Killed": "up to 20"}, high)["count_high"] == 20
    assert "map it as `count`" in fault({"Killed": "more than 350"}, high)[1]
    assert "one number" in fault({"Killed": "20-30"}, best)[1]
    assert one({"Killed": "three"}, best)["killed_best"] == 3
    by = mapped(TEXT.replace("killed_low:", "killed:"), decimal=",", delimiter=";")
    found = read(csv_of({"Killed": "over 1,200", "Longitude": "36,6", "Latitude": "35,8"}, mark=";"), by)
    assert found.rejected.column("field").to_pylist() == ["Killed"]


def test_a_number_is_mapped_once() -> None:
    """Two columns for one end would leave open which is meant."""
    told = faults(TEXT.replace("killed_low: Killed", "killed: Killed\n  killed_low: Dead"))
    assert told == ["m.yaml:17: fields.killed_low: says the same as `killed`: expected one of them"]


# -- where -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OneTown:
    """A list of one place."""

    def find(self, text: str, *, near: tuple[float, float] | None = None, most: int = 5) -> list[Found]:  # noqa: ARG002  # the protocol
        """It, for its own name."""
        return [Found("made:1", "Madeup", 36.6, 35.8, "town", "SY")] if text == "Madeup" else []

    def sure(self, text: str, *, near: tuple[float, float] | None = None) -> Found | None:  # noqa: ARG002  # the protocol
        """It, for its own name."""
        return next(iter(self.find(text)), None)


NAMED = TEXT.replace("lon: Longitude\n  lat: Latitude", "place: Longitude\n  governorate: Latitude")


@pytest.mark.parametrize(
    ("change", "kind", "radius"),
    [
        ({"Longitude": "Madeup", "Latitude": ""}, "disc", 5_000),
        ({"Longitude": "Nowhere", "Latitude": "Idlib"}, "area", 0),
        ({"Longitude": "Nowhere", "Latitude": ""}, "area", 0),
    ],
)
def test_a_name_is_its_place_else_its_unit_else_the_country(change: dict[str, str], kind: str, radius: int) -> None:
    """A town that the list knows is a town's disc, though the mapping speaks of villages: the wider word holds."""
    by = replace(mapped(NAMED), finder=OneTown())
    impact = one(change, by)["impact"]
    assert (impact["kind"], impact["radius_m"]) == (kind, radius)
    if kind == "area":
        assert impact["areas"] == (["SY-ID"] if change["Latitude"] else ["SY"])


def test_without_a_precision_a_point_is_a_stand_in() -> None:
    """No word, no radius: the stated country, as for every source."""
    impact = one({}, mapped(TEXT.replace("precision: village\n", "")))["impact"]
    assert (impact["kind"], impact["areas"]) == ("area", ["SY"])


def test_a_stated_radius_is_rounded_up_in_its_unit() -> None:
    """1.2345 km are 1,235 m."""
    by = mapped(TEXT.replace("killed_low: Killed", "radius: {column: Killed, unit: km}"))
    assert one({"Killed": "1.2345"}, by)["impact"]["radius_m"] == 1_235
    assert fault({"Killed": "2001"}, by)[0] == "Killed"


def test_a_decimal_comma_is_read_where_it_is_said() -> None:
    """And then a point is none: 1.234 may be a thousand and more."""
    by = mapped(decimal=",", delimiter=";")
    found = read(csv_of({"Longitude": "36,6", "Latitude": "35,8"}, {}, mark=";"), by)
    assert found.table.column("impact")[0].as_py()["lon_e7"] == 366_000_000
    assert [row["field"] for row in found.rejected.to_pylist()] == ["Longitude"]


def test_a_word_for_precision_must_be_of_the_table() -> None:
    """A word that the signed table does not have means nothing."""
    by = mapped(TEXT.replace("killed_low: Killed", "precision: Killed"))
    found = read(csv_of({"Killed": "town"}, {"Killed": "about there"}, {"Killed": "governorate"}), by)
    assert [row["field"] for row in found.rejected.to_pylist()] == ["Killed"]
    assert [row["kind"] for row in found.table.column("impact").to_pylist()] == ["disc", "area"]


@pytest.mark.parametrize(
    ("word", "seconds"), [("day", 86_400), ("hour", 3_660), ("evening", 21_600), ("month", 31 * 86_400 - 3_600)]
)
def test_a_time_is_as_wide_as_its_word(word: str, seconds: int) -> None:
    """The hours are those of the signed table; March 2016 has the change to summer time."""
    row = one({}, mapped(time_precision=word))
    assert row["end"] - row["start"] == seconds


def test_a_watch_that_saw_nothing_is_no_act() -> None:
    """*No shelling* is kept as words; it is never a shelling."""
    by = mapped(TEXT.replace("killed_low: Killed", "negative: Killed"))
    row = one({"Killed": "yes"}, by)
    assert (row["negative"], row["act"], row["act_text"]) == (True, ["observe"], "shelling")
    assert one({"Killed": "no"}, by)["act"] == ["shelling"]
    assert read(csv_of({"Killed": "maybe"}), by).rejected.column("field").to_pylist() == ["Killed"]


POST = TEXT.replace(
    "lon: Longitude\n  lat: Latitude",
    'observer_lon: Longitude\n  observer_lat: Latitude\n  range_low: {value: "0.5", unit: km}\n'
    '  range_high: {column: Hour, unit: km}\n  bearing_low: {value: "350"}\n  bearing_high: Killed',
).replace("  time: Hour\n", "").replace("  killed_low: Killed\n", "")  # fmt: skip


def test_an_observer_states_a_sector() -> None:
    """From where it stood: two ranges rounded outward, two bearings clockwise; without any of it, the country."""
    row = one({"Hour": "2.0005", "Killed": "20.5"}, mapped(POST))
    area = row["impact"]
    assert (area["kind"], area["lon_e7"], area["lat_e7"]) == ("sector", 366_000_000, 358_000_000)
    assert (area["near_m"], area["far_m"], area["from_deg"], area["to_deg"]) == (500, 2_001, 350.0, 20.5)
    assert row["place_precision"] == "range and bearing"


@pytest.mark.parametrize(
    ("change", "column"),
    [({"Hour": ""}, "Hour"), ({"Hour": "0.4"}, "Hour"), ({"Hour": "2001"}, "Hour"), ({"Killed": "361"}, "Killed"),
     ({"Killed": "350"}, "Killed"), ({"Killed": ""}, "Killed"), ({"Longitude": ""}, "Longitude")],
)  # fmt: skip
def test_a_sector_that_is_none_rejects_its_row(change: dict[str, str], column: str) -> None:
    """Half of it, ranges turned round, bearings that are one."""
    found = read(csv_of({"Hour": "2", "Killed": "20", **change}), mapped(POST))
    assert found.rejected.column("field").to_pylist() == [column]


def test_a_sector_is_mapped_whole() -> None:
    """A mapping that names three of its six fields is refused."""
    assert "`bearing_low`" in faults(POST.replace('  bearing_low: {value: "350"}\n', ""))[0]


def test_a_report_for_the_closed_pathway_leaves_its_line_alone() -> None:
    """Whatever else is wrong with its row: no id, no word of it."""
    found = read(csv_of({}, {"What": "sexual-violence", "Date": "soon"}, {"What": "sexual-violence"}))
    rows = found.rejected.to_pylist()
    assert [(row["line"], row["id"], row["field"]) for row in rows] == [(3, "", "act"), (4, "", "act")]


# -- XLSX ------------------------------------------------------------------------------------------------------------


def book(*rows: list[Any], sheets: tuple[str, ...] = ("Calls",)) -> bytes:
    """A workbook with the header and some rows on its first sheet."""
    made = openpyxl.Workbook()
    first = made.worksheets[0]
    first.title = sheets[0]
    for row in [HEAD, *rows]:
        first.append(row)
    for name in sheets[1:]:
        made.create_sheet(name)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def packed(data: bytes, changes: dict[str, bytes]) -> bytes:
    """A workbook with some of its parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changes.pop(name) if name in changes else old.read(name))
        for name, content in changes.items():
            new.writestr(name, content)
    return out.getvalue()


PART = "xl/worksheets/sheet1.xml"


def part(data: bytes, name: str = PART) -> bytes:
    """A part of a workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return found.read(name)


def test_a_workbook_says_what_the_csv_says() -> None:
    """Cells of text, of days and of numbers alike."""
    texts = read(book(CALL), name="c.xlsx").table
    typed = read(book([7, datetime(2016, 3, 5), "14:30", 36.6, 35.8, "shelling", "regime", 2]), name="c.xlsx").table
    plain = read(csv_of({})).table
    for column in ("id", "start", "end", "impact", "act", "actor", "killed_low", "line"):
        assert texts.column(column).equals(plain.column(column)), column
        assert typed.column(column).equals(plain.column(column)), column


def test_a_day_of_a_workbook_is_a_day_and_a_clock_time_a_time() -> None:
    """A cell of type date is no text in any form; one with hours is that minute."""
    rows = [[1, date(2016, 3, 5), None, 36.6, 35.8], [2, datetime(2016, 3, 5, 14, 30), None, 36.6, 35.8],
            [3, date(2016, 3, 5), time(14, 30), 36.6, 35.8]]  # fmt: skip
    found = read(book(*rows), name="c.xlsx")
    assert found.rejected.num_rows == 0, found.rejected.to_pylist()
    assert [row["end"] - row["start"] for row in found.table.to_pylist()] == [86_400, 60, 60]


def test_seconds_after_midnight_and_full_hours_are_kept() -> None:
    """00:00:30 is no 00:00, and 10:00:00 no 10 o'clock of another zone."""
    rows = [
        [n, at, None, 36.6, 35.8] for n, at in enumerate((datetime(2016, 3, 5, 0, 0, 30), datetime(2016, 3, 5, 10)))
    ]
    found = read(book(*rows), name="c.xlsx").table.to_pylist()
    assert [(utc_text(row["start"]), row["end"] - row["start"]) for row in found] == [
        ("2016-03-04T22:00:30Z", 1), ("2016-03-05T08:00:00Z", 60),
    ]  # fmt: skip


def test_an_error_of_the_spreadsheet_rejects_its_row() -> None:
    """#REF! is no word of anybody."""
    found = read(book(["1", *CALL[1:]], ["2", *CALL[1:5], "#REF!", *CALL[6:]]), name="c.xlsx")
    (row,) = found.rejected.to_pylist()
    assert (found.table.num_rows, row["field"], row["line"], "#REF!" in row["reason"]) == (1, "What", 3, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'r="3"', b'r="99999999999"'), (b'r="3"', b'r="1"'), (b'r="A3"', b'r="A9"'), (b'r="B3"', b'r="A3"'),
     (b'r="H3"', b'r="XFC3"')],
    ids=["beyond", "out of order", "elsewhere", "twice", "far column"],
)  # fmt: skip
def test_no_row_of_a_workbook_is_lost_in_silence(old: bytes, new: bytes) -> None:
    """Rows and cells that cannot stand where they say refuse the file with a reason."""
    data = book(CALL, ["8", *CALL[1:]], ["9", *CALL[1:]])
    with pytest.raises(InputError, match=r"row|column"):
        read(packed(data, {PART: part(data).replace(old, new)}), name="c.xlsx")


def test_a_formula_is_never_computed() -> None:
    """Its row is rejected by column, whatever it would give; the others are taken."""
    bad = [*CALL[:7], "=1+1"]
    found = read(book(["1", *CALL[1:]], ["2", *bad[1:]], ["3", *CALL[1:]]), name="c.xlsx")
    (row,) = found.rejected.to_pylist()
    assert (found.table.num_rows, row["field"], row["line"]) == (2, "Killed", 3)
    assert "formula" in row["reason"]


def test_a_sheet_is_chosen_and_never_guessed() -> None:
    """Of two sheets the mapping names one."""
    data = book(CALL, sheets=("Calls", "Notes"))
    with pytest.raises(InputError, match="`Calls`, `Notes`"):
        read(data, name="c.xlsx")
    assert read(data, mapped(sheet="Calls"), "c.xlsx").table.num_rows == 1
    with pytest.raises(InputError, match="is empty"):
        read(data, mapped(sheet="Notes"), "c.xlsx")


def shared(data: bytes) -> bytes:
    """A workbook as spreadsheets write it, with a part for the texts that its cells share."""
    main = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    types = part(data, "[Content_Types].xml")
    if b"sharedStrings" in types:
        return data
    entry = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + main + b'"/></Types>'
    strings = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>Ref</t></si></sst>'
    rows = part(data).replace(b't="inlineStr"><is><t>Ref</t></is>', b't="s"><v>0</v>')
    return packed(
        data, {"[Content_Types].xml": types.replace(b"</Types>", entry), "xl/sharedStrings.xml": strings, PART: rows}
    )


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "&%c;&%c;&%c;&%c;">' % (c + 1, c, c, c, c) for c in range(97, 120)
) + b"]>"  # fmt: skip
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("bomb", [ENTITIES, OUTSIDE], ids=["billion laughs", "external entity"])
@pytest.mark.parametrize(
    "name", [PART, "xl/workbook.xml", "xl/sharedStrings.xml", "[Content_Types].xml", "xl/styles.xml"]
)
def test_entities_are_refused_in_every_part(bomb: bytes, name: str) -> None:
    """Neither blown up nor fetched: one line, at once."""
    data = shared(book(CALL))
    assert read(data, name="c.xlsx").table.num_rows == 1
    body = part(data, name).partition(b"?>")[2] or part(data, name)
    with pytest.raises(InputError) as error:
        read(packed(data, {name: bomb + body}), name="c.xlsx")
    assert str(error.value).startswith("c.xlsx: its XML defines entities")
    assert len(str(error.value).splitlines()) == 1


def test_shared_texts_under_another_name_are_still_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are held in memory as a whole, whatever the part is called."""
    data = shared(book(CALL))
    types = part(data, "[Content_Types].xml").replace(b"sharedStrings.xml", b"media/picture.png")
    moved = packed(data, {"[Content_Types].xml": types, "xl/media/picture.png": part(data, "xl/sharedStrings.xml")})
    monkeypatch.setattr(sheet, "MOST_SHARED_BYTES", 40_000)
    assert read(moved, name="c.xlsx").table.num_rows == 1
    texts = part(data, "xl/sharedStrings.xml").replace(b"</sst>", b"<si><t>made up</t></si>" * 2_000 + b"</sst>")
    with pytest.raises(InputError, match="texts that cells share"):
        read(packed(moved, {"xl/media/picture.png": texts}), name="c.xlsx")


def test_a_workbook_that_unpacks_to_a_thousand_times_its_size_is_a_bomb() -> None:
    """It is refused by its directory, before anything is unpacked."""
    data = packed(book(CALL), {"xl/media/zeros.bin": b"\0" * (80 << 20)})
    with pytest.raises(InputError, match="bomb"):
        read(data, name="c.xlsx")


@pytest.mark.parametrize("cell", ['r="XFD9999999999999"', 'r="A999999999999"', 'r="ZZZZZZZ3"', 'r="A0"', 'r=""'])
def test_a_cell_far_away_costs_nothing(cell: str) -> None:
    """Rows and columns that a cell only claims are not made up."""
    data = book(CALL)
    far = part(data).replace(
        b"</sheetData>", f"<row {cell.replace('A', '')}><c {cell}><v>1</v></c></row></sheetData>".encode()
    )
    try:
        found = read(packed(data, {PART: far}), name="c.xlsx")
    except InputError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert found.table.num_rows + found.rejected.num_rows <= 3


@pytest.mark.parametrize(
    "data",
    [b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 200, book(CALL)[:900], book(CALL)[:-40], packed(book(CALL), {PART: b"<a>"}),
     packed(book(CALL), {PART: b"<a>" * 10_000}), packed(book(CALL), {"xl/workbook.xml": b""})],
    ids=["four bytes", "zeros", "cut", "no end", "open tag", "deep", "no workbook"],
)  # fmt: skip
def test_a_broken_workbook_is_refused_in_one_line(data: bytes) -> None:
    """Cut, empty or nested by the thousand."""
    with pytest.raises(InputError) as error:
        read(data, name="c.xlsx")
    assert len(str(error.value).splitlines()) == 1


SPOIL = (
    b"NaN",
    b"1e308",
    b"-1",
    b"\0",
    b'"',
    b",",
    b"\n",
    b"null",
    b"{",
    b"]",
    b"\xff",
    b"9" * 30,
    b"1/2/2016",
    b"<c>",
)


def spoilt(data: bytes, chance: random.Random) -> bytes:
    """A file with some of its bytes changed, lost or replaced."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(made) + 1)
        made[at : at + chance.choice((0, 1, 12, 300))] = chance.choice(SPOIL)
    return bytes(made)


@pytest.mark.parametrize("kind", ["csv", "workbook", "parts of a workbook"])
def test_no_spoilt_sheet_ends_in_a_crash(kind: str) -> None:
    """Rows are taken or rejected, or the file is refused in one line; nothing else is ever raised."""
    chance, data = random.Random(20160227), shared(book(CALL, CALL)) if kind != "csv" else csv_of({}, {})
    names = zipfile.ZipFile(io.BytesIO(data)).namelist() if kind != "csv" else []
    for _ in range(150):
        raw = spoilt(data, chance)
        if kind == "parts of a workbook":
            name = chance.choice(names)
            raw = packed(data, {name: spoilt(part(data, name), chance)})
        try:
            read(raw)
        except InputError as error:
            assert len(str(error).splitlines()) == 1


# -- the mapping -----------------------------------------------------------------------------------------------------


def faults(text: str) -> list[str]:
    """What a mapping is refused for."""
    with pytest.raises(InputError) as error:
        read_mapping(text.encode(), "m.yaml")
    return [str(one) for one in error.value.faults]


def test_a_mapping_is_checked_whole_with_its_lines() -> None:
    """All faults at once; an unknown word is told with the known one nearest to it."""
    told = faults(TEXT.replace("licence:", "license:").replace("start:", "begin:").replace("false", "perhaps"))
    assert told[:3] == [
        "m.yaml:3: license: unknown: did you mean `licence`?",
        "m.yaml:4: may_export: expected true or false, got `perhaps`",
        "m.yaml:9: fields: expected a column for `start`, got none",
    ]
    assert told[3].startswith("m.yaml:10: fields.begin: unknown: expected one of id, kind, start")
    assert len(told) == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "mapping: 2\nsource: a\nfields: {start: a}",
        "mapping: 1\nfields: {start: a}",
        "mapping: 1\nsource: a b\nfields: {start: a}",
        "mapping: 1\nsource: a\nfields: {start: a, lon: b}",
        "mapping: 1\nsource: a\nfields: {start: {}}",
        "mapping: 1\nsource: a\ntz: Mars\nfields: {start: a}",
        "mapping: 1\nsource: a\nfields: {start: a, act: {column: b, unit: km}}",
        "mapping: 1\nsource: a\ngrade: Z9\nfields: {start: a}",
        "mapping: 1\nsource: a\ndate_format: '%d/%m/%y'\nfields: {start: a}",
        "mapping: 1\nsource: a\ndate_format: '%d%d'\nfields: {start: a}",
        "mapping: 1\nsource: &a b\nfields: {start: *a}",
        "mapping: 1\nsource: !!python/name:os.system a\nfields: {start: a}",
        "mapping: 1\nsource: a\nsource: b\nfields: {start: a}",
        "{" * 10_000,
        "- " * 10_000,
        "a: {b: {c: {d: {e: {f: {g: 1}}}}}}",
        "x: \x00",
        "\tq: 1",
        '{"mapping": 1, "source": "a", "fields": ' + "[" * 100_000,
    ],
)
def test_a_mapping_that_is_none_is_refused(text: str) -> None:
    """Deep, tagged, aliased or plainly wrong: faults of one line each, and nothing is ever made of it."""
    assert all("\n" not in one for one in faults(text))


def test_a_mapping_in_json_is_the_same_mapping() -> None:
    """YAML and JSON say the same; JSON has no lines to tell."""
    plain = read_mapping(TEXT.encode(), "m.yaml")
    assert read_mapping(json.dumps(plain).encode(), "m.json") == plain
    assert plan_of(plain).columns == tuple(HEAD)


def test_a_column_that_is_not_there_is_told_by_name() -> None:
    """Before a row is read."""
    with pytest.raises(InputError, match="missing the columns `Ref`"):
        read(csv_of({}).replace(b"Ref", b"No"))
    with pytest.raises(InputError, match="lacks the columns `Nope`"):
        read(book(CALL), mapped(TEXT.replace("Killed", "Nope")), "c.xlsx")


@given(
    st.dates(date(1900, 1, 1), date(2200, 12, 31)),
    st.sampled_from(("%d/%m/%Y", "%m-%d-%Y", "%d %B %Y", "%Y.%m.%d", "%b %d, %Y")),
)
def test_a_day_written_in_a_form_is_read_back(day: date, form: str) -> None:
    """For every day and form: what was written is what is read."""
    assert iso_day(day.strftime(form), pattern_of(form)) == day.isoformat()


# -- the how-to ------------------------------------------------------------------------------------------------------

PAGES = Path(__file__).parents[2] / "docs"


def test_the_worked_example_of_the_how_to_gives_what_is_shown() -> None:
    """The sheet, the mapping and the reasons stand on the page; the reasons are those of the program."""
    page = (PAGES / "how-to" / "read-other-sources.md").read_text(encoding="utf-8")
    calls, shown, slips = re.findall(r"```text\n(.*?)```", page, re.DOTALL)[:3]
    text = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0]
    found = read(calls.encode(), mapped(text))
    assert f"{found.table.num_rows} rows taken, {found.rejected.num_rows} rejected" in shown
    for row in found.rejected.to_pylist():
        assert re.search(rf" {row['line']} +{re.escape(row['field'])} +{re.escape(row['reason'])}", shown), row
    bad = text.replace("licence", "license").replace("unit: km", "unit: leagues")
    assert [one.replace("m.yaml", "bad.yaml") for one in faults(bad)] == slips.splitlines()


def test_the_reference_lists_every_key_and_field() -> None:
    """A key that is read and not told of would be found by nobody."""
    page = (PAGES / "reference" / "mapping.md").read_text(encoding="utf-8")
    for name in (*mapping.KEYS, *mapping.FIELDS, *mapping.UNITS):
        assert f"`{name}`" in page, name
