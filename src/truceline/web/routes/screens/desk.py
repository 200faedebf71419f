"""The screens of those who keep a case: what people decide on, what waits for a second person, and who may enter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Form, Path, Query
from pydantic import ValidationError
from starlette.responses import HTMLResponse, Response

from truceline.desk import accounts as kept_accounts
from truceline.desk.intake import ACTS
from truceline.errors import ConfirmError, Fault, InputError, one_line
from truceline.group import ROLES
from truceline.web.routes import accounts, approvals, evidence, intake, reading_record
from truceline.web.showing import Showing, look

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

PAGE = 20
Reviews = Annotated[Showing, look("duplicate", "review", cost=5)]
Offers = Annotated[Showing, look("evidence", "upload")]
OffersSent = Annotated[Showing, look("evidence", "upload", takes="page")]
Intake = Annotated[Showing, look("report", "review")]
IntakeSent = Annotated[Showing, look("report", "review", takes="page")]
Approves = Annotated[Showing, look("statement", "approve")]
ApprovesSent = Annotated[Showing, look("statement", "approve", takes="page")]
Manages = Annotated[Showing, look("account", "manage")]
ManagesSent = Annotated[Showing, look("account", "manage", takes="page")]

OfOffer = Annotated[str, Path(pattern="^[0-9a-f]{16,64}$", description="Id of an offer.")]
Short = Annotated[str, Form(max_length=300)]
Whole = Annotated[str, Form(max_length=10, pattern="^[0-9]{0,9}$")]


async def _done(show: Showing, path: str, run: Callable[[], Any], draw: Callable[[str], Any]) -> Response:
    """Do something and go on to a page; what is refused is said on the page that asked, with what was typed kept.

    Args:
        show: who asks.
        path: of the page that shows it done.
        run: does it, in a thread.
        draw: the page that asked, with why it was refused.
    """
    try:
        await run_sync(run)
    except ConfirmError:
        words = show.say("Confirm with your passkey first, then do this again.")
        return await _refused(draw, words, 403)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        return await _refused(draw, one_line(str(Fault(first["msg"], field=field))), 422)
    except InputError as error:
        return await _refused(draw, one_line(str(error.faults[0])), 422)
    return Response(status_code=303, headers={"Location": f"{path}?lang={show.lang}"})


async def _refused(draw: Callable[[str], Any], why: str, status: int) -> Response:
    page: Response = await draw(why)
    page.status_code = status
    return page


# -- pairs of reports --------------------------------------------------------------------------------------------------


@router.get("/review")
async def review_page(
    show: Reviews, after: Annotated[int, Query(ge=-1, le=2**53, description="Only pairs behind this one.")] = -1
) -> Response:
    """Pairs of reports that may tell of one incident, side by side, the likeliest first; a person rules, signed."""
    told = show.told(await reading_record.duplicates(show.who, after, PAGE))
    values = {"found": told, "after": after, "fields": FIELDS, "value_of": _value}
    return await show.page("review", show.say("Review"), values)


def _value(value: object) -> str:
    """A value of a report as one line."""
    if isinstance(value, dict):
        return ", ".join(str(one) for one in value.values() if one not in (None, "", []))
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return "" if value is None else str(value)


FIELDS = ("from", "until", "place", "act", "actor", "target", "weapon", "killed", "source")
"""Of a report, in the order in which two of them are set side by side."""


# -- offers ------------------------------------------------------------------------------------------------------------


@router.get("/review/offers")
async def offers_page(show: Offers) -> Response:
    """Files that monitors and parties offer, and that nobody has looked into yet."""
    return await _offers(show, "")


@router.post("/review/offers/{name}", status_code=303)
async def offer_decided(
    show: OffersSent, name: OfOffer, decision: Annotated[Literal["take", "refuse"], Form()], why: Short = "",
    kind: Annotated[str, Form(max_length=32)] = "",
) -> Response:  # fmt: skip
    """Take an offer, or refuse it with a reason."""

    def run() -> None:
        """Take it, or put it aside."""
        body = evidence.Decision.model_validate({"take": decision == "take", "why": why, "kind": kind})
        evidence.decide_offer(show.viewer, show.service, name, body)

    return await _done(show, "/review/offers", run, lambda said: _offers(show, said))


async def _offers(show: Showing, why: str) -> Response:
    told = show.told(await run_sync(evidence.offers_waiting, show.viewer, show.service))
    return await show.page("offers", show.say("Offers"), {"items": told["items"], "why": why}, has_known_at=False)


# -- the intake desk ---------------------------------------------------------------------------------------------------


@router.get("/desk/intake")
async def intake_page(show: Intake) -> Response:
    """What waits at the intake desk; the order says nothing of when it came."""
    return await _intake(show, "")


@router.post("/desk/intake/batch", status_code=303)
async def batch_made(show: IntakeSent) -> Response:
    """Make the batch of this window."""

    def run() -> None:
        """Sign what waits, in one batch."""
        intake.batch(show.request, show.viewer, show.service)

    return await _done(show, "/desk/intake", run, lambda why: _intake(show, why))


async def _intake(show: Showing, why: str) -> Response:
    queue = show.told(await run_sync(intake.queue, show.request, show.viewer, show.service, "", 1_000))
    due = show.told(await run_sync(intake.due, show.request, show.viewer))
    values = {"queue": queue, "due": due, "why": why}
    return await show.page("intake-desk", show.say("Intake"), values, has_known_at=False)


@router.get("/desk/intake/{id}")
async def report_page(show: Intake, id: intake.Id) -> Response:  # noqa: A002  # the path's name
    """One report that waits, whole."""
    return await _report(show, id, "", {})


@router.post("/desk/intake/{id}", status_code=303)
async def report_decided(  # noqa: PLR0917  # the fields of the form
    show: IntakeSent, id: intake.Id, decision: Annotated[str, Form(max_length=16)], act: Short = "",  # noqa: A002
    actor: Short = "", target: Short = "", weapon: Short = "", place: Short = "", when: Short = "", until: Short = "",
    precision: Short = "", killed_low: Whole = "", killed_high: Whole = "", grade: Short = "",
    note: Annotated[str, Form(max_length=1_000)] = "", is_named: Short = "", into: Short = "", reason: Short = "",
) -> Response:  # fmt: skip
    """Decide on it."""
    typed = {
        "act": act, "actor": actor, "target": target, "weapon": weapon, "place": place, "when": when, "until": until,
        "precision": precision, "grade": grade, "note": note, "is_named": bool(is_named),
        "killed_low": int(killed_low) if killed_low else None, "killed_high": int(killed_high) if killed_high else None,
    }  # fmt: skip

    def run() -> None:
        """Decide on the report."""
        row = typed if decision == "take" else {}
        body = intake.DecisionGiven.model_validate({"decision": decision, "row": row, "into": into, "reason": reason})
        intake.decide(show.request, show.viewer, show.service, id, body)

    given = {**typed, "into": into, "reason": reason, "decision": decision}
    return await _done(show, "/desk/intake", run, lambda why: _report(show, id, why, given))


async def _report(show: Showing, key: str, why: str, given: dict[str, Any]) -> Response:
    one = show.told(await run_sync(intake.queued, show.request, show.viewer, show.service, key))
    values = {"one": one, "why": why, "given": given, "acts": ACTS}
    return await show.page("intake-report", show.say("Report {id}", id=key), values, has_known_at=False)


# -- a second person ---------------------------------------------------------------------------------------------------


@router.get("/desk/approvals")
async def approvals_page(show: Approves) -> Response:
    """What waits for a second person, and what became of the rest."""
    told = show.told(await run_sync(approvals.list_held, show.viewer, show.service))
    return await show.page("approvals", show.say("Approvals"), {"items": told["items"]}, has_known_at=False)


@router.get("/desk/approvals/{name}")
async def approval_page(show: Approves, name: approvals.Name) -> Response:
    """One of them, whole: what is approved is what was signed."""
    return await _approval(show, name, "")


@router.post("/desk/approvals/{name}", status_code=303)
async def approval_decided(
    show: ApprovesSent, name: approvals.Name, decision: Annotated[Literal["approve", "refuse"], Form()], why: Short = ""
) -> Response:
    """Approve or refuse it."""

    def run() -> None:
        """Approve or drop it."""
        if decision == "approve":
            approvals.approve_held(show.viewer, show.service, name)
        else:
            approvals.refuse_held(show.viewer, show.service, name, approvals.Why.model_validate({"why": why}))

    return await _done(show, f"/desk/approvals/{name}", run, lambda said: _approval(show, name, said))


async def _approval(show: Showing, name: str, why: str) -> Response:
    one = show.told(await run_sync(approvals.read_held, show.viewer, show.service, name))
    values = {"one": one, "why": why, "is_own": one["account"] == show.viewer.account}
    return await show.page("approval", show.say("Approval"), values, has_known_at=False)


# -- accounts ----------------------------------------------------------------------------------------------------------


@router.get("/desk/accounts")
async def accounts_page(show: Manages) -> Response:
    """Who may enter, and as what: functions, never names of persons."""
    return await _accounts(show, "", {})


@router.post("/desk/accounts", status_code=303)
async def account_made(show: ManagesSent, role: Short, label: Short, party: Short = "") -> Response:
    """Make an account that nobody can enter yet."""
    given = {"role": role, "label": label, "party": party}

    def run() -> None:
        """Make the account."""
        accounts.add_account(show.viewer, show.service, accounts.NewAccount.model_validate(given))

    return await _done(show, "/desk/accounts", run, lambda why: _accounts(show, why, given))


@router.post("/desk/accounts/{name}", status_code=303)
async def account_changed(
    show: ManagesSent, name: accounts.Name, what: Annotated[Literal["invite", "lost", "disable"], Form()]
) -> Response:
    """Invite to an account, anew after its device was lost, or let it enter no more."""
    found: dict[str, Any] = {}

    def run() -> None:
        """Change the account."""
        if what == "disable":
            accounts.disable_account(show.viewer, show.service, name)
            return
        body = accounts.Invite(is_lost=what == "lost")
        found.update(show.told(accounts.invite_account(show.viewer, show.service, name, body)))

    answered = await _done(show, "/desk/accounts", run, lambda why: _accounts(show, why, {}))
    if not found:
        return answered
    return await _accounts(show, "", {}, {**found, "name": name})  # the code is shown once, and in no address


async def _accounts(show: Showing, why: str, given: dict[str, Any], invited: dict[str, Any] | None = None) -> Response:
    told = show.told(await run_sync(accounts.list_accounts, show.viewer, show.service))
    speaking = {name for name in ROLES if name in kept_accounts.SPEAKING}
    values = {
        "items": told["items"], "why": why, "given": given, "invited": invited, "roles": ROLES[1:],
        "speaking": speaking, "actors": sorted(kept_accounts.actors_of(show.service.case)),
    }  # fmt: skip
    return await show.page("accounts", show.say("Accounts"), values, has_known_at=False)
