"""How fast does a record grow, answer and verify, on one core?

    record.append    signed entries into the embedded log, receipts included, at batches of 100 and 1,000
    record.hashes    entries without signature: journal, tree, tiles, checkpoint; beside SHA-256 alone and pymerkle
    record.receipts  submissions at 500 a second, each at its time whether or not the last was answered
    record.proof     the proof of one entry among a million: from files, and from tiles that are in memory
    record.verify    the whole record read, hashed and verified; and hashed only
    record.curve     all of it against the number of entries

Before a time is shown: the root is that of the definition, receipts and proofs hold, the auditor finds no fault. The
limit of the machine is taken in the same run over the same data: signature verification alone, SHA-256 alone. Rates
are per second of this process (its waits for the disk left out) and per second of the wall. Reading back finds the
files in the memory of the system: no disk is measured.
"""

from __future__ import annotations

import itertools
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bench.measure import Ask, DisagreementError, Result, Task, short
from bench.record_made import (
    KEYS,
    SIGNING,
    Watch,
    bytes_per_entry,
    charter,
    delays,
    grown,
    opened,
    plain_leaves,
    plain_root,
    same_root,
    signed_entries,
    submitted,
    unsigned,
)
from truceline.record.audit import Audit, Trust, audit
from truceline.record.entry import read_entry, signed_bytes
from truceline.record.log import Edge, Log, Submission, Taken
from truceline.record.proof import check_proof, read_proof
from truceline.record.receipt import open_receipt
from truceline.record.tree import check_inclusion, inclusion_path, leaf_hash
from truceline.store.files import FileStore
from truceline.store.source import FolderSource
from truceline.store.writer import Writer

CHUNK = 1_000
"""So many entries are signed, verified plainly and appended in turn: what else the machine does falls on all alike."""

LARGE_BATCH = 10_000
RATE = 500
PROOFS = 1_000
SIZES = {
    "quick": {
        "append": 10_000, "hashes": 100_000, "seconds": 4, "proof": 1_000_000, "curve": 100_000, "signed": 10_000,
    },
    "all": {
        "append": 100_000, "hashes": 1_000_000, "seconds": 30, "proof": 1_000_000, "curve": 10_000_000,
        "signed": 1_000_000,
    },
}  # fmt: skip


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """The benchmarks of the record; a trial with fewer rows ends sooner."""
    most = {key: min(value, rows) if key != "seconds" else value for key, value in SIZES[mode].items()}

    def task(what: str, **sizes: int) -> Callable[[], Result]:
        return partial(ask, {"bench": "record", "what": what, **sizes})

    return {
        "record.append": task("append", entries=most["append"]),
        "record.hashes": task("hashes", entries=most["hashes"]),
        "record.receipts": task("receipts", seconds=most["seconds"], rate=RATE),
        "record.proof": task("proof", entries=most["proof"]),
        "record.verify": task("verify", entries=most["append"]),
        "record.curve": partial(curve, unsigned_most=most["curve"], signed_most=most["signed"], ask=ask),
    }


def work(task: Task) -> Result:
    """Do one of them, in a process of its own."""
    does: dict[str, Callable[..., Result]] = {
        "append": append, "hashes": hashes, "receipts": receipts, "proof": proof, "verify": verify,
        "unsigned": point_unsigned, "signed": point_signed,
    }  # fmt: skip
    return does[task["what"]](**{key: value for key, value in task.items() if key not in ("bench", "what")})


# -- signed entries --------------------------------------------------------------------------------------------------


def append(entries: int) -> Result:
    """Signed entries at batches of 100, and of 1,000, beside the verification of their signatures alone."""
    found: list[Result] = []
    for batch in (100, 1_000):
        with _room() as room:
            found.append(_append(room, entries, batch))
    return {"measures": found}


def _append(room: Path, entries: int, batch: int) -> Result:
    watch, bare, data, leaves = Watch(), Watch(), _begun(room), [leaf_hash(charter())]
    with opened(room) as log:
        for _ in range(entries // CHUNK or 1):
            some = list(itertools.islice(data, min(CHUNK, entries)))
            _verify_alone(some, bare)
            taken = watch.run(partial(submitted, some, log, batch=batch))
            leaves += plain_leaves(some)
            for one in taken[:: len(taken) // 10 or 1]:
                if open_receipt(one.receipt, leaves[one.index], KEYS.log.verifier)[0] != one.index:
                    raise DisagreementError(f"the receipt of entry {one.index} is that of another")
        same_root("record.append", log.checkpoint().root, leaves)
    _audited(room, len(leaves))
    share = {"signatures": bare.cpu_s, "kernel": watch.kernel_s}
    return {
        "what": f"signed, batch {batch:,}",
        **watch.rates(len(leaves) - 1),
        "limit": "Ed25519 verification alone",
        "of_limit": short(bare.cpu_s / watch.cpu_s),
        "limit_per_cpu_s": bare.rates(len(leaves) - 1)["per_cpu_s"],
        "share": {key: short(value / watch.cpu_s) for key, value in share.items()},
        "bytes": bytes_per_entry(room, len(leaves)),
    }


def verify(entries: int) -> Result:
    """The auditor over signed entries, with their signatures and without; best of three."""
    with _room() as room:
        data, some = _begun(room), []
        with opened(room) as log:
            for _ in range(entries // CHUNK or 1):
                more = list(itertools.islice(data, min(CHUNK, entries)))
                submitted(more, log, batch=100)
                some += more
            same_root("record.verify", log.checkpoint().root, plain_leaves([charter(), *some]))
        found = []
        for what, is_signed in (("whole, with signatures", True), ("hashes only", False)):
            runs = []
            for _ in range(3):
                watch, bare = Watch(), Watch()
                if is_signed:
                    _verify_alone(some, bare)
                else:
                    bare.run(lambda: plain_root(plain_leaves(some)))
                watch.run(partial(_audited, room, len(some) + 1, is_signed=is_signed))
                runs.append((watch, bare))
            watch, bare = min(runs, key=lambda pair: pair[0].cpu_s)
            found.append(
                {
                    "what": what,
                    **watch.rates(len(some)),
                    "limit": "Ed25519 verification alone" if is_signed else "SHA-256 of leaves and nodes alone",
                    "of_limit": short(bare.cpu_s / watch.cpu_s),
                    "limit_per_cpu_s": bare.rates(len(some))["per_cpu_s"],
                }
            )
        return {"measures": found}


def receipts(seconds: int, rate: int) -> Result:
    """Submissions at their times, each answered by the writer; the delay counts from the time it was meant for."""
    with _room() as room:
        data = list(itertools.islice(_begun(room), seconds * rate))
        late: list[float] = [0.0] * len(data)
        answers: list[Future[Taken]] = []
        watch = Watch()
        with Writer(lambda: opened(room)) as writer:
            watch.run(lambda: _submit(writer, data, rate, late, answers))
        for one, future in zip(data, answers, strict=True):
            open_receipt(future.result().receipt, leaf_hash(one), KEYS.log.verifier)
        _audited(room, len(data) + 1)
        what = f"receipt at {rate} submissions a second"
        return {
            "measures": [
                {"what": what, "entries": len(data), **delays(late), "busy": short(watch.cpu_s / watch.wall_s)}
            ]
        }


def _submit(writer: Writer, data: Sequence[bytes], rate: int, late: list[float], answers: list[Future[Taken]]) -> None:
    """Hand each over when its time has come, and wait for the last answer."""
    start = time.perf_counter() + 0.05
    left = threading.Semaphore(0)

    def done(at: int, _answer: Future[Taken]) -> None:
        late[at] = time.perf_counter() - (start + at / rate)
        left.release()

    for at, one in enumerate(data):
        time.sleep(max(0.0, start + at / rate - time.perf_counter()))
        answers.append(writer.submit(Submission(one)))
        answers[-1].add_done_callback(partial(done, at))
    for _ in data:
        left.acquire()


# -- entries without signature ---------------------------------------------------------------------------------------


def hashes(entries: int) -> Result:
    """Unsigned entries through journal, tree and tiles, beside SHA-256 of leaves and nodes alone, and pymerkle."""
    found = []
    with _room() as room, opened(room) as log:
        watch, leaves = _grow(log, entries)
        bare = Watch()
        root = bare.run(lambda: plain_root(plain_leaves(unsigned(0, entries))))
        if root != log.checkpoint().root:
            raise DisagreementError("record.hashes: another root than the definition gives")
        ours = {
            "what": f"without signature, batch {min(LARGE_BATCH, entries):,}", **watch.rates(entries),
            "limit": "SHA-256 of leaves and nodes alone", "of_limit": short(bare.cpu_s / watch.cpu_s),
            "limit_per_cpu_s": bare.rates(entries)["per_cpu_s"],
            "share": {"kernel": short(watch.kernel_s / watch.cpu_s)}, "bytes": bytes_per_entry(room, entries),
        }  # fmt: skip
        found.append(ours)
        only = Watch()
        alone = only.run(partial(_edge_of, leaves))
        if alone.root() != root:
            raise DisagreementError("record.hashes: the tree alone has another root")
        found.append({"what": "tree and tiles in memory, from leaf hashes", **only.rates(entries)})
    if find_spec("pymerkle"):
        found.append(_pymerkle(entries, root))
    return {"measures": found}


def _edge_of(leaves: list[bytes]) -> Edge:
    edge = Edge()
    for at in range(0, len(leaves), LARGE_BATCH):
        for level, n in edge.extend(leaves[at : at + LARGE_BATCH]):
            edge.take_tile(level, n)
    return edge


def _pymerkle(entries: int, root: bytes) -> Result:
    """The same leaves in the peer's tree, which lies in memory: no journal, no file."""
    pymerkle: Any = import_module("pymerkle")  # only where it is installed (GPL: a peer, never a part)
    tree, watch, data = pymerkle.InmemoryTree(algorithm="sha256"), Watch(), unsigned(0, entries)

    def run() -> bytes:
        for one in data:
            tree.append_entry(one)
        return bytes(tree.get_root())

    if watch.run(run) != root:
        raise DisagreementError("record.hashes: pymerkle has another root")
    return {"what": "peer: pymerkle, in memory", **watch.rates(entries)}


def proof(entries: int) -> Result:
    """Proofs of a thousand entries anywhere: each from files anew; then from one tree whose tiles stay in memory."""
    with _room() as room, opened(room) as log:
        _grow(log, entries)
        chance = random.Random(entries)
        asked = [chance.randrange(entries) for _ in range(PROOFS)]
        cold, warm = [], []
        for index in asked:
            begin = time.perf_counter()
            data = log.proof(index)
            cold.append(time.perf_counter() - begin)
            check_proof(read_proof(data), leaf_hash(unsigned(index, 1)[0]), KEYS.log.verifier)
        tree, made = log.tree(), log.checkpoint()
        tree = type(tree)(tree._read, tree.size, most_tiles=entries)
        for index in asked:
            inclusion_path(index, entries, tree.subtree)
        for index in asked:
            begin = time.perf_counter()
            path = inclusion_path(index, entries, tree.subtree)
            warm.append(time.perf_counter() - begin)
            leaf = leaf_hash(unsigned(index, 1)[0])
            check_inclusion(leaf, index=index, size=entries, path=path, root=made.root)
        return {
            "measures": [
                {"what": "from files, with its checkpoint", "entries": entries, **delays(cold)},
                {"what": "path, tiles in memory", "entries": entries, **delays(warm)},
            ]
        }


# -- the curve -------------------------------------------------------------------------------------------------------


def curve(*, unsigned_most: int, signed_most: int, ask: Ask) -> Result:
    """Cost against entries, by powers of ten: unsigned ones and signed ones."""
    points = []
    for what, most in (("unsigned", unsigned_most), ("signed", signed_most)):
        for entries in (10**n for n in range(3, 8)):
            if entries <= most:
                print(f"  record.curve: {what}, {entries:,} entries", flush=True)
                points.append(ask({"bench": "record", "what": what, "entries": entries}))
    return {"points": points}


def point_unsigned(entries: int) -> Result:
    """Unsigned entries: how fast the last tenth came, how long opening takes and a proof, and the bytes."""
    with _room() as room:
        with opened(room) as log:
            _, leaves = _grow(log, entries * 9 // 10)
            last, more = _grow(log, entries)
            made, head = log.checkpoint(), log.storage.head()
            same_root("record.curve", made.root, leaves + more)
            slow = [_seconds(partial(log.proof, index)) for index in range(0, entries, entries // 100)]
        with FileStore(room).writer():
            store = FileStore(room)
            opens = _seconds(lambda: Edge.of_head(store, head, KEYS.log.verifier))
            store.close()
        return {
            "what": "unsigned", **last.rates(entries - entries * 9 // 10), "entries": entries,
            "open_ms": short(1e3 * opens), **delays(slow), "bytes": bytes_per_entry(room, entries),
        }  # fmt: skip


def point_signed(entries: int) -> Result:
    """The same of signed entries; opening reads the register too, and verifies up to 1,000 signatures again."""
    with _room() as room:
        data, watch, leaves, timed = _begun(room), Watch(), [leaf_hash(charter())], 0
        with opened(room) as log:
            while len(leaves) <= entries:
                some = list(itertools.islice(data, min(CHUNK, entries)))
                is_last = len(leaves) + len(some) > entries * 9 // 10 + 1 or entries <= CHUNK
                (watch if is_last else Watch()).run(partial(submitted, some, log, batch=100))
                timed += len(some) * is_last
                leaves += plain_leaves(some)
            same_root("record.curve", log.checkpoint().root, leaves)
            slow = [_seconds(partial(log.proof, index)) for index in range(0, entries, entries // 100)]
        begin = time.perf_counter()
        with opened(room):
            opens = time.perf_counter() - begin
        return {
            "what": "signed", **watch.rates(timed), "entries": entries,
            "open_ms": short(1e3 * opens), **delays(slow), "bytes": bytes_per_entry(room, entries),
        }  # fmt: skip


# -- pieces ----------------------------------------------------------------------------------------------------------


@contextmanager
def _room() -> Iterator[Path]:
    """A folder for one log, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="truceline-bench-"))
    try:
        yield folder / "record"
    finally:
        shutil.rmtree(folder)


def _begun(room: Path) -> Iterator[bytes]:
    """Begin a log with its charter; gives the entries that follow."""
    with opened(room) as log:
        submitted([charter()], log, batch=1)
    return signed_entries(leaf_hash(charter()))


def _grow(log: Log, to: int) -> tuple[Watch, list[bytes]]:
    """Append unsigned entries until the log has so many; making them is not timed."""
    watch, leaves = Watch(), []
    while log.size < to:
        some = unsigned(log.size, min(LARGE_BATCH, to - log.size))
        leaves += watch.run(partial(grown, log, some))
    return watch, leaves


def _verify_alone(entries: Sequence[bytes], watch: Watch) -> None:
    """The signatures of entries, and nothing else."""
    keys = {party: Ed25519PublicKey.from_public_bytes(key.public) for party, key in SIGNING.items()}
    asked = [(keys[one.statement.by], one.marks[0].sig, signed_bytes(one.payload)) for one in map(read_entry, entries)]

    def run() -> None:
        for key, mark, message in asked:
            key.verify(mark, message)

    watch.run(run)


def _audited(room: Path, entries: int, *, is_signed: bool = True) -> Audit:
    """What the auditor finds: no fault, and as many entries.

    Raises:
        DisagreementError: it does not hold.
    """
    found = audit(FolderSource(room), Trust(with_signatures=is_signed))
    if found.faults or found.size != entries:
        raise DisagreementError(f"the auditor finds {found.size} entries and {[str(one) for one in found.faults[:3]]}")
    return found


def _seconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin
