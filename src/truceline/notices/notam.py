"""The draft of a NOTAM for a zone: text that a person of the aeronautical information service takes up, or does not.

It is marked as a draft in its first and last line, has no number, and names no location indicator that nobody gave. The
program issues nothing. Positions are rounded to a second of arc; the zone itself is the signed one.

Source: ICAO Doc 8126, chapter 6; Annex 15, appendix on the NOTAM format.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np
import shapely

from truceline.errors import InputError, quoted
from truceline.notices.airzones import PROHIBITED, AirZone, Issue, check_zones, pieces
from truceline.notices.uas import LAW_TEXT
from truceline.space import distance_m

MARK: Final = "DRAFT - NOT A NOTAM - A PERSON OF THE AERONAUTICAL INFORMATION SERVICE ISSUES IT OR NOBODY DOES"
NOWHERE: Final = "XXXX"
"""Stands where nobody gave a location indicator; a NOTAM office refuses it, which is meant."""

MOST_POINTS: Final = 60
_FEET_M = 0.3048
_FIR = re.compile("[A-Z]{4}")


def drafts(zones: Sequence[AirZone], issue: Issue, fir: str = "") -> str:
    """Drafts for zones, one after the other.

    Args:
        zones: as volumes of air.
        issue: which text they are of.
        fir: location indicator of the flight information region, four letters; empty = a person fills it in.

    Raises:
        InputError: what no such text can hold.
    """
    check_zones(zones, issue)
    if fir and not _FIR.fullmatch(fir):
        raise InputError(f"`--fir`: expected four letters, got {quoted(fir)}")
    return "\n".join(draft(zone, issue, number, fir) for number, zone in enumerate(zones, 1))


def draft(zone: AirZone, issue: Issue, number: int, fir: str = "") -> str:
    """One draft; see `drafts`."""
    lon, lat, miles = _circle(zone)
    low, high = _levels(zone)
    code = "QRPCA" if zone.restriction == PROHIBITED else "QRTCA"
    where = "".join(text[:-3] + text[-1] for text in (_degrees(lat, "NS", 2), _degrees(lon, "EW", 3)))
    lines = [
        MARK,
        f"DRAFT {number} (A0000/00 NOTAMN",
        f"Q) {fir or NOWHERE}/{code}/IV/NBO/W/{low:03}/{high:03}/{where}{min(miles, 999):03}",
        f"A) {fir or NOWHERE} B) {_time(zone.start, 'B')} C) {_time(zone.end, 'C')}",
        f"E) {_plain(zone.name)}. {_says(zone)} LATERAL LIMITS: {_area(zone)}",
        f"   AGREEMENT {_plain(issue.agreement)} SHA-256 {issue.agreement_sha256[:16].upper()}. {_plain(LAW_TEXT)}",
        f"F) {_limit(zone.low_m, 'SFC', up=False)} G) {_limit(zone.high_m, 'UNL', up=True)})",
        MARK,
    ]
    return "\n".join(lines) + "\n"


def _says(zone: AirZone) -> str:
    if zone.restriction == PROHIBITED:
        return f"A CEASEFIRE AGREEMENT FORBIDS FLIGHTS OF ITS PARTIES ({_plain(', '.join(zone.terms))})." + (
            f" {_plain(zone.conditions)}." if zone.conditions else ""
        )
    return "A CEASEFIRE AGREEMENT SPEAKS OF THIS AREA. IT IS NOT THEREBY FREE."


def _plain(text: str) -> str:
    """Capital letters, digits and a few marks: what a teleprinter has. Other scripts leave a question mark."""
    return re.sub("[^A-Z0-9 .,:/()+-]", "?", " ".join(text.upper().split()))


def _time(second: int | None, item: str) -> str:
    if second is None:
        return "PERM" if item == "C" else "WIE"
    return datetime.fromtimestamp(second, UTC).strftime("%y%m%d%H%M")


def _levels(zone: AirZone) -> tuple[int, int]:
    """Floor and ceiling in hundreds of feet, outward."""
    low = 0 if zone.low_m is None else max(math.floor(zone.low_m / _FEET_M / 100), 0)
    high = 999 if zone.high_m is None else min(math.ceil(zone.high_m / _FEET_M / 100), 999)
    return low, high


def _limit(metres: int | None, otherwise: str, *, up: bool) -> str:
    """A limit in feet above mean sea level, rounded outward to a hundred."""
    if metres is None or (not up and metres <= 0):
        return otherwise
    feet = metres / _FEET_M / 100
    return f"{(math.ceil(feet) if up else math.floor(feet)) * 100}FT AMSL"


def _area(zone: AirZone) -> str:
    """The ring of each piece to the second of arc; of a long one the circle around it."""
    rings = [shapely.get_coordinates(shapely.get_exterior_ring(piece)) for piece in pieces(zone.shape)]
    if sum(map(len, rings)) > MOST_POINTS:
        lon, lat, miles = _circle(zone)
        return f"WITHIN THE CIRCLE OF {miles}NM RADIUS {_point(lon, lat)}, EXACT LIMITS IN THE FILE OF ZONES."
    return "; ".join(" - ".join(_point(x, y) for x, y in ring) for ring in rings) + "."


def _circle(zone: AirZone) -> tuple[float, float, int]:
    """Middle of a zone and the whole nautical miles that reach around it, degrees."""
    xy = np.vstack([shapely.get_coordinates(piece) for piece in pieces(zone.shape)])
    lon, lat = ((xy.min(axis=0) + xy.max(axis=0)) / 2).tolist()
    far = max(distance_m(lon, lat, x, y) for x, y in xy.tolist())
    return lon, lat, max(math.ceil(far * 1.001 / 1852), 1)


def _point(lon: float, lat: float) -> str:
    return f"{_degrees(lat, 'NS', 2)}{_degrees(lon, 'EW', 3)}"


def _degrees(value: float, marks: str, width: int) -> str:
    """Degrees, minutes and seconds.

    >>> _degrees(35.5, "NS", 2), _degrees(-0.01, "EW", 3)
    ('353000N', '0000036W')
    """
    seconds = round(abs(value) * 3600)
    return f"{seconds // 3600:0{width}}{seconds // 60 % 60:02}{seconds % 60:02}{marks[int(value < 0)]}"
