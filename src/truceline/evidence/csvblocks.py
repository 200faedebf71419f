"""How is a large CSV read quickly, and still exactly as `csv` with `strict=True` reads it? Block by block.

1. A block is so many lines that it ends where a record ends: outside all quotes.
2. A block whose quotes stand only where RFC 4180 lets them stand means one thing to every reader. Arrow splits it
   into columns of texts.
3. Any other block (a bare quote or carriage return, a ragged row, a very long field) is read record by record by the
   `csv` module, so that a strange file is read slowly and never otherwise.

One block is in memory at a time. Lines are counted as `csv.reader.line_num` counts them: a record has the number of its
last line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from truceline.errors import Fault, InputError
from truceline.evidence.reading import MOST_LINE, MOST_UNPACKED, lines_of

LINES, CHARACTERS = 16_384, 1 << 22
"""A block holds about so many lines or so many characters, whichever comes first."""

STEP = 64
"""So many lines are gathered at a time; each is 1 MiB at the most."""

MOST_QUOTED_LINES = 1_000
"""A quoted field of more lines than this is left to the `csv` module, which knows when to stop."""

QUOTE, COMMA, FEED, RETURN = b'",\n\r'

Ints = NDArray[np.int64]
Cells = dict[str, str]


@dataclass(frozen=True)
class Block:
    """Some records of a table, in one of two forms.

    Attributes:
        lines: last line of each record, counted from 1 `(n,)`.
        columns: its cells as columns of texts, `n` rows; None where they had to be read one by one.
        records: its cells one by one, when there are no columns.
    """

    lines: Ints
    columns: pa.Table | None
    records: Sequence[Cells] = ()


EXTRA = ""
"""The name under which a record that has more cells than the header has columns shows the others."""


class Table:
    """The blocks of a CSV file.

    Attributes:
        header: the names of its columns, in their order; empty for an empty file.
    """

    def __init__(self, lines: Iterable[bytes], name: str) -> None:
        """Read the header.

        Args:
            lines: as `reading.opened` gives them, each with its line end.
            name: of the file, for messages.

        Raises:
            InputError: the header is not CSV.
        """
        self._lines, self._name = iter(lines), name
        self._line = self._size = 0
        self.header: list[str] = next(self._records([]), [])

    def blocks(self, wanted: Sequence[str]) -> Iterator[Block]:
        """The records, some thousands at a time.

        Args:
            wanted: the columns that are read; of two with one name the later one, those that are not there left out.

        Raises:
            InputError: not UTF-8; a quote is not closed, or stands where none may stand; a line or the whole is too
                long.
        """
        at = {name: place for place, name in enumerate(self.header) if name in wanted}
        while lines := self._gathered():
            before = self._line
            block = self._at_once(lines, at)
            if block is not None:
                self._line = before + len(lines)
                yield Block(block.lines + before, block.columns)
                continue
            found = [(self._line, self._cells(record, at)) for record in self._records(lines) if record]
            yield Block(np.array([line for line, _ in found], np.int64), None, [cells for _, cells in found])

    def _gathered(self) -> list[bytes]:
        """The next lines, up to where a record seems to end."""
        lines: list[bytes] = []
        size = quotes = 0
        while some := list(islice(self._lines, STEP)):
            lines += some
            text = b"".join(some)
            size += len(text)
            quotes += text.count(QUOTE)
            is_over = len(lines) > LINES + MOST_QUOTED_LINES or size > 2 * CHARACTERS
            if (len(lines) >= LINES or size >= CHARACTERS) and (quotes % 2 == 0 or is_over):
                break
        self._size += size
        if self._size > MOST_UNPACKED:
            raise InputError(Fault(f"over {MOST_UNPACKED} bytes of text", self._name, self._line + len(lines)))
        return lines

    def _texts(self, lines: list[bytes]) -> Iterator[str]:
        """These lines, and those that follow, as texts."""
        for number, raw in enumerate(chain(lines, self._lines), self._line + 1):
            yield _text(raw, number, self._name)

    def _records(self, lines: list[bytes]) -> Iterator[list[str]]:
        """The records that begin in these lines, or the next one of all; `_line` moves along."""
        before = self._line
        reader = csv.reader(self._texts(lines), strict=True)
        try:
            while not lines or reader.line_num < len(lines):
                record = next(reader, None)
                self._line = before + reader.line_num
                if record is None:
                    return
                yield record
                if not lines:
                    return
        except csv.Error as error:
            raise InputError(Fault(f"not CSV: {error}", self._name, before + reader.line_num)) from None

    def _cells(self, record: list[str], at: dict[str, int]) -> Cells:
        """The wanted cells of a record; what a short one lacks is empty, what is too many stands in `EXTRA`."""
        cells = {name: record[place] if place < len(record) else "" for name, place in at.items()}
        return {**cells, EXTRA: ",".join(record[len(self.header) :])} if len(record) > len(self.header) else cells

    def _at_once(self, lines: list[bytes], at: dict[str, int]) -> Block | None:
        """A block as columns; None where two readers could read it differently."""
        data = b"".join(lines)
        if not data.endswith(b"\n"):
            data += b"\n"
        ends = _record_ends(np.frombuffer(data, np.uint8))
        if ends is None or not at or not _is_text(data):
            return None
        table = _split(data, len(self.header), list(at.values()))
        if table is None or table.num_rows != len(ends):
            return None
        return Block(ends, table.rename_columns(list(at)).combine_chunks())


def _text(raw: bytes, number: int, name: str) -> str:
    """A line as text; what `lines_of` would refuse is refused in its words."""
    try:
        if len(raw) <= MOST_LINE:
            return raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return next(lines_of([raw], name))
    except InputError as error:
        raise InputError(*(replace(fault, line=number) for fault in error.faults)) from None


def _is_text(data: bytes) -> bool:
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def _record_ends(data: NDArray[np.uint8]) -> Ints | None:
    """The line, from 1, on which each record that is not blank ends; None = not for Arrow."""
    feeds = np.flatnonzero(data == FEED)
    quotes = np.flatnonzero(data == QUOTE)
    returns = np.flatnonzero(data == RETURN)
    if len(returns) and (data[returns + 1] != FEED).any():
        return None
    if not data.all() or not _are_plain(data, quotes):
        return None
    is_end = np.searchsorted(quotes, feeds) % 2 == 0
    lines, stops = np.flatnonzero(is_end) + 1, feeds[is_end]
    lengths = np.diff(stops, prepend=-1) - 1
    if len(lengths) and lengths.max() > csv.field_size_limit():
        return None
    is_blank = (lengths == 0) | ((lengths == 1) & (data[stops - 1] == RETURN))
    found: Ints = lines[~is_blank]
    return found


def _are_plain(data: NDArray[np.uint8], quotes: Ints) -> bool:
    """Whether every quote opens a field, closes one, or is doubled within one."""
    if not len(quotes):
        return True
    if len(quotes) % 2:
        return False
    opening, closing = quotes[::2], quotes[1::2]
    before, after = data[opening - 1], data[closing + 1]
    before[opening == 0] = FEED
    opens = (before == COMMA) | (before == FEED) | (before == QUOTE)
    closes = (after == COMMA) | (after == FEED) | (after == RETURN) | (after == QUOTE)
    return bool(opens.all() and closes.all())


def _split(data: bytes, width: int, places: Sequence[int]) -> pa.Table | None:
    """The columns at some places as texts; None when a row has more or fewer cells than the header."""
    names = [str(place) for place in range(width)]
    wanted = [names[place] for place in places]
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(data),
            arrow_csv.ReadOptions(block_size=len(data) + 1, column_names=names),
            arrow_csv.ParseOptions(newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None


def rows_of(block: Block, places: Iterable[int]) -> Iterator[tuple[int, Cells]]:
    """Some records of a block, one by one: the place in the block and the cells."""
    for place in places:
        if block.columns is None:
            yield place, block.records[place]
        else:
            yield place, {name: block.columns[name][place].as_py() for name in block.columns.column_names}


def distinct(columns: Sequence[pa.Array]) -> tuple[list[tuple[str, ...]], Ints]:
    """The different combinations of texts in some columns, and which of them each row has `(n,)`.

    >>> distinct([pa.array(["a", "b", "a"]), pa.array(["x", "x", "x"])])
    ([('a', 'x'), ('b', 'x')], array([0, 1, 0]))
    """
    parts = [column.dictionary_encode() for column in columns]
    codes = parts[0].indices.to_numpy().astype(np.int64)
    for part in parts[1:]:
        codes = codes * max(len(part.dictionary), 1) + part.indices.to_numpy()
        _, codes = np.unique(codes, return_inverse=True)  # never more codes than rows: the product stays small
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    texts = [part.dictionary.take(part.indices.take(pa.array(first))).to_pylist() for part in parts]
    return list(zip(*texts, strict=True)), codes.astype(np.int64)


class Seen:
    """Whole numbers that were met, as sorted runs: a million take 8 MB."""

    def __init__(self) -> None:
        """Begin with none."""
        self._runs: list[Ints] = []

    def again(self, numbers: Ints) -> NDArray[np.bool_]:
        """Which of these were met before, or stand earlier among them `(n,)`; the others are met from now on."""
        is_again = np.ones(len(numbers), bool)
        is_again[np.unique(numbers, return_index=True)[1]] = False
        for run in self._runs:
            at = np.searchsorted(run, numbers)
            is_again |= run[np.minimum(at, len(run) - 1)] == numbers
        fresh = np.sort(numbers[~is_again])
        while self._runs and len(self._runs[-1]) <= len(fresh):
            fresh = np.sort(np.concatenate([self._runs.pop(), fresh]))
        if len(fresh):
            self._runs.append(fresh)
        return is_again
