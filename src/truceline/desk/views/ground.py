"""What lies under a map on a screen? Land, units, borders and towns about the case, as our own files draw them.

The outlines are those of the text's own files; around them lies land without borders or names (Natural Earth), so that
a coast is told from the edge of what is known. A border that is in dispute is marked as such, whoever draws it how:
`DISPUTED` names the pairs. Names are given in every language that somebody gave them in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from truceline.atlas import Atlas
from truceline.desk.naming import LANGUAGES, name_in
from truceline.desk.snapshots import Snapshot
from truceline.desk.views.texts import grounds_of
from truceline.evidence.names import Names, Place
from truceline.space import UNITS_PER_DEGREE, Geometry
from truceline.store.case import Case

_PAIRS: Final = (
    "AM-AZ CN-IN CN-PK CY-XN DJ-ER DZ-EH EG-PS EG-SD EH-MA EH-MR ER-ET ET-SO GE-RU IL-LB IL-PS IL-SY IN-PK JO-PS KE-SS "
    "KP-KR MD-RU RS-XK RU-UA SD-SS"
)
DISPUTED: Final = frozenset(frozenset(pair.split("-")) for pair in _PAIRS.split())
"""Pairs of codes between which a border is drawn dashed: one of the two, or the United Nations, does not hold it for
settled. A pair says nothing on whose claim is right."""

TOWN_PEOPLE: Final = 20_000
MOST_TOWNS: Final = 160
AROUND: Final = 12.0
"""Degrees of land that are drawn about the window of the case."""

NEAR: Final = 0.08
"""Degrees within which two outlines are of one border: they come from sources of different scale."""

SEAM: Final = 1e-3


def ground(snapshot: Snapshot, case: Case, *, is_public: bool, world: bytes | None) -> dict[str, Any]:
    """The ground as GeoJSON, each feature with its `role`.

    Args:
        snapshot: of which text.
        case: for its files.
        is_public: only what was published with the text.
        world: land of the world as GeoJSON; None = it is not at hand, and no land is drawn around.

    Returns:
        `role` is `far` (land around), `window` (what the files hold), `land` (a neighbour), `country`, `unit`,
        `border` (between countries, `disputed` true or false), `edge` (between units), `line` (of the text), `town`, or
        `country-name` and `unit-name`, which are points within them.
    """
    atlas = grounds_of(snapshot, case, is_public=is_public)
    own, around = _countries(atlas), {code: _degrees(shape) for code, shape in atlas.basemap.items()}
    whole = [*own.values(), *around.values()]
    features: list[dict[str, Any]] = []
    if whole:
        window = shapely.box(*shapely.total_bounds(whole if around else [shapely.buffer(one, 2) for one in whole]))
        features += _far(world, window, has_own=bool(around))
        features += _seam(own, around)
        features += [_feature("land", shape, code=code) for code, shape in around.items()]
        features += [_feature("country", shape, code=code) for code, shape in own.items()]
        features += _units(atlas)
        features += [_name("country-name", shape, _names(atlas, code)) for code, shape in {**around, **own}.items()]
        features += _borders(own, around, window)
    features += [
        _feature("line", shapely.LineString(line), code=code, names=_names(atlas, code))
        for code, line in atlas.lines.items()
    ]
    finder: Any = snapshot.bench_of("public" if is_public else "secretariat").finder
    return {"type": "FeatureCollection", "features": [*features, *_towns(finder.names)]}


def _countries(atlas: Atlas) -> dict[str, Geometry]:
    """The countries of the case: their outlines, or those of their units together."""
    found: dict[str, Geometry] = {}
    parts: dict[str, list[Geometry]] = {}
    for unit in atlas.gazetteer:
        code = atlas.gazetteer.code(unit.code)
        if code in atlas.basemap or code not in atlas.shapes:
            continue
        if unit.level == 0:
            found[code] = _degrees(atlas.shapes[code])
        elif unit.level == 1:
            parts.setdefault(atlas.gazetteer.chain(code)[-1], []).append(_degrees(atlas.shapes[code]))
    joined = {code: shapely.union_all(shapes) for code, shapes in parts.items() if code not in found}
    return {code: shape for code, shape in {**joined, **found}.items() if code not in atlas.basemap}


def _seam(own: Mapping[str, Geometry], around: Mapping[str, Geometry]) -> Iterator[dict[str, Any]]:
    """Land between outlines of different scale that should meet: a gap between them is no water."""
    if own and around:
        ours, theirs = (shapely.buffer(shapely.union_all(list(one.values())), NEAR) for one in (own, around))
        yield _feature("land", shapely.intersection(ours, theirs), code="")


def _units(atlas: Atlas) -> Iterator[dict[str, Any]]:
    shapes = []
    for unit in atlas.gazetteer:
        code = atlas.gazetteer.code(unit.code)
        if unit.level == 1 and code in atlas.shapes:
            shapes.append(_degrees(atlas.shapes[code]))
            yield _feature("unit", shapes[-1], code=unit.code)
            yield _name("unit-name", shapes[-1], _names(atlas, code))
    if shapes:
        yield _feature("edge", shapely.line_merge(shapely.union_all(shapely.boundary(shapes))))


def _borders(own: Mapping[str, Geometry], around: Mapping[str, Geometry], window: Geometry) -> Iterator[dict[str, Any]]:
    """Where two countries meet; never a coast, nor the edge of the window. Of two outlines the finer one is drawn."""
    frame = shapely.buffer(shapely.boundary(window), SEAM)
    shapes = {**around, **own}
    taken: list[Geometry] = []
    for at, one in enumerate(codes := [*own, *around]):
        line = shapely.difference(shapely.boundary(shapes[one]), frame)
        reach = NEAR if one in own else SEAM
        for other in codes[at + 1 :]:
            shared = shapely.intersection(line, shapely.buffer(shapes[other], reach))
            shared = shapely.difference(shared, shapely.union_all(taken)) if taken else shared
            if shapely.length(shared) < 5 * SEAM:
                continue
            yield _feature("border", _lines(shared), disputed=frozenset((one, other)) in DISPUTED)
            taken.append(shapely.buffer(shared, reach))


def _lines(shape: Geometry) -> Geometry:
    lines = [one for one in shapely.get_parts(shape) if one.geom_type in {"LineString", "LinearRing"}]
    return shapely.line_merge(shapely.MultiLineString([shapely.get_coordinates(one) for one in lines]))


def _far(world: bytes | None, window: Geometry, *, has_own: bool) -> Iterator[dict[str, Any]]:
    if world is not None:
        west, south, east, north = shapely.total_bounds(window).tolist()
        seen = (
            max(-180.0, west - AROUND),
            max(-85.0, south - AROUND),
            min(180.0, east + AROUND),
            min(85.0, north + AROUND),
        )
        land = shapely.clip_by_rect(_world(world), *seen)
        if not land.is_empty:
            yield _feature("far", land - window if has_own else land)
    if has_own:
        yield _feature("window", window)


@lru_cache(maxsize=1)
def _world(data: bytes) -> Geometry:
    return shapely.make_valid(shapely.from_geojson(data))


def _towns(names: Names) -> Iterator[dict[str, Any]]:
    """The larger towns, the largest first: what a reader finds the way by. None of them is a place of a report."""
    large = [one for one in names.places.values() if one.population >= TOWN_PEOPLE and not one.is_unit]
    for rank, one in enumerate(sorted(large, key=lambda one: (-one.population, one.id))[:MOST_TOWNS]):
        yield {
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [one.lon_deg, one.lat_deg]},
            "properties": {"role": "town", "rank": rank, "names": _spelt(one, names)},
        }  # fmt: skip


def _spelt(one: Place, names: Names) -> dict[str, str]:
    return {lang: name_in(one, names, lang) for lang in LANGUAGES}


def _name(role: str, shape: Geometry, names: Mapping[str, str]) -> dict[str, Any]:
    """A name at the middle of the largest part of a shape."""
    largest = max(shapely.get_parts(shape), key=shapely.area)
    middle = shapely.centroid(largest)
    return _feature(
        role, middle if shapely.contains(largest, middle) else shapely.point_on_surface(largest), names=names
    )


def _names(atlas: Atlas, code: str) -> dict[str, str]:
    return {"en": code, **(atlas.names.get(code) or {})}


def _degrees(shape: Geometry) -> Geometry:
    return shapely.transform(shape, lambda at: np.round(at / UNITS_PER_DEGREE, 5))


def _feature(role: str, shape: Geometry, **properties: Any) -> dict[str, Any]:  # noqa: ANN401  # as GeoJSON has them
    geometry = msgspec.Raw(shapely.to_geojson(shapely.set_precision(shape, 1e-4, mode="pointwise")).encode())
    return {"type": "Feature", "geometry": geometry, "properties": {"role": role, **properties}}
