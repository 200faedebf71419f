"""What comes out: every report against every term, with reasons, and what would settle what is open.

An assessment is computed and can be recomputed by anyone who holds the evidence; a finding is what a body signs, and no
program writes one. *Possibly* never includes *surely*.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from truceline.agreement.history import History, Readings
from truceline.assess import bulk, spec
from truceline.assess.answers import Answers, Rows
from truceline.assess.columns import Columns, columns_of
from truceline.assess.docket import Clock
from truceline.assess.evidences import Evidences
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.evidence.schema import Named, Observation
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
SIDES = ("mixed", "excluded", "bound", "other")
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
        columns: the reports as codes, for whoever asks the same of all of them.
        support: `(n,)` whether each report is itself supported as the terms require: +1 or 0; None = 0 for all.
    """

    reports: Sequence[Observation]
    answers: Mapping[str, Answers]
    beside: Mapping[str, Mapping[str, Values]]
    groups: Sequence[str]
    law: Law
    columns: Columns
    support: Values | None = None

    @cached_property
    def supported(self) -> Values:
        """`(n,)` whether each report is itself supported as the terms require: +1 or 0."""
        return np.zeros(len(self.columns), np.int8) if self.support is None else self.support

    @cached_property
    def ids(self) -> Sequence[str]:
        """`(n,)` the id of each report; its row where it has none."""
        return [str(row) for row in range(len(self.columns))] if self.columns.ids is None else list(self.columns.ids())

    @property
    def prohibitions(self) -> list[str]:
        """Ids of the terms that forbid something, in the order of the text; what takes an exception back is none."""
        return [term.id for term in self.law.terms.values() if term.kind == "prohibit" and not term.overrides]


def assess(
    reports: Sequence[Observation] | Columns,
    history: History,
    placed: Placed,
    known_at: int | None = None,
    tell: Tell | None = None,
    *,
    support: Values | None = None,
) -> Assessed:
    """Hold reports against every term, as known at a moment, under the reading shown and the others beside it.

    Args:
        reports: what sources said, as values or as columns.
        history: the text and its signed acts.
        placed: the zones on the shapes of the case.
        known_at: UTC second; None = everything that is known.
        tell: told `(what, done, all)` as the work goes on.
        support: `(n,)` whether each report is itself supported as the terms require; None = 0 for all.
    """
    shown = Readings.of(history.agreement)
    other = {
        "strict": Readings("side" if shown.umbrella == "strict" else "strict", shown.designation),
        "name": Readings(shown.umbrella, "identity" if shown.designation == "name" else "name"),
    }
    events = history.seen if isinstance(history.seen, Evidences) else None
    law, columns = Law(history.as_known(known_at, shown), placed, events), columns_of(reports)
    answers = _judged(bulk.Docket(columns, law), tell)
    beside = {
        name: _signs(bulk.Docket(columns, Law(history.as_known(known_at, r), placed, events)))
        for name, r in other.items()
    }
    return Assessed(columns.values, answers, beside, groups_of(columns, law), law, columns, support)


def _judged(docket: bulk.Docket, tell: Tell | None) -> dict[str, Answers]:
    found: dict[str, Answers] = {}
    terms = list(docket.law.terms)
    for i, term_id in enumerate(terms):
        found[term_id] = bulk.judge_all(docket, term_id)
        if tell:
            tell("terms", i + 1, len(terms) + 1)
    found[ANY] = bulk.judge_any_all(docket)
    if tell:
        tell("terms", len(terms) + 1, len(terms) + 1)
    return found


def _signs(docket: bulk.Docket) -> dict[str, Values]:
    """The values under another reading, without their reasons."""
    bans = [term.id for term in docket.law.terms.values() if term.kind == "prohibit"]
    return {**{term: bulk.signs_all(docket, term) for term in bans}, ANY: bulk.signs_any_all(docket)}


def group_of(report: Observation, law: Law) -> str:
    """Whom a report is about, so that totals can be split: a truce is invisible in totals.

    Returns:
        `excluded` when an excluded group is surely on one side, `mixed` when it stands there beside others,
        `bound` when both sides are surely bound, else `other`.
    """
    span = Span(report.start, report.end)
    return _group([_side(named, span, law) for named in (report.actor, report.target)])


def groups_of(columns: Columns, law: Law) -> list[str]:
    """`group_of` for all reports, worked out once per name and time."""
    cuts = {
        at
        for named in columns.names
        for actor in named.ids
        for status in ("excluded", "bound")
        if spec.is_party(actor, law)
        for at in law.standing.status(actor, status, is_umbrella=law.is_umbrella(actor, named)).cuts()
    }
    clock, time = Clock.read(cuts, columns.start, columns.end)
    spans = [Span(int(start), int(end)) for start, end in zip(clock.start, clock.end, strict=True)]
    is_met = np.zeros((len(columns.names), len(spans)), bool)
    is_met[columns.actor, time] = is_met[columns.target, time] = True
    side = np.zeros(is_met.shape, np.int8)
    for name, at in zip(*np.nonzero(is_met), strict=True):
        side[name, at] = SIDES.index(_side(columns.names[name], spans[at], law))
    whom = np.array([[_group([a, b]) for b in SIDES] for a in SIDES], object)
    made: list[str] = whom[side[columns.actor, time], side[columns.target, time]].tolist()
    return made


def _side(named: Named, span: Span, law: Law) -> str:
    """Whom one side of a report is: `mixed`, `excluded`, `bound` or `other`."""
    ids, status = [actor for actor in named.ids if spec.is_party(actor, law)], law.standing.status
    out = [status(a, "excluded", is_umbrella=law.is_umbrella(a, named)).during(span).value == YES for a in ids]
    bound = [status(a, "bound", is_umbrella=law.is_umbrella(a, named)).during(span).value == YES for a in ids]
    return "mixed" if any(out) and not all(out) else "excluded" if any(out) else "bound" if any(bound) else "other"


def _group(sides: Sequence[str]) -> str:
    for name in ("mixed", "excluded"):
        if name in sides:
            return name
    return "bound" if list(sides) == ["bound", "bound"] else "other"


def table_of(assessed: Assessed) -> pa.Table:
    """The answers as a table of `ASSESSMENTS`, by observation and then term."""
    terms, order = _order(assessed)
    n, columns = len(order), [_coded(assessed, term) for term in terms]
    texts = list(dict.fromkeys(text for column in columns for text in column.texts))
    masks = sorted({mask for column in columns for mask in column.masks})

    def spread(parts: Iterable[NDArray[Any]]) -> NDArray[Any]:
        """One part per term, by report and then term."""
        return np.stack([part[order] for part in parts], axis=1).reshape(-1)

    ids = pa.array(assessed.ids, pa.string()).take(pa.array(order))
    of_report, of_term = np.repeat(np.arange(n), len(terms)), np.tile(np.arange(len(terms)), n)
    why = np.searchsorted(np.array(masks, np.uint32), spread(assessed.answers[term].why for term in terms))
    note = spread(np.array([texts.index(t) for t in column.texts], np.int64)[column.note] for column in columns)
    reasons = pa.array([[r.value for r in reasons_of(mask)] for mask in masks], pa.list_(pa.string()))
    protected = np.zeros(n, bool) if assessed.columns.protected is None else assessed.columns.protected[order]
    made = {
        "observation": ids.take(pa.array(of_report)),
        "term": pa.array(terms, pa.string()).take(pa.array(of_term)),
        "covered": spread(assessed.answers[term].value for term in terms),
        "supported": np.repeat(assessed.supported[order], len(terms)),
        "reasons": reasons.take(pa.array(why)),
        "covered_strict": spread(assessed.beside["strict"][term] for term in terms),
        "covered_by_name": spread(assessed.beside["name"][term] for term in terms),
        "protected": np.repeat(protected, len(terms)),
        "note": pa.array([text or None for text in texts], pa.string()).take(pa.array(note)),
    }
    table = pa.table({k: pa.array(v, ASSESSMENTS.field(k).type) for k, v in made.items()}, schema=ASSESSMENTS)
    if len(set(assessed.ids)) == n:
        return table
    return table.sort_by([("observation", "ascending"), ("term", "ascending")])


def hash_of(assessed: Assessed) -> str:
    """Hash of the answers: the same record gives the same hash on every machine.

    SHA-256 over the rows of `table_of`, in its order: each a JSON array of its columns, without blanks, ended by LF.
    Rows of one term with the same answers end alike, so each such end is written once.
    """
    digest = hashlib.sha256()
    if len(set(assessed.ids)) < len(assessed.ids):  # then rows of several reports take turns
        for row in table_of(assessed).to_pylist():
            digest.update(msgspec.json.encode(list(row.values())) + b"\n")
        return digest.hexdigest()
    terms, order = _order(assessed)
    ends: list[bytes] = []
    codes = np.zeros((len(order), len(terms)), np.int64)
    for i, term in enumerate(terms):
        found, rows = _ends(assessed, term)
        codes[:, i] = rows[order] + len(ends)
        ends += found
    ids = assessed.ids
    for at in range(0, len(order), CHUNK):
        lines = []
        for row, mine in zip(order[at : at + CHUNK].tolist(), codes[at : at + CHUNK].tolist(), strict=True):
            begin = b"[" + msgspec.json.encode(ids[row]) + b","
            lines += [begin, begin.join([ends[code] for code in mine])]
        digest.update(b"".join(lines))
    return digest.hexdigest()


CHUNK = 8_192


def _order(assessed: Assessed) -> tuple[list[str], Rows]:
    """The terms and the rows in the order of the table."""
    terms = sorted((*assessed.prohibitions, ANY), key=lambda term: term.encode())
    order = pc.sort_indices(pa.array(assessed.ids, pa.string()))
    return terms, np.asarray(order.to_numpy(zero_copy_only=False), np.int64)


@dataclass(frozen=True)
class _Coded:
    """What is told of one term: the masks of reasons that occur, the notes that occur, and each row's note."""

    masks: list[int]
    texts: list[str]
    note: Rows


def _coded(assessed: Assessed, term: str) -> _Coded:
    masks, texts = np.unique(assessed.answers[term].why).tolist(), [""]
    note = np.zeros(len(assessed.columns), np.int64)
    denied_ = assessed.answers[term].value == NO

    def remark(text: str, rows: NDArray[np.bool_]) -> None:
        if text not in texts:
            texts.append(text)
        note[rows & denied_] = texts.index(text)

    course = assessed.law.standing.window(term) if term != ANY else None
    if course is not None and any(answer.note for answer in course.answers):
        clock, time = Clock.read(course.cuts(), assessed.columns.start, assessed.columns.end)
        for code in np.unique(time):
            window = course.during(Span(int(clock.start[code]), int(clock.end[code])))
            if window.note and window.value == NO:
                remark(window.note, time == code)
    for code, acts in enumerate(assessed.columns.doings):
        if acts and (text := spec.NOT_AN_ACT.get(acts[0])):
            remark(text, assessed.columns.acts == code)
    return _Coded(masks, texts, note)


def _ends(assessed: Assessed, term: str) -> tuple[list[bytes], Rows]:
    """The distinct ends of the rows of one term, after the observation, and each row's index among them."""
    coded, answers, columns = _coded(assessed, term), assessed.answers[term], assessed.columns
    strict, by_name = (assessed.beside[name][term] for name in ("strict", "name"))
    protected = np.zeros(len(columns), bool) if columns.protected is None else columns.protected
    key = np.searchsorted(np.array(coded.masks, np.uint32), answers.why)
    parts = ((answers.value + 1, 3), (assessed.supported + 1, 3), (strict + 1, 3), (by_name + 1, 3), (protected, 2))
    for values, size in parts:
        key = key * size + values
    key = key * len(coded.texts) + coded.note
    _, sample, codes = np.unique(key, return_index=True, return_inverse=True)
    made = []
    for row in sample.tolist():
        reasons = [reason.value for reason in reasons_of(int(answers.why[row]))]
        fields = [
            term, int(answers.value[row]), int(assessed.supported[row]), reasons, int(strict[row]), int(by_name[row]),
            bool(protected[row]), coded.texts[coded.note[row]] or None,
        ]  # fmt: skip
        made.append(msgspec.json.encode(fields)[1:] + b"\n")
    return made, codes


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
    columns = assessed.columns
    if columns.unordered is None or columns.pairs is None:
        return
    words, codes = columns.pairs()
    groups, group = np.unique(np.array(assessed.groups, dtype=object), return_inverse=True)
    found: dict[tuple[str, str], list[Rows]] = {}
    open_rows = np.flatnonzero(columns.unordered)
    keys = codes[open_rows] * len(groups) + group[open_rows]
    by_key = open_rows[np.argsort(keys, kind="stable")]
    kinds, starts = np.unique(np.sort(keys), return_index=True)
    for kind, rows in zip(kinds.tolist(), np.split(by_key, starts[1:]), strict=True):
        actor, target = words[kind // len(groups)]
        found.setdefault((" - ".join((actor or "?", target or "?")), groups[kind % len(groups)]), []).append(rows)
    many = {key: np.concatenate(rows) for key, rows in found.items()}
    for (pair, name), rows in sorted(many.items(), key=lambda item: (-len(item[1]), item[0]))[:most]:
        yield pair, name, len(rows), Counts.of(assessed.answers[ANY].value[rows])
