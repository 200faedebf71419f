"""A text of an agreement is read once for all tests of a file that are not about how it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

import pytest

from truceline.agreement.text import load

_load = cache(load)
"""Other bytes are another text, and what is refused is refused each time."""


@contextmanager
def texts_read_once(*modules: ModuleType) -> Iterator[None]:
    """While it lasts these modules, each of which calls `load`, do not read the same bytes again."""
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            patch.setattr(module, "load", _load)
        yield
