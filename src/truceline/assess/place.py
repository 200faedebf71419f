"""Does everywhere a report can mean lie within the zone, outside it, or neither?

+1 the whole region lies within, -1 none of it does, 0 otherwise, and always 0 nearer than 1 m to an edge. Named
areas are compared by code; geometry decides only between gazetteers and for drawn zones. A region with a stated country
is cut to that country where its shape is known: it lies within when it is clear of the rest of the country, outside
when it is clear of the zone.

The steps, repeated at their lines: 1 withheld or no place, 2 by code, 3 cut to the country, 4 discs by `join`, 5 shapes
by `relation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from truceline.agreement.model import Zone
from truceline.assess.ground import Ground, clusters_of, drawn, united
from truceline.assess.join import Join, Pairs
from truceline.assess.kernels import is_compiled
from truceline.assess.relation import cut_relation, relation
from truceline.assess.spots import Spots
from truceline.atlas import Atlas
from truceline.space import Geometry, Ints, Region, beside_line, checked_polygon, outline, whole_part
from truceline.verdict import NO, SURE, UNKNOWN, YES, Answer, Reason, alike, any_of, undecided

UNPLACED = undecided(Reason.PLACE)
TOGETHER, WIDE = 1 << 20, 8
"""Discs that are asked together, fewer where the layers fill more words than this: bounds the memory."""

FEW, MANY = 4_000, 1_000_000
"""Cells of a join are made for so many rows: finer ones take longer to lay than few rows take to be asked."""

Key = tuple[str, ...]
Words = NDArray[np.uint64]


@dataclass
class Placed:
    """Zones by id on the shapes of an atlas; what is worked out once is kept."""

    zones: Mapping[str, Zone]
    atlas: Atlas
    _grounds: dict[Key, Ground] = field(default_factory=dict, repr=False)
    _answers: dict[tuple[Region, Key], Answer] = field(default_factory=dict, repr=False)
    _cuts: dict[tuple[Key, str], tuple[Geometry | None, Geometry | None]] = field(default_factory=dict, repr=False)
    _joins: dict[tuple[tuple[Key, ...], str, str, bool], tuple[Join, Ints]] = field(default_factory=dict, repr=False)

    # -- grounds -----------------------------------------------------------------------------------------------------

    def ground(self, zones: Sequence[str]) -> Ground:
        """The united place of some zones."""
        key = _key(zones)
        if key not in self._grounds:
            self._grounds[key] = united([self._ground(self.zones[zone]) for zone in key])
        return self._grounds[key]

    def ground_of_codes(self, codes: tuple[str, ...]) -> Ground:
        """The place of some units."""
        key = ("admin", *codes)
        if key not in self._grounds:
            known = [self.atlas.gazetteer.code(code) for code in codes]
            shapes = [self.atlas.shapes[code] for code in known if code in self.atlas.shapes]
            self._grounds[key] = Ground(codes, clusters_of(shapes), is_missing=len(shapes) < len(codes))
        return self._grounds[key]

    def _ground(self, zone: Zone) -> Ground:
        if zone.is_withheld:
            return Ground((), is_withheld=True)
        if zone.parts:
            return self.ground(zone.parts)
        units = [self.ground_of_codes(zone.codes)] if zone.codes else []
        if units or zone.annex:
            return united([*units, *(drawn(self.atlas.shapes.get(key)) for key in zone.annex)])
        if zone.polygon:
            return drawn(checked_polygon(shapely.Polygon(zone.polygon), zone.id))
        points = self.atlas.lines.get(zone.line)
        return drawn(None if points is None else beside_line(points, zone.side, zone.within_m))

    def moved(self, zone: Zone, shape: Geometry | None = None) -> Placed:
        """The same, but for one zone; all that does not depend on it stays worked out.

        Args:
            zone: the zone as it is to be.
            shape: its new shape on the grid; None = where it was.
        """
        atlas, changed = self.atlas, zone
        if shape is not None:
            name = f"{zone.id}, moved"
            changed = replace(zone, codes=(), parts=(), polygon=(), line="", annex=(name,), is_withheld=False)
            atlas = replace(atlas, shapes={**atlas.shapes, name: shape})
        touched = {zone.id}
        while more := {key for key, one in self.zones.items() if touched.intersection(one.parts)} - touched:
            touched |= more
        made = Placed({**self.zones, zone.id: changed}, atlas)
        made._grounds = {key: ground for key, ground in self._grounds.items() if not touched.intersection(key)}
        made._answers = {key: answer for key, answer in self._answers.items() if not touched.intersection(key[1])}
        made._cuts = {key: cut for key, cut in self._cuts.items() if not touched.intersection(key[0])}
        return made

    def settle(self, zones: Sequence[str], ground: Ground) -> None:
        """Take the ground of some zones as it is given: whoever moves one zone knows it without uniting all anew."""
        self._grounds[_key(zones)] = ground

    def has_shape(self, country: str) -> bool:
        """Whether regions are cut to a country: its shape is known."""
        return bool(self._cut_of(country))

    def cut(self, zones: Sequence[str], country: str) -> tuple[Geometry | None, Geometry | None] | None:
        """The rest of a country and the part of some zones in it; None = its shape is not known."""
        code = self._cut_of(country)
        self.ground(zones)
        return self._cut(_key(zones), code) if code else None

    def shape_of(self, region: Region) -> Geometry | None:
        """The shape of a region of units; None where a unit has none."""
        return self._shape(region)

    # -- one region, or a few ----------------------------------------------------------------------------------------

    def compare(self, region: Region, zones: Sequence[str]) -> Answer:
        """Whether a region lies within the union of zones: +1, -1, or 0 with `place` or `withheld text`."""
        return self.compare_all([region], zones)[0]

    def compare_area(self, region: Region, area: str) -> Answer:
        """Whether a region lies within a zone of the agreement or a unit of the gazetteer; an unknown area is 0."""
        if area in self.zones:
            return self.compare(region, (area,))
        key = (f"admin:{area}",)
        self._grounds.setdefault(key, self.ground_of_codes((area,)))
        return self._compared([region], key)[0]

    def compare_all(self, regions: Sequence[Region], zones: Sequence[str]) -> list[Answer]:
        """`compare` for many regions; discs go together."""
        key = _key(zones)
        self.ground(key)
        new = [region for region in dict.fromkeys(regions) if (region, key) not in self._answers]
        for region, answer in zip(new, self._compared(new, key) if new else (), strict=True):
            self._answers[(region, key)] = answer
        return [self._answers[(region, key)] for region in regions]

    def _compared(self, regions: Sequence[Region], key: Key) -> list[Answer]:
        spots, ground = Spots.of_regions(regions), self._grounds[key]
        values = np.zeros(len(regions), np.int8)
        is_disc = spots.odd < 0
        if ground.clusters or not is_disc.any():
            must, may = self._discs(spots.take(np.flatnonzero(is_disc)), (key,))
            values[is_disc] = np.where(must[:, 0] & 1, YES, np.where(may[:, 0] & 1, UNKNOWN, NO))
        values[~is_disc] = [self._other(spots.regions[i], key) for i in spots.odd[~is_disc]]
        return [_answer(int(value), ground) for value in values]

    # -- many regions and many layers --------------------------------------------------------------------------------

    def masks(self, spots: Spots, layers: Sequence[Sequence[str]]) -> tuple[Words, Words]:
        """Every region against every layer: zones that are united.

        Args:
            spots: `(n,)` regions.
            layers: ids of the zones of each layer; layer `i` is bit `i`.

        Returns:
            `(n, w)` bits of the layers within which a region surely lies, and of those outside of which it does not
            surely lie. What is open is so for one reason per layer: `why`.
        """
        keys = tuple(_key(ids) for ids in layers)
        grounds = [self.ground(key) for key in keys]
        width = max((len(keys) + 63) // 64, 1)
        must, may = np.zeros((len(spots), width), np.uint64), np.zeros((len(spots), width), np.uint64)
        if not keys or not len(spots):
            return must, may
        others = np.flatnonzero(spots.odd >= 0)
        discs = np.flatnonzero(spots.odd < 0) if len(others) else None
        step = max(TOGETHER * WIDE // max(width, WIDE), 1)
        for at in range(0, len(spots) - len(others), step):
            some = slice(at, at + step) if discs is None else discs[at : at + step]
            must[some], may[some] = self._discs(spots.take(some), keys)
        if len(others):
            must_of, may_of = self._others(spots.regions, keys, width)
            must[others], may[others] = must_of[spots.odd[others]], may_of[spots.odd[others]]
        may |= _packed(np.array([[g.is_open or not (g.clusters or g.codes) for g in grounds]]), width)
        return must, may

    def why(self, zones: Sequence[str]) -> Reason:
        """The reason of every 0 about a layer."""
        return Reason.WITHHELD_TEXT if self.ground(zones).is_withheld else Reason.PLACE

    def _discs(self, spots: Spots, keys: tuple[Key, ...]) -> tuple[Words, Words]:
        """`masks` for discs; without the compiled loops once for every distinct disc."""
        if not is_compiled(len(spots)):
            sample, codes = spots.distinct()
            if len(sample) < len(spots):
                must, may = self._discs(spots.take(sample), keys)
                return must[codes], may[codes]
        cut_of = [self._cut_of(country) for country in spots.countries]  # 3
        stated = np.flatnonzero(np.bincount(spots.country, minlength=len(cut_of)))
        there = dict.fromkeys(cut_of[i] for i in stated)
        if len(there) == 1:
            return self._cut_discs(spots, keys, next(iter(there)))
        width = max((len(keys) + 63) // 64, 1)
        must, may = np.zeros((len(spots), width), np.uint64), np.zeros((len(spots), width), np.uint64)
        for code in there:
            rows = np.flatnonzero(np.array([one == code for one in cut_of])[spots.country])
            must[rows], may[rows] = self._cut_discs(spots.take(rows), keys, code)
        return must, may

    def _cut_discs(self, spots: Spots, keys: tuple[Key, ...], country: str) -> tuple[Words, Words]:
        """`masks` for discs that are cut to one country, or to none."""
        join, bit = self._join(keys, country, len(spots))
        pairs = join.judge_in_parts(spots.lon_e7, spots.lat_e7, spots.radius_m) if len(bit) else ()  # 4
        width = max((len(keys) + 63) // 64, 1)
        must, may = _bits_of(pairs, bit, len(spots), 2 * width if country else width)
        nowhere = _packed(np.array([[not self._grounds[key].clusters for key in keys]]), width)
        if not country:
            return must, may | nowhere
        rest, zone = may[:, :width], may[:, width:]
        every = _packed(np.ones((1, len(keys)), bool), width)
        return zone & ~rest, every & ~(rest & ~zone)

    def _join(self, keys: tuple[Key, ...], country: str, rows: int) -> tuple[Join, Ints]:
        """The clusters of some layers as a join for about so many rows, and the bit of each.

        With a country the first half of the bits is the rest of the country, the other half the zone in it.
        """
        engine = "auto" if is_compiled(rows) else "numpy"
        kept = (keys, country, engine, rows < FEW)
        if kept not in self._joins:
            shapes: list[Geometry] = []
            bits: list[int] = []
            half = (len(keys) + 63) // 64 * 64
            for i, key in enumerate(keys):
                rest, zone = self._cut(key, country) if country else (None, None)
                found = {i: [rest], half + i: [zone]} if country else {i: list(self._grounds[key].clusters)}
                for bit, parts in found.items():
                    there = [part for part in parts if part is not None]
                    shapes += there
                    bits += [bit] * len(there)
            made = Join(shapes or [None], rows=FEW if rows < FEW else MANY, engine=engine)
            self._joins[kept] = (made, np.array(bits, np.int64))
        return self._joins[kept]

    def _cut(self, key: Key, country: str) -> tuple[Geometry | None, Geometry | None]:
        """The rest of a country and the part of the zone in it, on the grid; None = nothing there."""
        if (key, country) not in self._cuts:
            whole, zone = self.atlas.shapes[country], self._grounds[key].shape
            rest = whole if zone is None else shapely.difference(whole, zone, grid_size=1.0)
            inside = None if zone is None else shapely.intersection(whole, zone, grid_size=1.0)
            self._cuts[(key, country)] = (whole_part(rest), whole_part(inside))
        return self._cuts[(key, country)]

    def _cut_of(self, country: str) -> str:
        code = self.atlas.gazetteer.code(country) if country else ""
        return code if code in self.atlas.shapes else ""

    # -- regions that are no discs -----------------------------------------------------------------------------------

    def _others(self, regions: Sequence[Region], keys: tuple[Key, ...], width: int) -> tuple[Words, Words]:
        """`masks` for regions that are no discs."""
        must, may = np.zeros((len(regions), width), np.uint64), np.zeros((len(regions), width), np.uint64)
        for i, region in enumerate(regions):
            values = np.array([[self._other(region, key) for key in keys]], np.int8)
            must[i], may[i] = _packed(values == YES, width)[0], _packed(values != NO, width)[0]
        return must, may

    def _other(self, region: Region, key: Key) -> int:
        """Whether a region that is no disc lies within some zones."""
        ground = self._grounds[key]
        if region.kind in ("none", "disc"):  # 1: a disc that comes here has no position
            return UNKNOWN
        if region.kind == "outside":
            return NO
        if region.kind == "area":
            value = self._by_code(region, ground)  # 2
            if value is not None:
                return value
        shape, zone = self._shape(region), ground.shape
        if shape is None or zone is None:
            return UNKNOWN
        country = self._cut_of(region.country)
        if country and region.kind != "area":  # 3
            return cut_relation(shapely.intersection(shape, self.atlas.shapes[country]), *self._cut(key, country))
        return relation(shape, zone)  # 5

    def _by_code(self, region: Region, ground: Ground) -> int | None:
        """Units against units; None where the lists do not say, and where drawn parts could change the answer."""
        if not ground.codes:
            return None
        compare = self.atlas.gazetteer.compare
        each = [_any_or_none([compare(area, code) for code in ground.codes]) for area in region.areas]
        if any(value is None for value in each):
            return None
        value = alike(value for value in each if value is not None)
        if value == YES or not ground.drawn:
            return value
        shape, beside_units = self._shape(region), Ground((), ground.drawn).shape
        beside = UNKNOWN if shape is None or beside_units is None else relation(shape, beside_units)
        return value if beside == NO else YES if beside == YES else None

    def _shape(self, region: Region) -> Geometry | None:
        if region.kind != "area":
            return outline(region)
        ground = self.ground_of_codes(region.areas)
        return None if ground.is_missing else ground.shape


def _key(zones: Iterable[str]) -> Key:
    return tuple(sorted(set(zones)))


def _answer(value: int, ground: Ground) -> Answer:
    if value == YES:
        return SURE
    if ground.is_withheld:
        return undecided(Reason.WITHHELD_TEXT)
    if value == NO and not ground.is_missing:
        return Answer(NO)
    return UNPLACED


def _bits_of(parts: Iterable[Pairs], bit: Ints, n: int, width: int) -> tuple[Words, Words]:
    """`(n, width)` bits of pairs of +1, and of all pairs."""
    must, may = np.zeros((n, width), np.uint64), np.zeros((n, width), np.uint64)
    for pairs in parts:
        if is_compiled(n):
            from truceline.assess.kernels import asking as loops  # noqa: PLC0415  # numba only when it is used

            loops.set_bits(pairs.arrays, bit, must, may)
            continue
        at = bit[pairs.zone]
        words = np.uint64(1) << (at % 64).astype(np.uint64)
        np.bitwise_or.at(may, (pairs.row, at // 64), words)
        sure = pairs.value > 0
        np.bitwise_or.at(must, (pairs.row[sure], at[sure] // 64), words[sure])
    return must, may


def _packed(claims: NDArray[np.bool_], width: int) -> Words:
    """`(n, b)` claims as `(n, width)` words of 64 bits."""
    padded = np.zeros((len(claims), width * 64), np.uint8)
    padded[:, : claims.shape[1]] = claims
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def _any_or_none(values: Sequence[int | None]) -> int | None:
    """`or` where some answers are open: +1 wins over an open one, an open one over the rest."""
    if YES in values:
        return YES
    return None if None in values else any_of(value for value in values if value is not None)
