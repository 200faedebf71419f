"""What does a map ask for? The ground of the case, and every report that whoever asks may see, as columns.

Both hold what other answers hold, in a form that a browser draws at once: nothing here is finer than those.
"""

from __future__ import annotations

import gzip
from functools import lru_cache, partial
from importlib import resources
from typing import Annotated

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from truceline.desk.views import columns
from truceline.desk.views.asked import Filter
from truceline.desk.views.ground import ground
from truceline.desk.views.kept import Kept, kept_of
from truceline.web.asking import GEO, Who, at_once, has_already, marked, whoever
from truceline.web.files import takes_gzip
from truceline.web.routes.reading import SAME, AskedThen, KnownAt

router = APIRouter(tags=["reading"])

AT_ONCE = 2

COLUMNS = "application/vnd.truceline.columns"


class AskedColumns(AskedThen):
    """Which reports are asked for, and whether by their ids."""

    ids: bool = Field(False, description="Whether the ids are wanted, too.")

    @property
    def filter(self) -> Filter:
        """The same for the desk."""
        return Filter(**self.model_dump(exclude={"known_at", "ids"}))


@lru_cache(maxsize=1)
def _world() -> bytes | None:
    """Land of the world, where the package was built with it."""
    file = resources.files("truceline.web").joinpath("built", "land.geojson")
    return file.read_bytes() if file.is_file() else None


@lru_cache(maxsize=4)
def _pressed(body: bytes) -> bytes:
    """The same by gzip."""
    return gzip.compress(body, 6, mtime=0)


@router.get(
    "/api/v1/agreement/ground",
    responses={200: {"content": {GEO: {"schema": {"type": "object"}}}, "description": "GeoJSON"}, **SAME},
    response_class=Response,
)
async def agreement_ground(
    who: Annotated[Who, whoever("agreement", "read", cost=5)],
    known_at: KnownAt = "",
) -> Response:
    """The ground under a map as GeoJSON: land, units, borders (disputed ones marked), lines of the text, larger towns.

    No place of a report is in it, and nothing that somebody typed: it may travel pressed. For the public it holds what
    was published with the text.
    """
    asks = await who.about(known_at)

    def drawn() -> Kept:
        """The ground, drawn."""
        found = ground(asks.snapshot, who.service.case, is_public=asks.is_public, world=_world())
        return kept_of(msgspec.json.encode(found))

    answer = await asks.kept(("ground", *asks.grounds), drawn, media_type=GEO)
    if answer.status_code == 200 and takes_gzip(who.request.headers.get("accept-encoding", "")):
        answer.body = _pressed(bytes(answer.body))
        answer.headers.update({"Content-Encoding": "gzip", "Content-Length": str(len(answer.body))})
    answer.headers["Vary"] = ", ".join(filter(None, [answer.headers.get("Vary"), "Accept-Encoding"]))
    return answer


@router.get(
    "/api/v1/assessments.columns",
    responses={
        200: {"content": {COLUMNS: {"schema": {"type": "string", "format": "binary"}}}, "description": "Columns"},
        **SAME,
    },
    response_class=Response,
)  # fmt: skip
async def assessments_columns(
    who: Annotated[Who, whoever("assessment", "read", cost=20)],
    asked: Annotated[AskedColumns, Query()],
) -> Response:
    """Every report of the list at once, in its order, as columns for a map; as finely as whoever asks may see them.

    The form is described in `truceline.desk.views.columns`. The head of the file carries the filter and the law.
    """
    asks = await who.about(asked.known_at)
    view, snapshot, one = await asks.view(), asks.snapshot, asked.filter
    # Not kept: it is as large as all that is kept of other answers. What it holds follows from what its tag names.
    etag = kept_of(msgspec.json.encode(["columns", view.mark, one.plain(), asked.ids])).etag
    headers = {**marked(who.viewer, etag), "X-Truceline-Known-At": f"#{snapshot.index}"}
    if has_already(who.request, etag):
        return Response(status_code=304, headers=headers)

    packed = partial(columns.packed, view, one, snapshot.agreement, with_ids=asked.ids)
    made = await run_sync(packed, limiter=at_once(who.request, "columns", AT_ONCE))
    return Response(made, headers=headers, media_type=COLUMNS)
