"""How can anybody read a log without asking its host? As static files, which any file server can offer.

    checkpoint               the newest that is given out, replaced whole, last of all
    tile/0/x001/234          full tiles and bundles (C2SP tlog-tiles)
    tile/0/x001/235.p/17     partial ones, for the sizes of which a checkpoint was published
    blobs/ab/<sha256>        on demand: files that entries name openly

It promises that every file a checkpoint speaks of was durable before the checkpoint was there. It never gives out the
box of a sealed body, nor an entry that no published checkpoint covers. A partial tile is removed one export after its
full tile came, so that a reader who is under way still finds it.

Source: C2SP tlog-tiles.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from truceline.canon import sha256
from truceline.errors import InputError, StoreError, TrucelineError, VerificationError
from truceline.record.checkpoint import Checkpoint, read_checkpoint
from truceline.record.entry import read_entry
from truceline.record.log import Storage, noted
from truceline.record.note import read_note
from truceline.record.policy import Policy
from truceline.record.tiles import (
    ENTRIES,
    WIDTH,
    TileTree,
    bundle_of,
    entries_path,
    new_tiles,
    parse_path,
    tile_path,
    tile_root,
    width_at,
)
from truceline.record.tree import leaf_hash
from truceline.store.disk import make_folder, sync_folder, write_whole
from truceline.store.files import blob_path

CHECKPOINT = "checkpoint"
MOST_LOOKED_AT = 1_000
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Exported:
    """What an export did: the size it gives out now, the size before, files written and removed."""

    size: int
    before: int
    written: int
    removed: int


# -- one file --------------------------------------------------------------------------------------------------------


KEPT_BACK = frozenset({"pairs"})
"""Types of entries whose files go out to nobody: they name reports that are hidden."""


def static_file(store: Storage, path: str) -> bytes | None:
    """Answer a name of C2SP tlog-tiles straight out of a log.

    Args:
        store: where the log is kept.
        path: `checkpoint`, or the name of a tile or bundle, full or partial.

    Returns:
        Its bytes; None when there is no such file, or no published checkpoint covers it.

    Raises:
        VerificationError: what is kept is damaged.
    """
    head = store.head()
    if head is None:
        return None
    size = read_checkpoint(read_note(head).text).size
    if path == CHECKPOINT:
        return noted(store, size)
    try:
        level, n, width = parse_path(path)
    except InputError:
        return None
    if width_at(max(level, 0), n, size) < width:
        return None
    return tile_of(store, level, n, width)


def tile_of(store: Storage, level: int, n: int, width: int) -> bytes:
    """A tile or bundle of any width out of a log that reaches so far.

    Args:
        store: where the log is kept.
        level: -1 = entries.
        n: number of the tile.
        width: how many hashes or entries of it.
    """
    if width == WIDTH:
        return store.tile(entries_path(n) if level == ENTRIES else tile_path(level, n))
    first = n * WIDTH
    if level > 0:
        return b"".join(tile_root(store.tile(tile_path(level - 1, first + i))) for i in range(width))
    try:
        entries = list(store.entries(first, first + width))
    except VerificationError:  # between two looks the writer moved them from the journal into a bundle
        entries = list(store.entries(first, first + width))
    return bundle_of(entries) if level == ENTRIES else b"".join(leaf_hash(entry) for entry in entries)


def witnessed(store: Storage, policy: Policy) -> int | None:
    """The newest published size whose checkpoint enough witnesses cosigned; of the last thousand; None = none."""
    head = store.head()
    newest = -1 if head is None else read_checkpoint(read_note(head).text).size
    for size in sorted((size for size in store.notes() if size <= newest), reverse=True)[:MOST_LOOKED_AT]:
        try:
            policy.check(noted(store, size))
        except VerificationError:
            continue
        return size
    return None


# -- all files -------------------------------------------------------------------------------------------------------


def export(
    store: Storage, folder: Path, *, size: int | None = None, with_blobs: bool = False, tell: Tell | None = None
) -> Exported:
    """Write a log as static files, or what is new of it.

    Args:
        store: where the log is kept.
        folder: what a file server offers; made when it is not there.
        size: of the checkpoint that is given out last; None = the newest.
        with_blobs: whether files that entries name openly are given out too; boxes of sealed bodies never are.
        tell: told `(what, done, all)` as the work goes on.

    Raises:
        StoreError: the log has no such checkpoint, or the disk refuses.
        VerificationError: the folder holds another log, or more of this one.
    """
    head = store.head()
    if head is None:
        raise StoreError("the log has no checkpoint yet: there is nothing to give out")
    newest = read_checkpoint(read_note(head).text)
    whole = newest.size if size is None else size
    if whole > newest.size:
        raise StoreError(f"no checkpoint of size {whole} was published: the newest has {newest.size}")
    note = noted(store, whole)
    made = read_checkpoint(read_note(note).text)
    _check_root(store, made, "the newest checkpoint")
    before = _before(store, folder, made)
    written, names = 0, list(_names(store, before, whole))
    for done, (level, n, width) in enumerate(names):
        if tell and not done % 100:
            tell("tiles", done, len(names))
        name = entries_path(n, width) if level == ENTRIES else tile_path(level, n, width)
        written += _written(folder / name, tile_of(store, level, n, width))
    if with_blobs:
        written += _blobs(store, folder, whole, tell)
    written += _written(folder / CHECKPOINT, note)  # last: everything it speaks of is durable
    removed = remove_partial(folder, before) if whole > before else 0
    return Exported(whole, before, written, removed)


def _check_root(store: Storage, made: Checkpoint, why: str) -> None:
    """The tiles of the log give this root, or this raises."""
    if TileTree(lambda name: tile_of(store, *parse_path(name)), made.size).root() != made.root:
        raise VerificationError(f"{why}: another root for {made.size} entries than the tiles of this log give")


def _before(store: Storage, folder: Path, made: Checkpoint) -> int:
    """The size that the folder gives out already, once it was found to be a beginning of this log; 0 = none."""
    path = folder / CHECKPOINT
    if not path.is_file():
        return 0
    old = read_checkpoint(read_note(path.read_bytes()).text)
    if old.origin != made.origin:
        raise VerificationError(f"{path}: of another log: expected `{made.origin}`, got `{old.origin}`")
    if old.size > made.size:
        raise VerificationError(f"{path}: gives out {old.size} entries already, more than {made.size}")
    _check_root(store, old, str(path))
    return old.size


def _names(store: Storage, old: int, new: int) -> Iterator[tuple[int, int, int]]:
    """What a reader of any published checkpoint up to `new` needs and has not yet: level (-1 = entries), n, width."""
    for level, n, width in new_tiles(old, new):
        if width == WIDTH:
            yield from _with_bundle(level, n, width)
            continue
        for some in range(width_at(level, n, old) + 1, width + 1):
            if level or some == width or store.note(n * WIDTH + some) is not None:
                yield from _with_bundle(level, n, some)


def _with_bundle(level: int, n: int, width: int) -> Iterator[tuple[int, int, int]]:
    if level == 0:
        yield ENTRIES, n, width
    yield level, n, width


def _written(path: Path, data: bytes) -> int:
    """Write a file unless these bytes stand there; 1 = it was written."""
    if path.is_file() and path.read_bytes() == data:
        return 0
    make_folder(path.parent)
    write_whole(path, data)
    return 1


def _blobs(store: Storage, folder: Path, size: int, tell: Tell | None) -> int:
    """Write what entries name openly. What any names as a box, and what tells of hidden reports, is taken back."""
    open_ones: dict[str, None] = {}
    boxes: set[str] = set()
    for index, data in enumerate(store.entries(0, size)):
        if tell and not index % 1_000:
            tell("entries", index, size)
        try:
            statement = read_entry(data).statement
        except TrucelineError:
            continue
        open_ones.update(dict.fromkeys(blob.sha256 for blob in statement.blobs))
        if statement.sealed is not None:
            boxes.add(statement.sealed.box)
        if statement.type in KEPT_BACK:
            boxes.update(blob.sha256 for blob in statement.blobs)
    written = 0
    for digest in open_ones:
        path = folder / blob_path(digest)
        if digest in boxes:
            _remove(path)
        elif not path.is_file() and store.has_blob(digest):
            data = store.blob(digest)
            if sha256(data) != digest:
                raise VerificationError(f"blob {digest[:12]}: not the bytes that were put there")
            written += _written(path, data)
    return written


def remove_partial(folder: Path, size: int) -> int:
    """Remove partial tiles that a reader of the checkpoint before, of `size`, does not need: they are full in it."""
    removed = 0
    for path in sorted((folder / "tile").rglob("*.p")):
        name = path.relative_to(folder).as_posix().removesuffix(".p")
        try:
            level, n, width = parse_path(name)
        except InputError:
            continue
        if width == WIDTH and width_at(max(level, 0), n, size) == WIDTH and (folder / name).is_file():
            removed += sum(1 for _ in path.iterdir())
            try:
                shutil.rmtree(path)
                sync_folder(path.parent)
            except OSError as error:
                raise StoreError(f"{path}: cannot be removed: {error.strerror}") from None
    return removed


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be removed: {error.strerror}") from None
