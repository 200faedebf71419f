"""One way to bytes: vectors of RFC 8785, and a table's hash that knows no order."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.canon import canonical, hash_rows, hash_value

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


@given(st.integers(0, 5), st.integers(0, 5))
def test_any_change_of_a_row_changes_the_hash(a: int, b: int) -> None:
    """A hash that forgives a changed cell proves nothing."""
    assert (hash_rows([{"id": "x", "n": a}]) == hash_rows([{"id": "x", "n": b}])) == (a == b)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, {"a": b"x"}, {1: 2}])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:  # noqa: ANN401  # any value
    """A silent rounding would let two different tables share a hash."""
    with pytest.raises(Exception, match=r".+"):
        canonical(value)
