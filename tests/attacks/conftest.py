"""The case that all attacks begin with, and the larger records; made once, copied before they are spoiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.world import clock, made_case, writing
from tests.store.storages import KEYS, NOW, charter
from truceline.desk.records import place_of
from truceline.record.checkpoint import Checkpoint
from truceline.record.entry import SCHEMA, Cited, Statement, sign, written
from truceline.record.log import Submission, Taken
from truceline.record.note import signed
from truceline.record.tiles import WIDTH, bundle_of, entries_path, tile_path, tile_root
from truceline.record.tree import Range, leaf_hash
from truceline.store.files import FileStore
from truceline.store.folder import CaseFolder

LARGE = 65_536 + 256


@pytest.fixture(scope="session")
def small_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of six entries."""
    return made_case(tmp_path_factory.mktemp("small")).path


@pytest.fixture(scope="session")
def case_with_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of more than 256 entries: with a bundle, a tile, and a journal after them."""
    case = made_case(tmp_path_factory.mktemp("bundle"))
    with writing(case, is_checked=False) as log:
        (key,) = place_of(case, clock).keys("us", "allegation")
        line, batch = log.register.lines["us"], []
        number, previous = line.next, line.previous
        under = case.entries()[-1].statement.under
        for n in range(270):
            one = Statement((), {"text": f"no. {n}"}, "us", Cited(), clock(), log.keys.log.name, previous, SCHEMA, None,
                            number + n, "allegation", under)  # fmt: skip
            batch.append(Submission(sign(written(one), [key])))
            previous = leaf_hash(batch[-1].data).hex()
        assert all(isinstance(answer, Taken) for answer in log.append(batch))
    case = CaseFolder.open(case.path)
    case.index(0)
    case.store.close()
    return case.path


@pytest.fixture(scope="session")
def large_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with a tile of level 1: 65,792 entries, of which only the charter is one that can be read."""
    folder = tmp_path_factory.mktemp("large") / "record"
    store = FileStore(folder)
    entries = [charter(), *(b"%d" % n for n in range(1, LARGE))]
    leaves, tree = [leaf_hash(data) for data in entries], Range()
    tree.extend(leaves)
    roots = []
    for n in range(LARGE // WIDTH):
        (folder / entries_path(n)).parent.mkdir(parents=True, exist_ok=True)
        (folder / tile_path(0, n)).parent.mkdir(parents=True, exist_ok=True)
        tile = b"".join(leaves[n * WIDTH : (n + 1) * WIDTH])
        (folder / entries_path(n)).write_bytes(bundle_of(entries[n * WIDTH : (n + 1) * WIDTH]))
        (folder / tile_path(0, n)).write_bytes(tile)
        roots.append(tile_root(tile))
    store.put_tiles({tile_path(1, 0): b"".join(roots[:WIDTH])})
    text = Checkpoint(KEYS.log.name, LARGE, tree.root()).text
    note = signed(text, [KEYS.log.sign(text)])
    store.put_note(LARGE, note)
    store.put_cosignature(LARGE, KEYS.clock.sign(text, NOW()))
    store.swap_head(None, note)
    store.close()
    return folder
