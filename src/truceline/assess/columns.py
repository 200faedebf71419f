"""What do many reports say, as columns? Codes into short lists of distinct names, acts, altitudes and regions.

No law decides anything here, and no row becomes an object before somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from truceline.assess.answers import Rows
from truceline.assess.place import Placed
from truceline.assess.spots import Numbers, Spots, coded, ints, joined, mask, words
from truceline.evidence.schema import EITHER, ONE, UNNAMED, Named, Observation, observations
from truceline.span import LONG_AGO, Span

Times = NDArray[np.int64]
Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]
Band = tuple[int | None, int | None]


@dataclass(frozen=True)
class Columns:
    """Reports as codes; no law decides anything here.

    Attributes:
        start, end: `(n,)` UTC seconds.
        lasts, unordered: `(n,)`; None = no report is.
        actor, target: `(n,)` index into `names`.
        acts: `(n,)` index into `doings`.
        band: `(n,)` index into `bands`.
        spots: `(n,)` regions of impact.
        names: distinct names, without their words.
        doings: distinct tuples of acts.
        bands: distinct lowest and highest altitudes.
        protected: `(n,)` the report says so itself; None = none does.
        reports: the reports themselves, for the few that are asked one by one.
        ids: gives the id of each report; asked only where an act of the record speaks of one.
        pairs: gives the words for actor and target that occur together, and each report's index among them.
        places: what was worked out about `spots`: for some zones and layers, the words of every report.
    """

    start: Times
    end: Times
    actor: Numbers
    target: Numbers
    acts: Numbers
    band: Numbers
    spots: Spots
    names: tuple[Named, ...]
    doings: tuple[tuple[str, ...], ...]
    bands: tuple[Band, ...]
    lasts: Bools | None = None
    unordered: Bools | None = None
    protected: Bools | None = None
    reports: Sequence[Observation] | None = None
    ids: Callable[[], Sequence[str]] | None = None
    pairs: Callable[[], tuple[list[tuple[str, str]], Rows]] | None = None
    places: list[tuple[Placed, tuple[tuple[str, ...], ...], tuple[Words, Words]]] = field(
        default_factory=list, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """INVARIANT: every report has a time that is not empty."""
        wrong = np.flatnonzero(self.end <= self.start)
        if len(wrong):
            Span(int(self.start[wrong[0]]), int(self.end[wrong[0]]))

    def __len__(self) -> int:
        """Number of reports."""
        return len(self.start)

    def has_lists_of(self, other: Columns) -> bool:
        """Whether the codes of both mean the same."""
        return (self.names, self.doings, self.bands) == (other.names, other.doings, other.bands)

    def report(self, row: int) -> Observation:
        """One report as a value; from its codes where nothing else is known of it."""
        if self.reports is not None:
            return self.reports[row]
        low, high = self.bands[self.band[row]]
        return Observation(
            "", int(self.start[row]), int(self.end[row]), lasts=self.lasts is not None and bool(self.lasts[row]),
            impact=self.spots.region(row), low_m=low, high_m=high, actor=self.names[self.actor[row]],
            target=self.names[self.target[row]], acts=self.doings[self.acts[row]],
            unordered=self.unordered is not None and bool(self.unordered[row]),
        )  # fmt: skip

    @property
    def values(self) -> Sequence[Observation]:
        """The reports as values, each made when it is asked for."""
        return self.reports if self.reports is not None else Coded(self)

    def rows_of(self, ids: set[str]) -> Rows:
        """The rows of some reports."""
        if not ids or self.ids is None:
            return np.zeros(0, np.int64)
        return np.array([row for row, key in enumerate(self.ids()) if key in ids], np.int64)

    def take(self, rows: Rows) -> Columns:
        """Some of the reports."""
        reports, ids, pairs = self.reports, self.ids, self.pairs
        return replace(
            self, start=self.start[rows], end=self.end[rows], actor=self.actor[rows], target=self.target[rows],
            acts=self.acts[rows], band=self.band[rows], spots=self.spots.take(rows),
            lasts=None if self.lasts is None else _if_any(self.lasts[rows]),
            unordered=None if self.unordered is None else _if_any(self.unordered[rows]),
            protected=None if self.protected is None else self.protected[rows],
            reports=None if reports is None else Picked(reports, rows),
            ids=None if ids is None else lambda: Picked(ids(), rows),
            pairs=None if pairs is None else lambda: (pairs()[0], pairs()[1][rows]),
            places=[(placed, layers, (must[rows], may[rows])) for placed, layers, (must, may) in self.places],
        )  # fmt: skip

    @classmethod
    def of_reports(cls, reports: Sequence[Observation]) -> Columns:
        """Columns of reports as values."""
        names: dict[Named, int] = {}
        doings: dict[tuple[str, ...], int] = {}
        bands: dict[Band, int] = {}
        known: dict[Named, int] = {}  # with their words, so that most are found at once

        def named(one: Named) -> int:
            if one not in known:
                known[one] = names.setdefault(replace(one, text=""), len(names))
            return known[one]

        rows = [
            (
                r.start, r.end, r.lasts, r.unordered, r.is_protected, named(r.actor), named(r.target),
                doings.setdefault(r.acts, len(doings)), bands.setdefault((r.low_m, r.high_m), len(bands)),
            )
            for r in reports
        ]  # fmt: skip
        start, end, lasts, unordered, protected, actor, target, acts, band = (
            np.array(rows, np.int64).reshape(-1, 9).T.copy()
        )

        def pairs() -> tuple[list[tuple[str, str]], Rows]:
            found: dict[tuple[str, str], int] = {}
            codes = [found.setdefault((r.actor.text, r.target.text), len(found)) for r in reports]
            return list(found), np.array(codes, np.int64)

        return cls(
            start, end, actor.astype(np.int32), target.astype(np.int32), acts.astype(np.int32), band.astype(np.int32),
            Spots.of_regions([r.impact for r in reports]), tuple(names), tuple(doings), tuple(bands),
            _if_any(lasts > 0), _if_any(unordered > 0), _if_any(protected > 0), reports,
            lambda: [report.id for report in reports], pairs,
        )  # fmt: skip

    @classmethod
    def of_table(cls, table: pa.Table) -> Columns:
        """Columns of a table of `schema.SCHEMA`; no row becomes an object before somebody asks for it."""
        sample, acts = _lists(table, ["act"])
        doings: dict[tuple[str, ...], int] = {}
        done = [
            doings.setdefault(tuple(row or ()), len(doings))
            for row in table.column("act").take(pa.array(sample)).to_pylist()
        ]
        low, high = (_or_none(table.column(name)) for name in ("low_m", "high_m"))
        height, band = coded([low, high])
        bands = tuple((_int(low[i]), _int(high[i])) for i in height)
        names: dict[Named, int] = {}
        actor, target = (_names(table, what, names) for what in ("actor", "target"))

        def pairs() -> tuple[list[tuple[str, str]], Rows]:
            (ours, our), (theirs, their) = (words(table.column(f"{what}_text")) for what in ("actor", "target"))
            sample, codes = coded([our, their])
            return [(ours[our[i]], theirs[their[i]]) for i in sample], codes

        return cls(
            ints(table.column("start")), ints(table.column("end")), actor, target,
            np.array(done, np.int32)[acts], band.astype(np.int32), Spots.of_column(table.column("impact")),
            tuple(names), tuple(doings), bands, _if_any(mask(table.column("lasts"))),
            _if_any(mask(table.column("unordered"))), _if_any(mask(table.column("protected"))), Reports(table),
            lambda: table.column("id").to_pylist(), pairs,
        )  # fmt: skip


JUDGED_COLUMNS = (
    "id", "kind", "start", "end", "lasts", "impact", "origin", "low_m", "high_m", "actor", "actor_mode",
    "actor_umbrella", "actor_text", "target", "target_mode", "target_umbrella", "target_text", "unordered", "act",
    "callsign", "protected", "known_at", "count_low", "count_high",
)  # fmt: skip
"""What of `schema.SCHEMA` a value for the judge consists of."""


class Reports(Sequence[Observation]):
    """The rows of a table as values, made some hundred at a time when one of them is asked for."""

    BLOCK: Final = 512

    def __init__(self, table: pa.Table) -> None:
        """Keep the columns that a judge reads."""
        self.table = table.select(list(JUDGED_COLUMNS))
        self._blocks: dict[int, list[Observation]] = {}

    def __len__(self) -> int:
        """Number of reports."""
        return int(self.table.num_rows)

    def __getitem__(self, row: Any) -> Any:  # noqa: ANN401  # a row or a slice
        """One report, or some."""
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(row)
        block, at = divmod(int(row) % len(self), self.BLOCK)
        if block not in self._blocks:
            self._blocks[block] = list(observations(self.table.slice(block * self.BLOCK, self.BLOCK)))
        return self._blocks[block][at]


class Picked(Sequence[Any]):
    """Some of a sequence, in an order of their own."""

    def __init__(self, whole: Sequence[Any], rows: Rows) -> None:
        """Keep both."""
        self.whole, self.rows = whole, rows

    def __len__(self) -> int:
        """How many."""
        return len(self.rows)

    def __getitem__(self, at: Any) -> Any:  # noqa: ANN401  # a place or a slice
        """One, or some."""
        return [self.whole[i] for i in self.rows[at]] if isinstance(at, slice) else self.whole[int(self.rows[at])]


class Coded(Sequence[Observation]):
    """Reports made from their codes, each when it is asked for."""

    def __init__(self, columns: Columns) -> None:
        """Keep the codes."""
        self.columns = columns

    def __len__(self) -> int:
        """Number of reports."""
        return len(self.columns)

    def __getitem__(self, row: Any) -> Any:  # noqa: ANN401  # a row or a slice
        """One report, or some."""
        if isinstance(row, slice):
            return [self.columns.report(i) for i in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(row)
        return self.columns.report(row % len(self))


def _if_any(claims: Bools) -> Bools | None:
    return claims if claims.any() else None


def _or_none(column: pa.ChunkedArray) -> Rows:
    return ints(pc.fill_null(pc.cast(column, pa.int64()), LONG_AGO))


def _int(value: int) -> int | None:
    return None if value == LONG_AGO else int(value)


def _lists(table: pa.Table, names: Sequence[str]) -> tuple[Rows, Rows]:
    """A row for every distinct combination of columns of texts, lists of texts and claims, and each row's code."""
    keys = []
    for name in names:
        column = table.column(name)
        if pa.types.is_list(column.type):
            keys += [words(joined(column))[1], ints(pc.list_value_length(column))]
        else:
            keys.append(words(column)[1] if pa.types.is_string(column.type) else mask(column).astype(np.int64))
    return coded(keys)


def _names(table: pa.Table, what: str, names: dict[Named, int]) -> Numbers:
    """Codes of actors or targets among `names`, which grows."""
    columns = [what, f"{what}_mode", f"{what}_umbrella"]
    sample, codes = _lists(table, columns)
    found = []
    for row in table.select(columns).take(pa.array(sample)).to_pylist():
        ids = tuple(row[what] or ())
        mode = row[f"{what}_mode"] or (ONE if len(ids) == 1 else EITHER if ids else UNNAMED)
        found.append(names.setdefault(Named(ids, mode, bool(row[f"{what}_umbrella"])), len(names)))
    return np.array(found, np.int32)[codes]


def columns_of(reports: Sequence[Observation] | Columns) -> Columns:
    """Reports as columns: as they are, from the table they stand in, or one by one."""
    if isinstance(reports, Columns):
        return reports
    return Columns.of_table(reports.table) if isinstance(reports, Reports) else Columns.of_reports(reports)
