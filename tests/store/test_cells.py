"""The floor in the databases: the same numbers as the function, and an index that holds what the record says."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import h3
import pytest

from tests.desk.area_case import A, B, C, World, copied, made
from tests.store.cluster import cluster
from truceline.desk.charters import keys_of
from truceline.desk.records import Draft, place_of
from truceline.desk.verifying import verify_folder
from truceline.exchange.floor import FINEST, is_cell, resolution_of
from truceline.record.audit import Trust
from truceline.record.log import Log, Submission, Taken
from truceline.store.cells import cell_rows, cells_in, check_sql
from truceline.store.folder import CaseFolder
from truceline.store.index import Index


def numbers(count: int) -> list[int]:
    """Cells of every resolution, as they are and with a bit flipped."""
    rng = random.Random(20160227)
    found = []
    for _ in range(count):
        cell = h3.latlng_to_cell(rng.uniform(-89, 89), rng.uniform(-180, 180), rng.randint(0, 9))
        found += [int(cell, 16), int(cell, 16) ^ (1 << rng.randrange(63))]
    return found


def test_postgresql_knows_the_floor_as_the_function_does() -> None:
    """Two thousand numbers, one expression, one answer each."""
    asked = numbers(1_000)
    rows = cluster().sql(
        f"select cell, {check_sql()} from unnest(array[{', '.join(map(str, asked))}]::bigint[]) as given (cell)",  # noqa: S608
        database=cluster().database(),
    )
    assert len(rows) == len(asked)
    for number, is_taken in rows:
        text = f"{number:x}"
        assert is_taken == (is_cell(text) and resolution_of(text) <= FINEST), text
    assert {taken for _, taken in rows} == {True, False}


def test_the_index_of_a_folder_holds_the_cells_of_open_entries(tmp_path: Path) -> None:
    """Nothing of what is sealed; what somebody put there or took away is found, and made anew from the record."""
    world = copied(made(tmp_path), tmp_path / "copy")
    world.to("2016-03-08")
    index = world.area("isil", "2016-03-04", [A, B], "us")
    world.area("ahrar", "2016-03-04", [C], "ahrar", ("us", "desk"))
    to = world.say("map-proposal", {"cells": sorted([A, B])}, "us")
    world.say("map-answer", {"to": to, "agrees": [A], "disputes": [B]}, "ru")
    expected = sorted(cell_rows(world.case))
    assert expected == [
        (index, "cells", int(A, 16)), (index, "cells", int(B, 16)), (to, "cells", int(A, 16)),
        (to, "cells", int(B, 16)), (to + 1, "agrees", int(A, 16)), (to + 1, "disputes", int(B, 16)),
    ]  # fmt: skip
    world.case.close()
    path = world.path / "record" / "index.sqlite"
    with closing(Index(path)) as held:
        assert held.cells() == expected
    assert verify_folder(world.path, Trust()).audit.remarks == []
    with sqlite3.connect(path) as db:
        db.execute("delete from cell where field = 'agrees'")
        db.execute("insert into cell values (1, 'cells', ?)", (int(C, 16),))
    (remark,) = verify_folder(world.path, Trust()).audit.remarks
    assert remark.what == "rebuilt"
    with closing(Index(path)) as held:
        assert held.cells() == expected


FINE = h3.latlng_to_cell(36.2, 37.1, 6)


@pytest.mark.parametrize(
    "body",
    [None, [A], A, 5, {}, {"cells": None}, {"cells": A}, {"cells": {A: 1}}, {"agrees": [["zz"], None, 1.5, True]},
     {"cells": ["zz", "", "8" * 40, f"0x{A}", A.upper(), FINE]}],
)  # fmt: skip
def test_what_names_no_cell_gives_no_row(body: object) -> None:
    """Any JSON value can stand in a foreign record."""
    assert list(cells_in(body)) == []


def test_a_foreign_record_whose_cells_are_none_is_read(tmp_path: Path) -> None:
    """A host let in what it should refuse: what is a cell is in the index, the rest is passed over."""
    world = copied(made(tmp_path), tmp_path / "copy")
    bodies = [{"cells": ["zz", A, FINE]}, {"cells": None}, [A], {"disputes": [7]}]
    with world.case.store.writer():
        log = Log(world.case.store, keys_of(world.case.charter()), world.now)
        for body in bodies:
            entry, beside = place_of(world.case, world.now).signed(Draft("allegation", body, "us"))
            (taken,) = log.append([Submission(entry, beside)])
            assert isinstance(taken, Taken)
            world.case.index(taken.index)
    (row,) = cell_rows(world.case)
    assert row[1:] == ("cells", int(A, 16))
    assert [said.index for said in world.case.celled()] == [row[0]]
    world.case.close()
    assert not [one for one in verify_folder(world.path, Trust()).audit.remarks if one.what == "rebuilt"]


def test_a_cell_that_is_named_twice_is_one_row(tmp_path: Path) -> None:
    """The record and its index say the same."""
    world = copied(made(tmp_path), tmp_path / "copy")
    index = world.say("allegation", {"text": "shelling", "terms": ["F2"], "day": "2016-03-01", "cells": [A, A]}, "us")
    assert list(cell_rows(world.case)) == [(index, "cells", int(A, 16))]
    world.case.close()
    assert verify_folder(world.path, Trust()).audit.remarks == []


def test_an_index_of_an_earlier_version_is_made_anew(tmp_path: Path) -> None:
    """It had no cells: whoever writes next, or verifies, puts there what the record says."""
    world = copied(made(tmp_path), tmp_path / "copy")
    body = {"text": "shelling", "terms": ["F2"], "day": "2016-03-01", "cells": [A]}
    world.say("allegation", body, "us")
    path = world.path / "record" / "index.sqlite"
    for write in (True, False):
        world.case.close()
        with closing(sqlite3.connect(path)) as db:
            db.executescript("drop table cell; pragma user_version = 1")
        world = World(CaseFolder.open(world.path), world.at)
        if write:
            world.say("allegation", {**body, "text": "shelling again"}, "us")
        found = verify_folder(world.path, Trust()).audit.remarks
        assert [one.why for one in found] == (
            [] if write else ["record/index.sqlite held nothing: made anew from the record"]
        )
        with closing(Index(path)) as held:
            assert held.cells() == list(cell_rows(world.case))
            assert held.rows() == list(world.case.rows())
    world.case.close()
