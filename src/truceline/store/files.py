"""Where is a log kept on one machine, without a server? In files that are never changed once they are written.

    head                    the newest checkpoint, replaced whole
    journal/000000000256    entries from this index on, until a bundle holds them: length, leaf hash, bytes
    tile/...                full tiles and bundles (C2SP tlog-tiles)
    notes/x001/256          the checkpoint of a size, as the log signed it
    notes/x001/256.<key>    one cosignature on it
    blobs/ab/<sha256>       files that entries name by hash, and boxes of sealed bodies
    refused.jsonl           what was refused, when and why; no proof of anything
    index.sqlite            a projection that can be thrown away

A frame is durable before its entry is promised. The frame that a power cut left half at the end of the journal was
never promised and is cut off; damage anywhere else is damage.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from truceline.canon import sha256
from truceline.errors import StoreError, VerificationError
from truceline.record.checkpoint import decimal_of
from truceline.record.log import Refused
from truceline.record.tiles import WIDTH, entries_of, entries_path
from truceline.record.tree import leaf_hash
from truceline.store.disk import locked, make_folder, sync_folder, write_whole
from truceline.store.index import Index

MAGIC = b"TLJ1"
_FRAME = struct.Struct(">I32s")
_DIGITS = 12
_TOGETHER = 64
"""Files that are open at a time while they are written."""
_PART = re.compile(r"x?[0-9]{3}")


class FileStore:
    """A log in a folder. Everything that reads checks what it reads; nothing here signs or decides."""

    def __init__(self, folder: Path) -> None:
        """Look into a folder; what is missing of it is made."""
        self.folder = folder
        for part in ("journal", "tile", "notes", "blobs"):
            make_folder(folder / part)
        self.index = Index(folder / "index.sqlite")
        self._durable: int | None = None
        self._synced: set[Path] = set()
        self._file: tuple[int, int] | None = None

    def writer(self) -> AbstractContextManager[None]:
        """The lock of the one writer."""
        return locked(self.folder / "writer.lock")

    def close(self) -> None:
        """Let go of open files."""
        self._let_go()
        self.index.close()

    # -- head and notes ------------------------------------------------------------------------------------------------

    def head(self) -> bytes | None:
        """The newest checkpoint; None before the first."""
        return self._read("head")

    def swap_head(self, old: bytes | None, new: bytes) -> None:
        """Put a new head in place of the old one.

        Raises:
            StoreError: another head stands there: somebody else writes.
        """
        if self.head() != old:
            raise StoreError(f"{self.folder}/head: another head stands there: another writer is at work")
        write_whole(self.folder / "head", new)

    def note(self, size: int) -> bytes | None:
        """The checkpoint of a size."""
        return self._read(note_path(size))

    def put_note(self, size: int, data: bytes) -> None:
        """Keep a checkpoint."""
        self._put(note_path(size), data)

    def notes(self, since: int = 0) -> list[int]:
        """The sizes of the checkpoints of `since` entries and more, ascending; with `since`, as far as the head."""
        root = self.folder / "notes"
        if not since:
            found = root.rglob("[0-9][0-9][0-9]")
        else:  # a folder holds the notes of a thousand sizes: those before are not even listed
            names = (note_path(thousand * 1_000) for thousand in range(since // 1_000, self._promised() // 1_000 + 1))
            folders = ((self.folder / name).parent for name in names)
            found = (path for folder in folders if folder.is_dir() for path in folder.iterdir())
        return sorted(size for path in found if is_note(path, root) and (size := _size_at(path, root)) >= since)

    def cosignatures(self, size: int) -> list[str]:
        """The cosignature lines on the checkpoint of a size."""
        path = self.folder / note_path(size)
        found = sorted(path.parent.glob(f"{path.name}.*")) if path.parent.is_dir() else []
        return [text_of(one) for one in found if not one.name.endswith(".half")]

    def noted_from(self, size: int, most: int) -> dict[int, bytes]:
        """The checkpoints of `size` entries and more with the cosignatures on them, by size ascending: so many."""
        root, head, found = self.folder / "notes", self._promised(), dict[int, bytes]()
        for thousand in range(size // 1_000, head // 1_000 + 1):  # a folder holds those of a thousand sizes
            folder = (self.folder / note_path(thousand * 1_000)).parent
            paths = sorted(folder.iterdir()) if folder.is_dir() and len(found) < most else []
            beside: dict[str, list[Path]] = {}
            for path in paths:
                name, _, key = path.name.partition(".")
                if key and not key.endswith("half"):
                    beside.setdefault(name, []).append(path)
            for path in paths:
                if is_note(path, root) and size <= (one := _size_at(path, root)) <= head and len(found) < most:
                    lines = "".join(map(text_of, beside.get(path.name, ())))
                    found[one] = (self.note(one) or b"") + lines.encode()
        return found

    def put_cosignature(self, size: int, line: str) -> None:
        """Keep one cosignature line, under the hash of its key's name and id: the first, whose time is the earliest."""
        path = cosignature_path(size, line)
        self._put(path, self._read(path) or f"{line.rstrip()}\n".encode())

    # -- entries -------------------------------------------------------------------------------------------------------

    def durable(self) -> int:
        """How many entries are durable."""
        if self._durable is None:
            self._durable = self._count()
        return self._durable

    def append(self, first: int, entries: Sequence[bytes]) -> None:
        """Keep entries from index `first` on, durable on return.

        Raises:
            StoreError: that is not the next index, or the disk refuses: then what is there has to be read again.
        """
        if self.durable() != first:
            raise StoreError(f"{self.folder}: expected the entry {self.durable()} next, got {first}")
        self._durable = None  # until it is known to be durable, nobody knows
        at = 0
        try:
            while at < len(entries):
                start = (first + at) // WIDTH * WIDTH
                some = entries[at : start + WIDTH - first]
                self._write(start, b"".join(frame(data) for data in some))
                at += len(some)
        except OSError as error:
            self._let_go()
            raise StoreError(f"{self.folder}/journal: cannot be written: {error.strerror}") from None
        self._durable = first + len(entries)

    def entries(self, first: int, last: int) -> Iterator[bytes]:
        """The entries from `first` to before `last`, out of bundles, and of the journal where no bundle is yet."""
        at = first
        while at < last:
            n = at // WIDTH
            # Between two looks the writer may move them from the journal into a bundle.
            some = (self._some(n) or self._some(n))[at - n * WIDTH : last - n * WIDTH]
            if not some:
                raise VerificationError(f"{self.folder}: entry {at} is missing")
            yield from some
            at += len(some)

    def _some(self, n: int) -> list[bytes]:
        """The entries of bundle `n`, as many as there are."""
        bundle = self._read(entries_path(n))
        if bundle is None or self._is_in_journal(n):
            return [data for data, _ in self.journal(n * WIDTH)]
        return entries_of(bundle, WIDTH)

    def _is_in_journal(self, n: int) -> bool:
        """Whether the journal is still the truth of bundle `n`: until the head covers it."""
        return (self.folder / journal_path(n * WIDTH)).exists() and self._promised() < (n + 1) * WIDTH

    def journal(self, start: int) -> list[tuple[bytes, int]]:
        """The entries of one journal file, and where each frame ends.

        Raises:
            VerificationError: a frame is damaged that is not the last.
        """
        path = self.folder / journal_path(start)
        data = self._read(journal_path(start))
        if data is None:
            return []
        found, broken = frames(data)
        if broken and not is_torn(data, found[-1][1] if found else len(MAGIC)):
            raise VerificationError(f"{path}: entry {start + len(found)} is damaged: {broken}")
        return found

    def journals(self) -> list[int]:
        """At which index each journal file begins, ascending."""
        return sorted(int(path.name) for path in (self.folder / "journal").iterdir() if path.name.isdigit())

    def together(self) -> AbstractContextManager[None]:
        """Each file is durable when it was written, and in that order; nothing is gathered."""
        return contextlib.nullcontext()

    def settle(self, size: int) -> None:
        """Drop journal files whose entries are all in bundles that the head covers."""
        is_less = False
        for start in self.journals():
            if start + WIDTH <= size and (self.folder / entries_path(start // WIDTH)).exists():
                if self._file is not None and self._file[0] == start:
                    self._let_go()
                self._unlink(self.folder / journal_path(start))
                is_less = True
        if is_less:
            self._sync(self.folder / "journal")

    def _count(self) -> int:
        """How many entries are there; what was left half at the end is cut off.

        What lies beyond the head was read from memory, perhaps, and never reached the disk: the writer was killed
        before it synced, or the disk refused to. It is written anew before anybody calls it durable.

        Raises:
            VerificationError: it is less than the head covers: that is damage, and nothing is cut off.
        """
        starts = self.journals()
        if not starts:
            return self._bundles() * WIDTH
        start = starts[-1]
        found = self.journal(start)
        size, promised = start + len(found), self._promised()
        path = self.folder / journal_path(start)
        if size < promised:
            raise VerificationError(f"{path}: entry {size} is damaged: the head covers {promised} entries")
        end = found[-1][1] if found else len(MAGIC)
        if size > promised or path.stat().st_size != end:
            write_whole(path, path.read_bytes()[:end] if found else MAGIC)
        return size

    def _promised(self) -> int:
        """The size that the head speaks of."""
        head = self.head()
        try:
            return 0 if head is None else said_size(head)
        except VerificationError:
            raise VerificationError(f"{self.folder}/head: is no checkpoint") from None

    def _bundles(self) -> int:
        n = 0
        step = 1
        while (self.folder / entries_path(n + step - 1)).exists():
            step *= 2
        while step:
            if (self.folder / entries_path(n + step - 1)).exists():
                n += step
            step //= 2
        return n

    def _write(self, start: int, data: bytes) -> None:
        if self._file is None or self._file[0] != start:
            self._let_go()
            path = self.folder / journal_path(start)
            is_new = not path.exists() or path.stat().st_size == 0
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            self._file = (start, handle)
            if is_new:
                data = MAGIC + data
                sync_folder(path.parent)
        handle = self._file[1]
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file[1])
            self._file = None

    # -- tiles and blobs -----------------------------------------------------------------------------------------------

    def tile(self, path: str) -> bytes:
        """A full tile or bundle.

        Raises:
            VerificationError: it is missing.
        """
        data = self._read(path)
        if data is None:
            raise VerificationError(f"{self.folder}/{path}: is missing")
        return data

    def put_tiles(self, files: Mapping[str, bytes]) -> None:
        """Keep full tiles and bundles."""
        new: dict[Path, bytes] = {}
        folders = {(self.folder / name).parent for name in files}
        for folder in folders:
            self._make_folder(folder)
        for name, data in files.items():
            if self._read(name) != data:
                new[self.folder / name] = data
        for at in range(0, len(new), _TOGETHER):
            self._write_new(dict(list(new.items())[at : at + _TOGETHER]))
        for folder in folders:
            self._sync(folder)

    def blob(self, digest: str) -> bytes:
        """The bytes of this SHA-256, checked.

        Raises:
            VerificationError: they are missing or others.
        """
        data = self._read(blob_path(digest))
        if data is None:
            raise VerificationError(f"{self.folder}/{blob_path(digest)}: is missing")
        if sha256(data) != digest:
            raise VerificationError(f"{self.folder}/{blob_path(digest)}: not the bytes that were put there")
        return data

    def has_blob(self, digest: str) -> bool:
        """Whether they are here."""
        return (self.folder / blob_path(digest)).is_file()

    def put_blob(self, digest: str, data: bytes) -> None:
        """Keep them."""
        self._put(blob_path(digest), data)

    def drop_blob(self, digest: str) -> None:
        """Destroy them: written over, then removed. A copying file system or an SSD may keep the old bytes."""
        path = self.folder / blob_path(digest)
        if path.is_file():
            try:
                with path.open("r+b") as file:
                    file.write(bytes(path.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise StoreError(f"{path}: cannot be destroyed: {error.strerror}") from None
            self._remove(blob_path(digest))

    # -- what is not the truth -----------------------------------------------------------------------------------------

    def refuse(self, refused: Sequence[Refused]) -> None:
        """Note what was refused."""
        try:
            with (self.folder / "refused.jsonl").open("ab") as file:
                file.write(b"".join(msgspec.json.encode(one) + b"\n" for one in refused))
        except OSError as error:
            raise StoreError(f"{self.folder}/refused.jsonl: cannot be written: {error.strerror}") from None

    def refused(self) -> list[dict[str, object]]:
        """What was refused, in order."""
        data = self._read("refused.jsonl") or b""
        return [msgspec.json.decode(line) for line in data.splitlines() if line]

    def state(self) -> bytes | None:
        """The state of the register that was kept last."""
        return self.index.state()

    def put_state(self, data: bytes) -> None:
        """Keep a state of the register, unless the index is damaged: it can be computed again."""
        self.index.put_state(data)

    # -- files ---------------------------------------------------------------------------------------------------------

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.folder}/{name}: cannot be read: {error.strerror}") from None

    def _put(self, name: str, data: bytes) -> None:
        """Write a file that is never changed; the same bytes again are no change."""
        path = self.folder / name
        there = self._read(name)
        if there not in (None, data) and not name.startswith(("tile/", "blobs/")):
            raise StoreError(f"{path}: other bytes stand there already")
        self._make_folder(path.parent)
        if there == data:
            self._sync(path.parent)  # a writer that was killed may have left the name in memory only
        else:
            write_whole(path, data)

    def _write_new(self, files: Mapping[Path, bytes]) -> None:
        """Write files whole or not at all, together: nothing speaks of them yet. Their names are not durable yet."""
        halves = {path: path.with_name(path.name + ".half") for path in files}
        try:
            with contextlib.ExitStack() as stack:
                handles = []
                for path, data in files.items():
                    file = stack.enter_context(halves[path].open("wb"))
                    file.write(data)
                    file.flush()
                    handles.append(file.fileno())
                for handle in handles:
                    os.fsync(handle)
            for path, half in halves.items():
                half.replace(path)
        except OSError as error:
            for half in halves.values():
                with contextlib.suppress(OSError):
                    half.unlink()
            raise StoreError(f"{self.folder}/tile: cannot be written: {error.strerror}") from None

    def _make_folder(self, folder: Path) -> None:
        """Make a folder, and its name durable: one that is there already may have been left in memory only."""
        if folder not in self._synced:
            make_folder(folder)
            for one in (folder, *folder.parents):
                if one == self.folder:
                    break
                self._sync(one.parent)
            self._synced.add(folder)

    def _sync(self, folder: Path) -> None:
        try:
            sync_folder(folder)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be written: {error.strerror}") from None

    def _remove(self, name: str) -> None:
        path = self.folder / name
        self._unlink(path)
        self._sync(path.parent)

    def _unlink(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{path}: cannot be removed: {error.strerror}") from None


def _size_at(path: Path, root: Path) -> int:
    """The size of which a file below `notes` is the checkpoint."""
    return size_of(path.relative_to(root).parts)


def frame(entry: bytes) -> bytes:
    """An entry as it lies in the journal: its length, its leaf hash, its bytes."""
    return _FRAME.pack(len(entry), leaf_hash(entry)) + entry


def frames(data: bytes) -> tuple[list[tuple[bytes, int]], str]:
    """Read a journal file.

    Returns:
        Each whole entry with the offset at which its frame ends; and why reading stopped before the end, if it did.
    """
    found: list[tuple[bytes, int]] = []
    if data[: len(MAGIC)] != MAGIC:
        return found, "the file does not begin as a journal does"
    at, end, head = len(MAGIC), len(data), _FRAME.size
    while at < end:
        if end - at < head:
            return found, "half a frame"
        length, leaf = _FRAME.unpack_from(data, at)
        begin, at = at + head, at + head + length
        if at > end:
            return found, "half a frame"
        entry = data[begin:at]
        if leaf_hash(entry) != leaf:
            return found, "its bytes are not those that were hashed"
        found.append((entry, at))
    return found, ""


def is_torn(data: bytes, end: int) -> bool:
    """Whether what follows the last whole frame is what a power cut leaves: half a frame, or blanks."""
    rest = data[end:] if len(data) > len(MAGIC) else data
    if data[: len(MAGIC)] != MAGIC:
        return MAGIC.startswith(data) or not any(data)
    if len(rest) < _FRAME.size:
        return True
    length = _FRAME.unpack_from(rest)[0]
    return length > len(rest) - _FRAME.size or not any(rest[_FRAME.size :][-16:])


def journal_path(start: int) -> str:
    """The journal file of the entries from `start` on, a multiple of 256."""
    return f"journal/{start:0{_DIGITS}d}"


def note_path(size: int) -> str:
    """Where the checkpoint of a size lies: three digits a folder, as tiles do."""
    parts = [f"{size % 1000:03d}"]
    while size := size // 1000:
        parts.append(f"x{size % 1000:03d}")
    return "notes/" + "/".join(reversed(parts))


def cosignature_path(size: int, line: str) -> str:
    """Where a cosignature line lies: beside its checkpoint, under the hash of its key's name and id."""
    name, blob = line.split()[1:3]
    return f"{note_path(size)}.{sha256(f'{name} {blob[:6]}'.encode())[:16]}"


def size_of(parts: Sequence[str]) -> int:
    """The size that the path of a note stands for.

    >>> size_of(note_path(1234067).split("/")[1:])
    1234067
    """
    return int("".join(part.removeprefix("x") for part in parts))


def is_note(path: Path, root: Path) -> bool:
    """Whether a file below `notes` is the checkpoint of a size, by its name."""
    parts = path.relative_to(root).parts
    return (
        path.is_file()
        and all(_PART.fullmatch(part) for part in parts)
        and note_path(size_of(parts)) == "notes/" + "/".join(parts)
    )


def said_size(head: bytes) -> int:
    """The size that a checkpoint speaks of, before anything of it is verified.

    Raises:
        VerificationError: it speaks of none.
    """
    try:
        return decimal_of(head.split(b"\n", 2)[1].decode("ascii"))
    except (IndexError, UnicodeDecodeError):
        raise VerificationError("expected a checkpoint: origin, size and root") from None


def blob_path(digest: str) -> str:
    """Where the bytes of a SHA-256 lie."""
    return f"blobs/{digest[:2]}/{digest}"


def text_of(path: Path) -> str:
    """A cosignature line; bytes that are none are given as they are, for the check to refuse."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
