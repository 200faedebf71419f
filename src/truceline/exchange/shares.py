"""How is a secret divided among n, so that any k of them have it and any k - 1 know nothing at all?

Shamir's scheme, byte by byte, over the field of 256 elements that AES uses (x^8 + x^4 + x^3 + x + 1): each byte of the
secret is the value at 0 of a polynomial of degree k - 1 whose other coefficients are random, and holder number x
(1, 2, ...) has its value at x. Any k values give the polynomial; any k - 1 fit every secret equally well.

The arithmetic has one shape: no branch and no table is chosen by a byte of a secret. Python promises no more than that
about time, and these functions run on the machine of whoever holds the secret anyway.

A share says nothing of whether it is right: who divides publishes a mark of each (`mark_of`), so that a wrong one is
known, and whose it is.

Source: A. Shamir, "How to share a secret", 1979; the layout of draft-mcgrew-tss-03 without its header; FIPS 197, 4.2.
Why this is no library: docs/adr/0022-exchange-of-areas.md.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence

from truceline.canon import sha256
from truceline.errors import InputError, SubmissionError

MOST_HOLDERS = 16
"""More guarantors than this no agreement has; a share is numbered in one byte, 0 left out."""

LEAST_TOGETHER = 2
"""With one alone nothing would be divided."""

_MARK = b"truceline/share-mark/v1\n"


def split(secret: bytes, k: int, n: int, random_bytes: Callable[[int], bytes]) -> list[bytes]:
    """Divide a secret.

    Args:
        secret: one byte or more.
        k: so many holders together have it.
        n: so many holders there are.
        random_bytes: gives so many random bytes; what comes from it must never be used again.

    Returns:
        The share of each holder, as long as the secret; the first is that of holder 1.

    Raises:
        InputError: not 2 <= k <= n <= 16, or no secret.
    """
    check_numbers(k, n)
    if not secret:
        raise InputError("expected a secret of one byte or more")
    rest = [random_bytes(len(secret)) for _ in range(k - 1)]
    return [bytes(_value(bytes(column), x) for column in zip(secret, *rest, strict=True)) for x in range(1, n + 1)]


def combine(shares: Mapping[int, bytes]) -> bytes:
    r"""The secret that some shares are of, if they are k or more of one secret; else bytes that mean nothing.

    Args:
        shares: number of the holder to its share, all as long.

    Raises:
        InputError: fewer than 2, a number that no holder has, or shares of different lengths.

    >>> combine({1: bytes.fromhex("b9fa07e185"), 2: bytes.fromhex("f5409b4511")})
    b'test\x00'
    """
    if len(shares) < LEAST_TOGETHER or not all(1 <= x <= 255 for x in shares):
        raise InputError("expected two shares or more, of holders numbered from 1 to 255")
    if len({len(share) for share in shares.values()}) != 1:
        raise InputError("expected shares of one length")
    weights = _weights(sorted(shares))
    columns = zip(*(shares[x] for x in sorted(shares)), strict=True)
    return bytes(_sum(_times(weight, y) for weight, y in zip(weights, column, strict=True)) for column in columns)


def check_numbers(k: int, n: int) -> None:
    """Refuse numbers by which nothing would be divided, or too much.

    Raises:
        InputError: not 2 <= k <= n <= 16.
    """
    if not LEAST_TOGETHER <= k <= n <= MOST_HOLDERS:
        raise InputError(f"expected {LEAST_TOGETHER} <= k <= n <= {MOST_HOLDERS}, got {k} of {n}")


def mark_of(share: bytes, about: str) -> str:
    """What is published of a share, 64 hexadecimal digits: it tells a right one from a wrong one, and nothing of it.

    Args:
        share: as it is handed to its holder; of 16 random bytes or more, or its mark could be found by trying.
        about: whose share of what it is, so that no two marks are of the same thing.
    """
    return sha256(_MARK + about.encode() + b"\n" + share)


def check_mark(share: bytes, about: str, mark: str) -> None:
    """Refuse a share that is not the one of a mark.

    Raises:
        SubmissionError: it is another one.
    """
    if not hmac.compare_digest(mark_of(share, about), mark):
        raise SubmissionError("the share is not the one that its mark says")


# -- the field ---------------------------------------------------------------------------------------------------------


def _value(coefficients: Sequence[int], x: int) -> int:
    """A polynomial at x, lowest coefficient first (Horner)."""
    found = 0
    for one in reversed(coefficients):
        found = _times(found, x) ^ one
    return found


def _weights(xs: Sequence[int]) -> list[int]:
    """What each value is multiplied by to give the value at 0 (Lagrange); numbers of holders are no secrets."""
    found = []
    for own in xs:
        above = below = 1
        for other in xs:
            if other != own:
                above, below = _times(above, other), _times(below, own ^ other)
        found.append(_times(above, _inverse(below)))
    return found


def _times(a: int, b: int) -> int:
    """Multiply: eight steps whatever the numbers are."""
    found = 0
    for bit in range(8):
        found ^= a & -(b >> bit & 1)
        a = (a << 1 ^ 0x11B & -(a >> 7)) & 0xFF
    return found


def _inverse(a: int) -> int:
    """The number by which another gives 1: its power of 254; 0 of 0."""
    found = 1
    for _ in range(7):
        a = _times(a, a)
        found = _times(found, a)
    return found


def _sum(values: Iterable[int]) -> int:
    found = 0
    for one in values:
        found ^= one
    return found
