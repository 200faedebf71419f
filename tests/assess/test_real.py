"""Real data, where they are: both engines and shapely find the same, and the counts of the docs come out."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely

from bench import real
from bench.measure import DisagreementError
from truceline.assess.join import Join, Pairs
from truceline.atlas import read_atlas
from truceline.desk import Wanted, count_where
from truceline.desk.files import shipped
from truceline.space import Geometry
from truceline.verdict import NO

pytestmark = pytest.mark.shared
FEW = 20_000
GOVERNORATES = {"Aleppo": (1_964, 1_598, 707), "Idlib": (443, 360, 798), "Latakia": (251, 44, 539)}
DISTRICTS = {"As-Salamiyeh": (215, 17, 568), "Duma": (373, 157, 787)}
ZONES = {
    "Abkhazia", "Abyei", "Crimea", "Cyprus U.N. Buffer Zone", "Donbass", "Gaza", "Golan Heights",
    "Korean Demilitarized Zone (north)", "Korean Demilitarized Zone (south)", "N. Cyprus", "Nagorno-Karabakh",
    "Shebaa Farms", "South Ossetia", "Transnistria", "UNDOF Zone", "West Bank",
}  # fmt: skip


@pytest.fixture(autouse=True)
def here(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark and the tests look in one folder."""
    monkeypatch.setattr(real, "data", lambda: data)


def fires(data: Path) -> real.Rows:
    """Every sixteenth fire with the half diagonal of its pixel."""
    table = pq.read_table(data / "firms" / "modis_levant_2016_2022.parquet")
    lon, lat, scan, track = (table.column(c).to_numpy()[::16] for c in ("longitude", "latitude", "scan", "track"))
    return real.Rows(*real._on_grid(lon, lat), np.ceil(500 * np.hypot(scan, track)).astype(np.int32))


def about_syria() -> list[Geometry]:
    """Ceasefire zones and governorates; they overlap."""
    return [*real._ceasefire_shapes().values(), *real._governorates().values()]


def keys(pairs: Pairs) -> set[tuple[int, int]]:
    """Rows and zones."""
    return set(zip(pairs.row.tolist(), pairs.zone.tolist(), strict=True))


@pytest.mark.parametrize("name", ["admin1.natural-earth", pytest.param("admin2.ocha", marks=pytest.mark.long)])
def test_reports_of_2016_are_counted_as_the_docs_say(name: str, data: Path) -> None:
    """The same by either engine, to the last report."""
    wanted = Wanted(name_field=real.UNIT_FILES[name], since=real.YEAR[0], until=real.YEAR[1])
    expected = GOVERNORATES if name == "admin1.natural-earth" else DISTRICTS
    for engine in ("numpy", "numba"):
        with real._engine(engine), real.units(name) as file:
            _, rows, found = count_where(data / "ucdp" / "ged_syria_2016_2019.csv.gz", file, wanted)
        assert rows == 6_170
        counts = {c.name: (c.naive, c.surely, c.possibly) for c in found}
        assert {key: counts[key] for key in expected} == expected


def test_governorates_of_natural_earth_are_told_apart_by_code(data: Path) -> None:
    """*Somewhere in Aleppo* is not *possibly in Idlib*, although the two share a border."""
    file = data / "naturalearth" / "admin1_syria.geojson"
    atlas = read_atlas({"areas.geojson": shipped()["areas.geojson"], file.name: file.read_bytes()})
    assert atlas.gazetteer.compare("SY-HL", "SY-ID") == NO


def test_fires_are_where_both_engines_and_shapely_say(data: Path) -> None:
    """What is surely within is there by its point too, and a point within is never surely outside."""
    rows, shapes = fires(data), about_syria()
    points = real.located_by_all("fires", rows, shapes)
    discs = real.judged_by_all("fires", rows, shapes)
    sure = discs.take(np.flatnonzero(discs.value > 0))
    assert len(sure) > 500
    assert keys(sure) <= keys(points) <= keys(discs)
    assert len(keys(points) - keys(sure)) > 20


def test_an_engine_that_overlooks_a_fire_is_caught(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the agreement above would say nothing."""
    honest: Callable[..., Pairs] = Join.locate

    def blind(join: Join, *columns: object) -> Pairs:
        found = honest(join, *columns)
        return found if join.is_compiled else found.take(slice(1, None))

    monkeypatch.setattr(Join, "locate", blind)
    with pytest.raises(DisagreementError, match="numpy found"):
        real.located_by_all("fires", fires(data), about_syria())


def test_every_ceasefire_zone_is_taken_and_none_loses_area() -> None:
    """Sixteen zones, known by their names; the grid moves no edge by more than a centimetre."""
    shapes = real._ceasefire_shapes()
    assert set(shapes) == ZONES
    assert all(shapely.is_valid(shape) and shapely.area(shape) > 1e11 for shape in shapes.values())


@pytest.mark.skipif(
    find_spec("traffic") is None, reason="the package `traffic` is not installed: bench/requirements-data.txt"
)
def test_aircraft_are_where_both_engines_and_shapely_say() -> None:
    """All 930,932 rows; no altitude is no sure answer."""
    read = real._samples()
    assert len(read) == 930_932
    there = read[~np.isnan(read[:, :2]).any(axis=1)][::40]
    lon, lat = real._on_grid(there[:, 0], there[:, 1])
    rows = real.Rows(lon, lat, np.full(len(lon), real.POSITION_M, np.int32))
    zones, bands = real._cylinders()
    metres = there[:, 2] * real.FEET_M
    altitude = np.clip(np.round(np.nan_to_num(metres)), -32_768, 32_767).astype(np.int16)
    real.located_by_all("aircraft", rows, list(zones.values()), altitude, bands)
    judged = real._with_altitude(
        real.judged_by_all("aircraft", rows, list(zones.values())), altitude, ~np.isnan(metres), bands
    )
    unknown = np.isnan(metres)[judged.row]
    assert unknown.any()
    assert not judged.value[unknown].any()
