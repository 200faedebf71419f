"""A few routes of the tests' own, to try what stands before every route."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated

import anyio
from fastapi import APIRouter, Query, Request
from msgspec.structs import replace
from pydantic import BaseModel
from starlette.responses import HTMLResponse, Response, StreamingResponse

from tests.web.asking import Client
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer
from truceline.errors import ConflictError, Fault, InputError, StoreError
from truceline.web.app import make_app
from truceline.web.parts import After, Limit, answer, gate

SENT = "the well of Hirbinifsah"
"""What somebody sent; it is found in no log and no metric."""

router = APIRouter()
Anybody = Annotated[Viewer, gate("report", "make")]
Dear = Annotated[Viewer, gate("report", "make", cost=5)]


class Note(BaseModel):
    """A body."""

    text: str
    number: int = 0


class Gates:
    """What a slow route waits for."""

    opened: anyio.Event | None = None
    entered: anyio.Event | None = None


@router.get("/trial/page")
async def try_page(viewer: Anybody, after: After = 0, limit: Limit = 10) -> Response:
    """A list."""
    return answer({"items": [], "after": after, "limit": limit})


@router.get("/trial/many")
async def try_many(viewer: Anybody, term: Annotated[list[str] | None, Query()] = None) -> Response:
    """A parameter that may be repeated."""
    return answer({"terms": term or []})


@router.get("/trial/dear")
async def try_dear(viewer: Dear) -> Response:
    """Something that counts as five requests."""
    return answer({})


@router.post("/trial/notes", status_code=201)
async def try_make(viewer: Anybody, note: Note) -> Response:
    """Takes JSON."""
    return answer({"length": len(note.text)}, status=201)


@router.post("/trial/entries")
async def try_entries(viewer: Annotated[Viewer, gate("report", "make", takes="entry")], request: Request) -> Response:
    """Takes bytes."""
    return answer({"length": len(await request.body())})


@router.post("/trial/files")
async def try_files(viewer: Annotated[Viewer, gate("report", "make", takes="upload")], request: Request) -> Response:
    """Takes a file piece by piece."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
    return answer({"length": size})


@router.get("/trial/slow")
async def try_slow(viewer: Anybody) -> Response:
    """Answers when it is let."""
    if Gates.entered is not None and Gates.opened is not None:
        Gates.entered.set()
        await Gates.opened.wait()
    return answer({})


@router.get("/trial/flood")
async def try_flood(viewer: Anybody) -> Response:
    """More than anybody wants."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b" " * 100_000

    return StreamingResponse(pieces(), media_type="text/plain")


@router.get("/trial/html")
async def try_html(viewer: Anybody) -> Response:
    """A page."""
    return HTMLResponse("<!doctype html><title>x</title>")


@router.get("/trial/kept")
async def try_kept(viewer: Anybody) -> Response:
    """Something that may be kept in a cache."""
    return answer({}, headers={"Cache-Control": "public, max-age=60"})


@router.get("/trial/fails/{how}")
def try_fails(viewer: Anybody, how: str) -> Response:
    """Fails."""
    errors = {
        "input": InputError(Fault("expected a day", "a.csv", 3, "day"), Fault("expected a place", "a.csv", 4)),
        "conflict": ConflictError("expected version 3, got 2"),
        "store": StoreError(f"/srv/case: {SENT}"),
        "bug": ValueError(SENT),
    }
    raise errors[how]


@contextmanager
def trial(service: Service, out: io.StringIO | None = None, **settings: object) -> Iterator[Client]:
    """An application with these routes and other settings, over a service; what it logs goes to `out`."""
    before = service.settings
    service.settings = replace(before, **settings)
    app = make_app(service, out or io.StringIO())
    app.include_router(router)
    asking = Client(app)
    try:
        yield asking
    finally:
        asking.close()
        service.settings = before
