"""How do calls of a hotline come in, and how does the intake desk work on reports, by HTTP?

A provider posts each message as a form and is told what to answer. The desk sees what waits, decides, and makes the
batch of a window; every look and every decision is in the audit. How a reporter is reached is in no answer.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from truceline.desk import batches, intake, triage
from truceline.desk.audits import note
from truceline.desk.intake import FULL, MOST_SHORT, Given, Room
from truceline.desk.settings import Settings
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError, InputError, StoreError
from truceline.report.intake import Spoken
from truceline.span import utc_text
from truceline.web.hotline import fields_of, language_of, shown_as
from truceline.web.parts import Here, Sent, answer, gate
from truceline.web.patterns import SAID
from truceline.web.reporting import Line, form_of, meant, room_of

router = APIRouter(tags=["intake"])

Id = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="Id of a report.")]
Reviewing = Annotated[Viewer, gate("report", "review")]
_TEXT = {"schema": {"type": "string"}}
_REPLY: dict[int | str, dict[str, Any]] = {200: {"content": dict.fromkeys(("application/xml", "text/plain"), _TEXT)}}


class OptionShown(BaseModel):
    """What words about place and time can mean: a number to answer with, and both in words."""

    number: int
    place: str
    when: str
    precision: str


class QueuedShown(BaseModel):
    """A report that waits."""

    id: str
    state: str
    day: str
    channel: str
    lang: str
    act: str | None
    media: int
    is_settled: bool


class Queue(BaseModel):
    """What waits at the intake desk, by id; and what nobody can read any more."""

    items: list[QueuedShown]
    damaged: list[str]
    next: str | None
    law: str


class MeantShown(OptionShown):
    """The same with the ids of the places."""

    places: list[str]


class OriginalShown(BaseModel):
    """A photo or a recording, by the name that the record will have."""

    original: str
    what: str


class ReportShown(QueuedShown):
    """A report, whole; how its reporter is reached is not in it."""

    words: str
    place: str
    time: str
    options: list[MeantShown]
    answer: int | None
    consent: list[str]
    originals: list[OriginalShown]
    row: dict[str, Any] | None
    into: str | None
    can_be_reached: bool
    law: str


class Taken(Sent):
    """How a report is taken; what is empty stays as it was told."""

    act: str = Field(default="", max_length=64)
    actor: str = Field(default="", max_length=200, description="A name that the agreement knows.")
    target: str = Field(default="", max_length=200, description="A name that the agreement knows.")
    weapon: str = Field(default="", max_length=200)
    place: str = Field(default="", max_length=64, description="Id of a place of the lists, a unit, or `none`.")
    when: str = Field(default="", max_length=32)
    precision: str = Field(default="", max_length=16)
    until: str = Field(default="", max_length=32)
    killed_low: int | None = Field(default=None, ge=0, lt=2**31)
    killed_high: int | None = Field(default=None, ge=0, lt=2**31)
    grade: str = Field(default="", max_length=2)
    note: str = Field(default="", max_length=triage.MOST_NOTE, description="In the words of the desk.")
    is_named: bool = Field(default=False, description="The note names or quotes somebody, and is held back.")


class DecisionGiven(Sent):
    """What the desk decides: `take`, `join` with `into`, `close` for the closed pathway, `reject` with a reason."""

    model_config = ConfigDict(json_schema_extra={
        "anyOf": [
            {"properties": {"decision": {"enum": ["take", "close"]}}},
            {"properties": {"decision": {"const": "join"}, "into": {"minLength": 16}}, "required": ["into"]},
            {"properties": {"decision": {"const": "reject"}, "reason": {"pattern": SAID}}, "required": ["reason"]},
        ],
    })  # fmt: skip

    decision: Literal["take", "join", "close", "reject"]
    row: Taken = Field(default_factory=Taken)
    into: str = Field(default="", pattern="^(?:[0-9a-f]{16})?$")
    reason: str = Field(default="", max_length=triage.MOST_REASON)


class Decided(BaseModel):
    """A decision was taken; of a report that is taken, its row."""

    id: str
    decision: str
    row: dict[str, Any] | None
    law: str


class DueShown(BaseModel):
    """What the next batch would hold, and from when on it may be made; null = at once."""

    ready: int
    pending: int
    is_due: bool
    since: str | None
    law: str


class ReportBatchShown(BaseModel):
    """What was appended: the index of the table, null = there was none; how many entries, how many rows."""

    entry: int | None
    entries: int
    rows: int
    law: str


_MESSAGE = form_of(["MessageSid"], MessageSid={"minLength": 1, "maxLength": MOST_SHORT}, From={}, Body={})


# -- the hotline -------------------------------------------------------------------------------------------------------


@router.post("/intake/hotline", responses=_REPLY, openapi_extra=_MESSAGE)
async def hotline(
    request: Request, _: Annotated[Viewer, Depends(Line("report", "hand-over", "form"))], service: Here
) -> Response:
    """Take in a message of the hotline, and answer it: a report, or the number of an answer."""
    settings = service.settings
    fields = fields_of(await request.body())
    text, message = fields.get(settings.hotline_text, ""), fields.get(settings.hotline_message, "")
    if not message or len(message) > MOST_SHORT:
        raise InputError("expected the id of the message")
    said_ = await run_sync(_heard, room_of(request), settings, text, fields.get(settings.hotline_sender, ""), message)
    body, kind = shown_as(settings, said_)
    return Response(body, 200, media_type=kind)


def _heard(room: Room, settings: Settings, text: str, sender: str, message: str) -> str:
    """What a caller is told. A message that cannot be taken in is answered too: nobody else would tell."""
    lang = language_of(text, settings.hotline_lang)
    speaks = Spoken(lang)
    try:
        heard = intake.heard(room, Given(text, channel="hotline", lang=lang, contact=sender), message)
    except InputError:
        return speaks.too_long()
    except StoreError as error:
        if FULL not in str(error):
            raise  # the provider sends it again
        return speaks.full()
    if heard.received is None:
        return Spoken(settings.hotline_lang).thanks() if heard.what == "answer" else speaks.help()
    return speaks.received(heard.received.receipt, meant(room, heard.received.options, lang))


# -- the intake desk ---------------------------------------------------------------------------------------------------


@router.get("/api/v1/intake/queue", response_model=Queue)
def queue(
    request: Request,
    viewer: Reviewing,
    service: Here,
    after: Annotated[str, Query(pattern="^[0-9a-f]{0,16}$", description="Only ids behind this one.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """List the reports that wait, by id: the order says nothing."""
    note(service.state, viewer, service.now(), "report", "list")
    rows, damaged = triage.queue(room_of(request))
    shown = [row for row in rows if row["id"] > after]
    onward = shown[limit - 1]["id"] if len(shown) > limit else None
    return answer({"items": shown[:limit], "damaged": damaged, "next": onward})


@router.get("/api/v1/intake/queue/{id}", response_model=ReportShown)
def queued(request: Request, viewer: Reviewing, service: Here, id: Id) -> Response:  # noqa: A002  # the path's name
    """Show one report, whole."""
    note(service.state, viewer, service.now(), "report", "read", about=id)
    return answer(_there(triage.show, room_of(request), id))


@router.post("/api/v1/intake/queue/{id}", response_model=Decided)
def decide(request: Request, viewer: Reviewing, service: Here, id: Id, body: DecisionGiven) -> Response:  # noqa: A002
    """Decide on a report: taken, joined to another, moved to the closed pathway, or rejected."""
    room, row = room_of(request), None
    _there(triage.show, room, id)
    note(service.state, viewer, service.now(), "report", body.decision, about=id)
    if body.decision == "take":
        row = triage.take(room, id, triage.Decision(**body.row.model_dump()))
    elif body.decision == "join":
        triage.join(room, id, body.into)
    elif body.decision == "close":
        triage.close(room, id)
    else:
        triage.reject(room, id, body.reason)
    return answer({"id": id, "decision": body.decision, "row": row})


@router.get("/api/v1/intake/batch", response_model=DueShown)
def due(request: Request, viewer: Reviewing) -> Response:
    """Tell whether a batch may be made, and what it would hold."""
    del viewer
    found = batches.due(room_of(request))
    since = utc_text(found.since) if found.since else None
    return answer({"ready": found.ready, "pending": found.pending, "is_due": found.is_due, "since": since})


@router.post("/api/v1/intake/batch", response_model=ReportBatchShown, status_code=201)
def batch(request: Request, viewer: Reviewing, service: Here) -> Response:
    """Make the batch of this window, if it is due; the desk signs it as received."""
    note(service.state, viewer, service.now(), "report", "batch")
    made = batches.batch(room_of(request))
    return answer({"entry": made.entry, "entries": made.entries, "rows": made.rows}, status=201)


def _there(ask: Any, room: Room, one: str) -> Any:  # noqa: ANN401  # any answer
    """What is not there, and what is of the closed pathway, get the one answer."""
    try:
        return ask(room, one)
    except InputError:
        raise AccessError(REFUSED) from None
