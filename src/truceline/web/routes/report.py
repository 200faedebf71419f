"""How does somebody report, and follow a report? Pages without script in three languages; JSON for whoever asks for it.

Nobody is asked who it is. No answer tells whether anything was reported before: an answer to a question that was never
asked is thanked for like any other, and all wrong receipts are answered alike. What people say is in no log and in no
problem.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from truceline.desk import intake
from truceline.desk.consent import USES
from truceline.desk.intake import ACTS, MOST_SHORT, MOST_WORDS, Given, Received, Room
from truceline.desk.readback import Option
from truceline.desk.settings import MIB, Settings
from truceline.desk.viewers import Viewer
from truceline.errors import InputError, StoreError
from truceline.report.intake import (
    FIELDS,
    Limits,
    Offered,
    Refused,
    follow_page,
    followed_page,
    form_page,
    policy,
    received_page,
    thanks_page,
    why_refused,
)
from truceline.report.language import LANGUAGES, Words
from truceline.report.served import spoken
from truceline.web.hotline import fields_of
from truceline.web.parts import TRACE, Here, ProblemError, answer
from truceline.web.patterns import SAID
from truceline.web.reportform import FILES, Form, read_form
from truceline.web.reporting import URLENCODED, form_of, is_open, meant, room_of
from truceline.web.viewing import ARRIVING, door_of

router = APIRouter(tags=["intake"])

Lang = Annotated[str, Query(max_length=8, description="Language of the page: `en`, `ar` or `ru`.")]
MOST_OF_ONE = 4
"""Reports with files of one address that may be on their way at once."""

RUN_OUT_S = 30.0
"""So long a report that was refused may still arrive."""

FOLLOW_COST = 30
"""A receipt costs as much as many requests: so many are not tried."""


class OptionShown(BaseModel):
    """What words about place and time can mean: a number to answer with, and both in words."""

    number: int
    place: str
    when: str
    precision: str


class ReceivedShown(BaseModel):
    """A report that arrived: its receipt, shown once, and what is asked back."""

    receipt: str
    options: list[OptionShown]
    law: str


class FollowShown(BaseModel):
    """What a receipt tells; `unknown` = nothing is kept under it."""

    state: Literal["received", "under review", "included in a batch", "closed", "unknown"]
    done: Literal["", "withdrawn", "deleted"]
    law: str


class ThanksShown(BaseModel):
    """An answer came, whatever it answers."""

    law: str


_PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}
_FORMED: dict[int | str, dict[str, Any]] = {
    status: {"content": {"text/html": {"schema": {"type": "string"}}}} for status in (400, 413, 415, 422, 503)
}


# -- the public form ---------------------------------------------------------------------------------------------------


@router.get("/report", responses=_PAGE)
async def report_form(
    request: Request, _: Annotated[Viewer, is_open("make")], service: Here, lang: Lang = ""
) -> Response:
    """Show the form to report something."""
    return _html(request, _form_page(_words(request, lang), service.settings, Refused()))


@router.get("/report/copy", responses=_PAGE)
async def report_copy(
    request: Request, _: Annotated[Viewer, is_open("make")], service: Here, lang: Lang = ""
) -> Response:
    """The form as one file that opens without a connection, and sends to this service once there is one."""
    words = _words(request, lang)
    page = _html(request, _form_page(words, service.settings, Refused(), door_of(request).origin))
    page.headers["Content-Disposition"] = f'attachment; filename="report-{words.lang}.html"'
    return page


_SHORT = {"maxLength": MOST_SHORT}
_REPORT = form_of(
    ["words"], files=FILES, words={"maxLength": MOST_WORDS, "pattern": SAID}, act={"enum": ["", *ACTS]}, place=_SHORT,
    time=_SHORT, contact=_SHORT, consent={"enum": list(USES)}, lang={},
)  # fmt: skip


@router.post("/report", response_model=ReceivedShown, status_code=201, responses=_FORMED, openapi_extra=_REPORT)
async def report(
    request: Request, _: Annotated[Viewer, is_open("make", takes="report", cost=50)], service: Here
) -> Response:
    """Report something; photos and recordings may come with it."""
    form = Form(service.settings)
    try:
        await _read(request, form, service.settings)
        given = await run_sync(_given, form)
        room = room_of(request)
        received = await run_sync(_received, room, given, form)
    except (InputError, StoreError, ProblemError) as error:
        if not _wants_page(request):
            raise
        if (arriving := request.scope.get(ARRIVING)) is not None:
            await arriving.drain()
        return _refused(request, error, form, service.settings)
    finally:
        form.drop()  # whatever happened, and whoever has gone: what is kept is not touched
    lang = given.lang
    if not _wants_page(request):
        shown = await run_sync(_shown, room, received.options, lang)
        return answer({"receipt": received.receipt, "options": shown}, status=201)
    asked = await run_sync(meant, room, received.options, lang)
    made = received_page(Words(lang), received.receipt, asked, room.bench.agreement.tz)
    return _html(request, made, lang=lang, status=201)


@router.post(
    "/report/answer", response_model=ThanksShown, responses=_PAGE, openapi_extra=form_of(receipt={}, answer={}, lang={})
)
async def report_answer(request: Request, _: Annotated[Viewer, is_open("make", takes="form", cost=20)]) -> Response:
    """Answer the question about place and time; whatever it answers, the answer to it is the same."""
    fields = _short(await request.body(), "receipt", "answer", "lang")
    number = fields["answer"]
    if number.isascii() and number.isdigit() and len(number) <= 2:
        await run_sync(intake.answered, room_of(request), fields["receipt"], int(number))
    if not _wants_page(request):
        return answer({})
    words = _words(request, fields["lang"])
    return _html(request, thanks_page(words), lang=words.lang)


# -- receipts ----------------------------------------------------------------------------------------------------------


@router.get("/intake/follow", responses=_PAGE)
async def follow_form(request: Request, _: Annotated[Viewer, is_open("follow")], lang: Lang = "") -> Response:
    """Show the form for receipts."""
    words = _words(request, lang)
    return _html(request, follow_page(words), lang=words.lang)


@router.post("/intake/follow", response_model=FollowShown, responses=_PAGE,
             openapi_extra=form_of(receipt={}, ask={}, lang={}))  # fmt: skip
async def follow(
    request: Request, _: Annotated[Viewer, is_open("follow", takes="form", cost=FOLLOW_COST)]
) -> Response:  # fmt: skip
    """Tell the state of a report, withdraw its consent, or delete it: for whoever has its receipt."""
    fields = _short(await request.body(), "receipt", "ask", "lang")
    request.app.state.rates.check_receipts(request.scope[TRACE].key)
    room, receipt, ask = room_of(request), fields["receipt"], fields["ask"]
    done = ""
    if ask in ("withdraw", "delete"):
        act = intake.withdraw if ask == "withdraw" else intake.delete
        done = {"withdraw": "withdrawn", "delete": "deleted"}[ask] if await run_sync(act, room, receipt) else ""
    state = "" if done == "deleted" else await run_sync(intake.follow, room, receipt)
    if not state and not done:
        request.app.state.rates.note_receipt(request.scope[TRACE].key)
    if not _wants_page(request):
        return answer({"state": state or "unknown", "done": done})
    words = _words(request, fields["lang"])
    return _html(request, followed_page(words, state, done), lang=words.lang)


async def _read(request: Request, form: Form, settings: Settings) -> None:
    """Take the form in; one with files has a place of its own meanwhile, until its sender gets to read the answer.

    Raises:
        ProblemError: 503, there are too many. Further: as `read_form`.
    """
    if request.headers.get("content-type", "").strip().lower().startswith(URLENCODED):  # it is here already
        await read_form(request, form)
        return
    with _one_more(request, settings.most_arriving):
        try:
            await read_form(request, form)
        except (InputError, StoreError, ProblemError):
            if _wants_page(request):
                await _run_out(request)
            raise


@contextmanager
def _one_more(request: Request, most: int) -> Iterator[None]:
    """One report more on its way: a slow network may take long, and must not take the service from the others.

    Raises:
        ProblemError: 503, there are too many, of all or of this address.
    """
    key, state = request.scope[TRACE].key, request.app.state
    ways: Counter[bytes] = getattr(state, "reports", None) or Counter()
    state.reports = ways
    if ways.total() >= most or ways[key] >= MOST_OF_ONE:
        raise ProblemError(503, "too many reports are on their way", name="busy", headers={"Retry-After": "10"})
    ways[key] += 1
    try:
        yield
    finally:
        ways[key] -= 1
        if not ways[key]:
            del ways[key]


async def _run_out(request: Request) -> None:
    """Let what is still being sent run out, for a while: until then a browser shows no answer."""
    arriving = request.scope.get(ARRIVING)
    with suppress(ProblemError, TimeoutError):
        async with asyncio.timeout(RUN_OUT_S):
            while arriving is not None and not arriving.is_whole:
                await arriving()


# -- helpers of the pages ----------------------------------------------------------------------------------------------


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _words(request: Request, lang: str) -> Words:
    return Words(spoken(lang, request.headers.get("accept-language", "")[:500]))


def _html(request: Request, made: str, *, lang: str = "", status: int = 200) -> Response:
    del request
    headers = {"Content-Security-Policy": policy(), "Vary": "Accept, Accept-Language"}
    headers |= {"Content-Language": lang} if lang else {}
    return Response(made, status, headers, media_type="text/html")


def _form_page(words: Words, settings: Settings, refused: Refused, host: str = "") -> str:
    return form_page(words, _limits(settings), Offered(ACTS, USES), refused, host)


def _limits(settings: Settings) -> Limits:
    return Limits(MOST_WORDS, MOST_SHORT, settings.most_files, max(settings.most_media // MIB, 1))


def _given(form: Form) -> Given:
    """A report from its form.

    Raises:
        InputError: a field came twice.
    """
    lang = form.text("lang")
    return Given(
        form.text("words"), form.text("place"), form.text("time"), form.text("act"), contact=form.text("contact"),
        lang=lang if lang in LANGUAGES else LANGUAGES[0], consent=tuple(form.fields.get("consent", ())),
    )  # fmt: skip


def _received(room: Room, given: Given, form: Form) -> Received:
    """Keep the files and take the report in, both or neither."""
    media = form.kept()
    try:
        return intake.receive(room, intake.with_media(given, media))
    except BaseException:
        intake.forget_media(media)
        raise


def _refused(request: Request, error: Exception, form: Form, settings: Settings) -> Response:
    """The form once more, with why it was refused and what stood in it: nobody writes a report twice."""
    status = error.status if isinstance(error, ProblemError) else 503 if isinstance(error, StoreError) else 422
    fields = form.seen()
    given: dict[str, Any] = {name: _first(fields, name)[:MOST_WORDS] for name in FIELDS}
    given["consent"] = fields.get("consent", [])
    words = _words(request, _first(fields, "lang"))
    page = _form_page(words, settings, Refused(why_refused(words, status, _limits(settings)), given))
    made = _html(request, page, lang=words.lang, status=status)
    if status == 503:
        made.headers["Retry-After"] = "60"
    return made


def _first(fields: Mapping[str, Sequence[str]], name: str) -> str:
    return fields.get(name, [""])[0]


def _shown(room: Room, options: Sequence[Option], lang: str) -> list[dict[str, Any]]:
    return [
        {"number": number, "place": one.place, "when": one.when, "precision": one.precision}
        for number, one in enumerate(meant(room, options, lang), 1)
    ]


def _short(body: bytes, *names: str) -> dict[str, str]:
    """The short fields of a form.

    Raises:
        InputError: it is none.
    """
    found = fields_of(body) if body else {}
    return {name: found.get(name, "")[:MOST_SHORT] for name in names}
