"""Who sat in the joint body, on what, and what was agreed? What is told of sittings over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from truceline.desk.sittings import sitting_row, sittings_shown
from truceline.desk.viewers import Viewer
from truceline.span import utc_text
from truceline.web.parts import Here, answer, gate
from truceline.web.routes.record import KnownAt

router = APIRouter(tags=["words"])


class AttendedShown(BaseModel):
    """Whether an actor was there; never a person."""

    actor: str
    was: Literal["present", "absent", "observer"]


class ItemShown(BaseModel):
    """An item of the agenda, and the terms or documents that it is about."""

    id: str
    text: str
    terms: list[str]


class PositionShown(BaseModel):
    """What a member that signed says to an item that was not agreed."""

    by: str
    text: str


class EffectShown(BaseModel):
    """What a decision says is to happen to a term, and the signed entry by which it happens.

    null = none yet, or where `is_given` is true one that whoever asks may not read.
    """

    term: str
    does: str
    entry: int | None
    type: str
    is_given: bool
    later: list[int]


class DecisionShown(BaseModel):
    """One text that all members signed, or a text that was not agreed."""

    item: str
    text: str
    stands: Literal["agreed", "not-agreed"]
    positions: list[PositionShown]
    effects: list[EffectShown]


class SaidSince(BaseModel):
    """What somebody said to the record of a sitting afterwards."""

    index: int
    by: str
    at: str
    text: str


class SittingShown(BaseModel):
    """A sitting; `is_of_all`: signed as the body decides; `is_early`: it ends after it was recorded."""

    index: int
    at: str
    by: str
    signed_by: list[str]
    is_of_all: bool
    is_early: bool
    body: str
    since: str
    until: str
    attendance: list[AttendedShown]
    agenda: list[ItemShown]
    decisions: list[DecisionShown]
    text: str
    answers: list[SaidSince]


class Sittings(BaseModel):
    """Every sitting, the latest first. A decision is words: a signed act gives it effect, and nothing else does."""

    sittings: list[SittingShown]
    known_at: KnownAt
    law: str


@router.get("/api/v1/sittings", response_model=Sittings)
def sittings(viewer: Annotated[Viewer, gate("sitting", "read")], service: Here) -> Response:
    """The sittings of joint bodies: attendance, agenda, what all signed, what was not agreed, and what gives effect."""
    case = service.case
    rows = [sitting_row(one) for one in sittings_shown(case, viewer)]
    at = {"index": len(case.entries()) - 1, "at": utc_text(case.newest())}
    return answer({"sittings": rows, "known_at": at})
