"""The picture of a what-if as a file: of the said size, of what is supposed, whole or not at all."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely

from truceline import desk
from truceline.assess.replay import Change
from truceline.cli import app
from truceline.desk import pages, whatif
from truceline.desk.runs import Outcome, judge_case
from truceline.errors import InputError, StoreError
from truceline.report.supposed import HIGH, WIDE
from truceline.store.folder import CaseFolder

SIDES = ((36.9, 36.0, 37.4, 36.4), (36.9, 36.0, 37.4, 36.5))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> CaseFolder:
    """The shipped case."""
    made = desk.demo_case(tmp_path_factory.mktemp("what-if") / "case")
    desk.add_shipped_reports(made)
    return made


@pytest.fixture(scope="module", autouse=True)
def judged_once() -> Iterator[None]:
    """As it is, the case is judged once; what is supposed of it is judged anew each time."""
    kept: dict[str, Outcome] = {}

    def once(case: CaseFolder, asked: desk.Asked, **more: Any) -> Outcome:  # noqa: ANN401  # those of `judge_case`
        key = repr((case.where, asked))
        if key not in kept:
            kept[key] = judge_case(case, asked, **more)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whatif, "judge_case", once)
        yield


def box(path: Path, number: int = 0) -> Path:
    """A box as a file."""
    shape = json.loads(shapely.to_geojson(shapely.box(*SIDES[number])))
    path.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": shape}))
    return path


def asked(case: CaseFolder, supposed: desk.Supposed) -> tuple[Outcome, Change]:
    """The answer that is drawn."""
    return desk.what_if(case, supposed, desk.Asked())


def written(case: CaseFolder, supposed: desk.Supposed, path: Path, lang: str = "en") -> bytes:
    """The picture, as bytes."""
    outcome, change = asked(case, supposed)
    size = pages.write_what_if(outcome, change, path, zone=supposed.zone, asked=supposed.asked, lang=lang)
    data = path.read_bytes()
    assert size == len(data)
    return data


@pytest.mark.long
@pytest.mark.chromium
def test_the_picture_is_a_png_of_the_said_size_and_changes_with_the_zone(case: CaseFolder, tmp_path: Path) -> None:
    """Twice the size of its page, so that it prints well."""
    one, other = (
        written(case, desk.Supposed("syria", box(tmp_path / "box.geojson", i)), tmp_path / f"{i}.png") for i in (0, 1)
    )
    assert one[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", one[16:24]) == (pages.PAINTED * WIDE, pages.PAINTED * HIGH)
    assert one != other


@pytest.mark.chromium
def test_the_command_writes_the_picture_and_says_where(case: CaseFolder, tmp_path: Path) -> None:
    """Beside the JSON of its answer it is told on standard error, so that scripts read on."""
    from typer.testing import CliRunner

    path = tmp_path / "a.png"
    args = ["what-if", str(case.path), "--zone", "syria", "--ceiling-m", "3000", "--picture", str(path), "--json"]
    done = CliRunner().invoke(app, args)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["supposed"]["ceiling_m"] == 3000
    assert done.stderr.strip() == f"Picture: {path}"
    assert path.read_bytes()[:4] == b"\x89PNG"


def test_without_a_browser_the_picture_is_a_page(
    case: CaseFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PNG needs Chromium; where there is none the refusal says what to ask for instead."""
    monkeypatch.setattr(pages, "browser", lambda: None)
    with pytest.raises(InputError, match=r"expected a name that ends in .html, got `a.png`"):
        pages.check_picture(tmp_path / "a.png", "en")
    data = written(case, desk.Supposed("syria", box(tmp_path / "b.geojson")), tmp_path / "a.html", "ar").decode()
    assert '<html lang="ar" dir="rtl">' in data
    assert 'class="was"' in data and 'class="supposed"' in data
    assert "truceline what-if --zone syria --geometry b.geojson" in data


@pytest.mark.parametrize(
    ("name", "lang", "message"),
    [
        ("a.jpg", "en", r"`--picture`: expected a name that ends in .png or .html, got `a.jpg`"),
        ("a.html", "de", "`--lang`: expected one of en, ar, ru, got `de`"),
    ],
)
def test_a_picture_that_cannot_be_is_refused_before_anything_is_judged(name: str, lang: str, message: str) -> None:
    """Nobody waits for an answer that cannot be written."""
    with pytest.raises(InputError, match=message):
        pages.check_picture(Path(name), lang)


def test_only_a_time_or_a_ceiling_leaves_one_outline(case: CaseFolder) -> None:
    """The outline is compared as it is drawn, and is the same to the last digit."""
    supposed = desk.Supposed("dmz", None, "2016-09-01", "", 3000)
    outcome, change = asked(case, supposed)
    picture = pages.what_if_picture(outcome, change, "dmz", supposed.asked)
    assert picture.supposed == picture.zone.polygons != ()
    assert supposed.asked == "truceline what-if --zone dmz --zone-from 2016-09-01 --ceiling-m 3000"


def test_the_picture_holds_no_outline_that_a_page_of_the_case_does_not_draw(case: CaseFolder, tmp_path: Path) -> None:
    """A zone that was never published stays out of it; what is supposed in its place is the asker's own."""
    outcome, change = asked(case, desk.Supposed("designated", box(tmp_path / "b.geojson")))
    picture = pages.what_if_picture(outcome, change, "designated", "")
    assert (picture.zone.polygons, picture.zone.is_withheld) == ((), True)
    assert picture.supposed
    drawn = pages.picture_of(outcome, reader="secretariat", cut_off="").zones
    assert picture.others == tuple(zone for zone in drawn if zone.id != "designated")


def test_totals_of_the_picture_are_those_of_the_answer(case: CaseFolder, tmp_path: Path) -> None:
    """Two numbers for one question would be one too many."""
    supposed = desk.Supposed("syria", box(tmp_path / "b.geojson"))
    outcome, change = asked(case, supposed)
    picture = pages.what_if_picture(outcome, change, "syria", supposed.asked)
    answer = desk.what_if_answer(outcome, supposed, change)["any"]
    assert picture.any.surely == tuple(answer["surely"].values())
    for name in ("surely", "possibly"):
        assert [sum(getattr(month, name)[i] for month in picture.months) for i in (0, 1)] == list(answer[name].values())


def test_a_browser_that_paints_nothing_leaves_no_file(
    case: CaseFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole or not at all: an old picture stays, half of a new one never stands in its place."""
    monkeypatch.setattr(pages, "browser", lambda: "/bin/true")
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with pytest.raises(StoreError, match="Chromium painted no picture"):
        written(case, desk.Supposed("syria", None, "", "", 3000), path)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
