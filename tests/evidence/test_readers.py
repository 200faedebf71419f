"""Readers: what is taken, what is rejected with line, field and reason, and what is refused as a whole."""

from __future__ import annotations

import gzip
import io
import json
import re
from typing import Any

import pytest

from tests.evidence.bench import GED23, NOW, REPORT, ROW, SHIPPED, SPECIAL, bench, file_of, ged, lines, manner
from truceline.desk import assess_files, read_evidence
from truceline.desk.runs import Asked
from truceline.errors import InputError
from truceline.evidence import reports, ucdp
from truceline.evidence.reading import MOST_LINE
from truceline.evidence.schema import observations
from truceline.span import parse_instant

FINE = re.compile(r"\d+[.,]\d{2,}")


# -- the shipped reports ---------------------------------------------------------------------------------------------


def test_the_shipped_reports_are_read_whole_and_harm_is_protected() -> None:
    """226 reports, none rejected; harm to civilians, hospitals, schools and aid is marked in every one of them."""
    read = reports.read(io.BytesIO((SHIPPED / "reports.jsonl").read_bytes()), "reports.jsonl", manner())
    assert (read.table.num_rows, read.rejected.num_rows) == (226, 0)
    for row in read.table.to_pylist():
        harmed = {"civilians", "medical", "school", "aid", "settlement"} & set(row["target"])
        force = {"attack", "shelling", "air-strike", "toxic", "barrel-bomb", "hinder", "inspect", "deny-access"} & set(
            row["act"]
        )
        assert row["protected"] or not (harmed and force), row["id"]
        assert 0 < row["start"] < row["end"] < NOW


def test_no_answer_about_the_shipped_case_speaks_of_permission() -> None:
    """-1 is *not covered by this term*: no output of a run says that anything was allowed or no breach."""
    evidence = read_evidence(SHIPPED / "reports.jsonl", bench(), known_at=NOW)
    outcome = assess_files(bench(), [evidence], Asked())
    from truceline.assess.assessment import table_of
    from truceline.desk import summary

    made = json.dumps(summary(outcome)) + json.dumps(table_of(outcome.assessed).to_pylist())
    assert not re.search(r"allowed|permitted|no breach|lawful|legitimate", made, re.IGNORECASE)
    assert outcome.assessed.answers["any"].value.shape == (226,)


# -- UCDP ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [SPECIAL, GED23], ids=["special release", "GED 23.1"])
def test_both_column_sets_of_ucdp_say_the_same(columns: list[str]) -> None:
    """A newer release renames no event; the same row means the same."""
    read = ucdp.read(
        file_of(ged({}, {"where_prec": "4"}, {"where_prec": "2"}, {"where_prec": "7"}, columns=columns)),
        "g.csv",
        manner(),
    )
    assert (read.table.num_rows, read.rejected.num_rows) == (4, 0)
    one, four, two, sea = observations(read.table)
    assert (one.impact.kind, one.impact.radius_m, two.impact.radius_m, sea.impact.kind) == (
        "disc",
        2_000,
        25_000,
        "outside",
    )
    assert (four.impact.kind, four.impact.areas) == ("area", ("SY-ID",))
    assert one.unordered
    assert one.end - one.start == 86_400
    assert one.acts == ("attack",)


def test_one_sided_violence_has_a_direction_and_is_protected() -> None:
    """Type 3 is by side A on civilians: not a pair, and always protected."""
    read = ucdp.read(file_of(ged({"type_of_violence": "3", "side_b": "Civilians"})), "g.csv", manner())
    (one,) = observations(read.table)
    assert not one.unordered
    assert one.is_protected
    assert one.target.ids == ("civilians",)


BAD_ROWS: list[tuple[dict[str, str], str]] = [
    ({"date_start": ""}, "date_start"), ({"date_end": ""}, "date_end"), ({"date_start": "5 March"}, "date_start"),
    ({"latitude": "95"}, "latitude"), ({"longitude": "181"}, "longitude"), ({"latitude": "NaN"}, "latitude"),
    ({"longitude": "-inf"}, "longitude"), ({"latitude": ""}, "latitude"), ({"latitude": "north"}, "latitude"),
    ({"where_prec": "8"}, "where_prec"), ({"where_prec": "0"}, "where_prec"), ({"where_prec": ""}, "where_prec"),
    ({"date_prec": "9"}, "date_prec"), ({"type_of_violence": "4"}, "type_of_violence"),
    ({"date_end": "2016-03-04"}, "date_end"), ({"id": "abc"}, "id"), ({"id": "7001"}, "id"), ({"id": "NaN"}, "id"),
    ({"id": "1.5"}, "id"), ({"id": "1e300"}, "id"), ({"date_start": "2031-01-01", "date_end": "2031-01-02"},
    "date_start"),
    ({"date_start": "0016-03-05"}, "date_start"), ({"best": "-1"}, "best"), ({"high": "9e12"}, "high"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field"), BAD_ROWS)
def test_a_bad_row_of_ucdp_is_rejected_with_line_field_and_reason(change: dict[str, str], field: str) -> None:
    """Nothing is lost and nothing guessed; the rows around it are taken."""
    read = ucdp.read(file_of(ged({}, change, {})), "g.csv", manner())
    assert read.table.num_rows == 2
    (row,) = read.rejected.to_pylist()
    assert (row["file"], row["line"], row["field"]) == ("g.csv", 3, field)
    assert row["reason"]
    assert "\n" not in row["reason"]


@pytest.mark.parametrize(
    "change",
    [{"latitude": "95.123456"}, {"longitude": "-181.98765"},
     {"latitude": "35.123456N"},
     {"longitude": "36,123456"}],
)  # fmt: skip
def test_rejected_rows_never_repeat_a_fine_coordinate(change: dict[str, str]) -> None:
    """A fault report travels further than evidence does; a coordinate in it is coarser than a tenth of a degree."""
    read = ucdp.read(file_of(ged(change)), "g.csv", manner())
    assert not FINE.search(json.dumps(read.rejected.to_pylist()))


@pytest.mark.parametrize("text", ["2016-03-0599", "2016-03-05 or later"])
def test_a_date_with_more_behind_it_is_rejected(text: str) -> None:
    """Half a date must not be read as a whole one."""
    assert (
        ucdp.read(file_of(ged({"date_start": text, "date_end": "2016-03-06"})), "g.csv", manner()).rejected.num_rows
        == 1
    )


@pytest.mark.parametrize("column", ["id", "where_prec", "date_start", "side_b", "latitude"])
def test_a_missing_column_is_refused_by_name(column: str) -> None:
    """A table without it is another kind of table."""
    with pytest.raises(InputError, match=column) as error:
        ucdp.read(file_of(ged({}, columns=[c for c in SPECIAL if c != column])), "g.csv", manner())
    assert len(str(error.value).splitlines()) == 1


def test_a_quote_that_never_ends_is_refused_in_one_line() -> None:
    """A broken table must not swallow its other rows in silence."""
    with pytest.raises(InputError) as error:
        ucdp.read(file_of([*ged({}), b'"7,\n', *ged({})[1:]]), "g.csv", manner())
    assert len(str(error.value).splitlines()) == 1


# -- reports ---------------------------------------------------------------------------------------------------------

PLACE: dict[str, Any] = REPORT["place"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": ""}, "start"), ({"start": "soon"}, "start"), ({"end": "2016-03-04"}, "end"),
        ({"precision": "about"}, "precision"),
        ({"place": {**PLACE, "lat": 95.123456}}, "place"), ({"start": 5}, "start"), ({"id": "r-0"}, "id"),
        ({"start": "2031-01-01"}, "start"), ({"killed": {"low": "many"}}, "killed.low"), ({"place": "Aleppo"}, "place"),
        ({"start": "2016-03-25T00:30", "precision": "exact"}, "start"),
    ],
)  # fmt: skip
def test_a_bad_report_is_rejected_with_line_field_and_reason(change: dict[str, Any], field: str) -> None:
    """The same for the project's own format."""
    read = reports.read(file_of(lines({}, change, {})), "r.jsonl", manner())
    assert read.table.num_rows == 2
    (row,) = read.rejected.to_pylist()
    assert (row["line"], row["field"]) == (2, field)
    assert not FINE.search(row["reason"])


@pytest.mark.parametrize(
    "raw", [b"{", b"nonsense", b"[1]", b"null", b"{}", b'{"id": NaN}', b"[" * 100_000, b'{"id": "\\ud800"}']
)
def test_a_line_that_is_no_report_is_rejected(raw: bytes) -> None:
    """Deep, cut, or foreign: a line for the second table, never a traceback."""
    read = reports.read(file_of([*lines({}), raw + b"\n"]), "r.jsonl", manner())
    assert (read.table.num_rows, read.rejected.num_rows) == (1, 1)


@pytest.mark.parametrize(
    "change", [{"killed": {"low": 5_000_000_000}}, {"count": {"low": 2**70}}, {"killed": {"high": -(2**40)}}]
)
def test_a_number_that_no_column_holds_is_rejected(change: dict[str, Any]) -> None:
    """One absurd cell must not take the file with it."""
    read = reports.read(file_of(lines({}, change)), "r.jsonl", manner())
    assert (read.table.num_rows, read.rejected.num_rows) == (1, 1)


def test_a_count_that_json_cannot_hold_is_rejected_before_hashing() -> None:
    """What is taken must be hashable."""
    from truceline.evidence.schema import hash_table

    read = reports.read(file_of(lines({"count": {"low": 2**60}})), "r.jsonl", manner())
    hash_table(read.table)


@pytest.mark.parametrize(
    "change", [{"act": "some new kind of strike", "start": "2031-01-01"}, {"start": "2019-12-31", "end": "2031-01-01"}]
)
def test_force_ahead_of_time_is_refused_under_any_name(change: dict[str, Any]) -> None:
    """There is no pre-clearance: neither a free word nor a long interval may bring a future act to the judge."""
    assert reports.read(file_of(lines(change)), "r.jsonl", manner()).table.num_rows == 0


# -- whole files -----------------------------------------------------------------------------------------------------


def taken(data: bytes) -> int:
    """Rows of a file of reports."""
    return int(reports.read(io.BytesIO(data), "f", manner()).table.num_rows)


def test_gzip_is_read_like_plain_text() -> None:
    """Packed or not, the rows are the same; a byte-order mark does not matter."""
    plain = b"".join(lines({}, {}))
    assert taken(plain) == taken(gzip.compress(plain)) == taken(b"\xef\xbb\xbf" + plain) == 2


def flipped(data: bytes) -> bytes:
    """The same with its middle spoilt."""
    return data[:60] + bytes(b ^ 0xFF for b in data[60:90]) + data[90:]


PACKED = gzip.compress(b"".join(lines(*({"note": str(i * i)} for i in range(3_000)))))


@pytest.mark.parametrize(
    "data",
    [
        PACKED[:-20], PACKED[:200], b"\x1f\x8b", bytes(range(256)) * 20, b"\xff\xfe" * 100, b"", b"\n\n",
        b'{"id": "' + b"x" * (MOST_LINE + 5) + b'"}\n',
        b"\x1f\x8b\x08" + b"\x00" * 40,
        flipped(PACKED),
    ],
    ids=["cut gzip", "shorter gzip", "two bytes of gzip", "binary", "utf-16", "nothing", "blank", "long line",
    "empty gzip", "spoilt gzip"],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_in_one_line(data: bytes) -> None:
    """Hostile or broken: an InputError of one line, or no row at all."""
    try:
        found = taken(data)
    except InputError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert found == 0


def test_a_file_of_rejected_rows_alone_stops_early() -> None:
    """A hundred thousand bad lines are not a file of reports; the rest is not even read."""
    file = io.BytesIO(b"nonsense\n" * 200_000)
    with pytest.raises(InputError, match="100000 rows rejected"):
        reports.read(file, "f", manner())
    assert file.tell() < 150_000 * 9


def test_the_row_of_these_tests_is_whole() -> None:
    """Every column that a release needs stands in the made-up row."""
    assert set(ucdp.NEEDED) <= set(ROW)


@pytest.mark.parametrize(
    ("change", "first", "last"),
    [
        ({"start": "2016-09-12", "end": "2016-09-13", "precision": "evening"}, "2016-09-12T18:00", "2016-09-14"),
        ({"start": "2016-09-12", "precision": "hour"}, "2016-09-12", "2016-09-13"),
        ({"start": "2016-09-12", "precision": "month"}, "2016-09", "2016-10"),
        ({"start": "2016-09-12", "end": "2016-09-14", "precision": "exact"}, "2016-09-12", "2016-09-15"),
    ],
)
def test_a_time_is_never_narrower_than_its_words(change: dict[str, Any], first: str, last: str) -> None:
    """Both ends count, a month is a month, and a bare date names no hour."""
    (row,) = reports.read(file_of(lines(change)), "r.jsonl", manner()).table.to_pylist()
    assert (row["start"], row["end"]) == tuple(parse_instant(text, "Asia/Damascus") for text in (first, last))


@pytest.mark.parametrize("word", ["Rape", "shelling; rape", "child recruitment", "اغتصاب", "изнасилование"])
def test_reports_of_the_closed_pathway_enter_no_table(word: str) -> None:
    """Said by the word for the act, in three languages, and kept by its line alone."""
    from truceline.evidence import readers

    read = readers.read("reports", file_of(lines({}, {"act": word})), "r.jsonl", manner())
    assert read.table.num_rows == 1
    (row,) = read.rejected.to_pylist()
    assert (row["line"], row["id"], row["field"]) == (2, "", "act")
