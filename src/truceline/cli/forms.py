"""The command `forms`: write the forms for the field, as XLSForms and as XForms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from truceline.cli.show import Json, emit, printable, table, told


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("forms")(forms)


def forms(
    lang: Annotated[str, typer.Option("--lang", help="Languages, the first is the default: en, ar, ru.")] = "en,ar,ru",
    to: Annotated[Path, typer.Option("--to", help="Folder for the files.")] = Path("forms"),
    xform: Annotated[bool, typer.Option("--xform", help="Write XForms too (needs the extra `forms`).")] = False,
    as_json: Json = False,
) -> None:
    """Write the forms for the field: incident, observation, negative, denied, site, movement, flight."""
    from truceline.desk.forms import make_forms

    langs = [part.strip() for part in lang.split(",") if part.strip()]
    with told(as_json) as tell:
        made = make_forms(to, langs, as_xform=xform, tell=tell)
    if as_json:
        emit({"folder": str(to), "languages": langs, "files": made})
        return
    checked = {True: "valid", False: "not validated: no Java", None: ""}
    rows = [[one["title"], Path(one["file"]).name, one["questions"], checked[one["validated"]]] for one in made]
    table(["form", "file", "questions", ""], rows)
    print(printable(f"{len(made)} files in {to}, languages: {', '.join(langs)}"))
