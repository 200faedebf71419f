"""What is supposed of one zone? Another shape, time or ceiling; what is not said stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

from truceline.agreement.model import Zone
from truceline.desk import whatif


@dataclass(frozen=True)
class Supposed:
    """What is supposed of one zone; what is None or empty stays as it is.

    Attributes:
        zone: its id.
        shape: WKB of its polygon on the grid, as `space.checked_polygon` gives it.
        since, until: time texts.
        ceiling_m: metres above mean sea level.
    """

    zone: str
    shape: bytes | None = None
    since: str = ""
    until: str = ""
    ceiling_m: int | None = None


def amended(zone: Zone, supposed: Supposed, tz: str) -> Zone:
    """The zone with the time and the height that are supposed.

    Raises:
        InputError: a time or a height that cannot be.
    """
    return whatif.amended(zone, supposed, tz, until="until", ceiling="ceiling_m")
