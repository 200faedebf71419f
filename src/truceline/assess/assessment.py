"""What comes out: every report against every term, with reasons, and what would settle what is open.

An assessment is computed and can be recomputed by anyone who holds the evidence; a finding is what a body signs, and no
program writes one. *Possibly* never includes *surely*.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from truceline.agreement.history import History, Readings
from truceline.assess import bulk, spec
from truceline.assess.answers import Answers, Rows
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.evidence.schema import Observation
from truceline.span import Span
from truceline.verdict import NO, UNKNOWN, YES, Reason, Values, reasons_of

ASSESSMENTS = pa.schema(
    [
        pa.field("observation", pa.string(), nullable=False),
        pa.field("term", pa.string(), nullable=False),
        pa.field("covered", pa.int8(), nullable=False),
        pa.field("supported", pa.int8(), nullable=False),
        pa.field("reasons", pa.list_(pa.string())),
        pa.field("covered_strict", pa.int8(), nullable=False),
        pa.field("covered_by_name", pa.int8(), nullable=False),
        pa.field("protected", pa.bool_(), nullable=False),
        pa.field("note", pa.string()),
    ]
)
"""One row per observation and prohibition, and one with the term `any`: *some prohibition covers it*."""

ANY = "any"
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Counts:
    """Totals of one question: `surely` +1, `possibly` 0, `no` -1."""

    surely: int
    possibly: int
    no: int

    @classmethod
    def of(cls, values: Values) -> Counts:
        """Count the values of a column."""
        return cls(int((values == YES).sum()), int((values == UNKNOWN).sum()), int((values == NO).sum()))


@dataclass(frozen=True)
class Assessed:
    """The answers of one run.

    Attributes:
        reports: `(n,)` what was judged, in the order of the answers.
        answers: term id, and `any`, to `(n,)` answers under the reading shown.
        beside: name of another reading (`strict`, `name`) to term id to `(n,)` values.
        groups: `(n,)` names: `bound`, `excluded`, `mixed`, `other`.
        law: what stood when this was judged.
    """

    reports: Sequence[Observation]
    answers: Mapping[str, Answers]
    beside: Mapping[str, Mapping[str, Values]]
    groups: Sequence[str]
    law: Law

    @property
    def prohibitions(self) -> list[str]:
        """Ids of the terms that forbid something, in the order of the text; what takes an exception back is none."""
        return [term.id for term in self.law.terms.values() if term.kind == "prohibit" and not term.overrides]


def assess(
    reports: Sequence[Observation],
    history: History,
    placed: Placed,
    known_at: int | None = None,
    tell: Tell | None = None,
) -> Assessed:
    """Hold reports against every term, as known at a moment, under the reading shown and the others beside it.

    Args:
        reports: what sources said.
        history: the text and its signed acts.
        placed: the zones on the shapes of the case.
        known_at: UTC second; None = everything that is known.
        tell: told `(what, done, all)` as the work goes on.
    """
    shown = Readings(**history.agreement.readings)
    other = {
        "strict": Readings("side" if shown.umbrella == "strict" else "strict", shown.designation),
        "name": Readings(shown.umbrella, "identity" if shown.designation == "name" else "name"),
    }
    law = Law(history.as_known(known_at, shown), placed)
    answers = _judged(reports, law, [term.id for term in law.terms.values()], tell)
    bans = [term.id for term in law.terms.values() if term.kind == "prohibit"]
    beside = {
        name: {k: a.value for k, a in _judged(reports, Law(history.as_known(known_at, r), placed), bans, None).items()}
        for name, r in other.items()
    }
    return Assessed(reports, answers, beside, [group_of(report, law) for report in reports], law)


def _judged(reports: Sequence[Observation], law: Law, terms: Sequence[str], tell: Tell | None) -> dict[str, Answers]:
    docket = bulk.Docket(reports, law)
    found: dict[str, Answers] = {}
    for i, term_id in enumerate(terms):
        found[term_id] = bulk.judge_all(docket, term_id)
        if tell:
            tell("terms", i + 1, len(terms) + 1)
    found[ANY] = bulk.judge_any_all(docket)
    if tell:
        tell("terms", len(terms) + 1, len(terms) + 1)
    return found


def group_of(report: Observation, law: Law) -> str:
    """Whom a report is about, so that totals can be split: a truce is invisible in totals.

    Returns:
        `excluded` when an excluded group is surely on one side, `mixed` when it stands there beside others,
        `bound` when both sides are surely bound, else `other`.
    """
    span = Span(report.start, report.end)
    sides = []
    for named in (report.actor, report.target):
        ids = [actor for actor in named.ids if spec.is_party(actor, law)]
        status = law.standing.status
        out = [status(a, "excluded", is_umbrella=law.is_umbrella(a, named)).during(span).value == YES for a in ids]
        bound = [status(a, "bound", is_umbrella=law.is_umbrella(a, named)).during(span).value == YES for a in ids]
        sides.append(
            "mixed" if any(out) and not all(out) else "excluded" if any(out) else "bound" if any(bound) else "other"
        )
    for name in ("mixed", "excluded"):
        if name in sides:
            return name
    return "bound" if sides == ["bound", "bound"] else "other"


def table_of(assessed: Assessed) -> pa.Table:
    """The answers as a table of `ASSESSMENTS`, by observation and then term."""
    batches = [_column(assessed, term) for term in (*assessed.prohibitions, ANY)]
    table = pa.concat_tables(batches) if batches else ASSESSMENTS.empty_table()
    return table.sort_by([("observation", "ascending"), ("term", "ascending")])


def hash_of(assessed: Assessed) -> str:
    """Hash of the answers: the same record gives the same hash on every machine.

    SHA-256 over the rows of `table_of`, in its order: each a JSON array of its columns, without blanks, ended by LF.
    """
    digest = hashlib.sha256()
    for batch in table_of(assessed).to_batches(max_chunksize=65_536):
        columns = [column.to_pylist() for column in batch.columns]
        digest.update(b"".join(msgspec.json.encode(row) + b"\n" for row in zip(*columns, strict=True)))
    return digest.hexdigest()


def _column(assessed: Assessed, term: str) -> pa.Table:
    n, answers = len(assessed.reports), assessed.answers[term]
    names = {int(mask): [r.value for r in reasons_of(int(mask))] for mask in np.unique(answers.why)}
    columns = {
        "observation": [report.id for report in assessed.reports],
        "term": [term] * n,
        "covered": answers.value,
        "supported": np.zeros(n, np.int8),
        "reasons": [names[int(mask)] for mask in answers.why],
        "covered_strict": assessed.beside["strict"][term],
        "covered_by_name": assessed.beside["name"][term],
        "protected": [report.is_protected for report in assessed.reports],
        "note": [note_of(assessed, i, term) or None for i in range(n)],
    }
    return pa.table({k: pa.array(v, ASSESSMENTS.field(k).type) for k, v in columns.items()}, schema=ASSESSMENTS)


def note_of(assessed: Assessed, row: int, term: str) -> str:
    """A remark beside an answer of -1: such as "lapsed", or that a count is not an incident."""
    report = assessed.reports[row]
    if assessed.answers[term].value[row] != NO:
        return ""
    if report.acts and (remark := spec.NOT_AN_ACT.get(report.acts[0])):
        return remark
    if term == ANY:
        return ""
    course = assessed.law.standing.window(term)
    if not any(answer.note for answer in course.answers):
        return ""
    window = course.during(Span(report.start, report.end))
    return window.note if window.value == NO else ""


EVERY: Final = slice(None)


def counts(assessed: Assessed, term: str, rows: Rows | slice = EVERY) -> Counts:
    """Totals of one term, or of `any`, under the reading shown; of some rows only, for a reader who sees only those."""
    return Counts.of(assessed.answers[term].value[rows])


def reasons(assessed: Assessed, term: str, rows: Rows | slice = EVERY) -> dict[str, int]:
    """How many answers of 0 carry each reason, most first."""
    found: Counter[str] = Counter()
    for mask, n in zip(*np.unique(assessed.answers[term].why[rows], return_counts=True), strict=True):
        for reason in reasons_of(int(mask)):
            found[reason.value] += int(n)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True)
class Settler:
    """What would settle open answers: the request for information.

    Attributes:
        ask: which fields, or whose act.
        alone: answers that it settles by itself.
        among: answers in which it is one of several reasons.
    """

    reason: str
    ask: str
    alone: int
    among: int


def settle(assessed: Assessed) -> list[Settler]:
    """What would settle the open answers of all prohibitions, ranked by how many each settles alone."""
    alone: Counter[Reason] = Counter()
    among: Counter[Reason] = Counter()
    for term in assessed.prohibitions:
        for mask, n in zip(*np.unique(assessed.answers[term].why, return_counts=True), strict=True):
            found = reasons_of(int(mask))
            for reason in found:
                among[reason] += int(n)
            if len(found) == 1:
                alone[found[0]] += int(n)
    made = [Settler(r.value, r.settled_by, alone[r], among[r]) for r in Reason if among[r]]
    return sorted(made, key=lambda s: (-s.alone, -s.among, s.reason))


def by_group(assessed: Assessed) -> Iterator[tuple[str, int, Counts]]:
    """Totals of *any* by whom the reports are about."""
    groups = np.array(assessed.groups, dtype=object)
    for name in ("bound", "excluded", "mixed", "other"):
        rows = groups == name
        yield name, int(rows.sum()), Counts.of(assessed.answers[ANY].value[rows])


def by_pair(assessed: Assessed, most: int = 40) -> Iterator[tuple[str, str, int, Counts]]:
    """Totals of *any* by the pair of sides a source names, for pairs without direction; most frequent first."""
    rows: dict[tuple[str, str], list[int]] = {}
    for i, report in enumerate(assessed.reports):
        if report.unordered:
            pair = " - ".join((report.actor.text or "?", report.target.text or "?"))
            rows.setdefault((pair, assessed.groups[i]), []).append(i)
    for (pair, group), found in sorted(rows.items(), key=lambda item: (-len(item[1]), item[0]))[:most]:
        yield pair, group, len(found), Counts.of(assessed.answers[ANY].value[np.array(found)])
