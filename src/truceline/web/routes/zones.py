"""What does a pilot or a planner load? The zones of the agreement as ED-269, ED-318, or the draft of a NOTAM.

Zones only: no notified site, no group's area, no report is in any of these files. None of them releases anything, and a
NOTAM is a draft that a person issues. For the public they hold what was published with the text.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from truceline.desk.views.kept import kept_of
from truceline.desk.zonefiles import MEDIA, SUFFIX, Wanted, made_of
from truceline.web.asking import Who, at_once, has_already, marked, whoever
from truceline.web.patterns import KNOWN_AT
from truceline.web.routes.reading import SAME

router = APIRouter(tags=["downloads"])

AT_ONCE = 2
Form = Annotated[Literal["ed269", "ed318", "notam"], Path(description="ED-269, ED-318, or the draft of a NOTAM.")]
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/geo+json": {"schema": {"type": "object"}},
            "text/plain": {"schema": {"type": "string"}},
        },
    },
    **SAME,
}


class AskedZones(BaseModel):
    """Which zones, and what the file says of itself."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    zone: list[Annotated[str, Field(max_length=80)]] = Field([], max_length=50, description="Only these; none = all.")
    country: str = Field("", pattern="^([A-Z]{3})?$", description="ISO 3166-1 alpha-3; empty = as the areas have it.")
    fir: str = Field("", pattern="^([A-Z]{4})?$", description="For a draft: location indicator; empty = nobody's.")
    known_at: str = Field("", pattern=KNOWN_AT, description="As known then: a time, or `#INDEX`; empty = now.")


@router.get("/api/v1/agreement/airspace.{form}", responses=FILE, response_class=Response)
async def airspace_file(
    who: Annotated[Who, whoever("agreement", "read", cost=50)],
    form: Form,
    asked: Annotated[AskedZones, Query()],
) -> Response:
    """The zones for a pilot or a planner, each with its height, its hours and what terms say of flights in it."""
    snapshot = (await who.about(asked.known_at)).snapshot
    bench = snapshot.bench_of(who.viewer.reader)
    shown = [bench.agreement.canonical_hash, sorted(bench.tables.items()), snapshot.size]
    etag = kept_of(msgspec.json.encode(["airspace", shown, form, asked.model_dump()])).etag
    headers = {**marked(who.viewer, etag), "X-Content-Type-Options": "nosniff"}
    if has_already(who.request, etag):
        return Response(status_code=304, headers=headers)
    wanted = Wanted(form, tuple(asked.zone), asked.country, asked.fir)
    make = partial(made_of, bench, wanted, index=snapshot.size - 1, at=snapshot.told.at)
    made = await run_sync(make, limiter=at_once(who.request, "airspace", AT_ONCE))
    headers["Content-Disposition"] = f'attachment; filename="zones.{SUFFIX[form]}"'
    return Response(made.data, 200, headers, media_type=MEDIA[form])
