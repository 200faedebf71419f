"""The page in a real browser: no request leaves it, it fits a phone, it passes the accessibility checker."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.report.pages import page
from truceline.report.language import LANGUAGES

pytestmark = pytest.mark.chromium


@pytest.fixture(params=LANGUAGES)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The page of the full specimen as a file."""
    path = tmp_path / f"{request.param}.html"
    path.write_text(page("full", request.param), encoding="utf-8")
    return path


def test_no_request_leaves_the_page(browser: Browser, file: Path) -> None:
    """Whoever opens it is alone with it."""
    context = browser.new_context(java_script_enabled=False)
    asked: list[str] = []
    shown = context.new_page()
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto(file.as_uri())
    context.close()
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]


@pytest.mark.parametrize("wide", [320, 390, 1280])
def test_page_fits_the_screen(browser: Browser, file: Path, wide: int) -> None:
    """Nobody scrolls sideways to read; only wide tables and drawings do, in frames of their own."""
    shown = browser.new_page(viewport={"width": wide, "height": 800})
    shown.goto(file.as_uri())
    measured = shown.evaluate("document.documentElement.scrollWidth")
    shown.close()
    assert measured <= wide


def test_page_is_accessible(browser: Browser, file: Path) -> None:
    """WCAG 2.2 AA as far as a program can see: contrast, names, roles, order, language."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    shown = browser.new_page()
    shown.goto(file.as_uri())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    answer = axe.Axe().run(shown, options={"runOnly": {"type": "tag", "values": tags}})
    shown.close()
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in answer.response["violations"]] == []


def test_filter_works_without_script(browser: Browser, file: Path) -> None:
    """Choosing an answer hides the others, and nothing is lost when all are shown again."""
    context = browser.new_context(java_script_enabled=False)
    shown = context.new_page()
    shown.goto(file.as_uri())
    every = shown.locator("article.entry:visible").count()
    shown.locator("#show-yes").check()
    sure = shown.locator("article.entry:visible").count()
    shown.locator("#show-all").check()
    again = shown.locator("article.entry:visible").count()
    context.close()
    assert (every, sure, again) == (12, 1, 12)
