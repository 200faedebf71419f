"""Commands on the vault: persons of this machine, kept apart from every case, each to be forgotten alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from truceline.cli.show import Json, emit, plain, printable, table

vault_app = typer.Typer(
    help="Persons: kept encrypted on this machine alone, in no case folder, and forgotten one by one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Id = Annotated[str, typer.Argument(help="Id of a person, as `vault add` gave it.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(vault_app, name="vault")


@vault_app.command("add")
def vault_add(
    file: Annotated[Path, typer.Argument(help="A person as JSON; - = standard input, which leaves no file behind.")],
    destroy: Annotated[bool, typer.Option("--destroy", help="Write over the file and remove it.")] = False,
    as_json: Json = False,
) -> None:
    """Keep a person: `role`, and as you need `name`, `contact`, `note`, `about` (ids of reports)."""
    from truceline.desk import persons, read_bytes
    from truceline.vault.vault import MOST

    is_file = str(file) != "-"
    made = persons.add(persons.read_person(read_bytes(file, MOST) if is_file else sys.stdin.buffer.read(MOST + 1)))
    if is_file and destroy:
        persons.forget_file(file)
    emit({"id": made}) if as_json else print(made)
    if is_file and not destroy:
        print("the file that was read is still there: destroy it, and every copy of it", file=sys.stderr)


@vault_app.command("show")
def vault_show(one: Id, as_json: Json = False) -> None:
    """Show one person."""
    from truceline.desk import persons

    found = plain(persons.show(one))
    if as_json:
        emit({"id": one, "about": [], "contact": "", "name": "", "note": "", **found})
        return
    for name, value in found.items():
        print(printable(f"{name}: {', '.join(value) if isinstance(value, list | tuple) else value}"))


@vault_app.command("list")
def vault_list(as_json: Json = False) -> None:
    """List ids and days, and nothing else."""
    from truceline.desk import persons
    from truceline.span import utc_text

    rows = [{"id": one.id, "day": utc_text(one.day)[:10]} for one in persons.listed()]
    emit({"persons": rows}) if as_json else table(["id", "day"], [[row["id"], row["day"]] for row in rows])


@vault_app.command("delete")
def vault_delete(
    one: Id, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, as_json: Json = False
) -> None:
    """Forget a person for good: the key first, then what it opens."""
    from truceline.desk import persons

    if not yes:
        typer.confirm("Forget this person for good?", abort=True, err=True)
    persons.delete(one)
    emit({"deleted": one}) if as_json else print(
        f"{one}: forgotten. Copies of the vault made earlier are out of reach."
    )
