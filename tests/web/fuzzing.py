"""How is the whole interface asked what nobody would ask? By schemathesis, from its own description, with every check.

found = ask(schema, "coverage", "fuzzing", examples=10)     a `Course`: what was asked, and what is wrong
found.check()                                              nothing is

What is checked beside what schemathesis checks: no answer is a fault of the program or tells of its insides, no problem
repeats what was sent, every answer says what it is, and none is long in coming.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import httpx
import requests
import schemathesis
from fastapi import FastAPI
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from truceline.desk.keyring import KeyFile
from truceline.desk.signing import sign

ROOT = Path(__file__).parents[2]
LONGEST_S = 30.0
"""A request that takes so long hangs; what is well takes far less, whatever else the machine does."""

MOST_REPEATED = 64
"""`errors.quoted` shows this much of what somebody sent, at the most."""

INSIDES = re.compile(rb'Traceback|File \\?"|site-packages|\.py\b|sqlite|psycopg|/truceline/|0x[0-9a-f]{8}')
"""What only a stack, a database or a disk says."""


@dataclass
class Course:
    """What came of asking.

    Attributes:
        asked: how often each operation was asked.
        statuses: how often each status came.
        wrong: each fault, with the request that shows it.
    """

    asked: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Fail where anything was wrong; each kind of fault is shown once."""
        shown = {"\n".join(one.splitlines()[:2]): one for one in self.wrong}
        assert not shown, f"{len(self.wrong)} faults, {len(shown)} kinds\n\n" + "\n\n".join(list(shown.values())[:20])


def schema_of(described: Mapping[str, Any], *, seed: int, app: FastAPI | None = None, url: str = "") -> Any:  # noqa: ANN401  # the library's
    """The interface as schemathesis sees it, with the settings of the repository.

    Args:
        described: what `/openapi.json` says.
        seed: of what is made up.
        app: that is asked in this process; None = `url` is.
        url: of a service.
    """
    config = SchemathesisConfig.from_path(ROOT / "schemathesis.toml")
    config.update(seed=seed, max_failures=None)
    made = schemathesis.openapi.from_dict(dict(described), config=config)
    made.app = app
    made.config.base_url = url or "http://localhost"
    made.config.continue_on_failure = True
    made.config.request_timeout = LONGEST_S
    made.config.generation.database = "none"
    return made.exclude(tag="pages")  # what people type is answered in a page: `tests/web/screens/test_every_screen.py`


def ask(schema: Any, *phases: str, examples: int, steps: int = 6, within_s: int = 0) -> Course:  # noqa: ANN401
    """Ask everything that is described.

    Args:
        schema: of `schema_of`.
        phases: `examples`, `coverage`, `fuzzing`, `stateful`.
        examples: that are made up for each operation.
        steps: of each story, where one thing follows from another.
        within_s: it ends then; 0 = when all was asked.
    """
    config, found = schema.config, Course()
    config.phases.update(phases=list(phases))
    config.generation.max_examples, config.phases.stateful.max_steps = examples, steps
    if within_s:
        config._parent.max_time = within_s
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(event.recorder, found)
        elif isinstance(event, events.NonFatalError):
            found.wrong.append(f"{event.label}\nerror: {event.value!r:.600}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return found


def _note(recorder: Any, found: Course) -> None:  # noqa: ANN401  # the library's
    for case_id, one in recorder.interactions.items():
        case, response = recorder.cases[case_id].value, one.response
        if response is None:
            found.wrong.append(f"{case.operation.label}\nno answer\n{one.request.uri}")
            continue
        found.asked[case.operation.label] += 1
        found.statuses[response.status_code] += 1
        failures = [
            f"{type(check.failure_info.failure).__name__}\n{check.failure_info.failure.message}"
            for check in recorder.checks.get(case_id, ()) if check.status == Status.FAILURE
        ]  # fmt: skip
        found.wrong += [
            f"{case.operation.label}\n{said}\n{_shown(response)}" for said in [*failures, *leaks(response)]
        ]  # fmt: skip


def _shown(response: Any) -> str:  # noqa: ANN401  # the library's
    asked = response.request
    sender = asked.headers.get("X-Asks-As", "")
    return (
        f"  {sender} {asked.method} {asked.url:.400}\n  {asked.body!r:.600}\n"
        f"  -> {response.status_code} {response.headers.get('content-type')} {response.elapsed:.2f} s\n"
        f"  {response.content[:600]!r}"
    )


# -- what no answer does -----------------------------------------------------------------------------------------------


def leaks(response: Any) -> list[str]:  # noqa: ANN401  # the library's
    """What is wrong with an answer, whatever was asked."""
    status, body, found = response.status_code, response.content, []
    kind = (response.headers.get("content-type") or [""])[0]
    if status >= 500 and not (status == 503 and kind == "application/problem+json"):
        found.append(f"a fault of the program: {status}")
    if body and not kind:
        found.append("an answer that does not say what it is")
    if status >= 400 and kind == "application/problem+json":
        found += [f"the problem tells {one[0]!r}" for one in INSIDES.finditer(body)][:1]
        found += _repeated(response)
    elif status >= 400 and kind.startswith("application/"):
        found.append(f"a refusal that is no problem: {kind}")
    if response.elapsed > LONGEST_S:
        found.append(f"an answer that took {response.elapsed:.0f} s")
    return found


def _repeated(response: Any) -> list[str]:  # noqa: ANN401  # the library's
    said = json.loads(response.content)
    told = " ".join([said["detail"], *(one["message"] for one in said.get("faults", ()))])
    return [f"the problem repeats {one[:80]!r}" for one in _sent(response.request) if one[:MOST_REPEATED] in told][:1]


def _sent(asked: requests.PreparedRequest) -> Iterator[str]:
    """The long texts of a request."""
    body = asked.body or b""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    pieces = re.split(r"[?&=/]", unquote_plus(asked.url or "")) + re.split(r'["&=\r\n]', unquote_plus(text))
    yield from (piece for piece in pieces if len(piece) > MOST_REPEATED)


# -- who asks ----------------------------------------------------------------------------------------------------------


class SignedRequest(requests.auth.AuthBase):
    """Signs the requests of a program, as `desk.signing.Signed` does for another library."""

    def __init__(self, key: KeyFile, clock: Callable[[], int]) -> None:
        """Sign with a key; `clock` gives the UTC second."""
        self._key, self._clock = key, clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request on its way."""
        body = request.body.encode() if isinstance(request.body, str) else request.body
        assert body is None or isinstance(body, bytes)
        given = {"content-type": str(request.headers["content-type"])} if "content-type" in request.headers else {}
        twin = httpx.Request(request.method or "", request.url or "", headers=given, content=body)
        sign(twin, self._key, self._clock())
        for name in ("signature", "signature-input", "content-digest"):
            if name in twin.headers:
                request.headers[name] = twin.headers[name]
        return request
