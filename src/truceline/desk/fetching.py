"""How does a file come from a server to this disk, whole or not at all? With resume, a limit of tries, and a checksum.

The steps of `Site.get`, repeated at their lines:

1. What came so far lies in `NAME.part`, and beside it in `NAME.part.json` which edition of the file it is.
2. The rest is asked for with `Range` and `If-Range`. 206: the rest comes. 200: another edition, or a server that knows
   no ranges: from the beginning. 416: what we have is all of it, or of something else.
3. What ends early, is too slow, or is put off (429, 5xx) is asked for again, after a pause, a few times.
4. What is whole gets its name. `seal` writes its SHA-256 beside it; `settled` holds the file against it next time.

A key is sent in a header or a path and stands in no message. It is sent over TLS, or to this machine itself. The server
is believed of nothing: lengths, kinds and sizes are checked; another host is not followed to.

Source: RFC 9110 (13.1.5 If-Range, 14 Range Requests, 10.2.3 Retry-After).
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from truceline.desk.files import Tell, file_hash
from truceline.errors import InputError, StoreError, VerificationError, one_line, quoted
from truceline.store.disk import sync_folder, write_whole

MOST_BYTES = 4 << 30
PART_BYTES = 1 << 16
PATIENCE_S = 30.0
"""So long a connection may be silent."""

TRIES = 4
"""So many times in a row nothing new may come."""

MOST_TRIES = 200
MOST_PAUSE_S = 120
LATER = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which the same question may be asked again."""

_KEY = re.compile(r"[A-Za-z0-9._~+/=-]{1,256}")
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


class _Edition(msgspec.Struct):
    """Which edition of which file a part belongs to.

    Attributes:
        of: hash of what was asked for.
        etag: a strong one; empty = none was given.
        last_modified: as the server says it; empty = not said.
        length: of the whole file in bytes; -1 = not said.
    """

    of: str
    etag: str = ""
    last_modified: str = ""
    length: int = -1

    @property
    def validator(self) -> str:
        """What `If-Range` names; empty = a part of this edition cannot be continued."""
        return self.etag or self.last_modified


class _AgainError(Exception):
    """Nothing wrong on our side: ask again.

    Attributes:
        pause_s: seconds that the server wants us to wait; 0 = it does not say.
    """

    def __init__(self, why: str, pause_s: int = 0) -> None:
        super().__init__(why)
        self.pause_s = pause_s


@dataclass(frozen=True)
class Asked:
    """One file that is asked for.

    Attributes:
        path: below the address of the site; may hold a key.
        name: how messages call it; holds none.
        target: where it goes.
        most: bytes that it may have.
    """

    path: str
    name: str
    target: Path
    most: int = MOST_BYTES

    @property
    def part(self) -> Path:
        """What came so far."""
        return self.target.with_name(self.target.name + ".part")

    @property
    def note(self) -> Path:
        """Of which edition it is."""
        return self.target.with_name(self.target.name + ".part.json")


class Site:
    """A server that is asked for files, one at a time."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        has_secret: bool = False,
        pause: Callable[[float], None] = time.sleep,
        tell: Tell | None = None,
    ) -> None:
        """Take an address; nothing is asked yet.

        Args:
            url: http or https, without query.
            headers: sent with every question.
            has_secret: whether what is sent must not be read on the way.
            pause: how to wait so many seconds.
            tell: told `(what, done, all)` in bytes as the work goes on.

        Raises:
            InputError: no such address, or a key would be sent in the open.
        """
        try:
            parts = urlsplit(url)
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError:
            raise InputError(f"expected a URL, got {quoted(url)}") from None
        if parts.scheme not in ("http", "https") or not self._host or parts.query or parts.fragment or parts.username:
            raise InputError(f"expected a plain http or https URL, got {quoted(url)}")
        if has_secret and parts.scheme == "http" and self._host not in ("localhost", "127.0.0.1", "::1"):
            raise InputError(f"a key is not sent to {quoted(self._host)} in the open: expected an https URL")
        self._scheme, self._prefix = parts.scheme, parts.path.rstrip("/")
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "truceline", **(headers or {})}
        self._pause, self._tell = pause, tell

    def get(self, asked: Asked) -> None:
        """Bring a file to its place; one that is there already is left.

        Raises:
            InputError: the server does not have it, or refuses the key.
            StoreError: no answer, another answer than a file, or the disk refuses.
        """
        if asked.target.exists():
            return
        failures = 0
        for _ in range(MOST_TRIES):
            before = _size(asked.part)
            try:
                self._once(asked)
                return
            except _AgainError as why:  # 3
                failures = 0 if _size(asked.part) > before else failures + 1
                if failures >= TRIES:
                    raise StoreError(f"{self._host}: {asked.name}: {why} ({TRIES} tries)") from None
                if self._tell:
                    self._tell(f"{asked.name}: asking again", _size(asked.part), asked.most)
                self._pause(min(why.pause_s or 2 ** max(failures - 1, 0), MOST_PAUSE_S))
            except OSError as error:
                raise StoreError(f"{asked.target}: cannot be written: {error.strerror}") from None
        raise StoreError(f"{self._host}: {asked.name}: broke off {MOST_TRIES} times")

    def _once(self, asked: Asked) -> None:
        """Ask for what is missing, and take what comes."""
        edition = _kept(asked)  # 1
        have = _size(asked.part) if edition is not None else 0
        headers = dict(self._headers)
        if edition is not None and have:  # 2
            headers |= {"Range": f"bytes={have}-", "If-Range": edition.validator}
        with closing(self._line()) as line, closing(_answer(line, self._prefix + asked.path, headers)) as answer:
            self._check(answer, asked)
            if answer.status == 416 and edition is not None:
                _settle_416(answer, asked, have)
            else:
                self._take(answer, asked, edition, have)
        _finish(asked)  # 4

    def _line(self) -> http.client.HTTPConnection:
        if self._scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=PATIENCE_S, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE_S)

    def _check(self, answer: http.client.HTTPResponse, asked: Asked) -> None:
        """Let an answer pass that can be used.

        Raises:
            _AgainError: the server puts us off. InputError, StoreError: the file will never come.
        """
        status = answer.status
        if status in (200, 206, 416):
            if answer.getheader("Content-Encoding", "identity").lower() not in ("", "identity"):
                raise StoreError(f"{self._host}: {asked.name}: coded in a way that was not asked for")
            return
        if status in LATER:
            said = answer.getheader("Retry-After", "")
            raise _AgainError(f"answered {status}", int(said) if re.fullmatch(r"[0-9]{1,6}", said) else 0)
        if status in (401, 403):
            raise InputError(f"{self._host}: {asked.name}: the key was refused, or there was none ({status})")
        if status in (404, 410):
            raise InputError(f"{self._host}: {asked.name}: there is no such file ({status})")
        raise StoreError(f"{self._host}: {asked.name}: answered {status}; another address is not followed to")

    def _take(self, answer: http.client.HTTPResponse, asked: Asked, edition: _Edition | None, have: int) -> None:
        """Write what comes behind what we have, or anew."""
        now = _edition_of(answer, asked)
        if answer.status == 416 or (answer.status == 206 and not _continues(answer, edition, now, have)):
            _forget(asked)
            raise _AgainError("the file changed on the server")
        start = have if answer.status == 206 else 0
        if now.length > asked.most:
            raise StoreError(f"{self._host}: {asked.name}: expected at most {asked.most} bytes, got {now.length}")
        if answer.status == 200:
            write_whole(asked.note, msgspec.json.encode(now))
        done = start
        with asked.part.open("ab" if start else "wb") as file:
            while data := _read(answer):
                done += len(data)
                if done > asked.most:
                    raise StoreError(f"{self._host}: {asked.name}: more than {asked.most} bytes")
                file.write(data)
                if self._tell:
                    self._tell(asked.name, done, max(now.length, done))
            file.flush()
            os.fsync(file.fileno())
        if now.length not in (-1, done):
            raise _AgainError(f"broke off after {done} of {now.length} bytes")


def _answer(line: http.client.HTTPConnection, path: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
    """The head of an answer; an error names neither path nor headers, because a key may stand there."""
    try:
        line.request("GET", path, headers=dict(headers))
        return line.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise _AgainError(_why(error)) from None


# -- parts -----------------------------------------------------------------------------------------------------------


def _kept(asked: Asked) -> _Edition | None:
    """The edition of which a part lies here; None = begin anew."""
    try:
        edition = msgspec.json.decode(asked.note.read_bytes(), type=_Edition)
    except (OSError, msgspec.DecodeError):
        return None
    return edition if edition.of == _hash_of(asked) and edition.validator and asked.part.exists() else None


def _edition_of(answer: http.client.HTTPResponse, asked: Asked) -> _Edition:
    """What the head of an answer says of the whole file."""
    etag, length = answer.getheader("ETag", ""), answer.getheader("Content-Length", "")
    whole = int(length) if re.fullmatch(r"[0-9]{1,18}", length) else -1
    match = _RANGE.fullmatch(answer.getheader("Content-Range", ""))
    if answer.status != 200:
        whole = int(match[3]) if match else -1
    strong = "" if etag.startswith("W/") else etag  # only a strong one says that bytes are the same
    return _Edition(_hash_of(asked), strong, answer.getheader("Last-Modified", ""), whole)


def _continues(answer: http.client.HTTPResponse, edition: _Edition | None, now: _Edition, have: int) -> bool:
    """Whether a part of an answer begins where ours ends, and is of the same edition."""
    match = _RANGE.fullmatch(answer.getheader("Content-Range", ""))
    if edition is None or not match or match[1] is None or int(match[1]) != have:
        return False
    if edition.length not in (-1, now.length):
        return False
    return now.etag in ("", edition.etag) and (edition.etag != "" or now.last_modified in ("", edition.last_modified))


def _settle_416(answer: http.client.HTTPResponse, asked: Asked, have: int) -> None:
    """Nothing is left to send: what we have is whole, or is of something else."""
    match = _RANGE.fullmatch(answer.getheader("Content-Range", ""))
    edition = _kept(asked)
    if edition is None or not match or int(match[3]) != have or edition.length not in (-1, have):
        _forget(asked)
        raise _AgainError("the file changed on the server")


def _finish(asked: Asked) -> None:
    asked.part.replace(asked.target)
    asked.note.unlink(missing_ok=True)
    sync_folder(asked.target.parent)


def _forget(asked: Asked) -> None:
    for path in (asked.note, asked.part):
        path.unlink(missing_ok=True)


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(PART_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _AgainError(_why(error)) from None


def _why(error: Exception) -> str:
    """Why no answer came, in words that hold nothing of what was asked."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return f"no answer: {one_line(said, 80)}; is there a way to the internet?"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _hash_of(asked: Asked) -> str:
    return hashlib.sha256(asked.name.encode()).hexdigest()


# -- checksums and keys ----------------------------------------------------------------------------------------------


def seal(path: Path) -> str:
    """Write the SHA-256 of a file beside it, as `sha256sum` reads it; returns the hash."""
    digest = file_hash(path)
    write_whole(path.with_name(path.name + ".sha256"), f"{digest}  {path.name}\n".encode())
    return digest


def settled(path: Path) -> str:
    """The hash of a file that was fetched before and is as it was; empty = it is not there.

    Raises:
        VerificationError: it is not what was fetched. InputError: a file of this name that nobody sealed.
    """
    if not path.exists():
        return ""
    try:
        wanted = path.with_name(path.name + ".sha256").read_text(encoding="ascii", errors="replace")[:64]
    except OSError:
        raise InputError(f"{path}: is here already, without a checksum beside it: move it away") from None
    found = file_hash(path)
    if found != wanted:
        raise VerificationError(f"{path}: not the bytes that were fetched: delete it and its checksum to fetch it anew")
    return found


def key_of(file: Path | None, given: str) -> str:
    """A key from a file, else as the environment gives it; empty = there is none.

    Raises:
        InputError: the file cannot be read, or holds no key; what it holds is not repeated.
    """
    text = given
    if file is not None:
        try:
            text = file.read_text(encoding="ascii")[:1_000]
        except (OSError, ValueError):
            raise InputError(f"{file}: cannot be read as a key") from None
    if text.strip() and not _KEY.fullmatch(text.strip()):
        raise InputError(f"{file or 'the environment'}: expected a key of letters and digits in one line")
    return text.strip()
