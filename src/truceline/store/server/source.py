"""How does an auditor read a record that lies in PostgreSQL? As it lies there, damaged or not."""

from __future__ import annotations

from collections.abc import Iterable

from truceline.record.audit import Bundle
from truceline.record.tiles import WIDTH, tile_path
from truceline.record.tree import leaf_hash
from truceline.store.server.postgres import ServerStore


class ServerSource:
    """The tables of a log; reading needs no lock, and changes nothing."""

    has_blobs = True
    has_notes = True

    def __init__(self, store: ServerStore) -> None:
        """Read through a store; nothing in it is changed."""
        self.store = store
        self._ahead: dict[int, bytes] = {}

    def head(self) -> bytes | None:
        """The newest checkpoint with the cosignatures on it."""
        head = self.store.head()
        try:
            return None if head is None else head + self._cosigned(int(head.split(b"\n", 2)[1]))
        except (IndexError, ValueError):
            return head

    def bundle(self, n: int, size: int) -> Bundle:
        """The rows of a bundle, up to the first that is missing."""
        last = min((n + 1) * WIDTH, size)
        found: list[bytes] = []
        for index, data, leaf in self.store.rows(n * WIDTH, last):
            expected = n * WIDTH + len(found)
            if index != expected:
                return Bundle(f"entry {expected}", found, "is missing")
            if leaf != leaf_hash(data):
                return Bundle(f"entry {index}", [*found, data], "its bytes are not those that were hashed")
            found.append(data)
        return Bundle(f"entry {n * WIDTH}..{last - 1}", found)

    def tile(self, level: int, n: int) -> bytes | None:
        """A full tile."""
        return self.store.tile_there(tile_path(level, n))

    def notes(self) -> Iterable[int]:
        """The sizes of the checkpoints that are there."""
        return self.store.notes()

    def noted(self, size: int) -> tuple[str, bytes | None]:
        """A checkpoint with the cosignatures on it."""
        if size not in self._ahead:
            self._ahead = self.store.noted_from(size)  # they are asked for one after another
        return f"note {size}", self._ahead.pop(size, None)

    def blob(self, digest: str) -> tuple[str, bytes | None]:
        """A blob."""
        return f"blob {digest}", self.store.blob_there(digest)

    def _cosigned(self, size: int) -> bytes:
        return "".join(self.store.cosignatures(size)).encode()
