"""Asking for what would settle most: ranked, bounded, and to a party only what names it."""

from __future__ import annotations

import pytest

from truceline.desk import add_shipped_reports, demo_case
from truceline.desk.runs import Asked, Outcome, judge_case
from truceline.desk.why import MOST_IDS, explain, request, request_answer
from truceline.errors import InputError
from truceline.report.request import FIELDS, letter
from truceline.store.folder import CaseFolder
from truceline.verdict import Reason


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> CaseFolder:
    """The shipped case."""
    made = demo_case(tmp_path_factory.mktemp("why") / "case")
    add_shipped_reports(made)
    return made


@pytest.fixture(scope="module")
def outcome(case: CaseFolder) -> Outcome:
    """The shipped case, judged."""
    return judge_case(case, Asked())


def test_a_request_is_ranked_and_bounded(outcome: Outcome) -> None:
    """What settles most alone comes first; ids are bounded, the rest is counted."""
    found = request(outcome)
    assert [w.alone for w in found] == sorted((w.alone for w in found), reverse=True)
    assert all(len(w.reports) <= MOST_IDS and w.alone <= w.among for w in found)
    assert all(sum(w.terms.values()) == w.among for w in found)


def test_a_request_to_a_party_asks_only_of_what_names_it(outcome: Outcome) -> None:
    """Nobody is asked about what does not concern them, nor for what only a body can answer."""
    everyone, one = request(outcome), request(outcome, "gov")
    assert sum(w.among for w in one) < sum(w.among for w in everyone)
    assert all(w.to_party for w in one)
    with pytest.raises(InputError, match="unknown party"):
        request(outcome, "nobody-here")


@pytest.mark.parametrize("lang", ["en", "ar", "ru"])
def test_a_letter_is_written_in_three_languages(outcome: Outcome, lang: str) -> None:
    """Every reason has its words in every language, and the letter asks for no person."""
    assert set(FIELDS) == {reason.value for reason in Reason}
    text = letter(request_answer(outcome, request(outcome), ""), lang)
    assert len(text.splitlines()) > 5
    with pytest.raises(InputError):
        letter(request_answer(outcome, [], ""), "fr")


def test_an_assessment_that_does_not_exist_is_refused(case: CaseFolder) -> None:
    """A misspelt report or term is named."""
    with pytest.raises(InputError, match="no report"):
        explain(case, "no-such-report:F2")
