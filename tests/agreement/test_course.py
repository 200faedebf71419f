"""Laws of answers in time: one function for a span and for many, and more knowledge never turns a sign."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from truceline.course import Course, all_courses, any_course, combined, not_course
from truceline.span import LONG_AGO, Span
from truceline.verdict import NEVER, SURE, UNKNOWN, Answer, Reason, both, denied, either, undecided

seconds = st.integers(-60, 60)
answers = st.one_of(
    st.just(SURE),
    st.just(NEVER),
    st.sets(st.sampled_from(list(Reason)), min_size=1, max_size=3).map(lambda r: undecided(*r)),
)
courses = st.builds(Course.steps, st.lists(st.tuples(seconds, answers), max_size=6), answers)
spans = st.tuples(seconds, st.integers(1, 40)).map(lambda s: Span(s[0], s[0] + s[1]))


def second_by_second(course: Course, span: Span) -> set[tuple[int, int]]:
    """Every answer of a span, asked one second at a time: the slow meaning of a course."""
    return {(a.value, a.why) for s in range(span.start, span.end) for a in [course.during(Span(s, s + 1))]}


@given(courses, st.lists(spans, min_size=1, max_size=8))
def test_many_spans_are_answered_as_each_alone(course: Course, several: list[Span]) -> None:
    """`over` is `during`, row by row, value and reasons: the fast and the slow judge read one law."""
    start, end = (np.array([getattr(s, k) for s in several], np.int64) for k in ("start", "end"))
    values, why = course.over(start, end)
    alone = [course.during(span) for span in several]
    assert [(int(v), int(w)) for v, w in zip(values, why, strict=True)] == [(a.value, a.why) for a in alone]


@given(courses, spans)
def test_a_span_has_a_sign_only_where_every_second_has_it(course: Course, span: Span) -> None:
    """An act somewhere in a span has the sign that all its seconds share, else 0 with the reasons met."""
    found, whole = second_by_second(course, span), course.during(span)
    values = {value for value, _ in found}
    assert whole.value == (values.pop() if len(values) == 1 else UNKNOWN)
    if whole.value == UNKNOWN:
        met = 0
        for _, why in found:
            met |= why
        assert whole.why == met | (Reason.TIME.bit if {1, -1} <= {v for v, _ in found} else 0)


@given(courses, spans, st.data())
def test_narrowing_a_span_never_flips_a_sign(course: Course, span: Span, data: st.DataObject) -> None:
    """A finer time may settle a 0; what was sure stays as it was."""
    start = data.draw(st.integers(span.start, span.end - 1))
    end = data.draw(st.integers(start + 1, span.end))
    wide, narrow = course.during(span), course.during(Span(start, end))
    assert wide.value in (UNKNOWN, narrow.value)


@given(st.lists(courses, max_size=3), seconds)
def test_all_any_and_not_hold_at_every_second(several: list[Course], at: int) -> None:
    """A window of windows is the law at every second, before the first step and after the last included."""
    for second in (at, LONG_AGO, 1 << 39):
        moment = Span(second, second + 1)
        each = [course.during(moment) for course in several]
        assert _plain(all_courses(several).during(moment)) == _plain(both(each))
        assert _plain(any_course(several).during(moment)) == _plain(either(each))
        for course, answer in zip(several, each, strict=True):
            assert _plain(not_course(course).during(moment)) == _plain(denied(answer))


@given(courses)
def test_not_twice_is_the_same(course: Course) -> None:
    """Kleene's `not` loses nothing."""
    assert not_course(not_course(course)) == course


@given(courses, courses)
def test_the_order_of_windows_does_not_matter(a: Course, b: Course) -> None:
    """`and` and `or` do not ask which party signed first."""
    for rule in (both, either):
        assert _pieces(combined([a, b], rule)) == _pieces(combined([b, a], rule))


@given(courses)
def test_steps_that_change_nothing_are_dropped(course: Course) -> None:
    """The cuts of a course are changes of the law: an act that lasts is cut there and nowhere else."""
    assert course.at[0] == LONG_AGO
    assert list(course.at) == sorted(set(course.at))
    assert all(a != b for a, b in zip(course.answers, course.answers[1:], strict=False))


def test_a_window_is_closed_at_its_start_and_open_at_its_end() -> None:
    """Half-open intervals: nothing is in two windows that follow one another, and nothing falls between them."""
    first, second = Course.window(0, 10), Course.window(10, 20)
    assert [first.during(Span(s, s + 1)).value for s in (-1, 0, 9, 10)] == [-1, 1, 1, -1]
    assert any_course([first, second]) == Course.window(0, 20)
    assert all_courses([first, second]) == Course.always(NEVER)


def test_a_window_that_ends_as_it_begins_is_empty() -> None:
    """An extension until its own signature opens nothing."""
    assert all(answer == NEVER for answer in Course.window(5, 5).answers)


def _plain(answer: Answer) -> tuple[int, int]:
    return answer.value, answer.why


def _pieces(course: Course) -> list[tuple[int, int, int]]:
    return [(at, a.value, a.why) for at, a in zip(course.at, course.answers, strict=True)]
