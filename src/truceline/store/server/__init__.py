"""Keeping a case and its record in PostgreSQL (`pip install truceline[server]`)."""

from truceline.store.server.case import ServerCase
from truceline.store.server.link import migrate
from truceline.store.server.postgres import ServerStore
from truceline.store.server.source import ServerSource

__all__ = ["ServerCase", "ServerSource", "ServerStore", "migrate"]
