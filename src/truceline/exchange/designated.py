"""Which cells of a map are agreed, which only one side says, which neither? And what moved since both last signed?

Each side proposes cells, answers the other's cell by cell, and may withdraw. What both hold is agreed; what one holds
and the other has said no to is disputed; what one holds and the other has not spoken of is that side's alone; what
nobody holds any more is neither's. Nothing here says which side is right, and swapping the sides mirrors every answer.

What moved is an indicator with its coverage, never a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

STANDS = ("agreed", "a", "b", "disputed", "neither")


@dataclass(frozen=True)
class Step:
    """What one side said of the map.

    Attributes:
        index: of its entry.
        at: UTC second at which the record had it.
        by: the side.
        what: `propose`, `answer` or `version`.
        cells: that it proposes, agrees to, or signs.
        disputes: of an answer, the cells that it says no to.
    """

    index: int
    at: int
    by: str
    what: str
    cells: tuple[str, ...]
    disputes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """One step of the history of a cell: `proposes`, `withdraws`, `agrees`, `disputes` or `signed`."""

    index: int
    at: int
    by: str
    what: str


@dataclass(frozen=True)
class Cell:
    """One cell of the map.

    Attributes:
        cell: H3 cell of resolution 5 or coarser.
        stands: one of `STANDS`.
        holds: the sides that say yes; `denies`: those that say no.
        is_signed: it is part of the newest version.
        history: what was said of it, in order.
    """

    cell: str
    stands: str
    holds: tuple[str, ...]
    denies: tuple[str, ...]
    is_signed: bool
    history: tuple[Said, ...]


@dataclass
class _Open:
    """What each side says of each cell: True, False, or nothing; and which of it the side proposed itself."""

    says: dict[str, dict[str, bool]] = field(default_factory=dict)
    proposed: dict[str, set[str]] = field(default_factory=dict)
    history: dict[str, list[Said]] = field(default_factory=dict)
    signed: tuple[str, ...] = ()

    def told(self, step: Step, cell: str, what: str) -> None:
        """One more line of the history of a cell."""
        self.history.setdefault(cell, []).append(Said(step.index, step.at, step.by, what))


def map_of(steps: Iterable[Step], sides: tuple[str, str]) -> list[Cell]:
    """Every cell that was ever spoken of, sorted, and how it stands.

    Args:
        steps: in the order of the record.
        sides: the two, in the order in which the answer names them a and b.
    """
    state = _Open()
    for step in steps:
        _take(state, step, sides)
    return [_cell(state, cell, sides) for cell in sorted(state.history)]


def _take(state: _Open, step: Step, sides: tuple[str, str]) -> None:
    if step.what == "version":
        for cell in dict.fromkeys((*state.signed, *step.cells)):
            state.told(step, cell, "signed" if cell in step.cells else "left out")
        state.signed = step.cells
        return
    own = state.says.setdefault(step.by, {})
    if step.what == "propose":
        before = state.proposed.get(step.by, set())
        for cell in step.cells:
            if cell not in before or not own.get(cell, False):
                state.told(step, cell, "proposes")
            own[cell] = True
        for cell in sorted(before - set(step.cells)):
            own.pop(cell, None)
            state.told(step, cell, "withdraws")
            _lapse(state, cell, sides[0] if step.by == sides[1] else sides[1])
        state.proposed[step.by] = set(step.cells)
        return
    for cells, yes, what in ((step.cells, True, "agrees"), (step.disputes, False, "disputes")):
        for cell in cells:
            own[cell] = yes
            state.told(step, cell, what)


def _lapse(state: _Open, cell: str, other: str) -> None:
    """What is withdrawn needs no answer any more: an answer to it, yes or no, goes with it."""
    if cell not in state.proposed.get(other, set()):
        state.says.get(other, {}).pop(cell, None)


def _cell(state: _Open, cell: str, sides: tuple[str, str]) -> Cell:
    says = [state.says.get(side, {}).get(cell) for side in sides]
    holds = tuple(side for side, yes in zip(sides, says, strict=True) if yes is True)
    denies = tuple(side for side, yes in zip(sides, says, strict=True) if yes is False)
    if len(holds) == 2:
        stands = "agreed"
    elif not holds:
        stands = "neither"
    elif denies:
        stands = "disputed"
    else:
        stands = "a" if holds[0] == sides[0] else "b"
    return Cell(cell, stands, holds, denies, cell in state.signed, tuple(state.history[cell]))


def agreed(cells: Iterable[Cell]) -> tuple[str, ...]:
    """The cells that both sides hold, sorted."""
    return tuple(sorted(one.cell for one in cells if one.stands == "agreed"))


# -- what moved --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moved:
    """How the area of one group, as one speaker says it, differs from what it was when the map was last signed.

    Attributes:
        gained: cells that are new; `lost`: that are gone.
        gained_inside: of the new ones, how many are on the signed map; `lost_inside`: of those gone.
        stated, rounds: in so many of so many rounds of seven days since then somebody spoke of the group: its coverage.
    """

    group: str
    by: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    gained_inside: int
    lost_inside: int
    stated: int
    rounds: int


def moved(
    then: Mapping[tuple[str, str], Sequence[str]], now: Mapping[tuple[str, str], Sequence[str]], signed: Iterable[str],
    coverage: Mapping[tuple[str, str], tuple[int, int]],
) -> list[Moved]:  # fmt: skip
    """What moved since a version was signed, by group and speaker: an indicator, never a finding.

    Args:
        then: (group, speaker) to the cells that were shown then.
        now: likewise, to those that are shown now.
        signed: the cells of the version.
        coverage: (group, speaker) to how many of how many rounds since then hold a statement.
    """
    on_map, found = set(signed), []
    for key in sorted({*then, *now}):
        before, after = set(then.get(key, ())), set(now.get(key, ()))
        gained, lost = tuple(sorted(after - before)), tuple(sorted(before - after))
        stated, rounds = coverage.get(key, (0, 0))
        inside = len(on_map.intersection(gained)), len(on_map.intersection(lost))
        found.append(Moved(*key, gained, lost, *inside, stated, rounds))
    return found
