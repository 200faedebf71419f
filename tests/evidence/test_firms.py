"""Fires: how large a pixel is, which places always burn, and that no term ever answers to a fire."""

from __future__ import annotations

import gzip
import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.bench import bench, manner
from truceline.desk import assess_files
from truceline.desk.files import Evidence
from truceline.desk.runs import Asked
from truceline.errors import InputError
from truceline.evidence import firms, readers
from truceline.evidence.firms import HEAT, KIND, PERSISTENT, TOO_SHORT, Heat, radius_m
from truceline.evidence.readers import Start
from truceline.evidence.reading import Read

MODIS = (
    "latitude longitude brightness scan track acq_date acq_time satellite instrument confidence version bright_t31 frp "
    "daynight type"
).split()
VIIRS = (
    "latitude longitude bright_ti4 scan track acq_date acq_time satellite instrument confidence version bright_ti5 frp "
    "daynight"
).split()
FIRE = {
    "latitude": "35.8", "longitude": "36.6", "brightness": "306.7", "scan": "1.9", "track": "1.4",
    "acq_date": "2016-03-05", "acq_time": "745", "satellite": "Terra", "instrument": "MODIS", "confidence": "64",
    "version": "6.2", "bright_t31": "283.2", "frp": "23.4", "daynight": "D", "type": "0",
}  # fmt: skip
HOT = {
    **FIRE, "scan": "0.39", "track": "0.36", "satellite": "N20", "instrument": "VIIRS", "confidence": "nominal",
    "version": "2.0NRT",
}  # fmt: skip


def csv_of(*rows: dict[str, str], columns: list[str] = MODIS) -> bytes:
    """Made-up detections; each is `FIRE` with changes."""
    lines = [",".join({**FIRE, **row}.get(column, "") for column in columns) for row in rows]
    return "\n".join([",".join(columns), *lines]).encode() + b"\n"


def read(data: bytes) -> Read:
    """What the reader makes of them."""
    return firms.read(io.BytesIO(data), "f.csv", manner())


def one(change: dict[str, str], columns: list[str] = MODIS) -> dict[str, Any]:
    """The row of one detection."""
    (row,) = read(csv_of(change, columns=columns)).table.to_pylist()
    found: dict[str, Any] = row
    return found


def test_a_pixel_is_a_disc_and_a_pass_is_a_minute() -> None:
    """Half the diagonal of 1.9 km x 1.4 km; 07:45 UTC and no second longer than the minute is wide."""
    row = one({})
    assert (row["impact"]["kind"], row["impact"]["radius_m"]) == ("disc", 1_181)
    assert (row["end"] - row["start"], row["time_text"]) == (60, "2016-03-05T07:45Z")
    assert (row["sensor"], row["kind"], row["asserted_by"]) == ("MODIS Terra", KIND, "NASA FIRMS")
    assert "confidence 64" in row["note"]


def test_viirs_is_read_like_modis() -> None:
    """Both instruments say the size of their pixel and when they passed; `N20` is NOAA-20."""
    row = one(HOT, VIIRS)
    assert (row["impact"]["radius_m"], row["sensor"], row["source_version"]) == (266, "VIIRS NOAA-20", "2.0NRT")
    assert "confidence nominal" in row["note"]


@given(st.decimals("0.01", "20", places=2), st.decimals("0.01", "20", places=2))
def test_the_radius_is_the_smallest_whole_one_that_holds_the_pixel(scan: Any, track: Any) -> None:  # noqa: ANN401
    """Rounded up, exactly: one metre less would leave a corner out."""
    radius = radius_m({"scan": str(scan), "track": str(track)})
    square = (scan * 1_000) ** 2 + (track * 1_000) ** 2
    assert 4 * radius * radius >= square > 4 * (radius - 1) ** 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"acq_date": "5/3/2016"}, "acq_date"),
        ({"acq_date": "2031-01-01"}, "acq_date"),
        ({"acq_time": "2460"}, "acq_time"),
        ({"acq_time": "noon"}, "acq_time"),
        ({"acq_time": ""}, "acq_time"),
        ({"scan": "0"}, "scan"),
        ({"track": "-1"}, "track"),
        ({"scan": "nan"}, "scan"),
        ({"scan": "1e9"}, "scan"),
        ({"latitude": "95.123456"}, "latitude"),
        ({"longitude": "inf"}, "longitude"),
        ({"latitude": ""}, "latitude"),
        ({"longitude": "36,6"}, "row"),
    ],
)
def test_a_bad_detection_is_rejected_alone(change: dict[str, str], field: str) -> None:
    """With its line and field, and without its coordinate; the rows around it are taken."""
    found = read(csv_of({"acq_time": "701"}, change, {"acq_time": "702"}))
    (row,) = found.rejected.to_pylist()
    assert (found.table.num_rows, row["line"], row["field"]) == (2, 3, field)
    assert "123456" not in row["reason"]


def test_csv_gzip_and_parquet_say_the_same() -> None:
    """One export in three wrappings has the same ids and regions."""
    data = csv_of({}, HOT, {"acq_time": "5"})
    sink = pa.BufferOutputStream()
    pq.write_table(pacsv.read_csv(io.BytesIO(data)), sink)
    plain, packed = read(data).table, read(gzip.compress(data)).table
    parquet = firms.read(io.BytesIO(sink.getvalue().to_pybytes()), "f.parquet", manner()).table
    assert plain.equals(packed)
    for column in ("id", "start", "impact", "sensor"):
        assert plain.column(column).equals(parquet.column(column)), column


def test_the_readers_know_a_file_of_firms() -> None:
    """It is found by its columns, whatever its name; of Parquet the columns are asked by whoever opens it."""
    assert readers.kind_of(Start("x.txt", csv_of({}))) == "firms"
    head, names = b"PAR1", frozenset(VIIRS)
    assert readers.kind_of(Start("x.parquet", head, columns=names)) == "firms"
    assert readers.kind_of(Start("x.parquet", head, has_mapping=True, columns=names)) == "features"
    assert readers.kind_of(Start("x.parquet", head, columns=frozenset(("latitude", "longitude")))) is None


# -- what always burns -----------------------------------------------------------------------------------------------


def heat(*burned: tuple[float, float, date]) -> frozenset[int]:
    """The persistent sources among some places and days."""
    found = Heat()
    for lon, lat, day in burned:
        found.add(round(lon * 1e7), round(lat * 1e7), day)
    return found.sources()


def test_a_flare_is_persistent_and_a_harvest_is_not() -> None:
    """Five days in four months of the calendar; forty days of one June, year after year, are fields."""
    flare = [(36.605, 35.805, date(2016, 1, 9) + timedelta(days=45 * n)) for n in range(5)]
    fields = [(38.605, 35.805, date(2016 + n // 20, 6, 1 + n % 20)) for n in range(80)]
    assert heat(*flare, *fields) == {HEAT.cell(366_050_000, 358_050_000)}
    assert heat(*flare[:4]) == frozenset()


def test_the_centre_of_a_pixel_may_wander_into_the_next_cell() -> None:
    """A source on the edge of a cell is found as if it lay in its middle."""
    edge = [(36.61 + (-1) ** n * 1e-5, 35.81 + (-1) ** (n // 2) * 1e-5, date(2016, 1 + 2 * n, 3)) for n in range(5)]
    assert len(heat(*edge)) == 4


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 400)), max_size=60),
    st.integers(0, 35_999),
)
def test_sources_are_those_of_the_rule_told_slowly(burned: list[tuple[int, int, int]], column: int) -> None:
    """Counting in stripes of columns gives what counting each cell with its neighbours gives."""
    places = [(column + x, 12_000 + y, date(2016, 1, 1) + timedelta(days=7 * day)) for x, y, day in burned]
    places = [(x, y, day) for x, y, day in places if 0 <= x < 36_000]
    found = Heat()
    for x, y, day in places:
        found.add(x * HEAT.cell_e7 - 1_800_000_000, y * HEAT.cell_e7 - 900_000_000, day)
    slow = set()
    for x, y, _ in places:
        near = {day for x2, y2, day in places if abs(x2 - x) <= 1 and abs(y2 - y) <= 1}
        if len(near) >= HEAT.days and len({day.month for day in near}) >= HEAT.months:
            slow.add(HEAT.cell(x * HEAT.cell_e7 - 1_800_000_000, y * HEAT.cell_e7 - 900_000_000))
    assert found.sources() == slow


def test_a_static_land_source_of_the_archive_is_marked() -> None:
    """`type` 2 is NASA's own word for it; a plain fire carries no such mark."""
    assert one({"type": "2"})["note"].startswith(f"{PERSISTENT}: static land source")
    assert PERSISTENT not in one({})["note"]


def test_a_place_that_burns_in_all_seasons_is_marked_in_each_of_its_rows() -> None:
    """The first detection too: the file is read once for the places and once for the rows."""
    rows = [{"acq_date": f"2016-{month:02}-09"} for month in range(1, 7)]
    assert all(row["note"].startswith(PERSISTENT) for row in read(csv_of(*rows)).table.to_pylist())


def test_a_file_that_is_too_short_to_tell_says_so_in_each_row() -> None:
    """The missing mark means nothing there; what FIRMS itself marks stays marked."""
    plain, static = read(csv_of({}, {"type": "2", "acq_time": "0801"})).table.column("note").to_pylist()
    assert plain.endswith(TOO_SHORT)
    assert static.startswith(PERSISTENT)
    assert TOO_SHORT not in static
    rows = [{"acq_date": f"2016-{month:02}-09", "longitude": f"{36 + month / 10}"} for month in range(1, 7)]
    assert not any(TOO_SHORT in note for note in read(csv_of(*rows)).table.column("note").to_pylist())


def test_a_file_whose_positions_are_turned_round_is_refused_with_a_hint() -> None:
    """None lies in Syria, and all would the other way round; one that does is enough to take the file."""
    turned = {"latitude": "38.9", "longitude": "35.2"}
    with pytest.raises(InputError, match="swapped"):
        read(csv_of(turned, {**turned, "acq_time": "801"}))
    assert read(csv_of(turned, {})).table.num_rows == 2
    assert read(csv_of({"latitude": "52.5", "longitude": "13.4"})).table.num_rows == 1


# -- never a breach --------------------------------------------------------------------------------------------------


def test_no_term_answers_to_a_fire() -> None:
    """Inside every window and zone of the shipped text: nothing is surely or possibly covered by it."""
    days = [date(2016, 2, 20) + timedelta(days=n) for n in range(0, 260, 3)]
    rows = [{"acq_date": day.isoformat(), "latitude": f"{35 + n / 60:.3f}"} for n, day in enumerate(days)]
    found = read(csv_of(*rows))
    assert found.table.num_rows == len(days)
    given = Evidence("f.csv", "firms", "0" * 64, found.table, found.rejected)
    assessed = assess_files(bench(), [given], Asked()).assessed
    for term in bench().agreement.terms.values():
        if term.kind in ("prohibit", "permit"):
            assert set(assessed.answers[term.id].value.tolist()) == {-1}, term.id
    assert set(assessed.answers["any"].value.tolist()) == {-1}


# -- hostile files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"PAR1",
        b"PAR1" + b"\0" * 100 + b"PAR1",
        csv_of({}).replace(b"scan", b"scam"),
        b"\xff\xfe" + b"a\0" * 99,
    ],
    ids=["nothing", "blank", "four bytes", "empty parquet", "no scan", "utf-16"],
)
def test_a_file_that_is_none_is_refused_in_one_line(data: bytes) -> None:
    """An InputError of one line, and never another error."""
    with pytest.raises(InputError) as error:
        read(data)
    assert len(str(error.value).splitlines()) == 1


def test_a_byte_order_mark_and_semicolons_do_not_matter() -> None:
    """Spreadsheets write both."""
    assert read(b"\xef\xbb\xbf" + csv_of({}, {"acq_time": "0746"}).replace(b",", b";")).table.num_rows == 2


# -- the real files --------------------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.long
@pytest.mark.parametrize(("file", "rows", "least", "most"), [
    ("modis_syria_2016_2022.csv", 14_508, 0.28, 0.33), ("modis_levant_2016_2022.parquet", 314_638, 0.86, 0.92),
])  # fmt: skip
def test_every_row_of_the_real_files_is_taken(data: Path, file: str, rows: int, least: float, most: float) -> None:
    """And about 29 % of the fires of Syria are persistent sources, as the design says of them."""
    with (data / "firms" / file).open("rb") as stream:
        found = firms.read(stream, file, replace(manner(), latest=2_000_000_000))
    assert found.table.num_rows + found.rejected.num_rows == rows
    assert found.rejected.num_rows == sum("twice" in row["reason"] for row in found.rejected.to_pylist())
    share = sum(note.startswith(PERSISTENT) for note in found.table.column("note").to_pylist()) / rows
    assert least < share < most
