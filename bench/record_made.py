"""What is the record measured with? Entries that are the same everywhere, and plain loops that say the limit.

Signed entries are statements of two parties in turn, by their demo keys, with a body of three short fields: 650 to 700
bytes each. Unsigned ones are 200 bytes that say their index: they go the way of a batch in `Log` from the journal on,
without statement, signature, promise and receipts.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.machine import peak_mb
from bench.measure import DisagreementError, Result, short
from truceline.desk.keyring import clock_name, demo_key, key_set
from truceline.record.charter import Charter, Quorum, plain
from truceline.record.entry import SCHEMA, Cited, SigningKey, Statement, sign, written
from truceline.record.log import Keys, Log, Submission, Taken
from truceline.record.note import COSIGNATURE, Signer
from truceline.record.tree import leaf_hash, leaf_hashes
from truceline.store.files import FileStore

ORIGIN = "bench.example/record"
PARTIES = ("north", "south")
T0 = 1_456_531_200
KEYS = Keys(
    Signer(ORIGIN, demo_key(ORIGIN, "log").secret),
    Signer(clock_name(ORIGIN), demo_key(ORIGIN, "clock").secret, COSIGNATURE),
)
SIGNING = {party: SigningKey.of_seed(demo_key(party, "sign").secret) for party in PARTIES}
UNSIGNED_BYTES = 200
_TICKS = itertools.count(T0)
"""The clock of all logs: it goes on by a second whenever it is asked."""


# -- entries ---------------------------------------------------------------------------------------------------------


def charter() -> bytes:
    """Entry 0."""
    parties = tuple(key_set(party, is_demo=True) for party in PARTIES)
    body = Charter(
        clock=KEYS.clock.verifier.vkey, countersign=Quorum((), 0), is_demo=True, log=KEYS.log.verifier.vkey,
        parties=parties, policy="", shred=Quorum(PARTIES, 2), title="a benchmark",
    )  # fmt: skip
    roots = [SigningKey.of_seed(demo_key(party, "root").secret) for party in PARTIES]
    one = _statement("north", 0, "", "charter", plain(body))
    return sign(written(one), [*roots, *SIGNING.values()])


def signed_entries(charter_leaf: bytes) -> Iterator[bytes]:
    """The entries after the charter, for ever."""
    previous = {"north": charter_leaf.hex(), "south": ""}
    sequence = {"north": 1, "south": 0}
    for i, party in enumerate(itertools.cycle(PARTIES)):
        body = {"act": "flight", "number": i, "place": "cell 852d0b73fffffff"}
        one = _statement(party, sequence[party], previous[party], "report", body)
        data = sign(written(one), [SIGNING[party]])
        previous[party], sequence[party] = leaf_hash(data).hex(), sequence[party] + 1
        yield data


def _statement(by: str, sequence: int, previous: str, kind: str, body: object) -> Statement:
    return Statement(
        blobs=(), body=body, by=by, cites=Cited(), claims=T0 + sequence, log=ORIGIN, previous=previous, schema=SCHEMA,
        sealed=None, sequence=sequence, type=kind, under="",
    )  # fmt: skip


def unsigned(first: int, count: int) -> list[bytes]:
    """Entries of 200 bytes, each with its index."""
    return [b"%010d" % i * (UNSIGNED_BYTES // 10) for i in range(first, first + count)]


# -- logs ------------------------------------------------------------------------------------------------------------


@contextmanager
def opened(folder: Path) -> Iterator[Log]:
    """A log in a folder, with its lock."""
    with closing(FileStore(folder)) as store, store.writer():
        yield Log(store, KEYS, lambda: next(_TICKS))


def submitted(entries: Sequence[bytes], log: Log, *, batch: int) -> list[Taken]:
    """Append entries batch by batch; one that is refused ends the benchmark."""
    taken = []
    for at in range(0, len(entries), batch):
        for one in log.append([Submission(data) for data in entries[at : at + batch]]):
            if not isinstance(one, Taken):
                raise DisagreementError(f"an entry was refused: {one}")
            taken.append(one)
    return taken


def grown(log: Log, entries: Sequence[bytes]) -> list[bytes]:
    """One batch of unsigned entries from the journal on, as `Log` does it: durable, tiles, checkpoint, head."""
    log.storage.append(log.size, entries)
    leaves = leaf_hashes(entries)
    log._integrate(log._tree.extend(leaves))
    return leaves


# -- the limit -------------------------------------------------------------------------------------------------------


def plain_root(leaves: Sequence[bytes]) -> bytes:
    """Root by definition: neighbours in pairs, level by level; who has no neighbour goes up as it is."""
    level = list(leaves)
    while len(level) > 1:
        above = [sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = [*above, *level[len(above) * 2 :]]
    return level[0] if level else sha256(b"").digest()


def plain_leaves(entries: Sequence[bytes]) -> list[bytes]:
    """Leaf hashes by definition."""
    return [sha256(b"\x00" + data).digest() for data in entries]


# -- figures ---------------------------------------------------------------------------------------------------------


class Watch:
    """Seconds of the wall, of this process, and of the kernel for it, added up over the spans that are watched."""

    def __init__(self) -> None:
        """At zero."""
        self.wall_s = self.cpu_s = self.kernel_s = 0.0

    def run(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401  # whatever the work returns
        """Do some work, watched."""
        wall, cpu, kernel = time.perf_counter(), time.process_time(), os.times().system
        found = work()
        self.wall_s += time.perf_counter() - wall
        self.cpu_s += time.process_time() - cpu
        self.kernel_s += os.times().system - kernel
        return found

    def rates(self, entries: int) -> Result:
        """Entries a second, by process and by wall."""
        by_cpu, by_wall = int(short(entries / self.cpu_s)), int(short(entries / self.wall_s))
        return {"entries": entries, "per_cpu_s": by_cpu, "per_s": by_wall, "peak_mb": peak_mb()}


def delays(seconds: Sequence[float]) -> Result:
    """Milliseconds: median, 99th percentile, worst."""
    ordered = sorted(seconds)
    at = {"p50_ms": 0.5, "p99_ms": 0.99, "worst_ms": 1.0}
    return {key: short(1e3 * ordered[min(int(part * len(ordered)), len(ordered) - 1)]) for key, part in at.items()}


def bytes_per_entry(folder: Path, entries: int) -> Result:
    """Bytes on the disk for each entry, by class of file."""
    found: dict[str, int] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            parts = path.relative_to(folder).parts
            kind = {"tile": "bundles" if parts[1:2] == ("entries",) else "tiles"}.get(parts[0], parts[0].split(".")[0])
            found[kind] = found.get(kind, 0) + path.stat().st_size
    return {kind: short(size / entries) for kind, size in sorted(found.items())} | {
        "all": short(sum(found.values()) / entries)
    }


def same_root(what: str, log_root: bytes, leaves: Sequence[bytes]) -> None:
    """The root that was built is the root by definition.

    Raises:
        DisagreementError: it is not.
    """
    if plain_root(leaves) != log_root:
        raise DisagreementError(f"{what}: another root than the definition gives for {len(leaves):,} leaves")
