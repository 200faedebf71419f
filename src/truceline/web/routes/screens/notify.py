"""The screens of the notification desk: what is made known, who acknowledged it, and the form of five fields.

Contents come from the notice book and go to whoever may see them, as finely as their owners chose; nothing here is
shown beside an incident. A recipient signs its answer in its own browser; what it only tells the desk, the desk says.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from truceline.desk import audits, notified
from truceline.desk.noticelists import counts_shown, list_for, list_shown
from truceline.desk.noticeroom import NoticeRoom
from truceline.desk.viewers import REFUSED
from truceline.errors import AccessError, Fault, InputError, StateError, SubmissionError, one_line
from truceline.group import may_do, role_of
from truceline.notices import clocks
from truceline.notices.model import CATEGORIES, KINDS, LEADS, LEVELS, SITE, Consent, Draft
from truceline.report import notices as shown
from truceline.report.tosign import ToSign, to_sign
from truceline.span import parse_instant
from truceline.web.showing import Showing, look
from truceline.web.viewing import door_of

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

Counts = Annotated[Showing, look("notice", "count")]
Reads = Annotated[Showing, look("notice", "read", cost=2)]
Sends = Annotated[Showing, look("notice", "read", takes="page", cost=2)]
Offers = Annotated[Showing, look("notice", "offer")]
OffersSent = Annotated[Showing, look("notice", "offer", takes="page", cost=2)]
Keeps = Annotated[Showing, look("notice", "keep", takes="page")]
Id = Annotated[str, Path(pattern="^[a-p]{16}$", description="Id of a notice.")]
Kind = Annotated[str, Query(pattern=f"^({'|'.join(KINDS)}|)$", description="What is to be made known.")]
Party = Annotated[str, Query(max_length=64, pattern=r"^[\w.:-]*$", description="Whose list; empty = one's own.")]
Short = Annotated[str, Form(max_length=300)]

TEXTS: Final = (
    "what", "place", "where", "since", "until", "category", "callsign", "lead", "reason", "owner", "contact", "note",
    "replaces",
)  # fmt: skip
NUMBERS: Final = ("low_m_amsl", "high_m_amsl", "accuracy_m")
MORE: Final = ("areas", "callsign", "lead", "reason", "owner", "contact", "note", *NUMBERS)
"""Fields that stand folded away: they are opened where one of them is filled in."""

TO: Final = re.compile(r"to-([\w.:-]{1,64})")
GROUPS: Final = ("waiting", "mine", "standing", "ended")
PAGE: Final = 50


# -- all of them -------------------------------------------------------------------------------------------------------


@router.get("/notify")
async def notices_page(
    show: Counts, page: Annotated[int, Query(ge=1, le=10_000, description="Which page of the list.")] = 1
) -> Response:
    """What is made known, as much of it as whoever looks may see; to everybody how many, by governorate."""
    return await _notices(show, "", page)


@router.post("/notify", status_code=303)
async def notices_tended(show: Keeps, what: Short) -> Response:
    """Say on the record who is late and what is over."""

    def run() -> None:
        """Done."""
        if what != "tend":
            raise InputError("expected `tend`")
        _note(show, "tend")
        notified.tend(_room(show))

    return await _done(show, "/notify", run, lambda why: _notices(show, why))


async def _notices(show: Showing, why: str, page: int = 1) -> Response:
    show = show.current
    viewer, room = show.viewer, _room(show)
    may_read = may_do(viewer.role, "notice", "read")
    is_desk = may_do(viewer.role, "notice", "keep")

    def made() -> dict[str, Any]:
        """Read."""
        if may_read:
            _note(show, "list")
        told = notified.notices_shown(room, viewer) if may_read else []
        found = sorted((one for one in told if one["state"] != "damaged"), key=lambda one: GROUPS.index(_group(one)))
        names = [_group(one) for one in found]
        first = (page - 1) * PAGE
        shown_now = [_shaped(show, one) for one in found[first : first + PAGE]]
        groups = {name: [one for one in shown_now if _group(one) == name] for name in GROUPS}
        late = sum(answer["is_open"] and answer["left_s"] < 0 for one in found for answer in one["answers"])
        return {
            "groups": [(name, groups[name]) for name in GROUPS if groups[name]],
            "totals": {
                "standing": sum(one["state"] == "standing" for one in found), "waiting": names.count("waiting"),
                "mine": names.count("mine"), "late": late,
            },
            "counts": None if viewer.role in ("party", "monitor") else _counts(show, room),
            "due": is_desk and late > 0, "page_number": page, "pages": max(1, -(-len(found) // PAGE)),
            "papers": _papers(room) if is_desk else [viewer.party] if may_read and viewer.party else [],
        }  # fmt: skip

    values = {
        **await run_sync(made), "names": _names(room), "why": why, "kinds": KINDS,
        "counted": KINDS if is_desk else (SITE,), "role": viewer.role,
        "may_offer": may_do(viewer.role, "notice", "offer"), "may_open": may_read, "linked": _is_linked(show),
    }  # fmt: skip
    return await show.page("notify", show.say("Notify"), values, has_known_at=False, status=422 if why else 200)


def _group(one: Mapping[str, Any]) -> str:
    if one["state"] == "waiting":
        return "waiting"
    if one["state"] != "standing":
        return "ended"
    return "mine" if "acknowledged" in one["may"] else "standing"


def _papers(room: NoticeRoom) -> list[str]:
    """Recipients of what stands."""
    found = {
        party for noticed in room.course.notices.values() if noticed.trail.end is None
        for party, answer in noticed.trail.answers.items() if answer.state != clocks.WITHDRAWN
    }  # fmt: skip
    return sorted(found)


def _counts(show: Showing, room: NoticeRoom) -> list[tuple[dict[str, str] | None, dict[str, int]]]:
    units = _units(show)
    return [(units.get(code), numbers) for code, numbers in counts_shown(room, show.viewer).items()]


def _units(show: Showing) -> dict[str, dict[str, str]]:
    """Names of the units of the gazetteer, by code."""
    gazetteer = _room(show).room.bench.atlas.gazetteer
    return {unit.code: {"en": unit.code, **unit.names} for unit in gazetteer if unit.level <= 1}


# -- a new one ---------------------------------------------------------------------------------------------------------


@router.get("/notify/new")
async def notice_form(
    show: Offers, kind: Kind = "", replaces: Annotated[str, Query(pattern="^([a-p]{16}|)$")] = ""
) -> Response:
    """The form of five fields; a correction begins with what it corrects."""
    given: dict[str, Any] = {"kind": kind or KINDS[0]}
    if replaces:
        before = await run_sync(_read, show, replaces)
        if "draft" not in before:
            raise AccessError(REFUSED)
        given = {**before["draft"], "areas": " ".join(before["draft"].get("areas", ())), "replaces": replaces}
        given |= {f"to-{one['to']}": one["level"] for one in before["consents"] if not one["ended"]}
    return await _form(show, given)


@router.post("/notify/new", status_code=303)
async def notice_offered(show: OffersSent, request: Request) -> Response:
    """Check a notice and keep it: a site waits for a second person, everything else is made known at once."""
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    try:
        draft = _draft(form)
        made = await run_sync(_offered, show, draft, form.get("sent", ""))
    except (InputError, SubmissionError, StateError) as error:
        return await _form(show, form, why=one_line(str(error)), status=422)
    if not made.id:
        remarks = shown.remarked(show.words, notified.remarks_shown(made.remarks))
        why = show.say("It cannot be kept as it is.")
        return await _form(show, form, why=why, remarks=remarks, status=422)
    return Response(status_code=303, headers={"Location": f"/notify/{made.id}?lang={show.lang}"})


def _offered(show: Showing, draft: Draft, sent: str) -> notified.Offered:
    made = notified.offer_notice(_room(show), show.viewer, draft, sent)
    if made.id:
        _note(show, "offer", made.id)
    return made


def _draft(form: Mapping[str, str]) -> Draft:
    """What was typed, as a notice.

    Raises:
        InputError: a number is none.
    """
    typed_in: dict[str, Any] = {name: form[name].strip() for name in TEXTS if form.get(name, "").strip()}
    for name in NUMBERS:
        typed = form.get(name, "").strip()
        if typed and not re.fullmatch(r"-?\d{1,6}", typed):
            raise InputError(Fault("expected whole metres", field=f"`{name}`"))
        if typed:
            typed_in[name] = int(typed)
    to = tuple(
        Consent(found[1], level) for name, level in form.items() if level and (found := TO.fullmatch(name)) is not None
    )
    return Draft(form.get("kind", ""), to=to, areas=tuple(form.get("areas", "").split()), **typed_in)


async def _form(
    show: Showing, given: Mapping[str, Any], *, why: str = "", remarks: Sequence[Any] = (), status: int = 200
) -> Response:
    show = show.current
    room = _room(show)
    values = {
        "given": defaultdict(str, {**given, "more": any(given.get(name) for name in MORE)}), "kinds": KINDS,
        "levels": tuple(LEVELS), "categories": CATEGORIES, "leads": tuple(LEADS),
        "recipients": _recipients(room, show.viewer.party),
        "names": _names(room), "why": why, "remarks": remarks, "linked": False,
    }  # fmt: skip
    return await show.page("notify-new", show.say("Make something known"), values, scripts=["notify.js"],
                           has_known_at=False, status=status)  # fmt: skip


def _recipients(room: NoticeRoom, own: str) -> list[str]:
    """To whom a notice can be given from the form: those whom the text binds or who watch, by id."""
    text = room.text
    bound = {actor for term in text.terms.values() if term.who is not None for actor in term.who.ids}
    wanted = ("guarantor", "side", "state", "monitor", "humanitarian")
    return sorted(
        one.id for one in text.parties.values()
        if one.id != own and one.kind in wanted and (one.id in bound or one.kind in ("monitor", "humanitarian"))
    )  # fmt: skip


# -- the list of a recipient -------------------------------------------------------------------------------------------


@router.get("/notify/list")
async def list_page(show: Reads, of: Party = "") -> Response:
    """The list of one recipient, to be printed: the desk's for everybody, a recipient's own for itself."""
    show = show.current
    viewer, room = show.viewer, _room(show)
    party = of or viewer.party
    if not party or not (may_do(viewer.role, "notice", "keep") or (viewer.party and viewer.party == party)):
        raise AccessError(REFUSED)
    if party not in room.text.parties:
        raise AccessError(REFUSED)

    def made() -> dict[str, Any]:
        """Handed over."""
        _note(show, "hand-over", party)
        return list_shown(list_for(room, party))

    listed = await run_sync(made)
    listed["rows"] = [
        defaultdict(
            str,
            {
                **row,
                "at": [shown.where_of(disc, row["level"]) for disc in row.get("discs", ())],
                **{name: shown.when_of(show.words, row.get(name, "")) for name in ("since", "until")},
            },
        )
        for row in listed["rows"]
    ]
    values = {"listed": listed, "names": _names(room), "units": _units(show), "civil": _civil(show),
              "linked": False}  # fmt: skip
    return await show.page("notice-list", show.say("List of {who}", who=party), values, is_wide=True,
                           has_known_at=False)  # fmt: skip


# -- one of them -------------------------------------------------------------------------------------------------------


@router.get("/notify/{id}")
async def notice_page(show: Reads, id: Id) -> Response:  # noqa: A002  # the path's name
    """One notice, as much of it as whoever looks may see, with a clock for each recipient."""
    return await _notice(show, id)


@router.post("/notify/{id}", status_code=303)
async def notice_changed(  # noqa: PLR0917  # the fields of the form
    show: Sends, request: Request, id: Id, what: Short, to: Short = "", level: Short = "", why: Short = "",  # noqa: A002
) -> Response:  # fmt: skip
    """Confirm it, let somebody know it, take that back, answer it, or remove it."""
    room, viewer = _room(show), show.viewer
    if what.startswith("sign-") and what[5:] in clocks.BY_RECIPIENT:
        return await _notice(show, id, drafts=[_signing(show, id, what[5:], why)], given_why=why)
    accepts = [one for one in (await request.form()).getlist("accept") if isinstance(one, str)]
    acts: dict[str, Callable[[], object]] = {
        "confirm": lambda: notified.confirm(room, viewer, id, accepts),
        "consent": lambda: notified.consent(room, viewer, id, to, level),
        "revoke": lambda: notified.revoke(room, viewer, id, to),
        "remove": lambda: notified.remove(room, viewer, id),
        "acknowledged": lambda: notified.acknowledge(room, viewer, id, "acknowledged", why),
        "denied": lambda: notified.acknowledge(room, viewer, id, "denied", why),
    }

    def run() -> None:
        """Done."""
        if what not in acts:
            raise InputError(f"expected one of {', '.join(acts)}")
        _note(show, what if what not in clocks.BY_RECIPIENT else "acknowledge", id)
        acts[what]()

    after = "/notify" if what == "remove" else f"/notify/{id}"
    return await _done(show, after, run, lambda said: _notice(show, id, why=said))


async def _notice(
    show: Showing, key: str, *, why: str = "", drafts: Sequence[ToSign] = (), given_why: str = ""
) -> Response:
    show = show.current
    room = _room(show)
    found = await run_sync(_read, show, key)
    remarks = shown.remarked(show.words, found.get("remarks") or [])
    values = {
        "one": _shaped(show, found), "remarks": remarks, "why": why, "drafts": drafts, "given_why": given_why,
        "names": _names(room), "recipients": _recipients(room, ""), "levels": tuple(LEVELS), "civil": _civil(show),
        "linked": _is_linked(show),
    }  # fmt: skip
    scripts = ["sign.js"] if drafts else []
    return await show.page("notice", show.say("Notice"), values, scripts=scripts, has_known_at=False,
                           status=422 if why else 200)  # fmt: skip


def _signing(show: Showing, key: str, what: str, why: str) -> ToSign:
    body = msgspec.to_builtins(notified.acknowledgement(key, show.viewer.party, what, why).body)
    is_demo = show.service.case.charter().is_demo
    return to_sign("acknowledgement", show.viewer.party, body, door_of(show.request).origin, is_demo=is_demo)


# -- what all of them need ---------------------------------------------------------------------------------------------


def _room(show: Showing) -> NoticeRoom:
    return show.service.notices


def _note(show: Showing, action: str, about: str = "") -> None:
    """Note who read, handed over or changed something here, as it is noted of programs."""
    audits.note(show.service.state, show.viewer, show.service.now(), "notice", action, about=about)


def _read(show: Showing, key: str) -> dict[str, Any]:
    _note(show, "read", key)
    return notified.notice_shown(_room(show), show.viewer, key)


def _is_linked(show: Showing) -> bool:
    """Whether whoever looks may read the entries of notices in the record."""
    return role_of(show.viewer.reader) != "public"


def _civil(show: Showing) -> Callable[[str], object]:
    return lambda text: show.words.civil(parse_instant(text, "UTC"))


def _names(room: NoticeRoom) -> dict[str, dict[str, str]]:
    return {one.id: dict(one.names) for one in room.text.parties.values() if one.names}


def _shaped(show: Showing, one: Mapping[str, Any]) -> dict[str, Any]:
    """A notice as its page shows it, with the clock of each recipient."""
    whole = clocks.ACKNOWLEDGE_S[one.get("lead") or ""]
    row = one.get("row")
    plain = {**one, "row": None if row is None else msgspec.to_builtins(row)}
    rings = [
        shown.clock_of(show.words, answer, whole, whole - (parse_instant(answer["due"], "UTC")
                       - parse_instant(answer["since"], "UTC")))
        for answer in one.get("answers") or []
    ]  # fmt: skip
    return shown.shaped(show.words, plain, rings)


async def _done(show: Showing, after: str, run: Callable[[], None], again: Callable[[str], Any]) -> Response:
    """Do something and go on, or show the page again with why it was refused."""
    try:
        await run_sync(run)
    except (InputError, SubmissionError, StateError) as error:
        answered: Response = await again(one_line(str(error)))
        return answered
    return Response(status_code=303, headers={"Location": f"{after}?lang={show.lang}"})
