"""Case folders: made, filled, and the shipped case on its fixed demo clock."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import overload

import pyarrow as pa

from truceline.atlas import read_features
from truceline.canon import sha256
from truceline.desk.charters import Clock, clock_of, demo_clock, keys_of, new_charter
from truceline.desk.files import (
    LEDGERS,
    TABLES,
    Bench,
    Evidence,
    bench_of,
    beside,
    detect,
    file_hash,
    open_agreement,
    open_mapping,
    read_bytes,
    read_evidence,
    shipped,
)
from truceline.desk.records import Draft, append, begin, text_draft
from truceline.desk.runs import bench_of_case
from truceline.desk.words import OF_WORDS
from truceline.errors import StoreError, UnknownError
from truceline.evidence import readers
from truceline.evidence.changes import KINDS, compare
from truceline.evidence.reading import Read
from truceline.record.charter import Charter
from truceline.store.case import Addition, Case, addition_of
from truceline.store.folder import CaseFolder
from truceline.store.opened import create_case, has_case, open_case

__all__ = ["add_files", "add_shipped_reports", "demo_case", "demo_clock", "init_case", "release_changes"]


@overload
def init_case(
    where: Path, agreement: Path, charter: Charter | None = None, *, known_at: int | None = None, signed: bytes = b""
) -> CaseFolder: ...
@overload
def init_case(
    where: str | Path, agreement: Path, charter: Charter | None = None, *, known_at: int | None = None,
    signed: bytes = b"",
) -> Case: ...  # fmt: skip
def init_case(
    where: str | Path, agreement: Path, charter: Charter | None = None, *, known_at: int | None = None,
    signed: bytes = b"",
) -> Case:  # fmt: skip
    """Make a case for an agreement, with the areas and alias tables that lie beside it.

    Args:
        where: a folder that is not there, or the URL of a database without a record.
        agreement: the text.
        charter: of its record; None = one that this machine alone founds.
        known_at: UTC second; None = now.
        signed: the charter as an entry, when others signed it too.
    """
    bench = open_agreement(agreement)
    names = [*bench.agreement.areas, *TABLES, LEDGERS, *OF_WORDS]
    files = {name: data for name in names if (data := beside(agreement, name)) is not None}
    files[agreement.name] = read_bytes(agreement)
    made = charter or new_charter(bench.agreement.id)
    text = text_draft(bench.agreement, agreement.name, files)
    return create_case(where, lambda case: begin(case, made, text, _clock(made, known_at), signed))


def _clock(charter: Charter, known_at: int | None) -> Clock:
    return clock_of(charter) if known_at is None else lambda: known_at


def add_files(
    case: Case,
    paths: Sequence[Path],
    kind: str = "",
    known_at: int | None = None,
    mapping: Path | None = None,
    *,
    replaces: Sequence[int] = (),
) -> list[Addition]:
    """Add files to a case; a file that is there already, byte for byte, is not added again.

    Args:
        case: the folder.
        paths: the files.
        kind: forces a kind; empty = by their first bytes.
        known_at: UTC second; None = now.
        mapping: which column means what, for tables without a format of their own; it is kept beside their entry.
        replaces: entries whose tables these take the place of, as a later release of the same data set.

    Raises:
        InputError: a file is refused; those before it stay added. StoreError: this machine may not write here.
    """
    added = []
    charter = case.charter()
    keys_of(charter)  # who may not write here is told before anything is written
    bench, clock = bench_of_case(case), _clock(charter, known_at)
    now, columns = clock(), open_mapping(mapping)
    check_replaced(case, replaces)
    for path in paths:
        what = kind or detect(path, has_mapping=mapping is not None)
        read_it = partial(read_evidence, path, kind=what, known_at=now, mapping=columns)
        if case.has(file_hash(path)):
            _keep_again(case, what, partial(read_it, bench))
            continue
        if what == "areas":
            data = read_bytes(path)
            bench = bench_of_case(case, [path])  # refused here, before it is written anywhere
            draft = given_draft("areas", path.name, data, len(read_features(data, path.name)))
        elif what == "acts":
            acts = read_it(bench).acts
            draft = given_draft("acts", path.name, read_bytes(path), len(acts))
        else:
            read = read_it(bench)
            given = None if mapping is None else (mapping.name, read_bytes(mapping))
            taken = Read(read.table, read.rejected)
            draft = table_draft(case, what, path.name, read.sha256, read=taken, mapping=given, replaces=replaces)
        added.append(_added(case, draft, clock))
    return added


def check_replaced(case: Case, replaces: Sequence[int]) -> None:
    """Only a table of evidence can be replaced, and each once.

    Raises:
        UnknownError: an index is that of no such entry.
    """
    tables = {one.sequence for one in case.journal() if one.table_hash}
    gone = {index for one in case.journal() for index in one.replaces}
    for index in replaces:
        if index not in tables - gone:
            known = ", ".join(f"#{one}" for one in sorted(tables - gone)) or "none"
            raise UnknownError(f"`--replaces`: expected a table of evidence that stands ({known}), got #{index}")


def release_changes(case: Case, added: Addition) -> dict[str, int]:
    """What a release changed against those that it takes the place of: how many rows vanished, appeared, moved, ..."""
    tables = {one.sequence: (table, gone) for (one, table), gone in zip(case.tables(), case.rejected(), strict=True)}
    before = [tables[index] for index in added.replaces]
    old = Read(*(pa.concat_tables(list(parts)) for parts in zip(*before, strict=True)))
    found = compare(old, Read(*tables[added.sequence]), bench_of_case(case).agreement.tz)
    changed = {kind: sum(kind in row["what"] for row in found.changed) for kind in KINDS}
    return {"vanished": len(found.vanished), "appeared": len(found.appeared), **changed, "same": found.same}


def _keep_again(case: Case, what: str, read_it: Callable[[], Evidence]) -> None:
    """Write the tables of a file that the record knows, if one was lost: the rows are the same, so is their hash."""
    added = [addition for addition in case.journal() if addition.table_hash]
    named = {name for one in added for name in (one.table_hash, f"{one.rejected_hash}.rejected")}
    if named - case.table_files().keys() and what not in ("areas", "acts"):
        read = read_it()
        case.keep_table(Read(read.table, read.rejected))


def given_draft(kind: str, name: str, data: bytes, rows: int) -> Draft:
    """The statement of a file that is kept as given: areas, or signed acts.

    Args:
        kind: of the file.
        name: of the file.
        data: its bytes.
        rows: how many features or acts it holds.
    """
    return Draft(kind, {"file": name, "kind": kind, "rows": rows, "sha256": sha256(data)}, files={name: data})


def table_draft(
    case: Case,
    kind: str,
    name: str,
    digest: str,
    *,
    read: Read,
    mapping: tuple[str, bytes] | None = None,
    replaces: Sequence[int] = (),
) -> Draft:
    """Write the rows of a file, and make the statement that names them.

    Args:
        case: where they are kept.
        kind: of the file.
        name: of the file.
        digest: the SHA-256 of its bytes.
        read: its rows, and those that were rejected.
        mapping: name and bytes of the mapping of its columns, where there was one.
        replaces: entries whose tables this one takes the place of.
    """
    body = {"file": name, "kind": kind, "sha256": digest, **case.keep_table(read)}
    if replaces:
        body["replaces"] = sorted(set(replaces))
    if mapping is None:
        return Draft("evidence", body)
    return Draft("evidence", {**body, "mapping_sha256": sha256(mapping[1])}, files={mapping[0]: mapping[1]})


def _added(case: Case, draft: Draft, now: Clock) -> Addition:
    taken = append(case, [draft], now)[0]
    return addition_of(case.entries()[taken.index])


@overload
def demo_case(where: Path) -> CaseFolder: ...
@overload
def demo_case(where: str | Path) -> Case: ...
def demo_case(where: str | Path) -> Case:
    """The shipped case, on the demo clock; one that is there already is opened."""
    if has_case(where):
        case = open_case(where)
        if not case.info.is_demo:
            raise StoreError(f"{case.where}: a case of your own lies here; choose another place")
        return case
    files = shipped()
    wanted = ["agreement.yaml", "areas.geojson", *TABLES, LEDGERS, *OF_WORDS]
    named = {name: files[name] for name in wanted}
    bench = shipped_bench(named)
    charter = new_charter(bench.agreement.id, is_demo=True)
    text = text_draft(bench.agreement, "agreement.yaml", named)
    return create_case(where, lambda case: begin(case, charter, text, demo_clock))


def shipped_bench(files: dict[str, bytes]) -> Bench:
    """The agreement of the shipped case, put together from its files."""
    return bench_of("agreement.yaml", files["agreement.yaml"], files.get, {})


def add_shipped_reports(case: Case) -> list[Addition]:
    """Add the reports of the shipped case to its folder."""
    bench, data, now = bench_of_case(case), shipped()["reports.jsonl"], demo_clock()
    digest = hashlib.sha256(data).hexdigest()
    if case.has(digest):
        return []
    read = readers.read("reports", io.BytesIO(data), "reports.jsonl", bench.manner(now, now))
    return [_added(case, table_draft(case, "reports", "reports.jsonl", digest, read=read), demo_clock)]
