"""The service's own memory beside the record: one module for each subject.

A new module takes its place here, so that its tables are on `meta` before a state is opened.
"""

from truceline.store.state import accounts, approvals, audit, intake, jobs, notices, sessions, uploads, webhooks
from truceline.store.state.base import State, open_state

__all__ = [
    "State", "accounts", "approvals", "audit", "intake", "jobs", "notices", "open_state", "sessions", "uploads",
    "webhooks",
]  # fmt: skip
