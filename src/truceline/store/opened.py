"""Where does a record lie: in a folder, or in PostgreSQL? Whoever opens one need not know.

A path or `file:///path` is a folder (`FileStore`). `postgresql://role@host/database` is a server (`ServerStore`), and
needs `pip install truceline[server]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Protocol
from urllib.parse import unquote, urlsplit

from truceline.errors import StoreError
from truceline.record.audit import Source
from truceline.record.log import Keys, Log, Storage, Tell
from truceline.store.files import FileStore
from truceline.store.source import FolderSource

SERVERS = ("postgresql://", "postgres://", "postgresql+psycopg://")
_EXTRA = ("sqlalchemy", "alembic", "psycopg")


class Store(Storage, Protocol):
    """A storage that was opened, and is closed again."""

    def writer(self) -> AbstractContextManager[None]:
        """The lock of the one writer."""

    def close(self) -> None:
        """Let go of files and connections."""

    def refused(self) -> list[dict[str, object]]:
        """What was refused, in order."""


def open_store(where: str) -> Store:
    """Open the place where a record is kept.

    Args:
        where: a path or a URL.

    Raises:
        StoreError: it is neither, it cannot be reached, or what it needs is not installed.
    """
    return _server().ServerStore(where) if where.startswith(SERVERS) else FileStore(_folder(where))


@contextmanager
def source_at(where: str) -> Iterator[Source]:
    """A record as an auditor reads it.

    Raises:
        StoreError: as `open_store`.
    """
    if where.startswith(SERVERS):
        with closing(_server().ServerStore(where)) as store:
            yield _server().ServerSource(store)
    else:
        yield FolderSource(_folder(where))


@contextmanager
def log_at(where: str, keys: Keys, now: Callable[[], int], tell: Tell | None = None) -> Iterator[Log]:
    """A log with the lock of its one writer, over storage that is opened anew; both are let go of at the end.

    Raises:
        StoreError: another writer is at work, or the place cannot be reached.
        VerificationError: what is kept is not what the head says.
    """
    with closing(open_store(where)) as store, store.writer():
        yield Log(store, keys, now, tell)


def named(where: str) -> str:
    """How a place is named where others may read it: a server without role, password and settings.

    >>> named("postgresql://truceline:secret@db.example:5432/record?sslmode=require")
    'postgresql://db.example/record'
    >>> named("cases/aleppo")
    'cases/aleppo'
    """
    if not where.startswith(SERVERS):
        return where
    parts = urlsplit(where)
    return f"postgresql://{parts.hostname or ''}{parts.path}"


def _folder(where: str) -> Path:
    scheme = where.split(":", 1)[0] if "://" in where or where.startswith("file:") else ""
    if not scheme:
        return Path(where)
    if scheme != "file":
        raise StoreError("expected a path, `file:///path` or `postgresql://role@host/database`")
    parts = urlsplit(where)
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise StoreError("expected a path on this machine, such as `file:///srv/record`")
    return Path(unquote(parts.path))


def _server() -> ModuleType:
    """What keeps a record in PostgreSQL; imported only when one is asked for.

    Raises:
        StoreError: its packages are not installed.
    """
    try:
        return import_module("truceline.store.server")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _EXTRA:
            raise
        raise StoreError("a record in PostgreSQL needs more packages: pip install 'truceline[server]'") from None
