"""What was said in a record that is too long to be held in memory, and that grows while it is read?

Of each entry some fifty bytes are held: its leaf hash, its type, who said it, and its number. What it says is read from
the store when it is asked for, a block at a time, and hashed again against the leaf that the record was verified with:
what was altered since is found when it is read.

It promises that what it shows is a record whose root the log signed: the whole is verified when it is read for the
first time, and each new head against the entries that it adds. Several threads may read while another process or
thread appends.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import msgspec

from truceline.errors import VerificationError
from truceline.record.audit import Source, Trust, audit
from truceline.record.charter import Charter
from truceline.record.checkpoint import Checkpoint, open_checkpoint
from truceline.record.entry import Entry, Statement, read_entry
from truceline.record.log import Storage
from truceline.record.note import Verifier, check_note, read_note
from truceline.record.register import Register
from truceline.record.tiles import WIDTH
from truceline.record.tree import HASH_BYTES, Range, leaf_hash
from truceline.store.cells import CELLED, cells_in
from truceline.store.index import Row

MOST_CACHED = 8 * 1024 * 1024
"""So many bytes of entries are kept from one question to the next; one block, however large, always is."""
_TRIES = 3


@dataclass(frozen=True)
class Said:
    """An entry of the record and when it is known to have been in it: a UTC second, by the log's clock."""

    index: int
    entry: Entry
    known_at: int

    @property
    def statement(self) -> Statement:
        """What it says."""
        return self.entry.statement


class Entries(Sequence[Said]):
    """Some entries of a record, in order; each is read when it is asked for.

    Attributes:
        indexes: which.
    """

    def __init__(self, record: Record, indexes: Sequence[int]) -> None:
        """Those of some indexes."""
        self._record, self.indexes = record, indexes

    def __len__(self) -> int:
        """How many they are."""
        return len(self.indexes)

    @overload
    def __getitem__(self, at: int) -> Said: ...
    @overload
    def __getitem__(self, at: slice) -> Entries: ...
    def __getitem__(self, at: int | slice) -> Said | Entries:
        """One of them, or a part."""
        if isinstance(at, slice):
            return Entries(self._record, self.indexes[at])
        return self._record.said(self.indexes[at])

    def __iter__(self) -> Iterator[Said]:
        """One after another."""
        return (self._record.said(index) for index in self.indexes)


class Columns:
    """What is held of each entry."""

    def __init__(self) -> None:
        """Of none."""
        self.leaves = bytearray()
        self.types, self.by, self.sequences = array("H"), array("I"), array("Q")
        self.kinds: dict[str, array[int]] = {}
        """For each type the indexes of the entries whose body everybody may read."""
        self.celled: array[int] = array("I")
        """The indexes of those that name a cell."""
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        """How many entries."""
        return len(self.types)

    def add(self, one: Statement, leaf: bytes, index: int) -> None:
        """One more."""
        self.by.append(self._number(one.by))
        self.sequences.append(one.sequence)
        self.leaves += leaf
        if one.sealed is None:
            self.kinds.setdefault(one.type, array("I")).append(index)
            if one.type in CELLED and any(True for _ in cells_in(one.body)):
                self.celled.append(index)
        self.types.append(self._number(one.type))  # last: it is counted

    def extend(self, more: Columns) -> None:
        """The entries of another."""
        numbers = [self._number(name) for name in more.names]
        self.by.extend(numbers[n] for n in more.by)
        self.sequences.extend(more.sequences)
        self.leaves += more.leaves
        for kind, indexes in more.kinds.items():
            self.kinds.setdefault(kind, array("I")).extend(indexes)
        self.celled.extend(more.celled)
        self.types.extend(numbers[n] for n in more.types)

    def leaf(self, index: int) -> bytes:
        """The leaf hash of an entry."""
        return bytes(self.leaves[index * HASH_BYTES : (index + 1) * HASH_BYTES])

    def _number(self, name: str) -> int:
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        return self._numbers[name]


class Times:
    """When each entry is known to have been in the log: the second of the first dated checkpoint that holds it."""

    def __init__(self) -> None:
        """Of no checkpoint."""
        self.sizes, self.seconds = array("Q"), array("q")

    def add(self, size: int, second: int) -> None:
        """One more checkpoint."""
        self.seconds.append(second)
        self.sizes.append(size)

    def of(self, index: int) -> int:
        """That of an entry."""
        return self.seconds[bisect_right(self.sizes, index)]

    def batch(self, index: int) -> int:
        """The size of the first checkpoint that holds an entry."""
        return self.sizes[bisect_right(self.sizes, index)]

    def by(self, second: int) -> int:
        """How many entries are known to have been there by a second."""
        at = bisect_right(self.seconds, second, hi=len(self.sizes))
        return self.sizes[at - 1] if at else 0


class Record:
    """A record as far as its newest head, verified.

    INVARIANT: `_columns` holds the entries of a tree whose root the log signed, and nothing that is there is changed;
    what is added is added under `_turn`, before `_size` says so.
    """

    def __init__(self, where: str, store: Storage, source: Callable[[], Source]) -> None:
        """Nothing is read yet.

        Args:
            where: how messages name it.
            store: what keeps it.
            source: gives the record as an auditor reads it.
        """
        self.where, self._store, self._source = where, store, source
        self._turn = threading.RLock()
        self._head: bytes | None = None
        self._log: Verifier | None = None
        self._clock: Verifier | None = None
        self._size = 0
        self._tree = Range()
        self._columns, self._times, self._register = Columns(), Times(), Register()
        self._blocks: OrderedDict[int, list[bytes]] = OrderedDict()
        self._cached = 0

    # -- as of the newest head -----------------------------------------------------------------------------------------

    def entries(self) -> Entries:
        """All of them.

        Raises:
            VerificationError: the entries are not those that the head was signed for.
        """
        return Entries(self, range(self.size()))

    def of_kind(self, kind: str, upto: int | None = None) -> Entries:
        """Those of one type with a body that everybody may read, among the first `upto`."""
        size = self.size()
        indexes = self._columns.kinds.get(kind, array("I"))
        most = size if upto is None else min(size, upto)
        return Entries(self, indexes[: bisect_left(indexes, most)])

    def celled(self, first: int = 0) -> Entries:
        """Those from `first` on that name a cell openly."""
        size, held = self.size(), self._columns.celled
        return Entries(self, held[bisect_left(held, first) : bisect_left(held, size)])

    def register(self) -> Register:
        """The record as its register has it; signatures are not verified here, and nobody may change it."""
        self.size()
        return self._register

    def known_by(self, second: int) -> int:
        """How many entries the record is known to have held by a second."""
        return min(self.size(), self._times.by(second))

    def leaves(self, indexes: Iterable[int]) -> Iterator[str]:
        """The leaf hashes of some entries."""
        self.size()
        return (self._columns.leaf(index).hex() for index in indexes)

    def batch_of(self, index: int) -> int:
        """The size of the first checkpoint that holds an entry."""
        self.size()
        return self._times.batch(index)

    def newest(self) -> int:
        """The second of the newest checkpoint; 0 = there is none."""
        return self._times.of(size - 1) if (size := self.size()) else 0

    def rows(self, first: int = 0) -> Iterator[Row]:
        """What the index has to hold of the entries from `first` on."""
        size, held = self.size(), self._columns
        for i in range(first, size):
            kind, by = held.names[held.types[i]], held.names[held.by[i]]
            yield i, kind, by, held.sequences[i], held.leaf(i).hex(), self._times.of(i)

    def size(self) -> int:
        """How many entries it holds now: a head that is new is read and checked first.

        Raises:
            VerificationError: the entries are not those that the head was signed for, or there are fewer than before.
        """
        head = self._store.head() or b""
        if head != self._head:
            with self._turn:
                head = self._store.head() or b""  # another thread may have read a newer one meanwhile
                if head != self._head:
                    if self._log is None or self._clock is None:
                        self._begin()
                    else:
                        self._go_on(open_checkpoint(head, self._log).checkpoint, self._clock)
                        self._head = head
        return self._size

    # -- one entry -----------------------------------------------------------------------------------------------------

    def said(self, index: int) -> Said:
        """One entry, hashed again.

        Raises:
            VerificationError: it is not the entry that was verified, or it is gone.
        """
        return Said(index, read_entry(self.data(index)), self._times.of(index))

    def data(self, index: int) -> bytes:
        """The bytes of an entry, hashed again."""
        data = self._block(index)[index % WIDTH]
        if leaf_hash(data) != self._columns.leaf(index):
            with self._turn:
                self._drop(index // WIDTH)
            raise VerificationError(f"{self.where}: entry {index} was altered: not the bytes that the log signed for")
        return data

    def _block(self, index: int) -> list[bytes]:
        n = index // WIDTH
        with self._turn:
            block = self._blocks.get(n)
            if block is not None and index % WIDTH < len(block):
                self._blocks.move_to_end(n)
                return block
        block = list(self._store.entries(n * WIDTH, min((n + 1) * WIDTH, self._size)))
        with self._turn:
            self._drop(n)
            self._blocks[n] = block
            self._cached += sum(map(len, block))
            while self._cached > MOST_CACHED and len(self._blocks) > 1:
                self._drop(next(iter(self._blocks)))
        return block

    def _drop(self, n: int) -> None:
        self._cached -= sum(map(len, self._blocks.pop(n, ())))

    # -- reading it ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Verify the whole, and take it up."""
        for left in reversed(range(_TRIES)):
            found = audit(self._source(), Trust(with_signatures=False))
            if not found.faults:
                break
            # A writer moves entries from the journal into bundles while they are read: what is damaged stays so.
            if not left or self._store.head() == self._head:
                raise VerificationError(*found.faults)
        charter = charter_of(next(self._store.entries(0, 1)))
        columns, tree, register = self._read(Register(), Range(), found.size)
        if tree.root().hex() != found.root:
            raise VerificationError(f"{self.where}: the entries are not those that were verified a moment ago")
        clock, times = Verifier.parse(charter.clock), Times()
        for size, second in self._dated(0, found.size, clock):
            times.add(size, second)
        self._columns, self._times, self._tree, self._register = columns, times, tree, register
        self._log, self._clock = Verifier.parse(charter.log), clock
        self._size = found.size
        self._head = self._store.note(found.size)

    def _go_on(self, made: Checkpoint, clock: Verifier) -> None:
        """Check a new head against the entries that it adds, and take them up."""
        self._check_continues(made)
        more, tree, register = self._read(self._register.copy(), self._tree.copy(), made.size)
        if tree.root() != made.root:
            raise VerificationError(f"{self.where}: the log signed another root for {made.size} entries than they have")
        for size, second in self._dated(self._size, made.size, clock):
            self._times.add(size, second)
        self._columns.extend(more)
        self._tree, self._register, self._size = tree, register, made.size

    def _check_continues(self, made: Checkpoint) -> None:
        if made.size < self._size:
            raise VerificationError(f"{self.where}: went back: it held {self._size} entries, now it says {made.size}")
        if made.size == self._size and made.root != self._tree.root():
            raise VerificationError(f"{self.where}: two roots were signed for {made.size} entries")

    def _read(self, register: Register, tree: Range, to: int) -> tuple[Columns, Range, Register]:
        """Read the entries from the size of a tree on, and add them to it."""
        columns = Columns()
        for data in self._store.entries(tree.size, to):
            leaf, entry = leaf_hash(data), read_entry(data)
            register.note(entry, leaf)
            columns.add(entry.statement, leaf, tree.size)
            tree.append(leaf)
        return columns, tree, register

    def _dated(self, since: int, to: int, clock: Verifier) -> list[tuple[int, int]]:
        """The dated checkpoints after a size: their sizes and seconds.

        Raises:
            VerificationError: none of them holds the last of the entries.
        """
        found, source = [], self._source()
        for size in self._store.notes(since):
            if since < size <= to:
                data = source.noted(size)[1] or b""
                found.append((size, check_note(read_note(data), [clock])[clock] or 0))
        last = found[-1][0] if found else since
        if last < to:
            raise VerificationError(f"{self.where}: no dated checkpoint holds the entries from {last} on")
        return found


def charter_of(data: bytes) -> Charter:
    """The charter that entry 0 holds.

    Raises:
        VerificationError: it is none.
    """
    try:
        return msgspec.convert(read_entry(data).statement.body, Charter)
    except msgspec.ValidationError as error:
        raise VerificationError(f"entry 0 is no charter: {error}") from None
