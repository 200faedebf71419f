"""Reporting in a real browser, without script: three languages, from the form to the receipt and back."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from tests.web.asking import Served
from truceline.report.language import LANGUAGES

pytestmark = pytest.mark.chromium

AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SAID = {
    "en": ("Shells fell on the market", "Hirbnafsa", "Hirbinifsah, village", "Under review", "Your report is deleted"),
    "ar": ("سقطت قذائف على السوق", "حربنفسه", "حربنفسه، قرية", "قيد المراجعة", "حُذف بلاغك"),
    "ru": ("Снаряды упали на рынок", "Хирбинифса", "Хирбинифса, деревня", "Рассматривается", "Ваше сообщение удалено"),
}  # fmt: skip
"""By language: what is written of what happened and of the place, and what is read of the place, the state, the end."""


@pytest.fixture(scope="module")
def url(case_folder: Path) -> Iterator[str]:
    """A service in a process of its own."""
    with Served(case_folder, judging="asked", writes_a_minute=10_000, most_media=1_000_000) as served:
        yield served.url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A telephone whose browser runs no script."""
    made = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of it."""
    return context.new_page()


def photo(data: bytes) -> FilePayload:
    """A file that says that it is a photo."""
    return {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": data}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_from_the_form_to_the_receipt_and_back(page: Page, url: str, lang: str, tmp_path: Path) -> None:
    """Written, read back, answered, followed and deleted: without script, with one request for each page."""
    words, place, read, state, end = SAID[lang]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{url}/report?lang={lang}")
    assert page.locator("html").get_attribute("dir") == ("rtl" if lang == "ar" else "ltr")
    page.fill("#words", words)
    page.fill("#place", place)
    page.fill("#time", "2019-12-31 14:00")
    page.select_option("#act", "shelling")
    page.fill("#contact", "by the mill")
    page.check("input[value=share]")
    page.set_input_files("#media", photo(b"\xff\xd8\xff\xe0" + bytes(200_000)))
    page.click("button[type=submit]")
    receipt = page.inner_text(".receipt")
    assert len(receipt.replace("-", "").replace("\n", "")) == 26
    first = page.locator("label.choice").first
    expect(first).to_contain_text(read)
    expect(first.locator("bdi").first).to_be_visible()
    shown = first.inner_text()
    assert "2019-12-31" in shown.replace("\u2066", "").replace("\u2069", "")
    page.check("input[value='1']")
    page.click("button[type=submit]")
    expect(page.locator("h1")).to_be_visible()
    page.goto(f"{url}/intake/follow?lang={lang}")
    page.fill("#receipt", receipt.lower())
    page.click("button[type=submit]")
    expect(page.locator(".state")).to_have_text(state)
    page.fill("#receipt", receipt)
    page.check("input[value=delete]")
    page.click("button[type=submit]")
    expect(page.locator(".state")).to_have_text(end)
    assert all(one.startswith(url) for one in asked)
    assert [one for one in asked if not one.startswith((f"{url}/report", f"{url}/intake"))] == []
    assert receipt.replace("-", "").lower() not in "".join(asked).lower()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_is_accessible_and_fits_a_telephone(browser: Browser, url: str, lang: str) -> None:
    """WCAG 2.2 AA as far as a program can see; targets of 44 px; nothing to scroll sideways at 320 px; one policy."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(viewport={"width": 320, "height": 740}, bypass_csp=True)  # for the checker alone
    shown = context.new_page()

    def check() -> None:
        found = axe.Axe().run(shown, options={"runOnly": {"type": "tag", "values": AXE}})
        wrong = [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found.response["violations"]]
        assert wrong == [], shown.url
        assert shown.evaluate("document.documentElement.scrollWidth") <= 320
        assert small(shown) == []

    shown.goto(f"{url}/report?lang={lang}")
    check()
    shown.fill("#words", SAID[lang][0])
    shown.set_input_files("#media", photo(b"PK\x03\x04" + bytes(99)))
    shown.click("button[type=submit]")
    expect(shown.locator("#fault")).to_be_visible()
    assert shown.input_value("#words") == SAID[lang][0]
    check()
    shown.fill("#place", SAID[lang][1])
    shown.fill("#time", "2019-12-31")
    shown.click("button[type=submit]")
    check()
    shown.check("input[value='0']")
    shown.click("button[type=submit]")
    check()
    shown.goto(f"{url}/intake/follow?lang={lang}")
    shown.fill("#receipt", "nothing")
    shown.click("button[type=submit]")
    check()
    context.close()


def small(page: Page) -> list[str]:
    """What can be touched and is smaller than 44 px; a link within a sentence has the room of its line."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('button, select, textarea, input:not([type=hidden]), nav a')]
            .map(one => one.closest('label.choice') || one)
            .filter(one => { const box = one.getBoundingClientRect(); return box.width < 44 || box.height < 44 })
            .map(one => one.outerHTML.slice(0, 80))"""
    )
    return found


def test_the_policy_allows_its_own_style_and_script_and_nothing_else(browser: Browser, url: str) -> None:
    """The style sheet is worn, no script runs, nothing violates the policy, and the browser keeps nothing."""
    context = browser.new_context()
    shown = context.new_page()
    troubles: list[str] = []
    shown.on("console", lambda message: troubles.append(message.text))
    answer = shown.goto(f"{url}/report?lang=en")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'sha256-")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert shown.evaluate("getComputedStyle(document.querySelector('button')).minHeight") == "52px"
    assert (troubles, context.cookies()) == ([], [])
    assert re.findall("<script[^>]*>[^<]*", shown.content()) == ['<script type="module" src="/static/report-form.js">']
    context.close()


def test_what_was_written_is_not_lost_when_a_file_is_too_large(page: Page, url: str) -> None:
    """Nobody writes a report twice: everything stands there again but the files and how somebody is reached."""
    page.goto(f"{url}/report?lang=ru")
    page.fill("#words", "Снаряды <b>\"&'")
    page.fill("#place", "Хама")
    page.fill("#contact", "у мельницы")
    page.check("input[value=publish]")
    page.set_input_files("#media", photo(b"\xff\xd8\xff\xe0" + bytes(1_500_000)))
    page.click("button[type=submit]")
    expect(page.locator("#fault")).to_contain_text("слишком велико")
    assert page.input_value("#words") == "Снаряды <b>\"&'"
    assert (page.input_value("#place"), page.input_value("#contact")) == ("Хама", "")
    expect(page.locator("input[value=publish]")).to_be_checked()
    expect(page.locator("html")).to_have_attribute("lang", "ru")


def test_the_receipt_is_on_no_address_and_in_no_history(page: Page, url: str) -> None:
    """What stands in an address stands in histories and in the logs of others."""
    page.goto(f"{url}/report?lang=en")
    page.fill("#words", "planes over us, low")
    page.click("button[type=submit]")
    receipt = page.inner_text(".receipt").replace("-", "").replace("\n", "")
    assert receipt not in page.url.replace("-", "")
    assert page.url == f"{url}/report"
    expect(page.locator("nav")).to_have_count(0)
    assert datetime.date.today().isoformat() not in page.content()
