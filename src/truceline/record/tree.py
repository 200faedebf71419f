"""Is this entry in that tree, and is that tree a continuation of this one?

The arithmetic of a Merkle tree over SHA-256. It promises that a check which returns has recomputed the root from what
it was given. It never reads a file, and never takes a hash that is not 32 bytes long.

Everywhere `leaf` is the hash of an entry (`leaf_hash`), never the entry itself.

Source: RFC 6962, section 2.1; the checks step by step after RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

from truceline.errors import InputError, VerificationError

HASH_BYTES = 32

EMPTY_ROOT: bytes = sha256(b"").digest()
"""The root of a tree without entries."""

Subtree = Callable[[int, int], bytes]
"""(level, index): the hash of the perfect subtree of 2**level leaves that begins at leaf index * 2**level."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry as a leaf; the leading 0x00 keeps leaves and inner nodes apart.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """`leaf_hash` of each of many entries."""
    hashed = sha256
    return [hashed(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into the one above them."""
    return sha256(b"\x01" + left + right).digest()


class Range:
    """The tree's right edge: enough to append and to know the root, and no more.

    INVARIANT: `hashes` are the roots of the perfect subtrees that make up the tree, largest first; there are as many
    as `size` has ones in binary.

    >>> tree = Range()
    >>> tree.root() == EMPTY_ROOT
    True
    >>> tree.extend([leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")])
    >>> tree.size, len(tree.hashes)
    (3, 2)
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Take up a tree where it was left.

        Args:
            size: leaves so far.
            hashes: roots of its perfect subtrees, largest first, 32 bytes each.

        Raises:
            VerificationError: size and hashes cannot belong together.
        """
        self._size = size
        self._hashes = list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count():
            expected = max(size, 0).bit_count()
            raise VerificationError(f"expected {expected} hashes for a tree of {size}, got {len(self._hashes)}")
        _check_widths(self._hashes)

    @property
    def size(self) -> int:
        """Leaves so far."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Roots of the perfect subtrees, largest first."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes], *, grown: dict[int, list[bytes]] | None = None) -> None:
        """Add leaf hashes, in order.

        Args:
            leaves: 32 bytes each.
            grown: when given, the root of every subtree of 256, 65,536, ... leaves that becomes complete is appended
                to `grown[1]`, `grown[2]`, ...: the hashes that the tiles of these levels gain.

        Raises:
            VerificationError: a leaf hash is not 32 bytes long; those before it have been added.
        """
        stack, size, hashed = self._hashes, self._size, sha256
        try:
            for leaf in leaves:
                if len(leaf) != HASH_BYTES:
                    _check_widths((leaf,))
                top, rest, level = leaf, size, 0
                while rest & 1:
                    top = hashed(b"\x01" + stack.pop() + top).digest()
                    rest >>= 1
                    level += 1
                    if grown is not None and not level & 7:
                        grown.setdefault(level >> 3, []).append(top)
                stack.append(top)
                size += 1
        finally:
            self._size = size

    def extend_by(self, top: bytes, level: int) -> None:
        """Add 2**level leaves at once, by the root of the perfect subtree that they are.

        Raises:
            InputError: a perfect subtree of this level cannot begin here.
        """
        if self._size % (1 << level):
            raise InputError(f"a subtree of level {level} cannot begin at leaf {self._size}")
        _check_widths((top,))
        rest = self._size >> level
        while rest & 1:
            top = node_hash(self._hashes.pop(), top)
            rest >>= 1
        self._hashes.append(top)
        self._size += 1 << level

    def root(self) -> bytes:
        """Hash of the whole tree."""
        if not self._hashes:
            return EMPTY_ROOT
        return _folded(self._hashes)

    def copy(self) -> Range:
        """Give a range that grows on its own."""
        return Range(self._size, self._hashes)


# -- making proofs ---------------------------------------------------------------------------------------------------


def root_of(size: int, subtree: Subtree) -> bytes:
    """Root of the first `size` leaves, from the hashes of perfect subtrees."""
    if size < 0:
        raise InputError(f"expected a tree size of 0 or more, got {size}")
    return _span(0, size, subtree) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Prove that the leaf at `index` is in the tree of `size`.

    Args:
        index: counted from 0.
        size: leaves of the tree.
        subtree: gives the hashes of perfect subtrees.

    Returns:
        The siblings from the leaf upwards; empty for a tree of one.

    Raises:
        InputError: the tree has no such leaf.

    Source: RFC 6962, section 2.1.1.

    >>> inclusion_path(1, 2, lambda level, index: leaf_hash(b"ab"[index : index + 1])) == [leaf_hash(b"a")]
    True
    """
    if not 0 <= index < size:
        raise InputError(f"entry {index} is not in a tree of {size}")
    path = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_span(middle, high, subtree))
            high = middle
        else:
            path.append(_span(low, middle, subtree))
            low = middle
    return path[::-1]


def inclusion_paths(first: int, size: int, subtree: Subtree) -> Iterator[tuple[bytes, ...]]:
    """`inclusion_path` of every leaf from `first` on, in order; a sibling that several share is asked for once.

    Raises:
        InputError: the tree has no such leaf.

    >>> tree = lambda level, index: leaf_hash(b"abcd"[index : index + 1])
    >>> list(inclusion_paths(1, 2, tree)) == [(leaf_hash(b"a"),)]
    True
    """
    if not 0 <= first < size:
        raise InputError(f"entry {first} is not in a tree of {size}")
    waiting: list[tuple[int, int, tuple[bytes, ...]]] = [(0, size, ())]
    while waiting:
        low, high, above = waiting.pop()
        if high - low == 1:
            yield above
            continue
        if high - low == 2 and low >= first:
            yield (subtree(0, low + 1), *above)
            yield (subtree(0, low), *above)
            continue
        level = (high - low - 1).bit_length() - 1
        middle = low + (1 << level)
        waiting.append((middle, high, (subtree(level, low >> level), *above)))
        if first < middle:
            waiting.append((low, middle, (_span(middle, high, subtree), *above)))


def consistency_path(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """Prove that the tree of `old` leaves is the beginning of the tree of `new`.

    Returns:
        The hashes of RFC 6962, section 2.1.2; empty for equal sizes, and for old = 0, with which everything begins.

    Raises:
        InputError: old > new, or old < 0.
    """
    if not 0 <= old <= new:
        raise InputError(f"expected an older size between 0 and {new}, got {old}")
    path: list[bytes] = []
    low, high = 0, new
    while old and old != high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_span(middle, high, subtree))
            high = middle
        else:
            path.append(_span(low, middle, subtree))
            low = middle
    if low:
        path.append(_span(low, high, subtree))
    return path[::-1]


# -- checking proofs -------------------------------------------------------------------------------------------------


def check_inclusion(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """The leaf hash is at `index` in the tree of `size` with that root, or this raises.

    Args:
        leaf: hash of the entry, 32 bytes.
        index: counted from 0.
        size: leaves of the tree.
        path: siblings from the leaf upwards, 32 bytes each.
        root: of the tree, 32 bytes.

    Raises:
        VerificationError: it is not proved.

    Source: RFC 9162, section 2.1.3.2; the numbers are those of its steps.

    >>> check_inclusion(leaf_hash(b"a"), index=0, size=1, path=[], root=leaf_hash(b"a"))
    """
    if not 0 <= index < size:  # 1
        raise VerificationError(f"entry {index} is not in a tree of {size}")
    _check_widths((leaf, root, *path))
    got = leaf  # 3
    for sibling, is_left in _walk(index, size - 1, path):  # 2, 4
        got = node_hash(sibling, got) if is_left else node_hash(got, sibling)
    if got != root:  # 5
        raise VerificationError(f"entry {index} of {size} is not under the root: expected {_short(root, got)}")


def check_consistency(*, old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """The tree of `old` leaves is the beginning of the tree of `new`, or this raises.

    Args:
        old: leaves of the older tree; 0 is the beginning of everything and needs an empty path.
        new: leaves of the newer tree.
        path: hashes as `consistency_path` gives them, 32 bytes each.
        old_root: of the older tree, 32 bytes.
        new_root: of the newer tree, 32 bytes.

    Raises:
        VerificationError: it is not proved. That alone does not prove a fork: another path may pass.

    Source: RFC 9162, section 2.1.4.2; the numbers are those of its steps.
    """
    _check_widths((old_root, new_root, *path))
    if not 0 <= old <= new:
        raise VerificationError(f"a tree of {old} cannot be the beginning of a tree of {new}")
    if old in (0, new):
        _check_trivial(old, path=path, old_root=old_root, root=EMPTY_ROOT if old == 0 else new_root)
        if new == 0:
            _check_trivial(new, path=path, old_root=new_root, root=EMPTY_ROOT)
        return
    if not path:  # 1
        raise VerificationError(f"consistency proof from {old} to {new} is empty")
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)  # 2
    at, last = old - 1, new - 1  # 3
    while at & 1:  # 4
        at >>= 1
        last >>= 1
    before = after = hashes[0]  # 5
    for sibling, is_left in _walk(at, last, hashes[1:]):  # 6
        if is_left:
            before = node_hash(sibling, before)
        after = node_hash(sibling, after) if is_left else node_hash(after, sibling)
    if before != old_root:  # 7
        raise VerificationError(f"the tree of {old} is not the beginning: expected root {_short(old_root, before)}")
    if after != new_root:
        raise VerificationError(f"the tree of {new} is not the continuation: expected root {_short(new_root, after)}")


def _walk(at: int, last: int, path: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each hash of a path, and whether it belongs on the left; the path must end at the root, not before or after.

    Source: RFC 9162, steps 4 and 5 of inclusion, 6 and 7 of consistency.
    """
    for sibling in path:
        if not last:
            raise VerificationError(f"proof is too long: {len(path)} hashes")
        is_left = bool(at & 1) or at == last
        while is_left and at and not at & 1:
            at >>= 1
            last >>= 1
        at >>= 1
        last >>= 1
        yield sibling, is_left
    if last:
        raise VerificationError(f"proof is too short: {len(path)} hashes")


def _check_trivial(size: int, *, path: Sequence[bytes], old_root: bytes, root: bytes) -> None:
    """Equal sizes need equal roots, the empty tree the empty root; neither has anything to prove."""
    if path:
        raise VerificationError(f"expected no consistency proof from a tree of {size}, got {len(path)} hashes")
    if old_root != root:
        raise VerificationError(f"two roots for a tree of {size}: expected {_short(root, old_root)}")


# -- pieces ----------------------------------------------------------------------------------------------------------


def _split(count: int) -> int:
    """The largest power of two below `count` (at least 2): where RFC 6962 parts a tree."""
    return 1 << ((count - 1).bit_length() - 1)


def _span(low: int, high: int, subtree: Subtree) -> bytes:
    """Hash of the leaves from `low` to before `high`, where `low` is where RFC 6962 parts a tree."""
    pieces = []
    while low < high:
        level = (high - low).bit_length() - 1
        pieces.append(subtree(level, low >> level))
        low += 1 << level
    return _folded(pieces)


def _folded(pieces: Sequence[bytes]) -> bytes:
    """Perfect subtrees, largest first, into one hash: the smallest two first."""
    top = pieces[-1]
    for piece in pieces[-2::-1]:
        top = node_hash(piece, top)
    return top


def _check_widths(hashes: Iterable[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise VerificationError(f"expected a hash of {HASH_BYTES} bytes, got {len(value)}")


def _short(expected: bytes, got: bytes) -> str:
    return f"{expected.hex()[:16]}…, got {got.hex()[:16]}…"
