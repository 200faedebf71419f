"""Where does a record or a case lie: in a folder, or in PostgreSQL? Whoever opens one need not know.

A path or `file:///path` is a folder (`FileStore`, `CaseFolder`). `postgresql://role@host/database` is a server
(`ServerStore`, `ServerCase`), and needs `pip install truceline[server]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import overload
from urllib.parse import unquote, urlsplit

from truceline.errors import StoreError
from truceline.record.audit import Source
from truceline.record.log import Keys, Log, Tell
from truceline.store.case import Case, Store
from truceline.store.files import FileStore
from truceline.store.folder import CaseFolder
from truceline.store.source import FolderSource

__all__ = [
    "SERVERS", "Store", "case_at", "create_case", "has_case", "is_case", "is_server", "log_at", "named", "open_case",
    "open_store", "source_at",
]  # fmt: skip

SERVERS = ("postgresql://", "postgres://", "postgresql+psycopg://")
_EXTRA = ("sqlalchemy", "alembic", "psycopg")


def open_store(where: str) -> Store:
    """Open the place where a record is kept.

    Args:
        where: a path or a URL.

    Raises:
        StoreError: it is neither, it cannot be reached, or what it needs is not installed.
    """
    return _server().ServerStore(where) if is_server(where) else FileStore(_folder(where))


def is_server(where: str | Path) -> bool:
    """Whether a place is a server, by its name; it may be out of reach."""
    return isinstance(where, str) and where.startswith(SERVERS)


def is_case(where: str | Path) -> bool:
    """Whether a place is one that cases are kept in: a folder, or a server; what lies there may be no case."""
    return is_server(where) or _path(where).is_dir()


def has_case(where: str | Path) -> bool:
    """Whether a case, or what looks like one, lies at a place.

    Raises:
        StoreError: it is out of reach.
    """
    if not is_server(where):
        return (_path(where) / "case.json").is_file()
    with closing(open_store(str(where))) as store:
        return store.head() is not None


@overload
def open_case(where: Path) -> CaseFolder: ...
@overload
def open_case(where: str | Path) -> Case: ...
def open_case(where: str | Path) -> Case:
    """Open a case wherever it is kept.

    Args:
        where: a path or a URL.

    Raises:
        StoreError: it is none, or out of reach. VerificationError: its record does not hold.
    """
    if is_server(where):
        found: Case = _server().ServerCase.open(str(where))
        return found
    return CaseFolder.open(_path(where))


def case_at(where: str) -> Case:
    """A case on a server as it lies there, before anything of it is looked at: for an auditor.

    Raises:
        StoreError: it is out of reach.
    """
    found: Case = _server().ServerCase(where)
    return found


@overload
def create_case(where: Path, fill: Callable[[Case], None]) -> CaseFolder: ...
@overload
def create_case(where: str | Path, fill: Callable[[Case], None]) -> Case: ...
def create_case(where: str | Path, fill: Callable[[Case], None]) -> Case:
    """Make a new case.

    Args:
        where: a folder that is not there or empty, or a database whose tables are there and hold no record.
        fill: writes the first entries of its record.

    Raises:
        StoreError: something already lies there, or it cannot be written.
    """
    if is_server(where):
        made: Case = _server().ServerCase.create(str(where), fill)
        return made
    return CaseFolder.create(_path(where), fill)


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


def _path(where: str | Path) -> Path:
    return where if isinstance(where, Path) else _folder(where)


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
