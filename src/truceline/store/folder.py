"""What lies in a case folder, and is it still what was put there?

    case.json           which case, which agreement by hash
    agreement/          the text and the tables that belong to it, as given
    evidence/           one Parquet table per file, named by the hash of the file it came from; rejected rows beside it
    acts/               files of signed acts, as given
    journal.jsonl       one line per addition: file, kind, hashes, rows, when it became known, hash of the line before
    journal.head        number of lines and hash of the last
    assessments.parquet computed; can be deleted and computed again

Files are written whole, synced, then renamed; a line of the journal is written after everything it names is durable.
Tables are checked against the journal whenever they are read.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from truceline.canon import sha256
from truceline.errors import StoreError, VerificationError, one_line
from truceline.evidence.reading import Read
from truceline.evidence.schema import REJECTED, SCHEMA, hash_table

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
        previous: hash of the line before; empty for the first.
    """

    sequence: int
    kind: str
    file: str
    sha256: str
    rows: int
    rejected: int
    table_hash: str
    known_at: int
    previous: str = ""


class Head(msgspec.Struct, frozen=True):
    """What `journal.head` holds: how many lines there are, and the hash of the last."""

    lines: int
    hash: str


class CaseInfo(msgspec.Struct, frozen=True):
    """What `case.json` holds.

    Attributes:
        agreement: name of the agreement's file.
        files: name to SHA-256 of the agreement and of every table beside it: those decide as much as it does.
        is_demo: the case runs on the fixed demo clock.
    """

    format: int
    agreement: str
    files: dict[str, str]
    is_demo: bool = False

    @property
    def agreement_sha256(self) -> str:
        """Hash of the text."""
        return self.files[self.agreement]


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
        half = path.with_name(path.name + ".half")
        info = CaseInfo(FORMAT, agreement, {Path(n).name: sha256(data) for n, data in files.items()}, is_demo)
        try:
            shutil.rmtree(half, ignore_errors=True)
            for part in ("agreement", "evidence", "acts"):
                (half / part).mkdir(parents=True)
            for name, data in files.items():
                write_whole(half / "agreement" / Path(name).name, data)
            write_whole(half / "journal.jsonl", b"")
            write_whole(half / "case.json", msgspec.json.format(msgspec.json.encode(info)) + b"\n")
            if path.exists():
                path.rmdir()
            half.replace(path)
        except OSError as error:
            raise StoreError(f"{path}: cannot be made: {error.strerror}") from None
        return cls(path, info)

    @classmethod
    def open(cls, path: Path) -> CaseFolder:
        """Open a case folder.

        Raises:
            StoreError: it is none, or of a format this version does not know.
            VerificationError: the text, or a table beside it, is not what was put there.
        """
        try:
            info = msgspec.json.decode((path / "case.json").read_bytes(), type=CaseInfo)
        except (OSError, msgspec.DecodeError):
            raise StoreError(f"{path}: not a case folder: expected a `case.json`") from None
        if info.agreement not in info.files:
            raise StoreError(f"{path}/case.json: names no agreement")
        if info.format != FORMAT:
            raise StoreError(f"{path}: expected format {FORMAT}, got {info.format}")
        case = cls(path, info)
        found = {name: sha256(data) for name, data in case.agreement_files().items()}
        for name in sorted({*info.files, *found}):
            if found.get(name) != info.files.get(name):
                raise VerificationError(f"{path}/agreement/{name}: not the file this case began with")
        return case

    def agreement_files(self) -> dict[str, bytes]:
        """The text and its tables, by name."""
        try:
            return {file.name: file.read_bytes() for file in sorted((self.path / "agreement").iterdir())}
        except OSError as error:
            raise StoreError(f"{self.path}/agreement: cannot be read: {error.strerror}") from None

    def journal(self) -> list[Addition]:
        """Everything that was added, in order. Half a last line, as a power cut leaves it, was never promised.

        Raises:
            StoreError: a line is damaged or missing.
            VerificationError: a line is not the one that was written.
        """
        try:
            data = (self.path / "journal.jsonl").read_bytes()
            lines = data[: data.rfind(b"\n") + 1].splitlines(keepends=True)
            found = [msgspec.json.decode(line, type=Addition) for line in lines]
        except (OSError, msgspec.DecodeError) as error:
            raise StoreError(f"{self.path}/journal.jsonl: damaged: {error}") from None
        hashes = ["", *(sha256(line) for line in lines)]
        if [(a.sequence, a.previous) for a in found] != list(enumerate(hashes[:-1])):
            raise VerificationError(f"{self.path}/journal.jsonl: lines were changed, dropped or put in another order")
        head = self._head()
        if head.lines > len(lines) or hashes[head.lines] != head.hash:
            raise VerificationError(f"{self.path}/journal.jsonl: the last line is not the one that was written")
        return found

    def _head(self) -> Head:
        """The last line that was promised; it may lag behind the journal by what a cut left unsaid."""
        try:
            return msgspec.json.decode((self.path / "journal.head").read_bytes(), type=Head)
        except FileNotFoundError:
            return Head(0, "")
        except (OSError, msgspec.DecodeError) as error:
            raise StoreError(f"{self.path}/journal.head: damaged: {error}") from None

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
                table = self._parquet_of(addition, "", SCHEMA)
                if hash_table(table) != addition.table_hash:
                    raise VerificationError(f"{self.path}: the table of {addition.file} is not what was added")
                yield addition, table

    def rejected(self) -> list[pa.Table]:
        """The rejected rows of every table.

        Raises:
            VerificationError: one is missing or damaged.
        """
        found = []
        for addition in self.journal():
            if addition.table_hash:
                table = self._parquet_of(addition, ".rejected", REJECTED)
                if table.num_rows != addition.rejected:
                    raise VerificationError(f"{self.path}: rejected rows of {addition.file} are missing")
                found.append(table)
        return found

    def write_assessments(self, table: pa.Table) -> Path:
        """Keep computed answers; they can be computed again at any time."""
        self._parquet("assessments.parquet", table)
        return self.path / "assessments.parquet"

    def _parquet_of(self, addition: Addition, part: str, schema: pa.Schema) -> pa.Table:
        try:
            return pq.read_table(self.path / f"evidence/{addition.sha256}{part}.parquet", schema=schema)
        except (OSError, pa.ArrowException) as error:
            what = f"the table of {addition.file} is missing or damaged"
            raise VerificationError(f"{self.path}: {what}: {one_line(str(error), 120)}") from None

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
        """Append a line, durable before its head: a cut in between leaves a line that counts and a head that lags."""
        path = self.path / "journal.jsonl"
        try:
            data = path.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]
            lines = whole.splitlines(keepends=True)
            noted = msgspec.structs.replace(addition, previous=sha256(lines[-1]) if lines else "")
            line = msgspec.json.encode(noted) + b"\n"
            if len(whole) < len(data):
                write_whole(path, whole)
            with path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"{path}: cannot be written: {error.strerror}") from None
        write_whole(self.path / "journal.head", msgspec.json.encode(Head(len(lines) + 1, sha256(line))))
        return noted


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
        with contextlib.suppress(OSError):
            half.unlink()
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from None
