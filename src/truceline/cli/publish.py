"""Commands on the way of a finding to the public: each step signed; drafts that are due; how much is withheld."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from truceline.cli.send import Key, Out, Receipt, Where, handed_in, venue
from truceline.cli.show import Json, emit, printable, say, table

if TYPE_CHECKING:
    from truceline.desk.records import Draft
    from truceline.desk.venue import Venue

About = Annotated[
    list[int] | None, typer.Option("--about", help="Entry: what a draft is about, or what is decided on.")
]
Texts = Annotated[
    list[str] | None, typer.Option("--text", metavar="LANG=FILE", help="Words in a language, such as en=draft.txt.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(publish)
    app.command()(drafts)
    app.command()(withheld)


def publish(  # noqa: PLR0917  # the signature is the command line
    where: Where,
    stage: Annotated[str, typer.Argument(help="draft, comment, joint, public, withheld or lifted.")],
    of: Annotated[int, typer.Option("--of", help="Entry of the draft that began the matter.")] = 0,
    about: About = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", help="A party concerned; repeat. None = those whom it is about.")
    ] = None,
    body: Annotated[str, typer.Option("--body", help="Who decides: a body of the text, or a party for itself.")] = "",
    texts: Texts = None,
    newer: Annotated[int, typer.Option("--draft", help="With comment: a newer draft, which is transmitted now.")] = 0,
    until: Annotated[str, typer.Option("--until", help="With comment: a later deadline than that of the text.")] = "",
    code: Annotated[str, typer.Option("--code", help="With withheld: safety, consent, talks, inquiry or facts.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="With withheld and lifted: why, in words.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who takes the step: the desk, or a party of the record.")] = "desk",
    output: Out = None,
    receipt: Receipt = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Take a step on the way of a finding to the public: draft, remarks, joint body, then public or withheld."""
    from truceline.cli.record import write_signed
    from truceline.desk.publishing import Publication

    words = {lang: _words(path) for lang, path in map(_language, texts or [])}
    one = Publication(
        stage, of, tuple(about or ()), body, code, reason, newer, words, tuple(to or ()), until,
    )  # fmt: skip
    with venue(where, key) as opened:
        draft = _drafted(opened, one, by)
        data, beside = opened.place(by, is_sealing=bool(draft.readers)).signed(draft)
        if output is not None:
            write_signed(output, data, beside, as_json)
            return
        handed_in(where, opened.submit(data, beside), receipt, as_json)


def _drafted(opened: Venue, one: Any, by: str) -> Draft:  # noqa: ANN401  # a publication
    """A step as it is signed: a draft sealed for whom it is for, a comment to all whom it concerns."""
    import msgspec

    from truceline.desk.publishing import COMMENT, DRAFT, PUBLICATION, check_publication
    from truceline.desk.records import Draft
    from truceline.desk.venue import to_be_asked, to_be_read_by
    from truceline.errors import InputError

    if one.stage == DRAFT:
        if not one.texts:
            raise InputError("`--text`: a draft is its words")
        readers = set(one.to) | set(to_be_read_by(opened, one.about, one.body, by))
        return Draft(PUBLICATION, msgspec.to_builtins(one), by, readers=tuple(sorted(readers)))
    if one.stage == COMMENT and not one.to:
        one = msgspec.structs.replace(one, to=to_be_asked(opened, one.about))
    check_publication(one, opened.text())
    return Draft(PUBLICATION, msgspec.to_builtins(one), by)


def _language(text: str) -> tuple[str, Path]:
    from truceline.errors import InputError, quoted

    lang, is_given, path = text.partition("=")
    if not is_given or not lang:
        raise InputError(f"`--text`: expected a language and a file, such as `en=draft.txt`, got {quoted(text)}")
    return lang, Path(path)


def _words(path: Path) -> str:
    from truceline.desk import read_bytes
    from truceline.errors import text_of

    return text_of(read_bytes(path, 1 << 20), path.name).strip()


def drafts(where: Where, key: Key = None, as_json: Json = False) -> None:
    """List the drafts of findings, how far each has come, and for whom it waits."""
    with venue(where, key) as opened:
        rows = opened.matters()
    if as_json:
        emit({"drafts": rows})
        return
    table(
        ["draft", "stage", "since", "decides", "about", "due", "not answered"],
        [
            [
                str(row["of"]), row["stage"], row["since"], row["body"], ", ".join(map(str, row["about"])),
                row["due"] or "", ", ".join(row["silent"]),
            ]
            for row in rows
        ],
    )  # fmt: skip


def withheld(where: Where, key: Key = None, as_json: Json = False) -> None:
    """Count the findings that are not public, and say for how many days: never which."""
    from truceline import LAW

    with venue(where, key) as opened:
        answer = opened.withheld()
    if as_json:
        emit({**answer, "law": LAW})
        return
    for name, what in (("withheld", "withheld"), ("unpublished", "signed, and nobody decided on them")):
        ages = ", ".join(f"{days} days" for days in answer[name]["ages_days"])
        say(False, printable(f"{answer[name]['number']} findings {what}{': ' + ages if ages else ''}"))
    say(False, f"\n{LAW}")
