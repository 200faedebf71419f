"""How is a page of reports a table? The same rows as a list, a column for each thing that is told, a batch at a time.

What many rows have in common is worked out once and pointed to, so that a table of all reports costs little more than
its bytes. Texts are told as `sheets.cell` tells them: no cell is a formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from truceline.atlas import Atlas
from truceline.desk.pages import COMMON_SOURCES
from truceline.desk.sheets import cell
from truceline.desk.towns import DRAWN, drawn
from truceline.desk.views.sheet import NOT_SAID, NUMBERS
from truceline.desk.views.view import SIGHTS, View
from truceline.group import Sight
from truceline.space import Geometry, Region, outline
from truceline.span import utc_text

BATCH: Final = 8_192
"""Rows of a batch: what is in memory at once."""

SIMPLER: Final = 100_000
"""Tolerance of the outline of a unit, in 1e-7 degree: about 1 km. It stands for the whole unit, not for its border."""

MOST_SHAPES: Final = 20_000
_SIGHTS: Final = tuple(SIGHTS.values())
_PLACE_OF: Final = {int(sight): at for at, sight in enumerate(SIGHTS)}

Rows = NDArray[np.int64]
Texts = tuple[list[str | None], NDArray[Any]]

FIELDS: Final = (
    "id", "from", "until", "when", "precision", "kind", "place", "place_sight", "units", "region", "lon", "lat",
    "radius_m", "act", "act_text", "weapon", "actor", "actor_text", "target", "target_text", "unordered",
    "killed_low", "killed_best", "killed_high", "civilians_killed", "any", "reasons", "supported", "protected", "group",
    "source", "publisher", "licence", "asserted_by", "url", "incident", "note",
)  # fmt: skip
"""Columns of a table of reports; one for each prohibition follows, `term_ID`."""

WHOLE: Final = frozenset({"radius_m", "any", "supported", *NUMBERS})
CLAIMS: Final = frozenset({"unordered", "protected"})
DEGREES: Final = frozenset({"lon", "lat"})


def schema_of(view: View) -> pa.Schema:
    """The columns of a table of reports."""
    fields = [pa.field(name, _type_of(name)) for name in FIELDS]
    return pa.schema([*fields, *(pa.field(f"term_{term}", pa.int8()) for term in view.sheet.terms)])


def _type_of(name: str) -> Any:  # noqa: ANN401  # Arrow carries no types
    if name in WHOLE:
        return pa.int32()
    return pa.bool_() if name in CLAIMS else pa.float64() if name in DEGREES else pa.string()


class Flat:
    """The reports that a reader sees, as a table."""

    def __init__(self, view: View, atlas: Atlas) -> None:
        """Work out what rows have in common."""
        self.view, self.atlas, self.schema = view, atlas, schema_of(view)
        sheet = view.sheet
        common = {
            code for code, name in enumerate(sheet.coded("source")[0]) if view.is_inside or name in COMMON_SOURCES
        }
        self._is_told = np.isin(sheet.coded("source")[1], sorted(common))
        self._fixed: dict[str, Texts] = {
            name: self._cells(*view.shown_words(name)) for name in ("act_text", "weapon", "actor_text", "target_text")
        }
        self._fixed |= {
            "kind": self._cells([name or "incident" for name in sheet.coded("kind")[0]], sheet.coded("kind")[1]),
            "act": (["; ".join(one) or None for one in sheet.doings], sheet.numbers("acts")),
            "actor": (["; ".join(one.ids) or None for one in sheet.names], sheet.numbers("actor")),
            "target": (["; ".join(one.ids) or None for one in sheet.names], sheet.numbers("target")),
            "units": (["; ".join(one) or None for one in sheet.units], sheet.numbers("town")),
            "publisher": self._cells(*view.shown_words("publisher")),
            **{name: self._cells(*view.shown_words(name)) for name in ("source", "licence")},
        }
        told = sheet.verdicts
        self._answers = [view.answers(code) for code in range(len(told))]
        self._shapes: dict[Region, bytes | None] = {}
        self._texts: dict[tuple[int, ...], str | None] = {}

    def batches(self, rows: Rows, *, with_shapes: bool = False) -> Iterator[pa.RecordBatch]:
        """Rows as batches of the schema; with shapes the last column is `geometry`, WKB in degrees."""
        schema = self.schema.append(pa.field("geometry", pa.binary())) if with_shapes else self.schema
        for at in range(0, len(rows), BATCH):
            some = rows[at : at + BATCH]
            columns = [*self._columns(some), *([pa.array(self.shapes(some), pa.binary())] if with_shapes else [])]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    # -- columns -------------------------------------------------------------------------------------------------------

    def _columns(self, rows: Rows) -> list[Any]:
        view, sheet = self.view, self.view.sheet
        verdict = sheet.numbers("verdict")[rows]
        made: dict[str, Any] = {name: _taken(texts, rows) for name, texts in self._fixed.items()}
        made |= {
            "id": pa.array([cell(key) for key in sheet.ids.take(rows).to_pylist()], pa.string()),
            "from": _moments(view.start[rows]), "until": _moments(view.end[rows]), **self._when(rows),
            **self._places(rows), "unordered": pa.array(sheet.numbers("unordered")[rows].astype(bool)),
            **{name: _said(sheet.numbers(name)[rows]) for name in NUMBERS}, **self._remarks(rows),
            "any": pa.array(sheet.verdicts.values[verdict, -1].astype(np.int32)),
            "reasons": _taken(([_reasons(one) for one in self._answers], verdict), slice(None)),
            "supported": pa.array(sheet.verdicts.supported[verdict].astype(np.int32)),
            "protected": pa.array(sheet.verdicts.protected[verdict]),
            "group": _taken(([one["group"] for one in self._answers], verdict), slice(None)),
        }  # fmt: skip
        values = sheet.verdicts.values
        terms = [pa.array(values[verdict, at].astype(np.int8), pa.int8()) for at in range(len(sheet.terms))]
        return [*(made[name] for name in FIELDS), *terms]

    def _when(self, rows: Rows) -> dict[str, Any]:
        view = self.view
        if view.role == "public":
            pairs, codes = np.unique(np.stack([view.start[rows], view.end[rows]]), axis=1, return_inverse=True)
            days = [view.days(start, end) for start, end in pairs.T.tolist()]
            return {"when": _taken((days, codes.reshape(-1)), slice(None)), "precision": pa.array(["day"] * len(rows))}
        return {
            name: _taken(self._cells(*view.shown_words(word)), rows)
            for name, word in (("when", "time_text"), ("precision", "time_precision"))
        }

    def _places(self, rows: Rows) -> dict[str, Any]:
        view, sheet = self.view, self.view.sheet
        level, town = view.seen.level[rows], sheet.numbers("town")[rows]
        kinds, numbers = self._towns
        kind, where = kinds[town], numbers[town]
        hidden = (level < Sight.CELL) & np.isin(kind, DRAWN)  # only the units are shown
        kind[hidden], where[hidden] = "none", np.nan
        exact = np.flatnonzero(level == Sight.AS_REPORTED)
        if len(exact):
            kind[exact], where[exact] = _spelt([sheet.place(row) for row in rows[exact].tolist()])
        lon, lat, radius = (pa.array(where[:, at], from_pandas=True) for at in range(3))
        return {
            "place": pa.array(self._place_texts(rows), pa.string()),
            "place_sight": _taken((list(_SIGHTS), np.array([_PLACE_OF[one] for one in level.tolist()])), slice(None)),
            "region": pa.array(kind.tolist(), pa.string()), "lon": lon, "lat": lat, "radius_m": radius.cast(pa.int32()),
        }  # fmt: skip

    @cached_property
    def _towns(self) -> tuple[Any, Any]:
        """Of each town its kind, and longitude, latitude and radius."""
        return _spelt(self.view.sheet.towns)

    def _place_texts(self, rows: Rows) -> list[str | None]:
        """The words for each place, as cells."""
        kept = self._texts
        codes, level = self.view.place_codes(rows), self.view.seen.level[rows].tolist()
        found = []
        for key in zip(level, *codes, strict=True):
            if key not in kept:
                kept[key] = cell(self.view.place_text(*key)) or None
            found.append(kept[key])
        return found

    def _remarks(self, rows: Rows) -> dict[str, Any]:
        view, sheet = self.view, self.view.sheet
        told = self._is_told[rows].tolist()
        urls = sheet.table.column("url").take(rows).to_pylist()
        notes = sheet.table.column("note").take(rows).to_pylist() if view.is_inside else [None] * len(rows)
        texts, codes = self._cells(*view.shown_words("asserted_by"))
        asserted = [texts[code] if is_told else None for code, is_told in zip(codes[rows].tolist(), told, strict=True)]
        shown = [
            cell(one) if is_told and (one := view.url(url)) else None for url, is_told in zip(urls, told, strict=True)
        ]
        return {
            "asserted_by": pa.array(asserted, pa.string()),
            "url": pa.array(shown, pa.string()),
            "note": pa.array([cell(note) if note else None for note in notes], pa.string()),
            "incident": pa.array([cell(one) if one else None for one in view.incidents_of(rows)], pa.string()),
        }  # fmt: skip

    def _cells(self, texts: Sequence[str], codes: NDArray[Any]) -> Texts:
        """Texts as cells."""
        return [cell(text) or None for text in texts], codes

    # -- shapes --------------------------------------------------------------------------------------------------------

    def shapes(self, rows: Rows) -> list[bytes | None]:
        """Where each report is shown, as WKB in degrees: discs by a polygon about them, units by their outline."""
        view = self.view
        found: list[bytes | None] = []
        towns, levels = view.sheet.numbers("town")[rows].tolist(), view.seen.level[rows].tolist()
        for row, town, level in zip(rows.tolist(), towns, levels, strict=True):
            is_hidden = level < Sight.CELL and view.sheet.towns[town].kind in DRAWN
            exact = level == Sight.AS_REPORTED
            found.append(self._shape(view.place(row)) if exact else None if is_hidden else self._drawn[town])
        return found

    @cached_property
    def _drawn(self) -> list[bytes | None]:
        """The shape of each town."""
        towns = self.view.sheet.towns
        discs = [at for at, one in enumerate(towns) if one.kind == "disc"]
        made: dict[int, bytes] = {}
        if discs:
            made = dict(zip(discs, _wkb(drawn([towns[at] for at in discs])), strict=True))
        return [made[at] if at in made else self._shape(one) for at, one in enumerate(towns)]

    def _shape(self, region: Region) -> bytes | None:
        if region not in self._shapes:
            if len(self._shapes) > MOST_SHAPES:
                self._shapes.clear()
            shape = self._outline(region)
            self._shapes[region] = None if shape is None else _wkb(np.array([shape], object))[0]
        return self._shapes[region]

    def _outline(self, region: Region) -> Geometry | None:
        if region.kind == "disc":
            shape: Geometry = drawn([region])[0]
            return shape
        if region.kind != "area":
            return outline(region)
        code = self.atlas.gazetteer.code
        shapes = [self.atlas.shapes[code(one)] for one in region.areas if code(one) in self.atlas.shapes]
        if not shapes:
            return None
        whole = shapely.simplify(shapely.union_all(shapes), SIMPLER)
        return whole if shapely.get_type_id(whole) in (3, 6) else None


def _wkb(shapes: NDArray[Any]) -> list[bytes]:
    """Shapes on the grid as WKB in degrees, to 4 decimals: about 10 m, far less than any of them is known to."""
    degrees = shapely.set_precision(shapely.transform(shapes, lambda xy: xy / 1e7), 1e-4, mode="pointwise")
    found: list[bytes] = shapely.to_wkb(degrees).tolist()
    return found


def _spelt(regions: Sequence[Region]) -> tuple[Any, Any]:
    """Kinds, and `(n, 3)` longitude, latitude and radius; none of a unit."""
    kinds = np.array([one.kind for one in regions], object)
    numbers = [
        (one.lon_e7 / 1e7, one.lat_e7 / 1e7, one.radius_m or np.nan)
        if one.kind in DRAWN and one.lon_e7 is not None and one.lat_e7 is not None else (np.nan, np.nan, np.nan)
        for one in regions
    ]  # fmt: skip
    return kinds, np.round(np.array(numbers, np.float64).reshape(-1, 3), 7)


def _taken(texts: Texts, rows: Any) -> Any:  # noqa: ANN401  # rows, or a slice
    values, codes = texts
    at = pa.array(np.asarray(codes)[rows].astype(np.int32))
    return pa.array(values or [None], pa.string()).take(at)


def _said(numbers: NDArray[Any]) -> Any:  # noqa: ANN401  # Arrow carries no types
    return pa.array(numbers.astype(np.int32), pa.int32(), mask=numbers == NOT_SAID)


def _moments(seconds: NDArray[np.int64]) -> Any:  # noqa: ANN401  # Arrow carries no types
    values, codes = np.unique(seconds, return_inverse=True)
    return _taken(([utc_text(at) for at in values.tolist()], codes.reshape(-1)), slice(None))


def _reasons(answers: dict[str, Any]) -> str | None:
    found = answers["reasons"]
    return "; ".join(f"{term}: {', '.join(why)}" for term, why in found.items()) or None
