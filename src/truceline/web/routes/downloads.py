"""What does a reader take home? The rows of a list as a file, exactly as they were filtered, and what it is inside.

A file is written in a thread into a folder of its owner's only, and given away from there; it is gone from the disk
before the first byte leaves. Who breaks off in the middle leaves nothing behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Annotated, Any, BinaryIO, Literal

import msgspec
import pyarrow as pa
import shapely
from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from truceline.desk import exports
from truceline.desk.exports import FORMS, GEOMETRY, TABLES, About, Layer
from truceline.desk.sheets import cell
from truceline.desk.snapshots import Snapshot
from truceline.desk.viewers import Viewer
from truceline.desk.views import pages, texts
from truceline.desk.views.asked import chosen
from truceline.desk.views.flat import Flat
from truceline.desk.views.kept import kept_of
from truceline.desk.views.told import Finding, finding_row, findings_asked
from truceline.desk.views.view import LADDER, View
from truceline.errors import StoreError
from truceline.span import utc_text
from truceline.web.asking import Who, at_once, has_already, marked, whoever
from truceline.web.routes.reading import DEAR, SAME, AskedThen, KnownAt
from truceline.web.routes.reading_record import FindingsThen

router = APIRouter(tags=["downloads"])

PIECE = 256 * 1024
AT_ONCE, OPEN = 2, 32
_open = threading.BoundedSemaphore(OPEN)

Form = Annotated[Literal["csv", "xlsx", "geojson", "gpkg", "parquet"], Path(description="Kind of file.")]
Shaped = Annotated[Literal["geojson", "gpkg", "parquet"], Path(description="Kind of file.")]
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {
            media.partition(";")[0]: {
                "schema": {"type": "object"} if "json" in media else {"type": "string", "format": "binary"},
            }
            for media in FORMS.values()
        },
    },
    **SAME,
}


# -- reports -----------------------------------------------------------------------------------------------------------


@router.get("/api/v1/assessments.{form}", responses=FILE, response_class=Response)
async def assessments_file(
    who: Annotated[Who, whoever("assessment", "download", cost=DEAR)],
    form: Form,
    asked: Annotated[AskedThen, Query()],
) -> Response:
    """The reports of `/api/v1/assessments` for the same filter, as a file."""
    asks = await who.about(asked.known_at)
    view, snapshot, one = await asks.view(), asks.snapshot, asked.filter

    def layer() -> Layer:
        """The rows, and what the file says of them."""
        rows = chosen(view, one, snapshot.agreement)
        flat = Flat(view, snapshot.bench_of(view.reader).atlas)
        with_shapes = form not in TABLES
        schema = flat.schema.append(pa.field(GEOMETRY, pa.binary())) if with_shapes else flat.schema
        about = About(
            "Reports and what the program computes of them", one.plain(), LADDER[view.role], pages.known_at(snapshot),
            _agreement_of(snapshot), exports.sources_of(view, rows), len(rows), exports.NOTES,
        )  # fmt: skip
        return Layer("assessments", schema, lambda: flat.batches(rows, with_shapes=with_shapes), about)

    await asks.noted("download")
    return await _given(who.request, who.viewer, form, _key(view, snapshot, one, form), layer)


# -- findings ----------------------------------------------------------------------------------------------------------


@router.get("/api/v1/findings.{form}", responses=FILE, response_class=Response)
async def findings_file(
    who: Annotated[Who, whoever("finding", "download", cost=DEAR)],
    form: Form,
    asked: Annotated[FindingsThen, Query()],
) -> Response:
    """The findings of `/api/v1/findings` for the same filter, as a file."""
    snapshot = (await who.about(asked.known_at)).snapshot
    found = findings_asked(snapshot.told, who.viewer.reader, asked.filter, snapshot.agreement)
    rows = [_finding_cells(one, who.viewer.reader) for one in found]

    def layer() -> Layer:
        """The rows, and what the file says of them."""
        batches = pa.Table.from_pylist(rows, FINDINGS).to_batches()
        about = About(
            "Findings as bodies signed them", asked.filter.plain(), "findings have no place", _told_at(snapshot),
            _agreement_of(snapshot), {}, len(rows), exports.NOTES[:1],
        )  # fmt: skip
        return Layer("findings", FINDINGS, lambda: iter(batches), about)

    key = msgspec.json.encode([rows, asked.filter, _told_at(snapshot), form])
    return await _given(who.request, who.viewer, form, key, layer)


FINDINGS = pa.schema([
    ("id", pa.string()), ("entry", pa.int64()), ("at", pa.string()), ("by", pa.string()), ("body", pa.string()),
    ("joint", pa.bool_()), ("holds", pa.string()), ("term", pa.string()), ("against", pa.string()),
    ("standard", pa.string()), ("text", pa.string()), ("about", pa.string()), ("of", pa.string()),
    ("from", pa.string()), ("until", pa.string()), ("dissent", pa.string()), ("under", pa.string()),
    ("state", pa.string()), ("published_by", pa.int64()), ("published_at", pa.string()), ("corrected_by", pa.string()),
])  # fmt: skip


def _finding_cells(one: Finding, reader: str) -> dict[str, Any]:
    """A finding as a row of a table."""
    told = finding_row(one, reader)
    public = told["published"]
    flat = {
        **told, "entry": told["index"], "by": "; ".join(told["by"]), "about": "; ".join(map(str, told["about"])),
        "dissent": "; ".join(f"{each['by']}: {each['text']}" for each in told["dissent"]) or None,
        "published_by": public and public["entry"], "published_at": public and public["at"],
        "corrected_by": public and ("; ".join(map(str, public["corrected_by"])) or None),
    }  # fmt: skip
    return {name: cell(value) if isinstance(value, str) else value for name, value in flat.items()}


# -- zones -------------------------------------------------------------------------------------------------------------


@router.get("/api/v1/agreement/zones.{form}", responses=FILE, response_class=Response)
async def zones_file(
    who: Annotated[Who, whoever("agreement", "read", cost=50)],
    form: Shaped,
    known_at: KnownAt = "",
) -> Response:
    """The zones of the agreement as a file, with the shapes that were published with it."""
    asks = await who.about(known_at)
    snapshot, is_public = asks.snapshot, asks.is_public

    def layer() -> Layer:
        """The rows, and what the file says of them."""
        zones = texts.zones_of(snapshot, who.service.case, is_public=is_public)
        rows = [_zone_cells(row, shape) for row, shape in zones]
        about = About(
            "Zones of the agreement", {}, "as the text draws them", pages.known_at(snapshot), _agreement_of(snapshot),
            {}, len(rows), ("A zone without a shape was not published, or lies in no file that came with the text.",),
        )  # fmt: skip
        batches = pa.Table.from_pylist(rows, ZONES).to_batches()
        return Layer("zones", ZONES, lambda: iter(batches), about)

    key = msgspec.json.encode([snapshot.agreement.canonical_hash, snapshot.size, is_public, form])
    return await _given(who.request, who.viewer, form, key, layer)


ZONES = pa.schema([
    ("id", pa.string()), ("name_en", pa.string()), ("name_ar", pa.string()), ("name_ru", pa.string()),
    ("terms", pa.string()), ("withheld", pa.bool_()), ("missing", pa.bool_()), ("units", pa.string()),
    ("union", pa.string()), ("low_m", pa.int32()), ("high_m", pa.int32()), ("from", pa.string()),
    ("until", pa.string()), ("drawn_by", pa.string()), (GEOMETRY, pa.binary()),
])  # fmt: skip


def _zone_cells(row: dict[str, Any], shape: shapely.Geometry | None) -> dict[str, Any]:
    """A zone as a row of a table."""
    flat = {
        **row, **{f"name_{lang}": row["names"].get(lang) for lang in ("en", "ar", "ru")},
        **{name: "; ".join(row[name]) or None for name in ("terms", "units", "union", "drawn_by")},
    }  # fmt: skip
    cells = {name: cell(value) if isinstance(value, str) else value for name, value in flat.items()}
    return {**cells, GEOMETRY: None if shape is None else shapely.to_wkb(shape)}


# -- giving it away ----------------------------------------------------------------------------------------------------


def _agreement_of(snapshot: Snapshot) -> dict[str, Any]:
    text = snapshot.agreement
    return {"id": text.id, "canonical_sha256": text.canonical_hash}


def _told_at(snapshot: Snapshot) -> dict[str, Any]:
    """As of which entry the findings are."""
    return {"index": snapshot.told.size - 1, "at": utc_text(snapshot.told.at)}


def _key(view: View, snapshot: Snapshot, one: Any, form: str) -> bytes:  # noqa: ANN401  # a filter
    """What tells a file of reports from others: what is shown, of which state, and what was asked."""
    return msgspec.json.encode([view.mark, pages.known_at(snapshot), one, form])


async def _given(
    request: Request, viewer: Viewer, form: str, key: bytes, layer: Callable[[], Layer]
) -> Response:  # fmt: skip
    """A file, written and given away; 304 where whoever asks has it already.

    Raises:
        StoreError: too many files are being given away.
    """
    etag = kept_of(key).etag
    headers = {**marked(viewer, etag), "X-Content-Type-Options": "nosniff"}
    if has_already(request, etag):
        return Response(status_code=304, headers=headers)
    if not _open.acquire(blocking=False):
        raise StoreError("too many files are being given away")
    left = ExitStack()
    left.callback(_open.release)
    try:
        name, file = await run_sync(_made, layer, form, left, limiter=at_once(request, "files", AT_ONCE))
    except BaseException:
        left.close()
        raise
    size = file.seek(0, 2)
    file.seek(0)
    headers |= {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Content-Length": str(size)}
    return _Given(file, left, headers, FORMS[form])


def _made(layer: Callable[[], Layer], form: str, left: ExitStack) -> tuple[str, BinaryIO]:
    """Write the file."""
    made = layer()
    return made.name, left.enter_context(exports.written(made, form))


class _Given(StreamingResponse):
    """A file on its way; let go of however it ends."""

    def __init__(self, file: BinaryIO, left: ExitStack, headers: dict[str, str], media_type: str) -> None:
        super().__init__(iter(lambda: file.read(PIECE), b""), 200, headers, media_type)
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._left.close()
