"""The tables of a case beside its record: files of tables of evidence, and what is computed from them.

The database itself refuses a file under a name that does not hold the hash of its bytes, and any change of one.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
create table truceline.evidence_file (
  name text primary key check (name ~ '^[0-9a-f]{64}[.][0-9a-f]{64}([.]rejected)?[.]parquet$'),
  bytes bytea not null,
  check (split_part(name, '.', 2) = encode(sha256(bytes), 'hex'))
);
create table truceline.projection (name text primary key, bytes bytea not null);
alter table truceline.evidence_file alter column bytes set storage external;
alter table truceline.projection alter column bytes set storage external
"""


def upgrade() -> None:
    """Make the tables; a record that is there is left as it is."""
    for line in TABLES.split(";"):
        op.execute(line)
    op.execute("create trigger never before update or delete or truncate on truceline.evidence_file "
               "for each statement execute function truceline.never()")  # fmt: skip


def downgrade() -> None:
    """A case is not taken back."""
    raise NotImplementedError("a case is not taken back: drop the database if that is what you mean")
