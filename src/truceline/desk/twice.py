"""Which rows of a large table have the id of an earlier one? Found before anything is judged, in bounded memory.

Of the rows of one id that can be taken, the first stands: the rule of every reader. The steps, repeated at their lines:

1 every id becomes 64 bits, written with its row to one of `PILES` files by its first bits
2 each file is sorted by itself: rows whose bits occur twice are candidates
3 the candidates alone are read again, checked as any row, and compared by the whole id
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from truceline.errors import Fault, InputError, StoreError, quoted
from truceline.evidence.reading import Manner
from truceline.evidence.schema import Rejected
from truceline.evidence.sieve import READ_COLUMNS, as_observations, sift

PILES = 256
CHUNK = 1 << 14
MOST_TWICE = 1_000_000
"""Rows that may share their bits with another: beyond that, a file is no table of observations."""

TWICE = pa.schema([("row", pa.int64()), ("line", pa.int64()), ("id", pa.string()), ("reason", pa.string())])
"""Rows that have the id of an earlier one: index in the file, and what is said of them."""

Bits = NDArray[np.uint64]
Rows = NDArray[np.int64]
Batches = Callable[[tuple[str, ...], Rows | None], Iterator[tuple[int, pa.Table]]]
"""Gives columns of the file, from its first row on: index of the first row, and rows; only batches that hold some."""

_PILED = np.dtype([("bits", "<u8"), ("row", "<i8")])
_ODD = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def find_twice(batches: Batches, name: str, folder: Path, manner: Manner) -> pa.Table:
    """The rows that have the id of an earlier one, as a table of `TWICE`.

    Args:
        batches: reads columns of the file.
        name: the file's name for messages.
        folder: where the piles may lie meanwhile; made and removed.
        manner: how rows are checked: one that cannot be taken stands in nobody's way.

    Raises:
        InputError: so many rows share an id that the file is not what it claims to be.
    """
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _pile(batches, folder)  # 1
        rows, total, first = _candidates(folder)  # 2
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if total > MOST_TWICE:
        _refuse(batches, name, total, first)
    return _compared(batches, name, rows, manner)  # 3


def bits_of(ids: pa.Array) -> Bits:
    """64 bits of each text, the same on every machine `(n,)`; texts that differ have the same ones once in 2^64.

    >>> a, b, c = bits_of(pa.array(["a", "b", "a"]))
    >>> a == c, a == b
    (np.True_, np.False_)
    """
    whole = ids.cast(pa.large_string())
    edges = np.frombuffer(whole.buffers()[1], np.int64)[whole.offset : whole.offset + len(whole) + 1]
    begin, length = edges[:-1], np.diff(edges)
    data = np.zeros(int(edges[-1] - edges[0]) + 8, np.uint8)  # a word may begin at the last byte
    if len(data) > 8:
        data[:-8] = np.frombuffer(whole.buffers()[2], np.uint8)[edges[0] : edges[-1]]
    words: Bits = np.ndarray((len(data) - 7,), "<u8", data.data, strides=(1,))
    begin, made = begin - edges[0], np.empty(len(length), np.uint64)
    for at in range(0, len(length), CHUNK):
        some = slice(at, at + CHUNK)
        made[some] = _mixed(words, begin[some], length[some])
    return made


def _mixed(words: Bits, begin: Rows, length: Rows) -> Bits:
    """The bits of some texts, of which `words` has the eight bytes from every byte on."""
    first, second, third = (np.uint64(odd) for odd in _ODD)
    made = length.astype(np.uint64) * first
    least, most = int(length.min()), int(length.max())
    rows: Rows | slice = slice(None)
    for at in range(0, most, 8):
        if at >= least:
            rows = np.flatnonzero(length > at)
        mixed = words[begin[rows] + at]
        if at + 8 > least:
            left = np.minimum(length[rows] - at, 8).astype(np.uint64)
            mixed &= ~np.uint64(0) >> (np.uint64(64) - np.uint64(8) * left)
        mixed = (made[rows] ^ mixed) * second
        made[rows] = mixed ^ (mixed >> np.uint64(29))
    made = (made ^ (made >> np.uint64(27))) * third
    return made ^ (made >> np.uint64(31))


def _pile(batches: Batches, folder: Path) -> None:
    files = [(folder / f"{pile:03}").open("wb") for pile in range(PILES)]
    try:
        for start, table in batches(("id",), None):
            ids = table.column("id").combine_chunks()
            is_given = np.asarray(ids.is_valid().to_numpy(zero_copy_only=False), bool)
            piled = np.empty(len(ids), _PILED)
            piled["bits"], piled["row"] = bits_of(ids.fill_null("")), np.arange(start, start + len(ids))
            piled = piled[is_given]
            pile = (piled["bits"] >> np.uint64(56)).astype(np.uint8)
            piled = piled[np.argsort(pile, kind="stable")]
            ends = np.cumsum(np.bincount(pile, minlength=PILES))
            for number, end in enumerate(ends.tolist()):
                files[number].write(piled[end - int(ends[number] - ends[number - 1] if number else ends[0]) : end].data)
    finally:
        for file in files:
            file.close()


def _candidates(folder: Path) -> tuple[Rows, int, int]:
    """The rows whose bits occur twice, rising, none when there are over `MOST_TWICE`; how many; the first again."""
    found: list[Rows] = []
    total, first = 0, -1
    for path in sorted(folder.iterdir()):
        piled = np.fromfile(path, _PILED)
        bits = np.sort(piled["bits"])
        again = np.unique(bits[1:][bits[1:] == bits[:-1]])
        if not len(again):
            continue
        some = piled[np.isin(piled["bits"], again)]
        some = some[np.argsort(some["bits"], kind="stable")]  # of the same bits the rows rise
        later = some["row"][1:][some["bits"][1:] == some["bits"][:-1]]
        first = int(later.min()) if first < 0 else min(first, int(later.min()))
        total += len(some)
        found = [*found, some["row"]] if total <= MOST_TWICE else []
    return np.sort(np.concatenate([np.zeros(0, np.int64), *found])), total, first


def _refuse(batches: Batches, name: str, total: int, first: int) -> None:
    """Say how many, and which row is the first."""
    for start, table in batches(("id",), np.array([first])):
        key = table.column("id")[first - start].as_py()
        what = f"{total} rows share their id with another, more than {MOST_TWICE}; the first again is {quoted(key)}"
        raise InputError(Fault(what, name, first + 1, "id"))


def _compared(batches: Batches, name: str, rows: Rows, manner: Manner) -> pa.Table:
    """The candidates that can be taken, but for the first of each id."""
    met: set[bytes] = set()
    found: list[pa.Table] = []
    for start, table in batches(READ_COLUMNS, rows) if len(rows) else ():
        mine = rows[np.searchsorted(rows, start) : np.searchsorted(rows, start + table.num_rows)]
        some = as_observations(table.take(pa.array(mine - start)), name, start)
        taken = sift(some, manner).rows
        if taken is not None:
            mine, some = mine[taken], some.take(pa.array(taken))
        again = []
        keys, lines = (some.column(column).to_pylist() for column in ("id", "line"))
        for row, key, line in zip(mine.tolist(), keys, lines, strict=True):
            digest = hashlib.sha256(key.encode()).digest()
            if digest in met:
                reason = f"stands in this file twice: `{key}`"[:300]
                again.append({"row": row, "line": line or row + 1, "id": key[:80], "reason": reason})
            met.add(digest)
        found.append(pa.Table.from_pylist(again, schema=TWICE))
    return pa.concat_tables([TWICE.empty_table(), *found])


def rejected_twice(twice: pa.Table, name: str) -> list[Rejected]:
    """Those rows as rejected rows of a file."""
    return [Rejected(name, row["line"], row["id"], "id", row["reason"]) for row in twice.to_pylist()]
