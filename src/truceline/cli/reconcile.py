"""`truceline reconcile`: two sides' lists beside one another, by both sides' rules, and published totals checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from truceline.cli.show import Json, What, emit, printable, say, table, told

MOST_SHOWN = 50
"""So many rows of a kind are printed; the JSON has them all."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("reconcile")(reconcile)


def reconcile(  # noqa: PLR0917  # the signature is the command line
    what: What,
    evidence: Annotated[
        list[Path] | None, typer.Argument(help="With an agreement: files of evidence and signed acts.")
    ] = None,
    a: Annotated[str, typer.Option("--a", help="One side: a party of the agreement.")] = "",
    b: Annotated[str, typer.Option("--b", help="The other side.")] = "",
    since: Annotated[str, typer.Option("--from", help="Only what can have happened from this moment on.")] = "",
    until: Annotated[str, typer.Option("--until", help="Only what can have happened before this moment.")] = "",
    known_at: Annotated[str, typer.Option("--known-at", help="As known at a time, or at `#index` of the case.")] = "",
    areas: Annotated[
        list[Path] | None, typer.Option("--areas", help="A file of areas (GeoJSON, GeoParquet); repeat for more.")
    ] = None,
    ledgers: Annotated[Path | None, typer.Option("--ledgers", help="A table of published totals (CSV).")] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="How each side counts (CSV); else the table beside the agreement.")
    ] = None,
    incidents: Annotated[
        Path | None,
        typer.Option("--incidents", help="Which reports tell of one incident: the JSON of `truceline duplicates`."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the lists to this table: FILE.csv or .xlsx.")] = None,
    page: Annotated[Path | None, typer.Option("--page", help="Write the page of both sides to this HTML file.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="Of the page: en, ar or ru.")] = "en",
    reader: Annotated[
        str,
        typer.Option("--for", help="secretariat, public or party:ID; public for --out and --page, else secretariat."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Match two sides' lists of what happened: both, only one, contested, undecided; and check published totals."""
    from truceline.desk import reconcile as desk
    from truceline.desk import reconcile_sheet as sheet

    reader = reader or ("secretariat" if out is None and page is None else "public")
    asked = desk.Reconciled(a, b, since, until, known_at, ledgers, rules, incidents, reader)
    sheet.check_outputs(asked, out, page, lang)
    with told(as_json) as tell:
        answer = desk.reconcile_answer(what, evidence or [], asked, areas=areas or [], tell=tell)
        rows = None if out is None else sheet.write_table(answer, out)
        if page is not None:
            sheet.write_page(answer, page, lang)
    emit(answer) if as_json else _show(answer)
    if out is not None:
        say(as_json, f"\nTable: {out}, {rows} rows for {answer['reader']}; left out: {answer['left_out']}")
    if page is not None:
        say(as_json, f"\nPage: {page}, for {answer['reader']}")


def _show(answer: dict[str, Any]) -> None:
    a, b = answer["a"], answer["b"]
    print(printable(f"{answer['agreement']['title']}: {a['party']} and {b['party']}, for {answer['reader']}\n"))
    heads = ["entries", "on both lists", "contested", "undecided", "only here"]
    keys = ["entries", "both", "contested", "open", "only"]
    table(["list of", *heads], [[side["party"], *(side[key] for key in keys)] for side in (a, b)])
    for pair in _first(answer["pairs"]):
        both = (_entry(pair[side], pair[f"withheld_{side}"]) for side in ("a", "b"))
        print(printable(f"{pair['state']}: {'  |  '.join(both)}"))
        if pair["differs"]:
            print(f"  they differ on: {', '.join(pair['differs'])}")
    for side in ("a", "b"):
        for one in _first(answer[f"open_{side}"]):
            told_of = f"undecided, {answer[side]['party']}: {_entry(one['entry'], one['withheld'])}: {one['why']}: "
            print(printable(told_of + ", ".join(one["candidates"])))
    _show_counting(answer)
    if answer["totals"] is not None:
        _show_totals(answer["totals"], answer["a"]["party"], answer["b"]["party"])
    for warning in answer["warnings"]:
        print(printable(f"warning: {warning}"))
    print(f"\nA list is what a side says; a count over a period is its issuer's claim.\n{answer['law']}")


def _first(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The first rows, and how many more there are."""
    yield from rows[:MOST_SHOWN]
    if len(rows) > MOST_SHOWN:
        print(f"and {len(rows) - MOST_SHOWN} more: see --json")


WITHHELD = {
    "terms": "(its source forbids passing it on)",
    "consent": "(nobody has consented to this use)",
    "place": "(not for this reader)",
}


def _entry(entry: dict[str, Any] | None, withheld: str | None) -> str:
    if entry is None:
        return WITHHELD[withheld or "terms"]
    return " ".join(str(entry[key]) for key in ("id", "when", "place", "act") if entry[key])


def _show_counting(answer: dict[str, Any]) -> None:
    """Both rules applied to both lists."""
    print("\nBoth counting rules, applied to both lists")
    rows = []
    for of in ("a", "b"):
        rule, party = answer["counting"]["rules"][of], answer[of]["party"]
        per = rule["one_per"] or "incident"
        arrests = "arrests not counted" if rule["arrests"] is False else "arrests counted"
        name = f"{party}: one per {per}, {arrests}" + ("" if rule["stated"] else " (not stated)")
        rows.append([name, *(_range(answer["counting"]["lists"][side][f"by_{of}"]) for side in ("a", "b"))])
    table(["rule of", f"list of {answer['a']['party']}", f"list of {answer['b']['party']}"], rows)


def _range(one: dict[str, Any]) -> str:
    if one["high"] is None:
        return f"{one['low']} or more"
    return str(one["low"]) if one["low"] == one["high"] else f"{one['low']} to {one['high']}"


def _show_totals(totals: dict[str, Any], a: str, b: str) -> None:
    checks = ", ".join(f"{name} {n}" for name, n in totals["checks"].items() if n)
    print(
        printable(f"\nPublished totals in {totals['file']}: {totals['rows']} rows, {totals['rejected_rows']} rejected")
    )
    print(f"Sums worked out again: {checks}")
    wrong = [one for one in totals["mismatches"] if one["check"] == "mismatch"]
    if wrong:
        rows = [
            [one["line"], one["issuer"], _days(one), one["count"] or "-", one["items_sum"] or "-", one["column"] or "-"]
            for one in wrong
        ]
        table(["line", "issuer", "period", "total", "its parts sum to", "the file says"], rows)
    _show_inside(totals)
    for one in _first(totals["contradictions"]):
        others = "; ".join(f"line {other['line']}: {_days(other)}: {other['count']}" for other in one["others"])
        whole = one["whole"]
        print(printable(f"{one['kind']}: line {whole['line']}: {_days(whole)}: {whole['count']}; {others}"))
    for one in _first(totals["confirmed"]):
        share = one["confirmed"]
        told_of = f"{share['confirmed']} of {share['of']}" + (f", {share['besides']}" if share["besides"] else "")
        print(printable(f"confirmed by the other side: {told_of} ({one['issuer']}, {_days(one)})"))
    if totals["beside"]:
        rows = [
            [f"{one['first']} to {one['last']}", one["region"], *(_counts(one[side]) for side in ("a", "b"))]
            for one in totals["beside"]
        ]
        table(["period counted by both", "region", a, b], rows)
    for one in _first(totals["rejected"]):
        print(printable(f"rejected, line {one['line']}: {one['field']}: {one['reason']}"))


def _show_inside(totals: dict[str, Any]) -> None:
    """Parts whose own parts do not come to them, and where the file's own columns say otherwise."""
    for one in totals["mismatches"]:
        for part in one["inner"]:
            told_of = f"line {one['line']}: {part['name']}: {part['count']}, its own parts sum to {part['items_sum']}"
            print(printable(told_of))
    for one in _first(totals["column_differs"]):
        said = ", ".join(str(one[key]) for key in ("column_sum", "column") if one[key] is not None)
        told_of = f"line {one['line']}: the file says {said}; worked out: {one['items_sum'] or '-'}, {one['check']}"
        print(printable(told_of))


def _counts(totals: list[dict[str, Any]]) -> str:
    return ", ".join(one["count"] or "-" for one in totals)


def _days(one: dict[str, Any]) -> str:
    return f"{one['first'] or '..'} to {one['last'] or '..'}"
