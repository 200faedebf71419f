"""Do a name, a unit, a country and a position that stand together agree? Where they do not, all of them can be meant.

A name is placed by what is stated with it: of several places of one name the one inside the stated unit or country is
taken. Where the one place that a name means lies elsewhere than stated, one of the two is wrong, and the words do not
say which: the row can be in either. A position is never mended; that its two numbers seem to be swapped is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from truceline.areas import Gazetteer
from truceline.atlas import Atlas
from truceline.errors import quoted
from truceline.evidence.cells import holds
from truceline.evidence.reading import Finder, Found, Manner

LEAST_SCORE = 990
"""So alike a name must be to place a row that nobody reads back: the article or a doubled letter may differ.
Al Baghdadi is no Baghdad (955).
"""

RIVALS = 8
_SAME = 1000
_WORDS = (" governorate", " province", " muhafazah", " district")


@runtime_checkable
class Abroad(Protocol):
    """A finder that knows the places of other countries too."""

    def abroad(self, country: str) -> Finder | None:
        """The places of one country; None where no list has it, or where it is among the finder's own."""


@dataclass(frozen=True)
class Settled:
    """What a name means beside what is stated with it.

    Attributes:
        place: the one place; None = none is surely meant, or name and statement contradict each other.
        areas: codes of the units, or of the countries, that contradict each other; empty = they do not.
    """

    place: Found | None = None
    areas: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """The contradiction in words; empty = there is none."""
        return f"name and stated area contradict: {' or '.join(self.areas)}" if self.areas else ""


def settled(name: str, manner: Manner, *, country: str = "", unit: str = "") -> Settled:
    """Which place a name means, with the country and the unit that are stated with it.

    Args:
        name: the name alone.
        manner: its lists of places and units.
        country: code of the stated country; empty = not stated.
        unit: the stated unit of level 1 in words; empty = not stated.
    """
    if manner.finder is None:
        return Settled()
    gazetteer = manner.placer.atlas.gazetteer
    code = unit_code(unit, gazetteer)
    other = manner.finder.abroad(country) if country and isinstance(manner.finder, Abroad) else None
    if other is not None:
        there = _among(name, other, gazetteer, country, code)
        if there.place is not None or any(one.score >= LEAST_SCORE for one in other.find(name, most=1)):
            return there
    return _among(name, manner.finder, gazetteer, country, code)


def unit_code(text: str, gazetteer: Gazetteer) -> str:
    """Code of the unit of level 1 that words name, with or without *Province*; empty where they name none."""
    bare = text.casefold().strip()
    for word in _WORDS:
        bare = bare.removesuffix(word)
    code = (gazetteer.find(text, 1) or gazetteer.find(bare, 1)) if bare else None
    return gazetteer.code(code) if code else ""


def _among(name: str, finder: Finder, gazetteer: Gazetteer, country: str, unit: str) -> Settled:
    """What a name means among the places of one finder."""
    found = finder.sure(name)
    if found is not None and found.score < LEAST_SCORE:
        found = None
    is_abroad = found is not None and bool(country and found.country and found.country != country)
    is_beside = found is not None and bool(unit and found.unit and gazetteer.code(found.unit) != unit)
    if found is not None and not is_abroad and not is_beside:
        return Settled(found)
    least = LEAST_SCORE if unit else _SAME  # what is stated tells places of one spelling apart
    alike = [one for one in (finder.find(name, most=RIVALS) if country or unit else ()) if _is_place(one, least)]
    same = [
        one
        for one in alike
        if (not country or one.country == country) and (not unit or gazetteer.code(one.unit) == unit)
    ]
    if len(same) == 1:
        return Settled(same[0])
    elsewhere = {one.country for one in alike if one.score == _SAME} if found is None else {found.country}
    if same or (found is None and (len(elsewhere) != 1 or not country or elsewhere <= {"", country})):
        return Settled()
    both = (gazetteer.code(found.unit), unit) if found is not None and not is_abroad else (*elsewhere, country)
    return Settled(None, tuple(sorted({one for one in both if one in gazetteer})))


def _is_place(one: Found, least: int) -> bool:
    return one.score >= least and not one.kind.startswith("unit:")


def swapped(atlas: Atlas, country: str, at: tuple[float, float]) -> str:
    """Why the two numbers of a position in degrees seem to be swapped; empty = they do not.

    So it is where the point lies well outside the stated country, and the other way round it lies inside.
    """
    turned = (at[1], at[0])
    if abs(turned[1]) > 90 or holds(atlas, country, at) is not False or not holds(atlas, country, turned):
        return ""
    return f"latitude and longitude seem to be swapped: the other way round the point lies in {quoted(country)}"
