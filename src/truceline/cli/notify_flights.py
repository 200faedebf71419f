"""The commands `notify flights`, `road`, `zones`, `paper`: tracks against the terms, files of zones, printed lists."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from truceline.cli.show import Case, Json, What, emit, printable, say, table, told

SIGNS = {1: "surely", 0: "cannot be decided", -1: "no"}
MOST_SHOWN = 40


def add_to(app: typer.Typer) -> None:
    """Add the commands to `truceline notify`."""
    app.command("flights")(flights)
    app.command("road")(road)
    app.command("zones")(zones)
    app.command("paper")(paper)
    app.command("conflicts")(conflicts)


def flights(  # noqa: PLR0917  # the signature is the command line
    what: What,
    evidence: Annotated[list[Path] | None, typer.Argument(help="With a text: files of reports, signed acts.")] = None,
    tracks: Annotated[
        list[Path] | None, typer.Option("--tracks", help="A file of positions (ADS-B); none = those of the case.")
    ] = None,
    since: Annotated[str, typer.Option("--from", help="Only positions from this moment on.")] = "",
    until: Annotated[str, typer.Option("--until", help="Only positions before this moment.")] = "",
    known_at: Annotated[str, typer.Option("--known-at", help="As known at a time, or at `#index` of the case.")] = "",
    gap_s: Annotated[int, typer.Option("--gap-s", help="Positions further apart have a gap between them.")] = 60,
    silence_s: Annotated[int, typer.Option("--silence-s", help="So long a silence ends a flight.")] = 1_800,
    datum: Annotated[
        str, typer.Option("--datum", help="What ceilings are measured from: amsl, barometric or gnss.")
    ] = "amsl",
    as_json: Json = False,
) -> None:
    """Hold flights against zones and notices: entries, what the terms say of each, notices used and unused."""
    from truceline.desk.flights import Watched, flights_answer

    with told(as_json) as tell:
        watched = Watched(gap_s, silence_s, datum, since, until, known_at)
        answer = flights_answer(what, tracks or [], watched, evidence=evidence or [], tell=tell)
    if as_json:
        emit(answer)
        return
    _show(answer)
    for warning in answer["warnings"]:
        say(as_json, printable(f"warning: {warning}"))
    say(as_json, f"\n{answer['law']}")


def road(  # noqa: PLR0917  # the signature is the command line
    route: Annotated[Path, typer.Argument(help="The segments: GeoJSON lines with id, from, until, within_m.")],
    places: Annotated[list[Path], typer.Argument(help="Files of places heard of the convoy, each with its second.")],
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", help="Which column means what, for tables without a format of their own."),
    ] = None,
    tz: Annotated[str, typer.Option("--tz", help="The zone of times without an offset.")] = "UTC",
    gap_s: Annotated[int, typer.Option("--gap-s", help="Places further apart have a gap between them.")] = 900,
    as_json: Json = False,
) -> None:
    """Hold the places heard of a convoy against its route, segment by segment: used, perhaps, unused, unheard."""
    from truceline.desk.routes import road_answer

    answer = road_answer(route, places, mapping=mapping, tz=tz, gap_s=gap_s)
    if as_json:
        emit(answer)
        return
    rows = [
        [one["segment"], one["from"], one["until"], one["state"], one["first"] or "-", one["last"] or "-",
         "yes" if one["late"] else "-"]
        for one in answer["segments"]
    ]  # fmt: skip
    table(["segment", "from", "until", "it is", "first heard", "last heard", "also outside its hours"], rows)
    surely = sum(one["value"] == 1 for one in answer["deviations"])
    print(
        f"{answer['places']:,} places; beside every segment in the hours of the route: surely {surely:,}, "
        f"perhaps {len(answer['deviations']) - surely:,}; {len(answer['gaps']):,} gaps of more than {gap_s} s"
    )
    print(f"\n{answer['law']}")


def zones(  # noqa: PLR0917  # the signature is the command line
    what: What,
    out: Annotated[Path, typer.Option("--out", "-o", help="Write the file here.")],
    form: Annotated[str, typer.Option("--form", help="ed269, ed318, notam (a draft), gpkg or geojson.")] = "ed318",
    zone: Annotated[list[str] | None, typer.Option("--zone", help="Only this zone; repeat for more.")] = None,
    country: Annotated[str, typer.Option("--country", help="ISO 3166-1 alpha-3, such as SYR.")] = "",
    fir: Annotated[str, typer.Option("--fir", help="For a NOTAM draft: location indicator, four letters.")] = "",
    provider: Annotated[str, typer.Option("--provider", help="Who gives the file out.")] = "",
    known_at: Annotated[str, typer.Option("--known-at", help="Of a case: as known at a time, or at `#index`.")] = "",
    as_json: Json = False,
) -> None:
    """Write the zones for a pilot or a planner: zones only, never sites; a NOTAM is a draft that a person issues."""
    from truceline.desk.zonefiles import PROVIDER, Wanted, write_zone_file, zone_file

    made = zone_file(what, Wanted(form, tuple(zone or ()), country, fir, provider or PROVIDER), known_at=known_at)
    write_zone_file(made, out)
    answer = made.plain() | {"file": out.name}
    if as_json:
        emit(answer)
        return
    print(
        printable(
            f"{out}: {len(answer['zones'])} zones as {form}, {answer['bytes']:,} bytes, SHA-256 {answer['sha256']}"
        )
    )
    if answer["is_draft"]:
        print("A draft: a person of the aeronautical information service issues a NOTAM, or nobody does.")
    for one in answer["left_out"]:
        why = "was never published" if one["why"] == "withheld" else "is in no file of areas"
        print(printable(f"left out: `{one['zone']}` {why}"))
    print(f"\n{answer['law']}")


def paper(
    case: Case,
    party: Annotated[str, typer.Option("--party", help="The list of this recipient, marked as its copy.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Write the page here; open it and print it.")],
    lang: Annotated[str, typer.Option("--lang", help="Of the page: en, ar or ru.")] = "en",
    as_json: Json = False,
) -> None:
    """Write one recipient's list for the printer: its hash, its mark, its receipt, and room for a signature."""
    from truceline.cli.notify import _room
    from truceline.desk.noticelists import list_for, list_shown
    from truceline.report.noticelist import render_list
    from truceline.store.disk import write_whole

    with _room(case, "hand-over", party) as (room, _):
        listed, title = list_shown(list_for(room, party)), room.text.title.get(lang) or room.text.id
        page = render_list(listed, lang, title=title, tz=room.text.tz)
    write_whole(out, page.encode())
    answer = {"file": out.name, "party": party, "notices": len(listed["rows"]), "lang": lang}
    answer |= {"sha256": listed["sha256"], "receipt": listed["receipt"]}
    if as_json:
        emit(answer)
        return
    print(printable(f"{out}: {answer['notices']} notices for {party}, receipt {answer['receipt']}"))


def conflicts(case: Case, as_json: Json = False) -> None:
    """Name what stands in one another's way: notices, and zones of the text. For the notification desk alone."""
    from truceline.cli.notify import _room
    from truceline.desk.noticeconflicts import conflicts_answer

    with _room(case, "conflicts") as (room, viewer):
        answer = conflicts_answer(room, viewer)
    if as_json:
        emit(answer)
        return
    rows = [
        [SIGNS[one["value"]], one["notice"], one["other"] or one["zone"], one["since"], one["until"], one["sentence"]]
        for one in answer["conflicts"]
    ]
    table(["it is", "notice", "and", "from", "until", "which means"], rows) if rows else print("no conflict")
    print(f"{answer['note']}\n\n{answer['law']}")


def _show(answer: dict[str, Any]) -> None:
    """Totals, entries, notices and duties."""
    print(
        f"positions: {answer['positions']:,}, aircraft: {answer['aircraft']:,}, flights: {len(answer['flights']):,}, "
        f"gaps of more than {answer['gap_s']} s: {answer['gaps']['number']:,}; what lies in a gap is not drawn in"
    )
    rows = [
        [
            one["term"],
            ", ".join(one["zones"]) or "anywhere",
            f"{one['entries_surely']:,}",
            f"{one['entries_at_most']:,}",
        ]
        for one in answer["terms"]
    ]
    table(["term", "zones", "entries covered surely", "at the most"], rows)
    _entries(answer["entries"])
    rows = [
        [
            one["id"], one["callsign"] or "-", one["area"] or "-", one["from"], one["until"],
            f"{one['ahead_s'] / 3600:.0f} h of {one['asked_ahead_s'] / 3600:.0f} h", one["state"],
        ]
        for one in answer["notices"]
    ]  # fmt: skip
    if rows:
        table(["notice", "callsign", "area", "from", "until", "ahead", "it is"], rows)
    rows = [
        [one["term"], _called(one), SIGNS[one["owed"]], SIGNS[one["given_in_time"]], ", ".join(one["reasons"])]
        for one in answer["owed"][:MOST_SHOWN]
    ]
    if rows:
        table(["duty", "flight", "owed", "given in time", "because"], rows)


def _entries(entries: list[dict[str, Any]]) -> None:
    """The entries that a term covers or may cover first."""
    shown = sorted(entries, key=lambda one: -max((t["value"] for t in one["terms"]), default=-1))[:MOST_SHOWN]
    rows = [
        [
            _called(one), one["zone"] or "anywhere",
            _between(one["entered_after"], one["entered_by"], one["first_position"]),
            _between(one["left_after"], one["left_by"], one["last_position"]), _terms(one),
        ]
        for one in shown
    ]  # fmt: skip
    if rows:
        table(["flight", "zone", "entered", "left", "terms"], rows)
    if len(entries) > len(shown):
        print(f"and {len(entries) - len(shown):,} more: --json has all\n")


def _called(one: dict[str, Any]) -> str:
    return f"{one['craft']} {one['callsign'] or ''}".strip()


def _between(after: str | None, by: str | None, heard: str) -> str:
    """A time by its bounds; only heard where it has none."""
    if after and by:
        return f"{after} to {by}"
    return f"after {after}" if after else f"by {by}" if by else f"heard {heard}"


def _terms(one: dict[str, Any]) -> str:
    return (
        "; ".join(
            f"{t['term']} {SIGNS[t['value']]}" + (f" ({', '.join(t['reasons'])})" if t["reasons"] else "")
            for t in one["terms"]
        )
        or "not covered"
    )
