"""What is the text after an amendment? Both wordings, each for the time in which it binds.

What forbids or requires never reaches back: a changed or new `prohibit` or `require` binds from the amendment on, and
the old wording stays for what happened before, under its id with `~` and the number of the text (`F2~1`). What defines
or permits may reach back, so the new wording takes the place of the old. A zone is part of every term that names it: a
corrected polygon is an amendment too. Verdicts of before are kept where they were recorded; nothing here erases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from truceline.agreement.model import Agreement, Term, Zone
from truceline.canon import canonical

FORWARD_ONLY = ("prohibit", "require")
SHOWN_ONLY = frozenset({"text", "note", "words", "source", "tag"})


def amended(before: Agreement, after: Agreement, at: int, number: int = 1) -> Agreement:
    """The text after an amendment.

    Args:
        before: the text that was in force; it may be one that was amended itself.
        after: the new text, as all signatories signed it.
        at: UTC second from which the new wording binds.
        number: of the old text, counted from 1.

    Returns:
        The new text, in which changed terms bind from `at` on, with the old wording of those terms beside it.
    """
    own = {term.id for term in before.terms.values() if term.before is None}
    changed = {
        term.id for term in after.terms.values() if term.kind in FORWARD_ONLY and _differs(term.id, before, after)
    }
    terms: dict[str, Term] = {}
    zones: dict[str, Zone] = dict(after.zones)
    for term in after.terms.values():
        kept = before.terms.get(term.id)
        since = at if term.id in changed else None if kept is None else kept.since
        terms[term.id] = replace(term, since=since)
    for term in before.terms.values():
        is_gone = term.id in own and term.kind in FORWARD_ONLY and (term.id in changed or term.id not in after.terms)
        if is_gone or term.before is not None:
            old = _old(term, before, at, number, zones) if is_gone else term
            terms[old.id] = old
            zones |= {zone: before.zones[zone] for zone in old.where if zone in before.zones and zone not in zones}
    terms = {key: _reaching(term, terms) for key, term in terms.items()}
    return replace(after, terms=terms, zones=zones)


def _old(term: Term, before: Agreement, at: int, number: int, zones: dict[str, Zone]) -> Term:
    """The old wording of a term, until the amendment; zones that moved are kept under a name of their own."""
    where = []
    for zone in term.where:
        name = zone
        if zone not in zones or zones[zone] != before.zones[zone]:
            name = f"{zone}~{number}"
            zones.update(_renamed(before, zone, number))
        where.append(name)
    return replace(term, id=f"{term.id}~{number}", where=tuple(where), before=at)


def _renamed(before: Agreement, zone: str, number: int) -> Iterator[tuple[str, Zone]]:
    """A zone of the old text and its parts, under names of the old text."""
    made = before.zones[zone]
    yield (
        f"{zone}~{number}",
        replace(made, id=f"{zone}~{number}", parts=tuple(f"{part}~{number}" for part in made.parts)),
    )
    for part in made.parts:
        yield from _renamed(before, part, number)


def _reaching(term: Term, terms: Mapping[str, Term]) -> Term:
    """An exception to a term is one to its old wording too: what permits may reach back."""
    if not term.except_:
        return term
    old = [key for key in terms if "~" in key and key.partition("~")[0] in term.except_]
    return replace(term, except_=tuple(dict.fromkeys((*term.except_, *old))))


def _differs(term_id: str, before: Agreement, after: Agreement) -> bool:
    """Whether a term, or a zone that it names, is not as it was."""
    if term_id not in before.terms:
        return True
    return _content(before, term_id) != _content(after, term_id)


def _content(agreement: Agreement, term_id: str) -> bytes:
    term = agreement.terms[term_id]
    fields = {k: v for k, v in term.body.items() if k not in SHOWN_ONLY}
    return canonical([fields, [_shape(agreement, zone) for zone in term.where]])


def _shape(agreement: Agreement, zone_id: str) -> Any:  # noqa: ANN401  # plain values
    """A zone as plain values, with its parts; names for display decide nothing."""
    zone = agreement.zones[zone_id]
    points = [[str(x), str(y)] for x, y in zone.polygon]
    return [
        zone.id, list(zone.codes), list(zone.annex), zone.line, zone.side, zone.within_m, points, zone.is_withheld,
        zone.low_m, zone.high_m, zone.start, zone.end, [_shape(agreement, part) for part in zone.parts],
    ]  # fmt: skip
