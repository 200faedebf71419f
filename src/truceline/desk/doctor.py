"""What is wrong here, before somebody relies on it? This machine, a case, and a service that runs: one line each.

Nothing is changed. A check that cannot be made is a line, too; none of them ends the others.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from truceline.desk import keyring, walls
from truceline.desk.charters import keys_of
from truceline.desk.cosigners import Peer, Reply, shown_to
from truceline.desk.pages import browser
from truceline.desk.settings import LOCAL, Settings
from truceline.errors import InputError, StoreError, TrucelineError, VerificationError, one_line
from truceline.record.audit import Trust, audit
from truceline.record.bundle import policy_of
from truceline.span import utc_text
from truceline.store.case import Case
from truceline.store.disk import sync_folder
from truceline.store.opened import is_server, named, open_case
from truceline.store.state.base import FILE, open_state

WELL, LOOK, WRONG = "well", "look", "wrong"
LITTLE, TOO_LITTLE = 2 * 1024**3, 200 * 1024**2
"""Bytes left on a disk: look at it, and it is wrong."""

SLOW_MS = 50.0
SKEW_S = 30
"""By how much two clocks may differ: signed requests are refused beyond."""

BUILT = 1_767_225_600
"""2026-01-01: a clock before it was never set."""

ASK_S = 5.0
MOST = 64 * 1024
_REQUIREMENT = re.compile(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?>=([0-9.]+)")
_EXTRA = re.compile(r"extra == ['\"](\w+)['\"]")
EXIT = {"record": 6, "settings": 3}
"""The exit code where one of these is wrong; 7 where anything else is."""


class Sign(msgspec.Struct, frozen=True):
    """What one check found.

    Attributes:
        name: of the check.
        state: `well`, `look` = it works, and somebody should look at it, or `wrong`.
        said: one line.
    """

    name: str
    state: str
    said: str


@dataclass(frozen=True)
class Patient:
    """What is looked at.

    Attributes:
        where: a case, or the address of a service; empty = this machine alone.
        settings: reads those of the service.
        now: gives the UTC second.
    """

    where: str
    settings: Callable[[], Settings]
    now: Callable[[], int]


def examine(patient: Patient) -> list[Sign]:
    """Every check, in an order in which one that is wrong explains those after it."""
    found = [*_machine(patient)]
    if patient.where.startswith(("http://", "https://")):
        return [*found, *_tried("service", lambda: _service(patient))]
    if patient.where:
        found += _tried("store", lambda: _case(patient))
    return found


def exit_code(signs: Sequence[Sign]) -> int:
    """0 unless something is wrong."""
    wrong = [one.name for one in signs if one.state == WRONG]
    return next((EXIT[name] for name in ("record", "settings") if name in wrong), 7) if wrong else 0


def _tried(name: str, look: Callable[[], Iterator[Sign]]) -> Iterator[Sign]:
    """The lines of a check; one that fails is a line."""
    try:
        yield from look()
    except (TrucelineError, OSError) as error:
        yield Sign(name, WRONG, one_line(str(error)))


# -- this machine ----------------------------------------------------------------------------------------------------


def _machine(patient: Patient) -> Iterator[Sign]:
    yield Sign("python", WELL if sys.version_info >= (3, 11) else WRONG, sys.version.split()[0])
    yield _packages(is_server(patient.where))
    yield from _tried("settings", lambda: _settings(patient.settings()))
    yield _clock(patient.now())
    yield from _tried("keys", _keys)
    yield from _tried("walls", _walls)
    yield Sign("browser", *((WELL, "pictures can be made") if browser() else (LOOK, "no Chromium: no pictures")))


def _packages(has_server: bool) -> Sign:
    """What the program needs, by its own metadata."""
    extras = {"", "service", *(["server"] if has_server else [])}
    missing = []
    for line in metadata.requires("truceline") or []:
        extra, named_ = _EXTRA.search(line), _REQUIREMENT.match(line)
        if (extra[1] if extra else "") not in extras or named_ is None:
            continue
        try:
            version = metadata.version(named_[1])
        except metadata.PackageNotFoundError:
            missing.append(f"no {named_[1]}")
            continue
        if _numbers(version) < _numbers(named_[2]):
            missing.append(f"{named_[1]} {version}: expected {named_[2]} or later")
    return Sign("packages", WRONG if missing else WELL, one_line(", ".join(missing)) or "all there")


def _numbers(version: str) -> tuple[int, ...]:
    """A version as numbers.

    >>> _numbers("2.10.0rc1") > _numbers("2.9")
    True
    """
    return tuple(int(one) for one in re.findall(r"\d+", version)[:3])


def _settings(settings: Settings) -> Iterator[Sign]:
    is_open = settings.host not in LOCAL
    if not settings.origin:
        said = "no origin: nobody but this machine can sign in"
        yield Sign(
            "settings", WRONG if is_open else LOOK, said + (f", yet it listens on {settings.host}" if is_open else "")
        )
    elif not settings.is_https:
        yield Sign("settings", LOOK, f"{settings.origin}: without TLS, for this machine only")
    elif not settings.proxies and not is_open:
        yield Sign("settings", LOOK, "`proxies` is empty: behind a proxy all readers count as one")
    else:
        yield Sign("settings", WELL, settings.origin)


def _walls() -> Iterator[Sign]:
    """What stands around a child that reads files of strangers."""
    lost = walls.missing(walls.walls_here())
    said = f"a child that reads files of strangers is not shut off: {lost}" if lost else "around whoever reads a file"
    yield Sign("walls", LOOK if lost else WELL, said)


def _clock(now: int) -> Sign:
    said = f"{utc_text(now)}"
    return Sign("clock", WELL if now > BUILT else WRONG, said if now > BUILT else f"{said}: was never set")


def _keys() -> Iterator[Sign]:
    """The folder of private keys: for their user alone."""
    folder = keyring.config_folder() / "keys"
    if not folder.is_dir():
        yield Sign("keys", LOOK, "this machine holds none")
        return
    loose = [path.name for path in (folder, *sorted(folder.glob("*.key"))) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if loose:
        yield Sign("keys", WRONG, f"others may read {', '.join(loose[:3])}: chmod go= them, and think of them as known")
        return
    yield Sign("keys", WELL, f"{len(keyring.keys())} of this user alone")


# -- a case ----------------------------------------------------------------------------------------------------------


def _case(patient: Patient) -> Iterator[Sign]:
    where = patient.where
    with contextlib.closing(open_case(where)) as case:
        yield Sign("store", WELL, f"{named(where)}: {len(case.entries())} entries")
        yield from _tried(
            "disk", lambda: _server(where, patient.now()) if is_server(where) else _disk(Path(case.where))
        )
        if not is_server(where):
            yield from _tried("memory", lambda: _memory(Path(case.where)))
        yield from _tried("log keys", lambda: _log_keys(case))
        yield from _tried("time", lambda: _time(case, patient.now()))
        yield from _tried("record", lambda: _record(case))
        yield from _tried("witnesses", lambda: _witnesses(case))


def _disk(folder: Path) -> Iterator[Sign]:
    """Whether a folder keeps what is written to it, and has room."""
    begun = time.perf_counter()
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as probe:
        probe.write(b"x" * 4_096)
        probe.flush()
        os.fsync(probe.fileno())
        sync_folder(folder)
    took_ms = (time.perf_counter() - begun) * 1000
    if _is_memory(folder):
        yield Sign("disk", WRONG, "this disk is in memory: a power cut takes the case")
    else:
        yield Sign("disk", LOOK if took_ms > SLOW_MS else WELL, f"a durable write takes {took_ms:.1f} ms")
    left = os.statvfs(folder)
    free = left.f_bavail * left.f_frsize
    state = WRONG if free < TOO_LITTLE else LOOK if free < LITTLE else WELL
    yield Sign("space", state, f"{free / 1024**3:.1f} GiB left")


def _is_memory(folder: Path) -> bool:
    """Whether a folder lies on a disk that is none, by the longest mount point above it."""
    try:
        lines = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return False
    path = str(folder.resolve())
    above = [(len(one[1]), one[2]) for one in lines if path == one[1] or path.startswith(one[1].rstrip("/") + "/")]
    return max(above)[1] in ("tmpfs", "ramfs") if above else False


def _server(where: str, now: int) -> Iterator[Sign]:
    found = import_module("truceline.store.server.looked").look(where)
    said = f"PostgreSQL {found.version}"
    if not found.is_durable:
        yield Sign("disk", WRONG, f"{said}: what it writes is lost in a power cut (fsync, full_page_writes)")
    else:
        yield Sign("disk", WELL, said)
    yield Sign("line", *((WELL, "encrypted, or on this machine") if found.is_encrypted else
                         (LOOK, "not encrypted: across any network add ?sslmode=verify-full")))  # fmt: skip
    yield Sign("memory", *((WELL, "there is room for what the service remembers") if found.has_room else
                           (WRONG, "no room for it: run `python -m truceline.store.server` as the owner")))  # fmt: skip
    yield Sign("postgis", *((WELL, found.postgis) if found.postgis else (LOOK, "not there: no tables for GIS people")))
    yield _skew("database clock", found.now, now)


def _skew(name: str, theirs: int, ours: int) -> Sign:
    off = theirs - ours
    return Sign(
        name, WELL if abs(off) <= SKEW_S else WRONG, f"{abs(off)} s {'ahead' if off > 0 else 'behind'} of this one"
    )


def _memory(folder: Path) -> Iterator[Sign]:
    """What a service remembers beside the record, if one was ever begun here."""
    path = folder / FILE
    if not path.exists():
        yield Sign("memory", WELL, "none yet: a service makes it when it first begins")
        return
    if any(stat.S_IMODE(one.stat().st_mode) & 0o077 for one in (path, path.parent)):
        yield Sign("memory", WRONG, f"others may read {FILE.parent}: chmod -R go= it")
        return
    with contextlib.closing(open_state(folder)) as state, state.read():
        yield Sign("memory", WELL, "it can be read, by this user alone")


def _log_keys(case: Case) -> Iterator[Sign]:
    try:
        keys_of(case.charter())
    except StoreError:
        yield Sign("log keys", LOOK, "not on this machine: the case can be read and verified here, not written")
        return
    is_demo = case.charter().is_demo
    yield Sign("log keys", LOOK if is_demo else WELL, "published demo keys, worth nothing" if is_demo else "held here")


def _time(case: Case, now: int) -> Iterator[Sign]:
    """The newest entry cannot be of the future."""
    last = max((said.known_at for said in case.entries()), default=0)
    state = WELL if last <= now + SKEW_S else WRONG
    yield Sign("time", state, f"the newest entry is of {utc_text(last)}" + ("" if state == WELL else ", in the future"))


def _record(case: Case) -> Iterator[Sign]:
    try:
        found = audit(case.source(), Trust(with_signatures=False))
    except VerificationError as error:
        yield Sign("record", WRONG, one_line(str(error)))
        return
    if found.faults:
        yield Sign("record", WRONG, f"{len(found.faults)} faults: {one_line(str(found.faults[0]), 120)}: ask `verify`")
    else:
        yield Sign("record", WELL, f"{found.size} entries hold by their hashes; `verify` looks at signatures, too")


def _witnesses(case: Case) -> Iterator[Sign]:
    asked = {name: url for name, (_, url) in policy_of(case.charter()).witnesses.items() if url}
    if not asked:
        yield Sign("witnesses", LOOK, "the record names none that can be asked: nobody sees a second record")
    shown = shown_to(case.store, policy_of(case.charter()))
    for name, url in asked.items():
        if name in shown.against:
            yield Sign("witnesses", WRONG, f"{name} {one_line(shown.failed[name])}: do not go on with this record")
            continue
        try:
            _asked(url, "/")
        except TrucelineError as error:
            yield Sign("witnesses", WRONG, f"{name}: {one_line(str(error))}")
        else:
            yield Sign("witnesses", WELL, f"{name} answers")


# -- a service -------------------------------------------------------------------------------------------------------


def _service(patient: Patient) -> Iterator[Sign]:
    """A service that runs, as a stranger sees it."""
    url = patient.where
    if url.startswith("http://") and urlsplit(url).hostname not in LOCAL:
        yield Sign("tls", WRONG, "expected https: anybody on the way reads along")
    reply = _asked(url, "/health/ready")
    try:
        told = msgspec.json.decode(reply.body, type=_Ready)
    except msgspec.DecodeError:
        raise InputError(f"{url}: no service of ours answers there ({reply.status})") from None
    yield Sign("service", WELL if told.ready else WRONG, "ready" if told.ready else "not ready")
    for one in told.checks:
        yield Sign(one.name, WELL if one.is_well else WRONG, one_line(one.said))
    weak = [name for name in ("content-security-policy", "x-content-type-options") if name not in reply.headers]
    if url.startswith("https://") and "strict-transport-security" not in reply.headers:
        weak.append("strict-transport-security")
    yield Sign("headers", WRONG if weak else WELL, f"missing: {', '.join(weak)}" if weak else "as they should be")
    metrics = _asked(url, "/metrics").status
    is_near = urlsplit(url).hostname in LOCAL
    if metrics == 200 and not is_near:
        yield Sign("metrics", WRONG, "everybody may read them: is the proxy a program of this machine?")


class _Told(msgspec.Struct):
    name: str
    is_well: bool
    said: str


class _Ready(msgspec.Struct):
    ready: bool
    checks: list[_Told]


def _asked(url: str, path: str) -> Reply:
    """One question to a server.

    Raises:
        StoreError: no answer in time. InputError: it is no address.
    """
    with contextlib.closing(Peer(url)) as peer:
        return peer.ask("GET", path, most=MOST, until=time.monotonic() + ASK_S)
