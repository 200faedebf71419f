"""How is a PostgreSQL server reached, and what is said when it refuses? One line, and never the password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, make_url
from sqlalchemy import text as sql
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from truceline.errors import StoreError
from truceline.store.server import gis
from truceline.store.server.tables import SCHEMA, grant

STATE = "truceline_service"
"""The schema of the service's own memory (`store.state`)."""

STATEMENT_S, LOCK_S, IDLE_S, CONNECT_S = 60, 10, 120, 10
SETTINGS = {
    "statement_timeout": f"{STATEMENT_S}s",
    "lock_timeout": f"{LOCK_S}s",
    "idle_in_transaction_session_timeout": f"{IDLE_S}s",
    "synchronous_commit": "on",  # INVARIANT: what returned is durable, whatever the server's default is
}


def address(url: str) -> URL:
    """Read the URL of a server.

    Raises:
        StoreError: it is none; what was given is not repeated, for a password may stand in it.
    """
    try:
        read = make_url(url)
        if read.get_backend_name() not in ("postgresql", "postgres") or not read.database:
            raise ValueError
    except (ArgumentError, ValueError):
        raise StoreError("expected a URL such as `postgresql://role@host/database`") from None
    return read.set(drivername="postgresql+psycopg")


def place(url: URL) -> str:
    """How messages name a database: without role, password and settings."""
    host = url.host or url.query.get("host") or ""
    return f"postgresql://{host if isinstance(host, str) else host[0]}/{url.database}"


def engine(url: URL, *, is_reader: bool) -> Engine:
    """The connections to a server; nothing is connected yet.

    Args:
        url: of the server.
        is_reader: through these nothing can be written.
    """
    settings = {**SETTINGS, **({"default_transaction_read_only": "on"} if is_reader else {})}
    given = url.query.get("options", "")
    options = " ".join([*([given] if isinstance(given, str) else given), *(f"-c {k}={v}" for k, v in settings.items())])
    wires = {"options": options.strip(), "connect_timeout": CONNECT_S, "application_name": "truceline",
             "keepalives_idle": 30, "tcp_user_timeout": 30_000}  # fmt: skip
    bare = url.difference_update_query(["options"])
    if not is_reader:
        return create_engine(bare, connect_args=wires, poolclass=NullPool)
    return create_engine(bare, connect_args=wires, isolation_level="AUTOCOMMIT", pool_pre_ping=True, pool_timeout=10)


@contextmanager
def told(url: URL) -> Iterator[None]:
    """Say in one line what a server refuses.

    Raises:
        StoreError: it refuses.
    """
    try:
        yield
    except IntegrityError as error:
        raise StoreError(f"{place(url)}: refused by the database: {_said(error, url)}") from None
    except (SQLAlchemyError, CommandError) as error:
        raise StoreError(f"{place(url)}: {_said(error, url)}") from None


def _said(error: Exception, url: URL) -> str:
    """The first line of what the server said; not the statement, whose values may be somebody's evidence."""
    said = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
    secrets = [str(url.password or ""), *(str(v) for k, v in url.query.items() if "pass" in k)]
    for secret in secrets:
        said = said.replace(secret, "***") if secret else said
    return said or type(error).__name__


def _make_room(connection: Connection, role: str) -> None:
    """Make the empty schema in which the service keeps its own memory; the role makes its tables there itself."""
    to = connection.dialect.identifier_preparer.quote_identifier(role)
    for line in (
        f"create schema if not exists {STATE}",
        f"revoke all on schema {STATE} from public",
        f"grant usage, create on schema {STATE} to {to}",
    ):
        connection.execute(sql(line.replace(":", r"\:")))


def migrate(url: str, role: str = "", *, gis_role: str = "", gis_secretariat: str = "") -> tuple[str, ...]:
    """Make the tables of a record, or bring them to this version; nothing is lost.

    Args:
        url: of the database, as its owner; never as the role that the program runs as.
        role: that role; it is given its rights, and no others. Empty = rights are left as they are.
        gis_role: a role for people with a GIS: it sees what was published; empty = none.
        gis_secretariat: one for those of the secretariat; empty = none.

    Returns:
        What whoever runs it has to know, a line each.

    Raises:
        StoreError: the server refuses.
    """
    read = address(url)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    wires = engine(read, is_reader=False)
    try:
        with told(read), wires.begin() as connection:
            connection.execute(sql(f"create schema if not exists {SCHEMA}"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            why = gis.prepare(connection)
            if role:
                grant(connection, role)
                _make_room(connection, role)
            if not why:
                gis.grant(connection, service=role, public=gis_role, secretariat=gis_secretariat)
        return (why,) if why else ()
    finally:
        wires.dispose()
