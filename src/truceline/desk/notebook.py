"""Where do the contents of notices lie? In the desk's notice book: sealed, outside the record, each deletable alone.

Each notice has a key of its own. The boxes lie in the memory of the service (`store.state.notices`), the keys in the
vault of the desk's machine, together in sixteen pages by the first letter of the id: ten thousand sites are sixteen
files and not twenty thousand. Neither alone can be read. Who destroys a key forgets the notice, in every copy of the
database and in every backup of it.

    vault/notices-CASE/vault.key       the key of this book
    vault/notices-CASE/A.TURN.key      the keys of the notices whose ids begin with A, under that key

A page is written anew under the next turn before the one before it is destroyed: a kill in between loses nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from truceline.desk.keyring import config_folder
from truceline.desk.persons import Folder, part_of_vault
from truceline.errors import InputError, StoreError, VerificationError
from truceline.notices.model import Draft
from truceline.store.state import State
from truceline.store.state import notices as rows
from truceline.vault.safe import KEY, padded

BOX: Final = 1_024
"""Every box is a multiple of so many bytes."""

LETTERS: Final = "abcdefghijklmnop"
ID: Final = 16
_NONE = "notices: no notice of this id"
_NONCE: Final = 12
_LOCK = threading.RLock()
_MAC: Final = b"truceline/notices/mac/v1\n"
_PAGE: Final = b"truceline/notices/page/v1\n"
_BOXED: Final = b"truceline/notices/box/v1\n"

Pages = dict[str, tuple[str, dict[str, bytes]]]


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """A notice in the book.

    Attributes:
        draft: as its owner gave it, with the consent as it is now.
        salt: of the commitment.
        entered_by: account that entered it; `entered_at`: UTC second.
        confirmed_by: the other account that confirmed it; empty = nobody did yet, or nobody has to.
        confirmed_at: UTC second.
        accepted: codes of remarks that whoever confirmed it accepted.
    """

    draft: Draft
    salt: bytes
    entered_by: str
    entered_at: int
    confirmed_by: str = ""
    confirmed_at: int = 0
    accepted: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Nothing of it: this is what logs and tracebacks print."""
        return f"Kept({self.draft!r})"

    __str__ = __repr__


@dataclass
class Read:
    """The book as it was read last.

    Attributes:
        kept: id to notice.
        damaged: ids that nobody can read any more.
    """

    kept: dict[str, Kept] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    turn: int = 0


class Book:
    """The notice book, opened.

    INVARIANT: as long as it is open nobody else changes it; see `opened`. A notice can be read exactly as long as its
    key and the key of the book are kept.
    """

    def __init__(self, folder: Folder, state: State, *, is_made: bool) -> None:
        """Open it over the part of the vault that holds its keys, and the memory that holds its boxes."""
        self._folder, self._state = folder, state
        top = folder.read(KEY)
        if top is None:
            if not is_made or rows.count(state):
                raise StoreError("notices: the key of the book is missing: nobody can read what it holds")
            top = secrets.token_bytes(32)
            folder.write(KEY, top)
        if len(top) != 32:
            raise StoreError("notices: the key of the book is damaged")
        self._top = top
        self._pages = state.beside(_Known).pages
        self._load()

    def mac(self, data: bytes) -> bytes:
        """HMAC-SHA-256 under the key of the book: the same in every copy of it, and noise to everybody without it."""
        return hmac.digest(self._top, _MAC + data, hashlib.sha256)

    @property
    def marks(self) -> bytes:
        """The key of the watermarks."""
        return self.mac(b"watermark")

    def id_of(self, account: str, sent: str) -> str:
        """The id of what an account sent under a name of its own: the same twice is one notice."""
        return "".join(LETTERS[byte >> 4] + LETTERS[byte & 15] for byte in self.mac(_framed(account, sent))[: ID // 2])

    def new_id(self) -> str:
        """An id by chance."""
        return "".join(secrets.choice(LETTERS) for _ in range(ID))

    # -- notices -------------------------------------------------------------------------------------------------------

    def all(self) -> Read:
        """Every notice; one that is damaged stands in the way of no other. What did not change is not read again."""
        known = self._state.beside(_Known).read
        count, turn, changed = rows.since(self._state, known.turn)
        for one, box in changed:
            kept = self._unboxed(one, box)
            known.kept.pop(one, None)
            known.damaged.discard(one)
            if kept is None:
                known.damaged.add(one)
            else:
                known.kept[one] = kept
        known.turn = turn
        if count != len(known.kept) + len(known.damaged) or any(self._key(one) is None for one in known.kept):
            known.kept, known.damaged, known.turn = {}, set(), -1  # something was forgotten elsewhere
            return self.all()
        return known

    def get(self, one: str) -> Kept:
        """The notice of an id.

        Raises:
            InputError: there is none. VerificationError: it is damaged.
        """
        box = rows.get(self._state, one) if _is_id(one) else None
        if box is None:
            raise InputError(_NONE)
        kept = self._unboxed(one, box)
        if kept is None:
            raise VerificationError(f"notices: {one}: is damaged, or its key is gone")
        return kept

    def has(self, one: str) -> bool:
        """Whether there is a notice of an id."""
        return _is_id(one) and rows.get(self._state, one) is not None

    def put(self, notices: Mapping[str, Kept]) -> None:
        """Keep notices, all or none: new ones with keys of their own, and what others have become."""
        fresh = [one for one in notices if self._key(one) is None]
        self._write_keys({one: secrets.token_bytes(32) for one in fresh}, ())
        rows.put(self._state, {one: self._boxed(one, kept) for one, kept in notices.items()})

    def drop(self, ids: Sequence[str]) -> None:
        """Forget notices: first the keys, so that from the first moment on nothing can be read, then the rest."""
        self._write_keys({}, ids)
        rows.drop(self._state, ids)
        known = self._state.beside(_Known).read
        for one in ids:
            known.kept.pop(one, None)
            known.damaged.discard(one)

    def _boxed(self, one: str, kept: Kept) -> bytes:
        key = self._key(one)
        if key is None:
            raise VerificationError(f"notices: {one}: its key is gone")
        return _sealed(key, padded(msgspec.json.encode(kept), BOX), _BOXED + one.encode())

    def _unboxed(self, one: str, box: bytes) -> Kept | None:
        key = self._key(one)
        try:
            data = None if key is None else _unsealed(key, box, _BOXED + one.encode())
            return None if data is None else msgspec.json.decode(data.rstrip(b" "), type=Kept)
        except (InvalidTag, ValueError, msgspec.DecodeError):
            return None

    # -- keys ----------------------------------------------------------------------------------------------------------

    def _key(self, one: str) -> bytes | None:
        return self._pages.get(one[:1], ("", {}))[1].get(one)

    def _load(self) -> None:
        """The newest page of each letter; what a kill left of an older one is destroyed."""
        found: dict[str, list[str]] = {}
        for name in self._folder.names():
            letter, _, rest = name.partition(".")
            if letter in LETTERS and len(letter) == 1 and rest.endswith(".key"):
                found.setdefault(letter, []).append(name)
        for letter in [one for one in self._pages if one not in found]:
            del self._pages[letter]
        for letter, names in found.items():
            newest = max(names)
            if self._pages.get(letter, ("", {}))[0] != newest:
                self._pages[letter] = (newest, self._page(newest))
            for old in names:
                if old != newest:
                    self._folder.destroy(old)

    def _page(self, name: str) -> dict[str, bytes]:
        data = self._folder.read(name) or b""
        try:
            plain = _unsealed(self._top, data, _PAGE + name.encode())
        except (InvalidTag, ValueError):
            raise StoreError("notices: a page of keys is damaged, or was sealed with another key") from None
        step = ID + 32
        return {plain[i : i + ID].decode(): plain[i + ID : i + step] for i in range(0, len(plain), step)}

    def _write_keys(self, new: Mapping[str, bytes], gone: Sequence[str]) -> None:
        """Write anew the pages that change: the next one first, then the one before it is destroyed."""
        for letter in sorted({one[:1] for one in (*new, *gone)}):
            before, keys = self._pages.get(letter, ("", {}))
            made = {**keys, **{one: key for one, key in new.items() if one[:1] == letter}}
            made = {one: key for one, key in made.items() if one not in set(gone)}
            if made == keys:
                continue
            turn = int(before.split(".")[1], 16) + 1 if before else 0
            name = f"{letter}.{turn:08x}.key"
            plain = b"".join(one.encode() + key for one, key in sorted(made.items()))
            self._folder.write(name, _sealed(self._top, plain, _PAGE + name.encode()))
            if before:
                self._folder.destroy(before)
            self._pages[letter] = (name, made)


class _Known:
    """What a process knows of a book since it read it last; it goes with the opened memory of the service."""

    def __init__(self, _state: State) -> None:
        self.pages: Pages = {}
        self.read = Read()


@contextmanager
def opened(state: State, log: str, *, is_made: bool = False) -> Iterator[Book]:
    """The notice book of a case, held by this thread of this process alone.

    Args:
        state: the memory of the service.
        log: origin of the record: a vault may serve several.
        is_made: whether a book is made where there is none.

    Raises:
        InputError: there is none, and none is to be made. StoreError: somebody else holds it for too long, or its key
            is missing or damaged.
    """
    with _LOCK, part_of_vault(_part(log), "notices: this machine keeps no notice book", is_made=is_made) as folder:
        yield Book(folder, state, is_made=is_made)


def is_there(log: str) -> bool:
    """Whether the vault of this machine keeps the notice book of a record."""
    return (config_folder() / "vault" / _part(log)).is_dir()


def _part(log: str) -> str:
    return f"notices-{hashlib.sha256(log.encode()).hexdigest()[:16]}"


def _is_id(one: str) -> bool:
    return len(one) == ID and set(one) <= set(LETTERS)


def _framed(*texts: str) -> bytes:
    return b"".join(len(data).to_bytes(8, "big") + data for data in (text.encode() for text in texts))


def _sealed(key: bytes, data: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, bound)


def _unsealed(key: bytes, data: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], bound)
