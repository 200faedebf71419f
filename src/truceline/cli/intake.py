"""Commands of the intake desk: what people reported, what becomes of it, and the batches that enter the record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from truceline.cli.show import Case, Json, emit, printable, table

if TYPE_CHECKING:
    from truceline.desk.intake import Room

intake_app = typer.Typer(
    help="The intake desk: reports of people, sealed until they are decided on, entered in batches.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Id = Annotated[str, typer.Argument(help="Id of a report, as `intake list` shows it.")]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="Settings of the service (TOML); the environment goes over them.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(intake_app, name="intake")


@contextmanager
def _room(case: str, action: str, about: str = "", settings: Path | None = None) -> Iterator[Room]:
    """The intake desk of a case; the audit says that the host came by."""
    from truceline.cli.serve import settings_of
    from truceline.desk import accounts
    from truceline.desk.audits import HOST, note
    from truceline.desk.intake import Room

    with accounts.of_host(case) as (kept, state, now):
        note(state, HOST, now, "report", action, about=about)
        yield Room(state, kept, settings_of(settings))


@intake_app.command("list")
def intake_list(
    case: Case,
    entered: Annotated[bool, typer.Option("--entered", help="Those that are rows of the record, and which.")] = False,
    as_json: Json = False,
) -> None:
    """List the reports that wait, by id: the order says nothing; exit code 6 when one is damaged."""
    from truceline.desk import batches, triage
    from truceline.errors import VerificationError
    from truceline.span import utc_text

    if entered:
        with _room(case, "list") as room:
            rows = triage.entered(room)
        emit({"entered": rows}) if as_json else table(
            ["id", "day", "row"], [[row["id"], row["day"], row["row"]] for row in rows]
        )
        return
    with _room(case, "list") as room:
        rows, damaged = triage.queue(room)
        due = batches.due(room)
    if as_json:
        since = utc_text(due.since) if due.since else None
        emit({"reports": rows, "damaged": damaged, "ready": due.ready, "pending": due.pending, "is_due": due.is_due,
              "since": since})  # fmt: skip
    else:
        table(["id", "day", "state", "by", "language", "act", "files", "place and time"], [
            [r["id"], r["day"], r["state"], r["channel"], r["lang"], r["act"] or "", str(r["media"]),
             "chosen" if r["is_settled"] else "open"]
            for r in rows
        ])  # fmt: skip
        print(f"{due.ready} taken, waiting for their batch{'; it is due: run `intake batch`' if due.is_due else ''}")
    if damaged:
        raise VerificationError(f"intake: damaged, and left out: {', '.join(damaged)}")


@intake_app.command("show")
def intake_show(case: Case, one: Id, as_json: Json = False) -> None:
    """Show one report: its words, what was read back, and the id in the vault of whoever made it."""
    from truceline.desk import intake, triage
    from truceline.desk.drawer import BATCHED, WAITING

    with _room(case, "read", one) as room:
        found = triage.show(room, one, states=(*WAITING, BATCHED))
        person = intake.contact_of(one)
    if as_json:
        emit({**found, "person": person or None})
        return
    for name in ("state", "day", "channel", "lang", "act", "place", "time"):
        print(printable(f"{name}: {found[name] or 'not told'}"))
    for option in found["options"]:
        chosen = "  <- chosen" if option["number"] == found["answer"] else ""
        print(
            printable(f"  {option['number']}) {option['place']} {option['when']} {', '.join(option['places'])}{chosen}")
        )
    for media in found["originals"]:
        print(f"{media['what']}: {media['original']}")
    print(f"consent: {', '.join(found['consent']) or 'none'}")
    print(f"reached: {f'truceline vault show {person}' if person else 'not at all'}")
    print()
    for line in str(found["words"]).splitlines():
        print(printable(line))


@intake_app.command("take")
def intake_take(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    one: Id,
    act: Annotated[str, typer.Option("--act", help="An act of the agreement; empty = as it was told.")] = "",
    actor: Annotated[str, typer.Option("--actor", help="By whom, as the agreement calls it.")] = "",
    target: Annotated[str, typer.Option("--target", help="Against whom, as the agreement calls it.")] = "",
    weapon: Annotated[str, typer.Option("--weapon", help="A word for it that the agreement knows.")] = "",
    place: Annotated[
        str, typer.Option("--place", help="Id of a place or unit, or `none`; empty = what its reporter chose.")
    ] = "",
    when: Annotated[str, typer.Option("--when", help="Time text; empty = what its reporter chose.")] = "",
    precision: Annotated[str, typer.Option("--precision", help="Of that time: hour, day, days, month, ...")] = "",
    until: Annotated[str, typer.Option("--until", help="The end of what lasted.")] = "",
    killed: Annotated[str, typer.Option("--killed", help="The dead: `3`, or `2..5`.")] = "",
    grade: Annotated[str, typer.Option("--grade", help="Of the report, such as C3.")] = "",
    note: Annotated[str, typer.Option("--note", help="In your words, without names; none of the reporter's.")] = "",
    named: Annotated[bool, typer.Option("--named", help="The note names or quotes somebody: hold it back.")] = False,
    as_json: Json = False,
) -> None:
    """Take a report: it becomes a row of the next batch; what the reporter said stays here."""
    from truceline.desk import triage

    low, high = _numbers(killed)
    decision = triage.Decision(
        act=act, actor=actor, target=target, weapon=weapon, place=place, when=when, precision=precision, until=until,
        killed_low=low, killed_high=high, grade=grade, note=note, is_named=named,
    )  # fmt: skip
    with _room(case, "take", one) as room:
        row = triage.take(room, one, decision)
    if as_json:
        emit({"id": one, "decision": "take", "row": row})
        return
    print(printable(f"{one}: taken: {row['act'] or 'act not told'}, {row['start']} ({row['precision']})"))
    if row.get("note") == triage.HELD_BACK:
        print("the note is held back")


@intake_app.command("join")
def intake_join(
    case: Case,
    one: Id,
    into: Annotated[str, typer.Argument(help="Id of the report that it belongs to.")],
    as_json: Json = False,
) -> None:
    """Join a report to another of the same telling: it becomes no row of its own."""
    from truceline.desk import triage

    with _room(case, "join", one) as room:
        triage.join(room, one, into)
    emit({"id": one, "decision": "join", "row": None}) if as_json else print(f"{one}: joined to {into}")


@intake_app.command("close")
def intake_close(case: Case, one: Id, as_json: Json = False) -> None:
    """Move a report of sexual violence, or of harm to a child, into the closed pathway; see `closed`."""
    from truceline.desk import triage

    with _room(case, "close", one) as room:
        triage.close(room, one)
    emit({"id": one, "decision": "close", "row": None}) if as_json else print(f"{one}: in the closed pathway")


@intake_app.command("reject")
def intake_reject(
    case: Case,
    one: Id,
    reason: Annotated[str, typer.Option("--reason", help="Why, in words; it stays here.")],
    as_json: Json = False,
) -> None:
    """Reject a report: its words, its files and how to reach its reporter are destroyed."""
    from truceline.desk import triage

    with _room(case, "reject", one) as room:
        triage.reject(room, one, reason)
    emit({"id": one, "decision": "reject", "row": None}) if as_json else print(f"{one}: rejected; its words are gone")


@intake_app.command("batch")
def intake_batch(case: Case, settings: SettingsFile = None, as_json: Json = False) -> None:
    """Make the batch of this window, signed by the desk as received; a service that runs does it by itself."""
    from truceline.desk import batches

    with _room(case, "batch", settings=settings) as room:
        made = batches.batch(room)
    if as_json:
        emit({"entry": made.entry, "entries": made.entries, "rows": made.rows})
        return
    if made.entry is not None:
        print(f"Entry {made.entry}: {made.rows} reports")
    print(f"{made.entries} entries in all: tables, custody and consent")


def _numbers(text: str) -> tuple[int | None, int | None]:
    """`3` or `2..5` as two numbers."""
    from truceline.errors import InputError, quoted

    low, _, high = text.partition("..")
    if not all(part.isascii() and part.isdigit() for part in (low, high or low)) and text:
        raise InputError(f"`--killed`: expected a number such as `3`, or `2..5`, got {quoted(text)}")
    return (int(low), int(high or low)) if text else (None, None)
