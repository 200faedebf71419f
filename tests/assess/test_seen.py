from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from truceline.agreement.history import History, Standing, read_act
from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.assess.consecutive import Counted, rule_of
from truceline.assess.events import is_one_of
from truceline.assess.place import Placed
from truceline.assess.seen import Seen
from truceline.atlas import read_atlas
from truceline.course import Course
from truceline.desk.files import open_agreement, read_evidence
from truceline.errors import InputError
from truceline.evidence.schema import ONE, Named, region_row, table_of
from truceline.space import disc
from truceline.span import Span, day_span, parse_instant
from truceline.verdict import NO, SURE, UNKNOWN, YES, Reason

SHIPPED = Path(__file__).parents[2] / "agreements" / "syria-2016"
TZ = "Asia/Damascus"
FIRST = date(2016, 3, 1)

TEXT = b"""
truceline: 1
id: counting
tz: Asia/Damascus
actors:
  us: {kind: guarantor, side: opp}
  ru: {kind: guarantor, side: gov}
  tf: {kind: body, members: [us, ru], decides: all}
  gov: {kind: side}
  opp: {kind: side}
  ahrar: {kind: group, side: opp}
  kur: {kind: side}
zones:
  box: {polygon: [[36.0, 35.0], [36.2, 35.0], [36.2, 35.2], [36.0, 35.2]]}
terms:
  - {id: start, kind: define, is: {at: 2016-03-01T00:00}}
"""
INSIDE, ACROSS, AWAY = disc(36.1, 35.1, 500), disc(36.2, 35.1, 5_000), disc(38.0, 35.1, 500)
AROUND = disc(36.1, 35.1, 60_000)
RULE = {"days": 2, "calendar": "civil", "in": "box", "coverage": 1, "horizon": "P5D"}
DAYS = 5


@cache
def agreement() -> Agreement:
    """The small agreement of these tests."""
    return load(TEXT, "counting.yaml")


def spanned(first: int, last: int) -> Span:
    """Whole civil days by number, from the first of March."""
    return day_span(FIRST + timedelta(first), TZ).joined(day_span(FIRST + timedelta(last), TZ))


def report(key: str, first: int, last: int | None = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """An attack by the government side on the opposition inside the zone, on some day from `first` to `last`."""
    span = spanned(first, first if last is None else last)
    row = {
        "id": key, "source": "test", "publisher": "one", "kind": "incident", "start": span.start, "end": span.end,
        "lasts": False, "impact": region_row(INSIDE), "actor": ["gov"], "actor_mode": "one", "target": ["opp"],
        "target_mode": "one", "act": ["attack"], "unordered": False,
    }  # fmt: skip
    return row | fields


def watch(first: int, last: int, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # columns of the schema
    """We looked at the whole zone on these days and saw nothing."""
    return report(f"watch-{first}-{last}", first, last, negative=True, impact=region_row(AROUND), act=[]) | fields


def seen_of(rows: Sequence[dict[str, Any]], acts: Sequence[dict[str, Any]] = ()) -> tuple[Seen, Standing]:
    """Some reports and signed acts, ready to be asked."""
    signed = [read_act(act, TZ, 0) for act in acts]
    placed = Placed(agreement().zones, read_atlas({}, None))
    seen = Seen(table_of(rows), agreement(), placed)
    return seen, History(agreement(), signed, seen).as_known(None)


def course_of(rows: Sequence[dict[str, Any]], when: dict[str, Any], acts: Sequence[dict[str, Any]] = ()) -> Course:
    """When a condition holds."""
    seen, standing = seen_of(rows, acts)
    return seen.course(next(iter(when)), when, standing)


def at_day(course: Course, day: int) -> int:
    """The answer at the last second of a day."""
    last = spanned(day, day).end - 1
    return course.during(Span(last, last + 1)).value


def consecutive(that: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # plain values
    """The condition of these tests: two good days in a row."""
    return {"consecutive": {**RULE, "that": that, **more}}


def counted_of(rows: Sequence[dict[str, Any]], that: Any, acts: Sequence[dict[str, Any]] = (), **more: Any) -> Counted:  # noqa: ANN401
    """The days of the one reading of a condition."""
    seen, standing = seen_of(rows, acts)
    rule = rule_of(consecutive(that, **more), standing)
    return seen.days.counted(rule, standing, seen.days.starts(rule, standing)[0])[0]


# -- count, none, rate, ratio ----------------------------------------------------------------------------------------


def test_silence_is_not_compliance() -> None:
    """Without anybody who looked, *none* and *at most* are open, and say that there was no coverage."""
    for when in ({"none": "attack"}, {"count": "attack", "at_most": 3}, {"rate": "attack", "at_most": 1, "per": "P1D"}):
        course = course_of([], {**when, "in": "box", "from": "start", "within": "P1D"})
        answer = course.during(spanned(2, 2))
        assert (answer.value, answer.reasons) == (UNKNOWN, (Reason.NO_COVERAGE,)), when


def test_a_watched_zone_without_events_is_calm() -> None:
    """Somebody looked at the whole zone all day and saw nothing: then none happened, surely."""
    course = course_of([watch(0, 3)], {"none": "attack", "in": "box", "from": "start"})
    assert [at_day(course, day) for day in range(5)] == [YES, YES, YES, YES, UNKNOWN]


def test_what_surely_happened_needs_no_coverage() -> None:
    """That a number was reached is shown by the reports themselves."""
    rows = [report("a", 0), report("b", 2)]
    course = course_of(rows, {"count": "attack", "at_least": 2, "in": "box"})
    assert [at_day(course, day) for day in range(4)] == [UNKNOWN, UNKNOWN, YES, YES]
    capped = course_of(rows, {"count": "attack", "at_most": 1, "in": "box"})
    assert [at_day(capped, day) for day in range(4)] == [UNKNOWN, UNKNOWN, NO, NO]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"actor": ["gov", "kur"], "actor_mode": "either"}, Reason.ACTOR),
        ({"impact": region_row(ACROSS)}, Reason.PLACE),
        ({"act": []}, Reason.ACT),
        ({"target": [], "target_mode": "unknown"}, Reason.TARGET),
    ],
)
def test_what_is_imprecise_is_possible_with_its_reason(change: dict[str, Any], reason: Reason) -> None:
    """An event of which one thing is not known may be what is counted, and says which thing."""
    when = {"count": "attack", "in": "box", "between": ["gov", "opp"], "from": "start"}
    answer = course_of([report("a", 1) | change, watch(0, 3)], when).during(spanned(2, 2))
    assert (answer.value, answer.reasons) == (UNKNOWN, (reason,))


def test_an_unknown_day_is_open_in_time_until_it_is_over() -> None:
    """What happened on one of three days surely happened by the end of the last."""
    course = course_of([report("a", 0, 2), watch(0, 4)], {"count": "attack", "in": "box", "from": "start"})
    assert [at_day(course, day) for day in range(4)] == [UNKNOWN, UNKNOWN, YES, YES]
    assert course.during(spanned(1, 1)).reasons == (Reason.TIME,)


def test_who_is_outside_is_not_counted() -> None:
    """Another place, another pair, another act, and a report of nothing are no events."""
    others: list[dict[str, Any]] = [
        {"impact": region_row(AWAY)}, {"actor": ["kur"]}, {"act": ["inform"]}, {"negative": True},
    ]  # fmt: skip
    for change in others:
        when = {"count": "attack", "in": "box", "between": ["gov", "opp"], "from": "start"}
        assert at_day(course_of([report("a", 1) | change, watch(0, 3)], when), 2) == NO, change


def test_a_pair_is_counted_in_either_direction_and_a_group_as_its_side() -> None:
    """A dyad names no attacker; a group stands on its side."""
    for change in ({"unordered": True}, {"actor": ["ahrar"], "target": ["gov"]}):
        when = {"count": "attack", "in": "box", "between": ["opp", "gov"]}
        assert at_day(course_of([report("a", 1) | change], when), 2) == YES, change


def test_two_publishers_may_tell_of_one_event() -> None:
    """Two events by one publisher are two; by two publishers they may be one, so two are only possible."""
    same, other = [report("a", 1), report("b", 1)], [report("a", 1), report("b", 1, publisher="two")]
    when = {"count": "attack", "in": "box", "at_least": 2, "from": "start"}
    assert at_day(course_of([*same, watch(0, 3)], when), 2) == YES
    assert at_day(course_of([*other, watch(0, 3)], when), 2) == UNKNOWN


def test_a_window_forgets() -> None:
    """Within the last day: what happened before is out, to the second."""
    rows = [report("a", 1), watch(0, 4)]
    at = spanned(1, 1).start + 100
    rows[0] |= {"start": at, "end": at + 1}
    course = course_of(rows, {"count": "attack", "in": "box", "within": "PT1H", "from": "start"})
    answers = [course.during(Span(at + s, at + s + 1)).value for s in (-1, 0, 3599, 3600)]
    assert answers == [NO, YES, YES, NO]


def test_nothing_holds_before_it_begins() -> None:
    """A count *since* a moment is not asked before it."""
    course = course_of([], {"none": "attack", "in": "box", "from": "start"})
    assert at_day(course, -1) == NO


def test_a_rate_is_a_count_in_its_window() -> None:
    """Two a day over two days are four events; three are fewer, which only coverage shows."""
    rows = [report(f"e{i}", i % 2) for i in range(4)]
    when = {"rate": "attack", "per": "P1D", "within": "P2D", "in": "box", "from": "start"}
    assert at_day(course_of([*rows, watch(0, 3)], {**when, "at_least": 2}), 1) == YES
    assert at_day(course_of([*rows[:3], watch(0, 3)], {**when, "at_least": 2}), 1) == NO
    assert at_day(course_of([*rows[:3], watch(0, 3)], {**when, "at_most": 1.5}), 1) == YES


def test_a_ratio_is_held_against_its_baseline() -> None:
    """Half as many as the mean of the ten days before: by whole numbers, with coverage of both."""
    before = [report(f"b{i}", -1 - i % 10) for i in range(20)]
    when = {
        "ratio": "attack", "per": "P1D", "baseline": "mean-P10D-before-start", "in": "box", "from": "start",
        "at_most": 0.5,
    }  # fmt: skip
    one, two = [report("x", 1)], [report("x", 1), report("y", 1)]
    assert at_day(course_of([*before, *one, watch(-10, 3)], when), 1) == YES
    assert at_day(course_of([*before, *two, watch(-10, 3)], when), 1) == NO
    assert at_day(course_of([*before, *two, watch(0, 3)], when), 1) == UNKNOWN


# -- coverage --------------------------------------------------------------------------------------------------------


def test_coverage_is_of_the_whole_day_and_the_whole_zone() -> None:
    """Half a day, or a part of the zone, is not all of it; half is half."""
    day = spanned(1, 1)
    half = watch(1, 1) | {"end": day.start + (day.end - day.start) // 2}
    rows = {"half": half, "part": watch(1, 1, impact=region_row(INSIDE)), "whole": watch(1, 1)}
    found = {
        name: [at_day(course_of([row], {"coverage": share, "in": "box"}), 1) for share in (0.5, 1)]
        for name, row in rows.items()
    }
    assert found == {"half": [YES, UNKNOWN], "part": [UNKNOWN, UNKNOWN], "whole": [YES, YES]}


def test_who_denies_access_is_named_and_wins() -> None:
    """Where nobody was let in nothing is known, whatever others say; it is said who denied it."""
    denial = watch(1, 1, id="shut", negative=False, access_denied=True, actor=["gov"])
    course = course_of([watch(0, 2), denial], {"coverage": 0.8, "in": "box"})
    answer = course.during(spanned(1, 1))
    assert (at_day(course, 0), answer.value, answer.note) == (YES, NO, "denied by gov")
    calm = course_of([watch(0, 2), denial], {"none": "attack", "in": "box", "from": "start"})
    assert calm.during(Span(spanned(1, 1).end - 1, spanned(1, 1).end)).reasons == (Reason.NO_COVERAGE,)


def test_a_post_watches_and_an_incident_does_not() -> None:
    """That somebody saw an incident says nothing of the hours beside it; a post that lasts does."""
    post = watch(1, 1, negative=False, lasts=True, coverage="a post", act=["inform"])
    for change, value in (({}, YES), ({"lasts": False}, UNKNOWN), ({"coverage": None}, UNKNOWN)):
        assert at_day(course_of([post | change], {"coverage": 1, "in": "box"}), 1) == value, change


# -- consecutive -----------------------------------------------------------------------------------------------------


def test_true_from_the_end_of_the_last_day() -> None:
    """Two good days: the condition holds from the second on which the second day is over, and stays."""
    course = course_of([watch(0, 9), report("a", 4)], consecutive({"none": "attack"}))
    end = spanned(1, 1).end
    assert course.during(Span(end - 1, end)).value == NO
    assert course.during(Span(end, end + 1)).value == YES
    assert at_day(course, 8) == YES


def test_only_whole_days_count() -> None:
    """A start at 19:00 makes the next day day 1; a start at midnight is day 1 itself."""
    rows = [watch(0, 9)]
    late = counted_of(rows, {"none": "attack"}, (), **{"from": "2016-03-01T19:00"})
    assert late.full.calendar.first == FIRST + timedelta(1)
    assert counted_of(rows, {"none": "attack"}).full.calendar.first == FIRST


def test_days_of_23_and_25_hours_are_days() -> None:
    """Summer time began on 25 March 2016: that day had 23 hours, and counts like any other."""
    day = (date(2016, 3, 24) - FIRST).days
    course = course_of([watch(day, day + 1)], consecutive({"none": "attack"}, **{"from": "2016-03-24T00:00"}))
    assert course.at[-1] == spanned(day + 1, day + 1).end
    assert spanned(day + 1, day + 1).end - spanned(day + 1, day + 1).start == 23 * 3600


def test_an_event_of_unknown_day_inside_one_run_breaks_it() -> None:
    """Whichever of the two days it was, the run of these two is broken; longer runs beside it are not."""
    inside = counted_of([watch(0, 9), report("a", 1, 2)], {"none": "attack"}, days=3)
    assert inside.full.possibly.tolist() == [1, 2, 1, 2, 3]
    assert inside.full.surely.tolist() == [1, 0, 0, 1, 2]
    assert inside.full.goods.good.tolist() == [YES, UNKNOWN, UNKNOWN, YES, YES]


def test_more_events_than_two_days_can_take_break_both() -> None:
    """Three attacks on the 2nd or 3rd, at most one a day: whichever days they were, these two were not both good."""
    rows = [watch(0, 9), *(report(f"a{i}", 1, 2) for i in range(3))]
    one, two = (counted_of(rows, {"count": "attack", "at_most": most}).full for most in (1, 2))
    assert one.possibly.tolist() == [1, 2, 1, 2, 3]
    assert two.possibly.tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("by", "at", "surely"), [
    (["tf"], "2016-03-03T12:00", [1, 2, 0, 1, 2]),
    (["us", "ru"], "2016-03-03T00:00", [1, 2, 1, 2, 3]),
    (["us"], "2016-03-03T12:00", [1, 2, 3, 4, 5]),
])  # fmt: skip
def test_only_the_named_body_resets(by: list[str], at: str, surely: list[int]) -> None:
    """A reset sets both lengths to 0; its day is not whole, unless it is its first second; one side alone is nobody."""
    acts = [{"act": "reset", "by": by, "at": at}]
    found = counted_of([watch(0, 9)], {"none": "attack"}, acts, reset_by={"agree": "tf"}, days=9)
    assert found.full.surely.tolist() == surely
    assert found.full.possibly.tolist() == surely


def test_day_findings_are_signed_by_each_side() -> None:
    """Good when both signed *no breach*, bad when one signed *breach*, else awaited."""
    days = [spanned(i, i) for i in range(3)]
    rows = [(0, "us", "no-breach"), (0, "ru", "no-breach"), (1, "us", "no-breach"), (2, "ru", "breach")]
    acts = [
        {"id": f"f{i}", "act": "finding", "by": [by], "at": "2016-03-06", "holds": holds,
         "start": _iso(days[d].start), "until": _iso(days[d].end)}
        for i, (d, by, holds) in enumerate(rows)
    ]  # fmt: skip
    found = counted_of([watch(0, 4)], {"day_findings": ["us", "ru"]}, acts)
    assert found.full.goods.good.tolist() == [YES, UNKNOWN, NO, UNKNOWN, UNKNOWN]
    assert found.full.goods.why[1] == Reason.AWAITING_ANSWER.bit


def test_deaths_are_held_against_the_baseline_by_whole_numbers() -> None:
    """A tenth of ten is one, exactly: 0.1 as a float is a little more than a tenth."""
    before = [report("b", -3, killed_low=280, killed_best=280, killed_high=280)]
    rows = [*before, report("a", 1, killed_low=1, killed_best=1, killed_high=1), watch(-28, 9)]
    rows.append(report("c", 3, killed_low=2, killed_best=2, killed_high=2))
    good = counted_of(rows, {"deaths_vs_baseline": 0.1}).full.goods.good
    assert good.tolist() == [YES, YES, YES, NO, YES]


def test_a_baseline_that_nobody_watched_has_no_upper_bound() -> None:
    """More deaths than the told baseline allows: with coverage of the baseline surely bad, without it open."""
    rows = [report(key, day, killed_low=9, killed_best=9, killed_high=9) for key, day in (("b", -3), ("a", 1))]
    dark, seen = (counted_of([*rows, watch(first, 9)], {"deaths_vs_baseline": 1}).full.goods for first in (0, -28))
    assert (dark.good[1], seen.good[1]) == (UNKNOWN, NO)
    assert dark.why[1] & Reason.NO_COVERAGE.bit


def test_readings_that_differ_are_an_open_word() -> None:
    """Each reading is one possible world: only where all agree is there a sign."""
    readings = {"readings": [{"none": "attack"}, {"count": "attack", "at_most": 1}]}
    rows = [watch(0, 9), *(report(f"a{i}", i) for i in range(5))]
    course = course_of(rows, consecutive(readings))
    assert at_day(course, 1) == NO
    answer = course.during(spanned(3, 3))
    assert (answer.value, answer.reasons) == (UNKNOWN, (Reason.OPEN_WORD,))


def test_after_the_horizon_nothing_is_looked_for() -> None:
    """Two good days that come after the horizon come too late."""
    rows = [watch(0, 20), *(report(f"a{i}", i) for i in range(5))]
    assert at_day(course_of(rows, consecutive({"none": "attack"})), 15) == NO
    assert at_day(course_of(rows, consecutive({"none": "attack"}, horizon="none")), 15) == YES


@pytest.mark.parametrize("change", [{"days": 0}, {"days": "x"}, {"calendar": "lunar"}, {"that": 3}])
def test_a_condition_that_says_nothing_is_refused(change: dict[str, Any]) -> None:
    """A count without a number of days, or without a meaning of *good*, is the text's fault and is named."""
    with pytest.raises(InputError, match="`consecutive`"):
        course_of([], {"consecutive": {**RULE, "that": {"none": "attack"}, **change}})


@pytest.mark.parametrize("when", [
    {"count": "attack", "at_least": "two"}, {"count": "attack", "coverage": "lots"}, {"coverage": -1},
    {"coverage": "1/0"}, {"rate": "attack", "at_most": "x"}, {"rate": "attack", "at_most": 1, "per": "PT0S"},
    {"none": None}, {"none": "attack", "between": ["gov"]}, {"none": "attack", "in": "nowhere"},
    {"coverage": 1, "in": "nowhere"}, consecutive({}), consecutive({"none": "attack"}, coverage=2),
    consecutive({"count": "attack", "at_most": "x"}), consecutive({"readings": [3]}),
    consecutive({"none": "attack"}, between=["gov", "opp", "kur"]),
])  # fmt: skip
def test_a_field_that_is_not_what_it_should_be_is_refused(when: dict[str, Any]) -> None:
    """Each is the text's fault: it is named, and never counts as something else or as nothing."""
    with pytest.raises(InputError):
        course_of([watch(0, 4)], when)


def test_what_no_text_knows_is_not_counted_as_nothing() -> None:
    """An act or an actor that was misspelt leaves the count open: it must not make the calm."""
    rows = [watch(0, 4), report("a", 1)]
    assert at_day(course_of(rows, {"none": "atack", "in": "box", "from": "start"}), 2) == UNKNOWN
    assert at_day(course_of(rows, {"none": "attack", "by": "gof", "in": "box", "from": "start"}), 2) == UNKNOWN


def test_two_who_are_not_known_need_not_be_the_same() -> None:
    """That nobody knows who did it is no name."""
    named = Named(("unknown",), ONE)
    assert is_one_of(named, ["unknown"], seen_of([])[1]).value == UNKNOWN


def test_what_may_never_have_begun_never_surely_ends() -> None:
    """Where it is open whether the count began, good days alone make nothing hold."""
    begins = {"count": "attack", "at_least": 1}  # of nowhere in particular: nobody watched that
    when = consecutive({"none": "attack"}, **{"from": begins, "horizon": "none"})
    assert at_day(course_of([watch(0, 9)], when), 8) == UNKNOWN
    assert at_day(course_of([watch(0, 9)], consecutive({"none": "attack"}, horizon="none")), 8) == YES


def test_without_evidence_a_count_from_the_first_of_it_is_open() -> None:
    """Where counting begins with what is told of, and nothing is, nothing is known: that is not *never*."""
    begins = {"count": "attack", "at_least": 1}
    assert at_day(course_of([], consecutive({"none": "attack"}, **{"from": begins})), 8) == UNKNOWN


def test_a_count_can_be_bounded_on_both_sides() -> None:
    """A day on which fewer happened than the text asks for is as bad as one with more."""
    rows = [watch(0, 4), report("a1", 1), report("a3", 3), report("b3", 3)]
    found = counted_of(rows, {"count": "attack", "at_least": 1, "at_most": 1})
    assert found.full.goods.good.tolist() == [NO, YES, NO, NO, NO]
    assert found.full.possibly.tolist() == [0, 1, 0, 0, 0]


# -- laws: possible worlds, and narrowing ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """One event as a report tells it: days, deaths, whether it surely counts."""

    first: int
    last: int
    low: int
    high: int
    is_sure: bool

    def row(self, key: str) -> dict[str, Any]:
        """As a row of the schema."""
        who = {} if self.is_sure else {"actor": ["gov", "kur"], "actor_mode": "either"}
        return report(
            key, self.first, self.last, killed_low=self.low, killed_best=self.low, killed_high=self.high, **who
        )

    def worlds(self) -> Iterator[tuple[int, int] | None]:
        """What can have been: day and deaths, or nothing that counts."""
        if not self.is_sure:
            yield None
        yield from itertools.product(range(self.first, self.last + 1), {self.low, self.high})

    def narrowed(self, pick: int) -> Told:
        """The same, told more precisely in one respect."""
        choices = [
            replace(self, first=self.last), replace(self, last=self.first), replace(self, low=self.high),
            replace(self, high=self.low), replace(self, is_sure=True),
        ]  # fmt: skip
        return choices[pick % len(choices)]


@st.composite
def tolds(draw: st.DrawFn) -> list[Told]:
    """One to three events on the days -2 to 4."""
    made = []
    for _ in range(draw(st.integers(0, 3))):
        first, low = draw(st.integers(-2, 4)), draw(st.integers(0, 3))
        last, high = min(first + draw(st.sampled_from([0, 0, 1, 2])), 4), low + draw(st.sampled_from([0, 0, 2]))
        made.append(Told(first, last, low, high, draw(st.booleans())))
    return made


READINGS = [
    {"none": "attack"}, {"count": "attack", "at_most": 1}, {"count": "attack", "at_least": 1},
    {"deaths_vs_baseline": 1}, {"deaths_vs_baseline": 28},
]  # fmt: skip
watched_days = st.sets(st.integers(0, 4)).map(sorted)
hidden = 9
"""More unseen events, and deaths, than any bound of these tests allows."""


def is_true(
    world: Sequence[tuple[int, int] | None], reading: dict[str, Any], unseen: set[int], days: int
) -> list[bool]:
    """Whether two good days in a row were over by the end of each day, in one possible world."""
    there = [event for event in world if event is not None]
    base = sum(deaths for day, deaths in there if -28 <= day < 0) + (hidden if -1 in unseen else 0)
    good = []
    for day in range(DAYS):
        count = sum(d == day for d, _ in there) + (hidden if day in unseen else 0)
        deaths = sum(n for d, n in there if d == day) + (hidden if day in unseen else 0)
        if "deaths_vs_baseline" in reading:
            good.append(deaths * 28 <= reading["deaths_vs_baseline"] * base)
        elif "at_least" in reading:
            good.append(count >= reading["at_least"])
        else:
            good.append(count <= reading.get("at_most", 0))
    runs: list[bool] = []
    length = 0
    for day in range(DAYS):
        length = length + 1 if good[day] else 0
        runs.append(length >= days or (bool(runs) and runs[-1]))
    return runs


@given(tolds(), st.sampled_from(READINGS), watched_days, st.booleans(), st.integers(1, 3))
@example([Told(1, 2, 1, 1, True)], READINGS[0], [0, 1, 2, 3, 4], False, 2)
@settings(deadline=None, max_examples=25)
def test_a_sign_only_where_all_worlds_agree(
    events: list[Told], reading: dict[str, Any], watched: list[int], is_base_watched: bool, days: int
) -> None:
    """`consecutive` is sound: what it decides is so in every world that the reports and the coverage leave open."""
    rows = [event.row(f"e{i}") for i, event in enumerate(events)] + [watch(d, d) for d in watched]
    rows += [watch(-28, -1)] if is_base_watched else []
    course = course_of(rows, consecutive(reading, days=days))
    dark = sorted({-1, 0, 1, 2, 3, 4} - set(watched) - ({-1} if is_base_watched else set()))
    outcomes = [
        is_true(world, reading, set(unseen), days)
        for world in itertools.product(*(event.worlds() for event in events))
        for unseen in itertools.chain.from_iterable(itertools.combinations(dark, n) for n in range(len(dark) + 1))
    ]
    for day in range(DAYS):
        end = spanned(day, day).end
        value, truths = course.during(Span(end, end + 1)).value, {world[day] for world in outcomes}
        assert value == UNKNOWN or truths == {value == YES}, (day, value, truths)


@given(
    tolds(), watched_days, st.integers(1, 3), st.sampled_from(["at_least", "at_most"]), st.sampled_from([None, 1, 2])
)
@settings(deadline=None, max_examples=25)
def test_a_count_has_a_sign_only_where_all_worlds_agree(
    events: list[Told], watched: list[int], number: int, bound: str, window: int | None
) -> None:
    """`count` is sound, with a window of days and without, at the end of every day."""
    rows = [event.row(f"e{i}") for i, event in enumerate(events)] + [watch(d, d) for d in watched]
    when = {"count": "attack", bound: number, "in": "box", "from": "start", "between": ["gov", "opp"]}
    course = course_of(rows, {**when, **({"within": f"P{window}D"} if window else {})})
    dark = sorted(set(range(DAYS)) - set(watched))
    worlds = list(itertools.product(*(event.worlds() for event in events)))
    for day in range(DAYS):
        first = 0 if window is None else max(0, day - window + 1)
        truths = set()
        for world in worlds:
            told = sum(event is not None and first <= event[0] <= day for event in world)
            for count in {told, told + hidden} if any(first <= d <= day for d in dark) else {told}:
                truths.add(count >= number if bound == "at_least" else count <= number)
        value = at_day(course, day)
        assert value == UNKNOWN or truths == {value == YES}, (day, value, truths)


@given(tolds(), st.sampled_from(READINGS), watched_days, st.integers(0, 2), st.integers(0, 4))
@settings(deadline=None, max_examples=25)
def test_narrowing_never_flips_a_sign(
    events: list[Told], reading: dict[str, Any], watched: list[int], which: int, how: int
) -> None:
    """A finer day, a finer number of deaths, a known actor: a 0 may become a sign, a sign stays."""
    looked = [watch(d, d) for d in watched]
    finer = [e.narrowed(how) if i == which else e for i, e in enumerate(events)]
    before, after = (
        course_of([e.row(f"e{i}") for i, e in enumerate(tale)] + looked, consecutive(reading))
        for tale in (events, finer)
    )
    for day in range(DAYS):
        end = Span(spanned(day, day).end, spanned(day, day).end + 1)
        assert before.during(end).value in (UNKNOWN, after.during(end).value), day


# -- the real question -----------------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize(
    ("since", "expected"),
    [("2016-02-27T00:00", [None, None, "2016-03-07", "2016-03-04"]), ("2016-09-12T19:00", [None] * 4)],
)
def test_seven_consecutive_days_of_2016(data: Path, since: str, expected: list[str | None]) -> None:
    """As stated by the text: never, never, 7 March, 4 March; from September never; in full never surely."""
    bench = open_agreement(SHIPPED / "agreement.yaml")
    table: pa.Table = read_evidence(data / "ucdp" / "ged_syria_2016_2019.csv.gz", bench).table
    seen = Seen(table, bench.agreement, Placed(bench.agreement.zones, bench.atlas))
    standing = History(bench.agreement, (), seen).as_known(None)
    fields = {"days": 7, "that": "adhered", "in": "syria", "coverage": 0.8, "between": ["gov", "opp"]}
    counted = seen.days.counted(rule_of({"consecutive": fields}, standing), standing, parse_instant(since, TZ))
    reached = [c.stated.reached(c.stated.surely, 7) for c in counted[:4]]
    found = [
        None if day is None else c.stated.calendar.date(day).isoformat()
        for c, day in zip(counted, reached, strict=False)
    ]
    assert found == expected
    assert [c.full.reached(c.full.surely, 7) for c in counted] == [None] * len(counted)


def _iso(second: int) -> str:
    from truceline.span import utc_text

    return utc_text(second)


def test_sure_is_sure() -> None:
    """The answer of a condition that holds carries no reason."""
    course = course_of([watch(0, 9)], consecutive({"none": "attack"}))
    assert course.during(Span(spanned(6, 6).start, spanned(6, 6).end)) == SURE
