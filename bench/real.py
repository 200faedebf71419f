"""What do the answers look like on real data? Counts of four sets, judged by both engines, and their maps.

    1 reports      UCDP events in Syria, 2016, against governorates and districts
    2 fires        MODIS active fires of the Levant against ceasefire zones and the governorates of Syria
    3 aircraft     positions of the PyPI package `traffic` against cylinders and ceasefire zones
    4 zones        the ceasefire zones of Natural Earth themselves

Nothing is shown of a set whose engines differ, or whose points shapely finds elsewhere. The data lie in
`../shared/data` or `TRUCELINE_DATA`; a set that is not there is skipped by name. No figure is a time.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from bench.measure import Ask, DisagreementError, Result
from truceline.agreement.model import Zone
from truceline.assess.join import Join, Pairs
from truceline.assess.place import Placed
from truceline.assess.spots import Spots
from truceline.atlas import Atlas, read_atlas, read_features
from truceline.desk import Wanted, count_where
from truceline.desk.files import shipped
from truceline.evidence.schema import observations
from truceline.space import UNITS_PER_DEGREE, Geometry, Ints, areal, disc, outline
from truceline.span import parse_instant

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "why" / "pictures"
YEAR = ("2016-01-01", "2017-01-01")
UNIT_FILES = {"admin1.natural-earth": "name_en", "admin1.ocha": "NAME_EN", "admin2.ocha": "NAME_EN"}
"""Sets of units and the column that names a unit in each."""

FEET_M = 0.3048
POSITION_M = 200
"""How far off the position of an aircraft may be: our assumption, the samples do not say."""

ALTITUDE_M = 300
"""How far pressure altitude may be from altitude above the sea: our assumption too."""

CYLINDERS = {
    "Paris, 10 km, below 2,000 m": (2.35, 48.86, 10_000, 0, 2_000),
    "Toulouse, 15 km, below 1,000 m": (1.44, 43.60, 15_000, 0, 1_000),
    "Zurich, 20 km, below 3,000 m": (8.55, 47.45, 20_000, 0, 3_000),
    "Alps, 60 km, 10,000 to 11,000 m": (8.20, 46.80, 60_000, 10_000, 11_000),
}
"""Made up for this test: longitude, latitude, radius, floor, ceiling."""

EVERYWHERE = (-500, 30_000)
SURELY, POSSIBLY, OUTSIDE = 1, 0, -1
Shorts = NDArray[np.int32]
Values = NDArray[np.int8]


@dataclass(frozen=True)
class Rows:
    """Points or discs as columns.

    Attributes:
        lon_e7, lat_e7: `(n,)` position, 1e-7 degree.
        radius_m: `(n,)` how far off it may be.
    """

    lon_e7: Shorts
    lat_e7: Shorts
    radius_m: Shorts

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.lon_e7)


def drawing() -> ModuleType:
    """The maps; matplotlib is imported only where one is drawn."""
    return import_module("bench.real_maps")


def data() -> Path:
    """Folder of the real data."""
    return Path(os.environ.get("TRUCELINE_DATA") or ROOT.parent / "shared" / "data")


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """The four sets; `rows` takes only the first of fires and aircraft, for a trial."""
    del mode, ask
    made: dict[str, Callable[[], Result]] = {
        "reports": reports,
        "fires": partial(fires, rows),
        "aircraft": partial(aircraft, rows),
        "zones": ceasefires,
    }
    return {f"real.{name}": partial(_there, measure) for name, measure in made.items()}


def _there(measure: Callable[[], Result]) -> Result:
    """One set, or why it is skipped."""
    if not data().is_dir():
        return {"skipped": "no real data: set TRUCELINE_DATA"}
    entry = measure()
    for one in entry.get("zones", []):
        if one["naive"] or one["surely"] or one["possibly"]:
            print("  {name:<34} naive {naive:>9,}  surely {surely:>9,}  possibly {possibly:>9,}".format(**one))
    return entry


# -- 1 reports -------------------------------------------------------------------------------------------------------


def reports() -> Result:
    """UCDP events of 2016 in three sets of units: as `truceline where` counts them, with either engine."""
    evidence = data() / "ucdp" / "ged_syria_2016_2019.csv.gz"
    entry: Result = {"sets": {}}
    for name, field in UNIT_FILES.items():
        wanted = Wanted(name_field=field, since=YEAR[0], until=YEAR[1])
        found = {}
        with units(name) as file:
            for engine in ("numba", "numpy"):
                with _engine(engine):
                    read, rows, counts = count_where(evidence, file, wanted)
                found[engine] = [(c.name, c.naive, c.surely, c.possibly) for c in counts]
            content = file.read_bytes()
        if found["numba"] != found["numpy"]:
            raise DisagreementError(f"real.reports, {name}: the engines disagree")
        keys = ("name", "naive", "surely", "possibly")
        entry["sets"][name] = [dict(zip(keys, one, strict=True)) for one in found["numba"]]
        if name == "admin1.natural-earth":
            entry |= {"rows": rows, "rejected": read.rejected.num_rows, "zones": entry["sets"][name]}
            _draw_reports(read.table, content, entry)
    return entry


@contextmanager
def units(name: str) -> Iterator[Path]:
    """A file of units as a user would bring it.

    Of Natural Earth only code and English name are kept, and the zone of the observer force, which is no governorate,
    is left out: its own codes (`adm1_code`, SYR-137) are not those of a parent.
    """
    if name != "admin1.natural-earth":
        yield data() / "admin" / f"syria_{name.partition('.')[0]}.parquet"
        return
    document = msgspec.json.decode((data() / "naturalearth" / "admin1_syria.geojson").read_bytes())
    document["features"] = [f for f in document["features"] if "~" not in f["properties"]["iso_3166_2"]]
    for feature in document["features"]:
        feature["properties"] = {key: feature["properties"][key] for key in ("iso_3166_2", "name_en")}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "admin1.geojson"
        file.write_bytes(msgspec.json.encode(document))
        yield file


def _draw_reports(table: object, content: bytes, entry: Result) -> None:
    """The map of the reports; its own masks have to give the counts of the command."""
    files = shipped()
    atlas = read_atlas({"areas.geojson": files["areas.geojson"], "admin1.geojson": content}, files["units.csv"])
    codes = [str(f.properties["iso_3166_2"]) for f in read_features(content, "admin1.geojson")]
    first, last = (parse_instant(day, "UTC") for day in YEAR)
    regions = [replace(row.impact, country="") for row in observations(table) if row.start < last and first < row.end]
    placed = Placed({code: Zone(code, 0, codes=(code,)) for code in codes}, atlas)
    must, may = placed.masks(Spots.of_regions(regions), [(code,) for code in codes])
    for i, one in enumerate(entry["zones"]):
        bits = [int(((word[:, 0] >> np.uint64(i)) & np.uint64(1)).sum()) for word in (must, may & ~must)]
        if bits != [one["surely"], one["possibly"]]:
            raise DisagreementError(f"real.reports: {one['name']} has {bits}, the command says otherwise")
    at = np.array([(r.lon_e7 or 0, r.lat_e7 or 0) for r in regions], np.int32)
    shapes = [atlas.shapes[atlas.gazetteer.code(code)] for code in codes]
    rows = Rows(at[:, 0].copy(), at[:, 1].copy(), np.array([r.radius_m for r in regions], np.int32))
    located = located_by_all("real.reports", rows, shapes)
    if np.bincount(located.zone, minlength=len(codes)).tolist() != [one["naive"] for one in entry["zones"]]:
        raise DisagreementError("real.reports: the points lie elsewhere than the command says")
    judged_by_all("real.reports", rows, shapes)
    values = np.where(must.any(axis=1), SURELY, np.where(may.any(axis=1), POSSIBLY, OUTSIDE)).astype(np.int8)
    entry["in_one_governorate"] = _totals(values)
    zones = {one["name"]: shape for one, shape in zip(entry["zones"], shapes, strict=True)}
    drawing().reports(data(), PICTURES, drawing().Sight(at[:, 0], at[:, 1], values, zones, entry["zones"]))


# -- 2 fires ---------------------------------------------------------------------------------------------------------


def fires(most: int) -> Result:
    """Active fires: the disc of each is the circle about its pixel, whose size grows towards the edge of the swath."""
    table = pq.read_table(data() / "firms" / "modis_levant_2016_2022.parquet")
    lon, lat, scan, track = (
        table.column(name).to_numpy()[: most or None] for name in ("longitude", "latitude", "scan", "track")
    )
    radius = np.ceil(500.0 * np.hypot(scan, track)).astype(np.int32)
    rows = Rows(*_on_grid(lon, lat), radius)
    zones = {**_ceasefire_shapes(), **_governorates()}
    zones = {name: shape for name, shape in zones.items() if _is_near(shape, (34.0, 29.0, 50.0, 38.0))}
    located = located_by_all("real.fires", rows, list(zones.values()))
    judged = judged_by_all("real.fires", rows, list(zones.values()))
    values = _best(judged, len(rows))
    entry: Result = {
        "rows": len(rows),
        "radius_m": {"least": int(radius.min()), "median": int(np.median(radius)), "most": int(radius.max())},
        "zones": _counts(list(zones), located, judged),
        "in_one_zone": _totals(values),
        "differ_in_degrees": _differ_in_degrees(located, rows, list(zones.values())),
    }
    drawing().fires(data(), PICTURES, drawing().Sight(rows.lon_e7, rows.lat_e7, values, zones, entry["zones"], judged))
    return entry


# -- 3 aircraft ------------------------------------------------------------------------------------------------------


class _Row(msgspec.Struct):
    """One position in a sample; the other fields are not read."""

    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None


class _Table(msgspec.Struct):
    """A sample that is kept by column."""

    latitude: dict[str, float | None] = {}
    longitude: dict[str, float | None] = {}
    altitude: dict[str, float | None] = {}


def aircraft(most: int) -> Result:
    """Aircraft: the place as a disc, the altitude as a band; without an altitude nobody is surely in a cylinder."""
    if find_spec("traffic") is None:
        return {"skipped": "the package `traffic` is not installed: pip install --no-deps traffic==2.13"}
    read = _samples()
    there = read[~np.isnan(read[:, :2]).any(axis=1)][: most or None]
    rows = Rows(*_on_grid(there[:, 0], there[:, 1]), np.full(len(there), POSITION_M, np.int32))
    metres = there[:, 2] * FEET_M
    is_known = ~np.isnan(metres)
    altitude = np.clip(np.round(np.nan_to_num(metres)), -32_768, 32_767).astype(np.int16)
    zones, bands = _cylinders()
    shapes = list(zones.values())
    known = Rows(rows.lon_e7[is_known], rows.lat_e7[is_known], rows.radius_m[is_known])
    naive = located_by_all("real.aircraft", known, shapes, altitude[is_known], bands)
    judged = _with_altitude(judged_by_all("real.aircraft", rows, shapes), altitude, is_known, bands)
    values = _best(judged, len(rows))
    entry: Result = {
        "rows": len(read),
        "with_a_position": len(rows),
        "without_altitude": int((~is_known).sum()),
        "above_32767_m": int((metres > 32_767).sum()),
        "zones": _counts(list(zones), naive, judged),
        "in_one_zone": _totals(values),
    }
    sight = drawing().Sight(rows.lon_e7, rows.lat_e7, values, zones, entry["zones"], judged)
    drawing().aircraft(PICTURES, sight, list(CYLINDERS))
    return entry


def _samples() -> NDArray[np.float64]:
    """`(n, 3)` longitude, latitude, altitude in feet of every sample that has positions; NaN where one is missing."""
    spec = find_spec("traffic")
    folder = Path(str(spec.origin)).parent / "data" / "samples" if spec else Path()
    decoder = msgspec.json.Decoder(list[_Row] | _Table)
    parts = []
    for file in sorted(folder.rglob("*.json.gz")):
        found = decoder.decode(gzip.decompress(file.read_bytes()))
        if isinstance(found, _Table):
            columns: Sequence[Sequence[float | None]] = [
                list(column.values()) for column in (found.longitude, found.latitude, found.altitude)
            ]
            columns = columns if columns[0] else [[], [], []]  # a sample of fuel flow has no positions
        else:
            columns = [[r.longitude for r in found], [r.latitude for r in found], [r.altitude for r in found]]
        parts.append(np.array(columns, dtype=np.float64).T)
    return np.vstack(parts)


def _cylinders() -> tuple[dict[str, Geometry], Ints]:
    """The cylinders and the ceasefire zones, and the altitudes of each."""
    zones: dict[str, Geometry] = {}
    bands = []
    for name, (lon, lat, radius, low, high) in CYLINDERS.items():
        zones[name] = areal(outline(disc(lon, lat, radius)))
        bands.append((low, high))
    zones |= _ceasefire_shapes()
    bands += [EVERYWHERE] * (len(zones) - len(bands))
    return zones, np.array(bands, np.int64)


def _with_altitude(pairs: Pairs, altitude: NDArray[np.int16], is_known: NDArray[np.bool_], bands: Ints) -> Pairs:
    """Pairs on the ground with the altitude in: surely only well within the band, gone where well outside it."""
    low, high = bands[pairs.zone].T
    here = altitude[pairs.row].astype(np.int64)
    known = is_known[pairs.row]
    stays = ~known | ((here >= low - ALTITUDE_M) & (here <= high + ALTITUDE_M))
    floor = np.where(low <= 0, low, low + ALTITUDE_M)  # nobody flies below the ground
    inside = known & (here >= floor) & (here <= high - ALTITUDE_M)
    value = np.where(inside, pairs.value, 0).astype(np.int8)
    return Pairs(pairs.row[stays], pairs.zone[stays], value[stays])


# -- 4 zones ---------------------------------------------------------------------------------------------------------


def ceasefires() -> Result:
    """The ceasefire zones through the reader of areas: vertices and area of each, drawn with its name."""
    shapes = _ceasefire_shapes()
    drawing().ceasefires(data(), PICTURES, shapes)
    sizes = {name: len(shapely.get_coordinates(shape)) for name, shape in shapes.items()}
    return {"accepted": len(shapes), "refused": 0, "vertices": sizes}


def _ceasefire_shapes() -> dict[str, Geometry]:
    """The zones by name, as `read_atlas` takes them; the file has no ids, so they get their names."""
    file = data() / "naturalearth" / "ceasefire_zones.geojson"
    document = msgspec.json.decode(file.read_bytes())
    for feature in document["features"]:
        feature["properties"] = {"id": feature["properties"]["BRK_NAME"]}
    return dict(read_atlas({file.name: msgspec.json.encode(document)}).shapes)


def _governorates() -> dict[str, Geometry]:
    """The first-order units of Syria by English name; the zone of the observer force among them is left out."""
    file = data() / "naturalearth" / "admin1_syria.geojson"
    atlas: Atlas = read_atlas({file.name: file.read_bytes()})
    return {f"Syria: {atlas.names[code]['en']}": shape for code, shape in atlas.shapes.items() if "~" not in code}


# -- what every set is asked -----------------------------------------------------------------------------------------


def located_by_all(
    what: str,
    rows: Rows,
    shapes: Sequence[Geometry],
    altitude: NDArray[np.int16] | None = None,
    bands: Ints | None = None,
) -> Pairs:
    """The points in the zones, by both engines and by shapely alone.

    Raises:
        DisagreementError: one of the three found other pairs.
    """
    found = {
        engine: Join(shapes, bands, rows=len(rows), engine=engine).locate(rows.lon_e7, rows.lat_e7, altitude)
        for engine in ("numba", "numpy")
    }
    found["shapely"] = _located_by_shapely(rows, shapes, altitude, bands)
    return _one_answer(f"{what}, points", found)


def judged_by_all(what: str, rows: Rows, shapes: Sequence[Geometry]) -> Pairs:
    """The discs and the zones, by both engines.

    Raises:
        DisagreementError: they found other pairs.
    """
    found = {
        engine: Join(shapes, rows=len(rows), engine=engine).judge(rows.lon_e7, rows.lat_e7, rows.radius_m)
        for engine in ("numba", "numpy")
    }
    return _one_answer(f"{what}, discs", found)


def _one_answer(what: str, found: Mapping[str, Pairs]) -> Pairs:
    first = next(iter(found.values()))
    for name, other in found.items():
        if not all(np.array_equal(a, b) for a, b in zip(_arrays(first), _arrays(other), strict=True)):
            raise DisagreementError(f"{what}: {name} found {len(other):,} pairs, not the {len(first):,} of the first")
    return first


def _arrays(pairs: Pairs) -> list[NDArray[Any]]:
    return list(pairs.arrays)


def _located_by_shapely(
    rows: Rows, shapes: Sequence[Geometry], altitude: NDArray[np.int16] | None, bands: Ints | None
) -> Pairs:
    """Every point against every zone, zone by zone, on whole numbers."""
    x, y = rows.lon_e7.astype(float), rows.lat_e7.astype(float)
    parts = []
    for zone, shape in enumerate(shapes):
        shapely.prepare(shape)
        meets = shapely.intersects_xy(shape, x, y)
        if altitude is not None and bands is not None:
            meets &= (altitude >= bands[zone, 0]) & (altitude <= bands[zone, 1])
        row = np.flatnonzero(meets)
        inside = shapely.contains_xy(shape, x[row], y[row]).astype(np.int8)
        parts.append((row, np.full(len(row), zone, np.int32), inside))
    row, of_zone, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort([of_zone, row])
    return Pairs(row[order], of_zone[order], value[order])


def _differ_in_degrees(pairs: Pairs, rows: Rows, shapes: Sequence[Geometry]) -> int:
    """How many answers of shapely in degrees, as most people ask it, are not those on whole numbers."""
    differ = 0
    x, y = rows.lon_e7 / UNITS_PER_DEGREE, rows.lat_e7 / UNITS_PER_DEGREE
    for zone, shape in enumerate(shapes):
        ours = np.zeros(len(rows), bool)
        ours[pairs.row[pairs.zone == zone]] = True
        plain = shapely.transform(shape, lambda xy: xy / UNITS_PER_DEGREE)
        shapely.prepare(plain)
        differ += int((shapely.intersects_xy(plain, x, y) != ours).sum())
    return differ


def _counts(names: Sequence[str], naive: Pairs, judged: Pairs) -> list[dict[str, object]]:
    """The three counts of each zone."""
    n = len(names)
    by_point = np.bincount(naive.zone, minlength=n)
    surely = np.bincount(judged.zone[judged.value > 0], minlength=n)
    possibly = np.bincount(judged.zone[judged.value == 0], minlength=n)
    return [
        {"name": name, "naive": int(by_point[i]), "surely": int(surely[i]), "possibly": int(possibly[i])}
        for i, name in enumerate(names)
    ]


def _best(pairs: Pairs, n: int) -> Values:
    """`(n,)` +1 surely in some zone, 0 possibly, -1 in none."""
    values = np.full(n, OUTSIDE, np.int8)
    np.maximum.at(values, pairs.row, pairs.value)
    return values


def _totals(values: Values) -> dict[str, int]:
    named = {"surely": SURELY, "possibly": POSSIBLY, "outside": OUTSIDE}
    return {name: int((values == value).sum()) for name, value in named.items()}


def _on_grid(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[Shorts, Shorts]:
    return np.round(lon * UNITS_PER_DEGREE).astype(np.int32), np.round(lat * UNITS_PER_DEGREE).astype(np.int32)


def _is_near(shape: Geometry, box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = (edge * UNITS_PER_DEGREE for edge in box)
    return bool(shapely.intersects(shape, shapely.box(west, south, east, north)))


@contextmanager
def _engine(name: str) -> Iterator[None]:
    """Ask for an engine by the environment, as a user does."""
    before = os.environ.get("TRUCELINE_ENGINE")
    os.environ["TRUCELINE_ENGINE"] = name
    try:
        yield
    finally:
        os.environ.pop("TRUCELINE_ENGINE")
        if before is not None:
            os.environ["TRUCELINE_ENGINE"] = before
