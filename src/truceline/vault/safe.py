"""How is something kept so that it can be forgotten alone, at once and for good, by whoever keeps it?

Each thing is encrypted under a key of its own; that key lies apart, wrapped under the key of the safe. Who destroys the
wrapped key destroys the thing: copies of the ciphertext are noise from then on. What lies on the disk says neither
what, nor when, nor how much: ids are random, notes are sealed too, lengths are rounded up.

    vault.key      the key of the safe
    ID.wrap.key    the key of one thing and a note on it, under the key of the safe
    ID.KIND        the thing, under that key

Promises: no error holds a word of what is kept. What it never does: know the record, or be known by it.
Source: AES-256-GCM, NIST SP 800-38D.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from truceline.errors import InputError, VerificationError

KEY = "vault.key"
_WRAP = ".wrap.key"
_NONCE = 12
_ID = re.compile(r"[0-9a-f]{16}")
_MAC = b"truceline/vault/mac/v1\n"


class Storage(Protocol):
    """Where a safe is kept: a few flat names. What returned is durable.

    Raises, everywhere:
        StoreError: the disk refuses.
    """

    def names(self) -> Iterable[str]:
        """Every name that is kept."""

    def read(self, name: str) -> bytes | None:
        """The bytes under a name; None when there are none."""

    def write(self, name: str, data: bytes) -> None:
        """Keep bytes under a new name."""

    def destroy(self, name: str) -> None:
        """Write over what is kept, and remove it; nothing happens when it is not there."""


class Safe:
    """A safe for things of one kind, opened by one process at a time.

    INVARIANT: a thing can be read exactly as long as its wrapped key and the key of the safe are kept.
    """

    def __init__(self, storage: Storage, kind: str, random_bytes: Callable[[int], bytes]) -> None:
        """Open a safe; its key is made with the first thing.

        Args:
            storage: where it is kept; the caller holds its lock.
            kind: what is kept, one word: it ends the name of every file, and stands in messages.
            random_bytes: gives so many random bytes.
        """
        self._storage, self._kind, self._random = storage, kind, random_bytes
        self._end = f".{kind}"

    def keep(self, data: bytes, note: bytes, one: str = "") -> str:
        """Keep a thing, and a note on it that is read without it; return the id.

        Args:
            data: the thing.
            note: the note.
            one: a free id that it gets, of `id_of`; empty = one at random.
        """
        self._tidy()
        if not one:
            taken = {name.partition(".")[0] for name in self._storage.names()}
            one = next(made for _ in range(1_000) if (made := self._random(8).hex()) not in taken)
        key = self._random(32)
        top = self._top() or self._made()
        self._storage.write(one + self._end, self._sealed(key, data, one + self._end))
        self._storage.write(one + _WRAP, self._sealed(top, key + note, one + _WRAP))
        return one

    def read(self, one: str) -> bytes:
        """The thing of an id.

        Raises:
            InputError: there is none. VerificationError: it is damaged, or its key is.
        """
        key, _ = self._key(one)
        data = self._storage.read(one + self._end)
        if data is None:
            raise VerificationError(f"vault: {one}: is missing")
        return _opened(key, data, one + self._end)

    def anew(self, one: str, data: bytes | None = None) -> bytes:
        """A kept thing, sealed anew under its own key: to be written in the place of what is there.

        Args:
            one: its id.
            data: what it has become; None = the same as before, which nobody can tell by its bytes.

        Raises:
            InputError: there is none. VerificationError: it is damaged, or its key is.
        """
        key, _ = self._key(one)
        return self._sealed(key, self.read(one) if data is None else data, one + self._end)

    def note(self, one: str) -> bytes:
        """The note on a thing.

        Raises:
            InputError: there is none. VerificationError: its key is damaged.
        """
        return self._key(one)[1]

    def ids(self) -> list[str]:
        """Ids of all things, sorted: the order says nothing."""
        return sorted(name.removesuffix(_WRAP) for name in self._storage.names() if name.endswith(_WRAP))

    def mac(self, data: bytes) -> bytes:
        """HMAC-SHA-256 under the key of the safe: the same in every copy of it, and noise to everybody without it.

        Raises:
            VerificationError: the key of the safe is missing or damaged.
        """
        return hmac.digest(self._top() or self._made(), _MAC + data, hashlib.sha256)

    def id_of(self, name: bytes) -> str:
        """The id under which a thing of a known name lies: it is found without another being opened.

        Raises:
            VerificationError: the key of the safe is missing or damaged.
        """
        return self.mac(b"id\n" + name)[:8].hex()

    def delete(self, one: str) -> None:
        """Forget a thing: first the key, so that from the first moment on nothing can be read, then the rest.

        Raises:
            InputError: there is none.
        """
        if not _ID.fullmatch(one) or not {one + _WRAP, one + self._end} & set(self._storage.names()):
            raise self._none()
        self._storage.destroy(one + _WRAP)
        self._storage.destroy(one + self._end)
        self._tidy()

    def _tidy(self) -> None:
        """Destroy what has no key any more: a deletion or an entry that was interrupted."""
        names = set(self._storage.names())
        for name in sorted(names):
            if name.endswith(self._end) and name.removesuffix(self._end) + _WRAP not in names:
                self._storage.destroy(name)

    def _key(self, one: str) -> tuple[bytes, bytes]:
        """The key of a thing, and the note on it."""
        data = self._storage.read(one + _WRAP) if _ID.fullmatch(one) else None
        if data is None:
            raise self._none()
        top = self._top()
        if top is None:
            raise VerificationError("vault: its key is missing: what it holds cannot be read by anybody any more")
        opened = _opened(top, data, one + _WRAP)
        return opened[:32], opened[32:]

    def _none(self) -> InputError:
        return InputError(f"vault: no {self._kind} of this id")  # what was asked for may be a name: it is not repeated

    def _top(self) -> bytes | None:
        key = self._storage.read(KEY)
        if key is not None and len(key) != 32:
            raise VerificationError("vault: its key is damaged")
        return key

    def _made(self) -> bytes:
        if any(name.endswith(_WRAP) for name in self._storage.names()):
            raise VerificationError("vault: its key is missing: what it holds cannot be read by anybody any more")
        key = self._random(32)
        self._storage.write(KEY, key)
        return key

    def _sealed(self, key: bytes, data: bytes, name: str) -> bytes:
        nonce = self._random(_NONCE)
        return nonce + AESGCM(key).encrypt(nonce, data, _bound(name))


def _opened(key: bytes, data: bytes, name: str) -> bytes:
    try:
        return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], _bound(name))
    except (InvalidTag, ValueError):
        raise VerificationError(
            f"vault: {name.partition('.')[0]}: is damaged, or was sealed with another key"
        ) from None


def _bound(name: str) -> bytes:
    """What a ciphertext is bound to: nobody can put one in the place of another."""
    return b"truceline/vault/v1\n" + name.encode()


def padded(data: bytes, to: int = 4_096) -> bytes:
    """JSON with blanks behind it, so that its length says little."""
    return data + b" " * (-len(data) % to)
