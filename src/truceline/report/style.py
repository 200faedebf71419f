"""What does the page wear? The style sheet, the fonts that its text needs, and the running head of the printed page."""

from __future__ import annotations

import base64
from functools import lru_cache
from importlib import resources
from typing import Final

from truceline.report.opened import text_of

FONTS: Final = (
    (
        "noto-sans-latin", "Noto Sans",
        "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+2000-206F,U+2212",
    ),
    (
        "noto-sans-latin-ext", "Noto Sans",
        "U+0100-0130,U+0132-0151,U+0154-02BA,U+02BD-02C5,U+02C7-02D9,U+02DD-02FF,U+1E00-1E9F,U+1EF2-1EFF",
    ),
    ("noto-sans-cyrillic", "Noto Sans", "U+0301,U+0400-045F,U+0490-0491,U+04B0-04B1,U+2116"),
    ("noto-sans-arabic", "Noto Sans Arabic", "U+0600-06FF,U+0750-077F,U+FB50-FDFF,U+FE70-FEFC"),
)  # fmt: skip
"""Files of `fonts/` by the characters they hold; a page carries those of which it uses a letter."""

WEIGHTS: Final = (400, 600)


def stylesheet(body: str) -> str:
    """The style sheet with the fonts for the letters of a page."""
    return "\n".join([*(_face(*font) for font in FONTS if _uses(body, font[2])), text_of("report.css")])


def picture_style() -> str:
    """What the picture of a what-if wears over the style sheet."""
    return text_of("supposed.css")


def running_head(title: str, until: str, law: str, direction: str) -> str:
    """What stands on every printed page: the case, the cut-off, the humanitarian-law line, the page number.

    Args:
        title: of the case; text of others.
        until: the cut-off in words, without elements.
        law: the line.
        direction: `ltr` or `rtl`.
    """
    near, far = ("left", "right") if direction == "ltr" else ("right", "left")
    boxes = {
        f"top-{near}": css_string(title), f"top-{far}": css_string(until),
        f"bottom-{near}": css_string(law), f"bottom-{far}": 'counter(page) " / " counter(pages)',
    }  # fmt: skip
    rules = "".join(f"@{place}{{content:{text};direction:{direction}}}" for place, text in boxes.items())
    rules += f"@bottom-{near}{{width:85%}}@bottom-{far}{{direction:ltr}}"
    return f"@page{{{rules}}}@page:first{{@top-{near}{{content:''}}@top-{far}{{content:''}}}}"


def css_string(text: str) -> str:
    r"""A text as a string of a style sheet: whatever is not a letter, digit or space is written as its number.

    >>> print(css_string('a "b"; </style>'))
    "a \22 b\22 \3B  \3C \2F style\3E "
    """
    return '"' + "".join(c if c.isalnum() or c == " " else f"\\{ord(c):X} " for c in text) + '"'


def _uses(body: str, ranges: str) -> bool:
    spans = [part.removeprefix("U+").split("-") for part in ranges.split(",")]
    bounds = [(int(span[0], 16), int(span[-1], 16)) for span in spans]
    return any(low <= ord(c) <= high for c in set(body) for low, high in bounds)


@lru_cache(maxsize=len(FONTS))
def _face(name: str, family: str, ranges: str) -> str:
    rules = []
    for weight in WEIGHTS:
        data = resources.files("truceline.report").joinpath("fonts", f"{name}-{weight}.woff2").read_bytes()
        rules.append(
            f"@font-face{{font-family:'{family}';font-weight:{weight};font-display:block;unicode-range:{ranges};"
            f"src:url(data:font/woff2;base64,{base64.b64encode(data).decode()}) format('woff2')}}"
        )
    return "\n".join(rules)
