"""`truceline obligations`: who owes what at a moment, by when, and has it been done."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from truceline import LAW
from truceline.cli.show import Json, What, emit, printable, table, told


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(obligations)


def obligations(  # noqa: PLR0917  # the signature is the command line
    what: What,
    evidence: Annotated[
        list[Path] | None, typer.Argument(help="With an agreement: files of evidence and signed acts.")
    ] = None,
    at: Annotated[str, typer.Option("--at", help="The moment asked about, on the clock of the agreement.")] = "",
    known_at: Annotated[
        str, typer.Option("--known-at", help="As known at a time (RFC 3339), or at `#index` of the case.")
    ] = "",
    of: Annotated[str, typer.Option("--of", help="Only what this actor owes.")] = "",
    as_json: Json = False,
) -> None:
    """Say who owes what at a moment: duties with their clocks, prohibitions, allegations, each with its states."""
    from truceline.desk import obligations as desk
    from truceline.errors import InputError

    if not at:
        raise InputError("`--at`: expected a moment, such as `--at 2016-09-15T12:00`")
    with told(as_json) as tell:
        answer = desk.obligations_answer(what, at, evidence or [], known_at=known_at, of=of, tell=tell)
    emit(answer) if as_json else _show(answer)


def _show(answer: dict[str, Any]) -> None:
    from truceline.desk.obligations import local

    tz = answer["tz"]
    print(f"{printable(answer['agreement']['title'])}: at {local(answer['at'], tz)} ({tz})\n")
    rows = []
    for one in answer["duties"]:
        for reading in one["readings"]:
            who = one["bearer"] + (f" for {one['procures']}" if one["procures"] else "")
            since = "-" if one["trigger"] is None else local(one["trigger"]["from"], tz)
            word = one["term"] + (f" ({reading['name']})" if reading["name"] else "")
            states = ", ".join(reading["states"])
            late = "deadline" if reading["deadline_surely"] else "deadline_earliest"
            by = local(reading[late], tz) + (" ?" if reading["deadline_surely"] is False else "")
            rows.append([word, who, since, by, states, ", ".join(one["reasons"])])
    table(["duty", "bearer", "since", "by", "states it can be in", "why not one"], rows)
    print()
    bans = [
        [b["term"], b["bearer"], ", ".join(b["states"]), b["reports"]["surely"], b["reports"]["possibly"]]
        for b in answer["prohibitions"]
    ]
    table(["prohibition", "bearer", "states", "reports: surely", "possibly"], bans)
    if answer["allegations"]:
        print()
        table(["allegation", "by", "against", "states", "assessed by"], [
            [a["id"], ", ".join(a["by"]), a["against"] or "-", ", ".join(a["states"]), ", ".join(a["assessed_by"])]
            for a in answer["allegations"]
        ])  # fmt: skip
    if answer["findings"]:
        print()
        table(["finding", "by", "holds", "term", "against", "standard of proof", "dissent"], [
            [f["id"], f"{f['body']}, jointly" if f["joint"] else f"{', '.join(f['by'])} alone", f["holds"],
             f["term"] or "-", f["against"] or "-", f["standard"] or "-", ", ".join(f["dissent"]) or "-"]
            for f in answer["findings"]
        ])  # fmt: skip
    for warning in answer["warnings"]:
        print(f"warning: {printable(warning)}")
    print(f"\nA report is no breach: only a body's signed finding is.\n{LAW}")
