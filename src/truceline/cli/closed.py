"""Commands on the closed pathway: reports that no record and no table ever holds, and how to prove one was held."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from truceline.cli.rule import By
from truceline.cli.show import Case, Json, emit, printable, table

closed_app = typer.Typer(
    help="Reports of sexual violence and of harm to children: kept in the vault alone, never in a record.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Assigned = Annotated[str, typer.Option("--case", help="The case that is to commit to it, and no other.")]
Id = Annotated[str, typer.Argument(help="Id of a report, as `closed add` gave it.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(closed_app, name="closed")


@closed_app.command("add")
def closed_add(
    file: Annotated[Path, typer.Argument(help="The report; - = standard input, which leaves no file behind.")],
    case: Assigned,
    destroy: Annotated[bool, typer.Option("--destroy", help="Write over the file and remove it.")] = False,
    as_json: Json = False,
) -> None:
    """Keep a report in the vault of this machine, and nowhere else."""
    from truceline.desk import closed, persons, read_bytes
    from truceline.store.opened import open_case

    is_file, folder = str(file) != "-", open_case(case)
    made = closed.add(read_bytes(file, closed.MOST) if is_file else sys.stdin.buffer.read(closed.MOST + 1), folder)
    if is_file and destroy:
        persons.forget_file(file)
    emit({"id": made}) if as_json else print(made)
    if is_file and not destroy:
        print("the file that was read is still there: destroy it, and every copy of it", file=sys.stderr)


@closed_app.command("list")
def closed_list(
    case: Annotated[
        str | None,
        typer.Option("--case", help="Say which entry of this case commits to each, and whether one is due."),
    ] = None,
    by: By = "desk",
    as_json: Json = False,
) -> None:
    """List ids, days, and the entry that commits to each; warn when a batch is due; exit code 6 when one is damaged."""
    from truceline.desk import closed
    from truceline.span import utc_text
    from truceline.store.opened import open_case

    folder = None if case is None else open_case(case)
    found, damaged = closed.listed(folder)
    due = None if folder is None else closed.due(folder, by)
    rows = [{"id": one.id, "day": utc_text(one.day)[:10], "log": one.log, "entry": one.entry} for one in found]
    if as_json:
        emit({"reports": rows, "damaged": damaged, "due": None if due is None else utc_text(due)})
    else:
        entries = ["" if one.entry is None else str(one.entry) for one in found]
        table(
            ["id", "day", "case", "entry"],
            [[r["id"], r["day"], r["log"], entry] for r, entry in zip(rows, entries, strict=True)],
        )
        if due is not None:
            print(f"a batch is due since {utc_text(due)}: run `closed commit`, with reports or without")
    _tell_damaged(damaged, as_json)


@closed_app.command("show")
def closed_show(one: Id, as_json: Json = False) -> None:
    """Show one report to its holder."""
    from truceline.desk import closed

    text = closed.show(one).decode("utf-8", "replace")
    if as_json:
        emit({"id": one, "report": text})
        return
    for line in text.splitlines():
        print(printable(line))


@closed_app.command("commit")
def closed_commit(case: Case, by: By = "desk", as_json: Json = False) -> None:
    """Append the batch of this week: always as many commitments; exit code 6 when a report is damaged."""
    from truceline.desk import closed
    from truceline.desk.statements import COMMITMENTS
    from truceline.store.opened import open_case

    index, damaged = closed.commit(open_case(case), by)
    emit({"entry": index, "commitments": COMMITMENTS, "damaged": damaged}) if as_json else print(
        f"Entry {index}: {COMMITMENTS} commitments"
    )
    _tell_damaged(damaged, as_json)


@closed_app.command("prove")
def closed_prove(
    case: Case,
    one: Id,
    output: Annotated[Path, typer.Option("-o", "--output", help="The proof to write: it holds the report.")],
    as_json: Json = False,
) -> None:
    """Write what shows that a report was held by then. It holds the report: give it to whom you must, seal it."""
    import os

    from truceline.desk import closed
    from truceline.errors import Fault, InputError
    from truceline.store.disk import write_whole
    from truceline.store.opened import open_case

    if os.path.lexists(output):
        raise InputError(Fault("is there already", output.name))
    write_whole(output, closed.prove(open_case(case), one), mode=0o600)
    emit({"file": str(output)}) if as_json else print(f"{output}: holds the report: seal it, and destroy it afterwards")


@closed_app.command("check")
def closed_check(
    case: Case,
    proof: Annotated[Path, typer.Argument(help="A proof as `closed prove` writes it.")],
    as_json: Json = False,
) -> None:
    """Check that a report was held by the time of an entry; exit code 6 when it does not hold."""
    from truceline.desk import closed, read_bytes
    from truceline.span import utc_text
    from truceline.store.opened import open_case

    entry, at = closed.check(open_case(case), read_bytes(proof, 2 * closed.MOST))
    emit({"entry": entry, "held_by": utc_text(at)}) if as_json else print(
        f"held no later than {utc_text(at)}: entry {entry} commits to this report"
    )


@closed_app.command("delete")
def closed_delete(
    one: Id, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, as_json: Json = False
) -> None:
    """Forget a report for good: its commitment proves nothing from then on."""
    from truceline.desk import closed

    if not yes:
        typer.confirm("Forget this report for good?", abort=True, err=True)
    closed.delete(one)
    emit({"deleted": one}) if as_json else print(
        f"{one}: forgotten. Copies of the vault made earlier are out of reach."
    )


def _tell_damaged(damaged: list[str], as_json: bool) -> None:
    """Name what nobody can read any more, once, after what was asked for is done; exit code 6."""
    from truceline.errors import VerificationError

    if damaged and as_json:
        raise typer.Exit(VerificationError.exit_code)
    if damaged:
        raise VerificationError(f"vault: damaged, and left out: {', '.join(damaged)}")
