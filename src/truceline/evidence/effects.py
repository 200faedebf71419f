"""What do words say that a strike did? "Destroyed two oil pump jacks and damaged a bridge", verb by verb.

Misprints of the releases are read as what they stand for where there is one such reading ("an two", "an destroyed").
Whatever an effect names that is no kind of target is counted in words and not repeated: what prose may hold besides,
names and telephone numbers among it, is for no table.

Source: US Central Command, releases on Operation Inherent Resolve, 2014 to 2016; text of the US government.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from truceline.evidence.quantities import leading, printed

FOES = re.compile(r"\b(ISIL|ISIS|Daesh|Islamic State|Khorasan Group|al-Qa[ei]da|Nusra Front|Taliban|al-Shabaab)\b")
_RUN_ON = re.compile(
    r"(?<!\b(?:an|at|by|in|of|on|to))(?<!\b(?:and|for))(?<!\b(?:from|near|with))(?<!\balong)(?<!\bincluding)"
    r" (?=(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|\d+) ISIL\b)"
)
""""Four buildings an ISIL vehicle": a comma is missing where a number with the enemy's name follows."""


_VERBS = {
    "destroying": "destroyed", "damaging": "damaged", "suppressing": "suppressed", "denying": "denied",
    "striking": "struck", "killing": "killed", "wounding": "wounded", "cratering": "cratered",
    "disabling": "disabled", "engaging": "engaged", "neutralizing": "neutralized", "hitting": "hit",
    "struck": "struck", "stuck": "struck", "truck": "struck", "hit": "hit",
    "had": "had", "produced": "had", "resulted": "had",
}  # fmt: skip
"""Verbs that a rule on endings does not find, misprints of the releases among them."""

_ING = "|".join(verb for verb in _VERBS if verb.endswith("ing"))
_ED = re.compile(r"[a-z]+ed")
_COUNTLESS = ("had", "denied")
_PARTS = re.compile(rf"(?P<mark>\s*;\s*(?:and\s+)?|\s*,\s*(?:and\s+)?|\s+and\s+|\s+(?=(?:{_ING})\b))")
_HALVES = (
    "command", "manufacturing", "maintenance", "storage", "production", "gas", "oil", "petroleum", "fuel", "large",
    "weapons", "ied", "vbied", "(vbied)", "(ied)", "repair",
)  # fmt: skip
""""A command and control node" is one thing: words after which *and* does not begin another."""

_LISTED = ("petroleum", "oil")
""""Petroleum, oil, and lubricants" is one thing with commas in it."""

_SIZES = ("large", "small", "smaller")
_BY_THE_WAY = ("at", "in", "with", "for", "to", "of", "as", "from", "while", "which")


@dataclass(frozen=True)
class Effect:
    """What a strike is said to have done: `destroyed`, so many, of what; a count of None and None = none is told."""

    verb: str
    low: int | None
    high: int | None
    what: str

    def __str__(self) -> str:
        """In the compact form of notes: `destroyed 2 oil pump jacks`."""
        told = "" if self.low is None and self.high is None else f"{printed(self.low, self.high)} "
        return f"{self.verb} {told}{self.what}".strip()


_MISPRINTS = (
    (re.compile(r"\ban (?=(?:destroy|damag|suppress|struck|hit|deni|crater|kill)\w*)", re.IGNORECASE), "and "),
    (re.compile(r"\ban? (?=(?:one|two|three|four|five|six|seven|eight|nine|ten|\d+)\b)", re.IGNORECASE), ""),
    (re.compile(r"\bstruck (?=(?:destroyed|damaged|suppressed)\b)", re.IGNORECASE), ""),
)
""""An destroyed", "an two", "struck destroyed": a letter too few or too many, or a word begun twice."""

_KINDS = """
access advantage aircraft airfield ammo ammunition antenna approach area artillery assembly asset avenue barge
barrack base bed beddown berm billboard block boat bobcat bomb bomber bombs bridge building bull bulldozer bunker
cache cafe café camera camp carport carrier cash cave cell center centre checkpoint church clinic clinics cluster
combatant command complex compound container control convoy crane crossing culvert dam depot device dock dozer drone
drum effect encampment entrance entrenchment equipment excavator explosive facility factory feature ferry field
fighter fire force garrison gate generator grader grenade grenadier guard gun hangar hbied head headquarter heater
hmmwv home hospital house hub ied infrastructure insurgent jack jacks land launcher leader line loader location
logistics lubricant machine market material militant minefield missile mobility mortar mosque motorcycle movement
mover network node obstacle obstruction oil outpost panel personnel piece pile pipeline pit plant platform point
pontoon pool position post prison pump rail refinery repeater result revetment rifle rig road roadblock rocket
roller room route rpg school section separator shack shelter site sites sniper soldier squad stage station
steamroller still storage storehouse structure supply surface system tank tanker target team technical tent terrain
territory terrorist tower town tractor trailer training transporter trench trooper truck tube tunnel uav unit van
vbied vehicle vent vessel village wall warehouse watercraft weapon well wellhead workshop yard
""".split()
"""What is struck, as nouns of one thing."""

_NOUN = re.compile(
    rf"(?:[\w-]*-)?(?:{'|'.join(sorted({k.removesuffix('y') for k in _KINDS}, key=len, reverse=True))})(?:y|ies|e?s)?",
    re.IGNORECASE,
)
_MISSPELT = frozenset("positon positons postion postions vbeid macine refineries bulldoze tractor-trailor".split())
_NAMES = (
    "Iraqi", "Islamic", "State", "Khorasan", "Group", "Daesh", "Nusra", "Front", "Taliban", "Syrian", "Coalition",
    "Node", "Stryker",
)  # fmt: skip
"""Words with a capital that are no person."""

_PERSON = re.compile(r"(?<![\w-])[A-Z][a-z]\w*")
MOST_WORDS = 12
DIGITS = re.compile(r"(?:[+(]?\d[ ()./-]{0,2}){7,}")
"""What may be a telephone number."""


def masked(text: str) -> str:
    """A text without what may be a telephone number.

    >>> masked("call 0991 234 567 at 17:00")
    'call ... at 17:00'
    """
    return DIGITS.sub("... ", text).replace("...  ", "... ").strip()


def is_told(effect: Effect) -> bool:
    """Whether an effect names a kind of target, and nothing that could be a person or a number of a telephone."""
    words = effect.what.split()
    people = [word for word in _PERSON.findall(effect.what) if word not in _NAMES]
    if not words or len(words) > MOST_WORDS or people or DIGITS.search(effect.what):
        return False
    plain = [word.strip("().,;:'’") for word in words]
    return any(_NOUN.fullmatch(word) or word.casefold() in _MISSPELT for word in plain)


def compact(effects: Sequence[Effect], unread: str) -> list[str]:
    """Effects as a note tells them, and how many words it does not."""
    told = [str(one) for one in effects if is_told(one)]
    left = " ".join([unread, *(one.what for one in effects if not is_told(one))]).split()
    count = f"not read: {len(left)} word{'s' * (len(left) != 1)}"
    return ["; ".join(told)] * bool(told) + [count] * bool(left)


def effects_of(text: str) -> tuple[tuple[Effect, ...], str]:
    """What the strikes did, and the text that no rule reads.

    Args:
        text: what follows the word *strikes*, up to the full stop.
    """
    effects: list[Effect] = []
    verb = mark = ""
    for misprint, right in _MISPRINTS:
        text = misprint.sub(right, text)
    for part in _PARTS.split(text):
        if _PARTS.fullmatch(part) or not part.strip():
            mark = part
            continue
        found, rest = _verb(part.removeprefix("also "))
        verb = found or verb
        if not verb:
            return (), text
        if not found and effects and _is_half(effects[-1].what, mark, part):
            effects[-1] = replace(effects[-1], what=effects[-1].what + mark + part)
        else:
            effects += _each(verb, rest)
    return tuple(_filled(effects)), ""


def _filled(effects: list[Effect]) -> Iterator[Effect]:
    """Effects without an object of their own take that of a neighbour: "struck and destroyed a van", "hit another"."""
    for before, one, after in zip([None, *effects], effects, [*effects[1:], None], strict=False):
        if one.what in _SIZES and after is not None:  # "one large and one small ISIL unit"
            yield replace(one, what=" ".join([one.what, *after.what.split()[1:]]))
        elif one.what:
            yield one
        elif one.low is not None:
            yield replace(one, what=before.what if before is not None else "")
        elif after is None or after.verb != one.verb:  # the same verb again: "destroyed and ISIL bunker", a misprint
            yield one if after is None else replace(after, verb=one.verb)


def _each(verb: str, text: str) -> Iterator[Effect]:
    """The effects of one verb on things between which no comma stands."""
    for part in [text] if verb in _COUNTLESS else _RUN_ON.split(text):
        count, what = (None, part) if verb in _COUNTLESS else leading(part)
        low, high = count or (None, None)
        yield Effect(verb, low, high, what.removeprefix("separate ").removeprefix("an ").removeprefix("the "))


def _is_half(before: str, mark: str, part: str) -> bool:
    """Whether a part without a number of its own completes the thing before it."""
    last, first = before.rpartition(" ")[2].casefold(), part.partition(" ")[0].casefold()
    is_one_thing = last in (_HALVES if "and" in mark else _LISTED)
    return (is_one_thing or first in _BY_THE_WAY) and leading(part)[0] is None


def _verb(part: str) -> tuple[str, str]:
    """The verb at the beginning of a part, and the rest; no verb = empty, and all of it."""
    word, _, rest = part.strip().partition(" ")
    known = _VERBS.get(word.casefold(), "")
    if known == "had":
        return known, rest.removeprefix("in ") if word == "resulted" else rest
    if known or (_ED.fullmatch(word) and (leading(rest)[0] is not None or word == "denied" or FOES.match(rest))):
        return known or word, rest
    nouns = _ED.fullmatch(word) and not re.match(r"\S+(?:s\b|$)", rest) and FOES.search(rest)
    return (word, rest) if nouns or (_ED.fullmatch(word) and word in _OF_OLD) else ("", part.strip())


_OF_OLD = (
    "destroyed", "damaged", "suppressed", "engaged", "degraded", "disabled", "neutralized", "immobilized", "wounded",
    "cratered", "breached", "halted", "killed", "injured", "targeted", "collapsed",
)  # fmt: skip
"""Verbs that need no number behind them: "destroyed artillery equipment"."""
