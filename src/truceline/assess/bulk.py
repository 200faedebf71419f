"""The same as `spec`, over columns: every report against every term, from tables that were worked out once per code.

`spec` is the meaning and the oracle; a random differential test holds the two equal, value and reasons. `tables` says
what a law says of every code, `fold` joins that for every report, `reasons` tells why what is open is so. Few
exceptions are invoked or announced, so the pieces that have one are asked of `spec` itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from truceline.agreement.model import JUDGED_KINDS, Term
from truceline.assess import answers as col
from truceline.assess import spec
from truceline.assess.answers import Answers, Rows
from truceline.assess.columns import Columns
from truceline.assess.docket import Docket
from truceline.assess.fold import Asked, Folded, Sheet, arguments, chunks, fold, signs, sliced, some, tally_arguments
from truceline.assess.kernels import is_compiled, patience
from truceline.assess.reasons import Whys, has
from truceline.assess.tables import Tables, bits_of
from truceline.evidence.schema import Observation
from truceline.verdict import NEVER, NO, UNKNOWN, YES, Answer, Reason, Values

__all__ = ["Columns", "Docket", "Tally", "judge_all", "judge_any_all", "signs_all", "signs_any_all", "tally"]

Counts = NDArray[np.int64]
ANY = "any"
STRIDE = 1 << 13
"""So many pieces at a time stay in the cache of a core."""


def judge_all(docket: Docket, term_id: str) -> Answers:
    """`spec.judge` for all reports of a docket: `(n,)` answers to *covered*."""
    plain = _plain(docket, docket.law.terms[term_id])
    return plain if plain is not None else judged(docket).column(term_id, has_reasons=True)


def signs_all(docket: Docket, term_id: str) -> Values:
    """The values of `judge_all` alone: for readings of which no reasons are told."""
    plain = _plain(docket, docket.law.terms[term_id])
    return plain.value if plain is not None else judged(docket).column(term_id, has_reasons=False).value


def judge_any_all(docket: Docket) -> Answers:
    """`spec.judge_any` for all reports of a docket: `(n,)` answers to *some prohibition covers it*."""
    return judged(docket).any(has_reasons=True) if _can_any(docket) else Answers.same(NEVER, len(docket.columns))


def signs_any_all(docket: Docket) -> Values:
    """The values of `judge_any_all` alone."""
    if not _can_any(docket):
        return np.full(len(docket.columns), NO, np.int8)
    return judged(docket).any(has_reasons=False).value


def _can_any(docket: Docket) -> bool:
    """Whether there is a report to judge, and a prohibition."""
    return len(docket) > 0 and any(t.kind == "prohibit" and not t.overrides for t in docket.law.terms.values())


def _plain(docket: Docket, term: Term) -> Answers | None:
    """The answers about a term that needs no tables; None about one that does."""
    if term.kind not in JUDGED_KINDS:
        return Answers.same(NEVER, len(docket.columns))
    if not len(docket):
        return Answers.same(NEVER, 0)
    if term.kind == "define":
        return Answers(*docket.law.standing.window(term.id).over(docket.columns.start, docket.columns.end))
    return None


def judged(docket: Docket) -> Judged:
    """All heads of a docket, worked out once and kept with it."""
    if "judged" not in docket.kept:
        docket.kept["judged"] = Judged(docket)
    made: Judged = docket.kept["judged"]
    return made


class Judged:
    """Every head of a law for every report of a docket."""

    def __init__(self, docket: Docket) -> None:
        """Fold the tables, and ask `spec` where somebody said something about an exception."""
        self.docket, self.sheet = docket, Sheet(docket)
        self.folded = fold(self.sheet)
        self.sheet.asked = asked_of(self.sheet, self.folded)
        self._correct(self.sheet.asked.pieces)
        self.whys = Whys(self.sheet)

    def _correct(self, pieces: Rows) -> None:
        """Put what `spec` answered in the place of what the tables said."""
        docket, folded = self.docket, self.folded
        both = np.zeros(len(pieces), bool) if docket.pair is None else docket.pair[pieces] >= 0
        left = self.sheet.ways(pieces[~both])
        folded.must[pieces[~both]], folded.may[pieces[~both]] = left.must, left.may
        if docket.pair is not None and both.any():
            pairs = pieces[both]
            forth, back = self.sheet.ways(pairs), self.sheet.ways(pairs, turned=True)
            folded.must[pairs], folded.may[pairs] = self.sheet.both_ways(pairs, forth, back)
            ways = [self.sheet.any_of(forth), self.sheet.any_of(back)]
            folded.any_ways[docket.pair[pairs]] = np.stack(ways, axis=1)

    def column(self, term_id: str, *, has_reasons: bool) -> Answers:
        """The answers about a prohibition or a permit; without reasons where none are wanted."""
        docket, tables = self.docket, self.sheet.tables
        term = docket.law.terms[term_id]
        head = tables.held_bit[term_id] if term.kind == "permit" else tables.bit_of[term_id]
        value = signs(has(self.folded.must, head), has(self.folded.may, head))
        why = np.zeros(len(value), np.uint32)
        if has_reasons:
            open_ = np.flatnonzero(value == UNKNOWN)
            why[open_] = self.whys.judged(head, open_)
        made = docket.rejoined(Answers(value, why))
        return self._whole(made, lambda report: spec.judge(report, term_id, docket.law).covered)

    def any(self, *, has_reasons: bool) -> Answers:
        """The answers to *some prohibition covers it*."""
        docket, sheet = self.docket, self.sheet
        words = self.sheet.tables.any
        one = signs(some(self.folded.must & words), some(self.folded.may & words))
        pairs = docket.turned
        ways = [one, one.copy()] if len(pairs) else [one]
        whys = [np.zeros(len(one), np.uint32) for _ in ways]
        for way, value in enumerate(ways):
            if docket.pair is not None:
                value[pairs] = self.folded.any_ways[:, way]
            open_ = np.flatnonzero(value == UNKNOWN) if has_reasons else pairs[:0]
            both = np.zeros(len(open_), bool) if docket.pair is None else docket.pair[open_] >= 0
            for rows in chunks(open_[both]):
                left = sheet.ways(rows, turned=way == 1)
                for head in sheet.tables.any_heads:
                    at = np.flatnonzero(has(left.may, head))
                    whys[way][rows[at]] |= self.whys.way(head, rows[at], turned=way == 1)
            if way == 0:
                for head in sheet.tables.any_heads:
                    rows = open_[~both][has(self.folded.may[open_[~both]], head)]
                    whys[0][rows] |= self.whys.judged(head, rows)
            else:
                whys[1][open_[~both]] = whys[0][open_[~both]]
        made = [docket.rejoined(Answers(value, why)) for value, why in zip(ways, whys, strict=True)]
        whole = col.agreed(made, otherwise=Reason.ACTOR) if len(made) > 1 else made[0]
        return self._whole(whole, lambda report: spec.judge_any(report, docket.law))

    def _whole(self, made: Answers, ask: Callable[[Observation], Answer]) -> Answers:
        """Reports that `spec` cuts otherwise are asked of it."""
        for row in self.docket.whole:
            answer = ask(self.docket.columns.report(int(row)))
            made.value[row], made.why[row] = answer.value, answer.why
        return made


def asked_of(sheet: Sheet, folded: Folded) -> Asked:
    """What `spec` says of the exceptions to pieces of which an act of the record speaks, or that a notice may mean."""
    docket, tables = sheet.docket, sheet.tables
    named = docket.pieces(docket.columns.rows_of(spoken_of(docket, tables)))
    pieces = np.union1d(named, folded.told).astype(np.int64)
    if docket.of is not None and len(docket.whole):
        pieces = pieces[~np.isin(docket.of[pieces], docket.whole)]
    elif len(docket.whole):
        pieces = np.setdiff1d(pieces, docket.whole)
    value = np.full((len(pieces), 2, len(tables.heads)), NO, np.int8)
    why = np.zeros(value.shape, np.uint32)
    can_be = np.asarray(tables.takes.any(axis=0), bool)
    base, sides = sheet.base(pieces), [sheet.sides(pieces), sheet.sides(pieces, turned=True)] if len(pieces) else []
    is_named = set(named.tolist())
    for i, piece in enumerate(pieces):
        reports = docket.ways(int(piece))
        each = [base[1][i] & side[1][i] for side in sides[: len(reports)]]
        whole = np.bitwise_or.reduce(each)  # of a pair both ways are asked, whichever the term itself could mean
        for way, report in enumerate(reports):
            for b, head in enumerate(tables.heads):
                words = each[way] if head.is_held else whole
                is_open = bool(int(words[b // 64]) >> (b % 64) & 1)
                if head.is_held and (is_open or int(piece) in is_named):
                    answer = spec.holds(report, head.term, docket.law)
                elif not head.is_held and can_be[b] and is_open:
                    answer = spec.excused(report, head.term, docket.law)
                else:
                    continue
                value[i, way, b], why[i, way, b] = answer.value, answer.why
    return Asked(pieces, value, why)


def spoken_of(docket: Docket, tables: Tables) -> set[str]:
    """Ids of the reports about which somebody invoked an exception, or answered."""
    acts = docket.law.standing.acts
    return {act.of for act in acts if act.act in ("invoke", "answer") and act.term in tables.held_bit}


# -- totals, for streams ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """Totals of a docket, without a column per term.

    Attributes:
        terms: ids of the prohibitions in the order of the text, and `any`.
        counts: `(t, 3)` answers of -1, 0 and +1.
        reasons: `(t, r)` answers of 0 that carry each reason, in the order of the closed list.
    """

    terms: tuple[str, ...]
    counts: Counts
    reasons: Counts

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        if self.terms != other.terms:
            raise ValueError("totals of different laws cannot be added")
        return replace(self, counts=self.counts + other.counts, reasons=self.reasons + other.reasons)


def tally(docket: Docket) -> Tally:
    """Count the answers of all prohibitions, and of *any*, over all reports of a docket."""
    terms = tuple(term.id for term in docket.law.terms.values() if term.kind == "prohibit" and not term.overrides)
    if docket.of is None and terms and is_compiled(len(docket)):
        counts, left = _tallied(docket, terms)
    elif docket.columns.lasts is not None and is_compiled(len(docket)):
        lasts = docket.columns.lasts
        return tally(docket.part(np.flatnonzero(~lasts))) + _by_column(docket.part(np.flatnonzero(lasts)), terms)
    else:
        return _by_column(docket, terms)
    return counts + _by_column(docket.part(left), terms) if len(left) else counts


def _by_column(docket: Docket, terms: tuple[str, ...]) -> Tally:
    columns = [judge_all(docket, term) for term in terms] + [judge_any_all(docket)]
    counts = [[int((column.value == sign).sum()) for sign in (NO, UNKNOWN, YES)] for column in columns]
    reasons = [
        [int((column.why >> np.uint32(r) & np.uint32(1)).sum()) for r in range(len(Reason))] for column in columns
    ]
    return Tally((*terms, ANY), np.array(counts, np.int64), np.array(reasons, np.int64))


def _tallied(docket: Docket, terms: tuple[str, ...]) -> tuple[Tally, Rows]:
    """Totals of the reports of which each is one piece with one meaning, and the rows of the others."""
    with patience():
        from truceline.assess.kernels import masks  # noqa: PLC0415  # numba only where it is wanted

        sheet, tables = Sheet(docket), Sheet(docket).tables
        count = len(tables.heads)
        skip = np.zeros(len(docket), np.uint8) if docket.pair is None else (docket.pair >= 0).astype(np.uint8)
        skip[docket.columns.rows_of(spoken_of(docket, tables))] = 1
        skip[docket.whole] = 1
        yeses, by_mask = np.zeros(count + 1, np.int64), np.zeros((count + 1, 1 << len(Reason)), np.uint32)
        counted = (bits_of([tables.bit_of[term] for term in terms], count), tables.any, tables.held)
        rest, total = tally_arguments(sheet), 0
        for at in range(0, len(docket), STRIDE):
            part = sliced(arguments(sheet), slice(at, at + STRIDE))
            must, may, told, _ = masks.fold(*part)
            skip[at : at + STRIDE] |= told
            here = (part[0][:5], part[1], rest)
            total += masks.tally((must, may), skip[at : at + STRIDE], here, counted, (yeses, by_mask))
    rows = np.array([*(tables.bit_of[term] for term in terms), count])
    open_, yes = by_mask[rows].sum(axis=1, dtype=np.int64), yeses[rows]
    made = np.zeros((len(rows), len(Reason)), np.int64)
    for row, why in zip(*np.nonzero(by_mask[rows]), strict=True):
        made[row, [r for r in range(len(Reason)) if int(why) >> r & 1]] += int(by_mask[rows[row], why])
    return Tally((*terms, ANY), np.stack([total - open_ - yes, open_, yes], axis=1), made), np.flatnonzero(skip)
