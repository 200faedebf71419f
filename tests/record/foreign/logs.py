"""A log in memory, small and honest, for the tests to break."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from truceline.record.checkpoint import Checkpoint
from truceline.record.note import COSIGNATURE, Signer, signed
from truceline.record.tiles import ENTRIES, bundle_of, entries_path, parse_path, tile_path, tile_root, tiles_of
from truceline.record.tree import Range, leaf_hash

ORIGIN = "log.example/ceasefire"
LOG = Signer(ORIGIN, b"L" * 32)
OTHER_LOG = Signer(ORIGIN, b"O" * 32)
WITNESSES = [Signer(f"witness.example/{name}", name.encode() * 32, COSIGNATURE) for name in "abc"]
NOW = 1_456_531_200  # 2016-02-27, the day the cessation of hostilities began


class SmallLog:
    """Entries, and every file that a log of them has."""

    def __init__(self, size: int, *, origin: str = ORIGIN) -> None:
        """Make entries of different lengths, the empty one among them."""
        self.origin = origin
        self.size = size
        self.entries = [f"entry {n} ".encode() * (n % 4) + str(n).encode() * (n % 5 > 0) for n in range(size)]
        self.leaves = [leaf_hash(entry) for entry in self.entries]

    @cached_property
    def root(self) -> bytes:
        """Root of the whole."""
        tree = Range()
        tree.extend(self.leaves)
        return tree.root()

    @cached_property
    def levels(self) -> list[list[bytes]]:
        """What the tiles of each level hold."""
        found = [self.leaves]
        while len(found[-1]) >= 256:
            below = found[-1]
            full = range(0, len(below) // 256 * 256, 256)
            found.append([tile_root(b"".join(below[at : at + 256])) for at in full])
        return found

    def tile(self, path: str) -> bytes:
        """A tile of any width that was ever current."""
        level, n, width = parse_path(path)
        if level == ENTRIES:
            return bundle_of(self.entries[n * 256 : n * 256 + width])
        return b"".join(self.levels[level][n * 256 : n * 256 + width])

    @cached_property
    def files(self) -> dict[str, bytes]:
        """All tiles and bundles of the size, by name."""
        paths = [tile_path(*tile) for tile in tiles_of(self.size)]
        paths += [entries_path(n, width) for level, n, width in tiles_of(self.size) if level == 0]
        return {path: self.tile(path) for path in paths}

    @property
    def checkpoint(self) -> Checkpoint:
        """Size and root."""
        return Checkpoint(self.origin, self.size, self.root)

    def note(self, *, log: Signer = LOG, witnesses: Sequence[Signer] = (), at: int = NOW) -> bytes:
        """The checkpoint, signed and cosigned."""
        return cosigned(self.checkpoint.text, log=log, witnesses=witnesses, at=at)


def cosigned(text: str, *, log: Signer = LOG, witnesses: Sequence[Signer] = (), at: int = NOW) -> bytes:
    """A note by a log and witnesses."""
    return signed(text, [log.sign(text), *(witness.sign(text, at) for witness in witnesses)])
