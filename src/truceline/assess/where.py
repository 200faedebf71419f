"""How many reports lie in each zone: by the coded point, surely, and possibly?

The naive count takes the coded point for the place. The two others take everywhere the source's precision allows.
Regions are not cut to the stated country here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from truceline.agreement.model import Zone
from truceline.assess.place import Fence, Placed
from truceline.atlas import Atlas
from truceline.evidence.schema import Observation
from truceline.verdict import UNKNOWN, YES


@dataclass(frozen=True)
class ZoneCount:
    """One zone.

    Attributes:
        naive: reports whose coded point lies in the polygon.
        surely: reports that lie wholly within, whatever their precision allows.
        possibly: reports for which neither within nor outside is sure; never those of `surely`.
    """

    zone: str
    name: str
    naive: int
    surely: int
    possibly: int


def count(reports: Sequence[Observation], zones: Mapping[str, tuple[str, Zone]], atlas: Atlas) -> Iterator[ZoneCount]:
    """Count reports per zone.

    Args:
        reports: their `impact` is what is placed.
        zones: id to name and zone.
        atlas: the shapes of the zones and the units that regions name.
    """
    placed = Placed({key: zone for key, (_, zone) in zones.items()}, atlas)
    regions = [replace(report.impact, country="") for report in reports]
    points = np.array([(r.lon_e7, r.lat_e7) for r in regions if r.lon_e7 is not None], np.int64).reshape(-1, 2)
    for key, (name, _) in zones.items():
        shape = placed.ground((key,)).shape
        naive = int(Fence(shape).holds(points).sum()) if shape is not None and len(points) else 0
        values = np.array([answer.value for answer in placed.compare_all(regions, (key,))], np.int8)
        yield ZoneCount(key, name, naive, int((values == YES).sum()), int((values == UNKNOWN).sum()))
