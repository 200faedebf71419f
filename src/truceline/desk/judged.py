"""Which answers may somebody be told of beside words? The reports of an outcome, no finer than this reader sees them.

Whatever sets words beside acts (who was first, what came of a commitment, a timeline, indicators) is worked out from
these rows alone: with times, places and ids as the reader is shown them, and with the answers of the lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from truceline.assess.answers import Answers
from truceline.assess.assessment import Assessed
from truceline.assess.followed import Later
from truceline.desk.lists import safe_id
from truceline.desk.pages import COMMON_SOURCES
from truceline.desk.runs import Outcome
from truceline.desk.statements_told import Lens
from truceline.desk.views.view import View
from truceline.desk.words import Words
from truceline.evidence.schema import Observation


@dataclass(frozen=True)
class Judged:
    """Answers that a reader may be told of.

    Attributes:
        assessed: the answers, with times and places as they are shown.
        shown: `(n,)` ids as they are shown.
        speakers: `(n,)` who asserts each; empty = not told.
        texts: `(n,)` words for the act; empty = not told.
        units: gives the codes of the units in which a row is shown to lie.
    """

    assessed: Assessed
    shown: Sequence[str]
    speakers: Sequence[str]
    texts: Sequence[str] = ()
    units: Callable[[int], tuple[str, ...]] = lambda _row: ()

    @cached_property
    def rows(self) -> dict[str, int]:
        """Id, as it is shown, to its row."""
        return {key: row for row, key in enumerate(self.shown)}

    def later(self, words: Words) -> Later:
        """Where later acts are looked for."""
        reports = self.assessed.reports
        claims = {one.id: one for one in words.claims}
        places = {key: reports[self.rows[key]].impact for key in claims if key in self.rows}
        law = self.assessed.law
        return Later(
            reports, self.assessed.columns, self.rows, claims, law.standing, law.placed, places, words.expected
        )


@dataclass(frozen=True)
class _AsShown(Sequence[Observation]):
    """Reports with the places and times that a reader is shown; each is made when it is asked for."""

    whole: Sequence[Observation]
    view: View
    at: Sequence[int] = field(default_factory=list)
    rows: Sequence[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.at)

    @overload
    def __getitem__(self, index: int) -> Observation: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Observation]: ...
    def __getitem__(self, index: int | slice) -> Observation | Sequence[Observation]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        row = self.rows[index]
        return replace(
            self.whole[self.at[index]], id=self.view.sheet.ids[row].as_py(), impact=self.view.place(row),
            start=int(self.view.start[row]), end=int(self.view.end[row]),
        )  # fmt: skip

    def __iter__(self) -> Iterator[Observation]:
        return (self[index] for index in range(len(self)))


def judged_of(outcome: Outcome, lens: Lens | None = None) -> Judged:
    """The answers of an outcome that somebody may be told of.

    Args:
        outcome: what was judged.
        lens: who looks; None = whoever keeps the case.
    """
    if lens is None or lens.view is None:
        return _whole(outcome)
    return _through(outcome, lens.view)


def _whole(outcome: Outcome) -> Judged:
    assessed = outcome.assessed
    ids = list(assessed.ids)
    tables = [part.table.select(["id", "asserted_by", "chain", "publisher", "act_text"]) for part in outcome.evidence]
    table = pa.concat_tables(tables) if tables else None
    if table is None or not ids:
        return Judged(assessed, [safe_id(key) for key in ids], ["" for _ in ids], ["" for _ in ids])
    at = pc.index_in(pa.array(ids, pa.string()), value_set=table.column("id").combine_chunks())
    rows = table.take(at).to_pylist()
    shown = [safe_id(key) for key in ids]
    reports = assessed.reports
    said = [row["act_text"] or "" for row in rows]
    return Judged(assessed, shown, [speaker_of(row) for row in rows], said, lambda row: reports[row].impact.areas)


def _through(outcome: Outcome, view: View) -> Judged:
    """The rows of a view, as it shows them."""
    every, assessed, sheet = view.every, outcome.assessed, view.sheet
    at = sheet.numbers("row")[every].astype(np.int64)
    reports = _AsShown(assessed.reports, view, at.tolist(), every.tolist())
    columns = replace(assessed.columns.take(at), start=view.start[every], end=view.end[every])
    answers = {term: Answers(one.value[at], one.why[at]) for term, one in assessed.answers.items()}
    support = _supported(view)
    made = replace(assessed, reports=reports, answers=answers, beside={}, groups=(), columns=columns, support=support)
    towns = sheet.numbers("town")[every]
    shown = sheet.ids.take(pa.array(every)).to_pylist()
    return Judged(made, shown, _spoken(view), _said(view, "act_text"), lambda row: tuple(sheet.units[int(towns[row])]))


def _supported(view: View) -> Any:  # noqa: ANN401  # a column of values
    """`(n,)` whether each row is supported, by what the reader may know."""
    codes = view.sheet.numbers("verdict")[view.every]
    return np.asarray(view.sheet.verdicts.supported, np.int8)[codes]


def _spoken(view: View) -> list[str]:
    """Who asserts each row, where the source is one whose words everybody can read."""
    names, codes = view.sheet.coded("source")
    common = {code for code, name in enumerate(names) if view.is_inside or name in COMMON_SOURCES}
    said = _said(view, "asserted_by")
    return [text if code in common else "" for text, code in zip(said, codes[view.every].tolist(), strict=True)]


def _said(view: View, name: str) -> list[str]:
    """A column of words as everybody is given them; empty = not said, or not told."""
    texts, codes = view.sheet.coded(name)
    return [view.said(texts[code]) if code >= 0 else "" for code in codes[view.every].tolist()]


def speaker_of(row: Any) -> str:  # noqa: ANN401  # a row of evidence
    """Who asserts a report: whoever said it first."""
    return str((row["chain"] or [None])[0] or row["asserted_by"] or row["publisher"] or "")
