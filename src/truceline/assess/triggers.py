"""Which exceptions does the evidence itself invoke? A trigger that is surely shown needs nobody to say so.

Who relies on an exception brings it: until its bearer invokes it, it does not hold. But an exception that asks for an
event before the act, as self-defence does, is also invoked where reports that are supported as the terms require surely
tell of that event. Then, as after any invocation, it is 0 until its conditions are decided, and the competent body
decides them. What is only possibly shown, or shown by reports that nobody supports, invokes nothing.

Each such trigger is told as an invocation by the actor of the report, so that whoever asks why finds it among the acts.

Source: the design's *Semantics*, Exceptions, burden, and what silence means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from truceline.agreement.history import Standing
from truceline.agreement.model import SignedAct, Term
from truceline.assess.asked import NEIGHBOURS, joined
from truceline.assess.columns import Columns
from truceline.assess.place import Placed
from truceline.assess.sequence import Link, Sequenced
from truceline.evidence.schema import ONE, Observation
from truceline.verdict import YES, Values

Wanted = tuple[str, Mapping[str, Any]]


def invoked(table: pa.Table, support: Values, asked: Columns, standing: Standing, placed: Placed) -> list[SignedAct]:
    """The invocations that supported reports stand for.

    Args:
        table: all reports that are known, of `evidence.schema.SCHEMA`.
        support: `(n,)` whether each of them is supported: +1 or 0.
        asked: the reports that are judged, with their ids.
        standing: the agreement, and how umbrellas are read.
        placed: its zones.
    """
    permits = [(term, wanted) for term in standing.agreement.terms.values() if (wanted := triggers_of(term))]
    stood = np.flatnonzero(support == YES)
    if not permits or not len(stood) or asked.ids is None:
        return []
    some = table.take(pa.array(stood))
    seen = Sequenced(some, Columns.of_table(some), standing, placed)
    made, ids = [], asked.ids()
    for permit, wanted in permits:
        for row in _near(seen, asked, wanted).tolist():
            report = asked.report(row)
            if _is_shown(report, wanted, seen, standing):
                key, name = str(ids[row]), f"shown-{permit.id}-{ids[row]}"
                made.append(SignedAct(name, "invoke", report.actor.ids, report.start, 0, key, term=permit.id))
    return made


def triggers_of(term: Term) -> list[Wanted]:
    """The events before or after an act that an exception asks for, all of them; empty where it asks for none."""
    if term.kind != "permit" or term.burden != "bearer":
        return []
    return [(word, one[word]) for one in joined(term.only_if) for word in NEIGHBOURS if word in one]


def _is_shown(report: Observation, wanted: list[Wanted], seen: Sequenced, standing: Standing) -> bool:
    """Whether every trigger is surely there, for an actor who is surely known."""
    if report.actor.mode != ONE or report.unordered:
        return False
    if not all(actor in standing.agreement.parties for actor in report.actor.ids):
        return False
    return all(seen.related(word, fields, report).value == YES for word, fields in wanted)


def _near(seen: Sequenced, asked: Columns, wanted: list[Wanted]) -> NDArray[np.int64]:
    """The reports that have some supported report near enough in time, by rows; others need not be asked."""
    within = max(Link.of(fields).within_s for _, fields in wanted)
    starts, ends = np.sort(seen.columns.start), np.sort(seen.columns.end)
    began = np.searchsorted(starts, asked.end + within, side="left")
    over = np.searchsorted(ends, asked.start - within, side="right")
    return np.flatnonzero(began > over)
