"""The command `read`: what do files of evidence hold? Without judging a row of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from truceline.cli.show import Json, emit, printable, say, table, told

FIRST = 10

ByWords = Annotated[
    Path | None, typer.Option("--agreement", help="Read by its words and places; else by the shipped one.")
]
Kind = Annotated[str, typer.Option("--as", help="Force a kind of file.")]
Mapped = Annotated[
    Path | None, typer.Option("--mapping", help="Which column means what, for a table without a format of its own.")
]


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("read")(read)


def read(  # noqa: PLR0917  # the signature is the command line
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of evidence.")],
    agreement: ByWords = None,
    kind: Kind = "",
    mapping: Mapped = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the rows to this Parquet file.")] = None,
    rejected: Annotated[
        Path | None, typer.Option("--rejected", help="Write all rejected rows to this file (.csv, .parquet).")
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="Write rows too that may not be passed on.")] = False,
    as_json: Json = False,
) -> None:
    """Read evidence without judging it: rows, rejected rows with their reason, precision, days, licence.

    Exit code 0 also when rows are rejected; 3 when a file is refused, or its rows may not be written.
    """
    from truceline.desk.reading import Wanted, read_files, shown_rows

    with told(as_json) as tell:
        answer = read_files(files, Wanted(agreement, kind, mapping, out, rejected, local), tell)
    for warning in answer["warnings"]:
        say(as_json, printable(f"warning: {warning}"))
    if as_json:
        emit(answer)
        return
    for one in answer["files"]:
        _file(one)
    shown = shown_rows(answer, FIRST)
    if shown:
        print(f"\nRejected, the first {len(shown)} of {answer['rejected']}")
        head = ["file", "line", "field", "reason"]
        table(head, [[str(row[key] or "") for key in head] for row in shown])
    for what in ("out", "rejected_out"):
        if answer[what]:
            print(f"written: {answer[what]}")
    print(f"\n{answer['law']}")


def _file(one: dict[str, Any]) -> None:
    """One file in a few lines."""
    print(printable(f"{one['file']}: {one['kind']}, {one['rows']:,} rows taken, {one['rejected']:,} rejected"))
    if one["first_day"]:
        print(f"  days        {one['first_day']} to {one['last_day']}")
    for label, key, name in (
        ("place", "place_precision", "precision"), ("time", "time_precision", "precision"),
        ("regions", "regions", "kind"), ("version", "versions", "version"), ("licence", "licences", "licence"),
    ):  # fmt: skip
        told_of = "; ".join(f"{part[name] or 'not stated'} {part['rows']:,}" for part in one[key])
        if told_of:
            print(printable(f"  {label:<11} {told_of}"))
    if one["may_export"]["no"]:
        print(f"  {one['may_export']['no']:,} rows may not be passed on")
