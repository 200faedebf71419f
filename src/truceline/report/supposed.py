"""What would a supposed zone change? One picture: the zone as it is, dashed, and as supposed; the counts by month.

It draws zones and counts. No report and no place of one is drawn, so that it is never finer than a page of the case.
One page that stands alone, of a fixed size. Values only: the template draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import shapely

from truceline.report.extents import shape_of
from truceline.report.frame import Frame
from truceline.report.language import Words
from truceline.report.map import Ground, Key, Mark, Sheet, keys_of, sheet_of
from truceline.report.picture import Land, Rings, Shifted, WhatIf
from truceline.report.timeline import Box, levels_to

WIDE: Final = 1_200
HIGH: Final = 800
"""The page, in CSS pixels."""

MAP = 690.0
ASPECT = 0.82
NARROWEST = 0.02
"""The map reaches so far around what it shows, in degrees: about 2 km, no finer than a town."""

SMALLEST = 8.0
"""An outline that would be drawn smaller than this gets a thin circle around it."""

CHART = 430.0
LEFT, RIGHT, TOP = 34.0, 4.0, 8.0
BARS = 148.0
MOST_BINS = 36
STEPS = (1, 3, 12, 60, 120, 600, 1_200, 12_000)
"""Months of one bar: the first of these that needs no more than `MOST_BINS` bars."""


@dataclass(frozen=True)
class Chart:
    """Counts by month, each month before and after.

    Attributes:
        look: `yes` for *surely*, `open` for *cannot be decided*.
        total: all months, before and after.
        step: months of one bar.
        bars: `was` before, `now` after, side by side.
        ticks: `(x, month)`; `levels`: `(y, number)`.
    """

    look: str
    total: tuple[int, int]
    step: int
    bars: tuple[Box, ...]
    ticks: tuple[tuple[float, str], ...]
    levels: tuple[tuple[float, int], ...]
    base: float = TOP + BARS


@dataclass(frozen=True)
class Drawn:
    """The whole picture.

    Attributes:
        sheet: the map; None when there is neither an outline nor an area.
        is_moved: whether there are two outlines.
        keys: the other zones that are drawn, with their tags.
    """

    sheet: Sheet | None
    is_moved: bool
    keys: tuple[Key, ...]
    charts: tuple[Chart, ...]


def draw(picture: WhatIf, words: Words) -> Drawn:
    """Draw the zone as it is and as supposed among the others, and what changes by month."""
    was = () if picture.zone.is_withheld else picture.zone.polygons
    now = picture.supposed
    keys = keys_of(picture.others)
    sheet = _map(picture, words, keys=keys, outlines=(was, now))
    charts = tuple(chart(look, picture.any, picture.months) for look in ("yes", "open"))
    return Drawn(sheet, bool(was and now) and was != now, tuple(key for key in keys if key.tag), charts)


def chart(look: str, total: Shifted, months: Sequence[Shifted]) -> Chart:
    """Counts of one answer by month, before and after; from the first month that counts anything to the last."""
    counts = {_number(one.name): _pair(one, look) for one in months if any((*one.surely, *one.possibly))}
    if not counts:
        return Chart(look, _pair(total, look), 1, (), (), ((TOP + BARS, 0),))
    first, last = min(counts), max(counts)
    step = next((s for s in STEPS if last // s - first // s < MOST_BINS), last - first + 1)
    first -= first % step
    bins: dict[int, list[int]] = {i: [0, 0] for i in range((last - first) // step + 1)}
    for month, pair in counts.items():
        for side in (0, 1):
            bins[(month - first) // step][side] += pair[side]
    most = max(1, *(max(pair) for pair in bins.values()))
    slot = (CHART - LEFT - RIGHT) / len(bins)
    every = -(-len(bins) // 5)
    return Chart(
        look, _pair(total, look), step, tuple(_bars(bins, slot, most)),
        ticks=tuple((round(LEFT + slot * i, 1), _label(first + i * step, step)) for i in bins if not i % every),
        levels=tuple((round(TOP + BARS * (1 - n / most), 1), n) for n in levels_to(most)),
    )  # fmt: skip


def _label(month: int, step: int) -> str:
    """What one bar stands for: `2016-02`, `2016-01–03`, `2016` or `2010–2014`."""
    start, end = (str(np.datetime64(one, "M")) for one in (month, month + step - 1))
    if step < 12:
        return start if step == 1 else f"{start}–{end[5:]}"
    return start[:-3] if step == 12 else f"{start[:-3]}–{end[:-3]}"


def _pair(one: Shifted, look: str) -> tuple[int, int]:
    return one.surely if look == "yes" else one.possibly


def _number(month: str) -> int:
    """Months since 1970."""
    return int(np.datetime64(month, "M").astype(int))


def _bars(bins: Mapping[int, Sequence[int]], slot: float, most: int) -> Iterable[Box]:
    wide = min(slot * 0.4, 22.0)
    for i, pair in bins.items():
        middle = LEFT + slot * (i + 0.5)
        for x, n, look in ((middle - wide, pair[0], "was"), (middle, pair[1], "now")):
            if n:
                high = BARS * n / most
                yield Box(round(x, 1), round(TOP + BARS - high, 1), round(wide, 1), round(high, 1), look)


def _map(
    picture: WhatIf, words: Words, *, keys: Sequence[Key], outlines: tuple[tuple[Rings, ...], tuple[Rings, ...]]
) -> Sheet | None:
    found = sheet_between(picture.lands, words, keys=keys, outlines=outlines, wide=MAP, aspect=ASPECT)
    return None if found is None else found[0]


def sheet_between(
    lands: Sequence[Land], words: Words, *, keys: Sequence[Key],
    outlines: tuple[tuple[Rings, ...], tuple[Rings, ...]], wide: float, aspect: float,
) -> tuple[Sheet, Frame] | None:  # fmt: skip
    """A map of a zone as it is and as supposed, among the others; None where there is neither outline nor land.

    Args:
        lands: of the base map.
        words: of the page.
        keys: the other zones.
        outlines: as it is, and as supposed.
        wide: of the paper.
        aspect: its height by its width.
    """
    was, now = outlines
    seen = [shape_of(one) for one in dict.fromkeys(outlines) if one]
    own = [shape_of(land.polygons) for land in lands if land.is_own and land.polygons]
    if not seen and not own:
        return None
    around = shapely.box(*shapely.bounds(shapely.union_all(seen or own)))
    frame = Frame.around(shapely.buffer(around, NARROWEST), wide, 0.06, aspect)
    ground = Ground(lands, (), keys, words)
    sheet = sheet_of("map", frame, ground, [key for key in keys if key.tag])
    marks = [*(Mark(mark.path, f"faint {mark.look}") for mark in sheet.zones), *_outlines(frame, was, now)]
    circles = [spot for one in dict.fromkeys(outlines) if one for spot in _circle(frame, one)]
    return replace(sheet, zones=tuple(marks), circles=tuple(circles)), frame


def _outlines(frame: Frame, was: tuple[Rings, ...], now: tuple[Rings, ...]) -> Iterable[Mark]:
    """What is supposed, solid, and over it what is, dashed; once and solid where they are the same."""
    if now:
        yield Mark(frame.path(shape_of(now)), "supposed")
    if was and was != now:
        path = frame.path(shape_of(was))
        yield Mark(path, "under")  # so that the dashes are seen on a border of the base map
        yield Mark(path, "was")


def _circle(frame: Frame, polygons: tuple[Rings, ...]) -> Iterable[tuple[float, float, str]]:
    drawn: Any = frame.on_paper(shape_of(polygons))
    west, north, east, south = shapely.bounds(drawn)
    if max(east - west, south - north) < SMALLEST:
        yield round((west + east) / 2, 1), round((north + south) / 2, 1), "zoned"
