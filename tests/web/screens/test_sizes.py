"""How much travels before a page can be read? Over a poor line this is the difference between a page and none.

Counted are the page itself, style and scripts, each as gzip has it. A page that holds a session's secret is sent plain
(see `web.files`), so the bytes of that are a little more; fonts are counted apart, for a browser reads a page before
they are there, and keeps them.
"""

from __future__ import annotations

import gzip
import re
from functools import cache

import pytest

from tests.web.screens.conftest import Demo
from tests.web.screens.places import PLACES
from truceline.report.language import LANGUAGES
from truceline.report.style import FONTS
from truceline.web import files as served

WITHOUT_MAP, WITH_MAP = 60_000, 600_000
FONTS_MOST = {"en": 28_000, "ru": 45_000, "ar": 132_000}
"""Both weights of the letters of a language, Latin ones included: names and numbers use them everywhere."""

pytestmark = pytest.mark.skipif("map.js" not in served.files(), reason="the islands were not built")


def needed(name: str, *, is_all: bool) -> set[str]:
    """A script and what it imports; with `is_all` also what it imports once it is wanted."""
    found, ahead = set(), [name]
    while ahead:
        one = ahead.pop()
        if one in found:
            continue
        found.add(one)
        text = served.files()[one].data.decode()
        ahead += re.findall(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""", text)
        ahead += re.findall(r"""import\(["']\./([\w.-]+\.js)["']\)""", text) if is_all else []
    return found


@cache
def weight(name: str) -> int:
    """Of a file as it travels."""
    one = served.files()[name]
    return len(one.pressed or one.data)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("path", "role"), PLACES)
def test_a_page_is_small(demo: Demo, path: str, role: str, lang: str) -> None:
    """Without a map at most 60 kB before it can be read and used; what a map needs comes once the page is there."""
    page = demo.page(path, role, lang)
    scripts = re.findall(r'<script type="module" src="/static/([\w.-]+)', page)
    sheets = re.findall(r'<link rel="stylesheet" href="/static/([\w.-]+)', page)
    at_once = set().union(*(needed(one, is_all=False) for one in scripts)) | set(sheets)
    later = set().union(*(needed(one, is_all=True) for one in scripts)) | set(sheets)
    text = len(gzip.compress(page.encode(), 9))
    has_map = any(weight(one) > 200_000 for one in later)
    whole = text + sum(weight(one) for one in later) + (weight("map-worker.js") if has_map else 0)
    first = text + sum(weight(one) for one in at_once)
    assert whole <= (WITH_MAP if has_map else WITHOUT_MAP), (whole, sorted(later))
    assert first <= (WITH_MAP if has_map else WITHOUT_MAP), (first, sorted(at_once))


def test_the_fonts_of_a_language_are_bounded() -> None:
    """A browser asks for those of which a page uses a letter, once."""
    sizes = {name: sum(weight(f"{name}-{bold}.woff2") for bold in (400, 600)) for name, _, _ in FONTS}
    latin = sizes["noto-sans-latin"]
    of = {"en": latin, "ru": latin + sizes["noto-sans-cyrillic"], "ar": latin + sizes["noto-sans-arabic"]}
    assert {lang: size for lang, size in of.items() if size > FONTS_MOST[lang]} == {}


def test_a_map_is_one_weight() -> None:
    """MapLibre, its worker and our own layers, without a page about them."""
    whole = sum(weight(one) for one in needed("map.js", is_all=True)) + weight("map-worker.js") + weight("pages.css")
    assert whole <= WITH_MAP - 60_000
