"""What does a term speak of? The terms, actors and open words that its conditions name, and what rests on what.

Read from the plain values of a term, whatever its conditions mean: a drafter's questions, never a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from truceline.agreement.check import partners, reached
from truceline.agreement.model import Agreement, Selector, Term
from truceline.verdict import NO

CONDITIONS = tuple("from until while on by within ahead if unless is after before".split())
"""Fields of a term whose value is a condition, a time or a word."""

DOERS = frozenset({"by", "accepted", "complies", "actor", "agree"})
"""Words of a condition that are followed by who acts."""

_NO_TERMS = frozenset({"act", "count", "do", "clear", "callsign", "matches", "calendar", "counting", "request", "m"})
"""Words of a condition that are never followed by the name of a term."""


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401  # plain values
    """Every text in a condition, with the word it stands behind."""
    if isinstance(value, dict):
        for inner, item in value.items():
            yield from leaves(item, str(inner))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item, key)
    elif isinstance(value, str):
        yield key, value


def heads(value: Any, word: str) -> Iterator[Any]:  # noqa: ANN401  # plain values
    """Everything that stands behind a word of a condition."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        yield from heads(item, word)
    if isinstance(value, dict) and word in value:
        yield value[word]


def names(agreement: Agreement, term: Term, fields: Sequence[str] = CONDITIONS) -> tuple[str, ...]:
    """Ids of the terms that a term's conditions name, each once, in order."""
    found = [
        text for value, name in _conditions(agreement, term, fields) for key, text in leaves(value, name)
        if text in agreement.terms and key not in _NO_TERMS and text != term.id
    ]  # fmt: skip
    return tuple(dict.fromkeys(found))


def _conditions(agreement: Agreement, term: Term, fields: Sequence[str]) -> Iterator[tuple[Any, str]]:
    """The conditions of a term, and those of its instrument where it states no window of its own."""
    yield from ((term.body.get(name), name) for name in fields)
    instrument = agreement.instruments.get(term.instrument)
    if instrument is not None and term.during is None:
        yield from [(instrument.begins, "from")] * (term.begins is None and "from" in fields)
        yield from [(instrument.ends, "until")] * (term.ends is None and "until" in fields)


def rests_on(agreement: Agreement) -> dict[str, frozenset[str]]:
    """Every term to all the terms on which it rests, through others too."""
    edges = {term.id: names(agreement, term) for term in agreement.terms.values()}
    return {term_id: reached(term_id, edges) for term_id in edges}


def open_words(agreement: Agreement, term: Term) -> tuple[str, ...]:
    """Open words that a term itself uses: words of the text, `TERM.FIELD` for readings, `TERM` for versions."""
    found = []
    for name in CONDITIONS:
        value = term.body.get(name)
        found += [text for _, text in leaves(value, name) if text in agreement.words]
        found += [f"{term.id}.{name}" for readings in heads(value, "readings") if is_many(readings)]
    found += [word for _, word in leaves(term.body.get("words")) if word in agreement.words]
    if len(term.versions) > 1:
        found.append(term.id)
    return tuple(w for w in dict.fromkeys(found) if w not in agreement.words or is_open(agreement.words[w]))


def is_open(word: Any) -> bool:  # noqa: ANN401  # plain values
    """Whether a word of the text is read in several ways and no reading has been adopted."""
    return isinstance(word, dict) and is_many(word.get("readings")) and word.get("adopted") in (None, "none")


def is_many(readings: Any) -> bool:  # noqa: ANN401  # plain values
    """Whether there is more than one reading."""
    return isinstance(readings, list) and len(readings) > 1


def hanging(agreement: Agreement) -> dict[str, tuple[str, ...]]:
    """Open words to the terms that use them or rest on one that does, in the order of the text."""
    below = rests_on(agreement)
    own = {term.id: open_words(agreement, term) for term in agreement.terms.values()}
    words = [word for word, made in agreement.words.items() if is_open(made)]
    words += [word for used in own.values() for word in used]
    return {
        word: tuple(t for t in agreement.terms if word in own[t] or any(word in own[u] for u in below[t]))
        for word in dict.fromkeys(words)
    }


def is_adopted(agreement: Agreement, term: Term) -> bool:
    """Whether a term belongs to no paper that was never adopted."""
    instrument = agreement.instruments.get(term.instrument)
    return instrument is None or instrument.is_adopted


def is_secret(agreement: Agreement, term: Term) -> bool:
    """Whether a term's text, or the whole of its place, was never published."""
    return term.is_withheld or (bool(term.where) and all(_is_secret_zone(agreement, zone) for zone in term.where))


def has_secret(agreement: Agreement, term: Term) -> bool:
    """Whether a term's text, or a part of its place, was never published."""
    return term.is_withheld or any(_has_secret_zone(agreement, zone) for zone in term.where)


def _is_secret_zone(agreement: Agreement, zone: str) -> bool:
    made = agreement.zones.get(zone)
    parts = made.parts if made else ()
    if made is None or made.is_withheld:
        return made is not None
    return bool(parts) and all(_is_secret_zone(agreement, part) for part in parts)


def _has_secret_zone(agreement: Agreement, zone: str) -> bool:
    made = agreement.zones.get(zone)
    return made is not None and (made.is_withheld or any(_has_secret_zone(agreement, p) for p in made.parts))


# -- who -------------------------------------------------------------------------------------------------------------


def overlap(agreement: Agreement, one: Selector | None, other: Selector | None) -> bool:
    """Whether somebody can be meant by both: by membership, part and side, not only by the same id."""
    if one is None or other is None:
        return True
    if {one.status, other.status} == {"bound", "excluded"}:
        return False
    if not one.ids or not other.ids:
        return True
    group = agreement.group
    mine, theirs = (everybody(agreement, s.ids) for s in (one, other))
    return any(group.belongs(a, b) != NO or group.belongs(b, a) != NO for a in mine for b in theirs)


def everybody(agreement: Agreement, ids: Iterable[str]) -> frozenset[str]:
    """Actors and, of bodies, their members."""
    found = set(ids)
    for actor in ids:
        party = agreement.parties.get(actor)
        found.update(party.members if party else ())
    return frozenset(found)


def bearers(term: Term) -> str:
    """Whom a term binds, in words."""
    if term.who is None:
        return "anybody"
    names_ = ", ".join(f"`{actor}`" for actor in term.who.ids)
    if not term.who.status:
        return names_
    return f"whoever is {term.who.status}" + (f" of {names_}" if names_ else "")


# -- together --------------------------------------------------------------------------------------------------------


def together(agreement: Agreement) -> list[tuple[str, ...]]:
    """Groups of duties that are owed together, each in the order of the text."""
    edges: dict[str, list[str]] = {}
    for term in agreement.terms.values():
        for other in partners(agreement, term):
            edges.setdefault(term.id, []).append(other.id)
            edges.setdefault(other.id, []).append(term.id)
    groups = {frozenset({node}) | reached(node, edges) for node in edges}
    made = [tuple(t for t in agreement.terms if t in group) for group in groups]
    return sorted(made, key=lambda group: list(agreement.terms).index(group[0]))
