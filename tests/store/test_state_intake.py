"""The boxes of the intake desk, in a file and in PostgreSQL: by id, and nothing that tells their turn."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.store.cluster import cluster
from truceline.desk import drawer
from truceline.desk.drawer import Report
from truceline.store.state import State, intake, open_state
from truceline.store.state.base import SCHEMA

LOG = "truceline.example/intake"


@pytest.fixture(params=["file", "server"])
def state(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    """A state without a box, and a vault of its own."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    where = str(tmp_path) if request.param == "file" else cluster().url(cluster().database())
    with closing(open_state(where)) as opened:
        yield opened


def test_boxes_are_written_read_and_forgotten(state: State) -> None:
    """All that are written together are there together; one that is written again takes the place of the old."""
    intake.put(state, [("bb", b"1"), ("aa", b"2"), ("cc", b"3")])
    intake.put(state, [("aa", b"4")])
    assert (intake.ids(state), intake.count(state)) == (["aa", "bb", "cc"], 3)
    assert [intake.get(state, one) for one in ("aa", "bb", "dd")] == [b"4", b"1", None]
    intake.drop(state, "aa")
    intake.drop(state, "aa")
    assert intake.ids(state) == ["bb", "cc"]


def test_neighbours_go_around_the_end(state: State) -> None:
    """Whatever id is chosen by chance, there are as many behind it as are wanted, each once."""
    assert intake.near(state, "aa", 8) == []
    intake.put(state, [(f"{i:02x}", b"") for i in range(5)])
    assert intake.near(state, "02", 3) == ["03", "04", "00"]
    assert intake.near(state, "zz", 2) == ["00", "01"]
    assert sorted(intake.near(state, "01", 8)) == ["00", "01", "02", "03", "04"]


def test_nothing_of_the_database_tells_which_came_last(state: State) -> None:
    """In PostgreSQL the newest transaction holds others as well, and no row lies where its turn would put it."""
    with drawer.opened(state, LOG, is_made=True) as held:
        ids = [held.add(secrets.token_bytes(16), Report("confirmed", 0, str(i))) for i in range(30)]
        assert sorted(held.read(one).words for one in held.boxes()) == sorted(str(i) for i in range(30))
    if state.is_file:
        assert intake.ids(state) == sorted(ids) != ids
        return
    with state.read() as db:
        asked = text(f"select id, xmin::text::bigint from {SCHEMA}.intake_report order by ctid")  # noqa: S608  # ours
        rows = [(str(one), int(number)) for one, number in db.execute(asked)]
    newest = [one for one, number in rows if number == max(number for _, number in rows)]
    assert ids[-1] in newest
    assert len(newest) > drawer.STIRRED
    assert [one for one, _ in rows] != ids
