"""Was an attack surely, or possibly, launched from a zone that protects? The zone protects as before.

A zone protects where the text forbids an act of force, or flying, in it, and it is not a whole country. What is asked
is where the act came from, never where it took effect: a report that names no origin opens nothing. A case of misuse is
open where the origin surely lies in the zone; where that cannot be decided a question is raised, and no more. Either is
put to those who answer for whoever acted.

What it never does: touch a verdict. Nothing here is read by any judge, and no answer about what is done to the zone, or
to those in it, depends on it. Source: docs/adr/0016-custody-consent-rulings.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from truceline.agreement.model import Agreement
from truceline.assess.assessment import Assessed
from truceline.assess.place import Placed
from truceline.assess.spec import exists, layers
from truceline.evidence.schema import Observation
from truceline.span import Span
from truceline.verdict import NO, Answer, both, either

FORBIDDEN = ("attack", "fly")
"""What a term forbids in a zone that protects: a class of acts, or a kind of one."""


@dataclass(frozen=True)
class Misuse:
    """A report of an attack that surely or possibly came from a zone that protects.

    Attributes:
        terms: ids of the terms for which the zone protects.
        answer: +1 the origin surely lies in it, 0 it cannot be decided.
    """

    report: str
    zone: str
    terms: tuple[str, ...]
    answer: Answer


def protecting(agreement: Agreement, placed: Placed) -> dict[str, tuple[str, ...]]:
    """The zones that protect, and the terms that say so, in the order of the text.

    A whole country is none: within it nothing could be told from the war itself.
    """
    found: dict[str, list[str]] = {}
    for term in agreement.terms.values():
        if term.kind != "prohibit" or term.overrides or term.at == "origin" or not _forbids(agreement, term.does):
            continue
        for zone in term.where:
            if not _is_country(zone, placed):
                found.setdefault(zone, []).append(term.id)
    return {zone: tuple(terms) for zone, terms in found.items()}


def misuses(assessed: Assessed, rows: Iterable[int] | None = None) -> list[Misuse]:
    """Every report of an act of force whose origin surely or possibly lies in a zone that protects: by report, zone.

    Args:
        assessed: what was judged.
        rows: of the reports that state an origin; None = all are looked at.
    """
    agreement, placed = assessed.law.standing.agreement, assessed.law.placed
    zones = protecting(agreement, placed)
    found: list[Misuse] = []
    if not zones:
        return found
    for report in (assessed.reports[row] for row in (range(len(assessed.columns)) if rows is None else rows)):
        if report.origin.kind in ("none", "outside") or not _is_force(report, agreement):
            continue
        for zone, terms in zones.items():
            answer = _from(report, zone, agreement, placed)
            if answer.value != NO:
                found.append(Misuse(report.id, zone, terms, answer))
    return sorted(found, key=lambda one: (one.report, one.zone))


def _from(report: Observation, zone: str, agreement: Agreement, placed: Placed) -> Answer:
    """Whether an act came from a zone while it existed; who fires from below its floor uses it too."""
    span = Span(report.start, report.end)
    groups = layers((zone,), agreement.zones)
    return either([both([placed.compare(report.origin, ids), exists(one, span)]) for one, ids in groups])


def _is_force(report: Observation, agreement: Agreement) -> bool:
    return any(agreement.acts.is_force(act) for act in report.acts)


def _forbids(agreement: Agreement, does: Sequence[str]) -> bool:
    return any(agreement.acts.is_kind(one, what) != NO for one in does for what in FORBIDDEN if one in agreement.acts)


def _is_country(zone: str, placed: Placed) -> bool:
    ground, gazetteer = placed.ground((zone,)), placed.atlas.gazetteer
    return bool(ground.codes) and all(len(gazetteer.chain(code)) == 1 for code in ground.codes)
