"""How does a route show a screen? It asks what a program could ask, as the same viewer, and draws the answer.

    @router.get("/ledger")
    async def ledger(show: Annotated[Showing, look("assessment", "read")], asked: ...) -> Response:
        found = show.told(await reading.assessments(show.who, asked))
        return await show.page("ledger", show.say("Ledger"), {"found": found})

A screen reads nothing but what the interface answers to whoever looks: it cannot tell more than that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from anyio.to_thread import run_sync
from fastapi import Depends, Query, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from truceline.desk.service import Service
from truceline.desk.sessions import Entered
from truceline.desk.viewers import Viewer
from truceline.errors import StoreError
from truceline.group import may_do
from truceline.report.language import Words, plain
from truceline.report.served import spoken
from truceline.report.shell import Shell, piece, screen
from truceline.web.asking import Who, snapshot_of
from truceline.web.parts import Here, gate
from truceline.web.patterns import KNOWN_AT
from truceline.web.viewing import entered_if_any

Lang = Annotated[str, Query(max_length=2, pattern="^(|en|ar|ru)$", description="en, ar or ru; empty = as the browser.")]
KnownAt = Annotated[
    str, Query(pattern=KNOWN_AT, max_length=40, description="As known then: a time, or `#INDEX`; empty = now.")
]

DOORS: tuple[tuple[str, str, str, str], ...] = (
    ("/", "Today", "situation", "read"),
    ("/what-if", "What if", "what-if", "ask"),
    ("/ledger", "Ledger", "assessment", "read"),
    ("/words", "Words and acts", "claim", "read"),
    ("/agreement", "Agreement", "agreement", "read"),
    ("/exchange", "Exchange", "map", "read"),
    ("/notify", "Notify", "notice", "read"),
    ("/record", "Record", "record", "read"),
    ("/review", "Review", "duplicate", "review"),
    ("/desk/intake", "Intake", "report", "review"),
    ("/desk/approvals", "Approvals", "statement", "approve"),
    ("/desk/accounts", "Accounts", "account", "manage"),
)
"""Screens in the order in which they are offered: path, name, and whom they are for."""


@dataclass(frozen=True)
class Showing:
    """One request for a screen.

    Attributes:
        request: as it came.
        service: that answers.
        viewer: who looks; the gate let it through.
        lang: of the page.
        known_at: as which time or entry is asked for; empty = the newest.
    """

    request: Request
    service: Service
    viewer: Viewer
    lang: str
    known_at: str

    @cached_property
    def words(self) -> Words:
        """Of the language, by the clock of the agreement."""
        try:
            return Words(self.lang, self.service.snapshots.current().agreement.tz)
        except StoreError:  # nothing was worked out yet
            return Words(self.lang)

    def say(self, text: str, **values: object) -> str:
        """A sentence for a title or a label, without elements."""
        return plain(self.words.say(text, **values))

    @staticmethod
    def told(answered: Response) -> dict[str, Any]:
        """What a route of the interface answered."""
        found: dict[str, Any] = msgspec.json.decode(answered.body)
        return found

    @property
    def who(self) -> Who:
        """Whoever looks, as a route of the interface takes it."""
        return Who(self.request, self.service, self.viewer)

    @property
    def current(self) -> Showing:
        """The same request for what is known now: for screens that tell of no earlier state."""
        return replace(self, known_at="")

    @property
    def entered(self) -> Entered | None:
        """The session of whoever looks; None for the public, and for a program."""
        return entered_if_any(self.request)

    async def shell(self) -> Shell:
        """What stands around the screen."""
        entered, service = self.entered, self.service
        charter = service.case.charter()
        index, at, title, names = None, 0, {"en": charter.title}, {}
        try:
            snapshot = service.snapshots.current()
        except StoreError:  # nothing was worked out yet
            pass
        else:
            title = dict(snapshot.agreement.title)
            if self.viewer.party in snapshot.agreement.parties:
                names = dict(snapshot.agreement.parties[self.viewer.party].names)
            if self.known_at:
                snapshot = await snapshot_of(service, self.known_at, self.viewer)
            index, at = snapshot.index, snapshot.at
        return Shell(
            words=self.words, path=self.request.url.path, query=self._query(), case=title,
            doors=[(path, name) for path, name, *what in DOORS if may_do(self.viewer.role, *what)],
            role=self.viewer.role, party=self.viewer.party, label=entered.account.label if entered else "",
            names=names,
            csrf=entered.csrf if entered else "", is_demo=service.settings.demo, index=index, at=at,
            known_at=self.known_at,
        )  # fmt: skip

    async def page(
        self, name: str, title: str, values: Mapping[str, Any], *, scripts: Sequence[str] = (),
        downloads: Sequence[tuple[str, str]] = (), is_wide: bool = False, has_known_at: bool = True, status: int = 200,
    ) -> HTMLResponse:  # fmt: skip
        """A screen; the arguments are those of `report.shell.screen`."""
        shell = await self.shell()
        text = plain(title) if isinstance(title, Markup) else title
        html = await run_sync(
            lambda: screen(
                shell, name, text, values, scripts=scripts, downloads=downloads, is_wide=is_wide,
                has_known_at=has_known_at,
            )
        )  # fmt: skip
        return HTMLResponse(html, status)

    async def piece(self, name: str, values: Mapping[str, Any]) -> HTMLResponse:
        """A part of a screen; the arguments are those of `report.shell.piece`."""
        shell = await self.shell()
        return HTMLResponse(await run_sync(lambda: piece(shell, name, values)))

    def _query(self) -> tuple[tuple[str, str], ...]:
        pairs = parse_qsl(self.request.scope["query_string"].decode("latin-1"))
        return tuple((name, value) for name, value in pairs if name not in ("lang", "known_at"))


def look(resource: str, action: str, *, cost: int = 1, takes: str = "") -> Any:  # noqa: ANN401  # FastAPI's Depends
    """The gate of a screen, as its dependency: it gives a `Showing`, or refuses.

    Args:
        resource: as in `group.may_do`.
        action: likewise.
        cost: as how many requests it counts.
        takes: what a body of it is, as in `parts.gate`.
    """
    asked: Viewer = gate(resource, action, cost=cost, takes=takes)

    async def shown(
        request: Request, service: Here, viewer: Viewer = asked, lang: Lang = "", known_at: KnownAt = ""
    ) -> Showing:
        """Once the gate is passed, in the language of whoever asks."""
        asked = Request({**request.scope, "headers": _asking(request)}, request.receive)
        return Showing(asked, service, viewer, spoken(lang, request.headers.get("accept-language", "")), known_at)

    return Depends(shown)


def _asking(request: Request) -> list[tuple[bytes, bytes]]:
    """The headers of a request but those by which a browser says what page it has: no route answers a page by them."""
    return [one for one in request.scope["headers"] if one[0] not in (b"if-none-match", b"if-modified-since")]
