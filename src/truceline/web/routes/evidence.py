"""How does evidence come in by HTTP? Uploaded by the secretariat, or offered to it by parties and monitors.

Whether the case holds a file already, no answer tells whoever offers it.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response

from truceline.desk import uploads
from truceline.desk.audits import note
from truceline.desk.service import Service
from truceline.desk.uploads import Arrival, How
from truceline.desk.viewers import Viewer
from truceline.errors import InputError, quoted
from truceline.span import utc_text
from truceline.store.state.uploads import Upload
from truceline.web.parts import Here, Sent, answer, gate
from truceline.web.patterns import INDEXES, SAID
from truceline.web.receiving import receive

router = APIRouter(tags=["evidence"])

Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of a file.")]
FileName = Annotated[str, Query(max_length=255, description="Name of the file, where the body is the file itself.")]
_KINDS: dict[str, Any] = {"enum": ["", *uploads.KINDS]}
Kind = Annotated[str, Query(description="Kind of the file; empty = by its first bytes.", json_schema_extra=_KINDS)]
Replaces = Annotated[
    list[int], Query(max_length=50, description="Entries whose tables it takes the place of; repeat for more.")
]
FIELDS = ("kind", "mapping", "replaces")
"""Fields of a form beside the file."""


_FIELDS: dict[str, dict[str, Any]] = {
    "kind": _KINDS, "mapping": {}, "replaces": {"pattern": INDEXES},
}  # fmt: skip


def _body(*fields: str) -> dict[str, Any]:
    """How the body is described: the file itself, or a form with it."""
    binary: dict[str, Any] = {"type": "string", "format": "binary", "minLength": 1}
    form = {"type": "object", "required": ["file"], "additionalProperties": False,
            "properties": {"file": binary, **{name: {"type": "string", **_FIELDS[name]} for name in fields}}
            }  # fmt: skip
    content = {"multipart/form-data": {"schema": form}, "application/octet-stream": {"schema": binary}}
    return {"requestBody": {"required": True, "content": content}}


class UploadShown(BaseModel):
    """A file that was sent: `given` or `waiting`, then `taken` or `refused`, then `added` or `failed`, and why."""

    id: str
    name: str
    size: int
    sha256: str
    at: str
    state: str
    why: str
    job: str | None


class OneUpload(UploadShown):
    """A file that was sent."""

    law: str


class Uploads(BaseModel):
    """Files that were sent, the newest first."""

    items: list[UploadShown]
    law: str


class OfferShown(UploadShown):
    """A file that waits for the desk, and who sent it."""

    account: str
    party: str


class Offers(BaseModel):
    """Files that wait for the desk, the newest first."""

    items: list[OfferShown]
    law: str


class Decision(Sent):
    """What the desk decides on an offer."""

    model_config = ConfigDict(json_schema_extra={
        "oneOf": [
            {"properties": {"take": {"const": True}}},
            {"properties": {"take": {"const": False}, "why": {"pattern": SAID}}, "required": ["why"]},
        ],
    })  # fmt: skip

    take: bool
    why: str = Field(default="", max_length=500, description="Why it is refused: whoever offered it reads this.")
    kind: str = Field(default="", description="Kind of the file; empty = by its first bytes.", json_schema_extra=_KINDS)
    mapping: str = Field(default="", max_length=32_768, description="Which column means what, as YAML or JSON.")
    replaces: list[int] = Field(default_factory=list, max_length=100)


def shown(one: Upload, *, with_job: bool) -> dict[str, Any]:
    """A file as it is shown; the job that reads it is for the desk alone."""
    return {
        "id": one.id, "name": one.name, "size": one.size, "sha256": one.sha256, "at": utc_text(one.at),
        "state": one.state, "why": one.why, "job": (one.job or None) if with_job else None,
    }  # fmt: skip


@contextlib.asynccontextmanager
async def _arriving(service: Service, viewer: Viewer, *, waits: bool) -> AsyncIterator[Arrival]:
    """A file on its way in, of which nothing stays when it is refused or its sender goes."""
    arrival = await anyio.to_thread.run_sync(lambda: uploads.arriving(service, viewer, waits=waits))
    try:
        yield arrival
    except BaseException:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(arrival.drop)
        raise


@router.post("/api/v1/evidence", response_model=OneUpload, status_code=202,
             openapi_extra=_body(*FIELDS))  # fmt: skip
async def upload_evidence(
    request: Request,
    viewer: Annotated[Viewer, gate("evidence", "upload", takes="upload", cost=5)],
    service: Here,
    *,
    name: FileName = "",
    kind: Kind = "",
    replaces: Replaces = [],  # noqa: B006  # FastAPI copies it
) -> Response:
    """Upload a file of evidence; a job reads it, and the desk signs what it holds."""
    async with _arriving(service, viewer, waits=False) as arrival:
        named, fields = await receive(request, arrival)
        how = _how(How(kind, replaces=tuple(replaces)), fields)
        one = await anyio.to_thread.run_sync(
            uploads.given, service, viewer, arrival, name if named is None else named, how
        )
    await anyio.to_thread.run_sync(
        lambda: note(service.state, viewer, service.now(), "evidence", "upload", about=one.id)
    )
    return answer(shown(one, with_job=True), status=202)


@router.post("/api/v1/evidence/offers", response_model=OneUpload, status_code=202, openapi_extra=_body())
async def offer_evidence(
    request: Request,
    viewer: Annotated[Viewer, gate("evidence", "offer", takes="upload", cost=5)],
    service: Here,
    name: FileName = "",
) -> Response:
    """Offer a file of evidence to the desk; it is looked into when the desk takes it."""
    async with _arriving(service, viewer, waits=True) as arrival:
        named, fields = await receive(request, arrival)
        if fields:
            raise InputError(f"expected no field but the file, got {quoted(next(iter(fields)))}")
        one = await anyio.to_thread.run_sync(
            uploads.offered, service, viewer, arrival, name if named is None else named
        )
    return answer(shown(one, with_job=False), status=202)


@router.get("/api/v1/evidence/offers", response_model=Uploads)
def own_offers(viewer: Annotated[Viewer, gate("evidence", "offer")], service: Here) -> Response:
    """The files that you have offered, and what became of them."""
    return answer({"items": [shown(one, with_job=False) for one in uploads.own(service, viewer)]})


@router.get("/api/v1/evidence/waiting", response_model=Offers)
def offers_waiting(viewer: Annotated[Viewer, gate("evidence", "upload")], service: Here) -> Response:
    """The offers that wait for the desk."""
    del viewer
    items = [
        {**shown(one, with_job=True), "account": one.owner, "party": one.party} for one in uploads.waiting(service)
    ]
    return answer({"items": items})


@router.get(
    "/api/v1/evidence/waiting/{name}/file", response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "As it was offered"}},
)  # fmt: skip
def offered_file(viewer: Annotated[Viewer, gate("evidence", "upload")], service: Here, name: Id) -> Response:
    """An offer that waits, byte for byte: nobody has looked into it."""
    path = uploads.file_of(service, name)
    note(service.state, viewer, service.now(), "evidence", "read", about=name)
    return FileResponse(path, media_type="application/octet-stream", filename=f"offer-{name}.bin")


@router.post("/api/v1/evidence/waiting/{name}", response_model=OneUpload)
def decide_offer(
    viewer: Annotated[Viewer, gate("evidence", "upload")], service: Here, name: Id, body: Decision
) -> Response:  # fmt: skip
    """Take an offer, which is read then; or refuse it, with a reason for whoever made it."""
    if body.take:
        one = uploads.take(service, viewer, name, How(body.kind, body.mapping.encode(), tuple(body.replaces)))
    else:
        one = uploads.refuse(service, name, body.why)
    note(service.state, viewer, service.now(), "evidence", "take" if body.take else "refuse", about=name)
    return answer(shown(one, with_job=True))


def _how(asked: How, fields: Mapping[str, bytes]) -> How:
    """How to read, as the query and the fields of the form say it; both at once is refused.

    Raises:
        InputError: a field that is not known, or not what it should be.
    """
    for name in fields:
        if name not in FIELDS:
            raise InputError(f"{quoted(name)}: expected one of file, {', '.join(FIELDS)}")
    if (asked.kind and "kind" in fields) or (asked.replaces and "replaces" in fields):
        raise InputError("expected kind and replaces once: in the query, or in the form")
    kind = fields.get("kind", b"").decode("utf-8", "replace") or asked.kind
    numbers = fields.get("replaces", b"").decode("ascii", "replace").replace(",", " ").split()
    if not all(number.isdecimal() and len(number) < 17 for number in numbers):
        raise InputError("replaces: expected indexes of entries")
    return How(kind, fields.get("mapping", b""), tuple(map(int, numbers)) or asked.replaces)
