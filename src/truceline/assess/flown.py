"""When did aircraft enter and leave zones, as far as they were heard? Positions against zones with floors and ceilings.

Whether a position lies within the edges of a zone is decided by the place join: a disc as wide as the position may be
off, +1 wholly within, 0 where the edge comes nearer. `notices.tracks` says the rest: heights by datum, gaps, stays.
A zone of several parts, each with a height and a time of its own, holds a position where one of its parts does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from truceline.agreement.model import Zone
from truceline.assess import spec
from truceline.assess.join import Join
from truceline.assess.place import Placed
from truceline.notices.tracks import AMSL, GAP_S, Ints, Lies, Limits, Positions, Stays, lies, stays
from truceline.space import Geometry
from truceline.verdict import UNKNOWN

FINEST = 16
"""Cells of 2 ** 16 units are some 700 m wide: finer ones say nothing more of discs of 300 m."""

MOST_CELLS = 1 << 23


@dataclass(frozen=True)
class Flown:
    """How positions lie to zones, and the stays in them.

    Attributes:
        positions: the positions.
        zones: `(z,)` ids of the zones.
        pairs: how the positions lie to them.
        stays: the stays.
        gap_s: positions further apart have a gap between them, seconds.
    """

    positions: Positions
    zones: tuple[str, ...]
    pairs: Lies
    stays: Stays
    gap_s: int


def flown(
    positions: Positions, shapes: Sequence[Geometry | None], limits: Limits, gap_s: int = GAP_S, *, engine: str = "auto"
) -> tuple[Lies, Stays]:
    """Hold positions against zones.

    Args:
        positions: the positions.
        shapes: `(z,)` polygons or multipolygons in whole 1e-7 degree; None = nowhere.
        limits: `(z,)` their heights and times.
        gap_s: positions further apart have a gap between them, seconds.
        engine: of the place join; decides no answer.

    Returns:
        How the positions lie to the zones, what is surely outside left out; and the stays in the zones.
    """
    join = Join(shapes, rows=max(len(positions), 1), engine=engine, shift=_shift(shapes))
    met = join.judge(positions.lon_e7, positions.lat_e7, positions.radius_m)
    pairs = lies(positions, limits, met.row, met.zone, met.value)
    return pairs, stays(positions, pairs, gap_s)


def _shift(shapes: Sequence[Geometry | None]) -> int | None:
    """The size of the cells of the join, 2 to this power: the finest of which there is room for enough.

    The rule of `grids.shift_for` takes rows for spread evenly. Tracks lie in a few places of a wide country, where
    coarse cells send them to the edges of every zone.
    """
    there = [shape for shape in shapes if shape is not None and not shapely.is_empty(shape)]
    if not there:
        return None
    west, south, east, north = shapely.total_bounds(there)
    shift = FINEST
    while ((east - west) / (1 << shift) + 1) * ((north - south) / (1 << shift) + 1) > MOST_CELLS:
        shift += 1
    return shift


def flown_over(
    positions: Positions, zones: Sequence[str], placed: Placed, gap_s: int = GAP_S, datum: int = AMSL
) -> Flown:
    """Hold positions against zones of an agreement; those that have no shape hold none: ask `shapeless`.

    Args:
        positions: the positions.
        zones: their ids.
        placed: the zones on the shapes of the case.
        gap_s: positions further apart have a gap between them, seconds.
        datum: what floors and ceilings are measured from; a text says metres above mean sea level.
    """
    parts = [(i, zone, ids) for i, key in enumerate(zones) for zone, ids in spec.layers((key,), placed.zones)]
    shapes = [placed.ground(ids).shape for _, _, ids in parts]
    limits = Limits.of([_band(zone) for _, zone, _ in parts], datum, [(zone.start, zone.end) for _, zone, _ in parts])
    pairs, _ = flown(positions, shapes, limits, gap_s)
    whole = _united(pairs, np.array([i for i, _, _ in parts], np.int64))
    return Flown(positions, tuple(zones), whole, stays(positions, whole, gap_s), gap_s)


def shapeless(zones: Sequence[str], placed: Placed) -> Mapping[str, str]:
    """The zones of which a part was never published or drawn, and which: `withheld` or `missing`.

    Whether an aircraft was in such a zone is 0 wherever it is not surely in a part that is known.
    """
    grounds = {key: placed.ground((key,)) for key in zones}
    return {key: "withheld" if one.is_withheld else "missing" for key, one in grounds.items() if one.is_open}


def _band(zone: Zone) -> tuple[int, int] | None:
    return None if zone.low_m is None or zone.high_m is None else (zone.low_m, zone.high_m)


def _united(pairs: Lies, whole: Ints) -> Lies:
    """Pairs with the parts of zones, as pairs with the zones: of several parts the best answer counts."""
    zone = whole[pairs.zone]
    if len(np.unique(whole)) == len(whole):
        return Lies(pairs.row, zone, pairs.value, pairs.why)
    order = np.lexsort((pairs.row, zone))
    row, zone, value, why = pairs.row[order], zone[order], pairs.value[order], pairs.why[order]
    begins = np.flatnonzero(np.concatenate([[True], (row[1:] != row[:-1]) | (zone[1:] != zone[:-1])])[: len(row)])
    if not len(begins):
        return Lies(row, zone, value, why)
    best = np.maximum.reduceat(value, begins).astype(np.int8)
    any_why = np.bitwise_or.reduceat(why, begins)
    return Lies(row[begins], zone[begins], best, np.where(best == UNKNOWN, any_why, 0).astype(np.uint32))


def folded(found: Stays, values: np.ndarray[tuple[int], np.dtype[np.int8]], why: Ints) -> tuple[list[int], list[int]]:
    """What holds of each stay, when it is known of each of its pairs: the best value, with the reasons of those at 0.

    Args:
        found: the stays.
        values: `(p,)` of the pairs.
        why: `(p,)` masks of reasons.
    """
    if not len(found):
        return [], []
    begins = found.begins[:-1]
    best = np.maximum.reduceat(values, begins)
    masks = np.bitwise_or.reduceat(np.where(values == UNKNOWN, why, 0), begins)
    return best.tolist(), np.where(best == UNKNOWN, masks, 0).tolist()
