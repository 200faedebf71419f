"""Fine positions are found as fast as they are written: what is skipped for plain texts changes no answer."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.canon import letters
from truceline.desk.coarse import _plain, check_coarse
from truceline.errors import SubmissionError

UNSEEN = "\u2060"


@given(st.text(st.sampled_from(string.printable), max_size=60))
def test_a_plain_text_is_read_as_one_in_disguise(text: str) -> None:
    """A sign that nobody sees leads the same text the long way round."""
    assert _plain(text) == _plain(UNSEEN + text)


@pytest.mark.parametrize("text", ["36.2021, 37.1343", "at 36.2021, 37.1343" + " " * 40])
def test_a_position_is_refused_however_often_it_is_asked_about(text: str) -> None:
    """Only what is sound is remembered, and only what is short."""
    for _ in range(3):
        with pytest.raises(SubmissionError, match="looks like a position"):
            check_coarse({"text": text})


def test_the_ids_of_reports_that_look_like_positions_are_spared_for_who_knows_them() -> None:
    """Two bare numbers look like degrees, and hexadecimal digits like a cell; what has a point is looked at anyhow."""
    body = {"reports": ["1234567", "7654321"], "about": "ledger:08f2d0a1b2c3d4e5", "reason": "r"}
    with pytest.raises(SubmissionError):
        check_coarse(body)
    check_coarse(body, set)
    check_coarse({**body, "about": ["r-1"]}, lambda texts: {"1234567", "7654321"} & set(texts))
    for wrong in ("36.2021", "36°12'", "8f2d0a1b2c3d4e5 36.2021, 37.1343"):
        with pytest.raises(SubmissionError):
            check_coarse({**body, "reason": f"at {wrong}, 37.1343"}, set)
    with pytest.raises(SubmissionError):
        check_coarse({"reports": ["36.2021", "37.1343"]}, set)


def test_no_letters_by_hash_are_taken_for_a_position() -> None:
    """The ids that readers make for rows without one."""
    for n in range(3_000):
        one, other = letters(b"%d" % n), letters(b"a%d" % n)
        check_coarse({"about": f"ledger:{one}", "reports": [f"strikes:2016-10-17:{other}"]})
