"""How is a case kept safe, and brought back? One file with everything that cannot be computed again, taken at any time.

    backup.json          the format, of which state of which record, and the hash of every other part
    record/entries       the entries, byte for byte; record/notes: the checkpoints and who cosigned them
    record/blobs/...     files that entries name, boxes of sealed bodies
    evidence/...         rows of evidence, and rows rejected
    state/...            accounts, audit, what waits: without sessions, invitations, jobs and files in quarantine

It is a tar, packed by zstd. Taken while the service runs it tells of one moment: first the memory is read as it is,
then the head, then what the head covers; of what comes later nothing is in it. No private key is in it: those of the
log, of the desk and of webhooks lie with the user's keys, and are copied by themselves.

What is restored is verified whole before it is called restored, in a folder as on a server, whichever it came from. A
record that is older than what its witnesses have seen went back: that is told, for everybody else will see it too.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
import struct
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import msgspec
import pyarrow as pa

from truceline import LAW, __version__
from truceline.desk.cosigners import shown_to
from truceline.desk.verifying import AskedToVerify, verify
from truceline.errors import Fault, InputError, StoreError, SubmissionError, TrucelineError, VerificationError, one_line
from truceline.record.bundle import policy_of
from truceline.record.checkpoint import Checkpoint, open_checkpoint
from truceline.record.entry import read_entry
from truceline.record.log import Edge, Refused
from truceline.record.note import Verifier
from truceline.record.register import SHREDDING
from truceline.store.case import ADDITIONS, Case, addition_of, charter_of
from truceline.store.folder import CaseFolder
from truceline.store.opened import create_case, is_server, named, open_case
from truceline.store.state import State, copies, open_state
from truceline.store.state.base import FILE, VERSION

FORMAT = 1
MANIFEST = "backup.json"
MOST_MANIFEST = 64 << 20
MOST_FRAME = 1 << 30
TRIES = 3
_FRAME = struct.Struct(">I")
_PART = re.compile(
    r"record/(entries|head|notes|refused)|record/blobs/[0-9a-f]{64}|state/[a-z_]{1,40}"
    r"|evidence/[0-9a-f]{64}\.[0-9a-f]{64}(\.rejected)?\.parquet",
    re.ASCII,
)


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One part of a backup: bytes, and their SHA-256."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup holds.

    Attributes:
        format: of the file.
        truceline: version of the program that made it.
        origin: of the record; `size`: how many entries; `root`: of their tree.
        made_at: UTC second.
        state: version of the memory of the service; None = there was none.
        parts: by name.
        law: what everything that is handed on says.
    """

    format: int
    truceline: str
    origin: str
    size: int
    root: str
    made_at: int
    state: int | None
    parts: dict[str, Part]
    law: str = LAW


# -- taken -----------------------------------------------------------------------------------------------------------


def backup(where: str, out: Path, *, now: int | None = None) -> dict[str, Any]:
    """Back a case up, whether a service runs over it or not.

    Args:
        where: path or URL of the case.
        out: the file; nothing lies there yet.
        now: UTC second; None = of this machine.

    Returns:
        The answer of `truceline backup --json`.

    Raises:
        StoreError: the case cannot be read, or the file not be written. VerificationError: the record does not hold.
    """
    if out.exists():
        raise StoreError(f"{out}: something lies there already")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
            room = Path(folder)
            manifest = _taken(where, room / "parts", int(time.time()) if now is None else now)
            packed = room / "packed"
            _pack(manifest, room / "parts", packed)
            digest = _hash_of(packed)
            packed.replace(out)
            _sync(out.parent)
    except OSError as error:
        raise StoreError(f"{out}: cannot be written: {error.strerror or error}") from None
    return {
        "case": named(where), "file": str(out), "bytes": out.stat().st_size, "sha256": digest,
        "origin": manifest.origin, "size": manifest.size, "root": manifest.root, "made_at": manifest.made_at,
        "state": manifest.state is not None, "parts": len(manifest.parts), "law": LAW,
    }  # fmt: skip


def _taken(where: str, room: Path, now: int) -> Manifest:
    """Lay the parts of a backup into a room."""
    with closing(open_case(where)) as case:
        state = _state_of(where)
        version = None
        if state is not None:
            with closing(state):
                _take_state(state, room / "state")
            version = VERSION
        for last in range(TRIES):
            head = _take_record(case, room)
            if _take_files(case, head.size, room) or last == TRIES - 1:
                break
            shutil.rmtree(room / "record")  # something was destroyed meanwhile, and a newer entry says so
    parts = {
        str(path.relative_to(room)): Part(path.stat().st_size, _hash_of(path))
        for path in sorted(room.rglob("*"))
        if path.is_file()
    }
    return Manifest(FORMAT, __version__, head.origin, head.size, head.root.hex(), now, version, parts)


def _state_of(where: str) -> State | None:
    """The memory of the service of a case; None where no service ever ran."""
    if not is_server(where) and not (Path(where.removeprefix("file://")) / FILE).is_file():
        return None
    try:
        return open_state(where)
    except StoreError as error:
        if is_server(where) and "is missing" in str(error):
            return None
        raise


def _take_state(state: State, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True)
    with copies.reading(state) as db:
        for name in copies.tables():
            columns, rows = copies.rows_of(db, name)
            with _Frames.new(folder / name) as frames:
                frames.add(msgspec.msgpack.encode(columns))
                for row in rows:
                    frames.add(msgspec.msgpack.encode(row))


def _take_record(case: Case, room: Path) -> Checkpoint:
    """The head and what it covers: entries, and checkpoints with their cosignatures."""
    folder, store = room / "record", case.store
    (folder / "blobs").mkdir(mode=0o700, parents=True)
    bare = store.head() or b""
    head = open_checkpoint(bare, Verifier.parse(case.charter().log)).checkpoint
    (folder / "head").write_bytes(bare)
    with _Frames.new(folder / "entries") as frames:
        for data in store.entries(0, head.size):
            frames.add(data)
    with _Frames.new(folder / "notes") as frames:
        for size in store.notes():
            if size <= head.size:
                frames.add(msgspec.msgpack.encode((size, store.note(size), list(store.cosignatures(size)))))
    with _Frames.new(folder / "refused") as frames:
        for one in store.refused():
            frames.add(msgspec.msgpack.encode(one))
    return head


def _take_files(case: Case, size: int, room: Path) -> bool:
    """What the entries name; whether all of it is there that is not destroyed as these entries have it."""
    store, missing, destroyed = case.store, set[int](), set[int]()
    for index, data in enumerate(_frames(room / "record" / "entries")):
        one = read_entry(data).statement
        if one.type == SHREDDING:
            destroyed.add(int(one.body["index"]))
        for digest in (*(blob.sha256 for blob in one.blobs), *(() if one.sealed is None else (one.sealed.box,))):
            path = room / "record" / "blobs" / digest
            try:
                if not path.exists():
                    path.write_bytes(store.blob(digest))
            except VerificationError:
                missing.add(index)
    (room / "evidence").mkdir(mode=0o700, exist_ok=True)
    files = case.table_files()
    for kind in ADDITIONS:
        for said in case.said(kind, size):
            addition = addition_of(said)
            for what in (addition.table_hash, f"{addition.rejected_hash}.rejected"):
                name = files.get(what)
                if name is not None and not (room / "evidence" / name).exists():
                    (room / "evidence" / name).write_bytes(case.checked_bytes(addition.file, what))
    return missing <= destroyed


def _pack(manifest: Manifest, parts: Path, out: Path) -> None:
    """Write the file: the manifest first, so that whoever reads it knows what has to come."""
    with out.open("xb") as raw:
        os.fchmod(raw.fileno(), 0o600)
        with pa.CompressedOutputStream(raw, "zstd") as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
            data = msgspec.json.encode(manifest)
            tar.addfile(_member(MANIFEST, len(data)), io.BytesIO(data))
            for name, part in manifest.parts.items():
                with (parts / name).open("rb") as file:
                    tar.addfile(_member(name, part.size), file)
    _sync(out)


def _member(name: str, size: int) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.mode = size, 0o600
    return made


# -- brought back ----------------------------------------------------------------------------------------------------


def restore(file: Path, where: str, *, asks_witnesses: bool = True) -> dict[str, Any]:
    """Bring a case back, into a folder or a database, and verify it whole.

    Args:
        file: a backup.
        where: a folder that is not there or empty; or a database whose tables are there and hold no record.
        asks_witnesses: ask the witnesses of the record whether they have seen more of it.

    Returns:
        The answer of `truceline restore --json`.

    Raises:
        InputError: it is no backup. VerificationError: it is damaged, or the record in it does not hold: nothing is
            left of it in a folder. StoreError: something lies there already, or it cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="truceline-restore-") as folder:
        room = Path(folder)
        manifest = _unpacked(file, room)
        _check_target(where, manifest)
        verified: list[dict[str, Any]] = []
        try:
            create_case(where, lambda case: _fill(case, room, manifest, verified)).close()
        except TrucelineError as error:
            if not is_server(where):
                folder_of = Path(where.removeprefix("file://"))
                shutil.rmtree(folder_of.with_name(folder_of.name + ".half"), ignore_errors=True)
            if isinstance(error, SubmissionError):
                raise VerificationError(f"the record in the backup does not hold: {error.faults[0]}") from None
            raise
        answer = _verified(where) if is_server(where) else verified[-1]  # on a server it was tried in a folder
        rows = _fill_state(where, room, manifest)
        warnings, against = _warnings(where, manifest, asks_witnesses=asks_witnesses)
    return {
        "case": named(where), "file": str(file), "origin": manifest.origin, "size": manifest.size,
        "root": manifest.root, "made_at": manifest.made_at, "state_rows": rows, "warnings": warnings,
        "against": against,
        "verified": {name: answer[name] for name in ("holds", "checked", "not_checked", "witnesses")}, "law": LAW,
    }  # fmt: skip


def _unpacked(file: Path, room: Path) -> Manifest:
    """Lay the parts of a backup into a room, each checked by its hash; nothing else is written."""
    if not file.is_file():
        raise InputError(Fault("cannot be read: no such file", str(file)))
    try:
        with (
            file.open("rb") as raw,
            pa.CompressedInputStream(raw, "zstd") as packed,
            tarfile.open(fileobj=packed, mode="r|") as tar,
        ):
            manifest = _manifest(tar, str(file))
            missing = dict(manifest.parts)
            while (member := tar.next()) is not None:
                part = missing.pop(member.name, None)
                if part is None or not member.isreg() or member.size != part.size:
                    raise VerificationError(Fault("holds what it does not speak of", str(file)))
                _lay(tar, member, part, room / member.name)
    except (OSError, tarfile.TarError, pa.ArrowException, EOFError, ValueError) as error:
        raise VerificationError(Fault(f"cannot be unpacked: {one_line(str(error), 80)}", str(file))) from None
    if missing:
        raise VerificationError(Fault(f"is not whole: {next(iter(missing))} is missing", str(file)))
    return manifest


def _manifest(tar: tarfile.TarFile, name: str) -> Manifest:
    first = tar.next()
    opened = None if first is None or first.name != MANIFEST else tar.extractfile(first)
    if first is None or opened is None or first.size > MOST_MANIFEST:
        raise InputError(Fault("no backup of a case", name))
    try:
        found = msgspec.json.decode(opened.read(), type=Manifest)
    except (msgspec.DecodeError, RecursionError):
        raise InputError(Fault("no backup of a case", name)) from None
    if found.format != FORMAT:
        raise InputError(Fault(f"expected a backup of format {FORMAT}, got {found.format}", name))
    if not all(_PART.fullmatch(part) for part in found.parts) or "record/entries" not in found.parts:
        raise InputError(Fault("no backup of a case: it names parts that none has", name))
    return found


def _lay(tar: tarfile.TarFile, member: tarfile.TarInfo, part: Part, path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, source = hashlib.sha256(), cast(IO[bytes], tar.extractfile(member))
    with path.open("xb") as file:
        while piece := source.read(1 << 20):
            digest.update(piece)
            file.write(piece)
    if digest.hexdigest() != part.sha256:
        raise VerificationError(f"the backup is damaged: {member.name}")


def _check_target(where: str, manifest: Manifest) -> None:
    """Refuse, before anything is written, a place whose memory is somebody's."""
    if manifest.state is None or not is_server(where):
        return
    with closing(open_state(where)) as state:
        if not copies.is_empty(state):
            raise StoreError(f"{named(where)}: expected a database without accounts")


def _fill(case: Case, room: Path, manifest: Manifest, verified: list[dict[str, Any]]) -> None:
    """Write a record and its tables where nothing lies yet; in a folder, verify all of it."""
    store, entries = case.store, room / "record" / "entries"
    log = Verifier.parse(charter_of(next(_frames(entries), b"")).log)
    head = (room / "record" / "head").read_bytes()
    said = open_checkpoint(head, log).checkpoint
    if (said.origin, said.size, said.root.hex()) != (manifest.origin, manifest.size, manifest.root):
        raise VerificationError("the backup speaks of another head than it holds")
    for path in sorted((room / "evidence").glob("*")):
        case.put_table(path.name, path.read_bytes())
    with store.writer():
        for path in sorted((room / "record" / "blobs").glob("*")):
            store.put_blob(path.name, path.read_bytes())
        for first, some in _batches(_frames(entries)):
            store.append(first, some)
        Edge.of_head(store, None, log)  # every full tile, out of the entries
        for size, note, lines in map(msgspec.msgpack.decode, _frames(room / "record" / "notes")):
            store.put_note(size, note)
            for line in lines:
                store.put_cosignature(size, line)
        refused = map(msgspec.msgpack.decode, _frames(room / "record" / "refused"))
        if rows := [Refused(one["at"], one["leaf"], one["why"]) for one in refused]:
            store.refuse(rows)
        store.swap_head(None, head)
        store.settle(manifest.size)
    case.index(0)
    if isinstance(case, CaseFolder):
        verified.append(_verified(str(case.path)))


def _verified(where: str) -> dict[str, Any]:
    """The answer of `verify`, of a case that holds.

    Raises:
        VerificationError: it does not.
    """
    answer = verify(where, AskedToVerify())
    if not answer["holds"]:
        raise VerificationError(*(Fault(one["message"], one["file"] or "") for one in answer["faults"]))
    return answer


def _batches(entries: Iterable[bytes], most: int = 4_096) -> Iterator[tuple[int, list[bytes]]]:
    first, batch = 0, list[bytes]()
    for data in entries:
        batch.append(data)
        if len(batch) == most:
            yield first, batch
            first, batch = first + len(batch), []
    if batch:
        yield first, batch


def _fill_state(where: str, room: Path, manifest: Manifest) -> int:
    if manifest.state is None:
        return 0

    def parts() -> Iterator[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]:
        known = [name for name in copies.tables() if (room / "state" / name).is_file()]
        others = [path.name for path in (room / "state").glob("*") if path.name not in known]
        for name in (*known, *others):
            frames = _frames(room / "state" / name)
            yield name, msgspec.msgpack.decode(next(frames), type=list[str]), map(msgspec.msgpack.decode, frames)

    with closing(open_state(where)) as state:
        return copies.fill(state, manifest.state, parts())


def _warnings(where: str, manifest: Manifest, *, asks_witnesses: bool) -> tuple[list[str], list[str]]:
    """What whoever restored a case has to know; and the witnesses for which nobody may go on with it."""
    found = []
    if manifest.state is not None:
        found.append("accounts are as they were: what was closed or changed since is open again; nobody is signed in")
    with closing(open_case(where)) as case:
        policy = policy_of(case.charter())
        asked = shown_to(case.store, policy) if asks_witnesses else None
    for name, why in asked.failed.items() if asked else ():
        if asked and name in asked.against:
            found.append(f"the witness {name} {why}: do not go on with this record")
        else:
            found.append(f"the witness {name} could not be asked, or does not cosign: {why}")
    return found, sorted(asked.against) if asked else []


# -- files -----------------------------------------------------------------------------------------------------------


@dataclass
class _Frames:
    """A file of pieces, each with its length before it."""

    file: IO[bytes]

    @classmethod
    @contextlib.contextmanager
    def new(cls, path: Path) -> Iterator[_Frames]:
        """A new one."""
        with path.open("xb") as file:
            yield cls(file)

    def add(self, data: bytes) -> None:
        """The next piece."""
        self.file.write(_FRAME.pack(len(data)) + data)


def _frames(path: Path) -> Iterator[bytes]:
    """The pieces of a file.

    Raises:
        VerificationError: it is cut off.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        while mark := file.read(_FRAME.size):
            size = _FRAME.unpack(mark)[0] if len(mark) == _FRAME.size else MOST_FRAME + 1
            data = file.read(size) if size <= MOST_FRAME else b""
            if len(data) != size:
                raise VerificationError(f"the backup is damaged: {path.name} is cut off")
            yield data


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check(file: Path) -> Mapping[str, Any]:
    """Bring a backup back into a folder that is thrown away, and verify it there.

    Raises:
        InputError, VerificationError, StoreError: as `restore`.
    """
    with tempfile.TemporaryDirectory(prefix="truceline-check-") as folder:
        found: Mapping[str, Any] = restore(file, str(Path(folder) / "case"), asks_witnesses=False)["verified"]
        return found
