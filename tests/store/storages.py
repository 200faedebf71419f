"""What the tests of storages share: a small log with fixed keys, entries for it, and the two places it may lie in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.store.cluster import cluster
from truceline.canon import sha256
from truceline.record.audit import Audit, Trust, audit
from truceline.record.charter import Charter, Key, KeySet, Quorum, plain
from truceline.record.checkpoint import open_checkpoint
from truceline.record.entry import SCHEMA, Cited, Sealed, SigningKey, Statement, blob_of, sign, written
from truceline.record.log import Keys, Log, Storage, Submission, Taken
from truceline.record.note import COSIGNATURE, Signer
from truceline.record.receipt import open_receipt
from truceline.record.register import CHARTER, SHREDDING, Line, Register
from truceline.record.tree import leaf_hash
from truceline.store.opened import Store, open_store, source_at

KINDS = ("files", "server")
ORIGIN = "log.example/record"
KEYS = Keys(Signer(ORIGIN, bytes([1] * 32)), Signer("clock.example", bytes([2] * 32), COSIGNATURE))
PARTIES = ("north", "south", *(f"party-{i}" for i in range(6)))
T0 = 1_700_000_000


class Clock:
    """A clock that moves on by a second whenever it is asked."""

    def __init__(self, at: int = T0) -> None:
        """Begin at a second."""
        self.at = at

    def __call__(self) -> int:
        """The next second."""
        self.at += 1
        return self.at


NOW = Clock()


def key(party: str, n: int = 0) -> SigningKey:
    """The key of a party; `n` = 1 is its root."""
    return SigningKey.of_seed(bytes([10 + PARTIES.index(party), n]) * 16)


def charter() -> bytes:
    """Entry 0."""
    sets = tuple(KeySet((Key(key(party).public, "sign"),), party, (key(party, 1).public,), 1, 0) for party in PARTIES)
    both = Quorum(PARTIES[:2], 2)
    body = Charter(KEYS.clock.verifier.vkey, Quorum((), 0), False, KEYS.log.verifier.vkey, sets, "", both, "a test")
    one = statement(Register(), "north", type=CHARTER, body=plain(body), log=ORIGIN)
    return sign(written(one), [key(party, n) for party in PARTIES for n in (0, 1)])


def next_statement(register: Register, by: str) -> Mapping[str, object]:
    """The place of a party's next statement: `log`, `by`, `sequence`, `previous`."""
    line = register.lines.get(by) or Line()
    log = register.log.name if register.log else ""
    return {"log": log, "by": by, "sequence": line.next, "previous": line.previous}


def statement(register: Register, by: str, **fields: Any) -> Statement:  # noqa: ANN401  # fields of any type
    """The next statement of a party."""
    given = {"blobs": (), "body": None, "cites": Cited(), "claims": None, "schema": SCHEMA, "sealed": None,
             "type": "report", "under": "", **next_statement(register, by), **fields}  # fmt: skip
    return Statement(**given)


@dataclass
class Feed:
    """A party that goes on where the log says it was left."""

    register: Register
    by: str = "north"
    sequence: int = field(init=False)
    previous: str = field(init=False)

    def __post_init__(self) -> None:
        """Ask the register."""
        place = next_statement(self.register, self.by)
        self.sequence, self.previous = int(str(place["sequence"])), str(place["previous"])

    def next(
        self, body: object = None, blob: bytes | None = None, sealed: Sealed | None = None, kind: str = "report"
    ) -> Submission:
        """The next entry of the feed, perhaps with a blob."""
        blobs = () if blob is None else (blob_of("file", blob),)
        one = statement(self.register, self.by, body=body, blobs=blobs, sealed=sealed, log=ORIGIN, type=kind,
                        sequence=self.sequence, previous=self.previous)  # fmt: skip
        data = sign(written(one), [key(self.by)])
        self.sequence, self.previous = self.sequence + 1, leaf_hash(data).hex()
        return Submission(data, {} if blob is None else {sha256(blob): blob})

    def some(self, count: int) -> list[Submission]:
        """The next entries."""
        return [self.next({"n": i}) for i in range(count)]


def shredding(register: Register, index: int) -> Submission:
    """The entry that destroys a sealed body, signed by both parties."""
    body = {"commitment": register.sealed[index], "index": index, "reason": "a test"}
    one = statement(register, "north", type=SHREDDING, body=body)
    return Submission(sign(written(one), [key(party) for party in PARTIES[:2]]))


@dataclass
class Place:
    """Where a record lies, by its path or URL."""

    where: str
    folder: Path | None = None

    def open(self) -> Store:
        """Open it anew."""
        return open_store(self.where)

    @contextmanager
    def log(self) -> Iterator[Log]:
        """A log over storage that is opened anew, with the lock."""
        with closing(self.open()) as store, store.writer():
            yield begun(store)

    def audit(self) -> Audit:
        """What an auditor finds; nothing that does not hold, or the test fails."""
        with source_at(self.where) as source:
            found = audit(source, Trust())
        assert not found.faults, "\n".join(str(fault) for fault in found.faults)
        return found


def place(kind: str, tmp_path: Path) -> Place:
    """An empty place of a kind; skips the test where there is no PostgreSQL."""
    if kind == "files":
        return Place(str(tmp_path / "record"), tmp_path / "record")
    return Place(cluster().url(cluster().database()))


def begun(store: Storage) -> Log:
    """A log that has its charter."""
    log = Log(store, KEYS, NOW)
    if not log.size:
        assert isinstance(log.append([Submission(charter())])[0], Taken)
    return log


@dataclass
class Promised:
    """What a log has acknowledged, and every tree it ever signed for."""

    leaves: dict[int, bytes] = field(default_factory=dict)
    roots: dict[int, bytes] = field(default_factory=dict)

    def take(self, answers: Sequence[object]) -> None:
        """Take note of receipts."""
        for one in answers:
            assert isinstance(one, Taken), one
            index, promise = open_receipt(one.receipt, one.leaf, KEYS.log.verifier)
            assert index == one.index
            assert self.leaves.setdefault(index, one.leaf) == one.leaf, f"entry {index} was promised twice"
            self.root(promise.checkpoint.size, promise.checkpoint.root)

    def note(self, data: bytes) -> None:
        """Take note of a checkpoint that was signed, whether or not it was kept."""
        made = open_checkpoint(data, KEYS.log.verifier).checkpoint
        self.root(made.size, made.root)

    def root(self, size: int, root: bytes) -> None:
        """No size ever has two roots."""
        assert self.roots.setdefault(size, root) == root, f"two roots were signed for {size} entries"

    def check(self, log: Log) -> None:
        """Everything that was acknowledged is there, and the trees signed for are those of the log."""
        kept = [leaf_hash(data) for data in log.storage.entries(0, log.size)]
        for index, leaf in self.leaves.items():
            assert index < len(kept), f"entry {index} was acknowledged and is lost: {len(kept)} are there"
            assert kept[index] == leaf, f"entry {index} was acknowledged and is another now"
        for size, root in self.roots.items():
            assert size <= log.size, f"a tree of {size} was signed, {log.size} entries are there"
            assert log._root(size) in (root, None), f"size {size} was published with another root"
