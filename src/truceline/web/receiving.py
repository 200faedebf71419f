"""How does an uploaded file come in? Piece by piece into quarantine, whether it is the whole body or part of a form.

No more than a few pieces are ever in memory. A form has one file, in the field `file`; its other fields are small, are
text, and each comes once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio.to_thread
from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from truceline.desk.uploads import Arrival
from truceline.errors import InputError, quoted
from truceline.web.parts import ProblemError

AT_ONCE = 1 << 20
"""So many bytes are written at a time."""

MOST_FIELD = 256 * 1024
MOST_FIELDS = 10
FILE = "file"


@dataclass
class _Form:
    """What a form held so far.

    Attributes:
        fields: name to bytes of the small fields that are whole.
        name: of the file.
        pieces: of the file, not written yet.
        has_ended: the form is whole.
    """

    fields: dict[str, bytearray] = field(default_factory=dict)
    name: str | None = None
    pieces: bytearray = field(default_factory=bytearray)
    has_ended: bool = False
    _into: bytearray | None = None
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _headers: dict[bytes, bytes] = field(default_factory=dict)

    def parser(self, boundary: bytes) -> MultipartParser:
        """A parser that fills this."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._part, "on_header_field": self._header_name,
                "on_header_value": self._header_value, "on_header_end": self._header_end,
                "on_headers_finished": self._begin, "on_part_data": self._data, "on_end": self._end,
            },
            max_header_count=8, max_header_size=4096,
        )  # fmt: skip

    def _part(self) -> None:
        self._headers, self._into = {}, None

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _begin(self) -> None:
        told = self._headers.get(b"content-disposition", b"").decode("utf-8", "replace")
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

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._into is None:
            raise InputError("expected the fields of a form, each with its name")
        self._into += data[start:end]
        if self._into is not self.pieces and len(self._into) > MOST_FIELD:
            raise InputError(f"expected fields of at most {MOST_FIELD} bytes beside the file")

    def _end(self) -> None:
        self.has_ended = True


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
