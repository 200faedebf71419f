"""Where do the bytes of an original lie, and are these the bytes? In the vault of one machine: never in a record.

A photo carries the place it was taken at, the device and faces. So nothing publishes an original: it is kept encrypted
beside the persons, each under a key of its own, found by its hash and by whoever holds the vault alone, and gone when
the holder destroys it or with `truceline panic`.

An original is named by the SHA-256 of its bytes, or salted: by SHA-256 over a domain, 32 random bytes that lie in the
vault alone, and that SHA-256. Who holds a phone can compute the first and look for it in a record; the second only the
holder of the vault can, and whoever is given the salt (`Opening`). What comes through intake is always salted.

ID is a keyed hash of that name: one is found, and destroyed, without another being opened, so that no damaged file
stands in the way of the others.

    vault/originals/vault.key       the key of this safe
    vault/originals/ID.wrap.key     the key of one original, wrapped
    vault/originals/ID.original     its hash, its size, the key of its bytes, its salt
    vault/originals/ID.bytes        its bytes, filled up to a whole MiB and encrypted
    vault/incoming/ANY.bytes        one that is still arriving; its key is in memory alone
"""

from __future__ import annotations

import contextlib
import hashlib
import mimetypes
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from truceline.desk.keyring import config_folder, own_folder
from truceline.desk.persons import Folder, part_of_vault
from truceline.errors import Fault, InputError, StoreError, VerificationError
from truceline.store.disk import make_folder, sync_folder
from truceline.vault.safe import Safe, padded
from truceline.vault.stream import PIECE, Encrypting, encrypted
from truceline.vault.stream import decrypted as opened_stream

OPENING = "truceline/original-opening/1"
_SALTED, _SALT = b"truceline/original/v1\n", 32
_INCOMING = "incoming"
_BYTES, _PART = ".bytes", ".part"
_KNOWN = mimetypes.MimeTypes(filenames=())
"""The types that Python itself knows: never those of the machine, which differ."""


@dataclass(frozen=True)
class Seen:
    """A file as it was read once, in pieces: SHA-256 and size in bytes; its media type by its name, empty = unknown."""

    sha256: str
    bytes: int
    media_type: str


class _Kept(msgspec.Struct, frozen=True):
    """What the safe holds of an original: its hash, its size in bytes, the key of its bytes; its salt, if any."""

    sha256: str
    size: int
    key: bytes
    salt: bytes = b""

    @property
    def name(self) -> str:
        """How the record calls it."""
        return salted(self.sha256, self.salt) if self.salt else self.sha256

    def __repr__(self) -> str:
        """Nothing of it: this is what logs and tracebacks print."""
        return "_Kept(...)"


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shows whoever has the bytes of a salted original that they are what the record names.

    Attributes:
        original: as the record names it.
        salt: 32 bytes.
        schema: `truceline/original-opening/1`.
    """

    original: str
    salt: bytes
    schema: str

    def __repr__(self) -> str:
        """Nothing of the salt: this is what logs and tracebacks print."""
        return "Opening(...)"


def salted(sha256: str, salt: bytes) -> str:
    """How a record names an original so that whoever has its bytes, and not the salt, cannot tell that it does."""
    return hashlib.sha256(_SALTED + salt + bytes.fromhex(sha256)).hexdigest()


def seen(path: Path) -> Seen:
    """Hash a file of any size, in pieces.

    Raises:
        InputError: it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    for piece in _read(path):
        digest.update(piece)
        size += len(piece)
    return Seen(digest.hexdigest(), size, _KNOWN.guess_type(path.name)[0] or "")


def keep(path: Path, one: Seen) -> bool:
    """Keep the bytes of an original, durable on return; one that is kept already is not kept twice.

    Args:
        path: the file.
        one: as it was seen: the file has to be the same still.

    Returns:
        Whether it was kept now.

    Raises:
        VerificationError: the file has changed since. StoreError: the disk refuses.
    """
    with _safe(is_made=True) as (safe, folder):
        if _is_whole(safe, folder, one.sha256):
            return False
        key, digest = secrets.token_bytes(32), hashlib.sha256()
        part = folder.folder / f"{secrets.token_hex(8)}{_PART}"
        _write(part, _filled(_hashed(_read(path), digest)), key)
        if digest.hexdigest() != one.sha256:
            folder.destroy(part.name)
            raise VerificationError(Fault("has changed while it was read", path.name))
        _settle(safe, folder, part, _Kept(one.sha256, one.bytes, key))
        return True


def keep_salted(path: Path) -> tuple[str, int]:
    """Keep the bytes of an original under a salt of its own; one that is kept already is kept once more.

    Returns:
        How the record names it, and its size in bytes.

    Raises:
        InputError: it cannot be read. StoreError: the disk refuses.
    """
    incoming = Incoming()
    try:
        for piece in _read(path):
            incoming.take(piece)
        return incoming.keep(), incoming.size
    except BaseException:
        incoming.drop()
        raise


class Incoming:
    """An original that is still arriving: encrypted as it comes, so that no disk ever holds its bytes as they are.

    Attributes:
        size: bytes taken so far.
    """

    def __init__(self) -> None:
        """Begin a new one; end it with `keep` or `drop`.

        Raises:
            StoreError: the disk refuses.
        """
        folder = own_folder("vault") / _INCOMING
        make_folder(folder)
        self.size, self._digest = 0, hashlib.sha256()
        self._key, self._path = secrets.token_bytes(32), folder / f"{secrets.token_hex(8)}{_BYTES}"
        self._stream = Encrypting(self._key)
        try:
            folder.chmod(0o700)
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise StoreError(f"vault: cannot be written: {error.strerror}") from None
        self._file = os.fdopen(handle, "wb")

    def take(self, data: bytes) -> None:
        """Take in what comes.

        Raises:
            StoreError: the disk refuses.
        """
        self._digest.update(data)
        self.size += len(data)
        self._put(self._stream.take(data))

    def keep(self) -> str:
        """Keep it, durable on return; how the record names it.

        Raises:
            StoreError: the disk refuses.
        """
        self._put(self._stream.take(bytes(-self.size % PIECE)) + self._stream.end())
        try:
            self._file.flush()
            os.utime(self._file.fileno(), (0, 0))
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise StoreError(f"vault: cannot be written: {error.strerror}") from None
        kept = _Kept(self._digest.hexdigest(), self.size, self._key, secrets.token_bytes(_SALT))
        with _safe(is_made=True) as (safe, folder):
            _settle(safe, folder, self._path, kept)
        return kept.name

    def drop(self) -> None:
        """Forget it; nothing happens to one that is kept."""
        with contextlib.suppress(OSError):
            self._file.close()
            self._path.unlink(missing_ok=True)  # its key was in memory alone: nothing has to be written over

    def _put(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise StoreError(f"vault: cannot be written: {error.strerror}") from None


def tidy_incoming() -> None:
    """Remove what had not arrived whole when the program ended; nobody has its key."""
    for path in (config_folder() / "vault" / _INCOMING).glob(f"*{_BYTES}"):
        with contextlib.suppress(OSError):
            path.unlink()


def opening(original: str) -> Opening:
    """What its holder gives whoever gets the bytes of a salted original, to compare them with the record.

    Raises:
        InputError: it is not kept here, or has no salt.
    """
    with _safe() as (safe, _):
        one = _id(safe, original)
        if one not in safe.ids():
            raise InputError(f"vault: the original {original[:12]} is not kept here")
        kept = _opened(safe, one)
    if not kept.salt:
        raise InputError(f"the original {original[:12]} has no salt: whoever has its bytes can compare them")
    return Opening(original, kept.salt, OPENING)


def read_opening(data: bytes) -> Opening:
    """Read an opening.

    Raises:
        InputError: it is none.
    """
    try:
        found = msgspec.json.decode(data, type=Opening)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise InputError("expected an opening as `custody take --opening` writes it") from None
    if found.schema != OPENING or len(found.salt) != _SALT:
        raise InputError(f"expected an opening of schema {OPENING}")
    return found


def is_original(original: str, sha256: str, opened: Opening | None = None) -> bool | None:
    """Whether bytes of a hash are an original of the record.

    Args:
        original: as the record names it; whether it has a salt cannot be told by that.
        sha256: of the bytes.
        opened: its opening; None = the vault of this machine is asked.

    Returns:
        None where it has a salt that is not known here.
    """
    if original == sha256:
        return True
    if opened is not None:
        return opened.original == original and salted(sha256, opened.salt) == original
    try:
        found = opening(original)
    except InputError:
        return False if is_kept(original) else None
    return salted(sha256, found.salt) == original


@contextmanager
def taking(original: str, to: Path) -> Iterator[int]:
    """Write a kept original to a file for its holder: decrypted and checked first, named only when the block is left.

    What is done in the block is done when the bytes are known to be there; when it raises, no file is left.

    Yields:
        Its size in bytes.

    Raises:
        InputError: it is not kept here, or the file is there already. VerificationError: what is kept is damaged.
        StoreError: the disk refuses.
    """
    _check_free(to)
    half = to.with_name(f".{secrets.token_hex(8)}.part")  # at random: nobody's file bears that name
    is_made = False
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        is_made = True
        with os.fdopen(handle, "wb") as file:
            size = _decrypt(original, file)
        yield size
        _check_free(to)
        half.rename(to)
        sync_folder(to.parent)
        is_made = False
    except OSError as error:
        raise StoreError(f"{to.name}: cannot be written: {error.strerror}") from None
    finally:
        if is_made:
            with contextlib.suppress(OSError):
                half.unlink()


def take(original: str, to: Path) -> int:
    """Write a kept original to a file, as `taking` does; its size in bytes.

    Raises:
        InputError: it is not kept here, or the file is there already. VerificationError: what is kept is damaged.
    """
    with taking(original, to) as size:
        return size


def _decrypt(original: str, file: BinaryIO) -> int:
    """Write the bytes of an original to an open file, durable, and check them against the hash; their number."""
    digest = hashlib.sha256()
    with _safe() as (safe, folder):
        one = _id(safe, original)
        if one not in safe.ids():
            raise InputError(f"vault: the original {original[:12]} is not kept here")
        kept = _opened(safe, one)
        left = kept.size
        for whole in opened_stream(_read(folder.folder / f"{one}{_BYTES}"), kept.key):
            piece, left = whole[:left], left - len(whole[:left])  # what follows was filled up
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != kept.sha256 or kept.name != original:
        raise VerificationError("vault: what is kept is not the original")
    return kept.size


def _check_free(path: Path) -> None:
    if os.path.lexists(path):
        raise InputError(Fault("is there already", path.name))


def is_kept(original: str) -> bool:
    """Whether the vault of this machine keeps an original; that its bytes are whole shows when it is taken."""
    if not _folder().is_dir():
        return False
    with _safe() as (safe, _):
        return _id(safe, original) in safe.ids()


def destroy(original: str) -> bool:
    """Destroy a kept original, also a damaged one: its key first. Whether there was one.

    Raises:
        VerificationError: the key of the safe is missing or damaged. StoreError: the disk refuses.
    """
    if not _folder().is_dir():
        return False
    with _safe() as (safe, folder):
        one = _id(safe, original)
        if one not in safe.ids():
            return False
        safe.delete(one)
        folder.destroy(f"{one}{_BYTES}")
        return True


def _folder() -> Path:
    return config_folder() / "vault" / "originals"


@contextmanager
def _safe(*, is_made: bool = False) -> Iterator[tuple[Safe, Folder]]:
    """The safe of this machine, held by this process alone.

    Raises:
        InputError: there is none, and none is to be made.
    """
    with part_of_vault("originals", "vault: no original is kept here", is_made=is_made) as storage:
        safe = Safe(storage, "original", secrets.token_bytes)
        _tidy(safe, storage)
        yield safe, storage


def _tidy(safe: Safe, storage: Folder) -> None:
    """Destroy what an interruption left: bytes without a key, and a key without its bytes."""
    names, ids = storage.names(), safe.ids()
    for name in names:
        if name.endswith(_PART) or (name.endswith(_BYTES) and name.removesuffix(_BYTES) not in ids):
            storage.destroy(name)
    for one in ids:
        if f"{one}{_BYTES}" not in names:
            safe.delete(one)


def _settle(safe: Safe, folder: Folder, written: Path, kept: _Kept) -> None:
    """Keep the key of bytes that are written, and give them their name."""
    made = safe.keep(padded(msgspec.json.encode(kept)), b"", _id(safe, kept.name))
    try:
        written.replace(folder.folder / f"{made}{_BYTES}")
        sync_folder(folder.folder)
    except OSError as error:
        raise StoreError(f"vault: cannot be written: {error.strerror}") from None


def _id(safe: Safe, original: str) -> str:
    return safe.id_of(bytes.fromhex(original))


def _opened(safe: Safe, one: str) -> _Kept:
    return msgspec.json.decode(safe.read(one).rstrip(b" "), type=_Kept)


def _is_whole(safe: Safe, folder: Folder, original: str) -> bool:
    """Whether an original is kept and its key opens; one whose key is damaged is destroyed: it opens nothing."""
    one = _id(safe, original)
    if one not in safe.ids():
        return False
    try:
        _opened(safe, one)
    except VerificationError:
        safe.delete(one)
        folder.destroy(f"{one}{_BYTES}")
        return False
    return True


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise InputError(Fault(f"cannot be read: {error.strerror}", path.name)) from None


def _hashed(pieces: Iterator[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def _filled(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Bytes up to a whole MiB: the size of a file of the vault is not to name the photo that it holds."""
    size = 0
    for piece in pieces:
        size += len(piece)
        yield piece
    yield bytes(-size % PIECE)


def _write(path: Path, pieces: Iterator[bytes], key: bytes) -> None:
    """Write a new file, encrypted, for its owner's eyes, without the moment at which it was written."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            for piece in encrypted(pieces, key):
                file.write(piece)
            file.flush()
            os.utime(handle, (0, 0))
            os.fsync(handle)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise StoreError(f"vault: cannot be written: {error.strerror}") from None
