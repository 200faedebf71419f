"""The zone under the hand in a real browser: by mouse, by touch, by keyboard, and with a line that breaks."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.screens.conftest import Stage

pytestmark = pytest.mark.chromium

TILE = "#wi-tiles [data-key={}] [data-at=after]"
READY = "#wi-map[data-ready]"
KEPT = re.compile("#c=")


def opened(page: Page, stage: Stage, lang: str = "en", zone: str = "%2B", more: str = "") -> None:
    """The screen, ready to be dragged on."""
    page.goto(f"{stage.url}/what-if?lang={lang}&zone={zone}{more}")
    page.wait_for_selector(READY, timeout=60_000)


def figures(page: Page) -> list[int]:
    """Surely inside, undecided, outside."""
    tiles = [page.locator(TILE.format(key)) for key in ("surely", "possibly", "outside")]
    return [int(one.inner_text().replace(",", "")) for one in tiles]


def middle(page: Page, corner: int) -> tuple[float, float]:
    """Where a corner is on the screen, once the page is still: fonts and the map come when they come."""
    dot, before = page.locator(f".wi-hand [data-corner='{corner}']"), None
    box = dot.bounding_box()
    while box != before:
        page.wait_for_timeout(250)
        before, box = box, dot.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def counted(page: Page) -> list[int]:
    """What the service counts for the drawing of the page's address."""
    found: list[int] = page.evaluate("""async () => {
        const kept = new URLSearchParams(location.hash.slice(1)).get("c").split(".");
        const ring = kept.map((one) => one.split("_").map((n) => Number(n) / 1e5)).map(([y, x]) => [x, y]);
        const body = { zone: "", geometry: { type: "Polygon", coordinates: [[...ring, ring[0]]] } };
        const csrf = document.querySelector("meta[name=csrf]").content;
        const got = await fetch("/api/v1/what-if/moved", { method: "POST", body: JSON.stringify(body),
            headers: { "Content-Type": "application/json", "X-Truceline-CSRF": csrf } });
        const { inside } = await got.json();
        return [inside.surely.after, inside.possibly.after, inside.outside.after];
    }""")
    return found


def dragged(page: Page, corner: int, right: float, down: float, steps: int = 8) -> None:
    """Drag a corner by mouse."""
    x, y = middle(page, corner)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=steps)
    page.mouse.up()


def test_a_corner_is_dragged_and_the_counts_follow(stage: Stage) -> None:
    """The tiles say what the service counts; the table has the corners; the address holds the drawing behind `#`."""
    with stage.seat("mediator") as page:
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url))
        opened(page, stage)
        before = figures(page)
        dragged(page, 0, 120, -90)
        expect(page.locator("#wi-form input[name=corner]").first).not_to_have_value("", timeout=20_000)
        expect(page).to_have_url(KEPT, timeout=20_000)
        page.wait_for_timeout(800)
        after = figures(page)
        assert after != before
        assert after == counted(page)
        fields = page.locator("#wi-form input[name=corner]").evaluate_all("all => all.map((one) => one.value)")
        lat, lon = (float(one) for one in fields[0].split(","))
        assert page.url.endswith(page.evaluate("location.hash"))
        assert f"c={round(lat * 1e5)}_{round(lon * 1e5)}." in page.url
        assert not [url for url in asked if str(round(lat * 1e5)) in url]
        kept = page.url
        page.goto("about:blank")
        page.goto(kept)
        page.wait_for_selector(READY)
        expect(page.locator(TILE.format("surely"))).to_have_text(f"{after[0]:,}")
        assert figures(page) == after


def test_the_keyboard_is_enough(stage: Stage) -> None:
    """Arrows move, Enter adds, Delete takes away, and each is told aloud."""
    with stage.seat("mediator") as page:
        opened(page, stage)
        corner = page.locator(".wi-hand [data-corner='1']")
        corner.focus()
        before = corner.get_attribute("aria-label")
        for key in ("ArrowUp", "Shift+ArrowRight", "ArrowUp"):
            page.keyboard.press(key)
        expect(corner).not_to_have_attribute("aria-label", str(before))
        expect(page.locator("#wi-live")).to_contain_text("Corner 2", timeout=5_000)
        expect(page.locator("#wi-live")).to_contain_text("Surely inside", timeout=5_000)
        page.keyboard.press("Enter")
        expect(page.locator(".wi-hand .corner")).to_have_count(5)
        expect(page.locator("#wi-live")).to_contain_text("Corner 3 was added")
        assert page.evaluate("document.activeElement.dataset.corner") == "2"
        page.keyboard.press("Delete")
        page.keyboard.press("Delete")
        expect(page.locator(".wi-hand .corner")).to_have_count(3)
        page.keyboard.press("Delete")
        expect(page.locator(".wi-hand .corner")).to_have_count(3)
        expect(page.locator("#wi-live")).to_contain_text("three corners")


def test_a_finger_drags_as_a_mouse_does(stage: Stage) -> None:
    """By pointer events, on a phone; the page does not scroll away below it."""
    with stage.seat("mediator", wide=390, has_touch=True, is_mobile=True) as page:
        opened(page, stage)
        page.locator("#wi-map").scroll_into_view_if_needed()
        before = figures(page)
        x, y = middle(page, 1)
        device = page.context.new_cdp_session(page)
        at = page.evaluate("scrollY")
        for kind, points in (
            ("touchStart", [{"x": x, "y": y}]),
            *(("touchMove", [{"x": x - 20 * i, "y": y + 12 * i}]) for i in range(1, 9)), ("touchEnd", []),
        ):  # fmt: skip
            device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        expect(page).to_have_url(KEPT, timeout=20_000)
        page.wait_for_timeout(800)
        assert page.evaluate("scrollY") == at
        assert figures(page) != before
        assert figures(page) == counted(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_line_that_breaks_in_the_middle_of_a_drag_loses_nothing(stage: Stage) -> None:
    """The page says so, keeps what was drawn, and counts it as soon as the line is back."""
    with stage.seat("mediator") as page:
        opened(page, stage)
        x, y = middle(page, 2)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 20, y + 20, steps=3)
        page.context.set_offline(True)
        page.mouse.move(x + 70, y + 60, steps=6)
        expect(page.locator("#wi-state")).to_contain_text("connection is lost", timeout=20_000)
        page.mouse.move(x + 90, y + 80, steps=3)
        page.mouse.up()
        drawn = page.locator(".wi-hand [data-corner='2']").get_attribute("aria-label")
        page.wait_for_timeout(700)
        assert page.locator(".wi-hand [data-corner='2']").get_attribute("aria-label") == drawn
        page.context.set_offline(False)
        expect(page.locator("#wi-state")).to_contain_text("connection is back", timeout=20_000)
        page.wait_for_timeout(1_000)
        assert page.locator(".wi-hand [data-corner='2']").get_attribute("aria-label") == drawn
        assert figures(page) == counted(page)


def test_lines_that_cross_are_told_and_the_numbers_stay(stage: Stage) -> None:
    """Nothing is counted for a shape that is none; it is drawn as broken until it is one again."""
    with stage.seat("mediator") as page:
        opened(page, stage)
        before = figures(page)
        a, b = middle(page, 0), middle(page, 1)
        dragged(page, 0, b[0] - a[0] + 60, b[1] - a[1] - 60)
        expect(page.locator("#wi-state")).to_contain_text("The lines of the drawing cross", timeout=20_000)
        assert "crossed" in str(page.locator(".wi-hand").get_attribute("class"))
        assert len(before) == 3
        page.locator("button[value=reset]").click()
        expect(page.locator("#wi-state")).to_be_empty(timeout=20_000)
        expect(page.locator(TILE.format("surely"))).to_have_text(f"{before[0]:,}")


def test_a_proposal_is_made_without_leaving_the_drawing(stage: Stage) -> None:
    """Text, words and commands; nothing was signed, and the drawing is still there."""
    with stage.seat("party:us") as page:
        opened(page, stage)
        dragged(page, 0, -40, 30)
        expect(page).to_have_url(KEPT, timeout=20_000)
        page.locator("button[value=proposal]").click()
        expect(page.locator("#wi-proposal")).to_be_visible(timeout=20_000)
        assert "--type amendment --by us" in page.locator("#wi-proposal").inner_text()
        assert "polygon:" in page.locator("#wi-proposal pre").inner_text()
        assert page.locator(".wi-hand .corner").count() == 4
        with page.expect_download() as waiting:
            page.locator("button[value=geojson]").click()
        with waiting.value.path().open(encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        assert found["features"][0]["properties"]["status"] == "draft, signed by nobody"


@pytest.mark.parametrize("lang", ["ar", *(pytest.param(lang, marks=pytest.mark.long) for lang in ("en", "ru"))])
def test_the_screen_is_accessible_in_each_language(stage: Stage, lang: str) -> None:
    """WCAG 2.2 AA as far as a program sees, with the hand on the map; signed numbers keep their sign before them."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with stage.seat("mediator") as page:
        opened(page, stage, lang)
        dragged(page, 0, 60, -40)
        expect(page).to_have_url(KEPT, timeout=20_000)
        page.wait_for_timeout(800)
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        answer = axe.Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})
        assert [(v["id"], [n["html"][:140] for n in v["nodes"]][:3]) for v in answer.response["violations"]] == []
        by = page.locator("#wi-tiles .by bdi").evaluate_all(
            "all => all.map((one) => [one.textContent, getComputedStyle(one).direction, one.dir])"
        )
        assert all(text[0] in "+−±–" and direction == dir_ == "ltr" for text, direction, dir_ in by)


def test_without_a_script_it_is_a_form(stage: Stage) -> None:
    """The drawing of the page, the table of corners, and a button that counts."""
    with stage.seat("mediator", java_script_enabled=False) as page:
        page.goto(f"{stage.url}/what-if?lang=en&zone=dmz")
        assert page.locator("#wi-map svg.sheet").is_visible()
        field = page.locator("input[name=corner]").first
        lat, lon = (float(one) for one in field.input_value().split(","))
        field.fill(f"{lat + 0.3:.5f}, {lon:.5f}")
        page.locator("#wi-form button[value=count]").click()
        assert page.locator("#wi-tiles [data-key=possibly] [data-at=by]").is_visible()
        assert page.locator("input[name=corner]").first.input_value() == f"{lat + 0.3:.5f}, {lon:.5f}"


def test_places_of_another_time_are_asked_for_again(stage: Stage) -> None:
    """Reports come in while the page is open: which places there are is asked for once, and then drawn by."""
    with stage.seat("mediator") as page:
        opened(page, stage)
        sent: list[bool] = []

        def answered(route: Route) -> None:
            asked = json.loads(route.request.post_data or "{}")
            sent.append(asked.get("spots", False))
            got = route.fetch()
            told = got.json() | {"places_of": "another time"}
            if "spots" in told:
                told |= {"spots": told["spots"][:-1], "places": told["places"][:-1]}
            route.fulfill(response=got, json=told)

        page.route("**/what-if/moved*", answered)
        for right, down in ((60, -40), (-30, 20), (40, 10)):
            dragged(page, 0, right, down, steps=3)
            page.wait_for_timeout(700)
        assert sent[0] is False
        assert sent.count(True) >= 1
        assert sent[-1] is False
