from __future__ import annotations

import gzip
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.evidence.test_sheet import CALL, ENTITIES, HEAD, OUTSIDE, TEXT, csv_of
from truceline.desk import childread, childseal, walls
from truceline.desk.childread import EndedError, Found, Limits, Order, read_in_child, spare_tables
from truceline.desk.files import Bench, bench_of, shipped
from truceline.errors import InputError, TrucelineError
from truceline.evidence import readers
from truceline.evidence.schema import REJECTED, SCHEMA, rejected_table

NOW = 1_700_000_000
FILES = spare_tables(shipped())
LIMITS = Limits(memory=1 << 30, cpu_s=30, wall_s=60.0, file_bytes=64 << 20)
MAPPING = TEXT.encode()


def bench() -> Bench:
    """The shipped agreement."""
    return bench_of("agreement.yaml", FILES["agreement.yaml"], FILES.get, {})


def order(name: str, limits: Limits = LIMITS, mapping: bytes = b"") -> Order:
    """To read a file by the shipped agreement."""
    return Order(
        name, "", NOW, "agreement.yaml", FILES, {}, mapping, limits.memory, limits.cpu_s, limits.file_bytes
    )  # fmt: skip


def read(data: bytes, name: str = "given", limits: Limits = LIMITS, mapping: bytes = b"") -> Found:
    """What a child makes of a file."""
    with tempfile.NamedTemporaryFile(prefix="truceline-test-") as file:
        file.write(data)
        file.flush()
        return read_in_child(Path(file.name), order(name, limits, mapping), limits, bench())


def book(*cells: str) -> bytes:
    """A workbook with one row of calls."""
    import openpyxl

    made, out = openpyxl.Workbook(), io.BytesIO()
    assert made.active is not None
    for row in (HEAD, list(cells)):
        made.active.append(row)
    made.save(out)
    return out.getvalue()


def zipped(**files: bytes) -> bytes:
    """A zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name.replace("_", "."), data)
    return out.getvalue()


def with_part(data: bytes, name: str, body: bytes) -> bytes:
    """A workbook with another part of a name."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in [*old.namelist(), *([name] if name not in old.namelist() else [])]:
            new.writestr(one, body if one == name else old.read(one))
    return out.getvalue()


def zip_bomb() -> bytes:
    """A zip of a hundred entries that unpack to a thousand times their size."""
    return zipped(**{f"{n}_xml": b"<x>" + b" " * 1_048_000 + b"</x>" for n in range(100)})


NESTED = b'{"type":"FeatureCollection","features":[' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"]}"
REPORTS = shipped()["reports.jsonl"]

HOSTILE: Mapping[str, tuple[Callable[[], bytes], bytes, str]] = {
    "nothing": (lambda: b"", b"", "empty"),
    "noise": (lambda: random.Random(20160227).randbytes(100_000), b"", "not a kind of file that is known|looks like"),
    "gzip bomb": (lambda: gzip.compress(REPORTS.split(b"\n")[0] + (b" " * 1023 + b"\n") * (100 << 10)), b"", "bomb"),
    "zip bomb": (zip_bomb, b"", "bomb"),
    "workbook bomb": (lambda: with_part(book(*CALL), "xl/media/zeros.bin", b"\0" * (80 << 20)), MAPPING, "bomb"),
    "entities": (lambda: with_part(book(*CALL), "xl/workbook.xml", ENTITIES + b"<workbook/>"), MAPPING, "entities"),
    "a way out": (lambda: with_part(book(*CALL), "xl/workbook.xml", OUTSIDE + b"<workbook/>"), MAPPING, "entities"),
    "nested features": (lambda: NESTED, b"", "GeoJSON|nested|expected|broken"),
    "one line": (lambda: REPORTS[:100] + b" " * (3 << 20), b"", "expected|line|not a"),
    "polyglot": (lambda: zipped(a_txt=b"x") + REPORTS, b"", "a zip"),
    "mapping of nonsense": (lambda: csv_of({}), b"mapping: 1\nfields: {id: [[[[", "mapping"),
}  # fmt: skip


@pytest.fixture(scope="module")
def results() -> Mapping[str, Found | TrucelineError]:
    """What children made of the files of this module, some at a time."""

    def one(name: str) -> Found | TrucelineError:
        if name == "reports":
            return read(REPORTS, "reports.jsonl")
        if name == "formulas":
            sheet = csv_of({"What": "=HYPERLINK(A1)"}, {"Ref": "8", "Killed": "=1+1"}, {})
            return read(sheet, "calls.csv", mapping=MAPPING)
        if name == "areas":
            return read(shipped()["areas.geojson"], "more.geojson")
        made, mapping, _ = HOSTILE[name]
        try:
            return read(made(), "given.jsonl", mapping=mapping)
        except TrucelineError as error:
            return error

    names = ["reports", "formulas", "areas", *HOSTILE]
    with ThreadPoolExecutor(3) as pool:
        return dict(zip(names, pool.map(one, names), strict=True))


def test_a_child_reads_what_the_reader_reads(results: Mapping[str, Found | TrucelineError]) -> None:
    """The same rows, row by row: the walls change nothing of what a file says."""
    found = results["reports"]
    assert isinstance(found, Found) and found.read is not None
    wanted = readers.read("reports", io.BytesIO(REPORTS), "reports.jsonl", bench().manner(NOW, NOW))
    assert found.read.table.equals(wanted.table) and found.read.rejected.equals(wanted.rejected)
    assert (found.kind, found.rows) == ("reports", wanted.table.num_rows)


def test_every_wall_stands_that_the_kernel_has(results: Mapping[str, Found | TrucelineError]) -> None:
    """On this machine, at least the limits and the hook; where the kernel has more, more."""
    found = results["reports"]
    assert isinstance(found, Found) and childseal.HOOK in found.walls
    has_landlock = Path("/sys/kernel/security/lsm").exists() and "landlock" in Path(
        "/sys/kernel/security/lsm"
    ).read_text(encoding="ascii")
    assert childseal.FILES in found.walls or not has_landlock


def test_what_does_not_stand_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Once in the log, in words for whoever looks after the service; where all stand there is nothing to tell."""
    assert walls.missing(childseal.WALLS) == ""
    assert childseal.HOOK in walls.walls_here()
    for _ in range(2):
        walls.tell((childseal.HOOK, childseal.NETWORK))
        walls.tell(childseal.WALLS)
    assert [one.getMessage() for one in caplog.records] == [
        "a child that reads files of strangers is not shut off: it can read what the service can read (Landlock)"
    ]


def test_a_child_goes_before_the_service_where_memory_ends(tmp_path: Path) -> None:
    """What a stranger's file takes up ends whoever reads it, not the service."""
    path = Path(f"/proc/{os.getpid()}/oom_score_adj")
    if not path.exists():
        pytest.skip("no such choice here")
    script = SEALED.format(seal=str(Path(childseal.__file__)), act="import time; time.sleep(20)")
    with subprocess.Popen(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline()
        try:
            assert Path(f"/proc/{process.pid}/oom_score_adj").read_text(encoding="ascii").strip() == "1000"
        finally:
            process.kill()


def test_areas_are_counted_and_kept_as_given(results: Mapping[str, Found | TrucelineError]) -> None:
    """They are no rows of evidence."""
    found = results["areas"]
    assert isinstance(found, Found)
    assert (found.kind, found.read) == ("areas", None)
    assert found.rows == len(json.loads(shipped()["areas.geojson"])["features"])


def test_a_formula_is_text_and_no_number(results: Mapping[str, Found | TrucelineError]) -> None:
    """Nothing is computed: as a word it says nothing, as a number its row is rejected."""
    found = results["formulas"]
    assert isinstance(found, Found) and found.read is not None
    assert "Killed" in " ".join(row["reason"] + row["field"] for row in found.read.rejected.to_pylist())
    assert found.read.table.column("act").to_pylist()[0] == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_reason(name: str, results: Mapping[str, Found | TrucelineError]) -> None:
    """In a line or a few, each short, with none of its bytes."""
    import re

    error = results[name]
    assert isinstance(error, InputError), error
    assert re.search(HOSTILE[name][2], str(error)), str(error)
    assert len(str(error)) < 2_000 and all(len(line) < 500 for line in str(error).splitlines())


# -- children that are worse than any file ---------------------------------------------------------------------------


def behaving(lines: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let children do this in the place of reading."""
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(lines), encoding="utf-8")
    monkeypatch.setattr(childread, "CHILD", script)


DONE = 'print(\'{"what":"done","kind":"reports"}\')\n'
WORSE = {
    "a crash": ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "the reader broke on it \\(SIGSEGV\\)"),
    "no memory": ("import os\nos.abort()", "of memory, or breaks the reader"),
    "silence": ("import os\nos._exit(3)", "the reader broke on it \\(exit code 3\\)"),
    "not ours": ("print('hello')", "the reader broke"),
    "a flood": ('while True: print(\'{"what":"progress"}\' * 1)', "the reader broke on it"),
    "a long line": ("print('x' * 40_000_000)", "the reader broke on it"),
    "no rows": (DONE, "rows that cannot be read"),
    "no Parquet": (f"open('rows.parquet', 'w').write('x')\n{DONE}", "rows that cannot be read"),
    "a way out": (f"import os\nos.symlink('/etc/passwd', 'rows.parquet')\n{DONE}", "rows that cannot be read"),
    "a pipe": (f"import os\nos.mkdir('rows.parquet')\n{DONE}", "no file of rows|rows that cannot be read"),
}


@pytest.mark.parametrize("name", WORSE)
def test_whatever_a_child_does_is_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It never is a crash of the service, and nothing that it hands back is believed."""
    behaving(WORSE[name][0], tmp_path, monkeypatch)
    with pytest.raises(InputError, match=WORSE[name][1]) as error:
        read(b"x")
    assert len(str(error.value).splitlines()) == 1


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its whole group of processes."""
    behaving(
        f"""
        import os, time
        if os.fork() == 0:
            os.execv({sys.executable!r}, [{sys.executable!r}, "-c", "import time; time.sleep(600)"])
        open({str(tmp_path / "there")!r}, "w").write(str(os.getpgrp()))
        time.sleep(600)
        """,
        tmp_path, monkeypatch,
    )  # fmt: skip
    begun = time.monotonic()
    with pytest.raises(InputError, match="takes more than 1 seconds"):
        read(b"x", limits=replace(LIMITS, wall_s=1.0))
    assert time.monotonic() - begun < 10
    group = int((tmp_path / "there").read_text())
    left = subprocess.run(["ps", "-o", "stat=", "-g", str(group)], capture_output=True, check=False, text=True).stdout
    assert all(line.startswith("Z") for line in left.split())


def test_a_child_ends_with_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is read when the service is back."""
    behaving("import time\ntime.sleep(600)", tmp_path, monkeypatch)
    ending = threading.Event()
    threading.Timer(0.3, ending.set).start()
    file = tmp_path / "x"
    file.write_bytes(b"x")
    with pytest.raises(EndedError):
        read_in_child(file, order("x"), LIMITS, bench(), is_ending=ending.is_set)


def rows_by(change: Callable[[pa.Table], pa.Table], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a child hand over the shipped reports with a change."""
    read_by = readers.read("reports", io.BytesIO(REPORTS), "given", bench().manner(NOW, NOW))
    pq.write_table(change(read_by.table), tmp_path / "rows")
    pq.write_table(rejected_table([]).cast(REJECTED), tmp_path / "rejected")
    behaving(
        f"""
        import shutil
        shutil.copy({str(tmp_path / "rows")!r}, "rows.parquet")
        shutil.copy({str(tmp_path / "rejected")!r}, "rejected.parquet")
        {DONE}
        """,
        tmp_path, monkeypatch,
    )  # fmt: skip


def put(table: pa.Table, name: str, value: object) -> pa.Table:
    """The table with a value in the first row of a column."""
    column = [value, *table.column(name).to_pylist()[1:]]
    return table.set_column(
        table.schema.get_field_index(name), SCHEMA.field(name), pa.array(column, SCHEMA.field(name).type)
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda table: put(table, "id", ""), "expected an id"),
        (lambda table: put(table, "end", 0), "ends after it begins|end"),
        (lambda table: put(table, "id", table.column("id")[1].as_py()), "two rows have one id"),
        (lambda table: table.drop_columns(["note"]), "other columns"),
        (lambda table: table.append_column("more", pa.nulls(table.num_rows, pa.string())), "other columns"),
        (lambda table: put(table, "actor_mode", "perhaps"), "actor_mode"),
    ],
    ids=["no id", "no time", "an id twice", "a column less", "a column more", "a word of its own"],
)  # fmt: skip
def test_rows_of_a_child_are_checked_like_those_of_a_stranger(
    change: Callable[[pa.Table], pa.Table], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that was taken over cannot put into the record what no reader gives."""
    rows_by(change, tmp_path, monkeypatch)
    with pytest.raises(InputError, match=why):
        read(b"x")


def test_the_time_of_import_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When something became known is not for a child to say."""
    rows_by(lambda table: put(table, "known_at", 5), tmp_path, monkeypatch)
    found = read(b"x").read
    assert found is not None and set(found.table.column("known_at").to_pylist()) == {NOW}


SEALED = """
import os, runpy, sys
from pathlib import Path
seal = runpy.run_path({seal!r}, run_name="sealed")
walls = seal["walls_up"](Path.cwd())
seal["limits_down"](memory=256 << 20, cpu_s=2, file_bytes=1 << 20)
print(",".join(walls), flush=True)
{act}
"""


@pytest.mark.parametrize(
    ("act", "wall", "why"),
    [
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "hook", "PermissionError: socket"),
        ("import subprocess; subprocess.run(['true'])", "hook", "PermissionError: subprocess"),
        ("os.fork()", "hook", "PermissionError: os.fork"),
        ("os.execv('/bin/true', ['true'])", "hook", "PermissionError: os.exec"),
        ("open('/etc/hostname').read()", "files", "PermissionError"),
        ("os.listdir('/tmp')", "files", "PermissionError"),
        ("open('/tmp/truceline-was-here', 'w')", "files", "PermissionError"),
        ("open('/proc/self/environ').read()", "files", "PermissionError"),
        ("x = bytearray(1 << 30)", "hook", "MemoryError"),
        ("open('room', 'wb').write(b'x' * (2 << 20))", "hook", "File too large"),
        ("while True: pass", "hook", ""),
        ("[os.dup(0) for _ in range(100)]", "hook", "Too many open files"),
    ],
)  # fmt: skip
def test_a_sealed_process_can_do_nothing_else(act: str, wall: str, why: str, tmp_path: Path) -> None:
    """Each step is tried; what only the kernel can refuse is tried where it does."""
    script = SEALED.format(seal=str(Path(childseal.__file__)), act=act)
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, check=False, text=True, timeout=60
    )
    if wall not in done.stdout:
        pytest.skip(f"this kernel has no wall of the kind {wall}")
    assert done.returncode != 0
    assert why in done.stderr, done.stderr


def test_a_sealed_process_has_no_network_of_its_own(tmp_path: Path) -> None:
    """Beneath the hook the kernel has taken it away: there is no device but a loopback that is down."""
    script = SEALED.format(seal=str(Path(childseal.__file__)), act="import time; time.sleep(20)")
    with subprocess.Popen(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        walls = process.stdout.readline()
        try:
            if childseal.NETWORK not in walls:
                pytest.skip("this kernel gives no name space of its own")
            inside, outside = (Path(f"/proc/{one}/ns/net").readlink() for one in (process.pid, "self"))
            assert inside != outside
        finally:
            process.kill()
