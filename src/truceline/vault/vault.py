"""How are persons kept so that one of them can be forgotten, at once and for good, by whoever keeps them?

Each lies in a safe (`vault.safe`) under a key of its own, with the day of entry as the only note.

Promises: nothing of a person leaves this module but to whoever asks for that id; no error and no `repr` holds a word
of one. What it never does: know the record, or be known by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from truceline.errors import InputError
from truceline.vault.safe import KEY, Safe, Storage, padded

__all__ = ["KEY", "MOST", "ROLES", "Listed", "Person", "Storage", "Vault", "read_person"]

ROLES = ("victim", "witness", "reporter", "staff")
MOST = 256 * 1024
"""Bytes of one person at the most."""
DAY_S = 86_400
_SHAPE = "expected JSON with `role` and, as texts, `name`, `contact`, `note`; `about` is a list of texts"


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
        self._safe, self._now = Safe(storage, "person", random_bytes), now

    def add(self, person: Person, of: bytes = b"") -> str:
        """Keep a person; return the id.

        Args:
            person: somebody.
            of: a name under which it is found again; empty = the id is random.
        """
        day = self._now() // DAY_S * DAY_S
        one = self._safe.id_of(of) if of else ""
        return self._safe.keep(padded(msgspec.json.encode(person)), day.to_bytes(8, "big"), one)

    def of(self, name: bytes) -> str:
        """The id of the person that was kept under a name; empty = there is none.

        Raises:
            VerificationError: the key of the vault is missing or damaged.
        """
        ids = self._safe.ids()
        one = self._safe.id_of(name) if ids else ""
        return one if one in ids else ""

    def show(self, one: str) -> Person:
        """The person of an id.

        Raises:
            InputError: there is none. VerificationError: it is damaged, or its key is.
        """
        return msgspec.json.decode(self._safe.read(one).rstrip(b" "), type=Person)

    def listed(self) -> list[Listed]:
        """Ids and days of all persons, by id: the order says nothing.

        Raises:
            VerificationError: a wrapped key is damaged, or the key of the vault is.
        """
        return [Listed(one, int.from_bytes(self._safe.note(one), "big")) for one in self._safe.ids()]

    def delete(self, one: str) -> None:
        """Forget a person: first the key, so that from the first moment on nothing can be read, then the rest.

        Raises:
            InputError: there is none.
        """
        self._safe.delete(one)
