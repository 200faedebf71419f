"""Did something happen near a site that was made known? Discs against points, in three values.

What is asked is whether everywhere that a report can mean lies within `NEAR_M` of the site: +1 all of it, 0 some of it,
and -1 none. A report that is vaguer than `VAGUE_M` is held against no site: it would be near them all.

It stands beside an assessment and changes none: no verdict asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import shapely

from truceline.notices.checks import Standing
from truceline.space import Floats, chord_m
from truceline.verdict import UNKNOWN, YES

NEAR_M: Final = 1_000
"""What happens within so many metres of a site is near it."""

VAGUE_M: Final = 10_000
AT_ONCE: Final = 1_024


def near(lon_deg: Floats, lat_deg: Floats, radius_m: Floats, sites: Standing) -> Iterator[tuple[int, int, int]]:
    """Pairs of a report and a site near it.

    Args:
        lon_deg: `(n,)` middles of where reports can mean, longitude.
        lat_deg: `(n,)` their latitude.
        radius_m: `(n,)` how far from there they can mean.
        sites: the sites.

    Yields:
        Number of the report, number of the site, and +1 surely near or 0 cannot be decided; report by report.
    """
    if not len(sites.ids):
        return
    sharp = np.flatnonzero(radius_m <= VAGUE_M)
    most = float(sites.accuracy_m.max())
    for first in range(0, len(sharp), AT_ONCE):
        rows = sharp[first : first + AT_ONCE]
        up = (NEAR_M + radius_m[rows] + most) / 110_000
        side = up / np.cos(np.radians(np.minimum(np.abs(lat_deg[rows]) + up, 89)))
        boxes = shapely.box(lon_deg[rows] - side, lat_deg[rows] - up, lon_deg[rows] + side, lat_deg[rows] + up)
        i, j = sites.tree.query(np.atleast_1d(np.asarray(boxes, dtype=object)))
        i = rows[i]
        away = chord_m(lon_deg[i], lat_deg[i], sites.lon_deg[j], sites.lat_deg[j])
        off = radius_m[i] + sites.accuracy_m[j]
        value = np.where(away + off <= NEAR_M, YES, UNKNOWN)
        keep = away - off <= NEAR_M
        order = np.lexsort((j[keep], i[keep]))
        yield from zip(
            i[keep][order].tolist(), j[keep][order].tolist(), value[keep][order].tolist(), strict=True
        )  # fmt: skip
