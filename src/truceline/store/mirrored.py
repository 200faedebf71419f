"""What can a case be computed from, for somebody who has a mirror of its record, and the evidence from elsewhere?

    checkpoint, tile/...    the mirror, as static tiles (C2SP tlog-tiles)
    notes/<size>            earlier checkpoints, dated by the clock of the log: since when each entry is known
    blobs/ab/<sha256>       files that entries name, as far as they were given

Nothing is written. Tables of evidence do not lie here: whoever holds the files they were read from gives them, and
their rows are held against what the record says of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn

import pyarrow as pa

from truceline.errors import StoreError, VerificationError
from truceline.record.audit import Source
from truceline.record.checkpoint import open_checkpoint, read_checkpoint
from truceline.record.log import Refused
from truceline.record.note import Verifier, check_note, read_note
from truceline.record.tiles import WIDTH, TileTree, entries_of, entries_path, parse_path, width_at
from truceline.store.case import Case, Store, charter_of
from truceline.store.export import CHECKPOINT, tile_of
from truceline.store.files import blob_path
from truceline.store.source import StaticSource

NOTES = "notes"


class MirrorStore:
    """The folder of a mirror as a storage that is only read."""

    def __init__(self, folder: Path) -> None:
        """Look into a folder."""
        self.folder = folder
        self._again: dict[str, bytes] = {}

    def _bytes(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"{self.folder}/{name}: cannot be read: {error.strerror}") from None

    def head(self) -> bytes | None:
        """The newest checkpoint; the dated one, where it is here."""
        newest = self._bytes(CHECKPOINT)
        return None if newest is None else self.note(read_checkpoint(read_note(newest).text).size) or newest

    def durable(self) -> int:
        """How many entries it holds."""
        head = self.head()
        return 0 if head is None else read_checkpoint(read_note(head).text).size

    def entries(self, first: int, last: int) -> Iterator[bytes]:
        """The entries from `first` to before `last`."""
        size = self.durable()
        for n in range(first // WIDTH, (last + WIDTH - 1) // WIDTH):
            width = width_at(0, n, size)
            name = entries_path(n, width)
            data = self._bytes(name) if width else None
            if data is None:
                raise VerificationError(f"{self.folder}: {name} is missing")
            begin = n * WIDTH
            yield from entries_of(data, width)[max(first - begin, 0) : max(last - begin, 0)]

    def tile(self, path: str) -> bytes:
        """A full tile or bundle."""
        data = self._bytes(path)
        if data is None:
            raise VerificationError(f"{self.folder}: {path} is missing")
        return data

    def note(self, size: int) -> bytes | None:
        """An earlier checkpoint, with the date of its clock."""
        return self._bytes(f"{NOTES}/{size}")

    def notes(self, since: int = 0) -> Iterable[int]:
        """The sizes of the checkpoints that are here, ascending."""
        names = [path.name for path in (self.folder / NOTES).glob("*") if path.name.isdigit()]
        return [size for size in sorted(map(int, names)) if size >= since]

    def cosignatures(self, size: int) -> Sequence[str]:
        """None beside those that stand on the notes themselves."""
        del size
        return ()

    def noted_from(self, size: int, most: int) -> dict[int, bytes]:
        """The checkpoints of `size` entries and more, by size ascending: so many."""
        return {one: self.note(one) or b"" for one in list(self.notes(size))[:most]}

    def blob(self, digest: str) -> bytes:
        """A file that an entry names.

        Raises:
            StoreError: it was not given.
        """
        data = self._bytes(blob_path(digest)) or self._again.get(digest)
        if data is None:
            raise StoreError(f"{self.folder}: the file {digest[:12]} is not here: it was not given to this mirror")
        return data

    def stand_in(self, digest: str, data: bytes) -> None:
        """What stands in memory for a file that was not given, computed again: its bytes are others."""
        self._again[digest] = data

    def has_blob(self, digest: str) -> bool:
        """Whether it is here, as it was given."""
        return (self.folder / blob_path(digest)).is_file()

    def state(self) -> bytes | None:
        """None is kept."""
        return None

    def refused(self) -> list[dict[str, object]]:
        """A mirror is told nothing of what was refused."""
        return []

    def close(self) -> None:
        """Nothing is held."""

    # -- nothing is written --------------------------------------------------------------------------------------------

    def _never(self) -> NoReturn:
        raise StoreError(f"{self.folder}: a mirror: only what the log signed is written to it")

    def writer(self) -> AbstractContextManager[None]:
        """A mirror has none."""
        self._never()

    def swap_head(self, old: bytes | None, new: bytes) -> None:
        """Never."""
        del old, new
        self._never()

    def append(self, first: int, entries: Sequence[bytes]) -> None:
        """Never."""
        del first, entries
        self._never()

    def put_tiles(self, files: Mapping[str, bytes]) -> None:
        """Never."""
        del files
        self._never()

    def together(self) -> AbstractContextManager[None]:
        """Never."""
        self._never()

    def settle(self, size: int) -> None:
        """Never."""
        del size
        self._never()

    def put_note(self, size: int, data: bytes) -> None:
        """Never."""
        del size, data
        self._never()

    def put_cosignature(self, size: int, line: str) -> None:
        """Never."""
        del size, line
        self._never()

    def put_blob(self, digest: str, data: bytes) -> None:
        """Never."""
        del digest, data
        self._never()

    def drop_blob(self, digest: str) -> None:
        """Never."""
        del digest
        self._never()

    def refuse(self, refused: Sequence[Refused]) -> None:
        """Never."""
        del refused
        self._never()

    def put_state(self, data: bytes) -> None:
        """Never."""
        del data
        self._never()


class MirroredCase(Case):
    """A case as a mirror has it; tables that are given live in memory."""

    store: MirrorStore

    def __init__(self, folder: Path) -> None:
        """Take the folder of a mirror."""
        self.path = folder
        self._tables: dict[str, bytes] = {}
        super().__init__(str(folder), MirrorStore(folder))

    def source(self) -> Source:
        """The record as an auditor reads it."""
        return StaticSource(self.store._bytes)

    def fresh(self) -> Store:
        """The same folder again."""
        return MirrorStore(self.path)

    def index(self, first: int) -> None:
        """There is none."""

    def table_files(self) -> Mapping[str, str]:
        """The tables that were given, by the hash of their rows and what they are."""
        found = {}
        for name in self._tables:
            rows, _, rest = name.partition(".")
            found[rows + (".rejected" if rest.endswith(".rejected.parquet") else "")] = name
        return found

    def table_bytes(self, name: str) -> bytes:
        """The bytes of a table that was given."""
        return self._tables[name]

    def put_table(self, name: str, data: bytes) -> None:
        """Keep a table in memory."""
        self._tables[name] = data

    def write_assessments(self, table: pa.Table) -> str:
        """They are kept nowhere."""
        del table
        return ""

    def assessments(self) -> bytes | None:
        """None are kept."""
        return None


def check_dated(store: MirrorStore, size: int, note: bytes) -> None:
    """An earlier checkpoint is of this log, dated by its clock, and of the same entries that the mirror holds.

    Args:
        store: the mirror.
        size: of the checkpoint.
        note: with the cosignature of the clock.

    Raises:
        VerificationError: it is not.
    """
    charter = charter_of(next(iter(store.entries(0, 1))))
    made = open_checkpoint(note, Verifier.parse(charter.log)).checkpoint
    clock = Verifier.parse(charter.clock)
    if made.size != size or check_note(read_note(note), [clock])[clock] is None:
        raise VerificationError(f"{store.folder}: the checkpoint of size {size} is another one, or has no date")
    if TileTree(lambda name: tile_of(store, *parse_path(name)), size).root() != made.root:
        raise VerificationError(f"{store.folder}: the checkpoint of size {size} has another root than these entries")
