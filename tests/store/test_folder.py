"""Case folders: what was put in comes out, damage is told, a refusal leaves the folder usable."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.evidence.bench import NOW, SHIPPED, ged, lines
from tests.read_once import texts_read_once
from truceline import desk
from truceline.desk import Asked
from truceline.desk import files as reading
from truceline.desk.records import Draft, append
from truceline.errors import InputError, StoreError, SubmissionError, TrucelineError, VerificationError
from truceline.store.files import MAGIC, blob_path, frame, journal_path
from truceline.store.folder import CaseFolder

AGREEMENT = SHIPPED / "agreement.yaml"


def written(folder: Path) -> tuple[Path, Path]:
    """A made-up table and made-up reports."""
    one, two = folder / "ged.csv", folder / "reports.jsonl"
    one.write_bytes(b"".join(ged({}, {"latitude": "95"}, {"where_prec": "4"})))
    two.write_bytes(b"".join(lines({}, {"start": "soon"}, {"actor_claimed": "nobody knows"})))
    return one, two


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """The same files for each test."""
    return written(tmp_path)


@pytest.fixture(scope="module", autouse=True)
def _text_is_read_once() -> Iterator[None]:
    """It is the same text in all of these tests."""
    with texts_read_once(reading):
        yield


@pytest.fixture(scope="module")
def _base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both; it is copied."""
    folder = tmp_path_factory.mktemp("folder")
    made = desk.init_case(folder / "case", AGREEMENT, known_at=NOW)
    desk.add_files(made, list(written(folder)), known_at=NOW)
    made.close()
    return folder / "case"


@pytest.fixture
def case(_base: Path, tmp_path: Path) -> Iterator[CaseFolder]:
    """A copy of it."""
    made = CaseFolder.open(Path(shutil.copytree(_base, tmp_path / "case")))
    yield made
    made.close()


def again(case: CaseFolder) -> CaseFolder:
    """The same folder, opened anew."""
    return CaseFolder.open(case.path)


def test_what_was_added_is_there_after_reopening(case: CaseFolder) -> None:
    """The record says what lies there, after its charter and its text, and the tables are what it says."""
    journal = again(case).journal()
    assert [(a.sequence, a.kind, a.rows, a.rejected) for a in journal] == [(2, "ucdp", 2, 1), (3, "reports", 2, 1)]
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
    """As known at an entry, and at a time before the last file: only what the record held then counts."""
    late = tmp_path / "late.jsonl"
    late.write_bytes(b"".join(lines({"id": "late"})))
    desk.add_files(case, [late], known_at=NOW + 100)
    found = [
        desk.summary(desk.assess_case(case, Asked(known_at=k)))["observations"]
        for k in ("#1", "#2", "#3", "#4", "2020-01-01T00:00:50Z", "")
    ]
    assert found == [0, 2, 4, 5, 4, 5]
    with pytest.raises(InputError, match=r"expected `#1` to `#4`, got `#0`"):
        desk.assess_case(case, Asked(known_at="#0"))


@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "other rows", "nonsense"])
def test_a_damaged_table_is_told(case: CaseFolder, damage: str) -> None:
    """Tables are checked, byte by byte and row by row, whenever they are read."""
    path = case.evidence_files()[case.journal()[0].table_hash]
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
    path = case.evidence_files()[case.journal()[0].rejected_hash + ".rejected"]
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(TrucelineError):
        desk.assess_case(again(case), Asked())


def kept(case: CaseFolder, name: str) -> Path:
    """Where the record keeps a file that belongs to the text."""
    return case.store.folder / blob_path(case.info.files[name])


def test_a_folder_without_its_text_is_told(case: CaseFolder) -> None:
    """The agreement is what everything is held against."""
    kept(case, "agreement.yaml").unlink()
    with pytest.raises(VerificationError, match="missing"):
        again(case)


@pytest.mark.parametrize("name", ["agreement.yaml", "actors.csv", "areas.geojson"])
def test_a_changed_text_or_table_beside_it_is_told(case: CaseFolder, name: str) -> None:
    """One blank more is another text; who *rebels* are, and where the border runs, decides as much as the text."""
    path = kept(case, name)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(VerificationError, match="not the bytes"):
        again(case)


def reframed(entries: list[bytes]) -> bytes:
    """A journal file of these entries, every checksum right."""
    return MAGIC + b"".join(frame(entry) for entry in entries)


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e.pop(2), lambda e: e.reverse(), lambda e: e.append(e[2]), lambda e: e.pop(),
        lambda e: e.insert(2, e[3]),
        lambda e: e.__setitem__(2, e[2].replace(b"sig", b"sih")),
    ],
    ids=["dropped", "order", "twice and more than the head says", "last gone", "inserted", "a byte"],
)  # fmt: skip
def test_an_edited_record_is_told(case: CaseFolder, change: object, request: pytest.FixtureRequest) -> None:
    """Nobody drops, swaps, repeats or edits an entry without being seen, whoever makes the checksums right again."""
    path = case.store.folder / journal_path(0)
    entries = [data for data, _ in case.store.journal(0)]
    change(entries)  # type: ignore[operator]  # a function of the list
    path.write_bytes(reframed(entries))
    if "more than the head" in request.node.name:  # what was never published does not count, and is refused when taken
        assert len(again(case).journal()) == 2
        with pytest.raises((StoreError, VerificationError, SubmissionError)):
            append(again(case), [Draft("allegation", {"text": "x"})])
        return
    with pytest.raises((StoreError, VerificationError)):
        desk.assess_case(again(case), Asked())


def test_half_a_last_frame_of_the_journal_leaves_the_folder_usable(case: CaseFolder, tmp_path: Path) -> None:
    """What was durable before the cut is still there; the half frame never counted; the next writer cuts it off."""
    path = case.store.folder / journal_path(0)
    whole = path.read_bytes()
    path.write_bytes(whole + frame(b"x" * 100)[:50])
    assert len(again(case).journal()) == 2
    late = tmp_path / "late.jsonl"
    late.write_bytes(b"".join(lines({"id": "late"})))
    desk.add_files(again(case), [late], known_at=NOW)
    assert len(again(case).journal()) == 3
    assert path.read_bytes().startswith(whole)


def test_a_folder_is_rebuilt_from_its_record_and_evidence_alone(case: CaseFolder) -> None:
    """Index, answers and pages are computed; and computed again they are the recorded ones, byte for byte."""
    before = desk.assess_case(case, Asked())
    desk.record_assessment(case, desk.assessment_body(case, before))
    case.store.close()
    for name in ("assessments.parquet", "record/index.sqlite", "record/index.sqlite-wal", "record/index.sqlite-shm"):
        (case.path / name).unlink(missing_ok=True)
    made = again(case)
    after = desk.assess_case(made, Asked())
    assert desk.summary(after) == desk.summary(before)
    recorded = made.said("assessment")[-1]
    assert desk.answers_of(made, recorded) == recorded.statement.body["answers_sha256"]


@pytest.mark.parametrize("lost", [("",), (".rejected",), ("", ".rejected")])
def test_a_lost_table_comes_back_with_its_file(
    case: CaseFolder, files: tuple[Path, Path], lost: tuple[str, ...]
) -> None:
    """The rows are named by their hash, taken or rejected: who has the file has the tables."""
    added, before = case.journal()[0], sorted(case.evidence_files())
    for what in lost:
        case.evidence_files()[(added.rejected_hash if what else added.table_hash) + what].unlink()
    assert desk.add_files(again(case), [files[0]], known_at=NOW) == []
    assert sorted(again(case).evidence_files()) == before
    assert desk.summary(desk.assess_case(again(case), Asked()))["observations"] == 4


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


@pytest.mark.parametrize("works", [0, 6, 10, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2, 3, 4, 5, 8, 9))])
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

    def low_read_only(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and case.path in Path(path).parents:
            raise PermissionError(errno.EROFS, "Read-only file system", str(path))
        return opened(path, flags, mode, dir_fd=dir_fd)

    opened = os.open
    late = tmp_path / "late.jsonl"
    late.write_bytes(b"".join(lines({"id": "late"})))
    monkeypatch.setattr(Path, "open", read_only)
    monkeypatch.setattr(os, "open", low_read_only)
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


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1}', '{"format": 2}', "[" * 5_000])
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
