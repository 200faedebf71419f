"""Which refusals of well-formed requests are right, though no schema can say why? Each with its reason.

Schemathesis loads this by itself (`schemathesis.toml`). Every other refusal of a request that keeps to the description
is a failure.
"""

from __future__ import annotations

import json
import re
from typing import Any

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

UNSAID: tuple[tuple[str, int, str, str], ...] = (
    ("POST /api/v1/statements(/batch)?", 422, "not an entry|expected 1 to 256 entries", "these bytes are not signed"),
    ("POST /api/v1/statements", 422, "expected a form with one `entry`", "how often a field comes, no schema says"),
    ("POST /report", 415, "begins like none", "what bytes a photo begins with, no schema says"),
    ("POST /api/v1/evidence", 422, "expected kind and replaces once", "query and form cannot be compared in a schema"),
    ("POST /api/v1/what-if.*", 422, "`geometry`|zone `", "that rings close and do not cross, no schema says"),
    ("POST /api/v1/what-if.*", 422, "`until`: the zone would end before it begins", "two values cannot be compared"),
    ("POST /api/v1/what-if.*", 422, "`ceiling_m`", "it depends on the height where the zone begins"),
    ("POST /api/v1/what-if/proposal", 422, "nothing is supposed", "of four fields one, whichever, has to be there"),
    ("GET /api/v1/(assessments|situation|findings|reconcile).*", 422, "is not after", "two values cannot be compared"),
    ("GET /api/v1/reconcile", 422, "expected two sides, got one", "two values cannot be compared"),
    ("POST /api/v1/accounts/.*/keys", 422, "expected an Ed25519 public key", "half of all bytes are no point"),
    ("POST /api/v1/webhooks", 422, "url: ", "which machines may be called, no schema says"),
    ("POST /api/v1/intake/queue/.*", 422, "`[a-z_]+`: ", "which row its batch would take, its reader says"),
    ("POST /api/v1/notices", 422, "the notice cannot be kept as it is", "what a place and a time are, no schema says"),
    ("POST /api/v1/notices/.*/consents", 422, "`to`: the text knows no such actor", "whom the text knows, it says"),
    ("POST /api/v1/areas/check", 422, "`cells`|`day`|position|cell", "which cells and days there are, no schema says"),
)
"""Operation, status, beginning of a part of the detail, and why."""

URL = r"https?://[!-\"$-?A-~]+"
"""What the description of a webhook takes for an address."""

SEEN = ("POST /report",)
"""Operations that count the letters of a text once those that nobody sees are taken out."""

TOO_LONG = (413, 414, 431)
"""What is too long is refused before it is read, whatever else is wrong with it."""


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:  # noqa: ANN401  # the library's
    """Whether a failure is one."""
    del context
    if isinstance(failure, AcceptedNegativeData):
        is_shorter = case.operation.label in SEEN and "maxLength" in failure.message
        return response.status_code not in TOO_LONG and not is_shorter
    if isinstance(failure, RejectedPositiveData):
        return not is_unsaid(case.operation.label, response.status_code, response.content)
    return True


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:  # noqa: ANN401  # the library's
    """Let no webhook lead to a machine of somebody: `.invalid` is nobody's (RFC 2606)."""
    of_webhooks = context.operation is not None and context.operation.path == "/api/v1/webhooks"
    if of_webhooks and isinstance(body, dict) and re.fullmatch(URL, str(body.get("url"))):
        return {**body, "url": "https://receiver.invalid/"}
    return body


def is_unsaid(operation: str, status: int, body: bytes) -> bool:
    """Whether a refusal is one of these."""
    try:
        detail = str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return False
    return any(
        status == of and re.fullmatch(label, operation) and re.search(said, detail) for label, of, said, _ in UNSAID
    )
