"""What is a server like, to whoever relies on it? A few things it says of itself; nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text as sql

from truceline.store.server import link


@dataclass(frozen=True)
class Looked:
    """What a server says of itself.

    Attributes:
        version: of PostgreSQL, such as `15.8`.
        postgis: version of PostGIS in this database; empty = it is not there.
        now: its clock, UTC second.
        is_durable: what it says is written stays after a power cut.
        has_room: the schema for the service's own memory is there.
        is_encrypted: the connection goes by TLS, or does not leave the machine.
    """

    version: str
    postgis: str
    now: int
    is_durable: bool
    has_room: bool
    is_encrypted: bool


def look(where: str) -> Looked:
    """Ask a server.

    Raises:
        StoreError: it cannot be reached.
    """
    url = link.address(where)
    wires = link.engine(url, is_reader=True)
    try:
        with link.told(url), wires.connect() as line:
            asked = line.execute(sql(
                "select current_setting('server_version'), "
                "coalesce((select extversion from pg_extension where extname = 'postgis'), ''), "
                "extract(epoch from clock_timestamp())::bigint, "
                "current_setting('fsync') = 'on' and current_setting('full_page_writes') = 'on', "
                "exists (select 1 from pg_namespace where nspname = :room), "
                "inet_client_addr() is null or inet_client_addr() = inet_server_addr() "
                "or coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false)"
            ), {"room": link.STATE}).one()  # fmt: skip
            return Looked(asked[0].split()[0], asked[1], int(asked[2]), *map(bool, asked[3:]))
    finally:
        wires.dispose()
