"""How does an uploaded file come in? Piece by piece into quarantine, whether it is the whole body or part of a form.

No more than a few pieces are ever in memory. A form has one file, in the field `file`; its other fields are small, are
text, and each comes once.
"""

from __future__ import annotations

from collections.abc import Mapping

import anyio.to_thread
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from truceline.desk.uploads import Arrival
from truceline.errors import InputError, quoted
from truceline.web.formparts import Parts
from truceline.web.parts import ProblemError

AT_ONCE = 1 << 20
"""So many bytes are written at a time."""

MOST_FIELD = 256 * 1024
MOST_FIELDS = 10
FILE = "file"


class _Form(Parts):
    """What a form held so far.

    Attributes:
        fields: name to bytes of the small fields that are whole.
        name: of the file.
        pieces: of the file, not written yet.
    """

    def __init__(self) -> None:
        """Nothing has come yet."""
        super().__init__()
        self.fields: dict[str, bytearray] = {}
        self.name: str | None = None
        self.pieces = bytearray()
        self._into: bytearray | None = None

    def begin(self) -> None:
        """Into what it goes."""
        self._into = None
        told = self.headers.get(b"content-disposition", b"").decode("utf-8", "replace")
        kind, options = parse_options_header(told.encode("utf-8").decode("latin-1"))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if kind != b"form-data" or not name:
            raise InputError("expected the fields of a form, each with its name")
        if name in self.fields or (name == FILE and self.name is not None):
            raise InputError(f"{quoted(name)}: expected this field once")
        if name == FILE:
            self.name, self._into = options.get(b"filename", b"").decode("utf-8", "replace"), self.pieces
        elif len(self.fields) >= MOST_FIELDS:
            raise InputError(f"expected at most {MOST_FIELDS} fields")
        else:
            self._into = self.fields[name] = bytearray()

    def data(self, data: bytes, start: int, end: int) -> None:
        """Take a piece."""
        if self._into is None:
            raise InputError("expected the fields of a form, each with its name")
        self._into += data[start:end]
        if self._into is not self.pieces and len(self._into) > MOST_FIELD:
            raise InputError(f"expected fields of at most {MOST_FIELD} bytes beside the file")


async def receive(request: Request, arrival: Arrival) -> tuple[str | None, Mapping[str, bytes]]:
    """Take a file in.

    Args:
        request: whose body is a form with a file, or the file itself.
        arrival: where it goes.

    Returns:
        The name of the file and the other fields of the form; None and nothing where the body is the file.

    Raises:
        ProblemError: the form is none. InputError: a field is not as expected. StoreError: there is no room.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind.lower() != b"multipart/form-data":
        await _raw(request, arrival)
        return None, {}
    form = _Form()
    try:
        parser = form.parser(options.get(b"boundary", b""))
        async for piece in request.stream():
            await anyio.to_thread.run_sync(parser.write, piece)
            await _write(form.pieces, arrival, AT_ONCE)
        await _write(form.pieces, arrival, 1)
    except (FormParserError, ValueError):
        raise ProblemError(400, "expected a form of the type that its header says") from None
    if not form.has_ended or form.name is None:
        raise InputError(f"expected a form that is whole, with the file in its field `{FILE}`")
    return form.name, {name: bytes(value) for name, value in form.fields.items()}


async def _raw(request: Request, arrival: Arrival) -> None:
    kept = bytearray()
    async for piece in request.stream():
        kept += piece
        await _write(kept, arrival, AT_ONCE)
    await _write(kept, arrival, 1)


async def _write(kept: bytearray, arrival: Arrival, least: int) -> None:
    """Write what is at hand, once it is worth it; nobody waits for the disk but whoever sends."""
    if len(kept) >= least:
        piece = bytes(kept)
        kept.clear()
        await anyio.to_thread.run_sync(arrival.write, piece)
