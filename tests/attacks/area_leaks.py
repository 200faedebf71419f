"""How much do areas give away to somebody who counts? Averaging, linking and differencing, measured on UCDP GED, 2016.

`python -m tests.attacks.area_leaks` prints the figures of docs/why/areas.md. The data lie beside the checkout.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely

from tests.conftest import DATA
from tests.evidence.bench import SHIPPED
from truceline.atlas import read_atlas
from truceline.desk.naming import geonames
from truceline.desk.towns import TOWN_GRID
from truceline.exchange.areas import DELAY_S, ROUND_S, Stated, standing
from truceline.exchange.partition import Partition, cell_at, outline_of, partition
from truceline.space import UNITS_PER_DEGREE, distance_m, in_degrees

FILE = DATA / "ucdp" / "ged_syria_2016_2019.csv.gz"
GROUP, YEAR = "IS", 2016
FORTNIGHT, DAYS = 14, 366
DAY_S = 86_400
REPORTS = 1_000
NOISE_KM = 10.0


@dataclass(frozen=True)
class Event:
    """Something that a group had a part in.

    Attributes:
        day: of the year, from 0.
        at: longitude, latitude in degrees.
        is_exact: the exact location is known (`where_prec` 1).
    """

    day: int
    at: tuple[float, float]
    cell: str
    is_exact: bool


def events(path: Path = FILE) -> list[Event]:
    """Where and when a group fought in a year, by UCDP: in places, or near them (`where_prec` 1 and 2)."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [
            row for row in csv.DictReader(file)
            if row["date_start"].startswith(str(YEAR)) and GROUP in (row["side_a"], row["side_b"])
            and float(row["where_prec"]) <= 2
        ]  # fmt: skip
    found = []
    for row in rows:
        at = float(row["longitude"]), float(row["latitude"])
        day = (date.fromisoformat(row["date_start"][:10]) - date(YEAR, 1, 1)).days
        found.append(Event(day, at, cell_at(*at), float(row["where_prec"]) == 1))
    return sorted(found, key=lambda one: (one.day, one.at))


def country() -> Partition:
    """The partition of the shipped case."""
    atlas = read_atlas({"areas.geojson": (SHIPPED / "areas.geojson").read_bytes()})
    shapes = [shape for code, shape in atlas.shapes.items() if code == "SY" or code.startswith("SY-")]
    outline = in_degrees(shapely.union_all(shapes))
    return partition("SY", outline, [(one.lon_deg, one.lat_deg) for one in geonames(("SY",))])


# -- averaging ---------------------------------------------------------------------------------------------------------


def averaging(found: Sequence[Event], blocks: Partition, seed: int = 20160227) -> dict[str, float]:
    """Many statements of one place: how far from it does their mean lie, in kilometres, over all places?

    Noise is what others add to positions; a cell says the same every time.
    """
    rng = np.random.default_rng(seed)
    places = sorted({one.at: one.cell for one in found if one.is_exact}.items())
    noisy: list[float] = []
    by_cell: list[float] = []
    by_block: list[float] = []
    for (lon, lat), cell in places:
        north = rng.normal(0, NOISE_KM, REPORTS).mean() / 111.2
        east = rng.normal(0, NOISE_KM, REPORTS).mean() / (111.2 * math.cos(math.radians(lat)))
        noisy.append(distance_m(lon, lat, lon + east, lat + north) / 1000)
        for cells, into in (((cell,), by_cell), (_block(cell, blocks), by_block)):
            middle = shapely.centroid(shapely.union_all([outline_of(one) for one in cells]))
            into.append(distance_m(lon, lat, middle.x, middle.y) / 1000)
    names = "noise_km", "cell_km", "block_km"
    return dict(zip(names, (float(np.mean(one)) for one in (noisy, by_cell, by_block)), strict=True))


def _block(cell: str, blocks: Partition) -> tuple[str, ...]:
    number = blocks.cells.get(cell)
    return (cell,) if number is None else blocks.blocks[number]


# -- linking -----------------------------------------------------------------------------------------------------------


def linking(found: Sequence[Event], blocks: Partition) -> dict[str, float]:
    """Areas laid over incidents of the group and time: in which share of them does exactly one exact place remain?

    `exact`: incidents as reported, over cells of a fortnight. `town`: as parties see them. `block`: over blocks.
    `cell_apart`, `apart`: an area by itself, as a cell and as a block: in which share does one place of the list lie?
    """
    exact: dict[tuple[str, int], set[object]] = {}
    town: dict[tuple[str, int], set[object]] = {}
    block: dict[tuple[str, int], set[object]] = {}
    for one in found:
        span, first = one.day // FORTNIGHT, _block(one.cell, blocks)[0]
        exact.setdefault((one.cell, span), set()).update([one.at] if one.is_exact else [])
        town.setdefault((one.cell, span), set()).update([_town(one.at)] if one.is_exact else [])
        block.setdefault((first, span), set()).update([one.at] if one.is_exact else [])
    by_cell, by_block = _places_in(blocks)
    return {
        "cell_fortnights": float(len(exact)), "exact": _alone(exact), "town": _alone(town), "block": _alone(block),
        "cell_apart": sum(by_cell.get(cell, 0) == 1 for cell, _ in exact) / len(exact),
        "apart": sum(by_block.get(first, 0) == 1 for first, _ in block) / len(block),
    }  # fmt: skip


def _alone(groups: dict[tuple[str, int], set[object]]) -> float:
    return sum(len(places) == 1 for places in groups.values()) / len(groups)


def _town(at: tuple[float, float]) -> tuple[int, int]:
    return round(at[0] * UNITS_PER_DEGREE / TOWN_GRID), round(at[1] * UNITS_PER_DEGREE / TOWN_GRID)


def _places_in(blocks: Partition) -> tuple[dict[str, int], dict[str, int]]:
    """Cell, and first cell of a block, to how many places of the list lie in it."""
    by_cell: dict[str, int] = {}
    by_block: dict[str, int] = {}
    for one in geonames(("SY",)):
        cell = cell_at(one.lon_deg, one.lat_deg)
        first = _block(cell, blocks)[0]
        by_cell[cell] = by_cell.get(cell, 0) + 1
        by_block[first] = by_block.get(first, 0) + 1
    return by_cell, by_block


# -- differencing ------------------------------------------------------------------------------------------------------


def differencing(found: Sequence[Event], blocks: Partition) -> dict[str, float]:
    """Two publications after one another: how often do they differ by one area alone, and how old is that step?

    A group stands where it fought in the last fortnight. `daily` publishes each day, in cells; `shown` is what this
    program shows of a statement in every seven days: 72 hours late, in blocks, in rounds, and steadied.
    """
    daily = [_stands(found, day, None) for day in range(FORTNIGHT, DAYS)]
    stated = [
        Stated(day, day * DAY_S + DELAY_S, GROUP, "x", tuple(sorted(_stands(found, day, blocks))), day * DAY_S)
        for day in range(FORTNIGHT, DAYS, ROUND_S // DAY_S)
    ]
    shown = []
    for day in range(FORTNIGHT, DAYS):
        (*_, now) = [(), *(one.cells for one in standing(stated, begin=0, now=day * DAY_S))]
        shown.append(frozenset(now))
    whole = [frozenset(_block(cell, blocks)[0] for cell in cells) for cells in shown]
    return {
        "daily_changes": float(_changes(daily)), "daily_alone": float(_ones(daily)),
        "shown_changes": float(_changes(whole)), "shown_alone": float(_ones(whole)),
        "daily_short": float(_short(daily)), "shown_short": float(_short(whole)),
        "least_age_days": (DELAY_S + ROUND_S) / DAY_S,
    }  # fmt: skip


def _stands(found: Iterable[Event], day: int, blocks: Partition | None) -> frozenset[str]:
    cells = {one.cell for one in found if day - FORTNIGHT < one.day <= day}
    if blocks is None:
        return frozenset(cells)
    return frozenset(near for cell in cells for near in _block(cell, blocks))


def _changes(lists: Sequence[frozenset[str]]) -> int:
    return sum(a != b for a, b in pairwise(lists))


def _ones(lists: Sequence[frozenset[str]]) -> int:
    """Publications in which exactly one area is new: a step that can be pinned."""
    return sum(len(b - a) == 1 for a, b in pairwise(lists))


def _short(lists: Sequence[frozenset[str]]) -> int:
    """How often an area is there for four weeks or less: a border that is crossed to and fro."""
    found = 0
    for cell in frozenset().union(*lists):
        runs = [cell in one for one in lists]
        steps = [day for day, (a, b) in enumerate(pairwise(runs)) if a != b]
        found += sum(1 for a, b in pairwise(steps) if b - a <= 2 * FORTNIGHT and not runs[a])
    return found


def figures() -> dict[str, dict[str, float]]:
    """All of them."""
    found, blocks = events(), country()
    return {
        "averaging": averaging(found, blocks), "linking": linking(found, blocks),
        "differencing": differencing(found, blocks),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(figures(), indent=1))
