"""Who hands in a statement that was signed elsewhere, and what comes back: a receipt, or what is expected now?

Whoever signs needs five things: the number and the hash of its last entry, a checkpoint to cite, the origin of the log,
and the text in force (`line_of`). What it then hands in, byte for byte, is taken once. Handed in again it gets the same
receipt again: the promise of a batch says nothing but the log, its size, its root and a second, all of which stand in
the record. So no answer that was lost on the way is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truceline.desk.entries import index_of
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError, InputError, StoreError, SubmissionError
from truceline.record.checkpoint import read_checkpoint
from truceline.record.entry import Entry, hashes_of, read_entry
from truceline.record.log import Log
from truceline.record.note import read_note
from truceline.record.proof import proofs
from truceline.record.receipt import promise
from truceline.record.register import Line
from truceline.record.tree import inclusion_path
from truceline.store.case import Case

MOST_BATCH = 256
"""Statements of one batch: as many as a bundle of tlog-tiles holds."""


def check_speaks(viewer: Viewer, party: str) -> None:
    """Let go on who may hand in what a party says: its own people, and the secretariat for anybody.

    Raises:
        AccessError: somebody else.
    """
    if viewer.role != "secretariat" and not (viewer.party and viewer.party == party):
        raise AccessError(REFUSED)


def line_of(case: Case, party: str) -> dict[str, Any]:
    """What a party needs to sign its next statement elsewhere."""
    register, text = case.register(), case.text()
    line = register.lines.get(party) or Line()
    head = read_checkpoint(read_note(case.store.head() or b"").text)
    return {
        "party": party, "next": line.next, "previous": line.previous, "log": head.origin,
        "cites": {"size": head.size, "root": head.root.hex()}, "under": text.body["canonical_sha256"],
    }  # fmt: skip


def read_handed(viewer: Viewer, data: bytes, files: Mapping[str, bytes]) -> Entry:
    """A statement that somebody hands in, with all that it names.

    Raises:
        SubmissionError: it is none, or comes without a file that it names: whether that lies here already is not told.
        AccessError: it is said by somebody for whom the viewer does not speak.
    """
    entry = read_entry(data)
    check_speaks(viewer, entry.statement.by)
    for digest in hashes_of(entry.statement):
        if digest not in files:
            raise SubmissionError(f"file {digest[:12]}: named by the entry and not handed over")
    return entry


def index_in(case: Case, entry: Entry) -> int | None:
    """Where these very bytes stand in the record; None = they do not."""
    one = entry.statement
    own = index_of(case).parties.get(one.by, ())
    # INVARIANT: a submitter's entries are numbered from 0 on without a gap, so its n-th entry has the number n.
    if one.sequence >= len(own):
        return None
    at = own[one.sequence]
    return at if case.entries()[at].entry.data == entry.data else None


def own_leaf(case: Case, viewer: Viewer, leaf: str) -> int:
    """Where an entry of this leaf hash stands that the viewer's own party handed in.

    Raises:
        AccessError: its party said no such thing; whether anybody else did is not told.
    """
    own = index_of(case).parties.get(viewer.party, ()) if viewer.party else ()
    indexes = own[::-1]  # who asks has just handed it in
    for index, one in zip(indexes, case.leaves(indexes), strict=True):
        if one == leaf:
            return index
    raise AccessError(REFUSED)


def receipt_of(log: Log, index: int, size: int, known_at: int) -> bytes:
    """The receipt of an entry, once more: the bytes that its submitter was given.

    Args:
        log: of the case, asked in its own thread.
        index: of the entry.
        size: of the batch that it came with: `Case.batch_of`.
        known_at: UTC second at which the record is known to have held it.

    Raises:
        StoreError: no checkpoint holds it.
    """
    note = log.storage.note(size)
    if note is None:
        raise StoreError(f"no checkpoint holds entry {index}")
    root = read_checkpoint(read_note(note).text).root
    made = promise(log.keys.log.name, size, root, known_at, log.keys.log)
    return next(proofs(index, [tuple(inclusion_path(index, size, log.tree().subtree))], made))


def entries_of_batch(data: bytes) -> list[bytes]:
    """The entries of a batch: each with its length before it in two bytes, big-endian, as in a bundle of tlog-tiles.

    Raises:
        InputError: it ends within one, or holds none, or too many.
    """
    found: list[bytes] = []
    at = 0
    while at < len(data):
        begin = at + 2
        at = begin + int.from_bytes(data[at:begin], "big")
        if at > len(data) or len(found) >= MOST_BATCH:
            raise InputError(f"expected 1 to {MOST_BATCH} entries, each after its length in two bytes")
        found.append(data[begin:at])
    if not found:
        raise InputError(f"expected 1 to {MOST_BATCH} entries, each after its length in two bytes")
    return found
