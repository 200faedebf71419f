"""Commands on the map of designated areas and on lists that were handed over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from truceline.cli.area import As, By, Cells, Whole, Words, said, viewer_of
from truceline.cli.send import Out
from truceline.cli.show import Case, Json, emit, plain, printable, table

map_app = typer.Typer(
    help="The map of designated areas: proposed, answered cell by cell, signed by both sides.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
handover_app = typer.Typer(
    help="Lists that were handed over: who, what kind, to whom, for which period; never the list.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
FileOfCells = Annotated[Path | None, typer.Option("--file", help="The cells in a file, one in a line.")]
STANDS = {"agreed": "agreed", "a": "only {a}", "b": "only {b}", "disputed": "disputed", "neither": "neither"}


def _cells(cell: list[str] | None, file: Path | None) -> list[str]:
    """Cells of the command line and of a file, sorted; they are checked where they are taken."""
    from truceline.desk.files import read_bytes
    from truceline.errors import text_of
    from truceline.exchange.floor import check_cells, listed

    given = [] if file is None else text_of(read_bytes(file, 1 << 20), file.name).split()
    found = listed([*(cell or ()), *given])
    check_cells(found, may_lack=True)
    return list(found)


@map_app.command("show")
def map_show(case: Case, party: As = "", as_json: Json = False) -> None:
    """Show how each cell of the map stands, the versions that both signed, and what moved since the newest."""
    from truceline import LAW
    from truceline.desk.designated import map_row, map_shown
    from truceline.store.opened import open_case

    row = map_row(map_shown(open_case(case), viewer_of(party)))
    if as_json:
        emit({**row, "law": LAW})
        return
    sides = {"a": row["a"], "b": row["b"]}
    table(
        ["cell", "stands", "held by", "denied by", "signed"],
        [
            [c["cell"], STANDS[c["stands"]].format(**sides), ", ".join(c["holds"]), ", ".join(c["denies"]),
             "yes" if c["is_signed"] else ""]
            for c in row["cells"]
        ],
    )  # fmt: skip
    for one in row["versions"]:
        who = ", ".join(one["signed_by"])
        print(
            printable(f"version {one['number']}: {len(one['cells'])} cells, entry {one['entry']}, {one['at']}, {who}")
        )
    for one in row["moved"]:
        gained, lost = len(one["gained"]), len(one["lost"])
        print(printable(
            f"{one['group']} as {one['by']} says: {gained} cells more ({one['gained_inside']} on the map), "
            f"{lost} fewer; spoken of in {one['stated']} of {one['rounds']} rounds"
        ))  # fmt: skip
    if row["moved"]:
        print("An indicator with its coverage, never a finding.")
    print("Cells restrict, never release: no cell shows that a target was excluded.")
    print(LAW)


@map_app.command("propose")
def map_propose(  # noqa: PLR0917  # the signature is the command line
    case: Case, by: By, cell: Cells = None, file: FileOfCells = None, whole: Whole = False, text: Words = "",
    output: Out = None, as_json: Json = False,
) -> None:  # fmt: skip
    """Propose the whole map as one side sees it; what it proposed before and does not name now, it withdraws."""
    from truceline.desk.areasteps import partition_of
    from truceline.desk.designated import PROPOSAL
    from truceline.desk.records import Draft
    from truceline.store.opened import open_case

    opened, cells = open_case(case), _cells(cell, file)
    body = {"cells": list(partition_of(opened).whole(cells)) if whole else cells, **({"text": text} if text else {})}
    told = f"{by} proposes {len(body['cells'])} cells"
    said(opened, Draft(PROPOSAL, body, by), output, as_json, told)


@map_app.command("answer")
def map_answer(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    to: Annotated[int, typer.Argument(help="Entry of the other side's proposal.")],
    by: By,
    agree: Annotated[
        list[str] | None, typer.Option("--agree", help="A cell of it; repeat; `all` = the others.")
    ] = None,
    dispute: Annotated[list[str] | None, typer.Option("--dispute", help="A cell; repeat; `all` = the others.")] = None,
    text: Words = "",
    output: Out = None,
    as_json: Json = False,
) -> None:
    """Answer a proposal of the other side cell by cell: agree, dispute, or leave open what is not named."""
    from truceline.desk.designated import ANSWER, proposed_in
    from truceline.desk.records import Draft
    from truceline.errors import InputError
    from truceline.store.opened import open_case

    opened = open_case(case)
    yes, no = set(agree or ()), set(dispute or ())
    if "all" in yes & no:
        raise InputError("`all`: expected with --agree or with --dispute")
    cells = set(proposed_in(opened, to))
    yes = cells - no if "all" in yes else yes
    no = cells - yes if "all" in no else no
    parts = {"agrees": sorted(yes), "disputes": sorted(no)}
    body = {"to": to, **{key: one for key, one in parts.items() if one}, **({"text": text} if text else {})}
    told = f"{by} agrees to {len(yes)} cells of entry {to}, and disputes {len(no)}"
    said(opened, Draft(ANSWER, body, by), output, as_json, told)


@map_app.command("sign")
def map_sign(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    by: By,
    output: Annotated[Path, typer.Option("-o", "--output", help="Write the entry here: the other side signs it too.")],
    cell: Cells = None,
    file: FileOfCells = None,
    text: Words = "",
    as_json: Json = False,
) -> None:
    """Sign a version of the map: the cells that both hold, or those that are named; the other side cosigns it."""
    from truceline.desk.designated import VERSION, map_shown
    from truceline.desk.records import Draft
    from truceline.store.opened import open_case

    opened = open_case(case)
    shown = map_shown(opened, viewer_of(by))
    cells = _cells(cell, file) or [one.cell for one in shown.cells if one.stands == "agreed"]
    body = {"cells": cells, **({"replaces": shown.version.index} if shown.version else {})}
    draft = Draft(VERSION, body | ({"text": text} if text else {}), by)
    said(opened, draft, output, as_json, "")


@map_app.command("draft")
def map_draft(
    case: Case,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the files.")],
    version: Annotated[int, typer.Option("--version", help="Number of the version; 0 = the newest.")] = 0,
    zone: Annotated[str, typer.Option("--zone", help="Zone of the text that the cells become.")] = "designated",
    as_json: Json = False,
) -> None:
    """Write from a version the areas file and the amended text, to be signed as an amendment; nothing else binds."""
    from truceline.desk.areadrafts import BODY
    from truceline.desk.areadrafts import map_draft as drafted
    from truceline.desk.designated import map_shown
    from truceline.store.disk import write_whole
    from truceline.store.opened import open_case

    opened = open_case(case)
    made = drafted(opened, map_shown(opened, viewer_of("")), version, zone)
    output.mkdir(parents=True, exist_ok=True)
    for name, data in made.files.items():
        write_whole(output / Path(name).name, data)
    import msgspec

    write_whole(output / BODY, msgspec.json.format(msgspec.json.encode(made.body), indent=1) + b"\n")
    if as_json:
        emit({"folder": str(output), "text": made.text, "areas": made.areas, "body": made.body,
              "steps": list(made.steps)})  # fmt: skip
        return
    print(
        f"{output}: {made.text}, {made.areas}, {BODY} and what the text names; signed by nobody. Then, in that folder:"
    )
    for step in made.steps:
        print(f"  {step}")


# -- lists that were handed over ---------------------------------------------------------------------------------------


@handover_app.command("say")
def handover_say(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    by: By,
    to: Annotated[str, typer.Option("--to", help="Who was given it.")],
    kind: Annotated[str, typer.Option("--kind", help="areas, groups, routes, sites, targets or other.")],
    day: Annotated[str, typer.Option("--day", help="The day it was handed over.")],
    form: Annotated[str, typer.Option("--format", help="Its form, in words: on paper, a table of names.")],
    period: Annotated[str, typer.Option("--period", help="Its period in your words, such as `through September`.")],
    since: Annotated[str, typer.Option("--since", help="Your reading of its beginning, a time text.")] = "",
    until: Annotated[str, typer.Option("--until", help="Your reading of its end, a time text.")] = "",
    text: Words = "",
    output: Out = None,
    as_json: Json = False,
) -> None:
    """Record that a list was handed over, and how you read its period; the list itself never enters."""
    from truceline.desk.handovers import HANDOVER
    from truceline.desk.records import Draft
    from truceline.store.opened import open_case

    read = {"words": period, **{key: one for key, one in (("since", since), ("until", until)) if one}}
    body = {"kind": kind, "to": to, "day": day, "format": form, "period": read}
    body |= {"text": text} if text else {}
    said(open_case(case), Draft(HANDOVER, body, by), output, as_json, f"{kind} handed over to {to} on {day}")


@handover_app.command("answer")
def handover_answer(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    to: Annotated[int, typer.Argument(help="Entry of the handover.")],
    by: By,
    says: Annotated[str, typer.Option("--says", help="acknowledged or denied.")],
    form: Annotated[str, typer.Option("--format", help="Its form as you found it; empty = as it was said.")] = "",
    period: Annotated[str, typer.Option("--period", help="Its period in your words.")] = "",
    since: Annotated[str, typer.Option("--since", help="Your reading of its beginning, a time text.")] = "",
    until: Annotated[str, typer.Option("--until", help="Your reading of its end, a time text.")] = "",
    text: Words = "",
    output: Out = None,
    as_json: Json = False,
) -> None:
    """Acknowledge or deny that you were given a list, and say how you read its period."""
    from truceline.desk.handovers import ANSWER
    from truceline.desk.records import Draft
    from truceline.errors import InputError
    from truceline.store.opened import open_case

    if (since or until) and not period:
        raise InputError("--period: expected words beside a reading in time")
    body: dict[str, object] = {"to": to, "says": says}
    if period:
        body["period"] = {"words": period, **{k: one for k, one in (("since", since), ("until", until)) if one}}
    body |= {key: one for key, one in (("format", form), ("text", text)) if one}
    said(open_case(case), Draft(ANSWER, body, by), output, as_json, f"the handover in entry {to}: {says}")


@handover_app.command("list")
def handover_list(case: Case, party: As = "", as_json: Json = False) -> None:
    """Show every list that was handed over, with both readings of its period."""
    from truceline import LAW
    from truceline.desk.handovers import handovers_shown
    from truceline.store.opened import open_case

    shown = handovers_shown(open_case(case), viewer_of(party))
    if as_json:
        emit({"handovers": [plain(one) for one in shown], "law": LAW})
        return
    table(
        ["entry", "kind", "from", "to", "on", "the one reads", "the other reads", "stands"],
        [
            [str(one.index), one.kind, one.by, one.to, one.day, one.period.words,
             next((a.period.words for a in reversed(one.answers) if a.period), ""), one.stands]
            for one in shown
        ],
    )  # fmt: skip
    if any(one.is_read_alike is False for one in shown):
        print("Where the two read the period differently, the text decides, or nobody does.")
