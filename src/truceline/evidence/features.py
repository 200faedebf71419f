"""What does a file of drawn features report, by a mapping? GeoJSON, GeoPackage, GeoParquet; without one they are areas.

A point is a disc of its stated radius or word, a line the line that it draws. What is drawn as a surface becomes the
smallest disc that holds it, since a region of evidence has no free outline: wider than drawn, never narrower. Positions
are longitude and latitude (WGS 84); another reference system is refused.

Source: RFC 7946, RFC 8142; OGC GeoPackage 1.3; GeoParquet 1.1.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, BinaryIO

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from truceline.errors import Fault, InputError, one_line, quoted
from truceline.evidence import cells
from truceline.evidence.mapped import Point, Reader, reader_of
from truceline.evidence.readers import Start
from truceline.evidence.reading import MOST_LINE, Manner, Read, RowFault, Rows, lines_of, opened
from truceline.space import MOST_RADIUS_M, Floats, Geometry, Region, chord_m, geodesic_m, is_flat_wkb, quantise

LICENCE = ""
"""The mapping says it."""

MOST_DOCUMENT = 64 << 20
MOST_PACKAGE = 256 << 20
MOST_LINE_POINTS = 10_000
MOST_VERTICES = 200_000
STEP_DEG = 0.01
"""Edges are looked at this often: over about a kilometre they stray from a geodesic by less than 0.1 m."""

SLACK_M = 1.0

_SQLITE = b"SQLite format 3\0"
_KINDS = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon")

Drawn = tuple[int, Mapping[str, Any], "Geometry | RowFault | None"]
"""Number of a feature, its properties, and what it draws: None = it has only its properties."""


def fits(start: Start) -> bool:
    """Whether a file of features came with a mapping."""
    if not start.has_mapping:
        return False
    head = start.head.lstrip(b"\xef\xbb\xbf\x1e \t\r\n")
    return head[:4] == b"PAR1" or head.startswith(_SQLITE) or head[:1] == b"{"


def read(file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read features by the mapping of the manner.

    Args:
        file: GeoJSON (a document of at most 64 MiB, or a feature on each line; plain or gzip), GeoPackage of at most
            256 MiB, or Parquet with or without geometries.
        name: the file's name for messages.
        manner: clock, precision table, aliases, places and the mapping.

    Raises:
        InputError: no mapping, a property that no feature has, another reference system, or the file is broken.
    """
    reader, rows = reader_of(manner, name), Rows(name)
    head = file.read(16)
    file.seek(0)
    if head[:4] == b"PAR1":
        drawn = _of_parquet(file, name, reader)
    elif head == _SQLITE:
        drawn = _of_package(file, name, reader)
    else:
        drawn = _of_geojson(file, name)
    seen: set[str] = set()
    for number, properties, shape in drawn:
        seen.update(properties)
        _take(reader, rows, number, properties, shape)
    missing = [one for one in reader.plan.columns if one not in seen] if rows.count or rows.rejected else []
    if missing:
        raise InputError(Fault(f"no feature has the properties {', '.join(map(quoted, missing))}", name))
    return rows.read()


def _take(
    reader: Reader, rows: Rows, number: int, properties: Mapping[str, Any], shape: Geometry | RowFault | None
) -> None:
    drawn: Region | Point | RowFault | None
    try:
        drawn = shape if shape is None or isinstance(shape, RowFault) else drawn_region(shape)
    except RowFault as fault:
        drawn = fault
    reader.take(rows, properties, number, drawn)


# -- what a feature draws --------------------------------------------------------------------------------------------


def drawn_region(shape: Geometry) -> Region | Point:
    """A drawn shape as a region; a point stays a point, since its precision is said elsewhere.

    Raises:
        RowFault: no position, out of range, or larger than any region.
    """
    xy = shapely.get_coordinates(shape)
    if not len(xy) or not np.isfinite(xy).all():
        raise RowFault("geometry", "expected a position, got none")
    if len(xy) > MOST_VERTICES:
        raise RowFault("geometry", f"expected at most {MOST_VERTICES} vertices, got {len(xy)}")
    kind = shapely.get_type_id(shape)
    if kind == 0:
        return float(xy[0][0]), float(xy[0][1])
    if (np.abs(xy) > (180.0, 90.0)).any():
        raise RowFault("geometry", "out of range: expected longitudes -180..180 and latitudes -90..90")
    if kind == 1:
        return _line(xy)
    return _disc(shape)


def _line(xy: Floats) -> Region:
    if not 2 <= len(xy) <= MOST_LINE_POINTS:
        raise RowFault("geometry", f"expected a line of 2..{MOST_LINE_POINTS} points, got {len(xy)}")
    return Region("line", points_e7=tuple(v for lon, lat in xy.tolist() for v in quantise(lon, lat)))


def _disc(shape: Geometry) -> Region:
    """The smallest disc on the ellipsoid that holds a shape, to about a metre: its centre is found in a plane."""
    from pyproj import Proj  # noqa: PLC0415  # a slow import that most commands do not need

    west, south, east, north = shapely.bounds(shape).tolist()
    if east - west > 90 or north - south > 90:
        raise RowFault("geometry", f"expected a shape within a disc of {MOST_RADIUS_M} m")
    plane = Proj(proj="aeqd", ellps="WGS84", lon_0=(west + east) / 2, lat_0=(south + north) / 2)
    dense = shapely.get_coordinates(shapely.segmentize(shape, max(STEP_DEG, (east - west + north - south) / 2_000)))
    flat = shapely.MultiPoint(np.stack(plane(dense[:, 0], dense[:, 1]), axis=-1))
    middle = shapely.centroid(shapely.minimum_bounding_circle(flat)) if len(dense) > 1 else shapely.Point(flat.geoms[0])
    lon_e7, lat_e7 = quantise(*plane(middle.x, middle.y, inverse=True))
    centre = (np.full(len(dense), lon_e7 / 1e7), np.full(len(dense), lat_e7 / 1e7))
    length, error = geodesic_m(chord_m(*centre, dense[:, 0], dense[:, 1]), centre[1])
    radius = math.ceil(float((length + error).max()) + SLACK_M)
    if radius > MOST_RADIUS_M:
        raise RowFault("geometry", f"expected a shape within a disc of {MOST_RADIUS_M} m")
    return Region("disc", lon_e7, lat_e7, radius)


# -- GeoJSON ---------------------------------------------------------------------------------------------------------


class _Feature(msgspec.Struct):
    type: str = ""
    geometry: msgspec.Raw = msgspec.Raw(b"null")
    properties: dict[str, Any] | None = None
    id: Any = None


class _Collection(msgspec.Struct):
    type: str = ""
    features: list[msgspec.Raw] | None = None
    crs: Any = None


def _of_geojson(file: BinaryIO, name: str) -> Iterator[Drawn]:
    """A collection, or a feature on each line."""
    first = next(opened(file, name), b"").lstrip(b"\xef\xbb\xbf\x1e \t")
    file.seek(0)
    try:
        is_lines = len(first) <= MOST_LINE and msgspec.json.decode(first, type=_Collection).type == "Feature"
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        is_lines = False
    if is_lines:
        for number, line in enumerate(lines_of(opened(file, name), name), 1):
            if line.strip("\x1e \t\r\n"):
                yield _of_feature(number, line.lstrip("\x1e").encode())
        return
    data = cells.whole(file, name, MOST_DOCUMENT).removeprefix(b"\xef\xbb\xbf")
    try:
        document = msgspec.json.decode(data, type=_Collection)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(Fault(f"not GeoJSON: {one_line(str(error), 120)}", name)) from None
    if document.type != "FeatureCollection" or document.features is None:
        raise InputError(Fault(f"expected a FeatureCollection, got {quoted(document.type or 'nothing')}", name))
    if document.crs is not None and "CRS84" not in str(document.crs):
        raise InputError(Fault("expected longitude and latitude (WGS 84) as RFC 7946 says, got another `crs`", name))
    for number, raw in enumerate(document.features, 1):
        yield _of_feature(number, bytes(raw))


def _of_feature(number: int, raw: bytes) -> Drawn:
    try:
        feature = msgspec.json.decode(raw, type=_Feature)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return number, {}, RowFault("feature", f"not a feature of GeoJSON: {one_line(str(error), 120)}")
    properties = feature.properties or {}
    if isinstance(feature.id, str | int) and "id" not in properties:
        properties["id"] = feature.id
    return number, properties, _shape(feature.geometry)


def _shape(raw: msgspec.Raw) -> Geometry | RowFault | None:
    try:
        geometry = msgspec.json.decode(raw)
        if geometry is None:
            return None
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        if not isinstance(kind, str) or kind not in _KINDS:
            return RowFault("geometry", f"expected one of {', '.join(_KINDS)}, got {_kind(kind)}")
        return shapely.force_2d(shapely.from_geojson(msgspec.json.encode(geometry)))
    except (msgspec.DecodeError, RecursionError, shapely.errors.ShapelyError, ValueError, TypeError):
        return RowFault("geometry", "not a geometry of GeoJSON")


def _kind(kind: Any) -> str:  # noqa: ANN401  # whatever the file says
    """How a fault calls a kind of geometry: what is no text may hold a position, and is not repeated."""
    return quoted(kind) if isinstance(kind, str) else "nothing" if kind is None else "what is no text"


# -- GeoPackage ------------------------------------------------------------------------------------------------------


def _of_package(file: BinaryIO, name: str, reader: Reader) -> Iterator[Drawn]:
    """One layer of a GeoPackage, some rows at a time."""
    try:
        import pyogrio  # noqa: PLC0415  # an extra, and a slow import
    except ImportError:
        raise InputError(Fault("a GeoPackage is read with `pyogrio`: pip install truceline[gis]", name)) from None

    data = file.read(MOST_PACKAGE + 1)
    if len(data) > MOST_PACKAGE:
        raise InputError(Fault(f"expected a GeoPackage of at most {MOST_PACKAGE} bytes, got more", name))
    try:
        with ExitStack() as stack:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # GDAL misses the suffix .gpkg, which bytes in memory do not have
                layer = _layer(pyogrio.list_layers(data), reader.plan.layer, name)
                meta, stream = stack.enter_context(pyogrio.open_arrow(data, layer=layer, use_pyarrow=True))
            if meta["crs"] not in ("EPSG:4326", "OGC:CRS84"):
                raise InputError(Fault(f"expected longitude and latitude (EPSG:4326), got {quoted(meta['crs'])}", name))
            first = 1
            for batch in stream:
                yield from _of_batch(batch, meta["geometry_name"] or "wkb_geometry", first, name)
                first += batch.num_rows
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pa.ArrowException,
        RuntimeError,
        OSError,
    ) as error:
        raise InputError(Fault(f"not a GeoPackage that can be read: {one_line(str(error), 120)}", name)) from None


def _layer(found: NDArray[Any], wanted: str, name: str) -> str:
    """The layer to read: the one that is named, or the only one."""
    layers = [str(one[0]) for one in found]
    if wanted not in layers and (wanted or len(layers) != 1):
        listed = ", ".join(quoted(one) for one in layers[:10])
        raise InputError(Fault(f"expected `layer` as one of {listed}, got {quoted(wanted or 'nothing')}", name))
    return wanted or layers[0]


# -- Parquet ---------------------------------------------------------------------------------------------------------


def _of_parquet(file: BinaryIO, name: str, reader: Reader) -> Iterator[Drawn]:
    """The rows of a GeoParquet file, or of a plain one whose columns say where."""
    cells.check_names(cells.parquet_names(file, name), reader.plan.columns, name, what="the table of this mapping")
    column = _geometry_column(file, name)
    cells.check_names(cells.parquet_names(file, name), [column] if column else [], name, what="GeoParquet")
    wanted = {*reader.plan.columns, *([column] if column else [])}
    for first, batch in cells.batches(file, name, wanted, what="Parquet that can be read"):
        yield from _of_batch(batch, column, first, name)


def _geometry_column(file: BinaryIO, name: str) -> str:
    """The column of geometries as the file itself says; empty where it says nothing."""
    meta = pq.read_schema(file).metadata or {}
    file.seek(0)
    if b"geo" not in meta:
        return ""
    try:
        geo = msgspec.json.decode(meta[b"geo"])
        column = str(geo["primary_column"])
        said = geo["columns"][column]
        crs, encoding = said.get("crs"), said.get("encoding")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, AttributeError):
        raise InputError(Fault("not GeoParquet: its metadata `geo` cannot be read", name)) from None
    if encoding != "WKB":
        raise InputError(Fault(f"expected geometries as WKB, got {quoted(encoding)}", name))
    code = crs.get("id") if isinstance(crs, dict) else None
    if crs is not None and (not isinstance(code, dict) or code.get("code") not in ("CRS84", 4326)):
        raise InputError(Fault("expected longitude and latitude (WGS 84), got another reference system", name))
    return column


def _of_batch(batch: pa.RecordBatch, column: str, first: int, name: str) -> Iterator[Drawn]:
    names = [one for one in batch.schema.names if one != column]
    try:
        table = pa.table({one: cells.cut(batch.column(one)) for one in names})
        shapes = batch.column(column).to_pylist() if column else [None] * batch.num_rows
        rows = table.to_pylist() if names else [{}] * batch.num_rows
    except (pa.ArrowException, ValueError) as error:
        raise InputError(Fault(f"a row cannot be read: {one_line(str(error), 120)}", name)) from None
    for number, (row, wkb) in enumerate(zip(rows, shapes, strict=True), first):
        yield number, row, None if wkb is None else _from_wkb(wkb)


def _from_wkb(wkb: bytes) -> Geometry | RowFault:
    if not isinstance(wkb, bytes) or not is_flat_wkb(wkb):
        return RowFault("geometry", f"expected WKB of one of {', '.join(_KINDS)}")
    try:
        return shapely.force_2d(shapely.from_wkb(wkb))
    except (shapely.errors.ShapelyError, ValueError):
        return RowFault("geometry", "not a geometry in WKB")
