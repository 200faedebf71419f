"""How is what a reader sees given away as a file? CSV, XLSX, GeoJSON, GeoPackage, GeoParquet: the rows of the list.

Every file says inside itself what it is: what was asked for, how finely places are shown, as of which entry of the
record, from which sources under which licences, and the line of the law.

    CSV         a last column without values, whose name says it: GDAL and spreadsheets read the rest as it is
    XLSX        a sheet `README`
    GeoJSON     a member `about` of the collection
    GeoPackage  the metadata of file and layer, and a layer `README`
    GeoParquet  the key `truceline` of the file's metadata

No text is a formula, as `sheets.cell` has it; numbers stay numbers. A file is written a batch at a time, whole or not
at all, into a folder that nobody else can read, and is gone when it was given away.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final
from xml.sax.saxutils import escape

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from truceline import LAW, __version__
from truceline.desk.sheets import MOST_SHEET_ROWS, cell
from truceline.desk.views.view import View
from truceline.errors import InputError, StoreError

FORMS: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
    "parquet": "application/vnd.apache.parquet",
}
"""Kinds of files, and their media types."""

TABLES: Final = ("csv", "xlsx")
"""Kinds that have no shapes."""

GEOMETRY: Final = "geometry"
CRS: Final = "EPSG:4326"
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class About:
    """What a file is.

    Attributes:
        title: in one line.
        filter: what was asked for.
        sight: how finely places and times are shown.
        known_at: index and time of the newest entry that it knows of.
        agreement: id and hash of the text.
        sources: source and licence to the number of rows.
        rows: how many.
        more: further lines.
    """

    title: str
    filter: Mapping[str, Any]
    sight: str
    known_at: Mapping[str, Any]
    agreement: Mapping[str, Any]
    sources: Mapping[tuple[str, str], int]
    rows: int
    more: tuple[str, ...] = field(default_factory=tuple)

    def plain(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "title": self.title, "law": LAW, "filter": dict(self.filter), "sight": self.sight,
            "known_at": dict(self.known_at), "agreement": dict(self.agreement), "rows": self.rows,
            "sources": [
                {"source": source or None, "licence": licence or None, "rows": n}
                for (source, licence), n in sorted(self.sources.items())
            ],
            "notes": list(self.more), "truceline": __version__,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """The same in words, line by line."""
        asked = "; ".join(f"{name} = {value}" for name, value in self.filter.items()) or "everything"
        return [
            self.title, LAW, f"Asked for: {asked}", f"Places and times: {self.sight}",
            f"As known at: entry {self.known_at['index']} of the record, {self.known_at['at']}",
            f"Agreement: {self.agreement['id']} ({self.agreement['canonical_sha256']})", f"Rows: {self.rows}",
            *(
                f"Source: {source or 'not stated'}; licence: {licence or 'not stated'}; {n} rows"
                for (source, licence), n in sorted(self.sources.items())
            ),
            *self.more,
        ]  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """Rows to write.

    Attributes:
        name: of the layer or sheet.
        schema: of the batches; a column `geometry` holds WKB in degrees.
        batches: gives them, from the first on.
        about: what the file is.
    """

    name: str
    schema: pa.Schema
    batches: Callable[[], Iterator[pa.RecordBatch]]
    about: About

    @property
    def has_shapes(self) -> bool:
        """Whether the rows have a place on a map."""
        return GEOMETRY in self.schema.names


NOTES: Final = (
    "An assessment is what the program computes of a report; a finding is what a body signs. -1 is: not covered by "
    "this term, and nothing more. 0 is: cannot be decided.",
    "Rows whose sources forbid passing them on are in no file. A place is as large as it is drawn: it has no middle.",
)


def sources_of(view: View, rows: Rows) -> dict[tuple[str, str], int]:
    """The sources of some rows with their licences, and how many rows each gave."""
    sources, licences = (view.shown_words(name) for name in ("source", "licence"))
    pairs = Counter(zip(sources[1][rows].tolist(), licences[1][rows].tolist(), strict=True))
    return {(sources[0][a], licences[0][b]): n for (a, b), n in pairs.items()}


@contextmanager
def written(layer: Layer, form: str) -> Iterator[BinaryIO]:
    """A file of a kind, open for reading; it is gone from the disk already.

    Raises:
        InputError: more rows than such a file holds. StoreError: it cannot be written.
    """
    folder = Path(tempfile.mkdtemp(prefix="truceline-"))  # for its owner only
    try:
        path = folder / f"{layer.name}.{form}"
        try:
            _WRITERS[form](layer, path)
            opened = path.open("rb")
        except OSError as error:
            raise StoreError(f"the file cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    with opened:
        yield opened


# -- the kinds ---------------------------------------------------------------------------------------------------------


def _write_csv(layer: Layer, path: Path) -> None:
    """CSV (RFC 4180, UTF-8); shapes are left out."""
    names = [name for name in layer.schema.names if name != GEOMETRY]
    about = pa.field(cell(" | ".join(layer.about.lines())), pa.string())
    schema = pa.schema([*(layer.schema.field(name) for name in names), about])
    options = pacsv.WriteOptions(eol="\r\n", quoting_style="needed")
    with path.open("wb") as file, pacsv.CSVWriter(file, schema, write_options=options) as writer:
        for batch in layer.batches():
            columns = [batch.column(name) for name in names]
            writer.write_batch(pa.RecordBatch.from_arrays([*columns, pa.nulls(len(batch), pa.string())], schema=schema))


def _write_geojson(layer: Layer, path: Path) -> None:
    """GeoJSON (RFC 7946); what has no shape has the geometry null."""
    with path.open("wb") as file:
        file.write(b'{"type":"FeatureCollection","about":' + msgspec.json.encode(layer.about.plain()))
        file.write(b',"law":' + msgspec.json.encode(LAW) + b',"features":[')
        first = True
        for batch in layer.batches():
            pieces = []
            names = [name for name in batch.schema.names if name != GEOMETRY]
            shapes = _geojson(batch.column(GEOMETRY)) if layer.has_shapes else [b"null"] * len(batch)
            for row, shape in zip(batch.select(names).to_pylist(), shapes, strict=True):
                key = msgspec.json.encode(row[names[0]])
                pieces.append(
                    b'{"type":"Feature","id":' + key + b',"geometry":' + shape
                    + b',"properties":' + msgspec.json.encode(row) + b"}"
                )  # fmt: skip
            if pieces:
                file.write((b"" if first else b",") + b",".join(pieces))
                first = False
        file.write(b"]}\n")


def _geojson(column: Any) -> list[bytes]:  # noqa: ANN401  # Arrow carries no types
    """WKB as GeoJSON geometries; the same shape is worked out once."""
    coded = column.dictionary_encode()
    texts = [shapely.to_geojson(shapely.from_wkb(wkb)).encode() for wkb in coded.dictionary.to_pylist()]
    return [b"null" if at is None else texts[at] for at in coded.indices.to_pylist()]


def _write_parquet(layer: Layer, path: Path) -> None:
    """Parquet; GeoParquet 1.1 where there are shapes."""
    told = {b"truceline": json.dumps(layer.about.plain(), ensure_ascii=False).encode()}
    if layer.has_shapes:
        column = {"encoding": "WKB", "geometry_types": []}
        geo = {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
        told[b"geo"] = json.dumps(geo).encode()
    schema = layer.schema.with_metadata(told)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in layer.batches():
            writer.write_batch(batch.replace_schema_metadata(told))


def _write_gpkg(layer: Layer, path: Path) -> None:
    """GeoPackage, through GDAL."""
    pyogrio = _pyogrio()
    told = {"TITLE": layer.about.title, "DESCRIPTION": "\n".join(layer.about.lines()), "LAW": LAW}
    shape = {"geometry_name": GEOMETRY, "geometry_type": "Unknown", "crs": CRS} if layer.has_shapes else {}
    schema = _flat_schema(layer.schema)
    reader = pa.RecordBatchReader.from_batches(schema, (_cast(batch, schema) for batch in layer.batches()))
    pyogrio.write_arrow(
        reader, path, layer=layer.name, driver="GPKG", dataset_metadata=told, layer_metadata=told, **shape
    )
    lines = layer.about.lines()
    readme = pa.table({"line": pa.array(range(1, len(lines) + 1), pa.int32()), "text": pa.array(lines, pa.string())})
    pyogrio.write_arrow(readme, path, layer="README", driver="GPKG", append=True)


def _pyogrio() -> Any:  # noqa: ANN401  # a module without types
    try:
        import pyogrio  # noqa: PLC0415  # GDAL is large, and only this kind of file needs it
    except ImportError:
        raise StoreError("a GeoPackage needs more packages: pip install 'truceline[gis]'") from None
    return pyogrio


def _flat_schema(schema: pa.Schema) -> pa.Schema:
    """The same columns in types that GDAL takes."""
    return pa.schema([pa.field(one.name, pa.int16() if one.type == pa.int8() else one.type) for one in schema])


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [column.cast(one.type) for column, one in zip(batch.columns, schema, strict=True)], schema=schema
    )


# -- a workbook --------------------------------------------------------------------------------------------------------

_BOOK: Final[Mapping[str, str]] = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{sheets}</Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
}
_SHEET_TYPE: Final = (
    '<Override PartName="/xl/worksheets/sheet{n}.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
)
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def _write_xlsx(layer: Layer, path: Path) -> None:
    """A workbook, a row at a time: a library that holds every cell as an object needs minutes for a large one."""
    if layer.about.rows + 1 > MOST_SHEET_ROWS:
        raise InputError(f"a workbook holds {MOST_SHEET_ROWS - 1} rows, got {layer.about.rows}: ask for a .csv")
    names = [layer.name, "README"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        parts = {name: text.format(sheets=_sheet_types(len(names))) for name, text in _BOOK.items()}
        parts["xl/workbook.xml"], parts["xl/_rels/workbook.xml.rels"] = _workbook(names)
        for name, text in parts.items():
            book.writestr(zipfile.ZipInfo(name, _EPOCH), _HEAD + text, zipfile.ZIP_DEFLATED)
        columns = [name for name in layer.schema.names if name != GEOMETRY]
        _write_rows(book, 1, _row_texts(layer, columns))
        _write_rows(book, 2, ([_text(line)] for line in layer.about.lines()))


def _sheet_types(n: int) -> str:
    return "".join(_SHEET_TYPE.format(n=at + 1) for at in range(n))


def _workbook(names: Sequence[str]) -> tuple[str, str]:
    """The list of sheets, and where they lie."""
    sheets = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, 1))
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATED}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}"><sheets>{sheets}</sheets></workbook>',
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{related}</Relationships>',
    )


def _write_rows(book: zipfile.ZipFile, number: int, rows: Iterable[Sequence[str]]) -> None:
    """One sheet; each cell comes as XML, in the order of the columns."""
    info = zipfile.ZipInfo(f"xl/worksheets/sheet{number}.xml", _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    with book.open(info, "w", force_zip64=True) as file:
        file.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        for at, cells in enumerate(rows, 1):
            file.write(f'<row r="{at}">{"".join(cells)}</row>'.encode())
        file.write(b"</sheetData></worksheet>")


def _row_texts(layer: Layer, columns: Sequence[str]) -> Iterator[list[str]]:
    yield [_text(name) for name in columns]
    for batch in layer.batches():
        yield from map(list, zip(*(_cell_texts(batch.column(name)) for name in columns), strict=True))


def _cell_texts(column: Any) -> list[str]:  # noqa: ANN401  # Arrow carries no types
    """A column as cells; each different value is written once."""
    coded = column.dictionary_encode()
    is_text = pa.types.is_string(column.type)
    made = [_text(one) if is_text else _number(one) for one in coded.dictionary.to_pylist()]
    return ["<c/>" if at is None else made[at] for at in coded.indices.to_pylist()]


def _text(value: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(cell(value))}</t></is></c>'


def _number(value: Any) -> str:  # noqa: ANN401  # a number or a claim
    return f'<c t="b"><v>{int(value)}</v></c>' if isinstance(value, bool) else f"<c><v>{value}</v></c>"


_WRITERS: Mapping[str, Callable[[Layer, Path], None]] = {
    "csv": _write_csv, "xlsx": _write_xlsx, "geojson": _write_geojson, "gpkg": _write_gpkg, "parquet": _write_parquet,
}  # fmt: skip
