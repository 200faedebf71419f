"""What every reader shares: the tables it reads by, what it gives back, and its limits.

A reader turns bytes into a table and rejected rows. Nothing is lost: a row it cannot take is in the second table with
its line, field and reason. A file that is not what it claims to be is refused in one line.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from truceline.acts import ActTree
from truceline.errors import Fault, InputError
from truceline.evidence.aliases import Aliases
from truceline.evidence.places import Placer
from truceline.evidence.schema import Rejected, rejected_table, table_of
from truceline.group import CIVILIAN, SETTLEMENT
from truceline.precision import Precision
from truceline.span import DAY_S, Span
from truceline.verdict import YES

HARM = ("attack", "hinder", "detain", "count")
"""Classes of acts that are harm when they meet a protected target; a count tells of such acts."""

MOST_LINE = 1 << 20
MOST_REJECTED = 100_000
MOST_UNPACKED = 4 << 30


@dataclass(frozen=True)
class Manner:
    """How to read: the clock, the precision table, the aliases and the places of one agreement.

    Attributes:
        tz: zone of civil times without an offset.
        known_at: second of import: what was known from then on.
        latest: acts of force that begin after this second are refused; there is no pre-clearance.
        tree: the acts of the agreement: which are acts of force.
    """

    tz: str
    precision: Precision
    aliases: Aliases
    placer: Placer
    known_at: int = 0
    latest: int | None = None
    tree: ActTree = field(default_factory=lambda: ActTree({}))

    def is_ahead(self, when: Span) -> bool:
        """Whether a time lies in the future, or reaches further into it than the civil day of import."""
        return self.latest is not None and (when.start > self.latest or when.end - DAY_S > self.latest)


@dataclass(frozen=True)
class Read:
    """What a reader gives back."""

    table: pa.Table
    rejected: pa.Table


class RowFault(Exception):  # noqa: N818  # a fault of a row is data, not an error of the program
    """A row that cannot be taken: which field, and why."""

    def __init__(self, field_name: str, reason: str) -> None:
        """Keep the field and the reason."""
        super().__init__(reason)
        self.field, self.reason = field_name, reason


class Rows:
    """Gathers taken and rejected rows of one file, and stops a file that is mostly nonsense."""

    def __init__(self, name: str) -> None:
        """Begin with nothing."""
        self.name = name
        self.taken: list[dict[str, Any]] = []
        self.rejected: list[Rejected] = []
        self._ids: set[str] = set()

    def take(self, row: dict[str, Any]) -> None:
        """Take a row; a second row of the same id is rejected."""
        if row["id"] in self._ids:
            self.reject(row["line"], row["id"], RowFault("id", f"stands in this file twice: `{row['id']}`"))
            return
        self._ids.add(row["id"])
        self.taken.append(row)

    def reject(self, line: int, row_id: str, fault: RowFault) -> None:
        """Note a row that cannot be taken.

        Raises:
            InputError: so many rows are rejected that the file is not what it claims to be.
        """
        self.rejected.append(Rejected(self.name, line, row_id[:80], fault.field, fault.reason[:300]))
        if len(self.rejected) > MOST_REJECTED:
            first = self.rejected[0]
            raise InputError(
                Fault(f"over {MOST_REJECTED} rows rejected, the first on line {first.line}: {first.reason}", self.name)
            )

    def read(self) -> Read:
        """The tables, in the order of the file."""
        return Read(table_of(self.taken), rejected_table(self.rejected))


def is_harm(acts: Sequence[str], targets: Iterable[str], tree: ActTree) -> bool:
    """Whether a report tells of harm to what humanitarian law protects, from civilians to the quarters they live in.

    An act that is not known may be harm; a delivery or a statement is none.
    """
    if not (CIVILIAN | {SETTLEMENT}).intersection(targets):
        return False
    return not acts or any(act not in tree or tree.is_kind(act, harm) == YES for act in acts for harm in HARM)


def lines_of(file: Iterable[bytes], name: str) -> Iterator[str]:
    """The lines of a text file as UTF-8, without the whole file in memory.

    Raises:
        InputError: a line is longer than 1 MiB, the text is not UTF-8, or it unpacks to more than 4 GiB.
    """
    total = 0
    for number, raw in enumerate(file, 1):
        total += len(raw)
        if len(raw) > MOST_LINE:
            raise InputError(Fault(f"a line of over {MOST_LINE} bytes: not a table of reports", name, number))
        if total > MOST_UNPACKED:
            raise InputError(Fault(f"over {MOST_UNPACKED} bytes of text", name, number))
        try:
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InputError(Fault("expected UTF-8 text", name, number)) from None


def opened(file: Any, name: str) -> Iterator[bytes]:  # noqa: ANN401  # a binary file object
    """The raw lines of a file, unpacked when it is gzip; no line is read beyond 1 MiB.

    Raises:
        InputError: a broken gzip file.
    """
    start = file.read(2)
    file.seek(0)
    source = gzip.GzipFile(fileobj=file) if start == b"\x1f\x8b" else file
    try:
        while line := source.readline(MOST_LINE + 2):
            yield line
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(Fault(f"cannot be unpacked: {error}", name)) from None
