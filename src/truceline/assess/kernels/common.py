"""What the compiled loops share: how they are compiled, the arrays they take, and what a cell can say of a zone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numba.extending import register_jitable
from numpy.typing import NDArray

from truceline import space
from truceline.assess import nearness as _nearness

WITHIN, NEAR, ASK = -1, -2, 0
"""Every disc in the cell lies within; the edge is near to every disc; from here on: where the edges to ask stand."""

LATTICE = 1e7
NOWHERE_M = 2_000_000_000

nearness: Any = _nearness
"""Its functions take single numbers in here, where their types speak of arrays."""

Long: Any = np.int64
Longs = NDArray[np.int64]
Shorts = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

for _function in (
    space._series,
    space.sin_cos,
    space.arc_sin,
    space.earth_centred,
    space.chord_m,
    space.metres_per_degree,
    space.geodesic_m,
    nearness.slack_m,
    nearness.plane_m2,
    nearness.sure_of,
    nearness.comes_near,
):
    register_jitable(_function)

compiled: Any = njit(cache=True, nogil=True, error_model="numpy")
inlined: Any = njit(cache=True, nogil=True, error_model="numpy", inline="always")
