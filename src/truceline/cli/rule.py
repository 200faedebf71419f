"""Commands on rulings: overrule or settle what the program decided, and see which rulings stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from truceline.cli.send import Out
from truceline.cli.show import Case, Json, emit, printable, table, told

if TYPE_CHECKING:
    from truceline.desk.rulings import Question
    from truceline.store.case import Case as Opened

By = Annotated[str, typer.Option("--by", help="Who says it: the desk, or a party of the record.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("rule")(rule)
    app.command("rulings")(rulings)


def rule(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    what: Annotated[str, typer.Argument(help="same, different, grade, place or support.")],
    given: Annotated[
        list[str],
        typer.Argument(metavar="ID...", help="Ids of reports; then the grade (C3), the unit, or yes or no."),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why, in words; no person and no position.")],
    by: By = "desk",
    body: Annotated[str, typer.Option("--body", help="The body of the text in whose name it is said.")] = "",
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Give the question back to the program; no grade, unit, yes or no.")
    ] = False,
    output: Out = None,
    as_json: Json = False,
) -> None:
    """Overrule or settle what the program decided of reports, by a signed entry; the later ruling stands."""
    from truceline.cli.custody import said
    from truceline.desk.rulings import PAIRED, WITHDRAWN

    is_valued = what not in PAIRED and not withdraw
    reports, value = (given[:-1], given[-1]) if is_valued else (given, WITHDRAWN if withdraw else "")
    made = {"what": what, "reports": reports, "reason": reason}
    made |= {key: one for key, one in (("body", body), ("value", value)) if one}
    entry = said(case, "ruling", made, by, output)
    answer = {
        "entry": entry, "assessment": _issued_again(case, as_json) if output is None else None,
        "file": None if output is None else str(output), "what": what, "reports": reports,
        "value": value, "by": by, "body": body, "reason": reason,
    }  # fmt: skip
    if as_json:
        emit(answer)
    elif output is not None:
        print(f"{output}: signed, not appended; hand it over to those who sign too")
    else:
        print(printable(f"Entry {entry}: {what} {' '.join(reports)} {value}".rstrip()))
        if answer["assessment"] is not None:
            print(f"Entry {answer['assessment']}: assessed anew; what was assessed before stands as known then")


def _issued_again(case: str | Path, as_json: bool) -> int | None:
    """Assess a case anew that had been assessed, and record it; None where nothing changed, or nothing was issued."""
    from truceline import desk
    from truceline.store.opened import open_case

    opened = open_case(case)
    if not opened.said("assessment"):
        return None
    with told(as_json) as tell:
        outcome = desk.assess_case(opened, desk.Asked(), tell=tell)
        return desk.record_assessment(opened, desk.assessment_body(opened, outcome))


def rulings(
    case: Case,
    report: Annotated[str, typer.Argument(help="Only rulings on this report; none = all.")] = "",
    as_json: Json = False,
) -> None:
    """List what people have ruled on reports: what stands, what a later entry superseded, by whom and why."""
    from truceline.store.opened import open_case

    rows = [row for row in _rows(open_case(case)) if report in ("", *row["reports"])]
    if as_json:
        emit({"rulings": rows})
        return
    table(
        ["entry", "ruling", "value", "by", "stands", "why"],
        [
            [
                str(r["entry"]),
                f"{r['what']} {' '.join(r['reports'])}",
                r["value"],
                r["body"] or r["by"],
                r["stands"],
                r["reason"],
            ]
            for r in rows
        ],
    )


def _rows(case: Opened) -> list[dict[str, Any]]:
    """Every ruling in the order of the record, and whether it stands: `yes`, `partly`, `no`, or `withdrawn`."""
    import msgspec

    from truceline.desk.decided import found_of
    from truceline.desk.rulings import WITHDRAWN, Ruling, questions, rulings_of

    entries, beaten = rulings_of(case).entries, found_of(case, len(case.entries())).contradictions
    gone = {(one.beaten.index, "pair", one.beaten.a, one.beaten.b) for one in beaten}  # through a third report
    rows = []
    for one in case.said("ruling"):
        ruling = msgspec.convert(one.statement.body, Ruling)
        asked: list[Question] = list(questions(ruling))
        left = sum(entries.get(q) == one.index and (one.index, *q) not in gone for q in asked)
        stands = "yes" if left == len(asked) else "partly" if left else "no"
        rows.append({
            "entry": one.index, "what": ruling.what, "reports": list(ruling.reports), "value": ruling.value,
            "by": one.statement.by, "body": ruling.body, "signed_by": case.signers(one), "reason": ruling.reason,
            "stands": WITHDRAWN if ruling.value == WITHDRAWN else stands,
        })  # fmt: skip
    return rows
