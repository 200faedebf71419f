"""How many of what a reader sees and asks for are of each kind, and when were they? Facets and days, for one filter.

INVARIANT: a number here is the `total` of the list when that is asked, too: of what the reader is shown, and of nothing
else. A facet is counted under all of the filter but itself, so that it says what another choice would give.

What counting needs of every row is worked out once for a reader; a question is then a few counts over codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
from msgspec.structs import replace as with_values
from numpy.typing import NDArray

from truceline.agreement.model import Agreement
from truceline.assess.assessment import ANY
from truceline.assess.calendar import MOST_DAYS, Calendar
from truceline.desk.views.asked import Bools, Filter, matching, of_verdicts
from truceline.desk.views.view import View
from truceline.evidence.schema import Named
from truceline.group import RESERVED, Sight
from truceline.span import FAR_AHEAD, LONG_AGO, civil_day, parse_instant
from truceline.verdict import NO, UNKNOWN, YES

Codes = NDArray[Any]
Counts = NDArray[np.int64]

OF_ANSWERS: Final = ("term", "value", "supported", "protected", "group")
FACETS: Final = (*OF_ANSWERS, "act", "actor", "zone", "unit", "kind")
"""What a list can be narrowed by beside time."""

STEPS: Final = (1, 7, 28, 91, 364)
"""Civil days of one bar. Steps begin on a Monday, wherever the list begins: bars stay where they are."""

MOST_BARS: Final = 400
VALUES: Final = (YES, UNKNOWN, NO)
_MONDAY: Final = date(1970, 1, 5)
_UNBOUND: Final = -1


@dataclass(frozen=True)
class Facet:
    """A column of codes, and what of each facet each code has.

    Attributes:
        codes: `(n,)` into what is counted; below 0 = nothing.
        keys: of the facet.
        code, key: pairs of an index of a code and one of a key: a code can have several keys.
        size: how many codes.
    """

    codes: Codes
    keys: tuple[str, ...]
    code: Codes
    key: Codes
    size: int

    def counts(self, asked: Bools) -> dict[str, int]:
        """How many of the rows of a claim have each key; keys that none has are left out."""
        codes = self.codes[asked]
        n = np.bincount(codes[codes >= 0], minlength=self.size)
        found = np.bincount(self.key, weights=n[self.code], minlength=len(self.keys)).astype(np.int64)
        return {key: many for key, many in zip(self.keys, found.tolist(), strict=True) if many}


def _facet(codes: Codes, keys_of: Sequence[Iterable[str]]) -> Facet:
    """A facet from what each code has."""
    at: dict[str, int] = {}
    pairs = [(code, at.setdefault(key, len(at))) for code, keys in enumerate(keys_of) for key in dict.fromkeys(keys)]
    code, key = np.array(pairs, np.int64).reshape(-1, 2).T
    small = codes.astype(np.min_scalar_type(-max(len(keys_of), 1)))
    return Facet(small, tuple(at), code, key, max(len(keys_of), 1))


@dataclass(frozen=True)
class Index:
    """What counting needs of every row of a view, each part worked out when it is first asked for."""

    view: View
    agreement: Agreement

    def facet(self, name: str) -> Facet:
        """One of `act`, `actor`, `zone`, `unit`, `kind`."""
        made: Facet = getattr(self, name)
        return made

    @cached_property
    def act(self) -> Facet:
        """Classes of acts: an act counts in each class above it."""
        sheet, tree = self.view.sheet, self.agreement.acts
        classes = [[up for act in acts for up in sorted(tree.classes(act)) if up in tree] for acts in sheet.doings]
        return _facet(sheet.numbers("acts"), classes)

    @cached_property
    def actor(self) -> Facet:
        """Who is said to have done it, and everybody above; of a pair without direction either side."""
        sheet, group = self.view.sheet, self.agreement.group

        def whose(named: Named) -> list[str]:
            ups = [up for one in named.ids for up in (group.above(one) if one in group.parties else (one,))]
            return [up for up in ups if up in group.parties or up in RESERVED]

        theirs = [whose(named) for named in sheet.names]
        other = np.where(sheet.numbers("unordered"), sheet.numbers("target"), _UNBOUND).astype(np.int64)
        wide = sheet.numbers("actor").astype(np.int64) * (len(theirs) + 1) + other + 1
        pairs, codes = np.unique(wide, return_inverse=True)
        of = [divmod(pair, len(theirs) + 1) for pair in pairs.tolist()]
        return _facet(codes.reshape(-1), [[*theirs[one], *(theirs[two - 1] if two else [])] for one, two in of])

    @cached_property
    def zone(self) -> Facet:
        """Zones in which a place may lie, as it is shown; of what is shown as a unit nobody is told."""
        view, sheet = self.view, self.view.sheet
        level = view.seen.level
        words = np.where((level >= Sight.CELL)[:, None], sheet.in_town[sheet.numbers("town")], np.uint64(0))
        exact = level == Sight.AS_REPORTED
        if exact.any():
            words[exact] = sheet.in_place[exact]
        sets, codes = _distinct(words)
        return _facet(codes, [_zones_in(one, sheet.zones) for one in sets.tolist()])

    @cached_property
    def unit(self) -> Facet:
        """Units in which a place may lie, and those above them."""
        view, gazetteer = self.view, self.view.gazetteer
        chains = {
            code: [up for up in gazetteer.chain(code) if up in gazetteer]
            for codes in view.sheet.units
            for code in codes
        }
        units = [[up for one in codes for up in chains[one]] for codes in view.sheet.units]
        return _facet(view.sheet.numbers("town"), units)

    @cached_property
    def kind(self) -> Facet:
        """Kinds of reports."""
        names, codes = self.view.sheet.coded("kind")
        return _facet(codes, [[name or "incident"] for name in names])

    # -- days ----------------------------------------------------------------------------------------------------------

    @cached_property
    def calendar(self) -> Calendar:
        """The civil days from the first to the last that a row with both bounds touches."""
        view = self.view
        start, end = view.start[view.every], view.end[view.every]
        bound = (start > LONG_AGO) & (end < FAR_AHEAD)
        if not bound.any():
            return Calendar(_MONDAY, 0, view.tz)
        first, last = civil_day(int(start[bound].min()), view.tz), civil_day(int(end[bound].max()) - 1, view.tz)
        days = min((last - first).days + 1, MOST_DAYS)
        return _calendar(last - timedelta(days=days - 1), days, view.tz)

    @cached_property
    def days(self) -> tuple[Codes, Codes]:
        """`(n,)` numbers of the first and the last civil day of each row; open ends are the ends of the calendar."""
        marks, last = self.calendar.marks, max(self.calendar.days - 1, 0)
        start = np.searchsorted(marks, self.view.start, side="right") - 1
        end = np.searchsorted(marks, self.view.end - 1, side="right") - 1
        return tuple(np.clip(one, 0, last).astype(np.int32) for one in (start, end))  # type: ignore[return-value]  # two

    @cached_property
    def newest(self) -> date | None:
        """The newest civil day of a report that a term covers or may cover, of those known to the day; else of any."""
        if not self.calendar.days:
            return None
        view = self.view
        first, last = self.days
        sure = view.listed & (first == last) & (view.start > LONG_AGO) & (view.end < FAR_AHEAD)
        relevant = sure & (view.sheet.verdicts.values[:, -1] != NO)[view.verdict]
        days = first[relevant] if relevant.any() else first[sure]
        return self.calendar.date(int(days.max())) if len(days) else None


@lru_cache(maxsize=8)
def _calendar(first: date, days: int, tz: str) -> Calendar:
    """A calendar that readers have in common: its days are laid out once."""
    return Calendar(first, days, tz)


def index_of(view: View, agreement: Agreement) -> Index:
    """The index of a view; made once."""
    found = view.worked_out.get("index")
    if found is None:
        found = view.worked_out["index"] = Index(view, agreement)
    made: Index = found
    return made


def facets_of(view: View, one: Filter, agreement: Agreement) -> dict[str, dict[str, int]]:
    """How many rows each choice of each facet would give, under all of the filter but that facet.

    Returns:
        Facet to choice to number; choices that give nothing are left out.

    Raises:
        UnknownError, InputError: as `asked.check_filter`.
    """
    index, whole = index_of(view, agreement), matching(view, one, agreement)
    found: dict[str, dict[str, int]] = {}
    bare = with_values(one, term="", value=None, supported=None, protected=None, group="")
    n = np.bincount(view.verdict[whole if bare == one else matching(view, bare, agreement)],
                    minlength=len(view.sheet.verdicts))  # fmt: skip
    for name in OF_ANSWERS:
        found[name] = {key: many for key, value in _choices(name, view) if (many := _told(n, one, name, value, view))}
    for name in FACETS[len(OF_ANSWERS) :]:
        asked = matching(view, with_values(one, **{name: ""}), agreement) if getattr(one, name) else whole
        found[name] = index.facet(name).counts(asked)
    return found


def _choices(name: str, view: View) -> Iterator[tuple[str, Any]]:
    """What can be asked of a facet of answers: how it is written in an address, and its value."""
    if name == "term":
        yield from ((term, term) for term in (*view.sheet.terms, ANY))
    elif name == "value":
        yield from ((str(value), value) for value in VALUES)
    elif name == "group":
        yield from ((group, group) for group in view.sheet.groups)
    else:
        yield from (("true", True), ("false", False))


def _told(n: Counts, one: Filter, name: str, value: Any, view: View) -> int:  # noqa: ANN401  # a value of a filter
    return int(n[of_verdicts(with_values(one, **{name: value}), view.sheet.verdicts, view)].sum())


# -- days --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bars:
    """Reports over time.

    Attributes:
        step: civil days of a bar.
        first: first day of the first bar.
        within: `(bars, 3)` reports known to lie in a bar, by answer +1, 0, -1.
        touching: likewise reports that may lie in it, or elsewhere.
        newest: as `Index.newest`: of all that the reader sees.
    """

    step: int
    first: date
    within: Counts
    touching: Counts
    newest: date | None = None

    def rows(self) -> Iterator[tuple[date, list[int], list[int]]]:
        """First day, reports within, reports touching, of each bar that has any."""
        for at in np.flatnonzero(self.within.any(axis=1) | self.touching.any(axis=1)).tolist():
            day = self.first + timedelta(days=at * self.step)
            yield day, self.within[at].tolist(), self.touching[at].tolist()

    def plain(self) -> dict[str, Any]:
        """The same as plain values; a bar without reports is left out."""
        last = self.first + timedelta(days=len(self.within) * self.step)
        return {
            "step_days": self.step, "from": self.first.isoformat(), "until": last.isoformat(),
            "newest": None if self.newest is None else self.newest.isoformat(),
            "bars": [
                {"from": day.isoformat(), "until": (day + timedelta(days=self.step)).isoformat(),
                 "within": _by_answer(within), "touching": _by_answer(touching)}
                for day, within, touching in self.rows()
            ],
        }  # fmt: skip


def _by_answer(three: Sequence[int]) -> dict[str, int]:
    return dict(zip(("surely", "open", "not_covered"), three, strict=True))


def bars_of(view: View, one: Filter, agreement: Agreement, *, step: int = 0) -> Bars:
    """When the rows were that a reader sees and asks for, by the answer to the term of the filter, or to *any*.

    Args:
        view: what it sees.
        one: the filter; its times bound the bars, and a report is counted in each bar in which it may lie.
        agreement: the text.
        step: civil days of a bar, one of `STEPS`; 0 = the fewest that give at most `MOST_BARS`.
    """
    index = index_of(view, agreement)
    calendar, asked = index.calendar, matching(view, one, agreement)
    first, last = _window(one, calendar, agreement)
    if last < first:
        none = np.zeros((0, 3), np.int64)
        return Bars(step or 1, calendar.first, none, none, index.newest)
    step = step or next((s for s in STEPS if (last - first) // s + 2 <= MOST_BARS), STEPS[-1])
    lead = (calendar.date(first) - _MONDAY).days % step if step > 1 else 0
    many = (last - first + lead) // step + 1
    column = view.sheet.verdicts.values[:, (*view.sheet.terms, ANY).index(one.term or ANY)]
    value = (YES - column)[view.verdict[asked]].astype(np.int64)  # 0, 1, 2
    start, end = (np.clip((days[asked] - first + lead) // step, 0, many - 1).astype(np.int64) for days in index.days)
    bound = (view.start[asked] > LONG_AGO) & (view.end[asked] < FAR_AHEAD)
    sure = (start == end) & bound & _inside(index.days, asked, (first - lead, first - lead + many * step))
    within = np.bincount(start[sure] * 3 + value[sure], minlength=many * 3).reshape(many, 3)
    begun = np.bincount(start[~sure] * 3 + value[~sure], minlength=(many + 1) * 3)
    ended = np.bincount((end[~sure] + 1) * 3 + value[~sure], minlength=(many + 1) * 3)
    touching = np.cumsum((begun - ended).reshape(many + 1, 3), axis=0)[:many]
    return Bars(step, calendar.date(first) - timedelta(days=lead), within, touching, index.newest)


def _inside(days: tuple[Codes, Codes], asked: Bools, bounds: tuple[int, int]) -> Bools:
    """Which rows lie wholly between two numbers of days."""
    found: Bools = (days[0][asked] >= bounds[0]) & (days[1][asked] < bounds[1])
    return found


def _window(one: Filter, calendar: Calendar, agreement: Agreement) -> tuple[int, int]:
    """First and last number of the days that are asked for."""
    first, last = 0, calendar.days - 1
    if one.since:
        day = civil_day(parse_instant(one.since, agreement.tz), agreement.tz)
        first = max(first, (day - calendar.first).days)
    if one.until:
        day = civil_day(parse_instant(one.until, agreement.tz) - 1, agreement.tz)
        last = min(last, (day - calendar.first).days)
    return first, last


# -- zones -------------------------------------------------------------------------------------------------------------


def _distinct(words: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], Codes]:
    """The different rows, and each row's index among them."""
    if words.shape[1] == 1:
        values, codes = np.unique(words[:, 0], return_inverse=True)
        return values[:, None], codes.reshape(-1)
    values, codes = np.unique(words, axis=0, return_inverse=True)
    return values, codes.reshape(-1)


def _zones_in(words: Sequence[int], zones: Sequence[str]) -> list[str]:
    return [zone for at, zone in enumerate(zones) if words[at // 64] >> (at % 64) & 1]


def listed_facets(facets: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Facets as lists: choice and number, the most frequent first, then by name."""
    return {
        name: [{"key": key, "reports": n} for key, n in sorted(of.items(), key=lambda one: (-one[1], one[0]))]
        for name, of in facets.items()
    }
