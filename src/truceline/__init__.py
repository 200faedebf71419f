"""Truceline holds reports against the terms of a ceasefire and keeps a record both sides can trust.

It protects; it does not target, and it never decides who may be attacked.
"""

__version__ = "0.1.0"

RULE_VERSION = "4"
"""Raised by every change that can alter a verdict (starred in CHANGELOG.md)."""

LAW = "International humanitarian law applies whatever the answer. Absence from a list removes no protection."
"""The line that every page, report and export carries."""
