"""How does Alembic reach the database? Through the connection that `migrate` hands over; there is no alembic.ini."""

from __future__ import annotations

from alembic import context

from truceline.store.server.tables import SCHEMA, meta


def run() -> None:
    """Run the versions that are missing, in the transaction of `migrate`."""
    context.configure(
        connection=context.config.attributes["connection"], target_metadata=meta, version_table_schema=SCHEMA
    )
    context.run_migrations()


if __name__ == "env_py":  # the name by which Alembic runs this file; anything else only reads it
    run()
