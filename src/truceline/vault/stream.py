"""How are bytes of any length encrypted in pieces, so that no piece can be cut off, moved, or put into another file?

Pieces of 1 MiB under AES-256-GCM, each with its number, and whether it is the last, in its nonce: the construction
STREAM. A key is used for one stream and never again: whoever calls makes it at random.

Source: Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance,
2015.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from truceline.errors import VerificationError

PIECE = 1 << 20
"""Bytes of one piece; the last one is shorter, or empty."""
TAG = 16
_BOUND = b"truceline/stream/v1"


def encrypted(chunks: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """Encrypt a stream.

    Args:
        chunks: its bytes, in pieces of any length.
        key: 32 random bytes, used for this stream alone.
    """
    made = Encrypting(key)
    for chunk in chunks:
        if piece := made.take(chunk):
            yield piece
    yield made.end()


class Encrypting:
    """A stream that is encrypted as it comes in: the same bytes as `encrypted` gives."""

    def __init__(self, key: bytes) -> None:
        """Begin with 32 random bytes, used for this stream alone."""
        self._cipher, self._number, self._left = AESGCM(key), 0, b""

    def take(self, chunk: bytes) -> bytes:
        """Take in what comes; give what is ready, which may be nothing: the last piece is only known at the end."""
        self._left += chunk
        made = []
        while len(self._left) > PIECE:
            made.append(self._piece(self._left[:PIECE], is_last=False))
            self._left = self._left[PIECE:]
        return b"".join(made)

    def end(self) -> bytes:
        """The last piece."""
        return self._piece(self._left, is_last=True)

    def _piece(self, piece: bytes, *, is_last: bool) -> bytes:
        sealed = self._cipher.encrypt(_nonce(self._number, is_last=is_last), piece, _BOUND)
        self._number += 1
        return sealed


def decrypted(chunks: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """Decrypt a stream; each piece is verified before it is given.

    Raises:
        VerificationError: it is not what was encrypted, or not all of it; pieces that were given are to be thrown away.
    """
    cipher, number, ahead = AESGCM(key), 0, b""
    try:
        for piece in _pieces(chunks, PIECE + TAG):
            if number:
                yield cipher.decrypt(_nonce(number - 1, is_last=False), ahead, _BOUND)
            ahead, number = piece, number + 1
        yield cipher.decrypt(_nonce(max(number - 1, 0), is_last=True), ahead, _BOUND)
    except (InvalidTag, ValueError):
        raise VerificationError("vault: an original is damaged, or was sealed with another key") from None


def _pieces(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of one size; the last may be shorter. Nothing at all gives no piece."""
    left = b""
    for chunk in chunks:
        left += chunk
        while len(left) >= size:
            yield left[:size]
            left = left[size:]
    if left:
        yield left


def _nonce(number: int, *, is_last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([is_last])
