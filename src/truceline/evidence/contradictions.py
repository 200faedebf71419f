"""Where do published totals contradict one another, and what did two sides count over the same period?

Totals are compared only where issuer, region and unit are the same words: a count of shellings says nothing of one of
violations. Nothing is summed over issuers and nothing is weighed.

The contradictions, each for one issuer:
    same period      two counts of one period that differ
    falls            a count from the same first day on that is larger for a shorter period
    part over whole  a period inside another that holds more than it
    parts over whole periods inside another that have no day in common, and together hold more than it
    another number   a share confirmed by the other side, of a number that is not the one counted
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from truceline.evidence.aliases import key
from truceline.evidence.ledgers import Count, Total

SAME, FALLS, PART, PARTS, SHARE = "same period", "falls", "part over whole", "parts over whole", "another number"
KINDS = (SAME, FALLS, PART, PARTS, SHARE)
MOST_ALIKE = 2_000
"""So many totals of one issuer, region and unit are compared with one another."""


@dataclass(frozen=True)
class Contradiction:
    """Totals of one issuer that cannot all be right.

    Attributes:
        kind: one of `KINDS`.
        whole: the total that the others contradict.
        others: the others, by their line; empty for a share of another number.
    """

    kind: str
    whole: Total
    others: tuple[Total, ...] = ()


@dataclass(frozen=True)
class Beside:
    """What issuers counted over the same period and region, those of two sides apart."""

    first: date
    last: date
    region: str
    a: tuple[Total, ...]
    b: tuple[Total, ...]


def contradictions(totals: Sequence[Total]) -> list[Contradiction]:
    """Every contradiction among the totals of each issuer, in the order of the file.

    Of the parts of one whole only the worst is told: the largest, of those the first. A group that is `crowded` is
    left out, since the work grows with its square; what it confirms is still told.
    """
    found = [one for group in _groups(totals) if len(group) <= MOST_ALIKE for one in _of_group(group)]
    found += [Contradiction(SHARE, t) for t in totals if t.confirmed and t.count.differs(_exactly(t.confirmed.of))]
    return sorted(found, key=lambda one: (one.whole.line, KINDS.index(one.kind), [o.line for o in one.others]))


def crowded(totals: Sequence[Total]) -> list[tuple[Total, int]]:
    """Groups of one issuer, region and unit that are too many to be compared: the first total, and how many."""
    return [(group[0], len(group)) for group in _groups(totals) if len(group) > MOST_ALIKE]


def beside(a: Iterable[Total], b: Iterable[Total]) -> list[Beside]:
    """Periods that both sides counted, with the totals of each, by period and region.

    >>> from truceline.evidence.ledgers import Total
    >>> day = date(2017, 3, 10)
    >>> one, other = (Total(n, w, day, day, "Syria", Count(n, n), "violations") for n, w in ((2, "A"), (3, "B")))
    >>> [(len(found.a), len(found.b)) for found in beside([one], [other])]
    [(1, 1)]
    """
    held: dict[tuple[date, date, str], tuple[list[Total], list[Total]]] = {}
    for side, totals in enumerate((a, b)):
        for total in totals:
            if total.first is not None and total.last is not None:
                held.setdefault((total.first, total.last, key(total.region)), ([], []))[side].append(total)
    return [
        Beside(first, last, min(t.region for t in (*ours, *theirs)), tuple(ours), tuple(theirs))
        for (first, last, _), (ours, theirs) in sorted(held.items())
        if ours and theirs
    ]


def _exactly(n: int) -> Count:
    return Count(n, n, str(n))


def _groups(totals: Sequence[Total]) -> Iterator[list[Total]]:
    held: dict[tuple[str, str, str], list[Total]] = {}
    for total in totals:
        if total.first is not None and total.last is not None:
            held.setdefault((key(total.issuer), key(total.region), key(total.unit)), []).append(total)
    for group in held.values():
        yield sorted(group, key=lambda t: (_days(t), t.line))


def _days(total: Total) -> tuple[int, int]:
    """First and last day as numbers; only for totals that state both."""
    return (total.first or date.min).toordinal(), (total.last or date.min).toordinal()


def _of_group(group: list[Total]) -> Iterator[Contradiction]:
    """All arrays are `(n,)`: first and last day, and the least that each total can be."""
    days = np.array([_days(t) for t in group], np.int64).reshape(-1, 2)
    first, last = days[:, 0], days[:, 1]
    least = np.array([t.count.low or 0 for t in group], np.int64)
    for at, whole in enumerate(group):
        alike = (first == first[at]) & (last == last[at])
        again = (group[i] for i in np.flatnonzero(alike) if i > at)
        other = next((one for one in again if one.count.differs(whole.count)), None)
        if other is not None:
            yield Contradiction(SAME, whole, (other,))
        most = whole.count.high
        inside = np.flatnonzero((first >= first[at]) & (last <= last[at]) & ~alike)
        if most is None or not len(inside):
            continue
        worst = int(inside[np.argmax(least[inside])])
        if least[worst] > most:
            yield Contradiction(FALLS if first[worst] == first[at] else PART, whole, (group[worst],))
        elif int(least[inside].sum()) > most:
            together = _apart(group, inside.tolist(), last, least)
            if sum(int(least[i]) for i in together) > most:
                yield Contradiction(PARTS, whole, tuple(sorted((group[i] for i in together), key=lambda t: t.line)))


def _apart(group: list[Total], inside: list[int], last: np.ndarray, least: np.ndarray) -> list[int]:
    """The periods without a day in common that together hold most: each is taken or left, by the last day."""
    order = sorted(inside, key=lambda i: (int(last[i]), i))
    ends = [int(last[i]) for i in order]
    best: list[tuple[int, int]] = [(0, -1)]  # what the first so many hold at most, and the last of them taken
    before: list[int] = []
    for at, i in enumerate(order):
        free = bisect_left(ends, _days(group[i])[0], 0, at)  # so many ended before it begins
        before.append(free)
        taken = best[free][0] + int(least[i])
        best.append((taken, at) if taken > best[at][0] else (best[at][0], -1))
    found, at = [], len(order)
    while at:
        at, taken_at = (before[best[at][1]], best[at][1]) if best[at][1] >= 0 else (at - 1, -1)
        found += [order[taken_at]] if taken_at >= 0 else []
    return found
