"""How many reports lie in each zone: by the coded point, surely, and possibly?

The naive count takes the coded point for the place. The two others take everywhere the source's precision allows.
Regions are not cut to the stated country here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from truceline.agreement.model import Zone
from truceline.assess.join import Join
from truceline.assess.place import Placed
from truceline.assess.spots import Spots
from truceline.atlas import Atlas
from truceline.evidence.schema import Observation


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
    points = np.array([(r.lon_e7, r.lat_e7) for r in regions if r.lon_e7 is not None], np.int32).reshape(-1, 2)
    keys = list(zones)
    must, may = placed.masks(Spots.of_regions(regions), [(key,) for key in keys])
    naive = np.zeros(len(keys), np.int64)
    join = Join([placed.ground((key,)).shape for key in keys], rows=len(points))
    for held in join.locate_in_parts(*np.ascontiguousarray(points.T)):
        naive += np.bincount(held.zone, minlength=len(keys))
    for i, key in enumerate(keys):
        sure, open_ = ((word[:, i // 64] >> np.uint64(i % 64)) & np.uint64(1) for word in (must, may & ~must))
        yield ZoneCount(key, zones[key][0], int(naive[i]), int(sure.sum()), int(open_.sum()))
