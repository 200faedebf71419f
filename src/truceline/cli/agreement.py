"""Commands on the text of an agreement, for whoever drafts or signs it: check, diff, text, balance."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from truceline.cli.show import Json, emit, printable, say, table, told

if TYPE_CHECKING:
    from truceline.agreement.diff import Diff
    from truceline.desk.drafting import Draft

agreement_app = typer.Typer(help="Look into the text of an agreement.", no_args_is_help=True, rich_markup_mode=None)

File = Annotated[Path, typer.Argument(help="The text of the agreement (YAML).")]
Areas = Annotated[
    list[Path] | None, typer.Option("--areas", help="A file of areas (GeoJSON, GeoParquet); repeat for more.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(agreement_app, name="agreement")
    app.command("balance")(balance)


@agreement_app.command("check")
def agreement_check(
    file: File,
    evidence: Annotated[
        list[Path] | None, typer.Argument(help="Case folders or files of evidence: what could they never decide?")
    ] = None,
    areas: Areas = None,
    as_json: Json = False,
) -> None:
    """Check the text before signing: every fault with its line, then conflicts and gaps, which nobody resolves."""
    from truceline.desk import drafting
    from truceline.desk.checking import kinds_of
    from truceline.errors import AgreementError

    try:
        with told(as_json) as tell:
            checked = drafting.check(file, evidence or [], areas or [], tell)
    except AgreementError as error:
        if not as_json:
            raise
        faults = [{"file": f.file, "line": f.line, "message": f.message} for f in error.faults]
        emit({"file": str(file), "ok": False, "faults": faults, "warnings": [], "findings": [], "terms": {}})
        sys.exit(error.exit_code)
    if as_json:
        emit(drafting.check_answer(file, checked))
        return
    kinds = sorted(kinds_of(checked.agreement).items())
    print(f"{file}: {checked.agreement.id}: {', '.join(f'{n} {kind}' for kind, n in kinds)}; no fault")
    for one in checked.findings:
        where = f"line {one.line}: " if one.line else ""
        print(printable(f"warning: {where}{one.kind}: {one.message}"))
        if len(one.terms) > 1:
            print(printable(f"    terms: {', '.join(one.terms)}"))
        print(printable(f"    {one.advice}"))


@agreement_app.command("diff")
def agreement_diff(
    old: Annotated[str, typer.Argument(help="The text before: a file, or CASE#INDEX for the text of a case then.")],
    new: Annotated[str, typer.Argument(help="The text after, likewise.")],
    lang: Annotated[str, typer.Option("--lang", help="Compare the wording of this language only.")] = "",
    areas: Areas = None,
    as_json: Json = False,
) -> None:
    """Compare two texts: in words, in terms, and what follows from it."""
    from truceline.desk import drafting

    a, b, found = drafting.compare(old, new, areas or [], lang)
    emit(drafting.diff_answer(a, b, found)) if as_json else _show_diff(a, b, found)


@agreement_app.command("text")
def agreement_text(
    file: File,
    lang: Annotated[str, typer.Option("--lang", help="A language of the text, such as en, ar or ru.")] = "en",
    as_json: Json = False,
) -> None:
    """Print the canonical text in one language, the same bytes on every machine; its hash goes to standard error."""
    from truceline.agreement.text import load
    from truceline.agreement.wording import languages, wording
    from truceline.desk import read_bytes
    from truceline.desk.drafting import text_answer
    from truceline.errors import InputError, quoted

    text = load(read_bytes(file), file.name)
    known = languages(text)
    if known and lang not in known:
        raise InputError(f"`--lang`: expected a language of the text: {', '.join(known)}, got {quoted(lang)}")
    made = wording(text, lang)
    if as_json:
        emit(text_answer(file, text, made))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(made.data)  # not `print`: a line end of this machine would be another text
    sys.stdout.buffer.flush()
    print(f"sha256 {made.sha256}", file=sys.stderr)


def balance(
    agreement: Annotated[str, typer.Argument(help="The text: a YAML file, or CASE#INDEX for the text of a case then.")],
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw it besides: FILE.svg, .html (with the table) or .png.")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="Of the picture: en, ar or ru.")] = "en",
    areas: Areas = None,
    as_json: Json = False,
) -> None:
    """Count what each side gives, gets and risks under a text. Private: written to no case and no record."""
    from truceline.desk import drafting

    if picture is not None:
        drafting.check_picture(picture, lang)
    with told(as_json) as tell:
        tell("reading", 0, 1)
        draft = drafting.draft_of(agreement, areas or [])
        made = drafting.balance_of(draft)
        if picture is not None:
            tell("drawing", 0, 1)
            drafting.write_balance(draft, made, picture, lang)
    answer = drafting.balance_answer(draft, made)
    emit(answer) if as_json else _show_balance(answer)
    if picture is not None:
        say(as_json, f"\nPicture: {picture}")


# -- printing --------------------------------------------------------------------------------------------------------


def _show_diff(a: Draft, b: Draft, found: Diff) -> None:
    print(f"{a.name} -> {b.name}")
    if found.is_empty:
        print("both say the same")
        return
    for word in found.words:
        marks = {"same": "{}", "taken": "[-{}-]", "put": "{{+{}+}}"}
        said = " ".join(marks[p.how].format(p.text) for p in word.pieces)
        print("\n" + printable(f"words of {word.id} ({word.lang}), {_where(word.lines)}:"))
        print(printable(f"  {said}"))
    for part in found.parts:
        print("\n" + printable(f"{part.part} {part.id} {part.how}, {_where(part.lines)}"))
        for one in part.fields:
            print(printable(f"  {one.field}: {_plain(one.was)} -> {_plain(one.now)}"))
    if found.consequences:
        print("\nWhat follows:")
        for follows in found.consequences:
            print(printable(f"  {follows.message} ({_where(follows.lines)})"))


def _where(lines: tuple[int, int]) -> str:
    if not any(lines):
        return "no line"
    return f"line {lines[0] or '-'} -> {lines[1] or '-'}"


def _plain(value: Any) -> str:  # noqa: ANN401  # plain values
    import msgspec

    return "nothing" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _show_balance(answer: dict[str, Any]) -> None:
    for title, accounts in (("", answer["sides"]), ("Guarantors, bodies and others", answer["others"])):
        if not accounts:
            continue
        if title:
            print(f"\n{title}:")
        rows = [[label, *(one[key]["count"] for one in accounts)] for key, label in MEASURED.items()]
        for key, label in (("bound", "where it is bound, km²"), ("protected", "where it is protected, km²")):
            rows.append([label, *(_area(one, key) for one in accounts)])
        table(["", *(one["name"] for one in accounts)], rows)
    if answer["waits"]:
        print("\nWho waits for whose act:")
        table(["who", "for", "how", "terms"], [
            [one["who"], one["for"], one["via"], ", ".join(one["terms"])] for one in answer["waits"]
        ])  # fmt: skip
    counts = {key: len(answer[key]) for key in ("symmetric", "one_sided", "civilian", "left_out")}
    print(
        f"\nAlike for all sides: {counts['symmetric']} duties and prohibitions; one-sided: {counts['one_sided']}. "
        f"Protecting civilians, aid or sites: {counts['civilian']}. Never adopted, left out: {counts['left_out']}."
    )
    print(f"{answer['note']}\n--json names the terms. +?: a zone without a known shape besides.\n\n{answer['law']}")


def _area(account: dict[str, Any], what: str) -> str:
    more = "+?" if set(account["unmeasured"]).intersection(account[f"{what}_zones"]) else ""
    return f"{account[f'{what}_km2']:,}{more}"


MEASURED = {
    "duties": "gives: duties",
    "deadlines": "gives: duties with a deadline",
    "prohibitions": "gives: prohibitions",
    "permits": "gets: exceptions it may rely on",
    "powers": "gets: powers",
    "protections": "gets: terms owed towards it",
    "one_sided": "risks: one-sided terms that bind it",
    "waits": "risks: terms waiting for others",
    "open_words": "risks: hanging on an open word",
    "withheld": "risks: text or map withheld",
}
