"""Which unit lies in which? The gazetteer: named areas with codes, compared by code and never by drawn edge.

Neighbours touch, and with exact edges no governorate lies inside itself; so inside one gazetteer a unit is compared by
its chain of parents. Two gazetteers may share a unit (`same_as`): then the chain runs through both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from truceline.verdict import NO, UNKNOWN, YES

_NOISE = re.compile(r"\b(governorate|province|muhafazat|district|mintaqat|mintaqah|markaz|subdistrict|nahiyat)\b")


@dataclass(frozen=True)
class Unit:
    """A named area.

    Attributes:
        code: unique in the gazetteer, such as `SY-ID`.
        level: 0 country, 1 governorate, 2 district, 3 subdistrict, 4 and more: places.
        parent: code of the unit that holds it; empty for a country.
        gazetteer: which list it comes from; geometry decides only between lists.
        names: language (`en`, `ar`, `ru`) to name.
    """

    code: str
    level: int
    parent: str = ""
    gazetteer: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Alias:
    """One spelling of a unit, with the source that says so."""

    text: str
    level: int
    code: str
    source: str


class Gazetteer:
    """Units by code, the spellings that lead to them, and which codes are one and the same unit."""

    def __init__(
        self, units: Iterable[Unit] = (), aliases: Iterable[Alias] = (), same_as: Mapping[str, str] | None = None
    ) -> None:
        """Gather units; a later unit of the same code replaces an earlier one."""
        self._same = dict(same_as or {})
        self._units = {self.code(unit.code): unit for unit in units}
        self._spellings: dict[tuple[int, str], str] = {}
        for unit in self._units.values():
            for name in unit.names.values():
                self._spellings.setdefault((unit.level, spelling(name)), self.code(unit.code))
        for alias in aliases:
            self._spellings[(alias.level, spelling(alias.text))] = self.code(alias.code)

    def __iter__(self) -> Iterator[Unit]:
        """All units, by code."""
        return iter(self._units[code] for code in sorted(self._units))

    def __contains__(self, code: str) -> bool:
        """Whether a unit of this code is known."""
        return self.code(code) in self._units

    def code(self, code: str) -> str:
        """The code under which a unit is kept: the first of those that name the same unit."""
        return self._same.get(code, code)

    def unit(self, code: str) -> Unit | None:
        """The unit of a code, if known."""
        return self._units.get(self.code(code))

    def find(self, name: str, level: int) -> str | None:
        """The code of a spelling at a level, if the list or an alias knows it."""
        return self._spellings.get((level, spelling(name)))

    def chain(self, code: str) -> list[str]:
        """A unit's code and those of all units that hold it, smallest first."""
        chain: list[str] = []
        here = self.code(code)
        while here and here not in chain:
            chain.append(here)
            unit = self._units.get(here)
            here = self.code(unit.parent) if unit and unit.parent else ""
        return chain

    def knows(self, code: str) -> bool:
        """Whether the chain of a unit reaches a country: only then can a sibling be told from a stranger."""
        last = self._units.get(self.chain(code)[-1])
        return last is not None and last.level == 0

    def compare(self, inner: str, outer: str) -> int | None:
        """Does `inner` lie in `outer`, by code?

        Returns:
            +1 same or a part of it, -1 a sibling or stranger, 0 `inner` holds `outer`; None where the codes do not
            say, so that geometry has to.
        """
        inner, outer = self.code(inner), self.code(outer)
        up, down = self.chain(inner), self.chain(outer)
        if outer in up:
            return YES
        if inner in down:
            return UNKNOWN
        return NO if self._one_list(inner, outer, up, down) else None

    def _one_list(self, inner: str, outer: str, up: list[str], down: list[str]) -> bool:
        """Whether both chains part below a common unit inside one list."""
        common = next((code for code in up if code in down), None)
        if common is None:
            return self.knows(inner) and self.knows(outer)
        a, b = self._units.get(up[up.index(common) - 1]), self._units.get(down[down.index(common) - 1])
        return a is not None and b is not None and (a.gazetteer == b.gazetteer or a.level == b.level == 1)


def spelling(name: str) -> str:
    """Bring a name to the form under which it is looked up: no case, no marks, no words such as *Governorate*.

    >>> spelling("Hamah Governorate"), spelling("Deir ez-Zor")
    ('hamah', 'deir ez zor')
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'`’‘ʿʾ")
    plain = " ".join(re.sub(r"[^\w]+", " ", plain).split())
    return " ".join(_NOISE.sub(" ", plain).split()) or plain
