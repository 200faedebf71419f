"""Kleene's laws, for one answer and for columns of answers, and the two equal row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.assess import answers as col
from truceline.assess.answers import Answers
from truceline.verdict import (
    NEVER,
    NO,
    SURE,
    UNKNOWN,
    YES,
    Answer,
    Reason,
    agreed,
    alike,
    all_of,
    any_of,
    both,
    denied,
    either,
    mask_of,
    reasons_of,
    undecided,
)

UNDECIDED = st.sets(st.sampled_from(list(Reason)), min_size=1).map(lambda found: undecided(*found))
ANSWERS = st.one_of(st.just(SURE), st.just(NEVER), UNDECIDED)
ROWS = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(ANSWERS, min_size=width, max_size=width), min_size=1, max_size=6)
)
VALUES = st.sampled_from((NO, UNKNOWN, YES))


def column(answers: Sequence[Answer]) -> Answers:
    """A column of single answers."""
    return Answers(np.array([a.value for a in answers], np.int8), np.array([a.why for a in answers], np.uint32))


def plain(answer: Answer) -> tuple[int, int]:
    """Value and reasons of an answer, without its note."""
    return answer.value, answer.why


def rows_of(made: Answers) -> list[tuple[int, int]]:
    """Value and reasons of each row."""
    return [(int(v), int(w)) for v, w in zip(made.value, made.why, strict=True)]


@given(ANSWERS, ANSWERS, ANSWERS)
def test_and_or_form_a_distributive_lattice_with_an_involution(a: Answer, b: Answer, c: Answer) -> None:
    """Order, grouping and De Morgan: rewriting a rule in an equal form must never change a verdict."""
    assert both([a, b]) == both([b, a])
    assert both([a, both([b, c])]).value == both([both([a, b]), c]).value
    assert denied(both([a, b])).value == either([denied(a), denied(b)]).value
    assert denied(denied(a)) == a
    assert both([a, either([a, b])]).value == a.value
    assert both([a, either([b, c])]).value == either([both([a, b]), both([a, c])]).value


@given(st.lists(VALUES))
def test_plain_values_follow_minimum_and_maximum(values: list[int]) -> None:
    """The three plain functions are what the text says they are, of nothing too."""
    assert all_of(values) == min([YES, *values])
    assert any_of(values) == max([NO, *values])
    assert alike(values) == (values[0] if len(set(values)) == 1 else UNKNOWN)


@given(st.lists(ANSWERS, min_size=1, max_size=6))
def test_reasons_are_exactly_those_of_the_factors_at_zero(factors: list[Answer]) -> None:
    """A reader must be told everything that is open, and nothing that is not."""
    answer = both(factors)
    if min(f.value for f in factors) == UNKNOWN:
        assert set(answer.reasons) == {r for f in factors if f.value == UNKNOWN for r in f.reasons}
    else:
        assert answer.why == 0


@given(st.lists(ANSWERS, min_size=1, max_size=5), st.sampled_from(list(Reason)))
def test_alternatives_give_a_sign_only_when_all_agree(answers: list[Answer], otherwise: Reason) -> None:
    """One of several may be true: a sign stands only if it stands whichever it is."""
    made = agreed(answers, otherwise)
    assert (made.value != UNKNOWN) == (len({a.value for a in answers}) == 1 and answers[0].value != UNKNOWN)
    assert {r for a in answers for r in a.reasons} <= set(made.reasons) | (
        set() if made.value == UNKNOWN else {otherwise}
    )
    if {YES, NO} <= {a.value for a in answers}:
        assert otherwise in made.reasons


@given(st.data())
def test_narrowing_a_factor_never_flips_a_sign(data: st.DataObject) -> None:
    """Settling an open factor may decide a verdict and never reverses one: the monotone law at its root."""
    factors = data.draw(st.lists(ANSWERS, min_size=1, max_size=4))
    settled = [f if f.value != UNKNOWN else data.draw(st.sampled_from((SURE, NEVER, f))) for f in factors]
    for rule in (both, either):
        before, after = rule(factors).value, rule(settled).value
        assert before in (UNKNOWN, after)


@given(st.sets(st.sampled_from(list(Reason))))
def test_a_mask_of_reasons_gives_them_back(reasons: set[Reason]) -> None:
    """Reasons travel as bits; none may be lost or invented on the way."""
    assert set(reasons_of(mask_of(reasons))) == reasons


@given(ROWS, st.sampled_from(list(Reason)))
def test_columns_equal_single_answers_row_by_row(rows: list[list[Answer]], otherwise: Reason) -> None:
    """The fast algebra is the slow one, in value and in reasons."""
    columns = [column([row[i] for row in rows]) for i in range(len(rows[0]))]
    assert rows_of(col.both(columns)) == [plain(both(row)) for row in rows]
    assert rows_of(col.either(columns)) == [plain(either(row)) for row in rows]
    assert rows_of(col.agreed(columns, otherwise)) == [plain(agreed(row, otherwise)) for row in rows]
    assert rows_of(col.denied(columns[0])) == [plain(denied(row[0])) for row in rows]


@given(st.lists(ANSWERS, min_size=1, max_size=8))
def test_renaming_a_reason_keeps_the_value(answers: list[Answer]) -> None:
    """What is open about a target is called so; the answer stays what it was."""
    made = col.renamed(column(answers), Reason.ACTOR, Reason.TARGET)
    for answer, (value, why) in zip(answers, rows_of(made), strict=True):
        expected = {Reason.TARGET if r is Reason.ACTOR else r for r in answer.reasons}
        assert (value, set(reasons_of(why))) == (answer.value, expected)


@pytest.mark.parametrize(("value", "why"), [(UNKNOWN, 0), (YES, 1), (NO, Reason.TIME.bit)])
def test_a_zero_without_reason_and_a_sign_with_one_are_refused(value: int, why: int) -> None:
    """An unexplained *cannot be decided* must be impossible to build."""
    with pytest.raises(ValueError, match="an answer of"):
        Answer(value, why)


def test_every_reason_says_what_is_unknown_and_what_would_settle_it() -> None:
    """The list of reasons is closed; a reason without words would be printed empty."""
    assert len({r.bit for r in Reason}) == len(Reason) == 14
    assert all(r.meaning and r.settled_by for r in Reason)
