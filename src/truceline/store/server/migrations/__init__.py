"""How the tables of a record came to be, version by version (Alembic)."""
