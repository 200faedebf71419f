"""`truceline notify flights`, `road` and `zones`: from the command line, held against their schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from tests.desk.test_flights import ACROSS, HEAD, NOTICE, OPEN, TEXT, leg
from tests.notices.test_roads import line, written
from truceline import cli
from truceline.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "agreements" / "syria-2016" / "agreement.yaml"


def run(*args: object) -> str:
    """A command in this process; what goes wrong is raised."""
    done = CliRunner().invoke(cli.app, ["notify", *map(str, args)], catch_exceptions=False)
    return done.stdout


def answer(name: str, *args: object) -> dict[str, Any]:
    """The JSON of a command, held against its schema."""
    made: dict[str, Any] = json.loads(run(name, *args, "--json"))
    schema = ROOT / "docs" / "reference" / "json" / f"notify-{name}.schema.json"
    Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(made)
    return made


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """An agreement, two acts and a track."""
    (tmp_path / "agreement.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "actors.csv").write_text("text,ids,mode,kind,source,tag\nMERCY1,gov-air,one,exact,test,V\n")
    (tmp_path / "acts.jsonl").write_text("\n".join(map(json.dumps, (OPEN, NOTICE))), encoding="utf-8")
    (tmp_path / "tracks.csv").write_text("\n".join([HEAD, *leg("abc001", "MERCY1", lons=ACROSS)]), encoding="utf-8")
    return tmp_path


def test_flights(files: Path) -> None:
    """In numbers and in words: entries, notices, duties."""
    args = (files / "agreement.yaml", files / "acts.jsonl", "--tracks", files / "tracks.csv")
    made = answer("flights", *args)
    assert made["entries"][0]["zone"] == "designated"
    told = run("flights", *args)
    assert "positions: 61, aircraft: 1, flights: 1" in told
    assert "used" in told
    assert "not covered" in told


def test_a_track_that_is_not_there_is_refused() -> None:
    """In one line, before anything is decided."""
    with pytest.raises(InputError, match="cannot be read"):
        run("flights", SHIPPED, "--tracks", "nowhere.csv")


def test_road(tmp_path: Path) -> None:
    """Segments and deviations."""
    track = tmp_path / "t.csv"
    track.write_text("icao24,time,lat,lon,onground\n~00abc1,1474366000,35.0001,36.05,true\n", encoding="utf-8")
    made = answer("road", written(tmp_path, line(within_m=400)), track)
    assert made["segments"][0]["state"] == "used"
    assert "surely 0" in run("road", written(tmp_path, line(within_m=400)), track)


@pytest.mark.parametrize("form", ["ed269", "ed318", "notam", "gpkg", "geojson"])
def test_zones(tmp_path: Path, form: str) -> None:
    """Every form; what has no shape is named, and a NOTAM says that it is a draft."""
    out = tmp_path / "zones"
    made = answer("zones", SHIPPED, "--form", form, "--out", out, "--zone", "dmz", "--zone", "designated")
    assert made["zones"] == ["dmz"]
    assert made["left_out"] == [{"zone": "designated", "why": "withheld"}]
    assert made["is_draft"] == (form == "notam")
    assert out.stat().st_size == made["bytes"]


def test_zones_in_words(tmp_path: Path) -> None:
    """What was left out, and that a NOTAM is a draft."""
    told = run("zones", SHIPPED, "--form", "notam", "--out", tmp_path / "z", "--zone", "dmz", "--zone", "designated")
    assert "left out: `designated` was never published" in told
    assert "A draft" in told


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("--form", "shp"), "`--form`: expected one of"), (("--zone", "moon"), "no zone `moon`"),
        (("--zone", "designated"), "no zone with a shape: `designated` is withheld"),
        (("--known-at", "#3"), "needs a case"), (("--form", "notam", "--fir", "x"), "`--fir`: expected four letters"),
        (("--country", "SY"), "three letters"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_one_line(tmp_path: Path, args: tuple[str, ...], expected: str) -> None:
    """And no file is left."""
    with pytest.raises(InputError) as caught:
        run("zones", SHIPPED, "--out", tmp_path / "zones", *args)
    assert expected in str(caught.value)
    assert list(tmp_path.iterdir()) == []
