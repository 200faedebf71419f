"""Which tables hold a case and its record in PostgreSQL, and who may do what with them?

The tables as the program addresses them. How they came to be, with their checks and triggers, is in `migrations`; a
test compares the two. The rights of the role that the program runs as are here, in one place.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Identity, LargeBinary, MetaData, SmallInteger, Table, Text
from sqlalchemy import text as sql

SCHEMA = "truceline"
VERSION = "0004"
"""The migration that this program knows."""

meta = MetaData(schema=SCHEMA)


def _number(name: str, *, is_key: bool = False, may_lack: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=is_key, autoincrement=False, nullable=may_lack)


entry = Table("entry", meta, _number("index", is_key=True),
              Column("bytes", LargeBinary, nullable=False), Column("leaf", LargeBinary, nullable=False))  # fmt: skip
tile = Table("tile", meta, Column("path", Text, primary_key=True), Column("bytes", LargeBinary, nullable=False))
head = Table("head", meta, _number("seq", is_key=True), _number("size"), Column("note", LargeBinary, nullable=False))
note = Table("note", meta, _number("size", is_key=True), Column("bytes", LargeBinary, nullable=False))
cosignature = Table("cosignature", meta, _number("size", is_key=True), Column("key", Text, primary_key=True),
                    Column("line", Text, nullable=False))  # fmt: skip
blob = Table("blob", meta, Column("sha256", LargeBinary, primary_key=True),
             Column("bytes", LargeBinary, nullable=False))  # fmt: skip
refusal = Table("refusal", meta, Column("id", BigInteger, Identity(always=True), primary_key=True), _number("at"),
                Column("leaf", Text, nullable=False), Column("why", Text, nullable=False))  # fmt: skip
state = Table("state", meta, Column("one", SmallInteger, primary_key=True, autoincrement=False), _number("size"),
              Column("data", LargeBinary, nullable=False))  # fmt: skip
party_key = Table("party_key", meta, Column("id", Text, primary_key=True), Column("party", Text, nullable=False),
                  Column("public", LargeBinary, nullable=False), _number("start"), _number("end", may_lack=True),
                  _number("contested_from", may_lack=True))  # fmt: skip
evidence_file = Table("evidence_file", meta, Column("name", Text, primary_key=True),
                      Column("bytes", LargeBinary, nullable=False))  # fmt: skip
cell = Table("cell", meta, _number("index", is_key=True), Column("field", Text, primary_key=True),
             _number("cell", is_key=True))  # fmt: skip
projection = Table("projection", meta, Column("name", Text, primary_key=True),
                   Column("bytes", LargeBinary, nullable=False))  # fmt: skip

TRUTH = ("entry", "tile", "head", "note", "cosignature", "evidence_file", "cell")
"""Only ever added to. A blob too is never changed, but the box of a sealed body can be destroyed."""
KEPT = ("blob", "refusal")
PROJECTIONS = ("state", "party_key", "projection")
"""Can be lost and computed again; nothing is decided by them that is not checked against the entries."""


def grant(connection: Connection, role: str) -> None:
    """Give the role that the program runs as its rights, and take every other one from it.

    Args:
        connection: of the owner of the tables.
        role: its name; it must exist.
    """
    to = connection.dialect.identifier_preparer.quote_identifier(role)
    added = ", ".join(f"{SCHEMA}.{name}" for name in (*TRUTH, *KEPT))
    changed = ", ".join(f"{SCHEMA}.{name}" for name in PROJECTIONS)
    for line in (
        f"revoke all on all tables in schema {SCHEMA} from {to}",
        f"grant usage on schema {SCHEMA} to {to}",
        f"grant select, insert on {added} to {to}",
        f"grant select, insert, update, delete on {changed} to {to}",
        f"grant select on {SCHEMA}.alembic_version to {to}",
        f"grant execute on function {SCHEMA}.destroy_blob(bytea) to {to}",
    ):
        connection.execute(sql(line.replace(":", r"\:")))
