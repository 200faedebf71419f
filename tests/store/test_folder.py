"""Case folders: what was put in comes out, damage is told, a refusal leaves the folder usable."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.evidence.bench import NOW, SHIPPED, ged, lines
from truceline import desk
from truceline.desk import Asked
from truceline.errors import InputError, StoreError, TrucelineError, VerificationError
from truceline.store.folder import CaseFolder

AGREEMENT = SHIPPED / "agreement.yaml"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A made-up table and made-up reports."""
    one, two = tmp_path / "ged.csv", tmp_path / "reports.jsonl"
    one.write_bytes(b"".join(ged({}, {"latitude": "95"}, {"where_prec": "4"})))
    two.write_bytes(b"".join(lines({}, {"start": "soon"}, {"actor_claimed": "nobody knows"})))
    return one, two


@pytest.fixture
def case(tmp_path: Path, files: tuple[Path, Path]) -> CaseFolder:
    """A folder with both."""
    made = desk.init_case(tmp_path / "case", AGREEMENT)
    desk.add_files(made, list(files), known_at=NOW)
    return made


def again(case: CaseFolder) -> CaseFolder:
    """The same folder, opened anew."""
    return CaseFolder.open(case.path)


def test_what_was_added_is_there_after_reopening(case: CaseFolder) -> None:
    """The journal says what lies there, and the tables are what it says."""
    journal = again(case).journal()
    assert [(a.sequence, a.kind, a.rows, a.rejected) for a in journal] == [(0, "ucdp", 2, 1), (1, "reports", 2, 1)]
    assert [t.num_rows for _, t in again(case).tables()] == [2, 2]
    assert [t.num_rows for t in again(case).rejected()] == [1, 1]


def test_the_same_file_is_not_added_twice(case: CaseFolder, files: tuple[Path, Path]) -> None:
    """Byte for byte the same is already there, under any name."""
    other = files[0].with_name("renamed.csv")
    other.write_bytes(files[0].read_bytes())
    assert desk.add_files(again(case), [*files, other], known_at=NOW + 5) == []
    assert len(case.journal()) == 2


def test_a_folder_and_files_alone_are_assessed_alike(case: CaseFolder, files: tuple[Path, Path]) -> None:
    """The folder keeps; it does not judge otherwise."""
    bench = desk.open_agreement(AGREEMENT)
    read = [desk.read_evidence(f, bench, known_at=NOW) for f in files]
    alone, kept = desk.assess_files(bench, read, Asked()), desk.assess_case(again(case), Asked())
    assert desk.summary(alone) == desk.summary(kept)
    assert (case.path / "assessments.parquet").is_file()


def test_what_came_later_was_not_known_before(case: CaseFolder, tmp_path: Path) -> None:
    """As known at `#0`, and at a time before the second file: only the first counts."""
    late = tmp_path / "late.jsonl"
    late.write_bytes(b"".join(lines({"id": "late"})))
    desk.add_files(case, [late], known_at=NOW + 100)
    found = [
        desk.summary(desk.assess_case(case, Asked(known_at=k)))["observations"]
        for k in ("#0", "#1", "#2", "2020-01-01T00:00:50Z", "")
    ]
    assert found == [2, 4, 5, 4, 5]


@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "other rows", "nonsense"])
def test_a_damaged_table_is_told(case: CaseFolder, damage: str) -> None:
    """Tables are checked row by row against the journal whenever they are read."""
    path = case.path / "evidence" / f"{case.journal()[0].sha256}.parquet"
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "other rows":
        pq.write_table(pq.read_table(path).slice(0, 1), path)
    else:
        path.write_bytes({"cut": data[:-40], "empty": b"", "nonsense": b"PAR1" + b"x" * 50}[damage])
    with pytest.raises(VerificationError):
        desk.assess_case(again(case), Asked())


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_damaged_table_of_rejected_rows_is_told(case: CaseFolder, damage: str) -> None:
    """Rows that were not taken are evidence of what a file was; they must not vanish or crash."""
    path = case.path / "evidence" / f"{case.journal()[0].sha256}.rejected.parquet"
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(TrucelineError):
        desk.assess_case(again(case), Asked())


def test_a_folder_without_its_text_is_told(case: CaseFolder) -> None:
    """The agreement is what everything is held against."""
    (case.path / "agreement" / "agreement.yaml").unlink()
    with pytest.raises(TrucelineError):
        again(case)


def test_a_changed_text_is_told(case: CaseFolder) -> None:
    """One blank more is another text."""
    path = case.path / "agreement" / "agreement.yaml"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(VerificationError):
        again(case)


@pytest.mark.parametrize("name", ["actors.csv", "areas.geojson"])
def test_a_changed_table_beside_the_text_is_told(case: CaseFolder, name: str) -> None:
    """Who *rebels* are, and where the border runs, decides as much as the text."""
    path = case.path / "agreement" / name
    path.write_bytes(path.read_bytes().replace(b"Syria", b"Siria", 1))
    with pytest.raises(VerificationError):
        desk.assess_case(again(case), Asked())


def rewrite(case: CaseFolder, change: object) -> None:
    """Edit the lines of the journal."""
    path = case.path / "journal.jsonl"
    made = [json.loads(line) for line in path.read_text().splitlines()]
    change(made)  # type: ignore[operator]  # a function of the list
    path.write_text("".join(json.dumps(line) + "\n" for line in made))


@pytest.mark.parametrize(
    "change",
    [
        lambda j: j.pop(0), lambda j: j.reverse(), lambda j: j.append(dict(j[0])),
        lambda j: j[0].update(table_hash="0" * 64),
        lambda j: j[0].pop("rows"), lambda j: j[0].update(sequence="0"),
        lambda j: j[0].update(sha256="0" * 64),
        lambda j: j[0].update(known_at=1), lambda j: j.pop(),
        lambda j: j[0].update(rows=99),
        lambda j: j[0].update(table_hash=""),
    ],
    ids=["first gone", "order", "twice", "table hash", "field gone", "wrong type", "file hash", "backdated",
    "last gone", "rows", "no hash"],
)  # fmt: skip
def test_an_edited_journal_is_told(case: CaseFolder, change: object) -> None:
    """Nobody backdates, drops or swaps an addition without being seen."""
    rewrite(case, change)
    with pytest.raises((StoreError, VerificationError)):
        desk.assess_case(again(case), Asked())


def test_half_a_last_line_of_the_journal_leaves_the_folder_usable(case: CaseFolder) -> None:
    """What was durable before the cut is still there; the half line never counted."""
    with (case.path / "journal.jsonl").open("ab") as file:
        file.write(b'{"sequence":2,"kind":"rep')
    assert len(again(case).journal()) == 2


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A disk that refuses to sync while the list says how many more syncs work."""
    left, real = [10**9], os.fsync

    def fsync(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    yield left


@pytest.mark.parametrize("works", [0, 1, 2])
def test_a_full_disk_leaves_the_folder_usable(
    case: CaseFolder, tmp_path: Path, full_disk: list[int], works: int
) -> None:
    """Failed, or failed but saved: after room was made the file can be added and everything reads."""
    late = tmp_path / "late.jsonl"
    late.write_bytes(b"".join(lines({"id": "late"})))
    full_disk[0] = works
    with pytest.raises(StoreError, match="No space left"):
        desk.add_files(again(case), [late], known_at=NOW)
    full_disk[0] = 10**9
    assert desk.summary(desk.assess_case(again(case), Asked()))["observations"] in (4, 5)
    desk.add_files(again(case), [late], known_at=NOW)
    assert desk.summary(desk.assess_case(again(case), Asked()))["observations"] == 5
    assert not list(case.path.rglob("*.half"))


def test_a_full_disk_while_a_folder_is_made_can_be_tried_again(tmp_path: Path, full_disk: list[int]) -> None:
    """What failed must be repeatable without a hand in the folder."""
    full_disk[0] = 3
    with pytest.raises(StoreError):
        desk.init_case(tmp_path / "new", AGREEMENT)
    full_disk[0] = 10**9
    desk.init_case(tmp_path / "new", AGREEMENT)


def test_a_disk_that_cannot_be_written_is_told(
    case: CaseFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read-only media: a StoreError in one line, and reading goes on."""
    real = Path.open

    def read_only(self: Path, mode: str = "r", *args: object, **kwargs: object) -> object:
        if set(mode) & set("wax+") and case.path in self.parents:
            raise PermissionError(errno.EROFS, "Read-only file system", str(self))
        return real(self, mode, *args, **kwargs)  # type: ignore[call-overload]  # passed on as given

    late = tmp_path / "late.jsonl"
    late.write_bytes(b"".join(lines({"id": "late"})))
    monkeypatch.setattr(Path, "open", read_only)
    with pytest.raises(StoreError, match="Read-only"):
        desk.add_files(again(case), [late], known_at=NOW)
    assert len(again(case).journal()) == 2


@pytest.mark.parametrize(
    "geometry",
    ['{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}', '{"type":"Point","coordinates":[1,2]}'],
    ids=["crosses itself", "a point"],
)
def test_a_refused_file_of_areas_leaves_the_folder_usable(case: CaseFolder, tmp_path: Path, geometry: str) -> None:
    """A file that is refused was not added."""
    bad = tmp_path / "bad.geojson"
    bad.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [{"type": "Feature", "properties": {"id": "x"}, "geometry": json.loads(geometry)}],
            }
        )
    )
    with pytest.raises(InputError):
        desk.add_files(again(case), [bad], known_at=NOW)
    assert len(again(case).journal()) == 2
    desk.assess_case(again(case), Asked())


@pytest.mark.parametrize("what", ["file", "full folder"])
def test_a_folder_is_made_only_where_nothing_lies(tmp_path: Path, what: str) -> None:
    """Nobody's files are overwritten."""
    path = tmp_path / "there"
    if what == "full folder":
        path.mkdir()
    (path if what == "file" else path / "mine").write_text("x")
    with pytest.raises(StoreError, match="new or empty"):
        desk.init_case(path, AGREEMENT)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": 2, "agreement": "a", "agreement_sha256": "b"}', "[" * 5_000]
)
def test_what_is_no_case_folder_is_refused(tmp_path: Path, text: str) -> None:
    """A folder of something else is not opened."""
    (tmp_path / "case.json").write_text(text)
    with pytest.raises(StoreError):
        CaseFolder.open(tmp_path)


@pytest.mark.parametrize("field", ["known_at", "start", "end"])
def test_a_table_of_observations_is_checked_like_any_other_file(case: CaseFolder, tmp_path: Path, field: str) -> None:
    """The time of import is what was known; force ahead of time and empty spans are refused under any format."""
    table = next(t for _, t in case.tables())
    rows = table.to_pylist()
    for i, row in enumerate(rows):
        row["id"] = f"mine-{i}"
        row.update(
            {
                "known_at": {"known_at": 1},
                "start": {"start": NOW * 2, "end": NOW * 2 + 5},
                "end": {"end": row["start"]},
            }[field]
        )
    path = tmp_path / "mine.parquet"
    import pyarrow as pa

    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    try:
        read = desk.read_evidence(path, desk.open_agreement(AGREEMENT), known_at=NOW)
    except InputError:
        return
    assert read.table.num_rows == 0 or (field == "known_at" and set(read.table["known_at"].to_pylist()) == {NOW})
