"""What does the record hold, and how is it proved? Entries for who may read them, proofs and hashes for everybody."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from truceline.desk import audits, records
from truceline.desk.entries import (
    CHECKPOINT,
    Shelf,
    checkpoints_of,
    consistency_of,
    is_witnessed,
    record_shown,
    static,
)
from truceline.desk.handed import check_speaks, line_of
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError, InputError
from truceline.span import utc_text
from truceline.web.parts import Here, Limit, ProblemError, answer, gate

router = APIRouter(tags=["record"])

BYTES, TEXT, ZIP = "application/octet-stream", "text/plain; charset=utf-8", "application/zip"
FOR_EVER = "public, max-age=31536000, immutable"
"""A full tile never changes."""

MOST_BUNDLED = 100
_BUNDLING = BoundedSemaphore(2)
"""For each bundle the whole record is read: no more of them at once."""

_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}

Entry = Annotated[int, Path(ge=0, le=2**53, description="Index of the entry.")]
Behind = Annotated[int, Query(ge=-1, le=2**53, description="Only what comes after this index of the record.")]
Kind = Annotated[str, Query(max_length=32, description="Only entries of this type.")]
By = Annotated[str, Query(max_length=64, description="Only entries of this submitter.")]
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file.")]


# -- how it is shown ---------------------------------------------------------------------------------------------------


class KnownAt(BaseModel):
    """As of which entry of the record, and its time."""

    index: int
    at: str


class TextInForce(BaseModel):
    """The text in force: the hash of its values, its file, its id."""

    canonical_sha256: str
    file: str
    id: str


class PartyKeyShown(BaseModel):
    """A key that could sign: from this entry of the record on, and until before that one."""

    party: str
    id: str
    public: str
    since: int
    until: int | None
    contested_from: int | None


class RecordShown(BaseModel):
    """What a record says of itself."""

    origin: str
    title: str
    is_demo: bool
    log: str
    clock: str
    policy: str
    charter: dict[str, Any]
    size: int
    checkpoint: str
    known_at: KnownAt
    text: TextInForce
    keys: list[PartyKeyShown]
    key_sets: list[dict[str, Any]]
    law: str


class CitedShown(BaseModel):
    """A checkpoint by its size and root."""

    size: int
    root: str


class EntryFileShown(BaseModel):
    """A file that an entry names."""

    name: str
    sha256: str
    size: int


class PublishedEntryShown(BaseModel):
    """By which entry it was made public, when, and which later findings correct it."""

    by: int
    at: str
    corrected_by: list[int]


class EntryShown(BaseModel):
    """An entry of the record."""

    entry: int
    type: str
    by: str
    sequence: int
    previous: str
    signed_by: list[str]
    keys: list[str]
    known_at: str
    claims: str | None
    cites: CitedShown
    under: str
    leaf: str
    is_sealed: bool
    shredded_by: int | None
    contested: str
    files: list[EntryFileShown]
    body: Any
    published: PublishedEntryShown | None


class EntryAnswer(EntryShown):
    """One entry, with the line of the law."""

    law: str


class Entries(BaseModel):
    """A page of entries."""

    items: list[EntryShown]
    next: str | None
    known_at: KnownAt
    law: str


class Consistency(BaseModel):
    """The proof that a larger tree continues a smaller one: hashes in base64."""

    old: int
    new: int
    path: list[str]
    law: str


class CheckpointShown(BaseModel):
    """A checkpoint with its cosignatures."""

    size: int
    note: str


class Checkpoints(BaseModel):
    """A page of checkpoints."""

    items: list[CheckpointShown]
    next: str | None
    law: str


class LineShown(BaseModel):
    """What somebody needs to sign the next statement of a party elsewhere."""

    party: str
    next: int
    previous: str
    cites: CitedShown
    log: str
    under: str
    law: str


# -- the record --------------------------------------------------------------------------------------------------------


@router.get("/api/v1/record", response_model=RecordShown)
def record(viewer: Annotated[Viewer, gate("record", "read")], service: Here) -> Response:
    """Whose record it is, who may sign and since when, which text is in force, and its newest checkpoint."""
    del viewer
    return answer(record_shown(service.case))


@router.get("/api/v1/record/entries", response_model=Entries)
def entries(  # noqa: PLR0917  # the signature is the query
    viewer: Annotated[Viewer, gate("entry", "read")],
    service: Here,
    after: Behind = -1,
    limit: Limit = 100,
    type: Kind = "",  # noqa: A002  # the name of the parameter
    by: By = "",
) -> Response:
    """The entries that whoever asks may read, in the order of the record; others are neither listed nor counted."""
    shelf = Shelf(service.case, viewer)
    found, has_more = shelf.listed(after, limit=limit, kind=type, by=by)
    return answer({
        "items": [shelf.shown(said) for said in found], "next": str(found[-1].index) if has_more else None,
        "known_at": {"index": shelf.size - 1, "at": utc_text(service.case.newest())},
    })  # fmt: skip


@router.get("/api/v1/record/entries/{entry}", response_model=EntryAnswer)
def entry(viewer: Annotated[Viewer, gate("entry", "read")], service: Here, entry: Entry) -> Response:
    """One entry."""
    shelf = Shelf(service.case, viewer)
    return answer(shelf.shown(shelf.said(entry)))


@router.get(
    "/api/v1/record/entries/{entry}/bytes", response_class=Response,
    responses={200: {"content": {BYTES: _BINARY}, "description": "The bytes that were signed"}},
)  # fmt: skip
def entry_bytes(viewer: Annotated[Viewer, gate("entry", "read")], service: Here, entry: Entry) -> Response:
    """The bytes of an entry as they stand in the record: what its leaf hash and its signatures are over."""
    return Response(Shelf(service.case, viewer).said(entry).entry.data, media_type=BYTES)


@router.get(
    "/api/v1/record/entries/{entry}/proof", response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "A C2SP tlog-proof"}},
)  # fmt: skip
def entry_proof(viewer: Annotated[Viewer, gate("record", "read")], service: Here, entry: Entry) -> Response:
    """The proof that an entry is in the newest checkpoint: hashes only, so it is for everybody."""
    del viewer
    try:
        return Response(records.proof_of(service.case, entry), media_type=TEXT)
    except InputError:
        raise AccessError(REFUSED) from None


@router.get(
    "/api/v1/record/entries/{entry}/box", response_class=Response,
    responses={200: {"content": {BYTES: _BINARY}, "description": "The box, as it lies beside the record"}},
)  # fmt: skip
def entry_box(viewer: Annotated[Viewer, gate("box", "read")], service: Here, entry: Entry) -> Response:
    """The box of a sealed body, for those whom it was sealed for; that it was read is noted."""
    data = Shelf(service.case, viewer).box(entry)
    audits.note(service.state, viewer, service.now(), "box", "read", about=entry)
    return Response(data, media_type=BYTES)


@router.get(
    "/api/v1/record/blobs/{sha256}", response_class=Response,
    responses={200: {"content": {BYTES: _BINARY}, "description": "The bytes of the file"}},
)  # fmt: skip
def blob(viewer: Annotated[Viewer, gate("blob", "read")], service: Here, sha256: Digest) -> Response:
    """A file that an entry names which whoever asks may read; of any other nobody learns that it is there."""
    return Response(Shelf(service.case, viewer).file(sha256), media_type=BYTES)


@router.get("/api/v1/record/consistency", response_model=Consistency)
def consistency(
    viewer: Annotated[Viewer, gate("record", "read")],
    service: Here,
    old: Annotated[int, Query(ge=0, le=2**53, description="Size of the smaller tree.")],
    new: Annotated[int | None, Query(ge=0, le=2**53, description="Size of the larger one; none = the newest.")] = None,
) -> Response:
    """The proof that the tree of one size continues that of a smaller one."""
    del viewer
    return answer(consistency_of(service.case, old, new))


@router.get("/api/v1/record/checkpoints", response_model=Checkpoints)
def checkpoints(
    viewer: Annotated[Viewer, gate("record", "read")],
    service: Here,
    after: Annotated[int, Query(ge=0, le=2**53, description="Only of more entries than this.")] = 0,
    limit: Limit = 100,
) -> Response:
    """Earlier checkpoints, dated: since when each entry is known. For mirrors that compute again what was computed."""
    del viewer
    found = checkpoints_of(service.case, after, limit + 1)
    has_more = len(found) > limit
    return answer({"items": found[:limit], "next": str(found[limit - 1]["size"]) if has_more else None})


@router.get(
    "/api/v1/record/bundle", response_class=Response,
    responses={200: {"content": {ZIP: _BINARY}, "description": "A bundle that proves itself offline"}},
)  # fmt: skip
def bundle(
    viewer: Annotated[Viewer, gate("entry", "read", cost=200)],
    service: Here,
    entries: Annotated[list[int], Query(max_length=MOST_BUNDLED, description="Indexes of entries; repeat.")],
) -> Response:
    """An offline bundle of some entries, against the newest checkpoint that enough witnesses cosigned."""
    shelf = Shelf(service.case, viewer)
    if not entries or not all(one in shelf for one in entries):
        raise AccessError(REFUSED)
    if not _BUNDLING.acquire(blocking=False):
        raise ProblemError(503, "other bundles are being made", name="busy", headers={"Retry-After": "5"})
    try:
        if not is_witnessed(service.case):
            raise ProblemError(503, "not enough witnesses have cosigned yet", headers={"Retry-After": "60"})
        data = records.bundle_of(service.case, entries)
    finally:
        _BUNDLING.release()
    return Response(data, media_type=ZIP, headers={"Content-Disposition": 'attachment; filename="bundle.zip"'})


@router.get("/api/v1/lines/{party}", response_model=LineShown)
def line(
    viewer: Annotated[Viewer, gate("statement", "submit")],
    service: Here,
    party: Annotated[str, Path(max_length=64, description="Id of the party that signs; its own, or any for the desk.")],
) -> Response:
    """What a party needs to sign its next statement elsewhere: its number, the hash of the one before, what to cite."""
    check_speaks(viewer, party)
    return answer(line_of(service.case, party))


# -- static tiles ------------------------------------------------------------------------------------------------------


@router.get(
    "/checkpoint", response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "A C2SP checkpoint"}},
)  # fmt: skip
async def checkpoint(viewer: Annotated[Viewer, gate("record", "read")], service: Here) -> Response:
    """The newest checkpoint with every cosignature on it."""
    del viewer
    data = await anyio.to_thread.run_sync(static, service.case, CHECKPOINT)
    return Response(data, media_type=TEXT, headers={"Cache-Control": "no-cache"})


@router.get(
    "/tile/entries/{name:path}", response_class=Response,
    responses={200: {"content": {BYTES: _BINARY}, "description": "A bundle of entries (C2SP tlog-tiles)"}},
)  # fmt: skip
async def entry_tile(viewer: Annotated[Viewer, gate("entry", "mirror")], service: Here, name: str) -> Response:
    """Entries, one after another: for those who mirror the record."""
    del viewer
    data = await anyio.to_thread.run_sync(static, service.case, f"tile/entries/{name}")
    return Response(data, media_type=BYTES)


@router.get(
    "/tile/{name:path}", response_class=Response,
    responses={200: {"content": {BYTES: _BINARY}, "description": "Hashes (C2SP tlog-tiles)"}},
)  # fmt: skip
async def hash_tile(viewer: Annotated[Viewer, gate("record", "read")], service: Here, name: str) -> Response:
    """A tile of hashes, full or partial."""
    del viewer
    data = await anyio.to_thread.run_sync(static, service.case, f"tile/{name}")
    return Response(data, media_type=BYTES, headers={} if ".p/" in name else {"Cache-Control": FOR_EVER})
