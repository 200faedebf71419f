"""What every reader shares: the tables it reads by, what it gives back, and its limits.

A reader turns bytes into a table and rejected rows. Nothing is lost: a row it cannot take is in the second table with
its line, field and reason. A file that is not what it claims to be is refused in one line.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from truceline.acts import ActTree, is_closed
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
MOST_RATIO = 200
"""A file that unpacks to more than so many times its size, once past `FREE_UNPACKED` bytes, is a bomb."""

FREE_UNPACKED = 64 << 20
TO_THE_CLOSED = "takes the closed pathway: `truceline closed add`"
BATCH = 20_000
"""So many rows are kept as Python values before they become a part of a table."""


@dataclass(frozen=True)
class Found:
    """A place that a name can mean.

    Attributes:
        id: of the list that it stands in, such as `geonames:170017`.
        name: its name in that list.
        lon_deg: longitude of its point; a stand-in for the place, not its extent.
        lat_deg: its latitude.
        kind: word of the precision table: `village`, `town`, `city`.
        country: two-letter code; empty = not stated.
        unit: code of the unit of level 1 that it lies in; empty = not known.
        score: likeness of the names, 0..1000; 1000 = the same spelling.
        matched: the spelling that was alike.
    """

    id: str
    name: str
    lon_deg: float
    lat_deg: float
    kind: str
    country: str = ""
    unit: str = ""
    score: int = 1000
    matched: str = ""


class Finder(Protocol):
    """Finds places by their names; a name that can mean several is never guessed."""

    def find(self, text: str, *, near: tuple[float, float] | None = None, most: int = 5) -> Sequence[Found]:
        """The places that a name can mean, the most alike first; `near` is longitude and latitude in degrees."""

    def sure(self, text: str, *, near: tuple[float, float] | None = None) -> Found | None:
        """The one place that a name means; None where there is none or more than one can be meant."""


@dataclass(frozen=True)
class Manner:
    """How to read: the clock, the precision table, the aliases and the places of one agreement.

    Attributes:
        tz: zone of civil times without an offset.
        known_at: second of import: what was known from then on.
        latest: acts of force that begin after this second are refused; there is no pre-clearance.
        tree: the acts of the agreement: which are acts of force.
        finder: finds places by their names; None = no list of places is at hand.
        mapping: which column means what, for tables that have no format of their own; empty = none.
    """

    tz: str
    precision: Precision
    aliases: Aliases
    placer: Placer
    known_at: int = 0
    latest: int | None = None
    tree: ActTree = field(default_factory=lambda: ActTree({}))
    finder: Finder | None = None
    mapping: Mapping[str, Any] = field(default_factory=dict)

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
        self.count = 0
        self.rejected: list[Rejected] = []
        self._taken: list[dict[str, Any]] = []
        self._tables: list[pa.Table] = []
        self._ids: set[str] = set()

    def take(self, row: dict[str, Any]) -> None:
        """Take a row; a second row of the same id is rejected."""
        if row["id"] in self._ids:
            self.reject(row["line"], row["id"], RowFault("id", f"stands in this file twice: `{row['id']}`"))
            return
        self._ids.add(row["id"])
        self._taken.append(row)
        self.count += 1
        if len(self._taken) >= BATCH:
            self._pack()

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
        self._pack()
        return Read(pa.concat_tables(self._tables), rejected_table(self.rejected))

    def _pack(self) -> None:
        """Make a part of the table of the rows at hand: values of Python take ten times the room."""
        if self._taken or not self._tables:
            self._tables.append(table_of(self._taken))
            self._taken = []


def without_closed(read: Read, tree: ActTree, name: str) -> Read:
    """What a reader gave back, without the reports that take the closed pathway: no table ever holds one.

    Of such a row nothing is kept but its line.
    """
    acts = read.table.column("act")
    words = {act for act in pc.unique(pc.list_flatten(acts)).to_pylist() if act is not None}
    if not is_closed(words, tree):
        return read
    closed = np.array([is_closed(some or (), tree) for some in acts.to_pylist()], bool)
    lines = read.table.column("line").filter(pa.array(closed)).to_pylist()
    told = [Rejected(name, line or 0, "", "act", TO_THE_CLOSED) for line in lines]
    rejected = pa.concat_tables([read.rejected, rejected_table(told)])
    return Read(read.table.filter(pa.array(~closed)), rejected)


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
        except UnicodeDecodeError as error:
            raise InputError(Fault(_not_utf8(raw, error.start), name, number)) from None


def _not_utf8(raw: bytes, at: int) -> str:
    """What a line that is not UTF-8 looks like, and what to do about it."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or raw[:64].count(0) > len(raw[:64]) // 4:
        return "expected UTF-8 text, got what looks like UTF-16: save it as UTF-8"
    return f"expected UTF-8 text, got the byte 0x{raw[at]:02X}: save it as UTF-8 (windows-1256 and -1251 are not read)"


def opened(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The raw lines of a file, unpacked when it is gzip; no line is read beyond 1 MiB.

    Raises:
        InputError: a broken gzip file, or one that unpacks to far more than it should.
    """
    start = file.read(2)
    file.seek(0)
    is_packed = start == b"\x1f\x8b"
    source = gzip.GzipFile(fileobj=file) if is_packed else file
    total = 0
    try:
        while line := source.readline(MOST_LINE + 2):
            total += len(line)
            if is_packed and total > FREE_UNPACKED and total > MOST_RATIO * max(file.tell(), 1):
                what = f"unpacks to more than {MOST_RATIO} times its size: expected a table, got a bomb"
                raise InputError(Fault(what, name))
            yield line
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(Fault(f"cannot be unpacked: {error}", name)) from None
