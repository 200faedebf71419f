"""What lies in a database that holds a case, and is it still what was put there?

The record in the tables of `ServerStore`, the files of tables of evidence in `evidence_file`, the computed answers in
`projection`. What the case is, is what its record says, as in a folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa

from truceline.errors import StoreError
from truceline.record.audit import Source
from truceline.store.case import Case, Store, parquet_of
from truceline.store.folder import CaseFolder
from truceline.store.server.postgres import ServerStore
from truceline.store.server.source import ServerSource

ASSESSMENTS = "assessments.parquet"


class ServerCase(Case):
    """A case in PostgreSQL, opened."""

    store: ServerStore

    def __init__(self, url: str) -> None:
        """Reach a database; `open` checks what lies there.

        Raises:
            StoreError: it is out of reach, or its tables are not those of this version.
        """
        self._url = url
        store = ServerStore(url)
        super().__init__(store.where, store)

    @classmethod
    def create(cls, url: str, fill: Callable[[Case], None]) -> ServerCase:
        """Make a new case in a database whose tables are there.

        Args:
            url: of the database, as the role of the program.
            fill: writes the first entries of its record; it is tried in a folder first, since nothing that is refused
                half-way could be taken back from a database.

        Raises:
            StoreError: a record lies there already, or it cannot be written.
        """
        case = cls(url)
        try:
            if case.store.head() is not None or case.store.durable():
                raise StoreError(f"{case.where}: expected a database without a record")
            with tempfile.TemporaryDirectory(prefix="truceline-") as room:
                CaseFolder.create(Path(room) / "case", fill).close()
            fill(case)
        finally:
            case.close()
        return cls.open(url)

    @classmethod
    def open(cls, url: str) -> ServerCase:
        """Open a case.

        Raises:
            StoreError: there is none, or it is out of reach.
            VerificationError: the record does not hold, or a text is not the one that it names.
        """
        case = cls(url)
        try:
            if case.store.head() is None:
                raise StoreError(f"{case.where}: not a case: its record has no head")
            case.agreement_files()
        except BaseException:
            case.close()
            raise
        return case

    def fresh(self) -> Store:
        """The tables of its record, by connections of their own."""
        return ServerStore(self._url)

    def source(self) -> Source:
        """The record as an auditor reads it."""
        return ServerSource(self.store)

    def index(self, first: int) -> None:
        """The table of entries is its own index."""

    # -- tables --------------------------------------------------------------------------------------------------------

    def table_files(self) -> Mapping[str, str]:
        """The names of the files of tables that are kept, by the hash of their rows and what they are."""
        found = {}
        for name in self.store.evidence_names():
            rows, _, rest = name.partition(".")
            found[rows + (".rejected" if rest.endswith(".rejected.parquet") else "")] = name
        return found

    def table_bytes(self, name: str) -> bytes:
        """The bytes of the file of a table.

        Raises:
            StoreError: it is missing, or out of reach.
        """
        data = self.store.evidence_file(name)
        if data is None:
            raise StoreError(f"evidence file {name}: is missing")
        return data

    def put_table(self, name: str, data: bytes) -> None:
        """Keep the file of a table."""
        self.store.put_evidence_file(name, data)

    def write_assessments(self, table: pa.Table) -> str:
        """Keep computed answers; they can be computed again at any time."""
        self.store.put_projection(ASSESSMENTS, parquet_of(table))
        return f"{self.where}: {ASSESSMENTS}"

    def assessments(self) -> bytes | None:
        """The Parquet file of the answers that were computed last; None when there is none."""
        return self.store.projection(ASSESSMENTS)
