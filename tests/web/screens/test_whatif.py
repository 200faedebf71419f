"""The screen of a what-if: what it counts is what the engine counts, and it tells nobody more than a list does."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk.seen_case import LAT, LON, NOON, NOW, add, disc, row, rows, say
from tests.desk.test_views import made_of, shaken
from tests.web.reader import PEOPLE, House, house
from tests.web.test_reading import check
from truceline import LAW
from truceline.agreement.text import load
from truceline.desk import snapshots
from truceline.desk.records import Draft
from truceline.desk.settings import Settings
from truceline.desk.snapshots import Snapshots
from truceline.desk.views.asked_zone import Supposed
from truceline.desk.views.stage import Moved, Stage
from truceline.errors import InputError
from truceline.mgrs import from_mgrs, position, to_mgrs
from truceline.report.language import LANGUAGES
from truceline.report.whatif import BASE, MOST_CORNERS, bars_of, draft_ring
from truceline.space import checked_polygon
from truceline.web.routes import reading_moved
from truceline.web.routes.reading_moved import MOVE, MovedZone

MOVED, PROPOSED, WHOLE = "/api/v1/what-if/moved", "/api/v1/what-if/proposal", "/api/v1/what-if"
MEMBERS = ("north", "south", "mediator", "monitor", "secretariat")
SQUARE = [[36.5, 35.4], [36.55, 35.4], [36.55, 35.6], [36.5, 35.6], [36.5, 35.4]]


def polygon(*rings: Sequence[Sequence[float]]) -> dict[str, Any]:
    """GeoJSON of some rings."""
    return {"type": "Polygon", "coordinates": [list(map(list, ring)) for ring in rings]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The small case; no test changes it."""
    with house(tmp_path_factory.mktemp("what-if") / "case") as made:
        yield made


@st.composite
def supposed(draw: st.DrawFn) -> dict[str, Any]:
    """Any shape about the zones of the case, with or without another time and ceiling."""
    made: dict[str, Any] = {"zone": draw(st.sampled_from(["square", "strip", "secret"]))}
    x, y = draw(st.floats(36.2, 36.9)), draw(st.floats(35.1, 35.8))
    w, h = draw(st.floats(0.001, 0.9)), draw(st.floats(0.001, 0.6))
    made["geometry"] = polygon([[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]])
    if draw(st.booleans()):
        made["from"] = draw(st.sampled_from(["2024-06-02", "2024-06-10T10:11Z", "2024-08-31"]))
    if draw(st.booleans()):
        made["until"] = draw(st.sampled_from(["2024-09-30", "2025-01-01"]))
    if draw(st.booleans()):
        made["ceiling_m"] = draw(st.integers(1, 9_000))
    return made


@pytest.mark.parametrize("who", MEMBERS)
def test_a_move_is_what_is_described_and_nobody_else_gets_one(home: House, who: str) -> None:
    """Counts of what a list tells the same reader, with the line of the law."""
    body = {"zone": "square", "geometry": polygon(SQUARE), "lines": True, "reports": 5}
    answer = home.ask(who, MOVED, json=body)
    assert answer.status_code == 200, answer.text
    check(home.client.app.openapi(), MOVED, "post", {k: v for k, v in answer.json().items() if k != "reports"})
    told = answer.json()
    listed = {one["id"]: one for one in home.rows(who)}
    assert told["observations"] == len(listed)
    assert told["reports"] == [listed[one["id"]] for one in told["reports"]]
    assert told["law"] == LAW
    for path in (MOVED, PROPOSED):
        assert home.ask("public", path, json=body).status_code == 404
        assert home.ask("intake", path, json={"zone": "square", "until": "2024-06-05"}).status_code == 404


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=supposed(), who=st.sampled_from(MEMBERS))
def test_a_move_counts_what_the_engine_counts(home: House, body: dict[str, Any], who: str) -> None:
    """The quick answer equals the one for which everything is asked anew, for every reader."""
    moved, whole = (home.ask(who, path, json=body).json() for path in (MOVED, WHOLE))
    assert moved["inside"] == whole["inside"]
    assert moved["observations"] == whole["observations"]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=supposed(), who=st.sampled_from(("mediator", "secretariat")))
def test_every_split_adds_up(home: House, body: dict[str, Any], who: str) -> None:
    """Months, acts and sides are parts of one whole; what lines gain and lose is the whole change."""
    told = home.ask(who, MOVED, json={**body, "lines": True, "reports": 200}).json()
    inside = told["inside"]
    assert sum(one["after"] for one in inside.values()) == told["observations"]
    for split in ("by_month", "by_act", "by_side"):
        for what in ("surely", "possibly"):
            for when in ("before", "after"):
                assert sum(told[split][what][when]) == inside[what][when], (split, what, when)
    for what in ("surely", "possibly"):
        ways = [side[what] for line in told["lines"] for side in line["sides"]]
        gained = sum(one["gained"] - one["lost"] for one in ways)
        assert gained == inside[what]["after"] - inside[what]["before"]
    moved = [one for one in told["changed"] if one["before"] != one["after"]]
    assert len(moved) + told["more"] == len(told["changed"]) + told["more"]
    assert {one["line"] for one in told["lines"] if one["kind"] == "edge"} <= {1, 2, 3, 4}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=supposed(), act=st.sampled_from(["", "attack", "presence"]))
def test_counts_by_place_are_those_of_every_report(home: House, body: dict[str, Any], act: str) -> None:
    """Reports of one place are counted together: by month, act and side as if each were asked alone."""
    snapshot = home.service.snapshots.current()
    view = home.service.snapshots.view(snapshot, "secretariat")
    home.ask("secretariat", MOVED, json={"zone": "square"})
    stage = home.service.snapshots.stages.find((view.mark, snapshot.ground_of("secretariat")))
    assert stage is not None
    zone, shape = stage._zone(MovedZone.model_validate(body).supposed())
    held = stage.yard.supposed(zone, shape)
    quick, each = stage._counted(held, act), stage._counted_each(held.value, stage._rows(act))
    for split in ("month", "act", "side"):
        assert getattr(quick, split).tolist() == getattr(each, split).tolist()


def test_who_sees_as_the_public_learns_no_area_of_the_text(home: House) -> None:
    """A map may lie in the case that was not published with the text; of its own drawing it is told the area."""
    for body, after in (({"zone": "square"}, False), ({"zone": "square", "geometry": polygon(SQUARE)}, True)):
        size = home.ask("monitor", MOVED, json=body).json()["area_km2"]
        assert size["before"] is None
        assert (size["after"] is not None) == after
    assert home.ask("north", MOVED, json={"zone": "square"}).json()["area_km2"]["before"] == pytest.approx(402.9, abs=1)


def test_where_reports_are_shown_is_told_once_more_when_it_is_asked_for(home: House) -> None:
    """In the order of `places`, and with what tells these places from those of another time."""
    body = {"zone": "square", "geometry": polygon(SQUARE)}
    bare, told = (home.ask("north", MOVED, json=body | more).json() for more in ({}, {"spots": True}))
    assert "spots" not in bare
    assert bare["places_of"] == told["places_of"]
    assert len(told["spots"]) == len(told["places"]) > 0
    page = home.ask("north", "/what-if?zone=square").text
    island = json.loads(re.search(r'id="wi-data"[^>]*>(.*?)</script>', page)[1])  # type: ignore[index]  # it is there
    assert (island["placesOf"], island["places"]) == (told["places_of"], told["spots"])


@pytest.fixture
def growing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[House, list[Callable[[], object]]]]:
    """A case that counts as large, and what it was to make in the background: nothing is made by itself."""
    with house(tmp_path / "case") as made:
        later: list[Callable[[], object]] = []
        monkeypatch.setattr(reading_moved, "LARGE", 1)
        monkeypatch.setattr(made.service.snapshots.stages, "later", lambda _, make: later.append(make))
        yield made, later


def test_a_hand_does_not_wait_for_what_has_come_in(growing: tuple[House, list[Callable[[], object]]]) -> None:
    """Until it is made ready, a move is answered as of the entry before, and says so; then with what is new."""
    made, later = growing
    body = {"zone": "square", "geometry": polygon(SQUARE)}
    first = made.ask("north", MOVED, json=body).json()
    add(made.case, [row("came-in", impact=disc(LON + 900_000, LAT))], 0, "later.jsonl")
    made.service.snapshots.refresh()
    assert made.ask("north", MOVED, json=body).json() == first
    assert made.get("north", "/api/v1/situation")["known_at"]["index"] > first["known_at"]["index"]
    (make,) = later
    make()
    second = made.ask("north", MOVED, json=body).json()
    assert second["known_at"]["index"] > first["known_at"]["index"]
    assert second["observations"] == first["observations"] + 1
    assert second["places_of"] != first["places_of"]
    assert len(later) == 1


def test_a_large_case_is_ready_before_a_hand_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it is judged, what whoever sees towns and whoever keeps the case see is made in the background."""
    with house(tmp_path / "case") as made:
        apart = Snapshots(str(tmp_path / "case"), made.case, is_apart=False, clock=lambda: NOW)
        monkeypatch.setattr(snapshots, "LARGE", 10**6)
        apart._look()
        assert not apart.stages._later
        apart.close()
        apart = Snapshots(str(tmp_path / "case"), made.case, is_apart=False, clock=lambda: NOW)
        monkeypatch.setattr(snapshots, "LARGE", 1)
        apart._look()
        now, end = apart.current(), time.monotonic() + 60
        keys = [(apart.view(now, reader).mark, now.ground_of(reader)) for reader in snapshots.AT_HAND]
        while apart.stages._later and time.monotonic() < end:
            time.sleep(0.05)
        assert all(apart.stages.find(key) is not None for key in keys)
        apart.close()


def test_a_hand_does_wait_where_what_it_was_told_may_be_told_no_more(
    growing: tuple[House, list[Callable[[], object]]],
) -> None:
    """Consent that was taken back since is heeded at once, large or not."""
    made, later = growing
    body = {"zone": "square", "geometry": polygon(SQUARE)}
    first = made.ask("north", MOVED, json=body).json()
    key = made.rows("north")[0]["id"]
    say(made.case, Draft("consent", {"about": key, "use": "share", "is_given": False}), NOON + 300)
    made.service.snapshots.refresh()
    second = made.ask("north", MOVED, json=body).json()
    assert second["observations"] == len(made.rows("north")) < first["observations"]
    assert not later


def test_an_act_chooses_reports(home: House) -> None:
    """Counts of a class of acts are those of its kinds."""
    whole = home.ask("secretariat", MOVED, json={"zone": "square"}).json()
    some = home.ask("secretariat", MOVED, json={"zone": "square", "act": "attack"}).json()
    kinds = {"shelling", "attack"}
    at = [i for i, name in enumerate(whole["by_act"]["names"]) if name in kinds]
    assert some["inside"]["surely"]["before"] == sum(whole["by_act"]["surely"]["before"][i] for i in at)
    assert 0 < some["observations"] < whole["observations"]


def test_a_new_zone_holds_nothing_before(home: House) -> None:
    """It is counted like any other; without a shape there is nothing to count."""
    told = home.ask("north", MOVED, json={"geometry": polygon(SQUARE)}).json()
    assert told["inside"]["outside"]["before"] == told["observations"]
    assert told["inside"]["surely"]["after"] + told["inside"]["possibly"]["after"] > 0
    assert home.ask("north", MOVED, json={}).status_code == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [({"zone": "nowhere"}, 404), ({"zone": "square", "act": "x"}, 404), ({"zone": "square", "reports": 201}, 422),
     ({"zone": "square", "from": "2024-06-05", "until": "2024-06-04"}, 422),
     ({"zone": "square", "geometry": polygon([[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]])}, 422),
     ({"zone": "square", "geometry": polygon([[36 + i / 1e4, 35] for i in range(1_001)] + [[36.0, 35.5], [36, 35]])},
      422)]
)  # fmt: skip
def test_what_cannot_be_moved_is_refused(home: House, body: dict[str, Any], status: int) -> None:
    """A zone or act that the text has not, lines that cross, more corners than a hand moves."""
    assert home.ask("north", MOVED, json=body).status_code == status


def test_no_line_that_is_dragged_finds_a_report_within_its_town(tmp_path_factory: pytest.TempPathFactory) -> None:
    """INVARIANT: a party's counts, places and lines are the same wherever in its town each report lies."""
    some = [one for one in rows() if not one["id"].startswith("forces")]
    stages = []
    for name, these in (("a", some), ("b", shaken(some))):
        made = made_of(tmp_path_factory.mktemp(name) / "case", these)
        scene = made.snapshots.ask("scene", made.snapshot.judged, made.reading("party:north"))
        whole = made.snapshots.ask("scene", made.snapshot.judged, made.reading("secretariat"))
        stages.append((scene, whole, made))
    differs = False
    for metres in (0, 1, 10, 100, 700, 1_500, 2_500, 5_000):
        west = 36.60 + metres / 90_000
        shape = shapely.to_wkb(checked_polygon(shapely.box(west, 35.4, 36.9, 35.6), "square"))
        edges = tuple(
            ((round(a[0] * 1e7), round(a[1] * 1e7)), (round(b[0] * 1e7), round(b[1] * 1e7)))
            for a, b in (((west, 35.4), (36.9, 35.4)), ((36.9, 35.4), (36.9, 35.6)), ((36.9, 35.6), (west, 35.4)))
        )
        asked = Moved(Supposed("square", shape), edges, has_lines=True, reports=50)
        told = [
            [Stage(scene, made.snapshot.agreement, made.snapshot.atlas).ask(asked) for scene in pair]
            for *pair, made in stages
        ]
        assert told[0][0] == told[1][0], f"{metres} m"
        differs |= told[0][1] != told[1][1]
    assert differs, "whoever keeps the case does see the lines matter"
    for *_, made in stages:
        made.close()


def test_a_hand_is_never_too_fast_and_a_program_soon_is() -> None:
    """With the settings of a host that set none: sixty moves in a second for as long as one likes, not a thousand."""
    a_second = Settings().writes_account / MOVE / 60
    assert 60 <= a_second <= 300


def test_bars_hold_every_report_and_begin_with_the_first() -> None:
    """Months are gathered until they fit; nothing is left out, and the marks of the zone as signed stand beside."""
    months = [f"{year}-{month:02}" for year in range(2011, 2025) for month in range(1, 13)]
    told = {
        "names": months,
        "surely": {"before": [1] * len(months), "after": [2] * len(months)},
        "possibly": {"before": [0] * len(months), "after": [5] * len(months)},
    }
    bars = bars_of(told)
    assert len(bars.bins) <= 36
    assert bars.bins[0].label.startswith("2011")
    assert [sum(one.surely[at] for one in bars.bins) for at in (0, 1)] == [168, 336]
    assert sum(one.possibly[1] for one in bars.bins) == 840
    assert all(one.open_y <= one.sure_y <= BASE for one in bars.bins)
    none: dict[str, list[int]] = {when: [] for when in ("before", "after")}
    assert bars_of({"names": [], "surely": none, "possibly": none}).bins == ()


def test_a_draft_begins_with_few_corners_of_the_zone() -> None:
    """As many as a hand moves, within the zone's own box; of several parts the largest."""
    circle = shapely.Point(37, 36).buffer(0.5, quad_segs=90)
    ring = tuple((float(x), float(y)) for x, y in circle.exterior.coords)
    made, is_simpler = draft_ring([(ring,), (((30.0, 30.0), (30.1, 30.0), (30.1, 30.1), (30.0, 30.0)),)])
    assert is_simpler
    assert 4 <= len(made) - 1 <= MOST_CORNERS
    assert shapely.Polygon(made).symmetric_difference(circle).area < 0.1 * circle.area
    assert draft_ring([(tuple(map(tuple, SQUARE)),)])[1] is False  # type: ignore[arg-type]  # two numbers each
    assert draft_ring([]) == ([], False)


# -- the proposal ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["north", "mediator"])
def test_a_proposal_is_a_text_that_loads(home: House, who: str) -> None:
    """In the place of the zone the fragment makes a text whose zone is the one that was drawn; nothing is signed."""
    body = {"zone": "square", "geometry": polygon(SQUARE), "from": "2024-06-05", "ceiling_m": 4_000}
    before = len(home.case.entries())
    answer = home.ask(who, PROPOSED, json=body)
    assert answer.status_code == 200, answer.text
    check(home.client.app.openapi(), PROPOSED, "post", answer.json())
    told = answer.json()
    text = home.service.snapshots.current().agreement
    lines = "\n".join(told["yaml"].splitlines()[1:])
    source = next(iter(home.case.agreement_files(len(home.case.entries())).items()))
    name = home.case.text().body["file"]
    data = home.case.agreement_files(len(home.case.entries()))[name].decode()
    assert source
    made = load(re.sub(r"  square: \{.*\}\n", lines + "\n", data).encode(), name)
    zone = made.zones["square"]
    assert [list(one) for one in zone.polygon] == SQUARE[:-1]
    assert (zone.low_m, zone.high_m, zone.names) == (-1_000, 4_000, text.zones["square"].names)
    assert zone.start is not None
    assert made.zones["strip"] == text.zones["strip"] or made.zones["strip"].polygon == text.zones["strip"].polygon
    assert any(f"--by {'north' if who == 'north' else 'PARTY'} " in step for step in told["steps"])
    assert text.canonical_hash in told["steps"][1]
    assert len(home.case.entries()) == before


def test_a_shape_in_two_parts_comes_as_a_file(home: House) -> None:
    """A fragment holds one ring; more come as areas beside it, with the line of the law."""
    other = [[x + 0.2, y] for x, y in SQUARE]
    body = {"geometry": {"type": "MultiPolygon", "coordinates": [[SQUARE], [other]]}}
    told = home.ask("north", PROPOSED, json=body).json()
    assert told["zone"] == "new-zone"
    assert "annex:new-zone-draft" in told["yaml"]
    assert told["areas"]["law"] == LAW
    assert told["areas"]["features"][0]["geometry"]["coordinates"] == [[SQUARE], [other]]
    assert home.ask("north", PROPOSED, json={"zone": "square"}).status_code == 422


# -- the page ----------------------------------------------------------------------------------------------------------


def page(home: House, who: str, path: str, **form: Any) -> str:  # noqa: ANN401  # fields
    """A page as somebody gets it; with fields it is sent as a form."""
    with home.client.seen_as(PEOPLE[who]):
        answer = home.client.post(path, data=form) if form else home.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def tile(html: str, name: str) -> list[str]:
    """What a tile says: as drawn, by how much more, as signed."""
    found = re.search(rf'<div data-key="{name}".*?</dd>', html, re.DOTALL)
    assert found
    return re.findall(r"<bdi[^>]*>([^<]*)</bdi>", found[0])


CORNERS = ["35.4, 36.5", "35.4 N 36.55 E", "35.6 36.55", "35.6, 36.5"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_without_a_script_the_corners_are_typed(home: House, lang: str) -> None:
    """The form counts what the interface counts; the page says that it is no prediction, in each language."""
    told = home.ask("north", MOVED, json={"zone": "square", "geometry": polygon(SQUARE)}).json()["inside"]
    html = page(home, "north", f"/what-if?lang={lang}", zone="square", corner=[*CORNERS, "", ""], do="count")
    by = told["surely"]["after"] - told["surely"]["before"]
    sign = "+" if by > 0 else "−" if by < 0 else "±"
    assert tile(html, "surely") == [str(told["surely"]["after"]), f"{sign}{abs(by)}", str(told["surely"]["before"])]
    assert tile(html, "outside")[0] == str(told["outside"]["after"])
    assert 'class="wi-past"' in html
    assert html.count('name="corner"') == len(CORNERS) + 3
    assert 'dir="ltr"' in html[html.index('name="corner"') : html.index('name="corner"') + 80]


def test_a_zone_as_it_is_changes_nothing(home: House) -> None:
    """The corners with which the table begins are the zone: sending them back asks for no change."""
    html = page(home, "north", "/what-if?zone=square&lang=en")
    begun = re.findall(r'name="corner" value="([^"]+)"', html)
    assert sorted(begun) == ["35.40000, 36.50000", "35.40000, 36.70000", "35.60000, 36.50000", "35.60000, 36.70000"]
    again = page(home, "north", "/what-if?lang=en", zone="square", corner=begun, do="count")
    assert tile(html, "surely")[0] == tile(again, "surely")[0] == tile(again, "surely")[2]
    assert "No report lies otherwise" in again


def test_a_corner_that_is_none_is_shown_where_it_stands(home: House) -> None:
    """What was typed stays, and the line is marked."""
    with home.client.seen_as(PEOPLE["north"]):
        answer = home.client.post("/what-if?lang=en", data={"zone": "square", "corner": [*CORNERS[:2], "there"]})
    assert answer.status_code == 422
    assert 'value="there"' in answer.text
    assert answer.text.count('class="fault"') == 1


@pytest.mark.parametrize(
    ("field", "said"), [("from", "a day such as"), ("until", "a day such as"), ("ceiling_m", "whole metres")]
)  # fmt: skip
def test_what_cannot_be_counted_is_said_and_the_zone_as_it_is_stays(home: House, field: str, said: str) -> None:
    """A time or a height that is none is no fault of the program; the page says which field."""
    with home.client.seen_as(PEOPLE["north"]):
        answer = home.client.post("/what-if?lang=en", data={"zone": "square", "corner": CORNERS, field: "soon"})
    assert answer.status_code == 422
    assert said in answer.text
    assert tile(answer.text, "surely")[1] == "±0"


def test_terms_proposal_and_file(home: House) -> None:
    """Each is asked for by its button; the file is what is on the screen, with the line of the law."""
    given: dict[str, Any] = {"zone": "square", "corner": CORNERS, "from": "2024-06-05"}
    whole = home.ask("north", WHOLE, json={"zone": "square", "geometry": polygon(SQUARE), "from": "2024-06-05"}).json()
    terms = page(home, "north", "/what-if?lang=en", **given, do="terms")
    row = re.search(r'<bdi dir="ltr" class="k">calm</bdi></th>(.*?)</tr>', terms, re.DOTALL)
    assert row
    surely = whole["terms"]["calm"]["surely"]
    assert re.findall(r"<bdi[^>]*>([^<]*)</bdi>", row[1])[:2] == [str(surely["before"]), str(surely["after"])]
    proposal = page(home, "north", "/what-if?lang=en", **given, do="proposal")
    assert "signed by nobody" in proposal
    assert "--type amendment --by north" in proposal
    file = json.loads(page(home, "north", "/what-if?lang=en", **given, do="geojson"))
    assert file["law"] == LAW
    assert file["features"][0]["geometry"] == polygon(SQUARE)
    assert file["features"][0]["properties"]["inside"] == whole["inside"]
    assert file["features"][0]["properties"]["from"] == "2024-06-05"


def test_a_zone_that_is_withheld_is_not_drawn(home: House) -> None:
    """It can be drawn anew; its map, which was never published, is in no page."""
    html = page(home, "mediator", "/what-if?zone=secret&lang=en")
    data = json.loads(re.search(r'id="wi-data">(.*?)</script>', html, re.DOTALL)[1])  # type: ignore[index]  # it is there
    assert data["signed"] == []
    assert "never published" in html


def test_sides_stand_alike(home: House) -> None:
    """Each side has a row of the same cells, in the order of ids, those without a name last."""
    html = page(home, "secretariat", "/what-if?zone=square&lang=en")
    table = html[html.index('id="wi-sides"') : html.index('id="wi-acts"')]
    keys = re.findall(r'<tr data-key="([^"]+)"', table)
    named = [key for key in keys if key not in ("several", "unknown")]
    assert named == sorted(named)
    assert keys[: len(named)] == named
    sizes = {len(re.findall("<td", row)) for row in re.findall(r"<tr data-key.*?</tr>", table, re.DOTALL)}
    assert sizes == {6}


@pytest.mark.parametrize("who", ["public", "intake", "mirror"])
def test_nobody_else_has_the_screen(home: House, who: str) -> None:
    """It is for members; to others it is not there."""
    with home.client.seen_as(PEOPLE[who]):
        assert home.client.get("/what-if").status_code == 404


# -- positions as they are typed ---------------------------------------------------------------------------------------


@given(lon=st.floats(-179.9, 179.9), lat=st.floats(-79.9, 83.9))
@settings(max_examples=150, deadline=None)
def test_mgrs_goes_there_and_back(lon: float, lat: float) -> None:
    """To the metre, in every zone and band."""
    text = to_mgrs(lon, lat)
    x, y = from_mgrs(text)
    assert abs(y - lat) < 2e-5
    assert min(abs(x - lon), 360 - abs(x - lon)) * max(0.1, shapely.Point(0, 0).distance(shapely.Point(1, 0))) < 2e-4
    assert position(text.lower().replace(" ", "")) == (x, y)


@pytest.mark.parametrize(
    ("text", "there"),
    [("18S UJ 23478 06483", (-77.0353, 38.8895)), ("36.2031, 37.152", (37.152, 36.2031)),
     ("36.2 N; 37.1 E", (37.1, 36.2)), ("33.8 S 151.2 E", (151.2, -33.8)), ("37SCA3386308058", (37.152, 36.2031))]
)  # fmt: skip
def test_positions_as_people_type_them(text: str, there: tuple[float, float]) -> None:
    """Degrees with latitude first, or MGRS, with and without spaces."""
    assert position(text) == pytest.approx(there, abs=2e-5)


@pytest.mark.parametrize("text", ["", "37", "100, 37", "36, 200", "37I CA 1 1", "37S CA 123 45", "x" * 60])
def test_what_is_no_position_is_refused(text: str) -> None:
    """Without a word of what was typed."""
    with pytest.raises(InputError) as raised:
        position(text)
    assert text not in str(raised.value) or text in ("", "37")
