"""Which pages of docs/reference can be written from the program itself? These, so that they cannot lie.

Writes cli.md, reasons.md, exit-codes.md, states.md and access.md. `--check` writes nothing and fails when a page on
disk differs. Never touches a page that people write.
"""

from __future__ import annotations

import argparse
import difflib
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).resolve().parent / "reference"
HEADER = "<!-- Written by docs/build.py from the program; `make docs` writes it anew. -->\n\n"
WIDTH = "100"


def cli_page() -> str:
    """Write what `--help` prints, for the program and each of its commands."""
    # Typer reads the width and the terminal when it is imported, so these come first.
    os.environ.update({"TERMINAL_WIDTH": WIDTH, "COLUMNS": WIDTH, "NO_COLOR": "1", "TERM": "dumb"})
    for name in ("FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS"):
        os.environ.pop(name, None)
    from typer.main import get_command
    from typer.testing import CliRunner

    from truceline.cli import app

    runner = CliRunner()
    parts = ["# Command line\n"]
    for path in command_paths(get_command(app), ()):
        result = runner.invoke(app, [*path, "--help"], prog_name="truceline")
        if result.exit_code != 0:
            fail(f"`{' '.join(('truceline', *path))} --help` ended with {result.exit_code}: {result.exception!r}")
        lines = [line.rstrip() for line in result.output.strip("\n").splitlines()]
        parts.append(f"## {' '.join(('truceline', *path))}\n\n```text\n" + "\n".join(lines) + "\n```\n")
    return "\n".join(parts)


def command_paths(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:  # noqa: ANN401  # Typer's own
    """Yield the way to each command that is not hidden, groups before their members."""
    if getattr(command, "hidden", False):
        return
    yield path
    for name, member in sorted(getattr(command, "commands", {}).items()):
        yield from command_paths(member, (*path, name))


def reasons_page() -> str:
    """Write the closed list of reasons for *cannot be decided*."""
    from truceline.verdict import Reason

    rows = [(f"`{reason.value}`", reason.meaning, reason.settled_by) for reason in Reason]
    text = (
        "# Reasons\n\n"
        "Every 0 (*cannot be decided*) carries one or more of these codes, and a +1 or -1 carries none.\n"
        "The list is closed. Why there are three values: [what an answer means](../why/semantics.md).\n\n"
    )
    return text + table(("reason", "it means", "what would settle it"), rows)


def exit_codes_page() -> str:
    """Write the exit codes of every command."""
    from truceline.errors import EXIT_CODES

    rows = [(str(code), text) for code, text in sorted(EXIT_CODES.items())]
    return "# Exit codes\n\nThe same for every command.\n\n" + table(("code", "it means"), rows)


def states_page() -> str:
    """Write the tables of states, each with its picture drawn from it."""
    from truceline.agreement.duties import GUARDS, MACHINES, ROLES

    text = (
        "# States\n\n"
        "What becomes of a duty, a prohibition and an allegation. The program runs these tables and no others; the\n"
        "pictures are drawn from them.\n\n"
        "- An event that has no row for a state changes nothing.\n"
        "- States are sets. What only possibly happened keeps the old state beside the new one. Where the order of\n"
        "  events is not known, every order is tried, and all states that one of them leads to are possible. Knowing\n"
        "  more makes the set smaller and never leads out of it.\n"
        "- Only a signed finding makes a breach of a prohibition. A report alone makes it `alleged`.\n"
        "- Unanswered is a fact, not guilt: an allegation goes the same way with and without an answer.\n"
        "- A deadline that passed where nobody could see is only possible: the duty is then `active` or `breached`.\n\n"
        "What the tables do not fix is fixed where they are run: whether the clock stops while a duty is suspended\n"
        "(field `clock` of the term), and by when a repair is due.\n\n"
    )
    text += "Who may cause an event:\n\n" + table(("who", "it means"), [(f"`{who}`", s) for who, s in ROLES.items()])
    text += "\nFor some terms a row does not exist:\n\n"
    text += table(("never for", "the term"), [(f"`{trait}`", sentence) for trait, sentence in GUARDS.items()])
    return text + "".join(machine_part(machine) for machine in MACHINES) + exchange_part()


def exchange_part() -> str:
    """Write the table of a sealed exchange."""
    from truceline.exchange.sealed import DENY, ENDS, TABLE

    rows = [
        (f"`{row.state}`", f"`{row.step}`", row.who, f"`{row.then}`", f"`{row.whole}`")
        for row in TABLE
        if row.step != DENY
    ]
    return (
        "\n## A sealed exchange\n\n"
        "Decided by the order of entries and by the record's own times: "
        "[how to](../how-to/exchange-sealed-lists.md).\nA step that has no row is refused. A denial is heard in every "
        f"state and moves none.\nThe ends are {', '.join(f'`{state}`' for state in ENDS)}.\n\n"
    ) + table(
        ("state", "step", "by whom", "then, while somebody is missing", "once nobody is; of `close`: in default"), rows
    )


def settings_page() -> str:
    """Write every setting of a service, with its default and what it means."""
    from msgspec.structs import fields

    from truceline.desk.settings import PREFIX, Settings

    meanings = attributes_of(Settings)
    rows = []
    for one in fields(Settings):
        if one.name not in meanings:
            fail(f"the setting `{one.name}` is not described")
        default = list(one.default) if isinstance(one.default, tuple) else one.default
        rows.append((f"`{one.name}`", f"`{json.dumps(default)}`", meanings[one.name]))
    text = (
        "# Settings\n\n"
        "Of a service: `truceline serve --settings FILE` reads them from a TOML file. The environment goes over it:\n"
        f"`{PREFIX}PORT=8080` sets `port`, lists are written with commas. A name that is not here is refused.\n"
        "Sizes are in bytes, times in seconds; what ends in `_file` says where a secret lies. How to run a service:\n"
        "[for others](../how-to/run-the-service.md), [your own](../how-to/run-your-own.md).\n\n"
    )
    return text + table(("setting", "default", "meaning"), rows)


def attributes_of(kind: type) -> dict[str, str]:
    """Read what a class says of its attributes, one or several in a line."""
    text = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]
    found: dict[str, str] = {}
    for line in re.sub(r"\n {5,}", " ", text).splitlines():
        name, _, meaning = line.strip().partition(": ")
        parts = re.split(r"; `(\w+)`: ", meaning)
        for one, said in zip([name, *parts[1::2]], parts[0::2], strict=True):
            found[one] = said.rstrip(".;")
    return found


def http_page() -> str:
    """Write every route of a service: what it gives, and to whom."""
    from truceline.group import ROLES, may_do
    from truceline.web.app import new_app
    from truceline.web.table import NO_GATE, Table

    rows = []
    for found in Table(new_app()).all():
        if found.gate is NO_GATE:
            continue
        who = [role for role in ROLES if may_do(role, found.gate.resource, found.gate.action)]
        said = (inspect.getdoc(found.endpoint) or "").split("\n\n")[0].replace("\n", " ")
        methods = " ".join(sorted(found.methods - {"HEAD"}))
        everybody = "everybody" if len(who) == len(ROLES) else ", ".join(who)
        rows.append((f"{methods} `{found.template}`", everybody, said))
    text = (
        "# HTTP\n\n"
        "What a service answers. `/openapi.json` describes every parameter and every answer (OpenAPI 3.1). Each GET\n"
        "answers HEAD, too. What goes wrong is told as `application/problem+json` (RFC 9457). What somebody may not\n"
        "have and what is not there get the same answer, 404. Who may ask at all stands here; how much of an answer a\n"
        "role is shown: [safety](safety.md).\n\n"
    )
    return text + table(("asked", "by whom", "what"), sorted(rows, key=lambda row: row[0].split(" ")[1]))


def machine_part(machine: Any) -> str:  # noqa: ANN401  # the package is imported late
    """Write one machine: the picture, and the table that it is drawn from."""
    from truceline.agreement.machine import diagram

    rows = [
        (
            f"`{row.state}`", f"`{row.event}`", f"`{row.next}`", ", ".join(row.by),
            ", ".join(sorted(row.never_for)), row.why,
        )
        for row in machine.rows
    ]  # fmt: skip
    ends = ", ".join(f"`{state}`" for state in machine.states if state in machine.terminal)
    return (
        f"\n## {machine.name.capitalize()}\n\nBegins as `{machine.initial}`. Nothing leaves {ends}.\n\n"
        f"```mermaid\n{diagram(machine)}```\n\n"
        + table(("state", "event", "next", "who may cause it", "never for", "why"), rows)
    )


def access_page() -> str:
    """Write who may do what over HTTP."""
    from truceline.group import ROLES, access, may_do

    cells = sorted({(resource, action) for _, resource, action in access()})
    rows = [
        (f"`{resource}` {action}", *("yes" if may_do(role, resource, action) else "" for role in ROLES))
        for resource, action in cells
    ]
    text = (
        "# Access\n\n"
        "Who may do what over HTTP: what is not listed, nobody may. Of what a role may read it sees no more than the\n"
        "[place ladder](safety.md) allows, and only what is its own or was published. What somebody may not have and\n"
        "what is not there get the same answer.\n\n"
    )
    return text + table(("what", *ROLES), rows) + "\nWhich route asks for which cell: [HTTP](http.md).\n"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    r"""Write a Markdown table.

    >>> print(table(("a", "b"), [("1", "x|y")]))
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    <BLANKLINE>
    """
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def pages() -> dict[str, Callable[[], str]]:
    """List the pages that this installation can write, by file name."""
    if find_spec("truceline") is None:
        fail("the package truceline is not installed; run `make setup` and use .venv/bin/python")
    found = {
        "reasons.md": reasons_page, "exit-codes.md": exit_codes_page, "states.md": states_page,
        "settings.md": settings_page, "http.md": http_page,
    }  # fmt: skip
    if find_spec("fastapi"):
        found["access.md"] = access_page
    return {"cli.md": cli_page, **found} if find_spec("truceline.cli") else found


def differences(path: Path, text: str) -> list[str]:
    """Compare a page on disk with its text; an empty list = the same."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    name = f"docs/reference/{path.name}"
    new = "as the program says it"
    return list(difflib.unified_diff(old.splitlines(), text.splitlines(), name, new, n=1, lineterm=""))


def fail(message: str) -> None:
    """End with one line on standard error."""
    sys.exit(f"docs/build.py: {message}")


def main() -> None:
    """Write the pages, or with `--check` compare them."""
    parser = argparse.ArgumentParser(description="write the generated pages of docs/reference")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page differs")
    check: bool = parser.parse_args().check
    stale = []
    for name, write in pages().items():
        path, text = REFERENCE / name, HEADER + write()
        change = differences(path, text)
        if change and check:
            print("\n".join(change[:40]))
            stale.append(name)
        elif change:
            REFERENCE.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"docs/reference/{name} written")
    if stale:
        fail(f"{', '.join(stale)} differ from the program; run `make docs`")


if __name__ == "__main__":
    main()
