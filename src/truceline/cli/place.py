"""The command `place`: which place does a name mean, in any spelling and script, and how is it read back?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from truceline.cli.show import Json, emit, printable, table, told


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("place")(place)


def place(  # noqa: PLR0917  # the signature is the command line
    name: Annotated[str, typer.Argument(help="A name in any spelling; `near X` and `between X and Y` too.")],
    near: Annotated[
        str, typer.Option("--near", help="It lies near this: LON,LAT in degrees, or the name of a place.")
    ] = "",
    lists: Annotated[
        list[Path] | None, typer.Option("--names", help="A list of places of your own (CSV); repeat for more.")
    ] = None,
    country: Annotated[
        list[str] | None, typer.Option("--country", help="Places of GeoNames in this country (SY); repeat for more.")
    ] = None,
    agreement: Annotated[
        Path | None, typer.Option("--agreement", help="An agreement: its areas, its list of places, its country.")
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, max=50, help="So many candidates at most.")] = 5,
    lang: Annotated[str, typer.Option("--lang", help="Of the read-back: en, ar or ru.")] = "en",
    as_json: Json = False,
) -> None:
    """Find a place by its name, and say it back; what can mean several places is shown and never guessed."""
    from truceline.desk.naming import ask_place

    with told(as_json) as tell:
        tell("reading names", 0, 1)
        answer = ask_place(
            name, near=near, lists=lists or [], countries=country or [], agreement=agreement, most=most, lang=lang
        )
    emit(answer) if as_json else _show(answer)


def _show(answer: dict[str, Any]) -> None:
    """Every name of the words with its candidates, then the plain answer."""
    head = ["", "name", "kind", "in", "score", "spelling", "lat, lon", *["km"] * (answer["near"] is not None)]
    for one in answer["names"]:
        rows = [
            [
                "->" if c["id"] == one["sure"] else "", c["shown"], c["kind_shown"], c["unit_name"] or "-", c["score"],
                c["matched"], f"{c['lat']:.2f}, {c['lon']:.2f}", *([] if c["km"] is None else [f"{c['km']:,}"]),
            ]
            for c in one["candidates"]
        ]  # fmt: skip
        if rows:
            table(head, rows)
        print(printable(one["said"]))
    if answer["region"]:
        print(printable(answer["region"]["said"]))
