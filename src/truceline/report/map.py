"""What does the map show? Zones of the agreement and, for every report, everywhere it can have been; never a pin.

Reports of one extent are one shape with a count. What is known only to a governorate or the country is counted on that
unit. Withheld zones are named in the legend and not drawn. Values only: the template draws them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import shapely

from truceline.report.extents import Heap, Placed, heaps, kilometres_across, shape_of
from truceline.report.frame import Frame, Room, around
from truceline.report.language import Words, plain
from truceline.report.picture import Land, Picture, ZoneMark
from truceline.report.totals import Totals
from truceline.space import Geometry
from truceline.verdict import NO, UNKNOWN, YES

WIDTH = 760.0
DETAIL = 360.0
SMALLEST = 3.2
"""A disc that would be drawn smaller than this gets a thin circle around it, so that it is seen at all."""

CLASSES = {YES: "yes", UNKNOWN: "open", NO: "no"}


@dataclass(frozen=True)
class Mark:
    """One shape on the paper: its path, its class in the style sheet, and what a pointer over it reads."""

    path: str
    look: str
    title: str = ""


@dataclass(frozen=True)
class Label:
    """Words on the paper, centred."""

    x: float
    y: float
    text: str
    look: str = ""


@dataclass(frozen=True)
class Badge:
    """Counts of one unit: a box of cells `(look, number, x of its centre)`."""

    x: float
    y: float
    wide: float
    cells: tuple[tuple[str, str, float], ...]
    title: str


@dataclass(frozen=True)
class Key:
    """A zone in the legend.

    Attributes:
        tag: such as `Z1`, as on the map; empty when nothing is drawn.
    """

    tag: str
    zone: ZoneMark
    is_line: bool


@dataclass(frozen=True)
class Sheet:
    """One window of the map, everything in the order in which it is drawn."""

    id: str
    width: float
    height: float
    lands: tuple[Mark, ...]
    units: tuple[Mark, ...]
    shapes: tuple[Mark, ...]
    circles: tuple[tuple[float, float, str], ...]
    borders: tuple[Mark, ...]
    zones: tuple[Mark, ...]
    labels: tuple[Label, ...]
    tags: tuple[Label, ...]
    badges: tuple[Badge, ...]
    scale_m: int
    scale_wide: float
    window: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Map:
    """The map with its detail, its legend and the same as a table.

    Attributes:
        detail: a window on zones too small for the main sheet; None when there are none.
        country: reports known only to the country.
        placeless: reports without a place; `outside`: outside every land area.
        rows: every heap, for the table.
    """

    sheet: Sheet | None
    detail: Sheet | None
    keys: tuple[Key, ...]
    country: tuple[Heap, ...]
    placeless: int
    outside: int
    rows: tuple[Heap, ...]


def draw(picture: Picture, words: Words) -> Map:
    """Draw everything of a picture that has a place."""
    return draw_of(picture.entries, picture.lands, picture.zones, words)


def draw_of(reports: Iterable[Placed], lands: Sequence[Land], zones: Iterable[ZoneMark], words: Words) -> Map:
    """Draw reports on their ground."""
    found = heaps(reports, lands)
    keys = keys_of(zones)
    own = [land for land in lands if land.is_own and land.polygons]
    body = own or [land for land in lands if land.polygons]
    everywhere = tuple(h for h in found if h.unit and h.unit.level == 0)
    sheet = detail = None
    ground = Ground(lands, tuple(found), keys, words)
    if body:
        frame = Frame.around(shapely.union_all([shape_of(land.polygons) for land in body]), WIDTH, 0.035)
        small = _small(keys, frame)
        tagged = [k for k in keys if small is None or not _is_small(k, frame)]
        sheet = sheet_of("map", frame, ground, tagged)
        if small is not None:
            close = Frame.around(small, DETAIL, 0.3, aspect=0.8)
            detail = sheet_of("detail", close, ground, keys)
            sheet = replace(sheet, window=_box_of(close, frame))
    count = {kind: sum(h.totals.all for h in found if h.extent == kind) for kind in ("none", "outside")}
    return Map(sheet, detail, keys, everywhere, count["none"], count["outside"], tuple(found))


def totals_text(totals: Totals, words: Words) -> str:
    """Counts of one extent in words, as plain text for a drawing."""
    parts = [
        words.count("{n} surely covered, if true", "{n} surely covered, if true", totals.surely),
        words.count("{n} cannot be decided", "{n} cannot be decided", totals.possibly),
        words.count("{n} not covered by any term", "{n} not covered by any term", totals.no),
    ]
    return " · ".join(plain(p) for p, n in zip(parts, (totals.surely, totals.possibly, totals.no), strict=True) if n)


def keys_of(zones: Iterable[ZoneMark]) -> tuple[Key, ...]:
    """Zones with their tags: only what is drawn has one."""
    made, number = [], 0
    for zone in zones:
        is_drawn = bool(zone.polygons or zone.line) and not zone.is_withheld
        number += is_drawn
        made.append(Key(f"Z{number}" if is_drawn else "", zone, bool(zone.line) and not zone.polygons))
    return tuple(made)


def _shape(zone: ZoneMark) -> Geometry:
    return shape_of(zone.polygons) if zone.polygons else shapely.LineString(zone.line)


def _small(keys: Sequence[Key], frame: Frame) -> Geometry | None:
    """The zones that the sheet is too small for, together; None when there are none, or they lie far apart."""
    small = [_shape(key.zone) for key in keys if _is_small(key, frame)]
    together = shapely.union_all(small) if small else None
    return together if together is not None and kilometres_across(together) < _paper_km(frame) / 3 else None


def _is_small(key: Key, frame: Frame) -> bool:
    return bool(key.tag) and kilometres_across(_shape(key.zone)) < _paper_km(frame) / 8


def _paper_km(frame: Frame) -> float:
    return frame.metres_per_unit * frame.width / 1000


def _box_of(close: Frame, frame: Frame) -> tuple[float, float, float, float]:
    west, north, east, south = shapely.bounds(frame.on_paper(close.box))
    return round(west, 1), round(north, 1), round(east - west, 1), round(south - north, 1)


@dataclass(frozen=True)
class Ground:
    """What every window draws from.

    Attributes:
        lands: of the base map.
        found: reports by their extent; none where a drawing is of zones alone.
        keys: the zones with their tags.
    """

    lands: Sequence[Land]
    found: Sequence[Heap]
    keys: Sequence[Key]
    words: Words


def sheet_of(name: str, frame: Frame, ground: Ground, tagged: Sequence[Key]) -> Sheet:
    """One window.

    Args:
        name: `map` or `detail`: names of units stand on the first only.
        frame: where it is.
        ground: what it draws.
        tagged: the zones that carry their tag in it.
    """
    room = Room(frame.width, frame.height)
    scale_m, scale_wide = frame.scale()
    room.take(scale_wide / 2 + 14, frame.height - 20, scale_wide + 24, 34)
    tags = _tags(frame, room, tagged)
    loose = sorted(
        (h for h in ground.found if h.shape is not None and h.unit is None),
        key=lambda h: (-shapely.area(h.shape), h.where),
    )
    shapes = [_mark(frame, heap, ground.words) for heap in loose]
    numbers = _numbers(frame, room, loose)
    _keep_free(frame, room, loose)
    badges, labels = _units_named(name, frame, room, ground)
    return Sheet(
        name, frame.width, frame.height,
        lands=tuple(_lands(frame, ground.lands)),
        units=tuple(_unit_marks(frame, ground.found, ground.words)) if name == "map" else (),
        shapes=tuple(mark for mark in shapes if mark.path),
        circles=tuple(_circles(frame, loose)),
        borders=tuple(_borders(frame, ground.lands)),
        zones=tuple(_zone_marks(frame, ground.keys)),
        labels=(*labels, *numbers), tags=tags, badges=badges, scale_m=scale_m, scale_wide=scale_wide,
    )  # fmt: skip


def _lands(frame: Frame, lands: Sequence[Land]) -> Iterable[Mark]:
    for land in sorted(lands, key=lambda one: (one.is_own, one.level, one.code)):
        if land.level == 0 and land.polygons and (path := frame.path(shape_of(land.polygons))):
            yield Mark(path, "own" if land.is_own else "near")


def _borders(frame: Frame, lands: Sequence[Land]) -> Iterable[Mark]:
    for land in sorted(lands, key=lambda one: (-one.level, one.code)):
        if land.is_own and land.polygons and (path := frame.path(shape_of(land.polygons))):
            yield Mark(path, "edge country" if land.level == 0 else "edge")


def _unit_marks(frame: Frame, found: Sequence[Heap], words: Words) -> Iterable[Mark]:
    for heap in found:
        if heap.unit and heap.unit.level > 0 and heap.shape is not None:
            yield Mark(frame.path(heap.shape), f"unit {_look(heap.totals)}", totals_text(heap.totals, words))


def _zone_marks(frame: Frame, keys: Sequence[Key]) -> Iterable[Mark]:
    for key in keys:
        if key.tag and (path := frame.path(_shape(key.zone))):
            yield Mark(path, "line" if key.is_line else "zone")


def _tags(frame: Frame, room: Room, keys: Sequence[Key]) -> tuple[Label, ...]:
    made = []
    for key in keys:
        if key.tag and frame.path(_shape(key.zone)):
            is_wide = shapely.area(frame.on_paper(_shape(key.zone))) > 4_000
            steps = (0, 18, 26, 36, 48) if is_wide else (18, 26, 36, 48)
            spot = room.find(26, 18, around(*frame.middle(_shape(key.zone)), steps=steps))
            if spot:
                made.append(Label(*spot, key.tag))
    return tuple(made)


def _units_named(name: str, frame: Frame, room: Room, ground: Ground) -> tuple[tuple[Badge, ...], tuple[Label, ...]]:
    """Names of the units with, below each, the counts of what is known only to that unit."""
    counted = {h.unit.code: h for h in ground.found if h.unit and h.unit.level > 0} if name == "map" else {}
    badges, labels = [], []
    drawn = [
        (land, shape_of(land.polygons)) for land in ground.lands if land.polygons and (not land.is_own or land.level)
    ]
    for land, shape in sorted(drawn, key=lambda item: (item[0].code not in counted, -shapely.area(item[1]))):
        if shapely.is_empty(frame.on_paper(shape)) or (name == "detail" and not land.is_own):
            continue
        text = land.names.get(ground.words.lang) or land.names["en"]
        cells = _cells(counted[land.code].totals) if land.code in counted else ()
        wide, high = max(len(text) * 7.2, len(cells) * 34.0) + 6, 34.0 if cells else 16.0
        spot = room.find(wide, high, frame.inside(shape)) or room.find(
            wide, high, around(*frame.middle(shape), steps=(12, 22))
        )
        if spot is None and not cells:
            continue
        spot = spot or frame.middle(shape)
        labels.append(Label(spot[0], spot[1] - (9 if cells else 0), text, "unit" if land.is_own else "near"))
        if cells:
            title = totals_text(counted[land.code].totals, ground.words)
            badges.append(badge(spot[0], spot[1] + 8, counted[land.code].totals, title))
    return tuple(badges), tuple(labels)


def badge(x: float, y: float, totals: Totals, title: str = "") -> Badge:
    """A box of counts around a centre."""
    cells = _cells(totals)
    wide = sum(18.0 + 7 * len(number) for _, number in cells)
    at, placed = x - wide / 2, []
    for look, number in cells:
        cell = 18.0 + 7 * len(number)
        placed.append((look, number, round(at + cell / 2, 1)))
        at += cell
    return Badge(round(x, 1), round(y, 1), round(wide, 1), tuple(placed), title)


def _cells(totals: Totals) -> tuple[tuple[str, str], ...]:
    return tuple((CLASSES[v], str(totals.of(v))) for v in (YES, UNKNOWN, NO) if totals.of(v))


def _mark(frame: Frame, heap: Heap, words: Words) -> Mark:
    look = _look(heap.totals)
    if heap.extent == "line":
        look += " along"
    where = ", ".join(heap.where[:3]) + ("…" if len(heap.where) > 3 else "")
    title = f"\u2068{where}\u2069: {totals_text(heap.totals, words)}" if where else totals_text(heap.totals, words)
    return Mark("" if heap.shape is None else frame.path(heap.shape), look, title)


def _circles(frame: Frame, loose: Sequence[Heap]) -> Iterable[tuple[float, float, str]]:
    """Thin circles around extents too small to be seen at this scale."""
    for heap in loose:
        drawn = frame.on_paper(heap.shape) if heap.shape is not None else None
        if drawn is not None and not shapely.is_empty(drawn):
            west, north, east, south = shapely.bounds(drawn)
            if max(east - west, south - north) < 2 * SMALLEST:
                yield round((west + east) / 2, 1), round((north + south) / 2, 1), _look(heap.totals)


def _keep_free(frame: Frame, room: Room, loose: Sequence[Heap]) -> None:
    """Keep small shapes free of names."""
    for heap in loose:
        drawn = frame.on_paper(heap.shape) if heap.shape is not None else None
        if drawn is not None and not shapely.is_empty(drawn):
            west, north, east, south = shapely.bounds(drawn)
            if max(east - west, south - north) < 40:
                room.keep_free((west + east) / 2, (north + south) / 2, max(east - west, 10), max(south - north, 10))


def _numbers(frame: Frame, room: Room, loose: Sequence[Heap]) -> list[Label]:
    """Counts of shapes that stand for more than one report, where there is room; the table has them all."""
    made = []
    for heap in sorted(loose, key=lambda h: (-h.totals.all, h.where)):
        if heap.totals.all > 1 and heap.shape is not None and frame.path(heap.shape):
            x, y = frame.middle(heap.shape)
            reach = math.sqrt(shapely.area(frame.on_paper(heap.shape)) / math.pi)
            text = str(heap.totals.all)
            spot = room.find(
                6.5 * len(text) + 2, 12, around(x, y, steps=(0,) if reach > 7 else (reach + 8, reach + 14))
            )
            if spot:
                made.append(Label(*spot, text, f"many {_look(heap.totals)}"))
    return made


def _look(totals: Totals) -> str:
    return CLASSES[YES if totals.surely else UNKNOWN if totals.possibly else NO]
