"""The tables of a record: entries, tiles, heads, notes, cosignatures, blobs; refusals; two projections.

Beyond keys, the database itself refuses: an entry of more than 65,535 bytes or with another leaf hash than its own; a
blob under another name than its hash; any change, by anybody, of what is only ever added to.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
create table truceline.entry (
  "index" bigint primary key check ("index" >= 0),
  bytes bytea not null check (octet_length(bytes) <= 65535),
  leaf bytea not null check (leaf = sha256(decode('00', 'hex') || bytes))
);
create table truceline.tile (path text primary key check (path ~ '^tile/[0-9]'), bytes bytea not null);
create table truceline.head (
  seq bigint primary key check (seq >= 0), size bigint not null check (size >= 0), note bytea not null
);
create table truceline.note (size bigint primary key check (size >= 0), bytes bytea not null);
create table truceline.cosignature (
  size bigint not null check (size >= 0), key text not null, line text not null, primary key (size, key)
);
create table truceline.blob (
  sha256 bytea primary key, bytes bytea not null, check (sha256 = sha256(bytes))
);
create table truceline.refusal (
  id bigint generated always as identity primary key, at bigint not null, leaf text not null, why text not null
);
create table truceline.state (
  one smallint primary key check (one = 1), size bigint not null check (size >= 0), data bytea not null
);
create table truceline.party_key (
  id text primary key, party text not null, public bytea not null check (octet_length(public) = 32),
  start bigint not null, "end" bigint, contested_from bigint
);
alter table truceline.entry alter column bytes set storage external;
alter table truceline.blob alter column bytes set storage external
"""

NEVER = """
create function truceline.never() returns trigger language plpgsql as $$
begin raise exception 'a record is only ever added to: % of % is refused', tg_op, tg_table_name; end $$
"""

# It deletes one blob, and there is no other way to delete one: a box of a sealed body whose destruction was logged.
DESTROY = """
create function truceline.destroy_blob(digest bytea) returns boolean language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin delete from truceline.blob where blob.sha256 = digest; return found; end $$
"""


def upgrade() -> None:
    """Make the tables."""
    for line in TABLES.split(";"):
        op.execute(line)
    op.execute(NEVER)
    for name in ("entry", "tile", "head", "note", "cosignature"):
        op.execute(f"create trigger never before update or delete or truncate on truceline.{name} "
                   "for each statement execute function truceline.never()")  # fmt: skip
    op.execute("create trigger never before update or truncate on truceline.blob "
               "for each statement execute function truceline.never()")  # fmt: skip
    op.execute(DESTROY)
    op.execute("revoke all on function truceline.destroy_blob(bytea) from public")


def downgrade() -> None:
    """A record is not taken back."""
    raise NotImplementedError("a record is not taken back: drop the database if that is what you mean")
