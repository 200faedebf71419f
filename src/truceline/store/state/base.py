"""Where does the service keep its own memory beside the record, and how do its tables come to be?

State holds accounts, sessions, the audit, what waits for a second person, the intake queue and deliveries. It is never
the truth of a case: losing it loses logins, queue and deliveries, never a statement. Secrets in it are hashed, or are
public keys.

- A case folder has `service/state.sqlite` in it, for its user alone. A case in PostgreSQL has the schema
  `truceline_service`: `python -m truceline.store.server` makes it, empty, as the owner of the database; only the role
  of the service may look into it, and makes its tables itself.
- One module here for each subject, with its tables on the shared `meta` and plain functions `(state, ...)`.
- Tables come from `meta`: what is missing is made when a state is opened. `version` has one row. A change of a table
  that is there already is a step in `STEPS` and raises `VERSION`; a state of a later version is refused.

Times are UTC seconds and come in as arguments; nothing here asks a clock.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import SQLAlchemyError

from truceline.errors import StoreError
from truceline.store.opened import is_server, named

SCHEMA = "truceline_service"
VERSION = 1
STEPS: Mapping[int, Sequence[str]] = {}
"""Version to the statements that bring the tables of the version before it there."""

FILE = Path("service") / "state.sqlite"
BUSY_S = 10
"""So long one writer of a file waits for another."""

meta = MetaData(schema=SCHEMA)
Number = BigInteger().with_variant(Integer, "sqlite")
"""A whole number of 64 bits; as a primary key it counts by itself on both databases."""

version = Table(
    "version", meta,
    Column("one", SmallInteger, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
    Column("version", Number, nullable=False),
)  # fmt: skip

_TURN = sql("select pg_advisory_xact_lock(1413696590, 2)")


LATELY_S = 5
"""Who somebody is may be known from so many seconds ago, where nobody of this process changed it since."""
_MOST_LATELY = 10_000

T = TypeVar("T")


class State:
    """The memory of a service, opened. Threads may share it."""

    def __init__(self, engine: Engine, where: str) -> None:
        """Take a database for what it says it is; `open_state` checks it."""
        self.engine, self.where = engine, where
        self._lately: dict[Hashable, tuple[int, Any]] = {}
        self._beside: dict[Hashable, Any] = {}
        self._changes = 0

    def beside(self, kind: Callable[[State], T]) -> T:
        """The one thing of a kind that goes with this state as long as it is open; made when it is first asked for."""
        found: T = self._beside[kind] if kind in self._beside else self._beside.setdefault(kind, kind(self))
        return found

    def lately(self, what: Hashable, now: int, read: Callable[[], T | None]) -> T | None:
        """What is asked for with every request: as it was read a moment ago, or read now.

        INVARIANT: nothing that was read before `forget` is given after it; other processes are heard of after
        `LATELY_S` seconds.

        Args:
            what: names it.
            now: UTC second.
            read: reads it.
        """
        known, changes = self.glance(what, now), self._changes
        if known is not None:
            found: T = known
            return found
        made = read()
        if made is not None and changes == self._changes:
            if len(self._lately) >= _MOST_LATELY:
                self._lately = {}
            self._lately[what] = now, made
            if changes != self._changes:  # changed between the question and the note
                self._lately.pop(what, None)
        return made

    def glance(self, what: Hashable, now: int) -> Any:  # noqa: ANN401  # whatever was read
        """What is known from a moment ago; None when nothing is: nobody waits for the database."""
        kept = self._lately.get(what)
        return kept[1] if kept is not None and 0 <= now - kept[0] < LATELY_S else None

    def forget(self) -> None:
        """Somebody's access was changed: nothing is taken as known from before."""
        self._changes += 1
        self._lately = {}

    @property
    def is_file(self) -> bool:
        """Whether it lies in a file and not on a server."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that may write; kept when it is left without an error. Never begun within another.

        Raises:
            StoreError: the database refuses, or cannot be reached.
        """
        with self._told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads: nobody waits for it.

        Raises:
            StoreError: as `begin`.
        """
        with self._told(), self.engine.connect().execution_options(reads=True) as connection:
            yield connection

    def in_turn(self, connection: Connection) -> None:
        """From here to the end of a transaction nobody else is here: for what is counted, or chained."""
        if not self.is_file:  # in a file the one who writes is alone already
            connection.execute(_TURN)

    def add_once(self, connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
        """Add a row unless one of its key is there; tell whether it was added."""
        asked = self.once(table).returning(*table.primary_key)
        return connection.execute(asked, [dict(row)]).first() is not None

    def once(self, table: Table) -> Any:  # noqa: ANN401  # the insert of either database
        """An insert that passes over rows whose key is there."""
        made = insert_sqlite(table) if self.is_file else insert_postgres(table)
        return made.on_conflict_do_nothing()

    def close(self) -> None:
        """Let go of the connections."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in one line what a database refuses, without the values, which may be somebody's."""
        try:
            yield
        except SQLAlchemyError as error:
            raise StoreError(f"{self.where}: {_said(error)}") from None


def open_state(where: str | Path) -> State:
    """Open the memory of the service of a case; its tables are made when they are missing.

    Args:
        where: of the case: a folder, or the URL of a database.

    Raises:
        StoreError: it cannot be opened or reached, or is of a later version.
    """
    state = _on_server(str(where)) if is_server(where) else _in_folder(Path(str(where).removeprefix("file://")))
    try:
        _prepare(state)
    except BaseException:
        state.close()
        raise
    return state


def _prepare(state: State) -> None:
    """Make what is missing, and bring the rest to this version, in one transaction."""
    with state.begin() as db:
        state.in_turn(db)
        if not state.is_file and not inspect(db).has_schema(SCHEMA):
            raise StoreError(
                f"{state.where}: the schema `{SCHEMA}` is missing: "
                "the owner of the database makes it with `python -m truceline.store.server`"
            )
        meta.create_all(db)
        found = db.scalar(select(version.c.version))
        if found is None:
            db.execute(insert(version).values(one=1, version=VERSION))
        elif found > VERSION:
            raise StoreError(f"{state.where}: expected a state of version {VERSION} or earlier, got {found}")
        elif found < VERSION:
            for step in range(found + 1, VERSION + 1):
                for line in STEPS[step]:
                    db.execute(sql(line.format(schema="" if state.is_file else f"{SCHEMA}.")))
            db.execute(update(version).values(version=VERSION))


def _in_folder(folder: Path) -> State:
    """The state beside a record in a case folder."""
    if not folder.is_dir():
        raise StoreError(f"{folder}: not a case folder")
    path = folder / FILE
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        path.chmod(0o600)
        _log_ahead(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}") from None
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from None
    engine = create_engine(
        f"sqlite:///{path}", execution_options={"schema_translate_map": {SCHEMA: None}},
        connect_args={"timeout": BUSY_S}, pool_size=16, max_overflow=48, pool_timeout=BUSY_S,
    )  # fmt: skip
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begun)
    return State(engine, str(path))


def _log_ahead(path: Path) -> None:
    """Let a file keep a log of what is written, so that readers never wait; it stays so.

    One process after another: SQLite does not wait for a file that another is just changing so.
    """
    turn = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
            connection.execute("pragma journal_mode = wal").close()
            connection.execute("pragma user_version").close()  # the log lies beside it before the next one comes
    finally:
        os.close(turn)


def _connected(connection: sqlite3.Connection, _record: object) -> None:
    """Transactions are begun by `_begun`, not by the driver."""
    connection.isolation_level = None
    for line in ("synchronous = normal", "foreign_keys = on", "secure_delete = on"):
        connection.execute(f"pragma {line}").close()


def _begun(connection: Connection) -> None:
    """Whoever may write waits for its turn now, not in the middle, where waiting could not end."""
    is_reader = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("begin" if is_reader else "begin immediate")


def _on_server(where: str) -> State:
    """The state beside a record in PostgreSQL."""
    try:
        link = import_module("truceline.store.server.link")
    except ModuleNotFoundError:
        raise StoreError("a record in PostgreSQL needs more packages: pip install 'truceline[server]'") from None
    url = link.address(where)
    given = url.query.get("options", "")
    own = [f"-c {name}={value}" for name, value in link.SETTINGS.items()]
    options = " ".join([*([given] if isinstance(given, str) else given), *own])
    engine = create_engine(
        url.difference_update_query(["options"]), pool_pre_ping=True, pool_timeout=BUSY_S, pool_size=5,
        connect_args={"options": options, "connect_timeout": link.CONNECT_S, "application_name": "truceline service"},
    )  # fmt: skip
    return State(engine, named(where))


def _said(error: SQLAlchemyError) -> str:
    """The first line of what the database said, if it is about the database and not about a value."""
    said = str(getattr(error, "orig", None) or type(error).__name__).strip().split("\n", maxsplit=1)[0]
    return said.split(" DETAIL:", maxsplit=1)[0] or type(error).__name__
