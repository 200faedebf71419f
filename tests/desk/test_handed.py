"""What is read of a record for one answer: so much as it shows, however long the record is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.bench import NOW, SHIPPED
from tests.store.cluster import cluster
from tests.store.storages import KINDS
from truceline import desk
from truceline.desk import keyring, records
from truceline.desk.charters import keys_of, new_charter
from truceline.desk.entries import Shelf, checkpoints_of
from truceline.desk.handed import own_leaf, receipt_of
from truceline.desk.records import Draft
from truceline.desk.viewers import Viewer
from truceline.errors import AccessError, StoreError
from truceline.record.log import Submission, noted
from truceline.record.note import COSIGNATURE, Signer, Verifier, read_note
from truceline.record.receipt import open_receipt
from truceline.store.case import Case

US, DESK = Viewer("a", "party", "us"), Viewer("d", "secretariat")
WITNESS = Signer("witness.example", bytes([7] * 32), COSIGNATURE)


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """A case in which us and ru took turns, one batch each; a witness cosigned now and then."""
    where = str(tmp_path / "case") if request.param == "files" else cluster().url(cluster().database())
    sets = [keyring.key_set(party) for party in ("us", "ru")]
    made = desk.init_case(where, SHIPPED / "agreement.yaml", new_charter("long", parties=sets), known_at=NOW)
    with made.store.writer():
        log = made.writing(keys_of(made.charter()), lambda: NOW)
        for turn in range(12):
            place = records.Place(log.register, log.checkpoint(), log.now, records.text_of(made), is_demo=False)
            draft = Draft("allegation", {"text": f"{turn}", "terms": ["F2"]}, "us" if turn % 2 else "ru")
            log.append([Submission(*place.signed(draft))])
            if turn % 3 == 0:
                note = read_note(log.noted(log.size))
                made.store.put_cosignature(log.size, WITNESS.sign(note.text, NOW))
    made.index(2)
    yield made
    made.close()


class Counted:
    """A method that counts how often it is called, and how much it gives."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, of: Any, name: str) -> None:  # noqa: ANN401  # any object
        """Stand before a method."""
        self.calls, self.given, real = 0, 0, getattr(of, name)

        def called(*values: Any) -> Any:  # noqa: ANN401  # as the method
            self.calls += 1
            found = real(*values)
            return self._each(found) if isinstance(found, Iterator) else found

        monkeypatch.setattr(of, name, called)

    def _each(self, found: Iterator[object]) -> Iterator[object]:
        for one in found:
            self.given += 1
            yield one


def test_a_receipt_is_looked_up_among_what_its_party_said(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of others it is not told that it is there, and nothing of the record is walked through."""
    leaves = {index: leaf for index, _, _, _, leaf, _ in case.rows()}
    own_leaf(case, US, leaves[3])
    rows = Counted(monkeypatch, case, "rows")
    assert [own_leaf(case, US, leaves[index]) for index in (3, 5, 13)] == [3, 5, 13]
    for viewer, leaf in ((US, leaves[2]), (US, "0" * 64), (DESK, leaves[3])):
        with pytest.raises(AccessError):
            own_leaf(case, viewer, leaf)
    assert rows.given == 0


def test_a_receipt_again_lists_no_checkpoints(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch that an entry came with is known to the reader; the writer is asked for nothing but the proof."""
    log, entries = case.writing(keys_of(case.charter()), lambda: NOW), case.entries()

    def never(*_: object) -> list[int]:
        raise AssertionError("the writer lists every checkpoint")

    monkeypatch.setattr(case.store, "notes", never)
    for said in entries[3:]:
        size = case.batch_of(said.index)
        assert size == said.index + 1
        receipt = receipt_of(log, said.index, size, said.known_at)
        leaf = bytes.fromhex(next(case.leaves([said.index])))
        assert open_receipt(receipt, leaf, Verifier.parse(case.charter().log))[0] == said.index
    with pytest.raises(StoreError, match="no checkpoint holds entry"):
        receipt_of(log, 3, 99, NOW)


def test_a_page_of_checkpoints_is_read_at_once(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what stands on each of them; not one after another."""
    sizes = [size for size in case.store.notes() if size > 4]
    expected = [{"size": size, "note": noted(case.store, size).decode()} for size in sizes]
    assert {str(one["note"]).count("witness.example") for one in expected} == {0, 1}
    one_by_one = [Counted(monkeypatch, case.store, name) for name in ("cosignatures", "notes")]
    assert checkpoints_of(case, 4, 1_000) == expected
    assert checkpoints_of(case, 4, 3) == expected[:3]
    assert checkpoints_of(case, 14, 3) == []
    assert [one.calls for one in one_by_one] == [0, 0]


def test_a_page_of_entries_looks_at_the_head_once(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many it shows, and whatever is asked for: a filter reads no entry that it leaves out."""
    listed = Shelf(case, DESK).listed(limit=1_000)[0]
    assert [one.index for one in listed] == list(range(14))
    head = Counted(monkeypatch, case.store, "head")
    counts = []
    for limit in (2, 1_000):
        head.calls = 0
        shelf = Shelf(case, DESK)
        for one in shelf.listed(limit=limit, kind="allegation", by="us")[0]:
            shelf.shown(one)
        counts.append(head.calls)
    assert counts[0] == counts[1]
    shelf = Shelf(case, DESK)
    assert [one.index for one in shelf.listed(limit=9, kind="allegation", by="us")[0]] == [3, 5, 7, 9, 11, 13]
    assert [one.index for one in Shelf(case, US).listed(limit=9, by="us", kind="charter")[0]] == []
    assert [one.index for one in Shelf(case, US).listed(limit=9, by="us")[0]] == [3, 5, 7, 9, 11, 13]
