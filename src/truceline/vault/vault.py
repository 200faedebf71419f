"""How are persons kept so that one of them can be forgotten, at once and for good, by whoever keeps them?

Each person is encrypted under a key of its own; that key lies apart, wrapped under the key of the vault. Who destroys
the wrapped key destroys the person: copies of the ciphertext are noise from then on. What lies on the disk says
neither who, nor when, nor how much: ids are random, days are sealed too, lengths are rounded up.

    vault.key      the key of the vault
    ID.wrap.key    the key of one person and the day of entry, under the key of the vault
    ID.person      the person, under that key

Promises: nothing of a person leaves this module but to whoever asks for that id; no error and no `repr` holds a word
of one. What it never does: know the record, or be known by it.
Source: AES-256-GCM, NIST SP 800-38D.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from truceline.errors import InputError, VerificationError

ROLES = ("victim", "witness", "reporter", "staff")
MOST = 256 * 1024
"""Bytes of one person at the most."""
KEY = "vault.key"
DAY_S = 86_400
_WRAP, _PERSON = ".wrap.key", ".person"
_PAD = 4_096
_NONCE = 12
_ID = re.compile(r"[0-9a-f]{16}")
_SHAPE = "expected JSON with `role` and, as texts, `name`, `contact`, `note`; `about` is a list of texts"


class Storage(Protocol):
    """Where the vault is kept: a few flat names. What returned is durable.

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


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody.

    Attributes:
        role: one of `ROLES`.
        about: ids of reports or cases that this person has to do with: the link stands here and nowhere else.
    """

    role: str
    name: str = ""
    contact: str = ""
    note: str = ""
    about: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Nothing of the person: this is what logs and tracebacks print."""
        return "Person(...)"

    __str__ = __repr__


@dataclass(frozen=True)
class Listed:
    """What a list says of a person: an id that says nothing, and the day of entry (UTC second of its midnight)."""

    id: str
    day: int


def read_person(data: bytes) -> Person:
    """Read a person from JSON; what is wrong with it is told without a word of it.

    Raises:
        InputError: it is none.
    """
    if len(data) > MOST:
        raise InputError(f"a person: expected at most {MOST} bytes")
    try:
        person = msgspec.json.decode(data, type=Person)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise InputError(f"a person: {_SHAPE}") from None
    if person.role not in ROLES:
        raise InputError(f"a person: `role`: expected one of {', '.join(ROLES)}")
    return person


class Vault:
    """The vault, opened by one process at a time.

    INVARIANT: a person can be read exactly as long as its wrapped key and the key of the vault are kept.
    """

    def __init__(self, storage: Storage, *, now: Callable[[], int], random_bytes: Callable[[int], bytes]) -> None:
        """Open a vault; its key is made with the first person.

        Args:
            storage: where it is kept; the caller holds its lock.
            now: gives the UTC second.
            random_bytes: gives so many random bytes.
        """
        self._storage, self._now, self._random = storage, now, random_bytes

    def add(self, person: Person) -> str:
        """Keep a person; return the id."""
        self._tidy()
        taken = {name.partition(".")[0] for name in self._storage.names()}
        one = next(made for _ in range(1_000) if (made := self._random(8).hex()) not in taken)
        key, day = self._random(32), self._now() // DAY_S * DAY_S
        top = self._top() or self._made()
        self._storage.write(one + _PERSON, self._sealed(key, _padded(msgspec.json.encode(person)), one + _PERSON))
        self._storage.write(one + _WRAP, self._sealed(top, key + day.to_bytes(8, "big"), one + _WRAP))
        return one

    def show(self, one: str) -> Person:
        """The person of an id.

        Raises:
            InputError: there is none. VerificationError: it is damaged, or its key is.
        """
        key, _ = self._key(one)
        data = self._storage.read(one + _PERSON)
        if data is None:
            raise VerificationError(f"vault: {one}: is missing")
        return msgspec.json.decode(_opened(key, data, one + _PERSON).rstrip(b" "), type=Person)

    def listed(self) -> list[Listed]:
        """Ids and days of all persons, by id: the order says nothing.

        Raises:
            VerificationError: a wrapped key is damaged, or the key of the vault is.
        """
        ids = sorted(name.removesuffix(_WRAP) for name in self._storage.names() if name.endswith(_WRAP))
        return [Listed(one, self._key(one)[1]) for one in ids]

    def delete(self, one: str) -> None:
        """Forget a person: first the key, so that from the first moment on nothing can be read, then the rest.

        Raises:
            InputError: there is none.
        """
        if not _ID.fullmatch(one) or not {one + _WRAP, one + _PERSON} & set(self._storage.names()):
            raise InputError("vault: no person of this id")
        self._storage.destroy(one + _WRAP)
        self._storage.destroy(one + _PERSON)
        self._tidy()

    def _tidy(self) -> None:
        """Destroy what has no key any more: a deletion or an entry that was interrupted."""
        names = set(self._storage.names())
        for name in sorted(names):
            if name.endswith(_PERSON) and name.removesuffix(_PERSON) + _WRAP not in names:
                self._storage.destroy(name)

    def _key(self, one: str) -> tuple[bytes, int]:
        """The key of a person, and the day of entry."""
        data = self._storage.read(one + _WRAP) if _ID.fullmatch(one) else None
        if data is None:
            raise InputError("vault: no person of this id")  # what was asked for may be a name: it is not repeated
        top = self._top()
        if top is None:
            raise VerificationError("vault: its key is missing: what it holds cannot be read by anybody any more")
        opened = _opened(top, data, one + _WRAP)
        return opened[:32], int.from_bytes(opened[32:], "big")

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


def _padded(data: bytes) -> bytes:
    """JSON with blanks behind it, so that its length says little."""
    return data + b" " * (-len(data) % _PAD)
