"""A page taken apart: its elements, headings, links and the text nodes with the elements around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

from tests.report.specimens import PICTURES
from truceline.report.page import render

VOID = {"meta", "br", "img", "input", "link"}


@dataclass
class Parts(HTMLParser):
    """What a page is made of.

    Attributes:
        tags: `(name, attributes)` in order.
        texts: `(text, names of the elements around it)`.
        unclosed: elements whose ends do not fit.
    """

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start the parser and an empty path."""
        super().__init__(convert_charrefs=True)
        self.path: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.path.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that has no content."""
        self.tags.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if not self.path or self.path.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if data.strip():
            self.texts.append((data, tuple(self.path)))


@lru_cache(maxsize=32)
def page(name: str, lang: str) -> str:
    """The page of a specimen."""
    return render(PICTURES[name], lang)


@lru_cache(maxsize=32)
def parts(name: str, lang: str) -> Parts:
    """The page of a specimen, taken apart."""
    taken = Parts()
    taken.feed(page(name, lang))
    taken.close()
    return taken


def visible(name: str, lang: str) -> str:
    """All the text of a page that a reader sees or hears."""
    return " ".join(text for text, path in parts(name, lang).texts if "style" not in path)
