"""What does the screen of a drafter show? Each remark by its kind, with the line and the words that it is about.

Nothing is resolved here, and nothing says that a text is good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Told = Mapping[str, Any]

MOST_LINE = 240
"""Of a longer line only so many letters are shown."""


@dataclass(frozen=True)
class Remark:
    """One thing to look at, with its line as it stands in the text; the line is empty where it is about the whole."""

    told: Told
    words: str


def groups_of(told: Told, text: str) -> list[tuple[str, tuple[Remark, ...]]]:
    """Remarks by kind, in the order of their first line.

    Args:
        told: as the interface told it.
        text: of the agreement or the draft.
    """
    lines = text.splitlines()
    found: dict[str, list[Remark]] = {}
    for one in told["findings"]:
        found.setdefault(one["kind"], []).append(Remark(one, line_of(lines, one["line"])))
    return [(kind, tuple(rows)) for kind, rows in found.items()]


def faults_of(told: Told, text: str) -> list[Remark]:
    """What the text is refused for, by line."""
    lines = text.splitlines()
    rows = sorted(told["faults"], key=lambda one: one["line"])
    return [Remark(one, line_of(lines, one["line"])) for one in rows]


def line_of(lines: Sequence[str], number: int) -> str:
    """A line as it stands, without the blanks before it; empty where there is none."""
    if not 0 < number <= len(lines):
        return ""
    line = lines[number - 1].strip()
    return line if len(line) <= MOST_LINE else line[: MOST_LINE - 1] + "…"
