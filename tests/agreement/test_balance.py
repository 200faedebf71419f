"""What each side gives, gets and risks: counts that mirror when the sides are swapped, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from truceline.agreement.balance import MEASURES, Account, Balance, balance
from truceline.agreement.model import Agreement
from truceline.agreement.text import load

ZONES = {"u": {"geo": "annex:u"}, "v": {"geo": "annex:v"}, "hidden": {"geo": "annex:h", "text": "withheld"}}
SIZES = {"u": 100, "v": 30}
ACTORS: dict[str, Any] = {
    "g": {"kind": "guarantor"}, "h": {"kind": "guarantor"}, "tf": {"kind": "body", "members": ["g", "h"]},
    "north": {"kind": "side"}, "south": {"kind": "side"}, "north-air": {"part_of": "north"},
    "brigade": {"kind": "group", "side": "south"}, "un": {"kind": "humanitarian"},
}  # fmt: skip


def km2(zones: Sequence[str]) -> int | None:
    """Sizes of zones that do not overlap; of one without shape, nobody knows."""
    return None if any(zone not in SIZES for zone in zones) else sum(SIZES[zone] for zone in zones)


def text_of(terms: list[dict[str, Any]]) -> dict[str, Any]:
    """A whole text around some terms, as plain values."""
    return {
        "truceline": 1, "id": "t", "actors": ACTORS, "zones": ZONES,
        "facts": [{"accepted": ["north", "south"]}],
        "words": {"prompt": {"readings": [{"within": "PT6H"}, {"within": "P2D"}], "adopted": "none"}},
        "instruments": {"paper": {"adopted": False}}, "terms": terms,
    }  # fmt: skip


def loaded(plain: dict[str, Any]) -> Agreement:
    """Plain values as a text; JSON is YAML."""
    return load(json.dumps(plain).encode(), "t.yaml")


def made(*terms: dict[str, Any]) -> Balance:
    """The balance of some terms."""
    return balance(loaded(text_of(list(terms))), km2)


def of(found: Balance, side: str) -> Account:
    """The account of one side or actor."""
    (account,) = [a for a in (*found.sides, *found.others) if a.id == side]
    return account


def test_sides_are_the_sides_of_the_text_and_nobody_else() -> None:
    """Guarantors, bodies and neutrals have accounts apart; a part counts for its whole."""
    found = made(
        {"id": "a", "kind": "prohibit", "who": ["north-air", "g"], "does": "fly"},
        {"id": "b", "kind": "power", "who": "tf"},
        {"id": "c", "kind": "require", "who": "un", "do": "deliver"},
    )
    assert [a.id for a in found.sides] == ["north", "south"]
    assert [a.id for a in found.others] == ["g", "tf", "un"]
    assert of(found, "north").prohibitions == ("a",)


def test_each_kind_of_term_is_counted_where_it_belongs() -> None:
    """One term of each kind, for one side."""
    found = made(
        {"id": "ban", "kind": "prohibit", "who": "north", "does": "attack", "to": {"of": "south"}, "in": "u"},
        {"id": "owed", "kind": "require", "who": "north", "do": {"clear": "vehicle", "of": "v"}, "within": "prompt"},
        {"id": "may", "kind": "permit", "who": "north", "does": "attack", "except": ["ban"]},
        {"id": "can", "kind": "power", "who": "north"},
        {"id": "secret", "kind": "prohibit", "who": "north", "does": "fly", "in": "hidden"},
        {"id": "never", "kind": "prohibit", "who": "north", "does": "gain", "instrument": "paper"},
    )
    north, south = of(found, "north"), of(found, "south")
    assert (north.duties, north.deadlines, north.prohibitions) == (("owed",), ("owed",), ("ban", "secret"))
    assert (north.permits, north.powers, north.protections) == (("may",), ("can",), ())
    assert (north.open_words, north.withheld) == (("owed",), ("secret",))
    assert (north.bound_zones, north.bound_km2, north.unmeasured) == (("u", "v", "hidden"), 130, ("hidden",))
    assert (south.protections, south.protected_zones, south.protected_km2) == (("ban",), ("u",), 100)
    assert found.left_out == ("never",)


def test_a_like_term_for_the_other_side_makes_both_alike() -> None:
    """Whatever their ids and sources are; another act, or a shorter limit, is not alike."""
    pair: list[dict[str, Any]] = [
        {"id": "n", "kind": "require", "who": "north", "do": "pull", "within": "PT6H"},
        {"id": "s", "kind": "require", "who": ["south"], "do": "pull", "within": "PT6H"},
    ]
    assert made(*pair).symmetric == ("n", "s")
    assert made(pair[0], {**pair[1], "within": "PT7H"}).one_sided == ("n", "s")
    assert made({"id": "both", "kind": "prohibit", "who": "bound", "does": "attack"}).symmetric == ("both",)


def test_a_term_that_protects_civilians_is_nobodys_gain() -> None:
    """It is counted apart: protection of civilians is no concession of one side to another."""
    found = made({"id": "aid", "kind": "prohibit", "who": ["north", "south"], "does": "hinder", "to": "aid"})
    assert found.civilian == ("aid",)
    assert all(a.protections == () for a in found.sides)


def test_who_waits_for_whom_and_how() -> None:
    """Through triggers, definitions, `while`, `if`, `together` and `procure`; never for oneself."""
    found = made(
        {"id": "pull", "kind": "require", "who": "north", "do": "pull", "on": {"at": "2024-01-01"}, "together": "PT6H"},
        {"id": "back", "kind": "require", "who": "south", "do": "pull", "on": {"at": "2024-01-01"}, "together": "PT6H"},
        {"id": "both", "kind": "define", "is": {"both": [{"accepted": "north"}, {"accepted": "south"}]}},
        {"id": "calm", "kind": "prohibit", "who": "south", "does": "attack", "while": "both"},
        {"id": "road", "kind": "require", "who": "south", "do": "let-pass", "on": {"done": "pull"}},
        {"id": "sees", "kind": "require", "who": "g", "do": "press", "procure": "north", "on": {"at": "2024-01-01"}},
    )
    assert [(e.waits, e.for_, e.via, e.terms) for e in found.edges] == [
        ("g", "north", "procure", ("sees",)),
        ("north", "south", "together", ("pull",)),
        ("south", "north", "on", ("road",)),
        ("south", "north", "while", ("calm",)),
        ("south", "north", "together", ("back",)),
    ]
    assert of(found, "south").waits == ("back", "calm", "road")


def test_nothing_is_summed_into_a_score() -> None:
    """Whether ten duties outweigh one is for whoever signs: no field of a balance says so."""
    fields = {name for group in MEASURES.values() for name in group}
    assert not {"score", "total", "sum", "weight", "balance"} & {
        *fields,
        *Account.__dataclass_fields__,
        *Balance.__dataclass_fields__,
    }


# -- the law ---------------------------------------------------------------------------------------------------------

ACTORS_SWAPPED = {"north": "south", "south": "north"}
WHO: st.SearchStrategy[Any] = st.sampled_from(
    ["bound", "any", "north", "south", "north-air", "brigade", "g", "tf", ["north", "south"], ["north", "brigade"],
     {"of": "south", "is": "bound"}, {"of": ["north", "south"], "is": "bound"}]
)  # fmt: skip
TO: st.SearchStrategy[Any] = st.sampled_from(
    [None, "bound", "north", "south", "aid", {"of": "north"}, {"of": "south", "is": "bound"}]
)
WHERE: st.SearchStrategy[Any] = st.sampled_from([None, "u", "v", ["u", "v"], "hidden"])
WHEN: st.SearchStrategy[Any] = st.sampled_from(
    [None, {"at": "2024-01-01"}, {"done": "t0"}, {"accepted": "north"},
     {"all": [{"accepted": "south"}, {"done": "t1"}]}, {"request": "access", "by": "south"},
     {"readings": ["2024-01-01", "2024-01-02"]}]
)  # fmt: skip
ACTS = st.sampled_from(["attack", "fly", "gain", "presence"])


@st.composite
def terms(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Some terms on two sides, a guarantor and a body; what is None is left out."""
    found = []
    for i in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["prohibit", "require", "power"]))
        term: dict[str, Any] = {"id": f"t{i}", "kind": kind, "who": draw(WHO)}
        if kind == "prohibit":
            term |= {"does": draw(ACTS), "to": draw(TO), "in": draw(WHERE), "from": draw(WHEN)}
        if kind == "require":
            term |= {
                "do": "pull",
                "to": draw(TO),
                "on": draw(WHEN),
                "within": draw(st.sampled_from([None, "PT6H", "prompt"])),
            }
            term |= {"procure": draw(st.sampled_from([None, "north", "south"]))}
        if kind == "power":
            term |= {"if": draw(WHEN)}
        term |= {"instrument": draw(st.sampled_from([None, None, "paper"]))}
        found.append({key: value for key, value in term.items() if value is not None and _is_known(value, i)})
    return found


def _is_known(value: object, i: int) -> bool:
    """Whether a condition names only terms that stand before it: no term waits for itself."""
    named = json.dumps(value)
    return all(f'"done": "t{n}"' not in named for n in range(i, 3))


def swapped(value: Any) -> Any:  # noqa: ANN401  # plain values
    """The same text with the two sides swapped everywhere, keys too."""
    if isinstance(value, dict):
        return {swapped(key): swapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [swapped(item) for item in value]
    return ACTORS_SWAPPED.get(value, value) if isinstance(value, str) else value


def mirrored(found: Balance) -> Balance:
    """A balance with the names of the two sides swapped."""
    names = ACTORS_SWAPPED
    edges = [replace(e, waits=names.get(e.waits, e.waits), for_=names.get(e.for_, e.for_)) for e in found.edges]
    return replace(
        found,
        sides=tuple(sorted((replace(a, id=names.get(a.id, a.id)) for a in found.sides), key=lambda a: a.id)),
        edges=tuple(
            sorted(edges, key=lambda e: (e.waits, e.for_, ("on", "while", "if", "together", "procure").index(e.via)))
        ),
    )


@settings(max_examples=30)
@given(terms())
def test_swapping_the_sides_mirrors_the_balance_exactly(drawn: list[dict[str, Any]]) -> None:
    """Whoever computes it for the other side sees the same numbers in the other column."""
    plain = text_of(drawn)
    assert balance(loaded(swapped(plain)), km2) == mirrored(balance(loaded(plain), km2))


@given(terms())
def test_accounts_name_only_terms_of_the_text(drawn: list[dict[str, Any]]) -> None:
    """Every number can be counted by hand: each id stands once, and in the order of the text."""
    order = [term["id"] for term in drawn]
    for account in balance(loaded(text_of(drawn)), km2).sides:
        for measure in (m for group in MEASURES.values() for m in group):
            ids = list(getattr(account, measure))
            assert ids == [term for term in order if term in ids]
            assert account.count(measure) == len(ids)
