"""The command `condition`: when did a condition of an agreement hold, reading by reading and day by day?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from truceline.cli.show import Json, What, emit, printable, say, table, told

MARKS = {1: "#", 0: "?", -1: "."}
WEEK = 7


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("condition")(condition)


def condition(  # noqa: PLR0917  # the signature is the command line
    agreement: What,
    term: Annotated[str, typer.Argument(metavar="ID", help="A `define`, or a term with a condition.")],
    evidence: Annotated[list[Path] | None, typer.Argument(help="With a text: files of evidence, signed acts.")] = None,
    since: Annotated[str, typer.Option("--from", help="Count from this moment on, whatever the text says.")] = "",
    until: Annotated[str, typer.Option("--until", help="Look at whole days before this moment only.")] = "",
    known_at: Annotated[str, typer.Option("--known-at", help="As known at a time, or at `#index` of the case.")] = "",
    areas: Annotated[
        list[Path] | None, typer.Option("--areas", help="A file of areas (GeoJSON, GeoParquet); repeat for more.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask when a condition held: each reading of its open words, each day, surely and possibly."""
    from truceline.desk.conditions import ask_condition
    from truceline.desk.runs import Asked

    with told(as_json) as tell:
        asked = Asked(since, until, known_at)
        answer = ask_condition(agreement, term, evidence or [], asked, areas=areas or [], tell=tell)
    if as_json:
        emit(answer)
        return
    _consecutive(answer) if answer["kind"] == "consecutive" else _course(answer)
    for warning in answer["warnings"]:
        say(as_json, printable(f"warning: {warning}"))
    say(as_json, f"\n{answer['law']}")


def _consecutive(answer: dict[str, Any]) -> None:
    """Every reading in one line, then its days as marks."""
    stated = ", ".join(f"{key}: {value}" for key, value in answer["simplifications"].items() if value) or "none"
    print(printable(f"{answer['agreement']['id']}, {answer['id']}: {answer['days']} good civil days in a row"))
    print(f"counted from {', '.join(answer['counting_from']) or 'never'}, for {answer['horizon'] or 'ever'}")
    print(f"simplifications stated by the text: {stated}\n")
    nth = f"day {answer['days']}"
    rows = [
        [
            one["name"], one["seventh_day"] or "never", one["since"] or "-",
            one["full"]["seventh_day_surely"] or "never", one["full"]["seventh_day_possibly"] or "never",
        ]
        for one in answer["readings"]
    ]  # fmt: skip
    table(["reading", f"{nth}, as stated", "true from", f"{nth}, surely", f"{nth}, possibly"], rows)
    print("# good   . not good   ? cannot be decided   ! reset   | the first day so many in a row were good")
    for one in answer["readings"]:
        print(f"\n{printable(one['name'])}")
        if one["run"] != one["full"]["days"]:
            print(f"  as stated  {_marks(one['run'], one['seventh_day'])}")
        print(f"  in full    {_marks(one['full']['days'], one['full']['seventh_day_surely'])}")
    reasons = ", ".join(answer["reasons_now"])
    shown = {1: "holds", 0: f"cannot be decided ({reasons})", -1: "does not hold"}[answer["value_now"]]
    print(f"\nAt {answer['now']}, in full and over all readings: {shown}.")


def _marks(days: list[dict[str, Any]], reached: str | None) -> str:
    """A mark for each day, in sevens from the first."""
    marks = ["!" if day["reset"] else MARKS[day["good"]] for day in days]
    marks = [mark + ("|" if day["day"] == reached else "") for mark, day in zip(marks, days, strict=True)]
    return " ".join("".join(marks[i : i + WEEK]) for i in range(0, len(marks), WEEK)) or "no day"


def _course(answer: dict[str, Any]) -> None:
    """A course, one line for each interval."""
    print(printable(f"{answer['agreement']['id']}, {answer['id']}"))
    words = {1: "holds", 0: "cannot be decided", -1: "does not hold"}
    rows = [
        [one["from"], one["until"], words[one["value"]], ", ".join(one["reasons"]) or one["note"] or ""]
        for one in answer["course"]
    ]
    table(["from", "until", "", "because"], rows)
    print(f"At {answer['now']}: {words[answer['value_now']]}.")
