"""How is a tree of questions read? From the rule of the text down to the line, the dated fact or the signed act.

A tree comes as a table, as `assess.why` makes it. Each question becomes a line: what is asked in words of a closed
list, the ids it is asked of, its answer, and the questions below. What was shown before is named and not shown again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from truceline.span import FAR_AHEAD, LONG_AGO
from truceline.verdict import NO, UNKNOWN

MOST_LINES: Final = 400
MOST_DEEP: Final = 16
MOST_STEPS: Final = 6

QUIET: Final = ("all of", "as target", "some", "both ways", "way")
"""Questions that only gather others."""


@dataclass
class Line:
    """One question of a tree.

    Attributes:
        kind: its first word; `args`: the ids it is asked of.
        value: -1, 0, +1; None = it is asked of time, and has `steps`.
        reasons: of a 0.
        cites: where it stands: lines of the text, signed acts.
        steps: from which second on which value; None = before everything.
        below: the questions it rests on.
        is_again: what lies below was shown before.
        is_given: no rule of the tree opens it.
    """

    kind: str
    args: Sequence[str]
    value: int | None
    reasons: Sequence[str] = ()
    cites: Sequence[str] = ()
    steps: Sequence[tuple[int | None, int]] = ()
    more_steps: int = 0
    below: list[Line] = field(default_factory=list)
    is_again: bool = False
    is_given: bool = False

    @property
    def is_open(self) -> bool:
        """Shown unfolded: it is what leaves the answer open, or what ends it."""
        return self.value in (NO, UNKNOWN)


def tree_of(table: Mapping[str, Any], root: str) -> tuple[Line, int]:
    """A tree as lines; and how many lines were left out.

    >>> table = {'["place",["F"],[0,1,0,1]]': {"rule": "leaf", "of": [], "by": [], "value": 0, "why": ["place"]}}
    >>> line, left_out = tree_of(table, '["place",["F"],[0,1,0,1]]')
    >>> line.kind, line.args, line.value, left_out
    ('place', ('F',), 0, 0)
    """
    reader = _Reader(table)
    return reader.line(root, 0), reader.left_out


@dataclass
class _Reader:
    table: Mapping[str, Any]
    seen: set[str] = field(default_factory=set)
    lines: int = 0
    left_out: int = 0

    def line(self, q: str, deep: int) -> Line:
        entry = self.table[q]
        kind, *args = json.loads(q)
        self.lines += 1
        steps = list(entry.get("steps", ()))
        made = Line(
            kind, tuple(_ids(kind, args)), entry.get("value"), tuple(entry.get("why", ())), tuple(entry["by"]),
            [(None if at <= LONG_AGO else at, value) for at, value, _ in steps[:MOST_STEPS] if at < FAR_AHEAD],
            max(0, len(steps) - MOST_STEPS), is_given=entry["rule"] == "given",
        )  # fmt: skip
        below = list(self._below(q))
        made.is_again = q in self.seen and bool(below)
        if made.is_again:
            return made
        self.seen.add(q)
        for one in below:
            if deep >= MOST_DEEP or self.lines >= MOST_LINES:
                self.left_out += 1
                continue
            made.below.append(self.line(one, deep + 1))
        return made

    def _below(self, q: str) -> Iterator[str]:
        """The questions below; what only gathers one other is passed through."""
        for one in self.table[q]["of"]:
            here = one
            while json.loads(here)[0] in QUIET and len(self.table[here]["of"]) == 1:
                here = self.table[here]["of"][0]
            yield here


def _ids(kind: str, args: Sequence[Any]) -> Iterator[str]:
    """Ids that a question is asked of; moments and longer conditions are left out: their own lines say them."""
    for one in args[:1] if kind in ("holds", "invoked", "granted", "purpose", "any", "some") else args:
        if isinstance(one, str) and one:
            yield one
        elif isinstance(one, list) and one and all(isinstance(word, str) for word in one) and len(one) <= 4:
            yield from (word for word in one if not word.startswith("["))
        elif isinstance(one, dict):
            yield from (str(word) for word in one)
