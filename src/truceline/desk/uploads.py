"""How does a file of a stranger become evidence? Through quarantine, a child that reads it, and a decision of the desk.

1. The bytes arrive in quarantine, capped, hashed on the way, under a random name; nothing is looked into.
2. What the secretariat uploads is read at once; what a party or a monitor offers waits until the desk takes or refuses
   it. Whether the case holds the file already, no answer tells whoever offers it.
3. A job reads the file in a child (`desk.childread`), keeps its rows, and the desk signs the entry that names them.
4. The file is removed from quarantine, whatever came of it; rejected rows stay a table that the uploader can fetch.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from truceline.canon import sha256
from truceline.desk import walls
from truceline.desk.cases import check_replaced, given_draft, table_draft
from truceline.desk.charters import clock_of
from truceline.desk.childread import EndedError, Found, Limits, Order, read_in_child, spare_tables
from truceline.desk.files import file_hash, read_bytes
from truceline.desk.jobs import Later, Work, job
from truceline.desk.keyring import config_folder, masked
from truceline.desk.records import Draft, append
from truceline.desk.runs import bench_of_case
from truceline.desk.settings import MIB, Settings
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import (
    AccessError,
    ConflictError,
    InputError,
    StateError,
    StoreError,
    TrucelineError,
    one_line,
    quoted,
    told,
)
from truceline.evidence.readers import READERS
from truceline.evidence.schema import salted, under_salt
from truceline.store.opened import is_server
from truceline.store.state import State
from truceline.store.state import uploads as rows
from truceline.store.state.uploads import ADDED, FAILED, GIVEN, TAKEN, WAITING, Upload

if TYPE_CHECKING:
    from truceline.desk.service import Service

READ = "read-evidence"
"""The kind of job that reads an upload."""

STEP = 4 * MIB
"""So much room is reserved at a time; as often it is looked how much the disk has left."""

MOST_WAYS = 2
"""Files of one account that may be on their way at once."""

MOST_MAPPING = 256 * 1024
MOST_NAME = 100
KINDS = (*READERS, "areas", "acts")
_ODD = re.compile(r"[^\w .()+-]")


@dataclass(frozen=True)
class How:
    """How an upload is to be read.

    Attributes:
        kind: forces a kind of file; empty = by its first bytes.
        mapping: which column means what, as YAML or JSON; empty = none.
        replaces: entries whose tables it takes the place of.
    """

    kind: str = ""
    mapping: bytes = b""
    replaces: tuple[int, ...] = ()


def harmless(name: str) -> str:
    r"""The name of a file of a stranger, as it may stand in a record: no folders, nothing that is not seen.

    >>> harmless("../../etc/\u202egpj.exe"), harmless("C:\\data\\march 2016.csv"), harmless("")
    ('_gpj.exe', 'march 2016.csv', 'file')
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = _ODD.sub("_", "".join(one if one.isprintable() else "_" for one in last)).strip(" .")
    return clean[-MOST_NAME:] or "file"


# -- arriving --------------------------------------------------------------------------------------------------------


class Ways:
    """What is on its way into quarantine: with what lies there already never more than there is room for.

    INVARIANT: a byte is written only where room was reserved for it, one after the other.
    """

    def __init__(self, state: State) -> None:
        """Nothing is on its way; `state` is that of the service."""
        del state
        self._turn = threading.Lock()
        self._owner: dict[str, str] = {}
        self._room: dict[str, int] = {}

    def begin(self, name: str, account: str) -> None:
        """A file of an account begins.

        Raises:
            StateError: it has so many on their way already.
        """
        with self._turn:
            if list(self._owner.values()).count(account) >= MOST_WAYS:
                raise StateError(f"expected at most {MOST_WAYS} files of yours on their way at once")
            self._owner[name], self._room[name] = account, 0

    def end(self, name: str) -> None:
        """It is gone."""
        with self._turn:
            self._owner.pop(name, None)
            self._room.pop(name, None)

    @contextlib.contextmanager
    def landing(self, name: str) -> Iterator[None]:
        """It comes to lie there: nobody counts meanwhile, so that it is counted once."""
        with self._turn:
            yield
            self._owner.pop(name, None)
            self._room.pop(name, None)

    def reserve(self, name: str, size: int, folder: Path, settings: Settings) -> int:
        """Room for `size` bytes more of a file.

        Returns:
            How many bytes it may have before it has to ask again.

        Raises:
            StoreError: there is no room in quarantine, or too little would be left on the disk for others.
        """
        with self._turn:
            written = {path.name.removesuffix(".part"): _size_of(path) for path in folder.iterdir()}
            ways = sum(self._room.values())
            lies = sum(one for path, one in written.items() if path not in self._room)
            unwritten = ways - sum(written.get(one, 0) for one in self._room)
            free = shutil.disk_usage(folder).free - settings.most_upload - unwritten
            left = min(settings.most_quarantine - lies - ways, free)
            if left < size:
                raise _no_room()
            self._room[name] += max(size, min(STEP, left))
            return self._room[name]


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # it was read, and is gone
        return 0


class Arrival:
    """A file on its way into quarantine: written and hashed piece by piece, gone unless it is kept.

    Attributes:
        id: random.
        size: bytes so far.
        is_listed: it has a row in the memory of the service.
    """

    def __init__(self, folder: Path, ways: Ways, settings: Settings, account: str) -> None:
        """Begin a file.

        Args:
            folder: of the quarantine.
            ways: what else is on its way there.
            settings: of the service.
            account: whose file it is.

        Raises:
            StateError: too many of this account are on their way. StoreError: it cannot be written.
        """
        self.id, self.size = secrets.token_hex(16), 0
        self.is_listed = False
        self._folder, self._ways, self._settings, self._room = folder, ways, settings, 0
        ways.begin(self.id, account)
        self._hash, self._path, self._part = hashlib.sha256(), folder / self.id, folder / f"{self.id}.part"
        try:
            self._file = os.fdopen(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
            self._room = ways.reserve(self.id, 1, folder, settings)
        except OSError as error:
            ways.end(self.id)
            raise _full(error) from None
        except StoreError:
            self.drop()
            raise

    def write(self, piece: bytes) -> None:
        """The next piece.

        Raises:
            StoreError: there is no more room for it.
        """
        self.size += len(piece)
        if self.size > self._room:
            self._room = self._ways.reserve(self.id, self.size - self._room, self._folder, self._settings)
        try:
            self._file.write(piece)
        except OSError as error:
            raise _full(error) from None
        self._hash.update(piece)

    def keep(self) -> str:
        """The file is whole, and lasts; gives its SHA-256."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            with self._ways.landing(self.id):
                self._part.replace(self._path)
        except OSError as error:
            raise _full(error) from None
        return self._hash.hexdigest()

    def drop(self) -> None:
        """Nothing of it is kept; a file that has its row belongs to that."""
        self._file.close()
        if self.is_listed:
            return
        for path in (self._part, self._path):
            path.unlink(missing_ok=True)
        self._ways.end(self.id)


def _no_room() -> StoreError:
    return StoreError("there is no room in quarantine")


def _full(error: OSError) -> StoreError:
    return StoreError(f"quarantine: cannot be written: {error.strerror}")


def quarantine(service: Service) -> Path:
    """Where files lie until they were read: for the user of the service alone."""
    where, named = service.where, service.settings.quarantine
    if named:
        folder = Path(named)
    elif is_server(where):
        folder = config_folder() / "quarantine" / sha256(service.name.encode())[:16]
    else:
        folder = Path(where.removeprefix("file://")) / "service" / "quarantine"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror}") from None
    return folder


def arriving(service: Service, viewer: Viewer, *, waits: bool = False) -> Arrival:
    """Begin to receive a file.

    Args:
        service: that takes it.
        viewer: who sends it.
        waits: it is an offer, which waits for the desk.

    Raises:
        ConflictError: too many offers of this account wait already. StateError: too many are on their way.
        StoreError: there is no room in quarantine.
    """
    most = service.settings.most_offers
    if waits and len(rows.listed(service.state, owner=viewer.account, states=(WAITING,), limit=most)) >= most:
        raise _too_many(service)
    return Arrival(quarantine(service), service.state.beside(Ways), service.settings, viewer.account)


def _too_many(service: Service) -> ConflictError:
    return ConflictError(f"{service.settings.most_offers} files of yours wait for the desk already")


def given(service: Service, viewer: Viewer, arrived: Arrival, name: str, how: How) -> Upload:
    """A file of the secretariat is whole: it is read next.

    Raises:
        InputError: it is not said how in a way that can be followed; nothing is kept then.
    """
    _check_how(how)
    check_replaced(service.case, how.replaces)
    one = _kept(service, viewer, arrived, name, state=GIVEN)
    return _to_read(service, one, viewer.account, how, before=GIVEN)


def offered(service: Service, viewer: Viewer, arrived: Arrival, name: str) -> Upload:
    """A file of a party or a monitor is whole: it waits for the desk.

    Raises:
        ConflictError: too many of this account wait already.
    """
    return _kept(service, viewer, arrived, name, state=WAITING)


def _kept(service: Service, viewer: Viewer, arrived: Arrival, name: str, *, state: str) -> Upload:
    if not arrived.size:
        raise InputError("expected a file, got nothing")
    digest = arrived.keep()
    one = Upload(
        arrived.id, viewer.account, viewer.party, harmless(name), arrived.size, digest, service.now(), state, "", ""
    )
    if not rows.add(service.state, one, most_waiting=service.settings.most_offers):
        raise _too_many(service)
    arrived.is_listed = True
    return one


def _check_how(how: How) -> None:
    """Refuse at once what no child has to be asked for."""
    if how.kind and how.kind not in KINDS:
        raise InputError(f"kind: expected one of {', '.join(KINDS)}, got {quoted(how.kind)}")
    if len(how.mapping) > MOST_MAPPING:
        raise InputError(f"mapping: expected at most {MOST_MAPPING} bytes")


# -- offers ----------------------------------------------------------------------------------------------------------


def own(service: Service, viewer: Viewer) -> list[Upload]:
    """The offers of whoever asks: `waiting`, `taken`, or `refused` with a reason.

    What the desk found in a file is not told: whether somebody else had entered it would be told with it.
    """
    found = rows.listed(service.state, owner=viewer.account)
    return [replace(one, state=TAKEN, why="") if one.state in (ADDED, FAILED) else one for one in found]


def waiting(service: Service) -> list[Upload]:
    """The offers that wait for the desk."""
    return rows.listed(service.state, states=(WAITING,))


def take(service: Service, viewer: Viewer, upload: str, how: How) -> Upload:
    """The desk takes an offer: it is read next.

    Raises:
        AccessError: nothing of this id waits.
    """
    _check_how(how)
    check_replaced(service.case, how.replaces)
    return _to_read(service, _waits(service, upload), viewer.account, how, before=WAITING)


def refuse(service: Service, upload: str, why: str) -> Upload:
    """The desk refuses an offer: whoever made it sees why, and the file is gone.

    Raises:
        AccessError: nothing of this id waits. InputError: no reason is given.
    """
    reason = one_line(why, 500)
    if not reason:
        raise InputError("why: expected a reason")
    one = _waits(service, upload)
    if not rows.move(service.state, upload, before=(WAITING,), after=rows.REFUSED, why=reason):
        raise AccessError(REFUSED)
    _gone(service, one.id)
    return replace(one, state=rows.REFUSED, why=reason)


def file_of(service: Service, upload: str) -> Path:
    """Where an offer that waits lies, for the desk to look at it.

    Raises:
        AccessError: nothing of this id waits.
    """
    return quarantine(service) / _waits(service, upload).id


def _waits(service: Service, upload: str) -> Upload:
    one = rows.find(service.state, upload)
    if one is None or one.state != WAITING:
        raise AccessError(REFUSED)
    return one


def _to_read(service: Service, one: Upload, account: str, how: How, *, before: str) -> Upload:
    if not rows.move(service.state, one.id, before=(before,), after=TAKEN):
        raise AccessError(REFUSED)
    if how.mapping:
        _mapping_of(service, one.id).write_bytes(how.mapping)
    made = service.jobs.defer(
        READ, job_owner=account, upload=one.id, kind=how.kind, replaces=list(how.replaces), is_offer=before == WAITING
    )
    rows.note_job(service.state, one.id, made)
    return replace(one, state=TAKEN, job=made)


def _mapping_of(service: Service, upload: str) -> Path:
    """Where the mapping of a file lies, beside it."""
    return quarantine(service) / f"{upload}.mapping"


def _gone(service: Service, upload: str) -> None:
    """Nothing of a file stays in quarantine."""
    for path in (quarantine(service) / upload, _mapping_of(service, upload)):
        path.unlink(missing_ok=True)


# -- reading ---------------------------------------------------------------------------------------------------------


@job(READ, attempts=3)
def _read(
    service: Service, work: Work, *, upload: str, kind: str, replaces: Sequence[int], is_offer: bool = False
) -> Mapping[str, Any]:
    """Read an upload, and let the desk sign what it holds."""
    one = rows.find(service.state, upload)
    path, mapping = quarantine(service) / upload, _mapping_of(service, upload)
    if one is None or one.state != TAKEN or not path.is_file():
        raise InputError("the file is not in quarantine any more")
    how = How(kind, mapping.read_bytes() if mapping.is_file() else b"", tuple(replaces))
    try:
        answer = _added(service, work, _named_of(one, is_offer=is_offer), path, how)
    except EndedError:
        raise Later from None
    except TrucelineError as error:
        if not isinstance(error, StoreError) or work.is_last:
            rows.move(service.state, upload, before=(TAKEN,), after=FAILED, why=told(error))
            _gone(service, upload)
        raise
    rows.move(service.state, upload, before=(TAKEN,), after=ADDED)
    _gone(service, upload)
    return answer


@dataclass(frozen=True)
class _Named:
    """A file, and how the record is told of it.

    Attributes:
        upload: as it was sent.
        name: in the record.
        salt: of the hashes in the record; empty = they are those of the file and of its rows.
    """

    upload: Upload
    name: str
    salt: str = ""

    @property
    def sha256(self) -> str:
        """The hash in the record."""
        return under_salt(self.upload.sha256, self.salt)


def _named_of(one: Upload, *, is_offer: bool) -> _Named:
    """Whoever seizes the laptop of a monitor holds the file: by its name and its bytes nobody finds it in the record.

    Name and salt are the same each time: a job that begins again signs nothing twice.
    """
    if not is_offer:
        return _Named(one, one.name)
    return _Named(one, f"offer-{masked(one.sha256, 'offer')[:12]}", masked(one.sha256, "salt of an offer")[:32])


def _added(service: Service, work: Work, one: _Named, path: Path, how: How) -> Mapping[str, Any]:
    case, salt = service.case, {"salt": one.salt} if one.salt else {}
    known = next((said for said in case.journal() if said.sha256 in (one.sha256, one.upload.sha256)), None)
    if known is not None:
        return {"entry": known.sequence, "is_new": False, "kind": known.kind, "rows": known.rows,
                "rejected": known.rejected, **salt}  # fmt: skip
    found = _found(service, work, one.upload, path, how)
    work.tell("signing", 0, 1)
    draft = _draft(service, one, path, how, found)
    (taken,) = append(case, [draft])
    work.tell("signed", 1, 1)
    return {"entry": taken.index, "is_new": True, "kind": found.kind, "rows": found.rows,
            "rejected": 0 if found.read is None else found.read.rejected.num_rows, **salt}  # fmt: skip


def _found(service: Service, work: Work, one: Upload, path: Path, how: How) -> Found:
    """What the file holds, as a child says."""
    case, settings = service.case, service.settings
    bench, limits = bench_of_case(case), Limits(settings.child_memory, settings.child_s, settings.child_s * 2.0)
    areas = {f"{added.sequence}-{added.file}": data for added, data in case.bytes_of("areas")}
    order = Order(
        one.name, how.kind, clock_of(case.charter())(), case.text().body["file"], spare_tables(case.agreement_files()),
        areas, how.mapping, limits.memory, limits.cpu_s, limits.file_bytes,
    )  # fmt: skip
    found = read_in_child(path, order, limits, bench, tell=work.tell, is_ending=lambda: work.is_ending)
    walls.tell(found.walls)
    return found


def _draft(service: Service, one: _Named, path: Path, how: How, found: Found) -> Draft:
    if found.read is None:
        if file_hash(path) != one.upload.sha256:
            raise StoreError("quarantine: the file is not the one that arrived")
        return given_draft(found.kind, one.name, read_bytes(path), found.rows)
    given_mapping = ("mapping.yaml", how.mapping) if how.mapping else None
    read = replace(found.read, table=salted(found.read.table, one.salt), rejected=salted(found.read.rejected, one.salt))
    return table_draft(
        service.case, found.kind, one.name, one.sha256, read=read, mapping=given_mapping, replaces=how.replaces
    )  # fmt: skip


def rejected_rows(
    service: Service, viewer: Viewer, job_id: str, *, after: int, limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """The rows that were not taken, by the job that read them.

    Args:
        service: whose job.
        viewer: who asks: the uploader, or the secretariat.
        job_id: of the job.
        after: so many rows are passed over.
        limit: how many at the most.

    Returns:
        Rows, each with file, line, id, field and reason; and whether there are more.

    Raises:
        AccessError: no such job of theirs has added a table.
    """
    one = service.jobs.seen_by(viewer, job_id)
    entry = (one.result or {}).get("entry")
    known = next((said for said in service.case.journal() if said.sequence == entry and said.rejected_hash), None)
    if one.name != READ or known is None:
        raise AccessError(REFUSED)
    data = service.case.checked_bytes(known.file, f"{known.rejected_hash}.rejected")
    table = pq.read_table(pa.BufferReader(data))
    return table.slice(after, limit).to_pylist(), table.num_rows > after + limit


def sweep(service: Service) -> int:
    """Remove from quarantine what nobody waits for any more, before anything arrives or is read.

    Returns:
        How many files: parts of files, files without a row, and those whose job has failed.
    """
    for one in rows.listed(service.state, states=(TAKEN,), limit=1_000_000):
        if one.job and service.jobs.status(one.job).state == "failed":
            rows.move(service.state, one.id, before=(TAKEN,), after=FAILED, why=service.jobs.status(one.job).error)
    kept = {one.id for one in rows.listed(service.state, states=rows.OPEN, limit=1_000_000)}
    gone = [path for path in quarantine(service).iterdir() if path.name.removesuffix(".mapping") not in kept]
    for path in gone:
        with contextlib.suppress(OSError):
            path.unlink()
    return len(gone)
