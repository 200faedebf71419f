"""How soon does the service answer when many read at once? A case of so many reports, 50 readers, two cores for all.

The reports are made up in the form of UCDP GED and take the way of every file: through the reader, into the record,
through the judge. `truceline serve` runs in processes of its own; those who read run in this one, on the same cores.
Each reads one answer after the other, without a pause, from the situation and from the list of reports in turn, with
filters of which either fifty come again and again or none comes twice. Delays are those that a reader waits.

Before any time is told, totals that the service answers are held against the rows of its own download.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import httpx
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.measure import DisagreementError, Result, Task, short

READERS, SECONDS = 50, 15.0
TERMS = ("F2", "F3", "F4", "F5", "R1", "R5", "U1", "any")
ACTS = ("attack", "air-strike", "shelling", "ground-attack")
ACTORS = ("gov", "opp", "isil", "ru", "us")
UNITS = ("SY-HL", "SY-ID", "SY-HM", "SY-DI", "SY-RA", "SY-HA")
ZONES = ("dmz", "n2500", "n3500", "aid-route")
LOOSE = {"reads_a_minute": 10**9, "reads_account": 10**9, "refused_a_minute": 10**6}
COLUMNS = (
    "id type_of_violence side_a side_b where_prec where_coordinates adm_1 adm_2 latitude longitude country date_prec "
    "date_start date_end deaths_civilians low best high source_office event_clarity code_status"
).split()
DYADS = (
    ("1", "Government of Syria", "Syrian insurgents"), ("1", "Government of Syria", "IS"),
    ("2", "IS", "SDF"), ("3", "IS", "Civilians"), ("3", "Government of Syria", "Civilians"),
)  # fmt: skip
GOVERNORATES = ("Aleppo", "Idlib", "Hama", "Homs", "Deir ez-Zor", "Raqqa")


def work(task: Task) -> Result:
    """Make the case, serve it, let it be read."""
    with own_room() as room:
        return read(room, task["rows"], task["seconds"])


@contextlib.contextmanager
def own_room() -> Iterator[Path]:
    """A folder that is gone afterwards, with keys of its own, and all cores."""
    if hasattr(os, "sched_setaffinity"):  # whoever measures engines pins them to one core; here all are shared
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    room = Path(tempfile.mkdtemp(prefix="truceline-bench-"))
    before = os.environ.get("TRUCELINE_CONFIG")
    os.environ["TRUCELINE_CONFIG"] = str(room / "config")
    try:
        yield room
    finally:
        os.environ.pop("TRUCELINE_CONFIG", None)
        if before is not None:
            os.environ["TRUCELINE_CONFIG"] = before
        shutil.rmtree(room, ignore_errors=True)


def read(room: Path, rows: int, seconds: float) -> Result:
    """A case of so many reports, read for so long in each way."""
    from tests.web.asking import Served  # noqa: PLC0415  # the tests' own way to start a service
    from tests.web.crowd import read_all  # noqa: PLC0415  # and to read it

    case = made_case(room, rows)
    begin, measures = time.perf_counter(), []
    with Served(case, **LOOSE) as served, served.client() as client:
        wait_for_answers(client)
        judged_s = time.perf_counter() - begin
        _check(client)
        for what, pool in (("50 filters, again and again", 50), ("no filter twice", 0)):
            paths = asked(random.Random(7), pool)
            found = asyncio.run(read_all(served.url, paths, readers=READERS, seconds=seconds))
            if set(found.statuses) != {200}:
                raise DisagreementError(f"service.readers: {found.statuses}")
            measures.append({
                "what": f"{rows} reports, {READERS} readers, {what}",
                "requests_per_s": short(len(found.seconds) / seconds),
                **{f"p{at}_ms": short(found.percentile(at / 100) * 1e3) for at in (50, 90, 99)},
                "longest_ms": short(max(found.seconds) * 1e3),
            })  # fmt: skip
        memory = _memory_mb(served.process.pid)
    return {"measures": measures, "ready_s": short(judged_s), "memory_mb": short(memory)}


# -- the case ----------------------------------------------------------------------------------------------------------


def made_case(room: Path, rows: int) -> Path:
    """The shipped agreement with reports that were made up."""
    from truceline import desk  # noqa: PLC0415  # its keys lie where the environment says by now

    table = room / "made.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(made_rows(rows))
    case = desk.demo_case(room / "case")
    desk.add_files(case, [table])
    case.close()
    return room / "case"


def made_rows(n: int) -> Iterator[dict[str, str]]:
    """Reports in the form of UCDP GED; the same on every machine."""
    chance = random.Random(11)
    places = [(f"Place {at}", chance.uniform(34.5, 37.0), chance.uniform(36.0, 40.5)) for at in range(4_000)]
    first = date(2016, 1, 1)
    for at in range(n):
        kind, a, b = chance.choice(DYADS)
        name, lat, lon = chance.choice(places)
        day = first + timedelta(days=chance.randrange(1_400))
        killed = chance.randrange(0, 9)
        yield {
            "id": str(at + 1), "type_of_violence": kind, "side_a": a, "side_b": b,
            "where_prec": chance.choice("1122345"), "where_coordinates": f"{name} village",
            "adm_1": f"{chance.choice(GOVERNORATES)} governorate", "adm_2": "", "latitude": f"{lat:.6f}",
            "longitude": f"{lon:.6f}", "country": "Syria", "date_prec": "1", "date_start": str(day),
            "date_end": str(day), "deaths_civilians": "0", "low": str(killed), "best": str(killed),
            "high": str(killed + 2), "source_office": "Made up", "event_clarity": "1", "code_status": "Clear",
        }  # fmt: skip


# -- what is asked -----------------------------------------------------------------------------------------------------


def asked(chance: random.Random, pool: int) -> Iterator[str]:
    """Addresses, half of the situation and half of the list; of so many different filters, 0 = every one another."""
    filters: Sequence[str] = [_filter(chance) for _ in range(pool)]
    while True:
        query = chance.choice(filters) if filters else _filter(chance)
        path = chance.choice(("/api/v1/situation?", "/api/v1/assessments?limit=50&"))
        yield (path + query).rstrip("?&")


def _filter(chance: random.Random) -> str:
    parts = [
        f"{name}={chance.choice(values)}"
        for name, values, share in (
            ("term", TERMS, 0.6), ("value", ("-1", "0", "1"), 0.4), ("act", ACTS, 0.4), ("actor", ACTORS, 0.4),
            ("unit", UNITS, 0.3), ("zone", ZONES, 0.2),
        )
        if chance.random() < share
    ]  # fmt: skip
    if chance.random() < 0.5:
        since = date(2016, 1, 1) + timedelta(days=chance.randrange(1_300))
        parts += [f"from={since}", f"until={since + timedelta(days=chance.randrange(1, 120))}"]
    return "&".join(parts)


def wait_for_answers(client: httpx.Client) -> None:
    """Until the service has its first answers."""
    end = time.monotonic() + 600
    while client.get("/health/ready").status_code != 200:
        if time.monotonic() > end:
            raise DisagreementError("service.readers: it never had answers")
        time.sleep(0.1)


def _check(client: httpx.Client) -> None:
    """Totals of some filters are those of the rows that the service gives away."""
    answer = client.get("/api/v1/assessments.parquet", timeout=600)
    table = pq.read_table(io.BytesIO(answer.content), columns=["any", "term_F2", "actor", "unordered", "target"])
    for query, kept in (
        ("", table), ("term=F2&value=1", table.filter(pc.equal(table.column("term_F2"), 1))),
        ("value=0", table.filter(pc.equal(table.column("any"), 0))),
    ):  # fmt: skip
        told = client.get(f"/api/v1/situation?{query}".rstrip("?")).json()["reports"]
        if told != kept.num_rows:
            raise DisagreementError(f"service.readers: {query or 'all'}: {told} told, {kept.num_rows} given away")


def _memory_mb(pid: int) -> float:
    """Of a process and all that it started."""
    found, ahead = 0.0, [pid]
    of: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        of.setdefault(int(fields[1]), []).append(int(path.parent.name))
    while ahead:
        one = ahead.pop()
        pages = int(Path(f"/proc/{one}/statm").read_text(encoding="ascii").split()[1])
        found += pages * os.sysconf("SC_PAGESIZE") / 1e6
        ahead += of.get(one, [])
    return found
