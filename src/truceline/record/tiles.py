"""Which files hold a tree, and how is a hash found in them?

A tile is 256 hashes of one level; a bundle is the 256 entries under a tile of level 0. Level 0 holds leaf hashes, and a
hash of level n+1 is the root of a full tile of level n. What is not full yet carries its width in its name.

It promises the width of what it reads, never its truth: hashes out of tiles mean something only after a proof made of
them has been checked against a signed root.

Source: C2SP tlog-tiles.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from truceline.errors import InputError, VerificationError, quoted
from truceline.record import tree

WIDTH = 256
ENTRIES = -1
"""The level `parse_path` gives to bundles of entries."""

MOST_LEVEL = 63
MOST_ENTRY_BYTES = 65_535
_MOST_INDEX = 2**63
_MOST_PATH = 64
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


# -- names -----------------------------------------------------------------------------------------------------------


def tile_path(level: int, n: int, width: int = WIDTH) -> str:
    """Name a tile of hashes.

    Raises:
        InputError: there can be no such tile.

    >>> tile_path(0, 1234067), tile_path(1, 0, 17)
    ('tile/0/x001/x234/067', 'tile/1/000.p/17')
    """
    if not 0 <= level <= MOST_LEVEL:
        raise InputError(f"expected a tile level of 0 to {MOST_LEVEL}, got {level}")
    return f"tile/{level}/{_numbered(n, width)}"


def entries_path(n: int, width: int = WIDTH) -> str:
    """Name a bundle of entries.

    Raises:
        InputError: there can be no such bundle.

    >>> entries_path(0, 112)
    'tile/entries/000.p/112'
    """
    return f"tile/entries/{_numbered(n, width)}"


def parse_path(path: str) -> tuple[int, int, int]:
    """Read the name of a tile or bundle; only what `tile_path` and `entries_path` write is one.

    Returns:
        Level (-1 = entries), number, width (256 = full).

    Raises:
        InputError: it is no such name.

    >>> parse_path("tile/0/x001/234.p/5")
    (0, 1234, 5)
    """
    found = _PATH.fullmatch(path) if len(path) <= _MOST_PATH else None
    if found is None:
        raise InputError(f"expected a tile such as `tile/0/x001/234.p/5`, got {quoted(path)}")
    level = ENTRIES if found[1] == "entries" else int(found[1])
    n = int(found[2].replace("/", "").replace("x", ""))
    width = int(found[3] or WIDTH)
    is_plain = found[3] is None or width < WIDTH
    if not is_plain or (entries_path(n, width) if level == ENTRIES else tile_path(level, n, width)) != path:
        raise InputError(f"expected a tile such as `tile/0/x001/234.p/5`, got {quoted(path)}")
    return level, n, width


def _numbered(n: int, width: int) -> str:
    if not 0 <= n < _MOST_INDEX:
        raise InputError(f"expected a tile number of 0 or more, got {n}")
    if not 1 <= width <= WIDTH:
        raise InputError(f"expected a tile width of 1 to {WIDTH}, got {width}")
    digits = str(n)
    digits = digits.zfill(-len(digits) % 3 + len(digits))
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    name = "".join(f"x{group}/" for group in groups[:-1]) + groups[-1]
    return name if width == WIDTH else f"{name}.p/{width}"


# -- bundles ---------------------------------------------------------------------------------------------------------


def bundle_of(entries: Sequence[bytes]) -> bytes:
    """Write entries one after another, each with its length in two bytes, big-endian.

    Raises:
        InputError: more than 256 entries, or one of more than 65,535 bytes.
    """
    if len(entries) > WIDTH:
        raise InputError(f"expected at most {WIDTH} entries in a bundle, got {len(entries)}")
    for entry in entries:
        if len(entry) > MOST_ENTRY_BYTES:
            raise InputError(f"expected an entry of at most {MOST_ENTRY_BYTES} bytes, got {len(entry)}")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries_of(bundle: bytes, count: int) -> list[bytes]:
    r"""Read a bundle of exactly `count` entries.

    Raises:
        VerificationError: it ends early, or goes on.

    >>> entries_of(b"\0\1a\0\0", 2)
    [b'a', b'']
    """
    entries = []
    at = 0
    for index in range(count):
        begin = at + 2
        at = begin + int.from_bytes(bundle[at:begin], "big")
        if at > len(bundle):
            raise VerificationError(f"bundle ends within entry {index}: expected {count} entries")
        entries.append(bundle[begin:at])
    if at != len(bundle):
        raise VerificationError(f"bundle goes on after its {count} entries: {len(bundle) - at} bytes")
    return entries


# -- which tiles a tree has ------------------------------------------------------------------------------------------


def tile_width(level: int, size: int) -> int:
    """Hashes in the partial tile at the right edge of a level; 0 = the level has none.

    >>> tile_width(0, 70_000), tile_width(1, 70_000), tile_width(2, 70_000)
    (112, 17, 1)
    """
    return (size >> (8 * level)) % WIDTH


def width_at(level: int, n: int, size: int) -> int:
    """Hashes in tile `n` of a level, in a tree of `size`; 0 = the tree has no such tile."""
    return min(WIDTH, max(0, (size >> (8 * level)) - n * WIDTH))


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """All tiles of a tree, full and partial: level, number, width; bundles are those of level 0.

    >>> list(tiles_of(256))
    [(0, 0, 256), (1, 0, 1)]
    """
    return new_tiles(0, size)


def new_tiles(old: int, new: int) -> Iterator[tuple[int, int, int]]:
    """The tiles a tree of `new` has and that of `old` had not; partial ones that did not change are not new.

    Raises:
        InputError: trees do not shrink.
    """
    if not 0 <= old <= new:
        raise InputError(f"expected an older size between 0 and {new}, got {old}")
    return _grown(old, new)


def _grown(old: int, new: int) -> Iterator[tuple[int, int, int]]:
    level = 0
    while new:
        if old != new:
            yield from ((level, n, WIDTH) for n in range(old // WIDTH, new // WIDTH))
            if new % WIDTH:
                yield level, new // WIDTH, new % WIDTH
        old, new, level = old // WIDTH, new // WIDTH, level + 1


# -- hashes out of tiles ---------------------------------------------------------------------------------------------


def fold(hashes: bytes) -> bytes:
    """The level above: neighbours hashed in pairs.

    Args:
        hashes: an even number of hashes one after another, 32 bytes each.
    """
    starts = range(0, len(hashes), 64)
    return b"".join([sha256(b"\x01" + hashes[at : at + 64]).digest() for at in starts])


def tile_root(tile: bytes) -> bytes:
    """Hash of a full tile: what the level above must hold in its place.

    Raises:
        VerificationError: the tile is not full.
    """
    return floors_of(tile)[-1]


def floors_of(tile: bytes) -> list[bytes]:
    """A full tile and the levels folded from it, up to its root.

    Raises:
        VerificationError: the tile is not full.
    """
    if len(tile) != WIDTH * tree.HASH_BYTES:
        raise VerificationError(f"expected a full tile of {WIDTH * tree.HASH_BYTES} bytes, got {len(tile)}")
    floors = [tile]
    while len(floors[-1]) > tree.HASH_BYTES:
        floors.append(fold(floors[-1]))
    return floors


def beginning_of(floors: Sequence[bytes], count: int) -> list[bytes]:
    """Roots of the perfect subtrees that make up the first `count` hashes of a tile, largest first.

    Args:
        floors: the tile and its levels (`floors_of`).
        count: 0 to 256.
    """
    found, at = [], 0
    for level in reversed(range(len(floors))):
        if count >> level & 1:
            begin = (at >> level) * tree.HASH_BYTES
            found.append(floors[level][begin : begin + tree.HASH_BYTES])
            at += 1 << level
    return found


class TileTree:
    """The hashes of a tree whose tiles somebody else keeps.

    INVARIANT: a cached tile has exactly the width that the size demands; its truth is the business of the proofs.
    """

    def __init__(self, read: Callable[[str], bytes], size: int, *, most_tiles: int = 256) -> None:
        """Set up; nothing is read yet.

        Args:
            read: gives the bytes of a tile by its name.
            size: leaves of the tree.
            most_tiles: kept in memory at a time, about 16 kB each.
        """
        if size < 0:
            raise InputError(f"expected a tree size of 0 or more, got {size}")
        self.size = size
        self._read = read
        self._most_tiles = most_tiles
        self._tiles: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()

    def subtree(self, level: int, index: int) -> bytes:
        """Hash of the perfect subtree of 2**level leaves that begins at leaf index * 2**level.

        Raises:
            InputError: the tree does not reach so far.
            VerificationError: a tile is not as wide as it must be.
        """
        if level < 0 or index < 0 or (index + 1) << level > self.size:
            raise InputError(f"subtree {index} of level {level} is not in a tree of {self.size}")
        tile_level, above = level >> 3, level & 7
        first = index << above
        key = (tile_level, first >> 8)
        floors = self._tiles.get(key)
        if floors is None:
            floors = self._floors(*key)
        else:
            self._tiles.move_to_end(key)
        while len(floors) <= above:
            # The odd hash at the right edge belongs to no perfect subtree yet.
            floors.append(fold(floors[-1][: len(floors[-1]) // 64 * 64]))
        at = (first % WIDTH >> above) * tree.HASH_BYTES
        return floors[above][at : at + tree.HASH_BYTES]

    def root(self) -> bytes:
        """Root of the whole tree, from the tiles at its right edge."""
        return tree.root_of(self.size, self.subtree)

    def _floors(self, level: int, n: int) -> list[bytes]:
        """A tile that is read, without the levels above it."""
        width = width_at(level, n, self.size)
        path = tile_path(level, n, width)
        data = self._read(path)
        if len(data) != width * tree.HASH_BYTES:
            raise VerificationError(f"{path}: expected {width * tree.HASH_BYTES} bytes, got {len(data)}")
        self._tiles[level, n] = floors = [bytes(data)]
        if len(self._tiles) > self._most_tiles:
            self._tiles.popitem(last=False)
        return floors
