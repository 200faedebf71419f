"""Whom, what and where does a source's free text mean? Alias tables, each row with its source.

What no alias fits stays unknown and is never guessed. An alias is *exact* or an *umbrella*: a word for a whole side,
which may hold groups that never accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from truceline.errors import Fault, InputError, csv_rows, quoted, raise_all
from truceline.evidence.schema import EITHER, JOINT, MODES, NOBODY, ONE, UNNAMED, Named

_COLUMNS = {
    "actors": ("text", "ids", "mode", "kind", "source"),
    "acts": ("text", "act", "protected", "source"),
    "weapons": ("text", "weapon", "act", "source"),
    "places": ("text", "class", "area", "source"),
}
_PARTS = re.compile("[;,/،؛]")
ACTOR_KINDS = ("exact", "umbrella", "civilian", "object", "unknown", "none")


CLOSED_WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("sexual violence", "sexual assault", "sexual abuse", "sexual slavery", "rape", "gang rape", "forced nudity",
         "conflict-related sexual violence", "عنف جنسي", "العنف الجنسي", "اعتداء جنسي", "اغتصاب", "сексуальное насилие",
         "сексуальное рабство", "изнасилование", "групповое изнасилование"),
        "sexual-violence",
    ),
    **dict.fromkeys(
        ("child recruitment", "recruitment of children", "recruitment and use of children", "use of children",
         "child soldiers", "abduction of children", "child abduction", "تجنيد الأطفال", "اختطاف الأطفال",
         "вербовка детей", "использование детей", "похищение детей"),
        "against-children",
    ),
}  # fmt: skip
"""Words for acts that take the closed pathway, in any case: no table of an agreement can say that they mean less."""


@dataclass(frozen=True)
class ActAlias:
    """What a word for an act means; an empty `act` = the report does not tell which act it was."""

    act: str
    is_protected: bool


@dataclass(frozen=True)
class PlaceAlias:
    """What a place name means: its class for the precision table, and the units it stands for, if any."""

    kind: str
    areas: tuple[str, ...]


@dataclass(frozen=True)
class Aliases:
    """The tables of one case; keys are texts as `key` writes them."""

    actors: Mapping[str, Named] = field(default_factory=dict)
    acts: Mapping[str, ActAlias] = field(default_factory=dict)
    weapons: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    places: Mapping[str, PlaceAlias] = field(default_factory=dict)

    def who(self, text: str | None) -> Named:
        """Whom a text means; unknown where no alias fits."""
        if not text:
            return Named()
        found = self.actors.get(key(text))
        return Named(found.ids, found.mode, found.is_umbrella, text) if found else Named(text=text)

    def together(self, texts: Iterable[str], text: str) -> Named:
        """Several names that act as one side: joint, and unknown as a whole when one of them is."""
        each = [self.who(part) for part in texts]
        if len(each) == 1:
            return each[0]
        if not each or any(named.mode == UNNAMED for named in each):
            return Named(text=text)
        ids = tuple(dict.fromkeys(i for named in each for i in named.ids))
        return Named(ids, JOINT if len(ids) > 1 else ONE, any(named.is_umbrella for named in each), text)

    def act(self, text: str | None) -> ActAlias | None:
        """What a word for an act means; None where no alias fits. One closed word among several closes the whole."""
        told = key(text or "")
        for word in (told, *(part.strip() for part in _PARTS.split(told))):
            if word in CLOSED_WORDS:
                return ActAlias(CLOSED_WORDS[word], is_protected=True)
        return self.acts.get(told)

    def weapon(self, text: str | None) -> tuple[str, str]:
        """The common word for a weapon and the act it narrows to; both empty where no alias fits."""
        return self.weapons.get(key(text or ""), ("", ""))

    def place(self, text: str | None) -> PlaceAlias | None:
        """What a place name means; None where no alias fits."""
        return self.places.get(key(text or ""))


def key(text: str) -> str:
    """The form in which texts are compared: no case, single blanks, plain apostrophes.

    >>> key("  Syrian  Army ")
    'syrian army'
    """
    return " ".join(text.replace("’", "'").casefold().split())


def read_aliases(files: Mapping[str, bytes]) -> Aliases:
    """Read alias tables.

    Args:
        files: `actors`, `acts`, `weapons`, `places` to the bytes of a CSV file; a table that is absent is empty.

    Raises:
        InputError: a column is missing, or a row says what no table can.
    """
    faults: list[Fault] = []
    rows = {name: _rows(name, files.get(name, b""), faults) for name in _COLUMNS}
    actors = {key(r["text"]): _actor(r, line, faults) for line, r in rows["actors"]}
    made = Aliases(
        actors=actors,
        acts={key(r["text"]): ActAlias(r["act"], r["protected"].lower() == "true") for _, r in rows["acts"]},
        weapons={key(r["text"]): (r["weapon"], r["act"]) for _, r in rows["weapons"]},
        places={key(r["text"]): PlaceAlias(r["class"], _split(r["area"])) for _, r in rows["places"]},
    )
    raise_all(faults, InputError)
    return made


def _rows(name: str, data: bytes, faults: list[Fault]) -> list[tuple[int, dict[str, str]]]:
    try:
        return list(csv_rows(data, f"{name}.csv", _COLUMNS[name]))
    except InputError as error:
        faults += error.faults
        return []


def _actor(row: Mapping[str, str], line: int, faults: list[Fault]) -> Named:
    kind, ids = row["kind"], _split(row["ids"])
    mode = row["mode"] or (ONE if len(ids) == 1 else EITHER)
    if kind not in ACTOR_KINDS or mode not in MODES:
        faults.append(Fault(f"expected a known kind and mode, got {quoted(kind)}, {quoted(mode)}", "actors.csv", line))
    if kind == "none":
        return Named((), NOBODY)
    if kind == "unknown" or not ids:
        return Named()
    return Named(ids, ONE if len(ids) == 1 else mode, kind == "umbrella")


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())
