"""The command `changes`: what differs between two releases of one data set, row by row?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from truceline.cli.read import ByWords, Kind, Mapped
from truceline.cli.show import Json, emit, printable, say, table, told

FIRST = 20


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("changes")(changes)


def changes(  # noqa: PLR0917  # the signature is the command line
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The earlier release.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The later release.")],
    since: Annotated[str, typer.Option("--from", help="Only rows that start from this moment on.")] = "",
    until: Annotated[str, typer.Option("--until", help="Only rows that start before this moment.")] = "",
    agreement: ByWords = None,
    kind: Kind = "",
    mapping: Mapped = None,
    as_json: Json = False,
) -> None:
    """Compare two releases of one data set: rows that vanished, appeared, moved, were recoded, other deaths.

    The JSON names every row; the text shows the first 20 of each list. Exit code 0 whatever differs.
    """
    from truceline.desk.changes import changes_between
    from truceline.desk.reading import Wanted

    with told(as_json) as tell:
        answer = changes_between(old, new, Wanted(agreement, kind, mapping), since=since, until=until, tell=tell)
    for warning in answer["warnings"]:
        say(as_json, printable(f"warning: {warning}"))
    if as_json:
        emit(answer)
        return
    _totals(answer)
    _rows("Moved", [row for row in answer["changed"] if "moved" in row["what"]], _moved)
    _rows("Other deaths", [row for row in answer["changed"] if "deaths" in row["what"]], _fields)
    _rows("Recoded", [row for row in answer["changed"] if "recoded" in row["what"]], _fields)
    _rows("Vanished", answer["vanished"], _named)
    _rows("Appeared", answer["appeared"], _named)
    _rows("Rejected in the other release", answer["refused"], _refused)
    print(f"\n{answer['law']}")


def _totals(answer: dict[str, Any]) -> None:
    for name in ("old", "new"):
        one = answer[name]
        version = f", version {', '.join(one['versions'])}" if one["versions"] else ""
        print(printable(f"{name}: {one['file']} ({one['kind']}{version}), {one['rows']:,} rows"), end="")
        print(f", {one['rejected']:,} rejected" if one["rejected"] else "")
    counts = answer["counts"]
    bounds = " ".join(f"{word} {answer[word]}" for word in ("from", "until") if answer[word])
    print(f"rows that start {bounds}" if bounds else "all rows")
    table(["", "rows"], [[name, count] for name, count in counts.items()])
    if answer["farthest_km"] is not None:
        print(f"the farthest moved {answer['farthest_km']:.1f} km")
    head = ["year", "old", "appeared", "vanished", "moved", "recoded", "deaths"]
    table(head, [[str(one["year"]), *(one[name] for name in head[1:])] for one in answer["years"]])
    if answer["fields"]:
        print("fields: " + ", ".join(f"{one['field']} {one['rows']:,}" for one in answer["fields"]))


def _rows(title: str, rows: list[dict[str, Any]], shown: Any) -> None:  # noqa: ANN401  # a function of a row
    if rows:
        more = f", the first {FIRST} of {len(rows):,}" if len(rows) > FIRST else ""
        print(f"\n{title}{more}")
        made = [shown(row) for row in rows[:FIRST]]
        table(list(made[0]), [[str(cell) for cell in one.values()] for one in made])


def _moved(row: dict[str, Any]) -> dict[str, Any]:
    region = "another" if row["region_changed"] else "the same"
    return {"id": row["id"], "first day": row["first_day"], "km": f"{row['km']:.3f}", "region": region}


def _fields(row: dict[str, Any]) -> dict[str, Any]:
    told_of = "; ".join(map(_field, row["fields"]))
    return {"id": row["id"], "first day": row["first_day"], "old -> new": told_of}


def _field(one: dict[str, Any]) -> str:
    """The old and the new words; of free text only that it differs."""
    if one["old"] is None and one["new"] is None:
        return f"{one['field']} differs"
    return f"{one['field']}: {one['old'] or '-'} -> {one['new'] or '-'}"


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"], "line": row["line"], "first day": row["first_day"], "place": row["place"] or "",
        "precision": row["place_precision"] or "", "sides": f"{row['actor'] or '?'} / {row['target'] or '?'}",
    }  # fmt: skip


def _refused(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "in": row["in"], "line": row["rejected_line"], "field": row["field"] or "",
            "reason": row["reason"]}  # fmt: skip
