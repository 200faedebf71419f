"""What the same bytes need only once, in tests that are about something else.

A text of an agreement is read once for all tests of a file, and a signature that held is not verified again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from truceline.agreement.text import load
from truceline.record import entry

_load = cache(load)
"""Other bytes are another text, and what is refused is refused each time."""


@contextmanager
def texts_read_once(*modules: ModuleType) -> Iterator[None]:
    """While it lasts these modules, each of which calls `load`, do not read the same bytes again."""
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            patch.setattr(module, "load", _load)
        yield


class _Remembering:
    """A public key that knows which signatures over which bytes held."""

    def __init__(self, public: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(public)
        self._held = set[tuple[bytes, bytes]]()

    def verify(self, signature: bytes, data: bytes) -> None:
        """As the key does; whatever is new, or did not hold, is verified."""
        if (signature, data) not in self._held:
            self._key.verify(signature, data)
            self._held.add((signature, data))


@contextmanager
def signatures_verified_once() -> Iterator[None]:
    """While it lasts no signature of an entry that held is verified again over the same bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry, "_loaded", cache(_Remembering))
        yield
