"""What lies in a case folder, and is it still what was put there?

    case.json           the format of the folder, and nothing else
    record/             the signed log of the case (`store.files`): every text, table, act and finding is an entry of it
    evidence/           rows of evidence, and rows rejected, as <hash of the rows>.<hash of the file>.parquet
    assessments.parquet computed; can be deleted and computed again
    pages/              the same

What the case is, is what its record says: entry 0 is the charter, the newest `agreement` is the text, and every
`evidence`, `areas` and `acts` is one addition. A table is checked against its entry whenever it is read.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from truceline.errors import StoreError, quoted
from truceline.record.audit import Source
from truceline.store.case import (
    ADDITIONS,
    AGREEMENT,
    AMENDMENT,
    TEXTS,
    Addition,
    Case,
    CaseInfo,
    Said,
    Store,
    addition_of,
    charter_of,
    parquet_of,
)
from truceline.store.cells import cell_rows
from truceline.store.disk import make_folder, write_whole
from truceline.store.files import FileStore
from truceline.store.source import FolderSource

__all__ = [
    "ADDITIONS", "AGREEMENT", "AMENDMENT", "FORMAT", "MARK", "TEXTS", "Addition", "CaseFolder", "CaseInfo", "Said",
    "addition_of", "charter_of", "parquet_of",
]  # fmt: skip

FORMAT = 2
MARK = b'{"format":2}\n'


class CaseFolder(Case):
    """A case folder, opened."""

    store: FileStore

    def __init__(self, path: Path) -> None:
        """Take a folder for what it says it is; `open` checks it."""
        self.path = path
        super().__init__(str(path), FileStore(path / "record"))

    @classmethod
    def create(cls, path: Path, fill: Callable[[Case], None]) -> CaseFolder:
        """Make a new case folder.

        Args:
            path: must not exist, or be empty.
            fill: writes the first entries of its record.

        Raises:
            StoreError: something already lies there, or it cannot be written.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise StoreError(f"{path}: expected a new or empty folder")
        half = path.with_name(path.name + ".half")
        try:
            shutil.rmtree(half, ignore_errors=True)
            make_folder(half / "evidence")
            write_whole(half / "case.json", MARK)
            made = cls(half)
            fill(made)
            made.store.close()
            if path.exists():
                path.rmdir()
            half.replace(path)
        except OSError as error:
            raise StoreError(f"{path}: cannot be made: {error.strerror}") from None
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> CaseFolder:
        """Open a case folder.

        Raises:
            StoreError: it is none, or of a format this version does not know.
            VerificationError: the record does not hold, or a text is not the one that it names.
        """
        try:
            found = msgspec.json.decode((path / "case.json").read_bytes(), type=dict[str, Any])
        except (OSError, msgspec.DecodeError, RecursionError):
            raise StoreError(f"{path}: not a case folder: expected a `case.json`") from None
        if found.get("format") != FORMAT:
            raise StoreError(f"{path}: expected format {FORMAT}, got {quoted(found.get('format'))}")
        if not (path / "record" / "head").is_file():
            raise StoreError(f"{path}: not a case folder: its record has no head")
        case = cls(path)
        case.agreement_files()
        return case

    def fresh(self) -> Store:
        """The folder of its record, opened anew."""
        return FileStore(self.path / "record")

    def source(self) -> Source:
        """The record as an auditor reads it."""
        return FolderSource(self.store.folder)

    def index(self, first: int) -> None:
        """Add the entries from `first` on to the index, and those before where it was begun anew.

        What cannot be added there is found again by `verify`.
        """
        with contextlib.suppress(StoreError):
            first = first if not first or self.store.index.holds(first - 1) else 0
            self.store.index.put_rows(self.rows(first))
            self.store.index.put_cells(cell_rows(self, first))

    # -- tables --------------------------------------------------------------------------------------------------------

    def evidence_files(self) -> dict[str, Path]:
        """The files in which the tables of the record lie, by the hash of their rows and what they are."""
        found = {}
        for path in sorted((self.path / "evidence").glob("*.parquet")):
            rows, _, rest = path.name.partition(".")
            found[rows + (".rejected" if rest.endswith(".rejected.parquet") else "")] = path
        return found

    def table_files(self) -> Mapping[str, str]:
        """The names of the files of tables that lie here, by the hash of their rows and what they are."""
        return {what: path.name for what, path in self.evidence_files().items()}

    def table_bytes(self, name: str) -> bytes:
        """The bytes of the file of a table.

        Raises:
            StoreError: they cannot be read.
        """
        try:
            return (self.path / "evidence" / name).read_bytes()
        except OSError as error:
            raise StoreError(f"evidence/{name}: cannot be read: {error.strerror}") from None

    def put_table(self, name: str, data: bytes) -> None:
        """Keep the file of a table."""
        write_whole(self.path / "evidence" / name, data)

    def write_assessments(self, table: pa.Table) -> str:
        """Keep computed answers; they can be computed again at any time."""
        write_whole(self.path / "assessments.parquet", parquet_of(table))
        return str(self.path / "assessments.parquet")

    def assessments(self) -> bytes | None:
        """The Parquet file of the answers that were computed last; None when there is none."""
        path = self.path / "assessments.parquet"
        return path.read_bytes() if path.is_file() else None
