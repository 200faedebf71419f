"""Whose copy leaked: the marks stay true, tell recipients apart, and survive what a leak usually does to a list."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.notices.watermark import (
    LEAST_M,
    MOST_M,
    Match,
    Truth,
    mark_m,
    marked,
    order,
    printed_accuracy_m,
    radius_m,
    receipt,
    ref,
    trace,
)
from truceline.space import distance_m

KEY = bytes(range(32))
PARTIES = ("gov", "ru", "us", "tr", "un")
IDS = tuple(f"{i:016x}".translate(str.maketrans("0123456789abcdef", "abcdefghijklmnop")) for i in range(400))
RNG = np.random.default_rng(7)
TRUTH = Truth(IDS, RNG.uniform(36, 40, 400), RNG.uniform(34, 37, 400), RNG.choice([2, 12, 60], 400))
Rows = list[tuple[float, float]]


def copy(party: str, n: int = 400) -> Rows:
    """The first `n` rows of a recipient's list, in its order."""
    chosen = order(KEY, party, IDS)[:n]
    return [
        marked(KEY, party, IDS[i], [(float(TRUTH.lon_deg[i]), float(TRUTH.lat_deg[i]))], int(TRUTH.accuracy_m[i]))[0]
        for i in chosen
    ]


def whose(leaked: Sequence[tuple[float, float]], refs: Sequence[str] = ()) -> list[Match]:
    """Every recipient had every notice."""
    return trace(KEY, TRUTH, leaked, dict.fromkeys(PARTIES, IDS), refs)


@given(st.floats(-60, 75), st.floats(-179, 179), st.integers(1, 5_000), st.sampled_from(PARTIES), st.integers(0, 399))
def test_what_is_printed_stays_true(lat: float, lon: float, accuracy: int, party: str, number: int) -> None:
    """The true position lies within the accuracy that is printed, whatever the mark; and it is the same every time."""
    told = marked(KEY, party, IDS[number], [(lon, lat)], accuracy)
    assert distance_m(lon, lat, *told[0]) <= printed_accuracy_m(accuracy) - accuracy + 0.01
    assert told == marked(KEY, party, IDS[number], [(lon, lat)], accuracy)


@given(st.integers(1, 10**6))
def test_a_mark_is_never_wider_than_it_may_be(accuracy: int) -> None:
    """Half of the accuracy, at least 5 m and never more than 25."""
    assert LEAST_M <= radius_m(accuracy) <= MOST_M
    east, north = mark_m(KEY, "ru", IDS[0], 0, accuracy)
    assert east * east + north * north <= radius_m(accuracy) ** 2


def shuffled(rows: Rows) -> Rows:
    """In another order."""
    return random.Random(1).sample(rows, len(rows))


def rounded(digits: int) -> Callable[[Rows], Rows]:
    """To so many decimals."""
    return lambda rows: [(round(lon, digits), round(lat, digits)) for lon, lat in rows]


def shaken(metres: float) -> Callable[[Rows], Rows]:
    """With noise of so many metres."""
    drawn = np.random.default_rng(3)
    return lambda rows: [
        (lon + drawn.normal(0, metres / 90_000), lat + drawn.normal(0, metres / 111_000)) for lon, lat in rows
    ]


@pytest.mark.parametrize("party", PARTIES)
@pytest.mark.parametrize(("n", "done"), [
    (400, shuffled), (12, shuffled), (400, rounded(5)), (30, rounded(5)), (400, rounded(4)), (400, shaken(5)),
    (400, lambda rows: rows[::3]), (400, lambda rows: [*rows, *((lon + 1, lat) for lon, lat in rows)]),
])  # fmt: skip
def test_what_a_leak_does_to_positions_leaves_its_mark(party: str, n: int, done: Callable[[Rows], Rows]) -> None:
    """Another order, a part, five or four decimals, noise of 5 m, rows of others among them: named, and nobody else."""
    found = whose(done(copy(party, n)))
    assert [one.recipient for one in found if one.is_named] == [party]


@pytest.mark.parametrize("done", [rounded(2), shaken(500)])
def test_what_is_coarser_than_the_mark_names_nobody(done: Callable[[Rows], Rows]) -> None:
    """The docs say so: what remains is order and refs."""
    assert not any(one.is_named for one in whose(done(copy("ru"))))


def test_an_average_of_two_copies_names_these_two_or_nobody() -> None:
    """Who mixes two lists never brings a third recipient into it."""
    one, two = (dict(zip(order(KEY, party, IDS), copy(party), strict=True)) for party in ("ru", "us"))
    mixed = [((one[i][0] + two[i][0]) / 2, (one[i][1] + two[i][1]) / 2) for i in range(400)]
    assert {match.recipient for match in whose(mixed) if match.is_named} == {"ru", "us"}
    cut = [one[i] if i % 2 else two[i] for i in range(400)]
    assert {match.recipient for match in whose(cut) if match.is_named} == {"ru", "us"}


def test_the_truth_itself_names_nobody() -> None:
    """Who had the desk's own list is none of the recipients."""
    assert not any(one.is_named for one in whose(list(zip(TRUTH.lon_deg, TRUTH.lat_deg, strict=True))))
    assert not any(one.is_named for one in whose([(10.0, 50.0)] * 50))
    assert not any(one.is_named for one in whose([]))


def test_chance_names_nobody_in_a_thousand_lists() -> None:
    """Positions shaken at random within the mark: no recipient is ever called."""
    drawn = np.random.default_rng(11)
    for _ in range(60):
        rows = drawn.choice(400, 40, replace=False)
        turn, away = drawn.uniform(0, 2 * np.pi, 40), 5 * np.sqrt(drawn.uniform(0, 1, 40))
        lon = TRUTH.lon_deg[rows] + away * np.sin(turn) / 90_000
        lat = TRUTH.lat_deg[rows] + away * np.cos(turn) / 111_000
        assert not any(one.is_named for one in whose(list(zip(lon, lat, strict=True))))


def test_a_ref_that_was_left_in_is_decisive() -> None:
    """One is enough; those of others, and texts that are none, say nothing."""
    assert whose([], [ref(KEY, "tr", IDS[5])])[0].recipient == "tr"
    assert [one.is_named for one in whose([], [ref(KEY, "tr", IDS[5])])] == [True, False, False, False, False]
    assert not any(one.is_named for one in whose([], ["XXXXXXXXXX", ""]))


def test_orders_and_receipts_are_of_one_recipient_alone() -> None:
    """The same rows for all, another order for each; a receipt cannot be made without the key."""
    orders = {tuple(order(KEY, party, IDS)) for party in PARTIES}
    assert len(orders) == len(PARTIES) and all(sorted(one) == list(range(400)) for one in orders)
    receipts = {receipt(key, party, "0" * 64, at) for key in (KEY, bytes(32)) for party in PARTIES for at in (1, 2)}
    assert len(receipts) == 20
    assert len({ref(KEY, party, one) for party in PARTIES for one in IDS}) == 2_000
