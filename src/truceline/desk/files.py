"""From paths to an agreement and its evidence: what kind of file it is, by what it is read, what it held.

Clocks and files live on the desk and not below.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from truceline.agreement.history import checked_act, read_act
from truceline.agreement.model import Agreement, SignedAct
from truceline.agreement.text import load
from truceline.atlas import MOST_BYTES, Atlas, read_atlas
from truceline.canon import sha256
from truceline.errors import Fault, InputError, StoreError, quoted, raise_all
from truceline.evidence import own, reports, ucdp
from truceline.evidence.aliases import Aliases, read_aliases
from truceline.evidence.places import Placer
from truceline.evidence.reading import MOST_LINE, Manner, Read, lines_of, opened
from truceline.evidence.schema import SCHEMA, hash_table, rejected_table

CASE = "syria-2016"
ALIAS_TABLES = ("actors", "acts", "weapons", "places")
KINDS = ("reports", "ucdp", "observations", "acts", "areas")
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Bench:
    """What evidence is read by and judged on: one agreement with its areas and aliases.

    Attributes:
        tables: name of each file of areas and aliases to its SHA-256: they decide as much as the text does.
        warnings: what a reader of the answers has to know about them.
    """

    agreement: Agreement
    atlas: Atlas
    aliases: Aliases
    tables: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def manner(self, known_at: int, latest: int) -> Manner:
        """How to read evidence for this agreement."""
        agreement = self.agreement
        return Manner(
            agreement.tz, agreement.precision, self.aliases, Placer(self.atlas, agreement.precision), known_at, latest,
            agreement.acts,
        )  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """One file that was read.

    Attributes:
        acts: signed acts, when it held those instead of observations.
    """

    file: str
    kind: str
    sha256: str
    table: pa.Table
    rejected: pa.Table
    acts: tuple[SignedAct, ...] = ()

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
    used |= {**files, **areas}
    hashes = {file: sha256(content) for file, content in sorted(used.items())}
    spared = [f"`{file}` is not beside the agreement: that of the shipped case is used" for file in sorted(spare_used)]
    return Bench(agreement, atlas, aliases, hashes, (*agreement.warnings, *spared))


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


def detect(path: Path) -> str:
    """Which kind of file this is, by its first bytes.

    Raises:
        InputError: none that is known; `--as` forces one.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            if start == b"PAR1":
                return "observations" if set(SCHEMA.names) <= set(pq.read_schema(path).names) else "areas"
            file.seek(0)
            line = next(opened(file, path.name), b"")[:MOST_LINE].decode("utf-8-sig", "replace")
    except OSError as error:
        raise InputError(Fault(f"cannot be read: {error.strerror}", str(path))) from None
    except pa.ArrowException as error:
        raise InputError(Fault(f"not Parquet: {error}", str(path))) from None
    if ucdp.is_ucdp(line):
        return "ucdp"
    if reports.is_reports(line):
        return "reports"
    if '"act"' in line and '"at"' in line:
        return "acts"
    if '"FeatureCollection"' in line or path.suffix == ".geojson":
        return "areas"
    raise InputError(Fault(f"not a kind of file that is known: expected one of {', '.join(KINDS)}", str(path)))


def read_evidence(path: Path, bench: Bench, *, kind: str = "", known_at: int | None = None) -> Evidence:
    """Read one file of evidence or signed acts.

    Args:
        path: the file.
        bench: the agreement to read it by.
        kind: forces a kind; empty = by its first bytes.
        known_at: second of import; None = now.

    Raises:
        InputError: the file is not what it claims to be.
    """
    kind = kind or detect(path)
    now = int(time.time()) if known_at is None else known_at
    manner = bench.manner(now, now)
    digest = file_hash(path)
    with path.open("rb") as file:
        if kind == "acts":
            acts = tuple(_acts(file, path.name, bench.agreement, now))
            return Evidence(path.name, kind, digest, SCHEMA.empty_table(), rejected_table([]), acts)
        read = read_as(kind, file, path, manner)
    return Evidence(path.name, kind, digest, read.table, read.rejected)


def read_as(kind: str, file: BinaryIO, path: Path, manner: Manner) -> Read:
    """Read an open file as a kind of evidence."""
    if kind == "ucdp":
        return ucdp.read(opened(file, path.name), path.name, manner)
    if kind == "reports":
        return reports.read(opened(file, path.name), path.name, manner)
    if kind == "observations":
        return own.read(path.read_bytes(), path.name, manner)
    raise InputError(Fault(f"{kind} is no kind of evidence: expected one of {', '.join(KINDS[:3])}", str(path)))


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
