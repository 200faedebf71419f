"""Which attacks did no other side's attack precede, and which requests were not granted in time? Columns, exact times.

Two tasks over many events at once, for events whose second is known; `sequence` asks the same of one report whose time
and place are intervals. Edges, the same in both engines:

- *Before* is strictly before: an event of the same second, and so the event itself, precedes nothing. An event exactly
  `within_s` before does precede.
- A grant of the very second of the request grants it, and so does one exactly `within_s` after; one grant may grant
  several requests of its key.

Integers only. The work is one sort and one pass; with numba the pass is compiled.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from truceline.assess.kernels import is_compiled, patience
from truceline.errors import InputError
from truceline.verdict import NO, UNKNOWN, YES, Values

Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]
Codes = NDArray[Any]
MOST = 1 << 62
NEVER_YET = np.iinfo(np.int64).min // 2


def unprovoked(time_s: Longs, side: Codes, within_s: int, *, engine: str = "auto") -> Bools:
    """Which events had no event of another side within so many seconds before.

    Args:
        time_s: `(n,)` UTC seconds, in any order.
        side: `(n,)` whole numbers: who acted.
        within_s: the limit, itself within.
        engine: `auto`, `numba`, `numpy`.

    Returns:
        `(n,)` true where nothing of another side lies in `[time - within, time)`.

    >>> unprovoked(np.array([0, 3600, 3601, 3601]), np.array([1, 2, 1, 2]), 3600).tolist()
    [True, False, False, True]
    """
    order = by_time(time_s)
    times, sides = time_s[order], side[order]
    made = np.empty(len(order), np.bool_)
    made[order] = times - _last_other(times, sides, engine) > within_s
    return made


def ungranted(
    request_s: Longs, request_key: Codes, grant_s: Longs, grant_key: Codes, *, within_s: int,
    until_s: int | None = None,
) -> Values:  # fmt: skip
    """Which requests were not granted within so many seconds.

    Args:
        request_s: `(n,)` UTC seconds.
        request_key: `(n,)` whole numbers: what was asked for.
        grant_s: `(m,)` UTC seconds.
        grant_key: `(m,)` what was granted.
        within_s: the limit, itself within.
        until_s: the record ends before this second; None = it holds every grant there will be.

    Returns:
        `(n,)` +1 not granted in time, -1 granted, 0 not yet, and its time is not over.

    >>> key = np.zeros(3, np.int64)
    >>> ungranted(np.array([0, 10, 90]), key, np.array([5]), key[:1], within_s=24, until_s=100).tolist()
    [-1, 1, 0]
    """
    value = np.where(_is_granted(request_s, request_key, grant_s, grant_key, within_s), NO, YES).astype(np.int8)
    if until_s is not None:
        value = np.where((value == YES) & (request_s + within_s >= until_s), UNKNOWN, value).astype(np.int8)
    return value


def by_time(time_s: Longs) -> Longs:
    """`(n,)` the rows in the order of their time: a radix sort where the times span less than 2**32 seconds."""
    if not len(time_s):
        return np.zeros(0, np.int64)
    low = int(time_s.min())
    if int(time_s.max()) - low >= 1 << 32:
        return np.argsort(time_s, kind="stable")
    since = (time_s - low).astype(np.uint32)
    first = np.argsort(since.astype(np.uint16), kind="stable")  # numpy sorts 16 bits by radix, in linear time
    return np.asarray(first[np.argsort((since >> np.uint32(16)).astype(np.uint16)[first], kind="stable")], np.int64)


def _last_other(times: Longs, sides: Codes, engine: str) -> Longs:
    """`(n,)` of sorted events: the latest second, strictly earlier, at which another side acted."""
    if is_compiled(len(times), engine):
        from truceline.assess.kernels import stateful as loops  # noqa: PLC0415  # numba only when it is used

        with patience():
            found: Longs = loops.last_other(times, sides, NEVER_YET)
            return found
    n = len(times)
    rows = np.arange(n)
    is_new = np.ones(n, np.bool_)
    is_new[1:] = times[1:] != times[:-1]
    earlier = np.maximum.accumulate(np.where(is_new, rows, 0)) - 1  # the last row of an earlier second
    turns = np.ones(n, np.bool_)
    turns[1:] = sides[1:] != sides[:-1]
    other = np.maximum.accumulate(np.where(turns, rows, 0)) - 1  # the last row before of another side than the row's
    at = np.where((earlier >= 0) & (sides[earlier] != sides), earlier, np.where(earlier >= 0, other[earlier], -1))
    return np.where(at >= 0, times[at], NEVER_YET) if n else np.zeros(0, np.int64)


def _is_granted(request_s: Longs, request_key: Codes, grant_s: Longs, grant_key: Codes, within_s: int) -> Bools:
    """`(n,)` whether a grant of its key lies in `[request, request + within]`: the first grant from then on."""
    n, m = len(request_s), len(grant_s)
    if not n or not m:
        return np.zeros(n, np.bool_)
    low = int(min(request_s.min(), grant_s.min()))
    span = int(max(request_s.max(), grant_s.max())) - low + 1
    codes = np.concatenate([request_key, grant_key]).astype(np.int64)
    lowest = int(codes.min())
    if (int(codes.max()) - lowest + 1) * span < MOST:
        codes -= lowest
    else:
        codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
        if (int(codes.max()) + 1) * span >= MOST:
            raise InputError(f"{int(codes.max()) + 1} keys over {span} seconds are too many for one number each")
    asked = codes[:n] * span + (request_s - low)
    given = np.sort(codes[n:] * span + (grant_s - low))
    at = np.searchsorted(given, asked)
    first = given[np.minimum(at, m - 1)]
    is_same = (at < m) & (first // span == codes[:n])
    return np.asarray(is_same & (first - asked <= within_s), np.bool_)
