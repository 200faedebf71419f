"""What lies in a case folder, and is it still what was put there?

    case.json           which case, which agreement by hash
    agreement/          the text and the tables that belong to it, as given
    evidence/           one Parquet table per file, named by the hash of the file it came from; rejected rows beside it
    acts/               files of signed acts, as given
    journal.jsonl       one line per addition: file, kind, hashes, rows, when it became known
    assessments.parquet computed; can be deleted and computed again

Files are written whole, synced, then renamed; a line of the journal is written after everything it names is durable.
Tables are checked against the journal whenever they are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from truceline.canon import sha256
from truceline.errors import StoreError, VerificationError
from truceline.evidence.reading import Read
from truceline.evidence.schema import SCHEMA, hash_table

FORMAT = 1


class Addition(msgspec.Struct, frozen=True):
    """One line of the journal.

    Attributes:
        kind: kind of the file: `reports`, `ucdp`, `acts`, `areas`.
        file: its name as given.
        sha256: hash of its bytes.
        rows: rows taken; `rejected`: rows not taken.
        table_hash: hash of the rows by their canonical lines; empty for files that are kept as given.
        known_at: UTC second of import.
    """

    sequence: int
    kind: str
    file: str
    sha256: str
    rows: int
    rejected: int
    table_hash: str
    known_at: int


class CaseInfo(msgspec.Struct, frozen=True):
    """What `case.json` holds."""

    format: int
    agreement: str
    agreement_sha256: str
    is_demo: bool = False


@dataclass(frozen=True)
class CaseFolder:
    """A case folder, opened."""

    path: Path
    info: CaseInfo

    @classmethod
    def create(cls, path: Path, agreement: str, files: Mapping[str, bytes], *, is_demo: bool = False) -> CaseFolder:
        """Make a new case folder.

        Args:
            path: must not exist, or be empty.
            agreement: name of the agreement's file among `files`.
            files: the agreement and the tables that belong to it, by name.
            is_demo: the case runs on the fixed demo clock, and says so.

        Raises:
            StoreError: something already lies there, or it cannot be written.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise StoreError(f"{path}: expected a new or empty folder")
        try:
            for part in ("agreement", "evidence", "acts"):
                (path / part).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path}: cannot be made: {error.strerror}") from None
        for name, data in files.items():
            write_whole(path / "agreement" / Path(name).name, data)
        info = CaseInfo(FORMAT, agreement, sha256(files[agreement]), is_demo)
        write_whole(path / "journal.jsonl", b"")
        write_whole(path / "case.json", msgspec.json.format(msgspec.json.encode(info)) + b"\n")
        return cls(path, info)

    @classmethod
    def open(cls, path: Path) -> CaseFolder:
        """Open a case folder.

        Raises:
            StoreError: it is none, or of a format this version does not know.
            VerificationError: the text of the agreement is not what was put there.
        """
        try:
            info = msgspec.json.decode((path / "case.json").read_bytes(), type=CaseInfo)
        except (OSError, msgspec.DecodeError):
            raise StoreError(f"{path}: not a case folder: expected a `case.json`") from None
        if info.format != FORMAT:
            raise StoreError(f"{path}: expected format {FORMAT}, got {info.format}")
        case = cls(path, info)
        if sha256(case.agreement_files()[info.agreement]) != info.agreement_sha256:
            raise VerificationError(f"{path}/agreement/{info.agreement}: the text is not the one this case began with")
        return case

    def agreement_files(self) -> dict[str, bytes]:
        """The text and its tables, by name."""
        try:
            return {file.name: file.read_bytes() for file in sorted((self.path / "agreement").iterdir())}
        except OSError as error:
            raise StoreError(f"{self.path}/agreement: cannot be read: {error.strerror}") from None

    def journal(self) -> list[Addition]:
        """Everything that was added, in order.

        Raises:
            StoreError: a line is damaged or missing.
        """
        try:
            lines = (self.path / "journal.jsonl").read_bytes().splitlines()
            found = [msgspec.json.decode(line, type=Addition) for line in lines]
        except (OSError, msgspec.DecodeError) as error:
            raise StoreError(f"{self.path}/journal.jsonl: damaged: {error}") from None
        if [a.sequence for a in found] != list(range(len(found))):
            raise StoreError(f"{self.path}/journal.jsonl: lines are missing or out of order")
        return found

    def has(self, digest: str) -> bool:
        """Whether a file of this hash was added already."""
        return any(addition.sha256 == digest for addition in self.journal())

    def add_table(self, kind: str, file: str, digest: str, read: Read, known_at: int) -> Addition:
        """Keep a table of evidence and its rejected rows, under the hash of the file they came from."""
        self._parquet(f"evidence/{digest}.parquet", read.table)
        self._parquet(f"evidence/{digest}.rejected.parquet", read.rejected)
        rows, rejected = read.table.num_rows, read.rejected.num_rows
        table_hash = hash_table(read.table)
        return self._note(Addition(len(self.journal()), kind, file, digest, rows, rejected, table_hash, known_at))

    def add_bytes(self, kind: str, file: str, data: bytes, rows: int, known_at: int) -> Addition:
        """Keep a file as given: signed acts, areas."""
        digest = sha256(data)
        write_whole(self.path / "acts" / f"{digest}.{kind}", data)
        return self._note(Addition(len(self.journal()), kind, file, digest, rows, 0, "", known_at))

    def bytes_of(self, kind: str) -> Iterator[tuple[Addition, bytes]]:
        """The files of a kind that is kept as given.

        Raises:
            VerificationError: a file is not what was put there.
        """
        for addition in self.journal():
            if addition.kind == kind:
                data = self._read(f"acts/{addition.sha256}.{kind}")
                if sha256(data) != addition.sha256:
                    raise VerificationError(f"{self.path}: {addition.file} is not what was added")
                yield addition, data

    def tables(self) -> Iterator[tuple[Addition, pa.Table]]:
        """The tables of evidence, checked row by row against the journal.

        Raises:
            VerificationError: a table is not what was put there.
        """
        for addition in self.journal():
            if addition.table_hash:
                table = self._table(addition)
                if hash_table(table) != addition.table_hash:
                    raise VerificationError(f"{self.path}: the table of {addition.file} is not what was added")
                yield addition, table

    def rejected(self) -> list[pa.Table]:
        """The rejected rows of every table."""
        return [
            pq.read_table(self.path / f"evidence/{a.sha256}.rejected.parquet") for a in self.journal() if a.table_hash
        ]

    def write_assessments(self, table: pa.Table) -> Path:
        """Keep computed answers; they can be computed again at any time."""
        self._parquet("assessments.parquet", table)
        return self.path / "assessments.parquet"

    def _table(self, addition: Addition) -> pa.Table:
        try:
            return pq.read_table(self.path / f"evidence/{addition.sha256}.parquet", schema=SCHEMA)
        except (OSError, pa.ArrowException) as error:
            raise VerificationError(
                f"{self.path}: the table of {addition.file} is missing or damaged: {error}"
            ) from None

    def _read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError:
            raise VerificationError(f"{self.path}: {name} is missing") from None

    def _parquet(self, name: str, table: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        write_whole(self.path / name, sink.getvalue().to_pybytes())

    def _note(self, addition: Addition) -> Addition:
        line = msgspec.json.encode(addition) + b"\n"
        try:
            with (self.path / "journal.jsonl").open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"{self.path}/journal.jsonl: cannot be written: {error.strerror}") from None
        return addition


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part.

    Raises:
        StoreError: the disk refuses.
    """
    half = path.with_name(path.name + ".half")
    try:
        with half.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from None
