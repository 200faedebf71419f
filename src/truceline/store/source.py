"""How does an auditor read a record that lies in files? As it lies there, damaged or not.

Two shapes: the folder of a log (`FileStore`); and static tiles (C2SP tlog-tiles), out of the folder of a mirror or an
export, or from anywhere else that can be asked for a file by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from truceline.errors import StoreError, VerificationError
from truceline.record.audit import Bundle
from truceline.record.tiles import WIDTH, entries_of, entries_path, tile_path, width_at
from truceline.store.files import blob_path, frames, is_torn, journal_path, note_path, size_of, text_of

Read = Callable[[str], bytes | None]
"""The bytes of a file by its name; None when there is none."""


class FolderSource:
    """The folder of a log, read as it lies there."""

    has_blobs = True

    def __init__(self, folder: Path) -> None:
        """Look into a folder; nothing in it is changed."""
        self.folder = folder

    def head(self) -> bytes | None:
        """The newest checkpoint with the cosignatures on it."""
        head = self._read("head")
        if head is None:
            return None
        try:
            size = int(head.split(b"\n", 2)[1])
        except (IndexError, ValueError):
            return head
        return head + "".join(self._cosignatures(size)).encode()

    def bundle(self, n: int, size: int) -> Bundle:
        """A bundle, or the journal file where no bundle is yet."""
        expected = min(WIDTH, size - n * WIDTH)
        name = journal_path(n * WIDTH)
        data = self._read(entries_path(n)) if expected == WIDTH else None
        if data is not None:
            return bundle_read(entries_path(n), data, WIDTH)
        data = self._read(name)
        if data is None:
            return Bundle(entries_path(n) if expected == WIDTH else name, (), "is missing")
        found, fault = frames(data)
        end = found[-1][1] if found else 4
        is_cut = len(found) >= expected and is_torn(data, end)
        return Bundle(name, [one for one, _ in found], "" if is_cut else fault)

    def tile(self, level: int, n: int) -> bytes | None:
        """A full tile."""
        return self._read(tile_path(level, n))

    def notes(self) -> Iterable[int]:
        """The sizes of the checkpoints that lie here."""
        root = self.folder / "notes"
        return sorted(
            size_of(path.relative_to(root).parts) for path in root.rglob("[0-9][0-9][0-9]") if is_note(path, root)
        )

    def noted(self, size: int) -> tuple[str, bytes | None]:
        """A checkpoint with the cosignatures on it."""
        data = self._read(note_path(size))
        return note_path(size), None if data is None else data + "".join(self._cosignatures(size)).encode()

    def blob(self, digest: str) -> tuple[str, bytes | None]:
        """A blob."""
        return blob_path(digest), self._read(blob_path(digest))

    def counted(self, size: int) -> Iterator[str]:
        """Every file that counts as truth for a record of this size."""
        yield "head"
        for n in range((size + WIDTH - 1) // WIDTH):
            yield entries_path(n) if (n + 1) * WIDTH <= size else journal_path(n * WIDTH)
        level = 0
        while size >> 8 * (level + 1):
            yield from (tile_path(level, n) for n in range(size >> 8 * (level + 1)))
            level += 1
        for one in self.notes():
            yield note_path(one)
            path = self.folder / note_path(one)
            yield from (f"{note_path(one)}{found.suffix}" for found in path.parent.glob(f"{path.name}.*"))

    def _cosignatures(self, size: int) -> list[str]:
        path = self.folder / note_path(size)
        found = sorted(path.parent.glob(f"{path.name}.*")) if path.parent.is_dir() else []
        return [text_of(one) for one in found if not one.name.endswith(".half")]

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"{self.folder}/{name}: cannot be read: {error.strerror}") from None


class StaticSource:
    """Static tiles, as a file server or a mirror offers them: one checkpoint, tiles, bundles, perhaps blobs."""

    def __init__(self, read: Read, *, has_blobs: bool = False) -> None:
        """Read through a function that gives the bytes of a name."""
        self._read = read
        self.has_blobs = has_blobs
        self._head: bytes | None = None

    def head(self) -> bytes | None:
        """The newest checkpoint."""
        self._head = self._head or self._read("checkpoint")
        return self._head

    def bundle(self, n: int, size: int) -> Bundle:
        """A bundle, full or partial."""
        width = width_at(0, n, size)
        name = entries_path(n, width)
        data = self._read(name)
        return Bundle(name, (), "is missing") if data is None else bundle_read(name, data, width)

    def tile(self, level: int, n: int) -> bytes | None:
        """A full tile."""
        return self._read(tile_path(level, n))

    def notes(self) -> Iterable[int]:
        """Only the newest is offered."""
        return ()

    def noted(self, size: int) -> tuple[str, bytes | None]:
        """None but the newest."""
        return f"checkpoint of size {size}", None

    def blob(self, digest: str) -> tuple[str, bytes | None]:
        """A blob."""
        return blob_path(digest), self._read(blob_path(digest))


def bundle_read(name: str, data: bytes, width: int) -> Bundle:
    """A bundle as far as it can be read."""
    try:
        return Bundle(name, entries_of(data, width))
    except VerificationError as error:
        found: list[bytes] = []
        at = 0
        while at + 2 <= len(data) and len(found) < width:
            length = int.from_bytes(data[at : at + 2], "big")
            if at + 2 + length > len(data):
                break
            found.append(data[at + 2 : at + 2 + length])
            at += 2 + length
        return Bundle(name, found, str(error))


def is_note(path: Path, root: Path) -> bool:
    """Whether a file below `notes` is the checkpoint of a size, by its name."""
    parts = path.relative_to(root).parts
    return (
        path.is_file()
        and all(p.removeprefix("x").isdigit() for p in parts)
        and note_path(size_of(parts)) == ("notes/" + "/".join(parts))
    )
