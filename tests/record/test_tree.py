"""Merkle arithmetic: the vectors everybody uses, and the laws a proof must keep."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.errors import InputError, VerificationError
from truceline.record.tree import (
    EMPTY_ROOT,
    Range,
    Subtree,
    check_consistency,
    check_inclusion,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_of,
)

# The entries of the test suite of Certificate Transparency, and what all implementations make of them.
ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
N01 = ROOTS[2]
N03 = ROOTS[4]
L0 = ROOTS[1]
L1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
L4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
N23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
N45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
N67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
N47 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"

LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def mth(leaves: Sequence[bytes]) -> bytes:
    """The recursive definition of RFC 6962, section 2.1, and nothing else."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:half]) + mth(leaves[half:])).digest()


def spec_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) as section 2.1.1 writes it."""
    if len(leaves) == 1:
        return []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if index < half:
        return [*spec_path(index, leaves[:half]), mth(leaves[half:])]
    return [*spec_path(index - half, leaves[half:]), mth(leaves[:half])]


def spec_subproof(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b) as section 2.1.2 writes it."""
    if old == len(leaves):
        return [] if whole else [mth(leaves)]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if old <= half:
        return [*spec_subproof(old, leaves[:half], whole=whole), mth(leaves[half:])]
    return [*spec_subproof(old - half, leaves[half:], whole=False), mth(leaves[:half])]


def subtrees(leaves: Sequence[bytes]) -> Subtree:
    """Hashes of perfect subtrees straight from the definition."""
    return lambda level, index: mth(leaves[index << level : (index + 1) << level])


def made(count: int) -> list[bytes]:
    """So many different leaf hashes."""
    return [leaf_hash(str(n).encode()) for n in range(count)]


SIZES = st.integers(1, 70)


@pytest.mark.parametrize("size", range(9))
def test_roots_of_certificate_transparency(size: int) -> None:
    """Other people's tools must arrive at the same roots, or nobody can check ours."""
    tree = Range()
    tree.extend(LEAVES[:size])
    assert tree.root().hex() == ROOTS[size]
    assert root_of(size, subtrees(LEAVES)).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [(0, 1, []), (0, 8, [L1, N23, N47]), (5, 8, [L4, N67, N03]), (2, 3, [N01]), (1, 5, [L0, N23, L4])],
)
def test_inclusion_proofs_of_certificate_transparency(index: int, size: int, path: list[str]) -> None:
    """The paths that all implementations publish are ours too, and pass."""
    got = inclusion_path(index, size, subtrees(LEAVES))
    assert [step.hex() for step in got] == path
    check_inclusion(LEAVES[index], index=index, size=size, path=got, root=bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [(1, 1, []), (1, 8, [L1, N23, N47]), (6, 8, [N45, N67, N03]), (2, 5, [N23, L4])],
)
def test_consistency_proofs_of_certificate_transparency(old: int, new: int, path: list[str]) -> None:
    """The consistency proofs that all implementations publish are ours too, and pass."""
    got = consistency_path(old, new, subtrees(LEAVES))
    assert [step.hex() for step in got] == path
    roots = [bytes.fromhex(ROOTS[size]) for size in (old, new)]
    check_consistency(old=old, new=new, path=got, old_root=roots[0], new_root=roots[1])


@given(SIZES, st.data())
def test_paths_are_those_of_the_definition(size: int, data: st.DataObject) -> None:
    """The loops are faster than the recursion of the standard and must say the same."""
    leaves = made(size)
    index = data.draw(st.integers(0, size - 1))
    assert inclusion_path(index, size, subtrees(leaves)) == spec_path(index, leaves)
    assert consistency_path(index + 1, size, subtrees(leaves)) == spec_subproof(index + 1, leaves)


@given(st.lists(st.integers(0, 300), max_size=5))
def test_range_is_the_recursive_definition(steps: list[int]) -> None:
    """Appending in any portions, with copies taken up again between, gives the defined root."""
    leaves = made(sum(steps))
    tree = Range()
    for step in steps:
        tree.extend(leaves[tree.size : tree.size + step])
        tree = Range(tree.size, tree.hashes)
    assert tree.size == len(leaves)
    assert tree.root() == mth(leaves)


def test_grown_subtrees_are_the_hashes_that_tiles_gain() -> None:
    """Whoever writes tiles must not hash the tree a second time."""
    leaves = made(1000)
    tree, grown = Range(), dict[int, list[bytes]]()
    tree.extend(leaves[:300], grown=grown)
    tree.extend(leaves[300:], grown=grown)
    assert grown == {1: [mth(leaves[n : n + 256]) for n in (0, 256, 512)]}


def test_copy_grows_on_its_own() -> None:
    """A batch that fails must leave the tree as it was."""
    tree = Range()
    tree.extend(LEAVES[:3])
    other = tree.copy()
    other.append(LEAVES[3])
    assert (tree.size, tree.root().hex()) == (3, ROOTS[3])
    assert (other.size, other.root().hex()) == (4, ROOTS[4])


@pytest.mark.parametrize(("size", "hashes"), [(0, [L0]), (3, [L0]), (1, []), (-1, []), (1, [b"short"])])
def test_range_refuses_hashes_of_another_size(size: int, hashes: list[str | bytes]) -> None:
    """A damaged head file must not become a tree."""
    values = [bytes.fromhex(h) if isinstance(h, str) else h for h in hashes]
    with pytest.raises(VerificationError):
        Range(size, values)


def test_a_leaf_of_another_width_is_refused_and_nothing_torn() -> None:
    """What was appended before the fault stays, with its size."""
    tree = Range()
    with pytest.raises(VerificationError, match="32 bytes, got 5"):
        tree.extend([LEAVES[0], LEAVES[1], b"short", LEAVES[2]])
    assert (tree.size, tree.root().hex()) == (2, ROOTS[2])


@given(SIZES, st.data())
def test_inclusion_fails_with_anything_changed(size: int, data: st.DataObject) -> None:
    """A proof for size n fails at n+1, for another index, leaf, root, and with any hash more, less or altered."""
    leaves = made(size)
    index = data.draw(st.integers(0, size - 1))
    path, root, leaf = inclusion_path(index, size, subtrees(leaves)), mth(leaves), leaves[index]
    check_inclusion(leaf, index=index, size=size, path=path, root=root)
    grown = mth([*leaves, leaf_hash(b"one more")])
    other = data.draw(st.integers(-1, size + 1).filter(lambda n: n != index))
    bad = [
        (leaf, index, size + 1, path, grown),
        (leaf, other, size, path, root),
        (flipped(leaf, data), index, size, path, root),
        (leaf, index, size, path, flipped(root, data)),
        (leaf, index, size, [*path, root], root),
        (leaf, index, size, [root, *path], root),
    ]
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        bad.append((leaf, index, size, [*path[:at], flipped(path[at], data), *path[at + 1 :]], root))
        bad.append((leaf, index, size, path[:-1], root))
        bad.append((leaf, index, size, [*path[:-1], path[-1] + b"\0"], root))
    for a_leaf, at, a_size, a_path, a_root in bad:
        with pytest.raises(VerificationError):
            check_inclusion(a_leaf, index=at, size=a_size, path=a_path, root=a_root)


@given(SIZES, st.data())
def test_consistency_fails_with_anything_changed(old: int, data: st.DataObject) -> None:
    """No altered, longer or shorter path, no other root and no later size passes."""
    new = data.draw(st.integers(old + 1, 72))
    leaves = made(new)
    path, old_root, new_root = consistency_path(old, new, subtrees(leaves)), mth(leaves[:old]), mth(leaves)
    check_consistency(old=old, new=new, path=path, old_root=old_root, new_root=new_root)
    at = data.draw(st.integers(0, len(path) - 1))
    bad = [
        (old, new, path, flipped(old_root, data), new_root),
        (old, new, path, old_root, flipped(new_root, data)),
        (old, new, [*path[:at], flipped(path[at], data), *path[at + 1 :]], old_root, new_root),
        (old, new, path[:-1], old_root, new_root),
        (old, new, [*path, new_root], old_root, new_root),
        (old, new + 1, path, old_root, mth([*leaves, LEAVES[0]])),
        (new, old, path, new_root, old_root),
        (0, new, path, EMPTY_ROOT, new_root),
    ]
    for a_old, a_new, a_path, a, b in bad:
        with pytest.raises(VerificationError):
            check_consistency(old=a_old, new=a_new, path=a_path, old_root=a, new_root=b)


def test_a_history_rewritten_is_never_consistent() -> None:
    """A tree in which one old leaf was exchanged continues nothing, whichever path is tried."""
    leaves = made(20)
    forged = [*leaves[:4], LEAVES[0], *leaves[5:]]
    for path in (consistency_path(9, 20, subtrees(leaves)), consistency_path(9, 20, subtrees(forged))):
        with pytest.raises(VerificationError):
            check_consistency(old=9, new=20, path=path, old_root=mth(leaves[:9]), new_root=mth(forged))


def test_the_empty_tree_begins_everything_and_proves_nothing() -> None:
    """Size 0 takes no path and no root but its own; equal sizes need equal roots."""
    root = mth(LEAVES)
    check_consistency(old=0, new=8, path=[], old_root=EMPTY_ROOT, new_root=root)
    check_consistency(old=0, new=0, path=[], old_root=EMPTY_ROOT, new_root=EMPTY_ROOT)
    check_consistency(old=8, new=8, path=[], old_root=root, new_root=root)
    for old, new, a, b in (
        (0, 8, root, root),
        (0, 0, EMPTY_ROOT, root),
        (0, 0, root, EMPTY_ROOT),
        (8, 8, root, a_root()),
    ):
        with pytest.raises(VerificationError):
            check_consistency(old=old, new=new, path=[], old_root=a, new_root=b)
    with pytest.raises(VerificationError):
        check_consistency(old=8, new=8, path=[root], old_root=root, new_root=root)
    with pytest.raises(VerificationError):
        check_inclusion(LEAVES[0], index=0, size=0, path=[], root=EMPTY_ROOT)


def test_an_inner_node_is_no_leaf() -> None:
    """Without the leading byte an inner node could pass for an entry (second preimage)."""
    inner = node_hash(LEAVES[0], LEAVES[1])
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != inner
    with pytest.raises(VerificationError):
        check_inclusion(inner, index=0, size=4, path=[bytes.fromhex(N23)], root=bytes.fromhex(N03))


def test_hashes_of_other_widths_prove_nothing() -> None:
    """A byte moved from one hash to its neighbour gives the same root: only the widths tell."""
    left, right = LEAVES[:2]
    root = node_hash(left, right)
    longer, shorter = left + right[:1], right[1:]
    assert node_hash(longer, shorter) == root
    with pytest.raises(VerificationError, match="32 bytes, got 33"):
        check_inclusion(longer, index=0, size=2, path=[shorter], root=root)
    with pytest.raises(VerificationError, match="32 bytes, got 33"):
        check_consistency(old=1, new=2, path=[shorter], old_root=longer, new_root=root)


def test_a_path_beyond_the_root_proves_nothing() -> None:
    """A hash more, with the root that it leads to, would prove a leaf of another place."""
    beyond = node_hash(LEAVES[0], LEAVES[1])
    with pytest.raises(VerificationError, match="too long"):
        check_inclusion(LEAVES[1], index=0, size=1, path=[LEAVES[0]], root=beyond)
    with pytest.raises(VerificationError, match="too short"):
        check_inclusion(LEAVES[0], index=0, size=3, path=[LEAVES[1]], root=beyond)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (9, 5)])
def test_no_path_for_what_is_not_there(index: int, size: int) -> None:
    """A request beyond the tree is the asker's fault and says so."""
    with pytest.raises(InputError, match=f"entry {index} is not in a tree of {size}"):
        inclusion_path(index, size, subtrees(LEAVES))
    with pytest.raises(InputError):
        consistency_path(size + 1, size, subtrees(LEAVES))


def a_root() -> bytes:
    """Some root that is nobody's."""
    return leaf_hash(b"nobody's")


def flipped(value: bytes, data: st.DataObject) -> bytes:
    """The same hash with one bit the other way."""
    bit = data.draw(st.integers(0, len(value) * 8 - 1))
    return (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(len(value), "big")
