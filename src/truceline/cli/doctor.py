"""Command that looks whether everything is as it has to be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from truceline.cli.serve import settings_of
from truceline.cli.show import Json, emit, printable


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(doctor)


def doctor(
    where: Annotated[str, typer.Argument(help="A case (folder or URL), or the address of a service that runs.")] = "",
    settings: Annotated[Path | None, typer.Option("--settings", help="Settings of the service (TOML).")] = None,
    as_json: Json = False,
) -> None:
    """Look at this machine, a case or a service, and say in one line each what is well and what is not."""
    import time

    from truceline.desk.doctor import Patient, examine, exit_code

    signs = examine(Patient(where, lambda: settings_of(settings), lambda: int(time.time())))
    if as_json:
        emit({"checks": [{"name": one.name, "said": one.said, "state": one.state} for one in signs]})
    else:
        for one in signs:
            print(printable(f"{one.state:<6} {one.name}: {one.said}"))
    raise typer.Exit(exit_code(signs))
