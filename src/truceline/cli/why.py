"""Commands that explain: why a verdict is what it is, and what to ask for so that most of the open ones are settled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from truceline import LAW
from truceline.cli.show import Case, Json, emit, printable, told

if TYPE_CHECKING:
    from truceline.desk.why import Told

VALUES = {1: "yes", 0: "cannot be decided", -1: "no"}


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("why")(why)
    app.command("ask")(ask)


def why(  # noqa: PLR0917  # the signature is the command line
    folder: Annotated[str | None, typer.Argument(help="Case folder, or the URL of its database.")] = None,
    assessment: Annotated[str, typer.Argument(help="`REPORT:TERM`; `REPORT`: every term that may cover it.")] = "",
    known_at: Annotated[str, typer.Option("--known-at", help="As known at a time, or at `#index` of the case.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write the trees, for the checker, to this file.")] = None,
    check: Annotated[Path | None, typer.Option("--check", help="Replay a file of trees instead.")] = None,
    as_json: Json = False,
) -> None:
    """Show why a verdict is what it is: every condition, the fact that made it so, the two worlds of an open one."""
    from truceline.errors import InputError

    if check is not None:
        _check(check, as_json)
        return
    if folder is None or not assessment:
        raise InputError("expected a case folder and `REPORT:TERM`, or `--check FILE`")
    from truceline.desk.runs import Asked
    from truceline.desk.why import explain
    from truceline.errors import InputError
    from truceline.store.disk import write_whole
    from truceline.store.opened import open_case

    if out is not None and not out.name:
        raise InputError("`--out`: expected the name of a file, got none")
    with told(as_json) as tell:
        found = explain(open_case(folder), assessment, Asked(known_at=known_at), tell)
    answer = {"proof": dict(found.proof), "law": LAW}
    if out is not None:
        import msgspec

        write_whole(out, msgspec.json.encode(answer, order="sorted") + b"\n")
    if as_json:
        emit(answer)
        return
    for line in lines_of(found):
        print(printable(line.rstrip()) if line.strip() else "")
    print(LAW)


def _check(file: Path, as_json: bool) -> None:
    from truceline.desk.why import replayed

    trust = replayed(file)
    if as_json:
        emit({"holds": True, "on_trust": trust, "law": LAW})
        return
    print(f"{file.name}: holds; {len(trust)} answers are taken on trust")
    for one in trust:
        print(printable(f"  {one}"))
    print(LAW)


def lines_of(found: Told) -> Iterator[str]:
    """The trees of a report in plain words, then the two worlds of what is open, then what would settle it."""
    terms = found.proof["inputs"]["lines"]["terms"]
    for term, root in found.proof["trees"].items():
        at = f" (line {terms[term]}, {found.sources.get(term) or 'no source'})" if term in terms else ""
        yield f"{found.report.id} under {term}{at}: {_said(found.proof['table'][root])}"
        yield from _below(found.proof["table"], root, 1, set())
        yield from _worlds(found, term)
        for reason in found.answers[term].reasons:
            yield f"  would settle it: {reason.settled_by}"
        yield ""


def _said(entry: dict[str, Any]) -> str:
    if "steps" in entry:
        from truceline.span import utc_text

        return "; ".join(f"from {utc_text(at)} {VALUES[value]}{_why(why_)}" for at, value, why_ in entry["steps"])
    return VALUES[entry["value"]] + _why(entry["why"])


def _why(reasons: list[str]) -> str:
    return f" ({', '.join(reasons)})" if reasons else ""


def _below(table: dict[str, Any], q: str, depth: int, told_: set[str]) -> Iterator[str]:
    for below in table[q]["of"]:
        entry = table[below]
        cites = f" [{'; '.join(entry['by'])}]" if entry["by"] else ""
        again = below in told_ and entry["of"]
        trust = " (as the engine says)" if entry["rule"] == "given" else ""
        yield f"{'  ' * depth}{_asked(below)}: {_said(entry)}{cites}{trust}{' (as above)' if again else ''}"
        told_.add(below)
        if not again and depth < 12:
            yield from _below(table, below, depth + 1, told_)


def _asked(q: str) -> str:
    """A question in words; the moment it is asked of is left out."""
    import json

    kind, *rest = json.loads(q)
    if kind in ("all of", "as target"):
        return "whom it names" if "named" in q else "this zone"
    if kind == "if":
        return _asked(rest[0])
    texts = [_worded(r) for r in rest if not (isinstance(r, list) and r and isinstance(r[0], int))]
    return " ".join([kind, *(t for t in texts if t)])


def _worded(part: Any) -> str:  # noqa: ANN401  # any part of a question
    import json

    if part in (False, None, "impact"):
        return ""
    if isinstance(part, list):
        return ", ".join(map(str, part))
    return json.dumps(part, ensure_ascii=False) if isinstance(part, dict) else str(part)


def _worlds(found: Told, term: str) -> Iterator[str]:
    shown = found.shown.get(term)
    if shown is None:
        return
    for words, world in (("a world with a breach", shown.breach), ("a world without", shown.none)):
        said = "; ".join(f"{field}: {value}" for field, value in world.settled) if world else "none was found"
        yield f"  {words}: {said}"
    if shown.differs:
        yield f"  they differ in: {', '.join(shown.differs)}"


def ask(  # noqa: PLR0917  # the signature is the command line
    folder: Case,
    since: Annotated[str, typer.Option("--from", help="Only what can have happened from this moment on.")] = "",
    until: Annotated[str, typer.Option("--until", help="Only what can have happened before this moment.")] = "",
    known_at: Annotated[str, typer.Option("--known-at", help="As known at a time, or at `#index` of the case.")] = "",
    to: Annotated[str, typer.Option("--to", help="Address it to a party: only reports that name it.")] = "",
    lang: Annotated[str, typer.Option("--lang", help="Language of the letter: en, ar or ru.")] = "en",
    as_json: Json = False,
) -> None:
    """Write a request for information: what would settle most verdicts, ranked, with the reports it is asked of."""
    from truceline.desk.runs import Asked, judge_case
    from truceline.desk.why import request, request_answer
    from truceline.report.request import letter
    from truceline.store.opened import open_case

    with told(as_json) as tell:
        outcome = judge_case(open_case(folder), Asked(since, until, known_at), tell=tell)
    answer = request_answer(outcome, request(outcome, to), to)
    if as_json:
        emit(answer)
        return
    print("\n".join(printable(line) for line in letter(answer, lang).split("\n")))
    print(LAW)
