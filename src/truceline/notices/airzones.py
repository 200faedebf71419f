"""How is a zone handed to a pilot or a planner? As a volume of air with its hours, whatever the file.

A file of zones holds zones of the agreement and nothing else: no notified site, no group's area, no report. It
restricts and never releases: a zone in which no term forbids flights is *conditional*, because the agreement says
something of it; none is ever marked as free. What has no shape, or was never published, is in no file.

Polygons with holes are cut into pieces without, since some readers take a hole for a second polygon.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely

from truceline.canon import sha256
from truceline.errors import Fault, InputError, quoted
from truceline.space import UNITS_PER_DEGREE, Geometry, areal

PROHIBITED, CONDITIONAL = "PROHIBITED", "CONDITIONAL"
RESTRICTIONS: Final = (PROHIBITED, CONDITIONAL)
"""What a zone can be marked as. Nothing that would release: `NO_RESTRICTION` is not among them."""

MOST_ZONES: Final = 2_000
_COUNTRY = re.compile("[A-Z]{3}")
_PLAIN = re.compile("[A-Z0-9]{1,7}")
MOST_CUTS: Final = 10_000


@dataclass(frozen=True)
class AirZone:
    """A zone as a volume of air.

    Attributes:
        id: of the zone in the agreement.
        shape: polygon or multipolygon in whole 1e-7 degree.
        restriction: one of `RESTRICTIONS`.
        terms: ids of the terms that speak of it.
        names: language to name.
        conditions: what a term says of flights in it, in one line; empty = nothing.
        low_m, high_m: floor and ceiling, metres above mean sea level; None = from the ground, to any height.
        start, end: UTC seconds between which it is there; None = always.
    """

    id: str
    shape: Geometry
    restriction: str = CONDITIONAL
    terms: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    conditions: str = ""
    low_m: int | None = None
    high_m: int | None = None
    start: int | None = None
    end: int | None = None

    @property
    def name(self) -> str:
        """Its name in English, else its id."""
        return self.names.get("en") or self.id


@dataclass(frozen=True)
class Issue:
    """What a file of zones says of itself.

    Attributes:
        provider: who gives it out.
        country: ISO 3166-1 alpha-3.
        agreement: id of the text; `agreement_sha256`: its canonical hash.
        issued: UTC second.
        index: newest entry of the record that it knows of; None = there is no record.
    """

    provider: str
    country: str
    agreement: str
    agreement_sha256: str
    issued: int
    index: int | None = None


def check_zones(zones: Sequence[AirZone], issue: Issue) -> None:
    """Refuse what no file of zones can hold; every fault at once.

    Raises:
        InputError: no zone or too many, a restriction that is none, a band upside down, a country of no three letters.
    """
    faults = (
        []
        if 0 < len(zones) <= MOST_ZONES
        else [Fault(f"expected 1..{MOST_ZONES} zones with a shape, got {len(zones)}")]
    )
    if not _COUNTRY.fullmatch(issue.country):
        faults.append(
            Fault(f"expected three letters (ISO 3166-1 alpha-3), got {quoted(issue.country)}", field="country")
        )
    for one in zones:
        where = f"zone {quoted(one.id)}"
        if one.restriction not in RESTRICTIONS:
            faults.append(Fault(f"{where}: expected one of {', '.join(RESTRICTIONS)}, got {quoted(one.restriction)}"))
        if one.low_m is not None and one.high_m is not None and one.high_m <= one.low_m:
            faults.append(Fault(f"{where}: its ceiling is not above its floor"))
        if one.start is not None and one.end is not None and one.end <= one.start:
            faults.append(Fault(f"{where}: ends before it begins"))
        if shapely.is_empty(areal(one.shape)):
            faults.append(Fault(f"{where}: has no shape"))
    if faults:
        raise InputError(*faults)


def identifiers(zones: Iterable[AirZone]) -> dict[str, str]:
    """A short name for each zone, of at most seven letters and digits: its id where it fits, else made of its hash.

    Raises:
        InputError: two zones would get one name.

    >>> square = shapely.box(0, 0, 9, 9)
    >>> identifiers([AirZone("dmz", square), AirZone("castello-road-strip", square)])
    {'dmz': 'DMZ', 'castello-road-strip': 'CAS938D'}
    """
    found: dict[str, str] = {}
    for one in zones:
        plain = re.sub("[^A-Z0-9]", "", one.id.upper())
        fits = _PLAIN.fullmatch(plain) and plain == one.id.upper()
        found[one.id] = plain if fits else f"{plain[:3]}{sha256(one.id.encode())[:4].upper()}"
    if len(set(found.values())) < len(found):
        raise InputError("two zones would get one short name: rename one of them")
    return found


def pieces(shape: Geometry) -> list[Geometry]:
    """A shape in degrees as polygons without holes, counted clockwise or not as GeoJSON wants it.

    Raises:
        InputError: it has more holes than anybody cuts.
    """
    whole = shapely.transform(areal(shape), lambda xy: xy / UNITS_PER_DEGREE)
    made: list[Geometry] = []
    for part in shapely.get_parts(whole):
        made += _without_holes(part)
        if len(made) > MOST_CUTS:
            raise InputError(f"expected a shape of at most {MOST_CUTS} pieces without holes")
    return [shapely.orient_polygons(piece) for piece in made]


def _without_holes(polygon: Geometry) -> Iterator[Geometry]:
    """Cut a polygon through the middle of its first hole until none is left."""
    ahead, cuts = [polygon], 0
    while ahead:
        here = ahead.pop()
        if not shapely.get_num_interior_rings(here):
            yield here
            continue
        cuts += 1
        if cuts > MOST_CUTS:
            raise InputError(f"expected a shape with fewer holes than {MOST_CUTS}")
        west, south, east, north = shapely.bounds(here)
        middle = float(np.mean(shapely.bounds(shapely.get_interior_ring(here, 0))[[0, 2]]))
        for half in (shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)):
            ahead += list(shapely.get_parts(areal_deg(shapely.intersection(here, half))))


def areal_deg(shape: Geometry) -> Geometry:
    """The polygons of a shape in degrees."""
    parts = [part for part in shapely.get_parts(shape) if shapely.get_type_id(part) == 3 and shapely.area(part) > 0]
    return shapely.MultiPolygon(parts)


def ring_of(piece: Geometry) -> list[list[float]]:
    """The outer ring of a piece: longitude and latitude of each point to seven decimals, the last as the first."""
    xy = np.round(shapely.get_coordinates(shapely.get_exterior_ring(piece)), 7)
    return [[float(x), float(y)] for x, y in xy]
