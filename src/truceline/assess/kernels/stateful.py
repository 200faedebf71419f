"""The loop of `stateful.unprovoked`, compiled: one pass over sorted events."""

from __future__ import annotations

from typing import Any

import numpy as np

from truceline.assess.kernels.common import Longs, compiled


@compiled
def last_other(times: Longs, sides: Any, never: int) -> Longs:  # noqa: ANN401  # compiled: numba knows the types
    """`stateful._last_other`: the latest second, strictly earlier, at which another side acted.

    Two events are remembered: the latest, and the latest of another side than that one's.
    """
    n = len(times)
    made = np.empty(n, np.int64)
    latest, latest_side, other = np.int64(never), sides[0] if n else 0, np.int64(never)
    start = 0
    while start < n:
        end = start
        while end < n and times[end] == times[start]:
            made[end] = latest if latest == never or sides[end] != latest_side else other
            end += 1
        for i in range(start, end):
            if latest != never and sides[i] != latest_side:
                other = latest
            latest, latest_side = times[i], sides[i]
        start = end
    return made
