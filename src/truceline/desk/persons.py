"""Where do the persons of this machine lie? In the vault beside its keys: never in a case, a mirror or a bundle.

Whoever holds the vault deletes alone, on request; nobody has to agree. `truceline panic` destroys it whole.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from truceline.desk.keyring import config_folder, own_folder, write_over
from truceline.errors import InputError, StoreError
from truceline.store.disk import locked, make_folder, sync_folder
from truceline.vault.vault import Listed, Person, Vault, read_person

__all__ = ["Listed", "Person", "add", "delete", "forget_file", "listed", "read_person", "show"]

_LOCK = "vault.lock"
WAIT_S = 5.0
"""So long one who opens the vault waits for another: a service and a command line may share it."""


class Folder:
    """A vault in a folder: one file a name, for its owner's eyes, without the moment at which it was written."""

    def __init__(self, folder: Path) -> None:
        """Take a folder for the vault."""
        self.folder = folder

    def names(self) -> list[str]:
        """Every name that is kept; what was never finished is removed."""
        found = sorted(path.name for path in self.folder.iterdir() if path.is_file() and path.name != _LOCK)
        for name in found:
            if name.endswith(".half"):
                self.destroy(name)
        return [name for name in found if not name.endswith(".half")]

    def read(self, name: str) -> bytes | None:
        """The bytes under a name."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"vault: cannot be read: {error.strerror}") from None

    def write(self, name: str, data: bytes) -> None:
        """Keep bytes under a new name, durable on return."""
        half = self.folder / f"{name}.half"
        try:
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.utime(handle, (0, 0))
                os.fsync(handle)
            half.rename(self.folder / name)
            sync_folder(self.folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                half.unlink()
            raise StoreError(f"vault: cannot be written: {error.strerror}") from None

    def destroy(self, name: str) -> None:
        """Write over what is kept, and remove it."""
        path = self.folder / name
        try:
            write_over(path)
            path.unlink()
            sync_folder(self.folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"vault: cannot be destroyed: {error.strerror}") from None


@contextmanager
def _vault() -> Iterator[Vault]:
    """The vault of this machine, held by this process alone."""
    folder = own_folder("vault")
    with locked(folder / _LOCK, wait_s=WAIT_S):
        yield Vault(Folder(folder), now=lambda: int(time.time()), random_bytes=secrets.token_bytes)


def add(person: Person, of: bytes = b"") -> str:
    """Keep a person; return the id.

    Args:
        person: somebody.
        of: a name under which whoever holds the vault finds it again, and nobody else; empty = the id is random.
    """
    with _vault() as vault:
        return vault.add(person, of)


def of(name: bytes) -> str:
    """The id of the person that was kept under a name; empty = there is none."""
    if not (config_folder() / "vault").is_dir():
        return ""
    with _vault() as vault:
        return vault.of(name)


def show(one: str) -> Person:
    """The person of an id.

    Raises:
        InputError: there is none. VerificationError: it is damaged.
    """
    with _kept() as vault:
        return vault.show(one)


def listed() -> list[Listed]:
    """Ids and days of all persons; none where no vault is."""
    if not (config_folder() / "vault").is_dir():
        return []
    with _vault() as vault:
        return vault.listed()


def delete(one: str) -> None:
    """Forget a person.

    Raises:
        InputError: there is none.
    """
    with _kept() as vault:
        vault.delete(one)


@contextmanager
def _kept() -> Iterator[Vault]:
    """The vault of this machine, if there is one: nothing is made to answer a question."""
    if not (config_folder() / "vault").is_dir():
        raise InputError("vault: no person of this id")
    with _vault() as vault:
        yield vault


def forget_file(path: Path) -> None:
    """Write over a file that held a person, and remove it.

    Raises:
        StoreError: the disk refuses.
    """
    try:
        write_over(path)
        path.unlink()
    except OSError as error:
        raise StoreError(f"the file that was read cannot be destroyed: {error.strerror}") from None


@contextmanager
def part_of_vault(name: str, missing: str, *, is_made: bool) -> Iterator[Folder]:
    """A part of the vault of this machine, which nobody else may look into, held by this process alone.

    Args:
        name: of the part.
        missing: what is said where there is none.
        is_made: whether it is made then.

    Raises:
        InputError: there is none, and none is to be made. StoreError: it cannot be made.
    """
    if not is_made and not (config_folder() / "vault" / name).is_dir():
        raise InputError(missing)
    folder = own_folder("vault") / name
    make_folder(folder)
    try:
        folder.chmod(0o700)
    except OSError as error:
        raise StoreError(f"vault: cannot be made: {error.strerror}") from None
    with locked(folder / _LOCK, wait_s=WAIT_S):
        yield Folder(folder)
