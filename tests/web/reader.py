"""Who reads over HTTP in these tests: one small case with every rung of the ladder, and somebody of every role."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.desk.seen_case import NOON, NOW, finding, jointly, publish, say, seen_case
from tests.web.asking import Client
from tests.web.conftest import WIDE
from truceline.desk.records import Draft
from truceline.desk.service import Service
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.web.app import make_app

PEOPLE = {
    "public": PUBLIC, "north": Viewer("a-north", "party", "north"), "south": Viewer("a-south", "party", "south"),
    "mediator": Viewer("a-mediator", "mediator"), "monitor": Viewer("a-watch", "monitor", "watch"),
    "mirror": Viewer("a-mirror", "mirror"), "intake": Viewer("a-intake", "intake"),
    "secretariat": Viewer("a-desk", "secretariat"),
}  # fmt: skip
PARTIES = ("north", "south", "mediator")
OUTSIDE = ("public", "monitor", "mirror", "intake")
"""Who sees as the public does."""


class House:
    """A case that is served, and those who read it.

    Attributes:
        findings: by what became of them: `public`, `open`, `withheld`.
    """

    def __init__(self, folder: Path, make: Callable[[Path], Any] = seen_case, *, with_findings: bool = True) -> None:
        """Make the case, open it, judge it."""
        case = make(folder)
        self.findings: dict[str, int] = {}
        if with_findings:
            self.findings = _findings(case)
        case.close()
        self.service = Service.open(str(folder), WIDE)
        self.service.snapshots._clock = lambda: NOW
        self.service.snapshots.refresh()
        self.client = Client(make_app(self.service, io.StringIO()))

    @property
    def case(self) -> Any:  # noqa: ANN401  # a case
        """The case, through the writer of the service."""
        return self.service.case

    def ask(self, who: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """Ask as somebody; GET unless there is a body."""
        method = "POST" if "json" in options else "GET"
        with self.client.seen_as(PEOPLE[who]):
            return self.client.request(method, path, **options)

    def get(self, who: str, path: str, **query: Any) -> Any:  # noqa: ANN401  # JSON
        """The JSON of an answer that has to be one."""
        found = self.ask(who, path, params=query)
        assert found.status_code == 200, found.text
        return found.json()

    def rows(self, who: str, **query: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # a query
        """Every report that somebody is told of, page by page."""
        found: list[dict[str, Any]] = []
        after = None
        while True:
            page = self.get(who, "/api/v1/assessments", limit=7, **query, **({"after": after} if after else {}))
            found += page["items"]
            after = page["next"]
            if after is None:
                assert len(found) == page["total"]
                return found

    def close(self) -> None:
        """Let go of all of it."""
        self.client.close()
        self.service.close()


def _findings(case: Any) -> dict[str, int]:  # noqa: ANN401  # a case
    """One that is public, one that nobody decided on, one that the body withholds."""
    made = {"public": finding(case, NOON + 300, dissent=[{"by": "south", "text": "It was not clear."}])}
    publish(case, made["public"], NOON + 400)
    made["open"] = finding(case, NOON + 500, text="Nobody has read this yet.")
    made["withheld"] = finding(case, NOON + 600, text="Not for everybody.")
    sealed = Draft("publication", {"stage": "draft", "texts": {"en": "A draft."}}, readers=("north", "south"))
    of = say(case, sealed, NOON + 700)
    step = {"stage": "comment", "of": of, "about": [made["withheld"]], "to": ["north", "south"], "body": "joint"}
    comment = say(case, Draft("publication", step), NOON + 701)
    for party in ("north", "south"):
        say(case, Draft("answer", {"text": "Seen.", "to": comment}, party), NOON + 702)
    say(case, Draft("publication", {"stage": "joint", "of": of}), NOON + 703)
    last = {"stage": "withheld", "of": of, "about": [made["withheld"]], "code": "talks", "reason": "talks go on"}
    jointly(case, "publication", last, NOON + 704)
    return made


@contextmanager
def house(folder: Path, make: Callable[[Path], Any] = seen_case, *, with_findings: bool = True) -> Iterator[House]:
    """A house, left again."""
    made = House(folder, make, with_findings=with_findings)
    try:
        yield made
    finally:
        made.close()
