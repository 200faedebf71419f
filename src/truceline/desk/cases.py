"""Case folders: made, filled, and the shipped case on its fixed demo clock."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from truceline.atlas import read_features
from truceline.canon import sha256
from truceline.desk.charters import Clock, clock_of, demo_clock, keys_of, new_charter
from truceline.desk.files import (
    ALIAS_TABLES,
    Bench,
    bench_of,
    beside,
    detect,
    file_hash,
    open_agreement,
    read_bytes,
    read_evidence,
    shipped,
)
from truceline.desk.records import Draft, append, begin, text_draft
from truceline.desk.runs import bench_of_case
from truceline.errors import StoreError
from truceline.evidence import reports
from truceline.evidence.reading import Read
from truceline.record.charter import Charter
from truceline.store.folder import Addition, CaseFolder, addition_of

__all__ = ["add_files", "add_shipped_reports", "demo_case", "demo_clock", "init_case"]


def init_case(
    folder: Path, agreement: Path, charter: Charter | None = None, *, known_at: int | None = None, signed: bytes = b""
) -> CaseFolder:
    """Make a case folder for an agreement, with the areas and alias tables that lie beside it.

    Args:
        folder: where.
        agreement: the text.
        charter: of its record; None = one that this machine alone founds.
        known_at: UTC second; None = now.
        signed: the charter as an entry, when others signed it too.
    """
    bench = open_agreement(agreement)
    names = [*bench.agreement.areas, "units.csv", *(f"{table}.csv" for table in ALIAS_TABLES)]
    files = {name: data for name in names if (data := beside(agreement, name)) is not None}
    files[agreement.name] = read_bytes(agreement)
    made = charter or new_charter(bench.agreement.id)
    text = text_draft(bench.agreement, agreement.name, files)
    return CaseFolder.create(folder, lambda case: begin(case, made, text, _clock(made, known_at), signed))


def _clock(charter: Charter, known_at: int | None) -> Clock:
    return clock_of(charter) if known_at is None else lambda: known_at


def add_files(case: CaseFolder, paths: Sequence[Path], kind: str = "", known_at: int | None = None) -> list[Addition]:
    """Add files to a case; a file that is there already, byte for byte, is not added again.

    Raises:
        InputError: a file is refused; those before it stay added. StoreError: this machine may not write here.
    """
    added = []
    charter = case.charter()
    keys_of(charter)  # who may not write here is told before anything is written
    bench, clock = bench_of_case(case), _clock(charter, known_at)
    now = clock()
    for path in paths:
        what = kind or detect(path)
        if case.has(file_hash(path)):
            _keep_again(case, path, what, bench, now)
            continue
        if what == "areas":
            data = read_bytes(path)
            bench = bench_of_case(case, [path])  # refused here, before it is written anywhere
            draft = _given("areas", path.name, data, len(read_features(data, path.name)))
        elif what == "acts":
            acts = read_evidence(path, bench, kind=what, known_at=now).acts
            draft = _given("acts", path.name, read_bytes(path), len(acts))
        else:
            read = read_evidence(path, bench, kind=what, known_at=now)
            draft = _table(case, what, path.name, read.sha256, Read(read.table, read.rejected))
        added.append(_added(case, draft, clock))
    return added


def _keep_again(case: CaseFolder, path: Path, what: str, bench: Bench, now: int) -> None:
    """Write the tables of a file that the record knows, if one was lost: the rows are the same, so is their hash."""
    added = [addition for addition in case.journal() if addition.table_hash]
    named = {name for one in added for name in (one.table_hash, f"{one.rejected_hash}.rejected")}
    if named - case.evidence_files().keys() and what not in ("areas", "acts"):
        read = read_evidence(path, bench, kind=what, known_at=now)
        case.keep_table(Read(read.table, read.rejected))


def _given(kind: str, name: str, data: bytes, rows: int) -> Draft:
    return Draft(kind, {"file": name, "kind": kind, "rows": rows, "sha256": sha256(data)}, files={name: data})


def _table(case: CaseFolder, kind: str, name: str, digest: str, read: Read) -> Draft:
    return Draft("evidence", {"file": name, "kind": kind, "sha256": digest, **case.keep_table(read)})


def _added(case: CaseFolder, draft: Draft, now: Clock) -> Addition:
    taken = append(case, [draft], now)[0]
    return addition_of(case.entries()[taken.index])


def demo_case(folder: Path) -> CaseFolder:
    """The shipped case in a case folder, on the demo clock; one that is there already is opened."""
    if (folder / "case.json").is_file():
        case = CaseFolder.open(folder)
        if not case.info.is_demo:
            raise StoreError(f"{folder}: a case of your own lies here; choose another folder")
        return case
    files = shipped()
    wanted = ["agreement.yaml", "areas.geojson", "units.csv", *(f"{table}.csv" for table in ALIAS_TABLES)]
    named = {name: files[name] for name in wanted}
    bench = shipped_bench(named)
    charter = new_charter(bench.agreement.id, is_demo=True)
    text = text_draft(bench.agreement, "agreement.yaml", named)
    return CaseFolder.create(folder, lambda case: begin(case, charter, text, demo_clock))


def shipped_bench(files: dict[str, bytes]) -> Bench:
    """The agreement of the shipped case, put together from its files."""
    return bench_of("agreement.yaml", files["agreement.yaml"], files.get, {})


def add_shipped_reports(case: CaseFolder) -> list[Addition]:
    """Add the reports of the shipped case to its folder."""
    bench, data, now = bench_of_case(case), shipped()["reports.jsonl"], demo_clock()
    digest = hashlib.sha256(data).hexdigest()
    if case.has(digest):
        return []
    read = reports.read(data.splitlines(keepends=True), "reports.jsonl", bench.manner(now, now))
    return [_added(case, _table(case, "reports", "reports.jsonl", digest, read), demo_clock)]
