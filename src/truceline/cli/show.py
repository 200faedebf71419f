"""What every command prints with: tables, one JSON document, progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

Case = Annotated[str, typer.Argument(help="Case folder, or the URL of its database.")]
What = Annotated[
    str, typer.Argument(help="A case (folder, or URL of its database), or the text of an agreement (YAML).")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


def table(head: list[str], rows: list[list[Any]]) -> None:
    """Print a table; on a narrow or piped output it stays plain text."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, title in enumerate(head):
        made.add_column(title, justify="left" if i == 0 or not rows or isinstance(rows[0][i], str) else "right")
    for row in rows:
        made.add_row(*(printable(str(cell)) for cell in row))
    width = None if sys.stdout.isatty() else 120
    Console(width=width, highlight=False, markup=False).print(made)


def printable(text: str) -> str:
    """A text of others without what steers a terminal: control characters and turns of direction become blanks."""
    from unicodedata import category

    return "".join(" " if category(c) == "Cc" or c in BIDI else c for c in text)


def emit(answer: dict[str, Any]) -> None:
    """Print one JSON document."""
    import msgspec

    print(msgspec.json.format(msgspec.json.encode(answer, order="sorted"), indent=2).decode())


def say(as_json: bool, text: str) -> None:
    """Print a remark; beside JSON it goes to standard error."""
    print(text, file=sys.stderr if as_json else sys.stdout, flush=True)


def plain(value: object) -> dict[str, Any]:
    """A struct as plain values."""
    import msgspec

    made: dict[str, Any] = msgspec.to_builtins(value)
    return made


@contextmanager
def told(as_json: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Progress on standard error, on a terminal as a bar, elsewhere not at all."""
    if as_json or not sys.stderr.isatty():
        yield lambda _what, _done, _all: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)
