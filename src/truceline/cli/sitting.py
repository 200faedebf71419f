"""Commands on sittings of a joint body: who attended, what was agreed by all, what was not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from truceline.cli.area import As, viewer_of
from truceline.cli.send import Out
from truceline.cli.show import Case, Json, emit, printable

sitting_app = typer.Typer(
    help="Sittings of a joint body: attendance, agenda, decisions that all signed, and what was not agreed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(sitting_app, name="sitting")


@sitting_app.command("record")
def sitting_record(
    case: Case,
    file: Annotated[Path, typer.Argument(help="JSON: body, since, until, attendance, agenda, decisions, text.")],
    by: Annotated[str, typer.Option("--by", help="The member of the body who says it.")],
    output: Out = None,
    as_json: Json = False,
) -> None:
    """Record a sitting; what is called agreed needs the signature of every member: sign it with -o, then submit it."""
    from truceline.desk import records
    from truceline.desk.files import read_bytes
    from truceline.desk.sittings import SITTING, sitting_in
    from truceline.store.disk import write_whole
    from truceline.store.opened import open_case

    body, opened = sitting_in(read_bytes(file, 1 << 20), file.name), open_case(case)
    draft = records.Draft(SITTING, body, by)
    if output is not None:
        write_whole(output, records.prepare(opened, draft)[0])
    entry = records.append(opened, [draft])[0].index if output is None else None
    if as_json:
        emit({"entry": entry, "file": None if output is None else str(output), "type": SITTING})
    elif entry is None:
        print(printable(f"{output}: signed, not appended; every member of {body['body']} signs what is called agreed"))
    else:
        print(printable(f"Entry {entry}: a sitting of {body['body']}"))


@sitting_app.command("list")
def sitting_list(case: Case, party: As = "", as_json: Json = False) -> None:
    """Show the sittings, the latest first, with what each decision refers to."""
    from truceline import LAW
    from truceline.desk.sittings import sitting_row, sittings_shown
    from truceline.store.opened import open_case

    rows = [sitting_row(one) for one in sittings_shown(open_case(case), viewer_of(party))]
    if as_json:
        emit({"sittings": rows, "law": LAW})
        return
    for row in rows:
        for line in _lines(row):
            print(printable(line))
    if not rows:
        print("no sitting is recorded")
    print("A decision is words: a signed act gives it effect, and nothing else does.")
    print(LAW)


def _lines(row: dict[str, Any]) -> list[str]:
    """One sitting in words."""
    there = ", ".join(f"{one['actor']} {one['was']}" for one in row["attendance"])
    signed = f"signed by {', '.join(row['signed_by'])}" + ("" if row["is_of_all"] else ", not by all members")
    found = [f"entry {row['index']}: {row['body']}, {row['since']} to {row['until']}: {there}; {signed}"]
    if row["is_early"]:
        found.append("  it ends after it was recorded")
    for item in row["agenda"]:
        terms = f" ({', '.join(item['terms'])})" if item["terms"] else ""
        found.append(f"  {item['id']} {item['text']}{terms}")
        for one in (one for one in row["decisions"] if one["item"] == item["id"]):
            found.append(f"    {'agreed' if one['stands'] == 'agreed' else 'not agreed'}: {one['text']}")
            found += [f"      {position['by']}: {position['text']}" for position in one["positions"]]
            found += [f"      {_effect(effect)}" for effect in one["effects"]]
    found += [f"  entry {one['index']}, {one['by']}: {one['text']}" for one in row["answers"]]
    return found


def _effect(one: dict[str, Any]) -> str:
    """An effect and what gives it."""
    given = f"by entry {one['entry']} ({one['type']})" if one["is_given"] else "no signed act of the record does so yet"
    later = f"; later entries on {one['term']}: {', '.join(map(str, one['later']))}" if one["later"] else ""
    return f"{one['does']} {one['term']}: {given}{later}"
