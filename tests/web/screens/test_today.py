"""Today: one sentence, thirty days, a map and a list, made of what the interface answers to the same viewer."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.desk.seen_case import LAT, LON, add, disc, row, seen_case
from tests.web.asking import Client
from tests.web.conftest import WIDE
from tests.web.reader import House, house
from tests.web.screens.conftest import Demo, Stage
from truceline.desk.service import Service
from truceline.report.language import LANGUAGES, Words
from truceline.report.today import in_force_on, seen_of, strip
from truceline.span import parse_instant
from truceline.web.app import make_app

DAY = "2016-12-05"
ROLES = ("public", "party:us", "secretariat")


def at(text: str) -> int:
    """A second."""
    return parse_instant(text, "UTC")


def watched_case(folder: Path) -> Any:  # noqa: ANN401  # a case
    """Somebody looked for two days; on the second nobody was let in by the south from noon on."""
    case = seen_case(folder)
    wide = disc(LON, LAT, 90_000)
    looked = {
        "kind": "observation",
        "act": ["observe"],
        "negative": True,
        "actor": [],
        "actor_mode": "none",
        "impact": wide,
    }
    add(case, [
        row("looked-1", start=at("2024-06-10T21:00Z"), end=at("2024-06-12T21:00Z"), **looked),
        row("looked-2", start=at("2024-08-29T21:00Z"), end=at("2024-08-30T21:00Z"), **looked),
        row("shut", kind="impediment", act=["deny-access"], access_denied=True, actor=["south"], impact=wide,
            impediment="access denied", start=at("2024-06-12T09:00Z"), end=at("2024-06-12T21:00Z")),
        row("closed-watch", start=at("2024-06-09T21:00Z"), end=at("2024-06-10T21:00Z"),
            **{**looked, "may_export": False, "source": "acled"}),
    ], at("2024-06-13T00:00Z"), "watch.jsonl")  # fmt: skip
    return case


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A case with something hidden from everybody, which no test changes."""
    with house(tmp_path_factory.mktemp("today") / "case", watched_case) as made:
        yield made


def text_of(page: str, start: str, end: str) -> str:
    """The words of a part of a page."""
    part = page.partition(start)[2].partition(end)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", part)).split())


def sentence(page: str) -> str:
    """What stands first."""
    return text_of(page, 'id="today-sentence">', "</p>")


def asked(demo: Demo, role: str, path: str, **query: object) -> dict[str, Any]:
    """What the interface answers."""
    found = demo.seat(role).get(f"/api/v1/{path}", params=query)
    assert found.status_code == 200, found.text
    answer: dict[str, Any] = found.json()
    return answer


# -- which day -------------------------------------------------------------------------------------------------------


def document(*spans: tuple[str | None, str | None], surely: bool = True, name: str = "D1") -> dict[str, Any]:
    """A document as the interface tells it."""
    told = [{"from": start, "until": end} for start, end in spans]
    return {"instrument": name, "title": name, "terms": ["T"], "surely": told if surely else [], "possibly": told}


def test_days_are_counted_from_the_first_day_in_force() -> None:
    """The day on which it begins is day 1, whatever the hour; a break begins the count anew."""
    one = document(("2016-02-26T22:00:00Z", "2016-03-10T22:00:00Z"), ("2016-04-01T00:00:00Z", None))
    days = {"2016-02-26": [], "2016-02-27": [1], "2016-03-10": [13], "2016-03-11": [], "2016-04-02": [2]}
    for day, numbers in days.items():
        assert [each.number for each in in_force_on([one], date.fromisoformat(day), "Asia/Damascus")] == numbers, day


def test_the_longest_in_force_comes_first_and_doubt_is_said() -> None:
    """Two documents; one of which nobody can say whether it is in force."""
    old = document(("2016-02-26T22:00:00Z", None), surely=False)
    new = document(("2016-09-12T16:00:00Z", None), name="D4")
    found = in_force_on([new, old], date(2016, 9, 14), "Asia/Damascus")
    assert [(one.id, one.is_sure) for one in found] == [("D1", False), ("D4", True)]
    assert in_force_on([], date(2016, 9, 14), "UTC") == []


def test_a_day_without_a_beginning_is_day_one() -> None:
    """What was always in force has no first day to count from."""
    assert [one.number for one in in_force_on([document((None, None))], date(2016, 9, 14), "UTC")] == [1]


def test_the_strip_has_every_day() -> None:
    """Also those without a report, and those of which nothing is told."""
    counted = {"surely": 1, "open": 0, "not_covered": 2}
    none = dict.fromkeys(counted, 0)
    bars = [{"from": "2016-03-01", "within": counted, "touching": {**none, "open": 1}}]
    watched = [{"day": "2016-03-01", "watched": 3, "denied": 1, "whole": 8, "denied_by": ["x"], "impediments": 1}]
    found = strip(bars, watched, date(2016, 3, 2), date(2016, 3, 1), 30)
    assert len(found) == 30
    assert [one.reports for one in found][-2:] == [4, 0]
    assert (found[-2].is_shown, found[-2].seen.watched, found[-2].seen.denied) == (True, 37, 12)
    assert not found[-1].seen.is_told
    assert seen_of({"whole": 8, "watched": 0, "denied": 0, "denied_by": None, "impediments": None}).is_blind


# -- the page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_the_sentence_says_what_the_interface_counts(demo: Demo, role: str) -> None:
    """Every number in it is one that the same viewer is answered."""
    page = demo.page(f"/?day={DAY}&lang=en", role)
    here = asked(demo, role, "situation", **{"from": DAY, "until": "2016-12-06"})
    said = sentence(page)
    assert said.startswith(f"{here['reports']} reports, telling of {here['incidents']['at_most']} incidents:")
    assert f"{here['any']['at_most'] - here['any']['surely']} cannot be decided" in said
    assert f"{here['any']['not_covered']} not covered by any term" in said
    assert f"{here['protected']} tell of harm to civilians" in said
    assert "No monitoring is recorded" in said
    assert ("duties active" in said or "duty active" in said) == (role != "public")
    assert re.search(r"<h1[^>]*>Day <bdi[^>]*>283</bdi>", page)


def test_the_newest_day_of_a_case_that_is_over_is_shown(demo: Demo) -> None:
    """One that a report is of which a term covers or may cover; another one by its address."""
    newest = asked(demo, "public", "timeline")["newest"]
    assert newest == DAY
    assert f'value="{DAY}"' in demo.page("/")
    assert 'value="2016-03-12"' in demo.page("/?day=2016-03-12&lang=en")
    assert "Day <bdi" in demo.page("/?day=2016-02-27&lang=en")
    assert sentence(demo.page("/?day=2016-02-20&lang=en")).startswith("On this day no prohibition of the agreement")


@pytest.mark.parametrize("day", ["2016-13-01", "yesterday", "0001-01-01", "2016-02-30", "1900-01-01' or 1"])
def test_what_is_no_day_is_refused(demo: Demo, day: str) -> None:
    """And nothing falls over."""
    assert demo.client.get("/", params={"day": day}).status_code == 422


@pytest.mark.parametrize("day", ["1900-01-01", "2200-12-31", "1900-01-31"])
def test_the_ends_of_time_are_shown(demo: Demo, day: str) -> None:
    """Or refused; nothing falls over."""
    assert demo.client.get("/", params={"day": day}).status_code in (200, 422)


@pytest.mark.parametrize("role", ROLES)
def test_the_list_is_that_of_the_day(demo: Demo, role: str) -> None:
    """The newest first, each with its answer; harm to civilians is marked whatever the answer."""
    page = demo.page(f"/?day={DAY}&lang=en", role)
    told = asked(demo, role, "assessments", **{"from": DAY, "until": "2016-12-06", "order": "newest"})["items"]
    entries = page.partition('class="today-list"')[2].partition("</section>")[0]
    assert re.findall(r'href="/case/([^?"]+)', entries) == [one["id"] for one in told]
    assert entries.count('class="protected"') == sum(one["protected"] for one in told) > 0


def test_a_day_is_compared_with_the_one_before(demo: Demo) -> None:
    """Both columns are situations of the interface."""
    page = demo.page("/?day=2016-09-20&lang=en")
    table = page.partition("today-compare")[2].partition("</table>")[0]
    found = [int(n) for n in re.findall(r'<td class="n"><bdi[^>]*>(\d+)</bdi>', table)]
    days = [{"from": "2016-09-20", "until": "2016-09-21"}, {"from": "2016-09-19", "until": "2016-09-20"}]
    one, other = (asked(demo, "public", "situation", **day) for day in days)
    assert found[:2] == [one["reports"], other["reports"]]
    assert [one["protected"], other["protected"]] in [found[at : at + 2] for at in range(0, len(found), 2)]


def test_a_day_without_reports_leads_to_one_that_has_some(demo: Demo) -> None:
    """Whoever comes on a quiet day is told of which day the newest report is."""
    page = demo.page("/?day=2016-12-20&lang=en")
    part = page.partition('class="today-list"')[2].partition("</section>")[0]
    assert re.search(rf'href="/\?[^"]*day={DAY}', html.unescape(part))


def test_as_known_then_it_tells_of_less(demo: Demo) -> None:
    """Before the reports came in there is none; the page says as of when it is."""
    page = demo.page("/?known_at=%231&day=2016-12-05&lang=en")
    assert "No report that you may see is of this day." in sentence(page)
    assert "You are looking at what was known then" in page


def test_the_map_has_an_equal_table(demo: Demo) -> None:
    """Each heap on the map is a row."""
    page = demo.page(f"/?day={DAY}&lang=en")
    assert '<svg class="sheet"' in page
    table = page.partition("The map as a table</summary>")[2].partition("</table>")[0]
    assert "Aleppo" in table
    assert "lat" not in re.findall(r"data-[a-z]+", page)


# -- what is public of the case --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "Findings withheld"), ("ar", "الاستنتاجات المحجوبة"), ("ru", "Удержанные выводы")]
)
def test_it_says_which_case_and_what_is_public(demo: Demo, lang: str, words: str) -> None:
    """In the language that is asked for; where to report, to follow a report, to sign in, and the feed."""
    page = demo.page("/", lang=lang)
    assert words in page
    assert demo.service.snapshots.current().agreement.title[lang].split("،")[0] in page
    for path in ("/report", "/intake/follow", "/sign-in", "/feeds/findings.atom"):
        assert f'href="{path}' in page


@pytest.mark.parametrize("who", ["public", "north", "secretariat"])
def test_how_many_are_withheld_and_for_how_long(small: House, who: str) -> None:
    """Numbers and days, which everybody may know; never which."""
    page = small.ask(who, "/?lang=en").text
    part = page.partition('aria-labelledby="h-signed"')[2]
    told = small.get(who, "/api/v1/situation")["findings"]
    assert told["withheld"]["number"] == 1
    assert part.count("for so many days") == 2
    assert ("Not for everybody." in page) == (who != "public")


def test_before_anything_is_judged_there_is_a_page(another: Path) -> None:
    """Whose case it is, and where to go."""
    with Service.open(str(another), WIDE) as service:
        client = Client(make_app(service))
        found = client.get("/?lang=en")
        client.close()
    assert found.status_code == 200
    assert "judged for the first time" in found.text
    assert 'href="/report' in found.text


# -- who could look --------------------------------------------------------------------------------------------------


def test_a_share_of_a_day_was_watched(small: House) -> None:
    """Two of three zones, the third of which nobody knows where it lies; half of the second day nobody was let in."""
    told = small.get("secretariat", "/api/v1/coverage", day="2024-06-12", days=3)["days"]
    assert [one["watched"] * 6 // one["whole"] for one in told] == [0, 4, 2]
    assert [one["denied"] * 6 // one["whole"] for one in told] == [0, 0, 2]
    assert [one["denied_by"] for one in told] == [["north"], [], ["south"]]
    assert [one["impediments"] for one in told] == [0, 0, 1]
    page = small.ask("secretariat", "/?day=2024-06-12&lang=en").text
    assert "33 % of the time and area was watched." in sentence(page)
    assert "Access was denied to 33 % of it by south." in sentence(page)
    compared = text_of(page, "today-compare", "</table>")
    assert "Watched33 %66 %" in compared
    assert "Access denied33 %0 %" in compared
    assert "Reports of what kept observers from looking10" in compared
    assert "kind=impediment" in page


@pytest.mark.parametrize(
    ("who", "last"), [("public", "2024-08-01"), ("monitor", "2024-08-01"), ("north", "2024-08-01")]
)
def test_others_are_told_a_share_later_and_no_more(small: House, who: str, last: str) -> None:
    """The share of a day, once the delay of the place ladder is over; never who, never how many reports."""
    told = small.get(who, "/api/v1/coverage", day="2024-09-01", days=100)
    assert told["reports"] is None
    assert {one["denied_by"] for one in told["days"]} == {None}
    assert {one["impediments"] for one in told["days"]} == {None}
    assert max(one["day"] for one in told["days"] if one["whole"] is not None) == last
    by_day = {one["day"]: one for one in told["days"]}
    assert by_day["2024-06-12"]["watched"] * 6 // by_day["2024-06-12"]["whole"] == 2
    assert "by south" not in sentence(small.ask(who, "/?day=2024-06-12&lang=en").text)


@pytest.mark.parametrize("who", ["monitor", "mediator", "mirror", "intake", "south"])
def test_there_is_a_page_for_every_role(small: House, who: str) -> None:
    """Each with what it may see; duties for members alone."""
    answer = small.ask(who, "/?lang=en&day=2024-06-10")
    assert answer.status_code == 200
    assert ('id="h-owed"' in answer.text) == (who in ("monitor", "mediator", "south"))
    assert small.ask(who, "/ledger?lang=en").status_code == 200


def test_what_may_not_be_passed_on_counts_for_nobody(small: House) -> None:
    """A day that only such a row watched is a day that nobody is known to have watched."""
    for who in ("public", "north", "secretariat"):
        told = small.get(who, "/api/v1/coverage", day="2024-06-10", days=1)["days"]
        assert told[0]["watched"] == 0


@pytest.mark.parametrize("who", ["public", "north", "south", "mediator"])
def test_nobody_sees_on_the_page_what_is_not_for_them(small: House, who: str) -> None:
    """No id, no place and no note of a report that only the secretariat sees."""
    seen = {one["id"] for one in small.rows(who)}
    hidden = {one["id"] for one in small.rows("secretariat")} - seen
    assert {"looked-1", "shut"} <= hidden
    for path in ("/?day=2024-06-10&lang=en", "/?day=2024-06-12&lang=en", "/ledger?lang=en&limit=200"):
        page = small.ask(who, path).text
        told = set(re.findall(r'href="/case/([^?"]+)', html.unescape(page)))
        assert not told & hidden
        assert "said by a neighbour" not in page
        assert "The red house" not in page


def test_zones_of_a_row_are_those_that_the_filter_finds(small: House) -> None:
    """What a row says of its zones is what asking by zone says; of what is shown as a unit nothing."""
    for who in ("public", "north", "mediator", "secretariat"):
        rows = small.rows(who)
        for zone in ("square", "strip", "secret"):
            found = {one["id"] for one in small.rows(who, zone=zone)}
            assert found == {one["id"] for one in rows if zone in one["place"]["zones"]}


@pytest.mark.parametrize("who", ["public", "north", "mediator", "secretariat"])
def test_facets_of_a_case_with_secrets_are_those_of_its_lists(small: House, who: str) -> None:
    """No number of a facet or a bar knows of a report that the list does not show."""
    told = small.get(who, "/api/v1/facets")
    assert told["total"] == len(small.rows(who))
    for name, choices in told["facets"].items():
        for one in choices:
            assert small.get(who, "/api/v1/assessments", **{name: one["key"]})["total"] == one["reports"], (name, one)
    for bar in small.get(who, "/api/v1/timeline", step="1")["bars"]:
        count = sum(bar["within"].values()) + sum(bar["touching"].values())
        query = {"from": bar["from"], "until": bar["until"]}
        assert small.get(who, "/api/v1/assessments", **query)["total"] == count


def test_how_many_tell_of_one_incident_counts_what_is_shown(small: House) -> None:
    """Two reports that were joined: each says two, unless its reader sees one of them alone."""
    for who in ("public", "north", "secretariat"):
        rows = {one["id"]: one for one in small.rows(who)}
        twins = [rows[key] for key in ("twin-1", "twin-2") if key in rows]
        assert {one["told_by"] for one in twins} <= {len(twins)}
        assert rows["open-1"]["told_by"] == 1


# -- in a browser ----------------------------------------------------------------------------------------------------


@pytest.mark.chromium
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_day_is_chosen_by_keyboard(stage: Stage, lang: str) -> None:
    """Every day of the strip is a link that the keyboard reaches; so are the day before and after."""
    with stage.seat() as page:
        page.goto(f"{stage.url}/?lang={lang}")
        columns = page.locator("a.today-column")
        expect(columns).to_have_count(30)
        columns.nth(4).focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**day=2016-11-13**")
        assert f"lang={lang}" in page.url
        expect(page.locator("a.today-column.is-shown")).to_have_attribute("aria-current", "date")
        page.locator('a[rel="prev"]').focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**day=2016-11-12**")
        expect(page.locator("h1")).to_contain_text(str(Words(lang).apart("2016-11-12"))[-16:-6])


@pytest.mark.chromium
def test_the_live_map_takes_the_place_of_the_drawing(stage: Stage) -> None:
    """One press, and the map can be moved; the table stays."""
    with stage.seat() as page:
        page.goto(f"{stage.url}/?day={DAY}&lang=en")
        button = page.get_by_role("button", name="Move and enlarge the map")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#today-map canvas")).to_be_visible(timeout=20_000)
        expect(button).to_have_count(0)
        expect(page.get_by_text("The map as a table")).to_be_visible()
