"""Named specimens: the hard and the empty ones among them; every judge runs over all of them.

Places lie in the middle of Syria's north, on round coordinates, so that the shipped areas hold them.
"""

from __future__ import annotations

from typing import Final

from truceline.agreement.model import Zone
from truceline.evidence.schema import EITHER, JOINT, NOBODY, ONE, Named, Observation
from truceline.space import NOWHERE, Region, disc, quantise
from truceline.span import FAR_AHEAD, LONG_AGO, Span, parse_span

TZ: Final = "Asia/Damascus"
A_DAY: Final = parse_span("2016-09-13", TZ)
OVER_THE_START: Final = parse_span("2016-02-26", TZ).joined(parse_span("2016-02-27", TZ))
ALL_TIME: Final = Span(LONG_AGO + 1, FAR_AHEAD)
ONE_SECOND: Final = Span(A_DAY.start, A_DAY.start + 1)

SQUARE_ZONE: Final = Zone("square", 0, polygon=((37.0, 36.0), (37.2, 36.0), (37.2, 36.2), (37.0, 36.2)))
ZONE_NEVER_DRAWN: Final = Zone("nowhere-drawn", 0, annex=("nowhere",))
ZONE_WITHHELD: Final = Zone("withheld", 0, annex=("secret",), is_withheld=True)

POINT_INSIDE: Final = disc(37.1, 36.1, 0)
POINT_ON_EDGE: Final = disc(37.0, 36.1, 0)
POINT_ON_CORNER: Final = disc(37.0, 36.0, 0)
DISC_OVER_EDGE: Final = disc(37.0, 36.1, 5_000)
DISC_OVER_ALL: Final = disc(37.1, 36.1, 2_000_000)
SECTOR_FULL_CIRCLE: Final = Region("sector", *quantise(37.1, 36.1), far_m=3_000, from_deg=0.0, to_deg=360.0)
SECTOR_THIN: Final = Region(
    "sector", *quantise(37.1, 36.1), near_m=2_000, far_m=7_000, from_deg=350.0, to_deg=351.0, country="SY"
)
ROAD: Final = Region("line", points_e7=(*quantise(37.05, 36.1), *quantise(37.3, 36.1)))
BETWEEN_TWO_TOWNS: Final = Region("hull", points_e7=(*quantise(37.05, 36.1), *quantise(37.3, 36.1)), radius_m=2_000)
GOVERNORATE: Final = Region("area", areas=("SY-HL",), country="SY")
UNKNOWN_UNIT: Final = Region("area", areas=("XX-99",))
OUTSIDE: Final = Region("outside")

PLACES: Final = {
    "POINT_INSIDE": POINT_INSIDE,
    "POINT_ON_EDGE": POINT_ON_EDGE,
    "POINT_ON_CORNER": POINT_ON_CORNER,
    "DISC_OVER_EDGE": DISC_OVER_EDGE,
    "DISC_OVER_ALL": DISC_OVER_ALL,
    "SECTOR_FULL_CIRCLE": SECTOR_FULL_CIRCLE,
    "SECTOR_THIN": SECTOR_THIN,
    "ROAD": ROAD,
    "BETWEEN_TWO_TOWNS": BETWEEN_TWO_TOWNS,
    "GOVERNORATE": GOVERNORATE,
    "UNKNOWN_UNIT": UNKNOWN_UNIT,
    "OUTSIDE": OUTSIDE,
    "NOWHERE": NOWHERE,
}

GOVERNMENT: Final = Named(("gov",), ONE)
UMBRELLA: Final = Named(("opp",), ONE, is_umbrella=True)
DISPUTED_GROUP: Final = Named(("ahrar",), ONE)
EXCLUDED_GROUP: Final = Named(("jn",), ONE)
STRANGER: Final = Named(("nobody-ever-heard-of",), ONE)
EITHER_OF_TWO: Final = Named(("gov", "isil"), EITHER)
SOMEBODY_PERHAPS: Final = Named(("gov", "unknown"), EITHER)
JOINT_ROOM: Final = Named(("ahrar", "jn", "opp"), JOINT)
CIVILIANS: Final = Named(("civilians",), ONE)
FIGHTERS_AND_CIVILIANS: Final = Named(("opp", "civilians"), JOINT)
A_TOWN: Final = Named(("settlement",), ONE)
NO_ONE: Final = Named((), NOBODY)
NOT_NAMED: Final = Named()

WHOM: Final = {
    "GOVERNMENT": GOVERNMENT,
    "UMBRELLA": UMBRELLA,
    "DISPUTED_GROUP": DISPUTED_GROUP,
    "EXCLUDED_GROUP": EXCLUDED_GROUP,
    "STRANGER": STRANGER,
    "EITHER_OF_TWO": EITHER_OF_TWO,
    "SOMEBODY_PERHAPS": SOMEBODY_PERHAPS,
    "JOINT_ROOM": JOINT_ROOM,
    "CIVILIANS": CIVILIANS,
    "FIGHTERS_AND_CIVILIANS": FIGHTERS_AND_CIVILIANS,
    "A_TOWN": A_TOWN,
    "NO_ONE": NO_ONE,
    "NOT_NAMED": NOT_NAMED,
}


def report(
    name: str, *, when: Span = A_DAY, where: Region = POINT_INSIDE, who: Named = GOVERNMENT, whom: Named = UMBRELLA,
    acts: tuple[str, ...] = ("attack",), unordered: bool = False, lasts: bool = False,
    altitude_m: tuple[int, int] | None = None,
) -> Observation:  # fmt: skip
    """A specimen: plain in everything that is not given."""
    low, high = altitude_m or (None, None)
    return Observation(
        id=name, start=when.start, end=when.end, lasts=lasts, impact=where, low_m=low, high_m=high, actor=who,
        target=whom, unordered=unordered, acts=acts,
    )  # fmt: skip


EMPTY: Final = report("EMPTY", where=NOWHERE, who=NOT_NAMED, whom=NOT_NAMED, acts=())
EMPTY_FOREVER: Final = report("EMPTY_FOREVER", when=ALL_TIME, where=NOWHERE, who=NOT_NAMED, whom=NOT_NAMED, acts=())
TRACK_AT_UNKNOWN_ALTITUDE: Final = report("TRACK_AT_UNKNOWN_ALTITUDE", who=Named(("gov-air",), ONE), acts=("fly",))
TRACK_LOW: Final = report("TRACK_LOW", who=Named(("gov-air",), ONE), acts=("medevac",), altitude_m=(900, 1_100))
TRACK_UNDER_GROUND: Final = report(
    "TRACK_UNDER_GROUND", who=Named(("gov-air",), ONE), acts=("fly",), altitude_m=(-50, 0)
)

REPORTS: Final = (
    EMPTY,
    EMPTY_FOREVER,
    TRACK_AT_UNKNOWN_ALTITUDE,
    TRACK_LOW,
    TRACK_UNDER_GROUND,
    report("OVER_THE_START", when=OVER_THE_START),
    report("LASTS_OVER_THE_START", when=OVER_THE_START, lasts=True),
    report("LASTS_FOREVER", when=ALL_TIME, lasts=True),
    report("PAIR_THAT_LASTS_FOREVER", when=ALL_TIME, lasts=True, unordered=True),
    report("ONE_SECOND", when=ONE_SECOND),
    report("ALL_TIME", when=ALL_TIME),
    report("PAIR", unordered=True),
    report("PAIR_WITH_ONE_UNKNOWN", unordered=True, whom=NOT_NAMED),
    report("PAIR_OF_ONE", unordered=True, whom=GOVERNMENT),
    report("PAIR_BY_AIR", unordered=True, acts=("air-strike",)),
    report("UNKNOWN_ACT", acts=()),
    report("SOME_ACT", acts=("unknown",)),
    report("SOME_ACT_OR_MORTAR", acts=("mortar", "unknown")),
    report("ACT_OF_NO_TREE", acts=("never-heard-of",)),
    report("STRIKE_OR_ACCIDENT", acts=("air-strike", "accident")),
    report("COUNT", acts=("count",)),
    report("STATEMENT", acts=("statement",)),
    *(report(f"AT_{name}", where=place) for name, place in PLACES.items()),
    *(report(f"BY_{name}", who=named) for name, named in WHOM.items()),
    *(report(f"ON_{name}", whom=named) for name, named in WHOM.items()),
    *(report(f"PAIR_WITH_{name}", whom=named, unordered=True, acts=("air-strike",)) for name, named in WHOM.items()),
)
