"""Were there N good civil days in a row, and from when on? Every reading of the word beside the others.

The condition holds from the end of the N-th good day on; a later reset does not undo it. A word such as *adhered* has
readings; each is counted twice: under the simplifications that the text states (`counting: exact-day`, `coverage:
assumed`), and in full, where an event of unknown day and a day that nobody watched are open. `assumed` reaches from the
first to the last day of which the evidence speaks, and no further. Only the full count is ever a verdict; the other is
what the text says it is, and is shown beside it.

What is counted for `none` and for deaths: acts of force (attack, gain) between the two sides, in the zone. The sides
are those of `between`, else the sides of the guarantors. An umbrella counts as its side, as readings say.

The baseline `mean-P28D-before-start` is the mean of the 28 whole civil days before the day in which the count begins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from truceline.acts import OF_FORCE
from truceline.agreement.history import Standing
from truceline.agreement.model import SignedAct
from truceline.agreement.refs import heads
from truceline.agreement.signed import reading_name
from truceline.assess.calendar import Calendar
from truceline.assess.columns import Columns
from truceline.assess.coverage import Coverage
from truceline.assess.days import Bound, Goods, Run, answered, at_least, both_of, bounded, runs, share_of, whole_of
from truceline.assess.events import Events, Wanted, events_of, exact, sides_of_guarantors, texts, two_sides, wanted_of
from truceline.assess.place import Placed
from truceline.course import Course, all_courses, combined
from truceline.errors import InputError, quoted
from truceline.span import DAY_S, FAR_AHEAD, LONG_AGO, Span, civil_day, day_span, parse_duration
from truceline.verdict import NEVER, NO, SURE, UNKNOWN, YES, Answer, Reason, agreed, both, either, undecided

_BASELINE = re.compile(r"mean-(?P<length>P\d+[DW])-before-[\w-]+")
HORIZON = "P60D"
"""How long good days are looked for where the text does not say; `horizon: none` = for ever."""

FORCE = ("surely-breach", "breach")
"""Words for *any act of force between the sides*, where a reading counts breaches."""


@dataclass(frozen=True)
class Rule:
    """A condition `consecutive` as the text has it, with its word looked up.

    Attributes:
        days: how many good days in a row.
        readings: what a good day is, each reading a mapping; alone when the word has one meaning.
        word: the open word; empty = the condition says itself what a good day is.
        zones: where.
        between: two sides; empty = anybody.
        least: share of a day that must have been watched; None = the text does not say.
        resetters: bodies whose signed reset sets the count to 0.
        horizon_s: looked for within so many seconds from the start; None = for ever.
        baseline_days: how many civil days before the start make the baseline.
        is_exact: `counting: exact-day`.
        is_assumed: `coverage: assumed`.
        begins: when the count begins, as the text has it; None = with the term `start`, else with the first instrument.
    """

    days: int
    readings: tuple[Mapping[str, Any], ...]
    word: str = ""
    zones: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    least: Fraction | None = None
    resetters: tuple[str, ...] = ()
    horizon_s: int | None = None
    baseline_days: int = 28
    is_exact: bool = False
    is_assumed: bool = False
    begins: Any = None

    @property
    def is_simplified(self) -> bool:
        """Whether the text states a simplification."""
        return self.is_exact or self.is_assumed


@dataclass(frozen=True)
class Counted:
    """One reading, counted from one start.

    Attributes:
        name: of the reading.
        stated: under the simplifications that the text states; the full count where it states none.
        full: with events of unknown day, and days that nobody watched, open.
        start: the second from which on days count.
    """

    name: str
    stated: Run
    full: Run
    start: int
    rule: Rule

    def course(self, run: Run) -> Course:
        """When the condition holds, by one of the two counts: from the end of the N-th good day on."""
        days = self.rule.days
        sure, first = run.reached(run.surely, days), run.reached(run.possibly, days)
        steps = []
        if first is not None:
            inside = range(max(first - days + 1, 0), first + 1)
            why = int(np.bitwise_or.reduce(run.goods.why[inside.start : inside.stop], initial=0))
            open_ = Answer(UNKNOWN, why or Reason.TIME.bit)
            steps.append((int(run.calendar.marks[first + 1]), open_))
        if sure is not None:
            steps.append((int(run.calendar.marks[sure + 1]), SURE))
        return Course.steps(steps)


@dataclass(frozen=True)
class _Asked:
    """How days are looked at: which, which were watched enough, and under which simplifications."""

    start: int
    calendar: Calendar
    watched: NDArray[np.bool_]
    is_exact: bool
    is_assumed: bool


def rule_of(fields: Mapping[str, Any], standing: Standing) -> Rule:
    """Read a condition `consecutive` and look up its word.

    Raises:
        InputError: it says no number of days, or not what a good day is.
    """
    given = fields["consecutive"] if isinstance(fields.get("consecutive"), Mapping) else fields
    days, that = given.get("days"), given.get("that")
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise InputError(f"`consecutive`: expected `days` of 1 or more, got {quoted(days)}")
    if given.get("calendar", "civil") != "civil":
        raise InputError(f"`consecutive`: expected `calendar: civil`, got {quoted(given.get('calendar'))}")
    word = standing.agreement.words.get(that) if isinstance(that, str) else None
    word = word if isinstance(word, Mapping) else {}
    between = two_sides(given.get("between", word.get("between"))) or sides_of_guarantors(standing)
    reset = given.get("reset_by")
    return Rule(
        days, _readings_of(that, word), that if word and isinstance(that, str) else "", texts(given.get("in")),
        between, None if given.get("coverage") is None else share_of(given["coverage"], 1),
        texts(reset.get("agree") if isinstance(reset, Mapping) else reset),
        _horizon(given.get("horizon", HORIZON)), baseline_days(word.get("baseline")),
        word.get("counting") == "exact-day", word.get("coverage") == "assumed", given.get("from"),
    )  # fmt: skip


def _readings_of(that: Any, word: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:  # noqa: ANN401  # plain values
    """What a good day is, each reading a mapping; a reading that is a name is that of a condition which holds."""
    said: Any = [that] if isinstance(that, str) and not word else word.get("readings", ())
    if isinstance(that, Mapping):
        said = that["readings"] if set(that) == {"readings"} else [that]
    readings = tuple({"holds": one} if isinstance(one, str) else one for one in said)
    if not readings or not all(isinstance(one, Mapping) and one for one in readings):
        raise InputError(f"`consecutive`: expected `that` to name a word with readings, got {quoted(that)}")
    return readings


def _horizon(text: Any) -> int | None:  # noqa: ANN401  # plain values
    return None if text in (None, "none") else parse_duration(str(text))


def baseline_days(text: Any) -> int:  # noqa: ANN401  # plain values
    """Length of a baseline in days: 28 of `mean-P28D-before-start`, and where the text does not say."""
    if text is None:
        return 28
    match = _BASELINE.fullmatch(str(text))
    if not match:
        raise InputError(f"`baseline`: expected such as `mean-P28D-before-start`, got {quoted(text)}")
    if (days := parse_duration(match["length"]) // DAY_S) < 1:
        raise InputError(f"`baseline`: expected a day or more, got {quoted(text)}")
    return days


@dataclass
class Days:
    """The days of one table of evidence, for any rule."""

    table: pa.Table
    columns: Columns
    placed: Placed
    coverage: Coverage
    incident: Mapping[str, str] = field(default_factory=dict, repr=False)
    _events: dict[tuple[Wanted, str], Events] = field(default_factory=dict, repr=False)

    def starts(self, rule: Rule, standing: Standing) -> list[int]:
        """The moments from which on days may count: several where it is open when the count begins, none = never."""
        begun = _begun(rule, standing)
        found = [at for at, answer in zip(begun.at, begun.answers, strict=True) if answer.value != NO]
        sure = [at for at, answer in zip(begun.at, begun.answers, strict=True) if answer.value == YES]
        found = [at for at in found if at <= sure[0]] if sure else found
        if found and found[0] == LONG_AGO:  # always, or nobody knows since when: not before anything was told of
            found[:1] = [int(self.columns.start.min())] if len(self.columns) else []
        return found

    def counted(self, rule: Rule, standing: Standing, start: int, until: int | None = None) -> list[Counted]:
        """Every reading of a rule, counted from one start.

        Args:
            rule: the condition.
            standing: what stands, as known then.
            start: UTC second from which on days count.
            until: only whole days before this second; None = as far as the evidence and the horizon go.
        """
        calendar = self._calendar(rule, standing, start, until)
        made = []
        for reading in rule.readings:
            full = self._run(rule, reading, standing, start, calendar, is_stated=False)
            stated = self._run(rule, reading, standing, start, calendar, is_stated=True) if rule.is_simplified else full
            made.append(Counted(reading_name(reading), stated, full, start, rule))
        return made

    def course(self, rule: Rule, standing: Standing) -> Course:
        """When the condition holds, in full: readings and starts that differ make it 0 `open word`."""
        starts, begun = self.starts(rule, standing), _begun(rule, standing).answers
        if not starts:
            has_begun = any(answer.value != NO for answer in begun)
            return Course.always(undecided(Reason.NO_COVERAGE) if has_begun else NEVER)
        worlds = []
        for start in starts:
            found = [one.course(one.full) for one in self.counted(rule, standing, start)]
            worlds.append(standing.side_by_side(rule.word, found))
        whole = combined(worlds, partial(agreed, otherwise=Reason.OPEN_WORD))
        if any(answer.value == YES for answer in begun):
            return whole
        # It may never have begun: then no number of good days makes it hold.
        return all_courses([whole, Course.always(either(begun))])

    # -- the days ----------------------------------------------------------------------------------------------------

    def _calendar(self, rule: Rule, standing: Standing, start: int, until: int | None) -> Calendar:
        """Whole days from the start on: to the horizon, else so far beyond the evidence that nothing more changes."""
        tz = standing.agreement.tz
        first = day_span(civil_day(start, tz), tz)
        begins = first.start if first.start == start else first.end
        last = int(self.columns.end.max()) if len(self.columns) else begins
        acts = [a.at for a in standing.acts if a.act in ("reset", "finding")]
        ends = max(last, begins, *acts, begins) + (rule.days + 2) * DAY_S
        if rule.horizon_s is not None:
            ends = start + rule.horizon_s
        ends = min(ends, until if until is not None else FAR_AHEAD)
        if ends <= begins:
            return Calendar(civil_day(begins, tz), 0, tz)
        made = Calendar.over(Span(begins, ends), tz)
        return made if int(made.marks[-1]) <= ends else Calendar(made.first, made.days - 1, tz)

    def _run(
        self, rule: Rule, reading: Mapping[str, Any], standing: Standing, start: int, calendar: Calendar, *,
        is_stated: bool,
    ) -> Run:  # fmt: skip
        if not calendar.days:
            return runs(calendar, answered([], calendar), [])
        is_assumed = is_stated and rule.is_assumed
        watched = self._told(calendar) if is_assumed else self._watched(rule, calendar)
        asked = _Asked(start, calendar, watched, is_stated and rule.is_exact, is_assumed)
        return runs(calendar, self._goods(rule, reading, standing, asked), resets(rule, standing))

    def _watched(self, rule: Rule, calendar: Calendar) -> NDArray[np.bool_]:
        least = Fraction(1) if rule.least is None else rule.least
        return self.coverage.watch(rule.zones, calendar).reaches(least)

    def _told(self, calendar: Calendar) -> NDArray[np.bool_]:
        """`coverage: assumed`: every whole day from the first to the last moment of which the evidence speaks."""
        if not len(self.columns):
            return np.zeros(calendar.days, np.bool_)
        first, last = int(self.columns.start.min()), int(self.columns.end.max())
        return np.asarray((calendar.marks[:-1] >= first) & (calendar.marks[1:] <= last), np.bool_)

    def _goods(self, rule: Rule, reading: Mapping[str, Any], standing: Standing, asked: _Asked) -> Goods:
        """Every day, judged by one reading."""
        calendar, watched = asked.calendar, asked.watched
        if "day_findings" in reading:
            sides = texts(reading["day_findings"])
            answers = [day_finding(span, sides, standing) for span in calendar.spans()]
            return answered(answers, calendar, None if rule.least is None else watched)
        if not {"none", "count", "deaths_vs_baseline"} & set(reading):
            return answered(self._held(reading, standing, calendar), calendar)
        act = reading.get("none", reading.get("count"))
        classes = OF_FORCE if act is None or act in FORCE else texts(act)
        events = self.events(wanted_of(classes, {"in": rule.zones, "between": rule.between, **reading}), standing)
        if asked.is_exact:
            events = exact(events, partial(_day_of, tz=standing.agreement.tz))
        if "deaths_vs_baseline" in reading:
            return bounded(events, self._allowed(rule, reading, events, asked), calendar, watched)
        if "count" in reading and "at_most" not in reading:
            return at_least(events, whole_of(reading.get("at_least", 1)), calendar, watched)
        most = whole_of(reading.get("at_most", 0)) if "count" in reading else 0
        few = bounded(events, Bound(most, most), calendar, watched)
        if "count" not in reading or "at_least" not in reading:
            return few
        return both_of(few, at_least(events, whole_of(reading["at_least"]), calendar, watched))

    def _held(self, reading: Mapping[str, Any], standing: Standing, calendar: Calendar) -> list[Answer]:
        """A day on which a condition of another kind holds throughout."""
        rest = {key: value for key, value in reading.items() if key != "name"}
        course = standing.begun(rest["holds"]) if set(rest) == {"holds"} else standing.condition(rest)
        made = []
        for day in calendar.spans():
            inside = [day.start, *(at for at in course.cuts() if day.start < at < day.end)]
            made.append(both(course.during(Span(at, at + 1)) for at in inside))
        return made

    def events(self, wanted: Wanted, standing: Standing) -> Events:
        """The events that a condition counts; worked out once for one way of reading umbrellas."""
        key = (wanted, standing.readings.umbrella)
        if key not in self._events:
            self._events[key] = events_of(self.table, self.columns, wanted, standing, self.placed, self.incident)
        return self._events[key]

    def _allowed(self, rule: Rule, reading: Mapping[str, Any], events: Events, asked: _Asked) -> Bound:
        """How many deaths a day may have: deaths x days of the baseline <= share x deaths in the baseline."""
        before = _days_before(asked.start, rule.baseline_days, asked.calendar.tz)
        share, days = share_of(reading["deaths_vs_baseline"]), rule.baseline_days
        first, last = before.number(events.start), before.number(events.end - 1)
        inside = (first >= 0) & (last < before.days) & (events.value == YES)
        touching = (last >= 0) & (first < before.days)
        least = max((int(events.low[inside & (events.line == line)].sum()) for line in events.lines), default=0)
        most = int(events.high[touching].sum()) if len(events) else 0
        is_watched = asked.is_assumed or bool(self._watched(rule, before).all())
        return Bound(
            int(share * least // days), int(share * most // days) if is_watched else None, is_of_deaths=True
        )  # fmt: skip


def _begun(rule: Rule, standing: Standing) -> Course:
    """Whether the count has begun, as the text has it; where no text says when, it always has."""
    begins = rule.begins
    if begins is None and "start" in standing.agreement.terms:
        begins = "start"
    if begins is None and standing.agreement.instruments:
        begins = next(iter(standing.agreement.instruments.values())).begins
    return Course.always(SURE) if begins is None else standing.begun(begins)


def _days_before(start: int, days: int, tz: str) -> Calendar:
    """The whole civil days before the day in which a moment lies."""
    day = civil_day(start, tz)
    return Calendar(type(day).fromordinal(day.toordinal() - days), days, tz)


def _day_of(seconds: NDArray[np.int64], tz: str) -> NDArray[np.int64]:
    """A number for the civil day of each second."""
    if not len(seconds):
        return np.zeros(0, np.int64)
    return Calendar.over(Span(int(seconds.min()), int(seconds.max()) + 1), tz).number(seconds)


# -- signed acts -----------------------------------------------------------------------------------------------------


def resets(rule: Rule, standing: Standing) -> list[int]:
    """When the count was set to 0: at the last signature that a reset needs to bind its body."""
    signed: dict[str, set[str]] = {}
    found = []
    for act in sorted((a for a in standing.acts if a.act == "reset"), key=lambda a: (a.at, a.id)):
        if not _is_about(act, rule, standing):
            continue
        signers = signed.setdefault(act.of, set())
        signers.update(act.by)
        if any(standing.agreement.group.signed_by(body, signers) for body in rule.resetters):
            found.append(act.at)
            del signed[act.of]
    return found


def _is_about(act: SignedAct, rule: Rule, standing: Standing) -> bool:
    """Whether a signed act speaks of this count: of nothing else, of its word, or of the term in which it stands."""
    if not act.of or act.of == rule.word:
        return True
    term = standing.agreement.terms.get(act.of)
    said = heads([term.body.get(key) for key in ("is", "on", "if")], "consecutive") if term is not None else ()
    mine = replace(rule, begins=None)  # which may have been given by who asks
    return any(replace(rule_of({"consecutive": one}, standing), begins=None) == mine for one in said)


def day_finding(day: Span, sides: Sequence[str], standing: Standing) -> Answer:
    """Whether each side found, by its signature, that a day was adhered to.

    Returns:
        +1 each found *no breach*, -1 one of them found a *breach*, 0 `awaiting answer` while one has found neither. A
        side's latest finding about the day stands.
    """
    held = [_latest(day, side, standing) for side in sides]
    if "breach" in held:
        return NEVER
    return SURE if held and all(one == "no-breach" for one in held) else undecided(Reason.AWAITING_ANSWER)


def _latest(day: Span, side: str, standing: Standing) -> str:
    found = ""
    for act in sorted((a for a in standing.acts if a.act == "finding"), key=lambda a: (a.at, a.id)):
        covers = act.start is not None and act.until is not None and act.start <= day.start and day.end <= act.until
        if covers and standing.agreement.group.signed_by(side, act.by):
            found = str(getattr(act, "holds", ""))
    return found
