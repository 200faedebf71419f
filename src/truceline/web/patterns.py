"""How does a text look that a request may hold? Patterns, for the routes that take one and for their description."""

from __future__ import annotations

_YEAR = "(?:19[0-9]{2}|2[01][0-9]{2}|2200)"
_LEAP = "(?:(?:19|20|21)(?:0[48]|[2468][048]|[13579][26])|2000)"
_LONG = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
_SHORT = "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_DATE = f"(?:{_YEAR}-(?:{_LONG}|{_SHORT}|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
_CLOCK = "(?:(?:[01][0-9]|2[0-3])(?::[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,9})?)?)?|24(?::00(?::00)?)?)"
_OFFSET = "(?:Z|[+-](?:0[0-9]|1[0-8]):?[0-5][0-9])"
_MOMENT = f"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?|{_DATE}(?:[T ]{_CLOCK}{_OFFSET}?)?"

TIME = f"^(?:{_MOMENT})?$"
"""A time text as `span.parse_span` reads it, of the years 1900 to 2200; or nothing."""

DAY = f"^(?:{_DATE})?$"
"""A civil day of the years 1900 to 2200, or nothing."""

KNOWN_AT = f"^(?:{_MOMENT}|#[0-9]{{1,15}})?$"
"""The same, or `#` and the index of an entry."""

_ANY = r"[^\x00\u202d\u202e]*"
_LETTER = r"[0-9A-Za-z\u00c0-\u024f\u0400-\u04ff\u0620-\u06d3]"

SAID = f"^{_ANY}{_LETTER}{_ANY}$"
"""Words: at least one letter or digit of Latin, Cyrillic or Arabic script."""

LINE = r"^[^\x00-\x1f\x7f\u202d\u202e]*$"
"""One line, or nothing."""

URL = r"^https?://[!-\"$-?A-~]+$"
"""An address without credentials and without a fragment."""

INDEXES = "^(?:[0-9]{1,15}(?:[ ,]+[0-9]{1,15})*)?$"
"""Indexes of entries, with commas or spaces."""

CURSOR = "^[A-Za-z0-9_-]{0,600}$"
"""What `next` of a page of a list says, or nothing."""
