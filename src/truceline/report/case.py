"""What is on the page of one case? The answers of the interface about a report, brought into the order of reading.

Values in, values out: what a reader may see was settled before, and nothing is worked out here that could be told
otherwise. A report is an area and an interval, never a pin; both sides stand in one form, by their ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from truceline.report.language import Words
from truceline.span import parse_instant
from truceline.verdict import NO

FACTORS: Final = (
    "text", "time", "place", "altitude", "act", "actor", "target", "condition", "exception", "kind",
)  # fmt: skip
"""Conditions of a term in the order in which they are asked."""

SETTLING: Final = ("place", "time", "act", "actor", "target", "altitude")
"""Reasons that a party can settle by what it says; never a person, a whereabout of people, or a source."""

COMPARED: Final = ("any", "supported", "from", "until", "place", "act", "actor", "target", "killed")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Wording:
    """The text of the agreement that a term is read in.

    Attributes:
        entry: of the record; None = it is not told.
        since: UTC second from which it binds.
        is_newest: no later text is known.
    """

    entry: int | None
    sha256: str
    since: int
    is_newest: bool


@dataclass(frozen=True)
class TermView:
    """One term that a report was held against.

    Attributes:
        id: as the answers have it: `F2~1` is an earlier wording of `F2`; `name` is the id in the text.
        names: its words by language; empty where they were never published.
        value: -1, 0, +1; `reasons` of a 0.
        factors: condition to value and reasons, in the order in which they are asked.
        worlds: of each open condition the answer if it were yes, and if it were no.
        surely, possibly: when it was in force: UTC seconds from and until, None = without a bound.
        beside: other readings with another answer.
        ended_by: conditions that are not met.
    """

    id: str
    name: str
    names: Mapping[str, str]
    line: int | None
    source: str
    is_withheld: bool
    value: int
    reasons: Sequence[str]
    factors: Sequence[tuple[str, int, Sequence[str]]]
    worlds: Sequence[Row]
    surely: Sequence[tuple[int | None, int | None]]
    possibly: Sequence[tuple[int | None, int | None]]
    beside: Sequence[tuple[str, int]]
    readings: Sequence[Row]
    note: str
    ended_by: Sequence[str]
    wording: Wording | None


def second(text: str | None) -> int | None:
    """A time of an answer as a UTC second; None for none."""
    return None if not text else parse_instant(text, "UTC")


_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d)?(?:[+-]\d\d:?\d\d|Z)?")


def said_time(report: Row) -> str:
    """The time as the source gave it, with its precision; the offset is left out: the interval beside it is UTC.

    >>> said_time({"when": "2016-09-19T19:12:00+03:00 to 2016-09-19T20:00:00+03:00", "precision": "hour"})
    '2016-09-19 19:12 to 2016-09-19 20:00 (hour)'
    """
    text = _CLOCK.sub(r"\1 \2", report["when"] or "")
    return f"{text} ({report['precision']})" if text and report["precision"] else text


# -- terms -------------------------------------------------------------------------------------------------------------


def terms_of(why: Row, agreement: Row, at: int) -> list[TermView]:
    """The terms of a report, those that cover it or may cover it first, each in the order of the text.

    Args:
        why: as `/api/v1/assessments/{id}/why` answers.
        agreement: as `/api/v1/agreement` answers, of the same state.
        at: UTC second at which the report begins: the text in force then is the one whose words count.
    """
    texts = agreement["texts"]
    known = {one["id"]: one for one in agreement["terms"]}
    made = [_term(term, told, known.get(term, {}), texts, at) for term, told in why["terms"].items()]
    return sorted(made, key=lambda one: one.value == NO)


def _term(term: str, told: Row, text: Row, texts: Sequence[Row], at: int) -> TermView:
    factors = [
        (name, told["factors"][name]["value"], told["factors"][name]["reasons"])
        for name in sorted(told["factors"], key=_place_in_order)
    ]
    window = told["window"]
    name, _, number = term.partition("~")
    return TermView(
        id=term, name=name, names={} if text.get("withheld") else text.get("text", {}), line=text.get("line"),
        source=text.get("source") or "", is_withheld=bool(text.get("withheld")), value=told["covered"],
        reasons=told["reasons"], factors=factors, worlds=told["worlds"], surely=_spans(window["surely"]),
        possibly=_spans(window["possibly"]),
        beside=[(key, value) for key, value in sorted(told["beside"].items()) if value != told["covered"]],
        readings=told["readings"], note=told["note"] or "",
        ended_by=[key for key, value, _ in factors if value == NO], wording=wording_of(texts, number, at),
    )  # fmt: skip


def _place_in_order(name: str) -> int:
    return FACTORS.index(name) if name in FACTORS else len(FACTORS)


def _spans(told: Iterable[Sequence[str | None]]) -> list[tuple[int | None, int | None]]:
    return [(second(start), second(end)) for start, end in told]


def wording_of(texts: Sequence[Row], number: str, at: int) -> Wording | None:
    """The text in which a term is read: that of an earlier wording by its number, else the one in force at a second.

    >>> texts = [{"entry": 1, "since": "2016-02-22T00:00:00Z", "canonical_sha256": "a"},
    ...          {"entry": 9, "since": "2016-05-01T00:00:00Z", "canonical_sha256": "b"}]
    >>> [wording_of(texts, "", parse_instant(day, "UTC")).entry for day in ("2016-03-01", "2016-05-01", "2015-01-01")]
    [1, 9, 1]
    """
    if not texts:
        return None
    if number:
        found = texts[min(int(number), len(texts)) - 1]
    else:
        standing = [one for one in texts if (second(one["since"]) or 0) <= at]
        found = standing[-1] if standing else texts[0]
    return Wording(found["entry"], found["canonical_sha256"], second(found["since"]) or 0, found is texts[-1])


def authentic_languages(wordings: Iterable[Row], canonical: str) -> tuple[str, ...]:
    """The languages that the record says are as binding as any other, for the text of a hash."""
    found = {one["body"]["lang"] for one in wordings if one["body"]["is_authentic"] and one["body"]["of"] == canonical}
    return tuple(sorted(found))


# -- then and now ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """Something that is not what it was then: a field of the report, or a term; values as the answers have them."""

    what: str
    term: str
    then: Any
    now: Any


def changed(then: Row, now: Row) -> list[Change]:
    """What of a report is not what it was: its own fields, then its terms."""
    fields = [Change(name, "", then[name], now[name]) for name in COMPARED if then[name] != now[name]]
    terms = dict.fromkeys([*then["terms"], *now["terms"]])
    moved = [
        Change("term", term, then["terms"].get(term), now["terms"].get(term))
        for term in terms
        if _answer(then, term) != _answer(now, term)
    ]
    return [*fields, *moved]


def _answer(report: Row, term: str) -> tuple[int | None, tuple[str, ...]]:
    return report["terms"].get(term), tuple(report["reasons"].get(term, ()))


# -- sides and log -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """One of those concerned, and what it has said: all of them in one form."""

    party: str
    names: Mapping[str, str]
    roles: Sequence[str]
    said: Sequence[Row]


def sides_of(trail: Row, parties: Mapping[str, Row]) -> list[Side]:
    """Those concerned, by id: no order of theirs says who is accused."""
    log = {one["entry"]: one for one in trail["log"]}
    return [
        Side(
            one["party"], names_of(parties, one["party"]), one["roles"],
            [log[index] for index in one["said"] if index in log],
        )
        for one in sorted(trail["sides"], key=lambda one: str(one["party"]))
    ]  # fmt: skip


def names_of(parties: Mapping[str, Row], key: str) -> Mapping[str, str]:
    """The names of an actor by language; its id where the text gives it none."""
    found: Mapping[str, str] = parties.get(key, {}).get("names") or {}
    return {"en": key, **found}


@dataclass(frozen=True)
class Draft:
    """A draft about the case, as far as it concerns the viewer.

    Attributes:
        left_s: seconds until remarks are no longer waited for; negative = the time is over. `whole_s`: of how many.
        is_mine: the viewer is asked for remarks, and has not answered.
    """

    told: Row
    due: int | None
    left_s: int | None
    whole_s: int
    is_mine: bool

    @property
    def hours(self) -> int:
        """Whole hours that are left, or that have passed since."""
        return abs(self.left_s or 0) // 3_600


def drafts_of(trail: Row, party: str, now: int) -> list[Draft]:
    """The drafts of a trail with their clocks.

    Args:
        trail: as the interface answers.
        party: of the viewer; empty = none.
        now: UTC second of the clock of the record.
    """
    made = []
    for one in trail["drafts"]:
        due = second(one["due"])
        left = None if due is None or one["stage"] != "comment" else due - now
        whole = max(1, (due or 0) - (second(one["since"]) or 0))
        made.append(Draft(one, due, left, whole, bool(party) and party in one["silent"]))
    return made


# -- places ------------------------------------------------------------------------------------------------------------


def unit_names(units: Iterable[str], known: Mapping[str, Row]) -> list[Mapping[str, str]]:
    """The names of units by language."""
    return [{"en": code, **(known.get(code, {}).get("names") or {})} for code in units]


def place_words(report: Row, known: Mapping[str, Row], words: Words) -> list[Any]:
    """How a place is called: in the words of its source where they are told, and by its units in the language."""
    place = report["place"]
    units = [words.name(names) for names in unit_names(place["units"], known)]
    if not place["text"]:
        return units
    return [words.apart(place["text"]), *(units if words.lang != "en" else ())]
