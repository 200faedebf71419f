"""What is there to show of one report beside its answers? The others of its incident, and where it can have been.

Everything is as finely as the reader sees it: the other reports are those that it is told of, the ground is drawn from
the region that its list has, and a zone of which no map was published is not drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from truceline.atlas import Atlas
from truceline.desk.files import bench_of
from truceline.desk.pages import SIMPLER
from truceline.desk.snapshots import Snapshot
from truceline.desk.views.texts import zones_of
from truceline.desk.views.view import SIGHTS, View
from truceline.group import Sight
from truceline.space import UNITS_PER_DEGREE, Geometry, Region, in_degrees, outline
from truceline.store.case import Case

COMPARED: Final = ("kind", "from", "until", "place", "act", "actor", "target", "weapon", "killed", "any", "supported")
"""Fields in which reports of one incident can disagree."""

MOST_REPORTS: Final = 50
MANY: Final = 400
"""Outlines of more corners are drawn simpler."""
DECIMALS: Final = 5
"""Of a degree: about a metre."""


# -- the incident ------------------------------------------------------------------------------------------------------


def incident_of(view: View, row: int) -> dict[str, Any]:
    """The reports that tell of one incident with a row, and in what they do not say the same.

    Args:
        view: what a reader sees; a report that it does not see is neither listed nor counted.
        row: of the sheet, one that is seen.

    Returns:
        `incident`: by its first report; None where the report stands alone. `reports`: all of them, itself included.
        `maybe`: ids of reports of which nobody has decided whether they tell of the same.
    """
    rows = _together(view, row)
    told = [view.plain(one) for one in rows[:MOST_REPORTS]]
    sheet = view.sheet
    pairs = [pair for pair in sheet.pairs if row in pair and all(view.listed[one] for one in pair)]
    maybe = sorted({sheet.ids[one].as_py() for pair in pairs for one in pair if one != row})
    return {
        "incident": told[0]["id"] if len(rows) > 1 else None, "reports": told, "more": max(0, len(rows) - MOST_REPORTS),
        "differ": differing(told), "maybe": maybe,
    }  # fmt: skip


def _together(view: View, row: int) -> list[int]:
    names, codes = view.sheet.coded("incident")
    code = int(codes[row])
    if not names[code]:
        return [row]
    found: list[int] = np.flatnonzero(view.listed & (codes == code)).tolist()
    return found


def differing(told: Sequence[Mapping[str, Any]]) -> list[str]:
    """The fields in which reports do not say the same."""
    return [name for name in COMPARED if any(_said(one, name) != _said(told[0], name) for one in told)]


def _said(report: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  # JSON
    """What a report says in a field; of an actor whom it names, and not in which words."""
    found = report[name]
    return (found["ids"], found["mode"]) if name in ("actor", "target") else found


# -- the ground --------------------------------------------------------------------------------------------------------


def ground_of(view: View, row: int, atlas: Atlas) -> list[dict[str, Any]]:
    """Where a report can have been, and from where it came, as GeoJSON features.

    Args:
        view: what a reader sees.
        row: of the sheet, one that is seen.
        atlas: the shapes that the reader may see.

    Returns:
        Each with `what` among its properties: `report`, `origin`; of `under` also `zone` and `land`. A geometry is null
        where there is none, or none that this reader is shown.
    """
    found = [_report_feature(view, row, atlas)]
    origin = view.origin(row)
    if origin is not None:
        shape = outline_of(origin[0], atlas) if origin[1] >= Sight.CELL else None
        found.append(_feature("origin", "origin", {"sight": SIGHTS[origin[1]]}, shape))
    return found


def under(snapshot: Snapshot, case: Case, atlas: Atlas, *, is_public: bool) -> list[dict[str, Any]]:
    """The zones of the text and the land, as GeoJSON features: the same under every report.

    Args:
        snapshot: of which state.
        case: for the files of the text.
        atlas: the shapes that the reader may see.
        is_public: only zones that were published with the text.
    """
    found = []
    for zone, shape in zones_of(snapshot, case, is_public=is_public):
        is_whole = _is_country(zone["units"], atlas)
        found.append(_feature("zone", zone["id"], {**zone, "is_country": is_whole}, shape, is_degrees=True))
    return [*found, *_lands(atlas)]


@lru_cache(maxsize=4)
def _published(data: tuple[tuple[str, bytes], ...], name: str) -> Atlas:
    files = dict(data)
    return bench_of(name, files[name], files.get, {}).atlas


def atlas_for(snapshot: Snapshot, case: Case, *, is_public: bool) -> Atlas:
    """The shapes that a reader may see: the public those that were published with the text."""
    if not is_public:
        return snapshot.atlas
    files, name = case.agreement_files(snapshot.size), str(case.text(snapshot.size).body["file"])
    return _published(tuple(sorted(files.items())), name)


def _report_feature(view: View, row: int, atlas: Atlas) -> dict[str, Any]:
    region, units = view.place(row), view.sheet.units[int(view.sheet.numbers("town")[row])]
    shape = outline_of(region, atlas)
    if shape is None and region.kind == "none":
        shape = _of_units(units, atlas)  # of what is shown to a unit alone
    rest = {
        "sight": SIGHTS[Sight(int(view.seen.level[row]))], "region": region.kind, "radius_m": region.radius_m or None,
        "units": list(units),
    }  # fmt: skip
    return _feature("report", view.sheet.ids[row].as_py(), rest, shape)


def outline_of(region: Region, atlas: Atlas) -> Geometry | None:
    """Everywhere that a region means, on the grid; None where nothing can be drawn."""
    return _of_units(region.areas, atlas) if region.kind == "area" else outline(region)


def _of_units(units: Sequence[str], atlas: Atlas) -> Geometry | None:
    codes = [atlas.gazetteer.code(one) for one in units]
    found = [atlas.shapes[code] for code in codes if code in atlas.shapes]
    return shapely.union_all(found) if found and len(found) == len(codes) else None


def _is_country(units: Sequence[str], atlas: Atlas) -> bool:
    """Whether a zone is a whole country: then its edge is that of the land."""
    return bool(units) and all(len(atlas.gazetteer.chain(one)) == 1 for one in units)


def _lands(atlas: Atlas) -> Iterator[dict[str, Any]]:
    for code, shape in sorted(atlas.basemap.items()):
        rest = {"level": 0, "is_own": False, "names": dict(atlas.names.get(code, {}))}
        yield _feature("land", code, rest, shape)
    for unit in atlas.gazetteer:
        code = atlas.gazetteer.code(unit.code)
        if unit.level <= 1 and code in atlas.shapes:
            rest = {"level": unit.level, "is_own": True, "names": dict(unit.names)}
            yield _feature("land", unit.code, rest, atlas.shapes[code])


def _feature(
    what: str, key: str, rest: Mapping[str, Any], shape: Geometry | None, *, is_degrees: bool = False
) -> dict[str, Any]:
    """A GeoJSON feature; its outline to about 200 m, for drawing and not for judging."""
    drawn = None if shape is None else shape if is_degrees else in_degrees(shape)
    if drawn is not None and what != "report" and shapely.get_num_coordinates(drawn) > MANY:
        drawn = shapely.simplify(drawn, SIMPLER / UNITS_PER_DEGREE)
    if drawn is not None:
        drawn = shapely.transform(drawn, lambda corners: np.round(corners, DECIMALS))
    geometry = None if drawn is None else msgspec.Raw(shapely.to_geojson(drawn).encode())
    return {"type": "Feature", "id": key, "properties": {"what": what, **rest}, "geometry": geometry}
