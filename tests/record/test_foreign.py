"""Other people's programs accept our logs, and refuse the same logs spoiled.

`python -m tests.record.foreign` fetches them; without them these tests are skipped by name. Each call has a time limit:
a verifier that hangs is worse than none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.record.foreign import AICS_TLOG, GO, Foreign, RefusedError
from tests.record.foreign.logs import LOG, NOW, OTHER_LOG, WITNESSES, SmallLog
from truceline.record.checkpoint import Checkpoint, open_checkpoint
from truceline.record.note import Verifier, base64_of, read_note, signed
from truceline.record.tiles import TileTree
from truceline.record.tree import EMPTY_ROOT, consistency_path, inclusion_path

ALL = [pytest.param(foreign, id=foreign.name) for foreign in (GO, AICS_TLOG)]
SIZE = 1023  # three full tiles, and an edge of eight subtrees in one partial tile
TREE = SmallLog(SIZE)
TILES = TileTree(TREE.tile, SIZE)

each = pytest.mark.parametrize("foreign", ALL)
# Python starts slowly: what asks many questions asks Go in the fast suite, and both in the long one.
each_at_length = pytest.mark.parametrize(
    "foreign", [ALL[0], pytest.param(AICS_TLOG, id="aics", marks=pytest.mark.long)]
)


def ready(foreign: Foreign) -> Foreign:
    """The verifier, or a skip that says what is missing."""
    if foreign.missing:
        pytest.skip(foreign.missing)
    return foreign


def refused(foreign: Foreign, do: str, **request: object) -> None:
    """It says no, in time, and does not break down."""
    with pytest.raises(RefusedError):
        foreign.ask(do, **request)


def spoiled(value: bytes, bit: int) -> bytes:
    """One bit the other way."""
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def laid(log: SmallLog, folder: Path, spoil: Callable[[str, bytes], bytes] = lambda _, data: data) -> str:
    """The log's files in a folder, each as `spoil` leaves it."""
    for path, data in log.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(spoil(path, data))
    return str(folder)


# -- notes and checkpoints -------------------------------------------------------------------------------------------


@each
def test_notes(foreign: Foreign) -> None:
    """A signed and cosigned checkpoint is opened with the log's key alone, and says the same."""
    note = TREE.note(witnesses=WITNESSES).decode()
    assert ready(foreign).ask("note", vkey=LOG.verifier.vkey, note=note) == TREE.checkpoint.text


@each
def test_bad_notes(foreign: Foreign) -> None:
    """Another key, root, size or line end is refused by them as by us."""
    note = TREE.note(witnesses=WITNESSES).decode()
    vkey = LOG.verifier.vkey
    refused(ready(foreign), "note", vkey=OTHER_LOG.verifier.vkey, note=note)
    refused(foreign, "note", vkey=vkey, note=note.replace("\n1023\n", "\n1024\n"))
    refused(foreign, "note", vkey=vkey, note=note.replace("\n\n", "\n"))
    if foreign is GO:  # aics-tlog 0.2.1 takes a note whose last newline is cut off; nothing that is signed is lost
        refused(foreign, "note", vkey=vkey, note=note[:-1])
    refused(foreign, "note", vkey=vkey, note=TREE.note(log=OTHER_LOG).decode())
    refused(foreign, "note", vkey=vkey.replace("+A", "+B"), note=note)


def test_go_reads_our_checkpoints() -> None:
    """Go's checksum database reads only its own origin; under that name our text is its tree."""
    for size, root in ((0, EMPTY_ROOT), (SIZE, TREE.root)):
        text = Checkpoint("go.sum database tree", size, root).text
        assert ready(GO).ask("tree", text=text) == f"{size} {root.hex()}"
        refused(GO, "tree", text=text.replace("\n", " ", 1))
        refused(GO, "tree", text=text[:-6])


def test_aics_counts_our_witnesses() -> None:
    """Three cosignatures are a quorum of three; two, or one with its time moved, are not."""
    ready(AICS_TLOG)
    keys = [witness.verifier.vkey for witness in WITNESSES]
    ask = {"vkey": LOG.verifier.vkey, "witnesses": keys}
    note = TREE.note(witnesses=WITNESSES).decode()
    assert AICS_TLOG.ask("checkpoint", note=note, **ask) == f"{SIZE} {TREE.root.hex()}"
    refused(AICS_TLOG, "checkpoint", note=TREE.note(witnesses=WITNESSES[:2]).decode(), **ask)
    lines = note.splitlines()
    moved = read_note(note.encode()).signatures[-1]
    blob = moved.key_id + (NOW + 1).to_bytes(8, "big") + moved.blob[8:]
    lines[-1] = f"— {moved.name} {base64_of(blob)}"
    refused(AICS_TLOG, "checkpoint", note="\n".join(lines) + "\n", **ask)
    refused(AICS_TLOG, "checkpoint", note=note + WITNESSES[0].sign(TREE.checkpoint.text, NOW) + "\n", **ask)


def _body(old: int, tree: SmallLog) -> str:
    """A request of tlog-witness: the old size, the consistency proof, and the checkpoint."""
    path = consistency_path(old, tree.size, TileTree(tree.tile, tree.size).subtree) if old else []
    return "".join(f"{line}\n" for line in (f"old {old}", *map(base64_of, path), "")) + tree.note().decode()


def test_a_foreign_witness_cosigns_our_growing_log() -> None:
    """Its cosignature opens with our code; a fork, a rollback and a swapped proof get none."""
    ready(AICS_TLOG)
    ask = {"vkey": LOG.verifier.vkey}
    small, large, forked = SmallLog(300), TREE, SmallLog(SIZE)
    answer = json.loads(AICS_TLOG.ask("witness", bodies=[_body(0, small), _body(300, large)], **ask))
    witness = Verifier.parse(answer["vkey"])
    note = signed(large.checkpoint.text, [LOG.sign(large.checkpoint.text), answer["line"].rstrip("\n")])
    assert set(open_checkpoint(note, LOG.verifier, [witness]).times) == {witness}
    forked.leaves[7] = forked.leaves[8]
    swapped = _body(299, large).replace("old 299\n", "old 300\n")
    for second in (_body(300, forked), _body(299, large), swapped):
        refused(AICS_TLOG, "witness", bodies=[_body(0, small), second], **ask)
    rolled_back = f"old {SIZE}\n\n" + small.note().decode()
    refused(AICS_TLOG, "witness", bodies=[_body(0, large), rolled_back], **ask)
    refused(AICS_TLOG, "witness", bodies=[TREE.note(log=OTHER_LOG).decode()], **ask)


# -- proofs ----------------------------------------------------------------------------------------------------------


def _inclusion(index: int, size: int) -> dict[str, object]:
    tree = TREE if size == SIZE else SmallLog(size)
    path = inclusion_path(index, size, TileTree(tree.tile, size).subtree)
    parts = {"leaf": tree.leaves[index].hex(), "root": tree.root.hex(), "path": [step.hex() for step in path]}
    return {"index": index, "size": size, **parts}


def _consistency(old: int, new: int) -> dict[str, object]:
    path = consistency_path(old, new, TileTree(TREE.tile, new).subtree)
    roots = {"old_root": SmallLog(old).root.hex(), "new_root": SmallLog(new).root.hex()}
    return {"old": old, "new": new, "path": [step.hex() for step in path], **roots}


@each_at_length
@pytest.mark.parametrize(("index", "size"), [(0, 1), (6, 7), (255, 256), (256, 257), (700, SIZE), (SIZE - 1, SIZE)])
def test_inclusion_proofs(foreign: Foreign, index: int, size: int) -> None:
    """They accept our proof; with another leaf, index, size, root, or a hash more, less or spoiled, they do not."""
    good = _inclusion(index, size)
    path = list(map(str, good["path"])) if isinstance(good["path"], list) else []
    ready(foreign).ask("inclusion", **good)
    refused(foreign, "inclusion", **good | {"leaf": good["root"] if size > 1 else "00" * 32})
    refused(foreign, "inclusion", **good | {"root": spoiled(bytes.fromhex(str(good["root"])), 9).hex()})
    refused(foreign, "inclusion", **good | {"path": [*path, "00" * 32]})
    refused(foreign, "inclusion", **good | {"index": size})
    if path:
        refused(foreign, "inclusion", **good | {"path": path[:-1]})
        refused(foreign, "inclusion", **good | {"path": [spoiled(bytes.fromhex(path[0]), 3).hex(), *path[1:]]})
        refused(foreign, "inclusion", **good | {"index": index - 1})


@each_at_length
@pytest.mark.parametrize(("old", "new"), [(1, 2), (3, 7), (256, 257), (255, 700), (512, SIZE), (1022, SIZE)])
def test_consistency_proofs(foreign: Foreign, old: int, new: int) -> None:
    """They accept our proof; a swapped, spoiled, longer or shorter one, or other roots, they do not."""
    good = _consistency(old, new)
    path = list(map(str, good["path"])) if isinstance(good["path"], list) else []
    ready(foreign).ask("consistency", **good)
    refused(foreign, "consistency", **good | {"old_root": good["new_root"]})
    refused(foreign, "consistency", **good | {"new_root": good["old_root"]})
    refused(foreign, "consistency", **good | {"path": path[:-1]})
    refused(foreign, "consistency", **good | {"path": [*path, path[0]]})
    refused(foreign, "consistency", **good | {"path": [*path[:-1], spoiled(bytes.fromhex(path[-1]), 100).hex()]})
    if len(path) > 1:
        refused(foreign, "consistency", **good | {"path": path[::-1]})


# -- tiles and entries -----------------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize("size", [1, 255, 256, 257, SIZE])
def test_whole_logs(foreign: Foreign, size: int, tmp_path: Path) -> None:
    """Every tile and every entry of ours is re-hashed by them up to the root."""
    log = SmallLog(size)
    ready(foreign).ask("tiles", folder=laid(log, tmp_path), size=size, root=log.root.hex())


@each_at_length
@pytest.mark.parametrize("victim", sorted(TREE.files))
def test_one_bit_in_any_file(foreign: Foreign, victim: str, tmp_path: Path) -> None:
    """A flipped bit in any tile or bundle is found (the recurring bug: consistent, while an entry was altered)."""

    def spoil(path: str, data: bytes) -> bytes:
        return spoiled(data, len(data) * 4) if path == victim else data

    refused(ready(foreign), "tiles", folder=laid(TREE, tmp_path, spoil), size=SIZE, root=TREE.root.hex())


@each
def test_wrong_root_and_missing_files(foreign: Foreign, tmp_path: Path) -> None:
    """Files that fit together but not the root, or are fewer, or cut, are refused."""
    folder = laid(TREE, tmp_path / "whole")
    refused(ready(foreign), "tiles", folder=folder, size=SIZE, root=spoiled(TREE.root, 0).hex())
    refused(foreign, "tiles", folder=folder, size=SIZE - 1, root=TREE.root.hex())
    cut = laid(TREE, tmp_path / "cut", lambda path, data: data[:-32] if path == "tile/0/001" else data)
    refused(foreign, "tiles", folder=cut, size=SIZE, root=TREE.root.hex())
    (Path(folder) / "tile/entries/002").unlink()
    refused(foreign, "tiles", folder=folder, size=SIZE, root=TREE.root.hex())


@pytest.mark.parametrize("tile", [0, 1, 2])
@pytest.mark.parametrize("size", [768, 769, 1000, SIZE])
def test_go_refuses_tampered_full_tiles(size: int, tile: int, tmp_path: Path) -> None:
    """CVE-2026-56865: x/mod before 0.40.0 took any full tile of level 0 when hashes were asked for one by one."""
    log = SmallLog(size)
    ask = {"size": size, "root": log.root.hex()}
    folder = laid(log, tmp_path / "good")
    victim = f"tile/0/{tile:03}"
    bad = laid(log, tmp_path / "bad", lambda path, data: spoiled(data, 5) if path == victim else data)
    for index in (tile * 256, tile * 256 + 255):
        assert ready(GO).ask("leaf", folder=folder, index=index, **ask) == log.leaves[index].hex()
        refused(GO, "leaf", folder=bad, index=index, **ask)


@pytest.mark.long
@each
def test_every_proof_of_every_size(foreign: Foreign) -> None:
    """All entries and all older sizes of small trees: no shape of a tree was forgotten."""
    ready(foreign)
    for size in range(1, 12):
        for index in range(size):
            foreign.ask("inclusion", **_inclusion(index, size))
            if index:
                foreign.ask("consistency", **_consistency(index, size))


@pytest.mark.long
@each
def test_a_log_with_two_full_levels(foreign: Foreign, tmp_path: Path) -> None:
    """Past 65,536 entries there is a full tile of level 1, and a level 2."""
    log = SmallLog(66_000)
    folder = laid(log, tmp_path)
    ready(foreign).ask("tiles", folder=folder, size=log.size, root=log.root.hex())
    for victim in ("tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1", "tile/0/255"):
        file = tmp_path / victim
        data = file.read_bytes()
        file.write_bytes(spoiled(data, 77))
        refused(foreign, "tiles", folder=folder, size=log.size, root=log.root.hex())
        file.write_bytes(data)


def test_what_is_missing_is_named() -> None:
    """Without the verifiers the skip says how to get them."""
    gone = Foreign("gone", ("/nowhere/at/all",))
    assert re.fullmatch(r"no foreign verifier `gone`: python -m tests\.record\.foreign", gone.missing)
