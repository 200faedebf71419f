"""How do the parts of a form come in, piece by piece? Headers are gathered here; what a part means, each form says."""

from __future__ import annotations

from abc import ABC, abstractmethod

from python_multipart import MultipartParser

MOST_HEADERS, MOST_HEADER = 8, 4_096


class Parts(ABC):
    """What the parser of a form calls.

    Attributes:
        headers: of the part that comes, names in small letters.
        has_ended: the form is whole.
    """

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.headers: dict[bytes, bytes] = {}
        self.has_ended = False
        self._name, self._value = bytearray(), bytearray()

    def parser(self, boundary: bytes) -> MultipartParser:
        """A parser that fills this."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._part, "on_header_field": self._header_name,
                "on_header_value": self._header_value, "on_header_end": self._header_end,
                "on_headers_finished": self.begin, "on_part_data": self.data, "on_part_end": self.end_part,
                "on_end": self._end,
            },
            max_header_count=MOST_HEADERS, max_header_size=MOST_HEADER,
        )  # fmt: skip

    @abstractmethod
    def begin(self) -> None:
        """A part begins: its headers are known.

        Raises:
            InputError: it is none that this form has.
        """

    @abstractmethod
    def data(self, data: bytes, start: int, end: int) -> None:
        """A piece of the part: `data[start:end]`.

        Raises:
            InputError: it is too much.
        """

    def end_part(self) -> None:  # noqa: B027  # most forms have nothing to do then
        """The part is whole."""

    def _part(self) -> None:
        self.headers = {}

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self.headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _end(self) -> None:
        self.has_ended = True
