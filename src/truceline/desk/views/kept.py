"""Which answers are kept, so that the same question is not worked out twice? The ones asked last, by their bytes.

The key of an answer names what the reader was shown (`View.mark`) and what was asked. So nothing has to be thrown away
when the record grows: what is not asked any more falls out.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """An answer without what changes with every entry of the record.

    Attributes:
        content: a JSON object.
        etag: weak: two answers of the same content have the same.
        after: where the next page begins; empty = there is none.
    """

    content: bytes
    etag: str
    after: str = ""


def kept_of(content: bytes, after: str = "") -> Kept:
    """An answer to keep."""
    digest = hashlib.blake2b(content + after.encode(), digest_size=12).hexdigest()
    return Kept(content, f'W/"{digest}"', after)


class Answers:
    """The answers that were asked last."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Keep none yet."""
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._most, self._bytes, self._turn = most_bytes, 0, threading.Lock()

    def find(self, key: Hashable) -> Kept | None:
        """An answer that is kept."""
        with self._turn:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: Hashable, made: Kept) -> Kept:
        """Keep an answer, and let go of those asked longest ago."""
        with self._turn:
            before = self._kept.pop(key, None)
            self._bytes += len(made.content) - (len(before.content) if before else 0)
            self._kept[key] = made
            while self._bytes > self._most and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= len(gone.content)
        return made

    def of(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """An answer, worked out where it is not kept."""
        return self.find(key) or self.keep(key, make())
