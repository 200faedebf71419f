"""What does the screen of a what-if show? Corners as somebody types them, bars by month, and signed numbers.

Values only, each of them one that the interface answers to the same reader. More and fewer have no colour: neither is
good. Sides stand by their id, those without a name last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from markupsafe import Markup
from numpy.typing import NDArray

from truceline.report.closed import CLOSED
from truceline.report.language import Words
from truceline.report.picture import Rings
from truceline.report.supposed import MOST_BINS, STEPS

MOST_CORNERS: Final = 14
"""A draft begins with so many corners: no hand moves more."""

SPARE: Final = 3
"""Empty lines of the table of corners, for more of them."""

WIDE, HIGH, BASE = 640.0, 190.0, 160.0
LEFT, RIGHT, TOP = 40.0, 4.0, 8.0

SEVERAL, UNKNOWN_ONE = "several", "unknown"


@dataclass(frozen=True)
class Bin:
    """Reports of some months.

    Attributes:
        label: the months, such as `2016-02`.
        x, wide: of its bar on the paper.
        surely, possibly: before and after.
        sure_y, open_y: upper ends of its bars as drawn; `sure_was`, `open_was`: of the marks as signed.
    """

    label: str
    x: float
    wide: float
    surely: tuple[int, int]
    possibly: tuple[int, int]
    sure_y: float
    open_y: float
    sure_was: float
    open_was: float


@dataclass(frozen=True)
class Bars:
    """Reports inside by month.

    Attributes:
        step: months of one bar.
        ticks: place and label of some of them; `levels`: place and number of the lines across.
    """

    step: int
    bins: tuple[Bin, ...]
    ticks: tuple[tuple[float, str], ...]
    levels: tuple[tuple[float, int], ...]


def bars_of(told: Mapping[str, Any]) -> Bars:
    """Bars of counts by month, from the first month with a report inside to the last.

    Args:
        told: columns by month, as `/api/v1/what-if/moved` answers them.
    """
    counts: dict[int, list[int]] = {}
    columns = [told[what][when] for what in ("surely", "possibly") for when in ("before", "after")]
    for name, *four in zip(told["names"], *columns, strict=True):
        if any(four):
            counts[int(np.datetime64(name, "M").astype(int))] = four
    if not counts:
        return Bars(1, (), (), ((BASE, 0),))
    first, last = min(counts), max(counts)
    step = next((s for s in STEPS if last // s - first // s < MOST_BINS), last - first + 1)
    first -= first % step
    bins = {i: [0, 0, 0, 0] for i in range((last - first) // step + 1)}
    for month, four in counts.items():
        for at, n in enumerate(four):
            bins[(month - first) // step][at] += n
    most = max(max(one[0] + one[2], one[1] + one[3]) for one in bins.values())
    slot = (WIDE - LEFT - RIGHT) / len(bins)
    scale = (BASE - TOP) / most
    every = -(-len(bins) // 6)
    made = [_bin(_label(first + i * step, step), round(LEFT + slot * i, 1), slot, four, scale)
            for i, four in bins.items()]  # fmt: skip
    return Bars(
        step, tuple(made), tuple((one.x, one.label) for i, one in enumerate(made) if not i % every),
        tuple((round(BASE - n * scale, 1), n) for n in levels(most)),
    )  # fmt: skip


def _bin(label: str, x: float, slot: float, four: Sequence[int], scale: float) -> Bin:
    sure_was, sure, open_was, open_ = four
    y = [round(BASE - n * scale, 1) for n in (sure, sure + open_, sure_was, sure_was + open_was)]
    return Bin(label, x, round(max(slot - 1.5, 1.0), 1), (sure_was, sure), (open_was, open_), *y)


def levels(most: int) -> list[int]:
    """Three or four round numbers up to the largest.

    >>> levels(7), levels(1), levels(105638)
    ([0, 2, 4, 6], [0, 1], [0, 50000, 100000])
    """
    step = next(s * 10**p for p in range(12) for s in (1, 2, 5) if most < 4 * s * 10**p)
    return list(range(0, most + 1, step))


def _label(month: int, step: int) -> str:
    """What one bar stands for: `2016-02`, `2016-01–03`, `2016` or `2010–2014`."""
    start, end = (str(np.datetime64(one, "M")) for one in (month, month + step - 1))
    if step < 12:
        return start if step == 1 else f"{start}–{end[5:]}"
    return start[:-3] if step == 12 else f"{start[:-3]}–{end[:-3]}"


def difference(words: Words, pair: Mapping[str, Any]) -> Markup:
    """How much more or fewer, as a signed number that keeps its sign where it belongs.

    >>> print(difference(Words("ar"), {"before": 5, "after": 5810}))
    <bdi dir="ltr" class="k">+5,805</bdi>
    """
    if pair["before"] is None or pair["after"] is None:
        return words.apart("–")
    by = pair["after"] - pair["before"]
    text = square(words, abs(by)) if isinstance(by, float) else words.number(abs(by))
    return Markup('<bdi dir="ltr" class="k">{}{}</bdi>').format("+" if by > 0 else "−" if by < 0 else "±", text)


def square_km(words: Words, value: float | None) -> Markup:
    """An area in square kilometres; a dash where none is known."""
    if value is None:
        return words.apart("–")
    return Markup('<bdi dir="ltr" class="k">{}</bdi>').format(square(words, value))


def square(words: Words, value: float) -> str:
    """Square kilometres, to a tenth where they are few."""
    text = f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
    return text.replace(",", words.number(1_000)[1])


def side_name(words: Words, key: str, names: Mapping[str, Mapping[str, str]]) -> Markup:
    """What a side is called: by the text, or that it is nobody, or several."""
    if key == SEVERAL:
        return words.say("several sides named together")
    if key == UNKNOWN_ONE:
        return words.say("nobody named")
    return words.name({"en": key, **names.get(key, {})})


def act_name(words: Words, key: str) -> Markup:
    """What a class of acts is called."""
    if key == SEVERAL:
        return words.say("one of several acts")
    if key == UNKNOWN_ONE:
        return words.say("not said what was done")
    return words.word("act", key) if key in CLOSED.get("act", {}) else words.apart(key)


def corners_of(ring: Sequence[Sequence[float]]) -> list[str]:
    """The corners of a closed ring as somebody types them: latitude before longitude, to a metre.

    >>> corners_of([(37.1, 36.2), (37.2, 36.2), (37.2, 36.3), (37.1, 36.2)])
    ['36.20000, 37.10000', '36.20000, 37.20000', '36.30000, 37.20000']
    """
    return [f"{y:.5f}, {x:.5f}" for x, y in list(ring)[:-1]]


def draft_ring(polygons: Sequence[Rings]) -> tuple[list[tuple[float, float]], bool]:
    """The ring with which a draft begins, and whether it is simpler than the zone: at most `MOST_CORNERS` corners.

    Args:
        polygons: of the zone, in degrees; none = it has no outline.
    """
    shapes = [shapely.Polygon(rings[0], rings[1:]) for rings in polygons]
    if not shapes:
        return [], False
    largest = shapely.Polygon(max(shapes, key=lambda one: float(shapely.area(one))).exterior)
    made, reach = largest, 1e-5
    while shapely.get_num_coordinates(made) > MOST_CORNERS + 1 and reach < 10:
        made, reach = shapely.simplify(largest, reach), reach * 1.4
    ring = [(round(float(x), 5), round(float(y), 5)) for x, y in shapely.get_coordinates(made.exterior)]
    is_simpler = len(shapes) > 1 or bool(polygons[0][1:]) or len(ring) != int(shapely.get_num_coordinates(largest))
    return ring, is_simpler


def ring_around(places: Sequence[tuple[float, float, int, int]], land: Sequence[Rings]) -> list[tuple[float, float]]:
    """A square with which the drawing of a new zone begins: about the middle half of the reports, else of the land.

    Args:
        places: where reports are shown: longitude, latitude, radius, how many.
        land: polygons, where there is no such place.
    """
    if places:
        lon, lat, _, n = (np.array(one, np.float64) for one in zip(*places, strict=True))
        (west, x, east), (south, y, north) = (_quartiles(axis, n) for axis in (lon, lat))
        dx, dy = max(x - west, east - x, 0.08), max(y - south, north - y, 0.06)
        dx, dy = min(dx, 2 * dy), min(dy, dx)  # no strip
    else:
        bounds = shapely.bounds(shapely.MultiPolygon([shapely.Polygon(one[0]) for one in land]))
        west, south, east, north = (float(one) for one in bounds)
        x, y, dx, dy = (west + east) / 2, (south + north) / 2, (east - west) / 8, (north - south) / 8
    ring = [(x - dx, y - dy), (x + dx, y - dy), (x + dx, y + dy), (x - dx, y + dy), (x - dx, y - dy)]
    return [(round(float(a), 5), round(float(b), 5)) for a, b in ring]


def _quartiles(values: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float, float]:
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    low, middle, high = (float(values[order[np.searchsorted(share, at)]]) for at in (0.25, 0.5, 0.75))
    return low, middle, high
