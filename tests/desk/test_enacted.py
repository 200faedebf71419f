"""What happened in a demonstration: once, the way of every statement, and in no case of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from truceline import desk
from truceline.desk import designated, enacted, mapdrafts
from truceline.desk.charters import new_charter
from truceline.desk.enacted import A, B, enact, is_enacted
from truceline.desk.exchanged import areas_shown
from truceline.desk.handovers import handovers_shown
from truceline.desk.sealed import exchanges_of
from truceline.desk.viewers import Viewer
from truceline.errors import StoreError, SubmissionError
from truceline.exchange.designated import STANDS
from truceline.store.case import Case
from truceline.store.opened import open_case
from truceline.store.state import open_state

US = Viewer("demo", "party", A)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A demonstration in which it happened."""
    folder = tmp_path_factory.mktemp("enacted") / "case"
    desk.demo_case(folder).close()
    enacted.enact_at(str(folder))
    opened = open_case(folder)
    yield opened
    opened.close()


def test_there_is_something_to_see_on_every_screen(case: Case) -> None:
    """All five ways of a cell, two speakers on one group, an open and a waiting exchange, two readings of a period."""
    told = designated.map_shown(case, US, case.newest())
    assert {one.stands for one in told.cells} == set(STANDS)
    assert told.version is not None
    assert any(one.gained for one in told.moved)
    assert {one.by for one in areas_shown(case, US, case.newest())} == {A, B}
    assert {one.state for one in exchanges_of(case).all.values()} == {"opened", "revealing"}
    assert {one.is_read_alike for one in handovers_shown(case, US)} == {False, None}
    assert not exchanges_of(case).ignored


def test_it_happens_once(case: Case) -> None:
    """A demonstration that is served again is the same."""
    size = len(case.entries())
    assert is_enacted(case)
    state = open_state(case.where)
    enact(case, state)
    state.close()
    assert len(case.entries()) == size


def test_a_case_of_its_own_is_left_alone(tmp_path: Path) -> None:
    """Nobody finds words in his record that no side said."""
    text = Path(__file__).parents[1] / "agreement" / "terms-example.yaml"
    own = desk.init_case(tmp_path / "own", text, new_charter("own"))
    state = open_state(str(tmp_path / "own"))
    with pytest.raises(StoreError, match="no demonstration"):
        enact(own, state)
    state.close()
    assert not is_enacted(own)
    own.close()


def test_drafts_say_what_was_chosen_and_nothing_more(case: Case) -> None:
    """Whole blocks; nothing where nothing changes; no finer cell, whoever chooses it."""
    told = designated.map_shown(case, US, case.newest())
    own = next(one.cell for one in told.cells if one.stands == "a")
    assert mapdrafts.map_drafts(case, A, {}) == []
    assert mapdrafts.map_drafts(case, A, {}, [own]) == []
    ((kind, body),) = mapdrafts.map_drafts(case, A, {own: "withdraw"})
    gone = {one.cell for one in told.cells if A in one.holds} - set(body["cells"])
    assert kind == "map-proposal"
    assert own in gone
    assert gone == {one.cell for one in told.cells if one.stands == "a"}
    with pytest.raises(SubmissionError, match="resolution 9"):
        mapdrafts.map_drafts(case, A, {}, ["892d8a9b04fffff"])
    with pytest.raises(SubmissionError, match="speaks for neither side"):
        mapdrafts.version_draft(case, "gov")
