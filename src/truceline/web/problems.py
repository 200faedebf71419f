"""How does a failure look from outside? Every error of the program, the framework or a route as one problem (RFC 9457).

What the disk or the database says, and where the program failed, is for the log; a reader gets one line.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from truceline.errors import (
    AccessError,
    AgreementError,
    ConfirmError,
    ConflictError,
    CredentialsError,
    Fault,
    InputError,
    LaterError,
    StateError,
    StoreError,
    SubmissionError,
    TrucelineError,
    UnknownError,
    VerificationError,
    one_line,
    told,
)
from truceline.web.parts import ProblemError, ProblemResponse, problem

STATUS: Mapping[type[TrucelineError], int] = {
    AccessError: 404, CredentialsError: 401, ConfirmError: 403, ConflictError: 409, SubmissionError: 422,
    UnknownError: 404, StateError: 409, InputError: 422, AgreementError: 422, VerificationError: 422, StoreError: 503,
}  # fmt: skip
"""The status of an error; of those above it in the tree where it has none of its own."""

RETRY_S = 5
FAULT = "a fault of the program; it was logged"
_SAID = {404: "not for whoever asks, or not there", 405: "not asked in this way", 413: "too large"}


def response_of(error: Exception) -> ProblemResponse:
    """A failure as an answer."""
    if isinstance(error, ProblemError):
        return problem(error.status, error.detail, name=error.name, headers=error.headers, more=error.more)
    if isinstance(error, TrucelineError):
        return _refused(error)
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException) and error.status_code in (400, 404, 405, 413):
        said = _SAID.get(error.status_code, "the request is not one")
        return problem(error.status_code, said, headers=error.headers)
    return problem(500, FAULT)


def _refused(error: TrucelineError) -> ProblemResponse:
    status = status_of(error)
    if status == 503:
        after_s = error.after_s if isinstance(error, LaterError) else RETRY_S
        return problem(503, told(error), headers={"Retry-After": str(after_s)})
    return problem(status, detail_of(error), faults=() if status in (401, 403, 404, 500) else error.faults)


def status_of(error: TrucelineError) -> int:
    """The status with which an error is told."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def detail_of(error: TrucelineError) -> str:
    """The one line with which an error is told: of a fault of the program, and of the disk, nothing of its own."""
    return FAULT if status_of(error) == 500 else told(error)


def _invalid(error: RequestValidationError) -> ProblemResponse:
    """What does not fit the parameters of a route; what was sent is not repeated. What no path can be is not there."""
    if any(one["loc"][0] == "path" for one in error.errors()):
        return problem(404, _SAID[404])
    faults = [
        Fault(one_line(one["msg"]), str(one["loc"][0]), field=one_line(".".join(map(str, one["loc"][1:]))))
        for one in error.errors()
    ]
    return problem(422, one_line(str(faults[0])) if faults else "expected other parameters", faults=faults)
