"""When does a condition over evidence hold: `count`, `rate`, `ratio`, `none`, `coverage`, `consecutive`?

Everything is asked as `covered` is: if the reports are true. A count has two bounds: the events that surely happened,
and those that possibly did (imprecise time, place, actor or act widen the gap). What surely happened can show that a
number was reached; that it was *not* reached, or not passed, can only be shown where somebody could have seen it: so
`none` and `at_most` are never surely without coverage, and say `no coverage`. What counts as coverage: `coverage`.

A count at a second is of what happened until then, that second included: since `from`, or within the last `within` (or
`per`). With neither it has no beginning, nobody can have watched it, and an upper bound does not exist. Before `from`
nothing is asked, and nothing holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from truceline.acts import OF_FORCE
from truceline.agreement.history import Standing
from truceline.agreement.model import Agreement
from truceline.assess.calendar import Calendar
from truceline.assess.columns import Columns
from truceline.assess.consecutive import FORCE, Days, baseline_days, rule_of
from truceline.assess.coverage import Coverage
from truceline.assess.days import share_of, whole_of
from truceline.assess.events import Events, texts, wanted_of
from truceline.assess.place import Placed
from truceline.assess.sequence import Sequenced
from truceline.course import Course, combined
from truceline.errors import InputError, quoted
from truceline.evidence.schema import Observation
from truceline.span import DAY_S, LONG_AGO, Span, parse_duration
from truceline.verdict import NEVER, NO, SURE, UNKNOWN, YES, Answer, Reason, Values, agreed, undecided

Longs = NDArray[np.int64]
Bare = tuple[Calendar, NDArray[np.bool_]]
"""The days of which somebody watched something, and which of them were not watched enough."""

BARE = undecided(Reason.NO_COVERAGE)
FOR_EVER = 1 << 41
WORDS = ("consecutive", "ratio", "rate", "count", "none", "coverage")


@dataclass
class Seen:
    """One table of evidence, asked for conditions over it.

    Attributes:
        table: of `evidence.schema.SCHEMA`; only what was known then: whoever makes this leaves out the rest.
        agreement: the text.
        placed: its zones.
    """

    table: pa.Table
    agreement: Agreement
    placed: Placed
    incident: Mapping[str, str] = field(default_factory=dict)
    columns: Columns = field(init=False, repr=False)
    coverage: Coverage = field(init=False, repr=False)
    days: Days = field(init=False, repr=False)
    _sequenced: dict[str, Sequenced] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """The table as columns, once."""
        self.columns = Columns.of_table(self.table)
        self.coverage = Coverage(self.table, self.placed)
        self.days = Days(self.table, self.columns, self.placed, self.coverage, self.incident)

    def course(self, word: str, fields: Mapping[str, Any], standing: Standing) -> Course:
        """When a condition over evidence holds.

        Args:
            word: one of `WORDS`.
            fields: the mapping in which it stands.
            standing: what stands, as known then.

        Returns:
            +1 it surely holds, -1 it surely does not, 0 with reasons.

        Raises:
            InputError: a field is not what it should be.
        """
        # A mapping may hold several of them, such as the `coverage` that a count asks for: the first of WORDS heads it.
        word = next((one for one in WORDS if one in fields), word)
        if word == "consecutive":
            return self.days.course(rule_of(fields, standing), standing)
        if word == "coverage":
            return self._covered(share_of(fields["coverage"], 1), texts(fields.get("in")))
        act = fields.get(word)
        events = self.days.events(wanted_of(OF_FORCE if act in FORCE else act, fields), standing)
        if fields.get("from") is None:
            return self._over(word, events, fields, None)
        begun = standing.begun(fields["from"])
        starts = [max(at, LONG_AGO + 1) for at, a in zip(begun.at, begun.answers, strict=True) if a.value != NO]
        if not starts:
            return Course.always(NEVER)
        sure = [at for at, a in zip(begun.at, begun.answers, strict=True) if a.value == YES]
        ends = dict.fromkeys([starts[0], max(sure[0], starts[0]) if sure else starts[-1]])
        worlds = [self._over(word, events, fields, None if at == LONG_AGO + 1 else at) for at in ends]
        return worlds[0] if len(worlds) == 1 and sure else combined([begun, *worlds], _begun)

    def _over(self, word: str, events: Events, fields: Mapping[str, Any], begins: int | None) -> Course:
        """A condition, counted from one second on."""
        if word == "none":
            return self._counted(events, fields, begins, most=0)
        if word == "count":
            least, most = fields.get("at_least"), fields.get("at_most")
            least = 1 if least is None and most is None else least
            least, most = (None if bound is None else whole_of(bound) for bound in (least, most))
            return self._counted(events, fields, begins, least=least, most=most)
        if word == "rate":
            return self._rated(events, fields, begins)
        if word == "ratio":
            return self._compared(events, fields, begins)
        return Course.always(undecided(Reason.NOT_YET_JUDGED))

    def related(self, word: str, fields: Mapping[str, Any], report: Observation, standing: Standing) -> Answer:
        """Whether another report came `earlier` than one, or `followed` it, as a condition asks."""
        key = standing.readings.umbrella
        if key not in self._sequenced:
            self._sequenced[key] = Sequenced(self.table, self.columns, standing, self.placed)
        return self._sequenced[key].related(word, fields, report)

    # -- bounds in time ----------------------------------------------------------------------------------------------

    def _counted(
        self, events: Events, fields: Mapping[str, Any], begins: int | None, *, least: int | None = None,
        most: int | None = None,
    ) -> Course:  # fmt: skip
        """A count between two bounds, at every second."""
        tally = self._tally(events, fields, begins)
        values, why = np.full(len(tally.at), YES, np.int8), np.zeros(len(tally.at), np.uint32)
        for bound, sign in ((least, 1), (None if most is None else most + 1, -1)):
            if bound is not None:
                value, reasons = tally.reached(bound)
                values, why = np.minimum(values, value * sign).astype(np.int8), why | reasons
        return tally.course(values, why)

    def _rated(self, events: Events, fields: Mapping[str, Any], begins: int | None) -> Course:
        """Events per time: as many in the window as the rate makes of it."""
        per = parse_duration(str(fields.get("per", "P1D")))
        window = parse_duration(str(fields["within"])) if fields.get("within") else per
        if per < 1:
            raise InputError(f"`rate`: expected `per` of a second or more, got {quoted(fields['per'])}")
        least, most = (
            None if fields.get(key) is None else share_of(fields[key]) * window / per for key in ("at_least", "at_most")
        )
        return self._counted(
            events, {**fields, "within": f"PT{window}S"}, begins, least=None if least is None else -(-least // 1),
            most=None if most is None else int(most // 1),
        )  # fmt: skip

    def _compared(self, events: Events, fields: Mapping[str, Any], begins: int | None) -> Course:
        """Events in the window beside the mean of the baseline before `from`, at most or at least so many times it."""
        if fields.get("over") is not None:
            return Course.always(undecided(Reason.NOT_YET_JUDGED))  # one act against another is not compared yet
        if begins is None or fields.get("baseline") is None:
            raise InputError("`ratio`: expected `from`, and `baseline` such as `mean-P28D-before-start`")
        window = parse_duration(str(fields.get("per", "P1D")))
        length = DAY_S * baseline_days(fields["baseline"])
        before = self._tally(events, {**fields, "within": f"PT{length}S"}, None).at_second(begins - 1)
        tally, parts = self._tally(events, {**fields, "within": f"PT{window}S"}, begins), []
        for key, sign in (("at_least", 1), ("at_most", -1)):
            if fields.get(key) is not None:
                share = share_of(fields[key]) * window / length
                low, high = share * before[0], None if before[1] is None else share * before[1]
                parts.append(_against(tally, low, high, is_least=sign > 0))
        if not parts:
            raise InputError("`ratio`: expected `at_least` or `at_most`")
        values, why = parts[0]
        for value, reasons in parts[1:]:
            values, why = np.minimum(values, value), why | reasons
        return tally.course(values, why)

    def _tally(self, events: Events, fields: Mapping[str, Any], begins: int | None) -> Tally:
        window = fields.get("within", fields.get("per"))
        length = None if window is None else parse_duration(str(window))
        zones = texts(fields.get("in"))
        least = share_of(fields["coverage"], 1) if fields.get("coverage") is not None else Fraction(1)
        bare = self._bare_days(zones, least)
        return Tally.of(events, length, begins, bare)

    def _bare_days(self, zones: Sequence[str], least: Fraction) -> Bare | None:
        """The days of which somebody watched something, and which of them were not watched enough."""
        rows = [(r.start, r.end) for r, is_denied in self.coverage.rows if not is_denied]
        if not rows:
            return None
        calendar = Calendar.over(Span(min(s for s, _ in rows), max(e for _, e in rows)), self.agreement.tz)
        return calendar, ~self.coverage.watch(zones, calendar).reaches(least)

    def _covered(self, least: Fraction, zones: Sequence[str]) -> Course:
        """+1 on days that were watched enough, -1 where so much was denied that they cannot have been, else 0."""
        spans = [(r.start, r.end) for r, _ in self.coverage.rows]
        if not spans:
            return Course.always(BARE)
        calendar = Calendar.over(Span(min(s for s, _ in spans), max(e for _, e in spans)), self.agreement.tz)
        watch = self.coverage.watch(zones, calendar)
        reached, short = watch.reaches(least), watch.falls_short(least)
        steps = []
        for day in range(calendar.days):
            note = f"denied by {', '.join(watch.deniers[day])}" if watch.deniers.get(day) else ""
            answer = SURE if reached[day] else replace(BARE, note=note) if not short[day] else Answer(NO, note=note)
            steps.append((int(calendar.marks[day]), answer))
        return Course.steps([*steps, (int(calendar.marks[-1]), BARE)], before=BARE)


@dataclass(frozen=True)
class Tally:
    """How many events happened, at every second at which that can change.

    Attributes:
        at: `(k,)` rising seconds; the first is `LONG_AGO`.
        low: `(k,)` events that surely happened within the window that ends then.
        high: `(k,)` events that possibly did, of those that are told of.
        why: `(k,)` reasons for the difference.
        watched: `(k,)` whether all of the window was watched: else `high` is no upper bound.
        since: the first second that counts; before it nothing is asked, and nothing holds.
    """

    at: Longs
    low: Longs
    high: Longs
    why: NDArray[np.uint32]
    watched: NDArray[np.bool_]
    since: int

    @classmethod
    def of(cls, events: Events, length: int | None, begins: int | None, bare: Bare | None) -> Tally:
        """Count events.

        Args:
            events: what is counted.
            length: seconds of the window; None = since `begins`.
            begins: the first second that counts; None = no such.
            bare: the days that are known, and which of them were not watched enough; None = none was.
        """
        if begins is not None:
            events = events.take(events.end > begins)
        since = LONG_AGO if begins is None else begins
        spans = _Spans.of(events, length, since)
        at = spans.moments(begins, length, bare)
        high, low = _inside(at, spans.enters, spans.ends), np.zeros(len(at), np.int64)
        for line in events.lines:
            mine = spans.is_sure & (events.line == line)
            low = np.maximum(low, _inside(at, spans.comes[mine], spans.leaves[mine]))
        why = spans.reasons(at, events)
        why = np.where((high > low) & (why == 0), Reason.ACT.bit, why).astype(np.uint32)
        return cls(at, low, high, why, _watched(at, length, begins, bare), since)

    def reached(self, number: int) -> tuple[Values, NDArray[np.uint32]]:
        """Whether at least so many happened: `(k,)` values and reasons."""
        value = np.where(self.low >= number, YES, np.where((self.high < number) & self.watched, NO, UNKNOWN))
        why = np.where(self.watched, 0, Reason.NO_COVERAGE.bit) | np.where(self.high >= number, self.why, 0)
        return value.astype(np.int8), np.where(value == UNKNOWN, why, 0).astype(np.uint32)

    def course(self, values: Values, why: NDArray[np.uint32]) -> Course:
        """Values and reasons as a course."""
        answers = [
            NEVER if at < self.since else Answer(v, w if v == UNKNOWN else 0)
            for at, v, w in zip(self.at.tolist(), values.tolist(), why.tolist(), strict=True)
        ]
        return Course.steps(zip(self.at.tolist(), answers, strict=True), before=answers[0])

    def at_second(self, second: int) -> tuple[int, int | None]:
        """Least and most at a second; None = nobody can say how many at the most."""
        here = int(np.searchsorted(self.at, second, side="right")) - 1
        return int(self.low[here]), int(self.high[here]) if self.watched[here] else None


def _against(
    tally: Tally, low: Fraction, high: Fraction | None, *, is_least: bool
) -> tuple[Values, NDArray[np.uint32]]:
    """A count held against a bound that is itself only known from `low` to `high`."""
    told = tally.why | np.uint32(0 if high is not None else Reason.NO_COVERAGE.bit)
    why = np.where(tally.watched, told, told | np.uint32(Reason.NO_COVERAGE.bit)).astype(np.uint32)
    beyond = np.zeros(len(tally.at), np.bool_) if high is None else tally.low * high.denominator > high.numerator
    under = (tally.high * low.denominator <= low.numerator) & tally.watched
    if is_least:  # at least: reached when even the greatest bound is, not reached when not even the least is
        beyond = np.zeros(len(tally.at), np.bool_) if high is None else tally.low * high.denominator >= high.numerator
        under = (tally.high * low.denominator < low.numerator) & tally.watched
    value = np.where(beyond, 1, np.where(under, -1, 0)) * (1 if is_least else -1)
    why = np.where(why == 0, Reason.TIME.bit, why).astype(np.uint32)
    return value.astype(np.int8), np.where(value == UNKNOWN, why, 0).astype(np.uint32)


@dataclass(frozen=True)
class _Spans:
    """When each event is inside a window that moves.

    An event is surely inside when the whole of its interval is, possibly when a part is; one that lasts is surely
    inside as soon as it goes on within.

    Attributes:
        enters, ends: possibly inside in `[enters, ends)`.
        comes, leaves: surely inside in `[comes, leaves)`, where `is_sure`.
    """

    enters: Longs
    ends: Longs
    comes: Longs
    leaves: Longs
    is_sure: NDArray[np.bool_]

    @classmethod
    def of(cls, events: Events, length: int | None, since: int) -> _Spans:
        """Spans of events in a window of so many seconds, or in one that begins at a second and never ends."""
        first, last = events.start, events.end - 1
        comes = np.maximum(np.where(events.lasts, first, last), since)
        far = np.full(len(events), FOR_EVER, np.int64)
        leaves = far if length is None else np.where(events.lasts, last, first) + length
        is_sure = (events.value == YES) & (events.lasts | (first >= since))
        return cls(np.maximum(first, since), far if length is None else last + length, comes, leaves, is_sure)

    def moments(self, begins: int | None, length: int | None, bare: Bare | None) -> Longs:
        """`(k,)` every second at which a count or its coverage can change."""
        parts = [np.array([LONG_AGO], np.int64), self.enters, self.comes, self.leaves, self.ends]
        wide = [0] if length is None else [0, length - 1, length]
        if begins is not None:
            parts += [np.array([begins + w for w in wide], np.int64)]
        if bare is not None:
            parts += [bare[0].marks + w for w in wide]
        return np.asarray(np.unique(np.concatenate(parts)), np.int64)

    def reasons(self, at: Longs, events: Events) -> NDArray[np.uint32]:
        """`(k,)` reasons of the events that are possibly and not surely inside."""
        made = np.zeros(len(at), np.uint32)
        for reason in Reason:
            has = (events.why & np.uint32(reason.bit)) > 0
            if has.any():
                made |= np.where(_inside(at, self.enters[has], self.ends[has]) > 0, reason.bit, 0).astype(np.uint32)
        timed = events.value == YES
        could = _inside(at, self.enters[timed], self.ends[timed])
        did = _inside(at, self.comes[self.is_sure], self.leaves[self.is_sure])
        return np.asarray(made | np.where(could > did, Reason.TIME.bit, 0), np.uint32)


def _inside(at: Longs, first: Longs, until: Longs) -> Longs:
    """`(k,)` how many of `[first, until)` hold each second."""
    there = until > first  # what is over before it begins was never inside
    begun = np.searchsorted(np.sort(first[there]), at, side="right")
    return np.asarray(begun - np.searchsorted(np.sort(until[there]), at, side="right"), np.int64)


def _watched(at: Longs, length: int | None, begins: int | None, bare: Bare | None) -> NDArray[np.bool_]:
    """`(k,)` whether every civil day that the window touches was watched enough."""
    if bare is None or (length is None and begins is None):
        return np.zeros(len(at), np.bool_)
    calendar, is_bare = bare
    starts = at - (length or 0) + 1 if length is not None else np.full(len(at), begins, np.int64)
    if begins is not None:
        starts = np.maximum(starts, begins)
    first, last = calendar.number(np.minimum(starts, at)), calendar.number(at)
    before = np.concatenate([[0], np.cumsum(is_bare)])
    inside = (first >= 0) & (last < calendar.days)
    some = before[np.clip(last + 1, 0, calendar.days)] - before[np.clip(first, 0, calendar.days)]
    return np.asarray(inside & (some == 0) & (starts <= at), np.bool_)


def _begun(answers: Iterable[Answer]) -> Answer:
    """What a count says from its earliest and from its latest beginning on; while it may have begun, 0."""
    begun, *worlds = answers
    return agreed(worlds, otherwise=Reason.OPEN_WORD) if begun.value == YES else begun
