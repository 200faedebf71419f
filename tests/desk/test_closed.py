"""The closed pathway: nothing of a report is outside the vault, not even that there is one; its holder can prove it."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.test_rulings import _founded
from tests.evidence.bench import NOW, SHIPPED
from truceline import desk
from truceline.acts import ActTree, is_closed
from truceline.desk import closed, keyring, records
from truceline.desk.charters import new_charter
from truceline.desk.records import Draft
from truceline.desk.statements import COMMITMENTS
from truceline.errors import InputError, SubmissionError, VerificationError
from truceline.evidence.reading import Read, without_closed
from truceline.evidence.schema import SCHEMA, rejected_table, table_of
from truceline.record.audit import Trust, audit
from truceline.store.export import export
from truceline.store.folder import CaseFolder
from truceline.store.source import FolderSource

__all__ = ["_founded"]

REPORT = b"She said that it was at the checkpoint, on the second night."
WEEK = closed.WINDOW_S


@pytest.fixture
def case(_founded: Path, tmp_path: Path) -> Iterator[CaseFolder]:
    """A case with four reports; afterwards it is audited."""
    made = CaseFolder.open(Path(shutil.copytree(_founded, tmp_path / "case")))
    yield made
    assert audit(FolderSource(made.store.folder), Trust()).faults == []


@pytest.fixture(scope="module")
def _other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another case of the same desk."""
    folder = tmp_path_factory.mktemp("other") / "case"
    desk.init_case(folder, SHIPPED / "agreement.yaml", new_charter("another"), known_at=NOW).store.close()
    return folder


@pytest.fixture
def other(_other: Path, tmp_path: Path) -> CaseFolder:
    """A copy of that case."""
    return CaseFolder.open(Path(shutil.copytree(_other, tmp_path / "other")))


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vault of its own beside the keys of the desk."""
    before = keyring.config_folder()
    shutil.copytree(before / "keys", tmp_path / "config" / "keys")
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def week(n: int) -> int:
    """Commit, or the clock, so many weeks later."""
    return NOW + n * WEEK


def committed(case: CaseFolder, n: int, by: str = "desk") -> int:
    """Append the batch of the n-th week, nothing of it damaged; its index."""
    index, damaged = closed.commit(case, by, lambda: week(n))
    assert damaged == []
    return index


def test_a_batch_looks_the_same_whatever_it_holds(own: Path, case: CaseFolder) -> None:
    """With no report, with one, with more than fit: so many commitments, in the order of their digits, and no word."""
    first = committed(case, 0)
    closed.add(REPORT, case)
    committed(case, 1)
    for i in range(COMMITMENTS + 3):
        closed.add(REPORT + bytes([65 + i]), case)
    committed(case, 2)
    committed(case, 3)
    for body in [one.statement.body for one in case.said("commitment")]:
        assert set(body) == {"commitments"}
        assert len(body["commitments"]) == COMMITMENTS
        assert body["commitments"] == sorted(set(body["commitments"]))
        assert all(len(one) == 64 and int(one, 16) >= 0 for one in body["commitments"])
    entries = [one.entry for one in closed.listed(case)[0]]
    assert sorted(entry for entry in entries if entry is not None) == sorted(
        [first + 1] + [first + 2] * COMMITMENTS + [first + 3] * 3
    )


def test_one_batch_a_window(own: Path, case: CaseFolder) -> None:
    """A batch whenever a report comes in would be a count of reports, with their dates."""
    committed(case, 0)
    closed.add(REPORT, case)
    with pytest.raises(SubmissionError, match="next batch is due from 2020-01-08"):
        closed.commit(case, "desk", lambda: week(1) - 1)
    committed(case, 1)
    committed(case, 1, by="mission")  # another holder has windows of its own


def test_nothing_of_a_report_is_outside_the_vault(own: Path, case: CaseFolder, tmp_path: Path) -> None:
    """Not in the record, not in a table, not in an export; on the disk of the vault only as noise, rounded up."""
    one = closed.add(REPORT, case)
    committed(case, 0)
    export(case.store, tmp_path / "out", with_blobs=True)
    folders = (case.path, tmp_path / "out", own)
    found = b"".join(p.name.encode() + p.read_bytes() for f in folders for p in f.rglob("*") if p.is_file())
    for word in (b"checkpoint, on", base64.b64encode(REPORT)[4:40]):
        assert word not in found
    public = b"".join(p.read_bytes() for f in folders[:2] for p in f.rglob("*") if p.is_file())
    assert one.encode() not in public
    short, long = closed.add(b"x", case), closed.add(b"x" * 2_000, case)
    assert {(own / "vault" / "closed" / f"{i}.report").stat().st_size for i in (one, short, long)} == {4_096 + 28}


def test_its_holder_proves_that_it_was_held_and_nobody_else(own: Path, case: CaseFolder) -> None:
    """Words and salt together give the commitment; other words, another salt, entry or record do not."""
    one = closed.add(REPORT, case)
    with pytest.raises(InputError, match="no batch"):
        closed.prove(case, one)
    index = committed(case, 0)
    proof = closed.prove(case, one)
    assert closed.check(case, proof) == (index, case.entries()[index].known_at)
    assert REPORT in closed.show(one)
    good = json.loads(proof)
    for change in (
        {"report": base64.b64encode(REPORT + b" ").decode()}, {"salt": base64.b64encode(bytes(32)).decode()},
        {"entry": index - 1}, {"log": "another.example/log"}, {"commitment": "0" * 64},
    ):  # fmt: skip
        with pytest.raises(VerificationError):
            closed.check(case, json.dumps({**good, **change}).encode())
    for wrong in (b"", b"[]", b"{", json.dumps({**good, "salt": ""}).encode(), json.dumps({**good, "x": 1}).encode()):
        with pytest.raises(InputError) as caught:
            closed.check(case, wrong)
        assert "checkpoint" not in str(caught.value)


def test_a_deleted_report_leaves_a_commitment_to_nothing(own: Path, case: CaseFolder) -> None:
    """Its holder deletes alone; the record stays whole and says as little as before."""
    one = closed.add(REPORT, case)
    committed(case, 0)
    closed.delete(one)
    for act in (lambda: closed.show(one), lambda: closed.prove(case, one), lambda: closed.delete(one)):
        with pytest.raises(InputError, match="no report of this id"):
            act()
    assert closed.listed(case) == ([], [])


def test_panic_takes_the_closed_reports_too(own: Path, case: CaseFolder) -> None:
    """Who seizes the machine finds commitments only."""
    closed.add(REPORT, case)
    keyring.panic()
    assert not (own / "vault").exists()
    assert closed.listed() == ([], [])


def test_two_records_of_one_desk_share_no_commitment(own: Path, case: CaseFolder, other: CaseFolder) -> None:
    """A hash in two records would say that it is a report, and which two cases have it in common."""
    one = closed.add(REPORT, case)
    closed.add(REPORT, other)
    for folder in (case, other):
        committed(folder, 0)
        committed(folder, 1)
    said = [{h for b in one.said("commitment") for h in b.statement.body["commitments"]} for one in (case, other)]
    assert [len(hashes) for hashes in said] == [2 * COMMITMENTS] * 2
    assert not said[0] & said[1]
    assert closed.listed(case)[0][0].log != closed.listed(case)[0][1].log
    assert [row.entry for row in closed.listed(case)[0] if row.id != one] == [None], "it is of the other case"
    with pytest.raises(InputError, match="another record"):
        closed.prove(other, one)
    with pytest.raises(VerificationError, match="does not hold"):
        closed.check(other, closed.prove(case, one))


def test_a_copy_that_is_put_back_repeats_its_batch(own: Path, case: CaseFolder, tmp_path: Path) -> None:
    """What two batches in one place have in common would be the reports, were the rest filled up anew."""
    closed.add(REPORT, case)
    again = CaseFolder.open(Path(shutil.copytree(case.path, tmp_path / "again")))
    bodies = []
    for n, folder in enumerate((case, again)):  # it is put back a week later
        for by in ("desk", "mission"):
            index = committed(folder, n, by)
            bodies.append(set(folder.entries()[index].statement.body["commitments"]))
    assert bodies[:2] == bodies[2:]
    assert not bodies[0] & bodies[1], "another holder's batch is his own"


def test_a_damaged_report_stands_in_the_way_of_no_other(own: Path, case: CaseFolder) -> None:
    """One bad sector must not stop the batch of the week, whose absence would tell."""
    ids = sorted(closed.add(REPORT + bytes([65 + i]), case) for i in range(3))
    (own / "vault" / "closed" / f"{ids[0]}.report").write_bytes(b"?")
    (own / "vault" / "closed" / f"{ids[1]}.wrap.key").write_bytes(b"?")
    index, damaged = closed.commit(case, "desk", lambda: week(0))
    assert damaged == ids[:2]
    rows, damaged = closed.listed(case)
    assert ([(row.id, row.entry) for row in rows], damaged) == ([(ids[2], index)], ids[:2])
    for one in ids[:2]:
        closed.delete(one)
    assert closed.listed(case)[1] == []


def test_a_batch_that_is_late_is_told(own: Path, case: CaseFolder) -> None:
    """A week without a batch followed by one tells that something came in."""
    began = case.entries()[0].known_at
    assert closed.due(case, "desk", lambda: week(0)) == began, "there never was one"
    committed(case, 0)
    assert closed.due(case, "desk", lambda: week(1) - 1) is None
    assert closed.due(case, "desk", lambda: week(3)) == week(1)
    assert closed.due(case, "mission", lambda: week(0)) == began


@pytest.mark.parametrize("wrong", [b"", b" \n", b"x" * (closed.MOST + 1)])
def test_what_is_no_report_is_refused(own: Path, case: CaseFolder, wrong: bytes) -> None:
    """Nothing, or more than one report can be."""
    with pytest.raises(InputError, match="closed report"):
        closed.add(wrong, case)
    assert not (own / "vault").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ["00" * 32], [f"{i:064x}" for i in range(COMMITMENTS + 1)], ["0" * 64] * COMMITMENTS,
        [f"{COMMITMENTS - i:064x}" for i in range(COMMITMENTS)], [f"{i:063x}g" for i in range(COMMITMENTS)],
    ],
)  # fmt: skip
def test_a_batch_of_another_size_or_order_is_refused(case: CaseFolder, wrong: list[str]) -> None:
    """A batch that differs tells something."""
    with pytest.raises(SubmissionError, match="`commitments`"):
        records.append(case, [Draft("commitment", {"commitments": wrong})], lambda: NOW)


@pytest.mark.parametrize("more", [{"kind": "x"}, {"count": 1}, {"place": "SY02"}, {"day": "2016-03-05"}])
def test_a_batch_says_nothing_beside(case: CaseFolder, more: dict[str, object]) -> None:
    """No kind, no count, no place, no day: there is no field for them."""
    made = {"commitments": [f"{i:064x}" for i in range(COMMITMENTS)], **more}
    with pytest.raises(SubmissionError, match=next(iter(more))):
        records.append(case, [Draft("commitment", made)], lambda: NOW)


def test_a_party_holds_no_closed_reports(case: CaseFolder) -> None:
    """Those who are accused hold what accuses them nowhere near this program."""
    with pytest.raises(SubmissionError, match="does not say"):
        committed(case, 0, by="us")


def test_what_belongs_here_is_said_by_its_act_and_never_guessed() -> None:
    """The class of an act decides; words in a note do not, an unknown act does not."""
    tree = ActTree({"sexual-violence": ("threat-of-it",)})
    assert [is_closed([act], tree) for act in ("sexual-violence", "threat-of-it", "closed")] == [True] * 3
    assert not is_closed(["shelling", "no such act"], tree)
    assert is_closed(["shelling", "threat-of-it"], tree), "one of the acts that it can mean"
    rows = [(["shelling"], "sexual"), (["sexual-violence"], ""), (None, "rape"), (["shelling", "threat-of-it"], "")]
    empty = dict.fromkeys(SCHEMA.names)
    table = table_of(
        {**empty, "id": str(i), "source": "s", "start": 0, "end": 1, "line": i + 2, "act": acts, "note": note}
        for i, (acts, note) in enumerate(rows)
    )
    left = without_closed(Read(table, rejected_table([])), tree, "f.csv")
    assert left.table.column("id").to_pylist() == ["0", "2"]
    assert [(r["line"], r["id"], r["field"]) for r in left.rejected.to_pylist()] == [(3, "", "act"), (5, "", "act")]
