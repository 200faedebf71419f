"""Where can a source's words mean? From the stated precision to a region, never from the coded point alone.

The steps of `region`, repeated at their lines: 1 the word of the precision table, 2 named units, 3 units whose names
no list
knows: through the unit that holds the stand-in point, else the next larger one, 4 discs.

Source: the precision table of the signed agreement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from truceline.atlas import Atlas
from truceline.precision import Precision
from truceline.space import MOST_RADIUS_M, NOWHERE, Region, quantise


@dataclass(frozen=True)
class Spot:
    """What a source says of a place.

    Attributes:
        word: a word of the precision table; empty = the source gives none.
        lon_deg: coded point, longitude; None = none given.
        lat_deg: its latitude.
        names: names of the units it lies in, by level: `{1: "Idlib", 2: "Ariha"}`.
        country: code of the stated country; empty = not stated.
        areas: codes of units, where an alias already names them.
    """

    word: str
    lon_deg: float | None = None
    lat_deg: float | None = None
    names: tuple[tuple[int, str], ...] = ()
    country: str = ""
    areas: tuple[str, ...] = ()


class Placer:
    """Turns spots into regions with one atlas and one precision table."""

    def __init__(self, atlas: Atlas, precision: Precision) -> None:
        """Prepare the shapes of the atlas for *which unit holds this point*."""
        self.atlas, self.precision = atlas, precision
        self._levels: dict[int, tuple[list[str], shapely.STRtree]] = {}

    def region(self, spot: Spot) -> Region:
        """Everywhere a spot can mean.

        Raises:
            InputError: a coordinate is out of range.
        """
        point = quantise(spot.lon_deg, spot.lat_deg) if spot.lon_deg is not None and spot.lat_deg is not None else None
        if spot.areas:
            return self._area(spot, spot.areas, point)  # 2
        if spot.word == "outside":  # 1
            return Region("outside")
        if spot.word == "country" or spot.word.startswith("unit:"):
            level = 0 if spot.word == "country" else int(spot.word.removeprefix("unit:"))
            return self._unit(spot, level, point)
        if point is None:
            return self._unit(spot, max((lvl for lvl, _ in spot.names), default=0), None)
        radius = self.precision.places.get(spot.word)
        if radius is None or radius > MOST_RADIUS_M:
            return Region("area", *point, areas=(spot.country,), country=spot.country) if spot.country else NOWHERE
        return Region("disc", *point, radius_m=radius, country=spot.country)  # 4

    def _unit(self, spot: Spot, level: int, point: tuple[int, int] | None) -> Region:
        names = dict(spot.names)
        while level > 0:
            code = self.atlas.gazetteer.find(names[level], level) if level in names else None
            if code is None or code not in self.atlas.gazetteer:
                code = self.holding(point, level) if point is not None and level in names else None  # 3
            if code is not None:
                return self._area(spot, (code,), point)
            level -= 1
        return self._area(spot, (spot.country,), point) if spot.country else NOWHERE

    def _area(self, spot: Spot, areas: tuple[str, ...], point: tuple[int, int] | None) -> Region:
        lon_e7, lat_e7 = point if point is not None else (None, None)
        codes = tuple(sorted({self.atlas.gazetteer.code(code) for code in areas}))
        return Region("area", lon_e7, lat_e7, areas=codes, country=spot.country)

    def holding(self, point: tuple[int, int], level: int) -> str | None:
        """The unit of a level whose shape holds a point; None when none or more than one does."""
        if level not in self._levels:
            codes = [
                u.code for u in self.atlas.gazetteer if u.level == level and self._code(u.code) in self.atlas.shapes
            ]
            shapes = np.array([self.atlas.shapes[self._code(c)] for c in codes], dtype=object)
            self._levels[level] = ([self._code(c) for c in codes], shapely.STRtree(shapes))
        codes, tree = self._levels[level]
        found = tree.query(shapely.Point(*point), predicate="within")
        return codes[int(found[0])] if len(found) == 1 else None

    def _code(self, code: str) -> str:
        return self.atlas.gazetteer.code(code)
