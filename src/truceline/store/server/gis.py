"""What of a case do people with a GIS see, straight from the database? Views of what was published, behind two walls.

    truceline_gis.zones                   zones of the text, with the time for which each exists
    truceline_gis.published_assessments   what was judged of reports that were published, each place as its town
    truceline_gis.published_findings      findings that were published
    truceline_gis.case_...                the same as the secretariat sees it; empty unless the host wants it so

The views read tables that hold one row for each ladder on which it is seen, in parts of their own. A role for readers
may use the views alone (first wall), and of the tables behind them row security lets it see the rows of its ladder
alone (second wall), the owner of the tables included. Both walls compare the ladder with a constant, so that a query
is never planned over rows that it may not see: neither a function, nor an estimate, nor an error tells of them.
Notified sites, persons and positions are in none of these tables.

PostGIS is optional. Without it there are no views, and everything else works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy import text as sql

from truceline import LAW

SCHEMA = "truceline_gis"
PUBLIC, SECRETARIAT = "public", "secretariat"
LADDERS = (PUBLIC, SECRETARIAT)
WRITES = "writes"
"""What the row security of the service is called; that of readers is called as their ladder."""

VERSION = 1
LEAST_SERVER = 150_000


@dataclass(frozen=True)
class Layer:
    """A table, and the views of it.

    Attributes:
        name: of the table; `views`: of its view for each ladder.
        geometry: type of its geometries.
        columns: name to type of its other columns.
        says: what it holds, for whoever looks at it in a GIS.
    """

    name: str
    views: tuple[str, str]
    geometry: str
    columns: Mapping[str, str]
    says: str


LAYERS = (
    Layer(
        "zone", ("zones", "case_zones"), "MultiPolygon",
        {"id": "text", "name": "text", "valid_from": "timestamptz", "valid_until": "timestamptz", "low_m": "integer",
         "high_m": "integer", "terms": "text", "is_withheld": "boolean", "drawn_by": "text"},
        "zones of the text; of one whose map was never published there is no geometry",
    ),
    Layer(
        "assessment", ("published_assessments", "case_assessments"), "Geometry",
        {"id": "text", "kind": "text", "begins": "timestamptz", "ends": "timestamptz", "act": "text", "actor": "text",
         "target": "text", "verdict": "smallint", "supported": "smallint", "answers": "text", "sight": "text",
         "place": "text", "units": "text", "source": "text", "licence": "text"},
        "what was judged of reports; verdict: +1 covered, 0 not known, -1 not covered by this text, never: allowed",
    ),
    Layer(
        "finding", ("published_findings", "case_findings"), "Geometry",
        {"id": "text", "entry": "bigint", "at": "timestamptz", "by": "text", "body": "text", "is_joint": "boolean",
         "holds": "text", "term": "text", "against": "text", "standard": "text", "finding": "text", "about": "text",
         "dissent": "text", "published": "timestamptz"},
        "findings that bodies signed, drawn as the zones of their terms; the program never writes one",
    ),
)  # fmt: skip
BOTH = {"ladder": "text", "fid": "bigint", "known_index": "bigint", "known_at": "timestamptz"}
"""Columns of every table: the ladder, a number for the GIS, and of which state of the record it tells."""


# -- tables and views, by their owner --------------------------------------------------------------------------------


def prepare(connection: Connection) -> str:
    """Make the tables and views, or bring them to this version.

    Args:
        connection: of the owner, in a transaction; the room was made by migration 0003.

    Returns:
        Why there are none; empty where there are.
    """
    server = int(connection.scalar(sql("select current_setting('server_version_num')")) or 0)
    if server < LEAST_SERVER:
        return "no views for a GIS: they need PostgreSQL 15 or later; everything else works"
    place = postgis(connection)
    if not place:
        return "no views for a GIS: PostGIS is not in this database (`create extension postgis`); everything else works"
    made = connection.scalar(sql(f"select version from {SCHEMA}.version"))  # noqa: S608  # names of our own
    if (made or 0) < VERSION:
        for layer in LAYERS:
            for line in _lines(layer, place):
                connection.exec_driver_sql(line)
        connection.exec_driver_sql(
            f"create table {SCHEMA}.written (layer text, ladder text, mark text not null, primary key (layer, ladder))"
        )
        connection.exec_driver_sql(f"update {SCHEMA}.version set version = {VERSION}")  # noqa: S608
    return ""


def postgis(connection: Connection) -> str:
    """The schema in which PostGIS lies; empty = it is not in this database."""
    found = connection.scalar(
        sql("select quote_ident(nspname) from pg_extension e join pg_namespace n on n.oid = extnamespace"
            " where extname = 'postgis'")
    )  # fmt: skip
    return str(found or "")


def _lines(layer: Layer, place: str) -> list[str]:
    """What makes a table with its parts, its row security and its views."""
    table, law = f"{SCHEMA}.{layer.name}_row", LAW.replace("'", "''")
    columns = {**BOTH, **layer.columns}
    typed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    made = [
        f"create table {table} ({typed}, geom {place}.geometry({layer.geometry}, 4326), "
        "primary key (ladder, fid)) partition by list (ladder)",
        f"alter table {table} enable row level security, force row level security",
    ]
    shown = ", ".join(f'"{name}"' for name in columns if name != "ladder")
    for ladder, view in zip(LADDERS, layer.views, strict=True):
        part = f"{table}_{ladder}"
        says = f"{layer.says}. {LAW}".replace("'", "''")
        made += [
            f"create table {part} partition of {table} for values in ('{ladder}')",
            f"alter table {part} enable row level security, force row level security",
            f"create index on {part} using gist (geom)",
            f"create view {SCHEMA}.{view} with (security_invoker = true, security_barrier = true) as "  # noqa: S608
            f"select {shown}, '{law}'::text as law, geom from {table} where ladder = '{ladder}'",
            f"comment on view {SCHEMA}.{view} is '{says}'",
        ]
    return made


def grant(connection: Connection, *, service: str = "", public: str = "", secretariat: str = "") -> None:
    """Give roles their rights on the views, in the place of those that had them; of whom none is named, stays as it is.

    Args:
        connection: of the owner.
        service: the role that the program runs as: it alone writes, and sees every row.
        public: a role for people with a GIS: it sees what was published.
        secretariat: a role for those of the secretariat.
    """
    for policy, role in ((WRITES, service), (PUBLIC, public), (SECRETARIAT, secretariat)):
        if role:
            _take_back(connection, policy)
            name = connection.dialect.identifier_preparer.quote_identifier(role).replace("%", "%%")
            connection.exec_driver_sql(f"grant usage on schema {SCHEMA} to {name}")
            for layer in LAYERS:
                for line in _rights(layer, policy, name):
                    connection.exec_driver_sql(line)
            if policy == WRITES:
                connection.exec_driver_sql(f"grant select on {SCHEMA}.version to {name}")
                connection.exec_driver_sql(f"grant select, insert, update, delete on {SCHEMA}.written to {name}")


def _take_back(connection: Connection, policy: str) -> None:
    """Take its rights from whoever a policy was made for."""
    asked = (
        "select distinct quote_ident(r) from pg_policies, unnest(roles) as r"
        " where schemaname = :schema and policyname = :policy"
    )
    for (role,) in connection.execute(sql(asked), {"schema": SCHEMA, "policy": policy}).all():
        connection.exec_driver_sql(f"revoke all on all tables in schema {SCHEMA} from {role}".replace("%", "%%"))
    for layer in LAYERS:
        connection.exec_driver_sql(f"drop policy if exists {policy} on {SCHEMA}.{layer.name}_row")


def _rights(layer: Layer, policy: str, role: str) -> list[str]:
    table = f"{SCHEMA}.{layer.name}_row"
    if policy == WRITES:
        return [
            f"grant select, insert, delete on {table} to {role}",
            f"create policy {WRITES} on {table} to {role} using (true) with check (true)",
        ]
    view = layer.views[LADDERS.index(policy)]
    return [
        f"grant select on {SCHEMA}.{view}, {table} to {role}",
        f"create policy {policy} on {table} for select to {role} using (ladder = '{policy}')",
    ]
