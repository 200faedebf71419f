"""The picture and the table of a balance: the same numbers, the same room for both sides, in three languages."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from truceline.agreement.balance import AREAS, MEASURES, Account, Balance, Edge
from truceline.errors import InputError
from truceline.report import balance as report
from truceline.report.balance import Told
from truceline.report.language import LANGUAGES, Words
from truceline.report.page import LAW

NORTH = Account(
    "north", duties=("a", "b", "c"), deadlines=("a",), prohibitions=("d",), permits=("e",), protections=("f", "g"),
    one_sided=("a",), waits=("b", "c"), open_words=("a",), withheld=("d",), bound_zones=("u", "hidden"),
    protected_zones=("u",), bound_km2=1_250, protected_km2=40, unmeasured=("hidden",),
)  # fmt: skip
SOUTH = Account("south", duties=("f",), prohibitions=("g",), powers=("p",), protections=("d",), bound_km2=300)
GUARANTOR = Account("g", duties=("s",), waits=("s",))
WHOLE = Balance(
    sides=(NORTH, SOUTH), others=(GUARANTOR,),
    edges=(
        Edge("g", "north", "procure", ("s",)), Edge("north", "south", "on", ("b",)),
        Edge("north", "south", "if", ("b", "c")), Edge("south", "north", "together", ("f",)),
    ),
    symmetric=("d", "g"), one_sided=("a", "b", "c", "f"), civilian=("h",), left_out=("z",),
)  # fmt: skip
NAMES = {
    "north": {"en": "North", "ar": "الشمال", "ru": "Север"}, "south": {"en": "South", "ar": "الجنوب", "ru": "Юг"},
    "g": {"en": "Guarantor <i>", "ar": "الضامن", "ru": "Гарант"},
}  # fmt: skip
TOLD = Told({"en": "A made-up truce", "ar": "هدنة مختلقة", "ru": "Выдуманное перемирие"}, NAMES, WHOLE, "0" * 64)
THREE = replace(TOLD, balance=replace(WHOLE, sides=(NORTH, SOUTH, Account("east", duties=("x",)))))
ALONE = replace(TOLD, balance=Balance((NORTH,), (), (), (), (), (), ()))
EMPTY = replace(TOLD, balance=Balance((), (), (), (), (), (), ()))
MANY = replace(TOLD, balance=replace(WHOLE, sides=tuple(Account(f"s{i}", duties=("x",)) for i in range(12)), edges=()))
SPECIMENS = {"two": TOLD, "three": THREE, "alone": ALONE, "empty": EMPTY, "many": MANY}


def numbers(told: Told, lang: str) -> list[str]:
    """Every number of the chart, as it is drawn, without marks."""
    drawn = report.draw(told, Words(lang))
    return [re.sub("[\u2066\u2069]", "", t.text) for t in drawn.texts if t.look == "number"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_equals_the_picture(lang: str) -> None:
    """Each number of the picture stands in the table, in the same order, with the terms it counts."""
    words = Words(lang)
    sides = report.by_name(WHOLE.sides, TOLD, lang)
    in_table = [
        words.number(n) + ("+?" if row.is_area and set(side.unmeasured) & set(ids) else "")
        for row in report.rows(sides, words) for side, (n, ids) in zip(sides, row.cells, strict=True)
    ]  # fmt: skip
    assert numbers(TOLD, lang) == in_table
    page = re.sub(r"<svg.*?</svg>", "", report.render_page(TOLD, lang), flags=re.S)
    for side in sides:
        for measure in (m for group in MEASURES.values() for m in group):
            assert all(f">{term}</bdi>" in page for term in getattr(side, measure))
        assert all(words.number(getattr(side, area)) in page for area in AREAS)


def test_bars_are_in_true_proportion_on_one_scale() -> None:
    """Three duties are three times one, whichever side owes them; areas have a scale of their own."""
    drawn = report.draw(TOLD, Words("en"))
    duties = {bar.x: bar.wide for bar in drawn.bars if bar.look == "gives" and bar.y == drawn.bars[0].y}
    assert sorted(duties.values())[1] == pytest.approx(3 * sorted(duties.values())[0], abs=0.2)
    areas = sorted(bar.wide for bar in drawn.bars if bar.look == "area")
    assert areas == pytest.approx([areas[-1] * 40 / 1_250, areas[-1] * 300 / 1_250, areas[-1]], abs=0.2)


@pytest.mark.parametrize("name", SPECIMENS)
def test_all_sides_have_the_same_room(name: str) -> None:
    """Nobody is drawn larger than the other; bars stay inside their column."""
    told = SPECIMENS[name]
    columns = report._columns(min(len(told.balance.sides), report.MOST_SIDES))
    assert len({wide for _, wide, _ in columns}) <= 1
    drawn = report.draw(told, Words("en"))
    nodes = [node for node in drawn.nodes if node.is_side]
    assert len({(node.wide, node.high) for node in nodes}) <= 1
    assert all(b.x >= report.LEFT and b.x + b.wide <= report.RIGHT for b in drawn.bars)
    assert all(n.x - n.wide / 2 > 0 and n.x + n.wide / 2 < report.WIDE for n in drawn.nodes)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_swapping_the_sides_mirrors_the_picture(lang: str) -> None:
    """What stands left of the middle stands right of it, number by number."""
    other = replace(WHOLE, sides=(replace(SOUTH, id="north"), replace(NORTH, id="south")))
    mine, theirs = numbers(TOLD, lang), numbers(replace(TOLD, balance=other), lang)
    assert [mine[i : i + 2] for i in range(0, len(mine), 2)] == [
        theirs[i : i + 2][::-1] for i in range(0, len(theirs), 2)
    ]


def test_the_order_is_that_of_the_names_shown() -> None:
    """Not of strength, and not of ids: in Russian the names stand in another order."""
    assert [a.id for a in report.by_name(WHOLE.sides, TOLD, "ru")] == ["north", "south"]
    assert [a.id for a in report.by_name(WHOLE.sides, TOLD, "ar")] == ["south", "north"]


def test_arrows_lead_from_who_waits_to_whom_and_count_terms_once() -> None:
    """A term that waits in two ways is one term."""
    drawn = report.draw(TOLD, Words("en"))
    assert sorted(arrow.n for arrow in drawn.arrows) == [1, 1, 2]
    assert {line for node in drawn.nodes for line in node.lines} == {"North", "South", "Guarantor <i>"}


def test_numbers_of_arrows_do_not_hide_one_another() -> None:
    """Two arrows cross; their numbers stay apart."""
    spots = [(a.x, a.y) for a in report.draw(TOLD, Words("en")).arrows]
    assert all(abs(x1 - x2) + abs(y1 - y2) > 20 for i, (x1, y1) in enumerate(spots) for x2, y2 in spots[:i])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", SPECIMENS)
def test_it_is_one_file_that_stands_alone(name: str, lang: str) -> None:
    """Well-formed, nothing fetched, text of others escaped, and the same bytes every time."""
    svg = report.render_svg(SPECIMENS[name], lang)
    ET.fromstring(svg)  # noqa: S314  # a picture of ours
    page = report.render_page(SPECIMENS[name], lang)
    for made in (svg, page):
        assert not re.search(r"(src|href)\s*=|@import|url\((?!data:|#)|<script", made)
        assert "<i>" not in made
    assert (svg, page) == (report.render_svg(SPECIMENS[name], lang), report.render_page(SPECIMENS[name], lang))


def test_it_says_that_it_is_private_and_carries_the_law() -> None:
    """Counts only, no score; humanitarian law applies whatever they are."""
    for made in (report.render_svg(TOLD, "en"), report.render_page(TOLD, "en")):
        assert LAW in made
        assert "Private to whoever computes it: written to no case and to no record." in made
        assert "no score" in made


def test_no_colour_of_virtue_is_used() -> None:
    """Red and green would say who is better; blues and greys do not."""
    css = report._css()
    for colour in set(re.findall(r"#([0-9a-f]{6})\b", css)):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (0, 2, 4))
        assert blue >= max(red, green) - 2, colour


def test_an_unknown_language_is_refused() -> None:
    """Rather than a page in none."""
    with pytest.raises(InputError, match="expected a language"):
        report.render_page(TOLD, "xx")


def test_who_has_no_column_stands_in_the_table() -> None:
    """Twelve sides have no room in the picture; none of them is dropped."""
    page = report.render_page(MANY, "en")
    assert "more sides stand only here" in page
    assert all(f">s{i}</bdi>" in page for i in range(12))


@pytest.mark.chromium
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_text_of_the_picture_meets_another_or_leaves_the_paper(browser: Browser, tmp_path: Path, lang: str) -> None:
    """Names and numbers in every language have room: measured as the browser draws them."""
    file = tmp_path / "b.html"
    file.write_text(report.render_page(TOLD, lang), encoding="utf-8")
    shown = browser.new_page(viewport={"width": report.WIDE, "height": report.HIGH})
    shown.goto(file.as_uri())
    boxes = shown.evaluate(
        "[...document.querySelectorAll('svg.balance text')].map(t => { const b = t.getBoundingClientRect();"
        " return [b.left, b.top, b.right, b.bottom, t.textContent]; })"
    )
    shown.close()
    assert all(b[0] >= 0 and b[2] <= report.WIDE and b[3] <= report.HIGH for b in boxes)
    met = [
        (a[4], b[4]) for i, a in enumerate(boxes) for b in boxes[:i]
        if a[0] < b[2] - 1 and b[0] < a[2] - 1 and a[1] < b[3] - 5 and b[1] < a[3] - 5
    ]  # fmt: skip
    assert met == []


@pytest.mark.chromium
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_accessible_and_fits_a_phone(browser: Browser, tmp_path: Path, lang: str) -> None:
    """WCAG 2.2 AA as far as a program can see, and nobody scrolls sideways to read."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    file = tmp_path / "b.html"
    file.write_text(report.render_page(TOLD, lang), encoding="utf-8")
    shown = browser.new_page(viewport={"width": 390, "height": 800})
    shown.goto(file.as_uri())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    answer = axe.Axe().run(shown, options={"runOnly": {"type": "tag", "values": tags}})
    wide = shown.evaluate("document.documentElement.scrollWidth")
    shown.close()
    assert [(v["id"], [n["html"][:160] for n in v["nodes"]][:3]) for v in answer.response["violations"]] == []
    assert wide <= 390
