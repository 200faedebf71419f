"""How is something made known ahead, confirmed, acknowledged and followed up, by HTTP?

A telephone sends what it has when it can, and again when it does not know whether it arrived: `sent` is the name that
it made. What a recipient acknowledges here the desk says in the record, as it was told; what it signs itself is a
statement like any other. What an answer holds is what its reader may see; nothing of it is in a log.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from truceline.desk import noticelists, notified
from truceline.desk.audits import note
from truceline.desk.noticenear import near_shown
from truceline.desk.noticeroom import NoticeRoom, is_desk
from truceline.desk.noticeshown import ids_shown
from truceline.desk.notification import MOST_WHY
from truceline.desk.notified import MOST_SENT
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError, Fault
from truceline.notices.checks import CODES
from truceline.notices.checks import REFUSED as NOT_KEPT
from truceline.notices.model import MOST_ACCURACY_M, MOST_AREAS, MOST_TEXT, MOST_TO, Draft
from truceline.web.parts import Here, Sent, answer, gate, problem
from truceline.web.patterns import LINE

router = APIRouter(tags=["notices"])

ID = "^[a-p]{16}$"
PARTY = "^[A-Za-z0-9._-]{1,64}$"
MOST_AT_ONCE = 50
Id = Annotated[str, Path(pattern=ID, description="Id of a notice.")]
Keeping = Annotated[Viewer, gate("notice", "keep")]
Offering = Annotated[Viewer, gate("notice", "offer")]
Reading = Annotated[Viewer, gate("notice", "read")]
Line = Annotated[str, Field(max_length=MOST_TEXT, pattern=LINE)]


class ConsentGiven(Sent):
    """To whom, and how finely."""

    to: str = Field(pattern=PARTY, description="An actor of the text.")
    level: Literal["exact", "town", "cell", "region", "count"] = "exact"


class NoticeGiven(Sent):
    """A notice as its owner gives it: five fields, and what may be said beside them."""

    kind: Literal["site", "movement", "flight", "repair", "pause"]
    what: Line = ""
    place: Line = Field(default="", description="The town or village in words.")
    where: str = Field(
        default="", max_length=8_000, description="Degrees or MGRS; the points of a route parted by `;`."
    )
    since: Line = Field(default="", description="A time text; of a site the day on which it was last looked at.")
    until: Line = ""
    to: list[ConsentGiven] = Field(default_factory=list, max_length=MOST_TO)
    category: str = Field(default="other", pattern="^[a-z]{1,20}$")
    areas: list[Annotated[str, Field(pattern="^[A-Za-z0-9_.:-]{1,64}$")]] = Field(default=[], max_length=MOST_AREAS)
    callsign: Line = ""
    low_m_amsl: int | None = Field(default=None, ge=-500, le=60_000)
    high_m_amsl: int | None = Field(default=None, ge=-500, le=60_000)
    lead: Literal["", "48h", "24h", "emergency"] = ""
    reason: Line = ""
    accuracy_m: int = Field(default=0, ge=0, le=MOST_ACCURACY_M)
    owner: Line = ""
    contact: Line = ""
    address: Line = ""
    note: Line = ""
    replaces: str = Field(default="", pattern="^(?:[a-p]{16})?$")


class OfferGiven(Sent):
    """A notice under the name that the sender made for it."""

    model_config = ConfigDict(json_schema_extra={"required": ["notice"]})

    notice: NoticeGiven
    sent: str = Field(
        default="", max_length=MOST_SENT, pattern="^[A-Za-z0-9_-]*$", description="The same twice is one."
    )


class ChecksGiven(Sent):
    """Notices to be looked at; nothing is kept."""

    notices: list[NoticeGiven] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ConfirmGiven(Sent):
    """Codes of remarks that whoever confirms accepts."""

    accepts: list[Literal[tuple(CODES)]] = Field(default=[], max_length=len(CODES))  # type: ignore[valid-type]


class AnswerGiven(Sent):
    """What a recipient says of a notice."""

    what: Literal["acknowledged", "denied"] = "acknowledged"
    why: str = Field(default="", max_length=MOST_WHY, pattern=LINE)


class PartyGiven(Sent):
    """A recipient."""

    to: str = Field(pattern=PARTY)


class NoticeRemark(BaseModel):
    """What a check found; `other` is told to the desk alone."""

    code: str
    weight: str
    about: str
    values: dict[str, Any]
    other: str


class CheckedShown(BaseModel):
    """What was found of one notice."""

    is_refused: bool
    remarks: list[NoticeRemark]


class ChecksShown(BaseModel):
    """What was found of each, in their order."""

    items: list[CheckedShown]
    law: str


class OfferedShown(BaseModel):
    """What became of a notice."""

    id: str
    state: str
    entry: int | None
    remarks: list[NoticeRemark]
    is_new: bool
    law: str


class NoticesShown(BaseModel):
    """Notices, as much as the reader may see of each."""

    items: list[dict[str, Any]]
    more: int
    law: str


class NoticeShown(BaseModel):
    """One notice, as much as the reader may see of it."""

    notice: dict[str, Any]
    law: str


class NoticeSaid(BaseModel):
    """The entry that says it; null = nothing new is said in the record."""

    entry: int | None
    law: str


class CountsShown(BaseModel):
    """How many stand, by unit of level 1 and kind; to everybody but the notification desk sites alone."""

    counts: dict[str, dict[str, int]]
    law: str


class ListShown(BaseModel):
    """The list of a recipient, marked as its own."""

    party: str
    made_at: str
    rows: list[dict[str, Any]]
    counts: dict[str, dict[str, int]]
    sha256: str
    receipt: str
    law: str


class NearShown(BaseModel):
    """Reports near sites that had been made known; it changes no answer."""

    items: list[dict[str, Any]]
    law: str


class TendedShown(BaseModel):
    """What was said because time has passed."""

    said: list[dict[str, Any]]
    law: str


def draft_of(given: NoticeGiven) -> Draft:
    """A notice as the desk takes it."""
    return msgspec.convert({name: value for name, value in given.model_dump().items() if value is not None}, Draft)


def _room(request: Request) -> NoticeRoom:
    found: NoticeRoom = request.app.state.service.notices
    return found


# -- read --------------------------------------------------------------------------------------------------------------


@router.get("/api/v1/notices", response_model=NoticesShown)
def notices_listed(
    *,
    request: Request,
    viewer: Reading,
    service: Here,
    state: Annotated[Literal["", "waiting", "standing", "expired", "removed", "damaged"], Query()] = "",
    offset: Annotated[int, Query(ge=0, le=10**6)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> Response:
    """List notices: those that wait first, then the newest."""
    note(service.state, viewer, service.now(), "notice", "list")
    room = _room(request)
    found = notified.notices_shown(room, viewer, state=state, offset=offset, limit=limit)
    return answer({"items": found, "more": max(0, len(ids_shown(room, viewer, state)) - offset - limit)})


@router.get("/api/v1/notices/counts", response_model=CountsShown)
def notices_counted(request: Request, viewer: Annotated[Viewer, gate("notice", "count")]) -> Response:
    """Tell how many sites stand, by unit of level 1: all that the public is told; the desk counts every kind."""
    return answer({"counts": noticelists.counts_shown(_room(request), viewer)})


@router.get("/api/v1/notices/list", response_model=ListShown)
def notices_own_list(
    request: Request,
    viewer: Reading,
    service: Here,
    party: Annotated[str, Query(pattern="^[A-Za-z0-9._-]{0,64}$", description="For the desk: whose list.")] = "",
    form: Annotated[Literal["json", "csv"], Query(description="As JSON or as a table.")] = "json",
) -> Response:
    """Make the list of a recipient: what its owners chose it for, marked as its copy."""
    whose = (party if is_desk(viewer) else viewer.party) or viewer.party
    if not whose or (party and party != whose) or whose not in _room(request).text.parties:
        raise AccessError(REFUSED)
    note(service.state, viewer, service.now(), "notice", "hand-over", about=whose)
    made = noticelists.list_for(_room(request), whose)
    if form == "csv":
        head = {"Content-Disposition": 'attachment; filename="notices.csv"'}
        return Response(noticelists.list_csv(made), 200, head, media_type="text/csv; charset=utf-8")
    return answer(noticelists.list_shown(made))


@router.get("/api/v1/notices/near", response_model=NearShown)
def notices_near(
    request: Request,
    viewer: Reading,
    service: Here,
    report: Annotated[list[str] | None, Query(max_length=100, description="Ids of reports; none = all.")] = None,
) -> Response:
    """Tell which reports lie near sites that had been made known and acknowledged: beside the assessment."""
    note(service.state, viewer, service.now(), "notice", "near")
    snapshot = service.snapshots.current()
    view = service.snapshots.view(snapshot, "secretariat" if is_desk(viewer) else viewer.reader)
    return answer({"items": near_shown(_room(request), viewer, view, report)})


@router.get("/api/v1/notices/{id}", response_model=NoticeShown)
def notices_shown(request: Request, viewer: Reading, service: Here, id: Id) -> Response:  # noqa: A002  # the path's name
    """Show one notice."""
    note(service.state, viewer, service.now(), "notice", "read", about=id)
    return answer({"notice": notified.notice_shown(_room(request), viewer, id)})


# -- given -------------------------------------------------------------------------------------------------------------


@router.post("/api/v1/notices/check", response_model=ChecksShown)
def notices_check(request: Request, viewer: Offering, body: ChecksGiven) -> Response:
    """Look at notices: far from their place, swapped, outside, stale, too late. Nothing is kept."""
    found = notified.check_notice(_room(request), viewer, [draft_of(one) for one in body.notices])
    return answer({
        "items": [
            {"is_refused": one.is_refused, "remarks": notified.remarks_shown(one.remarks)} for one in found
        ]
    })  # fmt: skip


@router.post(
    "/api/v1/notices", response_model=OfferedShown, status_code=201,
    responses={200: {"model": OfferedShown, "description": "It was sent before: the same answer again"}},
)  # fmt: skip
def notices_offer(request: Request, viewer: Offering, service: Here, body: OfferGiven) -> Response:
    """Give a notice. Under the same name twice it is one notice; what is refused is not kept, and why is said."""
    made = notified.offer_notice(_room(request), viewer, draft_of(body.notice), body.sent)
    remarks = notified.remarks_shown(made.remarks)
    if not made.id:
        faults = [Fault(one.code, field=one.about) for one in made.remarks if one.weight == NOT_KEPT]
        return problem(422, "the notice cannot be kept as it is", faults=faults, more={"remarks": remarks})
    note(service.state, viewer, service.now(), "notice", "offer", about=made.id)
    told = {"id": made.id, "state": made.state, "entry": made.entry, "remarks": remarks, "is_new": made.is_new}
    return answer(told, status=201 if made.is_new else 200)


@router.post("/api/v1/notices/{id}/confirmation", response_model=OfferedShown)
def notices_confirm(request: Request, viewer: Keeping, service: Here, id: Id, body: ConfirmGiven) -> Response:  # noqa: A002
    """Confirm a notice that another account entered: it is made known."""
    note(service.state, viewer, service.now(), "notice", "confirm", about=id)
    made = notified.confirm(_room(request), viewer, id, body.accepts)
    return answer({"id": made.id, "state": made.state, "entry": made.entry, "remarks": [], "is_new": False})


@router.post("/api/v1/notices/{id}/consents", response_model=NoticeSaid)
def notices_consent(request: Request, viewer: Offering, service: Here, id: Id, body: ConsentGiven) -> Response:  # noqa: A002
    """Let one more recipient see a notice, or see it otherwise than before."""
    note(service.state, viewer, service.now(), "notice", "consent", about=id)
    return answer({"entry": notified.consent(_room(request), viewer, id, body.to, body.level)})


@router.post("/api/v1/notices/{id}/revocations", response_model=NoticeSaid)
def notices_revoke(request: Request, viewer: Offering, service: Here, id: Id, body: PartyGiven) -> Response:  # noqa: A002
    """End the consent for one recipient."""
    note(service.state, viewer, service.now(), "notice", "revoke", about=id)
    return answer({"entry": notified.revoke(_room(request), viewer, id, body.to)})


@router.post("/api/v1/notices/{id}/removal", response_model=NoticeSaid)
def notices_remove(request: Request, viewer: Offering, service: Here, id: Id) -> Response:  # noqa: A002
    """Remove a notice: the record says so, and what it said is destroyed."""
    note(service.state, viewer, service.now(), "notice", "remove", about=id)
    return answer({"entry": notified.remove(_room(request), viewer, id)})


@router.post("/api/v1/notices/{id}/acknowledgements", response_model=NoticeSaid, status_code=201)
async def notices_acknowledge(
    request: Request,
    viewer: Annotated[Viewer, gate("notice", "acknowledge")],
    id: Id,  # noqa: A002  # the path's name
    body: AnswerGiven,
) -> Response:
    """Acknowledge or deny a notice, for the recipient that this account speaks for: the desk says that it was told."""
    index = await run_sync(notified.acknowledge, _room(request), viewer, id, body.what, body.why)
    return answer({"entry": index}, status=201)


@router.post("/api/v1/notices/tend", response_model=TendedShown)
def notices_tend(request: Request, viewer: Keeping, service: Here) -> Response:
    """Say in the record what time has brought about: who is late, what is over. The service does it by itself."""
    note(service.state, viewer, service.now(), "notice", "tend")
    said = notified.tend(_room(request))
    return answer({
        "said": [{"id": one, "what": step.what, "party": step.party, "level": step.level} for one, step in said]
    })  # fmt: skip
