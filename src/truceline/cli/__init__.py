"""The command line: parses, calls the desk, prints.

Every command has `--json`; exit codes are those of `errors.EXIT_CODES`. Heavy imports wait until a command needs them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from truceline import LAW, __version__
from truceline.cli import (
    account,
    agreement,
    area,
    backup,
    changes,
    closed,
    condition,
    custody,
    designations,
    doctor,
    duplicates,
    exchange,
    fetch,
    forms,
    intake,
    misuse,
    notify,
    notify_flights,
    obligations,
    place,
    publish,
    read,
    reconcile,
    record,
    rule,
    send,
    serve,
    sitting,
    vault,
    why,
    witness,
    words,
)
from truceline.cli.serve import demonstrate
from truceline.cli.show import Case, Json, What, emit, plain, say, table, told
from truceline.errors import TrucelineError

if TYPE_CHECKING:
    from truceline.desk import Asked, Outcome
    from truceline.store.case import Case as Opened

app = typer.Typer(
    name="truceline",
    help=f"Hold reports against the terms of a ceasefire. {LAW}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
agreement.add_to(app)
for part in (condition, obligations, designations, why, duplicates, reconcile, words):
    part.add_to(app)
designations.add_held_to(agreement.agreement_app)
record.add_to(app)
vault.add_to(app)
witness.add_to(app)
account.add_to(app)
place.add_to(app)
forms.add_to(app)
changes.add_to(app)
read.add_to(app)
fetch.add_to(app)
sitting.add_to(app)
for part in (rule, custody, closed, intake, misuse, publish, area, exchange, notify, send, serve, doctor, backup):
    part.add_to(app)
notify_flights.add_to(notify.notify_app)

Areas = Annotated[
    list[Path] | None, typer.Option("--areas", help="A file of areas (GeoJSON, GeoParquet); repeat for more.")
]
Since = Annotated[str, typer.Option("--from", help="Only what can have happened from this moment on.")]
Until = Annotated[str, typer.Option("--until", help="Only what can have happened before this moment.")]
KnownAt = Annotated[
    str, typer.Option("--known-at", help="Judge as known at a time (RFC 3339), or at `#index` of the case.")
]
Mapping = Annotated[
    Path | None, typer.Option("--mapping", help="Which column means what, for tables without a format of their own.")
]
Out = Annotated[Path | None, typer.Option("--out", help="Write the assessments to this Parquet file.")]


def main() -> None:
    """Run the command line; faults go to standard error, one line each, with a documented exit code."""
    try:
        app()
    except TrucelineError as error:
        for fault in error.faults[:100]:
            print(fault, file=sys.stderr)
        if len(error.faults) > 100:
            print(f"and {len(error.faults) - 100} more", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        if os.environ.get("TRUCELINE_DEBUG"):
            raise
        print(f"a fault of the program ({type(error).__name__}); TRUCELINE_DEBUG=1 shows where", file=sys.stderr)
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def run(
    folder: Annotated[
        str, typer.Argument(help="Case to make or to open: a folder, or postgresql://role@host/database.")
    ] = "syria-2016-case",
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop after the summary.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0, or one that is taken = a free one.")] = 8765,
    to: Annotated[
        Path | None, typer.Option("--pages", help="Folder for the pages; else `pages`, in a case folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a case of the shipped one, assess it, print a summary and serve it: everybody may take every role."""
    from truceline import desk
    from truceline.desk import pages
    from truceline.desk.duplicates import keep_found
    from truceline.store.opened import is_server

    with told(as_json) as tell:
        case = desk.demo_case(folder if is_server(folder) else Path(folder))
        desk.add_shipped_reports(case)
        keep_found(case, desk.demo_clock, tell)
        outcome = desk.assess_case(case, desk.Asked(), tell=tell)
        desk.record_assessment(case, desk.assessment_body(case, outcome))
        room = to or (Path() if is_server(folder) else Path(folder)) / "pages"
        files = pages.write_all(outcome, room)
        case.close()
    _show(outcome, as_json)
    say(as_json, f"\nPages: {', '.join(str(f) for f in files)}")
    if not no_serve:
        from truceline.desk.enacted import enact_at

        enact_at(folder)
        demonstrate(folder, port, as_json)


@app.command()
def init(  # noqa: PLR0917  # the signature is the command line
    folder: Annotated[str, typer.Argument(help="Case folder to make, or postgresql://role@host/database.")],
    agreement: Annotated[Path, typer.Option("--agreement", help="The text of the agreement (YAML).")],
    parties: Annotated[
        list[Path] | None, typer.Option("--party", help="Key set of a party that founds the record; repeat.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Witnesses and quorum of the record (C2SP tlog-policy).")
    ] = None,
    charter: Annotated[
        Path | None, typer.Option("--charter", help="The charter, signed by all its parties; see `keys sign`.")
    ] = None,
    charter_out: Annotated[
        Path | None, typer.Option("--charter-out", help="Write the charter for others to sign, and make no folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a case for an agreement. Its record begins with a charter: who keeps it, who may sign."""
    from truceline import desk
    from truceline.desk import charters
    from truceline.errors import InputError
    from truceline.store.disk import write_whole
    from truceline.store.folder import charter_of

    if charter is not None and (parties or policy or charter_out):
        raise InputError("`--charter` says who founds the record: leave out `--party`, `--policy` and `--charter-out`")
    signed = b"" if charter is None else desk.read_bytes(charter)
    made = charter_of(signed) if signed else charters.founded(agreement, parties or [], policy)
    if charter_out is not None:
        write_whole(charter_out, charters.charter_entry(made))
        emit({"file": str(charter_out)}) if as_json else print(
            f"{charter_out}: for each other party to sign: truceline keys sign {charter_out} --by PARTY"
        )
        return
    case = desk.init_case(folder, agreement, made, signed=signed)
    answer = {
        "folder": case.where, "agreement": case.info.agreement, "agreement_sha256": case.info.agreement_sha256,
        "origin": case.register().log.name if case.register().log else "",  # type: ignore[union-attr]
    }  # fmt: skip
    emit(answer) if as_json else print(
        f"{case.where}: a case for {case.info.agreement} ({case.info.agreement_sha256[:12]}); "
        f"the keys of its record lie in {desk.config_folder()}"
    )


@app.command()
def add(  # noqa: PLR0917  # the signature is the command line
    folder: Case,
    files: Annotated[list[Path], typer.Argument(help="Files of evidence, signed acts or areas.")],
    kind: Annotated[str, typer.Option("--as", help="Force a kind of file, such as reports, ucdp or areas.")] = "",
    mapping: Mapping = None,
    replaces: Annotated[
        list[int] | None,
        typer.Option("--replaces", help="Entry whose table this later release takes the place of; repeat."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Add files to a case; rejected rows are kept as a table beside those taken."""
    from truceline import desk
    from truceline.errors import InputError
    from truceline.store.opened import open_case

    if kind and kind not in desk.KINDS:
        raise InputError(f"`--as`: expected one of {', '.join(desk.KINDS)}, got `{kind}`")
    case = open_case(folder)
    with told(as_json) as tell:
        added = []
        for i, file in enumerate(files):
            tell(f"reading {file.name}", i, len(files))
            added += desk.add_files(case, [file], kind, mapping=mapping, replaces=replaces or ())
        moved = [desk.release_changes(case, one) if one.replaces else None for one in added]
    if as_json:
        rows = [{**plain(a), "changes": m} for a, m in zip(added, moved, strict=True)]
        emit({"added": rows, "skipped": len(files) - len(added)})
        return
    for one, became in zip(added, moved, strict=True):
        print(f"#{one.sequence} {one.file}: {one.kind}, {one.rows} rows taken, {one.rejected} rejected")
        if became is not None:
            of = ", ".join(f"#{index}" for index in one.replaces)
            print(f"  takes the place of {of}: {', '.join(f'{n} {word}' for word, n in became.items())}")
    if len(added) < len(files):
        print(f"{len(files) - len(added)} file(s) were there already")


@app.command()
def assess(  # noqa: PLR0917  # the signature is the command line
    what: What,
    evidence: Annotated[
        list[Path] | None, typer.Argument(help="With an agreement: files of evidence and signed acts.")
    ] = None,
    areas: Areas = None,
    since: Since = "",
    until: Until = "",
    known_at: KnownAt = "",
    out: Out = None,
    show: Annotated[str, typer.Option("--show", help="Show one report instead: every term, factor by factor.")] = "",
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Judge one Parquet table batch by batch, and keep the answers in this folder."),
    ] = None,
    mapping: Mapping = None,
    pairs: Annotated[
        Path | None,
        typer.Option("--pairs", help="Reports of one incident: the answer of `truceline duplicates --json`."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Hold every report against every term: surely, possibly, not covered, each with its reasons."""
    from truceline import desk
    from truceline.errors import InputError

    asked = desk.Asked(since, until, known_at)
    if to is not None:
        if out is not None or show:
            raise InputError("`--to` keeps the answers in its folder: leave out `--out` and `--show`")
        _stream(what, evidence or [], areas or [], asked, to=to, as_json=as_json)
        return
    with told(as_json) as tell:
        given = _Given(evidence or [], areas or [], mapping, pairs)
        outcome = _assessed(what, given, asked, tell)
        if out is not None:
            desk.write_assessments(outcome, out)
    if show:
        _show_one(desk.show(outcome, show), as_json)
    else:
        _show(outcome, as_json)
    if out is not None:
        say(as_json, f"\nAssessments: {out}")


def _stream(what: str, evidence: list[Path], areas: list[Path], asked: Asked, *, to: Path, as_json: bool) -> None:
    from truceline import desk
    from truceline.desk import stream
    from truceline.errors import InputError
    from truceline.store.opened import is_case

    if is_case(what):
        raise InputError("`--to` judges a table by an agreement: expected the text of one, got a case")
    bench = desk.open_agreement(Path(what), areas)
    with told(as_json) as tell:
        answer = stream.assess_stream(bench, stream.given_of(evidence, bench), to, asked, tell)
    emit(answer) if as_json else _show_stream(answer, to)


@dataclass(frozen=True)
class _Given:
    """The files that a command names: evidence and areas, a mapping of columns, pairs of reports of one incident."""

    evidence: list[Path]
    areas: list[Path]
    mapping: Path | None
    pairs: Path | None


def _assessed(what: str, given: _Given, asked: Asked, tell: Callable[[str, int, int], None]) -> Outcome:
    from truceline import desk
    from truceline.desk.decided import people_in
    from truceline.errors import InputError
    from truceline.store.opened import is_case, open_case

    if is_case(what):
        if given.evidence or given.mapping or given.pairs:
            raise InputError("a case folder holds its own evidence and incidents: use `truceline add` to add files")
        case = open_case(what)
        outcome = desk.assess_case(case, asked, given.areas, tell)
        if asked == desk.Asked() and not given.areas:
            _record(case, outcome)
        return outcome
    if not given.evidence:
        raise InputError("expected files of evidence after the agreement, or a case folder")
    bench, mapping = desk.open_agreement(Path(what), given.areas), desk.open_mapping(given.mapping)
    read = []
    for i, file in enumerate(given.evidence):
        tell(f"reading {file.name}", i, len(given.evidence))
        read.append(desk.read_evidence(file, bench, mapping=mapping))
    people = None if given.pairs is None else people_in(desk.read_bytes(given.pairs), given.pairs.name)
    return desk.assess_files(bench, read, asked, tell, people)


def _record(case: Opened, outcome: Outcome) -> None:
    """Enter a whole assessment into the record; where this machine may only read, say so."""
    from truceline import desk
    from truceline.errors import StoreError

    try:
        desk.record_assessment(case, desk.assessment_body(case, outcome))
    except StoreError as error:
        print(f"not recorded: {error}", file=sys.stderr)


@app.command()
def where(  # noqa: PLR0917  # the signature is the command line
    evidence: Annotated[Path, typer.Argument(help="A file of reports.")],
    zones: Annotated[Path, typer.Argument(help="Zones: GeoJSON or GeoParquet.")],
    name_field: Annotated[str, typer.Option("--name-field", help="The column that names a zone.")] = "",
    disc_m: Annotated[int, typer.Option("--disc-m", help="Radius for places known exactly, metres.")] = 2_000,
    since: Since = "",
    until: Until = "",
    tz: Annotated[str, typer.Option("--tz", help="Zone of civil days.")] = "UTC",
    as_json: Json = False,
) -> None:
    """Count the reports in each zone: by the coded point (naive), surely, and possibly."""
    from truceline import desk

    with told(as_json) as tell:
        tell("reading", 0, 1)
        wanted = desk.Wanted(name_field, disc_m, since, until, tz)
        read, counted, found = desk.count_where(evidence, zones, wanted, tell)
    if as_json:
        counts = [
            {"zone": c.zone, "name": c.name, "naive": c.naive, "surely": c.surely, "possibly": c.possibly}
            for c in found
        ]
        emit({
            "observations": counted, "rejected": read.rejected.num_rows,
            "evidence": desk.evidence_row(read),
            "from": since or None, "until": until or None, "disc_m": disc_m, "zones": counts, "law": LAW,
        })  # fmt: skip
        return
    table(
        ["zone", "name", "naive", "surely", "possibly"],
        [[c.zone, c.name, c.naive, c.surely, c.possibly] for c in found],
    )
    print(f"\n{LAW}")


@app.command("what-if")
def what_if(  # noqa: PLR0917  # the signature is the command line
    folder: Annotated[str, typer.Argument(help="Case folder, or the URL of its database; nothing is written to it.")],
    zone: Annotated[str, typer.Option("--zone", help="Id of a zone of the agreement.")],
    geometry: Annotated[
        Path | None, typer.Option("--geometry", help="Its shape instead: GeoJSON or GeoParquet.")
    ] = None,
    zone_from: Annotated[str, typer.Option("--zone-from", help="From when it is in force instead.")] = "",
    zone_until: Annotated[str, typer.Option("--zone-until", help="Until when it is in force instead.")] = "",
    ceiling_m: Annotated[
        int | None, typer.Option("--ceiling-m", help="Its ceiling instead, metres above mean sea level.")
    ] = None,
    since: Since = "",
    until: Until = "",
    known_at: KnownAt = "",
    picture: Annotated[
        Path | None,
        typer.Option("--picture", help="Draw the zone before and after, and the counts by month: FILE.png or .html."),
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="Of the picture: en, ar or ru.")] = "en",
    as_json: Json = False,
) -> None:
    """Suppose a zone lay elsewhere, or were in force at another time or height: what would be judged otherwise?"""
    from truceline import desk
    from truceline.store.opened import open_case

    supposed = desk.Supposed(zone, geometry, zone_from, zone_until, ceiling_m)
    if picture is not None:
        from truceline.desk import pages

        pages.check_picture(picture, lang)
    with told(as_json) as tell:
        outcome, change = desk.what_if(open_case(folder), supposed, desk.Asked(since, until, known_at), tell)
        answer = desk.what_if_answer(outcome, supposed, change)
        if picture is not None:
            tell("drawing", 0, 1)
            pages.write_what_if(outcome, change, picture, zone=zone, asked=supposed.asked, lang=lang)
    emit(answer) if as_json else _show_change(answer)
    if picture is not None:
        say(as_json, f"\nPicture: {picture}")


@app.command()
def report(  # noqa: PLR0917  # the signature is the command line
    folder: Case,
    output: Annotated[Path, typer.Option("-o", "--output", help="The HTML file to write.")],
    cut_off: Annotated[
        str, typer.Option("--cut-off", help="The report ends before this moment; empty = after everything.")
    ] = "",
    lang: Annotated[str, typer.Option("--lang", help="en, ar or ru.")] = "en",
    reader: Annotated[str, typer.Option("--for", help="secretariat, party:ID or public.")] = "secretariat",
    known_at: KnownAt = "",
    areas: Areas = None,
    as_json: Json = False,
) -> None:
    """Write the report of a case: one HTML file that stands alone and prints well."""
    from truceline import desk
    from truceline.desk import pages
    from truceline.desk.consent import withheld_from
    from truceline.store.opened import open_case

    with told(as_json) as tell:
        case = open_case(folder)
        outcome = desk.assess_case(case, desk.Asked(until=cut_off, known_at=known_at), areas or [], tell)
        withheld = withheld_from(reader, case, outcome)
        written = pages.write_one(outcome, output, lang=lang, reader=reader, cut_off=cut_off, withheld=withheld)
    answer = {"file": str(output), "bytes": written, "lang": lang, "for": reader, "without_consent": len(withheld)}
    emit(answer) if as_json else print(f"{output}: {written} bytes")
    if withheld:
        say(as_json, f"left out for want of consent: {len(withheld)} report{'s' * (len(withheld) > 1)}")


# -- printing --------------------------------------------------------------------------------------------------------


def _show(outcome: Outcome, as_json: bool) -> None:
    from truceline import desk

    answer = desk.summary(outcome)
    if as_json:
        emit(answer)
        return
    total = answer["any"]
    print(
        f"{answer['agreement']['title']}: {answer['observations']} reports judged, {answer['rejected']} rows rejected."
    )
    print(
        f"If true: surely under a prohibition {total['surely']}, possibly {total['possibly']}, "
        f"not covered {total['no']}. Protected by humanitarian law: {answer['protected']}. "
        f"Findings signed: {answer['findings']}."
    )
    print(
        f"Reading shown: {', '.join(f'{k} = {v}' for k, v in answer['readings'].items())}. "
        f"Supported as the terms require: {answer['supported']}; the others are open (corroboration)."
    )
    incidents = answer["incidents"]
    print(
        f"The reports tell of {_band(incidents['number'])} incidents; surely breaches, covered and supported: "
        f"{_band(incidents['terms']['any']['breaches'])}.\n"
    )
    for warning in answer["warnings"]:
        print(f"warning: {warning}")
    rows = [
        [term, t["surely"], t["possibly"], t["no"], ", ".join(f"{r} {n}" for r, n in t["reasons"].items())]
        for term, t in answer["terms"].items()
        if t["kind"] == "prohibit"
    ]
    table(["term", "surely", "possibly", "not covered", "why it cannot be decided"], rows)
    print()
    table(["reports about", "reports", "surely", "possibly", "not covered"], [
        [g["group"], g["observations"], g["surely"], g["possibly"], g["no"]] for g in answer["groups"]
    ])  # fmt: skip
    if answer["settle"]:
        print("\nWhat would settle most:")
        for one in answer["settle"][:5]:
            print(f"  {one['ask']}: settles {one['alone']} alone, is part of {one['among']}")
    print(f"\n{LAW}")


def _band(band: list[int]) -> str:
    """An interval in words; one number where both ends are the same."""
    return str(band[0]) if band[0] == band[1] else f"{band[0]} to {band[1]}"


def _show_change(answer: dict[str, Any]) -> None:
    print(
        f"Zone {answer['supposed']['zone']} as supposed: {answer['judged_again']} of {answer['observations']} reports "
        f"judged again, {len(answer['changed'])} answers changed."
    )
    print("If true, and before -> after:\n")
    head = ["", "surely", "possibly"]
    rows = [["some prohibition", *_arrows(answer["any"])]]
    table(head, rows + [[term, *_arrows(one)] for term, one in answer["terms"].items()])
    for key, title in (("by_month", "month"), ("by_act", "act"), ("by_side", "alleged side")):
        moved = [one for one in answer[key] if any(one[k]["before"] != one[k]["after"] for k in ("surely", "possibly"))]
        if moved:
            print()
            table([title, *head[1:]], [[one["name"], *_arrows(one)] for one in moved])
    print(f"\n--json lists every changed answer with its reasons. {LAW}")


def _arrows(one: dict[str, Any]) -> list[str]:
    return [
        str(one[k]["before"]) if one[k]["before"] == one[k]["after"] else f"{one[k]['before']} -> {one[k]['after']}"
        for k in ("surely", "possibly")
    ]


def _show_stream(answer: dict[str, Any], folder: Path) -> None:
    print(
        f"{answer['agreement']['title']}: {answer['rows']} rows read, {answer['observations']} reports judged, "
        f"{answer['rejected']} rows rejected, {answer['twice']} of them because their id stands there twice."
    )
    total = answer["any"]
    print(
        f"If true: surely under a prohibition {total['surely']}, possibly {total['possibly']}, "
        f"not covered {total['no']}. Protected by humanitarian law: {answer['protected']}. No record: no findings.\n"
    )
    for warning in answer["warnings"]:
        print(f"warning: {warning}")
    rows = [
        [term, t["surely"], t["possibly"], t["no"], ", ".join(f"{r} {n}" for r, n in t["reasons"].items())]
        for term, t in answer["terms"].items()
    ]
    table(["term", "surely", "possibly", "not covered", "why it cannot be decided"], rows)
    print(f"\nAssessments that are not `no`: {answer['answers']} in {len(answer['parts'])} parts in {folder}\n\n{LAW}")


VALUES = {1: "yes", 0: "cannot be decided", -1: "no"}


def _show_one(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(answer)
        return
    print(f"{answer['observation']}: {COVERED[answer['any']]}: {', '.join(answer['reasons']) or 'no question open'}")
    print(f"fault, if it is true and a breach: {answer['fault']}")
    if answer["protected"]:
        print("protected by humanitarian law")
    rows = []
    for term, t in answer["terms"].items():
        open_factors = [f"{name}: {VALUES[f['value']]}" for name, f in t["factors"].items() if f["value"] < 1]
        rows.append([term, COVERED[t["covered"]], "; ".join(open_factors), t["note"] or ", ".join(t["reasons"])])
    table(["term", "covered", "factors not met, or open", "why"], rows)
    for term, t in answer["terms"].items():
        for one in t["readings"]:
            print(f"{term}, `{one['word']}` read as {one['name']}: {COVERED[one['covered']]}")
    _show_support(answer["support"])
    if answer["incident"] is not None:
        one = answer["incident"]
        print(f"incident {one['id']}: {', '.join(one['reports'])}")
        if one["undecided_with"]:
            print(f"undecided whether it is of one incident with: {', '.join(one['undecided_with'])}")
    for ask in answer["settled_by"]:
        print(f"would settle it: {ask}")
    print(f"\n{LAW}")


def _show_support(support: dict[str, Any]) -> None:
    said = [f"{one['line'] or 'nobody known'} {one['grade']}" for one in support["lines"]]
    others = [f"{one['line'] or 'nobody known'} {one['grade']}" for one in support["others"]]
    print(
        f"supported as the terms require: {VALUES[support['value']]}{' (an admission)' if support['admission'] else ''}"
    )
    print(f"  lines that count: {', '.join(said) or 'none'}; that do not: {', '.join(others) or 'none'}")


COVERED = {1: "surely covered", 0: "cannot be decided", -1: "not covered by this term"}
