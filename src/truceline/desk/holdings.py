"""What does a case hold that a statement may speak of? Ids of its reports, units of its gazetteer, originals.

Each table is read once, and so is the gazetteer of a text. What the record takes meanwhile is told with `take`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from truceline.areas import Gazetteer
from truceline.desk.files import bench_of
from truceline.errors import VerificationError, one_line
from truceline.record.entry import Statement
from truceline.store.case import TEXTS, Case

TOLD = ("evidence", "areas", "custody", *TEXTS)
"""The types of entries by which a case comes to hold something."""


class CaseHoldings:
    """The holdings of a case, looked up when they are asked for."""

    def __init__(self, case: Case) -> None:
        """Take a case as it is when it is first asked about."""
        self._case = case
        self._is_read = False
        self._tables: dict[int, Statement] = {}
        self._areas: dict[int, Statement] = {}
        self._texts: dict[int, Statement] = {}
        self._originals: set[str] = set()
        self._ids: dict[str, frozenset[str]] = {}
        self._accounts: dict[str, frozenset[str]] = {}
        self._units: tuple[tuple[int, ...], Gazetteer] = ((), Gazetteer())

    def take(self, index: int, one: Statement) -> None:
        """An entry that the record has taken: what the case holds by it."""
        if one.type == "evidence":
            self._tables[index] = one
        elif one.type == "areas":
            self._areas[index] = one
        elif one.type in TEXTS:
            self._texts[index] = one
        elif one.type == "custody":
            self._originals.add(one.body.get("original", ""))

    def unknown(self, reports: Sequence[str]) -> list[str]:
        """Those ids that no report of the case has, in their order.

        Raises:
            VerificationError: a table is missing or damaged.
        """
        self._read()
        wanted = set(reports)
        for one in self._tables.values():
            if wanted and one.body.get("rows_sha256"):
                wanted -= self._ids_of(one.body["file"], one.body["rows_sha256"])
        return [report for report in reports if report in wanted]

    def reports(self, words: Collection[str]) -> dict[str, bool]:
        """Those words that are ids of reports of the case; whether each is a person's account, as its source says.

        Raises:
            VerificationError: a table is missing or damaged.
        """
        self._read()
        found: dict[str, bool] = {}
        for one in self._tables.values() if words else ():
            if rows := one.body.get("rows_sha256"):
                for report in self._ids_of(one.body["file"], rows).intersection(words):
                    found[report] = found.get(report, False) or report in self._accounts[rows]
        return found

    def is_unit(self, code: str) -> bool:
        """Whether the gazetteer of the case knows a unit."""
        self._read()
        as_of = (max(self._texts), *sorted(self._areas))
        if self._units[0] != as_of:
            self._units = (as_of, self._gazetteer(self._texts[as_of[0]]))
        return code in self._units[1]

    def is_original(self, digest: str) -> bool:
        """Whether the record holds the custody of an original."""
        self._read()
        return digest in self._originals

    def _read(self) -> None:
        """Take what the record held when it was first asked about."""
        if not self._is_read:
            for kind in TOLD:
                for said in self._case.said(kind):
                    self.take(said.index, said.statement)
            self._is_read = True

    def _ids_of(self, file: str, rows: str) -> frozenset[str]:
        """The ids of the reports of a table."""
        if rows not in self._ids:
            data = self._case.checked_bytes(file, rows)
            try:
                table = pq.read_table(pa.BufferReader(data), columns=["id", "reporter_withheld"])
            except (OSError, pa.ArrowException) as error:
                where = f"{self._case.where}: the table of {file}"
                raise VerificationError(f"{where} is damaged: {one_line(str(error), 120)}") from None
            accounts = table.filter(pc.fill_null(table.column("reporter_withheld"), False))
            self._accounts[rows] = frozenset(accounts.column("id").to_pylist())
            self._ids[rows] = frozenset(table.column("id").to_pylist())
        return self._ids[rows]

    def _gazetteer(self, text: Statement) -> Gazetteer:
        """All units of a text, with the areas that were added to it."""
        blob, name = self._case.store.blob, text.body["file"]
        files = {one.name: blob(one.sha256) for one in text.blobs}
        added = {f"{i}-{one.body['file']}": blob(one.body["sha256"]) for i, one in sorted(self._areas.items())}
        return bench_of(name, files[name], files.get, added).atlas.gazetteer
