"""Tiles: names, widths, and hashes that are those of the whole tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.record.foreign.logs import SmallLog
from tests.record.test_tree import made, mth
from truceline.errors import InputError, TrucelineError, VerificationError
from truceline.record.tiles import (
    ENTRIES,
    TileTree,
    bundle_of,
    entries_of,
    entries_path,
    new_tiles,
    parse_path,
    tile_path,
    tile_root,
    tile_width,
    tiles_of,
    width_at,
)
from truceline.record.tree import check_consistency, check_inclusion, consistency_path, inclusion_path


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("tile/0/000", (0, 0, 256)),
        ("tile/0/x001/x234/067", (0, 1234067, 256)),
        ("tile/1/273.p/17", (1, 273, 17)),
        ("tile/63/000.p/255", (63, 0, 255)),
        ("tile/entries/x001/000.p/1", (ENTRIES, 1000, 1)),
    ],
)
def test_names_of_the_specification(path: str, parts: tuple[int, int, int]) -> None:
    """The names are those under which other people's programs look."""
    level, n, width = parts
    assert parse_path(path) == parts
    assert (entries_path(n, width) if level == ENTRIES else tile_path(level, n, width)) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000\n",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/٠٠٠",
        "tile/entries/x" + "/x".join(["999"] * 7) + "/999",
        "tile/8/0/000",
        "x" * 1_000_000,
    ],
)
def test_other_names_are_refused(path: str) -> None:
    """One file has one name: a second spelling is a way around a check or out of a folder."""
    with pytest.raises(InputError, match="expected a tile"):
        parse_path(path)


@given(st.integers(-1, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_parse_of_print_is_the_same(level: int, n: int, width: int) -> None:
    """Every name that can be written can be read."""
    path = entries_path(n, width) if level == ENTRIES else tile_path(level, n, width)
    assert parse_path(path) == (level, n, width)


@pytest.mark.parametrize(("level", "n", "width"), [(64, 0, 256), (-1, 0, 256), (0, -1, 256), (0, 0, 0), (0, 0, 257)])
def test_no_name_for_what_cannot_be(level: int, n: int, width: int) -> None:
    """A wrong number is found where it is made."""
    with pytest.raises(InputError):
        tile_path(level, n, width)


@given(st.text() | st.from_regex(r"tile/(0|entries)/[x0-9/]{1,12}(\.p/[0-9]{1,3})?", fullmatch=True))
def test_what_is_read_is_written_the_same(path: str) -> None:
    """No two names for one tile."""
    try:
        level, n, width = parse_path(path)
    except InputError:
        return
    assert (entries_path(n, width) if level == ENTRIES else tile_path(level, n, width)) == path


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundle_round_trip(entries: list[bytes]) -> None:
    """Entries come back as they went in, and only in their number."""
    bundle = bundle_of(entries)
    assert entries_of(bundle, len(entries)) == entries
    for count in (len(entries) + 1, len(entries) - 1):
        if count >= 0:
            with pytest.raises(VerificationError):
                entries_of(bundle, count)


@pytest.mark.parametrize(
    ("bundle", "fault"),
    [
        (b"", "ends within entry 0"),
        (b"\0", "ends within entry 0"),
        (b"\0\2a", "ends within entry 0"),
        (b"\0\1a\0", "ends within entry 1"),
        (b"\0\1a\0\0\0", "goes on after its 2 entries: 1 bytes"),
    ],
)
def test_where_a_bundle_is_broken(bundle: bytes, fault: str) -> None:
    """Whoever repairs a log needs the place."""
    with pytest.raises(VerificationError, match=fault):
        entries_of(bundle, 2)


@given(st.binary(max_size=600), st.integers(0, 256))
def test_any_bytes_are_a_bundle_or_refused(bundle: bytes, count: int) -> None:
    """What is read as entries is exactly those bytes; the rest is refused."""
    try:
        entries = entries_of(bundle, count)
    except TrucelineError:
        return
    assert bundle_of(entries) == bundle


def test_entries_have_a_limit() -> None:
    """Two bytes of length hold no more; evidence goes in by its hash."""
    assert entries_of(bundle_of([b"x" * 65_535]), 1) == [b"x" * 65_535]
    with pytest.raises(InputError, match="at most 65535 bytes, got 65536"):
        bundle_of([b"x" * 65_536])
    with pytest.raises(InputError, match="at most 256 entries in a bundle, got 257"):
        bundle_of([b""] * 257)


def test_tiles_of_the_example() -> None:
    """The specification counts the tiles of a tree of 70,000."""
    tiles = list(tiles_of(70_000))
    assert len([n for level, n, width in tiles if level == 0 and width == 256]) == 273
    assert tiles[273:] == [(0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)]
    assert [tile_width(level, 70_000) for level in range(4)] == [112, 17, 1, 0]
    assert [width_at(0, n, 70_000) for n in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert list(tiles_of(0)) == []


@given(st.integers(0, 200_000), st.integers(0, 3_000))
def test_new_tiles_are_those_that_were_not_there(old: int, more: int) -> None:
    """A tree that grew writes exactly what it lacks."""
    grown = list(new_tiles(old, old + more))
    assert set(grown) == set(tiles_of(old + more)) - set(tiles_of(old))
    assert len(grown) == len(set(grown))
    if more:
        with pytest.raises(InputError):
            new_tiles(old + more, old)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 700, 1025])
def test_hashes_out_of_tiles_are_those_of_the_tree(size: int) -> None:
    """Root and proofs out of tiles pass the checks, at every sort of edge."""
    log = SmallLog(size)
    leaves = log.leaves
    tree = TileTree(log.files.__getitem__, size, most_tiles=2)
    root = mth(leaves)
    assert tree.root() == root
    for index in {0, size // 3, size - 1}:
        path = inclusion_path(index, size, tree.subtree)
        check_inclusion(leaves[index], index=index, size=size, path=path, root=root)
        path = consistency_path(index + 1, size, tree.subtree)
        check_consistency(old=index + 1, new=size, path=path, old_root=mth(leaves[: index + 1]), new_root=root)


@given(st.integers(1, 900), st.data())
def test_every_subtree_is_the_definition(size: int, data: st.DataObject) -> None:
    """The arithmetic of levels above 8, of folding and of the edge has no exception."""
    log = SmallLog(900)
    level = data.draw(st.integers(0, size.bit_length() - 1))
    index = data.draw(st.integers(0, (size >> level) - 1))
    tree = TileTree(log.tile, size)
    assert tree.subtree(level, index) == mth(log.leaves[index << level : (index + 1) << level])


def test_a_tree_is_asked_for_nothing_beyond_its_edge() -> None:
    """Hashes beyond the size are of another tree."""
    tree = TileTree(SmallLog(300).tile, 300)
    for level, index in ((0, 300), (8, 1), (9, 0), (-1, 0), (0, -1)):
        with pytest.raises(InputError):
            tree.subtree(level, index)


def test_a_tile_of_another_width_is_refused_by_name() -> None:
    """A cut file is found before anything is made of it."""
    files = dict(SmallLog(300).files)
    files["tile/0/001.p/44"] = files["tile/0/001.p/44"][:-1]
    with pytest.raises(VerificationError, match=r"tile/0/001\.p/44: expected 1408 bytes, got 1407"):
        TileTree(files.__getitem__, 300).root()


def test_a_tile_with_a_flipped_bit_proves_nothing() -> None:
    """Tiles are not trusted: what is made of a bad one fails against the root."""
    log = SmallLog(600)
    files = dict(log.files)
    bad = bytearray(files["tile/0/000"])
    bad[77] ^= 4
    files["tile/0/000"] = bytes(bad)
    path = inclusion_path(0, 600, TileTree(files.__getitem__, 600).subtree)
    with pytest.raises(VerificationError):
        check_inclusion(log.leaves[0], index=0, size=600, path=path, root=mth(log.leaves))
    assert tile_root(bytes(bad)) != files["tile/1/000.p/2"][:32]
    assert tile_root(log.files["tile/0/000"]) == files["tile/1/000.p/2"][:32]


def test_only_a_full_tile_has_a_root() -> None:
    """A partial tile must not be hashed into the level above."""
    with pytest.raises(VerificationError, match="full tile"):
        tile_root(b"".join(made(255)))
