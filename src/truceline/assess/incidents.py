"""What is the answer for an incident that several reports tell of, and how many incidents are there?

Each report is judged alone. An incident has a sign only if all of its reports share it, else 0 with the factors in
which they differ; words about it (a statement, a count over a period) are no report of an act, and decide nothing.
Reports that may be of one incident, and nobody has decided, are carried as worlds: in one of them they are one
incident, in another two. So every number of incidents is an interval, from all of them being one to none. A merge never
makes a number of covered incidents larger: two become one, and one beside a report that is none becomes undecided. It
can make one supported, so the most that are surely breaches counts the support that all merges would give. The interval
holds every world; where people have kept two apart that a third could join, its least is a bound.

Source: the design's *Semantics*, What real data does not say; *Evidence*, Duplicates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from truceline.assess import spec
from truceline.assess.assessment import ANY, Assessed
from truceline.assess.fault import Fault, fault_of, of_incident
from truceline.verdict import UNKNOWN, YES, Answer, Reason, Values, mask_of

_REASON = {
    "text": Reason.WITHHELD_TEXT, "time": Reason.TIME, "place": Reason.PLACE, "altitude": Reason.ALTITUDE,
    "act": Reason.ACT, "actor": Reason.ACTOR, "target": Reason.TARGET, "condition": Reason.OPEN_WORD,
    "exception": Reason.AWAITING_ANSWER,
}  # fmt: skip
"""What is open where reports of one incident differ in a factor."""


@dataclass(frozen=True)
class Told:
    """Which reports tell of one incident, as far as anybody has decided.

    Attributes:
        incidents: id of each incident that several reports tell of, to its reports.
        unresolved: pairs of reports of which nobody knows whether they tell of one.
    """

    incidents: Mapping[str, tuple[str, ...]]
    unresolved: tuple[tuple[str, str], ...] = ()

    @cached_property
    def of_report(self) -> Mapping[str, str]:
        """Report to the incident it tells of; a report that is not here tells of one of its own."""
        return {report: key for key, reports in self.incidents.items() for report in reports}

    @cached_property
    def joined(self) -> list[tuple[str, ...]]:
        """The reports of each incident, if all that may be one were one."""
        number: dict[str, int] = {}
        for report in (*self.of_report, *(one for pair in self.unresolved for one in pair)):
            number.setdefault(self.of_report.get(report, report), len(number))
        leader = list(range(len(number)))
        for a, b in self.unresolved:
            _join(leader, *(number[self.of_report.get(one, one)] for one in (a, b)))
        made: dict[int, list[str]] = {}
        for key, at in number.items():
            made.setdefault(_top(leader, at), []).extend(self.incidents.get(key, (key,)))
        return [tuple(sorted(reports)) for reports in made.values() if len(reports) > 1]


@dataclass(frozen=True)
class Band:
    """So many incidents at least, and so many at most."""

    low: int
    high: int


@dataclass(frozen=True)
class Incident:
    """One incident, and what its reports make of it.

    Attributes:
        covered: a sign that all reports share, else 0; for each prohibition and `any`.
        supported: +1 where a report that tells of it is supported as the terms require.
    """

    id: str
    reports: tuple[str, ...]
    covered: Mapping[str, Answer]
    supported: int
    fault: Fault
    is_protected: bool


def incidents_of(assessed: Assessed, told: Told) -> list[Incident]:
    """The incidents of which several reports were judged, by id."""
    tells = _tells(assessed)
    rows = {key: row for row, key in enumerate(assessed.ids) if tells[row]}
    made = []
    for key, reports in sorted(told.incidents.items()):
        here = [rows[report] for report in sorted(reports) if report in rows]
        if len(here) > 1:
            made.append(_incident(key, here, assessed))
    return made


def shared(row_answers: Sequence[Answer], differing: Iterable[Reason] = ()) -> Answer:
    """The sign that all answers share, else 0: for what they have open, and for the factors in which they differ.

    >>> shared([Answer(1), Answer(1)]).value, shared([Answer(1), Answer(-1)], [Reason.ACTOR]).reasons
    (1, (<Reason.ACTOR: 'actor'>,))
    """
    values = {answer.value for answer in row_answers}
    if len(values) == 1 and UNKNOWN not in values:
        return Answer(values.pop())
    why = mask_of(differing)
    for answer in row_answers:
        why |= answer.why
    return Answer(UNKNOWN, why or Reason.ACT.bit)


class Bands:
    """How many incidents of a run have some answer, in all worlds of the pairs that nobody has decided."""

    def __init__(self, assessed: Assessed, told: Told, joined: Values | None = None) -> None:
        """Gather the reports of each incident, and the incidents that may be one.

        Args:
            assessed: the answers of a run.
            told: which reports tell of one incident, and which may.
            joined: `(n,)` whether each report would be supported if all that may be one were one; None = as it is.
        """
        ids = assessed.ids
        self._assessed, self._support = assessed, assessed.supported if joined is None else joined
        number: dict[str, int] = {}
        self._rows = np.flatnonzero(_tells(assessed))
        self._apart = np.array([number.setdefault(told.of_report.get(key, key), len(number)) for key in ids], np.int64)
        leader = list(range(len(number)))
        for a, b in told.unresolved:
            pair = [number.get(told.of_report.get(key, key)) for key in (a, b)]
            if pair[0] is not None and pair[1] is not None:
                _join(leader, pair[0], pair[1])
        tops = np.array([_top(leader, at) for at in range(len(number))], np.int64)
        self._joined = tops[self._apart] if len(ids) else self._apart

    def all(self, among: NDArray[np.int64] | None = None) -> Band:
        """How many incidents there are at all; or of how many some report among these rows tells."""
        rows = self._rows if among is None else np.intersect1d(self._rows, among)
        return Band(len(np.unique(self._joined[rows])), len(np.unique(self._apart[rows])))

    def surely(self, term: str) -> Band:
        """How many a term surely covers, if their reports are true."""
        return self._band(self._assessed.answers[term].value, YES)

    def at_most(self, term: str) -> Band:
        """How many a term surely or possibly covers."""
        return self._band(self._assessed.answers[term].value, UNKNOWN)

    def breaches(self, term: str) -> Band:
        """How many are surely breaches: covered, and supported as the terms require."""
        found = []
        # Of an incident that is supported as it is, every world makes a supported one; none is beyond all joined.
        for of, support in ((self._joined, self._assessed.supported), (self._apart, self._support)):
            mine, values = of[self._rows], self._assessed.answers[term].value[self._rows]
            stood = _highest(support[self._rows], mine)
            found.append(int(((_lowest(values, mine) == YES) & (stood == YES)).sum()))
        return Band(min(found), max(found))

    def _band(self, values: Values, least: int) -> Band:
        """Incidents whose answer is at least so much; of a mixed one the answer is 0."""
        found = []
        for of in (self._joined, self._apart):
            mine, told = of[self._rows], values[self._rows]
            value = _lowest(told, mine) if least == YES else _highest(told, mine)
            found.append(int((value >= least).sum()))
        return Band(*found)


def _incident(key: str, rows: Sequence[int], assessed: Assessed) -> Incident:
    covered = {}
    for term in (*assessed.prohibitions, ANY):
        answers = [_answer(assessed, term, row) for row in rows]
        covered[term] = shared(answers, _differing(term, rows, assessed) if len(set(answers)) > 1 else ())
    reports = [assessed.reports[row] for row in rows]
    return Incident(
        key, tuple(assessed.ids[row] for row in rows), covered, int(assessed.supported[list(rows)].max()),
        of_incident([fault_of(report, assessed.law) for report in reports]), any(r.is_protected for r in reports),
    )  # fmt: skip


def _tells(assessed: Assessed) -> NDArray[np.bool_]:
    """`(n,)` whether a report tells of an act: not of words, of a count over a period, or of a mere watch."""
    columns = assessed.columns
    return np.array([spec.tells_of_act(acts) for acts in columns.doings], bool)[columns.acts]


def _answer(assessed: Assessed, term: str, row: int) -> Answer:
    found = assessed.answers[term]
    return Answer(int(found.value[row]), int(found.why[row]))


def _differing(term: str, rows: Sequence[int], assessed: Assessed) -> list[Reason]:
    """The factors of a term in which reports of one incident do not agree; of `any` those of all prohibitions."""
    if term == ANY:
        return sorted(
            {reason for one in assessed.prohibitions for reason in _differing(one, rows, assessed)},
            key=list(Reason).index,
        )
    values = [
        {name: answer.value for name, answer in spec.judge(assessed.reports[row], term, assessed.law).factors.items()}
        for row in rows
    ]
    names = dict.fromkeys(name for one in values for name in one)
    return [_REASON[name] for name in names if name in _REASON and len({one.get(name) for one in values}) > 1]


def _join(leader: list[int], a: int, b: int) -> None:
    first, other = sorted((_top(leader, a), _top(leader, b)))
    leader[other] = first


def _top(leader: list[int], at: int) -> int:
    while leader[at] != at:
        leader[at] = leader[leader[at]]
        at = leader[at]
    return at


def _lowest(values: Values, of: NDArray[np.int64]) -> Values:
    """For each incident the least answer of its reports."""
    made = np.full(int(of.max(initial=-1)) + 1, 2, np.int8)
    np.minimum.at(made, of, values)
    return made[made < 2]


def _highest(values: Values, of: NDArray[np.int64]) -> Values:
    """For each incident the greatest answer of its reports."""
    made = np.full(int(of.max(initial=-1)) + 1, -2, np.int8)
    np.maximum.at(made, of, values)
    return made[made > -2]
