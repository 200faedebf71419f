"""What each reader may see of a case, before anything is drawn."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import shapely

from truceline import desk
from truceline.assess.incidents import Told
from truceline.desk import pages
from truceline.desk.runs import Outcome
from truceline.desk.towns import as_town
from truceline.errors import InputError
from truceline.space import Region, in_degrees, outline
from truceline.span import parse_span

AGREEMENT = Path(__file__).parents[2] / "agreements" / "syria-2016" / "agreement.yaml"
SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "json"
REPORT = {"id": "r", "kind": "incident", "act": "shelling", "start": "2016-03-05T10:11:00+02:00", "precision": "exact"}
BOUNDS = parse_span("2016-03-05", "Asia/Damascus")
PLACE = {"name_en": "Al-Nowhere", "lat": 35.93, "lon": 36.65, "place_precision": "site"}


def outcome_of(tmp_path: Path, *reports: dict[str, object]) -> Outcome:
    """Reports judged against the shipped agreement."""
    file = tmp_path / "reports.jsonl"
    file.write_text("".join(json.dumps({**REPORT, **report}) + "\n" for report in reports))
    bench = desk.open_agreement(AGREEMENT)
    return desk.assess_files(bench, [desk.read_evidence(file, bench)], desk.Asked())


def points(outcome: Outcome, reader: str) -> list[tuple[float, float]]:
    """Every drawn point of every entry on a reader's page."""
    picture = pages.picture_of(outcome, reader=reader, cut_off="")
    return [xy for entry in picture.entries for rings in entry.polygons for ring in rings for xy in ring]


def test_a_party_sees_a_town_where_the_secretariat_sees_a_site(tmp_path: Path) -> None:
    """A site known to 500 m is drawn as its town of 5 km for everybody but the secretariat."""
    outcome = outcome_of(tmp_path, {"place": PLACE, "url": "https://example.org/1"})
    widths = {}
    for reader in ("secretariat", "party:gov", "public"):
        lons = [lon for lon, _ in points(outcome, reader)]
        widths[reader] = (max(lons) - min(lons)) * 90_000
    assert 800 < widths["secretariat"] < 1_200
    assert widths["party:gov"] > 9_900
    assert widths["public"] == widths["party:gov"]


def test_the_public_sees_what_was_published_and_only_its_day(tmp_path: Path) -> None:
    """A report that no page carries stays inside; of one that was published the public sees town and day."""
    outcome = outcome_of(tmp_path, {"place": PLACE}, {"id": "s", "place": PLACE, "url": "https://example.org/2"})
    picture = pages.picture_of(outcome, reader="public", cut_off="")
    assert [entry.id for entry in picture.entries] == ["s"]
    assert picture.withheld_entries == 1
    assert sum(picture.any) == 1, "hidden reports must not leak by counts"
    assert {term.surely + term.possibly + term.no for term in picture.terms} == {1}
    assert not re.search(r"\d\d:\d\d", picture.entries[0].when)
    assert (picture.entries[0].start, picture.entries[0].end) == (BOUNDS.start, BOUNDS.end)


def test_notes_and_what_would_settle_stay_with_the_secretariat(tmp_path: Path) -> None:
    """Both point at witnesses."""
    outcome = outcome_of(tmp_path, {"place": PLACE, "url": "https://example.org/3", "note": "from a tower"})
    for reader in ("secretariat", "party:gov", "public"):
        entry = pages.picture_of(outcome, reader=reader, cut_off="").entries[0]
        assert bool(entry.note) == (reader == "secretariat")
        assert bool(entry.settle) == (reader == "secretariat")


@pytest.mark.parametrize("kind", ["disc", "sector", "hull", "line"])
def test_every_kind_of_region_grows_to_a_town(kind: str) -> None:
    """No kind of place slips below the ladder."""
    fine = {
        "disc": Region("disc", 366500000, 359300000, 100),
        "sector": Region("sector", 366500000, 359300000, near_m=100, far_m=900, from_deg=0, to_deg=20),
        "hull": Region("hull", radius_m=100, points_e7=(366500000, 359300000, 366600000, 359300000)),
        "line": Region("line", points_e7=(366500000, 359300000, 366600000, 359300000)),
    }[kind]
    shape = outline(as_town(fine))
    assert shape is not None
    low_lon, low_lat, high_lon, high_lat = shapely.bounds(shape)
    assert (high_lat - low_lat) / 1e7 * 111_000 > 9_900
    assert (high_lon - low_lon) / 1e7 * 90_000 > 9_900


def test_the_centre_of_what_is_drawn_tells_nothing_finer_than_the_grid() -> None:
    """A disc grown about its own centre would still print the fine position; an observer's post likewise."""
    near = [Region("disc", 366512345 + d, 359312345, 100) for d in (0, 9_000, -9_000)]
    assert len({as_town(region) for region in near}) == 1
    post = Region("sector", 366512345, 359312345, near_m=3_000, far_m=9_000, from_deg=0, to_deg=30)
    drawn = as_town(post)
    assert (drawn.lon_e7 or 0) % 500_000 == 0
    assert (drawn.lat_e7 or 0) % 500_000 == 0
    whole, part = outline(drawn), outline(post)
    assert whole is not None
    assert part is not None
    assert shapely.covers(in_degrees(whole), in_degrees(part))


@pytest.mark.parametrize("reader", ["party:nobody", "secretariat:gov", "everybody", "party:"])
def test_an_unknown_reader_is_refused(tmp_path: Path, reader: str) -> None:
    """A misspelt `--for` must not open a page at all."""
    with pytest.raises(InputError, match="--for"):
        pages.write_one(outcome_of(tmp_path, {}), tmp_path / "x.html", lang="en", reader=reader, cut_off="")


@pytest.fixture(scope="module")
def shipped_case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, object]]]:
    """`truceline run --no-serve`, once."""
    folder = tmp_path_factory.mktemp("run") / "case"
    made = subprocess.run(
        [sys.executable, "-m", "truceline.cli", "run", str(folder), "--no-serve", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    yield folder, json.loads(made.stdout)


def test_the_shipped_case_runs_in_one_command(shipped_case: tuple[Path, dict[str, object]]) -> None:
    """Everybody's first contact: 226 reports, three pages, an answer that fits its schema."""
    folder, answer = shipped_case
    jsonschema.validate(answer, json.loads((SCHEMAS / "assess.schema.json").read_text()))
    assert answer["observations"] == 226
    assert answer["rejected"] == 0
    assert sorted(path.name for path in (folder / "pages").iterdir()) == ["ar.html", "en.html", "index.html", "ru.html"]
    assert str(folder) not in (folder / "pages" / "en.html").read_text()


def test_a_report_is_written_for_each_reader(shipped_case: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    """The command of the daily report, for the public, in Arabic."""
    folder, _ = shipped_case
    output = tmp_path / "report.html"
    made = subprocess.run(
        [sys.executable, "-m", "truceline.cli", "report", str(folder), "--cut-off", "2016-09-20", "--lang", "ar",
         "--for", "public", "-o", str(output), "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer = json.loads(made.stdout)
    jsonschema.validate(answer, json.loads((SCHEMAS / "report.schema.json").read_text()))
    assert answer["bytes"] == len(output.read_bytes())
    assert '<html lang="ar" dir="rtl"' in output.read_text()


def test_presence_is_shown_to_the_secretariat_only(tmp_path: Path) -> None:
    """Where a group stands is no incident: below the secretariat it is not on the page, nor in its totals."""
    outcome = outcome_of(tmp_path, {"act": "massing of fighters", "place": PLACE, "url": "https://example.org/4"})
    shown = {
        r: len(pages.picture_of(outcome, reader=r, cut_off="").entries) for r in ("secretariat", "party:gov", "public")
    }
    assert shown == {"secretariat": 1, "party:gov": 0, "public": 0}


def test_a_date_of_publication_after_the_cut_off_does_not_count(tmp_path: Path) -> None:
    """What will be published has not been."""
    outcome = outcome_of(tmp_path, {"place": PLACE, "url": "https://example.org/5", "published": "2099-01-01"})
    assert pages.picture_of(outcome, reader="public", cut_off="2016-04-01").entries == ()


def test_a_page_counts_the_incidents_of_its_own_reports(tmp_path: Path) -> None:
    """What lies after the cut-off, and words about an act, are no incidents of the page."""
    late: dict[str, object] = {"id": "s", "start": "2016-03-09T10:11:00+02:00", "place": PLACE}
    words: dict[str, object] = {"id": "w", "kind": "statement", "act": "announcement"}
    twin: dict[str, object] = {"id": "t", "place": PLACE}
    outcome = outcome_of(tmp_path, {"place": PLACE}, twin, late, words)
    outcome = dataclasses.replace(outcome, told=Told({"r": ("r", "t")}))
    before, after = (
        pages.picture_of(outcome, reader="secretariat", cut_off=cut_off) for cut_off in ("2016-03-06", "2016-03-10")
    )
    assert ([entry.id for entry in before.entries], before.incidents) == (["r", "t", "w"], (1, 1))
    assert (len(after.entries), after.incidents) == (4, (2, 2))
