"""Files of zones: the published types and GDAL read them, they hold zones only, and none of them releases anything."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from implicitdict import ImplicitDict
from uas_standards import eurocae_ed269, eurocae_ed318

from truceline import LAW
from truceline.desk.zonefiles import MEDIA, Wanted, zone_file
from truceline.errors import InputError
from truceline.notices import airzones, notam, uas
from truceline.notices.airzones import CONDITIONAL, PROHIBITED, AirZone, Issue, identifiers, pieces
from truceline.space import on_grid

TEXT = Path(__file__).parents[2] / "agreements" / "syria-2016" / "agreement.yaml"
SQUARE = on_grid(shapely.box(36.0, 35.0, 36.5, 35.5))
RING = on_grid(
    shapely.box(36.0, 35.0, 36.5, 35.5) - shapely.box(36.1, 35.1, 36.2, 35.2) - shapely.box(36.3, 35.3, 36.4, 35.4)
)
ISSUE = Issue("the secretariat", "SYR", "made-up", "ab" * 32, 1_473_000_000, 7)
BANNED = AirZone(
    "designated", SQUARE, PROHIBITED, ("J2", "J3"), {"en": "Area", "ar": "منطقة"}, "J2: flights of gov-air", 0, 3_000,
    1_473_000_000, 1_473_100_000,
)  # fmt: skip
OPEN = AirZone("a-zone-with-a-long-name", RING)


def file_of(form: str, *zones: str) -> Any:  # noqa: ANN401  # JSON
    """The zones of the shipped case in a form of JSON."""
    return json.loads(zone_file(TEXT, Wanted(form, zones)).data)


def test_ed269_is_read_by_its_published_type() -> None:
    """What is written is what the type holds: nothing is lost, nothing is another kind."""
    made = uas.ed269([BANNED, OPEN], ISSUE)
    read = eurocae_ed269.ED269Schema.from_dict(json.loads(json.dumps(made)))
    first, second = read.features
    assert (first.restriction, second.restriction) == (
        eurocae_ed269.Restriction.PROHIBITED,
        eurocae_ed269.Restriction.CONDITIONAL,
    )
    assert (first.geometry[0].upperLimit, first.geometry[0].uomDimensions) == (3_000, "M")
    assert first.applicability[0].permanent == "NO"
    assert second.applicability[0].permanent == "YES"
    assert len(second.geometry) > 1, "holes are cut away"


def test_ed318_is_read_by_its_published_types() -> None:
    """The collection and every geometry, each by its own type."""
    made = json.loads(json.dumps(uas.ed318([BANNED, OPEN], ISSUE)))
    for feature in made["features"]:
        kind = getattr(eurocae_ed318, feature["geometry"]["type"])
        shape = ImplicitDict.parse(feature["geometry"], kind)
        assert shapely.is_valid(shapely.geometry.shape(json.loads(json.dumps(shape))))
        feature["geometry"] = None
    read = eurocae_ed318.ED318Schema.from_dict(made)
    assert read.features[0].properties.type == eurocae_ed318.CodeZoneType.PROHIBITED
    assert read.features[0].properties.limitedApplicability[0].startDateTime is not None


@pytest.mark.parametrize("form", ["ed269", "ed318", "geojson", "notam", "gpkg"])
def test_no_file_releases_anything_and_each_carries_the_law(form: str) -> None:
    """Never `NO_RESTRICTION`, never a word that authorises; the line of the law in every one of them."""
    made = zone_file(TEXT, Wanted(form, country="SYR"))
    text = made.data.decode("utf-8", "replace").upper()
    assert "NO_RESTRICTION" not in text
    assert LAW.split(".")[0].upper() in text
    assert dict(made.left_out) == {"designated": "withheld"}
    assert set(MEDIA) >= {form}


def test_zones_lie_where_the_agreement_has_them() -> None:
    """The pieces of a file cover the zone, and nothing else, to the last digit that is written."""
    (zone,) = file_of("ed269", "dmz")["features"]
    drawn = shapely.union_all([shapely.Polygon(v["horizontalProjection"]["coordinates"][0]) for v in zone["geometry"]])
    (other,) = file_of("ed318", "dmz")["features"]
    assert shapely.symmetric_difference(drawn, shapely.geometry.shape(other["geometry"])).area < 1e-12
    assert 0 < drawn.area < 0.01


@given(st.integers(0, 6), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_cutting_holes_changes_no_area(holes: int, seed: int) -> None:
    """Pieces without holes, that do not overlap, cover exactly what the shape covers."""
    import random

    rng = random.Random(seed)
    shape: shapely.Geometry = shapely.box(0, 0, 1, 1)
    for _ in range(holes):
        x, y = rng.random() * 0.8 + 0.05, rng.random() * 0.8 + 0.05
        shape = shapely.difference(shape, shapely.box(x, y, x + 0.1, y + 0.1))
    made = pieces(on_grid(shape))
    assert all(shapely.get_num_interior_rings(one) == 0 for one in made)
    assert sum(shapely.area(one) for one in made) == pytest.approx(shapely.area(shape), abs=1e-6)
    assert shapely.symmetric_difference(shapely.union_all(made), shape).area < 1e-6


def test_short_names_are_steady_and_apart() -> None:
    """At most seven letters, the same in every file, and two zones never get one."""
    found = identifiers([BANNED, OPEN, replace(OPEN, id="dmz")])
    assert found["dmz"] == "DMZ"
    assert all(len(name) <= 7 for name in found.values())
    assert len(set(found.values())) == 3
    with pytest.raises(InputError, match="one short name"):
        identifiers([replace(OPEN, id="dmz"), replace(OPEN, id="DMZ")])


def test_a_notam_is_a_draft_from_its_first_line_to_its_last() -> None:
    """No number, no location that nobody gave, the law, and the mark twice; height and hours are rounded outward."""
    text = notam.drafts([BANNED, OPEN], ISSUE)
    first = text.split("\n\n")[0].splitlines()
    assert first[0] == first[-1] == notam.MARK
    assert "Q) XXXX/QRPCA" in text
    assert "F) SFC G) 9900FT AMSL)" in text
    assert "B) 1609041440 C) 1609051826" in text
    assert "INTERNATIONAL HUMANITARIAN LAW" in text
    assert "Q) OSTT/" in notam.drafts([BANNED], ISSUE, "OSTT")
    with pytest.raises(InputError, match="four letters"):
        notam.drafts([BANNED], ISSUE, "damascus")


@pytest.mark.parametrize(
    ("zone", "issue", "expected"),
    [
        (replace(BANNED, high_m=0), ISSUE, "ceiling is not above"),
        (replace(BANNED, restriction="NO_RESTRICTION"), ISSUE, "expected one of"),
        (replace(BANNED, end=1), ISSUE, "ends before it begins"),
        (BANNED, replace(ISSUE, country="SY"), "three letters"),
        (replace(BANNED, shape=shapely.Polygon()), ISSUE, "has no shape"),
    ],
)  # fmt: skip
def test_what_no_file_can_hold_is_refused(zone: AirZone, issue: Issue, expected: str) -> None:
    """Before a byte is written, in one line."""
    with pytest.raises(InputError, match=expected):
        airzones.check_zones([zone], issue)
    with pytest.raises(InputError):
        airzones.check_zones([], issue)


def test_what_the_types_refuse_is_never_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the published type does not read is a fault, and no file."""
    monkeypatch.setattr(uas, "REASON", "x")
    monkeypatch.setattr(uas, "_period_269", lambda _zone: {"permanent": "PERHAPS"})
    with pytest.raises(InputError, match="not a file of zones"):
        uas.ed269([BANNED], ISSUE)


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="ogrinfo is not installed (make test-deps)")
@pytest.mark.parametrize("form", ["gpkg", "geojson", "ed318"])
def test_gdal_opens_the_zones(tmp_path: Path, form: str) -> None:
    """The layer, its rows and its fields, as QGIS sees them."""
    path = tmp_path / f"zones.{'gpkg' if form == 'gpkg' else 'geojson'}"
    path.write_bytes(zone_file(TEXT, Wanted(form, country="SYR")).data)
    done = subprocess.run(["ogrinfo", "-so", "-al", str(path)], capture_output=True, text=True, check=True)
    assert "Feature Count: 9" in done.stdout
    assert ("high_m_amsl" if form != "ed318" else "identifier") in done.stdout


def test_bans_on_flights_are_prohibited_and_all_else_is_conditional(tmp_path: Path) -> None:
    """What the terms say of flights, and whose, stands in the file."""
    withheld = '{geo: "annex:designated-areas", alt_m: [0, 30000], text: withheld,'
    drawn = "{polygon: [[36, 35], [37, 35], [37, 36]], alt_m: [0, 30000],"
    text = TEXT.read_text(encoding="utf-8").replace(withheld, drawn)
    for file in TEXT.parent.iterdir():
        shutil.copy(file, tmp_path / file.name)
    (tmp_path / "agreement.yaml").write_text(text, encoding="utf-8")
    made = json.loads(zone_file(tmp_path / "agreement.yaml", Wanted("ed269", country="SYR")).data)
    found = {one["title"]: one for one in made["features"]}
    assert found["designated"]["restriction"] == PROHIBITED
    assert "R13: flights of gov-air; exceptions: R13-mercy" in found["designated"]["restrictionConditions"]
    assert found["designated"]["geometry"][0]["upperLimit"] == 30_000
    assert found["dmz"]["restriction"] == CONDITIONAL
