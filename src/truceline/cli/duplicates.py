"""The command `duplicates`: which reports tell of one incident, why, and which pairs people have to decide?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from truceline.cli.show import Json, emit, printable, say, table, told

MOST = 40
"""So many incidents or pairs are printed; `--json` has all."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("duplicates")(duplicates)


def duplicates(  # noqa: PLR0917  # the signature is the command line
    evidence: Annotated[
        list[str], typer.Argument(metavar="CASE|FILE...", help="A case (folder, or URL of its database), or files.")
    ],
    agreement: Annotated[
        Path | None,
        typer.Option("--agreement", help="The text by which files are read; else the one beside them, or the shipped."),
    ] = None,
    method: Annotated[
        str, typer.Option("--method", help="`model` (probabilities) or `windows` (place, time, taxonomies).")
    ] = "",
    km: Annotated[float | None, typer.Option(min=0, max=1000, help="Kilometres apart at most.")] = None,
    days: Annotated[float | None, typer.Option(min=0, max=366, help="Days apart at most.")] = None,
    taxonomy: Annotated[
        list[Path] | None, typer.Option("--taxonomy", help="Classes of one column of coded events; repeat.")
    ] = None,
    why: Annotated[tuple[str, str] | None, typer.Option("--why", metavar="A B", help="Explain a pair.")] = None,
    queue: Annotated[bool, typer.Option("--queue", help="List the pairs that people have to decide.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the pairs found as an entry of the case: assessments know them then.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Find reports of one incident: certain ones are taken as one, doubtful ones are left to people."""
    from truceline.desk.duplicates import Search, find_duplicates

    if keep:
        _keep(evidence, as_json)
        return
    with told(as_json) as tell:
        search = Search(method, km, days, tuple(taxonomy or ()), why)
        answer = find_duplicates(evidence, search, agreement, tell)
    if as_json:
        emit(answer)
        return
    for warning in answer["warnings"]:
        say(as_json, printable(f"warning: {warning}"))
    if why:
        _why(answer["why"])
    elif queue:
        _queue(answer)
    else:
        _found(answer)
    print(f"\n{answer['law']}")


def _keep(evidence: list[str], as_json: bool) -> None:
    """Search a case and keep what was found in its record."""
    from truceline.desk.duplicates import keep_found
    from truceline.errors import InputError
    from truceline.store.opened import is_case, open_case

    if len(evidence) != 1 or not is_case(evidence[0]):
        raise InputError("`--keep` writes to the record of a case: expected one case")
    with told(as_json) as tell:
        kept = keep_found(open_case(evidence[0]), tell=tell)
    was = "kept" if kept["is_new"] else "stand there already"
    emit({"kept": kept}) if as_json else print(f"#{kept['entry']}: {kept['pairs']} pairs {was}")


def _found(answer: dict[str, Any]) -> None:
    """Incidents that several reports tell of, and what they disagree on."""
    low, high = answer["count"]["low"], answer["count"]["high"]
    several = [one for one in answer["incidents"] if len(one["reports"]) > 1]
    print(f"{answer['reports']} reports; {answer['of_acts']} tell of acts, of {low} to {high} incidents")
    print(f"taken as one: {len(several)} sets of reports")
    rows = [
        [one["id"], ", ".join(one["reports"]), ", ".join(one.get("disagreements", {})) or "-"] for one in several[:MOST]
    ]
    table(["incident", "reports", "they differ in"], rows)
    if len(several) > MOST:
        print(f"and {len(several) - MOST} more; `--json` has all")
    if answer["method"] == "windows":
        counts = answer["matches"]
        print(
            f"{counts['incidents']} matches: {counts['events']} of events, {counts['episodes']} of episodes; "
            f"{counts['removed']} removed; {len(answer['flagged'])} pairs of an event and an episode for people"
        )
        return
    print(f"{len(answer['unresolved'])} pairs are left to people: `--queue`")


def _queue(answer: dict[str, Any]) -> None:
    """The doubtful pairs, the likeliest first."""
    pairs = answer["unresolved"]
    rows = [[one["a"], one["b"], f"{one['probability']:.2f}", "; ".join(one["settles"])] for one in pairs[:MOST]]
    print(f"{len(pairs)} pairs that people have to decide, the likeliest first")
    table(["report", "and", "probability", "what would settle it"], rows)
    for one in answer["flagged"]:
        print(printable(f"event {one['event']} and episode {one['episode']}"))


def _why(told_of: dict[str, Any]) -> None:
    """One pair: each comparison and what it weighs."""
    print(f"{told_of['a']} and {told_of['b']}: probability {told_of['probability']:.4f}", end=", ")
    print("taken as one incident" if told_of["is_one"] else "not taken as one")
    if not told_of["because"]:
        print("they do not meet in place and time, or can never be one")
        return
    rows = [[one["comparison"], one["level"], f"{one['bits']:+.2f}"] for one in told_of["because"]]
    table(["comparison", "level", "bits"], rows)
