"""Where do groups stand, what is the map of designated areas, which lists were handed over? Cells, and nothing finer.

What is told here is told by itself: no report, no fire and no track is in an answer, none can be asked for beside it,
and there is no filter by place or time, for the difference of two answers tells what neither does.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from truceline.desk import destroying, exchanged, handovers
from truceline.desk.areasteps import published_partition
from truceline.desk.coarse import check_coarse
from truceline.desk.designated import map_row, map_shown
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer
from truceline.errors import ConflictError, quoted
from truceline.exchange.floor import MOST_CELLS, PATTERN, check_cells
from truceline.exchange.partition import Partition
from truceline.span import utc_text
from truceline.web.parts import Here, Sent, answer, gate
from truceline.web.routes.record import KnownAt

router = APIRouter(tags=["areas"])

Cell = Annotated[str, Field(pattern=PATTERN, description="H3 cell of resolution 5 or coarser.")]
Cells = Annotated[list[Cell], Field(max_length=MOST_CELLS)]
Actor = Annotated[str, Field(min_length=1, max_length=64)]
Day = Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]

Reading = Annotated[Viewer, gate("area", "read", cost=5)]
"""Every sealed statement is opened anew for an answer."""


class AreaShown(BaseModel):
    """What is shown of a group, as one speaker says it; `told_until`: when the day was over that it tells of."""

    group: str
    by: str
    cells: list[Cell]
    since: str
    until: str
    entry: int
    told_until: str
    own: bool


class Areas(BaseModel):
    """The standing areas of groups, 72 hours late and changed once in seven days."""

    areas: list[AreaShown]
    known_at: KnownAt
    law: str


class PartitionShown(BaseModel):
    """Which cells of the country are named together."""

    country: str
    least: int
    places: int
    blocks: list[list[Cell]]
    law: str


class StepShown(BaseModel):
    """One step of the history of a cell."""

    entry: int
    at: str
    by: str
    what: str


class CellShown(BaseModel):
    """How a cell of the map stands: `a` and `b` = that side alone holds it."""

    cell: Cell
    stands: Literal["agreed", "a", "b", "disputed", "neither"]
    holds: list[str]
    denies: list[str]
    is_signed: bool
    history: list[StepShown]


class VersionShown(BaseModel):
    """A version of the map that both sides signed."""

    entry: int
    number: int
    at: str
    cells: list[Cell]
    signed_by: list[str]


class MovedShown(BaseModel):
    """What moved since the newest version: an indicator with its coverage, never a finding."""

    group: str
    by: str
    gained: list[Cell]
    lost: list[Cell]
    gained_inside: int
    lost_inside: int
    stated: int
    rounds: int


class Map(BaseModel):
    """The map of designated areas. Cells restrict, never release: none shows that a target was excluded."""

    a: str
    b: str
    counts: dict[str, int]
    cells: list[CellShown]
    versions: list[VersionShown]
    version: int | None
    moved: list[MovedShown]
    known_at: KnownAt
    law: str


class PeriodShown(BaseModel):
    """How one side reads the period of a list: words, and UTC times."""

    words: str
    since: str | None
    until: str | None


class HandoverAnswer(BaseModel):
    """What whoever was named says to it."""

    index: int
    by: str
    at: str
    says: str
    format: str
    period: PeriodShown | None
    text: str


class HandoverShown(BaseModel):
    """That a list was handed over; never the list."""

    index: int
    by: str
    to: str
    at: str
    kind: str
    day: str
    format: str
    period: PeriodShown
    text: str
    stands: Literal["acknowledged", "denied", "unanswered"]
    is_read_alike: bool | None
    answers: list[HandoverAnswer]


class Handovers(BaseModel):
    """Every list that was handed over, newest first."""

    handovers: list[HandoverShown]
    known_at: KnownAt
    law: str


class AreaDue(BaseModel):
    """One statement whose body is to be destroyed; `why`: `expelled`, `ended`, or null = it cannot be decided."""

    entry: int
    group: str
    by: str
    why: str | None
    said: str


class Dues(BaseModel):
    """What was given for protection and has to be destroyed, and how many of whom have to sign that."""

    due: list[AreaDue]
    undecided: list[AreaDue]
    signers: list[str]
    threshold: int
    law: str


class AreaSent(Sent):
    """A statement of a standing area, before it is signed; a field more is refused, whatever is in it."""

    group: Actor
    day: Day
    cells: Cells
    text: Annotated[str, Field(max_length=exchanged.MOST_TEXT)] = ""


class AreaChecked(BaseModel):
    """The body as it would be signed, and whether it has to be sealed."""

    body: AreaSent
    sealed: bool
    law: str


@router.get("/api/v1/areas", response_model=Areas)
def areas(viewer: Reading, service: Here) -> Response:
    """The standing areas of groups that whoever asks may read: cells, by whom they are said, and since when."""
    case = service.case
    rows = exchanged.area_rows(exchanged.areas_shown(case, viewer, service.now()))
    return answer({"areas": rows, "known_at": known_at(service)})


@router.get("/api/v1/areas/partition", response_model=PartitionShown)
def areas_partition(viewer: Annotated[Viewer, gate("partition", "read")], service: Here) -> Response:
    """The partition that was published with the case; one without a block where none was."""
    del viewer
    found = published_partition(service.case) or Partition("", 0, 0, ())
    return answer({
        "country": found.country, "least": found.least, "places": found.places,
        "blocks": [list(block) for block in found.blocks],
    })  # fmt: skip


@router.get("/api/v1/areas/map", response_model=Map)
def areas_map(viewer: Annotated[Viewer, gate("map", "read", cost=10)], service: Here) -> Response:
    """The map of designated areas, cell by cell: agreed, one side's, disputed, neither's, with its history."""
    row = map_row(map_shown(service.case, viewer, service.now()))
    return answer({**row, "known_at": known_at(service)})


@router.get("/api/v1/areas/handovers", response_model=Handovers)
def areas_handovers(viewer: Annotated[Viewer, gate("handover", "read")], service: Here) -> Response:
    """The lists that were handed over, with both readings of their period, acknowledged or denied."""
    shown = handovers.handovers_shown(service.case, viewer)
    return answer({"handovers": shown, "known_at": known_at(service)})


@router.get("/api/v1/areas/due", response_model=Dues)
def areas_due(viewer: Annotated[Viewer, gate("area", "read", cost=50)], service: Here) -> Response:
    """Which areas that were given for protection have to be destroyed now, of those that whoever asks may read."""
    found = destroying.due_of(service.case, viewer, service.now())
    return answer({
        "due": [destroying.due_row(one) for one in found.due],
        "undecided": [destroying.due_row(one) for one in found.undecided],
        "signers": list(found.signers), "threshold": found.threshold,
    })  # fmt: skip


@router.post("/api/v1/areas/check", response_model=AreaChecked)
def areas_check(viewer: Annotated[Viewer, gate("area", "check")], service: Here, sent: AreaSent) -> Response:
    """Check a statement of an area before it is signed: it is refused, never rounded, and nothing of it is kept."""
    check_cells(sent.cells, may_lack=True)
    body = exchanged.Area(sent.group, sent.day, tuple(sent.cells), sent.text)
    check_coarse([sent.group, sent.day, *sent.cells, sent.text])
    text = exchanged.text_in_force(service.case)
    if not exchanged.is_group(text, sent.group):
        raise ConflictError(f"`group`: the text in force knows no group {quoted(sent.group)}")
    exchanged.check_area(body, text)
    is_own = bool(viewer.party) and exchanged.is_own(text, sent.group, viewer.party)
    return answer({"body": sent.model_dump(), "sealed": is_own})


def known_at(service: Service) -> dict[str, object]:
    """As of which entry an answer is."""
    case = service.case
    return {"index": len(case.entries()) - 1, "at": utc_text(case.newest())}
