"""Which units, zones and lines does a file of areas hold? The gazetteer together with its shapes.

Reads GeoJSON and GeoParquet as bytes. Units are recognised by a code column (`code`, `PCODE`, `iso_3166_2`, or the
finest of `ADM0_PCODE` .. `ADM4_PCODE`), lines by `role: line`; what has neither is a drawn zone.

Source: RFC 7946; GeoParquet 1.1.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from truceline.areas import Alias, Gazetteer, Unit
from truceline.errors import Fault, InputError, csv_rows, quoted
from truceline.space import Floats, Geometry, checked_polygon, is_flat_wkb

MOST_BYTES = 64 * 1024 * 1024
_PARENT = re.compile(r"adm(?:in)?_?(\d)_?(?:p?code)", re.IGNORECASE)
_CODE = ("code", "PCODE", "pcode", "iso_3166_2")
_NAMES = {
    "en": ("name_en", "NAME_EN", "NAM_EN_REF", "name", "NAME"),
    "ar": ("name_ar", "NAME_AR"),
    "ru": ("name_ru", "NAME_RU"),
}


@dataclass(frozen=True)
class Feature:
    """One feature of a file: its properties as they stand and its geometry in degrees."""

    properties: Mapping[str, Any]
    geometry: Geometry


@dataclass(frozen=True)
class Atlas:
    """Units with their codes, and the shapes of units, lines and drawn zones.

    Attributes:
        gazetteer: units and spellings.
        shapes: code to polygon on the grid.
        lines: id to `(n, 2)` degrees, longitude before latitude.
        basemap: code to polygon on the grid: neighbouring countries, known by code, drawn and never judged by shape.
        names: code or id to names by language.
        drawn_by: id of a line or zone to who drew it.
    """

    gazetteer: Gazetteer = field(default_factory=Gazetteer)
    shapes: Mapping[str, Geometry] = field(default_factory=dict)
    lines: Mapping[str, Floats] = field(default_factory=dict)
    basemap: Mapping[str, Geometry] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    drawn_by: Mapping[str, str] = field(default_factory=dict)


def read_features(data: bytes, name: str) -> list[Feature]:
    """Read GeoJSON or GeoParquet.

    Args:
        data: the bytes of the file, at most 64 MiB.
        name: the file's name for messages.

    Raises:
        InputError: neither, or broken.
    """
    if len(data) > MOST_BYTES:
        raise InputError(f"{name}: expected at most {MOST_BYTES} bytes of areas, got {len(data)}")
    try:
        return list(_parquet(data) if data[:4] == b"PAR1" else _geojson(data))
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except (msgspec.DecodeError, RecursionError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{name}: not GeoJSON or GeoParquet: {error}") from None
    except (shapely.errors.ShapelyError, pa.ArrowException) as error:
        raise InputError(f"{name}: a geometry cannot be read: {error}") from None


def read_atlas(files: Mapping[str, bytes], units_csv: bytes | None = None) -> Atlas:
    """Gather the areas of several files into one atlas; later files win.

    Args:
        files: name to bytes.
        units_csv: spellings of units, columns `text,level,code,same_as,source`.

    Raises:
        InputError: a file is broken, or a shape is refused.
    """
    aliases, same_as = _spellings(units_csv)
    units: list[Unit] = []
    parts: dict[str, dict[str, Any]] = {key: {} for key in ("shapes", "lines", "basemap", "names", "drawn_by")}
    for name, data in files.items():
        for feature in read_features(data, name):
            try:
                _place(feature, name, units, parts)
            except InputError as error:
                raise InputError(f"{name}: {error}") from None
    gazetteer = Gazetteer(units, aliases, same_as)
    shapes = {gazetteer.code(code): shape for code, shape in parts.pop("shapes").items()}
    return Atlas(gazetteer=gazetteer, shapes=shapes, **parts)


def unit_of(properties: Mapping[str, Any], gazetteer: str) -> Unit | None:
    """The unit that a feature's columns describe; None when they hold no code."""
    is_iso = bool(properties.get("iso_3166_2"))  # beside it `adm1_code` is another code of the same unit, no parent
    chain = {
        int(m[1]): str(value)
        for key, value in properties.items()
        if (m := _PARENT.fullmatch(key)) and value and not (is_iso and key == "adm1_code")
    }
    code = next((str(properties[key]) for key in _CODE if properties.get(key)), "")
    if not code and chain:
        code = chain[max(chain)]
    if not code or code.startswith("-"):
        return None
    parents = {level: parent for level, parent in chain.items() if parent != code}
    level = properties.get("level", max(parents, default=0) + 1 if parents else None)
    parent = properties.get("parent") or (parents[max(parents)] if parents else "")
    if level is None:
        level, parent = _from_iso(code, parent)
    if isinstance(level, bool) or not isinstance(level, int | float) or level != int(level):
        raise InputError(f"unit {quoted(code)}: expected a whole number as `level`, got {quoted(level)}")
    return Unit(code, int(level), str(parent), gazetteer, names_of(properties))


def names_of(properties: Mapping[str, Any]) -> dict[str, str]:
    """Names of a feature by language."""
    found = {lang: next((properties[k] for k in keys if properties.get(k)), None) for lang, keys in _NAMES.items()}
    return {lang: str(name) for lang, name in found.items() if name}


def _place(feature: Feature, name: str, units: list[Unit], parts: dict[str, dict[str, Any]]) -> None:
    role, key = feature.properties.get("role"), str(feature.properties.get("id") or "")
    if role == "line":
        parts["lines"][key] = shapely.get_coordinates(feature.geometry)
        if shapely.get_dimensions(feature.geometry) != 1 or not np.isfinite(parts["lines"][key]).all():
            raise InputError(f"line {quoted(key)}: expected a LineString of at least two points")
    elif role == "basemap":
        key = str(feature.properties.get("code") or "")
        if not key:
            raise InputError("a feature of the base map has no `code`")
        units.append(Unit(key, 0, "", name, names_of(feature.properties)))
        parts["basemap"][key] = checked_polygon(feature.geometry, key)
    else:
        unit = unit_of(feature.properties, name)
        key = unit.code if unit else key
        if not key:
            raise InputError("a feature has neither `code` nor `id`")
        if unit:
            units.append(unit)
        parts["shapes"][key] = checked_polygon(feature.geometry, key)
    parts["names"][key] = names_of(feature.properties)
    if feature.properties.get("drawn_by"):
        parts["drawn_by"][key] = str(feature.properties["drawn_by"])


def _from_iso(code: str, parent: str) -> tuple[int, str]:
    country, _, rest = code.partition("-")
    return (1, parent or country) if rest else (0, parent)


def _geojson(data: bytes) -> Iterator[Feature]:
    document = msgspec.json.decode(data)
    if not isinstance(document, dict):
        raise InputError(f"expected a GeoJSON object, got {_json_kind(document)}")
    features = document.get("features") if document.get("type") == "FeatureCollection" else [document]
    if not isinstance(features, list):
        raise InputError(f"expected a list as `features`, got {_json_kind(features)}")
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict):
            raise InputError(f"feature {number}: expected a GeoJSON object, got {_json_kind(feature)}")
        geometry = shapely.from_geojson(msgspec.json.encode(feature["geometry"]))
        yield Feature(dict(feature.get("properties") or {}, **_own_id(feature)), shapely.force_2d(geometry))


def _json_kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}
    return kinds.get(type(value), "a number")


def _own_id(feature: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": feature["id"]} if "id" in feature and "id" not in (feature.get("properties") or {}) else {}


def _parquet(data: bytes) -> Iterator[Feature]:
    table = pq.read_table(io.BytesIO(data))
    meta = msgspec.json.decode((table.schema.metadata or {}).get(b"geo", b"{}"))
    column = meta.get("primary_column", "geometry")
    if column not in table.column_names:
        names = ", ".join(quoted(one) for one in table.column_names[:10]) or "none"
        raise InputError(f"expected a geometry column {quoted(column)}, got the columns {names}")
    if table.column(column).null_count:
        raise InputError("a row has no geometry")
    drawn = table.column(column).to_pylist()
    if not all(isinstance(wkb, bytes) and is_flat_wkb(wkb) for wkb in drawn):
        raise InputError("a geometry is no WKB, or a collection: expected points, lines, polygons, or many of them")
    shapes = shapely.force_2d(shapely.from_wkb(np.array(drawn, dtype=object)))
    for row, shape in zip(table.drop_columns([column]).to_pylist(), shapes, strict=True):
        yield Feature(row, shape)


def _spellings(units_csv: bytes | None) -> tuple[list[Alias], dict[str, str]]:
    if units_csv is None:
        return [], {}
    aliases, same_as = [], {}
    for line, row in csv_rows(units_csv, "units.csv", ("text", "level", "code")):
        if not (row["level"].isascii() and row["level"].isdecimal()):
            told = f"expected a whole number, got {quoted(row['level'])}"
            raise InputError(Fault(told, "units.csv", line, "level"))
        aliases.append(Alias(row["text"], int(row["level"]), row["code"], row.get("source", "")))
        if row.get("same_as"):
            same_as[row["code"]] = row["same_as"]
    return aliases, same_as
