"""How does a mirror go on with its own tree? From the tiles at its right edge, which must give its root.

It holds the tiles that are not full, a few kilobytes for a tree of any size. It promises that what it appends to is the
tree that was verified before; so a root that comes out and is the one that was signed proves the continuation.

Source: C2SP tlog-tiles.
"""

from __future__ import annotations

from collections.abc import Iterator

from truceline.errors import StoreError
from truceline.record.checkpoint import Checkpoint
from truceline.record.tiles import WIDTH, TileTree, parse_path, tile_path, tile_root, tile_width
from truceline.record.tree import HASH_BYTES
from truceline.witness.fetch import Fetch

MOST_TILE = WIDTH * HASH_BYTES


class Edge:
    """The right edge of our own tree: the tiles that are not full.

    INVARIANT: `_open[level]` are the hashes of the last tile of a level, fewer than 256.
    """

    def __init__(self, own: Fetch, old: Checkpoint | None) -> None:
        """Take up our own tree.

        Args:
            own: reads our own tiles.
            old: our own checkpoint; None = we hold nothing yet.

        Raises:
            StoreError: our tiles do not give our root.
        """
        self.size = 0 if old is None else old.size
        self._open: list[list[bytes]] = []
        level = 0
        while self.size >> 8 * level:
            self._open.append(self._read(own, level))
            level += 1
        if old is not None and self.root() != old.root:
            raise StoreError("our own tiles do not give our own root: this mirror is damaged, begin another")

    def _read(self, own: Fetch, level: int) -> list[bytes]:
        width = tile_width(level, self.size)
        if not width:
            return []
        name = tile_path(level, self.size >> 8 * (level + 1), width)
        data = own(name, MOST_TILE)
        if data is None or len(data) != width * HASH_BYTES:
            raise StoreError(f"{name}: is missing here, or damaged: this mirror is damaged, begin another")
        return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]

    def open_leaves(self) -> list[bytes]:
        """The leaf hashes of the last tile of level 0, while it is not full."""
        return list(self._open[0]) if self._open else []

    def append(self, leaf: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Add a leaf; gives level, number and hashes of every tile that became full."""
        self.size += 1
        level, last = 0, leaf
        while True:
            if level == len(self._open):
                self._open.append([])
            self._open[level].append(last)
            if len(self._open[level]) < WIDTH:
                return
            hashes = b"".join(self._open[level])
            self._open[level] = []
            yield level, (self.size >> 8 * (level + 1)) - 1, hashes
            level, last = level + 1, tile_root(hashes)

    def open_tiles(self) -> Iterator[tuple[int, int, bytes]]:
        """Level, number and hashes of every tile that is not full."""
        for level, hashes in enumerate(self._open):
            if hashes:
                yield level, self.size >> 8 * (level + 1), b"".join(hashes)

    def root(self) -> bytes:
        """Hash of the whole tree."""
        return TileTree(lambda name: b"".join(self._open[parse_path(name)[0]]), self.size).root()
