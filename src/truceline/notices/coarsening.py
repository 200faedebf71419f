"""What of a notice does a recipient get? As much as its owner consented to: as reported, town, cell, region, count.

A level takes fields away, it never makes one up: below `exact` there is no name, no words of the place, no call sign
and no hour; the position becomes a disc about a point of a fixed grid, the same for whatever lies in the same square,
so that no number of lists averages to it. At `count` there is no row: the recipient is told how many, by region.

Source: the place ladder, `group.may_see`; docs/adr/0023-notices.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from truceline.group import Sight
from truceline.notices.model import MEDICAL, Draft, Plotted
from truceline.span import utc_text


class Disc(msgspec.Struct, frozen=True):
    """A place, no finer than it may be told: degrees on WGS 84, metres."""

    lon_deg: float
    lat_deg: float
    radius_m: int


class Coarser(Protocol):
    """Who tells places less finely; each the same for every position in one square of its grid."""

    def town(self, lon_deg: float, lat_deg: float, accuracy_m: int) -> Disc:
        """A disc as large as a town, that holds what may be so far off."""

    def cell(self, lon_deg: float, lat_deg: float, accuracy_m: int) -> Disc:
        """A disc as large as a cell, that holds what may be so far off."""

    def region(self, lon_deg: float, lat_deg: float) -> str:
        """Code of the unit of level 1 that holds it; empty = none does."""

    def region_of(self, area: str) -> str:
        """Code of the unit of level 1 that holds a unit or is it; empty = none does, or it is drawn by hand."""


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """A notice as one recipient is given it; what is empty it is not told.

    Attributes:
        ref: what it is called in this recipient's list.
        level: a key of `model.LEVELS`.
        since, until: UTC, to the minute or to the day.
        discs: where it is: of a route the points in their order.
        region: codes of units of level 1.
    """

    ref: str
    kind: str
    level: str
    category: str = ""
    what: str = ""
    place: str = ""
    since: str = ""
    until: str = ""
    discs: tuple[Disc, ...] = ()
    areas: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    callsign: str = ""
    low_m_amsl: int | None = None
    high_m_amsl: int | None = None
    lead: str = ""

    def __repr__(self) -> str:
        """Nothing of it: this is what logs and tracebacks print."""
        return f"Row({self.kind}, {self.level})"


def row(one: Draft, read: Plotted, sight: Sight, coarser: Coarser, *, ref: str, exact: Sequence[Disc]) -> Row | None:
    """A notice as a recipient is given it.

    Args:
        one: as its owner gave it.
        read: the same as numbers.
        sight: how finely the owner consents that this recipient sees it.
        coarser: tells places less finely.
        ref: what it is called in this recipient's list.
        exact: its points as they are told to whoever may see them as reported.

    Returns:
        None for a recipient who is told a count at the most.
    """
    points = list(zip(read.lon_deg, read.lat_deg, strict=True))
    days = (_day(read.when.start), _day(read.when.end - 1))
    regions = _regions(points, one.areas, coarser)
    if sight >= Sight.AS_REPORTED:
        return Row(
            ref, one.kind, "exact", one.category, one.what, one.place, utc_text(read.when.start),
            utc_text(read.when.end), tuple(exact), one.areas, regions, one.callsign, one.low_m_amsl, one.high_m_amsl,
            one.lead,
        )  # fmt: skip
    if sight == Sight.TOWN:
        discs = tuple(dict.fromkeys(coarser.town(*at, read.accuracy_m) for at in points))
        return Row(ref, one.kind, "town", one.category, "", "", *days, discs, one.areas, regions)
    if sight == Sight.CELL:
        discs = tuple(dict.fromkeys(coarser.cell(*at, read.accuracy_m) for at in points))
        return Row(ref, one.kind, "cell", _group(one.category), "", "", *days, discs, (), regions)
    if sight == Sight.REGION:
        return Row(ref, one.kind, "region", _group(one.category), "", "", *days, (), (), regions)
    return None


def _group(category: str) -> str:
    """Below a town only whether it is medical: a region may hold one school alone."""
    return "hospital" if category in MEDICAL else ""


def _day(second: int) -> str:
    return utc_text(second)[:10]


def _regions(points: Iterable[tuple[float, float]], areas: Iterable[str], coarser: Coarser) -> tuple[str, ...]:
    codes = [*(coarser.region(*at) for at in points), *(coarser.region_of(area) for area in areas)]
    return tuple(dict.fromkeys(code for code in codes if code))


def counts(notices: Iterable[tuple[Draft, Plotted]], coarser: Coarser) -> dict[str, dict[str, int]]:
    """How many notices of each kind there are, by region; what lies in none stands under `-`.

    A route counts once in each region that it touches.
    """
    found: dict[str, Counter[str]] = {}
    for one, read in notices:
        points = zip(read.lon_deg, read.lat_deg, strict=True)
        for region in _regions(points, one.areas, coarser) or ("-",):
            found.setdefault(region, Counter())[one.kind] += 1
    return {region: dict(sorted(found[region].items())) for region in sorted(found)}
