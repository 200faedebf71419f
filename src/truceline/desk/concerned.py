"""Whom does a draft or a finding concern? Who is accused, who accused, who answered: by the entries behind it.

Source: docs/adr/0019-publication.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from truceline.errors import SubmissionError
from truceline.group import DESK, Group
from truceline.verdict import YES

MOST_BEHIND = 1_000
"""Entries that are looked at to find out whom something concerns: a log waits for nobody longer."""


@dataclass(frozen=True)
class Heard:
    """An entry, as far as the path asks.

    Attributes:
        body: what everybody with the record may read of it; None = it is sealed.
        box: SHA-256 of the box of a sealed body; empty = it is open.
        known_at: UTC second.
    """

    index: int
    type: str
    by: str
    signers: tuple[str, ...]
    body: Any
    box: str
    known_at: int


def concerned(
    about: Iterable[int],
    entry_at: Callable[[int], Heard],
    group: Group,
    voices: Collection[str],
    but: Collection[str] = (),
) -> tuple[str, ...]:
    """The parties concerned by what a draft or a finding is about: who is accused, who accused, who answered.

    Args:
        about: indexes of entries: a finding counts with what it is about.
        entry_at: gives an entry of the record by its index.
        group: of the text.
        voices: parties that have keys in the record. Who has none is spoken for by the whole it is a part of, or by the
            parties of its side; where nobody speaks for it, it is named itself, and nobody can be waited for.
        but: whom nobody has to ask.

    Returns:
        Ids, sorted.

    Raises:
        SubmissionError: too many entries stand behind it.
    """
    named: set[str] = set()
    for one in behind_of(about, entry_at):
        if one.type in ("allegation", "answer", "finding"):
            against = one.body.get("against") if isinstance(one.body, Mapping) else None
            named |= {one.by, against} if isinstance(against, str) and against else {one.by}
    found: set[str] = set()
    for actor in named - {DESK, *but}:
        speak = {v for v in voices if v != DESK and YES in (group.belongs(actor, v), group.belongs(v, actor))}
        found |= speak or {actor}
    return tuple(sorted(found))


def behind_of(about: Iterable[int], entry_at: Callable[[int], Heard]) -> list[Heard]:
    """Some entries, and what stands behind them: of a finding what it is about.

    Raises:
        SubmissionError: that is too many.
    """
    found: dict[int, Heard] = {}
    ahead = list(about)
    while ahead:
        index = ahead.pop()
        if index in found:
            continue
        if len(found) >= MOST_BEHIND:
            raise SubmissionError(f"`about`: expected at most {MOST_BEHIND} entries behind a draft")
        found[index] = entry_at(index)
        ahead += named_by(found[index]) if found[index].type == "finding" else ()
    return list(found.values())


def named_by(one: Heard) -> list[int]:
    """The entries that a finding is about: they stand before it."""
    about = one.body.get("about") if isinstance(one.body, Mapping) else None
    given = about if isinstance(about, list | tuple) else ()
    return [index for index in given if isinstance(index, int) and 0 <= index < one.index]


def is_veiled(one: Heard) -> bool:
    """Whether only its readers know whom it accuses."""
    return bool(one.box) and one.type in ("allegation", "finding")
