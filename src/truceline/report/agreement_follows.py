"""How is it said what follows from a change of the text? The sentences of the comparison, in the language of the page.

They are a closed set. One that is not known here is shown as it stands, in English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from markupsafe import Markup

from truceline.report.language import Words
from truceline.report.sentences import ID, Names, actor, said_again

_LASTING: Final = r"((?:\d+ (?:day|hour|minute|second)s? ?)+|no time)"
_UNITS: Final = re.compile(r"(\d+) (day|hour|minute|second)s?")


def follows(text: str, words: Words, names: Names) -> Markup | None:
    """What follows from a change, in the language of the page; None where it is not one of those that are known.

    Args:
        text: as the interface tells it.
        words: of the language.
        names: of the actors.
    """
    return said_again(text, _Known(words, names).sentences())


class _Known:
    """The sentences that are known."""

    def __init__(self, words: Words, names: Names) -> None:
        self._words, self._names = words, names

    def sentences(self) -> list[tuple[str, Callable[..., Markup | None]]]:
        """Each sentence as a pattern, and how it is said."""
        say, id_ = self._words.say, self._words.apart
        return [
            (rf"(.+) (gains|loses) the (prohibition|duty|exception|power) {ID}", self._gains),
            (rf"{ID}: `(\w+)` is (longer|shorter) by {_LASTING}", self._limit),
            (rf"the text of {ID} is (published|withheld)", self._text),
            (rf"the map of zone {ID} is (published|withheld)", self._map),
            (rf"zone {ID} is (larger|smaller) by ([\d,]+) km²: ([\d,]+) -> ([\d,]+) km²", self._sized),
            (rf"zone {ID} lies elsewhere, ([\d,]+) km² as before",
             lambda zone, n: say("Zone {zone} lies elsewhere, {n} km² as before.", zone=zone, n=_whole(n))),
            (rf"word {ID} is no longer open", lambda word: say("The word {word} is no longer open.", word=word)),
            (rf"word {ID} is open now", lambda word: say("The word {word} is open now.", word=word)),
            (rf"definition {ID}: (.+?)(?:; (\d+) terms? rests? on it)?", self._moved),
            (rf"{ID}: (.+)", lambda term, rest: self._spans(id_(term), rest)),
        ]  # fmt: skip

    def _gains(self, whom: str, verb: str, noun: str, term: str) -> Markup:
        say, values = (
            self._words.say,
            {"who": self._who(whom), "noun": self._words.word("term noun", noun), "term": term},
        )
        return (
            say("{who} gains: {noun} {term}.", **values)
            if verb == "gains"
            else say("{who} loses: {noun} {term}.", **values)
        )

    def _who(self, text: str) -> Markup:
        say, word = self._words.say, self._words.word
        if text == "anybody":
            return say("anybody")
        if text.startswith("whoever is "):
            return say("everyone with the status {status}", status=word("status", text.removeprefix("whoever is ")))
        match = re.fullmatch(rf"{ID}(?: where (\w+))?", text)
        if match is None:
            return self._words.apart(text)
        who = actor(match[1], self._words, self._names)
        return who if not match[2] else say("{who}, with the status {status}", who=who, status=word("status", match[2]))

    def _limit(self, term: str, field: str, way: str, length: str) -> Markup:
        say, values = self._words.say, {"term": term, "field": field, "length": self._length(length)}
        if way == "longer":
            return say("{term}: {field} is longer by {length}.", **values)
        return say("{term}: {field} is shorter by {length}.", **values)

    def _text(self, term: str, how: str) -> Markup:
        say = self._words.say
        return say("The words of {term} are published.", term=term) if how == "published" else say(
            "The words of {term} are withheld.", term=term
        )  # fmt: skip

    def _map(self, zone: str, how: str) -> Markup:
        say = self._words.say
        return say("The map of {zone} is published.", zone=zone) if how == "published" else say(
            "The map of {zone} is withheld.", zone=zone
        )  # fmt: skip

    def _sized(self, zone: str, way: str, by: str, was: str, now: str) -> Markup:
        say, values = self._words.say, {"zone": zone, "n": _whole(by), "was": _whole(was), "now": _whole(now)}
        if way == "larger":
            return say("Zone {zone} is larger by {n} km²: before {was}, now {now}.", **values)
        return say("Zone {zone} is smaller by {n} km²: before {was}, now {now}.", **values)

    def _moved(self, term: str, rest: str, below: str) -> Markup | None:
        told = self._spans(self._words.apart(term), rest)
        if told is None or not below:
            return told
        count = self._words.count("{n} term rests on it.", "{n} terms rest on it.", int(below))
        return Markup("{} {}").format(told, count)

    def _spans(self, term: Markup, rest: str) -> Markup | None:
        """What became of a window, piece by piece; None where one of them is not known."""
        found = [self._span(one) for one in rest.split(", ") if one != "where nothing bounded it"]
        pieces = [one for one in found if one is not None]
        if len(pieces) < len(found):
            return None
        return self._words.say(": ").join([term, self._words.say("; ").join(pieces)])

    def _span(self, text: str) -> Markup | None:
        say = self._words.say
        plain = {
            "can take effect now": say("it can take effect now"),
            "can no longer take effect": say("it can no longer take effect"),
            "no longer has a known beginning": say("its beginning is no longer known"),
            "no longer has a known end": say("its end is no longer known"),
            "lasts as long": say("it lasts as long as before"),
        }
        if text in plain:
            return plain[text]
        match = re.fullmatch(rf"(begins|ends) {_LASTING} (later|earlier)", text)
        if match is not None:
            length = self._length(match[2])
            return {
                "begins later": say("it begins {length} later", length=length),
                "begins earlier": say("it begins {length} earlier", length=length),
                "ends later": say("it ends {length} later", length=length),
                "ends earlier": say("it ends {length} earlier", length=length),
            }[f"{match[1]} {match[3]}"]
        match = re.fullmatch(rf"lasts (longer|shorter) by {_LASTING}", text)
        if match is not None:
            length = self._length(match[2])
            longer, shorter = (
                say("it lasts {length} longer", length=length),
                say("it lasts {length} less", length=length),
            )
            return longer if match[1] == "longer" else shorter
        match = re.fullmatch(r"(begins|ends) at (\S+)", text)
        if match is None:
            return None
        when = match[2].replace("T", " ").removesuffix(":00Z") + " UTC"
        return (
            say("it now begins: {when}", when=when) if match[1] == "begins" else say("it now ends: {when}", when=when)
        )

    def _length(self, text: str) -> Markup:
        count, said = self._words.count, []
        for number, unit in _UNITS.findall(text):
            n = int(number)
            said.append({
                "day": lambda n: count("{n} day", "{n} days", n), "hour": lambda n: count("{n} hour", "{n} hours", n),
                "minute": lambda n: count("{n} minute", "{n} minutes", n),
                "second": lambda n: count("{n} second", "{n} seconds", n),
            }[unit](n))  # fmt: skip
        return Markup(" ").join(said)


def _whole(text: str) -> int:
    return int(text.replace(",", ""))
