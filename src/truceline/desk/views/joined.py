"""How many incidents do some rows tell of? As an interval: all that may be one are one, or none is.

A link through a row that the reader does not see counts for nothing: else two rows would be one for no reason shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truceline.assess import spec
from truceline.desk.views.sheet import Sheet

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Joined:
    """Which rows belong together for one reader.

    Attributes:
        tells: `(n,)` whether a row tells of an act: not of words, nor of a count over a period.
        rows: that are, or may be, of one incident with another; few are.
        apart: row to its incident, as decided; `together`: if all that may be one were one.
    """

    tells: Bools
    rows: Sequence[int]
    apart: dict[int, int]
    together: dict[int, int]

    def among(self, asked: Bools) -> tuple[int, int]:
        """How many incidents the rows of a claim, `(n,)`, tell of: at least, and at most."""
        several = [row for row in self.rows if asked[row] and self.tells[row]]
        alone = int(np.count_nonzero(asked & self.tells)) - len(several)
        return alone + len({self.together[row] for row in several}), alone + len({self.apart[row] for row in several})


def joined_of(sheet: Sheet, listed: Bools) -> Joined:
    """The incidents of a sheet, by the rows that a reader sees."""
    tells = np.array([spec.tells_of_act(acts) for acts in sheet.doings] or [False], bool)[sheet.numbers("acts")]
    names, codes = sheet.coded("incident")
    has_name = np.array([bool(name) for name in names] or [False], bool)[codes] & listed
    pairs = [(a, b) for a, b in sheet.pairs if listed[a] and listed[b]]
    rows = sorted({*np.flatnonzero(has_name).tolist(), *(row for pair in pairs for row in pair)})
    first: dict[int, int] = {}
    apart = {row: first.setdefault(int(codes[row]), row) if has_name[row] else row for row in rows}
    leader = {one: one for one in set(apart.values())}
    for a, b in pairs:
        low, high = sorted((_top(leader, apart[a]), _top(leader, apart[b])))
        leader[high] = low
    return Joined(tells, rows, apart, {row: _top(leader, one) for row, one in apart.items()})


def _top(leader: dict[int, int], at: int) -> int:
    while leader[at] != at:
        leader[at] = leader[leader[at]]
        at = leader[at]
    return at
