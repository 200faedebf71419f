"""How is chance written down? Receipts for people, to be read back as they type them; and ids for the record.

A receipt is 128 bits, as letters and digits in groups.

Crockford's alphabet: no letter looks like a digit, and one that does is read as that digit, in any case, in the digits
of any script, with or without dashes.

Source: Douglas Crockford, Base 32.
"""

from __future__ import annotations

import secrets
import unicodedata
from itertools import pairwise
from typing import Final

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V", "-": None, " ": None})
_DIGITS, _GROUPS = 26, (0, 5, 10, 15, 20, 26)


def printed(receipt: bytes) -> str:
    """A receipt as it is shown: 26 letters and digits in groups, none of which looks like another.

    >>> printed(bytes(range(16)))
    '000G4-0R40M-30E20-9185G-R38E1W'
    """
    number, found = int.from_bytes(receipt, "big") << 2, ""
    for _ in range(_DIGITS):
        number, digit = divmod(number, 32)
        found = _LETTERS[digit] + found
    return "-".join(found[first:last] for first, last in pairwise(_GROUPS))


def read_receipt(text: str) -> bytes | None:
    """A receipt as somebody types it, in any case, with or without dashes; None where it can be none."""
    folded = unicodedata.normalize("NFKC", text[:200]).upper().translate(_READ_AS)
    plain = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded if not c.isspace())
    if len(plain) != _DIGITS or not set(plain) <= set(_LETTERS):
        return None
    number = 0
    for c in plain:
        number = number * 32 + _LETTERS.index(c)
    return (number >> 2).to_bytes(17, "big")[1:] if number & 3 == 0 else None


def random_letters(count: int) -> str:
    """Letters by chance, 4.7 bits each: without a digit, no rule of positions takes an id for a cell."""
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(count))
