"""Keeping: a case folder whose files are the truth."""
