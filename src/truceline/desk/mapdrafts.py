"""What would a side say of the map if it chose so, cell by cell? The bodies of statements, for it to sign elsewhere.

A proposal names the whole map of a side, an answer speaks of cells of the other: whoever chooses cells in a list says
neither yet. Nothing is signed here and nothing is appended; what could not be taken is refused before it is signed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from truceline.agreement.model import Agreement
from truceline.desk.areasteps import partition_of
from truceline.desk.designated import (
    ANSWER,
    PROPOSAL,
    VERSION,
    CellShown,
    MapAnswer,
    MapProposal,
    MapVersion,
    check_map,
    side_of,
    sides_of,
    steps_of,
)
from truceline.desk.exchanged import text_in_force
from truceline.errors import StoreError, SubmissionError
from truceline.exchange.designated import Step, agreed, map_of
from truceline.exchange.floor import check_cell, listed
from truceline.store.case import Case

NAME, WITHDRAW, AGREE, DISPUTE = CHOICES = ("name", "withdraw", "agree", "dispute")
Draft = tuple[str, dict[str, Any]]
"""Type of a statement, and its body as plain values."""

MOST_FURTHER: Final = 2_000


def choices_of(cell: CellShown, proposed: Collection[str], offered: Collection[str]) -> tuple[str, ...]:
    """What a side can say of a cell.

    Args:
        cell: as it stands.
        proposed: cells of the newest proposal of this side.
        offered: of the other.
    """
    found = [WITHDRAW] if cell.cell in proposed else []
    if cell.cell in offered:
        found += [AGREE, DISPUTE]
    elif cell.cell not in proposed:
        found.append(NAME)
    return tuple(found)


def newest(steps: Collection[Step], side: str) -> Step | None:
    """The newest proposal of a side; None = it made none."""
    return max((one for one in steps if one.by == side and one.what == "propose"), key=lambda s: s.index, default=None)


def map_drafts(case: Case, by: str, chosen: Mapping[str, str], further: Collection[str] = ()) -> list[Draft]:
    """The statements that say what a side chose.

    Args:
        case: as it is kept.
        by: the party that will sign.
        chosen: cell to one of `CHOICES`.
        further: cells that it names beside them.

    Returns:
        A proposal where its own map changes, and an answer where it speaks of cells of the other side; none where it
        says nothing new. Blocks of the partition are named whole.

    Raises:
        SubmissionError: a cell is finer than the floor, or something that cannot be said was chosen.
    """
    text = text_in_force(case)
    side, steps = side_of(text, by), list(steps_of(case, text))
    other = next(one for one in sides_of(text) if one != side)
    mine, theirs = newest(steps, side), newest(steps, other)
    proposed, offered = (frozenset(() if one is None else one.cells) for one in (mine, theirs))
    if len(further) > MOST_FURTHER:
        raise SubmissionError(f"`more`: expected at most {MOST_FURTHER} cells")
    for cell in (*chosen, *further):
        check_cell(cell)
    said = {choice: {cell for cell, one in chosen.items() if one == choice} for choice in CHOICES}
    names = _whole(case, proposed | said[NAME] | set(further)) - _whole(case, said[WITHDRAW])
    found: list[Draft] = []
    if names != proposed:
        found.append(_draft(PROPOSAL, MapProposal(listed(names)), by, text))
    yes, no = (_whole(case, said[choice] & offered) for choice in (AGREE, DISPUTE))
    if theirs is not None and yes | no:
        found.append(_draft(ANSWER, MapAnswer(theirs.index, listed(yes - no), listed(no)), by, text))
    return found


def version_draft(case: Case, by: str) -> Draft:
    """A version of all cells that both sides name, for both to sign.

    Raises:
        SubmissionError: they agree on none, or whoever asks speaks for neither.
    """
    text = text_in_force(case)
    steps = list(steps_of(case, text))
    cells = agreed(map_of(steps, sides_of(text)))
    if not cells:
        raise SubmissionError("both sides name no cell yet")
    before = max((one.index for one in steps if one.what == "version"), default=0)
    return _draft(VERSION, MapVersion(cells, before), by, text)


def _draft(kind: str, body: MapProposal | MapAnswer | MapVersion, by: str, text: Agreement) -> Draft:
    check_map(body, by, text)
    return kind, msgspec.to_builtins(body)


def _whole(case: Case, cells: Collection[str]) -> set[str]:
    """The blocks in which cells lie; the cells themselves where no partition was published."""
    try:
        return set(partition_of(case).whole(cells)) if cells else set()
    except StoreError:
        return set(cells)
