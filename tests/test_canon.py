"""One way to bytes: vectors of RFC 8785, and a table's hash that knows no order."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pyarrow as pa
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from truceline.canon import canonical, canonical_lines, hash_columns, hash_rows, hash_value

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [  # RFC 8785, sections 3.2.2 to 3.2.4 and appendix B
        (
            {
                "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
                "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
                "literals": [None, True, False],
            },
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
        ),
        (
            {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7},
            '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}',
        ),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740991, "9007199254740991"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (1e21, "1e+21"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (333333333.3333332, "333333333.3333332"),
    ],
)
def test_vectors_of_the_standard(value: Any, expected: str) -> None:  # noqa: ANN401  # any JSON value
    """Other people's tools must arrive at the same bytes, or no hash of ours can be checked."""
    assert canonical(value) == expected.encode()


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), JSON))
def test_the_order_of_keys_never_matters(value: dict[str, Any]) -> None:
    """Two writers who hold the same values hash the same."""
    assert hash_value(value) == hash_value(dict(reversed(list(value.items()))))


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), JSON, max_size=8), st.randoms())
def test_a_table_hashes_the_same_in_any_order(rows: dict[str, Any], rng: random.Random) -> None:
    """Row order and batches are accidents of the writer."""
    table = [{"id": key, "value": value} for key, value in rows.items()]
    shuffled = rng.sample(table, len(table))
    assert hash_rows(table) == hash_rows(shuffled) == hash_rows(iter(shuffled))


def test_a_table_hash_is_the_hash_of_its_sorted_lines() -> None:
    """Written out by hand, so that anybody can check it with two shell commands."""
    lines = b'{"id":"a","n":1}\n{"id":"b","n":2}\n'
    assert hash_rows([{"n": 2, "id": "b"}, {"id": "a", "n": 1}]) == hashlib.sha256(lines).hexdigest()


TEXTS = (
    st.none()
    | st.text(st.characters(codec="utf-8"), max_size=12)
    | st.sampled_from(["", "\0", "\x1f", "\x7f", "\u2028", '"', "\\", "\b\t\n\f\r", "\U0001f600", "\ufb33", "null"])
)
FLOATS = (
    st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [-0.0, 0.0, 1e21, 1e-7, 9.999999999999997e22, 5e-324, 1.7976931348623157e308, 333333333.3333332, 4.5, 2.0**53]
    )
)
INTS = st.none() | st.integers(-(2**53) + 1, 2**53 - 1) | st.sampled_from([2**53 - 1, -(2**53) + 1, -1, 0])
INNER = pa.struct(
    [("z", pa.float64()), ("\u20ac", pa.int32()), ("a", pa.list_(pa.string())), ("\U0001f600", pa.bool_())]
)
TABLE = pa.schema(
    [
        ("id", pa.string()), ("\ufb33", pa.string()), ("\U0001f600", pa.string()), ("x", pa.float64()),
        ("n", pa.int64()),
        ("m", pa.int32()), ("is", pa.bool_()), ("words", pa.list_(pa.string())), ("numbers", pa.list_(pa.int32())),
        ("place", INNER), ("small", pa.float32()), ("u", pa.uint64()),
    ]
)  # fmt: skip
SHORT = st.none() | st.integers(-(2**31), 2**31 - 1)
PLACE = st.none() | st.fixed_dictionaries(
    {
        "z": FLOATS,
        "\u20ac": SHORT,
        "a": st.none() | st.lists(TEXTS, max_size=3),
        "\U0001f600": st.none() | st.booleans(),
    }
)
RECORD = st.fixed_dictionaries(
    {
        "id": TEXTS.filter(lambda text: text is not None), "\ufb33": TEXTS, "\U0001f600": TEXTS, "x": FLOATS, "n": INTS,
        "m": SHORT, "is": st.none() | st.booleans(), "words": st.none() | st.lists(TEXTS, max_size=3),
        "numbers": st.none() | st.lists(SHORT, max_size=3), "place": PLACE,
        "small": st.none() | st.floats(width=32, allow_nan=False, allow_infinity=False),
        "u": st.none() | st.integers(0, 2**53 - 1),
    }
)  # fmt: skip


@given(st.lists(RECORD, max_size=6), st.integers(0, 3))
def test_columns_are_written_as_rfc8785_writes_their_rows(rows: list[dict[str, Any]], skip: int) -> None:
    """The quick way must give the same bytes: floats, escapes, order of keys, nothing at all, ids that stand twice."""
    table = pa.Table.from_pylist(rows, schema=TABLE).slice(skip)
    values = table.to_pylist()
    lines = [rfc8785.dumps(row) + b"\n" for row in values]
    assert [line.encode() for line in canonical_lines(table).to_pylist()] == lines
    assert hash_columns(table) == hash_rows(values)


def test_the_hash_of_columns_knows_no_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches are accidents of the writer, and of the reader; lines of one id may stand in several."""
    monkeypatch.setattr("truceline.canon.CHUNK", 3)
    rows = [{"id": str(i % 7), "x": i / 3, "words": ["é"] * (i % 3)} for i in range(20)]
    table = pa.Table.from_pylist(rows)
    parts = pa.concat_tables([table.slice(13), table.slice(0, 13)])
    assert hash_columns(table) == hash_columns(parts) == hash_rows(rows)
    once = table.slice(0, 7)
    assert hash_columns(once) == hash_rows(rows[:7])


@pytest.mark.parametrize(
    "values",
    [pa.array([float("nan")]), pa.array([float("inf")]), pa.array([2**53]), pa.array([-(2**53)]), pa.array([b"x"])],
)
def test_columns_refuse_what_rfc8785_refuses(values: pa.Array) -> None:
    """The quick way takes nothing that the slow way would not."""
    with pytest.raises(Exception, match=r".+"):
        hash_columns(pa.table({"id": ["a"], "v": values}))
    with pytest.raises(Exception, match=r".+"):
        hash_rows([{"id": "a", "v": values[0].as_py()}])


@given(st.integers(0, 5), st.integers(0, 5))
def test_any_change_of_a_row_changes_the_hash(a: int, b: int) -> None:
    """A hash that forgives a changed cell proves nothing."""
    assert (hash_rows([{"id": "x", "n": a}]) == hash_rows([{"id": "x", "n": b}])) == (a == b)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, {"a": b"x"}, {1: 2}])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:  # noqa: ANN401  # any value
    """A silent rounding would let two different tables share a hash."""
    with pytest.raises(Exception, match=r".+"):
        canonical(value)
