"""Which bytes stand for a value? One way to write it, so that everybody hashes the same.

JSON as RFC 8785 writes it (keys sorted by UTF-16, shortest numbers, no blanks). A table is hashed as its rows, one
canonical line each, sorted by `id`: the bytes of a Parquet file depend on who wrote it, these do not.

Source: RFC 8785, JSON Canonicalization Scheme.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:  # noqa: ANN401  # any JSON value is meant
    """Write a JSON value the one way.

    >>> canonical({"b": 1, "a": [True, None, 0.5]}).decode()
    '{"a":[true,null,0.5],"b":1}'
    """
    return rfc8785.dumps(value)


def sha256(data: bytes) -> str:
    """Hash bytes; 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def hash_value(value: Any) -> str:  # noqa: ANN401  # any JSON value is meant
    """Hash a JSON value by its canonical bytes."""
    return sha256(canonical(value))


def hash_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Hash a table: SHA-256 over its canonical lines, each ended by LF, sorted by `id`.

    The order in which rows come, the batch size and the file format do not matter.

    >>> hash_rows([{"id": "b"}, {"id": "a"}]) == hash_rows([{"id": "a"}, {"id": "b"}])
    True
    """
    lines = sorted((str(row["id"]), canonical(dict(row))) for row in rows)
    digest = hashlib.sha256()
    for _, line in lines:
        digest.update(line + b"\n")
    return digest.hexdigest()
