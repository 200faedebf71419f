"""Keeping a record in PostgreSQL (`pip install truceline[server]`)."""

from truceline.store.server.link import migrate
from truceline.store.server.postgres import ServerStore
from truceline.store.server.source import ServerSource

__all__ = ["ServerSource", "ServerStore", "migrate"]
