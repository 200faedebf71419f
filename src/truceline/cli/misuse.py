"""The command `misuse`: which reports tell of an attack that came from a zone that protects?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from truceline.cli.show import Json, What, emit, printable, table, told


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("misuse")(misuse)


def misuse(  # the signature is the command line
    what: What,
    evidence: Annotated[list[Path] | None, typer.Argument(help="With an agreement: files of evidence.")] = None,
    areas: Annotated[
        list[Path] | None, typer.Option("--areas", help="A file of areas (GeoJSON, GeoParquet); repeat for more.")
    ] = None,
    known_at: Annotated[str, typer.Option("--known-at", help="As known at a time, or at `#index` of the case.")] = "",
    as_json: Json = False,
) -> None:
    """List attacks whose origin surely or possibly lies in a zone that protects. The zone protects as before."""
    from truceline import desk
    from truceline.desk.misuse import answer_of
    from truceline.errors import InputError
    from truceline.store.opened import is_case, open_case

    asked = desk.Asked(known_at=known_at)
    with told(as_json) as tell:
        if is_case(what):
            if evidence:
                raise InputError("a case folder holds its own evidence: use `truceline add` to add files")
            from truceline.desk.runs import judge_case

            outcome = judge_case(open_case(what), asked, areas or [], tell)
        else:
            if not evidence:
                raise InputError("expected files of evidence after the agreement, or a case folder")
            bench = desk.open_agreement(Path(what), areas or [])
            read = [desk.read_evidence(file, bench) for file in evidence]
            outcome = desk.assess_files(bench, read, asked, tell)
    answer = answer_of(outcome)
    if as_json:
        emit(answer)
        return
    if answer["cases"]:
        table(
            ["report", "entry", "zone", "", "alleged", "from", "until", "why"],
            [
                [
                    c["report"],
                    str(c["entry"] or ""),
                    c["zone"],
                    c["status"],
                    ", ".join(c["alleged"]) or "nobody named",
                    c["from"],
                    c["until"],
                    ", ".join(c["reasons"]),
                ]
                for c in answer["cases"]
            ],
        )
    else:
        zones = ", ".join(one["zone"] for one in answer["zones"]) or "none"
        print(printable(f"no report tells of an attack from a zone that protects ({zones})"))
    print(f"\n{answer['zone_stands']}\n{answer['law']}")
