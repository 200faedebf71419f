"""How does a statement arrive with the files that it names? In one form: an `entry`, and any number of `file`.

What a field claims to be called or to be is not read: a file is known by the hash of its bytes.
"""

from __future__ import annotations

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from truceline.canon import sha256
from truceline.errors import InputError
from truceline.record.entry import MOST_BLOBS
from truceline.web.parts import ProblemError

ENTRY, FILE = b"entry", b"file"
MOST_PARTS = MOST_BLOBS + 2
"""The entry, its files, and the box of its sealed body."""

_EXPECTED = "expected a form with one `entry` and the files that it names, each in a field `file`"


class Parcel:
    """A form that is read.

    Attributes:
        entry: bytes of the statement; None = it has not come.
        files: hash to bytes.
    """

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.entry: bytes | None = None
        self.files: dict[str, bytes] = {}
        self._parts = 0
        self._header, self._value = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._name, self._data = b"", bytearray()
        self._has_ended = False

    def read(self, body: bytes, boundary: bytes) -> None:
        """Read a whole body.

        Raises:
            ProblemError: it is no form. InputError: a form of something else.
        """
        parser = MultipartParser(
            boundary,
            {
                "on_header_field": self._on_name, "on_header_value": self._on_value, "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers, "on_part_data": self._on_data, "on_part_end": self._on_part,
                "on_end": self._on_end,
            },
            max_header_count=8, max_header_size=4_096,
        )  # fmt: skip
        parser.write(body)
        if not self._has_ended or self.entry is None:
            raise InputError(_EXPECTED)

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _on_headers(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b"").decode("latin-1"))
        self._name = options.get(b"name", b"")
        self._parts += 1
        is_second = self._name == ENTRY and self.entry is not None
        if kind != b"form-data" or self._name not in (ENTRY, FILE) or is_second or self._parts > MOST_PARTS:
            raise InputError(_EXPECTED)
        self._headers = {}

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _on_part(self) -> None:
        data = bytes(self._data)
        self._data.clear()
        if self._name == ENTRY:
            self.entry = data
        else:
            self.files[sha256(data)] = data

    def _on_end(self) -> None:
        self._has_ended = True


def parcel_of(content_type: str, body: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The statement and the files of a body: of a form, or the statement alone.

    Raises:
        ProblemError: the form is none. InputError: it holds something else.
    """
    kind, options = parse_options_header(content_type)
    if kind.lower() != b"multipart/form-data":
        return body, {}
    parcel = Parcel()
    try:
        parcel.read(body, options.get(b"boundary", b""))
    except (FormParserError, ValueError):
        raise ProblemError(400, "expected a form of the type that its header says") from None
    return parcel.entry or b"", parcel.files
