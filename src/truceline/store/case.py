"""What is a case, wherever it is kept? What its record says, and the tables of evidence beside the record.

Entry 0 is the charter, the newest `agreement` is the text, and every `evidence`, `areas` and `acts` is one addition. A
table is checked against its entry whenever it is read. Two places keep cases: a folder (`store.folder`) and PostgreSQL
(`store.server.case`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from truceline.canon import sha256
from truceline.errors import StoreError, VerificationError, one_line, quoted
from truceline.evidence.reading import Read
from truceline.evidence.schema import REJECTED, SCHEMA, hash_rejected, hash_table, salt_of, salted
from truceline.record.audit import Source
from truceline.record.charter import Charter
from truceline.record.entry import Statement
from truceline.record.log import Check, Keys, Log, Storage, Taken
from truceline.record.register import Register
from truceline.store.entries import Entries, Record, Said, charter_of
from truceline.store.index import Row

__all__ = [
    "ADDITIONS", "AGREEMENT", "AMENDMENT", "TEXTS", "Addition", "Case", "CaseInfo", "Entries", "Said", "Store",
    "Through", "addition_of", "charter_of", "parquet_of",
]  # fmt: skip

Answer = TypeVar("Answer")

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
        replaces: entries whose tables this one takes the place of.
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
    replaces: tuple[int, ...] = ()


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


class Store(Storage, Protocol):
    """A storage that was opened, and is closed again."""

    def writer(self) -> AbstractContextManager[None]:
        """The lock of the one writer."""

    def close(self) -> None:
        """Let go of files and connections."""

    def refused(self) -> list[dict[str, object]]:
        """What was refused, in order."""

    def noted_from(self, size: int, most: int) -> dict[int, bytes]:
        """The checkpoints of `size` entries and more with the cosignatures on them, by size ascending: so many."""


class Through(Protocol):
    """The one writer of a case that is served in this process."""

    def submit(self, data: bytes, files: Mapping[str, bytes]) -> Future[Taken]:
        """Hand over a signed statement, and the files it names by hash."""

    def ask(self, question: Callable[[Log], Answer]) -> Future[Answer]:
        """Have something done with the log, in its writer's thread, which nothing may wait for there."""


class Case(ABC):
    """A case, opened.

    Attributes:
        where: how messages name it; never with a password.
        store: what keeps its record, for readers; a writer takes its lock or opens one of its own.
        through: its one writer, while the case is served in this process; None = whoever writes takes the lock.
    """

    def __init__(self, where: str, store: Store) -> None:
        """Nothing is read yet."""
        self.where, self.store = where, store
        self.through: Through | None = None
        self._record = Record(where, store, self.source)
        self._charter: Charter | None = None

    @abstractmethod
    def source(self) -> Source:
        """The record as an auditor reads it."""

    @abstractmethod
    def fresh(self) -> Store:
        """Its store, opened anew: what a writer writes to after a fault."""

    @abstractmethod
    def index(self, first: int) -> None:
        """Add the entries from `first` on to the index, where there is one; `verify` finds again what is not in it."""

    @abstractmethod
    def table_files(self) -> Mapping[str, str]:
        """The names of the files of tables that are kept, by the hash of their rows and what they are."""

    @abstractmethod
    def table_bytes(self, name: str) -> bytes:
        """The bytes of the file of a table, as they lie there.

        Raises:
            StoreError: they cannot be read.
        """

    @abstractmethod
    def put_table(self, name: str, data: bytes) -> None:
        """Keep the file of a table, under a name that holds the hash of its bytes."""

    @abstractmethod
    def write_assessments(self, table: pa.Table) -> str:
        """Keep computed answers, which can be computed again at any time; return where they lie."""

    @abstractmethod
    def assessments(self) -> bytes | None:
        """The Parquet file of the answers that were computed last; None when none were, or they were thrown away."""

    def close(self) -> None:
        """Let go of files and connections."""
        self.store.close()

    def writing(self, keys: Keys, now: Callable[[], int], check: Check | None = None) -> Log:
        """The log of the case, to append to; the caller holds `store.writer()`."""
        return Log(self.store, keys, now, check=check)

    # -- the record ----------------------------------------------------------------------------------------------------

    def entries(self) -> Entries:
        """Everything that was said, in order, as of the newest head; each entry is read when it is asked for.

        Raises:
            VerificationError: the entries are not those that the head was signed for.
        """
        return self._record.entries()

    def rows(self, first: int = 0) -> Iterator[Row]:
        """What the index of the record has to hold of the entries from `first` on."""
        return self._record.rows(first)

    def leaves(self, indexes: Iterable[int]) -> Iterator[str]:
        """The leaf hashes of some entries, 64 hexadecimal digits each."""
        return self._record.leaves(indexes)

    def batch_of(self, index: int) -> int:
        """The size of the first checkpoint that holds an entry: of the batch that it came with."""
        return self._record.batch_of(index)

    def known_by(self, second: int) -> int:
        """How many entries the record is known to have held by a second."""
        return self._record.known_by(second)

    def newest(self) -> int:
        """The second of the newest checkpoint."""
        return self._record.newest()

    def charter(self) -> Charter:
        """Entry 0, which never changes."""
        if self._charter is None:
            self._charter = charter_of(next(self.store.entries(0, 1)))
        return self._charter

    @property
    def info(self) -> CaseInfo:
        """What the case is, by its charter and its newest text."""
        text = self.text()
        files = {blob.name: blob.sha256 for blob in text.blobs}
        return CaseInfo(text.body["file"], files, self.charter().is_demo, text.body["canonical_sha256"])

    def said(self, kind: str, upto: int | None = None) -> Entries:
        """The entries of one type with a body that everybody may read, among the first `upto`."""
        return self._record.of_kind(kind, upto)

    def celled(self, first: int = 0) -> Entries:
        """The entries from `first` on that name a cell openly."""
        return self._record.celled(first)

    def signers(self, said: Said) -> list[str]:
        """The parties that signed an entry."""
        return list(self.register().signers(said.entry))

    def register(self) -> Register:
        """The record as its register has it: keys, sequences, what was destroyed; signatures are not verified here."""
        return self._record.register()

    def text(self, upto: int | None = None) -> Statement:
        """The newest statement of the agreement's text among the first `upto` entries.

        Raises:
            StoreError: the record holds none.
        """
        found = [texts.indexes[-1] for kind in TEXTS if (texts := self.said(kind, upto))]
        if not found:
            raise StoreError(f"{self.where}: the record holds no agreement")
        return self._record.said(max(found)).statement

    def agreement_files(self, upto: int | None = None) -> dict[str, bytes]:
        """The text and its tables, by name, checked against the record."""
        blobs = sorted(self.text(upto).blobs, key=lambda blob: blob.name)
        return {blob.name: self.store.blob(blob.sha256) for blob in blobs}

    def journal(self) -> list[Addition]:
        """Every file that was added, in order."""
        indexes = sorted(index for kind in ADDITIONS for index in self.said(kind).indexes)
        return [addition_of(self._record.said(index)) for index in indexes]

    def has(self, digest: str) -> bool:
        """Whether a file of this hash was added already."""
        return any(addition.sha256 == digest for addition in self.journal())

    # -- tables --------------------------------------------------------------------------------------------------------

    def keep_table(self, read: Read) -> dict[str, Any]:
        """Write rows of evidence, before the entry that names them; return what that entry says of them."""
        table_hash, rejected_hash = hash_table(read.table), hash_rejected(read.rejected)
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
                    raise VerificationError(f"{self.where}: the table of {addition.file} is not what was added")
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
                if hash_rejected(table) != addition.rejected_hash:
                    raise VerificationError(f"{self.where}: rejected rows of {addition.file} are not those of the file")
                found.append(table)
        return found

    def _keep(self, rows_hash: str, table: pa.Table, what: str = "") -> None:
        if rows_hash + what not in self.table_files():
            data = parquet_of(table)
            self.put_table(f"{rows_hash}.{sha256(data)}{what}.parquet", data)

    def _table(self, file: str, rows_hash: str, schema: pa.Schema, what: str = "") -> pa.Table:
        data = self.checked_bytes(file, rows_hash + what)
        try:
            return table_in(data, schema)
        except (OSError, pa.ArrowException) as error:
            why = one_line(str(error), 120)
            raise VerificationError(f"{self.where}: the table of {file} is damaged: {why}") from None

    def checked_bytes(self, file: str, what: str) -> bytes:
        """The bytes of a table, checked against the name under which they were kept.

        Args:
            file: the name of the file that it was read from, for messages.
            what: the hash of its rows and what it is, as `table_files` has them.

        Raises:
            VerificationError: it is missing or damaged.
        """
        name = self.table_files().get(what)
        if name is None:
            raise VerificationError(f"{self.where}: the table of {file} is missing")
        try:
            data = self.table_bytes(name)
        except StoreError as error:
            raise VerificationError(f"{self.where}: the table of {file} is damaged: {error}") from None
        if sha256(data) != name.split(".")[1]:
            raise VerificationError(
                f"{self.where}: the table of {file} is damaged: not the bytes that were written: {name}"
            )
        return data


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
            tuple(body.get("replaces", ())),
        )  # fmt: skip
    except (KeyError, TypeError):
        raise VerificationError(f"entry {said.index}: the body of {quoted(one.type)} is broken") from None


def table_in(data: bytes, schema: pa.Schema) -> pa.Table:
    """The table of a Parquet file, with its salt.

    Raises:
        OSError, pa.ArrowException: it is none, or of another schema.
    """
    salt = salt_of(pq.read_schema(pa.BufferReader(data)))
    return salted(pq.read_table(pa.BufferReader(data), schema=schema), salt)


def parquet_of(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data
