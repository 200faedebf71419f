"""How does a report arrive? As a form: short fields, and photos that are encrypted as they come, piece by piece.

No disk ever holds a photo as it is, and no more than a few pieces are in memory. What a file is says its beginning;
what it claims to be, and its name, are not even read. Whatever is wrong, what had arrived is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import anyio.to_thread
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect

from truceline.desk.drawer import Media
from truceline.desk.intake import forget_media
from truceline.desk.media import HEAD, what_of
from truceline.desk.originals import Incoming
from truceline.desk.settings import Settings
from truceline.errors import InputError
from truceline.web.answering import GoneError
from truceline.web.formparts import Parts
from truceline.web.hotline import MOST_NAME
from truceline.web.parts import ProblemError

FILES = "media"
"""The field of the files."""

MOST_FIELDS, MOST_FIELD = 32, 16 * 1024
URLENCODED = b"application/x-www-form-urlencoded"
_NAMELESS = "expected the fields of a form, each with its name"
_BROKEN = "expected a form of the type that its header says"
_NOT_MEDIA = "expected photos, videos and recordings, got a file that begins like none"


@dataclass
class _File:
    """A file on its way: until so much has come that it can be told, its beginning; then where it goes."""

    head: bytearray = field(default_factory=bytearray)
    what: str = ""
    incoming: Incoming | None = None


class Form(Parts):
    """What a report holds.

    Attributes:
        fields: name to the text of each short field; of one that came several times, all of them.
    """

    def __init__(self, settings: Settings) -> None:
        """Nothing has come yet; end it with `kept` or `drop`."""
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self._settings = settings
        self._files: list[_File] = []
        self._raw: list[tuple[str, bytearray]] = []
        self._into: bytearray | _File | None = None

    def text(self, name: str) -> str:
        """A field that comes once.

        Raises:
            InputError: it came more than once.
        """
        found = self.fields.get(name, [])
        if len(found) > 1:
            raise InputError(f"`{name}`: expected this field once")
        return found[0] if found else ""

    def kept(self) -> tuple[Media, ...]:
        """Keep the files that came, and say what they are.

        Raises:
            StoreError: the disk refuses.
        """
        made: list[Media] = []
        try:
            for one in self._files:
                if one.incoming is not None:  # those before it are known when one fails
                    made.append(Media(one.incoming.keep(), one.what))  # noqa: PERF401
        except BaseException:
            forget_media(made)
            self.drop()
            raise
        return tuple(made)

    def drop(self) -> None:
        """Forget the files that came."""
        for one in self._files:
            if one.incoming is not None:
                one.incoming.drop()

    def seen(self) -> dict[str, list[str]]:
        """The fields as far as they came and are text: to be shown to whoever wrote them."""
        came = {name: [raw.decode("utf-8", "replace")] for name, raw in self._raw}
        return {**came, **self.fields}

    # -- as it comes ---------------------------------------------------------------------------------------------------

    def read(self, data: bytes) -> None:
        """Take the fields of a form without files.

        Raises:
            InputError: it is none.
        """
        try:
            pairs = parse_qsl(
                data.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS,
                strict_parsing=bool(data),
            )  # fmt: skip
        except ValueError:
            raise InputError(_BROKEN) from None
        for name, value in pairs:
            if not 0 < len(name) <= MOST_NAME:
                raise InputError(_NAMELESS)
            self._put(name, value)

    def settle(self) -> None:
        """Read the fields once all of them have come.

        Raises:
            InputError: one is no text.
        """
        for name, raw in self._raw:
            try:
                self._put(name, raw.decode("utf-8"))
            except UnicodeDecodeError:
                raise InputError("expected a form in UTF-8") from None
        self._raw.clear()

    def _put(self, name: str, value: str) -> None:
        if len(value.encode()) > MOST_FIELD:
            raise InputError(f"expected fields of at most {MOST_FIELD} bytes")
        self.fields.setdefault(name, []).append(value)

    def begin(self) -> None:
        """Into what it goes."""
        self._into = None
        kind, options = parse_options_header(self.headers.get(b"content-disposition", b"").decode("latin-1"))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if kind != b"form-data" or not 0 < len(name) <= MOST_NAME:
            raise InputError(_NAMELESS)
        if name == FILES:
            self._into = _File()
            self._files.append(self._into)
            if len(self._files) > self._settings.most_files:
                raise InputError(f"expected at most {self._settings.most_files} files")
        else:
            if len(self._raw) >= MOST_FIELDS:
                raise InputError(f"expected at most {MOST_FIELDS} fields")
            self._into = bytearray()
            self._raw.append((name, self._into))

    def data(self, data: bytes, start: int, end: int) -> None:
        """Take a piece."""
        if isinstance(self._into, _File):
            self._take(self._into, data[start:end])
        elif self._into is not None:
            self._into += data[start:end]
            if len(self._into) > MOST_FIELD:
                raise InputError(f"expected fields of at most {MOST_FIELD} bytes")

    def _take(self, one: _File, data: bytes) -> None:
        if one.incoming is None:
            one.head += data
            if len(one.head) < HEAD:
                return
            self._tell(one)
            data = bytes(one.head)
            one.incoming = Incoming()
        one.incoming.take(data)
        if one.incoming.size > self._settings.most_media:
            raise ProblemError(413, f"expected files of at most {self._settings.most_media} bytes")

    def end_part(self) -> None:
        """A file that is shorter than its beginning is none; a field of files that nobody filled in is empty."""
        if isinstance(self._into, _File) and self._into.incoming is None and self._into.head:
            raise ProblemError(415, _NOT_MEDIA)

    @staticmethod
    def _tell(one: _File) -> None:
        one.what = what_of(bytes(one.head))
        if not one.what:
            raise ProblemError(415, _NOT_MEDIA)


async def read_form(request: Request, form: Form) -> None:
    """Take in the form of a request.

    Args:
        request: its body is a form, with or without files.
        form: it is filled; whatever happens, it is to be ended.

    Raises:
        InputError: a field is not as expected. ProblemError: 413, 415 or 400. StoreError: a file cannot be kept.
        GoneError: nobody sends it any more.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    try:
        if kind.lower() == URLENCODED:
            form.read(await request.body())
        else:
            await _pieces(request, form, options.get(b"boundary", b""))
    except ClientDisconnect:
        raise GoneError from None


async def _pieces(request: Request, form: Form, boundary: bytes) -> None:
    try:
        parser = form.parser(boundary)
        async for piece in request.stream():
            await anyio.to_thread.run_sync(parser.write, piece)
    except (FormParserError, ValueError):
        raise ProblemError(400, _BROKEN) from None
    if not form.has_ended:
        raise InputError("expected a form that is whole")
    form.settle()
