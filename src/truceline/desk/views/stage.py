"""How many reports that a reader sees lie within a zone, as it is and as it is supposed? Told again on every move.

A `Scene` is what one reader sees, as columns without a word in them: the very table that a what-if of this reader
judges, so that no line that is moved by metres finds where a report lies within its town. It is made once in the
workroom; a `Stage` holds it in the service and answers without the workroom, for a hand does not wait.

Place, time and height of the zone are asked here, and nothing else: what the terms say of it is told by `what_if`.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from truceline.agreement.model import Agreement, Zone
from truceline.assess.columns import Columns
from truceline.assess.kernels import take_up
from truceline.assess.place import Placed
from truceline.assess.replay import SEVERAL, UNKNOWN_ONE, Split, splits_of
from truceline.assess.within import Bound, Held, Yard
from truceline.atlas import Atlas
from truceline.desk.towns import units_alike
from truceline.desk.views.asked_zone import Supposed, amended
from truceline.errors import InputError, TrucelineError, UnknownError, quoted
from truceline.space import UNITS_PER_DEGREE, Geometry, Ints, in_degrees
from truceline.verdict import NO, UNKNOWN, YES, Values

NEW: Final = ""
"""The zone that the text has not yet."""

MOST_REPORTS = 200
MOST_PLACES = 1_000
"""So many places are told of on every move, to be drawn."""

MOST_CELLS, MOST_TABLES = 2_000_000, 6
"""Tables of places by month, act and side are kept up to this size, and so many of them."""

MOST_ROWS = 1_000_000
"""Stages of so many reports together are kept, and the newest in any case."""

EDGE, AREA, REST = "edge", "area", "rest"
"""To what a report that changed is put down: the nearest line; none, for it is known by its unit; time or height."""

MOST_TOLD = 100
"""Of so many readers it is kept what they were told of last."""

Edge = tuple[tuple[int, int], tuple[int, int]]
Counts = NDArray[np.int64]
_Tables = tuple[tuple[int, tuple[NDArray[np.float64], ...]], ...]
"""An answer of time and height, and reports by place and name of each split."""


@dataclass(frozen=True)
class Scene:
    """What a reader sees, for zones to be asked about.

    Attributes:
        columns: the reports, as they are shown; without words.
        ids: of the reports, as they are shown.
    """

    columns: Columns
    ids: pa.Array


def scene_of(table: pa.Table) -> Scene:
    """The scene of a table of what is shown."""
    whole = Columns.of_table(table)
    spots = units_alike(whole.spots)  # a point by which a unit is coded says nothing of a place in it
    bare = replace(whole, spots=spots, reports=None, ids=None, pairs=None, protected=None, places=[])
    return Scene(bare, table.column("id").combine_chunks())


@dataclass(frozen=True)
class Moved:
    """What is asked on a move.

    Attributes:
        supposed: of the zone; its id is empty where a new one is drawn.
        edges: the lines of the shape as it was sent, in order.
        act: only reports of this class of acts; empty = all.
        has_lines: tell, too, at which line what changes.
        has_spots: tell where reports are shown, too: whoever asks has the places of another time.
        reports: name so many of the reports that change.
    """

    supposed: Supposed
    edges: tuple[Edge, ...] = ()
    act: str = ""
    has_lines: bool = False
    has_spots: bool = False
    reports: int = 0


@dataclass(frozen=True)
class _Counted:
    """Counts of some reports by value: each `(names, 3)`, for outside, cannot be decided, surely within."""

    month: Counts
    act: Counts
    side: Counts


class Stage:
    """A scene, and the zones of the text on the ground."""

    def __init__(self, scene: Scene, agreement: Agreement, atlas: Atlas) -> None:
        """Nothing is asked yet; the loops that answer are at hand before a hand waits for them."""
        take_up(len(scene.columns))
        self.scene, self.agreement = scene, agreement
        self.yard = Yard(scene.columns, Placed(agreement.zones, atlas))
        self._chosen: dict[str, Ints | None] = {}
        self._before: dict[tuple[str, str], _Counted] = {}
        self._tabled: OrderedDict[tuple[Bound, str], _Tables] = OrderedDict()
        self._areas: dict[str, float | None] = {}

    def __len__(self) -> int:
        """Number of reports."""
        return len(self.yard)

    def ask(self, asked: Moved) -> dict[str, Any]:
        """Counts before and after, of what the reader sees.

        Raises:
            UnknownError: no such zone or act. InputError: a time or height that cannot be, or a new zone without shape.
        """
        zone, shape = self._zone(asked.supposed)
        rows = self._rows(asked.act)
        before = self.yard.as_it_is(zone.id) if zone.id else self.yard.nowhere()
        is_moved = shape is not None or zone != self.agreement.zones.get(zone.id)
        after = self.yard.supposed(zone, shape) if is_moved else before
        old = self._counted_before(zone.id, asked.act, before)
        new = self._counted(after, asked.act) if is_moved else old
        whole = [one.month.sum(axis=0) for one in (old, new)]
        told: dict[str, Any] = {
            "zone": zone.id, "observations": int(whole[0].sum()),
            "inside": {
                name: {"before": int(whole[0][at]), "after": int(whole[1][at])}
                for name, at in (("surely", 2), ("possibly", 1), ("outside", 0))
            },
            "area_km2": {"before": self._area_before(zone.id), "after": self._area_after(zone.id, shape)},
            "by_month": _columns(self._splits[0][1], old.month, new.month),
            "by_act": _columns(self._splits[1][1], old.act, new.act),
            "by_side": _columns(self._splits[2][1], old.side, new.side),
        }  # fmt: skip
        if len(self._discs) <= MOST_PLACES:
            told |= {"places": after.place[self._discs].tolist(), "places_of": self.places_of}
            if asked.has_spots:
                told["spots"] = self.places()
        if asked.has_lines:
            told["lines"] = self._lines(asked.edges, before, after, rows)
        if asked.reports:
            told |= self._changed(before, after, rows, asked.reports)
        return told

    def places(self) -> list[tuple[float, float, int, int]]:
        """Where reports are shown, for a map: longitude, latitude, radius in metres, how many; in the order of `ask`.

        None where they are more than a hand needs to see.
        """
        if len(self._discs) > MOST_PLACES:
            return []
        spots, counts = self.yard.spots, np.bincount(self.yard.codes, minlength=len(self.yard.spots))
        return [
            (int(spots.lon_e7[at]) / UNITS_PER_DEGREE, int(spots.lat_e7[at]) / UNITS_PER_DEGREE,
             int(spots.radius_m[at]), int(counts[at]))
            for at in self._discs.tolist()
        ]  # fmt: skip

    @cached_property
    def places_of(self) -> str:
        """What tells these places, in this order, from those of another time."""
        return hashlib.blake2b(msgspec.json.encode(self.places()), digest_size=6).hexdigest()

    @cached_property
    def _discs(self) -> Ints:
        return np.flatnonzero(self.yard.spots.odd < 0)

    # -- what is asked -------------------------------------------------------------------------------------------------

    def _zone(self, supposed: Supposed) -> tuple[Zone, Geometry | None]:
        zones = self.agreement.zones
        shape = None if supposed.shape is None else shapely.from_wkb(supposed.shape)
        if supposed.zone == NEW:
            if shape is None:
                raise InputError("`geometry`: expected the shape of the new zone")
            return amended(Zone(NEW, 0), supposed, self.agreement.tz), shape
        if supposed.zone not in zones:
            raise UnknownError(f"`zone`: the text knows no zone {quoted(supposed.zone)}")
        return amended(zones[supposed.zone], supposed, self.agreement.tz), shape

    def _rows(self, act: str) -> Ints | None:
        """The reports of a class of acts; None = all."""
        if not act:
            return None
        tree = self.agreement.acts
        if act not in tree:
            raise UnknownError(f"`act`: the text knows no act {quoted(act)}")
        if act not in self._chosen:
            is_kind = [any(tree.is_kind(done, act) == YES for done in acts) for acts in self.scene.columns.doings]
            self._chosen[act] = np.flatnonzero(np.array(is_kind or [False])[self.scene.columns.acts])
        return self._chosen[act]

    # -- counts --------------------------------------------------------------------------------------------------------

    @cached_property
    def _splits(self) -> tuple[Split, Split, Split]:
        """By month, by act and by alleged side; who is nobody of the text, or several, comes last."""
        month, *others = splits_of(self.scene.columns, self.agreement.group)
        made = []
        for codes, names in others:
            order = [i for _, i in sorted(((name in (SEVERAL, UNKNOWN_ONE), name), i) for i, name in enumerate(names))]
            rank = np.argsort(np.array(order or [0]))
            made.append((rank[codes] if len(names) else codes, [names[i] for i in order]))
        return month, made[0], made[1]

    def _counted(self, held: Held, act: str) -> _Counted:
        """Counts by month, act and side: of places, where that is quicker, for many reports share one."""
        tables = None if held.apart is not None else self._tables(held, act)
        if tables is None:
            return self._counted_each(held.value, self._rows(act))
        lies = {value: np.equal(held.place, value).astype(np.float64) for value in (NO, UNKNOWN, YES)}
        made = []
        for split in range(3):
            total = np.zeros((3, len(self._splits[split][1])))
            for bound, of_split in tables:
                for value, chosen in lies.items():
                    total[min(value, bound) + 1] += chosen @ of_split[split]
            made.append(total.T.astype(np.int64))
        return _Counted(*made)

    def _tables(self, held: Held, act: str) -> _Tables | None:
        """Of every answer of time and height: reports by place and month, act, side; None = they were too large."""
        key = (held.bound, act)
        if key not in self._tabled:
            names = [len(of) for _, of in self._splits]
            if len(held.place) * sum(names) > MOST_CELLS:
                return None
            rows = self._rows(act)
            rows = np.arange(len(self)) if rows is None else rows
            bounded = np.full(len(rows), YES, np.int8) if held.bounded is None else held.bounded[rows]
            made = []
            for bound in np.unique(bounded).tolist():
                mine = rows[bounded == bound]
                made.append((bound, tuple(self._table(mine, split) for split in range(3))))
            self._tabled[key] = tuple(made)
            while len(self._tabled) > MOST_TABLES:
                self._tabled.popitem(last=False)
        return self._tabled[key]

    def _table(self, rows: Ints, split: int) -> NDArray[np.float64]:
        codes, names = self._splits[split]
        wide = max(len(names), 1)
        cells = self.yard.codes[rows].astype(np.int64) * wide + codes[rows]
        counted = np.bincount(cells, minlength=len(self.yard.spots) * wide)
        return counted.reshape(-1, wide)[:, : len(names)].astype(np.float64)

    def _counted_each(self, value: Values, rows: Ints | None) -> _Counted:
        mine = value if rows is None else value[rows]
        shifted = mine.astype(np.int64) + 1
        made = []
        for codes, names in self._splits:
            of = codes if rows is None else codes[rows]
            made.append(np.bincount(of * 3 + shifted, minlength=3 * len(names)).reshape(-1, 3))
        return _Counted(*made)

    def _counted_before(self, zone: str, act: str, before: Held) -> _Counted:
        if (zone, act) not in self._before:
            self._before[(zone, act)] = self._counted_each(before.value, self._rows(act))
        return self._before[(zone, act)]

    def _area_before(self, zone: str) -> float | None:
        if not zone:
            return None
        if zone not in self._areas:
            ground = self.yard.placed.ground((zone,))
            self._areas[zone] = None if ground.shape is None or ground.is_open else area_km2(ground.shape)
        return self._areas[zone]

    def _area_after(self, zone: str, shape: Geometry | None) -> float | None:
        return self._area_before(zone) if shape is None else area_km2(shape)

    # -- whose line costs whom what ------------------------------------------------------------------------------------

    def _lines(
        self, edges: Sequence[Edge], before: Held, after: Held, rows: Ints | None
    ) -> list[dict[str, Any]]:  # fmt: skip
        """What was gained and lost at each line, by alleged side: every change is put down to one line, or to none.

        The line is the nearest of the new shape to where the report is shown.
        """
        changed = self._differing(before, after, rows)
        codes = self.yard.codes[changed]
        places = np.unique(codes)
        by_place = before.place[places] != after.place[places]
        nearest = self.yard.nearest(places, edges) if edges else np.full(len(places), -1, np.int64)
        at = np.where(by_place, np.where(nearest < 0, len(edges), nearest), len(edges) + 1)
        line = at[np.searchsorted(places, codes)]
        side, sides = self._splits[2]
        found = np.zeros((len(edges) + 2, len(sides), 2, 2), np.int64)
        old, new = before.value[changed], after.value[changed]
        for kind, value in enumerate((YES, UNKNOWN)):
            for way, (one, other) in enumerate(((new, old), (old, new))):
                mine = (one == value) & (other != value)
                np.add.at(found, (line[mine], side[changed[mine]], kind, way), 1)
        told = []
        for number in np.flatnonzero(found.any(axis=(1, 2, 3))).tolist():
            kind_of = EDGE if number < len(edges) else AREA if number == len(edges) else REST
            told.append({
                "line": number + 1 if kind_of == EDGE else 0, "kind": kind_of,
                "sides": [
                    {
                        "name": sides[i],
                        "surely": {"gained": int(one[0, 0]), "lost": int(one[0, 1])},
                        "possibly": {"gained": int(one[1, 0]), "lost": int(one[1, 1])},
                    }
                    for i, one in enumerate(found[number]) if one.any()
                ],
            })  # fmt: skip
        return told

    @staticmethod
    def _differing(before: Held, after: Held, rows: Ints | None) -> Ints:
        if rows is None:
            return np.flatnonzero(before.value != after.value)
        found: Ints = rows[before.value[rows] != after.value[rows]]
        return found

    def _changed(self, before: Held, after: Held, rows: Ints | None, most: int) -> dict[str, Any]:
        """The reports that lie otherwise to the zone, those named first in the order of their ids."""
        changed = self._differing(before, after, rows)
        first = changed[:most]
        ids = self.scene.ids.take(pa.array(first)).to_pylist()
        return {
            "changed": [
                {"observation": key, "before": int(before.value[row]), "after": int(after.value[row])}
                for key, row in zip(ids, first.tolist(), strict=True)
            ],
            "more": max(0, len(changed) - most),
        }  # fmt: skip


def _columns(names: Sequence[str], old: Counts, new: Counts) -> dict[str, Any]:
    """Counts by name, as columns."""
    return {
        "names": list(names),
        **{
            what: {"before": old[:, at].tolist(), "after": new[:, at].tolist()}
            for what, at in (("surely", 2), ("possibly", 1))
        },
    }


def area_km2(shape: Geometry) -> float:
    """The area of a shape on the ellipsoid, to a tenth of a square kilometre."""
    from pyproj import Geod  # noqa: PLC0415  # a slow import that most commands do not need

    area, _ = Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(in_degrees(shape)))
    return round(abs(area) / 1e6, 1)


Key = tuple[str, Hashable]
"""The mark of what a reader is shown, and what the text and its areas rest on."""


@dataclass(frozen=True)
class Staged:
    """A stage that somebody was told of.

    Attributes:
        key: of the stage.
        known_at: as of which entry of the record it is, and its time.
    """

    key: Key
    known_at: Mapping[str, Any]


class Stages:
    """The stages that were asked last."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        """None yet; `ask` asks the workroom."""
        self._ask, self._turn, self._making = ask, threading.Lock(), threading.Lock()
        self._kept: OrderedDict[Key, Stage] = OrderedDict()
        self._told: OrderedDict[str, Staged] = OrderedDict()
        self._later: set[str] = set()

    def find(self, key: Key) -> Stage | None:
        """A stage that is kept."""
        with self._turn:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def of(self, key: Key, agreement: Agreement, atlas: Atlas, question: Sequence[Any]) -> Stage:
        """A stage, made where it is not kept; it may take a moment.

        Args:
            key: of the stage.
            agreement: the text.
            atlas: its areas.
            question: how the workroom is asked for the scene: which state, and the reading.
        """
        found = self.find(key)
        if found is not None:
            return found
        with self._making:  # whoever asks for the same waits for the one that is being made
            found = self.find(key)
            if found is None:
                found = Stage(self._ask("scene", *question), agreement, atlas)
                with self._turn:
                    self._kept[key] = found
                    while len(self._kept) > 1 and sum(map(len, self._kept.values())) > MOST_ROWS:
                        self._kept.popitem(last=False)
        return found

    def tell(self, reader: str, told: Staged) -> None:
        """A reader was told of a stage: what is asked of it until there is a newer one."""
        with self._turn:
            self._told[reader] = told
            self._told.move_to_end(reader)
            while len(self._told) > MOST_TOLD:
                self._told.popitem(last=False)

    def told(self, reader: str) -> Staged | None:
        """Of which stage a reader was told last."""
        with self._turn:
            return self._told.get(reader)

    def later(self, reader: str, make: Callable[[], object]) -> None:
        """Make a stage in the background, one for a reader at a time."""
        with self._turn:
            if reader in self._later:
                return
            self._later.add(reader)

        def run() -> None:
            try:
                with contextlib.suppress(TrucelineError):  # whoever asks next is told why
                    make()
            finally:
                with self._turn:
                    self._later.discard(reader)

        threading.Thread(target=run, name="truceline stage", daemon=True).start()


def inside(columns: Columns, placed: Mapping[str, Placed], zone: str) -> dict[str, dict[str, int]]:
    """How many reports lie within a zone before and after, all asked anew: what `Stage.ask` has to equal.

    Args:
        columns: the reports.
        placed: the zones `before` and `after`.
        zone: its id.
    """
    found = {when: Yard(columns, one).as_it_is(zone).value for when, one in placed.items()}
    return {
        name: {when: int((value == wanted).sum()) for when, value in found.items()}
        for name, wanted in (("surely", YES), ("possibly", UNKNOWN), ("outside", NO))
    }
