"""How a side counts: each rule on each kind of list, as an interval that holds the truth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence.bench import SHIPPED
from tests.evidence.test_matching import DAY, FAR_TOWN, FIT, ROAD, TZ, item, lists
from truceline.errors import InputError
from truceline.evidence.counting import ONE_PER, Counted, CountingRule, counted, read_rules
from truceline.evidence.matching import Item
from truceline.span import Span, parse_span

HEAD = "issuer,party,arrests,one_per,source,tag\n"
HOURS = [parse_span(f"2016-03-05T{hour:02}:00", TZ) for hour in (8, 12, 18)]


def count(items: list[Item], one_per: str = "incident", arrests: bool | None = None) -> Counted:
    """What a rule makes of a list."""
    return counted(items, CountingRule("A", arrests=arrests, one_per=one_per), FIT, TZ)


def test_one_counts_arrests_the_other_does_not() -> None:
    """The same list, two numbers; what is left out is said."""
    entries = [item("1"), item("2", act="detain"), item("3", DAY, FAR_TOWN, act="detain")]
    assert count(entries, arrests=True) == Counted(3, 3)
    assert count(entries, arrests=False) == Counted(1, 1, 2)
    assert count(entries, arrests=None) == Counted(3, 3)


def test_one_counts_each_explosion() -> None:
    """Seven shells are seven; shelling without a number is at least one, and nobody knows how many."""
    seven, three = (item(str(n), HOURS[i], count=(n, n), unit="shells") for i, n in enumerate((7, 3)))
    assert count([seven, three], "explosion") == Counted(10, 10)
    assert count([seven, item("x", HOURS[2])], "explosion") == Counted(8, None)
    assert count([seven, replace(seven, id="again")], "explosion") == Counted(7, 14)
    assert count([item("w", count=(40, 40), unit="wounded")], "explosion") == Counted(1, None)


def test_one_counts_a_day_and_place_once() -> None:
    """Three times in a town on one day is one; on a road that meets no town it is another."""
    entries = [item(str(i), hour) for i, hour in enumerate(HOURS)]
    assert count(entries, "day and place") == Counted(1, 1)
    assert count(entries) == Counted(3, 3)
    assert count([*entries, item("r", HOURS[0], ROAD)], "day and place") == Counted(2, 2)


def test_entries_that_may_tell_of_one_incident_are_an_interval() -> None:
    """Two accounts of one day and town are one incident or two."""
    assert count([item("1"), item("2")]) == Counted(1, 2)
    assert count([]) == Counted(0, 0)


def test_denials_are_no_entries_of_a_count() -> None:
    """Who says that nothing happened counts nothing."""
    assert count([item("1"), item("2", denies=True)]) == Counted(1, 1)


@settings(max_examples=40)
@given(lists(), st.sampled_from(ONE_PER), st.sampled_from([True, False, None]))
def test_the_fewest_are_never_more_than_the_most(entries: list[Item], one_per: str, arrests: bool | None) -> None:
    """An interval; and one entry more never makes the most fewer."""
    found = count(entries, one_per, arrests)
    assert found.high is None or 0 <= found.low <= found.high
    fewer = count(entries[1:], one_per, arrests)
    assert found.high is None or fewer.high is None or fewer.high <= found.high


def test_the_shipped_rules_say_who_counts_arrests() -> None:
    """The monitor that counts arrests as breaches, the two sides of the commission that list none."""
    rules = read_rules((SHIPPED / "counting.csv").read_bytes())
    told = {rule.issuer: rule.arrests for rule in rules.rules.values()}
    assert (told["SNHR"], told["Turkish side of Russia-Turkey commission"]) == (True, False)
    assert [rule.party for rule in rules.of_party("tr")] == ["tr"]
    assert all(rule.source for rule in rules.rules.values())


def test_a_rule_for_a_party_that_is_none_is_named() -> None:
    """Whoever misspells a party is told; a rule for nobody is none."""
    rules = read_rules((HEAD + "A,gov,,,s,V\nB,gvo,,,s,V\nC,,,,s,V\n").encode())
    assert [rule.issuer for rule in rules.strangers(["gov"])] == ["B"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"issuer,party\nA,x\n", "missing arrests"), ((HEAD + "A,x,perhaps,incident,s,V\n").encode(), "`perhaps`"),
        ((HEAD + "A,x,true,shell,s,V\n").encode(), "`shell`"),
        ((HEAD + "A,,,,s,V\nA,,,,s,V\n").encode(), "each issuer once"),
        ((HEAD + ",,,,s,V\n").encode(), "each issuer once"), (b"\xff\xfe", "UTF-8"), ((HEAD + '"A').encode(), "CSV"),
        ((HEAD + "A,x\n").encode(), "fewer cells"), ((HEAD + "A,x,true,incident,s,V,more\n").encode(), "more cells"),
    ],
)  # fmt: skip
def test_a_table_of_rules_that_is_none_is_refused(data: bytes, message: str) -> None:
    """A misspelt rule must not be read as another, nor a row whose cells are shifted."""
    with pytest.raises(InputError, match=message):
        read_rules(data)


def test_a_span_over_midnight_is_never_surely_one_day() -> None:
    """Two entries of a night are one day and place, or two."""
    night = Span(DAY.end - 3_600, DAY.end + 3_600)
    assert count([item("1", night), item("2", night)], "day and place") == Counted(1, 2)
