"""What do reports say of supply, recruitment, borders, rearming, regrouping and the front line, before and after?

An indicator, not a finding: it counts reports, not what happened, and says with each number who could have looked. A
number is a band: what surely lies in a window, and what surely or possibly does. Windows before and after a start are
equally long. Where nobody could look nothing is known, so a smaller number after a start says nothing by itself.

Behind a truce both sides move: everything is counted for everybody by one rule, and nothing is summed up over sides.
A front line is told by who is reported to have taken ground, and who to have lost it. A change of areas is told by
words here; what moved of the areas that were exchanged is counted in cells (`desk.areas_told`), never in reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from truceline.verdict import NO, UNKNOWN, YES

LABEL: Final = "indicator, not finding"

ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "supply": ("supply",),
    "recruit": ("recruit",),
    "cross-border": (),
    "rearm": ("heavy-weapon",),
    "regroup": ("armed-person", "vehicle"),
    "ground taken": ("gain",),
    "ground lost": ("gain",),
    "area change": (),
}
"""For each indicator the classes of acts that count; those without any are told by words alone (`claims.csv`)."""

OF_TARGET: Final = ("ground lost",)
"""Indicators of the side to which an act is done, not of the side that does it."""

OF_FORCES: Final = ("force_movement",)
"""Kinds of reports that tell of forces: only of these does a movement count as regrouping, never of the wounded or of
aid."""


@dataclass(frozen=True)
class Told:
    """One report, or one claim, that counts for an indicator.

    Attributes:
        id: of it.
        topic: of `ACTS`.
        value: +1 its act is surely of this kind, 0 possibly.
        sides: side to +1 surely, 0 possibly.
        is_claim: words alone.
        units: codes where it was; `segment`: of a border, such as `TR-SY`; `state`: a third state that it names.
    """

    id: str
    topic: str
    start: int
    end: int
    value: int
    sides: Mapping[str, int]
    by: str = ""
    is_claim: bool = False
    units: tuple[str, ...] = ()
    segment: str = ""
    state: str = ""


@dataclass(frozen=True)
class Band:
    """How many: surely, and surely or possibly."""

    surely: int
    at_most: int


@dataclass(frozen=True)
class Indicator:
    """One indicator for one side, or for all.

    Attributes:
        side: id; empty = of whoever it was.
        before, after: reports in the two windows.
    """

    topic: str
    side: str
    before: Band
    after: Band


def indicators(
    told: Sequence[Told], sides: Sequence[str], start: int, long_s: int
) -> list[Indicator]:  # fmt: skip
    """Count what is told in two windows of equal length, before and after a start.

    Args:
        told: in any order; one report counts once for each topic it tells of.
        sides: ids, each counted alike.
        start: UTC second.
        long_s: length of each window in seconds.

    >>> one = Told("a", "supply", 5, 6, 1, {"gov": 1})
    >>> [(i.side, i.before.surely, i.after.at_most) for i in indicators([one], ["gov"], 10, 10) if i.topic == "supply"]
    [('', 1, 0), ('gov', 1, 0)]
    """
    before, after = (start - long_s, start), (start, start + long_s)
    return [
        Indicator(topic, side, *(_band(told, topic, side, window) for window in (before, after)))
        for topic in ACTS for side in ("", *sides)
    ]  # fmt: skip


def _band(told: Sequence[Told], topic: str, side: str, window: tuple[int, int]) -> Band:
    surely, possibly = set[str](), set[str]()
    for one in told:
        if one.topic != topic or one.start >= window[1] or one.end <= window[0]:
            continue
        inside = YES if window[0] <= one.start and one.end <= window[1] else UNKNOWN
        value = min(one.value, inside, YES if not side else one.sides.get(side, NO))
        if value > NO:
            (surely if value == YES else possibly).add(one.id)
    return Band(len(surely), len(surely | possibly))
