"""Is a notice where it says that it is? Positions held against names, borders, one another and the calendar.

What is found is a remark with a code; `report.notices` says it in three languages. What is `refused` cannot be kept as
it is. What is `asked` a person looks at: whoever confirms the notice accepts each such code by its name, or it waits.
Nothing is turned round, moved or filled in.

A remark about another notice (`duplicate`) is for the desk alone: whoever could try positions would learn by it where
others are.

Written on arrays: one notice is an array of one. `bench.slow_notices` says the same one notice at a time.

Source: docs/adr/0023-notices.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from truceline.errors import InputError
from truceline.group import Sight
from truceline.notices.model import DEGREE_M, LEADS, SITE, STALE_S, Draft, Plotted, plot, shape_faults
from truceline.space import UNITS_PER_DEGREE, Floats, Geometry, chord_m, earth_centred

REFUSED, ASKED = "refused", "asked"
CODES: Final[Mapping[str, str]] = {
    "shape": REFUSED, "unread": REFUSED, "unnamed": REFUSED, "nowhere": REFUSED, "over": REFUSED, "late": REFUSED,
    "unreasoned": REFUSED, "nobody": REFUSED, "stranger": REFUSED, "unknown-area": REFUSED,
    "no-place": ASKED, "unknown-place": ASKED, "far": ASKED, "swapped": ASKED, "outside": ASKED, "duplicate": ASKED,
    "coarse": ASKED, "stale": ASKED, "ahead": ASKED,
}  # fmt: skip
"""Every code and its weight."""

DESK_ONLY: Final = frozenset({"duplicate"})
"""Codes that only the desk is told: they speak of notices of others."""

DUPLICATE_M, MOST_DUPLICATE_M = 100, 500
"""Two sites so near one another may be one; of inexact positions as far as they may be off, up to the second."""

BORDER_M: Final = 1_000
"""So far beyond a drawn border a position is not called outside: lines are drawn with less care than that."""

COARSE_M: Final = 100
"""A site whose position may be off by more is asked about."""

AT_ONCE: Final = 256
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Meant:
    """A place that words can mean.

    Attributes:
        lon_deg, lat_deg: its point.
        reach_m: how far from it what bears its name can lie.
        area: a unit as it is drawn, on the grid of 1e-7 degree, in the place of point and reach; None = a settlement.
    """

    lon_deg: float
    lat_deg: float
    reach_m: int
    area: Geometry | None = None


class Places(Protocol):
    """Who knows names: the gazetteer, and lists of places."""

    def meant(self, words: str) -> Sequence[Meant]:
        """Every place that words can mean; none = they name none that is known."""

    def is_area(self, code: str) -> bool:
        """Whether a code is a unit of the gazetteer, or a zone or line that is drawn."""


@dataclass(frozen=True)
class Remark:
    """What was found about a notice.

    Attributes:
        code: a key of `CODES`.
        about: the field of the notice.
        values: what its sentence is filled with: whole numbers and short texts, never a position.
        other: id of the notice that it speaks of, or `#2` for the second that was given; for the desk alone.
    """

    code: str
    about: str = ""
    values: Mapping[str, int | str] = field(default_factory=dict)
    other: str = ""

    @property
    def weight(self) -> str:
        """`refused` or `asked`."""
        return CODES[self.code]


@dataclass(frozen=True)
class Checked:
    """A notice that was looked at: as it reads, None where it cannot be read; and every remark, gravest first."""

    plotted: Plotted | None
    remarks: tuple[Remark, ...]

    @property
    def is_refused(self) -> bool:
        """Whether it cannot be kept as it is."""
        return any(one.weight == REFUSED for one in self.remarks)

    @property
    def asked(self) -> tuple[str, ...]:
        """Codes that a person has to accept by name, each once."""
        return tuple(dict.fromkeys(one.code for one in self.remarks if one.weight == ASKED))


@dataclass(frozen=True)
class Standing:
    """Sites that stand already.

    Attributes:
        ids: of the notices.
        lon_deg, lat_deg, accuracy_m: `(n,)` where they are.
    """

    ids: tuple[str, ...] = ()
    lon_deg: Floats = field(default_factory=lambda: np.zeros(0))
    lat_deg: Floats = field(default_factory=lambda: np.zeros(0))
    accuracy_m: Floats = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, plotted: Sequence[Plotted]) -> Standing:
        """The sites among some notices."""
        sites = [one for one in plotted if one.kind == SITE and one.lon_deg]
        return cls(
            tuple(one.id for one in sites), np.array([one.lon_deg[0] for one in sites], np.float64),
            np.array([one.lat_deg[0] for one in sites], np.float64),
            np.array([one.accuracy_m for one in sites], np.float64),
        )  # fmt: skip

    @cached_property
    def centred(self) -> Floats:
        """`(n, 3)` earth-centred coordinates, metres."""
        return np.stack(earth_centred(self.lon_deg, self.lat_deg), axis=1)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The points, searched by square."""
        return shapely.STRtree(np.atleast_1d(np.asarray(shapely.points(self.lon_deg, self.lat_deg), dtype=object)))


@dataclass(frozen=True)
class Ground:
    """What notices are held against.

    Attributes:
        places: who knows names.
        country: all of it, on the grid of 1e-7 degree; None = nobody drew it, and nothing is called outside.
        recipients: actors that a notice can be given to.
        standing: sites that stand already.
        now: UTC second.
        tz: zone of time texts.
    """

    places: Places
    country: Geometry | None
    recipients: Collection[str]
    standing: Standing
    now: int
    tz: str


def check(drafts: Sequence[Draft], ground: Ground, ids: Sequence[str] = ()) -> list[Checked]:
    """Look at notices, each by itself and all against one another.

    Args:
        drafts: as they were given.
        ground: what they are held against.
        ids: `(n,)` ids of the notices, where they have one; a site that stands is no duplicate of itself.

    Returns:
        `(n,)` what was found; no remark = nothing speaks against it.
    """
    names = list(ids) or [""] * len(drafts)
    found: list[list[Remark]] = []
    plotted: list[Plotted | None] = []
    for one, name in zip(drafts, names, strict=True):
        looked, remarks = _read(one, ground, name)
        plotted.append(looked)
        found.append(remarks)
    rows = [i for i, read in enumerate(plotted) if read is not None and read.lon_deg]
    points = [read for i in rows if (read := plotted[i]) is not None]
    for i, remarks in zip(rows, _placed([drafts[i] for i in rows], points, ground), strict=True):
        found[i] += remarks
    sites = [i for i in rows if drafts[i].kind == SITE]
    doubles = _doubles([read for i in sites if (read := plotted[i]) is not None], sites, ground.standing)
    for i, remark in zip(sites, doubles, strict=True):
        found[i] += [remark] if remark is not None else []
    order = list(CODES)
    return [
        Checked(one_read, tuple(sorted(remarks, key=lambda r: order.index(r.code))))
        for one_read, remarks in zip(plotted, found, strict=True)
    ]


# -- each by itself ----------------------------------------------------------------------------------------------------


def _read(one: Draft, ground: Ground, of: str) -> tuple[Plotted | None, list[Remark]]:
    """A notice as numbers, and what can be said of it without a map."""
    faults = shape_faults(one)
    if faults:
        return None, [Remark("shape", fault.field.strip("`"), {"why": fault.message}) for fault in faults]
    remarks = _said(one, ground)
    try:
        read = plot(one, ground.tz, of)
    except InputError as error:
        return None, [*remarks, *(Remark("unread", f.field.strip("`"), {"why": f.message}) for f in error.faults)]
    if (one.kind == SITE and len(read.lon_deg) != 1) or not (read.lon_deg or one.areas):
        remarks.append(Remark("nowhere", "where"))
    return read, [*remarks, *_timely(one, read, ground.now)]


def _said(one: Draft, ground: Ground) -> list[Remark]:
    """Names, recipients and areas."""
    found = [] if one.what.strip() else [Remark("unnamed", "what")]
    if not any(c.sight > Sight.COUNT for c in one.to):
        found.append(Remark("nobody", "to"))
    found += [Remark("stranger", "to", {"who": c.to}) for c in one.to if c.to not in ground.recipients]
    found += [Remark("unknown-area", "areas", {"area": area}) for area in one.areas if not ground.places.is_area(area)]
    if one.lead and not LEADS[one.lead] and not one.reason.strip():
        found.append(Remark("unreasoned", "reason"))
    if one.kind == SITE and not one.place.strip():
        found.append(Remark("no-place", "place"))
    return found


def _timely(one: Draft, read: Plotted, now: int) -> list[Remark]:
    """What the calendar says: `when` is of a site from the day it was last looked at until it is to be again."""
    if one.until and read.when.end <= now:
        return [Remark("over", "until")]
    if one.kind != SITE:
        if read.when.end <= now:
            return [Remark("over", "since")]
        left = read.when.start - now
        hours = one.lead_s // 3_600
        return [] if left >= one.lead_s else [Remark("late", "lead", {"hours": hours, "left": max(left // 3_600, 0)})]
    if read.when.start > now:
        return [Remark("ahead", "since")]
    age = now - read.when.start
    return [Remark("stale", "since", {"days": age // 86_400})] if age > STALE_S else []


# -- against the map ---------------------------------------------------------------------------------------------------


def _placed(drafts: Sequence[Draft], points: Sequence[Plotted], ground: Ground) -> list[list[Remark]]:
    """What names and borders say of positions."""
    lon, lat = [np.array(one.lon_deg) for one in points], [np.array(one.lat_deg) for one in points]
    meant = [ground.places.meant(one.place) if one.place.strip() else () for one in drafts]
    off = [one.accuracy_m for one in points]
    away, inside = _beyond(lon, lat, off, meant), _inside(lon, lat, off, ground.country)
    odd = np.flatnonzero(np.isfinite(away) & (away > 0) | ~inside).tolist()
    turned = set(_turned(odd, (lon, lat), (off, meant), away, ground.country))
    found: list[list[Remark]] = []
    for i, (one, read) in enumerate(zip(drafts, points, strict=True)):
        remarks: list[Remark] = []
        if one.kind == SITE and read.accuracy_m > COARSE_M:
            remarks.append(Remark("coarse", "where", {"metres": read.accuracy_m}))
        if one.place.strip() and not meant[i]:
            remarks.append(Remark("unknown-place", "place"))
        if i in turned:
            remarks.append(Remark("swapped", "where"))
        elif meant[i] and away[i] > 0:
            remarks.append(Remark("far", "where", {"km": math.ceil(away[i] / 1_000)}))
        if not inside[i]:
            remarks.append(Remark("outside", "where"))
        found.append(remarks)
    return found


def _beyond(
    lon: Sequence[Floats], lat: Sequence[Floats], off: Sequence[int], meant: Sequence[Sequence[Meant]]
) -> Floats:
    """By how many metres the nearest point of each notice lies beyond the reach of every place that its words can mean.

    Returns:
        `(n,)`; 0 = within reach of one; infinite = the words name no place that is known, or there are none.
    """
    rows, x, y, places = list[int](), list[float](), list[float](), list[Meant]()
    for i, known in enumerate(meant):
        for place in known:
            rows += [i] * len(lon[i])
            x += lon[i].tolist()
            y += lat[i].tolist()
            places += [place] * len(lon[i])
    best = np.full(len(meant), np.inf)
    if rows:
        at = np.array([(place.lon_deg, place.lat_deg, place.reach_m) for place in places])
        beyond = chord_m(np.array(x), np.array(y), at[:, 0], at[:, 1]) - at[:, 2] - np.array(off, np.float64)[rows]
        for k in (k for k, place in enumerate(places) if place.area is not None):
            point = shapely.Point(round(x[k] * UNITS_PER_DEGREE), round(y[k] * UNITS_PER_DEGREE))
            beyond[k] = shapely.distance(places[k].area, point) / UNITS_PER_DEGREE * DEGREE_M - off[rows[k]]
        np.minimum.at(best, rows, np.maximum(beyond, 0.0))
    return best


def _turned(
    odd: Sequence[int],
    points: tuple[Sequence[Floats], Sequence[Floats]],
    stated: tuple[Sequence[int], Sequence[Sequence[Meant]]],
    away: Floats,
    country: Geometry | None,
) -> list[int]:
    """Those of some notices that would be right with longitude and latitude in each other's place.

    Right is: within reach of the place that they name; where they name none that is known, in the country, as a whole.
    """
    can = [i for i in odd if (np.abs(points[0][i]) <= 90).all()]
    lon, lat = [points[1][i] for i in can], [points[0][i] for i in can]
    off, meant = [stated[0][i] for i in can], [stated[1][i] for i in can]
    again, inside = _beyond(lon, lat, off, meant), _inside(lon, lat, off, country)
    is_named = np.isfinite(away[can])
    right = np.where(is_named, again == 0, inside & (country is not None))
    return [i for i, is_right in zip(can, right.tolist(), strict=True) if is_right]


def _inside(lon: Sequence[Floats], lat: Sequence[Floats], off: Sequence[int], country: Geometry | None) -> Flags:
    """`(n,)` whether every point of each notice lies in the country or hardly outside; without a shape, all do."""
    if country is None or not lon:
        return np.ones(len(lon), bool)
    sizes = [len(one) for one in lon]
    x, y = (np.rint(np.concatenate(axis) * UNITS_PER_DEGREE) for axis in (lon, lat))
    shapely.prepare(country)
    found = np.asarray(shapely.contains_xy(country, x, y))
    beyond = np.flatnonzero(~found)
    # In degrees of latitude: from east to west the margin is narrower, never wider.
    units = (np.repeat(off, sizes)[beyond] + BORDER_M) / DEGREE_M * UNITS_PER_DEGREE
    found[beyond] = shapely.distance(country, shapely.points(x[beyond], y[beyond])) <= units
    return np.asarray(np.logical_and.reduceat(found, np.cumsum([0, *sizes[:-1]])))


# -- against one another -----------------------------------------------------------------------------------------------


def _doubles(sites: Sequence[Plotted], rows: Sequence[int], standing: Standing) -> list[Remark | None]:
    """Of each site the nearest other one that may be the same: of those that stand, then of those given before it."""
    mine = Standing.of(sites)
    stands = {one: j for j, one in enumerate(standing.ids)}
    own = np.array([stands.get(one, -1) for one in mine.ids], np.int64)
    best = np.full(len(sites), _NONE, np.int64)
    _nearest(mine, standing, best, 0, own)
    _nearest(mine, mine, best, 1, np.arange(len(sites)))
    found: list[Remark | None] = [None] * len(sites)
    for i in np.flatnonzero(best < _NONE).tolist():
        metres, rest = divmod(int(best[i]), _STEP)
        turn, j = divmod(rest, _STEP // 2)
        other = standing.ids[j] if turn == 0 else mine.ids[j] or f"#{rows[j] + 1}"
        found[i] = Remark("duplicate", "where", {"metres": metres}, other)
    return found


_STEP: Final = 1 << 40
_NONE: Final = 1 << 62


def _nearest(mine: Standing, others: Standing, best: NDArray[np.int64], turn: int, own: NDArray[np.int64]) -> None:
    """Note of each site the nearest of others that may be the same: whole metres, then the turn, then the number.

    Args:
        mine: `(n,)` the sites.
        others: those that they are held against.
        best: `(n,)` what was found so far; it becomes less.
        turn: 0 others that stand; 1 the sites themselves, of which only earlier ones count.
        own: `(n,)` number of a site among the others, -1 = it is none of them.
    """
    if not len(mine.ids) or not len(others.ids):
        return
    up = MOST_DUPLICATE_M / 110_000
    side = up / np.cos(np.radians(np.minimum(np.abs(mine.lat_deg) + 0.01, 89)))
    for first in range(0, len(mine.ids), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        lon, lat = mine.lon_deg[part], mine.lat_deg[part]
        boxes = shapely.box(lon - side[part], lat - up, lon + side[part], lat + up)
        i, j = others.tree.query(np.atleast_1d(np.asarray(boxes, dtype=object)))
        i = i + first
        is_other = j != own[i] if turn == 0 else j < i
        i, j = i[is_other], j[is_other]
        gap = mine.centred[i] - others.centred[j]
        away = np.sqrt(np.einsum("ij,ij->i", gap, gap))
        keep = away <= np.clip(np.maximum(mine.accuracy_m[i], others.accuracy_m[j]), DUPLICATE_M, MOST_DUPLICATE_M)
        metres = np.rint(away[keep]).astype(np.int64)
        np.minimum.at(best, i[keep], metres * _STEP + turn * (_STEP // 2) + j[keep])


def told(remarks: Sequence[Remark], *, is_desk: bool) -> list[Remark]:
    """The remarks that somebody may be told: all at the desk; nothing of notices of others elsewhere."""
    return [one for one in remarks if is_desk or one.code not in DESK_ONLY]
