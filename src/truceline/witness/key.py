"""Is this the witness that began here, and is its memory whole?

A witness that forgot what it cosigned could cosign a fork. So its key belongs to one state, for good:

    KEY           name, secret, and the id of the state that began with it; readable by its owner only
    KEY.marker    how far that state had come when the last cosignature left; replaced before each answer

With the key but without that state, or with an older copy of it, the witness is retired: it never cosigns again. It
cannot know that a backup was restored when the marker was restored with it; keep the two apart.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from truceline.errors import InputError, StoreError, VerificationError, quoted
from truceline.record.note import COSIGNATURE, Signer
from truceline.store.disk import locked, sync_folder, write_whole

KEY = "truceline/witness-key/1"
MARKER = "truceline/witness-marker/1"
NEW = "begin a new witness with a new name"


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    secret: bytes
    state: str
    type: str


class Marker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a state had come.

    Attributes:
        at: time of the last cosignature, POSIX seconds; 0 = none yet.
        chain: hash over every note that was cosigned, in order.
        count: how many were.
        state: id of the state.
    """

    at: int
    chain: str
    count: int
    state: str
    type: str = MARKER


@dataclass(frozen=True)
class WitnessKey:
    """The key of a witness, and the state it belongs to."""

    signer: Signer
    state: str
    path: Path

    @property
    def marker_path(self) -> Path:
        """Where its marker lies."""
        return self.path.with_name(self.path.name + ".marker")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Cosign with this key in one process only.

        Raises:
            StoreError: another process does, or the disk refuses.
        """
        with locked(self.path.with_name(self.path.name + ".lock")):
            yield

    def marker(self) -> Marker:
        """The marker.

        Raises:
            VerificationError: it is missing, damaged, or of another state.
        """
        try:
            found = msgspec.json.decode(_read(self.marker_path, "retired: without its marker a witness is not trusted"))
            made = msgspec.convert(found, Marker)
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
            raise VerificationError(f"{self.marker_path}: damaged: this witness is retired: {NEW}") from None
        if made.state != self.state or made.type != MARKER:
            raise VerificationError(f"{self.marker_path}: of another witness: expected the state {self.state[:16]}")
        return made

    def put_marker(self, marker: Marker) -> None:
        """Replace the marker; durable on return."""
        write_whole(self.marker_path, msgspec.json.encode(marker, order="sorted") + b"\n")


def read_key(path: Path) -> WitnessKey:
    """Read the key of a witness.

    Raises:
        InputError: it is none, or others can read it.
        VerificationError: it is missing.
    """
    data = _read(path, "no key of a witness here: `truceline witness new` makes one")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise InputError(f"{path}: others can read this key: chmod 600")
    try:
        found = msgspec.convert(msgspec.json.decode(data), _KeyFile)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise InputError(f"{path}: not the key of a witness") from None
    if found.type != KEY:
        raise InputError(f"{path}: expected {KEY}, got {quoted(found.type)}")
    return WitnessKey(Signer(found.name, found.secret, COSIGNATURE), found.state, path)


def write_key(path: Path, *, name: str, secret: bytes, state: str) -> WitnessKey:
    """Write a new key with its marker; nothing is ever written over.

    Raises:
        StoreError: a file is there already, or the disk refuses.
    """
    made = WitnessKey(Signer(name, secret, COSIGNATURE), state, path)
    for one in (path, made.marker_path):
        if one.exists():
            raise StoreError(f"{one}: is there already, and a key is never written over")
    made.put_marker(Marker(0, "", 0, state))
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(_KeyFile(name, secret, state, KEY), order="sorted") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            made.marker_path.unlink()
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from None
    return made


def _read(path: Path, why: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise VerificationError(f"{path}: is missing: {why}") from None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
