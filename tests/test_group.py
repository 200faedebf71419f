"""Who is part of whom, and the place ladder cell by cell."""

from __future__ import annotations

import pytest

from truceline.group import Group, Party, Sight, may_see

GROUP = Group([
    Party("gov", "state"), Party("gov-air", "force", part_of="gov"), Party("squadron", "force", part_of="gov-air"),
    Party("opp", "side"), Party("ahrar", "group", side="opp"), Party("ahrar-east", "force", part_of="ahrar"),
    Party("us", "guarantor"), Party("ru", "guarantor"), Party("tf", "body", members=("us", "ru")),
    Party("press", "body", members=("us", "ru"), decides="any"),
])  # fmt: skip
NOTHING, COUNT, REGION, CELL, TOWN, ALL = Sight
DAY = 86_400


@pytest.mark.parametrize(
    ("actor", "to", "value"),
    [("gov", "gov", 1), ("squadron", "gov", 1), ("gov", "squadron", 0), ("ahrar", "opp", 1), ("ahrar-east", "opp", 1),
     ("opp", "ahrar", 0), ("opp", "ahrar-east", 0), ("gov", "opp", -1), ("gov-air", "ahrar", -1), ("nobody",
     "gov", -1)],
)  # fmt: skip
def test_belonging(actor: str, to: str, value: int) -> None:
    """A part counts as the whole; a report of the whole may mean the part; strangers do not."""
    assert GROUP.belongs(actor, to) == value


@pytest.mark.parametrize("inner", [Party("inner", "side", side="outer"), Party("inner", "side", part_of="outer")])
def test_a_side_within_a_side_carries_its_groups_with_it(inner: Party) -> None:
    """The inner side belongs to the outer, so a group of the inner does too: else narrowing flips a sign."""
    group = Group([Party("outer", "side"), inner, Party("g", "group", side="inner")])
    assert group.belongs("inner", "outer") == 1
    assert group.belongs("g", "outer") == 1


def test_a_body_signs_by_its_members() -> None:
    """A task force of two signs only when both do, unless the text says that one is enough."""
    assert [GROUP.signed_by("tf", s) for s in ([], ["us"], ["us", "ru"], ["tf"])] == [False, False, True, True]
    assert GROUP.signed_by("press", ["ru"])
    assert not GROUP.signed_by("press", ["gov"])


@pytest.mark.parametrize(
    ("what", "secretariat", "party", "public"),
    [  # the table of product.md, seen at once, unpublished, not one's own
        ("incident", ALL, TOWN, NOTHING), ("origin", ALL, NOTHING, NOTHING), ("withdrawal", ALL, REGION, COUNT),
        ("site", NOTHING, NOTHING, COUNT), ("observer", ALL, NOTHING, NOTHING), ("person", NOTHING, NOTHING, NOTHING),
        ("coverage", ALL, NOTHING, NOTHING), ("anything else", NOTHING, NOTHING, NOTHING),
    ],
)  # fmt: skip
def test_the_place_ladder(what: str, secretariat: Sight, party: Sight, public: Sight) -> None:
    """Who sees how much stands in one table; each cell is checked, and what is not in it is not seen."""
    assert [may_see(reader, what) for reader in ("secretariat", "party:gov", "public")] == [secretariat, party, public]


def test_delays_and_publication() -> None:
    """Origins come later and coarser; the public sees an incident once it is published."""
    assert may_see("public", "incident", is_published=True) == TOWN
    assert [may_see("party:gov", "origin", age_s=s) for s in (72 * 3600 - 1, 72 * 3600)] == [NOTHING, CELL]
    assert [may_see("public", "origin", age_s=s) for s in (30 * DAY - 1, 30 * DAY)] == [NOTHING, REGION]
    assert may_see("party:gov", "withdrawal", is_own=True) == ALL
    assert may_see("public", "withdrawal", is_own=True) == COUNT


@pytest.mark.parametrize("reader", ["", "SECRETARIAT", "secretariat ", "admin", "party", "parties:gov", "público"])
def test_an_unknown_reader_sees_no_more_than_a_party_or_the_public(reader: str) -> None:
    """A misspelt role must never open the widest view."""
    assert may_see(reader, "observer") == NOTHING
    assert may_see(reader, "origin") == NOTHING


def test_a_secretariat_with_a_suffix_is_no_secretariat() -> None:
    """`--for` takes three forms; a fourth sees as the public."""
    assert may_see("secretariat:gov", "observer") == NOTHING
