"""The page as a whole: complete, closed to the network, escaped, readable by everyone, and the same every time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.report.pages import page, parts, visible
from tests.report.specimens import COUNTRY, EMPTY, FULL, PICTURES, ROAD, SURE, entry
from truceline import LAW
from truceline.atlas import read_atlas
from truceline.desk.pages import rings_of
from truceline.errors import InputError
from truceline.report import page as page_module
from truceline.report.language import LANGUAGES, Words
from truceline.report.page import LISTED, render, web_address
from truceline.report.picture import Land
from truceline.space import Geometry

EVERY = [(name, lang) for name in PICTURES for lang in LANGUAGES]
BANNED = {
    "en": ("allowed", "no breach", "not a breach", "permitted", "lawful", "compliant"),
    "ar": ("مسموح", "مباح", "لا خرق", "ليس خرق", "لا انتهاك", "مشروع"),
    "ru": ("разрешен", "разрешён", "дозволен", "нет нарушен", "не нарушен", "не является нарушением", "законн"),
}
"""What an answer of -1 must never be called."""


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_same_picture_same_bytes(name: str, lang: str) -> None:
    """Two parties that draw the same picture must hold the same file."""
    assert render(PICTURES[name], lang) == page(name, lang)


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_nothing_is_fetched(name: str, lang: str) -> None:
    """A page that calls home tells somebody who reads it."""
    for tag, attrs in parts(name, lang).tags:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
        assert "src" not in attrs and "srcset" not in attrs and not any(key.startswith("on") for key in attrs)
        if "href" in attrs and not attrs["href"].startswith("#"):
            assert tag == "a" and attrs["href"] == SURE.url and attrs["rel"] == "noopener noreferrer"
    style = "".join(text for text, path in parts(name, lang).texts if "style" in path)
    assert "@import" not in style
    assert set(re.findall(r"url\((.{5})", style)) <= {"data:"}
    assert "default-src 'none'" in page(name, lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_of_others_is_escaped(lang: str) -> None:
    """A report may hold anything; it must never become a part of the page."""
    html = page("full", lang)
    assert not parts("full", lang).unclosed
    assert "<script" not in html and "<img" not in html and "<svg onload" not in html
    assert "&lt;script&gt;alert(2)" in html
    assert "{{ 7*7 }}" in html
    assert "\u202e" not in html


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//example.org", "http://", "https://a b", 'https://a"b', "ftp://a",
            "https://u:p@example.org", "https://exa\u202emple.org", "http://[", "vbscript:x", "", "JAVASCRIPT:alert(1)"]
)  # fmt: skip
def test_only_web_addresses_become_links(url: str) -> None:
    """A link is something a reader clicks: everything but a plain web address stays text."""
    assert web_address(url) == ""
    html = render(replace(FULL, entries=(entry("r-x", "2016-03-05", url=url),)), "en")
    assert 'rel="noopener' not in html


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_humanitarian_law_line_stands_on_the_page(name: str, lang: str) -> None:
    """Every page carries the line, in its language, above the fold and at its end, and on every sheet of paper."""
    line = str(Words(lang).say(LAW))
    assert page_module.LAW == LAW
    assert page(name, lang).count(line) >= 2
    assert lang == "en" or line != LAW
    assert "@bottom-" in page(name, lang)


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_not_covered_is_never_called_allowed(name: str, lang: str) -> None:
    """A -1 says that one term does not reach the act, and nothing about whether the act was right."""
    text = visible(name, lang).casefold()
    assert not [word for word in BANNED[lang] if word in text]
    if name == "full":
        assert str(Words(lang).answer(-1)) in visible(name, lang)


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_headings_are_in_order(name: str, lang: str) -> None:
    """A screen reader walks the headings: one first, then never a step left out."""
    levels = [int(tag[1]) for tag, _ in parts(name, lang).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_page_says_its_language_and_direction(name: str, lang: str) -> None:
    """Readers and screen readers turn the page by what the first element says."""
    attrs = next(attrs for tag, attrs in parts(name, lang).tags if tag == "html")
    assert attrs == {"lang": lang, "dir": "rtl" if lang == "ar" else "ltr"}


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_tables_and_drawings_can_be_heard(name: str, lang: str) -> None:
    """Every header says what it heads, every drawing has a title and a description, every id is there once."""
    tags = parts(name, lang).tags
    assert all(attrs.get("scope") in {"row", "col"} for tag, attrs in tags if tag == "th")
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for tag, attrs in tags:
        if tag == "svg":
            assert attrs["role"] == "img" and set(attrs["aria-labelledby"].split()) <= set(ids)
        assert set(attrs.get("aria-labelledby", "").split()) <= set(ids)
        if attrs.get("href", "").startswith("#"):
            assert attrs["href"][1:] in ids


def test_situation_comes_first() -> None:
    """The first paragraph after the head of the page is the sentence one reads aloud."""
    html = page("full", "en")
    text = re.sub(r"<[^>]+>", "", html[html.index('class="lead"') + 13 :].split("</p>")[0])
    assert " ".join(text.split()) == (
        "12 reports up to 2016-04-01 00:00. 1 surely falls under a prohibition if true, 3 possibly, 8 do not; "
        "2 tell of harm to people or places that humanitarian law protects. Findings signed: 0."
    )
    assert html.index("<h1") < html.index('class="lead"') < html.index("<table")


def test_period_counts_what_surely_happened_in_it() -> None:
    """A report that reaches across the edge of the period belongs to neither side."""
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", page("full", "en").split("This period against")[1])[:3]
    numbers = [re.findall(r">(\d+)</bdi>", row) for row in rows]
    assert numbers == [["0", "0"], ["1", "1"], ["2", "7"]]


def test_supported_and_covered_stand_apart() -> None:
    """Two questions: nothing of one is counted into the other."""
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", page("full", "en").split("Two questions")[1])[:3]
    assert [re.findall(r">(\d+)</bdi>", row) for row in rows] == [["1", "0"], ["3", "12"], ["8", "0"]]


def test_what_would_settle_most_is_for_the_secretariat_only() -> None:
    """The list points at witnesses."""
    assert 'id="settle"' in page("full", "en")
    assert 'id="settle"' not in page("public", "en")


def test_withheld_reports_are_counted_aloud() -> None:
    """A reader who sees less must be told so."""
    assert "11</bdi> reports are counted above and not shown to this reader" in page("public", "en")
    assert "12</bdi> reports up to" in page("public", "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_coordinate_is_on_the_page(lang: str) -> None:
    """Places are drawn on paper; degrees are nowhere in the file."""
    html = page("full", lang)
    degrees = {n for rings in (*COUNTRY, *SURE.polygons) for ring in rings for point in ring for n in point}
    assert not [n for n in (*degrees, *ROAD.line[0]) if re.search(rf"(?<![\d.]){n:.1f}\d{{2,}}", visible("full", lang))]
    assert not [n for n in degrees if str(n) in html]


def test_protected_is_said_whatever_the_answer() -> None:
    """Harm to a school is shown as such although no term covers it."""
    part = page("full", "en").split("<article")
    assert [("Protected by humanitarian law" in p) for p in part if "r-arabic" in p] == [True]
    assert [("Protected by humanitarian law" in p) for p in part if "r-sure" in p] == [False]


def test_long_lists_say_what_they_leave_out() -> None:
    """Counting goes over all reports; the list stops at a number and says where the rest is."""
    many = tuple(replace(SURE, id=f"r-{i:05d}", start=SURE.start + i % 80_000) for i in range(LISTED + 7))
    html = render(
        replace(FULL, entries=tuple(sorted(many, key=lambda e: (e.start, e.id))), any=(LISTED + 7, 0, 0)), "en"
    )
    assert html.count("<article") == LISTED
    assert "7</bdi> earlier reports are counted above and not listed here" in html
    assert f"{LISTED + 7}</bdi> reports up to" in html
    assert html.count('class="extent') == html.count(f"{LISTED + 7}\u2069 surely covered, if true") == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_without_reports_is_small(lang: str) -> None:
    """With the fonts of its language and the real base map it must still pass over a poor line."""
    data = (Path(__file__).parents[2] / "agreements" / "syria-2016" / "areas.geojson").read_bytes()
    lands = []
    for code, own, shape, names in real_lands(data):
        lands.append(Land(code, 1 if "-" in code else 0, own, names, rings_of(shape)))
    html = render(replace(EMPTY, lands=tuple(lands), zones=FULL.zones, terms=FULL.terms), lang)
    assert 'class="sheet"' in html
    assert len(html.encode()) <= 400_000


def real_lands(data: bytes) -> Iterator[tuple[str, bool, Geometry, dict[str, str]]]:
    """Units and neighbours of the shipped case: code, whether its own, shape, names."""
    atlas = read_atlas({"areas.geojson": data})
    for is_own, shapes in ((True, atlas.shapes), (False, atlas.basemap)):
        yield from ((code, is_own, shape, {"en": code, **atlas.names[code]}) for code, shape in shapes.items())


def test_unknown_language_is_refused() -> None:
    """A page in a language without a catalogue would be half English."""
    with pytest.raises(InputError, match="expected a language"):
        render(FULL, "fr")


def test_words_without_translation_say_so() -> None:
    """Words of a term that nobody translated stand in English, marked as English."""
    assert '<span lang="en" dir="ltr">No flight over the designated areas.</span>' in page("full", "ar")
    assert 'class="tongue">' not in page("full", "en").split("<body>")[1]
