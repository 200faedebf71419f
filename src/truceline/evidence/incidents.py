"""Which reports are of one incident? From pairs with probabilities and people's rulings to incidents; pure functions.

An incident is a set of reports that are taken as one, with what they disagree on; the incidents of a table part its
reports. A pair is *certain* from `CERTAIN` on, *open* from `OPEN` on, and apart below. What is certain is joined by
average link: two sets become one when the mean probability over all their pairs is certain enough, so that one weak
link does not chain two incidents. Two sets with a pair that cannot be one are never joined, except by people. Open
pairs are carried as worlds: the count of incidents is an interval.

The steps of `incidents_of`, repeated at their lines: 1 rulings, the later of two that contradict wins, 2 what people
call the same is joined, 3 what is certain is joined, the likeliest first, unless a ruling or an impossible pair keeps
it apart, 4 open pairs between two incidents remain unresolved.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CERTAIN = 0.7
OPEN = 0.2

SAME, DIFFERENT = "same", "different"

Links = dict[str, dict[str, tuple[float, int]]]
"""For each two sets the sum of the probabilities of their pairs, and how many these are."""


@dataclass(frozen=True, order=True)
class Pair:
    """Two reports and how likely it is that they tell of one incident; `a` sorts before `b`.

    Attributes:
        levels: comparison to the name of its level; empty when the method has none.
    """

    a: str
    b: str
    probability: float
    levels: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Ruling:
    """What people decided on two reports.

    Attributes:
        says: `same` or `different`.
        index: of the record's entry that says so; the later one wins.
    """

    a: str
    b: str
    says: str
    index: int


@dataclass(frozen=True)
class Contradiction:
    """Two rulings that cannot both hold, as they are: `beaten` does not count."""

    beaten: Ruling
    by: Ruling


@dataclass(frozen=True)
class Incident:
    """One incident.

    Attributes:
        id: the smallest id of its reports.
        reports: ids, sorted.
    """

    id: str
    reports: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """The incidents of a table.

    Attributes:
        incidents: by id; every report is in exactly one.
        pairs: pairs within one incident, with their probabilities.
        unresolved: open pairs between two incidents, the likeliest first: for people.
        contradictions: rulings that others beat.
    """

    incidents: tuple[Incident, ...]
    pairs: tuple[Pair, ...] = ()
    unresolved: tuple[Pair, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

    def of(self) -> dict[str, str]:
        """Report to its incident."""
        return {report: incident.id for incident in self.incidents for report in incident.reports}


def incidents_of(reports: Iterable[str], pairs: Iterable[Pair], rulings: Iterable[Ruling] = ()) -> Found:
    """Part reports into incidents.

    Args:
        reports: ids; those that no pair names stand alone.
        pairs: each two reports at most once; two that are not listed cannot be one.
        rulings: of people, in any order.

    >>> found = incidents_of("abc", [Pair("a", "b", 0.99), Pair("b", "c", 0.5)])
    >>> [incident.reports for incident in found.incidents], [(p.a, p.b) for p in found.unresolved]
    ([('a', 'b'), ('c',)], [('b', 'c')])
    """
    ids = sorted(set(reports))
    known = sorted(pair for pair in pairs)
    held, beaten = _held(rulings, set(ids))  # 1
    sets = _Sets(ids)
    for ruling in held:
        if ruling.says == SAME:
            sets.join(ruling.a, ruling.b)  # 2
    apart = [(one.a, one.b) for one in held if one.says == DIFFERENT]
    _link(sets, known, apart)  # 3
    of = {one: sets.find(one) for one in ids}
    barred = {frozenset((of[a], of[b])) for a, b in apart}
    within = tuple(pair for pair in known if of[pair.a] == of[pair.b])
    open_pairs = [
        pair for pair in known
        if of[pair.a] != of[pair.b] and pair.probability >= OPEN and frozenset((of[pair.a], of[pair.b])) not in barred
    ]  # fmt: skip
    grouped: dict[str, list[str]] = {}
    for one in ids:
        grouped.setdefault(of[one], []).append(one)
    made = tuple(sorted((Incident(members[0], tuple(members)) for members in grouped.values()), key=lambda i: i.id))
    unresolved = tuple(sorted(open_pairs, key=lambda pair: (-pair.probability, pair.a, pair.b)))  # 4
    return Found(made, within, unresolved, tuple(beaten))


def incidents_of_matches(kept: Mapping[str, Sequence[str]], flagged: Iterable[tuple[str, str]] = ()) -> Found:
    """Incidents that another method has found, with pairs that people have yet to decide; those have no probability."""
    incidents = (Incident(min(ids), tuple(sorted(ids))) for ids in kept.values())
    unresolved = tuple(Pair(min(pair), max(pair), 0.0) for pair in sorted(flagged))
    return Found(tuple(sorted(incidents, key=lambda one: one.id)), (), unresolved)


def count_of(found: Found, subset: Iterable[str] | None = None) -> tuple[int, int]:
    """How many incidents some reports tell of: `(low, high)`; in *low* all unresolved pairs are one, in *high* none.

    Args:
        found: the incidents.
        subset: ids of reports; None = all.

    >>> count_of(incidents_of("abc", [Pair("a", "b", 0.99), Pair("b", "c", 0.5)]))
    (1, 2)
    """
    of = found.of()
    asked = set(of if subset is None else subset) & of.keys()
    high = {of[one] for one in asked}
    worlds = _Sets(sorted(set(of.values())))
    for pair in found.unresolved:
        worlds.join(of[pair.a], of[pair.b])
    return len({worlds.find(one) for one in high}), len(high)


def disagreements(incident: Incident, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """Where the reports of an incident differ: field to value to the reports that say so.

    Args:
        incident: with two reports or more.
        rows: report to its fields, as texts or numbers; None or an empty one says nothing and contradicts nothing.
    """
    made: dict[str, dict[str, list[str]]] = {}
    names = dict.fromkeys(name for one in incident.reports for name in rows.get(one, {}))
    for name in names:
        told: dict[str, list[str]] = {}
        for one in incident.reports:
            value = rows.get(one, {}).get(name)
            if value not in (None, "", [], ()):
                told.setdefault(str(value), []).append(one)
        if len(told) > 1:
            made[name] = dict(sorted(told.items()))
    return made


# -- joining ---------------------------------------------------------------------------------------------------------


class _Sets:
    """Disjoint sets of ids, each called by its smallest member."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._above = {one: one for one in ids}

    def all(self) -> list[str]:
        return list(self._above)

    def find(self, one: str) -> str:
        root = one
        while self._above[root] != root:
            root = self._above[root]
        while self._above[one] != root:
            self._above[one], one = root, self._above[one]
        return root

    def join(self, a: str, b: str) -> str:
        low, high = sorted((self.find(a), self.find(b)))
        self._above[high] = low
        return low


def _held(rulings: Iterable[Ruling], ids: set[str]) -> tuple[list[Ruling], list[Contradiction]]:
    """The rulings that hold, the latest first, and those that a later one beats, also through others."""
    ordered = sorted(
        (one for one in rulings if one.a in ids and one.b in ids and one.a != one.b),
        key=lambda one: (-one.index, one.says, one.a, one.b),
    )
    held: list[Ruling] = []
    beaten: list[Contradiction] = []
    sets, barred, joined = _Sets(sorted(ids)), _Barred(), dict[str, Ruling]()
    for one in ordered:
        a, b = sets.find(one.a), sets.find(one.b)
        against = (joined.get(a) if a == b else None) if one.says == DIFFERENT else barred.between(a, b)
        if against is not None:
            beaten.append(Contradiction(one, against))
            continue
        held.append(one)
        if one.says == DIFFERENT:
            barred.add(a, b, one)
        elif a != b:
            root = sets.join(a, b)
            gone = b if root == a else a
            barred.merge(root, gone)
            joined[root] = joined.pop(gone, joined.get(root, one))
    return held, beaten


class _Barred:
    """Which sets a ruling keeps apart, by their roots."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Ruling]] = {}

    def between(self, a: str, b: str) -> Ruling | None:
        return self._of.get(a, {}).get(b)

    def add(self, a: str, b: str, ruling: Ruling) -> None:
        self._of.setdefault(a, {}).setdefault(b, ruling)
        self._of.setdefault(b, {}).setdefault(a, ruling)

    def merge(self, root: str, gone: str) -> None:
        for other, ruling in self._of.pop(gone, {}).items():
            self._of[other].pop(gone, None)
            self.add(root, other, ruling)


def _link(sets: _Sets, pairs: Sequence[Pair], apart: Sequence[tuple[str, str]]) -> None:
    """Join sets by average link, the likeliest first, within what can be one."""
    size = {sets.find(one): 1 for one in sets.all()}  # what people joined counts as one report
    links: Links = {root: {} for root in size}
    for pair in sorted(pairs, key=lambda one: one.probability):
        a, b = sets.find(pair.a), sets.find(pair.b)
        if a != b:
            links[a][b] = links[b][a] = (pair.probability, 1)
    barred: dict[str, set[str]] = {root: set() for root in size}
    for a, b in apart:
        barred[sets.find(a)].add(sets.find(b))
        barred[sets.find(b)].add(sets.find(a))
    heap = [entry for a in links for b in links[a] if a < b and (entry := _entry(a, b, links, size))]
    heapq.heapify(heap)
    while heap:
        entry = heapq.heappop(heap)
        _, a, b = entry
        if a not in links or b not in links or b in barred[a] or _entry(a, b, links, size) != entry:
            continue  # one of them grew since
        _merge(a, b, links, barred)
        sets.join(a, b)
        size[a] += size.pop(b)
        for other in links[a]:
            low, high = sorted((a, other))
            fresh = _entry(low, high, links, size)
            if fresh is not None:
                heapq.heappush(heap, fresh)


def _entry(a: str, b: str, links: Links, size: Mapping[str, int]) -> tuple[float, str, str] | None:
    """Two sets as an entry of the heap; None when the mean is too low, or a pair of theirs cannot be one."""
    total, count = links[a][b]
    mean = round(total / count, 9)
    return (-mean, a, b) if mean >= CERTAIN and count == size[a] * size[b] else None


def _merge(a: str, b: str, links: Links, barred: dict[str, set[str]]) -> None:
    """Let `b` become part of `a`."""
    links[a].pop(b, None)
    for other, told in links.pop(b).items():
        links[other].pop(b, None)
        if other != a:
            before = links[a].get(other, (0.0, 0))
            links[a][other] = links[other][a] = (before[0] + told[0], before[1] + told[1])
    for other in barred.pop(b):
        barred[other].discard(b)
        barred[other].add(a)
        barred[a].add(other)
