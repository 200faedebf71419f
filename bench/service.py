"""What does a service take, and how soon does it answer? One case, served by one process on one core.

    service.intake.files     signed allegations into a case in a folder: at 500 a second, and as many as it takes
    service.intake.server    the same into a case in PostgreSQL, in a private cluster (skipped where there is none)
    service.readers          50 readers of a case with 350,000 reports, with varied filters (`bench.readers`)
    service.dragging         a line dragged in a real browser, over the same case (`bench.whatif_screen`)
    service.screens          the same reports on one map in a browser (`bench.screens`)

Every allegation is checked as a party's own would be: signature, place in its sequence, the text in force, what its
type asks for; its receipt is opened again. Afterwards the record is audited whole, signatures included, and opened anew
by a reader. The statements are signed by another process. Delays count from the moment at which a statement was meant
to come, whether or not the last was answered; the memory is that of the process when a tenth was taken, and at the end.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from bench.measure import Ask, DisagreementError, Result, Task, short
from bench.record_made import Watch, delays
from truceline.desk import charters, keyring, records
from truceline.desk.cases import init_case
from truceline.desk.sequencer import Sequencer
from truceline.record.audit import Trust, audit
from truceline.record.entry import SCHEMA, Cited, SigningKey, Statement, sign, written
from truceline.record.log import Taken
from truceline.record.note import Verifier
from truceline.record.receipt import open_receipt
from truceline.record.tree import leaf_hash
from truceline.store.case import Case
from truceline.store.opened import open_case

AGREEMENT = Path(__file__).parent.parent / "agreements" / "syria-2016" / "agreement.yaml"
PARTIES = ("us", "ru")
RATE = 500
MOST_OUT = 2_000
"""So many wait for their receipt at a time, when the rate is whatever it takes."""
SECONDS = {"quick": 4, "service": 300}
REPORTS, READ_S = 350_000, {"quick": 4.0, "service": 20.0}


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """The benchmarks of the service; a trial with fewer rows ends sooner."""
    entries = min(RATE * SECONDS[mode], rows or RATE * SECONDS[mode])
    read = {"bench": "readers", "rows": min(REPORTS, rows or REPORTS), "seconds": READ_S[mode]}
    return {
        **{
            f"service.intake.{kind}": partial(
                ask, {"bench": "service", "what": "intake", "kind": kind, "entries": entries}
            )
            for kind in ("files", "server")
        },
        "service.readers": partial(ask, read),
        "service.dragging": partial(ask, {**read, "bench": "whatif_screen"}),
        "service.screens": partial(ask, {"bench": "screens", "rows": min(REPORTS, rows or REPORTS)}),
    }


def work(task: Task) -> Result:
    """Do one of them, in a process of its own."""
    return intake(task["kind"], task["entries"])


def intake(kind: str, entries: int) -> Result:
    """Signed allegations into a case, at a rate and at none."""
    if kind == "server":
        from tests.store.cluster import absent  # noqa: PLC0415  # a trial without a server needs nothing of it

        if absent():
            return {"skipped": absent()}
    found = []
    for rate in (RATE, 0):
        with _case(kind) as (case, where), _signed(case, entries) as data:
            found.append({"what": f"{kind}, {f'{rate} a second' if rate else 'as many as it takes'}"})
            found[-1] |= _taken(case, data, entries, rate)
            found[-1] |= _read_again(where, entries)
    return {"measures": found}


def _taken(case: Case, data: Iterator[bytes], entries: int, rate: int) -> Result:
    """Submit each at its time; look at every receipt."""
    log = Verifier.parse(case.charter().log)
    late, memory, watch = [0.0] * entries, [0.0, 0.0], Watch()
    faults: list[str] = []
    left, out = threading.Semaphore(0), threading.Semaphore(MOST_OUT)

    def answered(at: int, due: float, entry: bytes, answer: Future[Taken]) -> None:
        late[at] = time.perf_counter() - due
        try:
            if at % 100 == 0:  # opening one costs more than taking one
                open_receipt(answer.result().receipt, leaf_hash(entry), log)
            answer.result()
        except Exception as error:
            faults.append(str(error))
        left.release()
        out.release()

    def submit(sequencer: Sequencer) -> None:
        start = time.perf_counter() + 0.05
        for at, entry in enumerate(data):
            if rate:
                time.sleep(max(0.0, start + at / rate - time.perf_counter()))
            out.acquire()
            due = start + at / rate if rate else time.perf_counter()
            sequencer.submit(entry, {}).add_done_callback(partial(answered, at, due, entry))
            if at == entries // 10:
                memory[0] = _memory_mb()
        for _ in range(entries):
            left.acquire()
        memory[1] = _memory_mb()

    with Sequencer(case) as sequencer:
        watch.run(lambda: submit(sequencer))
    if faults:
        raise DisagreementError(f"service.intake: {len(faults)} were not taken: {faults[0]}")
    return {
        **watch.rates(entries), **delays(late), "busy": short(watch.cpu_s / watch.wall_s),
        "memory_mb": {"after a tenth": short(memory[0]), "at the end": short(memory[1])},
    }  # fmt: skip


def _read_again(where: str | Path, entries: int) -> Result:
    """A reader opens the case anew, reads all of it, and an auditor finds no fault."""
    begin = time.perf_counter()
    case = open_case(where)
    count = len(case.said("allegation"))
    opens = time.perf_counter() - begin
    begin = time.perf_counter()
    size = sum(len(said.entry.data) for said in case.entries())
    reads = time.perf_counter() - begin
    found = audit(case.source(), Trust())
    case.close()
    if count != entries or found.faults:
        raise DisagreementError(f"service.intake: {count} of {entries} are there; {[str(f) for f in found.faults[:3]]}")
    return {"open_s": short(opens), "read_all_s": short(reads), "bytes": size}


# -- what is submitted -----------------------------------------------------------------------------------------------


@contextmanager
def _case(kind: str) -> Iterator[tuple[Case, str | Path]]:
    """A case of the desk and two parties whose keys this process made; gone at the end."""
    room = Path(tempfile.mkdtemp(prefix="truceline-bench-"))
    before = os.environ.get("TRUCELINE_CONFIG")
    os.environ["TRUCELINE_CONFIG"] = str(room / "config")
    try:
        where: str | Path = room / "case"
        if kind == "server":
            from tests.store.cluster import cluster  # noqa: PLC0415  # as above

            where = cluster().url(cluster().database())
        sets = [keyring.key_set(party) for party in PARTIES]
        case = init_case(where, AGREEMENT, charters.new_charter("a benchmark", parties=sets))
        try:
            yield case, where
        finally:
            case.close()
    finally:
        os.environ.pop("TRUCELINE_CONFIG", None)
        if before is not None:
            os.environ["TRUCELINE_CONFIG"] = before
        shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _signed(case: Case, entries: int) -> Iterator[Iterator[bytes]]:
    """Allegations of both parties, signed by another process as fast as they are read."""
    place = records.place_of(case)
    assert place.text is not None
    seeds = [place.keys(party, "allegation")[0].private.private_bytes_raw().hex() for party in PARTIES]
    words = [place.head.origin, place.text.canonical_hash, str(entries), *seeds]
    child = subprocess.Popen([sys.executable, "-m", "bench.service", *words], stdout=subprocess.PIPE)  # noqa: S603
    assert child.stdout is not None
    try:
        yield _framed(child.stdout)
    finally:
        child.stdout.close()
        child.kill()
        child.wait()


def _framed(pipe: BinaryIO) -> Iterator[bytes]:
    while head := pipe.read(4):
        yield pipe.read(struct.unpack(">I", head)[0])


def allegations(origin: str, under: str, seeds: list[str]) -> Iterator[bytes]:
    """Signed allegations of the parties in turn, each in its own sequence, without end."""
    keys = [SigningKey.of_seed(bytes.fromhex(seed)) for seed in seeds]
    previous = [""] * len(keys)
    at = 0
    while True:
        who, sequence = at % len(keys), at // len(keys)
        body = {
            "against": PARTIES[who - 1], "day": "2016-09-13", "terms": ["F2"],
            "text": f"shelling of the market in the morning; number {at} in our book", "units": [],
        }  # fmt: skip
        one = Statement(
            (), body, PARTIES[who], Cited(), None, origin, previous[who], SCHEMA, None, sequence, "allegation", under
        )
        data = sign(written(one), [keys[who]])
        previous[who] = leaf_hash(data).hex()
        yield data
        at += 1


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def _main(origin: str, under: str, entries: str, *seeds: str) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    for data in islice(allegations(origin, under, list(seeds)), int(entries)):
        sys.stdout.buffer.write(struct.pack(">I", len(data)) + data)


if __name__ == "__main__":
    _main(*sys.argv[1:])
