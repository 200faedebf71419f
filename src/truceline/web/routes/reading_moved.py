"""What does a member get while it drags a line? Counts at once, for every move; and, once it is done, a proposal.

The answer to a move is worked out in the service, of what the member sees as finely as it sees it, by place, time and
height alone; it equals `inside` of a what-if. Nothing is kept of what was asked: a draft lives where it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from truceline import RULE_VERSION, __version__
from truceline.desk.proposals import Drafted, proposed
from truceline.desk.runs import agreement_row
from truceline.desk.snapshots import LARGE
from truceline.desk.views import pages
from truceline.desk.views.asked_zone import Supposed
from truceline.desk.views.stage import MOST_REPORTS, Edge, Moved, Stage, Staged
from truceline.desk.views.view import LADDER, View
from truceline.errors import ConflictError, InputError
from truceline.group import role_of
from truceline.space import UNITS_PER_DEGREE
from truceline.web.asking import Asks, Who, at_once, whoever
from truceline.web.parts import Sent, answer
from truceline.web.patterns import TIME
from truceline.web.routes import reading_shown as shown
from truceline.web.routes.reading import KnownAt
from truceline.web.routes.reading_asked import Inside, MultiPolygon, Polygon, shape_of

router = APIRouter(tags=["reading"])

MOVE = 5
"""As how many requests a move counts: a hand may move for as long as it likes, a program asks not much oftener."""

MOST_DRAWN = 1_000
"""Corners of a shape that is dragged."""

AT_ONCE = 2
"""Moves that are worked out at once, whoever asks; more wait their turn."""


class DraftZone(Sent):
    """A zone as somebody has drawn it; what is left out stays as it is."""

    model_config = ConfigDict(populate_by_name=True)

    zone: str = Field("", max_length=80, description="Id of a zone of the text; empty = a new one.")
    geometry: Polygon | MultiPolygon | None = Field(None, description="Its shape, of at most 1,000 corners.")
    since: str = Field("", alias="from", pattern=TIME, description="In force from then on.")
    until: str = Field("", pattern=TIME, description="In force until then.")
    ceiling_m: int | None = Field(None, description="Its ceiling, metres above mean sea level.")

    @property
    def rings(self) -> list[list[list[float]]]:
        """The rings of its shape, in order."""
        if self.geometry is None:
            return []
        if isinstance(self.geometry, Polygon):
            return self.geometry.coordinates
        return [ring for one in self.geometry.coordinates for ring in one]

    def supposed(self) -> Supposed:
        """The same for the desk.

        Raises:
            InputError: a shape that is none, or with too many corners.
        """
        if sum(map(len, self.rings)) > MOST_DRAWN:
            raise InputError(f"`geometry`: expected at most {MOST_DRAWN} corners")
        shape = None if self.geometry is None else shape_of(self.geometry, self.zone or "new")
        return Supposed(self.zone, shape, self.since, self.until, self.ceiling_m)


class MovedZone(DraftZone):
    """A move: which reports lie within the zone now?"""

    act: str = Field("", max_length=80, description="Only reports of this class of acts; empty = all.")
    lines: bool = Field(False, description="Tell at which line what is gained and lost, too.")
    spots: bool = Field(False, description="Tell where reports are shown, too, in the order of `places`.")
    reports: int = Field(0, ge=0, le=MOST_REPORTS, description="Name so many of the reports that change.")

    def moved(self) -> Moved:
        """The same for the desk."""
        edges = _edges(self.rings) if self.lines else ()
        return Moved(self.supposed(), edges, self.act, self.lines, self.spots, self.reports)


class Befores(BaseModel):
    """Numbers before and after."""

    before: list[int]
    after: list[int]


class Columned(BaseModel):
    """Counts by name, before and after, as columns."""

    names: list[str]
    surely: Befores
    possibly: Befores


class Size(BaseModel):
    """Square kilometres before and after; null where no shape is known."""

    before: float | None
    after: float | None


class Ways(BaseModel):
    """How many came in, and how many went out."""

    gained: int
    lost: int


class AtSide(BaseModel):
    """What one line costs one alleged side."""

    name: str
    surely: Ways
    possibly: Ways


class AtLine(BaseModel):
    """What is put down to one line; `line` is its number, 0 where it is put down to none."""

    line: int
    kind: Literal["edge", "area", "rest"]
    sides: list[AtSide]


class Turned(BaseModel):
    """One report that lies otherwise to the zone."""

    observation: str
    before: int
    after: int


class MovedTo(BaseModel):
    """Past reports, not a prediction: how many lie within a zone, as it is and as it is drawn."""

    truceline: str
    rule_version: str
    agreement: dict[str, Any]
    zone: str
    sight: str
    observations: int
    inside: Inside
    area_km2: Size
    by_month: Columned
    by_act: Columned
    by_side: Columned
    places: list[int] | None = None
    places_of: str | None = None
    spots: list[tuple[float, float, int, int]] | None = None
    lines: list[AtLine] | None = None
    changed: list[Turned] | None = None
    reports: list[dict[str, Any]] | None = None
    more: int | None = None
    known_at: shown.KnownAt
    law: str


class Proposal(BaseModel):
    """A draft of an amendment: text, and how those who may sign it do so on their own machines. Nothing was signed."""

    zone: str
    yaml: str
    areas: dict[str, Any] | None
    steps: list[str]
    agreement: dict[str, Any]
    known_at: shown.KnownAt
    law: str


@router.post("/api/v1/what-if/moved", response_model=MovedTo, response_model_exclude_unset=True)
async def what_if_moved(
    who: Annotated[Who, whoever("what-if", "ask", cost=MOVE)],
    moved: MovedZone,
    known_at: KnownAt = "",
) -> Response:
    """How many reports lie within a zone as it is drawn: counts alone, quick enough to be asked on every move."""
    return answer(await moved_of(who, moved, known_at))


@router.post("/api/v1/what-if/proposal", response_model=Proposal)
async def what_if_proposal(
    who: Annotated[Who, whoever("what-if", "ask", cost=MOVE)],
    draft: DraftZone,
    known_at: KnownAt = "",
) -> Response:
    """A zone as it is drawn, as the draft of an amendment; those who may sign it do that on their own machines."""
    snapshot = (await who.about(known_at)).snapshot
    rings = [[(x, y) for x, y, *_ in ring] for ring in draft.rings]
    parts = _parts(draft.geometry)
    made: Drafted = proposed(snapshot.agreement, draft.supposed(), rings, parts, party=who.viewer.party)
    return answer({
        "zone": made.zone, "yaml": made.yaml, "areas": made.areas, "steps": list(made.steps),
        "agreement": agreement_row(snapshot.agreement), "known_at": pages.known_at(snapshot),
    })  # fmt: skip


async def moved_of(who: Who, moved: MovedZone, known_at: str) -> dict[str, Any]:
    """What a move is answered, as values; the reports that change as JSON among them."""
    asked, asks = moved.moved(), await who.about(known_at)
    snapshot = asks.snapshot
    stage, view, state = await _staged(asks)
    told: dict[str, Any] = await run_sync(stage.ask, asked, limiter=at_once(asks.request, "moves", AT_ONCE))
    if asks.is_public:  # a map may be in the case that was not published with the text
        size = told["area_km2"]
        told["area_km2"] = {"before": None, "after": None if asked.supposed.shape is None else size["after"]}
    return {
        "truceline": __version__, "rule_version": RULE_VERSION, "agreement": agreement_row(snapshot.agreement),
        **told, **_named(told, view), "sight": LADDER[role_of(who.viewer.reader)], "known_at": state,
    }  # fmt: skip


async def _staged(asks: Asks) -> tuple[Stage, View, Mapping[str, Any]]:
    """What whoever asks sees, and as of when: in a large case of a state before, until a newer one is made ready.

    A hand does not wait: it is told of what it was told of a moment ago, if that shows no more than may be shown now.
    """
    snapshots, snapshot, reader = asks.service.snapshots, asks.snapshot, asks.viewer.reader
    view, ground = snapshots.seen(snapshot, reader), snapshot.ground_of(reader)
    stage = None if view is None else snapshots.stages.find((view.mark, ground))
    if stage is None and len(snapshot.sheet) >= LARGE and (before := _before(asks)) is not None:
        reading = asks.reading
        snapshots.stages.later(reader, lambda: snapshots.staged(snapshot, reading))
        return before
    if view is None or stage is None:
        view, stage = await asks.view(), await stage_of(asks)
    state = pages.known_at(snapshot)
    if snapshot.known_at is None:
        snapshots.stages.tell(reader, Staged((view.mark, ground), state))
    return stage, view, state


def _before(asks: Asks) -> tuple[Stage, View, Mapping[str, Any]] | None:
    """What whoever asks was told of last, if it asks about the newest state and that still may be shown."""
    snapshots, snapshot, reader = asks.service.snapshots, asks.snapshot, asks.viewer.reader
    told = snapshots.stages.told(reader)
    if told is None or told.key[1] != snapshot.ground_of(reader) or snapshot.known_at is not None:
        return None
    stage = snapshots.stages.find(told.key)
    try:
        view = snapshots.marked(told.key[0], reader)
    except ConflictError:
        return None
    return None if stage is None else (stage, view, told.known_at)


async def stage_of(asks: Asks) -> Stage:
    """What whoever asks sees, for zones to be asked about."""
    return await run_sync(asks.service.snapshots.staged, asks.snapshot, asks.reading)


def _named(told: Mapping[str, Any], view: View) -> dict[str, Any]:
    """The reports that change, as lists have them."""
    if "changed" not in told:
        return {}
    rows = [row for row in (view.row(one["observation"]) for one in told["changed"]) if row is not None]
    return {"reports": [msgspec.Raw(one) for one in view.encoded(rows)]}


def _edges(rings: list[list[list[float]]]) -> tuple[Edge, ...]:
    """The lines of rings, in order, on the grid."""
    found = []
    for ring in rings:
        points = [(round(x * UNITS_PER_DEGREE), round(y * UNITS_PER_DEGREE)) for x, y, *_ in ring]
        found += list(pairwise(points))
    return tuple(found)


def _parts(geometry: Polygon | MultiPolygon | None) -> list[int]:
    """How many rings each polygon of a shape has."""
    if geometry is None:
        return []
    return [len(geometry.coordinates)] if isinstance(geometry, Polygon) else [len(one) for one in geometry.coordinates]
