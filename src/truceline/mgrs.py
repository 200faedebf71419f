"""How is a position written so that it can be said by radio? MGRS, to the metre, and degrees, both ways.

A square of MGRS is told by its south-west corner. The poles, which MGRS writes otherwise, are refused.

Source: NGA.SIG.0012 (2014), the grids and grid reference systems of the United States Department of Defense.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any, Final

from truceline.errors import InputError, quoted

BANDS: Final = "CDEFGHJKLMNPQRSTUVWX"
COLUMNS: Final = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")
ROWS: Final = "ABCDEFGHJKLMNPQRSTUV"
SQUARE_M: Final = 100_000
SOUTH_M: Final = 10_000_000
"""Added to northings south of the equator."""

AROUND_M: Final = 2_000_000
"""After so many metres the letters of rows come again."""

_WRITTEN = re.compile(r"([1-9]|[1-5]\d|60)([C-HJ-NP-X])([A-HJ-NP-Z])([A-HJ-NP-V])(\d*)")
_DEGREES = re.compile(r"([+-]?\d{1,2}(?:\.\d+)?) ?°? ?([NS]?)[ ,;]+([+-]?\d{1,3}(?:\.\d+)?) ?°? ?([EW]?)")


def to_mgrs(lon_deg: float, lat_deg: float) -> str:
    """A position in MGRS: the square of a metre that holds it.

    Raises:
        InputError: beyond 80 degrees south or 84 degrees north.

    >>> to_mgrs(37.152, 36.2031)
    '37S CA 33863 08058'
    """
    if not (math.isfinite(lon_deg) and -80 <= lat_deg <= 84):
        raise InputError("MGRS: expected -80..84 degrees of latitude")
    zone = _zone(lon_deg, lat_deg)
    east, north = _utm(zone).transform(lon_deg, lat_deg)
    north = north if north >= 0 else north + SOUTH_M
    band = BANDS[min(int((lat_deg + 80) // 8), len(BANDS) - 1)]
    column = COLUMNS[(zone - 1) % 3][int(east // SQUARE_M) - 1]
    row = ROWS[(int(north // SQUARE_M) + _turned(zone)) % len(ROWS)]
    return f"{zone}{band} {column}{row} {int(east % SQUARE_M):05d} {int(north % SQUARE_M):05d}"


def from_mgrs(text: str) -> tuple[float, float]:
    """The position of a text in MGRS: longitude and latitude in degrees.

    Raises:
        InputError: it is no MGRS; the message never repeats a position.
    """
    found = _WRITTEN.fullmatch("".join(text.split()).upper())
    if found is None or len(found[5]) % 2 or len(found[5]) > 10:
        raise InputError("MGRS: expected such as `37S CA 33863 08058`")
    zone, half = int(found[1]), len(found[5]) // 2
    column = COLUMNS[(zone - 1) % 3].find(found[3])
    if column < 0:
        raise InputError(f"MGRS: zone {quoted(zone)} has no column {quoted(found[3])}")
    cell = SQUARE_M // 10**half
    east = (column + 1) * SQUARE_M + int(found[5][:half] or 0) * cell
    north = (ROWS.index(found[4]) - _turned(zone)) % len(ROWS) * SQUARE_M + int(found[5][half:] or 0) * cell
    low = BANDS.index(found[2]) * 8 - 80
    least = _utm(zone).transform(6 * zone - 183, low)[1]
    least += SOUTH_M if low < 0 else 0
    north += math.ceil((least - SQUARE_M - north) / AROUND_M) * AROUND_M
    lon, lat = _utm(zone).transform(east, north - (SOUTH_M if low < 0 else 0), direction="INVERSE")
    if not low - 1 <= lat <= low + 13:
        raise InputError("MGRS: the row does not lie in the band")
    return float(lon), float(lat)


def position(text: str) -> tuple[float, float]:
    """A position as somebody types it: latitude and longitude in degrees, or MGRS.

    Returns:
        Longitude and latitude in degrees.

    Raises:
        InputError: it is neither; the message never repeats a position.

    >>> position("36.2031 N, 37.152 E"), position("36.2031 37.152")
    ((37.152, 36.2031), (37.152, 36.2031))
    """
    found = _DEGREES.fullmatch(" ".join(text.split()))
    if found is None:
        try:
            return from_mgrs(text)
        except InputError:
            raise InputError("a corner: expected latitude and longitude in degrees, or MGRS") from None
    lat, lon = float(found[1]), float(found[3])
    lat, lon = (-lat if found[2] == "S" else lat), (-lon if found[4] == "W" else lon)
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise InputError("a corner: expected -90..90 degrees of latitude and -180..180 of longitude")
    return lon, lat


def _zone(lon_deg: float, lat_deg: float) -> int:
    """The zone of UTM, with the exceptions of Norway and Svalbard."""
    zone = min(int((lon_deg + 180) // 6) + 1, 60)
    if 56 <= lat_deg < 64 and 3 <= lon_deg < 12:
        return 32
    if lat_deg >= 72 and 0 <= lon_deg < 42:
        return 31 if lon_deg < 9 else 33 if lon_deg < 21 else 35 if lon_deg < 33 else 37
    return zone


def _turned(zone: int) -> int:
    """By how many letters the rows of a zone are shifted."""
    return 0 if zone % 2 else 5


@lru_cache(maxsize=60)
def _utm(zone: int) -> Any:  # noqa: ANN401  # pyproj carries no types
    """From degrees to metres east and north in a zone; south of the equator northings are negative."""
    from pyproj import Transformer  # noqa: PLC0415  # a slow import that most commands do not need

    return Transformer.from_crs("EPSG:4326", f"EPSG:{32600 + zone}", always_xy=True)
