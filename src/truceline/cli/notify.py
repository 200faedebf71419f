"""Commands of the notification desk: what is made known ahead, who confirmed it, who acknowledged it, what leaked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from truceline.cli.send import Key, Out, Receipt, Where, handed_in, venue
from truceline.cli.show import Case, Json, emit, printable, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from truceline.desk.noticefiles import Line
    from truceline.desk.noticeroom import NoticeRoom
    from truceline.desk.notified import Offered
    from truceline.desk.viewers import Viewer
    from truceline.notices.checks import Remark
    from truceline.notices.model import Draft

notify_app = typer.Typer(
    help="The notification desk: sites, movements, flights, repairs and pauses made known to those their owners chose.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Ids = Annotated[list[str], typer.Argument(help="Ids of notices, as `notify list` shows them.")]
Id = Annotated[str, typer.Argument(help="Id of a notice.")]
Account = Annotated[
    str, typer.Option("--account", help="Your account of the service; two persons have two. Empty = the host's.")
]
What = Annotated[str, typer.Option("--what", help="What it is: a name; of a flight the call sign will do.")]
Place = Annotated[str, typer.Option("--place", help="The town or village in words.")]
At = Annotated[
    str, typer.Option("--where", help="Degrees (`35.13, 36.76`) or MGRS; the points of a route parted by `;`.")
]
Since = Annotated[str, typer.Option("--from", help="When it begins; of a site the day it was last looked at.")]
Until = Annotated[str, typer.Option("--until", help="When it ends; of a site until when it counts as it is.")]
To = Annotated[
    list[str] | None,
    typer.Option("--to", help="A recipient, such as `ru`, or `us=town`: exact, town, cell, region, count. Repeat."),
]
Category = Annotated[str, typer.Option("--category", help="Such as hospital, school, water; else `other`.")]
Areas = Annotated[list[str] | None, typer.Option("--area", help="A unit, zone or road segment by its code; repeat.")]
Callsign = Annotated[str, typer.Option("--callsign", help="Of a flight.")]
Low = Annotated[int | None, typer.Option("--low", help="Of a flight: lowest height, metres above mean sea level.")]
High = Annotated[int | None, typer.Option("--high", help="Of a flight: greatest height, metres above mean sea level.")]
Lead = Annotated[str, typer.Option("--lead", help="How long ahead it is given: 48h, 24h or emergency.")]
Reason = Annotated[str, typer.Option("--reason", help="Why it is an emergency.")]
Owner = Annotated[str, typer.Option("--owner", help="Whose it is; for the desk alone.")]
Contact = Annotated[str, typer.Option("--contact", help="How to reach it; for the desk alone.")]
Sent = Annotated[str, typer.Option("--id", help="A name of your own for it: given twice, it is one notice.")]
By = Annotated[
    str, typer.Option("--by", help="An actor whose key this machine holds: it says so as the act that terms ask for.")
]
Replaces = Annotated[str, typer.Option("--replaces", help="Id of the notice that this one corrects.")]
File = Annotated[Path, typer.Argument(help="Notices: a list (CSV, XLSX) or JSON.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(notify_app, name="notify")


@contextmanager
def _room(case: str, action: str, about: str = "", account: str = "") -> Iterator[tuple[NoticeRoom, Viewer]]:
    """The notification desk of a case; the audit says that the host came by, or whose account it was."""
    from truceline.desk import accounts
    from truceline.desk.audits import HOST, note
    from truceline.desk.intake import Room
    from truceline.desk.noticeroom import NoticeRoom
    from truceline.desk.viewers import Viewer
    from truceline.errors import AccessError
    from truceline.group import may_do

    with accounts.of_host(case) as (kept, state, now):
        viewer = HOST
        if account:
            one = accounts.found(state, account)
            if one.is_disabled or not may_do(one.role, "notice", "offer"):
                raise AccessError(f"{one.label}: not an account that gives notices")
            viewer = Viewer(one.id, one.role, one.party)
        note(state, viewer, now, "notice", action, about=about)
        yield NoticeRoom(Room(state, kept)), viewer


# -- given -------------------------------------------------------------------------------------------------------------


@notify_app.command("site")
def notify_site(  # noqa: PLR0917  # the signature is the command line
    case: Case, what: What, where: At, place: Place = "", since: Since = "", until: Until = "", to: To = None,
    category: Category = "other", owner: Owner = "", contact: Contact = "", sent: Sent = "", replaces: Replaces = "",
    account: Account = "", as_json: Json = False,
) -> None:  # fmt: skip
    """Make a site known; it waits until another account confirms it."""
    _offered(case, account, sent, as_json, kind="site", what=what, place=place, where=where, since=since, until=until,
             to=to, category=category, owner=owner, contact=contact, replaces=replaces)  # fmt: skip


@notify_app.command("movement")
def notify_movement(  # noqa: PLR0917  # the signature is the command line
    case: Case, what: What, since: Since, until: Until, where: At = "", place: Place = "", area: Areas = None,
    to: To = None, category: Category = "convoy", lead: Lead = "", reason: Reason = "", owner: Owner = "",
    contact: Contact = "", sent: Sent = "", replaces: Replaces = "", account: Account = "", by: By = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Make a movement by road known: its route, and from when until when."""
    _offered(case, account, sent, as_json, kind="movement", what=what, place=place, where=where, since=since,
             until=until, area=area, to=to, category=category, lead=lead, reason=reason, owner=owner, contact=contact,
             replaces=replaces, by=by)  # fmt: skip


@notify_app.command("flight")
def notify_flight(  # noqa: PLR0917  # the signature is the command line
    case: Case, callsign: Callsign, since: Since, until: Until, what: What = "", where: At = "", area: Areas = None,
    low: Low = None, high: High = None, to: To = None, lead: Lead = "", reason: Reason = "", owner: Owner = "",
    contact: Contact = "", sent: Sent = "", replaces: Replaces = "", account: Account = "", by: By = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Make a flight known: call sign, area or route, hours."""
    _offered(case, account, sent, as_json, kind="flight", what=what or callsign, callsign=callsign, where=where,
             since=since, until=until, area=area, low_m_amsl=low, high_m_amsl=high, to=to, lead=lead, reason=reason,
             owner=owner, contact=contact, replaces=replaces, by=by)  # fmt: skip


@notify_app.command("repair")
def notify_repair(  # noqa: PLR0917  # the signature is the command line
    case: Case, what: What, since: Since, until: Until, where: At = "", place: Place = "", area: Areas = None,
    to: To = None, category: Category = "water", lead: Lead = "", reason: Reason = "", owner: Owner = "",
    contact: Contact = "", sent: Sent = "", replaces: Replaces = "", account: Account = "", by: By = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Make a repair window known: what is repaired, where, and while a crew is there."""
    _offered(case, account, sent, as_json, kind="repair", what=what, place=place, where=where, since=since, until=until,
             area=area, to=to, category=category, lead=lead, reason=reason, owner=owner, contact=contact,
             replaces=replaces, by=by)  # fmt: skip


@notify_app.command("pause")
def notify_pause(  # noqa: PLR0917  # the signature is the command line
    case: Case, what: What, since: Since, until: Until, where: At = "", area: Areas = None, to: To = None,
    lead: Lead = "", reason: Reason = "", owner: Owner = "", contact: Contact = "", sent: Sent = "",
    replaces: Replaces = "", account: Account = "", by: By = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Make a local pause known: an area, and from when until when."""
    _offered(case, account, sent, as_json, kind="pause", what=what, where=where, since=since, until=until, area=area,
             to=to, lead=lead, reason=reason, owner=owner, contact=contact, replaces=replaces, by=by)  # fmt: skip


def _draft(to: Sequence[str] | None, area: Sequence[str] | None = None, **values: Any) -> Draft:  # noqa: ANN401  # fields
    from truceline.desk.noticefiles import read_consents
    from truceline.notices.model import Draft

    return Draft(**values, to=read_consents(";".join(to or ())), areas=tuple(area or ()))


def _offered(
    case: str, account: str, sent: str, as_json: bool, *, by: str = "", **values: Any  # noqa: ANN401  # fields
) -> None:  # fmt: skip
    from truceline.desk import notified

    draft = _draft(**values)
    with _room(case, "offer", account=account) as (room, viewer):
        if by:
            _check_key(room, viewer, draft, by)
        made = notified.offer_notice(room, viewer, draft, sent)
        acts = _say_acts(room, draft, by) if by and made.entry is not None and made.state == "standing" else []
    _answered(made, acts, as_json)
    if by and not as_json and made.id:
        print(f"act of {by}: " + (f"entries {', '.join(map(str, acts))}" if acts else "nothing new is said"))


def _check_key(room: NoticeRoom, viewer: Viewer, draft: Draft, by: str) -> None:
    """Sign the acts of a notice before it is kept, and append nothing: without the key nothing is kept.

    Raises:
        StoreError: this machine does not hold the key.
    """
    from truceline.desk.notified import acts_of, check_notice
    from truceline.desk.records import prepare

    if not check_notice(room, viewer, [draft])[0].is_refused:  # else the offer says why
        for act in acts_of(draft, by, room.text.tz, room.now()):
            prepare(room.case, act, room.room.clock)


def _say_acts(room: NoticeRoom, draft: Draft, by: str) -> list[int]:
    """Say a notice that stands as the act that terms ask for; what was said before is not said twice.

    Returns:
        Indexes of the entries.
    """
    from truceline.desk.notified import acts_of
    from truceline.desk.records import append

    said = [_untimed(one.statement.body) for one in room.case.said("act") if one.statement.by == by]
    acts = [act for act in acts_of(draft, by, room.text.tz, room.now()) if _untimed(act.body) not in said]
    return [one.index for one in append(room.case, acts, room.room.clock)] if acts else []


def _untimed(body: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (body or {}).items() if name != "at"}


def _answered(made: Offered, acts: Sequence[int], as_json: bool) -> None:
    """Say what became of a notice; of what is refused, why, one line each."""
    from truceline.desk.notified import remarks_shown
    from truceline.errors import Fault, InputError

    if not made.id:
        raise InputError(*(Fault(_sentence(one), field=f"`{one.about}`") for one in made.remarks))
    if as_json:
        shown = {"id": made.id, "state": made.state, "entry": made.entry, "is_new": made.is_new}
        emit({**shown, "acts": list(acts), "remarks": remarks_shown(made.remarks)})
        return
    where = f", entry {made.entry}" if made.entry is not None else "; another account confirms it: `notify confirm`"
    print(f"{made.id}: {made.state}{where}")
    for one in made.remarks:
        print(printable(f"  {one.code}: {_sentence(one)}"))


def _sentence(one: Remark) -> str:
    """A remark in words."""
    from truceline.report.language import Words
    from truceline.report.notices import remark

    return remark(Words("en"), one.code, one.values).striptags()


# -- files -------------------------------------------------------------------------------------------------------------


@notify_app.command("check")
def notify_check(case: Case, file: File, to: To = None, as_json: Json = False) -> None:
    """Look at the notices of a file; nothing is kept."""
    from truceline.desk import notified

    lines = _lines(file, to)
    good = [one for one in lines if one.draft is not None]
    with _room(case, "check") as (room, viewer):
        found = notified.check_notice(room, viewer, [one.draft for one in good if one.draft is not None])
    by_line = dict(zip((one.line for one in good), found, strict=True))
    rows = [_row(one, by_line[one.line].remarks if one.line in by_line else ()) for one in lines]
    refused = sum(bool(row["refused"]) for row in rows)
    _told(rows, as_json, {"notices": len(lines), "refused": refused})


@notify_app.command("import")
def notify_import(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    file: File,
    to: To = None,
    account: Account = "",
    rejected: Annotated[Path | None, typer.Option("--rejected", help="Write the rows not taken to this CSV.")] = None,
    as_json: Json = False,
) -> None:
    """Take the notices of a file; a row that cannot be taken is told with its line, and stands in nobody's way."""
    from truceline.desk import notified
    from truceline.desk.noticefiles import Line

    lines = _lines(file, to)
    good = [one for one in lines if one.draft is not None]
    with _room(case, "import", account=account) as (room, viewer):
        clashing = notified.clashing(room, viewer, [one.draft for one in good if one.draft], [one.name for one in good])
        bad = {good[i].line: Line(good[i].line, good[i].name, why=notified.BEARS) for i in clashing}
        good = [one for one in good if one.line not in bad]
        drafts = [one.draft for one in good if one.draft is not None]
        made = notified.offer_notices(room, viewer, drafts, [one.name for one in good])
    lines = [bad.get(one.line, one) for one in lines]
    by_line = dict(zip((one.line for one in good), made, strict=True))
    rows = [_row(one, by_line[one.line].remarks if one.line in by_line else ()) for one in lines]
    for row in rows:
        offered = by_line.get(row["line"])
        row |= {"id": offered.id if offered else "", "state": offered.state if offered else ""}
    taken = sum(bool(row["id"]) for row in rows)
    if rejected is not None:
        _write_rejected(rejected, rows)
    _told(rows, as_json, {"notices": len(lines), "taken": taken, "refused": len(lines) - taken})


def _lines(file: Path, to: Sequence[str] | None) -> list[Line]:
    from truceline.desk.noticefiles import read_consents, read_notices

    return read_notices(file, read_consents(";".join(to or ())))


def _row(one: Line, remarks: Sequence[Remark]) -> dict[str, Any]:
    """One line of a file, and what was found of it."""
    from truceline.notices.checks import ASKED, REFUSED

    told = [f"{found.code}: {_sentence(found)}" for found in remarks if found.weight == REFUSED]
    asked = [f"{found.code}: {_sentence(found)}" for found in remarks if found.weight == ASKED]
    return {"line": one.line, "name": one.name, "refused": [one.why] if one.why else told, "asked": asked}


def _told(rows: list[dict[str, Any]], as_json: bool, counts: dict[str, int]) -> None:
    if as_json:
        emit({**counts, "rows": rows})
        return
    odd = [row for row in rows if row["refused"] or row["asked"]]
    if odd:
        table(["line", "", "what was found"], [
            [str(row["line"]), "not taken" if row["refused"] else "asks", "; ".join([*row["refused"], *row["asked"]])]
            for row in odd
        ])  # fmt: skip
    print(", ".join(f"{number} {name}" for name, number in counts.items()))


def _write_rejected(path: Path, rows: list[dict[str, Any]]) -> None:
    from truceline.desk.sheets import csv_of
    from truceline.store.disk import write_whole

    found = [[row["line"], row["name"], "; ".join(row["refused"])] for row in rows if row["refused"]]
    write_whole(path, csv_of([["line", "id", "why"], *found]))


# -- followed up -------------------------------------------------------------------------------------------------------


@notify_app.command("list")
def notify_list(
    case: Case,
    party: Annotated[str, typer.Option("--party", help="The list of this recipient, marked as its copy.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write that list to this CSV.")] = None,
    as_json: Json = False,
) -> None:
    """List the notices, those that wait first; or the list that one recipient is given."""
    from truceline.desk import noticelists, notified

    with _room(case, "hand-over" if party else "list", party) as (room, viewer):
        if not party:
            found = notified.notices_shown(room, viewer)
        else:
            made = noticelists.list_for(room, party)
    if not party:
        emit({"notices": found}) if as_json else _print_notices(found)
        return
    if out is not None:
        from truceline.store.disk import write_whole

        write_whole(out, noticelists.list_csv(made))
    if as_json:
        emit(noticelists.list_shown(made))
    elif out is None:
        print(noticelists.list_csv(made).decode(), end="")
    else:
        print(f"{out}: {len(made.rows)} notices for {party}, receipt {made.receipt}")


def _print_notices(found: list[dict[str, Any]]) -> None:
    table(["id", "kind", "state", "what", "until", "recipients"], [
        [one["id"], one["kind"], one["state"], one.get("draft", {}).get("what", ""), one.get("until", ""),
         ", ".join(f"{a['party']}: {a['state']}{' (late)' if a['left_s'] < 0 and a['is_open'] else ''}"
                   for a in one.get("answers", ()))]
        for one in found
    ])  # fmt: skip


@notify_app.command("show")
def notify_show(case: Case, one: Id, as_json: Json = False) -> None:
    """Show one notice: what it says, what a check finds now, to whom it is known, and its trail on the record."""
    from truceline.desk import notified

    with _room(case, "read", one) as (room, viewer):
        found = notified.notice_shown(room, viewer, one)
    if as_json:
        emit({"notice": found})
        return
    # Of one that nobody can read any more there is its state alone.
    for name, value in (*found.get("draft", {}).items(), ("state", found["state"]), ("entry", found["entry"])):
        print(printable(f"{name}: {value}"))
    for consent in found.get("consents", ()):
        print(f"for {consent['to']}: {consent['level']}{', revoked' if consent['ended'] else ''}")
    for remark in found.get("remarks", ()):
        print(f"asks: {remark['code']}")
    for word in found.get("trail", ()):
        print(f"entry {word['entry']}: {word['at']}: {word['what']} {' '.join(word['parties'])}".rstrip())


@notify_app.command("confirm")
def notify_confirm(
    case: Case,
    ids: Ids,
    account: Account,
    accept: Annotated[list[str] | None, typer.Option("--accept", help="A remark that you accept; repeat.")] = None,
    as_json: Json = False,
) -> None:
    """Confirm notices that another account entered: they are made known to their recipients."""
    from truceline.desk import notified
    from truceline.errors import AccessError

    with _room(case, "confirm", " ".join(ids)[:64], account) as (room, viewer):
        if viewer.role != "notices":
            raise AccessError("a notice is confirmed by an account of the notification desk")
        made = notified.confirm_many(room, viewer, ids, accept or ())
    if as_json:
        emit({"confirmed": [{"id": one.id, "state": one.state, "entry": one.entry} for one in made]})
        return
    for one in made:
        print(f"{one.id}: {one.state}, entry {one.entry}")


@notify_app.command("acknowledge")
def notify_acknowledge(  # noqa: PLR0917  # the signature is the command line
    where: Where,
    one: Id,
    by: Annotated[str, typer.Option("--by", help="The recipient that acknowledges, with its key on this machine.")],
    deny: Annotated[bool, typer.Option("--deny", help="It is denied.")] = False,
    why: Annotated[str, typer.Option("--why", help="In words, without a place.")] = "",
    output: Out = None,
    receipt: Receipt = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Acknowledge a notice, or deny it, signed by its recipient: evidence that needs no service."""
    from truceline.cli.record import write_signed
    from truceline.desk.notified import acknowledgement

    with venue(where, key) as opened:
        draft = acknowledgement(one, by, "denied" if deny else "acknowledged", why)
        data, beside = opened.place(by).signed(draft)
        if output is not None:
            write_signed(output, data, beside, as_json)
            return
        handed_in(where, opened.submit(data, beside), receipt, as_json)


@notify_app.command("consent")
def notify_consent(case: Case, one: Id, to: To = None, account: Account = "", as_json: Json = False) -> None:
    """Note that the owner lets a recipient see a notice, or see it otherwise than before."""
    from truceline.desk import notified
    from truceline.desk.noticefiles import read_consents

    with _room(case, "consent", one, account) as (room, viewer):
        said = [
            {"to": given.to, "entry": notified.consent(room, viewer, one, given.to, given.level)}
            for given in read_consents(";".join(to or ()))
        ]
    emit({"id": one, "said": said}) if as_json else print(f"{one}: {', '.join(str(row['to']) for row in said)}")


@notify_app.command("revoke")
def notify_revoke(
    case: Case,
    one: Id,
    to: Annotated[str, typer.Option("--to", help="The recipient.")],
    account: Account = "",
    as_json: Json = False,
) -> None:
    """End the consent for one recipient: it is given nothing of the notice any more."""
    from truceline.desk import notified

    with _room(case, "revoke", one, account) as (room, viewer):
        entry = notified.revoke(room, viewer, one, to)
    said = [{"to": to, "entry": entry}]
    emit({"id": one, "said": said}) if as_json else print(f"{one}: no longer for {to}")


@notify_app.command("remove")
def notify_remove(case: Case, one: Id, account: Account = "", as_json: Json = False) -> None:
    """Remove a notice: the record says so, and what it said is destroyed."""
    from truceline.desk import notified

    with _room(case, "remove", one, account) as (room, viewer):
        entry = notified.remove(room, viewer, one)
    emit({"id": one, "entry": entry}) if as_json else print(f"{one}: removed; what it said is destroyed")


@notify_app.command("tend")
def notify_tend(case: Case, as_json: Json = False) -> None:
    """Say in the record what time has brought about: who is late, what is over. A service does it by itself."""
    from truceline.desk import notified

    with _room(case, "tend") as (room, _):
        said = notified.tend(room)
    rows = [{"id": one, "what": step.what, "party": step.party, "level": step.level} for one, step in said]
    if as_json:
        emit({"said": rows})
        return
    for row in rows:
        print(f"{row['id']}: {row['what']} {row['party']}".rstrip())
    print(f"{len(rows)} said")


@notify_app.command("counts")
def notify_counts(case: Case, as_json: Json = False) -> None:
    """Count the notices that stand, by governorate; of these numbers the public is told those of sites."""
    from truceline.desk import noticelists

    with _room(case, "count") as (room, viewer):
        found = noticelists.counts_shown(room, viewer)
    if as_json:
        emit({"counts": found})
        return
    kinds = sorted({kind for one in found.values() for kind in one})
    table(["unit", *kinds], [[unit, *(str(one.get(kind, 0)) for kind in kinds)] for unit, one in found.items()])


@notify_app.command("near")
def notify_near(
    case: Case,
    report: Annotated[list[str] | None, typer.Option("--report", help="Id of a report; repeat. None = all.")] = None,
    as_json: Json = False,
) -> None:
    """List reports near sites that had been made known, and who had acknowledged them; it changes no answer."""
    from truceline.desk.noticenear import near_of_case

    with _room(case, "near") as (room, viewer):
        found = near_of_case(room, viewer, set(report) if report else None)
    if as_json:
        emit({"near": found})
        return
    table(["report", "near", "notice", "category", "acknowledged by"], [
        [one["report"], {1: "surely", 0: "cannot be decided"}[one["near"]], one.get("notice", ""), one["category"],
         ", ".join(one["acknowledged"]) or "nobody"]
        for one in found
    ])  # fmt: skip


@notify_app.command("trace")
def notify_trace(
    case: Case,
    file: Annotated[Path, typer.Argument(help="The leaked list: CSV with `lon_deg` and `lat_deg`, or `ref`.")],
    as_json: Json = False,
) -> None:
    """Find out whose copy of a list leaked, by its marks; never a proof that this recipient leaked it."""
    from truceline.desk import noticelists, read_bytes

    data = read_bytes(file)
    with _room(case, "trace") as (room, _):
        found = noticelists.trace(room, data, str(file))
    rows = [
        {"recipient": one.recipient, "rows": one.rows, "hits": one.hits, "refs": one.refs, "lean": one.lean,
         "chance": one.chance, "is_named": one.is_named}
        for one in found
    ]  # fmt: skip
    if as_json:
        emit({"matches": rows})
        return
    table(["recipient", "rows", "hits", "refs", "by chance at most", ""], [
        [row["recipient"], str(row["rows"]), str(row["hits"]), str(row["refs"]), f"{row['chance']:.2g}",
         "its copy" if row["is_named"] else ""]
        for row in rows
    ])  # fmt: skip
