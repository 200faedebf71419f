"""A private PostgreSQL cluster for the tests: a socket in a temporary folder, no port, ended with the process.

PostgreSQL does not run as root; then its programs run as `postgres`, or as `nobody`. Durability is left on, for the
store refuses a server without it; the folder lies in memory where it can.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest

ROLE = "truceline"
OWNER = "keeper"
TEMPLATE = "record_template"
SETTINGS = {
    "listen_addresses": "", "autovacuum": "off", "shared_buffers": "32MB", "max_connections": "40", "jit": "off",
    "max_wal_size": "256MB", "wal_level": "minimal", "max_wal_senders": "0",
}  # fmt: skip


def absent() -> str:
    """What is missing for a cluster; empty = nothing."""
    if _programs() is None:
        return "no PostgreSQL here: on Debian apt-get install postgresql"
    if os.getuid() == 0 and not _user():
        return "PostgreSQL does not run as root, and there is no user `postgres` or `nobody`"
    try:
        import alembic  # noqa: F401  # only whether it is there
        import psycopg  # noqa: F401
        import sqlalchemy  # noqa: F401
    except ModuleNotFoundError as error:
        return f"no {error.name} here: pip install 'truceline[server]'"
    return ""


@cache
def cluster() -> Cluster:
    """The one cluster of this test run; the test is skipped, by name, where there can be none."""
    missing = absent()
    if missing:
        pytest.skip(missing)
    return Cluster()


class Cluster:
    """A cluster that runs."""

    def __init__(self) -> None:
        """Make it, start it, and lay down an empty record that databases are copied from."""
        memory = Path("/dev/shm")  # noqa: S108  # the folder in it is made by mkdtemp
        is_roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 10**9
        self.room = Path(tempfile.mkdtemp(prefix="truceline-pg-", dir=memory if is_roomy else None))
        self._data = self.room / "data"
        self._count = 0
        atexit.register(self._end)
        if os.getuid() == 0:
            shutil.chown(self.room, _user())
        self._do("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-N", "--no-locale", "-E", "UTF8")
        self.start()
        self.sql(f"create role {OWNER} login", f"create role {ROLE} login", f"create database {TEMPLATE} owner {OWNER}")
        from truceline.store.server import migrate

        migrate(self.url(TEMPLATE, role=OWNER), ROLE)

    def start(self) -> None:
        """Start the server."""
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        self._do("pg_ctl", "-D", str(self._data), "-l", str(self.room / "log"), "-w", "-o",
                 f"{options} -c unix_socket_directories={self.room}", "start")  # fmt: skip

    def crash(self) -> None:
        """Stop the server as a power cut would: its memory is lost, its files are recovered at the next start."""
        self._do("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def url(self, database: str, *, role: str = ROLE, password: str = "") -> str:
        """How to reach a database as a role."""
        who = f"{role}:{quote(password)}" if password else role
        return f"postgresql://{who}@/{database}?host={quote(str(self.room))}"

    def database(self) -> str:
        """Another empty record; gives its name."""
        self._count += 1
        name = f"record_{self._count}"
        self.sql(f"create database {name} template {TEMPLATE} owner {OWNER}")
        return name

    def empty_database(self) -> str:
        """Another database without any tables; gives its name."""
        self._count += 1
        name = f"record_{self._count}"
        self.sql(f"create database {name} owner {OWNER}")
        return name

    def sql(self, *lines: str, database: str = "postgres", role: str = "postgres") -> list[tuple[object, ...]]:
        """Run statements, each by itself; gives what the last one found."""
        import psycopg

        found: list[tuple[object, ...]] = []
        with psycopg.connect(host=str(self.room), user=role, dbname=database, autocommit=True) as connection:
            for line in lines:
                done = connection.execute(line.encode())
                found = list(done.fetchall()) if done.description else []
        return found

    def _do(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL; as another user when we are root."""
        folder, user = _programs(), _user() if os.getuid() == 0 else None
        assert folder is not None, "`absent` is asked first"
        group = pwd.getpwnam(user).pw_gid if user else None
        done = subprocess.run(
            [str(folder / program), *arguments], cwd="/", check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, group=group,
            extra_groups=[] if user else None,
        )  # fmt: skip
        if done.returncode:
            log = self.room / "log"
            raise RuntimeError(f"{program}: {log.read_text()[-500:] if log.exists() else done.returncode}")

    def _end(self) -> None:
        """Stop the server and remove its folder."""
        if (self._data / "postmaster.pid").exists():
            self.crash()
        shutil.rmtree(self.room, ignore_errors=True)


def _programs() -> Path | None:
    """Folder of the newest PostgreSQL of Debian, or that of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    there = shutil.which("initdb")
    return found[-1].parent if found else Path(there).resolve().parent if there else None


def _user() -> str:
    known = {one.pw_name for one in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), "")
