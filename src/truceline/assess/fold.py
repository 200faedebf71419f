"""What do all factors together say? Words of tables gathered by code and joined: every head of a law, row by row.

`must` has the bits of the heads that are +1 for a piece of a report, `may` those that are not -1. The compiled loops of
`kernels.masks` and the arrays here do the same and give the same words.

The steps, repeated at their lines: 1 time, acts, place, 2 who and towards whom, 3 what excuses, 4 a pair without
direction is judged both ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from truceline.assess.answers import Rows
from truceline.assess.docket import Docket
from truceline.assess.kernels import is_compiled, patience
from truceline.assess.spots import Numbers
from truceline.assess.tables import ALL, Tables, Words, packed, place_masks
from truceline.verdict import NO, YES, Masks, Values

CHUNK = 1 << 14
Bools = NDArray[np.bool_]
Pair = tuple[Words, Words]


@dataclass(frozen=True)
class Excused:
    """What is left of one way of some pieces after the exceptions.

    Attributes:
        must, may: `(m, w)` every head, exceptions among them.
        surely, perhaps: `(m, w)` heads that are excused: +1, and not -1.
    """

    must: Words
    may: Words
    surely: Words
    perhaps: Words

    def take(self, rows: Rows | Bools) -> Excused:
        """Some of the pieces."""
        return Excused(self.must[rows], self.may[rows], self.surely[rows], self.perhaps[rows])


@dataclass(frozen=True)
class Folded:
    """Every head for every piece.

    Attributes:
        must, may: `(p, w)` as judged: a pair without direction by what both ways agree on.
        told: pieces for which a notice could invoke an exception.
        any_ways: `(q, 2)` the answer to *any* of each pair, forth and back.
    """

    must: Words
    may: Words
    told: Rows
    any_ways: Values


@dataclass(frozen=True)
class Asked:
    """What `spec` answered about exceptions, for the few pieces about which somebody said something.

    Attributes:
        pieces: `(m,)` rising.
        value, why: `(m, 2, b)` by way and head: is it excused, or, of an exception, does it hold?
    """

    pieces: Rows
    value: Values
    why: Masks

    def find(self, rows: Rows) -> tuple[Bools, Rows]:
        """Which rows are among them, and where."""
        if not len(self.pieces):
            return np.zeros(len(rows), bool), np.zeros(len(rows), np.int64)
        at = np.minimum(np.searchsorted(self.pieces, rows), len(self.pieces) - 1)
        return self.pieces[at] == rows, at


class Sheet:
    """A docket beside the tables of its law.

    Attributes:
        asked: answers of `spec` that stand in the place of what the tables say of exceptions.
    """

    def __init__(self, docket: Docket) -> None:
        """Work out the tables and ask for the place, both once."""
        self.docket = docket
        kept = docket.kept
        if "tables" not in kept:
            kept["tables"] = Tables(docket)
        self.tables: Tables = kept["tables"]
        layers = self.tables.layers
        place = place_of(docket, layers.ids)
        self.place_must, self.place_may = place if docket.of is None else (place[0][docket.of], place[1][docket.of])
        self.status = self.tables.status_time
        heads = len(self.tables.heads)
        self.asked = Asked(np.zeros(0, np.int64), np.zeros((0, 2, heads), np.int8), np.zeros((0, 2, heads), np.uint32))

    @cached_property
    def has_layers(self) -> bool:
        """Whether any head asks for a place."""
        return bool(self.tables.layers.ids)

    def layer_words(self, rows: Rows) -> Pair:
        """`(m, wl)` layers in which pieces lie at a height and a time at which these exist."""
        docket, layers = self.docket, self.tables.layers
        time, band = docket.time[rows], docket.band[rows]
        must = self.place_must[rows] & layers.bands.must[band] & layers.dates.must[time]
        return must, self.place_may[rows] & layers.bands.may[band] & layers.dates.may[time]

    def base(self, rows: Rows) -> Pair:
        """Every factor but actor, target and exceptions."""
        docket, tables = self.docket, self.tables  # 1
        time, acts = docket.time[rows], docket.acts[rows]
        must, may = (
            by_time[time] & by_act[acts] & (self._heads(words) if self.has_layers else ALL)
            for by_time, by_act, words in zip(
                (tables.time.must, tables.time.may), (tables.acts.must, tables.acts.may), self.layer_words(rows),
                strict=True,
            )
        )  # fmt: skip
        return must, may

    def _heads(self, words: Words) -> Words:
        """Heads of layers: those of which any layer is set."""
        lut = self.tables.layers.lut
        found = np.repeat(self.tables.layers.anywhere[None, :], len(words), axis=0)
        for byte, table in enumerate(lut):
            column = (words[:, byte // 8] >> np.uint64(8 * (byte % 8))) & np.uint64(255)
            if column.any():
                found |= table[column.astype(np.int64)]
        return found

    def side_rows(self, rows: Rows, *, turned: bool = False) -> tuple[Rows, Rows]:
        """Rows of the tables of actors and targets."""
        docket, tables = self.docket, self.tables
        who, to = docket.who[rows], docket.to[rows]
        if turned and docket.pair is not None and len(docket.turned):
            pairs = docket.pair[rows]
            who, to = docket.turned_who[pairs], docket.turned_to[pairs]
        status = self.status[docket.time[rows]]
        return tables.who_row[who, status], tables.to_row[to, status]

    def sides(self, rows: Rows, *, turned: bool = False) -> Pair:
        """Actor and target."""
        tables = self.tables  # 2
        who, to = self.side_rows(rows, turned=turned)
        return tables.who.must[who] & tables.to.must[to], tables.who.may[who] & tables.to.may[to]

    def excused(self, must: Words, may: Words) -> Excused:
        """What exceptions leave of the heads; those that need somebody's word are taken as not invoked."""
        tables = self.tables  # 3
        surely, perhaps = np.zeros_like(must), np.zeros_like(may)
        must, may = must & ~tables.silent, may & ~tables.silent
        if tables.has_exceptions:
            for head in self.in_order:
                word, bit = divmod(head, 64)
                for words, taken in ((may, perhaps), (must, surely)):
                    rows = np.flatnonzero((words[:, word] >> np.uint64(bit)) & np.uint64(1))
                    if len(rows):
                        taken[rows] |= tables.victims[head]
                must &= ~perhaps
                may &= ~surely
        return Excused(must, may, surely, perhaps)

    @cached_property
    def in_order(self) -> list[int]:
        """Exceptions that hold without anybody's word, those that nothing takes back first."""
        loud = self.tables.ranks & ~self.tables.silent
        return [
            64 * word + bit
            for rank in loud
            for word, whole in enumerate(rank)
            for bit in range(64)
            if int(whole) >> bit & 1
        ]

    def ways(self, rows: Rows, *, turned: bool = False) -> Excused:
        """One way of some pieces, exceptions and all."""
        base, side = self.base(rows), self.sides(rows, turned=turned)
        must, may = base[0] & side[0], base[1] & side[1]
        made, (found, at) = self.excused(must, may), self.asked.find(rows)
        if found.any():
            value, held = self.asked.value[at[found], 1 if turned else 0], self.tables.held
            surely, perhaps = packed(value == YES), packed(value != NO)
            made.surely[found], made.perhaps[found] = surely & ~held, perhaps & ~held
            made.must[found] = (must[found] & ~perhaps & ~held) | (surely & held)
            made.may[found] = (may[found] & ~surely & ~held) | (perhaps & held)
        return made

    def both_ways(self, rows: Rows, forth: Excused, back: Excused) -> Pair:
        """What both ways of some pairs agree on, factor by factor."""
        (must, may), held = self.base(rows), self.tables.held  # 4
        one, other = self.sides(rows), self.sides(rows, turned=True)
        must = must & one[0] & other[0] & ~forth.perhaps & ~back.perhaps
        may = may & (one[1] | other[1]) & ~(forth.surely & back.surely)
        return (
            (must & ~held) | (forth.must & back.must & held),
            (may & ~held) | ((forth.may | back.may) & held),
        )

    def any_of(self, words: Excused) -> Values:
        """The answer to *any* of one way: its sign alone."""
        return signs(some(words.must & self.tables.any), some(words.may & self.tables.any))


def some(words: Words) -> Bools:
    """Whether any bit is set, row by row."""
    return np.asarray(words.any(axis=1), bool)


def signs(must: Bools, may: Bools) -> Values:
    """+1, 0, -1 of two claims."""
    return (must.astype(np.int8) + may.astype(np.int8) - np.int8(1)).astype(np.int8)


def place_of(docket: Docket, layers: tuple[tuple[str, ...], ...]) -> Pair:
    """Words of the place of every report, kept with its columns: other readings of the text ask for the same."""
    columns, placed = docket.columns, docket.law.placed
    if not layers:
        return np.zeros((len(columns), 1), np.uint64), np.zeros((len(columns), 1), np.uint64)
    for known, ids, words in columns.places:
        if known is placed and ids == layers:
            return words
    made = place_masks(columns.spots, layers, placed)
    columns.places.append((placed, layers, made))
    return made


def fold(sheet: Sheet) -> Folded:
    """Every head for every piece of a docket."""
    docket, width = sheet.docket, sheet.tables.width
    if is_compiled(len(docket)):
        return _compiled(sheet)
    must, may = np.zeros((len(docket), width), np.uint64), np.zeros((len(docket), width), np.uint64)
    any_ways, told = np.zeros((len(docket.turned), 2), np.int8), []
    for rows in chunks(np.arange(len(docket))):
        base, side = sheet.base(rows), sheet.sides(rows)
        one, other = base[0] & side[0], base[1] & side[1]
        told.append(rows[some(other & sheet.tables.noticed)])
        left = sheet.excused(one, other)
        must[rows], may[rows] = left.must, left.may
    for rows in chunks(docket.turned):
        forth, back = sheet.ways(rows), sheet.ways(rows, turned=True)
        must[rows], may[rows] = sheet.both_ways(rows, forth, back)
        if docket.pair is not None:
            any_ways[docket.pair[rows]] = np.stack([sheet.any_of(forth), sheet.any_of(back)], axis=1)
        base, side = sheet.base(rows), sheet.sides(rows, turned=True)
        told.append(rows[some(base[1] & side[1] & sheet.tables.noticed)])
    return Folded(must, may, np.unique(np.concatenate([np.zeros(0, np.int64), *told])), any_ways)


def chunks(rows: Rows) -> Iterator[Rows]:
    """Rows in pieces of bounded size."""
    for at in range(0, len(rows), CHUNK):
        yield rows[at : at + CHUNK]


def _compiled(sheet: Sheet) -> Folded:
    with patience():
        from truceline.assess.kernels import masks  # noqa: PLC0415  # numba only where it is wanted

        must, may, told, any_ways = masks.fold(*arguments(sheet))
    return Folded(must, may, np.flatnonzero(told), any_ways)


Arguments = tuple[tuple[NDArray[np.generic], ...], ...]


def arguments(sheet: Sheet) -> Arguments:
    """Everything that the compiled loops read: columns, place, tables, layers, and the rules of exceptions."""
    docket, tables = sheet.docket, sheet.tables
    layers = tables.layers
    pair = np.zeros(0, np.int32) if docket.pair is None else docket.pair
    return (
        (*codes_of(docket), pair, _unsigned(docket.turned_who), _unsigned(docket.turned_to)),
        (sheet.place_must, sheet.place_may),
        (
            _unsigned(tables.status_time), tables.time.must, tables.time.may, tables.acts.must, tables.acts.may,
            _unsigned(tables.who_row), tables.who.must, tables.who.may,
            _unsigned(tables.to_row), tables.to.must, tables.to.may,
        ),
        (layers.bands.must, layers.bands.may, layers.dates.must, layers.dates.may, layers.anywhere, layers.lut),
        (tables.ranks, tables.victims, tables.silent, tables.noticed, tables.held, tables.any),
    )  # fmt: skip


def codes_of(docket: Docket) -> tuple[NDArray[np.generic], ...]:
    """The columns of a docket that every piece has."""
    return tuple(_unsigned(codes) for codes in (docket.time, docket.acts, docket.band, docket.who, docket.to))


def _unsigned(codes: Numbers) -> NDArray[np.generic]:
    """The same bytes; a compiled loop asks of a signed index first whether it counts from the end."""
    return np.ascontiguousarray(codes).view(np.uint32)


def sliced(whole: Arguments, rows: slice) -> Arguments:
    """The same arguments for some of the pieces: their columns are cut, the tables stay."""
    columns, place, *rest = whole
    cut = (*(codes[rows] for codes in columns[:5]), columns[5][rows], *columns[6:])
    return (cut, tuple(words[rows] for words in place), *rest)


def tally_arguments(sheet: Sheet) -> tuple[NDArray[np.generic], ...]:
    """What the compiled totals read beside columns and place, in their order."""
    tables, layers = sheet.tables, sheet.tables.layers
    first = np.cumsum([0, *(len(mine) for mine in layers.of_head)])
    flat = np.array([layer for mine in layers.of_head for layer in mine], np.int64)
    return (
        _unsigned(tables.status_time), _unsigned(tables.who_row), _unsigned(tables.to_row),
        tables.time.why, tables.acts.why, tables.who.why, tables.to.why,
        layers.bands.must, layers.bands.may, layers.bands.why, layers.dates.must, layers.dates.may, layers.dates.why,
        layers.why, first, flat, tables.takers, np.array(sheet.in_order, np.int64),
    )  # fmt: skip
