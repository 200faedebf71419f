"""PostGIS: rows and zones in tables, an index on the points, the join driven by the zones.

The rows are copied into their table before the clock starts, as into any store. The clock covers the zones, the index
on the points, ANALYZE, the join and the pairs, which come back in binary. The server has a cluster of its own in a
temporary folder, a socket and no port, one worker, and no flushing to disk.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from bench.peers import Found
from bench.rows import Rows
from bench.zones import Zones

NOTE = "rows loaded before the clock; zones, GiST index on the points, ANALYZE, join inside; one server process"
OWNER = "postgres"
SETTINGS = {
    "listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "jit": "off",
    "max_parallel_workers_per_gather": "0", "max_parallel_maintenance_workers": "0", "shared_buffers": "1GB",
    "work_mem": "256MB", "maintenance_work_mem": "512MB", "max_wal_size": "8GB", "autovacuum": "off",
}  # fmt: skip
ROWS = "CREATE TABLE observed (row int4, altitude_m int2, time_s int8, g geometry(Point))"
GIVEN = "CREATE UNLOGGED TABLE given (row int4, x int4, y int4, altitude_m int2, time_s int8)"
ZONES = "CREATE TABLE zones (zone int4, g geometry, low_m int4, high_m int4, start_s int8, end_s int8)"
JOIN = """
SELECT r.row, z.zone FROM zones AS z JOIN observed AS r ON ST_Intersects(z.g, r.g)
 AND r.altitude_m BETWEEN z.low_m AND z.high_m AND r.time_s >= z.start_s AND r.time_s < z.end_s
"""
HEAD, TAIL = 19, 2
PAIR = np.dtype([("fields", ">i2"), ("size", ">i4"), ("row", ">i4"), ("size2", ">i4"), ("zone", ">i4")])
"""One row of COPY in binary: number of fields, then length and value of each.

Source: PostgreSQL documentation, COPY, "Binary Format".
"""


def absent() -> str:
    """Why PostGIS cannot be measured here; empty when it can."""
    if not _programs():
        return "PostgreSQL is not installed (make bench-servers installs it on Debian)"
    if not any(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        return "PostGIS is not installed (make bench-servers installs it on Debian)"
    if os.getuid() == 0 and not (shutil.which("runuser") and _has_owner()):
        return "PostgreSQL does not run as root, and there is no user `postgres` to run it as"
    return ""


class Peer:
    """A cluster, started with the engine and ended with the process."""

    def __init__(self) -> None:
        """Make the cluster and start it."""
        self._room = Path(tempfile.mkdtemp(prefix="truceline-bench-"))
        self._data = self._room / "data"
        atexit.register(self._end)
        if os.getuid() == 0:
            shutil.chown(self._room, OWNER)
        self._do("initdb", "-D", str(self._data), "-U", OWNER, "-A", "trust", "-N", "--no-locale", "-E", "UTF8")
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options += f" -c unix_socket_directories={self._room}"
        self._do("pg_ctl", "-D", str(self._data), "-l", str(self._room / "log"), "-w", "-o", options, "start")
        self._sql("CREATE EXTENSION postgis")

    def load(self, rows: Rows) -> None:
        """Copy the rows in and make their points."""
        self._sql(f"DROP TABLE IF EXISTS observed; DROP TABLE IF EXISTS given; {GIVEN}; {ROWS}")
        self._copy(rows.arrow(), "given")
        self._sql("INSERT INTO observed SELECT row, altitude_m, time_s, ST_Point(x, y) FROM given; DROP TABLE given")

    def prepare(self, zones: Zones) -> None:
        """Copy the zones in and lay the index on the points."""
        table = zones.arrow()
        hexes = pa.array([wkb.hex() for wkb in table["wkb"].to_pylist()])
        self._sql(f"DROP TABLE IF EXISTS zones; {ZONES}; DROP INDEX IF EXISTS by_place")
        self._copy(table.set_column(1, "wkb", hexes), "zones")
        self._sql("CREATE INDEX by_place ON observed USING gist (g); ANALYZE observed; ANALYZE zones")

    def run(self) -> Found:
        """Join, and read the pairs."""
        command = f"COPY ({JOIN}) TO STDOUT (FORMAT binary)"
        told = self._do("psql", *self._link, "-c", command, binary=True)
        pairs = np.frombuffer(told[HEAD : len(told) - TAIL], PAIR)
        return Found(pairs["row"].astype(np.int32), pairs["zone"].astype(np.int32))

    @property
    def _link(self) -> tuple[str, ...]:
        return ("-h", str(self._room), "-U", OWNER, "-d", "postgres", "-X", "-q", "-v", "ON_ERROR_STOP=1")

    def _sql(self, text: str) -> None:
        self._do("psql", *self._link, "-c", text)

    def _copy(self, table: pa.Table, name: str) -> None:
        path = self._room / "copy.csv"
        pacsv.write_csv(table, path, pacsv.WriteOptions(include_header=False))
        path.chmod(0o644)
        self._sql(f"COPY {name} FROM '{path}' (FORMAT csv)")
        path.unlink()

    def _do(self, program: str, *arguments: str, binary: bool = False) -> bytes:
        """Run a program of PostgreSQL, as its own user when we are root; what it printed."""
        user = ["runuser", "-u", OWNER, "--"] if os.getuid() == 0 else []
        folder = _programs()
        assert folder is not None, "`absent` is asked first"
        done = subprocess.run(  # noqa: S603  # programs of PostgreSQL with arguments of our own
            [*user, str(folder / program), *arguments], cwd="/", capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout if binary else b""

    def _end(self) -> None:
        """Stop the server and remove its folder."""
        if (self._data / "postmaster.pid").exists():
            self._do("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._room, ignore_errors=True)


def _programs() -> Path | None:
    """Folder of the newest PostgreSQL of Debian, or that of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    there = shutil.which("initdb")
    return found[-1].parent if found else Path(there).parent if there else None


def _has_owner() -> bool:
    lines = Path("/etc/passwd").read_text(encoding="utf-8").splitlines()
    return any(line.startswith(f"{OWNER}:") for line in lines)
