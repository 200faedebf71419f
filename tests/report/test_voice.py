"""No side's words in our voice: what we say ourselves, in each language, takes nobody's part.

Texts of others (reports, statements, names of actors) are data, and stand on a page as theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.test_language import SOURCE, said, translations
from truceline.report.language import LANGUAGES
from truceline.report.voice import LOADED, loaded_in, set_apart, unquoted

DOCS = Path(__file__).parents[2] / "docs"
ELEMENTS = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", re.DOTALL)


def voice(lang: str) -> Iterator[str]:
    """Everything that we say in a language."""
    if lang == "en":
        for _, message in said():
            yield from (message,) if isinstance(message, str) else message
        return
    for _, strings in translations(lang):
        yield from strings


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_loaded_word_is_ours(lang: str) -> None:
    """None of the words that take a side."""
    found = {text for text in voice(lang) if LOADED[lang].search(text)}
    assert found == set()


@pytest.mark.parametrize(
    ("lang", "text"),
    [("en", "the regime shelled"), ("ar", "قصف العدوان"), ("ru", "боевики обстреляли"), ("en", "Who is to blame?")],
)
def test_a_loaded_word_would_be_found(lang: str, text: str) -> None:
    """Also in the middle of a sentence."""
    assert LOADED[lang].search(text)


def test_templates_hold_no_loaded_word_beside_what_they_say() -> None:
    """What stands bare in a template is ours too, in whatever language."""
    found = {
        (file.name, word)
        for file in sorted(SOURCE.rglob("*.j2"))
        for word in loaded_in(ELEMENTS.sub(" ", file.read_text(encoding="utf-8")))
    }
    assert found == set()


DENIED = (
    "percentage of blame", "a share of guilt would be invented", "never counts blame in percent",
    "a fact, not guilt", "closed before anyone is blamed", "does not say who is guilty",
)  # fmt: skip
"""What pages say of guilt and blame: that no answer is one."""


def test_help_and_pages_hold_no_loaded_word() -> None:
    """What a command says of itself, and what every page says, is in our voice; quoted words are somebody's."""
    found = []
    for page in sorted(DOCS.rglob("*.md")):
        text = re.sub(r"```.*?```|`[^`]*`", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = " ".join(text.split())
        for words in DENIED:
            text = text.replace(words, " ")
        found += [(page.name, word) for word in loaded_in(text)]
    assert found == []


def test_each_denial_stands_on_a_page() -> None:
    """An exception that nothing needs any more goes."""
    text = " ".join(" ".join(page.read_text(encoding="utf-8").split()) for page in DOCS.rglob("*.md"))
    assert [words for words in DENIED if words not in text] == []


SAID = st.text(alphabet=st.sampled_from("ab “”«» .-"), max_size=12)
LOUD = st.sampled_from(
    ["terrorists", "the regime", "so-called", "боевики", "террористы", "إرهابيون", "العدوان", "Enemies"]
)


@given(st.lists(st.one_of(SAID, LOUD), max_size=8).map(" ".join))
def test_what_is_set_apart_holds_no_loaded_word_outside_quotation_marks(text: str) -> None:
    """Whatever is told, each such word is somebody's; and nothing but marks is added."""
    made = set_apart(text)
    assert loaded_in(made) == []
    assert made.replace("“", "").replace("”", "") == text.replace("“", "").replace("”", "")


def test_what_is_quoted_already_is_left_as_it_is() -> None:
    """Marks of each language, and the whole word inside them."""
    for text in ("he says “the regime fell”", "он сказал: «террористы ушли»", 'they said "rebels"'):
        assert set_apart(text) == text
        assert loaded_in(text) == []
        assert unquoted(text) != text
    assert set_apart("counterterrorism works") == "“counterterrorism” works"
    assert set_apart("Nobody is loud.") == "Nobody is loud."
