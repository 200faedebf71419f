"""The clock of each recipient, and the one table of what can be said next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.errors import SubmissionError
from truceline.notices.clocks import (
    ACKNOWLEDGE_S,
    ACKNOWLEDGED,
    DENIED,
    ESCALATED,
    EXPIRED,
    MOST_LEVEL,
    NEXT,
    NOTIFIED,
    OF_ONE,
    REMOVED,
    SAID,
    WITHDRAWN,
    Step,
    Trail,
    Word,
    due,
    trail_of,
    was_known,
)

HOUR = 3_600
FIRST = Word(5, 1_000_000, NOTIFIED, ("ru", "us"))
WORDS = st.builds(
    lambda what, party, level: Word(0, 0, what, (party,) if what in (*OF_ONE, NOTIFIED) else (), level=level),
    st.sampled_from([*SAID, NOTIFIED]), st.sampled_from(["ru", "us", "gov"]), st.integers(0, 3),
)  # fmt: skip


def taken(words: list[Word]) -> Trail:
    """The trail of those words that are let through."""
    trail = Trail("48h").after(FIRST)
    for number, word in enumerate(words, 6):
        made = Word(number, 1_000_000 + number * HOUR, word.what, word.parties, word.is_signed, word.level)
        try:
            trail.check(made)
        except SubmissionError:
            continue
        trail = trail.after(made)
    return trail


@given(st.lists(WORDS, max_size=30))
def test_no_row_of_words_leaves_the_table(words: list[Word]) -> None:
    """Whatever is tried, each state follows from the one before by the table, and nothing follows an end."""
    trail = taken(words)
    states: dict[str, str] = {}
    for number, word in enumerate(trail.words):
        for party in word.parties:
            if word.what == NOTIFIED:
                assert states.get(party, WITHDRAWN) == WITHDRAWN
                states[party] = "waiting"
            else:
                assert word.what in NEXT[states[party]]
                states[party] = word.what
        assert word.what not in (REMOVED, EXPIRED) or number == len(trail.words) - 1
    assert {name: answer.state for name, answer in trail.answers.items()} == states
    assert trail_of("48h", trail.words) == trail


@given(st.lists(WORDS, max_size=30), st.integers(0, 2_000_000))
def test_what_the_desk_has_to_say_may_always_be_said(words: list[Word], now: int) -> None:
    """Every step that is due passes the table, and once said is not due again."""
    trail = taken(words)
    for step in due(trail, 1_900_000, now):
        word = Word(99, now, step.what, (step.party,) if step.party else (), level=step.level)
        trail.check(word)
        trail = trail.after(word)
    assert due(trail, 1_900_000, now) == []


@pytest.mark.parametrize(("hours", "steps"), [
    (0, []), (23, []), (24, [1]), (47, [1]), (48, [2]), (500, [2]),
])  # fmt: skip
def test_who_is_late_is_escalated_to_the_body_and_then_to_the_guarantors(hours: int, steps: list[int]) -> None:
    """Two steps, each after the whole time again; who acknowledged is left in peace."""
    trail = Trail("48h").after(FIRST).after(Word(6, 1_000_100, ACKNOWLEDGED, ("us",)))
    found = due(trail, 10**9, 1_000_000 + hours * HOUR)
    assert found == [Step(ESCALATED, "ru", level) for level in steps]


def test_the_less_time_there_is_the_shorter_the_clock() -> None:
    """A site three days, an emergency an hour."""
    assert [ACKNOWLEDGE_S[lead] // HOUR for lead in ("", "48h", "24h", "emergency")] == [72, 24, 12, 1]


def test_what_is_over_expires_and_nothing_else_is_said_of_it() -> None:
    """Nobody is called late over a notice that has ended."""
    trail = Trail("24h").after(FIRST)
    assert due(trail, 1_500_000, 1_500_000) == [Step(EXPIRED)]
    ended = trail.after(Word(7, 1_500_000, EXPIRED))
    assert due(ended, 1_500_000, 9_999_999) == []
    with pytest.raises(SubmissionError, match="expired"):
        ended.check(Word(8, 1_500_001, ACKNOWLEDGED, ("ru",)))


def test_a_late_receipt_is_still_a_receipt() -> None:
    """After two escalations too; and who denied may acknowledge."""
    trail = Trail("48h").after(FIRST)
    for level in range(1, MOST_LEVEL + 1):
        trail = trail.after(Word(6 + level, 0, ESCALATED, ("ru",), level=level))
    for what in (DENIED, ACKNOWLEDGED):
        trail.check(Word(9, 0, what, ("ru",)))
        trail = trail.after(Word(9, 0, what, ("ru",), is_signed=True))
    assert (trail.answers["ru"].state, trail.answers["ru"].is_signed) == (ACKNOWLEDGED, True)


def test_known_is_who_had_acknowledged_by_then() -> None:
    """By the times of the record; not before, not after it was withdrawn, not after its end."""
    words = (
        Word(5, 1_000, NOTIFIED, ("ru", "us")), Word(6, 2_000, ACKNOWLEDGED, ("ru",)),
        Word(7, 3_000, WITHDRAWN, ("ru",)), Word(8, 3_500, ACKNOWLEDGED, ("us",)), Word(9, 4_000, REMOVED),
    )  # fmt: skip
    trail = trail_of("", words)
    assert [list(was_known(trail, at)) for at in (999, 1_999, 2_000, 2_999, 3_000, 3_500, 3_999, 4_000)] == [
        [], [], ["ru"], ["ru"], [], ["us"], ["us"], [],
    ]  # fmt: skip
