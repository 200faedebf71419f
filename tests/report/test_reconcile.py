"""The page of two lists: both halves alike in size and words, mirrored when swapped, in three languages."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.report.pages import VOID, Parts
from tests.report.specimens import TZ
from truceline.evidence.contradictions import KINDS
from truceline.report.language import LANGUAGES
from truceline.report.page import LAW
from truceline.report.reconcile import render, strips
from truceline.span import parse_span, utc_text

FACTORS = ("place", "time", "act", "means", "actor", "target", "happened", "killed", "count")


def entry(id_: str, day: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # fields
    """A made-up entry as the answer has it."""
    span = parse_span(day, TZ)
    return {
        "id": id_, "from": utc_text(span.start), "until": utc_text(span.end), "when": day, "place": "Someplace",
        "act": "shelling", "actor": "group A", "target": "group B", "weapon": "mortar", "asserted_by": "an army",
        "publisher": "a newspaper", "licence": "", "denies": False, "own": False, "allegation": False,
        "also": ["x1", "x2"], "units": [], "killed": {"low": 3, "high": 3},
        "count": {"low": 12, "high": None, "unit": "shells"}, **changes,
    }  # fmt: skip


def finding(holds: str, by: str) -> dict[str, Any]:
    """A signed finding."""
    return {"id": f"entry-{by}", "by": [by], "holds": holds, "against": "b", "at": "", "standard": None, "dissent": []}


UNIT = {"en": "Northern unit", "ar": "الوحدة الشمالية", "ru": "Северный район"}
NONE = {"a": None, "b": None, "joint": None}
FOUND = {"a": finding("breach", "a"), "b": finding("no-breach", "b"), "joint": finding("undecided", "tf")}


def total(n: str, issuer: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # fields
    """A published total."""
    return {
        "line": 2, "issuer": issuer, "side": "a", "first": "2017-03-10", "last": "2017-03-16", "region": "Exland",
        "region_names": {"en": "Exland", "ar": "إكس", "ru": "Эксландия"}, "column_sum": 92,
        "count": n, "unit": "violations", "parts": [{"name": "North", "count": "93", "derived": True}],
        "confirmed": {"confirmed": 0, "of": 82, "besides": "1 explained"}, "items_sum": "93", "check": "mismatch",
        "column": "ok", "inner": [{"name": "South", "count": "7", "items_sum": "8"}], **changes,
    }  # fmt: skip


def counted(low: int, high: int | None, left_out: int = 0) -> dict[str, Any]:
    """What a rule makes of a list."""
    return {"low": low, "high": high, "left_out": left_out}


def side(party: str, names: dict[str, str], **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # fields
    """What is counted of a side."""
    return {
        "party": party, "names": names, "entries": 5, "both": 1, "contested": 1, "open": 1, "only": 2, "denials": 1,
        "own": 1, "allegations": 1, "left_out": 6, "withheld": {"terms": 1, "consent": 2, "place": 3},
        "speakers": [{"name": f"army of {party}", "entries": 5}], **changes,
    }  # fmt: skip


def specimen() -> dict[str, Any]:
    """An answer with everything that the page can show."""
    rule = {"issuer": "army", "stated": True, "arrests": False, "one_per": "explosion", "source": None}
    unstated = {"issuer": None, "stated": False, "arrests": None, "one_per": None, "source": None}
    pairs = [
        {"state": "both", "a": entry("a1", "2016-03-05"), "b": entry("b1", "2016-03-05"), "agrees": list(FACTORS),
         "differs": [], "unknown": [], "findings": FOUND, "withheld_a": None, "withheld_b": None},
        {"state": "contested", "a": entry("a2", "2016-03-06", denies=True), "b": None, "agrees": ["place"],
         "differs": list(FACTORS[1:]), "unknown": ["place"], "findings": NONE, "withheld_a": None,
         "withheld_b": "consent"},
    ]  # fmt: skip
    return {
        "agreement": {"id": "x", "title": "A truce", "canonical_sha256": "0" * 64}, "title": {"en": "A truce"},
        "rule_version": "4", "reader": "public", "tz": TZ, "from": None, "until": "2016-09-01T00:00:00Z",
        "known_at": None,
        "matching": {"widest_m": 25_000, "finest_level": 2, "longest_s": 259_200},
        "a": side("a", {"en": "North", "ar": "الشمال", "ru": "Север"}), "b": side("b", {"en": "South"}, own=0),
        "together": 1, "pairs": pairs,
        "only_a": [
            {"entry": entry("a3", "2016-04", own=True, units=[UNIT]), "withheld": None, "findings": FOUND},
            {"entry": None, "withheld": "place", "findings": NONE},
        ],
        "only_b": [
            {"entry": entry("b3", "2016-05-01", allegation=True, **{"from": ".."}), "withheld": None, "findings": NONE}
        ],
        "open_a": [
            {"entry": entry("a4", "2016-06-01"), "candidates": ["b4"], "why": "several fit", "withheld": None,
             "findings": NONE},
        ],
        "open_b": [
            {"entry": entry("b4", "2016-06"), "candidates": [], "why": "too wide to tell", "withheld": None,
             "findings": NONE},
        ],
        "counting": {
            "rules": {"a": rule, "b": unstated},
            "lists": {
                "a": {"by_a": counted(3, None, 2), "by_b": counted(1, 4)},
                "b": {"by_a": counted(2, 2, 1), "by_b": counted(5, 7)},
            },
        },
        "totals": {
            "file": "t.csv", "sha256": "1" * 64, "rows": 9, "in_period": 9, "rejected": [], "rejected_rows": 1,
            "checks": {"ok": 1, "mismatch": 1, "closed by derived item": 1, "cannot be decided": 1, "no breakdown": 1},
            "mismatches": [total("82", "commission")], "column_differs": [total("82", "commission")],
            "contradictions": [
                {"kind": kind, "whole": total("30", "army"), "others": [total("40", "army", first=None)]}
                for kind in KINDS
            ],
            "beside": [
                {"first": "2017-03-10", "last": "2017-03-16", "region": "Exland", "region_names": {"en": "Exland"},
                 "a": [total("24", "army")],
                 "b": [total("82", "commission"), total("83", "it", count=None, parts=[], confirmed=None)]},
            ],
            "confirmed": [total("82", "commission")],
        },
        "left_out": 2, "evidence": [{"file": "r.jsonl", "sha256": "2" * 64}],
        "inputs": {"rules": None, "ledgers": {"file": "t.csv", "sha256": "1" * 64}, "incidents": None},
        "warnings": ["`counting.csv` is not beside the agreement: how a side counts is not stated"], "law": LAW,
    }  # fmt: skip


def turned(value: Any) -> Any:  # noqa: ANN401  # plain values
    """An answer with both sides swapped."""
    turn = {"a": "b", "b": "a", "only_a": "only_b", "only_b": "only_a", "open_a": "open_b", "open_b": "open_a"}
    turn |= {"by_a": "by_b", "by_b": "by_a", "withheld_a": "withheld_b", "withheld_b": "withheld_a"}
    if isinstance(value, dict):
        return {turn.get(name, name): turned(inner) for name, inner in value.items()}
    return [turned(one) for one in value] if isinstance(value, list) else value


@lru_cache(maxsize=8)
def page(lang: str, *, is_turned: bool = False) -> str:
    """The page of the specimen."""
    return render(turned(specimen()) if is_turned else specimen(), lang)


@dataclass
class Tree(HTMLParser):
    """A page as nested lists: an element is its tag, its attributes and what is inside."""

    stack: list[list[Any]] = field(default_factory=lambda: [["page", ()]])

    def __post_init__(self) -> None:
        """Start the parser."""
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        node = [tag, tuple(attrs)]
        self.stack[-1].append(node)
        if tag not in VOID:
            self.stack.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self.stack[-1].append([tag, tuple(attrs)])

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        assert self.stack.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        """A text."""
        if data.strip():
            self.stack[-1].append(" ".join(data.split()))


def tree_of(text: str) -> list[Any]:
    """A page as a tree."""
    made = Tree()
    made.feed(text)
    made.close()
    assert len(made.stack) == 1
    return made.stack[0]


def halves(node: list[Any]) -> Iterator[list[Any]]:
    """Every element that holds both sides."""
    for inner in node[2:]:
        if isinstance(inner, list):
            if "duo" in dict(inner[1]).get("class", "").split():
                yield inner
            yield from halves(inner)


def mirrored(node: Any) -> Any:  # noqa: ANN401  # a tree
    """A tree with the halves of each `duo` swapped."""
    if not isinstance(node, list):
        return node
    inner = [mirrored(one) for one in node[2:]]
    is_duo = "duo" in dict(node[1]).get("class", "").split()
    return [*node[:2], *(inner[::-1] if is_duo else inner)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_swapping_the_sides_swaps_the_halves_and_nothing_else(lang: str) -> None:
    """Whoever is named first gets no more room, no other words and no other order."""
    one, other = tree_of(page(lang)), tree_of(page(lang, is_turned=True))
    assert mirrored(one) == other
    assert one != other


def test_both_sides_have_a_half_of_each_row() -> None:
    """Each `duo` has two halves of one kind, with the same headings and labels."""
    found = list(halves(tree_of(page("en"))))
    assert len(found) > 8
    for duo in found:
        assert [inner[0] for inner in duo[2:]] in (["div", "div"], ["figure", "figure"])
        assert duo[2][1] == duo[3][1]


def test_bands_of_both_sides_share_one_scale() -> None:
    """A day is as wide on the one strip as on the other, and both strips are of one height and one axis."""
    drawn = strips(specimen())
    assert drawn is not None
    assert (drawn["a"].high, drawn["a"].ticks) == (drawn["b"].high, drawn["b"].ticks)
    one, other = (next(band for band in drawn[name].bands if band.look == "both") for name in "ab")
    assert (one.x, one.wide) == (other.x, other.wide)
    assert [strip.left_out for strip in drawn.values()] == [0, 1]


def test_no_entries_make_no_strips_and_a_page_all_the_same() -> None:
    """Two empty lists are an answer too."""
    empty: dict[str, Any] = {key: [] for key in ("pairs", "only_a", "only_b", "open_a", "open_b")}
    answer = {**specimen(), **empty, "totals": None}
    assert strips(answer) is None
    assert "No entry of the one list is matched" in render(answer, "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_whole_and_carries_the_law_twice(lang: str) -> None:
    """Elements close, directions are set, and nothing is fetched."""
    text, parts = page(lang), Parts()
    parts.feed(text)
    parts.close()
    assert parts.unclosed == []
    assert text.count('class="law"') == 2
    assert f'lang="{lang}" dir="{"rtl" if lang == "ar" else "ltr"}"' in text
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=\"(?!#)", text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_digit_is_kept_apart(lang: str) -> None:
    """Without it Arabic turns dates round; drawings set their own direction."""
    parts = Parts()
    parts.feed(page(lang))
    loose = [
        text for text, path in parts.texts
        if re.search(r"\d", text) and not {"bdi", "svg", "style", "title"} & set(path)
    ]  # fmt: skip
    assert loose == []


def test_no_colour_is_a_judgement_and_no_share_is_blame() -> None:
    """No red, no green, no percentage, no loaded word; numbers confirmed are told as so many of so many."""
    body = page("en").partition("<body>")[2]
    style = re.findall(
        r"#[0-9a-f]{3,6}\b",
        Path(str(render.__code__.co_filename)).parent.joinpath("templates", "reconcile.css").read_text(),
    )
    assert set(style) <= {"#dfe3e8", "#cfe1ee", "#fff"}
    assert "%" not in re.sub(r"<[^>]+>", "", body)
    assert not re.search(r"\b(guilty|blame|aggressor|liar|false claim|culprit|terrorist)", body, re.IGNORECASE)


def test_words_of_others_are_escaped() -> None:
    """A name with markup in it is shown as it is."""
    answer = specimen()
    answer["only_b"][0]["entry"]["actor"] = "<img src=x onerror=alert(1)>"
    assert "<img" not in render(answer, "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_light(lang: str) -> None:
    """A page without a map is at most 60,000 bytes on the wire, in each language."""
    assert len(gzip.compress(page(lang).encode())) <= 60_000


@pytest.mark.parametrize("lang", ["ar", "ru"])
def test_periods_units_and_regions_are_written_as_the_language_does(lang: str) -> None:
    """A period is one run of digits that Arabic does not turn round; units have the names of the page's language."""
    text = page(lang)
    assert '<bdi dir="ltr">2017-03-10 – 2017-03-16</bdi>' in text
    assert UNIT[lang] in text
    assert UNIT["en"] not in text
    assert {"ar": "إكس", "ru": "Эксландия"}[lang] in text


def test_why_an_entry_is_not_shown_and_what_to_beware_of_stand_on_the_page() -> None:
    """Each reason has its words and number; warnings, reader and the files that decide are in the annex."""
    text = page("en")
    for told in (
        "Nobody has consented to this use.", "Not for this reader.", "the public", "counting.csv", "1" * 64,
        "its own parts sum to", "Where the file itself says otherwise",
    ):  # fmt: skip
        assert told in text


# -- in a browser ------------------------------------------------------------------------------------------------------


BROKEN_WORDS = """[...document.querySelectorAll('.tallies dt')].flatMap(dt => {
  const text = document.createTreeWalker(dt, NodeFilter.SHOW_TEXT), found = [];
  for (let node; node = text.nextNode();) for (const word of node.data.matchAll(/[^\\s]+/g)) {
    const range = document.createRange();
    range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) found.push(word[0]);
  }
  return found;
})"""
"""Words of the tallies that stand on more than one line."""


@pytest.mark.chromium
@pytest.mark.parametrize(
    "wide", [390, pytest.param(320, marks=pytest.mark.long), pytest.param(1280, marks=pytest.mark.long)]
)
@pytest.mark.parametrize("lang", [pytest.param("en", marks=pytest.mark.long), "ar", "ru"])
def test_both_halves_are_of_one_size_on_every_screen(browser: Browser, tmp_path: Path, lang: str, wide: int) -> None:
    """Nobody scrolls sideways, and each side is exactly as wide as the other, on a phone too."""
    path = tmp_path / "page.html"
    path.write_text(page(lang), encoding="utf-8")
    shown = browser.new_page(viewport={"width": wide, "height": 800})
    shown.goto(path.as_uri())
    assert shown.evaluate("document.documentElement.scrollWidth") <= wide
    sizes = shown.evaluate(
        "[...document.querySelectorAll('.duo')].map(d => [...d.children].map(c => c.getBoundingClientRect().width))"
    )
    broken = shown.evaluate(BROKEN_WORDS)
    shown.close()
    assert broken == []
    assert len(sizes) > 8
    assert all(len(two) == 2 and abs(two[0] - two[1]) < 0.1 and two[0] > 80 for two in sizes)


@pytest.mark.chromium
@pytest.mark.parametrize("lang", ["ar", *(pytest.param(one, marks=pytest.mark.long) for one in ("en", "ru"))])
def test_the_page_is_accessible(browser: Browser, tmp_path: Path, lang: str) -> None:
    """WCAG 2.2 AA as far as a program can see."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    path = tmp_path / "page.html"
    path.write_text(page(lang), encoding="utf-8")
    shown = browser.new_page()
    shown.goto(path.as_uri())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    answer = axe.Axe().run(shown, options={"runOnly": {"type": "tag", "values": tags}})
    shown.close()
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in answer.response["violations"]] == []
