"""Which files do pages name, and how do they travel? Style, fonts, marks and islands; pressed where that spares bytes.

The islands are built into the package (`web-assets/`). Where they were not built, pages come without them and work.

Only these files are pressed, and what is the same for everybody: never an answer in which a secret of whoever asks
stands beside what somebody else wrote, for its length would then tell of the secret (BREACH).
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources

from starlette.responses import Response

from truceline.report import served

KINDS: Mapping[str, str] = {
    "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "json": "application/json",
    "txt": "text/plain; charset=utf-8", "svg": "image/svg+xml", "woff2": "font/woff2",
    "bin": "application/octet-stream",
}  # fmt: skip
"""Endings of the files that are handed out; others of the same folders are not."""

DENSE = frozenset({"woff2"})
"""Endings of what is pressed already."""

ALWAYS = "public, max-age=31536000, immutable"
"""For a file whose address says what is in it."""

A_DAY, ASKED_AGAIN = "public, max-age=86400", "public, no-cache"
_FOLDERS = ("static", "built")


@dataclass(frozen=True)
class File:
    """A file of the pages.

    Attributes:
        name: under `/static/`.
        data: what is in it.
        mark: stands for what is in it.
    """

    name: str
    data: bytes = field(repr=False)
    mark: str

    @property
    def ending(self) -> str:
        """Of its name."""
        return self.name.rpartition(".")[2]

    @cached_property
    def pressed(self) -> bytes:
        """The same by gzip; empty where that spares nothing. Worked out once."""
        made = b"" if self.ending in DENSE else gzip.compress(self.data, 9, mtime=0)
        return made if len(made) < len(self.data) else b""

    def answer(self, *, accepts: str = "", has: str = "", asked: str = "") -> Response:
        """The file as an answer.

        Args:
            accepts: the header Accept-Encoding.
            has: the header If-None-Match.
            asked: the mark in the address; empty = none was asked for.
        """
        pressed = self.pressed if takes_gzip(accepts) else b""
        etag = f'"{self.mark}{"-gz" if pressed else ""}"'
        headers = {"ETag": etag, "Cache-Control": self._kept(asked)}
        if self.ending not in DENSE:
            headers["Vary"] = "Accept-Encoding"
        if etag in [one.strip() for one in has.split(",")]:
            return Response(status_code=304, headers=headers)
        if pressed:
            headers["Content-Encoding"] = "gzip"
        return Response(pressed or self.data, headers=headers, media_type=KINDS[self.ending])

    def _kept(self, asked: str) -> str:
        """How long a browser keeps it: a script of yesterday would ask a page of today for parts that are gone."""
        if asked == self.mark or self.name.startswith("chunk-"):
            return ALWAYS
        return ASKED_AGAIN if self.ending in {"js", "css", "json"} else A_DAY


@lru_cache(maxsize=1)
def files() -> Mapping[str, File]:
    """Everything that pages name: of the look, the scripts of this package, and the islands where they were built."""
    found = dict(served.files())
    for folder in _FOLDERS:
        place = resources.files("truceline.web").joinpath(folder)
        if place.is_dir():
            found |= {one.name: one.read_bytes() for one in place.iterdir() if one.name.rpartition(".")[2] in KINDS}
    return {name: File(name, data, hashlib.sha256(data).hexdigest()[:16]) for name, data in found.items()}


def takes_gzip(accepts: str) -> bool:
    """Whether a header Accept-Encoding takes gzip.

    >>> takes_gzip("br, gzip;q=0.8"), takes_gzip("gzip;q=0"), takes_gzip("identity"), takes_gzip("*")
    (True, False, False, False)
    """
    for one in accepts.split(",")[:20]:
        name, _, rest = one.partition(";")
        if name.strip().lower() == "gzip":
            return rest.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
