"""From paths to an agreement and its evidence: what kind of file it is, by what it is read, what it held.

Clocks and files live on the desk and not below.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa

from truceline.agreement.history import checked_act, read_act
from truceline.agreement.model import Agreement, SignedAct
from truceline.agreement.text import load
from truceline.atlas import MOST_BYTES, Atlas, read_atlas
from truceline.canon import sha256
from truceline.desk.naming import OWN_LIST, finder_of
from truceline.errors import Fault, InputError, StoreError, quoted, raise_all
from truceline.evidence import readers
from truceline.evidence.aliases import Aliases, read_aliases
from truceline.evidence.cells import parquet_names
from truceline.evidence.mapping import read_mapping
from truceline.evidence.places import Placer
from truceline.evidence.reading import Finder, Manner, lines_of, opened
from truceline.evidence.schema import SCHEMA, hash_table, rejected_table
from truceline.evidence.sources import Sources, read_sources

CASE = "syria-2016"
ALIAS_TABLES = ("actors", "acts", "weapons", "places")
SOURCES = "sources.csv"
COUNTING = "counting.csv"
TABLES = ("units.csv", *(f"{table}.csv" for table in ALIAS_TABLES), SOURCES, OWN_LIST, COUNTING)
"""The tables that may lie beside the text of an agreement, and belong to it in a case."""

LEDGERS = "ledgers.csv"
"""Totals that issuers publish over a period: they may come with a text, and are added to no list."""

KINDS = (*readers.READERS, "acts", "areas")
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Bench:
    """What evidence is read by and judged on: one agreement with its areas and aliases.

    Attributes:
        tables: name of each file of areas and aliases to its SHA-256: they decide as much as the text does.
        sources: who speaks through whom, and how reliably; a text without such a table knows of nobody.
        own_places: lists of names of places beside the text, by file.
        warnings: what a reader of the answers has to know about them.
    """

    agreement: Agreement
    atlas: Atlas
    aliases: Aliases
    tables: Mapping[str, str] = field(default_factory=dict)
    sources: Sources = field(default_factory=Sources)
    own_places: Mapping[str, bytes] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @cached_property
    def finder(self) -> Finder:
        """Finds places by their names; its lists are read when it is first asked."""
        return finder_of(self.atlas, self.agreement.precision, self.own_places)

    def manner(self, known_at: int, latest: int) -> Manner:
        """How to read evidence for this agreement."""
        agreement = self.agreement
        return Manner(
            agreement.tz, agreement.precision, self.aliases, Placer(self.atlas, agreement.precision), known_at, latest,
            agreement.acts, self.finder,
        )  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """One file that was read.

    Attributes:
        acts: signed acts, when it held those instead of observations.
        index: of its entry in the record of a case; 0 for files alone.
    """

    file: str
    kind: str
    sha256: str
    table: pa.Table
    rejected: pa.Table
    acts: tuple[SignedAct, ...] = ()
    index: int = 0

    @property
    def table_hash(self) -> str:
        """Hash of the rows; empty for acts."""
        return "" if self.kind == "acts" else hash_table(self.table)


def shipped(case: str = CASE) -> dict[str, bytes]:
    """The files of a case that ships with the program, by name."""
    inside = resources.files("truceline").joinpath("agreements", case)
    folder = Path(str(inside)) if inside.is_dir() else Path(__file__).parents[3] / "agreements" / case
    if not folder.is_dir():
        raise StoreError(f"the shipped case {quoted(case)} is not there")
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}


def open_agreement(path: Path, areas: Sequence[Path] = ()) -> Bench:
    """Read an agreement with the tables beside it; what it does not bring, the shipped tables supply.

    Args:
        path: the YAML file; areas and alias tables are looked for in its folder.
        areas: further files of areas; later ones win.

    Raises:
        InputError: a file cannot be read. AgreementError: the text is refused.
    """
    return bench_of(
        path.name, read_bytes(path), lambda name: beside(path, name), {a.name: read_bytes(a) for a in areas}
    )


def bench_of(name: str, data: bytes, near: Callable[[str], bytes | None], areas: dict[str, bytes]) -> Bench:
    """Put an agreement together from bytes: its text, what lies beside it, further areas."""
    agreement = load(data, name)
    spare: dict[str, bytes] = {}
    used: dict[str, bytes] = {}
    spare_used: set[str] = set()

    def table(file: str) -> bytes | None:
        found = near(file)
        if found is None:
            spare.update(spare or shipped())
            found = spare.get(file)
            spare_used.add(file)
        if found is not None:
            used[file] = found
        return found

    own = {file: near(file) for file in agreement.areas}
    for file, content in own.items():
        if content is None:
            raise InputError(Fault(f"the agreement names the areas {quoted(file)}, which are not beside it", name))
    files = {file: content for file, content in own.items() if content is not None}
    if not files:
        files = {"areas.geojson": table("areas.geojson") or b'{"type":"FeatureCollection","features":[]}'}
    atlas = read_atlas({**files, **areas}, table("units.csv"))
    aliases = read_aliases({kind: content for kind in ALIAS_TABLES if (content := table(f"{kind}.csv")) is not None})
    spoken, listed = near(SOURCES) or b"", near(OWN_LIST) or b""
    further = {name: content for name, content in ((SOURCES, spoken), (OWN_LIST, listed)) if content}
    used |= {**files, **areas, **further}
    hashes = {file: sha256(content) for file, content in sorted(used.items())}
    spared = [f"`{file}` is not beside the agreement: that of the shipped case is used" for file in sorted(spare_used)]
    return Bench(
        agreement,
        atlas,
        aliases,
        hashes,
        read_sources(spoken),
        {OWN_LIST: listed} if listed else {},
        (*agreement.warnings, *spared),
    )


def beside(path: Path, name: str) -> bytes | None:
    """The bytes of a file beside another; None when there is none."""
    file = path.parent / Path(name).name
    return file.read_bytes() if file.is_file() else None


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """Read a file whole: agreements, areas, signed acts.

    Args:
        path: the file.
        most: the most bytes that it may hold.

    Raises:
        InputError: it cannot be read, or is too large for what it should be.
    """
    try:
        size = path.stat().st_size
        if size > most:
            raise InputError(Fault(f"expected at most {most} bytes, got {size}", str(path)))
        return path.read_bytes()
    except OSError as error:
        raise InputError(Fault(f"cannot be read: {error.strerror}", str(path))) from None


def detect(path: Path, *, has_mapping: bool = False) -> str:
    """Which kind of file this is, by its first bytes.

    Raises:
        InputError: none that is known; `--as` forces one.
    """
    try:
        with path.open("rb") as file:
            return kind_in(file, path.name, str(path), has_mapping=has_mapping)
    except OSError as error:
        raise InputError(Fault(f"cannot be read: {error.strerror}", str(path))) from None


def kind_in(file: BinaryIO, name: str, path: str, *, has_mapping: bool = False) -> str:
    """Which kind of file an open one is, by its first bytes; it is left at its beginning.

    Args:
        file: at its beginning.
        name: of it.
        path: for messages.
        has_mapping: whether a mapping of columns was given with it.

    Raises:
        InputError: none that is known.
    """
    start = readers.start_of(file, name, has_mapping=has_mapping)
    if start.head[:4] == b"PAR1":
        start = replace(start, columns=frozenset(parquet_names(file, path)))
        file.seek(0)
    if not start.head:
        raise InputError(Fault("the file is empty", path))
    found = readers.kind_of(start)
    if found is not None:
        return found
    if '"act"' in start.line and '"at"' in start.line:
        return "acts"
    if start.columns is not None or '"FeatureCollection"' in start.line or start.suffix == ".geojson":
        return "areas"
    if start.head[:4] == b"PK\x03\x04":
        is_book = b"xl/" in start.head or start.suffix in (".xlsx", ".xlsm")
        why = "a workbook: it needs a mapping of its columns, `--mapping`" if is_book else "a zip: unpack it first"
        raise InputError(Fault(why, path))
    raise InputError(Fault(_unknown(start), path))


def _unknown(start: readers.Start) -> str:
    """Why a file is of no kind that is known, and what to do where that is plain: no encoding or mark is guessed."""
    head = start.head[:64]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or len(head) // 4 < head.count(0) < len(head) * 3 // 4:
        return "looks like UTF-16: save it as UTF-8"
    marks = [mark for mark in (";", "\t", "|") if start.line.count(mark) > max(start.line.count(","), 1)]
    if marks and start.line[:1] not in ("{", "[", "<"):
        mark = marks[0].replace("\t", "tab")
        return f"a table parted by `{mark}`: name its columns with `--mapping`, or save it with commas"
    return f"not a kind of file that is known: expected one of {', '.join(KINDS)}"


def open_mapping(path: Path | None) -> Mapping[str, Any] | None:
    """Read which column of somebody's own table means what; None where no file is given.

    Raises:
        InputError: it cannot be read, or a line of it makes no sense.
    """
    return None if path is None else read_mapping(read_bytes(path), path.name)


def read_evidence(
    path: Path,
    bench: Bench,
    *,
    kind: str = "",
    known_at: int | None = None,
    mapping: Mapping[str, Any] | None = None,
) -> Evidence:
    """Read one file of evidence or signed acts.

    Args:
        path: the file.
        bench: the agreement to read it by.
        kind: forces a kind; empty = by its first bytes.
        known_at: second of import; None = now.
        mapping: which column means what, for tables that have no format of their own.

    Raises:
        InputError: the file is not what it claims to be.
    """
    kind = kind or detect(path, has_mapping=bool(mapping))
    now = int(time.time()) if known_at is None else known_at
    digest = file_hash(path)
    with path.open("rb") as file:
        return read_open(file, path.name, bench, kind=kind, known_at=now, mapping=mapping, digest=digest)


def read_open(
    file: BinaryIO,
    name: str,
    bench: Bench,
    *,
    kind: str,
    known_at: int,
    mapping: Mapping[str, Any] | None = None,
    digest: str = "",
) -> Evidence:
    """Read an open file of evidence or signed acts, as `read_evidence`.

    Args:
        file: at its beginning.
        name: of it.
        bench: the agreement to read it by.
        kind: of the file.
        known_at: second of import.
        mapping: which column means what, for tables that have no format of their own.
        digest: the SHA-256 of its bytes.

    Raises:
        InputError: the file is not what it claims to be.
    """
    if kind == "acts":
        acts = tuple(_acts(file, name, bench.agreement, known_at))
        return Evidence(name, kind, digest, SCHEMA.empty_table(), rejected_table([]), acts)
    manner = replace(bench.manner(known_at, known_at), mapping=mapping or {})
    read = readers.read(kind, file, name, manner)
    return Evidence(name, kind, digest, read.table, read.rejected)


def _acts(file: BinaryIO, name: str, agreement: Agreement, now: int) -> Iterable[SignedAct]:
    faults: list[Fault] = []
    found = []
    for number, line in enumerate(lines_of(opened(file, name), name), 1):
        if line.strip():
            try:
                fields = msgspec.json.decode(line)
                if not isinstance(fields, dict):
                    raise InputError("expected a JSON object")
                found.append(checked_act(read_act(fields, agreement.tz, now), agreement))
            except (msgspec.DecodeError, RecursionError, InputError) as error:
                faults.append(Fault(str(error), name, number))
                if len(faults) >= 20:
                    faults.append(Fault("and perhaps more: reading stopped here", name, number))
                    break
    raise_all(faults, InputError)
    return found


def file_hash(path: Path) -> str:
    """SHA-256 of a file, without the whole file in memory."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(Fault(f"cannot be read: {error.strerror}", str(path))) from None
