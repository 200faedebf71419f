"""Does a record hold, from its first byte to its last? Read whole, hashed anew, every signature verified.

It says what it checked, and what it did not; and of all that does not hold: in which file, which entry, what it means.
"consistent" is never said of a tree whose entries were not read.

The order, numbered at the lines:
    1 the newest checkpoint is signed by the log, and cosigned as the policy asks for
    2 each entry hashes to the leaf in its tile
    3 each tile hashes to the hash above it
    4 every published checkpoint is signed, dated, and has the root of the entries up to it
    5 the register takes every entry: sequence, citation, keys, signatures
    6 every blob that an entry names is there, and is what it names; no box is there that was destroyed
    7 a checkpoint that the reader saw earlier is continued
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from truceline.canon import sha256
from truceline.errors import Fault, TrucelineError, VerificationError
from truceline.record.charter import Charter, check_charter, read_body
from truceline.record.checkpoint import open_checkpoint, read_checkpoint
from truceline.record.entry import Entry, Statement, hashes_of, read_entry
from truceline.record.note import Verifier, check_note, read_note
from truceline.record.policy import Policy
from truceline.record.register import Line, Register, Remark
from truceline.record.tiles import WIDTH, beginning_of, floors_of, tile_path, tile_root
from truceline.record.tree import EMPTY_ROOT, Range, leaf_hash, leaf_hashes

Tell = Callable[[str, int, int], None]

SKEW_S = 300
"""By so much a submitter's clock may differ from that of the log."""


@dataclass(frozen=True)
class Bundle:
    """The entries of one bundle as they were found.

    Attributes:
        file: in which file.
        entries: their bytes, as far as they can be read.
        fault: why not all of them can be.
    """

    file: str
    entries: Sequence[bytes]
    fault: str = ""


class Source(Protocol):
    """A record to be audited; what is missing is None, what is damaged comes as it is."""

    def head(self) -> bytes | None:
        """The newest checkpoint with the cosignatures on it."""

    def bundle(self, n: int, size: int) -> Bundle:
        """Bundle `n` of a tree of `size`."""

    def tile(self, level: int, n: int) -> bytes | None:
        """A full tile."""

    def notes(self) -> Iterable[int]:
        """The sizes of the published checkpoints that are offered."""

    def noted(self, size: int) -> tuple[str, bytes | None]:
        """The file of a checkpoint, and its bytes with the cosignatures on it."""

    def blob(self, digest: str) -> tuple[str, bytes | None]:
        """The file of a blob, and its bytes."""

    has_blobs: bool
    """Whether it offers blobs at all; a mirror does not."""

    has_notes: bool
    """Whether it offers the checkpoints before the newest; a mirror does not."""


@dataclass(frozen=True)
class Trust:
    """What a reader brings along.

    Attributes:
        policy: the logs and witnesses to believe; None = the log's own word, said so in the answer.
        since: a checkpoint seen earlier, which has to be continued; empty = none.
        now: POSIX second, against cosignatures from the future; None = not looked at.
        with_signatures: verify those of the entries too; without, only hashes are computed.
    """

    policy: Policy | None = None
    since: bytes = b""
    now: int | None = None
    with_signatures: bool = True


@dataclass
class Audit:
    """What was found.

    Attributes:
        checked: what was checked, and how many of it.
        unchecked: what was not, in words.
        faults: what does not hold.
        remarks: what is contested, destroyed, or unwitnessed.
        witnesses: who cosigned the newest checkpoint, and when.
        register: the record as read; None when it could not be.
        blobs: hashes of the files beside the record that were looked at.
    """

    origin: str = ""
    size: int = 0
    root: str = ""
    checked: dict[str, int] = field(default_factory=dict)
    unchecked: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    witnesses: dict[str, int] = field(default_factory=dict)
    register: Register | None = None
    blobs: set[str] = field(default_factory=set)

    def count(self, what: str, n: int = 1) -> None:
        """So many more were checked."""
        self.checked[what] = self.checked.get(what, 0) + n

    def fault(self, message: str, file: str = "", entry: int | None = None) -> None:
        """Something does not hold."""
        self.faults.append(Fault(message, file, 0, "" if entry is None else f"entry {entry}"))


def audit(source: Source, trust: Trust, tell: Tell | None = None) -> Audit:
    """Audit a record.

    Args:
        source: what is read.
        trust: what the reader believes and knows.
        tell: told `(what, done, all)` as the work goes on.

    Returns:
        What holds and what does not; nothing is raised for a record that does not hold.
    """
    work = _Work(source, trust, Audit(), tell or (lambda _what, _done, _all: None))
    try:
        work.run()
    except TrucelineError as error:
        work.found.faults += error.faults
    return work.found


class _Work:
    """One audit on its way."""

    def __init__(self, source: Source, trust: Trust, found: Audit, tell: Tell) -> None:
        self.source, self.trust, self.found, self.tell = source, trust, found, tell
        self.tree, self.altered_tree = Range(), Range()
        self.register: Register | None = Register()
        self.altered: dict[int, str] = {}
        self.roots: dict[int, bytes] = {}
        self.lost = 0
        self.published: dict[int, bytes] = {}
        self.stops: set[int] = set()
        self.tile_roots: list[bytes] = []
        self.blobs: dict[str, list[int]] = {}
        self.signed: list[tuple[str, ...]] = []
        self.dates: dict[int, int] = {}
        self.claims: list[tuple[int, int, int]] = []

    def run(self) -> None:
        log, size, root = self._open_head()
        every = list(self.source.notes())
        sizes = [one for one in every if one <= size]
        self._beyond([one for one in every if one > size], size)
        self.stops = {*sizes, size, *self._since_sizes(size)}
        self._read_notes(sizes, log)
        for n in range(0, (size + WIDTH - 1) // WIDTH):
            self.tell("entries", n * WIDTH, size)
            self._bundle(n, size)
        self.roots[0] = EMPTY_ROOT
        self._judge(size, root)
        self._tiles()
        self._compare_notes(sizes)
        self._look_at_blobs()
        self._continued(log, size)
        self._conclude()

    # -- 1: the head ---------------------------------------------------------------------------------------------------

    def _open_head(self) -> tuple[Verifier, int, bytes]:
        data = self.source.head()
        if data is None:
            raise VerificationError("there is no checkpoint: the record has no head")
        try:
            log = self._log_of(data)
            made = open_checkpoint(data, log).checkpoint
        except TrucelineError as error:
            named = (fault if fault.file else replace(fault, file="head") for fault in error.faults)
            raise VerificationError(*named) from None
        self.found.origin, self.found.size, self.found.root = made.origin, made.size, made.root.hex()
        self.found.count("checkpoints")
        policy = self.trust.policy
        if policy is not None and policy.logs:
            try:
                met = policy.check(data, now=self.trust.now)
                self.found.witnesses = dict(met.times)
                for name in met.missing:
                    self.found.remarks.append(Remark(made.size, "unwitnessed", f"no cosignature by {name}"))
            except VerificationError as error:
                self.found.fault(str(error), "head")
        else:
            self.found.unchecked.append("whether witnesses saw this record: no policy was given")
        return log, made.size, made.root

    def _beyond(self, sizes: Sequence[int], size: int) -> None:
        """Checkpoints that the head does not cover: a writer that was stopped leaves one; more mean it was put back."""
        if len(sizes) > 1:
            self.found.fault(f"went back: it says {size} entries, checkpoints of up to {sizes[-1]} lie here", "head")
        for one in sizes[:1]:
            self.found.unchecked.append(
                f"{self.source.noted(one)[0]}: beyond the head: its writer was stopped, or the head was put back"
            )

    def _log_of(self, head: bytes) -> Verifier:
        """The log to believe: that of the policy, else the one that the charter names."""
        policy, origin = self.trust.policy, read_note(head).text.split("\n", 1)[0]
        if policy is not None and policy.logs:
            for log, _ in policy.logs:
                if log.name == origin:
                    return log
            raise VerificationError(f"the log `{origin}` is none of the policy")
        first = self.source.bundle(0, read_checkpoint(read_note(head).text).size)
        try:
            if not first.entries:
                raise VerificationError(first.fault or "it is not there")
            log = check_charter(read_body(read_entry(first.entries[0]).statement.body, Charter, "charter"))
        except TrucelineError as error:
            why = f"is no charter, so nothing says whose log this is: {error}"
            raise VerificationError(Fault(why, first.file, 0, "entry 0")) from None
        self.found.unchecked.append(
            "whether this is the log you mean: its key was taken from its own charter; give --policy to pin it"
        )
        return log

    def _since_sizes(self, size: int) -> list[int]:
        if not self.trust.since:
            return []
        return [one for one in (read_checkpoint(read_note(self.trust.since).text).size,) if one <= size]

    # -- 2 and 5: the entries ------------------------------------------------------------------------------------------

    def _bundle(self, n: int, size: int) -> None:
        bundle = self.source.bundle(n, size)
        expected = min(WIDTH, size - n * WIDTH)
        tile = self._leaf_tile(n) if expected == WIDTH else None
        if len(bundle.entries) < expected or bundle.fault:
            why = bundle.fault or f"expected {expected} entries, got {len(bundle.entries)}"
            self.found.fault(f"{why}: not all of it can be read", bundle.file)
        self.found.count("entries", expected)
        if expected == WIDTH and not bundle.fault and not self.altered:
            hashes = leaf_hashes(bundle.entries[:WIDTH])
            if tile in (None, b"".join(hashes)):  # 2, for 256 at once
                self._whole(n, hashes)
                if self.trust.with_signatures:
                    for i, leaf in enumerate(hashes):
                        self._register(n * WIDTH + i, bundle.entries[i], leaf, bundle.file)
                return
        leaves = []
        for i in range(expected):
            index = n * WIDTH + i
            data = bundle.entries[i] if i < len(bundle.entries) else None
            leaf = self._leaf(index, data, None if tile is None else tile[i * 32 : i * 32 + 32], bundle.file)
            leaves.append(leaf)
            self._register(index, data, leaf, bundle.file)
        if expected == WIDTH:
            self.tile_roots.append(tile_root(b"".join(leaves)))

    def _whole(self, n: int, leaves: Sequence[bytes]) -> None:
        """The leaves of a full tile, each of which is that of its entry."""
        floors = floors_of(b"".join(leaves))
        for count in range(1, WIDTH):
            size = n * WIDTH + count
            if self._is_asked_for(size):
                self.roots[size] = Range(size, (*self.tree.hashes, *beginning_of(floors, count))).root()
        self.tree.extend_by(floors[-1], 8)
        self.tile_roots.append(floors[-1])
        if self._is_asked_for(self.tree.size):
            self.roots[self.tree.size] = self.tree.root()

    def _is_asked_for(self, size: int) -> bool:
        """Whether the root of a size is looked up later: without notes every entry after it may cite it."""
        return size in self.stops or (not self.source.has_notes and self.trust.with_signatures)

    def _leaf_tile(self, n: int) -> bytes | None:
        tile = self.source.tile(0, n)
        if tile is None:
            self.found.fault("is missing: proofs cannot be made", tile_path(0, n))
        elif len(tile) != WIDTH * 32:
            self.found.fault(f"expected {WIDTH * 32} bytes, got {len(tile)}", tile_path(0, n))
            return None
        else:
            self.found.count("tiles")
        return tile

    def _leaf(self, index: int, data: bytes | None, by_tile: bytes | None, file: str) -> bytes:
        """The leaf hash of an entry: that of its tile, where there is one."""
        own = by_tile if data is None else leaf_hash(data)
        if own is None:
            raise VerificationError(Fault("is missing: nothing after it can be checked", file, 0, f"entry {index}"))
        leaf = own if by_tile is None else by_tile
        if own != leaf:  # 2
            if not self.altered:
                self.altered_tree = self.tree.copy()
            self.altered[index] = file
        if self.altered:
            self.altered_tree.append(own)
        self.tree.append(leaf)
        if self._is_asked_for(index + 1):
            self.roots[index + 1] = self.tree.root()
        return leaf

    def _register(self, index: int, data: bytes | None, leaf: bytes, file: str) -> None:
        register = self.register
        if register is None or not self.trust.with_signatures:
            return
        entry: Entry | None = None
        try:
            if data is None:
                raise VerificationError("its bytes are not there")
            entry = read_entry(data)
            register.take(entry, leaf, self.published.get if self.source.has_notes else self.roots.get)  # 5
            self.found.count("signatures", len(entry.marks))
        except TrucelineError as error:
            if not (self.lost and _is_sequel(error)):
                self.found.fault(str(error), file, index)
            self.lost += 1
            _resync(register, entry, leaf)
            if register.charter is None:
                self.register = None
                self.found.unchecked.append("sequences, keys and signatures: the charter does not hold")
        if entry is not None:
            self._note_hashes(index, entry.statement)
            self.signed.append(tuple(mark.keyid for mark in entry.marks))
        else:
            self.signed.append(())

    def _note_hashes(self, index: int, statement: Statement) -> None:
        if statement.claims is not None:
            self.claims.append((index, statement.claims, statement.cites.size))
        for digest in hashes_of(statement):
            self.blobs.setdefault(digest, []).append(index)

    def _judge(self, size: int, root: bytes) -> None:
        """Which of two is the altered one, where an entry and its tile differ: the root says it."""
        held = self.roots.get(size, self.tree.root())
        is_tile_right = held == root
        is_entry_right = bool(self.altered) and self.altered_tree.root() == root
        for index, file in self.altered.items():
            if is_tile_right or not is_entry_right:
                self.found.fault("was altered: its bytes are not those that the log signed for", file, index)
            else:
                path = tile_path(0, index // WIDTH)
                self.found.fault("the tile was altered; the entry is as signed for", path, index)
        if not (is_tile_right or is_entry_right):
            self.found.fault(f"the log signed another root for {size} entries than these have", "head")

    # -- 3 and 4 -------------------------------------------------------------------------------------------------------

    def _tiles(self) -> None:
        """Every full tile above level 0 against the roots of the tiles below it."""
        level, roots = 0, self.tile_roots
        while len(roots) >= WIDTH:
            above = []
            for n in range(len(roots) // WIDTH):
                expected = b"".join(roots[n * WIDTH : (n + 1) * WIDTH])
                above.append(tile_root(expected))
                self._tile(level + 1, n, expected)
            level, roots = level + 1, above

    def _tile(self, level: int, n: int, expected: bytes) -> None:
        tile, path = self.source.tile(level, n), tile_path(level, n)
        if tile is None:
            self.found.fault("is missing: proofs cannot be made", path)
        elif tile != expected:  # 3
            at = next((i for i in range(WIDTH) if tile[i * 32 : i * 32 + 32] != expected[i * 32 : i * 32 + 32]), WIDTH)
            self.found.fault(f"hash {at} is not that of the tile below it", path)
        else:
            self.found.count("tiles")

    def _read_notes(self, sizes: Iterable[int], log: Verifier) -> None:
        """Open every checkpoint; what an entry cites is looked up among them."""
        known = [] if self.trust.policy is None else [one for one, _ in self.trust.policy.witnesses.values()]
        for size in sizes:
            file, data = self.source.noted(size)
            try:
                if data is None:
                    raise VerificationError("is missing")
                opened = open_checkpoint(data, log, known)
                if opened.checkpoint.size != size:
                    raise VerificationError(f"is the checkpoint of size {opened.checkpoint.size}")
                self.published[size] = opened.checkpoint.root
                self.found.count("checkpoints")
                self.found.count("cosignatures", len(opened.times))
            except VerificationError as error:
                self.found.fault(str(error), file)

    def _compare_notes(self, sizes: Iterable[int]) -> None:
        clock, last = None, 0
        if self.register is not None and self.register.charter is not None:
            clock = Verifier.parse(self.register.charter.clock)
            policy = self.trust.policy
            if policy and any(witness.public == clock.public for witness, _ in policy.witnesses.values()):
                self.found.fault("the policy counts the log's own clock as a witness", "policy")
        for size in sizes:
            file, data = self.source.noted(size)
            if size in self.published and self.published[size] != self.roots.get(size):  # 4
                self.found.fault(f"has another root than the {size} entries up to it", file)
            if clock is not None and data is not None and size in self.published:
                try:
                    at = check_note(read_note(data), [clock])[clock] or 0
                except VerificationError as error:
                    self.found.fault(f"is not dated by the log's clock: {error}", file)
                    continue
                if at < last:
                    self.found.fault("is dated before the checkpoint before it", file)
                last = max(at, last)
                self.dates[size] = at

    # -- 6 and 7 -------------------------------------------------------------------------------------------------------

    def _look_at_blobs(self) -> None:
        if not self.source.has_blobs:
            self.found.unchecked.append(f"{len(self.blobs)} files that entries name by hash: they are not offered here")
            return
        gone = set(self.register.shredded) if self.register is not None else set()
        for i, (digest, indexes) in enumerate(sorted(self.blobs.items())):
            self.tell("blobs", i, len(self.blobs))
            file, data = self.source.blob(digest)
            self.found.blobs.add(digest)
            is_shredded = set(indexes) <= gone
            if data is None and not is_shredded:
                self.found.fault("is missing: the entry names it by hash", file, indexes[0])
            elif data is not None and sha256(data) != digest:
                self.found.fault("is not what the entry names by hash", file, indexes[0])
            elif data is not None and is_shredded:
                self.found.fault("was to be destroyed and is still there", file, indexes[0])
            elif data is not None:
                self.found.count("blobs")

    def _continued(self, log: Verifier, size: int) -> None:
        if not self.trust.since:
            return
        old = open_checkpoint(self.trust.since, log).checkpoint
        if old.size > size:
            self.found.fault(f"went back: you saw {old.size} entries, it shows {size}", "head")
        elif self.roots.get(old.size) != old.root:  # 7
            self.found.fault(f"is not the record you saw: another root for {old.size} entries", "head")
        else:
            self.found.count("continuations")

    def _misdated(self) -> Iterator[Remark]:
        """Where a submitter's own time cannot be: before the checkpoint it cites, or after the one that holds it."""
        held = sorted(self.dates)
        for index, claimed, cited in self.claims:
            since = self.dates.get(cited, 0)
            until = self.dates[held[at]] if (at := bisect_right(held, index)) < len(held) else claimed
            if claimed < since - SKEW_S:
                yield Remark(index, "misdated", f"claims {claimed}, and cites a checkpoint of {since}")
            if claimed > until + SKEW_S:
                yield Remark(index, "misdated", f"claims {claimed}, and was in the log at {until}")

    def _conclude(self) -> None:
        register = self.register
        self.found.register = register
        if not self.source.has_notes:
            self.found.unchecked.append("whether checkpoints that entries cite were published: their roots are right")
        if not self.trust.with_signatures:
            self.found.unchecked.append("sequences, keys and signatures of entries: hashes only were asked for")
        if register is None:
            return
        self.found.remarks += [*register.remarks, *self._misdated()]
        for index, keyids in enumerate(self.signed):
            why = register.contested(index, keyids)
            if why:
                self.found.remarks.append(Remark(index, "contested", why))


def _is_sequel(error: TrucelineError) -> bool:
    """Whether a fault follows from an entry before that was altered."""
    text = str(error)
    return text.startswith(("`sequence`", "`previous`"))


def _resync(register: Register, entry: Entry | None, leaf: bytes) -> None:
    """Go on after an entry that does not hold, as if it were in its place."""
    if entry is not None:
        register.lines[entry.statement.by] = Line(entry.statement.sequence + 1, leaf.hex())
    register.size += 1
