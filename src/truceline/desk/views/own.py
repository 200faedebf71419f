"""What would somebody find who judged at home only what it may see? A table of what is shown, judged like any other.

Whatever a reader may turn and ask again (a what-if, two lists side by side) is worked out from this table alone, with
places, times and words as this reader is shown them. So no line that is moved by metres finds where a report lies
within its town: the answer is one that the reader could have worked out from the list itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from truceline.agreement.model import SignedAct
from truceline.assess.incidents import Told
from truceline.desk.decided import People
from truceline.desk.files import Bench, Evidence
from truceline.desk.runs import Asked, Outcome, assess_files
from truceline.desk.views.sheet import Source
from truceline.desk.views.view import SHOWN_WORDS, View
from truceline.evidence.schema import REGION, SCHEMA, region_row, rejected_table
from truceline.group import Sight
from truceline.space import Region
from truceline.span import utc_text
from truceline.verdict import YES

AS_THEY_ARE = (
    "lasts", "actor", "actor_mode", "actor_umbrella", "target", "target_mode", "target_umbrella",
    "unordered", "act", "count_low", "count_high", "killed_low", "killed_best", "killed_high", "civilians_killed",
    "protected", "negative", "source", "licence", "kind",
)  # fmt: skip
"""Columns of the evidence that are shown as they are."""

INSIDE = (
    "low_m", "high_m", "place_precision", "callsign", "asserted_by", "chain", "grade", "publisher", "url", "count_unit",
)  # fmt: skip
"""Columns that whoever keeps the case sees too."""

SPEAKERS = ("asserted_by", "chain", "publisher", "count_unit")
"""Columns by which it is told on whose list a report stands; none of them is shown."""


@dataclass(frozen=True)
class Own:
    """What a reader sees, as evidence.

    Attributes:
        table: of `evidence.schema.SCHEMA`.
        told: which of these reports tell of one incident.
        supported: report to whether it is shown as supported.
    """

    table: pa.Table
    told: Told
    supported: dict[str, bool]


def own_of(view: View, source: Source, *, is_spoken: bool = False) -> Own:
    """The evidence that a reader sees.

    Args:
        view: what it sees.
        source: the columns of the evidence, as `sheet.source_of` gives them.
        is_spoken: with whoever speaks in each report, so that the lists of two sides can be told apart.
    """
    sheet, rows = view.sheet, view.every
    of = sheet.numbers("row")[rows].astype(np.int64)
    ids = sheet.ids.take(rows)
    made: dict[str, Any] = {name: source.take(name, of) for name in AS_THEY_ARE}
    wanted = (*(INSIDE if view.is_inside else ()), *(SPEAKERS if is_spoken else ()))
    made |= {name: source.take(name, of) for name in dict.fromkeys(wanted)}
    made |= {name: _words(view, name, rows) for name in SHOWN_WORDS}
    made |= {
        "id": ids, "start": view.start[rows], "end": view.end[rows], "impact": _places(view, source, rows),
        "origin": _origins(view, rows), "may_export": np.ones(len(rows), bool),
        "known_at": np.zeros(len(rows), np.int64), "line": np.zeros(len(rows), np.int32),
    }  # fmt: skip
    columns = [_column(made.get(field.name), field.type, len(rows)) for field in SCHEMA]
    verdicts = sheet.verdicts.supported[sheet.numbers("verdict")[rows]] == YES
    supported = dict(zip(ids.to_pylist(), verdicts.tolist(), strict=True))
    return Own(pa.Table.from_arrays(columns, schema=SCHEMA), _told(view), supported)


def judged(own: Own, bench: Bench, acts: Sequence[Evidence], known_at: int | None) -> Outcome:
    """What a reader sees, judged.

    Args:
        own: what it sees.
        bench: the agreement.
        acts: signed acts that the reader may know of.
        known_at: UTC second of the state that is looked at; None = the newest.
    """
    part = Evidence("what is shown", "observations", "", own.table, rejected_table([]))
    asked = Asked(known_at="" if known_at is None else utc_text(known_at))
    people = People(own.told, support=own.supported)
    return assess_files(bench, [part, *acts], asked, people=people)


def acts_among(evidence: Sequence[Evidence], hidden: Collection[str]) -> list[Evidence]:
    """The signed acts of a case without some that a reader may not know of."""
    found = []
    for part in evidence:
        acts: tuple[SignedAct, ...] = tuple(act for act in part.acts if act.id not in hidden)
        if acts:
            found.append(Evidence(part.file, part.kind, part.sha256, part.table, part.rejected, acts, part.index))
    return found


def _column(values: Any, kind: Any, n: int) -> Any:  # noqa: ANN401  # Arrow carries no types
    """A column of a type; None = nothing is said."""
    if values is None:
        return pa.nulls(n, kind)
    if isinstance(values, np.ndarray):
        return pa.array(values, kind)
    return values if values.type == kind else values.cast(kind)


def _words(view: View, name: str, rows: Any) -> Any:  # noqa: ANN401  # Arrow carries no types
    """A column of words as they are shown."""
    texts, codes = view.shown_words(name)
    return pa.DictionaryArray.from_arrays(pa.array(codes[rows].astype(np.int32)), pa.array(texts, pa.string())).cast(
        pa.string()
    )


def _places(view: View, source: Source, rows: Any) -> Any:  # noqa: ANN401  # Arrow carries no types
    """Where each report is shown."""
    sheet = view.sheet
    if view.is_inside:
        return source.take("impact", sheet.numbers("row")[rows].astype(np.int64))
    towns = [region_row(one) for one in sheet.towns]
    at = pa.array([*towns, region_row(Region("none"))], REGION)
    level = view.seen.level[rows]
    codes = np.where(level >= Sight.CELL, sheet.numbers("town")[rows], len(towns))
    exact = np.flatnonzero(level == Sight.AS_REPORTED)
    if not len(exact):
        return at.take(pa.array(codes))
    made = at.take(pa.array(codes)).to_pylist()
    for one in exact.tolist():
        made[one] = region_row(sheet.place(int(rows[one])))
    return pa.array(made, REGION)


def _origins(view: View, rows: Any) -> Any:  # noqa: ANN401  # Arrow carries no types
    if not view.sheet.origins or not (view.sheet.numbers("origin")[rows] >= 0).any():
        return pa.nulls(len(rows), REGION)
    found = []
    for row in rows.tolist():
        one = view.origin(row)
        found.append(None if one is None or one[1] < Sight.CELL else region_row(one[0]))
    return pa.array(found, REGION)


def _told(view: View) -> Told:
    """Which of the reports that are shown tell of one incident, and which may."""
    ids, joined = view.sheet.ids, view.joined
    several: dict[int, list[str]] = {}
    for row, key in joined.apart.items():
        several.setdefault(key, []).append(ids[row].as_py())
    pairs = [(a, b) for a, b in view.sheet.pairs if view.listed[a] and view.listed[b]]
    return Told(
        {ids[key].as_py(): tuple(sorted(of)) for key, of in several.items() if len(of) > 1},
        tuple((ids[a].as_py(), ids[b].as_py()) for a, b in pairs),
    )
