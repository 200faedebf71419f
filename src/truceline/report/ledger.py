"""What does the ledger look like? Facets with their numbers, reports over time, and how a filter is said in words.

Values only, and each of them is one that the interface answers to the same reader. Actors and terms stand in the order
of the text or of their ids, never by how often they are named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from markupsafe import Markup

from truceline.report.language import Words
from truceline.report.timeline import Box, levels_to
from truceline.report.today import CLASSES, LOOKS

Told = Mapping[str, Any]
FIRST: Final = 8
"""So many choices of a facet are shown at once; the others behind a word."""

NEUTRAL: Final = ("actor", "term", "group")
"""Facets whose order never follows from how often something is said of somebody."""

FACETS: Final = ("value", "term", "act", "actor", "zone", "unit", "kind", "group", "supported", "protected")


@dataclass(frozen=True)
class Names:
    """What ids are called: of terms their words, of the rest their names, each by language."""

    terms: Mapping[str, Mapping[str, str]]
    actors: Mapping[str, Mapping[str, str]]
    zones: Mapping[str, Mapping[str, str]]
    units: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Choice:
    """One choice of a facet.

    Attributes:
        key: as it stands in the address.
        label: in words.
        reports: so many reports the list would have.
        share: of the largest choice, in whole percent: the length of its bar.
        is_on: it is chosen.
        note: words of a term; empty for the rest.
    """

    key: str
    label: Markup
    reports: int
    share: int
    is_on: bool
    note: str = ""


@dataclass(frozen=True)
class Facet:
    """One facet with its choices."""

    name: str
    title: Markup
    choices: tuple[Choice, ...]

    @property
    def is_on(self) -> bool:
        """Whether something of it is chosen."""
        return any(one.is_on for one in self.choices)


def facets(told: Told, asked: Told, names: Names, words: Words) -> list[Facet]:
    """The facets of a list.

    Args:
        told: of `/api/v1/facets`.
        asked: the filter, as it is told.
        names: what ids are called.
        words: of the language.
    """
    titles, say = facet_titles(words), labels(names, words)
    made = []
    for name in FACETS:
        on = _asked(asked, name)
        rows = [(one["key"], one["reports"]) for one in told[name]]
        if on and on not in dict(rows):
            rows.append((on, 0))
        rows = _in_order(name, rows, names)
        most = max([n for _, n in rows], default=1) or 1
        choices = tuple(
            Choice(key, say(name, key), n, -(-n * 100 // most), key == on, _note(name, key, names, words))
            for key, n in rows
        )
        made.append(Facet(name, titles[name], choices))
    return made


def _asked(asked: Told, name: str) -> str:
    value = asked.get(name)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _in_order(name: str, rows: list[tuple[str, int]], names: Names) -> list[tuple[str, int]]:
    if name == "term":
        at = {term: number for number, term in enumerate(("any", *names.terms))}
        return sorted(rows, key=lambda one: (at.get(one[0], len(at)), one[0]))
    if name == "value":
        return sorted(rows, key=lambda one: -int(one[0]))
    if name in ("supported", "protected"):
        return sorted(rows, reverse=True)
    return sorted(rows) if name in NEUTRAL else rows


def _note(name: str, key: str, names: Names, words: Words) -> str:
    """The words of a term, for whoever does not know its id."""
    text = names.terms.get(key, {}) if name == "term" else {}
    return text.get(words.lang) or text.get("en", "")


def facet_titles(words: Words) -> Mapping[str, Markup]:
    """What each facet is called."""
    return {
        "value": words.say("The answer"), "term": words.say("Term"), "act": words.say("Kind of act"),
        "actor": words.say("Said to have done it"), "zone": words.say("Zone in which it may lie"),
        "unit": words.say("Administrative area"), "kind": words.say("Kind of report"),
        "group": words.say("Whom it is about"),
        "supported": words.say("Support"), "protected": words.say("Harm to civilians, hospitals, schools, aid"),
    }  # fmt: skip


def labels(names: Names, words: Words) -> Callable[[str, str], Markup]:
    """A function that says what a choice of a facet is called."""
    answers = {"1": words.say("surely covered, if true"), "0": words.say("cannot be decided"),
               "-1": words.say("not covered by any term")}  # fmt: skip
    fixed: Mapping[str, Mapping[str, Markup]] = {
        "value": answers,
        "supported": {"true": words.say("supported as the terms require"),
                      "false": words.say("not supported as the terms require")},
        "protected": {"true": words.say("told of"), "false": words.say("not told of")},
    }  # fmt: skip
    named = {"actor": names.actors, "zone": names.zones, "unit": names.units}

    def label(facet: str, key: str) -> Markup:
        """What a choice is called."""
        if facet in fixed:
            return fixed[facet].get(key, words.apart(key))
        if facet in ("kind", "group"):
            return words.word(facet, key)
        if facet == "act":
            return words.word("act", key)
        if facet == "term" and key == "any":
            return words.say("some term")
        found = named.get(facet, {}).get(key)
        return words.name({"en": key, **found}) if found else words.apart(key)

    return label


# -- over time ---------------------------------------------------------------------------------------------------------

WIDE, HIGH, LEFT, RIGHT = 960.0, 96.0, 34.0, 6.0


@dataclass(frozen=True)
class Brush:
    """Reports over time, and which part of it is asked for.

    Attributes:
        step: civil days of a bar.
        boxes: the bars.
        ticks: `(x, text)`; `levels`: `(y, number)`.
        window: x and width of what is asked for; None = everything.
        rows: first day, day after the last, reports within, reports touching, of each bar that has any.
        most: reports of the highest bar.
    """

    step: int
    first: date
    last: date
    boxes: tuple[Box, ...]
    ticks: tuple[tuple[float, str], ...]
    levels: tuple[tuple[float, int], ...]
    window: tuple[float, float] | None
    rows: tuple[tuple[str, str, Mapping[str, int], Mapping[str, int]], ...]
    most: int


def brush(told: Told, since: date | None, until: date | None) -> Brush | None:
    """Draw reports over time; None where there are none.

    Args:
        told: of `/api/v1/timeline`.
        since: first day that is asked for.
        until: the day after the last.
    """
    if not told["bars"]:
        return None
    first, last = date.fromisoformat(told["from"]), date.fromisoformat(told["until"])
    days = max((last - first).days, 1)

    def x(day: date) -> float:
        """Where a day begins on the paper."""
        return LEFT + (WIDE - LEFT - RIGHT) * min(max((day - first).days, 0), days) / days

    rows = tuple((one["from"], one["until"], one["within"], one["touching"]) for one in told["bars"])
    most = max(sum(within.values()) + sum(touching.values()) for _, _, within, touching in rows)
    boxes = [
        box for start, end, within, touching in rows
        for box in _bar(x(date.fromisoformat(start)), x(date.fromisoformat(end)), (within, touching), most)
    ]  # fmt: skip
    window = None
    if since is not None or until is not None:
        left, right = x(since or first), x(until or last)
        window = round(left, 1), round(max(right - left, 1.0), 1)
    levels = tuple((round(HIGH - (HIGH - 8) * n / most, 1), n) for n in levels_to(most))
    ticks = tuple((round(x(day), 1), text) for day, text in ticks_of(first, last))
    return Brush(told["step_days"], first, last, tuple(boxes), ticks, levels, window, rows, most)


def _bar(left: float, right: float, parts: tuple[Mapping[str, int], ...], most: int) -> Iterator[Box]:
    y, gap = HIGH, min(0.8, (right - left) / 5)
    for part, is_touching in zip(parts, (False, True), strict=True):
        for look in LOOKS:
            high = (HIGH - 8) * part[look] / most
            if high:
                y -= high
                yield Box(
                    round(left, 1), round(y, 1), round(max(right - left - gap, 0.6), 1), round(max(high, 0.8), 1),
                    CLASSES[look], is_touching=is_touching,
                )  # fmt: skip


def ticks_of(first: date, last: date, most: int = 9) -> Iterator[tuple[date, str]]:
    """Years, months or days between two days: no more than fit."""
    days = (last - first).days
    if days > 365 * 3:
        years = [date(year, 1, 1) for year in range(first.year + 1, last.year + 1)]
        every = -(-len(years) // most)
        yield from ((day, str(day.year)) for day in years if day.year % every == 0)
    elif days > 62:
        months = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13)]
        months = [day for day in months if first <= day < last]
        every = next((n for n in (1, 2, 3, 4, 6, 12) if len(months) / n <= most), 12)
        yield from ((day, day.isoformat()[:7]) for day in months if (day.month - 1) % every == 0)
    else:
        every = max(-(-days // most), 1)
        for at in range(0, days, every):
            yield first + timedelta(days=at), (first + timedelta(days=at)).isoformat()


def numbered(rows: Sequence[Told]) -> list[dict[str, Any]]:
    """Rows with the terms that cover them, or may, taken out: those of the largest answer first."""
    made = []
    for row in rows:
        told = [(term, value) for term, value in row["terms"].items() if value != -1]
        made.append({**row, "held": sorted(told, key=lambda one: -one[1])})
    return made
