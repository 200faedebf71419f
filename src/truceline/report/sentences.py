"""Which sentence of the desk is this, and how is it said in the language of the page? One of a closed set, or none.

One that is not known is shown by its page as it stands, in English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from markupsafe import Markup

from truceline.report.language import Words

Names = Mapping[str, Mapping[str, str]]

ID: Final = r"`([^`]+)`"


def said_again(text: str, known: Iterable[tuple[str, Callable[..., Markup | None]]]) -> Markup | None:
    """A sentence in the language of the page; None where it is not one of those that are known.

    Args:
        text: as the interface tells it.
        known: each sentence as a pattern, and how it is said of the groups of the pattern; the first that fits counts.
    """
    for pattern, said in known:
        match = re.fullmatch(pattern, text)
        if match is not None:
            return said(*(part or "" for part in match.groups()))
    return None


def actor(key: str, words: Words, names: Names) -> Markup:
    """What an actor is called; its id where no name is known."""
    found = names.get(key)
    return words.name(found) if found else words.apart(key)
