"""Which entries of the record may somebody read, and what is shown of one? Everything else is not there.

Whoever may mirror the record reads all of it. Everybody else reads what the record says of itself (its charter, keys,
texts), what a publication made public, the publication that did so, and what it said itself. Of a sealed body nobody is
given more than its box, and that only its readers. What a search for duplicates found is for who keeps the case.

How many entries there are, and their hashes, the tree shows to everybody by its nature; which of them are of what type,
by whom and when, it does not. Source: docs/adr/0019-publication.md.
"""

from __future__ import annotations

import base64
import heapq
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import msgspec

from truceline.desk.publication import Course, course_of
from truceline.desk.publishing import LIFTED, PUBLIC
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError, UnknownError
from truceline.group import DESK, may_do
from truceline.record.bundle import policy_of
from truceline.record.charter import Charter, KeySet
from truceline.record.entry import Entry, key_id
from truceline.record.log import noted
from truceline.record.register import CHARTER, KEYS, REVOCATION
from truceline.record.seal import Box
from truceline.record.tiles import TileTree
from truceline.record.tree import consistency_path, leaf_hash
from truceline.span import utc_text
from truceline.store.case import AGREEMENT, AMENDMENT, Case, Said
from truceline.store.export import CHECKPOINT, KEPT_BACK, static_file, witnessed

__all__ = [
    "CHECKPOINT", "OF_THE_RECORD", "Index", "Shelf", "checkpoints_of", "consistency_of", "index_of", "is_witnessed",
    "leaf_of", "open_steps", "reading_keys", "record_shown", "static",
]  # fmt: skip

OF_THE_RECORD = (CHARTER, KEYS, REVOCATION, AGREEMENT, AMENDMENT, "wording", "absence", "partition")
"""Types of entries that are open to everybody: whose record it is, who may sign, under which text."""


@dataclass
class Index:
    """The entries of a record by type, by submitter and by the files they name.

    Attributes:
        size: so many entries are in it.
        types, parties: indexes, ascending.
        files: SHA-256 of a file to the entries that name it openly.
        boxes: SHA-256 of every box; INVARIANT: none of them is given as a file, whoever names it as one.
    """

    size: int = 0
    types: dict[str, array[int]] = field(default_factory=dict)
    parties: dict[str, array[int]] = field(default_factory=dict)
    files: dict[bytes, list[int]] = field(default_factory=dict)
    boxes: set[bytes] = field(default_factory=set)
    read: int = 0

    def advance(self, case: Case) -> None:
        """Take in what is new."""
        size = len(case.entries())
        for index, kind, by, *_ in case.rows(self.size):
            if index >= size:
                break
            self.types.setdefault(kind, array("I")).append(index)
            self.parties.setdefault(by, array("I")).append(index)
        self.size = size

    def advance_files(self, case: Case) -> None:
        """Take in the files of what is new: for this each entry is read."""
        for index in range(self.read, len(case.entries())):
            one = case.entries()[index].statement
            for blob in one.blobs:
                self.files.setdefault(bytes.fromhex(blob.sha256), []).append(index)
            if one.sealed is not None:
                self.boxes.add(bytes.fromhex(one.sealed.box))
            self.read = index + 1


_INDEXES: WeakKeyDictionary[Case, Index] = WeakKeyDictionary()
_TURN = threading.Lock()


def index_of(case: Case, *, with_files: bool = False) -> Index:
    """The index of a case, brought up to its newest head."""
    with _TURN:
        found = _INDEXES.setdefault(case, Index())
        found.advance(case)
        if with_files:
            found.advance_files(case)
        return found


class Shelf:
    """The entries of a case that one viewer may read, as of one moment.

    Attributes:
        size: of the record.
    """

    def __init__(self, case: Case, viewer: Viewer) -> None:
        """Look at a case as somebody."""
        self._case, self._viewer = case, viewer
        self._index, self._course = index_of(case), course_of(case)
        self._entries, self._register = case.entries(), case.register()
        self.size = self._index.size
        self._is_whole = may_do(viewer.role, "entry", "mirror")
        self._ways: list[Indexes] = [range(self.size)] if self._is_whole else self._open_ways()

    def _open_ways(self) -> list[Indexes]:
        """What somebody may read who does not mirror the record: lists of indexes, ascending."""
        course, types = self._course, self._index.types
        own = self._index.parties.get(self._viewer.party, _NONE) if self._viewer.party else _NONE
        public = array("I", sorted({*course.public, *open_steps(course)}))
        return [own, public, *(types[kind] for kind in OF_THE_RECORD if kind in types)]

    def __contains__(self, index: int) -> bool:
        """Whether the viewer may read an entry; one that is not there is none. It is not read to find out."""
        return 0 <= index < self.size and any(_holds(way, index) for way in self._ways)

    def said(self, index: int) -> Said:
        """An entry.

        Raises:
            AccessError: the viewer may not read it, or it is not there.
        """
        if index not in self:
            raise AccessError(REFUSED)
        return self._entries[index]

    def listed(self, after: int = -1, *, limit: int, kind: str = "", by: str = "") -> tuple[list[Said], bool]:
        """Entries in their order.

        Args:
            after: only those after this index.
            limit: so many at the most.
            kind: only of this type; empty = of any.
            by: only by this submitter; empty = by any.

        Returns:
            The entries, and whether there are more that the viewer may read.
        """
        found: list[Said] = []
        for index in self._indexes(after, kind, by):
            if len(found) == limit:
                return found, True
            found.append(self._entries[index])
        return found, False

    def _indexes(self, after: int, kind: str, by: str) -> Iterator[int]:
        types, parties, ways = self._index.types, self._index.parties, self._ways
        if self._is_whole and (kind or by):
            ways = [types.get(kind, _NONE) if kind else parties.get(by, _NONE)]
        last = after
        for index in heapq.merge(*(_behind(way, after) for way in ways)):
            if index >= self.size:
                return
            if index > last and self._is_asked(index, kind, by):
                yield index
            last = index

    def _is_asked(self, index: int, kind: str, by: str) -> bool:
        types, parties = self._index.types, self._index.parties
        return (not kind or _holds(types.get(kind, _NONE), index)) and (not by or _holds(parties.get(by, _NONE), index))

    # -- what is shown -------------------------------------------------------------------------------------------------

    def shown(self, said: Said) -> dict[str, Any]:
        """An entry as plain values."""
        one, register = said.statement, self._register
        public = self._course.public.get(said.index)
        why = register.contested(said.index, [mark.keyid for mark in said.entry.marks])
        return {
            "entry": said.index, "type": one.type, "by": one.by, "sequence": one.sequence, "previous": one.previous,
            "signed_by": self._signers(said), "keys": [mark.keyid for mark in said.entry.marks],
            "known_at": utc_text(said.known_at), "claims": None if one.claims is None else utc_text(one.claims),
            "cites": {"size": one.cites.size, "root": one.cites.root}, "under": one.under, "leaf": leaf_of(said.entry),
            "is_sealed": one.sealed is not None, "shredded_by": register.shredded.get(said.index), "contested": why,
            "files": [{"name": blob.name, "sha256": blob.sha256, "size": blob.size} for blob in one.blobs],
            "body": one.body,
            "published": None if public is None else {
                "by": public.by, "at": utc_text(public.since), "corrected_by": list(public.corrected_by),
            },
        }  # fmt: skip

    def _signers(self, said: Said) -> list[str]:
        """The parties that signed an entry, by their keys or, where it is about keys, by their roots."""
        register = self._register
        found = set(register.signers(said.entry))
        if said.statement.type in (CHARTER, KEYS, REVOCATION):
            ids = {mark.keyid for mark in said.entry.marks}
            found |= {one.party for one in register.sets.values() if any(key_id(root) in ids for root in one.roots)}
        return sorted(found)

    # -- what lies beside ----------------------------------------------------------------------------------------------

    def file(self, digest: str) -> bytes:
        """A file that an entry names which the viewer may read; never a box, nor what lies beside one for others.

        Raises:
            AccessError: there is none for this viewer.
        """
        raw, index = bytes.fromhex(digest), index_of(self._case, with_files=True)
        holders = [] if raw in index.boxes else index.files.get(raw, [])
        # Pairs name hidden reports: whoever names the same file in an entry of his own is not given it either.
        kept_back = [index.types[kind] for kind in KEPT_BACK if kind in index.types]
        if self._viewer.role != "secretariat" and any(_holds(way, one) for way in kept_back for one in holders):
            raise AccessError(REFUSED)
        for holder in holders:
            if holder in self and self._opens(holder) and self._case.store.has_blob(digest):
                return self._case.store.blob(digest)
        raise AccessError(REFUSED)

    def box(self, index: int) -> bytes:
        """The box of a sealed body, for those whom it was sealed for.

        Raises:
            AccessError: there is none, it was destroyed, or it is for others.
        """
        sealed = self.said(index).statement.sealed
        if sealed is None or not self._opens(index) or not self._case.store.has_blob(sealed.box):
            raise AccessError(REFUSED)
        return self._case.store.blob(sealed.box)

    def _opens(self, index: int) -> bool:
        """Whether the body of an entry is open, or sealed for whom the viewer speaks for."""
        sealed = self._entries[index].statement.sealed
        if sealed is None:
            return True
        party = DESK if self._viewer.role == "secretariat" else self._viewer.party
        if not party or not may_do(self._viewer.role, "box", "read") or not self._case.store.has_blob(sealed.box):
            return False
        box = msgspec.json.decode(self._case.store.blob(sealed.box), type=Box)
        return not box.wraps.keys().isdisjoint(reading_keys(self._case, party))


Indexes: TypeAlias = "array[int] | range"
_NONE: array[int] = array("I")


def _holds(way: Indexes, index: int) -> bool:
    at = bisect_left(way, index)
    return at < len(way) and way[at] == index


def _behind(way: Indexes, after: int) -> Iterable[int]:
    """The indexes of a way that come after one."""
    return (way[at] for at in range(bisect_right(way, after), len(way)))


def open_steps(course: Course) -> set[int]:
    """The publications that made something public: everybody may read them."""
    return {one.step for one in list(course.matters.values()) if one.stage in (PUBLIC, LIFTED)}


def leaf_of(entry: Entry) -> str:
    """The leaf hash of an entry, 64 hexadecimal digits."""
    return leaf_hash(entry.data).hex()


def reading_keys(case: Case, party: str) -> set[str]:
    """Ids of all keys by which a party reads or has read: what was sealed for an earlier one is still its own."""
    charter = case.charter()
    sets = [one for one in charter.parties if one.party == party]
    for said in case.said(KEYS):
        one = msgspec.convert(said.statement.body, KeySet)
        sets += [one] if one.party == party else []
    return {key.id for one in sets for key in one.keys if key.use == "read"}


# -- the record as a whole ---------------------------------------------------------------------------------------------


def record_shown(case: Case) -> dict[str, Any]:
    """What a record says of itself: whose it is, who may sign, which text is in force, how far it has come."""
    charter: Charter = case.charter()
    register, text = case.register(), case.text()
    size = len(case.entries())
    return {
        "origin": register.log.name if register.log else "", "title": charter.title, "is_demo": charter.is_demo,
        "log": charter.log, "clock": charter.clock, "policy": charter.policy, "charter": msgspec.to_builtins(charter),
        "size": size, "checkpoint": noted(case.store, size).decode(),
        "known_at": {"index": size - 1, "at": utc_text(case.newest())},
        "text": {"canonical_sha256": text.body["canonical_sha256"], "file": text.body["file"], "id": text.body["id"]},
        "keys": [
            {
                "party": valid.party, "id": key, "public": base64.b64encode(valid.public).decode(),
                "since": valid.start, "until": valid.end, "contested_from": valid.contested_from,
            }
            for key, valid in sorted(register.keys.items(), key=lambda item: (item[1].party, item[1].start, item[0]))
        ],
        "key_sets": [msgspec.to_builtins(one) for _, one in sorted(register.sets.items())],
    }  # fmt: skip


def checkpoints_of(case: Case, after: int, limit: int) -> list[dict[str, Any]]:
    """Published checkpoints of more entries than `after`, ascending, each with its cosignatures: when it was known."""
    found = case.store.noted_from(after + 1, limit)
    return [{"size": size, "note": note.decode()} for size, note in found.items()]


def consistency_of(case: Case, old: int, new: int | None = None) -> dict[str, Any]:
    """The proof that the tree of one size continues that of a smaller one; None = of the newest size.

    Raises:
        UnknownError: the record has no such sizes.
    """
    size = len(case.entries())
    larger = size if new is None else new
    if not 0 <= old <= larger <= size:
        raise UnknownError(f"`old`, `new`: expected 0 <= old <= new <= {size}")
    tree = TileTree(lambda path: static_file(case.store, path) or b"", larger)
    path = consistency_path(old, larger, tree.subtree)
    return {"old": old, "new": larger, "path": [base64.b64encode(one).decode() for one in path]}


def static(case: Case, name: str) -> bytes:
    """A static file of the record (C2SP tlog-tiles).

    Raises:
        AccessError: there is none of that name.
    """
    data = static_file(case.store, name)
    if data is None:
        raise AccessError(REFUSED)
    return data


def is_witnessed(case: Case) -> bool:
    """Whether enough witnesses cosigned one of the newest checkpoints: a bundle is made against it."""
    return witnessed(case.store, policy_of(case.charter())) is not None
