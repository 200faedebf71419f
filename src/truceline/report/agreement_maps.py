"""Where does a zone lie? A small drawing for each zone of the text, and where in the country it is.

Zones are places that were published with the text; nothing else is drawn. A zone that was withheld, or has no shape in
any file, has no drawing, and the page says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import shapely

from truceline.report.frame import Frame
from truceline.space import Geometry

WIDE: Final = 168.0
ASPECT: Final = 0.7
INSET: Final = 46.0
LARGE: Final = 0.16
"""A zone at least as wide as this part of the country is drawn in it; a smaller one by itself, with an inset."""


@dataclass(frozen=True)
class Land:
    """What lies under the zones.

    Attributes:
        is_own: of the country of the case; neighbours are drawn fainter.
        level: 0 for a country, 1 for a governorate.
        shape: in degrees.
    """

    is_own: bool
    level: int
    shape: Geometry


def sketches(
    zones: Iterable[tuple[Mapping[str, Any], Geometry | None]], lands: Sequence[Land], lines: Iterable[Geometry] = ()
) -> dict[str, dict[str, Any]]:
    """A drawing for each zone that has a shape: paths on the paper, as plain values.

    Args:
        zones: rows with `id`, each with its shape in degrees.
        lands: the base map and the units.
        lines: roads and other lines that zones lie beside.
    """
    own = [land.shape for land in lands if land.is_own]
    country = shapely.union_all(own) if own else None
    roads = list(lines)
    return {
        row["id"]: _sketch(shape, country, lands, roads)
        for row, shape in zones
        if shape is not None and not shapely.is_empty(shape)
    }


def _sketch(
    shape: Geometry, country: Geometry | None, lands: Sequence[Land], roads: Sequence[Geometry]
) -> dict[str, Any]:
    is_large = country is None or _span(shape) >= LARGE * _span(country)
    whole = shape if country is None or not is_large else shapely.union_all([country, shape])
    frame = Frame.around(whole if is_large else shape, WIDE, 0.04 if is_large else 0.4, aspect=ASPECT)
    scale_m, scale_wide = frame.scale()
    return {
        "width": frame.width, "height": float(frame.height), "zone": frame.path(shape),
        "near": _paths(frame, (land.shape for land in lands if not land.is_own)),
        "own": _paths(frame, (land.shape for land in lands if land.is_own)),
        "edges": _paths(frame, (land.shape for land in lands if land.is_own and land.level)),
        "roads": [] if is_large else _paths(frame, roads),
        "scale_m": scale_m, "scale_wide": float(scale_wide),
        "inset": None if is_large or country is None else _inset(shape, country),
    }  # fmt: skip


def _inset(shape: Geometry, country: Geometry) -> dict[str, Any]:
    """The country, and a ring where the zone lies in it."""
    frame = Frame.around(country, INSET, 0.04)
    x, y = frame.middle(shapely.envelope(shape))
    return {"width": frame.width, "height": float(frame.height), "own": frame.path(country), "x": x, "y": y}


def _paths(frame: Frame, shapes: Iterable[Geometry]) -> list[str]:
    return [path for one in shapes if (path := frame.path(one))]


def _span(shape: Geometry) -> float:
    west, south, east, north = shapely.bounds(shape)
    return float(max(east - west, north - south))
