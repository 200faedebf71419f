"""Which bytes stand for a value? One way to write it, so that everybody hashes the same.

JSON as RFC 8785 writes it (keys sorted by UTF-16, shortest numbers, no blanks). A table is hashed as its rows, one
canonical line each, sorted by `id`: the bytes of a Parquet file depend on who wrote it, these do not.

Source: RFC 8785, JSON Canonicalization Scheme.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import rfc8785

MOST_INT = 2**53 - 1
"""RFC 8785 knows no greater whole number: a reader in another language would round it."""

CHUNK = 4_096
"""Rows whose lines are held at a time."""

_TEXT = pa.large_string()
_ESCAPED = r"[\x00-\x1f\"\\]"


def canonical(value: Any) -> bytes:  # noqa: ANN401  # any JSON value is meant
    """Write a JSON value the one way.

    >>> canonical({"b": 1, "a": [True, None, 0.5]}).decode()
    '{"a":[true,null,0.5],"b":1}'
    """
    return rfc8785.dumps(value)


def sha256(data: bytes) -> str:
    """Hash bytes; 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def letters(data: bytes) -> str:
    """Fifteen letters that stand for some bytes in an id: no rule that looks for positions takes letters for one.

    >>> letters(b"")
    'ehieafkzzcejvcn'
    """
    number, found = int.from_bytes(hashlib.sha256(data).digest()[:9], "big"), ""
    for _ in range(15):
        number, letter = divmod(number, 26)
        found += chr(ord("a") + letter)
    return found


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


# -- whole tables ----------------------------------------------------------------------------------------------------


def hash_columns(table: pa.Table) -> str:
    """`hash_rows` of the rows of a table, written column by column and a few thousand lines at a time.

    >>> rows = [{"id": "b", "x": None}, {"id": "a", "x": 1e21}]
    >>> hash_columns(pa.Table.from_pylist(rows)) == hash_rows(rows)
    True
    """
    ids = table.column("id")
    if ids.null_count or not pa.types.is_string(ids.type):
        return hash_rows(table.to_pylist())
    order = pc.sort_indices(ids)  # by bytes of UTF-8, which is the order of code points
    sorted_ids = ids.take(order)
    is_again = pc.any(pc.equal(sorted_ids.slice(1), sorted_ids.slice(0, max(len(ids) - 1, 0)))).as_py()
    digest = hashlib.sha256()
    if is_again:  # lines of one id are sorted among themselves, and a run of them may be of any length
        lines = ((key, line) for at in range(0, len(order), CHUNK) for key, line in _keyed(table, order, at))
        for _, run in groupby(lines, key=lambda one: one[0]):
            for line in sorted(line for _, line in run):
                digest.update(line.encode())
        return digest.hexdigest()
    for at in range(0, len(order), CHUNK):
        for line in canonical_lines(table.take(order.slice(at, CHUNK))).to_pylist():
            digest.update(line.encode())
    return digest.hexdigest()


def canonical_lines(table: pa.Table) -> pa.Array:
    """The rows of a table as canonical JSON, each ended by LF: `canonical` of each row, for all at once."""
    if not table.num_rows:
        return pa.array([], _TEXT)
    columns = {name: table.column(name).combine_chunks() for name in table.column_names}
    whole = _object(columns, table.num_rows)
    return pc.binary_join_element_wise(whole, pa.scalar("", _TEXT), pa.scalar("\n", _TEXT))


def _keyed(table: pa.Table, order: pa.Array, at: int) -> Iterable[tuple[str, str]]:
    part = table.take(order.slice(at, CHUNK))
    return zip(part.column("id").to_pylist(), canonical_lines(part).to_pylist(), strict=True)


def _object(columns: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """Columns as one JSON object a row; the keys by their UTF-16 code units."""
    parts: list[pa.Array | pa.Scalar] = []
    ahead = "{"
    for name in sorted(columns, key=lambda key: key.encode("utf-16-be")):
        ahead += canonical(name).decode() + ":"
        if columns[name].null_count == rows:
            ahead += "null,"
            continue
        parts += [pa.scalar(ahead, _TEXT), _json(columns[name])]
        ahead = ","
    parts.append(pa.scalar(ahead.removesuffix(",") + "}", _TEXT))
    if len(parts) == 1:
        return pa.repeat(parts[0], rows)
    return pc.binary_join_element_wise(*parts, pa.scalar("", _TEXT))


def _json(values: pa.Array) -> pa.Array:
    """Every value of a column as canonical JSON; null as `null`."""
    made = _valid(values)
    return pc.fill_null(pc.if_else(pc.is_valid(values), made, pa.scalar(None, _TEXT)), "null")


def _valid(values: pa.Array) -> pa.Array:
    """`_json` of the values that are not null; what it gives for the others does not matter."""
    kind = values.type
    if pa.types.is_struct(kind):
        return _object({kind.field(i).name: pc.struct_field(values, i) for i in range(kind.num_fields)}, len(values))
    if pa.types.is_list(kind):
        texts = pa.ListArray.from_arrays(_offsets(values), pc.cast(_json(values.flatten()), pa.string()))
        inner = pc.cast(pc.binary_join(texts, ","), _TEXT)
        return pc.binary_join_element_wise(pa.scalar("[", _TEXT), inner, pa.scalar("]", _TEXT), pa.scalar("", _TEXT))
    if pa.types.is_string(kind):
        texts = pc.cast(values, _TEXT)
        if pc.any(pc.match_substring_regex(texts, _ESCAPED)).as_py():
            return _distinct(values, canonical)
        quote = pa.scalar('"', _TEXT)
        return pc.binary_join_element_wise(quote, texts, quote, pa.scalar("", _TEXT))
    if pa.types.is_boolean(kind):
        return pc.if_else(values, pa.scalar("true", _TEXT), pa.scalar("false", _TEXT))
    if pa.types.is_signed_integer(kind):
        wide = pc.cast(values, pa.int64())
        most = pc.max(pc.if_else(pc.less(wide, 0), pc.bit_wise_not(wide), wide)).as_py()
        if most is None or most < MOST_INT:
            return pc.cast(wide, _TEXT)
    return _distinct(values, canonical)  # floats, and whatever a reader of RFC 8785 may refuse


def _distinct(values: pa.Array, write: Callable[[Any], bytes]) -> pa.Array:
    """Values written one by one, each distinct one once."""
    coded = values.dictionary_encode()
    texts = pa.array([write(value).decode() for value in coded.dictionary.to_pylist()], _TEXT)
    return texts.take(coded.indices)


def _offsets(lists: pa.ListArray) -> pa.Array:
    """Where each list begins among the flat values that are not under a null."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    ends = pc.cumulative_sum(pc.cast(lengths, pa.int32()))
    return pa.concat_arrays([pa.array([0], pa.int32()), ends])
