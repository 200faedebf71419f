"""How are the place and the time of one report drawn? An area beside the edge of the zone, an interval beside windows.

The area is drawn whole and at its true size, as finely as the viewer is shown it; a zone of which no map was published
is named and not drawn. Everything drawn stands in a table, too. Values only: the template draws them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import shapely
from shapely.geometry import shape as as_shape

from truceline.report.case import Row, TermView
from truceline.report.extents import Heap, kilometres_across, rounded_km
from truceline.report.frame import Frame
from truceline.report.language import Words
from truceline.report.map import Ground, Key, Sheet, keys_of, sheet_of
from truceline.report.picture import Land, Rings, ZoneMark
from truceline.report.totals import Totals
from truceline.space import Geometry
from truceline.span import DAY_S, utc_text
from truceline.verdict import NO, UNKNOWN, YES

WIDTH: Final = 560.0
ASPECT: Final = 0.8
FAR: Final = 14
"""A zone so many times larger than the report is drawn as far as it fits: the edge is what matters."""

LABEL: Final = 13.0
LEAST_ROOM: Final = 0.16
"""Degrees of land around a small area: what it lies near is seen, too."""

AXIS: Final = 1040.0
ROW: Final = 26.0
STEPS: Final = (
    3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, DAY_S, 2 * DAY_S, 7 * DAY_S, 14 * DAY_S, 30 * DAY_S, 91 * DAY_S,
    182 * DAY_S, 365 * DAY_S, 1_826 * DAY_S, 3_653 * DAY_S,
)  # fmt: skip
POLYGON: Final = 3
LEAST: Final = 3.0
"""An interval narrower than this is drawn so wide: it is seen at all."""


# -- the map -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """The small map of a report.

    Attributes:
        sheet: None where there is nothing to draw.
        keys: the zones of the terms that matter, drawn or not.
        across_km: how far the area of the report reaches, as text; empty where nothing is drawn.
        origin_km: likewise of where it came from.
    """

    sheet: Sheet | None
    keys: tuple[Key, ...]
    across_km: str
    origin_km: str


def drawn_of(ground: Row, terms: Iterable[TermView], value: int, words: Words) -> Drawn:
    """Draw where a report can have been, with the zones of the terms that matter.

    Args:
        ground: as `/api/v1/assessments/{id}/ground` answers.
        terms: of the report.
        value: of *some term*: how its area is drawn.
        words: of the language.
    """
    features = ground["features"]
    mine = {one.id for one in terms if one.value != NO} or {one.id for one in terms}
    zones = [one for one in _of(features, "zone") if mine.intersection(one["properties"]["terms"])]
    keys = keys_of([_zone(one) for one in zones])
    region, origin = (_geometry(next(iter(_of(features, what)), None)) for what in ("report", "origin"))
    lands = [_land(one) for one in _of(features, "land")]
    sheet = None
    if region is not None and lands:
        frame = Frame.around(_view(region, [_geometry(one) for one in zones]), WIDTH, 0.16, ASPECT)
        kind = next(iter(_of(features, "report")))["properties"]["region"]
        found = [_heap(region, value, kind)] + ([_heap(origin, NO, "disc")] if origin is not None else [])
        sheet = _clear(sheet_of("ground", frame, Ground(lands, found, keys, words), keys), frame, region)
    return Drawn(sheet, keys, _across(region), _across(origin))


def _clear(sheet: Sheet, frame: Frame, region: Geometry) -> Sheet:
    """A name of a unit never stands on the report: it stands above."""
    west, north, east, south = shapely.bounds(frame.on_paper(region))
    if north < 2 * LABEL or east - west > frame.width / 2:
        return sheet
    moved = [
        replace(one, y=round(north - LABEL, 1))
        if west - 3 * LABEL < one.x < east + 3 * LABEL and north - LABEL < one.y < south + LABEL
        else one
        for one in sheet.labels
    ]
    return replace(sheet, labels=tuple(moved))


def _of(features: Iterable[Row], what: str) -> list[Row]:
    return [one for one in features if one["properties"]["what"] == what]


def _geometry(feature: Row | None) -> Geometry | None:
    if feature is None or feature["geometry"] is None:
        return None
    made = as_shape(feature["geometry"])
    return None if made.is_empty else shapely.make_valid(made)


def _across(region: Geometry | None) -> str:
    return "" if region is None else rounded_km(kilometres_across(region))


def _heap(region: Geometry, value: int, extent: str) -> Heap:
    one = (int(value == YES), int(value == UNKNOWN), int(value == NO))
    return Heap(extent, None, region, Totals(*one), ())


def _view(region: Geometry, zones: Sequence[Geometry | None]) -> Geometry:
    """What the window shows: the report, the zones that are not much larger, and of larger ones what lies near."""
    size = max(kilometres_across(region), 4.0)
    west, south, east, north = shapely.bounds(region)
    room = max((east - west) * 1.6, (north - south) * 1.6, LEAST_ROOM)
    near = shapely.box(west - room, south - room, east + room, north + room)
    shown = [region]
    for zone in zones:
        if zone is None or not shapely.intersects(zone, near):
            continue
        shown.append(zone if kilometres_across(zone) < FAR * size else shapely.intersection(zone, near))
    return shapely.union_all([shapely.box(*shapely.bounds(one)) for one in shown if not shapely.is_empty(one)])


def _zone(feature: Row) -> ZoneMark:
    told = feature["properties"]
    shape = None if told["is_country"] else _geometry(feature)
    names = {"en": told["id"], **told["names"]}
    is_line = shape is not None and shapely.get_dimensions(shape) == 1
    line = tuple((float(x), float(y)) for x, y in shapely.get_coordinates(shape)) if is_line else ()
    return ZoneMark(
        told["id"], names, () if shape is None or is_line else rings(shape), line, told["withheld"],
        "; ".join(told["drawn_by"]), tuple(told["terms"]),
    )  # fmt: skip


def _land(feature: Row) -> Land:
    told, shape = feature["properties"], _geometry(feature)
    return Land(
        str(feature["id"]), told["level"], told["is_own"], {"en": str(feature["id"]), **told["names"]},
        () if shape is None else rings(shape),
    )  # fmt: skip


def rings(shape: Geometry) -> tuple[Rings, ...]:
    """The polygons of a shape as closed rings, outer ring first."""
    found = [part for part in shapely.get_parts(shape) if shapely.get_type_id(part) == POLYGON]
    return tuple(tuple(_points(ring) for ring in (part.exterior, *part.interiors)) for part in found)


def _points(ring: Any) -> tuple[tuple[float, float], ...]:  # noqa: ANN401  # a ring
    return tuple((float(x), float(y)) for x, y in shapely.get_coordinates(ring))


# -- the axis ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Band:
    """One row of the axis: ids of terms in force alike, with their spans on the paper."""

    terms: tuple[str, ...]
    spans: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Axis:
    """The interval of a report above the windows of terms.

    Attributes:
        start, wide: of the report on the paper.
        bands: below one another.
        ticks: where, and the text.
        first, last: UTC seconds of the paper's ends.
    """

    start: float
    wide: float
    bands: tuple[Band, ...]
    ticks: tuple[tuple[float, str], ...]
    first: int
    last: int
    height: float


def axis_of(start: int, end: int, terms: Iterable[TermView]) -> Axis | None:
    """Draw the interval of a report with the windows of the terms that matter; None where it has no bound.

    Args:
        start: UTC second.
        end: the second after the last.
        terms: of the report.
    """
    if end - start > 20 * 366 * DAY_S:
        return None
    mine = [one for one in terms if one.value != NO and (one.surely or one.possibly)]
    edges = sorted({at for one in mine for span in (*one.surely, *one.possibly) for at in span if at is not None})
    first = max((at for at in edges if at <= start), default=start)
    last = min((at for at in edges if at >= end), default=end)
    most = max(12 * (end - start), 40 * DAY_S)
    first, last = max(first, start - most), min(last, end + most)
    room = max((last - first) // 10, (end - start) // 4, 3_600)
    first, last = first - room, last + room
    alike: dict[tuple[Any, Any], list[str]] = {}
    for one in mine:
        alike.setdefault((tuple(one.surely), tuple(one.possibly)), []).append(one.name)

    def at(second: int) -> float:
        return round((second - first) / (last - first) * AXIS, 1)

    bands = tuple(
        Band(
            tuple(dict.fromkeys(names)),
            tuple(
                (at(begin), round(at(stop) - at(begin), 1), look)
                for spans, look in ((surely, "sure"), (possibly, "possible"))
                for begin, stop in _within(spans, first, last)
            ),
        )
        for (surely, possibly), names in alike.items()
    )
    left, right = at(start), at(end)
    if right - left < LEAST:
        left, right = left - (LEAST - right + left) / 2, right + (LEAST - right + left) / 2
    return Axis(
        round(left, 1), round(right - left, 1), bands, tuple(_ticks(first, last, at)), first, last,
        ROW * (len(bands) + 1) + 34,
    )  # fmt: skip


def _within(spans: Iterable[tuple[int | None, int | None]], first: int, last: int) -> Iterator[tuple[int, int]]:
    """The parts of some spans that lie on the paper."""
    for start, end in spans:
        begin, stop = max(first, first if start is None else start), min(last, last if end is None else end)
        if begin < stop:
            yield begin, stop


def _ticks(first: int, last: int, at: Callable[[int], float]) -> Iterable[tuple[float, str]]:
    step = next((one for one in STEPS if (last - first) / one <= 6), STEPS[-1])
    begin = -(-first // step) * step
    for tick in range(begin, last, step):
        text = utc_text(tick)
        label = text[:10] if step >= DAY_S else f"{text[5:10]} {text[11:16]}"
        if 20 < at(tick) < AXIS - 40:
            yield at(tick), label


def table_rows(ground: Row, terms: Sequence[TermView]) -> list[dict[str, Any]]:
    """The map as a table: each zone of the terms that matter, with what each of these answers about the place."""
    matter = [one for one in terms if one.value != NO] or list(terms)
    made = []
    for zone in _of(ground["features"], "zone"):
        told = zone["properties"]
        mine = [one for one in matter if one.id in told["terms"]]
        if mine:
            values = {term.name: {name: value for name, value, _ in term.factors}.get("place") for term in mine}
            made.append({
                "id": told["id"], "names": {"en": told["id"], **told["names"]}, "withheld": told["withheld"],
                "units": told["units"], "is_country": told["is_country"], "places": values,
            })  # fmt: skip
    return made
