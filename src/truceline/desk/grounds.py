"""What are notices of a case held against, and how are they told less finely? Its gazetteer, names and borders.

Distances are those of the place ladder: a town and a cell are the discs of `desk.towns`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import shapely

from truceline.atlas import Atlas
from truceline.desk.files import Bench
from truceline.desk.naming import countries_of
from truceline.desk.towns import CELLS, TOWNS, Grid
from truceline.errors import InputError
from truceline.evidence.names import RIVALS, SAME, SURE_SCORE, Names
from truceline.evidence.places import Placer
from truceline.evidence.reading import Found
from truceline.evidence.whereabouts import place_words
from truceline.notices.checks import Meant
from truceline.notices.coarsening import Disc
from truceline.space import UNITS_PER_DEGREE, Geometry, quantise

REACH_M: Final[Mapping[str, int]] = {"village": 5_000, "town": 10_000, "city": 20_000}
"""So far from the point of a settlement may lie what is said to be there; of another kind, as of a village."""

MOST_MEANT: Final = 8


class CaseGround:
    """The gazetteer of a case, its lists of names and its borders: `checks.Places` and `coarsening.Coarser` in one."""

    def __init__(self, bench: Bench) -> None:
        """Take the agreement with its places; lists of names are read when a name is first asked for."""
        self._atlas: Atlas = bench.atlas
        self._bench = bench
        self._placer = Placer(bench.atlas, bench.agreement.precision)
        self.meant = lru_cache(maxsize=50_000)(self._meant)
        self.region = lru_cache(maxsize=50_000)(self._region)

    @cached_property
    def country(self) -> Geometry | None:
        """All of the countries that the atlas is about, on the grid of 1e-7 degree; None = nobody drew one."""
        units, shapes = self._atlas.gazetteer, self._atlas.shapes
        drawn = [shapes[code] for code in countries_of(self._atlas) if code in shapes]
        if not drawn:
            drawn = [shapes[u.code] for u in units if u.level == 1 and u.code in shapes]
        if not drawn:
            return None
        made = shapely.union_all(np.array(drawn, dtype=object))
        shapely.prepare(made)
        return made

    @cached_property
    def names(self) -> Names:
        """The lists of places."""
        names: Names = self._bench.finder.names  # type: ignore[attr-defined]  # a bench of a case finds by `naming.Lists`
        return names

    # -- names ---------------------------------------------------------------------------------------------------------

    def _meant(self, words: str) -> Sequence[Meant]:
        """Every place that words can mean: those of the same spelling, or else those that surely sound like it.

        A settlement goes before the unit of its name: what lies far from the town and within the unit is asked about.
        """
        try:
            asked = place_words(words).names or (words,)
        except InputError:
            asked = (words,)
        found = [one for name in asked for one in self.names.find(name, most=RIVALS)]
        same = [one for one in found if one.score == SAME] or [one for one in found if one.score >= SURE_SCORE]
        settled = [one for one in same if not one.kind.startswith("unit:")]
        return tuple(self._reach(one) for one in (settled or same)[:MOST_MEANT])

    def _reach(self, one: Found) -> Meant:
        """A place with how far from its point it reaches; a unit with its shape, where it is drawn."""
        code = one.id.removeprefix("unit:")
        shape = self._atlas.shapes.get(self._atlas.gazetteer.code(code)) if one.kind.startswith("unit:") else None
        return Meant(one.lon_deg, one.lat_deg, REACH_M.get(one.kind, REACH_M["village"]), shape)

    def is_area(self, code: str) -> bool:
        """Whether a code is a unit of the gazetteer, or a zone or line that is drawn."""
        atlas = self._atlas
        return (
            code in atlas.gazetteer
            or code in atlas.shapes
            or code in atlas.lines
            or code in self._bench.agreement.zones
        )

    # -- told less finely ----------------------------------------------------------------------------------------------

    def town(self, lon_deg: float, lat_deg: float, accuracy_m: int) -> Disc:
        """A disc as large as a town."""
        return _disc(TOWNS, lon_deg, lat_deg, accuracy_m)

    def cell(self, lon_deg: float, lat_deg: float, accuracy_m: int) -> Disc:
        """A disc as large as a cell."""
        return _disc(CELLS, lon_deg, lat_deg, accuracy_m)

    def _region(self, lon_deg: float, lat_deg: float) -> str:
        return self._placer.holding(quantise(lon_deg, lat_deg), 1) or ""

    def region_of(self, area: str) -> str:
        """Code of the unit of level 1 that holds a unit or is it; empty = none does, or it is drawn by hand."""
        units = self._atlas.gazetteer
        chain = [units.unit(code) for code in units.chain(area)] if area in units else []
        return next((unit.code for unit in chain if unit is not None and unit.level == 1), "")


def _disc(grid: Grid, lon_deg: float, lat_deg: float, accuracy_m: int) -> Disc:
    x, y = (round(axis * UNITS_PER_DEGREE / grid.step) for axis in (lon_deg, lat_deg))
    made = grid.disc(x, y, accuracy_m, "")
    return Disc((made.lon_e7 or 0) / UNITS_PER_DEGREE, (made.lat_e7 or 0) / UNITS_PER_DEGREE, made.radius_m)
