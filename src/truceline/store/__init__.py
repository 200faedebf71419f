"""Keeping: cases and their records, in folders whose files are the truth, and in PostgreSQL."""
