"""How does a log grow? One writer; durable, then promised, then published; never two heads of one size.

The order of a batch, numbered at its lines:
    1 read each entry, ask the register, check what lies beside it; what is refused is noted as refused
    2 blobs durable
    3 entries durable
    4 the promise signed: what a receipt holds
    5 tiles that became full durable
    6 a checkpoint signed, for a size that is durable
    7 the head moved on, if it still is the one we started from
When any of 2 to 7 fails the log takes no more: what is on the disk is read again before anything else is signed.

This module decides; where things are kept, what time it is and whose keys sign comes in from outside.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import msgspec

from truceline.canon import sha256
from truceline.errors import (
    AgreementError,
    InputError,
    StoreError,
    SubmissionError,
    TrucelineError,
    VerificationError,
    quoted,
)
from truceline.record.checkpoint import Checkpoint, open_checkpoint
from truceline.record.entry import Entry, hashes_of, read_entry
from truceline.record.note import Signer, Verifier, check_note, read_note, signed
from truceline.record.proof import Proof, proofs
from truceline.record.receipt import promise
from truceline.record.register import OWN_TYPES, SHREDDING, Register
from truceline.record.tiles import WIDTH, TileTree, bundle_of, entries_path, parse_path, tile_path, tile_root
from truceline.record.tree import Range, consistency_path, inclusion_path, inclusion_paths, leaf_hash, leaf_hashes

MOST_BLOB = 64 * 1024 * 1024
Tell = Callable[[str, int, int], None]
Check = Callable[[Entry, Register, Mapping[str, bytes]], None]
"""Refuses the next entry, given the record before it and the bytes of what it names that came with it, by hash."""


class Refused(msgspec.Struct, frozen=True):
    """An entry that was refused: when, its hash, why."""

    at: int
    leaf: str
    why: str


class Storage(Protocol):
    """Where a log is kept. What returned is durable; what raised may or may not have been kept.

    Raises, everywhere:
        StoreError: the disk or the server refuses, or something is missing. VerificationError: it is damaged.
    """

    def head(self) -> bytes | None:
        """The newest checkpoint, signed by the log; None before the first."""

    def swap_head(self, old: bytes | None, new: bytes) -> None:
        """Put a new head in place of the old one; refuse when another stands there."""

    def durable(self) -> int:
        """How many entries are durable; those beyond the head were never published."""

    def append(self, first: int, entries: Sequence[bytes]) -> None:
        """Keep entries from index `first` on; refuse when that is not the next."""

    def entries(self, first: int, last: int) -> Iterator[bytes]:
        """The entries from `first` to before `last`."""

    def tile(self, path: str) -> bytes:
        """A full tile or bundle."""

    def put_tiles(self, files: Mapping[str, bytes]) -> None:
        """Keep full tiles and bundles."""

    def together(self) -> AbstractContextManager[None]:
        """What is written inside may become durable at once, when it is left: one wait for the disk, not several."""

    def settle(self, size: int) -> None:
        """The head covers so many entries: what the tiles hold too need not be kept twice."""

    def note(self, size: int) -> bytes | None:
        """The checkpoint of a size as the log signed it; None when none was published."""

    def put_note(self, size: int, data: bytes) -> None:
        """Keep a checkpoint."""

    def notes(self, since: int = 0) -> Iterable[int]:
        """The sizes of the published checkpoints of `since` entries and more, ascending."""

    def cosignatures(self, size: int) -> Sequence[str]:
        """The cosignature lines on the checkpoint of a size, sorted."""

    def put_cosignature(self, size: int, line: str) -> None:
        """Keep one cosignature line."""

    def blob(self, digest: str) -> bytes:
        """The bytes of this SHA-256."""

    def has_blob(self, digest: str) -> bool:
        """Whether they are here."""

    def put_blob(self, digest: str, data: bytes) -> None:
        """Keep them."""

    def drop_blob(self, digest: str) -> None:
        """Destroy them."""

    def refuse(self, refused: Sequence[Refused]) -> None:
        """Note what was refused."""

    def state(self) -> bytes | None:
        """What was kept last with `put_state`: it can be lost and computed again."""

    def put_state(self, data: bytes) -> None:
        """Keep a state of the register."""


class Submission(msgspec.Struct, frozen=True):
    """What a submitter hands over: the bytes of an entry, and the bytes of what it names by hash."""

    data: bytes
    blobs: Mapping[str, bytes] = msgspec.field(default_factory=dict)


class Taken(msgspec.Struct, frozen=True):
    """An entry that is in the log: its index, its leaf hash, and the receipt (C2SP tlog-proof)."""

    index: int
    leaf: bytes
    receipt: bytes


@dataclass(frozen=True)
class Keys:
    """What a log signs with: checkpoints, and the time of each by a key of its own."""

    log: Signer
    clock: Signer


MOST_ROOTS = 4_096
MOST_LATELY = 65_536
"""So many entries that were taken or refused lately are known again: sent once more, they are not noted once more."""

STATE_EVERY = 1_000
"""After so many entries the state of the register is kept anew: opening reads at most so many again."""


class Log:
    """A log, opened by its one writer.

    Attributes:
        broken: why it takes no more until it is opened again; empty = it does.

    INVARIANT: `_tree` is the tree over the entries that `storage` holds, and the register has read every one of them.
    """

    def __init__(
        self, storage: Storage, keys: Keys, now: Callable[[], int], tell: Tell | None = None, check: Check | None = None
    ) -> None:
        """Open a log, and take up what was durable when its writer last stopped.

        Args:
            storage: where it is kept; the caller holds its lock.
            keys: the log's own.
            now: gives the UTC second.
            tell: told `(what, done, all)` while a long log is read again.
            check: what else is asked of a new entry, once its signatures hold.

        Raises:
            VerificationError: what is kept is not what the head says.
        """
        self.storage, self.keys, self.now, self.check = storage, keys, now, check
        self._head = storage.head()
        self.broken = ""
        self._roots: dict[int, bytes] = {}
        self._lately: dict[bytes, None] = {}
        self._tree = Edge.of_head(storage, self._head, keys.log.verifier)
        self.register = self._read_again(tell)
        if self._head is None and (self.size or any(storage.notes())):
            raise VerificationError("the head is gone: entries or checkpoints are there, and no head; restore it")
        if self._head is None or self._tree.size > self._published():
            self._integrate([])
        for index in self.register.shredded:
            self._destroy(index)

    # -- what it says --------------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """How many entries it holds."""
        return self._tree.size

    @property
    def head(self) -> bytes:
        """The newest checkpoint with all cosignatures on it that are here."""
        return self.noted(self.size)

    def checkpoint(self) -> Checkpoint:
        """The newest checkpoint."""
        return Checkpoint(self.keys.log.name, self.size, self._tree.root())

    def noted(self, size: int) -> bytes:
        """The checkpoint of a size with all cosignatures on it that are here.

        Raises:
            StoreError: none was published of that size.
        """
        return noted(self.storage, size)

    def tree(self) -> TileTree:
        """The hashes of the tree as it is now."""
        return TileTree(self._tree.reader(self.storage), self.size)

    def proof(self, index: int, size: int | None = None) -> bytes:
        """The proof that an entry is in a published checkpoint (C2SP tlog-proof).

        Args:
            index: of the entry.
            size: of the checkpoint; None = the newest.
        """
        whole = self.size if size is None else size
        return Proof(index, tuple(inclusion_path(index, whole, self.tree().subtree)), self.noted(whole)).data

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """The proof that the checkpoint of one size continues that of a smaller one."""
        return consistency_path(old, self.size if new is None else new, self.tree().subtree)

    # -- what it takes -------------------------------------------------------------------------------------------------

    def append(self, batch: Sequence[Submission]) -> list[Taken | TrucelineError]:
        """Take a batch of entries.

        Returns:
            For each, in order: where it stands and its receipt, or why it was refused.

        Raises:
            StoreError: the disk refuses; nothing of the batch was promised, and the log has to be opened again.
        """
        if self.broken:
            raise StoreError(f"the log takes no more until it is opened again: {self.broken}")
        answers: list[tuple[Entry, bytes] | TrucelineError] = []
        try:
            answers.extend(self._check(one) for one in batch)  # 1 and 2
            self._note_refused(batch, answers)
            taken = [one for one in answers if isinstance(one, tuple)]
            receipts = iter(self._keep(taken) if taken else [])
        except BaseException as error:
            self.broken = str(error) or type(error).__name__
            raise
        return [next(receipts) if isinstance(one, tuple) else one for one in answers]

    def _check(self, one: Submission) -> tuple[Entry, bytes] | TrucelineError:
        """The entry and its leaf hash, or why it is refused."""
        leaf = leaf_hash(one.data)
        try:
            entry = read_entry(one.data)
            given = self._take(self.register, entry, leaf, one.blobs)
        except (AgreementError, InputError, SubmissionError, VerificationError) as error:
            return error
        for digest, data in given.items():
            self.storage.put_blob(digest, data)
        return entry, leaf

    def _note_refused(
        self, batch: Sequence[Submission], answers: Sequence[tuple[Entry, bytes] | TrucelineError]
    ) -> None:
        """Note the refusals of a batch at once; not of what was taken, or noted, a while ago, and is sent once more."""
        refused = []
        for one, answer in zip(batch, answers, strict=True):
            leaf = leaf_hash(one.data) if isinstance(answer, TrucelineError) else answer[1]
            if isinstance(answer, TrucelineError) and leaf not in self._lately:
                refused.append(Refused(self.now(), leaf.hex(), str(answer)))
            self._lately[leaf] = None
        while len(self._lately) > MOST_LATELY:
            del self._lately[next(iter(self._lately))]
        if refused:
            self.storage.refuse(refused)

    def trial(self, one: Submission) -> TrucelineError | None:
        """Why an entry would be refused if it came next; None = it would be taken. Nothing is kept or noted."""
        try:
            entry = read_entry(one.data)
            self._take(self.register.copy(), entry, leaf_hash(one.data), one.blobs)
        except (AgreementError, InputError, SubmissionError, VerificationError) as error:
            return error
        return None

    def _take(self, register: Register, entry: Entry, leaf: bytes, blobs: Mapping[str, bytes]) -> dict[str, bytes]:
        """Have a register take an entry; gives what came with it.

        What is held is asked about last: the error would tell whoever has not signed.
        """
        given: dict[str, bytes] = {}

        def ask() -> None:
            if self.check is not None:
                self.check(entry, register, blobs)
            given.update(self._blobs_of(entry, blobs))

        register.take(entry, leaf, self._root, ask)
        return given

    def _blobs_of(self, entry: Entry, given: Mapping[str, bytes]) -> dict[str, bytes]:
        if not entry.statement.blobs and entry.statement.sealed is None:
            return {}
        found = {digest: given[digest] for digest in hashes_of(entry.statement) if digest in given}
        sizes = {blob.sha256: blob.size for blob in entry.statement.blobs}
        for digest, data in found.items():
            if len(data) > MOST_BLOB or sizes.get(digest, len(data)) != len(data) or sha256(data) != digest:
                raise SubmissionError(f"blob {digest[:12]}: not the bytes that the entry names, or over {MOST_BLOB}")
        is_known = entry.statement.type not in OWN_TYPES  # the register asks for the signatures of these last
        for digest in hashes_of(entry.statement):
            if digest not in found and not (is_known and self.storage.has_blob(digest)):
                raise SubmissionError(f"blob {digest[:12]}: named by the entry and not handed over")
        return found

    def _keep(self, batch: Sequence[tuple[Entry, bytes]]) -> list[Taken]:
        first, at = self.size, self.now()
        entries, leaves = [entry for entry, _ in batch], [leaf for _, leaf in batch]
        self.storage.append(first, [entry.data for entry in entries])  # 3
        full = self._tree.extend(leaves)
        note = promise(self.keys.log.name, self.size, self._tree.root(), at, self.keys.log)  # 4
        receipts = proofs(first, inclusion_paths(first, self.size, self.tree().subtree), note)
        taken = [Taken(first + i, *pair) for i, pair in enumerate(zip(leaves, receipts, strict=True))]
        self._integrate(full, at)
        for entry in entries:
            if entry.statement.type == SHREDDING:
                self._destroy(entry.statement.body["index"])
        if first // STATE_EVERY < self.size // STATE_EVERY:
            self.storage.put_state(self.register.dump())
        return taken

    def _integrate(self, full: Iterable[tuple[int, int]], promised: int | None = None) -> None:
        size, root = self.size, self._tree.root()
        at = self.now() if promised is None else promised  # one second for both: a receipt can be made again from it
        with self.storage.together():
            self._store_tiles(full)  # 5
            text = Checkpoint(self.keys.log.name, size, root).text
            head = signed(text, [self.keys.log.sign(text)])  # 6
            self.storage.put_note(size, head)
            self.storage.put_cosignature(size, self.keys.clock.sign(text, at))
            self.storage.swap_head(self._head, head)  # 7
        self._head = head
        self._remember(size, root)
        self.storage.settle(size)

    def _store_tiles(self, full: Iterable[tuple[int, int]]) -> None:
        files = {}
        for level, n in full:
            files[tile_path(level, n)] = b"".join(self._tree.take_tile(level, n))
            if level == 0:
                files[entries_path(n)] = bundle_of(list(self.storage.entries(n * WIDTH, (n + 1) * WIDTH)))
        if files:
            self.storage.put_tiles(files)

    def _destroy(self, index: int) -> None:
        """Destroy the box of a body that the record says is destroyed; one that is gone is gone."""
        sealed = read_entry(next(self.storage.entries(index, index + 1))).statement.sealed
        if sealed is not None and self.storage.has_blob(sealed.box):
            self.storage.drop_blob(sealed.box)

    def cosigned(self, size: int, lines: Iterable[str], witnesses: Iterable[Verifier]) -> dict[Verifier, int]:
        """Keep the cosignatures of witnesses on a checkpoint; those of others are dropped.

        Returns:
            The witnesses whose cosignature is new and holds, and its time.
        """
        note = self.storage.note(size)
        if note is None:
            raise StoreError(f"no checkpoint of size {size} was published")
        known, found = tuple(witnesses), {}
        for line in lines:
            with contextlib.suppress(VerificationError):  # what a witness sends back is its own affair
                text = read_note(note).text
                times = check_note(read_note(signed(text, [line])), known)
                for verifier, at in times.items():
                    if at is not None:
                        self.storage.put_cosignature(size, line)
                        found[verifier] = at
        return found

    # -- what it reads -------------------------------------------------------------------------------------------------

    def _published(self) -> int:
        return 0 if self._head is None else open_checkpoint(self._head, self.keys.log.verifier).checkpoint.size

    def _root(self, size: int) -> bytes | None:
        """The root of the published checkpoint of a size."""
        if size not in self._roots:
            note = self.storage.note(size)
            if note is None:
                return None
            self._remember(size, open_checkpoint(note, self.keys.log.verifier).checkpoint.root)
        return self._roots[size]

    def _remember(self, size: int, root: bytes) -> None:
        """Keep a root at hand: most statements cite one of the newest."""
        self._roots[size] = root
        if len(self._roots) > MOST_ROOTS:
            del self._roots[next(iter(self._roots))]

    def distrust(self, tell: Tell | None = None) -> None:
        """Read every entry again, and verify it: the state of the register that was kept is not what they say."""
        self.register = self._read_again(tell, is_kept=False)
        self.storage.put_state(self.register.dump())

    def _read_again(self, tell: Tell | None, *, is_kept: bool = True) -> Register:
        """The register as of now: the state that was kept, and every entry after it."""
        register, size = Register(), self._tree.size
        kept = self.storage.state() if is_kept else None
        if kept is not None:
            with contextlib.suppress(VerificationError):
                register = Register.load(kept)
        if register.size > size:
            register = Register()
        for data in self.storage.entries(register.size, size):
            if tell and not register.size % 1_000:
                tell("reading the record again", register.size, size)
            register.take(read_entry(data), leaf_hash(data), self._root)
        if register.log is not None and register.log != self.keys.log.verifier:
            raise VerificationError(f"the record is that of {quoted(register.log.name)}, by another key")
        return register


class Edge:
    """The right edge of a tree: its range, and the tiles that are not full yet.

    INVARIANT: `_open[level]` are the hashes of the last, partial tile of a level, fewer than 256.
    """

    def __init__(self) -> None:
        """An empty tree."""
        self._range = Range()
        self._open: list[list[bytes]] = [[]]
        self._full: dict[tuple[int, int], list[bytes]] = {}

    @classmethod
    def of_head(cls, storage: Storage, head: bytes | None, log: Verifier) -> Edge:
        """The edge of what is durable, once what the head says of it was found to hold.

        Raises:
            VerificationError: the kept tiles and entries do not give the root that the log signed.
        """
        edge, durable = cls(), storage.durable()
        said = None if head is None else open_checkpoint(head, log).checkpoint
        size = 0 if said is None else said.size
        if durable < size:
            raise VerificationError(f"the head says {size} entries, {durable} are there")
        edge._take_up(storage, size)
        if said is not None and edge.root() != said.root:
            raise VerificationError(f"the head of size {size} is not the root of the entries that are there")
        full = edge.extend(leaf_hashes(storage.entries(size, durable)))
        for level, n in full:
            storage.put_tiles({tile_path(level, n): b"".join(edge.take_tile(level, n))})
            if level == 0:
                entries = list(storage.entries(n * WIDTH, (n + 1) * WIDTH))
                storage.put_tiles({entries_path(n): bundle_of(entries)})
        return edge

    def _take_up(self, storage: Storage, size: int) -> None:
        """Fill the open tiles of a tree of `size` from full tiles, and level 0 from the entries themselves."""
        level, width = 1, size // WIDTH
        while width:
            first = width // WIDTH * WIDTH
            while len(self._open) <= level:
                self._open.append([])
            for n in range(first, width):
                self._open[level].append(tile_root(storage.tile(tile_path(level - 1, n))))
            level, width = level + 1, width // WIDTH
        self._open[0] = [leaf_hash(data) for data in storage.entries(size // WIDTH * WIDTH, size)]
        hashes: list[bytes] = []
        for above in reversed(range(len(self._open))):
            hashes += _perfect(self._open[above])
        self._range = Range(size, hashes)

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return self._range.size

    def root(self) -> bytes:
        """Its root hash."""
        return self._range.root()

    def extend(self, leaves: list[bytes]) -> list[tuple[int, int]]:
        """Append leaf hashes; return level and number of every tile that became full."""
        grown, full = {0: leaves}, []
        n = self.size // WIDTH
        self._range.extend(leaves, grown=grown)
        for level, hashes in sorted(grown.items()):
            if level == len(self._open):
                self._open.append([])
            row = self._open[level] + hashes
            whole = len(row) // WIDTH * WIDTH
            for at in range(0, whole, WIDTH):
                self._full[level, n + at // WIDTH] = row[at : at + WIDTH]
                full.append((level, n + at // WIDTH))
            self._open[level] = row[whole:]
            n //= WIDTH
        return full

    def take_tile(self, level: int, n: int) -> list[bytes]:
        """The hashes of a tile that became full; it is not kept here any longer."""
        return self._full.pop((level, n))

    def reader(self, storage: Storage) -> Callable[[str], bytes]:
        """Reads tiles by name: the open ones from here, full ones from where they are kept."""

        def read(path: str) -> bytes:
            level, n, width = parse_path(path)
            if width < WIDTH:
                return b"".join(self._open[level][:width])
            if (level, n) in self._full:
                return b"".join(self._full[level, n])
            return storage.tile(path)

        return read


def _perfect(hashes: Sequence[bytes]) -> tuple[bytes, ...]:
    part = Range()
    part.extend(hashes)
    return part.hashes


def noted(storage: Storage, size: int) -> bytes:
    """A published checkpoint with every cosignature on it that is kept.

    Raises:
        StoreError: none was published of that size.
    """
    note = storage.note(size)
    if note is None:
        raise StoreError(f"no checkpoint of size {size} was published")
    return note + "".join(storage.cosignatures(size)).encode()
