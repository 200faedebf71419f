"""What can a process do no longer, before it looks at a file of a stranger? A child seals itself, step by step.

1. `walls_up`, before anything else, while there is one thread: no new rights by starting programs; no network, where
   the kernel gives a name space of its own; of the disk only its own room to write, and the program's own files to
   read (Landlock); and an audit hook that ends any attempt to connect, to listen or to start a program.
2. `limits_down`, when all that is needed is loaded: memory, computing time, sizes of files, open files, new processes.

A kernel may refuse some of it: what stands is told. The limits and the hook always stand.

Source: Linux, landlock(7), unshare(2), setrlimit(2), prctl(2); PEP 578 for the hook.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

NETWORK, FILES, HOOK = "network", "files", "hook"
WALLS = (NETWORK, FILES, HOOK)
"""What can stand between a child and the rest; a test expects all of them where the kernel has them."""

DRAFT = "draft"
"""What is said to a child that is to look at a draft of an agreement, and not at a file of evidence."""

_NEW_USER, _NEW_NET, _NEW_IPC, _NEW_UTS = 0x10000000, 0x40000000, 0x08000000, 0x04000000
_NO_NEW_PRIVS, _DUMPABLE = 38, 4
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3
_FILES_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights on files each version of Landlock knows; from 5 on 16."""

_NO_EVENTS = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.",
    "os.kill", "http.", "urllib.", "ftplib.", "smtplib.", "webbrowser.", "sqlite3.enable_load_extension",
)  # fmt: skip
"""What a child has no business with; `socket.gethostname` and the like among them."""


def walls_up(room: Path) -> tuple[str, ...]:
    """Shut this process off; it must have one thread.

    Args:
        room: the one folder that it may write in.

    Returns:
        The walls that stand, of `WALLS`.
    """
    with contextlib.suppress(OSError):  # where memory ends, this process goes first, and not the service
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)
    found = []
    if _without_network(libc):
        found.append(NETWORK)
    if _within(libc, room):
        found.append(FILES)
    sys.addaudithook(_refuse)
    return (*found, HOOK)


def limits_down(*, memory: int, cpu_s: int, file_bytes: int) -> None:
    """Take from this process what it could use up; threads that it needs are running.

    Args:
        memory: bytes beyond what it holds now.
        cpu_s: seconds of computing from now on.
        file_bytes: of each file that it writes.
    """
    held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + cpu_s
    for what, most, last in (
        (resource.RLIMIT_AS, held + memory, 0), (resource.RLIMIT_CPU, until, 5), (resource.RLIMIT_FSIZE, file_bytes, 0),
        (resource.RLIMIT_NOFILE, 64, 0), (resource.RLIMIT_NPROC, 0, 0), (resource.RLIMIT_CORE, 0, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most + last))  # the first says so, the last kills


def _refuse(event: str, _given: object) -> None:
    """End whatever a child has no business with."""
    if event.startswith(_NO_EVENTS):
        raise PermissionError(f"{event}: not in here")


def _without_network(libc: ctypes.CDLL) -> bool:
    """Into name spaces of its own, where there is no network; as a user without rights, if that is needed."""
    bare = _NEW_NET | _NEW_IPC | _NEW_UTS
    return bool(libc.unshare(_NEW_USER | bare) == 0 or libc.unshare(bare) == 0)


def _within(libc: ctypes.CDLL, room: Path) -> bool:
    """Nothing of the disk but the room, and to read the program."""
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    files = (1 << _FILES_BY_VERSION.get(version, 16)) - 1
    attributes = struct.pack("=QQQ", files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = libc.syscall(_CREATE_RULESET, attributes, size, 0)
    if rules < 0:
        return False
    try:
        for path, rights in _allowed(room, files):
            _allow(libc, rules, path, rights)
        return bool(libc.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def _allowed(room: Path, files: int) -> Iterator[tuple[Path, int]]:
    yield room, files & ~_EXECUTE
    for path in _program():
        yield path, _EXECUTE | _READ_FILE | (_READ_FOLDER if path.is_dir() else 0)


def _program() -> Iterable[Path]:
    """Where the program and its libraries lie, and what the system has to say to every program."""
    own = [Path(one).resolve() for one in (sys.prefix, sys.base_prefix, *sys.path) if one]
    system = (
        "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/mime.types", "/dev/null", "/dev/urandom",
        "/sys/devices/system/cpu", "/proc/self/statm", "/proc/cpuinfo", "/proc/meminfo",
    )  # fmt: skip
    return [path for path in dict.fromkeys([*own, *map(Path, system)]) if path.exists() and path != Path("/")]


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    """Add a rule; a place that cannot be opened is not allowed, and nothing is lost by it."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        libc.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def _main() -> None:
    """What a child runs: the walls first; only then is anything loaded that could read a file."""
    walls = walls_up(Path.cwd())
    if sys.argv[1:] == [DRAFT]:
        from truceline.desk.childdraft import child as draft  # noqa: PLC0415  # not before the walls stand

        return draft()
    from truceline.desk.childread import child  # noqa: PLC0415  # likewise

    return child(walls)


if __name__ == "__main__":
    _main()
