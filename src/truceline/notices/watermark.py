"""Whose copy of a list leaked? Marks that are the same whenever they are computed, one of each recipient's own.

    order     the rows stand in an order of the recipient's own
    ref       each row has a name of its own in each list, by which it is acknowledged
    place     an exact position is told up to 25 m beside what the desk holds, always the same way to one recipient; the
              accuracy that is printed is wider by as much, so that what is printed stays true
    receipt   printed at the end, with the hash of the rows

What survives what: the reference manual, docs/reference/notices.md. No mark adds a row, leaves one out, or changes what
a row says beyond the accuracy that it states. Nobody can compute a mark without the key of the desk. Averaging the
copies of two recipients names both of them more weakly; rounding below the accuracy leaves order and refs alone.

A match is never a proof that this recipient leaked it: only that its copy did.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from truceline.space import Floats, metres_per_degree

_DOMAIN = b"truceline/notices/watermark/v1\n"
LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of refs: none that is read as another (Crockford)."""

REF: Final = 10
LEAST_M, MOST_M = 5, 25
"""A position is told at most so far beside what the desk holds: half of its accuracy, within these."""

CHANCE: Final = 1e-6
"""A match that chance brings about more often than so names nobody."""

TOLERANCE_M: Final = 1.0
"""A position this near to a recipient's own counts as a hit: five decimals of a degree keep it."""


def ref(key: bytes, recipient: str, of: str) -> str:
    """What a notice is called in one recipient's list: ten letters.

    >>> ref(bytes(32), "gov", "0123456789abcdef") == ref(bytes(32), "ru", "0123456789abcdef")
    False
    """
    number = int.from_bytes(_mac(key, "ref", recipient, of)[:8], "big")
    return "".join(LETTERS[number >> 5 * i & 31] for i in range(REF))


def order(key: bytes, recipient: str, ids: Sequence[str]) -> list[int]:
    """Numbers of rows in the order in which one recipient is given them: it depends on the ids alone."""
    return sorted(range(len(ids)), key=lambda i: _mac(key, "order", recipient, ids[i]))


def radius_m(accuracy_m: int) -> int:
    """How far beside what the desk holds a position is told at most, in whole metres."""
    return min(max(-(-accuracy_m // 2), LEAST_M), MOST_M)


def printed_accuracy_m(accuracy_m: int) -> int:
    """The accuracy that is printed with a marked position: what it was, and the mark."""
    return accuracy_m + radius_m(accuracy_m)


def mark_m(key: bytes, recipient: str, of: str, point: int, accuracy_m: int) -> tuple[float, float]:
    """How far east and north of what the desk holds one recipient is told a point, in metres.

    Never farther than `radius_m`, and in half of the cases farther than 0.7 of it.
    """
    drawn = _mac(key, "place", recipient, f"{of}/{point}")
    turn, away = (int.from_bytes(drawn[i : i + 8], "big") / 2**64 for i in (0, 8))
    length = radius_m(accuracy_m) * math.sqrt(away) * 0.98  # what printing rounds stays within it
    return length * math.sin(2 * math.pi * turn), length * math.cos(2 * math.pi * turn)


def marked(
    key: bytes, recipient: str, of: str, at: Sequence[tuple[float, float]], accuracy_m: int
) -> list[tuple[float, float]]:
    """The points of a notice as one recipient is told them: longitude and latitude in degrees, to 6 decimals."""
    found = []
    for i, (lon, lat) in enumerate(at):
        east, north = mark_m(key, recipient, of, i, accuracy_m)
        per_lon, per_lat = (float(axis[0]) for axis in metres_per_degree(np.array([lat])))
        found.append((round(lon + east / per_lon, 6), round(lat + north / per_lat, 6)))
    return found


def receipt(key: bytes, recipient: str, rows_sha256: str, made_at: int) -> str:
    """What is printed at the end of a list: it shows the desk whose it was, and nobody else.

    Args:
        key: of the desk.
        recipient: an actor of the text.
        rows_sha256: hash of the rows.
        made_at: UTC second.
    """
    return _mac(key, "receipt", recipient, f"{rows_sha256}/{made_at}")[:10].hex()


def _mac(key: bytes, what: str, recipient: str, of: str) -> bytes:
    parts = b"".join(len(part).to_bytes(4, "big") + part for part in (what.encode(), recipient.encode(), of.encode()))
    return hmac.digest(key, _DOMAIN + parts, hashlib.sha256)


# -- found again -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """What the desk holds: the first point of each exact notice.

    Attributes:
        ids: `(n,)`.
        lon_deg, lat_deg: `(n,)` degrees.
        accuracy_m: `(n,)` metres.
    """

    ids: tuple[str, ...]
    lon_deg: Floats
    lat_deg: Floats
    accuracy_m: Floats


@dataclass(frozen=True)
class Match:
    """How much a leaked list looks like one recipient's.

    Attributes:
        rows: positions of it that lie at notices of the desk.
        hits: of them, within `TOLERANCE_M` of where this recipient was told.
        refs: refs of it that are this recipient's; decisive, where they were left in.
        lean: how much the positions lean the way of this recipient's marks; about 0 by chance, at most the root of
            `rows`.
        chance: how often chance alone brings about so much, at the most.
    """

    recipient: str
    rows: int
    hits: int
    refs: int
    lean: float
    chance: float

    @property
    def is_named(self) -> bool:
        """Whether the copy is surely of this recipient."""
        return self.refs > 0 or self.chance < CHANCE


def trace(
    key: bytes,
    truth: Truth,
    leaked: Sequence[tuple[float, float]],
    recipients: Mapping[str, Sequence[str]],
    refs: Sequence[str] = (),
) -> list[Match]:
    """Whose copy a leaked list is, the likeliest first.

    Args:
        key: of the desk.
        truth: what the desk holds.
        leaked: longitude and latitude of the rows that have one, in any order.
        recipients: recipient to the ids of notices that it was told exactly.
        refs: refs that were left in it.
    """
    rows = _rows_of(truth, leaked)
    known = set(refs)
    found = []
    for name, ids in recipients.items():
        told = set(ids)
        own = [(i, off) for i, off in rows if truth.ids[i] in told]
        hits, lean = _alike(key, name, truth, own)
        count = len(known & {ref(key, name, of) for of in ids}) if known else 0
        chance = min(
            1.0, min(_tail(len(own), hits, truth, own), math.exp(-(max(lean, 0.0) ** 2) / 2)) * len(recipients)
        )
        found.append(Match(name, len(own), hits, count, round(lean, 3), chance))
    return sorted(found, key=lambda one: (-one.refs, one.chance, -one.lean, one.recipient))


def _rows_of(truth: Truth, leaked: Sequence[tuple[float, float]]) -> list[tuple[int, tuple[float, float]]]:
    """Of each leaked position the notice it lies at, and how far east and north of it, in metres."""
    found: list[tuple[int, tuple[float, float]]] = []
    if not len(truth.ids):
        return found
    per_lon, per_lat = metres_per_degree(truth.lat_deg)
    for lon, lat in leaked:
        east, north = (lon - truth.lon_deg) * per_lon, (lat - truth.lat_deg) * per_lat
        i = int(np.argmin(east * east + north * north))
        if math.hypot(east[i], north[i]) <= 4 * MOST_M:
            found.append((i, (float(east[i]), float(north[i]))))
    return found


def _alike(key: bytes, name: str, truth: Truth, own: Sequence[tuple[int, tuple[float, float]]]) -> tuple[int, float]:
    """How many positions are this recipient's, and how much all of them lean the way of its marks."""
    hits, total, squares = 0, 0.0, 0.0
    for i, (east, north) in own:
        x, y = mark_m(key, name, truth.ids[i], 0, int(truth.accuracy_m[i]))
        hits += math.hypot(east - x, north - y) <= TOLERANCE_M
        along = east * x + north * y
        total, squares = total + along, squares + along * along
    return hits, total / math.sqrt(squares) if squares else 0.0


def _tail(n: int, hits: int, truth: Truth, own: Sequence[tuple[int, tuple[float, float]]]) -> float:
    """How often chance alone brings about so many hits, at the most: Chernoff's bound."""
    if not n or not hits:
        return 1.0
    p = max((TOLERANCE_M / radius_m(int(truth.accuracy_m[i]))) ** 2 for i, _ in own)
    share = hits / n
    if share <= p:
        return 1.0
    rest = (1 - share) * math.log((1 - share) / (1 - p)) if share < 1 else 0.0
    return math.exp(-n * (share * math.log(share / p) + rest))
