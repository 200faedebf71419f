"""Commands on areas: where groups stand, as cells and never as positions; said, shown, handed out, destroyed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from truceline.cli.send import Out
from truceline.cli.show import Case, Json, emit, printable, table

if TYPE_CHECKING:
    from truceline.desk.records import Draft
    from truceline.desk.viewers import Viewer
    from truceline.store.case import Case as Opened

area_app = typer.Typer(
    help="Areas where groups stand, the map of designated areas, and lists that were handed over: cells only.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

By = Annotated[str, typer.Option("--by", help="The party who says it.")]
As = Annotated[
    str, typer.Option("--as", help="As this party sees it, with its keys of this machine; empty = the secretariat.")
]
Words = Annotated[str, typer.Option("--text", help="Words that go with it; no position.")]
Whole = Annotated[
    bool, typer.Option("--whole", help="Name every cell of the blocks of the partition in which the cells lie.")
]
Cells = Annotated[list[str] | None, typer.Option("--cell", help="An H3 cell of resolution 5 or coarser; repeat.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    from truceline.cli.area_map import handover_app, map_app

    area_app.add_typer(map_app, name="map")
    area_app.add_typer(handover_app, name="handover")
    app.add_typer(area_app, name="area")


def viewer_of(party: str) -> Viewer:
    """Whoever looks on this machine: a party, or whoever keeps the case."""
    from truceline.desk.viewers import Viewer

    return Viewer(party, "party", party) if party else Viewer("", "secretariat")


def said(case: Opened, draft: Draft, output: Path | None, as_json: bool, told: str) -> None:
    """Sign a statement and append it, or write it for others to sign; say so."""
    from truceline.cli.record import write_signed
    from truceline.desk import records

    if output is not None:
        data, parts = records.prepare(case, draft)
        given = set(draft.files.values())
        write_signed(output, data, {key: one for key, one in parts.items() if one not in given}, as_json)
        return
    taken = records.append(case, [draft])[0]
    if as_json:
        emit({"entry": taken.index, "file": None, "type": draft.type, "sealed_for": list(draft.readers)})
        return
    sealed = f", sealed for {', '.join(draft.readers)}" if draft.readers else ""
    print(printable(f"Entry {taken.index}: {told}{sealed}"))


# -- standing areas ----------------------------------------------------------------------------------------------------


@area_app.command("say")
def area_say(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    by: By,
    group: Annotated[str, typer.Option("--group", help="An actor of the text.")] = "",
    day: Annotated[str, typer.Option("--day", help="The day it tells of; over for 72 hours at least.")] = "",
    cell: Cells = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="CSV, JSON, Parquet or GeoJSON with group, day, cell; no other field.")
    ] = None,
    readers: Annotated[
        list[str] | None, typer.Option("--to", help="Seal it for this party, and for the desk; repeat.")
    ] = None,
    whole: Whole = False,
    text: Words = "",
    output: Out = None,
    as_json: Json = False,
) -> None:
    """Say where a group stood on a day, in cells; one's own area is sealed for its readers, always."""
    from truceline.desk import exchanged
    from truceline.desk.areafiles import Listed, read_areas
    from truceline.desk.areasteps import partition_of
    from truceline.desk.files import read_bytes
    from truceline.desk.records import Draft
    from truceline.errors import InputError
    from truceline.exchange.floor import check_cells, listed
    from truceline.group import DESK
    from truceline.store.opened import open_case

    if (file is None) == (not group):
        raise InputError("expected either --group, --day and --cell, or --file")
    opened = open_case(case)
    found = [Listed(group, day, listed(cell or ()))] if file is None else read_areas(read_bytes(file), file.name)
    if len(found) != 1:
        raise InputError(f"expected one group and one day, got {len(found)}: each is a statement of its own")
    one = found[0]
    check_cells(one.cells, may_lack=True)
    cells = partition_of(opened).whole(one.cells) if whole else one.cells
    body = {"group": one.group, "day": one.day, "cells": list(cells), **({"text": text} if text else {})}
    sealed = list(dict.fromkeys([*readers, by, DESK])) if readers else []
    if not readers and exchanged.is_own(exchanged.text_in_force(opened), one.group, by):
        raise InputError("one's own area is sealed for its readers: expected --to, once or more")
    told = f"area of {one.group} on {one.day}: {len(cells)} cells"
    said(opened, Draft(exchanged.AREA, body, by, readers=tuple(sealed)), output, as_json, told)


@area_app.command("check")
def area_check(
    file: Annotated[Path, typer.Argument(help="CSV, JSON, Parquet or GeoJSON with group, day, cell.")],
    as_json: Json = False,
) -> None:
    """Check a file of areas: cells no finer than the floor, and not one field more; nothing is rounded."""
    from truceline.desk.areafiles import read_areas
    from truceline.desk.files import read_bytes

    rows = [one.body for one in read_areas(read_bytes(file), file.name)]
    if as_json:
        emit({"file": file.name, "areas": rows})
        return
    table(["group", "day", "cells"], [[row["group"], row["day"], str(len(row["cells"]))] for row in rows])


@area_app.command("list")
def area_list(case: Case, party: As = "", as_json: Json = False) -> None:
    """Show the standing areas as they are published: 72 hours late, changed once in seven days."""
    from truceline import LAW
    from truceline.desk.exchanged import area_rows, areas_shown
    from truceline.store.opened import open_case

    rows = area_rows(areas_shown(open_case(case), viewer_of(party)))
    if as_json:
        emit({"areas": rows, "law": LAW})
        return
    table(
        ["group", "said by", "cells", "shown since", "until", "entry"],
        [[r["group"], r["by"], str(len(r["cells"])), r["since"], r["until"], str(r["entry"])] for r in rows],
    )
    for row in rows:
        print(printable(f"{row['group']}, {row['by']}: {' '.join(row['cells']) or 'nowhere'}"))
    print("Cells restrict, never release: no cell shows that a target was excluded.")
    print(LAW)


@area_app.command("export")
def area_export(
    case: Case,
    output: Annotated[Path, typer.Option("-o", "--output", help="A file: .geojson or .csv.")],
    party: As = "",
    as_json: Json = False,
) -> None:
    """Write the standing areas as they are published to a file; a shape in it says no more than its cell."""
    from truceline.desk.areafiles import written_areas
    from truceline.desk.exchanged import areas_shown
    from truceline.store.disk import write_whole
    from truceline.store.opened import open_case

    shown = areas_shown(open_case(case), viewer_of(party))
    write_whole(output, written_areas(shown, output.suffix))
    cells = sum(len(one.cells) for one in shown)
    emit({"file": str(output), "cells": cells}) if as_json else print(f"{output}: {cells} cells")


# -- the partition -----------------------------------------------------------------------------------------------------


@area_app.command("partition")
def area_partition(
    case: Case,
    least: Annotated[int, typer.Option("--least", help="Places in a block, at least; 0 = nothing is merged.")] = 2,
    publish: Annotated[bool, typer.Option("--publish", help="Publish it with the case: once, for ever.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write its file here.")] = None,
    as_json: Json = False,
) -> None:
    """Make the partition of the case's country anew, and compare it with the one that was published."""
    from truceline.desk import areadrafts, areasteps, records
    from truceline.errors import InputError
    from truceline.exchange.partition import written
    from truceline.store.disk import write_whole
    from truceline.store.opened import open_case

    if least < 0:
        raise InputError(f"--least: expected 0 or more, got {least}")
    opened = open_case(case)
    known = areasteps.published_partition(opened)
    made = areadrafts.partition_made(opened, least if known is None else known.least)
    entry = records.append(opened, [areadrafts.partition_draft(made)])[0].index if publish else None
    if output is not None:
        write_whole(output, written(made))
    answer = {
        "country": made.country, "least": made.least, "places": made.places, "cells": len(made.cells),
        "blocks": len(made.blocks), "largest": max(map(len, made.blocks)), "entry": entry,
        "is_published": publish or known is not None,
        "is_same": None if known is None else written(known) == written(made),
        "file": None if output is None else str(output),
    }  # fmt: skip
    if as_json:
        emit(answer)
        return
    print(
        f"{made.country}: {answer['cells']} cells in {answer['blocks']} blocks of {made.least} places or more, "
        f"the largest of {answer['largest']} cells; {made.places} places"
    )
    if known is not None:
        print("the same as was published" if answer["is_same"] else "NOT the one that was published")
    elif publish:
        print(f"Entry {entry}: published")


# -- what has to be destroyed ------------------------------------------------------------------------------------------


@area_app.command("due")
def area_due(case: Case, party: As = "", as_json: Json = False) -> None:
    """Show which areas given for protection have to be destroyed: of a group expelled, of an agreement that ended."""
    from truceline.desk.destroying import due_of, due_row
    from truceline.store.opened import open_case

    found = due_of(open_case(case), viewer_of(party))
    if as_json:
        emit({
            "due": [due_row(one) for one in found.due], "undecided": [due_row(one) for one in found.undecided],
            "signers": list(found.signers), "threshold": found.threshold,
        })  # fmt: skip
        return
    table(["entry", "group", "given by", "at", "due, because"],
          [[str(d.index), d.group, d.by, d.said, d.why or "cannot be decided"]
           for d in (*found.due, *found.undecided)])  # fmt: skip
    if found.due:
        print(printable(f"to be signed by {found.threshold} of {', '.join(found.signers)}: truceline area destroy"))
    else:
        print("nothing is due")


@area_app.command("destroy")
def area_destroy(
    case: Case,
    by: Annotated[str, typer.Option("--by", help="Who says it.")] = "desk",
    cosign: Annotated[
        list[str] | None, typer.Option("--cosign", help="Who signs too, with a key here; repeat.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write the signed entries into this folder for others to sign."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Destroy every area that is due, by logged entries that as many sign as the charter asks for."""
    from truceline.desk import destroying
    from truceline.store.disk import write_whole
    from truceline.store.opened import open_case

    opened = open_case(case)
    due = destroying.due_of(opened, viewer_of("")).due
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        files = []
        for one, data in zip(due, destroying.signed(opened, due, by, cosign or ()), strict=True):
            files.append(output / f"area-{one.index}.entry")
            write_whole(files[-1], data)
        if as_json:
            emit({"destroyed": [], "entries": [], "files": [str(file) for file in files]})
        else:
            print(f"{len(files)} entries signed, not appended: truceline submit CASE --entry FILE --cosign PARTY")
        return
    taken = destroying.destroy(opened, due, by, cosign or ())
    if as_json:
        emit({"destroyed": [one.index for one in due], "entries": [one.index for one in taken], "files": []})
        return
    for one, entry in zip(due, taken, strict=True):
        print(printable(f"Entry {entry.index}: the area in entry {one.index} ({one.group}) is destroyed: {one.why}"))
    print("copies that its readers made are out of reach")
