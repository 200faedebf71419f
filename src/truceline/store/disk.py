"""How is a file written so that it is there whole, or not at all, and stays after a power cut?"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from truceline.errors import StoreError


def write_whole(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part; durable on return.

    Args:
        path: the file.
        data: its bytes.
        mode: who may read it, before the first byte is in it; less what the umask takes away.

    Raises:
        StoreError: the disk refuses.
    """
    half = path.with_name(path.name + ".half")
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, os.fstat(handle).st_mode & mode)  # a half that lay there may have been for others too
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            half.unlink()
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: the disk refuses.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, and make their names durable.

    Raises:
        StoreError: the disk refuses.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in reversed(missing):
            sync_folder(one.parent)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror}") from None


TRY_S = 0.01
"""So often is a lock tried again that somebody else holds."""


@contextmanager
def locked(path: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock of one writer, or refuse.

    Args:
        path: of the lock.
        wait_s: so long another one is waited for; 0 = not at all.

    Raises:
        StoreError: another writer holds it, or the disk refuses.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}") from None
    try:
        until = time.monotonic() + wait_s
        while not _taken(handle):
            if time.monotonic() >= until:
                raise StoreError(f"{path.parent}: another writer is at work here")
            time.sleep(TRY_S)
        yield
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    """Take a lock if nobody else holds it; whether it was taken."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
