"""How is a file of a stranger read without trusting it? In a child that can do nothing else, and is believed nothing.

1. The parent lays the order (the text and the tables that the file is read by) into an empty room, and starts a fresh
   interpreter there: no variables, no open files but the file itself, the lowest priority.
2. The child shuts itself off (`desk.childseal`), loads what reads, takes its limits, and only then looks at the file.
3. It writes rows and rejected rows as Parquet into its room, and says in one line what it found.
4. The parent waits no longer than allowed, and ends the child with all that it started.
5. What the child wrote is read as the work of a stranger: of the right columns, not too large, each row checked anew.

A child that crashes is one line, not a crash of the service.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import selectors
import signal
import stat
import subprocess  # of our own interpreter, with arguments of our own
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from truceline.atlas import read_features
from truceline.desk import childseal
from truceline.desk.files import ALIAS_TABLES, Bench, bench_of, kind_in, read_open, shipped
from truceline.errors import Fault, InputError, StoreError, TrucelineError, one_line
from truceline.evidence import own, sieve
from truceline.evidence.mapping import read_mapping
from truceline.evidence.reading import MOST_REJECTED, Read, without_closed
from truceline.evidence.schema import REJECTED, SCHEMA

MIB = 1024 * 1024
CHILD = Path(childseal.__file__)
"""What the fresh interpreter runs."""

ROWS, REFUSED_ROWS, ORDER = "rows.parquet", "rejected.parquet", "order"
MOST_SAID, MOST_LINE = 4 * MIB, MIB
MOST_ROWS = 5_000_000
GRACE_S = 2.0
SPARE = ("units.csv", "areas.geojson", *(f"{table}.csv" for table in ALIAS_TABLES))
"""What the shipped case supplies to a text that does not bring it; a child cannot look there."""

Tell = Callable[[str, int, int], None]


class EndedError(Exception):
    """The service is being stopped: the file is read when it is back."""


class Order(msgspec.Struct, frozen=True):
    """What a child is to read, and by what.

    Attributes:
        name: of the file, for messages.
        kind: forces a kind; empty = by its first bytes.
        known_at: second of import.
        text: name of the agreement among `files`.
        files: name to bytes of the text and of the tables beside it.
        areas: name to bytes of further areas.
        mapping: which column means what; empty = none was given.
        memory: bytes; `cpu_s`: seconds; `file_bytes`: of each file that it writes.
    """

    name: str
    kind: str
    known_at: int
    text: str
    files: dict[str, bytes]
    areas: dict[str, bytes]
    mapping: bytes
    memory: int
    cpu_s: int
    file_bytes: int


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a child.

    Attributes:
        what: `progress`, `done`, `refused` (the file), or `fault` (of the program).
        kind: of the file.
        rows: that it holds, where they are kept as given.
        faults: of the file: file, line, field, message of each.
        doing, done, of: how far it has come.
        walls: that stand around it.
    """

    what: str
    kind: str = ""
    rows: int = 0
    faults: tuple[tuple[str, int, str, str], ...] = ()
    doing: str = ""
    done: int = 0
    of: int = 0
    walls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """What a file holds.

    Attributes:
        kind: of the file.
        read: rows and rejected rows; None for areas and acts, which are kept as given.
        rows: how many.
        walls: that stood around the child.
    """

    kind: str
    read: Read | None
    rows: int
    walls: tuple[str, ...]


@dataclass(frozen=True)
class Limits:
    """How much a child may take.

    Attributes:
        memory: bytes beyond what the program itself takes.
        cpu_s: seconds of computing.
        wall_s: seconds by the clock.
        file_bytes: of each file that it writes.
    """

    memory: int = 2048 * MIB
    cpu_s: int = 600
    wall_s: float = 900.0
    file_bytes: int = 1024 * MIB


def spare_tables(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a text, with the tables of the shipped case that it does not bring."""
    return {**{name: data for name, data in shipped().items() if name in SPARE}, **files}


# -- the parent ------------------------------------------------------------------------------------------------------


def read_in_child(
    evidence: Path,
    order: Order,
    limits: Limits,
    bench: Bench,
    *,
    tell: Tell | None = None,
    is_ending: Callable[[], bool] = lambda: False,
) -> Found:
    """Read a file in a child.

    Args:
        evidence: the file.
        order: what is to be read, and by what.
        limits: how much the child may take.
        bench: the same agreement here, to check the rows by.
        tell: told how far it has come.
        is_ending: whether the service is being stopped.

    Raises:
        InputError: the file is refused, or takes more than it may. EndedError: the service is being stopped.
        StoreError: no child can be started.
    """
    with tempfile.TemporaryDirectory(prefix="truceline-child-") as folder, evidence.open("rb") as given:
        room = Path(folder)
        (room / ORDER).write_bytes(msgspec.msgpack.encode(order))
        child = started(room, given)
        try:
            said = heard(child, order.name, limits, tell, is_ending)
        finally:
            end(child)
        if said is None:
            raise InputError(Fault(how_it_ended(child, limits), order.name))
        if said.what == "refused":
            raise InputError(*(Fault(one_line(text), one_line(file), line, one_line(field, 80))
                               for file, line, field, text in said.faults[:100]))  # fmt: skip
        if said.what == "fault":
            raise InputError(Fault(f"the reader failed on it ({one_line(said.doing, 80)})", order.name))
        read = _taken(room, order, bench) if said.kind not in ("areas", "acts") else None
        return Found(said.kind, read, said.rows if read is None else read.table.num_rows, said.walls)


def started(room: Path, given: BinaryIO, *what: str) -> subprocess.Popen[bytes]:
    """A child that has nothing but a room of its own.

    Args:
        room: the folder that it may write in.
        given: its standard input.
        what: it is to do; nothing = to read evidence.

    Raises:
        StoreError: none can be started.
    """
    env = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_DISABLE_JIT": "1",
           "HOME": str(room), "TMPDIR": str(room)}  # fmt: skip
    try:
        return subprocess.Popen(  # noqa: S603  # our own interpreter and file
            [sys.executable, "-I", "-X", "utf8", "-B", str(CHILD), *what], stdin=given,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=room, env=env, close_fds=True,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise StoreError(f"no process can be started to read a file: {error.strerror}") from None


def heard(
    child: subprocess.Popen[bytes], name: str, limits: Limits, tell: Tell | None, is_ending: Callable[[], bool]
) -> Said | None:
    """The last word of a child; None where it had none.

    Args:
        child: that was started.
        name: of the file that it reads, for messages.
        limits: how much it may take.
        tell: told how far it has come.
        is_ending: whether the service is being stopped.

    Raises:
        InputError: it takes longer than it may. EndedError: the service is being stopped.
    """
    end, word = time.monotonic() + limits.wall_s, None
    for said in _lines(child, end, is_ending):
        if said.what == "progress":
            if tell is not None:
                tell(said.doing, said.done, said.of)
        else:
            word = said
    if time.monotonic() >= end:
        raise InputError(Fault(f"reading it takes more than {limits.wall_s:.0f} seconds", name))
    return word


def _lines(child: subprocess.Popen[bytes], end: float, is_ending: Callable[[], bool]) -> Iterator[Said]:
    """What a child says until it has ended; one that says what is no line of ours, or too much, is ended."""
    assert child.stdout is not None  # noqa: S101  # it was made a pipe
    kept, total = b"", 0
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ)
        while time.monotonic() < end and not is_ending():
            if not ready.select(min(0.5, max(0.0, end - time.monotonic()))):
                continue
            piece = os.read(child.stdout.fileno(), 65_536)
            if not piece:
                return
            *lines, kept = (kept + piece).split(b"\n")
            total += len(piece)
            if total > MOST_SAID or len(kept) > MOST_LINE:
                break
            try:
                yield from [msgspec.json.decode(line, type=Said) for line in lines]
            except msgspec.DecodeError:
                break
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)  # not by `Popen.kill`, which waits for what has ended: `end` does that
    if is_ending():
        raise EndedError


def end(child: subprocess.Popen[bytes]) -> None:
    """End a child with all that it started, and wait for it."""
    until = time.monotonic() + GRACE_S
    while not os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) and time.monotonic() < until:
        time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)  # before it is waited for: until then its number is nobody else's
    child.wait()
    if child.stdout is not None:
        child.stdout.close()


def how_it_ended(child: subprocess.Popen[bytes], limits: Limits) -> str:
    """Why a child had no last word, as far as its end says it."""
    code = child.returncode
    if code == -signal.SIGXCPU:
        return f"reading it takes more than {limits.cpu_s} seconds of computing"
    if code == -signal.SIGABRT:
        return f"reading it takes more than {limits.memory // MIB} MiB of memory, or breaks the reader"
    return f"the reader broke on it ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"


# -- what it wrote ---------------------------------------------------------------------------------------------------


def _taken(room: Path, order: Order, bench: Bench) -> Read:
    """The rows that a child wrote, as the work of a stranger.

    Raises:
        InputError: they are not what a reader gives.
    """
    table = _table(room / ROWS, SCHEMA, order, MOST_ROWS)
    rejected = _table(room / REFUSED_ROWS, REJECTED, order, MOST_REJECTED)
    manner = bench.manner(order.known_at, order.known_at)
    faults = sieve.sift(table.cast(own.WITH_NULLS), manner).faults
    if faults:
        raise _wrong(order, f"row {faults[0][0] + 1}: {faults[0][2].field}: {faults[0][2].reason}")
    if pc.count_distinct(table.column("id")).as_py() != table.num_rows:
        raise _wrong(order, "two rows have one id")
    if any(_longest(rejected.column(name)) > most for name, most in (("id", 80), ("field", 200), ("reason", 300))):
        raise _wrong(order, "a rejected row is longer than any")
    known = pa.array(np.full(table.num_rows, order.known_at), SCHEMA.field("known_at").type)
    at = table.schema.get_field_index("known_at")
    return without_closed(Read(table.set_column(at, "known_at", known), rejected), manner.tree, order.name)


def _table(path: Path, schema: pa.Schema, order: Order, most: int) -> pa.Table:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(opened, "rb") as file:
            kept = os.fstat(opened)
            if not stat.S_ISREG(kept.st_mode) or kept.st_size > order.file_bytes:
                raise _wrong(order, "no file of rows")
            parquet = pq.ParquetFile(file)
            meta = parquet.metadata
            size = sum(meta.row_group(group).total_byte_size for group in range(meta.num_row_groups))
            if meta.num_rows > most or size > order.file_bytes or not parquet.schema_arrow.equals(schema):
                raise _wrong(order, "other columns or more rows than any table of rows")
            table = parquet.read(use_threads=False)
            table.validate(full=True)
            return table
    except (OSError, pa.ArrowException, ValueError) as error:
        raise _wrong(order, f"rows that cannot be read: {one_line(str(error), 80)}") from None


def _longest(column: pa.ChunkedArray) -> int:
    return int(pc.max(pc.utf8_length(column)).as_py() or 0)


def _wrong(order: Order, why: str) -> InputError:
    return InputError(Fault(f"the reader gave what no reader gives: {why}", order.name))


# -- the child -------------------------------------------------------------------------------------------------------


def child(walls: tuple[str, ...]) -> None:
    """Read the file that is the standard input; the last line says what came of it.

    Args:
        walls: that stand around this process.
    """
    out = sys.stdout.buffer
    with contextlib.suppress(OSError):
        os.nice(10)
    order = msgspec.msgpack.decode(Path(ORDER).read_bytes(), type=Order)
    Path(ORDER).unlink()
    try:
        bench = bench_of(order.text, order.files[order.text], order.files.get, order.areas)
        _warm_up()
        childseal.limits_down(memory=order.memory, cpu_s=order.cpu_s, file_bytes=order.file_bytes)
        said = _read(order, bench, out)
    except TrucelineError as error:
        said = Said("refused", faults=tuple((f.file, f.line, f.field, f.message) for f in error.faults[:100]))
    except MemoryError:
        said = _refused(order, f"reading it takes more than {order.memory // MIB} MiB of memory")
    except OSError as error:
        is_large = error.errno == errno.EFBIG
        said = _refused(order, "its rows take more room than they may") if is_large else _fault(error)
    except Exception as error:
        said = _fault(error)
    _say(out, msgspec.structs.replace(said, walls=walls))
    sys.stdout.flush()
    os._exit(0)  # nothing of a stranger's file has to be tidied up


def _refused(order: Order, why: str) -> Said:
    return Said("refused", faults=((order.name, 0, "", why),))


def _fault(error: Exception) -> Said:
    return Said("fault", doing=type(error).__name__)


def _say(out: IO[bytes], said: Said) -> None:
    out.write(msgspec.json.encode(said) + b"\n")
    out.flush()


def _warm_up() -> None:
    """Start every thread that is needed: soon none can be."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    pq.write_table(pa.table({"n": [1]}), ROWS)
    pq.read_table(ROWS)
    Path(ROWS).unlink()


class _Watched(io.RawIOBase):
    """The standard input, which says how far it was read."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._size, self._told = out, os.fstat(0).st_size, 0.0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is a file."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """To a place of it."""
        return os.lseek(0, offset, whence)

    def tell(self) -> int:
        """Where it is."""
        return os.lseek(0, 0, os.SEEK_CUR)

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # any buffer
        """A piece of it."""
        piece = os.readv(0, [buffer])
        now = time.monotonic()
        if now - self._told > 0.5:
            self._told = now
            _say(self._out, Said("progress", doing="reading", done=self.tell(), of=self._size))
        return piece


def _read(order: Order, bench: Bench, out: IO[bytes]) -> Said:
    file = cast(BinaryIO, io.BufferedReader(_Watched(out), 1 << 18))
    kind = order.kind or kind_in(file, "", order.name, has_mapping=bool(order.mapping))  # its name decides nothing
    if kind == "areas":
        data = file.read()
        bench_of(order.text, order.files[order.text], order.files.get, {**order.areas, order.name: data})
        return Said("done", kind=kind, rows=len(read_features(data, order.name)))
    mapping = read_mapping(order.mapping, "mapping") if order.mapping else None
    evidence = read_open(file, order.name, bench, kind=kind, known_at=order.known_at, mapping=mapping)
    if kind == "acts":
        return Said("done", kind=kind, rows=len(evidence.acts))
    _say(out, Said("progress", doing="writing", done=1, of=2))
    pq.write_table(evidence.table.cast(SCHEMA), ROWS, compression="zstd")
    pq.write_table(evidence.rejected.cast(REJECTED), REFUSED_ROWS, compression="zstd")
    return Said("done", kind=kind, rows=evidence.table.num_rows)
