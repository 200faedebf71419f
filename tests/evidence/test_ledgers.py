"""Published totals: what is taken, what is rejected, and whether the sums hold that issuers print."""

from __future__ import annotations

import gzip
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence.bench import SHIPPED, manner
from truceline.errors import InputError
from truceline.evidence import ledgers, readers
from truceline.evidence.ledgers import MISMATCH, OPEN, Count, Part, Total, parts_of, read_totals, sum_of
from truceline.evidence.reading import RowFault
from truceline.evidence.schema import Rejected, observations

FILE = SHIPPED / "ledgers.csv"
HEAD = "issuer,period_start,period_end,region,count,unit,breakdown,items_sum,sum_check,confirmed_by_other_side"
ROW = {
    "issuer": "Side A", "period_start": "2017-03-10", "period_end": "2017-03-16", "region": "Exland", "count": "6",
    "unit": "violations", "breakdown": "North=4; South=2", "items_sum": "6", "sum_check": "ok",
    "confirmed_by_other_side": "",
}  # fmt: skip


def totals(*changes: dict[str, str], head: str = HEAD) -> tuple[list[Total], list[Rejected]]:
    """The totals of a made-up file; each row is `ROW` with changes."""
    rows = [",".join(f'"{value}"' for value in {**ROW, **change}.values()) for change in changes]
    return read_totals(io.BytesIO("\n".join([head, *rows]).encode()), "t.csv")


def checked(breakdown: str, count: str) -> str:
    """What the sum of a breakdown is, held against a total."""
    (total,), _ = totals({"breakdown": breakdown, "count": count})
    return sum_of(total).check


# -- the shipped table -------------------------------------------------------------------------------------------------


def test_every_sum_of_the_shipped_table_is_worked_out_again_and_agrees_with_its_column() -> None:
    """99 rows; the four that do not sum are found from the breakdown alone, and the file's own column says the same."""
    read, rejected = read_totals(io.BytesIO(FILE.read_bytes()), FILE.name)
    assert (len(read), rejected) == (99, [])
    found = {total.line: sum_of(total) for total in read}
    assert [line for line, one in found.items() if one.check == MISMATCH] == [39, 44, 56, 62]
    assert not any(one.said_wrong or one.inner for one in found.values())


def test_the_week_of_march_2017_contradicts_itself() -> None:
    """Turkey 82 whose provinces sum to 93, Russia 24, and Russia confirmed none of the 82."""
    read, _ = read_totals(io.BytesIO(FILE.read_bytes()), FILE.name)
    week = [total for total in read if (total.first, total.last) == (date(2017, 3, 10), date(2017, 3, 16))]
    russia, turkey = sorted(week, key=lambda total: total.issuer)
    assert (russia.count.low, turkey.count.low, sum_of(turkey).parts.low) == (24, 82, 93)
    assert turkey.confirmed is not None
    assert (turkey.confirmed.confirmed, turkey.confirmed.of) == (0, 82)


def test_totals_are_evidence_of_kind_ledger_and_undated_ones_are_rejected() -> None:
    """A count over a period is its issuer's claim; without its period it is no evidence, and its line says so."""
    read = readers.read("ledgers", io.BytesIO(FILE.read_bytes()), FILE.name, manner())
    assert (read.table.num_rows, read.rejected.num_rows) == (94, 5)
    assert {(one.kind, one.acts) for one in observations(read.table)} == {("ledger", ("count",))}
    assert {row["field"] for row in read.rejected.to_pylist()} == {"period_start", "period_end"}


def test_the_file_is_known_by_its_first_line() -> None:
    """Whoever adds it need not say what it is; no other reader takes it."""
    with FILE.open("rb") as file:
        assert readers.kind_of(readers.start_of(file, FILE.name)) == "ledgers"


# -- sums --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("breakdown", "count", "check"),
    [
        ("North=4; South=2", "6", "ok"), ("North=4; South=2", "7", "mismatch"), ("", "7", "no breakdown"),
        ("day 1=4; day 2 (derived)=2", "6", "closed by derived item"), ("day 1=4; day 2 (derived)=2", "7", "mismatch"),
        ("North (assumed)=6", "6", "closed by derived item"), ("North=4; South=2", "more than 4", OPEN),
        ("North=4; South=2", "more than 6", "mismatch"), ("North=at least 7", "6", "mismatch"),
        ("North=4; South=2", "", OPEN), ("North=4;;South=2;", "6", "ok"), ("North=0", "0", "ok"),
        ("North=7 (city=3; rest=4); South=2", "9", "ok"), ("North (city=3; rest=4); South=2", "9", "ok"),
        ("North=7 (city=3; rest (derived)=4)", "7", "closed by derived item"),
    ],
)  # fmt: skip
def test_a_sum_holds_or_does_not(breakdown: str, count: str, check: str) -> None:
    """An issuer's total is held against what it prints of its parts, derived parts and open numbers told apart."""
    assert checked(breakdown, count) == check


def test_parts_of_a_part_that_do_not_come_to_it_are_named() -> None:
    """The outer sum holds and an inner one does not: both are told."""
    (total,), _ = totals({"breakdown": "North=4 (city=1; rest=1); South=2"})
    ((part, own),) = sum_of(total).inner
    assert (sum_of(total).check, part.name, part.count.low, own.low) == ("ok", "North", 4, 2)


def test_a_count_of_the_future_is_rejected_where_the_day_is_known() -> None:
    """Nobody has counted what has not happened; the day of reading itself still counts."""
    data = "\n".join([HEAD, ",".join(ROW.values())]).encode()
    for latest, taken in ((date(2017, 3, 16), 1), (date(2017, 3, 15), 0)):
        read, rejected = read_totals(io.BytesIO(data), "t.csv", latest)
        assert (len(read), [one.field for one in rejected]) == (taken, ["period_end"] * (1 - taken))


@pytest.mark.parametrize(
    "change", [{"items_sum": "7"}, {"sum_check": "MISMATCH items 7 vs total 6"}, {"sum_check": "fine"}]
)
def test_columns_that_say_otherwise_are_not_believed(change: dict[str, str]) -> None:
    """Whoever wrote `ok` beside a wrong sum, or a mismatch beside a right one, is found."""
    (total,), _ = totals(change)
    assert (sum_of(total).check, sum_of(total).said_wrong) == ("ok", True)


def test_columns_that_say_nothing_say_nothing_wrong() -> None:
    """A file without the columns, or with empty cells, is checked all the same and accused of nothing."""
    (total,), _ = totals({"items_sum": "", "sum_check": ""})
    assert (sum_of(total).check, sum_of(total).said_wrong) == ("ok", False)


PARTS = st.recursive(
    st.tuples(st.integers(0, 10**6), st.just(())),
    lambda inner: st.lists(inner, min_size=1, max_size=4).map(lambda parts: (sum(n for n, _ in parts), tuple(parts))),
    max_leaves=12,
)


def written(part: tuple[int, tuple[object, ...]], name: str = "p") -> str:
    """A tree of parts as a file writes it."""
    inner = "; ".join(written(one, f"{name}.{i}") for i, one in enumerate(part[1]))  # type: ignore[arg-type]  # a tree
    return f"{name}={part[0]}" + (f" ({inner})" if inner else "")


@settings(max_examples=40)
@given(st.lists(PARTS, min_size=1, max_size=6), st.integers(1, 9))
def test_what_is_printed_is_parsed_and_every_true_sum_holds(
    parts: list[tuple[int, tuple[object, ...]]], off: int
) -> None:
    """A breakdown of any shape comes to its total, and to no other."""
    read = parts_of("; ".join(written(part, f"p{i}") for i, part in enumerate(parts)))
    whole = sum(n for n, _ in parts)
    total = Total(2, "A", None, None, "X", Count(whole, whole), "violations", read)
    assert (sum_of(total).check, sum_of(total).inner) == ("ok", ())
    wrong = Total(2, "A", None, None, "X", Count(whole + off, whole + off), "violations", read)
    assert sum_of(wrong).check == MISMATCH


def test_brackets_in_names_are_no_parts() -> None:
    """Only brackets with a number in them are a breakdown of their own."""
    assert parts_of("by factions (Latakia)=2") == (Part("by factions (Latakia)", Count(2, 2, "2")),)


# -- bad rows ----------------------------------------------------------------------------------------------------------

BAD: list[tuple[dict[str, str], str]] = [
    ({"issuer": ""}, "issuer"), ({"region": ""}, "region"), ({"unit": " "}, "unit"),
    ({"period_start": "1/2/2016"}, "period_start"), ({"period_start": "2017-02-30"}, "period_start"),
    ({"period_start": "0016-03-10"}, "period_start"), ({"period_end": "2017-03-09"}, "period_end"),
    ({"period_start": ""}, "period_end"), ({"count": "-5"}, "count"), ({"count": "NaN"}, "count"),
    ({"count": "1e9"}, "count"), ({"count": "9" * 30}, "count"), ({"count": "many of them"}, "count"),
    ({"breakdown": "North 4"}, "breakdown"), ({"breakdown": "North=4; South"}, "breakdown"),
    ({"breakdown": "=4"}, "breakdown"), ({"breakdown": "North=four and a half"}, "breakdown"),
    ({"breakdown": "North=4 (city=3"}, "breakdown"), ({"breakdown": "North=4)"}, "breakdown"),
    ({"breakdown": "a=1 (" * 9 + "b=1" + ")" * 9}, "breakdown"), ({"breakdown": "a=1;" * 1_001}, "breakdown"),
    ({"breakdown": "(" * 10_000}, "breakdown"), ({"items_sum": "sixish"}, "items_sum"),
    ({"confirmed_by_other_side": "none"}, "confirmed_by_other_side"),
    ({"confirmed_by_other_side": "9 of 8"}, "confirmed_by_other_side"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field"), BAD)
def test_a_bad_row_is_rejected_with_line_field_and_reason(change: dict[str, str], field: str) -> None:
    """Nothing is lost and nothing guessed; the rows around it are taken."""
    read, rejected = totals({}, change, {})
    assert (len(read), [(one.line, one.field) for one in rejected]) == (2, [(3, field)])
    assert rejected[0].reason
    assert "\n" not in rejected[0].reason
    assert len(rejected[0].reason) <= 300


def test_a_row_with_more_cells_than_columns_is_rejected() -> None:
    """A comma too many moves every cell behind it."""
    _, rejected = read_totals(io.BytesIO(f"{HEAD}\n{',' * 20}\n".encode()), "t.csv")
    assert [(one.line, one.field) for one in rejected] == [(2, "row")]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"issuer,count\nA,1\n", HEAD.replace(",", ";").encode(), "\ufeff".encode("utf-16"), b"\xff" * 50,
        f'{HEAD}\n"A,2017'.encode(), f"{HEAD}\n{chr(0) * 5}".encode(), b"\x1f\x8b\x08" + b"\0" * 40,
        gzip.compress(f"{HEAD}\n".encode())[:-6],
    ],
    ids=["nothing", "other", "semicolons", "utf-16", "binary", "open quote", "nul", "empty gzip", "cut gzip"],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_in_one_line(data: bytes) -> None:
    """Hostile or broken: one line, or no row at all, never a traceback."""
    try:
        read, _ = read_totals(io.BytesIO(data), "t.csv")
    except InputError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert read == []


def test_a_byte_order_mark_and_gzip_change_nothing() -> None:
    """Packed or marked, the rows are the same."""
    plain = FILE.read_bytes()
    read = [read_totals(io.BytesIO(data), "t")[0] for data in (plain, b"\xef\xbb\xbf" + plain, gzip.compress(plain))]
    assert read[0] == read[1] == read[2]


def test_numbers_in_words_are_intervals_and_no_number_is_none() -> None:
    """`more than 350` is 351 at least; an empty cell states nothing."""
    assert (ledgers.count_of("more than 350", "count").low, ledgers.count_of("", "count")) == (351, Count())
    with pytest.raises(RowFault, match="expected a whole number"):
        ledgers.count_of("1.5", "count")
