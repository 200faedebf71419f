"""How are a million rows of UCDP GED taken in seconds? Each distinct text once, numbers by the column.

The rule is `ucdp.row_of`; this is the same rule at speed, and a test holds the two equal, table and rejected rows. For
each block of a file:

1. Times, places, sides, sources and counts: the functions of `ucdp` are asked once for each distinct text.
2. Ids and coordinates are read as columns.
3. A region depends on the words alone, but for its point; where a unit is known by no name, its point decides and each
   is asked about.
4. A row for which any of this fails, or whose coordinates may be swapped, is left to `ucdp.row_of`: it takes it or says
   why not.
5. Rows are put back in order; the second of one id is rejected.

Columns that say the same everywhere are made once and shared by all blocks: they take no room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from truceline.evidence import ucdp
from truceline.evidence.cells import NEAR_E7
from truceline.evidence.csvblocks import Block, Ints, Seen, distinct, rows_of
from truceline.evidence.places import Spot
from truceline.evidence.reading import Manner, Read, RowFault, Rows
from truceline.evidence.schema import REGION, SCHEMA, region_row, rejected_table, table_of
from truceline.space import UNITS_PER_DEGREE, Region

MOST_KNOWN, MOST_CHARACTERS = 200_000, 1 << 25
"""So many distinct texts, and so long ones, are remembered between blocks."""

WHOLE, DEGREES = r"^[0-9]{1,15}(\.0)?$", r"^-?[0-9]{1,3}(\.[0-9]{1,15})?$"
"""Numbers as everybody writes them; others are left to the rule for one row."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Stated:
    """What the words of a row say of its place, before its coordinates are looked at.

    Attributes:
        words: fields of the observation.
        spot: with a stand-in for the point.
        shape: number of its region among the shapes; None where it depends on the point.
    """

    words: Mapping[str, Any]
    spot: Spot
    shape: int | None


class Columns:
    """Takes the blocks of one file, one after the other."""

    def __init__(self, name: str, manner: Manner) -> None:
        """Begin with nothing."""
        self.manner, self.version = manner, ucdp.version_of(name)
        self._rows = Rows(name)
        self._seen = Seen()
        self._tables: list[pa.Table] = [SCHEMA.empty_table()]
        self._known: dict[object, Any] = {}
        self._characters = 0
        self._shapes = _Shapes()
        self._same: dict[str, pa.Array] = {}

    def take(self, block: Block) -> None:
        """Take or reject each row of a block.

        Raises:
            InputError: so many rows are rejected that the file is not what it claims to be.
        """
        if len(self._known) > MOST_KNOWN or self._characters > MOST_CHARACTERS:
            self._known.clear()
            self._characters = 0
            self._shapes = _Shapes()
        if block.columns is None:
            taken, is_good = SCHEMA.empty_table(), np.zeros(len(block.lines), bool)
        else:
            taken, is_good = self._at_once(block.columns, block.lines)
        faults: list[tuple[int, str, RowFault]] = []
        rows, places = [], []
        for place, raw in rows_of(block, np.flatnonzero(~is_good).tolist()):  # 4
            try:
                rows.append(ucdp.row_of(raw, int(block.lines[place]), self.version, self.manner))
                places.append(place)
            except RowFault as fault:
                faults.append((place, ucdp.id_of(raw), fault))
        order = np.concatenate([np.flatnonzero(is_good), np.array(places, np.int64)])
        if rows:
            taken = pa.concat_tables([taken, table_of(rows)]).combine_chunks().take(pa.array(np.argsort(order)))
        self._keep(taken, np.sort(order), block, faults)

    def read(self) -> Read:
        """The tables, in the order of the file."""
        return Read(pa.concat_tables(self._tables), rejected_table(self._rows.rejected))

    def _keep(self, taken: pa.Table, places: Ints, block: Block, faults: list[tuple[int, str, RowFault]]) -> None:
        """Keep rows whose id is new; the others are faults like the rest, told in the order of the file."""  # 5
        is_again = self._seen.again(pc.cast(taken.column("source_id"), pa.int64()).to_numpy())
        if is_again.any():
            ids = taken.column("id").filter(pa.array(is_again)).to_pylist()
            for place, key in zip(places[is_again].tolist(), ids, strict=True):
                faults.append((place, key, RowFault("id", f"stands in this file twice: `{key}`")))
            taken = taken.filter(pa.array(~is_again))
        for place, key, fault in sorted(faults, key=lambda one: one[0]):
            self._rows.reject(int(block.lines[place]), key, fault)
        if taken.num_rows:
            self._tables.append(taken)

    # -- one block ---------------------------------------------------------------------------------------------------

    def _at_once(self, cells: pa.Table, lines: Ints) -> tuple[pa.Table, Bools]:
        """The rows that are as rows should be, and which those are `(n,)`."""
        is_good = np.ones(cells.num_rows, bool)
        made: dict[str, pa.Array] = {}
        asked: tuple[tuple[Sequence[str], Callable[[dict[str, str]], Any]], ...] = (
            (("date_start", "date_end", "date_prec"), self._time),  # 1
            (("type_of_violence", "side_a", "side_b"), self._deed),
            (("source_office",), ucdp.told_by),
            (("event_clarity", "version", "code_status"), self._said),
            *(((key,), partial(self._count, key)) for key in ucdp.COUNTS),
        )
        for keys, ask in asked:
            found, codes = self._asked(cells, keys, ask)
            is_good &= np.array([one is not None for one in found], bool)[codes]
            made |= _spread(found, codes)
        ids = _plain(cells, "id", WHOLE)  # 2
        lon, lat = (_plain(cells, key, DEGREES) for key in ("longitude", "latitude"))
        is_good &= np.asarray(pc.and_(pc.is_valid(ids), pc.and_(pc.is_valid(lon), pc.is_valid(lat))))
        points = _on_grid(lon, lat, is_good)
        if not is_good.any():
            return SCHEMA.empty_table(), is_good
        made |= self._places(cells, points, is_good)
        made |= _named(ids) | {"line": pa.array(lines, pa.int32())}
        made["protected"] = pc.or_(made["protected"], pc.fill_null(pc.greater(made["civilians_killed"], 0), False))
        return self._table(made, is_good), is_good

    def _asked(
        self, cells: pa.Table, keys: Sequence[str], ask: Callable[[dict[str, str]], Any]
    ) -> tuple[list[Any], Ints]:
        """What a function says of each distinct combination of texts, None where it refuses; and the codes."""
        here = [key for key in keys if key in cells.column_names]
        if not here:
            return [ask({})], np.zeros(cells.num_rows, np.int64)
        texts, codes = distinct([cells.column(key).combine_chunks() for key in here])
        found, kind = [], keys[0]
        for one in texts:
            if (kind, one) not in self._known:
                self._characters += sum(map(len, one))
                try:
                    self._known[kind, one] = ask({key: text.strip() for key, text in zip(here, one, strict=True)})
                except RowFault:
                    self._known[kind, one] = None
            found.append(self._known[kind, one])
        return found, codes

    def _time(self, get: dict[str, str]) -> dict[str, Any]:
        when = ucdp.when_of(get, self.manner)
        ucdp.check_ahead(get, when, self.manner)
        return {"start": when.start, "end": when.end, **ucdp.time_words(get)}

    def _deed(self, get: dict[str, str]) -> dict[str, Any]:
        violence = ucdp.violence_of(get)
        return {**ucdp.deed_of(get, violence, self.manner), "protected": violence == 3}

    def _said(self, get: dict[str, str]) -> dict[str, Any]:
        return {"note": ucdp.note_of(get), "source_version": get.get("version") or self.version}

    def _count(self, key: str, get: dict[str, str]) -> dict[str, Any]:
        return {ucdp.COUNTS[key]: ucdp.count_of(get, key)}

    # -- where -------------------------------------------------------------------------------------------------------

    def _places(self, cells: pa.Table, points: tuple[Ints, Ints], is_good: Bools) -> dict[str, pa.Array]:
        """The columns of the place; `is_good` loses the rows whose place cannot be told."""
        keys = ("where_prec", "where_coordinates", "adm_1", "adm_2", "country")
        found, codes = self._asked(cells, keys, self._stated)
        is_good &= np.array([one is not None for one in found], bool)[codes]
        shape = np.array([-1 if one is None or one.shape is None else one.shape for one in found], np.int64)[codes]
        for row in np.flatnonzero(is_good & (shape < 0)).tolist():  # 3
            shape[row] = self._shape_at(found[codes[row]].spot, (int(points[0][row]), int(points[1][row])))
        countries = np.array([one.spot.country if one is not None else "" for one in found], str)
        is_good &= ~self._doubtful(countries[codes] if len(countries) else countries, points)
        impact = self._shapes.column(np.maximum(shape, 0), points)
        return _spread([one and one.words for one in found], codes) | {"impact": impact}

    def _doubtful(self, country: NDArray[np.str_], points: tuple[Ints, Ints]) -> Bools:
        """Points well outside their stated country that lie inside it the other way round, as `stated.swapped` `(n,)`.

        Only those few are left to the rule: a row taken alone costs its block the columns that all blocks share.
        """
        doubtful = np.zeros(len(country), bool)
        atlas = self.manner.placer.atlas
        for code in np.unique(country).tolist():
            shape = atlas.shapes.get(atlas.gazetteer.code(code)) if code else None
            if shape is None:
                continue
            west, south, east, north = shapely.bounds(shape).tolist()
            lon, lat = points
            turned = (country == code) & (lat >= west) & (lat <= east) & (lon >= south) & (lon <= north)
            some = np.flatnonzero(turned)
            shapely.prepare(shape)
            some = some[~shapely.contains_xy(shape, lon[some], lat[some])]
            some = some[shapely.contains_xy(shape, lat[some], lon[some])]
            doubtful[some] = ~shapely.dwithin(shape, shapely.points(lon[some], lat[some]), NEAR_E7)
        return doubtful

    def _stated(self, get: dict[str, str]) -> Stated:
        spot = ucdp.spot_of({**get, "longitude": "0", "latitude": "0"}, self.manner)
        names, gazetteer = dict(spot.names), self.manner.placer.atlas.gazetteer
        level = int(spot.word.removeprefix("unit:")) if spot.word.startswith("unit:") else 0
        code = gazetteer.find(names[level], level) if level in names else None
        is_free = level == 0 or (code is not None and code in gazetteer)
        shape = self._shapes.of(self.manner.placer.region(spot)) if is_free else None
        return Stated(ucdp.place_words(get), spot, shape)

    def _shape_at(self, spot: Spot, point: tuple[int, int]) -> int:
        """The shape of a unit that no list knows by name, through its point in 1e-7 degree."""
        if (spot, point) not in self._known:
            lon_deg, lat_deg = (value / UNITS_PER_DEGREE for value in point)
            region = self.manner.placer.region(replace(spot, lon_deg=lon_deg, lat_deg=lat_deg))
            self._known[spot, point] = self._shapes.of(region)
        found: int = self._known[spot, point]
        return found

    # -- the table ---------------------------------------------------------------------------------------------------

    def _table(self, made: Mapping[str, pa.Array], is_good: Bools) -> pa.Table:
        """The good rows; columns that were not made are the same in every row."""
        fixed = {
            "source": "ucdp", "licence": ucdp.LICENCE, "may_export": True, "kind": "incident", "lasts": False,
            "tz": self.manner.tz, "publisher": "UCDP", "known_at": self.manner.known_at,
        }  # fmt: skip
        count = int(is_good.sum())
        good = None if count == len(is_good) else pa.array(is_good)
        columns = []
        for field in SCHEMA:
            if field.name in made:
                column = made[field.name]
                columns.append(column if good is None else column.filter(good))
            else:
                columns.append(self._shared(field, fixed.get(field.name), count))
        return pa.Table.from_arrays(columns, schema=SCHEMA)

    def _shared(self, field: pa.Field, value: object, count: int) -> pa.Array:
        """A column of one value, cut from one that all blocks share."""
        have = self._same.get(field.name)
        if have is None or len(have) < count:
            have = pa.array([value], field.type).take(pa.array(np.zeros(count, np.int64)))
            self._same[field.name] = have
        return have.slice(0, count)


class _Shapes:
    """The different regions of a file, each once, but for their points."""

    def __init__(self) -> None:
        self._at: dict[Region, int] = {}
        self._rows: list[dict[str, Any]] = []

    def of(self, region: Region) -> int:
        """The number of a region among the others; where its point lies is left to the row."""
        point = None if region.lon_e7 is None else 0
        bare = replace(region, lon_e7=point, lat_e7=point)
        if bare not in self._at:
            self._at[bare] = len(self._rows)
            self._rows.append(region_row(bare))
        return self._at[bare]

    def column(self, shape: Ints, points: tuple[Ints, Ints]) -> pa.Array:
        """The regions of the rows `(n,)`, each with its own point where it has one."""
        used, at = np.unique(shape, return_inverse=True)
        parts = pa.array([self._rows[one] for one in used.tolist() if self._rows], REGION)
        if not len(parts):
            return pa.nulls(len(shape), REGION)
        parts = parts.take(pa.array(at))
        fields = {field.name: parts.field(place) for place, field in enumerate(REGION)}
        for name, values in zip(("lon_e7", "lat_e7"), points, strict=True):
            fields[name] = pa.array(values, pa.int32(), mask=np.asarray(pc.is_null(fields[name])))
        return pa.StructArray.from_arrays(list(fields.values()), fields=list(REGION))


def _spread(found: Sequence[Mapping[str, Any] | None], codes: Ints) -> dict[str, pa.Array]:
    """Fields of the distinct texts as columns of the rows; null where there was a fault."""
    names = next((list(one) for one in found if one is not None), [])
    at = pa.array(codes)
    return {
        name: pa.array([one and one[name] for one in found], SCHEMA.field(name).type).take(at)
        if name in SCHEMA.names
        else pa.array([one and one[name] for one in found]).take(at)
        for name in names
    }


def _plain(cells: pa.Table, key: str, pattern: str) -> pa.Array:
    """The texts of a column that are plain numbers; null where they are not."""
    texts = cells.column(key).combine_chunks()
    return pc.if_else(pc.match_substring_regex(texts, pattern), texts, pa.scalar(None, pa.string()))


def _on_grid(lon: pa.Array, lat: pa.Array, is_good: Bools) -> tuple[Ints, Ints]:
    """Degrees as whole numbers of 1e-7 degree, as `space.quantise` rounds; `is_good` loses what is out of range."""
    made = []
    for texts, most in ((lon, 180.0), (lat, 90.0)):
        degrees = pc.fill_null(pc.cast(texts, pa.float64()), 0.0).to_numpy(zero_copy_only=False)
        is_good &= np.abs(degrees) <= most
        made.append(np.rint(np.where(np.abs(degrees) <= most, degrees, 0.0) * UNITS_PER_DEGREE).astype(np.int64))
    return made[0], made[1]


def _named(ids: pa.Array) -> dict[str, pa.Array]:
    """Ids of the source, without a `.0`, and ours."""
    numbers = pc.cast(pc.replace_substring(ids, ".0", ""), pa.int64())
    texts = pc.cast(numbers, pa.string())
    return {"source_id": texts, "id": pc.binary_join_element_wise("ucdp", texts, ":")}
