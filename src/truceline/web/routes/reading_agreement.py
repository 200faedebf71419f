"""What stands of the agreement? Its terms as data and whether each is in force, designations, who holds which text.

And what a drafter should look at, in the text in force or in a draft that is handed in and not kept.
"""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Annotated, Any

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from truceline.desk.checking import check_text, finding_rows, kinds_of
from truceline.desk.childdraft import Looked, look_at
from truceline.desk.childread import spare_tables
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer
from truceline.desk.views import stands
from truceline.desk.views.kept import Kept, kept_of
from truceline.web.asking import Who, whoever
from truceline.web.parts import Here, ProblemError, answer, gate
from truceline.web.patterns import TIME
from truceline.web.routes import reading_shown as shown
from truceline.web.routes.reading import DEAR, SAME, KnownAt
from truceline.web.routes.reading_record import SelectorShown

router = APIRouter(tags=["reading"])

DRAFT_NAME = "draft.yaml"
NO_AREAS = b'{"type":"FeatureCollection","features":[]}'
_LOOKING = BoundedSemaphore(2)
"""Each draft is looked at in a process of its own: no more of them at once."""

At = Annotated[str, Query(pattern=TIME, description="At this moment; empty = as of `known_at`, or now.")]


class Stand(BaseModel):
    """Whether a term is in force at a moment, since when, and until when as far as that is known."""

    model_config = ConfigDict(populate_by_name=True)

    state: str
    reasons: list[str]
    note: str | None
    since: str | None = Field(alias="from")
    until: str | None


class TermData(BaseModel):
    """One term as data: `body` holds its fields as the text has them, `lines` its lines of the file."""

    id: str
    kind: str
    line: int
    lines: str | None
    who: SelectorShown | None
    to: SelectorShown | None
    does: list[str]
    where: list[str]
    at: str
    instrument: str | None
    source: str | None
    tag: str | None
    withheld: bool
    protective: bool
    text: dict[str, str]
    versions: list[dict[str, Any]]
    body: dict[str, Any]
    exceptions: list[str]
    stands: Stand


class InstrumentShown(BaseModel):
    """A document of the bundle."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    title: str
    adopted: bool
    since: Any = Field(alias="from")
    until: Any
    published: str | None
    source: str | None


class Terms(BaseModel):
    """Every term as data, at a moment."""

    at: str
    terms: list[TermData]
    words: dict[str, Any]
    instruments: list[InstrumentShown]
    known_at: shown.KnownAt
    law: str


class Designations(BaseModel):
    """Who is who at a moment, by both readings of a designation. It says nothing of who may be attacked."""

    at: str
    reading: str
    tz: str
    actors: list[dict[str, Any]]
    lists: dict[str, Any]
    known_at: shown.KnownAt
    law: str


class Holdings(BaseModel):
    """Which text each party holds, as far as the entries show it that whoever asks may read."""

    in_force: str
    versions: list[dict[str, Any]]
    parties: list[dict[str, Any]]
    differing: dict[str, list[str]]
    wordings: list[dict[str, Any]]
    known_at: shown.KnownAt
    law: str


class Remark(BaseModel):
    """One thing a drafter should look at; nothing is resolved."""

    kind: str
    line: int
    terms: list[str]
    message: str
    advice: str


class Fault(BaseModel):
    """One thing for which a text is refused: file, line (0 = the whole), field."""

    file: str
    line: int
    field: str
    message: str


class Lint(BaseModel):
    """What a drafter should look at before anybody signs."""

    file: str
    ok: bool
    id: str
    faults: list[Fault]
    warnings: list[str]
    findings: list[Remark]
    terms: dict[str, int]
    text_sha256: str
    canonical_sha256: str
    law: str


class LintOfText(Lint):
    """The same of the text in force."""

    known_at: shown.KnownAt


@router.get("/api/v1/agreement/terms", response_model=Terms, responses=SAME)
async def agreement_terms(  # the signature is the query
    who: Annotated[Who, whoever("agreement", "read", cost=50)],
    at: At = "",
    known_at: KnownAt = "",
) -> Response:
    """The terms as data, with their lines of the text, and whether each was in force at a moment."""
    asks = await who.about(known_at)
    told, text = await asks.room("stands", asks.known, asks.reading, at), asks.snapshot.agreement
    return await asks.worked_out(
        lambda: {
            "at": told["at"], "terms": stands.terms_rows(asks.snapshot, who.service.case, told["terms"]),
            "words": dict(text.words), "instruments": stands.instrument_rows(text),
        }
    )  # fmt: skip


@router.get("/api/v1/agreement/designations", response_model=Designations, responses=SAME)
async def agreement_designations(  # the signature is the query
    who: Annotated[Who, whoever("agreement", "read", cost=50)],
    at: At = "",
    known_at: KnownAt = "",
) -> Response:
    """Who was called what at a moment, by identity and by listed name: names, changes, lists, and what is open."""
    asks = await who.about(known_at)
    told = await asks.room("designations", asks.known, asks.reading, at)
    return asks.told({**told, "tz": asks.snapshot.agreement.tz})


@router.get("/api/v1/agreement/held", response_model=Holdings, responses=SAME)
async def agreement_held(  # the signature is the query
    who: Annotated[Who, whoever("agreement", "read", cost=50)],
    at: Annotated[str, Query(pattern=TIME, description="At this moment; empty = after all that is known.")] = "",
    known_at: KnownAt = "",
) -> Response:
    """Which text each party holds and has acknowledged, and the text in each of its languages."""
    asks = await who.about(known_at)
    return await asks.worked_out(
        lambda: {
            **stands.held_rows(asks.snapshot, who.service.case, who.viewer, at),
            "wordings": stands.wordings_rows(asks.snapshot, who.service.case),
        }
    )  # fmt: skip


# -- what a drafter should look at -------------------------------------------------------------------------------------


@router.get("/api/v1/agreement/lint", response_model=LintOfText, responses=SAME)
async def agreement_lint(
    who: Annotated[Who, whoever("agreement", "read", cost=50)],
    known_at: KnownAt = "",
) -> Response:
    """What a drafter should look at in the text in force, with the areas that were published with it."""
    asks = await who.about(known_at)

    def made() -> Kept:
        """The text, looked at."""
        name, files = stands.text_files(asks.snapshot, who.service.case)
        found = check_text(files[name], name, files)
        text = found.agreement
        return kept_of(msgspec.json.encode({
            "file": name, "ok": True, "id": text.id, "faults": [], "warnings": found.warnings,
            "findings": finding_rows(found), "terms": kinds_of(text), "text_sha256": text.text_hash,
            "canonical_sha256": text.canonical_hash,
        }))  # fmt: skip

    return await asks.kept(("lint", asks.snapshot.agreement.canonical_hash, asks.snapshot.size), made)


@router.post("/api/v1/agreement/lint", response_model=Lint)
async def draft_lint(
    viewer: Annotated[Viewer, gate("draft", "check", takes="text", cost=DEAR)], service: Here, request: Request
) -> Response:
    """What a drafter should look at in a draft. It is looked at in a process with nothing, and not kept."""
    del viewer
    return answer(lint_row(await looked_at(service, await request.body()), DRAFT_NAME))


async def looked_at(service: Service, data: bytes, name: str = DRAFT_NAME) -> Looked:
    """What came of looking at a draft.

    Args:
        service: with the text in force: areas that the draft names are those of that text.
        data: the bytes of the draft.
        name: of its file, for messages.

    Raises:
        ProblemError: 503, others are being looked at. InputError: it takes more than it may.
    """
    snapshot = service.snapshots.current()

    def looked() -> Looked:
        """In a child; never kept."""
        own, files = stands.text_files(snapshot, service.case)
        near = {"areas.geojson": NO_AREAS, **spare_tables({"areas.geojson": NO_AREAS}), **files}
        near.pop(own, None)
        return look_at(data, name, near)

    if not _LOOKING.acquire(blocking=False):
        raise ProblemError(503, "other drafts are being looked at", name="busy", headers={"Retry-After": "5"})
    try:
        return await run_sync(looked)
    finally:
        _LOOKING.release()


def lint_row(found: Looked, name: str) -> dict[str, Any]:
    """What came of looking at a draft, as an answer."""
    return {"file": name, "ok": not found.faults, **msgspec.to_builtins(found)}
