"""What every screen keeps to, in every language: the line of the law, apart what has to be apart, nothing inline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from _pytest.mark import ParameterSet
from playwright.sync_api import Page

from tests.web.screens.conftest import Demo, Stage
from tests.web.screens.places import PLACES
from truceline import LAW
from truceline.report.language import LANGUAGES, Words

AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TURNS = re.compile(r"\d[-:/.]\d|[+\u2212-]\d|\d{1,3},\d{3}|#\d|[A-Za-z]\d|\d[A-Za-z]")
"""What an Arabic sentence turns round where nothing keeps it apart: dates, times, signed and long numbers, ids."""

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


class Texts(HTMLParser):
    """The texts of a page, each with whether it is kept apart."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        super().__init__()
        self.found: list[tuple[str, bool]] = []
        self._above: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more element is open."""
        if tag not in VOID:
            known = dict(attrs)
            is_apart = (
                tag == "bdi"
                or known.get("dir") == "ltr"
                or known.get("direction") == "ltr"
                or tag in ("script", "style", "title")
            )
            self._above.append((tag, is_apart))

    def handle_endtag(self, tag: str) -> None:
        """It is closed, with all that was left open in it."""
        while self._above and self._above.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """A text."""
        if data.strip():
            self.found.append((" ".join(data.split()), any(is_apart for _, is_apart in self._above)))


def texts(page: str) -> Iterator[tuple[str, bool]]:
    """Every text of a page, and whether it is kept apart."""
    found = Texts()
    found.feed(page)
    yield from found.found


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("path", "role"), PLACES)
def test_it_says_what_every_page_says(demo: Demo, path: str, role: str, lang: str) -> None:
    """The line of the law, its language, one heading of the first rank; nothing inline, nothing from elsewhere."""
    page = demo.page(path, role, lang)
    assert str(Words(lang).say(LAW)) in page
    assert f'<html lang="{lang}" dir="{Words(lang).dir}">' in page
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.search(r'<script(?![^>]*(src="/static/|type="application/json"))', page)
    assert not re.search(
        r'(?:src|href|action)="(?:https?:)?//(?!www\.|localhost)', re.sub(r'<a [^>]*rel="[^"]*external[^>]*>', "", page)
    ), path
    assert ("<main" in page) and ('class="skip"' in page)


HOSTILE = (
    "'\"><script>alert(1)</script>", "\u202e2016", "-1", "#999999", "0" * 200, "2016-13-45",
    "../../etc/passwd", "{{7*7}}",
)  # fmt: skip
NAMES = (
    "known_at", "day", "from", "until", "at", "term", "zone", "actor", "after", "order", "a", "b", "old", "leaf", "type"
)  # fmt: skip


@pytest.mark.parametrize(("path", "role"), PLACES)
def test_what_nobody_would_type_is_refused_or_found_nowhere(demo: Demo, path: str, role: str) -> None:
    """A page or a problem, never a fault; and nothing that was typed stands in it as markup."""
    bare = path.partition("?")[0]
    for at, name in enumerate(NAMES):
        typed = HOSTILE[at % len(HOSTILE)]
        found = demo.seat(role).get(bare, params={"lang": "en", name: typed}, headers={"Accept": "text/html"})
        assert found.status_code in (200, 404, 422), (bare, name, typed, found.status_code)
        assert "<script>alert" not in found.text


@pytest.mark.parametrize(("path", "role"), PLACES)
def test_in_arabic_nothing_is_turned_round(demo: Demo, path: str, role: str) -> None:
    """Dates, numbers and ids stand in an element that keeps their order."""
    turned = [text for text, is_apart in texts(demo.page(path, role, "ar")) if TURNS.search(text) and not is_apart]
    assert [text for text in turned if "\u2066" not in text] == []


@pytest.mark.parametrize(("path", "role"), PLACES)
def test_a_page_that_a_browser_has_is_made_again(demo: Demo, path: str, role: str) -> None:
    """What a browser says that it has is said of the page, and not of the answers that it is made of."""
    assert demo.seat(role).get(path, headers={"If-None-Match": "*"}).status_code == 200


def looked_at() -> Iterator[ParameterSet]:
    """Every place in every language; in the fast suite every fourth place, in one of them in turn."""
    for at, (path, role) in enumerate(PLACES):
        for n, lang in enumerate(LANGUAGES):
            marks = () if at % (4 * len(LANGUAGES)) == 4 * n else (pytest.mark.long,)
            yield pytest.param(path, role, lang, marks=marks, id=f"{path}-{role}-{lang}")


@pytest.mark.chromium
@pytest.mark.parametrize(("path", "role", "lang"), [*looked_at()])
def test_everybody_can_use_it(stage: Stage, path: str, role: str, lang: str) -> None:
    """WCAG 2.2 AA as far as a program can see; no sideways scrolling on a telephone."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with stage.seat(role, wide=390) as shown:
        shown.goto(f"{stage.url}{path}{'&' if '?' in path else '?'}lang={lang}")
        assert shown.evaluate("document.documentElement.scrollWidth") <= 390
        answer = axe.Axe().run(shown, options={"runOnly": {"type": "tag", "values": AXE}})
        assert [(v["id"], [n["html"][:160] for n in v["nodes"]][:3]) for v in answer.response["violations"]] == []
        assert unfocused(shown) == []
        assert small(shown) == []


def small(page: Page) -> list[str]:
    """What is pressed or filled in and is less than 44 pixels high; 24 do for a link in a line of text."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("button, .button, input, select")]
            .filter(e => !["checkbox", "radio", "hidden"].includes(e.type) && e.checkVisibility())
            .filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 120))"""
    )
    return found


def unfocused(page: Page) -> list[str]:
    """Buttons, links and fields that the keyboard does not reach."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
            .filter(e => e.checkVisibility() && !e.disabled && e.tabIndex < 0).map(e => e.outerHTML.slice(0, 120))"""
    )
    return found
