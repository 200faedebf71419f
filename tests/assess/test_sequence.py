from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.assess.test_seen import AWAY, INSIDE, report, seen_of, watch
from truceline.assess import stateful
from truceline.assess.kernels import _is_there
from truceline.assess.sequence import order
from truceline.errors import InputError
from truceline.evidence.schema import Observation, observation_of, region_row, table_of
from truceline.space import disc
from truceline.span import parse_instant
from truceline.verdict import NO, UNKNOWN, YES, Answer, Reason

NOON = parse_instant("2016-03-05T12:00", "UTC")
HOUR = 3600
ENGINES = ["numpy", *(["numba"] if _is_there() else [])]
EARLIER = {"act": "attack", "by": "target", "to": "actor", "within": "PT1H", "near_m": 5000}


def at(key: str, second: int, wide: int = 1, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # columns of the schema
    """The opposition attacks the government side at so many seconds from noon, known to `wide` seconds."""
    row = report(key, 0, actor=["opp"], target=["gov"], start=NOON + second, end=NOON + second + wide)
    return row | fields


def asked(rows: Sequence[dict[str, Any]], word: str = "earlier", **fields: Any) -> Answer:  # noqa: ANN401
    """What came before, or after, an attack of the government side on the opposition at noon."""
    one = report("one", 0, start=NOON, end=NOON + 1)
    seen, standing = seen_of([one, *rows])
    return seen.related(word, {**EARLIER, **fields}, observation_of(table_of([one]).to_pylist()[0]), standing)


# -- one report among all --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "value"), [(-1, YES), (-HOUR, YES), (-HOUR - 1, UNKNOWN), (0, UNKNOWN), (1, UNKNOWN)]
)
def test_earlier_is_strictly_before_and_at_most_the_limit(second: int, value: int) -> None:
    """Exactly one hour is within one hour; the same second is not earlier; what is not told of stays open."""
    answer = asked([at("other", second)])
    assert answer.value == value
    assert answer.reasons == (() if value == YES else (Reason.NO_COVERAGE,))


def test_followed_looks_the_other_way() -> None:
    """An answer to a flight comes after it: one second later is, one second before is not."""
    assert asked([at("other", 1)], "followed").value == YES
    assert asked([at("other", -1)], "followed").reasons == (Reason.NO_COVERAGE,)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (at("o", -10, 20), Reason.ORDER_UNKNOWN),
        (at("o", -HOUR - 10, 20), Reason.TIME),
        (at("o", -60, impact=region_row(disc(36.1, 35.1, 5_000))), Reason.PLACE),
        (at("o", -60, impact=region_row(disc(0, 0, 0)) | {"kind": "none"}), Reason.PLACE),
        (at("o", -60, unordered=True), Reason.ACTOR),
        (at("o", -60, actor=[], actor_mode="unknown"), Reason.ACTOR),
        (at("o", -60, target=[], target_mode="unknown"), Reason.TARGET),
        (at("o", -60, act=[]), Reason.ACT),
    ],
)
def test_what_is_not_known_of_the_other_report_is_said(row: dict[str, Any], reason: Reason) -> None:
    """Order, time, place, actor, target, act: each makes a 0 of its own beside the open world."""
    assert asked([row]).reasons == tuple(r for r in Reason if r in (reason, Reason.NO_COVERAGE))


@pytest.mark.parametrize(
    "row",
    [
        at("o", -60, actor=["kur"]), at("o", -60, target=["kur"]), at("o", -60, act=["inform"]),
        at("o", -60, impact=region_row(AWAY)), at("o", -60, negative=True), at("one", -60),
        watch(0, 9, id="w"),
    ],
)  # fmt: skip
def test_another_report_is_not_the_one_asked_for(row: dict[str, Any]) -> None:
    """Somebody else, something else, elsewhere, nothing seen, or the report itself: as if it were not there."""
    assert asked([row]).reasons == (Reason.NO_COVERAGE,)


def test_a_group_answers_for_its_side_only_upwards() -> None:
    """The opposition is attacked; a group of it attacked before: that is the target. The whole is not a known part."""
    assert asked([at("o", -60, actor=["ahrar"])]).value == YES
    one = report("one", 0, target=["ahrar"], start=NOON, end=NOON + 1)
    seen, standing = seen_of([one, at("o", -60)])
    found = seen.related("earlier", EARLIER, observation_of(table_of([one]).to_pylist()[0]), standing)
    assert found.reasons == (Reason.ACTOR, Reason.NO_COVERAGE)


def test_a_sure_one_wins_over_open_ones() -> None:
    """Of several reports one that surely came before is enough."""
    assert asked([at("a", -10, 20), at("b", -60), at("c", -60, act=[])]) == Answer(YES)


def test_a_condition_without_a_limit_is_refused() -> None:
    """*Earlier* without *within* would reach back for ever."""
    with pytest.raises(InputError, match="within"):
        asked([], within="")


def seconds_of(one: Observation) -> list[int]:
    """The seconds at which a report can have happened."""
    return list(range(one.start, one.end))


small = st.tuples(st.integers(0, 9), st.integers(1, 4), st.booleans())


@given(small, small, st.integers(1, 6))
@example((0, 2, True), (1, 3, False), 1)
@settings(deadline=None, max_examples=100)
def test_order_is_what_all_worlds_say(a: tuple[int, int, bool], b: tuple[int, int, bool], limit: int) -> None:
    """The order of two reports has a sign exactly where every pair of seconds agrees."""
    first, second = (Observation("o", start, start + wide, lasts=lasts) for start, wide, lasts in (a, b))

    def holds(u: list[int], v: list[int]) -> bool:
        return any(0 < y - x <= limit for x in u for y in v)

    worlds = [
        holds(u, v)
        for u in ([seconds_of(first)] if first.lasts else [[s] for s in seconds_of(first)])
        for v in ([seconds_of(second)] if second.lasts else [[s] for s in seconds_of(second)])
    ]
    expected = YES if all(worlds) else UNKNOWN if any(worlds) else NO
    assert order(first, second, limit).value == expected


@given(small, small, st.integers(1, 6), st.integers(0, 3))
@settings(deadline=None, max_examples=120)
def test_a_finer_time_never_flips_the_order(
    a: tuple[int, int, bool], b: tuple[int, int, bool], limit: int, cut: int
) -> None:
    """A 0 may become a sign when an interval shrinks; a sign stays."""
    first, second = (Observation("o", start, start + wide) for start, wide, _ in (a, b))
    finer = replace(first, start=min(first.start + cut, first.end - 1))
    assert order(first, second, limit).value in (UNKNOWN, order(finer, second, limit).value)


# -- many events -----------------------------------------------------------------------------------------------------

events = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2)), max_size=25)


def columns(rows: list[tuple[int, int]]) -> tuple[Any, Any]:
    """Two columns of whole numbers."""
    made = np.array(rows, np.int64).reshape(-1, 2)
    return made[:, 0], made[:, 1]


@pytest.mark.parametrize("engine", ENGINES)
@given(rows=events, within=st.integers(0, 12))
@example(rows=[(5, 0), (5, 1), (10, 0)], within=5)
@settings(deadline=None, max_examples=100)
def test_unprovoked_is_what_every_pair_says(rows: list[tuple[int, int]], within: int, engine: str) -> None:
    """No event of another side in `[t - within, t)`: held against every pair of events."""
    time, side = columns(rows)
    expected = [not any(s != own and 0 < t - u <= within for u, s in rows) for t, own in rows]
    assert stateful.unprovoked(time, side, within, engine=engine).tolist() == expected


@given(events, events, st.integers(0, 12), st.one_of(st.none(), st.integers(0, 50)))
@settings(deadline=None, max_examples=120)
def test_ungranted_is_what_every_pair_says(
    asked_for: list[tuple[int, int]], granted: list[tuple[int, int]], within: int, until: int | None
) -> None:
    """No grant of its key in `[t, t + within]`; a request whose time is not over is open."""
    (at_s, key), (grant_s, grant_key) = columns(asked_for), columns(granted)
    found = stateful.ungranted(at_s, key, grant_s, grant_key, within_s=within, until_s=until)
    for (t, k), value in zip(asked_for, found.tolist(), strict=True):
        is_granted = any(k == other and t <= u <= t + within for u, other in granted)
        is_over = until is None or t + within < until
        assert value == (NO if is_granted else YES if is_over else UNKNOWN), (t, k)


def test_the_edges_of_both_tasks() -> None:
    """Exactly the limit, the same second, the same event: as the module says."""
    time, side = np.array([0, 3600, 7201, 7201]), np.array([1, 2, 1, 2])
    assert stateful.unprovoked(time, side, 3600, engine="numpy").tolist() == [True, False, True, True]
    grants = np.array([0, 86_400, 86_401])
    found = [
        int(stateful.ungranted(np.array([0]), np.array([7]), np.array([g]), np.array([7]), within_s=86_400)[0])
        for g in grants
    ]
    assert found == [NO, NO, YES]


@pytest.mark.parametrize("spread", [10, 1 << 20, 1 << 31, 1 << 33, 1 << 50])
def test_rows_come_in_the_order_of_their_time(spread: int) -> None:
    """The radix sort is a stable sort, and far times take another one."""
    rng = np.random.default_rng(spread)
    time = rng.integers(-spread, spread, 3_000)
    assert (stateful.by_time(time) == np.argsort(time, kind="stable")).all()


def test_keys_too_many_for_one_number_are_refused() -> None:
    """An overflow would grant the wrong request: it is told instead, after the keys are numbered anew."""
    far, keys = np.array([0, 1 << 40]), np.array([-(1 << 62), 1 << 61])
    assert stateful.ungranted(far, keys, far, keys, within_s=1).tolist() == [NO, NO]
    many = np.arange(1 << 12, dtype=np.int64) << 50
    with pytest.raises(InputError, match="too many"):
        stateful.ungranted(many, many, many, many, within_s=1)


def test_both_engines_agree_on_many_rows() -> None:
    """What small examples cannot reach: runs of ties, long runs of one side."""
    if len(ENGINES) < 2:
        pytest.skip("numba is not installed")
    rng = np.random.default_rng(7)
    for sides, span in itertools.product((1, 2, 5), (300, 40_000, 4_000_000)):
        time, side = rng.integers(0, span, 30_000), rng.integers(0, sides, 30_000)
        one, other = (stateful.unprovoked(time, side, 60, engine=engine) for engine in ("numpy", "numba"))
        assert (one == other).all(), (sides, span)


def test_inside_is_near_itself() -> None:
    """Two discs of half a kilometre at one place lie within 5 km of one another, and not surely within 900 m."""
    row = at("o", -60, impact=region_row(INSIDE))
    assert asked([row]).value == YES
    assert Reason.PLACE in asked([row], near_m=900).reasons
