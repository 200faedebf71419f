"""What is to be judged? Columns of reports, cut and turned as a law asks.

`Columns` know no law. A `Docket` holds them against one: time becomes an index among the seconds at which anything of
the law changes, an act that lasts is cut there into pieces, a pair without direction is turned both ways, and an actor
is narrowed to those who have the means. Everything else reads codes.

Where the finer cuts could say more than `spec` does, the report is left to `spec` itself (`Docket.whole`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from truceline.agreement.conditions import of_time
from truceline.agreement.model import Term
from truceline.assess import spec
from truceline.assess.answers import Answers, Rows
from truceline.assess.asked import asks_of_report
from truceline.assess.columns import Bools, Columns, Times, columns_of
from truceline.assess.kernels import is_compiled, patience
from truceline.assess.spec import Law
from truceline.assess.spots import Numbers
from truceline.course import Course
from truceline.evidence.schema import Named, Observation
from truceline.span import LONG_AGO
from truceline.verdict import NO

# -- time as codes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clock:
    """The seconds at which something changes, and the spans that reports have among them.

    Attributes:
        at: `(k,)` rising seconds; the first is `LONG_AGO`. Nothing changes from `at[i]` until `at[i + 1]`.
        first, last: `(t,)` intervals in which a span begins and ends; the first `k` spans are the intervals alone.
    """

    at: Times
    first: Rows
    last: Rows

    @classmethod
    def read(cls, cuts: Iterable[int], start: Times, end: Times) -> tuple[Clock, Numbers]:
        """The clock of some cuts, and the code of each span among `first`, `last`."""
        at = np.array(sorted({LONG_AGO, *cuts}), np.int64)
        return cls(at, np.arange(len(at)), np.arange(len(at))).further(start, end)

    def further(self, start: Times, end: Times) -> tuple[Clock, Numbers]:
        """The same clock with more spans where some are new, and the code of each span."""
        at, k = self.at, len(self.at)
        code, wide = _intervals(at, start, end)
        if not wide:
            return self, code
        over = np.flatnonzero(code >= k)
        first, last = (np.searchsorted(at, x[over], side="right") - 1 for x in (start, end - 1))
        known, pairs = self.first[k:] * k + self.last[k:], first * k + last
        every = np.union1d(known, pairs)
        code[over] = (k + np.searchsorted(every, pairs)).astype(np.int32)
        if len(every) == len(known):
            return self, code
        return Clock(at, np.append(np.arange(k), every // k), np.append(np.arange(k), every % k)), code

    def __len__(self) -> int:
        """Number of spans."""
        return len(self.first)

    @property
    def start(self) -> Times:
        """`(t,)` a second in which each span begins."""
        return self.at[self.first]

    @property
    def end(self) -> Times:
        """`(t,)` the second after one in which each span ends."""
        return self.at[self.last] + 1

    def over(self, course: Course) -> Answers:
        """A course over every span."""
        return Answers(*course.over(self.start, self.end))

    def coarse(self, cuts: Iterable[int]) -> tuple[Clock, Numbers]:
        """The same spans on a clock of fewer cuts."""
        return Clock.read(cuts, self.start, self.end)


def _intervals(at: Times, start: Times, end: Times) -> tuple[Numbers, bool]:
    """The interval in which each span lies; `len(at)` for those that lie in several, and whether there are any."""
    if is_compiled(len(start)):
        with patience():
            from truceline.assess.kernels import masks  # noqa: PLC0415  # numba only where it is wanted

            code, wide = masks.intervals(at, start, end)
            return code, bool(wide)
    first, last = (np.searchsorted(at, x, side="right") - 1 for x in (start, end - 1))
    code = np.where(first == last, first, len(at)).astype(np.int32)
    return code, bool((first != last).any())


# -- a law's view of them --------------------------------------------------------------------------------------------


class Docket:
    """Reports prepared for one law: pieces of acts that last, pairs turned both ways, actors narrowed.

    Attributes:
        law: what they are judged by.
        columns: `(n,)` the reports.
        clock: the seconds that matter, and the distinct spans.
        of: `(p,)` index of the report of each piece; None = each is its own.
        time: `(p,)` index into the spans of `clock`.
        who, to: `(p,)` index into `names`: the actor, narrowed, and the target.
        acts, band: `(p,)` as in `columns`.
        pair: `(p,)` index of a piece that can be meant both ways, else -1; None = there is none.
        turned: `(q,)` pieces of those pairs; `turned_who`, `turned_to` their actor and target the other way round.
        whole: rows of `columns` to be asked of `spec`: it cuts them otherwise, or a term asks of each what no table
            says.
    """

    def __init__(self, reports: Sequence[Observation] | Columns, law: Law, kin: Docket | None = None) -> None:
        """Cut and turn.

        Args:
            reports: what sources said, as values or as columns.
            law: what they are judged by.
            kin: a docket of the same law and the same lists of distinct values, whose tables are taken over.
        """
        self.law = law
        self.columns = columns_of(reports)
        self.means: Means
        self.clock: Clock
        self.kept: dict[str, Any] = {}
        start, end = self.columns.start, self.columns.end
        if kin is not None and kin.law is law and kin.columns.has_lists_of(self.columns):
            self.means = kin.means
            self.clock, codes = kin.clock.further(start, end)
            self.kept = {k: v for k, v in kin.kept.items() if k == "tables" and self.clock is kin.clock}
        else:
            self.means = Means(law, self.columns)
            self.clock, codes = Clock.read(cuts(law, self.means.names), start, end)
        self._cut(codes)
        self.acts, self.band = self._of(self.columns.acts), self._of(self.columns.band)
        self._turn(self.means)
        self.whole = np.union1d(self._uncut(self.means), self._one_by_one())

    @property
    def names(self) -> tuple[Named, ...]:
        """The distinct names, those that a capability fact makes of them included."""
        return self.means.names

    @classmethod
    def of_table(cls, table: pa.Table, law: Law) -> Docket:
        """A docket of a table of `schema.SCHEMA`."""
        return cls(Columns.of_table(table), law)

    @classmethod
    def of_columns(cls, columns: Columns, law: Law, kin: Docket | None = None) -> Docket:
        """A docket of reports that are codes already; see `__init__` for `kin`."""
        return cls(columns, law, kin)

    def __len__(self) -> int:
        """Number of pieces."""
        return len(self.time)

    def part(self, rows: Rows) -> Docket:
        """A docket of some of the reports."""
        return Docket(self.columns.take(rows), self.law, self)

    def pieces(self, rows: Rows) -> Rows:
        """The pieces of some reports."""
        return rows if self.of is None else np.flatnonzero(np.isin(self.of, rows))

    def ways(self, piece: int) -> list[Observation]:
        """What a piece can mean, as values."""
        row = piece if self.of is None else int(self.of[piece])
        report = replace(self.columns.report(row), lasts=False)
        if self.columns.lasts is not None and self.columns.lasts[row]:
            code, at = self.time[piece], self.clock.at
            until = int(at[code + 1]) if code + 1 < len(at) else report.end
            report = replace(report, start=max(report.start, int(at[code])), end=min(report.end, until))
        return spec.directions(report, self.law)

    def rejoined(self, pieces: Answers) -> Answers:
        """An act that lasts is covered when a piece of it is."""
        if self.of is None or not len(self.of):
            return pieces
        starts = np.searchsorted(self.of, np.arange(len(self.columns)))
        value = np.maximum.reduceat(pieces.value, starts)
        why = np.bitwise_or.reduceat(np.where(pieces.value == 0, pieces.why, 0).astype(np.uint32), starts)
        return Answers(value, np.where(value == 0, why, 0).astype(np.uint32))

    def _of(self, column: Numbers) -> Numbers:
        return column if self.of is None else column[self.of]

    def _cut(self, codes: Numbers) -> None:
        """Acts that last become one piece per interval."""
        self.of: Rows | None = None
        self.time = codes
        if self.columns.lasts is None:
            return
        first, last = self.clock.first[codes], self.clock.last[codes]
        counts = np.where(self.columns.lasts, last - first + 1, 1)
        self.of = np.repeat(np.arange(len(codes)), counts)
        within = np.arange(len(self.of)) - np.repeat(np.cumsum(counts) - counts, counts)
        whole = ~self.columns.lasts[self.of]
        self.time = np.where(whole, codes[self.of], first[self.of] + within).astype(np.int32)

    def _turn(self, means: Means) -> None:
        """Who and towards whom of every piece, and the other way round for pairs."""
        actor, target = self._of(self.columns.actor), self._of(self.columns.target)
        spans = means.at(self.clock, self.acts, self.time)
        self.pair: Numbers | None = None
        self.turned = np.zeros(0, np.int64)
        self.turned_who = self.turned_to = np.zeros(0, np.int32)
        if self.columns.unordered is not None:
            unordered = self.columns.unordered if self.of is None else self.columns.unordered[self.of]
            forth, back = means.can(actor, spans), means.can(target, spans)
            neither = ~forth & ~back  # then the report and the fact contradict, and either way is as good
            swapped, both = unordered & back & ~forth, unordered & ((forth & back) | neither)
            actor, target = np.where(swapped, target, actor), np.where(swapped, actor, target)
            self.turned = np.flatnonzero(both)
            self.pair = np.full(len(both), -1, np.int32)
            self.pair[self.turned] = np.arange(len(self.turned))
            self.turned_who = means.narrowed(target[self.turned], spans if spans is None else spans[self.turned])
            self.turned_to = actor[self.turned]
        self.who, self.to = means.narrowed(actor, spans), target

    def _uncut(self, means: Means) -> Rows:
        """Acts that last across something at which `spec` does not cut."""
        if self.columns.lasts is None:
            return np.zeros(0, np.int64)
        marks = np.array(sorted({*means.cuts, *_unmarked(self.law)}), np.int64)
        start, end = self.columns.start, self.columns.end
        across = np.searchsorted(marks, start, side="right") < np.searchsorted(marks, end - 1, side="right")
        return np.flatnonzero(self.columns.lasts & across)

    def _one_by_one(self) -> Rows:
        """Reports of which a term asks a number, an event before or after, or where they came from.

        An exception that its bearer has to invoke is asked of reports that are named, and those `spec` judges anyhow.
        """
        asking = [t for t in judged(self.law) if t.at == "origin" or any(map(asks_of_report, (t.only_if, t.unless)))]
        terms = [t for t in asking if t.kind == "prohibit" or t.burden == "none" or _has_notice(t)]
        if not terms:
            return np.zeros(0, np.int64)
        samples = [Observation("", 0, 1, acts=acts) for acts in self.columns.doings]
        asked = [
            any(spec.done(sample, term.does, self.law, term.tree).value != NO for term in terms) for sample in samples
        ]
        return np.flatnonzero(np.array(asked, bool)[self.columns.acts])


def _has_notice(term: Term) -> bool:
    """Whether a notice can invoke an exception."""
    return isinstance(term.only_if, dict) and "notice" in term.only_if


def judged(law: Law) -> list[Term]:
    """What forbids or permits, and whatever else is written as an exception or takes one back."""
    return [
        term for term in law.terms.values() if term.kind in ("prohibit", "permit") or term.except_ or term.overrides
    ]


def cuts(law: Law, names: Iterable[Named]) -> set[int]:
    """Every second at which anything of a law changes for those named."""
    terms = judged(law)
    found = set(_unmarked(law))
    nobody = Observation("", 0, 1)
    found.update(spec.changes(nobody, terms, law))
    for selector in {one for term in terms for one in (term.who, term.to) if one is not None and one.status}:
        for named in names:
            for actor in named.ids:
                if spec.is_party(actor, law):
                    umbrella = law.is_umbrella(actor, named)
                    found.update(law.standing.status(actor, selector.status, is_umbrella=umbrella).cuts())
    return found


def _unmarked(law: Law) -> Iterator[int]:
    """The seconds at which the condition of an exception changes: `spec` does not cut there."""
    for term in judged(law):
        by_notice = isinstance(term.only_if, dict) and "notice" in term.only_if
        for condition in (of_time(term.only_if), of_time(term.unless)) if term.kind == "permit" or by_notice else ():
            yield from law.standing.condition(condition).cuts() if condition is not None else ()


# -- who has the means -----------------------------------------------------------------------------------------------


class Means:
    """Who alone can have done an act, by capability facts; every distinct case is asked of `spec` once.

    Attributes:
        cuts: seconds at which a fact begins or ends.
        names: the names of the columns, and those that narrowing makes of them.
    """

    def __init__(self, law: Law, columns: Columns) -> None:
        """Gather the facts, and whoever they can leave."""
        facts = [fact for fact in law.standing.agreement.facts if fact.what == "sole"]
        self.law, self.doings = law, columns.doings
        self.cuts = sorted({at for fact in facts for at in (fact.start, fact.end)})
        self._known: dict[Named, int] = {named: code for code, named in enumerate(columns.names)}
        self._owners: dict[tuple[str, ...] | None, int] = {None: 0}
        self._samples: list[Observation] = [Observation("", 0, 1)]
        edges = [LONG_AGO, *self.cuts]
        for acts in columns.doings if facts else ():
            for i, start in enumerate(edges):
                for end in edges[i:]:
                    self._owner(Observation("", start, end + 1, acts=acts))
        self._own = len(columns.names)
        self._able = np.ones((self._own, len(self._samples)), bool)
        self._narrow = np.repeat(np.arange(self._own, dtype=np.int32)[:, None], len(self._samples), axis=1)
        for i, named in enumerate(columns.names if facts else ()):
            for j, sample in enumerate(self._samples):
                report = replace(sample, actor=named)  # turned round nobody is named, and nobody can always be meant
                self._able[i, j] = len(spec.directions(replace(report, unordered=True), law)) == 2
                left = replace(spec.narrowed(report, law), text="")
                self._narrow[i, j] = self._known.setdefault(left, len(self._known))
        self.names = tuple(self._known)

    def at(self, clock: Clock, acts: Numbers, time: Numbers) -> Numbers | None:
        """`(p,)` index of those who have the means; None = no fact says anything."""
        if len(self._samples) == 1:
            return None
        coarse, of = clock.coarse(self.cuts)
        table = np.zeros((len(self.doings), len(coarse)), np.int32)
        for i, done in enumerate(self.doings):
            for j, (start, end) in enumerate(zip(coarse.start, coarse.end, strict=True)):
                table[i, j] = self._owner(Observation("", int(start), int(end), acts=done))
        return table[acts, of[time]]

    def can(self, name: Numbers, means: Numbers | None) -> Bools:
        """Whether somebody named has the means."""
        return np.ones(len(name), bool) if means is None else self._able[name, means]

    def narrowed(self, name: Numbers, means: Numbers | None) -> Numbers:
        """Each name, narrowed to those who have the means."""
        return name if means is None else self._narrow[name, means]

    def _owner(self, sample: Observation) -> int:
        owners = spec.capability(sample, self.law)
        if owners not in self._owners:
            self._owners[owners] = len(self._samples)
            self._samples.append(sample)
        return self._owners[owners]
