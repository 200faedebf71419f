"""What does a file of evidence hold, before anybody judges it? Reads files, counts, writes the rows out when asked.

Nothing is judged here, and nothing is kept but what `--out` and `--rejected` name. Rows that may not be passed on are
never written without `is_local`.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from truceline import LAW, __version__
from truceline.desk.files import Bench, Tell, bench_of, detect, file_hash, open_agreement, read_bytes, shipped
from truceline.desk.sheets import csv_of
from truceline.errors import Fault, InputError, StoreError, quoted
from truceline.evidence import readers
from truceline.evidence.mapping import read_mapping
from truceline.evidence.reading import Manner, Read
from truceline.evidence.schema import REJECTED
from truceline.span import civil_day
from truceline.store.disk import write_whole

SHOWN = 1_000
"""So many rejected rows of each file stand in the answer; `--rejected` has them all."""


@dataclass(frozen=True)
class Wanted:
    """How files are read, and what is written of them.

    Attributes:
        agreement: whose words, places and precision they are read by; None = the shipped one.
        kind: forces a kind of file; empty = by its first bytes.
        mapping: which column means what, for tables that have no format of their own.
        out: a Parquet file for the rows; None = none is written.
        rejected: a Parquet or CSV file for the rejected rows.
        is_local: rows that may not be passed on may be written to `out`.
    """

    agreement: Path | None = None
    kind: str = ""
    mapping: Path | None = None
    out: Path | None = None
    rejected: Path | None = None
    is_local: bool = False


@dataclass
class _Kept:
    """What is written at the end."""

    tables: list[pa.Table] = field(default_factory=list)
    rejected: list[pa.Table] = field(default_factory=list)


def read_files(paths: Sequence[Path], wanted: Wanted, tell: Tell | None = None) -> dict[str, Any]:
    """Read files of evidence and count what they hold.

    Args:
        paths: one or more files.
        wanted: how, and what is written.
        tell: told `(what, done, all)` in bytes as the work goes on.

    Returns:
        The answer of `truceline read --json`.

    Raises:
        InputError: a file is not what it claims to be, or its rows may not be written. StoreError: the disk refuses.
    """
    _check_suffix(wanted)
    bench = bench_by(wanted.agreement)
    kept, files = _Kept(), []
    for path in paths:
        kind, read = read_one(path, bench, wanted, tell)
        if wanted.out is not None:
            _check_export(read.table, path, wanted)
            kept.tables.append(read.table)
        kept.rejected.append(read.rejected)
        files.append(_file_row(path, kind, read, bench.agreement.tz))
    if wanted.out is not None:
        _write_parquet(wanted.out, pa.concat_tables(kept.tables))
    if wanted.rejected is not None:
        _write_rejected(wanted.rejected, pa.concat_tables(kept.rejected))
    return {
        "truceline": __version__, "agreement": bench.agreement.id, "tz": bench.agreement.tz, "files": files,
        "rows": sum(one["rows"] for one in files), "rejected": sum(one["rejected"] for one in files),
        "out": None if wanted.out is None else str(wanted.out),
        "rejected_out": None if wanted.rejected is None else str(wanted.rejected),
        "warnings": list(bench.warnings), "law": LAW,
    }  # fmt: skip


def bench_by(agreement: Path | None) -> Bench:
    """The agreement that evidence is read by; None = the shipped one."""
    if agreement is not None:
        return open_agreement(agreement)
    files = shipped()
    return bench_of("agreement.yaml", files["agreement.yaml"], files.get, {})


def read_one(path: Path, bench: Bench, wanted: Wanted, tell: Tell | None = None) -> tuple[str, Read]:
    """Read one file: its kind, and what it holds.

    Raises:
        InputError: it is not what it claims to be, or no evidence.
    """
    mapping = None if wanted.mapping is None else read_mapping(read_bytes(wanted.mapping), wanted.mapping.name)
    kind = wanted.kind or detect(path, has_mapping=mapping is not None)
    if kind in ("acts", "areas"):
        raise InputError(Fault(f"expected evidence, got a file of {kind}", str(path)))
    now = int(time.time())
    manner: Manner = replace(bench.manner(now, now), mapping=mapping or {})
    try:
        with io.BufferedReader(_Watched(path, tell), 1 << 18) as file:
            return kind, readers.read(kind, file, path.name, manner)
    except OSError as error:
        raise InputError(Fault(f"cannot be read: {error.strerror}", str(path))) from None


class _Watched(io.FileIO):
    """A file that says how far it was read."""

    def __init__(self, path: Path, tell: Tell | None) -> None:
        super().__init__(path)
        self._path, self._tell, self._size = path, tell, path.stat().st_size

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401  # any buffer
        """Read a part, and say where it ended."""
        count = super().readinto(buffer)
        if self._tell:
            self._tell(self._path.name, self.tell(), self._size)
        return count


# -- what it holds ---------------------------------------------------------------------------------------------------


def _file_row(path: Path, kind: str, read: Read, tz: str) -> dict[str, Any]:
    table = read.table
    bounds = (pc.min(table.column("start")).as_py(), pc.max(table.column("end")).as_py()) if table.num_rows else None
    return {
        "file": path.name, "kind": kind, "sha256": file_hash(path), "rows": table.num_rows,
        "rejected": read.rejected.num_rows, "rejected_rows": read.rejected.slice(0, SHOWN).to_pylist(),
        "place_precision": _counted(table.column("place_precision"), "precision"),
        "time_precision": _counted(table.column("time_precision"), "precision"),
        "regions": _counted(pc.struct_field(table.column("impact"), "kind"), "kind"),
        "first_day": None if bounds is None else civil_day(bounds[0], tz).isoformat(),
        "last_day": None if bounds is None else civil_day(bounds[1] - 1, tz).isoformat(),
        "versions": _counted(table.column("source_version"), "version"),
        "licences": _counted(table.column("licence"), "licence"),
        "may_export": {
            name: _rows_with(table.column("may_export"), value)
            for name, value in (("yes", True), ("no", False), ("not_stated", None))
        },
    }  # fmt: skip


def _counted(column: pa.ChunkedArray, name: str) -> list[dict[str, Any]]:
    """How many rows hold each value, the most frequent first; null = the source does not say."""
    found = [(one["values"], one["counts"]) for one in pc.value_counts(column).to_pylist()]
    found.sort(key=lambda one: (-one[1], one[0] or ""))
    return [{name: value, "rows": count} for value, count in found]


def _rows_with(column: pa.ChunkedArray, value: bool | None) -> int:
    if value is None:
        return int(column.null_count)
    return int(pc.sum(pc.equal(column, value)).as_py() or 0)


# -- what is written -------------------------------------------------------------------------------------------------


def _check_suffix(wanted: Wanted) -> None:
    for option, path, suffixes in (
        ("--out", wanted.out, (".parquet",)), ("--rejected", wanted.rejected, (".parquet", ".csv")),
    ):  # fmt: skip
        if path is not None and path.suffix.lower() not in suffixes:
            raise InputError(f"`{option}`: expected a name that ends in {' or '.join(suffixes)}, got {quoted(path)}")


def _check_export(table: pa.Table, path: Path, wanted: Wanted) -> None:
    """Refuse to write rows whose licence forbids to pass them on."""
    closed = _rows_with(table.column("may_export"), False)
    if closed and not wanted.is_local:
        licence = pc.filter(table.column("licence"), pc.equal(table.column("may_export"), False))[0].as_py()
        told = f"{closed} rows may not be passed on ({licence or 'licence not stated'}): `--local` writes them for you"
        raise InputError(Fault(told, str(path)))


def _write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table, whole or not at all, a part at a time."""
    half = path.with_name(path.name + ".half")
    try:
        pq.write_table(table, half, compression="zstd")
        half.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            half.unlink()
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from None


def _write_rejected(path: Path, rejected: pa.Table) -> None:
    if path.suffix.lower() == ".parquet":
        _write_parquet(path, rejected)
        return
    rows: list[Sequence[object]] = [list(row.values()) for row in rejected.to_pylist()]
    write_whole(path, csv_of([REJECTED.names, *rows]))


def shown_rows(answer: Mapping[str, Any], most: int) -> list[dict[str, Any]]:
    """The first rejected rows of an answer, in the order of the files."""
    return [row for one in answer["files"] for row in one["rejected_rows"]][:most]
