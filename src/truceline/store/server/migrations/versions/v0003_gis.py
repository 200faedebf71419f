"""The room for people with a GIS: an empty schema. Its tables and views are made, once PostGIS is there, by `gis`."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROOM = """
create schema truceline_gis;
revoke all on schema truceline_gis from public;
create table truceline_gis.version (one smallint primary key check (one = 1), version integer not null);
insert into truceline_gis.version values (1, 0)
"""


def upgrade() -> None:
    """Make the room; what is kept in the other schemas is left as it is."""
    for line in ROOM.split(";"):
        op.execute(line)


def downgrade() -> None:
    """A case is not taken back."""
    raise NotImplementedError("a case is not taken back: drop the database if that is what you mean")
