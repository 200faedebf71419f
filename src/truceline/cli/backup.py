"""Commands that keep a case safe: a backup of all of it in one file, and the way back."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from truceline.cli.show import Json, emit, say


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(backup)
    app.command()(restore)


def backup(
    case: Annotated[str, typer.Argument(help="The case: its folder, or the URL of its database.")],
    file: Annotated[Path, typer.Argument(help="The file to write; nothing lies there yet.")],
    check: Annotated[
        bool, typer.Option("--check", help="Bring it back into a temporary folder, and verify it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Back a case up into one file: record, evidence, and what the service remembers; also while it runs."""
    backups = _backups()
    answer = {**backups.backup(case, file), "checked": dict(backups.check(file)) if check else None}
    if as_json:
        emit(answer)
        return
    what = "record, evidence and the memory of the service" if answer["state"] else "record and evidence"
    print(f"{file}: {what}, {answer['size']} entries, {answer['bytes']} bytes")
    print(f"SHA-256 {answer['sha256']}")
    if check:
        print("brought back into a temporary folder and verified")
    print("The private keys are not in it: copy the folder that `truceline keys show` names by itself.")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    case: Annotated[str, typer.Argument(help="Where to: a new folder, or a database without a record.")],
    no_witnesses: Annotated[
        bool, typer.Option("--no-witnesses", help="Do not ask the witnesses whether they have seen more.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring a case back from a backup, and verify all of it; what does not hold is not restored."""
    answer = _backups().restore(file, case, asks_witnesses=not no_witnesses)
    if as_json:
        emit(answer)
    checked = ", ".join(f"{number} {name}" for name, number in sorted(answer["verified"]["checked"].items()))
    say(as_json, f"{answer['case']}: {answer['size']} entries, root {answer['root']}")
    say(as_json, f"Verified: {checked}")
    for warning in answer["warnings"]:
        print(f"warning: {warning}", file=sys.stderr)
    if answer["against"]:
        from truceline.errors import VerificationError

        raise VerificationError(f"another record goes on than this one, say {', '.join(answer['against'])}")


def _backups() -> ModuleType:
    """What makes backups; imported only when one is asked for.

    Raises:
        StoreError: its packages are not installed.
    """
    from truceline.errors import StoreError

    try:
        from truceline.desk import backups
    except ModuleNotFoundError as error:
        if error.name not in ("sqlalchemy", "alembic", "psycopg"):
            raise
        raise StoreError("a backup needs more packages: pip install 'truceline[service]'") from None
    return backups
