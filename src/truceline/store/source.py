"""How does an auditor read a record that lies in files? As it lies there, damaged or not.

Two shapes: the folder of a log (`FileStore`); and static tiles (C2SP tlog-tiles), out of the folder of a mirror or an
export, or from anywhere else that can be asked for a file by its name.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from truceline.errors import StoreError, VerificationError
from truceline.record.audit import Bundle
from truceline.record.tiles import WIDTH, entries_of, entries_path, tile_path, width_at
from truceline.store.files import (
    blob_path,
    cosignature_path,
    frames,
    is_note,
    is_torn,
    journal_path,
    note_path,
    said_size,
    size_of,
    text_of,
)

_LINE = re.compile(r"\u2014 [^ \n]+ [A-Za-z0-9+/=]{6,}\n")

Read = Callable[[str], bytes | None]
"""The bytes of a file by its name; None when there is none."""


class FolderSource:
    """The folder of a log, read as it lies there."""

    has_blobs = True
    has_notes = True

    def __init__(self, folder: Path) -> None:
        """Look into a folder; nothing in it is changed."""
        self.folder = folder

    def head(self) -> bytes | None:
        """The newest checkpoint with the cosignatures on it."""
        head = self._read("head")
        if head is None:
            return None
        try:
            size = said_size(head)
        except VerificationError:
            return head
        return head + "".join(line for line, is_sound in self._cosignatures(size) if is_sound).encode()

    def bundle(self, n: int, size: int) -> Bundle:
        """A bundle, or the journal file where no bundle is yet."""
        expected = min(WIDTH, size - n * WIDTH)
        name = journal_path(n * WIDTH)
        data = self._read(entries_path(n)) if expected == WIDTH else None
        if data is not None:
            return bundle_read(entries_path(n), data, WIDTH)
        data = self._read(name)
        if data is None and expected == WIDTH and (whole := self._read(entries_path(n))) is not None:
            return bundle_read(entries_path(n), whole, WIDTH)  # between two looks the writer had moved them
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
        """The sizes of the checkpoints that lie here, and that of the head, which has to."""
        root, head = self.folder / "notes", self._read("head")
        found = {size_of(path.relative_to(root).parts) for path in root.rglob("[0-9][0-9][0-9]") if is_note(path, root)}
        with contextlib.suppress(VerificationError):
            found |= set() if head is None else {said_size(head)}
        return sorted(found)

    def noted(self, size: int) -> tuple[str, bytes | None]:
        """A checkpoint with the cosignatures on it."""
        data = self._read(note_path(size))
        if data is None:
            return note_path(size), None
        return note_path(size), data + "".join(line for line, _ in self._cosignatures(size)).encode()

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

    def _cosignatures(self, size: int) -> Iterator[tuple[str, bool]]:
        """Each cosignature line, and whether it is one; for what is none stands a line that is refused."""
        path = self.folder / note_path(size)
        for one in sorted(path.parent.glob(f"{path.name}.*")) if path.parent.is_dir() else []:
            line, where = text_of(one), one.relative_to(self.folder).as_posix()
            if one.suffix == ".half":
                continue
            is_sound = _LINE.fullmatch(line) is not None and cosignature_path(size, line) == where
            yield line if is_sound else f"{where} is damaged\n", is_sound

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
        self.has_blobs, self.has_notes = has_blobs, False
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
        """An earlier one, where a mirror keeps those too."""
        name = f"notes/{size}"
        return name, self._read(name)

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
