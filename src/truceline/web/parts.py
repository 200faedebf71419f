"""What does every route need? The service behind it, a gate in front of it, and one form for answers and for problems.

A route is declared with its gate, so that what it lets whom do can be read off the code:

    @router.get("/api/v1/findings", response_model=Findings)
    def findings(viewer: Annotated[Viewer, gate("finding", "read")], service: Here, after: After = 0) -> Response:
        return answer({"items": [...], ...})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, model_validator
from starlette.responses import Response

from truceline import LAW
from truceline.canon import MOST_INT
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer, require
from truceline.errors import Fault
from truceline.web.viewing import ARRIVING, Asked, check_form, check_source

JSON, PROBLEM = "application/json", "application/problem+json"
MOST_PAGE = 1_000

PROBLEMS: Mapping[int, tuple[str, str]] = {
    400: ("malformed", "The request is not one"),
    401: ("credentials", "These credentials are not, or no longer, good"),
    403: ("confirm", "This has to be confirmed first"),
    404: ("not-found", "Not for whoever asks, or not there"),
    405: ("method", "Not asked in this way"),
    408: ("slow", "The request took too long to arrive"),
    409: ("conflict", "Something came before it"),
    413: ("too-large", "Too large"),
    414: ("url-too-long", "The address is too long"),
    415: ("content-type", "Not of a type that is taken here"),
    421: ("host", "Not the host of this service"),
    422: ("invalid", "Cannot be taken as it is"),
    429: ("rate", "Too many requests"),
    431: ("headers", "The headers are too many, or too long"),
    500: ("fault", "A fault of the program"),
    503: ("unavailable", "Not at this moment"),
}
"""Status -> name and title of the problem; the type is `/problems/NAME`."""


class ProblemError(Exception):
    """An answer that is a problem: for what only the web knows of; the errors of the program are turned into problems.

    Attributes:
        status: one of `PROBLEMS`.
        detail: one line.
        headers: such as Retry-After.
        name: of the problem, where a status has more than one.
        more: further members of the problem.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        name: str = "",
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what is wrong."""
        super().__init__(detail)
        self.status, self.detail, self.name = status, detail, name
        self.headers, self.more = dict(headers or {}), dict(more or {})


class FaultShown(BaseModel):
    """One thing that is wrong, and where: file, line counted from 1 (0 = the whole), field."""

    file: str
    line: int
    field: str
    message: str


class ProblemShown(BaseModel):
    """A problem (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    faults: list[FaultShown] = []


class ProblemResponse(Response):
    """A problem on its way out.

    Attributes:
        name: of the problem: for the metrics.
        title: as in `PROBLEMS`.
        detail: one line.
    """

    name = title = detail = ""


def problem(
    status: int,
    detail: str,
    *,
    name: str = "",
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> ProblemResponse:
    """A problem as an answer.

    Args:
        status: one of `PROBLEMS`.
        detail: one line, with nothing in it of what was sent but what `errors.quoted` leaves.
        name: of the problem; empty = that of the status.
        faults: each thing that is wrong.
        headers: further headers.
        more: further members.
    """
    known, title = PROBLEMS[status]
    body: dict[str, Any] = {
        "type": f"/problems/{name or known}", "title": title, "status": status, "detail": detail, **(more or {}),
    }  # fmt: skip
    if faults:
        body["faults"] = [
            {"file": one.file, "line": one.line, "field": one.field, "message": one.message} for one in faults[:100]
        ]
    made = ProblemResponse(msgspec.json.encode(body), status, dict(headers or {}), media_type=PROBLEM)
    made.name, made.title, made.detail = name or known, title, detail
    return made


def answer(
    value: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None, law: bool = True
) -> Response:
    """Values as a JSON answer, with the line of the law.

    Args:
        value: plain values, structs of msgspec among them.
        status: of the answer.
        headers: further headers.
        law: False only where nothing of a case is told, such as of the health of the service.
    """
    body = {**value, "law": LAW} if law else value
    return Response(msgspec.json.encode(body), status, dict(headers or {}), media_type=JSON)


async def service_of(request: Request) -> Service:
    """The service that answers a request; a coroutine, for FastAPI sends a function to a thread."""
    found: Service = request.app.state.service
    return found


Here = Annotated[Service, Depends(service_of)]
"""The service, for a route."""

After = Annotated[int, Query(ge=0, le=2**53, description="Only what comes after this index of the record.")]
"""Where a page begins."""

Limit = Annotated[int, Query(ge=1, le=MOST_PAGE, description="How many at the most.")]
"""How long a page is."""


class Sent(BaseModel):
    """What a body holds: values of their own kind, under names that are known. A name misspelt is not passed over."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        """In JSON `6.0` is the whole number that `6` is."""
        return _whole(value)


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer() and abs(value) <= MOST_INT:
        return int(value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return {name: _whole(one) for name, one in value.items()} if isinstance(value, dict) else value


TRACE = "truceline.trace"
OLD: Final = 20
"""As so many requests a question counts about an older state that is not kept."""


@dataclass(slots=True)
class Trace:
    """What the service knows of a request for its logs and limits; nothing of what was asked is in it.

    Attributes:
        id: random.
        method: such as GET.
        begun: by `time.perf_counter`.
        route: template of its path; empty where no route answers it.
        status: of the answer.
        role: of whoever asks, once it is known.
        key: stands for the address in the buckets of the public.
        is_counted: it was counted, against the address or the account.
    """

    id: str
    method: str
    begun: float
    route: str = ""
    status: int = 500
    role: str = "public"
    key: bytes = b""
    is_counted: bool = False


def count(request: Request, account: str, cost: int) -> None:
    """Count a request at its gate, unless the front did so already.

    Args:
        request: as it came.
        account: of whoever asks; empty = the public, of which the address is counted.
        cost: as how many requests it counts.

    Raises:
        ProblemError: 429, it has asked too much.
    """
    trace: Trace = request.scope[TRACE]
    if not trace.is_counted:
        trace.is_counted = True
        request.app.state.rates.spend(trace.key, account, trace.method, cost)


@dataclass(frozen=True)
class Gate:
    """What a route is, for the table of who may do what; it lets nobody else through.

    Attributes:
        resource: as in `group.may_do`; `action`: likewise.
        takes: what the body is: a class of `limits.BODIES`; empty = JSON.
        cost: as how many requests it counts.
    """

    resource: str
    action: str
    takes: str = ""
    cost: int = 1

    async def __call__(self, request: Request, viewer: Asked) -> Viewer:
        """Whoever asks, if it may.

        Raises:
            AccessError: it may not. ConfirmError: a page from elsewhere made its browser ask.
            ProblemError: 429, it has asked too much.
        """
        trace: Trace = request.scope[TRACE]
        trace.role = viewer.role
        count(request, viewer.account, self.cost)
        require(viewer, self.resource, self.action)
        self._count_old(request, viewer, trace)
        if viewer.account and (arriving := request.scope.get(ARRIVING)) is not None:
            arriving.known(request.app.state.service.settings.account_rate, viewer.account)
        if self.takes in ("page", "draft"):  # a form of a page says in a field what a script says in a header
            await check_form(request)
        else:
            check_source(request)
        return viewer

    def _count_old(self, request: Request, viewer: Viewer, trace: Trace) -> None:
        """Count an older state that has to be worked out as what it takes: everything is judged anew for it."""
        asked = request.query_params.get("known_at", "")
        if asked and self.cost < OLD and not request.app.state.service.snapshots.is_kept(asked):
            request.app.state.rates.spend(trace.key, viewer.account, trace.method, OLD - self.cost)


def gate(resource: str, action: str, *, takes: str = "", cost: int = 1) -> Any:  # noqa: ANN401  # FastAPI's Depends
    """The gate of a route, as its dependency: it gives whoever asks, or refuses.

    Args:
        resource: as in `group.may_do`.
        action: likewise.
        takes: what the body is: a class of `limits.BODIES`; empty = JSON.
        cost: as how many requests it counts: more where much has to be computed.
    """
    return Depends(Gate(resource, action, takes, cost))
