"""Case folders: made, filled, and the shipped case on its fixed demo clock."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from truceline.atlas import read_features
from truceline.desk.files import (
    ALIAS_TABLES,
    beside,
    detect,
    file_hash,
    open_agreement,
    read_bytes,
    read_evidence,
    shipped,
)
from truceline.desk.runs import bench_of_case
from truceline.errors import StoreError
from truceline.evidence import reports
from truceline.evidence.reading import Read
from truceline.span import parse_instant
from truceline.store.folder import Addition, CaseFolder

DEMO_CLOCK = "2020-01-01T00:00Z"
"""The fixed clock of the shipped case, marked as such: the same bytes on every machine and every day."""


def init_case(folder: Path, agreement: Path) -> CaseFolder:
    """Make a case folder for an agreement, with the areas and alias tables that lie beside it."""
    bench = open_agreement(agreement)
    names = [*bench.agreement.areas, "units.csv", *(f"{table}.csv" for table in ALIAS_TABLES)]
    files = {name: data for name in names if (data := beside(agreement, name)) is not None}
    return CaseFolder.create(folder, agreement.name, {**files, agreement.name: read_bytes(agreement)})


def add_files(case: CaseFolder, paths: Sequence[Path], kind: str = "", known_at: int | None = None) -> list[Addition]:
    """Add files to a case; a file that is there already, byte for byte, is not added again.

    Raises:
        InputError: a file is refused; those before it stay added.
    """
    added = []
    bench = bench_of_case(case)
    now = known_at if known_at is not None else demo_clock() if case.info.is_demo else int(time.time())
    for path in paths:
        what = kind or detect(path)
        if case.has(file_hash(path)):
            continue
        if what == "areas":
            data = read_bytes(path)
            bench = bench_of_case(case, [path])  # refused here, before it is written anywhere
            added.append(case.add_bytes(what, path.name, data, len(read_features(data, path.name)), now))
        elif what == "acts":
            acts = read_evidence(path, bench, kind=what, known_at=now).acts
            added.append(case.add_bytes(what, path.name, read_bytes(path), len(acts), now))
        else:
            read = read_evidence(path, bench, kind=what, known_at=now)
            added.append(case.add_table(what, path.name, read.sha256, Read(read.table, read.rejected), now))
    return added


def demo_clock() -> int:
    """The fixed second of the shipped case."""
    return parse_instant(DEMO_CLOCK, "UTC")


def demo_case(folder: Path) -> CaseFolder:
    """The shipped case in a case folder, on the demo clock; one that is there already is opened."""
    if (folder / "case.json").is_file():
        case = CaseFolder.open(folder)
        if not case.info.is_demo:
            raise StoreError(f"{folder}: a case of your own lies here; choose another folder")
    else:
        files = shipped()
        wanted = ["agreement.yaml", "areas.geojson", "units.csv", *(f"{table}.csv" for table in ALIAS_TABLES)]
        case = CaseFolder.create(folder, "agreement.yaml", {name: files[name] for name in wanted}, is_demo=True)
    return case


def add_shipped_reports(case: CaseFolder) -> list[Addition]:
    """Add the reports of the shipped case to its folder."""
    bench, data, now = bench_of_case(case), shipped()["reports.jsonl"], demo_clock()
    digest = hashlib.sha256(data).hexdigest()
    if case.has(digest):
        return []
    read = reports.read(data.splitlines(keepends=True), "reports.jsonl", bench.manner(now, now))
    return [case.add_table("reports", "reports.jsonl", digest, read, now)]
