"""The site desk's day on a telephone, in Arabic, with no connection in between; and signatures made in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.screens.conftest import Stage, served_demo
from truceline.report.language import Words

AR = Words("ar")
WIDE = 390
KEPT = (
    "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,"
    " (await caches.keys()).length]"
)


@pytest.fixture(scope="module")
def url(own_case: Path) -> Iterator[str]:
    """A demonstration of this module's own: what is done here changes it."""
    with served_demo(own_case) as found:
        yield found


@pytest.fixture
def own(url: str, browser: Browser) -> Stage:
    """It, and a browser to look at it."""
    return Stage(url, browser)


def filled(page: Page, **fields: str) -> None:
    """The five fields, written as by a hand."""
    for name, value in fields.items():
        one = page.locator(f'[name="{name}"]')
        if one.evaluate("e => e.tagName") == "SELECT":
            one.select_option(value)
        else:
            one.fill(value)


def plain(text: str, **values: object) -> str:
    """A sentence in Arabic, as it is seen."""
    return re.sub("<[^>]+>", "", str(AR.say(text, **values)))


@pytest.mark.chromium
def test_the_day_of_the_site_desk(own: Stage) -> None:
    """Entered without a connection, confirmed by another, acknowledged under a signature, taken back from one."""
    with own.seat("monitor:un", wide=WIDE) as shown:
        shown.goto(f"{own.url}/notify/new?kind=site&lang=ar")
        assert shown.evaluate("document.documentElement.dir") == "rtl"
        shown.context.set_offline(True)
        filled(shown, what="عيادة مختلقة", place="تدمر", where="38.2800, 34.5600", since="2020-02-14")
        filled(shown, until="2020-06-30", **{"to-us": "exact", "to-gov": "town"})
        shown.locator(".notify-form button:not([type])").focus()
        shown.keyboard.press("Enter")
        queue = shown.locator("#notify-queue")
        expect(queue).to_contain_text(plain("waits for a connection"))
        expect(shown.locator('[name="what"]')).to_have_value("")
        filled(shown, kind="movement", what="قافلة مختلقة", place="تدمر", where="34.5600, 38.2700; 34.6100, 38.3400")
        filled(shown, since="2020-02-20T08:00", until="2020-02-20T16:00", **{"to-us": "exact"})
        shown.locator(".notify-form button:not([type])").click()
        expect(queue.locator("li")).to_have_count(2)
        assert shown.evaluate(KEPT) == [0, 0, 0, 0]
        assert shown.evaluate("document.documentElement.scrollWidth") <= WIDE
        shown.context.set_offline(False)
        expect(queue.locator('li[data-state="sent"]')).to_have_count(2, timeout=20_000)
        site = queue.locator("a").first.get_attribute("href") or ""
        path = httpx.URL(site).path
        assert re.fullmatch("/notify/[a-p]{16}", path)

    with own.seat("notices", wide=WIDE) as shown:
        shown.goto(f"{own.url}{path}?lang=ar")
        expect(shown.locator(".notify-box")).to_contain_text(
            plain(
                "Did you mean the two numbers the other way round? Turned, they fit; as written, the first is the "
                "latitude."
            )
        )
        for box in shown.locator('input[name="accept"]').all():
            box.check()
        shown.locator('button[value="confirm"]').click()
        expect(shown.locator(".notify-clock.is-open")).to_have_count(2)
        assert shown.evaluate("document.documentElement.scrollWidth") <= WIDE

    with own.seat("party:us", wide=WIDE) as shown:
        shown.goto(f"{own.url}{path}?lang=ar")
        shown.locator('button[value="sign-acknowledged"]').click()
        shown.locator("[data-sign]").click()
        expect(shown.locator(".tosign-done")).to_contain_text(plain("It is on the record."))
        shown.goto(f"{own.url}{path}?lang=ar")
        expect(shown.locator(".notify-clock.is-done")).to_contain_text(plain("signed by itself"))

    with own.seat("monitor:un", wide=WIDE) as shown:
        shown.goto(f"{own.url}{path}?lang=ar")
        shown.locator('form:has(input[name="to"][value="gov"]) button[value="revoke"]').click()
        expect(shown.locator(".notify-clock.is-gone")).to_have_count(1)


@pytest.mark.chromium
@pytest.mark.long
def test_what_is_refused_goes_back_into_the_form(own: Stage) -> None:
    """With what was typed, and why; a form that was sent at once leads to its notice."""
    with own.seat("monitor:un", wide=WIDE) as shown:
        shown.goto(f"{own.url}/notify/new?lang=en")
        filled(shown, what="Made-up ward", place="Tadmur", where="34.56, 38.28", since="2020-02-14", until="2020-06-30")
        shown.locator(".notify-form button:not([type])").click()
        expect(shown.get_by_role("alert")).to_contain_text("Nothing was kept yet.")
        assert shown.locator('[name="what"]').input_value() == "Made-up ward"
        filled(shown, where="34.5611, 38.2811", **{"to-us": "exact"})
        shown.locator(".notify-form button:not([type])").click()
        shown.wait_for_url(re.compile("/notify/[a-p]{16}"))
        expect(shown.locator("[data-short]")).to_have_text("It waits for a second person.")


@pytest.mark.chromium
def test_a_side_says_what_it_means_by_keyboard_and_signs_it(own: Stage) -> None:
    """Arrows reach a patch on the map, Enter says something of it, the draft is signed here and taken."""
    with own.seat("party:us", wide=1280) as shown:
        shown.goto(f"{own.url}/exchange?lang=en")
        shown.locator('g[data-cell][tabindex="0"]').focus()
        for _ in range(60):
            here = shown.evaluate("document.activeElement.getAttribute('class')")
            if here == "exch-cell is-b":
                break
            shown.keyboard.press("ArrowRight" if _ % 3 else "ArrowDown")
        else:
            shown.locator("g.exch-cell.is-b").focus()
        key = shown.evaluate("document.activeElement.dataset.cell")
        shown.keyboard.press("Enter")
        expect(shown.locator(f'select[data-of="{key}"]')).to_have_value("agree")
        expect(shown.locator("#exch-said")).to_contain_text("agrees")
        shown.locator('button[value="cells"]').focus()
        shown.keyboard.press("Enter")
        shown.locator("[data-sign]").click()
        expect(shown.locator(".tosign-done")).to_contain_text("It is on the record.")
        shown.locator(".tosign-done a").click()
        expect(shown.locator(f'g[data-cell="{key}"].is-agreed')).to_have_count(1)


@pytest.mark.chromium
@pytest.mark.long
def test_a_list_is_printed_without_what_is_for_the_screen(own: Stage) -> None:
    """The rows, the receipt and the line of the law; no menus, no forms."""
    with own.seat("party:us") as shown:
        shown.goto(f"{own.url}/notify/list?lang=en")
        shown.emulate_media(media="print")
        assert not shown.locator(".doors").is_visible()
        assert shown.locator(".notify-receipt").is_visible()
        assert shown.locator("footer .law").is_visible()
        assert shown.locator(".notify-paper tbody tr").count() >= 1
