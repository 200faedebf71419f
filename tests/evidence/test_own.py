"""A table of one's own: a row that cannot be taken is rejected alone, with row, field, and what was expected."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.evidence.bench import NOW, manner
from truceline.errors import InputError
from truceline.evidence import own, sieve
from truceline.evidence.reading import Read
from truceline.evidence.schema import SCHEMA, region_row
from truceline.space import Region, disc

GOOD: dict[str, Any] = {
    "id": "good", "source": "made", "start": NOW - 120, "end": NOW - 60, "actor": ["gov"], "target": ["civilians"],
    "act": ["shelling"], "impact": region_row(disc(36.6, 35.9, 500)), "chain": ["a monitor"],
}  # fmt: skip
AREA = region_row(Region("area", areas=("SY-HL",)))
NO_UTF8 = pa.array([b"\xff\xfe", b"text"]).view(pa.string())
EMPTY_PLACES = (
    ("act", {"act": ["shelling", None]}, "expected a text at every place of the list, got nothing at place 2"),
    ("actor", {"actor": [None]}, "expected a text at every place of the list, got nothing at place 1"),
    ("target", {"target": [None, "gov"]}, "expected a text at every place of the list, got nothing at place 1"),
    ("impact", {"impact": AREA | {"areas": ["SY-HL", None]}},
     "expected the code of a unit at every place of the list, got nothing at place 2"),
    ("origin", {"origin": AREA | {"kind": "line", "points_e7": [1, 2, None, 4]}},
     "expected a number at every place of the list, got nothing at place 3"),
    ("impact", {"impact": AREA | {"kind": None}}, "expected a region of kind "),
    ("id", {"id": None}, "expected an id, got nothing"), ("end", {"start": None}, "expected a time within 1900..2200"),
)  # fmt: skip


def rows(*changes: dict[str, Any]) -> pa.Table:
    """Good rows with changes, nulls where they are."""
    return pa.Table.from_pylist([{**GOOD, "id": f"r-{i}", **one} for i, one in enumerate(changes)], own.WITH_NULLS)


def read(table: pa.Table) -> Read:
    """What the reader makes of a table."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return own.read(io.BytesIO(sink.getvalue().to_pybytes()), "t.parquet", manner())


def spoilt(field: str) -> pa.Table:
    """Two rows, the first with a text that is no UTF-8."""
    texts = NO_UTF8
    kind = SCHEMA.field(field).type
    if pa.types.is_list(kind):
        texts = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), NO_UTF8)
    return rows({}, {}).set_column(SCHEMA.names.index(field), pa.field(field, kind), texts)


@pytest.mark.parametrize(("field", "change", "reason"), EMPTY_PLACES)
def test_an_empty_place_rejects_its_row_alone(field: str, change: dict[str, Any], reason: str) -> None:
    """Other programs write nulls wherever they like; none reaches the judge, and none takes the file with it."""
    made = read(rows({}, change, {}))
    assert made.table.column("id").to_pylist() == ["r-0", "r-2"]
    (told,) = made.rejected.to_pylist()
    assert (told["file"], told["line"], told["field"]) == ("t.parquet", 2, field)
    assert told["reason"].startswith(reason)


def test_what_only_the_reader_reads_is_checked_too() -> None:
    """The chain and the source are kept in the case, though no judge asks for them."""
    made = read(rows({"chain": ["a", None]}, {"source": None}, {}))
    assert [(one["line"], one["field"]) for one in made.rejected.to_pylist()] == [(1, "chain"), (2, "source")]
    assert made.table.num_rows == 1


@pytest.mark.parametrize("field", ["id", "note", "act", "place_text", "chain"])
def test_a_text_that_is_no_utf8_rejects_its_row_alone(field: str) -> None:
    """One line with file, row, field, expected and got; the id where it can be read."""
    made = read(spoilt(field))
    (told,) = made.rejected.to_pylist()
    assert told == {
        "file": "t.parquet", "line": 1, "id": "" if field == "id" else "r-0", "field": field,
        "reason": "expected UTF-8, got the byte 0xFF",
    }  # fmt: skip


@pytest.mark.parametrize(("field", "change", "reason"), EMPTY_PLACES)
def test_the_columns_reject_the_same_in_the_same_words(field: str, change: dict[str, Any], reason: str) -> None:
    """A large table is refused for the reasons of a small one."""
    ((row, _, fault),) = sieve.sift(rows({}, change, {}), manner()).faults
    assert (row, fault.field) == (1, field)
    assert fault.reason.startswith(reason)


def test_the_columns_reject_broken_texts_in_the_order_of_the_rows() -> None:
    """A fault that the columns find and one that a row has stand in one list."""
    table = rows({"act": [None]}, {}, {"id": ""}, {})
    ids = pa.array([b"a", b"\xff", b"", b"d"]).view(pa.string())
    sifted = sieve.sift(table.set_column(0, pa.field("id", pa.string()), ids), manner())
    assert [(row, key, fault.field) for row, key, fault in sifted.faults] == [
        (0, "a", "act"), (1, "", "id"), (2, "", "id"),
    ]  # fmt: skip
    assert sifted.rows is not None and sifted.rows.tolist() == [3]


def test_the_bounds_in_time_are_whole_years() -> None:
    """Both ends belong to what can be taken."""
    first, last = own.EARLIEST_START, own.LATEST_END
    made = read(rows({"start": first, "end": first + 1}, {"start": first - 1}, {"end": last}, {"end": last + 1}))
    told = [(one["line"], one["field"]) for one in made.rejected.to_pylist()]
    assert told == [(2, "end"), (3, "start"), (4, "end")]  # the third is well formed, and an act of force to come


def test_a_file_that_is_no_table_is_refused_in_one_line() -> None:
    """Whatever Arrow says of it."""
    with pytest.raises(InputError, match=r"^t.parquet: not a table of observations: ") as found:
        own.read(io.BytesIO(b"PAR1 and nothing else"), "t.parquet", manner())
    assert "\n" not in str(found.value)
