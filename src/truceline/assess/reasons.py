"""Why is an answer open? The reasons of the factors at 0, gathered only for the bits that are open.

A sign has no reasons; so the columns here are asked for rows whose answer is 0, and say nothing of others.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from truceline.assess import answers as col
from truceline.assess.answers import Answers, Rows
from truceline.assess.fold import Excused, Sheet, chunks, signs
from truceline.assess.tables import Words
from truceline.verdict import SURE, UNKNOWN, Masks, Reason

Bools = NDArray[np.bool_]


@dataclass
class Whys:
    """The reasons of open bits."""

    sheet: Sheet
    _takers: dict[int, list[int]] = field(default_factory=dict)

    def judged(self, head: int, rows: Rows) -> Masks:
        """`(m,)` reasons of a head for pieces for which it is open, as judged."""
        made = np.zeros(len(rows), np.uint32)
        for at in chunks(np.arange(len(rows))):
            here, pair = rows[at], self.sheet.docket.pair
            both = np.zeros(len(here), bool) if pair is None else pair[here] >= 0
            made[at[~both]] = self.way(head, here[~both])
            if both.any():
                made[at[both]] = self._pairs(head, here[both])
        return made

    def way(self, head: int, rows: Rows, *, turned: bool = False) -> Masks:
        """`(m,)` reasons of a head for one way of pieces for which it is open."""
        if not len(rows):
            return np.zeros(0, np.uint32)
        made = self._rest(head, rows) | self._side(head, rows, turned=turned)
        made |= self._excuse(head, rows, turned=turned).why
        if self.sheet.tables.heads[head].is_held:
            self._overrule(made, head, rows, turned=turned)
        return np.asarray(made, np.uint32)

    def _overrule(self, made: Masks, head: int, rows: Rows, *, turned: bool) -> None:
        """Where `spec` was asked, what it answered."""
        found, at = self.sheet.asked.find(rows)
        made[found] = self.sheet.asked.why[at[found], 1 if turned else 0, head]

    def _rest(self, head: int, rows: Rows) -> Masks:
        docket, tables = self.sheet.docket, self.sheet.tables
        made = tables.time.why[docket.time[rows], head] | tables.acts.why[docket.acts[rows], head]
        return np.asarray(made | self._place(head, rows), np.uint32)

    def _place(self, head: int, rows: Rows) -> Masks:
        """Of the layers that are open, unless one holds surely."""
        docket, layers = self.sheet.docket, self.sheet.tables.layers
        mine, made, sure = layers.of_head[head], np.zeros(len(rows), np.uint32), np.zeros(len(rows), bool)
        if not mine:
            return made
        must, may = self.sheet.layer_words(rows)
        time, band = docket.time[rows], docket.band[rows]
        for layer in mine:
            holds, open_ = has(must, layer), has(may, layer)
            sure |= holds
            found = np.where(has(self.sheet.place_must[rows], layer), 0, layers.why[layer]).astype(np.uint32)
            found |= layers.bands.why[band, layer] | layers.dates.why[time, layer]
            made |= np.where(open_ & ~holds, found, np.uint32(0))
        return np.where(sure, np.uint32(0), made)

    def _side(self, head: int, rows: Rows, *, turned: bool) -> Masks:
        tables = self.sheet.tables
        who, to = self.sheet.side_rows(rows, turned=turned)
        return np.asarray(tables.who.why[who, head] | tables.to.why[to, head], np.uint32)

    def _sides(self, head: int, rows: Rows, *, turned: bool) -> Answers:
        must, may = self.sheet.sides(rows, turned=turned)
        value = signs(has(must, head), has(may, head))
        why = np.where(value == UNKNOWN, self._side(head, rows, turned=turned), 0)
        return Answers(value, why.astype(np.uint32))

    def _excuse(self, head: int, rows: Rows, *, turned: bool) -> Answers:
        """Not excused: the answer of the exceptions to a head."""
        mine, made = self._loud(head), Answers.same(SURE, len(rows))
        if not mine and not len(self.sheet.asked.pieces):
            return made
        left = self.sheet.ways(rows, turned=turned)
        made.value[:] = -signs(has(left.surely, head), has(left.perhaps, head))
        open_ = np.flatnonzero(made.value == UNKNOWN)
        made.why[open_] = self._takers_why(mine, rows[open_], left.take(open_), turned=turned)
        if not self.sheet.tables.heads[head].is_held:
            self._overrule(made.why, head, rows, turned=turned)
        return made

    def _takers_why(self, mine: list[int], rows: Rows, left: Excused, *, turned: bool) -> Masks:
        made = np.zeros(len(rows), np.uint32)
        for taker in mine:
            open_ = np.flatnonzero(has(left.may, taker) & ~has(left.must, taker))
            made[open_] |= self.way(taker, rows[open_], turned=turned)
        return made

    def _loud(self, head: int) -> list[int]:
        """What can excuse a head, or take it back, without anybody's word."""
        if head not in self._takers:
            words = self.sheet.tables.takers[head]
            self._takers[head] = [b for b in self.sheet.in_order if int(words[b // 64]) >> (b % 64) & 1]
        return self._takers[head]

    def _pairs(self, head: int, rows: Rows) -> Masks:
        """Pairs without direction: actor and target as one factor, called *actor* where it is open."""
        if self.sheet.tables.heads[head].is_held:
            return col.agreed([self.held(head, rows, turned=turned) for turned in (False, True)], Reason.ACTOR).why
        sides = col.agreed([self._sides(head, rows, turned=turned) for turned in (False, True)], Reason.ACTOR)
        sides = col.renamed(sides, Reason.TARGET, Reason.ACTOR)
        excuses = col.agreed([self._excuse(head, rows, turned=turned) for turned in (False, True)], Reason.ACTOR)
        return np.asarray(self._rest(head, rows) | sides.why | excuses.why, np.uint32)

    def held(self, head: int, rows: Rows, *, turned: bool = False) -> Answers:
        """Whether an exception holds, for one way of some pieces."""
        left = self.sheet.ways(rows, turned=turned)
        made = Answers(signs(has(left.must, head), has(left.may, head)), np.zeros(len(rows), np.uint32))
        open_ = np.flatnonzero(made.value == UNKNOWN)
        made.why[open_] = self.way(head, rows[open_], turned=turned)
        return made


def has(words: Words, bit: int) -> Bools:
    """Whether a bit is set, row by row."""
    return ((words[:, bit // 64] >> np.uint64(bit % 64)) & np.uint64(1)).astype(bool)
