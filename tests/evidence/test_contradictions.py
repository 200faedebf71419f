"""Where published totals contradict one another: each kind, and nothing that can be so."""

from __future__ import annotations

import io
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence.bench import SHIPPED
from truceline.evidence import contradictions as told
from truceline.evidence.contradictions import beside, contradictions
from truceline.evidence.ledgers import Confirmed, Count, Total, read_totals

START = date(2016, 9, 12)


def total(line: int, first: int, last: int, n: int | None, **changes: object) -> Total:
    """A count over days counted from `START`."""
    fields = {"issuer": "A", "region": "Exland", "unit": "violations", "confirmed": None, **changes}
    count = fields.pop("count", Count(n, n, str(n)))
    days = (START + timedelta(days=first), START + timedelta(days=last))
    return Total(line=line, first=days[0], last=days[1], count=count, **fields)  # type: ignore[arg-type]  # by name


def found(*totals: Total) -> list[tuple[str, int, list[int]]]:
    """What contradicts what, by line."""
    return [(one.kind, one.whole.line, [other.line for other in one.others]) for one in contradictions(totals)]


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ((total(2, 0, 1, 37), total(3, 0, 1, 42)), [("same period", 2, [3])]),
        ((total(2, 0, 1, 37), total(3, 0, 1, 37)), []),
        ((total(2, 0, 8, 312), total(3, 0, 10, 300)), [("falls", 3, [2])]),
        ((total(2, 0, 8, 312), total(3, 0, 10, 312)), []),
        ((total(2, 0, 10, 30), total(3, 4, 5, 31)), [("part over whole", 2, [3])]),
        ((total(2, 0, 10, 30), total(3, 1, 2, 20), total(4, 3, 4, 20)), [("parts over whole", 2, [3, 4])]),
        ((total(2, 0, 10, 30), total(3, 1, 3, 20), total(4, 3, 4, 20)), []),
        ((total(2, 0, 1, 82, confirmed=Confirmed(0, 80)),), [("another number", 2, [])]),
        ((total(2, 0, 1, 82, confirmed=Confirmed(0, 82)),), []),
        ((total(2, 0, 10, None, count=Count(300, None)), total(3, 4, 5, 400)), []),
        ((total(2, 0, 10, 300), total(3, 4, 5, None, count=Count(301, None))), [("part over whole", 2, [3])]),
    ],
)  # fmt: skip
def test_totals_that_cannot_all_be_right(totals: tuple[Total, ...], expected: list[tuple[str, int, list[int]]]) -> None:
    """Days in common are not counted twice against an issuer, and open numbers contradict only where they must."""
    assert found(*totals) == expected


@pytest.mark.parametrize("change", [{"issuer": "B"}, {"region": "North"}, {"unit": "arrests"}])
def test_other_words_are_never_compared(change: dict[str, str]) -> None:
    """A count of arrests says nothing of one of violations."""
    assert found(total(2, 0, 8, 312), total(3, 0, 10, 300, **change)) == []


def test_the_shipped_table_contradicts_itself_twice() -> None:
    """The two bulletins of 31 May 2016, and two counts of the second day of September's truce."""
    read, _ = read_totals(io.BytesIO((SHIPPED / "ledgers.csv").read_bytes()), "ledgers.csv")
    assert found(*read) == [("same period", 24, [25]), ("same period", 32, [33])]


SPANS = st.tuples(st.integers(0, 8), st.integers(0, 4), st.integers(0, 9))


@settings(max_examples=40)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=10), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_what_is_counted_from_one_truth_never_contradicts_itself(days: list[int], asked: list[tuple[int, int]]) -> None:
    """Whoever adds up the same days, over whatever periods, is never accused of a contradiction."""
    spans = {(min(a, b), min(max(a, b), len(days) - 1)) for a, b in asked if min(a, b) < len(days)}
    totals = [total(i, a, b, sum(days[a : b + 1])) for i, (a, b) in enumerate(sorted(spans), 2)]
    assert contradictions(totals) == []


@settings(max_examples=40)
@given(st.lists(SPANS, min_size=1, max_size=9))
def test_the_worst_parts_are_found(spans: list[tuple[int, int, int]]) -> None:
    """Against every choice of periods without a day in common: the whole is contradicted just when some choice does."""
    parts = [total(i, a, a + more, n) for i, (a, more, n) in enumerate(spans, 3)]
    whole = total(2, -1, 20, 9)
    found_ = any(one.whole.line == 2 for one in contradictions([whole, *parts]))
    best = 0
    for choice in range(1 << len(parts)):
        taken = [part for i, part in enumerate(parts) if choice >> i & 1]
        ordered = sorted(taken, key=lambda t: t.first or START)
        if all((x.last or START) < (y.first or START) for x, y in pairwise(ordered)):
            best = max(best, sum(part.count.low or 0 for part in taken))
    assert found_ == (best > 9)


def test_periods_of_both_sides_stand_beside_one_another_and_turn_with_the_sides() -> None:
    """The same week, the same region: both counts; a week that one side alone counted stands nowhere."""
    ours, theirs = [total(2, 0, 6, 24), total(3, 7, 8, 5)], [total(4, 0, 6, 82, issuer="B")]
    (one,), (turned,) = beside(ours, theirs), beside(theirs, ours)
    assert ([t.line for t in one.a], [t.line for t in one.b]) == ([2], [4])
    assert (turned.a, turned.b) == (one.b, one.a)


def test_too_many_totals_of_one_kind_are_left_out_and_named() -> None:
    """Work grows with their square; the rest of the answer stands, and who asks is told."""
    many = [total(i, 0, 1, 1) for i in range(told.MOST_ALIKE + 1)]
    few = [total(9_000, 0, 1, 1, issuer="B"), total(9_001, 0, 1, 2, issuer="B")]
    assert [one.whole.issuer for one in contradictions([*many, *few])] == ["B"]
    assert [(one.issuer, n) for one, n in told.crowded([*many, *few])] == [(many[0].issuer, told.MOST_ALIKE + 1)]
