"""What is every answer to a reader made of? The state it is of, what whoever asks sees of it, and what is kept of it.

    @router.get("/api/v1/facets", response_model=Facets)
    async def facets(who: Annotated[Who, whoever("assessment", "read")], asked: ...) -> Response:
        asks = await who.about(asked.known_at)
        view = await asks.view()
        return await asks.kept(("facets", view.mark), lambda: pages.facets(view, asks.snapshot, one))

Every answer says as of which entry of the record it is; whoever has it already is told so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import msgspec
from anyio.to_thread import run_sync
from fastapi import Depends, Request
from starlette.responses import Response

from truceline import LAW
from truceline.desk.audits import note
from truceline.desk.service import Service
from truceline.desk.snapshots import Snapshot
from truceline.desk.viewers import Viewer
from truceline.desk.views import pages
from truceline.desk.views.kept import Kept, kept_of
from truceline.desk.views.room import Reading
from truceline.desk.views.view import View
from truceline.group import may_do, role_of
from truceline.web.parts import JSON, Here, gate

GEO = "application/geo+json"

FEW, MANY = 1_000_000, 1_000_000_000
"""Of fewer rows an answer is worked out at once: to hand it to a thread and wait for it takes longer than that."""


async def snapshot_of(service: Service, known_at: str, viewer: Viewer) -> Snapshot:
    """The newest snapshot, or an older one, which may have to be worked out: for one who is no member at a time."""
    if not known_at:
        return service.snapshots.current()
    return await run_sync(partial(service.snapshots.at, known_at, is_member=bool(viewer.account)))


async def view_of(service: Service, snapshot: Snapshot, viewer: Viewer) -> View:
    """What whoever asks sees of a snapshot."""
    found = service.snapshots.seen(snapshot, viewer.reader)
    return await run_sync(service.snapshots.view, snapshot, viewer.reader) if found is None else found


async def kept(service: Service, key: tuple[Any, ...], make: Callable[[], Kept], rows: int = MANY) -> Kept:
    """An answer, worked out where it is not kept: beside the event loop, unless that would take longer than the work.

    Args:
        service: that keeps it.
        key: what was asked, and what is shown.
        make: works it out.
        rows: so many are looked at, once; two million in a millisecond or two.
    """
    answers = service.snapshots.answers
    found = answers.find(key)
    if found is None:
        found = answers.of(key, make) if rows < FEW else await run_sync(answers.of, key, make)
    return found


async def noted(service: Service, viewer: Viewer, action: str, about: str = "") -> None:
    """Note in the audit that somebody who sees reports as they were made has read one, or taken them along."""
    if viewer.reader == "secretariat":
        await run_sync(partial(note, service.state, viewer, service.now(), "assessment", action, about=about))


def reading_of(service: Service, snapshot: Snapshot, viewer: Viewer) -> Reading:
    """Who asks, for the workroom: and what of the record is not told."""
    told, group = snapshot.told, snapshot.agreement.group
    seen = {one.index for one in told.shown(viewer.reader, group)}
    entries = None if may_do(viewer.role, "entry", "mirror") else frozenset(told.course.public)
    return Reading(
        viewer.reader, service.snapshots.moment(snapshot),
        frozenset(one.id for one in told.findings if one.index not in seen), entries,
        snapshot.hidden_from(viewer.reader),
    )  # fmt: skip


def at_once(request: Request, what: str, most: int) -> anyio.CapacityLimiter:
    """So many threads for one kind of work; whoever waits for one holds none that others need.

    Args:
        request: to the application whose threads they are.
        what: the kind of work.
        most: so many at once.
    """
    state = request.app.state
    if not hasattr(state, "limits"):
        state.limits = {}
    limits: dict[str, anyio.CapacityLimiter] = state.limits
    return limits.setdefault(what, anyio.CapacityLimiter(most))


def marked(viewer: Viewer, etag: str) -> dict[str, str]:
    """The headers of an answer that a browser may ask for again by its tag.

    What is told to members is kept in no cache. What is public may be, and is asked for again each time.
    """
    headers = {"ETag": etag}
    if not viewer.account:
        headers |= {"Cache-Control": "public, no-cache", "Vary": "Cookie, Authorization, Signature-Input"}
    return headers


def has_already(request: Request, etag: str) -> bool:
    """Whether whoever asks has what goes by this tag."""
    asked = request.headers.get("if-none-match", "")
    return bool(asked) and (asked.strip() == "*" or etag in [one.strip() for one in asked.split(",")])


def reply(
    request: Request, viewer: Viewer, made: Kept, tail: Mapping[str, Any], media_type: str = JSON
) -> Response:  # fmt: skip
    """An answer with what changes with every entry of the record; 304 where whoever asks has it already."""
    headers = marked(viewer, made.etag)
    if has_already(request, made.etag):
        return Response(status_code=304, headers=headers)
    end = msgspec.json.encode({**tail, "law": LAW})[1:]
    separator = b"" if made.content == b"{}" else b","
    return Response(made.content[:-1] + separator + end, 200, headers, media_type=media_type)


@dataclass(frozen=True)
class Asks:
    """Somebody who asks about a state of the record.

    Attributes:
        request: as it came.
        service: that answers.
        viewer: who asks.
        snapshot: what was judged of the state that is asked about.
    """

    request: Request
    service: Service
    viewer: Viewer
    snapshot: Snapshot

    @property
    def is_public(self) -> bool:
        """Whether it is told what was published, and no more."""
        return role_of(self.viewer.reader) == "public"

    @property
    def reading(self) -> Reading:
        """Who asks, for the workroom."""
        return reading_of(self.service, self.snapshot, self.viewer)

    @property
    def known(self) -> int:
        """With so many entries everything that was said is known."""
        return self.snapshot.told.size if self.snapshot.known_at is None else self.snapshot.size

    @property
    def grounds(self) -> tuple[Any, ...]:
        """What a drawing of the text's places rests on, for the key of an answer."""
        return (*self.snapshot.ground, self.is_public)

    async def view(self) -> View:
        """What whoever asks sees of the snapshot."""
        return await view_of(self.service, self.snapshot, self.viewer)

    async def room(self, what: str, *values: Any) -> Any:  # noqa: ANN401  # any answer
        """Ask the workroom."""
        return await run_sync(self.service.snapshots.ask, what, self.snapshot.judged, *values)

    async def noted(self, action: str, about: str = "") -> None:
        """Note it in the audit, as `noted` does."""
        await noted(self.service, self.viewer, action, about)

    def reply(self, made: Kept, media_type: str = JSON, **tail: Any) -> Response:  # noqa: ANN401  # values of JSON
        """The answer, with as of which entry it is; 304 where whoever asks has it already."""
        tail.setdefault("known_at", pages.known_at(self.snapshot))
        return reply(self.request, self.viewer, made, tail, media_type)

    def told(self, value: Mapping[str, Any], **tail: Any) -> Response:  # noqa: ANN401  # values of JSON
        """Plain values as the answer; nothing is kept."""
        return self.reply(kept_of(msgspec.json.encode(value)), **tail)

    async def kept(
        self, key: tuple[Any, ...], make: Callable[[], Kept], rows: int = MANY, media_type: str = JSON
    ) -> Response:  # fmt: skip
        """The answer that is kept, or that is worked out now, as `kept` does."""
        return self.reply(await kept(self.service, key, make, rows), media_type)

    async def worked_out(self, make: Callable[[], Mapping[str, Any]]) -> Response:
        """Plain values that are worked out beside the event loop, as the answer; nothing is kept."""
        return self.reply(await run_sync(lambda: kept_of(msgspec.json.encode(make()))))


@dataclass(frozen=True)
class Who:
    """Somebody who asks; its gate let it through.

    Attributes:
        request: as it came.
        service: that answers.
        viewer: who asks.
    """

    request: Request
    service: Service
    viewer: Viewer

    async def about(self, known_at: str = "") -> Asks:
        """The same, about the newest state or an older one, which may have to be worked out."""
        snapshot = await snapshot_of(self.service, known_at, self.viewer)
        return Asks(self.request, self.service, self.viewer, snapshot)


def whoever(resource: str, action: str, *, cost: int = 1) -> Any:  # noqa: ANN401  # FastAPI's Depends
    """The gate of a route, as its dependency: it gives a `Who`, or refuses.

    Args:
        resource: as in `group.may_do`.
        action: likewise.
        cost: as how many requests it counts.
    """
    asked: Viewer = gate(resource, action, cost=cost)

    async def who(request: Request, service: Here, viewer: Viewer = asked) -> Who:
        """Once the gate is passed."""
        return Who(request, service, viewer)

    return Depends(who)
