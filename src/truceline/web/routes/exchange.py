"""How far has each sealed exchange come, and what is due? Never a cell: lists are opened on the machines of the sides.

Steps are statements: they are signed and sealed where the keys lie, and handed in as every statement is.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.responses import Response

from truceline.canon import MOST_INT
from truceline.desk.sealed import exchanges_shown
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError
from truceline.span import utc_text
from truceline.store.case import Case
from truceline.web.parts import Here, Limit, answer, gate
from truceline.web.routes.record import Behind, KnownAt

router = APIRouter(tags=["exchange"])

Reading = Annotated[Viewer, gate("exchange", "read")]
Of = Annotated[int, Path(ge=0, le=MOST_INT, description="Index of the entry that opened it.")]
State = Literal[
    "committing", "revealing", "releasing", "opened", "lapsed", "defaulted", "withheld", "refused", "broken"
]  # fmt: skip


class ExchangeSide(BaseModel):
    """A side: by which entries it committed and handed over its sealed list; whether it is bound to."""

    party: str
    is_bound: bool
    committed: int | None
    commitment: str
    revealed: int | None
    refused: int | None


class ExchangeGuarantor(BaseModel):
    """A guarantor: by which entry it released its shares of both lists, or refused."""

    party: str
    released: int | None
    refused: int | None


class ExchangeFault(BaseModel):
    """What a party did or left undone, and the entry that shows it."""

    entry: int
    party: str
    what: Literal[
        "no-commitment", "no-reveal", "no-release", "late", "bad-share", "refusal", "changed-list", "denial",
        "contested",
    ]  # fmt: skip


class ExchangeShown(BaseModel):
    """An exchange, and how far it has come; `due`: the step that is waited for from the party of whoever asks."""

    exchange: int
    opened_by: str
    opened: str
    about: str
    state: State
    since: str
    step: int
    is_witnessed: bool
    threshold: int
    slots: int
    commit_by: str
    reveal_by: str
    release_by: str
    sides: list[ExchangeSide]
    guarantors: list[ExchangeGuarantor]
    missing: list[str]
    faults: list[ExchangeFault]
    due: Literal["", "commit", "reveal", "release", "close"]
    until: str | None


class Exchanges(BaseModel):
    """A page of exchanges."""

    items: list[ExchangeShown]
    next: str | None
    known_at: KnownAt
    law: str


class ExchangeAlone(ExchangeShown):
    """One exchange."""

    known_at: KnownAt
    law: str


@router.get("/api/v1/exchanges", response_model=Exchanges)
def exchanges(viewer: Reading, service: Here, after: Behind = -1, limit: Limit = 100) -> Response:
    """The exchanges that name the party of whoever asks; to the secretariat and the mediation, all. No list."""
    found = exchanges_shown(service.case, viewer, after)
    has_more = len(found) > limit
    return answer({
        "items": found[:limit], "next": str(found[limit - 1]["exchange"]) if has_more else None,
        "known_at": _known_at(service.case),
    })  # fmt: skip


@router.get("/api/v1/exchanges/{of}", response_model=ExchangeAlone)
def exchange(viewer: Reading, service: Here, of: Of) -> Response:
    """One exchange, by the index of the entry that opened it."""
    found = [one for one in exchanges_shown(service.case, viewer, of - 1) if one["exchange"] == of]
    if not found:
        raise AccessError(REFUSED)
    return answer({**found[0], "known_at": _known_at(service.case)})


def _known_at(case: Case) -> dict[str, object]:
    """As of which entry an answer is."""
    return {"index": len(case.entries()) - 1, "at": utc_text(case.newest())}
