"""Where does a mirror get the files of a log from? From a web address or a folder, never more than it asked for.

A file is asked for by a name that we computed. What comes is bounded in size and time and believed of nothing.
"""

from __future__ import annotations

import time
import zlib
from pathlib import Path
from typing import Protocol

from truceline.desk.cosigners import Peer
from truceline.errors import StoreError

FILE_S = 30.0


class Fetch(Protocol):
    """The bytes of a file by its name; None when there is none.

    Raises:
        StoreError: it cannot be had, or is larger than asked for.
    """

    def __call__(self, name: str, most: int) -> bytes | None:
        """Fetch a file of at most `most` bytes."""


class FolderFetch:
    """Files in a folder: a disk that was carried here, or an export on this machine."""

    def __init__(self, folder: Path) -> None:
        """Look into a folder; nothing in it is changed."""
        self.folder = folder

    def __call__(self, name: str, most: int) -> bytes | None:
        """Fetch a file of at most `most` bytes."""
        try:
            with (self.folder / name).open("rb") as file:
                data = file.read(most + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"{self.folder}/{name}: cannot be read: {error.strerror}") from None
        if len(data) > most:
            raise StoreError(f"{self.folder}/{name}: more than {most} bytes")
        return data


class WebFetch:
    """Files below a URL, over one connection."""

    def __init__(self, url: str, file_s: float = FILE_S) -> None:
        """Take a URL; nothing is asked yet.

        Args:
            url: http or https.
            file_s: seconds for one file, however slowly it drips.
        """
        self._peer, self._file_s = Peer(url, "gzip, identity"), file_s

    def __call__(self, name: str, most: int) -> bytes | None:
        """Fetch a file of at most `most` bytes."""
        until = time.monotonic() + self._file_s
        reply = self._peer.ask("GET", f"/{name}", most=most, until=until)
        where = f"{self._peer.url}/{name}"
        if reply.status in (404, 410):
            return None
        if reply.status != 200:
            raise StoreError(f"{where}: answered {reply.status}")
        coding = reply.headers.get("content-encoding", "identity").strip().lower()
        if coding == "gzip":
            return _unpacked(reply.body, most, where)
        if coding not in ("", "identity"):
            raise StoreError(f"{where}: coded in a way that was not asked for")
        return reply.body

    def close(self) -> None:
        """Hang up."""
        self._peer.close()


def fetch_of(source: str | Path) -> FolderFetch | WebFetch:
    """Fetch from a URL, or from a folder when it is none.

    Raises:
        InputError: a URL that cannot be asked.
    """
    if isinstance(source, str) and "://" in source:
        return WebFetch(source)
    return FolderFetch(Path(source))


def _unpacked(data: bytes, most: int, where: str) -> bytes:
    unpack = zlib.decompressobj(31)
    try:
        plain = unpack.decompress(data, most + 1)
    except zlib.error:
        raise StoreError(f"{where}: broken gzip") from None
    if len(plain) > most or not unpack.eof:
        raise StoreError(f"{where}: more than {most} bytes, or broken off")
    return plain
