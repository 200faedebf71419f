"""What may stand in a request? Text that is what it looks like, and JSON that has one meaning.

Not in a path or a query: bytes that are no UTF-8, control characters, and characters that turn the direction of what
follows, by which a reader is shown something else than the program reads. Not in JSON: a key twice, NaN, half of a
character, NUL, an override of the direction, nesting without end.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Container
from typing import Any
from urllib.parse import unquote_to_bytes

from truceline.canon import MOST_INT
from truceline.errors import InputError, quoted

MOST_DEPTH = 64
MOST_PARAMETERS = 100
TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
"""Characters that steer the direction of text."""

OVERRIDES = frozenset("\u202d\u202e")
"""Those of them that show letters in an order in which they do not stand; no language needs them."""

_ODD = re.compile(rb"%(?![2-6][0-9A-Fa-f]|7[0-9A-Ea-e])|[^\x21-\x7e]")
"""What is not plainly an ASCII character, written out or by its number."""

_OPENED, _BRACKET = re.compile(rb"[\[{]"), re.compile(rb"[\[\]{}]")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def check_path(path: str, raw: bytes) -> None:
    """Refuse a path with what may not stand in one.

    Raises:
        InputError: naming no part of it.
    """
    if b"%" in raw and _ODD.search(raw):
        _text(raw, "the path")
    elif not path.isascii():
        raise InputError("the path: expected characters beyond ASCII to be written as %XX")


def parameters(raw: bytes, names: Container[str] | None, many: Container[str]) -> None:
    """Refuse a query with what may not stand in one, with names that a route does not know, or with one of them twice.

    Args:
        raw: the query as it came.
        names: that the route knows; None = any.
        many: that may be repeated.

    Raises:
        InputError: it is none; the fault names the parameter.
    """
    text = _text(raw, "the query") if _ODD.search(raw) else None
    pieces = raw.split(b"&")
    if len(pieces) > MOST_PARAMETERS:
        raise InputError(f"expected at most {MOST_PARAMETERS} parameters")
    if names is None:
        return
    seen: set[str] = set()
    for piece in pieces:
        if not piece:
            continue
        name = piece.split(b"=", 1)[0]
        key = name.decode("ascii", "replace") if text is None and b"%" not in name and b"+" not in name else _key(name)
        if key not in names:
            raise InputError(f"no such parameter: {quoted(key)}")
        if key in seen and key not in many:
            raise InputError(f"the parameter {quoted(key)} stands there twice")
        seen.add(key)


def _key(name: bytes) -> str:
    return unquote_to_bytes(name.replace(b"+", b" ")).decode("utf-8", "replace")


def _text(raw: bytes, what: str) -> str:
    """Percent-decoded text.

    Raises:
        InputError: it is no UTF-8, or holds a character that may not stand there.
    """
    if re.search(rb"%(?![0-9A-Fa-f]{2})", raw):
        raise InputError(f"{what}: expected two digits after `%`")
    try:
        text = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{what}: expected UTF-8") from None
    if any(c < " " or "\x7f" <= c <= "\x9f" or c in TURNS or c in "\u2028\u2029\ufeff" for c in text):
        raise InputError(f"{what}: expected no control characters and none that turn the direction of text")
    return text


def json_of(data: bytes) -> Any:  # noqa: ANN401  # any JSON value
    """A JSON document with one meaning.

    Raises:
        InputError: it is none, or what may not stand in one stands in it.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("the body: expected UTF-8") from None
    if text.startswith("\ufeff"):
        raise InputError("the body: expected JSON without a byte order mark")
    _check_depth(data)
    try:
        value = json.loads(
            text, object_pairs_hook=_once, parse_float=_finite, parse_int=_whole, parse_constant=_no_constant
        )
    except (json.JSONDecodeError, RecursionError) as error:
        at = f" at byte {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(f"the body: expected JSON{at}") from None
    if "\\u" in text or not text.isascii():
        _check_texts(value)
    return value


def _check_depth(data: bytes) -> None:
    """Refuse what nests too deep, before anything walks down there."""
    if len(_OPENED.findall(data)) <= MOST_DEPTH:
        return
    depth = 0
    for one in _BRACKET.findall(_STRING.sub(b"", data)):
        depth += 1 if one in b"[{" else -1
        if depth > MOST_DEPTH:
            raise InputError(f"the body: expected at most {MOST_DEPTH} levels")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise InputError("the body: a key stands twice in one object")
    return made


def _whole(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MOST_INT:
        raise InputError("the body: a number is too large to be the same everywhere")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise InputError("the body: a number is too large")
    return value


def _no_constant(name: str) -> None:
    raise InputError(f"the body: {name} is no JSON")


def _check_texts(value: Any) -> None:  # noqa: ANN401  # any JSON value
    ahead = [value]
    while ahead:
        one = ahead.pop()
        if isinstance(one, str):
            if "\x00" in one or not OVERRIDES.isdisjoint(one):
                raise InputError("the body: expected no NUL and no override of the direction of text")
            if any("\ud800" <= c <= "\udfff" for c in one):
                raise InputError("the body: half a character stands in a text")
        elif isinstance(one, dict):
            ahead += [*one, *one.values()]
        elif isinstance(one, list):
            ahead += one
