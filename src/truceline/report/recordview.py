"""What does a record say of itself, for people? Its head, who has seen it, its entries: as the interface tells them.

Nothing here verifies anything: a page is made by the host, whom nobody has to believe. Verification is for the reader's
own browser or program; the page says how.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from truceline.report.language import Words
from truceline.span import utc_text

MOST_SHOWN: Final = 20_000
"""So many letters of a body are shown; the rest is in its bytes."""

_DASH: Final = "\u2014 "
_TIMED: Final = 76
"""Bytes of a cosignature: number of its key, time, signature."""


@dataclass(frozen=True)
class Seen:
    """One signature under a checkpoint.

    Attributes:
        name: of the key.
        is_log: of the log itself; else of a clock or a witness.
        at: UTC second at which it says that it saw the tree; None = it says none.
    """

    name: str
    is_log: bool
    at: int | None


@dataclass(frozen=True)
class Head:
    """A checkpoint, taken apart.

    Attributes:
        origin: of the log.
        size: of the tree, in entries.
        root: in hex.
        seen: who signed.
    """

    origin: str
    size: int
    root: str
    seen: tuple[Seen, ...]


def head_of(note: str, log: str) -> Head:
    """Take a checkpoint apart for showing; nothing is verified.

    Args:
        note: the signed note.
        log: the key of the log, as `name+number+key`.
    """
    text, _, lines = note.rpartition("\n\n")
    origin, size, root, *_ = text.split("\n")
    name = log.split("+", 1)[0]
    seen = []
    for line in lines.splitlines():
        who, _, packed = line.removeprefix(_DASH).partition(" ")
        blob = base64.b64decode(packed)
        is_timed = len(blob) == _TIMED and who != name
        seen.append(Seen(who, who == name, int.from_bytes(blob[4:12], "big") if is_timed else None))
    return Head(origin, int(size), base64.b64decode(root).hex(), tuple(seen))


def policy_of(text: str) -> tuple[list[str], str]:
    """The witnesses that a policy names, and its quorum in its own words; both empty where there is no policy."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    names = [words[1] for words in lines if words[0] == "witness" and len(words) > 1]
    quorum = next((" ".join(words[1:]) for words in lines if words[0] == "quorum"), "")
    return names, quorum


def rows(words: Words, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries for a list."""
    return [
        {**item, "of_type": words.word("entry type", str(item["type"])), "short": str(item["leaf"])[:12]}
        for item in items
    ]


def body_text(body: object) -> tuple[str, bool]:
    """A body as text to be read, and whether some of it is left out."""
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return text[:MOST_SHOWN], len(text) > MOST_SHOWN


def times(seen: Sequence[Seen]) -> dict[str, str]:
    """When each witness saw it, by its name, in UTC."""
    return {one.name: utc_text(one.at) for one in seen if one.at is not None}
