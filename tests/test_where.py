"""Counting in zones: by the point, surely, possibly; by hand on made-up zones, and on the real units where they are."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from tests.evidence.bench import ged
from truceline.desk import Wanted, count_where

ZONES = {"small": (36.55, 35.75, 36.65, 35.85), "wide": (36.0, 35.0, 37.5, 36.5), "far": (40.0, 35.0, 41.0, 36.0)}
ROWS = [  # what, and per zone small, wide, far: s surely, p possibly, . no; the first letter a capital: naive too
    ({}, "S S ."), ({"latitude": "35.849"}, "P S ."), ({"latitude": "35.86"}, "p S ."), ({"latitude": "35.9"}, ". S ."),
    ({"where_prec": "2"}, "P S ."), ({"where_prec": "2", "longitude": "37.6"}, ". p ."), ({"where_prec": "6"}, "P P p"),
    ({"where_prec": "7", "latitude": "34.9", "longitude": "35.0"}, ". . ."), ({"longitude": "40.5",
    "latitude": "35.5"}, ". . S"),
    ({"longitude": "39.99", "latitude": "35.5"}, ". . p"), ({"latitude": "95"}, "rejected"),
]  # fmt: skip


def write(path: Path, zones: dict[str, tuple[float, float, float, float]]) -> Path:
    """Boxes as GeoJSON."""
    features = []
    for key, (w, s, e, n) in zones.items():
        ring = [[w, s], [e, s], [e, n], [w, n], [w, s]]
        features.append(
            {
                "type": "Feature",
                "properties": {"id": key, "title": key.upper()},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_counts_by_hand(tmp_path: Path) -> None:
    """Each row was placed by hand; the three counts are sums of what it is in each zone."""
    evidence = tmp_path / "g.csv"
    evidence.write_bytes(b"".join(ged(*(row for row, _ in ROWS))))
    *_, found = count_where(evidence, write(tmp_path / "z.geojson", ZONES), Wanted(name_field="title"))
    for i, one in enumerate(found):
        marks = [marks.split()[i] for _, marks in ROWS if marks != "rejected"]
        expected = (sum(m.isupper() for m in marks), sum(m in "sS" for m in marks), sum(m in "pP" for m in marks))
        assert (one.name, one.naive, one.surely, one.possibly) == (list(ZONES)[i].upper(), *expected)


def test_a_larger_disc_makes_fewer_sure_and_more_possible(tmp_path: Path) -> None:
    """The less exact the places, the fewer are surely anywhere; what is possible only grows."""
    evidence, zones = tmp_path / "g.csv", write(tmp_path / "z.geojson", ZONES)
    evidence.write_bytes(b"".join(ged(*({"longitude": str(36.5 + i / 100), "latitude": "35.8"} for i in range(20)))))
    counts = [count_where(evidence, zones, Wanted(disc_m=m))[-1][0] for m in (0, 1_000, 4_000, 20_000)]
    assert len({c.naive for c in counts}) == 1
    assert all(a.surely >= b.surely for a, b in itertools.pairwise(counts))
    assert all(a.surely + a.possibly <= b.surely + b.possibly for a, b in itertools.pairwise(counts))


FIGURES = {
    "syria_admin1": {"Idleb": (444, 349, 812)},
    "syria_admin2": {"As-Salamiyeh": (215, 17, 568), "Duma": (373, 157, 787)},
}


@pytest.mark.shared
@pytest.mark.parametrize("units", FIGURES)
def test_the_units_of_the_design_come_out_within_two_in_a_hundred(data: Path, units: str) -> None:
    """UCDP events of 2016 and the OCHA units: the figures of semantics.md, by another hand."""
    wanted = Wanted(name_field="NAME_EN", since="2016-01-01", until="2017-01-01")
    *_, found = count_where(data / "ucdp" / "ged_syria_2016_2019.csv.gz", data / "admin" / f"{units}.parquet", wanted)
    for name, expected in FIGURES[units].items():
        (one,) = [c for c in found if c.name == name]
        for got, stated in zip((one.naive, one.surely, one.possibly), expected, strict=True):
            assert abs(got - stated) <= 0.02 * stated, (name, got, stated)
