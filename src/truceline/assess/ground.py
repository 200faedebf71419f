"""What does a zone, or a union of several, cover? Units of the gazetteer, drawn shapes, and the clusters they make.

Zones that touch or overlap are united before judging, in whole numbers of 1e-7 degree, and only with those that they
touch: a cluster is the same whatever lies elsewhere, so that moving one zone changes nothing far away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from truceline.space import Geometry, areal

Parts = np.ndarray[tuple[int], np.dtype[np.object_]]


@dataclass(frozen=True)
class Ground:
    """The place of a zone, or of the union of several.

    Attributes:
        codes: units of the gazetteer among its parts.
        clusters: polygons on the grid that do not touch one another, in a fixed order; none = no part has a shape.
        drawn: the same for the parts that are no units.
        is_withheld: a part was never published.
        is_missing: a part is in no file of areas.
    """

    codes: tuple[str, ...]
    clusters: tuple[Geometry, ...] = ()
    drawn: tuple[Geometry, ...] = ()
    is_withheld: bool = False
    is_missing: bool = False

    @property
    def shape(self) -> Geometry | None:
        """All clusters as one shape; None = there are none."""
        return whole_of(self.clusters)

    @property
    def is_open(self) -> bool:
        """Whether a *no* is never sure: a part is withheld, or in no file."""
        return self.is_withheld or self.is_missing


def whole_of(clusters: Sequence[Geometry]) -> Geometry | None:
    """Polygons that do not touch, as one shape."""
    if len(clusters) <= 1:
        return clusters[0] if clusters else None
    return shapely.MultiPolygon([part for cluster in clusters for part in shapely.get_parts(cluster)])


def drawn(shape: Geometry | None) -> Ground:
    """The ground of a drawn shape; None = it is in no file."""
    clusters = () if shape is None else clusters_of([shape])
    return Ground((), clusters, clusters, is_missing=shape is None)


def united(grounds: Sequence[Ground]) -> Ground:
    """The ground of several together."""
    if len(grounds) == 1:
        return grounds[0]
    return Ground(
        codes=tuple(code for ground in grounds for code in ground.codes),
        clusters=clusters_of(cluster for ground in grounds for cluster in ground.clusters),
        drawn=clusters_of(cluster for ground in grounds for cluster in ground.drawn),
        is_withheld=any(ground.is_withheld for ground in grounds),
        is_missing=any(ground.is_missing for ground in grounds),
    )


def clusters_of(shapes: Iterable[Geometry]) -> tuple[Geometry, ...]:
    """Unite the polygons that touch or overlap; each cluster depends on its own polygons alone, in any order."""
    parts = _parts_of(shapes)
    if len(parts) == 0:
        return ()
    cluster = _connected(len(parts), shapely.STRtree(parts).query(parts, predicate="intersects"))
    numbers = dict.fromkeys(cluster.tolist())
    return tuple(made for number in numbers for made in _united(parts[cluster == number]))


def _parts_of(shapes: Iterable[Geometry]) -> Parts:
    """All polygons of some shapes, in an order that does not depend on that of the shapes."""
    parts = np.array([part for shape in shapes for part in shapely.get_parts(areal(shape))], dtype=object)
    if len(parts) < 2:
        return parts
    return parts[np.argsort(np.array(shapely.to_wkb(shapely.normalize(parts)), dtype=object))]


def _united(members: Parts) -> list[Geometry]:
    """The cluster that some polygons make."""
    return [members[0]] if len(members) == 1 else _melted(members)


def _melted(members: Parts) -> list[Geometry]:
    """The union on the grid; parts that touch in a point stay together."""
    whole = areal(shapely.union_all(members, grid_size=1.0))
    return [] if shapely.is_empty(whole) else [whole]


def _connected(n: int, pairs: Any) -> np.ndarray[tuple[int], np.dtype[np.int64]]:  # noqa: ANN401  # what a tree gives
    """The least member of the cluster of each of `n` things."""
    least = np.arange(n)
    a, b = (np.asarray(end, np.int64) for end in pairs)
    while True:
        lower = least.copy()
        np.minimum.at(lower, a, least[b])
        lower = lower[lower]
        if np.array_equal(lower, least):
            return least
        least = lower


class Neighbours:
    """The polygons of a layer but for one zone, ready for that zone to be put anywhere among them."""

    def __init__(self, shapes: Iterable[Geometry]) -> None:
        """Cluster them once."""
        self._parts = _parts_of(shapes)
        self._tree = shapely.STRtree(self._parts)
        pairs = self._tree.query(self._parts, predicate="intersects") if len(self._parts) else ((), ())
        self._cluster = _connected(len(self._parts), pairs)
        numbers = dict.fromkeys(self._cluster.tolist())
        self.clusters = {n: _united(self._parts[self._cluster == n]) for n in numbers}
        self._keys = {id(one): shapely.to_wkb(one) for found in self.clusters.values() for one in found}

    def key_of(self, cluster: Geometry) -> bytes:
        """What tells one of the clusters from every other shape: its bytes."""
        return self._keys[id(cluster)]

    def joined_by(self, shape: Geometry) -> tuple[list[Geometry], list[Geometry]]:
        """The clusters that stay as they are, and those that a shape makes of itself and of what it touches.

        Together they are `clusters_of` the neighbours and the shape.
        """
        parts = shapely.get_parts(areal(shape))
        near = self._tree.query(parts, predicate="intersects")[1] if len(self._parts) else np.zeros(0, np.int64)
        taken = set(self._cluster[near].tolist())
        stays = [cluster for n, found in self.clusters.items() if n not in taken for cluster in found]
        members = [part for n in taken for part in self._parts[self._cluster == n]]
        return stays, list(clusters_of([*parts, *members]))
