"""How does a statement get into the record? Signed in its party's own browser or command line, handed in byte for byte.

The service signs nothing for anybody. Handed in again, the same bytes get the same receipt.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from truceline.desk import approvals, webhooks
from truceline.desk.handed import entries_of_batch, index_in, line_of, own_leaf, read_handed, receipt_of
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer
from truceline.errors import (
    ConflictError,
    InputError,
    SubmissionError,
    TrucelineError,
    VerificationError,
    one_line,
)
from truceline.record.entry import Entry
from truceline.record.log import Submission, Taken
from truceline.record.tree import leaf_hash
from truceline.span import utc_text
from truceline.web.parcels import parcel_of
from truceline.web.parts import PROBLEMS, TRACE, Here, ProblemError, ProblemShown, answer, gate
from truceline.web.problems import detail_of, status_of
from truceline.web.routes.record import CitedShown

router = APIRouter(tags=["statements"])

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object", "required": ["entry"],
        "properties": {
            "entry": {"type": "string", "format": "binary"},
            "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
        },
    },
}  # fmt: skip
_ALONE = "a statement that needs a second person is handed in alone"

Leaf = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="Leaf hash of the entry.")]
Submitting = Annotated[Viewer, gate("statement", "submit", takes="statement")]


class ReceiptShown(BaseModel):
    """Where a statement stands, and the promise that it stays there (a C2SP tlog-proof)."""

    entry: int
    leaf: str
    receipt: str
    law: str


class HeldShown(BaseModel):
    """A statement that waits for a second person."""

    held: str
    leaf: str
    expires: str
    law: str


class ExpectedShown(BaseModel):
    """What the next statement of a party has to say."""

    party: str
    next: int
    previous: str
    cites: CitedShown
    log: str
    under: str


class ConflictShown(ProblemShown):
    """A conflict, and what is expected now: nothing is lost, it has to be signed again."""

    expected: ExpectedShown | None = None


class AnsweredShown(BaseModel):
    """What became of one statement of a batch."""

    status: Literal[200, 201, 404, 409, 422, 500, 503]
    entry: int | None
    leaf: str
    receipt: str | None
    problem: ConflictShown | None


class BatchShown(BaseModel):
    """What became of each statement of a batch, in its order."""

    items: list[AnsweredShown]
    law: str


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": ReceiptShown, "description": "It was taken before: the same receipt again"},
    202: {"model": HeldShown, "description": "It waits for a second person"},
    409: {"model": ConflictShown, "description": "Something came before it"},
}


@router.post(
    "/api/v1/statements", status_code=201, response_model=ReceiptShown, responses=_ANSWERS,
    openapi_extra={"requestBody": {"required": True, "content": {
        "application/octet-stream": _BINARY, "multipart/form-data": _FORM,
    }}},
)  # fmt: skip
async def submit(viewer: Submitting, service: Here, request: Request) -> Response:
    """Hand in a signed statement: the entry alone, or a form with the entry and the files that it names."""
    kind, body = request.headers.get("content-type", ""), await request.body()
    is_form = kind.lower().startswith("multipart/")  # what a form is takes time to find out
    data, files = await run_sync(parcel_of, kind, body) if is_form else (body, {})
    entry = read_handed(viewer, data, files)
    if approvals.needs_second(entry.statement.type):
        return await run_sync(_held, service, viewer, entry, files)
    try:
        taken = await asyncio.wrap_future(service.sequencer.submit(data, files))
    except (SubmissionError, VerificationError) as error:
        return await run_sync(_again, service, entry, error)
    return _receipt(taken, 201)


@router.post(
    "/api/v1/statements/batch", response_model=BatchShown,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}},
)  # fmt: skip
async def submit_batch(viewer: Submitting, service: Here, request: Request) -> Response:
    """Hand in signed statements without files: each with its length before it in two bytes, big-endian, 256 at most."""
    batch = entries_of_batch(await request.body())
    if len(batch) > 1:
        request.app.state.rates.spend(request.scope[TRACE].key, viewer.account, "POST", len(batch) - 1)
    answers = await asyncio.gather(*(_one(service, viewer, data) for data in batch))
    return answer({"items": answers})


@router.get("/api/v1/receipts/{leaf}", response_model=ReceiptShown)
def receipt(viewer: Annotated[Viewer, gate("statement", "submit")], service: Here, leaf: Leaf) -> Response:
    """The receipt of what one's own party handed in, once more; of nothing else it is told whether it is there."""
    return _receipt(_receipt_again(service, own_leaf(service.case, viewer, leaf)), 200)


async def _one(service: Service, viewer: Viewer, data: bytes) -> dict[str, Any]:
    """What becomes of one statement of a batch."""
    made: dict[str, Any] = {
        "status": 201, "entry": None, "leaf": leaf_hash(data).hex(), "receipt": None, "problem": None,
    }  # fmt: skip
    try:
        entry = read_handed(viewer, data, {})
        if approvals.needs_second(entry.statement.type):
            raise InputError(_ALONE)
        try:
            taken = await asyncio.wrap_future(service.sequencer.submit(data, {}))
        except (SubmissionError, VerificationError) as error:
            taken, made["status"] = await run_sync(_taken_before, service, entry, error), 200
    except (TrucelineError, ProblemError) as error:
        made["status"], made["problem"] = _problem(error)
        return made
    return {**made, "entry": taken.index, "receipt": taken.receipt.decode()}


def _problem(error: TrucelineError | ProblemError) -> tuple[int, dict[str, Any]]:
    """A refusal as it is told in a batch."""
    if isinstance(error, ProblemError):
        status, detail, more = error.status, error.detail, error.more
    else:
        status, detail, more = status_of(error), detail_of(error), {}
    name, title = PROBLEMS[status]
    return status, {
        "type": f"/problems/{name}", "title": title, "status": status, "detail": detail, "faults": [],
        "expected": None, **more,
    }  # fmt: skip


def _held(service: Service, viewer: Viewer, entry: Entry, files: dict[str, bytes]) -> Response:
    """A statement that waits for a second person, once it is known that the record would take it."""
    before = index_in(service.case, entry)
    if before is not None:
        return _receipt(_receipt_again(service, before), 200)
    refusal = service.sequencer.ask(lambda log: log.trial(Submission(entry.data, files))).result()
    if refusal is not None:
        raise _conflict(service, entry, refusal)
    kept = approvals.hold(
        service.state, service.settings, viewer, service.now(), entry=entry.data, files=files,
        register=service.case.register(),
    )  # fmt: skip
    webhooks.notice(service)
    return answer(
        {"held": kept.id, "leaf": kept.leaf.hex(), "expires": utc_text(kept.expires)}, status=202,
        headers={"Location": f"/api/v1/approvals/{kept.id}"},
    )  # fmt: skip


def _again(service: Service, entry: Entry, error: TrucelineError) -> Response:
    return _receipt(_taken_before(service, entry, error), 200)


def _taken_before(service: Service, entry: Entry, error: TrucelineError) -> Taken:
    """Where a statement stands that was refused because it is there already; any other refusal stays one.

    Raises:
        ProblemError: 409, with what is expected now. SubmissionError, VerificationError: as it was refused.
    """
    before = index_in(service.case, entry)
    if before is None:
        raise _conflict(service, entry, error) from None
    return _receipt_again(service, before)


def _conflict(service: Service, entry: Entry, error: TrucelineError) -> Exception:
    if not isinstance(error, ConflictError):
        return error
    expected = line_of(service.case, entry.statement.by)
    return ProblemError(409, one_line(str(error.faults[0])), more={"expected": expected})


def _receipt_again(service: Service, index: int) -> Taken:
    said = service.case.entries()[index]
    size = service.case.batch_of(index)
    made = service.sequencer.ask(lambda log: receipt_of(log, index, size, said.known_at)).result()
    return Taken(index, leaf_hash(said.entry.data), made)


def _receipt(taken: Taken, status: int) -> Response:
    return answer(
        {"entry": taken.index, "leaf": taken.leaf.hex(), "receipt": taken.receipt.decode()}, status=status,
        headers={"Location": f"/api/v1/record/entries/{taken.index}"},
    )  # fmt: skip
