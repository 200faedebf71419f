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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from truceline.canon import hash_value, sha256
from truceline.errors import StoreError, VerificationError, one_line, quoted
from truceline.evidence.reading import Read
from truceline.evidence.schema import REJECTED, SCHEMA, hash_table
from truceline.record.audit import Trust, audit
from truceline.record.charter import Charter
from truceline.record.entry import Entry, Statement, read_entry
from truceline.record.log import Check, Keys, Log
from truceline.record.note import Verifier, check_note, read_note
from truceline.record.register import Register
from truceline.record.tree import leaf_hash
from truceline.store.disk import make_folder, write_whole
from truceline.store.files import FileStore
from truceline.store.index import Row
from truceline.store.source import FolderSource

FORMAT = 2
MARK = b'{"format":2}\n'
AGREEMENT = "agreement"
AMENDMENT = "amendment"
TEXTS = (AGREEMENT, AMENDMENT)
ADDITIONS = ("evidence", "areas", "acts")
"""The types of entries that add a file to a case."""


class Addition(msgspec.Struct, frozen=True):
    """One file that was added.

    Attributes:
        sequence: index of its entry in the record.
        kind: kind of the file: `reports`, `ucdp`, `observations`, `acts`, `areas`.
        file: its name as given.
        sha256: hash of its bytes.
        rows: rows taken; `rejected`: rows not taken.
        table_hash: hash of the rows by their canonical lines; empty for files that are kept as given.
        known_at: UTC second at which the record is known to have held it.
        rejected_hash: hash of the rejected rows.
    """

    sequence: int
    kind: str
    file: str
    sha256: str
    rows: int
    rejected: int
    table_hash: str
    known_at: int
    rejected_hash: str = ""


@dataclass(frozen=True)
class Said:
    """An entry of the record and when it is known to have been in it: a UTC second, by the log's clock."""

    index: int
    entry: Entry
    known_at: int

    @property
    def statement(self) -> Statement:
        """What it says."""
        return self.entry.statement


@dataclass(frozen=True)
class CaseInfo:
    """What a case is.

    Attributes:
        agreement: name of the agreement's file.
        files: name to SHA-256 of the agreement and of every table beside it: those decide as much as it does.
        is_demo: the case runs on the fixed demo clock and on published keys.
        canonical: hash of the agreement by its values.
    """

    agreement: str
    files: dict[str, str]
    is_demo: bool
    canonical: str

    @property
    def agreement_sha256(self) -> str:
        """Hash of the text."""
        return self.files[self.agreement]


class CaseFolder:
    """A case folder, opened."""

    def __init__(self, path: Path) -> None:
        """Take a folder for what it says it is; `open` checks it."""
        self.path = path
        self.store = FileStore(path / "record")
        self._read: tuple[bytes, tuple[Said, ...]] | None = None
        self._register: Register | None = None

    @classmethod
    def create(cls, path: Path, fill: Callable[[CaseFolder], None]) -> CaseFolder:
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

    def writing(self, keys: Keys, now: Callable[[], int], check: Check | None = None) -> Log:
        """The log of the case, to append to; the caller holds `store.writer()`."""
        return Log(self.store, keys, now, check=check)

    # -- the record ----------------------------------------------------------------------------------------------------

    def entries(self) -> tuple[Said, ...]:
        """Everything that was said, in order; read again when the head has moved.

        Raises:
            VerificationError: the entries are not those that the head was signed for.
        """
        head = self.store.head() or b""
        if self._read is None or self._read[0] != head:
            found = audit(FolderSource(self.store.folder), Trust(with_signatures=False))
            if found.faults:
                raise VerificationError(*found.faults)
            times = self._times(found.size)
            entries = [read_entry(data) for data in self.store.entries(0, found.size)]
            said = tuple(Said(i, entry, times[i]) for i, entry in enumerate(entries))
            self._read = (head, said)
        return self._read[1]

    def index(self, first: int) -> None:
        """Add the entries from `first` on to the index; what cannot be added there is found again by `verify`."""
        with contextlib.suppress(StoreError):
            self.store.index.put_rows(index_rows(self.entries()[first:]))

    def charter(self) -> Charter:
        """Entry 0."""
        return charter_of(next(self.store.entries(0, 1)))

    def _times(self, size: int) -> list[int]:
        """For each entry the second of the first dated checkpoint that holds it."""
        clock = Verifier.parse(self.charter().clock)
        times: list[int] = []
        for one in self.store.notes():
            if len(times) < one <= size:
                line = "".join(self.store.cosignatures(one)).encode()
                at = check_note(read_note((self.store.note(one) or b"") + line), [clock])[clock]
                times += [at or 0] * (one - len(times))
        if len(times) < size:
            raise VerificationError(f"{self.path}: no dated checkpoint holds the entries from {len(times)} on")
        return times

    @property
    def info(self) -> CaseInfo:
        """What the case is, by its charter and its newest text."""
        text = self.text()
        files = {blob.name: blob.sha256 for blob in text.blobs}
        return CaseInfo(text.body["file"], files, self.charter().is_demo, text.body["canonical_sha256"])

    def said(self, kind: str, upto: int | None = None) -> list[Said]:
        """The entries of one type with a body that everybody may read, among the first `upto`."""
        return [said for said in self.entries()[:upto] if said.statement.type == kind and said.statement.sealed is None]

    def signers(self, said: Said) -> list[str]:
        """The parties that signed an entry."""
        return list(self.register().signers(said.entry))

    def register(self) -> Register:
        """The record as its register has it: keys, sequences, what was destroyed; signatures are not verified here."""
        if self._register is None or self._register.size != len(self.entries()):
            register = Register()
            for said in self.entries():
                register.note(said.entry, leaf_hash(said.entry.data))
            self._register = register
        return self._register

    def text(self, upto: int | None = None) -> Statement:
        """The newest statement of the agreement's text among the first `upto` entries.

        Raises:
            StoreError: the record holds none.
        """
        found = [said.statement for said in self.entries()[:upto] if said.statement.type in TEXTS]
        if not found:
            raise StoreError(f"{self.path}: the record holds no agreement")
        return found[-1]

    def agreement_files(self, upto: int | None = None) -> dict[str, bytes]:
        """The text and its tables, by name, checked against the record."""
        blobs = sorted(self.text(upto).blobs, key=lambda blob: blob.name)
        return {blob.name: self.store.blob(blob.sha256) for blob in blobs}

    def journal(self) -> list[Addition]:
        """Every file that was added, in order."""
        return [addition_of(said) for said in self.entries() if said.statement.type in ADDITIONS]

    def has(self, digest: str) -> bool:
        """Whether a file of this hash was added already."""
        return any(addition.sha256 == digest for addition in self.journal())

    # -- tables --------------------------------------------------------------------------------------------------------

    def keep_table(self, read: Read) -> dict[str, Any]:
        """Write rows of evidence, before the entry that names them; return what that entry says of them."""
        table_hash, rejected_hash = hash_table(read.table), hash_value(read.rejected.to_pylist())
        self._keep(table_hash, read.table)
        self._keep(rejected_hash, read.rejected, ".rejected")
        return {
            "rows": read.table.num_rows, "rows_sha256": table_hash,
            "rejected": read.rejected.num_rows, "rejected_sha256": rejected_hash,
        }  # fmt: skip

    def bytes_of(self, kind: str) -> Iterator[tuple[Addition, bytes]]:
        """The files of a kind that is kept as given.

        Raises:
            VerificationError: a file is not what was put there.
        """
        for addition in self.journal():
            if addition.kind == kind:
                yield addition, self.store.blob(addition.sha256)

    def tables(self) -> Iterator[tuple[Addition, pa.Table]]:
        """The tables of evidence, checked row by row against the record; known from when the record held them.

        Raises:
            VerificationError: a table is not what was put there.
        """
        for addition in self.journal():
            if addition.table_hash:
                table = self._table(addition.file, addition.table_hash, SCHEMA)
                if hash_table(table) != addition.table_hash:
                    raise VerificationError(f"{self.path}: the table of {addition.file} is not what was added")
                known = pa.array([addition.known_at] * table.num_rows, SCHEMA.field("known_at").type)
                yield addition, table.set_column(table.schema.get_field_index("known_at"), "known_at", known)

    def rejected(self) -> list[pa.Table]:
        """The rejected rows of every table.

        Raises:
            VerificationError: one is missing or damaged.
        """
        found = []
        for addition in self.journal():
            if addition.table_hash:
                table = self._table(addition.file, addition.rejected_hash, REJECTED, ".rejected")
                if hash_value(table.to_pylist()) != addition.rejected_hash:
                    raise VerificationError(f"{self.path}: rejected rows of {addition.file} are not those of the file")
                found.append(table)
        return found

    def evidence_files(self) -> dict[str, Path]:
        """The files in which the tables of the record lie, by the hash of their rows and what they are."""
        found = {}
        for path in sorted((self.path / "evidence").glob("*.parquet")):
            rows, _, rest = path.name.partition(".")
            found[rows + (".rejected" if rest.endswith(".rejected.parquet") else "")] = path
        return found

    def write_assessments(self, table: pa.Table) -> Path:
        """Keep computed answers; they can be computed again at any time."""
        write_whole(self.path / "assessments.parquet", parquet_of(table))
        return self.path / "assessments.parquet"

    def _keep(self, rows_hash: str, table: pa.Table, what: str = "") -> None:
        if rows_hash + what not in self.evidence_files():
            data = parquet_of(table)
            write_whole(self.path / "evidence" / f"{rows_hash}.{sha256(data)}{what}.parquet", data)

    def _table(self, file: str, rows_hash: str, schema: pa.Schema, what: str = "") -> pa.Table:
        path = self.evidence_files().get(rows_hash + what)
        if path is None:
            raise VerificationError(f"{self.path}: the table of {file} is missing")
        try:
            data = path.read_bytes()
            if sha256(data) != path.name.split(".")[1]:
                raise VerificationError(f"{path}: the table of {file} is damaged: not the bytes that were written")
            return pq.read_table(pa.BufferReader(data), schema=schema)
        except (OSError, pa.ArrowException) as error:
            raise VerificationError(f"{path}: the table of {file} is damaged: {one_line(str(error), 120)}") from None


def addition_of(said: Said) -> Addition:
    """The addition that an entry stands for.

    Raises:
        VerificationError: its body is not that of an addition.
    """
    body, one = said.statement.body, said.statement
    try:
        return Addition(
            said.index, body["kind"], body["file"], body["sha256"], body["rows"], body.get("rejected", 0),
            body.get("rows_sha256", ""), said.known_at, body.get("rejected_sha256", ""),
        )  # fmt: skip
    except (KeyError, TypeError):
        raise VerificationError(f"entry {said.index}: the body of {quoted(one.type)} is broken") from None


def index_rows(entries: Iterable[Said]) -> list[Row]:
    """What the index of a record has to hold."""
    rows: list[Row] = []
    for said in entries:
        one = said.statement
        leaf = leaf_hash(said.entry.data).hex()
        rows.append((said.index, one.type, one.by, one.sequence, leaf, said.known_at))
    return rows


def charter_of(data: bytes) -> Charter:
    """The charter that entry 0 holds.

    Raises:
        VerificationError: it is none.
    """
    try:
        return msgspec.convert(read_entry(data).statement.body, Charter)
    except msgspec.ValidationError as error:
        raise VerificationError(f"entry 0 is no charter: {error}") from None


def parquet_of(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data
