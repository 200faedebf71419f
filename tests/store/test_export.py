"""Static files of a log: all there before the checkpoint speaks of them, and never a sealed box."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.storages import KEYS, NOW, Feed, begun, key, shredding, statement
from truceline.canon import sha256
from truceline.desk.verifying import AskedToVerify, verify
from truceline.errors import StoreError, VerificationError
from truceline.record.audit import Trust, audit
from truceline.record.checkpoint import Checkpoint, open_checkpoint
from truceline.record.entry import Cited, Sealed, sign, written
from truceline.record.log import Log, Submission
from truceline.record.note import COSIGNATURE, Signer, signed
from truceline.record.policy import Policy
from truceline.record.tiles import TileTree, entries_path, tile_path, tiles_of
from truceline.record.tree import root_of
from truceline.store.disk import write_whole
from truceline.store.export import export, static_file, witnessed
from truceline.store.files import FileStore, blob_path
from truceline.store.source import StaticSource
from truceline.witness.mirror import mirror

WITNESS = Signer("w.example/a", b"w" * 32, COSIGNATURE)
POLICY = Policy(((KEYS.log.verifier, ""),), {"a": (WITNESS.verifier, "")}, {}, "a")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """A log that has its charter."""
    store = FileStore(tmp_path / "record")
    with store.writer():
        yield begun(store)
    store.close()


def to(log: Log, size: int) -> None:
    """Let the log grow to a size, in one batch."""
    log.append(Feed(log.register).some(size - log.size))


def read_of(folder: Path) -> StaticSource:
    """What a reader of the folder sees."""

    def read(name: str) -> bytes | None:
        path = folder / name
        return path.read_bytes() if path.is_file() else None

    return StaticSource(read)


def whole(folder: Path, size: int) -> None:
    """The folder holds, whatever was exported before."""
    found = audit(read_of(folder), Trust())
    assert [str(fault) for fault in found.faults] == []
    assert found.size == size


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_export_is_whole_and_grows(log: Log, tmp_path: Path) -> None:
    """Auditors accept it at every size, across the border of a tile; the second time only what is new is written."""
    folder = tmp_path / "static"
    for size in (1, 2, 255, 256, 257, 511, 513):
        to(log, size)
        done = export(log.storage, folder)
        assert (done.size, export(log.storage, folder).written) == (size, 0)
        whole(folder, size)
        for level, n, width in tiles_of(size):
            assert (folder / tile_path(level, n, width)).is_file()


def cited(log: Log) -> Submission:
    """A statement that cites the newest checkpoint."""
    made = log.checkpoint()
    one = statement(log.register, "south", cites=Cited(made.root.hex(), made.size))
    return Submission(sign(written(one), [key("south")]))


def test_checkpoints_that_entries_cite_are_found_inside_full_bundles(log: Log, tmp_path: Path) -> None:
    """A reader without the old checkpoints computes their roots, wherever in a bundle they end; as does a mirror."""
    folder, copy = tmp_path / "static", tmp_path / "mirror"
    for size in (2, 7, 100, 255, 256, 257, 300, 511, 512, 513, 600, 699):
        to(log, size)
        log.append([cited(log)])
    to(log, 701)
    export(log.storage, folder)
    whole(folder, 701)
    assert verify(str(folder), AskedToVerify())["holds"]
    mirror(folder, copy, Policy(((KEYS.log.verifier, ""),), {}, {}, "none"), now=NOW)
    found = verify(str(copy), AskedToVerify())
    assert (found["kind"], found["holds"], found["faults"]) == ("mirror", True, [])


def test_a_citation_of_another_root_is_found_inside_a_full_bundle(log: Log, tmp_path: Path) -> None:
    """What the fast way computes is compared: the log took the entry, a reader of the tiles does not."""
    to(log, 9)
    one = statement(log.register, "south", cites=Cited("ab" * 32, 8))
    log._roots[8] = bytes.fromhex("ab" * 32)  # a host that lies to itself
    log.append([Submission(sign(written(one), [key("south")]))])
    to(log, 300)
    export(log.storage, tmp_path / "static")
    (fault,) = audit(read_of(tmp_path / "static"), Trust()).faults
    assert "another root than that of the checkpoint of size 8" in str(fault)
    assert fault.field == "entry 9"


def test_every_export_equals_what_is_answered_directly(log: Log, tmp_path: Path) -> None:
    """A web server and a file server say the same."""
    folder = tmp_path / "static"
    for size in (3, 300, 600):
        to(log, size)
        export(log.storage, folder)
        for name, data in snapshot(folder).items():
            assert static_file(log.storage, name) == data, name


def test_checkpoints_between_two_exports_keep_their_partial_tiles(log: Log, tmp_path: Path) -> None:
    """C2SP: partial tiles are served for every size of which a checkpoint was made."""
    folder = tmp_path / "static"
    for size in (5, 9, 300, 310, 330):
        to(log, size)
    export(log.storage, folder)
    for size in (310, 330):
        tree = TileTree(lambda name: (folder / name).read_bytes(), size)
        assert root_of(size, tree.subtree) == open_checkpoint(log.noted(size), KEYS.log.verifier).checkpoint.root
        assert (folder / entries_path(1, size - 256)).is_file()
    assert not (folder / tile_path(0, 1, 45)).exists()


def test_partial_tiles_of_upper_levels_are_kept_for_older_sizes(log: Log, tmp_path: Path) -> None:
    """A reader with an older checkpoint finds its hashes: in partial tiles, or in the full ones that replaced them."""
    folder = tmp_path / "static"
    for size in (256, 512, 768):
        to(log, size)
    export(log.storage, folder)
    for size, width in ((256, 1), (512, 2), (768, 3)):
        assert (folder / tile_path(1, 0, width)).stat().st_size == 32 * width
        root = TileTree(lambda name: (folder / name).read_bytes(), size).root()
        assert root == open_checkpoint(log.noted(size), KEYS.log.verifier).checkpoint.root


def test_partial_tiles_go_one_export_after_the_full_one_came(log: Log, tmp_path: Path) -> None:
    """A reader who took the checkpoint before still finds what it speaks of."""
    folder = tmp_path / "static"
    for size in (200, 300):
        to(log, size)
        assert export(log.storage, folder).removed == 0
    assert (folder / "tile/0/000.p/200").is_file()
    to(log, 310)
    assert export(log.storage, folder).removed == 4  # of the charter alone, and of 200 entries: tile and bundle
    assert not (folder / "tile/0/000.p").exists()
    assert (folder / "tile/0/001.p/44").is_file()
    whole(folder, 310)


def test_the_checkpoint_comes_last(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever write fails, the folder is what it was: a reader never sees a checkpoint without its tiles."""
    folder = tmp_path / "static"
    to(log, 250)
    export(log.storage, folder)
    to(log, 520)
    real = write_whole
    for n in range(40):
        left = [n]

        def failing(path: Path, data: bytes, left: list[int] = left) -> None:
            if not left[0]:
                raise StoreError("no space left")
            left[0] -= 1
            real(path, data)

        with monkeypatch.context() as patch:
            patch.setattr("truceline.store.export.write_whole", failing)
            try:
                done = export(log.storage, folder)
            except StoreError:
                whole(folder, 250)
                continue
        assert done.size == 520
        break
    else:
        raise AssertionError("it never came through")
    whole(folder, 520)


def test_boxes_of_sealed_bodies_are_never_exported(log: Log, tmp_path: Path) -> None:
    """Open files go out on demand; a box does not, though another entry names it as an open file."""
    folder, box, public = tmp_path / "static", b"a box", b"a file"
    feed = Feed(log.register)
    first = feed.next({"n": 1}, blob=public)
    traitor = feed.next({"n": 2}, blob=box)
    log.append([first, traitor])
    export(log.storage, folder)
    assert not (folder / "blobs").exists()
    export(log.storage, folder, with_blobs=True)
    assert (folder / blob_path(sha256(public))).read_bytes() == public
    sealed = feed.next(sealed=Sealed(sha256(box), sha256(b"commitment")))
    other = feed.next(sealed=Sealed(sha256(b"box 2"), sha256(b"commitment 2")))
    log.append([Submission(sealed.data, {sha256(box): box}), Submission(other.data, {sha256(b"box 2"): b"box 2"})])
    export(log.storage, folder, with_blobs=True)
    names = snapshot(folder)
    assert blob_path(sha256(public)) in names
    assert blob_path(sha256(box)) not in names
    assert not any(box in data for name, data in names.items() if name.startswith("blobs/"))
    log.append([shredding(log.register, 4)])
    export(log.storage, folder, with_blobs=True)
    whole(folder, log.size)


@pytest.mark.parametrize(
    "name",
    ["", "head", "../head", "tile/0/001", "tile/0/001.p/1",
      "tile/0/000.p/4", "tile/0/000.p/256", "tile/00/000", "tile/1/000.p/1", "tile/63/000",
     "tile/entries/000.p/4", "blobs/ab", "checkpoint/", "/checkpoint", "tile/0/../0/000", "tile/0/x000/000"],
)  # fmt: skip
def test_only_names_of_tiles_within_the_checkpoint_are_answered(log: Log, name: str) -> None:
    """Nothing else of the folder, and nothing that no checkpoint covers."""
    to(log, 3)
    assert static_file(log.storage, name) is None


def test_entries_that_are_durable_and_not_published_stay_in(log: Log, tmp_path: Path) -> None:
    """Order always: durable, witnessed, published."""
    to(log, 3)
    data = Feed(log.register).some(1)[0].data
    log.storage.append(3, [data])
    assert static_file(log.storage, "tile/entries/000.p/4") is None
    export(log.storage, tmp_path / "static")
    assert not any(data in one for one in snapshot(tmp_path / "static").values())


def test_only_what_enough_witnesses_saw_is_given_out(log: Log, tmp_path: Path) -> None:
    """The newest witnessed checkpoint is exported, not the newest."""
    assert witnessed(log.storage, POLICY) is None
    for size in (3, 5, 8):
        to(log, size)
        if size < 8:
            log.cosigned(
                size, [WITNESS.sign(Checkpoint(log.keys.log.name, size, log.tree().root()).text, 1)], [WITNESS.verifier]
            )
    size_now = witnessed(log.storage, POLICY)
    assert size_now == 5
    export(log.storage, tmp_path / "static", size=size_now)
    assert POLICY.check((tmp_path / "static/checkpoint").read_bytes()).opened.checkpoint.size == 5
    assert not any(os.sep + "000.p/8" in name for name in snapshot(tmp_path / "static"))
    with pytest.raises(StoreError):
        export(log.storage, tmp_path / "static", size=7)


def test_the_folder_of_another_log_is_refused(log: Log, tmp_path: Path) -> None:
    """Another origin, another root, or more than the log has: nothing is written over it."""
    to(log, 300)
    for n, (origin, size) in enumerate((("other.example", 3), (log.keys.log.name, 3), (log.keys.log.name, 9_999))):
        folder = tmp_path / str(n)
        folder.mkdir()
        text = Checkpoint(origin, size, b"r" * 32).text
        (folder / "checkpoint").write_bytes(signed(text, [log.keys.log.sign(text)]))
        before = snapshot(folder)
        with pytest.raises(VerificationError):
            export(log.storage, folder)
        assert snapshot(folder) == before


def test_a_damaged_log_is_not_given_out(log: Log, tmp_path: Path) -> None:
    """The tiles must give the root that was signed, before anything is written."""
    to(log, 300)
    assert isinstance(log.storage, FileStore)
    path = log.storage.folder / "tile/0/000"
    path.write_bytes(bytes(32) + path.read_bytes()[32:])
    with pytest.raises(VerificationError):
        export(log.storage, tmp_path / "static")
    assert not (tmp_path / "static" / "checkpoint").exists()
