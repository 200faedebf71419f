"""UCDP GED by the column: equal to the rule for one row, whatever the file; versions, totals, rows that span a year."""

from __future__ import annotations

import csv
import gzip
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.evidence.bench import GED23, ROW, SPECIAL, file_of, ged, manner
from truceline.errors import InputError
from truceline.evidence import csvblocks, reading, ucdp
from truceline.evidence.csvblocks import EXTRA
from truceline.evidence.reading import Read, RowFault, Rows, lines_of, opened
from truceline.evidence.schema import hash_table, observations
from truceline.span import parse_span, utc_text

ODD: dict[str, tuple[str, ...]] = {
    "id": ("", "abc", "7001", "7001.0", "07002", "1e3", "-5", " 7003 ", "NaN", "9007199254740993", "1_0", "3.5"),
    "type_of_violence": ("1.0", "2", "3", "4", "", "x"),
    "side_a": ("IS", "", "Nobody known", "Government of Syria, Government of Russia"),
    "side_b": ("Civilians", "IS", "", 'The "quoted" front', "line\nbreak"),
    "where_prec": ("1", "2.0", "3", "4", "5", "6", "7", "8", "", "n"),
    "where_coordinates": ("Madeup town", "Madeup city ", "", " Somewhere, else", 'a "village"', "two\r\nlines village"),
    "adm_1": ("Aleppo governorate", "", "No such governorate"),
    "adm_2": ("No such district", "", "Al Bab district"),
    "latitude": ("36.2", "35", "-0.0000000", "95", "", "north", "nan", "inf", "3e1", " 35.1", "0035.12345678901234567"),
    "longitude": ("37.1", "36.123456789", "181", "", "-inf", "+36.5", "36,5", "-180", "180.00000001"),
    "country": ("Turkey", "", "Nowhere"),
    "date_prec": ("5", "1.0", "6", ""),
    "date_start": ("2016-01-01", "2016-03-04 00:00:00.000", "1/2/2016", "2016-02-30", "", "2031-01-01", "1899-12-31"),
    "date_end": ("2016-12-31", "2016-03-05 00:00:00", "2016-03-01", "2300-01-01", "\t2016-03-06"),
    "deaths_civilians": ("3.0", "", "-1", "1e2"),
    "low": ("", "0", "x"),
    "best": ("2.5", "9e12", "4"),
    "high": ("5 ", "", "2147483648"),
    "source_office": ("", "SOHR", "SOHR;SOHR;VDC", ";", "A;;B "),
    "event_clarity": ("1", "2", "2.0", ""),
}
FILES = st.lists(
    st.dictionaries(st.sampled_from(sorted(ODD)), st.integers(0, 11), max_size=3), min_size=1, max_size=8
)  # fmt: skip
BREAKS = (
    "\n",
    "   \n",
    "only,three,cells\n",
    '5" gun,x\n',
    "a\rb,c\n",
    '"open\n',
    "\x00,\n",
    '"a"b,\n',
    ",,,,,,,,,,,,\n",
)


def one_by_one(data: bytes) -> Read:
    """What the rule for one row makes of a file: no blocks, no columns."""
    rows = Rows("g.csv")
    texts = lines_of(opened(io.BytesIO(data), "g.csv"), "g.csv")
    reader = csv.DictReader(texts, strict=True, restval="", restkey=EXTRA)
    try:
        for raw in reader:
            cells = {key: value for key, value in raw.items() if key in (*ucdp.COLUMNS, EXTRA)}
            try:
                rows.take(ucdp.row_of(cells, reader.line_num, None, manner()))
            except RowFault as fault:
                rows.reject(reader.line_num, ucdp.id_of(cells), fault)
    except csv.Error as error:
        raise InputError(f"g.csv:{reader.reader.line_num}: not CSV: {error}") from None
    return rows.read()


def outcome(data: bytes, read: Any) -> tuple[pa.Table, list[Any]] | str:  # noqa: ANN401  # either of two readers
    """Table and rejected rows of a file, or why it is refused."""
    try:
        found = read(data)
    except InputError as error:
        return str(error)
    return found.table.combine_chunks(), found.rejected.to_pylist()


def by_column(data: bytes) -> Read:
    """What the reader makes of a file."""
    return ucdp.read(io.BytesIO(data), "g.csv", manner())


def text_of(changes: list[dict[str, int]], columns: list[str], end: str, is_quoted: bool) -> list[str]:
    """Rows with odd cells as the records of a file, header first."""
    out = []
    rows = [
        {**ROW, "id": str(7001 + i)} | {key: ODD[key][n % len(ODD[key])] for key, n in change.items()}
        for i, change in enumerate(changes)
    ]
    for row in [dict(zip(columns, columns, strict=True)), *rows]:
        sink = io.StringIO()
        writer = csv.DictWriter(
            sink, columns, extrasaction="ignore", lineterminator=end,
            quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL,
        )  # fmt: skip
        writer.writerow(row)
        out.append(sink.getvalue())
    return out


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of two lines: what holds across their borders is tested too."""
    monkeypatch.setattr(csvblocks, "LINES", 2)
    monkeypatch.setattr(csvblocks, "STEP", 1)


@pytest.fixture(autouse=True)
def one_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tables for every example, not read anew each time."""
    monkeypatch.setattr(f"{__name__}.manner", lambda found=manner(): found)  # noqa: B008  # that is what it is for


@pytest.mark.parametrize("size", [2, 16_384])
@given(
    FILES, st.sampled_from([SPECIAL, GED23]), st.sampled_from(["\n", "\r\n"]), st.booleans(),
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from(BREAKS)), max_size=2),
)  # fmt: skip
@example([{}, {"id": 2}, {"id": 0}, {"side_b": 4}, {}], SPECIAL, "\n", False, [])
@example([{"where_coordinates": 5}, {"latitude": 9}, {}], GED23, "\r\n", False, [(1, "\n")])
@example([{"where_prec": 3, "adm_1": 2}, {"where_prec": 2, "adm_2": 0}, {"where_prec": 6}], GED23, "\n", True, [])
@settings(max_examples=40)
def test_columns_say_what_the_rule_for_one_row_says(  # noqa: PLR0917  # hypothesis names them
    size: int,
    changes: list[dict[str, int]],
    columns: list[str],
    end: str,
    is_quoted: bool,
    breaks: list[tuple[int, str]],
) -> None:
    """One rule, two speeds: the same table, the same rejected rows with the same lines, the same refusal."""
    records = text_of(changes, columns, end, is_quoted)
    for place, text in breaks:
        records.insert(min(place, len(records)), text)
    data = "".join(records).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvblocks, "LINES", size)
        patch.setattr(csvblocks, "STEP", 1 if size == 2 else 64)
        mine, rule = outcome(data, by_column), outcome(data, one_by_one)
    if isinstance(mine, str) or isinstance(rule, str):
        assert mine == rule
        return
    assert mine[1] == rule[1]
    assert mine[0].to_pylist() == rule[0].to_pylist()
    assert mine[0].schema == rule[0].schema


def test_a_bad_row_late_in_a_file_has_its_line(small_blocks: None) -> None:
    """Lines are counted through quoted line breaks and over the borders of blocks."""
    data = ged(
        {}, {"where_coordinates": "two\nlines"}, {}, {"date_start": "1/2/2016"}, {"latitude": "95"}, {"id": "7001"}
    )
    read = ucdp.read(file_of(data), "g.csv", manner())
    assert [(row["line"], row["field"]) for row in read.rejected.to_pylist()] == [
        (6, "date_start"), (7, "latitude"), (8, "id"),
    ]  # fmt: skip
    assert read.table.column("line").to_pylist() == [2, 4, 5]


def test_a_row_that_spans_a_year_is_a_year_wide() -> None:
    """It starts on 1 January and did not happen on that day: the whole year is open."""
    year = {"date_start": "2016-01-01", "date_end": "2016-12-31", "date_prec": "5"}
    (one,) = observations(ucdp.read(file_of(ged(year)), "g.csv", manner()).table)
    whole = parse_span("2016", manner().tz)
    assert (one.start, one.end, one.lasts) == (whole.start, whole.end, False)
    assert utc_text(one.start) == "2015-12-31T22:00:00Z"


def test_a_total_over_several_incidents_says_so() -> None:
    """`event_clarity` 2 stays an incident, and its note says that it is a total."""
    made = ucdp.read(file_of(ged({"event_clarity": "2.0"}, {"event_clarity": "1"})), "g.csv", manner()).table
    assert made.column("kind").to_pylist() == ["incident", "incident"]
    assert made.column("note").to_pylist() == [ucdp.TOTAL, None]


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("GEDEvent_v24_0_3.csv", "24.0.3"), ("ged231-csv.csv.gz", "23.1"), ("GEDEvent_v25_1.csv", "25.1"),
        ("ucdp-ged-24.1-652.csv", "24.1"), ("ged_syria_2016_2019.csv.gz", None), ("charged12.csv", None),
    ],
)  # fmt: skip
def test_the_version_comes_from_the_name(name: str, version: str | None) -> None:
    """Two releases disagree: every row says which one it is of, where that is known."""
    made = ucdp.read(file_of(ged({})), name, manner()).table
    assert made.column("source_version").to_pylist() == [version]


def test_the_version_of_a_row_wins() -> None:
    """A column that says the version of each row knows more than the name of the file."""
    data = ged({"version": "24.0.2"}, {"version": ""}, columns=[*GED23, "version"])
    made = ucdp.read(file_of(data), "GEDEvent_v24_0_3.csv", manner()).table
    assert made.column("source_version").to_pylist() == ["24.0.2", "24.0.3"]


def test_swapped_degrees_are_suggested_and_not_mended() -> None:
    """A latitude beyond 90 is rejected by row, and no other row of the block with it; the reason says what may be."""
    read = ucdp.read(file_of(ged({}, {"latitude": "136.6", "longitude": "35.8"}, {})), "g.csv", manner())
    assert (read.table.num_rows, read.rejected.column("field").to_pylist()) == (2, ["latitude"])
    assert "perhaps latitude and longitude are swapped" in read.rejected.column("reason")[0].as_py()


def test_swapped_degrees_within_the_range_are_held_against_the_country() -> None:
    """38.4 N 34.5 E lies in Turkey, and in Syria the other way round; both ways of reading say so, and mend nothing."""
    swapped = {"latitude": "38.4", "longitude": "34.5"}
    data = b"".join(ged({}, swapped, {**swapped, "country": "Turkey"}, {**swapped, "where_prec": "7"}, {}))
    read = by_column(data)
    assert [(r["line"], r["field"]) for r in read.rejected.to_pylist()] == [(3, "longitude, latitude")]
    assert "38.4" not in read.rejected.column("reason")[0].as_py()
    assert read.rejected == one_by_one(data).rejected and read.table.num_rows == 4


HOSTILE = {
    "utf-16": "id,where_prec\n".encode("utf-16"),
    "windows-1251": b"".join(ged({})).replace(b"Madeup village", "Алеппо".encode("cp1251")),
    "an open quote": b"".join([*ged({}), b'"' + b"x\n" * 300_000]),
    "an endless field": b"".join([*ged({}), b"x" * 200_000, b"\n"]),
    "an endless line": b"".join([*ged({}), b"x," * (1 << 20), b"\n"]),
    "semicolons": b"".join(ged({})).replace(b",", b";"),
    "cut gzip": gzip.compress(b"".join(ged({})))[:-9],
}


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_a_hostile_file_is_refused_in_one_line(what: str) -> None:
    """Never a traceback, whatever comes in place of a table."""
    with pytest.raises(InputError) as error:
        ucdp.read(io.BytesIO(HOSTILE[what]), "g.csv", manner())
    assert len(str(error.value).splitlines()) == 1


def test_a_mark_at_the_beginning_does_not_matter() -> None:
    """A byte-order mark before the first column is no part of its name."""
    data = b"\xef\xbb\xbf" + b"".join(ged({}))
    assert ucdp.read(io.BytesIO(data), "g.csv", manner()).table.num_rows == 1


def test_a_bomb_is_refused_while_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to hundreds of times its size is no table; it is not unpacked to its end."""
    monkeypatch.setattr(reading, "FREE_UNPACKED", 1 << 12)
    with pytest.raises(InputError, match="got a bomb"):
        ucdp.read(io.BytesIO(gzip.compress(b"".join(ged({})) + b"\n" * 500_000)), "g.csv", manner())


def test_nonsense_stops_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many rejected rows are not a file of UCDP, and the rest is not read."""
    monkeypatch.setattr(reading, "MOST_REJECTED", 1_000)
    monkeypatch.setattr(csvblocks, "LINES", 64)
    file = io.BytesIO(b"".join(ged({})) + b"x,y\n" * 40_000)
    with pytest.raises(InputError, match="1000 rows rejected"):
        ucdp.read(file, "g.csv", manner())
    assert file.tell() < 4_000 * 4


def bulk(count: int) -> Iterator[bytes]:
    """A long file, row by row."""
    head, row = ged({"id": "%d"})
    yield head
    yield from (row % i for i in range(count))


@pytest.mark.long
def test_a_million_rows_stay_within_a_gigabyte(tmp_path: Path) -> None:
    """The whole of `truceline read`, every page that the process ever held; the file alone is a quarter of it."""
    path = tmp_path / "g.csv"
    with path.open("wb") as file:
        file.writelines(bulk(1_000_000))
    code = "from truceline.cli import app; app(standalone_mode=False); print(open('/proc/self/status').read())"
    made = subprocess.run(
        [sys.executable, "-c", code, "read", str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert "1,000,000 rows taken, 0 rejected" in made
    peak_kb = int(made.partition("VmHWM:")[2].split()[0])
    assert peak_kb < 1_000_000


def test_columns_that_say_the_same_everywhere_are_there_once(small_blocks: None) -> None:
    """Licence, publisher and the like take no room, however many blocks a file has."""
    licence = ucdp.read(file_of(list(bulk(20))), "g.csv", manner()).table.column("licence")
    assert len(licence.chunks) > 5
    assert len({chunk.buffers()[2].address for chunk in licence.chunks if len(chunk)}) == 1


@pytest.mark.shared
def test_the_real_file_reads_the_same_both_ways(data: Path) -> None:
    """16,566 real rows, every code of precision: one rule, two speeds, one hash."""
    raw = gzip.decompress((data / "ucdp" / "ged_syria_2016_2019.csv.gz").read_bytes())
    short = b"".join(raw.splitlines(keepends=True)[:3_000])
    mine, rule = by_column(short), one_by_one(short)
    assert mine.table.combine_chunks().equals(rule.table.combine_chunks())
    assert hash_table(mine.table) == hash_table(rule.table)
    assert by_column(raw).table.num_rows == 16_566


def test_a_comma_too_many_rejects_its_row_and_no_other() -> None:
    """It would move every later cell by one, the deaths among them."""
    good, bad = ged({}, {"id": "7002"})[1:]
    data = ged({})[0] + good + bad.rstrip(b"\n") + b",9\n"
    read = ucdp.read(io.BytesIO(data), "g.csv", manner())
    assert read.table.num_rows == 1
    (row,) = read.rejected.to_pylist()
    assert (row["line"], row["field"]) == (3, "row")


@pytest.mark.parametrize("text", ["3_8", "٣٨", "３８", "0x26"])
def test_a_number_is_written_in_plain_digits(text: str) -> None:
    """What a language of programs would read as a number is none in a table."""
    read = ucdp.read(io.BytesIO(b"".join(ged({"best": text}))), "g.csv", manner())
    assert read.rejected.column("field").to_pylist() == ["best"]


def test_a_candidate_says_what_is_not_sure_yet() -> None:
    """UCDP Candidate marks events that its coders still check; both ways of reading keep the words."""
    columns = [*SPECIAL, "code_status"]
    rows = ged({"code_status": "Clear"}, {"id": "7002", "code_status": "Check dyad"}, {"id": "7003"}, columns=columns)
    read = ucdp.read(io.BytesIO(b"".join(rows)), "GEDEvent_v24_0_3.csv", manner())
    assert read.table.column("note").to_pylist() == [None, "code_status `Check dyad`: a candidate", None]
    assert set(read.table.column("source_version").to_pylist()) == {"24.0.3"}
