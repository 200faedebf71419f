"""Words and acts over HTTP: nothing of a report that the list keeps from a reader, in no answer and on no page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.desk.test_words_views import FINE, Spoken
from tests.web.reader import House, house

ANSWERS = ("claims", "log", "first", "followed", "timeline", "indicators?start=2024-06-01", "claims/told-finely",
           "claims?from=2024-06-12&until=2024-06-12")  # fmt: skip
PAGES = ("/words", "/words/log", "/words/first", "/words/indicators?start=2024-06-01", "/words/claim/told-finely",
         "/?day=2024-06-12", "/")  # fmt: skip


@pytest.fixture(scope="module")
def spoken_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A case with words in it; no test changes it."""
    with house(tmp_path_factory.mktemp("words-leaks") / "case", Spoken.make, with_findings=False) as made:
        yield made


@pytest.mark.parametrize("who", ["public", "south"])
@pytest.mark.parametrize("path", [*(f"/api/v1/words/{name}" for name in ANSWERS), *PAGES])
def test_nothing_fine_of_a_claim_is_told(spoken_house: House, who: str, path: str) -> None:
    """Place, speaker, address, words and, to the public, the time of a report whose source is not everybody's."""
    answer = spoken_house.ask(who, path)
    assert answer.status_code == 200, answer.text
    for words in FINE if who == "public" else FINE[:-1]:
        assert words not in answer.text, words
    if who == "public":
        assert "10:15:00Z" not in answer.text
