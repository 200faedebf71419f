"""The ledger: what a page shows is what the interface answers to the same viewer, narrowed, in time, page by page."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.web.screens.conftest import Demo, Stage
from truceline.report.language import LANGUAGES

FILTERS: tuple[dict[str, Any], ...] = (
    {}, {"act": "attack"}, {"term": "F2", "value": 0}, {"actor": "gov"}, {"zone": "syria", "protected": "true"},
    {"unit": "SY-HL", "from": "2016-05-01", "until": "2016-09-20"}, {"kind": "ledger"}, {"supported": "true"},
)  # fmt: skip
ROLES = ("public", "party:us", "secretariat")


def asked(demo: Demo, role: str, path: str, **query: object) -> dict[str, Any]:
    """What the interface answers."""
    found = demo.seat(role).get(f"/api/v1/{path}", params={k: v for k, v in query.items() if v is not None})
    assert found.status_code == 200, found.text
    answer: dict[str, Any] = found.json()
    return answer


def total(demo: Demo, role: str, **query: object) -> int:
    """How many reports the list has."""
    return int(asked(demo, role, "assessments", limit=1, **query)["total"])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("one", FILTERS, ids=lambda one: "+".join(one) or "all")
def test_a_facet_says_how_many_its_choice_gives(demo: Demo, role: str, one: dict[str, Any]) -> None:
    """Every number of every facet is the total of the list that the choice leads to."""
    told = asked(demo, role, "facets", **one)
    assert told["total"] == total(demo, role, **one)
    for facet, choices in told["facets"].items():
        for choice in choices[:6]:
            assert total(demo, role, **{**one, facet: choice["key"]}) == choice["reports"], (facet, choice)


@pytest.mark.parametrize("role", ROLES)
def test_what_no_facet_names_gives_nothing(demo: Demo, role: str) -> None:
    """A choice that is left out of a facet is one that nothing answers to."""
    told = asked(demo, role, "facets")["facets"]
    shown = {one["key"] for one in told["act"]}
    for act in ("sexual-violence", "closed", "recruit"):
        assert (act in shown) == (total(demo, role, act=act) > 0)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("one", FILTERS[:5], ids=lambda one: "+".join(one) or "all")
def test_a_bar_says_how_many_its_days_give(demo: Demo, role: str, one: dict[str, Any]) -> None:
    """Reports within a bar and reports touching it are together what the list has for its days."""
    for step in ("7", "28"):
        told = asked(demo, role, "timeline", step=step, **one)
        for bar in told["bars"][:8]:
            told_of = sum(bar["within"].values()) + sum(bar["touching"].values())
            assert total(demo, role, **{**one, "from": bar["from"], "until": bar["until"]}) == told_of


def test_bars_stay_where_they_are(demo: Demo) -> None:
    """A week begins on a Monday, whatever is asked for."""
    for one in FILTERS:
        told = asked(demo, "public", "timeline", step="7", **one)
        assert {date.fromisoformat(bar["from"]).weekday() for bar in told["bars"]} <= {0}
        assert all(
            date.fromisoformat(bar["until"]) - date.fromisoformat(bar["from"]) == timedelta(days=7)
            for bar in told["bars"]
        )


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_pages_in_time_are_one_list(demo: Demo, role: str, order: str) -> None:
    """No report twice, none left out, and in time as it is shown."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = asked(demo, role, "assessments", limit=37, order=order, after=after, act="attack")
        found += page["items"]
        after = page["next"] or ""
        if not after:
            break
    assert len(found) == page["total"] == len({one["id"] for one in found})
    times = [one["from"] for one in found]
    assert times == sorted(times, reverse=order == "newest")


def test_a_cursor_of_a_report_that_one_does_not_see_says_nothing(demo: Demo) -> None:
    """In time, too: hidden and not there are answered alike."""
    import base64

    seen = {one["id"] for one in asked(demo, "public", "assessments", limit=1000)["items"]}
    hidden = [
        one["id"] for one in asked(demo, "secretariat", "assessments", limit=1000)["items"] if one["id"] not in seen
    ]
    assert hidden
    padded = asked(demo, "public", "assessments", limit=1)["next"]
    mark = base64.urlsafe_b64decode(padded + "=" * (-len(padded) % 4)).decode().partition("~")[0]
    for order in ("newest", "oldest"):
        said = []
        for key in (hidden[0], "nothing-of-the-kind"):
            cursor = base64.urlsafe_b64encode(f"{mark}~{key}".encode()).decode().rstrip("=")
            answer = demo.client.get("/api/v1/assessments", params={"order": order, "after": cursor})
            said.append((answer.status_code, answer.json()["detail"]))
        assert said[0] == said[1]
        assert said[0][0] == 409


# -- the page ----------------------------------------------------------------------------------------------------------


def rows_of(page: str) -> list[str]:
    """The ids of the reports on a page, in order."""
    table = page.partition('<table class="ledger-table">')[2].partition("</table>")[0]
    return re.findall(r'<a href="/case/([^?"]+)', table)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("one", FILTERS, ids=lambda one: "+".join(one) or "all")
def test_the_page_shows_what_the_interface_answers(demo: Demo, role: str, one: dict[str, Any]) -> None:
    """The same reports in the same order, and the same numbers beside the facets."""
    query = "&".join(f"{key}={value}" for key, value in one.items())
    page = demo.page(f"/ledger?lang=en&{query}", role)
    told = asked(demo, role, "assessments", order="newest", limit=50, **one)
    assert rows_of(page) == [row["id"] for row in told["items"]]
    assert re.search(rf'id="l-count"[^>]*><bdi[^>]*>{told["total"]}</bdi> reports?<', page)
    facets = asked(demo, role, "facets", **one)["facets"]
    for name in ("value", "kind"):
        for choice in facets[name]:
            assert re.search(rf'{name}={choice["key"]}|aria-current="true"', page)
            assert f">{choice['reports']}</bdi></span>" in page


@pytest.mark.parametrize("role", ["public", "party:us"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_nobody_sees_on_the_page_what_is_not_for_them(demo: Demo, role: str, lang: str) -> None:
    """No id and no words of a report that only the secretariat sees, whatever is asked for."""
    mine = {one["id"] for one in asked(demo, role, "assessments", limit=1000)["items"]}
    theirs = asked(demo, "secretariat", "assessments", limit=1000)["items"]
    hidden = [one for one in theirs if one["id"] not in mine]
    assert hidden
    for one in hidden:
        assert asked(demo, role, "assessments", **{"from": one["from"], "until": one["until"]})["total"] <= len(mine)
        page = demo.page(f"/ledger?limit=200&kind={one['kind']}&lang={lang}", role)
        assert one["id"] not in rows_of(page)


@pytest.mark.parametrize(
    "query", ["observer=x", "note=fear", "asserted_by=x", "row=1", "what=3", "place_text=Aleppo", "incident=i"]
)
def test_a_filter_by_what_is_hidden_is_none(demo: Demo, query: str) -> None:
    """A field that is not for everybody cannot be asked of: the page is refused, and says nothing."""
    for path in ("/ledger", "/api/v1/assessments", "/api/v1/facets", "/api/v1/timeline"):
        answer = demo.client.get(f"{path}?{query}")
        assert answer.status_code == 422
        assert "sy-" not in answer.text


def test_a_list_that_has_moved_on_is_begun_again(demo: Demo) -> None:
    """The address of a page of a list that is no more leads to its first page."""
    answer = demo.client.get("/ledger?act=attack&after=AAAA", follow_redirects=False)
    assert answer.status_code == 303
    assert "after" not in answer.headers["location"]
    assert "act=attack" in answer.headers["location"]


def test_downloads_are_of_exactly_what_is_shown(demo: Demo) -> None:
    """Each file has as many rows as the page says, and names the same filter."""
    page = demo.page("/ledger?lang=en&act=attack&from=2016-05-01")
    found = re.search(r'href="(/api/v1/assessments\.csv[^"]*)"', page)
    assert found
    told = demo.client.get(found[1].replace("&amp;", "&"))
    assert told.status_code == 200
    rows = [line for line in told.text.splitlines() if line.lstrip('"\ufeff').startswith("sy-")]
    assert len(rows) == total(demo, "public", act="attack", **{"from": "2016-05-01"})


def test_findings_stand_on_a_page_of_their_own(demo: Demo) -> None:
    """No assessment is on the page of findings, and no finding on that of assessments."""
    findings, ledger = demo.page("/ledger/findings"), demo.page("/ledger")
    assert "ledger-table" not in findings
    assert "/case/" not in findings
    assert "ledger-finding" not in ledger
    for page, mine in ((findings, "/ledger/findings"), (ledger, "/ledger")):
        assert re.search(rf'<a href="{mine}\?[^"]*" aria-current="page"', page)


def test_the_lists_of_two_sides_are_mirrored(demo: Demo) -> None:
    """Whoever swaps the sides gets the same page with its halves swapped."""
    for role in ("party:us", "secretariat"):
        one = demo.page("/ledger/matched?lang=en&a=gov&b=opp", role)
        other = demo.page("/ledger/matched?lang=en&a=opp&b=gov", role)
        told = [re.findall(r"<h3>([^<]+)</h3>\s*<dl class=\"tallies\">(.*?)</dl>", page, re.S) for page in (one, other)]
        assert len(told[0]) == 2
        assert told[0] == told[1][::-1]
        assert one.count("<article") == other.count("<article")


def test_published_totals_stand_beside_the_lists(demo: Demo) -> None:
    """What issuers count over a period came with the text: their sums are worked out again, and added to nothing."""
    told = asked(demo, "party:us", "reconcile", a="us", b="ru")["totals"]
    assert told["file"] == "ledgers.csv"
    assert told["checks"]["mismatch"] == len([one for one in told["mismatches"] if one["check"] == "mismatch"]) > 0
    page = demo.page("/ledger/matched?lang=en&a=us&b=ru", "party:us")
    totals = page.partition('id="totals"')[2].partition("</section>")[0]
    assert totals.count('class="sum"') >= told["checks"]["mismatch"]
    assert "Both counting rules, applied to both lists" in page


def test_the_lists_of_two_sides_are_for_members(demo: Demo) -> None:
    """The public is not told that there is such a page."""
    assert demo.client.get("/ledger/matched?a=gov&b=opp").status_code == 404
    assert "/ledger/matched" not in demo.page("/ledger")
    assert "/ledger/matched" in demo.page("/ledger", "party:us")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_of_the_ledger_is_light(demo: Demo, lang: str) -> None:
    """Well below 60,000 bytes on its way."""
    import gzip

    assert len(gzip.compress(demo.page("/ledger", lang=lang).encode())) < 30_000


def test_actors_stand_in_a_neutral_order(demo: Demo) -> None:
    """By their ids, never by how often something is said of them."""
    page = html.unescape(demo.page("/ledger?lang=en", "secretariat"))
    found = re.findall(r'href="[^"]*[?&]actor=([^&"]+)', page)
    assert found == sorted(found)
    assert len(found) > 3


# -- how quickly -------------------------------------------------------------------------------------------------------


def test_codes_of_a_facet_are_small() -> None:
    """What is kept for every row of a large case is a few bytes."""
    from truceline.desk.views.counted import _facet

    made = _facet(np.arange(1000) % 90, [[str(one)] for one in range(90)])
    assert made.codes.itemsize == 1
    assert made.counts(np.ones(1000, bool))["0"] == 12


# -- by keyboard -------------------------------------------------------------------------------------------------------


@pytest.mark.chromium
def test_the_list_is_narrowed_by_keyboard(stage: Stage) -> None:
    """A facet is a link: reached, chosen and taken out again by keys, without the page losing its place."""
    with stage.seat() as page:
        page.goto(f"{stage.url}/ledger?lang=en")
        before = page.locator("#l-count").inner_text()
        page.locator('.ledger-facets a[href*="value=1"]').focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**value=1**")
        expect(page.locator("#l-count")).not_to_have_text(before)
        shown = page.locator(".ledger-table tbody tr")
        expect(shown).to_have_count(int(re.sub(r"\D", "", page.locator("#l-count").inner_text())))
        assert "value=1" in (page.locator(".downloads a").first.get_attribute("href") or "")
        assert page.evaluate("document.activeElement.closest('.ledger-facets') !== null")
        page.locator(".ledger-chips a").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#l-count")).to_have_text(before)


@pytest.mark.chromium
def test_a_stretch_of_time_is_chosen_by_keyboard_and_by_pointer(stage: Stage) -> None:
    """The handles of the brush are sliders; what they choose is what the form asks for."""
    with stage.seat() as page:
        page.goto(f"{stage.url}/ledger?lang=en")
        handle = page.get_by_role("slider").first
        handle.focus()
        for _ in range(3):
            page.keyboard.press("PageUp")
        page.keyboard.press("Enter")
        page.wait_for_url("**from=2016-**")
        since = re.search(r"from=(2016-\d\d-\d\d)", page.url)
        assert since
        expect(page.get_by_role("slider").first).to_have_attribute("aria-valuetext", since[1])
        drawn = page.locator("svg#brush").bounding_box()
        assert drawn
        page.mouse.move(drawn["x"] + 100, drawn["y"] + 30)
        page.mouse.down()
        page.mouse.move(drawn["x"] + 200, drawn["y"] + 30, steps=4)
        page.mouse.up()
        page.wait_for_url("**until=**")
        expect(page.locator("#l-until")).not_to_have_value("")


@pytest.mark.chromium
def test_without_a_script_the_same_can_be_asked(stage: Stage) -> None:
    """Facets are links, times are fields, pages are links."""
    with stage.seat(java_script_enabled=False) as page:
        page.goto(f"{stage.url}/ledger?lang=en")
        page.locator('.ledger-facets a[href*="act=attack"]').click()
        page.locator("input[name=from]").fill("2016-05-01")
        page.keyboard.press("Enter")
        page.wait_for_url("**from=2016-05-01**")
        assert "act=attack" in page.url
        first = page.locator(".ledger-table tbody th a").first.get_attribute("href")
        page.get_by_role("link", name="Next page").click()
        assert page.locator(".ledger-table tbody th a").first.get_attribute("href") != first


@pytest.mark.chromium
def test_two_lists_are_matched_and_swapped_by_keyboard(stage: Stage) -> None:
    """Two sides are chosen, their lists matched; swapped, each stands in the other half."""
    with stage.seat("party:us") as page:
        page.goto(f"{stage.url}/ledger/matched?lang=en")
        for name, side in (("a", "gov"), ("b", "opp")):
            page.locator(f"#m-{name}").focus()
            page.select_option(f"#m-{name}", side)
        page.get_by_role("button", name="Match the lists").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**a=gov**b=opp**")
        names = page.locator(".titles .sidename")
        before = names.all_inner_texts()
        page.get_by_role("link", name="Swap the sides").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**a=opp**b=gov**")
        assert names.all_inner_texts() == before[::-1]
        sizes = [names.nth(at).evaluate("one => getComputedStyle(one).fontSize") for at in range(2)]
        assert sizes[0] == sizes[1]
