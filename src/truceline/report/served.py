"""What do the pages of a service look like? Our look, with style, fonts and scripts as files of their own.

A service answers with a strict policy: nothing inline, nothing from elsewhere. So a page here is a frame around a body,
and names its files under `FILES`. Values only: whoever serves the pages serves the files, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Final

from jinja2 import Environment
from markupsafe import Markup

from truceline.report.language import LANGUAGES, Words
from truceline.report.opened import environment, text_of
from truceline.report.page import LAW
from truceline.report.style import FONTS, WEIGHTS

FILES: Final = "/static/"
"""Where the files of the pages are asked for."""

OWN_NAMES: Final[Mapping[str, str]] = {"en": "English", "ar": "العربية", "ru": "Русский"}
"""How each language calls itself."""


def frame(words: Words, title: str, body: Markup, *, scripts: Sequence[str] = (), onward: str = "") -> str:
    """A whole page.

    Args:
        words: of its language.
        title: of the page, without elements.
        body: what stands in its main part, escaped already.
        scripts: names of files.
        onward: the page that this one leads to by itself; empty = it stays.
    """
    others = [(lang, OWN_NAMES[lang]) for lang in LANGUAGES if lang != words.lang]
    return templates().get_template("served.html.j2").render(
        words=words, say=words.say, title=title, body=body, law=words.say(LAW), scripts=scripts, others=others,
        files=FILES, onward=onward,
    )  # fmt: skip


def spoken(wanted: str, accepted: str) -> str:
    """The language of a page: the one that is wanted, else the first that the browser accepts, else English.

    Args:
        wanted: such as `ar`; empty = nothing is said.
        accepted: the header Accept-Language.

    >>> spoken("", "de-DE, ru;q=0.8, ar;q=0.9"), spoken("ru", "ar"), spoken("xx", "")
    ('ar', 'ru', 'en')
    """
    if wanted in LANGUAGES:
        return wanted
    found = []
    for part in accepted.split(",")[:20]:
        name, _, rest = part.strip().partition(";")
        weight = rest.strip().removeprefix("q=") if rest else "1"
        if name[:2].lower() in LANGUAGES and weight.replace(".", "", 1).isdigit():
            found.append((-float(weight), name[:2].lower()))
    return min(found, key=lambda one: one[0])[1] if found else "en"


@lru_cache(maxsize=1)
def files() -> Mapping[str, bytes]:
    """The style sheet, the fonts and the mark, by name."""
    made = {"pages.css": "\n".join([*_faces(), *map(text_of, sheets())]).encode()}
    made["reconcile.css"] = text_of("reconcile.css").encode()
    made["mark.svg"] = text_of("mark.svg").encode()
    for name, _, _ in FONTS:
        for weight in WEIGHTS:
            file = f"{name}-{weight}.woff2"
            made[file] = resources.files("truceline.report").joinpath("fonts", file).read_bytes()
    return made


def sheets() -> list[str]:
    """The style sheets of the pages, in order: the common ones, then that of each screen."""
    found = (one.name for one in resources.files("truceline.report").joinpath("templates").iterdir())
    return ["report.css", "served.css", "screens.css", *sorted(n for n in found if re.fullmatch(r"screen-.*\.css", n))]


def _faces() -> list[str]:
    """Where the fonts are; a browser asks for those of which the page uses a letter."""
    return [
        f"@font-face{{font-family:'{family}';font-weight:{weight};font-display:swap;unicode-range:{ranges};"
        f"src:url({name}-{weight}.woff2) format('woff2')}}"
        for name, family, ranges in FONTS
        for weight in WEIGHTS
    ]


@lru_cache(maxsize=1)
def templates() -> Environment:
    """The templates of served pages."""
    return environment()
