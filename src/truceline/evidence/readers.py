"""Which reader does a file need? One table of all readers, asked in order by the first bytes of a file.

A reader that is not needed is not imported. What no reader knows is refused; `--as` forces one.
"""

from __future__ import annotations

import gzip
import importlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from truceline.errors import Fault, InputError
from truceline.evidence.reading import Manner, Read, without_closed

HEAD_BYTES = 1 << 16


@dataclass(frozen=True)
class Start:
    """What is known of a file before it is read.

    Attributes:
        name: its name.
        head: its first 64 KiB, unpacked if it is gzip.
        has_mapping: whether a mapping of columns was given with it.
        columns: the names of its columns, where it is Parquet: they stand at its end; None for any other file.
    """

    name: str
    head: bytes
    has_mapping: bool = False
    columns: frozenset[str] | None = None

    @property
    def line(self) -> str:
        """The first line as text; what is not UTF-8 in it is replaced."""
        return self.head.partition(b"\n")[0].decode("utf-8-sig", "replace").rstrip("\r")

    @property
    def suffix(self) -> str:
        """What the name ends with, in lower case and without `.gz`: `.csv`; empty for nothing."""
        _, dot, suffix = self.name.lower().removesuffix(".gz").rpartition(".")
        return dot + suffix


READERS: Mapping[str, str] = {
    "reports": "truceline.evidence.reports",
    "ucdp": "truceline.evidence.ucdp",
    "acled": "truceline.evidence.acled",
    "firms": "truceline.evidence.firms",
    "aircraft": "truceline.evidence.aircraft",
    "ledgers": "truceline.evidence.ledgers",
    "strikes": "truceline.evidence.strikes",
    "forms": "truceline.evidence.forms",
    "features": "truceline.evidence.features",
    "sheet": "truceline.evidence.sheet",
    "observations": "truceline.evidence.own",
}
"""Kind of a file to the module that reads it: `fits(start) -> bool`, `read(file, name, manner) -> Read`, `LICENCE`."""


def kind_of(start: Start) -> str | None:
    """The kind of a file, by its beginning; None = none that is known."""
    return next((kind for kind, module in READERS.items() if importlib.import_module(module).fits(start)), None)


def read(kind: str, file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read an open file as a kind of evidence; reports that take the closed pathway are left out, whatever it is.

    Args:
        kind: one of `READERS`.
        file: at its beginning.
        name: for messages.
        manner: clock, precision table, aliases, places and, for a table of one's own, the mapping of its columns.

    Raises:
        InputError: no such kind, or the file is not what it claims to be.
    """
    if kind not in READERS:
        raise InputError(Fault(f"{kind} is no kind of evidence: expected one of {', '.join(READERS)}", name))
    found: Read = importlib.import_module(READERS[kind]).read(file, name, manner)
    return without_closed(found, manner.tree, name)


def start_of(file: BinaryIO, name: str, *, has_mapping: bool = False) -> Start:
    """The beginning of an open file, which is left at its beginning.

    Raises:
        InputError: a gzip file that cannot be unpacked.
    """
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if head[:2] == b"\x1f\x8b":
        try:
            head = gzip.GzipFile(fileobj=file).read1(HEAD_BYTES)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(Fault(f"cannot be unpacked: {error}", name)) from None
        file.seek(0)
    return Start(name, head, has_mapping)
